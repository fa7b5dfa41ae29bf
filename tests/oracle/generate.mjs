// generate.mjs - contacts made up for the comparison of gate and oracle.
//
// Most are lawful but for a few things, so that one answer can be seen to turn; a tenth is
// wild. Instants sit at edges on purpose: of windows, days, months, changes of the clock, at
// the instant asked and a microsecond beside it. A case is made from (seed, number) alone.
import { addMonths, DAY, dayOf, formatDay, formatInstant, HOUR, MINUTE, SECOND, zone } from "./when.mjs";
import { DEFAULT, T0 } from "./facts.mjs";

// splitmix-like: good enough to spread, small enough to read.
class Random {
  constructor(seed, number) {
    this.a = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35)) >>> 0;
    for (let i = 0; i < 4; i++) this.next();
  }
  next() {
    this.a = (this.a + 0x6d2b79f5) >>> 0;
    let t = this.a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }
  below(n) {
    return Math.floor((this.next() / 4294967296) * n);
  }
  chance(p) {
    return this.next() < p * 4294967296;
  }
  pick(list) {
    return list[this.below(list.length)];
  }
}

const ZONES = ["Asia/Shanghai", "Asia/Urumqi", "Asia/Tokyo", "Asia/Dubai", "Asia/Kolkata", "Asia/Kathmandu",
  "Asia/Hong_Kong", "Asia/Singapore", "Europe/London", "Europe/Paris", "Europe/Berlin", "America/New_York",
  "America/Chicago", "America/Los_Angeles", "America/Phoenix", "America/St_Johns", "America/Sao_Paulo",
  "America/Havana", "America/Caracas", "Australia/Lord_Howe", "Australia/Adelaide", "Pacific/Apia", "Pacific/Chatham",
  "Africa/Casablanca", "Pacific/Kiritimati", "Etc/GMT+12", "UTC"];
const TIMES = [0, 8, 9, 10, 12, 13, 14, 18, 19, 20, 21, 22, 24].map((h) => h * HOUR)
  .concat([9.5 * HOUR, 2 * HOUR, 3 * HOUR, 23.5 * HOUR]);
const NEAR = [0, 0, 0, 1, -1, 1, -1, 1000, -1000, SECOND, -SECOND, MINUTE, -MINUTE];
const APART = [0, 0, 1, -1, -1, SECOND, -SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, -30 * MINUTE,
  -30 * MINUTE - 1, -30 * MINUTE + 1, -HOUR, HOUR, -DAY, DAY, -DAY + 1, -DAY - 1, -2 * DAY, -3 * DAY, -7 * DAY,
  -7 * DAY + 1, -7 * DAY - 1, -6 * DAY, -30 * DAY, -31 * DAY, -180 * DAY, -180 * DAY + 1, -180 * DAY - 1,
  -90 * DAY, -400 * DAY, 10 * DAY, 400 * DAY];
const PURPOSES = ["MARKETING", "SERVICE", "RISK_ALERT", "LEGAL_NOTICE", "COMPLAINT_REPLY", "SURVEY",
  "CONSENT_REQUEST", "COLLECTION", "SOMETHING_ELSE"];
const CHANNELS = ["VOICE", "SMS", "WECHAT", "EMAIL", "PIGEON"];
const CLASSES = ["wealth", "insurance", "deposit", "loan", "card", "account", "unknown", "*"];
const ORGS = ["bank", "wealth_sub", "third"];
const KINDS = ["landline", "95", "96", "10xx", "400", "mobile", "call_centre", "106x", "intl", null, "odd"];
const PROVINCES = ["上海", "北京", "宁夏", "新疆", "新疆维吾尔自治区", "Xinjiang", null, ""];
// Contacts of the countries that have packs: their zones, channels and registers.
const ABROAD = [["US", "FL", "America/New_York", "US-DNC"], ["US", "CA", "America/Los_Angeles", "US-DNC"], ["US", "TX", "America/Chicago", "US-DNC"],
  ["US", null, "America/New_York", "US-DNC"], ["US", "PA", "America/New_York", "US-DNC"], ["US", "KY", "America/Chicago", "US-DNC"],
  ["US", "CO", "America/Denver", "US-DNC"], ["US", "MI", "America/Detroit", "US-DNC"], ["GB", null, "Europe/London", "GB-TPS"],
  ["FR", null, "Europe/Paris", "FR-BLOCTEL"], ["DE", null, "Europe/Berlin", "DE"], ["HK", null, "Asia/Hong_Kong", "HK"], ["SG", null, "Asia/Singapore", "SG-DNC"]];

