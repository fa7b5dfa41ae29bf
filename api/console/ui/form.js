/* A form for one operation of the API, and the button that opens it in a dialog.
 *
 * What is missing or refused is said above the form, with a link to the field, and at the
 * field; what was entered stays. The key is made when the form opens and kept until there
 * is a final answer, so that a lost answer is found again. */
import { html, Component } from './html.js';
import { Failure } from './parts.js';
import { newKey, write } from '../lib/api.js';
import { t } from '../lib/i18n.js';
import { session } from '../lib/session.js';

let made = 0;

const said = (error) => (session.lang === 'zh-CN' && error.detail_zh) || error.detail;

/* field: { name, label, kind: text | area | number | date | datetime-local | select | check,
 * options: [[value, text]], value, required, hint, max, least }. */
function Field({ field: f, id, value, wrong, onChange }) {
	const more = [wrong ? id + '-wrong' : '', f.hint ? id + '-hint' : ''].filter(Boolean).join(' ') || undefined;
	const common = { id, name: f.name, class: 'field', 'aria-describedby': more, 'aria-invalid': wrong ? 'true' : undefined, 'aria-required': f.required ? 'true' : undefined };
	const text = (e) => onChange(f.name, e.target.value);
	const below = html`${f.hint ? html`<span class="meta" id=${id + '-hint'}>${f.hint}</span>` : null}
		${wrong ? html`<span class="wrong" id=${id + '-wrong'}><span aria-hidden="true">✕ </span>${wrong}</span>` : null}`;
	if (f.kind === 'check') return html`<div><label class="check"><input type="checkbox" ...${common} class="" checked=${value === true} onChange=${(e) => onChange(f.name, e.target.checked)} />${f.label}</label>${below}</div>`;
	let control;
	if (f.kind === 'select') control = html`<select ...${common} value=${value} onChange=${text}>
		${f.required && f.value === undefined ? html`<option value=""></option>` : null}
		${f.options.map(([v, label]) => html`<option key=${v} value=${v} selected=${v === value}>${label}</option>`)}</select>`;
	else if (f.kind === 'area') control = html`<textarea ...${common} rows="3" maxlength=${f.max} value=${value} onInput=${text}></textarea>`;
	else control = html`<input ...${common} type=${f.kind || 'text'} min=${f.least} maxlength=${f.max} value=${value} onInput=${text} />`;
	return html`<div class="f"><label for=${id}>${f.label}${f.required ? html`<span class="muted"> ${t('form.required')}</span>` : null}</label>${control}${below}</div>`;
}

export class Form extends Component {
	constructor(props) {
		super(props);
		this.id = 'form' + ++made;
		this.key = newKey();
		const values = {};
		for (const f of props.fields || []) values[f.name] = f.value !== undefined ? f.value : f.kind === 'check' ? false : '';
		this.state = { values, wrong: {}, problem: null, busy: false, unsure: false };
		this.change = (name, value) => this.setState((s) => ({ values: { ...s.values, [name]: value }, wrong: { ...s.wrong, [name]: undefined } }));
	}

	missing() {
		const wrong = {};
		for (const f of this.props.fields || []) {
			const value = this.state.values[f.name];
			if (f.only && !f.only(this.state.values)) continue;
			if (f.required && (f.kind === 'check' ? !value : !String(value).trim())) wrong[f.name] = t('form.missing', { name: f.label });
			else if (f.check && String(value).trim() && f.check(value)) wrong[f.name] = f.check(value);
		}
		return wrong;
	}

	/* The refused places that are fields of this form. */
	refused(problem) {
		const wrong = {};
		for (const error of problem.errors || []) {
			const name = (error.pointer || '').split('/')[1];
			if (name in this.state.values) wrong[name] = said(error);
		}
		return wrong;
	}

	tell(change) {
		this.setState(change, () => {
			const summary = document.getElementById(this.id + '-summary');
			if (summary) summary.focus();
		});
	}

