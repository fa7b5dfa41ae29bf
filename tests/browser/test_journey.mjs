/* test_journey.mjs - what the three roles do, in both languages, against the real binary.
 *
 * Pictures of every screen go to build/shots; nothing compares them. */
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
const LANGS = ['zh-CN', 'en'];

let world;
let browser;
const addresses = new Set();

before(async () => {
	mkdirSync(shots, { recursive: true });
	world = await openWorld();
	browser = await openBrowser();
});
after(async () => {
	if (browser) await browser.close();
	if (world) await world.close();
});

/* Runs body in a tab and then asks what went wrong in it. */
async function inTab(options, body) {
	const tab = await openTab(browser, options);
	try {
		await body(tab.page);
		assert.deepEqual(await violations(tab.page), [], 'violations of the content security policy');
		assert.deepEqual(tab.wrong, [], 'errors in the console');
	} finally {
		tab.urls.forEach((url) => addresses.add(url));
		await tab.close();
	}
}

const number = (text) => Number(text.replace(/[^\d]/g, ''));
const dock = (page) => page.locator('[data-panel=dock]');
const customer = async (page) => (await page.locator('[data-panel=customer] h2').first().innerText()).trim();

/* Nothing but keys from here: d asks for the permit; a refused one is passed over by n. */
async function getPermit(page) {
	await dock(page).waitFor();
	for (let tries = 0; tries < 8; tries++) {
		await page.keyboard.press('d');
		await page.locator('[data-permit=granted], [data-permit=refused]').waitFor();
		if (await page.locator('[data-permit=granted]').count()) return;
		const before = await customer(page);
		await page.keyboard.press('n');
		await page.waitForFunction((name) => document.querySelector('[data-panel=customer] h2').innerText.trim() !== name, before);
		await page.locator('[data-permit=ask]').waitFor();
	}
	assert.fail('eight tasks in a row were refused');
}

test('a wrong token is refused in words, in both languages', async () => {
	for (const lang of LANGS) {
		await inTab({ lang }, async (page) => {
			await page.goto(world.api + '/console/');
			await page.locator('input[name=token]').fill('not-a-token');
			await page.keyboard.press('Enter');
			const alert = page.locator('[role=alert]');
			await alert.waitFor();
			assert.ok((await alert.innerText()).includes(texts[lang]['signin.refused']));
			assert.equal(await page.locator('header.top').count(), 0);
			/* The right one works at once. */
			await page.locator('input[name=token]').fill(world.tokens.ops);
			await page.keyboard.press('Enter');
			await page.locator('header.top').waitFor();
		});
	}
});

