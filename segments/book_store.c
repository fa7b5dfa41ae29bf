/* Customers first, then each kind of child rows; both streams are in the book's order,
 * so that filling it is one merge a table. */
#include "segments/book_store.h"

#include <stdlib.h>
#include <string.h>

#include "engine/log.h"
#include "segments/trait.h"

#define TELL_EVERY 65536 /* rows between two words about progress; a power of two */

/* ---- products ------------------------------------------------------------------ */
struct product {
	bool known;
	struct str class;
	int risk; /* 0: unknown */
};

struct load {
	struct db *db;
	struct book *book;
	const struct progress *progress;
	struct arena arena;
	struct col_dict *product_codes;
	struct product *products; /* by code of product_codes */
	int64_t counts[1 + BOOK_CHILDREN];
};

static enum stw_code
load_products(struct load *load, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(load->db, DB_Q_BOOK_PRODUCTS, NULL, 0, &rows, err);

	if (rc != STW_OK)
		return rc;
	load->product_codes = col_dict_new();
	load->products = arena_array(
	    &load->arena, (size_t)db_rows_count(rows) + 1, sizeof *load->products);
	DB_ROW_FOREACH(rows, r) {
		uint32_t at = col_dict_add(load->product_codes, db_get_str(rows, r, 0));

		load->products[at] = (struct product){
		    .known = true,
		    .class = str_of(db_get_text(rows, r, 1, &load->arena)),
		    .risk = (int)db_get_i64(rows, r, 2),
		};
	}
	db_rows_free(rows);
	return STW_OK;
}

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

/* ---- cells ----------------------------------------------------------------------- */
/* Field `field` of the stream into column col; NULL stays missing. */
static void
put_cell(
    struct table *table, int col, size_t row, const struct db_copy_out *copy, int field)
{
	if (db_field_null(copy, field))
		return;
	switch (table->cols[col].type) {
	case COL_STRING:
		table_set_string(table, col, row, db_field_bytes(copy, field));
		break;
	case COL_DATE:
		table_set_int(table, col, row, db_field_day(copy, field));
		break;
	case COL_TIMESTAMP:
		table_set_int(table, col, row, db_field_usec(copy, field));
		break;
	case COL_BOOL:
		table_set_int(table, col, row, db_field_bool(copy, field));
		break;
	case COL_INT:
	case COL_MONEY:
		table_set_int(table, col, row, db_field_i64(copy, field));
		break;
	case COL_NONE:
	case COL_DOUBLE:
		STW_ASSERT(!"no such column is loaded");
	}
}

static enum stw_code
check_currency(const struct load *load, const struct db_copy_out *copy, int field,
    const char *table, struct stw_err *err)
{
	struct str currency = db_field_bytes(copy, field);

	if (currency.len == 3 && memcmp(currency.ptr, load->book->currency, 3) == 0)
		return STW_OK;
	return stw_fail(err, STW_INVALID,
	    "%s of customer_id %lld (bucket %d) is in %.*s, and the book is kept in %s "
	    "(setting currency): convert it when importing",
	    table, (long long)db_field_i64(copy, 1), db_field_i16(copy, 0),
	    STR_FMT(currency), load->book->currency);
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
		    book_append(book, db_field_i16(copy, 0), db_field_i64(copy, 1));

		for (int c = 0; c < BOOK_CUSTOMER_COLS; c++)
			put_cell(book->customers, c, row, copy, c + 2);
		if ((++done & (TELL_EVERY - 1)) == 0)
			progress_tell(
			    load->progress, "customers", done, load->counts[0]);
	}
	db_copy_out_close(copy);
	progress_tell(load->progress, "customers", done, load->counts[0]);
	return rc;
}

/* ---- children ------------------------------------------------------------------------ */
static enum stw_code
put_holding(struct load *load, struct table *t, size_t row,
    const struct db_copy_out *copy, struct stw_err *err)
{
	enum stw_code rc = check_currency(load, copy, 2, "holding", err);
	const struct product *product;
	uint32_t at;

	if (rc != STW_OK)
		return rc;
	put_cell(t, HOLDING_PRODUCT, row, copy, 3);
	put_cell(t, HOLDING_KIND, row, copy, 4);
	put_cell(t, HOLDING_AMOUNT, row, copy, 5);
	put_cell(t, HOLDING_OPENED_ON, row, copy, 6);
	put_cell(t, HOLDING_MATURITY_ON, row, copy, 7);
	put_cell(t, HOLDING_OPEN, row, copy, 8);
	if (db_field_null(copy, 3))
		return STW_OK;
	at = col_dict_find(load->product_codes, db_field_bytes(copy, 3));
	if (at == UINT32_MAX)
		return STW_OK;
	product = &load->products[at];
	table_set_string(t, HOLDING_CLASS, row, product->class);
	if (product->risk > 0)
		table_set_int(t, HOLDING_RISK, row, product->risk);
	return STW_OK;
}

