/*
 * task_unsure_store.h - tasks whose push was out when their dispatcher died.
 *
 * Purpose    The target that cannot deduplicate, but can be asked, is asked after them by
 *            the next dispatcher that claims them; nothing is sent before that is answered.
 * Leases     They are the claimer's from then on: a finish by the dead one is stale, one
 *            with the claim's epoch (task_finish_pushes) says what came of it.
 * Ownership  What is read lives in the arena.
 */
#ifndef STW_CAMPAIGNS_TASK_UNSURE_STORE_H
#define STW_CAMPAIGNS_TASK_UNSURE_STORE_H

#include "campaigns/task_store.h"

struct task_unsure {
	struct task_push push;
	stw_usec age; /* since it left; 0: nobody knows when it did */
};
/* out[*found]: what was pushed, of those among the claims. Own transaction. */
enum stw_code task_unsure(struct db *db, const struct task_claim *claims, int count,
    stw_usec now, struct arena *arena, struct task_unsure **out, int *found,
    struct stw_err *err) STW_MUST_USE;

#endif
