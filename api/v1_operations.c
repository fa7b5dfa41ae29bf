/* Operations: what was asked for and is carried out later, and what came of it. */
#include <string.h>

#include "api/operations.h"
#include "api/page.h"
#include "api/resources.h"

/* Their own; those who answer for the records see all. */
#define AUDITORS (ROLE_COMPLIANCE | ROLE_ADMIN)

static const char *const states[] = {
    "queued", "running", "succeeded", "failed", "cancelled", "interrupted"};

static const char *
whose(const struct api_request *req)
{
	return ((unsigned)req->actor.role & AUDITORS) != 0 ? NULL : req->actor.subject;
}

/* ---- JSON ------------------------------------------------------------------------------ */
static json_t *
row_json(const struct operation *op)
{
	json_t *v = json_object(), *progress = json_object();

	json_put(progress, "step", json_text(op->step));
	json_put(progress, "done", json_integer(op->done));
	json_put(progress, "total", json_positive(op->total));
	json_put(v, "id", json_text(op->id));
	json_put(v, "kind", json_text(op->kind));
	json_put(v, "path", json_text(op->path));
	json_put(v, "state", json_text(op->state));
	json_put(v, "requested_by", json_text(op->subject));
	json_put(v, "progress", progress);
	json_put(v, "created_at", json_time(op->created_at));
	json_put(v, "started_at", json_time(op->started_at));
	json_put(v, "ended_at", json_time(op->ended_at));
	json_put(v, "cancelled_by", json_text(op->cancelled_by));
	return v;
}

/* What there is to know of one that gave no answer. */
static json_t *
interrupted_json(const struct api_request *req)
{
	json_t *v = json_object();

	json_put(v, "type", json_text("urn:steward:problem:interrupted"));
	json_put(v, "title", json_text(req->zh ? "操作被中断" : "It was interrupted"));
	json_put(v, "status", json_integer(503));
	json_put(v, "code", json_text("INTERRUPTED"));
	json_put(v, "detail",
	    json_text("the server that carried it out has stopped; nothing of it was "
		      "kept: send the request again, with a new Idempotency-Key"));
	json_put(v, "detail_zh",
	    json_text("执行该操作的服务器已停止；未保留任何结果：请用新的 "
		      "Idempotency-Key 重新发送请求"));
	json_put(v, "instance", json_text(req->path));
	json_put(v, "trace_id", json_text(req->trace_id));
	json_put(v, "retryable", json_true());
	return v;
}

static json_t *
answer_json(const struct operation *op)
{
	json_t *v = json_loads(op->answer, 0, NULL);

	STW_ASSERT(v != NULL); /* we wrote it */
	return v;
}

static json_t *
operation_json(const struct api_request *req, const struct operation *op)
{
	json_t *v = row_json(op);
	bool good = strcmp(op->state, "succeeded") == 0;
	bool bad = strcmp(op->state, "failed") == 0;

	json_put(v, "result", good ? answer_json(op) : json_null());
	json_put(v, "problem",
	    bad                                     ? answer_json(op)
	    : strcmp(op->state, "interrupted") == 0 ? interrupted_json(req)
						    : json_null());
	return v;
}

/* ---- asking ---------------------------------------------------------------------------- */
void
operation_ask(struct api_request *req, const char *kind)
{
	struct uuid id = uuid_new(req->now);
	char text[UUID_TEXT];
	struct operation_request request = {.id = uuid_format(&id, text),
	    .kind = kind,
	    .path = req->path,
	    .nparams = (size_t)req->match.nparams,
	    .body = req->body,
	    .key_id = req->actor.key_id,
	    .subject = req->actor.subject,
	    .role = role_name(req->actor.role),
	    .zh = req->zh};
	struct operation op;
	struct stw_err err = {0};
	bool added = false;
	enum stw_code rc;

	STW_ASSERT(operation_kind_find(kind) != NULL);
	memcpy(request.params, req->match.params, sizeof request.params);
	rc = operation_add(req->db, &request, req->now, &added, &err);
	if (rc == STW_OK && !added) {
		req->retry_after = 10;
		api_problem(req, 429, "OPERATIONS_OPEN", NULL,
		    req->zh
			? "您已有 %d 个未结束的操作；请等待其结束或取消其中之一"
			: "you have %d operations that have not ended; wait for one "
			  "or cancel it",
		    OPERATIONS_OPEN);
		return;
	}
	if (rc == STW_OK)
		rc = operation_get(req->db, &id, NULL, &req->arena, &op, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 202, operation_json(req, &op));
}

