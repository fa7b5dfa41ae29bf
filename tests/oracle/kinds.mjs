// kinds.mjs - the kinds of rules, for the oracle.
//
// check(c, rule, t)  the code when the rule says no to the contact at instant t, else null
// changes(...)       names the instants in (from, to] at which that answer may change
// What is recorded after the decision's own instant (c.now) is not known to it. A contact or
// a reservation dated later counts from then on when "when again" is looked for (c.seen).
import { banned, missing } from "./terms.mjs";
import { addMonths, DAY, dateOf, HOUR, MINUTE, weekday, zone } from "./when.mjs";

const any = (wanted, v) => wanted === "*" || wanted === v;
// What nobody knows the kind of forbids most.
const isDoNotCall = (o) => o.kind !== "channel_opt_out" && o.kind !== "carrier_reject";
const known = (c, list) => list.filter((e) => e.recorded_at <= c.now);
const first = (rule) => rule.codes[0];
const no = (rule, ok) => (ok ? null : first(rule));

// ---- zones and days -------------------------------------------------------------------------
// All zones the person may be in, or those that are verified where some are.
function zonesOf(c) {
  const { zones, zone_sources: sources } = c.facts.party;
  const sure = zones.filter((_, i) => sources[i] === "verified");
  return (sure.length > 0 ? sure : zones).map(zone);
}
// A question of the calendar has to have some zone: that of the pack, or the rule's own.
const home = (rule) => (rule.params.zone !== undefined ? zone(rule.params.zone) : rule.home);
function calendars(c, rule) {
  const list = rule.params.zones?.map(zone) ?? zonesOf(c);
  return list.length > 0 ? list : [home(rule)];
}
function midnights(list, from, to, add) {
  for (const z of list) z.shows(0, from, Math.min(to, from + 800 * DAY), add);
}
const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
// holiday, workday or weekend; null where the calendar does not reach.
function dayClass(calendar, day) {
  if (day < calendar.from || day >= calendar.to) return null;
  return calendar.days.get(day) ?? (weekday(day) < 5 ? "workday" : "weekend");
}

// ---- consent ------------------------------------------------------------------------------
const ORDER = ["WITHDRAWN", "EXPIRED", "NUMBER_MISMATCH", "RECIPIENT_MISMATCH",
  "PURPOSE_MISMATCH", "CHANNEL_MISMATCH", "STALE_VERSION", "INVALID_FORM", "EVIDENCE_MISSING"];

// No product: a consent of any class will do.
const classOf = (product) => (product === null || product.code === null || product.class === "*"
  ? null : product.class);
function sameClass(c, cls) {
  const wanted = classOf(c.facts.product);
  return wanted === null || any(cls, wanted);
}
function scopeFaults(c, e) {
  const out = [];
  if (e.point_id !== 0 && e.point_id !== c.facts.point.id) out.push("NUMBER_MISMATCH");
  if (!any(e.recipient, c.facts.caller_org)) out.push("RECIPIENT_MISMATCH");
  if (!any(e.purpose, c.purpose) || !sameClass(c, e.product_class)) out.push("PURPOSE_MISMATCH");
  if (!any(e.channel, c.facts.channel)) out.push("CHANNEL_MISMATCH");
  return out;
}
function grantFaults(c, p, t, e) {
  const out = scopeFaults(c, e);
  if (e.expires_at <= t) out.push("EXPIRED");
  if (p.notice_required && e.notice_version === null) out.push("STALE_VERSION");
  else if ((p.notice_superseded ?? []).includes(e.notice_version)) out.push("STALE_VERSION");
  // How it was given has to be known.
  if (e.form === null || (p.invalid_forms ?? []).includes(e.form)) out.push("INVALID_FORM");
  if (!e.has_evidence || !e.evidence_match) out.push("EVIDENCE_MISSING");
  return out.sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
}
// A withdrawal is about the contact when it covers all of it: no product is no class.
const about = (c, w) => scopeFaults(c, w).length === 0 &&
  (classOf(c.facts.product) !== null || w.product_class === "*");
