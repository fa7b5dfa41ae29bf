/* The trait catalogue: what rules can ask about, where it comes from and how good its data
 * is. A campaign whose rules rest on a trait in breach of its limits is held back. */
import { html } from '../ui/html.js';
import { Head, Load, Pill } from '../ui/parts.js';
import { Facts, Panel, Table, Time } from '../ui/table.js';
import { Filter } from '../ui/nav.js';
import { Act } from '../ui/form.js';
import { t, two, word } from '../lib/i18n.js';
import { count, NONE, orNone, share } from '../lib/fmt.js';
import { go, href } from '../lib/router.js';
import { may } from '../lib/rights.js';

const TYPES = ['bool', 'int', 'double', 'string', 'date', 'timestamp', 'money'];
const SENSITIVITY = ['sensitive', 'personal', 'ordinary'];
const words = (group, values) => values.map((v) => [v, word(group, v)]);
const full = (x) => (x.of === 'customer' ? x.name : `${x.of}.${x.name}`);
const base = (name) => '/v1/traits/' + encodeURIComponent(name);

/* Limits are parts of ten thousand and of a thousand in the API, per cent and a number here. */
const shown = (n, scale) => (n === null || n === undefined ? '' : String(n / scale));
const asked = (text, scale) => (String(text).trim() === '' ? null : Math.round(Number(text) * scale));
const notNumber = (text) => (Number.isFinite(Number(text)) && Number(text) >= 0 ? '' : t('form.not_number'));

function State({ trait }) {
	const q = trait.quality;
	if (trait.state === 'retired') return html`<${Pill} kind="undecided" text=${t('trait.retired')} />`;
	if (!q) return NONE;
	if (q.breach) return html`<${Pill} kind="WARN" text=${word('breach', q.breach.code)} />`;
	return q.checked_at ? html`<${Pill} kind="OK" text=${t('trait.good')} />` : html`<${Pill} kind="undecided" text=${t('trait.not_checked')} />`;
}

/* ---- a new trait, or a new version of one -------------------------------------------------- */
function Write({ trait, done }) {
	if (!may('POST /v1/traits')) return null;
	const x = trait || { type: undefined, unit: '', source: 'feed', sensitivity: undefined, description: { zh: '', en: '' }, rule: '' };
	return html`<${Act} name=${trait ? 'version' : 'add'} verb=${t(trait ? 'trait.new_version' : 'trait.add')} tone=${trait ? '' : 'primary'} effect=${t('trait.effect_add')} done=${done}
		path=${trait ? base(trait.name) : '/v1/traits'}
		fields=${[
			...(trait ? [] : [{ name: 'name', label: t('trait.name'), required: true, max: 63, hint: t('trait.name_hint') }]),
			{ name: 'type', label: t('trait.type'), kind: 'select', required: true, value: x.type, options: words('trait_type', TYPES) },
			{ name: 'source', label: t('trait.source'), kind: 'select', value: x.source, options: [['feed', t('trait.feed')], ['derived', t('trait.derived')]] },
			{ name: 'unit', label: t('trait.unit'), max: 40, value: x.unit || '' },
			{ name: 'sensitivity', label: t('trait.sensitivity'), kind: 'select', required: true, value: x.sensitivity, options: words('sensitivity', SENSITIVITY) },
			{ name: 'zh', label: t('trait.zh'), required: true, max: 200, value: x.description.zh },
			{ name: 'en', label: t('trait.en'), required: true, max: 200, value: x.description.en },
			{ name: 'rule', label: t('trait.rule'), kind: 'area', value: x.rule || '', only: (v) => v.source === 'derived' }]}
		body=${(v) => ({ ...(trait ? {} : { name: v.name.trim() }), type: v.type, source: v.source, sensitivity: v.sensitivity, zh: v.zh.trim(), en: v.en.trim(),
			...(v.unit.trim() ? { unit: v.unit.trim() } : {}), ...(v.source === 'derived' ? { rule: v.rule } : {}) })} />`;
}

/* What no feed brings and is no instant has no age. */
const aged = (trait) => trait.source === 'feed' || trait.type === 'date' || trait.type === 'timestamp';

function Limits({ trait, done }) {
	if (!may('POST /v1/traits/{trait}/limits')) return null;
	const now = (trait.quality && trait.quality.limits) || {};
	const scales = { max_missing_bp: 100, max_rise_bp: 100, max_drift: 1000, max_age_hours: 1 };
	/* Only what was changed here: somebody else may have set another one meanwhile. */
	const changed = (v) => Object.fromEntries(Object.keys(scales).filter((name) => name in v && String(v[name]).trim() !== shown(now[name], scales[name])).map((name) => [name, asked(v[name], scales[name])]));
	return html`<${Act} name="limits" verb=${t('trait.set_limits')} effect=${t('trait.effect_limits')} path=${base(trait.name) + '/limits'} done=${done}
		fields=${[
			{ name: 'max_missing_bp', label: t('trait.max_missing'), value: shown(now.max_missing_bp, 100), check: notNumber },
			{ name: 'max_rise_bp', label: t('trait.max_rise'), value: shown(now.max_rise_bp, 100), check: notNumber },
			{ name: 'max_drift', label: t('trait.max_drift'), value: shown(now.max_drift, 1000), check: notNumber },
			...(aged(trait) ? [{ name: 'max_age_hours', label: t('trait.max_age'), value: shown(now.max_age_hours, 1), check: notNumber }] : [])]}
		body=${changed} />`;
}

