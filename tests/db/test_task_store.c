/* The life of a task in the database: planned, dispatched, dialled, ended; and what a
 * withdrawal, a lost lease, another agent or another dispatcher does to it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "campaigns/campaign_store.h"
#include "campaigns/consent_store.h"
#include "campaigns/number_store.h"
#include "db/db_priv.h"
#include "tests/lib/task_world.h"

static enum stw_code
in_tx_accept(const struct uuid *id, const char *agent)
{
	enum stw_code rc;

	ck_ok(db_begin(tw.db, &tw_err));
	rc = task_accept(tw.db, id, agent, NOW, &tw_err);
	if (rc == STW_OK)
		ck_ok(db_commit(tw.db, &tw_err));
	else
		db_rollback(tw.db);
	return rc;
}

static struct task_permit
permit(const struct uuid *id, const char *agent)
{
	struct task_permit p;

	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(task_permit(tw.db, tw_rules, id, agent, NOW, &tw_arena, &p, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
	return p;
}

static enum stw_code
outcome(const struct uuid *id, const char *disposition, stw_usec callback,
    struct task_outcome_effect *effect)
{
	const struct task_outcome o = {.disposition = disposition,
	    .started_at = STW_USEC_NEVER,
	    .ended_at = STW_USEC_NEVER,
	    .callback_at = callback};
	enum stw_code rc;

	ck_ok(db_begin(tw.db, &tw_err));
	rc = task_outcome(
	    tw.db, tw_keys, tw_rules, id, "a_01", &o, NOW, effect, &tw_err);
	if (rc == STW_OK)
		ck_ok(db_commit(tw.db, &tw_err));
	else
		db_rollback(tw.db);
	return rc;
}

static void
withdraw(struct db *db, int64_t customer_id, struct consent_effect *effect)
{
	char sql[64];
	struct consent_event event = {.id = uuid_new(NOW),
	    .action = "withdraw",
	    .purpose = "MARKETING",
	    .channel = "*",
	    .product_class = "*",
	    .recipient = "bank",
	    .form = "recorded_call",
	    .source = "test",
	    .actor = "a",
	    .effective_at = NOW,
	    .expires_at = STW_USEC_MAX};

	(void)snprintf(sql, sizeof sql, "SELECT b(%d)", (int)customer_id);
	int bucket = (int)task_world_number(sql);
	uuid_set_bucket(&event.id, bucket);
	ck_ok(db_begin(db, &tw_err));
	ck_ok(consent_record(db, bucket, customer_id, &event, NOW, effect, &tw_err));
	ck_ok(db_commit(db, &tw_err));
}

START_TEST(the_tables_of_states_and_moves_are_those_of_the_code)
{
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task_state"), TASK_STATES - 1);
	for (int from = 1; from < TASK_STATES; from++)
		for (int to = 1; to < TASK_STATES; to++) {
			char sql[200];

			(void)snprintf(sql, sizeof sql,
			    "SELECT count(*) FROM task_move WHERE from_state = '%s' AND "
			    "to_state = '%s'",
			    task_state_name((enum task_state)from),
			    task_state_name((enum task_state)to));
			ck_assert_msg((task_world_number(sql) == 1) ==
					  task_may_move((enum task_state)from,
					      (enum task_state)to),
			    "%s -> %s", task_state_name((enum task_state)from),
			    task_state_name((enum task_state)to));
		}
}
END_TEST

START_TEST(planning_twice_plans_once)
{
	int64_t first = task_world_plan();

	/* k7 and k8 share a number: that is allowed, and told apart. */
	ck_assert_int_gt(first, 4);
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM task"), first);
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM task_ready"), first);
	ck_assert_int_eq(task_world_plan(), 0);
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM task"), first);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM task t WHERE NOT EXISTS (SELECT 1 FROM decision d "
		"WHERE d.decision_id = t.decision_id AND d.outcome = 'ALLOW')"),
	    0);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT (SELECT count(*) FROM decision) - (SELECT count(*) FROM "
		"ledger_outbox WHERE kind = 'decision')"),
	    0);
}
END_TEST

