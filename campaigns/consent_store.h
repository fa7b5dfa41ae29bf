/*
 * consent_store.h - consent: append-only history, effective at once.
 *
 * Purpose    Grant, withdraw, end early, note a refusal, and read the history. A withdrawal
 *            cancels the customer's open tasks it covers and asks for the recall of what
 *            was pushed, in the same transaction as the event and its ledger entry.
 * Times      effective_at is when it was true in the world, recorded_at when the bank
 *            learnt of it. What is recorded is never changed: a withdrawal that arrives
 *            late leaves old decisions as they were. At the same instant a withdrawal
 *            beats a grant.
 * Locks      customer_permission FOR UPDATE -> task -> outbox. The gate holds
 *            customer_permission FOR NO KEY UPDATE, so after a withdrawal commits no dispatch and
 *            no permit that begins later is granted; the dispatcher holds the task while
 *            its push leaves, so no push starts either.
 * Rules      CN-01..CN-08, EU-01, DE-01, HK-03 of the rule register; docs/consent.md.
 */
#ifndef STW_CAMPAIGNS_CONSENT_STORE_H
#define STW_CAMPAIGNS_CONSENT_STORE_H

#include "db/db.h"
#include "engine/uuid.h"

struct consent_event {
	struct uuid id; /* carries the customer's bucket */
	const char *
	    action; /* grant, withdraw, expire (ends grants), refuse (asked, said no) */
	const char
	    *subject; /* NULL or contact; profiling: withdraw opts out, grant in */
	const char *purpose, *channel; /* "*": all, in a withdrawal only */
	const char *product_class;     /* "*": any */
	const char *controller;        /* to whom it was given; NULL: the bank */
	const char *recipient;         /* who may use it: "bank" */
	int64_t point_id;              /* 0: any number of the customer */
	const char *form, *notice_version, *source, *actor;
	const char *evidence; /* reference */
	const char
	    *evidence_sha256; /* of what lies there, 64 hexadecimal digits; or NULL */
	const char *separate_kind; /* the kind of sensitive data it is about; or NULL */
	bool written;              /* a signed agreement */
	const char *guardian;      /* who gave it for a minor; or NULL */
	stw_usec effective_at, recorded_at;
	stw_usec expires_at; /* STW_USEC_MAX: never */
};

struct consent_effect {
	bool added;            /* false: this very event was recorded before */
	int64_t epoch;         /* of the customer's permissions, after the event */
	int64_t cancelled;     /* tasks that had not left */
	int64_t recalled;      /* tasks pushed already: recall asked for */
	stw_usec committed_at; /* business time of the event's recording */
	stw_usec effective_at; /* STW_USEC_MAX: something pushed is still on the wire */
};

/* The id for a caller's own reference of an event: the same customer and reference give
 * the same id, also when it is imported. */
struct uuid consent_id(const char *customer_ref, const char *ref, int bucket);

/* Inside the caller's transaction (db_begin), so that an API call can keep its idempotency
 * key with the effect. The same event twice changes nothing; another one under its id is a
 * CONFLICT. INVALID: what the event says cannot be. */
enum stw_code consent_record(struct db *db, int bucket, int64_t customer_id,
    const struct consent_event *event, stw_usec now, struct consent_effect *out,
    struct stw_err *err) STW_MUST_USE;

/* Newest first. */
enum stw_code consent_history(struct db *db, int bucket, int64_t customer_id,
    struct arena *arena, struct consent_event **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
