/* world.mjs - a bank of made-up customers behind the real binary, for the journey.
 *
 * A database of its own in the cluster that STW_TEST_CONNINFO names: migrated, filled,
 * set up; then the server, a queue without agents (its tasks stay for us), and one tick. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CLOCK = '2026-11-23T10:00:00+08:00';

/* settings: more of the environment, STEWARD_...; or a function of the world's directory
 * that gives them. */
export async function openWorld(customers = 2000, settings = {}) {
	const root = process.env.STW_TEST_ROOT;
	const bin = process.env.STW_TEST_BIN || join(root, 'build', 'steward');
	const cluster = process.env.STW_TEST_CONNINFO;
	if (!cluster) throw new Error('STW_TEST_CONNINFO is not set: run this by tests/with_cluster.sh');
	const dir = mkdtempSync(join(tmpdir(), 'stw-journey-'));
	const name = `journey_${process.pid}`;
	const children = [];
	const sql = (database, text) => run('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', `${cluster} dbname=${database}`, '-c', text]);
	const env = { ...process.env, STEWARD_DATABASE: `${cluster} dbname=${name}`, STEWARD_STATE_DIR: join(dir, 'state'), STEWARD_CLOCK: CLOCK, STEWARD_EGRESS: '127.0.0.0/8', STEWARD_LOG_LEVEL: 'warn', STEWARD_DEMO: 'true', ...(typeof settings === 'function' ? settings(dir) : settings) };
	const steward = (...args) => run(bin, args, { env, cwd: root, maxBuffer: 1 << 26 });

	async function close() {
		for (const child of children.reverse()) {
			if (child.exitCode !== null || child.signalCode !== null) continue;
			const gone = new Promise((done) => { child.once('exit', done); });
			child.kill('SIGTERM');
			const late = setTimeout(() => child.kill('SIGKILL'), 5000);
			await gone;
			clearTimeout(late);
		}
		await sql('postgres', `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
		rmSync(dir, { recursive: true, force: true });
	}

	/* Starts one and waits for the port it writes. */
	async function start(what, args) {
		const file = join(dir, what + '.port');
		const log = openSync(join(dir, what + '.log'), 'a');
		const child = spawn(bin, [...args, '--listen', '127.0.0.1:0', '--port-file', file], { env, cwd: root, stdio: ['ignore', log, log] });
		children.push(child);
		for (let tries = 0; tries < 300; tries++) {
			if (existsSync(file) && readFileSync(file, 'utf8').trim()) return `http://127.0.0.1:${readFileSync(file, 'utf8').trim()}`;
			if (child.exitCode !== null) break;
			await new Promise((done) => { setTimeout(done, 100); });
		}
		throw new Error(`${what} did not start:\n${readFileSync(join(dir, what + '.log'), 'utf8')}`);
	}

	/* Names and numbers of the book, which must not come up in an address. */
	async function secrets() {
		const found = new Set();
		for (const file of readdirSync(join(dir, 'book')).filter((x) => x.endsWith('.csv'))) {
			const [head, ...lines] = readFileSync(join(dir, 'book', file), 'utf8').split('\n').map((line) => line.split(','));
			head.forEach((title, column) => {
				if (!/^(name|phone|mobile|number|id_no|id_number|email)$/.test(title.trim())) return;
				for (const line of lines) if ((line[column] || '').length > 1) found.add(line[column]);
			});
		}
		return found;
	}

	try {
		mkdirSync(join(dir, 'state'), { mode: 0o700 });
		await sql('postgres', `CREATE DATABASE ${name}`);
		await steward('migrate');
		await steward('sample', '--customers', String(customers), '--seed', '7', '--as-of', CLOCK, '--out', join(dir, 'book'));
		await steward('import', join(dir, 'book'));
		await steward('setup', '--demo', '--tokens', join(dir, 'tokens'), '--queue', 'http://127.0.0.1:1');
		const api = await start('serve', ['serve']);
		const queue = await start('queue-sim', ['queue-sim', '--journal', join(dir, 'journal'), '--secret-file', join(dir, 'state', 'queue-secret')]);
		await steward('run', '--queue', queue);
		/* Lines "role who token": tokens.ops of the only one, tokens.a_01 by name. */
		const tokens = {};
		for (const line of readFileSync(join(dir, 'tokens'), 'utf8').split('\n')) {
			const [role, who, token] = line.trim().split(/\s+/);
			if (token && role !== '#') tokens[role === 'agent' ? who : role] = token;
		}
		return { api, tokens, steward, close, names: await secrets(), pid: children[0].pid, database: name, sql: async (text) => (await sql(name, text)).stdout.trim() };
	} catch (error) {
		await close();
		throw error;
	}
}
