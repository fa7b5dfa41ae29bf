/* bench.mjs - `make bench-rules`: the rule engine beside its peers, in one run.
 *
 *   node bench.mjs PROGRAM         PROGRAM is bench_rules; results below build/bench
 *   node bench.mjs --doc FILE      writes the last results into FILE's marked part
 *
 * Other work on the machine moves every absolute figure, so all that is compared runs in
 * turns, round after round; a ratio is the median of the rounds' own ratios. Whatever is
 * timed must first agree: every peer's count of every rule is held against ours, and where
 * the peer can say NULL, the rows without an answer too.
 *
 * Environment: ROWS (5000000), CHILD_ROWS (100000000), ROUNDS (5), PEERS ("duckdb pg zen
 * sketch memory"), CHECK=1 (fail on ratios that no busy machine explains), STW_PEERS (the
 * peers' directory, ../shared/peers). */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Duck, Engine, Postgres, Sketch, Zen, bandwidth, customers, median, prepare, remove, whereOf } from './peers.mjs';
import { table, update } from './report.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const dir = join(root, 'build/bench');
const env = (name, value) => process.env[name] || value;
const shared = resolve(env('STW_PEERS', join(root, '../shared/peers')));
const size = { rows: Number(env('ROWS', 5e6)), child: Number(env('CHILD_ROWS', 1e8)), rounds: Number(env('ROUNDS', 5)) };
const peers = new Set(env('PEERS', 'duckdb pg zen sketch memory').split(/\s+/).filter(Boolean));
const short = (n) => (n >= 1e6 ? `${n / 1e6}m` : `${n / 1e3}k`);

const figures = {};
const ratios = {};
const say = (text) => console.log(text);

/* ---- measuring in turns ------------------------------------------------------------- */
/* work: name -> () => seconds. Each round runs all once; the first round of each is
 * preceded by one that does not count. */
async function rounds(work, times = size.rounds) {
	const found = Object.fromEntries(Object.keys(work).map((name) => [name, []]));
	for (const run of Object.values(work)) await run();
	for (let i = 0; i < times; i++) {
		const from = Date.now();
		for (const [name, run] of Object.entries(work)) found[name].push(await run());
		say(`  round ${i + 1} of ${times}: ${((Date.now() - from) / 1e3).toFixed(1)} s`);
	}
	for (const [name, list] of Object.entries(found)) {
		figures[name] = median(list);
		figures[`${name}_min`] = Math.min(...list);
		figures[`${name}_max`] = Math.max(...list);
	}
	return found;
}

/* The median of a / b round by round. */
function ratio(name, a, b, factor = 1) {
	if (a && b) ratios[name] = median(a.map((x, i) => (x / b[i]) * factor));
}

function same(what, ours, theirs) {
	if (ours.length !== theirs.length) throw new Error(`${what}: ${theirs.length} counts, ours are ${ours.length}`);
	ours.forEach((n, i) => {
		if (n !== theirs[i]) throw new Error(`${what}: rule ${i + 1} has ${theirs[i]} rows, ours ${n}`);
	});
	say(`  ${what}: ${ours.length} counts, all as ours`);
}

/* ---- the workload: 100 rules, memberships and undecided rows -------------------------- */
const LEVELS = { steward_2t: ['rules', 2, 'auto', 'shared'], steward_1t: ['rules', 1, 'auto', 'shared'], steward_avx2_2t: ['rules', 2, 'avx2', 'shared'], steward_portable_2t: ['rules', 2, 'portable', 'shared'], steward_unshared_2t: ['rules', 2, 'auto', 'unshared'], steward_distinct_2t: ['distinct', 2, 'auto', 'shared'] };

