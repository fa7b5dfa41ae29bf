/* peers.mjs - what the engine is measured against, each behind the same small interface.
 *
 * The peers' own files in ../shared/peers are used where they lie: the generator of the
 * customers, translate.py for every form of the rules, the hand-written sketch, the reader
 * of memory, the zen-engine script. A peer's run() gives the seconds of one run over all
 * rules, counts() the rows that each rule matched. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { cel, distinctRules } from './rules.mjs';

const exec = promisify(execFile);
const BIG = 1 << 28;

export const median = (list) => {
	const sorted = [...list].sort((a, b) => a - b);
	const half = sorted.length >> 1;
	return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

const lines = (text) => text.split('\n').filter(Boolean);
const numbers = (text) => lines(text).map(Number);
const timed = async (work) => {
	const from = process.hrtime.bigint();
	await work();
	return Number(process.hrtime.bigint() - from) / 1e9;
};

/* ---- the files that all share ---------------------------------------------------- */
/* Builds the peers' programs and writes the rules in every form below `dir`. */
export function prepare(dir, shared) {
	const cc = (out, source, ...flags) => execFileSync('gcc', ['-O3', '-w', ...flags, '-o', join(dir, out), join(shared, source), '-lm', '-lpthread']);
	const wide = /\bavx512bw\b.*\bavx512vl\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
	const rules = JSON.parse(readFileSync(join(shared, 'gen/rules.json'), 'utf8'));
	const generator = readFileSync(join(shared, 'gen/gen_rules.py'), 'utf8');
	if (!generator.includes('range(100)')) throw new Error('gen_rules.py does not count to 100 any more');
	const python = (...args) => execFileSync('python3', args, { maxBuffer: BIG, stdio: ['ignore', 'pipe', 'ignore'] }).toString();
	/* The generator goes on where it stopped: the first hundred are the same. */
	const thousand = JSON.parse(python('-c', generator.replace('range(100)', 'range(1000)')));

	mkdirSync(dir, { recursive: true });
	cc('gen_customers', 'gen/gen_customers.c', '-march=native');
	/* As the peers built them: by intrinsics where the machine has them, else plain C. */
	cc('sketch', 'a_segments/vec.c', '-fno-strict-aliasing', '-march=native', ...(wide ? ['-DAVX512'] : []));
	if (wide) cc('membw', 'a_segments/membw.c', '-march=native');
	const books = { rules, distinct: distinctRules(rules), thousand };
	for (const [name, book] of Object.entries(books)) {
		const json = join(dir, `${name}.book.json`);
		const form = (what) => python(join(shared, 'gen/translate.py'), json, what, join(shared, 'gen/schema.json'));
		writeFileSync(json, JSON.stringify(book));
		writeFileSync(join(dir, `${name}.cel`), book.rules.map((r) => cel(r.expr) + '\n').join(''));
		if (name === 'thousand') continue;
		for (const what of ['where', 'pg', 'cvec', 'zen', 'zen_graph']) writeFileSync(join(dir, `${name}.${what}`), form(what) + (what === 'pg' ? ';\n' : ''));
	}
	return { wide, books };
}

/* Columns for us and the sketch, text for DuckDB, binary COPY for PostgreSQL, JSON. */
export function customers(dir, rows, format, into) {
	const path = join(dir, into);
	mkdirSync(path, { recursive: true });
	execFileSync(join(dir, 'gen_customers'), [String(rows), path, format]);
	return path;
}

/* ---- the engine: build/release/tests/bench/bench_rules ----------------------------- */
export class Engine {
	constructor(program) {
		this.child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
		this.waiting = [];
		this.gone = false;
		createInterface({ input: this.child.stdout }).on('line', (line) => this.waiting.shift()?.done(JSON.parse(line)));
		this.child.on('exit', (code, signal) => {
			this.gone = true;
			for (const w of this.waiting) w.fail(new Error(`bench_rules ended (${signal ?? code})`));
		});
		this.child.stdin.on('error', () => {});
	}

	ask(...words) {
		return new Promise((done, fail) => {
			if (this.gone) {
				fail(new Error('bench_rules is gone'));
				return;
			}
			this.waiting.push({ done, fail });
			this.child.stdin.write(words.join(' ') + '\n');
		});
	}

	/* A run is tens of milliseconds: the median of as many as a moment allows. */
	async run(set, budget = 0.6) {
		const seconds = [];
		while (seconds.length === 0 || (seconds.length < 7 && seconds.reduce((a, b) => a + b) < budget)) seconds.push((await this.ask('run', set)).seconds);
		return median(seconds);
	}

	close() {
		this.child.stdin.end();
	}
}

/* ---- DuckDB ------------------------------------------------------------------------- */
const TYPES = { i64: 'BIGINT', ts: 'TIMESTAMPTZ', date: 'DATE', i32: 'INTEGER', i16: 'SMALLINT', bool: 'BOOLEAN' };

export class Duck {
	static async open(dir, threads) {
		const { DuckDBInstance } = createRequire(join(dir, 'npm', 'x.js'))('@duckdb/node-api');
		const duck = new Duck();
		duck.instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
		duck.link = await duck.instance.connect();
		await duck.link.run("SET TimeZone='UTC'");
		return duck;
	}

	/* The first column of the first row. */
	async value(sql) {
		return Number((await this.link.runAndReadAll(sql)).getRows()[0][0]);
	}

