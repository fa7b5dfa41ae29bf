/*
 * cosign.h - asks witnesses to cosign the ledger's checkpoints.
 *
 * Purpose    The other side of tlog-witness: shows each witness that the log only grew
 *            since what it cosigned last, which it tells when we do not know. A witness
 *            that knows a longer log than ours is an alarm: our database is an older copy.
 * Units      A witness has COSIGN_MSEC for an answer. One that failed is left alone for
 *            COSIGN_REST_SEC, unless the quorum cannot be reached without it.
 * Errors     A witness that does not answer is logged, not an error: the quorum decides
 *            (db/ledger.h). INVALID: the setting's text.
 * Threads    Any, one at a time (a lock).
 */
#ifndef STW_API_COSIGN_H
#define STW_API_COSIGN_H

#include "api/push/egress.h"
#include "db/ledger.h"

#define COSIGN_MAX      8
#define COSIGN_MSEC     3000
#define COSIGN_REST_SEC 10

struct cosign;

/* "URL VERIFIER-KEY, ...", the URL without /add-checkpoint; empty: none, and *out is NULL. */
enum stw_code cosign_open(const char *text, int64_t quorum, const struct egress *egress,
    struct cosign **out, struct stw_err *err) STW_MUST_USE;
void cosign_close(struct cosign *cosign);
/* What ledger_key_witnesses takes; borrows from cosign. */
struct ledger_witnesses cosign_witnesses(struct cosign *cosign);

#endif
