/* Connections, statements, transactions, the pool, migrations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "db/migrate.h"
#include "tests/lib/cluster.h"

static struct test_db t;
static struct stw_err err;

static void
setup(void)
{
	test_db_open(&t);
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

#define ck_code(call, want)                                                     \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == (want), "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

/* Any table will do for these; setting is the plainest. */
static enum stw_code
put_setting(struct db *db, const char *name, const char *value)
{
	const struct db_param params[] = {db_text(name), db_text(value)};

	return db_query(db, DB_Q_SETTING_PUT, params, DB_NPARAMS(params), NULL, &err);
}

static enum stw_code
get_setting(struct db *db, const char *name, struct db_rows **rows)
{
	const struct db_param params[] = {db_text(name)};

	return db_query_one(
	    db, DB_Q_SETTING_GET, params, DB_NPARAMS(params), rows, &err);
}

START_TEST(a_value_survives_the_round_trip)
{
	const char *value = "一 \"quoted\" \\ 'x' \n end";
	struct db_rows *rows;

	ck_ok(put_setting(t.db, "a", value));
	ck_ok(put_setting(t.db, "a", value)); /* prepared by now */
	ck_ok(get_setting(t.db, "a", &rows));
	ck_assert(str_eq_c(db_get_str(rows, 0, 0), value));
	db_rows_free(rows);
	ck_code(get_setting(t.db, "b", &rows), STW_NOT_FOUND);
	ck_assert_ptr_null(rows);
}
END_TEST

START_TEST(a_nul_byte_is_refused_before_it_is_sent)
{
	const struct db_param params[] = {
	    db_str((struct str){"a\0b", 3}), db_text("x")};

	ck_code(db_query(t.db, DB_Q_SETTING_PUT, params, 2, NULL, &err), STW_INVALID);
}
END_TEST

START_TEST(a_rolled_back_transaction_leaves_nothing)
{
	struct db_rows *rows;

	ck_assert(!db_in_transaction(t.db));
	ck_ok(db_begin(t.db, &err));
	ck_assert(db_in_transaction(t.db));
	ck_ok(put_setting(t.db, "a", "1"));
	db_rollback(t.db);
	ck_assert(!db_in_transaction(t.db));
	ck_code(get_setting(t.db, "a", &rows), STW_NOT_FOUND);
	ck_ok(db_begin(t.db, &err));
	ck_ok(put_setting(t.db, "a", "1"));
	ck_ok(db_commit(t.db, &err));
	ck_ok(get_setting(t.db, "a", &rows));
	db_rows_free(rows);
}
END_TEST

START_TEST(a_commit_after_a_failed_statement_is_no_success)
{
	ck_ok(db_begin(t.db, &err));
	ck_code(put_setting(t.db, NULL, "1"), STW_INVALID); /* not null */
	ck_code(db_commit(t.db, &err), STW_BUG);
	ck_assert(!db_in_transaction(t.db));
}
END_TEST

START_TEST(a_snapshot_does_not_see_later_commits)
{
	struct db *other = test_db_connect(&t);
	struct db_rows *rows;

	ck_ok(db_begin_snapshot(t.db, &err));
	ck_code(get_setting(t.db, "a", &rows), STW_NOT_FOUND);
	ck_ok(put_setting(other, "a", "1"));
	ck_code(get_setting(t.db, "a", &rows), STW_NOT_FOUND);
	ck_ok(db_commit(t.db, &err));
	ck_ok(get_setting(t.db, "a", &rows));
	db_rows_free(rows);
	db_close(other);
}
END_TEST

/* ---- fewer round trips -------------------------------------------------------------- */
static enum stw_code
later_setting(struct db *db, const char *name, const char *value)
{
	const struct db_param params[] = {db_text(name), db_text(value)};

	return db_later(db, DB_Q_SETTING_PUT, params, DB_NPARAMS(params), &err);
}

