/* What came of a push or a recall, written down. */
#include <stdio.h>

#include <sodium.h>

#include "api/push/dispatch_priv.h"
#include "engine/log.h"

#define UNSEALED_WAIT (2 * STW_USEC_SEC)

/* The word for a log line and a counter. */
static void
count_result(struct dispatch *d, enum task_push_result result)
{
	switch (result) {
	case TASK_PUSH_ACCEPTED:
		d->sum.accepted++;
		break;
	case TASK_PUSH_RETRY:
		d->sum.retried++;
		break;
	case TASK_PUSH_REFUSED:
		d->sum.refused++;
		break;
	case TASK_PUSH_UNKNOWN:
		d->sum.unknown++;
		break;
	}
}

/* Writes down how a job ended. When the database is away it stays, to be tried again. */
void
job_settle(struct dispatch *d, struct job *job)
{
	bool stale = false;
	struct stw_err err = {0};
	enum stw_code rc;

	if (dispatch_db_ready(d, &err) != STW_OK)
		return;
	if (job->is_recall)
		rc = task_recall_finish(d->opt.db, &job->recall, job->acknowledged,
		    job->status, dispatch_now(d), &err);
	else
		rc = task_finish_push(d->opt.db, &job->claim, job->result, job->status,
		    job->detail[0] == '\0' ? NULL : job->detail, job->retry_at,
		    dispatch_now(d), &stale, &err);
	if (rc == STW_TEMPFAIL) {
		dispatch_db_trouble(d, "dispatch_settle", &err);
		return;
	}
	if (rc != STW_OK)
		log_err(LOG_ERROR, "dispatch_settle", &err);
	else if (job->is_recall)
		d->sum.recalls_done += job->acknowledged;
	else if (stale && !job->never_left)
		d->sum.stale++;
	else if (!stale)
		count_result(d, job->result);
	if (rc == STW_OK && stale && !job->never_left)
		log_event(LOG_WARN, "dispatch_stale", "task=%s epoch=%lld", job->key,
		    (long long)job->claim.epoch);
	job_end(job);
}

void
settle_left(struct dispatch *d)
{
	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state == JOB_SETTLE)
			job_settle(d, &d->jobs[i]);
}

/* Not sent: the task is due again soon, and the attempt says why. */
void
job_give_back(struct dispatch *d, struct job *job)
{
	job->result = TASK_PUSH_RETRY;
	job->retry_at = dispatch_now(d) + UNSEALED_WAIT;
	job->never_left = true;
	job->state = JOB_SETTLE;
	job_settle(d, job);
}

static void
log_failure(const struct job *job, const struct http_result *answer)
{
	log_event(LOG_DEBUG, "push_failed", "queue=%s task=%s status=%d text=\"%s\"",
	    job->queue->code, job->key, answer->status, answer->detail);
}

static void
on_recall_done(struct dispatch *d, struct job *job, const struct http_result *answer)
{
	int status = answer->fate == HTTP_ANSWERED ? answer->status : 0;

	/* A queue that does not know the task will not work it either. */
	job->acknowledged =
	    (status >= 200 && status < 300) || status == 404 || status == 410;
	job->status = status;
	if (!job->acknowledged)
		log_failure(job, answer);
	job->state = JOB_SETTLE;
	job_settle(d, job);
}

static void
on_offer_done(struct dispatch *d, struct job *job, const struct http_result *answer)
{
	struct push_queue *q = job->queue;
	struct push_verdict v = push_judge(answer, q->dedupes);
	bool was_open = breaker_is_open(&q->breaker);

	breaker_end(&q->breaker, v.queue_failed, answer->retry_after, stw_monotonic(),
	    randombytes_random());
	if (breaker_is_open(&q->breaker) != was_open)
		log_event(LOG_WARN, was_open ? "queue_back" : "queue_held",
		    "queue=%s status=%d text=\"%s\"", q->code, answer->status,
		    answer->detail);
	job->result = v.result;
	job->status = answer->fate == HTTP_ANSWERED ? answer->status : 0;
	(void)snprintf(job->detail, sizeof job->detail, "%s", answer->detail);
	job->retry_at = STW_USEC_MAX;
	if (v.result == TASK_PUSH_RETRY) {
		job->retry_at =
		    dispatch_now(d) + push_backoff(job->claim.epoch,
					  answer->retry_after, randombytes_random());
		if (job->retry_at > q->retry_at)
			q->retry_at = job->retry_at;
	}
	if (v.result != TASK_PUSH_ACCEPTED)
		log_failure(job, answer);
	job->state = JOB_SETTLE;
	job_settle(d, job);
}

void
dispatch_on_done(void *ctx, const struct http_result *answer)
{
	struct job *job = ctx;

	if (job->is_recall)
		on_recall_done(job->dispatch, job, answer);
	else
		on_offer_done(job->dispatch, job, answer);
}
