/*
 * test_traits.c - fed traits over HTTP: added, fed, used in a rule at once, and shown to
 * whom they may be shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/api_calls.h"

#define LINES "Content-Type: application/x-ndjson"

static struct reply
feed(const char *body)
{
	char *token = token_of("operator");
	struct reply reply = http(&world, (struct request){.method = "POST",
					      .path = "/v1/trait-values",
					      .token = token,
					      .body = body,
					      .header = LINES});

	free(token);
	return reply;
}

static struct reply
put(const char *role, const char *ref, const char *body)
{
	char *token = token_of(role), path[120];
	struct reply reply;

	(void)snprintf(path, sizeof path, "/v1/customers/%s/traits", ref);
	reply = http(
	    &world, (struct request){
			.method = "PUT", .path = path, .token = token, .body = body});
	free(token);
	return reply;
}

static void
add(const char *name, const char *type, const char *sensitivity)
{
	char body[300];
	struct reply r;

	(void)snprintf(body, sizeof body,
	    "{\"name\":\"%s\",\"type\":\"%s\",\"sensitivity\":\"%s\",\"source\":\"feed\","
	    "\"zh\":\"模型分\",\"en\":\"a score\"}",
	    name, type, sensitivity);
	r = post("ops", "/v1/traits", body);
	ck_status(&r, 201);
	ck_assert_str_eq(reply_text(&r, "source"), "feed");
	ck_assert(json_is_null(json_at(r.json, "fed_at")));
	reply_free(&r);
}

static void
two_customers(char refs[2][80])
{
	struct reply list = get("ops", "/v1/customers?limit=2");

	for (int i = 0; i < 2; i++) {
		char at[32];

		(void)snprintf(at, sizeof at, "items/%d/ref", i);
		(void)snprintf(refs[i], 80, "%s", reply_text(&list, at));
	}
	reply_free(&list);
}

static int64_t
number(const struct reply *r, const char *at)
{
	return json_integer_value(json_at(r->json, at));
}

static int64_t
matched(const char *rule)
{
	char body[300];
	struct reply r;
	int64_t n;

	(void)snprintf(body, sizeof body, "{\"rule\":\"%s\",\"count\":true}", rule);
	r = post("ops", "/v1/rules:check", body);
	ck_status(&r, 200);
	n = number(&r, "matched");
	reply_free(&r);
	return n;
}

/* The kept book follows the change stream: what was put is in it a moment later. */
static void
matches_soon(const char *rule, int64_t want)
{
	int64_t n = -1;

	for (int i = 0; i < 200 && n != want; i++) {
		n = matched(rule);
		if (n != want)
			(void)usleep(25000);
	}
	ck_assert_int_eq(n, want);
}

START_TEST(a_fed_trait_is_usable_at_once)
{
	char refs[2][80], body[400];
	struct reply r;

	two_customers(refs);
	add("used", "double", "ordinary");
	matches_soon("customer.used > 0.5", 0);
	(void)snprintf(body, sizeof body,
	    "{\"customer\":\"%s\",\"values\":{\"used\":0.75}}\n\n"
	    "{\"customer\":\"nobody\",\"values\":{\"used\":0.9}}\r\n"
	    "{\"customer\":\"%s\",\"values\":{\"used\":1}}",
	    refs[0], refs[1]);
	r = feed(body);
	ck_status(&r, 200);
	ck_assert_int_eq(number(&r, "stored"), 2);
	ck_assert_int_eq(number(&r, "rejected/0/line"), 3);
	ck_assert_ptr_null(strstr(r.text, "nobody"));
	reply_free(&r);
	matches_soon("customer.used > 0.5", 2);
	r = feed(body);
	ck_assert_int_eq(number(&r, "stored"), 0);
	ck_assert_int_eq(number(&r, "unchanged"), 2);
	reply_free(&r);
	r = put("ops", refs[0], "{\"values\":{\"used\":null}}");
	ck_status(&r, 200);
	ck_assert_int_eq(number(&r, "removed"), 1);
	reply_free(&r);
	matches_soon("customer.used > 0.5", 1);
	r = get("ops", "/v1/traits/used");
	ck_assert(json_is_string(json_at(r.json, "fed_at")));
	reply_free(&r);
}
END_TEST

static const char *
value_seen(const char *role, const char *ref, const char *name, bool *hidden)
{
	static char text[100];
	char path[120];
	struct reply r;
	json_t *item;
	size_t i;

	(void)snprintf(path, sizeof path, "/v1/customers/%s/traits", ref);
	r = get(role, path);
	ck_status(&r, 200);
	(void)snprintf(text, sizeof text, "not there");
	json_array_foreach(json_at(r.json, "items"), i, item)
	{
		json_t *v = json_object_get(item, "value");

		if (strcmp(json_string_value(json_object_get(item, "name")), name) != 0)
			continue;
		*hidden = json_is_true(json_object_get(item, "hidden"));
		(void)snprintf(text, sizeof text, "%s",
		    json_is_string(v) ? json_string_value(v) : "null");
	}
	reply_free(&r);
	return text;
}

