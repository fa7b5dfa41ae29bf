/* Which agent may have which task, and which comes first. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/match.h"

/* Monday 2026-11-23, 10:00 in Shanghai. */
#define NOW  INT64_C(1795399200000000)
#define HOUR STW_USEC_HOUR

static const struct agent_skill fund3 = {"fund_sales", 3};
static const struct agent_skill fund4 = {"fund_sales", 4};
static const char *const mandarin = "zh-CN";
static const char *const english = "en";
static const char *const sales = "sales";
static const struct agent_licence valid = {"sales", "L-1", NOW - HOUR, NOW + HOUR};
static const struct agent_shift today = {1, 540, 1080}; /* 09:00 to 18:00 */

/* Somebody who may have the task below. */
static struct agent
somebody(void)
{
	return (struct agent){.code = "a_01",
	    .queue = "wealth",
	    .zone = "Asia/Shanghai",
	    .capacity = 1,
	    .skills = &fund3,
	    .nskills = 1,
	    .languages = &mandarin,
	    .nlanguages = 1,
	    .licences = &valid,
	    .nlicences = 1,
	    .shifts = &today,
	    .nshifts = 1,
	    .presence = PRESENCE_AVAILABLE,
	    .presence_at = NOW - STW_USEC_MIN,
	    .idle_since = STW_USEC_NEVER,
	    .wrap_until = STW_USEC_NEVER};
}

static struct match_task
task(void)
{
	return (struct match_task){.id = "t1",
	    .queue = "wealth",
	    .need = {&fund3, &mandarin, &sales, 1, 1, 1},
	    .priority = 500,
	    .waiting_since = NOW - HOUR,
	    .callback_at = STW_USEC_MAX};
}

static enum match_answer
ask(const struct match_task *t, const struct agent *a, stw_usec now)
{
	const struct zone *zone;
	enum match_answer answer;

	ck_assert_int_eq(zone_find(a->zone, &zone, NULL), STW_OK);
	answer = match_agent(a, zone, now);
	return answer == MATCH_YES ? match_task(t, a, now) : answer;
}

static const struct agent_exception off = {20780, 0, 0};
static const struct agent_exception late = {20780, 660, 1080};
static const char *const other_queue = "service";

#define CHANGES 28
static void
change(int i, struct agent *a, struct match_task *t, stw_usec *now,
    enum match_answer *want)
{
	static const struct agent_shift tuesday = {2, 0, 1440};
	static const struct agent_licence early = {"sales", "L", NOW + 1, NOW + HOUR};
	static const struct agent_licence over = {"sales", "L", NOW - HOUR, NOW};
	static const struct agent_licence fund = {"fund", "L", 0, NOW + HOUR};

	*want = MATCH_YES;
	/* clang-format off */
	switch (i) {
	case 0: break;
	case 1: a->left = true; *want = MATCH_LEFT; break;
	case 2: a->held = true; *want = MATCH_HELD; break;
	case 3: a->presence = PRESENCE_UNKNOWN; *want = MATCH_NOT_PRESENT; break;
	case 4: a->presence = PRESENCE_BUSY; *want = MATCH_NOT_PRESENT; break;
	case 5: a->presence_at = NOW - MATCH_PRESENCE_FRESH; *want = MATCH_NOT_PRESENT; break;
	case 6: a->presence_at = NOW - MATCH_PRESENCE_FRESH + 1; break;
	case 7: a->shifts = &tuesday; *want = MATCH_OFF_SHIFT; break;
	case 8: a->nshifts = 0; break;
	case 9: a->exceptions = &off; a->nexceptions = 1; *want = MATCH_OFF_SHIFT; break;
	case 10: a->exceptions = &late; a->nexceptions = 1; *want = MATCH_OFF_SHIFT; break;
	case 11: a->exceptions = &late; a->nexceptions = 1; *now = NOW + HOUR - STW_USEC_MIN;
		a->presence_at = *now; t->need.nlicences = 0; *want = MATCH_OFF_SHIFT; break;
	case 12: a->exceptions = &late; a->nexceptions = 1; *now = NOW + HOUR;
		a->presence_at = *now; t->need.nlicences = 0; break;
	case 13: a->wrap_until = NOW + 1; *want = MATCH_WRAPPING; break;
	case 14: a->wrap_until = NOW; break;
	case 15: a->busy = 1; *want = MATCH_FULL; break;
	case 16: a->hourly_limit = 9; a->permits = 9; *want = MATCH_HOURLY_LIMIT; break;
	case 17: a->hourly_limit = 9; a->permits = 8; break;
	case 18: t->robot = true; *want = MATCH_KIND; break;
	case 19: a->kind = AGENT_ROBOT; *want = MATCH_KIND; break;
	case 20: t->queue = other_queue; *want = MATCH_QUEUE; break;
	case 21: t->queue = other_queue; a->queues = &other_queue; a->nqueues = 1; break;
	case 22: t->need.skills = &fund4; *want = MATCH_SKILL; break;
	case 23: t->need.languages = &english; *want = MATCH_LANGUAGE; break;
	case 24: a->licences = &early; *want = MATCH_LICENCE; break;
	case 25: a->licences = &over; *want = MATCH_LICENCE; break;
	case 26: a->licences = &fund; *want = MATCH_LICENCE; break;
	default: a->kind = AGENT_BRANCH; break;
	}
	/* clang-format on */
}

