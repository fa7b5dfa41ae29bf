#include "api/push/verdict.h"

#define BACKOFF_FIRST STW_USEC_SEC
#define BACKOFF_LAST  (300 * STW_USEC_SEC)
#define ASKED_MAX     STW_USEC_HOUR
#define OPEN_FIRST    STW_USEC_SEC
#define OPEN_LAST     (60 * STW_USEC_SEC)

static struct push_verdict
verdict(enum task_push_result result, bool queue_failed)
{
	return (struct push_verdict){result, queue_failed};
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
	case 410:
	case 413:
	case 415:
	case 422:
		return verdict(TASK_PUSH_REFUSED, false);
	case 408:
		return verdict(maybe, true);
	case 503:
		return verdict(TASK_PUSH_RETRY, true);
	default:
		/* 3xx, 401, 403, 404, 429 ...: said no before it looked at the task. */
		return verdict(answer->status >= 500 ? maybe : TASK_PUSH_RETRY, true);
	}
}

/* Between a half and all of it. */
static stw_usec
jitter(stw_usec span, uint32_t random)
{
	return span / 2 + (span / 2) * (stw_usec)(random % 1024) / 1023;
}

static stw_usec
doubled(stw_usec first, stw_usec last, int64_t times)
{
	stw_usec span = first;

	while (times-- > 0 && span < last)
		span *= 2;
	return span < last ? span : last;
}

stw_usec
push_backoff(int64_t tries, stw_usec retry_after, uint32_t random)
{
	stw_usec wait = jitter(doubled(BACKOFF_FIRST, BACKOFF_LAST, tries - 1), random);

	if (retry_after > ASKED_MAX)
		retry_after = ASKED_MAX;
	return wait > retry_after ? wait : retry_after;
}

int
breaker_room(const struct breaker *breaker, stw_usec now, int limit)
{
	if (breaker->open_until == 0)
		return limit;
	if (breaker->probing || now < breaker->open_until)
		return 0;
	return limit > 0 ? 1 : 0;
}

void
breaker_begin(struct breaker *breaker)
{
	if (breaker->open_until != 0)
		breaker->probing = true;
}

void
breaker_end(
    struct breaker *breaker, bool failed, stw_usec hold, stw_usec now, uint32_t random)
{
	stw_usec wait;

	if (!failed) {
		*breaker = (struct breaker){0};
		return;
	}
	breaker->failures++;
	/* What began before it opened says nothing new. */
	if (breaker->open_until != 0 && !breaker->probing)
		return;
	if (breaker->failures < BREAKER_FAILURES && !breaker->probing && hold <= 0)
		return;
	wait = jitter(doubled(OPEN_FIRST, OPEN_LAST, breaker->opened), random);
	if (hold > ASKED_MAX)
		hold = ASKED_MAX;
	breaker->open_until = now + (wait > hold ? wait : hold);
	breaker->probing = false;
	breaker->opened++;
}

bool
breaker_is_open(const struct breaker *breaker)
{
	return breaker->open_until != 0;
}
