#include "api/operations.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "api/operations_priv.h"
#include "api/server.h"
#include "engine/log.h"

#define LOOK_MSEC  1000 /* for operations that another server took in */
#define TRIES      3
#define RETRY_MSEC 1000

/* ---- one operation -------------------------------------------------------------------- */
static void
tell(void *arg, const char *what, int64_t done, int64_t total)
{
	struct operation_slot *slot = arg;

	(void)pthread_mutex_lock(&slot->of->lock);
	(void)snprintf(slot->at.step, sizeof slot->at.step, "%.60s", what);
	slot->at.done = done;
	slot->at.total = total;
	(void)pthread_mutex_unlock(&slot->of->lock);
}

static void
slot_begin(struct operation_slot *slot, struct db *db, const char *id)
{
	(void)pthread_mutex_lock(&slot->interrupt_lock);
	slot->interrupt = db_interrupt_open(db);
	(void)pthread_mutex_unlock(&slot->interrupt_lock);
	(void)pthread_mutex_lock(&slot->of->lock);
	slot->busy = true;
	(void)snprintf(slot->id, sizeof slot->id, "%s", id);
	slot->at = (struct operation_progress){0};
	atomic_store(&slot->stop, slot->of->closing);
	(void)pthread_mutex_unlock(&slot->of->lock);
	db_stop_on(db, &slot->stop);
}

/* From here on nothing interrupts what the connection does. */
static struct operation_progress
slot_end(struct operation_slot *slot, struct db *db)
{
	struct operation_progress at;

	db_stop_on(db, NULL);
	(void)pthread_mutex_lock(&slot->interrupt_lock);
	db_interrupt_close(slot->interrupt);
	slot->interrupt = NULL;
	(void)pthread_mutex_unlock(&slot->interrupt_lock);
	(void)pthread_mutex_lock(&slot->of->lock);
	at = slot->at;
	(void)pthread_mutex_unlock(&slot->of->lock);
	return at;
}

/* The request as it was sent, in the name of who sent it. */
static void
request_open(struct operation_slot *slot, const struct operation_request *from,
    const struct progress *progress, struct db *db, struct api_request *req)
{
	static const struct route none = {0};
	unsigned char raw[16];

	*req = (struct api_request){.server = slot->of->server,
	    .app = slot->of->server->app,
	    .route = &none,
	    .match = {.index = -1, .nparams = (int)from->nparams},
	    .method = METHOD_POST,
	    .path = from->path,
	    .body = from->body,
	    .actor = {.key_id = from->key_id,
		.subject = from->subject,
		.role = role_parse(str_of(from->role)),
		.expires_at = STW_USEC_MAX},
	    .db = db,
	    .now = app_now(slot->of->server->app),
	    .zh = from->zh,
	    .progress = progress};
	for (size_t i = 0; i < from->nparams; i++)
		req->match.params[i] = from->params[i];
	arena_init(&req->arena);
	buf_init(&req->answer);
	randombytes_buf(raw, sizeof raw);
	(void)sodium_bin2hex(req->trace_id, sizeof req->trace_id, raw, sizeof raw);
	if (from->body.len > 0)
		req->json = json_loadb(
		    from->body.ptr, from->body.len, JSON_REJECT_DUPLICATES, NULL);
}

static void
request_close(struct api_request *req)
{
	json_decref(req->json);
	buf_fini(&req->answer);
	arena_fini(&req->arena);
}

/* One try. What it did waits for its end in the open transaction, if it is a good one. */
static void
try_once(const struct operation_kind *kind, struct api_request *req)
{
	struct stw_err err = {0};
	enum stw_code rc = STW_OK;

	req->status = 0;
	req->retry_later = false;
	if (kind->effect)
		rc = db_begin(req->db, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	db_lend(req->db, kind->effect);
	kind->run(req);
	db_lend(req->db, false);
	if (req->status < 300 && kind->effect && !db_in_transaction(req->db)) {
		(void)stw_fail(&err, STW_TEMPFAIL, "what was done was undone again");
		api_fail(req, STW_TEMPFAIL, &err);
	}
	if (req->status >= 300 || !kind->effect)
		db_rollback(req->db);
}

static void
end(struct operation_slot *slot, struct api_request *req, const char *id,
    const struct operation_progress *at)
{
	struct stw_err err;
	bool mine = false;
	enum stw_code rc = operation_end(req->db, id, slot->of->worker, at, req->status,
	    (struct str){req->answer.data, req->answer.len}, app_now(req->app), &mine,
	    &err);

	if (rc == STW_OK && mine && db_in_transaction(req->db))
		rc = db_commit(req->db, &err);
	if (rc != STW_OK)
		log_err(LOG_ERROR, "operation_not_ended", &err);
	db_rollback(req->db);
}

static void
carry_out(
    struct operation_slot *slot, struct db *db, const struct operation_request *request)
{
	const struct operation_kind *kind = operation_kind_find(request->kind);
	const struct progress progress = {tell, slot, &slot->stop};
	struct operation_progress at;
	struct api_request req;

	request_open(slot, request, &progress, db, &req);
	slot_begin(slot, db, request->id);
	if (kind == NULL)
		api_problem(&req, 404, "NOT_FOUND", NULL,
		    "this server knows no operation %s", request->kind);
	for (int i = 0; kind != NULL && i < TRIES; i++) {
		try_once(kind, &req);
		if (!req.retry_later || atomic_load(&slot->stop))
			break;
	}
	at = slot_end(slot, db);
	/* What was stopped has ended already, or is given up by the keeper. */
	if (!atomic_load(&slot->stop))
		end(slot, &req, request->id, &at);
	db_rollback(db);
	operations_ended(slot->of, slot);
	request_close(&req);
}

/* ---- workers ---------------------------------------------------------------------------- */
/* Until somebody says that there is news since `seen`, or it is time to look. */
static void
rest(struct operations *ops, int *seen)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_MSEC / 1000;
	(void)pthread_mutex_lock(&ops->lock);
	while (!ops->closing && ops->news == *seen &&
	       pthread_cond_timedwait(&ops->woken, &ops->lock, &until) == 0)
		;
	*seen = ops->news;
	(void)pthread_mutex_unlock(&ops->lock);
}

