/* The gate: asked about many tasks together, in a thread with a connection of its own where
 * there is one, so that the next batch is gated while this one is sealed and sent. */
#include <stdlib.h>
#include <string.h>

#include "api/push/dispatch_priv.h"
#include "engine/log.h"

/* Claims of one queue, and what became of them; `gater` alone touches one that is posted. */
struct gate_work {
	struct gate_work *next;
	struct push_queue *queue; /* not looked into by the thread */
	const struct ruleset *rules;
	struct task_claim *claims;
	int count;
	stw_usec lease_end, now, posted_at; /* lease_end and posted_at: monotonic */
	struct arena arena;
	struct task_gated *out;
	bool away; /* the database; why says more */
	struct stw_err why;
};

struct gater {
	struct db *db;
	bool broken;              /* db; the thread's own */
	struct http_client *http; /* woken when something was gated */
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t put;
	struct gate_work *posted, *gated; /* in their order */
	bool ends;
};

/* ---- a piece of work --------------------------------------------------------------------- */
static stw_usec
work_now(const struct gate_work *w)
{
	return w->now + (stw_monotonic() - w->posted_at);
}

/* TEMPFAIL ends a piece of work: what it leaves undecided comes back by its lease. */
static void
work_failed(struct gate_work *w, const struct stw_err *err)
{
	w->away = err->code == STW_TEMPFAIL;
	if (w->away)
		w->why = *err;
	else
		log_err(LOG_ERROR, "dispatch_gate", err);
}

static void
gate_one(struct gater *g, struct gate_work *w, int i)
{
	struct stw_err err = {0};

	w->out[i].result = TASK_GATE_GONE;
	if (task_gate_dispatch(g->db, w->rules, &w->claims[i], work_now(w), &w->arena,
		&w->out[i].result, &w->out[i].push, &err) == STW_OK)
		w->out[i].decided = true;
	else
		work_failed(w, &err);
}

/* Together; what is left over each by itself, and all of them when that does not go, so
 * that none waits for another. */
static void
work_do(struct gater *g, struct gate_work *w)
{
	struct stw_err err = {0};

	if (w->count > 1 && task_gate_batch(g->db, w->rules, w->claims, w->count,
				work_now(w), &w->arena, w->out, &err) != STW_OK)
		log_err(LOG_WARN, "dispatch_batch", &err);
	for (int i = 0; i < w->count && !w->away; i++)
		if (!w->out[i].decided)
			gate_one(g, w, i);
}

static struct gate_work *
work_new(struct dispatch *d, struct push_queue *q, const struct task_claim *claims,
    int count, stw_usec lease_end)
{
	struct gate_work *w = stw_xalloc(sizeof *w);
	size_t n = (size_t)count;

	*w = (struct gate_work){.queue = q,
	    .rules = d->opt.rules,
	    .count = count,
	    .lease_end = lease_end,
	    .now = dispatch_now(d),
	    .posted_at = stw_monotonic()};
	arena_init(&w->arena);
	w->claims = arena_array(&w->arena, n, sizeof *w->claims);
	memcpy(w->claims, claims, n * sizeof *w->claims);
	w->out = arena_array(&w->arena, n, sizeof *w->out);
	memset(w->out, 0, n * sizeof *w->out);
	return w;
}

static void
work_free(struct gate_work *w)
{
	arena_fini(&w->arena);
	free(w);
}

/* ---- the thread -------------------------------------------------------------------------- */
static void
put_last(struct gate_work **list, struct gate_work *w)
{
	while (*list != NULL)
		list = &(*list)->next;
	w->next = NULL;
	*list = w;
}

static struct gate_work *
take_first(struct gate_work **list)
{
	struct gate_work *w = *list;

	if (w != NULL)
		*list = w->next;
	return w;
}

/* A connection that broke under one piece is made anew for the next. */
static void
work_beside(struct gater *g, struct gate_work *w)
{
	struct stw_err err = {0};

	if (!g->broken || db_reset(g->db, &err) == STW_OK)
		work_do(g, w);
	else
		work_failed(w, &err);
	g->broken = w->away;
}

