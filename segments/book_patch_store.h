/*
 * book_patch_store.h - customers that changed, read again.
 *
 * Purpose    Given who changed, reads these customers whole, as a load would have them:
 *            rows, stage, children. The statements are those of a load, by key.
 * Errors     As book_fill_child and db/db.h.
 */
#ifndef STW_SEGMENTS_BOOK_PATCH_STORE_H
#define STW_SEGMENTS_BOOK_PATCH_STORE_H

#include "segments/book_fill_store.h"
#include "segments/book_view.h"

/* In db's open transaction, whose snapshot all is read in. keys in the book's order, none
 * twice (book_keys_sort). fill is of the book that the patch is for. as_of: the clock. */
enum stw_code book_patch_read(struct db *db, const struct book_fill *fill,
    const struct book_key *keys, size_t nkeys, stw_usec as_of, struct book_patch *out,
    struct stw_err *err) STW_MUST_USE;

/* The book_key_* and segment_key_* statements look at these customers until the open
 * transaction ends. */
enum stw_code book_keys_set(struct db *db, const struct book_key *keys, size_t nkeys,
    struct stw_err *err) STW_MUST_USE;

/* As the open transaction sees it; another value: products, settings or fed traits changed
 * in what a book takes from them, and no patch brings it up to date. */
#define BOOK_FINGERPRINT 33
enum stw_code book_fingerprint(
    struct db *db, char out[BOOK_FINGERPRINT], struct stw_err *err) STW_MUST_USE;

#endif
