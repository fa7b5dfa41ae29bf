/*
 * number_change_store.h - changes of the registry: proposed by one, approved by another.
 *
 * Purpose    A proposal is a whole document (register), a document after a merge patch
 *            (change), another state (status), a cell of the bank's purpose matrix or a
 *            threshold. Approved, it takes effect at once or on its day (number_apply_due,
 *            part of each tick); it is checked again then, against the matrix and against
 *            the version its proposer looked at.
 * Rules      Nothing here is changed or deleted afterwards: proposals, verdicts, effects
 *            and one row of history a version, each with a ledger entry ("number_change",
 *            "rule_change"). The database refuses a proposer's own approval too.
 * Locks      The proposal, then the number.
 * Errors     NOT_FOUND; CONFLICT: decided already, or the number changed since; DENIED:
 *            the proposer cannot approve; INVALID: what number_check says.
 */
#ifndef STW_CAMPAIGNS_NUMBER_CHANGE_STORE_H
#define STW_CAMPAIGNS_NUMBER_CHANGE_STORE_H

#include "campaigns/number_store.h"

struct number_proposal_draft {
	const char *action;  /* register, change, status, matrix, policy */
	int64_t number_id;   /* change and status */
	struct str document; /* as number_json.h; change: the merge patch */
	const char *reason, *proposer;
	stw_usec effective_at; /* not before now */
};
/* Own transaction, or the caller's when lent; so do the others. */
enum stw_code number_propose(struct db *db, const struct number_proposal_draft *draft,
    stw_usec now, struct uuid *id, struct stw_err *err) STW_MUST_USE;

/* verdict: approved, rejected (with a note), withdrawn (by the proposer). *in_force: it
 * took effect at once. */
enum stw_code number_decide(struct db *db, const struct uuid *proposal,
    const char *verdict, const char *by, const char *note, stw_usec now, bool *in_force,
    struct stw_err *err) STW_MUST_USE;

/* Puts approved proposals whose day has come in force, each in its own transaction. One
 * that cannot is recorded as failed, with the reason. */
enum stw_code number_apply_due(struct db *db, stw_usec now, int *applied, int *failed,
    struct stw_err *err) STW_MUST_USE;

struct number_proposal {
	const char *id, *action;
	int64_t number_id;  /* 0: none */
	const char *number; /* NULL: none */
	int base_version;
	const char *document, *reason, *proposer;
	stw_usec proposed_at, effective_at;
	const char *state; /* open, approved, rejected, withdrawn, in_force, failed */
	const char *decided_by, *note, *failure; /* NULL: none */
	stw_usec decided_at;                     /* NEVER */
};
/* Newest first; state NULL and number_id 0: any; before: the last row seen, or NULL. */
enum stw_code number_proposals(struct db *db, int64_t number_id, const char *state,
    const struct number_proposal *before, int limit, struct arena *arena,
    struct number_proposal **out, int *count, struct stw_err *err) STW_MUST_USE;
enum stw_code number_proposal_get(struct db *db, const struct uuid *id,
    struct arena *arena, struct number_proposal *out, struct stw_err *err) STW_MUST_USE;

struct number_history {
	int version;
	stw_usec at;
	const char *actor, *approver, *what, *reason, *proposal, *document;
};
enum stw_code number_history(struct db *db, int64_t number_id, int limit,
    struct arena *arena, struct number_history **out, int *count,
    struct stw_err *err) STW_MUST_USE;

/* The matrix of the binary with the bank's own cells over it. */
enum stw_code number_matrix_load(struct db *db, struct arena *arena,
    struct number_matrix *out, struct stw_err *err) STW_MUST_USE;

/* By rule: back to use after a suspension by health. */
enum stw_code number_return(struct db *db, int64_t number_id, const char *reason,
    const char *evidence, stw_usec now, struct stw_err *err) STW_MUST_USE;

/* For the demonstration: registers (or changes) a number and puts it to use, in the name
 * of two persons. What is so already is left alone. */
enum stw_code number_install(struct db *db, const struct number_row *number,
    const char *proposer, const char *approver, stw_usec now,
    struct stw_err *err) STW_MUST_USE;

#endif
