/*
 * connect_send.h - one call of a connector, sent and waited for.
 *
 * Purpose    What `steward connector test --send` does, and nothing that dispatch does: a
 *            request at a time, the caller waits.
 * Ownership  The answer's texts are in the arena.
 * Errors     INVALID: the request cannot be made. TEMPFAIL: no token. Whatever the target
 *            answers, and no answer at all, is an answer.
 */
#ifndef STW_API_PUSH_CONNECT_SEND_H
#define STW_API_PUSH_CONNECT_SEND_H

#include "api/connect/connect_answer.h"

struct connect_sent {
	struct http_result result; /* body and detail in the arena */
};

/* Fetches a token first where the connector wants one and the account has none. */
enum stw_code connect_send(const struct egress *egress, const struct connect_call *call,
    struct connect_account *account, int timeout_ms, struct arena *arena,
    struct connect_sent *out, struct stw_err *err) STW_MUST_USE;

#endif
