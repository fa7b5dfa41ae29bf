/* Imports that end early go on where they were. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "segments/import_history_store.h"
#include "segments/import_hold_store.h"
#include "tests/lib/import_world.h"

static void
put_many(int rows, const char *every)
{
	char text[1200];
	struct buf all;

	(void)snprintf(text, sizeof text,
	    HEAD(
		"many") "%s, {\"file\": \"t.csv\", \"target\": \"txn\", %s \"columns\": "
			"{\"customer\": \"row.c\", \"txn_ref\": \"row.t\", \"at\": "
			"\"'2026-11-01'\", \"kind\": \"'deposit'\", \"amount\": "
			"\"row.a\"}}]}",
	    HOLDINGS(""), every);
	put("mapping.json", text);
	put("h.csv", "owner,ref,kind,amount\nC1,M1,fund,1\n");
	buf_init(&all);
	buf_add_c(&all, "c,t,a\n");
	for (int i = 0; i < rows; i++)
		buf_printf(&all, "C%d,T%d,%d\n", 1 + i % 3, i, i);
	put("t.csv", all.data);
	buf_fini(&all);
}

/* Every row that was committed is in one entry of the ledger. */
#define LOGGED                                                                            \
	"SELECT sum((convert_from(entry, 'UTF8')::jsonb ->> 'rows')::bigint) FROM "       \
	"ledger_outbox WHERE kind = 'import' AND convert_from(entry, 'UTF8')::jsonb ->> " \
	"'file' = 't.csv'"

/* The server may take a moment to see that a client is gone, and holds its lock until then. */
static struct import_run_info
run_seen(const char *state, struct arena *arena)
{
	struct import_run_info *runs;
	int count;

	for (int i = 0; i < 500; i++) {
		ck_assert_msg(import_history_runs(t.db, INT64_MAX, 1, arena, &runs,
				  &count, &err) == STW_OK,
		    "%s", err.text);
		ck_assert_int_eq(count, 1);
		if (strcmp(runs[0].state, state) == 0)
			return runs[0];
		(void)usleep(20000);
	}
	ck_abort_msg("the run is %s, not %s", runs[0].state, state);
}

/* Nobody has to start another import to see that one was broken off. */
static void
interrupted_is_seen(int64_t rows)
{
	struct import_run_info seen;
	struct arena arena;

	arena_init(&arena);
	seen = run_seen("interrupted", &arena);
	ck_assert_int_eq(seen.rows_read, rows);
	ck_assert_int_eq(seen.rows_loaded, rows);
	ck_assert_ptr_nonnull(strstr(seen.failure, "the same command goes on"));
	arena_fini(&arena);
}

START_TEST(a_killed_import_goes_on_and_loads_no_row_twice)
{
	enum { ROWS = 30000, KILLS = 4 };
	int64_t before = 0;

	put_customers();
	put_many(ROWS, "\"commit_every\": 500,");
	for (int k = 0; k < KILLS; k++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			struct import_opts opts = {.dir = dir, .as_of = AS_OF};
			struct db *db = test_db_connect(&t);

			_exit(import_run(db, keys, &opts, &result, &err) == STW_OK ? 0
										   : 1);
		}
		while (
		    number(
			"SELECT coalesce(max(rows_read), 0) FROM import_file WHERE file = "
			"'t.csv' AND state = 'partly'") < before + 1000 &&
		    waitpid(child, &status, WNOHANG) == 0)
			(void)usleep(1000);
		(void)kill(child, SIGKILL);
		(void)waitpid(child, &status, 0);
		before = number(
		    "SELECT coalesce(max(rows_read), 0) FROM import_file WHERE file "
		    "= 't.csv'");
		ck_assert_int_ge(before, 500);
		ck_assert_int_eq(number("SELECT count(*) FROM txn"), before);
	}
	interrupted_is_seen(before + 1);
	for (int i = 0; i < 200 && run(0, NULL) == STW_CONFLICT; i++)
		(void)usleep(20000);
	ck_assert_msg(err.text[0] == '\0', "%s", err.text);
	ck_assert(result.resumed);
	ck_assert_int_eq(result.rows_read, ROWS + 1);
	ck_assert_int_eq(result.rows_before, before + 1);
	ck_assert_int_eq(result.rows_loaded, ROWS + 1);
	ck_assert_int_eq(result.inserted, ROWS + 1);
	ck_assert_int_eq(number("SELECT count(*) FROM txn"), ROWS);
	ck_assert_int_eq(number(LOGGED), ROWS);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM import_run WHERE mapping = 'many' AND "
		   "state = 'done' AND starts > 1"),
	    1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM import_file WHERE state = 'done' AND "
		   "file = 't.csv' AND rows_read = 30000"),
	    1);
	/* Now it is as if it had gone through at once. */
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert(result.unchanged);
}
END_TEST

