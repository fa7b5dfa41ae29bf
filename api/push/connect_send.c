#include "api/push/connect_send.h"

#include <string.h>

struct waiting {
	struct arena *arena;
	struct http_result result;
	bool done;
};

static void
on_done(void *ctx, const struct http_result *result)
{
	struct waiting *w = ctx;

	w->result = *result;
	w->result.body = (struct str){
	    arena_strndup(w->arena, result->body.len > 0 ? result->body.ptr : "",
		result->body.len),
	    result->body.len};
	w->result.detail = arena_strdup(w->arena, result->detail);
	w->done = true;
}

static enum stw_code
exchange(struct http_client *http, const struct connect_request *request,
    int timeout_ms, struct arena *arena, struct http_result *out, struct stw_err *err)
{
	struct waiting w = {.arena = arena};
	const struct http_request send = {
	    .url = request->url,
	    .headers = request->headers,
	    .body = request->body,
	    .method = request->method,
	    .connect_ms = timeout_ms,
	    .total_ms = timeout_ms,
	    .once = true,
	    .done = on_done,
	    .ctx = &w,
	};
	enum stw_code rc = http_send(http, &send, err);

	while (rc == STW_OK && !w.done)
		rc = http_poll(http, 100, err);
	*out = w.result;
	return rc;
}

static enum stw_code
token_fetch(struct http_client *http, const struct connect_call *call,
    struct connect_account *account, int timeout_ms, struct arena *arena,
    struct stw_err *err)
{
	struct connect_request request;
	struct http_result result;
	stw_usec valid;
	enum stw_code rc;

	if (call->connector->auth.kind != CONNECTOR_AUTH_OAUTH2 ||
	    account->token != NULL)
		return STW_OK;
	rc = connect_token_make(call, arena, &request, err);
	if (rc == STW_OK)
		rc = exchange(http, &request, timeout_ms, arena, &result, err);
	if (rc == STW_OK && result.fate != HTTP_ANSWERED)
		return stw_fail(err, STW_TEMPFAIL,
		    "the token endpoint does not answer: %.200s", result.detail);
	if (rc == STW_OK)
		rc = connect_token_read(
		    result.status, result.body, arena, &account->token, &valid, err);
	return rc;
}

enum stw_code
connect_send(const struct egress *egress, const struct connect_call *call,
    struct connect_account *account, int timeout_ms, struct arena *arena,
    struct connect_sent *out, struct stw_err *err)
{
	struct connect_request request;
	struct http_client *http;
	enum stw_code rc = http_open(egress, 1, &http, err);

	memset(out, 0, sizeof *out);
	if (rc != STW_OK)
		return rc;
	rc = token_fetch(http, call, account, timeout_ms, arena, err);
	if (rc == STW_OK)
		rc = connect_request_make(call, arena, &request, err);
	if (rc == STW_OK)
		rc = exchange(http, &request, timeout_ms, arena, &out->result, err);
	http_close(http);
	return rc;
}
