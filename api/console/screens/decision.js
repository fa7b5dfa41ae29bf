import { html, Component } from '../ui/html.js';
import { Failure, Head, Load, Pill } from '../ui/parts.js';
import { Reveal } from '../ui/reveal.js';
import { post, newKey } from '../lib/api.js';
import { t, two, word } from '../lib/i18n.js';
import { count, orNone, time } from '../lib/fmt.js';
import { href } from '../lib/router.js';
import { session } from '../lib/session.js';

function sentence(d) {
	const why = two(d.primary_text);
	if (d.outcome === 'ALLOW') return t('decision.allowed', { until: time(d.valid_until) });
	if (d.outcome === 'DEFER' && d.next_allowed_at) return t('decision.deferred', { why, at: time(d.next_allowed_at) });
	return t('decision.refused', { why });
}

function HitLine({ hit }) {
	return html`<details open=${!hit.ok}>
		<summary><${Pill} kind=${hit.ok ? 'OK' : hit.outcome} /><strong>${hit.rule_id}</strong>
			<span class="what">${two(hit.rule_text)}${hit.code ? html` <span class="meta">${hit.code}</span>` : null}</span></summary>
		<div class="body">
			${hit.reason && !hit.ok ? html`<p>${two(hit.reason)}</p>` : null}
			<dl class="kv">
				<dt>${t('decision.evidence')}</dt><dd>${orNone(hit.evidence)}</dd>
				<dt>${t('decision.layer')}</dt><dd>${hit.layer ? word('layer', hit.layer) : orNone(null)}</dd>
				<dt>${t('decision.source')}</dt><dd>${orNone(hit.source)}${hit.grade ? ` [${hit.grade}]` : ''}</dd>
				<dt>${t('decision.pack')}</dt><dd>${orNone(hit.pack)} ${hit.pack_version || ''}</dd>
				${hit.allowed_from ? html`<dt>${t('decision.allowed_from')}</dt><dd>${time(hit.allowed_from)}</dd>` : null}
				${hit.allowed_until ? html`<dt>${t('decision.allowed_until')}</dt><dd>${time(hit.allowed_until)}</dd>` : null}
			</dl>
		</div>
	</details>`;
}

class Replay extends Component {
	constructor(props) {
		super(props);
		this.key = newKey();
		this.state = { busy: false, result: null, problem: null };
	}

	async run() {
		if (this.state.busy) return;
		this.setState({ busy: true, problem: null });
		try {
			const result = await post(`/v1/decisions/${encodeURIComponent(this.props.id)}/replay`, {}, this.key);
			this.setState({ busy: false, result });
		} catch (problem) {
			this.setState({ busy: false, problem });
		}
	}

	render(props, { busy, result, problem }) {
		return html`
			${problem ? html`<${Failure} problem=${problem} />` : null}
			${result ? html`<p role="status"><${Pill} kind=${result.identical ? 'OK' : 'ERROR'}
				text=${result.identical ? t('decision.identical') : t('decision.differs')} /></p>` : null}
			<button class="btn" aria-disabled=${busy ? 'true' : 'false'} onClick=${() => this.run()}>${busy ? t('decision.replaying') : t('decision.replay')}</button>`;
	}
}

function ProofPanel({ d }) {
	const p = d.proof;
	return html`<section class="panel" data-panel="proof">
		<header><h2>${t('decision.proof')}</h2></header>
		<dl class="kv">
			<dt>${t('decision.ledger_no')}</dt><dd>${p.ledger_index === null ? t('decision.waiting') : count(p.ledger_index)}</dd>
			<dt>${t('decision.checkpoint')}</dt><dd>${p.checkpoint ? html`${count(p.checkpoint.size)} · <time datetime=${p.checkpoint.at}>${time(p.checkpoint.at)}</time>` : orNone(null)}</dd>
			<dt>${t('decision.root')}</dt><dd class="mono">${p.checkpoint ? p.checkpoint.root : orNone(null)}</dd>
			<dt>${t('decision.record_hash')}</dt><dd class="mono">${orNone(p.record_hash)}</dd>
			<dt>${t('decision.record_hmac')}</dt><dd class="mono">${orNone(p.record_hmac)}</dd>
			<dt>${t('decision.ruleset')}</dt><dd class="mono">${orNone(p.ruleset_hash)}</dd>
		</dl>
		${d.erased ? html`<p role="status">${t('decision.erased')}</p>` : null}
		<div class="row">${d.erased ? null : html`<${Replay} id=${d.decision_id} />`}
			<button class="btn" onClick=${() => { document.querySelectorAll('details').forEach((x) => { x.open = true; }); print(); }}>${t('decision.print')}</button></div>
	</section>`;
}

function About({ d }) {
	return html`<section class="panel" data-panel="about">
		<header><h2>${t('decision.contact')}</h2></header>
		<dl class="kv">
			<dt>${t('log.gate')}</dt><dd>${word('gate', d.gate)}</dd>
			<dt>${t('log.time')}</dt><dd><time datetime=${d.decided_at}>${time(d.decided_at)}</time></dd>
			<dt>${t('log.customer')}</dt><dd><a href=${href(['log'], { customer: d.customer_ref })}>${d.customer_ref}</a> ${d.phone_mask || ''}</dd>
			<dt>${t('log.campaign')}</dt><dd>${orNone(d.campaign)}${d.campaign_version ? ` v${d.campaign_version}` : ''}</dd>
			<dt>${t('decision.channel')}</dt><dd>${word('channel', d.channel)} · ${word('purpose', d.purpose)}</dd>
			<dt>${t('log.caller')}</dt><dd>${orNone(d.number)}</dd>
			<dt>${t('log.agent')}</dt><dd>${orNone(d.agent)}</dd>
			<dt>${t('decision.task')}</dt><dd class="mono">${orNone(d.task_id)}</dd>
			<dt>${t('decision.id')}</dt><dd class="mono">${d.decision_id}</dd>
		</dl>
		${session.me && session.me.role === 'compliance' ? html`<details><summary>${t('reveal.title')}</summary>
			<${Reveal} customer=${d.customer_ref} /></details>` : null}
	</section>`;
}

export class Page extends Component {
	constructor(props) {
		super(props);
		this.state = { all: false };
	}

	render({ parts: [id = ''] }, { all }) {
		return html`<${Load} path=${'/v1/decisions/' + encodeURIComponent(id)} head=${(d) => html`
			<${Head} title=${t('decision.title')} about=${t('decision.about')} at=${d && d.as_of} />`}>${(d) => {
			const against = d.hits.filter((hit) => !hit.ok);
			const shown = all ? d.hits : against.length ? against : d.hits;
			return html`
				<div class="verdict"><${Pill} kind=${d.outcome} /><span>${sentence(d)}</span></div>
				<div class="dec">
					<section class="panel hits" data-panel="rules">
						<header><h2>${t('decision.rules', { n: d.hits.length })}</h2>
							<span class="muted">${t('decision.split', { bad: against.length, good: d.hits.length - against.length })}</span>
							${against.length ? html`<button class="link" onClick=${() => this.setState({ all: !all })}>${all ? t('decision.only_against') : t('decision.show_all')}</button>` : null}</header>
						${shown.map((hit) => html`<${HitLine} key=${hit.rule_id} hit=${hit} />`)}
					</section>
					<div><${ProofPanel} d=${d} /><${About} d=${d} /></div>
				</div>`;
		}}<//>`;
	}
}
