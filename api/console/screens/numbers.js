/* Caller numbers: may one be used, for what, how healthy it is, on what paper. A change waits
 * for a second person; a suspension holds at once. */
import { html } from '../ui/html.js';
import { Head, Load, Pill } from '../ui/parts.js';
import { Facts, Panel, Table, Time } from '../ui/table.js';
import { Filter, listPath, Pager, Tabs } from '../ui/nav.js';
import { Act } from '../ui/form.js';
import { t, word } from '../lib/i18n.js';
import { count, NONE, orNone } from '../lib/fmt.js';
import { href } from '../lib/router.js';
import { may } from '../lib/rights.js';
import { session } from '../lib/session.js';

const TONES = { planned: 'undecided', active: 'OK', suspended: 'WARN', recalled: 'BLOCK' };
const PROPOSED = { open: 'REVIEW', approved: 'OK', rejected: 'BLOCK', withdrawn: 'undecided', in_force: 'ALLOW', failed: 'ERROR' };
const STATES = Object.keys(TONES);
const base = (id) => '/v1/numbers/' + encodeURIComponent(id);
const of = (used, cap) => (cap === null ? count(used) : `${count(used)} / ${count(cap)}`);
const percent = (bp) => (bp === null ? NONE : `${bp / 100} %`);

function Top({ here, at }) {
	return html`<${Head} title=${t('number.title')} about=${t('number.about')} at=${at} />
		<${Tabs} label=${t('number.title')} here=${here} items=${[[['numbers'], t('number.registry')], [['numbers', 'changes'], t('number.changes')], [['numbers', 'usage'], t('number.usage')],
			[['numbers', 'outside'], t('number.outside')], [['numbers', 'differences'], t('number.differences')]]} />`;
}

function Status({ n }) {
	return html`<${Pill} kind=${TONES[n.status]} text=${word('number_state', n.status)} />`;
}

function Registry({ query }) {
	return html`<${Load} path=${listPath('/v1/numbers', query, ['status', 'pool'])} head=${(data) => html`<${Top} here=${['numbers']} at=${data && data.as_of} />
		<${Filter} at=${['numbers']} query=${query} fields=${[{ name: 'status', label: t('overview.state'), options: STATES.map((s) => [s, word('number_state', s)]) }, { name: 'pool', label: t('number.pool') }]} />`}>${(data) => html`
		<${Panel} name="numbers"><${Table} label=${t('number.registry')} items=${data.items} keyOf=${(n) => n.number_id} empty=${t('number.none')} columns=${[
			{ name: t('log.caller'), cell: (n) => html`<a class="mono" href=${href(['numbers', n.number_id])}>${n.number}</a> <span class="meta">${n.kind}</span>` },
			{ name: t('overview.state'), cell: (n) => html`<${Status} n=${n} />` }, { name: t('number.pool'), cell: (n) => n.pool }, { name: t('number.purposes'), cell: (n) => n.purposes.map((p) => word('purpose', p)).join(' · ') },
			{ name: t('number.today'), n: true, cell: (n) => of(n.used_today, n.daily_cap) }, { name: t('number.hour'), n: true, cell: (n) => of(n.used_hour, n.hourly_cap) },
			{ name: t('number.label'), cell: (n) => orNone(n.observed && n.observed.label) }]} /><//>
		<${Pager} at=${['numbers']} query=${query} next=${data.next_cursor} />`}<//>`;
}

/* ---- changes -------------------------------------------------------------------------------- */
function Decide({ p, done }) {
	const path = (verb) => `/v1/number-proposals/${p.proposal_id}/${verb}`;
	const note = (required) => [{ name: 'note', label: t('common.why'), kind: 'area', required, max: 300 }];
	const body = (v) => (v.note.trim() ? { note: v.note.trim() } : {});
	if (p.state !== 'open') return orNone(p.failure || p.note);
	if (p.proposer === session.me.subject) return html`<${Act} name=${'withdraw-' + p.proposal_id} verb=${t('number.withdraw')} path=${path('withdraw')} done=${done} fields=${note(false)} body=${body} />`;
	if (!may('POST /v1/number-proposals/{id}/approve')) return t('export.second');
	return html`<div class="row"><${Act} name=${'reject-' + p.proposal_id} verb=${t('number.reject')} path=${path('reject')} done=${done} fields=${note(true)} body=${body} />
		<${Act} name=${'approve-' + p.proposal_id} verb=${t('number.approve')} effect=${t('number.effect_approve')} path=${path('approve')} done=${done} fields=${note(false)} body=${body} /></div>`;
}

