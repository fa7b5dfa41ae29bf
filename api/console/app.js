/* Shell: who is signed in, which screen the URL names, language and theme. */
import { html, render, Component } from './ui/html.js';
import { get } from './lib/api.js';
import { session, update, watch } from './lib/session.js';
import { go, href, place, watchPlace } from './lib/router.js';
import { t, word } from './lib/i18n.js';
import { time, zoneLabel } from './lib/fmt.js';
import { SignIn } from './screens/signin.js';
import { Failure } from './ui/parts.js';
import { may } from './lib/rights.js';

/* A screen is loaded when it is first opened. needs: without the right to this operation
 * there is nothing on it. */
const SCREENS = {
	overview: { needs: 'GET /v1/overview', load: () => import('./screens/overview.js') },
	stages: { needs: 'POST /v1/lifecycle/models:preview', load: () => import('./screens/stages.js') },
	log: { needs: 'GET /v1/decisions', load: () => import('./screens/log.js') },
	decisions: { needs: 'GET /v1/decisions', rail: 'log', load: () => import('./screens/decision.js') },
	customers: { needs: 'GET /v1/customers', load: () => import('./screens/customers.js') },
	households: { needs: 'GET /v1/household-suggestions', load: () => import('./screens/households.js') },
	traits: { needs: 'GET /v1/traits', load: () => import('./screens/traits.js') },
	imports: { needs: 'GET /v1/imports', load: () => import('./screens/imports.js') },
	exports: { needs: 'GET /v1/export-requests', load: () => import('./screens/exports.js') },
	overrides: { needs: 'GET /v1/gate-reviews', load: () => import('./screens/overrides.js') },
	complaints: { needs: 'GET /v1/compliance/complaints', load: () => import('./screens/complaints.js') },
	incidents: { needs: 'GET /v1/incidents', load: () => import('./screens/incidents.js') },
	reviews: { needs: 'GET /v1/compliance/review-draws', load: () => import('./screens/reviews.js') },
	numbers: { needs: 'GET /v1/numbers', load: () => import('./screens/numbers.js') },
	packs: { needs: 'GET /v1/packs', load: () => import('./screens/packs.js') },
	queues: { needs: 'GET /v1/queues', load: () => import('./screens/queues.js') },
	'dead-letters': { needs: 'GET /v1/dead-letters', load: () => import('./screens/dead-letters.js') },
	agents: { needs: 'GET /v1/agents', load: () => import('./screens/agents.js') },
	callbacks: { needs: 'GET /v1/callbacks', load: () => import('./screens/callbacks.js') },
	work: { needs: 'POST /v1/tasks/{id}/permit', load: () => import('./screens/work.js') },
};

const RAIL = [
	['', ['overview', 'stages', 'log']],
	['rail.book', ['customers', 'households', 'traits', 'imports', 'exports']],
	['rail.compliance', ['overrides', 'complaints', 'incidents', 'reviews', 'numbers', 'packs']],
	['rail.operations', ['queues', 'dead-letters', 'agents', 'callbacks']],
];
const home = (role) => (role === 'agent' ? 'work' : role === 'compliance' ? 'log' : 'overview');

/* An agent's workbench is the whole window. */
function mayOpen(role, name) {
	if (role === 'agent') return name === 'work';
	return !(name in SCREENS) || may(SCREENS[name].needs);
}

/* What a role has in the rail, its home first. */
function railOf(role) {
	if (role === 'agent') return [];
	return RAIL.map(([title, names]) => [title, names.filter((name) => mayOpen(role, name)).sort((a, b) => (b === home(role)) - (a === home(role)))])
		.filter(([, names]) => names.length);
}

const loaded = {};

class Screen extends Component {
	componentDidMount() { this.load(); }

	componentDidUpdate() { this.load(); }

	async load() {
		const { name } = this.props;
		if (!(name in SCREENS) || loaded[name] || this.asked === name || !mayOpen(this.props.role, name)) return;
		this.asked = name;
		try {
			loaded[name] = await SCREENS[name].load();
			this.setState({ failed: null });
		} catch {
			this.setState({ failed: name });
		}
	}

	render({ role, name }, { failed }) {
		const { parts, query } = place();
		const back = html` <a href=${href([home(role)])}>${t('error.go_home')}</a>`;
		if (!mayOpen(role, name)) return html`<p class="note">${t('error.not_yours')}${back}</p>`;
		if (!(name in SCREENS)) return html`<p class="note">${t('error.no_screen')}${back}</p>`;
		if (loaded[name]) {
			const { Page } = loaded[name];
			return html`<${Page} key=${[name, ...parts.slice(1)].join('/')} parts=${parts.slice(1)} query=${query} />`;
		}
		if (failed === name) return html`<${Failure} problem=${{ status: 0 }} retry=${() => { this.asked = ''; this.load(); }} />`;
		return html`<p class="muted" role="status">${t('common.loading')}</p>`;
	}
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
		const name = session.me && !session.expired && (place().parts[0] || home(session.me.role));
		document.title = (name in SCREENS ? t('rail.' + name) + ' · ' : '') + 'Steward';
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
		const rail = railOf(me.role);
		const here = place().parts[0] || home(me.role);
		const at = (SCREENS[here] && SCREENS[here].rail) || here;
		return html`
			<a class="skip" href="#main">${t('shell.skip')}</a>
			<div class="shell ${rail.length ? '' : 'wide'}">
				${this.top(me, rail)}
				${rail.length ? html`<nav class="rail ${this.state.open ? 'open' : ''}" aria-label=${t('shell.sections')}>
					${rail.map(([title, names]) => html`${title ? html`<p class="group" key=${title}>${t(title)}</p>` : null}
						${names.map((name) => html`<a key=${name} href=${href([name])} aria-current=${at === name ? 'page' : undefined}>${t('rail.' + name)}</a>`)}`)}
				</nav>` : null}
				<main id="main" tabindex="-1"><${Screen} role=${me.role} name=${here} /></main>
			</div>`;
	}
}

render(html`<${App} />`, document.getElementById('app'));
