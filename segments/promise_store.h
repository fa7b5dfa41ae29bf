/*
 * promise_store.h - the promises in force and what each tick finds, in the database.
 *
 * Purpose    When a version of a lifecycle model comes into force, its promises become
 *            rows of the table promise and its overdue lists computed segments:
 *            overdue_promise for all of them, overdue_<code> for each. A tick writes how
 *            many customers each holds for and how many are overdue.
 * Errors     CONFLICT when a code belongs to a segment of another kind, or when a promise
 *            that goes away is asked for by another segment.
 */
#ifndef STW_SEGMENTS_PROMISE_STORE_H
#define STW_SEGMENTS_PROMISE_STORE_H

#include "db/db.h"
#include "segments/promise.h"

struct promise_row {
	int version;                            /* of the model */
	const char *code, *stage, *tier, *kind; /* tier NULL: every other */
	int days;
	const char *name_zh, *name_en, *segment;
	stw_usec as_of; /* STW_USEC_NEVER: no tick yet, counts are 0 */
	int64_t covered, overdue, undecided;
};

/* By code. */
enum stw_code promise_store_list(struct db *db, const char *model, struct arena *arena,
    struct promise_row **out, int *count, struct stw_err *err) STW_MUST_USE;

/* The promises of a version that comes into force, instead of those of the one before.
 * Inside the transaction that activates it. */
enum stw_code promise_store_put(struct db *db, const struct lifecycle_model *model,
    const char *actor, stw_usec now, struct arena *arena,
    struct stw_err *err) STW_MUST_USE;

/* The counts of a tick. Own statement. */
enum stw_code promise_store_count(struct db *db, const struct promise_parts *parts,
    stw_usec now, struct stw_err *err) STW_MUST_USE;

#endif
