#include "segments/import_history_store.h"

static struct import_run_info
run_from_row(const struct db_rows *rows, int r, struct arena *arena)
{
	bool gone = str_eq_c(db_get_str(rows, r, 3), "interrupted");

	return (struct import_run_info){.run_id = db_get_text(rows, r, 0, arena),
	    .mapping = db_get_text(rows, r, 1, arena),
	    .source_hash = db_get_text(rows, r, 2, arena),
	    .state = db_get_text(rows, r, 3, arena),
	    .started_at = db_get_usec(rows, r, 4),
	    .finished_at =
		db_is_null(rows, r, 5) ? STW_USEC_NEVER : db_get_usec(rows, r, 5),
	    .took = db_get_i64(rows, r, 6),
	    .rows_read = db_get_i64(rows, r, 7),
	    .rows_loaded = db_get_i64(rows, r, 8),
	    .rows_rejected = db_get_i64(rows, r, 9),
	    .failure = gone ? IMPORT_INTERRUPTED : db_get_text(rows, r, 10, arena),
	    .actor = db_get_text(rows, r, 11, arena),
	    .starts = (int)db_get_i64(rows, r, 12),
	    .redo = db_get_bool(rows, r, 13),
	    .seq = db_get_i64(rows, r, 14)};
}

enum stw_code
import_history_runs(struct db *db, int64_t before, int limit, struct arena *arena,
    struct import_run_info **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(before), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_IMPORT_RUN_LIST, params, DB_NPARAMS(params), &rows, err);

	*count = 0;
	if (rc == STW_OK) {
		*out =
		    arena_array(arena, (size_t)db_rows_count(rows) + 1, sizeof **out);
		DB_ROW_FOREACH(rows, r)
			(*out)[(*count)++] = run_from_row(rows, r, arena);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
import_history_run(struct db *db, const char *run_id, struct arena *arena,
    struct import_run_info *out, struct stw_err *err)
{
	const struct db_param params[] = {db_text(run_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_IMPORT_RUN_GET, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no import %s", run_id);
	if (rc == STW_OK)
		*out = run_from_row(rows, 0, arena);
	db_rows_free(rows);
	return rc;
}

enum stw_code
import_history_files(struct db *db, const char *run_id, struct arena *arena,
    struct import_file_info **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(run_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_IMPORT_FILE_LIST, params, DB_NPARAMS(params), &rows, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows) + 1, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		(*out)[(*count)++] =
		    (struct import_file_info){.file_no = (int)db_get_i64(rows, r, 0),
			.file = db_get_text(rows, r, 1, arena),
			.target = db_get_text(rows, r, 2, arena),
			.mode = db_get_text(rows, r, 3, arena),
			.done = str_eq_c(db_get_str(rows, r, 4), "done"),
			.read = db_get_i64(rows, r, 5),
			.line = db_get_i64(rows, r, 6),
			.loaded = db_get_i64(rows, r, 7),
			.inserted = db_get_i64(rows, r, 8),
			.updated = db_get_i64(rows, r, 9),
			.closed = db_get_i64(rows, r, 10),
			.unchanged = db_get_i64(rows, r, 11),
			.skipped = db_get_i64(rows, r, 12),
			.rejected = db_get_i64(rows, r, 13),
			.phones_skipped = db_get_i64(rows, r, 14),
			.commits = (int)db_get_i64(rows, r, 15)};
	}
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
import_history_rejects(struct db *db, const char *run_id,
    const struct import_reject *after, int limit, struct arena *arena,
    struct import_reject_info **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(run_id),
	    db_i64(after != NULL ? after->file_no : -1),
	    db_i64(after != NULL ? after->line : -1),
	    db_text(after != NULL ? after->column : ""), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_IMPORT_REJECT_LIST, params, DB_NPARAMS(params), &rows, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows) + 1, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		(*out)[(*count)++] =
		    (struct import_reject_info){.file = db_get_text(rows, r, 1, arena),
			.reject = {.file_no = (int)db_get_i64(rows, r, 0),
			    .line = db_get_i64(rows, r, 2),
			    .last = db_get_i64(rows, r, 3),
			    .column = db_get_text(rows, r, 4, arena),
			    .reason = db_get_text(rows, r, 5, arena)}};
	}
	db_rows_free(rows);
	return STW_OK;
}
