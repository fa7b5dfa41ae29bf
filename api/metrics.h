/*
 * metrics.h - what the HTTP server counts about itself.
 *
 * Threads    Any; counters are atomic.
 */
#ifndef STW_API_METRICS_H
#define STW_API_METRICS_H

#include <stdatomic.h>

#include "api/route.h"
#include "engine/time.h"

#define METRICS_ROUTES  256
#define METRICS_CLASSES 6 /* 0: other, 1xx..5xx */
#define METRICS_BUCKETS 12

/* What ticks consist of. */
enum metrics_part {
	METRICS_BOOK = 0, /* until the book is there, with the traits of now */
	METRICS_STAGES,
	METRICS_SEGMENTS,
	METRICS_CHANGES, /* the three at once, for customers who just changed */
	METRICS_PLANNING,
	METRICS_PARTS /* how many */
};

struct metrics {
	_Atomic uint64_t requests[METRICS_ROUTES][METRICS_CLASSES];
	_Atomic uint64_t unrouted[METRICS_CLASSES];
	_Atomic uint64_t buckets[METRICS_BUCKETS + 1];
	_Atomic uint64_t usec_sum;
	/* How long the oldest entry of each seal waited to be covered. */
	_Atomic uint64_t covered[METRICS_BUCKETS + 1], covered_usec;
	_Atomic uint64_t parts[METRICS_PARTS][METRICS_BUCKETS + 1];
	_Atomic uint64_t parts_usec[METRICS_PARTS], parts_last[METRICS_PARTS];
	_Atomic uint64_t denied, unauthenticated, replayed, throttled, overloaded;
	_Atomic int64_t in_flight;
	_Atomic int64_t
	    clock_skew; /* the database's clock is so much ahead, microseconds */
};

/* route -1: no route of the table. */
void metrics_count(struct metrics *metrics, int route, int status, stw_usec took);
void metrics_part(struct metrics *metrics, enum metrics_part part, stw_usec took);
void metrics_covered(struct metrics *metrics, stw_usec waited);
/* Prometheus text format 0.0.4. */
void metrics_write(
    struct metrics *metrics, const struct route *routes, int count, struct buf *to);

#endif
