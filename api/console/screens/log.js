import { html, Component } from '../ui/html.js';
import { Head, Load, Pill, Scroll } from '../ui/parts.js';
import { t, two, word } from '../lib/i18n.js';
import { instant, orNone, time, zoneLabel } from '../lib/fmt.js';
import { go, href } from '../lib/router.js';

const FILTERS = ['from', 'to', 'outcome', 'primary', 'code', 'campaign', 'gate', 'customer'];

function Choice({ name, value, options, onChange }) {
	return html`<label class="f">${t('log.' + name)}
		<select class="field" name=${name} value=${value || ''} onChange=${(e) => onChange(name, e.target.value)}>
			<option value="">${t('log.any')}</option>
			${options.map((o) => html`<option key=${o} value=${o} selected=${o === value}>${word(name === 'gate' ? 'gate' : 'verdict', o)}</option>`)}
		</select></label>`;
}

function Entry({ name, value, onChange, type = 'text', hint }) {
	return html`<label class="f">${t('log.' + name)}
		<input class="field" type=${type} name=${name} value=${value || ''} placeholder=${hint}
			onChange=${(e) => onChange(name, e.target.value.trim())} /></label>`;
}

/* The day fields are days of the institution; the API wants instants. */
const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text || '');

function apiPath(query) {
	const search = new URLSearchParams({ limit: '50' });
	for (const name of FILTERS) if (query[name] && name !== 'from' && name !== 'to') search.set(name, query[name]);
	if (isDay(query.from)) search.set('from', instant(query.from));
	if (isDay(query.to)) search.set('to', instant(query.to, 1));
	if (query.cursor) search.set('cursor', query.cursor);
	return '/v1/decisions?' + search;
}

function Rows({ items }) {
	if (items.length === 0) return html`<p class="note">${t('log.empty')}</p>`;
	return html`<${Scroll} label=${t('log.title')}><table class="cards">
		<caption class="sr">${t('log.title')}</caption>
		<thead><tr><th scope="col">${t('log.time')}</th><th scope="col">${t('log.outcome')}</th><th scope="col">${t('log.reason')}</th><th scope="col">${t('log.gate')}</th>
			<th scope="col">${t('log.customer')}</th><th scope="col">${t('log.number')}</th><th scope="col">${t('log.campaign')}</th><th scope="col">${t('log.caller')}</th><th scope="col">${t('log.agent')}</th></tr></thead>
		<tbody>${items.map((d) => html`<tr key=${d.decision_id}>
			<th scope="row"><a href=${href(['decisions', d.decision_id])}><time datetime=${d.decided_at}>${time(d.decided_at)}</time></a></th>
			<td><${Pill} kind=${d.outcome} /></td>
			<td>${d.primary_text ? two(d.primary_text) : orNone(d.primary_code)}</td>
			<td>${word('gate', d.gate)}</td>
			<td>${d.customer_ref}</td><td>${orNone(d.phone_mask)}</td>
			<td>${orNone(d.campaign)}${d.campaign_version ? ` v${d.campaign_version}` : ''}</td>
			<td>${orNone(d.number)}</td><td>${orNone(d.agent)}</td>
		</tr>`)}</tbody>
	</table><//>`;
}

export class Page extends Component {
	change(name, value) {
		const query = { ...this.props.query, [name]: value };
		delete query.cursor;
		go(href(['log'], query));
	}

	render({ query }) {
		const set = (name, value) => this.change(name, value);
		return html`
			<${Load} path=${apiPath(query)} head=${(data) => html`
				<${Head} title=${t('log.title')} about=${t('log.about')} at=${data && data.as_of} />
				<div class="panel row filters" role="search">
					<${Entry} name="from" type="date" value=${query.from} onChange=${set} />
					<${Entry} name="to" type="date" value=${query.to} onChange=${set} />
					<${Choice} name="outcome" value=${query.outcome} options=${['ALLOW', 'DEFER', 'REVIEW', 'BLOCK']} onChange=${set} />
					<${Choice} name="gate" value=${query.gate} options=${['P', 'D', 'C']} onChange=${set} />
					<${Entry} name="primary" value=${query.primary} hint="CONSENT_MISSING" onChange=${set} />
					<${Entry} name="code" value=${query.code} hint="CONSENT_MISSING" onChange=${set} />
					<${Entry} name="campaign" value=${query.campaign} onChange=${set} />
					<${Entry} name="customer" value=${query.customer} onChange=${set} />
					${FILTERS.some((f) => query[f]) ? html`<a class="btn" href=${href(['log'])}>${t('log.clear')}</a>` : null}
				</div>`}>${(data) => html`
				<p class="meta" role="status">${t('log.scope', { zone: data.zone, offset: zoneLabel(), n: data.items.length })}</p>
				<${Rows} items=${data.items} />
				<div class="row">
					${query.cursor ? html`<button class="btn" onClick=${() => history.back()}>${t('log.previous')}</button>` : null}
					${data.next_cursor ? html`<a class="btn" href=${href(['log'], { ...query, cursor: data.next_cursor })}>${t('log.next')}</a>` : null}
				</div>`}<//>`;
	}
}
