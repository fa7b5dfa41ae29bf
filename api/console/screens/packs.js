/* Rule packs: what is in force since when, each version with its tests and what it changes,
 * and its way into force by two people. */
import { html, Component } from '../ui/html.js';
import { Failure, Head, Load, Pill } from '../ui/parts.js';
import { Facts, Panel, Table, Time } from '../ui/table.js';
import { Act } from '../ui/form.js';
import { newKey, post } from '../lib/api.js';
import { t, word } from '../lib/i18n.js';
import { count, instant, orNone } from '../lib/fmt.js';
import { href } from '../lib/router.js';
import { may } from '../lib/rights.js';
import { session } from '../lib/session.js';

const TONES = { embedded: 'undecided', loaded: 'undecided', submitted: 'REVIEW', approved: 'OK', rejected: 'BLOCK' };
const versions = (pack) => `/v1/packs/${encodeURIComponent(pack)}/versions`;
const base = (v) => `${versions(v.pack)}/${encodeURIComponent(v.version)}`;

function State({ v }) {
	return html`<${Pill} kind=${TONES[v.state]} text=${word('pack', v.state)} />`;
}

function InForce() {
	return html`<${Load} path="/v1/packs" head=${(data) => html`<${Head} title=${t('pack.title')} about=${t('pack.about')} at=${data && data.as_of} />`}>${(data) => html`
		<${Panel} name="packs"><${Table} label=${t('pack.title')} items=${data.items} keyOf=${(p) => p.pack} empty=${t('pack.none')} columns=${[
			{ name: t('decision.pack'), cell: (p) => html`<a href=${href(['packs', p.pack])}>${p.pack}</a>` },
			{ name: t('stages.version'), cell: (p) => html`<a href=${href(['packs', p.pack, p.version])}>${p.version}</a>` },
			{ name: t('pack.from'), cell: (p) => html`<${Time} at=${p.from} />` }, { name: t('pack.to'), cell: (p) => html`<${Time} at=${p.to} />` },
			{ name: t('pack.submitted_by'), cell: (p) => p.submitted_by }, { name: t('pack.approved_by'), cell: (p) => p.approved_by }]} />
			<p class="meta">${t('decision.ruleset')} <span class="mono">${orNone(data.ruleset_hash)}</span></p><//>`}<//>`;
}

function Versions({ pack }) {
	return html`<${Load} path=${versions(pack)} head=${(data) => html`<${Head} title=${t('pack.one', { code: pack })} about=${t('pack.versions_about')} at=${data && data.as_of} />
		<p class="crumb"><a href=${href(['packs'])}>${t('pack.title')}</a></p>`}>${(data) => html`
		<${Panel} name="versions"><${Table} caption label=${t('pack.versions')} items=${data.items} keyOf=${(v) => v.version} empty=${t('pack.none')} columns=${[
			{ name: t('stages.version'), cell: (v) => html`<a href=${href(['packs', pack, v.version])}>${v.version}</a>` },
			{ name: t('overview.state'), cell: (v) => html`<${State} v=${v} />` }, { name: t('pack.rules'), n: true, cell: (v) => count(v.rules) }, { name: t('pack.tests'), n: true, cell: (v) => count(v.tests_passed) },
			{ name: t('pack.loaded_by'), cell: (v) => orNone(v.loaded_by) }, { name: t('pack.approved_by'), cell: (v) => orNone(v.approved_by) }]} /><//>
		<${Panel} name="activations"><${Table} caption label=${t('pack.activations')} items=${data.activations} empty=${t('pack.never')} columns=${[
			{ name: t('pack.from'), cell: (a) => html`<${Time} at=${a.from} />` }, { name: t('pack.to'), cell: (a) => html`<${Time} at=${a.to} />` },
			{ name: t('stages.version'), cell: (a) => a.version }, { name: t('pack.submitted_by'), cell: (a) => a.submitted_by }, { name: t('pack.approved_by'), cell: (a) => a.approved_by }]} /><//>`}<//>`;
}

/* Its own tests, run now. */
class Tests extends Component {
	async run() {
		if (this.state.busy) return;
		this.setState({ busy: true, problem: null });
		try {
			this.setState({ busy: false, found: await post(base(this.props.v) + '/tests', undefined, newKey()) });
		} catch (problem) {
			this.setState({ busy: false, problem });
		}
	}

