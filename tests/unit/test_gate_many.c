/*
 * The gate of many contacts beside the gate of one, on the scenarios of all packs, asked at
 * planning: the same codes, the same instants, whichever contact of a class came first.
 * tests/property/gate_same.c does it on contacts made up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/facts_priv.h"
#include "campaigns/compliance/gate_many.h"
#include "campaigns/compliance/gate_priv.h"

#define NOW FACTS_DEFAULT_NOW

static struct arena arena;

static void
setup(void)
{
	arena_init(&arena);
}

static void
teardown(void)
{
	arena_fini(&arena);
}

static struct ruleset *
rules_of(const struct pack_use *uses, int n)
{
	struct ruleset *rules = NULL;
	struct stw_err err = {0};

	ck_assert_msg((n > 0 ? ruleset_load(uses, n, &rules, &err)
			     : ruleset_load_embedded(&rules, &err)) == STW_OK,
	    "%s", err.text);
	return rules;
}

/* Both ways; what the one says of it is returned. */
static struct gate_decision
same(struct gate_many *many, const struct ruleset *rules,
    const struct gate_facts *facts, stw_usec now, stw_usec ttl, const char *name)
{
	struct gate_many_answer answer;
	struct gate_decision one, all;

	gate_decide(rules, facts, GATE_PLAN, now, ttl, &arena, &one);
	gate_many_decide(many, facts, &answer);
	gate_many_decision(many, &answer, &arena, &all);
	ck_assert_msg(gate_many_agrees(&one, &all), "%s: %s, of many %s", name,
	    one.primary != NULL ? one.primary : "allowed",
	    all.primary != NULL ? all.primary : "allowed");
	ck_assert_pstr_eq(one.primary, all.primary);
	ck_assert_str_eq(one.ruleset_hash, all.ruleset_hash);
	return one;
}

struct tally {
	int scenarios, deferred;
	int64_t scalar;
};

static void
scenario(void *host, const struct pack_test *t)
{
	struct tally *tally = host;
	struct gate_many *many = gate_many_new(t->rules, t->now, t->ttl);
	struct gate_decision d =
	    same(many, t->rules, t->facts, t->now, t->ttl, t->name);
	int64_t scalar;
	int classes;

	/* The class is known now. */
	(void)same(many, t->rules, t->facts, t->now, t->ttl, t->name);
	gate_many_stat(many, &classes, &scalar);
	ck_assert_int_eq(classes, 1);
	gate_many_free(many);
	tally->scenarios++;
	tally->deferred += d.outcome == GATE_DEFER;
	tally->scalar += scalar;
	arena_reset(&arena);
}

START_TEST(many_decide_every_scenario_as_one_does)
{
	struct pack_info packs[64];
	struct tally tally = {0};
	struct stw_err err = {0};
	int n = ruleset_embedded(packs, (int)STW_ARRAY_LEN(packs)), passed;

	for (int i = 0; i < n; i++)
		ck_assert_msg(pack_tests_run(packs[i].pack, packs[i].version, scenario,
				  &tally, &passed, &err) == STW_OK,
		    "%s", err.text);
	ck_assert_int_gt(tally.scenarios, 700);
	ck_assert_int_gt(tally.deferred, 100);
	ck_assert_int_gt(tally.scalar, 0);
}
END_TEST

/* ---- classes ----------------------------------------------------------------------------- */
static const char *const bj[] = {"CN-BJ"};

/* Each differs in one thing that rules of a class ask about. */
static void
vary(int i, struct gate_facts *f)
{
	static const struct zone *tokyo;
	static const struct zone *zones[2];
	static enum gate_zone_source sources[2][2] = {
	    {GATE_ZONE_VERIFIED, GATE_ZONE_ADDRESS},
	    {GATE_ZONE_ADDRESS, GATE_ZONE_VERIFIED}};

	ck_assert_int_eq(zone_find("Asia/Tokyo", &tokyo, NULL), STW_OK);
	zones[0] = f->party.zones[0];
	zones[1] = tokyo;
	switch (i) {
	case 1:
		f->number.present = false;
		break;
	case 2:
		f->number.number_id++;
		break;
	case 3:
		f->party.kind = "business";
		break;
	case 4:
		f->party.country = NULL;
		break;
	case 5:
		f->party.province = "新疆";
		break;
	case 6:
		f->party.state = NULL;
		break;
	case 7:
		f->point.country = NULL;
		break;
	case 8:
		f->party.places = (struct gate_texts){NULL, 0};
		break;
	case 9:
		f->party.places = (struct gate_texts){bj, 1};
		break;
	case 10:
		f->party.nzones = 0;
		f->party.nzone_sources = 0;
		break;
	case 11:
		f->party.zones = &zones[1];
		break;
	case 12:
	case 13:
		f->party.zones = zones;
		f->party.nzones = f->party.nzone_sources = 2;
		f->party.zone_sources = sources[i - 12];
		break;
	case 14:
		f->party.zones = zones;
		f->party.nzones = 2;
		f->party.zone_sources = NULL;
		f->party.nzone_sources = 0;
		break;
	case 15:
		f->party.zone_sources = NULL;
		f->party.nzone_sources = 0;
		break;
	case 16:
		f->party.zone_sources = sources[0];
		break;
	default:
		break;
	}
}
#define VARIANTS 17

