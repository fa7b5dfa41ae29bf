/* What persons allow: who waits for it, asking, approving, rejecting, withdrawing. */
#include <string.h>

#include "api/app.h"
#include "api/page.h"
#include "api/resources.h"
#include "campaigns/override_store.h"

static const char *
part(const char *text)
{
	return text != NULL ? text : "";
}

/* ---- who waits ---------------------------------------------------------------------------- */
static json_t *
reasons_json(const struct override_waiting *w)
{
	json_t *reasons = json_array();

	for (size_t i = 0; i < w->ncodes; i++) {
		json_t *one = json_object();
		bool answered = false;

		for (size_t k = 0; k < w->nanswered; k++)
			if (strcmp(w->answered[k], w->codes[i]) == 0)
				answered = true;
		json_put(one, "code", json_text(w->codes[i]));
		json_put(one, "text", v1_reason_text(w->codes[i]));
		json_put(one, "answered", json_boolean(answered));
		json_push(reasons, one);
	}
	return reasons;
}

static json_t *
waiting_json(const struct override_waiting *w)
{
	json_t *v = json_object();
	char gate[2] = {w->gate, '\0'};

	json_put(v, "decision_id", json_uuid(&w->decision_id));
	json_put(v, "gate", json_text(gate));
	json_put(v, "since", json_time(w->since));
	json_put(v, "decided_at", json_time(w->decided_at));
	json_put(v, "customer_ref", json_text(w->customer_ref));
	json_put(v, "phone_mask", json_text(w->phone_mask));
	json_put(v, "campaign", json_text(w->campaign));
	json_put(v, "task_id", json_text(w->task_id));
	json_put(v, "channel", json_text(w->channel));
	json_put(v, "purpose", json_text(w->purpose));
	json_put(v, "outcome", json_text(w->outcome));
	json_put(v, "reasons", reasons_json(w));
	return v;
}

void
v1_gate_review_list(struct api_request *req)
{
	struct override_waiting_filter filter = {
	    .campaign = api_query(req, "campaign"), .code = api_query(req, "code")};
	struct override_waiting *rows;
	struct stw_err err = {0};
	struct page page;
	struct uuid before;
	char id[UUID_TEXT];
	json_t *items;
	enum stw_code rc;
	int count, last;

	if (!page_begin_uuid(req,
		arena_printf(&req->arena, "gate-reviews\n%s\n%s", part(filter.campaign),
		    part(filter.code)),
		&page, &filter.before_at, &before))
		return;
	filter.before_id = page.place != NULL ? &before : NULL;
	rc = override_waiting(req->db, &filter, page.limit + 1, req->now, &req->arena,
	    &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, waiting_json(&rows[i]));
	last = page_last(&page, count);
	page_reply(req, &page, items,
	    last < 0 ? NULL
		     : page_place(req, rows[last].decided_at,
			   uuid_format(&rows[last].decision_id, id)));
}

/* ---- read --------------------------------------------------------------------------------- */
static json_t *
row_json(const struct override_row *o)
{
	json_t *v = json_object();

	json_put(v, "override_id", json_uuid(&o->id));
	json_put(v, "kind", json_text(o->kind));
	json_put(v, "state", json_text(o->state));
	json_put(v, "customer_ref", json_text(o->customer_ref));
	json_put(v, "campaign", json_text(o->campaign));
	json_put(v, "point_id", o->point_id == 0 ? json_null() : json_id(o->point_id));
	json_put(v, "phone_mask", json_text(o->phone_mask));
	json_put(v, "decision_id", json_text(o->decision_id));
	json_put(v, "code", json_text(o->code));
	json_put(v, "text", v1_reason_text(o->code));
	json_put(v, "rule", json_text(o->rule));
	json_put(v, "layer", json_text(o->layer));
	json_put(v, "reason", json_text(o->reason));
	json_put(v, "requested_by", json_text(o->requested_by));
	json_put(v, "requested_at", json_time(o->requested_at));
	json_put(v, "approved_by", json_text(o->approved_by));
	json_put(v, "approved_at", json_time(o->approved_at));
	json_put(v, "closed_by", json_text(o->closed_by));
	json_put(v, "closed_at", json_time(o->closed_at));
	json_put(v, "expires_at", json_time(o->expires_at));
	json_put(v, "uses", json_integer(o->uses));
	return v;
}

static json_t *
steps_json(const struct override_step *steps, int count)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		json_put(one, "what", json_text(steps[i].what));
		json_put(one, "actor", json_text(steps[i].actor));
		json_put(one, "at", json_time(steps[i].at));
		json_put(one, "why", json_text(steps[i].why));
		json_push(list, one);
	}
	return list;
}

