/* Registries in the database: files, answers about single numbers, and what the gate is told
 * of both; carriers' causes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "campaigns/facts_store.h"
#include "campaigns/objection_store.h"
#include "campaigns/registry_store.h"
#include "segments/key_store.h"
#include "tests/lib/cluster.h"

/* Monday 2026-11-23, 10:00 in Shanghai. */
#define NOW INT64_C(1795399200000000)

static struct test_db t;
static struct arena arena;
static struct stw_err err;
static struct seal_keys *keys;
static char dir[] = "/tmp/test_registry-XXXXXX";

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

static const char *
in_dir(const char *name)
{
	static char path[120];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

/* A customer of the United States with the number given. */
static void
customer_add(int id, const char *e164)
{
	unsigned char index[SEAL_INDEX_BYTES];
	char sql[900], hex[2 * SEAL_INDEX_BYTES + 1];

	seal_index(keys, 1, str_of(e164), index);
	for (size_t i = 0; i < sizeof index; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", index[i]);
	(void)snprintf(sql, sizeof sql,
	    "INSERT INTO customer (bucket, customer_id, ref, country, updated_at) VALUES "
	    "(7, %d, 'u%d', 'US', now());"
	    "INSERT INTO contact_point (bucket, point_id, customer_id, kind, phone_sealed, "
	    "phone_index, phone_mask, region, updated_at) VALUES (7, %d, %d, 'mobile', "
	    "'\\x01', '\\x%s', '***', 'US', now());",
	    id, id, id, id, hex);
	test_db_tamper(&t, sql);
}

static void
setup(void)
{
	err = (struct stw_err){0};
	arena_init(&arena);
	test_db_open(&t);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_ok(seal_keys_open(in_dir("keys"), true, &keys, &err));
	db_keys_set(t.db, keys);
	customer_add(1, "+12125550123");
	customer_add(2, "+12125550199");
}

static void
teardown(void)
{
	char command[80];

	seal_keys_close(keys);
	test_db_close(&t);
	arena_fini(&arena);
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
}

static enum stw_code
define(const char *code, const char *kind)
{
	static const char *const voice[] = {"VOICE"};
	const struct registry r = {.code = code,
	    .kind = kind,
	    .country = "US",
	    .name_zh = "谢绝来电",
	    .name_en = "do not call",
	    .channels = voice,
	    .nchannels = 1,
	    .freshness_days = 31};
	enum stw_code rc;

	err = (struct stw_err){0};
	ck_ok(db_begin(t.db, &err));
	rc = registry_put(t.db, &r, "a", NOW, &err);
	if (rc == STW_OK)
		ck_ok(db_commit(t.db, &err));
	else
		db_rollback(t.db);
	return rc;
}

static enum stw_code
load(const char *text, stw_usec obtained, int64_t max_errors, struct registry_load *out)
{
	const struct registry_file file = {.path = in_dir("dnc.csv"),
	    .registry = "US-DNC",
	    .obtained_at = obtained,
	    .max_errors = max_errors,
	    .actor = "a"};
	FILE *f = fopen(file.path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	err = (struct stw_err){0};
	return registry_load(t.db, keys, &file, NOW, &arena, out, &err);
}

/* What the gate is told about a customer's number. */
static struct gate_facts
facts_of(int64_t id, const char *channel)
{
	struct gate_facts facts = {.channel = channel};
	struct facts_set set;

	ck_ok(facts_load(t.db, 7, &id, 1, NOW, NULL, &arena, &set, &err));
	ck_assert_int_eq(set.count, 1);
	facts_fill(&set.customers[0], &set.customers[0].points[0], 0, &arena, &facts);
	return facts;
}

START_TEST(a_file_is_in_force_as_a_whole_until_the_next)
{
	struct registry_load done;
	struct gate_facts f;

	ck_ok(define("US-DNC", "do_not_call"));
	f = facts_of(1, "VOICE");
	ck_assert_int_eq(f.nregistries, 1);
	ck_assert_int_eq(f.registries[0].obtained_at, STW_USEC_NEVER);

	ck_ok(load("number,listed_on\n212 555 0123,2026-01-02\n+1 (212) 555-0100,\n"
		   "2125550123,2025-12-31\n",
	    NOW - STW_USEC_DAY, 0, &done));
	ck_assert_int_eq(done.listed, 2);
	ck_assert_int_eq(done.version, 1);
	f = facts_of(1, "VOICE");
	ck_assert(f.registries[0].listed);
	ck_assert_str_eq(f.registries[0].name, "US-DNC");
	ck_assert_str_eq(f.registries[0].version, "1");
	ck_assert_int_eq(f.registries[0].obtained_at, NOW - STW_USEC_DAY);
	ck_assert_int_eq(f.registries[0].listed_at % STW_USEC_DAY, 0);
	ck_assert(!facts_of(2, "VOICE").registries[0].listed);
	/* It is about voice only. */
	ck_assert(!facts_of(1, "SMS").registries[0].listed);

	ck_ok(load("number\n2125550199\n", NOW, 0, &done));
	ck_assert_int_eq(done.version, 2);
	ck_assert(!facts_of(1, "VOICE").registries[0].listed);
	ck_assert(facts_of(2, "VOICE").registries[0].listed);
	ck_assert_int_eq(number("SELECT count(*) FROM registry_entry"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM registry_version"), 2);
}
END_TEST

START_TEST(the_same_file_twice_is_one_version)
{
	struct registry_load done;

	ck_ok(define("US-DNC", "do_not_call"));
	ck_ok(load("number\n2125550199\n", NOW - 5, 0, &done));
	ck_ok(load("number\n2125550199\n", NOW - 5, 0, &done));
	ck_assert(done.unchanged);
	ck_assert_int_eq(done.version, 1);
	/* Obtained anew it is fresh again. */
	ck_ok(load("number\n2125550199\n", NOW, 0, &done));
	ck_assert(!done.unchanged);
	ck_assert_int_eq(facts_of(2, "VOICE").registries[0].obtained_at, NOW);
}
END_TEST

START_TEST(a_file_with_too_many_bad_lines_leaves_the_one_before_in_force)
{
	static const char bad[] =
	    "number,listed_on\n2125550123,\nabc,\n2125550100,soon\n";
	struct registry_load done;

	ck_ok(define("US-DNC", "do_not_call"));
	ck_ok(load("number\n2125550199\n", NOW, 0, &done));
	ck_assert_int_eq(load(bad, NOW, 1, &done), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "dnc.csv:4: column listed_on"));
	ck_assert_int_eq(done.nproblems, 2);
	ck_assert_ptr_null(strstr(done.problems[0], "abc"));
	ck_assert(facts_of(2, "VOICE").registries[0].listed);
	ck_ok(load(bad, NOW, 2, &done));
	ck_assert_int_eq(done.rejected, 2);
	ck_assert_int_eq(done.listed, 1);
	ck_assert_int_eq(load("phone\n1\n", NOW, 0, &done), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "no column number"));
}
END_TEST

START_TEST(columns_of_a_file_without_a_header_are_named)
{
	static const char *const names[] = {"area", "number"};
	struct registry_file file = {.path = in_dir("ftc.txt"),
	    .registry = "US-DNC",
	    .names = names,
	    .nnames = 2,
	    .obtained_at = NOW,
	    .actor = "a"};
	struct registry_load done;
	FILE *f = fopen(file.path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs("212,5550123\n", f), 0);
	ck_assert_int_eq(fclose(f), 0);
	file.path = in_dir("ftc.txt");
	ck_ok(define("US-DNC", "do_not_call"));
	ck_ok(registry_load(t.db, keys, &file, NOW, &arena, &done, &err));
	ck_assert(facts_of(1, "VOICE").registries[0].listed);
}
END_TEST

static enum stw_code
answer(const char *registry, const char *word, stw_day consent, stw_usec obtained)
{
	const struct registry_answer a = {.registry = registry,
	    .number = STR_LIT("+1 212 555 0123"),
	    .answer = word,
	    .listed_on = REGISTRY_NO_DAY,
	    .consent_date = consent,
	    .reference = "r-1",
	    .obtained_at = obtained};
	enum stw_code rc;

	err = (struct stw_err){0};
	ck_ok(db_begin(t.db, &err));
	rc = registry_record(t.db, keys, &a, "a", NOW, &err);
	if (rc == STW_OK)
		ck_ok(db_commit(t.db, &err));
	else
		db_rollback(t.db);
	return rc;
}

START_TEST(an_answer_about_a_number_stands_beside_the_file)
{
	struct registry_load done;
	struct gate_facts f;

	ck_ok(define("US-DNC", "do_not_call"));
	ck_ok(load("number\n2125550123\n", NOW - 40 * STW_USEC_DAY, 0, &done));
	ck_ok(answer("US-DNC", "listed", REGISTRY_NO_DAY, NOW - 2 * STW_USEC_DAY));
	ck_ok(answer("US-DNC", "not_listed", REGISTRY_NO_DAY, NOW - STW_USEC_DAY));
	f = facts_of(1, "VOICE");
	ck_assert_int_eq(f.nregistries, 2);
	for (int i = 0; i < 2; i++)
		if (f.registries[i].obtained_at == NOW - STW_USEC_DAY)
			ck_assert(!f.registries[i].listed);
		else
			ck_assert(f.registries[i].listed);
	ck_assert_int_eq(answer("US-DNC", "maybe", REGISTRY_NO_DAY, NOW), STW_INVALID);
	ck_assert_int_eq(
	    answer("US-DNC", "listed", REGISTRY_NO_DAY, NOW + 1), STW_INVALID);
	ck_assert_int_eq(
	    answer("GB-TPS", "listed", REGISTRY_NO_DAY, NOW), STW_NOT_FOUND);
}
END_TEST

START_TEST(a_reassigned_number_is_asked_about_a_day)
{
	stw_day consent = stw_day_of((struct stw_date){2026, 5, 1});
	struct gate_facts f;

	ck_ok(define("US-RND", "reassigned"));
	ck_assert_int_eq(define("US-RND", "do_not_call"), STW_CONFLICT);
	ck_assert_int_eq(
	    facts_of(1, "VOICE").point.reassigned, GATE_REASSIGNED_NOT_ASKED);
	ck_assert_int_eq(
	    answer("US-RND", "reassigned", REGISTRY_NO_DAY, NOW), STW_INVALID);
	ck_ok(answer("US-RND", "no_data", consent, NOW - 9));
	ck_assert_int_eq(
	    facts_of(1, "VOICE").point.reassigned, GATE_REASSIGNED_NO_DATA);
	ck_ok(answer("US-RND", "not_reassigned", consent, NOW));
	f = facts_of(1, "VOICE");
	ck_assert_int_eq(f.point.reassigned, GATE_REASSIGNED_NO);
	ck_assert_int_eq(f.point.reassigned_asked_at, NOW);
	ck_assert(f.point.reassigned_since.known);
	ck_assert_int_eq(f.point.reassigned_since.day, consent);
	ck_assert_int_eq(f.nregistries, 0);
}
END_TEST

START_TEST(hashes_of_a_key_that_is_gone_say_nothing)
{
	struct registry_load done;
	struct registry *rows;
	struct gate_facts f;
	int count;

	ck_ok(define("US-DNC", "do_not_call"));
	ck_ok(load("number\n2125550123\n", NOW, 0, &done));
	test_db_tamper(&t, "UPDATE index_key SET version = 2");
	f = facts_of(1, "VOICE");
	ck_assert_int_eq(f.nregistries, 1);
	ck_assert(!f.registries[0].listed);
	ck_assert_int_eq(f.registries[0].obtained_at, STW_USEC_NEVER);
	ck_ok(registry_list(t.db, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_assert(!rows[0].comparable);
}
END_TEST

START_TEST(a_service_that_is_down_is_said_to_be)
{
	ck_ok(define("US-DNC", "do_not_call"));
	ck_assert(facts_of(1, "VOICE").registries[0].service_up);
	ck_ok(db_begin(t.db, &err));
	ck_ok(registry_set_up(t.db, "US-DNC", false, "a", NOW, &err));
	ck_ok(db_commit(t.db, &err));
	ck_assert(!facts_of(1, "VOICE").registries[0].service_up);
	ck_ok(db_begin(t.db, &err));
	ck_assert_int_eq(
	    registry_set_up(t.db, "GB-TPS", false, "a", NOW, &err), STW_NOT_FOUND);
	db_rollback(t.db);
}
END_TEST

START_TEST(the_relationship_is_what_happened_last)
{
	struct gate_facts f;

	test_db_tamper(&t,
	    "INSERT INTO txn (bucket, customer_id, txn_ref, at, kind, amount, currency) "
	    "VALUES (7, 1, 'a', '2026-05-22 17:00+00', 'purchase', 1, 'USD'), "
	    "(7, 1, 'b', '2025-01-01', 'purchase', 1, 'USD');"
	    "INSERT INTO interaction (bucket, customer_id, interaction_ref, at, kind) "
	    "VALUES (7, 1, 'i', '2026-10-01', 'inquiry'), (7, 1, 'l', now(), 'login');"
	    "UPDATE customer SET closed_on = '2026-11-01' WHERE customer_id = 2");
	f = facts_of(1, "VOICE");
	/* In the institution's zone it was the next day. */
	ck_assert_int_eq(f.relationship.last_transaction_on.day,
	    stw_day_of((struct stw_date){2026, 5, 23}));
	ck_assert_int_eq(f.relationship.last_inquiry_on.day,
	    stw_day_of((struct stw_date){2026, 10, 1}));
	ck_assert_int_eq(f.relationship.terminated_at, STW_USEC_NEVER);
	f = facts_of(2, "VOICE");
	ck_assert(!f.relationship.last_transaction_on.known);
	ck_assert_int_gt(f.relationship.terminated_at, 0);
}
END_TEST

START_TEST(what_a_carrier_says_is_data)
{
	const struct carrier_cause c = {.cause = "cm-21",
	    .effect = "reject_list",
	    .text_zh = "免打扰",
	    .text_en = "do not disturb",
	    .source = "carrier's document 7"};
	const struct carrier_cause bad = {.cause = "CM 21", .effect = "none"};
	enum carrier_effect means;

	ck_assert_int_eq(carrier_cause_find(t.db, "cm-21", &means, &err), STW_INVALID);
	ck_ok(db_begin(t.db, &err));
	ck_ok(carrier_cause_put(t.db, &c, "a", NOW, &err));
	ck_assert_int_eq(carrier_cause_put(t.db, &bad, "a", NOW, &err), STW_INVALID);
	ck_ok(db_commit(t.db, &err));
	ck_ok(carrier_cause_find(t.db, "cm-21", &means, &err));
	ck_assert_int_eq(means, CARRIER_REJECT_LIST);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("registry");
	TCase *tc = tcase_create("registry");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_file_is_in_force_as_a_whole_until_the_next);
	tcase_add_test(tc, the_same_file_twice_is_one_version);
	tcase_add_test(
	    tc, a_file_with_too_many_bad_lines_leaves_the_one_before_in_force);
	tcase_add_test(tc, columns_of_a_file_without_a_header_are_named);
	tcase_add_test(tc, an_answer_about_a_number_stands_beside_the_file);
	tcase_add_test(tc, a_reassigned_number_is_asked_about_a_day);
	tcase_add_test(tc, hashes_of_a_key_that_is_gone_say_nothing);
	tcase_add_test(tc, a_service_that_is_down_is_said_to_be);
	tcase_add_test(tc, the_relationship_is_what_happened_last);
	tcase_add_test(tc, what_a_carrier_says_is_data);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
