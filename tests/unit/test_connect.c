/* Connectors: the bytes that come out, and what answers mean. */
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <jansson.h>

#include "api/connect/connect_answer.h"
#include "api/connect/sigv4.h"
#include "api/push/offer_json.h"

#define NOW    (INT64_C(1800000000) * STW_USEC_SEC)
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

#define HEAD                                                         \
	"\"connector\":\"x\",\"version\":1,\"names\":{\"zh\":\"x\"," \
	"\"en\":\"x\"},\"dedupes\":false,\"auth\":{\"kind\":\"none\"},"

static struct arena arena;

static void
setup(void)
{
	arena_init(&arena);
}

static void
teardown(void)
{
	arena_fini(&arena);
}

static struct connector
preset(const char *name)
{
	struct connector c;
	struct stw_err err = {0};
	struct str text;

	ck_assert_msg(connector_preset(name, &text, &err) == STW_OK, "%s", err.text);
	ck_assert_msg(connector_parse(text, &arena, &c, NULL, &err) == STW_OK,
	    "%s: %d:%d %s", name, err.line, err.column, err.text);
	return c;
}

static struct connector
parsed(const char *text)
{
	struct connector c;
	struct stw_err err = {0};

	ck_assert_msg(connector_parse(str_of(text), &arena, &c, NULL, &err) == STW_OK,
	    "%d:%d %s", err.line, err.column, err.text);
	return c;
}

static struct connect_call
call_of(const struct connector *connector, const struct connect_account *account,
    const struct connect_task *tasks, int ntasks)
{
	return (struct connect_call){
	    .connector = connector,
	    .account = account,
	    .url = "https://queue.example.com/in",
	    .queue = "wealth",
	    .tasks = tasks,
	    .ntasks = ntasks,
	    .now = NOW,
	    .at_sec = 1800000000,
	};
}

/* ---- native: the bytes of before -------------------------------------------------------------- */
static struct task_push
push_example(bool full)
{
	return (struct task_push){
	    .claim = {.epoch = 7},
	    .task_id = "0197a000-0000-7000-8000-000000000001",
	    .offer = full ? 2 : 0,
	    .campaign = "idle_cash",
	    .campaign_version = 3,
	    .step = "call",
	    .occurrence = "2027-01",
	    .customer_ref = "C-00017",
	    .phone_mask = "138****5678",
	    .channel = "voice",
	    .handler = "agent",
	    .purpose = "wealth_marketing",
	    .product = full ? "产品/\"A\"" : NULL,
	    .script = "greeting",
	    .script_version = 2,
	    .number = "+862195533",
	    .number_id = 12,
	    .priority = -5,
	    .not_before = full ? NOW + 1 : STW_USEC_NEVER,
	    .not_after = full ? NOW + STW_USEC_DAY : STW_USEC_MAX,
	    .decision_id = "0197a000-0000-7000-8000-0000000000d1",
	    .record_hash_hex = "ab",
	    .valid_until = NOW + STW_USEC_MIN,
	};
}

static struct connect_task
task_of(const struct task_push *p, const char *key)
{
	return (struct connect_task){
	    .id = p->task_id,
	    .key = key,
	    .offer = p->offer,
	    .campaign = p->campaign,
	    .campaign_version = p->campaign_version,
	    .step = p->step,
	    .occurrence = p->occurrence,
	    .customer = p->customer_ref,
	    .mask = p->phone_mask,
	    .channel = p->channel,
	    .handler = p->handler,
	    .purpose = p->purpose,
	    .product = p->product,
	    .script = p->script,
	    .script_version = p->script_version,
	    .number = p->number,
	    .number_id = p->number_id,
	    .priority = p->priority,
	    .not_before = p->not_before,
	    .not_after = p->not_after,
	    .decision = p->decision_id,
	    .decision_sha256 = p->record_hash_hex,
	    .valid_until = p->valid_until,
	    .fence = p->claim.epoch,
	};
}

