/* A registry is asked about a number before its contact: what goes over the wire, what is kept,
 * and what the gate says when no sound answer comes. */
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <sodium.h>

#include "api/push/registry_ask.h"
#include "campaigns/compliance/pack_store.h"
#include "campaigns/registry_query_store.h"
#include "engine/log.h"
#include "tests/lib/feed_world.h"
#include "tests/lib/registry_stub.h"

#define NOW TASK_NOW

#define ck_ok(call)                                                                \
	do {                                                                       \
		enum stw_code ck_rc = (call);                                      \
		ck_assert_msg(                                                     \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), fw.err.text); \
	} while (0)

static struct egress egress;
static const char *url;

/* A rule of the house: a number is not dialled on a word older than a day, unless the
 * registry's service is there. */
static const char pack[] =
    "{\"pack\": \"zz-reg\", \"version\": \"1.0.0\", \"name\": {\"zh\": \"册\", \"en\": "
    "\"register\"}, \"zone\": \"Asia/Shanghai\", \"rules\": [{\"id\": \"ZZ-01\", \"kind\": "
    "\"registry_scrub\", \"layer\": \"law\", \"effective\": [null, null], \"applies\": "
    "\"true\", \"params\": {\"register\": \"CN-DNC\", \"check\": \"service\", \"days\": 1, "
    "\"recheck_hours\": 1}, \"gates\": [\"D\", \"C\"], \"reason\": "
    "\"REGISTRY_UNAVAILABLE\", \"outcome\": \"DEFER\", \"text\": {\"zh\": \"文\", \"en\": "
    "\"text\"}, \"cite\": {\"text\": \"t\", \"source\": \"-\", \"grade\": \"D\", "
    "\"checked\": \"2026-11-23\"}}]}";
static const char pack_tests[] =
    "{\"name\": \"never asked\", \"facts\": {}, \"checkpoint\": \"D\", \"want\": {\"outcome\": "
    "\"DEFER\", \"codes\": [\"REGISTRY_UNAVAILABLE\"]}}\n";

static void
activate(void)
{
	struct pack_files files = {.id = "zz-reg", .version = "1.0.0"};
	stw_usec since;
	bool added;
	int passed;

	ck_ok(pack_files_add(&files, "pack.json", str_of(pack), &fw.err));
	ck_ok(pack_files_add(&files, "tests.jsonl", str_of(pack_tests), &fw.err));
	ck_ok(pack_files_add(&files, "SOURCES.md", str_of("# S\n"), &fw.err));
	ck_ok(pack_files_finish(&files, &fw.err));
	ck_ok(pack_store_load(fw.t.db, &files, "ann", NOW, &added, &fw.err));
	ck_ok(pack_store_submit(
	    fw.t.db, "zz-reg", "1.0.0", STW_USEC_NEVER, "ann", NOW, &passed, &fw.err));
	ck_ok(pack_store_approve(
	    fw.t.db, "zz-reg", "1.0.0", "bob", NOW, &since, &fw.err));
	feed_world_rules();
}

static void
define(const char *form, int timeout_ms)
{
	const struct registry r = {.code = "CN-DNC",
	    .kind = "do_not_call",
	    .country = "CN",
	    .name_zh = "谢绝来电",
	    .name_en = "no calls",
	    .freshness_days = 1};
	const struct registry_query q = {.registry = "CN-DNC",
	    .url = url,
	    .secret = "s3cret",
	    .number_form = form,
	    .timeout_ms = timeout_ms,
	    .per_second = 100,
	    .enabled = true};

	ck_ok(db_begin(fw.t.db, &fw.err));
	ck_ok(registry_put(fw.t.db, &r, "cat", NOW, &fw.err));
	ck_ok(registry_query_put(fw.t.db, fw.keys, &q, "cat", NOW, &fw.err));
	ck_ok(db_commit(fw.t.db, &fw.err));
}

static void
setup(void)
{
	log_set_level(LOG_ERROR);
	ck_assert_int_eq(egress_parse(STR_LIT("127.0.0.0/8"), &egress, NULL), STW_OK);
	feed_world_open();
	registry_stub_start(&url);
}

static void
teardown(void)
{
	registry_stub_stop();
	feed_world_close();
}

static void
ask(const struct task_claim *claim, const char *agent)
{
	registry_ask(fw.t.db, fw.keys, &egress, &claim->task_id, 1, agent, NOW);
}

/* Its failure is forgotten. */
static void
rested(void)
{
	test_db_tamper(&fw.t, "UPDATE registry_query SET wait_until = '-infinity'");
}

