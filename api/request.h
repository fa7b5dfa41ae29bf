/*
 * request.h - one HTTP request and its answer, as handlers see them.
 *
 * Purpose    A handler reads parameters and the body, calls the lower rooms, and ends with
 *            exactly one of api_reply, api_fail or api_problem. Transactions, tokens,
 *            roles and idempotency keys are the server's business: a handler of an
 *            IDEMPOTENT route runs inside a transaction that the server commits when the
 *            answer is a 2xx, together with the key.
 * Ownership  Everything lives in req->arena but JSON values, which api_reply takes over.
 *            req->json is borrowed.
 * Errors     The readers answer the request themselves (400) and return false.
 * Threads    One request belongs to one thread.
 */
#ifndef STW_API_REQUEST_H
#define STW_API_REQUEST_H

#include <sys/types.h>

#include <jansson.h>

#include "api/auth.h"
#include "api/rate.h"
#include "api/route.h"
#include "db/db.h"
#include "engine/uuid.h"
#include "segments/progress.h"

#define PAGE_MAX     500
#define PAGE_DEFAULT 50

struct server;
struct app;

/* An answer that is made while it is sent; whoever makes one embeds this first. */
struct api_stream {
	/* Up to size bytes; how many, 0 at the end, -1: broken off. */
	ssize_t (*read)(struct api_stream *stream, char *to, size_t size);
	/* Once, after the end, also when the client went away. Frees it. */
	void (*close)(struct api_stream *stream);
	struct db *db; /* what it reads from; cut off when a piece takes too long */
};

struct api_request {
	struct server *server;
	const struct app *app;
	struct arena arena;
	const struct route *route;
	struct route_match match;
	enum api_method method;
	const char *path; /* as sent, without the query */
	void *connection; /* struct MHD_Connection */
	struct str body;
	json_t *json; /* of routes with ROUTE_BODY but not ROUTE_LINES */
	struct actor actor;
	struct db *db; /* NULL for ROUTE_NO_DB */
	stw_usec now;  /* business clock, once a request */
	char trace_id[33];
	bool zh;                         /* language asked for */
	const struct progress *progress; /* of an operation; NULL: it is none */

	/* the answer */
	int status; /* 0: none yet */
	struct buf answer;
	int64_t rows; /* of the list in it; -1: it is none */
	const char *content_type;
	const char *etag;          /* without quotes; NULL: none */
	const char *operation;     /* of a 202: its id; NULL: none */
	struct api_stream *stream; /* instead of the bytes in answer */
	const char *file_name;     /* of a download; NULL: none */
	const char *export_id;
	bool retry_later;       /* TEMPFAIL: the server may try the handler again */
	int64_t retry_after;    /* seconds, for the header; 0: none */
	struct rate_state rate; /* of the token; burst 0: none was sent */
};

/* ---- reading -------------------------------------------------------------------- */
/* Query parameter, or NULL. */
const char *api_query(struct api_request *req, const char *name);
const char *api_header(struct api_request *req, const char *name);
/* limit: 1..PAGE_MAX. False after answering 400. */
bool api_limit(struct api_request *req, int *out);
bool api_query_bool(struct api_request *req, const char *name, bool *out);
/* fallback when the parameter is not there. */
bool api_query_time(
    struct api_request *req, const char *name, stw_usec fallback, stw_usec *out);
bool api_query_i64(
    struct api_request *req, const char *name, int64_t fallback, int64_t *out);
/* Path parameter i as a uuid (404 when it is none) or number. */
bool api_path_uuid(struct api_request *req, int i, struct uuid *out);
bool api_path_i64(struct api_request *req, int i, int64_t *out);

/* Members of the body. required: 400 when missing; otherwise NULL or fallback. Texts are
 * 1..max bytes without control characters but tab and newline. */
bool api_body_text(struct api_request *req, const char *name, size_t max, bool required,
    const char **out);
bool api_body_time(
    struct api_request *req, const char *name, stw_usec fallback, stw_usec *out);
bool api_body_bool(struct api_request *req, const char *name, bool fallback, bool *out);
/* A list of at most `most` texts of 1..max bytes; a member that is missing is an empty one. */
bool api_body_texts(struct api_request *req, const char *name, size_t most, size_t max,
    const char *const **out, size_t *count);
bool api_body_int(struct api_request *req, const char *name, int least, int most,
    int fallback, int *out);
/* Answers 400 for a member that is not in the list (NULL at the end). */
bool api_body_only(struct api_request *req, const char *const *names);

/* ---- answering ------------------------------------------------------------------- */
/* Takes the value over. */
void api_reply(struct api_request *req, int status, json_t *value);
/* "detail" (the key), and "detail_zh" beside it when api/messages.h has it. */
void api_put_message(json_t *to, const char *key, const char *text);
/* code: upper snake case; pointer: JSON Pointer into the request, or NULL. */
void api_problem(struct api_request *req, int status, const char *code,
    const char *pointer, const char *fmt, ...) STW_PRINTF(5, 6);
/* The one place that maps codes to HTTP: 400, 404, 409, 403, 503, 500. */
void api_fail(struct api_request *req, enum stw_code rc, const struct stw_err *err);

/* ---- JSON of common things; NULL or open instants become null ---------------------- */
json_t *json_text(const char *text);
json_t *json_str(struct str text);
json_t *json_time(stw_usec at);
json_t *json_day_or_null(stw_day day);
json_t *json_id(int64_t id);      /* as text */
json_t *json_positive(int64_t v); /* null when 0 */
json_t *json_money(int64_t minor, const char *currency);
json_t *json_names(const char *zh, const char *en);
json_t *json_uuid(const struct uuid *id);
json_t *json_texts(const char *const *texts, size_t count);
/* json_object_set_new that cannot fail. */
void json_put(json_t *object, const char *key, json_t *value);
void json_push(json_t *array, json_t *value);

#endif
