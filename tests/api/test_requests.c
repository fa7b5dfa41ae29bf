/*
 * test_requests.c - wrong requests, pages, idempotency keys and events, over HTTP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/api_calls.h"

/* ---- data that is not good enough -------------------------------------------------------- */
static void
limit_age(const char *body)
{
	struct reply r = post("compliance", "/v1/traits/transactions.at/limits", body);

	ck_status(&r, 200);
	reply_free(&r);
}

START_TEST(a_campaign_on_stale_data_is_held_back)
{
	static const char *const plan[] = {"plan", NULL};
	char *out = NULL;
	struct reply r;

	limit_age("{\"max_age_hours\":1}");
	ck_assert_int_eq(world_run(&world, &out, plan), 0);
	ck_assert_msg(strstr(out, "HELD BACK: transactions.at") != NULL, "%s", out);
	free(out);
	r = get("ops", "/v1/campaigns/falling_balance/runs?limit=1");
	ck_assert_str_eq(reply_text(&r, "items/0/held/code"), "STALE");
	ck_assert_str_eq(reply_text(&r, "items/0/held/trait"), "transactions.at");
	ck_assert_int_eq(json_integer_value(json_at(r.json, "items/0/audience")), 0);
	reply_free(&r);
	r = get("ops", "/v1/traits/transactions.at");
	ck_assert_str_eq(reply_text(&r, "quality/breach/code"), "STALE");
	reply_free(&r);
	/* Another campaign does not rest on it, and goes on. */
	r = get("ops", "/v1/campaigns/onboarding_welcome/runs?limit=1");
	ck_assert(json_is_null(json_at(r.json, "items/0/held")));
	ck_assert_int_gt(json_integer_value(json_at(r.json, "items/0/audience")), 0);
	reply_free(&r);
	limit_age("{\"max_age_hours\":null}");
	ck_assert_int_eq(world_run(&world, NULL, plan), 0);
	r = get("ops", "/v1/campaigns/falling_balance/runs?limit=1");
	ck_assert(json_is_null(json_at(r.json, "items/0/held")));
	reply_free(&r);
}
END_TEST

