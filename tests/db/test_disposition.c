/* Dispositions in the database: kept as the bank has them, and what follows from one. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/disposition_store.h"
#include "tests/lib/task_world.h"

static enum stw_code
put(const char *code, unsigned flags)
{
	const struct disposition d = {
	    .code = code, .name_zh = "甲", .name_en = "one", .flags = flags};

	return disposition_put(tw.db, &d, "ops", NOW, &tw_err);
}

/* A call that was made: accepted and permitted. */
static struct uuid
called(void)
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

static struct task_outcome
saying(const char *disposition)
{
	return (struct task_outcome){.disposition = disposition,
	    .started_at = STW_USEC_NEVER,
	    .ended_at = STW_USEC_NEVER,
	    .callback_at = STW_USEC_NEVER,
	    .complaint_days = 15};
}

static enum stw_code
end(const struct uuid *id, const struct task_outcome *o,
    struct task_outcome_effect *effect)
{
	enum stw_code rc;

	ck_ok(db_begin(tw.db, &tw_err));
	rc =
	    task_outcome(tw.db, tw_keys, tw_rules, id, "a_01", o, NOW, effect, &tw_err);
	if (rc == STW_OK)
		ck_ok(db_commit(tw.db, &tw_err));
	else
		db_rollback(tw.db);
	return rc;
}

START_TEST(the_shipped_words_hold_no_contradiction)
{
	struct disposition *all;
	int count;

	ck_ok(disposition_list(tw.db, &tw_arena, &all, &count, &tw_err));
	ck_assert_int_ge(count, 8);
	for (int i = 0; i < count; i++) {
		ck_assert(disposition_code_ok(all[i].code));
		ck_ok(disposition_check(all[i].flags, &tw_err));
	}
}
END_TEST

START_TEST(a_word_is_changed_and_the_change_is_in_the_ledger)
{
	struct disposition d;

	ck_ok(put(
	    "gatekeeper", DISPOSITION_HUMAN_ANSWERED | DISPOSITION_VULNERABLE_SIGNAL));
	ck_ok(disposition_find(tw.db, "gatekeeper", &tw_arena, &d, &tw_err));
	ck_assert_uint_eq(
	    d.flags, DISPOSITION_HUMAN_ANSWERED | DISPOSITION_VULNERABLE_SIGNAL);
	ck_assert_int_eq(put("gatekeeper", DISPOSITION_HUMAN_ANSWERED), STW_CONFLICT);
	ck_assert_ptr_nonnull(strstr(tw_err.text, "vulnerable_signal"));
	ck_ok(put("gatekeeper", DISPOSITION_HUMAN_ANSWERED | DISPOSITION_COMPLETED |
				    DISPOSITION_VULNERABLE_SIGNAL));
	ck_assert_int_eq(
	    put("gatekeeper", DISPOSITION_SOLD | DISPOSITION_VULNERABLE_SIGNAL),
	    STW_INVALID);
	ck_assert_int_eq(put("Gate", 0), STW_INVALID);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM ledger_outbox WHERE kind = "
			      "'rule_change' AND convert_from(entry, 'UTF8') LIKE "
			      "'%\"id\":\"gatekeeper\"%'"),
	    2);
}
END_TEST

START_TEST(a_retired_word_ends_nothing_any_more)
{
	struct task_outcome_effect effect;
	struct task_outcome o = saying("other");
	struct disposition d;
	struct uuid id;

	ck_assert_int_gt(task_world_plan(), 0);
	id = called();
	ck_ok(disposition_find(tw.db, "other", &tw_arena, &d, &tw_err));
	d.retired = true;
	ck_ok(disposition_put(tw.db, &d, "ops", NOW, &tw_err));
	ck_assert_int_eq(end(&id, &o, &effect), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(tw_err.text, "interested"));
	ck_assert_ptr_null(strstr(tw_err.text, "other,"));
}
END_TEST

