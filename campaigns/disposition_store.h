/*
 * disposition_store.h - the words for the end of a contact, as the bank keeps them.
 *
 * Purpose    Find, list and put. A change is a ledger entry ("rule_change"). Outcomes keep
 *            the flags they were recorded with, so a change says nothing of the past.
 * Ownership  What is read lives in the arena.
 * Errors     INVALID: flags that contradict one another. CONFLICT: a flag that protects the
 *            customer would be taken away.
 */
#ifndef STW_CAMPAIGNS_DISPOSITION_STORE_H
#define STW_CAMPAIGNS_DISPOSITION_STORE_H

#include "campaigns/disposition.h"
#include "db/db.h"

struct disposition {
	const char *code, *name_zh, *name_en;
	unsigned flags;
	bool retired;
	const char *updated_by;
	stw_usec updated_at;
};

/* INVALID when there is none, or it is retired: the text lists those there are. */
enum stw_code disposition_find(struct db *db, const char *code, struct arena *arena,
    struct disposition *out, struct stw_err *err) STW_MUST_USE;
/* All, by code. */
enum stw_code disposition_list(struct db *db, struct arena *arena,
    struct disposition **out, int *count, struct stw_err *err) STW_MUST_USE;
/* New or changed; its own transaction. */
enum stw_code disposition_put(struct db *db, const struct disposition *disposition,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;

#endif
