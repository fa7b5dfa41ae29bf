/*
 * connector_store.h - connectors in versions: a draft, one in force, and what was.
 *
 * Purpose    Where tasks go is changed by two people: one writes a version, another puts it
 *            in force (the version before is retired). Both are ledger entries
 *            ("rule_change"). Documents are checked by the caller (api/connect).
 * Ownership  What is read lives in the arena.
 * Errors     CONFLICT: the version is or was in force, or the same person. Puts are
 *            transactions of their own, or part of the caller's when lent.
 */
#ifndef STW_CAMPAIGNS_CONNECTOR_STORE_H
#define STW_CAMPAIGNS_CONNECTOR_STORE_H

#include "db/db.h"

struct connector_row {
	const char *name;
	int version;
	const char *state, *document;
	const char *written_by, *activated_by; /* activated_by NULL: not yet */
	stw_usec written_at, activated_at;     /* or NEVER */
	int queues;                            /* that name it */
};
/* A draft may be written again. */
enum stw_code connector_put(struct db *db, const char *name, int version,
    const char *document, const char *actor, stw_usec now,
    struct stw_err *err) STW_MUST_USE;
enum stw_code connector_activate(struct db *db, const char *name, int version,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* name NULL: all; version 0: all. The newest of each first. */
enum stw_code connector_rows(struct db *db, const char *name, int version,
    struct arena *arena, struct connector_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
