/* Who is signed in, in which language and theme. The token lives as long as the tab. */
const listeners = new Set();

export const session = {
	token: sessionStorage.getItem('stw.token'),
	me: null,
	lang: localStorage.getItem('stw.lang') || (navigator.language.startsWith('zh') ? 'zh-CN' : 'en'),
	theme: localStorage.getItem('stw.theme') || 'auto',
	expired: false,
};

export function update(change) {
	Object.assign(session, change);
	if ('token' in change) {
		if (change.token) sessionStorage.setItem('stw.token', change.token);
		else sessionStorage.removeItem('stw.token');
	}
	if ('lang' in change) localStorage.setItem('stw.lang', change.lang);
	if ('theme' in change) localStorage.setItem('stw.theme', change.theme);
	listeners.forEach((tell) => tell());
}

export function watch(tell) {
	listeners.add(tell);
	return () => listeners.delete(tell);
}
