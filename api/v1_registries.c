/* Registries of numbers and what carriers' answers mean. Files are loaded from the command
 * line; here are definitions, the state of the service and answers about one number. */
#include <stdio.h>
#include <string.h>

#include "api/app.h"
#include "api/resources.h"
#include "campaigns/objection_store.h"
#include "campaigns/registry_query_store.h"
#include "campaigns/registry_store.h"

/* Null when it is not asked over HTTP; never its secret. */
static json_t *
query_json(const struct registry_query *queries, int count, const char *registry)
{
	for (int i = 0; i < count; i++) {
		const struct registry_query *q = &queries[i];
		json_t *v;

		if (strcmp(q->registry, registry) != 0)
			continue;
		v = json_object();
		json_put(v, "url", json_text(q->url));
		json_put(v, "has_secret", json_boolean(q->has_secret));
		json_put(v, "number_form", json_text(q->number_form));
		json_put(v, "timeout_ms", json_integer(q->timeout_ms));
		json_put(v, "per_second", json_integer(q->per_second));
		json_put(v, "enabled", json_boolean(q->enabled));
		json_put(v, "updated_by", json_text(q->updated_by));
		return v;
	}
	return json_null();
}

static json_t *
registry_json(
    const struct registry *r, const struct registry_query *queries, int nqueries)
{
	json_t *v = json_object();

	json_put(v, "code", json_text(r->code));
	json_put(v, "kind", json_text(r->kind));
	json_put(v, "country", json_text(r->country));
	json_put(v, "name", json_names(r->name_zh, r->name_en));
	json_put(v, "channels", json_texts(r->channels, r->nchannels));
	json_put(v, "freshness_days", json_integer(r->freshness_days));
	json_put(v, "grace_days", json_integer(r->grace_days));
	json_put(v, "up", json_boolean(r->up));
	json_put(v, "up_since", json_time(r->up_since));
	json_put(v, "version", json_positive(r->version));
	json_put(v, "obtained_at", json_time(r->obtained_at));
	json_put(v, "fresh_until",
	    r->version > 0
		? json_time(r->obtained_at + r->freshness_days * STW_USEC_DAY)
		: json_null());
	json_put(v, "listed", json_integer(r->listed));
	json_put(v, "rejected", json_integer(r->rejected));
	json_put(v, "comparable", json_boolean(r->version == 0 || r->comparable));
	json_put(v, "results", json_integer(r->results));
	json_put(v, "newest_result", json_time(r->newest_result));
	json_put(v, "updated_by", json_text(r->updated_by));
	json_put(v, "query", query_json(queries, nqueries, r->code));
	return v;
}

void
v1_registry_list(struct api_request *req)
{
	struct registry_query *queries;
	struct registry *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count, nqueries;

	rc = registry_list(req->db, &req->arena, &rows, &count, &err);
	if (rc == STW_OK)
		rc = registry_query_list(
		    req->db, &req->arena, &queries, &nqueries, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, registry_json(&rows[i], queries, nqueries));
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

static void
reply_registry(struct api_request *req, const char *code)
{
	struct registry_query *queries;
	struct registry *rows;
	struct stw_err err = {0};
	enum stw_code rc;
	int count, nqueries;

	rc = registry_list(req->db, &req->arena, &rows, &count, &err);
	if (rc == STW_OK)
		rc = registry_query_list(
		    req->db, &req->arena, &queries, &nqueries, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	for (int i = 0; i < count; i++)
		if (strcmp(rows[i].code, code) == 0) {
			api_reply(req, 200, registry_json(&rows[i], queries, nqueries));
			return;
		}
	api_problem(req, 404, "NOT_FOUND", NULL, "there is no registry %.40s", code);
}

static bool
read_days(struct api_request *req, const char *name, int fallback, int *out)
{
	json_t *v = json_object_get(req->json, name);
	char pointer[40];

	*out = fallback;
	if (v == NULL)
		return true;
	if (json_is_integer(v) && json_integer_value(v) >= 0 &&
	    json_integer_value(v) <= 3660) {
		*out = (int)json_integer_value(v);
		return true;
	}
	(void)snprintf(pointer, sizeof pointer, "/%s", name);
	api_problem(req, 400, "INVALID_REQUEST", pointer,
	    "%s: a number of days, 0 to 3660, is wanted", name);
	return false;
}

void
v1_registry_save(struct api_request *req)
{
	static const char *const members[] = {"kind", "country", "name_zh", "name_en",
	    "channels", "freshness_days", "grace_days", NULL};
	struct registry r = {.code = req->match.params[0]};
	struct stw_err err = {0};
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "kind", 20, true, &r.kind) ||
	    !api_body_text(req, "country", 2, true, &r.country) ||
	    !api_body_text(req, "name_zh", 100, true, &r.name_zh) ||
	    !api_body_text(req, "name_en", 100, true, &r.name_en) ||
	    !api_body_texts(req, "channels", 16, 20, &r.channels, &r.nchannels) ||
	    !read_days(req, "freshness_days", 0, &r.freshness_days) ||
	    !read_days(req, "grace_days", 0, &r.grace_days))
		return;
	rc = registry_put(req->db, &r, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_registry(req, r.code);
}

void
v1_registry_query(struct api_request *req)
{
	static const char *const members[] = {"url", "secret", "number_form",
	    "timeout_ms", "per_second", "enabled", NULL};
	struct registry_query q = {.registry = req->match.params[0]};
	struct stw_err err = {0};
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "url", 500, true, &q.url) ||
	    !api_body_text(req, "secret", 400, false, &q.secret) ||
	    !api_body_text(req, "number_form", 20, true, &q.number_form) ||
	    !api_body_int(req, "timeout_ms", 50, 5000, 1000, &q.timeout_ms) ||
	    !api_body_int(req, "per_second", 1, 1000, 10, &q.per_second) ||
	    !api_body_bool(req, "enabled", true, &q.enabled))
		return;
	rc = registry_query_put(
	    req->db, req->app->keys, &q, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_registry(req, q.registry);
}

