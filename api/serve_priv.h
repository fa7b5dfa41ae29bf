/*
 * serve_priv.h - what the files of the server process share and no other sees.
 *
 * Purpose    serve.c starts and ends the threads; serve_tick.c is the schedule: stages and
 *            segments in one thread, planning in another, each with its own connection.
 */
#ifndef STW_API_SERVE_PRIV_H
#define STW_API_SERVE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/push/egress.h"
#include "api/server.h"

#define SERVE_THREADS    6
#define SERVE_RETRY_MSEC 1000

struct serve {
	struct app *app;
	struct server server;
	struct egress egress;
	atomic_bool stop;
	_Atomic int64_t
	    ticks; /* over everybody, that went well: planning follows them */
	pthread_t threads[SERVE_THREADS];
	int nthreads;
	char worker[64];
};

/* Sleeps in small pieces, so that a stop is seen at once. */
void serve_pause(const struct serve *serve, int64_t msec);
/* Until there is a connection, or NULL at a stop. */
struct db *serve_connect(const struct serve *serve, const char *what);
/* host is the serve. NULL: not to be had now. */
const struct ruleset *serve_rules_now(void *host, struct db *db);
/* Until there are rules, or NULL at a stop. */
const struct ruleset *serve_rules(struct serve *serve, struct db *db);

/* Threads; arg is the serve. */
void *serve_tick_main(void *arg);
/* Where a book is kept. Without one a tick plans, too: each loads a book of its own. */
void *serve_plan_main(void *arg);

#endif
