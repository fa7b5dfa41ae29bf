/* Which roles may ask for an operation, as x-roles of the API's document says (a test holds
 * the two together). What a role may not ask for is not shown; the API decides anyway. */
import { session } from './session.js';

const READERS = ['ops', 'compliance', 'operator', 'admin'];
const MASKED = ['ops', 'compliance', 'admin'];
const KEEPERS = ['compliance', 'admin'];

export const RIGHTS = {
	'GET /v1/overview': READERS,
	'GET /v1/decisions': MASKED,
	'POST /v1/lifecycle/models:preview': MASKED,
	'POST /v1/tasks/{id}/permit': ['agent'],
	'GET /v1/customers': MASKED,
	'POST /v1/customers/{ref}/contact-points/{point_id}/state': ['ops', 'compliance', 'admin', 'agent'],
	'POST /v1/customers/{ref}/objections/{id}/lift': KEEPERS,
	'GET /v1/household-suggestions': MASKED,
	'GET /v1/traits': READERS,
	'POST /v1/traits': ['ops', 'admin'],
	'POST /v1/traits/{trait}/retire': ['ops', 'admin'],
	'POST /v1/traits/{trait}/limits': MASKED,
	'POST /v1/traits/{trait}/accept': MASKED,
	'GET /v1/imports': ['ops', 'operator', 'admin'],
	'GET /v1/export-requests': MASKED,
	'POST /v1/export-requests/{id}/approve': KEEPERS,
};

export function may(operation) {
	return RIGHTS[operation].includes(session.me.role);
}
