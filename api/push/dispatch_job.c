/* Jobs, and what all steps of the dispatcher need. */
#include <sodium.h>

#include "api/push/dispatch_priv.h"
#include "engine/log.h"

#define DB_RETRY_AFTER STW_USEC_SEC

stw_usec
dispatch_now(const struct dispatch *d)
{
	return d->now_base + (stw_monotonic() - d->mono_base);
}

void
dispatch_publish(struct dispatch *d)
{
	d->sum.in_flight = d->gating;
	d->sum.queues = 0;
	d->sum.queues_held = 0;
	d->sum.skewed = d->skewed;
	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state != JOB_FREE)
			d->sum.in_flight++;
	for (const struct push_queue *q = d->queues; q != NULL; q = q->next) {
		d->sum.queues++;
		if (schedule_is_dead(&q->schedule))
			d->sum.queues_held++;
	}
	(void)pthread_mutex_lock(&d->lock);
	d->totals = d->sum;
	(void)pthread_mutex_unlock(&d->lock);
}

/* Logs, and leaves the database alone for a while. */
void
dispatch_db_trouble(struct dispatch *d, const char *what, const struct stw_err *err)
{
	log_err(LOG_WARN, what, err);
	d->db_wait = stw_monotonic() + DB_RETRY_AFTER;
}

enum stw_code
dispatch_db_ready(struct dispatch *d, struct stw_err *err)
{
	enum stw_code rc;

	if (d->db_wait == 0)
		return STW_OK;
	if (stw_monotonic() < d->db_wait)
		return stw_fail(err, STW_TEMPFAIL, "dispatch: the database is away");
	rc = db_reset(d->opt.db, err);
	if (rc == STW_OK)
		d->db_wait = 0;
	else
		dispatch_db_trouble(d, "dispatch_database", err);
	return rc;
}

struct job *
job_find(struct dispatch *d)
{
	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state == JOB_FREE)
			return &d->jobs[i];
	return NULL;
}

int
jobs_free(const struct dispatch *d)
{
	int n = -d->gating;

	for (int i = 0; i < d->njobs; i++)
		n += d->jobs[i].state == JOB_FREE;
	return n;
}

void
job_begin(struct job *job, struct push_queue *queue, bool is_recall)
{
	job->state = JOB_GATED;
	job->is_recall = is_recall;
	job->queue = queue;
	job->detail[0] = '\0';
	job->status = 0;
	job->never_left = false;
	job->op = is_recall ? CONNECTOR_RECALL : CONNECTOR_OFFER;
	job->batch_next = NULL;
	job->remote_id[0] = '\0';
	job->absent = false;
	job->asks = 0;
	job->wait = 0;
	buf_clear(&job->body);
	if (is_recall)
		queue->recalls++;
	else
		queue->in_flight++;
}

void
job_end(struct job *job)
{
	if (job->is_recall)
		job->queue->recalls--;
	else
		job->queue->in_flight--;
	job->state = JOB_FREE;
	if (job->target == NULL)
		return;
	/* There may be a number in it. */
	if (job->body.len > 0)
		sodium_memzero(job->body.data, job->body.len);
	job->task = (struct connect_task){.id = NULL};
	arena_reset(&job->arena);
	push_target_release(job->target);
	job->target = NULL;
}
