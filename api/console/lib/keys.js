/* Single keys for a screen; silent in fields and while an input method is composing. */
export function onKeys(map) {
	const listener = (event) => {
		if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
		const target = event.target;
		const typing = target && (target.tagName === 'INPUT' || target.tagName === 'TEXTAREA' || target.tagName === 'SELECT');
		/* Enter is the button's own when one has the focus. */
		const pressing = event.key === 'Enter' && target && (target.tagName === 'BUTTON' || target.tagName === 'A' || target.tagName === 'SUMMARY');
		if (typing || pressing) return;
		const act = map()[event.key];
		if (!act) return;
		event.preventDefault();
		act();
	};
	addEventListener('keydown', listener);
	return () => removeEventListener('keydown', listener);
}
