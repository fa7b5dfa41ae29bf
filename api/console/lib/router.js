/* The URL is the state: path for the screen, query for filters. No personal data in it. */
const listeners = new Set();

function plain(part) {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

export function place() {
	const path = location.pathname.replace(/^\/console\/?/, '').replace(/\/$/, '');
	return { parts: path.split('/').filter(Boolean).map(plain), query: Object.fromEntries(new URLSearchParams(location.search)) };
}

export function href(parts, query = {}) {
	const kept = Object.entries(query).filter(([, value]) => value !== '' && value !== undefined && value !== null);
	const search = new URLSearchParams(kept).toString();
	return '/console/' + parts.map(encodeURIComponent).join('/') + (search ? '?' + search : '');
}

export function go(to, replace = false) {
	if (replace) history.replaceState(null, '', to);
	else history.pushState(null, '', to);
	listeners.forEach((tell) => tell());
}

export function watchPlace(tell) {
	listeners.add(tell);
	return () => listeners.delete(tell);
}

addEventListener('popstate', () => listeners.forEach((tell) => tell()));
addEventListener('click', (event) => {
	const link = event.target.closest && event.target.closest('a[href^="/console/"]');
	if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
	event.preventDefault();
	go(link.getAttribute('href'));
	scrollTo(0, 0);
});
