/* test_screens.mjs - the screens beside the main journey, each with what is right and what
 * is wrong typed into it, against the real binary; and that each fits in both languages. */
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NARROW, WIDE, openBrowser, openTab, overflow, signIn, violations } from './browser.mjs';
import { openWorld } from './world.mjs';

const root = process.env.STW_TEST_ROOT;
const shots = join(root, 'build', 'shots');
const catalogue = async (lang) => (await import('data:text/javascript;base64,' + readFileSync(join(root, 'api', 'console', 'i18n', `${lang}.js`)).toString('base64'))).default;
const texts = { 'zh-CN': await catalogue('zh-CN'), en: await catalogue('en') };

let world;
let browser;
let customer;
let called;
let permit;

/* The API as a role, for what a screen is to find there. */
async function call(role, path, body, method = body === undefined ? 'GET' : 'POST') {
	const response = await fetch(world.api + path, { method, body: body === undefined ? undefined : JSON.stringify(body),
		headers: { Authorization: `Bearer ${world.tokens[role]}`, 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() } });
	const answer = await response.json();
	assert.ok(response.ok, `${method} ${path}: ${response.status} ${answer.detail}`);
	return answer;
}

before(async () => {
	mkdirSync(shots, { recursive: true });
	world = await openWorld(400);
	browser = await openBrowser();
	for (const { ref } of (await call('ops', '/v1/customers?limit=50')).items) {
		const { items } = await call('ops', `/v1/customers/${ref}/consents`);
		if (items.some((c) => c.action === 'grant' && c.purpose === 'MARKETING')) customer = customer || ref;
	}
	assert.ok(customer);
	await callSomebody();
});

/* An agent reaches somebody, who wants to be called back. */
async function callSomebody() {
	for (const task of (await call('a_01', '/v1/tasks')).items) {
		await call('a_01', `/v1/tasks/${task.task_id}/accept`, {});
		const granted = await call('a_01', `/v1/tasks/${task.task_id}/permit`, {});
		if (!granted.granted) continue;
		await call('a_01', `/v1/tasks/${task.task_id}/outcome`, { disposition: 'call_back', callback_at: '2026-11-24T03:00:00Z' });
		called = task.customer.ref;
		permit = granted.permit_id;
		return;
	}
	assert.fail('no task was granted a permit');
}
after(async () => {
	if (browser) await browser.close();
	if (world) await world.close();
});

/* Runs body in a tab of a role at a screen, and then asks what went wrong in it. */
async function at(role, path, body, options = { lang: 'en' }) {
	const tab = await openTab(browser, options);
	try {
		await signIn(tab.page, world.api, world.tokens[role], '/console/' + path);
		await settled(tab.page);
		await body(tab.page, texts[options.lang]);
		assert.deepEqual(await violations(tab.page), [], 'violations of the content security policy');
		assert.deepEqual(tab.wrong.filter((x) => !/status of (400|409)/.test(x)), [], 'errors in the console');
	} finally {
		await tab.close();
	}
}

const settled = (page) => page.waitForFunction(() => document.querySelector('main h1') && !document.querySelector('main p.muted[role=status]'));
const panel = (page, name) => page.locator(`[data-panel=${name}]`);

/* Opens a dialog, says first what is wrong, then fills it in and sends it. */
async function act(page, name, fields = {}, refused = null) {
	await page.locator(`[data-act="${name}"]`).first().click();
	const dialog = page.locator('dialog[open]');
	await dialog.waitFor();
	/* What it says is all there to be read. */
	assert.ok(await dialog.evaluate((d) => d.scrollWidth <= d.clientWidth && getComputedStyle(d).whiteSpace === 'normal'), `${name} is cut off`);
	if (refused !== null) {
		await dialog.locator('[type=submit]').click();
		await dialog.locator('[data-summary]').waitFor();
		assert.equal(await dialog.locator('[aria-invalid=true]').count(), refused, 'fields that are wanted');
		/* The summary has the focus, and its links lead to the fields. */
		assert.ok(await page.evaluate(() => document.activeElement.hasAttribute('data-summary')));
		await dialog.locator('[data-summary] a').first().click();
		assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-invalid')), 'true');
	}
	for (const [field, value] of Object.entries(fields)) {
		const control = dialog.locator(`[name="${field}"]`);
		if (typeof value === 'boolean') await control.setChecked(value);
		else if (await control.evaluate((e) => e.tagName === 'SELECT')) await control.selectOption(value);
		else await control.fill(value);
	}
	await dialog.locator('[type=submit]').click();
	await page.waitForFunction(() => !document.querySelector('dialog[open]') || document.querySelector('dialog[open] [role=alert]'));
	assert.equal(await dialog.count(), 0, await dialog.count() ? await dialog.innerText() : '');
	await settled(page);
}

