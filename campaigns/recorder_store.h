/*
 * recorder_store.h - do the recorders of calls record?
 *
 * Purpose    Each recorder says of itself, every so often, that it records (or not). One that
 *            says nothing for longer than it was given counts as silent, and a queue none of
 *            whose recorders speaks as not recorded (campaigns/feed_store.h).
 * Ownership  Lists live in the arena.
 * Errors     NOT_FOUND: no such recorder. INVALID: a value out of range.
 * Rules      CN-27, EU-03.
 */
#ifndef STW_CAMPAIGNS_RECORDER_STORE_H
#define STW_CAMPAIGNS_RECORDER_STORE_H

#include "db/db.h"

#define RECORDER_QUEUES_MAX 64

struct recorder {
	const char *code;
	const char *const *queues; /* whose calls it records; none: all */
	size_t nqueues;
	int max_age_sec; /* of its last word */
	/* what recorder_list adds */
	const char *state; /* ok, failed; NULL: it never spoke */
	const char *detail;
	stw_usec since, reported_at; /* STW_USEC_NEVER: it never spoke */
	const char *reported_by, *updated_by;
	bool lately; /* spoke within max_age_sec */
};
/* Both in the caller's transaction. */
enum stw_code recorder_put(struct db *db, const struct recorder *recorder,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* A change of state is an entry of the ledger, the same state again is none. A report older
 * than the newest changes nothing. */
enum stw_code recorder_report(struct db *db, const char *code, const char *state,
    const char *detail, stw_usec at, const char *actor, stw_usec now,
    struct stw_err *err) STW_MUST_USE;
enum stw_code recorder_list(struct db *db, stw_usec now, struct arena *arena,
    struct recorder **out, int *count, struct stw_err *err) STW_MUST_USE;

#endif
