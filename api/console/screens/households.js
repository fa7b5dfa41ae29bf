/* Suggested households that nobody has settled. */
import { html } from '../ui/html.js';
import { Head, Load } from '../ui/parts.js';
import { Members } from '../ui/households.js';
import { Pager } from '../ui/nav.js';
import { t } from '../lib/i18n.js';

export function Page({ query }) {
	const path = '/v1/household-suggestions?limit=20' + (query.cursor ? '&after=' + encodeURIComponent(query.cursor) : '');
	return html`<${Load} path=${path} head=${(data) => html`<${Head} title=${t('household.suggested')} about=${t('household.about')} at=${data && data.as_of} />`}>${(data, again) => html`
		${data.items.length === 0 ? html`<p class="note" data-empty="">${t('household.no_suggestion')}</p>` : null}
		${data.items.map((h) => html`<${Members} key=${h.household} name="suggestion" household=${h} done=${again} />`)}
		<${Pager} at=${['households']} query=${query} next=${data.next} />`}<//>`;
}