bool
operations_closing(struct operations *ops)
{
	bool closing;

	(void)pthread_mutex_lock(&ops->lock);
	closing = ops->closing;
	(void)pthread_mutex_unlock(&ops->lock);
	return closing;
}

struct db *
operations_connect(struct operations *ops, struct db *had)
{
	const struct app *app = ops->server->app;
	struct stw_err err;
	struct db *db = had;

	if (had != NULL)
		db_rollback(had);
	while (!operations_closing(ops)) {
		if (had != NULL ? db_reset(had, &err) == STW_OK
				: db_open(setting_text(app->settings, SET_DATABASE),
				      &db, &err) == STW_OK) {
			db_keys_set(db, app->keys);
			return db;
		}
		log_err(LOG_WARN, "operations_no_database", &err);
		(void)usleep(RETRY_MSEC * 1000);
	}
	return had;
}

static void *
worker_main(void *arg)
{
	struct operation_slot *slot = arg;
	struct operations *ops = slot->of;
	struct db *db = operations_connect(ops, NULL);
	struct arena arena;
	int seen = 0;

	arena_init(&arena);
	while (db != NULL && !operations_closing(ops)) {
		struct operation_request request;
		struct stw_err err;

		arena_reset(&arena);
		if (operation_claim(db, ops->worker, app_now(ops->server->app), &arena,
			&request, &err) != STW_OK) {
			log_err(LOG_WARN, "operation_not_claimed", &err);
			db = operations_connect(ops, db);
		} else if (request.id == NULL) {
			rest(ops, &seen);
		} else {
			carry_out(slot, db, &request);
		}
	}
	arena_fini(&arena);
	db_close(db);
	return NULL;
}

/* ---- together ------------------------------------------------------------------------------ */
void
operations_init(struct operations *ops, struct server *server)
{
	struct uuid id = uuid_new(app_now(server->app));
	pthread_condattr_t attr;

	memset(ops, 0, sizeof *ops);
	ops->server = server;
	(void)uuid_format(&id, ops->worker);
	STW_ASSERT(pthread_mutex_init(&ops->lock, NULL) == 0);
	STW_ASSERT(pthread_condattr_init(&attr) == 0);
	STW_ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	STW_ASSERT(pthread_cond_init(&ops->woken, &attr) == 0);
	(void)pthread_condattr_destroy(&attr);
	for (int i = 0; i < OPERATION_WORKERS_MAX; i++) {
		ops->slots[i].of = ops;
		STW_ASSERT(
		    pthread_mutex_init(&ops->slots[i].interrupt_lock, NULL) == 0);
	}
}

enum stw_code
operations_start(struct operations *ops, int workers, struct stw_err *err)
{
	STW_ASSERT(workers <= OPERATION_WORKERS_MAX);
	if (pthread_create(&ops->keeper, NULL, operations_keep, ops) != 0)
		return stw_fail(err, STW_TEMPFAIL, "a thread does not start");
	ops->keeping = true;
	while (ops->nslots < workers) {
		struct operation_slot *slot = &ops->slots[ops->nslots];

		if (pthread_create(&slot->thread, NULL, worker_main, slot) != 0)
			return stw_fail(err, STW_TEMPFAIL, "a thread does not start");
		ops->nslots++;
	}
	return STW_OK;
}

/* The keeper lives longest: it interrupts what still runs, and gives it up at the end. */
void
operations_stop(struct operations *ops)
{
	(void)pthread_mutex_lock(&ops->lock);
	ops->closing = true;
	for (int i = 0; i < ops->nslots; i++)
		atomic_store(&ops->slots[i].stop, true);
	(void)pthread_cond_broadcast(&ops->woken);
	(void)pthread_mutex_unlock(&ops->lock);
	for (int i = 0; i < ops->nslots; i++)
		(void)pthread_join(ops->slots[i].thread, NULL);
	ops->nslots = 0;
	atomic_store(&ops->keeper_ends, true);
	if (ops->keeping)
		(void)pthread_join(ops->keeper, NULL);
	ops->keeping = false;
	operations_release_all(ops);
}

void
operations_fini(struct operations *ops)
{
	if (ops->server == NULL)
		return;
	operations_stop(ops);
	for (int i = 0; i < OPERATION_WORKERS_MAX; i++)
		(void)pthread_mutex_destroy(&ops->slots[i].interrupt_lock);
	(void)pthread_cond_destroy(&ops->woken);
	(void)pthread_mutex_destroy(&ops->lock);
	ops->server = NULL;
}

void
operations_wake(struct operations *ops)
{
	(void)pthread_mutex_lock(&ops->lock);
	ops->news++;
	(void)pthread_cond_broadcast(&ops->woken);
	(void)pthread_mutex_unlock(&ops->lock);
}
