/*
 * agent.h - who does the work: a person, a robot, a branch.
 *
 * Purpose    The profile that the bank keeps (skills, languages, licences, shifts, limits)
 *            and what is known of the moment (presence, work in hand). Pure.
 * Units      Levels 1 to 5. Licences are valid from the start included to the end excluded.
 *            Shifts are minutes of the local day in the agent's zone, the end excluded;
 *            one that passes midnight is two. weekday: 1 Monday to 7 Sunday.
 * Ownership  Everything is borrowed.
 * Errors     INVALID names the member of the profile and what is wrong with it.
 */
#ifndef STW_CAMPAIGNS_AGENT_H
#define STW_CAMPAIGNS_AGENT_H

#include <stdbool.h>

#include "engine/err.h"
#include "engine/zone.h"

#define AGENT_LEVELS 5

enum agent_kind { AGENT_PERSON = 0, AGENT_ROBOT, AGENT_BRANCH, AGENT_KINDS };
/* UNKNOWN is zero: who never said so is not there. */
enum agent_presence {
	PRESENCE_UNKNOWN = 0,
	PRESENCE_AVAILABLE,
	PRESENCE_BUSY,
	PRESENCE_AWAY,
	PRESENCE_OFFLINE,
	PRESENCES
};

struct agent_skill {
	const char *code;
	int level;
};
struct agent_licence {
	const char *kind, *number; /* kind "sales": what the gate asks for */
	stw_usec from, to;
};
struct agent_shift {
	int weekday, from, to;
};
/* Instead of the week's shifts of that day; from = to: not at work. */
struct agent_exception {
	stw_day day;
	int from, to;
};

struct agent {
	const char *code;
	enum agent_kind kind;
	const char *queue;         /* home */
	const char *const *queues; /* further ones */
	const char *zone;
	int capacity;     /* tasks at once */
	int hourly_limit; /* permits an hour; 0: none */
	bool left, held;
	const struct agent_skill *skills;
	const char *const *languages; /* BCP 47 */
	const struct agent_licence *licences;
	const struct agent_shift *shifts; /* none: presence alone decides */
	const struct agent_exception *exceptions;
	int nqueues, nskills, nlanguages, nlicences, nshifts, nexceptions;
	/* of the moment */
	enum agent_presence presence;
	stw_usec presence_at; /* NEVER: not said */
	int busy;             /* tasks reserved, accepted, in progress */
	int permits;          /* of the last hour; counted when there is a limit */
	stw_usec idle_since;  /* NEVER: no outcome yet */
	stw_usec wrap_until;  /* NEVER: not wrapping up */
};

const char *agent_kind_name(enum agent_kind kind);
enum agent_kind agent_kind_parse(struct str text); /* AGENT_KINDS: none */
const char *agent_presence_name(enum agent_presence presence);
enum agent_presence agent_presence_parse(struct str text); /* PRESENCES: none */

/* The profile, without the moment. */
enum stw_code agent_check(const struct agent *agent, struct stw_err *err) STW_MUST_USE;
bool agent_on_shift(const struct agent *agent, const struct zone *zone, stw_usec now);
/* Level of a skill; 0: none. */
int agent_skill_level(const struct agent *agent, const char *code);
bool agent_speaks(const struct agent *agent, const char *language);
bool agent_works(const struct agent *agent, const char *queue);
/* The end of the longest licence of the kind that is valid now; NEVER: none is. */
stw_usec agent_licensed_until(
    const struct agent *agent, const char *kind, stw_usec now);

#endif
