/* Tokens of queues that want one: fetched beside everything else, one fetch at a time. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "api/push/dispatch_priv.h"
#include "api/push/verdict.h"
#include "engine/log.h"

#define FETCH_MS 10000

static void
fetch_end(struct token_fetch *fetch)
{
	fetch->target->token.fetching = false;
	push_target_release(fetch->target);
	fetch->target = NULL;
	if (fetch->body.len > 0)
		sodium_memzero(fetch->body.data, fetch->body.len);
	buf_clear(&fetch->body);
}

static void
fetch_failed(struct push_token *token, const char *queue, const char *why)
{
	token->failures++;
	token->next_fetch =
	    stw_monotonic() + push_backoff(token->failures, -1, randombytes_random());
	log_event(LOG_WARN, "token_failed", "queue=%s text=\"%s\"", queue, why);
}

static void
on_token(void *ctx, const struct http_result *result)
{
	struct token_fetch *fetch = ctx;
	struct push_token *token = &fetch->target->token;
	struct stw_err err = {0};
	struct arena arena;
	const char *text;
	stw_usec valid;

	arena_init(&arena);
	if (result->fate != HTTP_ANSWERED) {
		fetch_failed(token, fetch->queue, result->detail);
	} else if (connect_token_read(result->status, result->body, &arena, &text,
		       &valid, &err) != STW_OK) {
		fetch_failed(token, fetch->queue, err.text);
	} else {
		push_token_put(token, text, valid, stw_monotonic());
		sodium_memzero((void *)(uintptr_t)text, strlen(text));
	}
	arena_fini(&arena);
	fetch_end(fetch);
}

static enum stw_code
fetch_send(struct dispatch *d, struct push_queue *q, struct token_fetch *fetch,
    struct stw_err *err)
{
	const struct connect_task nobody = {.id = "", .key = ""};
	const struct connect_call call = {.connector = &q->target->connector,
	    .account = &q->target->account,
	    .url = q->url,
	    .queue = q->code,
	    .tasks = &nobody,
	    .ntasks = 1,
	    .now = dispatch_now(d),
	    .at_sec = (int64_t)time(NULL)};
	struct connect_request request;
	struct http_request send;
	enum stw_code rc = connect_token_make(&call, &d->arena, &request, err);

	if (rc != STW_OK)
		return rc;
	buf_add(&fetch->body, request.body.ptr, request.body.len);
	send = (struct http_request){.url = request.url,
	    .tls = &q->tls,
	    .headers = request.headers,
	    .body = {fetch->body.data, fetch->body.len},
	    .connect_ms = FETCH_MS / 2,
	    .total_ms = FETCH_MS,
	    .done = on_token,
	    .ctx = fetch};
	return http_send(d->http, &send, err);
}

static void
token_fetch(struct dispatch *d, struct push_queue *q)
{
	struct token_fetch *fetch = d->fetches;
	struct stw_err err = {0};

	while (fetch < d->fetches + TOKEN_SLOTS && fetch->target != NULL)
		fetch++;
	if (fetch == d->fetches + TOKEN_SLOTS)
		return;
	fetch->target = push_target_hold(q->target);
	(void)snprintf(fetch->queue, sizeof fetch->queue, "%s", q->code);
	q->target->token.fetching = true;
	if (fetch_send(d, q, fetch, &err) == STW_OK)
		return;
	fetch_failed(&q->target->token, q->code, err.text);
	fetch_end(fetch);
}

void
tokens_fetch(struct dispatch *d)
{
	stw_usec mono = stw_monotonic();

	for (struct push_queue *q = d->queues; q != NULL; q = q->next) {
		const struct push_token *token;

		if (q->target == NULL || !push_target_wants_token(q->target))
			continue;
		token = &q->target->token;
		if (token->fetching || mono < token->next_fetch ||
		    (token->text != NULL && mono < token->refresh_at))
			continue;
		token_fetch(d, q);
	}
}

void
tokens_close(struct dispatch *d)
{
	for (int i = 0; i < TOKEN_SLOTS; i++) {
		if (d->fetches[i].target != NULL)
			fetch_end(&d->fetches[i]);
		buf_fini(&d->fetches[i].body);
	}
}