static const char *
phone_of(const struct task_claim *claim)
{
	char id[UUID_TEXT];

	return feed_world_phone((int)feed_world_number(
	    arena_printf(&fw.arena, "SELECT customer_id FROM task WHERE task_id = '%s'",
		uuid_format(&claim->task_id, id))));
}

static int64_t
results(const char *answer)
{
	return feed_world_number(arena_printf(&fw.arena,
	    "SELECT count(*) FROM registry_result WHERE registry = 'CN-DNC' AND answer = "
	    "'%s' AND obtained_at = '2026-11-23T02:00:00Z'",
	    answer));
}

static struct db *watcher;
static int open_transactions;

/* As seen from outside, while the registry takes its time. */
static void
watch(void)
{
	static const char sql[] =
	    "DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = "
	    "current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL) "
	    "THEN RAISE EXCEPTION 'open'; END IF; END $$";
	struct stw_err err;

	if (db_script(watcher, sql, &err) != STW_OK)
		open_transactions++;
}

START_TEST(a_listed_number_is_found_and_asked_for_once)
{
	struct task_claim claim;

	define("e164", 2000);
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_claim();
	watcher = test_db_connect(&fw.t);
	open_transactions = 0;
	registry_stub_watch(watch);
	registry_stub_set(200, "",
	    "{\"answer\":\"listed\",\"listed_on\":\"2026-10-01\",\"version\":\"L-7\"}");
	ask(&claim, NULL);
	ck_assert_int_eq(registry_stub_asked(), 1);
	ck_assert_int_eq(open_transactions, 0);
	ck_assert_int_eq(results("listed"), 1);
	ck_assert_int_eq(
	    feed_world_number("SELECT count(*) FROM registry_result WHERE reference = "
			      "'L-7' AND listed_on = '2026-10-01'"),
	    1);
	ask(&claim, NULL);
	ck_assert_int_eq(registry_stub_asked(), 1);
	ck_assert_int_eq(feed_world_gate(&claim), TASK_GATE_BLOCKED);
	ck_assert_int_eq(
	    feed_world_number(
		"SELECT count(*) FROM decision WHERE 'DNC_REGISTRY' = primary_code"),
	    1);
	db_close(watcher);
}
END_TEST

START_TEST(the_number_is_in_the_body_as_the_registry_wants_it)
{
	static const char *const forms[] = {"e164", "sha256", "hmac_sha256"};
	unsigned char hash[32];
	crypto_auth_hmacsha256_state mac;
	char hexed[65];
	struct task_claim claim;
	const char *phone, *request, *body, *wanted;

	define(forms[_i], 2000);
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_claim();
	phone = phone_of(&claim);
	ask(&claim, NULL);
	ck_assert_int_eq(results("not_listed"), 1);
	request = registry_stub_request();
	body = strstr(request, "\r\n\r\n");
	ck_assert_ptr_nonnull(body);
	ck_assert_int_eq(strncmp(request, "POST /lookup HTTP/1.1\r\n", 23), 0);
	crypto_hash_sha256(hash, (const unsigned char *)phone, strlen(phone));
	if (_i == 2) {
		crypto_auth_hmacsha256_init(&mac, (const unsigned char *)"s3cret", 6);
		crypto_auth_hmacsha256_update(
		    &mac, (const unsigned char *)phone, strlen(phone));
		crypto_auth_hmacsha256_final(&mac, hash);
	}
	wanted =
	    _i == 0 ? phone : sodium_bin2hex(hexed, sizeof hexed, hash, sizeof hash);
	ck_assert_ptr_nonnull(strstr(body, wanted));
	ck_assert((strstr(body, phone) != NULL) == (_i == 0));
	ck_assert(
	    (strstr(request, "Authorization: Bearer s3cret") != NULL) == (_i < 2));
	ck_assert_int_eq(feed_world_gate(&claim), TASK_GATE_SEND);
	/* Sealed in the database, and in no entry of the ledger. */
	ck_assert_int_eq(
	    feed_world_number(
		"SELECT (SELECT count(*) FROM registry_query WHERE position("
		"'s3cret'::bytea IN secret_sealed) > 0) + (SELECT count(*) FROM "
		"ledger_outbox WHERE position('s3cret'::bytea IN entry) > 0 OR "
		"position('13800000'::bytea IN entry) > 0)"),
	    0);
}
END_TEST

