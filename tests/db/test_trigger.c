/* Triggers: each time it happens a campaign takes a customer up once, whatever is planned
 * again; what happened before its activation or too long ago does not count. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "campaigns/campaign_store.h"
#include "campaigns/plan_store.h"
#include "campaigns/setup_store.h"
#include "campaigns/task_store.h"
#include "campaigns/trigger_store.h"
#include "segments/book_store.h"
#include "segments/segment_store.h"
#include "segments/tick_store.h"
#include "tests/lib/cluster.h"

/* Monday 2026-11-23, 10:00 in Shanghai. */
#define NOW INT64_C(1795399200000000)
#define DAY STW_USEC_DAY

static struct test_db t;
static struct arena arena;
static struct stw_err err;
static struct seal_keys *keys;
static struct ruleset *rules;

/* Eight customers with a mobile, full consent and a deposit that ends in three days. */
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
    "SELECT b(n), n, n, 'mobile', '\\x00', sha256(('p' || n)::bytea), "
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
    "  FROM generate_series(1, 8) AS n;";

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
	db_keys_set(t.db, keys);
	ck_assert_int_eq(unlink(path), 0);
	ck_ok(setup_demo(t.db, keys, &options, &arena, &result, &err));
	test_db_tamper(&t, "UPDATE campaign SET state = 'ended'");
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

/* One tick, and perhaps the planning after it; the audience of the one active campaign. */
static int64_t
tick(stw_usec now, bool plan)
{
	struct segments_tick_result result;
	struct plan_result planned = {0};
	struct book_parts parts;
	struct book *book;

	ck_ok(book_load(t.db, now, NULL, &book, &err));
	parts = book_parts_of(book);
	ck_ok(segments_tick(t.db, &parts, NULL, now, NULL, &result, &err));
	const struct plan_options options = {.now = now, .segments = &result.hosts};
	if (plan)
		ck_ok(plan_run(t.db, &parts, rules, &options, &arena, &planned, &err));
	segments_tick_fini(&result);
	book_free(book);
	return planned.nruns == 0 ? -1 : planned.runs[0].audience;
}

static int64_t
already(void)
{
	return number("SELECT coalesce(sum(r.count), 0) FROM campaign_run_reason AS r "
		      "WHERE r.fate = 'already' AND r.run_id = (SELECT run_id FROM "
		      "campaign_run ORDER BY as_of DESC LIMIT 1)");
}

static const struct rule_env *
env_of(struct book **book, struct segment_host *host)
{
	ck_ok(book_load_blank(t.db, NOW, book, &err));
	ck_ok(segment_store_host(t.db, *book, &arena, host, &err));
	return book_env(*book, &arena, segment_known, host);
}

static enum stw_code
create(const char *trigger)
{
	static const char form[] =
	    "{\"code\": \"on_entry\", \"name\": {\"zh\": \"进入\", \"en\": \"entry\"}, "
	    "\"purpose\": \"MARKETING\", \"audience\": \"!customer.deceased\", "
	    "\"trigger\": %s, \"step\": {\"code\": \"call\", \"channel\": \"VOICE\", "
	    "\"handler\": \"agent\", \"queue\": \"wealth-remote\", \"number_pool\": "
	    "\"province-out\", \"script\": \"retention_care\", \"valid_days\": 30}}";
	struct segment_host host;
	struct campaign_row row;
	struct book *book;
	const struct rule_env *env = env_of(&book, &host);
	const char *text;
	enum stw_code rc;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	text = arena_printf(&arena, form, trigger);
#pragma GCC diagnostic pop
	rc = campaign_create(
	    t.db, str_of(text), env, "ann", NULL, NOW, &arena, &row, &err);
	segment_host_fini(&host);
	book_free(book);
	return rc;
}

static void
start(const char *trigger, stw_usec at)
{
	ck_ok(create(trigger));
	ck_ok(campaign_approve(t.db, "on_entry", 1, "bob", at, &err));
	ck_ok(campaign_activate(t.db, "on_entry", "ann", at, &err));
}

static void
gold_segment(void)
{
	const struct segment_def def = {.code = "gold",
	    .name_zh = "x",
	    .name_en = "x",
	    .rule = "customer.tier == \"gold\""};
	int version;

	ck_ok(segment_store_save(t.db, &def, "ann", NOW, &version, &err));
}

static void
gold(const char *where, bool in)
{
	test_db_tamper(
	    &t, arena_printf(&arena, "UPDATE customer SET tier = %s WHERE %s",
		    in ? "'gold'" : "NULL", where));
}

