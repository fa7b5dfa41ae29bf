/*
 * operations.h - the workers that carry out what would keep a connection waiting.
 *
 * Purpose    A request of a ROUTE_OPERATION is answered with 202 and kept (operation_ask);
 *            one of a few workers carries it out as the request that it was, with a
 *            connection of its own. A keeper says every half second that they live and how
 *            far they are, hears that an operation was cancelled, and gives up those whose
 *            server is gone. `Prefer: wait=N` lets the connection sleep until it has ended.
 * Rules      What an operation does and that it did it commit together, so that one that
 *            was cancelled or given up did nothing. One is carried out at most once.
 * Limits     Workers by the setting, OPERATIONS_OPEN a person, WAITERS_MAX who
 *            wait; then 202 without waiting.
 * Ownership  Part of the server: operations_init/operations_fini.
 * Errors     Logged; a database that is away is waited for.
 * Threads    wake, cancelled and wait from any; start and stop from one.
 */
#ifndef STW_API_OPERATIONS_H
#define STW_API_OPERATIONS_H

#include <pthread.h>

#include "api/operation_store.h"
#include "api/request.h"
#include "engine/uuid.h"

#define OPERATION_WORKERS_MAX 16
#define WAITERS_MAX           64
#define WAIT_MAX_SEC          30

/* One thing that can be asked for; run answers the request that it is given. */
struct operation_kind {
	const char *name;
	void (*run)(struct api_request *req);
	bool effect; /* runs in a transaction that commits with its end */
};
/* NULL: there is none. */
const struct operation_kind *operation_kind_find(const char *name);

/* A worker and what it does. */
struct operation_slot {
	struct operations *of;
	pthread_t thread;
	atomic_bool stop; /* what it does is not wanted any more */
	bool busy;
	char id[UUID_TEXT];
	struct operation_progress at;
	pthread_mutex_t interrupt_lock;
	struct db_interrupt *interrupt;
};

struct operation_waiter {
	char id[UUID_TEXT];
	stw_usec until; /* monotonic */
	void (*over)(void *arg);
	void *arg;
};

struct operations {
	struct server *server;
	char worker[UUID_TEXT];
	pthread_mutex_t lock;
	pthread_cond_t woken;
	int news; /* how often somebody called wake */
	bool closing;
	atomic_bool keeper_ends;
	int nslots;
	bool keeping;
	pthread_t keeper;
	struct operation_slot slots[OPERATION_WORKERS_MAX];
	struct operation_waiter waiters[WAITERS_MAX];
	int nwaiters;
};

void operations_init(struct operations *ops, struct server *server);
enum stw_code operations_start(
    struct operations *ops, int workers, struct stw_err *err) STW_MUST_USE;
/* What is under way is interrupted, who waits is answered; before the HTTP server stops. */
void operations_stop(struct operations *ops);
void operations_fini(struct operations *ops);

/* One more waits, committed. */
void operations_wake(struct operations *ops);
/* It was cancelled: if it is carried out here, that ends now. */
void operations_cancelled(struct operations *ops, const char *id);
/* over(arg) once the operation has ended, or after so long, on any thread; it calls nothing
 * of this. False: it is not waited for, and over is not called. */
bool operations_wait(struct operations *ops, const char *id, int seconds,
    void (*over)(void *arg), void *arg);

/* Keeps the request as an operation of this kind and answers 202, or 429. */
void operation_ask(struct api_request *req, const char *kind);
/* After a wait: what came of it, as if it had been answered at once; else 202. */
void operation_answer(struct api_request *req);

#endif
