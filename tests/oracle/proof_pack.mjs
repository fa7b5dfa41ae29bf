// proof_pack.mjs - a pack that no bank uses: every kind of rule with every parameter, so
// that gate and oracle are compared where the shipped packs do not go.
//
//   node proof_pack.mjs DIR     writes DIR/proof/1.0.0
import { mkdirSync, writeFileSync } from "node:fs";

const M = 'purpose == "MARKETING"', NOT_RISK = 'purpose != "RISK_ALERT"';
const CONSENT = ["CONSENT_MISSING", "CONSENT_WITHDRAWN", "CONSENT_EXPIRED", "CONSENT_NUMBER_MISMATCH",
  "CONSENT_RECIPIENT_MISMATCH", "CONSENT_PURPOSE_MISMATCH", "CONSENT_CHANNEL_MISMATCH",
  "CONSENT_STALE_VERSION", "CONSENT_INVALID_FORM", "CONSENT_EVIDENCE_MISSING"];
const cite = { text: "a rule of the proof", source: "-", grade: "D", checked: "2026-11-26" };

// [id, kind, layer, applies, params, reason, outcome, more]
const RULES = [
  ["PR-01", "time_window", "policy", NOT_RISK, { windows: [
    { start: "10:00", end: "13:00", weekdays: ["mon", "tue", "wed", "thu", "fri"] },
    { start: "14:00", end: "20:00", weekdays: ["mon", "tue", "wed", "thu", "fri"] },
    { start: "00:00", end: "02:30", weekdays: ["sat", "sun"] }, { start: "12:00", end: "24:00", weekdays: ["sun"] }] },
    ["QUIET_HOURS", "TZ_UNKNOWN"], "DEFER"],
  ["PR-02", "time_window", "policy", "handler == \"robot\"", { mode: "any", calendar: "days", windows: [
    { start: "08:00", end: "20:00", days: ["workday"] }, { start: "09:00", end: "18:00", days: ["weekend", "holiday"] }] },
    ["QUIET_HOURS", "TZ_UNKNOWN", "CALENDAR_NOT_COVERED"], "DEFER"],
  ["PR-03", "time_window", "policy", "true", { preference: true },
    ["CUSTOMER_TIME_PREFERENCE", "TZ_UNKNOWN"], "DEFER"],
  ["PR-04", "time_window", "policy", "channel == \"SMS\"", { zones: ["America/New_York", "Asia/Kathmandu"],
    windows: [{ start: "06:30", end: "22:15" }] }, "QUIET_HOURS", "DEFER"],
  ["PR-05", "blackout_day", "law", "channel == \"VOICE\" && handler == \"agent\"", { days: { weekdays: ["sun"], dates: ["2026-12-25", "2026-11-23"] } },
    ["BLACKOUT_DAY", "TZ_UNKNOWN"], "DEFER"],
  ["PR-06", "blackout_day", "law", "channel == \"WECHAT\" || purpose == \"SURVEY\"", { days: { classes: ["holiday", "weekend"] }, calendar: "days", mode: "any" },
    ["BLACKOUT_DAY", "TZ_UNKNOWN", "CALENDAR_NOT_COVERED"], "DEFER"],
  // About the hours that clocks skip or show twice; windows that meet and overlap.
  ["PR-07", "time_window", "policy", "purpose == \"RISK_ALERT\"", { windows: [{ start: "00:30", end: "01:30" },
    { start: "01:15", end: "02:30" }, { start: "02:40", end: "05:00" }, { start: "05:00", end: "23:40" }] },
    ["QUIET_HOURS", "TZ_UNKNOWN"], "DEFER"],
  ["PR-08", "time_window", "policy", "purpose == \"RISK_ALERT\" && stage == \"INVITE\"", { mode: "any", windows: [
    { start: "01:30", end: "02:10" }, { start: "02:20", end: "03:05" }, { start: "09:00", end: "14:00" }] },
    ["QUIET_HOURS", "TZ_UNKNOWN"], "DEFER"],
  ["PR-10", "freq_cap", "policy", NOT_RISK, { counts: "any", scope: ["person"], limit: 4, window: "rolling", days: 1, hours: 6 }, "CROSS_CHANNEL_CAP", "DEFER"],
  ["PR-11", "freq_cap", "law", M, { counts: "attempt", scope: ["person", "subject"], limit: 3, window: "rolling", hours: 24, purposes: ["MARKETING"] }, "FREQ_CAP_24H", "DEFER"],
  ["PR-12", "freq_cap", "industry", M, { counts: "connect", scope: "number", limit: 2, window: "local_week", week_start: "sun", exclude_warm: true, channels: ["VOICE"] }, "FREQ_CAP_WEEK", "DEFER"],
  ["PR-13", "freq_cap", "law", M, { counts: "attempt", scope: ["agent_org", "household"], limit: 3, window: "calendar_days", days: 30 }, "FREQ_CAP_30D", "DEFER"],
  ["PR-14", "freq_cap", "policy", "channel == \"SMS\"", { counts: "message", scope: "caller_number", limit: 1, window: "local_day" }, "FREQ_CAP_DAY", "DEFER"],
  ["PR-15", "cooldown", "law", M, { after: "refusal", scope: "person", measure: "dates", days: 60 }, "REFUSAL_COOLDOWN", "DEFER"],
  ["PR-16", "cooldown", "law", "debt != \"\"", { after: "conversation", scope: ["person", "subject"], measure: "dates", days: 7, count_first_day: true }, "POST_CONVERSATION_COOLDOWN", "DEFER"],
  ["PR-17", "cooldown", "industry", "dial_mode != \"manual\"", { after: "abandoned", scope: "number", hours: 72 }, "ABANDONED_72H", "DEFER"],
  ["PR-18", "cooldown", "policy", NOT_RISK, { after: "consent_refusal", scope: "number", days: 2, hours: 1, minutes: 30, channels: ["VOICE"], purposes: ["CONSENT_REQUEST"] }, "CONSENT_REASK_COOLDOWN", "DEFER"],
  ["PR-19", "cooldown", "policy", M, { after: "connect", scope: "caller_number", minutes: 45 }, "MIN_INTERVAL", "DEFER"],
  ["PR-20", "consent_required", "law", M, { unless: ["relationship", "contract"], transaction_months: 18, inquiry_months: 3, invalid_forms: ["silence"], notice_required: true }, CONSENT, "BLOCK"],
  ["PR-21", "consent_required", "law", "handler == \"robot\" || synthetic_voice", { check: "written", names_number: true, notice_required: true, invalid_forms: ["silence"] }, "PEWC_REQUIRED", "BLOCK"],
  ["PR-22", "consent_required", "law", "true", { check: "separate", kinds: ["financial_account", "biometric"] }, "SEPARATE_CONSENT_MISSING", "BLOCK"],
  ["PR-23", "consent_required", "law", M, { check: "guardian", below_age: 14 }, "GUARDIAN_CONSENT_MISSING", "BLOCK"],
  ["PR-24", "consent_required", "law", "purpose == \"SERVICE\"", { check: "not_withdrawn" }, "CONSENT_WITHDRAWN", "BLOCK"],
  ["PR-25", "consent_required", "policy", "purpose == \"SURVEY\"", { unless: ["warm_call"], invalid_forms: ["none"] }, CONSENT, "BLOCK"],
  ["PR-30", "objection_absent", "law", NOT_RISK, { check: "do_not_call", same_number: true }, "DNC_INTERNAL", "BLOCK"],
  ["PR-31", "objection_absent", "law", NOT_RISK, { check: "household", same_number: true }, "HOUSEHOLD_OBJECTION", "BLOCK"],
  ["PR-32", "registry_scrub", "law", M, { register: "US-DNC", check: "listed", grace_days: 28, unless: "consent" }, "DNC_REGISTRY", "BLOCK"],
  ["PR-33", "registry_scrub", "law", M, { register: "US-DNC", check: "fresh", days: 31, measure: "dates" }, "DNC_SCRUB_STALE", "DEFER"],
  ["PR-34", "registry_scrub", "law", "purpose == \"SURVEY\" || channel == \"SMS\"", { register: "SG-DNC", check: "fresh", days: 21, unless: ["contract"], recheck_hours: 6 }, "DNC_SCRUB_STALE", "DEFER"],
  ["PR-35", "registry_scrub", "law", M, { register: "US-DNC", check: "service", days: 2, recheck_hours: 1 }, "REGISTRY_UNAVAILABLE", "DEFER"],
  ["PR-36", "registry_scrub", "law", M, { register: "US-DNC", check: "listed", unless: ["relationship", "warm_call"], transaction_months: 18, inquiry_months: 3 }, "DNC_REGISTRY", "BLOCK"],
  ["PR-37", "relationship", "law", M, { register: "US-DNC", transaction_months: 18, inquiry_months: 3, unless: ["consent"] }, "EBR_EXPIRED", "BLOCK"],
  ["PR-38", "relationship", "law", "product.class == \"insurance\"", { need: "required", transaction_months: 12 }, "EBR_EXPIRED", "BLOCK"],
  ["PR-39", "reassigned_check", "law", "handler == \"robot\"", { days: 30 }, ["NUMBER_REASSIGNED", "REASSIGNED_NO_DATA"], "BLOCK"],
  ["PR-40", "number_licence", "law", "true", { check: "lease" }, "NUMBER_OWNER_MISMATCH", "BLOCK"],
  ["PR-41", "number_licence", "regulator", "true", { check: "undertaking" }, "NUMBER_PURPOSE_MISMATCH", "BLOCK"],
  ["PR-42", "number_licence", "law", "true", { check: "identity" }, "NUMBER_NOT_REGISTERED", "BLOCK", { gates: ["C"] }],
  ["PR-43", "number_licence", "law", "true", { check: "shown" }, "CLI_WITHHELD", "BLOCK"],
  ["PR-44", "number_health", "policy", NOT_RISK, { check: "daily_cap", default_cap: 3, zone: "Europe/Paris" }, "NUMBER_DAILY_CAP", "DEFER"],
  ["PR-45", "number_health", "policy", NOT_RISK, { check: "hourly_cap", default_cap: 2, zone: "Asia/Kathmandu" }, "NUMBER_DAILY_CAP", "DEFER"],
  ["PR-46", "number_health", "policy", NOT_RISK, { check: "label", labels: ["spam", "scam"], days: 7, recheck_hours: 24 }, "NUMBER_LABELED_SPAM", "DEFER"],
  ["PR-47", "number_health", "industry", "true", { check: "attestation", levels: ["A"] }, "NUMBER_ATTESTATION_LOW", "WARN"],
  ["PR-48", "number_health", "law", "channel == \"VOICE\"", { check: "callback", days: 3 }, "CLI_NOT_CALLABLE", "BLOCK"],
  ["PR-50", "suitability_matrix", "regulator", M, { check: "affordable", percent: 30 }, "AFFORDABILITY_MISMATCH", "BLOCK"],
  ["PR-51", "suitability_matrix", "regulator", M, { check: "qualified" }, "INVESTOR_NOT_QUALIFIED", "BLOCK"],
  ["PR-52", "suitability_matrix", "regulator", M, { max_risk: [1, 1, 3, 4, 5] }, "SUITABILITY_EXCEEDED", "BLOCK"],
  ["PR-53", "rating_valid", "regulator", M, { months: 6, per_day: 2, per_year: 8 }, ["RISK_RATING_EXPIRED", "RISK_RATING_INVALID", "RISK_RATING_MISSING"], "BLOCK"],
  ["PR-54", "age_gate", "policy", M, { check: "below", age: 60, unless_approval: true, dob_required: true }, ["ELDER_EXTRA_APPROVAL", "DATA_MISSING_DOB"], "REVIEW"],
  ["PR-55", "age_gate", "law", "true", { check: "at_least", age: 14 }, "CUSTOMER_MINOR", "BLOCK"],
  ["PR-60", "script_approved", "policy", "true", { shown: true }, "SCRIPT_NOT_APPROVED", "BLOCK", { gates: ["D", "C"] }],
  ["PR-61", "disclosure", "law", "handler == \"robot\"", { check: "ai_label", clip: true }, "AI_DISCLOSURE_MISSING", "BLOCK"],
  ["PR-62", "disclosure", "law", "true", { check: "contained", items: ["identity", "opt_out"] }, "DISCLOSURE_MISSING", "REQUIRE"],
  ["PR-63", "disclosure", "law", "true", { check: "made", items: ["identity", "purpose"] }, "DISCLOSURE_MISSING", "REQUIRE", { gates: ["C"] }],
  ["PR-64", "recording", "law", "channel == \"VOICE\"", { check: "up" }, "RECORDING_UNAVAILABLE", "BLOCK", { gates: ["D", "C"] }],
  ["PR-65", "recording", "law", "true", { check: "dual" }, "DUAL_RECORDING_REQUIRED", "REQUIRE"],
  ["PR-66", "qualification", "regulator", "handler == \"agent\"", { check: "mandate" }, "OUTSOURCER_NOT_AUTHORISED", "BLOCK"],
  ["PR-67", "automation_gate", "law", "party.kind == \"consumer\"", { check: "no_robot" }, "ROBOT_NOT_PERMITTED", "BLOCK"],
  ["PR-68", "automation_gate", "law", M, { check: "no_synthetic" }, "ROBOT_NOT_PERMITTED", "BLOCK"],
  ["PR-69", "automation_gate", "law", "!(dial_mode in [\"manual\", \"preview\"])", { check: "no_autodial" }, "ROBOT_NOT_PERMITTED", "BLOCK"],
  ["PR-70", "automation_gate", "law", "autodialled || handler == \"robot\"", { check: "point_class", classes: ["emergency", "hospital"] }, "CONTACT_POINT_FORBIDDEN_CLASS", "BLOCK"],
  ["PR-71", "ratio_limit", "industry", M, { hours: 24, basis_points: 300, modes: ["predictive", "progressive"], recheck_hours: 2 }, "ABANDON_RATE_EXCEEDED", "DEFER"],
  ["PR-72", "ratio_limit", "industry", M, { hours: 720, basis_points: 300 }, "ABANDON_RATE_EXCEEDED", "DEFER"],
  ["PR-73", "data_present", "policy", NOT_RISK, { field: "point.stable", days: 3 }, "CONTACT_POINT_UNVERIFIED", "REVIEW"],
  ["PR-74", "data_present", "policy", NOT_RISK, { field: "point.unshared" }, "SHARED_NUMBER_REVIEW", "REVIEW"],
  ["PR-75", "data_present", "policy", "true", { field: "campaign.impact" }, "CAMPAIGN_NOT_APPROVED", "BLOCK", { gates: ["P"] }],
  ["PR-76", "data_present", "policy", NOT_RISK, { field: "party.zones" }, "TZ_UNKNOWN", "REVIEW"],
  ["PR-77", "expression", "policy", "has(party.state) && \"CN-SH\" in party.places", { allow: "point.class != \"hospital\" && (number.label != \"spam\" || !has(number.label))" }, "CONTACT_POINT_FORBIDDEN_CLASS", "BLOCK"],
  ["PR-78", "expression", "policy", "has(product.amount) && product.amount > 5000000", { allow: "party.qualified_investor || party.risk_rating >= 4" }, "INVESTOR_NOT_QUALIFIED", "BLOCK", { effective: ["2025-01-01", "2026-12-01"] }],
  ["PR-80", "exemption", "law", "warm_call != \"\"", { rules: ["PR-12", "PR-15", "PR-32"] }, null, null],
  ["PR-81", "exemption", "policy", "point.household && party.kind == \"business\"", { rules: ["PR-74", "PR-73"] }, null, null],
  ["PR-82", "retention", "law", "true", { record: "decision", months: 60 }, null, null],
];

