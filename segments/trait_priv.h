/*
 * trait_priv.h - what the files of the catalogue share.
 *
 *   trait.c         words, looking up, the order in which traits find what they use
 *   trait_derive.c  a column for each derived trait
 */
#ifndef STW_SEGMENTS_TRAIT_PRIV_H
#define STW_SEGMENTS_TRAIT_PRIV_H

#include "segments/trait.h"

/* Derived traits, each after those it uses. What has one level uses nothing of it. */
struct trait_order {
	int *items; /* of the catalogue, by level */
	int *levels;
	int count;
};
/* like: for currency and zone. strict: a rule that does not compile is an error, own or not;
 * otherwise an own one says so when it is derived. trait_order_fini in any case. */
enum stw_code trait_order_find(struct trait_order *order,
    const struct trait_catalogue *catalogue, const struct book *like, bool strict,
    struct stw_err *err) STW_MUST_USE;
void trait_order_fini(struct trait_order *order);

/* Against the columns that the book has by now. */
enum stw_code trait_compile(const struct book *book, const struct trait *trait,
    struct arena *arena, struct rule **out, struct stw_err *err) STW_MUST_USE;
/* To a table of the book's currency; its index. */
int trait_add_column(
    struct table *table, const struct book *book, const struct trait *trait);

#endif
