/*
 * lifecycle_priv.h - a model's rules over a book, for the files of this noun.
 *
 * Purpose    What lifecycle_evaluate, validation, preview and explanation share: the
 *            rules of a model, each once, with the rows that match and those without an
 *            answer; and which stage a row is in.
 * Ownership  lifecycle_answers_fini frees the bitmaps and the arena.
 */
#ifndef STW_SEGMENTS_LIFECYCLE_PRIV_H
#define STW_SEGMENTS_LIFECYCLE_PRIV_H

#include "segments/lifecycle.h"

/* Entries that say the same share one rule and its answer. */
struct lifecycle_answer {
	const char *when;
	struct rule *rule;
	struct bitmap matched, undecided;
	bool wanted; /* some customer is in a stage that asks */
	bool failed; /* for every customer of all parts: whoever meets it stays */
};

struct lifecycle_answers {
	struct arena arena;
	struct lifecycle_answer *items;
	int count;
	int *of_initial, *of_transition; /* index into items; -1: always */
	/* Of a few customers nobody knows whether a rule fails for all: whoever it fails for
	 * stays. NULL: the book is of everybody. */
	const struct book *patch;
	struct rule_eval_ctx like; /* with patch */
};

/* lifecycle_answers_fini also after an error. */
enum stw_code lifecycle_answers_compile(struct lifecycle_answers *a,
    const struct lifecycle_model *model, const struct book *book,
    struct stw_err *err) STW_MUST_USE;
/* All rules that are wanted, in one pass over the book. */
enum stw_code lifecycle_answers_evaluate(struct lifecycle_answers *a,
    const struct book *book, stw_usec now, const struct progress *progress,
    struct stw_err *err) STW_MUST_USE;
void lifecycle_answers_fini(struct lifecycle_answers *a);

/* Which stage of the model each code of the book's dictionary is; -1: none. */
int *lifecycle_stage_codes(
    const struct book *book, const struct lifecycle_model *model, struct arena *arena);
/* The stage of one row by that table; -1: none. */
int lifecycle_stage_of(const struct book *book, const int *stages, size_t row);
/* How long the row has been in its stage; INT64_MAX when nobody knows since when. */
int64_t lifecycle_stay(const struct book *book, size_t row, stw_usec now);
/* The first of the entries that leads from the stage and matches; NULL: none. stay: how
 * long the customer has been in it. *undecided is set when one had no answer; behind one that
 * fails nothing is asked. */
const struct lifecycle_transition *lifecycle_first_match(
    const struct lifecycle_answers *a, const struct lifecycle_transition *entries,
    const int *answer, int n, int from, size_t row, int64_t stay, bool *undecided);

#endif
