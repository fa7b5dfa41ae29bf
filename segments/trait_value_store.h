/*
 * trait_value_store.h - the values of fed traits.
 *
 * Purpose    Puts and removes values that a bank's systems bring one by one or a few
 *            thousand at a time (a whole file: segments/import.h, target "trait"), and
 *            reads those of one customer. What is put reaches rules through the change
 *            stream; a value that is as it was is not written, so the stream stays quiet.
 * Text form  A value travels as text: true or false, digits, a double as "%.17g", minor
 *            units of money, 2026-11-23, 2026-11-23T02:00:00Z; a string as it is.
 * Ownership  Everything is borrowed for the call; what is read lives in the arena.
 * Errors     As db/db.h; INVALID for a value that the table refuses.
 * Locks      One statement a bucket, customers and traits in order.
 */
#ifndef STW_SEGMENTS_TRAIT_VALUE_STORE_H
#define STW_SEGMENTS_TRAIT_VALUE_STORE_H

#include "db/db.h"
#include "segments/trait_store.h"

struct trait_value {
	struct str ref; /* the customer's */
	int64_t trait_id;
	struct str text; /* empty: the value is removed */
};

enum trait_value_fate {
	TRAIT_VALUE_UNKNOWN =
	    0, /* no such customer, or an erased one: nothing was done */
	TRAIT_VALUE_STORED,
	TRAIT_VALUE_REMOVED,
	TRAIT_VALUE_SAME, /* it was so before, or a later one of the list counts */
};

/* Inside the caller's transaction; fates[i] is that of values[i]. by: who brings them. */
enum stw_code trait_values_put(struct db *db, const struct trait_value *values,
    size_t count, const char *by, stw_usec now, enum trait_value_fate *fates,
    struct stw_err *err) STW_MUST_USE;
/* These traits were fed now, whether or not anything changed. Inside the caller's
 * transaction. */
enum stw_code trait_fed_note(struct db *db, const int64_t *trait_ids, size_t count,
    const char *by, stw_usec now, struct stw_err *err) STW_MUST_USE;

struct trait_held {
	const char *name;
	const char *text; /* in the text form above */
};
/* By name; those of active traits. */
enum stw_code trait_values_get(struct db *db, int bucket, int64_t customer_id,
    struct arena *arena, struct trait_held **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
