/* Whether calls are recorded: recorders and what they say of themselves. */
#include <string.h>

#include "api/resources.h"
#include "campaigns/recorder_store.h"

static json_t *
recorder_json(const struct recorder *r)
{
	json_t *v = json_object();

	json_put(v, "recorder", json_text(r->code));
	json_put(v, "queues", json_texts(r->queues, r->nqueues));
	json_put(v, "max_age_sec", json_integer(r->max_age_sec));
	json_put(v, "state", json_text(r->state));
	json_put(v, "counts_as", json_text(r->lately ? r->state : "unknown"));
	json_put(v, "detail", json_text(r->detail));
	json_put(v, "since", json_time(r->since));
	json_put(v, "reported_at", json_time(r->reported_at));
	json_put(v, "reported_by", json_text(r->reported_by));
	json_put(v, "updated_by", json_text(r->updated_by));
	return v;
}

/* One, or with code NULL all. */
static void
reply_recorders(struct api_request *req, const char *code)
{
	struct recorder *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	rc = recorder_list(req->db, req->now, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < count; i++)
		if (code == NULL || strcmp(rows[i].code, code) == 0)
			json_push(items, recorder_json(&rows[i]));
	if (code != NULL) {
		api_reply(req, 200, json_incref(json_array_get(items, 0)));
		json_decref(items);
		return;
	}
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_recorder_list(struct api_request *req)
{
	reply_recorders(req, NULL);
}

void
v1_recorder_save(struct api_request *req)
{
	static const char *const members[] = {"queues", "max_age_sec", NULL};
	struct recorder r = {.code = req->match.params[0]};
	struct stw_err err = {0};
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_texts(
		req, "queues", RECORDER_QUEUES_MAX, 63, &r.queues, &r.nqueues) ||
	    !api_body_int(req, "max_age_sec", 5, 86400, 60, &r.max_age_sec))
		return;
	rc = recorder_put(req->db, &r, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_recorders(req, r.code);
}

void
v1_recorder_report(struct api_request *req)
{
	static const char *const members[] = {"state", "detail", "at", NULL};
	const char *code = req->match.params[0], *state, *detail;
	struct stw_err err = {0};
	stw_usec at;
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "state", 20, true, &state) ||
	    !api_body_text(req, "detail", 200, false, &detail) ||
	    !api_body_time(req, "at", req->now, &at))
		return;
	rc = recorder_report(
	    req->db, code, state, detail, at, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_recorders(req, code);
}
