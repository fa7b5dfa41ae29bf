/*
 * push_target.h - a connector as one queue uses it: parsed, with settings, secrets, token.
 *
 * Purpose    What is needed to make the requests of a queue that has a connector, and to
 *            read its answers. Jobs hold the target that they were made with, so that a new
 *            version of the document or another secret touches nothing that is on its way.
 * Token      OAuth2 client credentials: one for the queue, fetched by dispatch_token.c.
 *            Used until nine tenths of its life are over, replaced from four fifths on, or
 *            at once when the target refused it (401).
 * Ownership  Counted: load, hold, release. Secrets are wiped at the end.
 * Threads    The dispatcher's.
 */
#ifndef STW_API_PUSH_PUSH_TARGET_H
#define STW_API_PUSH_PUSH_TARGET_H

#include "api/connect/connect_answer.h"
#include "campaigns/queue_store.h"

struct push_token {
	char *text;                              /* NULL: none */
	int64_t number;                          /* of this one; the first is 1 */
	bool proven;                             /* the target took it once */
	bool fetching;                           /* never two at once */
	int failures;                            /* of the endpoint, in a row */
	stw_usec refresh_at, end_at, next_fetch; /* monotonic */
};

struct push_target {
	int refs;
	struct arena arena;
	struct connector connector;
	struct connect_account account;
	unsigned char made_of[32]; /* document, settings and secret */
	struct push_token token;
	stw_usec
	    next_request; /* monotonic; offers, where there is a pause between two */
};

/* INVALID: no version in force, or settings or secrets that do not fit it. */
enum stw_code push_target_load(const struct queue_row *row, struct push_target **out,
    struct stw_err *err) STW_MUST_USE;
bool push_target_is_of(const struct push_target *target, const struct queue_row *row);
struct push_target *push_target_hold(struct push_target *target);
void push_target_release(struct push_target *target); /* NULL: nothing */

bool push_target_wants_token(const struct push_target *target);
/* All that a request needs is there. */
bool push_target_is_ready(const struct push_target *target, stw_usec mono);
void push_token_put(
    struct push_token *token, const char *text, stw_usec valid, stw_usec mono);
/* The target refused token `number`; nothing when there is a newer one. */
void push_token_refused(struct push_token *token, int64_t number);

#endif
