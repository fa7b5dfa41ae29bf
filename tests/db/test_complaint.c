/* Complaints in the database: what seals them survives an exchange of keys and dies with the
 * customer, the hold ends with the last of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "campaigns/complaint_store.h"
#include "segments/key_store.h"
#include "tests/lib/cluster.h"

#define NOW   INT64_C(1795399200000000)
#define WORDS "words of a complaint"

static struct test_db t;
static struct arena arena;
static struct stw_err err;
static struct seal_keys *keys;
static char dir[64];

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

static void
setup(void)
{
	char path[100];
	struct seal_customer key;
	struct buf wrapped, sql;

	err = (struct stw_err){0};
	arena_init(&arena);
	(void)snprintf(dir, sizeof dir, "/tmp/test_complaint.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/keys", dir);
	ck_ok(seal_keys_open(path, true, &keys, &err));
	test_db_open(&t);
	db_keys_set(t.db, keys);
	buf_init(&wrapped);
	buf_init(&sql);
	seal_customer_new(keys, 7, &key, &wrapped);
	buf_add_c(&sql,
	    "INSERT INTO customer (bucket, customer_id, ref, updated_at) VALUES (3, 7, "
	    "'k7', '2026-01-01'); INSERT INTO customer_key VALUES (3, 7, '\\x");
	for (size_t i = 0; i < wrapped.len; i++)
		buf_printf(&sql, "%02x", (unsigned char)wrapped.data[i]);
	buf_add_c(&sql, "')");
	test_db_tamper(&t, sql.data);
	buf_fini(&wrapped);
	buf_fini(&sql);
}

static void
teardown(void)
{
	char path[100];

	test_db_close(&t);
	seal_keys_close(keys);
	(void)snprintf(path, sizeof path, "%s/keys", dir);
	(void)unlink(path);
	(void)rmdir(dir);
	arena_fini(&arena);
}

static struct uuid
record(int64_t customer)
{
	const struct complaint_new c = {.source = "letter",
	    .received_at = NOW,
	    .about_at = STW_USEC_NEVER,
	    .bucket = customer != 0 ? 3 : 0,
	    .customer_id = customer,
	    .phone = "13812345678",
	    .region = "CN",
	    .words = WORDS,
	    .actor = "x",
	    .days = 15};
	struct uuid id;

	ck_ok(db_begin(t.db, &err));
	ck_ok(complaint_record(t.db, keys, &c, NOW, &id, &err));
	ck_ok(db_commit(t.db, &err));
	return id;
}

static const char *
words_of(const struct uuid *id, const char **phone)
{
	struct complaint_row row;
	const char *words;

	ck_ok(complaint_get(t.db, id, &arena, &row, &err));
	ck_ok(complaint_open(t.db, keys, &row, &arena, phone, &words, &err));
	return words;
}

static enum stw_code
act(const struct uuid *id, struct complaint_act a)
{
	enum stw_code rc;

	a.actor = "y";
	ck_ok(db_begin(t.db, &err));
	rc = complaint_act(t.db, id, &a, NOW, &err);
	if (rc == STW_OK)
		ck_ok(db_commit(t.db, &err));
	else
		db_rollback(t.db);
	return rc;
}

START_TEST(what_was_said_opens_after_an_exchange_of_keys)
{
	struct uuid known = record(7), nobody = record(0);
	const char *phone;
	int64_t done;
	int version;

	ck_ok(seal_keys_add(keys, SEAL_KEK, &version, &err));
	ck_ok(kek_rewrap(t.db, keys, NULL, &done, &err));
	/* The customer's and the installation's. */
	ck_assert_int_eq(done, 2);
	ck_ok(seal_keys_remove(keys, SEAL_KEK, 1, &err));
	ck_assert_str_eq(words_of(&known, &phone), WORDS);
	ck_assert_str_eq(phone, "+8613812345678");
	ck_assert_str_eq(words_of(&nobody, &phone), WORDS);
}
END_TEST

START_TEST(what_was_said_dies_with_the_customer)
{
	struct uuid id = record(7);
	const char *phone;

	test_db_tamper(&t, "DELETE FROM customer_key WHERE customer_id = 7");
	ck_assert_ptr_null(words_of(&id, &phone));
	ck_assert_ptr_null(phone);
}
END_TEST

