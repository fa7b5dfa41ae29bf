/* The gate over a batch: the same as one by one, whoever else is at work; and one bad task,
 * one withdrawal, one full number does not become the batch's trouble. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/consent_store.h"
#include "tests/lib/cases.h"
#include "tests/lib/task_world.h"

#define MOST 16

static struct task_claim *claims;
static struct task_gated gated[MOST];
static int nclaims;

static const char *
task_text(int i)
{
	static char text[UUID_TEXT];

	return uuid_format(&claims[i].task_id, text);
}

static void
setup(void)
{
	task_world_setup();
	ck_assert_int_gt(task_world_plan(), 5);
	ck_ok(task_claim(tw.db, task_world_queue_id(), TASK_LANE_NEW, "test", MOST, 30,
	    NOW, &tw_arena, &claims, &nclaims, &tw_err));
	ck_assert_int_gt(nclaims, 5);
	test_db_tamper(&tw, "CREATE TABLE claimed (i integer, task_id uuid)");
	for (int i = 0; i < nclaims; i++) {
		char sql[120];

		(void)snprintf(sql, sizeof sql,
		    "INSERT INTO claimed VALUES (%d, '%s');"
		    "GRANT SELECT ON claimed TO PUBLIC",
		    i, task_text(i));
		test_db_tamper(&tw, sql);
	}
}

static enum stw_code
batch(void)
{
	return task_gate_batch(
	    tw.db, tw_rules, claims, nclaims, NOW, &tw_arena, gated, &tw_err);
}

static int
decided(enum task_gate_result result)
{
	int n = 0;

	for (int i = 0; i < nclaims; i++)
		n += gated[i].decided && gated[i].result == result;
	return n;
}

static int
left_over(void)
{
	int n = 0;

	for (int i = 0; i < nclaims; i++)
		n += !gated[i].decided;
	return n;
}

START_TEST(a_batch_writes_what_one_by_one_writes)
{
	int sent;

	ck_ok(batch());
	sent = decided(TASK_GATE_SEND);
	ck_assert_int_ge(sent, 5);
	/* k7 and k8 share a number: caps on it are counted one after the other. */
	ck_assert_int_eq(left_over(), 1);
	ck_assert_int_eq(sent + 1, nclaims);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM task t JOIN decision d USING (bucket, decision_id) "
		"JOIN attempt a ON a.bucket = t.bucket AND a.task_id = t.task_id "
		"JOIN contact_count c ON c.count_id = t.task_id AND c.kind = 'reserved' "
		"JOIN contact_point p ON p.point_id = t.point_id "
		"AND p.phone_index = c.phone_index "
		"JOIN number_hold h ON h.hold_id = t.task_id "
		"AND h.number_id = t.number_id "
		"JOIN task_ready r ON r.task_id = t.task_id "
		"AND r.lease_epoch = t.lease_epoch "
		"WHERE t.state = 'sending' AND t.tries = 1 AND d.gate = 'D' "
		"AND d.outcome = 'ALLOW' AND d.number_id = t.number_id "
		"AND a.decision_id = d.decision_id AND a.lease_epoch = t.lease_epoch"),
	    sent);
	/* Each decision has its entry: the one that was made over the row. */
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM decision d JOIN ledger_outbox o ON o.kind = "
		"'decision' AND convert_from(o.entry, 'UTF8')::jsonb ->> 'id' = "
		"d.decision_id::text AND convert_from(o.entry, 'UTF8')::jsonb ->> "
		"'record_hmac' = encode(d.commitment, 'hex') WHERE d.gate = 'D'"),
	    sent);
	for (int i = 0; i < nclaims; i++)
		if (gated[i].decided) {
			ck_assert_str_eq(gated[i].push.task_id, task_text(i));
			ck_assert_int_gt(gated[i].push.number_id, 0);
			ck_assert(task_world_finish(
			    &gated[i].push.claim, TASK_PUSH_ACCEPTED));
		} else {
			struct task_push push;

			(void)task_world_gate(&claims[i], &push);
		}
}
END_TEST