/* ---- the customer book -------------------------------------------------------------------- */
test('customers: an empty reference is said, a known one opens, an unknown one fails in words', async () => {
	await at('ops', 'customers', async (page, t) => {
		await page.locator('[data-form=open] [type=submit]').click();
		assert.ok((await page.locator('[data-form=open] [role=alert]').innerText()).includes(t['customer.ref']));
		await page.locator('[data-form=open] input').fill(customer);
		await page.keyboard.press('Enter');
		await panel(page, 'facts').waitFor();
		assert.ok(page.url().endsWith('/console/customers/' + customer));
		assert.match(await panel(page, 'facts').innerText(), /\*\*/);
		await page.goto(world.api + '/console/customers/nobody');
		await page.locator('[role=alert]').waitFor();
	});
});

test('contact points: a state is recorded with how, and stands in the history', async () => {
	await at('ops', `customers/${customer}/contacts`, async (page, t) => {
		const act0 = await page.locator('[data-act^=point-]').first().getAttribute('data-act');
		await act(page, act0, { state: 'failed', how: 'call', evidence: 'REC-1' }, 2);
		await panel(page, 'contacts').getByText(t['point.failed']).first().waitFor();
		await panel(page, 'contacts').locator('a').first().click();
		await panel(page, 'history').getByText('REC-1').waitFor();
		await panel(page, 'sharers').waitFor();
	});
});

test('consent: a withdrawal shows its two times, also after a reload', async () => {
	await at('compliance', `customers/${customer}/consent`, async (page, t) => {
		await act(page, 'withdraw', { purpose: 'MARKETING', source: 'branch' }, 1);
		await panel(page, 'withdrawal').getByText(t['consent.committed']).waitFor();
		await panel(page, 'consents').getByText(t['consent_do.withdraw']).first().waitFor();
		await page.reload();
		await panel(page, 'withdrawal').getByText(t['consent.effective']).waitFor();
		await act(page, 'object', { source: 'call' }, 1);
		await panel(page, 'objections').getByText(t['objection.do_not_call']).waitFor();
		await page.locator('[data-act^=lift-]').first().waitFor();
	});
	/* Lifting is not for everybody. */
	await at('ops', `customers/${customer}/consent`, async (page, t) => {
		await panel(page, 'objections').getByText(t['objection.do_not_call']).waitFor();
		assert.equal(await page.locator('[data-act^=lift-]').count(), 0);
	});
});

test('households: declared, and a suggestion confirmed', async () => {
	await at('ops', `customers/${customer}/household`, async (page) => {
		await page.locator('[data-empty]').waitFor();
		await act(page, 'declare', { household: 'H-1', role: 'head' }, 1);
		await panel(page, 'household').getByText('H-1').first().waitFor();
		await act(page, `leave-${customer}`);
	});
	await world.steward('household', 'suggest');
	await at('ops', 'households', async (page) => {
		const one = panel(page, 'suggestion').first();
		const code = await one.locator('caption').innerText();
		await act(page, await one.locator('[data-act^=confirm-]').first().getAttribute('data-act'));
		await page.waitForFunction((name) => {
			const rest = [...document.querySelectorAll('[data-panel=suggestion]')].find((p) => p.innerText.includes(name));
			return !rest || rest.innerText.includes('✓');
		}, code);
	});
});

