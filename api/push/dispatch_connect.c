/* Queues that have a connector: its requests, what their answers mean, and asking after an
 * offer whose answer was lost. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "api/push/dispatch_priv.h"
#include "api/push/offer_json.h"
#include "campaigns/task_remote_store.h"
#include "engine/log.h"

#define STATUS_MAX      5 /* queries after one offer: 1, 2, 4 ... seconds apart */
#define STATUS_FIRST    STW_USEC_SEC
#define STATUS_LAST     (16 * STW_USEC_SEC)
#define STATUS_PATIENCE STW_USEC_MIN /* for a token to ask with */
#define BROKEN_WAIT \
	STW_USEC_MIN /* before a request that cannot be made is tried again */

/* ---- the task as expressions see it ----------------------------------------------------- */
static const char *
keep(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_strdup(arena, text);
}

void
job_offer(struct dispatch *d, struct job *job, const struct task_push *p)
{
	struct arena *a = &job->arena;

	offer_key(p, job->key);
	if (job->queue->target == NULL) {
		offer_write(p, job->queue->code, dispatch_now(d), &job->body);
		return;
	}
	job->target = push_target_hold(job->queue->target);
	job->task = (struct connect_task){.id = keep(a, p->task_id),
	    .key = job->key,
	    .offer = p->offer,
	    .campaign = keep(a, p->campaign),
	    .campaign_version = p->campaign_version,
	    .step = keep(a, p->step),
	    .occurrence = keep(a, p->occurrence),
	    .customer = keep(a, p->customer_ref),
	    .mask = keep(a, p->phone_mask),
	    .channel = keep(a, p->channel),
	    .handler = keep(a, p->handler),
	    .purpose = keep(a, p->purpose),
	    .product = keep(a, p->product),
	    .script = keep(a, p->script),
	    .script_version = p->script_version,
	    .number = keep(a, p->number),
	    .number_id = p->number_id,
	    .priority = p->priority,
	    .not_before = p->not_before,
	    .not_after = p->not_after,
	    .decision = keep(a, p->decision_id),
	    .decision_sha256 = keep(a, p->record_hash_hex),
	    .valid_until = p->valid_until,
	    .fence = p->claim.epoch};
}

void
job_recall(struct dispatch *d, struct job *job)
{
	const struct task_recall *recall = &job->recall;
	char id[UUID_TEXT];

	recall_key(recall, job->key);
	if (job->queue->target == NULL) {
		recall_write(recall, job->queue->code, dispatch_now(d), &job->body);
		return;
	}
	job->target = push_target_hold(job->queue->target);
	job->task = (struct connect_task){
	    .id = keep(&job->arena, uuid_format(&recall->task_id, id)),
	    .key = job->key,
	    .offer = recall->offer,
	    .not_before = STW_USEC_NEVER,
	    .not_after = STW_USEC_MAX,
	    .valid_until = STW_USEC_MAX,
	    .reason = keep(&job->arena, recall->reason),
	    .remote_id = keep(&job->arena, recall->remote_id)};
}

static struct connect_call
call_of(
    struct dispatch *d, const struct job *job, const struct connect_task *tasks, int n)
{
	return (struct connect_call){.connector = &job->target->connector,
	    .account = &job->target->account,
	    .op = job->op,
	    .url = job->queue->url,
	    .queue = job->queue->code,
	    .tasks = tasks,
	    .ntasks = n,
	    .now = dispatch_now(d),
	    .at_sec = (int64_t)time(NULL)};
}

/* ---- sending -------------------------------------------------------------------------------- */
static enum stw_code
request_send(struct dispatch *d, struct job *first, const struct connect_task *tasks,
    int n, struct stw_err *err)
{
	struct push_queue *q = first->queue;
	struct connect_call call = call_of(d, first, tasks, n);
	struct connect_request request;
	struct http_request send;
	enum stw_code rc;

	first->target->account.token = first->target->token.text;
	first->token_number = first->target->token.number;
	rc = connect_request_make(&call, &d->arena, &request, err);
	if (rc != STW_OK)
		return rc;
	buf_clear(&first->body);
	buf_add(&first->body, request.body.ptr, request.body.len);
	send = (struct http_request){.url = request.url,
	    .tls = &q->tls,
	    .headers = request.headers,
	    .method = request.method,
	    .connect_ms = q->timeout_ms < CONNECT_MS ? q->timeout_ms : CONNECT_MS,
	    .total_ms = q->timeout_ms,
	    .once = first->op == CONNECTOR_OFFER && !q->dedupes,
	    .done = dispatch_on_done,
	    .ctx = first};
	if (request.body.ptr != NULL)
		send.body = (struct str){
		    first->body.data == NULL ? "" : first->body.data, first->body.len};
	return http_send(d->http, &send, err);
}

