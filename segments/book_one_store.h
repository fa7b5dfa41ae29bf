/*
 * book_one_store.h - one customer as a book, for what is asked about that customer only.
 *
 * Purpose    To explain a stage one row is enough: reading it takes milliseconds where a
 *            load takes minutes at ten million customers. Row 0 is the customer, with the
 *            derived traits.
 * Errors     NOT_FOUND when there is no such customer (any more); otherwise as
 *            segments/book_patch_store.h. db must not be in a transaction.
 */
#ifndef STW_SEGMENTS_BOOK_ONE_STORE_H
#define STW_SEGMENTS_BOOK_ONE_STORE_H

#include "db/db.h"
#include "segments/book.h"

/* book_free when done. */
enum stw_code book_load_one(struct db *db, int bucket, int64_t customer_id,
    stw_usec now, struct book **out, struct stw_err *err) STW_MUST_USE;

#endif