async function openPeers(schema, wide) {
	const open = {};
	const make = async (name, work) => {
		if (!peers.has(name)) return;
		const from = Date.now();
		open[name] = await work();
		say(`  ${name}: ready after ${((Date.now() - from) / 1e3).toFixed(1)} s`);
	};
	await make('duckdb', async () => {
		const duck = await Duck.open(dir, 2);
		await duck.load(customers(dir, size.rows, 'text', 'text'), schema);
		remove(join(dir, 'text'));
		return duck;
	});
	await make('pg', async () => {
		const pg = await Postgres.open(root, dir);
		try {
			await pg.load(customers(dir, size.rows, 'bin', 'bin'), schema);
		} catch (err) {
			await pg.close();
			throw err;
		}
		remove(join(dir, 'bin'));
		return pg;
	});
	await make('zen', async () => new Zen(dir, shared, 5000));
	await make('sketch', async () => new Sketch(dir, size.rows, join(dir, 'columns')));
	if (!wide) say('  no AVX-512 here: the sketch is its plain C, the bandwidth is not measured');
	return open;
}

async function agree(engine, open) {
	const ours = await engine.ask('counts', 'steward_2t');
	const distinct = await engine.ask('counts', 'steward_distinct_2t');
	for (const name of Object.keys(LEVELS)) {
		if (name === 'steward_distinct_2t') continue;
		const counts = await engine.ask('counts', name);
		same(`${name}, matched`, ours.matched, counts.matched);
		same(`${name}, undecided`, ours.undecided, counts.undecided);
	}
	if (open.duckdb) {
		same('duckdb, matched', ours.matched, await open.duckdb.counts(whereOf(dir, 'rules')));
		same('duckdb, undecided', ours.undecided, await open.duckdb.undecided(whereOf(dir, 'rules')));
		same('duckdb, distinct predicates, matched', distinct.matched, await open.duckdb.counts(whereOf(dir, 'distinct')));
		same('duckdb, distinct predicates, undecided', distinct.undecided, await open.duckdb.undecided(whereOf(dir, 'distinct')));
	}
	if (open.pg) same('pg, matched', ours.matched, await open.pg.counts(join(dir, 'rules.pg')));
	if (open.sketch) {
		same('sketch, matched', ours.matched, await open.sketch.counts('rules.cvec'));
		same('sketch, distinct predicates, matched', distinct.matched, await open.sketch.counts('distinct.cvec'));
	}
	if (open.zen) {
		await engine.ask('table', 'sample', join(dir, 'columns'), open.zen.sample);
		await engine.ask('rules', 'sample_rules', 'sample', join(dir, 'rules.cel'));
		await engine.ask('set', 'sample_set', 'sample_rules', 2, 'auto', 'shared');
		await engine.ask('run', 'sample_set');
		await open.zen.rate();
		same('zen, matched', (await engine.ask('counts', 'sample_set')).matched, open.zen.counts());
		for (const name of ['sample_set', 'sample_rules', 'sample']) await engine.ask('free', name);
	}
}

