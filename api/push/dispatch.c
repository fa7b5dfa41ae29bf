#include "api/push/dispatch.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "api/push/http.h"
#include "api/push/offer_json.h"
#include "api/push/push_queue.h"
#include "engine/log.h"

#define IN_FLIGHT_DEFAULT 64
#define BATCH_MAX         32 /* claimed of one queue at once */
#define ROUND_MAX         64 /* gated before one seal, over all queues */
#define CONNECT_MS        5000
#define RECALLS_MAX       32 /* of one queue at once, beside its concurrency */
#define DETAIL_MAX        200

/* What a lease must outlast beside the push itself: the gate, the seal, a slow database. */
#define LEASE_MARGIN   (20 * STW_USEC_SEC)
#define SEND_MARGIN    (2 * STW_USEC_SEC)
#define RELOAD_EVERY   (5 * STW_USEC_SEC)
#define RECALLS_EVERY  (STW_USEC_SEC / 4)
#define CLAIM_IDLE     (STW_USEC_SEC / 5) /* after a claim that found nothing */
#define CLAIM_BUSY     (STW_USEC_SEC / 50)
#define DB_RETRY_AFTER STW_USEC_SEC
#define SEAL_PATIENCE  (8 * STW_USEC_SEC)
#define UNSEALED_WAIT  (2 * STW_USEC_SEC)
/* A pass waits for a queue whose breaker has opened no more often than this in a row. */
#define PASS_PATIENCE 3

/* KEPT: gated, and stays here for a reason that `detail` has. */
enum job_state { JOB_FREE = 0, JOB_GATED, JOB_KEPT, JOB_SENT, JOB_SETTLE };

struct job {
	enum job_state state;
	bool is_recall;
	struct dispatch *dispatch;
	struct push_queue *queue;
	struct task_claim claim;
	int64_t number_id;
	struct task_recall recall;
	stw_usec lease_end; /* monotonic */
	char key[WEBHOOK_ID_MAX + 1];
	struct buf body;
	/* JOB_SETTLE */
	enum task_push_result result;
	bool acknowledged;
	int status;
	char detail[DETAIL_MAX];
	stw_usec retry_at;
	bool
	    never_left; /* then nobody is surprised that the task is another's by now */
};

struct dispatch {
	struct dispatch_options opt;
	struct http_client *http;
	struct push_queue *queues;
	struct job *jobs;
	int njobs;
	struct arena arena; /* of one round */
	stw_usec now_base, mono_base;
	stw_usec next_reload, next_recalls, db_wait; /* monotonic */
	bool recalls_left;
	pthread_mutex_t lock; /* of totals */
	struct dispatch_result totals;
	struct dispatch_result sum; /* the dispatcher's own copy */
};

/* ---- small things ------------------------------------------------------------------- */
static stw_usec
now_of(const struct dispatch *d)
{
	return d->now_base + (stw_monotonic() - d->mono_base);
}

static void
publish(struct dispatch *d)
{
	d->sum.in_flight = 0;
	d->sum.queues = 0;
	d->sum.queues_held = 0;
	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state != JOB_FREE)
			d->sum.in_flight++;
	for (const struct push_queue *q = d->queues; q != NULL; q = q->next) {
		d->sum.queues++;
		if (breaker_is_open(&q->breaker))
			d->sum.queues_held++;
	}
	(void)pthread_mutex_lock(&d->lock);
	d->totals = d->sum;
	(void)pthread_mutex_unlock(&d->lock);
}

/* Logs, and leaves the database alone for a while. */
static void
db_trouble(struct dispatch *d, const char *what, const struct stw_err *err)
{
	log_err(LOG_WARN, what, err);
	d->db_wait = stw_monotonic() + DB_RETRY_AFTER;
}

static enum stw_code
db_ready(struct dispatch *d, struct stw_err *err)
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
		db_trouble(d, "dispatch_database", err);
	return rc;
}

static struct job *
job_find(struct dispatch *d)
{
	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state == JOB_FREE)
			return &d->jobs[i];
	return NULL;
}

static int
jobs_free(const struct dispatch *d)
{
	int n = 0;

	for (int i = 0; i < d->njobs; i++)
		n += d->jobs[i].state == JOB_FREE;
	return n;
}

static void
job_begin(struct job *job, struct push_queue *queue, bool is_recall)
{
	job->state = JOB_GATED;
	job->is_recall = is_recall;
	job->queue = queue;
	job->detail[0] = '\0';
	job->status = 0;
	job->never_left = false;
	buf_clear(&job->body);
	if (is_recall)
		queue->recalls++;
	else
		queue->in_flight++;
}

