/* Contact points of a customer: what is known of each, since when and how, its history,
 * and who else has the number. Numbers are masked by the server. */
import { html } from './html.js';
import { Load, Pill } from './parts.js';
import { Panel, Table, Time } from './table.js';
import { Act } from './form.js';
import { t, word } from '../lib/i18n.js';
import { count, orNone } from '../lib/fmt.js';
import { href } from '../lib/router.js';
import { may } from '../lib/rights.js';

const TONES = { verified: 'OK', unverified: 'undecided', failed: 'BLOCK', reassigned: 'WARN' };
const STATES = ['verified', 'unverified', 'failed', 'reassigned'];
const HOW = ['call', 'sms_code', 'branch', 'document', 'carrier', 'letter', 'other'];
const SET_STATE = 'POST /v1/customers/{ref}/contact-points/{point_id}/state';
const base = (ref) => `/v1/customers/${encodeURIComponent(ref)}/contact-points`;

export function PointState({ state }) {
	return html`<${Pill} kind=${TONES[state]} text=${word('point', state)} />`;
}

function Change({ customer, point, done }) {
	if (!may(SET_STATE)) return null;
	return html`<${Act} name=${'point-' + point.point_id} verb=${t('contacts.change')} effect=${t('contacts.effect', { mask: point.mask })}
		path=${`${base(customer)}/${point.point_id}/state`} done=${done}
		fields=${[
			{ name: 'state', label: t('contacts.state'), kind: 'select', required: true, options: STATES.map((s) => [s, word('point', s)]) },
			{ name: 'how', label: t('contacts.how'), kind: 'select', required: true, options: HOW.map((h) => [h, word('point_how', h)]) },
			{ name: 'evidence', label: t('contacts.evidence'), max: 200, hint: t('contacts.evidence_hint') }]}
		body=${(v) => ({ state: v.state, how: v.how, ...(v.evidence.trim() ? { evidence: v.evidence.trim() } : {}) })} />`;
}

export function Contacts({ customer }) {
	return html`<${Load} path=${base(customer)}>${(data, again) => html`<${Panel} name="contacts">
		<${Table} caption label=${t('contacts.title')} items=${data.items} keyOf=${(p) => p.point_id} empty=${t('contacts.none')} columns=${[
			{ name: t('contacts.number'), cell: (p) => html`<a href=${href(['customers', customer, 'contacts', p.point_id])}>${p.mask}</a> <span class="meta">${word('point_kind', p.kind)}${p.primary ? ' · ' + t('contacts.primary') : ''}</span>` },
			{ name: t('contacts.state'), cell: (p) => html`<${PointState} state=${p.state} />` },
			{ name: t('contacts.since'), cell: (p) => html`<${Time} at=${p.state_at} />` },
			{ name: t('contacts.how'), cell: (p) => (p.state_how ? `${word('point_how', p.state_how)} · ${orNone(p.state_by)}` : orNone(null)) },
			{ name: t('contacts.shared'), n: true, cell: (p) => (p.shared_by ? html`<a href=${href(['customers', customer, 'contacts', p.point_id])}>${count(p.shared_by)}</a>` : count(0)) },
			{ name: t('contacts.change'), cell: (p) => html`<${Change} customer=${customer} point=${p} done=${again} />` },
		]} />
	<//>`}<//>`;
}

function Sharers({ customer, point }) {
	return html`<${Load} path=${`${base(customer)}/${point}/sharers`}>${(data) => html`<${Panel} name="sharers">
		<${Table} caption label=${t('contacts.sharers', { n: count(data.total) })} items=${data.items} keyOf=${(s) => s.ref} empty=${t('contacts.alone')} columns=${[
			{ name: t('log.customer'), cell: (s) => html`<a href=${href(['customers', s.ref])}>${s.ref}</a> ${orNone(s.name_mask)}` },
			{ name: t('contacts.state'), cell: (s) => html`<${PointState} state=${s.state} />` },
			{ name: t('contacts.household'), cell: (s) => t(s.same_household ? 'common.yes' : 'common.no') },
		]} />
	<//>`}<//>`;
}

export function ContactPoint({ customer, point }) {
	return html`<${Load} path=${`${base(customer)}/${encodeURIComponent(point)}`}>${(data, again) => html`
		<${Panel} name="point" title=${data.contact.mask} note=${word('point_kind', data.contact.kind)}>
			<p><${PointState} state=${data.contact.state} /> ${data.contact.state_how ? word('point_how', data.contact.state_how) : ''} <${Time} at=${data.contact.state_at} /></p>
			<${Change} customer=${customer} point=${data.contact} done=${again} />
		<//>
		<${Panel} name="history">
			<${Table} caption label=${t('contacts.history')} items=${data.history} empty=${t('contacts.no_history')} columns=${[
				{ name: t('log.time'), cell: (h) => html`<${Time} at=${h.at} />` },
				{ name: t('contacts.from'), cell: (h) => html`<${PointState} state=${h.from} />` },
				{ name: t('contacts.to'), cell: (h) => (h.primary === null ? html`<${PointState} state=${h.to} />` : t(h.primary ? 'contacts.now_primary' : 'contacts.was_primary')) },
				{ name: t('contacts.how'), cell: (h) => word('point_how', h.how) },
				{ name: t('common.by'), cell: (h) => h.actor },
				{ name: t('contacts.evidence'), wrap: true, cell: (h) => orNone(h.evidence) },
			]} />
		<//>
		<${Sharers} customer=${customer} point=${point} />`}<//>`;
}
