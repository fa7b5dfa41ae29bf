/*
 * tick_store.h - refreshes stages, then segments: the first half of `steward run`.
 *
 * Purpose    One call over the parts of a book: who moves to another stage, whose promise
 *            is overdue, who enters and leaves which segment, written as differences.
 *            Promises and segments see the new stages. Parts are evaluated as they are:
 *            no book is made of them.
 * Crash      Each bucket is one transaction and nothing is written twice, so after a
 *            crash the tick is repeated with a freshly loaded book and the same `now`. The
 *            transactions of the buckets do not wait for the disk: a crash of the database
 *            may undo the last of them, as if the tick had ended there. The last
 *            transaction, of the counts, waits for all.
 * Ownership  segments_tick_fini frees a result and its host.
 * Errors     NOT_FOUND when no lifecycle model is active; CONFLICT when somebody else
 *            changed stages meanwhile (load the book again); TEMPFAIL. A segment that
 *            fails is in the result, not an error.
 */
#ifndef STW_SEGMENTS_TICK_STORE_H
#define STW_SEGMENTS_TICK_STORE_H

#include "segments/lifecycle_store.h"
#include "segments/segment_store.h"

struct tick_flow {
	const char *from; /* NULL: had no stage */
	const char *to;
	int64_t customers;
};

struct tick_stage {
	const char *code, *name_zh, *name_en;
	int64_t customers; /* after the tick */
};

struct tick_segment {
	const char *code, *name_zh, *name_en;
	int version;
	int64_t matched, undecided, entered, left;
	const char *failure; /* NULL: evaluated */
};

struct segments_tick_result {
	struct arena arena; /* owns the texts below */
	struct lifecycle_model model;
	struct tick_stage *stages; /* in the model's order */
	int nstages;
	struct tick_flow *flows; /* in the model's order */
	int nflows;
	int64_t stage_changes, stage_undecided;
	/* A rule of the model that fails for everybody: nobody moves by it. NULL: none. */
	const char *stage_failure;
	int64_t overdue;               /* customers with an overdue promise */
	struct tick_segment *segments; /* by code */
	int nsegments;
	struct segment_hosts hosts; /* for planning over the same parts */
	struct tick_times {
		stw_usec stage_rules, stage_writes, members_read, segment_rules,
		    member_writes, counts;
	} times;
};

/* image: the memberships as the last tick of this process left them; NULL: they are read.
 * After an error nothing of them is relied on. Over a patch (struct book), alone: only its
 * customers move, enter and leave; counts of everybody stay as the last tick over all left
 * them. result is empty on any error, and stays where it is while it is used. progress may
 * be NULL. */
enum stw_code segments_tick(struct db *db, const struct book_parts *parts,
    struct member_image *image, stw_usec now, const struct progress *progress,
    struct segments_tick_result *result, struct stw_err *err) STW_MUST_USE;
void segments_tick_fini(struct segments_tick_result *result);

#endif
