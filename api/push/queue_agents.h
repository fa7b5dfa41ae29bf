/*
 * queue_agents.h - simulated agents: they take tasks, ask to dial, talk, record outcomes.
 *
 * Purpose    One thread an agent, over the REST API like any agent desktop: accept, permit,
 *            outcome. What came of a call depends on seed and task alone. A refused
 *            permit and a recall end the work on a task; a server that is away or busy
 *            is asked again, so the API may be restarted at any moment.
 * Proof      An outcome is journaled before it is first sent (outcome_sent) and when the
 *            API has acknowledged it (outcome_ack), under one Idempotency-Key a task.
 * Threads    start and stop from one thread.
 */
#ifndef STW_API_PUSH_QUEUE_AGENTS_H
#define STW_API_PUSH_QUEUE_AGENTS_H

#include "api/push/queue_journal.h"
#include "api/push/queue_tasks.h"

struct queue_agent {
	char code[QUEUE_NAME_MAX];
	char token[256];
	struct queue_agent_line line;
};

/* Reads lines "agent token [queue]"; # begins a comment. At most limit of them (0: all);
 * free() the array. */
enum stw_code queue_agents_read(const char *path, int limit, struct queue_agent **out,
    int *count, struct stw_err *err) STW_MUST_USE;

struct queue_agents_options {
	const char *api;
	uint64_t seed;
	int think_ms;
};
struct queue_agents_sums {
	int64_t outcomes, permits_refused, gone;
};

struct queue_agents;
/* All borrowed until stop. */
struct queue_agents *queue_agents_start(const struct queue_agents_options *options,
    const struct queue_agent *agents, int count, struct queue_tasks *tasks,
    struct queue_journal *journal);
void queue_agents_stop(struct queue_agents *all, struct queue_agents_sums *sums);

#endif
