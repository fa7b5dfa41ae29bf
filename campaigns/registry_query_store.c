#include "campaigns/registry_query_store.h"

#include <string.h>

#include <sodium.h>

#include "db/entry_json.h"
#include "db/ledger.h"
#include "db/secret.h"

#define SECRET_COLUMN "registry_query.secret"
#define ACTOR         "registry query"

/* ---- how it is asked ----------------------------------------------------------------- */
static enum stw_code
check_query(const struct registry_query *q, struct stw_err *err)
{
	static const char *const forms[] = {"e164", "sha256", "hmac_sha256"};
	bool known = false;

	for (size_t i = 0; i < STW_ARRAY_LEN(forms); i++)
		known = known || strcmp(forms[i], q->number_form) == 0;
	if (!known)
		return stw_fail(err, STW_INVALID,
		    "number_form '%.20s': e164, sha256 or hmac_sha256 is wanted",
		    q->number_form);
	if ((strncmp(q->url, "https://", 8) != 0 &&
		strncmp(q->url, "http://", 7) != 0) ||
	    strlen(q->url) > 500 || strpbrk(q->url, " \t\r\n") != NULL)
		return stw_fail(err, STW_INVALID,
		    "url: an https or http address of up to 500 bytes is wanted");
	if (q->timeout_ms < 50 || q->timeout_ms > 5000)
		return stw_fail(err, STW_INVALID, "timeout_ms: 50 to 5000 is wanted");
	if (q->per_second < 1 || q->per_second > 1000)
		return stw_fail(err, STW_INVALID, "per_second: 1 to 1000 is wanted");
	if (q->secret != NULL && strpbrk(q->secret, "\r\n") != NULL)
		return stw_fail(err, STW_INVALID, "secret: has to be one line");
	return STW_OK;
}

