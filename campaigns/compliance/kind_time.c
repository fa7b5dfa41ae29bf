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

stw_usec
gate_day_starts_after(const struct zone *zone, stw_day day, stw_usec at)
{
	stw_usec starts = zone_instant(zone, day, 0);
	struct zone_local local;

	if (starts > at)
		return starts;
	local = zone_local(zone, at);
	return at + (day - local.day) * STW_USEC_DAY - local.usec;
}

/* ---- what is open ---------------------------------------------------------------------- */
/* Days that are looked at for an opening: longer than any run of holidays. */
#define DAYS_AHEAD 400

/* In the order in which one of many zones decides. */
enum open_state { OPEN_NO = 0, OPEN_NOT_COVERED, OPEN_YES };

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

/* Until when some zone is open, one after the other; `at` itself where none is. */
static stw_usec
closes_next(
    open_fn *open, const void *what, const struct gate_zones *zones, stw_usec at)
{
	const stw_usec end = at + DAYS_AHEAD * STW_USEC_DAY;

	while (at < end) {
		stw_usec latest = at;

		for (int i = 0; i < zones->count; i++) {
			stw_usec edge = at;

			if (open(what, zones->items[i], at, &edge) == OPEN_YES &&
			    edge > latest)
				latest = edge;
		}
		if (latest == at)
			break;
		at = latest;
	}
	return at;
}

/* What one rule answers: closed, not covered or open until. */
struct open_answer {
	enum open_state state;
	stw_usec until;
	const struct zone *zone; /* the one that says no */
};

/* In whatever order the zones come. Of all, one that is closed for sure says no; of any, one
 * that is not covered might be the one that is open. */
static struct open_answer
open_look(open_fn *open, const void *what, const struct gate_zones *zones,
    enum gate_zone_mode mode, stw_usec at)
{
	struct open_answer out = {OPEN_NO, STW_USEC_MAX, NULL};

	for (int i = 0; i < zones->count; i++) {
		stw_usec edge = STW_USEC_MAX;
		enum open_state state = open(what, zones->items[i], at, &edge);

		if (state == OPEN_YES && edge < out.until)
			out.until = edge;
		if (i == 0 ||
		    (mode == ZONES_ANY ? state > out.state : state < out.state)) {
			out.state = state;
			out.zone = zones->items[i];
		}
	}
	if (mode == ZONES_ANY && out.state == OPEN_YES)
		out.until = closes_next(open, what, zones, at);
	return out;
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
windows_at(const struct windows_of *of, const struct zone_local *local)
{
	enum calendar_class class =
	    of->by_class ? calendar_class(of->calendar, local->day) : CALENDAR_WORKDAY;

	if (class == CALENDAR_NOT_COVERED)
		return OPEN_NOT_COVERED;
	for (int i = 0; i < of->windows->count; i++) {
		const struct gate_window *w = &of->windows->items[i];

		if (window_on(w, local->day, 1u << class) && local->usec >= w->start &&
		    local->usec < w->end)
			return OPEN_YES;
	}
	return OPEN_NO;
}

/* The next time of the day at which some window begins or ends, or the day does. */
static stw_usec
windows_edge(const struct windows_of *of, stw_usec usec)
{
	stw_usec next = STW_USEC_DAY;

	for (int i = 0; i < of->windows->count; i++) {
		const struct gate_window *w = &of->windows->items[i];

		if (w->start > usec && w->start < next)
			next = w->start;
		if (w->end > usec && w->end < next)
			next = w->end;
	}
	return next;
}

/* Days that are looked at where there is no calendar: a week, and another one because the
 * spring change may skip a window. */
#define WEEKS_AHEAD 15

/* From edge to edge on a clock that runs evenly, and anew from each change of the clock:
 * a window that ends inside the hour that comes twice opens again. */
static enum open_state
window_open(const void *what, const struct zone *zone, stw_usec at, stw_usec *edge)
{
	const struct windows_of *of = what;
	struct zone_local local = zone_local(zone, at);
	stw_usec even = zone_offset_until(zone, at);
	enum open_state state = windows_at(of, &local);
	stw_day last = local.day + (of->calendar != NULL ? DAYS_AHEAD : WEEKS_AHEAD);

	*edge = STW_USEC_MAX;
	while (state != OPEN_NOT_COVERED && local.day <= last) {
		stw_usec next = windows_edge(of, local.usec);
		enum open_state then;

		at += next - local.usec;
		if (at >= even) {
			at = even;
			local = zone_local(zone, at);
			even = zone_offset_until(zone, at);
		} else {
			local.day += next == STW_USEC_DAY;
			local.usec = next % STW_USEC_DAY;
		}
		then = windows_at(of, &local);
		if (then == state)
			continue;
		if (state == OPEN_YES || then == OPEN_YES)
			*edge = at;
		return state;
	}
	return state;
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
			*edge = gate_day_starts_after(zone, day, at);
		return state;
	}
	if (state == OPEN_YES)
		*edge = gate_day_starts_after(zone, today + ahead + 1, at);
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
