/* How much each queue is given: windows, dead queues, pace, batches, hours, turns. */
#include <stdlib.h>

#include <check.h>

#include "api/push/schedule.h"

#define S   STW_USEC_SEC
#define NOW (INT64_C(1795399200) * S) /* Monday 2026-11-23, 10:00 in Shanghai */

static const struct schedule_limits wide = {.concurrency = 20};

static void
end_times(struct schedule_queue *q, const struct schedule_limits *limits, bool failed,
    int times, stw_usec mono)
{
	while (times-- > 0)
		schedule_end(q, limits, failed, -1, mono, 0);
}

START_TEST(a_new_queue_begins_small_and_within_its_limit)
{
	struct schedule_queue q = {0};
	const struct schedule_limits narrow = {.concurrency = 2};

	ck_assert_int_eq(schedule_room(&q, &wide, 0, 0, S, NOW), SCHEDULE_FIRST);
	ck_assert_int_eq(schedule_room(&q, &wide, 3, 0, S, NOW), SCHEDULE_FIRST - 3);
	ck_assert_int_eq(schedule_room(&q, &wide, 9, 0, S, NOW), 0);
	ck_assert_int_eq(schedule_room(&q, &narrow, 0, 0, S, NOW), 2);
}
END_TEST

/* What was given and has not begun takes its part of the pace; the window counts it anyway. */
START_TEST(what_has_not_begun_takes_its_part_of_the_pace)
{
	struct schedule_limits rate = {.concurrency = 64, .rate = 10, .rate_sec = 1};
	struct schedule_limits batch = {
	    .concurrency = 64, .batch = 10, .batch_pause_ms = 1000};
	struct schedule_queue q = {.window = 64}, b = {.window = 64};

	ck_assert_int_eq(schedule_room(&q, &rate, 4, 4, S, NOW), 6);
	ck_assert_int_eq(schedule_room(&q, &rate, 12, 12, S, NOW), 0);
	schedule_begin(&q, &rate, S);
	ck_assert_int_eq(schedule_room(&q, &rate, 5, 4, S, NOW), 5);
	/* Of the next period too. */
	ck_assert_int_eq(schedule_room(&q, &rate, 5, 4, 3 * S, NOW), 6);
	ck_assert_int_eq(schedule_room(&b, &batch, 4, 4, S, NOW), 6);
	for (int i = 0; i < 10; i++)
		schedule_begin(&b, &batch, S);
	ck_assert_int_eq(schedule_room(&b, &batch, 14, 4, S, NOW), 0);
	ck_assert_int_eq(schedule_room(&b, &batch, 14, 4, 3 * S, NOW), 6);
}
END_TEST

START_TEST(a_window_that_nothing_spoke_against_grows_by_half_a_result)
{
	struct schedule_queue q = {0};
	const struct schedule_limits broad = {.concurrency = 128};
	int before, results = 0;

	end_times(&q, &broad, false, 1, S);
	ck_assert_int_eq(schedule_window(&q, &broad), SCHEDULE_FIRST);
	end_times(&q, &broad, false, 1, S);
	ck_assert_int_eq(schedule_window(&q, &broad), SCHEDULE_FIRST + 1);
	for (; schedule_window(&q, &broad) < 128; results++)
		end_times(&q, &broad, false, 1, S);
	ck_assert_int_eq(results, 2 * (128 - SCHEDULE_FIRST - 1));
	/* Over with the first failure, for good: a cohort is one. */
	q.window = 8;
	end_times(&q, &broad, true, 1, S);
	before = schedule_window(&q, &broad);
	end_times(&q, &broad, false, before - 1, S);
	ck_assert_int_eq(schedule_window(&q, &broad), before);
	end_times(&q, &broad, false, 1, S);
	ck_assert_int_eq(schedule_window(&q, &broad), before + 1);
}
END_TEST

START_TEST(a_window_grows_by_one_for_each_whole_cohort_up_to_the_limit)
{
	struct schedule_queue q = {.has_failed = true};

	for (int window = SCHEDULE_FIRST; window < 20; window++) {
		end_times(&q, &wide, false, window - 1, S);
		ck_assert_int_eq(schedule_window(&q, &wide), window);
		end_times(&q, &wide, false, 1, S);
		ck_assert_int_eq(schedule_window(&q, &wide), window + 1);
	}
	end_times(&q, &wide, false, 200, S);
	ck_assert_int_eq(schedule_window(&q, &wide), 20);
	/* The operators' limit holds at once. */
	const struct schedule_limits less = {.concurrency = 7};
	ck_assert_int_eq(schedule_window(&q, &less), 7);
}
END_TEST

