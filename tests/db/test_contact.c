/* What is known about contact points: states and their history whoever writes, and how many
 * share a number, kept by the database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "segments/book.h"
#include "segments/contact_store.h"
#include "segments/customer_store.h"
#include "segments/household_store.h"
#include "tests/lib/cluster.h"

/* Monday 2026-11-23, 10:00 in Shanghai. */
#define NOW   INT64_C(1795399200000000)
#define TODAY 20780

static struct test_db t;
static struct arena arena;
static struct stw_err err;

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

/* Five customers in buckets of their own; 1 and 2 share a number, 3 has one alone, 4 has
 * one, 5 none. Points are numbered 10 x customer. */
static const char people[] =
    "CREATE FUNCTION b(n int) RETURNS smallint LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT get_byte(sha256(('k' || n)::bytea), 0)::smallint $$;"
    "CREATE FUNCTION point(n int, id int, phone text, primary_ boolean) RETURNS void "
    "LANGUAGE sql AS $$ INSERT INTO contact_point (bucket, point_id, customer_id, kind, "
    "  phone_sealed, phone_index, phone_mask, is_primary, updated_at) VALUES (b(n), id, n, "
    "  'mobile', '\\x00', sha256(phone::bytea), '138****0000', primary_, '2026-01-01') $$;"
    "INSERT INTO customer (bucket, customer_id, ref, name_mask, updated_at) "
    "SELECT b(n), n, 'k' || n, '王**', '2026-01-01' FROM generate_series(1, 5) AS n;"
    "SELECT point(1, 10, 'a', true), point(2, 20, 'a', true), point(3, 30, 'c', true), "
    "  point(4, 40, 'd', true);";

static int64_t
number(const char *sql)
{
	return test_db_number(&t, sql);
}

static int
bucket(int customer)
{
	char ref[8] = {'k', (char)('0' + customer)};

	return customer_bucket(str_of(ref));
}

static void
setup(void)
{
	err = (struct stw_err){0};
	arena_init(&arena);
	test_db_open(&t);
	test_db_tamper(&t, people);
}

static void
teardown(void)
{
	test_db_close(&t);
	arena_fini(&arena);
}

static enum stw_code
record(int customer, const char *state, const char *how, const char **before)
{
	const struct contact_change change = {
	    .state = state, .how = how, .actor = "li", .evidence = "sms-1"};
	enum stw_code rc;

	ck_ok(db_begin(t.db, &err));
	rc = contact_record(t.db, bucket(customer), customer, customer * 10, &change,
	    NOW, before, &err);
	ck_ok(db_commit(t.db, &err));
	return rc;
}

static struct customer
customer_of(int n)
{
	struct customer c;

	ck_ok(customer_find_id(t.db, bucket(n), n, TODAY, &arena, &c, &err));
	return c;
}

START_TEST(each_change_is_kept_with_who_how_and_why)
{
	struct contact_event *events;
	const char *before;
	struct customer c;
	int count;

	ck_assert_str_eq(customer_of(3).points[0].state, "verified");
	ck_assert_int_eq(customer_of(3).points[0].state_at, STW_USEC_NEVER);
	ck_ok(record(3, "failed", "call", &before));
	ck_assert_str_eq(before, "verified");
	ck_ok(record(3, "reassigned", "carrier", &before));
	ck_ok(record(3, "verified", "sms_code", &before));
	ck_assert_str_eq(before, "reassigned");
	/* The same again is news too: it was looked at. */
	ck_ok(record(3, "verified", "branch", &before));
	c = customer_of(3);
	ck_assert(c.points[0].verified);
	ck_assert_str_eq(c.points[0].state, "verified");
	ck_assert_str_eq(c.points[0].state_how, "branch");
	ck_assert_str_eq(c.points[0].state_by, "li");
	ck_ok(contact_history(t.db, c.bucket, 3, 30, &arena, &events, &count, &err));
	ck_assert_int_eq(count, 4);
	ck_assert_str_eq(events[0].how, "branch");
	ck_assert_str_eq(events[3].from, "verified");
	ck_assert_str_eq(events[3].to, "failed");
	ck_assert_str_eq(events[3].evidence, "sms-1");
	/* and so is the ledger */
	ck_assert_int_eq(
	    number("SELECT count(*) FROM ledger_outbox WHERE kind = 'contact_point'"),
	    4);
	ck_assert_int_eq(number("SELECT count(*) FROM ledger_outbox WHERE kind = "
				"'contact_point' AND convert_from(entry, 'UTF8') LIKE "
				"'%sms-1%'"),
	    0);
}
END_TEST