START_TEST(an_agent_may_have_a_task_or_there_is_one_reason)
{
	struct agent a = somebody();
	struct match_task t = task();
	enum match_answer want, got;
	stw_usec now = NOW;

	change(_i, &a, &t, &now, &want);
	got = ask(&t, &a, now);
	ck_assert_msg(got == want, "%d: %s, not %s", _i, match_answer_name(got),
	    match_answer_name(want));
}
END_TEST

START_TEST(a_promised_call_back_waits_for_its_agent_and_then_for_anybody)
{
	struct agent a = somebody();
	struct match_task t = task();

	t.callback_at = NOW;
	t.callback_agent = "a_02";
	ck_assert_int_eq(match_task(&t, &a, NOW), MATCH_PROMISED);
	ck_assert_int_eq(
	    match_task(&t, &a, NOW + MATCH_PROMISE_KEPT - 1), MATCH_PROMISED);
	ck_assert_int_eq(match_task(&t, &a, NOW + MATCH_PROMISE_KEPT), MATCH_YES);
	a.code = "a_02";
	ck_assert_int_eq(match_task(&t, &a, NOW), MATCH_YES);
	t.callback_agent = NULL;
	a.code = "a_03";
	ck_assert_int_eq(match_task(&t, &a, NOW), MATCH_YES);
}
END_TEST

START_TEST(the_relationship_manager_is_asked_first_for_a_while)
{
	struct agent a = somebody();
	struct match_task t = task();

	t.manager = "rm_1";
	t.waiting_since = NOW;
	t.manager_first = 5 * STW_USEC_MIN;
	ck_assert_int_eq(match_task(&t, &a, NOW), MATCH_MANAGER_FIRST);
	ck_assert_int_eq(match_task(&t, &a, NOW + 5 * STW_USEC_MIN), MATCH_YES);
	a.code = "rm_1";
	ck_assert_int_eq(match_task(&t, &a, NOW), MATCH_YES);
	/* A promise is older than a manager's right. */
	a.code = "a_01";
	t.callback_agent = "a_01";
	t.callback_at = NOW;
	ck_assert_int_eq(match_task(&t, &a, NOW), MATCH_YES);
}
END_TEST

/* Worst first: each is beaten by the one after it. */
START_TEST(tasks_come_in_the_order_of_their_claims)
{
	struct match_task t[9];

	for (int i = 0; i < 9; i++)
		t[i] = task();
	t[0].id = "z";
	t[1].id = "a";
	t[2].waiting_since = NOW - HOUR - 1; /* the same minutes, a little longer */
	t[3].priority = 501;
	t[4].waiting_since = NOW - 3 * HOUR; /* two hours more: 100 */
	t[5].elderly = true;
	t[5].priority = 0;
	t[6].sticky = "a_01";
	t[7].manager = "a_01";
	t[8].callback_at = NOW;
	t[8].callback_agent = "a_01";
	for (int i = 0; i < 9; i++)
		for (int j = 0; j < 9; j++) {
			int by = match_tasks_order(&t[i], &t[j], "a_01", NOW);

			ck_assert_msg(i == j ? by == 0 : (by < 0) == (i > j),
			    "%d and %d: %d", i, j, by);
		}
	/* Of another agent, or not due yet, it is no claim. */
	t[8].callback_agent = "a_02";
	ck_assert_int_gt(match_tasks_order(&t[8], &t[3], "a_01", NOW), 0);
	t[8].callback_agent = "a_01";
	t[8].callback_at = NOW + 1;
	ck_assert_int_gt(match_tasks_order(&t[8], &t[3], "a_01", NOW), 0);
}
END_TEST

START_TEST(waiting_raises_the_priority_of_a_task)
{
	struct match_task old = task(), fresh = task();

	fresh.waiting_since = NOW;
	fresh.priority = old.priority + MATCH_AGEING;
	old.waiting_since = NOW - HOUR + STW_USEC_MIN;
	ck_assert_int_gt(match_tasks_order(&old, &fresh, "a", NOW), 0);
	old.waiting_since = NOW - HOUR - 2 * STW_USEC_MIN;
	ck_assert_int_lt(match_tasks_order(&old, &fresh, "a", NOW), 0);
}
END_TEST

