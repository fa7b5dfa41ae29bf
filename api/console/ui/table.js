/* A table whose rows become cards on a narrow window; a list of facts; a panel. */
import { html } from './html.js';
import { Scroll } from './parts.js';
import { NONE, time } from '../lib/fmt.js';

export function Time({ at }) {
	return at ? html`<time datetime=${at}>${time(at)}</time>` : NONE;
}

/* columns: { name, cell(item), n, wrap, wide }, n for figures; the first heads its row. */
export function Table({ label, caption, columns, items, keyOf, empty }) {
	if (items.length === 0) return html`${caption ? html`<h2>${label}</h2>` : null}<p class="muted" data-empty="">${empty}</p>`;
	const [first, ...rest] = columns;
	return html`<${Scroll} label=${label}><table class="cards labelled names">
		<caption class=${caption ? '' : 'sr'}>${label}</caption>
		<thead><tr>${columns.map((c) => html`<th key=${c.name} scope="col" class=${c.n ? 'n' : ''}>${c.name}</th>`)}</tr></thead>
		<tbody>${items.map((item, at) => html`<tr key=${keyOf ? keyOf(item) : at}>
			<th scope="row" class=${first.wide ? 'wide' : ''}>${first.cell(item)}</th>
			${rest.map((c) => html`<td key=${c.name} class="${c.n ? 'n' : ''} ${c.wrap ? 'wrap' : ''}" data-label=${c.name}><span>${c.cell(item)}</span></td>`)}
		</tr>`)}</tbody>
	</table><//>`;
}

/* rows: [name, value]; null rows are left out. */
export function Facts({ rows }) {
	return html`<dl class="kv">${rows.filter(Boolean).map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value === null || value === undefined || value === '' ? NONE : value}</dd>`)}</dl>`;
}

export function Panel({ name, title, note, children }) {
	return html`<section class="panel" data-panel=${name}>
		${title ? html`<header><h2>${title}</h2>${note ? html`<span class="muted">${note}</span>` : null}</header>` : null}
		${children}
	</section>`;
}
