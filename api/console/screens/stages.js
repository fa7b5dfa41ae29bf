/* Lifecycle: the stages and promises in force, the versions of the models, and for one
 * version what validation finds, who would move where, and its way into force. */
import { html, Component } from '../ui/html.js';
import { Failure, Head, Load, Pill, Scroll } from '../ui/parts.js';
import { t, two, word } from '../lib/i18n.js';
import { count, orNone, shortTime, time } from '../lib/fmt.js';
import { newKey, post } from '../lib/api.js';
import { href } from '../lib/router.js';
import { session } from '../lib/session.js';

const TONES = { draft: 'undecided', submitted: 'REVIEW', approved: 'OK', active: 'ALLOW', retired: 'undecided' };
const base = (v) => `/v1/lifecycle/models/${encodeURIComponent(v.code)}/versions/${v.version}`;
const mayWrite = () => session.me.role === 'ops' || session.me.role === 'admin';

function State({ state }) {
	return html`<${Pill} kind=${TONES[state]} text=${word('model', state)} />`;
}

/* Who let it into force, or why nobody did. */
function approval(v) {
	if (v.approved_by) return t('stages.approved_by', { who: v.approved_by, at: time(v.approved_at) });
	if (v.exempt) return word('exempt', v.exempt);
	if (v.rejected_why) return t('stages.sent_back', { why: v.rejected_why });
	if (v.submitted_by) return t('stages.submitted_by', { who: v.submitted_by, n: v.warnings });
	return t('stages.not_approved');
}

/* ---- what is in force ---------------------------------------------------------------- */
function Stages({ stages }) {
	return html`<section class="panel" data-panel="stages">
		<${Scroll} label=${t('overview.stages')}><table>
			<caption>${t('overview.stages')} <span class="meta">${two(stages.name)} v${stages.version} · <time datetime=${stages.as_of}>${shortTime(stages.as_of)}</time></span></caption>
			<thead><tr><th scope="col">${t('overview.stage')}</th><th scope="col" class="n">${t('common.customers')}</th></tr></thead>
			<tbody>
				${stages.items.map((s) => html`<tr key=${s.code}><th scope="row">${two(s.name)} <span class="meta">${s.code}</span></th><td class="n">${count(s.customers)}</td></tr>`)}
				<tr><th scope="row">${t('overview.unplaced')}</th><td class="n">${count(stages.unplaced)}</td></tr>
			</tbody>
		</table><//>
	</section>`;
}

function Promises({ promises }) {
	const asks = (p) => t(p.kind === 'dwell' ? 'stages.dwell' : 'stages.contact', { n: p.days });
	return html`<section class="panel" data-panel="promises">
		<${Scroll} label=${t('stages.promises')}><table class="cards labelled names">
			<caption>${t('stages.promises')}</caption>
			<thead><tr><th scope="col">${t('stages.promise')}</th><th scope="col">${t('overview.stage')}</th><th scope="col">${t('stages.asks')}</th>
				<th scope="col" class="n">${t('stages.covered')}</th><th scope="col" class="n">${t('stages.overdue')}</th></tr></thead>
			<tbody>${promises.items.map((p) => html`<tr key=${p.code}>
				<th scope="row">${two(p.name)} <span class="meta">${p.segment}</span></th>
				<td data-label=${t('overview.stage')}>${word('stage', p.stage)}${p.tier ? ' · ' + p.tier : ''}</td>
				<td data-label=${t('stages.asks')}>${asks(p)}</td>
				<td class="n" data-label=${t('stages.covered')}>${count(p.covered)}</td>
				<td class="n" data-label=${t('stages.overdue')}>${count(p.overdue)}</td>
			</tr>`)}</tbody>
		</table><//>
	</section>`;
}

