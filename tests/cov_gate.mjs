// cov_gate.mjs - which branches of the gate no test has taken.
//
//   node cov_gate.mjs BUILD FILE.c ...
//
// BUILD: build/cov-gate, after the tests ran (make cov-gate). Reads what gcov says of each
// file (its JSON form) and
// prints every branch that was not taken with file, line and text. Left out, and counted:
// branches of STW_ASSERT, whose other side ends the process, and the way past the last
// case of a switch over an enum that names them all (-Wswitch-enum sees to that; a cast of
// something else into the enum would be needed). Exit status 1 when anything else is left.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const [build, ...files] = process.argv.slice(2);

function branches(file) {
  const run = spawnSync("gcov", ["--json-format", "--stdout", "--branch-probabilities",
    `${build}/${file}.gcda`], { encoding: "utf8", maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`gcov ${file}: ${run.stderr}`);
  const found = JSON.parse(run.stdout).files.find((f) => f.file === file);
  if (found === undefined) throw new Error(`gcov says nothing of ${file}`);
  return found.lines.flatMap((l) => l.branches.map((b) => ({ line: l.line_number, count: b.count })));
}

// From the line of a branch to where its statement ends: an assertion may be long.
function statement(lines, line) {
  let text = "";
  for (let i = line - 1; i < lines.length && i < line + 6; i++) {
    text += ` ${lines[i].trim()}`;
    if (/[;{]\s*(\/\*.*)?$/.test(lines[i])) break;
  }
  return text.trim();
}

let taken = 0, asserts = 0, switches = 0;
const left = [];
for (const file of files) {
  const lines = readFileSync(file, "utf8").split("\n"), past = new Set();
  for (const { line, count } of branches(file)) {
    const text = statement(lines, line);
    if (count > 0) taken++;
    else if (text.startsWith("STW_ASSERT(")) asserts++;
    else if (text.startsWith("switch (") && !past.has(line)) {
      past.add(line);
      switches++;
    } else left.push(`${file}:${line}: ${lines[line - 1].trim()}`);
  }
}
for (const text of left) console.log(text);
const all = taken + left.length;
console.log(`gate: ${files.length} files, ${taken} of ${all} branches taken ` +
  `(${((100 * taken) / all).toFixed(2)} %); left out: ${asserts} of assertions, ` +
  `${switches} past the last case of a switch`);
process.exitCode = left.length > 0 ? 1 : 0;
