/*
 * number_use_store.h - use of caller numbers under their caps: reserve, commit, release.
 *
 * Purpose    A contact that is dispatched keeps a place under its number's daily cap
 *            (reserve), which becomes a use when an agent is allowed to dial (commit), runs
 *            out by itself, or is given back when the task goes no further (release; the
 *            database does that with the task's move). The hourly cap counts uses: a task
 *            in a queue is not a call of this hour.
 * Locks      Reserve and commit: the caller holds the pool's numbers (number_lock.sql),
 *            has counted under that lock and found room. Release takes no lock on the
 *            number: giving back never breaks a cap.
 * Rules      US-14 (calls a number a day), compliance.md 2 (cap bookkeeping).
 */
#ifndef STW_CAMPAIGNS_NUMBER_USE_STORE_H
#define STW_CAMPAIGNS_NUMBER_USE_STORE_H

#include "db/db.h"
#include "engine/uuid.h"

struct number_contact {
	int64_t number_id;
	struct uuid task_id; /* names the place that is kept */
	const char *purpose, *pool;
	int64_t campaign_id; /* 0: none */
	int bucket;
	int64_t customer_id;
};

/* Locks and writes are in the caller's transaction, and go out with the next statement that
 * is waited for. One number alone: for a contact that has it already. */
enum stw_code number_lock_own(
    struct db *db, int64_t number_id, struct stw_err *err) STW_MUST_USE;
/* All of a pool: one of them is chosen. */
enum stw_code number_lock(
    struct db *db, const char *pool, struct stw_err *err) STW_MUST_USE;
enum stw_code number_lock_pools(struct db *db, const struct str *pools, size_t count,
    struct stw_err *err) STW_MUST_USE;
/* The same task again moves its place. */
enum stw_code number_reserve(struct db *db, const struct number_contact *contact,
    stw_usec now, stw_usec expires, struct stw_err *err) STW_MUST_USE;
/* Counts the use, gives the place back and keeps which number the customer saw. */
enum stw_code number_commit(struct db *db, const struct number_contact *contact,
    stw_usec now, struct stw_err *err) STW_MUST_USE;
enum stw_code number_release(
    struct db *db, const struct uuid *task_id, struct stw_err *err) STW_MUST_USE;
/* Places that ran out are no longer counted; this takes their rows away. */
enum stw_code number_sweep(
    struct db *db, stw_usec now, int64_t *gone, struct stw_err *err) STW_MUST_USE;
/* The numbers that customers saw last, of a pool. ids: sorted, each with its bucket; out has
 * as many elements, 0 where there is none. */
enum stw_code number_seen_many(struct db *db, const char *pool, const int64_t *buckets,
    const int64_t *ids, size_t count, int64_t *out, struct stw_err *err) STW_MUST_USE;
/* Of one bucket. */
enum stw_code number_seen(struct db *db, int bucket, const char *pool,
    const int64_t *ids, size_t count, int64_t *out, struct stw_err *err) STW_MUST_USE;
/* What came of a permitted call: for the number's rates. permit: of the call, text. */
enum stw_code number_tally(struct db *db, int bucket, const char *permit, bool answered,
    bool complaint, stw_usec now, struct stw_err *err) STW_MUST_USE;

#endif
