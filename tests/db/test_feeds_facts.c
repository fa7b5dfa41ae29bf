/* What files and calls tell of customers, products and campaigns turns the rules that ask
 * about it, over the database: when planned and when an agent asks to dial. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/call_record_store.h"
#include "tests/lib/feed_world.h"

#define NOW TASK_NOW

#define ck_ok(call)                                                                \
	do {                                                                       \
		enum stw_code ck_rc = (call);                                      \
		ck_assert_msg(                                                     \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), fw.err.text); \
	} while (0)

static const struct task_desk desk = {.agent = "a_01", .script_version = 1};

/* What is said of every customer: of one, the others would be planned all the same. */
static void
say(const char *sql)
{
	test_db_tamper(&fw.t, sql);
}

static bool
planned(void)
{
	return feed_world_plan() > 0;
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

/* The same answer from the gate of many and, at the dial, from the gate of one. */
static void
ck_denied(const struct task_claim *claim, const char *code)
{
	struct task_permit p;

	feed_world_ask(&claim->task_id, &desk, &p);
	ck_assert_msg(task_permit_says(&p, code), "%s is not said", code);
}

static struct task_permit
ck_granted(const struct task_claim *claim)
{
	struct task_permit p;

	feed_world_ask(&claim->task_id, &desk, &p);
	ck_assert_msg(p.granted, "%s", p.decision.primary);
	return p;
}

static struct task_claim
accepted(void)
{
	ck_assert(planned());
	return feed_world_accepted();
}

/* ---- customers ------------------------------------------------------------------------------ */
#define HOLDER(rating)                                                            \
	"INSERT INTO joint_holder SELECT b(n), n, 'h', " rating ", '2026-01-01' " \
	"  FROM generate_series(1, 8) AS n "                                      \
	"ON CONFLICT (bucket, customer_id, holder_ref) DO UPDATE SET rating = excluded.rating"

START_TEST(of_several_holders_the_lowest_rating_counts)
{
	struct task_claim claim;

	say(HOLDER("NULL"));
	ck_assert(!planned());
	ck_assert_int_gt(reasons("RISK_RATING_MISSING"), 4);
	say(HOLDER("1"));
	ck_assert(!planned());
	ck_assert_int_gt(reasons("SUITABILITY_EXCEEDED"), 4);
	say(HOLDER("5"));
	claim = accepted();
	(void)ck_granted(&claim);
	say(HOLDER("1"));
	ck_denied(&claim, "SUITABILITY_EXCEEDED");
	say(HOLDER("NULL"));
	ck_denied(&claim, "RISK_RATING_MISSING");
	say("DELETE FROM joint_holder");
	(void)ck_granted(&claim);
}
END_TEST

#define HOURS(days, from, until)                                                 \
	"DELETE FROM contact_time;"                                              \
	"INSERT INTO contact_time SELECT b(n), n, " #days ", " #from ", " #until \
	", '2026-01-01' FROM generate_series(1, 8) AS n"

/* It is ten on a Monday. */
START_TEST(hours_that_a_customer_asked_for_are_kept)
{
	struct task_claim claim;
	struct task_permit p;

	say(HOURS(31, 1080, 1200)); /* weekdays, 18:00 to 20:00 */
	ck_assert(!planned());
	ck_assert_int_gt(reasons("CUSTOMER_TIME_PREFERENCE"), 4);
	say(HOURS(1, 600, 601));
	claim = accepted();
	p = ck_granted(&claim);
	ck_assert_int_eq(p.valid_until, NOW + STW_USEC_MIN);
	say(HOURS(1, 540, 600)); /* the end is excluded */
	ck_denied(&claim, "CUSTOMER_TIME_PREFERENCE");
	say(HOURS(126, 540, 1200)); /* all days but Monday */
	ck_denied(&claim, "CUSTOMER_TIME_PREFERENCE");
	say("DELETE FROM contact_time");
	(void)ck_granted(&claim);
}
END_TEST

/* ---- products ------------------------------------------------------------------------------- */
START_TEST(what_is_for_qualified_investors_is_offered_to_them_alone)
{
	struct task_claim claim;

	say("UPDATE product SET qualified_only = true");
	ck_assert(!planned());
	ck_assert_int_gt(reasons("INVESTOR_NOT_QUALIFIED"), 4);
	say("UPDATE customer SET qualified_until = '2026-11-24'");
	claim = accepted();
	(void)ck_granted(&claim);
	say("UPDATE customer SET qualified_until = '2026-11-23'");
	ck_denied(&claim, "INVESTOR_NOT_QUALIFIED");
}
END_TEST

START_TEST(the_least_amount_is_within_declared_means)
{
	struct task_claim claim;

	say("UPDATE product SET min_amount = 1000000");
	ck_assert(!planned());
	ck_assert_int_gt(reasons("AFFORDABILITY_MISMATCH"), 4);
	say("UPDATE customer SET means = 1000000");
	claim = accepted();
	(void)ck_granted(&claim);
	say("UPDATE customer SET means = 999999");
	ck_denied(&claim, "AFFORDABILITY_MISMATCH");
}
END_TEST

#define DOCUMENT(path, value)                                                    \
	"ALTER TABLE campaign_version DISABLE TRIGGER USER;"                     \
	"UPDATE campaign_version SET document = jsonb_set(document, '" path      \
	"', '" value                                                             \
	"') WHERE campaign_id = (SELECT campaign_id FROM campaign WHERE code = " \
	"'maturing_product'); ALTER TABLE campaign_version ENABLE TRIGGER USER"

START_TEST(a_sale_that_needs_sound_and_picture_says_so_an_invitation_does_not)
{
	struct task_claim claim = accepted();
	struct task_permit p = ck_granted(&claim);

	ck_assert(!task_permit_says(&p, "DUAL_RECORDING_REQUIRED"));
	say("UPDATE product SET dual_recording = true");
	ck_denied(&claim, "DUAL_RECORDING_REQUIRED");
	say(DOCUMENT("{stage}", "\"INVITE\""));
	p = ck_granted(&claim);
	ck_assert(!task_permit_says(&p, "DUAL_RECORDING_REQUIRED"));
}
END_TEST

/* ---- abandoned calls ------------------------------------------------------------------------ */
static const char *shown; /* the number that was approved */

/* The task is permitted in earnest, so that the record of a call has something to match. */
static struct task_claim
permitted(struct uuid *permit)
{
	struct task_claim claim = accepted();
	struct task_permit p;

	ck_ok(db_begin(fw.t.db, &fw.err));
	ck_ok(task_permit_desk(
	    fw.t.db, fw.rules, &claim.task_id, &desk, NOW, &fw.arena, &p, &fw.err));
	ck_ok(db_commit(fw.t.db, &fw.err));
	ck_assert_msg(p.granted, "%s", p.decision.primary);
	*permit = p.permit_id;
	shown = p.number;
	/* That call counts for other rules. */
	say("DELETE FROM contact_count");
	return claim;
}

static void
report(const struct uuid *permit, const char *reference, stw_usec at, int abandoned)
{
	const struct call_record r = {.source = "pbx",
	    .reference = reference,
	    .number_sent = shown,
	    .region = "CN",
	    .has_permit = true,
	    .permit_id = *permit,
	    .started_at = at,
	    .duration_sec = 0,
	    .ring_sec = -1,
	    .talk_sec = -1,
	    .answered_by = "human",
	    .abandoned = abandoned};
	struct call_fate fate;

	ck_ok(call_record_put(
	    fw.t.db, fw.keys, fw.rules, &r, NOW, &fw.arena, &fate, &fw.err));
	ck_assert_str_eq(fate.fate, "matched");
}

#define QUIET (72 * STW_USEC_HOUR)

START_TEST(after_an_abandoned_call_no_dialler_calls_the_number)
{
	struct uuid permit;
	struct task_claim claim = permitted(&permit);

	say(DOCUMENT("{step,dial_mode}", "\"progressive\""));
	(void)ck_granted(&claim);
	report(&permit, "c-0", NOW - STW_USEC_MIN, 0);
	report(&permit, "c-1", NOW - QUIET, 1);
	(void)ck_granted(&claim);
	report(&permit, "c-2", NOW - QUIET + 1, 1);
	ck_denied(&claim, "ABANDONED_72H");
	/* A person dials: the rule does not ask. */
	say(DOCUMENT("{step,dial_mode}", "\"preview\""));
	(void)ck_granted(&claim);
}
END_TEST

START_TEST(an_abandoned_call_is_one_to_everybody_of_that_number)
{
	struct uuid permit;
	struct task_claim claim = permitted(&permit), other = feed_world_accepted();

	say(DOCUMENT("{step,dial_mode}", "\"progressive\""));
	report(&permit, "c-1", NOW - STW_USEC_HOUR, 1);
	ck_denied(&claim, "ABANDONED_72H");
	(void)ck_granted(&other);
	say("UPDATE contact_point SET phone_index = (SELECT p.phone_index FROM call_record r "
	    "JOIN task t USING (bucket, task_id) JOIN contact_point p ON "
	    "p.bucket = t.bucket AND p.point_id = t.point_id)");
	ck_denied(&other, "ABANDONED_72H");
}
END_TEST

START_TEST(predictive_dialling_waits_when_too_many_calls_were_abandoned)
{
	struct uuid permit;
	struct task_claim claim = permitted(&permit);

	say(DOCUMENT("{step,dial_mode}", "\"predictive\""));
	/* Long ago, so that the ratio alone speaks. */
	for (int i = 0; i < 3; i++)
		report(&permit, arena_printf(&fw.arena, "a-%d", i), NOW - 2 * QUIET, 1);
	report(&permit, "n-1", NOW - 2 * QUIET, 0);
	report(&permit, "n-1", NOW - 2 * QUIET, 0); /* known already */
	ck_assert_int_eq(
	    feed_world_number(
		"SELECT answered * 10 + abandoned FROM campaign_call_hour"),
	    43);
	(void)ck_granted(&claim);
	say("UPDATE campaign_call_hour SET hour = '2026-11-23T01:00:00Z'");
	ck_denied(&claim, "ABANDON_RATE_EXCEEDED");
	say("UPDATE campaign_call_hour SET answered = 100"); /* 3 % */
	(void)ck_granted(&claim);
	say("UPDATE campaign_call_hour SET answered = 133, abandoned = 4");
	ck_denied(&claim, "ABANDON_RATE_EXCEEDED");
	/* An hour that the window cuts counts whole, one that ended before it not at all. */
	say("UPDATE campaign_call_hour SET hour = '2026-11-22T02:00:00Z'");
	ck_denied(&claim, "ABANDON_RATE_EXCEEDED");
	say("UPDATE campaign_call_hour SET hour = '2026-11-22T01:00:00Z'");
	(void)ck_granted(&claim);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("feeds_facts");
	TCase *tc = tcase_create("facts");

	tcase_add_checked_fixture(tc, feed_world_open, feed_world_close);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, of_several_holders_the_lowest_rating_counts);
	tcase_add_test(tc, hours_that_a_customer_asked_for_are_kept);
	tcase_add_test(tc, what_is_for_qualified_investors_is_offered_to_them_alone);
	tcase_add_test(tc, the_least_amount_is_within_declared_means);
	tcase_add_test(
	    tc, a_sale_that_needs_sound_and_picture_says_so_an_invitation_does_not);
	tcase_add_test(tc, after_an_abandoned_call_no_dialler_calls_the_number);
	tcase_add_test(tc, an_abandoned_call_is_one_to_everybody_of_that_number);
	tcase_add_test(
	    tc, predictive_dialling_waits_when_too_many_calls_were_abandoned);
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
