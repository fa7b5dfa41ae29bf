/* What came of a push or a recall, written down. */
#include <stdio.h>

#include <sodium.h>

#include "api/push/dispatch_priv.h"
#include "api/push/verdict.h"
#include "campaigns/queue_store.h"
#include "engine/log.h"

#define UNSEALED_WAIT (2 * STW_USEC_SEC)

static void
count_result(struct dispatch *d, struct push_queue *q, enum task_push_result result)
{
	switch (result) {
	case TASK_PUSH_ACCEPTED:
		d->sum.accepted++;
		q->counts.accepted++;
		break;
	case TASK_PUSH_RETRY:
		d->sum.retried++;
		q->counts.retried++;
		break;
	case TASK_PUSH_REFUSED:
		d->sum.refused++;
		q->counts.refused++;
		break;
	case TASK_PUSH_UNKNOWN:
		d->sum.unknown++;
		q->counts.unknown++;
		break;
	}
}

static void
offer_settled(struct dispatch *d, struct job *job, const struct task_ending *ending)
{
	if (!ending->stale) {
		count_result(d, job->queue, job->result);
	} else if (!job->never_left) {
		d->sum.stale++;
		job->queue->counts.stale++;
		log_event(LOG_WARN, "dispatch_stale", "task=%s epoch=%lld", job->key,
		    (long long)job->claim.epoch);
	}
	if (ending->dead) {
		d->sum.dead++;
		job->queue->counts.dead++;
		log_event(LOG_WARN, "dead_letter", "queue=%s task=%s status=%d",
		    job->queue->code, job->key, job->status);
	}
	job_end(job);
}

/* TEMPFAIL: they stay as they are. */
static enum stw_code
offers_settle(struct dispatch *d, struct job *const *jobs, int count)
{
	struct task_ending *endings =
	    arena_array(&d->arena, (size_t)count, sizeof *endings);
	struct stw_err err = {0};
	enum stw_code rc;

	for (int i = 0; i < count; i++)
		endings[i] = (struct task_ending){.claim = jobs[i]->claim,
		    .result = jobs[i]->result,
		    .http_status = jobs[i]->status,
		    .detail = jobs[i]->detail[0] == '\0' ? NULL : jobs[i]->detail,
		    .retry_at = jobs[i]->retry_at,
		    .remote_id =
			jobs[i]->remote_id[0] == '\0' ? NULL : jobs[i]->remote_id,
		    .left = !jobs[i]->never_left};
	rc = task_finish_pushes(
	    d->opt.db, endings, count, dispatch_now(d), &d->arena, &err);
	if (rc == STW_OK) {
		for (int i = 0; i < count; i++)
			offer_settled(d, jobs[i], &endings[i]);
		return STW_OK;
	}
	if (count > 1)
		return rc;
	if (rc == STW_TEMPFAIL) {
		dispatch_db_trouble(d, "dispatch_settle", &err);
	} else {
		/* Its lease brings it back. */
		log_err(LOG_ERROR, "dispatch_settle", &err);
		job_end(jobs[0]);
	}
	return rc;
}

/* Together; and when that does not go, each by itself, so that none waits for another. */
static void
offers_settle_all(struct dispatch *d, struct job *const *jobs, int count)
{
	if (count == 0 || offers_settle(d, jobs, count) == STW_OK || count == 1)
		return;
	for (int i = 0; i < count && d->db_wait == 0; i++)
		(void)offers_settle(d, &jobs[i], 1);
}

static void
recall_settle(struct dispatch *d, struct job *job)
{
	struct stw_err err = {0};
	enum stw_code rc = task_recall_finish(d->opt.db, &job->recall,
	    job->acknowledged, job->status, dispatch_now(d), &err);

	if (rc == STW_TEMPFAIL) {
		dispatch_db_trouble(d, "dispatch_settle", &err);
		return;
	}
	if (rc != STW_OK)
		log_err(LOG_ERROR, "dispatch_settle", &err);
	else
		d->sum.recalls_done += job->acknowledged;
	job_end(job);
}

