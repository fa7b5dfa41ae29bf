import { html, Component } from '../ui/html.js';
import { Failure, Head, Pill } from '../ui/parts.js';
import { PermitButton } from '../ui/permit.js';
import { Reveal } from '../ui/reveal.js';
import { get, newKey, post } from '../lib/api.js';
import { onKeys } from '../lib/keys.js';
import { t, two, word } from '../lib/i18n.js';
import { instant, money, orNone, shortTime, zoneLabel } from '../lib/fmt.js';

const OUTCOMES = ['interested', 'declined', 'call_back', 'no_answer', 'wrong_number', 'do_not_call', 'complaint', 'other'];

function TaskList({ tasks, current, onPick }) {
	return html`<ul class="tasks">${tasks.map((task) => html`<li key=${task.task_id}>
		<button aria-current=${task.task_id === current ? 'true' : 'false'} onClick=${() => onPick(task)}>
			<strong>${orNone(task.customer.name_mask)}</strong> · ${two(task.campaign.name)}
			${task.customer.elderly ? html` <${Pill} kind="WARN" text=${t('work.elderly')} />` : null}
			<div class="meta">${word('state', task.state)} · ${task.callback_at ? t('work.callback_at', { at: shortTime(task.callback_at) }) : t('work.until', { at: shortTime(task.not_after) })}</div>
		</button></li>`)}</ul>`;
}

function Customer({ task, granted }) {
	const c = task.customer;
	return html`<section class="panel" data-panel="customer">
		<header><h2>${orNone(c.name_mask)} <span class="muted">${c.ref}</span></h2>
			${c.elderly ? html`<${Pill} kind="WARN" text=${t('work.elderly_human')} />` : null}</header>
		<dl class="kv">
			<dt>${t('work.why')}</dt><dd>${two(task.campaign.name)} v${task.campaign.version}</dd>
			<dt>${t('work.purpose')}</dt><dd>${word('purpose', task.purpose)} · ${word('channel', task.channel)}</dd>
			<dt>${t('work.product')}</dt><dd>${orNone(task.product)}</dd>
			<dt>${t('work.stage')}</dt><dd>${c.stage ? word('stage', c.stage) : orNone(null)}</dd>
			<dt>${t('work.risk')}</dt><dd>${c.risk_rating ? 'C' + c.risk_rating : orNone(null)}</dd>
			${(task.holdings || []).map((h) => html`<dt key=${h.kind}>${word('holding', h.kind)}</dt>
				<dd>${money(h.amount)} · ${t('work.holdings', { n: h.open })}${h.next_maturity_on ? ` · ${t('work.matures', { on: h.next_maturity_on })}` : ''}</dd>`)}
		</dl>
		${['accepted', 'in_progress'].includes(task.state) && task.mine ? html`<${Reveal} customer=${c.ref} task=${task.task_id} granted=${granted} />` : null}
		<h2>${t('work.script')} <span class="meta">${task.script.code} v${task.script.version}</span></h2>
		<p class="say">${orNone(task.script_body)}</p>
	</section>`;
}

export class Page extends Component {
	constructor(props) {
		super(props);
		this.state = { tasks: null, problem: null, task: null, as_of: null };
		this.clear();
	}

	clear() {
		this.form = { outcome: newKey(), accept: newKey(), permit: newKey() };
		Object.assign(this.state, { permit: null, grantedAt: 0, busy: '', choice: '', note: '', callback: '', formProblem: null, saved: '', waiting: false });
	}

	componentDidMount() {
		this.load(true);
		this.off = onKeys(() => ({
			d: () => this.ask(),
			n: () => this.next(),
			Enter: () => this.save(),
			...Object.fromEntries(OUTCOMES.map((name, i) => [String(i + 1), () => this.choose(name)])),
		}));
		this.timer = setInterval(() => this.load(false), 10000);
	}

	componentWillUnmount() {
		if (this.off) this.off();
		clearInterval(this.timer);
	}

	async load(pick) {
		try {
			const list = await get('/v1/tasks?limit=50');
			this.setState({ tasks: list.items, as_of: list.as_of, problem: null });
			if (pick && list.items.length && !this.state.task) await this.open(list.items[0]);
		} catch (problem) {
			this.setState({ problem });
		}
	}

	async open(task) {
		this.clear();
		try {
			this.setState({ task: await get('/v1/tasks/' + task.task_id), formProblem: null });
		} catch (problem) {
			this.setState({ formProblem: problem });
		}
	}

	next() {
		const { tasks, task } = this.state;
		if (!tasks || !tasks.length) return;
		const at = tasks.findIndex((x) => task && x.task_id === task.task_id);
		this.open(tasks[(at + 1) % tasks.length]);
	}

