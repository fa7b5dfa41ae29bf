/* Reviews: draws of contacts and refusals, the form for one, a second verdict where two are
 * wanted, and how far two reviewers of the same agree. */
import { html } from '../ui/html.js';
import { Head, Load, Pill } from '../ui/parts.js';
import { Facts, Panel, Table, Time } from '../ui/table.js';
import { Filter } from '../ui/nav.js';
import { Act, Form } from '../ui/form.js';
import { t, word } from '../lib/i18n.js';
import { count, instant, NONE, orNone, share, time } from '../lib/fmt.js';
import { href } from '../lib/router.js';
import { session } from '../lib/session.js';

const LIST = '/v1/compliance/review-draws';
const VERDICTS = ['pass', 'minor', 'major', 'critical'];
const TONES = { open: 'REVIEW', reviewed: 'OK', disputed: 'WARN', final: 'OK' };
const JUDGED = { pass: 'OK', minor: 'INFO', major: 'WARN', critical: 'ERROR' };
const QUESTIONS = ['identity', 'purpose', 'opt_out', 'risk_disclosure', 'suitability', 'banned_claim', 'recording_notice', 'data_accuracy'];
const ANSWERS = ['yes', 'no', 'not_applicable'];
const words = (group, values) => values.map((v) => [v, word(group, v)]);
const base = (draw) => `${LIST}/${encodeURIComponent(draw)}`;
const judged = (v) => (v ? html`<${Pill} kind=${JUDGED[v]} text=${word('review', v)} />` : NONE);

/* ---- draws ---------------------------------------------------------------------------------- */
function Agreement() {
	return html`<${Load} path="/v1/compliance/review-agreement">${(a) => html`<${Panel} name="agreement"><${Table} caption label=${t('review.agreement')} items=${VERDICTS} keyOf=${(v) => v} columns=${[
		{ name: t('review.first'), cell: (v) => word('review', v) }, ...VERDICTS.map((second) => ({ name: t('review.second', { v: word('review', second) }), n: true, cell: (first) => count(a.table[first][second]) }))]} />
		<p>${t('review.agreed', { n: count(a.agreed), of: count(a.judged_twice), share: share(a.agreed, a.judged_twice), kappa: a.kappa_permille === null ? NONE : (a.kappa_permille / 1000).toFixed(3) })}</p><//>`}<//>`;
}

function Draws() {
	return html`<${Load} path=${LIST} head=${(data) => html`<${Head} title=${t('review.title')} about=${t('review.about')} at=${data && data.as_of} />`}>${(data, again) => html`
		<div class="row pages"><${Act} name="draw" verb=${t('review.draw')} tone="primary" effect=${t('review.effect_draw')} path=${LIST} done=${again}
			fields=${[{ name: 'from', label: t('log.from'), kind: 'date' }, { name: 'to', label: t('log.to'), kind: 'date' }, { name: 'seed', label: t('review.seed'), max: 64, hint: t('review.seed_hint'), check: (x) => (/^[0-9a-f]{64}$/i.test(x.trim()) ? '' : t('review.seed_wrong')) }]}
			body=${(v) => ({ ...(v.from ? { from: instant(v.from) } : {}), ...(v.to ? { to: instant(v.to, 1) } : {}), ...(v.seed.trim() ? { seed: v.seed.trim() } : {}) })} /></div>
		<${Panel} name="draws"><${Table} label=${t('review.title')} items=${data.items} keyOf=${(d) => d.draw_id} empty=${t('review.none')} columns=${[
			{ name: t('review.drawn'), cell: (d) => html`<a href=${href(['reviews', d.draw_id])}><${Time} at=${d.drawn_at} /></a>` }, { name: t('review.window'), cell: (d) => `${time(d.from)} – ${time(d.to)}` },
			{ name: t('review.items'), n: true, cell: (d) => count(d.items) }, { name: t('review.open'), n: true, cell: (d) => count(d.open) }, { name: t('review.disputed'), n: true, cell: (d) => count(d.disputed) }, { name: t('common.by'), cell: (d) => d.drawn_by }]} /><//>
		<${Agreement} />`}<//>`;
}

/* ---- one draw -------------------------------------------------------------------------------- */
function Items({ draw, query }) {
	const search = new URLSearchParams({ limit: '100', ...(query.state ? { state: query.state } : {}), ...(query.agent ? { agent: query.agent } : {}), ...(query.after ? { after: query.after } : {}) });
	return html`<${Load} path=${`${base(draw)}/items?${search}`}>${(data) => html`
		<${Filter} at=${['reviews', draw]} query=${query} fields=${[{ name: 'state', label: t('overview.state'), options: words('review_state', Object.keys(TONES)) }, { name: 'agent', label: t('log.agent') }]} />
		<${Panel} name="items"><${Table} caption label=${t('review.items')} items=${data.items} keyOf=${(i) => i.item} empty=${t('review.no_item')} columns=${[
			{ name: t('review.item'), cell: (i) => html`<a href=${href(['reviews', draw, String(i.item)])}>${i.item}</a> ${word('review_subject', i.subject)}` }, { name: t('overview.state'), cell: (i) => html`<${Pill} kind=${TONES[i.state]} text=${word('review_state', i.state)} />` },
			{ name: t('log.agent'), cell: (i) => orNone(i.agent) }, { name: t('review.strata'), wrap: true, cell: (i) => i.strata.map((s) => word('stratum', s)).join(' · ') }, { name: t('review.wanted'), n: true, cell: (i) => i.reviews }, { name: t('review.verdict'), cell: (i) => judged(i.verdict) }]} />
			${data.next_after ? html`<a class="btn" href=${href(['reviews', draw], { ...query, after: data.next_after })}>${t('common.next')}</a>` : null}<//>`}<//>`;
}