static void
job_end(struct job *job)
{
	if (job->is_recall)
		job->queue->recalls--;
	else
		job->queue->in_flight--;
	job->state = JOB_FREE;
}

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

/* ---- settling ------------------------------------------------------------------------- */
/* The word for a log line and a counter. */
static void
count_result(struct dispatch *d, enum task_push_result result)
{
	switch (result) {
	case TASK_PUSH_ACCEPTED:
		d->sum.accepted++;
		break;
	case TASK_PUSH_RETRY:
		d->sum.retried++;
		break;
	case TASK_PUSH_REFUSED:
		d->sum.refused++;
		break;
	case TASK_PUSH_UNKNOWN:
		d->sum.unknown++;
		break;
	}
}

/* Writes down how a job ended. When the database is away it stays, to be tried again. */
static void
job_settle(struct dispatch *d, struct job *job)
{
	bool stale = false;
	struct stw_err err = {0};
	enum stw_code rc;

	if (db_ready(d, &err) != STW_OK)
		return;
	if (job->is_recall)
		rc = task_recall_finish(d->opt.db, &job->recall, job->acknowledged,
		    job->status, now_of(d), &err);
	else
		rc = task_finish_push(d->opt.db, &job->claim, job->result, job->status,
		    job->detail[0] == '\0' ? NULL : job->detail, job->retry_at,
		    now_of(d), &stale, &err);
	if (rc == STW_TEMPFAIL) {
		db_trouble(d, "dispatch_settle", &err);
		return;
	}
	if (rc != STW_OK)
		log_err(LOG_ERROR, "dispatch_settle", &err);
	else if (job->is_recall)
		d->sum.recalls_done += job->acknowledged;
	else if (stale && !job->never_left)
		d->sum.stale++;
	else if (!stale)
		count_result(d, job->result);
	if (rc == STW_OK && stale && !job->never_left)
		log_event(LOG_WARN, "dispatch_stale", "task=%s epoch=%lld", job->key,
		    (long long)job->claim.epoch);
	job_end(job);
}

static void
settle_left(struct dispatch *d)
{
	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state == JOB_SETTLE)
			job_settle(d, &d->jobs[i]);
}

/* Not sent: the task is due again soon, and the attempt says why. */
static void
job_give_back(struct dispatch *d, struct job *job)
{
	job->result = TASK_PUSH_RETRY;
	job->retry_at = now_of(d) + UNSEALED_WAIT;
	job->never_left = true;
	job->state = JOB_SETTLE;
	job_settle(d, job);
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
	    (status >= 200 && status < 300) || status == 404 || status == 410;
	job->status = status;
	if (!job->acknowledged)
		log_failure(job, answer);
	job->state = JOB_SETTLE;
	job_settle(d, job);
}

static void
on_offer_done(struct dispatch *d, struct job *job, const struct http_result *answer)
{
	struct push_queue *q = job->queue;
	struct push_verdict v = push_judge(answer, q->dedupes);
	bool was_open = breaker_is_open(&q->breaker);

	breaker_end(&q->breaker, v.queue_failed, answer->retry_after, stw_monotonic(),
	    randombytes_random());
	if (breaker_is_open(&q->breaker) != was_open)
		log_event(LOG_WARN, was_open ? "queue_back" : "queue_held",
		    "queue=%s status=%d text=\"%s\"", q->code, answer->status,
		    answer->detail);
	job->result = v.result;
	job->status = answer->fate == HTTP_ANSWERED ? answer->status : 0;
	(void)snprintf(job->detail, sizeof job->detail, "%s", answer->detail);
	job->retry_at = STW_USEC_MAX;
	if (v.result == TASK_PUSH_RETRY) {
		job->retry_at =
		    now_of(d) + push_backoff(job->claim.epoch, answer->retry_after,
				    randombytes_random());
		if (job->retry_at > q->retry_at)
			q->retry_at = job->retry_at;
	}
	if (v.result != TASK_PUSH_ACCEPTED)
		log_failure(job, answer);
	job->state = JOB_SETTLE;
	job_settle(d, job);
}

static void
on_done(void *ctx, const struct http_result *answer)
{
	struct job *job = ctx;

	if (job->is_recall)
		on_recall_done(job->dispatch, job, answer);
	else
		on_offer_done(job->dispatch, job, answer);
}

