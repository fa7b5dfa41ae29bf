#include "campaigns/export_approval_store.h"

#include <string.h>

#include "db/entry_json.h"
#include "db/ledger.h"

const char *
export_filter_text(const struct export_filter *f, struct arena *arena)
{
	char from[STW_USEC_TEXT] = "-", to[STW_USEC_TEXT] = "-";

	if (f->from != STW_USEC_NEVER)
		(void)stw_usec_format(f->from, from);
	if (f->to != STW_USEC_MAX)
		(void)stw_usec_format(f->to, to);
	return arena_printf(arena, "segment=%s stage=%s from=%s to=%s",
	    f->segment != NULL ? f->segment : "-", f->stage != NULL ? f->stage : "-",
	    from, to);
}

static enum stw_code
log_request(struct db *db, const char *id, const char *done, const char *what,
    const char *purpose, const char *actor, stw_usec now, struct stw_err *err)
{
	const struct entry_field fields[] = {ENTRY_TEXT("actor", actor),
	    ENTRY_TEXT("done", done), ENTRY_TEXT("purpose", purpose),
	    ENTRY_TEXT("what", what)};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write(
	    "export_request", id, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "export_request", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

enum stw_code
export_ask(struct db *db, const char *what, const char *filter, const char *purpose,
    const char *actor, stw_usec now, struct uuid *id, struct stw_err *err)
{
	char text[UUID_TEXT];
	enum stw_code rc;

	*id = uuid_new(now);
	const struct db_param params[] = {db_text(uuid_format(id, text)), db_text(what),
	    db_text(filter), db_text(purpose), db_text(actor), db_usec(now)};

	rc = db_query(
	    db, DB_Q_EXPORT_REQUEST_INSERT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = log_request(db, text, "requested", what, purpose, actor, now, err);
	return rc;
}

enum stw_code
export_request(struct db *db, const struct export_kind *kind,
    const struct export_filter *filter, const char *purpose, const char *actor,
    stw_usec now, struct arena *arena, struct uuid *id, struct stw_err *err)
{
	enum stw_code rc = export_rows_check(db, kind, filter, err);

	if (rc == STW_OK)
		rc = export_ask(db, kind->name, export_filter_text(filter, arena),
		    purpose, actor, now, id, err);
	return rc;
}

enum stw_code
export_approve(struct db *db, const struct uuid *id, const char *actor, stw_usec now,
    struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {
	    db_text(uuid_format(id, text)), db_text(actor), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_EXPORT_REQUEST_APPROVE, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "request %s is not there, is approved already, or is your own",
		    text);
	if (rc == STW_OK)
		rc = log_request(db, text, "approved", db_get_str(rows, 0, 0).ptr, NULL,
		    actor, now, err);
	db_rows_free(rows);
	return rc;
}

enum stw_code
export_approval_use(struct db *db, const struct uuid *id, const char *what,
    const char *filter, const char *actor, stw_usec now, struct arena *arena,
    const char **purpose, const char **approver, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {db_text(uuid_format(id, text)),
	    db_text(actor), db_text(what), db_text(filter), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_EXPORT_REQUEST_USE, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_DENIED,
		    "request %s does not allow this: it is not approved, used, older than a "
		    "week, another's, or for other rows",
		    text);
	if (rc == STW_OK) {
		*purpose = db_get_text(rows, 0, 0, arena);
		*approver = db_get_text(rows, 0, 1, arena);
	}
	db_rows_free(rows);
	return rc;
}

static stw_usec
instant_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

enum stw_code
export_requests(struct db *db, const struct uuid *id, int limit, struct arena *arena,
    struct export_request_row **out, int *count, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {
	    id != NULL ? db_text(uuid_format(id, text)) : db_null(), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_EXPORT_REQUEST_LIST, params, DB_NPARAMS(params), &rows, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct export_request_row *e = &(*out)[r];

		STW_ASSERT(uuid_parse(db_get_str(rows, r, 0), &e->id) == STW_OK);
		e->what = db_get_text(rows, r, 1, arena);
		e->filter = db_get_text(rows, r, 2, arena);
		e->purpose = db_get_text(rows, r, 3, arena);
		e->requested_by = db_get_text(rows, r, 4, arena);
		e->requested_at = db_get_usec(rows, r, 5);
		e->approved_by = db_get_text(rows, r, 6, arena);
		e->approved_at = instant_or_never(rows, r, 7);
		e->used_at = instant_or_never(rows, r, 8);
	}
	db_rows_free(rows);
	return STW_OK;
}
