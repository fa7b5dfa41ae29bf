import { html, Component } from '../ui/html.js';
import { get } from '../lib/api.js';
import { session, update } from '../lib/session.js';
import { t } from '../lib/i18n.js';

export class SignIn extends Component {
	constructor(props) {
		super(props);
		this.state = { token: '', problem: null, busy: false };
	}

	async enter(event) {
		event.preventDefault();
		if (this.state.busy || !this.state.token.trim()) return;
		this.setState({ busy: true, problem: null });
		const before = session.token;
		update({ token: this.state.token.trim() });
		try {
			const me = await get('/v1/me');
			update({ me, expired: false });
		} catch (problem) {
			update({ token: before, me: null });
			this.setState({ problem, busy: false });
		}
	}

	render(props, { token, problem, busy }) {
		const other = session.lang === 'en' ? 'zh-CN' : 'en';
		return html`<main class="signin panel" id="main">
			<div class="row"><h1>Steward</h1>
				<button type="button" class="link" lang=${other} onClick=${() => update({ lang: other })}>${t('shell.other_language')}</button></div>
			<p>${session.expired && session.me ? t('signin.expired') : t('signin.about')}</p>
			${problem ? html`<div class="note error" role="alert" id="signin-error">✕ ${problem.status === 401 ? t('signin.refused') : problem.status === 0 ? t('error.no_answer') : problem.message}</div>` : null}
			<form onSubmit=${(event) => this.enter(event)}>
				<label class="f whole">${t('signin.token')}
					<input class="field" type="password" autocomplete="off" name="token" value=${token}
						aria-invalid=${problem ? 'true' : 'false'} aria-describedby=${problem ? 'signin-error' : undefined}
						onInput=${(event) => this.setState({ token: event.target.value })} /></label>
				<p></p>
				<button class="btn primary" aria-disabled=${busy ? 'true' : 'false'}>${t('signin.enter')}</button>
			</form>
			<p></p>
			<p class="meta">${t('signin.where')}</p>
		</main>`;
	}
}
