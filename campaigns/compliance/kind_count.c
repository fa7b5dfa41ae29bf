/*
 * kind_count.c - kinds about how often: freq_cap, cooldown.
 *
 * A rolling window is elapsed time: an event exactly one window old is out, whatever the
 * clocks did in between. A calendar window is days on the wall of the contact's zone; of
 * several candidate zones the one with the largest count decides.
 */
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

/* ---- which contacts count --------------------------------------------------------------- */
static bool
kind_counts(enum gate_counted counts, enum gate_count_kind kind)
{
	switch (counts) {
	case COUNTED_ATTEMPT:
		return kind != GATE_MESSAGE;
	case COUNTED_CONVERSATION:
		return kind == GATE_CONVERSATION || kind == GATE_RESERVED;
	case COUNTED_MESSAGE:
		return kind == GATE_MESSAGE || kind == GATE_RESERVED;
	case COUNTED_CONNECT:
		return kind != GATE_MESSAGE && kind != GATE_ATTEMPT;
	case COUNTED_ANY:
		return true;
	}
	return true;
}

static bool
scope_has(const struct gate_count *e, unsigned scope)
{
	const bool same[] = {[SCOPE_NUMBER] = e->this_number,
	    [SCOPE_PERSON] = e->this_person,
	    [SCOPE_HOUSEHOLD] = e->this_household,
	    [SCOPE_SUBJECT] = e->this_subject,
	    [SCOPE_CALLER] = e->this_caller,
	    [SCOPE_ORG] = e->this_org};

	for (size_t i = 0; i < STW_ARRAY_LEN(same); i++) {
		if ((scope & 1u << i) != 0 && !same[i])
			return false;
	}
	return true;
}

/* A channel or purpose that is not known counts. */
static bool
list_counts(const struct gate_strings *list, const char *s)
{
	return list->count == 0 || s == NULL || strcmp(s, "*") == 0 ||
	       gate_strings_has(list, s);
}

static bool
count_is_of(
    const struct gate_params *p, enum gate_counted counts, const struct gate_count *e)
{
	return kind_counts(counts, e->kind) && scope_has(e, p->scope) &&
	       list_counts(&p->channels, e->channel) &&
	       list_counts(&p->purposes, e->purpose) && !(p->exclude_warm && e->warm);
}

static bool
count_is_live(const struct gate_count *e, stw_usec at)
{
	return e->at <= at && (e->kind != GATE_RESERVED || at < e->expires_at);
}

/* When an event that counts now stops counting. */
static stw_usec
count_released(const struct gate_count *e, stw_usec window_end)
{
	return e->kind == GATE_RESERVED && e->expires_at < window_end ? e->expires_at
								      : window_end;
}

/* ---- freq_cap ---------------------------------------------------------------------------- */
static const char *const counted_words[] = {
    "attempts", "conversations", "messages", "connects", "contacts"};

/*
 * Of `count` release times, the one after which fewer than limit remain: the
 * (count - limit + 1)th smallest.
 */
static stw_usec
release_needed(stw_usec *releases, int count, int64_t limit)
{
	int64_t need = count - limit + 1;

	for (int64_t i = 0; i < need; i++) {
		int least = (int)i;

		for (int k = (int)i + 1; k < count; k++) {
			if (releases[k] < releases[least])
				least = k;
		}
		stw_usec swap = releases[i];
		releases[i] = releases[least];
		releases[least] = swap;
	}
	return releases[need - 1];
}

struct cap_count {
	int count;
	stw_usec free_at; /* when below the limit again; `at` when it is now */
};

/* The local days that count at `at`: [first, past), and all of them leave the window
 * `leaves` days after they were, or (leaves 0) together at the day past. */
struct cap_days {
	stw_day first, past;
	int leaves;
};

static struct cap_days
cap_days(const struct gate_params *p, stw_day today)
{
	if (p->window == CAP_LOCAL_WEEK) {
		stw_day start = today - (stw_weekday(today) - p->week_start + 7) % 7;

		return (struct cap_days){start, start + 7, 0};
	}
	if (p->window == CAP_DAYS)
		return (struct cap_days){
		    today - (stw_day)p->days + 1, today + 1, (int)p->days};
	return (struct cap_days){today, today + 1, 0};
}

