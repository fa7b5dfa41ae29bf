/* Before the gate: registries are asked, and nothing else waits for them. */
#include "api/push/dispatch_priv.h"

bool
claims_ask(struct dispatch *d, struct push_queue *q, const struct task_claim *claims,
    int count, stw_usec lease_end)
{
	struct uuid *tasks = arena_array(&d->arena, (size_t)count, sizeof *tasks);
	struct registry_ask *ask;

	for (int i = 0; i < count; i++)
		tasks[i] = claims[i].task_id;
	/* Before any transaction of theirs: what registries say is older than the gate's
	 * look. */
	ask = registry_ask_begin(d->asker, tasks, (size_t)count, NULL, dispatch_now(d));
	for (int i = 0; ask != NULL && i < count; i++) {
		struct job *job = job_find(d);

		STW_ASSERT(job != NULL);
		job_begin(job, q, false);
		job->state = JOB_ASKING;
		job->ask = ask;
		job->claim = claims[i];
		job->lease_end = lease_end;
		/* Its task's id: what is told of a lease that is lost. */
		(void)uuid_format(&claims[i].task_id, job->key);
	}
	return ask != NULL;
}

/* All that waits for the same answers. */
static void
ask_settle(struct dispatch *d, const struct job *first)
{
	struct task_claim *claims =
	    arena_array(&d->arena, (size_t)d->njobs, sizeof *claims);
	struct registry_ask *ask = first->ask;
	struct push_queue *q = first->queue;
	stw_usec lease_end = first->lease_end;
	int count = 0;

	registry_ask_end(d->asker, ask, dispatch_now(d));
	for (int i = 0; i < d->njobs; i++) {
		struct job *job = &d->jobs[i];

		if (job->state != JOB_ASKING || job->ask != ask)
			continue;
		if (job->lease_end < lease_end)
			lease_end = job->lease_end;
		claims[count++] = job->claim;
		job_end(job);
	}
	/* The queue may have been closed while it was asked; what it had comes back with its
	 * leases. */
	if (q->open && push_queue_is_ready(q))
		claims_gate(d, q, claims, count, lease_end);
}

void
asks_settle(struct dispatch *d)
{
	registry_asker_work(d->asker);
	for (int i = 0; i < d->njobs && d->db_wait == 0; i++)
		if (d->jobs[i].state == JOB_ASKING &&
		    registry_ask_is_over(d->jobs[i].ask))
			ask_settle(d, &d->jobs[i]);
}
