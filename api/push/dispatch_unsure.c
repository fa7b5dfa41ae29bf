/* Tasks whose push was out when their dispatcher died: the target is asked after them, where
 * it cannot deduplicate and can be asked. */
#include <string.h>

#include "api/push/dispatch_priv.h"
#include "campaigns/task_unsure_store.h"

/* The target's own id came with an answer that nobody has heard. */
static bool
can_be_asked(const struct push_queue *q)
{
	const struct connector_op *op;

	if (q->target == NULL || q->dedupes)
		return false;
	op = &q->target->connector.ops[CONNECTOR_STATUS];
	return op->method != NULL && !op->needs_remote_id;
}

/* A target that is slow may make it yet, and says until then that it does not have it. */
#define MARGIN (5 * STW_USEC_SEC)

static stw_usec
ask_after(const struct push_queue *q, stw_usec age)
{
	stw_usec wait = q->timeout_ms * (stw_usec)1000 + MARGIN - age;

	return wait > 0 ? wait : 0;
}

static void
unsure_begin(struct dispatch *d, struct push_queue *q, const struct task_unsure *unsure,
    stw_usec lease_end)
{
	const struct task_push *push = &unsure->push;
	struct job *job = job_find(d);

	STW_ASSERT(job != NULL);
	job_begin(job, q, false);
	job->claim = push->claim;
	job->number_id = push->number_id;
	job->lease_end = lease_end;
	job_offer(d, job, push);
	job->op = CONNECTOR_STATUS;
	job->state = JOB_UNSURE;
	job->ask_at = stw_monotonic() + ask_after(q, unsure->age);
}

static void
claim_drop(struct task_claim *claims, int *count, const struct task_claim *claim)
{
	int left = 0;

	for (int i = 0; i < *count; i++)
		if (memcmp(&claims[i].task_id, &claim->task_id,
			sizeof claim->task_id) != 0)
			claims[left++] = claims[i];
	*count = left;
}

enum stw_code
claims_unsure(struct dispatch *d, struct push_queue *q, struct task_claim *claims,
    int *count, stw_usec lease_end, struct stw_err *err)
{
	struct task_unsure *found;
	enum stw_code rc;
	int nfound;

	if (*count == 0 || !can_be_asked(q))
		return STW_OK;
	rc = task_unsure(d->opt.db, claims, *count, dispatch_now(d), &d->arena, &found,
	    &nfound, err);
	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < nfound; i++) {
		unsure_begin(d, q, &found[i], lease_end);
		claim_drop(claims, count, &found[i].push.claim);
	}
	return STW_OK;
}
