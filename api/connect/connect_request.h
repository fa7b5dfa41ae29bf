/*
 * connect_request.h - a task and a connector make the bytes of a request.
 *
 * Purpose    Rendering: path, headers, body and signature of an offer, a recall, a status
 *            query, or of the call that fetches a token.
 * Units      at_sec: seconds since 1970 of the real clock, for signatures; now: business
 *            time, for expressions.
 * Ownership  Everything is in the arena.
 * Errors     INVALID: an expression failed or a place that must be filled has no value; the
 *            text names the place, never the value.
 */
#ifndef STW_API_CONNECT_CONNECT_REQUEST_H
#define STW_API_CONNECT_CONNECT_REQUEST_H

#include "api/connect/connect_account.h"

/* What expressions call `task`, field by field. NULL and the open instants are "no value". */
struct connect_task {
	const char *id, *key; /* key: of this effect, the same for every try */
	int offer;
	const char *campaign;
	int campaign_version;
	const char *step, *occurrence, *customer, *mask, *phone;
	const char *channel, *handler, *purpose, *product;
	const char *script;
	int script_version;
	const char *number;
	int64_t number_id;
	int priority;
	stw_usec not_before, not_after;
	const char *decision, *decision_sha256;
	stw_usec valid_until;
	int64_t fence;
	const char *reason;    /* recalls */
	const char *remote_id; /* what the target called it */
};

struct connect_call {
	const struct connector *connector;
	const struct connect_account *account;
	enum connector_op_kind op;
	const char *url;   /* of the queue; paths go after it */
	const char *queue; /* its code */
	const struct connect_task *tasks;
	int ntasks; /* more than one only for offers, up to the batch size */
	stw_usec now;
	int64_t at_sec;
};

struct connect_request {
	const char *method, *url;
	const char *const *headers; /* "name: value", NULL at the end */
	const bool *secret;         /* of each header: not to be shown */
	struct str body;            /* ptr NULL: none */
};

enum stw_code connect_request_make(const struct connect_call *call, struct arena *arena,
    struct connect_request *out, struct stw_err *err) STW_MUST_USE;

/* The call to the token endpoint (CONNECTOR_AUTH_OAUTH2), and what came back: the token in
 * the arena and how long it may be used. TEMPFAIL: no token in it. */
enum stw_code connect_token_make(const struct connect_call *call, struct arena *arena,
    struct connect_request *out, struct stw_err *err) STW_MUST_USE;
enum stw_code connect_token_read(int status, struct str body, struct arena *arena,
    const char **token, stw_usec *valid, struct stw_err *err) STW_MUST_USE;

/* A made-up task, for tests of connectors: it says so of itself. */
struct connect_task connect_sample_task(stw_usec now);

#endif
