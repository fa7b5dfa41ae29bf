/* Proposals for the registry of caller numbers, and the rules that judge it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/page.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/number_change_store.h"
#include "campaigns/number_health_store.h"

/* ---- writing JSON -------------------------------------------------------------------- */
static json_t *
proposal_json(const struct number_proposal *p)
{
	json_t *v = json_object();

	json_put(v, "proposal_id", json_text(p->id));
	json_put(v, "action", json_text(p->action));
	json_put(
	    v, "number_id", p->number_id == 0 ? json_null() : json_id(p->number_id));
	json_put(v, "number", json_text(p->number));
	json_put(v, "base_version", json_positive(p->base_version));
	json_put(v, "document", json_loads(p->document, 0, NULL));
	json_put(v, "reason", json_text(p->reason));
	json_put(v, "proposer", json_text(p->proposer));
	json_put(v, "proposed_at", json_time(p->proposed_at));
	json_put(v, "effective_at", json_time(p->effective_at));
	json_put(v, "state", json_text(p->state));
	json_put(v, "decided_by", json_text(p->decided_by));
	json_put(v, "decided_at", json_time(p->decided_at));
	json_put(v, "note", json_text(p->note));
	json_put(v, "failure", json_text(p->failure));
	return v;
}

static void
reply_proposal(struct api_request *req, int status, const struct uuid *id)
{
	struct number_proposal p;
	struct stw_err err = {0};
	enum stw_code rc = number_proposal_get(req->db, id, &req->arena, &p, &err);

	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, status, proposal_json(&p));
}

/* ---- reading ---------------------------------------------------------------------------- */
void
v1_proposal_list(struct api_request *req)
{
	const char *state = api_query(req, "state"), *scope;
	struct number_proposal before = {0}, *rows;
	struct stw_err err = {0};
	struct page page;
	json_t *items;
	enum stw_code rc;
	int64_t number_id;
	int count, last;

	if (!api_query_i64(req, "number_id", 0, &number_id))
		return;
	scope = arena_printf(&req->arena, "number-proposals\n%s\n%" PRId64,
	    state == NULL ? "" : state, number_id);
	if (!page_begin_at(req, scope, &page, &before.proposed_at, &before.id))
		return;
	rc = number_proposals(req->db, number_id, state,
	    before.id == NULL ? NULL : &before, page.limit + 1, &req->arena, &rows,
	    &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, proposal_json(&rows[i]));
	last = page_last(&page, count);
	page_reply(req, &page, items,
	    last < 0 ? NULL : page_place(req, rows[last].proposed_at, rows[last].id));
}

void
v1_proposal(struct api_request *req)
{
	struct uuid id;

	if (api_path_uuid(req, 0, &id))
		reply_proposal(req, 200, &id);
}

/* ---- proposing --------------------------------------------------------------------------- */
/* "12" or 12; false after answering. */
static bool
body_number_id(struct api_request *req, int64_t *out)
{
	json_t *v = json_object_get(req->json, "number_id");
	char *end = NULL;

	*out = 0;
	if (v == NULL || json_is_null(v))
		return true;
	if (json_is_integer(v))
		*out = json_integer_value(v);
	else if (json_is_string(v))
		*out = strtoll(json_string_value(v), &end, 10);
	if (*out > 0 && (end == NULL || *end == '\0'))
		return true;
	api_problem(req, 400, "INVALID_REQUEST", "/number_id",
	    "number_id: the id of a caller number is wanted");
	return false;
}

void
v1_proposal_create(struct api_request *req)
{
	static const char *const members[] = {
	    "action", "number_id", "document", "reason", "effective_at", NULL};
	struct number_proposal_draft draft = {.proposer = req->actor.subject};
	struct stw_err err = {0};
	struct uuid id;
	json_t *document = json_object_get(req->json, "document");
	char *text;
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "action", 20, true, &draft.action) ||
	    !body_number_id(req, &draft.number_id) ||
	    !api_body_text(req, "reason", 200, true, &draft.reason) ||
	    !api_body_time(req, "effective_at", req->now, &draft.effective_at))
		return;
	if (!json_is_object(document)) {
		api_problem(req, 400, "INVALID_REQUEST", "/document",
		    "document: an object is wanted");
		return;
	}
	text = json_dumps(document, JSON_COMPACT);
	STW_ASSERT(text != NULL);
	draft.document = str_of(text);
	rc = number_propose(req->db, &draft, req->now, &id, &err);
	free(text);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_proposal(req, 201, &id);
}

