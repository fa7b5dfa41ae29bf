/* Customers: the list, and one customer with contact points, household and consent. Names
 * and numbers are masked by the server; the address has the bank's reference only. */
import { html, Component } from '../ui/html.js';
import { Head, Load } from '../ui/parts.js';
import { Facts, Panel, Table, Time } from '../ui/table.js';
import { Filter, listPath, Pager, Tabs } from '../ui/nav.js';
import { ContactPoint, Contacts } from '../ui/contacts.js';
import { Households } from '../ui/households.js';
import { Consents } from '../ui/consents.js';
import { t, two, word } from '../lib/i18n.js';
import { money, orNone, time } from '../lib/fmt.js';
import { go, href } from '../lib/router.js';

const STAGES = ['prospect', 'onboarding', 'growing', 'mature', 'at_risk', 'dormant', 'lost', 'win_back'];
const base = (ref) => '/v1/customers/' + encodeURIComponent(ref);
const rating = (c) => (c.risk_rating === null ? orNone(null) : 'C' + c.risk_rating);

/* ---- the list -------------------------------------------------------------------------- */
class Open extends Component {
	render(props, { wrong }) {
		const open = (event) => {
			event.preventDefault();
			const ref = event.target.elements.ref.value.trim();
			if (ref) go(href(['customers', ref]));
			else this.setState({ wrong: true });
		};
		return html`<form class="panel row filters" data-form="open" noValidate onSubmit=${open}>
			<label class="f">${t('customer.ref')}<input class="field" name="ref" maxlength="64" aria-invalid=${wrong ? 'true' : undefined} aria-describedby=${wrong ? 'open-wrong' : undefined} /></label>
			<button class="btn" type="submit">${t('customer.open')}</button>
			${wrong ? html`<span class="wrong" id="open-wrong" role="alert">${t('form.missing', { name: t('customer.ref') })}</span>` : null}
		</form>`;
	}
}

function All({ query }) {
	return html`<${Load} path=${listPath('/v1/customers', query, ['stage', 'segment'])} head=${(data) => html`
		<${Head} title=${t('customer.all')} about=${t('customer.about')} at=${data && data.as_of} />
		<${Open} />
		<${Filter} at=${['customers']} query=${query} fields=${[
			{ name: 'stage', label: t('overview.stage'), options: STAGES.map((s) => [s, word('stage', s)]) },
			{ name: 'segment', label: t('overview.segment') }]} />`}>${(data) => html`
		<${Panel} name="customers">
			<${Table} label=${t('customer.all')} items=${data.items} keyOf=${(c) => c.ref} empty=${t('customer.none')} columns=${[
				{ name: t('log.customer'), cell: (c) => html`<a href=${href(['customers', c.ref])}>${c.ref}</a> ${orNone(c.name_mask)}` },
				{ name: t('overview.stage'), cell: (c) => (c.stage ? word('stage', c.stage) : orNone(null)) },
				{ name: t('customer.tier'), cell: (c) => orNone(c.tier) },
				{ name: t('customer.risk'), cell: rating },
				{ name: t('customer.province'), cell: (c) => orNone(c.province) },
			]} />
		<//>
		<${Pager} at=${['customers']} query=${query} next=${data.next_cursor} />`}<//>`;
}

