#include "api/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <microhttpd.h>
#include <sodium.h>

#include "api/audit.h"
#include "api/idempotency.h"
#include "api/push/registry_ask.h"
#include "engine/log.h"

#define HEADERS_MAX    ((size_t)32 * 1024)
#define PATH_MAX_BYTES 2048
#define STOP_WAIT_SEC  10
#define TRIES          3
#define POOL_WAIT_MSEC 5000
#define STREAM_PIECE   ((size_t)64 * 1024)

/* A request between its first line and its last byte. */
struct call {
	struct api_request req;
	struct server *server;
	struct buf body;
	stw_usec began;
	bool started, too_large, bad_method;
	bool head;
	char allow[32];
};

enum stw_code
server_rules(struct server *server, struct db *db, const struct ruleset **out,
    struct stw_err *err)
{
	return server_rules_get(&server->rules, db, app_now(server->app), out, err);
}

enum stw_code
server_rules_or_none(struct server *server, struct db *db, const struct ruleset **out,
    struct stw_err *err)
{
	enum stw_code rc = server_rules(server, db, out, err);

	if (rc != STW_INVALID)
		return rc;
	*out = server_rules_none(&server->rules);
	return STW_OK;
}

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

	rc = oidc_is_token(header) ? oidc_check(&req->server->oidc, req->db, header,
					 &req->arena, &req->actor, &err)
				   : auth_check(req->db, &req->server->auth, header,
					 &req->arena, &req->actor, &err);
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
within_rate(struct api_request *req)
{
	const char *who = api_header(req, "Authorization");

	if (who == NULL ||
	    rate_take(&req->server->rate, str_of(who), stw_monotonic(), &req->rate))
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
	struct stw_err err = {0};
	enum stw_code rc;

	if ((flags & ROUTE_RAW) == 0 && !accepts_json(req)) {
		api_problem(req, 406, "NOT_ACCEPTABLE", NULL, "answers are JSON");
		return;
	}
	if (!within_rate(req))
		return;
	if ((flags & ROUTE_NO_DB) == 0) {
		rc = db_pool_acquire(req->server->pool, POOL_WAIT_MSEC, &req->db, &err);
		if (rc != STW_OK) {
			api_fail(req, rc, &err);
			return;
		}
	}
	if ((flags & ROUTE_PUBLIC) == 0)
		authenticate(req);
	if (req->status == 0 && !query_names_check(&req->server->query_names, req))
		goto done;
	if (req->status == 0 && (flags & ROUTE_BODY) != 0 && !parse_body(req))
		goto done;
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
done:
	if (req->status == 0)
		api_problem(req, 500, "INTERNAL", NULL, "no answer was made");
	if (req->db != NULL) {
		db_rollback(req->db);
		/* What was refused, for the role or the quota, is on record. */
		if ((req->status == 403 || req->status == 429) &&
		    req->actor.role != ROLE_NONE)
			note_denied(req);
		db_pool_release(req->server->pool, req->db);
		req->db = NULL;
	}
}

static void
allow_list(unsigned allowed, char to[32])
{
	size_t n = 0;

	for (int m = 0; m < METHODS; m++)
		if ((allowed & (1U << m)) != 0)
			n += (size_t)snprintf(to + n, 32 - n, "%s%s%s",
			    n > 0 ? ", " : "", method_name((enum api_method)m),
			    m == METHOD_GET ? ", HEAD" : "");
}

