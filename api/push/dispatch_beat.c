/* What the dispatcher does every few seconds: heartbeat, clocks, health. */
#include <stdlib.h>
#include <string.h>

#include "api/push/dispatch_priv.h"
#include "campaigns/queue_store.h"
#include "engine/log.h"

#define BEAT_EVERY   (5 * STW_USEC_SEC)
#define SKEW_EVERY   (5 * STW_USEC_SEC)
#define HEALTH_EVERY (2 * STW_USEC_SEC)

/* ---- leases --------------------------------------------------------------------------- */
static bool
holds_lease(const struct job *job)
{
	return job->state != JOB_FREE && !job->is_recall;
}

static enum stw_code
leases_extend(struct dispatch *d, struct stw_err *err)
{
	size_t n = (size_t)d->njobs;
	struct task_claim *claims = arena_array(&d->arena, n, sizeof *claims);
	struct job **jobs = arena_array(&d->arena, n, sizeof(struct job *));
	bool *held = arena_array(&d->arena, n, sizeof *held);
	stw_usec lease_end = stw_monotonic() + LEASE;
	enum stw_code rc;
	int count = 0;

	for (int i = 0; i < d->njobs; i++)
		if (holds_lease(&d->jobs[i])) {
			claims[count] = d->jobs[i].claim;
			jobs[count++] = &d->jobs[i];
		}
	if (count == 0)
		return STW_OK;
	rc = task_leases_extend(d->opt.db, claims, count, (int)(LEASE / STW_USEC_SEC),
	    &d->arena, held, err);
	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < count; i++)
		if (held[i])
			jobs[i]->lease_end = lease_end;
		else
			log_event(LOG_WARN, "lease_lost", "task=%s epoch=%lld",
			    jobs[i]->key, (long long)claims[i].epoch);
	return STW_OK;
}

/* ---- clocks ---------------------------------------------------------------------------- */
static enum stw_code
clocks_compare(struct dispatch *d, struct stw_err *err)
{
	stw_usec skew;
	bool skewed;
	enum stw_code rc = db_clock_ahead(d->opt.db, &skew, err);

	if (rc != STW_OK)
		return rc;
	if (d->opt.clock_skew != NULL)
		atomic_store(d->opt.clock_skew, skew);
	skewed = llabs(skew) > DB_CLOCK_TRUST;
	if (skewed != d->skewed)
		log_event(skewed ? LOG_ERROR : LOG_WARN,
		    skewed ? "clock_skew" : "clock_skew_over",
		    "database_ahead_usec=%lld", (long long)skew);
	d->skewed = skewed;
	return STW_OK;
}

/* ---- health ---------------------------------------------------------------------------- */
static enum stw_code
health_put(struct dispatch *d, const struct push_queue *q, struct stw_err *err)
{
	stw_usec left = q->schedule.dead_until - stw_monotonic();
	bool dead = schedule_is_dead(&q->schedule);
	const struct queue_health health = {.queue_id = q->id,
	    .worker = d->opt.worker,
	    .concurrency = schedule_window(&q->schedule, &q->limits),
	    .in_flight = q->in_flight,
	    .deaths = q->schedule.deaths,
	    .dead_for = dead ? (left > 1 ? left : 1) : 0,
	    .sent = q->counts.sent,
	    .accepted = q->counts.accepted,
	    .retried = q->counts.retried,
	    .refused = q->counts.refused,
	    .unknown = q->counts.unknown,
	    .stale = q->counts.stale,
	    .dead = q->counts.dead,
	    .last_ok_at = q->last_ok == 0 ? STW_USEC_NEVER : q->last_ok,
	    .last_failed_at = q->last_failed == 0 ? STW_USEC_NEVER : q->last_failed,
	    .last_status = q->last_status,
	    .last_error = q->last_error[0] == '\0' ? NULL : q->last_error};

	return queue_health_put(d->opt.db, &health, err);
}

/* Told by one who was there: losing it costs nobody anything. */
static enum stw_code
health_tell(struct dispatch *d, struct stw_err *err)
{
	enum stw_code rc = db_begin(d->opt.db, err);

	for (const struct push_queue *q = d->queues; rc == STW_OK && q != NULL;
	     q = q->next)
		rc = health_put(d, q, err);
	if (rc == STW_OK)
		return db_commit(d->opt.db, err);
	db_rollback(d->opt.db);
	return rc;
}

void
dispatch_tell_health(struct dispatch *d)
{
	struct stw_err err = {0};

	if (d->db_wait == 0 && d->queues != NULL && health_tell(d, &err) != STW_OK)
		log_err(LOG_WARN, "dispatch_health", &err);
}

static bool
is_time(stw_usec *next, stw_usec every)
{
	stw_usec mono = stw_monotonic();

	if (mono < *next)
		return false;
	*next = mono + every;
	return true;
}

enum stw_code
dispatch_beat(struct dispatch *d, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	if (is_time(&d->next_beat, BEAT_EVERY))
		rc = leases_extend(d, err);
	if (rc == STW_OK && is_time(&d->next_skew, SKEW_EVERY))
		rc = clocks_compare(d, err);
	if (rc == STW_OK && is_time(&d->next_health, HEALTH_EVERY))
		rc = health_tell(d, err);
	return rc;
}
