/* dispatch_peers.mjs - graphile-worker and pg-boss doing the same POSTs.
 *
 *   dispatch_peers.mjs NPM-DIR CONNINFO URL COUNT PARALLEL graphile|pgboss
 *
 * COUNT jobs are enqueued, then done; prints jobs a second of the second part. Each job is a
 * POST of about what an offer has, and is done when 202 has come. */
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [npm, conninfo, url, countText, parallelText, who] = process.argv.slice(2);
const need = createRequire(join(npm, 'x.js'));
const { Pool } = need('pg');
const count = Number(countText);
const parallel = Number(parallelText);
const words = Object.fromEntries(conninfo.split(' ').map((w) => w.split('=')));
const where = { host: words.host, port: Number(words.port ?? 5432), user: 'postgres', database: words.dbname };
const body = 'x'.repeat(1400);
const agent = new Agent({ keepAlive: true, maxSockets: parallel });
const options = { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': body.length } };

const post = () =>
	new Promise((done, fail) => {
		const r = request(url, options, (answer) => {
			answer.resume();
			answer.on('end', () => (answer.statusCode === 202 ? done() : fail(new Error(`status ${answer.statusCode}`))));
		});
		r.on('error', fail);
		r.end(body);
	});
const rate = (from) => console.log((count / ((performance.now() - from) / 1000)).toFixed(0));

/* Its fast form: jobs fetched and completed in batches. */
async function graphile() {
	const { run, runMigrations, Logger } = need('graphile-worker');
	const logger = new Logger(() => () => {});
	const pool = new Pool({ ...where, max: 12 });
	await runMigrations({ pgPool: pool, logger });
	for (let i = 0; i < count; i += 500) {
		const n = Math.min(500, count - i);
		await pool.query('select count(*) from graphile_worker.add_jobs((select array_agg(row(\'post\', \'{}\'::json, null, null, null, null, null, null)::graphile_worker.job_spec) from generate_series(1, $1::integer)))', [n]);
	}
	await pool.query('vacuum analyze graphile_worker._private_jobs');
	let left = count;
	const from = performance.now();
	await new Promise((done, fail) => {
		run({ pgPool: pool, concurrency: parallel, logger, noHandleSignals: true, taskList: { post: async () => { await post(); if (--left === 0) done(); } },
			preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } } }).catch(fail);
	});
	rate(from);
}

async function pgboss() {
	const PgBoss = need('pg-boss');
	const boss = new PgBoss({ ...where, max: 12, supervise: false, schedule: false });
	boss.on('error', (e) => { throw e; });
	await boss.start();
	await boss.createQueue('post');
	for (let i = 0; i < count; i += 500) await boss.insert(Array.from({ length: Math.min(500, count - i) }, () => ({ name: 'post', data: {} })));
	const pool = new Pool(where);
	await pool.query('vacuum analyze pgboss.job');
	await pool.end();
	const from = performance.now();
	/* Four loops that fetch and complete batches, as many on the way together as elsewhere. */
	await Promise.all(Array.from({ length: 4 }, async () => {
		for (;;) {
			const jobs = await boss.fetch('post', { batchSize: Math.max(1, parallel / 4) });
			if (jobs.length === 0) return;
			await Promise.all(jobs.map(post));
			await boss.complete('post', jobs.map((j) => j.id));
		}
	}));
	rate(from);
}

await (who === 'graphile' ? graphile() : pgboss());
process.exit(0);
