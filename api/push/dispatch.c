#include "api/push/dispatch.h"

#include <stdlib.h>
#include <time.h>

#include "api/push/dispatch_priv.h"
#include "engine/log.h"

#define IN_FLIGHT_DEFAULT 256
#define RELOAD_EVERY      (5 * STW_USEC_SEC)
/* A pass waits for a queue that has died no more often than this in a row. */
#define PASS_PATIENCE 3

/* ---- queues ----------------------------------------------------------------------- */
static enum stw_code
queues_reload(struct dispatch *d, struct stw_err *err)
{
	enum stw_code rc;

	if (stw_monotonic() < d->next_reload)
		return STW_OK;
	rc = push_queues_reload(&d->queues, d->opt.db, d->opt.keys, &d->arena, err);
	if (rc == STW_OK)
		d->next_reload = stw_monotonic() + RELOAD_EVERY;
	return rc;
}

/* ---- rounds ----------------------------------------------------------------------------- */
static enum stw_code
round_work(struct dispatch *d, bool start_more, struct stw_err *err)
{
	enum stw_code rc;

	arena_reset(&d->arena);
	settle_all(d);
	rc = dispatch_db_ready(d, err);
	if (rc == STW_OK)
		rc = queues_reload(d, err);
	if (rc == STW_OK)
		rc = dispatch_beat(d, err);
	tokens_fetch(d);
	statuses_ask(d);
	if (rc == STW_OK)
		rc = recalls_send(d, err);
	if (rc == STW_OK)
		asks_settle(d);
	/* First, so that the gate has its next work while the ledger is sealed. */
	gates_collect(d);
	if (rc == STW_OK && start_more)
		rc = round_claims(d, err);
	send_gated(d);
	if (rc == STW_TEMPFAIL && d->db_wait == 0)
		dispatch_db_trouble(d, "dispatch_round", err);
	return rc;
}

static bool
is_busy(const struct dispatch *d)
{
	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state != JOB_FREE)
			return true;
	return d->gating > 0;
}

/* How long there is nothing to do but wait for answers. */
static int
wait_ms(const struct dispatch *d, bool start_more)
{
	stw_usec mono = stw_monotonic();
	stw_usec until = d->next_recalls;

	for (const struct push_queue *q = d->queues; start_more && q != NULL;
	     q = q->next) {
		int window = schedule_window(&q->schedule, &q->limits);
		stw_usec next =
		    schedule_wait(&q->schedule, &q->limits, mono, dispatch_now(d));

		if (!q->open || d->skewed || q->in_flight * 2 > window)
			continue;
		/* Its room comes when those begin, of which word comes. */
		if (schedule_pace(&q->limits) > 0 && queue_waiting(d, q) > 0)
			continue;
		if (q->next_claim > next)
			next = q->next_claim;
		if (next < until)
			until = next;
	}
	if (until <= mono)
		return 1;
	return until - mono > CLAIM_IDLE ? (int)(CLAIM_IDLE / 1000)
					 : (int)((until - mono) / 1000) + 1;
}

static enum stw_code
poll_answers(struct dispatch *d, bool start_more, struct stw_err *err)
{
	enum stw_code rc = http_poll(d->http, wait_ms(d, start_more), err);

	dispatch_publish(d);
	return rc;
}

/* ---- outside ---------------------------------------------------------------------------- */
enum stw_code
dispatch_open(
    const struct dispatch_options *options, struct dispatch **out, struct stw_err *err)
{
	struct dispatch *d = stw_xalloc(sizeof *d);
	enum stw_code rc;

	*out = NULL;
	d->opt = *options;
	d->njobs =
	    options->max_in_flight > 0 ? options->max_in_flight : IN_FLIGHT_DEFAULT;
	rc = http_open(
	    options->egress, d->njobs + ASK_SLOTS + TOKEN_SLOTS, &d->http, err);
	if (rc != STW_OK) {
		free(d);
		return rc;
	}
	d->asker = registry_asker_new(options->db, options->keys, d->http, ASK_SLOTS);
	arena_init(&d->arena);
	const struct uuid holder = uuid_new(0);

	(void)uuid_format(&holder, d->holder);
	(void)pthread_mutex_init(&d->lock, NULL);
	d->jobs = stw_xalloc((size_t)d->njobs * sizeof *d->jobs);
	for (int i = 0; i < d->njobs; i++) {
		d->jobs[i].dispatch = d;
		arena_init(&d->jobs[i].arena);
		buf_init(&d->jobs[i].body);
	}
	rc = gater_open(d, err);
	if (rc != STW_OK) {
		dispatch_close(d);
		return rc;
	}
	*out = d;
	return STW_OK;
}

void
dispatch_close(struct dispatch *d)
{
	if (d == NULL)
		return;
	gater_close(d);
	http_close(d->http);
	registry_asker_free(d->asker);
	tokens_close(d);
	for (int i = 0; i < d->njobs; i++) {
		buf_fini(&d->jobs[i].body);
		push_target_release(d->jobs[i].target);
		arena_fini(&d->jobs[i].arena);
	}
	push_queues_free(&d->queues);
	arena_fini(&d->arena);
	(void)pthread_mutex_destroy(&d->lock);
	free(d->jobs);
	free(d);
}

