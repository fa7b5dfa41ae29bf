/* Draws for review: the same seed draws the same, whatever the order; shares hold for each
 * agent; two reviewers' agreement. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/review_draw.h"

#define PEOPLE 1000

static struct arena arena;
static struct review_candidate people[PEOPLE];
static const unsigned char seed[REVIEW_SEED] = {1, 2, 3};

/* Candidate i is agent i % 5's; what it belongs to is up to the test. */
static void
setup(void)
{
	static const char *const agents[] = {"a", "b", "c", "d", "e"};

	arena_init(&arena);
	for (int i = 0; i < PEOPLE; i++) {
		people[i] = (struct review_candidate){
		    .agent = agents[i % 5], .strata = 1U << STRATUM_CONNECTED};
		people[i].id.b[0] = (unsigned char)(i >> 8);
		people[i].id.b[1] = (unsigned char)i;
	}
}

static void
teardown(void)
{
	arena_fini(&arena);
}

static struct review_draw
drawn(const struct review_plan *plan, const unsigned char *with, size_t n)
{
	struct review_draw d;

	review_draw_make(plan, with, people, n, &arena, &d);
	return d;
}

static int
of_agent(const struct review_draw *d, const char *agent)
{
	int n = 0;

	for (int i = 0; i < d->count; i++)
		n += strcmp(d->items[i].candidate->agent, agent) == 0;
	return n;
}

START_TEST(an_agents_share_is_rounded_up_and_has_a_least)
{
	struct review_plan plan = review_plan_usual;
	struct review_draw d = drawn(&plan, seed, PEOPLE);

	/* 5 % of 200 each. */
	ck_assert_int_eq(d.count, 50);
	ck_assert_int_eq(of_agent(&d, "c"), 10);
	ck_assert_int_eq(d.strata[STRATUM_CONNECTED].population, PEOPLE);
	ck_assert_int_eq(d.strata[STRATUM_CONNECTED].drawn, 50);
	/* Of 21 each 5 % are two; three are the least. Of two each, both. */
	d = drawn(&plan, seed, 105);
	ck_assert_int_eq(of_agent(&d, "a"), 3);
	d = drawn(&plan, seed, 10);
	ck_assert_int_eq(d.count, 10);
	plan.strata[STRATUM_CONNECTED].least = 0;
	d = drawn(&plan, seed, 105);
	ck_assert_int_eq(of_agent(&d, "a"), 2);
	/* A share of nothing draws nothing, whatever the least. */
	plan.strata[STRATUM_CONNECTED].share = 0;
	plan.strata[STRATUM_CONNECTED].least = 3;
	d = drawn(&plan, seed, PEOPLE);
	ck_assert_int_eq(d.count, 0);
}
END_TEST

START_TEST(the_same_seed_draws_the_same_in_any_order)
{
	struct review_draw d = drawn(&review_plan_usual, seed, PEOPLE), again;
	unsigned char other[REVIEW_SEED] = {1, 2, 4};

	for (int i = 0; i < PEOPLE / 2; i++) {
		struct review_candidate c = people[i];

		people[i] = people[PEOPLE - 1 - i];
		people[PEOPLE - 1 - i] = c;
	}
	again = drawn(&review_plan_usual, seed, PEOPLE);
	ck_assert_mem_eq(d.hash, again.hash, sizeof d.hash);
	for (int i = 0; i < d.count; i++)
		ck_assert_int_eq(d.items[i].twice, again.items[i].twice);
	again = drawn(&review_plan_usual, other, PEOPLE);
	ck_assert_int_eq(again.count, d.count);
	ck_assert_mem_ne(d.hash, again.hash, sizeof d.hash);
}
END_TEST

START_TEST(what_two_strata_draw_is_one_item)
{
	struct review_draw d;
	int both = 0;

	for (int i = 0; i < PEOPLE; i++)
		if (i % 100 == 0)
			people[i].strata |=
			    1U << STRATUM_ELDER | 1U << STRATUM_COMPLAINT;
	d = drawn(&review_plan_usual, seed, PEOPLE);
	for (int i = 0; i < d.count; i++) {
		unsigned s = d.items[i].strata;

		if ((s & 1U << STRATUM_ELDER) != 0) {
			both++;
			ck_assert((s & 1U << STRATUM_COMPLAINT) != 0);
		}
		for (int k = 0; k < i; k++)
			ck_assert_ptr_ne(d.items[k].candidate, d.items[i].candidate);
	}
	/* All of them, drawn as connected calls or not. */
	ck_assert_int_eq(both, 10);
}
END_TEST

