/* mock.mjs - the console with canned answers, for looking at states that are hard to reach.
 *
 *   node mock.mjs [PORT]        then sign in with one of: ops ops-empty ops-failed
 *                               ops-withheld ops-broken compliance compliance-empty
 *                               agent agent-empty agent-refused agent-expired
 *
 * Serves api/console with the headers of api/assets.c and answers shaped as in
 * api/openapi.json. No test of the product: those use the real binary. */
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = process.env.STW_TEST_ROOT || join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.mjs': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.json': 'application/json' };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default";

const NOW = '2026-11-23T06:05:12Z';
const two = (zh, en) => ({ zh, en });
const REASONS = {
	CONSENT_MISSING: two('客户没有同意此类营销联系', 'The customer has not consented to this kind of marketing contact.'),
	CONSENT_WITHDRAWN: two('客户已撤回营销授权', 'The customer has withdrawn marketing consent.'),
	DNC_INTERNAL: two('客户在本行的拒绝来电名单上', 'The customer is on the bank’s do-not-call list.'),
	FREQ_CAP_WEEK: two('本周联系次数已达上限', 'The cap of contacts in a week is reached.'),
	QUIET_HOURS: two('客户当地处于静默时段', 'It is quiet hours where the customer is.'),
	RISK_RATING_EXPIRED: two('风险测评已过期', 'The risk rating has expired.'),
	SHARED_NUMBER_REVIEW: two('号码由多名客户共用', 'The number is shared by several customers.'),
};
const id = (n) => `0193581e-7a00-7000-8000-${String(n).padStart(12, '0')}`;

const me = (role) => ({ subject: role === 'agent' ? 'a_01' : `demo-${role}`, role, queue: role === 'agent' ? 'wealth-remote' : null,
	now: NOW, simulated_clock: true, zone: 'Asia/Shanghai', version: '0.1.0', environment: 'demo', expires_at: null });

const reason = (fate, code, count) => ({ fate, code, text: REASONS[code] || two('', ''), count });
const campaign = (code, zh, en, state, purpose, run) => ({ code, name: two(zh, en), state, version: 5, active_version: state === 'draft' ? null : 4, author: 'demo-ops',
	approved_by: state === 'draft' ? null : 'demo-compliance', hash: 'a1'.repeat(32), updated_at: NOW, purpose,
	last_run: run ? { run_id: id(900), as_of: NOW, audience: run[0], planned: run[1] } : null });
const segment = (code, zh, en, n, failure = null) => ({ code, name: two(zh, en), version: 2, rule: 'true', state: 'active', author: 'demo-ops', hash: 'b2'.repeat(32),
	as_of: failure ? null : NOW, matched: failure ? null : n, undecided: failure ? null : 31, entered: failure ? null : 204, left: failure ? null : 0, failure, updated_at: NOW });
const stage = (code, zh, en, customers) => ({ code, name: two(zh, en), customers });