static void
start_clock(struct dispatch *d, stw_usec now)
{
	d->now_base = now;
	d->mono_base = stw_monotonic();
}

/* Work that this pass knows of and that a short wait brings on. */
static bool
has_pending(const struct dispatch *d)
{
	for (const struct push_queue *q = d->queues; q != NULL; q = q->next)
		if (q->open && (q->full || q->retry_at != 0) &&
		    q->schedule.deaths <= PASS_PATIENCE)
			return true;
	return d->recalls_left;
}

/* Has every queue been asked since it last had something? */
static bool
all_asked(const struct dispatch *d)
{
	stw_usec mono = stw_monotonic(), now = dispatch_now(d);

	for (const struct push_queue *q = d->queues; q != NULL; q = q->next)
		if (q->open && q->next_claim == 0 && !push_queue_is_shut(q) &&
		    !schedule_is_dead(&q->schedule) &&
		    schedule_wait(&q->schedule, &q->limits, mono, now) <= mono)
			return false;
	return d->next_reload != 0 && d->next_recalls != 0;
}

static void
difference(const struct dispatch_result *now, const struct dispatch_result *before,
    struct dispatch_result *out)
{
	*out = (struct dispatch_result){
	    .claimed = now->claimed - before->claimed,
	    .blocked = now->blocked - before->blocked,
	    .deferred = now->deferred - before->deferred,
	    .gone = now->gone - before->gone,
	    .sent = now->sent - before->sent,
	    .accepted = now->accepted - before->accepted,
	    .retried = now->retried - before->retried,
	    .refused = now->refused - before->refused,
	    .unknown = now->unknown - before->unknown,
	    .stale = now->stale - before->stale,
	    .dead = now->dead - before->dead,
	    .unsealed = now->unsealed - before->unsealed,
	    .held_back = now->held_back - before->held_back,
	    .expired = now->expired - before->expired,
	    .recalls_sent = now->recalls_sent - before->recalls_sent,
	    .recalls_done = now->recalls_done - before->recalls_done,
	    .in_flight = now->in_flight,
	    .queues = now->queues,
	    .queues_held = now->queues_held,
	    .skewed = now->skewed,
	};
}

enum stw_code
dispatch_pass(struct dispatch *d, stw_usec now, int limit_ms, const atomic_bool *stop,
    struct dispatch_result *out, struct stw_err *err)
{
	stw_usec until = stw_monotonic() + (stw_usec)limit_ms * 1000;
	struct dispatch_result before = d->sum;
	enum stw_code rc = STW_OK, poll_rc;
	struct stw_err nobody;

	if (err == NULL)
		err = &nobody;
	start_clock(d, now);
	d->next_reload = 0;
	d->next_recalls = 0;
	d->next_skew = 0;
	for (struct push_queue *q = d->queues; q != NULL; q = q->next) {
		q->next_claim = 0;
		q->retry_at = 0;
		q->lane_empty[TASK_LANE_NEW] = q->lane_empty[TASK_LANE_RETRY] = 0;
	}
	for (;;) {
		bool more =
		    stw_monotonic() < until && (stop == NULL || !atomic_load(stop));
		enum stw_code round_rc;

		round_rc = round_work(d, more, err);
		if (round_rc != STW_OK && rc == STW_OK)
			rc = round_rc;
		/* A database that is away ends the pass; what is out is waited for. */
		more = more && rc == STW_OK;
		if (!is_busy(d) && (!more || (all_asked(d) && !has_pending(d))))
			break;
		/* Answers that cannot be written down now come back by their lease. */
		if (!more && http_in_flight(d->http) == 0 &&
		    (d->db_wait != 0 || !is_busy(d)))
			break;
		poll_rc = poll_answers(d, more, err);
		if (poll_rc != STW_OK) {
			rc = poll_rc;
			break;
		}
	}
	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state == JOB_SETTLE)
			job_end(&d->jobs[i]);
	turns_give(d);
	dispatch_tell_health(d);
	dispatch_publish(d);
	if (out != NULL)
		difference(&d->sum, &before, out);
	return rc;
}

void
dispatch_loop(struct dispatch *d, const atomic_bool *stop)
{
	stw_usec patience = 0;

	d->next_reload = 0;
	for (;;) {
		bool more = !atomic_load(stop);
		struct stw_err err = {0};

		start_clock(d, clock_now(d->opt.clock));
		(void)round_work(d, more, &err);
		if (!more && patience == 0)
			patience = stw_monotonic() + LEASE;
		if (!more && !is_busy(d))
			break;
		/* Stopping, and nobody to tell how the last ones ended: the lease does. */
		if (!more && http_in_flight(d->http) == 0 && stw_monotonic() > patience)
			break;
		if (poll_answers(d, more, &err) != STW_OK) {
			struct timespec second = {1, 0};

			log_err(LOG_ERROR, "dispatch_poll", &err);
			(void)nanosleep(&second, NULL);
		}
	}
	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state == JOB_SETTLE)
			job_end(&d->jobs[i]);
	turns_give(d);
	dispatch_publish(d);
}

void
dispatch_totals(struct dispatch *d, struct dispatch_result *out)
{
	(void)pthread_mutex_lock(&d->lock);
	*out = d->totals;
	(void)pthread_mutex_unlock(&d->lock);
}