const CHANGED = new Map();
function recentChanges(z) {
  if (!CHANGED.has(z))
    CHANGED.set(z, z.at.filter((t) => t > dayOf(2024, 1, 1) * DAY && t < dayOf(2029, 1, 1) * DAY));
  return CHANGED.get(z);
}
// A local time of some interesting day in one of the zones of the contact.
function moment(r, zones) {
  const z = zone(zones.length > 0 ? r.pick(zones) : "Asia/Shanghai");
  const year = r.chance(0.6) ? 2026 : r.pick([2024, 2025, 2027, 2028]);
  let day = dayOf(year, 1 + r.below(12), 1) + r.below(31);
  if (r.chance(0.3)) day = dayOf(2026, 11, 23) + r.pick([0, 0, 1, -1, 3, 7, 8]);
  else if (r.chance(0.3)) day = r.pick([dayOf(2024, 2, 29), dayOf(2025, 2, 28), dayOf(2028, 2, 29),
    dayOf(year, 3, 1), dayOf(year, 12, 31), dayOf(year, 1, 1), dayOf(year, 4, 30), dayOf(year, 5, 1)]);
  else if (r.chance(0.4) && z.at.length > 1) {
    const changes = recentChanges(z);
    if (changes.length > 0) {
      const change = r.pick(changes);
      if (r.chance(0.4)) return change + r.pick(NEAR);
      day = z.day(change) + r.pick([0, 0, -1, 1]);
    }
  }
  const time = r.chance(0.7) ? r.pick(TIMES) + r.pick(NEAR) : r.below(DAY / SECOND) * SECOND + r.below(SECOND);
  return z.midnight(day) + time;
}

