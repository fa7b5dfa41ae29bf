/* Exports: rows as a file, on record. Many rows need a request that a second person has
 * approved, once and within a week; so does every bundle for auditors and regulators. */
import { html, Component } from '../ui/html.js';
import { Failure, Head, Load, Pill } from '../ui/parts.js';
import { Facts, Panel, Table, Time } from '../ui/table.js';
import { Act } from '../ui/form.js';
import { saveFile } from '../ui/save.js';
import { download } from '../lib/api.js';
import { t, word } from '../lib/i18n.js';
import { count, instant, orNone } from '../lib/fmt.js';
import { go, href } from '../lib/router.js';
import { may } from '../lib/rights.js';
import { session } from '../lib/session.js';

const KINDS = ['customers', 'members', 'tasks', 'decisions', 'consents', 'stages', 'number_use'];
const UNDATED = ['customers', 'members'];
const kinds = () => KINDS.map((k) => [k, word('export', k)]);

/* The fields that choose rows: segment and stage of customers, days of the rest. */
function filterOf(v) {
	const filter = {};
	if (UNDATED.includes(v.what)) {
		if (v.segment.trim()) filter.segment = v.segment.trim();
		if (v.what === 'customers' && v.stage.trim()) filter.stage = v.stage.trim();
	} else {
		if (v.from) filter.from = instant(v.from);
		if (v.to) filter.to = instant(v.to, 1);
	}
	return filter;
}

function rowFields() {
	const undated = (v) => UNDATED.includes(v.what);
	return [
		{ name: 'what', label: t('export.what'), kind: 'select', value: 'customers', options: kinds() },
		{ name: 'segment', label: t('overview.segment'), max: 64, only: undated },
		{ name: 'stage', label: t('overview.stage'), max: 64, only: (v) => v.what === 'customers' },
		{ name: 'from', label: t('log.from'), kind: 'date', only: (v) => !undated(v) },
		{ name: 'to', label: t('log.to'), kind: 'date', only: (v) => !undated(v) },
	];
}

function Ask({ done }) {
	return html`<${Act} name="request" verb=${t('export.request')} tone="primary" effect=${t('export.effect_request')} path="/v1/export-requests" done=${done}
		fields=${[...rowFields(), { name: 'purpose', label: t('export.purpose'), required: true, max: 100, hint: t('export.purpose_hint') }]}
		body=${(v) => ({ what: v.what, ...filterOf(v), purpose: v.purpose.trim() })} />`;
}

/* ---- bundles: one complaint, customer, number or campaign, or a time alone ---- */
const SCOPES = ['complaint', 'customer', 'phone', 'campaign'];

function AskBundle({ done }) {
	const scopes = [...SCOPES, 'period'].map((s) => [s, t('export.scope_' + s)]);
	return html`<${Act} name="bundle" verb=${t('export.request_bundle')} effect=${t('export.effect_bundle')} path="/v1/bundles" done=${done}
		fields=${[{ name: 'scope', label: t('export.scope'), kind: 'select', value: 'complaint', options: scopes },
			...SCOPES.map((name) => ({ name, label: t('export.scope_' + name), required: true, max: name === 'complaint' ? 36 : name === 'phone' ? 40 : 80, only: (v) => v.scope === name })),
			{ name: 'from', label: t('log.from'), kind: 'date', hint: t('export.bundle_time') }, { name: 'to', label: t('log.to'), kind: 'date' },
			{ name: 'purpose', label: t('export.purpose'), required: true, max: 100, hint: t('export.purpose_hint') }]}
		body=${(v) => ({ ...(v.scope === 'period' ? {} : { [v.scope]: v[v.scope].trim() }), ...(v.from ? { from: instant(v.from) } : {}), ...(v.to ? { to: instant(v.to, 1) } : {}), purpose: v.purpose.trim() })} />`;
}

/* ---- downloads --------------------------------------------------------------------------- */
class Save extends Component {
	constructor(props) {
		super(props);
		this.state = { busy: false, problem: null, what: 'customers', segment: '', stage: '', from: '', to: '', format: 'csv' };
	}

	async save() {
		const { request } = this.props;
		const { format } = this.state;
		if (this.state.busy) return;
		if (bundled(request)) return this.take(request);
		const what = request ? request.what : this.state.what;
		const search = new URLSearchParams({ format, ...(format === 'csv' ? { bom: 'true' } : {}), ...(request ? { ...asked(request.filter), request: request.request_id } : filterOf(this.state)) });
		this.setState({ busy: true, problem: null });
		try {
			const { blob, id } = await download(`/v1/exports/${what}?${search}`);
			saveFile(blob, `${what}-${id}.${format}`);
			this.setState({ busy: false });
			if (this.props.done) this.props.done();
			go(href(['exports', id]));
		} catch (problem) {
			this.setState({ busy: false, problem });
		}
	}

	/* Its manifest is in it. */
	async take(request) {
		this.setState({ busy: true, problem: null });
		try {
			const { blob, id } = await download('/v1/bundles/' + encodeURIComponent(request.request_id));
			saveFile(blob, `bundle-${id}.tar`);
			this.setState({ busy: false });
			this.props.done();
		} catch (problem) {
			this.setState({ busy: false, problem });
		}
	}