START_TEST(a_task_goes_all_the_way)
{
	struct task_outcome_effect effect;
	struct task_claim claim;
	struct task_permit p;

	ck_assert_int_gt(task_world_plan(), 0);
	claim = task_world_queued();
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM contact_count WHERE kind = 'reserved'"),
	    1);
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_02"), STW_CONFLICT);
	ck_assert_int_eq(
	    outcome(&claim.task_id, "interested", 0, &effect), STW_CONFLICT);
	p = permit(&claim.task_id, "a_01");
	ck_assert_msg(p.granted, "%s", p.decision.primary);
	ck_assert(p.valid_until > NOW && p.valid_until <= NOW + 120 * STW_USEC_SEC);
	ck_assert_int_eq(task_world_number("SELECT sum(used) FROM number_use"), 1);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM contact_count WHERE kind = 'attempt'"),
	    1);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM contact_count WHERE kind = 'reserved'"),
	    0);
	ck_assert_int_eq(outcome(&claim.task_id, "interested", 0, &effect), STW_OK);
	ck_assert_int_eq(effect.state, TASK_DONE);
	ck_assert_int_eq(
	    outcome(&claim.task_id, "interested", 0, &effect), STW_CONFLICT);
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM outcome"), 1);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM ledger_outbox WHERE kind IN ('dispatch', "
		"'permit', 'outcome')"),
	    3);
}
END_TEST

START_TEST(a_withdrawal_cancels_what_waits_and_recalls_what_left)
{
	struct consent_effect effect;
	struct task_claim claim;
	struct task_recall *recalls;
	int64_t who;
	int count;

	ck_assert_int_gt(task_world_plan(), 0);
	claim = task_world_queued();
	who = task_world_number("SELECT customer_id FROM task WHERE state = 'queued'");
	withdraw(tw.db, who, &effect);
	ck_assert_int_eq(effect.recalled, 1);
	ck_ok(task_recalls(tw.db, NULL, 0, 10, &tw_arena, &recalls, &count, &tw_err));
	ck_assert_int_eq(count, 1);
	ck_assert_mem_eq(recalls[0].task_id.b, claim.task_id.b, 16);
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_CONFLICT);
	ck_ok(task_recall_finish(tw.db, &recalls[0], true, 200, NOW, &tw_err));
	ck_ok(task_recalls(tw.db, NULL, 0, 10, &tw_arena, &recalls, &count, &tw_err));
	ck_assert_int_eq(count, 0);

	who = task_world_number(
	    "SELECT min(customer_id) FROM task WHERE state = 'planned'");
	withdraw(tw.db, who, &effect);
	ck_assert_int_eq(effect.cancelled, 1);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM task_ready r JOIN task t USING (bucket, task_id) "
		"WHERE t.state <> 'planned'"),
	    0);
}
END_TEST

START_TEST(a_withdrawal_after_the_claim_stops_the_dispatch)
{
	struct consent_effect effect;
	struct task_push push;
	struct task_claim claim;
	char sql[160];

	ck_assert_int_gt(task_world_plan(), 0);
	claim = task_world_claim(30);
	(void)snprintf(sql, sizeof sql,
	    "SELECT customer_id FROM task WHERE task_id = (SELECT task_id FROM task_ready "
	    "WHERE lease_until IS NOT NULL)");
	withdraw(tw.db, task_world_number(sql), &effect);
	ck_assert_int_eq(effect.cancelled, 1);
	ck_assert_int_eq(task_world_gate(&claim, &push), TASK_GATE_GONE);
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM attempt"), 0);
}
END_TEST

/* One thread withdraws while another asks the gate: whoever is second must see the first.
 * What may not be: sent, with the dispatch decided after the withdrawal was committed. */
struct race {
	struct db *db;
	int64_t who;
	pthread_barrier_t start;
};

static void *
race_withdraw(void *arg)
{
	struct race *race = arg;
	struct consent_effect effect;

	(void)pthread_barrier_wait(&race->start);
	withdraw(race->db, race->who, &effect);
	return NULL;
}

