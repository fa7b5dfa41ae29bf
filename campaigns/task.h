/*
 * task.h - the states of a task and the moves between them.
 *
 * Purpose    One table, the same as task_state and task_move in the database (a test
 *            compares the two); the database refuses every other move.
 */
#ifndef STW_CAMPAIGNS_TASK_H
#define STW_CAMPAIGNS_TASK_H

#include <stdbool.h>

#include "engine/buf.h"
#include "engine/err.h"

enum task_state {
	TASK_NONE = 0,
	TASK_PLANNED,     /* decided, waits for its time */
	TASK_READY,       /* due and claimed by a dispatcher */
	TASK_SENDING,     /* allowed, on the wire */
	TASK_QUEUED,      /* the queue has it */
	TASK_ACCEPTED,    /* an agent has it */
	TASK_IN_PROGRESS, /* a dial permit was granted */
	TASK_UNKNOWN, /* pushed to a queue that cannot deduplicate, no answer came */
	TASK_DONE,
	TASK_NO_CONTACT,
	TASK_EXPIRED,
	TASK_CANCELLED,
	TASK_RECALLED,
	TASK_BLOCKED,
	TASK_FAILED,
	TASK_STATES /* how many */
};

const char *task_state_name(enum task_state state);
enum task_state task_state_parse(struct str text); /* TASK_NONE: no such state */
bool task_state_terminal(enum task_state state);
bool task_may_move(enum task_state from, enum task_state to);

#endif