/* ---- sending ------------------------------------------------------------------------- */
static enum stw_code
job_send(struct dispatch *d, struct job *job, struct stw_err *err)
{
	struct push_queue *q = job->queue;
	struct str body = {job->body.data, job->body.len};
	int64_t at = (int64_t)time(NULL);
	const char *headers[6];
	struct http_request request;
	struct buf signature;
	enum stw_code rc;

	buf_init(&signature);
	webhook_sign(q->secrets, q->nsecrets, str_of(job->key), at, body, &signature);
	headers[0] = "Content-Type: application/cloudevents+json; charset=utf-8";
	headers[1] = arena_printf(&d->arena, "webhook-id: %s", job->key);
	headers[2] = arena_printf(&d->arena, "webhook-timestamp: %lld", (long long)at);
	headers[3] = arena_printf(&d->arena, "webhook-signature: %s", signature.data);
	headers[4] = arena_printf(&d->arena, "Idempotency-Key: %s", job->key);
	headers[5] = NULL;
	request = (struct http_request){
	    .url = job->is_recall ? q->recall_url : q->url,
	    .headers = headers,
	    .body = body,
	    .connect_ms = q->timeout_ms < CONNECT_MS ? q->timeout_ms : CONNECT_MS,
	    .total_ms = q->timeout_ms,
	    .once = !job->is_recall && !q->dedupes,
	    .done = on_done,
	    .ctx = job,
	};
	rc = http_send(d->http, &request, err);
	buf_fini(&signature);
	if (rc != STW_OK)
		return rc;
	job->state = JOB_SENT;
	if (job->is_recall) {
		d->sum.recalls_sent++;
	} else {
		breaker_begin(&q->breaker);
		d->sum.sent++;
	}
	return STW_OK;
}

/* ---- recalls ------------------------------------------------------------------------- */
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
	job->recall.reason = NULL; /* lives in the round's arena */
	recall_key(recall, job->key);
	recall_write(recall, q->code, now_of(d), &job->body);
	if (job_send(d, job, &err) == STW_OK)
		return;
	log_err(LOG_ERROR, "recall_send", &err);
	job->acknowledged = false;
	job->state = JOB_SETTLE;
	job_settle(d, job);
}

/* Recalls go before new work: each of them keeps somebody from being called. They need no
 * seal: they take a permission back. */
static enum stw_code
recalls_send(struct dispatch *d, struct stw_err *err)
{
	struct task_recall *recalls;
	enum stw_code rc;
	int count, room = jobs_free(d);

	if (stw_monotonic() < d->next_recalls || room == 0)
		return STW_OK;
	rc = task_recalls(d->opt.db, RECALLS_MAX, &d->arena, &recalls, &count, err);
	if (rc != STW_OK)
		return rc;
	d->recalls_left = count > 0;
	d->next_recalls =
	    stw_monotonic() + (count == RECALLS_MAX ? CLAIM_BUSY : RECALLS_EVERY);
	for (int i = 0; i < count && room > 0; i++) {
		struct push_queue *q = push_queue_find(d->queues, recalls[i].queue_id);

		if (q == NULL || q->nsecrets == 0 || q->recalls >= RECALLS_MAX ||
		    recall_in_flight(d, &recalls[i]))
			continue;
		recall_begin(d, q, &recalls[i]);
		room--;
	}
	return STW_OK;
}

/* ---- claim and gate ------------------------------------------------------------------- */
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

	rc = task_gate_dispatch(
	    d->opt.db, d->opt.rules, claim, now_of(d), &d->arena, &result, &push, &err);
	if (rc == STW_TEMPFAIL)
		db_trouble(d, "dispatch_gate", &err);
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
	offer_write(&push, q->code, now_of(d), &job->body);
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
	    (int)(lease / STW_USEC_SEC) + 1, now_of(d), &d->arena, &claims, &count,
	    &expired, err);
	if (rc != STW_OK)
		return rc;
	d->sum.expired += expired;
	d->sum.claimed += count;
	q->full = count == limit;
	q->next_claim = stw_monotonic() + (q->full        ? 0
					      : count > 0 ? CLAIM_BUSY
							  : CLAIM_IDLE);
	if (count == 0 && q->retry_at != 0 && q->retry_at <= now_of(d))
		q->retry_at = 0;
	if (count > 0)
		rules_refresh(d);
	for (int i = 0; i < count && d->db_wait == 0; i++)
		gate_one(d, q, &claims[i], lease_end);
	*claimed = count;
	return STW_OK;
}