// Whether a withdrawal takes the grant from this contact: it covers the contact, of the
// grant's class where the contact has none; or it covers the grant.
function takes(c, w, g) {
  const { product, channel, caller_org, point } = c.facts;
  const covers = (withdrawn, of) => withdrawn === "*" || withdrawn === 0 || withdrawn === of;
  return w.effective_at >= g.effective_at && ((covers(w.purpose, c.purpose) && covers(w.channel, channel) &&
    covers(w.recipient, caller_org) && covers(w.point_id, point.id) &&
    covers(w.product_class, classOf(product) ?? g.product_class)) ||
    ["purpose", "channel", "recipient", "point_id", "product_class"].every((key) => covers(w[key], g[key])));
}
// The separate consent to a sensitive kind of data is about that kind alone; a withdrawal that
// names none ends it too.
function consents(c, t, kind) {
  const events = known(c, c.facts.consents).filter((e) => e.effective_at <= t &&
    (e.separate_kind === kind || (e.action === "withdraw" && e.separate_kind === null)));
  const withdrawals = events.filter((e) => e.action === "withdraw");
  return {
    withdrawals,
    grants: events.filter((g) => g.action === "grant" && !withdrawals.some((w) => takes(c, w, g))),
  };
}
// What is wrong with the consent, null when there is one; and the grants that are sound.
function consentState(c, p, t, kind = null) {
  const { withdrawals, grants } = consents(c, t, kind);
  const faults = grants.map((e) => grantFaults(c, p, t, e));
  const sound = grants.filter((_, i) => faults[i].length === 0);
  const withdrawn = withdrawals.some((w) => about(c, w)) &&
    !grants.some((g) => scopeFaults(c, g).length === 0);
  faults.sort((a, b) => a.length - b.length || ORDER.indexOf(a[0]) - ORDER.indexOf(b[0]));
  return { sound, fault: withdrawn ? "WITHDRAWN" : faults.length === 0 ? "MISSING" : faults[0][0] ?? null };
}
function consentTimes(c, rule, from, to, add) {
  for (const e of known(c, c.facts.consents)) {
    add(e.effective_at);
    add(e.expires_at);
  }
}
const CONSENT = {
  consent: (c, rule, t) => {
    const { fault } = consentState(c, rule.params, t);
    return fault === null ? null : `CONSENT_${fault}`;
  },
  written: (c, rule, t) => no(rule, consentState(c, rule.params, t).sound.some((g) => g.written &&
    (!rule.params.names_number || g.point_id === c.facts.point.id))),
  separate: (c, rule, t) => no(rule, c.facts.campaign.sensitive
    .filter((kind) => rule.params.kinds.includes("*") || rule.params.kinds.includes(kind))
    .every((kind) => consentState(c, rule.params, t, kind).sound.length > 0)),
  guardian: (c, rule, t) => {
    const { dob } = c.facts.party;
    const grown = dob !== null && calendars(c, rule).every((z) => z.day(t) >= birthday(dob, rule.params.below_age, true));
    return no(rule, grown || consentState(c, rule.params, t).sound.some((g) => g.guardian));
  },
  not_withdrawn: (c, rule, t) => (consentState(c, rule.params, t).fault === "WITHDRAWN" ? "CONSENT_WITHDRAWN" : null),
};

// ---- relationship ---------------------------------------------------------------------------
// It ends with a word of the customer, and does not come back.
function ended(c, t) {
  const at = c.facts.relationship.terminated_at;
  return at === Infinity || (at !== -Infinity && at <= t) || known(c, c.facts.objections)
    .some((o) => o.own && isDoNotCall(o) && o.effective_at <= t);
}
// Months from the date on record, to the midnight that starts the anniversary.
function related(c, rule, t) {
  const r = c.facts.relationship, p = rule.params, days = calendars(c, rule).map((z) => z.day(t));
  const within = (on, months) => on !== null && months !== undefined &&
    days.some((day) => on <= day) && days.every((day) => day < addMonths(on, months));
  return !ended(c, t) && (within(r.last_transaction_on, p.transaction_months) ||
    within(r.last_inquiry_on, p.inquiry_months));
}
const was = ({ facts: { relationship: r } }) => r.last_transaction_on !== null || r.last_inquiry_on !== null;
const INSTEAD = {
  consent: (c, rule, t) => consentState(c, rule.params, t).fault === null,
  relationship: related,
  contract: (c, rule, t) => c.facts.relationship.contract && !ended(c, t),
  warm_call: (c) => c.facts.warm_call !== null,
};
const instead = (c, rule, t) => [rule.params.unless ?? []].flat().some((what) => INSTEAD[what](c, rule, t));
// An answer that something else stands in for lasts as long as that does: what the rule itself
// would say then is asked then.
const over = (c, t, holds) => t > c.seen && holds(c.seen);
function insteadTimes(c, rule, from, to, add) {
  consentTimes(c, rule, from, to, add);
  add(c.facts.relationship.terminated_at);
  objectionTimes(c, rule, from, to, add);
  midnights(calendars(c, rule), from, to, add);
}

