/*
 * complaint_store.h - complaints: taken down, handled in time, settled by somebody else.
 *
 * Purpose    A complaint is about a number, a customer, a call, or none of them known yet.
 *            While one of a customer is open, marketing waits (COMPLAINT_OPEN_HOLD). What
 *            was done about it is a row each that nothing changes, and an entry of the
 *            ledger. campaigns/trace_store.h finds the contacts it is about.
 * Personal   Number and words are sealed, with the customer's key when the customer is
 *            known, else with the installation's. Everything else is references.
 * Units      Times are instants of the business clock; days are days of 24 hours.
 * Ownership  Everything in the arena.
 * Errors     INVALID for words that are none of the lists; NOT_FOUND; CONFLICT when it is
 *            settled already, or the handler had the customer on the line.
 * Locks      complaint -> customer -> outbox; the caller's transaction.
 * Rules      CN-31: 15 days, 30 when it is complex, 60 in exceptional cases (settings
 *            complaint-days...); an independent handler.
 */
#ifndef STW_CAMPAIGNS_COMPLAINT_STORE_H
#define STW_CAMPAIGNS_COMPLAINT_STORE_H

#include "db/db.h"
#include "db/seal.h"
#include "engine/uuid.h"

struct complaint_new {
	const char *source;   /* call, outcome, letter, branch, app, regulator, other */
	const char *case_ref; /* the bank's own number of the case; NULL: none */
	stw_usec received_at;
	stw_usec about_at; /* STW_USEC_NEVER: not said */
	int bucket;
	int64_t customer_id;     /* 0: not known */
	const struct uuid *task; /* NULL: not known */
	const char *phone;       /* as said or written; NULL: not known */
	const char *region;      /* of a number without country code ("CN") */
	const char *words;       /* what was said; NULL: nothing on record */
	const char *actor;
	int days; /* until it has to be settled */
};
#define COMPLAINT_WORDS_MAX 4000

/* Opens the customer's hold as well. */
enum stw_code complaint_record(struct db *db, const struct seal_keys *keys,
    const struct complaint_new *complaint, stw_usec now, struct uuid *id,
    struct stw_err *err) STW_MUST_USE;

struct complaint_row {
	struct uuid id;
	const char *source, *case_ref, *customer_ref, *phone_mask, *state, *handler,
	    *finding, *settled_by, *recorded_by;
	const char *task_id; /* NULL: none */
	stw_usec received_at, about_at, due_at, settled_at, recorded_at;
	int version, bucket;
	int64_t customer_id; /* 0: not known */
	struct str phone_sealed, words_sealed;
};
struct complaint_filter {
	const char *state, *customer_ref, *handler; /* NULL: any */
	stw_usec due_before;                        /* open ones; STW_USEC_MAX: any */
	stw_usec after_received;                    /* STW_USEC_MAX: from the start */
	struct uuid after_id;
};
/* Newest first. */
enum stw_code complaint_list(struct db *db, const struct complaint_filter *filter,
    int limit, struct arena *arena, struct complaint_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;
enum stw_code complaint_get(struct db *db, const struct uuid *id, struct arena *arena,
    struct complaint_row *out, struct stw_err *err) STW_MUST_USE;
/* What is sealed, in clear: NULL where there is nothing, or the customer was erased. The
 * caller has put the look on record. */
enum stw_code complaint_open(struct db *db, const struct seal_keys *keys,
    const struct complaint_row *row, struct arena *arena, const char **phone,
    const char **words, struct stw_err *err) STW_MUST_USE;

struct complaint_step {
	stw_usec at;
	const char *actor, *what;
	const char *detail; /* NULL: none */
};
enum stw_code complaint_steps(struct db *db, const struct uuid *id, struct arena *arena,
    struct complaint_step **out, int *count, struct stw_err *err) STW_MUST_USE;

/* One thing done: exactly one of assigned (to), extended (days from receipt), settled
 * (finding), noted (detail alone). */
struct complaint_act {
	const char *assign;  /* who handles it from now on */
	int extend_days;     /* 0: not extended */
	const char *finding; /* upheld, partly_upheld, rejected, withdrawn */
	const char *detail;  /* references and reasons, no personal data; NULL: none */
	const char *actor;
};
enum stw_code complaint_act(struct db *db, const struct uuid *id,
    const struct complaint_act *act, stw_usec now, struct stw_err *err) STW_MUST_USE;

/* "No contact was found" as an entry of the ledger, in a transaction of its own. */
enum stw_code complaint_nothing_found(struct db *db, const struct uuid *id,
    stw_usec from, stw_usec to, const char *actor, stw_usec now, struct uuid *entry_id,
    struct stw_err *err) STW_MUST_USE;

#endif
