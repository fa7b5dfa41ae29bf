/* A request's way from its headers to its answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "api/audit.h"
#include "api/idempotency.h"
#include "api/push/registry_ask.h"
#include "api/server_priv.h"
#include "engine/log.h"

#define TRIES          3
#define POOL_WAIT_MSEC 1000

/* ---- what a request carries --------------------------------------------------------- */
/* traceparent: 00-<32 hex>-<16 hex>-<2 hex>; a new random id without a valid one. */
static void
trace_id(struct api_request *req)
{
	const char *parent = api_header(req, "traceparent");
	unsigned char raw[16];

	if (parent != NULL && strlen(parent) >= 55 && strncmp(parent, "00-", 3) == 0 &&
	    strspn(parent + 3, "0123456789abcdef") == 32 && parent[35] == '-' &&
	    strspn(parent + 3, "0") != 32) {
		memcpy(req->trace_id, parent + 3, 32);
		req->trace_id[32] = '\0';
		return;
	}
	randombytes_buf(raw, sizeof raw);
	(void)sodium_bin2hex(req->trace_id, sizeof req->trace_id, raw, sizeof raw);
}

/* Chinese when it is named before English. */
static void
language(struct api_request *req)
{
	const char *accept = api_header(req, "Accept-Language");
	const char *zh, *en;

	if (accept == NULL)
		return;
	zh = strcasestr(accept, "zh");
	en = strcasestr(accept, "en");
	req->zh = zh != NULL && (en == NULL || zh < en);
}

static bool
accepts_json(struct api_request *req)
{
	const char *accept = api_header(req, "Accept");

	return accept == NULL || strstr(accept, "json") != NULL ||
	       strstr(accept, "*/*") != NULL || strstr(accept, "application/*") != NULL;
}

static bool
parse_body(struct api_request *req)
{
	const char *type = api_header(req, "Content-Type");
	json_error_t error;

	if ((req->route->flags & ROUTE_MAYBE) != 0 && req->body.len == 0) {
		req->json = json_object();
		return true;
	}
	if ((req->route->flags & ROUTE_LINES) != 0) {
		if (type != NULL && strncasecmp(type, "application/x-ndjson", 20) == 0)
			return true;
		api_problem(req, 415, "UNSUPPORTED_MEDIA_TYPE", NULL,
		    "Content-Type: application/x-ndjson is wanted");
		return false;
	}
	if (type == NULL || (strncasecmp(type, "application/json", 16) != 0 &&
				strstr(type, "+json") == NULL)) {
		api_problem(req, 415, "UNSUPPORTED_MEDIA_TYPE", NULL,
		    "Content-Type: application/json is wanted");
		return false;
	}
	req->json =
	    json_loadb(req->body.ptr, req->body.len, JSON_REJECT_DUPLICATES, &error);
	if (req->json == NULL) {
		api_problem(req, 400, "INVALID_JSON", "", "%d:%d: %s", error.line,
		    error.column, error.text);
		return false;
	}
	if (!json_is_object(req->json) &&
	    !(json_is_array(req->json) && (req->route->flags & ROUTE_LIST) != 0)) {
		api_problem(req, 400, "INVALID_JSON", "", "an object is wanted");
		return false;
	}
	return true;
}

/* ---- effects with their keys --------------------------------------------------------- */
static void
replay(struct api_request *req, const struct idempotency *it)
{
	json_t *value = json_loadb(it->body.ptr, it->body.len, 0, NULL);

	if (value == NULL) {
		api_problem(
		    req, 500, "INTERNAL", NULL, "the kept answer cannot be read");
		return;
	}
	atomic_fetch_add(&req->server->metrics.replayed, 1);
	api_reply(req, it->status, value);
}

/* One try; on anything but a 2xx nothing is kept. */
static void
try_effect(struct api_request *req, struct idempotency *it)
{
	struct stw_err err = {0};
	enum stw_code rc;

	req->status = 0;
	req->retry_later = false;
	rc = db_begin(req->db, &err);
	if (rc == STW_OK)
		rc = idempotency_begin(req->db, &req->arena, it, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		goto done;
	}
	switch (it->state) {
	case IDEMPOTENCY_BUSY:
		api_problem(req, 409, "IDEMPOTENCY_IN_PROGRESS", NULL,
		    "a request with this Idempotency-Key is under way; ask again");
		break;
	case IDEMPOTENCY_OTHER:
		api_problem(req, 422, "IDEMPOTENCY_KEY_REUSED", NULL,
		    "this Idempotency-Key was used for another request");
		break;
	case IDEMPOTENCY_KNOWN:
		replay(req, it);
		break;
	case IDEMPOTENCY_NEW:
		db_lend(req->db, true);
		req->route->handler(req);
		db_lend(req->db, false);
		if (req->status >= 300)
			break;
		rc = db_in_transaction(req->db) ? STW_OK
						: stw_fail(&err, STW_TEMPFAIL,
						      "what was done was undone again");
		if (rc == STW_OK)
			rc = idempotency_keep(req->db, it, req->status,
			    (struct str){req->answer.data, req->answer.len}, req->now,
			    &err);
		if (rc == STW_OK)
			rc = db_commit(req->db, &err);
		if (rc != STW_OK)
			api_fail(req, rc, &err);
		break;
	}
done:
	db_rollback(req->db);
}

