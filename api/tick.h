/*
 * tick.h - the main job but for dispatch: book, stages, segments, plan.
 *
 * Purpose    One call for `steward run` and the server's schedule. A tick that was cut
 *            short is done again with the same result: nothing is planned twice.
 * Ownership  tick_fini frees a result.
 * Imports    A book of which an import has still files to bring is not ticked over: TEMPFAIL
 *            while it is under way, CONFLICT when it ended before
 *            (segments/import_hold_store.h). Nor is a kept book that may show a part of one
 *            that has ended: TEMPFAIL while it is behind the database, or was loaded before
 *            the import began or while it ran.
 * Errors     Those of the rooms below. Stages that another process changed meanwhile
 *            make it start over once.
 */
#ifndef STW_API_TICK_H
#define STW_API_TICK_H

#include "campaigns/plan_store.h"
#include "segments/book_live_store.h"
#include "segments/book_store.h"
#include "segments/tick_store.h"

struct tick_options {
	stw_usec now;
	bool plan;                       /* false: stages and segments only */
	const struct progress *progress; /* may be NULL */
	struct book_live *live;          /* whose book it is; NULL: obtains one */
	/* Who is in which segment, kept from tick to tick of one process; NULL: read. */
	struct member_image *members;
	/* As book_obtain (segments/book_file_store.h). NULL: no file. */
	const char *book_file;
	stw_usec book_max_age;
};

struct tick_result {
	struct arena arena;
	struct book_view *view; /* whose parts these are; NULL: loaded */
	struct book_parts parts;
	int64_t imports; /* the mark that the book was whole at (import_hold_check) */
	bool ticked;
	struct segments_tick_result segments;
	struct plan_result plan;
	stw_usec load_usec, plan_usec;
};

/* Planning alone, over the newest version of the kept book and with the memberships as they
 * are stored: it has a turn of its own, so that stages and segments need not wait for it.
 * options->live is needed; options->members is another image than that of ticks. */
enum stw_code tick_plan(struct db *db, const struct ruleset *rules,
    const struct tick_options *options, struct tick_result *result,
    struct stw_err *err) STW_MUST_USE;

/* rules may be NULL when nothing is planned. *result is empty on any error. */
enum stw_code tick_run(struct db *db, const struct ruleset *rules,
    const struct tick_options *options, struct tick_result *result,
    struct stw_err *err) STW_MUST_USE;
void tick_fini(struct tick_result *result);

/* The stages and segments of customers that were changed (book_live_touched), between
 * ticks over everybody, so that an event is seen at once. *written: 0 at first; keeps what
 * the next call has to see of this one's stages. Somebody else's change of a stage makes it
 * start over with a newer version. members as in tick_options. keys in the book's order,
 * none twice. imports: of the last tick over everybody; once another import has begun nobody is
 * looked at, *out says held, and the next tick over everybody is due. */
struct tick_touched {
	int64_t customers, stage_changes, entered, left;
	bool held;
};
enum stw_code tick_touched_run(struct db *db, struct book_live *live,
    struct member_image *members, const struct book_keys *keys, int64_t imports,
    stw_usec now, stw_lsn *written, struct tick_touched *out,
    struct stw_err *err) STW_MUST_USE;

#endif