function Versions({ items }) {
	return html`<section class="panel" data-panel="versions">
		<${Scroll} label=${t('stages.versions')}><table class="cards labelled names">
			<caption>${t('stages.versions')}</caption>
			<thead><tr><th scope="col">${t('stages.version')}</th><th scope="col">${t('overview.state')}</th><th scope="col">${t('stages.author')}</th>
				<th scope="col">${t('stages.created')}</th><th scope="col">${t('stages.approval')}</th></tr></thead>
			<tbody>${items.map((v) => html`<tr key=${v.code + v.version}>
				<th scope="row"><a href=${href(['stages', v.code, String(v.version)])}>${two(v.name)} v${v.version}</a> <span class="meta">${v.code}</span></th>
				<td data-label=${t('overview.state')}><${State} state=${v.state} /></td>
				<td data-label=${t('stages.author')}>${v.author}</td>
				<td data-label=${t('stages.created')}><time datetime=${v.created_at}>${time(v.created_at)}</time></td>
				<td data-label=${t('stages.approval')}>${approval(v)}</td>
			</tr>`)}</tbody>
		</table><//>
	</section>`;
}

function AllVersions() {
	return html`<${Load} path="/v1/lifecycle/models" head=${(data) => html`
		<${Head} title=${t('stages.title')} about=${t('stages.about')} at=${data && data.as_of} />`}>${(data) => html`
		<${Versions} items=${data.items} />
		<${Load} path="/v1/lifecycle/promises">${(promises) => html`<${Promises} promises=${promises} />`}<//>
		<${Load} path="/v1/stages">${(stages) => html`<${Stages} stages=${stages} />`}<//>`}<//>`;
}

/* ---- validation ------------------------------------------------------------------------- */
function Findings({ items }) {
	if (items.length === 0) return html`<p class="muted">${t('stages.no_findings')}</p>`;
	return html`<ul class="need">${items.map((f, n) => html`<li key=${n}>
		<${Pill} kind=${f.severity === 'error' ? 'ERROR' : 'WARN'} text=${word('severity', f.severity)} />
		<span>${two(f.text)} <span class="meta">${f.path}</span></span></li>`)}</ul>`;
}

function Transitions({ items }) {
	return html`<${Scroll} label=${t('stages.transitions')}><table class="cards labelled names">
		<caption>${t('stages.transitions')}</caption>
		<thead><tr><th scope="col">${t('stages.transition')}</th><th scope="col" class="n">${t('stages.priority')}</th><th scope="col" class="n">${t('stages.stay')}</th>
			<th scope="col" class="n">${t('stages.meets')}</th><th scope="col" class="n">${t('stages.fires')}</th><th scope="col" class="n">${t('overview.undecided')}</th></tr></thead>
		<tbody>${items.map((m, n) => html`<tr key=${n}>
			<th scope="row">${two(m.from.name)} → ${two(m.to.name)} <span class="meta">${m.reason}</span>
				<details><summary>${t('stages.why')}</summary>${m.why ? html`<p>${two(m.why)}</p>` : null}<p class="mono">${m.when}</p></details></th>
			<td class="n" data-label=${t('stages.priority')}>${m.priority}</td><td class="n" data-label=${t('stages.stay')}>${m.after_days}</td><td class="n" data-label=${t('stages.meets')}>${count(m.meets)}</td>
			<td class="n" data-label=${t('stages.fires')}>${count(m.fires)}</td><td class="n" data-label=${t('overview.undecided')}>${count(m.undecided)}</td>
		</tr>`)}</tbody>
	</table><//>`;
}

function Overlaps({ items }) {
	if (items.length === 0) return null;
	const name = (m) => html`${two(m.from.name)} → ${two(m.to.name)} <span class="meta">${m.reason}</span>`;
	return html`<${Scroll} label=${t('stages.overlaps')}><table class="names">
		<caption>${t('stages.overlaps')}</caption>
		<thead><tr><th scope="col">${t('stages.first')}</th><th scope="col">${t('stages.second')}</th><th scope="col" class="n">${t('common.customers')}</th></tr></thead>
		<tbody>${items.map((o, n) => html`<tr key=${n}><th scope="row">${name(o.first)}</th><td>${name(o.second)}</td><td class="n">${count(o.customers)}</td></tr>`)}</tbody>
	</table><//>`;
}

