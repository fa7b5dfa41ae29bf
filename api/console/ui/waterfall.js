/* A base, what fell out of it and why, and what is left; the parts must add up. */
import { html } from './html.js';
import { Scroll } from './parts.js';
import { t, two, word } from '../lib/i18n.js';
import { count, share } from '../lib/fmt.js';

const CLASS = { planned: 'out', held_out: 'held', already: 'cut' };

function Line({ tone, label, link, n, of, sign }) {
	const width = of ? Math.max(0.2, (n / of) * 100) : 0;
	return html`<tr class=${tone}>
		<th scope="row" class="lab">${link ? html`<a href=${link}>${label}</a>` : label}</th>
		<td class="bar"><span class="track" aria-hidden="true"><i style=${{ width: width + '%' }}></i></span></td>
		<td class="n" data-figure="">${sign}${count(n)}</td>
		<td class="n muted">${share(n, of)}</td>
	</tr>`;
}

export function Waterfall({ title, audience, scope, undecided, reasons, linkOf }) {
	const cuts = reasons.filter((r) => r.fate !== 'planned');
	const planned = reasons.filter((r) => r.fate === 'planned').reduce((sum, r) => sum + r.count, 0);
	const lost = cuts.reduce((sum, r) => sum + r.count, 0);
	const difference = audience - lost - planned;
	return html`
		<${Scroll} label=${title}><table class="wf">
			<caption>${title}</caption>
			<tbody>
				<${Line} tone="base" label=${t('funnel.scope')} n=${scope} of=${scope} sign="" />
				<${Line} tone="undec" label=${t('funnel.undecided')} n=${undecided} of=${scope} sign="−" />
				<${Line} tone="base" label=${t('funnel.audience')} n=${audience} of=${scope} sign="" />
				${cuts.map((r) => html`<${Line} key=${r.fate + r.code} tone=${CLASS[r.fate] || 'cut'}
					label=${r.code ? `${word('fate', r.fate)} · ${two(r.text) || r.code}` : word('fate', r.fate)}
					link=${linkOf && linkOf(r)} n=${r.count} of=${scope} sign="−" />`)}
				<${Line} tone="out" label=${t('fate.planned')} n=${planned} of=${scope} sign="=" />
			</tbody>
		</table><//>
		<p class="sum ${difference === 0 ? '' : 'bad'}" data-adds-up=${difference === 0 ? 'yes' : 'no'}>
			${count(audience)} − ${count(lost)} = ${count(audience - lost)}${' '}
			${difference === 0 ? '✓' : t('funnel.difference', { n: count(difference) })}
		</p>`;
}
