/*
 * lifecycle_review_priv.h - what the checks of a lifecycle model share: one review of a model
 * over the parts of a book, and the finding that a check leaves. For lifecycle_validate.c,
 * lifecycle_review_model.c (what the document alone tells) and lifecycle_review_people.c
 * (what the customers of the book tell) only.
 */
#ifndef STW_SEGMENTS_LIFECYCLE_REVIEW_PRIV_H
#define STW_SEGMENTS_LIFECYCLE_REVIEW_PRIV_H

#include "segments/lifecycle_priv.h"
#include "segments/lifecycle_validate.h"

/* One part of the book; rows that a newer one replaces match nothing. */
struct review_part {
	const struct book *book;
	struct lifecycle_answers answers;
	int16_t *place; /* a row: its stage */
};

struct review {
	const struct lifecycle_model *model;
	struct review_part parts[BOOK_PARTS_MAX];
	int nparts;
	stw_usec now;
	int of_stage[LIFECYCLE_MAX_STAGES + 1]; /* where each stage's list begins */
	int *list;      /* transitions by stage, each in the order they are asked */
	int64_t *pairs; /* customers who meet both; [k * n + other], other later */
	int64_t gone;   /* customers in a stage that the model does not have */
	struct arena *arena;
	struct lifecycle_validation *out;
	int cap;
};

/* Both texts live in the arena. customers: whom it is about, -1 where that is nobody in
 * particular. */
void review_find(struct review *r, enum lifecycle_severity severity, const char *code,
    const char *path, int64_t customers, const char *zh, const char *en);
/* "growing -> mature (settled)", in the language's names of the stages */
const char *review_name_of(
    const struct review *r, const struct lifecycle_transition *t, bool zh);

/* ---- what the document alone tells ---- */
void review_reachable(struct review *r);
void review_ends(struct review *r);
/* The reasoning is part of the document; a rule without one cannot be judged later. */
void review_reasoning(struct review *r);
/* An earlier one of the stage that takes everybody whom this one could take; NULL. */
const struct lifecycle_transition *review_taken_by(const struct review *r, int k);
/* True when it was reported: the data have nothing to add. */
bool review_never(struct review *r, int k);

/* ---- what the customers tell ---- */
void review_transition(struct review *r, int k);
void review_overlaps(struct review *r);
void review_ways_back(struct review *r);
void review_people(struct review *r);

#endif