START_TEST(parts_before_a_bad_row_stay_and_are_not_read_again)
{
	put_customers();
	put_many(5000, "\"commit_every\": 1000,");
	put("t.csv", "c,t,a\n");
	{
		char path[128];
		FILE *file;

		(void)snprintf(path, sizeof path, "%s/t.csv", dir);
		file = fopen(path, "a");
		ck_assert_ptr_nonnull(file);
		for (int i = 0; i < 5000; i++)
			(void)fprintf(
			    file, "C1,T%d,%s\n", i, i == 100 || i == 3500 ? "x" : "1");
		(void)fclose(file);
	}
	ck_assert_int_eq(run(1, NULL), STW_INVALID);
	ck_assert_str_eq(err.text,
	    "t.csv:3502: column amount: wants money, or a string such as 1234.56; the parts "
	    "before stay, and a next import goes on after them (1 bad row, 1 allowed)");
	ck_assert_int_eq(number("SELECT count(*) FROM txn"), 3000);
	ck_assert_msg(run(2, NULL) == STW_OK, "%s", err.text);
	ck_assert(result.resumed);
	ck_assert_int_eq(result.rows_rejected, 2);
	ck_assert_int_eq(number("SELECT count(*) FROM txn"), 4998);
	ck_assert_int_eq(number(LOGGED), 4998);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM import_reject r JOIN import_run USING "
		   "(run_id) WHERE mapping = 'many'"),
	    2);
}
END_TEST

/* The import of another mapping, or a dry run, does not make it look as if it went on. */
START_TEST(a_run_that_was_interrupted_stays_so_while_another_one_runs)
{
	struct db *other = test_db_connect(&t);
	struct arena arena;

	put_customers();
	arena_init(&arena);
	test_db_tamper(
	    &t, "UPDATE import_run SET state = 'running', finished_at = NULL");
	ck_assert_int_eq(run_seen("interrupted", &arena).rows_loaded, 7);
	ck_assert_int_eq(
	    db_query(other, DB_Q_IMPORT_LOCK, NULL, 0, NULL, &err), STW_OK);
	ck_assert_str_eq(run_seen("interrupted", &arena).state, "interrupted");
	test_db_tamper(&t,
	    "UPDATE import_run SET backend_pid = (SELECT pid FROM pg_locks "
	    "WHERE locktype = 'advisory' AND granted LIMIT 1)");
	ck_assert_int_eq(run_seen("running", &arena).rows_loaded, 7);
	db_close(other);
	ck_assert_str_eq(run_seen("interrupted", &arena).state, "interrupted");
	put_many(10, "");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM import_run WHERE state = 'interrupted' AND "
		   "rows_read = 7 AND rows_loaded = 7 AND finished_at IS NOT NULL AND "
		   "failure LIKE '%same command%'"),
	    1);
	arena_fini(&arena);
}
END_TEST

static enum import_hold_kind
holds(void)
{
	struct import_hold hold;

	ck_assert_msg(import_hold_get(t.db, &hold, &err) == STW_OK, "%s", err.text);
	return hold.kind;
}

/* What the ticks of a server ask. */
START_TEST(an_import_under_way_is_seen_and_not_held_up)
{
	struct db *other = test_db_connect(&t);
	int64_t mark;

	ck_assert_int_eq(holds(), IMPORT_HOLD_NONE);
	ck_assert_int_eq(
	    db_query(other, DB_Q_IMPORT_LOCK, NULL, 0, NULL, &err), STW_OK);
	ck_assert_int_eq(holds(), IMPORT_HOLD_RUNNING);
	ck_assert_int_eq(import_hold_check(t.db, &mark, &err), STW_TEMPFAIL);
	ck_assert_int_eq(
	    db_query(other, DB_Q_IMPORT_UNLOCK, NULL, 0, NULL, &err), STW_OK);
	ck_assert_int_eq(holds(), IMPORT_HOLD_NONE);
	db_close(other);
	test_db_tamper(&t, "ALTER TABLE import_run RENAME TO away");
	ck_assert_int_ne(import_hold_check(t.db, &mark, &err), STW_OK);
	test_db_tamper(&t, "ALTER TABLE away RENAME TO import_run");
}
END_TEST

/* Cut short behind its first file, and nobody's session any more. */
static void
cut_short(const char *mapping, const char *state)
{
	char sql[600];

	(void)snprintf(sql, sizeof sql,
	    "INSERT INTO import_run (run_id, mapping, source_hash, state, started_at, "
	    "backend_pid) VALUES (gen_random_uuid(), '%s', 'x', '%s', now(), 1); "
	    "INSERT INTO import_file SELECT run_id, 0, 'c.csv', 'customer', 'upsert', "
	    "'done', 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1 FROM import_run WHERE mapping = '%s' "
	    "AND state = '%s' AND given_up_at IS NULL",
	    mapping, state, mapping, state);
	test_db_tamper(&t, sql);
}

