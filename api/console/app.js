/* Shell: who is signed in, which screen the URL names, language and theme. */
import { html, render, Component } from './ui/html.js';
import { get } from './lib/api.js';
import { session, update, watch } from './lib/session.js';
import { go, href, place, watchPlace } from './lib/router.js';
import { t, word } from './lib/i18n.js';
import { time, zoneLabel } from './lib/fmt.js';
import { SignIn } from './screens/signin.js';
import { Overview } from './screens/overview.js';
import { Work } from './screens/work.js';
import { Log } from './screens/log.js';
import { DecisionPage } from './screens/decision.js';
import { StagesPage, StagesVersion } from './screens/stages.js';

/* The rail of a role, its home first; an agent's workbench is the whole window. */
const RAILS = {
	ops: ['overview', 'stages', 'log'],
	operator: ['overview'],
	compliance: ['log', 'overview', 'stages'],
	admin: ['overview', 'stages', 'log'],
	agent: [],
};
const TITLES = { overview: 'overview.title', work: 'work.title', log: 'log.title', stages: 'stages.title', decisions: 'decision.title' };
const home = (role) => (role === 'agent' ? 'work' : RAILS[role][0]);

function mayOpen(role, screen) {
	if (role === 'agent') return screen === 'work';
	return RAILS[role].includes(screen) || (screen === 'decisions' && RAILS[role].includes('log'));
}

function Screen({ role }) {
	const { parts, query } = place();
	const screen = parts[0] || home(role);
	if (!mayOpen(role, screen)) return html`<p class="note">${t('error.not_yours')} <a href=${href([home(role)])}>${t('error.go_home')}</a></p>`;
	if (screen === 'overview') return html`<${Overview} />`;
	if (screen === 'work') return html`<${Work} />`;
	if (screen === 'log') return html`<${Log} query=${query} />`;
	if (screen === 'stages' && parts[1] && parts[2]) return html`<${StagesVersion} key=${parts[1] + parts[2]} code=${parts[1]} version=${parts[2]} />`;
	if (screen === 'stages') return html`<${StagesPage} />`;
	if (screen === 'decisions' && parts[1]) return html`<${DecisionPage} key=${parts[1]} id=${parts[1]} />`;
	return html`<p class="note">${t('error.no_screen')} <a href=${href([home(role)])}>${t('error.go_home')}</a></p>`;
}

class App extends Component {
	constructor(props) {
		super(props);
		this.screen = this.where();
		this.state = { open: false, started: !session.token };
	}

	componentDidMount() {
		watch(() => {
			this.screen = this.where();
			this.setState({});
		});
		watchPlace(() => this.moved());
		matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.setState({}));
		if (session.token && !session.me) this.whoAmI();
	}

	where() {
		const { parts } = place();
		return (parts[0] || (session.me && home(session.me.role)) || '') + '/' + (parts[1] || '');
	}

	/* Another screen is read from its top; another filter of the same screen is not. */
	moved() {
		const before = this.screen;
		this.screen = this.where();
		this.setState({ open: false }, () => {
			const main = document.getElementById('main');
			if (main && before !== this.screen) main.focus();
		});
	}

	async whoAmI() {
		try {
			update({ me: await get('/v1/me') });
		} catch (problem) {
			if (problem.status === 401) update({ token: null });
			else this.setState({ problem });
		}
		this.setState({ started: true });
	}

	settings() {
		document.documentElement.lang = session.lang;
		if (session.theme === 'auto') delete document.documentElement.dataset.theme;
		else document.documentElement.dataset.theme = session.theme;
		const screen = session.me && !session.expired && (place().parts[0] || home(session.me.role));
		document.title = (screen in TITLES ? t(TITLES[screen]) + ' · ' : '') + 'Steward';
	}

	top(me, rail) {
		const dark = session.theme === 'dark' || (session.theme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
		return html`<header class="top">
			${rail.length ? html`<button class="btn menu" aria-label=${t('shell.menu')} aria-expanded=${this.state.open ? 'true' : 'false'} onClick=${() => this.setState({ open: !this.state.open })}>☰</button>` : null}
			<a class="brand" href=${href([home(me.role)])}><i></i>Steward</a>
			<div class="right">
				${me.environment === 'demo' ? html`<span class="pill require">${t('shell.demo')}</span>` : null}
				<span class="clock meta" title=${me.simulated_clock ? t('shell.clock_simulated') : ''}>${time(me.now)} ${zoneLabel()}</span>
				<span class="who">${me.subject} · ${word('role', me.role)}</span>
				<button class="link" lang=${session.lang === 'en' ? 'zh-CN' : 'en'} onClick=${() => update({ lang: session.lang === 'en' ? 'zh-CN' : 'en' })}>${t('shell.other_language')}</button>
				<button class="link" onClick=${() => update({ theme: dark ? 'light' : 'dark' })}>${dark ? t('shell.light') : t('shell.dark')}</button>
				<button class="link" onClick=${() => { update({ token: null, me: null, expired: false }); go('/console/'); }}>${t('shell.sign_out')}</button>
			</div>
		</header>`;
	}

	render() {
		this.settings();
		const me = session.me;
		if (!this.state.started) return html`<main id="main"><p class="muted" role="status">${t('common.loading')}</p></main>`;
		if (!session.token || !me || session.expired) return html`<${SignIn} />`;
		const rail = RAILS[me.role];
		const here = place().parts[0] || home(me.role);
		return html`
			<a class="skip" href="#main">${t('shell.skip')}</a>
			<div class="shell ${rail.length ? '' : 'wide'}">
				${this.top(me, rail)}
				${rail.length ? html`<nav class="rail ${this.state.open ? 'open' : ''}" aria-label=${t('shell.sections')}>
					${rail.map((name) => html`<a key=${name} href=${href([name])} aria-current=${here === name || (here === 'decisions' && name === 'log') ? 'page' : undefined}>${t('rail.' + name)}</a>`)}
				</nav>` : null}
				<main id="main" tabindex="-1"><${Screen} role=${me.role} /></main>
			</div>`;
	}
}

render(html`<${App} />`, document.getElementById('app'));
