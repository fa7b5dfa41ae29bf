/*
 * book_store.h - loads the book from the database.
 *
 * Purpose    One consistent snapshot of customers, stages, holdings, transactions,
 *            interactions and contacts, by binary COPY, then the derived traits.
 * Units      Amounts are minor units of the book's one currency: setting 'currency'
 *            (default CNY). The institution's zone is setting 'zone' (default
 *            Asia/Shanghai), the model whose stages are shown setting 'lifecycle_model'
 *            (default wealth).
 * Errors     INVALID for an amount in another currency (names the table and the
 *            customer_id) and for a trait that fails in every row; TEMPFAIL and BUG as
 *            db/db.h. db must not be in a transaction.
 */
#ifndef STW_SEGMENTS_BOOK_STORE_H
#define STW_SEGMENTS_BOOK_STORE_H

#include "db/db.h"
#include "segments/book.h"
#include "segments/progress.h"

struct book_options {
	const struct progress *progress; /* may be NULL */
	bool no_traits;                  /* leave the derived traits out */
};

/* options may be NULL. */
enum stw_code book_load(struct db *db, stw_usec now, const struct book_options *options,
    struct book **out, struct stw_err *err) STW_MUST_USE;

/* A book without customers but with every column, traits included: what rules are
 * checked against where no book is loaded. Reads only the settings. */
enum stw_code book_load_blank(
    struct db *db, stw_usec now, struct book **out, struct stw_err *err) STW_MUST_USE;

#endif
