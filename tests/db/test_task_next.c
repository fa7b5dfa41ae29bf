/* Agents in the database: profiles, and which task each of them gets next. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/callback_store.h"
#include "campaigns/task_next_store.h"
#include "tests/lib/task_world.h"

#define MINUTE STW_USEC_MIN

static const struct agent_licence sales = {
    "sales", "L-1", NOW - STW_USEC_DAY, NOW + STW_USEC_DAY};

static struct agent
profile(const char *code)
{
	return (struct agent){.code = code,
	    .queue = "wealth-remote",
	    .zone = "Asia/Shanghai",
	    .capacity = 1,
	    .licences = &sales,
	    .nlicences = 1};
}

/* There, and free. */
static void
arrive(const char *code, int capacity)
{
	struct agent a = profile(code);

	a.capacity = capacity;
	ck_ok(agent_save(tw.db, &a, "ops", NOW, &tw_err));
	ck_ok(agent_presence_put(tw.db, code, PRESENCE_AVAILABLE, NOW, &tw_err));
}

static struct task_next
next_at(const char *code, stw_usec now)
{
	struct task_next next;

	ck_ok(agent_presence_put(tw.db, code, PRESENCE_AVAILABLE, now, &tw_err));
	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(task_next(tw.db, code, now, &tw_arena, &next, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
	return next;
}

static enum stw_code
accept_at(const struct uuid *id, const char *code, stw_usec now)
{
	enum stw_code rc;

	ck_ok(db_begin(tw.db, &tw_err));
	rc = task_accept(tw.db, id, code, now, &tw_err);
	if (rc == STW_OK)
		ck_ok(db_commit(tw.db, &tw_err));
	else
		db_rollback(tw.db);
	return rc;
}

static bool
same_task(const struct task_next *a, const struct task_next *b)
{
	return memcmp(&a->task_id, &b->task_id, sizeof a->task_id) == 0;
}

/* How many were queued; the gate lets a shared number's second customer wait. */
static int
queue_all(void)
{
	int64_t n = task_world_plan();
	int queued = 0;

	for (int64_t i = 0; i < n; i++) {
		struct task_claim claim = task_world_claim(30);
		struct task_push push;

		if (task_world_gate(&claim, &push) != TASK_GATE_SEND)
			continue;
		ck_assert(task_world_finish(&claim, TASK_PUSH_ACCEPTED));
		queued++;
	}
	return queued;
}

START_TEST(a_profile_comes_back_as_it_was_put)
{
	static const struct agent_skill skills[] = {{"fund_sales", 3}, {"mortgage", 1}};
	static const char *const languages[] = {"en", "zh-CN"};
	static const char *const queues[] = {"welcome-robot"};
	static const struct agent_shift shifts[] = {{1, 540, 720}, {1, 780, 1080}};
	static const struct agent_exception off[] = {{20781, 0, 0}};
	struct agent a = profile("a_90"), b;

	a.kind = AGENT_BRANCH;
	a.hourly_limit = 20;
	a.capacity = 3;
	a.skills = skills;
	a.nskills = 2;
	a.languages = languages;
	a.nlanguages = 2;
	a.queues = queues;
	a.nqueues = 1;
	a.shifts = shifts;
	a.nshifts = 2;
	a.exceptions = off;
	a.nexceptions = 1;
	for (int i = 0; i < 2; i++) /* again: nothing is doubled */
		ck_ok(agent_save(tw.db, &a, "ops", NOW, &tw_err));
	ck_ok(agent_load(tw.db, "a_90", NOW, &tw_arena, &b, &tw_err));
	ck_assert_int_eq(b.kind, AGENT_BRANCH);
	ck_assert_int_eq(b.hourly_limit, 20);
	ck_assert_int_eq(b.capacity, 3);
	ck_assert_int_eq(b.nskills, 2);
	ck_assert_int_eq(agent_skill_level(&b, "fund_sales"), 3);
	ck_assert_int_eq(b.nlanguages, 2);
	ck_assert(agent_speaks(&b, "en"));
	ck_assert_int_eq(b.nlicences, 1);
	ck_assert_int_eq(agent_licensed_until(&b, "sales", NOW), sales.to);
	ck_assert(agent_works(&b, "welcome-robot"));
	ck_assert_int_eq(b.nshifts, 2);
	ck_assert_int_eq(b.shifts[1].from, 780);
	ck_assert_int_eq(b.nexceptions, 1);
	ck_assert_int_eq(b.exceptions[0].day, 20781);
	ck_assert_int_eq(b.presence, PRESENCE_UNKNOWN);
	a.queue = "nowhere";
	ck_assert_int_eq(agent_save(tw.db, &a, "ops", NOW, &tw_err), STW_INVALID);
	ck_assert_int_eq(
	    agent_load(tw.db, "a_91", NOW, &tw_arena, &b, &tw_err), STW_NOT_FOUND);
}
END_TEST

START_TEST(older_news_of_an_agent_changes_nothing)
{
	struct agent a;

	arrive("a_90", 1);
	ck_ok(agent_presence_put(tw.db, "a_90", PRESENCE_AWAY, NOW - 1, &tw_err));
	ck_ok(agent_load(tw.db, "a_90", NOW, &tw_arena, &a, &tw_err));
	ck_assert_int_eq(a.presence, PRESENCE_AVAILABLE);
	ck_ok(agent_presence_put(tw.db, "a_90", PRESENCE_AWAY, NOW + 1, &tw_err));
	ck_ok(agent_load(tw.db, "a_90", NOW, &tw_arena, &a, &tw_err));
	ck_assert_int_eq(a.presence, PRESENCE_AWAY);
	ck_assert_int_eq(
	    agent_presence_put(tw.db, "nobody", PRESENCE_AWAY, NOW, &tw_err),
	    STW_NOT_FOUND);
}
END_TEST

START_TEST(a_reservation_runs_out_and_the_next_one_gets_the_task)
{
	struct task_next one, again, other;

	ck_assert_int_gt(task_world_plan(), 0);
	(void)task_world_queued();
	arrive("a_90", 1);
	arrive("a_91", 1);
	one = next_at("a_90", NOW);
	ck_assert(one.found);
	ck_assert_int_eq(one.reserved_until, NOW + MINUTE);
	again = next_at("a_90", NOW + 1);
	ck_assert(again.found && same_task(&one, &again));
	ck_assert_int_eq(again.fence, one.fence);
	ck_assert(!next_at("a_91", NOW + 1).found);
	ck_assert_int_eq(accept_at(&one.task_id, "a_91", NOW + 2), STW_CONFLICT);
	other = next_at("a_91", NOW + MINUTE);
	ck_assert(other.found && same_task(&one, &other));
	ck_assert_int_gt(other.fence, one.fence);
	ck_assert_int_eq(
	    accept_at(&one.task_id, "a_90", NOW + MINUTE + 1), STW_CONFLICT);
	ck_ok(accept_at(&one.task_id, "a_91", NOW + MINUTE + 1));
	ck_assert_int_eq(task_world_number(
			     "SELECT count(*) FROM task_handling WHERE what = 'lapsed' "
			     "AND agent = 'a_90'"),
	    1);
}
END_TEST

START_TEST(whoever_is_not_there_or_full_gets_nothing_and_the_reason)
{
	struct agent a = profile("a_90");
	struct task_next next;

	ck_assert_int_ge(queue_all(), 2);
	ck_ok(agent_save(tw.db, &a, "ops", NOW, &tw_err));
	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(task_next(tw.db, "a_90", NOW, &tw_arena, &next, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
	ck_assert(!next.found);
	ck_assert_int_eq(next.why, MATCH_NOT_PRESENT);
	next = next_at("a_90", NOW);
	ck_assert(next.found);
	ck_ok(accept_at(&next.task_id, "a_90", NOW));
	next = next_at("a_90", NOW);
	ck_assert(!next.found);
	ck_assert_int_eq(next.why, MATCH_FULL);
	/* Without a licence there is nothing to sell. */
	a = profile("a_91");
	a.nlicences = 0;
	ck_ok(agent_save(tw.db, &a, "ops", NOW, &tw_err));
	next = next_at("a_91", NOW);
	ck_assert(!next.found);
	ck_assert_int_eq(next.why, MATCH_LICENCE);
}
END_TEST

START_TEST(a_task_that_was_accepted_and_never_dialled_goes_back)
{
	struct task_next next, other;

	ck_assert_int_gt(task_world_plan(), 0);
	(void)task_world_queued();
	arrive("a_90", 1);
	arrive("a_91", 1);
	next = next_at("a_90", NOW);
	ck_ok(accept_at(&next.task_id, "a_90", NOW));
	ck_assert(!next_at("a_91", NOW + 15 * MINUTE - 1).found);
	other = next_at("a_91", NOW + 15 * MINUTE);
	ck_assert(other.found && same_task(&next, &other));
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task_handling WHERE what = "
			      "'no_show' AND agent = 'a_90'"),
	    1);
}
END_TEST

START_TEST(nobody_has_to_ask_for_a_task_that_was_never_dialled_to_go_back)
{
	struct task_next next;
	int64_t returned = -1;

	ck_assert_int_gt(task_world_plan(), 0);
	(void)task_world_queued();
	arrive("a_90", 1);
	next = next_at("a_90", NOW);
	ck_ok(accept_at(&next.task_id, "a_90", NOW));
	ck_ok(task_no_shows(tw.db, NOW + 15 * MINUTE - 1, &returned, &tw_err));
	ck_assert_int_eq(returned, 0);
	ck_ok(task_no_shows(tw.db, NOW + 15 * MINUTE, &returned, &tw_err));
	ck_assert_int_eq(returned, 1);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE state = 'queued' AND "
			      "agent IS NULL"),
	    1);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task_handling WHERE what = "
			      "'no_show' AND agent = 'a_90'"),
	    1);
	ck_ok(task_no_shows(tw.db, NOW + 20 * MINUTE, &returned, &tw_err));
	ck_assert_int_eq(returned, 0);
}
END_TEST

