/*
 * book_merge.h - the parts of a book in one order, and as one book.
 *
 * Purpose    Parts hold different customers, or older rows of the same ones which are
 *            dead. book_parts_order tells where the live rows are, in the book's order;
 *            book_merge makes a book of them, with the columns that the parts have.
 * Ownership  The runs are freed with free(), the book with book_free.
 */
#ifndef STW_SEGMENTS_BOOK_MERGE_H
#define STW_SEGMENTS_BOOK_MERGE_H

#include "engine/table_pick.h"
#include "segments/book.h"

/* How many runs; their `from` is the number of the part. */
size_t book_parts_order(const struct book_parts *parts, struct table_run **runs);
struct book *book_merge(const struct book_parts *parts);
/* A book of some rows, given one a run in the book's order, and whose they are. */
struct book *book_of_runs(const struct book_parts *parts, const struct table_run *runs,
    const struct book_key *keys, size_t nruns);

#endif
