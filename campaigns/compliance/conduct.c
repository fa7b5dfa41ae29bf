#include "campaigns/compliance/conduct.h"

#include <string.h>

#include "campaigns/compliance/gate_priv.h"

/* ---- words ------------------------------------------------------------------------------ */
static int
rule_words(const struct gate_rule *rule, struct arena *arena, struct conduct_rule *out)
{
	const struct gate_params *p = &rule->params;

	*out = (struct conduct_rule){.rule = rule->info};
	if (strcmp(rule->kind->name, "content_terms") == 0) {
		out->kind =
		    p->check == TERMS_REQUIRED ? CONDUCT_REQUIRED : CONDUCT_BANNED;
		out->count = out->kind == CONDUCT_REQUIRED
				 ? terms_required(p->terms, &out->items)
				 : terms_banned(p->terms, arena, &out->items);
	} else if (strcmp(rule->kind->name, "disclosure") == 0 &&
		   p->check != DISCLOSURE_AI_LABEL) {
		out->kind = CONDUCT_DISCLOSURE;
		out->items = p->items.items;
		out->count = p->items.count;
	}
	return out->count;
}

int
conduct_rules(const struct ruleset *rules, const struct gate_facts *facts,
    enum gate_checkpoint checkpoint, stw_usec now, struct arena *arena,
    const struct conduct_rule **out)
{
	struct gate_case c = gate_case_of(rules, facts, checkpoint, now, arena);
	struct conduct_rule *list =
	    arena_array(arena, (size_t)rules->nitems, sizeof *list);
	int n = 0;

	for (int i = 0; i < rules->nitems; i++)
		if (gate_rule_asked(&rules->items[i], &c, now) &&
		    rule_words(&rules->items[i], arena, &list[n]) > 0)
			n++;
	*out = list;
	return n;
}

/* ---- what counts ------------------------------------------------------------------------- */
/* A clause has a text of its own, so the hit may name that. NULL: the engine's own. */
static const struct gate_rule *
rule_of(const struct ruleset *rules, const char *rule_id)
{
	for (int i = 0; i < rules->nitems; i++) {
		const struct gate_rule *rule = &rules->items[i];

		if (strcmp(rule->info->id, rule_id) == 0)
			return rule;
		for (int k = 0; k < rule->ncodes; k++)
			if (strcmp(rule->codes[k].info->id, rule_id) == 0)
				return rule;
	}
	return NULL;
}

/* Asked because the bank would dial a number of somebody who did not call. */
static bool
is_about_dialling(const struct gate_rule *rule)
{
	static const char *const kinds[] = {"automation_gate", "blackout_day",
	    "freq_cap", "number_health", "number_licence", "ratio_limit",
	    "reassigned_check", "registry_scrub", "time_window"};
	const char *kind = rule->kind->name;
	int check = rule->params.check;

	for (size_t i = 0; i < STW_ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	/* How soon after a call; how soon after a refusal is another matter. */
	if (strcmp(kind, "cooldown") == 0)
		return check == COOLDOWN_ATTEMPT || check == COOLDOWN_CONNECT ||
		       check == COOLDOWN_CONVERSATION || check == COOLDOWN_ABANDONED;
	if (strcmp(kind, "objection_absent") == 0)
		return check == OBJECTION_CARRIER;
	if (strcmp(kind, "data_present") == 0)
		return check == DATA_POINT_VERIFIED || check == DATA_POINT_STABLE ||
		       check == DATA_POINT_UNSHARED || check == DATA_PARTY_ZONES;
	return false;
}

static int
add_once(const char **list, int n, const char *code)
{
	for (int i = 0; i < n; i++)
		if (strcmp(list[i], code) == 0)
			return n;
	list[n] = code;
	return n + 1;
}

void
conduct_talk(const struct ruleset *rules, const struct gate_decision *d,
    struct arena *arena, struct conduct_answer *out)
{
	const char **against =
	    arena_array(arena, (size_t)d->nhits + 1, sizeof *against);
	const char **needed = arena_array(arena, (size_t)d->nhits + 1, sizeof *needed);

	*out = (struct conduct_answer){.against = against, .needed = needed};
	for (int i = 0; i < d->nhits; i++) {
		const struct gate_hit *hit = &d->hits[i];
		const struct gate_rule *rule;

		if (hit->ok || hit->outcome < GATE_REQUIRE)
			continue;
		rule = rule_of(rules, hit->rule_id);
		if (rule != NULL && is_about_dialling(rule))
			continue;
		if (hit->outcome == GATE_REQUIRE)
			out->nneeded = add_once(needed, out->nneeded, hit->code);
		else
			out->nagainst = add_once(against, out->nagainst, hit->code);
	}
	out->allowed = out->nagainst == 0;
}
