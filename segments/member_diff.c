#include <stdlib.h>

#include "segments/member_priv.h"

static void
diff_add(struct member_diff *diff, const struct segment_host *host, int segment,
    int64_t customer_id, size_t row)
{
	if (diff->count == diff->cap) {
		diff->cap = diff->cap == 0 ? 1024 : diff->cap * 2;
		diff->segment_ids = stw_xrealloc(
		    diff->segment_ids, diff->cap * sizeof *diff->segment_ids);
		diff->customer_ids = stw_xrealloc(
		    diff->customer_ids, diff->cap * sizeof *diff->customer_ids);
		diff->segments =
		    stw_xrealloc(diff->segments, diff->cap * sizeof *diff->segments);
		diff->rows = stw_xrealloc(diff->rows, diff->cap * sizeof *diff->rows);
	}
	diff->segment_ids[diff->count] = host->segments[segment].def.segment_id;
	diff->customer_ids[diff->count] = customer_id;
	diff->segments[diff->count] = segment;
	diff->rows[diff->count++] = (uint32_t)row;
}

void
member_diff_fini(struct member_diff *diff)
{
	free(diff->segment_ids);
	free(diff->customer_ids);
	free(diff->segments);
	free(diff->rows);
}

/* Where what is found goes. */
struct both {
	struct member_diff *enter, *leave;
};

static struct bitmap *
stored_of(const struct member_compare *c, int segment)
{
	return &c->image->segments[c->places[segment]].members;
}

/* Rows of a part that are those of the image: 64 at a time. */
static void
compare_words(const struct member_compare *c, const struct both *d,
    const struct segment_host *host, int i, int bucket)
{
	const struct book *book = host->book;
	const struct bitmap *stored = stored_of(c, i), *dead = book->dead;
	const struct bitmap *members = &host->segments[i].members;
	size_t first = book->first[bucket], end = book->first[bucket + 1];

	for (size_t at = first / 64; at * 64 < end; at++) {
		uint64_t bits = members->words[at] ^ stored->words[at];

		if (dead != NULL)
			bits &= ~dead->words[at];
		if (at * 64 < first)
			bits &= UINT64_MAX << (first % 64);
		if (end - at * 64 < 64)
			bits &= (UINT64_C(1) << (end % 64)) - 1;
		for (; bits != 0; bits &= bits - 1) {
			size_t row = at * 64 + (size_t)__builtin_ctzll(bits);

			diff_add(bitmap_get(members, row) ? d->enter : d->leave, host,
			    i, book->customer_id[row], row);
		}
	}
}

static void
compare_rows(const struct member_compare *c, const struct both *d,
    const struct segment_host *host, int part, int i, int bucket)
{
	const struct book *book = host->book;
	const struct bitmap *stored = stored_of(c, i);
	const struct bitmap *members = &host->segments[i].members;

	for (size_t r = book->first[bucket]; r < book->first[bucket + 1]; r++) {
		size_t row = member_mapped(&c->maps, part, r);
		bool is = bitmap_get(members, r), was = bitmap_get(stored, row);

		if (is != was && !book_is_dead(book, r))
			diff_add(is ? d->enter : d->leave, host, i,
			    book->customer_id[r], row);
	}
}

/* A stored member whom the book does not have. */
static void
leave_all(const struct member_compare *c, const struct both *d, size_t row)
{
	const struct segment_host *host = &c->hosts->items[0];
	struct book_key key = member_image_key(c->image, row);

	for (int i = 0; i < host->count; i++)
		if (host->segments[i].evaluated && bitmap_get(stored_of(c, i), row))
			diff_add(d->leave, host, i, key.customer_id, row);
}

/* Rows that a reading again brought are nobody's: all that the book has had theirs. */
static bool
is_live(const struct member_compare *c, size_t row)
{
	return row < c->live.bits && bitmap_get(&c->live, row);
}

