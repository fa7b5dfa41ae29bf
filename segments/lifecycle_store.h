/*
 * lifecycle_store.h - the stages of customers and their history in the database.
 *
 * Purpose    Models and their versions are next door: segments/lifecycle_model_store.h.
 *            Each move is kept with the version and the transition that made it, its
 *            reason, and its cause: the values the rule looked at, as the rule language
 *            writes them (segments/lifecycle_cause.h).
 * Errors     CONFLICT when stages changed since the book was loaded (load it again).
 */
#ifndef STW_SEGMENTS_LIFECYCLE_STORE_H
#define STW_SEGMENTS_LIFECYCLE_STORE_H

#include "db/db.h"
#include "segments/lifecycle_model_store.h"

/* Writes the changes, one transaction a bucket, and sets the stages in the parts; changes:
 * one a part. A bucket whose stored stages are not those of the book is left alone, with
 * CONFLICT: after a crash the changes are found again from a freshly loaded book. */
enum stw_code lifecycle_store_apply(struct db *db, const struct book_parts *parts,
    const struct lifecycle_model *model, const struct lifecycle_changes *changes,
    stw_usec now, const struct progress *progress, struct stw_err *err) STW_MUST_USE;

/* A rule of the version fails for everybody; failure NULL: none does (any more). */
enum stw_code lifecycle_store_failed(struct db *db, const char *model, int version,
    stw_usec now, const char *failure, struct stw_err *err) STW_MUST_USE;
struct lifecycle_failure {
	stw_usec at;      /* of the newest tick that found it */
	const char *text; /* in the arena; NULL: none */
};
enum stw_code lifecycle_store_failure(struct db *db, const char *model, int version,
    struct arena *arena, struct lifecycle_failure *out,
    struct stw_err *err) STW_MUST_USE;

struct lifecycle_count {
	const char *stage;
	int64_t customers;
};
/* Customers a stage in the model, of stages that have any. */
enum stw_code lifecycle_store_counts(struct db *db, const char *model,
    struct arena *arena, struct lifecycle_count **out, int *count,
    struct stw_err *err) STW_MUST_USE;

struct lifecycle_event {
	const char *model;
	int version;
	const char *from; /* NULL: the first */
	const char *to, *reason;
	stw_usec at;
	const char *transition; /* "transitions[3]"; NULL: from before it was kept */
	const char *cause;      /* NULL: the same, or an entry without a rule */
};
/* Newest first, at most 500. */
enum stw_code lifecycle_store_history(struct db *db, int bucket, int64_t customer_id,
    struct arena *arena, struct lifecycle_event **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
