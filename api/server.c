#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/server_priv.h"
#include "engine/log.h"

#define HEADERS_MAX    ((size_t)32 * 1024)
#define PATH_MAX_BYTES 2048
#define STOP_WAIT_SEC  10
#define WIRE_THREADS   2U
#define LOOK_USEC      50000
/* Bodies that are not whole yet, all together, in the largest that one may be. */
#define BODIES_MAX 32
/* What a client may go on sending of a body that is refused, in the same. */
#define SWALLOW_MAX 4

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

/* ---- libmicrohttpd ----------------------------------------------------------------------- */
static void
call_resume(struct call *call)
{
	call->answered = true;
	MHD_resume_connection(call->req.connection);
}

/* The wait for an operation is over; where nobody looks any more what came of it, 202 stays. */
static void
call_waited(void *arg)
{
	struct call *call = arg;

	call->work.run = call_await;
	call->work.late = NULL;
	if (!workers_put(call->server->workers, &call->work))
		call_resume(call);
}

/* The answer is there: its connection's thread goes on, or it sleeps until the operation that
 * the answer names has ended. */
static void
call_done(struct work *work)
{
	struct call *call = (struct call *)work;
	struct operations *ops = &call->server->operations;

	if (call->req.operation != NULL && !call->waited) {
		call->waited = true;
		operations_wake(ops);
		if (operations_wait(ops, call->req.operation, call_wait_sec(call),
			call_waited, call))
			return;
	}
	call_resume(call);
}

/* First of all: the address as sent, before anything is decoded. */
static void *
on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct call *call = stw_xalloc(sizeof *call);
	struct server *server = cls;
	size_t len = strcspn(uri, "?");
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	memset(call, 0, sizeof *call);
	call->server = server;
	call->wire = info->socket_context;
	connection_enter(call->wire, CONNECTION_RECEIVING);
	call->work.run = call_run;
	call->work.late = call_late;
	call->work.done = call_done;
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
	connection_enter(call->wire, CONNECTION_IDLE);
	atomic_fetch_sub(&server->bodies, (int64_t)call->body.len);
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

static bool
is_console(const char *path)
{
	return strcmp(path, "/console") == 0 || strncmp(path, "/console/", 9) == 0;
}

/* False: the client is not worth waiting for. */
static bool
take_body(struct call *call, const char *upload, size_t len)
{
	struct server *server = call->server;
	size_t max = (size_t)setting_int(server->app->settings, SET_MAX_BODY);

	connection_moved(call->wire, (int64_t)len);
	if (!call->too_large && !call->refused) {
		call->too_large = call->body.len + len > max;
		call->refused =
		    !call->too_large && atomic_load(&server->bodies) + (int64_t)len >
					    (int64_t)max * BODIES_MAX;
	}
	if (call->too_large || call->refused) {
		call->swallowed += len;
		return call->swallowed <= max * SWALLOW_MAX;
	}
	buf_add(&call->body, upload, len);
	atomic_fetch_add(&server->bodies, (int64_t)len);
	return true;
}

/* To the workers; the connection sleeps until they are done. */
static enum MHD_Result
hand_over(struct call *call, struct MHD_Connection *connection)
{
	unsigned flags = call->req.route->flags;

	call->work.slow = (flags & ROUTE_SLOW) != 0;
	connection_enter(call->wire, CONNECTION_WORKING);
	MHD_suspend_connection(connection);
	if (workers_put(call->server->workers, &call->work))
		return MHD_YES;
	/* The server stops. */
	call_late(&call->work);
	call->answered = true;
	MHD_resume_connection(connection);
	return MHD_YES;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_len,
    void **con_cls)
{
	struct call *call = *con_cls;

	(void)cls;
	(void)url;
	(void)version;
	if (call == NULL)
		return MHD_NO;
	if (!call->started) {
		call_start(call, method);
		call->refused = call->wire->spare;
		if (!call->too_large && !call->refused)
			return MHD_YES;
		/* Answered before the body is sent. */
		(void)call_route(call);
		return call_answer(call, connection);
	}
	if (call->answered)
		return call_answer(call, connection);
	if (*upload_len > 0) {
		size_t len = *upload_len;

		*upload_len = 0;
		return take_body(call, upload, len) ? MHD_YES : MHD_NO;
	}
	call->req.body =
	    (struct str){call->body.len > 0 ? call->body.data : "", call->body.len};
	if (call->req.method == METHOD_GET && !call->bad_method && !call->refused) {
		if (strcmp(call->req.path, "/") == 0 ||
		    strcmp(call->req.path, "/console") == 0)
			return call_redirect(connection, "/console/");
		if (is_console(call->req.path))
			return call_asset(call, connection);
	}
	if (call_route(call))
		return call_answer(call, connection);
	if ((call->req.route->flags & ROUTE_HERE) == 0)
		return hand_over(call, connection);
	call_run(&call->work);
	return call_answer(call, connection);
}

