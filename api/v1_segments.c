#include <string.h>

#include "api/app.h"
#include "api/resources.h"
#include "api/rule_scope.h"
#include "api/segment_change.h"
#include "segments/lifecycle_store.h"
#include "segments/segment_store.h"
#include "segments/suggest.h"

/* ---- stages ---------------------------------------------------------------------------- */
static int64_t
count_of(const struct lifecycle_count *counts, int ncounts, const char *stage)
{
	for (int i = 0; i < ncounts; i++)
		if (strcmp(counts[i].stage, stage) == 0)
			return counts[i].customers;
	return 0;
}

static enum stw_code
stages_as_of(struct api_request *req, const char *model, int64_t *customers,
    stw_usec *as_of, struct stw_err *err)
{
	const struct db_param params[] = {db_text(model)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query_one(req->db, DB_Q_STAGE_NEWEST, params, 1, &rows, err);
	if (rc == STW_OK) {
		*as_of = db_is_null(rows, 0, 0) ? req->now : db_get_usec(rows, 0, 0);
		*customers = db_get_i64(rows, 0, 1);
	}
	db_rows_free(rows);
	return rc;
}

/* null while there is none. */
static json_t *
failure_json(stw_usec at, const char *text)
{
	json_t *failure = json_null();

	if (at != STW_USEC_NEVER) {
		failure = json_object();
		json_put(failure, "at", json_time(at));
		api_put_message(failure, "text", text != NULL ? text : "");
	}
	return failure;
}

static json_t *
stages_build(const struct lifecycle_model *model, const struct lifecycle_count *counts,
    int ncounts, int64_t customers, stw_usec as_of,
    const struct lifecycle_failure *failure)
{
	json_t *v = json_object(), *items = json_array();
	int64_t placed = 0;

	for (int i = 0; i < model->nstages; i++) {
		const struct lifecycle_stage *s = &model->stages[i];
		int64_t n = count_of(counts, ncounts, s->code);
		json_t *one = json_object();

		placed += n;
		json_put(one, "code", json_text(s->code));
		json_put(one, "name", json_names(s->name_zh, s->name_en));
		json_put(one, "customers", json_integer(n));
		json_push(items, one);
	}
	json_put(v, "model", json_text(model->code));
	json_put(v, "version", json_integer(model->version));
	json_put(v, "name", json_names(model->name_zh, model->name_en));
	json_put(v, "items", items);
	json_put(
	    v, "unplaced", json_integer(customers > placed ? customers - placed : 0));
	json_put(v, "as_of", json_time(as_of));
	json_put(v, "failure", failure_json(failure->at, failure->text));
	return v;
}

json_t *
v1_stages_json(struct api_request *req)
{
	struct lifecycle_model model;
	struct lifecycle_count *counts;
	struct lifecycle_failure failure;
	struct stw_err err = {0};
	int64_t customers = 0;
	stw_usec as_of = 0;
	enum stw_code rc;
	int n;

	rc = lifecycle_store_active(req->db, &req->arena, &model, &err);
	if (rc == STW_OK)
		rc = lifecycle_store_counts(
		    req->db, model.code, &req->arena, &counts, &n, &err);
	if (rc == STW_OK)
		rc = stages_as_of(req, model.code, &customers, &as_of, &err);
	if (rc == STW_OK)
		rc = lifecycle_store_failure(
		    req->db, model.code, model.version, &req->arena, &failure, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return NULL;
	}
	return stages_build(&model, counts, n, customers, as_of, &failure);
}

void
v1_stages(struct api_request *req)
{
	json_t *v = v1_stages_json(req);

	if (v != NULL)
		api_reply(req, 200, v);
}

/* ---- segments -------------------------------------------------------------------------- */
static json_t *
segment_json(const struct segment_info *s)
{
	bool counted = s->as_of != STW_USEC_NEVER;
	json_t *v = json_object();

	json_put(v, "code", json_text(s->def.code));
	json_put(v, "name", json_names(s->def.name_zh, s->def.name_en));
	json_put(v, "version", json_integer(s->def.version));
	json_put(v, "kind", json_text(segment_kind_name(s->def.kind)));
	json_put(v, "rule",
	    s->def.kind == SEGMENT_RULE ? json_text(s->def.rule) : json_null());
	json_put(v, "state", json_text(s->state));
	json_put(v, "author", json_text(s->author));
	json_put(v, "hash", json_text(s->hash_hex));
	json_put(v, "as_of", json_time(s->as_of));
	json_put(v, "matched", counted ? json_integer(s->matched) : json_null());
	json_put(v, "undecided", counted ? json_integer(s->undecided) : json_null());
	json_put(v, "entered", counted ? json_integer(s->entered) : json_null());
	json_put(v, "left", counted ? json_integer(s->left) : json_null());
	json_put(v, "failure", failure_json(s->failed_at, s->failure));
	json_put(v, "updated_at", json_time(s->updated_at));
	return v;
}

json_t *
v1_segments_json(struct api_request *req)
{
	struct segment_info *segments;
	struct stw_err err = {0};
	enum stw_code rc;
	json_t *items;
	int count;

	rc = segment_store_list(req->db, false, &req->arena, &segments, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return NULL;
	}
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, segment_json(&segments[i]));
	return items;
}

