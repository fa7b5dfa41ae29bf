/*
 * test_reviews.c - review over HTTP: draws that can be made again, blind double verdicts, and
 * what a critical one does at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/api_calls.h"

#define DRAWS "/v1/compliance/review-draws"
#define SEED  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define FORM                                                                          \
	"\"answers\":{\"identity\":\"yes\",\"purpose\":\"yes\",\"opt_out\":\"yes\","  \
	"\"risk_disclosure\":\"no\",\"suitability\":\"yes\",\"banned_claim\":\"no\"," \
	"\"recording_notice\":\"yes\",\"data_accuracy\":\"not_applicable\"}"

static char second[128], third[128]; /* other people of compliance */

static void
token_make(const char *subject, char to[128])
{
	const char *const argv[] = {
	    "token", "create", "--role", "compliance", "--subject", subject, NULL};
	char *out;

	ck_assert_int_eq(world_run(&world, &out, argv), 0);
	out[strcspn(out, "\n")] = '\0';
	(void)snprintf(to, 128, "%s", out);
	free(out);
}

static struct reply
as(const char *token, const char *path, const char *body)
{
	return http(&world, (struct request){.method = body != NULL ? "POST" : "GET",
				.path = path,
				.token = token,
				.body = body,
				.key = new_key()});
}

/* A call that reached somebody, so that there is something to draw. */
static void
call_made(void)
{
	char task[40], customer[80];
	struct reply r;

	queued_task(task, customer);
	r = task_call(AGENT, task, "accept", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	r = task_call(AGENT, task, "permit", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	r = task_call(AGENT, task, "outcome", "{\"disposition\":\"interested\"}");
	ck_status(&r, 201);
	reply_free(&r);
}

/* All that was called and refused, everything twice. */
static void
draw_all(char id[40])
{
	struct reply r;

	call_made();
	r = post("compliance", DRAWS,
	    "{\"seed\":\"" SEED
	    "\",\"plan\":{\"strata\":{\"connected\":{\"share\":1000},"
	    "\"denied\":{\"share\":20}},\"twice\":1000}}");
	ck_status(&r, 201);
	(void)snprintf(id, 40, "%s", reply_text(&r, "draw_id"));
	ck_assert_int_gt(
	    json_integer_value(json_at(r.json, "strata/connected/drawn")), 0);
	ck_assert_int_gt(json_integer_value(json_at(r.json, "strata/denied/drawn")), 0);
	reply_free(&r);
}

/* The first item of a state about a call. */
static int
item_of(const char *id, const char *state)
{
	char path[200];
	struct reply r;
	json_t *one;
	size_t i;
	int item = 0;

	(void)snprintf(
	    path, sizeof path, DRAWS "/%s/items?limit=500&state=%s", id, state);
	r = get("compliance", path);
	ck_status(&r, 200);
	json_array_foreach(json_at(r.json, "items"), i, one)
	{
		if (item == 0 &&
		    strcmp(json_string_value(json_object_get(one, "subject")),
			"contact") == 0)
			item = (int)json_integer_value(json_object_get(one, "item"));
	}
	reply_free(&r);
	ck_assert_int_gt(item, 0);
	return item;
}

static void
path_of(char path[200], const char *id, int item, const char *verb)
{
	(void)snprintf(path, 200, DRAWS "/%s/items/%d%s%s", id, item,
	    verb[0] != '\0' ? "/" : "", verb);
}

START_TEST(a_draw_can_be_made_again)
{
	char id[40], path[200];
	struct reply r;

	draw_all(id);
	(void)snprintf(path, sizeof path, DRAWS "/%s/again", id);
	r = post("compliance", path, "{}");
	ck_status(&r, 200);
	ck_assert(json_is_true(json_at(r.json, "same")));
	reply_free(&r);
	/* A call that disappears from the record shows. */
	test_db_tamper(&world.db,
	    "ALTER TABLE decision DISABLE TRIGGER append_only; DELETE FROM decision WHERE "
	    "decision_id = (SELECT subject_id FROM review_item WHERE subject = 'denial' "
	    "LIMIT 1); ALTER TABLE decision ENABLE TRIGGER append_only");
	r = post("compliance", path, "{}");
	ck_assert(json_is_false(json_at(r.json, "same")));
	reply_free(&r);
	ck_assert_int_gt(
	    test_db_number(&world.db,
		"SELECT (SELECT count(*) FROM ledger_outbox WHERE kind = 'review_draw') + "
		"(SELECT count(*) FROM ledger_leaf WHERE kind = 'review_draw')"),
	    0);
}
END_TEST

START_TEST(two_who_differ_do_not_see_each_other_and_a_third_decides)
{
	char *first = token_of("compliance"), id[40], path[200], one[200], final[200];
	struct reply r;
	int item;

	token_make("second", second);
	token_make("third", third);
	draw_all(id);
	item = item_of(id, "open");
	path_of(path, id, item, "verdict");
	path_of(one, id, item, "");
	path_of(final, id, item, "final");
	r = as(first, path, "{\"verdict\":\"pass\"," FORM "}");
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "state"), "open");
	ck_assert_uint_eq(json_array_size(json_at(r.json, "verdicts")), 1);
	reply_free(&r);
	r = as(second, one, NULL);
	ck_assert_int_eq(json_integer_value(json_at(r.json, "given")), 1);
	ck_assert_uint_eq(json_array_size(json_at(r.json, "verdicts")), 0);
	reply_free(&r);
	r = as(first, path, "{\"verdict\":\"minor\"," FORM "}");
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	r = as(
	    second, path, "{\"verdict\":\"major\",\"note\":\"no risk said\"," FORM "}");
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "state"), "disputed");
	ck_assert_uint_eq(json_array_size(json_at(r.json, "verdicts")), 2);
	reply_free(&r);
	r = as(second, final, "{\"verdict\":\"major\"}");
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	path_of(path, id, item, "reply");
	r = agent(OTHER, "POST", path, "{\"reply\":\"R-1\"}", new_key());
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	r = agent(
	    AGENT, "POST", path, "{\"reply\":\"recording R-1, 02:10\"}", new_key());
	ck_status(&r, 200);
	reply_free(&r);
	r = as(third, final, "{\"verdict\":\"major\"}");
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "state"), "final");
	ck_assert_str_eq(reply_text(&r, "reply"), "recording R-1, 02:10");
	reply_free(&r);
	r = get("compliance", "/v1/compliance/review-agreement");
	ck_status(&r, 200);
	ck_assert_int_ge(json_integer_value(json_at(r.json, "judged_twice")), 1);
	ck_assert_int_ge(json_integer_value(json_at(r.json, "table/pass/major")), 1);
	reply_free(&r);
	free(first);
}
END_TEST

