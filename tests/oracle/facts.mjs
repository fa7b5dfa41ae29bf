// facts.mjs - the contact that a facts document means: what it leaves out is the lawful
// contact that facts_json.h describes. Instants become Numbers, dates day counts.
import { parseDay, parseInstant } from "./when.mjs";

export const T0 = "2026-11-23T10:00:00+08:00";
export const TTL = 120e6;

const OPENED = "2026-11-23T00:00:00+08:00", GIVEN = "2026-05-01T00:00:00+08:00";
const SAID = ["identity", "purpose", "recording", "opt_out"];

export const DEFAULT = {
  party: {
    customer_id: 1, bucket: 0, kind: "consumer", country: "CN", province: "上海", state: "SH",
    places: ["CN-SH"], dob: "1980-05-05", deceased: false, incapacity: false, fraud_hold: false,
    legal_hold: false, complaint_open: false, profiling_opt_out: false, elder_approval: false,
    qualified_investor: false, means: 100000000, risk_rating: 3, joint_ratings: [],
    risk_assessed_on: "2026-06-01", risk_valid: true, risk_self_completed: true,
    risk_employee_device: false, risk_count_day: 1, risk_count_year: 1, risk_questionnaire: "q1",
    zones: ["Asia/Shanghai"], zone_sources: [], preferences: [],
  },
  point: {
    id: 1, phone_index: "00".repeat(32), country: "CN", class: "mobile", verified: true,
    unverified_change_at: null, sharers: 1, household: false, reassigned: "no",
    reassigned_asked_at: OPENED, reassigned_since: "2026-05-01",
  },
  channel: "VOICE", purpose: "MARKETING", caller_org: "bank", institution_country: "CN",
  handler: "agent", synthetic_voice: false, autodialled: false, dial_mode: "preview",
  campaign: {
    approved: true, active: true, uses_profile: false, impact_assessed: true, sensitive: [],
    stage: "INVITE", subject: "P3", debt: null, ratios: [],
  },
  promotional: false, warm_call: null, disclosed: SAID, recorder: "ok", clock_trusted: true,
  product: {
    code: "P3", class: "wealth", regulator: "CN", risk: 3, on_sale_from: null, on_sale_to: null,
    amount: null, dual_recording: false, qualified_only: false,
  },
  number: {
    id: 1, kind: "landline", holder: "bank", user_org: "bank", lessee: null, sublet: false,
    country: "CN", regions: [], direction: "both", channels: ["VOICE"], purposes: ["MARKETING"],
    robot: true, has_approval: false, has_undertaking: true, has_licence: true,
    licence_no: "licence-1", licence_from: "2026-01-01T00:00:00+08:00",
    licence_to: "2027-01-01T00:00:00+08:00", status: "active", daily_cap: null, hourly_cap: null,
    used_today: 0, used_hour: 0, attestation: "A", label: null, label_at: OPENED, withheld: false,
    identity: "ok", callback: "ok", callback_ok_at: OPENED,
  },
  script: {
    code: "script", version: 1, approved: true, ai_disclosure: true, shown_version: 1,
    clip: "clip-1", rendered: "", disclosures: SAID, term_hits: [],
  },
  agent: {
    code: "agent-1", qualified_until: "never", outsourcer: null, mandate_from: null,
    mandate_until: null,
  },
  relationship: {
    last_transaction_on: null, last_inquiry_on: null, contract: false, contract_id: null,
    terminated_at: null,
  },
  consents: [{}], objections: [], events: [], counts: [], registries: [], overrides: [],
  prior: null,
};
const ITEM = {
  consents: {
    id: "consent-1", action: "grant", purpose: "MARKETING", channel: "VOICE",
    product_class: "wealth", controller: "bank", recipient: "bank", point_id: 0,
    separate_kind: null, form: "written", written: true, guardian: false, notice_version: "v3",
    notice_hash: null, has_evidence: true, evidence_match: true, effective_at: GIVEN,
    recorded_at: GIVEN, expires_at: null,
  },
  objections: {
    id: "objection-1", kind: "do_not_call", channel: "*", own: true, point_id: 0,
    effective_at: GIVEN, recorded_at: GIVEN, lifted_at: null,
  },
  events: {
    id: "event-1", kind: "refusal", channel: "VOICE", purpose: "MARKETING", this_number: true,
    this_person: true, at: GIVEN, recorded_at: null,
  },
  counts: {
    kind: "attempt", at: GIVEN, channel: "VOICE", purpose: "MARKETING", this_number: true,
    this_person: true, this_household: true, this_subject: true, this_caller: true,
    this_org: true, warm: false, expires_at: null,
  },
  registries: {
    name: "US-DNC", listed: false, listed_at: null, obtained_at: OPENED, version: "2026-11-22",
    service_up: true,
  },
  overrides: {
    code: "ELDER_EXTRA_APPROVAL", rule: null, by1: "reviewer-1", by2: null,
    reason: "asked by the customer in writing", at: GIVEN,
    expires_at: "2027-01-01T00:00:00+08:00",
  },
};
// What null means: an end that does not come, a start that lies before everything.
const END = new Set(["expires_at", "lifted_at", "licence_to"]);
const START = new Set(["effective_at", "recorded_at", "at", "licence_from", "qualified_until",
  "mandate_from", "mandate_until", "label_at", "callback_ok_at", "reassigned_asked_at",
  "listed_at", "obtained_at", "unverified_change_at", "terminated_at"]);
const DATE = new Set(["dob", "risk_assessed_on", "on_sale_from", "on_sale_to",
  "reassigned_since", "last_inquiry_on", "last_transaction_on"]);

function value(key, v) {
  if (DATE.has(key)) return v === null ? null : parseDay(v);
  if (!END.has(key) && !START.has(key) && key !== "valid_until") return v;
  if (v === "never" || v === "unknown") return Infinity;
  if (v === "always") return -Infinity;
  if (v === null) return key === "valid_until" ? null : END.has(key) ? Infinity : -Infinity;
  return parseInstant(v);
}
function converted(over) {
  const out = {};
  for (const key in over) out[key] = value(key, over[key]);
  return out;
}
const START_ITEM = {}, START_PART = {};
for (const [key, item] of Object.entries(ITEM)) START_ITEM[key] = converted(item);
for (const [key, part] of Object.entries(DEFAULT))
  START_PART[key] = part !== null && typeof part === "object" && !Array.isArray(part) ? converted(part) : part;
START_PART.consents = [START_ITEM.consents];

export function factsOf(doc = {}) {
  const out = { ...START_PART };
  for (const key in doc) {
    const v = doc[key];
    if (DEFAULT[key] === undefined) throw new Error(`facts: ${key} is not known to the oracle`);
    if (START_ITEM[key] !== undefined) out[key] = v.map((item) => ({ ...START_ITEM[key], ...converted(item) }));
    else if (v === null || typeof v !== "object" || Array.isArray(v)) out[key] = v;
    else out[key] = { ...START_PART[key], ...converted(v) };
  }
  return out;
}