START_TEST(a_tenth_is_reviewed_twice)
{
	struct review_draw d = drawn(&review_plan_usual, seed, PEOPLE);
	int twice = 0;

	for (int i = 0; i < d.count; i++)
		twice += d.items[i].twice;
	ck_assert_int_eq(twice, 5);
}
END_TEST

/* Every candidate has the same chance: over 400 seeds each is drawn 20 times, give or take. */
START_TEST(nobody_is_left_out)
{
	static int hits[PEOPLE];
	struct review_plan plan = review_plan_usual;

	for (int s = 0; s < 400; s++) {
		unsigned char one[REVIEW_SEED] = {
		    (unsigned char)s, (unsigned char)(s >> 8)};
		struct review_draw d = drawn(&plan, one, PEOPLE);

		for (int i = 0; i < d.count; i++)
			hits[d.items[i].candidate - people]++;
		arena_reset(&arena);
	}
	for (int i = 0; i < PEOPLE; i++)
		ck_assert_msg(hits[i] > 3 && hits[i] < 45, "%d: %d", i, hits[i]);
}
END_TEST

static const struct {
	const char *name;
	int64_t table[4];
	bool defined;
	int64_t kappa;
} kappas[] = {
    {"all alike", {20, 0, 0, 10}, true, 1000},
    {"as chance would have it", {25, 25, 25, 25}, true, 0},
    {"the textbook's", {20, 5, 10, 15}, true, 400},
    {"nothing judged", {0, 0, 0, 0}, false, 0},
    {"one verdict only", {7, 0, 0, 0}, false, 0},
    {"never alike", {0, 10, 10, 0}, true, -1000},
};

START_TEST(agreement_beyond_chance)
{
	int64_t kappa = 0;
	bool defined = review_kappa(kappas[_i].table, 2, &kappa);

	ck_assert_msg(defined == kappas[_i].defined, "%s", kappas[_i].name);
	if (defined)
		ck_assert_msg(kappa == kappas[_i].kappa, "%s: %lld", kappas[_i].name,
		    (long long)kappa);
}
END_TEST

START_TEST(a_plan_that_cannot_be_is_refused)
{
	struct review_plan plan = review_plan_usual;
	struct stw_err err = {0};

	ck_assert_int_eq(review_plan_check(&plan, &err), STW_OK);
	plan.strata[STRATUM_DENIED].share = 1001;
	ck_assert_int_eq(review_plan_check(&plan, &err), STW_INVALID);
	ck_assert_str_eq(err.text, "denied: share is 0 to 1000 thousandths");
	plan = review_plan_usual;
	plan.strata[STRATUM_APPROVED].share = 999;
	ck_assert_int_eq(review_plan_check(&plan, &err), STW_INVALID);
	plan = review_plan_usual;
	plan.elder = 0;
	ck_assert_int_eq(review_plan_check(&plan, &err), STW_INVALID);
	ck_assert_str_eq(err.text, "elder: 1 to 130 years");
}
END_TEST

static Suite *
review_draw_suite(void)
{
	Suite *suite = suite_create("review_draw");
	TCase *tc = tcase_create("review_draw");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_agents_share_is_rounded_up_and_has_a_least);
	tcase_add_test(tc, the_same_seed_draws_the_same_in_any_order);
	tcase_add_test(tc, what_two_strata_draw_is_one_item);
	tcase_add_test(tc, a_tenth_is_reviewed_twice);
	tcase_add_test(tc, nobody_is_left_out);
	tcase_add_loop_test(tc, agreement_beyond_chance, 0, (int)STW_ARRAY_LEN(kappas));
	tcase_add_test(tc, a_plan_that_cannot_be_is_refused);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(review_draw_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