class Maker {
  constructor(r, now) {
    this.r = r;
    this.now = now;
    this.today = zone("Asia/Shanghai").day(now);
  }
  at() {
    return formatInstant(this.now + this.r.pick(APART) + (this.r.chance(0.2) ? this.r.pick(NEAR) : 0));
  }
  until() {
    return this.r.chance(0.3) ? this.r.pick([null, "never", "always"]) : this.at();
  }
  since() {
    return this.r.chance(0.2) ? this.r.pick([null, "always", "never"]) : this.at();
  }
  // Days around the one asked, and the same `years` (or months) earlier.
  day(months) {
    const day = this.today + this.r.pick([-1, 0, 0, 1, 2]);
    if (this.r.chance(0.15)) return formatDay(dayOf(this.r.pick([1960, 2008, 2024]), 2, 29));
    return formatDay(months === 0 ? day : addMonths(day, -months));
  }
  own(key) {
    return this.r.chance(0.25) ? key : null;
  }
  consent(i) {
    const r = this.r, e = { id: `consent-${i + 1}` };
    if (r.chance(0.4)) e.action = "withdraw";
    const vary = (key, make, p = 0.15) => {
      if (r.chance(p)) e[key] = make();
    };
    vary("purpose", () => r.pick([...PURPOSES.slice(0, 3), "*"]));
    vary("channel", () => r.pick([...CHANNELS.slice(0, 2), "*"]));
    vary("product_class", () => r.pick(CLASSES), 0.3);
    vary("recipient", () => r.pick([...ORGS, "*"]));
    vary("point_id", () => r.below(3));
    vary("form", () => r.pick(["written", "silence", "pre_ticked", "implied", "oral", null]));
    vary("notice_version", () => r.pick(["v1", "v2", "v3", null]));
    vary("has_evidence", () => r.chance(0.3));
    vary("evidence_match", () => r.chance(0.3), 0.1);
    vary("written", () => false, 0.1);
    vary("guardian", () => true, 0.1);
    vary("separate_kind", () => r.pick(["financial_account", "biometric"]));
    vary("effective_at", () => this.since(), 0.6);
    if (e.effective_at !== undefined && r.chance(0.7)) e.recorded_at = e.effective_at;
    else vary("recorded_at", () => this.since(), 0.2);
    vary("expires_at", () => this.until(), 0.3);
    return e;
  }
  objection(i) {
    const r = this.r, e = { id: `objection-${i + 1}` };
    if (r.chance(0.7)) e.kind = r.pick(["do_not_call", "channel_opt_out", "carrier_reject", "odd"]);
    if (r.chance(0.6)) e.channel = r.pick([...CHANNELS, "*"]);
    if (r.chance(0.3)) e.own = false;
    if (r.chance(0.4)) e.effective_at = this.since();
    if (r.chance(0.2)) e.recorded_at = this.since();
    if (r.chance(0.3)) e.lifted_at = this.until();
    // It is not lifted before it stands.
    if (e.lifted_at && e.effective_at && e.lifted_at <= e.effective_at && e.lifted_at !== "always") delete e.lifted_at;
    if (r.chance(0.2)) e.point_id = r.below(3);
    return e;
  }
  event(i) {
    const r = this.r, e = { id: `event-${i + 1}`, at: this.at() };
    e.kind = r.pick(["refusal", "refusal", "consent_refusal", "abandoned", "odd"]);
    if (r.chance(0.3)) e.at = formatInstant(this.now - r.pick([60, 61, 60.5, 3, 2.0625]) * DAY + r.pick(NEAR));
    if (r.chance(0.2)) e.recorded_at = this.at();
    if (r.chance(0.2)) e.channel = r.pick([...CHANNELS, "*"]);
    if (r.chance(0.3)) e.purpose = r.pick([...PURPOSES, null]);
    if (r.chance(0.2)) e.this_number = false;
    if (r.chance(0.2)) e.this_person = false;
    return e;
  }
  registry() {
    const r = this.r, e = { name: r.pick(["US-DNC", "US-DNC", "SG-DNC", "GB-TPS"]) };
    if (r.chance(0.5)) e.listed = true;
    if (r.chance(0.5)) e.listed_at = r.chance(0.5) ? this.since() : formatInstant(this.now - 28 * DAY + r.pick(NEAR));
    e.obtained_at = r.chance(0.2) ? this.since() : formatInstant(this.now - r.pick([0, 2, 21, 31, 32]) * DAY + r.pick(NEAR));
    if (r.chance(0.3)) e.service_up = false;
    return e;
  }
  override() {
    const r = this.r, e = {
      code: r.pick(["ELDER_EXTRA_APPROVAL", "DATA_MISSING_DOB", "CONTACT_POINT_UNVERIFIED", "SHARED_NUMBER_REVIEW", "TZ_UNKNOWN",
        "SCRIPT_NOT_APPROVED", "CUSTOMER_MINOR", "QUIET_HOURS", "PRODUCT_NOT_ON_SALE", "CONSENT_MISSING", "CUSTOMER_DECEASED"]),
    };
    e.rule = r.chance(0.7) ? null : r.pick(["PR-54", "PR-73", "PR-60", "HS-03", "HS-40", "CN-18t", "CN-08"]);
    e.by2 = r.pick([null, "reviewer-2", "reviewer-2", "reviewer-1", ""]);
    e.at = r.chance(0.3) ? this.at() : formatInstant(this.now - DAY);
    e.expires_at = r.chance(0.1) ? null : r.chance(0.4) ? this.at() : formatInstant(this.now + 10 * DAY);
    if (r.chance(0.1)) e.reason = "";
    if (r.chance(0.05)) e.by1 = "";
    return e;
  }
  preference() {
    const r = this.r, start = r.pick([0, 540, 600, 1080, 1200]);
    return {
      start, end: r.pick([1260, 1320, 1440, start + 60]),
      weekdays: r.chance(0.5) ? ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] : r.pick([["mon"], ["sat", "sun"], ["mon", "tue", "fri"], []]),
    };
  }
  count() {
    const r = this.r, e = { at: this.at() };
    if (r.chance(0.6)) e.kind = r.pick(["attempt", "conversation", "reserved", "message", "connect"]);
    for (const key of ["this_household", "this_subject", "this_caller", "this_org"]) if (r.chance(0.1)) e[key] = false;
    if (r.chance(0.1)) e.warm = true;
    if (r.chance(0.1)) e.purpose = r.pick([...PURPOSES, null]);
    if (e.kind === "reserved" && r.chance(0.9)) e.expires_at = this.at();
    if (r.chance(0.2)) e.channel = r.pick(CHANNELS);
    if (r.chance(0.2)) e.this_number = false;
    if (r.chance(0.2)) e.this_person = false;
    return e;
  }
}