START_TEST(a_success_between_failures_keeps_a_queue_alive)
{
	struct schedule_queue q = {0};

	for (int i = 0; i < 200; i++) {
		end_times(&q, &wide, true, 1, S);
		end_times(&q, &wide, false, 1, S);
		ck_assert(!schedule_is_dead(&q));
		ck_assert_int_ge(schedule_window(&q, &wide), 1);
	}
	ck_assert_int_le(schedule_window(&q, &wide), SCHEDULE_FIRST + 1);
}
END_TEST

START_TEST(failures_shrink_a_window_by_less_than_one_each)
{
	struct schedule_queue q = {0};
	int before;

	end_times(&q, &wide, false, 300, S);
	before = schedule_window(&q, &wide);
	ck_assert_int_eq(before, 20);
	end_times(&q, &wide, true, 9, S);
	ck_assert_int_eq(schedule_window(&q, &wide), before);
	end_times(&q, &wide, true, 1, S);
	ck_assert_int_eq(schedule_window(&q, &wide), before - 1);
	ck_assert(!schedule_is_dead(&q));
}
END_TEST

START_TEST(a_cohort_that_fails_is_a_dead_queue_of_any_size)
{
	for (int size = 1; size <= 256; size++) {
		struct schedule_queue q = {.window = size};
		const struct schedule_limits limits = {.concurrency = 256};
		int n = 0;

		while (!schedule_is_dead(&q) && n <= size) {
			schedule_end(&q, &limits, true, -1, S, 0);
			n++;
		}
		ck_assert_msg(schedule_is_dead(&q), "%d lives", size);
		/* At the latest with the last of it; shrinking may make it sooner. */
		ck_assert_msg(n <= size && (n > size / 2 || size == 1),
		    "window %d: dead after %d", size, n);
	}
}
END_TEST

START_TEST(a_dead_queue_gets_one_probe_and_ever_more_rarely)
{
	struct schedule_queue q = {0};
	stw_usec mono = 10 * S, waited = 0;

	end_times(&q, &wide, true, SCHEDULE_FIRST, mono);
	for (int death = 1; death <= 12; death++) {
		stw_usec wait = q.dead_until - mono;

		ck_assert_int_eq(q.deaths, death);
		ck_assert_int_eq(schedule_window(&q, &wide), 0);
		ck_assert_int_ge(wait, waited / 2);
		ck_assert_int_le(wait, 60 * S);
		ck_assert_int_eq(schedule_room(&q, &wide, 0, 0, mono, NOW), 0);
		ck_assert_int_eq(schedule_wait(&q, &wide, mono, NOW), q.dead_until);
		mono = q.dead_until;
		ck_assert_int_eq(schedule_room(&q, &wide, 0, 0, mono, NOW), 1);
		schedule_begin(&q, &wide, mono);
		ck_assert_int_eq(schedule_room(&q, &wide, 1, 0, mono + 99 * S, NOW), 0);
		ck_assert_int_eq(schedule_wait(&q, &wide, mono, NOW), STW_USEC_MAX);
		end_times(&q, &wide, true, 1, mono);
		waited = wait;
	}
	ck_assert_int_eq(
	    waited, 30 * S); /* half of a minute: the least the jitter gives */
	mono = q.dead_until;
	schedule_begin(&q, &wide, mono);
	end_times(&q, &wide, false, 1, mono);
	ck_assert(!schedule_is_dead(&q));
	ck_assert_int_eq(q.deaths, 0);
	/* Back, and has to show how much it bears: at most one more than it showed. */
	ck_assert_int_le(schedule_window(&q, &wide), 2);
}
END_TEST

START_TEST(late_failures_of_the_same_cohort_do_not_lengthen_the_wait)
{
	struct schedule_queue q = {0};
	stw_usec until;

	end_times(&q, &wide, true, SCHEDULE_FIRST, 10 * S);
	until = q.dead_until;
	end_times(&q, &wide, true, 20, 11 * S);
	ck_assert_int_eq(q.dead_until, until);
	ck_assert_int_eq(q.deaths, 1);
}
END_TEST

