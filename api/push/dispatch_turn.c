/* A queue with a rate or a pause has one dispatcher at a time: its pace is its own, however
 * many there are (decision 0053). */
#include "api/push/dispatch_priv.h"
#include "campaigns/queue_turn_store.h"
#include "engine/log.h"

#define HOLD       (10 * STW_USEC_SEC)
#define MARGIN     (2 * STW_USEC_SEC) /* from the last look to the push */
#define LOOK_AGAIN STW_USEC_SEC       /* at a turn that is another's */

bool
turn_is_ours(const struct push_queue *q)
{
	return schedule_pace(&q->limits) == 0 ||
	       stw_monotonic() + MARGIN <= q->turn_until;
}

/* Whoever has it may go on having it, so that is not waited for by a pass; a pause is. */
static void
wait_for_turn(struct push_queue *q, const struct queue_turn *turn)
{
	stw_usec wait = turn->held && turn->wait > LOOK_AGAIN ? LOOK_AGAIN : turn->wait;

	q->full = !turn->held;
	q->next_claim = stw_monotonic() + wait;
}

enum stw_code
turn_take(struct dispatch *d, struct push_queue *q, bool *ours, struct stw_err *err)
{
	stw_usec mono = stw_monotonic(), pace = schedule_pace(&q->limits);
	struct queue_turn turn;
	enum stw_code rc;

	*ours = pace == 0 || mono + HOLD / 2 <= q->turn_until;
	if (*ours)
		return STW_OK;
	rc = queue_turn_take(d->opt.db, q->id, d->holder, HOLD, pace, &turn, err);
	if (rc != STW_OK)
		return rc;
	*ours = turn.taken;
	if (turn.taken)
		q->turn_until = mono + HOLD;
	else
		wait_for_turn(q, &turn);
	return STW_OK;
}

void
turns_give(struct dispatch *d)
{
	for (struct push_queue *q = d->queues; q != NULL && d->db_wait == 0;
	     q = q->next) {
		stw_usec mono = stw_monotonic();
		struct stw_err err = {0};

		if (q->turn_until == 0)
			continue;
		q->turn_until = 0;
		/* One that cannot be given back ends by itself. */
		if (queue_turn_give(d->opt.db, q->id, d->holder,
			schedule_spent(&q->schedule, &q->limits, mono), &err) != STW_OK)
			log_err(LOG_WARN, "dispatch_turn", &err);
	}
}
