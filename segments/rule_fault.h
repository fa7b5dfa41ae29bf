/*
 * rule_fault.h - does a rule fail for everybody?
 *
 * Purpose    A rule without an answer is no match, which is right for a customer of whom
 *            something is not known. A rule that fails for every customer (a division by
 *            zero, a currency that is not the book's) says nothing of anybody: whoever
 *            evaluates it keeps what the last good evaluation said, and shows the fault.
 * Rules      Nobody has an answer, and for one at least of up to RULE_FAULT_LOOKED customers
 *            who are looked at, evenly spread, that is because something fails. Those who
 *            only lack a value are passed over: they tell nothing of the rule.
 * Errors     *err is filled as rule_eval tells it, with line and column of the rule; its
 *            code is INVALID.
 */
#ifndef STW_SEGMENTS_RULE_FAULT_H
#define STW_SEGMENTS_RULE_FAULT_H

#include "segments/book.h"

#define RULE_FAULT_LOOKED 1000

enum rule_fault {
	RULE_FAULT_NONE = 0, /* there is an answer */
	RULE_FAULT_NOBODY,   /* nobody to ask in this book */
	RULE_FAULT_MISSING, /* no answer, and all who were looked at only lack a value */
	RULE_FAULT_ALL,
};

/* Over one book, or one part of one. matched and undecided: of the rule, also of dead rows;
 * like: clock, zone and host functions of the evaluation. */
enum rule_fault rule_fault_find(const struct rule *rule, const struct book *book,
    const struct bitmap *matched, const struct bitmap *undecided,
    const struct rule_eval_ctx *like, struct stw_err *err);
/* Does it fail for this one, and not because a value is missing? Of a few customers, between
 * evaluations of everybody, that may be the beginning of a fault: they stay as they are. */
bool rule_fails(const struct rule *rule, const struct book *book, size_t row,
    const struct rule_eval_ctx *like, struct stw_err *err);

#endif
