#include "campaigns/compliance/gate_many.h"

#include <stdlib.h>
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

#define ROUNDS    500 /* as gate.c */
#define INSTANTS  64  /* of one class that are remembered */
#define CODES_MAX (64 * GATE_CODE_WORDS)

/* What a rule looks at. What is not listed looks at the contact. */
enum reads { READS_CONTACT = 0, READS_CLASS };

/* One rule as far as it can be told before any contact is seen. */
struct many_rule {
	const struct gate_rule *rule;
	enum reads reads;       /* its evaluator */
	enum reads scope_reads; /* its scope */
	int16_t *code_at;       /* index of each of rule->codes */
};

/* What some rules say together at one instant. */
struct sum {
	uint64_t codes[GATE_CODE_WORDS];
	bool never; /* a block, or what waiting does not end */
	stw_usec
	    latest; /* of those that defer, from when; the instant itself: none does */
	stw_usec until; /* of those that say yes, until when */
};

/* A rule that has to be asked for each contact of the class. */
struct asked {
	const struct many_rule *rule;
	bool scope; /* its scope as well */
};

struct class_answer {
	stw_usec at;
	struct sum sum;
	struct asked *asked;
	int nasked;
	bool any_pack;
};

/* Contacts that no rule of READS_CLASS tells apart. */
struct class
{
	struct class *next;
	struct gate_facts facts; /* of the first of them; its texts are ours */
	bool scalar;             /* an exemption may apply */
	const bool *selected;
	struct gate_zones zones;
	struct class_answer *answers[INSTANTS];
	int nanswers;
};

#define TABLE 4096

struct gate_many {
	const struct ruleset *rules;
	stw_usec now, ttl, change;
	struct arena arena, row; /* for its life; for one contact */
	struct many_rule *items;
	const struct reason *reasons[CODES_MAX];
	int nreasons;
	int16_t pack_unverified, clock_untrusted, purpose_mixed;
	struct class *table[TABLE];
	struct class *last;
	int nclasses;
	int64_t nscalar;
};

/* ---- codes ------------------------------------------------------------------------------- */
static int
reason_order(const void *a, const void *b)
{
	const struct reason *x = *(const struct reason *const *)a;
	const struct reason *y = *(const struct reason *const *)b;

	return x->outcome != y->outcome
		   ? (x->outcome < y->outcome) - (x->outcome > y->outcome)
		   : strcmp(x->code, y->code);
}

static void
reason_add(struct gate_many *many, const struct reason *reason)
{
	for (int i = 0; i < many->nreasons; i++)
		if (many->reasons[i] == reason)
			return;
	STW_ASSERT(many->nreasons < CODES_MAX);
	many->reasons[many->nreasons++] = reason;
}

static int16_t
reason_at(const struct gate_many *many, const struct reason *reason)
{
	int i = 0;

	while (many->reasons[i] != reason) {
		i++;
		STW_ASSERT(i < many->nreasons);
	}
	return (int16_t)i;
}

static void
codes_set(uint64_t codes[GATE_CODE_WORDS], int at)
{
	codes[at / 64] |= UINT64_C(1) << (at % 64);
}

static int
codes_next(const uint64_t codes[GATE_CODE_WORDS], int from)
{
	for (int w = from / 64; w < GATE_CODE_WORDS; w++) {
		uint64_t word = codes[w];

		if (w == from / 64 && from % 64 != 0)
			word &= ~UINT64_C(0) << (from % 64);
		if (word != 0)
			return 64 * w + __builtin_ctzll(word);
	}
	return -1;
}

/* ---- what a rule looks at ------------------------------------------------------------------ */
static enum reads
kind_reads(const struct gate_rule *rule)
{
	static const char *const class_kinds[] = {"number_licence", "number_health",
	    "product_on_sale", "script_approved", "content_terms", "disclosure",
	    "recording", "qualification", "ratio_limit", "campaign_state",
	    "blackout_day"};
	const char *kind = rule->kind->name;

	for (size_t i = 0; i < STW_ARRAY_LEN(class_kinds); i++)
		if (strcmp(class_kinds[i], kind) == 0)
			return READS_CLASS;
	if (strcmp(kind, "automation_gate") == 0)
		return rule->params.check == AUTOMATION_POINT_CLASS ? READS_CONTACT
								    : READS_CLASS;
	if (strcmp(kind, "time_window") == 0)
		return rule->params.preference ? READS_CONTACT : READS_CLASS;
	if (strcmp(kind, "data_present") == 0)
		return rule->params.check == DATA_PRODUCT_RISK ||
			       rule->params.check == DATA_CAMPAIGN_IMPACT ||
			       rule->params.check == DATA_PARTY_ZONES
			   ? READS_CLASS
			   : READS_CONTACT;
	return READS_CONTACT;
}

