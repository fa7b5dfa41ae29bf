/*
 * push_queue.h - the queues that a dispatcher pushes to, and how they fare.
 *
 * Purpose    What the database says about each queue (address, limits, secrets) beside
 *            what the dispatcher has learned of it (in flight, its window, when to ask
 *            for work again). Reloading changes the first and keeps the second.
 * Ownership  A list; push_queues_free. A queue that is gone from the database goes when
 *            nothing of it is in flight any more; pointers stay good until then.
 * Rules      A queue whose secret or zone cannot be used is closed: nothing is pushed unsigned.
 */
#ifndef STW_API_PUSH_PUSH_QUEUE_H
#define STW_API_PUSH_PUSH_QUEUE_H

#include "api/push/push_target.h"
#include "api/push/schedule.h"
#include "api/push/webhook.h"
#include "db/db.h"
#include "db/seal.h"

#define PUSH_SECRETS_MAX 4

#define PUSH_ERROR_MAX 200

/* Since the dispatcher began. */
struct push_counts {
	int64_t sent, accepted, retried, refused, unknown, stale, dead;
};

struct push_queue {
	int64_t id;
	char *code, *url, *recall_url;
	struct push_target *target; /* its connector; NULL: Steward's own protocol */
	struct http_tls tls;        /* of tls_text */
	char *tls_text[3];
	bool open, dedupes, seen;
	int timeout_ms;
	struct schedule_limits limits;
	struct webhook_secret secrets[PUSH_SECRETS_MAX];
	size_t nsecrets;
	int in_flight, recalls; /* gated, sent or not yet settled */
	int gating;             /* of them, at the gate */
	struct schedule_queue schedule;
	stw_usec next_claim; /* monotonic */
	stw_usec turn_until; /* monotonic: ours until then, where there is a pace */
	bool full;           /* the last claim left something behind */
	bool retries_first;  /* retries and new work are drawn in turn */
	stw_usec lane_empty[2], next_expire;
	bool gone; /* answered 410, which is still to be written down */
	stw_usec next_health;
	struct push_counts counts;
	stw_usec last_ok, last_failed; /* business time; 0: never */
	int last_status;
	char last_error[PUSH_ERROR_MAX];
	stw_usec retry_at; /* business time; the last retry of this pass, 0: none */
	struct push_queue *next;
};

enum stw_code push_queues_reload(struct push_queue **queues, struct db *db,
    const struct seal_keys *keys, struct arena *arena,
    struct stw_err *err) STW_MUST_USE;
/* NULL: none. */
struct push_queue *push_queue_find(struct push_queue *queues, int64_t id);
/* Before a queue is put: secrets that sign, a connector in force (row->document) whose
 * settings and secrets are complete, texts of certificates that are some. */
enum stw_code push_queue_check(
    const struct queue_row *row, struct stw_err *err) STW_MUST_USE;
/* INVALID: the secret that `known` has would be sent to another place by this row, which was
 * given none: one person alone may not do that. */
enum stw_code push_queue_secret_stays(const struct queue_row *row,
    const struct queue_row *known, struct stw_err *err) STW_MUST_USE;
/* All is there that requests need: secrets, a token. */
bool push_queue_is_ready(const struct push_queue *queue);
/* It wants a token and was not given one: not worth a pass's waiting. */
bool push_queue_is_shut(const struct push_queue *queue);
void push_queues_free(struct push_queue **queues);

#endif