START_TEST(what_is_left_for_later_is_seen_by_what_comes_next)
{
	char name[] = "a", value[] = "1";
	struct db_rows *rows;

	ck_ok(db_begin(t.db, &err));
	ck_ok(later_setting(t.db, name, value));
	name[0] = value[0] = '?'; /* copied */
	ck_ok(get_setting(t.db, "a", &rows));
	ck_assert(str_eq_c(db_get_str(rows, 0, 0), "1"));
	db_rows_free(rows);
	ck_ok(later_setting(t.db, "a", "2"));
	ck_ok(db_commit(t.db, &err));
	ck_assert(!db_in_transaction(t.db));
	ck_ok(get_setting(t.db, "a", &rows));
	ck_assert(str_eq_c(db_get_str(rows, 0, 0), "2"));
	db_rows_free(rows);
}
END_TEST

START_TEST(more_for_later_than_fit_at_once)
{
	char name[16];

	ck_ok(db_begin(t.db, &err));
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof name, "n%d", i);
		ck_ok(later_setting(t.db, name, "1"));
	}
	ck_ok(db_commit(t.db, &err));
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM setting WHERE name ~ '^n'"), 1000);
}
END_TEST

/* Nothing that stood beside it is done, whichever way it comes out. */
START_TEST(what_fails_later_is_told_by_what_comes_next)
{
	struct db_rows *rows;

	ck_ok(db_begin(t.db, &err));
	ck_ok(later_setting(t.db, "a", "1"));
	ck_ok(later_setting(t.db, NULL, "1"));
	ck_ok(later_setting(t.db, "b", "1"));
	if (_i == 0) {
		ck_code(db_commit(t.db, &err), STW_INVALID);
	} else {
		ck_code(get_setting(t.db, "a", &rows), STW_INVALID);
		ck_assert_ptr_null(rows);
		if (_i == 2)
			ck_code(db_commit(t.db, &err), STW_BUG);
	}
	if (_i < 2)
		ck_assert_msg(
		    strstr(err.text, "setting_put: ") == err.text, "%s", err.text);
	db_rollback(t.db);
	ck_assert(!db_in_transaction(t.db));
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM setting WHERE value = '1'"), 0);
	ck_ok(put_setting(t.db, "a", "1"));
}
END_TEST

/* Callers take it for the end of the transaction, whatever came of it. */
START_TEST(a_commit_that_fails_ends_the_transaction)
{
	ck_ok(db_begin(t.db, &err));
	ck_ok(later_setting(t.db, "a", "1"));
	ck_ok(later_setting(t.db, NULL, "1"));
	ck_code(db_commit(t.db, &err), STW_INVALID);
	ck_assert(!db_in_transaction(t.db));
	ck_ok(db_begin(t.db, &err));
	ck_ok(later_setting(t.db, "b", "1"));
	ck_ok(db_commit(t.db, &err));
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM setting WHERE value = '1'"), 1);
}
END_TEST

START_TEST(what_is_queued_behind_a_savepoint_goes_with_it)
{
	ck_ok(db_begin(t.db, &err));
	ck_ok(later_setting(t.db, "a", "1"));
	ck_ok(db_savepoint(t.db, &err));
	ck_ok(later_setting(t.db, NULL, "1"));
	ck_ok(db_savepoint_rollback(t.db, &err));
	ck_ok(db_commit(t.db, &err));
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM setting WHERE value = '1'"), 1);
}
END_TEST

START_TEST(what_was_left_for_later_is_rolled_back)
{
	ck_ok(db_begin(t.db, &err));
	ck_ok(later_setting(t.db, "a", "1"));
	db_rollback(t.db);
	ck_assert(!db_in_transaction(t.db));
	ck_ok(db_begin(t.db, &err));
	ck_ok(db_commit(t.db, &err)); /* of nothing */
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM setting WHERE name = 'a'"), 0);
}
END_TEST

START_TEST(what_was_left_for_later_goes_before_a_script_and_a_copy)
{
	struct db_copy_out *copy;
	bool more;

	ck_ok(db_begin(t.db, &err));
	ck_ok(later_setting(t.db, "a", "1"));
	ck_ok(db_script(t.db, "UPDATE setting SET value = '2' WHERE name = 'a'", &err));
	ck_ok(later_setting(t.db, "b", "1"));
	ck_ok(db_copy_out_begin(t.db, DB_Q_LEDGER_VERIFY_COPY, &copy, &err));
	ck_ok(db_copy_out_row(copy, &more, &err));
	db_copy_out_close(copy);
	ck_ok(db_commit(t.db, &err));
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM setting WHERE (name, value) IN "
			       "(('a', '2'), ('b', '1'))"),
	    2);
}
END_TEST

