/*
 * agent_store.h - agents in the database: profile, presence, what they have in hand.
 *
 * Purpose    A profile is put whole and is a ledger entry ("rule_change"). Presence comes
 *            from the agent system and is only kept.
 * Ownership  What is read lives in the arena.
 * Locks      agent_lock comes before any task, and whoever holds it takes tasks without
 *            waiting (SKIP LOCKED).
 */
#ifndef STW_CAMPAIGNS_AGENT_STORE_H
#define STW_CAMPAIGNS_AGENT_STORE_H

#include "campaigns/agent.h"
#include "db/db.h"

/* In the caller's transaction. NOT_FOUND: there is no such agent. */
enum stw_code agent_lock(
    struct db *db, const char *code, struct stw_err *err) STW_MUST_USE;
enum stw_code agent_load(struct db *db, const char *code, stw_usec now,
    struct arena *arena, struct agent *out, struct stw_err *err) STW_MUST_USE;
/* By code; queue NULL: of all; after NULL: from the start. */
enum stw_code agent_list(struct db *db, const char *queue, const char *after, int limit,
    stw_usec now, struct arena *arena, struct agent **out, int *count,
    struct stw_err *err) STW_MUST_USE;
/* New or changed; its own transaction. INVALID: agent_check, or a queue that is none. */
enum stw_code agent_save(struct db *db, const struct agent *agent, const char *actor,
    stw_usec now, struct stw_err *err) STW_MUST_USE;
/* NOT_FOUND: there is no such agent. News that is older than what is known changes
 * nothing. */
enum stw_code agent_presence_put(struct db *db, const char *code,
    enum agent_presence presence, stw_usec at, struct stw_err *err) STW_MUST_USE;
bool agent_works_queue(struct db *db, const char *code, const char *queue);

/* How long a queue waits for its agents, in seconds. */
struct queue_handling {
	int reserve, no_show, wrap, manager_first;
};
enum stw_code queue_handling_put(struct db *db, const char *queue,
    const struct queue_handling *handling, const char *actor, stw_usec now,
    struct stw_err *err) STW_MUST_USE;

#endif
