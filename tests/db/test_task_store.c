/* The life of a task in the database: planned, dispatched, dialled, ended; and what a
 * withdrawal, a lost lease, another agent or another dispatcher does to it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <sodium.h>

#include "campaigns/consent_store.h"
#include "campaigns/number_store.h"
#include "campaigns/plan_store.h"
#include "campaigns/setup_store.h"
#include "campaigns/task_store.h"
#include "segments/book_store.h"
#include "segments/tick_store.h"
#include "tests/lib/cluster.h"

/* Monday 2026-11-23, 10:00 in Shanghai. */
#define NOW INT64_C(1795399200000000)

static struct test_db t;
static struct arena arena;
static struct stw_err err;
static struct seal_keys *keys;
static struct ruleset *rules;

/* Eight customers with a deposit that ends in three days, a mobile and full consent;
 * number 8 shares the phone of number 7, of the same household. */
static const char people[] =
    "CREATE FUNCTION b(n int) RETURNS smallint LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT get_byte(sha256(('k' || n)::bytea), 0)::smallint $$;"
    "INSERT INTO customer (bucket, customer_id, ref, name_mask, dob, zone, province, "
    "    risk_rating, risk_assessed_on, opened_on, updated_at) "
    "SELECT b(n), n, 'k' || n, '王**', '1980-05-05', 'Asia/Shanghai', '上海市', 4, "
    "    '2026-06-01', '2020-01-01', '2026-01-01' FROM generate_series(1, 8) AS n;"
    "INSERT INTO customer_permission SELECT b(n), n, 0 FROM generate_series(1, 8) AS n;"
    "INSERT INTO contact_point (bucket, point_id, customer_id, kind, phone_sealed, "
    "    phone_index, phone_mask, region, zones, is_primary, updated_at) "
    "SELECT b(n), n, n, 'mobile', '\\x00', sha256(('p' || least(n, 7))::bytea), "
    "    '138****000' || n, 'CN', '{Asia/Shanghai}', true, '2026-01-01' "
    "  FROM generate_series(1, 8) AS n;"
    "INSERT INTO holding (bucket, customer_id, holding_ref, kind, amount, currency, "
    "    maturity_on, updated_at) "
    "SELECT b(n), n, 'h', 'deposit', 50000000, 'CNY', '2026-11-26', '2026-01-01' "
    "  FROM generate_series(1, 8) AS n;"
    "INSERT INTO consent_event (bucket, consent_id, customer_id, action, purpose, channel, "
    "    form, notice_version, evidence, evidence_hash, source, actor, effective_at, "
    "    recorded_at) "
    "SELECT b(n), gen_random_uuid(), n, 'grant', 'MARKETING', 'VOICE', 'written', 'v3', "
    "    'e', sha256('e'), 'branch', 'x', '2026-05-01', '2026-05-01' "
    "  FROM generate_series(1, 8) AS n;"
    "INSERT INTO household_member (bucket, customer_id, household_ref, source, state, "
    "    actor, updated_at) "
    "SELECT b(n), n, 'H', 'declared', 'member', 'x', '2026-01-01' "
    "  FROM generate_series(7, 8) AS n;";

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

static int64_t
number(const char *sql)
{
	return test_db_number(&t, sql);
}