function Changes({ query }) {
	return html`<${Load} path=${listPath('/v1/number-proposals', query, ['state'])} head=${(data) => html`<${Top} here=${['numbers', 'changes']} at=${data && data.as_of} />
		<${Filter} at=${['numbers', 'changes']} query=${query} fields=${[{ name: 'state', label: t('overview.state'), options: Object.keys(PROPOSED).map((s) => [s, word('proposal', s)]) }]} />`}>${(data, again) => html`
		<${Panel} name="proposals"><${Table} label=${t('number.changes')} items=${data.items} keyOf=${(p) => p.proposal_id} empty=${t('number.no_change')} columns=${[
			{ name: t('number.what'), wide: true, cell: (p) => html`${word('proposal_action', p.action)} ${p.number || p.document.number || ''}<details><summary>${t('number.document')}</summary><p class="mono">${JSON.stringify(p.document)}</p></details>` },
			{ name: t('overview.state'), cell: (p) => html`<${Pill} kind=${PROPOSED[p.state]} text=${word('proposal', p.state)} />` }, { name: t('common.why'), wrap: true, cell: (p) => p.reason },
			{ name: t('number.proposer'), cell: (p) => html`${p.proposer} <span class="meta"><${Time} at=${p.proposed_at} /></span>` }, { name: t('number.decided_by'), cell: (p) => orNone(p.decided_by) },
			{ name: t('common.actions'), cell: (p) => html`<${Decide} p=${p} done=${again} />` }]} /><//>
		<${Pager} at=${['numbers', 'changes']} query=${query} next=${data.next_cursor} />`}<//>`;
}

/* ---- reports --------------------------------------------------------------------------------- */
function Usage() {
	return html`<${Load} path="/v1/numbers:usage" head=${(data) => html`<${Top} here=${['numbers', 'usage']} at=${data && data.as_of} />`}>${(data) => html`
		<${Panel} name="usage"><${Table} label=${t('number.usage')} items=${data.items} empty=${t('number.no_use')} columns=${[
			{ name: t('number.day'), cell: (u) => u.day }, { name: t('log.caller'), cell: (u) => html`<a class="mono" href=${href(['numbers', u.number_id])}>${u.number}</a>` }, { name: t('number.pool'), cell: (u) => u.pool },
			{ name: t('overview.purpose'), cell: (u) => word('purpose', u.purpose) }, { name: t('log.campaign'), cell: (u) => orNone(u.campaign) }, { name: t('number.used'), n: true, cell: (u) => count(u.used) }]} /><//>
		<${Load} path="/v1/numbers:forecast">${(f) => html`<${Panel} name="forecast"><${Table} caption label=${t('number.forecast')} items=${f.items} empty=${t('number.no_forecast')} columns=${[
			{ name: t('number.day'), cell: (x) => x.day }, { name: t('number.pool'), cell: (x) => x.pool }, { name: t('overview.purpose'), cell: (x) => word('purpose', x.purpose) },
			{ name: t('number.expected'), n: true, cell: (x) => count(x.expected) }, { name: t('number.budget'), n: true, cell: (x) => count(x.budget) }, { name: t('number.enough'), cell: (x) => html`<${Pill} kind=${x.short ? 'WARN' : 'OK'} text=${t(x.short ? 'common.no' : 'common.yes')} />` }]} /><//>`}<//>`}<//>`;
}

function Outside() {
	return html`<${Load} path="/v1/numbers:outside-purpose" head=${(data) => html`<${Top} here=${['numbers', 'outside']} at=${data && data.as_of} />`}>${(data) => html`
		<${Panel} name="outside"><p>${t('number.checked', { found: count(data.found), n: count(data.checked) })} <${Pill} kind=${data.found ? 'WARN' : 'OK'} text=${count(data.found)} /></p>
			<${Table} label=${t('number.outside')} items=${data.items} keyOf=${(d) => d.decision_id} empty=${t('number.none_outside')} columns=${[
				{ name: t('log.time'), cell: (d) => html`<${Time} at=${d.decided_at} />` }, { name: t('log.caller'), cell: (d) => orNone(d.number) }, { name: t('overview.purpose'), cell: (d) => word('purpose', d.purpose) },
				{ name: t('number.purposes'), cell: (d) => d.registered.map((p) => word('purpose', p)).join(' · ') }, { name: t('decision.title'), cell: (d) => html`<span class="mono">${d.decision_id}</span>` }]} /><//>`}<//>`;
}

function Differences({ query }) {
	return html`<${Load} path=${listPath('/v1/number-differences', query, ['all'])} head=${(data) => html`<${Top} here=${['numbers', 'differences']} at=${data && data.as_of} />
		<${Filter} at=${['numbers', 'differences']} query=${query} fields=${[{ name: 'all', label: t('number.settled'), options: [['true', t('number.with_settled')]] }]} />`}>${(data, again) => html`
		<${Panel} name="differences"><${Table} label=${t('number.differences')} items=${data.items} keyOf=${(d) => d.difference_id} empty=${t('number.no_difference')} columns=${[
			{ name: t('log.caller'), cell: (d) => html`<span class="mono">${d.number}</span> <span class="meta">${d.carrier}</span>` }, { name: t('number.what'), cell: (d) => `${word('difference', d.kind)} ${d.field}` },
			{ name: t('number.ours'), wrap: true, cell: (d) => orNone(d.registry) }, { name: t('number.theirs'), wrap: true, cell: (d) => orNone(d.carrier_says) }, { name: t('incident.detected'), cell: (d) => html`<${Time} at=${d.found_at} />` },
			{ name: t('common.actions'), cell: (d) => (d.settled_by ? `${d.settled_by} · ${orNone(d.note)}` : may('POST /v1/number-differences/{id}/settle') ? html`<${Act} name=${'settle-' + d.difference_id} verb=${t('number.settle')} path=${`/v1/number-differences/${d.difference_id}/settle`} done=${again}
				fields=${[{ name: 'note', label: t('number.found'), kind: 'area', required: true, max: 300 }]} body=${(v) => ({ note: v.note.trim() })} />` : orNone(null)) }]} /><//>
		<${Pager} at=${['numbers', 'differences']} query=${query} next=${data.next_cursor} />`}<//>`;
}

