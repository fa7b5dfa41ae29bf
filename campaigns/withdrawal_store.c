#include "campaigns/withdrawal_store.h"

#include "campaigns/consent_priv.h"

enum stw_code
withdrawal_write(struct db *db, int bucket, const struct uuid *id, int64_t customer_id,
    const char *kind, const struct ended_tasks *ended, stw_usec now,
    struct consent_effect *effect, struct stw_err *err)
{
	char text[UUID_TEXT];
	struct withdrawal w;
	const struct db_param params[] = {db_i64(bucket),
	    db_text(uuid_format(id, text)), db_i64(customer_id), db_text(kind),
	    db_usec(now), db_i64s(ended->buckets, ended->count),
	    db_texts(ended->ids, ended->count), db_texts(ended->states, ended->count)};
	enum stw_code rc;

	STW_ASSERT(uuid_bucket(id) == bucket); /* it is looked for by its id alone */
	rc =
	    db_query(db, DB_Q_WITHDRAWAL_INSERT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = withdrawal_find(db, id, ended->arena, &w, err);
	if (rc != STW_OK)
		return rc;
	effect->cancelled = w.cancelled;
	effect->recalled = w.recalled;
	effect->effective_at = w.effective_at;
	return STW_OK;
}

enum stw_code
withdrawal_find(struct db *db, const struct uuid *id, struct arena *arena,
    struct withdrawal *out, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {
	    db_i64(uuid_bucket(id)), db_text(uuid_format(id, text))};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = (struct withdrawal){0};
	rc = db_query_one(
	    db, DB_Q_WITHDRAWAL_GET, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(
		    err, STW_NOT_FOUND, "there is no withdrawal or objection %s", text);
	if (rc == STW_OK) {
		out->customer_id = db_get_i64(rows, 0, 0);
		out->kind = db_get_text(rows, 0, 1, arena);
		out->committed_at = db_get_usec(rows, 0, 2);
		out->cancelled = db_get_i64(rows, 0, 3);
		out->recalled = db_get_i64(rows, 0, 4);
		out->on_wire = db_get_i64(rows, 0, 5);
		out->recalls_open = db_get_i64(rows, 0, 6);
		out->effective_at = out->on_wire > 0
					? STW_USEC_MAX
					: out->committed_at + db_get_i64(rows, 0, 7);
		out->recalled_at = out->on_wire > 0 || out->recalls_open > 0
				       ? STW_USEC_MAX
				       : out->committed_at + db_get_i64(rows, 0, 8);
		if (out->recalled_at < out->effective_at)
			out->recalled_at = out->effective_at;
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
withdrawal_tasks(struct db *db, const struct uuid *id, struct arena *arena,
    struct withdrawal_task **out, int *count, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {
	    db_i64(uuid_bucket(id)), db_text(uuid_format(id, text))};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc =
	    db_query(db, DB_Q_WITHDRAWAL_TASKS, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct withdrawal_task *t = &(*out)[r];

		t->task_id = db_get_text(rows, r, 0, arena);
		t->ended = db_get_text(rows, r, 1, arena);
		t->state = db_get_text(rows, r, 2, arena);
		t->queue = db_get_text(rows, r, 3, arena);
		t->on_wire = db_get_bool(rows, r, 4);
		t->recall_tries =
		    db_is_null(rows, r, 5) ? -1 : (int)db_get_i64(rows, r, 5);
		t->recall_answered = db_get_bool(rows, r, 6);
	}
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
withdrawal_lags(struct db *db, struct withdrawal_lags *out, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = (struct withdrawal_lags){0};
	rc = db_query_one(db, DB_Q_WITHDRAWAL_LAGS, NULL, 0, &rows, err);
	if (rc == STW_OK)
		*out = (struct withdrawal_lags){db_get_i64(rows, 0, 0),
		    db_get_i64(rows, 0, 1), db_get_i64(rows, 0, 2),
		    db_get_i64(rows, 0, 3), db_get_i64(rows, 0, 4),
		    db_get_i64(rows, 0, 5), db_get_i64(rows, 0, 6)};
	db_rows_free(rows);
	return rc;
}
