/* Who waits for a person's decision, and what persons allowed. Law is never overridden: the
 * server refuses it. */
import { html } from '../ui/html.js';
import { Head, Load, Pill } from '../ui/parts.js';
import { Facts, Panel, Table, Time } from '../ui/table.js';
import { Filter, listPath, Pager, Tabs } from '../ui/nav.js';
import { Act } from '../ui/form.js';
import { t, two, word } from '../lib/i18n.js';
import { count, instant, orNone } from '../lib/fmt.js';
import { href } from '../lib/router.js';
import { may } from '../lib/rights.js';
import { session } from '../lib/session.js';

/* Reasons are read years later: one word does not do. */
const tooShort = (text) => (text.trim().length < 10 ? t('override.too_short') : '');
const TONES = { requested: 'REVIEW', approved: 'ALLOW', rejected: 'BLOCK', withdrawn: 'undecided', expired: 'undecided' };

function Top({ here, at }) {
	return html`<${Head} title=${t('override.title')} about=${t('override.about')} at=${at} />
		<${Tabs} label=${t('override.title')} here=${here} items=${[[['overrides'], t('override.waiting')], [['overrides', 'all'], t('override.all')]]} />`;
}

function Answer({ d, done }) {
	const open = d.reasons.filter((r) => !r.answered);
	if (open.length === 0 || !may('POST /v1/overrides')) return orNone(null);
	return html`<${Act} name=${'allow-' + d.decision_id} verb=${t('override.allow')} effect=${t('override.effect_allow', { ref: d.customer_ref, code: d.campaign })} path="/v1/overrides" done=${done}
		fields=${[{ name: 'code', label: t('override.code'), kind: 'select', value: open[0].code, options: open.map((r) => [r.code, r.text ? two(r.text) : r.code]) },
			{ name: 'expires', label: t('override.until'), kind: 'date', required: true, hint: t('override.until_hint') }, { name: 'reason', label: t('common.why'), kind: 'area', required: true, max: 400, hint: t('override.why_hint'), check: tooShort },
			{ name: 'any_campaign', label: t('override.any_campaign'), kind: 'check' }]}
		body=${(v) => ({ decision_id: d.decision_id, code: v.code, reason: v.reason.trim(), expires_at: instant(v.expires, 1), ...(v.any_campaign ? { any_campaign: true } : {}) })} />`;
}

function Waiting({ query }) {
	return html`<${Load} path=${listPath('/v1/gate-reviews', query, ['campaign', 'code'])} head=${(data) => html`<${Top} here=${['overrides']} at=${data && data.as_of} />
		<${Filter} at=${['overrides']} query=${query} fields=${[{ name: 'campaign', label: t('log.campaign') }, { name: 'code', label: t('log.reason'), hint: 'CONTACT_POINT_UNVERIFIED' }]} />`}>${(data, again) => html`
		<${Panel} name="waiting"><${Table} label=${t('override.waiting')} items=${data.items} keyOf=${(d) => d.decision_id} empty=${t('override.none_waiting')} columns=${[
			{ name: t('log.customer'), cell: (d) => html`<a href=${href(['customers', d.customer_ref])}>${d.customer_ref}</a> ${orNone(d.phone_mask)}` },
			{ name: t('override.reasons'), wrap: true, cell: (d) => d.reasons.map((r) => html`<div key=${r.code}>${r.answered ? '✓ ' : ''}${r.text ? two(r.text) : r.code} <span class="meta">${r.code}</span></div>`) },
			{ name: t('log.campaign'), cell: (d) => d.campaign }, { name: t('contacts.since'), cell: (d) => html`<a href=${href(['decisions', d.decision_id])}><${Time} at=${d.since} /></a>` },
			{ name: t('common.actions'), cell: (d) => html`<${Answer} d=${d} done=${again} />` }]} /><//>
		<${Pager} at=${['overrides']} query=${query} next=${data.next_cursor} />`}<//>`;
}

