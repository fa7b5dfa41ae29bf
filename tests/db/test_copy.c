/* Binary COPY: every type in and out, large volumes, and errors in the middle. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "db/db_priv.h"
#include "tests/lib/cluster.h"

static struct test_db t;
static struct stw_err err;

#define ck_ok(call)                                             \
	do {                                                    \
		enum stw_code ck_rc = (call);                   \
		ck_assert_msg(ck_rc == STW_OK, "%s", err.text); \
	} while (0)

#define ck_code(call, want)                                                     \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == (want), "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

static void
setup(void)
{
	test_db_open(&t);
	ck_ok(db_script(t.db,
	    "CREATE TABLE many (id bigint PRIMARY KEY, word text NOT NULL); "
	    "CREATE TABLE kinds (b boolean, i2 smallint, i4 integer, i8 bigint, f double "
	    "precision, s text, y bytea, at timestamptz, d date, list text[], u uuid)",
	    &err));
}

static void
teardown(void)
{
	test_db_close(&t);
}

static struct db_copy_in *
into(const char *sql)
{
	struct db_copy_in *copy;

	ck_ok(db_copy_in_start(t.db, "test", sql, &copy, &err));
	return copy;
}

static struct db_copy_out *
out_of(const char *sql)
{
	struct db_copy_out *copy;

	ck_ok(db_copy_out_start(t.db, "test", sql, &copy, &err));
	return copy;
}

static struct db_copy_in *
into_many(void)
{
	return into("COPY many FROM STDIN (FORMAT binary)");
}

static void
put(struct db_copy_in *copy, int64_t id, struct str word)
{
	db_put_row(copy, 2);
	db_put_i64(copy, id);
	db_put_text(copy, word);
}

static const struct kinds_row {
	bool b;
	int16_t i2;
	int32_t i4;
	int64_t i8;
	double f;
	const char *s;
	stw_usec at;
	stw_day d;
	const char *at_text, *d_text; /* as the server reads them */
} kinds_rows[] = {
    {true, 1, 2, 3, 0.1, "张三", 0, 0, "1970-01-01 00:00:00+00", "1970-01-01"},
    {false, INT16_MIN, INT32_MIN, INT64_MIN, -0.0, "", -1, -1,
	"1969-12-31 23:59:59.999999+00", "1969-12-31"},
    {true, INT16_MAX, INT32_MAX, INT64_MAX, 1e308, "tab\tnewline\n\\.",
	INT64_C(946684800000000), 10957, "2000-01-01 00:00:00+00", "2000-01-01"},
    {false, -1, -1, -1, 5e-324, "NULL", INT64_C(1795413600123456), 20780,
	"2026-11-23 06:00:00.123456+00", "2026-11-23"},
    {false, 0, 0, 0, 0, "x", STW_USEC_MAX, INT32_MAX, "infinity", "infinity"},
    {false, 0, 0, 0, 0, "x", STW_USEC_NEVER, INT32_MIN, "-infinity", "-infinity"},
};

static const unsigned char uuid[16] = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0x4d, 0xef,
    0x81, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

static void
put_kinds(struct db_copy_in *copy, const struct kinds_row *row)
{
	const char *const list[] = {"a,b", "\"{}", "", NULL};

	db_put_row(copy, 11);
	db_put_bool(copy, row->b);
	db_put_i16(copy, row->i2);
	db_put_i32(copy, row->i4);
	db_put_i64(copy, row->i8);
	db_put_f64(copy, row->f);
	db_put_text(copy, str_of(row->s));
	db_put_bytes(copy, "a\0b", 3);
	db_put_usec(copy, row->at);
	db_put_day(copy, row->d);
	db_put_texts(copy, list, row->b ? 4 : 0);
	db_put_uuid(copy, uuid);
}

START_TEST(every_type_goes_in_and_comes_out)
{
	const struct kinds_row *row = &kinds_rows[_i];
	struct db_copy_in *in = into("COPY kinds FROM STDIN (FORMAT binary)");
	struct db_copy_out *out;
	int64_t rows;
	bool more;

	put_kinds(in, row);
	ck_ok(db_copy_in_end(in, &rows, &err));
	ck_assert_int_eq(rows, 1);
	out = out_of(
	    "COPY (SELECT *, at::text, d::text, u::text, coalesce(array_to_string("
	    "list, '|', 'null'), '') FROM kinds) TO STDOUT (FORMAT binary)");
	ck_ok(db_copy_out_row(out, &more, &err));
	ck_assert(more);
	ck_assert(db_field_bool(out, 0) == row->b);
	ck_assert_int_eq(db_field_i16(out, 1), row->i2);
	ck_assert_int_eq(db_field_i32(out, 2), row->i4);
	ck_assert_int_eq(db_field_i64(out, 3), row->i8);
	ck_assert(db_field_f64(out, 4) == row->f);
	ck_assert(str_eq_c(db_field_bytes(out, 5), row->s));
	ck_assert(str_eq(db_field_bytes(out, 6), (struct str){"a\0b", 3}));
	ck_assert_int_eq(db_field_usec(out, 7), row->at);
	ck_assert_int_eq(db_field_day(out, 8), row->d);
	ck_assert_mem_eq(db_field_bytes(out, 10).ptr, uuid, 16);
	ck_assert(str_eq_c(db_field_bytes(out, 11), row->at_text));
	ck_assert(str_eq_c(db_field_bytes(out, 12), row->d_text));
	ck_assert(
	    str_eq_c(db_field_bytes(out, 13), "12345678-9abc-4def-8123-456789abcdef"));
	ck_assert(str_eq_c(db_field_bytes(out, 14), row->b ? "a,b|\"{}||null" : ""));
	ck_ok(db_copy_out_row(out, &more, &err));
	ck_assert(!more);
	db_copy_out_close(out);
}
END_TEST

