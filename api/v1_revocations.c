/* Requests to revoke in free words: taken down, read, settled. */
#include <string.h>

#include "api/app.h"
#include "api/resources.h"
#include "campaigns/revocation_store.h"
#include "segments/customer_store.h"

static json_t *
revocation_json(const struct revocation *r, stw_usec now)
{
	json_t *v = json_object();
	bool open = strcmp(r->state, "open") == 0;

	json_put(v, "id", json_text(r->id));
	json_put(v, "customer", json_text(r->customer_ref));
	json_put(v, "received_at", json_time(r->received_at));
	json_put(v, "received_by", json_text(r->received_by));
	json_put(v, "deadline", json_time(r->deadline));
	json_put(v, "rule", json_text(r->rule));
	json_put(v, "state", json_text(r->state));
	json_put(v, "overdue", json_boolean(open && r->deadline <= now));
	json_put(v, "settled_at", json_time(r->settled_at));
	json_put(v, "settled_by", json_text(r->settled_by));
	json_put(v, "note", json_text(r->note));
	return v;
}

void
v1_revocation_list(struct api_request *req)
{
	const char *state = api_query(req, "state");
	struct revocation *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count, limit;

	if (!api_limit(req, &limit))
		return;
	if (state == NULL)
		state = "open";
	if (strcmp(state, "all") == 0)
		state = NULL;
	rc = revocation_list(req->db, state, limit, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, revocation_json(&rows[i], req->now));
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_revocation(struct api_request *req)
{
	struct revocation r;
	struct stw_err err = {0};
	struct uuid id;
	json_t *v;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id))
		return;
	rc = revocation_get(req->db, req->app->keys, &id, &req->arena, &r, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = revocation_json(&r, req->now);
	json_put(v, "words", json_text(r.words));
	api_reply(req, 200, v);
}

void
v1_revocation_record(struct api_request *req)
{
	static const char *const members[] = {
	    "received_by", "received_at", "words", NULL};
	const struct settings *s = req->app->settings;
	struct revocation_new q = {.actor = req->actor.subject,
	    .working_days = (int)setting_int(s, SET_REVOCATION_DAYS)};
	struct consent_effect effect;
	struct customer c;
	struct uuid id;
	struct stw_err err = {0};
	enum stw_code rc;

	if (!v1_customer_load(req, &c) || !api_body_only(req, members) ||
	    !api_body_text(req, "received_by", 20, true, &q.received_by) ||
	    !api_body_text(req, "words", REVOCATION_WORDS_MAX, false, &q.words) ||
	    !api_body_time(req, "received_at", req->now, &q.received_at))
		return;
	q.zone = req->app->zone;
	rc = revocation_holidays(setting_text(s, SET_REVOCATION_HOLIDAYS), &req->arena,
	    &q.holidays, &q.nholidays, &err);
	if (rc == STW_OK)
		rc = revocation_open(req->db, req->app->keys, c.bucket, c.customer_id,
		    &q, req->now, &id, &effect, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		v1_effect_reply(req, &id, &effect);
}

void
v1_revocation_settle(struct api_request *req)
{
	static const char *const members[] = {"state", "note", NULL};
	const char *state, *note;
	struct revocation r;
	struct uuid id;
	struct stw_err err = {0};
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id) || !api_body_only(req, members) ||
	    !api_body_text(req, "state", 20, true, &state) ||
	    !api_body_text(req, "note", 400, false, &note))
		return;
	rc = revocation_settle(
	    req->db, &id, state, note, req->actor.subject, req->now, &err);
	if (rc == STW_OK)
		rc =
		    revocation_get(req->db, req->app->keys, &id, &req->arena, &r, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, revocation_json(&r, req->now));
}
