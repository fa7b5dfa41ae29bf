#include "campaigns/catalogue_store.h"

#include <string.h>

#include <sodium.h>

#include "campaigns/compliance/pack_store.h"
#include "campaigns/compliance/script_check.h"
#include "campaigns/script_text.h"
#include "db/entry_json.h"
#include "db/ledger.h"

enum stw_code
catalogue_note(struct db *db, const char *what, const char *code, int64_t version,
    const char *hash, const char *actor, const char *verb, stw_usec now,
    struct stw_err *err)
{
	const struct entry_field fields[] = {ENTRY_TEXT("what", what),
	    ENTRY_INT("version", version), ENTRY_TEXT("sha256", hash),
	    ENTRY_TEXT("actor", actor), ENTRY_TEXT("change", verb)};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write(
	    "rule_change", code, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "rule_change", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

enum stw_code
product_put(
    struct db *db, const struct product_row *p, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_text(p->code), db_text(p->name_zh),
	    db_text(p->name_en), db_text(p->product_class),
	    p->risk == 0 ? db_null() : db_i64(p->risk),
	    p->has_sale_from ? db_day(p->sale_from) : db_null(),
	    p->has_sale_to ? db_day(p->sale_to) : db_null(), db_usec(now),
	    db_text(p->regulator)};

	return db_query(db, DB_Q_PRODUCT_PUT, params, DB_NPARAMS(params), NULL, err);
}

static enum stw_code
script_put_tx(struct db *db, const char *code, const char *lang, const char *body,
    const char *author, stw_usec now, int *version, struct stw_err *err)
{
	const struct db_param find[] = {db_text(code)};
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof hash + 1];
	struct db_rows *rows = NULL;
	enum stw_code rc;
	bool same = false;

	rc = db_query(db, DB_Q_SCRIPT_NEWEST, find, DB_NPARAMS(find), &rows, err);
	if (rc != STW_OK)
		return rc;
	*version = 1;
	if (db_rows_count(rows) == 1) {
		same = str_eq_c(db_get_str(rows, 0, 1), body) &&
		       str_eq_c(db_get_str(rows, 0, 2), lang);
		*version = (int)db_get_i64(rows, 0, 0) + (same ? 0 : 1);
	}
	db_rows_free(rows);
	if (same)
		return STW_OK;
	crypto_hash_sha256(hash, (const unsigned char *)body, strlen(body));
	(void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	const struct db_param params[] = {db_text(code), db_i64(*version),
	    db_text(lang), db_text(body), db_bytes(hash, sizeof hash), db_text(author)};
	rc = db_query(db, DB_Q_SCRIPT_INSERT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = catalogue_note(
		    db, "script", code, *version, hex, author, "draft", now, err);
	return rc;
}

enum stw_code
script_put(struct db *db, const char *code, const char *lang, const char *body,
    const char *author, stw_usec now, int *version, struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = script_put_tx(db, code, lang, body, author, now, version, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

/* approve and retire: one guarded update, and an entry with the text's hash. */
static enum stw_code
script_move(struct db *db, enum db_query_id query, const struct db_param *params,
    size_t nparams, const char *code, int version, const char *actor, const char *verb,
    stw_usec now, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = db_query(db, query, params, nparams, &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "script %s version %d cannot be %s now", code, version, verb);
	if (rc == STW_OK)
		rc = catalogue_note(db, "script", code, version,
		    db_get_str(rows, 0, 0).ptr, actor, verb, now, err);
	db_rows_free(rows);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

/* What no customer may be told is not approved in the first place. */
static enum stw_code
script_allowed(
    struct db *db, const char *code, int version, stw_usec now, struct stw_err *err)
{
	const struct script_hit *hits;
	struct ruleset *rules = NULL;
	const char *body = NULL;
	struct arena arena;
	enum stw_code rc;

	arena_init(&arena);
	rc = script_get(db, code, version, &arena, &body, err);
	if (rc == STW_OK && body != NULL)
		rc = script_text_check(body, err);
	if (rc == STW_OK)
		rc = pack_rules_load(db, &rules, err);
	if (rc == STW_OK && body != NULL &&
	    script_check_banned(rules, str_of(body), now, &arena, &hits) > 0)
		rc = stw_fail_at(err, STW_INVALID, hits[0].line, hits[0].column,
		    "script %s version %d: SCRIPT_BANNED_TERM (%s): %s, at bytes %zu to "
		    "%zu: \"%.*s\"",
		    code, version, hits[0].rule, hits[0].term, hits[0].from, hits[0].to,
		    (int)(hits[0].to - hits[0].from), body + hits[0].from);
	ruleset_free(rules);
	arena_fini(&arena);
	return rc;
}

enum stw_code
script_approve(struct db *db, const char *code, int version, const char *approver,
    stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(code), db_i64(version), db_text(approver), db_usec(now)};
	enum stw_code rc = script_allowed(db, code, version, now, err);

	if (rc != STW_OK)
		return rc;
	return script_move(db, DB_Q_SCRIPT_APPROVE, params, DB_NPARAMS(params), code,
	    version, approver, "approved", now, err);
}

enum stw_code
script_retire(struct db *db, const char *code, int version, const char *actor,
    stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_i64(version)};

	return script_move(db, DB_Q_SCRIPT_RETIRE, params, DB_NPARAMS(params), code,
	    version, actor, "retired", now, err);
}

enum stw_code
script_get(struct db *db, const char *code, int version, struct arena *arena,
    const char **body, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_i64(version)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*body = NULL;
	rc = db_query(db, DB_Q_SCRIPT_GET, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 1)
		*body = db_get_text(rows, 0, 0, arena);
	db_rows_free(rows);
	return rc;
}
