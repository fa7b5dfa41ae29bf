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

const char *
gate_decision_name(const struct gate_decision *decision)
{
	return outcome_names[decision->outcome < GATE_REQUIRE ? GATE_UNSET
							      : decision->outcome];
}

char
gate_checkpoint_letter(enum gate_checkpoint checkpoint)
{
	return "PDC"[checkpoint];
}

/* ---- which packs ------------------------------------------------------------------------ */
static const bool *
packs_select(
    const struct ruleset *rules, const struct gate_facts *facts, struct arena *arena)
{
	bool *selected =
	    arena_array(arena, (size_t)rules->nselects + 1, sizeof *selected);

	for (int i = 0; i < rules->nselects; i++)
		selected[i] = pack_selected(&rules->selects[i], facts);
	return selected;
}

/* A purpose outside of the taxonomy cannot be told from marketing. */
static bool
purpose_known(const char *purpose)
{
	static const char *const known[] = {"MARKETING", "SERVICE", "RISK_ALERT",
	    "LEGAL_NOTICE", "COMPLAINT_REPLY", "SURVEY", "CONSENT_REQUEST",
	    "COLLECTION"};

	for (size_t i = 0; i < STW_ARRAY_LEN(known); i++) {
		if (strcmp(known[i], purpose) == 0)
			return true;
	}
	return false;
}

const char *
gate_purpose(const struct gate_facts *facts)
{
	return facts->promotional || !purpose_known(facts->purpose) ? "MARKETING"
								    : facts->purpose;
}

/* ---- which rules are asked -------------------------------------------------------------- */
bool
gate_rule_asked(const struct gate_rule *rule, struct gate_case *c, stw_usec at)
{
	return c->selected[rule->use] && rule->kind->eval != NULL &&
	       (rule->gates & 1u << c->checkpoint) != 0 && rule->from <= at &&
	       at < rule->to && gate_scope_applies(rule->scope, c, at);
}

static bool
is_exemption(const struct gate_rule *rule)
{
	return rule->kind->eval == NULL && rule->params.rules.count > 0;
}

static void
exemptions_find(struct gate_case *c)
{
	const struct ruleset *r = c->rules;

	for (int i = 0; i < r->nitems; i++) {
		if (!is_exemption(&r->items[i]) || !c->selected[r->items[i].use])
			continue;
		if (c->exemptions == NULL)
			c->exemptions = arena_array(
			    c->arena, (size_t)r->nitems, sizeof *c->exemptions);
		c->exemptions[c->nexemptions++] = &r->items[i];
	}
}

/* What binds less cannot relax what binds more: a house rule exempts from house rules. */
static int
layer_rank(const char *layer)
{
	return strcmp(layer, "law") == 0         ? 3
	       : strcmp(layer, "regulator") == 0 ? 2
	       : strcmp(layer, "industry") == 0  ? 1
						 : 0;
}

static const char *
exempt_by(const struct gate_rule *rule, struct gate_case *c, stw_usec at)
{
	for (int i = 0; i < c->nexemptions; i++) {
		const struct gate_rule *e = c->exemptions[i];

		if ((e->gates & 1u << c->checkpoint) != 0 && e->from <= at &&
		    at < e->to && gate_strings_has(&e->params.rules, rule->info->id) &&
		    layer_rank(e->info->layer) >= layer_rank(rule->info->layer) &&
		    gate_scope_surely(e->scope, c, at))
			return e->info->id;
	}
	return NULL;
}

/* ---- what persons allowed ----------------------------------------------------------------- */
static bool
said(const char *s)
{
	return s != NULL && s[0] != '\0';
}

/* One person may answer a review; two, the house's own block. The law's, nobody. Whoever
 * makes the contact does not allow it to himself. */
static bool
override_fits(const struct gate_override *o, const struct gate_case *c,
    const struct gate_code *code)
{
	const struct gate_agent *agent = &c->facts->agent;

	if (!said(o->by1) || !said(o->reason) || o->expires_at == STW_USEC_MAX ||
	    o->at > c->now)
		return false;
	if (agent->present && (strcmp(o->by1, agent->code) == 0 ||
				  (o->by2 != NULL && strcmp(o->by2, agent->code) == 0)))
		return false;
	if (code->reason->outcome == GATE_REVIEW)
		return true;
	return code->reason->outcome == GATE_BLOCK &&
	       strcmp(code->info->layer, "policy") == 0 && said(o->by2) &&
	       strcmp(o->by1, o->by2) != 0;
}

static const struct gate_override *
override_find(const struct gate_case *c, const struct gate_code *code, stw_usec at)
{
	const struct gate_facts *f = c->facts;

	for (int i = 0; i < f->noverrides; i++) {
		const struct gate_override *o = &f->overrides[i];

		if (strcmp(o->code, code->reason->code) == 0 && at < o->expires_at &&
		    (o->rule == NULL || strcmp(o->rule, code->info->id) == 0) &&
		    override_fits(o, c, code))
			return o;
	}
	return NULL;
}

/* ---- one pass over all rules -------------------------------------------------------------- */
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

