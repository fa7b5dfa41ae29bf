#include "api/connect/connect_answer.h"

#include <string.h>

#include "api/connect/connect_priv.h"

#define REMOTE_ID_MAX 200

/* What the status alone says. */
static struct connect_answer
by_status(enum connector_op_kind op, const struct http_result *answer, bool dedupes)
{
	struct push_verdict v = push_judge(answer, dedupes);
	struct connect_answer out = {.queue_failed = v.queue_failed};
	int status = answer->fate == HTTP_ANSWERED ? answer->status : 0;

	/* A query has no effect, so a failed one only means: nothing learned. */
	if (op == CONNECTOR_STATUS) {
		out.verdict = status == 404 || status == 410  ? CONNECTOR_ABSENT
			      : status >= 200 && status < 300 ? CONNECTOR_ACCEPTED
							      : CONNECTOR_UNKNOWN;
		return out;
	}
	/* Who does not know the task will not work it either. */
	if (op == CONNECTOR_RECALL && (status == 404 || status == 410)) {
		out.verdict = CONNECTOR_ACCEPTED;
		return out;
	}
	switch (v.result) {
	case TASK_PUSH_ACCEPTED:
		out.verdict = CONNECTOR_ACCEPTED;
		break;
	case TASK_PUSH_RETRY:
		out.verdict = CONNECTOR_RETRY;
		break;
	case TASK_PUSH_REFUSED:
		out.verdict = CONNECTOR_REFUSED;
		break;
	case TASK_PUSH_UNKNOWN:
		break;
	}
	return out;
}

static const char *
remote_id(const struct rule *rule, struct scope *scope, struct arena *arena)
{
	struct rule_value v;

	if (rule == NULL)
		return NULL;
	v = rule_eval(rule, &scope->ctx);
	if (v.kind == RULE_V_INT)
		return arena_printf(arena, "%lld", (long long)v.i);
	if (v.kind != RULE_V_STRING || v.s.len == 0 || v.s.len > REMOTE_ID_MAX)
		return NULL;
	for (size_t i = 0; i < v.s.len; i++)
		if ((unsigned char)v.s.ptr[i] < 0x20)
			return NULL;
	return arena_strndup(arena, v.s.ptr, v.s.len);
}

struct connect_answer
connect_answer_judge(const struct connect_call *call, int task,
    const struct http_result *answer, bool dedupes, struct arena *arena)
{
	const struct connector_op *op = &call->connector->ops[call->op];
	struct connect_answer out = by_status(call->op, answer, dedupes);
	struct scope scope;
	json_t *body = NULL;

	if (answer->fate != HTTP_ANSWERED || op->ncases == 0)
		return out;
	if (answer->body.len > 0)
		body = json_loadb(answer->body.ptr, answer->body.len,
		    JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	scope_init(&scope, call, &call->tasks[task], arena);
	scope.vars[SLOT_STATUS] = rule_int(answer->status);
	scope.vars[SLOT_BODY] = scope_value(body, arena);
	for (int i = 0; i < op->ncases; i++) {
		const struct connector_case *c = &op->cases[i];

		if (!rule_eval_bool(c->when, &scope.ctx, NULL))
			continue;
		out.verdict = c->verdict;
		out.queue_failed =
		    c->verdict == CONNECTOR_RETRY || c->verdict == CONNECTOR_UNKNOWN;
		out.remote_id = remote_id(c->remote_id, &scope, arena);
		break;
	}
	json_decref(body);
	return out;
}
