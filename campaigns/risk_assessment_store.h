/*
 * risk_assessment_store.h - each time a customer's tolerance of risk was assessed.
 *
 * Purpose    The rating in force is the customer's (an import sets it). How it came about is
 *            here: how often the customer was assessed that day and in the year before it,
 *            by whom and on whose device. A rating without its assessment on file counts as
 *            assessed nobody knows how often.
 * Personal   A row is about a customer and goes with the customer's erasure.
 * Ownership  Lists live in the arena.
 * Errors     CONFLICT: another assessment of that reference is on file. INVALID: a value
 *            out of range.
 * Rules      CN-23 (not by staff), CN-25 (how often).
 */
#ifndef STW_CAMPAIGNS_RISK_ASSESSMENT_STORE_H
#define STW_CAMPAIGNS_RISK_ASSESSMENT_STORE_H

#include "db/db.h"

struct risk_assessment {
	const char *reference;
	stw_usec assessed_at;
	int rating;                /* 1 to 5 */
	const char *questionnaire; /* version; NULL: unknown */
	bool staff_device, self_completed;
	/* what risk_assessment_list adds */
	stw_usec recorded_at;
	const char *recorded_by;
};
/* In the caller's transaction. *known: the same was on file. */
enum stw_code risk_assessment_add(struct db *db, int bucket, int64_t customer_id,
    const struct risk_assessment *assessment, const char *actor, stw_usec now,
    bool *known, struct stw_err *err) STW_MUST_USE;
enum stw_code risk_assessment_list(struct db *db, int bucket, int64_t customer_id,
    struct arena *arena, struct risk_assessment **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
