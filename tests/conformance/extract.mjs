// extract.mjs - the public CEL suite as plain lines of JSON, in the form that
// `steward rule eval --ndjson` reads (docs/rules.md, "From outside").
//
//   node extract.mjs >suite.jsonl
//
// One test a line: {"name", "section", "request", "want"}; want is {"value": typed} or
// {"error": true}, and "checked" where the suite says which type must come out.
import { tests } from "@bufbuild/cel-spec/testdata/conformance.js";

const SECTIONS = [
  "basic", "comparisons", "conversions", "fields", "fp_math", "integer_math", "lists",
  "logic", "macros", "macros2", "parse", "plumbing", "string", "timestamps",
  "bindings_ext", "block_ext", "encoders_ext", "math_ext", "string_ext", "optionals",
  "type_deductions", "namespace",
];

const PRIMITIVE = {
  BOOL: "bool", INT64: "int", UINT64: "uint", DOUBLE: "double", STRING: "string",
  BYTES: "bytes",
};

function type(t) {
  if (t.primitive) return PRIMITIVE[t.primitive];
  if ("null" in t) return "null";
  if (t.dyn) return "dyn";
  if (t.wellKnown === "TIMESTAMP") return "timestamp";
  if (t.wellKnown === "DURATION") return "duration";
  if (t.messageType === "google.protobuf.Timestamp") return "timestamp";
  if (t.messageType === "google.protobuf.Duration") return "duration";
  if (t.messageType) return `message ${t.messageType}`;
  if (t.wrapper) return `wrapper ${t.wrapper}`;
  if (t.wellKnown) return `message ${t.wellKnown}`;
  if (t.typeParam) return t.typeParam;
  if (t.listType) return `list(${type(t.listType.elemType ?? { dyn: {} })})`;
  if (t.mapType) return `map(${type(t.mapType.keyType)}, ${type(t.mapType.valueType)})`;
  if (t.type) return "type";
  if (t.abstractType) {
    const name = t.abstractType.name === "optional_type" ? "optional" : t.abstractType.name;
    const of = (t.abstractType.parameterTypes ?? []).map(type);
    return of.length > 0 ? `${name}(${of.join(", ")})` : name;
  }
  throw new Error(`a type that is not known here: ${JSON.stringify(t)}`);
}

function value(v) {
  if ("int64Value" in v) return { type: "int", value: String(v.int64Value) };
  if ("uint64Value" in v) return { type: "uint", value: String(v.uint64Value) };
  if ("doubleValue" in v) return { type: "double", value: v.doubleValue };
  if ("stringValue" in v) return { type: "string", value: v.stringValue };
  if ("bytesValue" in v) return { type: "bytes", value: v.bytesValue };
  if ("boolValue" in v) return { type: "bool", value: v.boolValue };
  if ("nullValue" in v) return { type: "null", value: null };
  if ("typeValue" in v) return { type: "type", value: v.typeValue };
  if ("listValue" in v)
    return { type: "list", value: (v.listValue.values ?? []).map(value) };
  if ("mapValue" in v)
    return {
      type: "map",
      value: (v.mapValue.entries ?? []).map((e) => [value(e.key), value(e.value)]),
    };
  if ("enumValue" in v) return { type: "message", value: v.enumValue };
  if ("objectValue" in v) {
    const name = v.objectValue["@type"].replace(/^.*\//, "");
    if (name === "google.protobuf.Timestamp")
      return { type: "timestamp", value: v.objectValue.value };
    if (name === "google.protobuf.Duration")
      return { type: "duration", value: v.objectValue.value };
    return { type: "message", value: v.objectValue };
  }
  throw new Error(`a value that is not known here: ${JSON.stringify(v)}`);
}

function convert(name, section, o) {
  const request = { expr: o.expr };
  const want = {};
  if (o.container) request.container = o.container;
  if (o.disableCheck) request.unchecked = true;
  if (o.checkOnly) request.check = true;
  for (const d of o.typeEnv ?? []) {
    if (d.ident) (request.declare ??= {})[d.name] = type(d.ident.type);
    for (const f of d.function?.overloads ?? [])
      (request.functions ??= []).push({
        name: d.name, args: (f.params ?? []).map(type), result: type(f.resultType),
      });
  }
  for (const [k, b] of Object.entries(o.bindings ?? {}))
    (request.vars ??= {})[k] = value(b.value);
  if (o.typedResult?.deducedType) want.checked = type(o.typedResult.deducedType);
  if (o.evalError) want.error = true;
  else if (o.value) want.value = value(o.value);
  else if (o.typedResult?.result) want.value = value(o.typedResult.result);
  else if (!o.checkOnly) want.value = { type: "bool", value: true };
  return { name, section, request, want };
}

const seen = new Map();
function walk(suite, path) {
  for (const t of suite.tests ?? []) {
    const full = [...path, t.original.name].join("/");
    const times = (seen.get(full) ?? 0) + 1;
    seen.set(full, times);
    const name = times > 1 ? `${full}#${times}` : full;
    process.stdout.write(JSON.stringify(convert(name, path[0], t.original)) + "\n");
  }
  for (const s of suite.suites ?? []) walk(s, [...path, s.name]);
}
for (const suite of tests.suites) if (SECTIONS.includes(suite.name)) walk(suite, [suite.name]);
const missing = SECTIONS.filter((s) => !tests.suites.some((t) => t.name === s));
if (missing.length > 0) throw new Error(`the suite has no ${missing.join(", ")}`);
