/* test_sources.mjs - what can be said about api/console without a browser: the catalogues,
 * the colours, the libraries, who may call fetch. */
import test from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(process.env.STW_TEST_ROOT || process.cwd(), 'api', 'console');
const read = (name) => readFileSync(join(root, name), 'utf8');
const files = (dir = '') => readdirSync(join(root, dir), { withFileTypes: true }).flatMap((entry) => (
	entry.isDirectory() ? files(join(dir, entry.name)) : [join(dir, entry.name)]));
const all = files();
const own = all.filter((name) => name.endsWith('.js'));
const code = own.filter((name) => !name.startsWith('i18n'));

const catalogue = async (lang) => (await import('data:text/javascript;base64,' + Buffer.from(read(`i18n/${lang}.js`)).toString('base64'))).default;
const zh = await catalogue('zh-CN');
const en = await catalogue('en');
const api = JSON.parse(readFileSync(join(root, '..', 'openapi.json'), 'utf8'));
const HAN = /\p{Script=Han}/u;

/* ---- catalogues -------------------------------------------------------------------- */
const names = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

/* Keys the source names, also those it puts together, and the groups of words. */
const text = code.map(read).join('\n').replace(/\/\*[^]*?\*\//g, '');
const used = new Set([...text.matchAll(/\bt\('([^']+)'(?! \+)/g)].map((m) => m[1]));
for (const m of text.matchAll(/'([\w-]+\.[\w-]+)'/g)) if (m[1] in zh) used.add(m[1]);
for (const m of read('screens/log.js').matchAll(/<\$\{(?:Entry|Choice)\} name="(\w+)"/g)) used.add('log.' + m[1]);
for (const m of /const SCREENS = \{\n([^]*?)\n\};/.exec(text)[1].matchAll(/^\t'?([\w-]+)'?: \{/gm)) used.add('rail.' + m[1]);
for (const name of ['concurrency', 'timeout_ms', 'tries_max']) used.add('queue.' + name);
for (const action of ['confirm', 'reject', 'leave']) used.add('household.effect_' + action);
const groups = [...text.matchAll(/\bword\('(\w+)'/g), ...text.matchAll(/\bwords\('(\w+)'/g)].map((m) => m[1] + '.');
if (/word\(name === 'gate' \? 'gate' : 'verdict'/.test(text)) groups.push('gate.', 'verdict.');

test('both catalogues have the same keys', () => {
	assert.deepEqual(Object.keys(en).sort(), Object.keys(zh).sort());
});

test('a key stands once in its file', () => {
	for (const lang of ['zh-CN', 'en']) {
		const keys = [...read(`i18n/${lang}.js`).matchAll(/^\t'([^']+)':/gm)].map((m) => m[1]);
		assert.deepEqual(keys, [...new Set(keys)], lang);
	}
});

test('both texts of a key have the same placeholders', () => {
	for (const key of Object.keys(zh)) assert.deepEqual(names(en[key]), names(zh[key]), key);
});

test('every key in the source is in the catalogues', () => {
	assert.ok(used.size > 80, `only ${used.size} keys were found in the source`);
	assert.deepEqual([...used].filter((key) => !(key in zh)), []);
});

test('every key of the catalogues is used', () => {
	assert.deepEqual(Object.keys(zh).filter((key) => !used.has(key) && !groups.some((p) => key.startsWith(p))), []);
});

test('what a role may ask for is what the API says', async () => {
	const { RIGHTS } = await import('data:text/javascript;base64,' + Buffer.from(read('lib/rights.js').replace(/^import .*$/m, '')).toString('base64'));
	const named = [...text.matchAll(/\bmay\('([^']+)'\)/g), ...text.matchAll(/\bneeds: '([^']+)'/g), ...text.matchAll(/ = '((?:GET|POST|PUT) \/v1[^']*)'/g)].map((m) => m[1]);
	assert.ok(named.length > 10);
	assert.deepEqual([...new Set(named)].filter((x) => !(x in RIGHTS)), []);
	for (const [operation, roles] of Object.entries(RIGHTS)) {
		const [method, path] = operation.split(' ');
		assert.ok(named.includes(operation), `${operation} is asked about nowhere`);
		assert.deepEqual([...roles].sort(), [...api.paths[path][method.toLowerCase()]['x-roles']].sort(), operation);
	}
});

test('every value the API may send has a word', () => {
	const { schemas } = api.components;
	const values = {
		state: schemas.Task.properties.state.enum,
		outcome: schemas.OutcomeRequest.properties.disposition.examples,
		verdict: schemas.Decision.properties.outcome.enum,
		gate: schemas.Decision.properties.gate.enum,
		role: schemas.Me.properties.role.enum,
		campaign: schemas.CampaignRow.properties.state.enum,
		model: schemas.LifecycleRow.properties.state.enum,
		fate: schemas.Run.properties.reasons.items.properties.fate.enum,
	};
	/* The enums of the answers the other screens show, by the path that gives them. */
	const follow = (s) => (s.$ref ? follow(schemas[s.$ref.split('/').pop()]) : s.allOf ? { properties: Object.assign({}, ...s.allOf.map((x) => follow(x).properties)) } : s);
	const found = (path, ...names) => names.reduce((s, name) => follow(name === 'items' && follow(s).items ? follow(s).items : (follow(s).properties || {})[name] || (follow(s).anyOf || []).map(follow).find((x) => x.properties || x.enum)),
		api.paths[path].get.responses['200'].content['application/json'].schema).enum;
	const rows = (path, ...names) => found(path, 'items', 'items', ...names);
	Object.assign(values, {
		point: rows('/v1/customers/{ref}/contact-points', 'state'), trait_type: rows('/v1/traits', 'type'), sensitivity: rows('/v1/traits', 'sensitivity'), import: rows('/v1/imports', 'state'),
		member: rows('/v1/household-suggestions', 'state'), consent_do: rows('/v1/customers/{ref}/consents', 'action'), pack: rows('/v1/packs/{pack}/versions', 'state'), proposal: rows('/v1/number-proposals', 'state'),
		proposal_action: rows('/v1/number-proposals', 'action'), difference: rows('/v1/number-differences', 'kind'), override_state: rows('/v1/overrides', 'state'), queue_state: rows('/v1/queues', 'state'), queue_kind: rows('/v1/queues', 'kind'),
		dead_reason: rows('/v1/dead-letters', 'reason'), agent_kind: rows('/v1/agents', 'kind'), presence: rows('/v1/agents', 'presence', 'state'), callback_state: rows('/v1/callbacks', 'state'),
		review_state: rows('/v1/compliance/review-draws/{id}/items', 'state') });
	for (const [group, list] of Object.entries(values)) {
		assert.ok(Array.isArray(list) && list.length > 2, group);
		for (const value of list) assert.ok(`${group}.${value}` in zh, `${group}.${value}`);
	}
});

test('English texts have no Chinese characters', () => {
	const bad = Object.entries(en).filter(([key, value]) => key !== 'shell.other_language' && (HAN.test(value) || /[，。：；（）？！、]/.test(value)));
	assert.deepEqual(bad, []);
});

test('Chinese texts have full-width punctuation and no spaces by hand', () => {
	const bad = Object.entries(zh).filter(([, value]) => /\p{Script=Han}\s*[,;:!?()]|[,;:!?()]\s*\p{Script=Han}|\p{Script=Han}\.|\p{Script=Han} +[\p{Script=Han}\w{]|[\w}] +\p{Script=Han}/u.test(value));
	assert.deepEqual(bad, []);
});

test('the tone: nobody begs, apologises or shouts', () => {
	assert.deepEqual(Object.entries(zh).filter(([, value]) => /请|抱歉|您|！/.test(value) && !/申请/.test(value)), []);
	assert.deepEqual(Object.entries(en).filter(([, value]) => /\b(please|sorry|invalid|oops|success\w*)\b|!/i.test(value)), []);
});

test('templates have no words of their own', () => {
	const literal = code.flatMap((name) => [...read(name).replace(/\/\*[^]*?\*\//g, '').matchAll(/>([^<>`${}]*[A-Za-z\p{Script=Han}]{3,}[^<>`${}]*)<\//gu)].map((m) => m[1].trim()));
	/* The product's name and the names of keys. */
	assert.deepEqual(literal.filter((x) => !['Steward', 'Enter'].includes(x)), []);
});

/* ---- colours ------------------------------------------------------------------------- */
function colours(css, from) {
	const start = css.indexOf('{', css.indexOf(from)) + 1;
	return Object.fromEntries([...css.slice(start, css.indexOf('}', start)).matchAll(/--([\w-]+):(#[0-9A-Fa-f]{6})/g)].map((m) => [m[1], m[2].toUpperCase()]));
}
const tokens = read('tokens.css');
const light = colours(tokens, ':root {');
const dark = colours(tokens, ':root[data-theme="dark"]');

function luminance(hex) {
	const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a, b) {
	const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x);
	return (hi + 0.05) / (lo + 0.05);
}
const BACKS = ['bg', 'surface', 'raised', 'sunken', 'accent-soft', 'mark'];
const lowest = (set, name) => Math.min(...BACKS.map((back) => contrast(set[name], set[back])), ...(set[name + '-soft'] ? [contrast(set[name], set[name + '-soft'])] : []));

/* Lowest contrast over every background the colour may stand on, rounded down. */
const FLOORS = {
	light: { ink: 13.82, 'ink-2': 6.54, 'ink-3': 4.72, accent: 6.76, allow: 5.34, defer: 5.99, review: 6.11, require: 6.76, block: 7.69, warn: 5.71, error: 5.46, undecided: 6.38, up: 5.07, down: 4.52, edge: 3.03, focus: 5.11 },
	dark: { ink: 10.09, 'ink-2': 6.57, 'ink-3': 4.79, accent: 5.81, allow: 6.09, defer: 6.50, review: 5.56, require: 5.81, block: 7.09, warn: 5.99, error: 5.87, undecided: 7.05, up: 5.23, down: 5.93, edge: 3.15, focus: 5.81 },
};
for (const [theme, set] of [['light', light], ['dark', dark]]) {
	test(`contrast of every colour, ${theme}`, () => {
		for (const [name, floor] of Object.entries(FLOORS[theme])) {
			const got = lowest(set, name);
			assert.ok(got >= floor - 0.005, `${name}: ${got.toFixed(2)}, was ${floor}`);
			assert.ok(got >= (name === 'edge' || name === 'focus' ? 3 : 4.5), `${name}: ${got.toFixed(2)}`);
		}
	});
	test(`contrast of text on filled things, ${theme}`, () => {
		assert.ok(contrast(set['accent-ink'], set.accent) >= (theme === 'light' ? 8.04 : 8.55));
		assert.ok(contrast(set['accent-ink'], set['accent-hover']) >= 4.5);
		for (const name of Object.keys(set).filter((x) => x.endsWith('-soft')))
			for (const ink of ['ink-2', 'ink-3']) assert.ok(contrast(set[ink], set[name]) >= 4.5, `${ink} on ${name}`);
		for (let i = 0; i <= 6; i++) {
			const ink = i >= 4 ? set['seq-ink-hi'] : set['seq-ink-lo'];
			assert.ok(contrast(ink, set['seq-' + i]) >= 4.5, `seq-${i}: ${contrast(ink, set['seq-' + i]).toFixed(2)}`);
		}
		for (let i = 1; i <= 6; i++) assert.ok(contrast(set['series-' + i], set.surface) >= 3, `series-${i}`);
	});
}

test('the dark colours under the system setting are the dark colours; paper is light', () => {
	assert.deepEqual(colours(tokens, ':root:not([data-theme="light"])'), dark);
	assert.deepEqual(colours(tokens, ':root, :root[data-theme="dark"]'), light);
});

test('colours stand in tokens.css only', () => {
	for (const name of ['base.css', 'components.css', ...code]) assert.doesNotMatch(read(name), /#[0-9A-Fa-f]{6}\b|rgba?\(/, name);
});

/* ---- libraries and rules ---------------------------------------------------------------- */
test('vendored files are those of the lock file', () => {
	const lock = JSON.parse(read('vendor/vendor.lock.json'));
	assert.deepEqual(lock.map((x) => x.file).sort(), all.filter((x) => /^vendor\/.*\.mjs$/.test(x)).map((x) => x.slice(7)).sort());
	for (const one of lock) {
		assert.equal(createHash('sha384').update(readFileSync(join(root, 'vendor', one.file))).digest('base64'), one.sha384, one.file);
		assert.match(one.url, /^https:\/\//);
		assert.ok(all.includes(`vendor/${one.name}.LICENSE`), one.name);
	}
});

test('only lib/api.js calls fetch', () => {
	for (const name of code) if (name !== 'lib/api.js') assert.doesNotMatch(read(name), /\bfetch\s*\(|XMLHttpRequest|sendBeacon|WebSocket|EventSource/, name);
});

test('nothing makes markup or code from text', () => {
	for (const name of code) assert.doesNotMatch(read(name), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/, name);
	const page = read('index.html');
	assert.doesNotMatch(page, /<style|style=|\son\w+=|<script(?![^>]*src=)/);
});

test('a room imports only what lies below it', () => {
	const allowed = { lib: /^\.\/|^\.\.\/i18n\//, ui: /^\.\/|^\.\.\/(lib|vendor)\//, screens: /^\.\.\/(ui|lib)\// };
	for (const name of code.filter((x) => x.includes('/')))
		for (const m of read(name).matchAll(/from '([^']+)'/g)) assert.match(m[1], allowed[name.split('/')[0]], `${name} imports ${m[1]}`);
});