START_TEST(needs_of_the_campaign_and_own_customers_decide)
{
	static const struct agent_skill fund = {"fund_sales", 2};
	struct agent a;
	struct task_next next;

	ck_assert_int_ge(queue_all(), 2);
	test_db_tamper(&tw,
	    "UPDATE campaign_version SET document = jsonb_set(document, '{step,needs}', "
	    "'{\"skills\":[{\"code\":\"fund_sales\",\"level\":2}],\"licences\":"
	    "[\"fund\"]}')");
	arrive("a_90", 1);
	next = next_at("a_90", NOW);
	ck_assert(!next.found);
	ck_assert_int_eq(next.why, MATCH_SKILL);
	a = profile("a_90");
	a.skills = &fund;
	a.nskills = 1;
	ck_ok(agent_save(tw.db, &a, "ops", NOW, &tw_err));
	ck_assert_int_eq(next_at("a_90", NOW + 1).why, MATCH_LICENCE);
	test_db_tamper(&tw,
	    "INSERT INTO agent_licence SELECT agent_id, 'fund', 'F', "
	    "'2026-01-01', '2027-01-01' FROM agent WHERE code = 'a_90'");
	ck_assert(next_at("a_90", NOW + 2).found);
}
END_TEST

START_TEST(the_agent_a_customer_spoke_to_last_has_that_customer_first)
{
	struct task_next next;
	char sql[300], id[UUID_TEXT];

	ck_assert_int_ge(queue_all(), 3);
	test_db_tamper(&tw,
	    "INSERT INTO customer_agent SELECT bucket, customer_id, 'a_90', now() FROM "
	    "(SELECT * FROM task WHERE state = 'queued' ORDER BY task_id DESC LIMIT 1) t");
	arrive("a_90", 1);
	next = next_at("a_90", NOW);
	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM task JOIN customer_agent USING (bucket, customer_id) "
	    "WHERE task_id = '%s'",
	    uuid_format(&next.task_id, id));
	ck_assert_int_eq(task_world_number(sql), 1);
}
END_TEST