START_TEST(agents_come_promised_manager_last_spoken_to_idle_longest)
{
	struct match_task t = task();
	struct agent a[5];
	static const char *const codes[] = {"e", "d", "c", "b", "a"};

	for (int i = 0; i < 5; i++) {
		a[i] = somebody();
		a[i].code = codes[i];
		a[i].idle_since = NOW - HOUR;
	}
	a[1].idle_since = NOW - HOUR - 1;
	t.sticky = "c";
	t.manager = "b";
	t.callback_agent = "a";
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < 5; j++) {
			int by = match_agents_order(&a[i], &a[j], &t);

			ck_assert_msg(i == j ? by == 0 : (by < 0) == (i > j),
			    "%d and %d: %d", i, j, by);
		}
	a[1].idle_since = a[0].idle_since;
	ck_assert_int_lt(match_agents_order(&a[1], &a[0], &t), 0);
}
END_TEST

static const struct {
	const char *fault;
	struct agent agent;
} profiles[] = {
    {"agent", {.code = "a b", .zone = "UTC", .capacity = 1}},
    {"capacity", {.code = "a", .zone = "UTC", .capacity = 0}},
    {"capacity", {.code = "a", .zone = "UTC", .capacity = 501}},
    {"hourly_limit", {.code = "a", .zone = "UTC", .capacity = 1, .hourly_limit = -1}},
    {"zone", {.code = "a", .zone = "Asia/Nowhere", .capacity = 1}},
    {"level", {.code = "a",
		  .zone = "UTC",
		  .capacity = 1,
		  .skills = &(const struct agent_skill){"x", 6},
		  .nskills = 1}},
    {"twice", {.code = "a",
		  .zone = "UTC",
		  .capacity = 1,
		  .skills = (const struct agent_skill[]){{"x", 1}, {"x", 2}},
		  .nskills = 2}},
    {"ends before it begins",
	{.code = "a",
	    .zone = "UTC",
	    .capacity = 1,
	    .licences = &(const struct agent_licence){"sales", "1", 5, 5},
	    .nlicences = 1}},
    {"weekday", {.code = "a",
		    .zone = "UTC",
		    .capacity = 1,
		    .shifts = &(const struct agent_shift){0, 1, 2},
		    .nshifts = 1}},
    {"midnight", {.code = "a",
		     .zone = "UTC",
		     .capacity = 1,
		     .shifts = &(const struct agent_shift){1, 1320, 120},
		     .nshifts = 1}},
    {"exceptions", {.code = "a",
		       .zone = "UTC",
		       .capacity = 1,
		       .exceptions = &(const struct agent_exception){0, 9, 1441},
		       .nexceptions = 1}},
};

START_TEST(a_profile_that_cannot_be_is_refused_with_the_place)
{
	struct stw_err err = {0};

	ck_assert_int_eq(agent_check(&profiles[_i].agent, &err), STW_INVALID);
	ck_assert_msg(
	    strstr(err.text, profiles[_i].fault) != NULL, "%d: %s", _i, err.text);
}
END_TEST

START_TEST(the_profile_of_somebody_is_right)
{
	struct agent a = somebody();
	struct stw_err err = {0};

	ck_assert_int_eq(agent_check(&a, &err), STW_OK);
	ck_assert_int_eq(agent_licensed_until(&a, "sales", NOW), NOW + HOUR);
	ck_assert_int_eq(agent_licensed_until(&a, "sales", NOW + HOUR), STW_USEC_NEVER);
	for (int i = 0; i < MATCH_ANSWERS; i++) {
		ck_assert_ptr_nonnull(match_answer_name((enum match_answer)i));
		ck_assert_str_ne(match_answer_text((enum match_answer)i, true), "");
		ck_assert_str_ne(match_answer_text((enum match_answer)i, false), "");
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("match");
	TCase *tc = tcase_create("match");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, an_agent_may_have_a_task_or_there_is_one_reason, 0, CHANGES);
	tcase_add_test(
	    tc, a_promised_call_back_waits_for_its_agent_and_then_for_anybody);
	tcase_add_test(tc, the_relationship_manager_is_asked_first_for_a_while);
	tcase_add_test(tc, tasks_come_in_the_order_of_their_claims);
	tcase_add_test(tc, waiting_raises_the_priority_of_a_task);
	tcase_add_test(tc, agents_come_promised_manager_last_spoken_to_idle_longest);
	tcase_add_loop_test(tc, a_profile_that_cannot_be_is_refused_with_the_place, 0,
	    (int)STW_ARRAY_LEN(profiles));
	tcase_add_test(tc, the_profile_of_somebody_is_right);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
