/*
 * kind_time.c - kinds about when and how often: time_window, freq_cap, cooldown.
 */
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

/* ---- time_window ------------------------------------------------------------------ */
static const struct gate_window *
window_at(const struct gate_windows *windows, struct zone_local local)
{
	unsigned bit = 1u << stw_weekday(local.day);

	for (int i = 0; i < windows->count; i++) {
		const struct gate_window *w = &windows->items[i];

		if ((w->weekdays & bit) != 0 && local.usec >= w->start &&
		    local.usec < w->end)
			return w;
	}
	return NULL;
}

/* The next opening at or after `at`; windows come back every week. */
static stw_usec
window_opens(const struct gate_windows *windows, const struct zone *zone, stw_usec at)
{
	stw_day today = zone_local(zone, at).day;

	for (stw_day day = today; day <= today + 8; day++) {
		unsigned bit = 1u << stw_weekday(day);
		stw_usec best = STW_USEC_MAX;

		for (int i = 0; i < windows->count; i++) {
			const struct gate_window *w = &windows->items[i];
			stw_usec open;

			if ((w->weekdays & bit) == 0)
				continue;
			open = zone_instant(zone, day, w->start);
			if (open >= at && open < best)
				best = open;
		}
		if (best != STW_USEC_MAX)
			return best;
	}
	return STW_USEC_MAX;
}

/* First instant from `at` on that lies in a window in every zone. */
static stw_usec
windows_all_open(
    const struct gate_windows *windows, const struct gate_zones *zones, stw_usec at)
{
	for (int round = 0; round < 400; round++) {
		stw_usec latest = at;

		for (int i = 0; i < zones->count; i++) {
			stw_usec open = at;

			if (window_at(windows, zone_local(zones->items[i], at)) == NULL)
				open = window_opens(windows, zones->items[i], at);
			if (open > latest)
				latest = open;
		}
		if (latest == at || latest == STW_USEC_MAX)
			return latest;
		at = latest;
	}
	return STW_USEC_MAX; /* the zones' windows never meet */
}

void
eval_time_window(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_windows *windows = &rule->params.windows;
	struct gate_zones zones = rule->params.zones;

	if (zones.count == 0) {
		zones.items = c->facts->party.zones;
		zones.count = c->facts->party.nzones;
	}
	if (zones.count == 0) {
		answer_deny(out, rule, "TZ_UNKNOWN", STW_USEC_MAX);
		return;
	}
	for (int i = 0; i < zones.count; i++) {
		struct zone_local local = zone_local(zones.items[i], at);
		const struct gate_window *w = window_at(windows, local);
		stw_usec until;

		if (w == NULL) {
			answer_deny(out, rule, "QUIET_HOURS",
			    windows_all_open(windows, &zones, at));
			answer_note(c, out, "%02d:%02d in %s", local.minute / 60,
			    local.minute % 60, zone_name(zones.items[i]));
			return;
		}
		until = zone_instant(zones.items[i], local.day, w->end);
		if (until <= at) /* the hour that comes twice, second time */
			until = at + (w->end - local.usec);
		if (until < out->allowed_until)
			out->allowed_until = until;
	}
}