async function workload(engine, schema, wide) {
	customers(dir, size.rows, 'col', 'columns');
	await engine.ask('table', 'book', join(dir, 'columns'), size.rows);
	for (const name of ['rules', 'distinct']) await engine.ask('rules', name, 'book', join(dir, `${name}.cel`));
	for (const [name, [rules, ...how]] of Object.entries(LEVELS)) {
		await engine.ask('set', name, rules, ...how);
		await engine.ask('run', name);
	}
	const bytes = (await engine.ask('plan', 'steward_2t')).columns_bytes;
	figures.book_bytes = bytes;
	const open = await openPeers(schema, wide);
	try {
		await agree(engine, open);
		const work = Object.fromEntries(Object.keys(LEVELS).map((name) => [name, () => engine.run(name)]));
		if (open.duckdb) {
			work.duckdb_2t = () => open.duckdb.run(whereOf(dir, 'rules'));
			work.duckdb_distinct_2t = () => open.duckdb.run(whereOf(dir, 'distinct'));
		}
		if (open.pg) for (const jit of ['on', 'off']) work[`pg_jit_${jit}_2w`] = () => open.pg.run(join(dir, 'rules.pg'), jit);
		if (open.zen) work.zen_whole_book = async () => size.rows / (await open.zen.rate());
		if (open.sketch) {
			work.sketch_2t = () => open.sketch.run('rules.cvec', 2);
			work.sketch_distinct_2t = () => open.sketch.run('distinct.cvec', 2);
		}
		if (wide && peers.has('memory')) {
			work.floor_2t = async () => bytes / (await bandwidth(dir, 2));
			work.floor_105_bytes_2t = async () => (105 * size.rows) / (await bandwidth(dir, 2));
		}
		const t = await rounds(work);
		const at = short(size.rows);
		const pg = figures.pg_jit_on_2w < figures.pg_jit_off_2w ? t.pg_jit_on_2w : t.pg_jit_off_2w;
		for (const name of ['steward_2t', 'steward_1t', 'steward_avx2_2t', 'steward_portable_2t', 'steward_unshared_2t']) ratio(`duckdb_over_${name}_${at}`, t.duckdb_2t, t[name]);
		ratio(`duckdb_over_steward_distinct_2t_${at}`, t.duckdb_distinct_2t, t.steward_distinct_2t);
		ratio(`postgresql_over_steward_2t_${at}`, pg, t.steward_2t);
		ratio(`zen_over_steward_2t_${at}`, t.zen_whole_book, t.steward_2t);
		ratio(`sketch_over_steward_2t_${at}`, t.sketch_2t, t.steward_2t);
		ratio(`sketch_over_steward_distinct_2t_${at}`, t.sketch_distinct_2t, t.steward_distinct_2t);
		ratio(`steward_2t_over_floor_${at}`, t.steward_2t, t.floor_2t);
		ratio(`steward_2t_over_floor_105_bytes_${at}`, t.steward_2t, t.floor_105_bytes_2t);
		ratio(`steward_1t_over_2t_${at}`, t.steward_1t, t.steward_2t);
		ratio(`steward_unshared_over_shared_${at}`, t.steward_unshared_2t, t.steward_2t);
		ratio(`steward_distinct_over_shared_${at}`, t.steward_distinct_2t, t.steward_2t);
		for (const name of Object.keys(LEVELS)) await engine.ask('free', name);
	} finally {
		for (const peer of Object.values(open)) await peer.close?.();
		remove(join(dir, 'pg'));
	}
	await engine.ask('free', 'distinct');
}

/* ---- the interpreter, on the book that is loaded ---------------------------------------- */
async function interpreter(engine) {
	const simple = 'customer.aum >= money("500000.00") && customer.products_held <= 2\n';
	const times = Math.min(2e6, size.rows * 10);
	writeFileSync(join(dir, 'simple.cel'), simple);
	await engine.ask('rules', 'simple', 'book', join(dir, 'simple.cel'));
	await rounds({ interpreter_simple_evaluation: async () => (await engine.ask('interpret', 'simple', 0, times)).seconds / times });
	figures.interpreter_evaluations_a_second = 1 / figures.interpreter_simple_evaluation;
	for (const name of ['simple', 'rules', 'book']) await engine.ask('free', name);
}

/* ---- more rows, more rules ----------------------------------------------------------------- */
async function scaling(engine) {
	const sizes = { small: size.rows / 5, large: size.rows * 2 };
	const at = short(sizes.small);
	const path = customers(dir, sizes.large, 'col', 'columns');
	const work = {};

	for (const [name, rows] of Object.entries(sizes)) {
		await engine.ask('table', name, path, rows);
		await engine.ask('rules', `rules_${name}`, name, join(dir, 'rules.cel'));
		await engine.ask('set', `set_${name}`, `rules_${name}`, 2, 'auto', 'shared');
	}
	await engine.ask('rules', 'thousand', 'small', join(dir, 'thousand.cel'));
	await engine.ask('set', 'set_thousand', 'thousand', 2, 'auto', 'shared');
	work[`steward_2t_${at}`] = () => engine.run('set_small');
	work[`steward_2t_${short(sizes.large)}`] = () => engine.run('set_large');
	work[`steward_1000_rules_2t_${at}`] = () => engine.run('set_thousand');
	const [small, large, thousand] = Object.values(await rounds(work));
	const first = (await engine.ask('counts', 'set_thousand')).matched.slice(0, 100);
	same('1,000 rules, the first hundred', (await engine.ask('counts', 'set_small')).matched, first);
	ratio(`steward_rows_${short(sizes.large)}_over_10_times_${at}`, large, small, 1 / 10);
	ratio(`steward_1000_rules_over_100_${at}`, thousand, small);
	for (const name of ['set_thousand', 'set_large', 'set_small', 'thousand', 'rules_large', 'rules_small', 'large', 'small']) await engine.ask('free', name);
}

