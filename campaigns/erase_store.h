/*
 * erase_store.h - erasing a customer's personal data, by destroying the customer's key.
 *
 * Purpose    After it nothing sealed of the customer opens, here or in any copy of the
 *            database, and nothing else identifies the person. Tasks, decisions (without
 *            what the gate knew, unless a rule of retention keeps it: then blocked), consents
 *            and the ledger stay, about a customer without a name (docs/personal-data.md
 *            says what remains). Objections go on: by number for those who share it, and
 *            on the list of numbers not to be called, so that the person is not called
 *            again after a later import.
 * Rules      Two people: one asks, another confirms, and that does it. A legal hold
 *            refuses. It cannot be undone. compliance.md 7.3, 7.8: not while a record has to
 *            be kept (decision 0051).
 * Locks      planners of the bucket kept out -> numbers' guards -> customer_permission -> customer -> task -> outbox.
 */
#ifndef STW_CAMPAIGNS_ERASE_STORE_H
#define STW_CAMPAIGNS_ERASE_STORE_H

#include "campaigns/compliance/ruleset.h"
#include "db/db.h"
#include "db/seal.h"

struct erase_request {
	int bucket;
	int64_t customer_id;
	const char *reason;   /* a word of erase_reasons */
	const char *case_ref; /* reference of the case */
	const char *actor;
	stw_usec now;
	stw_day today; /* of the institution */
	/* In force: what a rule of retention keeps longer is blocked instead of taken. */
	const struct ruleset *rules;
};

/* Ends with NULL. */
extern const char *const erase_reasons[];

struct erase_result {
	bool erased; /* false: asked for, and waiting for a second person */
	const char *requested_by; /* in the arena */
	stw_usec requested_at;
	int64_t suppressed; /* entries for the list of numbers not to be called */
	int64_t cancelled, recalled; /* tasks */
	int64_t
	    records; /* of decisions, gone with the key their entries commit under */
	int64_t blocked; /* of decisions, that stay until their time is over */
};

/* In the caller's transaction. Asks, or confirms what another person asked for. CONFLICT:
 * a legal hold, the same person twice, erased already, an import under way. INVALID: no such reason. */
enum stw_code erase_customer(struct db *db, const struct seal_keys *keys,
    const struct erase_request *req, struct arena *arena, struct erase_result *out,
    struct stw_err *err) STW_MUST_USE;

#endif
