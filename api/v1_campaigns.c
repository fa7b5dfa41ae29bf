#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/operations.h"
#include "api/resources.h"
#include "api/rule_scope.h"
#include "api/simulate.h"
#include "campaigns/campaign_store.h"
#include "campaigns/compliance/ruleset.h"
#include "campaigns/run_hold.h"
#include "campaigns/trigger_store.h"

/* ---- JSON ------------------------------------------------------------------------------ */
static void
put_row(json_t *v, const struct campaign_row *row, json_t *document)
{
	json_t *name = json_object_get(document, "name");

	json_put(v, "code", json_text(row->code));
	json_put(v, "name",
	    json_names(json_string_value(json_object_get(name, "zh")),
		json_string_value(json_object_get(name, "en"))));
	json_put(v, "state", json_text(row->state));
	json_put(v, "version", json_integer(row->newest_version));
	json_put(v, "active_version", json_positive(row->active_version));
	json_put(v, "author", json_text(row->author));
	json_put(v, "approved_by", json_text(row->approved_by));
	json_put(v, "hash", json_text(row->hash_hex));
	json_put(v, "updated_at", json_time(row->updated_at));
}

static json_t *
campaign_json(const struct campaign_row *row)
{
	json_t *document = json_loads(row->document, 0, NULL);
	json_t *v = json_object();

	if (document == NULL)
		document = json_object();
	put_row(v, row, document);
	json_put(v, "document", document);
	return v;
}

json_t *
v1_reason_text(const char *code)
{
	if (code == NULL)
		return json_null();
	if (code[0] == '\0')
		return json_names("", "");
	return json_names(reason_text(code, "zh-CN"), reason_text(code, "en"));
}

static json_t *
held_json(const struct run_row *run)
{
	json_t *v = json_object();

	if (!run_held(run)) {
		json_decref(v);
		return json_null();
	}
	json_put(v, "trait", json_text(run->held_trait));
	if (run->held_trait != NULL) {
		v1_put_finding(v, &run->held);
		return v;
	}
	json_put(v, "code", json_text("RULE"));
	json_put(v, "measured", json_integer(0));
	json_put(v, "allowed", json_integer(0));
	json_put(v, "text", v1_held_text(run));
	return v;
}

json_t *
v1_held_text(const struct run_row *run)
{
	json_t *v;
	struct buf zh, en;

	buf_init(&zh);
	buf_init(&en);
	run_held_print(run, true, &zh);
	run_held_print(run, false, &en);
	v = json_names(zh.data, en.data);
	buf_fini(&zh);
	buf_fini(&en);
	return v;
}

/* The waterfall, of a run or of a dry one. */
static void
put_funnel(json_t *v, const struct run_row *run)
{
	json_t *reasons = json_array();
	int64_t sum = 0;

	for (int i = 0; i < run->nreasons; i++) {
		json_t *one = json_object();

		sum += run->reasons[i].count;
		json_put(one, "fate", json_text(run->reasons[i].fate));
		json_put(one, "code", json_text(run->reasons[i].code));
		json_put(one, "text", v1_reason_text(run->reasons[i].code));
		json_put(one, "count", json_integer(run->reasons[i].count));
		json_push(reasons, one);
	}
	json_put(v, "campaign", json_text(run->campaign));
	json_put(v, "version", json_integer(run->version));
	json_put(v, "as_of", json_time(run->as_of));
	json_put(v, "scope", json_integer(run->scope));
	json_put(v, "audience", json_integer(run->audience));
	json_put(v, "undecided", json_integer(run->undecided));
	json_put(v, "held", held_json(run));
	json_put(v, "reasons", reasons);
	json_put(v, "adds_up", json_boolean(sum == run->audience));
}

json_t *
v1_run_json(const struct run_row *run)
{
	json_t *v = json_object();

	json_put(v, "run_id", json_text(run->run_id));
	json_put(v, "started_at", json_time(run->started_at));
	json_put(v, "finished_at", json_time(run->finished_at));
	put_funnel(v, run);
	return v;
}

