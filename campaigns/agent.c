#include "campaigns/agent.h"

#include <string.h>

#define DAY_MINUTES 1440

static const char *const kinds[AGENT_KINDS] = {"person", "robot", "branch"};
static const char *const presences[PRESENCES] = {
    "unknown", "available", "busy", "away", "offline"};

const char *
agent_kind_name(enum agent_kind kind)
{
	return kinds[kind];
}

enum agent_kind
agent_kind_parse(struct str text)
{
	int k = 0;

	while (k < AGENT_KINDS && !str_eq_c(text, kinds[k]))
		k++;
	return (enum agent_kind)k;
}

const char *
agent_presence_name(enum agent_presence presence)
{
	return presences[presence];
}

enum agent_presence
agent_presence_parse(struct str text)
{
	int p = PRESENCE_AVAILABLE;

	while (p < PRESENCES && !str_eq_c(text, presences[p]))
		p++;
	return (enum agent_presence)p;
}

/* ---- the profile ----------------------------------------------------------------------- */
static bool
is_word(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 40 &&
	       strspn(text,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		   "_-") == len;
}

static bool
is_span(int from, int to)
{
	return from >= 0 && from < to && to <= DAY_MINUTES;
}

static enum stw_code
check_skills(const struct agent *a, struct stw_err *err)
{
	for (int i = 0; i < a->nskills; i++) {
		const struct agent_skill *s = &a->skills[i];

		if (!is_word(s->code))
			return stw_fail(err, STW_INVALID,
			    "skills: code '%.40s' is no word of 1 to 40 letters",
			    s->code);
		if (s->level < 1 || s->level > AGENT_LEVELS)
			return stw_fail(err, STW_INVALID,
			    "skills: level of %s is 1 to %d", s->code, AGENT_LEVELS);
		for (int j = 0; j < i; j++)
			if (strcmp(s->code, a->skills[j].code) == 0)
				return stw_fail(err, STW_INVALID,
				    "skills: %s stands there twice", s->code);
	}
	for (int i = 0; i < a->nlanguages; i++)
		if (!is_word(a->languages[i]))
			return stw_fail(err, STW_INVALID,
			    "languages: '%.40s' is no language tag as zh-CN",
			    a->languages[i]);
	return STW_OK;
}

static enum stw_code
check_licences(const struct agent *a, struct stw_err *err)
{
	for (int i = 0; i < a->nlicences; i++) {
		const struct agent_licence *l = &a->licences[i];

		if (!is_word(l->kind) || l->number[0] == '\0')
			return stw_fail(err, STW_INVALID,
			    "licences: a kind, as sales, and a number are wanted");
		if (l->from >= l->to)
			return stw_fail(err, STW_INVALID,
			    "licences: %s ends before it begins", l->kind);
	}
	return STW_OK;
}

static enum stw_code
check_shifts(const struct agent *a, struct stw_err *err)
{
	for (int i = 0; i < a->nshifts; i++) {
		const struct agent_shift *s = &a->shifts[i];

		if (s->weekday < 1 || s->weekday > 7)
			return stw_fail(err, STW_INVALID,
			    "shifts: weekday is 1 (Monday) to 7 (Sunday)");
		if (!is_span(s->from, s->to))
			return stw_fail(err, STW_INVALID,
			    "shifts: from is before to, within one day; a shift that passes "
			    "midnight is written as two");
	}
	for (int i = 0; i < a->nexceptions; i++) {
		const struct agent_exception *e = &a->exceptions[i];

		if (e->from != e->to && !is_span(e->from, e->to))
			return stw_fail(err, STW_INVALID,
			    "exceptions: from is before to, within one day");
	}
	return STW_OK;
}

enum stw_code
agent_check(const struct agent *a, struct stw_err *err)
{
	const struct zone *zone;
	enum stw_code rc;

	if (!is_word(a->code))
		return stw_fail(err, STW_INVALID,
		    "agent '%.40s': 1 to 40 letters, digits, _ and - are wanted",
		    a->code);
	if (a->capacity < 1 || a->capacity > 500)
		return stw_fail(err, STW_INVALID, "capacity: 1 to 500 is wanted");
	if (a->hourly_limit < 0 || a->hourly_limit > 100000)
		return stw_fail(
		    err, STW_INVALID, "hourly_limit: 0 (none) to 100000 is wanted");
	rc = zone_find(a->zone, &zone, err);
	if (rc == STW_NOT_FOUND)
		return stw_fail(err, STW_INVALID,
		    "zone: '%.60s' is not in the tz database", a->zone);
	if (rc == STW_OK)
		rc = check_skills(a, err);
	if (rc == STW_OK)
		rc = check_licences(a, err);
	return rc == STW_OK ? check_shifts(a, err) : rc;
}

/* ---- the moment ---------------------------------------------------------------------------- */
bool
agent_on_shift(const struct agent *a, const struct zone *zone, stw_usec now)
{
	struct zone_local local = zone_local(zone, now);
	bool other = false;

	for (int i = 0; i < a->nexceptions; i++) {
		const struct agent_exception *e = &a->exceptions[i];

		if (e->day != local.day)
			continue;
		other = true;
		if (local.minute >= e->from && local.minute < e->to)
			return true;
	}
	if (other)
		return false;
	for (int i = 0; i < a->nshifts; i++) {
		const struct agent_shift *s = &a->shifts[i];

		if (s->weekday == stw_weekday(local.day) + 1 &&
		    local.minute >= s->from && local.minute < s->to)
			return true;
	}
	return a->nshifts == 0;
}

int
agent_skill_level(const struct agent *a, const char *code)
{
	for (int i = 0; i < a->nskills; i++)
		if (strcmp(a->skills[i].code, code) == 0)
			return a->skills[i].level;
	return 0;
}

bool
agent_speaks(const struct agent *a, const char *language)
{
	for (int i = 0; i < a->nlanguages; i++)
		if (strcmp(a->languages[i], language) == 0)
			return true;
	return false;
}

bool
agent_works(const struct agent *a, const char *queue)
{
	if (strcmp(a->queue, queue) == 0)
		return true;
	for (int i = 0; i < a->nqueues; i++)
		if (strcmp(a->queues[i], queue) == 0)
			return true;
	return false;
}

stw_usec
agent_licensed_until(const struct agent *a, const char *kind, stw_usec now)
{
	stw_usec until = STW_USEC_NEVER;

	for (int i = 0; i < a->nlicences; i++) {
		const struct agent_licence *l = &a->licences[i];

		if (strcmp(l->kind, kind) == 0 && l->from <= now && now < l->to &&
		    l->to > until)
			until = l->to;
	}
	return until;
}
