// events.mjs API TOKENS CONNINFO - posts events at a steady rate; every tenth request holds a
// probe, an event by which its customer enters a segment, and the time from the answer to
// the membership in the database is taken. Called by events.sh, which says the settings.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import http from 'node:http';

const [api, tokensFile, conninfo] = process.argv.slice(2);
const env = name => Number(process.env[name]);
const rate = env('RATE'), seconds = env('SECONDS_LONG'), batch = env('BATCH'), most = env('MOST');
const customers = env('CUSTOMERS');
const tokens = Object.fromEntries(readFileSync(tokensFile, 'utf8').trim().split('\n')
	.map(l => l.trim().split(/\s+/)).map(([role, , token]) => [role, token]));
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
const now = () => Number(process.hrtime.bigint() / 1000n) / 1000;

function post(path, role, body, headers = {}) {
	return new Promise((resolve, reject) => {
		const req = http.request(api + path, {
			method: 'POST', agent, headers: {
				Authorization: `Bearer ${tokens[role]}`, 'Content-Type': 'application/json', ...headers,
			},
		}, res => {
			let text = '';
			res.on('data', d => { text += d; });
			res.on('end', () => res.statusCode < 300 ? resolve(JSON.parse(text || '{}'))
				: reject(new Error(`${path}: ${res.statusCode} ${text}`)));
		});
		req.on('error', reject);
		req.end(body);
	});
}

// One psql that answers a question a line: the members of the probe segment.
const psql = spawn('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', conninfo], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: psql.stdout })[Symbol.asyncIterator]();
async function ask(sql) {
	psql.stdin.write(`${sql};\n\\echo .\n`);
	const rows = [];
	for (;;) {
		const { value, done } = await lines.next();
		if (done) throw new Error('psql has ended');
		if (value === '.') return rows;
		rows.push(value);
	}
}

const segment = (code, kind) => post(`/v1/segments/${code}`, 'ops', JSON.stringify({
	name: { zh: code, en: code },
	rule: `interactions.exists(i, i.kind == "${kind}" && i.at > now - days(1) && i.at <= now)`,
}), { 'Idempotency-Key': `bench-${code}` });
const ref = n => `C${String(n).padStart(8, '0')}`;
let made = 0;
const event = (who, kind) => ({
	specversion: '1.0', source: '/bench', id: `e${++made}`, subject: ref(who),
	type: `com.steward.interaction.${kind}`, time: new Date().toISOString(), data: { channel: 'app' },
});
const send = events => post('/v1/events', 'operator', JSON.stringify(events),
	{ 'Content-Type': 'application/cloudevents-batch+json' });

await segment('bench_login', 'bench_login');
await segment('bench_probe', 'bench_probe');
const [probeSegment] = await ask("SELECT segment_id FROM segment WHERE code = 'bench_probe'");
const waiting = new Map();
const took = [];
let probes = 0, lost = 0, answered = 0, stored = 0;
const answers = [];
const members = async () => {
	for (const r of await ask(`SELECT c.ref FROM segment_member m JOIN customer c USING (bucket, customer_id)
		WHERE m.segment_id = ${probeSegment}`)) {
		const began = waiting.get(r);
		if (began === undefined || began === 0) continue;
		took.push(now() - began);
		waiting.delete(r);
	}
};
let polling = true;
const poll = (async () => {
	while (polling) {
		await members();
		await new Promise(r => setTimeout(r, 5));
	}
})();

async function probe(n) {
	waiting.set(ref(n), 0); // found only once it has been answered
	await send([event(n, 'bench_probe')]);
	waiting.set(ref(n), now());
}
// Warm-up: until the first probe is a member, the server is not ready to be measured.
await probe(1);
for (const end = now() + 60000; waiting.size > 0;) {
	if (now() > end) throw new Error('the first probe is no member after a minute');
	await new Promise(r => setTimeout(r, 50));
}
took.length = 0;

const period = batch * 1000 / rate;
const began = now();
const open = new Set();
for (let i = 0; now() < began + seconds * 1000; i++) {
	const due = began + i * period;
	if (due > now()) await new Promise(r => setTimeout(r, due - now()));
	const events = [];
	for (let k = 0; k < batch; k++)
		events.push(event(1 + Math.floor(Math.random() * customers), 'bench_login'));
	const who = i % 10 === 5 && probes + 2 <= customers ? probes++ + 2 : 0;
	if (who) {
		events[batch - 1] = event(who, 'bench_probe');
		waiting.set(ref(who), 0);
	}
	const sent = now();
	const one = send(events).then(reply => {
		answers.push(now() - sent);
		answered += events.length;
		stored += reply.stored;
		if (who) waiting.set(ref(who), now());
	}).finally(() => open.delete(one));
	open.add(one);
}
await Promise.all(open);
const lasted = (now() - began) / 1000;
for (const end = now() + 30000; waiting.size > 0 && now() < end;)
	await new Promise(r => setTimeout(r, 50));
lost = waiting.size;
polling = false;
await poll;
psql.stdin.end();
const at = (list, p) => list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * p))];
const ms = v => `${v.toFixed(0)} ms`;
console.log(`${(answered / lasted).toFixed(0)} events a second for ${lasted.toFixed(0)} s, ${stored} stored; ` +
	`a request of ${batch} answered: p50 ${ms(at(answers, 0.5))}, p99 ${ms(at(answers, 0.99))}`);
console.log(`${took.length} probes, ${lost} not members within 30 s; answer to membership: ` +
	`p50 ${ms(at(took, 0.5))}, p99 ${ms(at(took, 0.99))}, most ${ms(at(took, 1))}`);
process.exit(lost > 0 || took.length === 0 || (most > 0 && at(took, 0.99) > most) ? 1 : 0);