START_TEST(questions_asked_at_once_are_answered_in_order)
{
	const struct db_param put[] = {db_text("a"), db_text("1")};
	const struct db_param get[] = {db_text("a")};
	struct db_rows *before, *after;
	struct db_asks asks;
	struct arena arena;

	arena_init(&arena);
	db_asks_init(&asks, &arena);
	for (int i = 0; i < 2; i++) { /* prepared on the way, and before */
		db_asks_add(&asks, DB_Q_SETTING_GET, get, 1, &before);
		db_asks_add(&asks, DB_Q_SETTING_PUT, put, 2, NULL);
		db_asks_add(&asks, DB_Q_SETTING_GET, get, 1, &after);
		ck_ok(db_begin(t.db, &err));
		ck_ok(db_ask_all(t.db, &asks, &err));
		ck_assert_int_eq(db_rows_count(before), 0);
		ck_assert_int_eq(db_rows_count(after), 1);
		db_rows_free(before);
		db_rows_free(after);
		db_rollback(t.db);
	}
	arena_fini(&arena);
}
END_TEST

START_TEST(questions_of_which_one_fails_have_no_answer)
{
	const struct db_param put[] = {db_null(), db_text("1")};
	const struct db_param get[] = {db_text("a")};
	struct db_rows *before, *after;
	struct db_asks asks;
	struct arena arena;

	arena_init(&arena);
	db_asks_init(&asks, &arena);
	db_asks_add(&asks, DB_Q_SETTING_GET, get, 1, &before);
	db_asks_add(&asks, DB_Q_SETTING_PUT, put, 2, NULL);
	db_asks_add(&asks, DB_Q_PING, NULL, 0, &after); /* its preparation is skipped */
	ck_code(db_ask_all(t.db, &asks, &err), STW_INVALID);
	ck_assert_ptr_null(before);
	ck_assert_ptr_null(after);
	ck_ok(db_query_one(t.db, DB_Q_PING, NULL, 0, &after, &err));
	db_rows_free(after);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_connection_lost_between_many_statements_is_temporary)
{
	struct db_rows *rows;

	ck_ok(put_setting(t.db, "a", "1"));
	ck_ok(db_begin(t.db, &err));
	ck_ok(later_setting(t.db, "a", "2"));
	test_db_tamper(&t,
	    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
	    "datname = current_database() AND pid <> pg_backend_pid()");
	ck_code(_i == 0 ? db_commit(t.db, &err) : get_setting(t.db, "a", &rows),
	    STW_TEMPFAIL);
	ck_assert(!db_in_transaction(t.db));
	ck_ok(db_reset(t.db, &err));
	ck_ok(get_setting(t.db, "a", &rows));
	ck_assert(str_eq_c(db_get_str(rows, 0, 0), "1"));
	db_rows_free(rows);
}
END_TEST

/* SQL that fails, and what that means. */
static const struct error_case {
	const char *sql;
	enum stw_code want;
	const char *text; /* in the message */
} error_cases[] = {
    {"INSERT INTO setting VALUES ('dup', '1'), ('dup', '2')", STW_CONFLICT,
	"setting_pkey"},
    {"INSERT INTO setting VALUES (NULL, '1')", STW_INVALID, "\"name\""},
    {"INSERT INTO queue (code, kind, url, secret_sealed, dedupes, updated_at) "
     "VALUES ('q', 'dog', '', '', true, now())",
	STW_INVALID, "queue_kind_check"},
    {"SELECT 1 FROM nowhere", STW_BUG, "steward migrate"},
    {"SELEC 1", STW_BUG, "syntax"},
    {"SET LOCAL statement_timeout TO 20; SELECT pg_sleep(5)", STW_TEMPFAIL, "57014"},
    {"SELECT pg_terminate_backend(pg_backend_pid())", STW_TEMPFAIL, "connection lost"},
    {"DELETE FROM ledger_leaf", STW_DENIED, "append-only"},
    {"DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", STW_TEMPFAIL, "40001"},
    {"DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", STW_TEMPFAIL, "53100"},
    {"SELECT '13800001111x'::bigint", STW_INVALID, "invalid input syntax"},
};