// ---- registers ------------------------------------------------------------------------------
// The newest answer of a register counts; of several as new, all of them.
const newest = (list) => list.filter((r) => list.every((o) => o.obtained_at <= r.obtained_at));
const REGISTRY = {
  listed: (r, c, rule, t) => !r.listed || (rule.params.grace_days !== undefined && r.listed_at !== -Infinity &&
    r.listed_at <= t && calendars(c, rule).every((z) => z.day(t) < home(rule).day(r.listed_at) + rule.params.grace_days)),
  fresh: (r, c, rule, t) => r.obtained_at !== -Infinity && r.obtained_at <= c.now && (rule.params.measure === "dates"
    ? calendars(c, rule).every((z) => z.day(t) - home(rule).day(r.obtained_at) <= rule.params.days)
    : t < r.obtained_at + rule.params.days * DAY),
  // An answer that rests on a fresh file ends with it; otherwise it rests on the register itself.
  service: (r, c, rule, t) => REGISTRY.fresh(r, c, rule, t) ||
    (r.service_up && (t === c.seen || !REGISTRY.fresh(r, c, rule, c.seen))),
};

// ---- caller number --------------------------------------------------------------------------
const NUMBER = {
  registered: (n) => n !== null && n.has_licence,
  owner: (n, c) => n.holder === c.facts.caller_org && n.user_org === c.facts.caller_org,
  lease: (n) => n.lessee === null && !n.sublet,
  purpose: (n, c) => n.purposes.includes(c.purpose),
  channel: (n, c) => n.channels.includes(c.facts.channel),
  status: (n) => n.status === "active",
  direction: (n) => n.direction === "out" || n.direction === "both",
  region: (n, c) => n.regions.length === 0 || n.regions.includes(c.facts.party.province),
  // A kind that is not known may be a forbidden one.
  kind: (n, c, p) => n.kind !== null && (!p.kinds.includes(n.kind) ||
    (p.unless_approval === true && n.has_approval)),
  undertaking: (n) => n.has_undertaking,
  identity: (n) => n.identity === "ok",
  shown: (n) => !n.withheld,
};
// Obtained before now, and not too long ago.
const recent = (c, at, p, t) => p.days === undefined || (at !== -Infinity && at <= c.now && t < at + p.days * DAY);
// What was used by now tells nothing of tomorrow, or of the next hour.
const HEALTH = {
  daily_cap: (n, c, rule, t) => {
    const cap = n.daily_cap ?? rule.params.default_cap ?? Infinity;
    return n.used_today < cap || home(rule).day(t) !== home(rule).day(c.now);
  },
  hourly_cap: (n, c, rule, t) => {
    const cap = n.hourly_cap ?? rule.params.default_cap ?? Infinity;
    return n.used_hour < cap || hourOf(home(rule), t) !== hourOf(home(rule), c.now);
  },
  label: (n, c, rule, t) => !(n.label !== null && rule.params.labels.includes(n.label)) && recent(c, n.label_at, rule.params, t),
  attestation: (n, c, rule) => rule.params.levels.includes(n.attestation),
  callback: (n, c, rule, t) => (n.callback === "unknown" && rule.params.allow_untested === true) ||
    (n.callback === "ok" && recent(c, n.callback_ok_at, rule.params, t)),
};

