/* test_provider.mjs - a real identity provider (glewlwyd, from Debian) in front of the real
 * server: its people get in with its tokens, in the roles it gives, and out when it changes
 * its keys.
 *
 * The provider is private to this test: a database file and a configuration in a directory
 * of its own, a free port on loopback. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWorld } from './world.mjs';

const SCHEMA = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';
const SECRET = 'not-a-secret-of-anybody';
const dir = mkdtempSync(join(tmpdir(), 'stw-provider-'));
const jwks = join(dir, 'jwks.json');
let base;
let child;
let cookie;
let world;

const freePort = () => new Promise((done) => {
	const server = createServer().listen(0, '127.0.0.1', () => {
		const { port } = server.address();
		server.close(() => done(port));
	});
});

const key = (kid) => ({ ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), kid, alg: 'RS256' });

async function startProvider() {
	const port = await freePort();
	const database = join(dir, 'glewlwyd.db');
	execFileSync('sqlite3', [database], { input: readFileSync(SCHEMA) });
	writeFileSync(join(dir, 'glewlwyd.conf'), `port=${port}
bind_address="127.0.0.1"
external_url="http://127.0.0.1:${port}/"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="WARNING"
cookie_secure=0
session_key="GLEWLWYD2_SESSION_ID"
admin_session_authentication="cookie"
profile_session_authentication="cookie"
login_api_enabled=true
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
use_secure_connection=false
secure_connection_key_file="none"
secure_connection_pem_file="none"
secure_connection_ca_file="none"
hash_algorithm="SHA512"
database = { type = "sqlite3"; path = "${database}"; };
`);
	const log = openSync(join(dir, 'log'), 'a');
	child = spawn('glewlwyd', ['-c', join(dir, 'glewlwyd.conf')], { stdio: ['ignore', log, log] });
	base = `http://127.0.0.1:${port}/api`;
	for (let tries = 0; tries < 300; tries++) {
		assert.equal(child.exitCode, null, readFileSync(join(dir, 'log'), 'utf8'));
		try {
			await fetch(`${base}/`);
			return;
		} catch {
			await sleep(100);
		}
	}
	assert.fail('the provider did not start');
}

async function admin(method, path, body) {
	const answer = await fetch(base + path, { method, headers: { 'Content-Type': 'application/json', ...(cookie ? { Cookie: cookie } : {}) }, ...(body ? { body: JSON.stringify(body) } : {}) });
	const text = await answer.text();
	assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
	if (answer.headers.get('set-cookie')) cookie = answer.headers.get('set-cookie').split(';')[0];
	return text ? JSON.parse(text) : null;
}

const plugin = (keys) => ({ module: 'oidc', name: 'bank', display_name: 'Bank', parameters: {
	iss: `${base}/bank`, 'jwt-type': 'rsa', 'jwt-key-size': '256', 'jwks-private': JSON.stringify({ keys }), 'default-kid': keys[0].kid,
	'access-token-duration': 600, 'refresh-token-duration': 1200, 'code-duration': 60, 'refresh-token-rolling': false,
	'allow-non-oidc': true, 'auth-type-code-enabled': false, 'auth-type-token-enabled': false, 'auth-type-id-token-enabled': true,
	'auth-type-password-enabled': true, 'auth-type-client-enabled': false, 'auth-type-device-enabled': false, 'auth-type-refresh-enabled': false,
	'jwks-show': true, 'additional-parameters': ['username', 'steward_role', 'steward_queue'].map((name) => ({ 'user-parameter': name, 'token-parameter': name })) } });

async function fetchKeys() {
	const answer = await fetch(`${base}/bank/jwks`);
	writeFileSync(jwks + '.new', await answer.text());
	renameSync(jwks + '.new', jwks);
}

async function tokenOf(user) {
	const answer = await fetch(`${base}/bank/token`, { method: 'POST', headers: { Authorization: `Basic ${Buffer.from(`desk:${SECRET}`).toString('base64')}` },
		body: new URLSearchParams({ grant_type: 'password', username: user, password: SECRET, scope: 'steward' }) });
	const text = await answer.text();
	assert.ok(answer.ok, `${answer.status} ${text} ${readFileSync(join(dir, 'log'), 'utf8')}`);
	return JSON.parse(text).access_token;
}

const get = (path, bearer) => fetch(world.api + path, { headers: { Authorization: `Bearer ${bearer}` } });

const first = key('first');

before(async () => {
	await startProvider();
	await admin('POST', '/auth/', { username: 'admin', password: 'password' });
	const users = await admin('GET', '/mod/user/database');
	for (const name of ['steward_role', 'steward_queue']) users.parameters['data-format'][name] = { multiple: false, read: true, write: true, 'profile-read': false, 'profile-write': false };
	await admin('PUT', '/mod/user/database', users);
	await admin('PUT', '/mod/user/database/reset');
	await admin('POST', '/scope/', { name: 'steward', display_name: 'Steward', description: 'Steward', password_required: true, password_max_age: 0, scheme: {} });
	await admin('POST', '/user/', { username: 'li', name: 'Li', password: SECRET, enabled: true, scope: ['steward'], steward_role: 'compliance' });
	await admin('POST', '/user/', { username: 'a_01', name: 'A', password: SECRET, enabled: true, scope: ['steward'], steward_role: 'agent', steward_queue: 'wealth-remote' });
	await admin('POST', '/user/', { username: 'nobody', name: 'N', password: SECRET, enabled: true, scope: ['steward'] });
	await admin('POST', '/client/', { client_id: 'desk', name: 'Desk', confidential: true, password: SECRET, enabled: true, authorization_type: ['password'], token_endpoint_auth_method: ['client_secret_basic'], scope: ['steward'], redirect_uri: [] });
	await admin('POST', '/mod/plugin/', plugin([first]));
	await fetchKeys();
	world = await openWorld(500, { STEWARD_OIDC_ISSUER: `${base}/bank`, STEWARD_OIDC_AUDIENCE: 'steward', STEWARD_OIDC_JWKS: jwks, STEWARD_OIDC_SUBJECT_CLAIM: 'username' });
});
after(async () => {
	if (world) await world.close();
	if (child) child.kill('SIGTERM');
	rmSync(dir, { recursive: true, force: true });
});

test('its people get in, in their roles', async () => {
	const me = await (await get('/v1/me', await tokenOf('li'))).json();
	assert.equal(me.subject, 'li');
	assert.equal(me.role, 'compliance');
	const agent = await tokenOf('a_01');
	const tasks = await (await get('/v1/tasks', agent)).json();
	assert.ok(tasks.items.length > 0);
	assert.ok(tasks.items.every((one) => one.queue === 'wealth-remote'));
	assert.equal((await get('/v1/decisions', agent)).status, 403);
	assert.equal((await get('/v1/me', await tokenOf('nobody'))).status, 401);
});

test('when it changes its keys, old tokens end with them', async () => {
	const old = await tokenOf('li');
	await admin('PUT', '/mod/plugin/bank', plugin([key('second')]));
	await admin('PUT', '/mod/plugin/bank/reset');
	await fetchKeys();
	const fresh = await tokenOf('li');
	for (let tries = 0; (await get('/v1/me', fresh)).status !== 200; tries++) {
		assert.ok(tries < 200, 'the new key is not taken');
		await sleep(100);
	}
	assert.equal((await get('/v1/me', old)).status, 401);
});
