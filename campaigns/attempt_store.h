/*
 * attempt_store.h - dial attempts: what was asked, allowed, dialled, said and recorded.
 *
 * Purpose    One row each time somebody asked to dial: the decision at gate C with its
 *            reasons and, where it was allowed, the permit, what the agent reported, and
 *            what dialler or carrier recorded, the number sent beside the one approved.
 * Search     By customer, number called, agent, campaign, caller number, reason, outcome of
 *            the gate, disposition and time, newest first. The statement is planned anew each
 *            time, so that the index of what is asked is used: a page of ten million
 *            attempts reads what it shows.
 * Personal   Masks and references; the agent's wrap-up stays sealed, only that there is one
 *            is said.
 * Ownership  Everything in the arena.
 * Errors     As db.h. INVALID: a disposition or a refusal alone, over more than a month.
 * Rules      compliance.md 7.1.
 */
#ifndef STW_CAMPAIGNS_ATTEMPT_STORE_H
#define STW_CAMPAIGNS_ATTEMPT_STORE_H

#include "db/db.h"
#include "db/seal.h"
#include "engine/uuid.h"

struct attempt {
	struct uuid id; /* of the decision */
	stw_usec asked_at;
	const char *customer_ref, *phone_mask, *campaign;
	int campaign_version;
	const char *task_id, *handler, *channel, *purpose, *agent;
	const char *number;  /* approved */
	const char *outcome; /* of the gate */
	const char *primary_code;
	const char **codes;
	size_t ncodes;
	const char *permit_id; /* NULL: none was given; then nothing below */
	/* the agent's */
	const char *disposition; /* NULL: not reported */
	bool reached;
	stw_usec reported_at;
	const char **disclosures;
	size_t ndisclosures;
	bool opt_out, wrapped_up;
	const char *product; /* spoken of; NULL: not said */
	/* the call's: of the record, else as the agent said; NEVER, -1, NULL: not known */
	stw_usec dialled_at, ended_at;
	int ring_sec, talk_sec;
	const char *answered_by; /* human, machine, none */
	int abandoned;           /* 1 yes, 0 no */
	const char *number_sent; /* "": withheld */
	const char *fate;        /* matched, mismatch */
	const char *recording, *recording_sha256, *retention_class;
};

struct attempt_filter {
	stw_usec from, to; /* [from, to); NEVER, MAX: open */
	/* Either a number (hash, and the one before or NULL), or a customer, or neither. */
	const unsigned char *index, *index_before;
	int bucket;
	int64_t customer_id; /* 0: any */
	/* NULL: any */
	const char *agent, *campaign, *number, *code, *outcome, *disposition;
	stw_usec after_at; /* MAX: from the start */
	struct uuid after_id;
};
/* Newest first. Outside a transaction: it uses one of its own. */
enum stw_code attempt_list(struct db *db, const struct attempt_filter *filter,
    int limit, struct arena *arena, struct attempt **out, int *count,
    struct stw_err *err) STW_MUST_USE;
enum stw_code attempt_get(struct db *db, const struct uuid *id, struct arena *arena,
    struct attempt *out, struct stw_err *err) STW_MUST_USE;

#endif
