/*
 * dead_letter_store.h - tasks that ended without having been taken by their queue.
 *
 * Purpose    A task is a dead letter when its queue refused it for good, when its tries are
 *            used up, or when its window ended after it had been tried. Those that failed
 *            may go round again (decision 0037): a named person says so, the gate decides
 *            anew, and the push has another key.
 * Rules      Not requeued: what is past its window, and what may have arrived and has not
 *            been taken back by its queue (its recall is open), unless the person says that
 *            the queue does not hold it (not_held): then the recall is closed in that name.
 * Ownership  What is read lives in the arena.
 * Errors     Requeueing is part of the caller's transaction, with a ledger entry each
 *            ("requeue").
 */
#ifndef STW_CAMPAIGNS_DEAD_LETTER_STORE_H
#define STW_CAMPAIGNS_DEAD_LETTER_STORE_H

#include "db/db.h"
#include "engine/uuid.h"

#define DEAD_LETTERS_MAX 10000 /* requeued at once */

struct dead_letter {
	const char *task_id, *queue, *campaign;
	const char *state;  /* failed, expired */
	const char *reason; /* refused, tries, window */
	int tries, offer;
	int last_status;         /* 0: no answer */
	const char *last_detail; /* NULL: nothing was said */
	stw_usec ended_at, not_after;
	bool recall_open;
};

/* NULL: any. */
struct dead_letter_filter {
	const char *queue, *campaign, *reason;
	bool
	    not_held; /* a person looked: no queue holds them; count and requeue only */
};

/* Newest first; task_id NULL: any; before: the last row seen, or NULL. */
enum stw_code dead_letter_list(struct db *db, const struct dead_letter_filter *filter,
    const struct uuid *task_id, const struct dead_letter *before, int limit,
    struct arena *arena, struct dead_letter **out, int *count,
    struct stw_err *err) STW_MUST_USE;
/* How many there are, and how many of them can be requeued. */
enum stw_code dead_letter_count(struct db *db, const struct dead_letter_filter *filter,
    stw_usec now, int64_t *all, int64_t *ready, struct stw_err *err) STW_MUST_USE;
/* NOT_FOUND: no dead letter. CONFLICT: one that cannot be requeued; err says why. */
enum stw_code dead_letter_requeue(struct db *db, const struct uuid *task_id,
    bool not_held, const char *actor, const char *why, stw_usec now,
    struct stw_err *err) STW_MUST_USE;
/* All that can, up to DEAD_LETTERS_MAX; *done counts them. */
enum stw_code dead_letter_requeue_all(struct db *db,
    const struct dead_letter_filter *filter, const char *actor, const char *why,
    stw_usec now, int64_t *done, struct stw_err *err) STW_MUST_USE;

#endif
