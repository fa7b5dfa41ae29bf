#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/operations.h"
#include "api/resources.h"
#include "api/rule_scope.h"
#include "segments/book_one_store.h"
#include "segments/customer_store.h"
#include "segments/lifecycle_store.h"
#include "segments/lifecycle_why.h"
#include "segments/promise_store.h"

/* ---- JSON ------------------------------------------------------------------------------ */
static json_t *
from_text(const char *text)
{
	json_t *v = text == NULL ? NULL : json_loads(text, 0, NULL);

	return v != NULL ? v : json_null();
}

/* What segments/lifecycle_review_json.c wrote. */
static json_t *
from_buf(struct buf *text)
{
	json_t *v = json_loadb(text->data, text->len, 0, NULL);

	buf_fini(text);
	STW_ASSERT(v != NULL);
	return v;
}

static json_t *
validation_json(
    const struct lifecycle_model *model, const struct lifecycle_validation *v)
{
	struct buf text;

	buf_init(&text);
	lifecycle_validation_json(model, v, &text);
	return from_buf(&text);
}

static json_t *
version_json(const struct lifecycle_version *v, bool whole)
{
	json_t *one = json_object(), *document = from_text(v->document);
	json_t *name = json_object_get(document, "name");

	json_put(one, "code", json_text(v->code));
	json_put(one, "version", json_integer(v->version));
	json_put(one, "name",
	    json_names(json_string_value(json_object_get(name, "zh")),
		json_string_value(json_object_get(name, "en"))));
	json_put(one, "state", json_text(lifecycle_state_name(v->state)));
	json_put(one, "author", json_text(v->author));
	json_put(one, "created_at", json_time(v->created_at));
	json_put(one, "submitted_by", json_text(v->submitted_by));
	json_put(one, "submitted_at", json_time(v->submitted_at));
	json_put(
	    one, "warnings", v->warnings < 0 ? json_null() : json_integer(v->warnings));
	json_put(one, "rejected_why", json_text(v->rejected_why));
	json_put(one, "approved_by", json_text(v->approved_by));
	json_put(one, "approved_at", json_time(v->approved_at));
	json_put(one, "exempt", json_text(v->exempt));
	json_put(one, "activated_by", json_text(v->activated_by));
	json_put(one, "activated_at", json_time(v->activated_at));
	json_put(one, "hash", json_text(v->hash_hex));
	if (whole) {
		json_put(one, "preview", from_text(v->preview));
		json_put(one, "document", document);
	} else {
		json_decref(document);
	}
	return one;
}

/* ---- which version --------------------------------------------------------------------- */
static bool
path_version(struct api_request *req, int *version)
{
	char *end;
	long n = strtol(req->match.params[1], &end, 10);

	if (*end != '\0' || n < 1 || n > 1000000) {
		api_problem(req, 404, "NOT_FOUND", NULL, "there is no such version");
		return false;
	}
	*version = (int)n;
	return true;
}

static void
reply_version(struct api_request *req, int status, const char *code, int version)
{
	struct lifecycle_version v;
	struct stw_err err = {0};
	enum stw_code rc;

	rc = lifecycle_store_get(req->db, code, version, &req->arena, &v, NULL, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, status, version_json(&v, true));
}