static void
native_same(const struct connect_request *request, const char *url, const char *key,
    const struct buf *body)
{
	struct webhook_secret secret;
	struct buf signature;

	ck_assert_str_eq(request->method, "POST");
	ck_assert_str_eq(request->url, url);
	ck_assert_msg(str_eq(request->body, (struct str){body->data, body->len}),
	    "is     %.*s\nwanted %s", STR_FMT(request->body), body->data);
	buf_init(&signature);
	ck_assert_int_eq(webhook_secret_parse(str_of(SECRET), &secret, NULL), STW_OK);
	webhook_sign(&secret, 1, str_of(key), 1800000000, request->body, &signature);
	ck_assert_str_eq(request->headers[0],
	    "Content-Type: application/cloudevents+json; charset=utf-8");
	ck_assert_str_eq(
	    request->headers[1], arena_printf(&arena, "webhook-id: %s", key));
	ck_assert_str_eq(request->headers[2], "webhook-timestamp: 1800000000");
	ck_assert_str_eq(request->headers[3],
	    arena_printf(&arena, "webhook-signature: %s", signature.data));
	ck_assert_str_eq(
	    request->headers[4], arena_printf(&arena, "Idempotency-Key: %s", key));
	ck_assert_ptr_null(request->headers[5]);
	buf_fini(&signature);
}

START_TEST(native_offers_are_the_bytes_of_before)
{
	struct connector c = preset("native");
	struct task_push push = push_example(_i == 1);
	struct connect_account account;
	struct connect_request request;
	char key[WEBHOOK_ID_MAX + 1];
	struct connect_task task;
	struct connect_call call;
	struct stw_err err = {0};
	struct buf body;

	offer_key(&push, key);
	task = task_of(&push, key);
	ck_assert_int_eq(connect_account_read(
			     &c, STR_LIT(""), STR_LIT(SECRET), &arena, &account, &err),
	    STW_OK);
	call = call_of(&c, &account, &task, 1);
	ck_assert_msg(connect_request_make(&call, &arena, &request, &err) == STW_OK,
	    "%s", err.text);
	buf_init(&body);
	offer_write(&push, "wealth", NOW, &body);
	native_same(&request, "https://queue.example.com/in", key, &body);
	buf_fini(&body);
}
END_TEST

START_TEST(native_recalls_are_the_bytes_of_before)
{
	struct connector c = preset("native");
	struct task_recall recall = {.reason = "ended: withdrawn"};
	struct connect_account account;
	struct connect_request request;
	char key[WEBHOOK_ID_MAX + 1], id[UUID_TEXT];
	struct connect_task task = {0};
	struct connect_call call;
	struct stw_err err = {0};
	struct buf body;

	recall_key(&recall, key);
	task.id = uuid_format(&recall.task_id, id);
	task.key = key;
	task.reason = recall.reason;
	ck_assert_int_eq(connect_account_read(
			     &c, STR_LIT(""), STR_LIT(SECRET), &arena, &account, &err),
	    STW_OK);
	call = call_of(&c, &account, &task, 1);
	call.op = CONNECTOR_RECALL;
	ck_assert_msg(connect_request_make(&call, &arena, &request, &err) == STW_OK,
	    "%s", err.text);
	buf_init(&body);
	recall_write(&recall, "wealth", NOW, &body);
	native_same(&request, "https://queue.example.com/in/recall", key, &body);
	buf_fini(&body);
}
END_TEST

/* Whatever the status: as push_judge, which is what every queue had before. */
START_TEST(native_answers_mean_what_they_meant)
{
	static const enum connector_verdict words[] = {
	    [TASK_PUSH_ACCEPTED] = CONNECTOR_ACCEPTED,
	    [TASK_PUSH_RETRY] = CONNECTOR_RETRY,
	    [TASK_PUSH_REFUSED] = CONNECTOR_REFUSED,
	    [TASK_PUSH_UNKNOWN] = CONNECTOR_UNKNOWN,
	};
	struct connector c = preset("native");
	struct connect_task task = connect_sample_task(NOW);
	struct connect_account account = {0};
	struct connect_call call = call_of(&c, &account, &task, 1);

	for (int status = 200; status < 600; status++) {
		struct http_result answer = {.fate = HTTP_ANSWERED, .status = status};
		bool dedupes = status % 2 == 0;
		struct push_verdict want = push_judge(&answer, dedupes);
		struct connect_answer got =
		    connect_answer_judge(&call, 0, &answer, dedupes, &arena);

		ck_assert_int_eq(got.verdict, words[want.result]);
		ck_assert(got.queue_failed == want.queue_failed);
	}
}
END_TEST

/* ---- signatures ------------------------------------------------------------------------------ */
#define AWS_KEY    "AKIDEXAMPLE"
#define AWS_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define AWS_AT     INT64_C(1440938160) /* 2015-08-30T12:36:00Z */

