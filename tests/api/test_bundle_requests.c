/*
 * test_bundle_requests.c - bundles over HTTP: asked for by one, approved by another, taken once;
 * what comes is what `steward bundle verify` takes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/api_calls.h"

#define WHEN "\"from\":\"2026-11-01T00:00:00Z\",\"to\":\"2026-12-01T00:00:00Z\""

static char task[40], customer[80], key[200];

static void
made(void)
{
	const char *const print[] = {"ledger", "key", NULL};
	struct reply r;
	char *text = NULL;

	queued_task(task, customer);
	r = task_call(AGENT, task, "accept", NULL);
	reply_free(&r);
	r = task_call(AGENT, task, "permit", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	r = task_call(AGENT, task, "outcome", "{\"disposition\":\"interested\"}");
	ck_status(&r, 201);
	reply_free(&r);
	for (int i = 0; i < 200; i++) {
		if (test_db_number(&world.db, "SELECT count(*) FROM ledger_outbox") ==
		    0)
			break;
		(void)usleep(50000);
	}
	ck_assert_int_eq(world_run(&world, &text, print), 0);
	text[strcspn(text, "\n")] = '\0';
	(void)snprintf(key, sizeof key, "%s", text);
	free(text);
}

static void
ask(const char *scope, const char *purpose, char id[40])
{
	char body[300];
	struct reply r;

	(void)snprintf(body, sizeof body, "{%s,\"purpose\":\"%s\"}", scope, purpose);
	r = post("compliance", "/v1/bundles", body);
	ck_status(&r, 201);
	ck_assert_str_eq(reply_text(&r, "what"), "bundle");
	(void)snprintf(id, 40, "%s", reply_text(&r, "request_id"));
	reply_free(&r);
}

static void
ask_customer(const char *purpose, char id[40])
{
	char scope[200];

	(void)snprintf(scope, sizeof scope, "\"customer\":\"%s\"," WHEN, customer);
	ask(scope, purpose, id);
}

static struct reply
approve(const char *role, const char *id)
{
	char path[120];

	(void)snprintf(path, sizeof path, "/v1/export-requests/%s/approve", id);
	return post(role, path, NULL);
}

static void
approved(const char *id)
{
	struct reply r = approve("admin", id);

	ck_status(&r, 200);
	reply_free(&r);
}

static struct reply
take(const char *role, const char *id)
{
	char path[120];

	(void)snprintf(path, sizeof path, "/v1/bundles/%s", id);
	return get(role, path);
}

static void
ck_denied(const char *role, const char *id)
{
	struct reply r = take(role, id);

	ck_problem(&r, 403, "FORBIDDEN");
	reply_free(&r);
}

/* What was downloaded, as a file; what the command says about it. */
static char *
verified(const struct reply *r, int want)
{
	char path[300], *out = NULL;
	const char *const argv[] = {"bundle", "verify", path, "--key", key, NULL};
	FILE *file;
	int got;

	(void)snprintf(path, sizeof path, "%s/taken.tar", world.dir);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(r->text, 1, r->len, file), r->len);
	ck_assert_int_eq(fclose(file), 0);
	got = world_run(&world, &out, argv);
	ck_assert_msg(got == want, "exit %d: %s", got, out);
	return out;
}

/* The number that a query with one %s gives; %% is a percent sign. */
#define COUNT(sql, with)                                              \
	(snprintf(query, sizeof query, sql, with) < (int)sizeof query \
		? test_db_number(&world.db, query)                    \
		: -1)
static char query[500];

