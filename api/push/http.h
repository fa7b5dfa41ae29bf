/*
 * http.h - many HTTP requests in flight on one thread, each of which ends.
 *
 * Purpose    What dispatch needs of libcurl's multi interface: connections kept alive,
 *            time limits, size limits, an egress list checked at the socket, and for
 *            every request one of three fates. TLS is always verified, by the system's
 *            authorities or by those of the request alone; HTTP/2 where TLS offers it. No
 *            redirects, no proxy from the environment, no cookies, http and https only.
 * Units      Times in milliseconds; Retry-After as stw_usec from now.
 * Ownership  http_open/http_close. http_send copies what it needs but the body, which
 *            must stay until done has been called. A result is borrowed for the call of
 *            done.
 * Errors     http_send: TEMPFAIL when all slots are taken (see http_free_slots), INVALID for
 *            a URL that curl refuses. What happens later is the result's fate.
 * Threads    One client belongs to one thread; http_wake may be called from any.
 */
#ifndef STW_API_PUSH_HTTP_H
#define STW_API_PUSH_HTTP_H

#include "api/push/egress.h"
#include "engine/time.h"

#define HTTP_BODY_MAX   ((size_t)64 * 1024) /* of an answer; the rest is not read */
#define HTTP_HEADER_MAX ((size_t)16 * 1024)

/* AMBIGUOUS is zero: what is unset must be taken for the case that needs most care. */
enum http_fate {
	HTTP_AMBIGUOUS = 0, /* bytes went out and no status came back */
	HTTP_NOT_SENT,      /* not one byte of the request left this machine */
	HTTP_ANSWERED,      /* a final status line was read */
};

struct http_result {
	enum http_fate fate;
	int status;           /* ANSWERED only */
	stw_usec retry_after; /* as asked by the answer; -1: it did not ask */
	stw_usec took;
	struct str body;    /* at most HTTP_BODY_MAX bytes of it */
	const char *detail; /* curl's words when there is no clean answer; "" else */
};

/* PEM texts; ptr NULL: whom the system trusts, and nobody in particular. */
struct http_tls {
	struct str ca, cert, key;
};

struct http_request {
	const char *url;
	const struct http_tls *tls; /* NULL: as if all were; borrowed for the call */
	const char *const *headers; /* "name: value", NULL at the end; may be NULL */
	struct str body;            /* with ptr NULL: none */
	const char *method;         /* NULL: POST with a body, GET without one */
	int connect_ms, total_ms;
	/* The receiver cannot deduplicate: use a connection of its own, because curl sends
	 * again by itself when a kept connection turns out to be dead. */
	bool once;
	void (*done)(void *ctx, const struct http_result *result);
	void *ctx;
};

struct http_client;

/* egress is borrowed for the life of the client. */
enum stw_code http_open(const struct egress *egress, int max_in_flight,
    struct http_client **out, struct stw_err *err) STW_MUST_USE;
/* Requests still in flight end as AMBIGUOUS without their done being called. */
void http_close(struct http_client *client);

enum stw_code http_send(struct http_client *client, const struct http_request *request,
    struct stw_err *err) STW_MUST_USE;
/* Lets what http_send took leave, as far as it can at once; calls no done. */
enum stw_code http_start(struct http_client *client, struct stw_err *err) STW_MUST_USE;
int http_in_flight(const struct http_client *client);
int http_free_slots(const struct http_client *client);

/* Moves everything forward, calls done for what ended, and waits up to wait_ms when
 * nothing did. done may call http_send. */
enum stw_code http_poll(
    struct http_client *client, int wait_ms, struct stw_err *err) STW_MUST_USE;
/* Ends a wait of http_poll; for other threads and signal-driven stops. */
void http_wake(struct http_client *client);

#endif
