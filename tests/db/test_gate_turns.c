/* Two contacts of one person take turns at the gate: the second counts the first, whatever
 * numbers they are made to, one by one or in batches; and what holds it is the statement. */
#include <pthread.h>
#include <stdlib.h>

#include <sodium.h>

#include "tests/lib/task_world.h"

#define PEOPLE 6 /* 1..6: nobody shares their numbers */
#define MOST   16

/* The gate of one task on its own connection. */
struct turn {
	struct db *db;
	struct task_claim claim;
	pthread_barrier_t *start;
	struct arena arena;
	struct task_gated gated;
	enum stw_code rc;
	struct stw_err err;
};

static struct turn turns[2];
static pthread_barrier_t start;

/* Each has a second number and a second task to it, and has been called twice today, at a
 * third number: one more contact is what the house allows a day. */
static void
setup(void)
{
	task_world_setup();
	ck_assert_int_gt(task_world_plan(), PEOPLE);
	test_db_tamper(&tw,
	    "SET session_replication_role = replica; "
	    "INSERT INTO contact_point (bucket, point_id, customer_id, kind, phone_sealed, "
	    "phone_index, phone_mask, region, zones, is_primary, updated_at) SELECT b(n), 100 + "
	    "n, n, 'mobile', '\\x00', sha256(('q' || n)::bytea), '139****0000', 'CN', "
	    "'{Asia/Shanghai}', false, '2026-01-01' FROM generate_series(1, 6) n; "
	    "CREATE TABLE second AS SELECT bucket, task_id, gen_random_uuid() AS id, "
	    "customer_id FROM task WHERE customer_id <= 6 AND state = 'planned'; "
	    "INSERT INTO task SELECT (jsonb_populate_record(t, jsonb_build_object('task_id', "
	    "s.id, 'point_id', 100 + t.customer_id, 'occurrence', 'second'))).* FROM task t "
	    "JOIN second s USING (bucket, task_id); "
	    "INSERT INTO task_ready SELECT (jsonb_populate_record(r, jsonb_build_object("
	    "'task_id', s.id))).* FROM task_ready r JOIN second s USING (bucket, task_id); "
	    "INSERT INTO contact_count (bucket, count_id, customer_id, phone_index, channel, "
	    "kind, at) SELECT b(n), gen_random_uuid(), n, sha256(('r' || n)::bytea), 'VOICE', "
	    "'attempt', timestamptz '2026-11-23 02:00:00+00' - i * interval '10 minutes' FROM "
	    "generate_series(1, 6) n, generate_series(1, 2) i; "
	    "GRANT SELECT ON second TO PUBLIC");
	STW_ASSERT(pthread_barrier_init(&start, NULL, 2) == 0);
	for (int i = 0; i < 2; i++) {
		turns[i] = (struct turn){.db = test_db_connect(&tw), .start = &start};
		db_keys_set(turns[i].db, tw_keys);
		arena_init(&turns[i].arena);
	}
}

static void
teardown(void)
{
	for (int i = 0; i < 2; i++) {
		db_close(turns[i].db);
		arena_fini(&turns[i].arena);
	}
	STW_ASSERT(pthread_barrier_destroy(&start) == 0);
	task_world_teardown();
}

static int64_t
customer_of(const struct task_claim *claim)
{
	char sql[160], id[UUID_TEXT];

	(void)snprintf(sql, sizeof sql,
	    "SELECT customer_id FROM task WHERE task_id = '%s'",
	    uuid_format(&claim->task_id, id));
	return task_world_number(sql);
}

/* The two tasks of each person, claimed: pairs[customer][0] and [1]. */
static void
claim_pairs(struct task_claim pairs[PEOPLE + 1][2])
{
	int have[PEOPLE + 1] = {0}, count;
	struct task_claim *claims;

	ck_ok(task_claim(tw.db, task_world_queue_id(), TASK_LANE_NEW, "test", MOST, 60,
	    NOW, &tw_arena, &claims, &count, &tw_err));
	for (int i = 0; i < count; i++) {
		int64_t who = customer_of(&claims[i]);

		if (who <= PEOPLE && have[who] < 2)
			pairs[who][have[who]++] = claims[i];
	}
	for (int who = 1; who <= PEOPLE; who++)
		ck_assert_int_eq(have[who], 2);
}

