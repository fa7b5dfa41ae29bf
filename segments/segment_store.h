/*
 * segment_store.h - segments and their members in the database.
 *
 * Errors     INVALID for a rule with a fault; NOT_FOUND for a code that is not there;
 *            CONFLICT when a retired code is saved again, when a rule is saved for a
 *            segment that no rule decides, or a segment that others use is retired.
 * Ledger     A new version and a retirement each append a "rule_change" entry in their
 *            own transaction: db must not be in one.
 */
#ifndef STW_SEGMENTS_SEGMENT_STORE_H
#define STW_SEGMENTS_SEGMENT_STORE_H

#include "db/db.h"
#include "segments/member_store.h"
#include "segments/segment.h"

struct segment_info {
	struct segment_def def;
	const char *state; /* active, retired */
	const char *author;
	char hash_hex[65];
	stw_usec updated_at;
	/* The last good evaluation; as_of STW_USEC_NEVER: none yet, counts are 0. */
	stw_usec as_of;
	int64_t matched, undecided, entered, left;
	/* failed_at STW_USEC_NEVER: the last evaluation was good. */
	stw_usec failed_at;
	const char *failure; /* NULL: none */
};

/* By code, retired ones too when asked for. */
enum stw_code segment_store_list(struct db *db, bool retired, struct arena *arena,
    struct segment_info **out, int *count, struct stw_err *err) STW_MUST_USE;
enum stw_code segment_store_get(struct db *db, const char *code, struct arena *arena,
    struct segment_info *out, struct stw_err *err) STW_MUST_USE;

/* A new segment, or a new version of one; checked against the active others. The same
 * content again gives the version there is (a changed name is written without a new
 * one). Own transaction. */
enum stw_code segment_store_save(struct db *db, const struct segment_def *def,
    const char *actor, stw_usec now, int *version, struct stw_err *err) STW_MUST_USE;
/* Do all active segments compile against this book (rows are not needed)? CONFLICT names
 * the first that does not. */
enum stw_code segment_store_check(struct db *db, const struct book *book,
    struct arena *arena, struct stw_err *err) STW_MUST_USE;
/* Closes all memberships. Own transaction. */
enum stw_code segment_store_retire(struct db *db, const char *code, const char *actor,
    stw_usec now, struct stw_err *err) STW_MUST_USE;
/* For whatever computes members (struct segment_source): makes, renames or brings back a
 * segment of the kind computed; def->rule is "". Inside the caller's transaction. CONFLICT
 * when the code belongs to a segment of another kind. */
enum stw_code segment_store_put_computed(struct db *db, const struct segment_def *def,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* Retires one; it need not be there. Inside the caller's transaction. CONFLICT when the
 * rule of another segment asks for it. */
enum stw_code segment_store_drop_computed(struct db *db, const char *code,
    const char *actor, stw_usec now, struct arena *arena,
    struct stw_err *err) STW_MUST_USE;
/* Saves those embedded segments whose codes are not there yet; *installed counts them. */
enum stw_code segment_store_install(struct db *db, const char *actor, stw_usec now,
    int *installed, struct stw_err *err) STW_MUST_USE;

/* The active segments with their stored members over this book: what planning uses when
 * no tick has run in this process. segment_host_fini when done; texts in the arena. */
enum stw_code segment_store_host(struct db *db, const struct book *book,
    struct arena *arena, struct segment_host *out, struct stw_err *err) STW_MUST_USE;
/* The same over the parts of a book; image: where the memberships are kept between calls.
 * NULL: members are left out, for segment_store_use. segment_hosts_fini when done. */
enum stw_code segment_store_hosts(struct db *db, const struct book_parts *parts,
    struct member_image *image, struct arena *arena, struct segment_hosts *out,
    struct stw_err *err) STW_MUST_USE;
/* The stored members of the segments that the rule asks for. */
enum stw_code segment_store_use(struct db *db, struct segment_hosts *hosts,
    const struct rule *rule, struct stw_err *err) STW_MUST_USE;

/* After member_store_write: the counts, also those of the local day, or the failure of each
 * segment. Of a patch (struct book) only how many members came and went. Own transaction. */
enum stw_code segment_store_count(struct db *db, const struct segment_hosts *hosts,
    const struct segment_moves *moves, stw_usec now, struct stw_err *err) STW_MUST_USE;

struct segment_membership {
	const char *code;
	stw_usec entered_at;
	stw_usec left_at; /* STW_USEC_MAX: still in it */
};
/* Of one customer, newest first, at most 500. */
enum stw_code segment_store_memberships(struct db *db, int bucket, int64_t customer_id,
    struct arena *arena, struct segment_membership **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
