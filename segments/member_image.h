/*
 * member_image.h - who is in which segment, as the database has it, in memory.
 *
 * Purpose    A tick writes what differs from the stored memberships. The image holds them
 *            between ticks, so that they are read once and not at every tick. A bit is one
 *            customer in one segment; rows 0 to `rows` are the customers of some book, in
 *            its order, so that a whole part is compared word by word; customers who came
 *            after it follow as they come. Filled and checked by member_store.h.
 * Version    Of each bucket: the transaction that changed its memberships last (decision
 *            0022). 0: nothing is known of the bucket, its bits mean nothing.
 * Memory     One bit a customer and segment.
 * Ownership  member_image_init, member_image_fini.
 * Threads    One at a time.
 */
#ifndef STW_SEGMENTS_MEMBER_IMAGE_H
#define STW_SEGMENTS_MEMBER_IMAGE_H

#include "segments/book.h"

struct member_segment {
	int64_t segment_id;
	struct bitmap members; /* as many bits as there is room for */
};

struct member_image {
	int64_t *ids; /* of the rows in order */
	uint32_t first[BOOK_BUCKETS + 1];
	size_t rows;
	struct book_key *later; /* row rows + i is later[i] */
	size_t nlater, later_cap;
	uint32_t *slots; /* where they are found: 0, or i + 1; a power of two */
	size_t nslots;
	struct member_segment *segments; /* by segment_id */
	int nsegments;
	int64_t version[BOOK_BUCKETS];
};

void member_image_init(struct member_image *image);
void member_image_fini(struct member_image *image);
/* Nothing is known any more: what a failed tick wrote is read again. */
void member_image_forget(struct member_image *image);

/* The segments that are asked for: others go. True: some were not there, so that nothing
 * is known of any bucket. */
bool member_image_segments(struct member_image *image, const int64_t *ids, int count);
/* The rows in order become those of the book, which lie in all memory as they are there
 * (no copy of the book is kept). */
void member_image_base(struct member_image *image, const struct book *book);
/* Does row i of the book stand for row i of the image? */
bool member_image_is_base(const struct member_image *image, const struct book *book);

/* Which row a customer is; SIZE_MAX: none. */
size_t member_image_find(
    const struct member_image *image, int bucket, int64_t customer_id);
/* The same, and makes one. */
size_t member_image_row(struct member_image *image, int bucket, int64_t customer_id);
size_t member_image_rows(const struct member_image *image);
struct book_key member_image_key(const struct member_image *image, size_t row);
/* The place of a segment; -1: not asked for. */
int member_image_find_segment(const struct member_image *image, int64_t segment_id);
bool member_image_any(const struct member_image *image, size_t row);
/* Nobody of the bucket is in anything. */
void member_image_clear(struct member_image *image, int bucket);

#endif
