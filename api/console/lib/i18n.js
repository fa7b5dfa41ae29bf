/* t('screen.element', {name}) in the session's language; two({zh, en}) for server texts. */
import { session } from './session.js';
import zh from '../i18n/zh-CN.js';
import en from '../i18n/en.js';

const catalogues = { 'zh-CN': zh, en };

export function t(key, values = {}) {
	const text = catalogues[session.lang][key];
	if (text === undefined) return key;
	return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/* A word of an open set: its translation, or the word itself. */
export function word(group, value) {
	const text = catalogues[session.lang][`${group}.${value}`];
	return text === undefined ? value : text;
}

export function two(text) {
	if (!text) return '';
	return session.lang === 'zh-CN' ? text.zh : text.en;
}
