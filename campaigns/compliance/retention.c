/*
 * retention.c - how long a kind of record is kept: the longest of all rules that name it.
 *
 * Sources may conflict (recordings of sales: six months after the product's end, or 20
 * years); each stands in its pack, and none shortens another.
 */
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

static stw_usec
keep_until(const struct gate_rule *rule, stw_usec from)
{
	const struct gate_params *p = &rule->params;
	struct zone_local local = zone_local(p->zone, from);
	stw_day last = p->months > 0 ? stw_day_add_months(local.day, (int)p->months)
				     : local.day + (stw_day)p->days;

	/* the day itself is kept whole */
	return zone_instant(p->zone, last + 1, 0);
}

stw_usec
ruleset_keep_until(const struct ruleset *rules, const char *record, stw_usec from,
    stw_usec at, const struct rule_info **by)
{
	stw_usec longest = STW_USEC_NEVER;

	*by = NULL;
	for (int i = 0; i < rules->nitems; i++) {
		const struct gate_rule *rule = &rules->items[i];
		stw_usec until;

		if (rule->kind->eval != NULL || rule->params.name == NULL ||
		    strcmp(rule->params.name, record) != 0 || at < rule->from ||
		    at >= rule->to)
			continue;
		until = keep_until(rule, from);
		if (until > longest) {
			longest = until;
			*by = rule->info;
		}
	}
	return longest;
}

stw_usec
ruleset_keep_longest(const struct ruleset *rules, const char *const *records,
    stw_usec from, stw_usec at, const struct rule_info **by)
{
	stw_usec longest = STW_USEC_NEVER;

	*by = NULL;
	for (int i = 0; records[i] != NULL; i++) {
		const struct rule_info *one;
		stw_usec until = ruleset_keep_until(rules, records[i], from, at, &one);

		if (one != NULL && until > longest) {
			longest = until;
			*by = one;
		}
	}
	return longest;
}

#define EARLIEST (-INT64_C(200) * 366 * STW_USEC_DAY) /* before any record */

/* A later record is never kept for a shorter time, so the first that is not over is found by
 * halving. */
stw_usec
ruleset_keep_cutoff(const struct ruleset *rules, const char *const *records,
    stw_usec now, const struct rule_info **by)
{
	stw_usec over = EARLIEST, kept = now;

	if (ruleset_keep_longest(rules, records, over, now, by) > now || *by == NULL)
		return STW_USEC_NEVER;
	while (kept - over > 1) {
		stw_usec middle = over + (kept - over) / 2;

		if (ruleset_keep_longest(rules, records, middle, now, by) <= now)
			over = middle;
		else
			kept = middle;
	}
	(void)ruleset_keep_longest(rules, records, kept, now, by);
	return kept;
}