/* ---- log before dispatch --------------------------------------------------------------- */
/* Another process may be sealing: its seal may have begun before our commit, so ours is
 * still needed. */
static bool
seal(struct dispatch *d)
{
	stw_usec until = stw_monotonic() + SEAL_PATIENCE;
	struct ledger_seal_result sealed;
	struct stw_err err = {0};
	enum stw_code rc;

	do {
		rc = ledger_seal(d->opt.db, d->opt.ledger_key, d->opt.checkpoint_path,
		    now_of(d), &sealed, &err);
	} while (rc == STW_CONFLICT && stw_monotonic() < until);
	if (rc == STW_OK)
		return true;
	if (rc == STW_TEMPFAIL)
		db_trouble(d, "dispatch_seal", &err);
	else
		log_err(LOG_ERROR, "dispatch_seal", &err);
	return false;
}

static void
job_keep(struct job *job, const char *why)
{
	job->state = JOB_KEPT;
	(void)snprintf(job->detail, sizeof job->detail, "%s", why);
}

/* From the answer of task_push_begin to the end of the transaction nobody can end the task:
 * a withdrawal that commits first finds it unsent, and one that commits later finds it on
 * the wire and recalls it. */
static enum stw_code
job_leave(struct dispatch *d, struct job *job, struct stw_err *err)
{
	struct stw_clock real;
	struct stw_err send_err;
	bool may;
	enum stw_code rc = task_push_begin(d->opt.db, &job->claim, &may, err);

	if (rc != STW_OK)
		return rc;
	if (!may) {
		d->sum.held_back++;
		job_keep(job, "not sent: it ended meanwhile");
		return STW_OK;
	}
	if (job_send(d, job, &send_err) != STW_OK) {
		log_err(LOG_ERROR, "push_send", &send_err);
		job_keep(job, "not sent: curl refused the request");
		return STW_OK;
	}
	clock_set_real(&real);
	log_event(LOG_DEBUG, "push", "task=%s at=%lld", job->key,
	    (long long)clock_now(&real));
	return STW_OK;
}

/* All jobs of a round leave under one transaction. When it fails on the way, what has left
 * has left: its answer is waited for, and its attempt has no time of leaving. */
static void
leave_all(struct dispatch *d)
{
	int64_t *numbers = arena_array(&d->arena, (size_t)d->njobs, sizeof *numbers);
	size_t count = 0;
	struct stw_err err = {0};
	enum stw_code rc = db_begin(d->opt.db, &err);

	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state == JOB_GATED)
			numbers[count++] = d->jobs[i].number_id;
	if (rc == STW_OK)
		rc = task_push_hold(d->opt.db, numbers, count, &err);
	for (int i = 0; rc == STW_OK && i < d->njobs; i++)
		if (d->jobs[i].state == JOB_GATED)
			rc = job_leave(d, &d->jobs[i], &err);
	if (http_in_flight(d->http) > 0) {
		struct stw_err http_err;

		if (http_start(d->http, &http_err) != STW_OK)
			log_err(LOG_ERROR, "dispatch_poll", &http_err);
	}
	if (rc == STW_OK)
		rc = db_commit(d->opt.db, &err);
	if (rc == STW_OK)
		return;
	db_rollback(d->opt.db);
	if (rc == STW_TEMPFAIL)
		db_trouble(d, "dispatch_leave", &err);
	else
		log_err(LOG_ERROR, "dispatch_leave", &err);
}

static void
send_gated(struct dispatch *d)
{
	bool sealed, any = false;

	for (int i = 0; i < d->njobs; i++)
		any = any || d->jobs[i].state == JOB_GATED;
	if (!any)
		return;
	sealed = seal(d);
	any = false;
	for (int i = 0; i < d->njobs; i++) {
		struct job *job = &d->jobs[i];

		if (job->state != JOB_GATED)
			continue;
		if (!sealed) {
			d->sum.unsealed++;
			job_keep(job, "not sent: the ledger could not be sealed");
		} else if (stw_monotonic() + (stw_usec)job->queue->timeout_ms * 1000 +
			       SEND_MARGIN >
			   job->lease_end) {
			job_keep(job, "not sent: too late in its lease");
		} else {
			any = true;
		}
	}
	if (any)
		leave_all(d);
	for (int i = 0; i < d->njobs; i++) {
		if (d->jobs[i].state == JOB_GATED)
			job_keep(&d->jobs[i], "not sent: the database is away");
		if (d->jobs[i].state == JOB_KEPT)
			job_give_back(d, &d->jobs[i]);
	}
}

