#include "segments/book_merge.h"

#include <stdlib.h>
#include <string.h>

/* ---- order ------------------------------------------------------------------------ */
struct order {
	const struct book_parts *parts;
	size_t at[BOOK_PARTS_MAX]; /* the next row of each part */
	struct table_run *runs;
	size_t count, cap;
};

static void
order_add(struct order *order, int part, size_t row)
{
	struct table_run *last =
	    order->count == 0 ? NULL : &order->runs[order->count - 1];

	if (last != NULL && last->from == part && last->first + last->count == row) {
		last->count++;
		return;
	}
	if (order->count == order->cap) {
		order->cap = order->cap == 0 ? 64 : order->cap * 2;
		order->runs =
		    stw_xrealloc(order->runs, order->cap * sizeof *order->runs);
	}
	STW_ASSERT(order->runs != NULL);
	order->runs[order->count++] =
	    (struct table_run){.from = part, .first = row, .count = 1};
}

/* The part whose next live row of the bucket has the smallest id; -1: none is left. */
static int
next_part(struct order *order, int bucket)
{
	int best = -1;
	int64_t id = 0;

	for (int p = 0; p < order->parts->count; p++) {
		const struct book *book = order->parts->books[p];
		size_t end = book->first[bucket + 1], *at = &order->at[p];

		while (*at < end && book_is_dead(book, *at))
			++*at;
		if (*at < end && (best < 0 || book->customer_id[*at] < id)) {
			best = p;
			id = book->customer_id[*at];
		}
	}
	return best;
}

size_t
book_parts_order(const struct book_parts *parts, struct table_run **runs)
{
	struct order order = {.parts = parts};

	for (int bucket = 0; bucket < BOOK_BUCKETS; bucket++) {
		int p;

		while ((p = next_part(&order, bucket)) >= 0)
			order_add(&order, p, order.at[p]++);
	}
	*runs = order.runs;
	return order.count;
}

/* ---- one book ----------------------------------------------------------------------- */
/* Which customer each row is, and where the buckets begin. */
static void
copy_ids(const struct book_parts *parts, const struct table_run *runs, size_t nruns,
    struct book *to)
{
	size_t at = 0;

	for (size_t i = 0; i < nruns; i++) {
		memcpy(to->customer_id + at,
		    parts->books[runs[i].from]->customer_id + runs[i].first,
		    runs[i].count * sizeof *to->customer_id);
		at += runs[i].count;
	}
	for (int bucket = 0; bucket < BOOK_BUCKETS; bucket++) {
		uint32_t live = 0;

		for (int p = 0; p < parts->count; p++) {
			const struct book *book = parts->books[p];

			for (size_t row = book->first[bucket];
			     row < book->first[bucket + 1]; row++)
				live += !book_is_dead(book, row);
		}
		to->first[bucket + 1] = to->first[bucket] + live;
		if (live > 0)
			to->last_bucket = bucket;
	}
	STW_ASSERT(to->first[BOOK_BUCKETS] == at);
}

/* With room for the ids, which are not there yet. */
static struct book *
book_like(const struct book_parts *parts, const struct table_run *runs, size_t nruns)
{
	const struct table *tables[BOOK_PARTS_MAX];
	struct book *book = stw_xalloc(sizeof *book);

	STW_ASSERT(parts->count > 0);
	for (int p = 0; p < parts->count; p++)
		tables[p] = parts->books[p]->customers;
	*book = *parts->books[0];
	memset(book->first, 0, sizeof book->first);
	book->over = NULL;
	book->dead = NULL;
	book->gone = NULL;
	book->ngone = 0;
	book->last_bucket = -1;
	book->customers =
	    table_pick(tables, parts->count, tables[0]->ncols, runs, nruns);
	book->id_cap = book->customers->rows < 16 ? 16 : book->customers->rows;
	book->customer_id = stw_xalloc(book->id_cap * sizeof *book->customer_id);
	return book;
}

struct book *
book_merge(const struct book_parts *parts)
{
	struct table_run *runs;
	size_t nruns = book_parts_order(parts, &runs);
	struct book *book = book_like(parts, runs, nruns);

	copy_ids(parts, runs, nruns, book);
	free(runs);
	return book;
}

struct book *
book_of_runs(const struct book_parts *parts, const struct table_run *runs,
    const struct book_key *keys, size_t nruns)
{
	struct book *book = book_like(parts, runs, nruns);
	size_t at = 0;

	for (int bucket = 0; bucket < BOOK_BUCKETS; bucket++) {
		for (; at < nruns && keys[at].bucket == bucket; at++) {
			STW_ASSERT(runs[at].count == 1);
			book->customer_id[at] = keys[at].customer_id;
			book->last_bucket = bucket;
		}
		book->first[bucket + 1] = (uint32_t)at;
	}
	STW_ASSERT(at == nruns);
	return book;
}