static struct cap_count
cap_result(const struct gate_params *p, stw_usec *releases, int count, stw_usec at)
{
	struct cap_count result = {count, at};

	if (count >= p->limit)
		result.free_at = release_needed(releases, count, p->limit);
	return result;
}

static struct cap_count
cap_rolling(
    const struct gate_params *p, struct gate_case *c, stw_usec *releases, stw_usec at)
{
	stw_usec window = p->days * STW_USEC_DAY + p->hours * STW_USEC_HOUR;
	int n = 0;

	for (int i = 0; i < c->facts->ncounts; i++) {
		const struct gate_count *e = &c->facts->counts[i];

		if (at - window < e->at && count_is_live(e, at) &&
		    count_is_of(p, (enum gate_counted)p->counts, e))
			releases[n++] = count_released(e, e->at + window);
	}
	return cap_result(p, releases, n, at);
}

static struct cap_count
cap_calendar(const struct gate_params *p, struct gate_case *c, stw_usec *releases,
    const struct zone *zone, stw_usec at)
{
	struct cap_days days = cap_days(p, zone_local(zone, at).day);
	/* no local day is longer than 25 hours: earlier ones need no look at the clock */
	stw_usec oldest = at - (days.past - days.first + 1) * 25 * STW_USEC_HOUR;
	int n = 0;

	for (int i = 0; i < c->facts->ncounts; i++) {
		const struct gate_count *e = &c->facts->counts[i];
		stw_day day;

		if (e->at < oldest || !count_is_live(e, at) ||
		    !count_is_of(p, (enum gate_counted)p->counts, e))
			continue;
		day = zone_local(zone, e->at).day;
		if (day < days.first)
			continue;
		releases[n++] = count_released(
		    e, gate_day_starts_after(
			   zone, days.leaves > 0 ? day + days.leaves : days.past, at));
	}
	return cap_result(p, releases, n, at);
}

/* In several candidate zones the largest count decides. */
static struct cap_count
cap_count(const struct gate_params *p, struct gate_case *c, stw_usec at)
{
	struct cap_count worst = {0, at};
	struct gate_zones zones = gate_case_zones(c);
	stw_usec *releases =
	    arena_array(c->arena, (size_t)c->facts->ncounts + 1, sizeof *releases);

	if (p->window == CAP_ROLLING)
		return cap_rolling(p, c, releases, at);
	if (zones.count == 0)
		return cap_calendar(p, c, releases, p->zone, at);
	for (int i = 0; i < zones.count; i++) {
		struct cap_count one = cap_calendar(p, c, releases, zones.items[i], at);

		if (one.count > worst.count)
			worst.count = one.count;
		if (one.free_at > worst.free_at)
			worst.free_at = one.free_at;
	}
	return worst;
}

void
eval_freq_cap(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	struct cap_count now = {0, at};

	if (c->facts->ncounts > 0)
		now = cap_count(p, c, at);
	if (now.count >= p->limit) {
		struct cap_count then = now;
		stw_usec from = at;

		/* free in one zone can still be full in another; each time later */
		do {
			STW_ASSERT(then.free_at > from);
			from = then.free_at;
			then = cap_count(p, c, from);
		} while (then.count >= p->limit);
		answer_deny(out, rule, NULL, from);
	}
	if (now.count > 0)
		answer_note(c, out, "%s %d of %lld", counted_words[p->counts],
		    now.count, (long long)p->limit);
}

/* ---- cooldown --------------------------------------------------------------------------- */
struct cooling {
	const struct gate_params *p;
	struct gate_case *c;
	stw_usec at, from, last;
	stw_usec until; /* when the next wait is known to begin */
};