test('traits: one is added, limited and retired; a name that will not do is refused', async () => {
	await at('ops', 'traits', async (page, t) => {
		await act(page, 'add', { name: 'app_logins', type: 'int', sensitivity: 'ordinary', zh: '登录次数', en: 'logins' }, 5);
		await panel(page, 'facts').getByText('logins').waitFor();
		await page.locator('[data-act=limits]').click();
		await page.locator('dialog [name=max_missing_bp]').fill('many');
		await page.locator('dialog [type=submit]').click();
		assert.ok((await page.locator('dialog [data-summary]').innerText()).includes(t['form.not_number']));
		await page.locator('dialog [name=max_missing_bp]').fill('5');
		await page.locator('dialog [type=submit]').click();
		await panel(page, 'quality').getByText('5 %').waitFor();
		assert.equal((await call('ops', '/v1/traits/app_logins')).quality.limits.max_missing_bp, 500);
		/* Nothing was looked at yet, so that there is nothing to accept. */
		assert.equal(await page.locator('[data-act=accept]').count(), 0);
		await act(page, 'retire');
		await panel(page, 'quality').locator('.pill').waitFor();
	});
	await at('ops', 'traits', async (page) => {
		await page.locator('[data-act=add]').click();
		for (const [name, value] of [['name', 'Not A Name'], ['zh', '名'], ['en', 'name']]) await page.locator(`dialog [name=${name}]`).fill(value);
		for (const [name, value] of [['type', 'int'], ['sensitivity', 'ordinary']]) await page.locator(`dialog [name=${name}]`).selectOption(value);
		await page.locator('dialog [type=submit]').click();
		await page.locator('dialog [role=alert]').first().waitFor();
		/* What was typed stays; Esc leaves without effect. */
		assert.equal(await page.locator('dialog [name=name]').inputValue(), 'Not A Name');
		await page.keyboard.press('Escape');
		await page.waitForFunction(() => !document.querySelector('dialog'));
		assert.equal(await page.evaluate(() => document.activeElement.dataset.act), 'add');
	});
	await at('operator', 'traits', async (page) => {
		await panel(page, 'traits').waitFor();
		assert.equal(await page.locator('[data-act]').count(), 0);
	});
});

test('imports: a run by file', async () => {
	await at('operator', 'imports', async (page, t) => {
		await panel(page, 'imports').locator('a').first().click();
		await panel(page, 'files').getByText('customers.csv').waitFor();
		await panel(page, 'rejects').waitFor();
		assert.equal(await page.locator('h1').innerText(), t['import.one']);
	});
});

test('exports: few rows at once, many by two people', async () => {
	await at('ops', 'exports', async (page) => {
		await panel(page, 'save').locator('[name=what]').selectOption('number_use');
		const [file] = await Promise.all([page.waitForEvent('download'), panel(page, 'save').locator('[data-act=save]').click()]);
		assert.match(file.suggestedFilename(), /^number_use-.*\.csv$/);
		await panel(page, 'manifest').waitFor();
		await page.goBack();
		await act(page, 'request', { what: 'customers', purpose: 'CASE-1' }, 1);
		/* Nobody approves the own request. */
		await panel(page, 'requests').getByText('CASE-1').waitFor();
		assert.equal(await page.locator('[data-act^=approve-]').count(), 0);
	});
	await at('compliance', 'exports', async (page, t) => {
		const name = await page.locator('[data-act^=approve-]').first().getAttribute('data-act');
		await act(page, name);
		await panel(page, 'requests').locator('.pill').filter({ hasText: t['export.approved'] }).waitFor();
	});
	await at('ops', 'exports', async (page, t) => {
		const [file] = await Promise.all([page.waitForEvent('download'), panel(page, 'requests').locator('[data-act=save]').click()]);
		assert.match(file.suggestedFilename(), /^customers-/);
		await panel(page, 'manifest').getByText('CASE-1').waitFor();
		await page.goBack();
		await panel(page, 'requests').locator('.pill').filter({ hasText: t['export.used'] }).waitFor();
	});
});

