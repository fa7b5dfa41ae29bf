#include "campaigns/plan.h"

#include <string.h>

struct plan_window
plan_window_of(const struct campaign_step *step, const struct zone *zone, stw_usec now)
{
	struct zone_local local = zone_local(zone, now);
	stw_day day = local.minute < step->window_to ? local.day : local.day + 1;
	stw_usec from = zone_instant(zone, day, step->window_from * STW_USEC_MIN);
	stw_day last = day + step->valid_days - 1;
	struct plan_window window;

	window.not_before = from > now ? from : now;
	/* 24:00 is the next day's midnight. */
	window.not_after =
	    step->window_to == 24 * 60
		? zone_instant(zone, last + 1, 0)
		: zone_instant(zone, last, step->window_to * STW_USEC_MIN);
	return window;
}

struct uuid
plan_task_id(const struct campaign *campaign, int version, int bucket,
    struct str customer_ref, struct str occurrence)
{
	const struct str parts[] = {str_of("task"), str_of(campaign->code),
	    {(const char *)&version, sizeof version}, customer_ref,
	    str_of(campaign->step.code), occurrence};
	struct uuid id = uuid_derive(parts, (int)STW_ARRAY_LEN(parts));

	uuid_set_bucket(&id, bucket);
	return id;
}

struct uuid
plan_decision_id(
    const struct uuid *task_id, stw_day day, const struct gate_decision *decision)
{
	struct str parts[70];
	struct uuid id;
	int n = 0;

	parts[n++] = str_of("plan");
	parts[n++] = (struct str){(const char *)task_id->b, sizeof task_id->b};
	parts[n++] = (struct str){(const char *)&day, sizeof day};
	parts[n++] = str_of(decision->ruleset_hash);
	for (int i = 0; i < decision->ncodes && n < (int)STW_ARRAY_LEN(parts); i++)
		parts[n++] = str_of(decision->codes[i]);
	id = uuid_derive(parts, n);
	uuid_set_bucket(&id, uuid_bucket(task_id));
	return id;
}

const char *
plan_fate_name(enum plan_fate fate)
{
	switch (fate) {
	case FATE_PLANNED:
		return "planned";
	case FATE_HELD_OUT:
		return "held_out";
	case FATE_ALREADY:
		return "already";
	case FATE_NO_CONTACT_POINT:
		return "no_contact_point";
	case FATE_BLOCKED:
		return "blocked";
	case FATE_DEFERRED:
		return "deferred";
	case FATE_REVIEW:
		return "review";
	}
	return "blocked";
}

enum plan_fate
plan_fate_of(const struct gate_decision *decision)
{
	if (decision->allowed)
		return FATE_PLANNED;
	if (decision->outcome == GATE_DEFER)
		return FATE_DEFERRED;
	if (decision->outcome == GATE_REVIEW)
		return FATE_REVIEW;
	return FATE_BLOCKED;
}

void
plan_tally_add(struct plan_tally *tally, enum plan_fate fate, const char *code)
{
	int i;

	for (i = 0; i < tally->nlines; i++)
		if (tally->lines[i].fate == fate &&
		    strcmp(tally->lines[i].code, code) == 0)
			break;
	/* Codes come from a closed registry that is far smaller. */
	STW_ASSERT(i < PLAN_TALLY_MAX);
	if (i == tally->nlines) {
		tally->lines[i].fate = fate;
		tally->lines[i].code = code;
		tally->nlines++;
	}
	tally->lines[i].count++;
}

int64_t
plan_tally_sum(const struct plan_tally *tally)
{
	int64_t sum = 0;

	for (int i = 0; i < tally->nlines; i++)
		sum += tally->lines[i].count;
	return sum;
}
