#include "segments/book_fill_store.h"

#include <stdlib.h>
#include <string.h>

#include "segments/trait.h"

struct product {
	bool known;
	struct str class;
	int risk; /* 0: unknown */
};

struct book_fill {
	struct arena arena;
	char currency[4];
	const struct zone *zone;
	struct col_dict *product_codes;
	struct product *products; /* by code of product_codes */
	struct book_feds feds;    /* by trait_id, ascending */
};

/* ---- what is known beforehand --------------------------------------------------- */
static enum stw_code
fill_settings(struct book_fill *fill, struct db *db, struct stw_err *err)
{
	struct db_rows *rows = NULL;
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
	memcpy(fill->currency, currency.ptr, 3);
	rc = zone_find(db_get_str(rows, 0, 1).ptr, &fill->zone, err);
	if (rc != STW_OK)
		rc = stw_err_prefix(err, rc, "setting zone");
done:
	db_rows_free(rows);
	return rc;
}

static enum stw_code
fill_products(struct book_fill *fill, struct db *db, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_BOOK_PRODUCTS, NULL, 0, &rows, err);

	if (rc != STW_OK)
		return rc;
	fill->product_codes = col_dict_new();
	fill->products = arena_array(
	    &fill->arena, (size_t)db_rows_count(rows) + 1, sizeof *fill->products);
	DB_ROW_FOREACH(rows, r) {
		uint32_t at = col_dict_add(fill->product_codes, db_get_str(rows, r, 0));

		fill->products[at] = (struct product){
		    .known = true,
		    .class = str_of(db_get_text(rows, r, 1, &fill->arena)),
		    .risk = (int)db_get_i64(rows, r, 2),
		};
	}
	db_rows_free(rows);
	return STW_OK;
}

static enum stw_code
fed_read(struct book_fill *fill, const struct db_rows *rows, int r,
    struct book_fed *out, struct stw_err *err)
{
	struct str currency = db_get_str(rows, r, 3);

	*out = (struct book_fed){
	    .trait_id = (int)db_get_i64(rows, r, 0),
	    .name = db_get_text(rows, r, 1, &fill->arena),
	    .type = trait_type_find(db_get_str(rows, r, 2).ptr),
	};
	STW_ASSERT(out->type != COL_NONE); /* the table's CHECK has the same words */
	if (out->type != COL_MONEY || str_eq_c(currency, fill->currency))
		return STW_OK;
	return stw_fail(err, STW_INVALID,
	    "trait customer.%s is fed in %.*s, and the book is kept in %s (setting "
	    "currency): retire it and add another",
	    out->name, STR_FMT(currency), fill->currency);
}

static enum stw_code
fill_feds(struct book_fill *fill, struct db *db, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_BOOK_FED_TRAITS, NULL, 0, &rows, err);
	struct book_fed *items;

	if (rc != STW_OK)
		return rc;
	items =
	    arena_array(&fill->arena, (size_t)db_rows_count(rows) + 1, sizeof *items);
	for (int r = 0; r < db_rows_count(rows) && rc == STW_OK; r++)
		rc = fed_read(fill, rows, r, &items[r], err);
	fill->feds = (struct book_feds){items, db_rows_count(rows)};
	db_rows_free(rows);
	return rc;
}

enum stw_code
book_fill_open(struct db *db, struct book_fill **out, struct stw_err *err)
{
	struct book_fill *fill = stw_xalloc(sizeof *fill);
	enum stw_code rc;

	*out = NULL;
	arena_init(&fill->arena);
	rc = fill_settings(fill, db, err);
	if (rc == STW_OK)
		rc = fill_products(fill, db, err);
	if (rc == STW_OK)
		rc = fill_feds(fill, db, err);
	if (rc != STW_OK) {
		book_fill_close(fill);
		return rc;
	}
	*out = fill;
	return STW_OK;
}

void
book_fill_close(struct book_fill *fill)
{
	if (fill == NULL)
		return;
	col_dict_free(fill->product_codes);
	arena_fini(&fill->arena);
	free(fill);
}

const char *
book_fill_currency(const struct book_fill *fill)
{
	return fill->currency;
}

const struct zone *
book_fill_zone(const struct book_fill *fill)
{
	return fill->zone;
}

const struct book_feds *
book_fill_feds(const struct book_fill *fill)
{
	return &fill->feds;
}

enum stw_code
book_fill_range(struct db *db, int first, int last, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(first), db_i64(last)};

	STW_ASSERT(first >= 0 && first <= last && last < BOOK_BUCKETS);
	return db_query(db, DB_Q_BOOK_RANGE, params, DB_NPARAMS(params), NULL, err);
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
	case COL_DOUBLE:
		table_set_double(table, col, row, db_field_f64(copy, field));
		break;
	case COL_NONE:
		STW_ASSERT(!"no such column is loaded");
	}
}

