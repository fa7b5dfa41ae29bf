/* Small pieces every screen uses. */
import { html, Component } from './html.js';
import { get } from '../lib/api.js';
import { t, word } from '../lib/i18n.js';
import { time, zoneLabel } from '../lib/fmt.js';

const VERDICTS = {
	ALLOW: ['allow', '✓'], BLOCK: ['block', '⊘'], DEFER: ['defer', '◷'], REVIEW: ['review', '?'],
	REQUIRE: ['require', '!'], WARN: ['warn', '!'], INFO: ['require', 'i'], OK: ['allow', '✓'], ERROR: ['error', '✕'],
};

export function Pill({ kind, text }) {
	const [tone, glyph] = VERDICTS[kind] || ['undecided', '~'];
	return html`<span class="pill ${tone}"><span aria-hidden="true">${glyph}</span>${text || word('verdict', kind)}</span>`;
}

export function AsOf({ at }) {
	if (!at) return null;
	return html`<span class="asof">${t('common.as_of')} <time datetime=${at}>${time(at)}</time> (${zoneLabel()})</span>`;
}

export function Head({ title, about, at }) {
	return html`<div class="head"><h1>${title}</h1><p>${about}</p><${AsOf} at=${at} /></div>`;
}

/* What happened, because of what, what you can do now; code and trace id small beneath. */
export function Failure({ problem, retry }) {
	const own = problem.status === 0 ? t('error.no_answer') : problem.status === 403 ? t('error.withheld') : '';
	const text = own || problem.title || problem.message;
	const detail = own || text === problem.message ? '' : problem.message;
	return html`<div class="note ${problem.status === 403 ? '' : 'error'}" role="alert">
		<div>${problem.status === 403 ? null : html`<span aria-hidden="true">✕ </span>`}${text}</div>
		${detail ? html`<div>${detail}</div>` : null}
		<div class="meta">${[problem.code, problem.traceId].filter(Boolean).join(' · ')}</div>
		${retry ? html`<button class="link" onClick=${retry}>${t('common.retry')}</button>` : null}
	</div>`;
}

/* Loads one document and shows it in one of the states every panel has. head(data) stands
 * above in all of them; its data is null until there is some. */
export class Load extends Component {
	constructor(props) {
		super(props);
		this.state = { data: null, problem: null };
	}

	componentDidMount() { this.load(); }

	componentDidUpdate(before) {
		if (before.path !== this.props.path) this.load();
	}

	componentWillUnmount() {
		if (this.abort) this.abort.abort();
		clearTimeout(this.timer);
	}

	async load() {
		if (this.abort) this.abort.abort();
		clearTimeout(this.timer);
		const abort = new AbortController();
		this.abort = abort;
		const { path, every } = this.props;
		try {
			const data = await get(path, abort.signal);
			this.setState({ data, problem: null, path });
		} catch (problem) {
			if (abort.signal.aborted) return;
			this.setState({ problem });
		}
		if (every && !abort.signal.aborted) this.timer = setTimeout(() => this.load(), every);
	}

	render({ children, head, path }, { data, problem, path: shown }) {
		const fresh = data && shown === path;
		return html`
			${head ? head(data) : null}
			${problem ? html`<${Failure} problem=${problem} retry=${() => this.load()} />` : null}
			${fresh ? children(data, () => this.load()) : problem ? null
				: html`<p class="muted" role="status">${t('common.loading')}</p>`}`;
	}
}

export function Scroll({ label, children }) {
	return html`<div class="scroll" role="region" tabindex="0" aria-label=${label}>${children}</div>`;
}