/* ---- counting ------------------------------------------------------------------------ */
static bool
count_is_of(const struct gate_params *p, const struct gate_count *e)
{
	switch ((enum gate_counted)p->counts) {
	case COUNTED_ATTEMPT:
		if (e->kind == GATE_MESSAGE)
			return false;
		break;
	case COUNTED_CONVERSATION:
		if (e->kind != GATE_CONVERSATION && e->kind != GATE_RESERVED)
			return false;
		break;
	case COUNTED_MESSAGE:
		if (e->kind != GATE_MESSAGE && e->kind != GATE_RESERVED)
			return false;
		break;
	}
	if (p->scope == SCOPE_NUMBER ? !e->this_number : !e->this_person)
		return false;
	return p->channels.count == 0 || gate_strings_has(&p->channels, e->channel);
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

static const char *const counted_words[] = {"attempts", "conversations", "messages"};

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

/* Elapsed time only: an event exactly one window old is out, whatever the clocks did. */
static struct cap_count
cap_rolling(const struct gate_params *p, struct gate_case *c, stw_usec at)
{
	stw_usec window = p->days * STW_USEC_DAY + p->hours * STW_USEC_HOUR;
	struct cap_count result = {0, at};
	stw_usec *releases =
	    arena_array(c->arena, (size_t)c->facts->ncounts + 1, sizeof *releases);

	for (int i = 0; i < c->facts->ncounts; i++) {
		const struct gate_count *e = &c->facts->counts[i];

		if (count_is_of(p, e) && count_is_live(e, at) && at - window < e->at)
			releases[result.count++] = count_released(e, e->at + window);
	}
	if (result.count >= p->limit)
		result.free_at = release_needed(releases, result.count, p->limit);
	return result;
}

static struct cap_count
cap_local_day(const struct gate_params *p, struct gate_case *c, const struct zone *zone,
    stw_usec at)
{
	stw_day today = zone_local(zone, at).day;
	stw_usec midnight = STW_USEC_MAX;
	struct cap_count result = {0, at};
	stw_usec *releases =
	    arena_array(c->arena, (size_t)c->facts->ncounts + 1, sizeof *releases);

	for (int i = 0; i < c->facts->ncounts; i++) {
		const struct gate_count *e = &c->facts->counts[i];

		/* 25 h: no local day is longer, and looking further is not needed */
		if (!count_is_of(p, e) || !count_is_live(e, at) ||
		    e->at < at - 25 * STW_USEC_HOUR ||
		    zone_local(zone, e->at).day != today)
			continue;
		if (midnight == STW_USEC_MAX)
			midnight = zone_instant(zone, today + 1, 0);
		releases[result.count++] = count_released(e, midnight);
	}
	if (result.count >= p->limit)
		result.free_at = release_needed(releases, result.count, p->limit);
	return result;
}

/* In several candidate zones the largest count decides. */
static struct cap_count
cap_count(const struct gate_params *p, struct gate_case *c, stw_usec at)
{
	struct cap_count worst = {0, at};
	const struct gate_party *party = &c->facts->party;

	if (p->window == CAP_ROLLING)
		return cap_rolling(p, c, at);
	if (party->nzones == 0)
		return cap_local_day(p, c, p->zone, at);
	for (int i = 0; i < party->nzones; i++) {
		struct cap_count one = cap_local_day(p, c, party->zones[i], at);

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
	struct cap_count now = cap_count(p, c, at);

	if (now.count >= p->limit) {
		stw_usec from = now.free_at;

		/* free in one zone can still be full in another */
		for (int round = 0; round < 50 && from > at; round++) {
			struct cap_count then = cap_count(p, c, from);

			if (then.count < p->limit || then.free_at <= from)
				break;
			from = then.free_at;
		}
		answer_deny(out, rule, NULL, from);
	}
	if (now.count > 0)
		answer_note(c, out, "%s %d of %lld", counted_words[p->counts],
		    now.count, (long long)p->limit);
}

/* ---- cooldown --------------------------------------------------------------------------- */
void
eval_cooldown(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	const struct gate_facts *f = c->facts;
	stw_usec wait = p->days * STW_USEC_DAY + p->minutes * STW_USEC_MIN;
	stw_usec from = at;
	stw_usec last = STW_USEC_NEVER;

	if (p->check == COOLDOWN_ATTEMPT) {
		for (int i = 0; i < f->ncounts; i++) {
			const struct gate_count *e = &f->counts[i];

			if (!count_is_of(p, e) || !count_is_live(e, at) ||
			    e->at <= at - wait)
				continue;
			if (count_released(e, e->at + wait) > from)
				from = count_released(e, e->at + wait);
			if (e->at > last)
				last = e->at;
		}
	} else {
		for (int i = 0; i < f->nconsents; i++) {
			const struct gate_consent *e = &f->consents[i];

			if (e->action != GATE_CONSENT_WITHDRAW ||
			    e->recorded_at > c->now || e->effective_at > at ||
			    e->effective_at <= at - wait)
				continue;
			if (e->effective_at + wait > from)
				from = e->effective_at + wait;
			if (e->effective_at > last)
				last = e->effective_at;
		}
	}
	if (last != STW_USEC_NEVER) {
		char text[STW_USEC_TEXT];

		answer_deny(out, rule, NULL, from);
		answer_note(c, out, "last at %s", stw_usec_format(last, text));
	}
}
