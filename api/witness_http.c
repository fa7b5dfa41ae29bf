#include "api/witness_http.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "engine/arena.h"
#include "engine/log.h"

#define CONNECTIONS 64
#define IDLE_SEC    30
#define HEADERS_MAX ((size_t)16 * 1024)
#define POLL_USEC   100000
#define TEXT_TYPE   "text/plain; charset=utf-8"
#define SIZE_TYPE   "text/x.tlog.size"

struct exchange {
	struct buf body;
	bool too_large;
};

static enum MHD_Result
answer(struct MHD_Connection *connection, int status, const char *type,
    const struct buf *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    text->len, text->data, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result queued;

	if (response == NULL)
		return MHD_NO;
	if (MHD_add_response_header(response, "Content-Type", type) != MHD_YES ||
	    MHD_add_response_header(response, "Cache-Control", "no-store") != MHD_YES) {
		MHD_destroy_response(response);
		return MHD_NO;
	}
	queued = MHD_queue_response(connection, (unsigned)status, response);
	MHD_destroy_response(response);
	return queued;
}

static int
get(struct witness *witness, const char *url, struct buf *reply)
{
	const char *slash = url[0] == '/' ? strchr(url + 1, '/') : NULL;

	if (strcmp(url, "/healthz") == 0) {
		buf_add_c(reply, "ok\n");
		return 200;
	}
	if (slash == NULL || strcmp(slash, "/checkpoint") != 0) {
		buf_add_c(reply, "no such page\n");
		return 404;
	}
	return witness_get(
	    witness, (struct str){url + 1, (size_t)(slash - url - 1)}, reply);
}

static int
dispatch(struct witness *witness, const char *method, const char *url,
    const struct exchange *x, struct buf *reply)
{
	if (strcmp(method, "GET") == 0)
		return get(witness, url, reply);
	if (strcmp(method, "POST") != 0 || strcmp(url, "/add-checkpoint") != 0) {
		buf_add_c(reply, "no such page\n");
		return strcmp(method, "POST") == 0 ? 404 : 405;
	}
	if (x->too_large) {
		buf_add_c(reply, "the request is too large\n");
		return 413;
	}
	return witness_add(witness, (struct str){x->body.data, x->body.len},
	    (int64_t)time(NULL), reply);
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *size,
    void **state)
{
	struct exchange *x = *state;
	enum MHD_Result queued;
	struct buf reply;
	int status;

	(void)version;
	if (x == NULL) {
		x = stw_xalloc(sizeof *x);
		buf_init(&x->body);
		x->too_large = false;
		*state = x;
		return MHD_YES;
	}
	if (*size > 0) {
		if (x->body.len + *size > WITNESS_BODY_MAX)
			x->too_large = true;
		else
			buf_add(&x->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	buf_init(&reply);
	status = dispatch(cls, method, url, x, &reply);
	log_event(LOG_DEBUG, "witness_request", "method=%s status=%d", method, status);
	queued =
	    answer(connection, status, status == 409 ? SIZE_TYPE : TEXT_TYPE, &reply);
	buf_fini(&reply);
	return queued;
}

static void
on_done(void *cls, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *state;

	(void)cls;
	(void)connection;
	(void)why;
	if (x != NULL)
		buf_fini(&x->body);
	free(x);
	*state = NULL;
}

enum stw_code
witness_serve(
    struct witness *witness, int fd, const atomic_bool *stop, struct stw_err *err)
{
	struct MHD_Daemon *daemon = MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, on_request,
	    witness, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SEC,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADERS_MAX,
	    MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_END);

	if (daemon == NULL) {
		(void)close(fd);
		return stw_fail(err, STW_TEMPFAIL, "the HTTP server does not start");
	}
	while (!atomic_load(stop))
		(void)usleep(POLL_USEC);
	MHD_stop_daemon(daemon);
	return STW_OK;
}