START_TEST(a_queue_that_asks_for_a_pause_gets_it_at_once_up_to_an_hour)
{
	struct schedule_queue q = {0}, greedy = {0};

	schedule_end(&q, &wide, true, 30 * S, 10 * S, 0);
	ck_assert_int_eq(schedule_room(&q, &wide, 0, 0, 39 * S, NOW), 0);
	ck_assert_int_eq(schedule_room(&q, &wide, 0, 0, 41 * S, NOW), 1);
	schedule_end(&greedy, &wide, true, 100 * STW_USEC_HOUR, 10 * S, 0);
	ck_assert_int_eq(greedy.dead_until, 10 * S + STW_USEC_HOUR);
}
END_TEST

START_TEST(a_rate_is_kept_in_each_period)
{
	const struct schedule_limits limits = {
	    .concurrency = 50, .rate = 3, .rate_sec = 60};
	struct schedule_queue q = {.window = 50};

	for (int period = 1; period < 4; period++) {
		stw_usec mono = period * 60 * S;

		ck_assert_int_eq(schedule_room(&q, &limits, 0, 0, mono, NOW), 3);
		for (int i = 0; i < 3; i++)
			schedule_begin(&q, &limits, mono);
		ck_assert_int_eq(
		    schedule_room(&q, &limits, 0, 0, mono + 59 * S, NOW), 0);
		ck_assert_int_eq(
		    schedule_wait(&q, &limits, mono + S, NOW), mono + 60 * S);
	}
}
END_TEST

START_TEST(after_each_batch_there_is_a_pause)
{
	const struct schedule_limits limits = {
	    .concurrency = 50, .batch = 4, .batch_pause_ms = 1000};
	struct schedule_queue q = {.window = 50};
	stw_usec mono = S;

	for (int batch = 0; batch < 3; batch++) {
		ck_assert_int_eq(schedule_room(&q, &limits, 0, 0, mono, NOW), 4);
		schedule_begin(&q, &limits, mono);
		ck_assert_int_eq(schedule_room(&q, &limits, 0, 0, mono, NOW), 3);
		for (int i = 0; i < 3; i++)
			schedule_begin(&q, &limits, mono);
		ck_assert_int_eq(
		    schedule_room(&q, &limits, 0, 0, mono + S - 1, NOW), 0);
		ck_assert_int_eq(schedule_wait(&q, &limits, mono, NOW), mono + S);
		mono += S;
	}
}
END_TEST

/* For another dispatcher that pushes next. */
START_TEST(what_is_left_of_a_pace_is_what_was_used_of_it)
{
	const struct schedule_limits batch = {.concurrency = 50,
					 .batch = 4,
					 .batch_pause_ms = 1000},
				     rate = {
					 .concurrency = 50, .rate = 3, .rate_sec = 60};
	struct schedule_queue q = {.window = 50}, r = {.window = 50};

	ck_assert_int_eq(schedule_pace(&wide), 0);
	ck_assert_int_eq(schedule_pace(&batch), S);
	ck_assert_int_eq(schedule_pace(&rate), 60 * S);
	ck_assert_int_eq(schedule_spent(&q, &batch, S), 0);
	schedule_begin(&q, &batch, S);
	/* Whoever is next begins a batch of its own. */
	ck_assert_int_eq(schedule_spent(&q, &batch, S), S);
	for (int i = 0; i < 3; i++)
		schedule_begin(&q, &batch, S);
	ck_assert_int_eq(schedule_spent(&q, &batch, S), S);
	ck_assert_int_eq(schedule_spent(&q, &batch, 2 * S - 1), 1);
	ck_assert_int_eq(schedule_spent(&q, &batch, 2 * S), 0);
	ck_assert_int_eq(schedule_spent(&r, &rate, 60 * S), 0);
	schedule_begin(&r, &rate, 60 * S);
	ck_assert_int_eq(schedule_spent(&r, &rate, 80 * S), 40 * S);
	ck_assert_int_eq(schedule_spent(&r, &rate, 120 * S), 0);
}
END_TEST

/* from, to, minute of Shanghai's day, open */
static const struct {
	int from, to, minute;
	bool open;
} hours[] = {
    {540, 1080, 539, false}, {540, 1080, 540, true}, {540, 1080, 1079, true},
    {540, 1080, 1080, false}, {1200, 480, 1199, false}, /* over midnight */
    {1200, 480, 1200, true}, {1200, 480, 0, true}, {1200, 480, 479, true},
    {1200, 480, 480, false}, {0, 1440, 1439, true}, {0, 0, 3, true}, /* always */
};

