/*
 * registry_store.h - do-not-call registries and those of reassigned numbers.
 *
 * Purpose    What a registry says about a number reaches the gate in two ways: by a file
 *            (a version, in force as a whole from one instant to the next) and by answers
 *            about single numbers. Whether that is fresh enough, and how long after its
 *            listing a number may still be called, the packs say; the registry's own
 *            figures are for people who watch over it.
 * Personal   Only keyed hashes of numbers are kept. After an exchange of the index key they
 *            cannot be compared any more, and the registry counts as not asked until it is
 *            loaded again (the gate then denies).
 * Ownership  Lists live in the arena.
 * Errors     NOT_FOUND: no such registry. INVALID: a file with more bad lines than
 *            allowed; the text has file, line and column, never the number.
 * Rules      US-02, US-10, UK-01, SG-01, CN-20, FR-01.
 */
#ifndef STW_CAMPAIGNS_REGISTRY_STORE_H
#define STW_CAMPAIGNS_REGISTRY_STORE_H

#include "db/db.h"
#include "db/seal.h"

struct registry {
	const char *code; /* "US-DNC": as packs name it */
	const char *kind; /* do_not_call, reassigned */
	const char
	    *country; /* of its numbers; assumed for those without a country code */
	const char *name_zh, *name_en;
	const char *const *channels; /* that a listing is about; none: all */
	size_t nchannels;
	int freshness_days, grace_days;
	/* what registry_list adds */
	bool up;
	stw_usec up_since;
	int version; /* of the file in force; 0: none */
	stw_usec obtained_at;
	int64_t listed, rejected;
	bool comparable; /* its hashes are of the index key in force */
	int64_t results; /* answers about single numbers */
	stw_usec newest_result;
	const char *updated_by;
};

/* In the caller's transaction. CONFLICT: it exists with another kind. */
enum stw_code registry_put(struct db *db, const struct registry *registry,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;
enum stw_code registry_list(struct db *db, struct arena *arena, struct registry **out,
    int *count, struct stw_err *err) STW_MUST_USE;
/* In the caller's transaction. */
enum stw_code registry_set_up(struct db *db, const char *code, bool up,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;

#define REGISTRY_NO_DAY INT32_MIN /* not said */

/* An answer about one number, in the caller's transaction. */
struct registry_answer {
	const char *registry;
	struct str number; /* with its country code, or of the registry's country */
	const char
	    *answer; /* listed, not_listed; reassigned, not_reassigned, no_data */
	stw_day listed_on, consent_date; /* REGISTRY_NO_DAY: none */
	const char *reference;           /* the registry's; NULL: none */
	stw_usec obtained_at;
};
enum stw_code registry_record(struct db *db, const struct seal_keys *keys,
    const struct registry_answer *answer, const char *actor, stw_usec now,
    struct stw_err *err) STW_MUST_USE;

/* Delimited text with a header; gzip and encodings as imports read them. Columns: number,
 * or area and number; listed_on (2026-11-23) if there is one. */
struct registry_file {
	const char *path, *registry;
	const char *const *names; /* of the columns, of a file without a header */
	int nnames;
	stw_usec obtained_at; /* from the registry */
	int64_t max_errors;
	const char *actor;
};
struct registry_load {
	int version;
	bool unchanged; /* this very file was loaded before: nothing was done */
	int64_t listed, rejected;
	const char **problems; /* the first of them: "file:line: ..." */
	int nproblems;
};
/* A transaction of its own. */
enum stw_code registry_load(struct db *db, const struct seal_keys *keys,
    const struct registry_file *file, stw_usec now, struct arena *arena,
    struct registry_load *out, struct stw_err *err) STW_MUST_USE;

#endif
