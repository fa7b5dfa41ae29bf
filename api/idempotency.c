#include "api/idempotency.h"

#include <string.h>

#include <sodium.h>

bool
idempotency_key_valid(const char *key)
{
	size_t len = strlen(key);

	if (len < 1 || len > IDEMPOTENCY_KEY_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (key[i] < 0x20 || key[i] > 0x7e)
			return false;
	return true;
}

void
idempotency_fingerprint(
    const char *method, const char *path, struct str body, unsigned char out[32])
{
	crypto_hash_sha256_state state;

	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(
	    &state, (const unsigned char *)method, strlen(method) + 1);
	(void)crypto_hash_sha256_update(
	    &state, (const unsigned char *)path, strlen(path) + 1);
	(void)crypto_hash_sha256_update(
	    &state, (const unsigned char *)body.ptr, body.len);
	(void)crypto_hash_sha256_final(&state, out);
}

enum stw_code
idempotency_begin(
    struct db *db, struct arena *arena, struct idempotency *it, struct stw_err *err)
{
	const struct db_param params[] = {db_text(it->actor), db_text(it->key)};
	struct db_rows *lock, *rows;
	struct db_asks asks;
	enum stw_code rc;
	struct str stored;

	it->state = IDEMPOTENCY_BUSY;
	/* What was committed before the lock was got is seen by what comes after it. */
	db_asks_init(&asks, arena);
	db_asks_add(&asks, DB_Q_IDEMPOTENCY_LOCK, params, 2, &lock);
	db_asks_add(&asks, DB_Q_IDEMPOTENCY_GET, params, 2, &rows);
	rc = db_ask_all(db, &asks, err);
	if (rc != STW_OK || !db_get_bool(lock, 0, 0))
		goto done;
	if (db_rows_count(rows) == 0) {
		it->state = IDEMPOTENCY_NEW;
		goto done;
	}
	stored = db_get_bytes(rows, 0, 0, arena);
	it->status = (int)db_get_i64(rows, 0, 1);
	it->body = db_get_bytes(rows, 0, 2, arena);
	it->state = stored.len == sizeof it->fingerprint &&
			    memcmp(stored.ptr, it->fingerprint, stored.len) == 0
			? IDEMPOTENCY_KNOWN
			: IDEMPOTENCY_OTHER;
done:
	db_rows_free(lock);
	db_rows_free(rows);
	return rc;
}

enum stw_code
idempotency_keep(struct db *db, const struct idempotency *it, int status,
    struct str body, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_text(it->actor), db_text(it->key),
	    db_bytes(it->fingerprint, sizeof it->fingerprint), db_i64(status),
	    db_bytes(body.ptr, body.len), db_usec(now)};

	return db_later(db, DB_Q_IDEMPOTENCY_PUT, params, DB_NPARAMS(params), err);
}