// ---- objections -----------------------------------------------------------------------------
const OBJECTION = {
  do_not_call: (o, c) => o.own && isDoNotCall(o) && any(o.channel, c.facts.channel),
  channel_same: (o, c) => o.own && o.kind === "channel_opt_out" && any(o.channel, c.facts.channel),
  channel_any: (o, c, p) => o.own && o.kind === "channel_opt_out" &&
    p.channels.includes(c.facts.channel) && (o.channel === "*" || p.channels.includes(o.channel)),
  carrier_reject: (o, c) => o.kind === "carrier_reject" && any(o.channel, c.facts.channel),
  household: (o, c) => !o.own && (isDoNotCall(o) || o.kind === "channel_opt_out") &&
    any(o.channel, c.facts.channel),
};
const objected = (c, t, test) => known(c, c.facts.objections).some((o) => o.effective_at <= t && t < o.lifted_at && test(o));
function objectionTimes(c, rule, from, to, add) {
  for (const o of known(c, c.facts.objections)) {
    add(o.effective_at);
    add(o.lifted_at);
  }
}

// ---- caps -------------------------------------------------------------------------------------
// A reservation may become whatever is counted; a conversation was a connect and an attempt.
const COUNTED = {
  attempt: ["reserved", "attempt", "connect", "conversation"], connect: ["reserved", "connect", "conversation"],
  conversation: ["reserved", "conversation"], message: ["reserved", "message"],
  any: ["reserved", "attempt", "connect", "conversation", "message"],
};
const SCOPE = {
  number: "this_number", person: "this_person", household: "this_household", subject: "this_subject",
  caller_number: "this_caller", agent_org: "this_org",
};
const chosen = (e, p) => (p.channels === undefined || p.channels.includes(e.channel) || e.channel === "*") &&
  (p.purposes === undefined || e.purpose === null || p.purposes.includes(e.purpose));
function counted(c, counts, p) {
  const kinds = COUNTED[counts];
  return c.facts.counts.filter((e) => e.at <= c.seen && kinds.includes(e.kind) && chosen(e, p) &&
    !(p.exclude_warm && e.warm) && [p.scope ?? []].flat().every((s) => e[SCOPE[s]]));
}
const live = (e, t) => e.at <= t && (e.kind !== "reserved" || t < e.expires_at);
const length = (p) => (p.days ?? 0) * DAY + (p.hours ?? 0) * HOUR + (p.minutes ?? 0) * MINUTE;
const INSIDE = {
  local_day: (p, day, today) => day === today,
  local_week: (p, day, today) => {
    const start = (d) => d - ((weekday(d) - WEEKDAYS.indexOf(p.week_start ?? "mon") + 7) % 7);
    return start(day) === start(today);
  },
  calendar_days: (p, day, today) => today - p.days < day && day <= today,
};
function capReached(c, rule, t) {
  const p = rule.params, events = counted(c, p.counts, p).filter((e) => live(e, t));
  if (p.window === "rolling") return events.filter((e) => e.at > t - length(p)).length >= p.limit;
  return calendars(c, rule).some((z) =>
    events.filter((e) => INSIDE[p.window](p, z.day(e.at), z.day(t))).length >= p.limit);
}

function cooldownEvents(c, p) {
  if (COUNTED[p.after] !== undefined) return counted(c, p.after, p);
  if (p.after === "withdrawal")
    return known(c, c.facts.consents).filter((e) => e.action === "withdraw" && chosen(e, p))
      .map((e) => ({ at: e.effective_at }));
  return known(c, c.facts.events).filter((e) => e.at <= c.seen && e.kind === p.after && chosen(e, p) &&
    [p.scope ?? []].flat().every((s) => e[SCOPE[s]]));
}
// The first instant after the wait; by dates, the midnight of each zone.
function waits(c, rule, e, t) {
  const p = rule.params;
  if (!live(e, t)) return false;
  if (p.measure !== "dates") return t < e.at + length(p);
  const days = p.days + (p.count_first_day ? 0 : 1);
  return calendars(c, rule).some((z) => z.day(t) < z.day(e.at) + days);
}