/* ---- the catalogue ------------------------------------------------------------------------ */
function Catalogue({ query }) {
	const keep = (x) => (!query.whose || (query.whose === 'own') === x.own) && (!query.quality || (query.quality === 'breach' ? x.quality && x.quality.breach : x.quality));
	return html`<${Load} path=${'/v1/traits' + (query.retired ? '?retired=true' : '')} head=${(data) => html`
		<${Head} title=${t('trait.title')} about=${t('trait.about')} at=${data && data.as_of} />
		<${Filter} at=${['traits']} query=${query} fields=${[
			{ name: 'whose', label: t('trait.whose'), options: [['own', t('trait.own')], ['built', t('trait.built')]] },
			{ name: 'quality', label: t('trait.quality'), options: [['breach', t('trait.in_breach')], ['limits', t('trait.with_limits')]] },
			{ name: 'retired', label: t('trait.retired'), options: [['yes', t('trait.with_retired')]] }]} />`}>${(data, again) => html`
		<div class="row pages"><${Write} done=${(x) => { again(); go(href(['traits', x.name])); }} /></div>
		<${Panel} name="traits">
			<${Table} label=${t('trait.title')} items=${data.items.filter(keep)} keyOf=${full} empty=${t('trait.none')} columns=${[
				{ name: t('trait.one'), wide: true, cell: (x) => html`${x.of === 'customer' ? html`<a href=${href(['traits', x.name])}>${x.name}</a>` : full(x)} <span class="meta">${two(x.description)}</span>` },
				{ name: t('trait.type'), cell: (x) => `${word('trait_type', x.type)}${x.unit ? ' · ' + x.unit : ''}` },
				{ name: t('trait.source'), cell: (x) => (x.own ? html`${x.source === 'feed' ? t('trait.feed') : t('trait.derived')} <${Pill} kind="REQUIRE" text=${t('trait.own')} />` : x.source === 'derived' ? t('trait.derived') : x.source) },
				{ name: t('trait.sensitivity'), cell: (x) => word('sensitivity', x.sensitivity) },
				{ name: t('trait.missing'), n: true, cell: (x) => (x.quality && x.quality.rows ? share(x.quality.missing, x.quality.rows) : NONE) },
				{ name: t('trait.newest'), cell: (x) => html`<${Time} at=${x.fed_at || (x.quality && x.quality.newest)} />` },
				{ name: t('trait.quality'), cell: (x) => html`<${State} trait=${x} />` },
			]} />
		<//>`}<//>`;
}

/* ---- one ------------------------------------------------------------------------------------ */
function Quality({ trait, done }) {
	const q = trait.quality;
	const limit = (n, scale, unit) => (n === null || n === undefined ? null : `${n / scale}${unit}`);
	return html`<${Panel} name="quality" title=${t('trait.quality')}>
		${q && q.breach ? html`<p class="note warn"><span aria-hidden="true">! </span>${two(q.breach.text)} <span class="meta">${q.breach.code} · <${Time} at=${q.breach.since} /></span></p>` : null}
		${q ? html`<${Facts} rows=${[
			[t('overview.state'), html`<${State} trait=${trait} />`], [t('trait.checked'), html`<${Time} at=${q.checked_at} />`], [t('trait.rows'), count(q.rows)],
			[t('trait.missing'), q.rows ? `${count(q.missing)} · ${share(q.missing, q.rows)}` : null], [t('trait.newest'), html`<${Time} at=${q.newest} />`], [t('trait.baseline'), html`<${Time} at=${q.baseline_at} />`],
			[t('trait.max_missing'), limit(q.limits.max_missing_bp, 100, ' %')], [t('trait.max_rise'), limit(q.limits.max_rise_bp, 100, '')],
			[t('trait.max_drift'), limit(q.limits.max_drift, 1000, '')], [t('trait.max_age'), limit(q.limits.max_age_hours, 1, '')]]} />` : html`<p class="muted">${t('trait.no_limits')}</p>`}
		<div class="row"><${Limits} trait=${trait} done=${done} />
			${q && q.checked_at && may('POST /v1/traits/{trait}/accept') ? html`<${Act} name="accept" verb=${t('trait.accept')} effect=${t('trait.effect_accept')} path=${base(trait.name) + '/accept'} done=${done} />` : null}</div>
	<//>`;
}

function One({ name }) {
	return html`<${Load} path=${base(name)} head=${() => html`<${Head} title=${name} about=${t('trait.one_about')} /><p class="crumb"><a href=${href(['traits'])}>${t('trait.title')}</a></p>`}>${(x, again) => html`
		<div class="cols">
			<${Panel} name="facts" title=${two(x.description)}>
				<${Facts} rows=${[[t('trait.type'), word('trait_type', x.type)], [t('trait.unit'), x.unit], [t('trait.source'), x.source === 'feed' ? t('trait.feed') : x.source === 'derived' ? t('trait.derived') : x.source],
					[t('trait.sensitivity'), word('sensitivity', x.sensitivity)], [t('trait.whose'), t(x.own ? 'trait.own' : 'trait.built')], x.version && [t('stages.version'), x.version],
					x.author && [t('stages.author'), html`${x.author} · <${Time} at=${x.updated_at} />`], x.fed_at && [t('trait.fed'), html`<${Time} at=${x.fed_at} /> · ${orNone(x.fed_by)}`],
					x.rule && [t('trait.rule'), html`<span class="mono">${x.rule}</span>`]]} />
				${x.own && x.state === 'active' ? html`<div class="row"><${Write} trait=${x} done=${again} />
					${may('POST /v1/traits/{trait}/retire') ? html`<${Act} name="retire" verb=${t('trait.retire')} effect=${t('trait.effect_retire')} path=${base(x.name) + '/retire'} done=${again} />` : null}</div>` : null}
			<//>
			<${Quality} trait=${x} done=${again} />
		</div>`}<//>`;
}

export function Page({ parts, query }) {
	return parts[0] ? html`<${One} name=${parts[0]} />` : html`<${Catalogue} query=${query} />`;
}