START_TEST(an_error_has_its_meaning)
{
	const struct error_case *c = &error_cases[_i];

	ck_code(db_script(t.db, c->sql, &err), c->want);
	ck_assert_msg(strstr(err.text, c->text) != NULL, "%s", err.text);
}
END_TEST

START_TEST(an_error_does_not_quote_the_value)
{
	ck_code(db_script(t.db, "SELECT '13800001111x'::bigint", &err), STW_INVALID);
	ck_assert_msg(strstr(err.text, "1380000") == NULL, "%s", err.text);
	ck_code(db_script(t.db, "SELECT '张\"三x'::bigint", &err), STW_INVALID);
	ck_assert_msg(strstr(err.text, "三") == NULL, "%s", err.text);
	ck_code(
	    db_script(t.db,
		"INSERT INTO setting VALUES ('13800001111', ''), ('13800001111', '')",
		&err),
	    STW_CONFLICT);
	ck_assert_msg(strstr(err.text, "1380000") == NULL, "%s", err.text);
}
END_TEST

START_TEST(a_script_error_names_its_line)
{
	ck_code(db_script(t.db, "SELECT 1;\n-- 注释\nSELECT x;\n", &err), STW_BUG);
	ck_assert_int_eq(err.line, 3);
}
END_TEST

START_TEST(a_broken_connection_is_temporary_and_can_be_reset)
{
	struct db_rows *rows;

	ck_ok(put_setting(t.db, "a", "1"));
	ck_ok(db_begin(t.db, &err));
	test_db_tamper(&t,
	    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
	    "datname = current_database() AND pid <> pg_backend_pid()");
	ck_code(get_setting(t.db, "a", &rows), STW_TEMPFAIL);
	ck_assert(!db_in_transaction(t.db));
	ck_code(db_begin(t.db, &err), STW_TEMPFAIL);
	ck_ok(db_reset(t.db, &err));
	ck_ok(get_setting(t.db, "a", &rows));
	db_rows_free(rows);
}
END_TEST

START_TEST(a_stale_plan_is_prepared_again)
{
	struct db_rows *rows;

	ck_ok(put_setting(t.db, "a", "1"));
	for (int i = 0; i < 7; i++) { /* past the custom plans */
		ck_ok(get_setting(t.db, "a", &rows));
		db_rows_free(rows);
	}
	test_db_tamper(&t, "ALTER TABLE setting ALTER value TYPE varchar");
	ck_code(get_setting(t.db, "a", &rows), STW_TEMPFAIL);
	ck_ok(get_setting(t.db, "a", &rows));
	db_rows_free(rows);
}
END_TEST

START_TEST(a_wrong_database_is_not_worth_retrying)
{
	struct db *db;
	char conninfo[600];

	(void)snprintf(conninfo, sizeof conninfo, "%s dbname=nowhere", t.conninfo);
	ck_code(db_open(conninfo, &db, &err), STW_INVALID);
	ck_assert_ptr_null(db);
	(void)snprintf(conninfo, sizeof conninfo, "%s host=/nowhere", t.conninfo);
	ck_code(db_open(conninfo, &db, &err), STW_TEMPFAIL);
	ck_code(db_open("no such = thing = at all", &db, &err), STW_INVALID);
}
END_TEST