/* A queue that said it is gone stays closed here, also while that cannot be written. */
static void
gone_settle(struct dispatch *d)
{
	for (struct push_queue *q = d->queues; q != NULL && d->db_wait == 0;
	     q = q->next) {
		struct stw_err err = {0};
		enum stw_code rc;

		if (!q->gone)
			continue;
		rc = queue_gone(d->opt.db, q->id, q->code, dispatch_now(d), &err);
		if (rc == STW_TEMPFAIL)
			dispatch_db_trouble(d, "dispatch_settle", &err);
		else if (rc != STW_OK)
			log_err(LOG_ERROR, "dispatch_settle", &err);
		else
			q->gone = false;
	}
}

void
settle_all(struct dispatch *d)
{
	struct job **offers =
	    arena_array(&d->arena, (size_t)d->njobs, sizeof(struct job *));
	struct stw_err err = {0};
	int count = 0;

	if (dispatch_db_ready(d, &err) != STW_OK)
		return;
	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state == JOB_SETTLE && !d->jobs[i].is_recall)
			offers[count++] = &d->jobs[i];
	offers_settle_all(d, offers, count);
	for (int i = 0; i < d->njobs && d->db_wait == 0; i++)
		if (d->jobs[i].state == JOB_SETTLE && d->jobs[i].is_recall)
			recall_settle(d, &d->jobs[i]);
	gone_settle(d);
}

/* Not sent: the task is due again soon, and the attempt says why. */
void
job_give_back(struct dispatch *d, struct job *job)
{
	job->result = TASK_PUSH_RETRY;
	job->retry_at =
	    dispatch_now(d) + (job->wait > UNSEALED_WAIT ? job->wait : UNSEALED_WAIT);
	job->never_left = true;
	job->state = JOB_SETTLE;
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
	    job->target != NULL
		? connect_judge(d, job, answer).result == TASK_PUSH_ACCEPTED
		: (status >= 200 && status < 300) || status == 404 || status == 410;
	job->status = status;
	if (!job->acknowledged)
		log_failure(job, answer);
	job->state = JOB_SETTLE;
}

/* What the answer says of the queue. */
static void
queue_heard(struct push_queue *q, const struct push_verdict *v,
    const struct http_result *answer, stw_usec now)
{
	bool was_dead = schedule_is_dead(&q->schedule);

	schedule_end(&q->schedule, &q->limits, v->queue_failed, answer->retry_after,
	    stw_monotonic(), randombytes_random());
	if (schedule_is_dead(&q->schedule) != was_dead)
		log_event(LOG_WARN, was_dead ? "queue_back" : "queue_dead",
		    "queue=%s status=%d text=\"%s\"", q->code, answer->status,
		    answer->detail);
	if (!v->queue_failed) {
		q->last_ok = now;
	} else {
		q->last_failed = now;
		q->last_status = answer->fate == HTTP_ANSWERED ? answer->status : 0;
		(void)snprintf(
		    q->last_error, sizeof q->last_error, "%s", answer->detail);
	}
	if (v->queue_gone && q->open) {
		log_event(LOG_ERROR, "queue_gone", "queue=%s", q->code);
		q->gone = true;
		q->open = false;
	}
}

static void
on_offer_done(struct dispatch *d, struct job *job, const struct http_result *answer)
{
	struct push_queue *q = job->queue;
	struct push_verdict v = job->target != NULL ? connect_judge(d, job, answer)
						    : push_judge(answer, q->dedupes);

	queue_heard(q, &v, answer, dispatch_now(d));
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
	if (v.result == TASK_PUSH_UNKNOWN && status_wanted(job))
		return;
	job->state = JOB_SETTLE;
}

/* Of the first job of a request; the others of a batch follow it. */
void
dispatch_on_done(void *ctx, const struct http_result *answer)
{
	struct job *next;

	for (struct job *job = ctx; job != NULL; job = next) {
		next = job->batch_next;
		job->batch_next = NULL;
		if (job->is_recall)
			on_recall_done(job->dispatch, job, answer);
		else if (job->op == CONNECTOR_STATUS)
			on_status_done(job->dispatch, job, answer);
		else
			on_offer_done(job->dispatch, job, answer);
	}
}
