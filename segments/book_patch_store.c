#include "segments/book_patch_store.h"

#include <stdlib.h>
#include <string.h>

enum stw_code
book_keys_set(
    struct db *db, const struct book_key *keys, size_t nkeys, struct stw_err *err)
{
	int64_t *buckets = stw_xalloc((nkeys + 1) * sizeof *buckets);
	int64_t *ids = stw_xalloc((nkeys + 1) * sizeof *ids);
	enum stw_code rc;

	for (size_t i = 0; i < nkeys; i++) {
		buckets[i] = keys[i].bucket;
		ids[i] = keys[i].customer_id;
	}
	const struct db_param params[] = {db_i64s(buckets, nkeys), db_i64s(ids, nkeys)};
	rc = db_query(db, DB_Q_BOOK_KEYS, params, DB_NPARAMS(params), NULL, err);
	free(buckets);
	free(ids);
	return rc;
}

static enum stw_code
read_customers(struct db *db, struct book *book, struct stw_err *err)
{
	struct db_copy_out *copy = NULL;
	bool more;
	enum stw_code rc = db_copy_out_begin(db, DB_Q_BOOK_KEY_CUSTOMERS, &copy, err);

	if (rc != STW_OK)
		return rc;
	while ((rc = db_copy_out_row(copy, &more, err)) == STW_OK && more) {
		size_t row =
		    book_append(book, book_fill_bucket(copy), book_fill_id(copy));

		book_fill_customer(book->customers, row, copy);
	}
	db_copy_out_close(copy);
	return rc;
}

static enum stw_code
read_feds(
    struct db *db, const struct book_fill *fill, struct book *book, struct stw_err *err)
{
	struct db_copy_out *copy = NULL;
	bool more;
	enum stw_code rc;

	if (book->nfed == 0)
		return STW_OK;
	rc = db_copy_out_begin(db, DB_Q_BOOK_KEY_FEDS, &copy, err);
	if (rc != STW_OK)
		return rc;
	while ((rc = db_copy_out_row(copy, &more, err)) == STW_OK && more) {
		size_t row =
		    book_find(book, book_fill_bucket(copy), book_fill_id(copy));

		if (row != SIZE_MAX)
			book_fill_fed(
			    fill, book->customers, BOOK_CUSTOMER_COLS, row, copy);
	}
	db_copy_out_close(copy);
	return rc;
}

/* Rows come in the order of the customers; those of nobody are passed over. */
static enum stw_code
read_children(struct db *db, const struct book_fill *fill, struct book *book,
    enum book_child child, struct stw_err *err)
{
	static const enum db_query_id queries[BOOK_CHILDREN] = {
	    [BOOK_HOLDINGS] = DB_Q_BOOK_KEY_HOLDINGS,
	    [BOOK_TRANSACTIONS] = DB_Q_BOOK_KEY_TRANSACTIONS,
	    [BOOK_INTERACTIONS] = DB_Q_BOOK_KEY_INTERACTIONS,
	    [BOOK_OUTREACH] = DB_Q_BOOK_KEY_OUTREACH,
	};
	struct table *table = book->customers->children[child].table;
	struct db_copy_out *copy = NULL;
	size_t at = 0;
	bool more;
	enum stw_code rc = db_copy_out_begin(db, queries[child], &copy, err);

	if (rc != STW_OK)
		return rc;
	while ((rc = db_copy_out_row(copy, &more, err)) == STW_OK && more) {
		size_t row =
		    book_find(book, book_fill_bucket(copy), book_fill_id(copy));

		if (row == SIZE_MAX)
			continue;
		while (at < row)
			book_end_children(book, child, at++);
		rc =
		    book_fill_child(fill, child, table, table_append(table), copy, err);
		if (rc != STW_OK)
			break;
	}
	db_copy_out_close(copy);
	while (at < book->customers->rows)
		book_end_children(book, child, at++);
	return rc;
}

/* The keys without a row. */
static void
find_gone(const struct book_key *keys, size_t nkeys, struct book_patch *patch)
{
	patch->gone = stw_xalloc((nkeys + 1) * sizeof *patch->gone);
	for (size_t i = 0; i < nkeys; i++) {
		if (book_find(patch->book, keys[i].bucket, keys[i].customer_id) ==
		    SIZE_MAX)
			patch->gone[patch->ngone++] = keys[i];
	}
}

enum stw_code
book_patch_read(struct db *db, const struct book_fill *fill,
    const struct book_key *keys, size_t nkeys, stw_usec as_of, struct book_patch *out,
    struct stw_err *err)
{
	struct book_patch patch = {.book = book_new(nkeys, book_fill_currency(fill),
				       book_fill_zone(fill), as_of)};
	enum stw_code rc = db_script(db, "SET LOCAL jit = off", err);

	*out = (struct book_patch){0};
	book_add_feds(patch.book, book_fill_feds(fill));
	if (rc == STW_OK)
		rc = book_keys_set(db, keys, nkeys, err);
	if (rc == STW_OK)
		rc = read_customers(db, patch.book, err);
	if (rc == STW_OK)
		rc = read_feds(db, fill, patch.book, err);
	for (int c = 0; c < BOOK_CHILDREN && rc == STW_OK; c++)
		rc = read_children(db, fill, patch.book, (enum book_child)c, err);
	if (rc != STW_OK) {
		book_patch_fini(&patch);
		return rc;
	}
	table_pack(patch.book->customers);
	find_gone(keys, nkeys, &patch);
	*out = patch;
	return STW_OK;
}

enum stw_code
book_fingerprint(struct db *db, char out[BOOK_FINGERPRINT], struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(db, DB_Q_BOOK_FINGERPRINT, NULL, 0, &rows, err);
	struct str text;

	if (rc != STW_OK)
		return rc;
	text = db_get_str(rows, 0, 0);
	STW_ASSERT(text.len == BOOK_FINGERPRINT - 1);
	memcpy(out, text.ptr, BOOK_FINGERPRINT);
	db_rows_free(rows);
	return STW_OK;
}