/* ---- every kind of parameter and getter ------------------------------------------- */
START_TEST(every_kind_of_value_comes_back)
{
	const struct str texts[] = {
	    STR_LIT("a,b"), STR_LIT("q\"\\"), STR_LIT(""), STR_LIT("NULL"), {NULL, 0}};
	const int64_t numbers[] = {INT64_MIN, 0, INT64_MAX};
	const unsigned char bytes[] = {0, 1, 255, 0};
	const stw_usec at = INT64_C(1795413600123456);
	const struct db_param params[] = {db_bool(true), db_i64(INT64_MIN), db_f64(0.1),
	    db_str(STR_LIT("张三")), db_bytes(bytes, sizeof bytes), db_usec(at),
	    db_day(-1), db_i64s(numbers, 3), db_texts(texts, 5), db_usec(STW_USEC_MAX),
	    db_usec(STW_USEC_NEVER), db_null()};
	struct db_rows *rows;
	struct arena arena;
	struct str got;
	const char **list;
	size_t count;

	arena_init(&arena);
	ck_ok(db_query_one(
	    t.db, DB_Q_PARAM_ECHO, params, DB_NPARAMS(params), &rows, &err));
	ck_assert(db_get_bool(rows, 0, 0));
	ck_assert(db_get_i64(rows, 0, 1) == INT64_MIN);
	ck_assert(db_get_f64(rows, 0, 2) == 0.1);
	ck_assert_str_eq(db_get_text(rows, 0, 3, &arena), "张三");
	got = db_get_bytes(rows, 0, 4, &arena);
	ck_assert_uint_eq(got.len, sizeof bytes);
	ck_assert_mem_eq(got.ptr, bytes, sizeof bytes);
	ck_assert(db_get_usec(rows, 0, 5) == at);
	ck_assert_int_eq(db_get_day(rows, 0, 6), -1);
	ck_assert_str_eq(db_get_text(rows, 0, 7, &arena),
	    "{-9223372036854775808,0,9223372036854775807}");
	list = db_get_texts(rows, 0, 8, &count, &arena);
	ck_assert_uint_eq(count, 5);
	for (size_t i = 0; i < 4; i++)
		ck_assert_str_eq(list[i], texts[i].ptr);
	ck_assert_ptr_null(list[4]);
	ck_assert(db_get_usec(rows, 0, 9) == STW_USEC_MAX);
	ck_assert(db_get_usec(rows, 0, 10) == STW_USEC_NEVER);
	ck_assert(db_is_null(rows, 0, 11));
	ck_assert(!db_is_null(rows, 0, 10));
	ck_assert_ptr_null(db_get_text(rows, 0, 11, &arena));
	db_rows_free(rows);
	arena_fini(&arena);
}
END_TEST

/* ---- pool ------------------------------------------------------------------------- */
START_TEST(the_pool_is_bounded_and_says_so)
{
	struct db *a, *b, *c;
	struct db_pool *pool;

	ck_ok(db_pool_open(t.conninfo, 2, &pool, &err));
	ck_ok(db_pool_acquire(pool, 0, &a, &err));
	ck_ok(db_pool_acquire(pool, 0, &b, &err));
	ck_code(db_pool_acquire(pool, 30, &c, &err), STW_TEMPFAIL);
	ck_assert_ptr_null(c);
	db_pool_release(pool, a);
	ck_ok(db_pool_acquire(pool, 0, &c, &err));
	ck_assert_ptr_eq(c, a);
	db_pool_release(pool, b);
	db_pool_release(pool, c);
	db_pool_close(pool);
}
END_TEST

START_TEST(the_pool_mends_connections_that_died_idle)
{
	struct db_rows *rows;
	struct db_pool *pool;
	struct db *db;

	ck_ok(db_pool_open(t.conninfo, 1, &pool, &err));
	test_db_tamper(&t,
	    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
	    "datname = current_database() AND pid <> pg_backend_pid()");
	for (
	    int i = 0;
	    i < 100 &&
	    test_db_number(&t,
		"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
		"AND pid <> pg_backend_pid()") > 0;
	    i++)
		continue;
	ck_ok(db_pool_acquire(pool, 0, &db, &err));
	ck_code(get_setting(db, "a", &rows), STW_NOT_FOUND);
	db_pool_release(pool, db);
	db_pool_close(pool);
}
END_TEST

START_TEST(the_pool_rolls_back_what_was_left_open)
{
	struct db_rows *rows;
	struct db_pool *pool;
	struct db *db;

	ck_ok(db_pool_open(t.conninfo, 1, &pool, &err));
	ck_ok(db_pool_acquire(pool, 0, &db, &err));
	ck_ok(db_begin(db, &err));
	ck_ok(put_setting(db, "a", "1"));
	db_pool_release(pool, db);
	ck_code(get_setting(t.db, "a", &rows), STW_NOT_FOUND);
	ck_ok(db_pool_acquire(pool, 0, &db, &err));
	ck_assert(!db_in_transaction(db));
	db_pool_release(pool, db);
	db_pool_close(pool);
}
END_TEST

