/*
 * book_fill_store.h - rows of the database into the columns of a book.
 *
 * Purpose    What a load and whoever reads single customers again share: the shape of the
 *            rows that the queries book_customers, book_holdings, ... give, and which
 *            field goes into which column. A row starts with bucket and customer_id.
 * Ownership  A fill knows the products and the book's settings; it borrows no connection.
 * Errors     INVALID for an amount in another currency, naming table, bucket and
 *            customer_id. Of book_fill_open: INVALID for settings that no book can be
 *            kept in and for a fed trait in another currency, and as db/db.h.
 * Threads    After book_fill_open it is only read: any number of threads.
 */
#ifndef STW_SEGMENTS_BOOK_FILL_STORE_H
#define STW_SEGMENTS_BOOK_FILL_STORE_H

#include "db/db.h"
#include "segments/book.h"

struct book_fill;

/* Reads the settings and products as db sees them now (its transaction's snapshot). When
 * one of them changes, whoever keeps a fill has to open another. */
enum stw_code book_fill_open(
    struct db *db, struct book_fill **out, struct stw_err *err) STW_MUST_USE;
void book_fill_close(struct book_fill *fill); /* NULL is fine */

const char *book_fill_currency(const struct book_fill *fill);
const struct zone *book_fill_zone(const struct book_fill *fill);

/* The fed traits that were active; borrowed from the fill. */
const struct book_feds *book_fill_feds(const struct book_fill *fill);

/* In a load's transactions. Rows lie in the order in which they were imported, which is
 * seldom the book's: going through a large table by its key would visit a page for each
 * row. A range of buckets is rather read page by page and sorted, and that in memory. */
#define BOOK_LOAD_SESSION                                 \
	"SET LOCAL work_mem = '768MB'; "                  \
	"SET LOCAL max_parallel_workers_per_gather = 0; " \
	"SET LOCAL jit = off"

/* Field 0 and 1 of any row. */
static inline int
book_fill_bucket(const struct db_copy_out *copy)
{
	return db_field_i16(copy, 0);
}
static inline int64_t
book_fill_id(const struct db_copy_out *copy)
{
	return db_field_i64(copy, 1);
}

/* The statement that gives a child table's rows, in the book's order. Like
 * DB_Q_BOOK_CUSTOMERS it looks at the buckets that book_fill_range has set. */
enum db_query_id book_fill_query(enum book_child child);
/* For the rest of this session: buckets first to last, both included. A session starts
 * with all of them. */
enum stw_code book_fill_range(
    struct db *db, int first, int last, struct stw_err *err) STW_MUST_USE;

/* The row of the stream into row `row`, just appended (all cells missing), of a table
 * shaped like book->customers or its child: table_append, then one of these. Those of
 * one customer are then put in order by book_sort_children. */
void book_fill_customer(
    struct table *customers, size_t row, const struct db_copy_out *copy);
/* The row of DB_Q_BOOK_FEDS: one value of one customer. first: the column of the first fed
 * trait in this table. */
void book_fill_fed(const struct book_fill *fill, struct table *table, int first,
    size_t row, const struct db_copy_out *copy);
enum stw_code book_fill_child(const struct book_fill *fill, enum book_child child,
    struct table *table, size_t row, const struct db_copy_out *copy,
    struct stw_err *err) STW_MUST_USE;

#endif