test('exports: a bundle by two people', async () => {
	await at('compliance', 'exports', async (page) => {
		await act(page, 'bundle', { scope: 'period', from: '2026-11-01', to: '2026-11-30', purpose: 'CASE-2' }, 2);
		await panel(page, 'requests').getByText('CASE-2').waitFor();
	});
	await at('admin', 'exports', async (page, t) => {
		const row = panel(page, 'requests').locator('tr').filter({ hasText: 'CASE-2' });
		const name = await row.locator('[data-act^=approve-]').getAttribute('data-act');
		await act(page, name);
		await row.locator('.pill').filter({ hasText: t['export.approved'] }).waitFor();
	});
	await at('compliance', 'exports', async (page, t) => {
		const row = panel(page, 'requests').locator('tr').filter({ hasText: 'CASE-2' });
		const [file] = await Promise.all([page.waitForEvent('download'), row.locator('[data-act=save]').click()]);
		assert.match(file.suggestedFilename(), /^bundle-[0-9a-f-]{36}\.tar$/);
		await row.locator('.pill').filter({ hasText: t['export.used'] }).waitFor();
	});
	await at('ops', 'exports', async (page) => {
		assert.equal(await page.locator('[data-act=bundle]').count(), 0);
	});
});

/* Before an incident pauses the campaign, and the call-back with it. */
test('agents and call-backs: presence is recorded; a promise is listed by its time', async () => {
	await at('operator', 'agents', async (page, t) => {
		await panel(page, 'agents').getByText('a_02').click();
		await act(page, 'presence', { state: 'busy' }, 1);
		await panel(page, 'facts').locator('.pill').filter({ hasText: t['presence.busy'] }).waitFor();
		await page.goto(world.api + '/console/callbacks');
		await panel(page, 'callbacks').getByText(t['callback_state.open']).first().waitFor();
	});
});

/* ---- compliance ----------------------------------------------------------------------------- */
test('packs: a version is tested, submitted and approved by two people', async () => {
	const { files } = await call('compliance', '/v1/packs/house/versions/1.0.0');
	files['pack.json'] = files['pack.json'].replace('"version": "1.0.0"', '"version": "1.0.1"').replace('"House policy"', '"House rules"');
	await call('compliance', '/v1/packs', { pack: 'house', version: '1.0.1', files });
	await at('compliance', 'packs/house', async (page, t) => {
		await panel(page, 'versions').getByText('1.0.1').click();
		await panel(page, 'tests').locator('[data-act=tests]').click();
		await panel(page, 'tests').locator('[role=status] .pill.allow').waitFor();
		await act(page, 'submit');
		await page.locator('p.note').getByText(t['pack.second']).waitFor();
		assert.equal(await page.locator('[data-act=approve]').count(), 0);
		/* A version in the address is no file's name. */
		await page.reload();
		await panel(page, 'facts').getByText(t['pack.submitted']).waitFor();
	});
	await at('ops', 'packs/house/1.0.1', async (page) => {
		await panel(page, 'diff').waitFor();
		assert.equal(await page.locator('[data-act=approve]').count(), 0);
	});
	await at('admin', 'packs/house/1.0.1', async (page, t) => {
		await page.locator('[data-act=reject]').click();
		await page.locator('dialog [type=submit]').click();
		assert.equal(await page.locator('dialog [aria-invalid=true]').count(), 1);
		await page.keyboard.press('Escape');
		await act(page, 'approve');
		await panel(page, 'facts').locator('.pill').filter({ hasText: t['pack.approved'] }).waitFor();
	});
});

test('caller numbers: suspended at once, resumed by two people', async () => {
	await at('operator', 'numbers', async (page, t) => {
		await panel(page, 'numbers').locator('tbody a').first().click();
		await panel(page, 'health').waitFor();
		await act(page, 'suspend', { reason: 'label' }, 1);
		await panel(page, 'facts').locator('.pill').filter({ hasText: t['number_state.suspended'] }).waitFor();
		await act(page, 'resume', { reason: 'label gone' }, 1);
		await page.goto(world.api + '/console/numbers/changes?state=open');
		await panel(page, 'proposals').getByText('label gone').waitFor();
		await page.locator('[data-act^=withdraw-]').waitFor();
		assert.equal(await page.locator('[data-act^=approve-]').count(), 0);
	});
	await at('compliance', 'numbers/changes?state=open', async (page) => {
		await act(page, await page.locator('[data-act^=approve-]').first().getAttribute('data-act'));
		await page.locator('[data-empty]').waitFor();
		await page.goto(world.api + '/console/numbers/usage');
		await panel(page, 'forecast').waitFor();
	});
	await at('ops', 'numbers/outside', async (page) => { await panel(page, 'outside').locator('.pill.allow').waitFor(); });
});