enum stw_code
job_send_other(struct dispatch *d, struct job *job, struct stw_err *err)
{
	const struct connector_op *op = &job->target->connector.ops[job->op];

	if (op->method == NULL)
		return stw_fail(err, STW_NOT_FOUND, "queue %s: its connector has no %s",
		    job->queue->code, connector_op_name(job->op));
	if (op->needs_remote_id && job->task.remote_id == NULL)
		return stw_fail(err, STW_NOT_FOUND,
		    "queue %s: a %s needs the target's own id, which it did not tell",
		    job->queue->code, connector_op_name(job->op));
	return request_send(d, job, &job->task, 1, err);
}

static void
keep_broken(struct job *job, const struct stw_err *err)
{
	log_err(LOG_ERROR, "connector_request", err);
	job_keep(job, "not sent: the connector could not make the request");
	job->wait = BROKEN_WAIT;
}

/* One that cannot be rendered holds up none of those that would go with it. */
static bool
renders(struct dispatch *d, struct job *job)
{
	struct connect_call call = call_of(d, job, &job->task, 1);
	struct connect_request request;
	struct stw_err err = {0};

	job->target->account.token = job->target->token.text;
	if (connect_request_make(&call, &d->arena, &request, &err) == STW_OK)
		return true;
	keep_broken(job, &err);
	return false;
}

/* One whose number does not open is left out, and holds up no other. */
static bool
has_phone(struct job *job)
{
	struct stw_err err;

	if (!job->target->connector.phone || job->task.phone != NULL)
		return true;
	(void)stw_fail(&err, STW_INVALID, "its telephone number cannot be opened");
	keep_broken(job, &err);
	return false;
}

static int
batch_collect(struct dispatch *d, struct job *const *jobs, int count,
    struct connect_task *tasks, struct job **members)
{
	const struct push_target *t = jobs[0]->target;
	int n = 0;

	for (int i = 0; i < count && n < t->connector.batch_size; i++) {
		if (jobs[i]->state != JOB_GATED || jobs[i]->target != t ||
		    jobs[i]->queue != jobs[0]->queue || !has_phone(jobs[i]) ||
		    (t->connector.batch_size > 1 && !renders(d, jobs[i])))
			continue;
		tasks[n] = jobs[i]->task;
		members[n++] = jobs[i];
	}
	return n;
}

static void
batch_left(struct dispatch *d, struct job *const *members, int n)
{
	const struct push_queue *q = members[0]->queue;
	struct push_target *t = members[0]->target;
	stw_usec mono = stw_monotonic();

	for (int i = 0; i < n; i++) {
		members[i]->batch_next = i + 1 < n ? members[i + 1] : NULL;
		members[i]->token_number = members[0]->token_number;
		job_sent(d, members[i]);
	}
	if (t->connector.batch_pause == 0)
		return;
	/* The pause is between requests, however full they are. */
	t->next_request = mono + t->connector.batch_pause;
	members[0]->queue->schedule.in_batch = q->limits.batch;
	members[0]->queue->schedule.pause_until = t->next_request;
}

void
connect_leave(struct dispatch *d, struct job *const *jobs, int count)
{
	struct push_target *t = jobs[0]->target;
	struct connect_task tasks[CONNECTOR_BATCH_MAX];
	struct job *members[CONNECTOR_BATCH_MAX];
	struct stw_err err = {0};
	stw_usec mono = stw_monotonic();
	int n;

	if (mono < t->next_request) {
		job_keep(jobs[0], "not sent: the target wants a pause");
		jobs[0]->wait = t->next_request - mono;
		return;
	}
	if (!push_target_is_ready(t, mono)) {
		job_keep(jobs[0], "not sent: there is no token");
		return;
	}
	n = batch_collect(d, jobs, count, tasks, members);
	if (n == 0)
		return;
	if (request_send(d, members[0], tasks, n, &err) == STW_OK)
		batch_left(d, members, n);
	else
		for (int i = 0; i < n; i++)
			keep_broken(members[i], &err);
}

/* ---- telephone numbers ---------------------------------------------------------------------- */
enum stw_code
phones_open(struct dispatch *d, struct stw_err *err)
{
	size_t room = (size_t)d->njobs, n = 0;
	struct task_claim *claims = arena_array(&d->arena, room, sizeof *claims);
	struct job **jobs = arena_array(&d->arena, room, sizeof(struct job *));
	char **phones = arena_array(&d->arena, room, sizeof(char *));
	enum stw_code rc;

	for (int i = 0; i < d->njobs; i++) {
		struct job *job = &d->jobs[i];

		if (job->state != JOB_GATED || job->target == NULL ||
		    !job->target->connector.phone)
			continue;
		claims[n] = job->claim;
		jobs[n++] = job;
	}
	if (n == 0)
		return STW_OK;
	rc = task_phones(d->opt.db, d->opt.keys, claims, n, &d->arena, phones, err);
	for (size_t i = 0; rc == STW_OK && i < n; i++)
		jobs[i]->task.phone = phones[i];
	return rc;
}

