/* Draws of contacts to review, verdicts and their agreement. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "api/cursor.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/review_store.h"

/* ---- JSON ------------------------------------------------------------------------------ */
static json_t *
from_text(const char *text)
{
	json_t *v = text == NULL ? NULL : json_loads(text, 0, NULL);

	return v != NULL ? v : json_null();
}

static json_t *
draw_json(const struct review_draw_row *d)
{
	json_t *v = json_object();

	json_put(v, "draw_id", json_uuid(&d->id));
	json_put(v, "from", json_time(d->from));
	json_put(v, "to", json_time(d->to));
	json_put(v, "seed", json_text(d->seed));
	json_put(v, "plan", from_text(d->plan));
	json_put(v, "strata", from_text(d->population));
	json_put(v, "items", json_integer(d->items));
	json_put(v, "open", json_integer(d->open));
	json_put(v, "disputed", json_integer(d->disputed));
	json_put(v, "items_sha256", json_text(d->items_hash));
	json_put(v, "drawn_at", json_time(d->drawn_at));
	json_put(v, "drawn_by", json_text(d->drawn_by));
	return v;
}

static json_t *
item_json(const struct review_item_row *i)
{
	json_t *v = json_object();

	json_put(v, "item", json_integer(i->item_no));
	json_put(v, "subject", json_text(i->subject));
	json_put(v, "subject_id", json_text(i->subject_id));
	json_put(v, "task_id", json_text(i->task_id));
	json_put(v, "agent", json_text(i->agent));
	json_put(v, "strata", json_texts(i->strata, i->nstrata));
	json_put(v, "reviews", json_integer(i->reviews));
	json_put(v, "state", json_text(i->state));
	json_put(v, "verdict", json_text(i->verdict));
	json_put(v, "final_by", json_text(i->final_by));
	json_put(v, "final_at", json_time(i->final_at));
	json_put(v, "reply", json_text(i->reply));
	json_put(v, "replied_at", json_time(i->replied_at));
	return v;
}

/* Two who judge the same do not see each other's answer before both are in. */
static json_t *
verdicts_json(const struct api_request *req, const struct review_item_row *item,
    const struct review_verdict *list, int count)
{
	json_t *items = json_array();

	for (int i = 0; i < count; i++) {
		json_t *v;

		if (strcmp(item->state, "open") == 0 &&
		    strcmp(list[i].reviewer, req->actor.subject) != 0)
			continue;
		v = json_object();
		json_put(v, "reviewer", json_text(list[i].reviewer));
		json_put(v, "verdict", json_text(list[i].verdict));
		json_put(v, "answers", from_text(list[i].answers));
		json_put(v, "note", json_text(list[i].note));
		json_put(v, "hold", json_text(list[i].hold));
		json_put(v, "at", json_time(list[i].at));
		json_push(items, v);
	}
	return items;
}

/* ---- a plan ------------------------------------------------------------------------------ */
static bool
plan_int(struct api_request *req, json_t *from, const char *name, int *to)
{
	json_t *v = json_object_get(from, name);

	if (v == NULL)
		return true;
	if (json_is_integer(v) && json_integer_value(v) >= 0 &&
	    json_integer_value(v) <= 100000) {
		*to = (int)json_integer_value(v);
		return true;
	}
	api_problem(
	    req, 400, "INVALID_REQUEST", "/plan", "plan: %s is a whole number", name);
	return false;
}

static bool
plan_stratum(
    struct api_request *req, const char *name, json_t *v, struct review_plan *plan)
{
	for (int s = 0; s < STRATA; s++)
		if (strcmp(name, review_stratum_name((enum review_stratum)s)) == 0)
			return plan_int(req, v, "share", &plan->strata[s].share) &&
			       plan_int(req, v, "least", &plan->strata[s].least);
	api_problem(req, 400, "INVALID_REQUEST", "/plan/strata",
	    "plan: there is no stratum \"%.40s\"; they are elder, complaint, approved, "
	    "connected, new_agent, denied, vulnerable",
	    name);
	return false;
}

static bool
read_plan(struct api_request *req, struct review_plan *plan)
{
	json_t *from = json_object_get(req->json, "plan"), *v;
	struct stw_err err = {0};
	const char *name;

	*plan = review_plan_usual;
	json_object_foreach(json_object_get(from, "strata"), name, v)
	{
		if (!plan_stratum(req, name, v, plan))
			return false;
	}
	if (!plan_int(req, from, "first", &plan->first) ||
	    !plan_int(req, from, "twice", &plan->twice) ||
	    !plan_int(req, from, "elder", &plan->elder))
		return false;
	if (review_plan_check(plan, &err) == STW_OK)
		return true;
	api_problem(req, 400, "INVALID_REQUEST", "/plan", "plan: %s", err.text);
	return false;
}

