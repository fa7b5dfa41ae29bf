// run.mjs - the gate of a steward binary against the oracle, on random contacts.
//
//   node run.mjs STEWARD PACKS [--cases N] [--seed N] [--first N] [--show N] [--tally] [--groups] [--brief]
//
// STEWARD answers `gate decide --ndjson`; PACKS is campaigns/compliance/packs. First the
// packs' own scenarios are put to the oracle. Then N cases: outcome, codes in order,
// primary, when again, until when, every rule that refused with its code and every rule
// that passed have to agree. The first case that does not is made small and printed as a
// document for `steward gate decide --facts`; the same seed finds it again. --first N starts
// at case N, --show N reports N cases, --tally counts the codes,
// --groups sorts the differences, --brief stops at a difference.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { factsOf } from "./facts.mjs";
import { makeCase } from "./generate.mjs";
import { decide } from "./oracle.mjs";
import { loadPack, packNames } from "./packs.mjs";
import { writeProofPack } from "./proof_pack.mjs";
import { scenarios } from "./scenarios.mjs";
import { formatInstant, parseInstant } from "./when.mjs";

const [binary, root, ...rest] = process.argv.slice(2);
const option = (name, otherwise) => {
  const i = rest.indexOf(`--${name}`);
  return i < 0 ? otherwise : Number(rest[i + 1]);
};
const CASES = option("cases", 100000), SEED = option("seed", 1), FIRST = option("first", 0);
const BATCH = 2500, BRIEF = rest.includes("--brief");

// The pack of the proof goes where no shipped pack goes; it is made anew below build/.
const PROOF = "build/oracle";
writeProofPack(PROOF);
const names = packNames(root);
const loaded = new Map(names.map((p) => [p, loadPack(root, p)]));
loaded.set("proof", loadPack(PROOF, "proof"));
// All packs of the bank half of the time, the proof's in the other half, or some alone.
const SETS = [names, ["proof"], ["cn", "house"], ["house", "proof"], names, ["proof"], ["cn"], ["house"]];
const place = (p) => (p === "proof" ? `./${PROOF}/proof/1.0.0` : p);

const textOf = (at) => (at === Infinity ? null : formatInstant(at));
// The oracle's answer in the form of the program's line.
function expected(packs, doc, hash) {
  const got = decide(packs.map((p) => loaded.get(p)), factsOf(doc.facts), doc.checkpoint,
    parseInstant(doc.now), doc.ttl, hash);
  return {
    outcome: got.outcome, primary: got.primary, codes: got.codes, next: textOf(got.next),
    until: textOf(got.until), refused: got.hits.filter((h) => h[1] !== null).map((h) => h.join(" ")).sort(),
    passed: got.hits.filter((h) => h[1] === null && !h[0].startsWith("SYS-")).map((h) => h[0]).sort(),
  };
}
function told(line) {
  const got = JSON.parse(line);
  if (got.error !== undefined) return { error: got.error };
  return {
    outcome: got.outcome, primary: got.primary, codes: got.codes, next: got.next_allowed_at,
    until: got.valid_until, refused: got.refused.map((h) => h.join(" ")).sort(),
    passed: got.passed.filter((id) => !id.startsWith("SYS-")).sort(),
  };
}
// The names of what differs; none: they agree.
function differences(want, got) {
  if (got.error !== undefined) return ["error"];
  return Object.keys(want).filter((key) => JSON.stringify(want[key]) !== JSON.stringify(got[key]));
}
const hashOf = (line) => /"ruleset_hash":"([0-9a-f]*)"/.exec(line)?.[1] ?? "";
const args = (packs) => ["gate", "decide", "--ndjson", "--packs", packs.map(place).join(",")];

function ask(packs, docs) {
  const run = spawnSync(binary, args(packs), {
    input: docs.map((d) => `${JSON.stringify(d)}\n`).join(""), maxBuffer: 1 << 28, encoding: "utf8",
  });
  if (run.status !== 0) throw new Error(`the binary ended with ${run.status ?? run.signal}: ${run.stderr}`);
  return run.stdout.trimEnd().split("\n");
}

// ---- making a case small --------------------------------------------------------------
// All documents with one thing less: a key or an item of a list taken out.
function* smaller(doc) {
  if (doc.ttl !== 120e6) yield { ...doc, ttl: 120e6 };
  if (doc.checkpoint !== "C") yield { ...doc, checkpoint: "C" };
  function* less(v) {
    if (Array.isArray(v)) {
      for (let i = 0; i < v.length; i++) yield v.filter((_, j) => j !== i);
      for (let i = 0; i < v.length; i++)
        for (const item of less(v[i])) yield v.map((x, j) => (j === i ? item : x));
    } else if (v !== null && typeof v === "object") {
      for (const key of Object.keys(v)) {
        const out = { ...v };
        delete out[key];
        yield out;
      }
      for (const key of Object.keys(v)) for (const item of less(v[key])) yield { ...v, [key]: item };
    }
  }
  for (const facts of less(doc.facts)) yield { ...doc, facts };
}
// What a case is about: the rules whose answers differ, or else which figures.
function topics(want, got) {
  const keys = differences(want, got), odd = (a, b) => (a ?? []).filter((x) => !(b ?? []).includes(x));
  const rules = [...odd(want.refused, got.refused), ...odd(got.refused, want.refused)].map((x) => x.split(" ")[0]);
  return rules.length > 0 ? rules : keys;
}
function shrink(packs, doc, kind) {
  for (;;) {
    const tries = [...smaller(doc)];
    const lines = tries.length > 0 ? ask(packs, tries) : [];
    const i = lines.findIndex((line, j) => {
      const now = topics(expected(packs, tries[j], hashOf(line)), told(line));
      return now.length > 0 && now.every((k) => kind.includes(k));
    });
    if (i < 0) return doc;
    doc = tries[i];
  }
}
function report(packs, number, doc, kind) {
  const small = shrink(packs, doc, kind), line = ask(packs, [small])[0];
  const want = expected(packs, small, hashOf(line)), got = told(line);
  console.log(`gate and oracle differ: seed ${SEED}, case ${number}, packs ${packs.map(place).join(",")}`);
  console.log(JSON.stringify(small));
  if (got.error !== undefined) console.log(`  error   ${got.error}`);
  for (const key of differences(want, got)) {
    const a = [want[key]].flat(), b = [got[key] ?? "-"].flat();
    console.log(`  ${key.padEnd(8)} oracle ${a.filter((x) => !b.includes(x)).join(", ") || "-"}`);
    console.log(`  ${"".padEnd(8)} gate   ${b.filter((x) => !a.includes(x)).join(", ") || "-"}`);
  }
}

