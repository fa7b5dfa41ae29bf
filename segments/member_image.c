#include "segments/member_image.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_SLOTS 1024

/* ---- life ------------------------------------------------------------------------------ */
void
member_image_init(struct member_image *image)
{
	*image = (struct member_image){0};
	image->nslots = LEAST_SLOTS;
	image->slots = stw_xalloc(image->nslots * sizeof *image->slots);
}

static void
free_segments(struct member_image *image)
{
	for (int i = 0; i < image->nsegments; i++)
		bitmap_fini(&image->segments[i].members);
	free(image->segments);
	image->segments = NULL;
	image->nsegments = 0;
}

void
member_image_fini(struct member_image *image)
{
	free_segments(image);
	free(image->ids);
	free(image->later);
	free(image->slots);
	*image = (struct member_image){0};
}

void
member_image_forget(struct member_image *image)
{
	memset(image->version, 0, sizeof image->version);
}

/* ---- room ------------------------------------------------------------------------------ */
size_t
member_image_rows(const struct member_image *image)
{
	return image->rows + image->nlater;
}

/* As many rows as there are, and some that may come. */
static size_t
bits_wanted(const struct member_image *image)
{
	size_t n = member_image_rows(image);

	return n + n / 16 + 1024;
}

/* Bits that are there stay. */
static void
make_room(struct member_image *image)
{
	size_t bits = bits_wanted(image);

	for (int i = 0; i < image->nsegments; i++) {
		struct bitmap *map = &image->segments[i].members, wider;

		if (map->bits >= member_image_rows(image))
			continue;
		bitmap_init(&wider, bits);
		if (map->bits > 0)
			memcpy(wider.words, map->words,
			    bitmap_words(map->bits) * sizeof *map->words);
		bitmap_fini(map);
		*map = wider;
	}
}

/* ---- segments -------------------------------------------------------------------------- */
static int
segment_cmp(const void *a, const void *b)
{
	const struct member_segment *x = a, *y = b;

	return (x->segment_id > y->segment_id) - (x->segment_id < y->segment_id);
}

