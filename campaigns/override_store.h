/*
 * override_store.h - what persons allowed, in the database.
 *
 * Purpose    An override answers one reason of one recorded decision. Asked for, approved,
 *            rejected, withdrawn: each a step of its history and an entry of the ledger, in
 *            the caller's transaction. While it holds, all three gates find it among the
 *            facts (campaigns/facts_store.h). Also who waits for one.
 * Units      It holds in [approved_at, expires_at), or until it is withdrawn.
 * Ownership  Everything in the arena.
 * Errors     NOT_FOUND; INVALID names the member; CONFLICT: nobody may allow it, one's own,
 *            or it is in another state or over.
 * Locks      Withdrawing takes the customer's permissions, as a consent does: a gate that
 *            counts on the override holds them (FOR NO KEY UPDATE) until its decision commits. What
 *            was handed over on its strength is recalled in the same transaction.
 * Rules      compliance.md sections 3 and 7.1; decision 0033.
 */
#ifndef STW_CAMPAIGNS_OVERRIDE_STORE_H
#define STW_CAMPAIGNS_OVERRIDE_STORE_H

#include "campaigns/consent_store.h"
#include "db/db.h"
#include "engine/uuid.h"

struct override_new {
	struct uuid decision_id;
	const char *code;
	const char *rule; /* NULL: whichever says the code; of a block, the only one */
	bool any_campaign, any_point; /* else those of the decision */
	const char *reason;
	stw_usec expires_at;
	int max_days;
	const char *actor;
};
/* A review is approved at once; a block waits for a second person. */
enum stw_code override_request(struct db *db, const struct override_new *o,
    stw_usec now, struct uuid *id, struct stw_err *err) STW_MUST_USE;

/* Somebody else agrees. */
enum stw_code override_approve(struct db *db, const struct uuid *id, const char *actor,
    stw_usec now, struct stw_err *err) STW_MUST_USE;
/* One that waits. */
enum stw_code override_reject(struct db *db, const struct uuid *id, const char *why,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* One that waits or holds. *effect is that of a withdrawal, with the same id. */
enum stw_code override_withdraw(struct db *db, const struct uuid *id, const char *why,
    const char *actor, stw_usec now, struct consent_effect *effect,
    struct stw_err *err) STW_MUST_USE;

struct override_row {
	struct uuid id;
	int bucket;
	int64_t customer_id;
	const char *customer_ref, *campaign; /* campaign NULL: every one */
	const char *phone_mask;              /* NULL: every number */
	int64_t point_id;                    /* 0: every one */
	const char *decision_id, *kind, *code, *rule, *layer, *outcome, *reason;
	const char *requested_by, *approved_by, *closed_by;
	stw_usec requested_at, approved_at, closed_at; /* STW_USEC_NEVER: not yet */
	stw_usec expires_at;
	const char *state; /* requested, approved, rejected, withdrawn, expired */
	int64_t uses;      /* decisions that rest on it */
};
struct override_filter {
	const char *state, *customer_ref, *code; /* NULL: any */
	const struct uuid *id;                   /* NULL: any */
	stw_usec before_at; /* of a page: requested before, and the id there */
	const struct uuid *before_id; /* NULL: from the newest on */
};
/* Newest first. */
enum stw_code override_list(struct db *db, const struct override_filter *filter,
    int limit, stw_usec now, struct arena *arena, struct override_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;

struct override_step {
	const char *what, *actor, *why;
	stw_usec at;
};
enum stw_code override_steps(struct db *db, const struct uuid *id, struct arena *arena,
    struct override_step **out, int *count, struct stw_err *err) STW_MUST_USE;

/* Customers of active campaigns whose newest decision there is a review, alone or beside
 * what puts the contact off. */
struct override_waiting {
	struct uuid decision_id;
	char gate; /* P, D, C */
	stw_usec decided_at;
	stw_usec since; /* first of the reviews in a row */
	int64_t customer_id;
	const char *customer_ref, *phone_mask, *campaign, *task_id, *channel, *purpose;
	const char *outcome; /* REVIEW, DEFER */
	const char **codes;  /* all that the decision says, the first first */
	size_t ncodes;
	const char **answered; /* codes that an override answers meanwhile */
	size_t nanswered;
};
struct override_waiting_filter {
	const char *campaign, *code; /* NULL: any */
	stw_usec before_at;
	const struct uuid *before_id; /* NULL: from the newest on */
};
/* Newest decision first. */
enum stw_code override_waiting(struct db *db,
    const struct override_waiting_filter *filter, int limit, stw_usec now,
    struct arena *arena, struct override_waiting **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