// ---- persons ------------------------------------------------------------------------------------
// The day on which somebody born on 29 February is older depends on whom it protects.
function birthday(dob, years, later) {
  const day = addMonths(dob, years * 12);
  return later && dateOf(dob)[2] !== dateOf(day)[2] ? day + 1 : day;
}
const PRESENT = {
  "product.risk": ({ product }) => product === null || product.code === null || product.risk !== null,
  "point.verified": (f) => f.point.verified,
  "point.stable": (f, p, t) => f.point.unverified_change_at === -Infinity ||
    (f.point.unverified_change_at !== Infinity && t >= f.point.unverified_change_at + p.days * DAY),
  "point.unshared": (f) => f.point.sharers <= 1 || f.point.household,
  "party.dob": (f) => f.party.dob !== null,
  "party.zones": (f) => f.party.zones.length > 0,
  "campaign.impact": (f) => f.campaign.impact_assessed,
};
// The local hour, with the day it belongs to.
function hourOf(z, t) {
  const { day, time } = z.local(t);
  return day * 24 + Math.floor(time / HOUR);
}
// Asked again after a while, because nobody knows when it ends.
const rested = (c, rule, t) => rule.params.recheck_hours !== undefined && t >= c.now + rule.params.recheck_hours * HOUR;
const restTimes = (c, rule, add) => add(c.now + (rule.params.recheck_hours ?? Infinity) * HOUR);

// Of all holders; null when one of them has none.
function lowest(c) {
  const { risk_rating: own, joint_ratings: others } = c.facts.party;
  return own === null ? null : Math.min(own, ...others) || null;
}
const SUITS = {
  matrix: (c, rule) => {
    const { risk } = c.facts.product, rating = lowest(c);
    if (risk === null || rating === null) return true; // other rules' matter
    return (rule.params.max_risk[rating - 1] ?? -Infinity) >= risk;
  },
  affordable: (c, rule) => {
    const { amount } = c.facts.product, { means } = c.facts.party;
    return amount === null || (means !== null && BigInt(amount) * 100n <= BigInt(means) * BigInt(rule.params.percent));
  },
  qualified: (c) => !c.facts.product.qualified_only || c.facts.party.qualified_investor,
};

// ---- hours ----------------------------------------------------------------------------------------
const windowZones = (c, rule) => rule.params.zones?.map(zone) ?? zonesOf(c);
function windowsOf(c, rule) {
  if (!rule.params.preference) return rule.windows;
  return c.facts.party.preferences.map((p) => ({ start: p.start * MINUTE, end: p.end * MINUTE, weekdays: p.weekdays }));
}
function open(rule, windows, z, t) {
  const { day, time } = z.local(t);
  return windows.some((w) => {
    if (w.weekdays !== undefined && !w.weekdays.includes(WEEKDAYS[weekday(day)])) return false;
    if (w.days !== undefined && !w.days.includes(dayClass(rule.calendar, day))) return false;
    return w.start < w.end ? w.start <= time && time < w.end : w.start <= time || time < w.end;
  });
}
// The class of a day that matters has to be known: yes, no, or "unknown".
function openIn(rule, windows, z, t) {
  if (windows.some((w) => w.days !== undefined) && dayClass(rule.calendar, z.day(t)) === null) return "unknown";
  return open(rule, windows, z, t) ? "yes" : "no";
}
function lightIn(rule, z, t) {
  const day = z.day(t), d = rule.params.days;
  if ((d.weekdays ?? []).includes(WEEKDAYS[weekday(day)]) || rule.dates.includes(day)) return "no";
  const cls = d.classes === undefined ? "-" : dayClass(rule.calendar, day);
  return cls === null ? "unknown" : d.classes?.includes(cls) ? "no" : "yes";
}
// Closed for sure in one zone of all, or in all of any, is closed; what is left may be open.
function inZones(rule, list, state) {
  const states = list.map(state), mode = rule.params.mode ?? "all";
  const [wins, next] = mode === "any" ? ["yes", "unknown"] : ["no", "unknown"];
  return states.includes(wins) ? wins : states.includes(next) ? next : mode === "any" ? "no" : "yes";
}
const byZones = (state, code) => ({ yes: null, unknown: "CALENDAR_NOT_COVERED", no: code })[state];

