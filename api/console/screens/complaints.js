/* Complaints: the list, and one with what was done about it and every contact it can be
 * about; a link that is missing in the trace is a row of its own. */
import { html } from '../ui/html.js';
import { Head, Load, Pill } from '../ui/parts.js';
import { Facts, Panel, Table, Time } from '../ui/table.js';
import { Filter, listPath, Pager } from '../ui/nav.js';
import { Act } from '../ui/form.js';
import { t, two, word } from '../lib/i18n.js';
import { count, orNone, time } from '../lib/fmt.js';
import { go, href } from '../lib/router.js';
import { may } from '../lib/rights.js';
import { session } from '../lib/session.js';

const LIST = '/v1/compliance/complaints';
const SOURCES = ['call', 'letter', 'branch', 'app', 'regulator', 'other'];
const FINDINGS = ['upheld', 'partly_upheld', 'rejected', 'withdrawn'];
const words = (group, values) => values.map((v) => [v, word(group, v)]);
const given = (v, names) => Object.fromEntries(names.filter((n) => v[n].trim()).map((n) => [n, v[n].trim()]));

function State({ c }) {
	if (c.state === 'settled') return html`<${Pill} kind="OK" text=${word('complaint', c.state)} />`;
	return c.overdue ? html`<${Pill} kind="WARN" text=${t('complaint.overdue')} />` : html`<${Pill} kind="REVIEW" text=${word('complaint', c.state)} />`;
}

function All({ query }) {
	return html`<${Load} path=${listPath(LIST, query, ['state', 'handler', 'overdue', 'customer'])} head=${(data) => html`
		<${Head} title=${t('complaint.title')} about=${t('complaint.about')} at=${data && data.as_of} />
		<${Filter} at=${['complaints']} query=${query} fields=${[{ name: 'state', label: t('overview.state'), options: words('complaint', ['open', 'settled']) },
			{ name: 'overdue', label: t('complaint.due'), options: [['true', t('complaint.overdue')]] }, { name: 'handler', label: t('complaint.handler') }, { name: 'customer', label: t('customer.ref') }]} />`}>${(data, again) => html`
		<div class="row pages"><${Act} name="take" verb=${t('complaint.take')} tone="primary" effect=${t('complaint.effect_take')} path=${LIST} done=${(c) => { again(); go(href(['complaints', c.complaint_id])); }}
			fields=${[{ name: 'source', label: t('complaint.source'), kind: 'select', required: true, options: words('complaint_source', SOURCES) }, { name: 'customer', label: t('customer.ref'), required: true, max: 64 },
				{ name: 'case_ref', label: t('reveal.case'), max: 64 }, { name: 'words', label: t('complaint.words'), kind: 'area', max: 2000, hint: t('complaint.words_hint') }]}
			body=${(v) => ({ source: v.source, ...given(v, ['customer', 'case_ref', 'words']) })} /></div>
		<${Panel} name="complaints"><${Table} label=${t('complaint.title')} items=${data.items} keyOf=${(c) => c.complaint_id} empty=${t('complaint.none')} columns=${[
			{ name: t('complaint.received'), cell: (c) => html`<a href=${href(['complaints', c.complaint_id])}><${Time} at=${c.received_at} /></a>` },
			{ name: t('overview.state'), cell: (c) => html`<${State} c=${c} />` }, { name: t('complaint.due'), cell: (c) => html`<${Time} at=${c.due_at} />` },
			{ name: t('log.customer'), cell: (c) => (c.customer_ref ? html`<a href=${href(['customers', c.customer_ref])}>${c.customer_ref}</a>` : orNone(c.phone_mask)) },
			{ name: t('complaint.source'), cell: (c) => word('complaint_source', c.source) }, { name: t('complaint.handler'), cell: (c) => orNone(c.handler) },
			{ name: t('complaint.finding'), cell: (c) => (c.finding ? word('finding', c.finding) : orNone(null)) }]} /><//>
		<${Pager} at=${['complaints']} query=${query} next=${data.next_cursor} />`}<//>`;
}

/* ---- one ----------------------------------------------------------------------------------- */
function Verbs({ c, done }) {
	if (c.state !== 'open' || !may('POST /v1/compliance/complaints/{id}/settle')) return null;
	const path = (verb) => `${LIST}/${c.complaint_id}/${verb}`;
	const detail = (required) => ({ name: 'detail', label: t('complaint.detail'), kind: 'area', required, max: 1000, hint: t('complaint.words_hint') });
	return html`<div class="row pages">
		<${Act} name="assign" verb=${t('complaint.assign')} path=${path('assign')} done=${done} fields=${[{ name: 'handler', label: t('complaint.handler'), required: true, value: session.me.subject, max: 64 }]} body=${(v) => ({ handler: v.handler.trim() })} />
		<${Act} name="note" verb=${t('complaint.note')} path=${path('note')} done=${done} fields=${[detail(true)]} body=${(v) => ({ detail: v.detail.trim() })} />
		<${Act} name="extend" verb=${t('complaint.extend')} effect=${t('complaint.effect_extend')} path=${path('extend')} done=${done}
			fields=${[{ name: 'why', label: t('common.why'), kind: 'select', required: true, options: words('extend', ['complex', 'exceptional']) }, detail(false)]} body=${(v) => ({ why: v.why, ...given(v, ['detail']) })} />
		${c.handler ? html`<${Act} name="settle" verb=${t('complaint.settle')} effect=${t('complaint.effect_settle')} path=${path('settle')} done=${done}
			fields=${[{ name: 'finding', label: t('complaint.finding'), kind: 'select', required: true, options: words('finding', FINDINGS) }, detail(false)]} body=${(v) => ({ finding: v.finding, ...given(v, ['detail']) })} />` : html`<span class="muted">${t('complaint.assign_first')}</span>`}</div>`;
}

