/* Households: their members (masked), and what was suggested and waits for a person. A
 * suggestion counts for nothing until it is confirmed. */
import { html } from './html.js';
import { Load, Pill } from './parts.js';
import { Panel, Table, Time } from './table.js';
import { Act } from './form.js';
import { t, word } from '../lib/i18n.js';
import { orNone } from '../lib/fmt.js';
import { href } from '../lib/router.js';

const TONES = { suggested: 'REVIEW', member: 'OK', rejected: 'BLOCK', left: 'undecided' };
const ROLES = ['member', 'head', 'spouse', 'child', 'parent'];
const path = (ref) => `/v1/customers/${encodeURIComponent(ref)}/households`;

/* What may be said of one customer in a household as it stands. */
function Verbs({ customer, household, state, done }) {
	const act = (action, tone) => html`<${Act} key=${action} name=${`${action}-${customer}`} verb=${word('household_do', action)} tone=${tone}
		effect=${t('household.effect_' + action, { ref: customer, household })} path=${path(customer)} body=${() => ({ action, household })} done=${done} />`;
	if (state === 'suggested') return html`<div class="row">${act('confirm', '')}${act('reject', '')}</div>`;
	return state === 'member' ? act('leave', '') : orNone(null);
}

export function Members({ household, name, done }) {
	return html`<${Panel} name=${name}>
		<${Table} caption label=${t('household.members', { code: household.household })} items=${household.members} keyOf=${(m) => m.ref} empty=${t('household.nobody')} columns=${[
			{ name: t('log.customer'), cell: (m) => html`<a href=${href(['customers', m.ref, 'household'])}>${m.ref}</a> ${orNone(m.name_mask)}` },
			{ name: t('overview.state'), cell: (m) => html`<${Pill} kind=${TONES[m.state]} text=${word('member', m.state)} />` },
			{ name: t('household.role'), cell: (m) => word('household_role', m.role) },
			{ name: t('household.source'), wrap: true, cell: (m) => html`${word('household_source', m.source)} ${m.reason ? html`<span class="meta">${m.reason.split(' ').map((why) => word('suggested_for', why)).join(' · ')}</span>` : null}` },
			{ name: t('common.by'), cell: (m) => html`${m.actor} <span class="meta"><${Time} at=${m.updated_at} /></span>` },
			{ name: t('common.actions'), cell: (m) => html`<${Verbs} customer=${m.ref} household=${household.household} state=${m.state} done=${done} />` },
		]} />
	<//>`;
}

export function Households({ customer }) {
	return html`<${Load} path=${path(customer)}>${(data, again) => html`
		${data.items.length === 0 ? html`<${Panel} name="household"><p class="muted" data-empty="">${t('household.none')}</p><//>` : null}
		${data.items.map((h) => html`<${Members} key=${h.household} name="household" household=${h} done=${again} />`)}
		<p><${Act} name="declare" verb=${t('household.declare')} effect=${t('household.effect_declare')} path=${path(customer)} done=${again}
			fields=${[{ name: 'household', label: t('household.code'), required: true, max: 64 },
				{ name: 'role', label: t('household.role'), kind: 'select', value: 'member', options: ROLES.map((r) => [r, word('household_role', r)]) }]}
			body=${(v) => ({ action: 'declare', household: v.household.trim(), role: v.role })} /></p>`}<//>`;
}
