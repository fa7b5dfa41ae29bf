/*
 * lifecycle_validate.h - does a lifecycle model make sense, by itself and over a book?
 *
 * Purpose    What a second person has to know before a model is approved: stages nobody
 *            reaches, dead ends, transitions that cannot fire or never do, conditions
 *            that overlap, rules without an answer, customers who would go back and
 *            forth. Pure; writes nothing.
 * Rules      A finding is an error when the model cannot be meant so, a warning when a
 *            person has to look. Errors keep a version from being submitted. Customers
 *            are looked at in the stage they have, or, without one, in the stage in
 *            which the model would place them. Over a book without customers only what
 *            the document alone tells is found.
 *            "Covered" and "meets nobody" are statements about this book and not about
 *            every book there could be: they are warnings with the count they rest on.
 * Ownership  Everything lives in the arena.
 * Errors     INVALID for a rule with a fault, with its place (segments/lifecycle.h).
 */
#ifndef STW_SEGMENTS_LIFECYCLE_VALIDATE_H
#define STW_SEGMENTS_LIFECYCLE_VALIDATE_H

#include "segments/lifecycle.h"

enum lifecycle_severity { LIFECYCLE_ERROR = 0, LIFECYCLE_WARNING };

struct lifecycle_finding {
	enum lifecycle_severity severity;
	const char *code;  /* "dead_end": static, for programs */
	const char *path;  /* "transitions[3]"; "" for the model as a whole */
	int64_t customers; /* whom it concerns; -1: not a matter of customers */
	const char *zh, *en;
};

struct lifecycle_stage_review {
	int64_t customers;   /* in it, as above */
	int64_t moving;      /* whom a transition moves now */
	int64_t undecided;   /* who stay, and had a rule without an answer */
	int64_t overlapping; /* who meet two or more transitions to different stages */
};

struct lifecycle_entry_review {
	int64_t meets; /* customers of the book who meet the rule, in any stage */
	int64_t
	    ready; /* of those in its stage who have stayed long enough, who meet it */
	int64_t fires;     /* whom it moves: no earlier one takes them */
	int64_t undecided; /* of those in its stage, for whom its rule has no answer */
};

/* Customers in a stage who meet both, where the two lead to different stages. */
struct lifecycle_overlap {
	int first, second; /* indexes into model->transitions: first is asked first */
	int64_t customers;
};

struct lifecycle_validation {
	stw_usec as_of; /* of the book */
	int64_t customers;
	int64_t unplaced;                   /* of these, without a stage until now */
	struct lifecycle_finding *findings; /* errors first */
	int nfindings, errors, warnings;
	struct lifecycle_stage_review *stages;      /* one a stage of the model */
	struct lifecycle_entry_review *transitions; /* one a transition of the model */
	struct lifecycle_overlap *overlaps;         /* most customers first */
	int noverlaps;
};

enum stw_code lifecycle_validate(const struct lifecycle_model *model,
    const struct book_parts *parts, stw_usec now, const struct progress *progress,
    struct arena *arena, struct lifecycle_validation *out,
    struct stw_err *err) STW_MUST_USE;

const char *lifecycle_severity_name(enum lifecycle_severity severity);

/* lifecycle_review_json.c: the result as JSON text, appended. */
void lifecycle_validation_json(const struct lifecycle_model *model,
    const struct lifecycle_validation *v, struct buf *to);

#endif