static void
run_call(struct call *call)
{
	static const struct route none = {0};
	struct api_request *req = &call->req;
	struct server *server = call->server;

	req->route = &none;
	if (call->too_large) {
		api_problem(req, 413, "TOO_LARGE", NULL,
		    "a body holds at most %lld bytes",
		    (long long)setting_int(server->app->settings, SET_MAX_BODY));
		return;
	}
	switch (route_find(server->routes, server->nroutes, req->method,
	    str_of(req->path), &req->arena, &req->match)) {
	case STW_OK:
		if (!call->bad_method) {
			req->route = &server->routes[req->match.index];
			run_route(req);
			return;
		}
		__attribute__((fallthrough));
	case STW_DENIED:
		allow_list(req->match.allowed, call->allow);
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

/* ---- answers on the wire ------------------------------------------------------------------ */
static void
header(struct MHD_Response *response, const char *name, const char *value)
{
	(void)MHD_add_response_header(response, name, value);
}

static void
common_headers(struct MHD_Response *response)
{
	header(response, "X-Content-Type-Options", "nosniff");
	header(response, "Referrer-Policy", "no-referrer");
	header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

static ssize_t
read_stream(void *cls, uint64_t at, char *to, size_t size)
{
	struct api_stream *stream = cls;
	ssize_t n = stream->read(stream, to, size);

	(void)at;
	/* Broken off, the client sees an answer without its end. */
	return n > 0    ? n
	       : n == 0 ? MHD_CONTENT_READER_END_OF_STREAM
			: MHD_CONTENT_READER_END_WITH_ERROR;
}

static void
close_stream(void *cls)
{
	struct api_stream *stream = cls;

	stream->close(stream);
}

static void
download_headers(struct MHD_Response *response, const struct api_request *req)
{
	char disposition[120];

	if (req->file_name == NULL)
		return;
	(void)snprintf(disposition, sizeof disposition,
	    "attachment; filename=\"%.80s\"", req->file_name);
	header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION, disposition);
	header(response, "X-Export-Id", req->export_id);
}

/* As draft-ietf-httpapi-ratelimit-headers has them. */
static void
rate_headers(struct MHD_Response *response, const struct api_request *req)
{
	char text[64];

	if (req->rate.burst == 0)
		return;
	(void)snprintf(
	    text, sizeof text, "\"token\";q=%lld;w=2", (long long)req->rate.burst);
	header(response, "RateLimit-Policy", text);
	(void)snprintf(text, sizeof text, "\"token\";r=%lld;t=%lld",
	    (long long)req->rate.remaining, (long long)req->rate.retry_after);
	header(response, "RateLimit", text);
}

/* The bytes, or the stream, change hands. */
static struct MHD_Response *
response_of(struct api_request *req)
{
	struct MHD_Response *response;

	if (req->stream != NULL) {
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
		    STREAM_PIECE, read_stream, req->stream, close_stream);
		req->stream = NULL;
	} else {
		response = MHD_create_response_from_buffer(
		    req->answer.len, req->answer.data, MHD_RESPMEM_MUST_FREE);
		buf_init(&req->answer);
	}
	STW_ASSERT(response != NULL);
	return response;
}

static enum MHD_Result
send_answer(struct call *call, struct MHD_Connection *connection)
{
	struct api_request *req = &call->req;
	struct MHD_Response *response = response_of(req);
	enum MHD_Result sent;
	char etag[80], seconds[24];

	download_headers(response, req);
	header(response, MHD_HTTP_HEADER_CONTENT_TYPE, req->content_type);
	header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	header(response, "X-Trace-Id", req->trace_id);
	header(response, "Content-Security-Policy",
	    "default-src 'none'; frame-ancestors 'none'");
	header(response, MHD_HTTP_HEADER_CONTENT_LANGUAGE, req->zh ? "zh-CN" : "en");
	common_headers(response);
	rate_headers(response, req);
	if (req->etag != NULL) {
		(void)snprintf(etag, sizeof etag, "\"%.70s\"", req->etag);
		header(response, MHD_HTTP_HEADER_ETAG, etag);
	}
	if (req->status == 401)
		header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
		    "Bearer realm=\"steward\"");
	if (req->status == 405)
		header(response, MHD_HTTP_HEADER_ALLOW, call->allow);
	if (req->status == 503)
		req->retry_after = 1;
	if (req->retry_after > 0) {
		(void)snprintf(
		    seconds, sizeof seconds, "%lld", (long long)req->retry_after);
		header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
	if (call->too_large)
		header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	sent = MHD_queue_response(connection, (unsigned)req->status, response);
	MHD_destroy_response(response);
	return sent;
}

static enum MHD_Result
redirect(struct MHD_Connection *connection, const char *to)
{
	struct MHD_Response *response;
	enum MHD_Result sent;

	response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	header(response, MHD_HTTP_HEADER_LOCATION, to);
	common_headers(response);
	sent = MHD_queue_response(connection, 302, response);
	MHD_destroy_response(response);
	return sent;
}

static enum MHD_Result
send_asset(struct call *call, struct MHD_Connection *connection)
{
	const struct asset *asset = assets_find(&call->server->assets, call->req.path);
	const char *known = api_header(&call->req, "If-None-Match");
	struct MHD_Response *response;
	enum MHD_Result sent;
	unsigned status = 200;

	if (asset == NULL) {
		api_problem(
		    &call->req, 404, "NOT_FOUND", NULL, "there is no such file");
		return send_answer(call, connection);
	}
	if (known != NULL && strstr(known, asset->etag) != NULL)
		status = 304;
	/* The files are read-only memory that outlives every answer; nobody writes there. */
	response = MHD_create_response_from_buffer(status == 304 ? 0 : asset->file->len,
	    (void *)(uintptr_t)asset->file->data, MHD_RESPMEM_PERSISTENT);
	header(response, MHD_HTTP_HEADER_ETAG, asset->etag);
	header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	header(response, MHD_HTTP_HEADER_CONTENT_TYPE, asset->type);
	header(response, "Content-Security-Policy", call->server->assets.policy);
	header(response, "Cross-Origin-Opener-Policy", "same-origin");
	header(
	    response, "Permissions-Policy", "camera=(), microphone=(), geolocation=()");
	common_headers(response);
	sent = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return sent;
}

/* ---- libmicrohttpd ----------------------------------------------------------------------- */
/* First of all: the address as sent, before anything is decoded. */
static void *
on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct call *call = stw_xalloc(sizeof *call);
	struct server *server = cls;
	size_t len = strcspn(uri, "?");

	memset(call, 0, sizeof *call);
	call->server = server;
	call->began = stw_monotonic();
	buf_init(&call->body);
	arena_init(&call->req.arena);
	buf_init(&call->req.answer);
	call->req.server = server;
	call->req.app = server->app;
	call->req.connection = connection;
	call->req.match.index = -1;
	if (len > PATH_MAX_BYTES)
		len = PATH_MAX_BYTES;
	call->req.path = arena_strndup(&call->req.arena, uri, len);
	atomic_fetch_add(&server->metrics.in_flight, 1);
	return call;
}

