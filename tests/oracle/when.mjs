// when.mjs - instants, days and zones, for the oracle alone.
//
// An instant is a Number of microseconds since 1970 UTC, exact up to the year 2255; one that
// never comes is Infinity, one that always was -Infinity. A day counts from 1970-01-01.
// Zones are read from the system's tz database (TZif, RFC 8536), with the rule at the end
// of the file for the years after its last entry.
import { readFileSync } from "node:fs";

export const SECOND = 1e6;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

// ---- days ---------------------------------------------------------------------------
export function dayOf(year, month, day) {
  return Math.round(Date.UTC(year, month - 1, day) / 86400000);
}
export function dateOf(day) {
  const d = new Date(day * 86400000);
  return [d.getUTCFullYear(), d.getUTCMonth() + 1, d.getUTCDate()];
}
export function daysIn(year, month) {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
// Past the month's end it is the last day of the month.
export function addMonths(day, months) {
  const [y, m, d] = dateOf(day);
  const at = y * 12 + m - 1 + months;
  const year = Math.floor(at / 12), month = (at % 12) + 1;
  return dayOf(year, month, Math.min(d, daysIn(year, month)));
}
export function parseDay(text) {
  const m = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (m === null) throw new Error(`no day: ${text}`);
  return dayOf(+m[1], +m[2], +m[3]);
}
export function formatDay(day) {
  return dateOf(day).map((n, i) => String(n).padStart(i === 0 ? 4 : 2, "0")).join("-");
}
// 0 Monday ... 6 Sunday.
export const weekday = (day) => (((day + 3) % 7) + 7) % 7;

// ---- instants -------------------------------------------------------------------------
export function parseInstant(text) {
  const m = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|([+-])(\d\d):(\d\d))$/.exec(text);
  if (m === null) throw new Error(`no instant: ${text}`);
  const offset = m[6] === undefined ? 0 : (m[6] === "-" ? -1 : 1) * (+m[7] * 60 + +m[8]);
  return parseDay(m[1]) * DAY + (+m[2] * 60 + +m[3] - offset) * MINUTE + +m[4] * SECOND +
    (m[5] === undefined ? 0 : +m[5].padEnd(6, "0"));
}
export function formatInstant(at) {
  const day = Math.floor(at / DAY), rest = at - day * DAY;
  const part = (unit, modulo) => String(Math.floor(rest / unit) % modulo).padStart(2, "0");
  const fraction = rest % SECOND;
  return `${formatDay(day)}T${part(HOUR, 24)}:${part(MINUTE, 60)}:${part(SECOND, 60)}` +
    (fraction === 0 ? "" : `.${String(fraction).padStart(6, "0")}`) + "Z";
}

// ---- zones ----------------------------------------------------------------------------
const LAST_YEAR = 2200;

