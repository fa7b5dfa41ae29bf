/*
 * task_remote_store.h - what targets call tasks, and the numbers that some of them get.
 *
 * Purpose    A connector's answer may hold the target's own id: kept, because taking a task
 *            back needs it. Targets whose connector says so (`personal`) are given the
 *            telephone number: opened here, into the caller's arena, never stored.
 * Personal   task_phones: wipe the texts when they have left.
 */
#ifndef STW_CAMPAIGNS_TASK_REMOTE_STORE_H
#define STW_CAMPAIGNS_TASK_REMOTE_STORE_H

#include "campaigns/task_store.h"

/* In the caller's transaction, of those endings that have a remote_id. */
enum stw_code task_remotes_put(struct db *db, const struct task_ending *endings,
    size_t n, stw_usec now, struct arena *arena, struct stw_err *err) STW_MUST_USE;
/* out[i]: E.164, or NULL where there is none. */
enum stw_code task_phones(struct db *db, const struct seal_keys *keys,
    const struct task_claim *claims, size_t n, struct arena *arena, char **out,
    struct stw_err *err) STW_MUST_USE;

#endif
