/*
 * verdict.h - what an answer of a queue means for the task and for the queue.
 *
 * Purpose    Pure: one table of statuses, the delay before the next try, and a circuit
 *            breaker. No clock and no random source of its own.
 * Rules      Taken: any 2xx. Refused for good: what speaks about this task (400, 409, 410,
 *            413, 415, 422). Not taken: nothing was sent, 429, 503. Everything else that
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
};

struct push_verdict push_judge(const struct http_result *answer, bool dedupes);

/* From the first to the last: 1, 2, 4 ... 300 s, of which a share between a half and all
 * is taken (random: any number); never less than the queue asked for (-1: it did not),
 * which counts up to an hour. */
stw_usec push_backoff(int64_t tries, stw_usec retry_after, uint32_t random);

/* ---- circuit breaker --------------------------------------------------------------- */
#define BREAKER_FAILURES 5

/* Zero is closed. */
struct breaker {
	int failures;        /* one after the other */
	int opened;          /* times, one after the other */
	bool probing;        /* one request is out to see */
	stw_usec open_until; /* 0: closed */
};

/* How many requests may begin now: limit when closed, 1 to probe, 0 while open. */
int breaker_room(const struct breaker *breaker, stw_usec now, int limit);
void breaker_begin(struct breaker *breaker); /* a request was begun */
/* hold: the queue asked to be left alone for so long (-1: it did not). */
void breaker_end(
    struct breaker *breaker, bool failed, stw_usec hold, stw_usec now, uint32_t random);
bool breaker_is_open(const struct breaker *breaker);

#endif
