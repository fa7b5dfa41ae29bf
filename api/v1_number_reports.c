/* What caller numbers were used for, how long they last, and what the carrier says. */
#include "api/app.h"
#include "api/page.h"
#include "api/resources.h"
#include "campaigns/number_ledger_store.h"
#include "campaigns/number_report_store.h"

#define DAYS_MAX     366
#define FORECAST_MAX 60
#define MONTH        (31 * STW_USEC_DAY)

/* A day of the institution; false after answering. */
static bool
query_day(struct api_request *req, const char *name, stw_day fallback, stw_day *out)
{
	const char *text = api_query(req, name);

	*out = fallback;
	if (text == NULL || stw_day_parse(str_of(text), out) == STW_OK)
		return true;
	api_problem(req, 400, "INVALID_REQUEST", NULL,
	    "query parameter %s: a day like 2026-11-23 is wanted", name);
	return false;
}

static json_t *
usage_json(const struct number_usage *u)
{
	json_t *v = json_object();

	json_put(v, "day", json_day_or_null(u->day));
	json_put(v, "number_id", json_id(u->number_id));
	json_put(v, "number", json_text(u->number));
	json_put(v, "kind", json_text(u->kind));
	json_put(v, "pool", json_text(u->pool));
	json_put(v, "purpose", json_text(u->purpose));
	json_put(v, "campaign", json_text(u->campaign));
	json_put(v, "used", json_integer(u->used));
	return v;
}

void
v1_number_usage(struct api_request *req)
{
	stw_day today = app_today(req->app, req->now), from, to;
	struct number_usage *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	int64_t id;
	int count;
	enum stw_code rc;

	if (!query_day(req, "from", today - 6, &from) ||
	    !query_day(req, "to", today + 1, &to) ||
	    !api_query_i64(req, "number_id", 0, &id))
		return;
	if (to <= from || to - from > DAYS_MAX) {
		api_problem(req, 400, "INVALID_REQUEST", NULL,
		    "from, to: 1 to %d days are wanted, to excluded", DAYS_MAX);
		return;
	}
	rc = number_usage(req->db, id, from, to, zone_name(req->app->zone), &req->arena,
	    &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, usage_json(&rows[i]));
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "zone", json_text(zone_name(req->app->zone)));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

static json_t *
forecast_json(const struct number_forecast *f)
{
	json_t *v = json_object();

	json_put(v, "pool", json_text(f->pool));
	json_put(v, "purpose", json_text(f->purpose));
	json_put(v, "day", json_day_or_null(f->day));
	json_put(v, "planned", json_integer(f->planned));
	json_put(v, "expected", json_integer(f->expected));
	json_put(v, "budget", f->budget < 0 ? json_null() : json_integer(f->budget));
	json_put(v, "numbers", json_integer(f->numbers));
	json_put(v, "short", json_boolean(f->is_short));
	return v;
}

void
v1_number_forecast(struct api_request *req)
{
	struct number_forecast *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	int64_t days;
	int count;
	enum stw_code rc;

	if (!api_query_i64(req, "days", 14, &days))
		return;
	if (days < 1 || days > FORECAST_MAX) {
		api_problem(req, 400, "INVALID_REQUEST", NULL,
		    "days: 1 to %d are wanted", FORECAST_MAX);
		return;
	}
	rc = number_forecast(req->db, (int)days, zone_name(req->app->zone), req->now,
	    &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, forecast_json(&rows[i]));
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "zone", json_text(zone_name(req->app->zone)));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_number_outside(struct api_request *req)
{
	struct number_outside *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	stw_usec from, to;
	int64_t checked, found;
	int limit, count;
	enum stw_code rc;

	if (!api_limit(req, &limit) ||
	    !api_query_time(req, "from", req->now - MONTH, &from) ||
	    !api_query_time(req, "to", STW_USEC_MAX, &to))
		return;
	rc = number_outside(req->db, from, to, limit, &req->arena, &rows, &count,
	    &checked, &found, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		json_put(one, "decision_id", json_text(rows[i].decision_id));
		json_put(one, "decided_at", json_time(rows[i].decided_at));
		json_put(one, "task_id", json_text(rows[i].task_id));
		json_put(one, "number", json_text(rows[i].number));
		json_put(one, "purpose", json_text(rows[i].purpose));
		json_put(one, "registered",
		    rows[i].registered == NULL
			? json_null()
			: json_loads(rows[i].registered, 0, NULL));
		json_push(items, one);
	}
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "checked", json_integer(checked));
	json_put(v, "found", json_integer(found));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

/* ---- the carrier's list ----------------------------------------------------------------- */
static json_t *
difference_json(const struct number_difference *d)
{
	json_t *v = json_object();

	json_put(v, "difference_id", json_text(d->id));
	json_put(v, "carrier", json_text(d->carrier));
	json_put(v, "as_of", json_day_or_null(d->as_of));
	json_put(v, "number", json_text(d->number));
	json_put(
	    v, "number_id", d->number_id == 0 ? json_null() : json_id(d->number_id));
	json_put(v, "kind", json_text(d->kind));
	json_put(v, "field", json_text(d->field));
	json_put(v, "registry", json_text(d->was));
	json_put(v, "carrier_says", json_text(d->is_now));
	json_put(v, "suspended", json_boolean(d->suspended));
	json_put(v, "found_at", json_time(d->found_at));
	json_put(v, "settled_by", json_text(d->settled_by));
	json_put(v, "settled_at", json_time(d->settled_at));
	json_put(v, "note", json_text(d->note));
	return v;
}

void
v1_difference_list(struct api_request *req)
{
	struct number_difference before = {0}, *rows;
	struct stw_err err = {0};
	const char *scope;
	struct page page;
	json_t *items;
	enum stw_code rc;
	bool all;
	int count, last;

	if (!api_query_bool(req, "all", &all))
		return;
	scope = all ? "number-differences\nall" : "number-differences\nopen";
	if (!page_begin_at(req, scope, &page, &before.found_at, &before.id))
		return;
	rc = number_differences(req->db, !all, before.id == NULL ? NULL : &before,
	    page.limit + 1, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, difference_json(&rows[i]));
	last = page_last(&page, count);
	page_reply(req, &page, items,
	    last < 0 ? NULL : page_place(req, rows[last].found_at, rows[last].id));
}

void
v1_difference_settle(struct api_request *req)
{
	static const char *const members[] = {"note", NULL};
	struct stw_err err = {0};
	const char *note;
	struct uuid id;
	enum stw_code rc;
	json_t *v;

	if (!api_path_uuid(req, 0, &id) || !api_body_only(req, members) ||
	    !api_body_text(req, "note", 200, true, &note))
		return;
	rc = number_difference_settle(
	    req->db, &id, req->actor.subject, note, req->now, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "difference_id", json_uuid(&id));
	json_put(v, "settled_by", json_text(req->actor.subject));
	json_put(v, "settled_at", json_time(req->now));
	api_reply(req, 200, v);
}
