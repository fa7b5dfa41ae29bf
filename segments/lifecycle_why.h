/*
 * lifecycle_why.h - why a customer is in a stage and what would move them out of it.
 *
 * Purpose    Every transition from the customer's stage (without a stage: every entry
 *            that could place them) with its answer, its rule taken apart into the
 *            values it looked at, and when it could fire; the promises that hold and
 *            when each is due. Pure; writes nothing.
 * Ownership  Everything lives in the arena; texts of values are borrowed from the book.
 * Errors     INVALID for a rule with a fault.
 */
#ifndef STW_SEGMENTS_LIFECYCLE_WHY_H
#define STW_SEGMENTS_LIFECYCLE_WHY_H

#include "segments/promise.h"

enum lifecycle_answer_kind {
	LIFECYCLE_UNDECIDED = 0, /* a value is missing, or the rule failed */
	LIFECYCLE_NO,
	LIFECYCLE_YES,
};

struct lifecycle_why_entry {
	const struct lifecycle_transition *by;
	enum lifecycle_answer_kind answer;
	/* The stay it asks for is over from then on; STW_USEC_NEVER: it asks for none. */
	stw_usec ready_at;
	bool ready;                   /* now */
	bool fires;                   /* it is the one that a tick would take now */
	struct rule_explanation rule; /* count 0: an entry without a rule */
};

struct lifecycle_why {
	int stage;      /* -1: none yet, or one that the model does not have */
	stw_usec since; /* STW_USEC_NEVER: not known */
	struct lifecycle_why_entry *entries; /* in the order they are asked */
	int nentries;
	struct promise_state *promises; /* those that hold for the customer */
	int npromises;
};

enum stw_code lifecycle_why(const struct lifecycle_model *model,
    const struct book *book, size_t row, stw_usec now, struct arena *arena,
    struct lifecycle_why *out, struct stw_err *err) STW_MUST_USE;

const char *lifecycle_answer_name(enum lifecycle_answer_kind answer); /* "yes" */

/* lifecycle_review_json.c: the result as JSON text, appended. */
void lifecycle_why_json(const struct lifecycle_model *model,
    const struct lifecycle_why *why, struct buf *to);

#endif