START_TEST(a_feed_changes_what_is_not_in_doubt_and_that_is_kept_too)
{
	const char *before;

	test_db_tamper(&t, "UPDATE contact_point SET verified = false, "
			   "updated_at = '2026-11-23' WHERE point_id = 30");
	ck_assert_str_eq(customer_of(3).points[0].state, "unverified");
	ck_assert_str_eq(customer_of(3).points[0].state_how, "feed");
	ck_ok(record(3, "failed", "call", &before));
	ck_assert_str_eq(before, "unverified");
	test_db_tamper(&t, "UPDATE contact_point SET verified = true, "
			   "updated_at = '2026-11-24' WHERE point_id = 30");
	ck_assert_str_eq(customer_of(3).points[0].state, "failed");
	ck_assert_int_eq(number("SELECT count(*) FROM contact_point_event"), 2);
	/* What changes nothing of it is no event. */
	test_db_tamper(
	    &t, "UPDATE contact_point SET region = 'CN' WHERE point_id = 30");
	ck_assert_int_eq(number("SELECT count(*) FROM contact_point_event"), 2);
}
END_TEST

/* What the gate takes for the time since which nobody vouches for a number. */
static stw_usec
unverified_at(int n)
{
	const int64_t buckets[] = {bucket(n)}, ids[] = {n};
	const struct db_param params[] = {db_i64s(buckets, 1), db_i64s(ids, 1)};
	struct db_rows *rows = NULL;
	stw_usec at;

	ck_ok(
	    db_query(t.db, DB_Q_FACTS_POINTS, params, DB_NPARAMS(params), &rows, &err));
	ck_assert_int_eq(db_rows_count(rows), 1);
	at = db_get_usec(rows, 0, 10);
	db_rows_free(rows);
	return at;
}

START_TEST(which_one_is_primary_is_history_and_no_change_of_state)
{
	struct contact_event *events;
	stw_usec since;
	int count;

	test_db_tamper(&t, "UPDATE contact_point SET verified = false, "
			   "updated_at = '2026-11-20' WHERE point_id = 30");
	since = unverified_at(3);
	test_db_tamper(&t, "UPDATE contact_point SET is_primary = false, "
			   "updated_at = '2026-11-23' WHERE point_id = 30");
	test_db_tamper(&t, "UPDATE contact_point SET is_primary = true, "
			   "updated_at = '2026-11-24' WHERE point_id = 30");
	ck_ok(contact_history(t.db, bucket(3), 3, 30, &arena, &events, &count, &err));
	ck_assert_int_eq(count, 3);
	ck_assert(events[0].of_primary && events[0].primary);
	ck_assert(events[1].of_primary && !events[1].primary);
	ck_assert_str_eq(events[1].from, "unverified");
	ck_assert_str_eq(events[1].to, "unverified");
	ck_assert(!events[2].of_primary);
	ck_assert_int_eq(unverified_at(3), since);
}
END_TEST

static const struct {
	const char *state, *how;
	int customer, point;
	enum stw_code rc;
} refused[] = {{"good", "call", 3, 30, STW_INVALID},
    {"failed", "feed", 3, 30, STW_INVALID}, {"", "call", 3, 30, STW_INVALID},
    {"failed", "call", 3, 40, STW_NOT_FOUND}, {"failed", "call", 3, 0, STW_NOT_FOUND}};

