/* A base, what fell out of it and why, and what is left; the parts must add up. */
import { html } from './html.js';
import { Scroll } from './parts.js';
import { t, two, word } from '../lib/i18n.js';
import { count, share } from '../lib/fmt.js';

const CLASS = { planned: 'out', held_out: 'held', already: 'cut' };

function Line({ tone, label, link, n, from = 0, scale, of, sign = '' }) {
	const part = (x) => (scale ? (x / scale) * 100 : 0);
	const style = { left: part(from) + '%', width: part(n) + '%' };
	return html`<tr class=${tone}>
		<th scope="row" class="lab">${link ? html`<a href=${link}>${label}</a>` : label}</th>
		<td class="bar"><span class="track" aria-hidden="true">${n ? html`<i style=${style}></i>` : null}</span></td>
		<td class="n" data-figure="">${sign}${count(n)}</td>
		<td class="n muted">${of === undefined ? '' : share(n, of)}</td>
	</tr>`;
}

/* scope is customers; audience and the rest count a customer once for each campaign that
 * wants them, so the shares are those of the audience. */
export function Waterfall({ title, audience, scope, undecided, reasons, linkOf }) {
	const order = ['already', 'no_contact_point', 'held_out', 'blocked', 'deferred', 'review'];
	const cuts = reasons.filter((r) => r.fate !== 'planned')
		.sort((a, b) => order.indexOf(a.fate) - order.indexOf(b.fate) || b.count - a.count);
	const planned = reasons.filter((r) => r.fate === 'planned').reduce((sum, r) => sum + r.count, 0);
	const lost = cuts.reduce((sum, r) => sum + r.count, 0);
	const difference = audience - lost - planned;
	const widest = Math.max(scope, audience, undecided);
	let left = audience;
	const line = (r) => {
		left -= r.count;
		const text = two(r.text);
		return html`<${Line} key=${r.fate + r.code} tone=${CLASS[r.fate] || 'cut'} link=${linkOf && linkOf(r)}
			label=${r.code ? `${word('fate', r.fate)} · ${text || r.code}` : word('fate', r.fate)}
			n=${r.count} from=${Math.max(0, left)} scale=${audience} of=${audience} sign="−" />`;
	};
	return html`
		<${Scroll} label=${title}><table class="wf">
			<caption>${title}</caption>
			<tbody>
				<${Line} tone="base" label=${t('funnel.scope')} n=${scope} scale=${widest} />
				<${Line} tone="undec" label=${t('funnel.undecided')} n=${undecided} scale=${widest} />
				<${Line} tone="base" label=${t('funnel.audience')} n=${audience} scale=${widest} of=${audience} />
				<tr class="split"><th scope="rowgroup" colspan="4">${t('funnel.of_audience')}</th></tr>
				${cuts.map(line)}
				<${Line} tone="out" label=${t('fate.planned')} n=${planned} scale=${audience} of=${audience} />
			</tbody>
		</table><//>
		<p class="sum ${difference === 0 ? '' : 'bad'}" data-adds-up=${difference === 0 ? 'yes' : 'no'}>
			${count(audience)} − ${count(lost)} = ${count(audience - lost)}${' '}
			${difference === 0 ? '✓' : html`<span aria-hidden="true">✕</span> ${t('funnel.difference', { n: count(difference) })}`}
		</p>`;
}