START_TEST(contacts_that_a_rule_can_tell_apart_are_of_two_classes)
{
	struct ruleset *rules = rules_of(NULL, 0);
	struct gate_many *many = gate_many_new(rules, NOW, STW_USEC_HOUR);
	int64_t scalar;
	int classes;

	/* Each beside the contact as it is, in both orders. */
	for (int i = 0; i < 2 * VARIANTS; i++) {
		struct gate_facts facts;

		facts_fixture(&arena, &facts);
		vary(i % 2 == 0 ? 0 : i / 2, &facts);
		(void)same(many, rules, &facts, NOW, STW_USEC_HOUR, "a variant");
	}
	gate_many_stat(many, &classes, &scalar);
	ck_assert_int_eq(classes, VARIANTS);
	ck_assert_int_eq(scalar, 0);
	gate_many_free(many);
	gate_many_free(NULL);
	ruleset_free(rules);
}
END_TEST

START_TEST(many_classes_are_told_apart)
{
	struct ruleset *rules = rules_of(NULL, 0);
	struct gate_many *many = gate_many_new(rules, NOW, STW_USEC_HOUR);
	int64_t scalar;
	int classes;

	for (int i = 0; i < 1200; i++) {
		struct gate_facts facts;

		facts_fixture(&arena, &facts);
		facts.number.number_id = i % 600;
		(void)same(many, rules, &facts, NOW, STW_USEC_HOUR, "a number");
	}
	gate_many_stat(many, &classes, &scalar);
	ck_assert_int_eq(classes, 600);
	gate_many_free(many);
	ruleset_free(rules);
}
END_TEST

/* A contact and a name that are gone: the class has its own. */
START_TEST(a_class_outlives_the_contact_that_brought_it)
{
	struct ruleset *rules = rules_of(NULL, 0);
	struct gate_many *many = gate_many_new(rules, NOW, STW_USEC_HOUR);
	struct gate_facts facts, again;
	char province[] = "新疆", place[] = "CN-XJ";
	const char *places[] = {place};

	facts_fixture(&arena, &facts);
	facts_fixture(&arena, &again);
	facts.party.province = province;
	facts.party.places = (struct gate_texts){places, 1};
	(void)same(many, rules, &facts, NOW, STW_USEC_HOUR, "the first");
	memset(province, 'x', sizeof province - 1);
	memset(place, 'x', sizeof place - 1);
	places[0] = NULL;
	again.party.province = "新疆";
	again.party.places = (struct gate_texts){(const char *const[]){"CN-XJ"}, 1};
	(void)same(many, rules, &again, NOW, STW_USEC_HOUR, "the second");
	gate_many_free(many);
	ruleset_free(rules);
}
END_TEST

/* ---- the engine's own rules, and when again ------------------------------------------------ */
START_TEST(what_many_say_of_the_clock_the_purpose_and_no_pack)
{
	const struct pack_use cn = {"cn", "1.0.1", NOW, NOW + 14 * STW_USEC_HOUR};
	struct ruleset *rules = rules_of(&cn, 1);
	static const stw_usec at[] = {NOW - 1, NOW, NOW + 12 * STW_USEC_HOUR};
	struct gate_decision d;
	struct gate_facts facts;

	for (size_t i = 0; i < STW_ARRAY_LEN(at); i++) {
		struct gate_many *many = gate_many_new(rules, at[i], STW_USEC_HOUR);

		facts_fixture(&arena, &facts);
		d = same(many, rules, &facts, at[i], STW_USEC_HOUR, "as it is");
		ck_assert_pstr_eq(d.primary, i == 0   ? "PACK_UNVERIFIED"
					     : i == 1 ? NULL
						      : "QUIET_HOURS");
		/* The window opens when no pack is in force any more. */
		ck_assert_int_eq(d.next_allowed_at, STW_USEC_MAX);
		gate_many_free(many);
		many = gate_many_new(rules, at[i], STW_USEC_HOUR);
		facts.clock_trusted = false;
		facts.purpose = "GOSSIP";
		d = same(many, rules, &facts, at[i], STW_USEC_HOUR, "untrusted");
		ck_assert_str_eq(d.primary, "CLOCK_UNTRUSTED");
		ck_assert_str_eq(d.codes[d.ncodes - 1], "PURPOSE_MIXED");
		gate_many_free(many);
	}
	ruleset_free(rules);
}
END_TEST