function Draw({ draw, query }) {
	return html`<${Load} path=${base(draw)} head=${(d) => html`<${Head} title=${t('review.one')} about=${t('review.one_about')} at=${d && d.as_of} /><p class="crumb"><a href=${href(['reviews'])}>${t('review.title')}</a></p>`}>${(d) => html`
		<div class="cols"><${Panel} name="facts"><${Facts} rows=${[[t('review.window'), `${time(d.from)} – ${time(d.to)}`], [t('review.drawn'), `${d.drawn_by} · ${time(d.drawn_at)}`], [t('review.seed'), html`<span class="mono">${d.seed}</span>`],
			[t('review.items'), count(d.items)], [t('review.open'), count(d.open)], [t('review.disputed'), count(d.disputed)], [t('export.hash'), html`<span class="mono">${d.items_sha256}</span>`]]} /><//>
		<${Panel} name="strata"><${Table} caption label=${t('review.strata')} items=${Object.entries(d.strata)} columns=${[{ name: t('review.stratum'), cell: ([s]) => word('stratum', s) }, { name: t('review.population'), n: true, cell: ([, s]) => count(s.population) }, { name: t('review.drawn_n'), n: true, cell: ([, s]) => count(s.drawn) }]} /><//></div>
		<${Items} draw=${draw} query=${query} />`}<//>`;
}

/* ---- one item ---------------------------------------------------------------------------------- */
function Judge({ draw, i, done }) {
	const path = (verb) => `${base(draw)}/items/${i.item}/${verb}`;
	const mine = i.verdicts.some((v) => v.reviewer === session.me.subject);
	if (i.state === 'disputed' && !mine) return html`<${Panel} name="judge" title=${t('review.final')}><p>${t('review.final_help')}</p><${Form} name="final" verb=${t('review.give_final')} path=${path('final')} done=${done}
		fields=${[{ name: 'verdict', label: t('review.verdict'), kind: 'select', required: true, options: words('review', VERDICTS) }]} body=${(v) => ({ verdict: v.verdict })} /><//>`;
	if (i.state !== 'open' || mine) return html`<p class="note">${t(i.state === 'open' || i.state === 'disputed' ? 'review.other' : 'review.over')}</p>`;
	return html`<${Panel} name="judge" title=${t('review.form')}><${Form} name="verdict" verb=${t('review.give')} path=${path('verdict')} done=${done}
		fields=${[...QUESTIONS.map((q) => ({ name: q, label: word('question', q), kind: 'select', required: true, options: words('answer', ANSWERS) })),
			{ name: 'verdict', label: t('review.verdict'), kind: 'select', required: true, options: words('review', VERDICTS) },
			{ name: 'hold', label: t('review.hold'), kind: 'select', value: 'agent', options: words('hold', ['agent', 'script', 'number']), only: (v) => v.verdict === 'critical' },
			{ name: 'note', label: t('review.note'), kind: 'area', max: 500, hint: t('complaint.words_hint') }]}
		body=${(v) => ({ verdict: v.verdict, answers: Object.fromEntries(QUESTIONS.map((q) => [q, v[q]])), ...(v.note.trim() ? { note: v.note.trim() } : {}), ...(v.verdict === 'critical' ? { hold: v.hold } : {}) })} /><//>`;
}

function Item({ draw, item }) {
	return html`<${Load} path=${`${base(draw)}/items/${encodeURIComponent(item)}`} head=${(i) => html`<${Head} title=${t('review.item_one', { n: item })} about=${t('review.item_about')} at=${i && i.as_of} /><p class="crumb"><a href=${href(['reviews', draw])}>${t('review.one')}</a></p>`}>${(i, again) => html`
		<${Panel} name="facts"><${Facts} rows=${[[t('overview.state'), html`<${Pill} kind=${TONES[i.state]} text=${word('review_state', i.state)} />`], [t('review.subject'), word('review_subject', i.subject)], [t('log.agent'), i.agent],
			[t('decision.title'), html`<a class="mono" href=${href(['decisions', i.subject_id])}>${i.subject_id}</a>`], i.task_id && [t('decision.task'), html`<span class="mono">${i.task_id}</span>`],
			[t('review.strata'), i.strata.map((s) => word('stratum', s)).join(' · ')], [t('review.wanted'), `${i.given} / ${i.reviews}`], i.verdict && [t('review.verdict'), judged(i.verdict)], i.reply && [t('review.reply'), i.reply]]} /><//>
		<${Judge} key=${i.state + i.given} draw=${draw} i=${i} done=${again} />
		${i.verdicts.length ? html`<${Panel} name="verdicts"><${Table} caption label=${t('review.verdicts')} items=${i.verdicts} columns=${[
			{ name: t('review.reviewer'), cell: (v) => v.reviewer }, { name: t('review.verdict'), cell: (v) => judged(v.verdict) }, { name: t('review.against'), wrap: true, cell: (v) => QUESTIONS.filter((q) => v.answers[q] === 'no').map((q) => word('question', q)).join(' · ') || orNone(null) },
			{ name: t('review.note'), wrap: true, cell: (v) => orNone(v.note) }, { name: t('log.time'), cell: (v) => html`<${Time} at=${v.at} />` }]} /><//>` : null}`}<//>`;
}

export function Page({ parts: [draw, item], query }) {
	if (item) return html`<${Item} draw=${draw} item=${item} />`;
	return draw ? html`<${Draw} draw=${draw} query=${query} />` : html`<${Draws} />`;
}
