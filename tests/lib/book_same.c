#include "tests/lib/book_same.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "segments/book_merge.h"

struct book_parts
book_alone(struct book *book)
{
	return (struct book_parts){.books = {book}, .count = 1};
}

static void
print_cell(const struct column *col, size_t row, struct buf *to)
{
	if (!column_has(col, row)) {
		buf_add_c(to, "missing");
	} else if (col->type == COL_STRING) {
		struct str s = col_dict_get(col->dict, column_code(col, row));

		buf_printf(to, "\"%.*s\"", STR_FMT(s));
	} else if (col->type == COL_DOUBLE) {
		buf_printf(to, "%.17g", column_double(col, row));
	} else {
		buf_printf(to, "%" PRId64, column_int(col, row));
	}
}

static bool
same_cell(const struct column *a, size_t i, const struct column *b, size_t k)
{
	double x, y;

	if (column_has(a, i) != column_has(b, k))
		return false;
	if (!column_has(a, i))
		return true;
	if (a->type == COL_STRING)
		return str_eq(col_dict_get(a->dict, column_code(a, i)),
		    col_dict_get(b->dict, column_code(b, k)));
	if (a->type != COL_DOUBLE)
		return column_int(a, i) == column_int(b, k);
	x = column_double(a, i);
	y = column_double(b, k);
	return memcmp(&x, &y, sizeof x) == 0;
}

struct place {
	const struct book *a, *b;
	size_t i, k; /* rows of the customer */
	struct buf *why;
};

static bool
differ(const struct place *p, const struct table *of, const char *what)
{
	buf_printf(p->why, "%s: bucket %d, customer_id %" PRId64 ": %s", of->name,
	    book_bucket_of(p->a, p->i), p->a->customer_id[p->i], what);
	return false;
}

static bool
same_row(const struct place *p, const struct table *a, size_t i, const struct table *b,
    size_t k)
{
	for (int c = 0; c < a->ncols; c++) {
		const struct column *x = &a->cols[c], *y = &b->cols[c];

		if (strcmp(x->name, y->name) != 0 || x->type != y->type ||
		    memcmp(x->currency, y->currency, sizeof x->currency) != 0)
			return differ(p, a, "other columns");
		if (same_cell(x, i, y, k))
			continue;
		(void)differ(p, a, x->name);
		buf_add_c(p->why, ": ");
		print_cell(x, i, p->why);
		buf_add_c(p->why, " and ");
		print_cell(y, k, p->why);
		return false;
	}
	return true;
}

static bool
same_children(const struct place *p, int child)
{
	const struct table_child *x = &p->a->customers->children[child];
	const struct table_child *y = &p->b->customers->children[child];
	size_t i = x->offsets[p->i], k = y->offsets[p->k];
	size_t n = x->offsets[p->i + 1] - i, m = y->offsets[p->k + 1] - k;

	if (n != m) {
		(void)differ(p, x->table, "rows: ");
		buf_printf(p->why, "%zu and %zu", n, m);
		return false;
	}
	for (size_t r = 0; r < n; r++) {
		if (!same_row(p, x->table, i + r, y->table, k + r))
			return false;
	}
	return true;
}

static bool
same_customer(const struct place *p)
{
	if (p->a->customer_id[p->i] != p->b->customer_id[p->k] ||
	    book_bucket_of(p->a, p->i) != book_bucket_of(p->b, p->k))
		return differ(p, p->a->customers, "only in one, or not in its place");
	if (p->a->customers->ncols != p->b->customers->ncols)
		return differ(p, p->a->customers, "number of columns");
	if (!same_row(p, p->a->customers, p->i, p->b->customers, p->k))
		return false;
	for (int c = 0; c < BOOK_CHILDREN; c++) {
		if (!same_children(p, c))
			return false;
	}
	return true;
}

/* Walks the live rows of both in the book's order. */
struct walk {
	const struct book_parts *parts;
	struct table_run *runs;
	size_t nruns, run, at;
};

static bool
walk_next(struct walk *walk, const struct book **book, size_t *row)
{
	const struct table_run *run;

	while (walk->run < walk->nruns && walk->at == walk->runs[walk->run].count) {
		walk->run++;
		walk->at = 0;
	}
	if (walk->run == walk->nruns)
		return false;
	run = &walk->runs[walk->run];
	*book = walk->parts->books[run->from];
	*row = run->first + walk->at++;
	return true;
}

bool
book_same(const struct book_parts *a, const struct book_parts *b, struct buf *why)
{
	struct walk x = {.parts = a}, y = {.parts = b};
	struct place place = {.why = why};
	bool same = true;

	x.nruns = book_parts_order(a, &x.runs);
	y.nruns = book_parts_order(b, &y.runs);
	if (book_parts_customers(a) != book_parts_customers(b)) {
		buf_printf(why, "customers: %" PRId64 " and %" PRId64 "; ",
		    book_parts_customers(a), book_parts_customers(b));
		same = false;
	}
	while (walk_next(&x, &place.a, &place.i) && walk_next(&y, &place.b, &place.k)) {
		if (!same_customer(&place)) {
			same = false;
			break;
		}
	}
	free(x.runs);
	free(y.runs);
	return same;
}
