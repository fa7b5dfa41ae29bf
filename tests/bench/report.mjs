/* report.mjs - build/bench/rules.json as tables for people. */
import { readFileSync, writeFileSync } from 'node:fs';

/* What issue 3 asks for: the beginning of a ratio's name, the bound, what it says. */
const WANTED = [
	['duckdb_over_steward_2t', '>=', 30, 'DuckDB, 100 SELECTs, ÷ Steward, 2 threads'],
	['duckdb_over_steward_1t', null, 0, 'the same, Steward with 1 thread'],
	['duckdb_over_steward_avx2_2t', '>=', 15, 'the same, Steward at AVX2'],
	['duckdb_over_steward_portable_2t', null, 0, 'the same, Steward without vector instructions'],
	['duckdb_over_steward_unshared_2t', null, 0, 'the same, Steward without shared sub-expressions'],
	['duckdb_over_steward_distinct_2t', null, 0, 'DuckDB ÷ Steward, all predicates distinct'],
	['postgresql_over_steward_2t', '>=', 100, 'PostgreSQL 15, one pass, 2 workers, ÷ Steward'],
	['zen_over_steward_2t', '>=', 5000, 'zen-engine (rate of a sample) ÷ Steward'],
	['sketch_over_steward_2t', '>=', 1, 'hand-written sketch ÷ Steward'],
	['sketch_over_steward_distinct_2t', null, 0, 'the same, all predicates distinct'],
	['steward_2t_over_floor_105', null, 0, 'Steward ÷ reading 105 bytes a customer once'],
	['steward_2t_over_floor', '<=', 2, "Steward ÷ reading the table's own bytes once (aim)"],
	['steward_1t_over_2t', '>=', 1.8, '1 thread ÷ 2 threads'],
	['steward_unshared_over_shared', null, 0, 'without ÷ with shared sub-expressions'],
	['steward_distinct_over_shared', null, 0, 'distinct predicates ÷ the workload'],
	['steward_rows', '~', 1, 'ten times the rows ÷ (10 × the time of the fewer)'],
	['steward_1000_rules_over_100', '<=', 12, '1,000 rules ÷ 100 rules'],
	['duckdb_over_steward_exists', '>=', 10, 'DuckDB ÷ Steward, exists over child rows'],
	['duckdb_over_steward_sum', '>=', 10, 'DuckDB ÷ Steward, sum over child rows'],
];

const wanted = (name) => WANTED.find(([start]) => name.startsWith(start + '_'));
const digits = (x) => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));

function time(seconds) {
	if (seconds >= 1) return `${digits(seconds)} s`;
	if (seconds >= 1e-3) return `${digits(seconds * 1e3)} ms`;
	if (seconds >= 1e-6) return `${digits(seconds * 1e6)} µs`;
	return `${digits(seconds * 1e9)} ns`;
}

/* A Markdown table, its columns padded so that a terminal shows it well too. */
function grid(head, body) {
	const width = head.map((h, i) => Math.max(...[h, ...body.map((r) => r[i])].map((c) => c.length)));
	const line = (cells) => `| ${cells.map((c, i) => c.padEnd(width[i])).join(' | ')} |`;
	return [line(head), line(width.map((w) => '-'.repeat(w))), ...body.map(line)].join('\n');
}

export function table({ size, machine, load, figures, ratios }) {
	const timed = Object.keys(figures).filter((name) => `${name}_min` in figures);
	const single = Object.keys(figures).filter((name) => /^compile/.test(name));
	const ratioRows = Object.entries(ratios).map(([name, value]) => {
		const [, bound, limit, text] = wanted(name) ?? [name, null, 0, ''];
		return [`\`${name}\``, text, digits(value), bound === null ? '' : `${bound} ${limit}`];
	});
	const timeRows = [...timed.map((name) => [`\`${name}\``, time(figures[name]), time(figures[`${name}_min`]), time(figures[`${name}_max`])]), ...single.map((name) => [`\`${name}\``, time(figures[name]), '', ''])];
	const mega = (n) => (n / 1e6).toLocaleString('en');

	return [`${mega(size.rows)} million customers, ${mega(size.child)} million child rows, ${size.rounds} rounds; ${machine}; load ${load.map((l) => l.toFixed(1)).join(' before and ')} after (two are the run's own).`, grid(['ratio', 'what', 'is', 'wanted'], ratioRows), grid(['time of one run', 'median', 'least', 'most'], timeRows), `The table holds ${digits(figures.book_bytes / size.rows)} bytes a customer; the interpreter makes ${digits(figures.interpreter_evaluations_a_second / 1e6)} million simple evaluations a second on one core.`].join('\n\n');
}

const BEGIN = '<!-- bench-rules: begin -->';
const END = '<!-- bench-rules: end -->';

/* Puts the table between the two marks of a document. */
export function update(file, result) {
	const text = readFileSync(file, 'utf8');
	const from = text.indexOf(BEGIN);
	const to = text.indexOf(END);
	if (from < 0 || to < from) throw new Error(`${file} has no part between ${BEGIN} and ${END}`);
	writeFileSync(file, `${text.slice(0, from + BEGIN.length)}\n${result.when.slice(0, 10)}, ${table(result)}\n${text.slice(to)}`);
}
