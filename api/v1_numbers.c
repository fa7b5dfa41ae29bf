#include "api/app.h"
#include "api/resources.h"
#include "campaigns/number_store.h"

static json_t *
number_json(const struct number_row *n)
{
	json_t *v = json_object();

	json_put(v, "number_id", json_id(n->number_id));
	json_put(v, "number", json_text(n->number));
	json_put(v, "kind", json_text(n->kind));
	json_put(v, "pool", json_text(n->pool));
	json_put(v, "holder", json_text(n->holder));
	json_put(v, "user_org", json_text(n->user_org));
	json_put(v, "carrier", json_text(n->carrier));
	json_put(v, "regions", json_texts(n->regions, n->nregions));
	json_put(v, "direction", json_text(n->direction));
	json_put(v, "channels", json_texts(n->channels, n->nchannels));
	json_put(v, "purposes", json_texts(n->purposes, n->npurposes));
	json_put(v, "robot", json_boolean(n->robot));
	json_put(v, "has_approval", json_boolean(n->has_approval));
	json_put(v, "licence_no", json_text(n->licence_no));
	json_put(v, "licence_from", json_time(n->licence_from));
	json_put(v, "licence_to", json_time(n->licence_to));
	json_put(v, "status", json_text(n->status));
	json_put(v, "status_reason", json_text(n->status_reason));
	json_put(v, "daily_cap", json_positive(n->daily_cap));
	json_put(v, "hourly_cap", json_positive(n->hourly_cap));
	json_put(v, "used_today", json_integer(n->used_today));
	json_put(v, "used_hour", json_integer(n->used_hour));
	json_put(v, "version", json_integer(n->version));
	return v;
}

void
v1_number_list(struct api_request *req)
{
	struct number_row *numbers;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	rc = number_list(req->db, api_query(req, "pool"), req->now,
	    app_day_start(req->app, req->now), &req->arena, &numbers, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, number_json(&numbers[i]));
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

static void
reply_number(struct api_request *req, int64_t id)
{
	struct number_row number;
	struct stw_err err = {0};
	enum stw_code rc;

	rc = number_get(req->db, id, req->now, app_day_start(req->app, req->now),
	    &req->arena, &number, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, number_json(&number));
}

void
v1_number(struct api_request *req)
{
	int64_t id;

	if (api_path_i64(req, 0, &id))
		reply_number(req, id);
}

static void
set_status(struct api_request *req, const char *status)
{
	static const char *const members[] = {"reason", NULL};
	struct number_row before;
	struct stw_err err = {0};
	const char *reason;
	enum stw_code rc;
	int64_t id;

	if (!api_path_i64(req, 0, &id) || !api_body_only(req, members) ||
	    !api_body_text(req, "reason", 200, true, &reason))
		return;
	rc = number_get(req->db, id, req->now, app_day_start(req->app, req->now),
	    &req->arena, &before, &err);
	if (rc == STW_OK)
		rc = number_set_status(
		    req->db, id, status, reason, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_number(req, id);
}

void
v1_number_suspend(struct api_request *req)
{
	set_status(req, "suspended");
}

void
v1_number_resume(struct api_request *req)
{
	set_status(req, "active");
}
