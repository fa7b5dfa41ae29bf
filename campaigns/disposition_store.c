#include "campaigns/disposition_store.h"

#include <string.h>

#include "db/entry_json.h"
#include "db/ledger.h"

static unsigned
flags_from(const struct db_rows *rows, int r, int col, struct arena *arena)
{
	unsigned flags = 0;
	size_t n;
	const char **texts = db_get_texts(rows, r, col, &n, arena);

	for (size_t i = 0; i < n; i++)
		flags |= disposition_flag_parse(str_of(texts[i]));
	return flags;
}

enum stw_code
disposition_list(struct db *db, struct arena *arena, struct disposition **out,
    int *count, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_DISPOSITION_LIST, NULL, 0, &rows, err);
	if (rc == STW_OK) {
		*count = db_rows_count(rows);
		*out = arena_array(arena, (size_t)*count, sizeof **out);
		DB_ROW_FOREACH(rows, r)
			(*out)[r] =
			    (struct disposition){.code = db_get_text(rows, r, 0, arena),
				.name_zh = db_get_text(rows, r, 1, arena),
				.name_en = db_get_text(rows, r, 2, arena),
				.flags = flags_from(rows, r, 3, arena),
				.retired = db_get_bool(rows, r, 4),
				.updated_by = db_get_text(rows, r, 5, arena),
				.updated_at = db_get_usec(rows, r, 6)};
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
disposition_find(struct db *db, const char *code, struct arena *arena,
    struct disposition *out, struct stw_err *err)
{
	struct disposition *all;
	struct buf known;
	int count;
	enum stw_code rc = disposition_list(db, arena, &all, &count, err);

	memset(out, 0, sizeof *out);
	if (rc != STW_OK)
		return rc;
	buf_init(&known);
	for (int i = 0; i < count; i++) {
		if (all[i].retired)
			continue;
		if (strcmp(all[i].code, code) == 0)
			*out = all[i];
		buf_printf(&known, "%s%s", known.len > 0 ? ", " : "", all[i].code);
	}
	if (out->code == NULL)
		rc = stw_fail(err, STW_INVALID, "disposition '%.40s' is none of %.*s",
		    code, (int)known.len, known.data);
	buf_fini(&known);
	return rc;
}

/* The flags, for the row and for the ledger. */
static size_t
flag_texts(unsigned flags, struct str texts[DISPOSITION_FLAGS], struct buf *list)
{
	size_t n = 0;

	for (int i = 0; i < DISPOSITION_FLAGS; i++) {
		if ((flags & 1U << i) == 0)
			continue;
		texts[n++] = str_of(disposition_flag_name(i));
		buf_printf(
		    list, "%s%s", list->len > 0 ? "," : "", disposition_flag_name(i));
	}
	return n;
}

static enum stw_code
put_logged(struct db *db, const struct disposition *d, const char *actor, stw_usec now,
    struct stw_err *err)
{
	struct str texts[DISPOSITION_FLAGS];
	struct buf flags, entry;
	enum stw_code rc;
	size_t n;

	buf_init(&flags);
	buf_init(&entry);
	n = flag_texts(d->flags, texts, &flags);
	buf_add(&flags, "", 1);
	const struct db_param params[] = {db_text(d->code), db_text(d->name_zh),
	    db_text(d->name_en), db_texts(texts, n), db_bool(d->retired),
	    db_text(actor), db_usec(now)};
	const struct entry_field fields[] = {ENTRY_TEXT("what", "disposition"),
	    ENTRY_TEXT("flags", flags.data), ENTRY_INT("retired", d->retired),
	    ENTRY_TEXT("actor", actor)};

	rc = db_query(db, DB_Q_DISPOSITION_PUT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK) {
		entry_write("rule_change", d->code, now, fields,
		    (int)STW_ARRAY_LEN(fields), &entry);
		rc = ledger_append(
		    db, -1, "rule_change", (struct str){entry.data, entry.len}, err);
	}
	buf_fini(&flags);
	buf_fini(&entry);
	return rc;
}

/* Under the row's lock: two who change it do not undo one another's protection. */
static enum stw_code
check_kept(struct db *db, const struct disposition *d, struct stw_err *err)
{
	const struct db_param params[] = {db_text(d->code)};
	struct db_rows *rows = NULL;
	struct arena arena;
	unsigned lost = 0;
	enum stw_code rc;

	arena_init(&arena);
	rc =
	    db_query(db, DB_Q_DISPOSITION_LOCK, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) > 0)
		lost =
		    flags_from(rows, 0, 0, &arena) & DISPOSITION_PROTECTS & ~d->flags;
	db_rows_free(rows);
	arena_fini(&arena);
	for (int i = 0; i < DISPOSITION_FLAGS; i++)
		if ((lost & 1U << i) != 0)
			return stw_fail(err, STW_CONFLICT,
			    "disposition %s: flag %s protects the customer and is not "
			    "taken away; retire the disposition and add another "
			    "(该标记保护客户，不得移除；请停用后另建)",
			    d->code, disposition_flag_name(i));
	return rc;
}

enum stw_code
disposition_put(struct db *db, const struct disposition *d, const char *actor,
    stw_usec now, struct stw_err *err)
{
	enum stw_code rc;

	if (!disposition_code_ok(d->code))
		return stw_fail(err, STW_INVALID,
		    "disposition '%.40s': a lower-case word is wanted, as call_back",
		    d->code);
	rc = disposition_check(d->flags, err);
	if (rc == STW_OK)
		rc = db_begin(db, err);
	if (rc != STW_OK)
		return rc;
	rc = check_kept(db, d, err);
	if (rc == STW_OK)
		rc = put_logged(db, d, actor, now, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}