static enum stw_code
check_currency(const struct book_fill *fill, const struct db_copy_out *copy, int field,
    const char *table, struct stw_err *err)
{
	struct str currency = db_field_bytes(copy, field);

	if (currency.len == 3 && memcmp(currency.ptr, fill->currency, 3) == 0)
		return STW_OK;
	return stw_fail(err, STW_INVALID,
	    "%s of customer_id %lld (bucket %d) is in %.*s, and the book is kept in %s "
	    "(setting currency): convert it when importing",
	    table, (long long)book_fill_id(copy), book_fill_bucket(copy),
	    STR_FMT(currency), fill->currency);
}

/* ---- rows ------------------------------------------------------------------------ */
void
book_fill_customer(struct table *customers, size_t row, const struct db_copy_out *copy)
{
	for (int c = 0; c < BOOK_CUSTOMER_COLS; c++)
		put_cell(customers, c, row, copy, c + 2);
}

/* Which of the fed traits; below zero: one that was added or retired since, of a statement
 * that sees more than the fill does. */
static int
fed_of(const struct book_feds *feds, int trait_id)
{
	int lo = 0, hi = feds->count;

	while (lo < hi) {
		int mid = lo + (hi - lo) / 2;

		if (feds->items[mid].trait_id < trait_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < feds->count && feds->items[lo].trait_id == trait_id ? lo : -1;
}

void
book_fill_fed(const struct book_fill *fill, struct table *table, int first, size_t row,
    const struct db_copy_out *copy)
{
	/* Fields of the statement by type. */
	static const int fields[] = {
	    [COL_BOOL] = 3,
	    [COL_INT] = 3,
	    [COL_MONEY] = 3,
	    [COL_DOUBLE] = 4,
	    [COL_STRING] = 5,
	    [COL_DATE] = 6,
	    [COL_TIMESTAMP] = 7,
	};
	int at = fed_of(&fill->feds, db_field_i32(copy, 2));
	int field, col = first + at;

	if (at < 0)
		return;
	field = fields[fill->feds.items[at].type];
	if (fill->feds.items[at].type != COL_BOOL)
		put_cell(table, col, row, copy, field);
	else if (!db_field_null(copy, field)) /* it lies there as 0 and 1 */
		table_set_int(table, col, row, db_field_i64(copy, field) != 0);
}

static enum stw_code
put_holding(const struct book_fill *fill, struct table *t, size_t row,
    const struct db_copy_out *copy, struct stw_err *err)
{
	enum stw_code rc = check_currency(fill, copy, 2, "holding", err);
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
	at = col_dict_find(fill->product_codes, db_field_bytes(copy, 3));
	if (at == UINT32_MAX)
		return STW_OK;
	product = &fill->products[at];
	table_set_string(t, HOLDING_CLASS, row, product->class);
	if (product->risk > 0)
		table_set_int(t, HOLDING_RISK, row, product->risk);
	return STW_OK;
}

static enum stw_code
put_transaction(const struct book_fill *fill, struct table *t, size_t row,
    const struct db_copy_out *copy, struct stw_err *err)
{
	enum stw_code rc = check_currency(fill, copy, 2, "txn", err);

	if (rc != STW_OK)
		return rc;
	for (int c = TXN_AT; c <= TXN_BALANCE; c++)
		put_cell(t, c, row, copy, c + 3);
	return STW_OK;
}

static enum stw_code
put_plain(const struct book_fill *fill, struct table *t, size_t row,
    const struct db_copy_out *copy, struct stw_err *err)
{
	(void)fill, (void)err;
	for (int c = 0; c < t->ncols; c++)
		put_cell(t, c, row, copy, c + 2);
	return STW_OK;
}

static const struct child_fill {
	enum db_query_id query;
	enum stw_code (*put)(const struct book_fill *fill, struct table *t, size_t row,
	    const struct db_copy_out *copy, struct stw_err *err);
} child_fills[BOOK_CHILDREN] = {
    [BOOK_HOLDINGS] = {DB_Q_BOOK_HOLDINGS, put_holding},
    [BOOK_TRANSACTIONS] = {DB_Q_BOOK_TRANSACTIONS, put_transaction},
    [BOOK_INTERACTIONS] = {DB_Q_BOOK_INTERACTIONS, put_plain},
    [BOOK_OUTREACH] = {DB_Q_BOOK_OUTREACH, put_plain},
};

enum db_query_id
book_fill_query(enum book_child child)
{
	return child_fills[child].query;
}

enum stw_code
book_fill_child(const struct book_fill *fill, enum book_child child,
    struct table *table, size_t row, const struct db_copy_out *copy,
    struct stw_err *err)
{
	return child_fills[child].put(fill, table, row, copy, err);
}
