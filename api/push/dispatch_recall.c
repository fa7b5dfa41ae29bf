/* Recalls: taking a task back from its queue. */
#include <string.h>

#include "api/push/dispatch_priv.h"
#include "engine/log.h"

#define RECALLS_MAX 16 /* of one queue at once, beside its concurrency */

static bool
recall_in_flight(const struct dispatch *d, const struct task_recall *recall)
{
	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state != JOB_FREE && d->jobs[i].is_recall &&
		    memcmp(&d->jobs[i].recall.task_id, &recall->task_id,
			sizeof recall->task_id) == 0)
			return true;
	return false;
}

static void
recall_begin(struct dispatch *d, struct push_queue *q, const struct task_recall *recall)
{
	struct job *job = job_find(d);
	struct stw_err err;

	STW_ASSERT(job != NULL);
	job_begin(job, q, true);
	job->recall = *recall;
	job_recall(d, job);
	job->recall.reason = NULL; /* these live in the round's arena */
	job->recall.remote_id = NULL;
	if (job_send(d, job, &err) == STW_OK)
		return;
	/* It stays open, for a person to see. */
	log_err(LOG_ERROR, "recall_send", &err);
	job->acknowledged = false;
	job->state = JOB_SETTLE;
}

static size_t
queues_for_recalls(struct dispatch *d, int64_t **ids)
{
	size_t n = 0;

	for (const struct push_queue *q = d->queues; q != NULL; q = q->next)
		n++;
	*ids = arena_array(&d->arena, n + 1, sizeof **ids);
	n = 0;
	for (const struct push_queue *q = d->queues; q != NULL; q = q->next)
		if (push_queue_is_ready(q) && q->recalls < RECALLS_MAX)
			(*ids)[n++] = q->id;
	return n;
}

/* Recalls go before new work: each of them keeps somebody from being called. They need no
 * seal: they take a permission back. */
enum stw_code
recalls_send(struct dispatch *d, struct stw_err *err)
{
	struct task_recall *recalls;
	enum stw_code rc;
	int count, room = jobs_free(d);
	int64_t *ids;
	size_t nids;

	if (stw_monotonic() < d->next_recalls || room == 0)
		return STW_OK;
	nids = queues_for_recalls(d, &ids);
	rc = task_recalls(
	    d->opt.db, ids, nids, RECALLS_MAX, &d->arena, &recalls, &count, err);
	if (rc != STW_OK)
		return rc;
	d->recalls_left = count > 0;
	d->next_recalls =
	    stw_monotonic() + (count == RECALLS_MAX ? CLAIM_BUSY : RECALLS_EVERY);
	for (int i = 0; i < count && room > 0; i++) {
		struct push_queue *q = push_queue_find(d->queues, recalls[i].queue_id);

		if (q == NULL || !push_queue_is_ready(q) || q->recalls >= RECALLS_MAX ||
		    recall_in_flight(d, &recalls[i]))
			continue;
		recall_begin(d, q, &recalls[i]);
		room--;
	}
	return STW_OK;
}
