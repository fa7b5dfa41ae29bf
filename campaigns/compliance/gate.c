#include "campaigns/compliance/gate.h"

#include <string.h>

#include "campaigns/compliance/gate_priv.h"

static const char *const outcome_names[] = {
    "ALLOW", "INFO", "WARN", "REQUIRE", "REVIEW", "DEFER", "BLOCK"};

const char *
gate_outcome_name(enum gate_outcome outcome)
{
	return outcome_names[outcome];
}

char
gate_checkpoint_letter(enum gate_checkpoint checkpoint)
{
	return "PDC"[checkpoint];
}

/* ---- one pass over all rules ----------------------------------------------------------- */
static bool
rule_asked(const struct gate_rule *rule, struct gate_case *c, stw_usec at)
{
	return (rule->gates & 1u << c->checkpoint) != 0 && rule->from <= at &&
	       at < rule->to && gate_scope_applies(rule->scope, c, at);
}

static struct gate_answer
rule_answer(const struct gate_rule *rule, struct gate_case *c, stw_usec at)
{
	struct gate_answer answer = {
	    .ok = true, .allowed_from = at, .allowed_until = STW_USEC_MAX};

	rule->kind->eval(rule, c, at, &answer);
	return answer;
}

static struct gate_hit *
hit_add(struct gate_decision *d, struct gate_hit *hits, const struct gate_code *code,
    const struct rule_info *info)
{
	struct gate_hit *hit = &hits[d->nhits++];

	*hit = (struct gate_hit){.rule_id = info->id, .layer = info->layer, .ok = true};
	hit->allowed_until = STW_USEC_MAX;
	if (code != NULL) {
		hit->ok = false;
		hit->code = code->reason->code;
		hit->outcome = code->reason->outcome;
		hit->rule_id = code->info->id;
		hit->layer = code->info->layer;
		hit->allowed_from = STW_USEC_MAX;
	}
	return hit;
}

/* The engine's own rules; see ruleset.c. */
static void
own_hits(struct gate_case *c, struct gate_decision *d, struct gate_hit *hits)
{
	const struct ruleset *r = c->rules;
	const struct gate_facts *f = c->facts;
	bool any_pack = ruleset_span_at(r, c->now)->any_pack;
	bool prior = f->prior_valid_until != 0 && c->checkpoint == GATE_DIAL;
	bool expired = prior && c->now >= f->prior_valid_until;
	struct gate_hit *hit;

	hit = hit_add(
	    d, hits, any_pack ? NULL : r->pack_unverified, r->pack_unverified->info);
	hit->allowed_from = any_pack ? c->now : STW_USEC_MAX;
	if (prior) {
		hit = hit_add(d, hits, expired ? r->decision_expired : NULL,
		    r->decision_expired->info);
		hit->allowed_from =
		    c->now; /* a fresh decision may be asked for at once */
		hit->allowed_until = expired ? STW_USEC_MAX : f->prior_valid_until;
	}
	if (c->checkpoint != GATE_PLAN && f->prior_ruleset_hash != NULL) {
		bool same = strcmp(f->prior_ruleset_hash, d->ruleset_hash) == 0;

		hit = hit_add(d, hits, same ? NULL : r->ruleset_changed,
		    r->ruleset_changed->info);
		hit->allowed_from = c->now;
		if (!same)
			hit->evidence =
			    arena_printf(c->arena, "was %.64s", f->prior_ruleset_hash);
	}
	if (f->promotional) {
		bool mixed = strcmp(c->purpose, f->purpose) != 0;

		hit = hit_add(
		    d, hits, mixed ? r->purpose_mixed : NULL, r->purpose_mixed->info);
		hit->allowed_from = c->now;
	}
}

#define OWN_RULES 4

static void
hits_make(struct gate_case *c, struct gate_decision *d)
{
	const struct ruleset *r = c->rules;
	struct gate_hit *hits =
	    arena_array(c->arena, (size_t)r->nitems + OWN_RULES, sizeof *hits);

	own_hits(c, d, hits);
	for (int i = 0; i < r->nitems; i++) {
		const struct gate_rule *rule = &r->items[i];
		struct gate_answer a;
		struct gate_hit *hit;

		if (!rule_asked(rule, c, c->now))
			continue;
		a = rule_answer(rule, c, c->now);
		hit = hit_add(d, hits, a.ok ? NULL : a.code, rule->info);
		hit->allowed_from = a.allowed_from;
		hit->allowed_until = a.allowed_until;
		hit->evidence = a.evidence;
	}
	d->hits = hits;
}

