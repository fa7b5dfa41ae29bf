/* Queues: how dispatchers see each, what waits, opening and closing one, its settings. */
import { html } from '../ui/html.js';
import { Head, Load, Pill } from '../ui/parts.js';
import { Facts, Panel, Table, Time } from '../ui/table.js';
import { Act } from '../ui/form.js';
import { t, word } from '../lib/i18n.js';
import { count, orNone } from '../lib/fmt.js';
import { href } from '../lib/router.js';
import { may } from '../lib/rights.js';

const TONES = { open: 'OK', paused: 'DEFER', disabled: 'BLOCK' };
const base = (code) => '/v1/queues/' + encodeURIComponent(code);
const notCount = (text) => (/^\d+$/.test(String(text).trim()) && Number(text) > 0 ? '' : t('queue.not_count'));

function State({ q }) {
	return html`<${Pill} kind=${TONES[q.state]} text=${word('queue_state', q.state)} />`;
}

/* A destination that no worker reaches just now. */
const dead = (q) => q.health.some((h) => h.dead_until);

function All() {
	return html`<${Load} path="/v1/queues" every=${15000} head=${(data) => html`<${Head} title=${t('queue.title')} about=${t('queue.about')} at=${data && data.as_of} />`}>${(data) => html`
		<${Panel} name="queues"><${Table} label=${t('queue.title')} items=${data.items} keyOf=${(q) => q.code} empty=${t('queue.none')} columns=${[
			{ name: t('queue.one'), cell: (q) => html`<a href=${href(['queues', q.code])}>${q.code}</a> <span class="meta">${word('queue_kind', q.kind)}</span>` },
			{ name: t('overview.state'), cell: (q) => html`<${State} q=${q} /> ${dead(q) ? html`<${Pill} kind="ERROR" text=${t('queue.unreachable')} />` : null}` },
			{ name: t('queue.waiting'), n: true, cell: (q) => count(q.waiting) }, { name: t('queue.pushed'), n: true, cell: (q) => count(q.pushed) }, { name: t('queue.unknown'), n: true, cell: (q) => count(q.unknown) },
			{ name: t('queue.dead'), n: true, cell: (q) => html`<a href=${href(['dead-letters'], { queue: q.code })}>${count(q.dead_letters)}</a>` }, { name: t('queue.workers'), n: true, cell: (q) => count(q.health.length) }]} /><//>`}<//>`;
}

function OpenClose({ q, done }) {
	if (!may('POST /v1/queues/{queue}/enable')) return null;
	const verb = q.state === 'open' ? 'disable' : 'enable';
	return html`<${Act} name=${verb} verb=${word('queue_do', verb)} effect=${verb === 'disable' ? t('queue.effect_disable', { n: count(q.waiting) }) : t('queue.effect_enable', { n: count(q.waiting) })} path=${`${base(q.code)}/${verb}`} done=${done}
		fields=${[{ name: 'reason', label: t('common.why'), kind: 'area', required: true, max: 200 }]} body=${(v) => ({ reason: v.reason.trim() })} />`;
}

/* The whole document is written; what the form does not show stays as it was read. */
function Settings({ q, done }) {
	if (!may('PUT /v1/queues/{queue}')) return null;
	const number = (name) => ({ name, label: t('queue.' + name), kind: 'number', least: 1, required: true, value: String(q[name]), check: notCount });
	return html`<${Act} name="settings" verb=${t('queue.change')} effect=${t('queue.effect_change')} method="PUT" path=${base(q.code)} match=${q.hash} done=${done}
		fields=${[{ name: 'url', label: t('queue.url'), required: true, value: q.url, max: 400 }, number('concurrency'), number('timeout_ms'), number('tries_max'),
			{ name: 'rate', label: t('queue.rate'), kind: 'number', least: 1, value: q.rate ? String(q.rate.tasks) : '', hint: t('queue.rate_hint'), check: notCount },
			{ name: 'seconds', label: t('queue.seconds'), kind: 'select', value: q.rate && q.rate.seconds === 60 ? '60' : '1', options: [['1', t('queue.second')], ['60', t('queue.minute')]] }]}
		body=${(v) => ({ kind: q.kind, url: v.url.trim(), dedupes: q.dedupes, concurrency: Number(v.concurrency), timeout_ms: Number(v.timeout_ms), tries_max: Number(v.tries_max),
			rate: v.rate.trim() ? { tasks: Number(v.rate), seconds: Number(v.seconds) } : null, batch: q.batch, hours: q.hours })} />`;
}

function One({ code }) {
	return html`<${Load} path=${base(code)} head=${() => html`<${Head} title=${code} about=${t('queue.one_about')} /><p class="crumb"><a href=${href(['queues'])}>${t('queue.title')}</a></p>`}>${(q, again) => html`
		<${Panel} name="facts"><${Facts} rows=${[[t('overview.state'), html`<${State} q=${q} /> ${[q.state_by, q.state_why].filter(Boolean).join(' · ')}`], [t('queue.kind'), word('queue_kind', q.kind)], [t('queue.url'), html`<span class="mono">${q.url}</span>`],
			[t('queue.waiting'), count(q.waiting)], [t('queue.pushed'), count(q.pushed)], [t('queue.unknown'), count(q.unknown)], [t('queue.dead'), html`<a href=${href(['dead-letters'], { queue: q.code })}>${count(q.dead_letters)}</a>`],
			[t('queue.concurrency'), count(q.concurrency)], [t('queue.timeout_ms'), count(q.timeout_ms)], [t('queue.tries_max'), count(q.tries_max)], [t('queue.rate'), q.rate && `${count(q.rate.tasks)} / ${q.rate.seconds || 1} s`],
			[t('queue.batch'), q.batch && `${count(q.batch.size)} / ${count(q.batch.pause_ms)} ms`], [t('queue.hours'), q.hours && `${q.hours.from}–${q.hours.to} ${q.hours.zone || ''}`], [t('queue.dedupes'), t(q.dedupes ? 'common.yes' : 'common.no')]]} />
			<div class="row"><${OpenClose} key=${q.state} q=${q} done=${again} /><${Settings} key=${q.hash} q=${q} done=${again} /></div><//>
		<${Panel} name="health"><${Table} caption label=${t('queue.health')} items=${q.health} keyOf=${(h) => h.worker} empty=${t('queue.no_worker')} columns=${[
			{ name: t('queue.worker'), cell: (h) => h.worker }, { name: t('overview.state'), cell: (h) => html`<${Pill} kind=${h.dead_until ? 'ERROR' : 'OK'} text=${t(h.dead_until ? 'queue.unreachable' : 'queue.reachable')} />` },
			{ name: t('queue.in_flight'), n: true, cell: (h) => `${count(h.in_flight)} / ${count(h.concurrency)}` }, { name: t('queue.last_ok'), cell: (h) => html`<${Time} at=${h.last_ok_at} />` }, { name: t('queue.last_failed'), cell: (h) => html`<${Time} at=${h.last_failed_at} />` },
			{ name: t('queue.last_error'), wrap: true, cell: (h) => [h.last_status, h.last_error].filter(Boolean).join(' · ') || orNone(null) }]} /><//>`}<//>`;
}

export function Page({ parts: [code] }) {
	return code ? html`<${One} code=${code} />` : html`<${All} />`;
}
