/*
 * connect_example.c - the examples that a connector document brings along.
 */
#include <stdio.h>
#include <string.h>

#include "api/connect/connect_answer.h"

/* A fixed instant, so that examples can name the bytes. */
#define EXAMPLE_NOW INT64_C(1767225600) /* 2026-01-01T00:00:00Z */
#define EXAMPLE_URL "https://example.com"

void
connect_example_account(
    const struct connector *connector, struct arena *arena, struct connect_account *out)
{
	memset(out, 0, sizeof *out);
	for (int i = 0; i < connector->nsettings; i++)
		out->settings[i] = connector->settings[i].example;
	for (int i = 0; i < connector->auth.nsecrets_required; i++)
		out->secrets[i] = arena_strdup(arena, "example");
	if (connector->auth.kind == CONNECTOR_AUTH_WEBHOOK) {
		memset(out->signing[0].key, 'k', 32);
		out->signing[0].len = 32;
		out->nsigning = 1;
	}
	out->token = "example";
}

static void
failed(struct connect_example_result *to, const char *what_en, const char *what_zh,
    struct str want, struct str got)
{
	to->passed = false;
	(void)snprintf(to->en, sizeof to->en, "%s: expected %.*s, is %.*s", what_en,
	    (int)(want.len < 150 ? want.len : 150), want.ptr,
	    (int)(got.len < 150 ? got.len : 150), got.ptr);
	(void)snprintf(to->zh, sizeof to->zh, "%s：应为 %.*s，实为 %.*s", what_zh,
	    (int)(want.len < 150 ? want.len : 150), want.ptr,
	    (int)(got.len < 150 ? got.len : 150), got.ptr);
}

static void
request_compare(const struct connector_example *example,
    const struct connect_request *request, struct connect_example_result *to)
{
	const char *path = request->url + strlen(EXAMPLE_URL);
	struct str body = request->body.ptr == NULL ? STR_LIT("") : request->body;

	if (example->expect_path != NULL && strcmp(example->expect_path, path) != 0)
		failed(to, "path", "路径", str_of(example->expect_path), str_of(path));
	else if (example->expect_body.ptr != NULL &&
		 !str_eq(example->expect_body, body))
		failed(to, "body", "正文", example->expect_body, body);
}

static void
answer_compare(const struct connect_call *call, const struct connector_example *example,
    struct arena *arena, struct connect_example_result *to)
{
	struct http_result answer = {
	    .fate = example->status == 0 ? HTTP_AMBIGUOUS : HTTP_ANSWERED,
	    .status = example->status,
	    .retry_after = -1,
	    .body = example->answer,
	    .detail = "",
	};
	struct connect_answer got =
	    connect_answer_judge(call, 0, &answer, call->connector->dedupes, arena);

	if (got.verdict != example->verdict)
		failed(to, "verdict", "判定",
		    str_of(connector_verdict_name(example->verdict)),
		    str_of(connector_verdict_name(got.verdict)));
	else if (example->remote_id != NULL &&
		 (got.remote_id == NULL ||
		     strcmp(got.remote_id, example->remote_id) != 0))
		failed(to, "remote_id", "远端编号", str_of(example->remote_id),
		    str_of(got.remote_id == NULL ? "none" : got.remote_id));
}

int
connect_examples_run(const struct connector *connector, struct arena *arena,
    struct connect_example_result *results)
{
	struct connect_task task = connect_sample_task(EXAMPLE_NOW * STW_USEC_SEC);
	struct connect_account account;
	struct connect_call call = {
	    .connector = connector,
	    .account = &account,
	    .url = EXAMPLE_URL,
	    .queue = "example",
	    .tasks = &task,
	    .ntasks = 1,
	    .now = EXAMPLE_NOW * STW_USEC_SEC,
	    .at_sec = EXAMPLE_NOW,
	};
	int passed = 0;

	connect_example_account(connector, arena, &account);
	for (int i = 0; i < connector->nexamples; i++) {
		const struct connector_example *example = &connector->examples[i];
		struct connect_example_result *to = &results[i];
		struct connect_request request;
		struct stw_err err = {0};

		*to = (struct connect_example_result){
		    .name = example->name, .passed = true};
		call.op = example->op;
		if (connect_request_make(&call, arena, &request, &err) != STW_OK) {
			to->passed = false;
			(void)snprintf(to->en, sizeof to->en, "%.390s", err.text);
			(void)snprintf(to->zh, sizeof to->zh, "%.390s", err.text);
			continue;
		}
		request_compare(example, &request, to);
		if (to->passed)
			answer_compare(&call, example, arena, to);
		passed += to->passed;
	}
	return passed;
}
