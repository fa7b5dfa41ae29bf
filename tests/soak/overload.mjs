/* overload.mjs - what a server does that is asked for too much.
 *
 *   overload.mjs [--seconds N] [--only WORDS]
 *
 * Each attack lasts N seconds (1; `make soak-overload` 20); WORDS: of the names of the attacks.
 *
 * A server with small limits is attacked over real HTTP, one way after another, while another
 * client goes on asking GET /healthz and GET /v1/me, each on a connection of its own. Every
 * attack has to be answered as docs/api.md says (status, Retry-After, problem document), the
 * other client must not notice much (its p99 beside that of a quiet time in the same run, and beside
 * what the machine itself stands still), the memory of the server stays bounded, and nobody has
 * to help it up again. PATIENCE is how long a test waits for what would otherwise never come. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { openWorld } from '../browser/world.mjs';

const IDLE = 2; /* seconds: idle-timeout and request-timeout of the server */
const CONNECTIONS = 64;
const BODY = 65536;
const RATE = 400;
const RATIO = 25;
const PATIENCE = 20; /* seconds */
const MEMORY = 64 * 1024; /* KiB above what the quiet server has */

/* ---- the other client, in a thread of its own ---------------------------------------- */
function request(options, body) {
	return new Promise((done, fail) => {
		const call = http.request({ host: '127.0.0.1', ...options }, (reply) => {
			let text = '';
			reply.setEncoding('utf8');
			reply.on('data', (piece) => { text += piece; });
			reply.on('end', () => done({ status: reply.statusCode, headers: reply.headers, text }));
			reply.on('error', fail);
		});
		call.on('error', fail);
		call.end(body);
	});
}

/* For how long a thread that only sleeps was not let run, and the longest of it. */
async function stalls() {
	let worst = 0;
	parentPort.on('message', () => { parentPort.postMessage(worst); worst = 0; });
	for (;;) {
		const began = performance.now();
		await sleep(5);
		worst = Math.max(worst, performance.now() - began - 5);
	}
}
async function probe({ port, path, token }) {
	if (!path) return stalls();
	const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
	let times = [];
	let bad = 0;
	parentPort.on('message', () => {
		parentPort.postMessage({ times, bad });
		times = [];
		bad = 0;
	});
	for (;;) {
		const began = performance.now();
		try {
			const reply = await request({ port, path, agent, headers: token ? { Authorization: `Bearer ${token}` } : {} });
			if (reply.status !== 200) bad++;
		} catch {
			bad++; /* a connection that was closed between two requests: again */
		}
		times.push(performance.now() - began);
		await sleep(5);
	}
}
if (!isMainThread) await probe(workerData);

class Client {
	constructor(port, path, token) {
		this.worker = new Worker(new URL(import.meta.url), { workerData: { port, path, token } });
	}
	take() {
		return new Promise((done) => {
			this.worker.once('message', done);
			this.worker.postMessage('take');
		});
	}
}
const p99 = (times) => times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Infinity;

