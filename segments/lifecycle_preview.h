/*
 * lifecycle_preview.h - who would move where under another model, before it is approved.
 *
 * Purpose    The next tick under the model in force and under the new one, over the same
 *            book: a matrix of the stages after it, with a few references (masked) for
 *            each cell in which the two differ. And the same as if every minimum stay
 *            were over, since right after a move nobody moves. Pure; writes nothing.
 * Rules      A new version of the model in force starts from the stages customers have;
 *            a model of another code places everybody anew, as its first tick would.
 * Memory     Part by part: four bytes a customer and model, of the largest part.
 * Ownership  Everything lives in the arena; names are borrowed from the models.
 * Errors     INVALID for a rule with a fault.
 */
#ifndef STW_SEGMENTS_LIFECYCLE_PREVIEW_H
#define STW_SEGMENTS_LIFECYCLE_PREVIEW_H

#include "segments/lifecycle.h"

#define LIFECYCLE_PREVIEW_SAMPLES 5

struct lifecycle_cell {
	int from;  /* stage of the model in force; -1: none, there is no such model */
	int to;    /* stage of the new model */
	bool same; /* the two stages have one code */
	int64_t customers; /* after the next tick */
	int64_t later;     /* after a tick that asks for no minimum stay */
	const char *samples[LIFECYCLE_PREVIEW_SAMPLES]; /* masked; none where same */
	int nsamples;
};

struct lifecycle_preview {
	stw_usec as_of; /* of the book */
	int64_t customers;
	int64_t
	    differ; /* who would be in another stage than under the model in force */
	int64_t differ_later;         /* the same without minimum stays */
	int64_t moves_now, moves_new; /* whom a tick moves under each */
	int64_t undecided_now, undecided_new;
	struct lifecycle_cell
	    *cells; /* with customers, now or later; by from, then to */
	int ncells;
};

/* now_model: the model in force, or NULL when there is none. */
enum stw_code lifecycle_preview(const struct lifecycle_model *now_model,
    const struct lifecycle_model *new_model, const struct book_parts *parts,
    stw_usec now, const struct progress *progress, struct arena *arena,
    struct lifecycle_preview *out, struct stw_err *err) STW_MUST_USE;

/* "C00005125" becomes "C****125": enough to find a case again with the right to see it,
 * not enough to tell who it is. */
const char *ref_mask(struct str ref, struct arena *arena);

/* lifecycle_review_json.c: the result as JSON text, appended. samples false: the summary
 * that an approval keeps. */
void lifecycle_preview_json(const struct lifecycle_model *now_model,
    const struct lifecycle_model *new_model, const struct lifecycle_preview *preview,
    bool samples, struct buf *to);

#endif