/* A scope that asks about the place is one of the class; about anything else of the person or
 * the number called, one of the contact. */
static enum reads
scope_reads(const struct gate_rule *rule, struct arena *arena)
{
	static const char *const places[] = {
	    "country", "province", "state", "places", "kind"};
	const struct rule_field_use *uses;
	int n = gate_scope_fields(rule->scope, arena, &uses);

	for (int i = 0; i < n; i++) {
		const char *record = uses[i].record, *field = uses[i].field;
		bool party = strcmp(record, "Party") == 0;
		bool point = strcmp(record, "Point") == 0;
		bool known = point && strcmp(field, "country") == 0;

		if (!party && !point && strcmp(record, "Relationship") != 0)
			continue;
		for (size_t k = 0; party && k < STW_ARRAY_LEN(places); k++)
			known = known || strcmp(places[k], field) == 0;
		if (!known)
			return READS_CONTACT;
	}
	return READS_CLASS;
}

static void
rules_learn(struct gate_many *many)
{
	const struct ruleset *r = many->rules;

	many->items = arena_array(&many->arena, (size_t)r->nitems, sizeof *many->items);
	reason_add(many, r->pack_unverified->reason);
	reason_add(many, r->clock_untrusted->reason);
	reason_add(many, r->purpose_mixed->reason);
	for (int i = 0; i < r->nitems; i++)
		for (int k = 0; k < r->items[i].ncodes; k++)
			reason_add(many, r->items[i].codes[k].reason);
	reason_add(many, r->override_applied->reason);
	qsort(
	    many->reasons, (size_t)many->nreasons, sizeof *many->reasons, reason_order);
	for (int i = 0; i < r->nitems; i++) {
		struct many_rule *m = &many->items[i];

		m->rule = &r->items[i];
		m->reads = kind_reads(m->rule);
		m->scope_reads = scope_reads(m->rule, &many->arena);
		m->code_at = arena_array(
		    &many->arena, (size_t)m->rule->ncodes, sizeof *m->code_at);
		for (int k = 0; k < m->rule->ncodes; k++)
			m->code_at[k] = reason_at(many, m->rule->codes[k].reason);
	}
	many->pack_unverified = reason_at(many, r->pack_unverified->reason);
	many->clock_untrusted = reason_at(many, r->clock_untrusted->reason);
	many->purpose_mixed = reason_at(many, r->purpose_mixed->reason);
}

struct gate_many *
gate_many_new(const struct ruleset *rules, stw_usec now, stw_usec ttl)
{
	struct gate_many *many = stw_xalloc(sizeof *many);

	memset(many, 0, sizeof *many);
	many->rules = rules;
	many->now = now;
	many->ttl = ttl;
	many->change = ruleset_next_change(rules, now);
	arena_init(&many->arena);
	arena_init(&many->row);
	rules_learn(many);
	return many;
}

void
gate_many_free(struct gate_many *many)
{
	if (many == NULL)
		return;
	arena_fini(&many->arena);
	arena_fini(&many->row);
	free(many);
}

/* ---- classes ------------------------------------------------------------------------------- */
static uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ (hash >> 29);
}

static uint64_t
mix_text(uint64_t hash, const char *text)
{
	if (text == NULL)
		return mix(hash, 1);
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return mix(hash, 2);
}

