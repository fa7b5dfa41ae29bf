#include "campaigns/outsourcer_store.h"

#include <string.h>

#include "campaigns/number.h"
#include "db/entry_json.h"
#include "db/ledger.h"

static enum stw_code
log_put(struct db *db, const char *kind, const char *id, stw_usec now,
    const struct entry_field *fields, int nfields, struct stw_err *err)
{
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write(kind, id, now, fields, nfields, &entry);
	rc = ledger_append(db, -1, kind, (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static struct db_param
instant_param(stw_usec at)
{
	return at == STW_USEC_NEVER ? db_null() : db_usec(at);
}

static stw_usec
instant_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

static bool
is_code(const char *code)
{
	return code[0] != '\0' && strchr("_.-", code[0]) == NULL &&
	       strlen(code) <= 40 &&
	       strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == strlen(code);
}

/* ---- outsourcers ----------------------------------------------------------------------- */
static enum stw_code
check_outsourcer(const struct outsourcer *o, struct stw_err *err)
{
	bool mandate = o->mandate != NULL;

	if (o->nagents > OUTSOURCER_AGENTS_MAX)
		return stw_fail(err, STW_INVALID, "at most %d agents of an outsourcer",
		    OUTSOURCER_AGENTS_MAX);
	if (!is_code(o->code))
		return stw_fail(err, STW_INVALID,
		    "an outsourcer's code is up to 40 small letters, digits and _ . -");
	if (mandate != (o->sha256 != NULL) ||
	    mandate != (o->mandate_from != STW_USEC_NEVER) ||
	    mandate != (o->mandate_until != STW_USEC_NEVER))
		return stw_fail(err, STW_INVALID,
		    "a mandate is its reference, its document's SHA-256, its first instant "
		    "and its end: all of them or none");
	if (mandate && !number_hash_valid(o->sha256))
		return stw_fail(
		    err, STW_INVALID, "sha256: 64 hexadecimal digits are wanted");
	if (mandate && o->mandate_from >= o->mandate_until)
		return stw_fail(
		    err, STW_INVALID, "mandate_until: has to lie after mandate_from");
	return STW_OK;
}

/* Those it names become its own; its others become the bank's. */
static enum stw_code
put_agents(struct db *db, const struct outsourcer *o, struct stw_err *err)
{
	struct str agents[OUTSOURCER_AGENTS_MAX];
	struct db_rows *rows = NULL;
	enum stw_code rc;

	for (size_t i = 0; i < o->nagents; i++)
		agents[i] = str_of(o->agents[i]);
	const struct db_param params[] = {
	    db_text(o->code), db_texts(agents, o->nagents)};

	rc = db_query_one(
	    db, DB_Q_OUTSOURCER_AGENTS_PUT, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && !db_is_null(rows, 0, 0))
		rc = stw_fail(err, STW_NOT_FOUND, "there is no agent %.40s",
		    db_get_str(rows, 0, 0).ptr);
	db_rows_free(rows);
	return rc;
}

enum stw_code
outsourcer_put(struct db *db, const struct outsourcer *o, const char *actor,
    stw_usec now, struct stw_err *err)
{
	char from[STW_USEC_TEXT], until[STW_USEC_TEXT];
	enum stw_code rc = check_outsourcer(o, err);

	if (rc != STW_OK)
		return rc;
	const struct db_param params[] = {db_text(o->code), db_text(o->name),
	    db_text(o->mandate), db_text(o->sha256), instant_param(o->mandate_from),
	    instant_param(o->mandate_until), db_usec(now), db_text(actor)};
	const struct entry_field fields[] = {ENTRY_TEXT("mandate", o->mandate),
	    ENTRY_TEXT("document_sha256", o->sha256),
	    ENTRY_TEXT("from",
		o->mandate == NULL ? NULL : stw_usec_format(o->mandate_from, from)),
	    ENTRY_TEXT("until",
		o->mandate == NULL ? NULL : stw_usec_format(o->mandate_until, until)),
	    ENTRY_INT("agents", (int64_t)o->nagents), ENTRY_TEXT("actor", actor)};

	rc = db_query(db, DB_Q_OUTSOURCER_PUT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = put_agents(db, o, err);
	if (rc == STW_OK)
		rc = log_put(db, "outsourcer", o->code, now, fields,
		    (int)STW_ARRAY_LEN(fields), err);
	return rc;
}

enum stw_code
outsourcer_list(struct db *db, stw_usec now, struct arena *arena,
    struct outsourcer **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_OUTSOURCER_LIST, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct outsourcer *o = &(*out)[r];

		o->code = db_get_text(rows, r, 0, arena);
		o->name = db_get_text(rows, r, 1, arena);
		o->mandate = db_get_text(rows, r, 2, arena);
		o->sha256 = db_get_text(rows, r, 3, arena);
		o->mandate_from = instant_or_never(rows, r, 4);
		o->mandate_until = instant_or_never(rows, r, 5);
		o->in_force = db_get_bool(rows, r, 6);
		o->agents = db_get_texts(rows, r, 7, &o->nagents, arena);
		o->updated_by = db_get_text(rows, r, 8, arena);
	}
	db_rows_free(rows);
	return STW_OK;
}