START_TEST(a_sensitive_value_is_for_compliance_alone)
{
	char refs[2][80];
	struct reply r;
	bool hidden;

	two_customers(refs);
	add("health", "string", "sensitive");
	add("taste", "string", "personal");
	r = put("operator", refs[0],
	    "{\"values\":{\"health\":\"poor\",\"taste\":\"tea\"}}");
	ck_status(&r, 200);
	reply_free(&r);
	ck_assert_str_eq(value_seen("ops", refs[0], "health", &hidden), "null");
	ck_assert(hidden);
	ck_assert_str_eq(value_seen("admin", refs[0], "health", &hidden), "null");
	ck_assert_str_eq(value_seen("compliance", refs[0], "health", &hidden), "poor");
	ck_assert(!hidden);
	ck_assert_str_eq(value_seen("ops", refs[0], "taste", &hidden), "tea");
	/* Whether there is one is not told either. */
	ck_assert_str_eq(value_seen("ops", refs[1], "health", &hidden), "null");
	ck_assert(hidden);
}
END_TEST

static int64_t
looks(const char *what)
{
	char sql[200];

	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM access_event WHERE what = '%s' AND verdict = 'allowed'",
	    what);
	return test_db_number(&world.db, sql);
}

/* Whatever shows rating, holdings or a sensitive fed trait of somebody; %c, %t: a customer, a
 * task. */
static const struct {
	const char *role, *path, *what;
} shows[] = {
    {"compliance", "/v1/customers?limit=1", "GET /v1/customers"},
    {"compliance", "/v1/customers/%c", "GET /v1/customers/{ref}"},
    {"compliance", "/v1/customers/%c/traits", "GET /v1/customers/{ref}/traits"},
    {"ops", "/v1/customers/%c/traits", "GET /v1/customers/{ref}/traits"},
    {"compliance", "/v1/customers/%c/stage/why", "GET /v1/customers/{ref}/stage/why"},
    {"compliance", "/v1/tasks?queue=wealth-remote&limit=1", "GET /v1/tasks"},
    {"compliance", "/v1/tasks/%t", "GET /v1/tasks/{id}"},
};

START_TEST(who_reads_a_sensitive_value_is_on_record)
{
	char path[200], task[40], of_task[80], refs[2][80];
	const char *at = shows[_i].path, *mark = strchr(at, '%');
	const char *what = shows[_i].what;
	int64_t before;
	struct reply r;

	two_customers(refs);
	queued_task(task, of_task);
	(void)snprintf(path, sizeof path, "%.*s%s%s",
	    mark != NULL ? (int)(mark - at) : (int)strlen(at), at,
	    mark == NULL     ? ""
	    : mark[1] == 'c' ? refs[0]
			     : task,
	    mark == NULL ? "" : mark + 2);
	before = looks(what);
	r = get(shows[_i].role, path);
	ck_status(&r, 200);
	reply_free(&r);
	ck_assert_int_eq(looks(what), before + 1);
}
END_TEST

START_TEST(an_agent_who_takes_a_task_is_on_record)
{
	int64_t before = looks("POST /v1/tasks/{id}/accept");
	char task[40], customer[80];
	struct reply r;

	queued_task(task, customer);
	r = task_call(AGENT, task, "accept", NULL);
	ck_status(&r, 200);
	ck_assert_ptr_nonnull(json_at(r.json, "holdings"));
	reply_free(&r);
	ck_assert_int_eq(looks("POST /v1/tasks/{id}/accept"), before + 1);
}
END_TEST

/* body, pointer, a part of the text; never the value */
static const struct {
	const char *body, *pointer, *text;
} faults[] = {
    {"{", NULL, "line 1, column"},
    {"[1]", "/0/customer", "line 1: customer"},
    {"{\"customer\":\"a\"}", "/0/values", "an object of traits"},
    {"{\"customer\":\"a\",\"values\":{}}", "/0/values", "an object of traits"},
    {"{\"customer\":\"a\",\"values\":{\"score\":1},\"x\":1}", "/0/x", "no such member"},
    {"\n{\"customer\":\"a\",\"values\":{\"scoer\":1}}", "/1/values/scoer",
	"line 2: values/scoer: the bank has no fed trait"},
    {"{\"customer\":\"a\",\"values\":{\"aum\":1}}", "/0/values/aum", "no fed trait"},
    {"{\"customer\":\"a\",\"values\":{\"score\":\"secret\"}}", "/0/values/score",
	"a whole number is wanted"},
    {"{\"customer\":\"a\",\"values\":{\"day\":\"secret\"}}", "/0/values/day",
	"a day like"},
    {"{\"customer\":\"a\",\"values\":{\"sum\":{\"amount\":\"1\",\"currency\":\"USD\"}}}",
	"/0/values/sum", "\"currency\": \"CNY\""},
    {"{\"customer\":\"a\",\"values\":{\"word\":\"\"}}", "/0/values/word", "1 to 200"},
};