static void
run_effect(struct api_request *req)
{
	struct idempotency it = {0};

	it.key = api_header(req, "Idempotency-Key");
	if (it.key == NULL || !idempotency_key_valid(it.key)) {
		api_problem(req, 400, "IDEMPOTENCY_KEY_MISSING", NULL,
		    "Idempotency-Key: 1 to %d printable characters are wanted",
		    IDEMPOTENCY_KEY_MAX);
		return;
	}
	it.actor = req->actor.key_id;
	idempotency_fingerprint(
	    method_name(req->method), req->path, req->body, it.fingerprint);
	for (int i = 0; i < TRIES; i++) {
		try_effect(req, &it);
		if (!req->retry_later)
			return;
	}
}

/* ---- from route to answer --------------------------------------------------------------- */
static void
note_denied(struct api_request *req)
{
	struct stw_err err = {0};

	atomic_fetch_add(&req->server->metrics.denied, 1);
	log_event(LOG_WARN, "access_denied", "trace=%s key=%s role=%s route=\"%s %s\"",
	    req->trace_id, req->actor.key_id, role_name(req->actor.role),
	    method_name(req->method), req->route->pattern);
	if (auth_note_denied(req->db, &req->actor, method_name(req->method),
		req->route->pattern, req->now, &err) != STW_OK)
		log_err(LOG_ERROR, "access_not_recorded", &err);
}

static void
authenticate(struct api_request *req)
{
	const char *header = api_header(req, "Authorization");
	struct stw_err err = {0};
	enum stw_code rc;

	rc = oidc_is_token(header)
		 ? oidc_check(&req->server->oidc, req->db, header, &req->arena,
		       &req->actor, &err)
		 : auth_cache_check(&req->server->tokens, req->db, &req->server->auth,
		       header, &req->arena, &req->actor, &err);
	if (rc == STW_DENIED) {
		atomic_fetch_add(&req->server->metrics.unauthenticated, 1);
		api_problem(req, 401, "UNAUTHENTICATED", NULL, "%s", err.text);
	} else if (rc != STW_OK) {
		api_fail(req, rc, &err);
	} else if ((req->route->roles & (unsigned)req->actor.role) == 0) {
		api_problem(req, 403, "FORBIDDEN", NULL,
		    req->zh ? "角色 %s 无权执行此操作" : "the role %s may not do this",
		    role_name(req->actor.role));
	}
}

/* Before anything that costs: false after answering 429. */
static bool
within_rate(struct call *call)
{
	struct api_request *req = &call->req;
	const char *who = api_header(req, "Authorization");

	if (who == NULL)
		return true;
	call->work.who = rate_name(&req->server->rate, str_of(who));
	if (rate_take(&req->server->rate, str_of(who), stw_monotonic(), &req->rate))
		return true;
	atomic_fetch_add(&req->server->metrics.throttled, 1);
	req->retry_after = req->rate.retry_after;
	api_problem(req, 429, "RATE_LIMIT", NULL,
	    req->zh ? "每个令牌每秒最多 %lld 个请求"
		    : "one token may send %lld requests a second",
	    (long long)req->server->rate.per_second);
	return false;
}

/* Outside of any transaction: a registry may take its time. Only an agent's own tasks. */
static void
ask_registries(struct api_request *req)
{
	struct uuid task;

	if (uuid_parse(str_of(req->match.params[0]), &task) == STW_OK)
		registry_ask(req->db, req->app->keys, &req->app->egress, &task, 1,
		    req->actor.subject, req->now);
}

static void
run_route(struct api_request *req)
{
	unsigned flags = req->route->flags;

	if ((flags & ROUTE_PUBLIC) == 0)
		authenticate(req);
	if (req->status == 0 && !query_names_check(&req->server->query_names, req))
		return;
	if (req->status == 0 && (flags & ROUTE_BODY) != 0 && !parse_body(req))
		return;
	if (req->status == 0 && (flags & ROUTE_ASKS) != 0)
		ask_registries(req);
	if (req->status == 0) {
		if ((flags & ROUTE_IDEMPOTENT) != 0)
			run_effect(req);
		else
			req->route->handler(req);
	}
	if ((flags & ROUTE_AUDIT) != 0 && req->status >= 200 && req->status < 300) {
		db_rollback(req->db);
		audit_look(req);
	}
}

