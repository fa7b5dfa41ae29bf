/*
 * number_store.h - the registry of caller numbers, as it stands.
 *
 * Purpose    Reads numbers with their use, puts one out of use at once, and keeps what is
 *            observed of them. What is registered changes through
 *            campaigns/number_change_store.h only: proposed by one, approved by another.
 * Locks      Suspending takes the row's lock, so that no dispatch or permit that begins
 *            later uses the number.
 * Errors     NOT_FOUND: no such number. CONFLICT: its state does not allow it.
 */
#ifndef STW_CAMPAIGNS_NUMBER_STORE_H
#define STW_CAMPAIGNS_NUMBER_STORE_H

#include "campaigns/number.h"
#include "db/db.h"
#include "engine/uuid.h"

struct number_filter {
	const char *pool, *kind, *status, *purpose; /* NULL: any */
	int64_t number_id;                          /* 0: any */
	/* Rows behind this one in the order (pool, number_id); NULL: from the start. */
	const char *after_pool;
	int64_t after_id;
	int limit;                 /* 0: all */
	const struct uuid *except; /* a task whose own place does not count; or NULL */
};
/* day_start: the instant the institution's day began. */
enum stw_code number_select(struct db *db, const struct number_filter *filter,
    stw_usec now, stw_usec day_start, struct arena *arena, struct number_row **out,
    int *count, struct stw_err *err) STW_MUST_USE;
/* pool NULL: all. */
enum stw_code number_list(struct db *db, const char *pool, stw_usec now,
    stw_usec day_start, struct arena *arena, struct number_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;
enum stw_code number_get(struct db *db, int64_t number_id, stw_usec now,
    stw_usec day_start, struct arena *arena, struct number_row *out,
    struct stw_err *err) STW_MUST_USE;
/* *id 0: not registered. */
enum stw_code number_find(
    struct db *db, const char *number, int64_t *id, struct stw_err *err) STW_MUST_USE;

/* Out of use at once, by one person or a rule ("person", "health", "ledger"). evidence:
 * canonical JSON for the ledger, or NULL. Own transaction, or the caller's when lent. */
struct number_suspension {
	int64_t number_id;
	const char *by, *reason, *actor;
	stw_usec cooldown_until; /* STW_USEC_NEVER: it takes two persons anyway */
	const char *evidence;
};
enum stw_code number_suspend(struct db *db, const struct number_suspension *what,
    stw_usec now, struct stw_err *err) STW_MUST_USE;

struct number_observation {
	int64_t number_id;
	const char *kind;  /* label, attestation, callback, identity, complaint */
	const char *value; /* none..scam; A, B, C; ok, failed; complaint */
	const char *vendor, *reference; /* NULL: none */
	int score;                      /* -1: none */
	stw_usec at;
	const char *actor;
};
/* With its ledger entry. Own transaction, or the caller's when lent. */
enum stw_code number_observe(struct db *db, const struct number_observation *seen,
    stw_usec now, struct stw_err *err) STW_MUST_USE;

#endif