int
member_image_find_segment(const struct member_image *image, int64_t segment_id)
{
	int lo = 0, hi = image->nsegments;

	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (image->segments[mid].segment_id < segment_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < image->nsegments && image->segments[lo].segment_id == segment_id
		   ? lo
		   : -1;
}

bool
member_image_segments(struct member_image *image, const int64_t *ids, int count)
{
	struct member_segment *segments =
	    stw_xalloc(((size_t)count + 1) * sizeof *segments);
	bool news = false;

	for (int i = 0; i < count; i++) {
		int at = member_image_find_segment(image, ids[i]);

		segments[i].segment_id = ids[i];
		if (at >= 0) {
			segments[i].members = image->segments[at].members;
			image->segments[at].members = (struct bitmap){0};
		} else {
			bitmap_init(&segments[i].members, bits_wanted(image));
			news = true;
		}
	}
	free_segments(image);
	qsort(segments, (size_t)count, sizeof *segments, segment_cmp);
	image->segments = segments;
	image->nsegments = count;
	if (news)
		member_image_forget(image);
	return news;
}

/* ---- customers ------------------------------------------------------------------------- */
static size_t
hash_of(int bucket, int64_t customer_id)
{
	uint64_t h =
	    ((uint64_t)customer_id ^ ((uint64_t)bucket << 56)) * 0x9e3779b97f4a7c15u;

	return (size_t)(h ^ (h >> 32));
}

/* Where the i-th of those that came later is, or would be. */
static size_t
slot_of(const struct member_image *image, int bucket, int64_t customer_id)
{
	size_t mask = image->nslots - 1, at = hash_of(bucket, customer_id) & mask;

	while (image->slots[at] != 0) {
		const struct book_key *key = &image->later[image->slots[at] - 1];

		if (key->customer_id == customer_id && key->bucket == bucket)
			break;
		at = (at + 1) & mask;
	}
	return at;
}

static size_t
find_ordered(const struct member_image *image, int bucket, int64_t customer_id)
{
	size_t lo = image->first[bucket], hi = image->first[bucket + 1], end = hi;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (image->ids[mid] < customer_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < end && image->ids[lo] == customer_id ? lo : SIZE_MAX;
}

size_t
member_image_find(const struct member_image *image, int bucket, int64_t customer_id)
{
	size_t row = find_ordered(image, bucket, customer_id), at;

	if (row != SIZE_MAX)
		return row;
	at = slot_of(image, bucket, customer_id);
	return image->slots[at] == 0 ? SIZE_MAX : image->rows + image->slots[at] - 1;
}

/* Twice the room for finding those that came later. */
static void
grow_slots(struct member_image *image)
{
	free(image->slots);
	image->nslots *= 2;
	image->slots = stw_xalloc(image->nslots * sizeof *image->slots);
	for (size_t i = 0; i < image->nlater; i++) {
		const struct book_key *key = &image->later[i];

		image->slots[slot_of(image, key->bucket, key->customer_id)] =
		    (uint32_t)(i + 1);
	}
}

size_t
member_image_row(struct member_image *image, int bucket, int64_t customer_id)
{
	size_t row = member_image_find(image, bucket, customer_id);

	if (row != SIZE_MAX)
		return row;
	STW_ASSERT(member_image_rows(image) < UINT32_MAX);
	if (image->nlater == image->later_cap) {
		image->later_cap = image->later_cap == 0 ? 64 : image->later_cap * 2;
		image->later =
		    stw_xrealloc(image->later, image->later_cap * sizeof *image->later);
	}
	image->later[image->nlater++] = (struct book_key){bucket, customer_id};
	if (image->nlater * 2 > image->nslots)
		grow_slots(image);
	else
		image->slots[slot_of(image, bucket, customer_id)] =
		    (uint32_t)image->nlater;
	make_room(image);
	return image->rows + image->nlater - 1;
}

struct book_key
member_image_key(const struct member_image *image, size_t row)
{
	int lo = 0, hi = BOOK_BUCKETS - 1;

	if (row >= image->rows)
		return image->later[row - image->rows];
	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (row < image->first[mid + 1])
			hi = mid;
		else
			lo = mid + 1;
	}
	return (struct book_key){lo, image->ids[row]};
}

bool
member_image_any(const struct member_image *image, size_t row)
{
	for (int i = 0; i < image->nsegments; i++)
		if (bitmap_get(&image->segments[i].members, row))
			return true;
	return false;
}

/* The bits of word `at` that are of rows [first, end). */
static uint64_t
word_in(size_t at, size_t first, size_t end)
{
	uint64_t mask = UINT64_MAX;

	if (at * 64 < first)
		mask &= UINT64_MAX << (first % 64);
	if (end - at * 64 < 64)
		mask &= (UINT64_C(1) << (end % 64)) - 1;
	return mask;
}

void
member_image_clear(struct member_image *image, int bucket)
{
	size_t first = image->first[bucket], end = image->first[bucket + 1];

	for (int i = 0; i < image->nsegments; i++)
		for (size_t at = first / 64; at * 64 < end; at++)
			image->segments[i].members.words[at] &=
			    ~word_in(at, first, end);
	for (size_t k = 0; k < image->nlater; k++) {
		if (image->later[k].bucket != bucket)
			continue;
		for (int i = 0; i < image->nsegments; i++)
			bitmap_clear_bit(&image->segments[i].members, image->rows + k);
	}
}

/* ---- another book ---------------------------------------------------------------------- */
bool
member_image_is_base(const struct member_image *image, const struct book *book)
{
	size_t rows = book->customers->rows;

	return rows == image->rows &&
	       memcmp(book->first, image->first, sizeof image->first) == 0 &&
	       (rows == 0 || memcmp(book->customer_id, image->ids,
				 rows * sizeof *image->ids) == 0);
}

/* Rows of the new image that lie in a row in the old one as well. */
struct run {
	size_t from, to, count;
};

static void
copy_run(struct bitmap *to, const struct bitmap *from, const struct run *run)
{
	size_t end = run->from + run->count;

	for (size_t at = run->from / 64; at * 64 < end; at++) {
		uint64_t bits = from->words[at] & word_in(at, run->from, end);

		for (; bits != 0; bits &= bits - 1)
			bitmap_set(to, run->to + at * 64 +
					   (size_t)__builtin_ctzll(bits) - run->from);
	}
}

/* Takes over the bits of an image that had other rows. */
static void
copy_bits(struct member_image *to, const struct member_image *from,
    const struct run *runs, size_t nruns)
{
	for (int i = 0; i < to->nsegments; i++) {
		struct member_segment *segment = &to->segments[i];

		segment->segment_id = from->segments[i].segment_id;
		bitmap_init(&segment->members, bits_wanted(to));
		for (size_t k = 0; k < nruns; k++)
			copy_run(
			    &segment->members, &from->segments[i].members, &runs[k]);
	}
}

static void
add_run(struct run **runs, size_t *n, size_t *cap, size_t from, size_t to)
{
	struct run *last = *n == 0 ? NULL : &(*runs)[*n - 1];

	if (last != NULL && last->from + last->count == from &&
	    last->to + last->count == to) {
		last->count++;
		return;
	}
	if (*n == *cap) {
		*cap = *cap == 0 ? 256 : *cap * 2;
		*runs = stw_xrealloc(*runs, *cap * sizeof **runs);
	}
	(*runs)[(*n)++] = (struct run){from, to, 1};
}

void
member_image_base(struct member_image *image, const struct book *book)
{
	size_t rows = book->customers->rows, n = 0, cap = 0;
	struct member_image next;
	struct run *runs = NULL;

	if (member_image_is_base(image, book))
		return;
	member_image_init(&next);
	next.rows = rows;
	next.ids = stw_xalloc((rows + 1) * sizeof *next.ids);
	if (rows > 0)
		memcpy(next.ids, book->customer_id, rows * sizeof *next.ids);
	memcpy(next.first, book->first, sizeof next.first);
	memcpy(next.version, image->version, sizeof next.version);
	for (size_t row = 0; row < member_image_rows(image); row++) {
		const struct book_key key = member_image_key(image, row);
		size_t to = find_ordered(&next, key.bucket, key.customer_id);

		/* Whoever the book does not have is kept only for what is stored. */
		if (to == SIZE_MAX && !member_image_any(image, row))
			continue;
		if (to == SIZE_MAX)
			to = member_image_row(&next, key.bucket, key.customer_id);
		add_run(&runs, &n, &cap, row, to);
	}
	next.nsegments = image->nsegments;
	next.segments =
	    stw_xalloc(((size_t)next.nsegments + 1) * sizeof *next.segments);
	copy_bits(&next, image, runs, n);
	free(runs);
	member_image_fini(image);
	*image = next;
}