/* ---- migrations ------------------------------------------------------------------- */
START_TEST(migrating_twice_changes_nothing)
{
	struct test_db empty;
	int applied;

	test_db_open_empty(&empty);
	ck_code(db_migrate_check(empty.db, &err), STW_INVALID);
	ck_assert_msg(strstr(err.text, "run steward migrate") != NULL, "%s", err.text);
	ck_ok(db_migrate(empty.db, &applied, &err));
	ck_assert_int_gt(applied, 0);
	ck_ok(db_migrate_check(empty.db, &err));
	ck_ok(db_migrate(empty.db, &applied, &err));
	ck_assert_int_eq(applied, 0);
	test_db_close(&empty);
}
END_TEST

/* tampering, what check says and what migrate says */
static const struct migrate_case {
	const char *sql;
	const char *check;
	const char *migrate;
} migrate_cases[] = {
    {"UPDATE schema_migration SET sha256 = '\\x00' WHERE number = 1", "another content",
	"another content"},
    {"INSERT INTO schema_migration VALUES (9999, '9999_future', '\\x00', now())",
	"database is at 9999", "install the newer steward"},
    {"DELETE FROM schema_migration", "database is at 0000", "migration 0001"},
};

START_TEST(a_schema_that_does_not_fit_is_refused)
{
	const struct migrate_case *c = &migrate_cases[_i];

	test_db_tamper(&t, c->sql);
	ck_assert(db_migrate_check(t.db, &err) != STW_OK);
	ck_assert_msg(strstr(err.text, c->check) != NULL, "%s", err.text);
	ck_assert(db_migrate(t.db, NULL, &err) != STW_OK);
	ck_assert_msg(strstr(err.text, c->migrate) != NULL, "%s", err.text);
	ck_assert(!db_in_transaction(t.db));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("db");
	TCase *tc = tcase_create("db");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_value_survives_the_round_trip);
	tcase_add_test(tc, a_nul_byte_is_refused_before_it_is_sent);
	tcase_add_test(tc, a_rolled_back_transaction_leaves_nothing);
	tcase_add_test(tc, a_commit_after_a_failed_statement_is_no_success);
	tcase_add_test(tc, a_snapshot_does_not_see_later_commits);
	tcase_add_test(tc, what_is_left_for_later_is_seen_by_what_comes_next);
	tcase_add_test(tc, more_for_later_than_fit_at_once);
	tcase_add_loop_test(tc, what_fails_later_is_told_by_what_comes_next, 0, 3);
	tcase_add_test(tc, a_commit_that_fails_ends_the_transaction);
	tcase_add_test(tc, what_is_queued_behind_a_savepoint_goes_with_it);
	tcase_add_test(tc, what_was_left_for_later_is_rolled_back);
	tcase_add_test(tc, what_was_left_for_later_goes_before_a_script_and_a_copy);
	tcase_add_test(tc, questions_asked_at_once_are_answered_in_order);
	tcase_add_test(tc, questions_of_which_one_fails_have_no_answer);
	tcase_add_loop_test(
	    tc, a_connection_lost_between_many_statements_is_temporary, 0, 2);
	tcase_add_loop_test(
	    tc, an_error_has_its_meaning, 0, (int)STW_ARRAY_LEN(error_cases));
	tcase_add_test(tc, an_error_does_not_quote_the_value);
	tcase_add_test(tc, a_script_error_names_its_line);
	tcase_add_test(tc, a_broken_connection_is_temporary_and_can_be_reset);
	tcase_add_test(tc, a_stale_plan_is_prepared_again);
	tcase_add_test(tc, a_wrong_database_is_not_worth_retrying);
	tcase_add_test(tc, every_kind_of_value_comes_back);
	tcase_add_test(tc, the_pool_is_bounded_and_says_so);
	tcase_add_test(tc, the_pool_mends_connections_that_died_idle);
	tcase_add_test(tc, the_pool_rolls_back_what_was_left_open);
	tcase_add_test(tc, migrating_twice_changes_nothing);
	tcase_add_loop_test(tc, a_schema_that_does_not_fit_is_refused, 0,
	    (int)STW_ARRAY_LEN(migrate_cases));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
