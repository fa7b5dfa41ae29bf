#include <inttypes.h>
#include <string.h>

#include "api/app.h"
#include "api/page.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/facts_store.h"
#include "campaigns/number_change_store.h"
#include "campaigns/number_choice.h"
#include "campaigns/number_health_store.h"
#include "campaigns/number_use_store.h"
#include "segments/customer_store.h"

/* ---- writing JSON ------------------------------------------------------------------ */
static json_t *
observed_json(const struct number_row *n)
{
	json_t *v = json_object();

	json_put(v, "label", json_text(n->label));
	json_put(v, "label_vendor", json_text(n->label_vendor));
	json_put(v, "label_score",
	    n->label_score < 0 ? json_null() : json_integer(n->label_score));
	json_put(v, "label_at", json_time(n->label_at));
	json_put(v, "attestation", json_text(n->attestation));
	json_put(v, "callback_ok_at", json_time(n->callback_ok_at));
	json_put(v, "callback_failed_at", json_time(n->callback_failed_at));
	json_put(v, "identity_ok_at", json_time(n->identity_ok_at));
	json_put(v, "identity_failed_at", json_time(n->identity_failed_at));
	json_put(v, "ledger_synced_at", json_time(n->ledger_synced_at));
	json_put(v, "mismatch", json_boolean(n->mismatch));
	return v;
}

static void
put_registered(json_t *v, const struct number_row *n)
{
	json_put(v, "number_id", json_id(n->number_id));
	json_put(v, "number", json_text(n->number));
	json_put(v, "kind", json_text(n->kind));
	json_put(v, "port", json_text(n->port));
	json_put(v, "pool", json_text(n->pool));
	json_put(v, "holder", json_text(n->holder));
	json_put(v, "user_org", json_text(n->user_org));
	json_put(v, "carrier", json_text(n->carrier));
	json_put(v, "line_type", json_text(n->line_type));
	json_put(v, "registered_purpose", json_text(n->registered_purpose));
	json_put(v, "regions", json_texts(n->regions, n->nregions));
	json_put(v, "direction", json_text(n->direction));
	json_put(v, "channels", json_texts(n->channels, n->nchannels));
	json_put(v, "purposes", json_texts(n->purposes, n->npurposes));
	json_put(v, "robot", json_boolean(n->robot));
	json_put(v, "has_approval", json_boolean(n->approval != NULL));
	json_put(v, "approval", json_text(n->approval));
	json_put(v, "undertaking", json_text(n->undertaking));
	json_put(v, "licence_no", json_text(n->licence_no));
	json_put(v, "licence_from", json_time(n->licence_from));
	json_put(v, "licence_to", json_time(n->licence_to));
	json_put(v, "lessor", json_text(n->lessor));
	json_put(v, "lessee", json_text(n->lessee));
	json_put(v, "sub_let", json_boolean(n->sub_let));
	json_put(v, "withheld", json_boolean(n->withheld));
	json_put(v, "daily_cap", json_positive(n->daily_cap));
	json_put(v, "hourly_cap", json_positive(n->hourly_cap));
}

static json_t *
number_json(const struct number_row *n)
{
	json_t *v = json_object();

	put_registered(v, n);
	json_put(v, "status", json_text(n->status));
	json_put(v, "status_reason", json_text(n->status_reason));
	json_put(v, "suspended_by", json_text(n->suspended_by));
	json_put(v, "cooldown_until", json_time(n->cooldown_until));
	json_put(v, "used_today", json_integer(n->used_today));
	json_put(v, "used_hour", json_integer(n->used_hour));
	json_put(v, "held", json_integer(n->held));
	json_put(v, "observed", observed_json(n));
	json_put(v, "version", json_integer(n->version));
	return v;
}

/* ---- the list ------------------------------------------------------------------------ */
static const char *
part(const char *text)
{
	return text != NULL ? text : "";
}