START_TEST(an_approved_bundle_is_taken_once_verifies_and_is_on_record)
{
	char id[40], bundle[40], *at, *out;
	struct reply r;

	ask_customer("K-51", id);
	ck_denied("compliance", id); /* nobody has approved it */
	approved(id);
	ck_denied("admin", id); /* somebody else's */
	r = take("compliance", id);
	ck_status(&r, 200);
	ck_assert_ptr_nonnull(strcasestr(r.headers, "Content-Type: application/x-tar"));
	at = strcasestr(r.headers, "X-Export-Id: ");
	ck_assert_ptr_nonnull(at);
	(void)snprintf(bundle, sizeof bundle, "%.36s", at + 13);
	out = verified(&r, 0);
	ck_assert_msg(
	    strstr(out, "is whole") != NULL && strstr(out, bundle) != NULL, "%s", out);
	free(out);
	/* A byte that changed on the way shows. */
	r.text[r.len / 2] = (char)(r.text[r.len / 2] ^ 1);
	free(verified(&r, 4));
	reply_free(&r);
	ck_denied("compliance", id); /* once */
	ck_assert_int_eq(
	    COUNT("SELECT count(*) FROM access_event WHERE what = 'bundle' AND "
		  "detail LIKE 'bundle=%s case=K-51 %%approver=%%'",
		bundle),
	    2);
	ck_assert_int_eq(
	    COUNT(
		"SELECT count(*) FROM (SELECT entry FROM ledger_leaf UNION ALL SELECT "
		"entry FROM ledger_outbox) e WHERE convert_from(entry, 'UTF8') LIKE "
		"'%%\"id\":\"%s\"%%\"kind\":\"export\"%%\"what\":\"bundle\"%%'",
		bundle),
	    1);
	ck_assert_int_eq(
	    COUNT("SELECT count(*) FROM bundle_request WHERE request_id = '%s'", id),
	    0);
}
END_TEST

/* Its body is not sent, so the bundle would be gone. */
START_TEST(head_takes_nothing)
{
	char id[40], path[120], *token = token_of("compliance"), *out;
	struct reply r;

	ask_customer("K-57", id);
	approved(id);
	(void)snprintf(path, sizeof path, "/v1/bundles/%s", id);
	r = http(
	    &world, (struct request){.method = "HEAD", .path = path, .token = token});
	ck_status(&r, 405);
	ck_assert_ptr_nonnull(strstr(r.headers, "\r\nAllow: GET\r\n"));
	reply_free(&r);
	r = http(
	    &world, (struct request){.method = "PUT", .path = path, .token = token});
	ck_status(&r, 405);
	ck_assert_ptr_nonnull(strstr(r.headers, "\r\nAllow: GET\r\n"));
	reply_free(&r);
	free(token);
	r = take("compliance", id);
	ck_status(&r, 200);
	out = verified(&r, 0);
	free(out);
	reply_free(&r);
}
END_TEST

START_TEST(nobody_approves_the_own_bundle_and_others_may_not_ask)
{
	char id[40];
	struct reply r;

	ask_customer("K-52", id);
	r = approve("compliance", id);
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	ck_denied("compliance", id);
	/* Who sees no complaint and no trace takes no bundle with them. */
	r = post("ops", "/v1/bundles", "{\"purpose\":\"K-52\"," WHEN "}");
	ck_problem(&r, 403, "FORBIDDEN");
	reply_free(&r);
}
END_TEST

/* The number is nowhere in clear, and gone with its bundle. */
START_TEST(a_number_is_sealed_and_forgotten)
{
	char id[40], other[40], *out;
	struct reply r;

	ask("\"phone\":\"13912345678\"," WHEN, "K-53", id);
	ck_assert_int_eq(
	    COUNT("SELECT count(*) FROM export_request WHERE request_id = '%s' "
		  "AND filter LIKE 'number=139****5678 %%'",
		id),
	    1);
	ck_assert_int_eq(
	    COUNT("SELECT count(*) FROM bundle_request WHERE request_id = '%s' AND "
		  "phone_sealed IS NOT NULL AND position('13912345678'::bytea IN "
		  "phone_sealed) = 0",
		id),
	    1);
	approved(id);
	r = take("compliance", id);
	ck_status(&r, 200);
	out = verified(&r, 0);
	free(out);
	reply_free(&r);
	ck_assert_int_eq(
	    COUNT("SELECT count(*) FROM bundle_request WHERE request_id = '%s'", id),
	    0);
	/* One that nobody took serves no longer after two weeks, and is forgotten when the
	 * next is asked for. */
	ask("\"phone\":\"13912345678\"," WHEN, "K-53", id);
	approved(id);
	test_db_tamper(&world.db,
	    "UPDATE export_request SET requested_at = requested_at - interval '15 days' "
	    "WHERE purpose = 'K-53'");
	ck_denied("compliance", id);
	ck_assert_int_eq(
	    COUNT("SELECT count(*) FROM bundle_request WHERE request_id = '%s'", id),
	    1);
	ask_customer("K-53", other);
	ck_assert_int_eq(
	    COUNT("SELECT count(*) FROM bundle_request WHERE request_id = '%s'", id),
	    0);
}
END_TEST