static void *
gater_main(void *arg)
{
	struct gater *g = arg;
	struct gate_work *w;

	(void)pthread_mutex_lock(&g->lock);
	while (!g->ends) {
		w = take_first(&g->posted);
		if (w == NULL) {
			(void)pthread_cond_wait(&g->put, &g->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&g->lock);
		work_beside(g, w);
		(void)pthread_mutex_lock(&g->lock);
		put_last(&g->gated, w);
		http_wake(g->http);
	}
	(void)pthread_mutex_unlock(&g->lock);
	return NULL;
}

enum stw_code
gater_open(struct dispatch *d, struct stw_err *err)
{
	struct gater *g = stw_xalloc(sizeof *g);
	bool beside = d->opt.gate_db != NULL;

	*g = (struct gater){.db = beside ? d->opt.gate_db : d->opt.db, .http = d->http};
	STW_ASSERT(pthread_mutex_init(&g->lock, NULL) == 0);
	STW_ASSERT(pthread_cond_init(&g->put, NULL) == 0);
	d->gater = g;
	if (!beside)
		return STW_OK;
	g->has_thread = pthread_create(&g->thread, NULL, gater_main, g) == 0;
	return g->has_thread ? STW_OK
			     : stw_fail(err, STW_TEMPFAIL, "a thread does not start");
}

void
gater_close(struct dispatch *d)
{
	struct gater *g = d->gater;
	struct gate_work *w;

	(void)pthread_mutex_lock(&g->lock);
	g->ends = true;
	(void)pthread_cond_signal(&g->put);
	(void)pthread_mutex_unlock(&g->lock);
	if (g->has_thread)
		(void)pthread_join(g->thread, NULL);
	while (
	    (w = take_first(&g->posted)) != NULL || (w = take_first(&g->gated)) != NULL)
		work_free(w);
	(void)pthread_cond_destroy(&g->put);
	(void)pthread_mutex_destroy(&g->lock);
	free(g);
}

/* ---- the dispatcher ------------------------------------------------------------------------ */
/* What is at the gate keeps those that it was given. */
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
gated(struct dispatch *d, struct push_queue *q, enum task_gate_result result,
    const struct task_push *push, stw_usec lease_end)
{
	struct job *job;

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
	job->claim = push->claim;
	job->number_id = push->number_id;
	job->lease_end = lease_end;
	job_offer(d, job, push);
}

static void
work_collect(struct dispatch *d, struct gate_work *w)
{
	w->queue->in_flight -= w->count;
	w->queue->gating -= w->count;
	d->gating -= w->count;
	for (int i = 0; i < w->count; i++)
		if (w->out[i].decided)
			gated(d, w->queue, w->out[i].result, &w->out[i].push,
			    w->lease_end);
	if (w->away)
		dispatch_db_trouble(d, "dispatch_gate", &w->why);
	work_free(w);
}

void
gates_collect(struct dispatch *d)
{
	struct gater *g = d->gater;
	struct gate_work *w;

	do {
		(void)pthread_mutex_lock(&g->lock);
		w = take_first(&g->gated);
		(void)pthread_mutex_unlock(&g->lock);
		if (w != NULL)
			work_collect(d, w);
	} while (w != NULL);
}

static void
work_post(struct dispatch *d, struct gate_work *w)
{
	struct gater *g = d->gater;

	w->queue->in_flight += w->count;
	w->queue->gating += w->count;
	d->gating += w->count;
	if (!g->has_thread) {
		work_do(g, w);
		work_collect(d, w);
		return;
	}
	(void)pthread_mutex_lock(&g->lock);
	put_last(&g->posted, w);
	(void)pthread_cond_signal(&g->put);
	(void)pthread_mutex_unlock(&g->lock);
}

void
claims_gate(struct dispatch *d, struct push_queue *q, const struct task_claim *claims,
    int count, stw_usec lease_end)
{
	rules_refresh(d);
	for (int i = 0; i < count && d->db_wait == 0; i += TASK_BATCH_MAX)
		work_post(
		    d, work_new(d, q, &claims[i],
			   count - i < TASK_BATCH_MAX ? count - i : TASK_BATCH_MAX,
			   lease_end));
}