for (const lang of LANGS) {
	const t = texts[lang];

	test(`ops: the funnel adds up and its reasons open in the log (${lang})`, async () => {
		await inTab({ lang }, async (page) => {
			await signIn(page, world.api, world.tokens.ops);
			await page.locator('[data-adds-up]').waitFor();
			assert.equal(await page.locator('h1').innerText(), t['overview.title']);
			assert.equal(await page.locator('[data-adds-up]').getAttribute('data-adds-up'), 'yes');
			const figures = (selector) => page.locator(`table.wf ${selector} [data-figure]`).allInnerTexts();
			const [, audience] = (await figures('tr.base')).map(number);
			const cuts = [...await figures('tr.cut'), ...await figures('tr.held')].map(number);
			const [planned] = (await figures('tr.out')).map(number);
			assert.ok(audience > 100 && planned > 20 && cuts.length > 5, `${audience} ${planned} ${cuts.length}`);
			assert.equal(cuts.reduce((a, b) => a + b, 0) + planned, audience);
			for (const panel of ['needs', 'today', 'campaigns', 'segments', 'stages']) assert.ok(await page.locator(`[data-panel=${panel}]`).isVisible(), panel);
			assert.ok(await page.locator('.head time[datetime]').count());

			/* A figure's link opens as many rows of that first reason as the figure says. */
			const reasons = page.locator('table.wf tr.cut:has(a)');
			const counts = (await reasons.locator('[data-figure]').allInnerTexts()).map(number);
			const which = counts.findIndex((n) => n > 1 && n < 50);
			assert.ok(which >= 0, counts.join(' '));
			const link = reasons.nth(which).locator('a');
			const why = (await link.innerText()).split(' · ')[1];
			const code = new URL(await link.getAttribute('href'), world.api).searchParams.get('primary');
			await link.click();
			await page.locator('table.cards tbody tr').first().waitFor();
			const first = await page.locator('table.cards tbody tr td:nth-of-type(2)').allInnerTexts();
			assert.equal(first.length, counts[which], code);
			assert.ok(first.every((x) => x.trim() === why), why);
			assert.equal(await page.locator('input[name=primary]').inputValue(), code);
			assert.equal(await page.locator('h1').innerText(), t['log.title']);
			/* The address is the state: back leads to the overview, a reload stays. */
			await page.reload();
			await page.locator('table.cards tbody tr').first().waitFor();
			assert.equal(await page.locator('input[name=primary]').inputValue(), code);
			await page.goBack();
			await page.locator('[data-adds-up=yes]').waitFor();
		});
	});

	test(`agent: permit and outcome with three keys (${lang})`, async () => {
		await inTab({ lang }, async (page) => {
			await page.goto(world.api + '/console/');
			await page.locator('input[name=token]').waitFor();
			for (let i = 0; i < 5 && await page.evaluate(() => document.activeElement.name !== 'token'); i++) await page.keyboard.press('Tab');
			await page.keyboard.type(world.tokens.a_01);
			await page.keyboard.press('Enter');
			await dock(page).waitFor();
			assert.equal(await page.locator('h1').innerText(), t['work.title']);
			assert.equal(await page.locator('nav.rail').count(), 0);

			/* Before there is a permit, an outcome cannot be chosen. */
			await page.keyboard.press('1');
			assert.equal(await page.locator('.outs [aria-pressed=true]').count(), 0);

			await getPermit(page);
			const called = await customer(page);
			await page.screenshot({ path: join(shots, `work-granted-${lang}.png`), fullPage: true });
			assert.match(await page.locator('[data-permit=granted]').innerText(), /\*{4}/);
			/* The number itself is one click away, and gone when it is hidden again. */
			await page.locator('button[data-reveal=ask]').click();
			assert.match(await page.locator('[data-reveal=shown]').innerText(), /\+\d{8,}/);
			await page.locator('[data-reveal=box] button.link').click();
			assert.equal(await page.locator('[data-reveal=shown]').count(), 0);
			const key = lang === 'en' ? '4' : '1';
			await page.keyboard.press(key);
			assert.equal(await page.locator('.outs [aria-pressed=true]').count(), 1);
			await page.keyboard.press('Enter');
			const saved = page.locator('p.note[role=status]');
			await saved.waitFor();
			assert.ok((await saved.innerText()).includes(t[lang === 'en' ? 'outcome.no_answer' : 'outcome.interested']));
			/* The next task is open already. */
			await page.waitForFunction((name) => {
				const now = document.querySelector('[data-panel=customer] h2');
				return now && now.innerText.trim() !== name;
			}, called);
		});
	});

	test(`agent: changing the language keeps the permit and the note (${lang})`, async () => {
		await inTab({ lang }, async (page) => {
			await signIn(page, world.api, world.tokens.a_02);
			await getPermit(page);
			await page.locator('[data-panel=dock] textarea').fill('note 1234');
			await page.getByText(t['shell.other_language'], { exact: true }).click();
			assert.equal(await page.locator('h1').innerText(), texts[lang === 'en' ? 'zh-CN' : 'en']['work.title']);
			assert.equal(await page.locator('[data-permit=granted]').count(), 1);
			assert.equal(await page.locator('[data-panel=dock] textarea').inputValue(), 'note 1234');
			assert.equal(await page.evaluate(() => document.documentElement.lang), lang === 'en' ? 'zh-CN' : 'en');
			await page.reload();
			await dock(page).waitFor();
			assert.equal(await page.evaluate(() => document.documentElement.lang), lang === 'en' ? 'zh-CN' : 'en');
		});
	});

	test(`agent: an unqualified agent is refused with the reason (${lang})`, async () => {
		await inTab({ lang }, async (page) => {
			await signIn(page, world.api, world.tokens.a_04);
			await dock(page).waitFor();
			await page.keyboard.press('d');
			const refused = page.locator('[data-permit=refused]');
			await refused.waitFor();
			const said = await refused.innerText();
			assert.ok(said.includes(t['permit.refused']), said);
			assert.ok(said.includes('AGENT_NOT_QUALIFIED'), said);
			assert.equal(await page.locator('.outs [aria-disabled=true]').count(), 8);
			await page.screenshot({ path: join(shots, `work-refused-${lang}.png`), fullPage: true });
		});
	});

	test(`agent: other screens are not theirs (${lang})`, async () => {
		await inTab({ lang }, async (page) => {
			await signIn(page, world.api, world.tokens.a_01, '/console/log');
			assert.ok((await page.locator('main').innerText()).includes(t['error.not_yours']));
		});
	});

	for (const [what, filter, row, panel] of [
		['a denied decision', { outcome: 'BLOCK' }, () => true, 'verdict.BLOCK'],
		['the refusal of the unqualified agent', { gate: 'C', outcome: 'BLOCK' }, (cells) => cells.includes('a_04'), 'verdict.BLOCK'],
		["the agent's dial decision", { gate: 'C', outcome: 'ALLOW' }, (cells) => cells.includes('a_01'), 'verdict.ALLOW']]) {
		test(`compliance: finds ${what}, replays it, sees its proof (${lang})`, async () => {
			await inTab({ lang }, async (page) => {
				await signIn(page, world.api, world.tokens.compliance);
				await page.locator('table.cards').waitFor();
				assert.equal(await page.locator('h1').innerText(), t['log.title']);
				for (const [name, value] of Object.entries(filter)) {
					await page.locator(`select[name=${name}]`).focus();
					await page.locator(`select[name=${name}]`).selectOption(value);
					await page.waitForFunction(([n, v]) => new URLSearchParams(location.search).get(n) === v, [name, value]);
				}
				await page.waitForFunction((word) => {
					const cells = [...document.querySelectorAll('table.cards tbody tr td:nth-of-type(1)')];
					return cells.length > 0 && cells.every((cell) => cell.innerText.includes(word));
				}, t[panel]);
				/* A filter keeps the focus where it was. */
				assert.equal(await page.evaluate(() => document.activeElement.name), Object.keys(filter).pop());
				const rows = await page.locator('table.cards tbody tr').evaluateAll((all) => all.map((r) => [...r.children].map((c) => c.innerText.trim())));
				const at = rows.findIndex(row);
				assert.ok(at >= 0, `${rows.length} rows, none fits`);
				await page.locator('table.cards tbody tr').nth(at).locator('a').click();

				await page.locator('.verdict').waitFor();
				assert.ok((await page.locator('.verdict').innerText()).includes(t[panel]));
				assert.ok(await page.locator('.hits details').count() > 0, 'rules are listed');
				if (filter.outcome === 'BLOCK') assert.ok(await page.locator('.hits details[open]').count() > 0, 'the rule that said no stands open');

				const proof = page.locator('[data-panel=proof]');
				const replay = proof.getByRole('button', { name: t['decision.replay'] });
				await replay.focus();
				await page.keyboard.press('Enter');
				await proof.locator('.pill, [role=alert]').waitFor();
				assert.ok((await proof.innerText()).includes(t['decision.identical']), await proof.innerText());
				/* The sealer takes a moment; then the decision has its number in the ledger. */
				for (let tries = 0; tries < 50 && (await proof.innerText()).includes(t['decision.waiting']); tries++) {
					await page.waitForTimeout(200);
					await page.reload();
					await proof.waitFor();
				}
				assert.match((await proof.locator('dd').first().innerText()).trim(), /^[\d,]+$/);
				assert.match((await proof.locator('dd').nth(2).innerText()).trim(), /^[A-Za-z0-9+/=]{40,}$/);
				assert.match((await proof.locator('dd').nth(3).innerText()).trim(), /^[0-9a-f]{64}$/);
			});
		});
	}
}