function overview(kind) {
	const empty = kind === 'empty';
	return {
		as_of: NOW, zone: 'Asia/Shanghai', customers: empty ? 0 : 20000,
		needs_you: empty ? [] : [
			{ kind: 'campaign_approval', id: 'falling_balance', text: two('活动 falling_balance 的第 5 版等待审批', 'version 5 of campaign falling_balance waits for approval'), since: '2026-11-23T01:00:00Z' },
			{ kind: 'number_suspended', id: '4', text: two('码号 02155550111 已停用', 'caller number 02155550111 is suspended'), since: null }],
		funnel: {
			run_as_of: empty ? null : NOW, scope: empty ? 0 : 20000, audience: empty ? 0 : 3028, undecided: empty ? 0 : 412,
			by_fate: { planned: 618, held_out: 151, already: 12, blocked: 1931, deferred: 204, review: 72, no_contact_point: 30, no_number: 10 },
			reasons: empty ? [] : [
				reason('held_out', '', 151), reason('already', '', 12), reason('blocked', 'CONSENT_MISSING', 1731), reason('blocked', 'CONSENT_WITHDRAWN', 112),
				reason('blocked', 'DNC_INTERNAL', 88), reason('deferred', 'FREQ_CAP_WEEK', 190), reason('deferred', 'QUIET_HOURS', kind === 'broken' ? 15 : 14),
				reason('review', 'SHARED_NUMBER_REVIEW', 72), reason('no_contact_point', '', 30), reason('no_number', '', 10), reason('planned', '', 618)],
			adds_up: kind !== 'broken',
			tasks: { planned: 0, ready: 12, sending: 0, queued: 481, accepted: 3, in_progress: 2, unknown: 1, done: 90, no_contact: 24, expired: 0, cancelled: 1, recalled: 4, blocked: 0, failed: 0 },
			outcomes: { interested: 41, declined: 33, call_back: 6, no_answer: 24, wrong_number: 1, do_not_call: 8, complaint: 1, other: 0 },
			pushed: 606, permits: 116, reached: 90 },
		stages: { model: 'wealth', version: 1, name: two('财富客户', 'Wealth customers'), items: empty ? [] : [
			stage('prospect', '潜客', 'Prospect', 1203), stage('onboarding', '新客', 'Onboarding', 842), stage('growing', '成长', 'Growing', 6120), stage('mature', '成熟', 'Mature', 7340),
			stage('at_risk', '流失预警', 'At risk', 1310), stage('dormant', '休眠', 'Dormant', 2640), stage('lost', '流失', 'Lost', 310), stage('win_back', '挽回', 'Win-back', 22)], unplaced: empty ? 0 : 213, as_of: NOW },
		segments: empty ? [] : [segment('maturing_30d', '三十天内到期', 'Maturing in 30 days', 1822), segment('falling_balance', '资产下降', 'Falling balance', 1206),
			segment('high_value', '高净值且近九十天资产明显下降的客户', 'High value customers whose assets fell markedly in 90 days', 0), segment('complained_90d', '近九十天投诉', 'Complained in 90 days', 0, { code: 'TIMEOUT', detail: 'evaluation took too long' })],
		campaigns: empty ? [] : [campaign('maturing_product', '到期关怀', 'Maturity care', 'active', 'MARKETING', [1822, 418]), campaign('falling_balance', '资产流失挽留', 'Retention of falling balances', 'draft', 'MARKETING', null),
			campaign('onboarding_welcome', '新客欢迎', 'Welcome call', 'paused', 'SERVICE', [842, 200])],
		decisions: { ALLOW: 618, BLOCK: 1931, DEFER: 204, REVIEW: 72 },
		ledger: { size: 18220417, waiting: 12, checkpoint_at: NOW },
	};
}

const ROWS = [['ALLOW', null, 'C'], ['DEFER', 'QUIET_HOURS', 'D'], ['BLOCK', 'CONSENT_WITHDRAWN', 'P'], ['REVIEW', 'SHARED_NUMBER_REVIEW', 'P'], ['BLOCK', 'CONSENT_MISSING', 'P']];
const row = (n) => {
	const [outcome, code, gate] = ROWS[n % ROWS.length];
	return { decision_id: id(n), gate, decided_at: new Date(Date.parse(NOW) - n * 61000).toISOString().replace('.000Z', 'Z'), outcome, primary_code: code,
		primary_text: code && REASONS[code], codes: code ? [code] : [], customer_ref: `C${100200 + n}`, phone_mask: '138****5678', campaign: 'maturing_product', campaign_version: 4,
		task_id: gate === 'P' ? null : id(500 + n), number: gate === 'P' ? null : '02155550100', channel: 'VOICE', purpose: 'MARKETING', agent: gate === 'C' ? 'a_01' : null,
		next_allowed_at: outcome === 'DEFER' ? '2026-11-24T00:00:00Z' : null, valid_until: outcome === 'ALLOW' ? '2026-11-23T06:06:12Z' : null };
};
const hit = (rule_id, ok, outcome, code, zh, en, layer = 'law') => ({ rule_id, layer, ok, code, outcome, allowed_from: outcome === 'DEFER' ? '2026-11-24T00:00:00Z' : null, allowed_until: null,
	evidence: ok ? 'events=0' : 'consent.marketing.voice = withdrawn (cne_88, 2026-11-22T10:41:09Z)', rule_text: two(zh, en), reason: code && REASONS[code],
	source: '通信短信息和语音呼叫服务管理规定 16', grade: 'V', pack: 'cn', pack_version: '1.0.1' });