function All({ query }) {
	return html`<${Load} path=${listPath('/v1/overrides', query, ['state', 'code'])} head=${(data) => html`<${Top} here=${['overrides', 'all']} at=${data && data.as_of} />
		<${Filter} at=${['overrides', 'all']} query=${query} fields=${[{ name: 'state', label: t('overview.state'), options: Object.keys(TONES).map((s) => [s, word('override_state', s)]) }, { name: 'code', label: t('override.code') }]} />`}>${(data) => html`
		<${Panel} name="overrides"><${Table} label=${t('override.all')} items=${data.items} keyOf=${(o) => o.override_id} empty=${t('override.none')} columns=${[
			{ name: t('log.customer'), cell: (o) => html`<a href=${href(['overrides', o.override_id])}>${o.customer_ref}</a> ${orNone(o.phone_mask)}` },
			{ name: t('overview.state'), cell: (o) => html`<${Pill} kind=${TONES[o.state]} text=${word('override_state', o.state)} />` }, { name: t('override.kind'), cell: (o) => word('override_kind', o.kind) },
			{ name: t('override.code'), wrap: true, cell: (o) => (o.text ? two(o.text) : o.code) }, { name: t('override.asked_by'), cell: (o) => o.requested_by }, { name: t('override.until'), cell: (o) => html`<${Time} at=${o.expires_at} />` },
			{ name: t('override.uses'), n: true, cell: (o) => count(o.uses) }]} /><//>
		<${Pager} at=${['overrides', 'all']} query=${query} next=${data.next_cursor} />`}<//>`;
}

function Verbs({ o, done }) {
	if (!may('POST /v1/overrides')) return null;
	const path = (verb) => `/v1/overrides/${o.override_id}/${verb}`;
	const why = [{ name: 'reason', label: t('common.why'), kind: 'area', required: true, max: 400, hint: t('override.why_hint'), check: tooShort }];
	const body = (v) => ({ reason: v.reason.trim() });
	if (o.state === 'requested' && o.requested_by === session.me.subject) return html`<p class="note">${t('export.second')}</p>`;
	if (o.state === 'requested') return html`<div class="row"><${Act} name="reject" verb=${t('override.reject')} path=${path('reject')} done=${done} fields=${why} body=${body} />
		<${Act} name="approve" verb=${t('override.approve')} effect=${t('override.effect_approve')} path=${path('approve')} done=${done} /></div>`;
	return o.state === 'approved' ? html`<${Act} name="withdraw" verb=${t('override.withdraw')} effect=${t('override.effect_withdraw')} path=${path('withdraw')} done=${done} fields=${why} body=${body} />` : null;
}

function One({ id }) {
	return html`<${Load} path=${'/v1/overrides/' + encodeURIComponent(id)} head=${() => html`<${Head} title=${t('override.one')} about=${t('override.about')} /><p class="crumb"><a href=${href(['overrides', 'all'])}>${t('override.all')}</a></p>`}>${(o, again) => html`<${Panel} name="facts"><${Facts} rows=${[
		[t('overview.state'), html`<${Pill} kind=${TONES[o.state]} text=${word('override_state', o.state)} />`], [t('override.kind'), word('override_kind', o.kind)], [t('override.code'), `${o.text ? two(o.text) : ''} ${o.code}`],
		[t('decision.layer'), word('layer', o.layer)], [t('log.customer'), html`<a href=${href(['customers', o.customer_ref])}>${o.customer_ref}</a>`], [t('log.campaign'), o.campaign || t('common.all')], [t('log.number'), o.phone_mask || t('common.all')],
		[t('decision.title'), html`<a class="mono" href=${href(['decisions', o.decision_id])}>${o.decision_id}</a>`], [t('common.why'), o.reason], [t('override.until'), html`<${Time} at=${o.expires_at} />`], [t('override.uses'), count(o.uses)]]} />
		<ol class="trail">${(o.steps || []).map((s, n) => html`<li key=${n}><${Time} at=${s.at} /> ${word('override_state', s.what)} <span class="meta">${s.actor}</span> ${s.why || ''}</li>`)}</ol>
		<${Verbs} o=${o} done=${again} /><//>`}<//>`;
}

export function Page({ parts: [part], query }) {
	if (!part) return html`<${Waiting} query=${query} />`;
	return part === 'all' ? html`<${All} query=${query} />` : html`<${One} id=${part} />`;
}
