/* Calls that were made beside calls that were allowed. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/call_record_store.h"
#include "campaigns/incident_store.h"
#include "campaigns/reconcile_store.h"
#include "tests/lib/task_world.h"

#define LATER (NOW + RECONCILE_GRACE + STW_USEC_HOUR)

/* A call that an agent was allowed to make at NOW. */
static struct uuid
allowed(void)
{
	struct uuid id = task_world_queued().task_id;
	struct task_permit permit;

	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(task_accept(tw.db, &id, "a_01", NOW, &tw_err));
	ck_ok(task_permit(
	    tw.db, tw_rules, &id, "a_01", NOW, &tw_arena, &permit, &tw_err));
	ck_assert(permit.granted);
	ck_ok(db_commit(tw.db, &tw_err));
	return id;
}

static void
ended(const struct uuid *id)
{
	const struct task_outcome o = {.disposition = "no_answer",
	    .started_at = STW_USEC_NEVER,
	    .ended_at = STW_USEC_NEVER,
	    .callback_at = STW_USEC_NEVER};
	struct task_outcome_effect effect;

	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(task_outcome(
	    tw.db, tw_keys, tw_rules, id, "a_01", &o, NOW, &effect, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
}

/* What the dialler says; task NULL: a call to nobody that we know. */
static const char *
record(const char *reference, const struct uuid *task, stw_usec at)
{
	struct call_record r = {.source = "pbx",
	    .reference = reference,
	    .region = "CN",
	    .number_sent = "02155550100",
	    .called = task == NULL ? "13900000001" : NULL,
	    .started_at = at,
	    .duration_sec = 30};
	struct call_fate fate;

	if (task != NULL) {
		r.has_task = true;
		r.task_id = *task;
	}
	ck_ok(call_record_put(tw.db, tw_keys, tw_rules, &r, at + STW_USEC_MIN,
	    &tw_arena, &fate, &tw_err));
	return fate.fate;
}

static void
sweep(stw_usec now, int64_t contacts, int64_t tasks)
{
	struct reconciled found;

	ck_ok(reconcile_sweep(tw.db, now, &found, &tw_err));
	ck_assert_int_eq(found.contacts, contacts);
	ck_assert_int_eq(found.tasks, tasks);
}

START_TEST(a_bank_without_records_has_no_incidents)
{
	struct uuid id;

	ck_assert_int_gt(task_world_plan(), 0);
	id = allowed();
	ended(&id);
	sweep(LATER, 0, 0);
}
END_TEST

START_TEST(a_reported_call_without_a_record_is_an_incident_once)
{
	struct incident *incidents;
	struct uuid made, missing, open;
	int count;

	ck_assert_int_gt(task_world_plan(), 2);
	made = allowed();
	missing = allowed();
	open = allowed(); /* nobody has said yet how it ended */
	ended(&made);
	ended(&missing);
	(void)record("before", NULL, NOW - STW_USEC_MIN);
	ck_assert_str_ne(record("made", &made, NOW + STW_USEC_SEC), "unmatched");
	(void)record("after", NULL, NOW + STW_USEC_HOUR);
	(void)open;
	/* Its record may still come. */
	sweep(NOW + RECONCILE_GRACE, 1, 0);
	sweep(LATER + STW_USEC_HOUR, 1, 2);
	sweep(LATER + STW_USEC_HOUR, 0, 0);
	ck_ok(incident_list(tw.db, "open", "TASK_WITHOUT_CONTACT", NULL, 10, &tw_arena,
	    &incidents, &count, &tw_err));
	ck_assert_int_eq(count, 2);
	for (int i = 0; i < count; i++) {
		char a[UUID_TEXT], b[UUID_TEXT];

		ck_assert(strcmp(incidents[i].task_id, uuid_format(&missing, a)) == 0 ||
			  strcmp(incidents[i].task_id, uuid_format(&open, b)) == 0);
		ck_assert_int_gt(incidents[i].customer_id, 0);
		ck_assert_ptr_nonnull(incidents[i].campaign);
		/* An open incident of a number would take it out of service. */
		ck_assert_ptr_null(incidents[i].number);
	}
}
END_TEST

/* An agent who gave the task back has called nobody. */
START_TEST(a_permit_that_was_not_used_wants_no_record)
{
	ck_assert_int_gt(task_world_plan(), 0);
	(void)allowed();
	ck_assert_int_eq(
	    task_world_number(
		"WITH back AS (UPDATE task SET state = 'accepted' WHERE "
		"state = 'in_progress' RETURNING 1) SELECT count(*) FROM back"),
	    1);
	(void)record("before", NULL, NOW - STW_USEC_MIN);
	(void)record("after", NULL, NOW + STW_USEC_HOUR);
	sweep(LATER + STW_USEC_HOUR, 2, 0);
}
END_TEST

START_TEST(a_feed_that_stands_still_raises_none)
{
	struct uuid id;

	ck_assert_int_gt(task_world_plan(), 0);
	id = allowed();
	ended(&id);
	(void)record("before", NULL, NOW - STW_USEC_HOUR);
	(void)record("last", NULL, NOW - STW_USEC_MIN);
	sweep(LATER, 2, 0);
}
END_TEST

START_TEST(a_call_that_nobody_was_allowed_is_an_incident_once)
{
	struct incident *incidents;
	int count;

	ck_assert_str_eq(record("stray", NULL, NOW), "unmatched");
	sweep(NOW + RECONCILE_GRACE, 0, 0);
	sweep(NOW + RECONCILE_GRACE + 1, 1, 0);
	sweep(LATER, 0, 0);
	ck_ok(incident_list(tw.db, NULL, "CONTACT_WITHOUT_TASK", NULL, 10, &tw_arena,
	    &incidents, &count, &tw_err));
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(incidents[0].customer_id, 0);
	ck_assert_ptr_null(incidents[0].number);
	/* Long past is left alone. */
	ck_assert_str_eq(record("old", NULL, NOW), "unmatched");
	sweep(NOW + RECONCILE_PAST + 1, 0, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("reconcile");
	TCase *tc = tcase_create("reconcile");
	SRunner *sr;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	test_cluster_start();
	tcase_add_checked_fixture(tc, task_world_setup, task_world_teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_bank_without_records_has_no_incidents);
	tcase_add_test(tc, a_reported_call_without_a_record_is_an_incident_once);
	tcase_add_test(tc, a_permit_that_was_not_used_wants_no_record);
	tcase_add_test(tc, a_feed_that_stands_still_raises_none);
	tcase_add_test(tc, a_call_that_nobody_was_allowed_is_an_incident_once);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
