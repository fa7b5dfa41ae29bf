/* A document that is read makes requests and judges answers without a fault. The first half
 * up to a NUL is the document, what follows an answer; without one, a preset takes the
 * input as its answer. What goes out has no control character in its address or headers. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/connect/connect_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
clean(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20)
			abort();
}

static void
try_requests(struct connect_call *call, struct str body, struct arena *arena)
{
	static const int statuses[] = {200, 201, 202, 400, 404, 409, 429, 500, 503};
	struct connect_request request;

	for (int op = 0; op < CONNECTOR_OPS; op++) {
		call->op = (enum connector_op_kind)op;
		if (call->connector->ops[op].method == NULL)
			continue;
		if (connect_request_make(call, arena, &request, NULL) == STW_OK) {
			clean(request.url);
			for (int i = 0; request.headers[i] != NULL; i++)
				clean(request.headers[i]);
		}
		for (size_t i = 0; i < STW_ARRAY_LEN(statuses); i++) {
			struct http_result answer = {.fate = HTTP_ANSWERED,
			    .status = statuses[i],
			    .body = body,
			    .detail = ""};

			(void)connect_answer_judge(call, 0, &answer, false, arena);
		}
	}
}

static void
try_connector(const struct connector *c, struct str body, struct arena *arena)
{
	struct connect_example_result *results =
	    arena_array(arena, (size_t)c->nexamples, sizeof *results);
	struct connect_task task = connect_sample_task(INT64_C(1800000000000000));
	struct connect_account account;
	struct connect_call call = {.connector = c,
	    .account = &account,
	    .url = "https://example.com",
	    .queue = "fuzz",
	    .tasks = &task,
	    .ntasks = 1,
	    .now = INT64_C(1800000000000000),
	    .at_sec = 1800000000};

	connect_example_account(c, arena, &account);
	try_requests(&call, body, arena);
	(void)connect_examples_run(c, arena, results);
}

static const struct connector *
preset_once(void)
{
	static struct connector c;
	static struct arena arena;
	struct str document;

	if (c.name != NULL)
		return &c;
	arena_init(&arena);
	if (connector_preset("twilio-taskrouter", &document, NULL) != STW_OK ||
	    connector_parse(document, &arena, &c, NULL, NULL) != STW_OK)
		abort();
	return &c;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *nul = size == 0 ? NULL : memchr(text, '\0', size);
	struct connector_fault fault;
	struct connector c;
	struct arena arena;
	struct str document = {text, size}, body = {text, size};

	arena_init(&arena);
	if (nul != NULL) {
		document.len = (size_t)(nul - text);
		body = (struct str){nul + 1, size - document.len - 1};
	}
	if (connector_parse(document, &arena, &c, &fault, NULL) == STW_OK)
		try_connector(&c, body, &arena);
	else if (fault.en[0] == '\0' || fault.zh[0] == '\0')
		abort();
	try_connector(preset_once(), body, &arena);
	arena_fini(&arena);
	return 0;
}
