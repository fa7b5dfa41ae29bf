/*
 * consent_priv.h - what consent_store.c and objection_store.c share.
 */
#ifndef STW_CAMPAIGNS_CONSENT_PRIV_H
#define STW_CAMPAIGNS_CONSENT_PRIV_H

#include "campaigns/consent_store.h"

/* Tasks that ended on the way, for the record of the withdrawal. */
struct ended_tasks {
	struct arena *arena;
	int64_t *buckets;
	struct str *ids, *states;
	size_t count, room;
};

/* Locks the customer's permissions for a change: the gate waits, or has decided. */
enum stw_code permission_lock(struct db *db, int bucket, int64_t customer_id,
    int64_t *epoch, struct stw_err *err) STW_MUST_USE;

/* Whose open tasks end. */
struct end_scope {
	const char *purpose, *channel, *product_class; /* "*": any */
	int64_t point_id;                              /* 0: any */
	bool robots_only, profiled_only;
};
enum stw_code tasks_end(struct db *db, int bucket, int64_t customer_id,
    const struct end_scope *scope, const char *why, stw_usec now,
    struct ended_tasks *ended, struct stw_err *err) STW_MUST_USE;
/* The rows of task_withdraw*.sql: an entry of the ledger for each, and into *ended. */
enum stw_code tasks_ended(struct db *db, const struct db_rows *rows, const char *why,
    stw_usec now, struct ended_tasks *ended, struct stw_err *err) STW_MUST_USE;

/* Last of all in the transaction: the record with its two times. Fills the counts and
 * instants of *effect. */
enum stw_code withdrawal_write(struct db *db, int bucket, const struct uuid *id,
    int64_t customer_id, const char *kind, const struct ended_tasks *ended,
    stw_usec now, struct consent_effect *effect, struct stw_err *err) STW_MUST_USE;

#endif
