/*
 * task_next_store.h - which task an agent gets next, and through whose hands it goes.
 *
 * Purpose    next: the best task that the agent may have is reserved for a while; accepted in
 *            that time it is the agent's, else the next one who asks gets it. Transfer and
 *            history. All inside the caller's transaction (db_begin).
 * Locks      the agent, then tasks without waiting: no task is reserved twice, and nobody
 *            waits for somebody else's choice.
 * Rules      campaigns/match.h.
 */
#ifndef STW_CAMPAIGNS_TASK_NEXT_STORE_H
#define STW_CAMPAIGNS_TASK_NEXT_STORE_H

#include "campaigns/agent_store.h"
#include "campaigns/match.h"
#include "engine/uuid.h"

struct task_next {
	bool found;
	struct uuid task_id; /* when found */
	int64_t fence;
	stw_usec reserved_until;
	enum match_answer
	    why; /* not found: YES when nothing waits, or the commonest reason */
};
/* Asked again while a reservation stands: the same task. Tasks that were accepted and never
 * dialled go back first. NOT_FOUND: there is no such agent. */
enum stw_code task_next(struct db *db, const char *agent, stw_usec now,
    struct arena *arena, struct task_next *out, struct stw_err *err) STW_MUST_USE;

/* Those of all queues, in transactions of its own: what an agent accepted and never dialled
 * goes back whether or not anybody asks for a task. On record (task_handling, ledger). */
enum stw_code task_no_shows(
    struct db *db, stw_usec now, int64_t *returned, struct stw_err *err) STW_MUST_USE;

struct task_transfer {
	const char *agent, *queue; /* one of them; the other NULL */
	const char *reason;
};
/* CONFLICT: the agent does not have it, or the other one cannot. */
enum stw_code task_transfer(struct db *db, const struct uuid *task_id,
    const char *agent, const struct task_transfer *to, stw_usec now,
    struct stw_err *err) STW_MUST_USE;

struct task_candidate {
	const struct agent *agent;
	enum match_answer answer;
};
/* The agents of the task's queue, best first, each with the reason why not. */
enum stw_code task_candidates(struct db *db, const struct uuid *task_id,
    const char *queue, stw_usec now, struct arena *arena, struct task_candidate **out,
    int *count, struct stw_err *err) STW_MUST_USE;

struct task_handling {
	stw_usec at;
	const char *what, *agent;
	const char *to_agent, *to_queue, *reason; /* NULL: none */
};
enum stw_code task_handling_list(struct db *db, const struct uuid *task_id,
    struct arena *arena, struct task_handling **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
