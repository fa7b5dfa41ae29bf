/* Dead letters: tasks that ended without having been taken. One goes round again with a
 * note; many in two steps: first it is counted, then as many as were counted go. */
import { html, Component } from '../ui/html.js';
import { Failure, Head, Load } from '../ui/parts.js';
import { Panel, Table, Time } from '../ui/table.js';
import { Filter, listPath, Pager } from '../ui/nav.js';
import { Act } from '../ui/form.js';
import { newKey, post } from '../lib/api.js';
import { t, word } from '../lib/i18n.js';
import { count, orNone } from '../lib/fmt.js';
import { may } from '../lib/rights.js';

const REASONS = ['refused', 'tries', 'window'];
const MANY = '/v1/dead-letters:requeue';
const NAMES = ['queue', 'campaign', 'reason'];
const note = () => [{ name: 'note', label: t('common.why'), kind: 'area', required: true, max: 200 }];
/* Its queue may have it, and was not told or did not answer: somebody has to have looked. */
const looked = (d) => (d.recall_open ? [{ name: 'not_held', label: t('dead.not_held'), kind: 'check', required: true }] : []);

class Many extends Component {
	async look() {
		if (this.state.busy) return;
		this.setState({ busy: true, problem: null, found: null, done: null });
		try {
			this.setState({ busy: false, found: await post(MANY, this.props.filter, newKey()) });
		} catch (problem) {
			this.setState({ busy: false, problem });
		}
	}

	render({ filter, done }, { busy, problem, found, done: sent }) {
		if (!may('POST /v1/dead-letters:requeue')) return null;
		const finish = (answer) => { this.setState({ found: null, done: answer }); done(); };
		return html`<${Panel} name="many" title=${t('dead.many')}>
			<p>${t('dead.many_help')}</p>
			${problem ? html`<${Failure} problem=${problem} />` : null}
			${sent ? html`<p class="note" role="status">${t('dead.sent', { n: count(sent.requeued) })}</p>` : null}
			${found ? html`<p role="status">${t('dead.counted', { n: count(found.can_be_requeued), of: count(found.dead_letters) })}</p>` : null}
			<div class="row"><button class="btn" data-act="count" aria-disabled=${busy ? 'true' : 'false'} onClick=${() => this.look()}>${t(busy ? 'stages.working' : 'dead.count')}</button>
				${found && found.can_be_requeued > 0 ? html`<${Act} name="requeue-many" verb=${t('dead.requeue_n', { n: count(found.can_be_requeued) })} effect=${t('dead.effect_requeue')} path=${MANY} done=${finish}
					fields=${note()} body=${(v) => ({ ...filter, note: v.note.trim(), expect: found.can_be_requeued })} />` : null}</div><//>`;
	}
}

export function Page({ query }) {
	const filter = Object.fromEntries(NAMES.filter((name) => query[name]).map((name) => [name, query[name]]));
	return html`<${Load} path=${listPath('/v1/dead-letters', query, NAMES)} head=${(data) => html`<${Head} title=${t('dead.title')} about=${t('dead.about')} at=${data && data.as_of} />
		<${Filter} at=${['dead-letters']} query=${query} fields=${[{ name: 'queue', label: t('queue.one') }, { name: 'campaign', label: t('log.campaign') }, { name: 'reason', label: t('dead.reason'), options: REASONS.map((r) => [r, word('dead_reason', r)]) }]} />`}>${(data, again) => html`
		<${Panel} name="letters"><${Table} label=${t('dead.title')} items=${data.items} keyOf=${(d) => d.task_id} empty=${t('dead.none')} columns=${[
			{ name: t('decision.task'), cell: (d) => html`<span class="mono">${d.task_id}</span>` }, { name: t('queue.one'), cell: (d) => d.queue }, { name: t('log.campaign'), cell: (d) => d.campaign }, { name: t('dead.reason'), cell: (d) => word('dead_reason', d.reason) },
			{ name: t('dead.tries'), n: true, cell: (d) => count(d.tries) }, { name: t('dead.last'), wrap: true, cell: (d) => [d.last_status, d.last_detail].filter(Boolean).join(' · ') || orNone(null) }, { name: t('dead.ended'), cell: (d) => html`<${Time} at=${d.ended_at} />` },
			{ name: t('common.actions'), cell: (d) => (may('POST /v1/dead-letters/{id}/requeue') ? html`<${Act} name=${'requeue-' + d.task_id} verb=${t('dead.requeue')} effect=${t('dead.effect_requeue')} path=${`/v1/dead-letters/${d.task_id}/requeue`} done=${again}
				fields=${[...note(), ...looked(d)]} body=${(v) => ({ note: v.note.trim(), not_held: v.not_held === true })} />` : orNone(null)) }]} /><//>
		<${Pager} at=${['dead-letters']} query=${query} next=${data.next_cursor} />
		<${Many} key=${NAMES.map((n) => query[n]).join('/')} filter=${filter} done=${again} />`}<//>`;
}