struct aws_case {
	const char *name, *method, *path, *query, *type, *body, *region, *service,
	    *host;
	const char *signature;
};
/* Published: the signature test suite, and the example of the General Reference. */
static const struct aws_case aws_cases[] = {
    {"get-vanilla", "GET", "/", "", NULL, "", "us-east-1", "service",
	"example.amazonaws.com",
	"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"post-vanilla", "POST", "/", "", NULL, "", "us-east-1", "service",
	"example.amazonaws.com",
	"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-x-www-form-urlencoded", "POST", "/", "", "application/x-www-form-urlencoded",
	"Param1=value1", "us-east-1", "service", "example.amazonaws.com",
	"ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {"ListUsers", "GET", "/", "Version=2010-05-08&Action=ListUsers",
	"application/x-www-form-urlencoded; charset=utf-8", "", "us-east-1", "iam",
	"iam.amazonaws.com",
	"5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
};

START_TEST(aws_signatures_are_the_published_ones)
{
	const struct aws_case *c = &aws_cases[_i];
	struct sigv4_header headers[3] = {
	    {"x-amz-date", "20150830T123600Z"}, {"host", c->host}};
	struct sigv4_request request = {.method = c->method,
	    .path = c->path,
	    .query = c->query,
	    .headers = headers,
	    .nheaders = 2,
	    .body = str_of(c->body)};
	const char *got;

	if (c->type != NULL)
		headers[request.nheaders++] =
		    (struct sigv4_header){"content-type", c->type};
	got = sigv4_authorization(
	    &request, AWS_KEY, AWS_SECRET, c->region, c->service, AWS_AT, &arena);
	ck_assert_msg(strstr(got, c->signature) != NULL, "%s: %s", c->name, got);
	ck_assert_ptr_nonnull(
	    strstr(got, c->type != NULL ? "SignedHeaders=content-type;host;x-amz-date,"
					: "SignedHeaders=host;x-amz-date,"));
	ck_assert_ptr_nonnull(strstr(got, "Credential=AKIDEXAMPLE/20150830/"));
}
END_TEST

/* ---- templates ---------------------------------------------------------------------------------- */
static const char *
body_of(const char *body, const char *content, const struct connect_task *task)
{
	const char *text = arena_printf(&arena,
	    "{" HEAD "\"offer\":{\"method\":\"POST\",\"path\":\"/p\",\"content\":"
	    "\"%s\",\"body\":%s}}",
	    content, body);
	struct connector *c = arena_alloc(&arena, sizeof *c);
	struct connect_account account = {0};
	struct connect_request request;
	struct connect_call call;
	struct stw_err err = {0};

	*c = parsed(text);
	call = call_of(c, &account, task, 1);
	if (connect_request_make(&call, &arena, &request, &err) != STW_OK)
		return arena_strdup(&arena, err.text);
	return request.body.ptr;
}

struct body_case {
	const char *body, *content, *want;
};
static const struct body_case body_cases[] = {
    {"{\"p\":\"{{ task.priority }}\",\"t\":\"x{{ task.priority }}y\"}", "json",
	"{\"p\":100,\"t\":\"x100y\"}"},
    {"{\"a\":\"{{ task.product }}\",\"b\":\"{{? task.product }}\",\"c\":[\"{{? "
     "task.product }}\",1]}",
	"json", "{\"a\":null,\"c\":[1]}"},
    {"{\"a\":\"no {{ task.product }}\"}", "json",
	"/offer/body/a: {{ task.product }} has no value for this task"},
    {"{\"a\":\"no {{? task.product }}\",\"b\":1.5}", "json", "{\"b\":1.5}"},
    {"{\"a\":{\"$json\":{\"q\":\"\\\"{{ task.mask }}\\\"\"}}}", "json",
	"{\"a\":\"{\\\"q\\\":\\\"\\\\\\\"000****0000\\\\\\\"\\\"}\"}"},
    {"{\"$tasks\":{\"i\":\"{{ task.id }}\"}}", "json",
	"[{\"i\":\"7e57ab1e-0000-4000-8000-000000000001\"}]"},
    {"{\"a\":\"{{ [1, 2].map(x, x * 2) }}\",\"b\":\"{{ {'k': task.fence} }}\"}", "json",
	"{\"a\":[2,4],\"b\":{\"k\":1}}"},
    {"{\"a\":\"{{ 1 / (task.fence - 1) }}\"}", "json",
	"/offer/body/a: {{ 1 / (task.fence - 1) }} could not be worked out for this task, "
	"or is no plain value"},
    {"{\"a b\":\"x&y=z +\",\"n\":\"{{ task.product }}\",\"t\":true}", "form",
	"a%20b=x%26y%3Dz%20%2B&t=true"},
};

START_TEST(templates_fill_in)
{
	const struct body_case *b = &body_cases[_i];
	struct connect_task task = connect_sample_task(NOW);

	ck_assert_str_eq(body_of(b->body, b->content, &task), b->want);
}
END_TEST

/* A value from outside never becomes a header, a path segment or another parameter. */
START_TEST(values_stay_where_they_are_put)
{
	struct connector c = parsed(
	    "{" HEAD "\"offer\":{\"method\":\"GET\",\"path\":\"/a/{{ task.step "
	    "}}?q={{ task.step }}\",\"content\":\"none\",\"headers\":{\"X-S\":\"{{ "
	    "task.occurrence }}\"}}}");
	struct connect_task task = connect_sample_task(NOW);
	struct connect_account account = {0};
	struct connect_call call = call_of(&c, &account, &task, 1);
	struct connect_request request;
	struct stw_err err = {0};

	task.step = "../x?y&z=1 \"%";
	ck_assert_int_eq(connect_request_make(&call, &arena, &request, &err), STW_OK);
	ck_assert_str_eq(request.url,
	    "https://queue.example.com/in/a/..%2Fx%3Fy%26z%3D1%20%22%25?q=..%2Fx%3Fy%26z"
	    "%3D1%20%22%25");
	task.occurrence = "a\r\nX-Evil: 1";
	ck_assert_int_eq(
	    connect_request_make(&call, &arena, &request, &err), STW_INVALID);
	ck_assert_str_eq(
	    err.text, "/offer/headers/X-S: the header would have a control character");
}
END_TEST

START_TEST(a_batch_holds_each_of_its_tasks)
{
	struct connector c = preset("huawei-aicc");
	struct connect_task tasks[3];
	struct connect_account account;
	struct connect_call call;
	struct connect_request request;
	struct stw_err err = {0};
	json_t *json, *list;

	for (int i = 0; i < 3; i++) {
		tasks[i] = connect_sample_task(NOW);
		tasks[i].phone = arena_printf(&arena, "+861%d", i);
	}
	connect_example_account(&c, &arena, &account);
	call = call_of(&c, &account, tasks, 3);
	ck_assert_msg(connect_request_make(&call, &arena, &request, &err) == STW_OK,
	    "%s", err.text);
	json = json_loadb(request.body.ptr, request.body.len, 0, NULL);
	list = json_object_get(json, "callDataList");
	ck_assert_uint_eq(json_array_size(list), 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_str_eq(
		    json_string_value(json_array_get(
			json_object_get(json_array_get(list, i), "called"), 0)),
		    tasks[i].phone + 1);
	json_decref(json);
}
END_TEST

/* ---- answers -------------------------------------------------------------------------------------- */
START_TEST(answers_are_taken_for_no_more_than_they_say)
{
	struct connector c = preset("rabbitmq");
	struct connect_task task = connect_sample_task(NOW);
	struct connect_account account;
	struct connect_call call;
	static const struct {
		int status;
		const char *body;
		enum connector_verdict want;
	} cases[] = {
	    {200, "{\"routed\":true}", CONNECTOR_ACCEPTED},
	    {200, "{\"routed\":\"true\"}",
		CONNECTOR_ACCEPTED}, /* no case: the status */
	    {200, "{\"routed\":false}", CONNECTOR_RETRY},
	    {503, "{\"routed\":true}", CONNECTOR_RETRY},
	    {500, "", CONNECTOR_UNKNOWN},
	    {400, "not json", CONNECTOR_REFUSED},
	};

	connect_example_account(&c, &arena, &account);
	call = call_of(&c, &account, &task, 1);
	for (size_t i = 0; i < STW_ARRAY_LEN(cases); i++) {
		struct http_result answer = {.fate = HTTP_ANSWERED,
		    .status = cases[i].status,
		    .body = str_of(cases[i].body)};

		ck_assert_int_eq(
		    connect_answer_judge(&call, 0, &answer, false, &arena).verdict,
		    cases[i].want);
	}
}
END_TEST

/* ---- accounts and tokens ---------------------------------------------------------------------------- */
START_TEST(an_account_has_what_the_connector_asks_for)
{
	static const struct {
		const char *settings, *secret, *want;
	} cases[] = {
	    {"{\"vhost\":\"/\",\"exchange\":\"e\",\"routing_key\":\"r\"}",
		"{\"user\":\"u\",\"password\":\"p\"}", NULL},
	    {"{\"vhost\":\"/\",\"exchange\":\"e\"}",
		"{\"user\":\"u\",\"password\":\"p\"}",
		"\"routing_key\" is missing: routing key"},
	    {"{\"vhost\":\"/\",\"exchange\":\"e\",\"routing_key\":\"r\",\"x\":\"y\"}",
		"{\"user\":\"u\",\"password\":\"p\"}", "knows no \"x\""},
	    {"{\"vhost\":1,\"exchange\":\"e\",\"routing_key\":\"r\"}",
		"{\"user\":\"u\",\"password\":\"p\"}", "\"vhost\" must be a text"},
	    {"{\"vhost\":\"/\",\"exchange\":\"e\",\"routing_key\":\"r\"}",
		"{\"user\":\"u\"}", "secret: \"password\" is missing"},
	    {"{\"vhost\":\"/\",\"exchange\":\"e\",\"routing_key\":\"r\"}", "hunter2",
		"secret: must be a JSON object"},
	    {"{\"vhost\":\"/\",\"exchange\":\"e\",\"routing_key\":\"r\"}",
		"{\"user\":\"u\",\"password\":\"a\\nb\"}", "control character"},
	};
	struct connector c = preset("rabbitmq");

	for (size_t i = 0; i < STW_ARRAY_LEN(cases); i++) {
		struct connect_account account;
		struct stw_err err = {0};
		enum stw_code rc = connect_account_read(&c, str_of(cases[i].settings),
		    str_of(cases[i].secret), &arena, &account, &err);

		if (cases[i].want == NULL) {
			ck_assert_msg(rc == STW_OK, "%s", err.text);
			continue;
		}
		ck_assert_int_eq(rc, STW_INVALID);
		ck_assert_msg(strstr(err.text, cases[i].want) != NULL, "%s", err.text);
		ck_assert_ptr_null(strstr(err.text, "hunter2"));
	}
}
END_TEST

START_TEST(tokens_are_fetched_and_read)
{
	struct connector c = preset("genesys-cloud");
	struct connect_task task = connect_sample_task(NOW);
	struct connect_account account;
	struct connect_request request;
	struct connect_call call;
	struct stw_err err = {0};
	const char *token;
	stw_usec valid;

	connect_example_account(&c, &arena, &account);
	call = call_of(&c, &account, &task, 1);
	ck_assert_int_eq(connect_token_make(&call, &arena, &request, &err), STW_OK);
	ck_assert_str_eq(request.url, "https://login.example.com/oauth/token");
	ck_assert(str_eq_c(request.body, "grant_type=client_credentials"));
	/* base64 of example:example */
	ck_assert_str_eq(
	    request.headers[2], "Authorization: Basic ZXhhbXBsZTpleGFtcGxl");
	ck_assert(request.secret[2]);

	ck_assert_int_eq(
	    connect_token_read(200,
		STR_LIT(
		    "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":"
		    "100}"),
		&arena, &token, &valid, &err),
	    STW_OK);
	ck_assert_str_eq(token, "t");
	ck_assert_int_eq(valid, 80 * STW_USEC_SEC);
	ck_assert_int_eq(connect_token_read(401, STR_LIT("{\"access_token\":\"t\"}"),
			     &arena, &token, &valid, &err),
	    STW_TEMPFAIL);
	ck_assert_int_eq(
	    connect_token_read(200, STR_LIT("{\"access_token\":\"t\\r\\nX: y\"}"),
		&arena, &token, &valid, &err),
	    STW_TEMPFAIL);
	account.token = NULL;
	ck_assert_int_eq(
	    connect_request_make(&call, &arena, &request, &err), STW_INVALID);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("connect");
	TCase *tc = tcase_create("connect");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, native_offers_are_the_bytes_of_before, 0, 2);
	tcase_add_test(tc, native_recalls_are_the_bytes_of_before);
	tcase_add_test(tc, native_answers_mean_what_they_meant);
	tcase_add_loop_test(
	    tc, aws_signatures_are_the_published_ones, 0, STW_ARRAY_LEN(aws_cases));
	tcase_add_loop_test(tc, templates_fill_in, 0, STW_ARRAY_LEN(body_cases));
	tcase_add_test(tc, values_stay_where_they_are_put);
	tcase_add_test(tc, a_batch_holds_each_of_its_tasks);
	tcase_add_test(tc, answers_are_taken_for_no_more_than_they_say);
	tcase_add_test(tc, an_account_has_what_the_connector_asks_for);
	tcase_add_test(tc, tokens_are_fetched_and_read);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