static void
own_prior_hits(struct gate_case *c, struct gate_decision *d, struct gate_hit *hits)
{
	const struct ruleset *r = c->rules;
	const struct gate_facts *f = c->facts;
	bool prior = f->prior_valid_until != 0 && c->checkpoint == GATE_DIAL;
	bool expired = prior && c->now >= f->prior_valid_until;
	struct gate_hit *hit;

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
}

/* The engine's own rules; see ruleset.c. */
static void
own_hits(struct gate_case *c, struct gate_decision *d, struct gate_hit *hits)
{
	const struct ruleset *r = c->rules;
	const struct gate_facts *f = c->facts;
	bool any_pack = ruleset_span_at(r, c->now)->any_pack;
	bool known = purpose_known(f->purpose);
	struct gate_hit *hit;

	hit = hit_add(
	    d, hits, any_pack ? NULL : r->pack_unverified, r->pack_unverified->info);
	hit->allowed_from = any_pack ? c->now : STW_USEC_MAX;
	hit = hit_add(d, hits, f->clock_trusted ? NULL : r->clock_untrusted,
	    r->clock_untrusted->info);
	hit->allowed_from = f->clock_trusted ? c->now : STW_USEC_MAX;
	own_prior_hits(c, d, hits);
	if (f->promotional || !known) {
		bool mixed = strcmp(c->purpose, f->purpose) != 0;

		hit = hit_add(
		    d, hits, mixed ? r->purpose_mixed : NULL, r->purpose_mixed->info);
		hit->allowed_from = c->now;
		if (!known)
			hit->evidence =
			    arena_printf(c->arena, "%.60s is no purpose", f->purpose);
	}
}

#define OWN_RULES 6

static void
rule_hit(const struct gate_rule *rule, struct gate_case *c, struct gate_decision *d,
    struct gate_hit *hits, int *overridden)
{
	const char *exemption = exempt_by(rule, c, c->now);
	const struct gate_override *o = NULL;
	struct gate_hit *hit;
	struct gate_answer a;

	if (exemption != NULL) {
		hit = hit_add(d, hits, NULL, rule->info);
		hit->allowed_from = c->now;
		hit->waived = exemption;
		return;
	}
	a = rule_answer(rule, c, c->now);
	if (!a.ok)
		o = override_find(c, a.code, c->now);
	hit = hit_add(d, hits, a.ok || o != NULL ? NULL : a.code,
	    a.ok ? rule->info : a.code->info);
	hit->allowed_from = o != NULL ? c->now : a.allowed_from;
	hit->allowed_until = o != NULL ? o->expires_at : a.allowed_until;
	hit->evidence = a.evidence;
	if (o != NULL) {
		hit->waived = a.code->reason->code;
		hit->override = o;
		hit->evidence =
		    arena_printf(c->arena, "allowed by %.60s%s%.60s", o->by1,
			o->by2 != NULL ? " and " : "", o->by2 != NULL ? o->by2 : "");
		(*overridden)++;
	}
}

static void
hits_make(struct gate_case *c, struct gate_decision *d)
{
	const struct ruleset *r = c->rules;
	struct gate_hit *hits =
	    arena_array(c->arena, (size_t)r->nitems + OWN_RULES, sizeof *hits);
	int overridden = 0;

	exemptions_find(c);
	own_hits(c, d, hits);
	for (int i = 0; i < r->nitems; i++) {
		if (gate_rule_asked(&r->items[i], c, c->now))
			rule_hit(&r->items[i], c, d, hits, &overridden);
	}
	if (overridden > 0) {
		struct gate_hit *hit =
		    hit_add(d, hits, r->override_applied, r->override_applied->info);

		hit->allowed_from = c->now;
		hit->evidence = arena_printf(c->arena, "%d overridden", overridden);
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

			if (!gate_rule_asked(rule, c, at) ||
			    exempt_by(rule, c, at) != NULL)
				continue;
			a = rule_answer(rule, c, at);
			if (a.ok || a.code->reason->outcome < GATE_DEFER ||
			    override_find(c, a.code, at) != NULL)
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
	stw_usec until = c->now > STW_USEC_MAX - ttl ? STW_USEC_MAX : c->now + ttl;
	stw_usec change = ruleset_next_change(c->rules, c->now);

	if (change < until)
		until = change;
	for (int i = 0; i < d->nhits; i++) {
		if (d->hits[i].ok && d->hits[i].allowed_until < until)
			until = d->hits[i].allowed_until;
	}
	return until;
}

struct gate_case
gate_case_of(const struct ruleset *rules, const struct gate_facts *facts,
    enum gate_checkpoint checkpoint, stw_usec now, struct arena *arena)
{
	STW_ASSERT(facts->purpose != NULL && facts->channel != NULL &&
		   facts->caller_org != NULL && facts->product.product_class != NULL);
	return (struct gate_case){.facts = facts,
	    .rules = rules,
	    .purpose = gate_purpose(facts),
	    .checkpoint = checkpoint,
	    .now = now,
	    .explain = true,
	    .arena = arena,
	    .selected = packs_select(rules, facts, arena)};
}

void
gate_decide(const struct ruleset *rules, const struct gate_facts *facts,
    enum gate_checkpoint checkpoint, stw_usec now, stw_usec ttl, struct arena *arena,
    struct gate_decision *out)
{
	struct gate_case c = gate_case_of(rules, facts, checkpoint, now, arena);

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