/* ---- the attacks ------------------------------------------------------------------------ */
let world, port, token, seconds;
const open = [];
function raw(text) {
	const socket = net.connect(port, '127.0.0.1');
	socket.received = '';
	socket.over = false;
	socket.on('error', () => {});
	socket.on('data', (piece) => { socket.received += piece.toString('latin1').slice(0, 2000); });
	socket.on('close', () => { socket.over = true; });
	if (text) socket.write(text);
	open.push(socket);
	return socket;
}
async function until(what, test, limit) {
	const end = performance.now() + limit * 1000;
	while (!(await test())) {
		assert.ok(performance.now() < end, `${what}: not after ${limit} s`);
		await sleep(20);
	}
}
const get = (path, more) => request({ port, path, agent: false, headers: { Authorization: `Bearer ${token}`, ...more } });
function isProblem(reply, status, code) {
	assert.equal(reply.status, status, reply.text);
	assert.match(reply.headers['content-type'], /^application\/problem\+json/);
	assert.equal(JSON.parse(reply.text).code, code);
	if (status === 429 || status === 503) assert.match(reply.headers['retry-after'], /^[1-9]/);
}
/* A hung server says nothing; a busy one says so within its own limits, with some patience. */
async function answered(promises, statuses) {
	const began = performance.now();
	const replies = await Promise.all(promises);
	assert.ok(performance.now() - began < PATIENCE * 1000, 'answers come late');
	for (const reply of replies) {
		assert.ok(statuses.includes(reply.status), `${reply.status}: ${reply.text}`);
		if (reply.status >= 400) isProblem(reply, reply.status, JSON.parse(reply.text).code);
	}
	return replies;
}
async function drip(sockets, piece) {
	const end = performance.now() + seconds * 1000;
	while (performance.now() < end) {
		for (const socket of sockets) if (!socket.over) socket.write(piece);
		await sleep(100);
	}
}
/* Their sender keeps dripping; it is the server that ends them. */
async function dripUntilClosed(sockets, piece, what) {
	await drip(sockets, piece);
	await until(what, () => {
		for (const socket of sockets) if (!socket.over) socket.write(piece);
		return sockets.every((socket) => socket.over);
	}, PATIENCE);
}
/* A connection to the database that holds a lock; ends with its input. */
async function lockTable(table) {
	const psql = spawn('psql', ['-X', '-q', '-d', `${process.env.STW_TEST_CONNINFO} dbname=${world.database}`], { stdio: ['pipe', 'pipe', 'inherit'] });
	const held = new Promise((done) => { psql.stdout.once('data', done); });
	psql.stdin.write(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n`);
	await held;
	return () => new Promise((done) => { psql.once('exit', done); psql.stdin.end('ROLLBACK;\n'); });
}
const signalAll = (pids, signal) => { for (const pid of pids) try { process.kill(pid, signal); } catch { /* it has gone */ } };

const attacks = {
	async 'more connections than the limit'() {
		const silent = Array.from({ length: CONNECTIONS + 8 }, () => raw());
		await sleep(200);
		isProblem(await request({ port, path: '/v1/me', agent: false }), 503, 'OVERLOADED');
		await sleep(seconds * 1000);
		/* Nobody closes them but the server. */
		await until('a place', async () => (await get('/v1/me')).status === 200, PATIENCE);
		assert.ok(silent.filter((socket) => socket.over).length >= CONNECTIONS / 2);
	},
	async 'headers that never end'() {
		await dripUntilClosed(Array.from({ length: 40 }, () => raw('GET /v1/me HTTP/1.1\r\nHost: x\r\nX-A: ')), 'b', 'slow headers');
	},
	async 'request lines that never end'() {
		await dripUntilClosed(Array.from({ length: 40 }, () => raw('GET /v1')), 'a', 'slow request lines');
	},
	async 'bodies that never end'() {
		await dripUntilClosed(Array.from({ length: 40 }, () => raw(`POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n`)), ' ', 'slow bodies');
	},
	async 'readers that do not read'() {
		const ask = `GET /v1/exports/stages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.tokens.compliance}\r\n\r\n`;
		const readers = [raw(ask), raw(ask)];
		for (const socket of readers) socket.pause();
		await sleep(300);
		/* Two may run at a time. */
		const third = await request({ port, path: '/v1/exports/stages', agent: false, headers: { Authorization: `Bearer ${world.tokens.compliance}` } });
		isProblem(third, 503, JSON.parse(third.text).code);
		await sleep(seconds * 1000);
		await until('an export', async () => (await request({ port, path: '/v1/exports/stages', agent: false, headers: { Authorization: `Bearer ${world.tokens.compliance}` } }).catch(() => ({}))).status === 200, PATIENCE);
	},
	async 'bodies over the limit'() {
		const said = raw(`POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n`);
		await until('413', () => said.received.startsWith('HTTP/1.1 413 '), PATIENCE);
		const floods = Array.from({ length: 8 }, () => raw(`POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`));
		const piece = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
		const end = performance.now() + PATIENCE * 1000;
		while (floods.some((socket) => !socket.over)) {
			assert.ok(performance.now() < end, 'endless bodies are taken');
			for (const socket of floods) if (!socket.over) socket.write(piece);
			await sleep(5);
		}
	},
	async 'deep JSON'() {
		for (const deep of ['['.repeat(BODY - 10), '{"a":'.repeat(10000)]) {
			const reply = await request({ port, path: '/v1/events', method: 'POST', agent: false, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' } }, deep);
			isProblem(reply, 400, 'INVALID_JSON');
		}
	},
	async 'a client that has run wild'() {
		const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
		const end = performance.now() + seconds * 1000;
		let refused = 0, taken = 0;
		await Promise.all(Array.from({ length: 16 }, async () => {
			while (performance.now() < end) {
				const reply = await request({ port, path: '/v1/me', agent, headers: { Authorization: `Bearer ${world.tokens.compliance}` } });
				if (reply.status === 429) { isProblem(reply, 429, 'RATE_LIMIT'); refused++; } else taken++;
			}
		}));
		agent.destroy();
		/* Less was sent than may be: a slow machine, and nothing to see. */
		if (taken + refused > RATE * (seconds + 2) * 1.2) assert.ok(refused > 0, `${taken} were let in`);
		await sleep(1000);
		assert.equal((await get('/v1/me', { Authorization: `Bearer ${world.tokens.compliance}` })).status, 200);
	},
	async 'a table that is locked'() {
		const release = await lockTable('customer');
		await answered(Array.from({ length: 56 }, () => get('/v1/customers')), [503]);
		await release();
		await until('the table', async () => (await get('/v1/customers')).status === 200, PATIENCE);
	},
	async 'a database that hangs'() {
		const pids = (await world.sql(`SELECT pid FROM pg_stat_activity WHERE datname = '${world.database}' AND backend_type = 'client backend' AND pid <> pg_backend_pid()`)).split('\n').map(Number);
		assert.ok(pids.length > 2);
		signalAll(pids, 'SIGSTOP');
		try {
			await answered(Array.from({ length: 56 }, () => get('/v1/me')), [200, 503]);
			/* Without those that hang: new connections take their place. */
			await until('the database', async () => (await get('/v1/customers')).status === 200, PATIENCE);
		} finally {
			signalAll(pids, 'SIGCONT');
		}
	},
};
/* These make the database wait, or its connections: who needs it waits a little, too. */
const HANGS = ['a database that hangs'];

/* ---- the run ------------------------------------------------------------------------------- */
const memory = (what) => Number(readFileSync(`/proc/${world.pid}/status`, 'latin1').match(new RegExp(`${what}:\\s+(\\d+)`))[1]);

async function main() {
	const at = process.argv.indexOf('--seconds');
	seconds = at > 0 ? Number(process.argv[at + 1]) : 1;
	const only = process.argv.indexOf('--only') > 0 ? process.argv[process.argv.indexOf('--only') + 1] : '';
	world = await openWorld(200, { STEWARD_MAX_CONNECTIONS: String(CONNECTIONS), STEWARD_IDLE_TIMEOUT: String(IDLE), STEWARD_REQUEST_TIMEOUT: String(IDLE), STEWARD_RATE_LIMIT: String(RATE), STEWARD_MAX_BODY: String(BODY), STEWARD_EXPORT_ROWS_ALONE: '1000000' });
	port = Number(new URL(world.api).port);
	token = world.tokens.ops;
	let failed = 0, passed = 0;
	try {
		/* More than the sockets of a connection hold. */
		await world.sql(`INSERT INTO stage_history (bucket, customer_id, model, version, from_stage, to_stage, reason, at) SELECT bucket, customer_id, 'm', 1, repeat('a', 500), repeat('b', 500), 'r', timestamptz '2026-01-01' + n * interval '1 second' FROM (SELECT bucket, customer_id FROM customer LIMIT 1) c, generate_series(1, 12000) n; ANALYZE`);
		const machine = new Client();
		const clients = { healthz: new Client(port, '/healthz'), me: new Client(port, '/v1/me', world.tokens.operator) };
		await sleep(500);
		for (const client of Object.values(clients)) await client.take();
		await sleep(Math.max(1.5, seconds / 2) * 1000);
		const quiet = {};
		for (const [name, client] of Object.entries(clients)) {
			const { times, bad } = await client.take();
			assert.equal(bad, 0);
			quiet[name] = p99(times);
		}
		const rss = memory('VmRSS');
		console.log(`quiet: p99 healthz ${quiet.healthz.toFixed(1)} ms, me ${quiet.me.toFixed(1)} ms; ${(rss / 1024).toFixed(0)} MiB`);
		for (const [name, attack] of Object.entries(attacks).filter((one) => one[0].includes(only))) {
			const began = performance.now();
			let why = '';
			await machine.take();
			for (const client of Object.values(clients)) await client.take();
			try {
				await attack();
				await sleep(Math.max(0, 1000 - (performance.now() - began)));
			} catch (error) {
				why = error.message;
			}
			for (const socket of open.splice(0)) socket.destroy();
			const told = [];
			const stood = await machine.take();
			for (const [what, client] of Object.entries(clients)) {
				const { times, bad } = await client.take();
				const ratio = p99([...times]) / Math.max(quiet[what], stood);
				told.push(`${what} × ${ratio.toFixed(1)}${bad ? ` (${bad} of ${times.length} bad)` : ''}`);
				if (what === 'me' && HANGS.includes(name)) continue;
				if (ratio > RATIO) why ||= `${what} is ${ratio.toFixed(0)} times slower`;
				/* A connection that rests may be closed under pressure, once in a while. */
				if (bad > times.length / 20) why ||= `${bad} of ${times.length} requests of ${what} failed`;
			}
			const grown = memory('VmHWM') - rss;
			if (grown > MEMORY) why ||= `the server has grown by ${grown} KiB`;
			console.log(`${why ? 'not ok' : 'ok'}  ${name}: ${((performance.now() - began) / 1000).toFixed(1)} s, ${told.join(', ')}, +${(grown / 1024).toFixed(0)} MiB${why ? `: ${why}` : ''}`);
			why ? failed++ : passed++;
		}
		for (const client of [machine, ...Object.values(clients)]) await client.worker.terminate();
	} finally {
		await world.close();
	}
	console.log(`${passed} passed, ${failed} failed`);
	process.exitCode = failed ? 1 : 0;
}
if (isMainThread) await main();