function posixOffset(text) {
  const m = /^([+-]?)(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  return (m[1] === "-" ? 1 : -1) * (+m[2] * 3600 + +(m[3] ?? 0) * 60 + +(m[4] ?? 0));
}
function ruleDay(year, text) {
  const m = /^M(\d+)\.(\d)\.(\d)$/.exec(text);
  if (m === null) throw new Error(`tz rule ${text}`);
  const first = dayOf(year, +m[1], 1);
  const sunday = (weekday(first) + 1) % 7; // 0 Sunday, as the rule counts
  let day = first + ((+m[3] - sunday + 7) % 7) + (+m[2] - 1) * 7;
  if (day >= first + daysIn(year, +m[1])) day -= 7;
  return day;
}
// "EST5EDT,M3.2.0,M11.1.0" for the years after `after`.
function ruleChanges(rule, after) {
  const name = "(?:<[^>]+>|[A-Za-z]+)", hours = "([+-]?\\d+(?::\\d+){0,2})";
  const m = new RegExp(`^${name}${hours}(?:${name}${hours}?,([^,/]+)(?:/${hours})?,([^,/]+)(?:/${hours})?)?$`)
    .exec(rule);
  if (m === null) throw new Error(`tz rule ${rule}`);
  if (m[3] === undefined) return [];
  const standard = posixOffset(m[1]);
  const summer = m[2] === undefined ? standard + 3600 : posixOffset(m[2]);
  const at = (year, day, time, before) =>
    ruleDay(year, day) * DAY + (-posixOffset(time ?? "2") - before) * SECOND;
  const out = [];
  for (let year = Math.max(1970, dateOf(Math.floor(after / DAY))[0]); year <= LAST_YEAR; year++) {
    out.push({ at: at(year, m[3], m[4], standard), offset: summer * SECOND });
    out.push({ at: at(year, m[5], m[6], summer), offset: standard * SECOND });
  }
  out.sort((a, b) => a.at - b.at);
  return out.filter((c) => c.at > after);
}

class Zone {
  // at[i] begins offset[i]; at[0] is -Infinity.
  constructor(name, at, offset) {
    this.name = name;
    this.at = at;
    this.offset = offset;
    this.last = 0;
  }
  index(t) {
    const { at } = this;
    let i = this.last;
    if (at[i] <= t && (i + 1 === at.length || t < at[i + 1])) return i;
    let lo = 0, hi = at.length;
    while (hi - lo > 1) {
      const mid = (lo + hi) >> 1;
      if (at[mid] <= t) lo = mid;
      else hi = mid;
    }
    this.last = i = lo;
    return i;
  }
  local(t) {
    const wall = t + this.offset[this.index(t)];
    const day = Math.floor(wall / DAY);
    return { day, time: wall - day * DAY };
  }
  day(t) {
    return Math.floor((t + this.offset[this.index(t)]) / DAY);
  }
  // Every instant after `from` and up to `to` at which the clock shows `time` of any day,
  // or at which it is changed.
  shows(time, from, to, add) {
    for (let i = this.index(from); i < this.at.length && this.at[i] <= to; i++) {
      const start = Math.max(this.at[i], from), end = Math.min(this.at[i + 1] ?? Infinity, to);
      if (this.at[i] > from) add(this.at[i]);
      for (let day = Math.floor((start + this.offset[i]) / DAY); ; day++) {
        const t = day * DAY + time - this.offset[i];
        if (t > end || t === this.at[i + 1]) break;
        if (t > from && t >= start) add(t);
      }
    }
  }
  // The first instant of that local day: the day may begin with a change of the clock.
  midnight(day) {
    for (let i = this.index((day - 1) * DAY - this.offset[0] - DAY); i < this.at.length; i++) {
      const t = day * DAY - this.offset[i];
      if (t < this.at[i]) return this.at[i]; // the change passed over it
      if (t < (this.at[i + 1] ?? Infinity)) return t;
    }
    return Infinity;
  }
}

const zones = new Map();
export function zone(name) {
  let z = zones.get(name);
  if (z !== undefined) return z;
  const file = readFileSync(`/usr/share/zoneinfo/${name}`);
  const header = (o) => [0, 1, 2, 3, 4, 5].map((i) => file.readUInt32BE(o + 20 + 4 * i));
  let [utc, std, leap, times, types, chars] = header(0);
  if (file.toString("latin1", 0, 4) !== "TZif" || file[4] < 0x32) throw new Error(`${name}: not TZif 2`);
  const second = 44 + times * 5 + types * 6 + chars + leap * 8 + std + utc;
  [utc, std, leap, times, types, chars] = header(second);
  const base = second + 44, kinds = base + times * 9;
  const offsetOf = (type) => file.readInt32BE(kinds + type * 6) * SECOND;
  const at = [-Infinity], offset = [offsetOf(0)];
  for (let i = 0; i < times; i++) {
    at.push(Number(file.readBigInt64BE(base + i * 8)) * SECOND);
    offset.push(offsetOf(file[base + times * 8 + i]));
  }
  const rule = file.toString("latin1", kinds + types * 6 + chars + leap * 12 + std + utc).trim();
  for (const change of ruleChanges(rule, at.length > 1 ? at[at.length - 1] : 0)) {
    at.push(change.at);
    offset.push(change.offset);
  }
  z = new Zone(name, at, offset);
  zones.set(name, z);
  return z;
}
