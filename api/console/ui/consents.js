/* What a customer agreed to, took back and objected to. A withdrawal has two times: when it
 * was committed (from then on nothing starts) and when all that was already out had ended. */
import { html } from './html.js';
import { Load, Pill } from './parts.js';
import { Facts, Panel, Table, Time } from './table.js';
import { Act } from './form.js';
import { t, word } from '../lib/i18n.js';
import { count, orNone, time } from '../lib/fmt.js';
import { go, href } from '../lib/router.js';
import { may } from '../lib/rights.js';

const TONES = { grant: 'ALLOW', withdraw: 'BLOCK', expire: 'undecided', refuse: 'BLOCK' };
const PURPOSES = ['*', 'MARKETING', 'SERVICE', 'SURVEY', 'CONSENT_REQUEST', 'RISK_ALERT'];
const CHANNELS = ['*', 'VOICE', 'SMS', 'EMAIL', 'PUSH', 'MAIL'];
const SOURCES = ['call', 'branch', 'app', 'letter', 'other'];
const base = (ref) => '/v1/customers/' + encodeURIComponent(ref);
const all = (group, value) => (value === '*' ? t('common.all') : word(group, value));

function Times({ id }) {
	return html`<${Load} path=${'/v1/withdrawals/' + encodeURIComponent(id)} every=${3000}>${(w) => html`<${Panel} name="withdrawal" title=${t('consent.two_times')}>
		<${Facts} rows=${[
			[t('consent.committed'), html`<${Time} at=${w.committed_at} />`],
			[t('consent.effective'), w.effective_at ? html`<${Time} at=${w.effective_at} />` : html`<${Pill} kind="DEFER" text=${t('consent.not_yet', { n: count(w.recalls_open) })} />`],
			[t('consent.cancelled'), count(w.cancelled)], [t('consent.recalled'), count(w.recalled)], [t('consent.on_wire'), count(w.on_wire)],
		]} />
		${w.tasks.length ? html`<${Table} caption label=${t('overview.tasks')} items=${w.tasks} keyOf=${(x) => x.task_id} columns=${[
			{ name: t('decision.task'), cell: (x) => html`<span class="mono">${x.task_id}</span>` },
			{ name: t('queue.one'), cell: (x) => x.queue },
			{ name: t('overview.state'), cell: (x) => word('state', x.state) },
			{ name: t('consent.recall'), cell: (x) => (x.ended === 'recalled' ? t(x.recall_answered ? 'common.yes' : 'common.no') : orNone(null)) },
		]} />` : null}
	<//>`}<//>`;
}

function Events({ items }) {
	return html`<${Panel} name="consents" title=${t('consent.timeline')}>
		${items.length === 0 ? html`<p class="muted" data-empty="">${t('consent.none')}</p>` : html`<ol class="trail">${items.map((e) => html`<li key=${e.id}>
			<div><${Time} at=${e.effective_at} /> <${Pill} kind=${TONES[e.action]} text=${word('consent_do', e.action)} />
				${e.subject === 'profiling' ? t('consent.profiling') : `${all('purpose', e.purpose)} · ${all('channel', e.channel)} · ${t('consent.class', { class: e.product_class === '*' ? t('common.all') : e.product_class })}`}</div>
			<div class="meta">${[e.form && t('consent.given', { form: word('consent_form', e.form) }), e.notice_version && t('consent.notice', { n: e.notice_version }), e.evidence && t('consent.proof', { ref: e.evidence }),
				t('consent.for', { who: e.recipient }), e.expires_at && t('consent.expires', { at: time(e.expires_at) }), t('consent.recorded', { who: e.actor, at: time(e.recorded_at) })].filter(Boolean).join(' · ')}</div>
		</li>`)}</ol>`}
	<//>`;
}

function Objections({ customer, items, done }) {
	const lift = (o) => (o.lifted_at || !o.own || !may('POST /v1/customers/{ref}/objections/{id}/lift') ? null : html`<${Act} name=${'lift-' + o.id} verb=${t('consent.lift')} effect=${t('consent.effect_lift')}
		path=${`${base(customer)}/objections/${o.id}/lift`} done=${done}
		fields=${[{ name: 'evidence', label: t('contacts.evidence'), required: true, max: 200, hint: t('contacts.evidence_hint') }]} body=${(v) => ({ evidence: v.evidence.trim() })} />`);
	return html`<${Panel} name="objections">
		<${Table} caption label=${t('consent.objections')} items=${items} keyOf=${(o) => o.id} empty=${t('consent.no_objection')} columns=${[
			{ name: t('consent.kind'), cell: (o) => word('objection', o.kind) },
			{ name: t('consent.channel'), cell: (o) => all('channel', o.channel) },
			{ name: t('consent.scope'), cell: (o) => `${word('objection_scope', o.scope)} ${o.phone_mask || o.household || ''}` },
			{ name: t('consent.from'), cell: (o) => html`<${Time} at=${o.effective_at} />` },
			{ name: t('common.by'), cell: (o) => `${orNone(o.actor)} · ${o.source}` },
			{ name: t('consent.lifted'), cell: (o) => (o.lifted_at ? html`<${Time} at=${o.lifted_at} /> ${o.lifted_by}` : lift(o) || orNone(null)) },
		]} />
	<//>`;
}

export function Consents({ customer, query }) {
	const shown = (again) => (answer) => { again(); go(href(['customers', customer, 'consent'], { w: answer.id })); };
	const choice = (group, values) => values.map((v) => [v, all(group, v)]);
	const source = { name: 'source', label: t('consent.source'), kind: 'select', required: true, options: SOURCES.map((s) => [s, word('consent_source', s)]) };
	return html`
		${query.w ? html`<${Times} id=${query.w} />` : null}
		<${Load} path=${base(customer) + '/consents'}>${(consents, again) => html`
			<div class="row pages">
				<${Act} name="withdraw" verb=${t('consent.withdraw')} effect=${t('consent.effect_withdraw')} path=${base(customer) + '/consents'} done=${shown(again)}
					fields=${[{ name: 'purpose', label: t('consent.purpose'), kind: 'select', value: 'MARKETING', options: choice('purpose', PURPOSES) },
						{ name: 'channel', label: t('consent.channel'), kind: 'select', value: '*', options: choice('channel', CHANNELS) }, source,
						{ name: 'evidence', label: t('contacts.evidence'), max: 200, hint: t('contacts.evidence_hint') }]}
					body=${(v) => ({ action: 'withdraw', purpose: v.purpose, channel: v.channel, form: v.source, source: v.source, ...(v.evidence.trim() ? { evidence: v.evidence.trim() } : {}) })} />
				<${Act} name="object" verb=${t('consent.object')} effect=${t('consent.effect_object')} path=${base(customer) + '/objections'} done=${shown(again)}
					fields=${[source, { name: 'household', label: t('consent.whole_household'), kind: 'check' }]}
					body=${(v) => ({ kind: 'do_not_call', source: v.source, ...(v.household ? { household: true } : {}) })} />
			</div>
			<${Load} key=${query.w || ''} path=${base(customer) + '/objections'}>${(objections, reload) => html`<${Objections} customer=${customer} items=${objections.items} done=${reload} />`}<//>
			<${Events} items=${consents.items} />`}<//>`;
}