/* ---- requests that are wrong ---------------------------------------------------------------- */
struct wrong {
	const char *method, *path, *body, *header;
	long status;
	const char *code;
};
static const struct wrong wrongs[] = {
    {"GET", "/v1/nothing", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/", NULL, "Accept: application/json", 302, NULL},
    {"DELETE", "/v1/me", NULL, NULL, 405, "METHOD_NOT_ALLOWED"},
    {"PUT", "/v1/segments", "{}", NULL, 405, "METHOD_NOT_ALLOWED"},
    {"GET", "/v1/me", NULL, "Accept: text/html", 406, "NOT_ACCEPTABLE"},
    {"GET", "/v1/customers/%zz", NULL, NULL, 400, "INVALID_PATH"},
    {"GET", "/v1/customers/nobody", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/decisions/nope", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/decisions/00000000-0000-7000-8000-000000000000", NULL, NULL, 404,
	"NOT_FOUND"},
    {"GET", "/v1/tasks/00000000-0000-7000-8000-000000000000", NULL, NULL, 404,
	"NOT_FOUND"},
    {"GET", "/v1/numbers/999999", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/numbers/x", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/segments/none", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/segments/none/days", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/segments/none/moves", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/segments/elderly/days?days=0", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/segments/elderly/moves?from=x", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/segments/elderly/moves?cursor=AAAA", NULL, NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/l/list", "{\"name\":{\"zh\":\"x\",\"en\":\"x\"}}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/l/list", "{\"customers\":[]}", NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/segments/l/list",
	"{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"customers\":[\"nobody\"]}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/l/list",
	"{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"customers\":[7]}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/l/list",
	"{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"customers\":[],\"mode\":\"x\"}", NULL,
	400, "INVALID_REQUEST"},
    {"POST", "/v1/segments/elderly/list",
	"{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"customers\":[],\"allow_empty\":"
	"true}",
	NULL, 409, "CONFLICT"},
    {"POST", "/v1/segments/l/list",
	"{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"customers\":[]}", NULL, 400,
	"INVALID_REQUEST"},
    {"GET", "/v1/campaigns/none", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/campaigns/none/runs", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/campaigns/maturing_product/versions/99", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/campaigns/maturing_product/versions/x", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/customers?limit=0", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/customers?limit=501", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/customers?limit=x", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/customers?cursor=AAAA", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/decisions?from=yesterday", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/tasks", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/tasks?queue=wealth-remote&state=done", NULL, NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/x", "{}", "Content-Type: text/plain", 415,
	"UNSUPPORTED_MEDIA_TYPE"},
    {"POST", "/v1/segments/x", "{\"a\":", NULL, 400, "INVALID_JSON"},
    {"POST", "/v1/segments/x", "[1]", NULL, 400, "INVALID_JSON"},
    {"POST", "/v1/segments/x", "{\"rule\":1,\"rule\":2}", NULL, 400, "INVALID_JSON"},
    {"POST", "/v1/segments/x", "{\"rule\":\"true\",\"colour\":\"red\"}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/x", "{\"rule\":\"true\"}", NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/segments/X",
	"{\"rule\":\"true\",\"name\":{\"zh\":\"x\",\"en\":\"x\"}}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/x",
	"{\"rule\":\"customer.agge > 3\",\"name\":{\"zh\":\"x\",\"en\":\"x\"}}", NULL,
	400, "INVALID_REQUEST"},
    {"POST", "/v1/campaigns", "{\"code\":\"x\"}", NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/campaigns", "{\"code\":\"maturing_product\"}", NULL, 409,
	"CAMPAIGN_EXISTS"},
    {"POST", "/v1/campaigns/none/activate", NULL, NULL, 404, "NOT_FOUND"},
    {"PUT", "/v1/campaigns/maturing_product", "{\"code\":\"maturing_product\"}", NULL,
	428, "PRECONDITION_REQUIRED"},
    {"PUT", "/v1/campaigns/maturing_product", "{\"code\":\"maturing_product\"}",
	"If-Match: \"0123\"", 412, "PRECONDITION_FAILED"},
    {"PUT", "/v1/campaigns/maturing_product", "{\"code\":\"another\"}",
	"If-Match: \"0123\"", 400, "INVALID_REQUEST"},
    {"POST", "/v1/numbers/999999/suspend", "{\"reason\":\"x\"}", NULL, 404,
	"NOT_FOUND"},
    {"POST", "/v1/numbers/1/suspend", "{}", NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/numbers/999999/resume", "{\"reason\":\"x\"}", NULL, 404, "NOT_FOUND"},
    {"POST", "/v1/numbers/1/observations", "{\"kind\":\"label\",\"value\":\"bad\"}",
	NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/number-proposals",
	"{\"action\":\"matrix\",\"reason\":\"x\",\"document\":{\"kind\":\"mobile\","
	"\"subject\":\"SERVICE\",\"verdict\":\"yes\"}}",
	NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/number-proposals",
	"{\"action\":\"status\",\"reason\":\"x\",\"document\":{\"status\":"
	"\"active\"}}",
	NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/call-records",
	"{\"source\":\"p\",\"reference\":\"r\",\"number_sent\":\"1\","
	"\"started_at\":\"yesterday\",\"duration_sec\":1}",
	NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/traits/nix", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/traits?retired=maybe", NULL, NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/traits/holdings.x", "{}", NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/traits/x", "{}", NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/traits/aum",
	"{\"type\":\"int\",\"sensitivity\":\"ordinary\",\"zh\":\"x\",\"en\":\"x\",\"rule\":"
	"\"1\"}",
	NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/traits/none/retire", NULL, NULL, 404, "NOT_FOUND"},
    {"POST", "/v1/traits/nix/limits", "{}", NULL, 404, "NOT_FOUND"},
    {"POST", "/v1/traits/aum/limits", "{\"max_drift\":-1}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/traits/aum/limits", "{\"max_missing_bp\":10001}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/traits/aum/limits", "{\"max_age_hours\":24}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/traits/customer.dob/accept", NULL, NULL, 404, "NOT_FOUND"},
};

START_TEST(a_wrong_request_gets_its_own_answer)
{
	const struct wrong *w = &wrongs[_i];
	char *token = token_of("admin");
	struct reply r = http(&world, (struct request){.method = w->method,
					  .path = w->path,
					  .token = token,
					  .body = w->body,
					  .header = w->header,
					  .key = new_key()});

	if (w->code != NULL)
		ck_problem(&r, w->status, w->code);
	else
		ck_status(&r, w->status);
	if (r.status == 405)
		ck_assert_ptr_nonnull(strstr(r.headers, "Allow: GET"));
	reply_free(&r);
	free(token);
}
END_TEST

START_TEST(a_fault_in_a_rule_has_line_column_and_pointer)
{
	struct reply r = post("ops", "/v1/segments/faulty",
	    "{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"rule\":\"true &&\\n  customer.agge > "
	    "3\"}");

	ck_problem(&r, 400, "INVALID_REQUEST");
	ck_assert_str_eq(reply_text(&r, "errors/0/pointer"), "/rule");
	ck_assert_int_eq(json_integer_value(json_at(r.json, "errors/0/line")), 2);
	ck_assert_int_gt(json_integer_value(json_at(r.json, "errors/0/column")), 1);
	ck_assert_ptr_nonnull(strstr(reply_text(&r, "detail_zh"), "没有字段 'agge'"));
	ck_assert_str_eq(
	    reply_text(&r, "errors/0/detail_zh"), reply_text(&r, "detail_zh"));
	reply_free(&r);
	r = post(
	    "ops", "/v1/rules:check", "{\"rule\":\"true &&\\n  customer.agge > 3\"}");
	ck_status(&r, 200);
	ck_assert(json_is_false(json_at(r.json, "ok")));
	ck_assert_int_eq(json_integer_value(json_at(r.json, "error/line")), 2);
	ck_assert_str_eq(json_string_value(json_at(r.json, "error/detail")),
	    "no field 'agge' in Customer; did you mean 'age'?");
	ck_assert_str_eq(json_string_value(json_at(r.json, "error/detail_zh")),
	    "Customer 没有字段 'agge'；是不是 'age'？");
	reply_free(&r);
}
END_TEST

START_TEST(a_body_past_the_limit_is_413)
{
	size_t size = ((size_t)1 << 20) + 1;
	char *body = malloc(size + 1);
	struct reply r;

	memset(body, ' ', size);
	body[size] = '\0';
	r = post("ops", "/v1/rules:check", body);
	ck_problem(&r, 413, "TOO_LARGE");
	reply_free(&r);
	free(body);
}
END_TEST

START_TEST(head_answers_as_get_without_a_body)
{
	char *token = token_of("ops");
	struct reply r = http(&world,
	    (struct request){.method = "HEAD", .path = "/v1/me", .token = token});

	ck_status(&r, 200);
	ck_assert_str_eq(r.text, "");
	ck_assert_ptr_nonnull(strstr(r.headers, "Content-Type: application/json"));
	reply_free(&r);
	free(token);
}
END_TEST

START_TEST(head_of_a_record_is_a_look_at_it)
{
	static const char sql[] = "SELECT count(*) FROM access_event";
	int64_t before = test_db_number(&world.db, sql);
	char *token = token_of("compliance");
	struct reply r = http(
	    &world, (struct request){
			.method = "HEAD", .path = "/v1/decisions", .token = token});

	ck_status(&r, 200);
	ck_assert_str_eq(r.text, "");
	reply_free(&r);
	free(token);
	ck_assert_int_eq(test_db_number(&world.db, sql), before + 1);
}
END_TEST

START_TEST(problems_speak_the_language_asked_for_and_keep_the_trace)
{
	struct reply r =
	    http(&world, (struct request){.path = "/v1/me",
			     .header = "Accept-Language: zh-CN, en;q=0.5"});

	ck_assert_str_eq(reply_text(&r, "title"), "需要有效的令牌");
	reply_free(&r);
	r = http(&world,
	    (struct request){.path = "/v1/me",
		.header = "traceparent: "
			  "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"});
	ck_assert_str_eq(
	    reply_text(&r, "trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
	ck_assert_str_eq(reply_text(&r, "title"), "A valid token is needed");
	reply_free(&r);
}
END_TEST

/* ---- pages -------------------------------------------------------------------------------------- */
/* Walks a list to its end; how many rows, each key once. */
static int
walk_pages(const char *role, const char *path, const char *key)
{
	json_t *seen = json_object(), *row;
	char url[800];
	int rows = 0;
	size_t i;

	(void)snprintf(url, sizeof url, "%s", path);
	for (;;) {
		struct reply r = get(role, url);
		const char *next;

		ck_status(&r, 200);
		json_array_foreach(json_at(r.json, "items"), i, row)
		{
			const char *id = json_string_value(json_object_get(row, key));

			ck_assert_msg(
			    json_object_get(seen, id) == NULL, "%s came twice", id);
			(void)json_object_set_new(seen, id, json_true());
			rows++;
		}
		next = json_string_value(json_at(r.json, "next_cursor"));
		if (next == NULL) {
			reply_free(&r);
			break;
		}
		(void)snprintf(url, sizeof url, "%s&cursor=%s", path, next);
		reply_free(&r);
	}
	json_decref(seen);
	return rows;
}

START_TEST(pages_hold_every_row_exactly_once)
{
	int64_t blocked = test_db_number(
	    &world.db, "SELECT count(*) FROM decision WHERE outcome = 'BLOCK'");

	ck_assert_int_eq(
	    walk_pages("ops", "/v1/customers?limit=77", "ref"), WORLD_CUSTOMERS);
	ck_assert_int_eq(walk_pages("compliance",
			     "/v1/decisions?limit=17&outcome=BLOCK", "decision_id"),
	    blocked);
	ck_assert_int_gt(blocked, 17);
}
END_TEST

START_TEST(a_cursor_works_only_with_its_own_filter)
{
	struct reply r = get("ops", "/v1/customers?limit=5"), again;
	char url[400];

	(void)snprintf(url, sizeof url, "/v1/customers?limit=5&stage=mature&cursor=%s",
	    reply_text(&r, "next_cursor"));
	again = get("ops", url);
	ck_problem(&again, 400, "INVALID_REQUEST");
	reply_free(&again);
	reply_free(&r);
}
END_TEST

START_TEST(filters_of_the_log_hold_for_every_row)
{
	struct reply r =
	    get("compliance", "/v1/decisions?limit=200&code=CONSENT_MISSING&gate=P");
	json_t *row, *code;
	size_t i, k;

	ck_assert_uint_gt(json_array_size(json_at(r.json, "items")), 0);
	json_array_foreach(json_at(r.json, "items"), i, row)
	{
		bool found = false;

		json_array_foreach(json_object_get(row, "codes"), k, code)
		{
			found = found ||
				strcmp(json_string_value(code), "CONSENT_MISSING") == 0;
		}
		ck_assert(found);
		ck_assert_str_eq(json_string_value(json_object_get(row, "gate")), "P");
	}
	reply_free(&r);
	r = get("compliance", "/v1/decisions?to=2020-01-01T00:00:00Z");
	ck_assert_uint_eq(json_array_size(json_at(r.json, "items")), 0);
	ck_assert(json_is_null(json_at(r.json, "next_cursor")));
	reply_free(&r);
}
END_TEST

/* ---- keys -------------------------------------------------------------------------------------- */
START_TEST(a_change_without_a_key_is_refused)
{
	char *token = token_of("ops");
	struct reply r = http(&world, (struct request){.method = "POST",
					  .path = "/v1/segments/keyless",
					  .token = token,
					  .body = "{}"});

	ck_problem(&r, 400, "IDEMPOTENCY_KEY_MISSING");
	reply_free(&r);
	free(token);
}
END_TEST

START_TEST(the_same_key_gives_the_first_answer_and_no_second_effect)
{
	static const char body[] =
	    "{\"action\":\"grant\",\"purpose\":\"SURVEY\",\"channel\":"
	    "\"VOICE\",\"form\":\"app\",\"evidence\":\"e-1\"}";
	static const char other[] =
	    "{\"action\":\"grant\",\"purpose\":\"SURVEY\",\"channel\":"
	    "\"SMS\",\"form\":\"app\",\"evidence\":\"e-1\"}";
	static const char sql[] =
	    "SELECT count(*) FROM consent_event WHERE purpose = 'SURVEY'";
	struct reply list = get("ops", "/v1/customers?limit=1"), first, second, third;
	char *token = token_of("ops"), path[160], key[64];
	struct request request;
	int64_t before = test_db_number(&world.db, sql);

	(void)snprintf(path, sizeof path, "/v1/customers/%s/consents",
	    reply_text(&list, "items/0/ref"));
	(void)snprintf(key, sizeof key, "%s", new_key());
	request = (struct request){
	    .method = "POST", .path = path, .token = token, .body = body, .key = key};
	first = http(&world, request);
	second = http(&world, request);
	ck_status(&first, 201);
	ck_status(&second, 201);
	ck_assert_str_eq(first.text, second.text);
	ck_assert_int_eq(test_db_number(&world.db, sql), before + 1);
	request.body = other;
	third = http(&world, request);
	ck_problem(&third, 422, "IDEMPOTENCY_KEY_REUSED");
	ck_assert_int_eq(test_db_number(&world.db, sql), before + 1);
	reply_free(&first);
	reply_free(&second);
	reply_free(&third);
	reply_free(&list);
	free(token);
}
END_TEST

START_TEST(a_key_whose_request_failed_may_be_used_again)
{
	char *token = token_of("ops");
	struct request request = {.method = "POST",
	    .path = "/v1/segments/second_try",
	    .token = token,
	    .body = "{}",
	    .key = "used-after-a-fault"};
	struct reply r = http(&world, request);

	ck_problem(&r, 400, "INVALID_REQUEST");
	reply_free(&r);
	request.body = "{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"rule\":\"true\"}";
	r = http(&world, request);
	ck_status(&r, 201);
	reply_free(&r);
	free(token);
}

START_TEST(one_key_sent_by_many_at_once_has_one_effect)
{
	static const char sql[] =
	    "SELECT count(*) FROM consent_event WHERE evidence = 'raced'";
	struct reply list = get("ops", "/v1/customers?limit=1");
	char *token = token_of("ops"), path[160], key[64];
	struct racer racers[AT_ONCE] = {0};
	const char *answer = NULL;

	(void)snprintf(path, sizeof path, "/v1/customers/%s/consents",
	    reply_text(&list, "items/0/ref"));
	(void)snprintf(key, sizeof key, "%s", new_key());
	for (int i = 0; i < AT_ONCE; i++)
		racers[i].request = (struct request){.method = "POST",
		    .path = path,
		    .token = token,
		    .body = "{\"action\":\"grant\",\"purpose\":\"SURVEY\",\"channel\":"
			    "\"SMS\",\"form\":\"app\",\"evidence\":\"raced\"}",
		    .key = key};
	race_all(racers);
	for (int i = 0; i < AT_ONCE; i++) {
		const struct reply *r = &racers[i].reply;

		if (r->status == 409) {
			ck_assert_str_eq(
			    reply_text(r, "code"), "IDEMPOTENCY_IN_PROGRESS");
			continue;
		}
		ck_status(r, 201);
		if (answer != NULL)
			ck_assert_str_eq(r->text, answer);
		answer = r->text;
	}
	ck_assert_ptr_nonnull(answer);
	ck_assert_int_eq(test_db_number(&world.db, sql), 1);
	for (int i = 0; i < AT_ONCE; i++)
		reply_free(&racers[i].reply);
	reply_free(&list);
	free(token);
}
END_TEST

/* ---- events in ---------------------------------------------------------------------------- */
#define EVENT_TYPE "\"type\":\"com.steward.interaction.login\","
#define EVENT_HEAD "{\"specversion\":\"1.0\",\"source\":\"/core\","
#define EVENT_BODY EVENT_TYPE "\"subject\":\"x\",\"time\":\"2026-11-23T01:00:00Z\""
#define BATCH      "Content-Type: application/cloudevents-batch+json"
#define ONE        "Content-Type: application/cloudevents+json"

static struct reply
post_events(const char *header, const char *body)
{
	char *token = token_of("operator");
	struct reply reply = http(&world, (struct request){.method = "POST",
					      .path = "/v1/events",
					      .token = token,
					      .body = body,
					      .header = header});

	free(token);
	return reply;
}

static int64_t
interactions(void)
{
	return test_db_number(&world.db, "SELECT count(*) FROM interaction");
}

/* what is sent, the member that the problem points to, what it says */
static const struct event_case {
	const char *header;
	const char *body;
	long status;
	const char *pointer;
	const char *says;
} event_cases[] = {
    {ONE, "[]", 400, "", "one event is wanted"},
    {BATCH, "{}", 400, "", "an array"},
    {BATCH, "[1]", 400, "", "an event is an object"},
    {BATCH, "[", 400, "", "1:1"},
    {"Content-Type: text/plain", "{}", 415, NULL, "application/json"},
    {ONE, "{}", 400, "/specversion", "is missing"},
    {ONE, "{\"specversion\":\"0.3\"}", 400, "/specversion", "1.0 is wanted"},
    {ONE, "{\"specversion\":1.0}", 400, "/specversion", "a text is wanted"},
    {ONE, "{\"specversion\":\"1.0\",\"id\":\"1\"}", 400, "/source", "is missing"},
    {ONE, EVENT_HEAD EVENT_BODY "}", 400, "/id", "is missing"},
    {ONE, EVENT_HEAD "\"id\":\"\"," EVENT_BODY "}", 400, "/id", "is empty"},
    {ONE, EVENT_HEAD "\"id\":\"a\\u0001\"," EVENT_BODY "}", 400, "/id", "control"},
    {ONE, EVENT_HEAD "\"id\":\"1\"," EVENT_TYPE "\"time\":\"2026-11-23T01:00:00Z\"}",
	400, "/subject", "is missing"},
    {ONE, EVENT_HEAD "\"id\":\"1\"," EVENT_TYPE "\"subject\":\"x\"}", 400, "/time",
	"is missing"},
    {ONE,
	EVENT_HEAD "\"id\":\"1\"," EVENT_TYPE
		   "\"subject\":\"x\",\"time\":\"yesterday\"}",
	400, "/time", "an instant"},
    {ONE,
	EVENT_HEAD "\"id\":\"1\"," EVENT_TYPE
		   "\"subject\":\"x\",\"time\":\"2026-11-24T00:00:00Z\"}",
	400, "/time", "in the future"},
    {ONE, EVENT_HEAD "\"id\":\"1\",\"type\":\"org.example.login\",\"subject\":\"x\"}",
	400, "/type", "com.steward.interaction.KIND"},
    {ONE,
	EVENT_HEAD "\"id\":\"1\",\"type\":\"com.steward.interaction.Log in\","
		   "\"subject\":\"x\"}",
	400, "/type", "KIND of a-z"},
    {ONE, EVENT_HEAD "\"id\":\"1\"," EVENT_BODY ",\"data\":{\"chanel\":\"app\"}}", 400,
	"/data", "channel or nothing"},
    {ONE, EVENT_HEAD "\"id\":\"1\"," EVENT_BODY ",\"data\":{\"channel\":\"APP 1\"}}",
	400, "/data/channel", "a word"},
    {ONE, EVENT_HEAD "\"id\":\"1\"," EVENT_BODY ",\"data_base64\":\"eA==\"}", 400,
	"/data_base64", "as JSON"},
    {ONE, EVENT_HEAD "\"id\":\"1\"," EVENT_BODY ",\"datacontenttype\":\"text/xml\"}",
	400, "/datacontenttype", "application/json"},
    {BATCH, "[" EVENT_HEAD "\"id\":\"1\"," EVENT_BODY "}," EVENT_HEAD EVENT_BODY "}]",
	400, "/1/id", "is missing"},
};

START_TEST(an_event_with_a_fault_refuses_the_request_and_names_the_place)
{
	const struct event_case *c = &event_cases[_i];
	int64_t before = interactions();
	struct reply r = post_events(c->header, c->body);

	ck_problem(&r, c->status,
	    c->status == 415            ? "UNSUPPORTED_MEDIA_TYPE"
	    : strcmp(c->body, "[") == 0 ? "INVALID_JSON"
					: "INVALID_EVENT");
	if (c->pointer != NULL)
		ck_assert_str_eq(reply_text(&r, "errors/0/pointer"), c->pointer);
	ck_assert_msg(strstr(reply_text(&r, "detail"), c->says) != NULL, "%s",
	    reply_text(&r, "detail"));
	ck_assert_int_eq(interactions(), before);
	reply_free(&r);
}
END_TEST

static void
ck_fates(const struct reply *r, int stored, int duplicates, int rejected)
{
	ck_status(r, 200);
	ck_assert_int_eq(json_integer_value(json_at(r->json, "stored")), stored);
	ck_assert_int_eq(
	    json_integer_value(json_at(r->json, "duplicates")), duplicates);
	ck_assert_uint_eq(
	    json_array_size(json_at(r->json, "rejected")), (size_t)rejected);
}

START_TEST(events_of_known_customers_are_stored_once_and_others_named)
{
	int64_t before = interactions();
	struct reply list = get("ops", "/v1/customers?limit=2"), r;
	char body[3000];

	(void)snprintf(body, sizeof body,
	    "[" EVENT_HEAD "\"id\":\"b1\"," EVENT_TYPE
	    "\"subject\":\"%s\",\"time\":\"2026-11-23T01:00:00Z\"}," EVENT_HEAD
	    "\"id\":\"b2\"," EVENT_BODY "}," EVENT_HEAD "\"id\":\"b3\"," EVENT_TYPE
	    "\"subject\":\"%s\",\"time\":\"2026-11-23T09:00:00+08:00\",\"data\":"
	    "{\"channel\":\"app\"},\"traceparent\":\"x\"}]",
	    reply_text(&list, "items/0/ref"), reply_text(&list, "items/1/ref"));
	r = post_events(BATCH, body);
	ck_fates(&r, 2, 0, 1);
	ck_assert_int_eq(json_integer_value(json_at(r.json, "rejected/0/index")), 1);
	ck_assert_str_eq(reply_text(&r, "rejected/0/id"), "b2");
	ck_assert_str_eq(reply_text(&r, "rejected/0/code"), "CUSTOMER_UNKNOWN");
	ck_assert_int_eq(interactions(), before + 2);
	reply_free(&r);
	r = post_events(BATCH, body);
	ck_fates(&r, 0, 2, 1);
	reply_free(&r);
	/* The same event told otherwise. */
	memcpy(strstr(body, "T01:00"), "T00:59", 6);
	r = post_events(BATCH, body);
	ck_fates(&r, 0, 1, 2);
	ck_assert_str_eq(reply_text(&r, "rejected/0/id"), "b1");
	ck_assert_str_eq(reply_text(&r, "rejected/0/code"), "EVENT_CONFLICT");
	reply_free(&r);
	reply_free(&list);
	ck_assert_int_eq(interactions(), before + 2);
}
END_TEST

START_TEST(a_thousand_events_are_taken_and_one_more_is_not)
{
	char *body = NULL;
	struct reply r;
	size_t len = 0;

	for (int count = 1000; count <= 1001; count++) {
		FILE *out = open_memstream(&body, &len);

		for (int i = 0; i < count; i++)
			(void)fprintf(out,
			    "%s" EVENT_HEAD "\"id\":\"%d\"," EVENT_BODY "}",
			    i == 0 ? "[" : ",", i);
		(void)fprintf(out, "]");
		(void)fclose(out);
		r = post_events(BATCH, body);
		if (count == 1000)
			ck_fates(&r, 0, 0, 1000);
		else
			ck_problem(&r, 413, "TOO_LARGE");
		reply_free(&r);
		free(body);
	}
}
END_TEST

static Suite *
requests_suite(void)
{
	Suite *suite = suite_create("requests");
	TCase *tc = tcase_create("requests");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_campaign_on_stale_data_is_held_back);
	tcase_add_loop_test(
	    tc, a_wrong_request_gets_its_own_answer, 0, (int)STW_ARRAY_LEN(wrongs));
	tcase_add_test(tc, a_fault_in_a_rule_has_line_column_and_pointer);
	tcase_add_test(tc, a_body_past_the_limit_is_413);
	tcase_add_test(tc, head_answers_as_get_without_a_body);
	tcase_add_test(tc, head_of_a_record_is_a_look_at_it);
	tcase_add_test(tc, problems_speak_the_language_asked_for_and_keep_the_trace);
	tcase_add_test(tc, pages_hold_every_row_exactly_once);
	tcase_add_test(tc, a_cursor_works_only_with_its_own_filter);
	tcase_add_test(tc, filters_of_the_log_hold_for_every_row);
	tcase_add_test(tc, a_change_without_a_key_is_refused);
	tcase_add_test(tc, the_same_key_gives_the_first_answer_and_no_second_effect);
	tcase_add_test(tc, one_key_sent_by_many_at_once_has_one_effect);
	tcase_add_test(tc, a_key_whose_request_failed_may_be_used_again);
	tcase_add_loop_test(tc,
	    an_event_with_a_fault_refuses_the_request_and_names_the_place, 0,
	    (int)STW_ARRAY_LEN(event_cases));
	tcase_add_test(tc, events_of_known_customers_are_stored_once_and_others_named);
	tcase_add_test(tc, a_thousand_events_are_taken_and_one_more_is_not);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return api_test_main(requests_suite());
}
