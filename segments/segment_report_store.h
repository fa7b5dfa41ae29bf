/*
 * segment_report_store.h - how segments lie on each other, grow, and who came and went.
 *
 * Purpose    Reports over stored members and days. A day is a local day of the
 *            institution; its counts are those of the day's last evaluation, its moves
 *            those of the whole day.
 * Cost       segment_overlap reads every membership there is now: seconds for millions.
 * Ownership  Results live in the arena given.
 * Errors     As db/db.h; NOT_FOUND for a code that is not there.
 */
#ifndef STW_SEGMENTS_SEGMENT_REPORT_STORE_H
#define STW_SEGMENTS_SEGMENT_REPORT_STORE_H

#include "db/db.h"
#include "segments/segment_store.h"

struct segment_overlap {
	struct segment_info *segments; /* the active ones, by code */
	int count;
	int64_t *customers; /* count x count: in both; in one on the diagonal */
};
enum stw_code segment_overlap(struct db *db, struct arena *arena,
    struct segment_overlap *out, struct stw_err *err) STW_MUST_USE;

struct segment_day {
	stw_day day;
	int version;
	stw_usec as_of;
	int64_t matched, undecided, entered, left;
};
/* Newest first. */
enum stw_code segment_days(struct db *db, const char *code, int days,
    struct arena *arena, struct segment_day **out, int *count,
    struct stw_err *err) STW_MUST_USE;
struct segment_move {
	stw_usec at;
	int bucket;
	int64_t customer_id;
	const char *ref; /* NULL: not a customer any more */
	bool entered;    /* or left */
};
struct segment_move_filter {
	const char *code;
	stw_usec from, before; /* half-open; STW_USEC_NEVER, STW_USEC_MAX: no bound */
	const struct segment_move *after; /* the last one of the page before, or NULL */
	int limit;
};
/* Newest first. */
enum stw_code segment_moves_list(struct db *db,
    const struct segment_move_filter *filter, struct arena *arena,
    struct segment_move **out, int *count, struct stw_err *err) STW_MUST_USE;

#endif
