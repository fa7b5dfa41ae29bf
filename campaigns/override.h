/*
 * override.h - what a person may allow although a rule said no.
 *
 * Purpose    From what a decision said to what may be asked for: an approval of a review, by
 *            one person; an override of a block of layer policy, by two. Pure.
 * Units      Instants stw_usec UTC; an override holds in [approved, expires).
 * Ownership  Borrows everything; *out points into the answers.
 * Errors     INVALID says what is wrong with the request. CONFLICT: nobody may allow it.
 * Rules      compliance.md section 3; decision 0033. The gate asks again whether the rule
 *            that is in force may be overridden (campaigns/compliance/gate.c).
 */
#ifndef STW_CAMPAIGNS_OVERRIDE_H
#define STW_CAMPAIGNS_OVERRIDE_H

#include "engine/err.h"
#include "engine/time.h"

#define OVERRIDE_REASON_MIN 10 /* characters */
#define OVERRIDE_REASON_MAX 400
#define OVERRIDE_DAYS_MAX   90 /* the database knows no more */

/* One rule that said no in a decision. */
struct override_answer {
	const char *rule, *code, *layer, *outcome;
};

enum override_kind { OVERRIDE_REVIEW = 0, OVERRIDE_POLICY };
/* "review_approval", "policy_override" */
const char *override_kind_name(enum override_kind kind);

struct override_choice {
	const struct override_answer *answer;
	enum override_kind kind;
	const char *rule; /* that it is bound to; NULL: whichever says the code */
};

/* The code's answer among those of a decision, of that rule (NULL: not said which). */
enum stw_code override_choose(const struct override_answer *answers, int count,
    const char *code, const char *rule, struct override_choice *out,
    struct stw_err *err) STW_MUST_USE;

/* It is kept for years, in records that people read: long enough to say why, and without
 * numbers or addresses of persons. */
enum stw_code override_reason_check(
    const char *reason, struct stw_err *err) STW_MUST_USE;
enum stw_code override_expiry_check(
    stw_usec now, stw_usec expires_at, int max_days, struct stw_err *err) STW_MUST_USE;

#endif