/* ---- reading ----------------------------------------------------------------------------- */
static enum stw_code
last_run(struct api_request *req, const char *code, json_t **out, struct stw_err *err)
{
	struct run_row *runs;
	enum stw_code rc;
	json_t *v;
	int count;

	*out = json_null();
	rc = campaign_runs(req->db, code, 1, &req->arena, &runs, &count, err);
	if (rc != STW_OK || count == 0)
		return rc;
	v = json_object();
	json_put(v, "run_id", json_text(runs[0].run_id));
	json_put(v, "as_of", json_time(runs[0].as_of));
	json_put(v, "audience", json_integer(runs[0].audience));
	json_put(v, "planned", json_integer(0));
	json_put(v, "held", held_json(&runs[0]));
	for (int i = 0; i < runs[0].nreasons; i++)
		if (strcmp(runs[0].reasons[i].fate, "planned") == 0)
			json_put(v, "planned", json_integer(runs[0].reasons[i].count));
	*out = v;
	return STW_OK;
}

json_t *
v1_campaigns_json(struct api_request *req)
{
	struct campaign_row *rows;
	struct stw_err err = {0};
	enum stw_code rc;
	json_t *items = NULL;
	int count;

	rc = campaign_list(req->db, &req->arena, &rows, &count, &err);
	if (rc == STW_OK)
		items = json_array();
	for (int i = 0; rc == STW_OK && i < count; i++) {
		json_t *document = json_loads(rows[i].document, 0, NULL);
		const char *purpose =
		    json_string_value(json_object_get(document, "purpose"));
		json_t *v = json_object(), *run;

		put_row(v, &rows[i], document);
		json_put(v, "purpose", json_text(purpose != NULL ? purpose : ""));
		json_decref(document);
		rc = last_run(req, rows[i].code, &run, &err);
		json_put(v, "last_run", run);
		json_push(items, v);
	}
	if (rc != STW_OK) {
		json_decref(items);
		api_fail(req, rc, &err);
		return NULL;
	}
	return items;
}