	/* One key does both: take the task when it is nobody's, then ask the gate. */
	async ask() {
		const { task, busy, permit } = this.state;
		if (!task || busy || (permit && !permit.granted)) return;
		this.setState({ busy: 'permit', formProblem: null });
		try {
			let held = task;
			if (task.state === 'queued') {
				held = await post(`/v1/tasks/${task.task_id}/accept`, {}, this.form.accept);
				this.setState({ task: { ...task, ...held } });
			}
			const granted = await post(`/v1/tasks/${task.task_id}/permit`, {}, this.form.permit);
			this.form.permit = newKey();
			this.setState({ permit: granted, grantedAt: performance.now(), busy: '', task: { ...task, ...held, state: granted.state } });
			this.load(false);
		} catch (problem) {
			this.form.permit = newKey();
			this.setState({ busy: '', formProblem: problem });
		}
	}

	choose(name) {
		if (this.state.task && this.state.permit && this.state.permit.granted) this.setState({ choice: name });
	}

	async save() {
		const { task, choice, note, callback, busy } = this.state;
		if (!task || !choice || busy) return;
		if (choice === 'call_back' && !callback) {
			this.setState({ formProblem: { status: 422, title: '', message: t('work.callback_needed'), code: '', traceId: '' } });
			return;
		}
		this.setState({ busy: 'save', formProblem: null });
		const body = { disposition: choice };
		if (note.trim()) body.note = note.trim();
		if (choice === 'call_back') body.callback_at = instant(callback);
		try {
			await post(`/v1/tasks/${task.task_id}/outcome`, body, this.form.outcome, (waiting) => this.setState({ waiting }));
			const saved = t('work.saved', { name: task.customer.ref, outcome: word('outcome', choice) });
			this.clear();
			this.setState({ task: null, saved });
			await this.load(false);
			const rest = this.state.tasks || [];
			if (rest.length) {
				await this.open(rest[0]);
				this.setState({ saved });
			}
		} catch (problem) {
			this.setState({ busy: '', waiting: false, formProblem: problem });
		}
	}

	dock() {
		const { task, permit, grantedAt, busy, choice, note, callback, formProblem, waiting } = this.state;
		const talking = permit && permit.granted;
		return html`<section class="panel" data-panel="dock">
			<div class="dock"><${PermitButton} permit=${permit} grantedAt=${grantedAt} busy=${busy === 'permit'} mask=${task.customer.phone_mask} onAsk=${() => this.ask()} /></div>
			${formProblem ? html`<${Failure} problem=${formProblem} />` : null}
			<h2>${t('work.outcome')}</h2>
			${talking ? null : html`<p class="meta">${t('work.permit_first')}</p>`}
			<div class="outs" role="group" aria-label=${t('work.outcome')}>${OUTCOMES.map((name, i) => html`
				<button key=${name} class="btn" aria-pressed=${choice === name ? 'true' : 'false'} aria-disabled=${talking ? 'false' : 'true'}
					onClick=${() => this.choose(name)}>${word('outcome', name)} <kbd>${i + 1}</kbd></button>`)}</div>
			${choice === 'call_back' ? html`<label class="f">${t('work.callback', { zone: zoneLabel() })}
				<input class="field" type="datetime-local" value=${callback} onInput=${(e) => this.setState({ callback: e.target.value })} /></label><p></p>` : null}
			<label class="f whole">${t('work.note')}<textarea class="field" rows="2" maxlength="1000" value=${note}
				onInput=${(e) => this.setState({ note: e.target.value })}></textarea></label>
			<p></p>
			<button class="btn primary" aria-disabled=${choice && !busy ? 'false' : 'true'} onClick=${() => this.save()}>
				${busy === 'save' ? (waiting ? t('work.checking_saved') : t('work.saving')) : t('work.save_next')} <kbd>Enter</kbd></button>
		</section>`;
	}

	render(props, { tasks, problem, task, as_of, saved, permit }) {
		return html`
			<${Head} title=${t('work.title')} about=${t('work.about')} at=${as_of} />
			${problem ? html`<${Failure} problem=${problem} retry=${() => this.load(true)} />` : null}
			${saved ? html`<p class="note" role="status">✓ ${saved}</p>` : null}
			${tasks === null && !problem ? html`<p class="muted" role="status">${t('common.loading')}</p>` : null}
			${tasks ? html`<div class="work">
				<section class="panel list" data-panel="tasks">
					<details class="folded" open=${matchMedia('(min-width: 1200px)').matches || !task}><summary>${t('work.my_tasks')} ${tasks.length}</summary>
						${tasks.length ? html`<${TaskList} tasks=${tasks} current=${task && task.task_id} onPick=${(x) => this.open(x)} />` : html`<p class="muted">${t('work.none')}</p>`}
						<p class="meta"><kbd>n</kbd> ${t('work.next')}</p></details>
				</section>
				${task ? html`<${Customer} task=${task} granted=${Boolean(permit && permit.granted)} />${this.dock()}` : tasks.length ? null : html`<section class="panel"><p>${t('work.none_help')}</p></section>`}
			</div>` : null}`;
	}
}