static void *
gate_one(void *arg)
{
	struct turn *t = arg;

	(void)pthread_barrier_wait(t->start);
	t->rc = task_gate_dispatch(t->db, tw_rules, &t->claim, NOW, &t->arena,
	    &t->gated.result, &t->gated.push, &t->err);
	t->gated.decided = true;
	return NULL;
}

/* As the dispatcher does it: what the batch leaves over goes by itself. */
static void *
gate_batch(void *arg)
{
	struct turn *t = arg;

	(void)pthread_barrier_wait(t->start);
	t->rc = task_gate_batch(
	    t->db, tw_rules, &t->claim, 1, NOW, &t->arena, &t->gated, &t->err);
	if (t->rc == STW_OK && !t->gated.decided)
		t->rc = task_gate_dispatch(t->db, tw_rules, &t->claim, NOW, &t->arena,
		    &t->gated.result, &t->gated.push, &t->err);
	return NULL;
}

START_TEST(of_two_contacts_at_once_the_second_counts_the_first)
{
	struct task_claim pairs[PEOPLE + 1][2];

	claim_pairs(pairs);
	for (int who = 1; who <= PEOPLE; who++) {
		pthread_t threads[2];
		int sent = 0;

		for (int i = 0; i < 2; i++) {
			turns[i].claim = pairs[who][i];
			STW_ASSERT(pthread_create(&threads[i], NULL,
				       _i == 0   ? gate_one
				       : _i == 1 ? gate_batch
				       : i == 0  ? gate_one
						 : gate_batch,
				       &turns[i]) == 0);
		}
		for (int i = 0; i < 2; i++)
			STW_ASSERT(pthread_join(threads[i], NULL) == 0);
		for (int i = 0; i < 2; i++) {
			ck_assert_msg(turns[i].rc == STW_OK, "%s", turns[i].err.text);
			sent += turns[i].gated.result == TASK_GATE_SEND;
		}
		ck_assert_int_eq(sent, 1);
	}
	/* Each of the others knows why. */
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM decision WHERE gate = 'D' "
			      "AND outcome = 'DEFER' AND customer_id <= 6"),
	    PEOPLE);
}
END_TEST

/* Who stands at a gate: another waits for a lock, and a batch leaves the person over. */
static void
hold(enum db_query_id query, const struct task_claim *claim)
{
	const int64_t bucket = claim->bucket, customer = customer_of(claim);
	const struct db_param one[] = {db_i64(bucket), db_i64(customer)};
	const struct db_param many[] = {db_i64s(&bucket, 1), db_i64s(&customer, 1)};

	ck_ok(db_begin(turns[0].db, &tw_err));
	ck_ok(db_query(turns[0].db, query, query == DB_Q_CONSENT_SHARE ? one : many, 2,
	    NULL, &tw_err));
}

static const enum db_query_id holds[] = {DB_Q_CONSENT_SHARE, DB_Q_CONSENT_SHARE_MANY};

START_TEST(who_stands_at_a_gate_holds_it)
{
	struct task_claim pairs[PEOPLE + 1][2];
	struct task_push push;

	claim_pairs(pairs);
	turns[1].claim = pairs[1][0];
	hold(holds[_i], &turns[1].claim);
	ck_ok(db_set_timeouts(turns[1].db, 60000, 50, &tw_err));
	ck_ok(task_gate_batch(turns[1].db, tw_rules, &turns[1].claim, 1, NOW, &tw_arena,
	    &turns[1].gated, &tw_err));
	ck_assert(!turns[1].gated.decided);
	ck_assert_int_eq(task_gate_dispatch(turns[1].db, tw_rules, &turns[1].claim, NOW,
			     &tw_arena, &turns[1].gated.result, &push, &tw_err),
	    STW_TEMPFAIL);
	db_rollback(turns[0].db);
	ck_ok(task_gate_dispatch(turns[1].db, tw_rules, &turns[1].claim, NOW, &tw_arena,
	    &turns[1].gated.result, &push, &tw_err));
	ck_assert_int_eq(turns[1].gated.result, TASK_GATE_SEND);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gate_turns");
	TCase *tc = tcase_create("gate_turns");
	SRunner *runner;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	test_cluster_start();
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, of_two_contacts_at_once_the_second_counts_the_first, 0, 3);
	tcase_add_loop_test(tc, who_stands_at_a_gate_holds_it, 0, 2);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