START_TEST(what_is_no_state_or_no_point_of_the_customer_is_refused)
{
	const struct contact_change change = {
	    .state = refused[_i].state, .how = refused[_i].how, .actor = "li"};
	const char *before;

	ck_ok(db_begin(t.db, &err));
	ck_assert_int_eq(
	    contact_record(t.db, bucket(refused[_i].customer), refused[_i].customer,
		refused[_i].point, &change, NOW, &before, &err),
	    refused[_i].rc);
	ck_assert_str_ne(err.text, "");
	db_rollback(t.db);
	ck_assert_int_eq(number("SELECT count(*) FROM contact_point_event"), 0);
}
END_TEST

START_TEST(a_number_in_doubt_comes_last)
{
	const char *before;
	struct customer c;

	test_db_tamper(&t, "SELECT point(3, 31, 'x', false)");
	c = customer_of(3);
	ck_assert_int_eq(c.points[0].point_id, 30);
	ck_ok(record(3, "failed", "call", &before));
	c = customer_of(3);
	ck_assert_int_eq(c.points[0].point_id, 31);
	ck_assert(c.points[1].is_primary);
}
END_TEST

/* ---- who shares ---------------------------------------------------------------------- */
static int64_t
shared_by(int n)
{
	char sql[100];

	(void)snprintf(sql, sizeof sql,
	    "SELECT phone_shared_by FROM customer WHERE customer_id = %d", n);
	return number(sql);
}

START_TEST(how_many_share_a_number_is_right_whoever_writes)
{
	ck_assert_int_eq(shared_by(1), 1);
	ck_assert_int_eq(shared_by(2), 1);
	ck_assert_int_eq(shared_by(3), 0);
	ck_assert_int_eq(shared_by(5), 0);
	/* two more with one statement, one of them with a second number */
	test_db_tamper(&t,
	    "INSERT INTO contact_point (bucket, point_id, customer_id, kind, "
	    "  phone_sealed, phone_index, phone_mask, updated_at) "
	    "SELECT b(n), n * 10 + 1, n, 'mobile', '\\x00', sha256('a'), '1', now() "
	    "  FROM generate_series(4, 5) n");
	for (int n = 1; n <= 5; n++)
		ck_assert_int_eq(shared_by(n), n == 3 ? 0 : 3);
	/* The same again, as an import does it. */
	test_db_tamper(&t,
	    "INSERT INTO contact_point (bucket, customer_id, kind, phone_sealed, "
	    "  phone_index, phone_mask, updated_at) "
	    "SELECT b(1), 1, 'mobile', '\\x00', sha256('a'), '1', now() "
	    "ON CONFLICT (bucket, customer_id, phone_index) DO UPDATE SET "
	    "  updated_at = now()");
	ck_assert_int_eq(shared_by(1), 3);
	test_db_tamper(&t, "DELETE FROM contact_point WHERE point_id IN (41, 51)");
	ck_assert_int_eq(shared_by(1), 1);
	ck_assert_int_eq(shared_by(4), 0);
	ck_assert_int_eq(shared_by(5), 0);
	test_db_tamper(&t, "DELETE FROM contact_point WHERE point_id = 10");
	ck_assert_int_eq(shared_by(1), 0);
	ck_assert_int_eq(shared_by(2), 0);
}
END_TEST

START_TEST(sharers_are_named_with_masks_and_counted)
{
	struct contact_sharer *sharers;
	int count, total;

	test_db_tamper(&t, "SELECT point(3, 31, 'a', false)");
	ck_ok(contact_sharers(
	    t.db, bucket(1), 1, 10, 1, &arena, &sharers, &count, &total, &err));
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(total, 2);
	ck_ok(contact_sharers(
	    t.db, bucket(1), 1, 10, 9, &arena, &sharers, &count, &total, &err));
	ck_assert_int_eq(count, 2);
	ck_assert_str_eq(sharers[0].name_mask, "王**");
	ck_assert(!sharers[0].same_household);
	ck_ok(contact_sharers(
	    t.db, bucket(4), 4, 40, 9, &arena, &sharers, &count, &total, &err));
	ck_assert_int_eq(total, 0);
}
END_TEST