export const KINDS = {
  engine_packs: { check: (c) => (c.packed ? null : "PACK_UNVERIFIED") },
  engine_clock: { check: (c) => (c.facts.clock_trusted ? null : "CLOCK_UNTRUSTED") },
  engine_prior: {
    atOnce: true, // a fresh decision may be asked for at once
    check: (c, rule, t) => {
      const until = c.facts.prior?.valid_until ?? null;
      return until !== null && until <= t ? "DECISION_EXPIRED" : null;
    },
    changes: (c, rule, from, to, add) => add(c.facts.prior?.valid_until ?? Infinity),
  },
  engine_ruleset: {
    check: (c) => {
      const hash = c.facts.prior?.ruleset_hash ?? null;
      return hash !== null && hash !== c.hash ? "RULESET_CHANGED" : null;
    },
  },
  engine_purpose: {
    check: (c) => (c.purpose !== c.facts.purpose ? "PURPOSE_MIXED" : null),
  },
  campaign_state: {
    check: (c, rule) => no(rule, c.facts.campaign[rule.params.check]),
  },
  consent_required: {
    check: (c, rule, t) => (instead(c, rule, t) ? null : over(c, t, (x) => instead(c, rule, x)) ? first(rule)
      : CONSENT[rule.params.check ?? "consent"](c, rule, t)),
    changes: (c, rule, from, to, add) => {
      insteadTimes(c, rule, from, to, add);
      midnights(calendars(c, rule), from, to, add);
    },
  },
  objection_absent: {
    check: (c, rule, t) => no(rule, !objected(c, t, (o) => OBJECTION[rule.params.check](o, c, rule.params) &&
      !(rule.params.same_number && o.point_id !== 0 && o.point_id !== c.facts.point.id))),
    changes: objectionTimes,
  },
  registry_scrub: {
    check: (c, rule, t) => {
      const p = rule.params;
      if (instead(c, rule, t) || rested(c, rule, t)) return null;
      if (over(c, t, (x) => instead(c, rule, x))) return first(rule);
      const answers = newest(c.facts.registries.filter((r) => r.name === p.register));
      // What is not known to be listed is not said to be: that nothing is known is `fresh`'s business.
      return no(rule, (answers.length > 0 || p.check === "listed") && answers.every((r) => REGISTRY[p.check](r, c, rule, t)));
    },
    changes: (c, rule, from, to, add) => {
      insteadTimes(c, rule, from, to, add);
      restTimes(c, rule, add);
      for (const r of c.facts.registries) {
        add(r.obtained_at);
        add(r.obtained_at + (rule.params.days ?? 0) * DAY);
      }
    },
  },
  relationship: {
    check: (c, rule, t) => {
      const p = rule.params;
      if (over(c, t, (x) => related(c, rule, x))) return no(rule, related(c, rule, t));
      if (instead(c, rule, t)) return null;
      if (over(c, t, (x) => instead(c, rule, x))) return first(rule);
      if (p.register !== undefined && !newest(c.facts.registries.filter((r) => r.name === p.register)).some((r) => r.listed))
        return null;
      return no(rule, related(c, rule, t) || (p.need !== "required" && !was(c)));
    },
    changes: insteadTimes,
  },
  reassigned_check: {
    check: (c, rule, t) => {
      const { reassigned, reassigned_asked_at: asked, reassigned_since: since } = c.facts.point;
      if (reassigned === "yes") return "NUMBER_REASSIGNED";
      const { sound } = consentState(c, rule.params, t);
      const sure = reassigned === "no" && since !== null && recent(c, asked, rule.params, t) &&
        (sound.length === 0 || sound.some((g) => since <= home(rule).day(g.effective_at)));
      return sure ? null : "REASSIGNED_NO_DATA";
    },
    changes: (c, rule, from, to, add) => {
      consentTimes(c, rule, from, to, add);
      add(c.facts.point.reassigned_asked_at);
      add(c.facts.point.reassigned_asked_at + (rule.params.days ?? 0) * DAY);
    },
  },
  number_licence: {
    check: (c, rule, t) => {
      const n = c.facts.number, { check } = rule.params;
      if (check === "registered") return no(rule, NUMBER.registered(n));
      if (n === null) return null; // said by `registered`
      if (check !== "validity") return no(rule, NUMBER[check](n, c, rule.params));
      if (!n.has_licence) return null;
      if (t < n.licence_from) return "NUMBER_LICENSE_NOT_YET_VALID";
      return t < n.licence_to ? null : "NUMBER_LICENSE_EXPIRED";
    },
    changes: (c, rule, from, to, add) => {
      add(c.facts.number?.licence_from ?? Infinity);
      add(c.facts.number?.licence_to ?? Infinity);
    },
  },
  number_health: {
    check: (c, rule, t) => {
      const n = c.facts.number;
      return no(rule, n === null || rested(c, rule, t) || HEALTH[rule.params.check](n, c, rule, t));
    },
    changes: (c, rule, from, to, add) => {
      const n = c.facts.number;
      restTimes(c, rule, add);
      midnights([home(rule)], from, Math.min(to, from + 3 * DAY), add);
      for (let h = 0; h < 24; h++) home(rule).shows(h * HOUR, from, Math.min(to, from + 2 * HOUR), add);
      if (n !== null && rule.params.days !== undefined) {
        for (const at of [n.label_at, n.callback_ok_at]) {
          add(at);
          add(at + rule.params.days * DAY);
        }
      }
    },
  },
  time_window: {
    check: (c, rule, t) => {
      const list = windowZones(c, rule), windows = windowsOf(c, rule);
      if (rule.params.preference && windows.length === 0) return null;
      if (list.length === 0) return "TZ_UNKNOWN";
      return byZones(inZones(rule, list, (z) => openIn(rule, windows, z, t)),
        rule.params.preference ? "CUSTOMER_TIME_PREFERENCE" : "QUIET_HOURS");
    },
    changes: (c, rule, from, to, add) => {
      const zones = windowZones(c, rule), windows = windowsOf(c, rule), end = Math.min(to, from + 800 * DAY);
      for (const z of zones)
        for (const at of new Set([0, ...windows.flatMap((w) => [w.start, w.end])])) z.shows(at, from, end, add);
    },
  },
  blackout_day: {
    check: (c, rule, t) => {
      const list = windowZones(c, rule);
      if (list.length === 0) return "TZ_UNKNOWN";
      return byZones(inZones(rule, list, (z) => lightIn(rule, z, t)), "BLACKOUT_DAY");
    },
    changes: (c, rule, from, to, add) => midnights(windowZones(c, rule), from, to, add),
  },
  freq_cap: {
    check: (c, rule, t) => no(rule, !capReached(c, rule, t)),
    changes: (c, rule, from, to, add) => {
      for (const e of counted(c, rule.params.counts, rule.params)) {
        add(e.at);
        add(e.expires_at);
        if (rule.params.window === "rolling") add(e.at + length(rule.params));
      }
      if (rule.params.window !== "rolling") midnights(calendars(c, rule), from, to, add);
    },
  },
  cooldown: {
    check: (c, rule, t) => no(rule, !cooldownEvents(c, rule.params).some((e) => waits(c, rule, e, t))),
    changes: (c, rule, from, to, add) => {
      for (const e of cooldownEvents(c, rule.params)) {
        add(e.at);
        add(e.expires_at ?? Infinity);
        add(e.at + length(rule.params));
      }
      if (rule.params.measure === "dates") midnights(calendars(c, rule), from, to, add);
    },
  },
  suitability_matrix: {
    check: (c, rule) => no(rule, c.facts.product === null || c.facts.product.code === null ||
      SUITS[rule.params.check ?? "matrix"](c, rule)),
  },
  rating_valid: {
    check: (c, rule, t) => {
      const p = rule.params, party = c.facts.party, on = party.risk_assessed_on;
      if (lowest(c) === null || on === null) return "RISK_RATING_MISSING";
      const day = home(rule).day(t); // the bank's assessment, the bank's days
      const many = (count, most) => most !== undefined && (count === null || count > most);
      if (!party.risk_valid || !party.risk_self_completed || party.risk_employee_device || day < on ||
        many(party.risk_count_day, p.per_day) || many(party.risk_count_year, p.per_year)) return "RISK_RATING_INVALID";
      return day >= addMonths(on, p.months) ? "RISK_RATING_EXPIRED" : null;
    },
    changes: (c, rule, from, to, add) => midnights([home(rule)], from, to, add),
  },
  age_gate: {
    check: (c, rule, t) => {
      const { dob, elder_approval } = c.facts.party, p = rule.params;
      if (dob === null) return p.dob_required ? "DATA_MISSING_DOB" : null;
      if (p.unless_approval && elder_approval) return null;
      const below = p.check === "below", day = birthday(dob, p.age, !below);
      const reached = (z) => z.day(t) >= day;
      const list = calendars(c, rule);
      return no(rule, below ? !list.some(reached) : list.every(reached));
    },
    // Only a birthday within a day bounds an answer, so that a record does not tell one.
    changes: (c, rule, from, to, add) =>
      midnights(calendars(c, rule), from, Math.min(to, c.now + DAY), add),
  },
  person_flag: {
    check: (c, rule, t) => no(rule, !c.facts.party[rule.params.flag] || rested(c, rule, t)),
    changes: (c, rule, from, to, add) => restTimes(c, rule, add),
  },
  content_terms: {
    check: (c, rule) => {
      const s = c.facts.script, list = rule.terms;
      // What nobody knows the text of may say anything; of a script that is not approved, that
      // is what is wrong.
      if (s.rendered === null) return s.code !== null && s.approved ? first(rule) : "SCRIPT_NOT_APPROVED";
      return no(rule, rule.params.check === "banned"
        ? s.term_hits.length === 0 && !banned(list, s.rendered) : !missing(list, s.rendered));
    },
  },
  script_approved: {
    check: (c, rule) => {
      const s = c.facts.script;
      return no(rule, s.code !== null && s.approved && !(rule.params.shown && s.shown_version !== s.version));
    },
  },
  disclosure: {
    check: (c, rule) => {
      const s = c.facts.script, p = rule.params;
      return no(rule, {
        ai_label: () => s.ai_disclosure && !(p.clip && s.clip === null),
        contained: () => p.items.every((item) => s.disclosures.includes(item)),
        made: () => p.items.every((item) => c.facts.disclosed.includes(item)),
      }[p.check]());
    },
  },
  recording: {
    check: (c, rule) => no(rule, rule.params.check === "up" ? c.facts.recorder === "ok"
      : !((c.facts.product?.dual_recording ?? false) && (c.facts.campaign.stage ?? "SALE") === "SALE")),
  },
  qualification: {
    check: (c, rule, t) => {
      const a = c.facts.agent;
      if (rule.params.check !== "mandate") return no(rule, a !== null && t < a.qualified_until);
      return no(rule, a !== null && (a.outsourcer === null || (a.mandate_from <= t && t < a.mandate_until)));
    },
    changes: (c, rule, from, to, add) => {
      for (const key of ["qualified_until", "mandate_from", "mandate_until"]) add(c.facts.agent?.[key] ?? Infinity);
    },
  },
  automation_gate: {
    check: (c, rule) => {
      const f = c.facts, robot = f.handler === "robot";
      return no(rule, {
        number_robot: () => !robot || f.number === null || f.number.robot,
        no_robot: () => !robot,
        no_synthetic: () => !robot && !f.synthetic_voice,
        no_autodial: () => !f.autodialled,
        point_class: () => f.point.class !== null && !rule.params.classes.includes(f.point.class),
      }[rule.params.check]());
    },
  },
  ratio_limit: {
    check: (c, rule, t) => {
      const p = rule.params, mode = c.facts.dial_mode === "unknown" ? "predictive" : c.facts.dial_mode;
      if (!(p.modes ?? ["predictive"]).includes(mode) || rested(c, rule, t)) return null;
      const found = c.facts.campaign.ratios.filter((r) => r.hours === p.hours);
      return no(rule, found.length > 0 && found.every((r) => r.abandoned * 10000 <= r.answered * p.basis_points));
    },
    changes: (c, rule, from, to, add) => restTimes(c, rule, add),
  },
  data_present: {
    check: (c, rule, t) => no(rule, PRESENT[rule.params.field](c.facts, rule.params, t)),
    changes: (c, rule, from, to, add) => add(c.facts.point.unverified_change_at + (rule.params.days ?? 0) * DAY),
  },
  product_on_sale: {
    check: (c, rule, t) => {
      const p = c.facts.product;
      if (p === null || p.code === null) return null;
      const day = home(rule).day(t);
      return no(rule, (p.on_sale_from ?? -Infinity) <= day && day < (p.on_sale_to ?? Infinity));
    },
    changes: (c, rule, from, to, add) => midnights([home(rule)], from, to, add),
  },
  expression: { check: (c, rule) => no(rule, rule.allow(c.world) === true) },
};
