#include "segments/book_view.h"

#include <stdlib.h>
#include <string.h>

#include "segments/book_merge.h"
#include "segments/trait.h"

#define PATCH_RATIO 4     /* a patch this much larger than the newer one stays apart */
#define HEAVY_SHARE 4     /* a new base when patches have a quarter of its rows ... */
#define HEAVY_LEAST 16384 /* ... and so many at least */

/* ---- keys and patches --------------------------------------------------------------- */
int
book_key_cmp(const void *a, const void *b)
{
	const struct book_key *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return (x->customer_id > y->customer_id) - (x->customer_id < y->customer_id);
}

size_t
book_keys_sort(struct book_key *keys, size_t n)
{
	size_t kept = 0;

	if (n == 0)
		return 0;
	qsort(keys, n, sizeof *keys, book_key_cmp);
	for (size_t i = 1; i < n; i++) {
		if (book_key_cmp(&keys[i], &keys[kept]) != 0)
			keys[++kept] = keys[i];
	}
	return kept + 1;
}

void
book_keys_add(struct book_keys *keys, int bucket, int64_t customer_id)
{
	if (keys->count == keys->cap) {
		keys->cap = keys->cap == 0 ? 256 : keys->cap * 2;
		keys->items =
		    stw_xrealloc(keys->items, keys->cap * sizeof *keys->items);
	}
	keys->items[keys->count++] = (struct book_key){bucket, customer_id};
}

void
book_patch_fini(struct book_patch *patch)
{
	book_free(patch->book);
	free(patch->gone);
	*patch = (struct book_patch){0};
}

static struct book_part *
part_new(struct book_patch *patch)
{
	struct book_part *part = stw_xalloc(sizeof *part);

	atomic_init(&part->refs, 1);
	part->patch = *patch;
	*patch = (struct book_patch){0};
	return part;
}

static void
part_unref(struct book_part *part)
{
	if (atomic_fetch_sub(&part->refs, 1) != 1)
		return;
	book_patch_fini(&part->patch);
	free(part);
}

static size_t
part_weight(const struct book_part *part)
{
	return part->patch.book->customers->rows + part->patch.ngone;
}

/* ---- views ---------------------------------------------------------------------------- */
static struct book_view *
view_empty(void)
{
	struct book_view *view = stw_xalloc(sizeof *view);

	atomic_init(&view->refs, 1);
	return view;
}

/* Takes the part's reference. */
static void
view_push(struct book_view *view, struct book_part *part)
{
	STW_ASSERT(view->nparts < BOOK_PARTS_MAX);
	view->parts[view->nparts++] = part;
}

static void
view_push_shared(struct book_view *view, const struct book_view *of, int part)
{
	struct bitmap *dead = &view->dead[view->nparts];

	(void)atomic_fetch_add(&of->parts[part]->refs, 1);
	view_push(view, of->parts[part]);
	if (of->dead[part].bits == 0)
		return;
	bitmap_init(dead, of->dead[part].bits);
	bitmap_copy(dead, &of->dead[part]);
}

static void
view_pop(struct book_view *view)
{
	view->nparts--;
	part_unref(view->parts[view->nparts]);
	if (view->dead[view->nparts].bits != 0)
		bitmap_fini(&view->dead[view->nparts]);
}

struct book_view *
book_view_new(struct book *base)
{
	struct book_patch patch = {.book = base};
	struct book_view *view = view_empty();

	view_push(view, part_new(&patch));
	return view;
}

struct book_view *
book_view_ref(struct book_view *view)
{
	(void)atomic_fetch_add(&view->refs, 1);
	return view;
}

void
book_view_unref(struct book_view *view)
{
	if (view == NULL || atomic_fetch_sub(&view->refs, 1) != 1)
		return;
	while (view->nparts > 0)
		view_pop(view);
	free(view);
}

