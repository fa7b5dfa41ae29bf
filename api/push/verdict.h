/*
 * verdict.h - what an answer of a queue means for the task and for the queue.
 *
 * Purpose    Pure: one table of statuses, and the delay before the next try. No clock and
 *            no random source of its own.
 * Rules      Taken: any 2xx. Refused for good: what speaks about this task (400, 409, 413,
 *            415, 422). 410 speaks about the queue: it is gone until a person says
 *            otherwise. Not taken: nothing was sent, 429, 503. Everything else that
 *            was sent (no answer, 408, other 5xx) may have taken effect: harmless to
 *            repeat where the queue deduplicates, else unknown. Redirects, 401, 403, 404
 *            and the like speak about the queue, not the task: tried again later, so that
 *            a wrong URL or secret costs no tasks.
 * Units      stw_usec, on any clock that goes forward.
 */
#ifndef STW_API_PUSH_VERDICT_H
#define STW_API_PUSH_VERDICT_H

#include "api/push/http.h"
#include "campaigns/task_store.h"

struct push_verdict {
	enum task_push_result result;
	bool queue_failed; /* counts against the queue's health */
	bool queue_gone;   /* 410: nothing more is to be sent to it */
};

struct push_verdict push_judge(const struct http_result *answer, bool dedupes);

/* From the first to the last: 1, 2, 4 ... 300 s, of which a share between a half and all
 * is taken (random: any number); never less than the queue asked for (-1: it did not),
 * which counts up to an hour. */
stw_usec push_backoff(int64_t tries, stw_usec retry_after, uint32_t random);

/* first, twice that, four times that ... up to last. */
stw_usec push_doubled(stw_usec first, stw_usec last, int64_t times);
/* Between a half and all of it. */
stw_usec push_jitter(stw_usec span, uint32_t random);

#endif
