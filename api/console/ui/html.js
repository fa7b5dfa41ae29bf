/* html`...` makes Preact elements: the only place that knows the libraries. */
import { h, render, Component } from '../vendor/preact.mjs';
import htm from '../vendor/htm.mjs';

export const html = htm.bind(h);
export { render, Component };