/* From text to the first answer, over a book so small that running it is nothing. */
async function compiling(engine) {
	const parts = { text: [], graph: [], first: [] };

	await engine.ask('table', 'tiny', join(dir, 'columns'), 64);
	for (let i = 0; i < size.rounds; i++) {
		parts.text.push((await engine.ask('rules', 'thousand', 'tiny', join(dir, 'thousand.cel'))).seconds);
		parts.graph.push((await engine.ask('set', 'set_thousand', 'thousand', 1, 'auto', 'shared')).seconds);
		parts.first.push((await engine.ask('run', 'set_thousand')).seconds);
		for (const name of ['set_thousand', 'thousand']) await engine.ask('free', name);
	}
	for (const [name, list] of Object.entries(parts)) figures[`compile_1000_rules_${name}`] = median(list);
	figures.compile_1000_rules = median(parts.text.map((x, i) => x + parts.graph[i] + parts.first[i]));
	await engine.ask('free', 'tiny');
}

/* ---- behaviour: rules over child rows -------------------------------------------------------- */
const AS_OF = "TIMESTAMP '2025-06-30 00:00:00'";
const BEHAVIOUR = [
	{
		name: 'exists',
		rule: 'customer.transactions.exists(t, t.kind == "redemption" && t.amount > money("100000") && t.at > now - days(30))',
		sql: [`SELECT count(*) FROM customers c WHERE EXISTS (SELECT 1 FROM transactions t WHERE t.customer = c.customer AND kind = 'redemption' AND amount > 10000000 AND booked > ${AS_OF} - INTERVAL 30 DAY)`, `SELECT count(DISTINCT customer) FROM transactions WHERE kind = 'redemption' AND amount > 10000000 AND booked > ${AS_OF} - INTERVAL 30 DAY`],
	},
	{
		name: 'sum',
		rule: 'customer.transactions.filter(t, t.kind == "redemption" && t.at > now - days(90)).map(t, t.amount).sum() > money("100000")',
		sql: [`SELECT count(*) FROM (SELECT customer FROM transactions WHERE kind = 'redemption' AND booked > ${AS_OF} - INTERVAL 90 DAY GROUP BY customer HAVING sum(amount) > 10000000)`],
	},
];

/* The transactions of bench_rules.c, row for row, in DuckDB's words. */
async function duckTransactions(duck, rows) {
	const kinds = ['purchase', 'redemption', 'transfer_in', 'transfer_out', 'interest', 'fee', 'dividend', 'payment'];
	const macros = ['h0(j, s) AS ((j + s * 1000003) * 1103515245 + 12345) & 4294967295', 'h1(x) AS (xor(x, x >> 15) * 1664525) & 4294967295', 'h2(x) AS (xor(x, x >> 13) * 1103515245) & 4294967295', 'h3(x) AS xor(x, x >> 16)', 'hash32(j, s) AS h3(h2(h1(h0(j, s))))'];

	await duck.link.run(`CREATE TYPE kinds AS ENUM (${kinds.map((k) => `'${k}'`).join(', ')})`);
	for (const macro of macros) await duck.link.run(`CREATE MACRO ${macro}`);
	await duck.link.run(`CREATE TABLE customers AS SELECT range::INTEGER AS customer FROM range(${rows / 20})`);
	await duck.link.run(`CREATE TABLE transactions AS SELECT
		((j // 40) * 2 + CASE WHEN j % 40 >= hash32(j // 40, 1) % 41 THEN 1 ELSE 0 END)::INTEGER AS customer,
		CASE hash32(j, 2) % 8 ${kinds.map((k, i) => `WHEN ${i} THEN '${k}'::kinds`).join(' ')} END AS kind,
		(hash32(j, 3) % 1000) * (hash32(j, 4) % 1000) * 15 AS amount,
		make_timestamp(${Date.UTC(2025, 5, 30) * 1000} - (hash32(j, 5) % 525600) * 60000000 - 1000000) AS booked
		FROM (SELECT range AS j FROM range(${rows}))`);
}

