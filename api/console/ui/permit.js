/* The dial permit: ask -> checking -> granted n s -> expired, or refused. It counts on the
 * monotonic clock from the server's seconds and never renews itself. */
import { html, Component } from './html.js';
import { t, two } from '../lib/i18n.js';
import { time } from '../lib/fmt.js';

export class PermitButton extends Component {
	componentDidMount() { this.timer = setInterval(() => this.setState({}), 250); }

	componentWillUnmount() { clearInterval(this.timer); }

	render({ permit, grantedAt, busy, mask, onAsk }) {
		const total = permit && permit.granted ? permit.valid_seconds || 0 : 0;
		const left = Math.max(0, Math.ceil(total - (performance.now() - grantedAt) / 1000));
		if (permit && !permit.granted) {
			return html`<div class="note" role="alert" data-permit="refused">
				<strong>${t('permit.refused')}</strong>
				${permit.reasons.map((r) => html`<div key=${r.code}>⊘ ${two(r.text)} <span class="meta">${r.code}</span></div>`)}
				${permit.next_allowed_at ? html`<div>${t('permit.earliest', { at: time(permit.next_allowed_at) })}</div>` : null}
				<div>${t('permit.refused_next')}</div>
			</div>`;
		}
		if (permit && left > 0) {
			return html`<div data-permit="granted">
				<div class="btn primary dial" role="timer" aria-live="off">${t('permit.dial', { mask: permit.phone_mask || mask })}
					<small>${permit.number ? t('permit.left', { n: left, number: permit.number }) : t('permit.left_short', { n: left })}</small></div>
				<div class="drain" aria-hidden="true"><i style=${{ width: (left / total) * 100 + '%' }}></i></div>
				<span class="sr" role="status">${left === 15 || left === 5 ? t('permit.left_short', { n: left }) : ''}</span>
			</div>`;
		}
		return html`<div data-permit=${permit ? 'expired' : 'ask'}>
			<button class="btn primary dial" aria-disabled=${busy ? 'true' : 'false'} onClick=${() => !busy && onAsk()}>
				${busy ? t('permit.checking') : permit ? t('permit.again') : t('permit.ask')} <small><kbd>d</kbd> ${mask || ''}</small></button>
			${permit ? html`<p class="meta" role="status">${t('permit.expired')}</p>` : null}
		</div>`;
	}
}