test('complaints: taken down, traced with its gaps, settled', async () => {
	await at('compliance', 'complaints', async (page, t) => {
		await act(page, 'take', { source: 'letter', customer: called, words: 'called at night' }, 2);
		await panel(page, 'facts').getByText('called at night').waitFor();
		await panel(page, 'trace').locator('.trail li').first().waitFor();
		assert.ok(await panel(page, 'trace').locator('a[href^="/console/decisions/"]').count() > 0);
		assert.equal(await page.locator('[data-act=settle]').count(), 0, 'nobody handles it yet');
		await act(page, 'assign');
		await act(page, 'note', { detail: 'asked the branch' }, 1);
		await panel(page, 'steps').getByText('asked the branch').waitFor();
		await act(page, 'settle', { finding: 'rejected' }, 1);
		await panel(page, 'facts').locator('.pill').filter({ hasText: t['complaint.settled'] }).waitFor();
		assert.equal(await page.locator('[data-act=settle]').count(), 0);
	});
});

test('reviews: a draw, and a verdict on the form', async () => {
	await at('compliance', 'reviews', async (page, t) => {
		await page.locator('[data-act=draw]').click();
		await page.locator('dialog [name=seed]').fill('journey');
		await page.locator('dialog [type=submit]').click();
		assert.ok((await page.locator('dialog [data-summary]').innerText()).includes(t['review.seed_wrong']));
		await page.keyboard.press('Escape');
		await act(page, 'draw');
		await panel(page, 'draws').locator('tbody a').first().click();
		await panel(page, 'items').locator('tbody a').first().click();
		const form = panel(page, 'judge');
		await form.locator('[type=submit]').click();
		assert.equal(await form.locator('[aria-invalid=true]').count(), 9);
		for (const box of await form.locator('.fields select').all()) if (await box.getAttribute('name') !== 'verdict') await box.selectOption('yes');
		await form.locator('[name=verdict]').selectOption('pass');
		await form.locator('[type=submit]').click();
		await panel(page, 'verdicts').getByText(t['review.pass']).waitFor();
		assert.equal(await form.count(), 0);
	});
});

test('what waits for a person: allowed with a reason and an end, and ended again', async () => {
	await at('compliance', 'overrides', async (page, t) => {
		const name = await page.locator('[data-act^=allow-]').first().getAttribute('data-act');
		await act(page, name, { expires: '2026-12-01', reason: 'asked the branch' }, 2);
		await page.goto(world.api + '/console/overrides/all');
		await panel(page, 'overrides').locator('tbody a').first().click();
		await panel(page, 'facts').getByText('asked the branch').first().waitFor();
		await act(page, 'withdraw', { reason: 'it was a mistake' }, 1);
		await panel(page, 'facts').locator('.pill').filter({ hasText: t['override_state.withdrawn'] }).waitFor();
	});
	await at('ops', 'overrides', async (page) => {
		await panel(page, 'waiting').waitFor();
		assert.equal(await page.locator('[data-act]').count(), 0);
	});
});

test('incidents: one is closed by saying what was done', async () => {
	await call('ops', '/v1/call-records', { source: 'pbx', reference: 'r-1', number_sent: '02155550199', permit_id: permit, started_at: '2026-11-23T02:00:00Z', duration_sec: 20 });
	await at('operator', 'incidents', async (page) => {
		await panel(page, 'incidents').locator('tbody a').first().click();
		await panel(page, 'facts').waitFor();
		assert.equal(await page.locator('[data-act]').count(), 0);
	});
	await at('compliance', 'incidents?state=open', async (page, t) => {
		await panel(page, 'incidents').locator('tbody a').first().click();
		await act(page, 'close', { note: 'a test call' }, 1);
		await panel(page, 'facts').locator('.pill').filter({ hasText: t['incident.closed'] }).waitFor();
	});
});

