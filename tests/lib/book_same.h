/*
 * book_same.h - do two books say the same?
 *
 * Purpose    Compares customers, stages, children and derived traits, cell by cell: what
 *            is meant and not how it is kept (dictionary codes, widths, parts, order of
 *            dictionaries). Two books that are the same here answer every rule the same.
 * Ownership  The text is the caller's buffer.
 */
#ifndef STW_TESTS_LIB_BOOK_SAME_H
#define STW_TESTS_LIB_BOOK_SAME_H

#include "engine/buf.h"
#include "segments/book.h"

/* why gets the first difference: table, bucket, customer_id, column, both values. */
bool book_same(const struct book_parts *a, const struct book_parts *b, struct buf *why);
/* One book as parts. */
struct book_parts book_alone(struct book *book);

#endif
