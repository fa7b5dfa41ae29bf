/*
 * number_priv.h - what the stores of caller numbers share.
 */
#ifndef STW_CAMPAIGNS_NUMBER_PRIV_H
#define STW_CAMPAIGNS_NUMBER_PRIV_H

#include "campaigns/number_store.h"

struct number_change {
	int64_t number_id, version;
	const char
	    *what; /* registered, changed, active, suspended, recalled, returned */
	const char *actor, *approver; /* approver NULL: one person or a rule */
	const char *proposal;         /* uuid text, or NULL */
	const char *reason;
	const char *evidence; /* for the ledger, or NULL */
};
/* The row of history, with the number as it is now, and the ledger's entry. */
enum stw_code number_note_change(struct db *db, const struct number_change *change,
    stw_usec now, struct stw_err *err) STW_MUST_USE;

struct number_held {
	const char *number; /* in the arena */
	enum number_status status;
	int version;
	const char *suspended_by; /* or NULL */
};
/* The row's lock. NOT_FOUND. */
enum stw_code number_hold_row(struct db *db, int64_t number_id, struct arena *arena,
    struct number_held *out, struct stw_err *err) STW_MUST_USE;

/* Begins a transaction, runs, commits or rolls back. */
typedef enum stw_code (*number_work)(struct db *db, void *arg, struct stw_err *err);
enum stw_code number_in_tx(
    struct db *db, number_work work, void *arg, struct stw_err *err) STW_MUST_USE;

/* SHA-256 of a text, hex, in the arena. */
const char *number_sha256(struct str text, struct arena *arena);

#endif
