#include "campaigns/catalogue_store.h"

#include <string.h>

#include <sodium.h>

#include "campaigns/compliance/pack_store.h"
#include "campaigns/compliance/script_check.h"
#include "campaigns/script_text.h"
#include "db/entry_json.h"
#include "db/ledger.h"

/* Queue secrets are sealed with a key of their own: customer id 0 is nobody's. */
#define QUEUE_SECRET_COLUMN "queue.secret"

static enum stw_code
log_change(struct db *db, const char *what, const char *code, int64_t version,
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
		rc = log_change(
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
		rc = log_change(db, "script", code, version, db_get_str(rows, 0, 0).ptr,
		    actor, verb, now, err);
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

/* wrapped key (length byte first) and sealed secret, one after the other. */
static void
seal_secret(const struct seal_keys *keys, const char *secret, struct buf *to)
{
	struct seal_customer key;
	struct buf wrapped;

	buf_init(&wrapped);
	seal_customer_new(keys, 0, &key, &wrapped);
	STW_ASSERT(wrapped.len <= 255);
	buf_add_char(to, (char)(unsigned char)wrapped.len);
	buf_add(to, wrapped.data, wrapped.len);
	seal_text(&key, 0, QUEUE_SECRET_COLUMN, str_of(secret), to);
	sodium_memzero(&key, sizeof key);
	buf_fini(&wrapped);
}

static enum stw_code
open_secret(const struct seal_keys *keys, struct str sealed, struct arena *arena,
    const char **secret, struct stw_err *err)
{
	struct seal_customer key;
	struct buf plain;
	size_t head = sealed.len == 0 ? 0 : (unsigned char)sealed.ptr[0];
	enum stw_code rc;

	if (sealed.len < head + 1)
		return stw_fail(err, STW_INVALID, "a queue's secret is cut short");
	rc = seal_customer_open(keys, 0, (struct str){sealed.ptr + 1, head}, &key, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&plain);
	rc = seal_open(&key, 0, QUEUE_SECRET_COLUMN,
	    (struct str){sealed.ptr + 1 + head, sealed.len - 1 - head}, &plain, err);
	if (rc == STW_OK)
		*secret = arena_strndup(arena, plain.data, plain.len);
	if (plain.len > 0)
		sodium_memzero(plain.data, plain.len);
	buf_fini(&plain);
	sodium_memzero(&key, sizeof key);
	return rc;
}

static enum stw_code
secret_rewrap(struct db *db, const struct seal_keys *keys, int64_t queue_id,
    struct str sealed, int64_t *done, struct stw_err *err)
{
	size_t head = sealed.len == 0 ? 0 : (unsigned char)sealed.ptr[0];
	struct buf wrapped, whole;
	int64_t changed = 0;
	enum stw_code rc = STW_OK;

	if (sealed.len < head + 1 || head < 2)
		return stw_fail(err, STW_INVALID, "queue %lld: its secret is cut short",
		    (long long)queue_id);
	if ((unsigned char)sealed.ptr[2] == seal_keys_newest(keys, SEAL_KEK))
		return STW_OK;
	buf_init(&wrapped);
	buf_init(&whole);
	rc = seal_customer_rewrap(
	    keys, 0, (struct str){sealed.ptr + 1, head}, &wrapped, err);
	if (rc == STW_OK) {
		STW_ASSERT(wrapped.len <= 255);
		buf_add_char(&whole, (char)(unsigned char)wrapped.len);
		buf_add(&whole, wrapped.data, wrapped.len);
		buf_add(&whole, sealed.ptr + 1 + head, sealed.len - 1 - head);
		const struct db_param params[] = {db_i64(queue_id),
		    db_bytes(sealed.ptr, sealed.len), db_bytes(whole.data, whole.len)};

		rc = db_exec(db, DB_Q_QUEUE_SECRET_PUT, params, DB_NPARAMS(params),
		    &changed, err);
	}
	*done += changed;
	buf_fini(&wrapped);
	buf_fini(&whole);
	return rc;
}

enum stw_code
queue_secrets_rewrap(
    struct db *db, const struct seal_keys *keys, int64_t *done, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	struct arena arena;
	enum stw_code rc;

	*done = 0;
	arena_init(&arena);
	rc = db_query(db, DB_Q_QUEUE_SECRETS, NULL, 0, &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++)
		rc = secret_rewrap(db, keys, db_get_i64(rows, r, 0),
		    db_get_bytes(rows, r, 1, &arena), done, err);
	db_rows_free(rows);
	arena_fini(&arena);
	return rc;
}

enum stw_code
queue_put(struct db *db, const struct seal_keys *keys, const struct queue_row *q,
    stw_usec now, struct stw_err *err)
{
	struct buf sealed;
	enum stw_code rc;

	buf_init(&sealed);
	seal_secret(keys, q->secret, &sealed);
	const struct db_param params[] = {db_text(q->code), db_text(q->kind),
	    db_text(q->url), db_bytes(sealed.data, sealed.len), db_bool(q->dedupes),
	    db_i64(q->concurrency), db_i64(q->timeout_ms), db_usec(now)};
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc =
		    db_query(db, DB_Q_QUEUE_PUT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = log_change(
		    db, "queue", q->code, 0, NULL, "operator", "put", now, err);
	buf_fini(&sealed);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

enum stw_code
queue_list(struct db *db, const struct seal_keys *keys, struct arena *arena,
    struct queue_row **out, int *count, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	struct queue_row *queues;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_QUEUE_LIST, NULL, 0, &rows, err);
	if (rc != STW_OK)
		goto done;
	queues = arena_array(arena, (size_t)db_rows_count(rows), sizeof *queues);
	DB_ROW_FOREACH(rows, r) {
		struct queue_row *q = &queues[r];

		q->queue_id = db_get_i64(rows, r, 0);
		q->code = db_get_text(rows, r, 1, arena);
		q->kind = db_get_text(rows, r, 2, arena);
		q->url = db_get_text(rows, r, 3, arena);
		q->state = db_get_text(rows, r, 4, arena);
		q->dedupes = db_get_bool(rows, r, 5);
		q->concurrency = (int)db_get_i64(rows, r, 6);
		q->timeout_ms = (int)db_get_i64(rows, r, 7);
		q->waiting = db_get_i64(rows, r, 9);
		q->pushed = db_get_i64(rows, r, 10);
		q->unknown = db_get_i64(rows, r, 11);
		if (keys != NULL)
			rc = open_secret(keys, db_get_bytes(rows, r, 8, arena), arena,
			    &q->secret, err);
		if (rc != STW_OK)
			goto done;
	}
	*out = queues;
	*count = db_rows_count(rows);
done:
	db_rows_free(rows);
	return rc;
}

enum stw_code
queue_set_url(struct db *db, const char *code, const char *url, stw_usec now,
    int *changed, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_text(url), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_begin(db, err);

	*changed = 0;
	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_QUEUE_URL_SET, params, DB_NPARAMS(params), &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++, (*changed)++)
		rc = log_change(db, "queue", db_get_str(rows, r, 0).ptr, 0, NULL,
		    "operator", "url", now, err);
	db_rows_free(rows);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}