void
v1_registry_service(struct api_request *req)
{
	static const char *const members[] = {"up", NULL};
	const char *code = req->match.params[0];
	struct stw_err err = {0};
	bool up;
	enum stw_code rc;

	if (!api_body_only(req, members) || !api_body_bool(req, "up", true, &up))
		return;
	rc = registry_set_up(req->db, code, up, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_registry(req, code);
}

static bool
read_day(struct api_request *req, const char *name, stw_day *out)
{
	const char *text;
	char pointer[40];

	*out = REGISTRY_NO_DAY;
	if (!api_body_text(req, name, 10, false, &text))
		return false;
	if (text == NULL || stw_day_parse(str_of(text), out) == STW_OK)
		return true;
	(void)snprintf(pointer, sizeof pointer, "/%s", name);
	api_problem(req, 400, "INVALID_REQUEST", pointer,
	    "%s: a day like 2026-11-23 is wanted", name);
	return false;
}

void
v1_registry_result(struct api_request *req)
{
	static const char *const members[] = {"number", "answer", "listed_on",
	    "consent_date", "reference", "obtained_at", NULL};
	struct registry_answer a = {.registry = req->match.params[0]};
	const char *number;
	struct stw_err err = {0};
	json_t *v;
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "number", 40, true, &number) ||
	    !api_body_text(req, "answer", 20, true, &a.answer) ||
	    !read_day(req, "listed_on", &a.listed_on) ||
	    !read_day(req, "consent_date", &a.consent_date) ||
	    !api_body_text(req, "reference", 200, false, &a.reference) ||
	    !api_body_time(req, "obtained_at", req->now, &a.obtained_at))
		return;
	a.number = str_of(number);
	rc = registry_record(
	    req->db, req->app->keys, &a, req->actor.subject, req->now, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "registry", json_text(a.registry));
	json_put(v, "answer", json_text(a.answer));
	json_put(v, "obtained_at", json_time(a.obtained_at));
	json_put(v, "recorded_at", json_time(req->now));
	api_reply(req, 201, v);
}

/* ---- carriers' causes ------------------------------------------------------------------ */
static json_t *
cause_json(const struct carrier_cause *c)
{
	json_t *v = json_object();

	json_put(v, "cause", json_text(c->cause));
	json_put(v, "effect", json_text(c->effect));
	json_put(v, "text", json_names(c->text_zh, c->text_en));
	json_put(v, "source", json_text(c->source));
	json_put(v, "updated_by", json_text(c->updated_by));
	return v;
}

void
v1_carrier_cause_list(struct api_request *req)
{
	struct carrier_cause *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	rc = carrier_cause_list(req->db, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, cause_json(&rows[i]));
	json_put(v, "items", items);
	api_reply(req, 200, v);
}

void
v1_carrier_cause_save(struct api_request *req)
{
	static const char *const members[] = {
	    "effect", "text_zh", "text_en", "source", NULL};
	struct carrier_cause c = {
	    .cause = req->match.params[0], .updated_by = req->actor.subject};
	struct stw_err err = {0};
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "effect", 20, true, &c.effect) ||
	    !api_body_text(req, "text_zh", 200, true, &c.text_zh) ||
	    !api_body_text(req, "text_en", 200, true, &c.text_en) ||
	    !api_body_text(req, "source", 200, true, &c.source))
		return;
	rc = carrier_cause_put(req->db, &c, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, cause_json(&c));
}
