/*
 * promise.h - what the bank promises to whoever is in a stage, and who is overdue.
 *
 * Purpose    A promise of a lifecycle model bounds how long a customer stays in a stage
 *            (dwell), or how long nobody talks to them (contact). Each becomes two rules
 *            of the rule language - for whom it holds, who is overdue - and those run
 *            over the book as one graph. Pure.
 * Rules      Of one kind and stage, a promise that names the customer's tier comes
 *            before the one without a tier. Days are 24 hours. A dwell promise is due
 *            max_dwell_days after the stage was entered; a contact promise
 *            contact_every_days after the newest conversation or message, or after the
 *            stage was entered when that is later. Overdue is at the due instant and
 *            after it. An attempt that reached nobody is no contact.
 *            A customer whose stage or time in it is unknown is undecided, not overdue.
 * Ownership  promise_results_fini frees the bitmaps.
 */
#ifndef STW_SEGMENTS_PROMISE_H
#define STW_SEGMENTS_PROMISE_H

#include "segments/lifecycle.h"
#include "segments/segment.h"

#define PROMISE_SEGMENT_ALL "overdue_promise" /* overdue in any of them */
#define PROMISE_SEGMENT     "overdue_"        /* and the promise's code: in that one */

const char *promise_kind_name(enum promise_kind kind); /* "dwell" */

/* The rules, appended: for whom promise i of the model holds; and who is overdue. */
void promise_holds_rule(const struct lifecycle_model *model, int i, struct buf *to);
void promise_overdue_rule(const struct lifecycle_model *model, int i, struct buf *to);

/* One promise over a book, or a part of one: dead rows are in nothing. */
struct promise_result {
	struct bitmap overdue, undecided;
	int64_t covered; /* customers it holds for */
};

struct promise_results {
	const struct lifecycle_model *model;
	const struct book *book;
	struct promise_result *items; /* one a promise of the model */
	struct bitmap any;            /* overdue in one or more */
	struct bitmap undecided; /* in no known one, and undecided in one or more */
};

/* model is borrowed until promise_results_fini. */
enum stw_code promises_evaluate(const struct lifecycle_model *model,
    const struct book *book, stw_usec now, struct promise_results *out,
    struct stw_err *err) STW_MUST_USE;
void promise_results_fini(struct promise_results *results);

/* One a part. */
struct promise_parts {
	struct promise_results items[BOOK_PARTS_MAX];
	int count;
};
enum stw_code promises_evaluate_parts(const struct lifecycle_model *model,
    const struct book_parts *parts, stw_usec now, struct promise_parts *out,
    struct stw_err *err) STW_MUST_USE;
void promise_parts_fini(struct promise_parts *parts);

/* Members of the computed segments PROMISE_SEGMENT_ALL and PROMISE_SEGMENT + code. The
 * results are borrowed as long as the source is used. */
struct segment_source promise_source(const struct promise_parts *parts);

/* A promise that holds for one customer. */
struct promise_state {
	const struct promise *promise;
	stw_usec due_at; /* STW_USEC_NEVER: not known since when */
	bool overdue;
};
void promise_states(const struct lifecycle_model *model, const struct book *book,
    size_t row, stw_usec now, struct arena *arena, struct promise_state **out,
    int *count);

#endif
