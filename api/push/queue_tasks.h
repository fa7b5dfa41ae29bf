/*
 * queue_tasks.h - the tasks a simulated queue holds, and who works them.
 *
 * Purpose    Deduplication by webhook-id, and one waiting line for each agent. An agent
 *            is chosen by the task's id, so that after a restart the same agent goes on
 *            with the same task.
 * States     NEW (seen, no effect yet: the queue failed) -> TAKING -> OPEN (accepted: the
 *            effect) -> CLOSED. Recalls are kept under their own webhook-id.
 * Ownership  queue_tasks_new/free; a struct queue_task lives as long as the table.
 * Threads    All functions lock. Fields of a task after `tries` belong to its agent once
 *            it is OPEN.
 */
#ifndef STW_API_PUSH_QUEUE_TASKS_H
#define STW_API_PUSH_QUEUE_TASKS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "api/push/webhook.h"
#include "engine/err.h"
#include "engine/time.h"

#define QUEUE_NAME_MAX 64

enum queue_task_state {
	QUEUE_TASK_NEW = 0,
	QUEUE_TASK_TAKING, /* one request writes it to the journal; others wait */
	QUEUE_TASK_OPEN,
	QUEUE_TASK_PARKED, /* its agent gave up on it for now; a repeat of the push wakes it */
	QUEUE_TASK_CLOSED
};

struct queue_task {
	char id[WEBHOOK_ID_MAX + 1]; /* webhook-id */
	char task_id[40];
	char queue[QUEUE_NAME_MAX]; /* "" when the push did not say */
	enum queue_task_state state;
	uint64_t tries; /* requests with this id */
	int offer;
	bool outcome_sent;    /* an outcome has been sent, perhaps not answered */
	char disposition[24]; /* of that outcome */
	char callback_at[STW_USEC_TEXT];
	int waits;  /* how often it was not settled yet */
	int passed; /* agents who could not take it */
	struct queue_task *next_in_bin, *next_in_line;
};

struct queue_agent_line {
	char queue[QUEUE_NAME_MAX]; /* works tasks of this queue; "": of any */
};

struct queue_tasks;
struct queue_tasks *queue_tasks_new(const struct queue_agent_line *agents, int nagents);
void queue_tasks_free(struct queue_tasks *tasks);

/* Restores one line of the journal. */
enum stw_code queue_tasks_replay(
    struct queue_tasks *tasks, const json_t *event, struct stw_err *err) STW_MUST_USE;
/* Gives all open tasks to their agents; after the last replay. */
void queue_tasks_resume(struct queue_tasks *tasks);

/* How many requests with this id came before this one; counts it. */
uint64_t queue_tasks_try(struct queue_tasks *tasks, const char *id);
bool queue_tasks_recalled(struct queue_tasks *tasks, const char *offer);
void queue_tasks_recall(struct queue_tasks *tasks, const char *id);
/* True when this is the first: the caller journals it and then opens it. Of two at once
 * one waits until the other has opened or given up. */
bool queue_tasks_take(struct queue_tasks *tasks, const char *id, const char *task_id,
    const char *queue, int offer);
/* After queue_tasks_take: to its agent (opened), or as if never seen (journal failed). */
void queue_tasks_settle(struct queue_tasks *tasks, const char *id, bool opened);

/* The next task of an agent; waits up to wait_ms; NULL: none. */
struct queue_task *queue_tasks_next(struct queue_tasks *tasks, int agent, int wait_ms);
/* Back to the end of the line it came from. */
void queue_tasks_again(struct queue_tasks *tasks, int agent, struct queue_task *task);
/* To another agent of its queue; false when all have had it. */
bool queue_tasks_pass_on(struct queue_tasks *tasks, struct queue_task *task);
/* Out of the line until the push is repeated. */
void queue_tasks_park(struct queue_tasks *tasks, struct queue_task *task);
void queue_tasks_close(struct queue_tasks *tasks, struct queue_task *task);

struct queue_counts {
	int64_t open;     /* accepted and not closed */
	int64_t assigned; /* of those, waiting for or with an agent: not the parked */
	int64_t ids;      /* effects, closed ones too */
};
void queue_tasks_count(struct queue_tasks *tasks, struct queue_counts *out);

/* A number below n that depends on the text alone. */
uint64_t queue_hash(const char *text, uint64_t seed);

#endif