static enum stw_code
put_transaction(struct load *load, struct table *t, size_t row,
    const struct db_copy_out *copy, struct stw_err *err)
{
	enum stw_code rc = check_currency(load, copy, 2, "txn", err);

	if (rc != STW_OK)
		return rc;
	for (int c = TXN_AT; c <= TXN_BALANCE; c++)
		put_cell(t, c, row, copy, c + 3);
	return STW_OK;
}

static enum stw_code
put_plain(struct load *load, struct table *t, size_t row,
    const struct db_copy_out *copy, struct stw_err *err)
{
	(void)load, (void)err;
	for (int c = 0; c < t->ncols; c++)
		put_cell(t, c, row, copy, c + 2);
	return STW_OK;
}

static const struct child_load {
	enum db_query_id query;
	enum stw_code (*put)(struct load *load, struct table *t, size_t row,
	    const struct db_copy_out *copy, struct stw_err *err);
} child_loads[BOOK_CHILDREN] = {
    [BOOK_HOLDINGS] = {DB_Q_BOOK_HOLDINGS, put_holding},
    [BOOK_TRANSACTIONS] = {DB_Q_BOOK_TRANSACTIONS, put_transaction},
    [BOOK_INTERACTIONS] = {DB_Q_BOOK_INTERACTIONS, put_plain},
    [BOOK_OUTREACH] = {DB_Q_BOOK_OUTREACH, put_plain},
};

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
	rc = db_copy_out_begin(load->db, child_loads[child].query, &copy, err);
	if (rc != STW_OK)
		return rc;
	while ((rc = db_copy_out_row(copy, &more, err)) == STW_OK && more) {
		if (!walk_to(book, child, &at, db_field_i16(copy, 0),
			db_field_i64(copy, 1))) {
			orphans++;
			continue;
		}
		rc =
		    child_loads[child].put(load, table, table_append(table), copy, err);
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
new_book(struct db *db, stw_usec now, int64_t customers, struct book **out,
    struct stw_err *err)
{
	struct db_rows *rows = NULL;
	const struct zone *zone;
	struct str currency;
	enum stw_code rc = db_query_one(db, DB_Q_BOOK_SETTINGS, NULL, 0, &rows, err);

	if (rc != STW_OK)
		return rc;
	currency = db_get_str(rows, 0, 0);
	if (currency.len != 3) {
		rc = stw_fail(err, STW_INVALID,
		    "setting currency: \"%.*s\" is not a code of three letters",
		    STR_FMT(currency));
		goto done;
	}
	rc = zone_find(db_get_str(rows, 0, 1).ptr, &zone, err);
	if (rc != STW_OK) {
		rc = stw_err_prefix(err, rc, "setting zone");
		goto done;
	}
	*out = book_new((size_t)customers, currency.ptr, zone, now);
done:
	db_rows_free(rows);
	return rc;
}

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
		rc = new_book(load->db, now, load->counts[0], &load->book, err);
	if (rc == STW_OK)
		rc = load_products(load, err);
	if (rc == STW_OK)
		rc = load_customers(load, err);
	for (int c = 0; c < BOOK_CHILDREN && rc == STW_OK; c++)
		rc = load_children(load, (enum book_child)c, err);
	return rc;
}

static enum stw_code
derive(struct book *book, stw_usec now, const struct progress *progress,
    struct stw_err *err)
{
	struct trait_catalogue catalogue;
	struct arena arena;
	enum stw_code rc;

	arena_init(&arena);
	rc = trait_catalogue_builtin(&arena, &catalogue, err);
	if (rc == STW_OK)
		rc = traits_derive(book, &catalogue, now, progress, err);
	arena_fini(&arena);
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
	arena_init(&load.arena);
	rc = load_rows(&load, now, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	if (rc == STW_OK)
		table_pack(load.book->customers);
	if (rc == STW_OK && (options == NULL || !options->no_traits))
		rc = derive(load.book, now, load.progress, err);
	if (rc == STW_OK) {
		*out = load.book;
		load.book = NULL;
	}
	book_free(load.book);
	col_dict_free(load.product_codes);
	arena_fini(&load.arena);
	return rc;
}

enum stw_code
book_load_blank(struct db *db, stw_usec now, struct book **out, struct stw_err *err)
{
	struct book *book = NULL;
	enum stw_code rc;

	*out = NULL;
	rc = new_book(db, now, 0, &book, err);
	if (rc == STW_OK)
		rc = derive(book, now, NULL, err);
	if (rc == STW_OK) {
		*out = book;
		book = NULL;
	}
	book_free(book);
	return rc;
}