#define ENTERED \
	"{\"on\": \"segment_entered\", \"segment\": \"gold\", \"within_days\": 5}"

START_TEST(an_entry_starts_it_once)
{
	gold_segment();
	start(ENTERED, NOW);
	ck_assert_int_eq(tick(NOW, true), 0);
	gold("customer_id <= 2", true);
	ck_assert_int_eq(tick(NOW + STW_USEC_MIN, true), 2);
	ck_assert_int_eq(already(), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM task"), 2);
	ck_assert_int_eq(number("SELECT count(*) FROM enrolment WHERE occurrence = "
				"'segment_entered gold 2026-11-23T02:01:00Z'"),
	    2);
	/* Planned again, in the same tick and later: the same entry. */
	ck_assert_int_eq(tick(NOW + STW_USEC_MIN, true), 2);
	ck_assert_int_eq(number("SELECT count(*) FROM task"), 2);
	ck_assert_int_eq(tick(NOW + STW_USEC_HOUR, true), 2);
	ck_assert_int_eq(already(), 2);
	ck_assert_int_eq(number("SELECT count(*) FROM task"), 2);
	/* Another entry is another occurrence. */
	gold("customer_id = 1", false);
	ck_assert_int_eq(tick(NOW + DAY, true), 1);
	gold("customer_id = 1", true);
	ck_assert_int_eq(tick(NOW + 2 * DAY, true), 2);
	ck_assert_int_eq(already(), 1);
	/* It counts for five days. */
	ck_assert_int_eq(tick(NOW + 5 * DAY + STW_USEC_MIN, true), 2);
	ck_assert_int_eq(tick(NOW + 5 * DAY + 2 * STW_USEC_MIN, true), 1);
}
END_TEST

START_TEST(what_was_before_the_activation_does_not_count)
{
	gold_segment();
	gold("customer_id <= 3", true);
	ck_assert_int_eq(tick(NOW, false), -1);
	start(ENTERED, NOW + 1);
	ck_assert_int_eq(tick(NOW + STW_USEC_MIN, true), 0);
	gold("customer_id = 4", true);
	ck_assert_int_eq(tick(NOW + 2 * STW_USEC_MIN, true), 1);
	/* While it was paused somebody entered: not taken up afterwards. */
	ck_ok(campaign_pause(t.db, "on_entry", "ann", NOW + 3 * STW_USEC_MIN, &err));
	gold("customer_id = 5", true);
	ck_assert_int_eq(tick(NOW + 4 * STW_USEC_MIN, true), -1);
	ck_ok(campaign_activate(t.db, "on_entry", "ann", NOW + 5 * STW_USEC_MIN, &err));
	ck_assert_int_eq(tick(NOW + 6 * STW_USEC_MIN, true), 0);
	/* Activated again while it is active: nothing begins anew. */
	gold("customer_id = 6", true);
	ck_assert_int_eq(tick(NOW + 7 * STW_USEC_MIN, false), -1);
	ck_ok(campaign_activate(t.db, "on_entry", "ann", NOW + 8 * STW_USEC_MIN, &err));
	ck_assert_int_eq(tick(NOW + 9 * STW_USEC_MIN, true), 1);
}
END_TEST

START_TEST(whoever_left_is_another_story)
{
	gold_segment();
	start("{\"on\": \"segment_left\", \"segment\": \"gold\"}", NOW);
	gold("customer_id <= 3", true);
	ck_assert_int_eq(tick(NOW, true), 0);
	gold("customer_id <= 2", false);
	ck_assert_int_eq(tick(NOW + STW_USEC_HOUR, true), 2);
	ck_assert_int_eq(number("SELECT count(*) FROM task"), 2);
	/* One is back. */
	gold("customer_id = 1", true);
	ck_assert_int_eq(tick(NOW + 2 * STW_USEC_HOUR, true), 1);
	ck_assert_int_eq(already(), 1);
}
END_TEST

START_TEST(a_stage_that_was_entered_starts_it)
{
	start("{\"on\": \"stage_entered\", \"stage\": \"at_risk\"}", NOW);
	ck_assert_int_eq(tick(NOW, true), 0); /* all are placed, none there */
	test_db_tamper(&t,
	    "INSERT INTO txn VALUES (b(3), 3, 'out', '2026-11-20', 'withdrawal', "
	    "  -90000000, 'CNY', NULL);"
	    "INSERT INTO customer_stage SELECT b(3), 3, 'wealth', 1, 'growing', "
	    "  '2026-01-01' ON CONFLICT (bucket, customer_id, model) DO UPDATE SET "
	    "  stage = 'growing'");
	ck_assert_int_eq(tick(NOW + STW_USEC_HOUR, true), 1);
	ck_assert_int_eq(number("SELECT customer_id FROM enrolment WHERE occurrence = "
				"'stage_entered at_risk 2026-11-23T03:00:00Z'"),
	    3);
	ck_assert_int_eq(tick(NOW + 2 * STW_USEC_HOUR, true), 1);
	ck_assert_int_eq(already(), 1);
}
END_TEST

START_TEST(a_date_that_comes_starts_it)
{
	test_db_tamper(&t,
	    "UPDATE holding SET maturity_on = date '2026-11-24' + customer_id::integer");
	start("{\"on\": \"date\", \"trait\": \"next_maturity_on\", "
	      "\"offset_days\": -3, \"within_days\": 2}",
	    NOW);
	/* Ends on the 25th, 26th, 27th ...: three days before is 22nd (before the
	 * activation), 23rd. */
	ck_assert_int_eq(tick(NOW, true), 1);
	ck_assert_int_eq(number("SELECT customer_id FROM enrolment WHERE occurrence = "
				"'date next_maturity_on 2026-11-26'"),
	    2);
	/* The 24th, and the 23rd as one of two days. */
	ck_assert_int_eq(tick(NOW + DAY, true), 2);
	ck_assert_int_eq(already(), 1);
	ck_assert_int_eq(tick(NOW + 2 * DAY, true), 2);
	ck_assert_int_eq(number("SELECT count(*) FROM enrolment"), 3);
}
END_TEST

START_TEST(an_event_starts_it)
{
	start("{\"on\": \"event\", \"kind\": \"call_me\", \"within_days\": 2}", NOW);
	test_db_tamper(&t, "INSERT INTO interaction VALUES "
			   "(b(1), 1, 'a', '2026-11-23 02:10Z', 'call_me', NULL), "
			   "(b(1), 1, 'b', '2026-11-23 02:20Z', 'call_me', NULL), "
			   "(b(1), 1, 'c', '2026-11-23 02:30Z', 'login', NULL), "
			   "(b(2), 2, 'd', '2026-11-23 01:00Z', 'call_me', NULL), "
			   "(b(3), 3, 'e', '2026-11-23 02:10Z', 'login', NULL)");
	ck_assert_int_eq(tick(NOW + STW_USEC_HOUR, true), 1);
	ck_assert_int_eq(number("SELECT customer_id FROM enrolment WHERE occurrence = "
				"'event call_me 2026-11-23T02:20:00Z'"),
	    1);
	ck_assert_int_eq(tick(NOW + DAY, true), 1);
	ck_assert_int_eq(already(), 1);
	ck_assert_int_eq(tick(NOW + 3 * DAY, true), 0);
}
END_TEST

/* trigger, message */
static const struct {
	const char *trigger, *want;
} wrong[] = {
    {"{\"on\": \"segment_entered\", \"segment\": \"golt\"}", "/trigger/segment: "},
    {"{\"on\": \"stage_entered\", \"stage\": \"matur\"}",
	"/trigger/stage: the lifecycle model wealth has no stage 'matur'; it has prospect"},
    {"{\"on\": \"date\", \"trait\": \"next_maturity\"}", "/trigger/trait: "},
    {"{\"on\": \"date\", \"trait\": \"tier\"}", "/trigger/trait: "},
};

START_TEST(what_is_not_there_is_named)
{
	gold_segment();
	ck_assert_int_eq(create(wrong[_i].trigger), STW_INVALID);
	ck_assert_msg(strstr(err.text, wrong[_i].want) == err.text, "%s", err.text);
	ck_assert_int_eq(err.line, 0);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM campaign WHERE code = 'on_entry'"), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trigger");
	TCase *tc = tcase_create("triggers");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, an_entry_starts_it_once);
	tcase_add_test(tc, what_was_before_the_activation_does_not_count);
	tcase_add_test(tc, whoever_left_is_another_story);
	tcase_add_test(tc, a_stage_that_was_entered_starts_it);
	tcase_add_test(tc, a_date_that_comes_starts_it);
	tcase_add_test(tc, an_event_starts_it);
	tcase_add_loop_test(
	    tc, what_is_not_there_is_named, 0, (int)STW_ARRAY_LEN(wrong));
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