static void
setup(void)
{
	const struct setup_options options = {.now = NOW,
	    .queue_url = "http://127.0.0.1:9",
	    .queue_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
	struct setup_result result;
	char path[] = "/tmp/stw-keys-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(unlink(path), 0);
	err = (struct stw_err){0};
	arena_init(&arena);
	test_db_open(&t);
	ck_ok(seal_keys_open(path, true, &keys, &err));
	ck_assert_int_eq(unlink(path), 0);
	ck_ok(setup_demo(t.db, keys, &options, &arena, &result, &err));
	ck_assert_int_eq(result.campaigns, 4);
	test_db_tamper(&t, people);
	ck_ok(task_rules_load(t.db, &rules, &err));
}

static void
teardown(void)
{
	ruleset_free(rules);
	seal_keys_close(keys);
	test_db_close(&t);
	arena_fini(&arena);
}

/* One planning tick; how many tasks are new. */
static int64_t
plan(void)
{
	struct segments_tick_result tick;
	struct plan_result result;
	struct book_parts parts;
	struct book *book;
	int64_t tasks;

	ck_ok(book_load(t.db, NOW, NULL, &book, &err));
	parts = book_parts_of(book);
	ck_ok(segments_tick(t.db, &parts, NULL, NOW, NULL, &tick, &err));
	const struct plan_options options = {.now = NOW, .segments = &tick.hosts};
	ck_ok(plan_run(t.db, &parts, rules, &options, &arena, &result, &err));
	tasks = result.tasks;
	for (int i = 0; i < result.nruns; i++) {
		int64_t sum = 0;

		for (int r = 0; r < result.runs[i].nreasons; r++)
			sum += result.runs[i].reasons[r].count;
		ck_assert_int_eq(sum, result.runs[i].audience);
	}
	segments_tick_fini(&tick);
	book_free(book);
	return tasks;
}

static int64_t
queue_id(void)
{
	return number("SELECT queue_id FROM queue WHERE code = 'wealth-remote'");
}

static struct task_claim
claim_one(int lease_sec)
{
	struct task_claim *claims;
	int count;

	ck_ok(task_claim(t.db, queue_id(), "test", 1, lease_sec, NOW, &arena, &claims,
	    &count, NULL, &err));
	ck_assert_int_eq(count, 1);
	return claims[0];
}

static enum task_gate_result
gate(const struct task_claim *claim, struct task_push *push)
{
	enum task_gate_result result;

	ck_ok(task_gate_dispatch(t.db, rules, claim, NOW, &arena, &result, push, &err));
	return result;
}

static bool
finish(const struct task_claim *claim, enum task_push_result result)
{
	bool stale;

	ck_ok(task_finish_push(
	    t.db, claim, result, 202, NULL, NOW + STW_USEC_MIN, NOW, &stale, &err));
	return !stale;
}

/* A task that the queue has. */
static struct task_claim
queued(void)
{
	struct task_claim claim = claim_one(30);
	struct task_push push;

	ck_assert_int_eq(gate(&claim, &push), TASK_GATE_SEND);
	ck_assert(finish(&claim, TASK_PUSH_ACCEPTED));
	return claim;
}

static enum stw_code
in_tx_accept(const struct uuid *id, const char *agent)
{
	enum stw_code rc;

	ck_ok(db_begin(t.db, &err));
	rc = task_accept(t.db, id, agent, NOW, &err);
	if (rc == STW_OK)
		ck_ok(db_commit(t.db, &err));
	else
		db_rollback(t.db);
	return rc;
}

static struct task_permit
permit(const struct uuid *id, const char *agent)
{
	struct task_permit p;

	ck_ok(db_begin(t.db, &err));
	ck_ok(task_permit(t.db, rules, id, agent, NOW, &arena, &p, &err));
	ck_ok(db_commit(t.db, &err));
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

	ck_ok(db_begin(t.db, &err));
	rc = task_outcome(t.db, keys, id, "a_01", &o, NOW, effect, &err);
	if (rc == STW_OK)
		ck_ok(db_commit(t.db, &err));
	else
		db_rollback(t.db);
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
	int bucket = (int)number(sql);
	uuid_set_bucket(&event.id, bucket);
	ck_ok(db_begin(db, &err));
	ck_ok(consent_record(db, bucket, customer_id, &event, NOW, effect, &err));
	ck_ok(db_commit(db, &err));
}

START_TEST(the_tables_of_states_and_moves_are_those_of_the_code)
{
	ck_assert_int_eq(number("SELECT count(*) FROM task_state"), TASK_STATES - 1);
	for (int from = 1; from < TASK_STATES; from++)
		for (int to = 1; to < TASK_STATES; to++) {
			char sql[200];

			(void)snprintf(sql, sizeof sql,
			    "SELECT count(*) FROM task_move WHERE from_state = '%s' AND "
			    "to_state = '%s'",
			    task_state_name((enum task_state)from),
			    task_state_name((enum task_state)to));
			ck_assert_msg(
			    (number(sql) == 1) == task_may_move((enum task_state)from,
						      (enum task_state)to),
			    "%s -> %s", task_state_name((enum task_state)from),
			    task_state_name((enum task_state)to));
		}
}
END_TEST

START_TEST(planning_twice_plans_once)
{
	int64_t first = plan();

	/* k7 and k8 share a number: that is allowed, and told apart. */
	ck_assert_int_gt(first, 4);
	ck_assert_int_eq(number("SELECT count(*) FROM task"), first);
	ck_assert_int_eq(number("SELECT count(*) FROM task_ready"), first);
	ck_assert_int_eq(plan(), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM task"), first);
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM task t WHERE NOT EXISTS (SELECT 1 FROM decision d "
		"WHERE d.decision_id = t.decision_id AND d.outcome = 'ALLOW')"),
	    0);
	ck_assert_int_eq(
	    number("SELECT (SELECT count(*) FROM decision) - (SELECT count(*) FROM "
		   "ledger_outbox WHERE kind = 'decision')"),
	    0);
}
END_TEST

START_TEST(a_task_goes_all_the_way)
{
	struct task_outcome_effect effect;
	struct task_claim claim;
	struct task_permit p;

	ck_assert_int_gt(plan(), 0);
	claim = queued();
	ck_assert_int_eq(
	    number("SELECT count(*) FROM contact_count WHERE kind = 'reserved'"), 1);
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_02"), STW_CONFLICT);
	ck_assert_int_eq(
	    outcome(&claim.task_id, "interested", 0, &effect), STW_CONFLICT);
	p = permit(&claim.task_id, "a_01");
	ck_assert_msg(p.granted, "%s", p.decision.primary);
	ck_assert(p.valid_until > NOW && p.valid_until <= NOW + 120 * STW_USEC_SEC);
	ck_assert_int_eq(number("SELECT sum(used) FROM number_use"), 1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM contact_count WHERE kind = 'attempt'"), 1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM contact_count WHERE kind = 'reserved'"), 0);
	ck_assert_int_eq(outcome(&claim.task_id, "interested", 0, &effect), STW_OK);
	ck_assert_int_eq(effect.state, TASK_DONE);
	ck_assert_int_eq(
	    outcome(&claim.task_id, "interested", 0, &effect), STW_CONFLICT);
	ck_assert_int_eq(number("SELECT count(*) FROM outcome"), 1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM ledger_outbox WHERE kind IN ('dispatch', "
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

	ck_assert_int_gt(plan(), 0);
	claim = queued();
	who = number("SELECT customer_id FROM task WHERE state = 'queued'");
	withdraw(t.db, who, &effect);
	ck_assert_int_eq(effect.recalled, 1);
	ck_ok(task_recalls(t.db, 10, &arena, &recalls, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_assert_mem_eq(recalls[0].task_id.b, claim.task_id.b, 16);
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_CONFLICT);
	ck_ok(task_recall_finish(t.db, &recalls[0], true, 200, NOW, &err));
	ck_ok(task_recalls(t.db, 10, &arena, &recalls, &count, &err));
	ck_assert_int_eq(count, 0);

	who = number("SELECT min(customer_id) FROM task WHERE state = 'planned'");
	withdraw(t.db, who, &effect);
	ck_assert_int_eq(effect.cancelled, 1);
	ck_assert_int_eq(
	    number(
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

	ck_assert_int_gt(plan(), 0);
	claim = claim_one(30);
	(void)snprintf(sql, sizeof sql,
	    "SELECT customer_id FROM task WHERE task_id = (SELECT task_id FROM task_ready "
	    "WHERE lease_until IS NOT NULL)");
	withdraw(t.db, number(sql), &effect);
	ck_assert_int_eq(effect.cancelled, 1);
	ck_assert_int_eq(gate(&claim, &push), TASK_GATE_GONE);
	ck_assert_int_eq(number("SELECT count(*) FROM attempt"), 0);
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

	ck_assert_int_gt(plan(), 4);
	race.db = test_db_connect(&t);
	for (int i = 0; i < 5; i++) {
		struct task_claim claim = claim_one(30);
		enum task_gate_result result;
		struct task_push push;
		pthread_t thread;

		race.who = number(
		    "SELECT customer_id FROM task JOIN task_ready USING (bucket, "
		    "task_id) WHERE lease_until IS NOT NULL AND state = "
		    "'planned'");
		(void)pthread_barrier_init(&race.start, NULL, 2);
		ck_assert_int_eq(
		    pthread_create(&thread, NULL, race_withdraw, &race), 0);
		(void)pthread_barrier_wait(&race.start);
		result = gate(&claim, &push);
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
		(void)pthread_barrier_destroy(&race.start);
		sent += result == TASK_GATE_SEND;
		ck_assert_int_eq(
		    number("SELECT count(*) FROM task WHERE state IN ('planned', "
			   "'ready', 'sending') AND customer_id IN (SELECT "
			   "customer_id FROM consent_event WHERE action = "
			   "'withdraw')"),
		    0);
		/* Sent before the withdrawal: then it was recalled, and not otherwise. */
		ck_assert_int_eq(number("SELECT count(*) FROM recall"), sent);
	}
	db_close(race.db);
}
END_TEST

START_TEST(a_lost_lease_cannot_finish)
{
	struct task_claim first, second;
	struct task_push push;

	ck_assert_int_gt(plan(), 0);
	test_db_tamper(&t,
	    "DELETE FROM task_ready WHERE task_id <> (SELECT min(task_id::text)"
	    "::uuid FROM task_ready)");
	first = claim_one(30);
	ck_assert_int_eq(gate(&first, &push), TASK_GATE_SEND);
	test_db_tamper(
	    &t, "UPDATE task_ready SET lease_until = now() - interval '1 second'");
	second = claim_one(30);
	ck_assert_int_eq(second.epoch, first.epoch + 1);
	ck_assert_mem_eq(second.task_id.b, first.task_id.b, 16);
	ck_assert_int_eq(gate(&second, &push), TASK_GATE_SEND);
	ck_assert(!finish(&first, TASK_PUSH_ACCEPTED));
	ck_assert(finish(&second, TASK_PUSH_ACCEPTED));
	ck_assert_int_eq(number("SELECT count(*) FROM task WHERE state = 'queued'"), 1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM contact_count WHERE kind = 'reserved'"), 1);
}
END_TEST

START_TEST(what_a_queue_may_have_is_not_sent_again_unless_it_deduplicates)
{
	struct task_claim first, second;
	struct task_push push;

	ck_assert_int_gt(plan(), 0);
	test_db_tamper(&t,
	    "UPDATE queue SET dedupes = false;"
	    "DELETE FROM task_ready WHERE task_id <> (SELECT min(task_id::text)"
	    "::uuid FROM task_ready)");
	first = claim_one(30);
	ck_assert_int_eq(gate(&first, &push), TASK_GATE_SEND);
	test_db_tamper(
	    &t, "UPDATE task_ready SET lease_until = now() - interval '1 second'");
	second = claim_one(30);
	ck_assert_int_eq(gate(&second, &push), TASK_GATE_GONE);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM task WHERE state = 'unknown'"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM task_ready"), 0);
}
END_TEST

START_TEST(an_unqualified_agent_is_refused_and_the_task_stays_for_others)
{
	struct task_claim claim;
	struct task_permit p;

	ck_assert_int_gt(plan(), 0);
	claim = queued();
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_04"), STW_OK);
	p = permit(&claim.task_id, "a_04");
	ck_assert(!p.granted);
	ck_assert_str_eq(p.decision.primary, "AGENT_NOT_QUALIFIED");
	ck_assert_int_eq(number("SELECT count(*) FROM task WHERE state = 'queued'"), 1);
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	ck_assert(permit(&claim.task_id, "a_01").granted);
}
END_TEST

START_TEST(a_suspended_number_is_not_dialled)
{
	struct task_claim claim;
	struct task_permit p;

	ck_assert_int_gt(plan(), 0);
	claim = queued();
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	const struct number_suspension what = {
	    .number_id = number("SELECT number_id FROM task WHERE state = 'accepted'"),
	    .by = "person",
	    .reason = "complaints",
	    .actor = "ops",
	    .cooldown_until = STW_USEC_NEVER};

	ck_ok(number_suspend(t.db, &what, NOW, &err));
	p = permit(&claim.task_id, "a_01");
	ck_assert(!p.granted);
	ck_assert_str_eq(p.decision.primary, "NUMBER_SUSPENDED");
	ck_assert_int_eq(number("SELECT count(*) FROM permit"), 0);
}
END_TEST

START_TEST(do_not_call_bites_the_person_and_the_shared_number)
{
	struct task_outcome_effect effect;
	struct task_claim claim;

	test_db_tamper(&t, "DELETE FROM holding WHERE customer_id < 7");
	ck_assert_int_eq(plan(), 2);
	claim = queued();
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	ck_assert(permit(&claim.task_id, "a_01").granted);
	ck_assert_int_eq(outcome(&claim.task_id, "do_not_call", 0, &effect), STW_OK);
	ck_assert(effect.objection_recorded);
	ck_assert_int_eq(effect.cancelled, 1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM task WHERE state = 'cancelled'"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM objection"), 1);
}
END_TEST

START_TEST(a_number_shared_by_strangers_is_reviewed)
{
	test_db_tamper(&t, "DELETE FROM holding WHERE customer_id < 7;"
			   "UPDATE household_member SET state = 'left' "
			   " WHERE customer_id = 8");
	ck_assert_int_eq(plan(), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM decision "
				" WHERE primary_code = 'SHARED_NUMBER_REVIEW'"),
	    2);
}
END_TEST

START_TEST(a_wrong_number_is_in_doubt_from_that_commit_on)
{
	struct task_outcome_effect effect;
	struct task_claim claim;

	test_db_tamper(&t, "DELETE FROM holding WHERE customer_id <> 1");
	ck_assert_int_eq(plan(), 1);
	claim = queued();
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	ck_assert(permit(&claim.task_id, "a_01").granted);
	ck_assert_int_eq(outcome(&claim.task_id, "wrong_number", 0, &effect), STW_OK);
	ck_assert_int_eq(effect.state, TASK_NO_CONTACT);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM contact_point WHERE point_id = 1 AND "
		   "doubt = 'failed' AND NOT verified"),
	    1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM contact_point_event e, outcome o WHERE "
		   "e.to_state = 'failed' AND e.how = 'call' AND e.actor = "
		   "'a_01' AND e.evidence = 'outcome ' || o.outcome_id"),
	    1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM ledger_outbox WHERE kind = 'contact_point'"),
	    1);
}
END_TEST

