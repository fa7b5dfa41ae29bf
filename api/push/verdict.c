#include "api/push/verdict.h"

#define BACKOFF_FIRST STW_USEC_SEC
#define BACKOFF_LAST  (300 * STW_USEC_SEC)
#define ASKED_MAX     STW_USEC_HOUR

static struct push_verdict
verdict(enum task_push_result result, bool queue_failed)
{
	return (struct push_verdict){.result = result, .queue_failed = queue_failed};
}

struct push_verdict
push_judge(const struct http_result *answer, bool dedupes)
{
	enum task_push_result maybe = dedupes ? TASK_PUSH_RETRY : TASK_PUSH_UNKNOWN;

	switch (answer->fate) {
	case HTTP_NOT_SENT:
		return verdict(TASK_PUSH_RETRY, true);
	case HTTP_AMBIGUOUS:
		return verdict(maybe, true);
	case HTTP_ANSWERED:
		break;
	}
	if (answer->status >= 200 && answer->status < 300)
		return verdict(TASK_PUSH_ACCEPTED, false);
	switch (answer->status) {
	case 400:
	case 409:
	case 413:
	case 415:
	case 422:
		return verdict(TASK_PUSH_REFUSED, false);
	case 408:
		return verdict(maybe, true);
	case 410:
		return (struct push_verdict){TASK_PUSH_RETRY, true, true};
	case 503:
		return verdict(TASK_PUSH_RETRY, true);
	default:
		/* 3xx, 401, 403, 404, 429 ...: said no before it looked at the task. */
		return verdict(answer->status >= 500 ? maybe : TASK_PUSH_RETRY, true);
	}
}

stw_usec
push_jitter(stw_usec span, uint32_t random)
{
	return span / 2 + (span / 2) * (stw_usec)(random % 1024) / 1023;
}

stw_usec
push_doubled(stw_usec first, stw_usec last, int64_t times)
{
	stw_usec span = first;

	while (times-- > 0 && span < last)
		span *= 2;
	return span < last ? span : last;
}

stw_usec
push_backoff(int64_t tries, stw_usec retry_after, uint32_t random)
{
	stw_usec wait =
	    push_jitter(push_doubled(BACKOFF_FIRST, BACKOFF_LAST, tries - 1), random);

	if (retry_after > ASKED_MAX)
		retry_after = ASKED_MAX;
	return wait > retry_after ? wait : retry_after;
}
