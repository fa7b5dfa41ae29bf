/* Numbers, money and time as text. Nothing there: an em dash. */
import { session } from './session.js';

export const NONE = '—';

export function count(n) {
	return n === null || n === undefined ? NONE : new Intl.NumberFormat(session.lang).format(n);
}

export function share(part, whole) {
	if (!whole) return NONE;
	return new Intl.NumberFormat(session.lang, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(part / whole);
}

/* Money arrives as a string and goes in as one: no floats on the way. */
export function money(value) {
	if (!value) return NONE;
	return new Intl.NumberFormat(session.lang, { minimumFractionDigits: 2 }).format(value.amount) + ' ' + value.currency;
}

function zone() {
	return (session.me && session.me.zone) || 'Asia/Shanghai';
}

function parts(at, fields) {
	const found = {};
	const formatter = new Intl.DateTimeFormat('en-GB', { timeZone: zone(), hourCycle: 'h23', ...fields });
	for (const part of formatter.formatToParts(new Date(at))) found[part.type] = part.value;
	return found;
}

export function time(at) {
	if (!at) return NONE;
	const p = parts(at, { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' });
	return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second}`;
}

export function shortTime(at) {
	return at ? time(at).slice(5, 16) : NONE;
}

/* "UTC+8" of the institution's zone now. */
export function zoneLabel() {
	const name = parts(Date.now(), { timeZoneName: 'shortOffset' }).timeZoneName || 'GMT';
	return name.replace('GMT', 'UTC') + (name === 'GMT' ? '+0' : '');
}

/* The instant of "2026-11-24T10:00" (or a day) on the institution's clock, as the API wants it. */
export function instant(local, addDays = 0) {
	const offset = /UTC([+-])(\d+)(?::(\d+))?/.exec(zoneLabel()) || [null, '+', '0', '0'];
	const minutes = (Number(offset[2]) * 60 + Number(offset[3] || 0)) * (offset[1] === '-' ? -1 : 1);
	const clock = local.length === 10 ? local + 'T00:00' : local.slice(0, 16);
	const at = Date.parse(clock + ':00Z') - minutes * 60000 + addDays * 86400000;
	return new Date(at).toISOString().replace('.000Z', 'Z');
}

export function orNone(value) {
	return value === null || value === undefined || value === '' ? NONE : value;
}