const several = (r, most) => r.pick([0, 1, 1, 2, 2, 3, most]);
const change = (part, key, make) => (m, f) => {
  f[part] = f[part] === null ? null : { ...f[part], [key]: make(m, m.r) };
};
const flip = (part, key) => change(part, key, (m, r) => r.chance(0.5));

// One thing that is changed about the lawful contact.
const CHANGES = [
  (m, f) => { f.purpose = m.r.pick(PURPOSES); },
  (m, f) => {
    f.purpose = m.r.pick(["SERVICE", "RISK_ALERT"]);
    f.number = { ...f.number, kind: "95", purposes: ["SERVICE", "RISK_ALERT"] };
  },
  (m, f) => {
    f.purpose = m.r.pick(["CONSENT_REQUEST", "SURVEY", "COMPLAINT_REPLY"]);
    f.number = { ...f.number, purposes: [f.purpose] };
  },
  (m, f) => { f.channel = m.r.pick(CHANNELS); },
  (m, f) => {
    f.channel = "SMS";
    f.number = { ...f.number, channels: ["SMS"] };
    f.consents = [{ channel: "SMS" }];
  },
  (m, f) => { f.caller_org = m.r.pick(ORGS); },
  (m, f) => { f.handler = m.r.pick(["agent", "robot"]); },
  (m, f) => { f.handler = "robot"; },
  (m, f) => { f.promotional = m.r.chance(0.7); },
  (m, f) => { f.consents = Array.from({ length: several(m.r, 5) }, (_, i) => m.consent(i)); },
  (m, f) => { f.consents = [{}, ...Array.from({ length: several(m.r, 3) }, (_, i) => m.consent(i + 1))]; },
  (m, f) => { f.consents = [m.consent(0)]; },
  (m, f) => { // a grant and a withdrawal that meet in part
    const one = () => m.r.pick([{}, { purpose: "*" }, { channel: "*" }, { recipient: "*" }, { point_id: 1 }, { product_class: "*" },
      { product_class: "insurance" }, { separate_kind: "biometric" }, { channel: "SMS" }]);
    f.consents = [{ ...one() }, { action: "withdraw", id: "withdrawal-1", ...one(), ...(m.r.chance(0.3) ? one() : {}) }];
    if (m.r.chance(0.4)) f.product = null;
  },
  (m, f) => { f.objections = Array.from({ length: several(m.r, 4) }, (_, i) => m.objection(i)); },
  (m, f) => { f.objections = [m.objection(0)]; },
  (m, f) => { f.counts = Array.from({ length: several(m.r, 6) }, () => m.count()); },
  (m, f) => { f.counts = Array.from({ length: several(m.r, 4) }, () => m.count()); },
  (m, f) => {
    const at = m.now - m.r.pick([3, 5, 7]) * DAY + m.r.pick(NEAR);
    f.counts = [0, 1, 2].map((i) => ({ at: formatInstant(at + (i * DAY) / m.r.pick([1, 2, 24])) }));
  },
  (m, f) => { f.prior = { valid_until: m.r.chance(0.15) ? null : m.at(), ruleset_hash: null }; },
  (m, f) => { f.prior = { ...f.prior, ruleset_hash: m.r.pick(["@", "@", "0".repeat(64), null]) }; },
  flip("campaign", "approved"), flip("campaign", "active"), flip("campaign", "uses_profile"),
  flip("point", "verified"),
  change("point", "sharers", (m, r) => 1 + r.below(4)),
  change("point", "id", (m, r) => 1 + r.below(3)),
  change("party", "province", (m, r) => r.pick(PROVINCES)),
  change("party", "province", () => "新疆"),
  change("party", "country", (m, r) => r.pick(["CN", "US", null])),
  change("party", "dob", (m, r) => (r.chance(0.15) ? null : m.day(12 * r.pick([14, 18, 18, 65, 65, 60, 0])))),
  change("party", "dob", (m, r) => m.day(12 * r.pick([18, 65]))),
  ...["deceased", "incapacity", "fraud_hold", "legal_hold", "complaint_open", "profiling_opt_out", "risk_valid"]
    .map((key) => flip("party", key)),
  change("party", "complaint_open", () => true),
  change("party", "risk_rating", (m, r) => r.pick([null, 1, 2, 3, 4, 5, 6, 0, -1])),
  change("party", "risk_assessed_on", (m, r) => (r.chance(0.15) ? null : m.day(r.pick([0, 12, 12, 12, 6])))),
  (m, f) => { f.product = null; },
  change("product", "class", (m, r) => r.pick(CLASSES)),
  change("product", "risk", (m, r) => r.pick([null, 1, 2, 3, 4, 5, 6, 0])),
  change("product", "risk", (m, r) => r.pick([3, 4, 5])),
  change("product", "on_sale_from", (m, r) => (r.chance(0.2) ? null : m.day(0))),
  change("product", "on_sale_to", (m, r) => (r.chance(0.2) ? null : m.day(0))),
  (m, f) => { f.number = null; },
  change("number", "kind", (m, r) => r.pick(KINDS)),
  change("number", "holder", (m, r) => r.pick([...ORGS, null])),
  change("number", "user_org", (m, r) => r.pick([...ORGS, null])),
  change("number", "regions", (m, r) => r.pick([[], ["上海"], ["北京"], ["北京", "上海"], [""]])),
  change("number", "direction", (m, r) => r.pick(["in", "out", "both", null, "odd"])),
  change("number", "channels", (m, r) => r.pick([[], ["VOICE"], ["SMS"], ["VOICE", "SMS"]])),
  change("number", "purposes", (m, r) => r.pick([[], ["MARKETING"], ["SERVICE", "RISK_ALERT"], PURPOSES])),
  change("number", "purposes", () => PURPOSES),
  flip("number", "robot"), flip("number", "has_approval"), flip("number", "has_licence"),
  change("number", "licence_from", (m) => m.since()),
  change("number", "licence_to", (m) => m.until()),
  change("number", "status", (m, r) => r.pick(["planned", "active", "suspended", "recalled", null, "odd"])),
  (m, f) => {
    const cap = m.r.below(4);
    f.number = f.number && { ...f.number, daily_cap: cap, used_today: Math.max(0, cap + m.r.pick([-1, 0, 0, 1])) };
  },
  (m, f) => {
    const cap = m.r.below(4);
    f.number = f.number && { ...f.number, hourly_cap: cap, used_hour: Math.max(0, cap + m.r.pick([-1, 0, 0, 1])) };
  },
  change("script", "rendered", (m, r) => r.pick([null, "", "本产品不保本", "保 本", "保\u200b本高", "保證收益", "不\n保本", "确保本人", "bao ben", "零*风险", "並不零风险"])),
  flip("script", "approved"), flip("script", "ai_disclosure"),
  change("script", "code", () => null),
  (m, f) => { f.agent = null; },
  change("agent", "qualified_until", (m) => m.since()),
];