START_TEST(dispatch_and_withdrawal_never_pass_each_other)
{
	struct race race;
	int sent = 0;

	ck_assert_int_gt(task_world_plan(), 4);
	race.db = test_db_connect(&tw);
	for (int i = 0; i < 5; i++) {
		struct task_claim claim = task_world_claim(30);
		enum task_gate_result result;
		struct task_push push;
		pthread_t thread;

		race.who = task_world_number(
		    "SELECT customer_id FROM task JOIN task_ready USING (bucket, "
		    "task_id) WHERE lease_until IS NOT NULL AND state = "
		    "'planned'");
		(void)pthread_barrier_init(&race.start, NULL, 2);
		ck_assert_int_eq(
		    pthread_create(&thread, NULL, race_withdraw, &race), 0);
		(void)pthread_barrier_wait(&race.start);
		result = task_world_gate(&claim, &push);
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
		(void)pthread_barrier_destroy(&race.start);
		sent += result == TASK_GATE_SEND;
		ck_assert_int_eq(
		    task_world_number(
			"SELECT count(*) FROM task WHERE state IN ('planned', "
			"'ready', 'sending') AND customer_id IN (SELECT "
			"customer_id FROM consent_event WHERE action = "
			"'withdraw')"),
		    0);
		/* Sent before the withdrawal: then it was recalled, and not otherwise. */
		ck_assert_int_eq(
		    task_world_number("SELECT count(*) FROM recall"), sent);
	}
	db_close(race.db);
}
END_TEST

START_TEST(a_lost_lease_cannot_finish)
{
	struct task_claim first, second;
	struct task_push push;

	ck_assert_int_gt(task_world_plan(), 0);
	test_db_tamper(&tw,
	    "DELETE FROM task_ready WHERE task_id <> (SELECT min(task_id::text)"
	    "::uuid FROM task_ready)");
	first = task_world_claim(30);
	ck_assert_int_eq(task_world_gate(&first, &push), TASK_GATE_SEND);
	test_db_tamper(
	    &tw, "UPDATE task_ready SET lease_until = now() - interval '1 second'");
	second = task_world_claim(30);
	ck_assert_int_eq(second.epoch, first.epoch + 1);
	ck_assert_mem_eq(second.task_id.b, first.task_id.b, 16);
	ck_assert_int_eq(task_world_gate(&second, &push), TASK_GATE_SEND);
	ck_assert(!task_world_finish(&first, TASK_PUSH_ACCEPTED));
	ck_assert(task_world_finish(&second, TASK_PUSH_ACCEPTED));
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE state = 'queued'"), 1);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM contact_count WHERE kind = 'reserved'"),
	    1);
}
END_TEST

START_TEST(what_a_queue_may_have_is_not_sent_again_unless_it_deduplicates)
{
	struct task_claim first, second;
	struct task_push push;

	ck_assert_int_gt(task_world_plan(), 0);
	test_db_tamper(&tw,
	    "UPDATE queue SET dedupes = false;"
	    "DELETE FROM task_ready WHERE task_id <> (SELECT min(task_id::text)"
	    "::uuid FROM task_ready)");
	first = task_world_claim(30);
	ck_assert_int_eq(task_world_gate(&first, &push), TASK_GATE_SEND);
	test_db_tamper(
	    &tw, "UPDATE task_ready SET lease_until = now() - interval '1 second'");
	second = task_world_claim(30);
	ck_assert_int_eq(task_world_gate(&second, &push), TASK_GATE_GONE);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE state = 'unknown'"), 1);
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM task_ready"), 0);
}
END_TEST

START_TEST(an_unqualified_agent_is_refused_and_the_task_stays_for_others)
{
	struct task_claim claim;
	struct task_permit p;

	ck_assert_int_gt(task_world_plan(), 0);
	claim = task_world_queued();
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_04"), STW_OK);
	p = permit(&claim.task_id, "a_04");
	ck_assert(!p.granted);
	ck_assert_str_eq(p.decision.primary, "AGENT_NOT_QUALIFIED");
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE state = 'queued'"), 1);
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	ck_assert(permit(&claim.task_id, "a_01").granted);
}
END_TEST

