/* Draws of contacts to review, verdicts and their agreement. */
#include "api/resources.h"
#include "api/review_json.h"
#include "api/server.h"
#include "campaigns/review_store.h"

/* ---- what is asked for ------------------------------------------------------------------- */
static bool
read_plan(struct api_request *req, struct review_plan *plan)
{
	struct stw_err err = {0};

	if (review_plan_read(json_object_get(req->json, "plan"), plan, &err) == STW_OK)
		return true;
	api_problem(req, 400, "INVALID_REQUEST", "/plan", "%s", err.text);
	return false;
}

static bool
read_seed(struct api_request *req, unsigned char to[REVIEW_SEED])
{
	struct stw_err err = {0};
	const char *hex;

	if (!api_body_text(req, "seed", 200, false, &hex))
		return false;
	if (review_seed_read(hex, to, &err) == STW_OK)
		return true;
	api_problem(req, 400, "INVALID_REQUEST", "/seed", "%s", err.text);
	return false;
}

/* ---- draws ------------------------------------------------------------------------------- */
static bool
load_draw(struct api_request *req, const struct uuid *id, struct review_draw_row *out)
{
	struct review_draw_row *rows;
	struct stw_err err = {0};
	int count;
	enum stw_code rc =
	    review_draws(req->db, id, 1, &req->arena, &rows, &count, &err);

	if (rc == STW_OK && count == 0)
		rc = stw_fail(&err, STW_NOT_FOUND, "there is no such draw");
	if (rc == STW_OK) {
		*out = rows[0];
		return true;
	}
	api_fail(req, rc, &err);
	return false;
}

static void
reply_draw(struct api_request *req, const struct uuid *id, int status)
{
	struct review_draw_row d;
	json_t *v;

	if (!load_draw(req, id, &d))
		return;
	v = review_draw_json(&d);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, status, v);
}

void
v1_review_draw_make(struct api_request *req)
{
	static const char *const members[] = {"from", "to", "seed", "plan", NULL};
	struct review_ask ask = {.actor = req->actor.subject};
	struct stw_err err = {0};
	struct uuid id;
	enum stw_code rc;

	if (!api_body_only(req, members) || !read_plan(req, &ask.plan) ||
	    !api_body_time(req, "from", req->now - 7 * STW_USEC_DAY, &ask.from) ||
	    !api_body_time(req, "to", req->now, &ask.to) || !read_seed(req, ask.seed))
		return;
	ask.plan_json = review_plan_text(&ask.plan, &req->arena);
	rc = review_draw_record(req->db, &ask, req->now, &req->arena, &id, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_draw(req, &id, 201);
}

void
v1_review_draw_list(struct api_request *req)
{
	struct review_draw_row *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	int limit, count;
	enum stw_code rc;

	if (!api_limit(req, &limit))
		return;
	rc = review_draws(req->db, NULL, limit, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, review_draw_json(&rows[i]));
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_review_draw(struct api_request *req)
{
	struct uuid id;

	if (api_path_uuid(req, 0, &id))
		reply_draw(req, &id, 200);
}

void
v1_review_draw_again(struct api_request *req)
{
	struct review_ask ask = {.actor = req->actor.subject};
	struct review_draw_row d;
	struct stw_err err = {0};
	struct uuid id;
	bool same;
	json_t *v;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id) || !load_draw(req, &id, &d))
		return;
	ask.from = d.from;
	ask.to = d.to;
	review_plan_kept(d.plan, &ask.plan);
	STW_ASSERT(review_seed_parse(d.seed, ask.seed));
	rc = review_draw_again(req->db, &ask, d.items_hash, &req->arena, &same, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "draw_id", json_uuid(&id));
	json_put(v, "same", json_boolean(same));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

/* ---- items --------------------------------------------------------------------------------- */
static bool
path_item(struct api_request *req, struct uuid *draw, int *item)
{
	int64_t n;

	if (!api_path_uuid(req, 0, draw) || !api_path_i64(req, 1, &n))
		return false;
	if (n >= 1 && n <= INT32_MAX) {
		*item = (int)n;
		return true;
	}
	api_problem(req, 404, "NOT_FOUND", NULL, "there is no such item");
	return false;
}

void
v1_review_item_list(struct api_request *req)
{
	struct review_filter f = {
	    .state = api_query(req, "state"), .agent = api_query(req, "agent")};
	struct review_item_row *rows;
	struct stw_err err = {0};
	struct uuid draw;
	json_t *v, *items;
	int64_t after;
	int limit, count;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &draw) || !api_limit(req, &limit) ||
	    !api_query_i64(req, "after", 0, &after))
		return;
	f.after = after < INT32_MAX ? (int)after : INT32_MAX;
	rc = review_items(
	    req->db, &draw, &f, limit + 1, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count && i < limit; i++)
		json_push(items, review_item_json(&rows[i]));
	json_put(v, "items", items);
	json_put(v, "next_after",
	    count > limit ? json_integer(rows[limit - 1].item_no) : json_null());
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