/* The lifecycle model in force, mature from another amount on, as a draft of ops. */
async function propose(amount) {
	const call = async (path, options) => {
		const response = await fetch(world.api + path, { ...options, headers: { Authorization: `Bearer ${world.tokens.ops}`, 'Content-Type': 'application/json', 'Idempotency-Key': `propose-${amount}` } });
		assert.ok(response.ok, `${path}: ${response.status}`);
		return response.json();
	};
	const { document } = await call('/v1/lifecycle/models/wealth/versions/1');
	document.transitions.find((m) => m.reason === 'settled').when = `customer.tenure_days >= 730 && customer.aum >= money("${amount}")`;
	return (await call('/v1/lifecycle/models', { method: 'POST', body: JSON.stringify(document) })).version;
}

for (const [lang, amount] of [['zh-CN', '100000'], ['en', '900000']]) {
	const t = texts[lang];

	test(`a lifecycle model comes into force by two people (${lang})`, async () => {
		const version = await propose(amount);
		const own = `/console/stages/wealth/${version}`;
		const button = (page, verb) => page.locator(`[data-panel=actions] [data-verb=${verb}]`);
		const state = (page, word) => page.locator('[data-panel=facts] .pill').filter({ hasText: word }).waitFor();

		await inTab({ lang }, async (page) => {
			await signIn(page, world.api, world.tokens.ops, '/console/stages');
			await page.locator('[data-panel=promises] tbody tr').first().waitFor();
			assert.equal(await page.locator('h1').innerText(), t['stages.title']);
			await page.locator(`[data-panel=versions] a[href="${own}"]`).click();
			await state(page, t['model.draft']);
			await button(page, 'submit').click();
			/* Whoever wrote it waits. */
			await page.getByText(t['stages.waits']).waitFor();
			assert.equal(await button(page, 'approve').count(), 0);
		});
		await inTab({ lang }, async (page) => {
			await signIn(page, world.api, world.tokens.compliance, own);
			await page.locator('[data-panel=preview] table.matrix').first().waitFor();
			await page.locator('[data-panel=validation] table').first().waitFor();
			assert.ok(await page.locator('td.moved').count() > 0, 'somebody would be elsewhere');
			assert.match(await page.locator('[data-panel=preview]').innerText(), /C\*{4}\d{3}/);
			await page.locator('input[name=why]').fill('90%');
			await button(page, 'reject').click();
			await page.getByText(t['stages.sent_back'].replace('{why}', '90%')).waitFor();
		});
		await inTab({ lang }, async (page) => {
			await signIn(page, world.api, world.tokens.ops, own);
			await button(page, 'submit').click();
			await state(page, t['model.submitted']);
		});
		await inTab({ lang }, async (page) => {
			await signIn(page, world.api, world.tokens.compliance, own);
			await button(page, 'approve').click();
			await state(page, t['model.approved']);
			assert.equal(await button(page, 'activate').count(), 0);
		});
		await inTab({ lang }, async (page) => {
			await signIn(page, world.api, world.tokens.ops, own);
			await button(page, 'activate').click();
			await state(page, t['model.active']);
		});
	});
}