static void
compare_gone(const struct member_compare *c, const struct both *d, int bucket)
{
	const struct member_image *image = c->image;
	const struct book *book = c->hosts->items[0].book;

	if (book->patch) {
		for (size_t i = 0; i < book->ngone; i++) {
			size_t row = SIZE_MAX;

			if (book->gone[i].bucket == bucket)
				row = member_image_find(
				    image, bucket, book->gone[i].customer_id);
			if (row != SIZE_MAX)
				leave_all(c, d, row);
		}
		return;
	}
	for (size_t row = image->first[bucket]; row < image->first[bucket + 1]; row++)
		if (!is_live(c, row))
			leave_all(c, d, row);
	for (size_t k = 0; k < image->nlater; k++)
		if (image->later[k].bucket == bucket && !is_live(c, image->rows + k))
			leave_all(c, d, image->rows + k);
}

void
member_compare_bucket(const struct member_compare *c, int bucket,
    struct member_diff *enter, struct member_diff *leave)
{
	const struct both two = {enter, leave}, *d = &two;

	enter->count = leave->count = 0;
	for (int p = 0; p < c->hosts->count; p++) {
		const struct segment_host *host = &c->hosts->items[p];

		for (int i = 0; i < host->count; i++) {
			if (!host->segments[i].evaluated)
				continue;
			if (c->maps.rows[p] == NULL)
				compare_words(c, d, host, i, bucket);
			else
				compare_rows(c, d, host, p, i, bucket);
		}
	}
	compare_gone(c, d, bucket);
}

/* ---- the whole -------------------------------------------------------------------------- */
static void
find_live(struct member_compare *c)
{
	bitmap_init(&c->live, member_image_rows(c->image));
	for (int p = 0; p < c->hosts->count; p++) {
		const struct book *book = c->hosts->items[p].book;

		for (size_t r = 0; r < book->customers->rows; r++)
			if (!book_is_dead(book, r))
				bitmap_set(&c->live, member_mapped(&c->maps, p, r));
	}
}

void
member_compare_init(struct member_compare *c, struct member_image *image,
    const struct segment_hosts *hosts)
{
	const struct segment_host *host = &hosts->items[0];

	*c = (struct member_compare){.image = image, .hosts = hosts};
	c->places = stw_xalloc(((size_t)host->count + 1) * sizeof *c->places);
	for (int i = 0; i < host->count; i++) {
		c->places[i] =
		    member_image_find_segment(image, host->segments[i].def.segment_id);
		STW_ASSERT(c->places[i] >= 0);
	}
	member_maps_init(&c->maps, image, hosts);
	find_live(c);
}

void
member_compare_fini(struct member_compare *c)
{
	member_maps_fini(&c->maps);
	bitmap_fini(&c->live);
	free(c->places);
}

static size_t
words_differ(const struct bitmap *a, const struct bitmap *b, size_t rows)
{
	size_t n = 0;

	for (size_t w = 0; w < rows / 64; w++)
		n += (size_t)__builtin_popcountll(a->words[w] ^ b->words[w]);
	return n;
}

size_t
member_compare_about(const struct member_compare *c)
{
	size_t n = 0;

	for (int p = 0; p < c->hosts->count; p++) {
		const struct segment_host *host = &c->hosts->items[p];
		size_t rows = host->book->customers->rows;

		if (c->maps.rows[p] != NULL)
			n += rows; /* whoever changed has perhaps moved */
		for (int i = 0; i < host->count && c->maps.rows[p] == NULL; i++)
			n += words_differ(
			    &host->segments[i].members, stored_of(c, i), rows);
	}
	return n;
}

void
member_compare_note(const struct member_compare *c, const struct member_diff *enter,
    const struct member_diff *leave, struct segment_moves *moves)
{
	for (size_t i = 0; i < leave->count; i++) {
		bitmap_clear_bit(stored_of(c, leave->segments[i]), leave->rows[i]);
		moves[leave->segments[i]].left++;
	}
	for (size_t i = 0; i < enter->count; i++) {
		bitmap_set(stored_of(c, enter->segments[i]), enter->rows[i]);
		moves[enter->segments[i]].entered++;
	}
}
