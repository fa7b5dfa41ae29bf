import { html } from '../ui/html.js';
import { Head, Load, Pill, Scroll } from '../ui/parts.js';
import { Waterfall } from '../ui/waterfall.js';
import { t, two, word } from '../lib/i18n.js';
import { count, shortTime, time, orNone } from '../lib/fmt.js';
import { href } from '../lib/router.js';
import { session } from '../lib/session.js';

function mayReadLog() {
	return session.me && (session.me.role === 'compliance' || session.me.role === 'ops' || session.me.role === 'admin');
}

function reasonLink(reason) {
	if (!reason.code || !mayReadLog()) return null;
	return href(['log'], { primary: reason.code, gate: 'P' });
}

/* Where what needs somebody is done. */
const PLACES = { number_suspended: (id) => ['numbers', id], queue_paused: (id) => ['queues', id], stages_failed: () => ['stages'], import_interrupted: () => ['imports'] };

function NeedsYou({ items }) {
	return html`<section class="panel" data-panel="needs">
		<header><h2>${t('overview.needs_you')} <span class="muted">${items.length}</span></h2></header>
		${items.length === 0 ? html`<p class="muted">${t('overview.nothing')}</p>` : html`<ul class="need">
			${items.map((item) => html`<li key=${item.kind + item.id}><span class="glyph" aria-hidden="true">!</span>
				<span>${PLACES[item.kind] ? html`<a href=${href(PLACES[item.kind](item.id))}>${two(item.text)}</a>` : two(item.text)} ${item.since ? html`<span class="meta">${time(item.since)}</span>` : null}</span></li>`)}
		</ul>`}
	</section>`;
}

/* Why a rule says nothing of anybody; what stands there is of the last time it did. */
function Failure({ of, text }) {
	if (!of) return null;
	return html` <${Pill} kind="ERROR" text=${text} /> <span class="meta">${(session.lang === 'zh-CN' && of.text_zh) || of.text}</span>`;
}

function Stages({ stages }) {
	return html`<section class="panel" data-panel="stages">
		<${Scroll} label=${t('overview.stages')}><table>
			<caption>${t('overview.stages')} <span class="meta">${two(stages.name)} v${stages.version} · <time datetime=${stages.as_of}>${shortTime(stages.as_of)}</time></span><${Failure} of=${stages.failure} text=${t('overview.stages_failed')} /></caption>
			<thead><tr><th scope="col">${t('overview.stage')}</th><th scope="col" class="n">${t('common.customers')}</th></tr></thead>
			<tbody>
				${stages.items.map((s) => html`<tr key=${s.code}><th scope="row">${two(s.name)} <span class="meta">${s.code}</span></th><td class="n">${count(s.customers)}</td></tr>`)}
				<tr><th scope="row">${t('overview.unplaced')}</th><td class="n">${count(stages.unplaced)}</td></tr>
			</tbody>
		</table><//>
	</section>`;
}

function Segments({ segments }) {
	return html`<section class="panel" data-panel="segments">
		<${Scroll} label=${t('overview.segments')}><table class="cards labelled names">
			<caption>${t('overview.segments')}</caption>
			<thead><tr><th scope="col">${t('overview.segment')}</th><th scope="col" class="n">${t('overview.members')}</th><th scope="col" class="n">${t('overview.undecided')}</th>
				<th scope="col" class="n">${t('overview.entered')}</th><th scope="col" class="n">${t('overview.left')}</th><th scope="col">${t('common.as_of')}</th></tr></thead>
			<tbody>${segments.map((s) => html`<tr key=${s.code}>
				<th scope="row">${two(s.name)} <span class="meta">${s.code}</span><${Failure} of=${s.failure} text=${t('overview.failed')} /></th>
				<td class="n" data-label=${t('overview.members')}>${count(s.matched)}</td><td class="n" data-label=${t('overview.undecided')}>${count(s.undecided)}</td><td class="n" data-label=${t('overview.entered')}>${count(s.entered)}</td><td class="n" data-label=${t('overview.left')}>${count(s.left)}</td>
				<td data-label=${t('common.as_of')}>${s.as_of ? html`<time datetime=${s.as_of}>${shortTime(s.as_of)}</time>` : orNone(null)}</td>
			</tr>`)}</tbody>
		</table><//>
	</section>`;
}