async function behaviour(engine) {
	const total = Math.floor(size.child / 40) * 40;
	const duck = peers.has('duckdb') ? await Duck.open(dir, 2) : null;
	const work = {};

	await engine.ask('history', 'history', total / 20);
	if (duck) await duckTransactions(duck, total);
	for (const { name, rule, sql } of BEHAVIOUR) {
		const set = `steward_${name}_2t`;
		writeFileSync(join(dir, `${name}.cel`), rule + '\n');
		await engine.ask('rules', name, 'history', join(dir, `${name}.cel`));
		await engine.ask('set', set, name, 2, 'auto', 'shared');
		await engine.ask('run', set);
		const ours = (await engine.ask('counts', set)).matched;
		work[set] = () => engine.run(set);
		if (!duck) continue;
		for (const [i, query] of sql.entries()) {
			same(`duckdb, ${name} over ${short(total)} child rows`, ours, [await duck.value(query)]);
			work[`duckdb_${name}_${i + 1}_2t`] = async () => {
				const from = process.hrtime.bigint();
				await duck.value(query);
				return Number(process.hrtime.bigint() - from) / 1e9;
			};
		}
	}
	const t = await rounds(work);
	for (const { name, sql } of BEHAVIOUR) {
		const ways = sql.map((_, i) => `duckdb_${name}_${i + 1}_2t`).sort((a, b) => figures[a] - figures[b]);
		ratio(`duckdb_over_steward_${name}_2t_${short(total)}_child_rows`, t[ways[0]], t[`steward_${name}_2t`]);
		for (const free of [`steward_${name}_2t`, name]) await engine.ask('free', free);
	}
	await engine.ask('free', 'history');
	duck?.close();
}

/* ---- all of it --------------------------------------------------------------------------------- */
/* Bounds so wide that no busy machine crosses them, of what takes long enough to be timed
 * on one; the wanted figures are in the report. */
const SANE = [
	['duckdb_over_steward_2t', 1, Infinity],
	['duckdb_over_steward_distinct_2t', 1, Infinity],
];

function check() {
	const bad = SANE.flatMap(([start, least, most]) => Object.entries(ratios).filter(([name, x]) => name.startsWith(`${start}_`) && !(x >= least && x <= most)));
	if (bad.length > 0) throw new Error(`out of all bounds: ${bad.map(([name, x]) => `${name} ${x}`).join(', ')}`);
}

async function main(program) {
	if (!existsSync(join(shared, 'gen/rules.json'))) {
		say(`bench: skipped, the peers' files are not in ${shared} (STW_PEERS names another place)`);
		return;
	}
	mkdirSync(dir, { recursive: true });
	/* A run that fails leaves no figures of another one behind. */
	remove(join(dir, 'rules.json'));
	const load = [loadavg()[0]];
	say(`${size.rows} customers, ${size.child} child rows, peers: ${[...peers].join(' ')}; load ${load[0].toFixed(1)}`);
	const { wide } = prepare(dir, shared);
	const schema = JSON.parse(readFileSync(join(shared, 'gen/schema.json'), 'utf8'));
	const engine = new Engine(program);
	try {
		await workload(engine, schema, wide);
		await interpreter(engine);
		await scaling(engine);
		await compiling(engine);
		await behaviour(engine);
	} finally {
		engine.close();
		for (const name of ['columns', 'text', 'bin', 'zen']) remove(join(dir, name));
	}
	const machine = `${cpus().length} x ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB`;
	load.push(loadavg()[0]);
	const result = { size, machine, load, when: new Date().toISOString(), figures, ratios };
	writeFileSync(join(dir, 'rules.json'), JSON.stringify(result, null, 1) + '\n');
	say('\n' + table(result));
	if (process.env.CHECK) check();
}

const [first, second] = process.argv.slice(2);
if (first === '--doc') update(second, JSON.parse(readFileSync(join(dir, 'rules.json'), 'utf8')));
else await main(resolve(first));
