/* rules.mjs - the neutral rules of the peers (../shared/peers/gen/rules.json) in our
 * language, and a second set of the same shape in which no predicate stands twice.
 *
 * Money is in minor units there; dates and timestamps are compared with the start of
 * 2025-06-30 UTC, which is `now` here. A comparison with a missing value is undecided here
 * and NULL there: neither is a match. */

const TIMESTAMPS = new Set(['last_login_at', 'last_txn_at', 'last_contact_at']);
const MONEY = new Set(['aum', 'aum_30d_ago', 'aum_90d_ago', 'deposits', 'next_maturity_amount']);
const OPERATORS = { lt: '<', le: '<=', gt: '>', ge: '>=', eq: '==', ne: '!=' };

const money = (minor) => `money("${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}")`;
const field = (name) => `customer.${name}`;

function constant(column, value) {
	return MONEY.has(column) ? money(value) : String(value);
}

/* min <= days from the column to today < max; either may be null. */
function since(column, min, max) {
	const x = field(column);
	const parts = [];
	if (TIMESTAMPS.has(column)) {
		if (min !== null) parts.push(`${x} <= now - days(${min})`);
		if (max !== null) parts.push(`${x} > now - days(${max})`);
	} else {
		if (min !== null) parts.push(`days_since(${x}) >= ${min}`);
		if (max !== null) parts.push(`days_since(${x}) < ${max}`);
	}
	return parts.join(' && ');
}

/* The text of one node; `loose` says that || may stand here without brackets. */
export function cel(e, loose = true) {
	if (e.all) return e.all.map((x) => cel(x, false)).join(' && ');
	if (e.any) {
		const text = e.any.map((x) => cel(x)).join(' || ');
		return loose ? text : `(${text})`;
	}
	if (e.not) return `!(${cel(e.not)})`;
	const x = field(e.col);
	switch (e.op) {
		case 'between':
			return `${x} >= ${constant(e.col, e.lo)} && ${x} <= ${constant(e.col, e.hi)}`;
		case 'in':
			return `${x} in [${e.vals.join(', ')}]`;
		case 'is_null':
			return `!has(${x})`;
		case 'not_null':
			return `has(${x})`;
		case 'is_true':
			return x;
		case 'is_false':
			return `!${x}`;
		case 'bit':
			return `math.bitAnd(${x}, ${e.mask}) != 0`;
		case 'since':
			return since(e.col, e.min, e.max);
		case 'until':
			return `days_until(${x}) >= ${e.min} && days_until(${x}) < ${e.max}`;
		case 'age':
			return `age(${x}) >= ${e.lo} && age(${x}) < ${e.hi}`;
		case 'ratio_lt':
			return `${x} * ${e.den} < ${e.num} * ${field(e.col2)}`;
		case 'ratio_gt':
			return `${x} * ${e.den} > ${e.num} * ${field(e.col2)}`;
		case 'lt_col':
			return `${x} < ${field(e.col2)}`;
		default:
			if (OPERATORS[e.op]) return `${x} ${OPERATORS[e.op]} ${constant(e.col, e.val)}`;
			throw new Error(`no such operator: ${e.op}`);
	}
}

/* The comparisons a node is made of after ranges are split, as text. */
export function comparisons(e) {
	const inner = e.all ?? e.any ?? (e.not ? [e.not] : null);
	if (inner) return inner.flatMap(comparisons);
	return cel(e).split(' && ');
}

/* ---- the second set ------------------------------------------------------------------ */
/* Each predicate becomes another one over the same column, or over a column of many values
 * where the old one has only few (flags, gender, is_null), until its comparisons are new. */

const PROVINCES = [11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45,
	46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65];
const DOMAINS = {
	province: PROVINCES, tier: [0, 1, 2, 3, 4, 5], risk_rating: [1, 2, 3, 4, 5],
	products_held: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], complaints_12m: [0, 1, 2, 3, 4, 5, 6],
	calls_30d: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], income_band: [1, 2, 3, 4, 5, 6, 7, 8, 9],
};

function chance(seed) {
	let state = seed;
	return (n) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor((state / 2 ** 32) * n);
	}
}

function subset(values, below) {
	const chosen = values.filter(() => below(2) === 1);
	return chosen.length > 0 ? chosen : [values[below(values.length)]];
}

function another(e, below) {
	const shifted = (days) => (days === null ? null : Math.max(1, days - 40 + below(81)));
	if (DOMAINS[e.col]) return { op: 'in', col: e.col, vals: subset(DOMAINS[e.col], below) };
	switch (e.op) {
		case 'since':
			return { ...e, min: shifted(e.min), max: e.max === null ? null : 41 + shifted(e.max) };
		case 'until':
			return { ...e, min: below(60), max: 61 + below(90) };
		case 'age':
			return { ...e, lo: 19 + below(30), hi: 50 + below(38) };
		case 'between':
			return { ...e, lo: e.lo + 100 * below(1000), hi: e.hi + 100 * below(1000) };
		case 'ratio_lt':
		case 'ratio_gt':
			return { ...e, num: e.num * 10 + below(10), den: 90 + below(21) };
		case 'lt_col':
			return { ...e, op: 'ratio_lt', col: 'aum', num: 80 + below(40), den: 90 + below(21), col2: 'deposits' };
		default:
			if (MONEY.has(e.col)) return { ...e, val: e.val + 100 * below(1000) };
			if (TIMESTAMPS.has(e.col)) return { op: 'since', col: e.col, min: 15 + below(300), max: null };
			return { op: 'bit', col: 'channels', mask: 1 + below(4095) };
	}
}

export function distinctRules(document) {
	const below = chance(20250630);
	const seen = new Set();
	const walk = (e) => {
		if (e.all) return { all: e.all.map(walk) };
		if (e.any) return { any: e.any.map(walk) };
		if (e.not) return { not: walk(e.not) };
		for (let tries = 0; tries < 10000; tries++) {
			/* A column of few values runs out of lists: then it is one of provinces. */
			const found = another(tries < 100 ? e : { col: 'province' }, below);
			const parts = comparisons(found);
			if (parts.some((p) => seen.has(p))) continue;
			for (const p of parts) seen.add(p);
			return found;
		}
		throw new Error(`no other predicate like ${JSON.stringify(e)}`);
	}
	return { ...document, rules: document.rules.map((r) => ({ ...r, expr: walk(r.expr) })) };
}
