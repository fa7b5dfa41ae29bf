/* Imports: the runs, what came of each file, and the rows that fell out. A rejected row is
 * named by file, line, column and reason; its values are never shown. */
import { html, Component } from '../ui/html.js';
import { Failure, Head, Load, Pill } from '../ui/parts.js';
import { Facts, Panel, Table, Time } from '../ui/table.js';
import { Pager } from '../ui/nav.js';
import { csv, saveFile } from '../ui/save.js';
import { get } from '../lib/api.js';
import { t, word } from '../lib/i18n.js';
import { count } from '../lib/fmt.js';
import { href } from '../lib/router.js';

const TONES = { running: 'DEFER', done: 'OK', failed: 'ERROR', interrupted: 'ERROR' };
const FILE_ROWS = 100000;

function State({ run }) {
	return html`<${Pill} kind=${TONES[run.state]} text=${word('import', run.state)} />`;
}

const took = (run) => (run.took_ms ? t('import.seconds', { n: (run.took_ms / 1000).toFixed(1) }) : null);

/* Rows a second; null while there is nothing to divide by. */
const rate = (run) => (run.took_ms > 0 ? t('import.a_second', { n: count(Math.round((run.rows_read * 1000) / run.took_ms)) }) : null);

function Runs({ query }) {
	const path = '/v1/imports?limit=50' + (query.cursor ? '&cursor=' + encodeURIComponent(query.cursor) : '');
	return html`<${Load} path=${path} every=${query.cursor ? 0 : 10000} head=${(data) => html`<${Head} title=${t('import.title')} about=${t('import.about')} at=${data && data.as_of} />`}>${(data) => html`
		<${Panel} name="imports"><${Table} label=${t('import.title')} items=${data.items} keyOf=${(r) => r.run_id} empty=${t('import.none')} columns=${[
			{ name: t('import.started'), cell: (r) => html`<a href=${href(['imports', r.run_id])}><${Time} at=${r.started_at} /></a>` },
			{ name: t('overview.state'), cell: (r) => html`<${State} run=${r} />` },
			{ name: t('import.mapping'), cell: (r) => r.mapping },
			{ name: t('import.read'), n: true, cell: (r) => count(r.rows_read) },
			{ name: t('import.loaded'), n: true, cell: (r) => count(r.rows_loaded) },
			{ name: t('import.rejected'), n: true, cell: (r) => html`<a href=${href(['imports', r.run_id])}>${count(r.rows_rejected)}</a>` },
			{ name: t('import.took'), n: true, cell: (r) => took(r) },
			{ name: t('common.by'), cell: (r) => r.actor }]} /><//>
		<${Pager} at=${['imports']} query=${query} next=${data.next_cursor} />`}<//>`;
}

/* All pages of the rejects, as a file. */
class Download extends Component {
	async save() {
		const { run } = this.props;
		if (this.state.busy) return;
		this.setState({ busy: true, problem: null });
		try {
			const rows = [['file', 'line', 'last_line', 'column', 'reason']];
			for (let cursor = ''; cursor !== null && rows.length < FILE_ROWS;) {
				const page = await get(`/v1/imports/${run.run_id}?limit=500${cursor && '&cursor=' + encodeURIComponent(cursor)}`);
				for (const r of page.rejects) rows.push([r.file, r.line, r.last_line, r.column, r.reason]);
				cursor = page.next_cursor;
			}
			saveFile(csv(rows), `rejects-${run.run_id}.csv`);
			this.setState({ busy: false });
		} catch (problem) {
			this.setState({ busy: false, problem });
		}
	}

	render({ run }, { busy, problem }) {
		if (!run.rows_rejected) return null;
		return html`${problem ? html`<${Failure} problem=${problem} />` : null}
			<p><button class="btn" data-act="rejects" aria-disabled=${busy ? 'true' : 'false'} onClick=${() => this.save()}>${t(busy ? 'stages.working' : 'import.download', { n: count(Math.min(run.rows_rejected, FILE_ROWS)) })}</button></p>`;
	}
}

function One({ id, query }) {
	const path = `/v1/imports/${encodeURIComponent(id)}?limit=50${query.cursor ? '&cursor=' + encodeURIComponent(query.cursor) : ''}`;
	return html`<${Load} path=${path} head=${(r) => html`<${Head} title=${t('import.one')} about=${t('import.one_about')} at=${r && (r.finished_at || r.started_at)} />
		<p class="crumb"><a href=${href(['imports'])}>${t('import.title')}</a></p>`}>${(r) => html`
		<${Panel} name="facts">
			${r.failure ? html`<p class="note error"><span aria-hidden="true">✕ </span>${r.state === 'interrupted' ? t('import.interrupted_about') : r.failure}</p>` : null}
			<${Facts} rows=${[[t('overview.state'), html`<${State} run=${r} />`], [t('import.mapping'), r.mapping], [t('import.read'), [count(r.rows_read), rate(r)].filter(Boolean).join(' · ')], [t('import.loaded'), count(r.rows_loaded)],
				[t('import.rejected'), count(r.rows_rejected)], [t('import.started'), html`<${Time} at=${r.started_at} />`], [t('import.took'), took(r)], [t('import.starts'), r.starts], [t('common.by'), r.actor],
				[t('import.hash'), html`<span class="mono">${r.source_hash.slice(0, 16)}</span>`], [t('import.run'), html`<span class="mono">${r.run_id}</span>`]]} />
		<//>
		<${Panel} name="files"><${Table} caption label=${t('import.files')} items=${r.files} keyOf=${(f) => f.file} empty=${t('import.no_file')} columns=${[
			{ name: t('import.file'), cell: (f) => html`${f.file} <span class="meta">${f.target} · ${word('import_mode', f.mode)}</span>` },
			{ name: t('import.read'), n: true, cell: (f) => count(f.rows_read) }, { name: t('import.new'), n: true, cell: (f) => count(f.inserted) },
			{ name: t('import.changed'), n: true, cell: (f) => count(f.updated) }, { name: t('import.closed'), n: true, cell: (f) => count(f.closed) },
			{ name: t('import.same'), n: true, cell: (f) => count(f.unchanged) }, { name: t('import.skipped'), n: true, cell: (f) => count(f.skipped) },
			{ name: t('import.rejected'), n: true, cell: (f) => count(f.rejected) }, { name: t('import.phones'), n: true, cell: (f) => count(f.phones_skipped) }]} /><//>
		<${Panel} name="rejects"><${Table} caption label=${t('import.rejects')} items=${r.rejects} empty=${t('import.no_reject')} columns=${[
			{ name: t('import.line'), cell: (x) => `${x.file}:${x.line}${x.last_line !== x.line ? '–' + x.last_line : ''}` },
			{ name: t('import.column'), cell: (x) => x.column }, { name: t('import.reason'), wrap: true, cell: (x) => x.reason }]} />
			<${Download} run=${r} /><//>
		<${Pager} at=${['imports', id]} query=${query} next=${r.next_cursor} />`}<//>`;
}

export function Page({ parts, query }) {
	return parts[0] ? html`<${One} id=${parts[0]} query=${query} />` : html`<${Runs} query=${query} />`;
}