/* By how much the database's clock was ahead when it was last asked, a moment ago. */
static void
clock_is_ahead(stw_usec by)
{
	tw.db->clock_ahead = by;
	tw.db->clock_asked_at = stw_monotonic();
}

START_TEST(without_a_clock_to_trust_nobody_dials_and_the_task_waits)
{
	static const stw_usec wrong[] = {
	    DB_CLOCK_TRUST + 1, -DB_CLOCK_TRUST - 1, STW_USEC_DAY};
	struct task_claim claim;
	struct task_permit p;
	stw_usec ahead;

	ck_assert_int_gt(task_world_plan(), 0);
	ck_ok(db_clock_ahead(tw.db, &ahead, &tw_err));
	ck_assert_int_eq(ahead, 0); /* one machine */
	claim = task_world_queued();
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	clock_is_ahead(wrong[_i]);
	p = permit(&claim.task_id, "a_01");
	ck_assert(!p.granted);
	ck_assert_str_eq(p.decision.primary, "CLOCK_UNTRUSTED");
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM permit"), 0);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE state = 'planned' AND "
			      "task_id = (SELECT task_id FROM decision WHERE "
			      "'CLOCK_UNTRUSTED' = ANY (codes))"),
	    1);
}
END_TEST

START_TEST(a_clock_that_is_near_enough_is_trusted)
{
	struct task_claim claim;

	ck_assert_int_gt(task_world_plan(), 0);
	claim = task_world_queued();
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	clock_is_ahead(_i == 0 ? DB_CLOCK_TRUST : -DB_CLOCK_TRUST);
	ck_assert(permit(&claim.task_id, "a_01").granted);
}
END_TEST

START_TEST(a_suspended_number_is_not_dialled)
{
	struct task_claim claim;
	struct task_permit p;

	ck_assert_int_gt(task_world_plan(), 0);
	claim = task_world_queued();
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	const struct number_suspension what = {
	    .number_id = task_world_number(
		"SELECT number_id FROM task WHERE state = 'accepted'"),
	    .by = "person",
	    .reason = "complaints",
	    .actor = "ops",
	    .cooldown_until = STW_USEC_NEVER};

	ck_ok(number_suspend(tw.db, &what, NOW, &tw_err));
	p = permit(&claim.task_id, "a_01");
	ck_assert(!p.granted);
	ck_assert_str_eq(p.decision.primary, "NUMBER_SUSPENDED");
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM permit"), 0);
}
END_TEST

START_TEST(do_not_call_bites_the_person_and_the_shared_number)
{
	struct task_outcome_effect effect;
	struct task_claim claim;

	test_db_tamper(&tw, "DELETE FROM holding WHERE customer_id < 7");
	ck_assert_int_eq(task_world_plan(), 2);
	claim = task_world_queued();
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	ck_assert(permit(&claim.task_id, "a_01").granted);
	ck_assert_int_eq(outcome(&claim.task_id, "do_not_call", 0, &effect), STW_OK);
	ck_assert(effect.objection_recorded);
	ck_assert_int_eq(effect.cancelled, 1);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE state = 'cancelled'"),
	    1);
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM objection"), 1);
}
END_TEST

START_TEST(a_number_shared_by_strangers_is_reviewed)
{
	test_db_tamper(&tw, "DELETE FROM holding WHERE customer_id < 7;"
			    "UPDATE household_member SET state = 'left' "
			    " WHERE customer_id = 8");
	ck_assert_int_eq(task_world_plan(), 0);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM decision "
			      " WHERE primary_code = 'SHARED_NUMBER_REVIEW'"),
	    2);
}
END_TEST

