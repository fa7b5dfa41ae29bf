/*
 * book_world.h - a small book built in memory, for tests of what works over a book.
 *
 * Purpose    Rows are added by world_add in any order of references; buckets count up so
 *            that the book's order is that of adding. The clock stands at
 *            2026-11-23T02:00:00Z, 10:00 in Shanghai, a Monday.
 * Errors     None: what fails stops the test.
 */
#ifndef STW_TESTS_LIB_BOOK_WORLD_H
#define STW_TESTS_LIB_BOOK_WORLD_H

#include "segments/book_view.h"

#define WORLD_NOW   INT64_C(1795399200000000)
#define WORLD_TODAY 20780

struct book *world_new(void);
/* One customer, row number = number of those added before; opened `tenure` days ago
 * (< 0: never). */
size_t world_add(struct book *book, const char *ref, int tenure);
/* Children go to the newest customer. Days are relative to today. */
void world_hold(struct book *book, const char *kind, int64_t fen, int matures_in);
#define WORLD_NO_MATURITY INT32_MIN
void world_move(struct book *book, const char *kind, int64_t fen, int days_ago);
void world_contact(
    struct book *book, const char *kind, const char *disposition, int days_ago);
/* Adds the derived traits of the binary. */
void world_derive(struct book *book);
/* The parts of a view, with those traits. */
void world_view_parts(const struct book_view *view, struct book_parts *out);
/* The text of a cell: "-" missing, otherwise as the language writes it. */
const char *world_cell(const struct book *book, const char *column, size_t row);

#endif
