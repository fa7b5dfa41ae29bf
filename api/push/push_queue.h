/*
 * push_queue.h - the queues that a dispatcher pushes to, and how they fare.
 *
 * Purpose    What the database says about each queue (address, limits, secrets) beside
 *            what the dispatcher has learned of it (in flight, circuit breaker, when to
 *            ask for work again). Reloading changes the first and keeps the second.
 * Ownership  A list; push_queues_free. A queue that is gone from the database goes when
 *            nothing of it is in flight any more; pointers stay good until then.
 * Rules      A queue whose secret cannot be used is closed: nothing is pushed unsigned.
 */
#ifndef STW_API_PUSH_PUSH_QUEUE_H
#define STW_API_PUSH_PUSH_QUEUE_H

#include "api/push/verdict.h"
#include "api/push/webhook.h"
#include "db/seal.h"

#define PUSH_SECRETS_MAX 4

struct push_queue {
	int64_t id;
	char *code, *url, *recall_url;
	bool open, dedupes, seen;
	int concurrency, timeout_ms;
	struct webhook_secret secrets[PUSH_SECRETS_MAX];
	size_t nsecrets;
	int in_flight, recalls; /* gated, sent or not yet settled */
	struct breaker breaker;
	stw_usec next_claim; /* monotonic */
	bool full;           /* the last claim left something behind */
	stw_usec retry_at;   /* business time; the last retry of this pass, 0: none */
	struct push_queue *next;
};

enum stw_code push_queues_reload(struct push_queue **queues, struct db *db,
    const struct seal_keys *keys, struct arena *arena,
    struct stw_err *err) STW_MUST_USE;
/* NULL: none. */
struct push_queue *push_queue_find(struct push_queue *queues, int64_t id);
void push_queues_free(struct push_queue **queues);

#endif