function Campaigns({ campaigns }) {
	return html`<section class="panel" data-panel="campaigns">
		<${Scroll} label=${t('overview.campaigns')}><table class="cards labelled names">
			<caption>${t('overview.campaigns')}</caption>
			<thead><tr><th scope="col">${t('overview.campaign')}</th><th scope="col">${t('overview.state')}</th><th scope="col">${t('overview.purpose')}</th>
				<th scope="col" class="n">${t('overview.members')}</th><th scope="col" class="n">${t('fate.planned')}</th><th scope="col">${t('overview.last_run')}</th></tr></thead>
			<tbody>${campaigns.map((c) => html`<tr key=${c.code}>
				<th scope="row">${mayReadLog() ? html`<a href=${href(['log'], { campaign: c.code })}>${two(c.name)}</a>` : two(c.name)} <span class="meta">v${c.version}</span></th>
				<td data-label=${t('overview.state')}>${word('campaign', c.state)}</td><td data-label=${t('overview.purpose')}>${word('purpose', c.purpose)}</td>
				<td class="n" data-label=${t('overview.members')}>${c.last_run ? count(c.last_run.audience) : orNone(null)}</td><td class="n" data-label=${t('fate.planned')}>${c.last_run ? count(c.last_run.planned) : orNone(null)}</td>
				<td data-label=${t('overview.last_run')}>${c.last_run ? html`<div><time datetime=${c.last_run.as_of}>${shortTime(c.last_run.as_of)}</time>${c.last_run.held ? html` <${Pill} kind="ERROR" text=${t('overview.held')} /><p class="meta">${c.last_run.held.trait ? `${c.last_run.held.trait}: ` : null}${two(c.last_run.held.text)}</p>` : null}</div>` : orNone(null)}</td>
			</tr>`)}</tbody>
		</table><//>
	</section>`;
}

function Figures({ title, items }) {
	return html`${title ? html`<h3>${title}</h3>` : null}<dl class="kv figures">
		${items.map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}
	</dl>`;
}

function Today({ data }) {
	const f = data.funnel;
	const words = (group, counts) => Object.entries(counts || {}).filter(([, n]) => n > 0).map(([name, n]) => [word(group, name), count(n)]);
	const tasks = words('state', f.tasks);
	const outcomes = words('outcome', f.outcomes);
	return html`<section class="panel" data-panel="today">
		<header><h2>${t('overview.today')}</h2></header>
		<${Figures} items=${[[t('overview.pushed'), count(f.pushed)], [t('overview.permits'), count(f.permits)], [t('overview.reached'), count(f.reached)],
			[t('overview.ledger'), `${count(data.ledger.size)} · ${t('overview.waiting', { n: count(data.ledger.waiting) })}`]]} />
		${tasks.length ? html`<${Figures} title=${t('overview.tasks')} items=${tasks} />` : null}
		${outcomes.length ? html`<${Figures} title=${t('overview.outcome')} items=${outcomes} />` : null}
	</section>`;
}

export function Page() {
	return html`<${Load} path="/v1/overview" every=${15000} head=${(data) => html`
		<${Head} title=${t('overview.title')} about=${t('overview.about')} at=${data && data.as_of} />`}>${(data) => html`
		<div class="cols">
			<section class="panel" data-panel="funnel">
				${data.funnel.run_as_of
					? html`<${Waterfall} title=${t('overview.funnel', { at: shortTime(data.funnel.run_as_of) })} scope=${data.funnel.scope}
						audience=${data.funnel.audience} undecided=${data.funnel.undecided} reasons=${data.funnel.reasons} linkOf=${reasonLink} />`
					: html`<h2>${t('overview.no_run')}</h2><p>${t('overview.no_run_help')}</p>`}
			</section>
			<div><${NeedsYou} items=${data.needs_you} /><${Today} data=${data} /></div>
		</div>
		<${Campaigns} campaigns=${data.campaigns} />
		<div class="cols"><${Segments} segments=${data.segments} /><${Stages} stages=${data.stages} /></div>`}<//>`;
}