void
call_run(struct work *work)
{
	struct call *call = (struct call *)work;
	struct api_request *req = &call->req;
	struct server *server = call->server;
	struct stw_err err = {0};
	enum stw_code rc = STW_OK;

	if ((req->route->flags & ROUTE_NO_DB) == 0)
		rc = db_pool_acquire(server->pool, POOL_WAIT_MSEC, &req->db, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	if (req->db != NULL)
		workers_db(server->workers, work, req->db);
	run_route(req);
	if (req->status == 0)
		api_problem(req, 500, "INTERNAL", NULL, "no answer was made");
	if (req->db == NULL)
		return;
	db_rollback(req->db);
	/* What was refused, for the role or the quota, is on record. */
	if ((req->status == 403 || req->status == 429) && req->actor.role != ROLE_NONE)
		note_denied(req);
	workers_db(server->workers, work, NULL);
	db_pool_release(server->pool, req->db);
	req->db = NULL;
}

int
call_wait_sec(struct call *call)
{
	const char *prefer = api_header(&call->req, "Prefer");
	const char *wait = prefer == NULL ? NULL : strcasestr(prefer, "wait=");
	long seconds = wait == NULL ? 0 : strtol(wait + 5, NULL, 10);

	return seconds < 0 ? 0 : seconds > WAIT_MAX_SEC ? WAIT_MAX_SEC : (int)seconds;
}

void
call_await(struct work *work)
{
	struct call *call = (struct call *)work;
	struct api_request *req = &call->req;
	struct server *server = call->server;
	struct stw_err err = {0};

	/* What is answered already can be answered. */
	if (db_pool_acquire(server->pool, POOL_WAIT_MSEC, &req->db, &err) != STW_OK)
		return;
	workers_db(server->workers, work, req->db);
	operation_answer(req);
	workers_db(server->workers, work, NULL);
	db_pool_release(server->pool, req->db);
	req->db = NULL;
}

void
call_late(struct work *work)
{
	struct call *call = (struct call *)work;
	struct api_request *req = &call->req;

	atomic_fetch_add(&call->server->metrics.overloaded, 1);
	api_problem(req, 503, "OVERLOADED", NULL, "%s",
	    req->zh
		? "服务器忙，请稍后重试同一请求"
		: "the server has more to do than it can; send the same request again later");
}

static void
allow_list(const struct route_match *match, char to[32])
{
	size_t n = 0;

	for (int m = 0; m < METHODS; m++)
		if ((match->allowed & (1U << m)) != 0)
			n += (size_t)snprintf(to + n, 32 - n, "%s%s%s",
			    n > 0 ? ", " : "", method_name((enum api_method)m),
			    m == METHOD_GET && match->head ? ", HEAD" : "");
}

static void
find_route(struct call *call)
{
	static const struct route none = {0};
	struct api_request *req = &call->req;
	struct server *server = call->server;

	req->route = &none;
	switch (route_find(server->routes, server->nroutes, req->method,
	    str_of(req->path), &req->arena, &req->match)) {
	case STW_OK:
		if (!call->bad_method && (!call->head || req->match.head)) {
			req->route = &server->routes[req->match.index];
			return;
		}
		__attribute__((fallthrough));
	case STW_DENIED:
		allow_list(&req->match, call->allow);
		req->match.index = -1;
		api_problem(req, 405, "METHOD_NOT_ALLOWED", NULL, "this path takes %s",
		    call->allow);
		return;
	case STW_INVALID:
		req->match.index = -1;
		api_problem(
		    req, 400, "INVALID_PATH", NULL, "the path cannot be decoded");
		return;
	case STW_NOT_FOUND:
	case STW_CONFLICT:
	case STW_TEMPFAIL:
	case STW_BUG:
		break;
	}
	api_problem(req, 404, "NOT_FOUND", NULL, "there is no such path");
}

bool
call_route(struct call *call)
{
	struct api_request *req = &call->req;

	if (call->too_large)
		api_problem(req, 413, "TOO_LARGE", NULL,
		    "a body holds at most %lld bytes",
		    (long long)setting_int(call->server->app->settings, SET_MAX_BODY));
	else if (call->refused)
		call_late(&call->work);
	else
		find_route(call);
	if (req->status != 0)
		return true;
	if ((req->route->flags & ROUTE_RAW) == 0 && !accepts_json(req))
		api_problem(req, 406, "NOT_ACCEPTABLE", NULL, "answers are JSON");
	else
		(void)within_rate(call);
	return req->status != 0;
}

void
call_start(struct call *call, const char *method)
{
	struct api_request *req = &call->req;
	const char *length = api_header(req, "Content-Length");
	int64_t max = setting_int(call->server->app->settings, SET_MAX_BODY);

	call->started = true;
	req->now = app_now(call->server->app);
	trace_id(req);
	language(req);
	if (strcmp(method, "HEAD") == 0)
		call->head = true;
	else if (strcmp(method, "POST") == 0)
		req->method = METHOD_POST;
	else if (strcmp(method, "PUT") == 0)
		req->method = METHOD_PUT;
	else if (strcmp(method, "GET") != 0)
		call->bad_method = true;
	if (length != NULL && strtoll(length, NULL, 10) > max)
		call->too_large = true;
}
