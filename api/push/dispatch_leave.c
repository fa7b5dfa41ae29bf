/* Log before dispatch: sealed, then sent under a lock that a withdrawal waits for. */
#include <stdio.h>
#include <time.h>

#include "api/push/dispatch_priv.h"
#include "engine/log.h"

#define SEND_MARGIN   (2 * STW_USEC_SEC)
#define SEAL_PATIENCE (8 * STW_USEC_SEC)

/* ---- sending ------------------------------------------------------------------------- */
static enum stw_code
native_send(struct dispatch *d, struct job *job, struct stw_err *err)
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
	    .tls = &q->tls,
	    .headers = headers,
	    .body = body,
	    .connect_ms = q->timeout_ms < CONNECT_MS ? q->timeout_ms : CONNECT_MS,
	    .total_ms = q->timeout_ms,
	    .once = !job->is_recall && !q->dedupes,
	    .done = dispatch_on_done,
	    .ctx = job,
	};
	rc = http_send(d->http, &request, err);
	buf_fini(&signature);
	return rc;
}

void
job_sent(struct dispatch *d, struct job *job)
{
	struct push_queue *q = job->queue;
	struct stw_clock real;

	job->state = JOB_SENT;
	if (job->is_recall) {
		d->sum.recalls_sent++;
		return;
	}
	schedule_begin(&q->schedule, &q->limits, stw_monotonic());
	q->counts.sent++;
	d->sum.sent++;
	clock_set_real(&real);
	log_event(LOG_DEBUG, "push", "task=%s at=%lld", job->key,
	    (long long)clock_now(&real));
}

/* Of one job: an offer in Steward's own protocol, or a recall. */
enum stw_code
job_send(struct dispatch *d, struct job *job, struct stw_err *err)
{
	enum stw_code rc = job->target == NULL ? native_send(d, job, err)
					       : job_send_other(d, job, err);

	if (rc == STW_OK)
		job_sent(d, job);
	return rc;
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
		    dispatch_now(d), &sealed, &err);
	} while (rc == STW_CONFLICT && stw_monotonic() < until);
	if (rc == STW_OK)
		return true;
	if (rc == STW_TEMPFAIL)
		dispatch_db_trouble(d, "dispatch_seal", &err);
	else
		log_err(LOG_ERROR, "dispatch_seal", &err);
	return false;
}

void
job_keep(struct job *job, const char *why)
{
	job->state = JOB_KEPT;
	(void)snprintf(job->detail, sizeof job->detail, "%s", why);
}

static void
job_leave(struct dispatch *d, struct job *job)
{
	struct stw_err err;

	if (job_send(d, job, &err) == STW_OK)
		return;
	log_err(LOG_ERROR, "push_send", &err);
	job_keep(job, "not sent: curl refused the request");
}

static void
jobs_leave(struct dispatch *d, struct job *const *jobs, int count, const bool *may)
{
	for (int i = 0; i < count; i++)
		if (!may[i]) {
			d->sum.held_back++;
			job_keep(jobs[i], "not sent: it ended meanwhile");
		}
	for (int i = 0; i < count; i++) {
		if (jobs[i]->state != JOB_GATED)
			continue;
		if (jobs[i]->target == NULL)
			job_leave(d, jobs[i]);
		else
			connect_leave(d, jobs + i, count - i);
	}
}

/* From the answer of task_push_begin to the end of the transaction nobody can end these
 * tasks: a withdrawal that commits first finds one unsent, and one that commits later finds
 * it on the wire and recalls it. */
static enum stw_code
leave_in_tx(struct dispatch *d, struct job *const *jobs, int count, struct stw_err *err)
{
	size_t n = (size_t)count;
	int64_t *numbers = arena_array(&d->arena, n, sizeof *numbers);
	struct task_claim *claims = arena_array(&d->arena, n, sizeof *claims);
	bool *may = arena_array(&d->arena, n, sizeof *may);
	struct stw_err http_err;
	enum stw_code rc;

	for (int i = 0; i < count; i++) {
		numbers[i] = jobs[i]->number_id;
		claims[i] = jobs[i]->claim;
	}
	rc = task_push_hold(d->opt.db, numbers, n, err);
	if (rc == STW_OK)
		rc = task_push_begin(d->opt.db, claims, count, &d->arena, may, err);
	if (rc != STW_OK)
		return rc;
	jobs_leave(d, jobs, count, may);
	if (http_start(d->http, &http_err) != STW_OK)
		log_err(LOG_ERROR, "dispatch_poll", &http_err);
	return STW_OK;
}

/* All jobs of a round leave under one transaction. When it fails on the way, what has left
 * has left: its answer is waited for, and its attempt has no time of leaving. */
static void
leave_all(struct dispatch *d)
{
	struct job **jobs =
	    arena_array(&d->arena, (size_t)d->njobs, sizeof(struct job *));
	struct stw_err err = {0};
	int count = 0;
	enum stw_code rc;

	for (int i = 0; i < d->njobs; i++)
		if (d->jobs[i].state == JOB_GATED)
			jobs[count++] = &d->jobs[i];
	rc = phones_open(d, &err);
	if (rc == STW_OK)
		rc = db_begin(d->opt.db, &err);
	if (rc == STW_OK)
		rc = leave_in_tx(d, jobs, count, &err);
	phones_wipe(d);
	if (rc == STW_OK)
		rc = db_commit(d->opt.db, &err);
	if (rc == STW_OK)
		return;
	db_rollback(d->opt.db);
	if (rc == STW_TEMPFAIL)
		dispatch_db_trouble(d, "dispatch_leave", &err);
	else
		log_err(LOG_ERROR, "dispatch_leave", &err);
}

void
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
		} else if (stw_monotonic() + SEND_MARGIN > job->lease_end) {
			job_keep(job, "not sent: too late in its lease");
		} else if (!job->queue->open || !push_queue_is_ready(job->queue)) {
			job_keep(job, "not sent: its queue is closed");
		} else if (!turn_is_ours(job->queue)) {
			job_keep(job, "not sent: it is another dispatcher's turn");
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