/* Back to use takes two: this is the first of them. */
void
v1_number_resume(struct api_request *req)
{
	static const char *const members[] = {"reason", NULL};
	struct number_proposal_draft draft = {.action = "status",
	    .document = STR_LIT("{\"status\":\"active\"}"),
	    .proposer = req->actor.subject,
	    .effective_at = req->now};
	struct stw_err err = {0};
	struct uuid id;
	enum stw_code rc;

	if (!api_path_i64(req, 0, &draft.number_id) || !api_body_only(req, members) ||
	    !api_body_text(req, "reason", 200, true, &draft.reason))
		return;
	if (draft.number_id <= 0) {
		api_problem(req, 404, "NOT_FOUND", NULL, "there is no such number");
		return;
	}
	rc = number_propose(req->db, &draft, req->now, &id, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_proposal(req, 202, &id);
}

/* ---- deciding -------------------------------------------------------------------------------- */
static void
decide(struct api_request *req, const char *verdict)
{
	static const char *const members[] = {"note", NULL};
	struct stw_err err = {0};
	const char *note;
	struct uuid id;
	bool in_force;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id) || !api_body_only(req, members) ||
	    !api_body_text(req, "note", 200, strcmp(verdict, "rejected") == 0, &note))
		return;
	rc = number_decide(
	    req->db, &id, verdict, req->actor.subject, note, req->now, &in_force, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_proposal(req, 200, &id);
}

void
v1_proposal_approve(struct api_request *req)
{
	decide(req, "approved");
}

void
v1_proposal_reject(struct api_request *req)
{
	decide(req, "rejected");
}

void
v1_proposal_withdraw(struct api_request *req)
{
	decide(req, "withdrawn");
}

/* ---- rules --------------------------------------------------------------------------------------- */
static json_t *
moves_json(void)
{
	json_t *items = json_array();

	for (int from = 0; from < NUMBER_STATUSES; from++)
		for (int to = 0; to < NUMBER_STATUSES; to++) {
			enum number_status a = (enum number_status)from,
					   b = (enum number_status)to;
			json_t *one;

			if (number_move_persons(a, b) == 0)
				continue;
			one = json_object();
			json_put(one, "from", json_text(number_status_name(a)));
			json_put(one, "to", json_text(number_status_name(b)));
			json_put(
			    one, "persons", json_integer(number_move_persons(a, b)));
			json_put(one, "why", json_text(number_move_why(a, b)));
			json_push(items, one);
		}
	return items;
}

static json_t *
cells_json(const struct number_matrix *m)
{
	json_t *items = json_array();

	for (int i = 0; i < m->ncells; i++) {
		json_t *one = json_object();

		json_put(one, "kind", json_text(m->cells[i].kind));
		json_put(one, "port", json_text(m->cells[i].port));
		json_put(one, "subject", json_text(m->cells[i].subject));
		json_put(one, "verdict",
		    json_text(matrix_verdict_name(m->cells[i].verdict)));
		json_push(items, one);
	}
	return items;
}

static void
put_policy(void *to, const char *name, int64_t value)
{
	json_put(to, name, json_integer(value));
}

void
v1_number_rules(struct api_request *req)
{
	struct number_matrix matrix;
	struct stw_err err = {0};
	json_t *v, *policy = json_object();
	enum stw_code rc = number_matrix_load(req->db, &req->arena, &matrix, &err);

	if (rc == STW_OK)
		rc = number_policy_each(req->db, put_policy, policy, &err);
	if (rc != STW_OK) {
		json_decref(policy);
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "matrix", cells_json(&matrix));
	json_put(v, "policy", policy);
	json_put(v, "moves", moves_json());
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}