/* The id is of an answer of this server to this request. */
void
operation_answer(struct api_request *req)
{
	struct operation op;
	struct stw_err err = {0};
	struct uuid id;
	enum stw_code rc = uuid_parse(str_of(req->operation), &id);

	STW_ASSERT(rc == STW_OK);
	rc = operation_get(req->db, &id, req->actor.subject, &req->arena, &op, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
	} else if (op.answer == NULL) {
		api_reply(req, 202, operation_json(req, &op));
	} else {
		req->operation = NULL;
		api_reply(req, op.status, answer_json(&op));
		if (op.status >= 400)
			req->content_type = "application/problem+json";
	}
}

/* ---- looking and cancelling --------------------------------------------------------------- */
static bool
state_known(struct api_request *req, const char *state)
{
	for (size_t i = 0; state != NULL && i < STW_ARRAY_LEN(states); i++)
		if (strcmp(states[i], state) == 0)
			return true;
	if (state != NULL)
		api_problem(req, 400, "INVALID_REQUEST", NULL,
		    "query parameter state: queued, running, succeeded, failed, cancelled "
		    "or interrupted is wanted");
	return state == NULL;
}

void
v1_operation_list(struct api_request *req)
{
	const char *state = api_query(req, "state");
	stw_usec before = STW_USEC_MAX;
	struct uuid before_id = {{0}};
	struct operation *rows;
	struct stw_err err = {0};
	struct page page;
	json_t *items;
	enum stw_code rc;
	int count, last;

	if (!state_known(req, state) ||
	    !page_begin_uuid(req,
		arena_printf(&req->arena, "operations\n%s\n%s",
		    whose(req) == NULL ? "" : whose(req), state == NULL ? "" : state),
		&page, &before, &before_id))
		return;
	rc = operation_list(req->db, whose(req), state, before, &before_id,
	    page.limit + 1, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, row_json(&rows[i]));
	last = page_last(&page, count);
	page_reply(req, &page, items,
	    last < 0 ? NULL : page_place(req, rows[last].created_at, rows[last].id));
}

void
v1_operation(struct api_request *req)
{
	struct operation op;
	struct stw_err err = {0};
	struct uuid id;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id))
		return;
	rc = operation_get(req->db, &id, whose(req), &req->arena, &op, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, operation_json(req, &op));
}

/* Whose it is, and an administrator. */
static const char *
who_cancels(const struct api_request *req)
{
	return req->actor.role == ROLE_ADMIN ? NULL : req->actor.subject;
}

void
v1_operation_cancel(struct api_request *req)
{
	struct operation op;
	struct stw_err err = {0};
	struct uuid id;
	bool done = false;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id))
		return;
	rc = operation_get(req->db, &id, who_cancels(req), &req->arena, &op, &err);
	if (rc == STW_OK)
		rc = operation_cancel(
		    req->db, op.id, req->actor.subject, req->now, &done, &err);
	if (rc == STW_OK)
		rc = operation_get(req->db, &id, NULL, &req->arena, &op, &err);
	if (rc == STW_OK && !done && strcmp(op.state, "cancelled") != 0)
		rc = stw_fail(&err, STW_CONFLICT,
		    "it has ended already: %s; nothing is cancelled", op.state);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	operations_cancelled(&req->server->operations, op.id);
	api_reply(req, 200, operation_json(req, &op));
}