START_TEST(null_is_null_and_reads_as_nothing)
{
	struct db_copy_in *in = into("COPY kinds FROM STDIN (FORMAT binary)");
	struct db_copy_out *out;
	bool more;

	db_put_row(in, 11);
	for (int i = 0; i < 11; i++)
		db_put_null(in);
	ck_ok(db_copy_in_end(in, NULL, &err));
	out = out_of("COPY kinds TO STDOUT (FORMAT binary)");
	ck_ok(db_copy_out_row(out, &more, &err));
	ck_assert(more);
	for (int i = 0; i < 11; i++)
		ck_assert(db_field_null(out, i));
	ck_assert(!db_field_bool(out, 0));
	ck_assert_int_eq(db_field_i64(out, 3), 0);
	ck_assert(db_field_f64(out, 4) == 0);
	ck_assert_uint_eq(db_field_bytes(out, 5).len, 0);
	ck_assert_int_eq(db_field_usec(out, 7), 0);
	ck_assert_int_eq(db_field_day(out, 8), 0);
	db_copy_out_close(out);
}
END_TEST

START_TEST(many_rows_and_large_values_pass)
{
	struct db_copy_in *in = into_many();
	struct db_copy_out *out;
	char *large = stw_xalloc(1 << 20);
	int64_t sum = 0;
	int64_t rows;
	bool more;

	memset(large, 'x', 1 << 20);
	for (int64_t i = 0; i < 50000; i++)
		put(in, i,
		    i % 10000 == 0 ? (struct str){large, 1 << 20} : STR_LIT("word"));
	ck_ok(db_copy_in_end(in, &rows, &err));
	ck_assert_int_eq(rows, 50000);
	out = out_of("COPY (SELECT * FROM many ORDER BY id) TO STDOUT (FORMAT binary)");
	for (rows = 0;; rows++) {
		ck_ok(db_copy_out_row(out, &more, &err));
		if (!more)
			break;
		ck_assert_int_eq(db_field_i64(out, 0), rows);
		sum += (int64_t)db_field_bytes(out, 1).len;
	}
	db_copy_out_close(out);
	ck_assert_int_eq(rows, 50000);
	ck_assert_int_eq(sum, 5 * (1 << 20) + 49995 * 4);
	free(large);
}
END_TEST

START_TEST(nothing_is_a_table_too)
{
	struct db_copy_in *in = into_many();
	struct db_copy_out *out;
	int64_t rows = 7;
	bool more = true;

	ck_ok(db_copy_in_end(in, &rows, &err));
	ck_assert_int_eq(rows, 0);
	out = out_of("COPY many TO STDOUT (FORMAT binary)");
	ck_ok(db_copy_out_row(out, &more, &err));
	ck_assert(!more);
	ck_ok(db_copy_out_row(out, &more, &err));
	ck_assert(!more);
	db_copy_out_close(out);
}
END_TEST

START_TEST(what_is_given_up_leaves_nothing)
{
	struct db_copy_in *in = into_many();

	put(in, 1, STR_LIT("word"));
	db_copy_in_abort(in);
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM many"), 0);
	in = into_many(); /* the connection goes on */
	put(in, 1, STR_LIT("word"));
	ck_ok(db_copy_in_end(in, NULL, &err));
}
END_TEST

START_TEST(one_bad_row_refuses_all_and_is_not_quoted)
{
	struct db_copy_in *in = into_many();

	put(in, 1, STR_LIT("word"));
	put(in, 1, STR_LIT("13800001111"));
	ck_code(db_copy_in_end(in, NULL, &err), STW_CONFLICT);
	ck_assert_msg(strstr(err.text, "many_pkey") != NULL, "%s", err.text);
	ck_assert_msg(strstr(err.text, "line 2") != NULL, "%s", err.text);
	ck_assert_msg(strstr(err.text, "1380000") == NULL, "%s", err.text);
	in = into_many();
	put(in, 1, STR_LIT("13800001111\xff"));
	ck_code(db_copy_in_end(in, NULL, &err), STW_INVALID);
	ck_assert_msg(strstr(err.text, "1380000") == NULL, "%s", err.text);
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM many"), 0);
}
END_TEST