START_TEST(suspected_fraud_holds_the_customer_and_opens_an_incident)
{
	struct task_outcome_effect effect;
	struct task_outcome o = saying("suspected_fraud");
	struct uuid id;

	ck_assert_int_gt(task_world_plan(), 0);
	id = called();
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM customer WHERE fraud_hold"), 0);
	ck_ok(end(&id, &o, &effect));
	ck_assert_int_eq(effect.state, TASK_DONE);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM customer WHERE fraud_hold"), 1);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM incident i JOIN customer c USING "
			      "(bucket, customer_id) WHERE c.fraud_hold AND i.state = "
			      "'open' AND i.code = 'FRAUD_VICTIM_HOLD'"),
	    1);
}
END_TEST

START_TEST(a_refusal_is_told_by_its_flag_and_by_the_flags_of_its_time)
{
	static const char refused[] =
	    "SELECT count(*) FROM outcome WHERE 'refused' = ANY (flags)";
	const unsigned said = DISPOSITION_HUMAN_ANSWERED | DISPOSITION_RIGHT_PARTY;
	struct task_outcome_effect effect;
	struct task_outcome o = saying("not_now");
	struct uuid id;

	ck_assert_int_gt(task_world_plan(), 0);
	ck_ok(put("not_now", said | DISPOSITION_REFUSED));
	id = called();
	ck_ok(end(&id, &o, &effect));
	ck_assert_int_eq(task_world_number(refused), 1);
	ck_ok(put("not_now", said));
	ck_assert_int_eq(task_world_number(refused), 1);
	id = called();
	ck_ok(end(&id, &o, &effect));
	ck_assert_int_eq(task_world_number(refused), 1);
}
END_TEST

START_TEST(what_was_said_of_consent_is_recorded_with_the_outcome)
{
	static const struct task_consent withdraws = {"withdraw", "MARKETING", "*"};
	static const char hash[] =
	    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	struct task_outcome_effect effect;
	struct task_outcome o = saying("declined");
	struct uuid id;

	ck_assert_int_gt(task_world_plan(), 0);
	id = called();
	o.consents = &withdraws;
	o.nconsents = 1;
	o.recording_sha256 = hash;
	ck_assert_int_eq(end(&id, &o, &effect), STW_INVALID);
	o.recording_ref = "rec-1";
	ck_ok(end(&id, &o, &effect));
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM outcome o JOIN consent_event e "
			      "USING (bucket, customer_id) WHERE e.action = 'withdraw' "
			      "AND e.evidence = o.recording_ref AND length("
			      "o.recording_sha256) = 32"),
	    1);
}
END_TEST

START_TEST(an_outcome_of_a_task_that_was_lost_is_refused)
{
	struct task_outcome_effect effect;
	struct task_outcome o = saying("declined");
	struct task_view view;
	struct uuid id;

	ck_assert_int_gt(task_world_plan(), 0);
	id = called();
	ck_ok(task_get(tw.db, &id, NOW, &tw_arena, &view, &tw_err));
	o.fence = view.fence + 1;
	ck_assert_int_eq(end(&id, &o, &effect), STW_CONFLICT);
	o.fence = view.fence;
	ck_ok(end(&id, &o, &effect));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("disposition");
	TCase *tc = tcase_create("dispositions");
	SRunner *runner;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	test_cluster_start();
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, task_world_setup, task_world_teardown);
	tcase_add_test(tc, the_shipped_words_hold_no_contradiction);
	tcase_add_test(tc, a_word_is_changed_and_the_change_is_in_the_ledger);
	tcase_add_test(tc, a_retired_word_ends_nothing_any_more);
	tcase_add_test(tc, suspected_fraud_holds_the_customer_and_opens_an_incident);
	tcase_add_test(tc, a_refusal_is_told_by_its_flag_and_by_the_flags_of_its_time);
	tcase_add_test(tc, what_was_said_of_consent_is_recorded_with_the_outcome);
	tcase_add_test(tc, an_outcome_of_a_task_that_was_lost_is_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
