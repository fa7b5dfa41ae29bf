/*
 * What a decision says beside its codes: what each rule looked at and from when it would allow,
 * what became of the rules since the decision before, and that nothing is promised for an
 * instant at which no pack is in force.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/facts_priv.h"
#include "campaigns/compliance/gate_priv.h"

#define NOW FACTS_DEFAULT_NOW

static struct arena arena;
static struct ruleset *rules;
static struct gate_facts facts;

static void
setup(void)
{
	struct stw_err err = {0};

	arena_init(&arena);
	ck_assert_msg(ruleset_load_embedded(&rules, &err) == STW_OK, "%s", err.text);
	facts_fixture(&arena, &facts);
}

static void
teardown(void)
{
	ruleset_free(rules);
	arena_fini(&arena);
}

static const struct gate_hit *
hit_of(const struct gate_decision *d, const char *rule)
{
	for (int i = 0; i < d->nhits; i++)
		if (strcmp(d->hits[i].rule_id, rule) == 0)
			return &d->hits[i];
	return NULL;
}

static struct gate_decision
decide(enum gate_checkpoint checkpoint, stw_usec now)
{
	struct gate_decision d;

	gate_decide(rules, &facts, checkpoint, now, STW_USEC_HOUR, &arena, &d);
	return d;
}

START_TEST(the_rules_of_the_decision_before_are_named_when_they_differ)
{
	struct gate_decision d = decide(GATE_DISPATCH, NOW);
	const struct gate_hit *hit;

	facts.prior_valid_until = NOW + STW_USEC_HOUR;
	facts.prior_ruleset_hash = d.ruleset_hash;
	d = decide(GATE_DISPATCH, NOW);
	hit = hit_of(&d, "SYS-03");
	ck_assert_ptr_nonnull(hit);
	ck_assert(hit->ok);
	ck_assert_ptr_null(hit->evidence);
	facts.prior_ruleset_hash = "0123";
	d = decide(GATE_DISPATCH, NOW);
	hit = hit_of(&d, "SYS-03");
	ck_assert(!hit->ok);
	ck_assert_str_eq(hit->evidence, "was 0123");
}
END_TEST

START_TEST(a_rule_that_defers_says_from_when_it_would_allow)
{
	/* 21:30 in Shanghai. */
	struct gate_decision d =
	    decide(GATE_PLAN, NOW + 11 * STW_USEC_HOUR + 30 * STW_USEC_MIN);
	const struct gate_hit *hit = hit_of(&d, "CN-18");

	ck_assert_ptr_nonnull(hit);
	ck_assert_str_eq(hit->code, "QUIET_HOURS");
	ck_assert_int_eq(hit->allowed_from, NOW + 23 * STW_USEC_HOUR);
	ck_assert_int_eq(d.next_allowed_at, NOW + 23 * STW_USEC_HOUR);
}
END_TEST

START_TEST(one_attempt_of_three_is_evidence)
{
	struct gate_count one = {.kind = GATE_ATTEMPT,
	    .at = NOW - 3 * STW_USEC_DAY,
	    .channel = "VOICE",
	    .this_number = true,
	    .this_person = true,
	    .expires_at = STW_USEC_MAX};
	struct gate_decision d;
	int seen = 0;

	facts.counts = &one;
	facts.ncounts = 1;
	d = decide(GATE_PLAN, NOW);
	for (int i = 0; i < d.nhits; i++)
		if (d.hits[i].ok && d.hits[i].evidence != NULL &&
		    strcmp(d.hits[i].evidence, "attempts 1 of 3") == 0)
			seen++;
	ck_assert_int_eq(seen, 1);
}
END_TEST

/* The packs end at midnight, and the window opens at nine: no instant is promised. */
START_TEST(nothing_is_promised_where_no_pack_is_in_force)
{
	struct pack_use uses[2] = {{.pack = "cn"}, {.pack = "house"}};
	struct pack_info infos[64];
	struct stw_err err = {0};
	struct gate_decision d;
	int n = ruleset_embedded(infos, (int)STW_ARRAY_LEN(infos));

	for (int k = 0; k < 2; k++) {
		uses[k].from = STW_USEC_NEVER;
		uses[k].to = NOW + 14 * STW_USEC_HOUR;
		for (int i = 0; i < n; i++)
			if (strcmp(infos[i].pack, uses[k].pack) == 0)
				uses[k].version = infos[i].version;
	}
	ruleset_free(rules);
	ck_assert_msg(ruleset_load(uses, 2, &rules, &err) == STW_OK, "%s", err.text);
	d = decide(GATE_PLAN, NOW + 12 * STW_USEC_HOUR);
	ck_assert_int_eq(d.outcome, GATE_DEFER);
	ck_assert_int_eq(d.next_allowed_at, STW_USEC_MAX);
}
END_TEST

/* A number tells the country only of whom no place is known at all. */
START_TEST(a_place_that_is_known_outweighs_the_number)
{
	static const char *const us[] = {"US"}, *const gb[] = {"GB"};
	const struct pack_selects selects = {.any = true, .party = {us, 1}};

	facts.party.country = NULL;
	facts.party.places = (struct gate_texts){NULL, 0};
	facts.institution_country = "CN";
	facts.product.regulator = NULL;
	facts.point.country = "US";
	ck_assert(pack_selected(&selects, &facts));
	facts.party.places = (struct gate_texts){gb, 1};
	ck_assert(!pack_selected(&selects, &facts));
}
END_TEST

/* A transaction of today counts from the midnight that began it, and not before. */
START_TEST(a_relationship_begins_with_the_day_of_its_transaction)
{
	const struct gate_params p = {.transaction_months = 18, .zone = zone_utc()};
	const struct zone *const zones[] = {zone_utc()};
	stw_day today = (stw_day)(NOW / STW_USEC_DAY);
	stw_usec midnight = (stw_usec)today * STW_USEC_DAY, until;
	struct gate_case c = {.facts = &facts,
	    .rules = rules,
	    .purpose = "MARKETING",
	    .now = NOW,
	    .arena = &arena};
	bool had;

	facts.party.zones = zones;
	facts.party.nzones = 1;
	facts.party.nzone_sources = 0;
	facts.relationship.last_transaction_on =
	    (struct gate_optional_day){true, today};
	facts.relationship.last_inquiry_on.known = false;
	facts.relationship.contract = false;
	facts.relationship.terminated_at = STW_USEC_NEVER;
	ck_assert(gate_relationship_holds(&p, &c, midnight, &until, &had));
	ck_assert(!gate_relationship_holds(&p, &c, midnight - 1, &until, &had));
}
END_TEST

static Suite *
gate_decision_suite(void)
{
	Suite *suite = suite_create("gate_decision");
	TCase *tc = tcase_create("gate_decision");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_rules_of_the_decision_before_are_named_when_they_differ);
	tcase_add_test(tc, a_rule_that_defers_says_from_when_it_would_allow);
	tcase_add_test(tc, one_attempt_of_three_is_evidence);
	tcase_add_test(tc, nothing_is_promised_where_no_pack_is_in_force);
	tcase_add_test(tc, a_place_that_is_known_outweighs_the_number);
	tcase_add_test(tc, a_relationship_begins_with_the_day_of_its_transaction);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(gate_decision_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