/* By dates the wait ends at a local midnight, in the zone where that comes last. */
static stw_usec
wait_end(const struct cooling *k, stw_usec event)
{
	const struct gate_params *p = k->p;
	struct gate_zones zones = gate_case_zones(k->c);
	stw_day days = (stw_day)p->days + (p->count_first_day ? 0 : 1);
	stw_usec last = STW_USEC_NEVER;

	if (p->measure == MEASURE_ELAPSED)
		return event + p->days * STW_USEC_DAY + p->hours * STW_USEC_HOUR +
		       p->minutes * STW_USEC_MIN;
	if (zones.count == 0)
		zones = (struct gate_zones){&p->zone, 1};
	for (int i = 0; i < zones.count; i++) {
		stw_usec end = zone_instant(
		    zones.items[i], zone_local(zones.items[i], event).day + days, 0);

		last = end > last ? end : last;
	}
	return last;
}

static void
cooling_note(struct cooling *k, stw_usec event, stw_usec end)
{
	if (end <= k->at)
		return;
	if (end > k->from)
		k->from = end;
	if (event > k->last)
		k->last = event;
}

static void
cooling_counts(struct cooling *k, enum gate_counted counts)
{
	const struct gate_facts *f = k->c->facts;

	for (int i = 0; i < f->ncounts; i++) {
		const struct gate_count *e = &f->counts[i];

		if (e->at != STW_USEC_NEVER && count_is_live(e, k->at) &&
		    count_is_of(k->p, counts, e))
			cooling_note(k, e->at, count_released(e, wait_end(k, e->at)));
	}
}

static void
cooling_withdrawals(struct cooling *k)
{
	const struct gate_facts *f = k->c->facts;

	for (int i = 0; i < f->nconsents; i++) {
		const struct gate_consent *e = &f->consents[i];

		if (e->action != GATE_CONSENT_WITHDRAW || e->recorded_at > k->c->now ||
		    e->effective_at == STW_USEC_NEVER)
			continue;
		if (e->effective_at <= k->at)
			cooling_note(k, e->effective_at, wait_end(k, e->effective_at));
		else if (e->effective_at < k->until)
			k->until = e->effective_at;
	}
}

static void
cooling_events(struct cooling *k, const char *kind)
{
	const struct gate_facts *f = k->c->facts;
	unsigned scope = k->p->scope;

	for (int i = 0; i < f->nevents; i++) {
		const struct gate_event *e = &f->events[i];

		if (strcmp(e->kind, kind) == 0 && e->recorded_at <= k->c->now &&
		    e->at <= k->at && e->at != STW_USEC_NEVER &&
		    ((scope & 1u << SCOPE_NUMBER) == 0 || e->this_number) &&
		    ((scope & 1u << SCOPE_PERSON) == 0 || e->this_person) &&
		    list_counts(&k->p->channels, e->channel) &&
		    list_counts(&k->p->purposes, e->purpose))
			cooling_note(k, e->at, wait_end(k, e->at));
	}
}

void
eval_cooldown(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	struct cooling k = {&rule->params, c, at, at, STW_USEC_NEVER, STW_USEC_MAX};

	switch ((enum cooldown_check)rule->params.check) {
	case COOLDOWN_ATTEMPT:
		cooling_counts(&k, COUNTED_ATTEMPT);
		break;
	case COOLDOWN_CONNECT:
		cooling_counts(&k, COUNTED_CONNECT);
		break;
	case COOLDOWN_CONVERSATION:
		cooling_counts(&k, COUNTED_CONVERSATION);
		break;
	case COOLDOWN_WITHDRAWAL:
		cooling_withdrawals(&k);
		break;
	case COOLDOWN_REFUSAL:
		cooling_events(&k, "refusal");
		break;
	case COOLDOWN_CONSENT_REFUSAL:
		cooling_events(&k, "consent_refusal");
		break;
	case COOLDOWN_ABANDONED:
		cooling_events(&k, "abandoned");
		break;
	}
	out->allowed_until = k.until;
	if (k.last != STW_USEC_NEVER) {
		char text[STW_USEC_TEXT];

		answer_deny(out, rule, NULL, k.from);
		answer_note(c, out, "last at %s", stw_usec_format(k.last, text));
	}
}