START_TEST(what_cannot_be_made_uses_no_approval_up)
{
	char id[40], *out;
	struct reply r;

	ask_customer("K-54", id);
	approved(id);
	test_db_tamper(&world.db, "ALTER TABLE notice RENAME TO notice_gone");
	r = take("compliance", id);
	test_db_tamper(&world.db, "ALTER TABLE notice_gone RENAME TO notice");
	ck_problem(&r, 500, "INTERNAL");
	reply_free(&r);
	r = take("compliance", id);
	ck_status(&r, 200);
	out = verified(&r, 0);
	free(out);
	reply_free(&r);
}
END_TEST

START_TEST(of_eight_who_take_it_at_once_one_has_it)
{
	struct racer racers[AT_ONCE];
	char id[40], path[120], *token = token_of("compliance");
	int taken = 0;

	ask_customer("K-55", id);
	approved(id);
	(void)snprintf(path, sizeof path, "/v1/bundles/%s", id);
	for (int i = 0; i < AT_ONCE; i++)
		racers[i] = (struct racer){.request = {.path = path, .token = token}};
	race_all(racers);
	for (int i = 0; i < AT_ONCE; i++) {
		long status = racers[i].reply.status;

		ck_assert_msg(
		    status == 200 || status == 403 || status == 503, "%ld", status);
		taken += status == 200;
		reply_free(&racers[i].reply);
	}
	ck_assert_int_eq(taken, 1);
	free(token);
}
END_TEST

static const struct {
	const char *name, *body;
	long status;
	const char *says;
} refused[] = {
    {"no case", "{" WHEN "}", 400, "purpose"},
    {"two scopes",
	"{\"customer\":\"x\",\"campaign\":\"y\",\"purpose\":\"K-1\"," WHEN "}", 400,
	"not several"},
    {"no time", "{\"customer\":\"x\",\"purpose\":\"K-1\"}", 400, "from and to"},
    {"no such customer", "{\"customer\":\"nobody\",\"purpose\":\"K-1\"," WHEN "}", 404,
	"customer"},
    {"no such campaign", "{\"campaign\":\"none\",\"purpose\":\"K-1\"," WHEN "}", 404,
	"campaign"},
    {"no complaint", "{\"complaint\":\"7\",\"purpose\":\"K-1\"}", 400, "complaint"},
    {"no such complaint",
	"{\"complaint\":\"018f0000-0000-7000-8000-000000000000\",\"purpose\":\"K-1\"}",
	404, "complaint"},
    {"no number", "{\"phone\":\"abc\",\"purpose\":\"K-1\"," WHEN "}", 400, "phone"},
};

START_TEST(what_cannot_be_asked_for_is_said_at_once)
{
	struct reply r = post("compliance", "/v1/bundles", refused[_i].body);

	ck_assert_msg(r.status == refused[_i].status, "%s: %ld %s", refused[_i].name,
	    r.status, r.text);
	ck_assert_msg(strstr(r.text, refused[_i].says) != NULL, "%s: %s",
	    refused[_i].name, r.text);
	reply_free(&r);
}
END_TEST

START_TEST(a_request_for_rows_is_no_bundles)
{
	char id[40];
	struct reply r = post("compliance", "/v1/export-requests",
	    "{\"what\":\"customers\",\"purpose\":\"K-56\"}");

	ck_status(&r, 201);
	(void)snprintf(id, sizeof id, "%s", reply_text(&r, "request_id"));
	reply_free(&r);
	approved(id);
	ck_denied("compliance", id);
	r = get("compliance", "/v1/exports/bundle");
	ck_problem(&r, 404, "NOT_FOUND");
	reply_free(&r);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bundle requests");
	TCase *tc = tcase_create("bundle requests");

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, made, NULL);
	tcase_add_test(tc, an_approved_bundle_is_taken_once_verifies_and_is_on_record);
	tcase_add_test(tc, head_takes_nothing);
	tcase_add_test(tc, nobody_approves_the_own_bundle_and_others_may_not_ask);
	tcase_add_test(tc, a_number_is_sealed_and_forgotten);
	tcase_add_test(tc, what_cannot_be_made_uses_no_approval_up);
	tcase_add_test(tc, of_eight_who_take_it_at_once_one_has_it);
	tcase_add_loop_test(tc, what_cannot_be_asked_for_is_said_at_once, 0,
	    (int)(sizeof refused / sizeof *refused));
	tcase_add_test(tc, a_request_for_rows_is_no_bundles);
	suite_add_tcase(suite, tc);
	return api_test_main(suite);
}
