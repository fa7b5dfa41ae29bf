/*
 * queue_store.h - the queues that tasks are pushed to: settings, state, how they fare.
 *
 * Purpose    Put (insert or change), open and close, list; and what each dispatcher has
 *            learned of each queue, for operators and /metrics. Changes are ledger entries
 *            ("rule_change"); a queue that says it is gone (410) is closed and an incident
 *            (QUEUE_GONE) until a person opens it again.
 * Units      Hours are minutes of the day in the queue's zone, hours_to excluded; equal
 *            ones: always open.
 * Ownership  What is read lives in the arena.
 * Errors     Puts and changes are transactions of their own, or part of the caller's when
 *            lent.
 */
#ifndef STW_CAMPAIGNS_QUEUE_STORE_H
#define STW_CAMPAIGNS_QUEUE_STORE_H

#include "db/db.h"
#include "db/seal.h"

#define QUEUE_TRIES_MAX 30 /* when nobody says otherwise */

struct queue_row {
	int64_t queue_id;
	const char *code, *kind, *url;
	const char *state;                /* open, paused, disabled; a put leaves it */
	const char *state_by, *state_why; /* NULL: it was never closed */
	bool dedupes;
	int concurrency, timeout_ms;
	int tries_max;             /* 0 in a put: QUEUE_TRIES_MAX */
	int rate, rate_sec;        /* at most rate in 1 or 60 seconds; 0: any */
	int batch, batch_pause_ms; /* a pause after so many; 0: none */
	int hours_from, hours_to;
	const char *zone; /* NULL in a put: the schema's default */
	const char
	    *secret; /* "whsec_..."; open only where it was asked for. NULL in a put
	                     * leaves that of before */
	/* How it is spoken to: NULL, Steward's own protocol; else a connector, what the
	 * queue adds to it (a JSON object of texts; NULL in a put: empty), and, in reads,
	 * the document of its version in force, or NULL. */
	const char *connector, *connector_settings, *document;
	/* PEM: whom it trusts (NULL: whom the system trusts), and who we are. */
	const char *ca, *client_cert;
	const char *client_key; /* as `secret`; goes with the certificate */
	bool has_client_key;    /* reads */
	stw_usec updated_at;
	int64_t waiting, pushed, unknown, dead; /* task counts (queue_list only) */
};
enum stw_code queue_put(struct db *db, const struct seal_keys *keys,
    const struct queue_row *queue, const char *actor, stw_usec now,
    struct stw_err *err) STW_MUST_USE;
/* Settings alone; keys NULL: secrets stay closed (secret is NULL); code NULL: all. */
enum stw_code queue_targets(struct db *db, const struct seal_keys *keys,
    const char *code, struct arena *arena, struct queue_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;
/* With task counts, secrets closed. */
enum stw_code queue_list(struct db *db, const char *code, struct arena *arena,
    struct queue_row **out, int *count, struct stw_err *err) STW_MUST_USE;
/* code NULL: all queues. *changed counts them. */
enum stw_code queue_set_url(struct db *db, const char *code, const char *url,
    stw_usec now, int *changed, struct stw_err *err) STW_MUST_USE;
/* A person opens or disables it. CONFLICT: it is in that state already. */
enum stw_code queue_set_state(struct db *db, int64_t queue_id, const char *state,
    const char *actor, const char *why, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* The queue answered 410: disabled, with an incident; nothing new when it is already. */
enum stw_code queue_gone(struct db *db, int64_t queue_id, const char *code,
    stw_usec now, struct stw_err *err) STW_MUST_USE;

/* Wraps the key of each queue's secrets with the newest kek. *done: how many were. */
enum stw_code queue_secrets_rewrap(struct db *db, const struct seal_keys *keys,
    int64_t *done, struct stw_err *err) STW_MUST_USE;

/* ---- how they fare ------------------------------------------------------------------ */
struct queue_health {
	int64_t queue_id;
	const char *queue; /* code; reads only */
	const char *worker;
	int concurrency, in_flight, deaths;
	stw_usec dead_for;   /* puts: from now; 0: alive */
	stw_usec dead_until; /* reads; NEVER: alive */
	int64_t sent, accepted, retried, refused, unknown, stale, dead;
	stw_usec last_ok_at, last_failed_at; /* NEVER: not yet */
	int last_status;                     /* of the last failure; 0: no answer */
	const char *last_error;              /* NULL: none */
	stw_usec seen_at;                    /* reads */
};
/* In the caller's transaction, or none. */
enum stw_code queue_health_put(
    struct db *db, const struct queue_health *health, struct stw_err *err) STW_MUST_USE;
/* Of dispatchers that were heard of in the last two minutes; code NULL: all queues. */
enum stw_code queue_health_list(struct db *db, const char *code, struct arena *arena,
    struct queue_health **out, int *count, struct stw_err *err) STW_MUST_USE;

#endif
