/*
 * test_rate.c - how many requests one token may send, and that others do not notice.
 */
#include <stdio.h>
#include <string.h>

#include <check.h>

#include "api/rate.h"

static struct rate rate;

static bool
take(const char *who, stw_usec now)
{
	struct rate_state state;

	return rate_take(&rate, str_of(who), now, &state);
}

START_TEST(a_burst_and_then_the_rate)
{
	struct rate_state state;
	stw_usec now = 1000 * STW_USEC_SEC;
	int granted = 0;

	rate_init(&rate, 10);
	for (int i = 0; i < 20; i++)
		ck_assert_msg(take("a", now), "%d", i);
	ck_assert(!rate_take(&rate, str_of("a"), now, &state));
	ck_assert_int_eq(state.burst, 20);
	ck_assert_int_eq(state.remaining, 0);
	ck_assert_int_eq(state.retry_after, 1);
	/* A refused request costs nothing: a tenth of a second later there is room for one. */
	ck_assert(take("a", now + STW_USEC_SEC / 10));
	ck_assert(!take("a", now + STW_USEC_SEC / 10));
	/* In the long run ten a second, however hard it is tried. */
	now += STW_USEC_SEC;
	for (int ms = 0; ms < 10000; ms++)
		granted += take("a", now + ms * INT64_C(1000));
	ck_assert_int_ge(granted, 100);
	ck_assert_int_le(granted, 110);
	rate_fini(&rate);
}
END_TEST

START_TEST(others_do_not_notice)
{
	stw_usec now = STW_USEC_SEC;

	rate_init(&rate, 5);
	while (take("wild", now))
		continue;
	for (int i = 0; i < 10; i++)
		ck_assert(take("calm", now));
	ck_assert(!take("calm", now));
	ck_assert(!take("wild", now));
	rate_fini(&rate);
}
END_TEST

/* Many names do not push out the one who owes. */
START_TEST(a_debt_is_not_lost_among_many)
{
	stw_usec now = STW_USEC_SEC;
	char name[24];

	rate_init(&rate, 5);
	while (take("wild", now))
		continue;
	for (int i = 0; i < 100000; i++) {
		(void)snprintf(name, sizeof name, "n%d", i);
		ck_assert(take(name, now + i));
	}
	ck_assert(!take("wild", now + 100000));
	rate_fini(&rate);
}
END_TEST

START_TEST(without_a_limit_all_may)
{
	rate_init(&rate, 0);
	for (int i = 0; i < 10000; i++)
		ck_assert(take("a", 0));
	rate_fini(&rate);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rate");
	TCase *tc = tcase_create("rate");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, a_burst_and_then_the_rate);
	tcase_add_test(tc, others_do_not_notice);
	tcase_add_test(tc, a_debt_is_not_lost_among_many);
	tcase_add_test(tc, without_a_limit_all_may);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
