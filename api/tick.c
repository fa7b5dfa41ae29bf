#include "api/tick.h"

#include <string.h>

#include "segments/book_file_store.h"
#include "segments/import_hold_store.h"
#include "segments/trait_store.h"

#define FRESH_MSEC    5000 /* waits so long for what is committed already */
#define TOUCHED_MSEC  1000 /* the same, for a few customers */
#define TOUCHED_TRIES 3

/* A version that is behind may end between two files of an import that has ended, and so may
 * one that was loaded while it ran. imports: as the mark is now. */
static enum stw_code
check_seen(struct book_live *live, const struct book_live_seen *seen, stw_lsn position,
    uint64_t imports, struct stw_err *err)
{
	if (seen->position >= position || seen->imports == imports)
		return STW_OK;
	if (seen->state != BOOK_LIVE_PERIODIC)
		return stw_fail(err, STW_TEMPFAIL,
		    "the book is behind the database (%s): nobody is moved or planned for "
		    "until it has caught up",
		    book_live_state_name(seen->state));
	book_live_load_again(live);
	return stw_fail(err, STW_TEMPFAIL,
	    "an import has begun since the book was loaded, or was under way then: it is "
	    "loaded again first");
}

/* The kept book with all that is committed by now, or one that is loaded or comes from a
 * file. imports: as the mark is now. */
static enum stw_code
get_book(struct db *db, const struct tick_options *options, uint64_t imports,
    struct tick_result *r, struct stw_err *err)
{
	const struct book_options book_options = {.progress = options->progress};
	struct book *book = NULL;
	struct book_live_seen seen = {0};
	stw_lsn position = 0;
	enum stw_code rc;

	if (options->live != NULL) {
		rc = book_live_position(db, &position, err);
		if (rc != STW_OK)
			return rc;
		r->view =
		    book_live_view_after(options->live, position, FRESH_MSEC, &seen);
	}
	if (r->view != NULL) {
		rc = check_seen(options->live, &seen, position, imports, err);
		return rc != STW_OK
			   ? rc
			   : book_live_parts(db, r->view, options->now, &r->parts, err);
	}
	rc = book_obtain(db, options->book_file, options->book_max_age, options->now,
	    &book_options, &book, err);
	if (rc == STW_OK)
		r->parts = book_parts_of(book);
	return rc;
}

/* The same, and no import has begun since the mark was taken: of one that began and ended
 * meanwhile the book may have a part. */
static enum stw_code
get_whole_book(struct db *db, const struct tick_options *options, struct tick_result *r,
    struct stw_err *err)
{
	int64_t after;
	enum stw_code rc = import_hold_check(db, &r->imports, err);

	if (rc == STW_OK)
		rc = get_book(db, options, import_stamp_of(r->imports), r, err);
	if (rc == STW_OK)
		rc = import_hold_check(db, &after, err);
	if (rc == STW_OK && r->imports != after)
		return stw_fail(err, STW_CONFLICT,
		    "an import began and ended while the book was taken");
	return rc;
}

static enum stw_code
refresh(struct db *db, const struct tick_options *options, struct tick_result *r,
    struct stw_err *err)
{
	stw_usec began = stw_monotonic();
	enum stw_code rc = get_whole_book(db, options, r, err);

	r->load_usec = stw_monotonic() - began;
	if (rc == STW_OK)
		rc = segments_tick(db, &r->parts, options->members, options->now,
		    options->progress, &r->segments, err);
	r->ticked = rc == STW_OK;
	return rc;
}

static void
plan_progress(void *host, const char *campaign, int bucket, int64_t done)
{
	(void)done;
	progress_tell(host, campaign, bucket + 1, BOOK_BUCKETS);
}

static enum stw_code
plan(struct db *db, const struct ruleset *rules, const struct tick_options *options,
    struct tick_result *r, struct stw_err *err)
{
	/* plan_progress only reads it. */
	const struct plan_options plan_options = {.now = options->now,
	    .segments = &r->segments.hosts,
	    .progress = options->progress != NULL ? plan_progress : NULL,
	    .progress_host = (void *)(uintptr_t)options->progress};
	stw_usec began = stw_monotonic();
	enum stw_code rc;

	rc = plan_run(db, &r->parts, rules, &plan_options, &r->arena, &r->plan, err);
	r->plan_usec = stw_monotonic() - began;
	return rc;
}

enum stw_code
tick_run(struct db *db, const struct ruleset *rules, const struct tick_options *options,
    struct tick_result *result, struct stw_err *err)
{
	struct tick_options mine = *options;
	enum stw_code rc = STW_OK;