/* ---- households ------------------------------------------------------------------------ */
static enum stw_code
household(int customer, const char *action, const char *ref)
{
	const struct household_change change = {
	    .action = action, .household = ref, .role = "spouse", .actor = "li"};
	enum stw_code rc;

	ck_ok(db_begin(t.db, &err));
	rc = household_record(t.db, bucket(customer), customer, &change, NOW, &err);
	if (rc == STW_OK)
		ck_ok(db_commit(t.db, &err));
	else
		db_rollback(t.db);
	return rc;
}

/* -1: no household is known */
static int64_t
size_of(int n)
{
	char sql[120];

	(void)snprintf(sql, sizeof sql,
	    "SELECT coalesce(household_size, -1) FROM customer WHERE customer_id = %d",
	    n);
	return number(sql);
}

START_TEST(a_customer_belongs_to_one_household_and_its_size_follows)
{
	struct household_row *rows;
	int count;

	ck_assert_int_eq(size_of(1), -1);
	ck_ok(household(1, "declare", "H1"));
	ck_assert_int_eq(size_of(1), 1);
	ck_ok(household(2, "declare", "H1"));
	ck_ok(household(3, "declare", "H1"));
	for (int n = 1; n <= 3; n++)
		ck_assert_int_eq(size_of(n), 3);
	/* Said again, nothing changes; another household leaves the first. */
	ck_ok(household(2, "declare", "H1"));
	ck_ok(household(3, "declare", "H2"));
	ck_assert_int_eq(size_of(1), 2);
	ck_assert_int_eq(size_of(3), 1);
	ck_ok(household(3, "leave", "H2"));
	ck_assert_int_eq(size_of(3), -1);
	ck_assert_int_eq(household(3, "leave", "H2"), STW_NOT_FOUND);
	ck_assert_int_eq(household(3, "confirm", "H2"), STW_NOT_FOUND);
	ck_assert_int_eq(household(3, "marry", "H2"), STW_INVALID);
	ck_assert_int_eq(household(3, "declare", ""), STW_INVALID);
	ck_ok(household_of(t.db, bucket(1), 1, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 3);
	ck_assert_str_eq(rows[0].household, "H1");
	ck_assert_str_eq(rows[0].role, "spouse");
	/* Whoever writes: two at once, and away. */
	test_db_tamper(&t,
	    "INSERT INTO household_member (bucket, customer_id, household_ref, "
	    "source, state, actor, updated_at) SELECT b(n), n, 'H1', "
	    "'declared', 'member', 'x', now() FROM generate_series(4, 5) n");
	ck_assert_int_eq(size_of(1), 4);
	test_db_tamper(&t, "DELETE FROM household_member WHERE customer_id = 4");
	ck_assert_int_eq(size_of(1), 3);
	ck_assert_int_eq(size_of(4), -1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM ledger_outbox WHERE kind = 'household'"), 6);
}
END_TEST

START_TEST(a_suggestion_is_no_truth_and_a_rejected_one_stays_so)
{
	struct household_row *rows;
	char ref[65];
	int64_t made;
	int count;

	/* 1 and 2 share a number and the surname; 4 and 3 share one, and nothing else. */
	test_db_tamper(&t,
	    "SELECT point(4, 41, 'c', false); UPDATE customer SET name_mask = "
	    "'李**' WHERE customer_id = 4");
	ck_ok(household_suggest(t.db, NOW, &made, &err));
	ck_assert_int_eq(made, 2);
	ck_assert_int_eq(size_of(1), -1);
	ck_ok(household_of(t.db, bucket(1), 1, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 2);
	ck_assert_str_eq(rows[0].state, "suggested");
	ck_assert_str_eq(rows[0].reason, "phone surname");
	(void)snprintf(ref, sizeof ref, "%s", rows[0].household);
	ck_ok(household_suggest(t.db, NOW, &made, &err));
	ck_assert_int_eq(made, 0);
	/* It waits until both are settled; who belongs to it is told beside who may. */
	ck_ok(household_open(t.db, NULL, 10, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 2);
	ck_assert_str_eq(rows[0].household, ref);
	ck_ok(household_open(t.db, ref, 10, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 0);
	ck_ok(household(1, "confirm", ref));
	ck_assert_int_eq(size_of(1), 1);
	ck_ok(household_open(t.db, NULL, 10, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 2);
	ck_ok(household(2, "reject", ref));
	ck_ok(household_open(t.db, NULL, 10, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 0);
	ck_assert_int_eq(size_of(1), 1);
	ck_ok(household_suggest(t.db, NOW, &made, &err));
	ck_assert_int_eq(made, 0);
	ck_assert_int_eq(household(2, "confirm", ref), STW_NOT_FOUND);
	/* The bank may know better. */
	ck_ok(household(2, "declare", ref));
	ck_assert_int_eq(size_of(1), 2);
}
END_TEST

START_TEST(one_address_speaks_for_a_household_and_a_switchboard_does_not)
{
	int64_t made;

	test_db_tamper(&t,
	    "SELECT point(4, 41, 'c', false); UPDATE customer SET name_mask = "
	    "'李**', city = '上海市', branch = 'B1' WHERE customer_id = 4; "
	    "UPDATE customer SET city = '上海市', branch = 'B1' WHERE "
	    "customer_id = 3");
	ck_ok(household_suggest(t.db, NOW, &made, &err));
	ck_assert_int_eq(made, 4);
	ck_assert_int_eq(number("SELECT count(*) FROM household_member WHERE reason = "
				"'phone address' AND customer_id IN (3, 4)"),
	    2);
	/* Rejected stays rejected, also when the number has another hash. */
	test_db_tamper(&t, "UPDATE household_member SET state = 'rejected'");
	test_db_tamper(&t,
	    "UPDATE contact_point SET phone_index = sha256('other') WHERE "
	    "point_id IN (30, 41)");
	ck_ok(household_suggest(t.db, NOW, &made, &err));
	ck_assert_int_eq(made, 0);
	test_db_tamper(&t,
	    "DELETE FROM household_member; INSERT INTO customer (bucket, "
	    "customer_id, ref, name_mask, updated_at) SELECT b(n), n, 'k' || "
	    "n, '王**', '2026-01-01' FROM generate_series(11, 15) n; SELECT "
	    "point(n, n * 10, 'a', true) FROM generate_series(11, 15) n");
	ck_ok(household_suggest(t.db, NOW, &made, &err));
	ck_assert_int_eq(made, 2); /* those of one address */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("contact");
	TCase *tc = tcase_create("contact");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_change_is_kept_with_who_how_and_why);
	tcase_add_test(tc, a_feed_changes_what_is_not_in_doubt_and_that_is_kept_too);
	tcase_add_test(tc, which_one_is_primary_is_history_and_no_change_of_state);
	tcase_add_loop_test(tc, what_is_no_state_or_no_point_of_the_customer_is_refused,
	    0, (int)STW_ARRAY_LEN(refused));
	tcase_add_test(tc, a_number_in_doubt_comes_last);
	tcase_add_test(tc, how_many_share_a_number_is_right_whoever_writes);
	tcase_add_test(tc, sharers_are_named_with_masks_and_counted);
	tcase_add_test(tc, a_customer_belongs_to_one_household_and_its_size_follows);
	tcase_add_test(tc, a_suggestion_is_no_truth_and_a_rejected_one_stays_so);
	tcase_add_test(
	    tc, one_address_speaks_for_a_household_and_a_switchboard_does_not);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
