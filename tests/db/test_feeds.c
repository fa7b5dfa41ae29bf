/* What the bank's other systems report turns the rules of the template cn-feeds, over the
 * database: recorders, assessments, outsourcers, assessments of risk, clips, the network. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/assessment_store.h"
#include "campaigns/compliance/pack_store.h"
#include "campaigns/feed_store.h"
#include "campaigns/number_store.h"
#include "campaigns/outsourcer_store.h"
#include "campaigns/recorder_store.h"
#include "campaigns/risk_assessment_store.h"
#include "tests/lib/feed_world.h"

#define NOW  TASK_NOW
#define HASH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define ck_ok(call)                                                                \
	do {                                                                       \
		enum stw_code ck_rc = (call);                                      \
		ck_assert_msg(                                                     \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), fw.err.text); \
	} while (0)

/* Stores write in their caller's transaction. */
static void
tx_begin(void)
{
	ck_ok(db_begin(fw.t.db, &fw.err));
}

static enum stw_code
tx_end(enum stw_code rc)
{
	if (rc == STW_OK)
		ck_ok(db_commit(fw.t.db, &fw.err));
	else
		db_rollback(fw.t.db);
	return rc;
}
#define TX(call) (tx_begin(), tx_end(call))

static const struct task_desk desk = {.agent = "a_01", .script_version = 1};

/* ---- everything is reported --------------------------------------------------------------- */
static void
activate(void)
{
	struct pack_files files;
	stw_usec since;
	bool added;
	int passed;

	ck_ok(pack_files_embedded("cn-feeds", "1.0.0", &fw.arena, &files, &fw.err));
	ck_ok(pack_store_load(fw.t.db, &files, "ann", NOW, &added, &fw.err));
	ck_ok(pack_store_submit(fw.t.db, "cn-feeds", "1.0.0", STW_USEC_NEVER, "ann",
	    NOW, &passed, &fw.err));
	ck_assert_int_gt(passed, 0);
	ck_ok(pack_store_approve(
	    fw.t.db, "cn-feeds", "1.0.0", "bob", NOW, &since, &fw.err));
	feed_world_rules();
}

static void
record(const char *state, stw_usec at)
{
	ck_ok(TX(
	    recorder_report(fw.t.db, "rec-1", state, NULL, at, "rec-1", NOW, &fw.err)));
}

static void
feed_recorder(void)
{
	static const char *const queues[] = {"wealth-remote"};
	const struct recorder r = {
	    "rec-1", queues, 1, 60, NULL, NULL, 0, 0, NULL, NULL, false};

	ck_ok(TX(recorder_put(fw.t.db, &r, "op", NOW, &fw.err)));
	record("ok", NOW - 30 * STW_USEC_SEC);
}

static void
feed_impact(const char *code, const char *campaign)
{
	const struct assessment a = {.code = code,
	    .kind = "impact",
	    .title = "画像",
	    .document = "doc-1",
	    .sha256 = HASH,
	    .campaigns = &campaign,
	    .ncampaigns = 1,
	    .valid_from = NOW - STW_USEC_DAY,
	    .valid_to = NOW + STW_USEC_DAY};

	ck_ok(TX(assessment_add(fw.t.db, &a, "ann", NOW, &fw.err)));
	ck_ok(TX(assessment_approve(fw.t.db, code, "bob", NOW, &fw.err)));
}

static void
feed_identity(const char *value, stw_usec at)
{
	for (int64_t id = feed_world_number("SELECT max(number_id) FROM caller_number");
	     id > 0; id--) {
		const struct number_observation seen = {.number_id = id,
		    .kind = "identity",
		    .value = value,
		    .score = -1,
		    .at = at,
		    .actor = "carrier"};

		ck_ok(number_observe(fw.t.db, &seen, NOW, &fw.err));
	}
}

/* June 1st is the day of the rating of all customers. */
static void
assess(int n, const char *ref, stw_usec at, bool staff)
{
	const struct risk_assessment a = {.reference = ref,
	    .assessed_at = at,
	    .rating = 4,
	    .questionnaire = "q7",
	    .staff_device = staff,
	    .self_completed = true};
	bool known;
	int bucket = (int)feed_world_number(arena_printf(&fw.arena, "SELECT b(%d)", n));

	ck_ok(risk_assessment_add(fw.t.db, bucket, n, &a, "crm", NOW, &known, &fw.err));
}

#define RATED (INT64_C(1780279200000000)) /* 2026-06-01T02:00:00Z */

static void
feed_all(void)
{
	activate();
	feed_recorder();
	feed_impact("PIA-1", "maturing_product");
	feed_identity("ok", NOW - STW_USEC_DAY);
	for (int n = 1; n <= 8; n++)
		assess(n, "r1", RATED, false);
}

