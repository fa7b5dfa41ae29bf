/* Personal data in clear: asked for with one click, shown for a minute, and on record. An
 * agent's needs a task (and a permit for the number); compliance says what for. */
import { html, Component } from './html.js';
import { Failure } from './parts.js';
import { newKey, post } from '../lib/api.js';
import { t, word } from '../lib/i18n.js';
import { orNone } from '../lib/fmt.js';

const SHOWN_MS = 60000;
const PURPOSES = ['complaint', 'dispute', 'audit', 'legal', 'subject_request'];

export class Reveal extends Component {
	constructor(props) {
		super(props);
		this.state = { busy: false, shown: null, problem: null, purpose: '', reason: '' };
	}

	componentDidUpdate(before) {
		if (before.customer !== this.props.customer) this.hide();
	}

	componentWillUnmount() { clearTimeout(this.timer); }

	hide() {
		clearTimeout(this.timer);
		this.setState({ shown: null, problem: null });
	}

	body() {
		const { task, granted } = this.props;
		const { purpose, reason } = this.state;
		if (task) return { fields: granted ? ['name', 'phone'] : ['name'], purpose: 'contact', task_id: task };
		return { fields: ['name', 'phone', 'id_number'], purpose, reason };
	}

	ready() {
		return this.props.task || (this.state.purpose && this.state.reason.trim());
	}

	async show() {
		const { customer } = this.props;
		if (this.state.busy || !this.ready()) return;
		this.setState({ busy: true, problem: null });
		try {
			const shown = await post(`/v1/customers/${encodeURIComponent(customer)}/reveal`, this.body(), newKey());
			if (customer !== this.props.customer) return this.setState({ busy: false });
			this.setState({ busy: false, shown });
			clearTimeout(this.timer);
			this.timer = setTimeout(() => this.hide(), SHOWN_MS);
		} catch (problem) {
			this.setState({ busy: false, problem });
		}
	}

	/* On the workbench Enter saves: a click leaves no button behind that would take it. */
	click(event, act) {
		if (this.props.task) event.currentTarget.blur();
		act.call(this);
	}

	values(shown) {
		return html`<dl class="kv" data-reveal="shown">
			<dt>${t('reveal.name')}</dt><dd>${orNone(shown.name)}</dd>
			${(shown.phones || []).map((p) => html`<dt key=${p.point_id}>${t('reveal.phone')}</dt><dd class="mono">${p.number}</dd>`)}
			${shown.id_number !== undefined ? html`<dt>${t('reveal.id_number')}</dt><dd class="mono">${orNone(shown.id_number)}</dd>` : null}
		</dl>
		<p class="meta">${t('reveal.recorded', { used: shown.quota.used, limit: shown.quota.limit })}
			<button class="link" onClick=${(e) => this.click(e, this.hide)}>${t('reveal.hide')}</button></p>`;
	}

	form({ purpose, reason }) {
		return html`<label class="f">${t('reveal.purpose')}
			<select class="field" value=${purpose} onChange=${(e) => this.setState({ purpose: e.target.value })}>
				<option value=""></option>
				${PURPOSES.map((p) => html`<option key=${p} value=${p}>${word('reveal_for', p)}</option>`)}</select></label>
			<label class="f">${t('reveal.case')}<input class="field" maxlength="60" value=${reason}
				onInput=${(e) => this.setState({ reason: e.target.value })} /></label>`;
	}

	render({ task, granted }, state) {
		return html`<div data-reveal="box">
			${state.problem ? html`<${Failure} problem=${state.problem} />` : null}
			${state.shown ? this.values(state.shown) : html`${task ? null : this.form(state)}
				<p><button class="btn" data-reveal="ask" aria-disabled=${this.ready() && !state.busy ? 'false' : 'true'} onClick=${(e) => this.click(e, this.show)}>
					${task ? t(granted ? 'reveal.show_number' : 'reveal.show_name') : t('reveal.show_all')}</button></p>`}
		</div>`;
	}
}
