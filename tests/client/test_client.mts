/* test_client.mts - the main job through a client made from the OpenAPI document.
 *
 * The types are openapi-typescript's, so a path, parameter or member that the document does
 * not know fails to compile; the answers come from the real server. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test, { after, before } from 'node:test';
import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './api.js';
import { openWorld, type World } from './world.mjs';

type Problem = components['schemas']['Problem'];
type Task = components['schemas']['Task'];

let world: World;
const as = (who: string): Client<paths> => createClient<paths>({ baseUrl: world.api, headers: { Authorization: `Bearer ${world.tokens[who]}` } });
const key = () => ({ 'Idempotency-Key': randomUUID() });

/* The answer of a call that must have worked. */
function good<T>(answer: { data?: T; error?: unknown; response: Response }): T {
	assert.ok(answer.data !== undefined, `${answer.response.url}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
	return answer.data;
}

/* The problem of one that must not. */
function problem(answer: { error?: Problem; response: Response }, status: number): Problem {
	assert.equal(answer.response.status, status, JSON.stringify(answer.error));
	assert.ok(answer.error);
	assert.equal(answer.error.status, status);
	assert.equal(answer.response.headers.get('content-type')?.split(';')[0], 'application/problem+json');
	return answer.error;
}

before(async () => { world = await openWorld(); });
after(async () => { if (world) await world.close(); });

test('who one is, and that nobody is nobody', async () => {
	const me = good(await as('compliance').GET('/v1/me'));
	assert.equal(me.role, 'compliance');
	const nobody = createClient<paths>({ baseUrl: world.api });
	problem(await nobody.GET('/v1/me'), 401);
	assert.equal(problem(await as('a_01').GET('/v1/decisions'), 403).code, 'FORBIDDEN');
});

test('a segment is defined, and its rule is checked', async () => {
	const ops = as('ops');
	const params = { path: { code: 'from_client' }, header: key() };
	const body = { name: { zh: '客户端', en: 'From a client' }, rule: 'customer.age >= 30' };
	const made = good(await ops.POST('/v1/segments/{code}', { params, body }));
	assert.equal(made.rule, body.rule);
	const again = good(await ops.POST('/v1/segments/{code}', { params, body }));
	assert.deepEqual(again, made, 'the same key and request: the first answer');
	problem(await ops.POST('/v1/segments/{code}', { params, body: { ...body, rule: 'customer.age >= 31' } }), 422);
	const wrong = problem(await ops.POST('/v1/segments/{code}', { params: { ...params, header: key() }, body: { ...body, rule: 'customer.agee > 5' } }), 400);
	assert.ok(wrong.errors?.[0]?.pointer?.startsWith('/rule'), JSON.stringify(wrong.errors));
	const list = good(await ops.GET('/v1/segments'));
	assert.ok(list.items.some((one) => one.code === 'from_client'));
});

test('a campaign comes into force by two people, and nobody overwrites another', async () => {
	const ops = as('ops');
	const first = good(await ops.GET('/v1/campaigns')).items[0];
	assert.ok(first);
	const model = good(await ops.GET('/v1/campaigns/{code}', { params: { path: { code: first.code } } }));
	const document = { ...model.document, code: 'from_client' };
	const made = await ops.POST('/v1/campaigns', { params: { header: key() }, body: document });
	const campaign = good(made);
	assert.equal(campaign.state, 'draft');
	const version = { version: campaign.version };
	const path = { code: 'from_client' };
	assert.ok([403, 409].includes((await ops.POST('/v1/campaigns/{code}/approve', { params: { path, header: key() }, body: version })).response.status), 'the author does not approve');
	const etag = (await ops.GET('/v1/campaigns/{code}', { params: { path } })).response.headers.get('etag');
	assert.ok(etag);
	const changed = { ...document, name: { zh: '改过', en: 'Changed' } };
	const saved = good(await ops.PUT('/v1/campaigns/{code}', { params: { path, header: { 'If-Match': etag } }, body: changed }));
	problem(await ops.PUT('/v1/campaigns/{code}', { params: { path, header: { 'If-Match': etag } }, body: document }), 412);
	problem(await ops.PUT('/v1/campaigns/{code}', { params: { path, header: {} as { 'If-Match': string } }, body: document }), 428);
	const approved = good(await as('compliance').POST('/v1/campaigns/{code}/approve', { params: { path, header: key() }, body: { version: saved.version } }));
	assert.ok(approved.approved_by);
	assert.equal(good(await ops.POST('/v1/campaigns/{code}/activate', { params: { path, header: key() } })).state, 'active');
	assert.equal(good(await ops.POST('/v1/campaigns/{code}/pause', { params: { path, header: key() } })).state, 'paused');
});

test('an agent takes a task, asks to dial and reports', async () => {
	const agent = as('a_01');
	const tasks = good(await agent.GET('/v1/tasks', { params: { query: { state: 'queued' } } })).items;
	assert.ok(tasks.length > 0);
	let granted: Task | undefined;
	for (const task of tasks.slice(0, 12)) {
		const path = { id: task.task_id };
		good(await agent.POST('/v1/tasks/{id}/accept', { params: { path, header: key() } }));
		const permit = good(await agent.POST('/v1/tasks/{id}/permit', { params: { path, header: key() } }));
		assert.equal(permit.granted, permit.permit_id !== null);
		if (permit.granted) {
			granted = task;
			break;
		}
		assert.ok(permit.reasons.length > 0, 'a refusal says why');
	}
	assert.ok(granted, 'twelve tasks in a row were refused');
	const params = { path: { id: granted.task_id }, header: key() };
	const body = { disposition: 'interested' as const };
	const effect = good(await agent.POST('/v1/tasks/{id}/outcome', { params, body }));
	assert.equal(effect.task.state, 'done');
	assert.equal(good(await agent.POST('/v1/tasks/{id}/outcome', { params, body })).outcome_id, effect.outcome_id);
	problem(await agent.POST('/v1/tasks/{id}/outcome', { params: { ...params, header: key() }, body }), 409);
});

test('compliance reads the log page by page, and a decision again', async () => {
	const compliance = as('compliance');
	const seen = new Set<string>();
	let cursor: string | null = null;
	let pages = 0;
	do {
		const page: components['schemas']['DecisionList'] = good(await compliance.GET('/v1/decisions', { params: { query: { limit: 50, ...(cursor === null ? {} : { cursor }) } } }));
		for (const one of page.items) {
			assert.ok(!seen.has(one.decision_id), 'a decision came twice');
			seen.add(one.decision_id);
		}
		cursor = page.next_cursor;
		pages++;
	} while (cursor !== null && pages < 5);
	assert.ok(pages > 1, 'more than one page');
	problem(await compliance.GET('/v1/decisions', { params: { query: { cursor: 'made-up' } } }), 400);
	const [id] = seen;
	assert.ok(id);
	const replay = good(await compliance.POST('/v1/decisions/{id}/replay', { params: { path: { id } } }));
	assert.ok(replay.identical, JSON.stringify(replay));
});

test('what takes long is an operation, waited for or looked at', async () => {
	const ops = as('ops');
	const body = { version: 1 };
	const at = (header: Record<string, string>) => ({ path: { code: 'maturing_product' }, header: { ...key(), ...header } });
	const waited = await ops.POST('/v1/campaigns/{code}/simulate', { params: at({ Prefer: 'wait=30' }), body });
	assert.equal(waited.response.status, 200);
	const taken = await ops.POST('/v1/campaigns/{code}/simulate', { params: at({}), body });
	assert.equal(taken.response.status, 202);
	const answer = good(taken);
	assert.ok('state' in answer);
	assert.equal(taken.response.headers.get('location'), `/v1/operations/${answer.id}`);
	const params = { path: { id: answer.id } };
	let seen = good(await ops.GET('/v1/operations/{id}', { params }));
	for (let i = 0; i < 200 && (seen.state === 'queued' || seen.state === 'running'); i++) {
		await new Promise((done) => { setTimeout(done, 100); });
		seen = good(await ops.GET('/v1/operations/{id}', { params }));
	}
	assert.equal(seen.state, 'succeeded');
	assert.equal(seen.result?.['adds_up'], true);
	assert.equal(problem(await ops.POST('/v1/operations/{id}/cancel', { params }), 409).code, 'CONFLICT');
	problem(await as('operator').GET('/v1/operations/{id}', { params }), 404);
});
