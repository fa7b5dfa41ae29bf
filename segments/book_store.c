/* Customers first, then each kind of child rows; both streams are in the book's order,
 * so that filling it is one merge a table. */
#include "segments/book_store.h"

#include <stdlib.h>
#include <string.h>

#include "engine/log.h"
#include "segments/book_fill_store.h"
#include "segments/trait.h"

#define TELL_EVERY 65536 /* rows between two words about progress; a power of two */

struct load {
	struct db *db;
	struct book *book;
	const struct progress *progress;
	struct book_fill *fill;
	int64_t counts[1 + BOOK_CHILDREN];
};

static enum stw_code
load_counts(struct load *load, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query_one(load->db, DB_Q_BOOK_COUNTS, NULL, 0, &rows, err);

	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < 1 + BOOK_CHILDREN; i++)
		load->counts[i] = db_get_i64(rows, 0, i);
	db_rows_free(rows);
	return STW_OK;
}

/* ---- customers --------------------------------------------------------------------- */
static enum stw_code
load_customers(struct load *load, struct stw_err *err)
{
	struct book *book = load->book;
	struct db_copy_out *copy = NULL;
	int64_t done = 0;
	bool more;
	enum stw_code rc = db_copy_out_begin(load->db, DB_Q_BOOK_CUSTOMERS, &copy, err);

	if (rc != STW_OK)
		return rc;
	while ((rc = db_copy_out_row(copy, &more, err)) == STW_OK && more) {
		size_t row =
		    book_append(book, book_fill_bucket(copy), book_fill_id(copy));

		book_fill_customer(book->customers, row, copy);
		if ((++done & (TELL_EVERY - 1)) == 0)
			progress_tell(
			    load->progress, "customers", done, load->counts[0]);
	}
	db_copy_out_close(copy);
	progress_tell(load->progress, "customers", done, load->counts[0]);
	return rc;
}

/* ---- children ------------------------------------------------------------------------ */
/* The parent of the row in the stream: the merge walks on from *at, and ends the
 * children of the customers it passes. False: there is no such customer. */
static bool
walk_to(struct book *book, enum book_child child, size_t *at, int bucket,
    int64_t customer_id)
{
	size_t end = book->customers->rows;

	while (*at < end &&
	       (*at < book->first[bucket] || (*at < book->first[bucket + 1] &&
						 book->customer_id[*at] < customer_id)))
		book_end_children(book, child, (*at)++);
	return *at < book->first[bucket + 1] && book->customer_id[*at] == customer_id;
}

static enum stw_code
load_children(struct load *load, enum book_child child, struct stw_err *err)
{
	struct book *book = load->book;
	struct table *table = book->customers->children[child].table;
	int64_t total = load->counts[1 + child], done = 0, orphans = 0;
	struct db_copy_out *copy = NULL;
	size_t at = 0;
	bool more;
	enum stw_code rc;

	table_reserve(table, (size_t)total);
	rc = db_copy_out_begin(load->db, book_fill_query(child), &copy, err);
	if (rc != STW_OK)
		return rc;
	while ((rc = db_copy_out_row(copy, &more, err)) == STW_OK && more) {
		if (!walk_to(
			book, child, &at, book_fill_bucket(copy), book_fill_id(copy))) {
			orphans++;
			continue;
		}
		rc = book_fill_child(
		    load->fill, child, table, table_append(table), copy, err);
		if (rc != STW_OK)
			break;
		if ((++done & (TELL_EVERY - 1)) == 0)
			progress_tell(load->progress, table->name, done, total);
	}
	db_copy_out_close(copy);
	while (at < book->customers->rows)
		book_end_children(book, child, at++);
	if (orphans > 0)
		log_event(LOG_WARN, "book_orphans", "table=%s rows=%lld", table->name,
		    (long long)orphans);
	progress_tell(load->progress, table->name, done, total);
	return rc;
}

/* ---- the whole ----------------------------------------------------------------------- */
static enum stw_code
load_rows(struct load *load, stw_usec now, struct stw_err *err)
{
	/* The orders of the big tables are those of their keys or nearly so: a sort that
	 * is still needed should stay in memory. */
	enum stw_code rc = db_script(
	    load->db, "SET LOCAL work_mem = '256MB'; SET LOCAL jit = off", err);

	if (rc == STW_OK)
		rc = load_counts(load, err);
	if (rc == STW_OK)
		rc = book_fill_open(load->db, &load->fill, err);
	if (rc == STW_OK)
		load->book = book_new((size_t)load->counts[0],
		    book_fill_currency(load->fill), book_fill_zone(load->fill), now);
	if (rc == STW_OK)
		rc = load_customers(load, err);
	for (int c = 0; c < BOOK_CHILDREN && rc == STW_OK; c++)
		rc = load_children(load, (enum book_child)c, err);
	return rc;
}

enum stw_code
book_load(struct db *db, stw_usec now, const struct book_options *options,
    struct book **out, struct stw_err *err)
{
	struct load load = {
	    .db = db,
	    .progress = options == NULL ? NULL : options->progress,
	};
	enum stw_code rc;

	*out = NULL;
	rc = db_begin_snapshot(db, err);
	if (rc != STW_OK)
		return rc;
	rc = load_rows(&load, now, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	if (rc == STW_OK)
		table_pack(load.book->customers);
	if (rc == STW_OK && (options == NULL || !options->no_traits))
		rc = traits_derive_builtin(load.book, now, load.progress, err);
	if (rc == STW_OK) {
		*out = load.book;
		load.book = NULL;
	}
	book_free(load.book);
	book_fill_close(load.fill);
	return rc;
}

enum stw_code
book_load_blank(struct db *db, stw_usec now, struct book **out, struct stw_err *err)
{
	struct book_fill *fill;
	struct book *book = NULL;
	enum stw_code rc;

	*out = NULL;
	rc = book_fill_open(db, &fill, err);
	if (rc != STW_OK)
		return rc;
	book = book_new(0, book_fill_currency(fill), book_fill_zone(fill), now);
	book_fill_close(fill);
	if (rc == STW_OK)
		rc = traits_derive_builtin(book, now, NULL, err);
	if (rc == STW_OK) {
		*out = book;
		book = NULL;
	}
	book_free(book);
	return rc;
}
