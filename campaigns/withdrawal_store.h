/*
 * withdrawal_store.h - when a withdrawal or objection took effect.
 *
 * Purpose    Committed: no push starts and no permit is granted any more. Effective: none
 *            of those that had started is on the wire any more; that takes a push time-out
 *            at most. Recalled: every queue that had been given one of the tasks has
 *            answered its recall.
 * Units      Instants are business time; what lies between them was measured on the
 *            database's clock.
 * Ownership  Everything lives in the arena.
 */
#ifndef STW_CAMPAIGNS_WITHDRAWAL_STORE_H
#define STW_CAMPAIGNS_WITHDRAWAL_STORE_H

#include "db/db.h"
#include "engine/uuid.h"

struct withdrawal {
	int64_t customer_id;
	const char *kind; /* consent, objection */
	stw_usec committed_at;
	stw_usec effective_at;       /* STW_USEC_MAX: something is on the wire */
	stw_usec recalled_at;        /* STW_USEC_MAX: a queue has not answered */
	int64_t cancelled, recalled; /* tasks */
	int64_t on_wire, recalls_open;
};
/* NOT_FOUND: no such event, or one that ends nothing (a grant). */
enum stw_code withdrawal_find(struct db *db, const struct uuid *id, struct arena *arena,
    struct withdrawal *out, struct stw_err *err) STW_MUST_USE;

struct withdrawal_task {
	const char *task_id, *queue;
	const char *ended; /* cancelled, recalled: by the withdrawal */
	const char *state; /* now */
	bool on_wire;
	int recall_tries; /* -1: no recall was needed */
	bool recall_answered;
};
/* By task; the first thousand. */
enum stw_code withdrawal_tasks(struct db *db, const struct uuid *id,
    struct arena *arena, struct withdrawal_task **out, int *count,
    struct stw_err *err) STW_MUST_USE;

/* Of the last hour. */
struct withdrawal_lags {
	int64_t withdrawals, pending; /* pending: something on the wire */
	int64_t recalls_open, oldest_recall_sec;
	stw_usec median, p99, most; /* from commit to effect, of those not pending */
};
enum stw_code withdrawal_lags(
    struct db *db, struct withdrawal_lags *out, struct stw_err *err) STW_MUST_USE;

#endif