void
v1_segment_list(struct api_request *req)
{
	json_t *items = v1_segments_json(req), *v;

	if (items == NULL)
		return;
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

static void
reply_segment(struct api_request *req, int status, const char *code)
{
	struct segment_info info;
	struct stw_err err = {0};
	enum stw_code rc;

	rc = segment_store_get(req->db, code, &req->arena, &info, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, status, segment_json(&info));
}

void
v1_segment(struct api_request *req)
{
	reply_segment(req, 200, req->match.params[0]);
}

void
v1_segment_save(struct api_request *req)
{
	static const char *const members[] = {"name", "rule", NULL};
	struct segment_def def = {.code = req->match.params[0]};
	json_t *name = json_object_get(req->json, "name");
	struct stw_err err = {0};
	enum stw_code rc;
	int version;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "rule", SEGMENT_MAX_DOCUMENT, true, &def.rule))
		return;
	if (!code_valid(str_of(def.code))) {
		api_problem(req, 400, "INVALID_REQUEST", NULL,
		    "a code begins with a small letter; letters, digits and _ follow");
		return;
	}
	def.name_zh = json_string_value(json_object_get(name, "zh"));
	def.name_en = json_string_value(json_object_get(name, "en"));
	if (def.name_zh == NULL || def.name_en == NULL || def.name_zh[0] == '\0' ||
	    def.name_en[0] == '\0' || strlen(def.name_zh) > 200 ||
	    strlen(def.name_en) > 200) {
		api_problem(req, 400, "INVALID_REQUEST", "/name",
		    "name: {\"zh\": ..., \"en\": ...} is wanted");
		return;
	}
	rc = segment_store_save(
	    req->db, &def, req->actor.subject, req->now, &version, &err);
	if (rc == STW_INVALID && err.text[0] != '/')
		(void)stw_err_prefix(&err, rc, "/rule");
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_segment(req, 201, def.code);
}

void
v1_segment_retire(struct api_request *req)
{
	const char *code = req->match.params[0];
	struct stw_err err = {0};
	enum stw_code rc =
	    segment_change_retire(req->db, code, req->actor.subject, req->now, &err);

	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_segment(req, 200, code);
}

/* ---- trying a rule ------------------------------------------------------------------------ */
static json_t *
check_json(const struct rule *rule, const struct stw_err *err, struct arena *arena)
{
	json_t *v = json_object(), *error = json_null();

	if (rule == NULL) {
		error = json_object();
		json_put(error, "line", json_integer(err->line));
		json_put(error, "column", json_integer(err->column));
		api_put_message(error, "detail", err->text);
	}
	json_put(v, "ok", json_boolean(rule != NULL));
	json_put(v, "error", error);
	json_put(v, "type",
	    rule != NULL ? json_text(rule_type_text(rule_result_type(rule), arena))
			 : json_null());
	json_put(v, "customers", json_null());
	json_put(v, "matched", json_null());
	json_put(v, "undecided", json_null());
	json_put(v, "as_of", json_null());
	return v;
}

static void
put_count(json_t *v, const struct rule_count *n, stw_usec as_of)
{
	json_put(v, "customers", json_integer(n->customers));
	json_put(v, "matched", json_integer(n->matched));
	json_put(v, "undecided", json_integer(n->undecided));
	json_put(v, "as_of", json_time(as_of));
}

void
v1_rule_check(struct api_request *req)
{
	static const char *const members[] = {"rule", "count", NULL};
	struct rule_scope scope = {0};
	struct rule_count n;
	struct stw_err err = {0};
	struct rule *rule = NULL;
	const char *text;
	enum stw_code rc;
	bool count;
	json_t *v = NULL;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "rule", SEGMENT_MAX_DOCUMENT, true, &text) ||
	    !api_body_bool(req, "count", false, &count))
		return;
	rc = count
		 ? rule_scope_open_parts(
		       req->db, req->app->live, req->now, &req->arena, &scope, &err)
		 : rule_scope_open(req->db, true, req->now, &req->arena, &scope, &err);
	if (rc != STW_OK)
		goto done;
	rc = rule_compile(scope.env, str_of(text), rule_type_basic(RULE_BOOL), NULL,
	    &req->arena, &rule, &err);
	if (rc != STW_OK && rc != STW_INVALID)
		goto done;
	v = check_json(rc == STW_OK ? rule : NULL, &err, &req->arena);
	if (rc == STW_OK && count) {
		rc = rule_scope_count(&scope, rule, req->now, &n, &err);
		if (rc == STW_OK)
			put_count(v, &n, scope.book->as_of);
	} else {
		rc = STW_OK;
	}
done:
	rule_scope_fini(&scope);
	if (rc != STW_OK) {
		json_decref(v);
		api_fail(req, rc, &err);
	} else {
		api_reply(req, 200, v);
	}
}
