#include "campaigns/recorder_store.h"

#include <string.h>

#include "db/entry_json.h"
#include "db/ledger.h"

static enum stw_code
recorder_log(struct db *db, const char *code, const char *what, const char *detail,
    const char *actor, stw_usec now, struct stw_err *err)
{
	const struct entry_field fields[] = {ENTRY_TEXT("what", what),
	    ENTRY_TEXT("detail", detail), ENTRY_TEXT("actor", actor)};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write("recorder", code, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc =
	    ledger_append(db, -1, "recorder", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static bool
is_code(const char *code)
{
	return ((code[0] >= 'a' && code[0] <= 'z') ||
		   (code[0] >= '0' && code[0] <= '9')) &&
	       strlen(code) <= 40 &&
	       strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == strlen(code);
}

enum stw_code
recorder_put(struct db *db, const struct recorder *r, const char *actor, stw_usec now,
    struct stw_err *err)
{
	struct str queues[RECORDER_QUEUES_MAX];
	enum stw_code rc;

	if (!is_code(r->code))
		return stw_fail(err, STW_INVALID,
		    "a recorder's code is up to 40 small letters, digits and _ . -");
	if (r->nqueues > RECORDER_QUEUES_MAX)
		return stw_fail(
		    err, STW_INVALID, "at most %d queues", RECORDER_QUEUES_MAX);
	if (r->max_age_sec < 5 || r->max_age_sec > 86400)
		return stw_fail(err, STW_INVALID, "max_age_sec: 5 to 86400 is wanted");
	for (size_t i = 0; i < r->nqueues; i++)
		queues[i] = str_of(r->queues[i]);
	const struct db_param params[] = {db_text(r->code),
	    db_texts(queues, r->nqueues), db_i64(r->max_age_sec), db_usec(now),
	    db_text(actor)};

	rc = db_query(db, DB_Q_RECORDER_PUT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = recorder_log(db, r->code, "defined", NULL, actor, now, err);
	return rc;
}

enum stw_code
recorder_report(struct db *db, const char *code, const char *state, const char *detail,
    stw_usec at, const char *actor, stw_usec now, struct stw_err *err)
{
	const struct db_param key[] = {db_text(code)};
	const struct db_param params[] = {db_text(code), db_text(state),
	    db_text(detail), db_usec(at), db_text(actor)};
	struct db_rows *rows = NULL;
	bool changed = false, late = false;
	enum stw_code rc;

	if (strcmp(state, "ok") != 0 && strcmp(state, "failed") != 0)
		return stw_fail(
		    err, STW_INVALID, "state '%.20s': ok or failed is wanted", state);
	if (at > now)
		return stw_fail(err, STW_INVALID, "at: lies in the future");
	rc = db_query_one(db, DB_Q_RECORDER_LOCK, key, DB_NPARAMS(key), &rows, err);
	if (rc == STW_NOT_FOUND)
		rc = stw_fail(err, STW_NOT_FOUND,
		    "there is no recorder %.40s; define it first", code);
	if (rc == STW_OK) {
		changed = !str_eq_c(db_get_str(rows, 0, 0), state);
		late = !db_is_null(rows, 0, 1) && db_get_usec(rows, 0, 1) > at;
	}
	db_rows_free(rows);
	if (rc != STW_OK || late)
		return rc;
	rc = db_query(db, DB_Q_RECORDER_REPORT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK && changed)
		rc = recorder_log(db, code, state, detail, actor, now, err);
	return rc;
}

static stw_usec
instant_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

enum stw_code
recorder_list(struct db *db, stw_usec now, struct arena *arena, struct recorder **out,
    int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_RECORDER_LIST, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct recorder *x = &(*out)[r];

		x->code = db_get_text(rows, r, 0, arena);
		x->queues = db_get_texts(rows, r, 1, &x->nqueues, arena);
		x->max_age_sec = (int)db_get_i64(rows, r, 2);
		x->state = db_get_text(rows, r, 3, arena);
		x->detail = db_get_text(rows, r, 4, arena);
		x->since = instant_or_never(rows, r, 5);
		x->reported_at = instant_or_never(rows, r, 6);
		x->reported_by = db_get_text(rows, r, 7, arena);
		x->lately = db_get_bool(rows, r, 8);
		x->updated_by = db_get_text(rows, r, 9, arena);
	}
	db_rows_free(rows);
	return STW_OK;
}
