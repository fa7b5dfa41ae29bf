#include "campaigns/access_store.h"

#include <sodium.h>

#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/uuid.h"

enum stw_code
access_note(
    struct db *db, const struct access_look *look, stw_usec now, struct stw_err *err)
{
	struct uuid id = uuid_new(now);
	char text[UUID_TEXT], asked[ENTRY_COMMITMENT], answered[ENTRY_COMMITMENT];
	char key[2 * ENTRY_SALT_BYTES + 1];
	unsigned char salt[ENTRY_SALT_BYTES];
	struct buf detail, entry;
	enum stw_code rc;

	/* The question may be a customer's reference. */
	entry_salt(salt);
	(void)sodium_bin2hex(key, sizeof key, salt, sizeof salt);
	entry_commit(salt, str_of(look->filter), asked);
	entry_commit(salt, look->answer, answered);
	(void)uuid_format(&id, text);
	buf_init(&detail);
	buf_init(&entry);
	if (look->case_ref != NULL)
		buf_printf(&detail, "case=%s ", look->case_ref);
	if (look->rows >= 0)
		buf_printf(&detail, "rows=%lld ", (long long)look->rows);
	buf_printf(&detail, "salt=%s answer=%s asked=%s", key, answered, look->filter);
	const struct db_param params[] = {db_text(text), db_usec(now),
	    db_text(look->actor), db_text(look->role), db_text(look->what),
	    db_text("allowed"), db_str((struct str){detail.data, detail.len})};
	const struct entry_field fields[] = {ENTRY_TEXT("actor", look->actor),
	    ENTRY_TEXT("answer_hmac", answered), ENTRY_TEXT("asked_hmac", asked),
	    ENTRY_TEXT("case", look->case_ref), ENTRY_TEXT("role", look->role),
	    ENTRY_TEXT("what", look->what)};

	rc = db_later(db, DB_Q_ACCESS_INSERT, params, DB_NPARAMS(params), err);
	if (rc == STW_OK) {
		entry_write(
		    "access", text, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
		rc = ledger_append(
		    db, -1, "access", (struct str){entry.data, entry.len}, err);
	}
	buf_fini(&detail);
	buf_fini(&entry);
	return rc;
}

enum stw_code
access_list(struct db *db, const struct access_filter *f, int limit,
    struct arena *arena, struct access_row **out, int *count, struct stw_err *err)
{
	bool from_start = f->after_at == STW_USEC_MAX;
	const struct db_param params[] = {db_text(f->actor), db_text(f->what),
	    db_usec(f->from), db_usec(f->to),
	    from_start ? db_null() : db_usec(f->after_at),
	    from_start ? db_null() : db_text(f->after_id), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_ACCESS_LIST, params, DB_NPARAMS(params), &rows, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[r] = (struct access_row){.id = db_get_text(rows, r, 0, arena),
		    .at = db_get_usec(rows, r, 1),
		    .actor = db_get_text(rows, r, 2, arena),
		    .role = db_get_text(rows, r, 3, arena),
		    .what = db_get_text(rows, r, 4, arena),
		    .verdict = db_get_text(rows, r, 5, arena),
		    .detail = db_get_text(rows, r, 6, arena)};
	db_rows_free(rows);
	return STW_OK;
}
