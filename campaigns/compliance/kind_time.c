/*
 * kind_time.c - kinds about when: time_window, blackout_day; and which zones count.
 */
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

/* ---- zones --------------------------------------------------------------------------- */
/* A verified place ends the guessing; without one every candidate counts. */
struct gate_zones
gate_case_zones(struct gate_case *c)
{
	const struct gate_party *p = &c->facts->party;
	const struct zone **verified;
	int n = 0;

	if (c->zones_made)
		return c->zones;
	c->zones_made = true;
	c->zones = (struct gate_zones){p->zones, p->nzones};
	for (int i = 0; i < p->nzone_sources; i++)
		n += p->zone_sources[i] == GATE_ZONE_VERIFIED;
	if (n == 0 || n == p->nzones)
		return c->zones;
	verified = arena_array(c->arena, (size_t)n, sizeof(*verified));
	n = 0;
	for (int i = 0; i < p->nzone_sources; i++) {
		if (p->zone_sources[i] == GATE_ZONE_VERIFIED)
			verified[n++] = p->zones[i];
	}
	c->zones = (struct gate_zones){verified, n};
	return c->zones;
}

stw_usec
gate_day_starts_last(struct gate_case *c, const struct zone *fallback, stw_day day)
{
	struct gate_zones zones = gate_case_zones(c);
	stw_usec last = STW_USEC_NEVER;

	if (zones.count == 0)
		return zone_instant(fallback, day, 0);
	for (int i = 0; i < zones.count; i++) {
		stw_usec at = zone_instant(zones.items[i], day, 0);

		last = at > last ? at : last;
	}
	return last;
}

stw_usec
gate_day_starts_first(struct gate_case *c, const struct zone *fallback, stw_day day)
{
	struct gate_zones zones = gate_case_zones(c);
	stw_usec first = STW_USEC_MAX;

	if (zones.count == 0)
		return zone_instant(fallback, day, 0);
	for (int i = 0; i < zones.count; i++) {
		stw_usec at = zone_instant(zones.items[i], day, 0);

		first = at < first ? at : first;
	}
	return first;
}

/* ---- what is open ---------------------------------------------------------------------- */
/* Days that are looked at for an opening: longer than any run of holidays. */
#define DAYS_AHEAD 400

enum open_state { OPEN_YES = 0, OPEN_NO, OPEN_NOT_COVERED };

/* Whether a zone is open at an instant; *edge: how long yet, or from when again
 * (STW_USEC_MAX: not known). */
typedef enum open_state open_fn(
    const void *what, const struct zone *zone, stw_usec at, stw_usec *edge);

/* First instant from `at` on that is open in every zone, or in any. */
static stw_usec
opens_next(open_fn *open, const void *what, const struct gate_zones *zones,
    enum gate_zone_mode mode, stw_usec at)
{
	const stw_usec end = at + DAYS_AHEAD * STW_USEC_DAY;

	while (at <= end) {
		stw_usec latest = at, earliest = STW_USEC_MAX;

		for (int i = 0; i < zones->count; i++) {
			stw_usec edge = at;
			enum open_state state = open(what, zones->items[i], at, &edge);

			if (state == OPEN_YES)
				edge = at;
			else if (state == OPEN_NOT_COVERED)
				edge = STW_USEC_MAX;
			latest = edge > latest ? edge : latest;
			earliest = edge < earliest ? edge : earliest;
		}
		if (mode == ZONES_ANY)
			return earliest;
		if (latest == at || latest == STW_USEC_MAX)
			return latest;
		at = latest;
	}
	return STW_USEC_MAX; /* the zones never meet */
}

/* What one rule answers: closed, not covered or open until. */
struct open_answer {
	enum open_state state;
	stw_usec until;
	const struct zone *zone; /* the one that says no */
};

static struct open_answer
open_look(open_fn *open, const void *what, const struct gate_zones *zones,
    enum gate_zone_mode mode, stw_usec at)
{
	struct open_answer all = {OPEN_YES, STW_USEC_MAX, NULL};
	struct open_answer any = {OPEN_NO, STW_USEC_NEVER, NULL};

	for (int i = 0; i < zones->count; i++) {
		stw_usec edge = STW_USEC_MAX;
		enum open_state state = open(what, zones->items[i], at, &edge);

		if (state == OPEN_YES) {
			any.state = OPEN_YES;
			any.until = edge > any.until ? edge : any.until;
			all.until = edge < all.until ? edge : all.until;
			continue;
		}
		if (any.state != OPEN_YES)
			any.state = state;
		any.zone = any.zone != NULL ? any.zone : zones->items[i];
		if (all.state == OPEN_YES || state == OPEN_NO) {
			all.state = state;
			all.zone = zones->items[i];
		}
	}
	return mode == ZONES_ANY ? any : all;
}

static void
open_deny(const struct gate_rule *rule, struct gate_case *c, struct gate_answer *out,
    const struct open_answer *a, const char *code, stw_usec from, stw_usec at)
{
	struct zone_local local = zone_local(a->zone, at);
	char day[STW_DAY_TEXT];

	if (a->state == OPEN_NOT_COVERED)
		answer_deny(out, rule, "CALENDAR_NOT_COVERED", STW_USEC_MAX);
	else
		answer_deny(out, rule, code, from);
	answer_note(c, out, "%s %02d:%02d in %s", stw_day_format(local.day, day),
	    local.minute / 60, local.minute % 60, zone_name(a->zone));
}

/* ---- time_window ------------------------------------------------------------------------ */
struct windows_of {
	const struct gate_windows *windows;
	const struct calendar *calendar; /* NULL: weekdays alone */
	bool by_class;
};