// Differences of one kind, to look at the first of each.
const groups = new Map();
function group(want, got, { number }) {
  const only = (a, b) => (a ?? []).filter((x) => !(b ?? []).includes(x));
  const key = `oracle ${only(want.refused, got.refused)} | gate ${only(got.refused, want.refused)} | ` +
    differences(want, got).filter((k) => k === "next" || k === "until" || k === "error");
  groups.set(key, [...(groups.get(key) ?? []), number]);
}

// ---- the run ---------------------------------------------------------------------------
// Half of the cases know the hash of the rules in force: what "@" stands for is asked first.
const hashes = new Map();
function known(packs, doc) {
  if (doc.facts.prior?.ruleset_hash !== "@") return doc;
  const key = packs.join();
  if (!hashes.has(key)) hashes.set(key, hashOf(ask(packs, [{ base: "fixture" }])[0]));
  return { ...doc, facts: { ...doc.facts, prior: { ...doc.facts.prior, ruleset_hash: hashes.get(key) } } };
}

async function work(from, to) {
  const dir = mkdtempSync(`${tmpdir()}/stw-oracle-`), tally = new Map();
  let waiting = null, differ = 0;
  const finish = async () => {
    if (waiting === null) return;
    const { packs, docs, out, run } = waiting;
    const [status] = run.exitCode === null ? await once(run, "exit") : [run.exitCode];
    if (status !== 0) throw new Error(`the binary ended with ${status}`);
    const lines = readFileSync(out, "utf8").trimEnd().split("\n");
    if (lines.length !== docs.length) throw new Error(`${docs.length} cases, ${lines.length} answers`);
    lines.forEach((line, i) => {
      const want = expected(packs, docs[i].doc, hashOf(line)), kind = topics(want, told(line));
      for (const code of want.codes.length > 0 ? want.codes : ["ALLOW"]) tally.set(code, (tally.get(code) ?? 0) + 1);
      if (kind.length > 0 && rest.includes("--groups")) group(want, told(line), docs[i]);
      if (kind.length > 0 && differ++ < option("show", BRIEF ? 0 : 1)) report(packs, docs[i].number, docs[i].doc, kind);
    });
  };
  for (let number = from, n = 0; number < to && !(BRIEF && differ > 0); n++) {
    const packs = SETS[Math.floor(number / BATCH) % SETS.length], docs = [];
    do docs.push({ number, doc: known(packs, makeCase(SEED, number, { proof: packs.includes("proof"), world: packs.includes("us") })) });
    while (++number < to && number % BATCH !== 0);
    const file = `${dir}/in${n & 1}`, out = `${dir}/out${n & 1}`;
    writeFileSync(file, docs.map((d) => `${JSON.stringify(d.doc)}\n`).join(""));
    const input = openSync(file, "r"), output = openSync(out, "w");
    const run = spawn(binary, args(packs), { stdio: [input, output, "inherit"] });
    closeSync(input);
    closeSync(output);
    await finish(); // of the batch before, while this one is decided
    waiting = { packs, docs, out, run };
  }
  await finish();
  rmSync(dir, { recursive: true });
  return { differ, tally };
}

const began = Date.now();
const own = scenarios(root);
for (const fault of own.faults) console.log(`the oracle is wrong about ${fault}`);
console.log(`oracle: ${own.count} scenarios of the packs, ${own.faults.length} wrong`);
const { differ, tally } = await work(FIRST, FIRST + CASES);
const seconds = (Date.now() - began) / 1000;
for (const [key, numbers] of [...groups].sort((a, b) => b[1].length - a[1].length))
  console.log(`${String(numbers.length).padStart(6)} ${key} (${numbers.slice(0, 3).join(", ")})`);
if (rest.includes("--tally"))
  for (const [code, n] of [...tally].sort((a, b) => b[1] - a[1])) console.log(`  ${code.padEnd(30)} ${n}`);
console.log(`oracle: seed ${SEED}, ${CASES} cases, ${differ} differ, ${tally.size} codes seen, ` +
  `${seconds.toFixed(1)} s, ${Math.round(CASES / seconds)} cases/s`);
process.exitCode = differ > 0 || own.faults.length > 0 ? 1 : 0;
