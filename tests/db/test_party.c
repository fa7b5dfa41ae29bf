/* Hours a customer asked for and further holders: replaced whole, what stays keeps its age,
 * each change is in the ledger, nothing is added to an erased customer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "segments/book.h"
#include "segments/party_store.h"
#include "tests/lib/cluster.h"

/* Monday 2026-11-23, 10:00 in Shanghai. */
#define NOW INT64_C(1795399200000000)

static struct test_db t;
static struct arena arena;
static struct stw_err err;
static struct party_of of;

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

static void
setup(void)
{
	char sql[200];

	err = (struct stw_err){0};
	arena_init(&arena);
	test_db_open(&t);
	of = (struct party_of){
	    .bucket = customer_bucket(STR_LIT("k1")), .customer_id = 1, .actor = "li"};
	(void)snprintf(sql, sizeof sql,
	    "INSERT INTO customer (bucket, customer_id, ref, updated_at) "
	    "VALUES (%d, 1, 'k1', '2026-01-01')",
	    of.bucket);
	test_db_tamper(&t, sql);
}

static void
teardown(void)
{
	test_db_close(&t);
	arena_fini(&arena);
}

static enum stw_code
ended(enum stw_code rc)
{
	if (rc == STW_OK)
		return db_commit(t.db, &err);
	db_rollback(t.db);
	return rc;
}

static enum stw_code
hours(const struct contact_time *times, int count, stw_usec now)
{
	enum stw_code rc = db_begin(t.db, &err);

	return ended(rc != STW_OK
			 ? rc
			 : contact_time_replace(t.db, &of, times, count, now, &err));
}

static enum stw_code
holders(const struct joint_holder *all, int count, stw_usec now)
{
	enum stw_code rc = db_begin(t.db, &err);

	return ended(
	    rc != STW_OK ? rc : joint_holder_replace(t.db, &of, all, count, now, &err));
}

static int64_t
entries(const char *fact)
{
	char sql[200];

	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM ledger_outbox WHERE kind = 'customer_fact' "
	    "AND convert_from(entry, 'UTF8')::jsonb ->> 'fact' = '%s'",
	    fact);
	return test_db_number(&t, sql);
}

START_TEST(hours_are_replaced_and_those_that_stay_keep_their_age)
{
	const struct contact_time first[] = {
	    {.weekdays = 31, .from = 540, .until = 720},
	    {.weekdays = 32, .from = 600, .until = 660}};
	const struct contact_time then[] = {{.weekdays = 64, .from = 0, .until = 1440},
	    {.weekdays = 31, .from = 540, .until = 720},
	    {.weekdays = 31, .from = 540, .until = 720}};
	struct contact_time *rows;
	int count;

	ck_ok(hours(first, 2, NOW));
	ck_ok(hours(then, 3, NOW + STW_USEC_HOUR));
	ck_ok(contact_time_list(t.db, &of, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 2);
	ck_assert_uint_eq(rows[0].weekdays, 31);
	ck_assert_int_eq(rows[0].from, 540);
	ck_assert_int_eq(rows[0].until, 720);
	ck_assert_int_eq(rows[0].updated_at, NOW);
	ck_assert_uint_eq(rows[1].weekdays, 64);
	ck_assert_int_eq(rows[1].updated_at, NOW + STW_USEC_HOUR);
	ck_assert_int_eq(entries("contact_times"), 2);
	/* Nothing changes, nothing is said. */
	ck_ok(hours(then, 3, NOW + 2 * STW_USEC_HOUR));
	ck_assert_int_eq(entries("contact_times"), 2);
	ck_ok(hours(NULL, 0, NOW + 3 * STW_USEC_HOUR));
	ck_ok(contact_time_list(t.db, &of, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 0);
	ck_assert_int_eq(entries("contact_times"), 3);
}
END_TEST

START_TEST(holders_are_replaced_and_a_rating_may_be_missing)
{
	const struct joint_holder first[] = {{.ref = "h2", .rating = 4}, {.ref = "h1"}};
	const struct joint_holder then[] = {{.ref = "h2", .rating = 2}, {.ref = "h3"}};
	struct joint_holder *rows;
	int count;

	ck_ok(holders(first, 2, NOW));
	ck_ok(joint_holder_list(t.db, &of, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 2);
	ck_assert_str_eq(rows[0].ref, "h1");
	ck_assert_int_eq(rows[0].rating, 0);
	ck_assert_int_eq(rows[1].rating, 4);
	ck_ok(holders(then, 2, NOW + STW_USEC_HOUR));
	ck_ok(joint_holder_list(t.db, &of, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 2);
	ck_assert_str_eq(rows[0].ref, "h2");
	ck_assert_int_eq(rows[0].rating, 2);
	ck_assert_int_eq(rows[0].updated_at, NOW + STW_USEC_HOUR);
	ck_assert_str_eq(rows[1].ref, "h3");
	ck_assert_int_eq(entries("joint_holders"), 2);
}
END_TEST

START_TEST(what_is_no_window_and_no_holder_is_refused_by_place)
{
	const struct contact_time late[] = {{.weekdays = 1, .from = 540, .until = 600},
	    {.weekdays = 1, .from = 600, .until = 600}};
	const struct contact_time never[] = {{.weekdays = 0, .from = 0, .until = 1}};
	const struct joint_holder twice[] = {{.ref = "h"}, {.ref = "h", .rating = 1}};
	const struct joint_holder six[] = {{.ref = "h", .rating = 6}};

	ck_assert_int_eq(hours(late, 2, NOW), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "window 2"));
	ck_assert_int_eq(hours(never, 1, NOW), STW_INVALID);
	ck_assert_int_eq(hours(late, PARTY_LIST_MAX + 1, NOW), STW_INVALID);
	ck_assert_int_eq(holders(twice, 2, NOW), STW_INVALID);
	ck_assert_int_eq(holders(six, 1, NOW), STW_INVALID);
	ck_assert_int_eq(entries("contact_times") + entries("joint_holders"), 0);
}
END_TEST

START_TEST(an_erased_customer_gets_nothing)
{
	const struct contact_time one = {.weekdays = 1, .from = 540, .until = 600};
	const struct joint_holder holder = {.ref = "h"};

	test_db_tamper(&t, "UPDATE customer SET erased_at = '2026-11-23'");
	ck_assert_int_eq(hours(&one, 1, NOW), STW_NOT_FOUND);
	ck_assert_int_eq(holders(&holder, 1, NOW), STW_NOT_FOUND);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT (SELECT count(*) FROM contact_time) + "
			       "(SELECT count(*) FROM joint_holder)"),
	    0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("party");
	TCase *tc = tcase_create("party");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, hours_are_replaced_and_those_that_stay_keep_their_age);
	tcase_add_test(tc, holders_are_replaced_and_a_rating_may_be_missing);
	tcase_add_test(tc, what_is_no_window_and_no_holder_is_refused_by_place);
	tcase_add_test(tc, an_erased_customer_gets_nothing);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