	control(f) {
		const set = (e) => this.setState({ [f.name]: e.target.value });
		return html`<label class="f" key=${f.name}>${f.label}${f.options ? html`<select class="field" name=${f.name} value=${this.state[f.name]} onChange=${set}>
			${f.options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select>`
		: html`<input class="field" name=${f.name} type=${f.kind || 'text'} value=${this.state[f.name]} onInput=${set} />`}</label>`;
	}

	render({ request }, { busy, problem }) {
		const format = { name: 'format', label: t('export.format'), options: [['csv', 'CSV'], ['ndjson', 'NDJSON']] };
		return html`${problem ? html`<${Failure} problem=${problem} />` : null}
			<div class="row filters">${(bundled(request) ? [] : request ? [format] : [...rowFields().filter((f) => !f.only || f.only(this.state)), format]).map((f) => this.control(f))}
				<button class="btn" data-act="save" aria-disabled=${busy ? 'true' : 'false'} onClick=${() => this.save()}>${t(busy ? 'export.writing' : 'export.save')}</button></div>`;
	}
}

const bundled = (request) => request && request.what === 'bundle';

/* A request's filter is "segment=... stage=... from=... to=..."; "-" is none. */
function asked(filter) {
	return Object.fromEntries(filter.split(' ').map((x) => [x.slice(0, x.indexOf('=')), x.slice(x.indexOf('=') + 1)]).filter(([, value]) => value !== '-'));
}

function inWords(filter) {
	return Object.entries(filter).filter(([, value]) => value).map(([name, value]) => `${name}=${value}`).join(' ') || t('export.unfiltered');
}

function standing(r) {
	if (r.used_at) return html`<${Pill} kind="undecided" text=${t('export.used')} />`;
	if (r.approved_by) return html`<${Pill} kind="ALLOW" text=${t('export.approved')} />`;
	return html`<${Pill} kind="REVIEW" text=${t('export.waits')} />`;
}

function Verb({ r, done }) {
	const own = r.requested_by === session.me.subject;
	if (r.used_at) return orNone(null);
	if (r.approved_by) return own ? html`<${Save} request=${r} done=${done} />` : orNone(null);
	if (own) return t('export.second');
	return may('POST /v1/export-requests/{id}/approve') ? html`<${Act} name=${'approve-' + r.request_id} verb=${t('export.approve')} effect=${t('export.effect_approve', { who: r.requested_by, what: word('export', r.what), why: r.purpose })}
		path=${`/v1/export-requests/${r.request_id}/approve`} done=${done} />` : orNone(null);
}

function All() {
	return html`<${Load} path="/v1/export-requests?limit=100" head=${(data) => html`<${Head} title=${t('export.title')} about=${t('export.about')} at=${data && data.as_of} />`}>${(data, again) => html`
		<${Panel} name="save" title=${t('export.now')}><p class="muted">${t('export.now_help')}</p><${Save} /><//>
		<${Panel} name="requests"><${Table} caption label=${t('export.requests')} items=${data.items} keyOf=${(r) => r.request_id} empty=${t('export.none')} columns=${[
			{ name: t('export.what'), cell: (r) => html`${word('export', r.what)} <span class="meta">${bundled(r) ? r.filter : inWords(asked(r.filter))}</span>` },
			{ name: t('overview.state'), cell: standing },
			{ name: t('export.purpose'), wrap: true, cell: (r) => r.purpose },
			{ name: t('export.asked_by'), cell: (r) => html`${r.requested_by} <span class="meta"><${Time} at=${r.requested_at} /></span>` },
			{ name: t('export.approved_by'), cell: (r) => (r.approved_by ? html`${r.approved_by} <span class="meta"><${Time} at=${r.approved_at} /></span>` : orNone(null)) },
			{ name: t('common.actions'), cell: (r) => html`<${Verb} r=${r} done=${again} />` }]} />
			<div class="row"><${Ask} done=${again} />${may('POST /v1/bundles') ? html`<${AskBundle} done=${again} />` : null}</div><//>`}<//>`;
}

function Manifest({ id }) {
	return html`<${Load} path=${'/v1/export-manifests/' + encodeURIComponent(id)} head=${(m) => html`<${Head} title=${t('export.manifest')} about=${t('export.manifest_about')} at=${m && m.as_of} />
		<p class="crumb"><a href=${href(['exports'])}>${t('export.title')}</a></p>`}>${(m) => html`<${Panel} name="manifest"><${Facts} rows=${[
		[t('export.what'), word('export', m.what)], [t('export.filter'), inWords(m.filter)], [t('export.format'), m.format],
		[t('export.whole'), html`<${Pill} kind=${m.complete ? 'OK' : 'ERROR'} text=${t(m.complete ? 'common.yes' : 'common.no')} />`], [t('export.rows'), count(m.rows)], [t('export.bytes'), count(m.bytes)],
		[t('common.by'), `${m.actor} · ${word('role', m.role)}`], [t('export.purpose'), m.purpose], [t('export.approved_by'), m.approver], [t('export.columns'), m.columns.join(', ')],
		[t('export.hash'), html`<span class="mono">${m.sha256}</span>`], [t('export.id'), html`<span class="mono">${m.export_id}</span>`]]} /><//>`}<//>`;
}

export function Page({ parts }) {
	return parts[0] ? html`<${Manifest} id=${parts[0]} />` : html`<${All} />`;
}
