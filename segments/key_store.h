/*
 * key_store.h - the versions of the keys that seal: what uses them, and their exchange.
 *
 * Purpose    A kek is exchanged by wrapping every customer's key anew. The index key is
 *            exchanged by giving every number its new hash, while lookups go on:
 *            phone_index_move pairs the old and the new hash of a number before any row
 *            gets the new one, and every statement that compares numbers knows both.
 *            docs/personal-data.md says how it is run.
 * Locks      index_key_hold comes before all other locks.
 * Threads    One exchange at a time (CONFLICT); everything else goes on meanwhile.
 */
#ifndef STW_SEGMENTS_KEY_STORE_H
#define STW_SEGMENTS_KEY_STORE_H

#include "db/db.h"
#include "db/seal.h"
#include "segments/progress.h"

/* ---- in force ------------------------------------------------------------------------ */
struct index_key {
	int now;
	int before; /* 0: no exchange is under way */
};

/* For a transaction that makes hashes of numbers, or reads one from a row and writes it
 * elsewhere: first of all in it. An exchange neither begins nor ends before its end. With
 * keys: INVALID when the file lacks a version that is needed. A book without any number
 * takes the file's newest. */
enum stw_code index_key_hold(struct db *db, const struct seal_keys *keys,
    struct index_key *out, struct stw_err *err) STW_MUST_USE;

/* One change of keys at a time; CONFLICT when another is at it. */
enum stw_code key_lock(struct db *db, struct stw_err *err) STW_MUST_USE;
void key_unlock(struct db *db);

/* ---- the wrapping key ---------------------------------------------------------------- */
struct kek_use {
	int version;
	int64_t customers,
	    queues; /* keys, and secrets of queues and registries, it wraps */
};
/* By version; those that wrap nothing are not there. In the arena. */
enum stw_code kek_used(struct db *db, struct arena *arena, struct kek_use **out,
    int *count, struct stw_err *err) STW_MUST_USE;
/* Wraps all customers' keys with the newest version, a batch of one bucket a
 * transaction. May be broken off at any point and run again. *done is how many were
 * wrapped anew. */
enum stw_code kek_rewrap(struct db *db, const struct seal_keys *keys,
    const struct progress *progress, int64_t *done, struct stw_err *err) STW_MUST_USE;

/* ---- the index key --------------------------------------------------------------------- */
struct index_left {
	int64_t points, objections, counts; /* rows with a hash of the old version */
};
/* Makes the file's newest version the one in force. CONFLICT when the exchange before it
 * is not over. Waits up to wait_usec for transactions that hold (imports), then
 * TEMPFAIL. */
enum stw_code index_move_begin(struct db *db, const struct seal_keys *keys,
    stw_usec wait_usec, struct stw_err *err) STW_MUST_USE;
/* Gives every row its new hash, and ends the exchange when none is left with the old one.
 * May be broken off at any point and run again. What remains is in *left: objections
 * and counts on numbers that nobody has any more. now: the business clock. */
enum stw_code index_move_run(struct db *db, const struct seal_keys *keys, stw_usec now,
    stw_usec wait_usec, const struct progress *progress, int64_t *moved,
    struct index_left *left, struct stw_err *err) STW_MUST_USE;
enum stw_code index_left_count(
    struct db *db, struct index_left *out, struct stw_err *err) STW_MUST_USE;

#endif