static void
on_done(void *cls, struct MHD_Connection *connection, void **con_cls,
    enum MHD_RequestTerminationCode why)
{
	struct call *call = *con_cls;
	struct server *server = cls;
	stw_usec took;

	(void)connection;
	(void)why;
	if (call == NULL)
		return;
	took = stw_monotonic() - call->began;
	if (call->req.status != 0) {
		metrics_count(
		    &server->metrics, call->req.match.index, call->req.status, took);
		log_event(LOG_DEBUG, "request",
		    "trace=%s route=\"%s %s\" status=%d usec=%lld", call->req.trace_id,
		    method_name(call->req.method),
		    call->req.match.index >= 0
			? server->routes[call->req.match.index].pattern
			: "-",
		    call->req.status, (long long)took);
	}
	atomic_fetch_sub(&server->metrics.in_flight, 1);
	json_decref(call->req.json);
	buf_fini(&call->req.answer);
	buf_fini(&call->body);
	arena_fini(&call->req.arena);
	free(call);
	*con_cls = NULL;
}

/* Headers are here, the body is not. */
static void
start_call(struct call *call, const char *method)
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

static bool
is_console(const char *path)
{
	return strcmp(path, "/console") == 0 || strncmp(path, "/console/", 9) == 0;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_len,
    void **con_cls)
{
	struct call *call = *con_cls;
	struct server *server = cls;

	(void)url;
	(void)version;
	if (call == NULL)
		return MHD_NO;
	if (!call->started) {
		start_call(call, method);
		if (!call->too_large)
			return MHD_YES;
		/* The length alone condemns it: answer before the body is sent. */
		run_call(call);
		return send_answer(call, connection);
	}
	if (*upload_len > 0) {
		if (call->body.len + *upload_len >
		    (size_t)setting_int(server->app->settings, SET_MAX_BODY))
			call->too_large = true;
		else
			buf_add(&call->body, upload, *upload_len);
		*upload_len = 0;
		return MHD_YES;
	}
	call->req.body =
	    (struct str){call->body.len > 0 ? call->body.data : "", call->body.len};
	if (call->req.method == METHOD_GET && !call->bad_method) {
		if (strcmp(call->req.path, "/") == 0 ||
		    strcmp(call->req.path, "/console") == 0)
			return redirect(connection, "/console/");
		if (is_console(call->req.path))
			return send_asset(call, connection);
	}
	run_call(call);
	return send_answer(call, connection);
}