void
v1_campaign_list(struct api_request *req)
{
	json_t *items = v1_campaigns_json(req), *v;

	if (items == NULL)
		return;
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

static void
reply_campaign(struct api_request *req, int status, const char *code)
{
	struct campaign_row row;
	struct stw_err err = {0};
	enum stw_code rc;

	rc = campaign_get(req->db, code, &req->arena, &row, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, status, campaign_json(&row));
}

void
v1_campaign(struct api_request *req)
{
	reply_campaign(req, 200, req->match.params[0]);
}

void
v1_campaign_version(struct api_request *req)
{
	char *end;
	long version = strtol(req->match.params[1], &end, 10);
	struct db_param params[2];
	struct db_rows *rows = NULL;
	struct stw_err err = {0};
	json_t *v, *document;
	enum stw_code rc;

	if (*end != '\0' || version < 1 || version > 1000000) {
		api_problem(req, 404, "NOT_FOUND", NULL, "there is no such version");
		return;
	}
	params[0] = db_text(req->match.params[0]);
	params[1] = db_i64(version);
	rc = db_query_one(req->db, DB_Q_CAMPAIGN_VERSION_GET, params, 2, &rows, &err);
	if (rc != STW_OK) {
		if (rc == STW_NOT_FOUND)
			(void)stw_fail(
			    &err, rc, "there is no such campaign or version");
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "code", json_text(req->match.params[0]));
	json_put(v, "version", json_integer(version));
	json_put(v, "author", json_str(db_get_str(rows, 0, 0)));
	json_put(v, "approved_by",
	    db_is_null(rows, 0, 1) ? json_null() : json_str(db_get_str(rows, 0, 1)));
	json_put(v, "approved_at",
	    db_is_null(rows, 0, 2) ? json_null() : json_time(db_get_usec(rows, 0, 2)));
	json_put(v, "created_at", json_time(db_get_usec(rows, 0, 3)));
	json_put(v, "hash", json_str(db_get_str(rows, 0, 4)));
	document = json_loads(db_get_text(rows, 0, 5, &req->arena), 0, NULL);
	json_put(v, "document", document != NULL ? document : json_object());
	db_rows_free(rows);
	api_reply(req, 200, v);
}

void
v1_campaign_runs(struct api_request *req)
{
	struct run_row *runs;
	struct campaign_row row;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int limit, count;

	if (!api_limit(req, &limit))
		return;
	rc = campaign_get(req->db, req->match.params[0], &req->arena, &row, &err);
	if (rc == STW_OK)
		rc = campaign_runs(
		    req->db, row.code, limit, &req->arena, &runs, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, v1_run_json(&runs[i]));
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

/* ---- writing ------------------------------------------------------------------------------ */
/* Checks the body as a campaign document and keeps it, or only checks it. */
static enum stw_code
keep(struct api_request *req, const char *expect_hash, struct campaign_row *row,
    struct stw_err *err)
{
	struct rule_scope scope;
	enum stw_code rc;

	rc = rule_scope_open(req->db, true, req->now, &req->arena, &scope, err);
	if (rc != STW_OK)
		return rc;
	rc = campaign_create(req->db, req->body, scope.env, req->actor.subject,
	    expect_hash, req->now, &req->arena, row, err);
	rule_scope_fini(&scope);
	return rc;
}

void
v1_campaign_create(struct api_request *req)
{
	const char *code = json_string_value(json_object_get(req->json, "code"));
	struct campaign_row row;
	struct stw_err err = {0};
	enum stw_code rc;

	if (code != NULL) {
		rc = campaign_get(req->db, code, &req->arena, &row, &err);
		if (rc == STW_OK) {
			api_problem(req, 409, "CAMPAIGN_EXISTS", "/code",
			    "code: the campaign exists; PUT makes a new version of it");
			return;
		}
		if (rc != STW_NOT_FOUND) {
			api_fail(req, rc, &err);
			return;
		}
	}
	rc = keep(req, NULL, &row, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 201, campaign_json(&row));
}

/* If-Match, without its quotes; NULL after answering 428. */
static const char *
if_match(struct api_request *req)
{
	const char *value = api_header(req, "If-Match");
	size_t len;

	if (value == NULL) {
		api_problem(req, 428, "PRECONDITION_REQUIRED", NULL,
		    "If-Match: the ETag of the version you read is wanted");
		return NULL;
	}
	len = strlen(value);
	if (len >= 2 && value[0] == '"' && value[len - 1] == '"')
		return arena_strndup(&req->arena, value + 1, len - 2);
	return value;
}

void
v1_campaign_replace(struct api_request *req)
{
	const char *code = json_string_value(json_object_get(req->json, "code"));
	const char *expect = if_match(req);
	struct campaign_row row;
	struct stw_err err = {0};
	enum stw_code rc;

	if (expect == NULL)
		return;
	if (code == NULL || strcmp(code, req->match.params[0]) != 0) {
		api_problem(
		    req, 400, "INVALID_REQUEST", "/code", "code: not that of the path");
		return;
	}
	rc = campaign_get(req->db, code, &req->arena, &row, &err);
	if (rc == STW_OK && strcmp(row.hash_hex, expect) != 0) {
		api_problem(req, 412, "PRECONDITION_FAILED", NULL,
		    "the campaign is at version %d now, which is not the one you read",
		    row.newest_version);
		return;
	}
	if (rc == STW_OK)
		rc = keep(req, expect, &row, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, campaign_json(&row));
}

static json_t *
fault_json(struct api_request *req, const struct stw_err *err)
{
	size_t len = err->text[0] == '/' ? strcspn(err->text, ": ,") : 0;
	json_t *v = json_object();

	json_put(v, "pointer", json_text(arena_strndup(&req->arena, err->text, len)));
	json_put(v, "line", json_integer(err->line));
	json_put(v, "column", json_integer(err->column));
	api_put_message(v, "detail", err->text);
	return v;
}

void
v1_campaign_validate(struct api_request *req)
{
	struct rule_scope scope;
	struct campaign campaign;
	struct stw_err err = {0};
	enum stw_code rc;
	json_t *v;

	rc = rule_scope_open(req->db, true, req->now, &req->arena, &scope, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	rc = campaign_parse(req->body, scope.env, &req->arena, &campaign, NULL, &err);
	if (rc == STW_OK)
		rc = trigger_check(req->db, &campaign.trigger, &err);
	if (rc != STW_OK && rc != STW_INVALID) {
		api_fail(req, rc, &err);
	} else {
		v = json_object();
		json_put(v, "ok", json_boolean(rc == STW_OK));
		json_put(
		    v, "error", rc == STW_OK ? json_null() : fault_json(req, &err));
		json_put(v, "hash",
		    rc == STW_OK ? json_text(campaign.hash_hex) : json_null());
		api_reply(req, 200, v);
	}
	rule_scope_fini(&scope);
}

/* {"version": N}; false after answering. */
static bool
body_version(struct api_request *req, int *out)
{
	static const char *const members[] = {"version", NULL};
	json_t *version = json_object_get(req->json, "version");

	if (!api_body_only(req, members))
		return false;
	if (!json_is_integer(version) || json_integer_value(version) < 1 ||
	    json_integer_value(version) > 1000000) {
		api_problem(req, 400, "INVALID_REQUEST", "/version",
		    "version: the number of the version you read is wanted");
		return false;
	}
	*out = (int)json_integer_value(version);
	return true;
}

void
v1_campaign_simulate(struct api_request *req)
{
	const char *code = req->match.params[0];
	struct campaign_row c;
	struct stw_err err = {0};
	enum stw_code rc;
	int version;

	if (!body_version(req, &version))
		return;
	rc = campaign_get(req->db, code, &req->arena, &c, &err);
	if (rc == STW_OK && version > c.newest_version)
		rc = stw_fail(&err, STW_NOT_FOUND,
		    "campaign '%s' has no version %d, only %d", code, version,
		    c.newest_version);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		operation_ask(req, "campaign.simulate");
}

void
v1_campaigns_simulate(struct api_request *req)
{
	operation_ask(req, "campaigns.simulate");
}

/* All that are active. */
void
v1_campaigns_simulate_run(struct api_request *req)
{
	struct plan_result result;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc = simulate_plan(req->db, req->app->live, NULL, 0, req->now,
	    req->progress, &req->arena, &result, &err);

	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < result.nruns; i++) {
		json_t *one = json_object();

		put_funnel(one, &result.runs[i]);
		json_push(items, one);
	}
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_campaign_simulate_run(struct api_request *req)
{
	struct plan_result result;
	struct stw_err err = {0};
	enum stw_code rc;
	int version;
	json_t *v;

	if (!body_version(req, &version))
		return;
	rc = simulate_plan(req->db, req->app->live, req->match.params[0], version,
	    req->now, req->progress, &req->arena, &result, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	put_funnel(v, &result.runs[0]);
	api_reply(req, 200, v);
}

void
v1_campaign_approve(struct api_request *req)
{
	const char *code = req->match.params[0];
	struct stw_err err = {0};
	enum stw_code rc;
	int version;

	if (!body_version(req, &version))
		return;
	rc = campaign_approve(
	    req->db, code, version, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_campaign(req, 200, code);
}

void
v1_campaign_activate(struct api_request *req)
{
	struct stw_err err = {0};
	enum stw_code rc;

	rc = campaign_activate(
	    req->db, req->match.params[0], req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_campaign(req, 200, req->match.params[0]);
}

void
v1_campaign_pause(struct api_request *req)
{
	struct stw_err err = {0};
	enum stw_code rc;

	rc = campaign_pause(
	    req->db, req->match.params[0], req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_campaign(req, 200, req->match.params[0]);
}
