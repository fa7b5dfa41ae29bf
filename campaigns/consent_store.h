/*
 * consent_store.h - consent and objections: append-only history, effective at once.
 *
 * Purpose    Grant, withdraw, object, and read the history. A withdrawal or objection
 *            cancels the customer's open tasks it covers and asks for the recall of what
 *            was pushed, in the same transaction as the event and its ledger entry.
 * Locks      contact guard (objection on a number) -> customer_permission FOR UPDATE ->
 *            task -> outbox. The gate holds customer_permission FOR SHARE, so after a
 *            withdrawal commits no dispatch and no permit that begins later is granted.
 */
#ifndef STW_CAMPAIGNS_CONSENT_STORE_H
#define STW_CAMPAIGNS_CONSENT_STORE_H

#include "db/db.h"
#include "engine/uuid.h"

struct consent_event {
	struct uuid id;
	const char *action;            /* grant, withdraw */
	const char *purpose, *channel; /* "*": all, in a withdrawal only */
	const char *product_class;     /* "*": any */
	const char *recipient;         /* "bank" */
	int64_t point_id;              /* 0: any number of the customer */
	const char *form, *notice_version, *evidence, *source, *actor;
	stw_usec effective_at, recorded_at;
	stw_usec expires_at; /* STW_USEC_MAX: never */
};

struct consent_effect {
	int64_t epoch;         /* of the customer's permissions, after the event */
	int64_t cancelled;     /* tasks that had not left */
	int64_t recalled;      /* tasks pushed already: recall asked for */
	stw_usec committed_at; /* business time of the event's recording */
};

/* The three below work inside the caller's transaction (db_begin), so that an API call
 * can keep its idempotency key with the effect. The same id twice changes nothing. */
enum stw_code consent_record(struct db *db, int bucket, int64_t customer_id,
    const struct consent_event *event, stw_usec now, struct consent_effect *out,
    struct stw_err *err) STW_MUST_USE;

struct objection_event {
	struct uuid id;
	const char *kind;    /* do_not_call, channel_opt_out, carrier_reject */
	const char *channel; /* "*": all */
	int64_t point_id;    /* 0: the person; else also everybody on that number */
	const char *source, *actor;
	stw_usec effective_at;
};
enum stw_code objection_record(struct db *db, int bucket, int64_t customer_id,
    const struct objection_event *event, stw_usec now, struct consent_effect *out,
    struct stw_err *err) STW_MUST_USE;

/* Newest first. */
enum stw_code consent_history(struct db *db, int bucket, int64_t customer_id,
    struct arena *arena, struct consent_event **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
