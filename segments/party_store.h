/*
 * party_store.h - what rules ask about a customer and the customer's row does not say: hours
 * asked for, and who holds accounts together with the customer.
 *
 * Purpose    Two short lists, read whole and replaced whole. Imports bring them too
 *            (import_target.c); the last one to speak is right.
 * Units      Minutes of the local day, 1440 its end; bit 0 of the weekdays is Monday.
 * Ownership  Lists and texts of the readers live in the arena.
 * Errors     INVALID: a window that is none, a rating out of 1 to 5, a holder twice, too many.
 *            NOT_FOUND: no such customer, or an erased one.
 * Locks      The customer's row, then the outbox; the caller's transaction. A list that
 *            changes leaves an entry "customer_fact" in the ledger that says how long it is.
 * Rules      HS-15 (hours), CN-23, CN-25 (of several holders the lowest rating counts).
 */
#ifndef STW_SEGMENTS_PARTY_STORE_H
#define STW_SEGMENTS_PARTY_STORE_H

#include "db/db.h"

#define PARTY_LIST_MAX 50

struct party_of {
	int bucket;
	int64_t customer_id;
	const char *actor; /* who changes it */
};

/* None: at any hour. */
struct contact_time {
	unsigned weekdays;
	int from, until;     /* the end excluded; past midnight are two windows */
	stw_usec updated_at; /* list only */
};
enum stw_code contact_time_list(struct db *db, const struct party_of *of,
    struct arena *arena, struct contact_time **out, int *count,
    struct stw_err *err) STW_MUST_USE;
enum stw_code contact_time_replace(struct db *db, const struct party_of *of,
    const struct contact_time *times, int count, stw_usec now,
    struct stw_err *err) STW_MUST_USE;

/* None: the customer holds alone. */
struct joint_holder {
	const char *ref;     /* the bank's */
	int rating;          /* 1 to 5; 0: has none, which denies what asks for one */
	stw_usec updated_at; /* list only */
};
enum stw_code joint_holder_list(struct db *db, const struct party_of *of,
    struct arena *arena, struct joint_holder **out, int *count,
    struct stw_err *err) STW_MUST_USE;
enum stw_code joint_holder_replace(struct db *db, const struct party_of *of,
    const struct joint_holder *holders, int count, stw_usec now,
    struct stw_err *err) STW_MUST_USE;

#endif