static int64_t
reasons(const char *code)
{
	return feed_world_number(arena_printf(&fw.arena,
	    "SELECT coalesce(sum(r.count), 0) FROM campaign_run_reason r "
	    "JOIN campaign_run USING (run_id) JOIN campaign USING (campaign_id) "
	    "WHERE campaign.code = 'maturing_product' AND r.code = '%s'",
	    code));
}

START_TEST(with_everything_reported_the_whole_way_is_open)
{
	struct task_claim claim;
	struct task_permit p;

	feed_all();
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_accepted();
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert_msg(p.granted, "%s", p.decision.primary);
}
END_TEST

/* ---- planning: CF-01 and CF-04 -------------------------------------------------------------- */
START_TEST(without_an_impact_assessment_in_force_nothing_is_planned)
{
	feed_all();
	ck_ok(TX(assessment_withdraw(
	    fw.t.db, "PIA-1", "another model", "bob", NOW, &fw.err)));
	/* Of another campaign, over, not yet begun, and the author's own word. */
	feed_impact("PIA-2", "idle_cash");
	feed_impact("PIA-3", "maturing_product");
	feed_impact("PIA-4", "maturing_product");
	test_db_tamper(&fw.t,
	    "ALTER TABLE assessment DISABLE TRIGGER USER;"
	    "UPDATE assessment SET valid_from = '2025-01-01', valid_to = "
	    "'2026-11-23T02:00:00Z' WHERE code = 'PIA-3';"
	    "UPDATE assessment SET valid_from = '2026-11-23T02:00:00.000001Z' WHERE code = "
	    "'PIA-4'; ALTER TABLE assessment ENABLE TRIGGER USER");
	ck_assert_int_eq(feed_world_plan(), 0);
	ck_assert_int_gt(reasons("CAMPAIGN_NOT_APPROVED"), 4);
	ck_assert_int_eq(TX(assessment_approve(fw.t.db, "PIA-2", "cat", NOW, &fw.err)),
	    STW_CONFLICT);
	feed_impact("PIA-5", "maturing_product");
	ck_assert_int_gt(feed_world_plan(), 4);
}
END_TEST

START_TEST(a_rating_nobody_knows_the_making_of_is_not_relied_on)
{
	feed_all();
	test_db_tamper(&fw.t, "DELETE FROM risk_assessment");
	ck_assert_int_eq(feed_world_plan(), 0);
	ck_assert_int_gt(reasons("RISK_RATING_INVALID"), 4);
	for (int n = 1; n <= 8; n++)
		assess(n, "r1", RATED, false);
	ck_assert_int_gt(feed_world_plan(), 4);
}
END_TEST

START_TEST(assessed_too_often_or_by_staff_is_invalid)
{
	struct task_claim claim;
	struct task_permit p;
	int customer;

	feed_all();
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_accepted();
	customer = (int)feed_world_number(
	    "SELECT customer_id FROM task WHERE state = 'accepted'");
	/* The second of the day is allowed, the third is one too many. */
	assess(customer, "r2", RATED + STW_USEC_MIN, false);
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert_msg(p.granted, "%s", p.decision.primary);
	assess(customer, "r3", RATED + 2 * STW_USEC_MIN, false);
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(task_permit_says(&p, "RISK_RATING_INVALID"));
	test_db_tamper(
	    &fw.t, "DELETE FROM risk_assessment WHERE assessment_ref = 'r3'");
	/* Eight in the twelve months up to it, and one of the year before that. */
	for (int i = 0; i < 6; i++)
		assess(customer, arena_printf(&fw.arena, "y%d", i),
		    RATED - (i + 1) * 30 * STW_USEC_DAY, false);
	assess(customer, "old", RATED - 366 * STW_USEC_DAY, false);
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert_msg(p.granted, "%s", p.decision.primary);
	assess(customer, "y6", RATED - 200 * STW_USEC_DAY, false);
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(task_permit_says(&p, "RISK_RATING_INVALID"));
	test_db_tamper(
	    &fw.t, "DELETE FROM risk_assessment WHERE assessment_ref <> 'r1'");
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(p.granted);
	assess(customer, "staff", RATED + STW_USEC_HOUR, true);
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(task_permit_says(&p, "RISK_RATING_INVALID"));
}
END_TEST

