/*
 * match.h - which agent may have which task, and which of them comes first.
 *
 * Purpose    One answer with one reason for each pair, and two orders: of tasks for an agent
 *            who asks for the next, and of agents for a task. Pure and deterministic: what
 *            is equal in everything is ordered by its name.
 * Rules      An agent must be there (a presence that is not stale), at work, not wrapping
 *            up, below capacity and limits, of the task's kind and queue, and have the
 *            skills, languages and licences the task needs, now.
 *            The promised agent has a call-back to himself first, the relationship manager
 *            any task of the customer, each for a while.
 * Order      Tasks: own call-backs that are due, customers of the agent's own, the agent
 *            they spoke to last, elderly customers, priority raised by waiting.
 *            Agents: promised, manager, last spoken to, idle longest.
 */
#ifndef STW_CAMPAIGNS_MATCH_H
#define STW_CAMPAIGNS_MATCH_H

#include "campaigns/agent.h"

struct match_need {
	const struct agent_skill *skills; /* at least that level */
	const char *const *languages;
	const char *const *licences; /* kinds */
	int nskills, nlanguages, nlicences;
};

struct match_task {
	const char *id, *queue;
	bool robot, elderly;
	struct match_need need;
	int priority;
	stw_usec waiting_since;
	stw_usec callback_at;       /* MAX: none */
	const char *callback_agent; /* promised; NULL: anybody */
	const char *manager;        /* who is there to have it first; NULL: nobody */
	const char *sticky;         /* the customer spoke to last; NULL: nobody */
	stw_usec manager_first;     /* how long */
};

/* The order is that in which they are asked. */
enum match_answer {
	MATCH_YES = 0,
	MATCH_LEFT,
	MATCH_HELD,
	MATCH_NOT_PRESENT,
	MATCH_OFF_SHIFT,
	MATCH_WRAPPING,
	MATCH_FULL,
	MATCH_HOURLY_LIMIT,
	MATCH_KIND,
	MATCH_QUEUE,
	MATCH_SKILL,
	MATCH_LANGUAGE,
	MATCH_LICENCE,
	MATCH_PROMISED,
	MATCH_MANAGER_FIRST,
	MATCH_ANSWERS
};

/* A presence older than this is stale. */
#define MATCH_PRESENCE_FRESH (10 * STW_USEC_MIN)
/* How long a call-back that is due waits for the agent it was promised with. */
#define MATCH_PROMISE_KEPT (10 * STW_USEC_MIN)
/* What an hour of waiting adds to the priority (0 to 1000). */
#define MATCH_AGEING 50

const char *match_answer_name(enum match_answer answer);
/* The sentence for a person. */
const char *match_answer_text(enum match_answer answer, bool zh);

/* About the agent alone: can he have any task? */
enum match_answer match_agent(
    const struct agent *agent, const struct zone *zone, stw_usec now);
/* About the pair, once match_agent said yes. */
enum match_answer match_task(
    const struct match_task *task, const struct agent *agent, stw_usec now);
/* Below zero: a before b. */
int match_tasks_order(const struct match_task *a, const struct match_task *b,
    const char *agent, stw_usec now);
int match_agents_order(
    const struct agent *a, const struct agent *b, const struct match_task *task);

#endif
