#include "campaigns/incident_store.h"

#include "db/entry_json.h"
#include "db/ledger.h"

static struct db_param
id_or_null(int64_t id)
{
	return id == 0 ? db_null() : db_i64(id);
}

static enum stw_code
note(struct db *db, int bucket, const char *id, stw_usec now,
    const struct entry_field *fields, int nfields, struct stw_err *err)
{
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write("incident", id, now, fields, nfields, &entry);
	rc = ledger_append(
	    db, bucket, "incident", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

enum stw_code
incident_open(struct db *db, const struct incident *i, struct uuid *id, bool *opened,
    struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct entry_field fields[] = {ENTRY_TEXT("what", "opened"),
	    ENTRY_TEXT("code", i->code), ENTRY_TEXT("task", i->task_id),
	    ENTRY_TEXT("decision", i->decision_id),
	    ENTRY_INT("campaign_id", i->campaign_id),
	    ENTRY_INT("number_id", i->number_id), ENTRY_TEXT("subject", i->subject),
	    ENTRY_TEXT("evidence", i->evidence)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*id = uuid_new(i->detected_at);
	const struct db_param params[] = {db_text(uuid_format(id, text)),
	    db_text(i->code), i->bucket < 0 ? db_null() : db_i64(i->bucket),
	    id_or_null(i->customer_id), db_text(i->task_id), db_text(i->decision_id),
	    id_or_null(i->campaign_id), id_or_null(i->number_id), db_text(i->subject),
	    db_usec(i->detected_at), db_text(i->evidence)};
	rc = db_query(db, DB_Q_INCIDENT_INSERT, params, DB_NPARAMS(params), &rows, err);
	*opened = rc == STW_OK && db_rows_count(rows) == 1;
	db_rows_free(rows);
	if (rc != STW_OK || !*opened)
		return rc;
	return note(db, i->bucket < 0 ? -1 : i->bucket, text, i->detected_at, fields,
	    (int)STW_ARRAY_LEN(fields), err);
}

static enum stw_code
close_in_tx(struct db *db, const char *id, const char *by, const char *why,
    stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(id), db_text(by), db_usec(now), db_text(why)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(
	    db, DB_Q_INCIDENT_CLOSE, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_NOT_FOUND)
		return stw_fail(err, STW_CONFLICT,
		    "there is no incident %s, or it is closed already", id);
	if (rc == STW_OK) {
		const struct entry_field fields[] = {ENTRY_TEXT("what", "closed"),
		    ENTRY_TEXT("code", db_get_str(rows, 0, 0).ptr),
		    ENTRY_TEXT("actor", by), ENTRY_TEXT("note", why)};

		rc = note(db, (int)db_get_i64(rows, 0, 1), id, now, fields,
		    (int)STW_ARRAY_LEN(fields), err);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
incident_close(struct db *db, const struct uuid *id, const char *by, const char *why,
    stw_usec now, struct stw_err *err)
{
	char text[UUID_TEXT];
	enum stw_code rc;

	if (why == NULL || why[0] == '\0')
		return stw_fail(err, STW_INVALID, "say what was done: a note");
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = close_in_tx(db, uuid_format(id, text), by, why, now, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

static void
incident_from(
    const struct db_rows *rows, int r, struct arena *arena, struct incident *i)
{
	i->id = db_get_text(rows, r, 0, arena);
	i->code = db_get_text(rows, r, 1, arena);
	i->bucket = (int)db_get_i64(rows, r, 2);
	i->customer_id = db_get_i64(rows, r, 3);
	i->campaign_id = db_get_i64(rows, r, 4);
	i->number_id = db_get_i64(rows, r, 5);
	i->task_id = db_get_text(rows, r, 6, arena);
	i->decision_id = db_get_text(rows, r, 7, arena);
	i->subject = db_get_text(rows, r, 8, arena);
	i->evidence = db_get_text(rows, r, 9, arena);
	i->detected_at = db_get_usec(rows, r, 10);
	i->campaign = db_get_text(rows, r, 11, arena);
	i->number = db_get_text(rows, r, 12, arena);
	i->customer_ref = db_get_text(rows, r, 13, arena);
	i->state = db_get_text(rows, r, 14, arena);
	i->closed_by = db_get_text(rows, r, 15, arena);
	i->closed_at =
	    db_is_null(rows, r, 16) ? STW_USEC_NEVER : db_get_usec(rows, r, 16);
	i->note = db_get_text(rows, r, 17, arena);
}

static enum stw_code
read_incidents(struct db *db, const char *id, const char *state, const char *code,
    const struct incident *before, int limit, struct arena *arena,
    struct incident **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(id), db_text(state), db_text(code),
	    db_usec(before == NULL ? STW_USEC_MAX : before->detected_at),
	    db_text(
		before == NULL ? "ffffffff-ffff-ffff-ffff-ffffffffffff" : before->id),
	    db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_INCIDENT_LIST, params, DB_NPARAMS(params), &rows, err);

	*count = rc == STW_OK ? db_rows_count(rows) : 0;
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	for (int r = 0; r < *count; r++)
		incident_from(rows, r, arena, &(*out)[r]);
	db_rows_free(rows);
	return rc;
}

enum stw_code
incident_list(struct db *db, const char *state, const char *code,
    const struct incident *before, int limit, struct arena *arena,
    struct incident **out, int *count, struct stw_err *err)
{
	return read_incidents(
	    db, NULL, state, code, before, limit, arena, out, count, err);
}

enum stw_code
incident_get(struct db *db, const struct uuid *id, struct arena *arena,
    struct incident *out, struct stw_err *err)
{
	struct incident *rows;
	char text[UUID_TEXT];
	int count;
	enum stw_code rc = read_incidents(
	    db, uuid_format(id, text), NULL, NULL, NULL, 1, arena, &rows, &count, err);

	if (rc == STW_OK && count == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no incident %s", text);
	if (rc == STW_OK)
		*out = rows[0];
	return rc;
}