static uint64_t
class_hash(const struct gate_facts *f)
{
	const struct gate_party *p = &f->party;
	uint64_t hash =
	    mix(17, f->number.present ? (uint64_t)f->number.number_id + 1 : 0);

	hash = mix_text(hash, p->kind);
	hash = mix_text(hash, p->country);
	hash = mix_text(hash, p->province);
	hash = mix_text(hash, p->state);
	hash = mix_text(hash, f->point.country);
	for (int i = 0; i < p->places.count; i++)
		hash = mix_text(hash, p->places.items[i]);
	for (int i = 0; i < p->nzones; i++)
		hash = mix(hash, (uint64_t)(uintptr_t)p->zones[i]);
	for (int i = 0; i < p->nzone_sources; i++)
		hash = mix(hash, (uint64_t)p->zone_sources[i]);
	return hash;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
class_same(const struct gate_facts *a, const struct gate_facts *b)
{
	const struct gate_party *p = &a->party, *q = &b->party;

	if (a->number.present != b->number.present ||
	    (a->number.present && a->number.number_id != b->number.number_id) ||
	    !same_text(p->kind, q->kind) || !same_text(p->country, q->country) ||
	    !same_text(p->province, q->province) || !same_text(p->state, q->state) ||
	    !same_text(a->point.country, b->point.country) ||
	    p->places.count != q->places.count || p->nzones != q->nzones ||
	    p->nzone_sources != q->nzone_sources)
		return false;
	for (int i = 0; i < p->places.count; i++)
		if (strcmp(p->places.items[i], q->places.items[i]) != 0)
			return false;
	for (int i = 0; i < p->nzones; i++)
		if (p->zones[i] != q->zones[i])
			return false;
	for (int i = 0; i < p->nzone_sources; i++)
		if (p->zone_sources[i] != q->zone_sources[i])
			return false;
	return true;
}

static const char *
kept(struct gate_many *many, const char *text)
{
	return text != NULL ? arena_strdup(&many->arena, text) : NULL;
}

/* What a class is known by outlives the contact that brought it; nothing else of that contact
 * is looked at any more. */
static void
class_keep(struct gate_many *many, struct class *class, const struct gate_facts *f)
{
	const struct gate_party *p = &f->party;
	struct gate_party *to = &class->facts.party;
	const char **places =
	    arena_array(&many->arena, (size_t)p->places.count, sizeof *places);
	const struct zone **zones =
	    arena_array(&many->arena, (size_t)p->nzones, sizeof *zones);
	enum gate_zone_source *sources =
	    arena_array(&many->arena, (size_t)p->nzone_sources, sizeof *sources);

	class->facts = *f;
	class->facts.nconsents = class->facts.nobjections = class->facts.nevents = 0;
	class->facts.ncounts = class->facts.nregistries = class->facts.noverrides = 0;
	class->facts.point =
	    (struct gate_contact_point){.country = kept(many, f->point.country)};
	*to = (struct gate_party){.kind = kept(many, p->kind),
	    .country = kept(many, p->country),
	    .province = kept(many, p->province),
	    .state = kept(many, p->state),
	    .nzones = p->nzones,
	    .nzone_sources = p->nzone_sources};
	for (int i = 0; i < p->places.count; i++)
		places[i] = kept(many, p->places.items[i]);
	for (int i = 0; i < p->nzones; i++)
		zones[i] = p->zones[i];
	for (int i = 0; i < p->nzone_sources; i++)
		sources[i] = p->zone_sources[i];
	to->places = (struct gate_texts){places, p->places.count};
	to->zones = zones;
	to->zone_sources = p->zone_sources != NULL ? sources : NULL;
}

static const char *
purpose_of(const struct gate_facts *f, bool *mixed)
{
	const char *counts = gate_purpose(f);

	*mixed = strcmp(counts, f->purpose) != 0;
	return counts;
}

static struct gate_case
case_of(
    const struct gate_many *many, const struct gate_facts *facts, struct arena *arena)
{
	bool mixed;

	return (struct gate_case){.facts = facts,
	    .rules = many->rules,
	    .purpose = purpose_of(facts, &mixed),
	    .checkpoint = GATE_PLAN,
	    .now = many->now,
	    .arena = arena};
}

static struct class *
class_make(struct gate_many *many, const struct gate_facts *facts, uint64_t hash)
{
	struct class *class = arena_alloc(&many->arena, sizeof *class);
	const struct ruleset *r = many->rules;
	struct gate_case c;
	bool *selected;

	memset(class, 0, sizeof *class);
	class_keep(many, class, facts);
	selected = arena_array(&many->arena, (size_t)r->nselects + 1, sizeof *selected);
	for (int i = 0; i < r->nselects; i++)
		selected[i] = pack_selected(&r->selects[i], &class->facts);
	class->selected = selected;
	for (int i = 0; i < r->nitems; i++)
		if (r->items[i].kind->eval == NULL &&
		    r->items[i].params.rules.count > 0 && selected[r->items[i].use])
			class->scalar = true;
	c = case_of(many, &class->facts, &many->arena);
	class->zones = gate_case_zones(&c);
	class->next = many->table[hash % TABLE];
	many->table[hash % TABLE] = class;
	many->nclasses++;
	return class;
}

static struct class *
class_of(struct gate_many *many, const struct gate_facts *facts)
{
	uint64_t hash;

	if (many->last != NULL && class_same(&many->last->facts, facts))
		return many->last;
	hash = class_hash(facts);
	for (struct class *c = many->table[hash % TABLE]; c != NULL; c = c->next)
		if (class_same(&c->facts, facts))
			return many->last = c;
	return many->last = class_make(many, facts, hash);
}

/* ---- asking rules ---------------------------------------------------------------------------- */
static void
rule_ask(const struct many_rule *m, struct gate_case *c, stw_usec at, struct sum *sum)
{
	struct gate_answer a = {
	    .ok = true, .allowed_from = at, .allowed_until = STW_USEC_MAX};
	enum gate_outcome outcome;

	m->rule->kind->eval(m->rule, c, at, &a);
	if (a.ok) {
		if (a.allowed_until < sum->until)
			sum->until = a.allowed_until;
		return;
	}
	codes_set(sum->codes, m->code_at[a.code - m->rule->codes]);
	outcome = a.code->reason->outcome;
	if (outcome == GATE_BLOCK ||
	    (outcome == GATE_DEFER && a.allowed_from == STW_USEC_MAX))
		sum->never = true;
	else if (outcome == GATE_DEFER && a.allowed_from > sum->latest)
		sum->latest = a.allowed_from;
}

static struct sum
sum_at(stw_usec at)
{
	return (struct sum){.latest = at, .until = STW_USEC_MAX};
}

/* The gate's own rules, of which only those about the moment of the decision matter. */
static void
own_ask(const struct gate_many *many, const struct gate_facts *f,
    struct class_answer *answer)
{
	bool mixed;

	(void)purpose_of(f, &mixed);
	if (!answer->any_pack)
		codes_set(answer->sum.codes, many->pack_unverified);
	if (!f->clock_trusted)
		codes_set(answer->sum.codes, many->clock_untrusted);
	if (mixed)
		codes_set(answer->sum.codes, many->purpose_mixed);
}

static struct class_answer *
class_answer_make(struct gate_many *many, struct class *class, stw_usec at)
{
	const struct ruleset *r = many->rules;
	struct class_answer *answer = arena_alloc(&many->arena, sizeof *answer);
	struct gate_case c = case_of(many, &class->facts, &many->arena);

	c.selected = class->selected;
	*answer = (struct class_answer){
	    .at = at, .sum = sum_at(at), .any_pack = ruleset_span_at(r, at)->any_pack};
	answer->asked =
	    arena_array(&many->arena, (size_t)r->nitems, sizeof *answer->asked);
	for (int i = 0; i < r->nitems; i++) {
		const struct many_rule *m = &many->items[i];
		const struct gate_rule *rule = m->rule;
		bool by_contact = m->scope_reads == READS_CONTACT;

		if (!class->selected[rule->use] || rule->kind->eval == NULL ||
		    (rule->gates & 1u << GATE_PLAN) == 0 || at < rule->from ||
		    at >= rule->to)
			continue;
		if (!by_contact && !gate_scope_applies(rule->scope, &c, at))
			continue;
		if (m->reads == READS_CLASS && !by_contact)
			rule_ask(m, &c, at, &answer->sum);
		else
			answer->asked[answer->nasked++] = (struct asked){m, by_contact};
	}
	if (at == many->now)
		own_ask(many, &class->facts, answer);
	return answer;
}

static struct class_answer *
class_answer_at(struct gate_many *many, struct class *class, stw_usec at)
{
	struct class_answer *answer;

	for (int i = 0; i < class->nanswers; i++)
		if (class->answers[i]->at == at)
			return class->answers[i];
	answer = class_answer_make(many, class, at);
	/* Contacts that wait for instants of their own share nothing. The first, now, stays. */
	if (class->nanswers == INSTANTS)
		class->answers[1 + (int)(at / STW_USEC_SEC % (INSTANTS - 1))] = answer;
	else
		class->answers[class->nanswers++] = answer;
	return answer;
}

/* All rules about this contact at an instant. */
static struct sum
contact_sum(struct gate_many *many, struct class *class, struct gate_case *c,
    stw_usec at, bool *any_pack)
{
	const struct class_answer *answer = class_answer_at(many, class, at);
	struct sum sum = answer->sum;

	*any_pack = answer->any_pack;
	for (int i = 0; i < answer->nasked; i++) {
		const struct asked *a = &answer->asked[i];

		if (!a->scope || gate_scope_applies(a->rule->rule->scope, c, at))
			rule_ask(a->rule, c, at, &sum);
	}
	return sum;
}

/* ---- deciding -------------------------------------------------------------------------------- */
/* As gate.c's: the first instant at which no rule defers. */
static stw_usec
next_allowed(struct gate_many *many, struct class *class, struct gate_case *c,
    const struct sum *now)
{
	struct sum sum = *now;
	stw_usec at = many->now;
	bool any_pack = ruleset_span_at(many->rules, at)->any_pack;

	for (int round = 0; round < ROUNDS; round++) {
		if (sum.never)
			return STW_USEC_MAX;
		if (sum.latest == at)
			return any_pack ? at : STW_USEC_MAX;
		at = sum.latest;
		sum = contact_sum(many, class, c, at, &any_pack);
	}
	return STW_USEC_MAX;
}

static stw_usec
valid_until(const struct gate_many *many, stw_usec until)
{
	stw_usec end =
	    many->now > STW_USEC_MAX - many->ttl ? STW_USEC_MAX : many->now + many->ttl;

	if (many->change < end)
		end = many->change;
	return until < end ? until : end;
}

static void
decide_scalar(struct gate_many *many, const struct gate_facts *facts,
    struct gate_many_answer *out)
{
	struct gate_decision d;

	many->nscalar++;
	gate_decide(
	    many->rules, facts, GATE_PLAN, many->now, many->ttl, &many->row, &d);
	out->allowed = d.allowed;
	out->outcome = d.outcome;
	out->next_allowed_at = d.next_allowed_at;
	out->valid_until = d.valid_until;
	for (int i = 0; i < d.ncodes; i++)
		codes_set(out->codes, reason_at(many, reason_find(d.codes[i])));
}

void
gate_many_decide(struct gate_many *many, const struct gate_facts *facts,
    struct gate_many_answer *out)
{
	struct class *class = class_of(many, facts);
	struct gate_case c;
	struct sum sum;
	bool any_pack;
	int first;

	*out = (struct gate_many_answer){
	    .next_allowed_at = STW_USEC_MAX, .valid_until = STW_USEC_NEVER};
	if (class->scalar || facts->noverrides > 0) {
		decide_scalar(many, facts, out);
		arena_reset(&many->row);
		return;
	}
	c = case_of(many, facts, &many->row);
	c.selected = class->selected;
	c.zones = class->zones;
	c.zones_made = true;
	sum = contact_sum(many, class, &c, many->now, &any_pack);
	memcpy(out->codes, sum.codes, sizeof out->codes);
	first = codes_next(sum.codes, 0);
	out->outcome = first < 0 ? GATE_UNSET : many->reasons[first]->outcome;
	out->allowed = out->outcome < GATE_REVIEW;
	if (out->outcome == GATE_DEFER)
		out->next_allowed_at = next_allowed(many, class, &c, &sum);
	if (out->allowed)
		out->valid_until = valid_until(many, sum.until);
	arena_reset(&many->row);
}

/* ---- reading the answer ----------------------------------------------------------------------- */
const char *
gate_many_code(const struct gate_many *many, int i)
{
	return many->reasons[i]->code;
}

int
gate_many_codes(const struct gate_many *many)
{
	return many->nreasons;
}

int
gate_many_list(const struct gate_many *many, const struct gate_many_answer *answer,
    const char **out)
{
	int n = 0;

	for (int i = codes_next(answer->codes, 0); i >= 0;
	     i = codes_next(answer->codes, i + 1))
		out[n++] = gate_many_code(many, i);
	return n;
}

void
gate_many_decision(const struct gate_many *many, const struct gate_many_answer *answer,
    struct arena *arena, struct gate_decision *out)
{
	const char **codes = arena_array(arena, (size_t)many->nreasons, sizeof *codes);

	*out = (struct gate_decision){.allowed = answer->allowed,
	    .outcome = answer->outcome,
	    .codes = codes,
	    .ncodes = gate_many_list(many, answer, codes),
	    .next_allowed_at = answer->next_allowed_at,
	    .valid_until = answer->valid_until,
	    .ruleset_hash = ruleset_hash(many->rules, many->now)};
	out->primary = out->ncodes > 0 ? codes[0] : NULL;
}

bool
gate_many_agrees(const struct gate_decision *a, const struct gate_decision *b)
{
	if (a->allowed != b->allowed || a->outcome != b->outcome ||
	    a->ncodes != b->ncodes || a->next_allowed_at != b->next_allowed_at ||
	    a->valid_until != b->valid_until)
		return false;
	for (int i = 0; i < a->ncodes; i++)
		if (strcmp(a->codes[i], b->codes[i]) != 0)
			return false;
	return true;
}

void
gate_many_stat(const struct gate_many *many, int *classes, int64_t *scalar)
{
	*classes = many->nclasses;
	*scalar = many->nscalar;
}
