/*
 * trait_store.h - a bank's own traits in the database.
 *
 * Purpose    Traits that a bank adds while the system runs: derived by a rule over the
 *            book, or fed with values (segments/trait_value_store.h). With the built-in
 *            ones they are the catalogue that books are loaded with.
 * Errors     INVALID for a document or rule with a fault, and for a name that a built-in
 *            trait has; NOT_FOUND; CONFLICT when a retired name is saved again, when a fed
 *            trait would get another type or a rule, or when a
 *            segment, the lifecycle model or another trait would no longer compile (it is
 *            named).
 * Ledger     A new version and a retirement each append a "rule_change" entry in their
 *            own transaction: db must not be in one, unless it is lent (db_lend).
 */
#ifndef STW_SEGMENTS_TRAIT_STORE_H
#define STW_SEGMENTS_TRAIT_STORE_H

#include "db/db.h"
#include "segments/trait.h"

struct trait_info {
	struct trait trait;
	int64_t trait_id;
	int version;
	const char *state; /* active, retired */
	const char *author;
	char hash_hex[65];
	stw_usec updated_at;
	const char *fed_by;   /* who fed it last; NULL: nobody yet */
	const char *currency; /* of a fed money trait; else NULL */
};

/* By name, retired ones too when asked for. */
enum stw_code trait_store_list(struct db *db, bool retired, struct arena *arena,
    struct trait_info **out, int *count, struct stw_err *err) STW_MUST_USE;
enum stw_code trait_store_get(struct db *db, const char *name, struct arena *arena,
    struct trait_info *out, struct stw_err *err) STW_MUST_USE;
/* The built-in ones, then the bank's active ones. */
enum stw_code trait_store_catalogue(struct db *db, struct arena *arena,
    struct trait_catalogue *out, struct stw_err *err) STW_MUST_USE;

/* traits_derive with that catalogue. */
enum stw_code trait_store_derive(struct db *db, struct book *book, stw_usec now,
    const struct progress *progress, struct stw_err *err) STW_MUST_USE;

/* A new trait or a new version of one; the same content again gives the version there
 * is. */
enum stw_code trait_store_save(struct db *db, const struct trait *trait,
    const char *actor, stw_usec now, int *version, struct stw_err *err) STW_MUST_USE;
/* The values of a fed trait go. */
enum stw_code trait_store_retire(struct db *db, const char *name, const char *actor,
    stw_usec now, struct stw_err *err) STW_MUST_USE;

#endif