// Of those facts that only the proof's pack asks about (proof_pack.mjs), or one of another country.
const MORE = [
  (m, f) => { f.events = Array.from({ length: several(m.r, 4) }, (_, i) => m.event(i)); },
  (m, f) => { f.events = [m.event(0)]; },
  (m, f) => { f.registries = Array.from({ length: several(m.r, 3) }, () => m.registry()); },
  (m, f) => { f.registries = [m.registry()]; },
  (m, f) => { f.registries = [{ obtained_at: formatInstant(m.now), listed: true }]; },
  (m, f) => { f.overrides = Array.from({ length: several(m.r, 3) }, () => m.override()); },
  (m, f) => { f.overrides = [m.override()]; },
  (m, f) => {
    f.party = { ...f.party, preferences: Array.from({ length: several(m.r, 3) }, () => m.preference()) };
  },
  (m, f) => {
    const zones = f.party.zones ?? [];
    f.party = { ...f.party, zone_sources: zones.map(() => m.r.pick(["verified", "declared", "address", "number_plan"])) };
  },
  change("party", "kind", (m, r) => r.pick(["consumer", "business", null])),
  change("party", "places", (m, r) => r.pick([[], ["CN-SH"], ["CN-SH", "US-FL"], ["US-FL"]])),
  change("party", "state", (m, r) => r.pick([null, "SH", "FL"])),
  flip("party", "elder_approval"), flip("party", "qualified_investor"),
  flip("party", "risk_self_completed"), flip("party", "risk_employee_device"),
  change("party", "risk_count_day", (m, r) => r.pick([null, 1, 2, 3])),
  change("party", "risk_count_year", (m, r) => r.pick([null, 7, 8, 9])),
  change("party", "joint_ratings", (m, r) => r.pick([[], [2], [5, 3], [0], [1, 0]])),
  change("party", "means", (m, r) => r.pick([null, 0, 1000000, 1000003, 100000000])),
  change("party", "dob", (m, r) => m.day(12 * r.pick([14, 60]))),
  change("product", "amount", (m, r) => r.pick([null, 0, 300000, 300001, 30000000, 30000001, 5000001])),
  flip("product", "dual_recording"), flip("product", "qualified_only"),
  change("product", "regulator", (m, r) => r.pick(["CN", "US", null])),
  change("point", "class", (m, r) => r.pick(["mobile", "landline", "emergency", "hospital", null])),
  change("point", "country", (m, r) => r.pick(["CN", "US", null])),
  flip("point", "household"),
  change("point", "unverified_change_at", (m, r) => (r.chance(0.2) ? r.pick([null, "unknown"]) : m.at())),
  change("point", "reassigned", (m, r) => r.pick(["no", "yes", "no_data", "not_asked"])),
  change("point", "reassigned_asked_at", (m) => m.since()),
  change("point", "reassigned_since", (m, r) => (r.chance(0.2) ? null : m.day(r.pick([0, 3, 10])))),
  ...["lessee", "label", "attestation", "identity", "callback"].map((key) => change("number", key, (m, r) => r.pick({
    lessee: [null, "third"], label: [null, "spam", "scam", "odd"], attestation: ["A", "B", "C", null],
    identity: ["ok", "failed", "unknown"], callback: ["ok", "failed", "unknown"],
  }[key]))),
  flip("number", "sublet"), flip("number", "has_undertaking"), flip("number", "withheld"),
  change("number", "label_at", (m) => m.since()), change("number", "callback_ok_at", (m) => m.since()),
  (m, f) => { f.synthetic_voice = m.r.chance(0.5); },
  (m, f) => { f.autodialled = m.r.chance(0.7); },
  (m, f) => { f.dial_mode = m.r.pick(["unknown", "manual", "preview", "progressive", "predictive"]); },
  (m, f) => { f.warm_call = m.r.pick([null, "proof-1", "proof-1"]); },
  (m, f) => { f.clock_trusted = m.r.chance(0.5); },
  (m, f) => { f.recorder = m.r.pick(["ok", "failed", "unknown"]); },
  (m, f) => { f.disclosed = m.r.pick([[], ["identity"], ["identity", "purpose"]]); },
  (m, f) => { f.institution_country = m.r.pick(["CN", "US", null]); },
  (m, f) => {
    f.relationship = {
      last_transaction_on: m.r.chance(0.3) ? null : m.day(m.r.pick([12, 18, 18, 0])),
      last_inquiry_on: m.r.chance(0.5) ? null : m.day(m.r.pick([3, 3, 0, 6])),
      contract: m.r.chance(0.2), terminated_at: m.r.chance(0.7) ? null : m.r.chance(0.2) ? "unknown" : m.at(),
    };
  },
  (m, f) => {
    f.campaign = { ...f.campaign, ratios: m.r.pick([[], [24], [24, 720], [720, 24]])
      .map((hours) => ({ hours, answered: m.r.pick([0, 100, 133]), abandoned: m.r.pick([0, 3, 4]) })) };
  },
  change("campaign", "sensitive", (m, r) => r.pick([[], ["financial_account"], ["biometric", "financial_account"], ["other"]])),
  change("campaign", "stage", (m, r) => r.pick([null, "SALE", "INVITE"])),
  change("campaign", "debt", (m, r) => r.pick([null, "debt-1"])),
  flip("campaign", "impact_assessed"),
  change("script", "shown_version", (m, r) => r.pick([null, 1, 2])), change("script", "clip", (m, r) => r.pick([null, "clip-1"])),
  change("script", "disclosures", (m, r) => r.pick([[], ["identity"], ["identity", "opt_out"]])),
  (m, f) => {
    f.agent = f.agent && { ...f.agent, outsourcer: m.r.pick([null, "seats"]), mandate_from: m.since(), mandate_until: m.since() };
  },
];
function moveAbroad(m, f) {
  const [country, state, z, register] = m.r.pick(ABROAD), at = formatInstant(m.now - 3600e6);
  f.party = { ...f.party, country, state, province: null, places: state === null ? [] : [`${country}-${state}`], zones: [z] };
  f.point = { ...f.point, country, reassigned_asked_at: at };
  f.registries = [{ name: register, obtained_at: at, listed: m.r.chance(0.3) }];
  f.number = { ...f.number, country, label_at: at, callback_ok_at: at };
  if (m.r.chance(0.3)) f.handler = "robot";
  f.campaign = { ...f.campaign, ratios: [{ hours: 24, answered: 100, abandoned: 1 }, { hours: 720, answered: 0, abandoned: 0 }] };
}
// What the proof's pack asks for of every contact.
function served(m, f) {
  const at = formatInstant(m.now - 3600e6);
  f.registries = [{ obtained_at: at }, { name: "SG-DNC", obtained_at: at }];
  f.number = { ...f.number, label_at: at, callback_ok_at: at };
  f.campaign = { ...f.campaign, ratios: [{ hours: 24, answered: 100, abandoned: 1 }, { hours: 720, answered: 0, abandoned: 0 }] };
}