/* The gate of one over the same facts says the same, reason by reason. */
START_TEST(a_batch_decides_what_one_by_one_decides)
{
	test_db_tamper(&tw,
	    "UPDATE customer SET deceased = true FROM task t WHERE t.task_id = (SELECT c.task_id FROM claimed c WHERE c.i = 1) AND "
	    "customer.customer_id = t.customer_id");
	ck_ok(batch());
	ck_assert_int_eq(decided(TASK_GATE_BLOCKED), 1);
	ck_assert(gated[1].decided && gated[1].result == TASK_GATE_BLOCKED);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM decision WHERE gate = 'D' AND outcome = "
		"'BLOCK' AND 'CUSTOMER_DECEASED' = ANY (codes)"),
	    1);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE state = 'blocked'"), 1);
	ck_assert_int_ge(decided(TASK_GATE_SEND), 4);
}
END_TEST

START_TEST(whom_somebody_else_holds_is_left_over_and_not_waited_for)
{
	static const char *const holds[] = {
	    "SELECT 1 FROM customer_permission m JOIN task t USING (bucket, customer_id) "
	    "WHERE t.task_id = (SELECT c.task_id FROM claimed c WHERE c.i = 0) FOR UPDATE OF m",
	    "SELECT 1 FROM task WHERE task_id = (SELECT c.task_id FROM claimed c WHERE c.i = 0) FOR UPDATE",
	    "SELECT pg_advisory_xact_lock(('x' || encode(substring(p.phone_index FROM 1 "
	    "FOR 8), 'hex'))::bit(64)::bigint) FROM task t JOIN contact_point p USING "
	    "(bucket, point_id) WHERE t.task_id = (SELECT c.task_id FROM claimed c WHERE c.i = 0)",
	};
	struct db *other = test_db_connect(&tw);

	ck_ok(db_begin(other, &tw_err));
	ck_ok(db_script(other, holds[_i], &tw_err));
	/* Any wait would be an error. */
	ck_ok(db_set_timeouts(tw.db, 60000, 1, &tw_err));
	ck_ok(batch());
	ck_assert(!gated[0].decided);
	ck_assert_int_ge(decided(TASK_GATE_SEND), 4);
	db_rollback(other);
	db_close(other);
}
END_TEST

START_TEST(one_that_is_not_what_was_claimed_is_left_over)
{
	/* Claimed by another; cancelled; on the wire to a queue that does not deduplicate. */
	test_db_tamper(&tw,
	    "UPDATE task_ready SET lease_epoch = lease_epoch + 1 WHERE task_id = (SELECT c.task_id FROM claimed c WHERE c.i = 0)");
	test_db_tamper(&tw,
	    "UPDATE task SET state = 'cancelled' WHERE task_id = (SELECT c.task_id FROM claimed c WHERE c.i = 1)");
	test_db_tamper(&tw, "UPDATE queue SET dedupes = false");
	test_db_tamper(&tw,
	    "UPDATE task SET state = 'ready' WHERE task_id = (SELECT c.task_id FROM claimed c WHERE c.i = 2)");
	test_db_tamper(&tw,
	    "UPDATE task SET state = 'sending', number_id = (SELECT min(number_id) FROM "
	    "caller_number) WHERE task_id = (SELECT c.task_id FROM claimed c WHERE c.i = 2)");
	ck_ok(batch());
	for (int i = 0; i < 3; i++)
		ck_assert_msg(!gated[i].decided, "%d", i);
	ck_assert_int_ge(decided(TASK_GATE_SEND), 2);
}
END_TEST

/* One number with room for two: the batch counts what it gives out itself. */
START_TEST(a_cap_of_a_number_holds_within_a_batch)
{
	test_db_tamper(&tw,
	    "SET session_replication_role = replica;UPDATE caller_number SET status = 'suspended', suspended_by = 'person', "
	    "status_reason = 'test' WHERE number_id <> (SELECT min(number_id) FROM "
	    "caller_number WHERE pool = (SELECT document -> 'step' ->> 'number_pool' FROM "
	    "campaign_version v JOIN task t USING (campaign_id, version) LIMIT 1));"
	    "UPDATE caller_number SET daily_cap = 2");
	ck_ok(batch());
	ck_assert_int_eq(decided(TASK_GATE_SEND), 2);
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM number_hold"), 2);
	ck_assert_int_ge(decided(TASK_GATE_DEFERRED), 3);
}
END_TEST