/* As dispatch asks: its other work goes on, whatever the registry does. */
START_TEST(who_has_other_work_does_not_wait_for_a_registry_that_says_nothing)
{
	struct registry_asker *asker;
	struct http_client *client;
	struct registry_ask *ask;
	struct task_claim claim;
	stw_usec began, rounds = 0;

	define("e164", 1000);
	activate();
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_claim();
	registry_stub_set(0, "", "");
	ck_ok(http_open(&egress, 4, &client, &fw.err));
	asker = registry_asker_new(fw.t.db, fw.keys, client, 2);
	began = stw_monotonic();
	ask = registry_ask_begin(asker, &claim.task_id, 1, NULL, NOW);
	ck_assert_ptr_nonnull(ask);
	ck_assert(!registry_ask_is_over(ask));
	ck_assert_int_lt(stw_monotonic() - began, STW_USEC_SEC / 2);
	for (; !registry_ask_is_over(ask); rounds++) {
		registry_asker_work(asker);
		ck_ok(http_poll(client, 20, &fw.err));
	}
	ck_assert_int_gt(rounds, 5);
	ck_assert_int_lt(stw_monotonic() - began, 5 * STW_USEC_SEC);
	registry_ask_end(asker, ask, NOW);
	ck_assert_int_eq(
	    feed_world_number("SELECT count(*) FROM registry_query WHERE wait_until > "
			      "clock_timestamp() + interval '5 seconds'"),
	    1);
	/* It rests: nothing is asked. */
	ck_assert_ptr_null(registry_ask_begin(asker, &claim.task_id, 1, NULL, NOW));
	ck_assert_int_eq(feed_world_gate(&claim), TASK_GATE_DEFERRED);
	http_close(client);
	registry_asker_free(asker);
}
END_TEST

START_TEST(an_ask_nobody_ends_goes_with_its_asker)
{
	struct registry_asker *asker;
	struct http_client *client;
	struct task_claim claim;

	define("e164", 1000);
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_claim();
	registry_stub_set(0, "", "");
	ck_ok(http_open(&egress, 4, &client, &fw.err));
	asker = registry_asker_new(fw.t.db, fw.keys, client, 2);
	ck_assert_ptr_nonnull(registry_ask_begin(asker, &claim.task_id, 1, NULL, NOW));
	http_close(client);
	registry_asker_free(asker);
	ck_assert_int_eq(results("not_listed"), 0);
}
END_TEST

static const struct {
	const char *what;
	int status;
	const char *extra, *body;
} bad[] = {
    {"says nothing", 0, "", ""},
    {"no JSON", 200, "", "<html>maintenance</html>"},
    {"a list", 200, "", "[\"listed\"]"},
    {"a word of the other kind", 200, "", "{\"answer\":\"reassigned\"}"},
    {"no answer in it", 200, "", "{\"listed\":false}"},
    {"a member twice", 200, "", "{\"answer\":\"listed\",\"answer\":\"not_listed\"}"},
    {"a day that is none", 200, "", "{\"answer\":\"listed\",\"listed_on\":\"soon\"}"},
    {"a version that is no text", 200, "", "{\"answer\":\"listed\",\"version\":7}"},
    {"broken", 500, "", "{\"answer\":\"not_listed\"}"},
    {"not for us", 401, "", "{\"answer\":\"not_listed\"}"},
    {"elsewhere", 302, "Location: /lookup\r\n", "{\"answer\":\"not_listed\"}"},
    {"later", 429, "Retry-After: 60\r\n", ""},
    {"accepted, no answer", 202, "", "{\"answer\":\"not_listed\"}"},
};

/* One world for all of them: each failure leaves the registry asked and the task put off. */
START_TEST(an_answer_that_is_none_denies)
{
	struct task_claim claim;

	activate();
	define("e164", 300);
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_claim();
	for (size_t i = 0; i < STW_ARRAY_LEN(bad); i++) {
		int before = registry_stub_asked();

		registry_stub_set(bad[i].status, bad[i].extra, bad[i].body);
		rested();
		ask(&claim, NULL);
		ck_assert_msg(registry_stub_asked() == before + 1, "%s: %d questions",
		    bad[i].what, registry_stub_asked() - before);
		ck_assert_msg(
		    feed_world_number("SELECT count(*) FROM registry_result") == 0 &&
			feed_world_number("SELECT count(*) FROM registry WHERE up") ==
			    0,
		    "%s: taken for an answer", bad[i].what);
		/* It rests: nobody waits for it again and again. */
		ask(&claim, NULL);
		ck_assert_int_eq(registry_stub_asked(), before + 1);
	}
	ck_assert_int_eq(feed_world_gate(&claim), TASK_GATE_DEFERRED);
	ck_assert_int_eq(
	    feed_world_number("SELECT count(*) FROM decision WHERE primary_code = "
			      "'REGISTRY_UNAVAILABLE'"),
	    1);
	/* Down is said once, and up again once. */
	registry_stub_set(200, "", "{\"answer\":\"not_listed\"}");
	rested();
	ask(&claim, NULL);
	ck_assert_int_eq(results("not_listed"), 1);
	ck_assert_int_eq(
	    feed_world_number("SELECT count(*) FROM registry WHERE up"), 1);
	ck_assert_int_eq(
	    feed_world_number(
		"SELECT count(*) FROM ledger_outbox WHERE kind = 'registry' "
		"AND convert_from(entry, 'UTF8') ~ '\"what\":\"(up|down)\"'"),
	    2);
}
END_TEST

