/*
 * lifecycle_store.h - lifecycle models, stages and their history in the database.
 *
 * Errors     INVALID for a document with a fault (place as segments/lifecycle.h);
 *            NOT_FOUND for a model or version that is not there; CONFLICT when stages
 *            changed since the book was loaded (load it again).
 * Ledger     A new version and an activation each append a "rule_change" entry in their
 *            own transaction. Functions that say so open one: db must not be in one.
 */
#ifndef STW_SEGMENTS_LIFECYCLE_STORE_H
#define STW_SEGMENTS_LIFECYCLE_STORE_H

#include "db/db.h"
#include "segments/lifecycle.h"

/* The active version of the model that setting 'lifecycle_model' names (default
 * wealth). */
enum stw_code lifecycle_store_active(struct db *db, struct arena *arena,
    struct lifecycle_model *out, struct stw_err *err) STW_MUST_USE;

struct lifecycle_version {
	const char *code;
	int version;
	const char *state; /* draft, active, retired */
	const char *author;
	char hash_hex[65];
	stw_usec created_at;
	const char *document;
};
/* Newest first. */
enum stw_code lifecycle_store_list(struct db *db, const char *code, struct arena *arena,
    struct lifecycle_version **out, int *count, struct stw_err *err) STW_MUST_USE;

/* Checks the document, rules included, and keeps it as a new draft; the newest version
 * with the same content is returned instead of a copy. Own transaction. */
enum stw_code lifecycle_store_save(struct db *db, struct str json, const char *actor,
    stw_usec now, int *version, struct stw_err *err) STW_MUST_USE;
/* Makes a version the active one of its code and retires the one before. Own
 * transaction. */
enum stw_code lifecycle_store_activate(struct db *db, const char *code, int version,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* Saves and activates the embedded wealth model when its code has no version yet;
 * *installed says whether it did. */
enum stw_code lifecycle_store_install(struct db *db, const char *actor, stw_usec now,
    bool *installed, struct stw_err *err) STW_MUST_USE;

/* Writes the changes, one transaction a bucket, and sets the stages in the book. A bucket
 * whose stored stages are not those of the book is left alone, with CONFLICT: after a
 * crash the changes are found again from a freshly loaded book. */
enum stw_code lifecycle_store_apply(struct db *db, struct book *book,
    const struct lifecycle_model *model, const struct lifecycle_changes *changes,
    stw_usec now, const struct progress *progress, struct stw_err *err) STW_MUST_USE;

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
};
/* Newest first, at most 500. */
enum stw_code lifecycle_store_history(struct db *db, int bucket, int64_t customer_id,
    struct arena *arena, struct lifecycle_event **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
