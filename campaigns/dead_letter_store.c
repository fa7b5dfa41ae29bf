#include "campaigns/dead_letter_store.h"

#include "db/entry_json.h"
#include "db/ledger.h"

enum stw_code
dead_letter_list(struct db *db, const struct dead_letter_filter *filter,
    const struct uuid *task_id, const struct dead_letter *before, int limit,
    struct arena *arena, struct dead_letter **out, int *count, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param params[] = {
	    task_id == NULL ? db_null() : db_text(uuid_format(task_id, id)),
	    db_text(filter->queue), db_text(filter->campaign), db_text(filter->reason),
	    db_usec(before == NULL ? STW_USEC_MAX : before->ended_at),
	    db_text(before == NULL ? "ffffffff-ffff-ffff-ffff-ffffffffffff"
				   : before->task_id),
	    db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_DEAD_LETTER_LIST, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[r] =
		    (struct dead_letter){.task_id = db_get_text(rows, r, 0, arena),
			.queue = db_get_text(rows, r, 1, arena),
			.campaign = db_get_text(rows, r, 2, arena),
			.state = db_get_text(rows, r, 3, arena),
			.reason = db_get_text(rows, r, 4, arena),
			.tries = (int)db_get_i64(rows, r, 5),
			.offer = (int)db_get_i64(rows, r, 6),
			.last_status = (int)db_get_i64(rows, r, 7),
			.last_detail = db_get_text(rows, r, 8, arena),
			.ended_at = db_get_usec(rows, r, 9),
			.not_after = db_get_usec(rows, r, 10),
			.recall_open = db_get_bool(rows, r, 11)};
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
dead_letter_count(struct db *db, const struct dead_letter_filter *filter, stw_usec now,
    int64_t *all, int64_t *ready, struct stw_err *err)
{
	const struct db_param params[] = {db_text(filter->queue),
	    db_text(filter->campaign), db_text(filter->reason), db_usec(now),
	    db_bool(filter->not_held)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(
	    db, DB_Q_DEAD_LETTER_COUNT, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK) {
		*all = db_get_i64(rows, 0, 0);
		*ready = db_get_i64(rows, 0, 1);
	}
	db_rows_free(rows);
	return rc;
}

/* Their recalls are over: somebody looked, and vouches for it. */
static enum stw_code
recalls_close(struct db *db, const struct dead_letter_filter *filter,
    const char *task_id, int limit, const char *actor, const char *why, stw_usec now,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text(task_id), db_text(filter->queue),
	    db_text(filter->campaign), db_text(filter->reason), db_usec(now),
	    db_i64(limit)};
	struct db_rows *rows = NULL;
	struct buf entry;
	enum stw_code rc =
	    db_query(db, DB_Q_RECALL_CLOSE, params, DB_NPARAMS(params), &rows, err);

	buf_init(&entry);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		const struct entry_field fields[] = {
		    ENTRY_TEXT("why", db_get_str(rows, r, 2).ptr),
		    ENTRY_INT("acknowledged", 0), ENTRY_TEXT("closed_by", actor),
		    ENTRY_TEXT("closed_why", why)};

		buf_clear(&entry);
		entry_write("recall", db_get_str(rows, r, 1).ptr, now, fields,
		    (int)STW_ARRAY_LEN(fields), &entry);
		rc = ledger_append(db, (int)db_get_i64(rows, r, 0), "recall",
		    (struct str){entry.data, entry.len}, err);
	}
	buf_fini(&entry);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
requeue(struct db *db, const struct dead_letter_filter *filter, const char *task_id,
    int limit, const char *actor, const char *why, stw_usec now, int64_t *done,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text(task_id), db_text(filter->queue),
	    db_text(filter->campaign), db_text(filter->reason), db_usec(now),
	    db_text(actor), db_i64(limit)};
	struct db_rows *rows = NULL;
	struct buf entry;
	enum stw_code rc = STW_OK;

	if (filter->not_held)
		rc = recalls_close(db, filter, task_id, limit, actor, why, now, err);
	if (rc == STW_OK)
		rc = db_query(db, DB_Q_DEAD_LETTER_REQUEUE, params, DB_NPARAMS(params),
		    &rows, err);
	*done = rc == STW_OK ? db_rows_count(rows) : 0;
	buf_init(&entry);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		const struct entry_field fields[] = {ENTRY_TEXT("actor", actor),
		    ENTRY_INT("offer", db_get_i64(rows, r, 2)), ENTRY_TEXT("why", why)};

		buf_clear(&entry);
		entry_write("requeue", db_get_str(rows, r, 1).ptr, now, fields,
		    (int)STW_ARRAY_LEN(fields), &entry);
		rc = ledger_append(db, (int)db_get_i64(rows, r, 0), "requeue",
		    (struct str){entry.data, entry.len}, err);
	}
	buf_fini(&entry);
	db_rows_free(rows);
	return rc;
}

/* It could not be requeued: why? */
static enum stw_code
refusal(struct db *db, const struct uuid *task_id, stw_usec now, struct stw_err *err)
{
	const struct dead_letter_filter any = {0};
	struct dead_letter *rows;
	struct arena arena;
	enum stw_code rc;
	int count;

	arena_init(&arena);
	rc = dead_letter_list(db, &any, task_id, NULL, 1, &arena, &rows, &count, err);
	if (rc == STW_OK && count == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no such dead letter");
	else if (rc == STW_OK && rows[0].recall_open)
		rc = stw_fail(err, STW_CONFLICT,
		    "its queue may have it and has not acknowledged the recall yet: "
		    "requeue it after that, or look there yourself and say not_held");
	else if (rc == STW_OK && rows[0].not_after <= now)
		rc = stw_fail(err, STW_CONFLICT, "its window is over");
	else if (rc == STW_OK)
		rc = stw_fail(err, STW_CONFLICT, "it changed meanwhile; read it again");
	arena_fini(&arena);
	return rc;
}

enum stw_code
dead_letter_requeue(struct db *db, const struct uuid *task_id, bool not_held,
    const char *actor, const char *why, stw_usec now, struct stw_err *err)
{
	const struct dead_letter_filter any = {.not_held = not_held};
	char id[UUID_TEXT];
	int64_t done;
	enum stw_code rc =
	    requeue(db, &any, uuid_format(task_id, id), 1, actor, why, now, &done, err);

	return rc == STW_OK && done == 0 ? refusal(db, task_id, now, err) : rc;
}

enum stw_code
dead_letter_requeue_all(struct db *db, const struct dead_letter_filter *filter,
    const char *actor, const char *why, stw_usec now, int64_t *done,
    struct stw_err *err)
{
	return requeue(db, filter, NULL, DEAD_LETTERS_MAX, actor, why, now, done, err);
}
