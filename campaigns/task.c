#include "campaigns/task.h"

static const struct {
	const char *name;
	bool terminal;
} states[TASK_STATES] = {
    [TASK_NONE] = {"", false},
    [TASK_PLANNED] = {"planned", false},
    [TASK_READY] = {"ready", false},
    [TASK_SENDING] = {"sending", false},
    [TASK_QUEUED] = {"queued", false},
    [TASK_ACCEPTED] = {"accepted", false},
    [TASK_IN_PROGRESS] = {"in_progress", false},
    [TASK_UNKNOWN] = {"unknown", false},
    [TASK_DONE] = {"done", true},
    [TASK_NO_CONTACT] = {"no_contact", true},
    [TASK_EXPIRED] = {"expired", true},
    [TASK_CANCELLED] = {"cancelled", true},
    [TASK_RECALLED] = {"recalled", true},
    [TASK_BLOCKED] = {"blocked", true},
    [TASK_FAILED] = {"failed", true},
};

#define TO(state) (1U << (state))

/* Why each move exists stands beside it in task_move (db/migrations). What is missing is
 * missing on purpose: nothing leaves a terminal state but a failed task that a person
 * requeues (decision 0037), nothing reaches sending but from planned (in a batch) and ready,
 * through the gate, nothing reaches in_progress but from accepted (through a permit), and a task on the wire is never cancelled, only recalled. */
static const unsigned moves[TASK_STATES] = {
    [TASK_PLANNED] =
	TO(TASK_READY) | TO(TASK_SENDING) | TO(TASK_CANCELLED) | TO(TASK_EXPIRED),
    [TASK_READY] = TO(TASK_SENDING) | TO(TASK_PLANNED) | TO(TASK_BLOCKED) |
		   TO(TASK_CANCELLED) | TO(TASK_EXPIRED),
    [TASK_SENDING] = TO(TASK_QUEUED) | TO(TASK_READY) | TO(TASK_UNKNOWN) |
		     TO(TASK_FAILED) | TO(TASK_RECALLED),
    [TASK_UNKNOWN] = TO(TASK_QUEUED) | TO(TASK_FAILED) | TO(TASK_RECALLED),
    [TASK_QUEUED] = TO(TASK_ACCEPTED) | TO(TASK_RECALLED) | TO(TASK_EXPIRED),
    [TASK_ACCEPTED] = TO(TASK_IN_PROGRESS) | TO(TASK_QUEUED) | TO(TASK_RECALLED) |
		      TO(TASK_EXPIRED) | TO(TASK_BLOCKED) | TO(TASK_PLANNED) |
		      TO(TASK_DONE) | TO(TASK_NO_CONTACT),
    [TASK_FAILED] = TO(TASK_PLANNED),
    [TASK_IN_PROGRESS] = TO(TASK_DONE) | TO(TASK_NO_CONTACT) | TO(TASK_PLANNED) |
			 TO(TASK_ACCEPTED) | TO(TASK_BLOCKED) | TO(TASK_RECALLED),
};

const char *
task_state_name(enum task_state state)
{
	return states[state].name;
}

enum task_state
task_state_parse(struct str text)
{
	for (int s = 1; s < TASK_STATES; s++)
		if (str_eq_c(text, states[s].name))
			return (enum task_state)s;
	return TASK_NONE;
}

bool
task_state_terminal(enum task_state state)
{
	return states[state].terminal;
}

bool
task_may_move(enum task_state from, enum task_state to)
{
	return (moves[from] & TO(to)) != 0;
}