/* ---- the dial permit: CF-02, CF-03, CF-05, CF-06, CF-07 --------------------------------------- */
START_TEST(the_recorder_has_to_say_that_it_records)
{
	struct task_claim claim;
	struct task_permit p;

	feed_all();
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_accepted();
	record("failed", NOW - STW_USEC_SEC);
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(task_permit_says(&p, "RECORDING_UNAVAILABLE"));
	/* What was said earlier arrives late. */
	record("ok", NOW - 2 * STW_USEC_SEC);
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(task_permit_says(&p, "RECORDING_UNAVAILABLE"));
	record("ok", NOW);
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert_msg(p.granted, "%s", p.decision.primary);
	/* Silent for as long as it was given. */
	test_db_tamper(
	    &fw.t, "UPDATE recorder SET reported_at = '2026-11-23T01:59:00Z'");
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(task_permit_says(&p, "RECORDING_UNAVAILABLE"));
	test_db_tamper(
	    &fw.t, "UPDATE recorder SET reported_at = '2026-11-23T01:59:00.000001Z'");
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert_msg(p.granted, "%s", p.decision.primary);
	/* It records another queue. */
	test_db_tamper(&fw.t, "UPDATE recorder SET queues = '{elsewhere}'");
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(task_permit_says(&p, "RECORDING_UNAVAILABLE"));
	test_db_tamper(&fw.t, "UPDATE recorder SET queues = '{}'");
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(p.granted);
	ck_assert_int_eq(
	    feed_world_number(
		"SELECT count(*) FROM ledger_outbox WHERE kind = 'recorder'"),
	    4); /* defined, ok, failed, ok: the same word again is none */
}
END_TEST

START_TEST(what_is_on_the_screen_has_to_be_what_was_approved)
{
	const struct task_desk silent = {.agent = "a_01"};
	const struct task_desk other = {.agent = "a_01", .script_version = 2};
	struct task_claim claim;
	struct task_permit p;

	feed_all();
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_accepted();
	feed_world_ask(&claim.task_id, &silent, &p);
	ck_assert(task_permit_says(&p, "SCRIPT_NOT_APPROVED"));
	feed_world_ask(&claim.task_id, &other, &p);
	ck_assert(task_permit_says(&p, "SCRIPT_NOT_APPROVED"));
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert_msg(p.granted, "%s", p.decision.primary);
}
END_TEST

START_TEST(the_network_has_to_say_the_number_we_dial_with)
{
	struct task_desk shows = desk;
	struct task_claim claim;
	struct task_permit p;

	feed_all();
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_accepted();
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert_msg(p.granted, "%s", p.decision.primary);
	shows.number = p.number;
	feed_world_ask(&claim.task_id, &shows, &p);
	ck_assert(p.granted);
	shows.number = "02155559999";
	feed_world_ask(&claim.task_id, &shows, &p);
	ck_assert(task_permit_says(&p, "NUMBER_NOT_REGISTERED"));
	feed_identity("failed", NOW);
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(task_permit_says(&p, "NUMBER_NOT_REGISTERED"));
	test_db_tamper(&fw.t,
	    "UPDATE caller_number SET identity_failed_at = NULL, identity_ok_at = "
	    "'2026-10-24T02:00:00Z'"); /* thirty days to the microsecond */
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(task_permit_says(&p, "NUMBER_NOT_REGISTERED"));
	test_db_tamper(&fw.t,
	    "UPDATE caller_number SET identity_ok_at = '2026-10-24T02:00:00.000001Z'");
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert_msg(p.granted, "%s", p.decision.primary);
}
END_TEST

START_TEST(the_way_back_has_to_have_been_tested_lately)
{
	struct task_claim claim;
	struct task_permit p;

	feed_all();
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_accepted();
	test_db_tamper(
	    &fw.t, "UPDATE caller_number SET callback_ok_at = '2026-10-01T00:00:00Z'");
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(task_permit_says(&p, "CLI_NOT_CALLABLE"));
	test_db_tamper(
	    &fw.t, "UPDATE caller_number SET callback_ok_at = '2026-11-20T00:00:00Z'");
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert_msg(p.granted, "%s", p.decision.primary);
}
END_TEST

/* A robot's voice is a synthetic one. The task is handed to a robot behind the gate's back:
 * other rules speak as well. */
START_TEST(a_robot_has_the_clip_of_its_label)
{
	struct task_claim claim;
	struct task_permit p;

	feed_all();
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_accepted();
	test_db_tamper(&fw.t,
	    "UPDATE task SET handler = 'robot';"
	    "UPDATE script SET body = body || 'AI语音' WHERE code = 'maturity_care'");
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(task_permit_says(&p, "AI_DISCLOSURE_MISSING"));
	ck_assert_int_eq(TX(script_clip_put(fw.t.db, "maturity_care", 7, "c-1", HASH,
			     "op", NOW, &fw.err)),
	    STW_NOT_FOUND);
	ck_assert_int_eq(TX(script_clip_put(fw.t.db, "maturity_care", 1, "c-1", NULL,
			     "op", NOW, &fw.err)),
	    STW_INVALID);
	ck_ok(TX(script_clip_put(
	    fw.t.db, "maturity_care", 1, "c-1", HASH, "op", NOW, &fw.err)));
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(!task_permit_says(&p, "AI_DISCLOSURE_MISSING"));
	ck_ok(TX(script_clip_put(
	    fw.t.db, "maturity_care", 1, NULL, NULL, "op", NOW, &fw.err)));
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(task_permit_says(&p, "AI_DISCLOSURE_MISSING"));
}
END_TEST

