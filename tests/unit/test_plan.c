/* Windows, ids, hold-out and sums of planning; task moves. */
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <sodium.h>

#include "campaigns/plan.h"
#include "campaigns/task.h"

static const struct zone *
shanghai(void)
{
	const struct zone *zone;

	ck_assert_int_eq(zone_find("Asia/Shanghai", &zone, NULL), STW_OK);
	return zone;
}

static stw_usec
at(const char *text)
{
	stw_usec t;

	ck_assert_int_eq(stw_usec_parse(str_of(text), &t), STW_OK);
	return t;
}

/* now, from, to, valid days, wanted start, wanted end */
static const struct window_case {
	const char *name, *now;
	int from, to, days;
	const char *begins, *ends;
} windows[] = {
    {"inside the window: from now on", "2026-11-23T10:00:00+08:00", 570, 1080, 3,
	"2026-11-23T10:00:00+08:00", "2026-11-25T18:00:00+08:00"},
    {"before it opens: when it opens", "2026-11-23T08:00:00+08:00", 570, 1080, 1,
	"2026-11-23T09:30:00+08:00", "2026-11-23T18:00:00+08:00"},
    {"the last minute still counts", "2026-11-23T17:59:59+08:00", 570, 1080, 1,
	"2026-11-23T17:59:59+08:00", "2026-11-23T18:00:00+08:00"},
    {"closed: tomorrow", "2026-11-23T18:00:00+08:00", 570, 1080, 1,
	"2026-11-24T09:30:00+08:00", "2026-11-24T18:00:00+08:00"},
    {"24:00 is the next midnight", "2026-12-31T23:30:00+08:00", 0, 1440, 1,
	"2026-12-31T23:30:00+08:00", "2027-01-01T00:00:00+08:00"},
};

START_TEST(a_window_is_the_next_stretch_of_the_day)
{
	const struct window_case *c = &windows[_i];
	const struct campaign_step step = {
	    .window_from = c->from, .window_to = c->to, .valid_days = c->days};
	struct plan_window got = plan_window_of(&step, shanghai(), at(c->now));

	ck_assert_msg(got.not_before == at(c->begins), "%s: begins", c->name);
	ck_assert_msg(got.not_after == at(c->ends), "%s: ends", c->name);
}
END_TEST

START_TEST(the_same_contact_has_the_same_id_and_any_change_another)
{
	struct campaign a = {.code = "care", .step = {.code = "call"}};
	struct campaign b = {.code = "car", .step = {.code = "ecall"}};
	struct uuid one = plan_task_id(&a, 1, 17, str_of("C1"), str_of("2026-11-25"));
	struct uuid again = plan_task_id(&a, 1, 17, str_of("C1"), str_of("2026-11-25"));
	struct uuid others[] = {
	    plan_task_id(&b, 1, 17, str_of("C1"), str_of("2026-11-25")),
	    plan_task_id(&a, 2, 17, str_of("C1"), str_of("2026-11-25")),
	    plan_task_id(&a, 1, 17, str_of("C2"), str_of("2026-11-25")),
	    plan_task_id(&a, 1, 17, str_of("C1"), str_of("2026-11-26")),
	    plan_task_id(&a, 1, 17, str_of("C12026-11-"), str_of("25"))};

	ck_assert_mem_eq(one.b, again.b, 16);
	ck_assert_int_eq(uuid_bucket(&one), 17);
	for (size_t i = 0; i < STW_ARRAY_LEN(others); i++)
		ck_assert_mem_ne(one.b, others[i].b, 16);
}
END_TEST

START_TEST(hold_out_is_stable_and_near_its_share)
{
	struct campaign c = {.code = "care", .hold_out_bp = 1000};
	int held = 0;

	for (int i = 0; i < 20000; i++) {
		char ref[16];
		bool out;

		(void)snprintf(ref, sizeof ref, "C%d", i);
		out = campaign_holds_out(&c, str_of(ref));
		ck_assert(out == campaign_holds_out(&c, str_of(ref)));
		held += out;
	}
	/* 10 % of 20,000 is 2,000 with a standard deviation of 42. */
	ck_assert_int_gt(held, 2000 - 210);
	ck_assert_int_lt(held, 2000 + 210);
	c.hold_out_bp = 0;
	ck_assert(!campaign_holds_out(&c, str_of("C1")));
}
END_TEST

START_TEST(fates_add_up)
{
	struct plan_tally tally = {0};

	plan_tally_add(&tally, FATE_BLOCKED, "CONSENT_MISSING");
	plan_tally_add(&tally, FATE_PLANNED, "");
	plan_tally_add(&tally, FATE_BLOCKED, "CONSENT_MISSING");
	plan_tally_add(&tally, FATE_DEFERRED, "CONSENT_MISSING");
	ck_assert_int_eq(tally.nlines, 3);
	ck_assert_int_eq(tally.lines[0].count, 2);
	ck_assert_int_eq(plan_tally_sum(&tally), 4);
}
END_TEST

START_TEST(nothing_leaves_a_terminal_state_or_skips_a_gate)
{
	for (int from = 1; from < TASK_STATES; from++)
		for (int to = 1; to < TASK_STATES; to++) {
			enum task_state f = (enum task_state)from,
					t = (enum task_state)to;

			/* But for what a person sends round again: decision 0037. */
			if (task_state_terminal(f))
				ck_assert(task_may_move(f, t) ==
					  (f == TASK_FAILED && t == TASK_PLANNED));
			/* From planned in a batch: decision 0044. */
			if (t == TASK_SENDING)
				ck_assert(task_may_move(f, t) ==
					  (f == TASK_READY || f == TASK_PLANNED));
			if (t == TASK_IN_PROGRESS)
				ck_assert(task_may_move(f, t) == (f == TASK_ACCEPTED));
			if (t == TASK_CANCELLED && task_may_move(f, t))
				ck_assert(f == TASK_PLANNED || f == TASK_READY);
		}
	ck_assert_int_eq(task_state_parse(str_of("queued")), TASK_QUEUED);
	ck_assert_int_eq(task_state_parse(str_of("")), TASK_NONE);
	ck_assert_int_eq(task_state_parse(str_of("lost")), TASK_NONE);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tc = tcase_create("plan");
	SRunner *runner;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_add_loop_test(tc, a_window_is_the_next_stretch_of_the_day, 0,
	    (int)STW_ARRAY_LEN(windows));
	tcase_add_test(tc, the_same_contact_has_the_same_id_and_any_change_another);
	tcase_add_test(tc, hold_out_is_stable_and_near_its_share);
	tcase_add_test(tc, fates_add_up);
	tcase_add_test(tc, nothing_leaves_a_terminal_state_or_skips_a_gate);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