START_TEST(a_fault_names_line_and_member_and_stores_nothing)
{
	struct reply r;

	add("score", "int", "ordinary");
	add("day", "date", "ordinary");
	add("sum", "money", "ordinary");
	add("word", "string", "ordinary");
	for (size_t i = 0; i < STW_ARRAY_LEN(faults); i++) {
		r = feed(faults[i].body);
		ck_status(&r, 400);
		if (faults[i].pointer != NULL)
			ck_assert_msg(
			    strstr(r.text, faults[i].pointer) != NULL, "%s", r.text);
		ck_assert_msg(strstr(reply_text(&r, "detail"), faults[i].text) != NULL,
		    "%zu: %s", i, r.text);
		ck_assert_ptr_null(strstr(r.text, "secret"));
		reply_free(&r);
	}
	r = put("ops", "nobody", "{\"values\":{\"score\":1}}");
	ck_status(&r, 404);
	reply_free(&r);
	r = put("ops", "nobody", "{\"values\":{\"score\":1},\"more\":1}");
	ck_status(&r, 400);
	reply_free(&r);
	r = put("compliance", "nobody", "{\"values\":{\"score\":1}}");
	ck_status(&r, 403);
	reply_free(&r);
	r = post("operator", "/v1/trait-values", "{}");
	ck_status(&r, 415);
	reply_free(&r);
}
END_TEST

START_TEST(the_command_line_adds_and_shows_one)
{
	static const char *const add_args[] = {"trait", "add", "cli_score", "--type",
	    "int", "--sensitivity", "ordinary", "--zh", "分", "--en", "score", "--by",
	    "ann", NULL};
	static const char *const short_args[] = {
	    "trait", "add", "other", "--type", "int", "--by", "ann", NULL};
	static const char *const show_args[] = {"trait", "show", "cli_score", NULL};
	static const char *const list_args[] = {"trait", "list", NULL};
	char *out = NULL;

	ck_assert_int_eq(world_run(&world, &out, add_args), 0);
	ck_assert_ptr_nonnull(strstr(out, "customer.cli_score version 1, to be fed"));
	free(out);
	ck_assert_int_eq(world_run(&world, &out, show_args), 0);
	ck_assert_msg(strstr(out, "none yet") != NULL, "%s", out);
	free(out);
	ck_assert_int_eq(world_run(&world, &out, list_args), 0);
	ck_assert_ptr_nonnull(strstr(out, "customer.cli_score"));
	free(out);
	ck_assert_int_ne(world_run(&world, &out, short_args), 0);
	free(out);
}
END_TEST

/* ---- limits ---------------------------------------------------------------------------- */
static struct reply
limits(const char *trait, const char *body)
{
	char path[120];

	(void)snprintf(path, sizeof path, "/v1/traits/%s/limits", trait);
	return post("compliance", path, body);
}

START_TEST(limits_are_changed_one_by_one)
{
	struct reply r = limits("tier", "{\"max_missing_bp\":500,\"max_rise_bp\":200}");

	ck_status(&r, 200);
	reply_free(&r);
	r = limits("tier", "{\"max_drift\":250,\"max_rise_bp\":null}");
	ck_status(&r, 200);
	ck_assert_int_eq(number(&r, "quality/limits/max_missing_bp"), 500);
	ck_assert(json_is_null(json_at(r.json, "quality/limits/max_rise_bp")));
	ck_assert_int_eq(number(&r, "quality/limits/max_drift"), 250);
	reply_free(&r);
	r = limits("tier", "{}");
	ck_status(&r, 200);
	ck_assert_int_eq(number(&r, "quality/limits/max_missing_bp"), 500);
	reply_free(&r);
	r = limits("tier", "{\"max_age_hours\":24}");
	ck_problem(&r, 400, "INVALID_REQUEST");
	ck_assert_str_eq(reply_text(&r, "errors/0/pointer"), "/max_age_hours");
	ck_assert_ptr_nonnull(strstr(reply_text(&r, "detail"), "has no age"));
	ck_assert_ptr_nonnull(strstr(reply_text(&r, "detail_zh"), "没有时效"));
	reply_free(&r);
}
END_TEST

