/* Call-backs that were promised, by the customer's asked time. */
import { html } from '../ui/html.js';
import { Head, Load, Pill } from '../ui/parts.js';
import { Panel, Table, Time } from '../ui/table.js';
import { Filter, listPath, Pager } from '../ui/nav.js';
import { t, word } from '../lib/i18n.js';
import { orNone } from '../lib/fmt.js';
import { href } from '../lib/router.js';
import { may } from '../lib/rights.js';

const TONES = { open: 'DEFER', due: 'REVIEW', kept: 'OK', missed: 'WARN' };

export function Page({ query }) {
	const customer = (c) => (may('GET /v1/customers') ? html`<a href=${href(['customers', c.customer])}>${c.customer}</a>` : c.customer);
	return html`<${Load} path=${listPath('/v1/callbacks', query, ['queue', 'state'])} head=${(data) => html`<${Head} title=${t('callback.title')} about=${t('callback.about')} at=${data && data.as_of} />
		<${Filter} at=${['callbacks']} query=${query} fields=${[{ name: 'state', label: t('overview.state'), options: Object.keys(TONES).map((s) => [s, word('callback_state', s)]) }, { name: 'queue', label: t('queue.one') }]} />`}>${(data) => html`
		<${Panel} name="callbacks"><${Table} label=${t('callback.title')} items=${data.items} keyOf=${(c) => c.task_id} empty=${t('callback.none')} columns=${[
			{ name: t('callback.at'), cell: (c) => html`<${Time} at=${c.at} />` }, { name: t('callback.until'), cell: (c) => html`<${Time} at=${c.until} />` }, { name: t('overview.state'), cell: (c) => html`<${Pill} kind=${TONES[c.state]} text=${word('callback_state', c.state)} />` },
			{ name: t('log.customer'), cell: customer }, { name: t('queue.one'), cell: (c) => c.queue }, { name: t('log.agent'), cell: (c) => orNone(c.agent) }, { name: t('decision.task'), cell: (c) => word('state', c.task_state) }]} /><//>
		<${Pager} at=${['callbacks']} query=${query} next=${data.next_cursor} />`}<//>`;
}
