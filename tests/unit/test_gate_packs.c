/*
 * The packs of the binary: their own scenarios (tests.jsonl, numbered as in the
 * catalogue of scenarios), and that those scenarios cover every rule and every code.
 * tests/unit/test_gate_scenarios.c says where each scenario of the catalogue is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/compliance/gate_priv.h"
#include "campaigns/compliance/record_json.h"

#define MAX_RULES 1024

static struct pack_info packs[64];
static int npacks;

/* What the scenarios of all packs showed about each rule. */
struct seen {
	const char *ids[MAX_RULES];
	bool yes[MAX_RULES], no[MAX_RULES];
	int count;
	const char *pairs[MAX_RULES]; /* "rule code" */
	int npairs;
};

static int
seen_slot(struct seen *s, const char *id)
{
	for (int i = 0; i < s->count; i++) {
		if (strcmp(s->ids[i], id) == 0)
			return i;
	}
	ck_assert_int_lt(s->count, MAX_RULES);
	s->ids[s->count] = strdup(id);
	return s->count++;
}

static bool
seen_pair(const struct seen *s, const char *pair)
{
	for (int i = 0; i < s->npairs; i++) {
		if (strcmp(s->pairs[i], pair) == 0)
			return true;
	}
	return false;
}

static void
note(void *host, const struct pack_test *test)
{
	struct seen *s = host;
	const struct gate_decision *d = test->decision;

	for (int i = 0; i < d->nhits; i++) {
		int slot = seen_slot(s, d->hits[i].rule_id);
		char pair[160];

		if (d->hits[i].ok) {
			s->yes[slot] = true;
			continue;
		}
		s->no[slot] = true;
		snprintf(
		    pair, sizeof pair, "%s %s", d->hits[i].rule_id, d->hits[i].code);
		if (!seen_pair(s, pair)) {
			ck_assert_int_lt(s->npairs, MAX_RULES);
			s->pairs[s->npairs++] = strdup(pair);
		}
	}
}

static void
run_all(struct seen *s)
{
	struct stw_err err = {0};
	int passed;

	for (int i = 0; i < npacks; i++)
		ck_assert_msg(pack_tests_run(packs[i].pack, packs[i].version, note, s,
				  &passed, &err) == STW_OK,
		    "%s", err.text);
}

static void
seen_free(struct seen *s)
{
	for (int i = 0; i < s->count; i++)
		free((void *)(uintptr_t)s->ids[i]);
	for (int i = 0; i < s->npairs; i++)
		free((void *)(uintptr_t)s->pairs[i]);
}