/* Contacts that wait for instants of their own, more than a class remembers. */
START_TEST(each_of_many_waits_for_its_own_instant)
{
	struct ruleset *rules = rules_of(NULL, 0);
	struct gate_many *many = gate_many_new(rules, NOW, STW_USEC_HOUR);

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 200; i++) {
			struct gate_count counts[3];
			struct gate_decision d;
			struct gate_facts facts;

			facts_fixture(&arena, &facts);
			for (int k = 0; k < 3; k++)
				counts[k] = (struct gate_count){.kind = GATE_ATTEMPT,
				    .at = NOW - 6 * STW_USEC_DAY + k * STW_USEC_DAY +
					  i * STW_USEC_SEC,
				    .channel = "VOICE",
				    .this_number = true,
				    .this_person = true,
				    .expires_at = STW_USEC_MAX};
			facts.counts = counts;
			facts.ncounts = 3;
			d = same(many, rules, &facts, NOW, STW_USEC_HOUR, "a waiter");
			ck_assert_str_eq(d.primary, "FREQ_CAP_7D");
			ck_assert_int_eq(
			    d.next_allowed_at, NOW + STW_USEC_DAY + i * STW_USEC_SEC);
		}
	gate_many_free(many);
	ruleset_free(rules);
}
END_TEST

START_TEST(an_answer_of_many_ends_with_its_time_to_live)
{
	struct ruleset *rules = rules_of(NULL, 0);
	static const stw_usec ttls[] = {1, STW_USEC_HOUR, STW_USEC_MAX};
	struct gate_facts facts;

	facts_fixture(&arena, &facts);
	for (size_t i = 0; i < STW_ARRAY_LEN(ttls); i++) {
		struct gate_many *many = gate_many_new(rules, NOW, ttls[i]);
		struct gate_decision d =
		    same(many, rules, &facts, NOW, ttls[i], "a time to live");

		ck_assert(d.allowed);
		ck_assert_int_le(d.valid_until, NOW + 11 * STW_USEC_HOUR);
		gate_many_free(many);
	}
	ruleset_free(rules);
}
END_TEST

/* Decisions that differ in one thing are not said to agree. */
START_TEST(a_difference_is_seen)
{
	static const char *const codes[] = {"QUIET_HOURS"};
	static const char *const others[] = {"BLACKOUT_DAY"};
	const struct gate_decision d = {.outcome = GATE_DEFER,
	    .codes = codes,
	    .ncodes = 1,
	    .next_allowed_at = 2,
	    .valid_until = 3};
	struct gate_decision e[6] = {d, d, d, d, d, d};

	ck_assert(gate_many_agrees(&d, &d));
	e[0].allowed = true;
	e[1].outcome = GATE_REVIEW;
	e[2].ncodes = 0;
	e[3].next_allowed_at++;
	e[4].valid_until++;
	e[5].codes = others;
	for (size_t i = 0; i < STW_ARRAY_LEN(e); i++)
		ck_assert(!gate_many_agrees(&d, &e[i]));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gate_many");
	TCase *tc = tcase_create("gate_many");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, many_decide_every_scenario_as_one_does);
	tcase_add_test(tc, contacts_that_a_rule_can_tell_apart_are_of_two_classes);
	tcase_add_test(tc, many_classes_are_told_apart);
	tcase_add_test(tc, a_class_outlives_the_contact_that_brought_it);
	tcase_add_test(tc, what_many_say_of_the_clock_the_purpose_and_no_pack);
	tcase_add_test(tc, each_of_many_waits_for_its_own_instant);
	tcase_add_test(tc, an_answer_of_many_ends_with_its_time_to_live);
	tcase_add_test(tc, a_difference_is_seen);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