static const char *
plan_text(struct api_request *req, const struct review_plan *plan)
{
	json_t *v = json_object(), *strata = json_object();
	const char *text;
	char *dumped;

	for (int s = 0; s < STRATA; s++) {
		json_t *one = json_object();

		json_put(one, "share", json_integer(plan->strata[s].share));
		json_put(one, "least", json_integer(plan->strata[s].least));
		json_put(strata, review_stratum_name((enum review_stratum)s), one);
	}
	json_put(v, "strata", strata);
	json_put(v, "first", json_integer(plan->first));
	json_put(v, "twice", json_integer(plan->twice));
	json_put(v, "elder", json_integer(plan->elder));
	dumped = json_dumps(v, JSON_COMPACT);
	STW_ASSERT(dumped != NULL);
	text = arena_strdup(&req->arena, dumped);
	free(dumped);
	json_decref(v);
	return text;
}

/* A plan that was kept; what was not kept is as usual. */
static void
plan_kept(const char *text, struct review_plan *plan)
{
	json_t *v = json_loads(text, 0, NULL), *strata = json_object_get(v, "strata");

	*plan = review_plan_usual;
	for (int s = 0; s < STRATA; s++) {
		json_t *one = json_object_get(
		    strata, review_stratum_name((enum review_stratum)s));

		plan->strata[s].share =
		    (int)json_integer_value(json_object_get(one, "share"));
		plan->strata[s].least =
		    (int)json_integer_value(json_object_get(one, "least"));
	}
	plan->first = (int)json_integer_value(json_object_get(v, "first"));
	plan->twice = (int)json_integer_value(json_object_get(v, "twice"));
	plan->elder = (int)json_integer_value(json_object_get(v, "elder"));
	json_decref(v);
}

static bool
seed_parse(const char *hex, unsigned char to[REVIEW_SEED])
{
	size_t n = 0;

	return strlen(hex) == 2 * (size_t)REVIEW_SEED &&
	       sodium_hex2bin(to, REVIEW_SEED, hex, strlen(hex), NULL, &n, NULL) == 0 &&
	       n == REVIEW_SEED;
}

static bool
read_seed(struct api_request *req, unsigned char to[REVIEW_SEED])
{
	const char *hex;

	if (!api_body_text(req, "seed", 200, false, &hex))
		return false;
	if (hex == NULL)
		randombytes_buf(to, REVIEW_SEED);
	else if (!seed_parse(hex, to)) {
		api_problem(req, 400, "INVALID_REQUEST", "/seed",
		    "seed: %d hexadecimal digits are wanted, or none for a random one",
		    2 * REVIEW_SEED);
		return false;
	}
	return true;
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
	v = draw_json(&d);
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
	ask.plan_json = plan_text(req, &ask.plan);
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
		json_push(items, draw_json(&rows[i]));
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
	plan_kept(d.plan, &ask.plan);
	STW_ASSERT(seed_parse(d.seed, ask.seed));
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
		json_push(items, item_json(&rows[i]));
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
	v = item_json(&rows[0]);
	json_put(v, "given", json_integer(given));
	json_put(v, "verdicts", verdicts_json(req, &rows[0], list, given));
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

static const char *const questions[] = {"identity", "purpose", "opt_out",
    "risk_disclosure", "suitability", "banned_claim", "recording_notice",
    "data_accuracy"};

/* The form, whole: each question yes, no or not_applicable, and none that is not asked. */
static const char *
read_answers(struct api_request *req)
{
	json_t *form = json_object_get(req->json, "answers");
	const char *text = NULL;
	char *dumped;

	for (size_t i = 0; i < STW_ARRAY_LEN(questions); i++) {
		const char *a = json_string_value(json_object_get(form, questions[i]));

		if (a != NULL && (strcmp(a, "yes") == 0 || strcmp(a, "no") == 0 ||
				     strcmp(a, "not_applicable") == 0))
			continue;
		api_problem(req, 400, "INVALID_REQUEST", "/answers",
		    "answers: %s: yes, no or not_applicable is wanted", questions[i]);
		return NULL;
	}
	if (json_object_size(form) != STW_ARRAY_LEN(questions)) {
		api_problem(req, 400, "INVALID_REQUEST", "/answers",
		    "answers: there are %zu questions", STW_ARRAY_LEN(questions));
		return NULL;
	}
	dumped = json_dumps(form, JSON_COMPACT | JSON_SORT_KEYS);
	STW_ASSERT(dumped != NULL);
	text = arena_strdup(&req->arena, dumped);
	free(dumped);
	return text;
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
	v.answers = read_answers(req);
	if (v.answers == NULL)
		return;
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
	json_t *v, *table;
	int64_t kappa;
	enum stw_code rc;

	if (!api_query_time(req, "from", STW_USEC_NEVER, &from) ||
	    !api_query_time(req, "to", STW_USEC_MAX, &to))
		return;
	rc = review_agreement(req->db, from, to, &a, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	table = json_object();
	for (int i = 0; i < REVIEW_VERDICTS; i++) {
		json_t *row = json_object();

		for (int k = 0; k < REVIEW_VERDICTS; k++)
			json_put(row, review_verdict_name(k),
			    json_integer(a.table[i * REVIEW_VERDICTS + k]));
		json_put(table, review_verdict_name(i), row);
	}
	json_put(v, "judged_twice", json_integer(a.judged));
	json_put(v, "agreed", json_integer(a.agreed));
	json_put(v, "kappa_permille",
	    review_kappa(a.table, REVIEW_VERDICTS, &kappa) ? json_integer(kappa)
							   : json_null());
	json_put(v, "table", table);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}
