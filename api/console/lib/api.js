/* The only caller of fetch. Gives the answer's JSON, or throws a Problem. */
import { session, update } from './session.js';

export class Problem extends Error {
	constructor(status, body) {
		super((session.lang === 'zh-CN' && body.detail_zh) || body.detail || body.title || String(status));
		this.status = status;
		this.code = body.code || '';
		this.title = body.title || '';
		this.errors = body.errors || [];
		this.retryable = body.retryable === true;
		this.traceId = body.trace_id || '';
		this.retryAfter = body.retryAfter || 0;
	}
}

function headers(extra) {
	const all = { Accept: 'application/json', 'Accept-Language': session.lang, ...extra };
	if (session.token) all.Authorization = 'Bearer ' + session.token;
	return all;
}

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/* An operation (docs/api.md) until its end: its result, or the problem it ended with. */
async function ended(path) {
	for (;;) {
		const operation = await get(path);
		if (operation.result) return operation.result;
		if (operation.problem) throw new Problem(operation.problem.status, operation.problem);
		if (operation.state === 'cancelled') throw new Problem(409, { code: 'CANCELLED', detail: 'The operation was cancelled.', detail_zh: '该操作已被取消。' });
		await pause(500);
	}
}

async function answer(response) {
	const text = await response.text();
	let body = {};
	try {
		body = text ? JSON.parse(text) : {};
	} catch {
		body = { detail: text.slice(0, 200) };
	}
	const later = response.status === 202 && response.headers.get('Location');
	if (later && later.startsWith('/v1/operations/')) return ended(later);
	if (response.ok) return body;
	body.retryAfter = Number(response.headers.get('Retry-After')) || 0;
	if (response.status === 401) update({ expired: true });
	throw new Problem(response.status, body);
}

async function send(path, options) {
	let response;
	try {
		response = await fetch(path, { cache: 'no-store', credentials: 'omit', redirect: 'error', ...options });
	} catch (error) {
		if (error.name === 'AbortError') throw error;
		throw new Problem(0, { code: 'NO_ANSWER', retryable: true });
	}
	return answer(response);
}

export function get(path, signal) {
	return send(path, { headers: headers(), signal });
}

/* A key is made when a form opens and used by every retry of that form, so that an answer
 * that was lost is found again and nothing is recorded twice. */
export function newKey() {
	return crypto.randomUUID ? crypto.randomUUID()
		: Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}

/* Asks again, with the same key, while nobody answers. onWait(true) while it is not known
 * whether the first try arrived. match: the version that is changed, for If-Match. */
export async function write(method, path, body, { key, match, onWait = () => {} }) {
	const extra = { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...(match ? { 'If-Match': `"${match}"` } : {}) };
	if (method === 'POST') Object.assign(extra, { 'Idempotency-Key': key, Prefer: 'wait=20' });
	for (let attempt = 0; ; attempt++) {
		try {
			return await send(path, { method, headers: headers(extra), body: body === undefined ? undefined : JSON.stringify(body) });
		} catch (problem) {
			/* A quota of the day is not waited for. */
			const soon = problem.status === 429 && problem.retryAfter <= 30;
			const again = problem.status === 0 || soon || problem.status === 503;
			if (!again || attempt === 4) throw problem;
			onWait(true);
			await pause(Math.max(problem.retryAfter * 1000, 500 * 2 ** attempt));
		}
	}
}

export function post(path, body, key, onWait) {
	return write('POST', path, body, { key, onWait });
}

/* A file, and the id under which the server wrote down what it held. */
export async function download(path) {
	let response;
	try {
		response = await fetch(path, { cache: 'no-store', credentials: 'omit', redirect: 'error', headers: headers({ Accept: '*/*' }) });
	} catch {
		throw new Problem(0, { code: 'NO_ANSWER', retryable: true });
	}
	if (!response.ok) return answer(response);
	try {
		return { blob: await response.blob(), id: response.headers.get('X-Export-Id') };
	} catch {
		/* Broken off: what came so far is not whole and is not kept. */
		throw new Problem(0, { code: 'NO_ANSWER', retryable: true });
	}
}
