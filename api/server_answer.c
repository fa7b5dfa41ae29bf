/* Answers on the wire. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/server_priv.h"

#define STREAM_PIECE ((size_t)64 * 1024)

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

/* A stream is made by the workers, a piece at a time, while its connection sleeps: neither
 * the thread of the connection waits for the database, nor a worker for a slow reader. */
struct pump {
	struct work work; /* first */
	struct api_stream *stream;
	struct MHD_Connection *connection;
	struct connection *wire;
	struct workers *workers;
	ssize_t len; /* of the piece; 0: the end, -1: broken off */
	size_t taken;
	bool begun;
	char piece[STREAM_PIECE];
};

static void
pump_fill(struct work *work)
{
	struct pump *pump = (struct pump *)work;

	workers_db(pump->workers, work, pump->stream->db);
	pump->len = pump->stream->read(pump->stream, pump->piece, sizeof pump->piece);
	workers_db(pump->workers, work, NULL);
	pump->taken = 0;
	pump->begun = true;
}

static void
pump_filled(struct work *work)
{
	connection_enter(((struct pump *)work)->wire, CONNECTION_SENDING);
	MHD_resume_connection(((struct pump *)work)->connection);
}

static void
pump_end(struct work *work)
{
	struct pump *pump = (struct pump *)work;

	pump->stream->close(pump->stream);
}

static void
pump_free(struct work *work)
{
	free(work);
}

static ssize_t
read_stream(void *cls, uint64_t at, char *to, size_t size)
{
	struct pump *pump = cls;
	size_t left = pump->len > 0 ? (size_t)pump->len - pump->taken : 0;

	(void)at;
	if (left > 0) {
		size = size < left ? size : left;
		memcpy(to, pump->piece + pump->taken, size);
		pump->taken += size;
		return (ssize_t)size;
	}
	/* Broken off, the client sees an answer without its end. */
	if (pump->begun && pump->len <= 0)
		return pump->len == 0 ? MHD_CONTENT_READER_END_OF_STREAM
				      : MHD_CONTENT_READER_END_WITH_ERROR;
	connection_enter(pump->wire, CONNECTION_WORKING);
	MHD_suspend_connection(pump->connection);
	if (!workers_put(pump->workers, &pump->work)) {
		/* The server stops. */
		pump->len = -1;
		pump->begun = true;
		MHD_resume_connection(pump->connection);
	}
	return 0;
}

/* What the end costs is paid by the workers, too. */
static void
close_stream(void *cls)
{
	struct pump *pump = cls;

	pump->work = (struct work){.run = pump_end, .done = pump_free, .last = true};
	STW_ASSERT(workers_put(pump->workers, &pump->work));
}

static struct pump *
pump_open(struct call *call)
{
	struct pump *pump = stw_xalloc(sizeof *pump);

	memset(pump, 0, offsetof(struct pump, piece));
	pump->work =
	    (struct work){.run = pump_fill, .done = pump_filled, .who = call->work.who};
	pump->stream = call->req.stream;
	pump->connection = call->req.connection;
	pump->wire = call->wire;
	pump->workers = call->server->workers;
	call->req.stream = NULL;
	return pump;
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
response_of(struct call *call)
{
	struct api_request *req = &call->req;
	struct MHD_Response *response;

	connection_enter(call->wire, CONNECTION_SENDING);
	connection_moved(call->wire, (int64_t)req->answer.len);
	if (req->stream != NULL) {
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
		    STREAM_PIECE, read_stream, pump_open(call), close_stream);
	} else {
		response = MHD_create_response_from_buffer(
		    req->answer.len, req->answer.data, MHD_RESPMEM_MUST_FREE);
		buf_init(&req->answer);
	}
	STW_ASSERT(response != NULL);
	return response;
}

enum MHD_Result
call_answer(struct call *call, struct MHD_Connection *connection)
{
	struct api_request *req = &call->req;
	struct MHD_Response *response = response_of(call);
	enum MHD_Result sent;
	char etag[80], seconds[24], location[64];

	download_headers(response, req);
	header(response, MHD_HTTP_HEADER_CONTENT_TYPE, req->content_type);
	header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	header(response, "X-Trace-Id", req->trace_id);
	header(response, "Content-Security-Policy",
	    "default-src 'none'; frame-ancestors 'none'");
	header(response, MHD_HTTP_HEADER_CONTENT_LANGUAGE, req->zh ? "zh-CN" : "en");
	common_headers(response);
	rate_headers(response, req);
	if (req->operation != NULL) {
		(void)snprintf(
		    location, sizeof location, "/v1/operations/%.40s", req->operation);
		header(response, MHD_HTTP_HEADER_LOCATION, location);
	}
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
	if (call->too_large || call->refused)
		header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	sent = MHD_queue_response(connection, (unsigned)req->status, response);
	MHD_destroy_response(response);
	return sent;
}

enum MHD_Result
call_redirect(struct MHD_Connection *connection, const char *to)
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

enum MHD_Result
call_asset(struct call *call, struct MHD_Connection *connection)
{
	const struct asset *asset = assets_find(&call->server->assets, call->req.path);
	const char *known = api_header(&call->req, "If-None-Match");
	struct MHD_Response *response;
	enum MHD_Result sent;
	unsigned status = 200;

	if (asset == NULL) {
		api_problem(
		    &call->req, 404, "NOT_FOUND", NULL, "there is no such file");
		return call_answer(call, connection);
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
