/* Claim what is due, and ask the gate about it. */
#include <string.h>

#include "api/push/dispatch_priv.h"
#include "engine/log.h"

#define EXPIRE_EVERY STW_USEC_SEC

int
queue_waiting(const struct dispatch *d, const struct push_queue *q)
{
	int n = q->gating;

	for (int i = 0; i < d->njobs; i++)
		n += d->jobs[i].queue == q && !d->jobs[i].is_recall &&
		     (d->jobs[i].state == JOB_ASKING || d->jobs[i].state == JOB_GATED);
	return n;
}

/* What queue q may be given now. Asked for in halves of its window, so that one seal
 * covers several tasks. share: its part of the slots. */
static int
queue_room(const struct dispatch *d, const struct push_queue *q, int share)
{
	int window = schedule_window(&q->schedule, &q->limits);
	stw_usec mono = stw_monotonic();
	int room;

	if (!q->open || mono < q->next_claim || !push_queue_is_ready(q))
		return 0;
	if (q->in_flight > 0 && (window - q->in_flight) * 2 < window)
		return 0;
	room = schedule_room(&q->schedule, &q->limits, q->in_flight,
	    schedule_pace(&q->limits) > 0 ? queue_waiting(d, q) : 0, mono,
	    dispatch_now(d));
	share -= q->in_flight + q->recalls;
	return room < share ? room : share;
}

/* What a queue was given of its lanes, to go through the gate together. */
struct taken {
	struct task_claim *claims;
	int count, limit;
	stw_usec lease_end; /* of the first */
};

static enum stw_code
lane_claim(struct dispatch *d, struct push_queue *q, enum task_lane lane, int limit,
    struct taken *taken, int *claimed, struct stw_err *err)
{
	stw_usec mono = stw_monotonic();
	struct task_claim *claims;
	enum stw_code rc;
	int count;

	*claimed = 0;
	if (limit <= 0 || mono < q->lane_empty[lane])
		return STW_OK;
	/* The database counts from a later instant: it never ends first. */
	if (taken->count == 0)
		taken->lease_end = mono + LEASE;
	rc = task_claim(d->opt.db, q->id, lane, d->opt.worker, limit,
	    (int)(LEASE / STW_USEC_SEC), dispatch_now(d), &d->arena, &claims, &count,
	    err);
	if (rc != STW_OK)
		return rc;
	STW_ASSERT(taken->count + count <= taken->limit);
	if (count == 0)
		q->lane_empty[lane] = stw_monotonic() + CLAIM_IDLE;
	else
		memcpy(&taken->claims[taken->count], claims,
		    (size_t)count * sizeof *claims);
	taken->count += count;
	d->sum.claimed += count;
	*claimed = count;
	return STW_OK;
}

static enum stw_code
queue_expire(struct dispatch *d, struct push_queue *q, struct stw_err *err)
{
	int64_t expired;
	enum stw_code rc;

	if (stw_monotonic() < q->next_expire)
		return STW_OK;
	rc = task_expire(d->opt.db, q->id, dispatch_now(d), &expired, err);
	if (rc == STW_OK) {
		d->sum.expired += expired;
		q->next_expire = stw_monotonic() + EXPIRE_EVERY;
	}
	return rc;
}

/* Half of it from each lane, in turn first; what one cannot give the other may. */
static enum stw_code
lanes_claim(
    struct dispatch *d, struct push_queue *q, struct taken *taken, struct stw_err *err)
{
	enum task_lane first = q->retries_first ? TASK_LANE_RETRY : TASK_LANE_NEW;
	enum task_lane second = q->retries_first ? TASK_LANE_NEW : TASK_LANE_RETRY;
	int limit = taken->limit;
	int half = stw_monotonic() < q->lane_empty[second] ? limit : (limit + 1) / 2;
	int a = 0, b = 0, c = 0;
	enum stw_code rc;

	q->retries_first = !q->retries_first;
	rc = lane_claim(d, q, first, half, taken, &a, err);
	if (rc == STW_OK)
		rc = lane_claim(d, q, second, limit - a, taken, &b, err);
	if (rc == STW_OK && a == half)
		rc = lane_claim(d, q, first, limit - a - b, taken, &c, err);
	return rc;
}

static enum stw_code
queue_claim(struct dispatch *d, struct push_queue *q, int limit, struct stw_err *err)
{
	struct taken taken = {
	    arena_array(&d->arena, (size_t)limit, sizeof *taken.claims), 0, limit, 0};
	bool ours = false;
	int claimed;
	enum stw_code unsure, rc = queue_expire(d, q, err);

	if (rc == STW_OK)
		rc = turn_take(d, q, &ours, err);
	if (rc != STW_OK || !ours)
		return rc;
	rc = lanes_claim(d, q, &taken, err);
	claimed = taken.count;
	q->full = claimed == limit;
	/* What one lane gave goes on, whatever became of the other. */
	unsure = claims_unsure(d, q, taken.claims, &taken.count, taken.lease_end,
	    rc == STW_OK ? err : NULL);
	if (unsure == STW_OK && taken.count > 0 &&
	    !claims_ask(d, q, taken.claims, taken.count, taken.lease_end))
		claims_gate(d, q, taken.claims, taken.count, taken.lease_end);
	if (rc == STW_OK)
		rc = unsure;
	if (rc != STW_OK)
		return rc;
	q->next_claim = stw_monotonic() + (q->full          ? 0
					      : claimed > 0 ? CLAIM_BUSY
							    : CLAIM_IDLE);
	if (claimed == 0 && q->retry_at != 0 && q->retry_at <= dispatch_now(d))
		q->retry_at = 0;
	return STW_OK;
}

/* What each queue may have of the slots, and of this round. */
static void
round_takes(struct dispatch *d, int **take)
{
	int n = 0, at = 0;
	int *in_flight, *concurrency, *room;

	for (const struct push_queue *q = d->queues; q != NULL; q = q->next)
		n++;
	in_flight = arena_array(&d->arena, (size_t)n, sizeof(int));
	concurrency = arena_array(&d->arena, (size_t)n, sizeof(int));
	room = arena_array(&d->arena, (size_t)n, sizeof(int));
	*take = arena_array(&d->arena, (size_t)n, sizeof(int));
	for (const struct push_queue *q = d->queues; q != NULL; q = q->next, at++) {
		in_flight[at] = q->in_flight + q->recalls;
		concurrency[at] = q->open ? q->limits.concurrency : 0;
	}
	at = 0;
	for (const struct push_queue *q = d->queues; q != NULL; q = q->next, at++)
		room[at] = queue_room(
		    d, q, schedule_share(in_flight, concurrency, n, at, d->njobs));
	at = jobs_free(d);
	if (at > ROUND_MAX - d->gating)
		at = ROUND_MAX - d->gating;
	schedule_turns(room, n, at, &d->next_queue, *take);
}

enum stw_code
round_claims(struct dispatch *d, struct stw_err *err)
{
	int *take, at = 0;

	if (d->skewed)
		return STW_OK;
	/* What waits at the gate grows old. */
	if (d->gating >= ROUND_MAX)
		return STW_OK;
	round_takes(d, &take);
	for (struct push_queue *q = d->queues; q != NULL; q = q->next, at++) {
		enum stw_code rc = STW_OK;

		/* One that the gate has lost its database under would only wait for its
		 * lease. */
		if (take[at] > 0 && d->db_wait == 0)
			rc = queue_claim(d, q, take[at], err);
		if (rc != STW_OK)
			return rc;
	}
	return STW_OK;
}