static void
reply_one(struct api_request *req, const struct uuid *id, int status)
{
	const struct override_filter filter = {.id = id};
	struct override_step *steps;
	struct override_row *rows;
	struct stw_err err = {0};
	char text[UUID_TEXT];
	int count, nsteps;
	json_t *v;
	enum stw_code rc = override_list(
	    req->db, &filter, 1, req->now, &req->arena, &rows, &count, &err);

	if (rc == STW_OK && count == 0)
		rc = stw_fail(&err, STW_NOT_FOUND, "there is no override %s",
		    uuid_format(id, text));
	if (rc == STW_OK)
		rc = override_steps(req->db, id, &req->arena, &steps, &nsteps, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = row_json(&rows[0]);
	json_put(v, "steps", steps_json(steps, nsteps));
	api_reply(req, status, v);
}

void
v1_override_list(struct api_request *req)
{
	struct override_filter filter = {.state = api_query(req, "state"),
	    .customer_ref = api_query(req, "customer"),
	    .code = api_query(req, "code")};
	struct override_row *rows;
	struct stw_err err = {0};
	struct page page;
	struct uuid before;
	char id[UUID_TEXT];
	json_t *items;
	enum stw_code rc;
	int count, last;

	if (!page_begin_uuid(req,
		arena_printf(&req->arena, "overrides\n%s\n%s\n%s", part(filter.state),
		    part(filter.customer_ref), part(filter.code)),
		&page, &filter.before_at, &before))
		return;
	filter.before_id = page.place != NULL ? &before : NULL;
	rc = override_list(req->db, &filter, page.limit + 1, req->now, &req->arena,
	    &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, row_json(&rows[i]));
	last = page_last(&page, count);
	page_reply(req, &page, items,
	    last < 0 ? NULL
		     : page_place(req, rows[last].requested_at,
			   uuid_format(&rows[last].id, id)));
}

void
v1_override(struct api_request *req)
{
	struct uuid id;

	if (api_path_uuid(req, 0, &id))
		reply_one(req, &id, 200);
}

/* ---- decided ------------------------------------------------------------------------------- */
#define REASON_BYTES 1600 /* 400 characters */

static bool
read_request(struct api_request *req, struct override_new *o)
{
	static const char *const members[] = {"decision_id", "code", "rule",
	    "any_campaign", "any_number", "reason", "expires_at", NULL};
	const char *decision;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "decision_id", 40, true, &decision) ||
	    !api_body_text(req, "code", 60, true, &o->code) ||
	    !api_body_text(req, "rule", 60, false, &o->rule) ||
	    !api_body_bool(req, "any_campaign", false, &o->any_campaign) ||
	    !api_body_bool(req, "any_number", false, &o->any_point) ||
	    !api_body_text(req, "reason", REASON_BYTES, true, &o->reason) ||
	    !api_body_time(req, "expires_at", STW_USEC_NEVER, &o->expires_at))
		return false;
	if (uuid_parse(str_of(decision), &o->decision_id) != STW_OK) {
		api_problem(req, 400, "INVALID_REQUEST", "/decision_id",
		    "decision_id: the id of a decision is wanted");
		return false;
	}
	if (o->expires_at == STW_USEC_NEVER) {
		api_problem(req, 400, "INVALID_REQUEST", "/expires_at",
		    "expires_at: is missing; nothing is allowed for ever");
		return false;
	}
	return true;
}

void
v1_override_request(struct api_request *req)
{
	struct override_new o = {.actor = req->actor.subject,
	    .max_days = (int)setting_int(req->app->settings, SET_OVERRIDE_DAYS)};
	struct stw_err err = {0};
	struct uuid id;
	enum stw_code rc;

	if (!read_request(req, &o))
		return;
	rc = override_request(req->db, &o, req->now, &id, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_one(req, &id, 201);
}

void
v1_override_approve(struct api_request *req)
{
	struct stw_err err = {0};
	struct uuid id;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id))
		return;
	rc = override_approve(req->db, &id, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_one(req, &id, 200);
}

static bool
read_why(struct api_request *req, struct uuid *id, const char **why)
{
	static const char *const members[] = {"reason", NULL};

	return api_path_uuid(req, 0, id) && api_body_only(req, members) &&
	       api_body_text(req, "reason", REASON_BYTES, true, why);
}

void
v1_override_reject(struct api_request *req)
{
	struct stw_err err = {0};
	const char *why;
	struct uuid id;
	enum stw_code rc;

	if (!read_why(req, &id, &why))
		return;
	rc = override_reject(req->db, &id, why, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_one(req, &id, 200);
}

void
v1_override_withdraw(struct api_request *req)
{
	struct consent_effect effect;
	struct stw_err err = {0};
	const char *why;
	struct uuid id;
	enum stw_code rc;

	if (!read_why(req, &id, &why))
		return;
	rc = override_withdraw(
	    req->db, &id, why, req->actor.subject, req->now, &effect, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		v1_effect_reply(req, &id, &effect);
}