/* ---- operations ------------------------------------------------------------------------------- */
test('queues: closed with a reason, opened, settings changed; a wrong number is said', async () => {
	await at('operator', 'queues', async (page, t) => {
		await panel(page, 'queues').locator('tbody a').first().click();
		await act(page, 'disable', { reason: 'upkeep' }, 1);
		await panel(page, 'facts').getByText('upkeep').waitFor();
		await act(page, 'enable', { reason: 'done' }, 1);
		await page.locator('[data-act=settings]').click();
		await page.locator('dialog [name=tries_max]').fill('0');
		await page.locator('dialog [type=submit]').click();
		assert.ok((await page.locator('dialog [data-summary]').innerText()).includes(t['queue.not_count']));
		await page.locator('dialog [name=tries_max]').fill('7');
		await page.locator('dialog [name=rate]').fill('5');
		await page.locator('dialog [type=submit]').click();
		await panel(page, 'facts').getByText('5 / 1 s').waitFor();
	});
	await at('compliance', 'queues', async (page) => {
		await panel(page, 'queues').locator('tbody a').first().click();
		await panel(page, 'health').waitFor();
		assert.equal(await page.locator('[data-act]').count(), 0);
	});
});

test('dead letters: many are counted before anything is sent', async () => {
	await at('operator', 'dead-letters?reason=tries', async (page, t) => {
		await page.locator('[data-act=count]').click();
		await panel(page, 'many').getByText(t['dead.counted'].replace('{n}', '0').replace('{of}', '0')).waitFor();
		assert.equal(await page.locator('[data-act=requeue-many]').count(), 0);
	});
	await at('ops', 'dead-letters', async (page) => {
		await panel(page, 'letters').waitFor();
		assert.equal(await panel(page, 'many').count(), 0);
	});
});

/* ---- all of them --------------------------------------------------------------------------- */
const SCREENS = () => [['ops', 'customers'], ['ops', `customers/${customer}`], ['ops', `customers/${customer}/contacts`], ['ops', `customers/${customer}/household`], ['compliance', `customers/${customer}/consent`],
	['ops', 'households'], ['ops', 'traits'], ['ops', 'traits/aum'], ['operator', 'imports'], ['ops', 'exports'],
	...['overrides', 'overrides/all', 'complaints', 'incidents', 'reviews', 'numbers', 'numbers/1', 'numbers/changes', 'numbers/usage', 'numbers/outside', 'numbers/differences', 'packs', 'packs/house', 'packs/house/1.0.0'].map((path) => ['compliance', path]),
	...['queues', 'queues/wealth-remote', 'dead-letters', 'agents', 'agents/a_01', 'callbacks'].map((path) => ['operator', path])];

test('every screen fits at 390 px and at 1280 px, in both languages', async () => {
	const bare = new Set();
	for (const role of new Set(SCREENS().map(([who]) => who))) {
		for (const [lang, theme, size] of [['zh-CN', 'light', WIDE], ['en', 'dark', NARROW]]) {
			const paths = SCREENS().filter(([who]) => who === role).map(([, path]) => path);
			await at(role, paths[0], async (page, t) => {
				for (const path of paths) {
					await page.goto(`${world.api}/console/${path}`);
					await settled(page);
					const name = path.replaceAll(customer, 'one').replace(/[^\w-]+/g, '-');
					await page.screenshot({ path: join(shots, `${name}-${lang}-${theme}-${size.width}.png`) });
					const wide = await overflow(page);
					assert.ok(wide.by <= 0, `${path} ${lang} ${size.width}: ${wide.by} px too wide: ${wide.what.join(', ')}`);
					assert.equal(await page.locator('main [role=alert]').count(), 0, path);
					/* No key of the catalogue stands where its text should. */
					const words = await page.locator('body').innerText();
					for (const key of Object.keys(t)) if (path !== 'traits' && key.length > 8 && words.includes(key)) bare.add(`${path}: ${key}`);
					/* What can be pressed or entered has a name. */
					const nameless = await page.locator('button, a, input, select, textarea').evaluateAll((all) => all.filter((e) => !(e.innerText || e.getAttribute('aria-label') || (e.labels && e.labels.length))).length);
					assert.equal(nameless, 0, `${path}: ${nameless} controls without a name`);
				}
			}, { lang, theme, size });
		}
	}
	assert.deepEqual([...bare], []);
});
