/* Claim what is due, and ask the gate about it. */
#include "api/push/dispatch_priv.h"
#include "api/push/offer_json.h"
#include "engine/log.h"

#define BATCH_MAX 32 /* claimed of one queue at once */

/* Asks for work in halves of a queue's room, so that one seal covers several tasks. */
static int
queue_room(const struct dispatch *d, const struct push_queue *q)
{
	int room = q->concurrency - q->in_flight;
	stw_usec mono = stw_monotonic();

	if (!q->open || room <= 0 || mono < q->next_claim)
		return 0;
	if (q->in_flight > 0 && room < q->concurrency / 2)
		return 0;
	room = breaker_room(&q->breaker, mono, room < BATCH_MAX ? room : BATCH_MAX);
	return room < jobs_free(d) ? room : jobs_free(d);
}

static void
rules_refresh(struct dispatch *d)
{
	const struct ruleset *now;

	if (d->opt.rules_now == NULL)
		return;
	now = d->opt.rules_now(d->opt.rules_host, d->opt.db);
	if (now != NULL)
		d->opt.rules = now;
}

static void
gate_one(struct dispatch *d, struct push_queue *q, const struct task_claim *claim,
    stw_usec lease_end)
{
	enum task_gate_result result = TASK_GATE_GONE;
	struct task_push push;
	struct stw_err err = {0};
	enum stw_code rc;
	struct job *job;

	rc = task_gate_dispatch(d->opt.db, d->opt.rules, claim, dispatch_now(d),
	    &d->arena, &result, &push, &err);
	if (rc == STW_TEMPFAIL)
		dispatch_db_trouble(d, "dispatch_gate", &err);
	else if (rc != STW_OK)
		log_err(LOG_ERROR, "dispatch_gate", &err);
	if (rc != STW_OK)
		return; /* its lease runs out */
	switch (result) {
	case TASK_GATE_BLOCKED:
		d->sum.blocked++;
		return;
	case TASK_GATE_DEFERRED:
		d->sum.deferred++;
		return;
	case TASK_GATE_GONE:
		d->sum.gone++;
		return;
	case TASK_GATE_SEND:
		break;
	}
	job = job_find(d);
	STW_ASSERT(job != NULL);
	job_begin(job, q, false);
	job->claim = *claim;
	job->number_id = push.number_id;
	job->lease_end = lease_end;
	offer_key(&push, job->key);
	offer_write(&push, q->code, dispatch_now(d), &job->body);
}

static enum stw_code
queue_claim(struct dispatch *d, struct push_queue *q, int limit, int *claimed,
    struct stw_err *err)
{
	stw_usec lease = (stw_usec)q->timeout_ms * 1000 + LEASE_MARGIN;
	stw_usec lease_end = stw_monotonic() + lease;
	struct task_claim *claims;
	int64_t expired = 0;
	enum stw_code rc;
	int count;

	*claimed = 0;
	/* The database counts from a later instant and rounds up: it never ends first. */
	rc = task_claim(d->opt.db, q->id, d->opt.worker, limit,
	    (int)(lease / STW_USEC_SEC) + 1, dispatch_now(d), &d->arena, &claims,
	    &count, &expired, err);
	if (rc != STW_OK)
		return rc;
	d->sum.expired += expired;
	d->sum.claimed += count;
	q->full = count == limit;
	q->next_claim = stw_monotonic() + (q->full        ? 0
					      : count > 0 ? CLAIM_BUSY
							  : CLAIM_IDLE);
	if (count == 0 && q->retry_at != 0 && q->retry_at <= dispatch_now(d))
		q->retry_at = 0;
	if (count > 0)
		rules_refresh(d);
	for (int i = 0; i < count && d->db_wait == 0; i++)
		gate_one(d, q, &claims[i], lease_end);
	*claimed = count;
	return STW_OK;
}

enum stw_code
round_claims(struct dispatch *d, struct stw_err *err)
{
	int left = ROUND_MAX;
	enum stw_code rc;

	for (struct push_queue *q = d->queues; q != NULL && left > 0; q = q->next) {
		int room = queue_room(d, q), claimed;

		if (room > left)
			room = left;
		if (room <= 0)
			continue;
		rc = queue_claim(d, q, room, &claimed, err);
		if (rc != STW_OK)
			return rc;
		left -= claimed;
	}
	return STW_OK;
}
