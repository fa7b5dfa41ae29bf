// scenarios.mjs - the packs' own scenarios (tests.jsonl) put to the oracle.
import { readFileSync } from "node:fs";
import { factsOf, T0, TTL } from "./facts.mjs";
import { decide } from "./oracle.mjs";
import { loadPack, packNames, packVersions } from "./packs.mjs";
import { parseInstant } from "./when.mjs";

const instant = (v) => (v === null || v === undefined ? Infinity : parseInstant(v));

// What is wrong with the oracle's answer to a row; null when nothing is.
function fault(row, got) {
  const { want } = row;
  const codes = [...got.codes].sort(), wanted = [...want.codes].sort();
  if (got.outcome !== want.outcome || codes.join() !== wanted.join())
    return `${got.outcome} {${codes}}, wanted ${want.outcome} {${wanted}}`;
  if (want.next !== undefined && got.next !== instant(want.next)) return `next ${got.next}`;
  if (want.valid_until !== undefined && got.until !== instant(want.valid_until))
    return `valid until ${got.until}`;
  return null;
}

// Runs all rows of all packs; gives how many and the faults as texts.
export function scenarios(root) {
  const loaded = new Map(), faults = [];
  const load = (pack, version) => {
    const key = `${pack} ${version}`;
    if (!loaded.has(key)) loaded.set(key, loadPack(root, pack, version));
    return loaded.get(key);
  };
  let count = 0;
  for (const pack of packNames(root)) {
    for (const version of packVersions(root, pack)) {
      const text = readFileSync(`${root}/${pack}/${version}/tests.jsonl`, "utf8");
      for (const line of text.trimEnd().split("\n")) {
        const row = JSON.parse(line);
        const packs = (row.packs ?? [pack]).map((p) => load(p, p === pack ? version : undefined));
        const got = decide(packs, factsOf(row.facts), row.checkpoint ?? "C",
          parseInstant(row.now ?? T0), row.ttl ?? TTL, "");
        const wrong = fault(row, got);
        count++;
        if (wrong !== null) faults.push(`${pack} ${version}, "${row.name}": ${wrong}`);
      }
    }
  }
  return { count, faults };
}