const decision = (n) => ({ ...row(n), hits: [
	...(ROWS[n % ROWS.length][1] ? [hit('CN-03', false, 'BLOCK', 'CONSENT_WITHDRAWN', '撤回授权后不得再作营销联系', 'No marketing contact after consent was withdrawn'),
		hit('CN-18', false, 'DEFER', 'QUIET_HOURS', '静默时段不拨打', 'No calls in quiet hours', 'regulator')] : []),
	hit('CN-02', true, null, null, '码号只用于登记的用途', 'A caller number is used only for its registered purpose', 'regulator'),
	hit('HOUSE-03', true, null, null, '三十天内不超过四次', 'At most four contacts in 30 days', 'policy'),
	hit('HOUSE-12', true, 'REQUIRE', null, '须录音', 'The call is recorded', 'policy')],
record: {}, erased: false, proof: { record_hash: '9f3c'.repeat(16), record_hmac: '51ab'.repeat(16), ruleset_hash: '77aa'.repeat(16), ledger_index: n === 3 ? null : 18220417,
	checkpoint: n === 3 ? null : { size: 18220418, root: 'q1Zb0Kd1'.repeat(5) + 'abc=', at: NOW } }, as_of: NOW });

const task = (n, elderly, callback) => ({ task_id: id(500 + n), state: n ? 'queued' : 'accepted', campaign: { code: 'maturing_product', version: 4, name: two('到期关怀', 'Maturity care') },
	customer: { ref: `C${100200 + n}`, name_mask: ['王**', '李**', '欧阳**'][n % 3], phone_mask: '138****5678', stage: 'mature', risk_rating: 3, elderly }, queue: 'wealth-remote', agent: n ? null : 'a_01', mine: !n,
	channel: 'VOICE', handler: 'agent', purpose: 'MARKETING', product: 'W-R2-90', number: '02155550100', script: { code: 'maturity_care', version: 1 }, priority: 50,
	not_before: NOW, not_after: '2026-11-25T10:00:00Z', callback_at: callback ? '2026-11-23T06:30:00Z' : null, decision_id: id(n), updated_at: NOW });
const tasks = () => Array.from({ length: 8 }, (x, n) => task(n, n === 0, n === 1));
const detail = (n) => ({ ...tasks()[n], may: ['permit', 'outcome'], as_of: NOW,
	script_body: '您好，这里是示范银行远程财富中心，工号为您服务，本次通话将录音。您持有的产品即将到期，届时资金将返还到账。如您愿意，我可以介绍一款与您风险测评等级相匹配的产品；该产品不保本，过往业绩不代表未来表现。如不希望再接到此类来电，请随时告诉我。',
	holdings: [{ kind: 'wealth', open: 2, amount: { amount: '500000.00', currency: 'CNY' }, next_maturity_on: '2026-11-26' }, { kind: 'deposit', open: 1, amount: { amount: '12345678901.23', currency: 'CNY' }, next_maturity_on: null }] });