/* A critical fault holds the agent at once: no permit any more, until somebody releases. */
START_TEST(a_critical_verdict_holds_the_agent_at_once)
{
	char *first = token_of("compliance"), id[40], path[200], task[40], customer[80];
	struct reply r;
	int item;

	draw_all(id);
	item = item_of(id, "open");
	path_of(path, id, item, "verdict");
	r = as(first, path, "{\"verdict\":\"critical\"," FORM "}");
	ck_problem(&r, 400, "INVALID_REQUEST");
	reply_free(&r);
	queued_task(task, customer);
	r = task_call(AGENT, task, "accept", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	r = as(first, path, "{\"verdict\":\"critical\",\"hold\":\"agent\"," FORM "}");
	ck_status(&r, 200);
	reply_free(&r);
	r = task_call(AGENT, task, "permit", NULL);
	ck_assert_msg(strstr(r.text, "AGENT_NOT_QUALIFIED") != NULL, "%s", r.text);
	reply_free(&r);
	r = post("compliance", "/v1/compliance/agents/" AGENT "/release",
	    "{\"reason\":\"K-12\"}");
	ck_status(&r, 200);
	reply_free(&r);
	r = post("compliance", "/v1/compliance/agents/" AGENT "/release",
	    "{\"reason\":\"K-12\"}");
	ck_problem(&r, 404, "NOT_FOUND");
	reply_free(&r);
	r = task_call(AGENT, task, "accept", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	r = task_call(AGENT, task, "permit", NULL);
	ck_assert(json_is_true(json_at(r.json, "granted")));
	reply_free(&r);
	free(first);
}
END_TEST

static const struct {
	const char *name, *body, *says;
} refused[] = {
    {"a seed that is none", "{\"seed\":\"abc\"}", "seed: 64 hexadecimal digits"},
    {"a stratum nobody knows", "{\"plan\":{\"strata\":{\"young\":{}}}}",
	"there is no stratum \\\"young\\\""},
    {"a share past the whole", "{\"plan\":{\"strata\":{\"elder\":{\"share\":2000}}}}",
	"elder: share is 0 to 1000"},
    {"the future", "{\"to\":\"2027-01-01T00:00:00Z\"}", "to: lies in the future"},
    {"the wrong way round",
	"{\"from\":\"2026-11-20T00:00:00Z\",\"to\":\"2026-11-19T00:00:00Z\"}",
	"from: lies before to"},
};

START_TEST(a_draw_that_cannot_be_is_refused)
{
	struct reply r = post("compliance", DRAWS, refused[_i].body);

	ck_assert_msg(
	    r.status == 400, "%s: %ld %s", refused[_i].name, r.status, r.text);
	ck_assert_msg(strstr(r.text, refused[_i].says) != NULL, "%s: %s",
	    refused[_i].name, r.text);
	reply_free(&r);
}
END_TEST

/* ---- the command line ---------------------------------------------------------------------- */
#define ARGS 20

/* `steward review ARGS --by WHO`; the output to be freed. */
static char *
review(int want, const char *who, const char *const *args)
{
	const char *argv[ARGS] = {"review"};
	char *out = NULL;
	int n = 1, got;

	for (; args[n - 1] != NULL; n++) {
		ck_assert_int_lt(n, ARGS - 3);
		argv[n] = args[n - 1];
	}
	if (who != NULL) {
		argv[n++] = "--by";
		argv[n++] = who;
	}
	argv[n] = NULL;
	got = world_run(&world, &out, argv);
	ck_assert_msg(got == want, "exit %d: %s", got, out);
	return out;
}
#define REVIEW(want, who, ...) \
	review((want), (who), (const char *const[]){__VA_ARGS__, NULL})

static void
ck_says(char *out, const char *text)
{
	ck_assert_msg(strstr(out, text) != NULL, "no \"%s\" in: %s", text, out);
	free(out);
}

static void
file_make(const char *name, const char *text, char path[200])
{
	FILE *file;

	(void)snprintf(path, 200, "%s/%s", world.dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(the_command_draws_judges_and_settles_as_the_api_does)
{
	char plan[200], form[200], id[40], no[12], *out;
	json_t *v;

	call_made();
	file_make("plan.json",
	    "{\"strata\":{\"connected\":{\"share\":1000}},\"twice\":1000}", plan);
	file_make("form.json", "{" FORM "}", form);
	out = REVIEW(0, "b_li", "draw", "--plan", plan, "--seed", SEED, "--json");
	v = json_loads(out, 0, NULL);
	ck_assert_msg(v != NULL, "%s", out);
	ck_assert_str_eq(json_string_value(json_object_get(v, "seed")), SEED);
	(void)snprintf(
	    id, sizeof id, "%s", json_string_value(json_object_get(v, "draw_id")));
	json_decref(v);
	free(out);
	ck_says(REVIEW(0, "b_li", "list"), id);
	ck_says(REVIEW(0, "b_li", "again", id), "the same items");
	ck_says(REVIEW(0, "b_li", "show", id, "--state", "open"), "connected");
	(void)snprintf(no, sizeof no, "%d", item_of(id, "open"));
	/* The form is the API's "answers", not the body around it. */
	ck_says(REVIEW(2, "b_li", "verdict", id, no, "pass", "--answers", form),
	    "answers: identity");
	file_make("form.json", strchr(FORM, '{'), form);
	ck_says(REVIEW(0, "b_li", "verdict", id, no, "pass", "--answers", form),
	    "1 of 2 verdicts");
	/* Blind until both are in; then a third decides. */
	out = REVIEW(0, "c_wu", "show", id, no);
	ck_assert_msg(strstr(out, "b_li") == NULL, "%s", out);
	free(out);
	ck_says(
	    REVIEW(4, "b_li", "verdict", id, no, "minor", "--answers", form), "item");
	ck_says(REVIEW(0, "c_wu", "verdict", id, no, "major", "--answers", form),
	    "disputed");
	ck_says(REVIEW(4, "c_wu", "final", id, no, "major"), "a third decides");
	ck_says(REVIEW(0, "d_he", "final", id, no, "major"), "final by d_he");
	ck_says(REVIEW(0, "d_he", "agreement"), "kappa");
	ck_assert_int_ge(
	    test_db_number(&world.db,
		"SELECT count(*) FROM access_event WHERE what LIKE 'review %' AND actor "
		"= 'c_wu'"),
	    2);
}
END_TEST

START_TEST(what_the_command_cannot_do_is_said)
{
	ck_says(REVIEW(2, NULL, "list"), "--by WHO is needed");
	ck_says(REVIEW(2, "b_li", "show", "nothing"), "is no id of a draw");
	ck_says(REVIEW(3, "b_li", "show", "018f0000-0000-7000-8000-000000000000"),
	    "there is no draw");
	ck_says(REVIEW(2, "b_li", "show", "018f0000-0000-7000-8000-000000000000", "x"),
	    "is no item");
	ck_says(REVIEW(2, "b_li", "draw", "--seed", "12"), "64 hexadecimal digits");
	ck_says(REVIEW(2, "b_li", "release", AGENT), "--case REF");
	ck_says(REVIEW(3, "b_li", "release", "nobody", "--case", "K-1"), "nobody");
	ck_says(REVIEW(2, AGENT, "reply", "018f0000-0000-7000-8000-000000000000", "1"),
	    "--text TEXT");
}
END_TEST

static Suite *
reviews_suite(void)
{
	Suite *suite = suite_create("reviews");
	TCase *tc = tcase_create("reviews");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_draw_can_be_made_again);
	tcase_add_test(tc, two_who_differ_do_not_see_each_other_and_a_third_decides);
	tcase_add_test(tc, a_critical_verdict_holds_the_agent_at_once);
	tcase_add_loop_test(
	    tc, a_draw_that_cannot_be_is_refused, 0, (int)STW_ARRAY_LEN(refused));
	tcase_add_test(tc, the_command_draws_judges_and_settles_as_the_api_does);
	tcase_add_test(tc, what_the_command_cannot_do_is_said);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return api_test_main(reviews_suite());
}
