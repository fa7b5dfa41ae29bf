/*
 * trait_quality_store.h - limits of traits' data, and what the newest look found.
 *
 * Purpose    trait_quality_refresh looks at every trait that has limits, and at every
 *            trait of the bank's own, in a loaded book; it keeps what it found and the
 *            baseline. The baseline is a look that was good; it is renewed when it is
 *            older than a week and nothing is wrong, so that a sudden change shows and a
 *            season does not.
 * Errors     NOT_FOUND for a trait that is not in the catalogue; INVALID for limits that
 *            cannot be, such as one on the age of what has none. Changes are kept with who made them; each appends a "rule_change"
 *            entry to the ledger. db must not be in a transaction, unless it is lent.
 */
#ifndef STW_SEGMENTS_TRAIT_QUALITY_STORE_H
#define STW_SEGMENTS_TRAIT_QUALITY_STORE_H

#include "db/db.h"
#include "segments/trait_quality.h"

struct trait_quality {
	const char *of, *name;
	struct trait_limits limits;
	const char *limits_by; /* NULL: no limits were ever set */
	stw_usec limits_at;
	stw_usec checked_at; /* STW_USEC_NEVER: not looked at yet; the rest is 0 */
	struct trait_look look;
	struct trait_finding finding;
	stw_usec since;   /* of the breach */
	stw_usec base_at; /* STW_USEC_NEVER: none */
	struct trait_look base;
};

/* All that have limits or were looked at; in the arena. */
enum stw_code trait_quality_list(struct db *db, struct arena *arena,
    struct trait_quality **out, int *count, struct stw_err *err) STW_MUST_USE;
/* A trait without limits that was never looked at is NOT_FOUND only when the catalogue
 * does not have it. */
enum stw_code trait_quality_get(struct db *db, const char *of, const char *name,
    struct arena *arena, struct trait_quality *out, struct stw_err *err) STW_MUST_USE;

/* change: what each limit shall be; TRAIT_KEEP_LIMIT leaves it, TRAIT_NO_LIMIT takes it away.
 * Nothing is written when all are left. */
enum stw_code trait_limits_change(struct db *db, const char *of, const char *name,
    const struct trait_limits *change, const char *actor, stw_usec now,
    struct stw_err *err) STW_MUST_USE;
/* What the data is now is what it should be: the next look is the new baseline. */
enum stw_code trait_quality_accept(struct db *db, const char *of, const char *name,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;

/* Looks at the parts of a book and, unless it is not to be kept, writes what it found; gives
 * what trait_quality_list would. */
enum stw_code trait_quality_refresh(struct db *db, const struct book_parts *parts,
    const struct trait_catalogue *catalogue, stw_usec now, bool keep,
    struct arena *arena, struct trait_quality **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