/* ---- whose staff: CN-30, of the pack cn -------------------------------------------------------- */
START_TEST(an_outsourcers_agent_needs_its_mandate)
{
	static const char *const staff[] = {"a_01"}, *const nobody[] = {"a_99"};
	struct outsourcer o = {.code = "callco",
	    .name = "外呼公司",
	    .mandate_from = STW_USEC_NEVER,
	    .mandate_until = STW_USEC_NEVER};
	struct task_claim claim;
	struct task_permit p;

	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_accepted();
	o.agents = nobody;
	o.nagents = 1;
	ck_assert_int_eq(
	    TX(outsourcer_put(fw.t.db, &o, "cat", NOW, &fw.err)), STW_NOT_FOUND);
	o.agents = staff;
	ck_ok(TX(outsourcer_put(fw.t.db, &o, "cat", NOW, &fw.err)));
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert(task_permit_says(&p, "OUTSOURCER_NOT_AUTHORISED"));
	o.mandate = "M-1";
	o.sha256 = HASH;
	o.mandate_from = NOW;
	ck_assert_int_eq(
	    TX(outsourcer_put(fw.t.db, &o, "cat", NOW, &fw.err)), STW_INVALID);
	o.mandate_until = NOW + STW_USEC_MIN;
	ck_ok(TX(outsourcer_put(fw.t.db, &o, "cat", NOW, &fw.err)));
	feed_world_ask(&claim.task_id, &desk, &p);
	ck_assert_msg(p.granted, "%s", p.decision.primary);
	ck_assert_int_eq(p.valid_until, o.mandate_until);
	o.mandate_from = NOW - STW_USEC_DAY;
	o.mandate_until = NOW;
	ck_ok(TX(outsourcer_put(fw.t.db, &o, "cat", NOW, &fw.err)));
	ck_ok(db_begin(fw.t.db, &fw.err));
	ck_ok(task_permit_desk(
	    fw.t.db, fw.rules, &claim.task_id, &desk, NOW, &fw.arena, &p, &fw.err));
	ck_ok(db_commit(fw.t.db, &fw.err));
	ck_assert(task_permit_says(&p, "OUTSOURCER_NOT_AUTHORISED"));
	/* Others may have the task. */
	ck_assert_int_eq(
	    feed_world_number("SELECT count(*) FROM task WHERE state = 'queued'"), 1);
}
END_TEST

START_TEST(assessments_are_never_changed_or_deleted)
{
	struct db_rows *rows = NULL;
	const struct db_param params[] = {
	    db_text("PIA-1"), db_text("bob"), db_usec(NOW), db_text("again")};

	feed_impact("PIA-1", "maturing_product");
	ck_ok(TX(assessment_withdraw(fw.t.db, "PIA-1", "why", "bob", NOW, &fw.err)));
	ck_ok(db_query(fw.t.db, DB_Q_ASSESSMENT_WITHDRAW, params, DB_NPARAMS(params),
	    &rows, &fw.err));
	ck_assert_int_eq(db_rows_count(rows), 0);
	db_rows_free(rows);
	ck_assert_int_eq(
	    db_script(fw.t.db, "DELETE FROM assessment", &fw.err), STW_DENIED);
	ck_assert_int_eq(
	    db_script(fw.t.db, "UPDATE assessment SET title = 'x'", &fw.err),
	    STW_DENIED);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("feeds");
	TCase *tc = tcase_create("feeds");

	tcase_add_checked_fixture(tc, feed_world_open, feed_world_close);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, with_everything_reported_the_whole_way_is_open);
	tcase_add_test(tc, without_an_impact_assessment_in_force_nothing_is_planned);
	tcase_add_test(tc, a_rating_nobody_knows_the_making_of_is_not_relied_on);
	tcase_add_test(tc, assessed_too_often_or_by_staff_is_invalid);
	tcase_add_test(tc, the_recorder_has_to_say_that_it_records);
	tcase_add_test(tc, what_is_on_the_screen_has_to_be_what_was_approved);
	tcase_add_test(tc, the_network_has_to_say_the_number_we_dial_with);
	tcase_add_test(tc, the_way_back_has_to_have_been_tested_lately);
	tcase_add_test(tc, a_robot_has_the_clip_of_its_label);
	tcase_add_test(tc, an_outsourcers_agent_needs_its_mandate);
	tcase_add_test(tc, assessments_are_never_changed_or_deleted);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	SRunner *runner;
	int failed;

	test_cluster_start();
	runner = srunner_create(suite());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