START_TEST(a_call_back_is_planned_again_under_another_key)
{
	struct task_outcome_effect effect;
	struct task_claim claim;

	ck_assert_int_gt(plan(), 0);
	claim = queued();
	ck_assert_int_eq(in_tx_accept(&claim.task_id, "a_01"), STW_OK);
	ck_assert(permit(&claim.task_id, "a_01").granted);
	ck_assert_int_eq(
	    outcome(&claim.task_id, "call_back", NOW, &effect), STW_INVALID);
	ck_assert_int_eq(
	    outcome(&claim.task_id, "call_back", NOW + STW_USEC_HOUR, &effect), STW_OK);
	ck_assert_int_eq(effect.state, TASK_PLANNED);
	ck_assert_int_eq(
	    number("SELECT offer FROM task WHERE callback_at IS NOT NULL"), 1);
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM task_ready JOIN task USING (bucket, task_id) WHERE "
		"callback_at IS NOT NULL AND due_at = callback_at"),
	    1);
}
END_TEST

START_TEST(what_two_people_must_do_one_cannot)
{
	ck_assert_int_eq(
	    campaign_approve(t.db, "maturing_product", 1, "demo-author", NOW, &err),
	    STW_CONFLICT);
	ck_assert_int_eq(
	    campaign_pause(t.db, "nothing", "ops", NOW, &err), STW_CONFLICT);
	ck_assert_int_gt(plan(), 0);
	ck_ok(campaign_pause(t.db, "maturing_product", "ops", NOW, &err));
	ck_assert_int_eq(
	    number("SELECT count(*) FROM task t JOIN campaign USING (campaign_id)"
		   " WHERE code = 'maturing_product' AND t.state <> 'cancelled'"),
	    0);
	ck_assert_int_eq(plan(), 0);
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
	tcase_add_checked_fixture(tc, setup, teardown);
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
