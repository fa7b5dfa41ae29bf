#include "campaigns/trigger_store.h"

#include <string.h>

#include "segments/lifecycle_store.h"
#include "segments/suggest.h"

/* ---- checking ------------------------------------------------------------------------- */
static enum stw_code
fail_stage(const struct lifecycle_model *model, const char *stage, struct stw_err *err)
{
	struct buf known;
	enum stw_code rc;

	buf_init(&known);
	for (int i = 0; i < model->nstages; i++)
		buf_printf(&known, "%s%s", i == 0 ? "" : ", ", model->stages[i].code);
	rc = stw_fail(err, STW_INVALID,
	    "/trigger/stage: the lifecycle model %s has no stage '%.60s'; it has %s",
	    model->code, stage, known.data);
	buf_fini(&known);
	return rc;
}

enum stw_code
trigger_check(struct db *db, const struct trigger *trigger, struct stw_err *err)
{
	struct lifecycle_model model;
	struct arena arena;
	enum stw_code rc;
	bool found = false;

	if (trigger->on != TRIGGER_STAGE_ENTERED)
		return STW_OK;
	arena_init(&arena);
	rc = lifecycle_store_active(db, &arena, &model, err);
	for (int i = 0; rc == STW_OK && i < model.nstages; i++)
		found = found || strcmp(model.stages[i].code, trigger->what) == 0;
	if (rc == STW_OK && !found)
		rc = fail_stage(&model, trigger->what, err);
	arena_fini(&arena);
	return rc;
}

/* ---- memberships ------------------------------------------------------------------------ */
/* To the part that has the customer. Somebody the book does not have yet is found at the
 * next plan. */
static void
add_hit(const struct book_parts *parts, int bucket, int64_t customer_id, stw_usec at,
    struct trigger_hits *out)
{
	for (int p = 0; p < parts->count; p++) {
		size_t row = book_find(parts->books[p], bucket, customer_id);

		if (row != SIZE_MAX)
			trigger_hits_add(&out[p], row, at);
	}
}

/* Rows come in the order of customer_id, which is the book's within a bucket. */
static enum stw_code
bucket_hits(struct db *db, enum db_query_id id, int bucket,
    const struct trigger *trigger, const struct book_parts *parts,
    const struct trigger_window *window, struct trigger_hits *out, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_text(trigger->what),
	    db_usec(window->from), db_usec(window->to)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, id, params, DB_NPARAMS(params), &rows, err);

	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++)
		add_hit(parts, bucket, db_get_i64(rows, r, 0), db_get_usec(rows, r, 1),
		    out);
	db_rows_free(rows);
	return rc;
}

enum stw_code
trigger_hits_load(struct db *db, const struct trigger *trigger,
    const struct book_parts *parts, const struct trigger_window *window,
    struct trigger_hits *out, struct stw_err *err)
{
	enum db_query_id id = trigger->on == TRIGGER_SEGMENT_LEFT
				  ? DB_Q_TRIGGER_SEGMENT_LEFT
				  : DB_Q_TRIGGER_SEGMENT_ENTERED;
	enum stw_code rc = STW_OK;

	if (trigger->on != TRIGGER_SEGMENT_ENTERED &&
	    trigger->on != TRIGGER_SEGMENT_LEFT) {
		for (int p = 0; p < parts->count; p++)
			trigger_hits_of_book(trigger, parts->books[p], window, &out[p]);
		return STW_OK;
	}
	for (int bucket = 0; bucket < BOOK_BUCKETS && rc == STW_OK; bucket++)
		rc = bucket_hits(db, id, bucket, trigger, parts, window, out, err);
	return rc;
}