/* ---- rounds ----------------------------------------------------------------------------- */
static enum stw_code
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

static enum stw_code
round_work(struct dispatch *d, bool start_more, struct stw_err *err)
{
	enum stw_code rc;

	arena_reset(&d->arena);
	settle_left(d);
	rc = db_ready(d, err);
	if (rc == STW_OK)
		rc = queues_reload(d, err);
	if (rc == STW_OK)
		rc = recalls_send(d, err);
	if (rc == STW_OK && start_more)
		rc = round_claims(d, err);
	send_gated(d);
	if (rc == STW_TEMPFAIL && d->db_wait == 0)
		db_trouble(d, "dispatch_round", err);
	return rc;
}

static bool
is_busy(const struct dispatch *d)
{
	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state != JOB_FREE)
			return true;
	return false;
}

/* How long there is nothing to do but wait for answers. */
static int
wait_ms(const struct dispatch *d, bool start_more)
{
	stw_usec mono = stw_monotonic();
	stw_usec until = d->next_recalls;

	for (const struct push_queue *q = d->queues; start_more && q != NULL;
	     q = q->next)
		if (q->open && q->in_flight * 2 <= q->concurrency &&
		    q->next_claim < until && breaker_room(&q->breaker, mono, 1) > 0)
			until = q->next_claim;
	if (until <= mono)
		return 1;
	return until - mono > CLAIM_IDLE ? (int)(CLAIM_IDLE / 1000)
					 : (int)((until - mono) / 1000) + 1;
}

static enum stw_code
poll_answers(struct dispatch *d, bool start_more, struct stw_err *err)
{
	enum stw_code rc = http_poll(d->http, wait_ms(d, start_more), err);

	publish(d);
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
	rc = http_open(options->egress, d->njobs, &d->http, err);
	if (rc != STW_OK) {
		free(d);
		return rc;
	}
	arena_init(&d->arena);
	(void)pthread_mutex_init(&d->lock, NULL);
	d->jobs = stw_xalloc((size_t)d->njobs * sizeof *d->jobs);
	for (int i = 0; i < d->njobs; i++) {
		d->jobs[i].dispatch = d;
		buf_init(&d->jobs[i].body);
	}
	*out = d;
	return STW_OK;
}

void
dispatch_close(struct dispatch *d)
{
	if (d == NULL)
		return;
	http_close(d->http);
	for (int i = 0; i < d->njobs; i++)
		buf_fini(&d->jobs[i].body);
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
		    q->breaker.opened <= PASS_PATIENCE)
			return true;
	return d->recalls_left;
}

/* Has every queue been asked since it last had something? */
static bool
all_asked(const struct dispatch *d)
{
	for (const struct push_queue *q = d->queues; q != NULL; q = q->next)
		if (q->open && q->next_claim == 0 && q->breaker.open_until == 0)
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
	    .unsealed = now->unsealed - before->unsealed,
	    .held_back = now->held_back - before->held_back,
	    .expired = now->expired - before->expired,
	    .recalls_sent = now->recalls_sent - before->recalls_sent,
	    .recalls_done = now->recalls_done - before->recalls_done,
	    .in_flight = now->in_flight,
	    .queues = now->queues,
	    .queues_held = now->queues_held,
	};
}

enum stw_code
dispatch_pass(struct dispatch *d, stw_usec now, int limit_ms, const atomic_bool *stop,
    struct dispatch_result *out, struct stw_err *err)
{
	stw_usec until = stw_monotonic() + (stw_usec)limit_ms * 1000;
	struct dispatch_result before = d->sum;
	enum stw_code rc = STW_OK, poll_rc;

	start_clock(d, now);
	d->next_reload = 0;
	d->next_recalls = 0;
	for (struct push_queue *q = d->queues; q != NULL; q = q->next) {
		q->next_claim = 0;
		q->retry_at = 0;
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
	publish(d);
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
			patience = stw_monotonic() + LEASE_MARGIN;
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
	publish(d);
}

void
dispatch_totals(struct dispatch *d, struct dispatch_result *out)
{
	(void)pthread_mutex_lock(&d->lock);
	*out = d->totals;
	(void)pthread_mutex_unlock(&d->lock);
}
