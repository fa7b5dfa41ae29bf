/* Exports: every row once however the pages fall, the formats to the byte, on record also
 * when they break off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "api/export.h"
#include "tests/lib/cluster.h"

#define NOW INT64_C(1795399200000000)

static struct test_db t;
static struct arena arena;
static struct stw_err err;

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

/* 5,000 customers, so more than two pages; number 1 has a name that is a formula, number 2
 * one with everything that needs quoting. */
static const char people[] =
    "CREATE FUNCTION b(n int) RETURNS smallint LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT get_byte(sha256(('k' || n)::bytea), 0)::smallint $$;"
    "INSERT INTO customer (bucket, customer_id, ref, name_mask, tier, risk_rating, "
    "  updated_at) "
    "SELECT b(n), n, 'k' || n, CASE n WHEN 1 THEN '=1+1' WHEN 2 THEN 'a\"b,c' || chr(10) "
    "  ELSE '王**' END, 'gold', 3, '2026-01-01' FROM generate_series(1, 5000) AS n;"
    "INSERT INTO stage_history (bucket, customer_id, model, version, from_stage, to_stage, "
    "  reason, at) SELECT b(n), n, 'wealth', 1, NULL, 'mature', 'r', "
    "  '2026-01-01'::timestamptz + n * interval '1 minute' FROM generate_series(1, 2000) n;"
    "INSERT INTO segment (segment_id, code, name_zh, name_en, rule, content_hash, state, author, updated_at) VALUES "
    "  (1, 'half', '半', 'half', 'true', sha256('half'), 'active', 'x', '2026-01-01');"
    "INSERT INTO segment_member (bucket, segment_id, customer_id, entered_at, left_at) "
    "SELECT b(n), 1, n, '2026-01-01 00:00:00.000001', NULL FROM generate_series(1, 2500) n;";

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

static struct export_job
job_of(const char *what, enum export_format format)
{
	struct export_job job = {.kind = export_kind_find(what),
	    .filter = {.from = STW_USEC_NEVER, .to = STW_USEC_MAX},
	    .format = format,
	    .actor = "li",
	    .role = "ops",
	    .rows_alone = 1000000,
	    .now = NOW};

	ck_assert_ptr_nonnull(job.kind);
	return job;
}

/* All of it, in pieces of `piece` bytes. */
static void
take(struct export_job *job, size_t piece, struct buf *to)
{
	static char bytes[65536];
	size_t n = 1;

	buf_init(to);
	ck_ok(export_start(job, t.db, &err));
	while (n > 0) {
		ck_ok(export_read(job, bytes, piece, &n, &err));
		buf_add(to, bytes, n);
	}
	ck_ok(export_finish(job, &err));
}

static int
count(const struct buf *text, const char *what)
{
	int n = 0;

	for (const char *p = text->data; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

START_TEST(each_row_comes_once_whatever_the_pages_and_pieces)
{
	const size_t pieces[] = {65536, 1000, 77};
	char hash[65] = "", refs[5001] = {0};
	struct buf text;

	for (size_t i = 0; i < STW_ARRAY_LEN(pieces); i++) {
		struct export_job job = job_of("customers", EXPORT_NDJSON);

		take(&job, pieces[i], &text);
		ck_assert_int_eq(job.nrows, 5000);
		ck_assert_int_eq(job.nbytes, (int64_t)text.len);
		ck_assert(job.done);
		/* The bytes do not depend on how they are taken. */
		ck_assert(i == 0 || strcmp(hash, job.sha256) == 0);
		(void)snprintf(hash, sizeof hash, "%s", job.sha256);
		if (i == 0)
			for (char *p = text.data;
			     (p = strstr(p, "\"ref\":\"k")) != NULL; p++) {
				int n = atoi(p + 8);

				ck_assert(n >= 1 && n <= 5000 && refs[n] == 0);
				refs[n] = 1;
			}
		buf_fini(&text);
	}
	for (int n = 1; n <= 5000; n++)
		ck_assert_int_eq(refs[n], 1);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM access_event WHERE what = 'export "
			       "customers' AND actor = 'li'"),
	    6);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM ledger_outbox WHERE kind = "
			       "'export'"),
	    3);
}
END_TEST

START_TEST(csv_is_quoted_and_holds_no_formula)
{
	struct export_job job = job_of("customers", EXPORT_CSV);
	struct buf text;

	job.bom = true;
	take(&job, 4096, &text);
	ck_assert(strncmp(text.data, "\xef\xbb\xbfref,name_mask,", 17) == 0);
	ck_assert_ptr_nonnull(strstr(text.data, "\r\nk1,\"'=1+1\",,"));
	ck_assert_ptr_nonnull(strstr(text.data, "\r\nk2,\"a\"\"b,c\n\",,"));
	ck_assert_ptr_nonnull(strstr(text.data, "\r\nk3,王**,,"));
	ck_assert_int_eq(count(&text, "\r\n"), 5001);
	buf_fini(&text);
	job = job_of("customers", EXPORT_NDJSON);
	take(&job, 4096, &text);
	ck_assert_ptr_nonnull(strstr(text.data, "\"name_mask\":\"=1+1\""));
	ck_assert_ptr_nonnull(strstr(text.data, "\"name_mask\":\"a\\\"b,c\\u000a\""));
	ck_assert_ptr_nonnull(strstr(text.data, "\"risk_rating\":3"));
	ck_assert_ptr_nonnull(strstr(text.data, "\"complaint_open\":false"));
	ck_assert_ptr_nonnull(strstr(text.data, "\"household_size\":null"));
	buf_fini(&text);
}
END_TEST