/* ---- one ---------------------------------------------------------------------------------------- */
function Health({ id }) {
	return html`<${Load} path=${'/v1/numbers:health?number_id=' + encodeURIComponent(id)}>${(data) => data.items.map((h) => html`<${Panel} key=${id} name="health"><${Table} caption label=${t('number.health')} items=${Object.entries(h.rates)} columns=${[
		{ name: t('number.rate'), cell: ([name]) => word('rate', name) }, { name: t('number.cases'), n: true, cell: ([, r]) => `${count(r.part)} / ${count(r.of)}` }, { name: t('number.share'), n: true, cell: ([, r]) => percent(r.rate_bp) },
		{ name: t('number.window'), n: true, cell: ([, r]) => count(r.window_hours) }, { name: t('number.least'), n: true, cell: ([, r]) => count(r.min) }, { name: t('number.suspends_at'), n: true, cell: ([, r]) => percent(r.suspend_bp) }]} />
		${h.would_suspend ? html`<p class="note warn">${t('number.would_suspend')}</p>` : null}<//>`)}<//>`;
}

function Verbs({ n, done }) {
	if (!may('POST /v1/numbers/{number_id}/suspend')) return null;
	const why = [{ name: 'reason', label: t('common.why'), kind: 'area', required: true, max: 300 }];
	const body = (v) => ({ reason: v.reason.trim() });
	if (n.status === 'active') return html`<${Act} name="suspend" verb=${t('number.suspend')} effect=${t('number.effect_suspend', { n: n.number })} path=${base(n.number_id) + '/suspend'} done=${done} fields=${why} body=${body} />`;
	return n.status === 'suspended' ? html`<${Act} name="resume" verb=${t('number.resume')} effect=${t('number.effect_resume')} path=${base(n.number_id) + '/resume'} done=${done} fields=${why} body=${body} />` : null;
}

function One({ id }) {
	return html`<${Load} path=${base(id)} head=${(n) => html`<${Head} title=${n ? n.number : t('log.caller')} about=${t('number.one_about')} /><p class="crumb"><a href=${href(['numbers'])}>${t('number.registry')}</a></p>`}>${(n, again) => html`
		<${Panel} name="facts"><${Facts} rows=${[[t('overview.state'), html`<${Status} n=${n} /> ${n.status_reason || ''}`], [t('number.pool'), n.pool], [t('number.kind'), n.kind], [t('number.holder'), `${n.holder} · ${n.user_org}`], [t('number.carrier'), n.carrier],
			[t('number.purposes'), n.purposes.map((p) => word('purpose', p)).join(' · ')], [t('number.registered'), n.registered_purpose], [t('number.regions'), n.regions.join(' · ')], [t('number.licence'), n.licence_no && html`${n.licence_no} · <${Time} at=${n.licence_from} /> – <${Time} at=${n.licence_to} />`],
			[t('number.today'), of(n.used_today, n.daily_cap)], [t('number.hour'), of(n.used_hour, n.hourly_cap)], n.cooldown_until && [t('number.cooldown'), html`<${Time} at=${n.cooldown_until} />`]]} />
			<div class="row"><${Verbs} n=${n} done=${again} /></div><//>
		<${Health} key=${'h' + n.version} id=${id} />
		<${Load} key=${'c' + n.version} path=${base(id) + '/changes?limit=50'}>${(data) => html`<${Panel} name="history"><${Table} caption label=${t('number.history')} items=${data.items} empty=${t('number.no_change')} columns=${[
			{ name: t('log.time'), cell: (c) => html`<${Time} at=${c.at} />` }, { name: t('number.what'), cell: (c) => word('number_state', c.what) }, { name: t('common.by'), cell: (c) => c.actor }, { name: t('number.decided_by'), cell: (c) => orNone(c.approver) }, { name: t('common.why'), wrap: true, cell: (c) => orNone(c.reason) }]} /><//>`}<//>`}<//>`;
}

const PARTS = { changes: Changes, usage: Usage, outside: Outside, differences: Differences };

export function Page({ parts: [part], query }) {
	if (!part) return html`<${Registry} query=${query} />`;
	const Part = PARTS[part];
	return Part ? html`<${Part} query=${query} />` : html`<${One} id=${part} />`;
}
