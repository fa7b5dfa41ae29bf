/* browser.mjs - Chromium for the tests: a page that remembers what went wrong in it. */
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync'];

export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 390, height: 844 };

export function openBrowser() {
	return chromium.launch({ executablePath: process.env.STW_TEST_CHROMIUM || '/usr/bin/chromium', args: FLAGS });
}

/* A tab of its own. wrong: console errors, failed scripts, violations of the policy;
 * urls: every address the tab had or asked for. */
export async function openTab(browser, { lang = 'zh-CN', theme = 'light', size = WIDE } = {}) {
	const context = await browser.newContext({ viewport: size, colorScheme: theme, locale: lang, timezoneId: 'Europe/Berlin', reducedMotion: 'reduce' });
	const page = await context.newPage();
	const wrong = [];
	const urls = [];
	page.setDefaultTimeout(15000);
	/* Answers that the API refuses are reported by the browser as errors of loading. */
	page.on('console', (message) => {
		if (['error', 'warning'].includes(message.type()) && !/status of (401|403|404|503)/.test(message.text())) wrong.push(message.text());
	});
	page.on('pageerror', (error) => wrong.push(error.message));
	page.on('request', (request) => urls.push(request.url()));
	page.on('framenavigated', (frame) => urls.push(frame.url()));
	await page.addInitScript(() => {
		globalThis.violations = [];
		document.addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(`${event.effectiveDirective} ${event.blockedURI}`));
	});
	return { page, wrong, urls, close: () => context.close() };
}

export async function signIn(page, base, token, path = '/console/') {
	await page.goto(base + path);
	await page.locator('input[name=token]').fill(token);
	await page.keyboard.press('Enter');
	await page.locator('header.top').waitFor();
}

/* How far the page is wider than the window, and what sticks out. */
export function overflow(page) {
	return page.evaluate(() => ({
		by: document.documentElement.scrollWidth - innerWidth,
		what: [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll') && !e.closest('.sr'))
			.slice(0, 4).map((e) => `${e.tagName}.${e.className} ${Math.round(e.getBoundingClientRect().right)}`),
	}));
}

export function violations(page) {
	return page.evaluate(() => globalThis.violations);
}
