// scope.mjs - the expressions that packs use for the scope of a rule, read and evaluated
// for the oracle: the part of CEL that packs need, with a missing value as the third truth.
//
//   or      and ("||" and)*        and   not ("&&" not)*       not  "!"* compare
//   compare value (("=="|"!="|"<"|"<="|">"|">="|"in") value)?
//   value   literal | [ ... ] | ( or ) | has(path) | path | path.size()
//
// What it does not know it refuses, so that a pack cannot say what only one side reads.
export const MISSING = undefined;

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|('(?:[^'\\]|\\.)*')|(-?\d+)|([A-Za-z_][A-Za-z0-9_]*)|(\|\||&&|==|!=|<=|>=|[-!<>()[\],.?:]))/y;

function tokens(text) {
  const out = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const from = TOKEN.lastIndex, m = TOKEN.exec(text);
    if (m === null) throw new Error(`scope: cannot read ${text.slice(from)}`);
    if (m[1] !== undefined || m[2] !== undefined)
      out.push({ kind: "literal", value: JSON.parse(`"${(m[1] ?? m[2]).slice(1, -1)}"`) });
    else if (m[3] !== undefined) out.push({ kind: "literal", value: Number(m[3]) });
    else if (m[4] !== undefined) out.push({ kind: "name", value: m[4] });
    else out.push({ kind: "sign", value: m[5] });
  }
  out.push({ kind: "end" });
  return out;
}

class Parser {
  constructor(text) {
    this.text = text;
    this.list = tokens(text);
    this.i = 0;
  }
  is(value, kind = "sign") {
    return this.list[this.i].kind === kind && this.list[this.i].value === value;
  }
  take(value) {
    if (!this.is(value)) return false;
    this.i++;
    return true;
  }
  want(value) {
    if (!this.take(value)) throw new Error(`scope: ${value} expected in ${this.text}`);
  }
  or() {
    const parts = [this.and()];
    while (this.take("||")) parts.push(this.and());
    return parts.length === 1 ? parts[0] : any(parts, true);
  }
  and() {
    const parts = [this.not()];
    while (this.take("&&")) parts.push(this.not());
    return parts.length === 1 ? parts[0] : any(parts, false);
  }
  not() {
    if (!this.take("!")) return this.compare();
    const of = this.not();
    return (world) => {
      const v = of(world);
      return v === MISSING ? MISSING : !v;
    };
  }
  compare() {
    const a = this.value();
    const sign = ["==", "!=", "<=", ">=", "<", ">"].find((s) => this.is(s));
    const within = this.is("in", "name");
    if (sign === undefined && !within) return a;
    this.i++;
    const b = this.value(), test = within ? (x, y) => y.includes(x) : TESTS[sign];
    return (world) => {
      const x = a(world), y = b(world);
      return x === MISSING || y === MISSING ? MISSING : test(x, y);
    };
  }
  value() {
    const token = this.list[this.i++];
    if (token.kind === "literal") return () => token.value;
    if (token.value === "(" && token.kind === "sign") {
      const inner = this.or();
      this.want(")");
      return inner;
    }
    if (token.value === "[" && token.kind === "sign") {
      const items = [];
      while (!this.take("]")) {
        items.push(this.value()());
        if (!this.is("]")) this.want(",");
      }
      return () => items;
    }
    if (token.kind !== "name") throw new Error(`scope: a value expected in ${this.text}`);
    if (token.value === "true" || token.value === "false") return () => token.value === "true";
    if (token.value === "has") {
      this.want("(");
      const path = this.path(this.list[this.i++].value);
      this.want(")");
      return (world) => path(world) !== MISSING;
    }
    return this.path(token.value);
  }
  path(first) {
    let name = first;
    while (this.take(".")) name += `.${this.list[this.i++].value}`;
    if (name.endsWith(".size") && this.take("(")) {
      this.want(")");
      const list = this.field(name.slice(0, -5));
      return (world) => list(world)?.length;
    }
    return this.field(name);
  }
  field(name) {
    if (this.is("(")) throw new Error(`scope: ${name}() is not known to the oracle`);
    return (world) => {
      if (!Object.hasOwn(world, name)) throw new Error(`scope: ${name} is not known to the oracle`);
      return world[name] ?? MISSING;
    };
  }
}
const TESTS = {
  "==": (x, y) => x === y, "!=": (x, y) => x !== y,
  "<": (x, y) => x < y, "<=": (x, y) => x <= y, ">": (x, y) => x > y, ">=": (x, y) => x >= y,
};
// One part that is `stop` decides; else one that is missing leaves it open.
function any(parts, stop) {
  return (world) => {
    let out = !stop;
    for (const part of parts) {
      const v = part(world);
      if (v === stop) return stop;
      if (v === MISSING) out = MISSING;
    }
    return out;
  };
}

export function compile(text) {
  const parser = new Parser(text);
  const out = parser.or();
  if (parser.list[parser.i].kind !== "end") throw new Error(`scope: rest of ${text}`);
  return out;
}
