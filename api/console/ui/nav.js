/* Parts of a screen, filters and pages: each is an address. */
import { html } from './html.js';
import { t } from '../lib/i18n.js';
import { go, href } from '../lib/router.js';

/* items: [parts of the address, text]. */
export function Tabs({ label, here, items }) {
	return html`<nav class="tabs" aria-label=${label}>${items.map(([parts, text]) => html`
		<a key=${text} href=${href(parts)} aria-current=${parts.join('/') === here.join('/') ? 'page' : undefined}>${text}</a>`)}</nav>`;
}

export function Pager({ at, query, next }) {
	if (!query.cursor && !next) return null;
	return html`<div class="row pages">
		${query.cursor ? html`<button class="btn" onClick=${() => history.back()}>${t('common.previous')}</button>` : null}
		${next ? html`<a class="btn" href=${href(at, { ...query, cursor: next })}>${t('common.next')}</a>` : null}
	</div>`;
}

/* fields: { name, label, options: [[value, text]] or none for free text, hint }. */
export function Filter({ at, query, fields }) {
	const set = (name, value) => {
		const changed = { ...query, [name]: value };
		delete changed.cursor;
		go(href(at, changed));
	};
	return html`<div class="panel row filters" role="search">
		${fields.map((f) => html`<label class="f" key=${f.name}>${f.label}${f.options ? html`
			<select class="field" name=${f.name} value=${query[f.name] || ''} onChange=${(e) => set(f.name, e.target.value)}>
				<option value="">${t('log.any')}</option>
				${f.options.map(([value, text]) => html`<option key=${value} value=${value} selected=${value === query[f.name]}>${text}</option>`)}</select>` : html`
			<input class="field" name=${f.name} value=${query[f.name] || ''} placeholder=${f.hint} onChange=${(e) => set(f.name, e.target.value.trim())} />`}</label>`)}
		${fields.some((f) => query[f.name]) ? html`<a class="btn" href=${href(at)}>${t('log.clear')}</a>` : null}
	</div>`;
}

/* The API's path with what the address filters by. */
export function listPath(path, query, names) {
	const search = new URLSearchParams({ limit: '50' });
	for (const name of [...names, 'cursor']) if (query[name]) search.set(name, query[name]);
	return `${path}?${search}`;
}