	async submit(event) {
		event.preventDefault();
		if (this.state.busy) return;
		const wrong = this.missing();
		if (Object.keys(wrong).length) return this.tell({ wrong, problem: null });
		const { method = 'POST', path, body, done, match } = this.props;
		this.setState({ busy: true, problem: null, wrong: {} });
		try {
			const answer = await write(method, path, body ? body(this.state.values) : undefined, { key: this.key, match, onWait: (unsure) => this.setState({ unsure }) });
			this.key = newKey();
			this.setState({ busy: false, unsure: false });
			done(answer);
		} catch (problem) {
			/* What was refused may be asked for again, as something new. */
			if (problem.status) this.key = newKey();
			this.tell({ busy: false, unsure: false, problem, wrong: this.refused(problem) });
		}
	}

	summary({ wrong, problem }) {
		const places = Object.entries(wrong).filter(([, text]) => text);
		if (!problem && places.length === 0) return null;
		return html`<div id=${this.id + '-summary'} tabindex="-1" data-summary="">
			${problem ? html`<${Failure} problem=${problem} />` : null}
			${places.length ? html`<ul class="note error" role="alert">${places.map(([name, text]) => html`<li key=${name}>
				<a href=${`#${this.id}-${name}`} onClick=${(e) => { e.preventDefault(); document.getElementById(`${this.id}-${name}`).focus(); }}>${text}</a></li>`)}</ul>` : null}
		</div>`;
	}

	render({ fields = [], verb, tone = 'primary', name, cancel, help }, state) {
		return html`<form class="form" data-form=${name} noValidate onSubmit=${(e) => this.submit(e)}>
			${this.summary(state)}
			${help ? html`<p>${help}</p>` : null}
			${fields.length ? html`<div class="fields">${fields.filter((f) => !f.only || f.only(state.values)).map((f) => html`<${Field} key=${f.name} field=${f} id=${`${this.id}-${f.name}`}
				value=${state.values[f.name]} wrong=${state.wrong[f.name]} onChange=${this.change} />`)}</div>` : null}
			<div class="row">
				${cancel ? html`<button type="button" class="btn" data-cancel="" onClick=${cancel}>${t('form.cancel')}</button>` : null}
				<button type="submit" class="btn ${tone}" aria-disabled=${state.busy ? 'true' : 'false'}>${state.unsure ? t('form.unsure') : state.busy ? t('work.saving') : verb}</button>
			</div>
		</form>`;
	}
}

/* The button opens a dialog that says what will happen and asks for what is needed; Esc
 * closes it. Without fields the focus is on the button that does nothing. */
export class Act extends Component {
	constructor(props) {
		super(props);
		this.state = { open: false, told: false };
		this.opened = (dialog) => {
			this.dialog = dialog;
			if (dialog && !dialog.open) {
				dialog.showModal();
				const first = dialog.querySelector('.fields .field') || dialog.querySelector('[data-cancel]');
				if (first) first.focus();
			}
		};
	}

	render({ verb, name, effect, tone = '', disabled, done, ...form }, { open, told }) {
		const id = 'act-' + name;
		const close = () => this.dialog && this.dialog.close();
		return html`<span class="act">
			<button class="btn ${tone}" data-act=${name} aria-haspopup="dialog" aria-disabled=${disabled ? 'true' : 'false'} onClick=${() => !disabled && this.setState({ open: true, told: false })}>${verb}</button>
			${told ? html`<span class="sr" role="status">${t('form.saved')}</span>` : null}
			${open ? html`<dialog ref=${this.opened} aria-labelledby=${id} onClose=${() => this.setState({ open: false })}>
				<h2 id=${id}>${verb}</h2>
				${effect ? html`<p>${effect}</p>` : null}
				<${Form} ...${form} name=${name} verb=${verb} cancel=${close} done=${(answer) => { close(); this.setState({ told: true }); done(answer); }} />
			</dialog>` : null}
		</span>`;
	}
}
