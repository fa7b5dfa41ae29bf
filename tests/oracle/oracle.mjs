// oracle.mjs - the compliance gate a second time, from the rule catalogue's text and the
// packs' data, in another language and another way: it knows no formula for "until when" and
// "from when". Each kind of rule answers for one instant and names the instants at which
// its answer may change; everything about time is found by asking at those.
//
// It is not made from the program's evaluators and must not be: where the two disagree, the
// text decides (docs/compliance-proof.md).
import { KINDS } from "./kinds.mjs";
import { OUTCOMES, outcomeOf } from "./reasons.mjs";
import { DAY } from "./when.mjs";

// The engine's own rules. Without any pack nothing is allowed.
const ENGINE = [
  { id: "SYS-01", kind: "engine_packs", gates: "PDC" },
  { id: "SYS-02", kind: "engine_prior", gates: "C" },
  { id: "SYS-03", kind: "engine_ruleset", gates: "DC" },
  { id: "SYS-04", kind: "engine_purpose", gates: "PDC" },
  { id: "SYS-05", kind: "engine_clock", gates: "PDC" },
].map((r) => ({ ...r, params: {}, clauses: new Map(), applies: () => true, from: -Infinity, to: Infinity, layer: 4 }));

const PURPOSES = ["MARKETING", "SERVICE", "RISK_ALERT", "LEGAL_NOTICE", "COMPLAINT_REPLY", "SURVEY",
  "CONSENT_REQUEST", "COLLECTION"];

// Scopes see the contact as what it counts as: promotional content makes it marketing.
function worldOf(facts, purpose, checkpoint) {
  const { party, point, product, number, script, campaign } = facts;
  const world = {
    purpose, checkpoint, channel: facts.channel, handler: facts.handler, caller_org: facts.caller_org,
    institution_country: facts.institution_country, stage: campaign.stage, subject: campaign.subject,
    debt: campaign.debt, dial_mode: facts.dial_mode, warm_call: facts.warm_call,
    synthetic_voice: facts.synthetic_voice, autodialled: facts.autodialled, recorder: facts.recorder,
    "party.places": party.places.length > 0 ? party.places : null, "party.kind": party.kind ?? "consumer",
    "product.present": product !== null && product.code !== null, "number.present": number !== null,
    "relationship.contract": facts.relationship.contract,
  };
  for (const key of ["country", "province", "state", "risk_rating", "profiling_opt_out", "complaint_open",
    "qualified_investor", "elder_approval", "dob"]) world[`party.${key}`] = party[key];
  for (const key of ["verified", "sharers", "household", "country", "class"]) world[`point.${key}`] = point[key];
  for (const key of ["code", "risk", "regulator", "dual_recording", "qualified_only", "amount"])
    world[`product.${key}`] = product?.[key] ?? null;
  world["product.class"] = product?.class ?? "*";
  for (const key of ["kind", "holder", "status", "robot", "has_approval", "country", "callback", "label",
    "attestation"]) world[`number.${key}`] = number?.[key] ?? null;
  for (const key of ["approved", "active", "uses_profile", "sensitive"]) world[`campaign.${key}`] = campaign[key];
  for (const key of ["approved", "ai_disclosure"]) world[`script.${key}`] = script[key];
  return world;
}

// What all evaluators see of one question.
function contact(facts, checkpoint, now, hash, packed) {
  const purpose = facts.promotional || !PURPOSES.includes(facts.purpose) ? "MARKETING" : facts.purpose;
  return { facts, checkpoint, now, seen: now, hash, packed, purpose, world: worldOf(facts, purpose, checkpoint) };
}

// ISO 3166-2:CN by how the name of a province begins.
const PROVINCES = "北京BJ天津TJ河北HE山西SX内蒙古NM辽宁LN吉林JL黑龙江HL上海SH江苏JS浙江ZJ安徽AH福建FJ江西JX山东SD河南HA湖北HB湖南HN" +
  "广东GD广西GX海南HI重庆CQ四川SC贵州GZ云南YN西藏XZ陕西SN甘肃GS青海QH宁夏NX新疆XJ台湾TW香港HK澳门MO";
const PROVINCE = new Map([...PROVINCES.matchAll(/([^A-Z]+)([A-Z]{2})/g)].map((m) => [m[1], m[2]]));

// Whether a pack is for this contact: one place that matches is enough. A person in an unknown
// part of a country may be in every part; of whom nothing is known, the number tells the country.
function selected(pack, facts) {
  const { party, point, product, institution_country: bank } = facts;
  if (pack.selects === null) return true;
  const { party: places = [], number = [], home = [], product: regulators = [] } = pack.selects;
  const mayBe = (list, country) => (country === null ? list.length > 0 : list.includes(country));
  const country = party.country ?? (party.places.length === 0 ? point.country : null);
  const province = [...PROVINCE].find(([name]) => (party.province ?? "").startsWith(name))?.[1];
  const parts = party.country === null ? [...party.places] : [party.state, province].filter((p) => p)
    .map((part) => `${party.country}-${part}`).concat(party.places);
  const there = (wanted) => {
    const [nation, part] = wanted.split("-");
    const inNation = country === nation || party.places.some((p) => p.startsWith(nation));
    return part === undefined ? inNation : parts.includes(wanted) ||
      (inNation && !parts.some((p) => p.startsWith(`${nation}-`)));
  };
  return places.some(there) || (point.country !== null && number.includes(point.country)) || mayBe(home, bank) ||
    (product !== null && product.code !== null && mayBe(regulators, product.regulator ?? bank));
}

