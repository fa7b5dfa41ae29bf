#include "api/operation_store.h"

#include <string.h>

/* The columns that operation_get and operation_list share, in their order. */
enum {
	COL_ID = 0,
	COL_KIND,
	COL_PATH,
	COL_SUBJECT,
	COL_ROLE,
	COL_STATE,
	COL_STEP,
	COL_DONE,
	COL_TOTAL,
	COL_CREATED,
	COL_STARTED,
	COL_ENDED,
	COL_CANCELLED_BY,
	COL_STATUS,
	COL_ANSWER
};

static stw_usec
instant_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

static struct operation
from_row(const struct db_rows *rows, int r, struct arena *arena)
{
	return (struct operation){.id = db_get_text(rows, r, COL_ID, arena),
	    .kind = db_get_text(rows, r, COL_KIND, arena),
	    .path = db_get_text(rows, r, COL_PATH, arena),
	    .subject = db_get_text(rows, r, COL_SUBJECT, arena),
	    .role = db_get_text(rows, r, COL_ROLE, arena),
	    .state = db_get_text(rows, r, COL_STATE, arena),
	    .step = db_get_text(rows, r, COL_STEP, arena),
	    .done = db_get_i64(rows, r, COL_DONE),
	    .total = db_get_i64(rows, r, COL_TOTAL),
	    .created_at = db_get_usec(rows, r, COL_CREATED),
	    .started_at = instant_or_never(rows, r, COL_STARTED),
	    .ended_at = instant_or_never(rows, r, COL_ENDED),
	    .cancelled_by = db_get_text(rows, r, COL_CANCELLED_BY, arena),
	    .status = (int)db_get_i64(rows, r, COL_STATUS),
	    .answer = db_rows_columns(rows) > COL_ANSWER
			  ? db_get_text(rows, r, COL_ANSWER, arena)
			  : NULL};
}

/* *any: the statement gave a row. */
static enum stw_code
ask(struct db *db, enum db_query_id id, const struct db_param *params, size_t nparams,
    bool *any, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, id, params, nparams, &rows, err);

	*any = rc == STW_OK && db_rows_count(rows) > 0;
	db_rows_free(rows);
	return rc;
}

enum stw_code
operation_add(struct db *db, const struct operation_request *request, stw_usec now,
    bool *added, struct stw_err *err)
{
	struct str path_params[ROUTE_PARAMS];

	for (size_t i = 0; i < request->nparams; i++)
		path_params[i] = str_of(request->params[i]);

	const struct db_param params[] = {db_text(request->id), db_text(request->kind),
	    db_text(request->path), db_texts(path_params, request->nparams),
	    db_str(request->body), db_text(request->key_id), db_text(request->subject),
	    db_text(request->role), db_bool(request->zh), db_usec(now),
	    db_i64(OPERATIONS_OPEN)};

	return ask(db, DB_Q_OPERATION_ADD, params, DB_NPARAMS(params), added, err);
}

enum stw_code
operation_get(struct db *db, const struct uuid *id, const char *subject,
    struct arena *arena, struct operation *out, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {
	    db_text(uuid_format(id, text)), db_text(subject)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(
	    db, DB_Q_OPERATION_GET, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_NOT_FOUND)
		rc = stw_fail(err, STW_NOT_FOUND,
		    "there is no such operation, it is somebody else's, or it ended "
		    "long ago");
	if (rc == STW_OK)
		*out = from_row(rows, 0, arena);
	db_rows_free(rows);
	return rc;
}

enum stw_code
operation_list(struct db *db, const char *subject, const char *state, stw_usec before,
    const struct uuid *before_id, int limit, struct arena *arena,
    struct operation **out, int *count, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param params[] = {db_text(subject), db_text(state),
	    db_usec(before), db_text(uuid_format(before_id, id)), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_OPERATION_LIST, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[r] = from_row(rows, r, arena);
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
operation_cancel(struct db *db, const char *id, const char *by, stw_usec now,
    bool *done, struct stw_err *err)
{
	const struct db_param params[] = {db_text(id), db_text(by), db_usec(now)};

	return ask(db, DB_Q_OPERATION_CANCEL, params, DB_NPARAMS(params), done, err);
}

/* ---- for workers ------------------------------------------------------------------ */
enum stw_code
operation_claim(struct db *db, const char *worker, stw_usec now, struct arena *arena,
    struct operation_request *out, struct stw_err *err)
{
	const struct db_param params[] = {db_text(worker), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_OPERATION_CLAIM, params, DB_NPARAMS(params), &rows, err);
	const char **path_params;

	*out = (struct operation_request){0};
	if (rc != STW_OK || db_rows_count(rows) == 0)
		goto done;
	path_params = db_get_texts(rows, 0, 3, &out->nparams, arena);
	STW_ASSERT(out->nparams <= ROUTE_PARAMS);
	for (size_t i = 0; i < out->nparams; i++)
		out->params[i] = path_params[i];
	out->id = db_get_text(rows, 0, 0, arena);
	out->kind = db_get_text(rows, 0, 1, arena);
	out->path = db_get_text(rows, 0, 2, arena);
	out->body = str_of(db_get_text(rows, 0, 4, arena));
	out->key_id = db_get_text(rows, 0, 5, arena);
	out->subject = db_get_text(rows, 0, 6, arena);
	out->role = db_get_text(rows, 0, 7, arena);
	out->zh = db_get_bool(rows, 0, 8);
done:
	db_rows_free(rows);
	return rc;
}

static struct db_param
step_of(const struct operation_progress *at)
{
	return db_text(at->step[0] != '\0' ? at->step : NULL);
}

enum stw_code
operation_beat(struct db *db, const char *id, const char *worker,
    const struct operation_progress *at, bool *mine, struct stw_err *err)
{
	const struct db_param params[] = {db_text(id), db_text(worker), step_of(at),
	    db_i64(at->done), db_i64(at->total)};

	return ask(db, DB_Q_OPERATION_BEAT, params, DB_NPARAMS(params), mine, err);
}

enum stw_code
operation_end(struct db *db, const char *id, const char *worker,
    const struct operation_progress *at, int status, struct str answer, stw_usec now,
    bool *mine, struct stw_err *err)
{
	const struct db_param params[] = {db_text(id), db_text(worker),
	    db_text(status < 300 ? "succeeded" : "failed"), db_i64(status),
	    db_str(answer), db_usec(now), step_of(at), db_i64(at->done),
	    db_i64(at->total)};

	return ask(db, DB_Q_OPERATION_END, params, DB_NPARAMS(params), mine, err);
}

enum stw_code
operation_give_up(struct db *db, const char *worker, stw_usec now, int64_t *count,
    struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(worker), db_i64(OPERATION_LEASE_SEC), db_usec(now)};

	return db_exec(
	    db, DB_Q_OPERATION_GIVE_UP, params, DB_NPARAMS(params), count, err);
}

enum stw_code
operation_ended(struct db *db, const struct str *ids, size_t count, bool *ended,
    struct stw_err *err)
{
	const struct db_param params[] = {db_texts(ids, count)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_OPERATION_ENDED, params, 1, &rows, err);

	for (size_t i = 0; rc == STW_OK && i < count; i++) {
		ended[i] = false;
		DB_ROW_FOREACH(rows, r)
			ended[i] = ended[i] || str_eq(ids[i], db_get_str(rows, r, 0));
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
operation_prune(struct db *db, stw_usec before, struct stw_err *err)
{
	const struct db_param params[] = {db_usec(before)};

	return db_exec(db, DB_Q_OPERATION_PRUNE, params, 1, NULL, err);
}
