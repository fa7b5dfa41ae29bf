// trace.mjs - records a complaint about each number of a file and traces it twice.
//
//   trace.mjs URL TOKEN PHONES MOST
//
// The first number is the one with the many contacts. Its slower trace, in milliseconds, is
// written to PHONES.hot. Exit 1 when a trace takes more than MOST milliseconds (0: never).
import { readFileSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';

const [url, token, file, most] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

async function ask(method, path, body) {
	const began = performance.now();
	const answer = await fetch(url + path, {
		method,
		headers: body ? { ...headers, 'idempotency-key': randomUUID() } : headers,
		body: body && JSON.stringify(body),
	});
	const text = await answer.text();
	const took = performance.now() - began;
	if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
	return { took, value: JSON.parse(text) };
}

const phones = readFileSync(file, 'utf8').trim().split('\n');
const traces = [];
for (const phone of phones) {
	const { value } = await ask('POST', '/v1/compliance/complaints', {
		source: 'regulator', phone: `+86${phone}`, about_at: '2026-11-23T01:30:00Z',
		words: 'bench',
	});
	traces.push({ id: value.complaint_id });
}
// The server reads its packs at the first one: a number that is nobody's.
const none = await ask('POST', '/v1/compliance/complaints',
    { source: 'regulator', phone: '+8613800000001', about_at: '2026-11-23T01:30:00Z' });
await ask('GET', `/v1/compliance/complaints/${none.value.complaint_id}/trace`);

const ms = (list, share) => {
	const sorted = [...list].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1);
};
for (const t of traces) {
	const first = await ask('GET', `/v1/compliance/complaints/${t.id}/trace`);
	const again = await ask('GET', `/v1/compliance/complaints/${t.id}/trace`);
	Object.assign(t, { first: first.took, again: again.took, contacts: first.value.contacts });
}
const [hot, ...others] = traces;
const year = await ask('GET', `/v1/compliance/complaints/${hot.id}/trace?from=2025-11-20T00:00:00Z`);
const firsts = others.map(t => t.first), again = others.map(t => t.again);
console.log(`trace of ${hot.contacts} contacts: ${hot.first.toFixed(1)} ms, again ` +
    `${hot.again.toFixed(1)} ms; of a year, ${year.value.contacts} contacts: ${year.took.toFixed(1)} ms`);
console.log(`traces of ${others.length} other numbers (${Math.min(...others.map(t => t.contacts))} to ` +
    `${Math.max(...others.map(t => t.contacts))} contacts): p50 ${ms(firsts, .5)}, most ${ms(firsts, 1)} ms; ` +
    `again p50 ${ms(again, .5)}, most ${ms(again, 1)} ms`);
const worst = Math.max(year.took, ...traces.map(t => Math.max(t.first, t.again)));
writeFileSync(`${file}.hot`, String(Math.max(hot.first, hot.again)));
if (Number(most) > 0 && worst > Number(most)) {
	console.log(`a trace took ${worst.toFixed(0)} ms: more than ${most}`);
	process.exit(1);
}