START_TEST(filters_hold)
{
	struct export_job job = job_of("members", EXPORT_NDJSON);
	struct buf text;

	ck_assert_int_eq(export_start(&job, t.db, &err), STW_INVALID);
	ck_ok(export_finish(&job, &err));
	job.filter.segment = "half";
	take(&job, 4096, &text);
	ck_assert_int_eq(job.nrows, 2500);
	ck_assert_int_eq(
	    count(&text, "\"entered_at\":\"2026-01-01T00:00:00.000001Z\""), 2500);
	buf_fini(&text);
	job = job_of("customers", EXPORT_NDJSON);
	job.filter.segment = "half";
	take(&job, 4096, &text);
	ck_assert_int_eq(job.nrows, 2500);
	buf_fini(&text);
	job = job_of("stages", EXPORT_NDJSON);
	/* from is in it, to is not: minutes 10 to 19 */
	job.filter.from = INT64_C(1767225600000000) + 10 * 60 * STW_USEC_SEC;
	job.filter.to = INT64_C(1767225600000000) + 20 * 60 * STW_USEC_SEC;
	take(&job, 4096, &text);
	ck_assert_int_eq(job.nrows, 10);
	buf_fini(&text);
	job = job_of("stages", EXPORT_CSV);
	take(&job, 4096, &text);
	ck_assert_int_eq(job.nrows, 2000);
	buf_fini(&text);
	for (int i = 0; export_kind_at(i) != NULL; i++) {
		job = job_of(export_kind_at(i)->name, EXPORT_CSV);
		if (job.kind->by_segment && !job.kind->by_stage)
			continue;
		take(&job, 4096, &text);
		buf_fini(&text);
	}
}
END_TEST

START_TEST(what_breaks_off_is_on_record_as_that)
{
	struct export_job job = job_of("customers", EXPORT_NDJSON);
	const char *manifest;
	char bytes[1000];
	json_t *v;
	size_t n;

	ck_ok(export_start(&job, t.db, &err));
	ck_ok(export_read(&job, bytes, sizeof bytes, &n, &err));
	ck_assert_uint_eq(n, sizeof bytes);
	ck_assert_int_eq(export_manifest_find(t.db, &job.id, &arena, &manifest, &err),
	    STW_NOT_FOUND);
	ck_ok(export_finish(&job, &err));
	ck_assert(!db_in_transaction(t.db));
	ck_ok(export_manifest_find(t.db, &job.id, &arena, &manifest, &err));
	v = json_loads(manifest, 0, NULL);
	ck_assert(json_is_false(json_object_get(v, "complete")));
	ck_assert_int_eq(json_integer_value(json_object_get(v, "bytes")), 1000);
	json_decref(v);
}
END_TEST

/* One row too many, and nothing has left and nothing is on record; with somebody's approval
 * the same goes, and the record names them. */
START_TEST(many_rows_need_a_second_person)
{
	static const char events[] =
	    "SELECT count(*) FROM access_event WHERE what LIKE 'export %'";
	static const char named[] =
	    "SELECT count(*) FROM ledger_outbox WHERE kind = 'export' AND convert_from(entry, "
	    "'UTF8') LIKE '%\"approver\":\"wang\"%\"purpose\":\"K-1\"%'";
	struct export_job job = job_of("stages", EXPORT_CSV);
	struct buf text;

	job.rows_alone = 1999;
	ck_assert_int_eq(export_start(&job, t.db, &err), STW_DENIED);
	ck_assert_ptr_nonnull(strstr(err.text, "more than 1999 rows"));
	ck_assert_uint_eq(job.text.len, 0);
	buf_fini(&job.text);
	ck_assert_int_eq(test_db_number(&t, events), 0);
	job = job_of("stages", EXPORT_CSV);
	job.rows_alone = 2000;
	take(&job, 60000, &text);
	buf_fini(&text);
	ck_assert_int_eq(job.nrows, 2000);
	job = job_of("stages", EXPORT_CSV);
	job.rows_alone = 0;
	job.approver = "wang";
	job.purpose = "K-1";
	take(&job, 60000, &text);
	ck_assert_int_eq(test_db_number(&t, named), 1);
	buf_fini(&text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("export");
	TCase *tc = tcase_create("export");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_row_comes_once_whatever_the_pages_and_pieces);
	tcase_add_test(tc, csv_is_quoted_and_holds_no_formula);
	tcase_add_test(tc, filters_hold);
	tcase_add_test(tc, what_breaks_off_is_on_record_as_that);
	tcase_add_test(tc, many_rows_need_a_second_person);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
