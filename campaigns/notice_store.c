#include "campaigns/notice_store.h"

#include <string.h>

#include <sodium.h>

#include "db/entry_json.h"
#include "db/ledger.h"

#define PURPOSES_MAX 16

static enum stw_code
log_one(struct db *db, const char *kind, const char *id,
    const struct entry_field *fields, int nfields, stw_usec now, struct stw_err *err)
{
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write(kind, id, now, fields, nfields, &entry);
	rc = ledger_append(db, -1, kind, (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static enum stw_code
check_notice(const struct notice *n, struct stw_err *err)
{
	if (n->version[0] == '\0' || strlen(n->version) > 60)
		return stw_fail(
		    err, STW_INVALID, "a notice's version has 1 to 60 bytes");
	if (strlen(n->lang) < 2 || strlen(n->lang) > 35)
		return stw_fail(err, STW_INVALID, "lang: a language like zh-CN");
	if (n->npurposes == 0 || n->npurposes > PURPOSES_MAX)
		return stw_fail(err, STW_INVALID, "a notice speaks of 1 to %d purposes",
		    PURPOSES_MAX);
	if (n->body[0] == '\0' || strlen(n->body) > NOTICE_TEXT_MAX)
		return stw_fail(err, STW_INVALID, "a notice has 1 to %zu bytes of text",
		    NOTICE_TEXT_MAX);
	return STW_OK;
}

enum stw_code
notice_put(struct db *db, const struct notice *n, const char *actor, stw_usec now,
    struct stw_err *err)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof hash + 1];
	struct str purposes[PURPOSES_MAX];
	struct db_rows *rows = NULL;
	enum stw_code rc = check_notice(n, err);

	if (rc != STW_OK)
		return rc;
	for (size_t i = 0; i < n->npurposes; i++)
		purposes[i] = str_of(n->purposes[i]);
	const struct db_param params[] = {db_text(n->version), db_text(n->lang),
	    db_texts(purposes, n->npurposes), db_text(n->body), db_text(actor),
	    db_usec(now)};

	rc = db_query(db, DB_Q_NOTICE_PUT, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "notice %s (%s) is there with another text or other purposes: a changed "
		    "notice is a new version",
		    n->version, n->lang);
	db_rows_free(rows);
	if (rc != STW_OK)
		return rc;
	crypto_hash_sha256(hash, (const unsigned char *)n->body, strlen(n->body));
	const struct entry_field fields[] = {ENTRY_TEXT("lang", n->lang),
	    ENTRY_TEXT(
		"text_sha256", sodium_bin2hex(hex, sizeof hex, hash, sizeof hash)),
	    ENTRY_TEXT("actor", actor)};

	return log_one(
	    db, "notice", n->version, fields, (int)STW_ARRAY_LEN(fields), now, err);
}

enum stw_code
notice_list(struct db *db, const char *version, struct arena *arena,
    struct notice **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(version)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, version == NULL ? DB_Q_NOTICE_LIST : DB_Q_NOTICE_GET, params,
		version == NULL ? 0 : 1, &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct notice *n = &(*out)[r];

		n->version = db_get_text(rows, r, 0, arena);
		n->lang = db_get_text(rows, r, 1, arena);
		n->purposes = db_get_texts(rows, r, 2, &n->npurposes, arena);
		n->text_hash = db_get_text(rows, r, 3, arena);
		n->author = db_get_text(rows, r, 4, arena);
		n->created_at = db_get_usec(rows, r, 5);
		n->superseded_at =
		    db_is_null(rows, r, 6) ? STW_USEC_NEVER : db_get_usec(rows, r, 6);
		n->superseded_by = db_get_text(rows, r, 7, arena);
		n->body = version == NULL ? NULL : db_get_text(rows, r, 8, arena);
	}
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
notice_supersede(struct db *db, const char *version, const char *actor, stw_usec now,
    struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(version), db_usec(now), db_text(actor)};
	const struct entry_field fields[] = {ENTRY_TEXT("actor", actor)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_NOTICE_SUPERSEDE, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_NOT_FOUND,
		    "there is no notice %s that still stands", version);
	db_rows_free(rows);
	if (rc == STW_OK)
		rc = log_one(db, "notice_superseded", version, fields,
		    (int)STW_ARRAY_LEN(fields), now, err);
	return rc;
}

enum stw_code
evidence_record(struct db *db, const struct evidence_look *look, const char *actor,
    stw_usec now, struct evidence_meaning *out, struct stw_err *err)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	size_t len = 0;
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = (struct evidence_meaning){0};
	if (look->sha256 != NULL && (strlen(look->sha256) != 2 * sizeof hash ||
					sodium_hex2bin(hash, sizeof hash, look->sha256,
					    2 * sizeof hash, NULL, &len, NULL) != 0 ||
					len != sizeof hash))
		return stw_fail(
		    err, STW_INVALID, "sha256: 64 hexadecimal digits are wanted");
	const struct db_param params[] = {db_text(look->evidence),
	    look->sha256 == NULL ? db_null() : db_bytes(hash, sizeof hash),
	    look->bytes < 0 ? db_null() : db_i64(look->bytes), db_text(look->media),
	    db_text(actor), db_usec(now)};

	rc = db_query_one(
	    db, DB_Q_EVIDENCE_CHECK_INSERT, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK) {
		out->consents = db_get_i64(rows, 0, 0);
		out->broken = db_get_i64(rows, 0, 1);
	}
	db_rows_free(rows);
	if (rc != STW_OK)
		return rc;
	const struct entry_field fields[] = {ENTRY_TEXT("found_sha256", look->sha256),
	    ENTRY_INT("consents", out->consents), ENTRY_INT("broken", out->broken),
	    ENTRY_TEXT("actor", actor)};

	return log_one(db, "evidence", look->evidence, fields,
	    (int)STW_ARRAY_LEN(fields), now, err);
}
