/*
 * workers.h - the threads that do what requests ask for, and the line before them.
 *
 * Purpose    The threads of the HTTP server only read and write sockets; what may wait for the
 *            database is put here. So a database that hangs, a slow client and a long
 *            evaluation each hold up what waits for them, and nothing else.
 * Rules      Next is the oldest piece of the sender that has the fewest running, and one sender
 *            never has the last thread: it cannot put itself before the others. At most half of the threads (one of a
 *            single one) do slow pieces. At most WORKERS_WAITING pieces wait, each
 *            WORKERS_WAIT (a slow one WORKERS_WAIT_SLOW): what is too much is told so.
 *            A piece that is not slow and runs longer than it may loses its connection to
 *            the database, and so ends.
 * Ownership  A piece is the caller's, and not touched after its done().
 * Threads    Any; run() on a thread of the workers, late() and done() on any.
 */
#ifndef STW_API_WORKERS_H
#define STW_API_WORKERS_H

#include "db/db.h"
#include "engine/time.h"

#define WORKERS_WAITING   512
#define WORKERS_WAIT      STW_USEC_SEC
#define WORKERS_WAIT_SLOW (10 * STW_USEC_SEC)

struct work {
	/* given */
	void (*run)(struct work *work);
	void (*late)(struct work *work); /* instead of run; NULL: waits without end */
	void (*done)(struct work *work); /* the last that is done with it */
	uint64_t who;                    /* the sender; 0: nobody in particular */
	bool slow;
	bool last; /* taken to the end, also by workers that take no more */
	/* its own */
	struct work *next;
	stw_usec since; /* it waits, or runs */
	struct db *db;
	bool cut;
};

struct workers;

/* longest: what a piece that is not slow may take. */
enum stw_code workers_open(int threads, stw_usec longest, struct workers **out,
    struct stw_err *err) STW_MUST_USE;
/* False, and nothing is done with it: the workers take no more (workers_drain). Where too
 * much waits it is told at once that it is late. */
bool workers_put(struct workers *workers, struct work *work);
/* The connection that a running piece works with now; NULL: none any more. */
void workers_db(struct workers *workers, struct work *work, struct db *db);
/* Every few hundredths of a second: who has waited or run for too long. */
void workers_look(struct workers *workers, stw_usec now);
/* How many wait. */
int workers_waiting(struct workers *workers);
/* Takes no more, and ends what there is: after `patience` without the database. Every done()
 * but those of `last` pieces has returned then. */
void workers_drain(struct workers *workers, stw_usec patience);
void workers_close(struct workers *workers);

#endif
