/*
 * book.h - the customers as a process sees them: columns in memory.
 *
 * Purpose    The customer table with its traits (built-in, derived by rules, stage) and
 *            child tables (holdings, transactions, interactions, outreach). PostgreSQL is
 *            the truth; a book is a cache that can always be rebuilt.
 * Order      Rows are sorted by bucket, then customer_id: bucket b has the rows
 *            [first[b], first[b + 1]).
 * Ownership  book_free frees all. Threads: immutable between book_load and book_free,
 *            except through book_set_stage (one writer).
 */
#ifndef STW_SEGMENTS_BOOK_H
#define STW_SEGMENTS_BOOK_H

#include "engine/bitmap.h"
#include "engine/rule.h"
#include "engine/rule_columns.h"
#include "engine/table.h"

#define BOOK_BUCKETS 256

struct book {
	struct table *customers;  /* children: holdings, transactions, interactions, outreach */
	int64_t *customer_id;     /* one a row */
	uint32_t first[BOOK_BUCKETS + 1];
	stw_usec as_of;           /* the clock when it was loaded */
	char currency[4];         /* the book's one currency */
	const struct zone *zone;  /* the institution's */
	int col_ref, col_stage, col_stage_since; /* columns of customers */
};

/* What rules about customers may speak of: customer (object), holdings, transactions,
 * interactions, outreach (lists), now, today, segment("..."). The env outlives the rules
 * compiled in it; both live in the arena. known may be NULL (no segments). */
struct rule_env *book_env(const struct book *book, struct arena *arena,
    bool (*known)(void *host, struct str code), void *host);
/* Bindings for rule_columns_* over book->customers in the env above. */
const struct rule_binding *book_bindings(const struct book *book, int *count);
/* vars for rule_eval on one row; in the arena, one a slot. */
const struct rule_value *book_vars(const struct book *book, size_t row,
    struct arena *arena);
/* The row of a customer; SIZE_MAX when the book does not have it. */
size_t book_find(const struct book *book, int bucket, int64_t customer_id);
void book_free(struct book *book);

/* First byte of SHA-256 of the customer's reference. */
int customer_bucket(struct str ref);

#endif