export function proofPack() {
  return {
    pack: "proof", version: "1.0.0", name: { zh: "证明", en: "Proof" }, zone: "Asia/Shanghai",
    calendars: [{ name: "days", file: "calendars/days.csv", from: "2024-01-01", to: "2028-01-01" }],
    rules: RULES.map(([id, kind, layer, applies, params, reason, outcome, more = {}]) => ({
      id, kind, layer, effective: more.effective ?? [null, null], applies, params,
      ...(kind === "retention" ? {} : { gates: more.gates ?? ["P", "D", "C"] }),
      ...(reason === null ? {} : { reason, outcome }),
      text: { zh: "证明用", en: "For the proof." }, cite,
    })),
  };
}
const DAYS = `date,kind,name,source
2024-02-29,holiday,a leap day,-
2025-01-01,holiday,new year,-
2026-01-01,holiday,new year,-
2026-02-28,workday_override,a Saturday that is worked,-
2026-11-24,holiday,a Tuesday,-
2026-11-28,workday_override,a Saturday that is worked,-
2026-12-25,holiday,christmas,-
2027-12-31,holiday,the last day of the calendar,-
`;

export function writeProofPack(root) {
  const dir = `${root}/proof/1.0.0`;
  mkdirSync(`${dir}/calendars`, { recursive: true });
  writeFileSync(`${dir}/pack.json`, `${JSON.stringify(proofPack(), null, 1)}\n`);
  writeFileSync(`${dir}/calendars/days.csv`, DAYS);
  writeFileSync(`${dir}/SOURCES.md`, "# Sources of pack proof 1.0.0\n\nNone: it is for the proof of the gate alone.\n");
  writeFileSync(`${dir}/tests.jsonl`, `${JSON.stringify({
    name: "lawful", want: { outcome: "ALLOW", codes: [] }, now: "2026-11-30T11:00:00+08:00",
    facts: { registries: [{ obtained_at: "2026-11-30T00:00:00+08:00" }] },
  })}\n`);
}
if (process.argv[1]?.endsWith("proof_pack.mjs")) writeProofPack(process.argv[2]);
