#include "campaigns/assessment_store.h"

#include <string.h>

#include "campaigns/number.h"
#include "db/entry_json.h"
#include "db/ledger.h"

static enum stw_code
assessment_log(struct db *db, const char *code, const char *what, const char *kind,
    const char *sha256, const char *actor, stw_usec now, struct stw_err *err)
{
	const struct entry_field fields[] = {ENTRY_TEXT("what", what),
	    ENTRY_TEXT("assessment", kind), ENTRY_TEXT("document_sha256", sha256),
	    ENTRY_TEXT("actor", actor)};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write(
	    "assessment", code, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "assessment", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static enum stw_code
check(const struct assessment *a, struct stw_err *err)
{
	bool impact = strcmp(a->kind, "impact") == 0;

	if (!impact && strcmp(a->kind, "audit") != 0)
		return stw_fail(err, STW_INVALID,
		    "kind '%.20s': impact or audit is wanted", a->kind);
	if (strspn(a->code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789_.-") != strlen(a->code) ||
	    strchr("_.-", a->code[0]) != NULL || strlen(a->code) > 60)
		return stw_fail(err, STW_INVALID,
		    "an assessment's code is up to 60 letters, digits and _ . -");
	if (impact != (a->ncampaigns > 0) || a->ncampaigns > ASSESSMENT_CAMPAIGNS_MAX)
		return stw_fail(err, STW_INVALID,
		    "an impact assessment names 1 to %d campaigns, an audit none",
		    ASSESSMENT_CAMPAIGNS_MAX);
	if (!number_hash_valid(a->sha256))
		return stw_fail(
		    err, STW_INVALID, "sha256: 64 hexadecimal digits are wanted");
	if (a->valid_from >= a->valid_to)
		return stw_fail(
		    err, STW_INVALID, "valid_to: has to lie after valid_from");
	return STW_OK;
}

enum stw_code
assessment_add(struct db *db, const struct assessment *a, const char *author,
    stw_usec now, struct stw_err *err)
{
	struct str campaigns[ASSESSMENT_CAMPAIGNS_MAX];
	struct db_rows *rows = NULL;
	enum stw_code rc = check(a, err);

	if (rc != STW_OK)
		return rc;
	for (size_t i = 0; i < a->ncampaigns; i++)
		campaigns[i] = str_of(a->campaigns[i]);
	const struct db_param params[] = {db_text(a->code), db_text(a->kind),
	    db_text(a->title), db_text(a->document), db_text(a->sha256),
	    db_texts(campaigns, a->ncampaigns), db_usec(a->valid_from),
	    db_usec(a->valid_to), db_text(author), db_usec(now)};

	rc = db_query(
	    db, DB_Q_ASSESSMENT_INSERT, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "assessment %s is on file: another one has another code", a->code);
	db_rows_free(rows);
	if (rc == STW_OK)
		rc = assessment_log(
		    db, a->code, "added", a->kind, a->sha256, author, now, err);
	return rc;
}

/* approve and withdraw: one guarded update, and an entry with the report's hash. */
static enum stw_code
move(struct db *db, enum db_query_id query, const struct db_param *params,
    size_t nparams, const char *code, const char *what, const char *actor, stw_usec now,
    struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, query, params, nparams, &rows, err);

	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "assessment %.60s cannot be %s: there is none of that code, it was so "
		    "before, or it is your own",
		    code, what);
	if (rc == STW_OK)
		rc = assessment_log(
		    db, code, what, NULL, db_get_str(rows, 0, 0).ptr, actor, now, err);
	db_rows_free(rows);
	return rc;
}

enum stw_code
assessment_approve(struct db *db, const char *code, const char *actor, stw_usec now,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_text(actor), db_usec(now)};

	return move(db, DB_Q_ASSESSMENT_APPROVE, params, DB_NPARAMS(params), code,
	    "approved", actor, now, err);
}

enum stw_code
assessment_withdraw(struct db *db, const char *code, const char *why, const char *actor,
    stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(code), db_text(actor), db_usec(now), db_text(why)};

	return move(db, DB_Q_ASSESSMENT_WITHDRAW, params, DB_NPARAMS(params), code,
	    "withdrawn", actor, now, err);
}

static stw_usec
instant_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

enum stw_code
assessment_list(struct db *db, const char *code, const char *kind, stw_usec now,
    struct arena *arena, struct assessment **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_text(kind), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_ASSESSMENT_LIST, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct assessment *a = &(*out)[r];

		a->code = db_get_text(rows, r, 0, arena);
		a->kind = db_get_text(rows, r, 1, arena);
		a->title = db_get_text(rows, r, 2, arena);
		a->document = db_get_text(rows, r, 3, arena);
		a->sha256 = db_get_text(rows, r, 4, arena);
		a->campaigns = db_get_texts(rows, r, 5, &a->ncampaigns, arena);
		a->valid_from = db_get_usec(rows, r, 6);
		a->valid_to = db_get_usec(rows, r, 7);
		a->author = db_get_text(rows, r, 8, arena);
		a->created_at = db_get_usec(rows, r, 9);
		a->approved_by = db_get_text(rows, r, 10, arena);
		a->approved_at = instant_or_never(rows, r, 11);
		a->withdrawn_by = db_get_text(rows, r, 12, arena);
		a->withdrawn_at = instant_or_never(rows, r, 13);
		a->withdrawn_why = db_get_text(rows, r, 14, arena);
		a->in_force = db_get_bool(rows, r, 15);
	}
	db_rows_free(rows);
	return STW_OK;
}
