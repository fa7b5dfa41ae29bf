/*
 * replay_store.h - recorded decisions, decided again.
 *
 * Purpose    A decision's record holds everything that it was made from. Replayed with the
 *            packs in force at its instant it has to come out byte for byte; with other
 *            packs it shows what they would change (compliance.md 7.2).
 * Ownership  A row is borrowed for the call of what it is given to.
 * Errors     A decision that does not come out the same is a verdict, not an error.
 * Threads    One connection, one thread.
 */
#ifndef STW_CAMPAIGNS_REPLAY_STORE_H
#define STW_CAMPAIGNS_REPLAY_STORE_H

#include "campaigns/compliance/gate.h"
#include "db/db.h"
#include "engine/uuid.h"

/* DIFFERS is zero: what was not compared is not the same. */
enum replay_verdict {
	REPLAY_DIFFERS = 0,
	REPLAY_SAME,
	REPLAY_OTHER_RULES, /* the rules or time zones of then are not those we have */
	REPLAY_ALTERED,     /* the record is not the one that its entry commits to */
	REPLAY_UNREADABLE,  /* of a format that this program does not read */
	REPLAY_ERASED, /* record and key went with the customer: nothing to compare */
	REPLAY_VERDICTS
};
const char *replay_verdict_name(enum replay_verdict verdict);

struct replay_row {
	const char *decision_id;
	stw_usec at;
	char gate;
	const char *campaign;          /* code; "" for none */
	const char *outcome, *primary; /* as recorded; primary "" when allowed */
	const char *const *codes;
	size_t ncodes;
	enum replay_verdict verdict;
	const char *would, *would_primary; /* as decided again; "" where it was not */
	const char *const *would_codes;
	int nwould_codes;
	const char *why; /* ALTERED, UNREADABLE, OTHER_RULES: in words; else "" */
};

struct replay_request {
	const struct uuid *id; /* only this one; NULL: all of the time */
	stw_usec since, until; /* decided_at in [since, until) */
	const char *campaign;  /* code; NULL: any */
	const struct ruleset *rules;
	/* false: byte for byte. true: outcome and reasons under `rules`, whatever rules
	 * there were then. */
	bool whatif;
	enum stw_code (*row)(
	    void *arg, const struct replay_row *row, struct stw_err *err);
	void *arg;
};

struct replay_total {
	int64_t of[REPLAY_VERDICTS];
	int64_t all;
};

/* Oldest first, each once; one snapshot. NOT_FOUND: no decision of that id. */
enum stw_code replay_run(struct db *db, const struct replay_request *req,
    struct replay_total *out, struct stw_err *err) STW_MUST_USE;

#endif
