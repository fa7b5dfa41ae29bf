#include "segments/book_range_store.h"

#include <stdlib.h>

#define WATCH_EVERY 1024 /* rows between two looks at the others; a power of two */

struct range_load {
	struct db *db;
	const struct book_fill *fill;
	const struct book_range_watch *watch;
	struct book_range *range;
	size_t id_cap;
};

/* Flat rows that are many enough are packed. Between customers only: the child rows of
 * one are put in order while they are flat. */
static void
cut_full(struct table_part *part)
{
	if (table_part_table(part)->rows >= TABLE_CHUNK)
		table_part_cut(part);
}

/* Every so often: tells the count and asks whether to go on. */
static enum stw_code
watch_row(const struct range_load *load, int64_t done, struct stw_err *err)
{
	int64_t rows;

	if ((done & (WATCH_EVERY - 1)) != 0)
		return STW_OK;
	rows = atomic_fetch_add(load->watch->rows, WATCH_EVERY) + WATCH_EVERY;
	progress_tell(load->watch->progress, "rows of the book", rows,
	    rows < load->watch->total ? load->watch->total : rows);
	if (atomic_load(load->watch->stop))
		return stw_fail(
		    err, STW_TEMPFAIL, "the load was given up by another of its parts");
	return STW_OK;
}

/* ---- customers ----------------------------------------------------------------------- */
static size_t
part_rows(const struct table_part *part)
{
	return table_part_rows(part) + table_part_table(part)->rows;
}

static enum stw_code
put_customer(
    struct range_load *load, const struct db_copy_out *copy, struct stw_err *err)
{
	struct book_range *range = load->range;
	struct table *table = table_part_table(range->customers);
	size_t row = part_rows(range->customers);
	int bucket = book_fill_bucket(copy);

	if (bucket < range->first || bucket > range->last)
		return stw_fail(err, STW_BUG,
		    "a customer of bucket %d where %d to %d were asked for", bucket,
		    range->first, range->last);
	if (row == load->id_cap) {
		load->id_cap = load->id_cap == 0 ? TABLE_CHUNK : load->id_cap * 2;
		range->customer_id = stw_xrealloc(
		    range->customer_id, load->id_cap * sizeof *range->customer_id);
	}
	range->customer_id[row] = book_fill_id(copy);
	range->ends[bucket] = (uint32_t)(row + 1);
	book_fill_customer(table, table_append(table), copy);
	cut_full(range->customers);
	return STW_OK;
}

static enum stw_code
load_customers(struct range_load *load, struct stw_err *err)
{
	struct book_range *range = load->range;
	struct db_copy_out *copy = NULL;
	int64_t done = 0;
	bool more;
	enum stw_code rc = db_copy_out_begin(load->db, DB_Q_BOOK_CUSTOMERS, &copy, err);

	if (rc != STW_OK)
		return rc;
	while ((rc = db_copy_out_row(copy, &more, err)) == STW_OK && more) {
		rc = put_customer(load, copy, err);
		if (rc == STW_OK)
			rc = watch_row(load, ++done, err);
		if (rc != STW_OK)
			break;
	}
	db_copy_out_close(copy);
	table_part_cut(range->customers);
	/* A bucket without customers ends where the one before it does. */
	for (int b = range->first + 1; b <= range->last; b++)
		if (range->ends[b] == 0)
			range->ends[b] = range->ends[b - 1];
	return rc;
}

/* ---- children ------------------------------------------------------------------------ */
/* The merge: where it is among the customers, and where their rows begin. */
struct merge {
	struct book_range_child *child;
	enum book_child which;
	size_t at, end; /* customers */
	size_t began;   /* the flat row at which the rows of customer `at` begin */
};

/* Customer m->at has no more rows. */
static void
end_customer(struct merge *m)
{
	struct table *table = table_part_table(m->child->rows);

	if (table->rows - m->began > 1)
		book_sort_children(table, m->which, m->began);
	cut_full(m->child->rows);
	m->began = table->rows;
	m->child->ends[m->at++] = (uint32_t)part_rows(m->child->rows);
}

/* Walks to the customer of a row; false: there is none. */
static bool
walk_to(const struct book_range *range, struct merge *m, int bucket, int64_t id)
{
	size_t first = bucket == range->first ? 0 : range->ends[bucket - 1];
	size_t end = range->ends[bucket];

	while (m->at < m->end &&
	       (m->at < first || (m->at < end && range->customer_id[m->at] < id)))
		end_customer(m);
	return m->at < end && m->at >= first && range->customer_id[m->at] == id;
}

static enum stw_code
put_child(struct range_load *load, struct merge *m, const struct db_copy_out *copy,
    struct stw_err *err)
{
	struct table *table = table_part_table(m->child->rows);
	int bucket = book_fill_bucket(copy);

	if (bucket < load->range->first || bucket > load->range->last)
		return stw_fail(err, STW_BUG,
		    "%s of bucket %d where %d to %d were asked for", table->name,
		    bucket, load->range->first, load->range->last);
	if (!walk_to(load->range, m, bucket, book_fill_id(copy))) {
		m->child->orphans++;
		return STW_OK;
	}
	if (part_rows(m->child->rows) == UINT32_MAX)
		return stw_fail(err, STW_INVALID,
		    "more than %u %s: a book holds no more of one kind", UINT32_MAX,
		    table->name);
	return book_fill_child(
	    load->fill, m->which, table, table_append(table), copy, err);
}

