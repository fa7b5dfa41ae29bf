/*
 * rate.h - how many requests one token may send.
 *
 * Purpose    A token bucket for each sender, known by the bytes it sends as Authorization: a
 *            client that has run wild is told to wait before it costs a connection to the
 *            database, and the others do not notice.
 * Rules      `per_second` in the long run, twice as many at once. The table has a fixed size;
 *            where it is full the sender that has asked least gives its place, so that a
 *            sender cannot get rid of its own debt by sending under many names.
 * Units      Instants of stw_monotonic.
 * Ownership  Everything inside the struct; rate_fini.
 * Threads    rate_take from any.
 */
#ifndef STW_API_RATE_H
#define STW_API_RATE_H

#include <pthread.h>
#include <stdbool.h>

#include <sodium.h>

#include "engine/buf.h"
#include "engine/time.h"

#define RATE_SETS 512
#define RATE_WAYS 8

struct rate_slot {
	uint64_t who;     /* 0: free */
	stw_usec free_at; /* until when what was asked for is paid back */
};

struct rate {
	int64_t per_second; /* 0: no limit */
	unsigned char key[crypto_shorthash_KEYBYTES];
	pthread_mutex_t lock;
	struct rate_slot slots[RATE_SETS][RATE_WAYS];
};

struct rate_state {
	int64_t burst;       /* requests that may come at once */
	int64_t remaining;   /* of them now */
	int64_t retry_after; /* whole seconds until one more may come; 0: now */
};

void rate_init(struct rate *rate, int64_t per_second);
void rate_fini(struct rate *rate);

/* What a sender is known by; not 0. */
uint64_t rate_name(const struct rate *rate, struct str who);
/* May one more request of this sender be answered? Where it may not, nothing is owed for
 * it. */
bool rate_take(struct rate *rate, struct str who, stw_usec now, struct rate_state *out);

#endif
