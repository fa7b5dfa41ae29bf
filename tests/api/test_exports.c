/*
 * test_exports.c - large exports over HTTP: asked for by one, approved by another, used once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/api_calls.h"

static void
ask(const char *body, char id[40])
{
	struct reply r = post("ops", "/v1/export-requests", body);

	ck_status(&r, 201);
	(void)snprintf(id, 40, "%s", reply_text(&r, "request_id"));
	reply_free(&r);
}

static struct reply
approve(const char *role, const char *id)
{
	char path[120];

	(void)snprintf(path, sizeof path, "/v1/export-requests/%s/approve", id);
	return post(role, path, NULL);
}

static struct reply
take(const char *role, const char *query, const char *id)
{
	char path[200];

	(void)snprintf(
	    path, sizeof path, "/v1/exports/customers?%srequest=%s", query, id);
	return get(role, path);
}

START_TEST(an_approval_serves_once_and_is_named)
{
	char id[40], path[120], *at;
	struct reply r, m;

	ask("{\"what\":\"customers\",\"stage\":\"mature\",\"purpose\":\"K-31\"}", id);
	r = take("ops", "stage=mature&", id);
	ck_problem(&r, 403, "FORBIDDEN");
	reply_free(&r);
	r = approve("compliance", id);
	ck_status(&r, 200);
	ck_assert_str_ne(reply_text(&r, "approved_by"), "");
	reply_free(&r);
	r = approve("compliance", id);
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	/* Other rows than were approved, and another person. */
	r = take("ops", "", id);
	ck_problem(&r, 403, "FORBIDDEN");
	reply_free(&r);
	r = take("compliance", "stage=mature&", id);
	ck_problem(&r, 403, "FORBIDDEN");
	reply_free(&r);
	r = take("ops", "stage=mature&", id);
	ck_status(&r, 200);
	at = strcasestr(r.headers, "X-Export-Id: ");
	ck_assert_ptr_nonnull(at);
	(void)snprintf(path, sizeof path, "/v1/export-manifests/%.36s", at + 13);
	m = get("ops", path);
	ck_status(&m, 200);
	ck_assert_str_eq(reply_text(&m, "purpose"), "K-31");
	ck_assert_str_ne(reply_text(&m, "approver"), "");
	ck_assert_str_ne(reply_text(&m, "approver"), reply_text(&m, "actor"));
	reply_free(&m);
	reply_free(&r);
	r = take("ops", "stage=mature&", id);
	ck_problem(&r, 403, "FORBIDDEN");
	reply_free(&r);
}
END_TEST

/* What could not be opened has used nothing up. */
START_TEST(an_approval_is_used_only_by_rows_that_were_opened)
{
	char id[40];
	struct reply r;

	ask("{\"what\":\"customers\",\"stage\":\"mature\",\"purpose\":\"K-33\"}", id);
	r = approve("compliance", id);
	ck_status(&r, 200);
	reply_free(&r);
	test_db_tamper(
	    &world.db, "ALTER TABLE customer RENAME COLUMN tier TO tier_gone");
	r = take("ops", "stage=mature&", id);
	test_db_tamper(
	    &world.db, "ALTER TABLE customer RENAME COLUMN tier_gone TO tier");
	ck_problem(&r, 500, "INTERNAL");
	reply_free(&r);
	ck_assert_int_eq(
	    test_db_number(&world.db,
		"SELECT count(*) FROM export_request WHERE used_at IS NULL AND "
		"purpose = 'K-33'"),
	    1);
	r = take("ops", "stage=mature&", id);
	ck_status(&r, 200);
	reply_free(&r);
	r = take("ops", "stage=mature&", id);
	ck_problem(&r, 403, "FORBIDDEN");
	reply_free(&r);
}
END_TEST

START_TEST(nobody_approves_the_own_export)
{
	char id[40];
	struct reply r = post("compliance", "/v1/export-requests",
	    "{\"what\":\"decisions\",\"purpose\":\"K-32\"}");

	ck_status(&r, 201);
	(void)snprintf(id, sizeof id, "%s", reply_text(&r, "request_id"));
	reply_free(&r);
	r = approve("compliance", id);
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	r = approve("ops", id);
	ck_problem(&r, 403, "FORBIDDEN");
	reply_free(&r);
}
END_TEST

static const struct {
	const char *name, *body, *says;
} refused[] = {
    {"no case", "{\"what\":\"customers\"}", "purpose"},
    {"a case in words", "{\"what\":\"customers\",\"purpose\":\"for Mr. Li\"}",
	"purpose"},
    {"somebody's number", "{\"what\":\"customers\",\"purpose\":\"13812345678\"}",
	"purpose"},
    {"no such rows", "{\"what\":\"secrets\",\"purpose\":\"K-1\"}",
	"there is no export"},
    {"a filter it has not", "{\"what\":\"tasks\",\"stage\":\"x\",\"purpose\":\"K-1\"}",
	"stage: no filter of tasks"},
};

START_TEST(a_request_with_a_fault_is_refused)
{
	struct reply r = post("ops", "/v1/export-requests", refused[_i].body);

	ck_assert_msg(
	    r.status == 400, "%s: %ld %s", refused[_i].name, r.status, r.text);
	ck_assert_msg(strstr(r.text, refused[_i].says) != NULL, "%s: %s",
	    refused[_i].name, r.text);
	reply_free(&r);
}
END_TEST

static Suite *
exports_suite(void)
{
	Suite *suite = suite_create("exports");
	TCase *tc = tcase_create("exports");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_approval_serves_once_and_is_named);
	tcase_add_test(tc, an_approval_is_used_only_by_rows_that_were_opened);
	tcase_add_test(tc, nobody_approves_the_own_export);
	tcase_add_loop_test(
	    tc, a_request_with_a_fault_is_refused, 0, (int)STW_ARRAY_LEN(refused));
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return api_test_main(exports_suite());
}