test('every screen fits at 390 px and at 1280 px, in both languages, light and dark', async () => {
	const screens = [['overview', 'ops', '/console/overview', '[data-adds-up]'], ['log', 'compliance', '/console/log', 'table.cards'],
		['stages', 'ops', '/console/stages', '[data-panel=promises] tbody'], ['version', 'compliance', '/console/stages/wealth/2', '[data-panel=validation] table'],
		['decision', 'compliance', null, '[data-panel=proof]'], ['work', 'a_03', '/console/work', '[data-panel=dock]'], ['signin', null, '/console/', 'form']];
	let decision;
	for (const [name, who, path, ready] of screens) {
		for (const [lang, theme, size] of [['zh-CN', 'light', WIDE], ['en', 'dark', WIDE], ['zh-CN', 'dark', NARROW], ['en', 'light', NARROW]]) {
			await inTab({ lang, theme, size }, async (page) => {
				if (who) await signIn(page, world.api, world.tokens[who], path || decision);
				else await page.goto(world.api + path);
				await page.locator(ready).first().waitFor();
				if (name === 'log' && !decision) decision = await page.locator('table.cards tbody a').first().getAttribute('href');
				await page.screenshot({ path: join(shots, `${name}-${lang}-${theme}-${size.width}.png`), fullPage: name !== 'log' });
				const wide = await overflow(page);
				assert.ok(wide.by <= 0, `${name} ${lang} ${size.width}: ${wide.by} px too wide: ${wide.what.join(', ')}`);
				/* The shell is in the language that was asked for. */
				assert.equal(await page.evaluate(() => document.documentElement.lang), lang);
				assert.ok((await page.title()).endsWith('Steward'));
			});
		}
	}
});

test('keys: the first Tab leads to the skip link, and focus can be seen', async () => {
	await inTab({ lang: 'en' }, async (page) => {
		await signIn(page, world.api, world.tokens.ops);
		await page.locator('[data-adds-up]').waitFor();
		await page.evaluate(() => document.activeElement.blur());
		await page.keyboard.press('Tab');
		assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
		for (let i = 0; i < 12; i++) {
			await page.keyboard.press('Tab');
			const seen = await page.evaluate(() => {
				const style = getComputedStyle(document.activeElement);
				return document.activeElement === document.body || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2);
			});
			assert.ok(seen, `focus ${i} cannot be seen`);
		}
	});
});

/* Last: it looks at all the addresses the others used. */
test("no address carries a person's data", () => {
	assert.ok(world.names.size > 1000 && addresses.size > 30, `${world.names.size} ${addresses.size}`);
	for (const address of addresses) {
		const plain = decodeURIComponent(address);
		assert.doesNotMatch(plain, /1[3-9]\d{9}/, plain);
		for (const name of world.names) assert.ok(!plain.includes(name), plain);
	}
	for (const token of Object.values(world.tokens)) for (const address of addresses) assert.ok(!address.includes(token), address);
});