function Validation({ check }) {
	const v = check.validation;
	if (!v) return html`<section class="panel" data-panel="validation"><h2>${t('stages.validation')}</h2>
		<div class="note error">${(session.lang === 'zh-CN' && check.error.detail_zh) || check.error.detail}</div></section>`;
	return html`<section class="panel" data-panel="validation">
		<header><h2>${t('stages.validation')}</h2><span class="muted">${t('stages.validated', { errors: v.errors, warnings: v.warnings, n: count(v.customers), at: time(v.as_of) })}</span></header>
		<${Findings} items=${v.findings} />
		<${Transitions} items=${v.transitions} />
		<${Overlaps} items=${v.overlaps} />
	</section>`;
}

/* ---- preview ------------------------------------------------------------------------------ */
/* Rows by the model in force, columns by this one; the diagonal is who stays alike. */
function Matrix({ cells, field, title }) {
	const names = new Map();
	const stage = (s) => (s ? s.code : '');
	for (const c of cells) for (const s of [c.from, c.to]) names.set(stage(s), s ? two(s.name) : t('stages.none'));
	const rows = [...new Set(cells.map((c) => stage(c.from)))];
	const cols = [...new Set([...rows.filter((code) => cells.some((c) => stage(c.to) === code)), ...cells.map((c) => stage(c.to))])];
	const at = (from, to) => cells.find((c) => stage(c.from) === from && stage(c.to) === to);
	return html`<h3>${title}</h3><${Scroll} label=${title}><table class="matrix">
		<caption class="sr">${title}</caption>
		<thead><tr><th scope="col">${t('stages.in_force')}</th>${cols.map((code) => html`<th key=${code} scope="col" class="n">${names.get(code)}</th>`)}</tr></thead>
		<tbody>${rows.map((from) => html`<tr key=${from}><th scope="row">${names.get(from)}</th>${cols.map((to) => {
			const cell = at(from, to);
			const n = cell ? cell[field] : 0;
			return html`<td key=${to} class="n ${n && !cell.same ? 'moved' : ''}">${n ? html`${n && !cell.same ? html`<span aria-hidden="true">▸ </span>` : null}${count(n)}` : html`<span class="muted">·</span>`}</td>`;
		})}</tr>`)}</tbody>
	</table><//>`;
}

function Moved({ cells }) {
	const moved = cells.filter((c) => !c.same);
	if (moved.length === 0) return null;
	return html`<${Scroll} label=${t('stages.moved')}><table class="cards labelled names">
		<caption>${t('stages.moved')}</caption>
		<thead><tr><th scope="col">${t('stages.transition')}</th><th scope="col" class="n">${t('stages.next_tick')}</th><th scope="col" class="n">${t('stages.stays_over')}</th><th scope="col">${t('stages.samples')}</th></tr></thead>
		<tbody>${moved.map((c, n) => html`<tr key=${n}>
			<th scope="row">${c.from ? two(c.from.name) : t('stages.none')} → ${two(c.to.name)}</th>
			<td class="n" data-label=${t('stages.next_tick')}>${count(c.customers)}</td><td class="n" data-label=${t('stages.stays_over')}>${count(c.later)}</td>
			<td data-label=${t('stages.samples')}>${c.samples.length ? c.samples.join(' ') : orNone(null)}</td>
		</tr>`)}</tbody>
	</table><//>`;
}

function Preview({ preview }) {
	const p = preview;
	return html`<section class="panel" data-panel="preview">
		<header><h2>${t('stages.preview')}</h2><span class="muted">${t('stages.previewed', { at: time(p.as_of) })}</span></header>
		<p>${t('stages.differ', { n: count(p.customers), differ: count(p.differ), later: count(p.differ_later) })}</p>
		<${Matrix} cells=${p.cells} field="customers" title=${t('stages.matrix_next')} />
		${p.differ_later !== p.differ ? html`<${Matrix} cells=${p.cells} field="later" title=${t('stages.matrix_later')} />` : null}
		<${Moved} cells=${p.cells} />
	</section>`;
}

/* ---- one version -------------------------------------------------------------------------- */
/* What this person may do with the version now. A key is made when the form opens. */
class Actions extends Component {
	constructor(props) {
		super(props);
		this.state = { busy: '', problem: null, why: '' };
		this.keys = {};
	}

