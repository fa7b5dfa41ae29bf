/*
 * outsourcer_store.h - whose staff calls in the bank's name.
 *
 * Purpose    An outsourcer's agents may call while its mandate runs. The document stays in the
 *            bank's archive. Agents that are no outsourcer's are the bank's own staff.
 * Ownership  Lists live in the arena.
 * Errors     NOT_FOUND: one of the agents is not known. INVALID: a value out of range.
 * Rules      CN-30.
 */
#ifndef STW_CAMPAIGNS_OUTSOURCER_STORE_H
#define STW_CAMPAIGNS_OUTSOURCER_STORE_H

#include "db/db.h"

#define OUTSOURCER_AGENTS_MAX 500

struct outsourcer {
	const char *code, *name;
	const char *mandate, *sha256;         /* its document; NULL: there is none */
	stw_usec mandate_from, mandate_until; /* the end is excluded; NEVER: none */
	const char *const *agents;            /* all of them, by code */
	size_t nagents;
	/* what outsourcer_list adds */
	bool in_force;
	const char *updated_by;
};
/* In the caller's transaction, with an entry of the ledger. */
enum stw_code outsourcer_put(struct db *db, const struct outsourcer *outsourcer,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;
enum stw_code outsourcer_list(struct db *db, stw_usec now, struct arena *arena,
    struct outsourcer **out, int *count, struct stw_err *err) STW_MUST_USE;

#endif
