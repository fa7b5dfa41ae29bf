/*
 * member_store.h - the stored memberships: read into an image, and moved by what differs.
 *
 * Purpose    What segment_store.h does with members: before rules run, the hosts of a book
 *            get who is stored; after it, the differences are written, and the image has
 *            them. A bucket whose memberships somebody else has changed since they were read
 *            is read again (decision 0022).
 * Errors     CONFLICT when somebody else changes one bucket again and again; TEMPFAIL and
 *            BUG as db/db.h. After an error the image is to be forgotten
 *            (member_image_forget).
 */
#ifndef STW_SEGMENTS_MEMBER_STORE_H
#define STW_SEGMENTS_MEMBER_STORE_H

#include "db/db.h"
#include "segments/member_image.h"
#include "segments/segment.h"

/* Makes the image what the database has, for all customers of the hosts, and gives each
 * host its members. Of a patch only its customers need to be right. Own transaction. */
enum stw_code member_store_read(struct db *db, struct member_image *image,
    struct segment_hosts *hosts, struct stw_err *err) STW_MUST_USE;

/* Who is in one segment, without an image: into the members of each host. Own
 * transaction. */
enum stw_code member_store_read_one(struct db *db, struct segment_hosts *hosts,
    int segment, struct stw_err *err) STW_MUST_USE;

/* How many came and went in one segment. */
struct segment_moves {
	int64_t entered, left;
};
/* What differs between the image and the members of segments that were evaluated, one
 * statement a bucket: stored, and then so in the image. Stored members whom the book does
 * not have leave. moves: one a segment. */
enum stw_code member_store_write(struct db *db, struct member_image *image,
    const struct segment_hosts *hosts, stw_usec now, const struct progress *progress,
    struct segment_moves *moves, struct stw_err *err) STW_MUST_USE;

#endif
