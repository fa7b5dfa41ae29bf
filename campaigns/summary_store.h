/*
 * summary_store.h - what compliance looks at, in one go.
 *
 * Purpose    Counts of a time: dial attempts, incidents by code, abandoned calls, complaints
 *            by campaign, overrides; and as they are now: numbers by label, minutes that
 *            do-not-call registries are past their freshness.
 * Ownership  Everything in the arena.
 * Rules      compliance.md 7.5, item 4.
 */
#ifndef STW_CAMPAIGNS_SUMMARY_STORE_H
#define STW_CAMPAIGNS_SUMMARY_STORE_H

#include "db/db.h"

struct summary_row {
	const char *section; /* as compliance_summary.sql names them */
	const char *key;     /* NULL: of the whole section */
	int64_t count, of;   /* of: -1 where there is none */
};
/* [from, to); by section and key. */
enum stw_code compliance_summary(struct db *db, stw_usec from, stw_usec to,
    stw_usec now, struct arena *arena, struct summary_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