START_TEST(a_half_loaded_book_holds_until_the_import_is_given_up_or_replaced)
{
	static const char *const ends[] = {"running", "interrupted", "failed"};
	struct import_hold hold;
	int64_t mark;

	for (int i = 0; i < 3; i++) {
		cut_short("daily", ends[i]);
		ck_assert_int_eq(import_hold_get(t.db, &hold, &err), STW_OK);
		ck_assert_int_eq(hold.kind, IMPORT_HOLD_HALF);
		ck_assert_str_eq(hold.mapping, "daily");
		ck_assert_int_eq(import_hold_check(t.db, &mark, &err), STW_CONFLICT);
		ck_assert_msg(strstr(err.text, hold.run_id) != NULL, "%s", err.text);
		ck_assert_int_eq(
		    import_give_up(t.db, "00000000-0000-0000-0000-000000000000", "ann",
			AS_OF, &err),
		    STW_NOT_FOUND);
		ck_assert_int_eq(holds(), IMPORT_HOLD_HALF);
		ck_assert_int_eq(
		    import_give_up(t.db, hold.run_id, "ann", AS_OF, &err), STW_OK);
		ck_assert_int_eq(holds(), IMPORT_HOLD_NONE);
		ck_assert_int_eq(import_give_up(t.db, hold.run_id, "ann", AS_OF, &err),
		    STW_NOT_FOUND);
	}
	cut_short("daily", "interrupted");
	test_db_tamper(&t,
	    "INSERT INTO import_run (run_id, mapping, source_hash, state, started_at) "
	    "VALUES (gen_random_uuid(), 'daily', 'y', 'failed', now())");
	ck_assert_int_eq(holds(), IMPORT_HOLD_HALF);
	test_db_tamper(
	    &t, "UPDATE import_run SET state = 'done' WHERE source_hash = 'y'");
	ck_assert_int_eq(holds(), IMPORT_HOLD_NONE);
	/* Of corrected rows: later ones replace them, and the whole does. */
	cut_short("redone", "failed");
	test_db_tamper(&t,
	    "UPDATE import_run SET redo = true WHERE mapping = 'redone'; "
	    "INSERT INTO import_run (run_id, mapping, source_hash, state, started_at, redo) "
	    "VALUES (gen_random_uuid(), 'redone', 'z', 'failed', now(), true)");
	ck_assert_int_eq(holds(), IMPORT_HOLD_HALF);
	test_db_tamper(
	    &t, "UPDATE import_run SET state = 'done' WHERE source_hash = 'z'");
	ck_assert_int_eq(holds(), IMPORT_HOLD_NONE);
	/* Nothing was committed of it. */
	test_db_tamper(&t,
	    "INSERT INTO import_run (run_id, mapping, source_hash, state, started_at, "
	    "backend_pid) VALUES (gen_random_uuid(), 'other', 'x', 'running', now(), 1)");
	ck_assert_int_eq(holds(), IMPORT_HOLD_NONE);
}
END_TEST

/* The file before is in; what came to grief is not. */
START_TEST(a_failed_import_holds_when_files_of_it_are_in)
{
	struct import_hold hold;
	int64_t mark;

	put_customers();
	put_many(10, "");
	put("h.csv", "owner,ref,kind,amount\nC1,M1,fund,x\n");
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert_int_eq(holds(), IMPORT_HOLD_NONE); /* nothing of it is in */
	put("h.csv", "owner,ref,kind,amount\nC1,M1,fund,1\n");
	put("t.csv", "c,t,a\nC1,T1,x\n");
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM holding WHERE holding_ref = 'M1'"), 1);
	ck_assert_int_eq(import_hold_get(t.db, &hold, &err), STW_OK);
	ck_assert_int_eq(hold.kind, IMPORT_HOLD_HALF);
	ck_assert(hold.failed);
	ck_assert_str_eq(hold.run_id, result.run_id);
	ck_assert_int_eq(import_hold_check(t.db, &mark, &err), STW_CONFLICT);
	ck_assert_msg(strstr(err.text, "give-up") != NULL, "%s", err.text);
	ck_assert_msg(strstr(err.text, "failed") != NULL, "%s", err.text);
	/* Given up, why it failed is still told; gone on with, it would hold again. */
	ck_assert_int_eq(import_give_up(t.db, hold.run_id, "ann", AS_OF, &err), STW_OK);
	ck_assert_int_eq(holds(), IMPORT_HOLD_NONE);
	ck_assert_int_eq(number("SELECT count(*) FROM import_run WHERE failure LIKE "
				"'%t.csv:2%; given up by ann'"),
	    1);
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert(result.resumed);
	ck_assert_int_eq(holds(), IMPORT_HOLD_HALF);
	/* Mended files are another content, and another run. */
	put("t.csv", "c,t,a\nC1,T1,1\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(holds(), IMPORT_HOLD_NONE);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, a_failed_import_holds_when_files_of_it_are_in);
	tcase_add_test(
	    tc, a_half_loaded_book_holds_until_the_import_is_given_up_or_replaced);
	tcase_add_test(tc, an_import_under_way_is_seen_and_not_held_up);
	tcase_add_test(tc, a_killed_import_goes_on_and_loads_no_row_twice);
	tcase_add_test(tc, a_run_that_was_interrupted_stays_so_while_another_one_runs);
	tcase_add_test(tc, parts_before_a_bad_row_stay_and_are_not_read_again);
}

int
main(void)
{
	return import_test_main("import_resume", add);
}