	for (int i = 0; i < 2; i++) {
		memset(result, 0, sizeof *result);
		arena_init(&result->arena);
		rc = refresh(db, &mine, result, err);
		if (rc == STW_OK && options->plan)
			rc = plan(db, rules, options, result, err);
		if (rc == STW_OK)
			return STW_OK;
		tick_fini(result);
		if (rc != STW_CONFLICT)
			break;
		mine.book_max_age =
		    0; /* it may have come from a file that is too old */
	}
	return rc;
}

static enum stw_code
plan_stored(struct db *db, const struct ruleset *rules,
    const struct tick_options *options, struct tick_result *r, struct stw_err *err)
{
	stw_usec began = stw_monotonic();
	enum stw_code rc = get_whole_book(db, options, r, err);

	r->load_usec = stw_monotonic() - began;
	if (rc != STW_OK)
		return rc;
	arena_init(&r->segments.arena);
	r->ticked = true;
	rc = segment_store_hosts(db, &r->parts, options->members, &r->segments.arena,
	    &r->segments.hosts, err);
	return rc == STW_OK ? plan(db, rules, options, r, err) : rc;
}

enum stw_code
tick_plan(struct db *db, const struct ruleset *rules,
    const struct tick_options *options, struct tick_result *result, struct stw_err *err)
{
	enum stw_code rc = STW_CONFLICT;

	for (int i = 0; i < 2 && rc == STW_CONFLICT; i++) {
		memset(result, 0, sizeof *result);
		arena_init(&result->arena);
		rc = plan_stored(db, rules, options, result, err);
		if (rc == STW_OK)
			return STW_OK;
		tick_fini(result);
		/* What was read of memberships may be of an aborted transaction. */
		member_image_forget(options->members);
	}
	return rc;
}

void
tick_fini(struct tick_result *result)
{
	if (result->ticked)
		segments_tick_fini(&result->segments);
	book_parts_free(&result->parts);
	book_view_unref(result->view);
	arena_fini(&result->arena);
	memset(result, 0, sizeof *result);
}

static void
count_touched(const struct segments_tick_result *r, struct tick_touched *out)
{
	out->stage_changes = r->stage_changes;
	for (int i = 0; i < r->nsegments; i++) {
		out->entered += r->segments[i].entered;
		out->left += r->segments[i].left;
	}
}

static enum stw_code
touched_once(struct db *db, const struct book_view *view, struct member_image *members,
    const struct book_keys *keys, stw_usec now, struct tick_touched *out,
    struct stw_err *err)
{
	struct book_patch patch = book_view_pick(view, keys->items, keys->count);
	const struct book_parts parts = book_parts_of(patch.book);
	struct segments_tick_result result;
	enum stw_code rc = trait_store_derive(db, patch.book, now, NULL, err);

	if (rc == STW_OK)
		rc = segments_tick(db, &parts, members, now, NULL, &result, err);
	if (rc == STW_OK) {
		count_touched(&result, out);
		segments_tick_fini(&result);
	}
	book_patch_fini(&patch);
	return rc;
}

/* Is an import under way, or has one begun since the mark was taken? Who cannot find out has
 * to wait, too. */
static enum stw_code
look_held(struct db *db, int64_t imports, bool *held, struct stw_err *err)
{
	struct import_hold hold;
	enum stw_code rc = import_hold_get(db, &hold, err);

	*held = rc != STW_OK || (hold.kind != IMPORT_HOLD_NONE || hold.mark != imports);
	return rc;
}

enum stw_code
tick_touched_run(struct db *db, struct book_live *live, struct member_image *members,
    const struct book_keys *keys, int64_t imports, stw_usec now, stw_lsn *written,
    struct tick_touched *out, struct stw_err *err)
{
	enum stw_code rc = STW_CONFLICT;

	for (int i = 0; i < TOUCHED_TRIES && rc == STW_CONFLICT; i++) {
		struct book_view *view =
		    book_live_view_after(live, *written, TOUCHED_MSEC, NULL);
		enum stw_code at = STW_OK;

		STW_ASSERT(view != NULL); /* keys come with the first version */
		*out = (struct tick_touched){.customers = (int64_t)keys->count};
		/* Asked when the view is there: an import that it shows a part of has not
		 * ended yet, or has left another mark. */
		rc = look_held(db, imports, &out->held, err);
		if (rc == STW_OK && !out->held)
			rc = touched_once(db, view, members, keys, now, out, err);
		book_view_unref(view);
		if (rc == STW_CONFLICT || (rc == STW_OK && out->stage_changes > 0))
			at = book_live_position(db, written, rc == STW_OK ? err : NULL);
		if (at != STW_OK)
			return at;
	}
	return rc;
}