const permit = (kind) => (kind === 'refused'
	? { granted: false, permit_id: null, decision_id: id(3), number: null, phone_mask: '138****5678', valid_until: null, valid_seconds: null, state: 'recalled', reasons: [{ code: 'CONSENT_WITHDRAWN', text: REASONS.CONSENT_WITHDRAWN }], next_allowed_at: '2026-11-24T00:00:00Z' }
	: { granted: true, permit_id: id(700), decision_id: id(0), number: '02155550100', phone_mask: '138****5678', valid_until: '2026-11-23T06:06:12Z', valid_seconds: kind === 'expired' ? 0 : 60, state: 'in_progress', reasons: [], next_allowed_at: null });

const problem = (status, code, title, detail) => [status, { type: 'urn:steward:problem:' + code.toLowerCase().replaceAll('_', '-'), title, status, code, detail, instance: '', trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', retryable: status >= 500 }];

/* What the API answers to METHOD PATH for a token "role" or "role-state". */
function reply(method, url, token) {
	const [role, kind] = (token || '').split('-');
	const path = url.pathname.slice(3);
	if (!['ops', 'agent', 'compliance', 'operator', 'admin'].includes(role)) return problem(401, 'TOKEN_REFUSED', 'A valid token is needed', 'this token is not known');
	if (path === '/me') return [200, me(role)];
	if (kind === 'failed') return problem(503, 'DATABASE_UNAVAILABLE', 'Try again later', 'the database did not answer in 2 s');
	if (kind === 'withheld') return problem(403, 'FORBIDDEN', 'Not for this role', 'the role ops may not do this');
	if (path === '/overview') return [200, overview(kind)];
	if (path === '/decisions') return [200, { items: kind === 'empty' ? [] : Array.from({ length: 50 }, (x, n) => row(n)), next_cursor: kind === 'empty' ? null : 'next', zone: 'Asia/Shanghai', as_of: NOW }];
	let found = /^\/decisions\/[^/]*?(\d+)$/.exec(path);
	if (found) return [200, decision(Number(found[1]) % 1000)];
	if (/^\/decisions\/.*\/replay$/.test(path)) return [200, { decision_id: id(2), identical: true, record_hash: '9f3c'.repeat(16), replayed_hash: '9f3c'.repeat(16), at: NOW }];
	if (path === '/tasks') return [200, { items: kind === 'empty' ? [] : tasks(), as_of: NOW }];
	found = /^\/tasks\/[^/]*?(\d+)(\/\w+)?$/.exec(path);
	if (!found) return problem(404, 'NOT_FOUND', 'Not found', 'there is no such thing');
	const n = Math.max(0, (Number(found[1]) % 1000) - 500);
	if (found[2] === '/permit') return [200, permit(kind)];
	if (found[2] === '/outcome') return [201, { outcome_id: id(800), task: { ...task(n), state: 'done' }, objection_recorded: false, cancelled: 0, recalled: 0 }];
	if (found[2]) return [200, { ...detail(n), state: 'accepted', agent: 'a_01', mine: true }];
	return [200, detail(n)];
}

/* Gives the server once it listens; port 0: any free one. */
export function startMock(port = 0) {
	const server = createServer(async (request, response) => {
		const url = new URL(request.url, 'http://console');
		if (url.pathname.startsWith('/v1/')) {
			const [status, body] = reply(request.method, url, (request.headers.authorization || '').replace('Bearer ', ''));
			response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' });
			response.end(JSON.stringify(body));
			return;
		}
		const name = normalize(url.pathname.replace(/^\/console\/?/, '/'));
		const file = join(root, 'api', 'console', extname(name) ? name : 'index.html');
		try {
			const data = await readFile(file);
			response.writeHead(200, { 'Content-Type': TYPES[extname(file)] || 'text/plain', 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' });
			response.end(data);
		} catch {
			response.writeHead(404).end();
		}
	});
	return new Promise((done) => { server.listen(port, '127.0.0.1', () => done(server)); });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const server = await startMock(Number(process.argv[2]) || 0);
	console.log(`http://127.0.0.1:${server.address().port}/console/`);
}