/* arguments, exit status, what is said and what is not */
static const struct {
	const char *args[10];
	int status;
	const char *says, *but;
} limit_calls[] = {
    {{"limit", "holdings.amount", "--max-missing", "1.5 %", "--by", "ann"}, 0,
	"at most missing              1.50 %", "drift"},
    {{"limit", "holdings.amount", "--max-drift=0.25", "--by", "ann"}, 0,
	"at most missing              1.50 %", "no limits"},
    {{"limit", "holdings.amount"}, 0, "at most drift                0.250",
	"next plan"},
    {{"limit", "holdings.amount", "--max-missing", "none", "--by", "ann"}, 0,
	"at most drift                0.250", "missing"},
    {{"limit", "holdings.amount", "--max-drift", "none", "--by", "ann"}, 0, "no limits",
	"drift"},
    {{"limit", "holdings.amount", "--max-missing", "200", "--by", "ann"}, 1,
	"--max-missing is a percentage from 0 to 100", "bp"},
    {{"limit", "holdings.amount", "--max-missing", "few", "--by", "ann"}, 1,
	"--max-missing is a percentage from 0 to 100", "bp"},
    {{"limit", "holdings.amount", "--max-drift", "1"}, 1, "--by WHO is needed", NULL},
    {{"limit", "holdings.amount", "--max-age-hours", "24", "--by", "ann"}, 1,
	"holdings.amount has no age", NULL},
    {{"limit", "nope"}, 1, "there is no trait customer.nope (`steward trait list`",
	NULL},
    {{"retire", "aum", "--by", "ann"}, 1,
	"no trait \"aum\" of its own; built-in ones stay", NULL},
    {{"accept", "nope", "--by", "ann"}, 1,
	"there is no trait customer.nope (`steward trait list`", "looked at"},
};

START_TEST(the_command_changes_what_it_names_and_shows_the_rest)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(limit_calls); i++) {
		const char *argv[12] = {"trait"};
		char *out = NULL;
		int status;

		memcpy(argv + 1, limit_calls[i].args, sizeof limit_calls[i].args);
		status = world_run(&world, &out, argv);
		ck_assert_msg((status != 0) == limit_calls[i].status, "%zu: %d %s", i,
		    status, out);
		ck_assert_msg(
		    strstr(out, limit_calls[i].says) != NULL, "%zu: %s", i, out);
		ck_assert_msg(limit_calls[i].but == NULL ||
				  strstr(out, limit_calls[i].but) == NULL,
		    "%zu: %s", i, out);
		free(out);
	}
}
END_TEST

START_TEST(a_double_comes_back_as_it_was_written)
{
	char refs[2][80], path[120];
	struct reply r;

	two_customers(refs);
	add("chance", "double", "ordinary");
	r = put("ops", refs[0], "{\"values\":{\"chance\":0.95}}");
	ck_status(&r, 200);
	reply_free(&r);
	(void)snprintf(path, sizeof path, "/v1/customers/%s/traits", refs[0]);
	r = get("ops", path);
	ck_assert_msg(strstr(r.text, "\"value\":0.95,") != NULL ||
			  strstr(r.text, "\"value\":0.95}") != NULL,
	    "%s", r.text);
	reply_free(&r);
}
END_TEST

/* ---- messages of other commands ---------------------------------------------------------- */
START_TEST(a_key_in_force_is_not_removed_and_the_way_is_told)
{
	static const char *const kinds[] = {"kek", "index"};

	for (size_t i = 0; i < STW_ARRAY_LEN(kinds); i++) {
		const char *const argv[] = {"keys", "remove", kinds[i], "1", NULL};
		char *out = NULL;

		ck_assert_int_ne(world_run(&world, &out, argv), 0);
		ck_assert_msg(strstr(out, "is the version in force: `steward keys "
					  "rotate ") != NULL,
		    "%s", out);
		ck_assert_ptr_null(strstr(out, "--resume"));
		free(out);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("traits");
	TCase *tc = tcase_create("traits");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_fed_trait_is_usable_at_once);
	tcase_add_test(tc, a_sensitive_value_is_for_compliance_alone);
	tcase_add_test(tc, a_fault_names_line_and_member_and_stores_nothing);
	tcase_add_loop_test(
	    tc, who_reads_a_sensitive_value_is_on_record, 0, (int)STW_ARRAY_LEN(shows));
	tcase_add_test(tc, an_agent_who_takes_a_task_is_on_record);
	tcase_add_test(tc, the_command_line_adds_and_shows_one);
	tcase_add_test(tc, limits_are_changed_one_by_one);
	tcase_add_test(tc, the_command_changes_what_it_names_and_shows_the_rest);
	tcase_add_test(tc, a_double_comes_back_as_it_was_written);
	tcase_add_test(tc, a_key_in_force_is_not_removed_and_the_way_is_told);
	suite_add_tcase(suite, tc);
	return api_test_main(suite);
}