static void
reply_item(struct api_request *req, const struct uuid *draw, int item_no, int status)
{
	const struct review_filter f = {.item_no = item_no};
	struct review_verdict *list = NULL;
	struct review_item_row *rows;
	struct stw_err err = {0};
	int count, given = 0;
	json_t *v;
	enum stw_code rc =
	    review_items(req->db, draw, &f, 1, &req->arena, &rows, &count, &err);

	if (rc == STW_OK && count == 0)
		rc = stw_fail(&err, STW_NOT_FOUND, "there is no such item");
	if (rc == STW_OK)
		rc = review_verdicts(
		    req->db, draw, item_no, &req->arena, &list, &given, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = review_item_json(&rows[0]);
	json_put(v, "given", json_integer(given));
	json_put(v, "verdicts",
	    review_verdicts_json(&rows[0], list, given, req->actor.subject));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, status, v);
}

void
v1_review_item(struct api_request *req)
{
	struct uuid draw;
	int item;

	if (path_item(req, &draw, &item))
		reply_item(req, &draw, item, 200);
}

void
v1_review_judge(struct api_request *req)
{
	static const char *const members[] = {
	    "verdict", "answers", "note", "hold", NULL};
	struct review_verdict v = {.reviewer = req->actor.subject};
	struct stw_err err = {0};
	struct uuid draw;
	int item;
	enum stw_code rc;

	if (!path_item(req, &draw, &item) || !api_body_only(req, members) ||
	    !api_body_text(req, "verdict", 20, true, &v.verdict) ||
	    !api_body_text(req, "note", 1000, false, &v.note) ||
	    !api_body_text(req, "hold", 20, false, &v.hold))
		return;
	rc = review_answers_read(
	    json_object_get(req->json, "answers"), &req->arena, &v.answers, &err);
	if (rc != STW_OK) {
		api_problem(req, 400, "INVALID_REQUEST", "/answers", "%s", err.text);
		return;
	}
	rc = review_judge(req->db, &draw, item, &v, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_item(req, &draw, item, 200);
}

void
v1_review_settle(struct api_request *req)
{
	static const char *const members[] = {"verdict", NULL};
	struct stw_err err = {0};
	const char *verdict;
	struct uuid draw;
	int item;
	enum stw_code rc;

	if (!path_item(req, &draw, &item) || !api_body_only(req, members) ||
	    !api_body_text(req, "verdict", 20, true, &verdict))
		return;
	rc = review_settle(
	    req->db, &draw, item, verdict, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_item(req, &draw, item, 200);
}

void
v1_review_reply(struct api_request *req)
{
	static const char *const members[] = {"reply", NULL};
	struct stw_err err = {0};
	const char *reply;
	struct uuid draw;
	int item;
	json_t *v;
	enum stw_code rc;

	if (!path_item(req, &draw, &item) || !api_body_only(req, members) ||
	    !api_body_text(req, "reply", 1000, true, &reply))
		return;
	rc = review_reply(
	    req->db, &draw, item, req->actor.subject, reply, req->now, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "draw_id", json_uuid(&draw));
	json_put(v, "item", json_integer(item));
	json_put(v, "replied_at", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_agent_release(struct api_request *req)
{
	static const char *const members[] = {"reason", NULL};
	struct stw_err err = {0};
	const char *why;
	json_t *v;
	enum stw_code rc;

	if (!api_body_only(req, members) || !v1_case_read(req, "reason", true, &why))
		return;
	rc = review_agent_release(
	    req->db, req->match.params[0], why, req->actor.subject, req->now, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "agent", json_text(req->match.params[0]));
	json_put(v, "held", json_false());
	api_reply(req, 200, v);
}

/* ---- agreement ------------------------------------------------------------------------------ */
void
v1_review_agreement(struct api_request *req)
{
	struct review_agreement a;
	struct stw_err err = {0};
	stw_usec from, to;
	json_t *v;
	enum stw_code rc;

	if (!api_query_time(req, "from", STW_USEC_NEVER, &from) ||
	    !api_query_time(req, "to", STW_USEC_MAX, &to))
		return;
	rc = review_agreement(req->db, from, to, &a, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = review_agreement_json(&a);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}