/* ---- codes ------------------------------------------------------------------------------- */
static bool
code_before(const struct gate_hit *a, const struct gate_hit *b)
{
	return a->outcome != b->outcome ? a->outcome > b->outcome
					: strcmp(a->code, b->code) < 0;
}

/* Each code once, by severity, then text. */
static void
codes_make(struct gate_case *c, struct gate_decision *d)
{
	const struct gate_hit **sorted =
	    arena_array(c->arena, (size_t)d->nhits + 1, sizeof *sorted);
	const char **codes = arena_array(c->arena, (size_t)d->nhits + 1, sizeof *codes);
	int n = 0;

	for (int i = 0; i < d->nhits; i++) {
		int at = n;

		if (d->hits[i].ok)
			continue;
		while (at > 0 && code_before(&d->hits[i], sorted[at - 1])) {
			sorted[at] = sorted[at - 1];
			at--;
		}
		sorted[at] = &d->hits[i];
		n++;
	}
	for (int i = 0; i < n; i++) {
		if (i == 0 || strcmp(sorted[i]->code, sorted[i - 1]->code) != 0)
			codes[d->ncodes++] = sorted[i]->code;
	}
	d->codes = codes;
	d->primary = n > 0 ? sorted[0]->code : NULL;
	d->outcome = n > 0 ? sorted[0]->outcome : GATE_UNSET;
	d->allowed = d->outcome < GATE_REVIEW;
}

/* ---- when again, and how long -------------------------------------------------------------- */
/*
 * The first instant from now on at which no rule defers. Rules are asked anew at each
 * candidate, since what opens one (a new day) can close another (a licence that ends).
 */
static stw_usec
next_allowed(struct gate_case *c)
{
	stw_usec at = c->now;

	c->explain = false;
	for (int round = 0; round < 500; round++) {
		stw_usec latest = at;

		for (int i = 0; i < c->rules->nitems; i++) {
			const struct gate_rule *rule = &c->rules->items[i];
			struct gate_answer a;

			if (!rule_asked(rule, c, at))
				continue;
			a = rule_answer(rule, c, at);
			if (a.ok || a.code->reason->outcome < GATE_DEFER)
				continue;
			if (a.code->reason->outcome == GATE_BLOCK ||
			    a.allowed_from == STW_USEC_MAX)
				return STW_USEC_MAX;
			if (a.allowed_from > latest)
				latest = a.allowed_from;
		}
		if (latest == at)
			return ruleset_span_at(c->rules, at)->any_pack ? at
								       : STW_USEC_MAX;
		at = latest;
	}
	return STW_USEC_MAX;
}

static stw_usec
valid_until(const struct gate_case *c, const struct gate_decision *d, stw_usec ttl)
{
	stw_usec until =
	    c->now > 0 && ttl > STW_USEC_MAX - c->now ? STW_USEC_MAX : c->now + ttl;
	stw_usec change = ruleset_next_change(c->rules, c->now);

	if (change < until)
		until = change;
	for (int i = 0; i < d->nhits; i++) {
		if (d->hits[i].ok && d->hits[i].allowed_until < until)
			until = d->hits[i].allowed_until;
	}
	return until;
}

void
gate_decide(const struct ruleset *rules, const struct gate_facts *facts,
    enum gate_checkpoint checkpoint, stw_usec now, stw_usec ttl, struct arena *arena,
    struct gate_decision *out)
{
	struct gate_case c = {.facts = facts,
	    .rules = rules,
	    .purpose = facts->promotional ? "MARKETING" : facts->purpose,
	    .checkpoint = checkpoint,
	    .now = now,
	    .explain = true,
	    .arena = arena};

	STW_ASSERT(facts->purpose != NULL && facts->channel != NULL &&
		   facts->caller_org != NULL && facts->product.product_class != NULL);
	*out = (struct gate_decision){
	    .next_allowed_at = STW_USEC_MAX, .valid_until = STW_USEC_NEVER};
	out->ruleset_hash = ruleset_hash(rules, now);
	hits_make(&c, out);
	codes_make(&c, out);
	if (out->outcome == GATE_DEFER)
		out->next_allowed_at = next_allowed(&c);
	if (out->allowed)
		out->valid_until = valid_until(&c, out, ttl);
}
