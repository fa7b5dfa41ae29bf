/* Customers that changed are read again as a load has them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "segments/book_patch_store.h"
#include "segments/book_store.h"
#include "tests/lib/book_same.h"
#include "tests/lib/book_world.h"
#include "tests/lib/book_writes.h"
#include "tests/lib/cluster.h"

#define CUSTOMERS 400

static struct test_db t;
static struct stw_err err;

static void
setup(void)
{
	test_db_open(&t);
	book_writes_fill(t.superuser, CUSTOMERS);
}

static void
teardown(void)
{
	test_db_close(&t);
}

#define ck_ok(call)                                             \
	do {                                                    \
		enum stw_code ck_rc = (call);                   \
		ck_assert_msg(ck_rc == STW_OK, "%s", err.text); \
	} while (0)

static struct book *
load(bool traits)
{
	const struct book_options options = {.no_traits = !traits};
	struct book *book = NULL;

	ck_ok(book_load(t.db, WORLD_NOW, &options, &book, &err));
	return book;
}

/* Everybody, whether they are there or not. */
static size_t
all_keys(struct book_key *keys)
{
	for (int c = 0; c < CUSTOMERS; c++) {
		char ref[16];

		(void)snprintf(ref, sizeof ref, "w%d", c + 1);
		keys[c] = (struct book_key){customer_bucket(str_of(ref)), c + 1};
	}
	return book_keys_sort(keys, CUSTOMERS);
}

static struct book_view *
read_again(const struct book_view *view, const struct book_key *keys, size_t n)
{
	struct book_fill *fill;
	struct book_patch patch;

	ck_ok(db_begin_snapshot(t.db, &err));
	ck_ok(book_fill_open(t.db, &fill, &err));
	ck_ok(book_patch_read(t.db, fill, keys, n, WORLD_NOW, &patch, &err));
	ck_ok(db_commit(t.db, &err));
	book_fill_close(fill);
	return book_view_add(view, &patch, 1);
}

static void
check_same(const struct book_view *view)
{
	struct book *fresh = load(true);
	struct book_parts wanted = book_alone(fresh), got;
	struct buf why;

	buf_init(&why);
	world_view_parts(view, &got);
	ck_assert_msg(book_same(&wanted, &got, &why), "%s", why.data);
	book_parts_free(&got);
	book_free(fresh);
	buf_fini(&why);
}

START_TEST(customers_read_again_are_those_of_a_fresh_load)
{
	struct book_writer *writer = book_writer_new(t.superuser, 0, 7, false);
	struct book_view *view = book_view_new(load(false)), *next;
	struct book_key keys[CUSTOMERS];
	size_t n = all_keys(keys);

	check_same(view);
	for (int i = 0; i < 5; i++) {
		for (int k = 0; k < 10; k++)
			(void)book_writer_write(writer, CUSTOMERS, 40);
		next = read_again(view, keys, n);
		book_view_unref(view);
		view = next;
		check_same(view);
	}
	book_view_unref(view);
	book_writer_free(writer);
}
END_TEST

