/*
 * number_ledger_store.h - the carrier's ledger beside the registry.
 *
 * Purpose    Takes in a carrier's list of the numbers it gave the bank (CSV), keeps it as
 *            it came, and writes down every difference from the registry: new, gone, held
 *            by somebody else, another licence, another state, any other field. A kind of
 *            difference that the policy says so suspends the number at once. Each stands
 *            until a person settles it.
 * Columns    number, holder (wanted); user_org, kind, licence_no, licence_from, licence_to
 *            (the last valid day), purposes, regions (separated by ;), status. Chinese
 *            headings will do: docs/numbers.md.
 * Errors     INVALID with file:line and column: nothing of the file is kept. CONFLICT: an
 *            older list than the newest, or the same file again; or more than half of the
 *            carrier's numbers are not in it, which a cut file looks like, and all_gone is
 *            not set.
 * Locks      The numbers, in order of number_id; one transaction for the whole file.
 * Rules      CN-12 to CN-16; reliability: a difference is never dropped silently.
 */
#ifndef STW_CAMPAIGNS_NUMBER_LEDGER_STORE_H
#define STW_CAMPAIGNS_NUMBER_LEDGER_STORE_H

#include "db/db.h"
#include "engine/uuid.h"

struct number_ledger_file {
	const char *path;    /* NULL: text */
	struct str text;     /* the file itself, where it came over HTTP */
	const char *carrier; /* whose list: compared with caller_number.carrier */
	stw_day as_of;
	/* What the carrier calls an organisation, and what the registry does. */
	const char *const *names; /* pairs */
	int nnames;
	const char *zone; /* IANA: days of licences */
	bool
	    all_gone; /* it is meant that most of the carrier's numbers are not in it */
	const char *by;
};
struct number_ledger_result {
	struct uuid snapshot_id;
	int lines, differences, suspended;
};
enum stw_code number_ledger_import(struct db *db, const struct number_ledger_file *file,
    stw_usec now, struct number_ledger_result *out, struct stw_err *err) STW_MUST_USE;

struct number_difference {
	const char *id, *carrier, *number, *kind, *field, *was,
	    *is_now;       /* was.. NULL */
	int64_t number_id; /* 0: none */
	stw_day as_of;
	bool suspended;
	stw_usec found_at;
	const char *settled_by, *note; /* NULL: open */
	stw_usec settled_at;
};
/* Newest first; before: the last row seen, or NULL. */
enum stw_code number_differences(struct db *db, bool open_only,
    const struct number_difference *before, int limit, struct arena *arena,
    struct number_difference **out, int *count, struct stw_err *err) STW_MUST_USE;
enum stw_code number_difference_settle(struct db *db, const struct uuid *id,
    const char *by, const char *note, stw_usec now, struct stw_err *err) STW_MUST_USE;

/* What changed in a carrier's list between its newest two. */
struct number_ledger_change {
	const char *number, *field, *was, *is_now; /* field "": the whole line */
};
enum stw_code number_ledger_changes(struct db *db, const char *carrier,
    struct arena *arena, struct number_ledger_change **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
