/* Which roles may ask for an operation, as x-roles of the API's document says (a test holds
 * the two together). What a role may not ask for is not shown; the API decides anyway. */
import { session } from './session.js';

const READERS = ['ops', 'compliance', 'operator', 'admin'];
const MASKED = ['ops', 'compliance', 'admin'];
const KEEPERS = ['compliance', 'admin'];
const HANDS = ['compliance', 'operator', 'admin'];
const OPERATORS = ['operator', 'admin'];

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
	'POST /v1/bundles': KEEPERS,
	'GET /v1/gate-reviews': MASKED,
	'POST /v1/overrides': ['compliance'],
	'GET /v1/compliance/complaints': KEEPERS,
	'POST /v1/compliance/complaints/{id}/settle': KEEPERS,
	'GET /v1/incidents': READERS,
	'POST /v1/incidents/{id}/close': KEEPERS,
	'GET /v1/compliance/review-draws': KEEPERS,
	'GET /v1/numbers': READERS,
	'POST /v1/numbers/{number_id}/suspend': HANDS,
	'POST /v1/number-proposals/{id}/approve': KEEPERS,
	'POST /v1/number-differences/{id}/settle': HANDS,
	'GET /v1/packs': READERS,
	'POST /v1/packs/{pack}/versions/{version}/tests': MASKED,
	'POST /v1/packs/{pack}/versions/{version}/submit': ['compliance'],
	'POST /v1/packs/{pack}/versions/{version}/approve': KEEPERS,
	'GET /v1/queues': READERS,
	'PUT /v1/queues/{queue}': OPERATORS,
	'POST /v1/queues/{queue}/enable': OPERATORS,
	'GET /v1/dead-letters': READERS,
	'POST /v1/dead-letters:requeue': OPERATORS,
	'POST /v1/dead-letters/{id}/requeue': OPERATORS,
	'GET /v1/agents': READERS,
	'PUT /v1/agents/{code}/presence': ['agent', 'operator', 'admin'],
	'POST /v1/compliance/agents/{agent}/release': KEEPERS,
	'GET /v1/callbacks': ['ops', 'agent', 'compliance', 'operator', 'admin'],
};

export function may(operation) {
	return RIGHTS[operation].includes(session.me.role);
}
