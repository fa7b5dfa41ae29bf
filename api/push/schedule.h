/*
 * schedule.h - how much each queue may be sent now.
 *
 * Purpose    After Postfix's queue manager, and pure. Each queue has a window: how many
 *            pushes may be in flight. A result moves it by less than one: by half, upwards,
 *            until the queue fails for the first time; then only a whole cohort of the
 *            same kind moves it, by one. A queue that fails a whole cohort is
 *            dead: it is left alone, then probed with one task, ever more rarely. Pace
 *            (tasks a second or minute), batches with a pause after each, and opening
 *            hours hold it back further. Turns go round over all queues.
 * Rules      0 <= window <= limits.concurrency, and never below 1 but for a dead queue.
 *            A queue leaves room for the first pushes of every other queue, so that one
 *            that hangs with all it may have holds up none of them.
 * Units      mono: monotonic stw_usec; now: business time, for the hours only.
 * Ownership  Allocates nothing. Zero is a queue that nothing is known of.
 * Errors     None.
 */
#ifndef STW_API_PUSH_SCHEDULE_H
#define STW_API_PUSH_SCHEDULE_H

#include <stdint.h>

#include "engine/zone.h"

#define SCHEDULE_FIRST 5  /* the window of a queue that nothing is known of */
#define SCHEDULE_TURN  16 /* tasks of one queue before it is the next one's turn */

/* What the operators say. */
struct schedule_limits {
	int concurrency;           /* most pushes in flight; at least 1 */
	int rate, rate_sec;        /* at most so many in so many seconds; 0: any */
	int batch, batch_pause_ms; /* a pause after so many; 0: none */
	int hours_from, hours_to;  /* minutes of the day, to excluded; equal: always */
	const struct zone *zone;   /* of the hours */
};

/* What was learned. */
struct schedule_queue {
	int window;          /* 0: not begun, or dead */
	int gain, loss;      /* hysteresis, in millionths of one */
	bool has_failed;     /* from then on it grows by one a cohort */
	int failed;          /* in a row, in millionths of a cohort */
	int deaths;          /* one after the other */
	bool probing;        /* one push is out to see */
	stw_usec dead_until; /* 0: alive */
	int in_batch;        /* since the last pause */
	stw_usec pause_until;
	stw_usec rate_from; /* of the period that is counted */
	int in_period;
};

/* How many pushes may be in flight now, had it none; 0: dead. */
int schedule_window(
    const struct schedule_queue *q, const struct schedule_limits *limits);
bool schedule_is_dead(const struct schedule_queue *q);
/* How many more pushes may begin, with so many in flight, of which `waiting` have not begun. */
int schedule_room(const struct schedule_queue *q, const struct schedule_limits *limits,
    int in_flight, int waiting, stw_usec mono, stw_usec now);
/* When schedule_room may be more than it is, seen from the clock alone: mono when it is
 * not for the clock to say, STW_USEC_MAX while a probe is out. */
stw_usec schedule_wait(const struct schedule_queue *q,
    const struct schedule_limits *limits, stw_usec mono, stw_usec now);
/* How long what was pushed can keep the next one waiting; 0: there is no pace. */
stw_usec schedule_pace(const struct schedule_limits *limits);
/* How much of that is left now, for another that pushes next. */
stw_usec schedule_spent(const struct schedule_queue *q,
    const struct schedule_limits *limits, stw_usec mono);
/* A push began. */
void schedule_begin(
    struct schedule_queue *q, const struct schedule_limits *limits, stw_usec mono);
/* A push ended. hold: the queue asked to be left alone for so long (-1: it did not);
 * random: any number. */
void schedule_end(struct schedule_queue *q, const struct schedule_limits *limits,
    bool failed, stw_usec hold, stw_usec mono, uint32_t random);

/* How many slots of `slots` queue `at` may have in all, when each of the n queues keeps
 * what it has in flight and has a right to its first ones. in_flight, concurrency: of each
 * queue that is open (concurrency 0: it is not). */
int schedule_share(
    const int *in_flight, const int *concurrency, int n, int at, int slots);

/* Gives out up to `left` tasks in turns, SCHEDULE_TURN at most to each before it is the
 * next one's, and again while somebody has room, beginning with queue *next, which is moved on so that the one that went without is first next time.
 * room[i] is what queue i may have, take[i] what it gets. */
void schedule_turns(const int *room, int n, int left, int *next, int *take);

#endif
