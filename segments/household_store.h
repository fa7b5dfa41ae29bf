/*
 * household_store.h - who lives together.
 *
 * Purpose    A household is its members and a reference: the bank's, or one made for a
 *            suggestion. The bank declares who belongs to it; Steward suggests, from a shared
 *            number and a surname or address, and nothing follows from a suggestion until
 *            somebody confirms it. A customer belongs to one household; the database
 *            keeps customer.household_size.
 * Ownership  Everything in the arena.
 * Errors     NOT_FOUND when there is no suggestion to settle or nothing to leave. INVALID
 *            for an unknown action or role.
 * Locks      The member rows, then ledger outbox; the caller's transaction.
 */
#ifndef STW_SEGMENTS_HOUSEHOLD_STORE_H
#define STW_SEGMENTS_HOUSEHOLD_STORE_H

#include "db/db.h"

struct household_change {
	/* declare: belongs to it; confirm, reject: a suggestion; leave: no longer */
	const char *action;
	const char *household; /* its reference */
	const char
	    *role; /* declare: head, spouse, child, parent, member; NULL: member */
	const char *actor; /* who says so */
};
/* Declaring or confirming one household leaves any other. */
enum stw_code household_record(struct db *db, int bucket, int64_t customer_id,
    const struct household_change *change, stw_usec now,
    struct stw_err *err) STW_MUST_USE;

struct household_row {
	const char *household;
	const char *own_state;       /* of the customer asked about */
	const char *ref, *name_mask; /* of the member; NULL: no name */
	const char *role, *source, *state, *actor;
	const char
	    *reason; /* of a suggestion, what speaks for it: "phone surname"; or NULL */
	stw_usec updated_at;
	bool own;
};
/* All rows of all households that the customer is, was or may be of: the one that counts
 * first. None is no error. At most a thousand. */
enum stw_code household_of(struct db *db, int bucket, int64_t customer_id,
    struct arena *arena, struct household_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;

/* Households with suggestions that nobody has settled, at most `limit` of them, by their
 * reference, after the one named (NULL: from the start); who belongs to one and who may. Of a
 * row own_state is "suggested" and own false. */
enum stw_code household_open(struct db *db, const char *after, int limit,
    struct arena *arena, struct household_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;

/* Looks through all shared numbers. What was rejected or left is not suggested again. */
enum stw_code household_suggest(
    struct db *db, stw_usec now, int64_t *made, struct stw_err *err) STW_MUST_USE;

#endif