/* Sealed for one complaint, it does not open in another. */
START_TEST(words_open_in_their_own_complaint_only)
{
	struct uuid one = record(7), two = record(7);
	struct complaint_row first, second;
	const char *phone, *words;

	ck_ok(complaint_get(t.db, &one, &arena, &first, &err));
	ck_ok(complaint_get(t.db, &two, &arena, &second, &err));
	ck_ok(complaint_open(t.db, keys, &second, &arena, &phone, &words, &err));
	second.words_sealed = first.words_sealed;
	ck_assert_int_eq(
	    complaint_open(t.db, keys, &second, &arena, &phone, &words, &err),
	    STW_INVALID);
}
END_TEST

START_TEST(the_hold_ends_with_the_last_complaint)
{
	struct uuid one = record(7), two = record(7);
	static const char hold[] =
	    "SELECT complaint_open::int FROM customer WHERE customer_id = 7";

	ck_assert_int_eq(
	    act(&one, (struct complaint_act){.finding = "upheld"}), STW_CONFLICT);
	ck_ok(act(&one, (struct complaint_act){.assign = "z"}));
	ck_ok(act(&two, (struct complaint_act){.assign = "z"}));
	ck_ok(act(&one, (struct complaint_act){.finding = "upheld"}));
	ck_assert_int_eq(test_db_number(&t, hold), 1);
	ck_assert_int_eq(
	    act(&two, (struct complaint_act){.finding = "guilty"}), STW_INVALID);
	ck_assert_int_eq(
	    act(&two, (struct complaint_act){.extend_days = -1, .finding = "upheld"}),
	    STW_OK);
	ck_assert_int_eq(test_db_number(&t, hold), 0);
	ck_assert_int_eq(
	    act(&two, (struct complaint_act){.detail = "x"}), STW_CONFLICT);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM ledger_outbox WHERE kind = "
			       "'complaint'"),
	    6);
}
END_TEST

START_TEST(what_people_write_is_not_in_the_ledger)
{
	struct uuid id = record(7);

	ck_ok(act(&id, (struct complaint_act){.detail = "Wang said 13800138000"}));
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM ledger_outbox WHERE "
			       "convert_from(entry, 'UTF8') ~ 'Wang|13800138000'"),
	    0);
	ck_assert_int_eq(
	    test_db_number(&t,
		"SELECT count(*) FROM ledger_outbox WHERE convert_from(entry, "
		"'UTF8') ~ '\"detail_hmac\":\"[0-9a-f]{64}\"'"),
	    2);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(DISTINCT salt) FROM complaint_step"), 2);
}
END_TEST

START_TEST(the_deadline_grows_from_the_receipt)
{
	struct uuid id = record(0);
	struct complaint_filter f = {
	    .due_before = NOW + 16 * STW_USEC_DAY, .after_received = STW_USEC_MAX};
	struct complaint_row *rows;
	int count;

	ck_ok(complaint_list(t.db, &f, 10, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_ok(act(&id, (struct complaint_act){.extend_days = 30}));
	ck_ok(complaint_list(t.db, &f, 10, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 0);
	f.due_before = STW_USEC_MAX;
	ck_ok(complaint_list(t.db, &f, 10, &arena, &rows, &count, &err));
	ck_assert_int_eq(rows[0].due_at, NOW + 30 * STW_USEC_DAY);
}
END_TEST

static Suite *
complaint_suite(void)
{
	Suite *suite = suite_create("complaint");
	TCase *tc = tcase_create("complaint");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_was_said_opens_after_an_exchange_of_keys);
	tcase_add_test(tc, what_was_said_dies_with_the_customer);
	tcase_add_test(tc, words_open_in_their_own_complaint_only);
	tcase_add_test(tc, what_people_write_is_not_in_the_ledger);
	tcase_add_test(tc, the_hold_ends_with_the_last_complaint);
	tcase_add_test(tc, the_deadline_grows_from_the_receipt);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	SRunner *runner;
	int failed;

	test_cluster_start();
	runner = srunner_create(complaint_suite());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
