/* Every statement of db/queries fits the schema, and says what it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <check.h>
#include <libpq-fe.h>

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

/* A file *_stage is a script: it makes the session's temporary tables that others of its
 * family copy into and read. */
static bool
is_stage(enum db_query_id id)
{
	const char *name = db_query_names[id];
	size_t len = strlen(name);

	return len > 6 && strcmp(name + len - 6, "_stage") == 0;
}

static void
run_stages(PGconn *pg)
{
	for (int id = 0; id < DB_Q_COUNT; id++) {
		PGresult *res;

		if (!is_stage((enum db_query_id)id))
			continue;
		ck_assert_msg(db_script(t.db, db_query_texts[id], &err) == STW_OK,
		    "%s: %s", db_query_names[id], err.text);
		res = PQexec(pg, db_query_texts[id]);
		ck_assert_int_eq(PQresultStatus(res), PGRES_COMMAND_OK);
		PQclear(res);
	}
}

/* COPY cannot be prepared: it is begun, and ended with no row. */
static enum stw_code
try_copy(enum db_query_id id)
{
	struct db_copy_out *out;
	struct db_copy_in *in;
	enum stw_code rc;

	if (strstr(db_query_texts[id], "STDIN") != NULL) {
		rc = db_copy_in_begin(t.db, id, &in, &err);
		return rc != STW_OK ? rc : db_copy_in_end(in, NULL, &err);
	}
	rc = db_copy_out_begin(t.db, id, &out, &err);
	if (rc == STW_OK)
		db_copy_out_close(out);
	return rc;
}

static const char *
try_prepare(PGconn *pg, enum db_query_id id)
{
	static char text[500];
	PGresult *res = PQprepare(pg, "", db_query_texts[id], 0, NULL);

	text[0] = '\0';
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		(void)snprintf(text, sizeof text, "%s", PQresultErrorMessage(res));
	PQclear(res);
	return text;
}

static bool
is_copy(enum db_query_id id)
{
	const char *text = db_query_texts[id];

	return strncasecmp(text + strspn(text, " \t\n"), "COPY ", 5) == 0;
}

START_TEST(every_statement_fits_the_schema)
{
	PGconn *pg = PQconnectdb(t.conninfo);
	int bad = 0;

	ck_assert_int_eq(PQstatus(pg), CONNECTION_OK);
	run_stages(pg);
	for (int id = 0; id < DB_Q_COUNT; id++) {
		const char *why = "";

		if (is_stage((enum db_query_id)id))
			continue;
		if (!is_copy((enum db_query_id)id))
			why = try_prepare(pg, (enum db_query_id)id);
		else if (try_copy((enum db_query_id)id) != STW_OK)
			why = err.text;
		if (why[0] != '\0') {
			(void)fprintf(
			    stderr, "db/queries/%s.sql: %s\n", db_query_names[id], why);
			bad++;
		}
	}
	PQfinish(pg);
	ck_assert_msg(bad == 0, "%d of %d statements do not fit", bad, (int)DB_Q_COUNT);
}
END_TEST

/* "-- task_claim: lease due tasks ..." comes first. */
START_TEST(every_file_says_what_it_is)
{
	int bad = 0;

	for (int id = 0; id < DB_Q_COUNT; id++) {
		char path[200], line[200] = "", want[100];
		FILE *in;

		(void)snprintf(
		    path, sizeof path, "db/queries/%s.sql", db_query_names[id]);
		(void)snprintf(want, sizeof want, "-- %s: ", db_query_names[id]);
		in = fopen(path, "r");
		ck_assert_msg(in != NULL, "%s", path);
		if (fgets(line, sizeof line, in) == NULL ||
		    strncmp(line, want, strlen(want)) != 0) {
			(void)fprintf(
			    stderr, "%s: does not begin with \"%s\"\n", path, want);
			bad++;
		}
		(void)fclose(in);
	}
	ck_assert_int_eq(bad, 0);
}
END_TEST

START_TEST(a_wrong_column_would_be_noticed)
{
	PGconn *pg = PQconnectdb(t.conninfo);

	test_db_tamper(&t, "ALTER TABLE setting RENAME value TO val; ALTER TABLE "
			   "ledger_outbox RENAME entry TO leaf");
	ck_assert_str_ne(try_prepare(pg, DB_Q_SETTING_GET), "");
	ck_assert_int_eq(try_copy(DB_Q_LEDGER_APPEND_COPY), STW_BUG);
	ck_assert_str_eq(try_prepare(pg, DB_Q_PING), "");
	PQfinish(pg);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("queries");
	TCase *tc = tcase_create("queries");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_statement_fits_the_schema);
	tcase_add_test(tc, every_file_says_what_it_is);
	tcase_add_test(tc, a_wrong_column_would_be_noticed);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
