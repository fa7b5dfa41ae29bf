/*
 * objection_store.h - objections: do not call, not on this channel, the carrier's list.
 *
 * Purpose    An objection binds a person, a number (then everybody who shares it) or a
 *            household (then each of its members). It takes effect like a withdrawal
 *            (consent_store.h), in the transaction that records it; it stands until it is
 *            lifted, and stays on record after.
 * Locks      number's guard (scope number) -> customer_permission FOR UPDATE, of all
 *            members in key order (scope household) -> task -> outbox.
 * Rules      CN-10, CN-11, CN-20, US-04, UK-01, EU-02.
 */
#ifndef STW_CAMPAIGNS_OBJECTION_STORE_H
#define STW_CAMPAIGNS_OBJECTION_STORE_H

#include "campaigns/consent_store.h"

struct objection_event {
	struct uuid id;      /* carries the customer's bucket */
	const char *kind;    /* do_not_call, channel_opt_out, carrier_reject */
	const char *channel; /* "*": all */
	int64_t point_id;    /* scope number: which; else 0 */
	bool household;      /* the whole household of the customer */
	const char *cause;   /* of a carrier_reject; or NULL */
	const char *source, *actor;
	stw_usec effective_at;
};
/* In the caller's transaction; the same id twice changes nothing. NOT_FOUND: no such
 * number, or no household. */
enum stw_code objection_record(struct db *db, int bucket, int64_t customer_id,
    const struct objection_event *event, stw_usec now, struct consent_effect *out,
    struct stw_err *err) STW_MUST_USE;

/* From now on it binds nobody. NOT_FOUND: not the customer's. CONFLICT: lifted already. In
 * the caller's transaction, with a ledger entry. */
enum stw_code objection_lift(struct db *db, int bucket, int64_t customer_id,
    const struct uuid *id, const char *evidence, const char *actor, stw_usec now,
    struct stw_err *err) STW_MUST_USE;

struct objection_row {
	const char *id, *kind, *channel, *scope, *source, *actor, *cause;
	const char *phone_mask, *household; /* or NULL */
	const char *lifted_by, *lift_evidence;
	bool own; /* by the customer; else by a sharer or a member of the household */
	stw_usec effective_at, recorded_at;
	stw_usec lifted_at; /* STW_USEC_MAX: stands */
};
/* All that bind or bound the customer, newest first. */
enum stw_code objection_list(struct db *db, int bucket, int64_t customer_id,
    struct arena *arena, struct objection_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;

/* What a carrier's answer to a call means: data, which a bank completes for its carriers. */
enum carrier_effect { CARRIER_NONE = 0, CARRIER_REFUSAL, CARRIER_REJECT_LIST };
struct carrier_cause {
	const char *cause;  /* "sip-608" */
	const char *effect; /* none, refusal, reject_list */
	const char *text_zh, *text_en, *source, *updated_by;
};
/* INVALID: an unknown cause. */
enum stw_code carrier_cause_find(struct db *db, const char *cause,
    enum carrier_effect *out, struct stw_err *err) STW_MUST_USE;
enum stw_code carrier_cause_list(struct db *db, struct arena *arena,
    struct carrier_cause **out, int *count, struct stw_err *err) STW_MUST_USE;
/* In the caller's transaction. */
enum stw_code carrier_cause_put(struct db *db, const struct carrier_cause *cause,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;

#endif