START_TEST(hours_include_their_beginning_and_not_their_end)
{
	struct schedule_limits limits = {
	    .concurrency = 8, .hours_from = hours[_i].from, .hours_to = hours[_i].to};
	struct schedule_queue q = {0};
	stw_usec at, wait;
	int room;

	ck_assert_int_eq(zone_find("Asia/Shanghai", &limits.zone, NULL), STW_OK);
	at = zone_instant(limits.zone, zone_local(limits.zone, NOW).day,
	    hours[_i].minute * STW_USEC_MIN);
	room = schedule_room(&q, &limits, 0, 0, S, at);
	ck_assert_int_eq(room > 0, hours[_i].open);
	if (hours[_i].open)
		return;
	/* And it says when they begin, to the microsecond. */
	wait = schedule_wait(&q, &limits, S, at) - S;
	ck_assert_int_gt(wait, 0);
	ck_assert_int_gt(schedule_room(&q, &limits, 0, 0, S, at + wait), 0);
	ck_assert_int_eq(schedule_room(&q, &limits, 0, 0, S, at + wait - 1), 0);
}
END_TEST

START_TEST(a_queue_leaves_room_for_the_first_pushes_of_the_others)
{
	const int in_flight[] = {40, 0, 2, 0}, concurrency[] = {64, 64, 64, 0};

	/* The second keeps five, the third five, the closed one nothing. */
	ck_assert_int_eq(schedule_share(in_flight, concurrency, 4, 0, 64), 54);
	ck_assert_int_eq(schedule_share(in_flight, concurrency, 4, 1, 64), 19);
	ck_assert_int_eq(schedule_share(in_flight, concurrency, 4, 1, 8), 1);
}
END_TEST

START_TEST(turns_go_round_and_nobody_takes_more_than_his)
{
	const int room[] = {1000, 3, 1000, 0, 7};
	int next = 0, take[5], got[5] = {0};

	/* Alone it has them all; of two that want all each has half. */
	schedule_turns(room, 1, 100, &next, take);
	ck_assert_int_eq(take[0], 100);
	schedule_turns(room, 3, 64 + 3, &next, take);
	ck_assert_int_eq(take[0], 32);
	ck_assert_int_eq(take[1], 3);
	ck_assert_int_eq(take[2], 32);
	schedule_turns(&room[3], 2, 64, &next, take);
	ck_assert_int_eq(take[0] + take[1], 7);
	next = 0;

	for (int round = 0; round < 100; round++) {
		int sum = 0;

		schedule_turns(room, 5, 20, &next, take);
		for (int i = 0; i < 5; i++) {
			ck_assert_int_le(take[i], SCHEDULE_TURN);
			ck_assert_int_le(take[i], room[i]);
			got[i] += take[i];
			sum += take[i];
		}
		ck_assert_int_eq(sum, 20);
	}
	ck_assert_int_eq(got[3], 0);
	/* Those with little work get what they have more often than not. */
	ck_assert_int_ge(got[1], 100);
	ck_assert_int_ge(got[4], 200);
	ck_assert_int_le(abs(got[0] - got[2]), 100 * SCHEDULE_TURN / 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("schedule");
	TCase *tc = tcase_create("schedule");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_new_queue_begins_small_and_within_its_limit);
	tcase_add_test(tc, what_has_not_begun_takes_its_part_of_the_pace);
	tcase_add_test(tc, a_window_that_nothing_spoke_against_grows_by_half_a_result);
	tcase_add_test(tc, a_window_grows_by_one_for_each_whole_cohort_up_to_the_limit);
	tcase_add_test(tc, a_success_between_failures_keeps_a_queue_alive);
	tcase_add_test(tc, failures_shrink_a_window_by_less_than_one_each);
	tcase_add_test(tc, a_cohort_that_fails_is_a_dead_queue_of_any_size);
	tcase_add_test(tc, a_dead_queue_gets_one_probe_and_ever_more_rarely);
	tcase_add_test(tc, late_failures_of_the_same_cohort_do_not_lengthen_the_wait);
	tcase_add_test(tc, a_queue_that_asks_for_a_pause_gets_it_at_once_up_to_an_hour);
	tcase_add_test(tc, a_rate_is_kept_in_each_period);
	tcase_add_test(tc, after_each_batch_there_is_a_pause);
	tcase_add_test(tc, what_is_left_of_a_pace_is_what_was_used_of_it);
	tcase_add_loop_test(tc, hours_include_their_beginning_and_not_their_end, 0,
	    STW_ARRAY_LEN(hours));
	tcase_add_test(tc, a_queue_leaves_room_for_the_first_pushes_of_the_others);
	tcase_add_test(tc, turns_go_round_and_nobody_takes_more_than_his);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
