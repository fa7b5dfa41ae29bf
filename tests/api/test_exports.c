/*
 * test_exports.c - large exports over HTTP: asked for by one, approved by another, used once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Nor what only its headers were asked of. */
START_TEST(head_uses_no_approval_up)
{
	char id[40], path[120], *token = token_of("ops");
	struct reply r;

	ask("{\"what\":\"customers\",\"stage\":\"mature\",\"purpose\":\"K-36\"}", id);
	r = approve("compliance", id);
	ck_status(&r, 200);
	reply_free(&r);
	(void)snprintf(
	    path, sizeof path, "/v1/exports/customers?stage=mature&request=%s", id);
	r = http(
	    &world, (struct request){.method = "HEAD", .path = path, .token = token});
	ck_status(&r, 405);
	ck_assert_ptr_nonnull(strstr(r.headers, "\r\nAllow: GET\r\n"));
	reply_free(&r);
	free(token);
	r = take("ops", "stage=mature&", id);
	ck_status(&r, 200);
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

/* ---- rows of what there is not --------------------------------------------------------- */
static const struct {
	const char *method, *path, *body, *says, *says_zh;
} nowhere[] = {
    {"GET", "/v1/exports/customers?segment=nope", NULL, "no segment \"nope\"",
	"没有客群“nope”"},
    {"GET", "/v1/exports/customers?stage=nope", NULL, "no stage \"nope\"",
	"中没有阶段“nope”"},
    {"GET", "/v1/exports/customers?segment=elderly&stage=", NULL, "no stage \"\"",
	"中没有阶段“”"},
    {"GET", "/v1/exports/members?segment=nope", NULL, "no segment \"nope\"",
	"没有客群“nope”"},
    {"GET", "/v1/customers?segment=nope", NULL, "no segment \"nope\"",
	"没有客群“nope”"},
    {"GET", "/v1/customers?stage=nope", NULL, "no stage \"nope\"", "中没有阶段“nope”"},
    {"POST", "/v1/export-requests",
	"{\"what\":\"customers\",\"stage\":\"nope\",\"purpose\":\"K-34\"}",
	"no stage \"nope\"", "中没有阶段“nope”"},
};

START_TEST(rows_of_what_is_not_there_are_refused)
{
	char *token = token_of("ops");
	struct reply r = http(&world, (struct request){.method = nowhere[_i].method,
					  .path = nowhere[_i].path,
					  .token = token,
					  .body = nowhere[_i].body,
					  .key = new_key()});

	ck_problem(&r, 404, "NOT_FOUND");
	ck_assert_msg(
	    strstr(reply_text(&r, "detail"), nowhere[_i].says) != NULL, "%s", r.text);
	ck_assert_msg(strstr(reply_text(&r, "detail_zh"), nowhere[_i].says_zh) != NULL,
	    "%s", r.text);
	reply_free(&r);
	free(token);
}
END_TEST

START_TEST(the_command_refuses_them_too_and_leaves_no_file)
{
	char path[200], *out = NULL;
	const char *const argv[] = {"export", "customers", "--stage", "nope", "--by",
	    "ann", "--out", path, NULL};

	(void)snprintf(path, sizeof path, "%s/nope.ndjson", world.dir);
	ck_assert_int_ne(world_run(&world, &out, argv), 0);
	ck_assert_msg(strstr(out, "no stage \"nope\"") != NULL, "%s", out);
	ck_assert_int_ne(access(path, F_OK), 0);
	free(out);
}
END_TEST

static Suite *
exports_suite(void)
{
	Suite *suite = suite_create("exports");
	TCase *tc = tcase_create("exports");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_approval_serves_once_and_is_named);
	tcase_add_test(tc, head_uses_no_approval_up);
	tcase_add_test(tc, an_approval_is_used_only_by_rows_that_were_opened);
	tcase_add_test(tc, nobody_approves_the_own_export);
	tcase_add_loop_test(
	    tc, a_request_with_a_fault_is_refused, 0, (int)STW_ARRAY_LEN(refused));
	tcase_add_loop_test(
	    tc, rows_of_what_is_not_there_are_refused, 0, (int)STW_ARRAY_LEN(nowhere));
	tcase_add_test(tc, the_command_refuses_them_too_and_leaves_no_file);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return api_test_main(exports_suite());
}