START_TEST(within_its_freshness_a_registry_that_is_down_holds_nobody_up)
{
	struct task_claim claim;

	activate();
	define("e164", 300);
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_claim();
	ask(&claim, NULL);
	ck_assert_int_eq(results("not_listed"), 1);
	ck_ok(registry_silent(fw.t.db, "CN-DNC", 0, NOW, &fw.err));
	ck_assert_int_eq(feed_world_gate(&claim), TASK_GATE_SEND);
}
END_TEST

START_TEST(nobody_is_asked_where_the_egress_list_forbids_or_about_others_tasks)
{
	struct task_claim claim;

	define("e164", 300);
	ck_assert_int_gt(feed_world_plan(), 4);
	claim = feed_world_accepted();
	ask(&claim, "a_02");
	ck_assert_int_eq(registry_stub_asked(), 0);
	ck_assert_int_eq(egress_parse(STR_LIT("10.0.0.0/8"), &egress, NULL), STW_OK);
	ask(&claim, "a_01");
	ck_assert_int_eq(registry_stub_asked(), 0);
	ck_assert_int_eq(
	    feed_world_number("SELECT count(*) FROM registry WHERE up"), 0);
	ck_assert_int_eq(egress_parse(STR_LIT("127.0.0.0/8"), &egress, NULL), STW_OK);
	rested();
	ask(&claim, "a_01");
	ck_assert_int_eq(registry_stub_asked(), 1);
}
END_TEST

START_TEST(no_more_is_taken_in_a_second_than_there_is_room_for)
{
	int granted;

	define("e164", 300);
	test_db_tamper(&fw.t, "UPDATE registry_query SET per_second = 3");
	ck_ok(registry_query_take(fw.t.db, "CN-DNC", 5, &granted, &fw.err));
	ck_assert_int_eq(granted, 3);
	/* Room for three in a second that has not come to an end yet. */
	test_db_tamper(&fw.t, "UPDATE registry_query SET per_second = 100, taken = 0");
	for (int i = 0, sum = 0; i < 1000; i++) {
		int64_t second = feed_world_number(
		    "SELECT extract(epoch FROM taken_second)::bigint FROM registry_query");

		ck_ok(registry_query_take(fw.t.db, "CN-DNC", 40, &granted, &fw.err));
		sum = second == feed_world_number(
				    "SELECT extract(epoch FROM taken_second)"
				    "::bigint FROM registry_query")
			  ? sum + granted
			  : granted;
		ck_assert_int_le(sum, 100);
		if (sum == 100 && granted == 20)
			break;
		ck_assert_int_lt(i, 999);
	}
	test_db_tamper(&fw.t, "UPDATE registry_query SET enabled = false");
	ck_ok(registry_query_take(fw.t.db, "CN-DNC", 5, &granted, &fw.err));
	ck_assert_int_eq(granted, 0);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("registry_ask");
	TCase *tc = tcase_create("registry_ask");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(
	    tc, who_has_other_work_does_not_wait_for_a_registry_that_says_nothing);
	tcase_add_test(tc, an_ask_nobody_ends_goes_with_its_asker);
	tcase_add_test(tc, a_listed_number_is_found_and_asked_for_once);
	tcase_add_loop_test(
	    tc, the_number_is_in_the_body_as_the_registry_wants_it, 0, 3);
	tcase_add_test(tc, an_answer_that_is_none_denies);
	tcase_add_test(
	    tc, within_its_freshness_a_registry_that_is_down_holds_nobody_up);
	tcase_add_test(
	    tc, nobody_is_asked_where_the_egress_list_forbids_or_about_others_tasks);
	tcase_add_test(tc, no_more_is_taken_in_a_second_than_there_is_room_for);
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