START_TEST(a_pack_passes_its_own_tests)
{
	struct stw_err err = {0};
	int passed = 0;

	ck_assert_int_lt(_i, npacks);
	ck_assert_msg(ruleset_test_pack(
			  packs[_i].pack, packs[_i].version, &passed, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_int_gt(passed, packs[_i].nrules);
}
END_TEST

/* The parent of a clause is the rule in whose code list its one code stands. */
START_TEST(every_rule_says_yes_somewhere_and_each_of_its_codes_somewhere)
{
	struct seen s = {.count = 0};
	struct ruleset *rules = NULL;
	struct stw_err err = {0};

	run_all(&s);
	ck_assert_msg(ruleset_load_embedded(&rules, &err) == STW_OK, "%s", err.text);
	for (int i = 0; i < rules->nitems; i++) {
		const struct gate_rule *rule = &rules->items[i];

		if (rule->kind->eval == NULL)
			continue; /* nobody asks it: gate_kind_rows, retention */
		ck_assert_msg(s.yes[seen_slot(&s, rule->info->id)],
		    "rule %s: no test in which it is content", rule->info->id);
		for (int k = 0; k < rule->ncodes; k++) {
			char pair[160];

			snprintf(pair, sizeof pair, "%s %s", rule->codes[k].info->id,
			    rule->codes[k].reason->code);
			ck_assert_msg(
			    seen_pair(&s, pair), "%s: no test gives it", pair);
		}
	}
	for (int i = 0; i < rules->ninfos; i++) {
		const char *id = rules->infos[i].id;
		const struct gate_kind *kind = gate_kind_find(rules->infos[i].kind);

		if (kind != NULL && kind->eval == NULL)
			continue;
		ck_assert_msg(s.no[seen_slot(&s, id)] || strcmp(id, "SYS-01") == 0 ||
				  strcmp(id, "CN-18") == 0 || strcmp(id, "CN-01") == 0,
		    "rule %s: no test in which it objects", id);
	}
	ruleset_free(rules);
	seen_free(&s);
}
END_TEST

/* ---- properties of every scenario ------------------------------------------------------ */
static const char *
code_with(const struct gate_decision *d, enum gate_outcome outcome)
{
	for (int i = 0; i < d->nhits; i++) {
		if (!d->hits[i].ok && d->hits[i].outcome == outcome)
			return d->hits[i].code;
	}
	return NULL;
}

static struct gate_decision
decide_at(const struct pack_test *t, stw_usec at, struct arena *arena)
{
	struct gate_decision d;

	gate_decide(t->rules, t->facts, t->checkpoint, at, t->ttl, arena, &d);
	return d;
}

/* What is worth asking again after some hours may well be as it was. */
static bool
rechecked(const struct pack_test *t, const struct gate_hit *hit)
{
	for (int i = 0; i < t->rules->nitems; i++) {
		const struct gate_rule *rule = &t->rules->items[i];

		if (strcmp(rule->info->id, hit->rule_id) == 0 &&
		    rule->params.recheck_hours > 0)
			return true;
	}
	return false;
}

/* Counters of a caller number and the state of a complaint are facts of now: moved to a
 * later instant they are other facts. The same holds for an earlier decision. */
static bool
facts_keep(const struct pack_test *t)
{
	const struct gate_facts *f = t->facts;

	for (int i = 0; i < t->decision->nhits; i++) {
		if (!t->decision->hits[i].ok && rechecked(t, &t->decision->hits[i]))
			return false;
	}
	return f->number.used_today == 0 && f->number.used_hour == 0 &&
	       f->prior_valid_until == 0;
}

/* What is recorded later is not known now: the answer cannot take it into account. */
static bool
facts_known(const struct pack_test *t)
{
	for (int i = 0; i < t->facts->nconsents; i++) {
		if (t->facts->consents[i].recorded_at > t->now)
			return false;
	}
	for (int i = 0; i < t->facts->nobjections; i++) {
		if (t->facts->objections[i].recorded_at > t->now)
			return false;
	}
	return true;
}

static void
check_deferred(void *host, const struct pack_test *t)
{
	const struct gate_decision *d = t->decision;
	int *deferred = host;
	struct arena arena;
	struct gate_decision then;

	if (d->outcome != GATE_DEFER || d->next_allowed_at == STW_USEC_MAX ||
	    !facts_keep(t))
		return;
	(*deferred)++;
	ck_assert_msg(d->next_allowed_at > t->now, "%s: not later", t->name);
	arena_init(&arena);
	then = decide_at(t, d->next_allowed_at, &arena);
	ck_assert_msg(then.outcome < GATE_DEFER, "%s: then still %s", t->name,
	    then.primary != NULL ? then.primary : "");
	then = decide_at(t, d->next_allowed_at - 1, &arena);
	ck_assert_msg(code_with(&then, GATE_DEFER) != NULL,
	    "%s: allowed a microsecond earlier already", t->name);
	arena_fini(&arena);
}

static void
check_allowed(void *host, const struct pack_test *t)
{
	const struct gate_decision *d = t->decision;
	int *allowed = host;
	struct arena arena;
	struct gate_decision then;

	if (!d->allowed) {
		ck_assert_msg(d->valid_until == STW_USEC_NEVER, "%s: valid", t->name);
		return;
	}
	(*allowed)++;
	ck_assert_msg(d->valid_until > t->now && d->valid_until <= t->now + t->ttl,
	    "%s: bounds", t->name);
	ck_assert_int_eq(d->next_allowed_at, STW_USEC_MAX);
	if (!facts_known(t))
		return;
	arena_init(&arena);
	then = decide_at(t, d->valid_until - 1, &arena);
	ck_assert_msg(then.allowed, "%s: valid to the end, but then %s", t->name,
	    then.primary != NULL ? then.primary : "");
	then = decide_at(t, d->valid_until, &arena);
	ck_assert_msg(d->valid_until == t->now + t->ttl || !then.allowed,
	    "%s: ends early without a cause", t->name);
	arena_fini(&arena);
}

START_TEST(a_deferred_contact_is_free_at_the_instant_named_and_not_before)
{
	struct stw_err err = {0};
	int deferred = 0, passed;

	for (int i = 0; i < npacks; i++)
		ck_assert_msg(pack_tests_run(packs[i].pack, packs[i].version,
				  check_deferred, &deferred, &passed, &err) == STW_OK,
		    "%s", err.text);
	ck_assert_int_gt(deferred, 20);
}
END_TEST

START_TEST(an_answer_holds_until_the_instant_named)
{
	struct stw_err err = {0};
	int allowed = 0, passed;

	for (int i = 0; i < npacks; i++)
		ck_assert_msg(pack_tests_run(packs[i].pack, packs[i].version,
				  check_allowed, &allowed, &passed, &err) == STW_OK,
		    "%s", err.text);
	ck_assert_int_gt(allowed, 50);
}
END_TEST

static bool
gives(const struct gate_decision *d, const char *code)
{
	for (int i = 0; i < d->ncodes; i++) {
		if (strcmp(d->codes[i], code) == 0)
			return true;
	}
	return false;
}

START_TEST(without_a_pack_in_force_nothing_is_allowed)
{
	struct pack_use use = {"cn", "1.0.1", 1000, 2000};
	static const stw_usec at[] = {999, 1000, 1999, 2000};
	static const bool in_force[] = {false, true, true, false};
	struct ruleset *rules = NULL;
	struct gate_decision d;
	struct gate_facts f = {.channel = "VOICE",
	    .purpose = "MARKETING",
	    .caller_org = "bank",
	    .clock_trusted = true,
	    .product = {.product_class = "*"}};
	struct stw_err err = {0};
	struct arena arena;

	arena_init(&arena);
	ck_assert_msg(ruleset_load(&use, 1, &rules, &err) == STW_OK, "%s", err.text);
	for (size_t i = 0; i < STW_ARRAY_LEN(at); i++) {
		gate_decide(rules, &f, GATE_PLAN, at[i], 10, &arena, &d);
		ck_assert(!d.allowed);
		ck_assert_int_eq(d.outcome, GATE_BLOCK);
		ck_assert_msg(
		    (d.nhits > 2) == in_force[i], "at %lld", (long long)at[i]);
		ck_assert_msg(gives(&d, "PACK_UNVERIFIED") != in_force[i], "at %lld",
		    (long long)at[i]);
	}
	ruleset_free(rules);
	ck_assert_int_eq(ruleset_load(NULL, 0, &rules, &err), STW_OK);
	gate_decide(rules, &f, GATE_PLAN, 1, 10, &arena, &d);
	ck_assert_str_eq(d.primary, "PACK_UNVERIFIED");
	ck_assert_int_eq(d.ncodes, 1);
	ruleset_free(rules);
	arena_fini(&arena);
}
END_TEST

/* No short circuit, and nothing depends on what comes first. */
#define REVERSED(type, items, n)                                               \
	do {                                                                   \
		struct type *r_ =                                              \
		    arena_array(&arena, (size_t)(n) + 1, sizeof(struct type)); \
		for (int i_ = 0; i_ < (n); i_++)                               \
			r_[i_] = (items)[(n)-1 - i_];                          \
		(items) = r_;                                                  \
	} while (0)

static void
check_reversed(void *host, const struct pack_test *t)
{
	struct gate_facts f = *t->facts;
	int *lists = host;
	struct gate_decision d;
	struct arena arena;

	arena_init(&arena);
	REVERSED(gate_consent, f.consents, f.nconsents);
	REVERSED(gate_objection, f.objections, f.nobjections);
	REVERSED(gate_count, f.counts, f.ncounts);
	REVERSED(gate_event, f.events, f.nevents);
	REVERSED(gate_registry, f.registries, f.nregistries);
	REVERSED(gate_override, f.overrides, f.noverrides);
	*lists += f.nconsents > 1 || f.ncounts > 1;
	gate_decide(t->rules, &f, t->checkpoint, t->now, t->ttl, &arena, &d);
	ck_assert_msg(d.outcome == t->decision->outcome &&
			  d.ncodes == t->decision->ncodes &&
			  d.next_allowed_at == t->decision->next_allowed_at &&
			  d.valid_until == t->decision->valid_until,
	    "%s: another answer in another order", t->name);
	for (int i = 0; i < d.ncodes; i++)
		ck_assert_str_eq(d.codes[i], t->decision->codes[i]);
	arena_fini(&arena);
}

START_TEST(the_order_of_the_facts_does_not_matter)
{
	struct stw_err err = {0};
	int lists = 0, passed;

	for (int i = 0; i < npacks; i++)
		ck_assert_msg(pack_tests_run(packs[i].pack, packs[i].version,
				  check_reversed, &lists, &passed, &err) == STW_OK,
		    "%s", err.text);
	ck_assert_int_gt(lists, 20);
}
END_TEST

START_TEST(records_are_kept_as_long_as_the_longest_rule_says)
{
	static const struct {
		const char *record, *from, *until, *by;
	} kept[] = {
	    {"call_recording", "2026-11-23T10:00:00+08:00", "2026-12-24T00:00:00+08:00",
		"CN-R1"},
	    {"decision", "2024-02-29T10:00:00+08:00", "2034-03-01T00:00:00+08:00",
		"HS-R1"},
	    {"dual_recording", "2026-11-23T10:00:00+08:00", "2046-11-24T00:00:00+08:00",
		"CN-R4"},
	    {"love_letter", "2026-11-23T10:00:00+08:00", NULL, NULL},
	};
	static const struct pack_use uses[] = {
	    {"cn", "1.0.1", STW_USEC_NEVER, STW_USEC_MAX},
	    {"house", "1.0.0", STW_USEC_NEVER, STW_USEC_MAX}};
	struct ruleset *rules = NULL;
	struct stw_err err = {0};
	const struct rule_info *by;

	ck_assert_msg(ruleset_load(uses, 2, &rules, &err) == STW_OK, "%s", err.text);
	for (size_t i = 0; i < STW_ARRAY_LEN(kept); i++) {
		stw_usec from, until = STW_USEC_NEVER;

		ck_assert_int_eq(stw_usec_parse(str_of(kept[i].from), &from), STW_OK);
		if (kept[i].until != NULL)
			ck_assert_int_eq(
			    stw_usec_parse(str_of(kept[i].until), &until), STW_OK);
		ck_assert_msg(
		    ruleset_keep_until(rules, kept[i].record, from, from, &by) == until,
		    "%s", kept[i].record);
		ck_assert_pstr_eq(by != NULL ? by->id : NULL, kept[i].by);
	}
	ruleset_free(rules);
}
END_TEST

/* An answer does not outlive the rules it was given by. */
START_TEST(an_answer_ends_when_other_rules_come_into_force)
{
	const stw_usec change =
	    INT64_C(1795399260000000); /* a minute after the default */
	const struct pack_use uses[] = {{"cn", "1.0.1", STW_USEC_NEVER, STW_USEC_MAX},
	    {"house", "1.0.0", change, STW_USEC_MAX}};
	struct ruleset *rules = NULL;
	struct gate_decision d;
	struct gate_facts f;
	enum gate_checkpoint checkpoint;
	struct stw_err err = {0};
	struct arena arena;
	stw_usec now, ttl;

	arena_init(&arena);
	ck_assert_msg(ruleset_load(uses, 2, &rules, &err) == STW_OK, "%s", err.text);
	ck_assert_int_eq(record_read(STR_LIT("{\"base\":\"fixture\"}"), &arena, &f,
			     &checkpoint, &now, &ttl, &err),
	    STW_OK);
	gate_decide(rules, &f, checkpoint, now, ttl, &arena, &d);
	ck_assert(d.allowed);
	ck_assert_int_eq(d.valid_until, change);
	gate_decide(rules, &f, checkpoint, change, ttl, &arena, &d);
	ck_assert_int_eq(d.valid_until, change + ttl);
	gate_decide(rules, &f, checkpoint, now, STW_USEC_MAX, &arena, &d);
	ck_assert_int_eq(d.valid_until, change);
	ruleset_free(rules);
	arena_fini(&arena);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gate_packs");
	TCase *tc = tcase_create("gate_packs");
	SRunner *runner;
	int failed;

	npacks = ruleset_embedded(packs, (int)STW_ARRAY_LEN(packs));
	if (npacks == 0) {
		fprintf(stderr, "no pack is embedded\n");
		return EXIT_FAILURE;
	}
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_pack_passes_its_own_tests, 0, npacks);
	tcase_add_test(
	    tc, every_rule_says_yes_somewhere_and_each_of_its_codes_somewhere);
	tcase_add_test(
	    tc, a_deferred_contact_is_free_at_the_instant_named_and_not_before);
	tcase_add_test(tc, an_answer_holds_until_the_instant_named);
	tcase_add_test(tc, the_order_of_the_facts_does_not_matter);
	tcase_add_test(tc, records_are_kept_as_long_as_the_longest_rule_says);
	tcase_add_test(tc, without_a_pack_in_force_nothing_is_allowed);
	tcase_add_test(tc, an_answer_ends_when_other_rules_come_into_force);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
