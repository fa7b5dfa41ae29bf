/* Agents: where each is, what is in hand, and what each may do. */
import { html } from '../ui/html.js';
import { Head, Load, Pill } from '../ui/parts.js';
import { Facts, Panel, Table, Time } from '../ui/table.js';
import { Filter, listPath, Pager } from '../ui/nav.js';
import { Act } from '../ui/form.js';
import { t, word } from '../lib/i18n.js';
import { count, orNone } from '../lib/fmt.js';
import { href } from '../lib/router.js';
import { may } from '../lib/rights.js';

const TONES = { available: 'OK', busy: 'DEFER', away: 'undecided', offline: 'BLOCK', unknown: 'undecided' };
const SAYABLE = ['available', 'busy', 'away', 'offline'];
const base = (code) => '/v1/agents/' + encodeURIComponent(code);

function Presence({ a }) {
	return html`<${Pill} kind=${TONES[a.presence.state]} text=${word('presence', a.presence.state)} /> ${a.presence.stale && a.presence.state !== 'unknown' ? html`<${Pill} kind="WARN" text=${t('agent.stale')} />` : null}
		${a.held ? html` <${Pill} kind="WARN" text=${t('agent.held')} />` : null}`;
}

function All({ query }) {
	return html`<${Load} path=${listPath('/v1/agents', query, ['queue'])} head=${(data) => html`<${Head} title=${t('agent.title')} about=${t('agent.about')} at=${data && data.as_of} />
		<${Filter} at=${['agents']} query=${query} fields=${[{ name: 'queue', label: t('queue.one') }]} />`}>${(data) => html`
		<${Panel} name="agents"><${Table} label=${t('agent.title')} items=${data.items} keyOf=${(a) => a.code} empty=${t('agent.none')} columns=${[
			{ name: t('log.agent'), cell: (a) => html`<a href=${href(['agents', a.code])}>${a.code}</a> <span class="meta">${word('agent_kind', a.kind)}</span>` }, { name: t('agent.presence'), cell: (a) => html`<${Presence} a=${a} />` },
			{ name: t('queue.one'), cell: (a) => [a.queue, ...a.queues].join(' · ') }, { name: t('agent.in_hand'), n: true, cell: (a) => `${count(a.in_hand)} / ${count(a.capacity)}` }, { name: t('agent.languages'), cell: (a) => a.languages.join(' · ') || orNone(null) },
			{ name: t('agent.licences'), cell: (a) => a.licences.map((l) => `${l.valid ? '✓' : '✕'} ${l.kind}`).join(' · ') || orNone(null) }, { name: t('agent.idle'), cell: (a) => html`<${Time} at=${a.idle_since} />` }]} /><//>
		<${Pager} at=${['agents']} query=${query} next=${data.next_cursor} />`}<//>`;
}

function Verbs({ a, done }) {
	return html`<div class="row">
		${may('PUT /v1/agents/{code}/presence') ? html`<${Act} name="presence" verb=${t('agent.set_presence')} effect=${t('agent.effect_presence')} method="PUT" path=${base(a.code) + '/presence'} done=${done}
			fields=${[{ name: 'state', label: t('agent.presence'), kind: 'select', required: true, options: SAYABLE.map((s) => [s, word('presence', s)]) }]} body=${(v) => ({ state: v.state })} />` : null}
		${a.held && may('POST /v1/compliance/agents/{agent}/release') ? html`<${Act} name="release" verb=${t('agent.release')} effect=${t('agent.effect_release')} path=${`/v1/compliance/agents/${encodeURIComponent(a.code)}/release`} done=${done}
			fields=${[{ name: 'reason', label: t('common.why'), kind: 'area', required: true, max: 200 }]} body=${(v) => ({ reason: v.reason.trim() })} />` : null}</div>`;
}

function One({ code }) {
	return html`<${Load} path=${base(code)} head=${() => html`<${Head} title=${code} about=${t('agent.one_about')} /><p class="crumb"><a href=${href(['agents'])}>${t('agent.title')}</a></p>`}>${(a, again) => html`
		<div class="cols"><${Panel} name="facts"><${Facts} rows=${[[t('agent.presence'), html`<${Presence} a=${a} /> <${Time} at=${a.presence.at} />`], [t('agent.kind'), word('agent_kind', a.kind)], [t('queue.one'), [a.queue, ...a.queues].join(' · ')], [t('customer.zone'), a.zone],
			[t('agent.in_hand'), `${count(a.in_hand)} / ${count(a.capacity)}`], [t('agent.hourly'), a.hourly_limit ? count(a.hourly_limit) : null], [t('agent.skills'), a.skills.map((s) => `${s.code} ${s.level}`).join(' · ')], [t('agent.languages'), a.languages.join(' · ')],
			[t('agent.idle'), html`<${Time} at=${a.idle_since} />`], a.wrap_until && [t('agent.wrap'), html`<${Time} at=${a.wrap_until} />`], a.left && [t('overview.state'), t('agent.left')]]} />
			<${Verbs} key=${a.held} a=${a} done=${again} /><//>
		<div><${Panel} name="licences"><${Table} caption label=${t('agent.licences')} items=${a.licences} empty=${t('agent.no_licence')} columns=${[
			{ name: t('agent.licence'), cell: (l) => l.kind }, { name: t('overview.state'), cell: (l) => html`<${Pill} kind=${l.valid ? 'OK' : 'BLOCK'} text=${t(l.valid ? 'agent.valid' : 'agent.expired')} />` }, { name: t('pack.to'), cell: (l) => html`<${Time} at=${l.to} />` }]} /><//>
		<${Panel} name="shifts"><${Table} caption label=${t('agent.shifts')} items=${a.shifts} empty=${t('agent.no_shift')} columns=${[
			{ name: t('agent.weekday'), cell: (s) => word('weekday', s.weekday) }, { name: t('log.from'), cell: (s) => orNone(s.from) }, { name: t('log.to'), cell: (s) => orNone(s.to) }]} /><//></div></div>`}<//>`;
}

export function Page({ parts: [code], query }) {
	return code ? html`<${One} code=${code} />` : html`<${All} query=${query} />`;
}