	async act(verb, body) {
		const { version, done } = this.props;
		if (this.state.busy) return;
		this.keys[verb] = this.keys[verb] || newKey();
		this.setState({ busy: verb, problem: null });
		try {
			await post(`${base(version)}/${verb}`, body, this.keys[verb]);
			this.keys = {};
			this.setState({ busy: '', why: '' });
			done();
		} catch (problem) {
			/* What was refused may be asked for again, as something new. */
			delete this.keys[verb];
			this.setState({ busy: '', problem });
		}
	}

	button(verb, primary, body, disabled) {
		const { busy } = this.state;
		return html`<button class="btn ${primary ? 'primary' : ''}" data-verb=${verb} aria-disabled=${busy || disabled ? 'true' : 'false'}
			onClick=${() => !disabled && this.act(verb, body)}>${busy === verb ? t('stages.working') : word('do', verb)}</button>`;
	}

	render({ version }, { problem, why }) {
		const own = version.author === session.me.subject;
		let offer = null;
		if (version.state === 'draft' && mayWrite()) {
			offer = html`<p>${t('stages.submit_help')}</p><div class="row">${this.button('submit', true)}</div>`;
		} else if (version.state === 'submitted') {
			offer = own ? html`<p class="note">${t('stages.waits')}</p>` : html`
				<p>${t('stages.approve_help')}</p>
				<div class="row"><label class="f">${t('stages.reject_why')}
					<input class="field" name="why" maxlength="160" value=${why} onInput=${(e) => this.setState({ why: e.target.value })} /></label>
				${this.button('reject', false, { why: why.trim() }, !why.trim())}${this.button('approve', false)}</div>`;
		} else if (version.exempt && !version.approved_by && (version.state === 'active' || version.state === 'retired')) {
			/* In force without an approval: it can be had where the version is. */
			offer = own || session.me.role === 'operator' ? null : html`<p>${t('stages.approve_exempt_help')}</p><div class="row">${this.button('approve', false)}</div>`;
		} else if ((version.state === 'approved' || version.state === 'retired') && mayWrite()) {
			offer = html`<p>${t(version.state === 'approved' ? 'stages.activate_help' : 'stages.bring_back_help')}</p><div class="row">${this.button('activate', true)}</div>`;
		}
		if (!offer && !problem) return null;
		return html`<section class="panel" data-panel="actions">${problem ? html`<${Failure} problem=${problem} />` : null}${offer}</section>`;
	}
}

function Facts({ version: v }) {
	const rows = [
		[t('overview.state'), html`<${State} state=${v.state} />`], [t('stages.author'), `${v.author} · ${time(v.created_at)}`],
		[t('stages.approval'), approval(v)],
		v.activated_by ? [t('stages.activated'), `${v.activated_by} · ${time(v.activated_at)}`] : null,
		v.preview ? [t('stages.approved_on'), t('stages.approved_preview', { n: count(v.preview.customers), differ: count(v.preview.differ), later: count(v.preview.differ_later), at: time(v.preview.as_of) })] : null,
		[t('stages.hash'), html`<span class="mono">${v.hash.slice(0, 16)}</span>`],
	].filter(Boolean);
	return html`<section class="panel" data-panel="facts"><dl class="kv">${rows.map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}</dl></section>`;
}

function OneVersion({ code, version }) {
	const at = { code, version };
	return html`<${Load} path=${base(at)} head=${() => html`
		<${Head} title=${t('stages.version_title', { code, n: version })} about=${t('stages.version_about')} />
		<p><a href=${href(['stages'])}>${t('stages.all')}</a></p>`}>${(v, again) => html`
		<${Facts} version=${v} />
		<${Actions} key=${v.state} version=${v} done=${again} />
		<${Load} path=${base(at) + '/preview'}>${(preview) => html`<${Preview} preview=${preview} />`}<//>
		<${Load} path=${base(at) + '/validation'}>${(check) => html`<${Validation} check=${check} />`}<//>`}<//>`;
}

export function Page({ parts: [code, version] }) {
	return code && version ? html`<${OneVersion} code=${code} version=${version} />` : html`<${AllVersions} />`;
}
