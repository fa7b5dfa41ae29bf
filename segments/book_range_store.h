/*
 * book_range_store.h - one range of buckets on its way into a book.
 *
 * Purpose    A worker of a load takes a range, reads its customers and then each kind of
 *            child rows by binary COPY; both come in the book's order, so that giving
 *            child rows to their customers is one merge. What is read lies packed
 *            (engine/table_join.h) until the book is put together.
 * Ownership  book_range_free frees a range; the fill is borrowed for the call.
 * Errors     INVALID as book_fill_store.h, and for more than 4,294,967,295 child rows of
 *            one kind; TEMPFAIL as db/db.h, and when *stop was set meanwhile.
 * Threads    Ranges are independent of each other, and so are the kinds of child rows of
 *            one whose customers are there; the counter and stop are shared.
 */
#ifndef STW_SEGMENTS_BOOK_RANGE_STORE_H
#define STW_SEGMENTS_BOOK_RANGE_STORE_H

#include <stdatomic.h>

#include "engine/table_join.h"
#include "segments/book_fill_store.h"
#include "segments/progress.h"

struct book_range {
	int first, last;      /* buckets, both included */
	int64_t *customer_id; /* one a row of customers */
	/* Rows of this range up to the end of a bucket; of its own buckets only. */
	uint32_t ends[BOOK_BUCKETS];
	struct table_part *customers;
	struct table_part *fed; /* a row a customer: the columns of fed traits */
	struct book_range_child {
		struct table_part *rows;
		uint32_t *ends;  /* of each customer's rows, counted in this range */
		int64_t orphans; /* rows whose customer does not exist: left out */
	} children[BOOK_CHILDREN];
};

struct book_range_watch {
	_Atomic int64_t *rows;    /* grows while rows are read */
	const _Atomic bool *stop; /* another worker has failed */
	/* Of the one thread that tells; NULL in the others. */
	const struct progress *progress;
	int64_t total; /* rows expected in all */
};

struct book_range *book_range_new(const struct book_fill *fill, int first, int last);
/* Customers first, then each kind of children and the values of fed traits once; db is in
 * a snapshot, the same for all. */
enum stw_code book_range_customers(struct db *db, struct book_range *range,
    const struct book_range_watch *watch, struct stw_err *err) STW_MUST_USE;
enum stw_code book_range_children(struct db *db, const struct book_fill *fill,
    struct book_range *range, enum book_child which,
    const struct book_range_watch *watch, struct stw_err *err) STW_MUST_USE;
enum stw_code book_range_feds(struct db *db, const struct book_fill *fill,
    struct book_range *range, const struct book_range_watch *watch,
    struct stw_err *err) STW_MUST_USE;
void book_range_free(struct book_range *range); /* NULL is fine */

#endif