	async load(path, schema) {
		const columns = schema.columns.map((c) => `'${c.name}': '${TYPES[c.type]}'`).join(', ');
		await this.link.run(`CREATE TABLE customers AS SELECT * FROM read_csv('${path}/customers.txt', delim='\t', header=false, nullstr='\\N', columns={${columns}})`);
	}

	/* Its best form: a SELECT a rule. */
	async counts(where) {
		const found = [];
		for (const text of where) found.push(await this.value(`SELECT count(*) FROM customers WHERE ${text}`));
		return found;
	}

	run(where) {
		return timed(() => this.counts(where));
	}

	undecided(where) {
		return this.counts(where.map((text) => `(${text}) IS NULL`));
	}

	close() {
		this.link.closeSync();
		this.instance.closeSync();
	}
}

/* ---- PostgreSQL ------------------------------------------------------------------------ */
/* A private cluster with the peers' settings (env/pg_start.sh), no fsync: nothing that is
 * measured writes. */
const PG_SETTINGS = { shared_buffers: '6GB', work_mem: '64MB', maintenance_work_mem: '512MB', max_wal_size: '8GB', max_worker_processes: '8', max_parallel_workers: '2', random_page_cost: '1.1' };

export class Postgres {
	static async open(root, dir) {
		const pg = new Postgres();
		const cluster = async (...args) => (await exec('sh', [join(root, 'db/cluster.sh'), ...args])).stdout.trim();
		pg.cluster = cluster;
		pg.dir = join(dir, 'pg');
		await cluster('destroy', pg.dir);
		await cluster('start', pg.dir, '--fast');
		pg.conninfo = (await cluster('conninfo', pg.dir)).replace('user=steward', 'user=postgres');
		/* In postgresql.conf's auto file, which is read after what cluster.sh writes. */
		for (const [name, value] of Object.entries(PG_SETTINGS)) await pg.sql(`ALTER SYSTEM SET ${name} = '${value}'`);
		await cluster('stop', pg.dir);
		await cluster('start', pg.dir);
		return pg;
	}

	async sql(...texts) {
		const commands = texts.flatMap((t) => (t.startsWith('@') ? ['-f', t.slice(1)] : ['-c', t]));
		return (await exec('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', this.conninfo, ...commands], { maxBuffer: BIG })).stdout;
	}

	async load(path, schema) {
		const types = { i64: 'bigint', ts: 'timestamptz', date: 'date', i32: 'integer', i16: 'smallint', bool: 'boolean' };
		await this.sql(`CREATE TABLE customers (${schema.columns.map((c) => `${c.name} ${types[c.type]}`).join(', ')})`);
		await this.sql(`\\copy customers from '${path}/customers.bin' with (format binary)`);
		await this.sql('VACUUM (FREEZE, ANALYZE) customers');
		await this.sql('SELECT count(*), sum(aum) FROM customers');
	}

	/* Its best form: one pass with a count FILTER for each rule; the file holds it. */
	async query(file, jit) {
		return this.sql('SET max_parallel_workers_per_gather = 2', `SET jit = ${jit}`, '\\timing on', `@${file}`);
	}

	async counts(file) {
		return (await this.query(file, 'off')).split('\n').find((l) => l.includes('|')).split('|').map(Number);
	}

	async run(file, jit) {
		const time = /Time: ([0-9.]+) ms/.exec(await this.query(file, jit));
		return Number(time[1]) / 1e3;
	}

	close() {
		return this.cluster('destroy', this.dir);
	}
}

/* ---- the hand-written sketch ------------------------------------------------------------ */
export class Sketch {
	constructor(dir, rows, columns) {
		Object.assign(this, { dir, rows, columns });
	}

	async all(program, threads, times) {
		const { stdout, stderr } = await exec(join(this.dir, 'sketch'), [join(this.dir, program), this.columns, String(this.rows), String(threads), String(times), '1'], { maxBuffer: BIG });
		return { counts: numbers(stdout), seconds: [...stderr.matchAll(/ s=([0-9.]+)/g)].map((m) => Number(m[1])) };
	}

	async counts(program) {
		return (await this.all(program, 2, 1)).counts;
	}

	async run(program, threads) {
		/* The first run of a process meets cold pages. */
		return median((await this.all(program, threads, 8)).seconds.slice(1));
	}
}

/* Bytes a second that the threads together read from memory. */
export async function bandwidth(dir, threads) {
	const { stdout } = await exec(join(dir, 'membw'), ['2048', String(threads), '5']);
	return median([...stdout.matchAll(/GB\/s=([0-9.]+)/g)].map((m) => Number(m[1]))) * 1e9;
}

/* ---- zen-engine --------------------------------------------------------------------------- */
/* The peers' script on a sample; all its ways are timed, the best rate counts. It finds
 * what it needs, and leaves zen.out, below BENCH. */
export class Zen {
	constructor(dir, shared, sample) {
		Object.assign(this, { dir, shared, sample });
		this.path = join(customers(dir, sample, 'json', 'zen'), 'customers.ndjson');
	}

	/* Customers a second. */
	async rate() {
		const { stdout } = await exec('node', [join(this.shared, 'a_segments/zen.mjs'), this.path, String(this.sample)], { env: { ...process.env, BENCH: this.dir } });
		return Math.max(...[...stdout.matchAll(/customers\/s=([0-9.]+)/g)].map((m) => Number(m[1])));
	}

	counts() {
		return numbers(readFileSync(join(this.dir, 'zen.out'), 'utf8'));
	}
}

export const whereOf = (dir, name) => lines(readFileSync(join(dir, `${name}.where`), 'utf8'));
export const remove = (path) => rmSync(path, { recursive: true, force: true });