START_TEST(a_wrong_number_is_in_doubt_from_that_commit_on)
{
	struct task_outcome_effect effect;
	struct task_claim claim;

	test_db_tamper(&tw, "DELETE FROM holding WHERE customer_id <> 1");
	ck_assert_int_eq(task_world_plan(), 1);
	claim = task_world_queued();
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	ck_assert(permit(&claim.task_id, "a_01").granted);
	ck_assert_int_eq(outcome(&claim.task_id, "wrong_number", 0, &effect), STW_OK);
	ck_assert_int_eq(effect.state, TASK_NO_CONTACT);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM contact_point WHERE point_id = 1 AND "
		"doubt = 'failed' AND NOT verified"),
	    1);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM contact_point_event e, outcome o WHERE "
		"e.to_state = 'failed' AND e.how = 'call' AND e.actor = "
		"'a_01' AND e.evidence = 'outcome ' || o.outcome_id"),
	    1);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM ledger_outbox WHERE kind = 'contact_point'"),
	    1);
}
END_TEST

START_TEST(a_call_back_is_planned_again_under_another_key)
{
	struct task_outcome_effect effect;
	struct task_claim claim;

	ck_assert_int_gt(task_world_plan(), 0);
	claim = task_world_queued();
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	ck_assert(permit(&claim.task_id, "a_01").granted);
	ck_assert_int_eq(
	    outcome(&claim.task_id, "call_back", NOW, &effect), STW_INVALID);
	ck_assert_int_eq(
	    outcome(&claim.task_id, "call_back", NOW + STW_USEC_HOUR, &effect), STW_OK);
	ck_assert_int_eq(effect.state, TASK_PLANNED);
	ck_assert_int_eq(
	    task_world_number("SELECT offer FROM task WHERE callback_at IS NOT NULL"),
	    1);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM task_ready JOIN task USING (bucket, task_id) WHERE "
		"callback_at IS NOT NULL AND due_at = callback_at"),
	    1);
}
END_TEST

START_TEST(what_two_people_must_do_one_cannot)
{
	ck_assert_int_eq(
	    campaign_approve(tw.db, "maturing_product", 1, "demo-author", NOW, &tw_err),
	    STW_CONFLICT);
	ck_assert_int_eq(
	    campaign_pause(tw.db, "nothing", "ops", NOW, &tw_err), STW_CONFLICT);
	ck_assert_int_gt(task_world_plan(), 0);
	ck_ok(campaign_pause(tw.db, "maturing_product", "ops", NOW, &tw_err));
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM task t JOIN campaign USING (campaign_id)"
		" WHERE code = 'maturing_product' AND t.state <> 'cancelled'"),
	    0);
	ck_assert_int_eq(task_world_plan(), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("task_store");
	TCase *tc = tcase_create("tasks");
	SRunner *runner;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	test_cluster_start();
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, task_world_setup, task_world_teardown);
	tcase_add_test(tc, the_tables_of_states_and_moves_are_those_of_the_code);
	tcase_add_test(tc, planning_twice_plans_once);
	tcase_add_test(tc, a_task_goes_all_the_way);
	tcase_add_test(tc, a_withdrawal_cancels_what_waits_and_recalls_what_left);
	tcase_add_test(tc, a_withdrawal_after_the_claim_stops_the_dispatch);
	tcase_add_test(tc, dispatch_and_withdrawal_never_pass_each_other);
	tcase_add_test(tc, a_lost_lease_cannot_finish);
	tcase_add_test(
	    tc, what_a_queue_may_have_is_not_sent_again_unless_it_deduplicates);
	tcase_add_test(
	    tc, an_unqualified_agent_is_refused_and_the_task_stays_for_others);
	tcase_add_loop_test(
	    tc, without_a_clock_to_trust_nobody_dials_and_the_task_waits, 0, 3);
	tcase_add_loop_test(tc, a_clock_that_is_near_enough_is_trusted, 0, 2);
	tcase_add_test(tc, a_suspended_number_is_not_dialled);
	tcase_add_test(tc, do_not_call_bites_the_person_and_the_shared_number);
	tcase_add_test(tc, a_number_shared_by_strangers_is_reviewed);
	tcase_add_test(tc, a_wrong_number_is_in_doubt_from_that_commit_on);
	tcase_add_test(tc, a_call_back_is_planned_again_under_another_key);
	tcase_add_test(tc, what_two_people_must_do_one_cannot);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