// What the lawful contact would be in breach of at another time: its own dates.
function moved(m, f) {
  const { now, today } = m;
  f.number = { ...f.number, licence_from: formatInstant(now - 200 * DAY), licence_to: formatInstant(now + 200 * DAY) };
  f.party = { ...f.party, risk_assessed_on: formatDay(today - 100) };
  if (f.consents.length === 1 && Object.keys(f.consents[0]).length === 0)
    f.consents = [{ effective_at: formatInstant(now - 300 * DAY), recorded_at: formatInstant(now - 300 * DAY) }];
}

// The facts that need not be said are left out, so that a case can be read.
const PARTS = Object.keys(DEFAULT).filter((key) => DEFAULT[key] !== null &&
  typeof DEFAULT[key] === "object" && !Array.isArray(DEFAULT[key]));
function start() {
  const f = { ...DEFAULT };
  for (const key of PARTS) f[key] = {};
  return f;
}
function sparse(f) {
  const out = {};
  for (const key in f) {
    const v = f[key];
    if (v === DEFAULT[key]) continue;
    if (v !== null && typeof v === "object" && !Array.isArray(v) && Object.keys(v).length === 0) continue;
    out[key] = v;
  }
  return out;
}

const BOTH = [...CHANGES, ...MORE];

export function makeCase(seed, number, { proof = false, world = false } = {}) {
  const r = new Random(seed, number);
  const zones = r.chance(0.6) ? ["Asia/Shanghai"] :
    Array.from({ length: r.pick([0, 1, 1, 2, 2, 3]) }, () => r.pick(ZONES));
  const now = r.chance(0.15) ? Date.parse(T0) * 1000 + r.pick(NEAR) : moment(r, zones);
  const m = new Maker(r, now);
  const f = start();
  f.party.zones = zones;
  if (r.chance(0.85)) moved(m, f);
  const abroad = !proof && world && r.chance(0.6);
  if (proof && r.chance(0.95)) served(m, f);
  if (abroad) moveAbroad(m, f);
  const list = proof || abroad ? BOTH : r.chance(0.9) ? CHANGES : BOTH;
  const changes = r.chance(0.1) ? 8 + r.below(20) : r.pick([0, 1, 1, 2, 2, 2, 3, 4, 5]);
  for (let i = 0; i < changes; i++) r.pick(list)(m, f);
  return {
    base: "fixture", facts: sparse(f), checkpoint: r.pick(["P", "D", "C", "C"]), now: formatInstant(now),
    ttl: r.pick([120e6, 120e6, 3600e6, 86400e6, 1, 60e6]),
  };
}