void
phones_wipe(struct dispatch *d)
{
	for (int i = 0; i < d->njobs; i++) {
		struct job *job = &d->jobs[i];

		if (job->task.phone == NULL)
			continue;
		sodium_memzero(
		    (void *)(uintptr_t)job->task.phone, strlen(job->task.phone));
		job->task.phone = NULL;
	}
}

/* ---- answers ---------------------------------------------------------------------------------- */
static enum task_push_result
result_of(enum connector_verdict verdict, bool dedupes)
{
	switch (verdict) {
	case CONNECTOR_ACCEPTED:
	case CONNECTOR_DUPLICATE:
		return TASK_PUSH_ACCEPTED;
	case CONNECTOR_REFUSED:
		return TASK_PUSH_REFUSED;
	case CONNECTOR_RETRY:
	case CONNECTOR_ABSENT:
		return TASK_PUSH_RETRY;
	case CONNECTOR_UNKNOWN:
		break;
	}
	return dedupes ? TASK_PUSH_RETRY : TASK_PUSH_UNKNOWN;
}

/* A token that was good until now has run out before its time: that is no failure of the
 * queue. One that never was good is. */
static bool
token_ran_out(const struct job *job, const struct http_result *answer)
{
	struct push_token *token = &job->target->token;
	bool ours = job->token_number == token->number;
	bool proven = !ours || token->proven;

	if (!push_target_wants_token(job->target) || answer->fate != HTTP_ANSWERED)
		return false;
	if (answer->status != 401) {
		token->proven = token->proven || ours;
		return false;
	}
	push_token_refused(token, job->token_number);
	return proven;
}

struct push_verdict
connect_judge(struct dispatch *d, struct job *job, const struct http_result *answer)
{
	struct connect_call call = call_of(d, job, &job->task, 1);
	bool dedupes = job->queue->dedupes;
	struct connect_answer a =
	    connect_answer_judge(&call, 0, answer, dedupes, &d->arena);
	struct push_verdict v = {
	    .result = result_of(a.verdict, dedupes), .queue_failed = a.queue_failed};

	v.queue_gone =
	    v.result == TASK_PUSH_RETRY && push_judge(answer, dedupes).queue_gone;
	if (token_ran_out(job, answer))
		v.queue_failed = false;
	if (a.remote_id != NULL) {
		(void)snprintf(
		    job->remote_id, sizeof job->remote_id, "%s", a.remote_id);
		job->task.remote_id = job->remote_id;
	}
	job->absent = a.verdict == CONNECTOR_ABSENT;
	return v;
}

/* ---- asking after a lost answer ------------------------------------------------------------- */
static bool
may_ask(const struct job *job)
{
	const struct connector_op *op = &job->target->connector.ops[CONNECTOR_STATUS];

	return op->method != NULL && job->asks < STATUS_MAX &&
	       (!op->needs_remote_id || job->task.remote_id != NULL);
}

bool
status_wanted(struct job *job)
{
	if (job->target == NULL || !may_ask(job))
		return false;
	job->op = CONNECTOR_STATUS;
	job->state = JOB_UNSURE;
	job->ask_at = stw_monotonic() +
		      push_jitter(push_doubled(STATUS_FIRST, STATUS_LAST, job->asks),
			  randombytes_random());
	job->asks++;
	return true;
}

void
statuses_ask(struct dispatch *d)
{
	stw_usec mono = stw_monotonic();

	for (int i = 0; i < d->njobs; i++) {
		struct job *job = &d->jobs[i];
		struct stw_err err = {0};

		if (job->state != JOB_UNSURE || mono < job->ask_at)
			continue;
		if (!push_target_is_ready(job->target, mono)) {
			/* No token comes any more: nobody will know. */
			if (mono > job->ask_at + STATUS_PATIENCE) {
				job->result = TASK_PUSH_UNKNOWN;
				job->state = JOB_SETTLE;
			}
			continue;
		}
		job->state = JOB_SENT;
		if (job_send_other(d, job, &err) == STW_OK)
			continue;
		log_err(LOG_ERROR, "connector_status", &err);
		job->result = TASK_PUSH_UNKNOWN;
		job->state = JOB_SETTLE;
	}
}

void
on_status_done(struct dispatch *d, struct job *job, const struct http_result *answer)
{
	struct push_verdict v = connect_judge(d, job, answer);

	if (v.result != TASK_PUSH_ACCEPTED && !job->absent && status_wanted(job))
		return;
	job->result = v.result == TASK_PUSH_ACCEPTED ? TASK_PUSH_ACCEPTED
		      : job->absent                  ? TASK_PUSH_RETRY
						     : TASK_PUSH_UNKNOWN;
	job->retry_at =
	    dispatch_now(d) + push_backoff(job->claim.epoch, -1, randombytes_random());
	job->state = JOB_SETTLE;
}