static enum stw_code
load_children(struct range_load *load, enum book_child which, struct stw_err *err)
{
	struct book_range_child *child = &load->range->children[which];
	struct merge m = {.child = child,
	    .which = which,
	    .end = table_part_rows(load->range->customers)};
	struct db_copy_out *copy = NULL;
	int64_t done = 0;
	bool more;
	enum stw_code rc;

	child->ends = stw_xalloc((m.end + 1) * sizeof *child->ends);
	rc = db_copy_out_begin(load->db, book_fill_query(which), &copy, err);
	if (rc != STW_OK)
		return rc;
	while ((rc = db_copy_out_row(copy, &more, err)) == STW_OK && more) {
		rc = put_child(load, &m, copy, err);
		if (rc == STW_OK)
			rc = watch_row(load, ++done, err);
		if (rc != STW_OK)
			break;
	}
	db_copy_out_close(copy);
	while (rc == STW_OK && m.at < m.end)
		end_customer(&m);
	table_part_cut(child->rows);
	return rc;
}

/* ---- fed traits ---------------------------------------------------------------------- */
/* Rows up to that of customer `at`, which is then the newest of the flat ones. */
static void
append_fed(struct table_part *part, size_t at)
{
	while (part_rows(part) <= at) {
		cut_full(part);
		(void)table_append(table_part_table(part));
	}
}

/* The customer of a row, looked for from *at on; false: there is none. */
static bool
find_fed(const struct book_range *range, size_t *at, int bucket, int64_t id)
{
	size_t first = bucket == range->first ? 0 : range->ends[bucket - 1];
	size_t end = range->ends[bucket];

	while (*at < first || (*at < end && range->customer_id[*at] < id))
		++*at;
	return *at < end && range->customer_id[*at] == id;
}

static enum stw_code
put_fed(struct range_load *load, size_t *at, const struct db_copy_out *copy,
    struct stw_err *err)
{
	const struct book_range *range = load->range;
	struct table *table = table_part_table(range->fed);
	int bucket = book_fill_bucket(copy);

	if (bucket < range->first || bucket > range->last)
		return stw_fail(err, STW_BUG,
		    "a trait's value of bucket %d where %d to %d were asked for",
		    bucket, range->first, range->last);
	if (!find_fed(range, at, bucket, book_fill_id(copy)))
		return STW_OK; /* of an erased customer, or of nobody */
	append_fed(range->fed, *at);
	book_fill_fed(load->fill, table, 0, table->rows - 1, copy);
	return STW_OK;
}

static enum stw_code
load_feds(struct range_load *load, struct stw_err *err)
{
	struct table_part *part = load->range->fed;
	size_t at = 0, customers = table_part_rows(load->range->customers);
	struct db_copy_out *copy = NULL;
	int64_t done = 0;
	bool more;
	enum stw_code rc = db_copy_out_begin(load->db, DB_Q_BOOK_FEDS, &copy, err);

	if (rc != STW_OK)
		return rc;
	while ((rc = db_copy_out_row(copy, &more, err)) == STW_OK && more) {
		rc = put_fed(load, &at, copy, err);
		if (rc == STW_OK)
			rc = watch_row(load, ++done, err);
		if (rc != STW_OK)
			break;
	}
	db_copy_out_close(copy);
	if (rc == STW_OK && customers > 0)
		append_fed(part, customers - 1);
	table_part_cut(part);
	return rc;
}

/* ---- the whole ------------------------------------------------------------------------ */
struct book_range *
book_range_new(const struct book_fill *fill, int first, int last)
{
	const char *currency = book_fill_currency(fill);
	struct book_range *range = stw_xalloc(sizeof *range);
	struct table *fed;

	range->first = first;
	range->last = last;
	range->customers = table_part_new(book_customer_table(TABLE_CHUNK, currency));
	fed = table_new("fed", TABLE_CHUNK);
	book_add_fed_columns(fed, book_fill_feds(fill), currency);
	range->fed = table_part_new(fed);
	for (int c = 0; c < BOOK_CHILDREN; c++)
		range->children[c].rows = table_part_new(
		    book_child_table((enum book_child)c, TABLE_CHUNK, currency));
	return range;
}

enum stw_code
book_range_customers(struct db *db, struct book_range *range,
    const struct book_range_watch *watch, struct stw_err *err)
{
	struct range_load load = {.db = db, .watch = watch, .range = range};
	enum stw_code rc = book_fill_range(db, range->first, range->last, err);

	return rc == STW_OK ? load_customers(&load, err) : rc;
}

enum stw_code
book_range_children(struct db *db, const struct book_fill *fill,
    struct book_range *range, enum book_child which,
    const struct book_range_watch *watch, struct stw_err *err)
{
	struct range_load load = {
	    .db = db, .fill = fill, .watch = watch, .range = range};
	enum stw_code rc = book_fill_range(db, range->first, range->last, err);

	return rc == STW_OK ? load_children(&load, which, err) : rc;
}

enum stw_code
book_range_feds(struct db *db, const struct book_fill *fill, struct book_range *range,
    const struct book_range_watch *watch, struct stw_err *err)
{
	struct range_load load = {
	    .db = db, .fill = fill, .watch = watch, .range = range};
	enum stw_code rc = STW_OK;

	if (book_fill_feds(fill)->count == 0)
		return STW_OK;
	rc = book_fill_range(db, range->first, range->last, err);
	return rc == STW_OK ? load_feds(&load, err) : rc;
}

void
book_range_free(struct book_range *range)
{
	if (range == NULL)
		return;
	table_part_free(range->customers);
	table_part_free(range->fed);
	for (int c = 0; c < BOOK_CHILDREN; c++) {
		table_part_free(range->children[c].rows);
		free(range->children[c].ends);
	}
	free(range->customer_id);
	free(range);
}