/* ---- parts as books ------------------------------------------------------------------- */
/* The raw books of parts [from, nparts) with the view's dead rows; shallow. */
struct raw_parts {
	struct book books[BOOK_PARTS_MAX];
	struct book_parts parts;
};

static void
raw_parts_of(const struct book_view *view, int from, struct raw_parts *raw)
{
	raw->parts.count = 0;
	for (int p = from; p < view->nparts; p++) {
		struct book *book = &raw->books[raw->parts.count];

		*book = *view->parts[p]->patch.book;
		if (view->dead[p].bits != 0)
			book->dead = &view->dead[p];
		raw->parts.books[raw->parts.count++] = book;
	}
}

/* ---- changes -------------------------------------------------------------------------- */
static void
bury(struct book_view *view, int part, const struct book_key *key)
{
	const struct book *book = view->parts[part]->patch.book;
	size_t row = book_find(book, key->bucket, key->customer_id);

	if (row == SIZE_MAX)
		return;
	if (view->dead[part].bits == 0)
		bitmap_init(&view->dead[part], book->customers->rows);
	bitmap_set(&view->dead[part], row);
}

/* What the newest part holds is dead in the ones before it. */
static void
bury_replaced(struct book_view *view, const struct book_patch *by, int nparts)
{
	const struct book *book = by->book;

	for (int bucket = 0; bucket < BOOK_BUCKETS; bucket++) {
		for (size_t row = book->first[bucket]; row < book->first[bucket + 1];
		     row++) {
			const struct book_key key = {bucket, book->customer_id[row]};

			for (int p = 0; p < nparts; p++)
				bury(view, p, &key);
		}
	}
	for (size_t i = 0; i < by->ngone; i++) {
		for (int p = 0; p < nparts; p++)
			bury(view, p, &by->gone[i]);
	}
}

/* Those who are gone in either of the two and not back in the merged book. */
static void
merge_gone(const struct book_view *view, int from, struct book_patch *to)
{
	size_t n = 0, kept = 0;

	for (int p = from; p < view->nparts; p++)
		n += view->parts[p]->patch.ngone;
	to->gone = stw_xalloc((n + 1) * sizeof *to->gone);
	for (int p = from; p < view->nparts; p++) {
		const struct book_patch *patch = &view->parts[p]->patch;

		for (size_t i = 0; i < patch->ngone; i++) {
			if (book_find(to->book, patch->gone[i].bucket,
				patch->gone[i].customer_id) == SIZE_MAX)
				to->gone[kept++] = patch->gone[i];
		}
	}
	to->ngone = book_keys_sort(to->gone, kept);
}

/* The newest two parts become one. Their dead rows are replaced by one another, so that
 * none is left. */
static void
merge_newest(struct book_view *view)
{
	struct book_patch patch = {0};
	struct raw_parts raw;
	int from = view->nparts - 2;

	raw_parts_of(view, from, &raw);
	patch.book = book_merge(&raw.parts);
	merge_gone(view, from, &patch);
	view_pop(view);
	view_pop(view);
	view_push(view, part_new(&patch));
}

static bool
newest_are_alike(const struct book_view *view)
{
	size_t newer = part_weight(view->parts[view->nparts - 1]);
	size_t older = part_weight(view->parts[view->nparts - 2]);

	return older < PATCH_RATIO * newer;
}

struct book_view *
book_view_add(const struct book_view *view, struct book_patch *patch, int fixed)
{
	struct book_view *next = view_empty();

	STW_ASSERT(fixed >= 1 && fixed <= view->nparts);
	patch->book->patch = true;
	for (int p = 0; p < view->nparts; p++)
		view_push_shared(next, view, p);
	bury_replaced(next, patch, view->nparts);
	view_push(next, part_new(patch));
	while (next->nparts - 2 >= fixed &&
	       (next->nparts > BOOK_VIEW_PARTS || newest_are_alike(next)))
		merge_newest(next);
	return next;
}