/* Its own place of an earlier try is not in its way. */
START_TEST(a_retry_keeps_its_own_place)
{
	struct task_ending again = {.result = TASK_PUSH_RETRY,
	    .http_status = 503,
	    .retry_at = NOW,
	    .left = true};
	int sent;

	ck_ok(batch());
	sent = decided(TASK_GATE_SEND);
	test_db_tamper(&tw,
	    "SET session_replication_role = replica;UPDATE caller_number SET daily_cap = (SELECT max(n) FROM "
	    "(SELECT count(*)::integer AS n FROM number_hold GROUP BY "
	    "number_id) x)");
	for (int i = 0; i < nclaims; i++)
		if (gated[i].decided) {
			again.claim = gated[i].push.claim;
			ck_ok(task_finish_pushes(
			    tw.db, &again, 1, NOW, &tw_arena, &tw_err));
		}
	ck_ok(task_claim(tw.db, task_world_queue_id(), TASK_LANE_RETRY, "test", MOST,
	    30, NOW, &tw_arena, &claims, &nclaims, &tw_err));
	ck_assert_int_eq(nclaims, sent);
	ck_ok(batch());
	ck_assert_int_eq(decided(TASK_GATE_SEND), sent);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE tries = 2"), sent);
}
END_TEST

START_TEST(when_one_cannot_be_written_nothing_is_and_each_goes_by_itself)
{
	enum task_gate_result result;
	struct task_push push;
	int sent = 0;

	test_db_tamper(&tw,
	    "CREATE FUNCTION bad() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
	    "NEW.task_id = (SELECT c.task_id FROM claimed c WHERE c.i = 0) THEN RAISE EXCEPTION 'bad' USING ERRCODE = "
	    "'check_violation'; END IF; RETURN NEW; END $$;"
	    "CREATE TRIGGER bad BEFORE INSERT ON attempt FOR EACH ROW EXECUTE FUNCTION "
	    "bad()");
	ck_assert_int_eq(batch(), STW_INVALID);
	ck_assert_int_eq(left_over(), nclaims);
	ck_assert_int_eq(task_world_number(
			     "SELECT (SELECT count(*) FROM attempt) + (SELECT count(*) "
			     "FROM number_hold) + (SELECT count(*) FROM decision WHERE "
			     "gate = 'D')"),
	    0);
	for (int i = 0; i < nclaims; i++) {
		enum stw_code rc = task_gate_dispatch(tw.db, tw_rules, &claims[i], NOW,
		    &tw_arena, &result, &push, &tw_err);

		ck_assert_int_eq(rc, i == 0 ? STW_INVALID : STW_OK);
		sent += rc == STW_OK && result == TASK_GATE_SEND;
	}
	ck_assert_int_ge(sent, 4);
}
END_TEST

/* While the batch decides nobody can withdraw; who does so before is not sent. */
START_TEST(who_withdrew_is_not_sent)
{
	test_db_tamper(&tw,
	    "SET session_replication_role = replica;UPDATE consent_event SET expires_at = '2020-01-01', effective_at = "
	    "'2019-01-01' FROM task t WHERE t.task_id = (SELECT c.task_id FROM claimed c WHERE c.i = 2) AND "
	    "consent_event.customer_id = t.customer_id");
	ck_ok(batch());
	ck_assert(gated[2].decided);
	ck_assert_int_eq(gated[2].result, TASK_GATE_BLOCKED);
	ck_assert_int_ge(decided(TASK_GATE_SEND), 4);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("task_batch");
	SRunner *runner;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	test_cluster_start();
	CASE_ADD(suite, setup, task_world_teardown, 120,
	    a_batch_writes_what_one_by_one_writes, 0, 1);
	CASE_ADD(suite, setup, task_world_teardown, 120,
	    a_batch_decides_what_one_by_one_decides, 0, 1);
	CASE_ADD(suite, setup, task_world_teardown, 120,
	    whom_somebody_else_holds_is_left_over_and_not_waited_for, 0, 3);
	CASE_ADD(suite, setup, task_world_teardown, 120,
	    one_that_is_not_what_was_claimed_is_left_over, 0, 1);
	CASE_ADD(suite, setup, task_world_teardown, 120,
	    a_cap_of_a_number_holds_within_a_batch, 0, 1);
	CASE_ADD(
	    suite, setup, task_world_teardown, 120, a_retry_keeps_its_own_place, 0, 1);
	CASE_ADD(suite, setup, task_world_teardown, 120,
	    when_one_cannot_be_written_nothing_is_and_each_goes_by_itself, 0, 1);
	CASE_ADD(
	    suite, setup, task_world_teardown, 120, who_withdrew_is_not_sent, 0, 1);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