START_TEST(a_task_is_handed_to_another_agent_and_its_history_says_so)
{
	const struct task_transfer to = {.agent = "a_91", .reason = "speaks Cantonese"};
	struct task_handling *list;
	struct task_next next;
	int count;

	ck_assert_int_gt(task_world_plan(), 0);
	(void)task_world_queued();
	arrive("a_90", 1);
	arrive("a_91", 1);
	next = next_at("a_90", NOW);
	ck_ok(accept_at(&next.task_id, "a_90", NOW));
	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(task_transfer(tw.db, &next.task_id, "a_90", &to, NOW, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
	ck_assert(!next_at("a_90", NOW + 1).found);
	ck_assert(next_at("a_91", NOW + 1).found);
	ck_ok(accept_at(&next.task_id, "a_91", NOW + 2));
	ck_ok(task_handling_list(
	    tw.db, &next.task_id, &tw_arena, &list, &count, &tw_err));
	ck_assert_int_eq(count, 4);
	ck_assert_str_eq(list[0].what, "reserved");
	ck_assert_str_eq(list[1].what, "accepted");
	ck_assert_str_eq(list[2].what, "transferred");
	ck_assert_str_eq(list[2].to_agent, "a_91");
	ck_assert_str_eq(list[2].reason, "speaks Cantonese");
	ck_assert_str_eq(list[3].agent, "a_91");
	/* Who does not have it cannot hand it on. */
	ck_ok(db_begin(tw.db, &tw_err));
	ck_assert_int_eq(task_transfer(tw.db, &next.task_id, "a_90", &to, NOW, &tw_err),
	    STW_CONFLICT);
	db_rollback(tw.db);
}
END_TEST

START_TEST(a_task_that_goes_to_another_queue_passes_the_gate_again)
{
	const struct task_transfer to = {.queue = "other", .reason = "their product"};
	struct task_next next;

	ck_assert_int_gt(task_world_plan(), 0);
	(void)task_world_queued();
	test_db_tamper(&tw,
	    "INSERT INTO queue (code, kind, url, secret_sealed, dedupes, "
	    "updated_at) SELECT 'other', kind, url, secret_sealed, dedupes,"
	    " updated_at FROM queue WHERE code = 'wealth-remote'");
	arrive("a_90", 1);
	next = next_at("a_90", NOW);
	ck_ok(accept_at(&next.task_id, "a_90", NOW));
	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(task_transfer(tw.db, &next.task_id, "a_90", &to, NOW, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM task t JOIN task_ready r USING "
		"(bucket, task_id) JOIN queue q ON q.queue_id = r.queue_id "
		"AND q.queue_id = t.queue_id WHERE q.code = 'other' AND "
		"t.state = 'planned' AND t.agent IS NULL AND t.offer = 1"),
	    1);
}
END_TEST

START_TEST(a_robot_has_no_more_permits_an_hour_than_its_limit)
{
	struct agent a = profile("a_90");
	struct task_permit permit;
	struct task_next next;

	ck_assert_int_ge(queue_all(), 2);
	a.capacity = 5;
	a.hourly_limit = 1;
	ck_ok(agent_save(tw.db, &a, "ops", NOW, &tw_err));
	next = next_at("a_90", NOW);
	ck_ok(accept_at(&next.task_id, "a_90", NOW));
	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(task_permit(
	    tw.db, tw_rules, &next.task_id, "a_90", NOW, &tw_arena, &permit, &tw_err));
	ck_assert(permit.granted);
	ck_ok(db_commit(tw.db, &tw_err));
	ck_ok(db_begin(tw.db, &tw_err));
	ck_assert_int_eq(task_permit(tw.db, tw_rules, &next.task_id, "a_90", NOW + 1,
			     &tw_arena, &permit, &tw_err),
	    STW_CONFLICT);
	db_rollback(tw.db);
	ck_assert_int_eq(next_at("a_90", NOW + 2).why, MATCH_HOURLY_LIMIT);
}
END_TEST

static struct callback
only_callback(stw_usec now)
{
	const struct callback_filter all = {0};
	struct callback *list;
	int count;

	ck_ok(callback_list(tw.db, &all, 10, now, &tw_arena, &list, &count, &tw_err));
	ck_assert_int_eq(count, 1);
	return list[0];
}

START_TEST(a_promised_call_back_has_an_owner_and_is_seen_when_it_is_missed)
{
	const stw_usec at = NOW + 60 * MINUTE;
	const struct task_outcome later = {.disposition = "call_back",
	    .started_at = STW_USEC_NEVER,
	    .ended_at = STW_USEC_NEVER,
	    .callback_at = at,
	    .callback_same = true};
	struct task_outcome_effect effect;
	struct task_permit permit;
	struct task_next next;

	ck_assert_int_gt(task_world_plan(), 0);
	(void)task_world_queued();
	arrive("a_90", 1);
	next = next_at("a_90", NOW);
	ck_ok(accept_at(&next.task_id, "a_90", NOW));
	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(task_permit(
	    tw.db, tw_rules, &next.task_id, "a_90", NOW, &tw_arena, &permit, &tw_err));
	ck_assert(permit.granted);
	ck_ok(task_outcome(tw.db, tw_keys, tw_rules, &next.task_id, "a_90", &later, NOW,
	    &effect, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
	ck_assert_str_eq(only_callback(NOW).state, "open");
	ck_assert_str_eq(only_callback(NOW).agent, "a_90");
	ck_assert_str_eq(only_callback(at).state, "due");
	ck_assert_int_eq(only_callback(at).at, at);
	ck_assert_str_eq(only_callback(only_callback(at).until).state, "missed");
	test_db_tamper(
	    &tw, "UPDATE permit SET granted_at = granted_at + interval '1 hour'");
	ck_assert_str_eq(only_callback(at).state, "kept");
}
END_TEST

START_TEST(candidates_say_who_may_and_why_the_others_may_not)
{
	struct task_candidate *list;
	struct uuid id;
	int count, may = 0;

	ck_assert_int_gt(task_world_plan(), 0);
	id = task_world_queued().task_id;
	arrive("a_90", 1);
	ck_ok(task_candidates(
	    tw.db, &id, "wealth-remote", NOW, &tw_arena, &list, &count, &tw_err));
	ck_assert_int_ge(count, 4);
	ck_assert_str_eq(list[0].agent->code, "a_90");
	for (int i = 0; i < count; i++)
		may += list[i].answer == MATCH_YES;
	ck_assert_int_eq(may, 1);
	ck_assert_int_eq(list[1].answer, MATCH_NOT_PRESENT);
}
END_TEST

/* ---- a race -------------------------------------------------------------------------------- */
#define RACERS 8
struct racer {
	pthread_t thread;
	char code[16];
	struct task_next got;
	bool failed;
};

static void *
race(void *arg)
{
	struct racer *r = arg;
	struct db *db = test_db_connect(&tw);
	struct stw_err e = {0};
	struct arena mine;

	arena_init(&mine);
	for (int i = 0; i < 6 && !r->got.found; i++) {
		r->failed = db_begin(db, &e) != STW_OK ||
			    task_next(db, r->code, NOW, &mine, &r->got, &e) != STW_OK ||
			    db_commit(db, &e) != STW_OK;
		if (r->failed)
			break;
	}
	arena_fini(&mine);
	db_close(db);
	return NULL;
}

START_TEST(of_many_who_ask_at_once_no_two_get_the_same_task)
{
	struct racer racers[RACERS] = {0};
	int queued = queue_all(), found = 0;

	for (int i = 0; i < RACERS; i++) {
		(void)snprintf(racers[i].code, sizeof racers[i].code, "r_%d", i);
		arrive(racers[i].code, 1);
	}
	for (int i = 0; i < RACERS; i++)
		ck_assert_int_eq(
		    pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	for (int i = 0; i < RACERS; i++)
		ck_assert_int_eq(pthread_join(racers[i].thread, NULL), 0);
	for (int i = 0; i < RACERS; i++) {
		ck_assert(!racers[i].failed);
		found += racers[i].got.found;
		for (int j = 0; j < i; j++)
			ck_assert(!racers[i].got.found || !racers[j].got.found ||
				  !same_task(&racers[i].got, &racers[j].got));
	}
	ck_assert_int_eq(found, queued < RACERS ? queued : RACERS);
	ck_assert_int_eq(
	    task_world_number("SELECT count(DISTINCT reserved_by) FROM task "
			      "WHERE reserved_by IS NOT NULL"),
	    found);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("task_next");
	TCase *tc = tcase_create("next");
	SRunner *runner;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	test_cluster_start();
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, task_world_setup, task_world_teardown);
	tcase_add_test(tc, a_profile_comes_back_as_it_was_put);
	tcase_add_test(tc, older_news_of_an_agent_changes_nothing);
	tcase_add_test(tc, a_reservation_runs_out_and_the_next_one_gets_the_task);
	tcase_add_test(tc, whoever_is_not_there_or_full_gets_nothing_and_the_reason);
	tcase_add_test(tc, a_task_that_was_accepted_and_never_dialled_goes_back);
	tcase_add_test(
	    tc, nobody_has_to_ask_for_a_task_that_was_never_dialled_to_go_back);
	tcase_add_test(tc, needs_of_the_campaign_and_own_customers_decide);
	tcase_add_test(tc, the_agent_a_customer_spoke_to_last_has_that_customer_first);
	tcase_add_test(tc, a_task_is_handed_to_another_agent_and_its_history_says_so);
	tcase_add_test(tc, a_task_that_goes_to_another_queue_passes_the_gate_again);
	tcase_add_test(tc, a_robot_has_no_more_permits_an_hour_than_its_limit);
	tcase_add_test(
	    tc, a_promised_call_back_has_an_owner_and_is_seen_when_it_is_missed);
	tcase_add_test(tc, candidates_say_who_may_and_why_the_others_may_not);
	tcase_add_test(tc, of_many_who_ask_at_once_no_two_get_the_same_task);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
