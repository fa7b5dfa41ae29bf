/* Hands a file to the person at the screen. */
export function saveFile(blob, name) {
	const link = document.createElement('a');
	link.href = URL.createObjectURL(blob);
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/* RFC 4180; a text that a spreadsheet could take for a formula gets an apostrophe. */
export function csv(rows) {
	const cell = (value) => {
		const text = value === null || value === undefined ? '' : String(value);
		const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
		return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
	};
	return new Blob(['\ufeff', ...rows.map((row) => row.map(cell).join(',') + '\r\n')], { type: 'text/csv' });
}
