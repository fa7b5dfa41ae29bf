/*
 * lifecycle_cause.h - which values a transition's rule looked at.
 *
 * Purpose    The history keeps, with each move, the values that decided: every field of
 *            the customer that the rule names, as the rule language writes it, such as
 *            customer.aum = money("6900.00"), customer.deceased = false. Lists
 *            (holdings, transactions ...) are not in it: segments/lifecycle_why.h shows
 *            the whole rule with all its values for one customer.
 * Cost       The fields are found once a rule; a customer costs one read a field.
 */
#ifndef STW_SEGMENTS_LIFECYCLE_CAUSE_H
#define STW_SEGMENTS_LIFECYCLE_CAUSE_H

#include "segments/book.h"

#define LIFECYCLE_CAUSE_MAX 16 /* fields; a rule that names more shows the first */

struct lifecycle_cause {
	int cols
	    [LIFECYCLE_CAUSE_MAX]; /* of book->customers, in the order of the text */
	int ncols;
};

/* when: rule text, or NULL (an entry without a rule has no cause). */
struct lifecycle_cause lifecycle_cause_find(const struct book *book, const char *when);
/* Appends; nothing when no field is named. */
void lifecycle_cause_print(const struct lifecycle_cause *cause, const struct book *book,
    size_t row, struct arena *arena, struct buf *to);

#endif