/* A call with two outcomes, one that only rang, and a task closed without a call. */
static const char outreach[] =
    "INSERT INTO campaign VALUES (7, 'care', 'draft', NULL, '2026-01-01');"
    "INSERT INTO task (bucket, task_id, campaign_id, version, customer_id, step, "
    "  occurrence, point_id, queue_id, channel, handler, purpose, script, script_version, "
    "  state, not_before, not_after, decision_id, created_at, updated_at) "
    "SELECT w_bucket(3), ('00000000-0000-0000-0000-00000000000' || n)::uuid, 7, 1, 3, "
    "  's', n::text, 1, 1, 'VOICE', 'agent', 'SERVICE', 's', 1, 'done', '2026-11-01', "
    "  '2026-12-01', '00000000-0000-0000-0000-000000000009', '2026-11-01', '2026-11-01' "
    "  FROM generate_series(1, 2) AS n;"
    "INSERT INTO permit VALUES (w_bucket(3), '00000000-0000-0000-0000-0000000000a1', "
    "  '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000009', "
    "  'a', '2026-11-10', '2026-11-11');"
    "INSERT INTO contact_count VALUES (w_bucket(3), "
    "  '00000000-0000-0000-0000-0000000000a1', 3, '\\x01', 'VOICE', 'conversation', "
    "  '2026-11-10 00:00Z', NULL), (w_bucket(3), "
    "  '00000000-0000-0000-0000-0000000000a2', 3, '\\x01', 'VOICE', 'attempt', "
    "  '2026-11-05 00:00Z', NULL), (w_bucket(3), "
    "  '00000000-0000-0000-0000-0000000000a3', 3, '\\x01', 'VOICE', 'reserved', "
    "  '2026-11-06 00:00Z', '2026-11-07');"
    "INSERT INTO outcome (bucket, outcome_id, task_id, permit_id, disposition, reached, "
    "  agent, recorded_at, customer_id) SELECT w_bucket(3), "
    "  ('00000000-0000-0000-0000-0000000000b' || n)::uuid, "
    "  ('00000000-0000-0000-0000-00000000000' || 1 + n / 3)::uuid, "
    "  CASE WHEN n < 3 THEN '00000000-0000-0000-0000-0000000000a1'::uuid END, "
    "  (ARRAY['call_back', 'declined', 'other'])[n], n < 3, 'a', "
    "  timestamptz '2026-11-10' + n * interval '1 hour', 3 FROM generate_series(1, 3) AS n";

START_TEST(contacts_are_read_again_with_their_campaign_and_outcome)
{
	struct book_view *view = book_view_new(load(false)), *next;
	struct book_key key = {customer_bucket(STR_LIT("w3")), 3};

	test_db_tamper(&t, outreach);
	next = read_again(view, &key, 1);
	ck_assert_uint_eq(
	    next->parts[1]->patch.book->customers->children[BOOK_OUTREACH].table->rows,
	    3);
	check_same(next);
	book_view_unref(view);
	book_view_unref(next);
}
END_TEST

START_TEST(a_foreign_currency_is_named)
{
	struct book_key key = {customer_bucket(STR_LIT("w3")), 3};
	struct book_fill *fill;
	struct book_patch patch;

	test_db_tamper(&t, "UPDATE holding SET currency = 'USD' WHERE customer_id = 3");
	ck_ok(db_begin_snapshot(t.db, &err));
	ck_ok(book_fill_open(t.db, &fill, &err));
	ck_assert_int_eq(
	    book_patch_read(t.db, fill, &key, 1, WORLD_NOW, &patch, &err), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "holding of customer_id 3"));
	db_rollback(t.db);
	book_fill_close(fill);
}
END_TEST

START_TEST(the_fingerprint_is_of_what_a_book_takes)
{
	static const struct {
		const char *sql;
		bool changes;
	} cases[] = {
	    {"UPDATE product SET name_en = 'other'", false},
	    {"UPDATE product SET risk = 2 WHERE code = 'P0'", true},
	    {"INSERT INTO setting VALUES ('colour', 'red')", false},
	    {"INSERT INTO setting VALUES ('lifecycle_model', 'x')", true},
	    {"UPDATE trait SET name_en = 'other', version = 2", false},
	    {"UPDATE trait SET state = 'retired' WHERE name = 'fed_int'", true},
	    {"INSERT INTO trait (name, type, sensitivity, name_zh, name_en, rule, "
	     "  content_hash, state, author, updated_at) VALUES ('d', 'int', 'ordinary', "
	     "  'x', 'x', '1', '\\x01', 'active', 'x', '2026-01-01')",
		false},
	};
	char before[BOOK_FINGERPRINT], after[BOOK_FINGERPRINT];

	for (size_t i = 0; i < STW_ARRAY_LEN(cases); i++) {
		ck_ok(book_fingerprint(t.db, before, &err));
		test_db_tamper(&t, cases[i].sql);
		ck_ok(book_fingerprint(t.db, after, &err));
		ck_assert_msg((strcmp(before, after) != 0) == cases[i].changes, "%s",
		    cases[i].sql);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("book_patch");
	TCase *tc = tcase_create("patches");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, customers_read_again_are_those_of_a_fresh_load);
	tcase_add_test(tc, contacts_are_read_again_with_their_campaign_and_outcome);
	tcase_add_test(tc, a_foreign_currency_is_named);
	tcase_add_test(tc, the_fingerprint_is_of_what_a_book_takes);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
