/*
 * rule_shrink.h - comparing executors, and making what differs small.
 *
 * Purpose    meaning_round draws a book and rules, asks every executor and compares;
 *            the first difference is shrunk to few nodes, one row and the cells that
 *            matter, and told with every answer.
 */
#ifndef STW_TESTS_LIB_RULE_SHRINK_H
#define STW_TESTS_LIB_RULE_SHRINK_H

#include "tests/lib/rule_executors.h"

#define MEANING_EXECUTORS 4

struct meaning {
	struct executor executors[MEANING_EXECUTORS]; /* the first is the measure */
	int count;
	/* Counted over all rounds. */
	int64_t rules, rejected;            /* drawn and compiled; not compiled */
	int64_t asked[MEANING_EXECUTORS];   /* rules each was asked */
	int64_t refused[MEANING_EXECUTORS]; /* and did not answer */
	int64_t checks[MEANING_EXECUTORS];  /* answers compared with the first's */
	int64_t undecided, matched;         /* of the first's */
};

/* Draws rows and rules and compares the first `count` executors. False: they differ, and
 * *report (may be NULL) tells the smallest case found. */
bool meaning_round(struct meaning *m, struct chance *c, size_t rows, int rules,
    int count, struct buf *report);

#endif