/* ---- a new base ----------------------------------------------------------------------- */
bool
book_view_heavy(const struct book_view *view)
{
	size_t patched = 0;

	for (int p = 1; p < view->nparts; p++)
		patched += part_weight(view->parts[p]);
	return patched >= HEAVY_LEAST &&
	       patched >= part_weight(view->parts[0]) / HEAVY_SHARE;
}

struct book *
book_view_merged(const struct book_view *view)
{
	struct raw_parts raw;

	raw_parts_of(view, 0, &raw);
	return book_merge(&raw.parts);
}

struct book_view *
book_view_rebase(
    const struct book_view *now, const struct book_view *then, struct book *base)
{
	struct book_view *next = book_view_new(base);

	base->patch = false;
	for (int p = 0; p < then->nparts; p++)
		STW_ASSERT(now->parts[p] == then->parts[p]);
	for (int p = then->nparts; p < now->nparts; p++) {
		bury_replaced(next, &now->parts[p]->patch, 1);
		view_push_shared(next, now, p);
	}
	return next;
}

/* ---- some of it ----------------------------------------------------------------------- */
struct book_patch
book_view_pick(const struct book_view *view, const struct book_key *keys, size_t nkeys)
{
	struct book_patch patch = {.gone = stw_xalloc((nkeys + 1) * sizeof *keys)};
	struct book_key *found = stw_xalloc((nkeys + 1) * sizeof *found);
	struct table_run *runs = stw_xalloc((nkeys + 1) * sizeof *runs);
	struct raw_parts raw;
	size_t nruns = 0;

	raw_parts_of(view, 0, &raw);
	for (size_t i = 0; i < nkeys; i++) {
		size_t row = SIZE_MAX;
		int p = view->nparts;

		while (row == SIZE_MAX && p > 0)
			row = book_find(
			    raw.parts.books[--p], keys[i].bucket, keys[i].customer_id);
		if (row == SIZE_MAX) {
			patch.gone[patch.ngone++] = keys[i];
			continue;
		}
		found[nruns] = keys[i];
		runs[nruns++] = (struct table_run){.from = p, .first = row, .count = 1};
	}
	patch.book = book_of_runs(&raw.parts, runs, found, nruns);
	patch.book->patch = true;
	patch.book->gone = patch.gone;
	patch.book->ngone = patch.ngone;
	free(runs);
	free(found);
	return patch;
}

/* ---- reading -------------------------------------------------------------------------- */
void
book_view_stat(const struct book_view *view, struct book_view_stat *out)
{
	*out = (struct book_view_stat){.parts = view->nparts, .bytes = sizeof *view};
	for (int p = 0; p < view->nparts; p++) {
		const struct book *book = view->parts[p]->patch.book;
		size_t rows = book->customers->rows;
		const struct bitmap *dead = &view->dead[p];

		out->customers += (int64_t)rows;
		out->patch_rows += p == 0 ? 0 : (int64_t)rows;
		out->bytes += book_bytes(book);
		if (dead->bits != 0) {
			out->customers -= (int64_t)bitmap_count(dead);
			out->bytes += bitmap_words(dead->bits) * sizeof *dead->words;
		}
	}
}

enum stw_code
book_view_parts(const struct book_view *view, const struct trait_catalogue *catalogue,
    stw_usec now, struct book_parts *out, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	*out = (struct book_parts){0};
	for (int p = 0; p < view->nparts && rc == STW_OK; p++) {
		const struct book *raw = view->parts[p]->patch.book;
		struct book *book;

		if (p > 0 && raw->customers->rows == 0)
			continue;
		book = book_over(raw, now);
		out->books[out->count++] = book;
		if (view->dead[p].bits != 0)
			book->dead = &view->dead[p];
		rc = traits_derive(book, catalogue, now, NULL, err);
	}
	if (rc != STW_OK)
		book_parts_free(out);
	return rc;
}

void
book_parts_free(struct book_parts *parts)
{
	for (int i = 0; i < parts->count; i++)
		book_free(parts->books[i]);
	*parts = (struct book_parts){0};
}