const inForce = (rule, c, t) => rule.gates.includes(c.checkpoint) && rule.from <= t && t < rule.to;
const asked = (rule, c, t) => inForce(rule, c, t) && rule.kind !== "exemption" && rule.applies(c.world) !== false;
// An exemption that applies for sure lifts the rules it names, of no stronger layer.
const lifted = (rule, rules, c, t) => rules.some((x) => x.kind === "exemption" && inForce(x, c, t) &&
  x.applies(c.world) === true && x.params.rules.includes(rule.id) && rule.layer <= x.layer);

// What persons allowed: a review by one, a block of the house's own policy by two.
function overridden(rule, code, c, t) {
  const outcome = outcomeOf.get(code), policy = rule.layer === 0;
  const named = (who) => who !== null && who !== "";
  return c.facts.overrides.find((o) => o.code === code && (o.rule === null || o.rule === (rule.clauses.get(code) ?? rule.id)) &&
    o.at <= t && t < o.expires_at && o.expires_at !== Infinity && named(o.by1) && o.reason !== "" &&
    (outcome === "REVIEW" || (outcome === "BLOCK" && policy && named(o.by2) && o.by2 !== o.by1))) ?? null;
}

// A rule's answer at t: its code, null when it has nothing against the contact.
function answer(rule, rules, c, t) {
  if (lifted(rule, rules, c, t)) return { code: null, override: null, clause: rule.id };
  const code = KINDS[rule.kind].check(c, rule, t);
  if (code !== null && !outcomeOf.has(code)) throw new Error(`${code} is no code`);
  const override = code === null ? null : overridden(rule, code, c, t);
  return { code: override === null ? code : null, override, clause: rule.clauses.get(code) ?? rule.id };
}

// The first instant after t, no later than `limit`, at which the rule is (`ok` true) or is
// not (false) satisfied; Infinity when there is none. Looked for in growing steps.
function turn(rule, rules, c, t, limit, ok) {
  const kind = KINDS[rule.kind];
  for (let from = t, step = 2 * DAY; from < limit; step *= 16) {
    const to = step > 500 * DAY ? limit : Math.min(limit, t + step);
    const at = [];
    const add = (x) => x > from && x <= to && x < Infinity && at.push(x);
    kind.changes?.(c, rule, from, to, add);
    for (const o of c.facts.overrides) {
      add(o.at);
      add(o.expires_at);
    }
    at.sort((a, b) => a - b);
    for (const x of at)
      if ((answer(rule, rules, c, x).code === null) === ok) return x;
    from = to;
  }
  return Infinity;
}

// "When again": ask everything at each candidate instant until nothing defers. Rules that are
// never content together would go on for ever: 500 candidates are enough to know.
function again(rules, c) {
  for (let t = c.now, round = 0; round < 500; round++) {
    let next = t;
    c.seen = t;
    for (const rule of rules) {
      if (!asked(rule, c, t)) continue;
      const { code } = answer(rule, rules, c, t);
      if (code === null) continue;
      if (outcomeOf.get(code) === "BLOCK") return Infinity;
      if (outcomeOf.get(code) !== "DEFER" || KINDS[rule.kind].atOnce) continue;
      next = Math.max(next, turn(rule, rules, c, t, Infinity, true));
    }
    if (next === t || next === Infinity) return next;
    t = next;
  }
  return Infinity;
}

// packs: loaded (packs.mjs). hash: of the rules in force, as the program names it; only
// compared with the earlier decision's.
export function decide(packs, facts, checkpoint, now, ttl, hash) {
  const own = packs.filter((p) => selected(p, facts));
  const rules = [...ENGINE, ...own.flatMap((p) => p.rules)];
  const c = contact(facts, checkpoint, now, hash, packs.length > 0);
  const hits = [];
  let until = now + ttl, overrides = false;

  for (const rule of rules) {
    if (!asked(rule, c, now)) continue;
    const { code, override, clause } = answer(rule, rules, c, now);
    overrides ||= override !== null;
    hits.push({ rule: clause, code, of: rule });
  }
  if (overrides) hits.push({ rule: "SYS-06", code: "OVERRIDE_APPLIED", of: null });
  const codes = [...new Set(hits.filter((h) => h.code !== null).map((h) => h.code))];
  const rank = (code) => OUTCOMES.indexOf(outcomeOf.get(code));
  codes.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const primary = codes[0] ?? null;
  const outcome = primary === null ? "ALLOW" : outcomeOf.get(primary);
  const allowed = !["BLOCK", "DEFER", "REVIEW"].includes(outcome);
  if (allowed) {
    for (const hit of hits)
      if (hit.code === null) until = Math.min(until, turn(hit.of, rules, c, now, until, false));
    // Other rules are other rules: an answer does not outlive the day one begins or ends.
    for (const { rules: list } of packs)
      for (const rule of list)
        for (const at of [rule.from, rule.to]) if (at > now) until = Math.min(until, at);
  }
  return {
    outcome: allowed && outcome !== "REQUIRE" ? "ALLOW" : outcome, primary, codes, // a warning is no condition
    next: outcome === "DEFER" ? again(rules, c) : Infinity,
    until: allowed ? until : Infinity,
    hits: hits.map((h) => [h.rule, h.code]),
  };
}
