/* Erasing a customer: one person asks, another confirms. */
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/erase_store.h"
#include "segments/customer_store.h"

static json_t *
erasure_json(const struct customer *c, const struct erase_result *result, stw_usec now)
{
	json_t *v = json_object();

	json_put(v, "ref", json_text(c->ref));
	json_put(v, "state", json_text(result->erased ? "erased" : "requested"));
	json_put(v, "requested_by", json_text(result->requested_by));
	json_put(v, "requested_at", json_time(result->requested_at));
	json_put(v, "suppressed", json_integer(result->suppressed));
	json_put(v, "cancelled", json_integer(result->cancelled));
	json_put(v, "recalled", json_integer(result->recalled));
	json_put(v, "records", json_integer(result->records));
	json_put(v, "blocked", json_integer(result->blocked));
	json_put(v, "as_of", json_time(now));
	return v;
}

void
v1_customer_erasure(struct api_request *req)
{
	static const char *const members[] = {"reason", "case", NULL};
	struct erase_request e = {.actor = req->actor.subject,
	    .now = req->now,
	    .today = app_today(req->app, req->now)};
	struct erase_result result;
	struct stw_err err = {0};
	struct customer c;
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "reason", 40, true, &e.reason) ||
	    !v1_case_read(req, "case", true, &e.case_ref) || !v1_customer_load(req, &c))
		return;
	e.bucket = c.bucket;
	e.customer_id = c.customer_id;
	rc = server_rules(req->server, req->db, &e.rules, &err);
	if (rc == STW_OK)
		rc = erase_customer(
		    req->db, req->app->keys, &e, &req->arena, &result, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, erasure_json(&c, &result, req->now));
}
