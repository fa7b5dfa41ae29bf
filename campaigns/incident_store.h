/*
 * incident_store.h - something went out that should not have.
 *
 * Purpose    An incident is opened by a rule, with its evidence, and closed by a person
 *            who says what was done. Both are ledger entries ("incident"). The same code
 *            about the same subject opens one incident, however often it is reported.
 * Ownership  What is read lives in the arena.
 */
#ifndef STW_CAMPAIGNS_INCIDENT_STORE_H
#define STW_CAMPAIGNS_INCIDENT_STORE_H

#include "db/db.h"
#include "engine/uuid.h"

struct incident {
	const char *id;
	const char *code;                            /* of the reason-code registry */
	int bucket;                                  /* -1: about no customer */
	int64_t customer_id, campaign_id, number_id; /* 0: none */
	const char *task_id, *decision_id;           /* uuid text; NULL: none */
	const char *subject;                         /* what else; NULL: nothing */
	const char *evidence; /* canonical JSON, no personal data */
	stw_usec detected_at;
	/* of what is read */
	const char *campaign, *number, *customer_ref; /* NULL: none */
	const char *state, *closed_by, *note;
	stw_usec closed_at; /* or NEVER */
};

/* In the caller's transaction. *opened false: it is open or closed already. */
enum stw_code incident_open(struct db *db, const struct incident *incident,
    struct uuid *id, bool *opened, struct stw_err *err) STW_MUST_USE;
/* CONFLICT when it is closed already. Own transaction, or the caller's when lent. */
enum stw_code incident_close(struct db *db, const struct uuid *id, const char *by,
    const char *why, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* Newest first; state, code NULL: any; before: the last row seen, or NULL. */
enum stw_code incident_list(struct db *db, const char *state, const char *code,
    const struct incident *before, int limit, struct arena *arena,
    struct incident **out, int *count, struct stw_err *err) STW_MUST_USE;
enum stw_code incident_get(struct db *db, const struct uuid *id, struct arena *arena,
    struct incident *out, struct stw_err *err) STW_MUST_USE;

#endif
