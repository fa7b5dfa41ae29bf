/* Incidents: what should not have happened, and what was done about it. */
import { html } from '../ui/html.js';
import { Head, Load, Pill } from '../ui/parts.js';
import { Facts, Panel, Table, Time } from '../ui/table.js';
import { Filter, listPath, Pager } from '../ui/nav.js';
import { Act } from '../ui/form.js';
import { t, two, word } from '../lib/i18n.js';
import { orNone } from '../lib/fmt.js';
import { href } from '../lib/router.js';
import { may } from '../lib/rights.js';

function State({ i }) {
	return html`<${Pill} kind=${i.state === 'open' ? 'WARN' : 'OK'} text=${word('incident', i.state)} />`;
}

function All({ query }) {
	return html`<${Load} path=${listPath('/v1/incidents', query, ['state', 'code'])} head=${(data) => html`<${Head} title=${t('incident.title')} about=${t('incident.about')} at=${data && data.as_of} />
		<${Filter} at=${['incidents']} query=${query} fields=${[{ name: 'state', label: t('overview.state'), options: ['open', 'closed'].map((s) => [s, word('incident', s)]) }, { name: 'code', label: t('incident.code') }]} />`}>${(data) => html`
		<${Panel} name="incidents"><${Table} label=${t('incident.title')} items=${data.items} keyOf=${(i) => i.incident_id} empty=${t('incident.none')} columns=${[
			{ name: t('incident.what'), wide: true, cell: (i) => html`<a href=${href(['incidents', i.incident_id])}>${i.text ? two(i.text) : i.code}</a> <span class="meta">${i.code}</span>` },
			{ name: t('overview.state'), cell: (i) => html`<${State} i=${i} />` }, { name: t('incident.detected'), cell: (i) => html`<${Time} at=${i.detected_at} />` },
			{ name: t('log.customer'), cell: (i) => orNone(i.customer_ref) }, { name: t('log.campaign'), cell: (i) => orNone(i.campaign) }, { name: t('log.caller'), cell: (i) => orNone(i.number) }]} /><//>
		<${Pager} at=${['incidents']} query=${query} next=${data.next_cursor} />`}<//>`;
}

function One({ id }) {
	return html`<${Load} path=${'/v1/incidents/' + encodeURIComponent(id)} head=${(i) => html`<${Head} title=${i ? i.code : t('incident.one')} about=${i && i.text ? two(i.text) : t('incident.about')} />
		<p class="crumb"><a href=${href(['incidents'])}>${t('incident.title')}</a></p>`}>${(i, again) => html`<${Panel} name="facts"><${Facts} rows=${[
		[t('overview.state'), html`<${State} i=${i} />`], [t('incident.detected'), html`<${Time} at=${i.detected_at} />`], [t('log.customer'), i.customer_ref], [t('log.campaign'), i.campaign], [t('log.caller'), i.number],
		i.decision_id && [t('decision.title'), may('GET /v1/decisions') ? html`<a class="mono" href=${href(['decisions', i.decision_id])}>${i.decision_id}</a>` : i.decision_id], i.task_id && [t('decision.task'), html`<span class="mono">${i.task_id}</span>`],
		[t('decision.evidence'), html`<span class="mono">${Object.entries(i.evidence).map(([k, v]) => `${k}=${typeof v === 'object' ? JSON.stringify(v) : v}`).join(' ')}</span>`],
		i.closed_by && [t('incident.closed_by'), html`${i.closed_by} · <${Time} at=${i.closed_at} />`], i.note && [t('incident.done'), i.note]]} />
		${i.state === 'open' && may('POST /v1/incidents/{id}/close') ? html`<${Act} name="close" verb=${t('incident.close')} effect=${t('incident.effect_close')} path=${`/v1/incidents/${i.incident_id}/close`} done=${again}
			fields=${[{ name: 'note', label: t('incident.done'), kind: 'area', required: true, max: 500 }]} body=${(v) => ({ note: v.note.trim() })} />` : null}<//>`}<//>`;
}

export function Page({ parts, query }) {
	return parts[0] ? html`<${One} id=${parts[0]} />` : html`<${All} query=${query} />`;
}