void
v1_lifecycle_list(struct api_request *req)
{
	struct lifecycle_version *versions;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	rc = lifecycle_store_list(
	    req->db, api_query(req, "code"), &req->arena, &versions, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, version_json(&versions[i], false));
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_lifecycle_version(struct api_request *req)
{
	int version;

	if (path_version(req, &version))
		reply_version(req, 200, req->match.params[0], version);
}

void
v1_lifecycle_create(struct api_request *req)
{
	const char *code = json_string_value(json_object_get(req->json, "code"));
	struct stw_err err = {0};
	enum stw_code rc;
	int version;

	rc = lifecycle_store_save(
	    req->db, req->body, req->actor.subject, req->now, &version, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_version(req, 201, code, version);
}

/* The kept book where there is one; a load takes its time. */
static enum stw_code
open_book(struct api_request *req, struct rule_scope *out, struct stw_err *err)
{
	return rule_scope_open_parts(
	    req->db, req->app->live, req->now, &req->arena, out, err);
}

/* ---- looking before it counts ------------------------------------------------------------ */
/* A document of the body, or a version of the path. */
static enum stw_code
read_model(struct api_request *req, int version, struct lifecycle_model *model,
    struct stw_err *err)
{
	struct lifecycle_version v;

	if (version == 0)
		return lifecycle_parse(req->body, &req->arena, model, err);
	return lifecycle_store_get(
	    req->db, req->match.params[0], version, &req->arena, &v, model, err);
}

/* The place of a fault: the member of the document, then line and column inside a rule. */
static json_t *
fault_json(struct api_request *req, const struct stw_err *err)
{
	size_t len = strcspn(err->text, ": ");
	json_t *v = json_object();

	json_put(v, "path", json_text(arena_strndup(&req->arena, err->text, len)));
	json_put(v, "line", json_integer(err->line));
	json_put(v, "column", json_integer(err->column));
	api_put_message(v, "detail", err->text);
	return v;
}

/* 200 in any case in which the document could be looked at: a fault is a finding. */
static void
reply_validation(struct api_request *req, int version)
{
	struct lifecycle_model model = {0};
	struct lifecycle_validation validation;
	struct rule_scope scope = {0};
	struct stw_err err = {0};
	json_t *v;
	enum stw_code rc = read_model(req, version, &model, &err);

	if (rc == STW_OK)
		rc = open_book(req, &scope, &err);
	if (rc == STW_OK)
		rc = lifecycle_validate(&model, &scope.parts, req->now, req->progress,
		    &req->arena, &validation, &err);
	rule_scope_fini(&scope);
	if (rc != STW_OK && rc != STW_INVALID) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "ok", json_boolean(rc == STW_OK && validation.errors == 0));
	json_put(v, "error", rc == STW_OK ? json_null() : fault_json(req, &err));
	json_put(v, "validation",
	    rc == STW_OK ? validation_json(&model, &validation) : json_null());
	api_reply(req, 200, v);
}

static void
reply_preview(struct api_request *req, int version)
{
	struct lifecycle_model model, in_force;
	struct lifecycle_preview preview;
	struct rule_scope scope = {0};
	struct stw_err err = {0};
	struct buf text;
	bool any = false;
	enum stw_code rc = read_model(req, version, &model, &err);

	if (rc == STW_OK) {
		rc = lifecycle_store_active(req->db, &req->arena, &in_force, &err);
		any = rc == STW_OK;
		rc = rc == STW_NOT_FOUND ? STW_OK : rc;
	}
	if (rc == STW_OK)
		rc = open_book(req, &scope, &err);
	if (rc == STW_OK)
		rc = lifecycle_preview(any ? &in_force : NULL, &model, &scope.parts,
		    req->now, req->progress, &req->arena, &preview, &err);
	if (rc == STW_OK) {
		buf_init(&text);
		lifecycle_preview_json(
		    any ? &in_force : NULL, &model, &preview, true, &text);
		api_reply(req, 200, from_buf(&text));
	} else {
		api_fail(req, rc, &err);
	}
	rule_scope_fini(&scope);
}

void
v1_lifecycle_validate(struct api_request *req)
{
	operation_ask(req, "lifecycle.validate");
}

void
v1_lifecycle_validate_run(struct api_request *req)
{
	reply_validation(req, 0);
}

/* A document with a fault is refused at once. */
void
v1_lifecycle_preview(struct api_request *req)
{
	struct lifecycle_model model;
	struct stw_err err = {0};
	enum stw_code rc = read_model(req, 0, &model, &err);

	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		operation_ask(req, "lifecycle.preview");
}

void
v1_lifecycle_preview_run(struct api_request *req)
{
	reply_preview(req, 0);
}

void
v1_lifecycle_version_validation(struct api_request *req)
{
	int version;

	if (path_version(req, &version))
		reply_validation(req, version);
}

void
v1_lifecycle_version_preview(struct api_request *req)
{
	int version;

	if (path_version(req, &version))
		reply_preview(req, version);
}

/* ---- moves ------------------------------------------------------------------------------- */
void
v1_lifecycle_submit(struct api_request *req)
{
	struct lifecycle_validation validation;
	struct rule_scope scope = {0};
	struct stw_err err = {0};
	enum stw_code rc;
	int version;

	if (!path_version(req, &version))
		return;
	rc = open_book(req, &scope, &err);
	if (rc == STW_OK)
		rc = lifecycle_store_submit(req->db, req->match.params[0], version,
		    &scope.parts, req->actor.subject, req->now, &req->arena,
		    &validation, &err);
	rule_scope_fini(&scope);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_version(req, 200, req->match.params[0], version);
}

void
v1_lifecycle_approve(struct api_request *req)
{
	struct lifecycle_preview preview;
	struct rule_scope scope = {0};
	struct stw_err err = {0};
	enum stw_code rc;
	int version;

	if (!path_version(req, &version))
		return;
	rc = open_book(req, &scope, &err);
	if (rc == STW_OK)
		rc = lifecycle_store_approve(req->db, req->match.params[0], version,
		    &scope.parts, req->actor.subject, req->now, &req->arena, &preview,
		    &err);
	rule_scope_fini(&scope);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_version(req, 200, req->match.params[0], version);
}

void
v1_lifecycle_reject(struct api_request *req)
{
	static const char *const members[] = {"why", NULL};
	struct stw_err err = {0};
	const char *why;
	enum stw_code rc;
	int version;

	if (!path_version(req, &version) || !api_body_only(req, members) ||
	    !api_body_text(req, "why", 500, true, &why))
		return;
	rc = lifecycle_store_reject(req->db, req->match.params[0], version,
	    req->actor.subject, why, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_version(req, 200, req->match.params[0], version);
}

void
v1_lifecycle_activate(struct api_request *req)
{
	struct stw_err err = {0};
	enum stw_code rc;
	int version;

	if (!path_version(req, &version))
		return;
	rc = lifecycle_store_activate(
	    req->db, req->match.params[0], version, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_version(req, 200, req->match.params[0], version);
}

/* ---- promises ----------------------------------------------------------------------------- */
static json_t *
promise_json(const struct promise_row *p)
{
	bool counted = p->as_of != STW_USEC_NEVER;
	json_t *v = json_object();

	json_put(v, "code", json_text(p->code));
	json_put(v, "name", json_names(p->name_zh, p->name_en));
	json_put(v, "stage", json_text(p->stage));
	json_put(v, "tier", json_text(p->tier));
	json_put(v, "kind", json_text(p->kind));
	json_put(v, "days", json_integer(p->days));
	json_put(v, "segment", json_text(p->segment));
	json_put(v, "as_of", json_time(p->as_of));
	json_put(v, "covered", counted ? json_integer(p->covered) : json_null());
	json_put(v, "overdue", counted ? json_integer(p->overdue) : json_null());
	json_put(v, "undecided", counted ? json_integer(p->undecided) : json_null());
	return v;
}

void
v1_promise_list(struct api_request *req)
{
	struct lifecycle_model model;
	struct promise_row *promises;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	rc = lifecycle_store_active(req->db, &req->arena, &model, &err);
	if (rc == STW_OK)
		rc = promise_store_list(
		    req->db, model.code, &req->arena, &promises, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, promise_json(&promises[i]));
	json_put(v, "model", json_text(model.code));
	json_put(v, "version", json_integer(model.version));
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

/* ---- one customer -------------------------------------------------------------------------- */
json_t *
v1_stage_history(const struct lifecycle_event *events, int count)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		json_put(one, "model", json_text(events[i].model));
		json_put(one, "version", json_integer(events[i].version));
		json_put(one, "from", json_text(events[i].from));
		json_put(one, "to", json_text(events[i].to));
		json_put(one, "transition", json_text(events[i].transition));
		json_put(one, "reason", json_text(events[i].reason));
		json_put(one, "cause", json_text(events[i].cause));
		json_put(one, "at", json_time(events[i].at));
		json_push(list, one);
	}
	return list;
}

static enum stw_code
explain(struct api_request *req, const struct customer *c, json_t **out,
    struct stw_err *err)
{
	struct lifecycle_model model;
	struct lifecycle_event *events;
	struct lifecycle_why why;
	struct book *book = NULL;
	struct buf text;
	enum stw_code rc;
	int count = 0;

	rc = lifecycle_store_active(req->db, &req->arena, &model, err);
	if (rc == STW_OK)
		rc = lifecycle_store_history(req->db, c->bucket, c->customer_id,
		    &req->arena, &events, &count, err);
	if (rc == STW_OK)
		rc = book_load_one(
		    req->db, c->bucket, c->customer_id, req->now, &book, err);
	if (rc == STW_OK)
		rc = lifecycle_why(&model, book, 0, req->now, &req->arena, &why, err);
	if (rc == STW_OK) {
		buf_init(&text);
		lifecycle_why_json(&model, &why, &text);
		*out = from_buf(&text);
		json_put(*out, "customer", json_text(c->ref));
		json_put(*out, "history", v1_stage_history(events, count));
		json_put(*out, "as_of", json_time(req->now));
	}
	book_free(book);
	return rc;
}

void
v1_stage_why(struct api_request *req)
{
	struct customer c;
	struct stw_err err = {0};
	json_t *v = NULL;
	enum stw_code rc;

	if (!v1_customer_load(req, &c))
		return;
	rc = explain(req, &c, &v, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, v);
}