/* ---- one ------------------------------------------------------------------------------- */
function Profile({ c }) {
	return html`<div class="cols">
		<${Panel} name="facts" title=${t('customer.facts')}><${Facts} rows=${[
			[t('customer.name'), c.name_mask], [t('customer.age'), c.age === null ? null : `${c.age}${c.elderly ? ' · ' + t('work.elderly') : ''}`],
			[t('customer.lang'), c.lang], [t('customer.place'), [c.country, c.province, c.city].filter(Boolean).join(' · ')], [t('customer.zone'), c.zone],
			[t('customer.tier'), c.tier], [t('customer.branch'), c.branch], [t('customer.manager'), c.manager], [t('customer.opened'), c.opened_on],
			c.closed_on && [t('customer.closed'), c.closed_on],
			[t('customer.risk'), c.risk_rating === null ? null : `${rating(c)} · ${orNone(c.risk_assessed_on)}${c.risk_valid ? '' : ' · ' + t('customer.risk_over')}`],
			[t('customer.flags'), c.flags.map((f) => word('flag', f)).join(' · ')],
		]} /><//>
		<div>
			<${Panel} name="stage" title=${t('overview.stage')}><${Facts} rows=${[[t('overview.stage'), c.stage && word('stage', c.stage)], [t('customer.since'), html`<${Time} at=${c.stage_since} />`]]} />
				<ol class="trail">${c.stages.map((s, n) => html`<li key=${n}>${s.from ? word('stage', s.from) : t('stages.none')} → ${word('stage', s.to)} <span class="meta">${s.reason} · ${time(s.at)}</span></li>`)}</ol><//>
		</div>
	</div>
	<${Panel} name="holdings"><${Table} caption label=${t('customer.holdings')} items=${c.holdings} empty=${t('customer.no_holding')} columns=${[
		{ name: t('customer.kind'), cell: (h) => word('holding', h.kind) }, { name: t('customer.held'), n: true, cell: (h) => h.open },
		{ name: t('customer.amount'), n: true, cell: (h) => money(h.amount) }, { name: t('customer.matures'), cell: (h) => orNone(h.next_maturity_on) }]} /><//>
	<div class="cols">
		<${Load} path=${base(c.ref) + '/traits'}>${(data) => html`<${Panel} name="values"><${Table} caption label=${t('customer.values')} items=${data.items} keyOf=${(v) => v.name} empty=${t('customer.no_value')} columns=${[
			{ name: t('trait.one'), cell: (v) => html`${v.name} <span class="meta">${two(v.description)}</span>` },
			{ name: t('customer.value'), wrap: true, cell: (v) => (v.hidden ? t('customer.withheld') : v.value === null ? orNone(null) : typeof v.value === 'object' ? money(v.value) : String(v.value)) },
			{ name: t('trait.fed'), cell: (v) => html`<${Time} at=${v.fed_at} />` }]} /><//>`}<//>
		<${Panel} name="segments"><${Table} caption label=${t('overview.segments')} items=${c.segments} empty=${t('customer.no_segment')} columns=${[
			{ name: t('overview.segment'), cell: (s) => s.code }, { name: t('overview.entered'), cell: (s) => html`<${Time} at=${s.entered_at} />` }, { name: t('overview.left'), cell: (s) => html`<${Time} at=${s.left_at} />` }]} /><//>
	</div>`;
}

function One({ parts: [customer, tab, point], query }) {
	const here = ['customers', customer, ...(tab ? [tab] : [])];
	return html`<${Load} path=${base(customer)} head=${(c) => html`
		<${Head} title=${c ? `${customer} ${orNone(c.name_mask)}` : customer} about=${t('customer.one_about')} at=${c && c.as_of} />
		<p class="crumb"><a href=${href(['customers'])}>${t('customer.all')}</a></p>
		<${Tabs} label=${t('customer.parts')} here=${here} items=${[[['customers', customer], t('customer.profile')], [['customers', customer, 'contacts'], t('contacts.title')],
			[['customers', customer, 'household'], t('household.title')], [['customers', customer, 'consent'], t('consent.title')]]} />`}>${(c) => {
		if (tab === 'contacts') return point ? html`<${ContactPoint} customer=${customer} point=${point} />` : html`<${Contacts} customer=${customer} />`;
		if (tab === 'household') return html`<${Households} customer=${customer} />`;
		if (tab === 'consent') return html`<${Consents} customer=${customer} query=${query} />`;
		return html`<${Profile} c=${c} />`;
	}}<//>`;
}

export function Page({ parts, query }) {
	return parts[0] ? html`<${One} parts=${parts} query=${query} />` : html`<${All} query=${query} />`;
}
