/*
 * member_priv.h - what the files of stored memberships share.
 *
 *   member_store.c        reads them: into the image, into the hosts
 *   member_diff.c         what the hosts have otherwise, bucket by bucket
 *   member_write_store.c  writes that
 */
#ifndef STW_SEGMENTS_MEMBER_PRIV_H
#define STW_SEGMENTS_MEMBER_PRIV_H

#include "segments/member_store.h"

/* Only customers that changed. */
static inline bool
member_is_patch(const struct segment_hosts *hosts)
{
	return hosts->items[0].book->patch;
}

/* ---- member_store.c: whose row is which ---------------------------------------------- */
struct member_maps {
	uint32_t
	    *rows[BOOK_PARTS_MAX]; /* row of a part: of the image; NULL: the same */
	int count;
};
/* Customers that the image does not have get a row there. */
void member_maps_init(struct member_maps *maps, struct member_image *image,
    const struct segment_hosts *hosts);
void member_maps_fini(struct member_maps *maps);

static inline size_t
member_mapped(const struct member_maps *maps, int part, size_t row)
{
	return maps->rows[part] == NULL ? row : maps->rows[part][row];
}

/* What is not as the database has it, of the buckets wanted, is read again. */
enum stw_code member_refresh(struct db *db, const bool wanted[BOOK_BUCKETS],
    struct member_image *image, struct stw_err *err) STW_MUST_USE;

/* ---- member_diff.c --------------------------------------------------------------------- */
/* Who leaves or enters what, in one bucket. */
struct member_diff {
	int64_t *segment_ids, *customer_ids;
	int *segments;  /* of the host */
	uint32_t *rows; /* of the image */
	size_t count, cap;
};

struct member_compare {
	struct member_image *image;
	const struct segment_hosts *hosts;
	struct member_maps maps;
	struct bitmap live; /* rows of the image whose customers the book has */
	int *places;        /* segment of the host: of the image */
};
/* The hosts as they were evaluated beside the image. */
void member_compare_init(struct member_compare *c, struct member_image *image,
    const struct segment_hosts *hosts);
void member_compare_fini(struct member_compare *c);
/* About how many differences there are, at most. */
size_t member_compare_about(const struct member_compare *c);
/* Those of a bucket; enter and leave start zeroed and may be used again. */
void member_compare_bucket(const struct member_compare *c, int bucket,
    struct member_diff *enter, struct member_diff *leave);
void member_diff_fini(struct member_diff *diff);
/* They were written: the image has them, moves (one a segment) counts them. */
void member_compare_note(const struct member_compare *c,
    const struct member_diff *enter, const struct member_diff *leave,
    struct segment_moves *moves);

#endif