static bool
window_on(const struct gate_window *w, stw_day day, unsigned class_bit)
{
	return (w->weekdays & 1u << stw_weekday(day)) != 0 &&
	       (w->classes == 0 || (w->classes & class_bit) != 0);
}

static enum open_state
window_open(const void *what, const struct zone *zone, stw_usec at, stw_usec *edge)
{
	const struct windows_of *of = what;
	struct zone_local local = zone_local(zone, at);
	int days = of->calendar != NULL ? DAYS_AHEAD : 8;

	for (stw_day day = local.day; day <= local.day + days; day++) {
		enum calendar_class class =
		    of->by_class ? calendar_class(of->calendar, day) : CALENDAR_WORKDAY;
		stw_usec best = STW_USEC_MAX;

		if (class == CALENDAR_NOT_COVERED) {
			*edge = STW_USEC_MAX;
			return day == local.day ? OPEN_NOT_COVERED : OPEN_NO;
		}
		for (int i = 0; i < of->windows->count; i++) {
			const struct gate_window *w = &of->windows->items[i];
			stw_usec opens;

			if (!window_on(w, day, 1u << class))
				continue;
			if (day == local.day && local.usec >= w->start &&
			    local.usec < w->end) {
				*edge = zone_instant(zone, day, w->end);
				if (*edge <= at) /* the hour that comes twice, again */
					*edge = at + (w->end - local.usec);
				return OPEN_YES;
			}
			opens = zone_instant(zone, day, w->start);
			if (opens >= at && opens < best)
				best = opens;
		}
		if (best != STW_USEC_MAX) {
			*edge = best;
			return OPEN_NO;
		}
	}
	*edge = STW_USEC_MAX;
	return OPEN_NO;
}

/* The customer's own hours as windows. */
static struct gate_windows
preferred_windows(struct gate_case *c)
{
	const struct gate_party *p = &c->facts->party;
	struct gate_window *items =
	    arena_array(c->arena, (size_t)p->npreferences, sizeof *items);

	for (int i = 0; i < p->npreferences; i++)
		items[i] = (struct gate_window){
		    .start = p->preferences[i].start * STW_USEC_MIN,
		    .end = p->preferences[i].end * STW_USEC_MIN,
		    .weekdays = p->preferences[i].weekdays};
	return (struct gate_windows){items, p->npreferences};
}

void
eval_time_window(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	struct gate_zones zones = p->zones.count > 0 ? p->zones : gate_case_zones(c);
	struct gate_windows windows = p->windows;
	struct windows_of of = {&windows, NULL, false};
	struct open_answer a;

	if (p->preference)
		windows = preferred_windows(c);
	if (p->preference && windows.count == 0)
		return;
	if (zones.count == 0) {
		answer_deny(out, rule, "TZ_UNKNOWN", STW_USEC_MAX);
		return;
	}
	if (p->calendar != NULL)
		of.calendar = p->calendar->calendar;
	for (int i = 0; i < windows.count; i++)
		of.by_class = of.by_class || windows.items[i].classes != 0;
	a = open_look(window_open, &of, &zones, (enum gate_zone_mode)p->mode, at);
	if (a.state == OPEN_YES)
		out->allowed_until = a.until;
	else
		open_deny(rule, c, out, &a,
		    p->preference ? "CUSTOMER_TIME_PREFERENCE" : "QUIET_HOURS",
		    opens_next(
			window_open, &of, &zones, (enum gate_zone_mode)p->mode, at),
		    at);
}

/* ---- blackout_day ------------------------------------------------------------------------ */
/* A day is looked up only when its class matters. */
static enum open_state
day_open(const struct gate_params *p, stw_day day)
{
	const struct gate_days *days = &p->blackout;

	if ((days->weekdays & 1u << stw_weekday(day)) != 0)
		return OPEN_NO;
	for (int i = 0; i < days->ndates; i++) {
		if (days->dates[i] == day)
			return OPEN_NO;
	}
	if (days->classes != 0) {
		enum calendar_class class = calendar_class(p->calendar->calendar, day);

		if (class == CALENDAR_NOT_COVERED)
			return OPEN_NOT_COVERED;
		if ((days->classes & 1u << class) != 0)
			return OPEN_NO;
	}
	return OPEN_YES;
}

/* How far an open stretch is followed; an answer seldom holds for weeks. */
#define OPEN_DAYS 62

static enum open_state
blackout_open(const void *what, const struct zone *zone, stw_usec at, stw_usec *edge)
{
	const struct gate_params *p = what;
	stw_day today = zone_local(zone, at).day;
	enum open_state state = day_open(p, today);
	int ahead = state == OPEN_YES ? OPEN_DAYS : DAYS_AHEAD;

	*edge = STW_USEC_MAX;
	if (state == OPEN_NOT_COVERED)
		return state;
	for (stw_day day = today + 1; day <= today + ahead; day++) {
		enum open_state next = day_open(p, day);

		if (next == state)
			continue;
		if (state == OPEN_YES || next == OPEN_YES)
			*edge = zone_instant(zone, day, 0);
		return state;
	}
	if (state == OPEN_YES)
		*edge = zone_instant(zone, today + ahead + 1, 0);
	return state;
}

void
eval_blackout_day(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	struct gate_zones zones = p->zones.count > 0 ? p->zones : gate_case_zones(c);
	enum gate_zone_mode mode = (enum gate_zone_mode)p->mode;
	struct open_answer a;

	if (zones.count == 0) {
		answer_deny(out, rule, "TZ_UNKNOWN", STW_USEC_MAX);
		return;
	}
	a = open_look(blackout_open, p, &zones, mode, at);
	if (a.state == OPEN_YES)
		out->allowed_until = a.until;
	else
		open_deny(rule, c, out, &a, "BLACKOUT_DAY",
		    opens_next(blackout_open, p, &zones, mode, at), at);
}
