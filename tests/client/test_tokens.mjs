/* test_tokens.mjs - tokens of an identity provider, against the real server: whom they let in,
 * keys that are exchanged while it runs, and people whose tokens are revoked. */
import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWorld } from './world.mjs';

const ISSUER = 'https://id.bank.example';
const make = (kid) => ({ kid, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) });
const first = make('one');
const second = make('two');
let world;
let file;

/* Put in place at once, as a provider's key file has to be. */
function publish(...keys) {
	writeFileSync(file + '.new', JSON.stringify({ keys: keys.map((k) => ({ ...k.publicKey.export({ format: 'jwk' }), kid: k.kid, use: 'sig', alg: 'RS256' })) }));
	renameSync(file + '.new', file);
}

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
function token(claims, key = first) {
	const now = Math.floor(Date.now() / 1000);
	const input = `${part({ alg: 'RS256', typ: 'at+jwt', kid: key.kid })}.${part({ iss: ISSUER, aud: 'steward', iat: now, exp: now + 300, ...claims })}`;
	return `${input}.${createSign('RSA-SHA256').update(input).sign(key.privateKey, 'base64url')}`;
}
const get = (path, bearer) => fetch(world.api + path, { headers: { Authorization: `Bearer ${bearer}` } });

/* How long until the server answers so, in milliseconds. */
async function until(status, bearer) {
	const start = Date.now();
	while ((await get('/v1/me', bearer)).status !== status) {
		assert.ok(Date.now() - start < 20000, `not ${status} after 20 s`);
		await sleep(60);
	}
	return Date.now() - start;
}

before(async () => {
	world = await openWorld(500, (dir) => {
		file = join(dir, 'jwks.json');
		publish(first);
		return { STEWARD_OIDC_ISSUER: ISSUER, STEWARD_OIDC_AUDIENCE: 'steward', STEWARD_OIDC_JWKS: file, STEWARD_RATE_LIMIT: '20' };
	});
});
after(async () => { if (world) await world.close(); });

test('a token lets in whom it names, in the role it gives', async () => {
	const me = await (await get('/v1/me', token({ sub: 'li', steward_role: 'compliance' }))).json();
	assert.equal(me.subject, 'li');
	assert.equal(me.role, 'compliance');
	assert.ok(me.expires_at);
	assert.equal((await get('/v1/decisions', token({ sub: 'li', steward_role: 'compliance' }))).status, 200);
	assert.equal((await get('/v1/decisions', token({ sub: 'li', steward_role: 'operator' }))).status, 403);
	const tasks = await (await get('/v1/tasks', token({ sub: 'a_77', steward_role: 'agent', steward_queue: 'wealth-remote' }))).json();
	assert.ok(tasks.items.every((one) => one.queue === 'wealth-remote'));
	/* Our own tokens go on working beside it. */
	assert.equal((await get('/v1/me', world.tokens.ops)).status, 200);
});

test('what is refused is refused without a reason', async () => {
	const now = Math.floor(Date.now() / 1000);
	for (const claims of [{ sub: 'li' }, { sub: 'li', steward_role: 'ops', aud: 'other' }, { sub: 'li', steward_role: 'ops', iss: 'https://other' }, { sub: 'li', steward_role: 'ops', exp: now - 1 }, { sub: 'li', steward_role: 'ops', iat: now - 4000 }]) {
		const answer = await get('/v1/me', token(claims));
		assert.equal(answer.status, 401);
		const problem = await answer.json();
		assert.equal(problem.detail, 'the token is unknown, expired or revoked');
	}
	assert.equal((await get('/v1/me', token({ sub: 'li', steward_role: 'ops' }, second))).status, 401);
});

test('two tokens of a person are one person: the same request twice is one effect', async () => {
	const call = (bearer) => fetch(world.api + '/v1/segments/twice', { method: 'POST',
		headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json', 'Idempotency-Key': 'one-effect' },
		body: JSON.stringify({ name: { zh: '两次', en: 'Twice' }, rule: 'customer.age > 30' }) });
	const made = await call(token({ sub: 'wu', steward_role: 'ops', jti: '1' }));
	assert.equal(made.status, 201, await made.clone().text());
	assert.deepEqual(await (await call(token({ sub: 'wu', steward_role: 'ops', jti: '2' }))).json(), await made.json());
});

test('keys are exchanged without a restart and without one failed request', async () => {
	const old = token({ sub: 'li', steward_role: 'ops' });
	const fresh = token({ sub: 'li', steward_role: 'ops' }, second);
	publish(first, second);
	await until(200, fresh);
	assert.equal((await get('/v1/me', old)).status, 200);
	publish(second);
	await until(401, old);
	assert.equal((await get('/v1/me', fresh)).status, 200);
	/* A file that cannot be used changes nothing. */
	writeFileSync(file, '{"keys": [');
	await sleep(1500);
	assert.equal((await get('/v1/me', fresh)).status, 200);
	publish(first, second);
	await until(200, old);
});

test('a client that has run wild waits, and the others do not notice', async () => {
	const bearer = token({ sub: 'wild', steward_role: 'ops' });
	const answers = [];
	for (let round = 0; round < 100 && !answers.some((one) => one.status === 429); round++)
		answers.push(...await Promise.all(Array.from({ length: 40 }, () => get('/v1/me', bearer))));
	const refused = answers.find((one) => one.status === 429);
	assert.ok(refused, 'nothing was refused');
	assert.equal(refused.headers.get('retry-after'), '1');
	assert.match(refused.headers.get('ratelimit-policy'), /^"token";q=40;w=2$/);
	assert.equal((await refused.json()).code, 'RATE_LIMIT');
	const calm = await get('/v1/me', token({ sub: 'calm', steward_role: 'ops' }));
	assert.equal(calm.status, 200);
	assert.match(calm.headers.get('ratelimit'), /^"token";r=39;t=0$/);
	await until(200, bearer);
});

test('a person whose tokens are revoked is out with the next request', async () => {
	const bearer = token({ sub: 'zhao', steward_role: 'ops' });
	const other = token({ sub: 'qian', steward_role: 'ops' });
	const made = (await world.steward('token', 'create', '--role', 'ops', '--subject', 'zhao')).stdout.trim();
	assert.equal((await get('/v1/me', bearer)).status, 200);
	const out = (await world.steward('token', 'revoke', '--subject', 'zhao')).stdout;
	assert.match(out, /^revoked 1, and the identity provider's until now/);
	for (const one of [bearer, made]) assert.equal((await get('/v1/me', one)).status, 401);
	assert.equal((await get('/v1/me', other)).status, 200);
	await sleep(2100);
	assert.equal((await get('/v1/me', token({ sub: 'zhao', steward_role: 'ops' }))).status, 200, 'a token issued later is another matter');
});
