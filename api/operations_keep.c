/* The keeper of the operations: signs of life, cancelling, giving up, and who waits. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/operations_priv.h"
#include "api/server.h"
#include "engine/log.h"

#define ROUND_MSEC  250
#define BEAT_EVERY  (STW_USEC_SEC / 2)
#define LOOK_EVERY  (2 * STW_USEC_SEC)
#define PRUNE_EVERY (10 * STW_USEC_MIN)
#define KEPT        (7 * STW_USEC_DAY)

/* ---- who waits ---------------------------------------------------------------------------- */
/* With the lock held. */
static void
release(struct operations *ops, int i)
{
	struct operation_waiter waiter = ops->waiters[i];

	ops->waiters[i] = ops->waiters[--ops->nwaiters];
	waiter.over(waiter.arg);
}

void
operations_ended(struct operations *ops, struct operation_slot *slot)
{
	(void)pthread_mutex_lock(&ops->lock);
	slot->busy = false;
	for (int i = ops->nwaiters - 1; i >= 0; i--)
		if (strcmp(ops->waiters[i].id, slot->id) == 0)
			release(ops, i);
	(void)pthread_mutex_unlock(&ops->lock);
}

void
operations_release_all(struct operations *ops)
{
	(void)pthread_mutex_lock(&ops->lock);
	while (ops->nwaiters > 0)
		release(ops, 0);
	(void)pthread_mutex_unlock(&ops->lock);
}

bool
operations_wait(struct operations *ops, const char *id, int seconds,
    void (*over)(void *arg), void *arg)
{
	bool room;

	if (seconds == 0)
		return false;
	(void)pthread_mutex_lock(&ops->lock);
	room = !ops->closing && ops->nwaiters < WAITERS_MAX;
	if (room) {
		struct operation_waiter *waiter = &ops->waiters[ops->nwaiters++];

		*waiter = (struct operation_waiter){.over = over,
		    .arg = arg,
		    .until = stw_monotonic() + seconds * STW_USEC_SEC};
		(void)snprintf(waiter->id, sizeof waiter->id, "%s", id);
	}
	(void)pthread_mutex_unlock(&ops->lock);
	return room;
}

/* What ended before its waiter was written down, or on another server. */
static enum stw_code
answer_waiters(struct operations *ops, struct db *db, struct stw_err *err)
{
	char ids[WAITERS_MAX][UUID_TEXT];
	struct str asked[WAITERS_MAX];
	bool ended[WAITERS_MAX] = {false};
	enum stw_code rc = STW_OK;
	int count;

	(void)pthread_mutex_lock(&ops->lock);
	count = ops->nwaiters;
	for (int i = 0; i < count; i++) {
		memcpy(ids[i], ops->waiters[i].id, UUID_TEXT);
		asked[i] = str_of(ids[i]);
	}
	(void)pthread_mutex_unlock(&ops->lock);
	if (count > 0)
		rc = operation_ended(db, asked, (size_t)count, ended, err);
	(void)pthread_mutex_lock(&ops->lock);
	for (int i = ops->nwaiters - 1; i >= 0; i--) {
		bool over = ops->waiters[i].until <= stw_monotonic();

		for (int k = 0; k < count && !over; k++)
			over = ended[k] && strcmp(ids[k], ops->waiters[i].id) == 0;
		if (over)
			release(ops, i);
	}
	(void)pthread_mutex_unlock(&ops->lock);
	return rc;
}

/* ---- what is carried out ------------------------------------------------------------------ */
static bool
slot_look(
    struct operation_slot *slot, char id[UUID_TEXT], struct operation_progress *at)
{
	bool busy;

	(void)pthread_mutex_lock(&slot->of->lock);
	busy = slot->busy;
	memcpy(id, slot->id, UUID_TEXT);
	*at = slot->at;
	(void)pthread_mutex_unlock(&slot->of->lock);
	return busy;
}

/* Only as long as it still does the same. */
static void
slot_stop(struct operation_slot *slot, const char *id)
{
	(void)pthread_mutex_lock(&slot->of->lock);
	if (slot->busy && strcmp(slot->id, id) == 0)
		atomic_store(&slot->stop, true);
	(void)pthread_mutex_unlock(&slot->of->lock);
}

static void
slot_interrupt(struct operation_slot *slot)
{
	(void)pthread_mutex_lock(&slot->interrupt_lock);
	if (atomic_load(&slot->stop))
		db_interrupt_send(slot->interrupt);
	(void)pthread_mutex_unlock(&slot->interrupt_lock);
}

void
operations_cancelled(struct operations *ops, const char *id)
{
	for (int i = 0; i < OPERATION_WORKERS_MAX; i++)
		slot_stop(&ops->slots[i], id);
}

static enum stw_code
beat_all(struct operations *ops, struct db *db, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int i = 0; rc == STW_OK && i < OPERATION_WORKERS_MAX; i++) {
		struct operation_progress at;
		char id[UUID_TEXT];
		bool mine = true;

		if (!slot_look(&ops->slots[i], id, &at))
			continue;
		rc = operation_beat(db, id, ops->worker, &at, &mine, err);
		if (rc == STW_OK && !mine)
			slot_stop(&ops->slots[i], id);
	}
	return rc;
}

static enum stw_code
give_up(struct operations *ops, struct db *db, const char *worker, struct stw_err *err)
{
	int64_t count = 0;
	enum stw_code rc =
	    operation_give_up(db, worker, app_now(ops->server->app), &count, err);

	if (rc == STW_OK && count > 0)
		log_event(LOG_WARN, "operations_interrupted", "operations=%lld",
		    (long long)count);
	return rc;
}

struct rounds {
	stw_usec beat, look, prune; /* when each was done last */
};

static bool
is_due(stw_usec *last, stw_usec every)
{
	stw_usec now = stw_monotonic();

	if (*last != 0 && now - *last < every)
		return false;
	*last = now;
	return true;
}

static enum stw_code
go_round(
    struct operations *ops, struct db *db, struct rounds *rounds, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int i = 0; i < OPERATION_WORKERS_MAX; i++)
		slot_interrupt(&ops->slots[i]);
	if (is_due(&rounds->beat, BEAT_EVERY))
		rc = beat_all(ops, db, err);
	if (rc == STW_OK)
		rc = answer_waiters(ops, db, err);
	if (rc == STW_OK && is_due(&rounds->look, LOOK_EVERY))
		rc = give_up(ops, db, NULL, err);
	if (rc == STW_OK && is_due(&rounds->prune, PRUNE_EVERY))
		rc = operation_prune(db, app_now(ops->server->app) - KEPT, err);
	return rc;
}

void *
operations_keep(void *arg)
{
	struct operations *ops = arg;
	struct db *db = operations_connect(ops, NULL);
	struct rounds rounds = {0};
	struct stw_err err;

	while (db != NULL && !atomic_load(&ops->keeper_ends)) {
		if (go_round(ops, db, &rounds, &err) != STW_OK) {
			log_err(LOG_WARN, "operations_not_kept", &err);
			db = operations_connect(ops, db);
		}
		(void)usleep(ROUND_MSEC * 1000);
	}
	if (db != NULL && give_up(ops, db, ops->worker, &err) != STW_OK)
		log_err(LOG_WARN, "operations_not_given_up", &err);
	db_close(db);
	return NULL;
}