static void
on_connection(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode what)
{
	struct server *server = cls;

	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		*context = connection_open(
		    &server->connections, MHD_get_connection_info(connection,
					      MHD_CONNECTION_INFO_CONNECTION_FD)
					      ->connect_fd);
	else
		connection_close(&server->connections, *context);
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
	unsigned most = (unsigned)setting_int(s, SET_MAX_CONNECTIONS);

	/* Those beyond `most` are told so. With all places taken more wait to be accepted, until
	 * the spare ones are closed. */
	most += most / 4 > 16 ? most / 4 : 16;
	server->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD |
					      MHD_ALLOW_SUSPEND_RESUME |
					      MHD_USE_ERROR_LOG,
	    0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, WIRE_THREADS,
	    MHD_OPTION_CONNECTION_LIMIT, most, MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)setting_int(s, SET_IDLE_TIMEOUT),
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADERS_MAX,
	    MHD_OPTION_URI_LOG_CALLBACK, on_uri, server, MHD_OPTION_NOTIFY_COMPLETED,
	    on_done, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
	    MHD_OPTION_END);
	if (server->daemon == NULL)
		return stw_fail(err, STW_TEMPFAIL, "the HTTP server does not start");
	return STW_OK;
}

static void *
watch_main(void *arg)
{
	struct server *server = arg;

	while (atomic_load(&server->watching)) {
		stw_usec now = stw_monotonic();

		connections_look(&server->connections, now);
		workers_look(server->workers, now);
		(void)usleep(LOOK_USEC);
	}
	return NULL;
}

/* The workers, and who looks after them and the connections. */
static enum stw_code
start_workers(struct server *server, struct stw_err *err)
{
	const struct settings *s = server->app->settings;
	enum stw_code rc;

	rc = workers_open((int)setting_int(s, SET_WORKERS),
	    setting_int(s, SET_REQUEST_TIMEOUT) * STW_USEC_SEC, &server->workers, err);
	if (rc != STW_OK)
		return rc;
	atomic_store(&server->watching, true);
	if (pthread_create(&server->watch, NULL, watch_main, server) == 0)
		return STW_OK;
	atomic_store(&server->watching, false);
	return stw_fail(err, STW_TEMPFAIL, "a thread does not start");
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
	auth_cache_init(&server->tokens);
	operations_init(&server->operations, server);
	rate_init(&server->rate, setting_int(s, SET_RATE_LIMIT));
	connections_init(&server->connections, (int)setting_int(s, SET_MAX_CONNECTIONS),
	    setting_int(s, SET_IDLE_TIMEOUT) * STW_USEC_SEC);
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
		rc = start_workers(server, err);
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
	/* No connection may sleep when the daemon ends. */
	workers_drain(server->workers, until - stw_monotonic());
	MHD_stop_daemon(server->daemon);
	server->daemon = NULL;
	if (fd >= 0)
		(void)close(fd);
}

void
server_close(struct server *server)
{
	operations_fini(&server->operations);
	server_stop(server);
	if (atomic_exchange(&server->watching, false))
		(void)pthread_join(server->watch, NULL);
	workers_close(server->workers);
	connections_fini(&server->connections);
	server_rules_fini(&server->rules);
	auth_cache_fini(&server->tokens);
	query_names_close(&server->query_names);
	oidc_close(&server->oidc);
	rate_fini(&server->rate);
	if (server->pool != NULL)
		db_pool_close(server->pool);
	assets_close(&server->assets);
	auth_keys_close(&server->auth);
	memset(server, 0, sizeof *server);
}