START_TEST(an_error_early_in_a_long_copy_is_the_one_reported)
{
	struct db_copy_in *in = into_many();

	for (int64_t i = 0; i < 100000; i++)
		put(in, i / 2, STR_LIT("a longer word to fill the pieces"));
	ck_code(db_copy_in_end(in, NULL, &err), STW_CONFLICT);
	ck_assert(!db_in_transaction(t.db));
	ck_ok(db_script(t.db, "SELECT 1", &err));
}
END_TEST

START_TEST(a_transaction_can_go_on_after_a_copy)
{
	struct db_copy_in *in;
	struct db_copy_out *out;
	bool more;

	ck_ok(db_begin(t.db, &err));
	in = into_many();
	put(in, 1, STR_LIT("word"));
	ck_ok(db_copy_in_end(in, NULL, &err));
	out = out_of("COPY many TO STDOUT (FORMAT binary)");
	ck_ok(db_copy_out_row(out, &more, &err));
	ck_ok(db_copy_out_row(out, &more, &err));
	db_copy_out_close(out);
	ck_ok(db_script(t.db, "SELECT 1", &err));
	ck_ok(db_commit(t.db, &err));
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM many"), 1);
}
END_TEST

START_TEST(reading_may_stop_early)
{
	struct db_copy_out *out =
	    out_of("COPY (SELECT i, repeat('x', 1000) FROM "
		   "generate_series(1, 1000000) i) TO STDOUT (FORMAT "
		   "binary)");
	bool more;

	ck_ok(db_copy_out_row(out, &more, &err));
	ck_assert(more);
	db_copy_out_close(out);
	ck_ok(db_script(t.db, "SELECT 1", &err));
}
END_TEST

START_TEST(an_error_while_reading_is_reported)
{
	struct db_copy_out *out =
	    out_of("COPY (SELECT 10 / (1000 - i) FROM "
		   "generate_series(1, 2000) i) TO STDOUT (FORMAT "
		   "binary)");
	enum stw_code rc;
	int rows = 0;
	bool more = true;

	while ((rc = db_copy_out_row(out, &more, &err)) == STW_OK && more)
		rows++;
	ck_assert_int_eq(rc, STW_INVALID); /* division by zero */
	ck_assert_int_eq(rows, 999);
	db_copy_out_close(out);
	ck_ok(db_script(t.db, "SELECT 1", &err));
}
END_TEST

START_TEST(a_connection_lost_in_the_middle_is_temporary)
{
	struct db_copy_in *in = into_many();

	put(in, 1, STR_LIT("word"));
	test_db_tamper(&t,
	    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
	    "datname = current_database() AND pid <> pg_backend_pid()");
	for (int64_t i = 2; i < 20000; i++)
		put(in, i, STR_LIT("word"));
	ck_code(db_copy_in_end(in, NULL, &err), STW_TEMPFAIL);
	ck_ok(db_reset(t.db, &err));
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM many"), 0);
}
END_TEST

START_TEST(a_statement_that_is_no_binary_copy_is_a_bug)
{
	struct db_copy_out *out;
	struct db_copy_in *in;

	ck_code(db_copy_in_start(t.db, "test", "SELECT 1", &in, &err), STW_BUG);
	ck_code(
	    db_copy_in_start(t.db, "test", "COPY many FROM STDIN", &in, &err), STW_BUG);
	ck_code(db_copy_out_start(t.db, "test", "COPY many TO STDOUT", &out, &err),
	    STW_BUG);
	ck_code(db_copy_out_start(t.db, "test", "COPY nowhere TO STDOUT", &out, &err),
	    STW_BUG);
	ck_ok(db_script(t.db, "SELECT 1", &err));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("copy");
	TCase *tc = tcase_create("copy");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, every_type_goes_in_and_comes_out, 0, (int)STW_ARRAY_LEN(kinds_rows));
	tcase_add_test(tc, null_is_null_and_reads_as_nothing);
	tcase_add_test(tc, many_rows_and_large_values_pass);
	tcase_add_test(tc, nothing_is_a_table_too);
	tcase_add_test(tc, what_is_given_up_leaves_nothing);
	tcase_add_test(tc, one_bad_row_refuses_all_and_is_not_quoted);
	tcase_add_test(tc, an_error_early_in_a_long_copy_is_the_one_reported);
	tcase_add_test(tc, a_transaction_can_go_on_after_a_copy);
	tcase_add_test(tc, reading_may_stop_early);
	tcase_add_test(tc, an_error_while_reading_is_reported);
	tcase_add_test(tc, a_connection_lost_in_the_middle_is_temporary);
	tcase_add_test(tc, a_statement_that_is_no_binary_copy_is_a_bug);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
