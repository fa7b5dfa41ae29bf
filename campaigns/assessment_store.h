/*
 * assessment_store.h - impact assessments and audits of how personal data is handled.
 *
 * Purpose    The report stays in the bank's archive; here is its hash, what it is about and
 *            until when it holds. It counts once somebody else than its author approved it,
 *            until its last day or until it is withdrawn. Nothing is ever deleted: the law
 *            wants reports for three years, and the audit's place among them.
 * Ownership  Lists live in the arena.
 * Errors     NOT_FOUND: no such assessment. CONFLICT: one of that code is there; approved or
 *            withdrawn before; the author's own. INVALID: a value out of range.
 * Rules      CN-09 (impact, read by the gate), CN-33 (audit: shown when it runs out).
 */
#ifndef STW_CAMPAIGNS_ASSESSMENT_STORE_H
#define STW_CAMPAIGNS_ASSESSMENT_STORE_H

#include "db/db.h"

#define ASSESSMENT_CAMPAIGNS_MAX 64

struct assessment {
	const char *code, *kind; /* impact, audit */
	const char *title, *document, *sha256;
	const char *const *campaigns; /* impact: those it is about, by code */
	size_t ncampaigns;
	stw_usec valid_from, valid_to; /* the end is excluded */
	/* what assessment_list adds */
	const char *author, *approved_by, *withdrawn_by, *withdrawn_why; /* or NULL */
	stw_usec created_at, approved_at, withdrawn_at;                  /* or NEVER */
	bool in_force;
};
/* All in the caller's transaction, with an entry of the ledger. */
enum stw_code assessment_add(struct db *db, const struct assessment *assessment,
    const char *author, stw_usec now, struct stw_err *err) STW_MUST_USE;
enum stw_code assessment_approve(struct db *db, const char *code, const char *actor,
    stw_usec now, struct stw_err *err) STW_MUST_USE;
enum stw_code assessment_withdraw(struct db *db, const char *code, const char *why,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* code, kind: NULL: any. */
enum stw_code assessment_list(struct db *db, const char *code, const char *kind,
    stw_usec now, struct arena *arena, struct assessment **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