function Contact({ c }) {
	return html`<li><div><${Time} at=${c.at} /> <strong>${word('contact', c.kind)}</strong> ${orNone(c.campaign)}${c.campaign_version ? ` v${c.campaign_version}` : ''} · ${word('channel', c.channel)} · ${word('purpose', c.purpose)}</div>
		<div class="meta">${[c.number && c.number.number && t('trace.from', { n: c.number.number }), c.agent && t('trace.agent', { who: c.agent }), c.script && t('trace.script', { code: c.script.code, n: c.script.version }),
			c.outcome && t('trace.outcome', { what: word('outcome', c.outcome.disposition) })].filter(Boolean).join(' · ')}</div>
		${c.decisions.map((d) => html`<div key=${d.decision_id}><a href=${href(['decisions', d.decision_id])}>${word('gate', d.gate)} ${time(d.decided_at)}</a> <${Pill} kind=${d.outcome} /> <span class="meta">${d.codes.join(' ')}</span></div>`)}
		${c.gaps.map((g) => html`<div key=${g} class="note warn" data-gap=""><span aria-hidden="true">! </span>${t('trace.gap')} <span class="mono">${g}</span></div>`)}</li>`;
}

function Trace({ id }) {
	return html`<${Load} path=${`${LIST}/${encodeURIComponent(id)}/trace`}>${(trace) => html`<${Panel} name="trace" title=${t('trace.title')} note=${t('trace.window', { from: time(trace.from), to: time(trace.to), n: count(trace.contacts) })}>
		${trace.parties.length === 0 ? html`<p class="muted" data-empty="">${t('trace.nobody')}</p>` : null}
		${trace.parties.map((p) => html`<h3 key=${p.point_id}><a href=${href(['customers', p.customer_ref, 'consent'])}>${p.customer_ref}</a> ${orNone(p.phone_mask)}</h3>
			<p class="meta">${t('trace.said', { consents: count(p.consents.length), objections: count(p.objections.length) })}</p>
			${p.contacts.length ? html`<ol class="trail">${p.contacts.map((c, n) => html`<${Contact} key=${n} c=${c} />`)}</ol>` : html`<p class="muted">${t('trace.no_contact')}</p>`}`)}
		${trace.statement ? html`<p class="note">${two(trace.statement.text)}</p>` : null}<//>`}<//>`;
}

function One({ id }) {
	return html`<${Load} path=${`${LIST}/${encodeURIComponent(id)}`} head=${(c) => html`<${Head} title=${t('complaint.one')} about=${t('complaint.one_about')} at=${c && c.as_of} />
		<p class="crumb"><a href=${href(['complaints'])}>${t('complaint.title')}</a></p>`}>${(c, again) => html`
		<div class="cols"><${Panel} name="facts"><${Facts} rows=${[[t('overview.state'), html`<${State} c=${c} />`], [t('complaint.due'), html`<${Time} at=${c.due_at} />`], [t('complaint.received'), html`<${Time} at=${c.received_at} />`],
			[t('complaint.source'), word('complaint_source', c.source)], [t('log.customer'), c.customer_ref], [t('log.number'), c.phone_mask], [t('complaint.handler'), c.handler], [t('reveal.case'), c.case_ref],
			c.finding && [t('complaint.finding'), word('finding', c.finding)], c.words && [t('complaint.words'), c.words], [t('complaint.id'), html`<span class="mono">${c.complaint_id}</span>`]]} /><//>
		<${Panel} name="steps" title=${t('complaint.steps')}><ol class="trail">${c.steps.map((s, n) => html`<li key=${n}><${Time} at=${s.at} /> ${word('complaint_step', s.what)} <span class="meta">${s.actor}</span>${s.detail ? html`<div>${s.detail}</div>` : null}</li>`)}</ol><//></div>
		<${Verbs} c=${c} done=${again} />
		<${Trace} id=${id} />`}<//>`;
}

export function Page({ parts, query }) {
	return parts[0] ? html`<${One} id=${parts[0]} />` : html`<${All} query=${query} />`;
}