static enum stw_code
query_log(struct db *db, const struct registry_query *q, const char *actor,
    stw_usec now, struct stw_err *err)
{
	const struct entry_field fields[] = {ENTRY_TEXT("what", "query"),
	    ENTRY_TEXT("url", q->url), ENTRY_TEXT("number_form", q->number_form),
	    ENTRY_INT("timeout_ms", q->timeout_ms),
	    ENTRY_INT("per_second", q->per_second),
	    ENTRY_TEXT("enabled", q->enabled ? "yes" : "no"),
	    ENTRY_TEXT("secret", q->secret != NULL ? "new" : "as before"),
	    ENTRY_TEXT("actor", actor)};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write(
	    "registry", q->registry, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc =
	    ledger_append(db, -1, "registry", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

enum stw_code
registry_query_put(struct db *db, const struct seal_keys *keys,
    const struct registry_query *q, const char *actor, stw_usec now,
    struct stw_err *err)
{
	const struct db_param key[] = {db_text(q->registry)};
	struct buf sealed;
	enum stw_code rc = check_query(q, err);

	if (rc == STW_OK)
		rc = db_query_one(
		    db, DB_Q_REGISTRY_IS_UP, key, DB_NPARAMS(key), NULL, err);
	if (rc == STW_NOT_FOUND)
		rc = stw_fail(err, STW_NOT_FOUND,
		    "there is no registry %.40s; define it first", q->registry);
	if (rc != STW_OK)
		return rc;
	buf_init(&sealed);
	if (q->secret != NULL)
		secret_seal(keys, SECRET_COLUMN, q->secret, &sealed);
	const struct db_param params[] = {db_text(q->registry), db_text(q->url),
	    q->secret == NULL ? db_null() : db_bytes(sealed.data, sealed.len),
	    db_text(q->number_form), db_i64(q->timeout_ms), db_i64(q->per_second),
	    db_bool(q->enabled), db_usec(now), db_text(actor)};
	rc = db_query_one(
	    db, DB_Q_REGISTRY_QUERY_PUT, params, DB_NPARAMS(params), NULL, err);
	buf_fini(&sealed);
	return rc == STW_OK ? query_log(db, q, actor, now, err) : rc;
}

enum stw_code
registry_query_list(struct db *db, struct arena *arena, struct registry_query **out,
    int *count, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_REGISTRY_QUERY_LIST, NULL, 0, &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct registry_query *q = &(*out)[r];

		q->registry = db_get_text(rows, r, 0, arena);
		q->url = db_get_text(rows, r, 1, arena);
		q->has_secret = db_get_bool(rows, r, 2);
		q->number_form = db_get_text(rows, r, 3, arena);
		q->timeout_ms = (int)db_get_i64(rows, r, 4);
		q->per_second = (int)db_get_i64(rows, r, 5);
		q->enabled = db_get_bool(rows, r, 6);
		q->updated_by = db_get_text(rows, r, 7, arena);
	}
	db_rows_free(rows);
	return STW_OK;
}

/* ---- what is to be asked ----------------------------------------------------------------- */
static enum stw_code
open_number(const struct seal_keys *keys, const struct db_rows *rows, int r,
    struct arena *arena, char **out, struct stw_err *err)
{
	int64_t customer_id = db_get_i64(rows, r, 8);
	struct seal_customer key;
	struct buf plain;
	enum stw_code rc = seal_customer_open(
	    keys, customer_id, db_get_bytes(rows, r, 10, arena), &key, err);

	if (rc != STW_OK)
		return rc;
	buf_init(&plain);
	rc = seal_open(&key, customer_id, "contact_point.phone",
	    db_get_bytes(rows, r, 9, arena), &plain, err);
	if (rc == STW_OK)
		*out = arena_strndup(arena, plain.data, plain.len);
	if (plain.len > 0)
		sodium_memzero(plain.data, plain.len);
	buf_fini(&plain);
	sodium_memzero(&key, sizeof key);
	return rc;
}

static enum stw_code
question_from(const struct seal_keys *keys, const struct db_rows *rows, int r,
    struct arena *arena, struct registry_question *q, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	q->registry = db_get_text(rows, r, 0, arena);
	q->kind = db_get_text(rows, r, 1, arena);
	q->url = db_get_text(rows, r, 2, arena);
	q->number_form = db_get_text(rows, r, 4, arena);
	q->timeout_ms = (int)db_get_i64(rows, r, 5);
	q->per_second = (int)db_get_i64(rows, r, 6);
	q->consent_date =
	    db_is_null(rows, r, 11) ? REGISTRY_NO_DAY : db_get_day(rows, r, 11);
	if (!db_is_null(rows, r, 3))
		rc = secret_open(keys, SECRET_COLUMN, db_get_bytes(rows, r, 3, arena),
		    arena, &q->secret, err);
	return rc == STW_OK ? open_number(keys, rows, r, arena, &q->e164, err) : rc;
}

void
registry_question_wipe(struct registry_question *questions, int count)
{
	for (int i = 0; i < count; i++)
		if (questions[i].e164 != NULL)
			sodium_memzero(questions[i].e164, strlen(questions[i].e164));
}

enum stw_code
registry_questions(struct db *db, const struct seal_keys *keys,
    const struct uuid *tasks, size_t ntasks, const char *agent, int limit, stw_usec now,
    struct arena *arena, struct registry_question **out, int *count,
    struct stw_err *err)
{
	int64_t *buckets = arena_array(arena, ntasks, sizeof *buckets);
	struct str *ids = arena_array(arena, ntasks, sizeof *ids);
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	for (size_t i = 0; i < ntasks; i++) {
		char *text = arena_alloc(arena, UUID_TEXT);

		buckets[i] = uuid_bucket(&tasks[i]);
		ids[i] = str_of(uuid_format(&tasks[i], text));
	}
	const struct db_param params[] = {db_i64s(buckets, ntasks),
	    db_texts(ids, ntasks), db_usec(now), db_text(agent), db_i64(limit)};

	rc = db_query(
	    db, DB_Q_REGISTRY_QUERY_DUE, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	for (int r = 0; rc == STW_OK && r < *count; r++)
		rc = question_from(keys, rows, r, arena, &(*out)[r], err);
	db_rows_free(rows);
	if (rc != STW_OK) {
		registry_question_wipe(*out, *count);
		*count = 0;
	}
	return rc;
}

enum stw_code
registry_query_take(
    struct db *db, const char *registry, int wanted, int *granted, struct stw_err *err)
{
	const struct db_param params[] = {db_text(registry), db_i64(wanted)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_REGISTRY_QUERY_TAKE, params, DB_NPARAMS(params), &rows, err);

	*granted =
	    rc == STW_OK && db_rows_count(rows) == 1 ? (int)db_get_i64(rows, 0, 0) : 0;
	db_rows_free(rows);
	return rc;
}

/* ---- what came ----------------------------------------------------------------------------- */
/* Says so once, when it changes: an entry of the ledger for each question would be many. */
static enum stw_code
set_up(struct db *db, const char *registry, bool up, stw_usec now, struct stw_err *err)
{
	const struct db_param key[] = {db_text(registry)};
	struct db_rows *rows = NULL;
	bool was = up;
	enum stw_code rc =
	    db_query_one(db, DB_Q_REGISTRY_IS_UP, key, DB_NPARAMS(key), &rows, err);

	if (rc == STW_OK)
		was = db_get_bool(rows, 0, 0);
	db_rows_free(rows);
	if (rc == STW_OK && was != up)
		rc = registry_set_up(db, registry, up, ACTOR, now, err);
	return rc;
}

static enum stw_code
ended(struct db *db, enum stw_code rc, struct stw_err *err)
{
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

enum stw_code
registry_answered(struct db *db, const struct seal_keys *keys,
    const struct registry_answer *answer, stw_usec now, struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = registry_record(db, keys, answer, ACTOR, now, err);
	if (rc == STW_OK)
		rc = set_up(db, answer->registry, true, now, err);
	return ended(db, rc, err);
}

enum stw_code
registry_silent(struct db *db, const char *registry, int64_t rest_ms, stw_usec now,
    struct stw_err *err)
{
	const struct db_param rest[] = {db_text(registry), db_i64(rest_ms)};
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = set_up(db, registry, false, now, err);
	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_REGISTRY_QUERY_REST, rest, DB_NPARAMS(rest), NULL, err);
	return ended(db, rc, err);
}

/* ---- keys ------------------------------------------------------------------------------------ */
static enum stw_code
rewrap_one(struct db *db, const struct seal_keys *keys, const char *registry,
    struct str sealed, int64_t *done, struct stw_err *err)
{
	struct buf whole;
	int64_t changed = 0;
	enum stw_code rc;

	buf_init(&whole);
	rc = secret_rewrap(keys, sealed, &whole, err);
	if (rc != STW_OK)
		rc = stw_err_prefix(err, rc, "registry %s", registry);
	if (rc == STW_OK && whole.len > 0) {
		const struct db_param params[] = {db_text(registry),
		    db_bytes(sealed.ptr, sealed.len), db_bytes(whole.data, whole.len)};

		rc = db_exec(db, DB_Q_REGISTRY_QUERY_SECRET_PUT, params,
		    DB_NPARAMS(params), &changed, err);
	}
	*done += changed;
	buf_fini(&whole);
	return rc;
}

enum stw_code
registry_secrets_rewrap(
    struct db *db, const struct seal_keys *keys, int64_t *done, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	struct arena arena;
	enum stw_code rc;

	arena_init(&arena);
	rc = db_query(db, DB_Q_REGISTRY_QUERY_SECRETS, NULL, 0, &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++)
		rc = rewrap_one(db, keys, db_get_text(rows, r, 0, &arena),
		    db_get_bytes(rows, r, 1, &arena), done, err);
	db_rows_free(rows);
	arena_fini(&arena);
	return rc;
}