	render({ v }, { busy, problem, found }) {
		if (!may('POST /v1/packs/{pack}/versions/{version}/tests')) return null;
		const why = found && found.error && ((session.lang === 'zh-CN' && found.error.detail_zh) || found.error.detail);
		return html`<${Panel} name="tests" title=${t('pack.tests')} note=${v.tests_passed === null ? '' : t('pack.passed', { n: count(v.tests_passed) })}>
			${problem ? html`<${Failure} problem=${problem} />` : null}
			${found ? html`<p role="status"><${Pill} kind=${found.ok ? 'OK' : 'ERROR'} text=${found.ok ? t('pack.passed', { n: count(found.tests_passed) }) : why} /></p>
				${found.calendars_ending.map((c) => html`<p class="note warn" key=${c.calendar}>${t('pack.calendar_ends', { code: c.calendar, on: c.to })}</p>`)}` : null}
			<button class="btn" data-act="tests" aria-disabled=${busy ? 'true' : 'false'} onClick=${() => this.run()}>${t(busy ? 'stages.working' : 'pack.run_tests')}</button><//>`;
	}
}

function Actions({ v, done }) {
	const submit = v.state === 'loaded' && may('POST /v1/packs/{pack}/versions/{version}/submit');
	if (submit) return html`<div class="row pages"><${Act} name="submit" verb=${t('pack.submit')} tone="primary" effect=${t('pack.effect_submit')} path=${base(v) + '/submit'} done=${done}
		fields=${[{ name: 'from', label: t('pack.from'), kind: 'datetime-local', hint: t('pack.from_hint') }]} body=${(x) => (x.from ? { from: instant(x.from) } : {})} /></div>`;
	if (v.state !== 'submitted' || !may('POST /v1/packs/{pack}/versions/{version}/approve')) return null;
	if ([v.loaded_by, v.submitted_by].includes(session.me.subject)) return html`<p class="note">${t('pack.second')}</p>`;
	return html`<div class="row pages">
		<${Act} name="reject" verb=${t('pack.reject')} effect=${t('pack.effect_reject')} path=${base(v) + '/reject'} done=${done}
			fields=${[{ name: 'why', label: t('common.why'), required: true, kind: 'area', max: 160 }]} body=${(x) => ({ why: x.why.trim() })} />
		<${Act} name="approve" verb=${t('pack.approve')} effect=${t('pack.effect_approve', { code: v.pack, n: v.version })} path=${base(v) + '/approve'} done=${done} /></div>`;
}

function Changes({ v }) {
	return html`<${Load} path=${base(v) + '/diff'}>${(d) => {
		const rows = [...d.added.map((r) => ['pack.added', r]), ...d.changed.map((r) => ['pack.changed', r]), ...d.removed.map((r) => ['pack.removed', r])];
		return html`<${Panel} name="diff"><${Table} caption label=${t('pack.changes', { from: orNone(d.from_version) })} items=${rows} empty=${t('pack.no_change')} columns=${[
			{ name: t('pack.rule'), cell: ([, r]) => html`<span class="mono">${r.id}</span>` }, { name: t('pack.change'), cell: ([what]) => t(what) },
			{ name: t('pack.parts'), wrap: true, cell: ([, r]) => (r.members || []).join(', ') || orNone(null) }, { name: t('pack.effective'), cell: ([, r]) => r.effective.filter(Boolean).join(' – ') || orNone(null) }]} />
			${d.files.length ? html`<p class="meta">${t('pack.files_changed', { names: d.files.join(', ') })}</p>` : null}<//>`;
	}}<//>`;
}

function One({ pack, version }) {
	return html`<${Load} path=${base({ pack, version })} head=${() => html`<${Head} title=${`${t('pack.one', { code: pack })} ${version}`} about=${t('pack.one_about')} />
		<p class="crumb"><a href=${href(['packs', pack])}>${t('pack.versions')}</a></p>`}>${(v, again) => html`
		<${Panel} name="facts"><${Facts} rows=${[[t('overview.state'), html`<${State} v=${v} />`], [t('pack.rules'), count(v.rules)],
			[t('pack.loaded_by'), v.loaded_by && html`${v.loaded_by} · <${Time} at=${v.loaded_at} />`], [t('pack.submitted_by'), v.submitted_by && html`${v.submitted_by} · <${Time} at=${v.submitted_at} />`],
			v.wanted_from && [t('pack.from'), html`<${Time} at=${v.wanted_from} />`], [t('pack.approved_by'), v.approved_by && html`${v.approved_by} · <${Time} at=${v.approved_at} />`],
			v.rejected_by && [t('pack.rejected_by'), html`${v.rejected_by} · <${Time} at=${v.rejected_at} /> · ${v.rejected_why}`], [t('stages.hash'), html`<span class="mono">${v.hash}</span>`]]} /><//>
		<${Actions} v=${v} done=${again} />
		<${Tests} v=${v} />
		<${Changes} v=${v} />
		<${Panel} name="files" title=${t('pack.files')}>${Object.entries(v.files).map(([name, text]) => html`<details key=${name} class="folded"><summary>${name}</summary><pre tabindex="0" class="mono">${text}</pre></details>`)}<//>`}<//>`;
}

export function Page({ parts: [pack, version] }) {
	if (version) return html`<${One} pack=${pack} version=${version} />`;
	return pack ? html`<${Versions} pack=${pack} />` : html`<${InForce} />`;
}
