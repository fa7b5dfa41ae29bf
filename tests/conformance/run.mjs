// run.mjs - drives a steward binary with the extracted suite and compares.
//
//   node run.mjs STEWARD suite.jsonl unsupported.txt
//
// unsupported.txt names the tests that must NOT pass, under a [reason] each. A test that
// fails and is not listed, one that passes and is listed, and a name that the suite does
// not have: each makes the run fail. Prints what passed and what is listed by section.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

const [binary, suiteFile, listFile] = process.argv.slice(2);
const lines = readFileSync(suiteFile, "utf8").trimEnd().split("\n");
const suite = lines.map((l) => JSON.parse(l));

const listed = new Map();
let reason = "";
for (const line of readFileSync(listFile, "utf8").split("\n")) {
  if (line.startsWith("[")) reason = line.slice(1, -1);
  else if (line !== "" && !line.startsWith("#")) {
    if (reason === "") throw new Error(`${line}: listed without a reason`);
    if (listed.has(line)) throw new Error(`${line}: listed twice`);
    listed.set(line, reason);
  }
}

// A line that is no request comes first: it gets its answer, and the rest theirs.
const input = '{"expr":\n' + suite.map((t) => JSON.stringify(t.request) + "\n").join("");
const run = spawnSync(binary, ["rule", "eval", "--ndjson"], {
  input, maxBuffer: 1 << 28, encoding: "utf8",
});
if (run.status !== 0) {
  process.stderr.write(run.stderr);
  throw new Error(`the binary ended with ${run.status ?? run.signal}`);
}
const answers = run.stdout.trimEnd().split("\n").map((l) => JSON.parse(l));
if (answers.length !== suite.length + 1)
  throw new Error(`${suite.length + 1} requests, ${answers.length} answers`);
if (answers.shift().error?.line !== 0) throw new Error("half a request was not an error");

// Whoever asks may wait for each answer; a binary that keeps it back would hang here.
const talk = spawn(binary, ["rule", "eval", "--ndjson"], { timeout: 60000 });
for (const n of ["1", "2"]) {
  talk.stdin.write(`{"expr":"${n}"}\n`);
  const got = await Promise.race([once(talk.stdout, "data"), once(talk, "exit")]);
  if (!String(got[0]).includes(`"value":"${n}"`)) throw new Error(`no answer to ${n} in time`);
}
talk.stdin.end();

// One form for values that are equal: maps have no order, -0 is 0, NaN is itself.
function normal(v) {
  if (v.type === "double") return { type: "double", value: v.value === 0 ? 0 : v.value };
  if (v.type === "list") return { type: "list", value: v.value.map(normal) };
  if (v.type === "optional")
    return { type: "optional", value: v.value === null ? null : normal(v.value) };
  if (v.type !== "map") return { type: v.type, value: v.value };
  const entries = v.value.map((e) => e.map(normal));
  entries.sort((a, b) => (JSON.stringify(a[0]) < JSON.stringify(b[0]) ? -1 : 1));
  return { type: "map", value: entries };
}

// "" when the answer is what the test wants, otherwise what came instead.
function fault(test, got) {
  const { want } = test;
  if (want.error && got.error?.line > 0 && got.error.column > 0 && got.error.message) return "";
  if (want.error) return `wanted an error with its place, got ${JSON.stringify(got)}`;
  if (got.error) return `error ${JSON.stringify(got.error)}`;
  if (want.checked && got.checked !== want.checked)
    return `wanted the type ${want.checked}, got ${got.checked}`;
  if (want.value && !isDeepStrictEqual(normal(want.value), normal(got)))
    return `wanted ${JSON.stringify(want.value)}, got ${JSON.stringify(got)}`;
  return "";
}

const sections = new Map();
const reasons = new Map();
let bad = 0;
suite.forEach((test, i) => {
  const count = sections.get(test.section) ?? { passed: 0, listed: 0 };
  const what = fault(test, answers[i]);
  sections.set(test.section, count);
  if (what === "" && !listed.has(test.name)) count.passed++;
  else if (what !== "" && listed.has(test.name)) {
    count.listed++;
    reasons.set(listed.get(test.name), (reasons.get(listed.get(test.name)) ?? 0) + 1);
  }
  else {
    bad++;
    console.log(what === "" ? `${test.name}: passes, but is listed`
      : `${test.name}: ${test.request.expr}\n    ${what}`);
  }
  listed.delete(test.name);
});
for (const name of listed.keys()) {
  bad++;
  console.log(`${name}: listed, but the suite has no such test`);
}

let passed = 0;
let out = 0;
for (const [name, n] of sections) {
  console.log(`${name.padEnd(16)} ${String(n.passed).padStart(4)} passed ${String(n.listed).padStart(4)} listed`);
  passed += n.passed;
  out += n.listed;
}
for (const [why, n] of reasons) console.log(`${String(n).padStart(4)} listed: ${why}`);
console.log(`conformance: ${suite.length} tests, ${passed} passed, ${out} listed, ${bad} wrong`);
process.exit(bad === 0 ? 0 : 1);
