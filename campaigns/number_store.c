#include "campaigns/number_store.h"

#include <string.h>

#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/uuid.h"

static enum stw_code
note_change(struct db *db, int64_t number_id, int64_t version, const char *number,
    const char *what, const char *actor, stw_usec now, struct stw_err *err)
{
	struct uuid id = uuid_new(now);
	char text[UUID_TEXT];
	const struct db_param params[] = {db_text(uuid_format(&id, text)),
	    db_i64(number_id), db_i64(version), db_usec(now), db_text(actor),
	    db_text(what)};
	const struct entry_field fields[] = {ENTRY_TEXT("number", number),
	    ENTRY_INT("version", version), ENTRY_TEXT("what", what),
	    ENTRY_TEXT("actor", actor)};
	struct buf entry;
	enum stw_code rc;

	rc = db_query(
	    db, DB_Q_NUMBER_CHANGE_INSERT, params, DB_NPARAMS(params), NULL, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write(
	    "number_change", text, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "number_change", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static struct db_param
texts_param(struct str *store, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		store[i] = str_of(texts[i]);
	return db_texts(store, count);
}

static enum stw_code
put_in_tx(struct db *db, const struct number_row *n, const char *actor, stw_usec now,
    struct stw_err *err)
{
	struct str regions[40], channels[16], purposes[16];
	struct db_rows *rows = NULL;
	enum stw_code rc;

	if (n->nregions > 40 || n->nchannels > 16 || n->npurposes > 16)
		return stw_fail(err, STW_INVALID,
		    "number %s: at most 40 regions, 16 channels, 16 purposes",
		    n->number);
	const struct db_param params[] = {db_text(n->number), db_text(n->kind),
	    db_text(n->pool), db_text(n->holder), db_text(n->user_org),
	    db_text(n->carrier), texts_param(regions, n->regions, n->nregions),
	    db_text(n->direction), texts_param(channels, n->channels, n->nchannels),
	    texts_param(purposes, n->purposes, n->npurposes), db_bool(n->robot),
	    db_text(n->licence_no),
	    n->licence_from == STW_USEC_NEVER ? db_null() : db_usec(n->licence_from),
	    n->licence_to == STW_USEC_MAX ? db_null() : db_usec(n->licence_to),
	    db_null(), db_text(n->status),
	    n->daily_cap == 0 ? db_null() : db_i64(n->daily_cap),
	    n->hourly_cap == 0 ? db_null() : db_i64(n->hourly_cap), db_usec(now)};
	rc = db_query(db, DB_Q_NUMBER_PUT, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 1)
		rc = note_change(db, db_get_i64(rows, 0, 0), db_get_i64(rows, 0, 1),
		    n->number, "registered", actor, now, err);
	db_rows_free(rows);
	return rc;
}

enum stw_code
number_put(struct db *db, const struct number_row *number, const char *actor,
    stw_usec now, struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = put_in_tx(db, number, actor, now, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

enum stw_code
number_set_status(struct db *db, int64_t number_id, const char *status,
    const char *reason, const char *actor, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(number_id), db_text(status), db_text(reason), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	if (strcmp(status, "active") != 0 && strcmp(status, "suspended") != 0)
		return stw_fail(err, STW_INVALID,
		    "status '%s': a number is set to active or suspended", status);
	if (reason == NULL || reason[0] == '\0')
		return stw_fail(err, STW_INVALID, "say why: a reason is required");
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_NUMBER_SET_STATUS, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "caller number %lld does not exist or is %s already",
		    (long long)number_id, status);
	if (rc == STW_OK)
		rc = note_change(db, number_id, db_get_i64(rows, 0, 1),
		    db_get_str(rows, 0, 2).ptr, status, actor, now, err);
	db_rows_free(rows);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

static stw_usec
open_instant(const struct db_rows *rows, int r, int col, stw_usec open)
{
	return db_is_null(rows, r, col) ? open : db_get_usec(rows, r, col);
}

static void
row_from(const struct db_rows *rows, int r, struct arena *arena, struct number_row *n)
{
	n->number_id = db_get_i64(rows, r, 0);
	n->number = db_get_text(rows, r, 1, arena);
	n->kind = db_get_text(rows, r, 2, arena);
	n->pool = db_get_text(rows, r, 3, arena);
	n->holder = db_get_text(rows, r, 4, arena);
	n->user_org = db_get_text(rows, r, 5, arena);
	n->carrier = db_get_text(rows, r, 6, arena);
	n->regions = db_get_texts(rows, r, 7, &n->nregions, arena);
	n->direction = db_get_text(rows, r, 8, arena);
	n->channels = db_get_texts(rows, r, 9, &n->nchannels, arena);
	n->purposes = db_get_texts(rows, r, 10, &n->npurposes, arena);
	n->robot = db_get_bool(rows, r, 11);
	n->licence_no = db_get_text(rows, r, 12, arena);
	n->licence_from = open_instant(rows, r, 13, STW_USEC_NEVER);
	n->licence_to = open_instant(rows, r, 14, STW_USEC_MAX);
	n->has_approval = db_get_bool(rows, r, 15);
	n->status = db_get_text(rows, r, 16, arena);
	n->status_reason = db_get_text(rows, r, 17, arena);
	n->daily_cap = (int)db_get_i64(rows, r, 18);
	n->hourly_cap = (int)db_get_i64(rows, r, 19);
	n->version = (int)db_get_i64(rows, r, 20);
	n->used_today = db_get_i64(rows, r, 21);
	n->used_hour = db_get_i64(rows, r, 22);
}

static enum stw_code
select_numbers(struct db *db, const char *pool, int64_t number_id, stw_usec now,
    stw_usec day_start, struct arena *arena, struct number_row **out, int *count,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text(pool),
	    number_id == 0 ? db_null() : db_i64(number_id), db_usec(day_start),
	    db_usec(now - now % STW_USEC_HOUR)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_NUMBER_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK) {
		*count = db_rows_count(rows);
		*out = arena_array(arena, (size_t)*count, sizeof **out);
		DB_ROW_FOREACH(rows, r)
			row_from(rows, r, arena, &(*out)[r]);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
number_list(struct db *db, const char *pool, stw_usec now, stw_usec day_start,
    struct arena *arena, struct number_row **out, int *count, struct stw_err *err)
{
	return select_numbers(db, pool, 0, now, day_start, arena, out, count, err);
}

enum stw_code
number_get(struct db *db, int64_t number_id, stw_usec now, stw_usec day_start,
    struct arena *arena, struct number_row *out, struct stw_err *err)
{
	struct number_row *rows;
	int count;
	enum stw_code rc;

	rc = select_numbers(
	    db, NULL, number_id, now, day_start, arena, &rows, &count, err);
	if (rc == STW_OK && count == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no caller number %lld",
		    (long long)number_id);
	if (rc == STW_OK)
		*out = rows[0];
	return rc;
}
