#include "segments/segment_report_store.h"

#include <stdlib.h>

#include "engine/zone.h"

/* ---- overlap ------------------------------------------------------------------------ */
static int
index_of(const struct segment_overlap *o, int64_t segment_id)
{
	for (int i = 0; i < o->count; i++) {
		if (o->segments[i].def.segment_id == segment_id)
			return i;
	}
	return -1; /* made since the list was read */
}

/* A set of segments and how many customers are in just these. */
static void
add_set(struct segment_overlap *o, const char *const *ids, size_t n, int64_t customers,
    struct arena *arena)
{
	int *at = arena_array(arena, n, sizeof *at);

	for (size_t i = 0; i < n; i++)
		at[i] = index_of(o, strtoll(ids[i], NULL, 10));
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			if (at[i] >= 0 && at[j] >= 0)
				o->customers[at[i] * o->count + at[j]] += customers;
		}
	}
}

enum stw_code
segment_overlap(struct db *db, struct arena *arena, struct segment_overlap *out,
    struct stw_err *err)
{
	struct db_rows *rows = NULL;
	struct arena scratch;
	enum stw_code rc;

	*out = (struct segment_overlap){0};
	rc = segment_store_list(db, false, arena, &out->segments, &out->count, err);
	if (rc == STW_OK)
		rc = db_query(db, DB_Q_SEGMENT_OVERLAP, NULL, 0, &rows, err);
	if (rc != STW_OK)
		return rc;
	out->customers = arena_array(
	    arena, (size_t)out->count * (size_t)out->count, sizeof *out->customers);
	arena_init(&scratch);
	DB_ROW_FOREACH(rows, r) {
		size_t n;
		const char **ids = db_get_texts(rows, r, 0, &n, &scratch);

		add_set(out, ids, n, db_get_i64(rows, r, 1), &scratch);
		arena_reset(&scratch);
	}
	arena_fini(&scratch);
	db_rows_free(rows);
	return STW_OK;
}

/* ---- days ------------------------------------------------------------------------------ */
enum stw_code
segment_days(struct db *db, const char *code, int days, struct arena *arena,
    struct segment_day **out, int *count, struct stw_err *err)
{
	struct db_param params[] = {db_null(), db_i64(days)};
	struct db_rows *rows = NULL;
	struct segment_info info;
	enum stw_code rc = segment_store_get(db, code, arena, &info, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	params[0] = db_i64(info.def.segment_id);
	rc = db_query(db, DB_Q_SEGMENT_DAYS, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[(*count)++] = (struct segment_day){
		    .day = db_get_day(rows, r, 0),
		    .version = (int)db_get_i64(rows, r, 1),
		    .as_of = db_get_usec(rows, r, 2),
		    .matched = db_get_i64(rows, r, 3),
		    .undecided = db_get_i64(rows, r, 4),
		    .entered = db_get_i64(rows, r, 5),
		    .left = db_get_i64(rows, r, 6),
		};
	db_rows_free(rows);
	return STW_OK;
}

/* ---- moves ------------------------------------------------------------------------------ */
enum stw_code
segment_moves_list(struct db *db, const struct segment_move_filter *filter,
    struct arena *arena, struct segment_move **out, int *count, struct stw_err *err)
{
	const struct segment_move *after = filter->after;
	struct db_param params[] = {db_null(), db_usec(filter->from),
	    db_usec(filter->before), db_i64(filter->limit),
	    after == NULL ? db_null() : db_usec(after->at),
	    after == NULL ? db_null() : db_i64(after->bucket),
	    after == NULL ? db_null() : db_i64(after->customer_id),
	    after == NULL ? db_null() : db_bool(after->entered)};
	struct db_rows *rows = NULL;
	struct segment_info info;
	enum stw_code rc = segment_store_get(db, filter->code, arena, &info, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	params[0] = db_i64(info.def.segment_id);
	rc = db_query(db, DB_Q_SEGMENT_MOVES, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[(*count)++] = (struct segment_move){
		    .at = db_get_usec(rows, r, 0),
		    .bucket = (int)db_get_i64(rows, r, 1),
		    .customer_id = db_get_i64(rows, r, 2),
		    .ref = db_get_text(rows, r, 3, arena),
		    .entered = db_get_bool(rows, r, 4),
		};
	db_rows_free(rows);
	return STW_OK;
}
