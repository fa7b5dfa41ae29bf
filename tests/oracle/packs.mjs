// packs.mjs - the packs as the oracle reads them: pack.json, calendars and terms.
import { readFileSync, readdirSync } from "node:fs";
import { compile } from "./scope.mjs";
import { readTerms } from "./terms.mjs";
import { MINUTE, parseDay, zone } from "./when.mjs";

const newer = (a, b) => {
  const [x, y] = [a, b].map((v) => v.split(".").map(Number));
  return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
};

export function packNames(root) {
  return readdirSync(root, { withFileTypes: true }).filter((e) => e.isDirectory())
    .map((e) => e.name).sort();
}
export function packVersions(root, pack) {
  return readdirSync(`${root}/${pack}`).sort(newer);
}

const minutes = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
const LAYERS = ["policy", "industry", "regulator", "law"];

// date,kind,name,source: a holiday, or a weekend that is worked.
function loadCalendar(dir, { name, file, from, to }) {
  const days = new Map();
  for (const line of readFileSync(`${dir}/${file}`, "utf8").split("\n")) {
    const [date, kind] = line.split(",");
    if (/^\d{4}-/.test(date)) days.set(parseDay(date), kind === "holiday" ? "holiday" : "workday");
  }
  return [name, { days, from: parseDay(from), to: parseDay(to) }];
}

// The rules of a pack, scope compiled, dates as instants: midnight in the pack's zone.
export function loadPack(root, pack, version = packVersions(root, pack).pop()) {
  const dir = `${root}/${pack}/${version}`;
  const doc = JSON.parse(readFileSync(`${dir}/pack.json`, "utf8"));
  const home = zone(doc.zone);
  const calendars = new Map((doc.calendars ?? []).map((c) => loadCalendar(dir, c)));
  const terms = new Map((doc.terms ?? []).map(({ name, file }) =>
    [name, readTerms(readFileSync(`${dir}/${file}`, "utf8"))]));
  const rules = doc.rules.filter((r) => r.kind !== "retention").map((r) => ({
    id: r.id, kind: r.kind, gates: r.gates, params: r.params ?? {}, home, layer: LAYERS.indexOf(r.layer),
    codes: [r.reason ?? []].flat(), applies: compile(r.applies), pack: doc,
    allow: r.params?.allow !== undefined ? compile(r.params.allow) : null,
    windows: (r.params?.windows ?? []).map((w) => ({
      start: minutes(w.start) * MINUTE, end: minutes(w.end) * MINUTE, weekdays: w.weekdays, days: w.days,
    })),
    dates: (r.params?.days?.dates ?? []).map(parseDay),
    calendar: r.params?.calendar !== undefined ? calendars.get(r.params.calendar) : null,
    terms: r.params?.terms !== undefined ? terms.get(r.params.terms) : null,
    clauses: new Map((r.clauses ?? []).map((clause) => [clause.reason, clause.id])),
    from: r.effective[0] === null ? -Infinity : home.midnight(parseDay(r.effective[0])),
    to: r.effective[1] === null ? Infinity : home.midnight(parseDay(r.effective[1])),
  }));
  return { pack, version, rules, selects: doc.selects ?? null };
}
