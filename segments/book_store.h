/*
 * book_store.h - loads the book from the database.
 *
 * Purpose    One consistent snapshot of customers, stages, holdings, transactions,
 *            interactions and contacts, by binary COPY over several connections, then the
 *            derived traits. However many workers there are, the book is the same.
 * Memory     The packed columns, one flat column a worker, and a few thousand flat rows a
 *            worker; dictionaries twice while they are joined.
 * Units      Amounts are minor units of the book's one currency: setting 'currency'
 *            (default CNY). The institution's zone is setting 'zone' (default
 *            Asia/Shanghai), the model whose stages are shown setting 'lifecycle_model'
 *            (default wealth).
 * Errors     INVALID for an amount in another currency (names the table and the
 *            customer_id), for more than 4,294,967,295 child rows of one kind and for a
 *            trait that fails in every row; TEMPFAIL and BUG as db/db.h, of whichever
 *            connection failed first. db must not be in a transaction.
 * Threads    Starts threads of its own, which are gone when it returns; progress is told
 *            by the caller's.
 */
#ifndef STW_SEGMENTS_BOOK_STORE_H
#define STW_SEGMENTS_BOOK_STORE_H

#include "db/db.h"
#include "segments/book.h"
#include "segments/progress.h"

struct book_options {
	const struct progress *progress; /* may be NULL */
	bool no_traits;                  /* leave the derived traits out */
	/* Connections, the caller's included, and threads. 0: one a core, but one for a
	 * small book. */
	int workers;
	/* What the book is to show, exported by another connection that keeps it (a
	 * replication slot's, say). NULL: what is committed now. */
	const char *snapshot;
};

/* options may be NULL. */
enum stw_code book_load(struct db *db, stw_usec now, const struct book_options *options,
    struct book **out, struct stw_err *err) STW_MUST_USE;

/* A book without customers but with every column, traits included: what rules are
 * checked against where no book is loaded. Reads only the settings. */
enum stw_code book_load_blank(
    struct db *db, stw_usec now, struct book **out, struct stw_err *err) STW_MUST_USE;

#endif