static void
on_log(void *cls, const char *fmt, va_list ap)
{
	char text[300];

	(void)cls;
	(void)vsnprintf(text, sizeof text, fmt, ap);
	text[strcspn(text, "\r\n")] = '\0';
	log_event(LOG_DEBUG, "http", "text=\"%s\"", text);
}

static enum stw_code
write_port(const char *path, int port, struct stw_err *err)
{
	char temp[400];
	FILE *file;
	bool good;

	if (path[0] == '\0')
		return STW_OK;
	(void)snprintf(temp, sizeof temp, "%.380s.new", path);
	file = fopen(temp, "we");
	if (file == NULL)
		return stw_fail(
		    err, STW_TEMPFAIL, "port-file: cannot write %.200s", path);
	good = fprintf(file, "%d\n", port) > 0;
	good = fclose(file) == 0 && good;
	if (!good || rename(temp, path) != 0)
		return stw_fail(
		    err, STW_TEMPFAIL, "port-file: cannot write %.200s", path);
	return STW_OK;
}

static enum stw_code
start_daemon(struct server *server, int fd, struct stw_err *err)
{
	const struct settings *s = server->app->settings;
	unsigned workers = (unsigned)setting_int(s, SET_WORKERS);

	/* A pool of one thread is no pool to libmicrohttpd. */
	server->daemon = MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0, NULL,
	    NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
	    workers > 1 ? workers : 0, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)setting_int(s, SET_MAX_CONNECTIONS) + workers,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)setting_int(s, SET_IDLE_TIMEOUT),
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADERS_MAX,
	    MHD_OPTION_URI_LOG_CALLBACK, on_uri, server, MHD_OPTION_NOTIFY_COMPLETED,
	    on_done, server, MHD_OPTION_END);
	if (server->daemon == NULL)
		return stw_fail(err, STW_TEMPFAIL, "the HTTP server does not start");
	return STW_OK;
}

enum stw_code
server_open(struct server *server, struct app *app, const struct route *routes,
    int nroutes, struct stw_err *err)
{
	const struct settings *s = app->settings;
	enum stw_code rc;
	int fd = -1;

	memset(server, 0, sizeof *server);
	server->app = app;
	server->routes = routes;
	server->nroutes = nroutes;
	STW_ASSERT(nroutes <= METRICS_ROUTES);
	server_rules_init(&server->rules);
	rate_init(&server->rate, setting_int(s, SET_RATE_LIMIT));
	rc = query_names_open(&server->query_names, routes, nroutes, err);
	if (rc == STW_OK)
		rc = oidc_open(s, &server->oidc, err);
	if (rc == STW_OK)
		rc = auth_keys_open(
		    setting_text(s, SET_TOKEN_KEY), false, &server->auth, err);
	if (rc == STW_OK)
		rc = db_pool_open(setting_text(s, SET_DATABASE),
		    (int)setting_int(s, SET_DB_CONNECTIONS), &server->pool, err);
	if (rc == STW_OK)
		db_pool_keys(server->pool, server->app->keys);
	if (rc == STW_OK)
		rc = listen_open(setting_text(s, SET_LISTEN), &fd, &server->port, err);
	if (rc == STW_OK) {
		assets_open(&server->assets);
		rc = start_daemon(server, fd, err);
		if (rc != STW_OK)
			(void)close(fd);
	}
	if (rc == STW_OK)
		rc = write_port(setting_text(s, SET_PORT_FILE), server->port, err);
	if (rc != STW_OK)
		server_close(server);
	return rc;
}

void
server_stop(struct server *server)
{
	stw_usec until = stw_monotonic() + STOP_WAIT_SEC * STW_USEC_SEC;
	int fd;

	if (server->daemon == NULL)
		return;
	fd = MHD_quiesce_daemon(server->daemon);
	while (atomic_load(&server->metrics.in_flight) > 0 && stw_monotonic() < until)
		(void)usleep(10000);
	MHD_stop_daemon(server->daemon);
	server->daemon = NULL;
	if (fd >= 0)
		(void)close(fd);
}

void
server_close(struct server *server)
{
	server_stop(server);
	server_rules_fini(&server->rules);
	query_names_close(&server->query_names);
	oidc_close(&server->oidc);
	rate_fini(&server->rate);
	if (server->pool != NULL)
		db_pool_close(server->pool);
	assets_close(&server->assets);
	auth_keys_close(&server->auth);
	memset(server, 0, sizeof *server);
}