void
v1_number_list(struct api_request *req)
{
	struct number_filter f = {.pool = api_query(req, "pool"),
	    .kind = api_query(req, "kind"),
	    .status = api_query(req, "status"),
	    .purpose = api_query(req, "purpose")};
	const char *scope = arena_printf(&req->arena, "numbers\n%s\n%s\n%s\n%s",
	    part(f.pool), part(f.kind), part(f.status), part(f.purpose));
	struct number_row *numbers;
	struct stw_err err = {0};
	struct page page;
	json_t *items;
	enum stw_code rc;
	int count, last;

	if (!page_begin_at(req, scope, &page, &f.after_id, &f.after_pool))
		return;
	f.limit = page.limit + 1;
	rc = number_select(req->db, &f, req->now, app_day_start(req->app, req->now),
	    &req->arena, &numbers, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, number_json(&numbers[i]));
	last = page_last(&page, count);
	page_reply(req, &page, items,
	    last < 0 ? NULL
		     : page_place(req, numbers[last].number_id, numbers[last].pool));
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

void
v1_number_changes(struct api_request *req)
{
	struct number_history *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int64_t id;
	int limit, count;

	if (!api_path_i64(req, 0, &id) || !api_limit(req, &limit))
		return;
	rc = number_history(req->db, id, limit, &req->arena, &rows, &count, &err);
	if (rc == STW_OK && count == 0)
		rc = stw_fail(&err, STW_NOT_FOUND, "there is no caller number %lld",
		    (long long)id);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		json_put(one, "version", json_integer(rows[i].version));
		json_put(one, "at", json_time(rows[i].at));
		json_put(one, "what", json_text(rows[i].what));
		json_put(one, "actor", json_text(rows[i].actor));
		json_put(one, "approver", json_text(rows[i].approver));
		json_put(one, "reason", json_text(rows[i].reason));
		json_put(one, "proposal_id", json_text(rows[i].proposal));
		json_put(one, "document",
		    rows[i].document == NULL ? json_null()
					     : json_loads(rows[i].document, 0, NULL));
		json_push(items, one);
	}
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

/* ---- out of use, and what is seen ------------------------------------------------------ */
void
v1_number_suspend(struct api_request *req)
{
	static const char *const members[] = {"reason", NULL};
	struct number_suspension what = {.by = "person",
	    .actor = req->actor.subject,
	    .cooldown_until = STW_USEC_NEVER};
	struct stw_err err = {0};
	enum stw_code rc;

	if (!api_path_i64(req, 0, &what.number_id) || !api_body_only(req, members) ||
	    !api_body_text(req, "reason", 200, true, &what.reason))
		return;
	rc = number_suspend(req->db, &what, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_number(req, what.number_id);
}

void
v1_number_observe(struct api_request *req)
{
	static const char *const members[] = {
	    "kind", "value", "vendor", "score", "reference", "at", NULL};
	struct number_observation seen = {.score = -1, .actor = req->actor.subject};
	struct stw_err err = {0};
	json_t *score;
	enum stw_code rc;

	if (!api_path_i64(req, 0, &seen.number_id) || !api_body_only(req, members) ||
	    !api_body_text(req, "kind", 20, true, &seen.kind) ||
	    !api_body_text(req, "value", 20, true, &seen.value) ||
	    !api_body_text(req, "vendor", 100, false, &seen.vendor) ||
	    !api_body_text(req, "reference", 100, false, &seen.reference) ||
	    !api_body_time(req, "at", req->now, &seen.at))
		return;
	score = json_object_get(req->json, "score");
	if (score != NULL && !json_is_null(score)) {
		if (!json_is_integer(score) || json_integer_value(score) < 0 ||
		    json_integer_value(score) > 100) {
			api_problem(req, 400, "INVALID_REQUEST", "/score",
			    "score: a whole number from 0 to 100");
			return;
		}
		seen.score = (int)json_integer_value(score);
	}
	rc = number_observe(req->db, &seen, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_number(req, seen.number_id);
}

/* ---- health --------------------------------------------------------------------------------- */
static json_t *
health_json(const struct number_health *h, const struct number_policies *policies)
{
	json_t *v = json_object(), *rates = json_object();

	json_put(v, "number_id", json_id(h->number_id));
	json_put(v, "number", json_text(h->number));
	json_put(v, "pool", json_text(h->pool));
	json_put(v, "status", json_text(h->status));
	json_put(v, "suspended_by", json_text(h->suspended_by));
	json_put(v, "cooldown_until", json_time(h->cooldown_until));
	for (int m = 0; m < HEALTH_METRICS; m++) {
		const struct health_policy *p = &policies->health[m];
		int64_t bp = health_rate_bp(&h->rates[m], p->min);
		json_t *one = json_object();

		json_put(one, "part", json_integer(h->rates[m].part));
		json_put(one, "of", json_integer(h->rates[m].of));
		json_put(one, "rate_bp", bp < 0 ? json_null() : json_integer(bp));
		json_put(one, "window_hours", json_integer(p->window_hours));
		json_put(one, "min", json_integer(p->min));
		json_put(one, "suspend_bp", json_integer(p->suspend_bp));
		json_put(one, "return_bp", json_integer(p->return_bp));
		json_put(rates, health_metric_name((enum health_metric)m), one);
	}
	json_put(v, "rates", rates);
	json_put(v, "would_suspend", json_boolean(h->finding.suspend));
	json_put(v, "may_return", json_boolean(h->finding.may_return));
	return v;
}

void
v1_number_health(struct api_request *req)
{
	struct number_policies policies;
	struct number_health *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int64_t id;
	int count = 0;

	if (!api_query_i64(req, "number_id", 0, &id))
		return;
	rc = number_policies_load(req->db, &policies, &err);
	if (rc == STW_OK)
		rc = number_health_look(
		    req->db, &policies, id, req->now, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, health_json(&rows[i], &policies));
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

/* ---- which number a customer would see --------------------------------------------------- */
struct choice {
	const char *pool, *customer;
	struct number_need need;
	int bucket;
};

static enum stw_code
read_customer(struct api_request *req, struct choice *c, struct stw_err *err)
{
	struct customer who;
	enum stw_code rc = customer_find(req->db, str_of(c->customer),
	    app_today(req->app, req->now), &req->arena, &who, err);

	if (rc != STW_OK)
		return rc;
	c->need.customer_id = who.customer_id;
	c->bucket = who.bucket;
	c->need.province = who.province;
	return number_seen(req->db, c->bucket, c->pool, &c->need.customer_id, 1,
	    &c->need.seen_id, err);
}

static json_t *
choice_json(const struct number_row *rows, const struct gate_number *gate, int count,
    const struct number_need *need)
{
	json_t *v = json_object(), *items = json_array();
	int chosen = number_choose(gate, count, need);

	for (int i = 0; i < count; i++) {
		const char *why = number_why_not(&gate[i], need);
		json_t *one = json_object();

		json_put(one, "number_id", json_id(rows[i].number_id));
		json_put(one, "number", json_text(rows[i].number));
		json_put(one, "eligible", json_boolean(why == NULL));
		json_put(one, "code", json_text(why));
		json_put(one, "text", why == NULL ? json_null() : v1_reason_text(why));
		json_put(
		    one, "seen_last", json_boolean(rows[i].number_id == need->seen_id));
		json_push(items, one);
	}
	json_put(v, "items", items);
	json_put(v, "chosen",
	    chosen >= 0 && number_why_not(&gate[chosen], need) == NULL
		? json_id(rows[chosen].number_id)
		: json_null());
	return v;
}

void
v1_number_choice(struct api_request *req)
{
	struct choice c = {.pool = api_query(req, "pool"),
	    .customer = api_query(req, "customer"),
	    .need = {.channel = api_query(req, "channel"),
		.purpose = api_query(req, "purpose"),
		.now = req->now}};
	struct stw_err err = {0};
	struct gate_number *gate;
	struct number_row *rows;
	enum stw_code rc;
	json_t *v;
	int count = 0;

	if (c.pool == NULL || c.customer == NULL || c.need.purpose == NULL) {
		api_problem(req, 400, "INVALID_REQUEST", NULL,
		    "query parameters pool, customer and purpose are wanted");
		return;
	}
	if (c.need.channel == NULL)
		c.need.channel = "VOICE";
	if (!api_query_bool(req, "robot", &c.need.robot))
		return;
	rc = read_customer(req, &c, &err);
	if (rc == STW_OK)
		rc = number_list(req->db, c.pool, req->now,
		    app_day_start(req->app, req->now), &req->arena, &rows, &count,
		    &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	gate = arena_array(&req->arena, (size_t)count, sizeof *gate);
	for (int i = 0; i < count; i++)
		facts_number(&rows[i], &req->arena, &gate[i]);
	v = choice_json(rows, gate, count, &c.need);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}
