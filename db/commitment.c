#include "db/commitment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

enum stw_code
commit_key_open(const struct seal_keys *keys, int64_t customer_id, struct str wrapped,
    struct commit_key *out, struct stw_err *err)
{
	struct seal_customer customer;
	enum stw_code rc;

	*out = (struct commit_key){.erased = true};
	if (keys == NULL)
		return stw_fail(err, STW_INVALID,
		    "there is no key file (setting keys): what the ledger says of a "
		    "customer is under the customer's key");
	rc = seal_customer_open(keys, customer_id, wrapped, &customer, err);
	if (rc == STW_OK) {
		seal_commit_key(&customer, out->b);
		out->erased = false;
	}
	sodium_memzero(&customer, sizeof customer);
	return rc;
}

/* ---- many ------------------------------------------------------------------------------ */
/* A key for one who has none, as only an import makes them; NOT_FOUND: an erased one. */
static enum stw_code
key_make(struct db *db, int64_t bucket, int64_t customer_id, struct arena *arena,
    struct commit_key *out, struct stw_err *err)
{
	const struct seal_keys *keys = db_keys(db);
	struct seal_customer made;
	struct db_rows *rows = NULL;
	struct buf wrapped;
	enum stw_code rc;

	buf_init(&wrapped);
	seal_customer_new(keys, customer_id, &made, &wrapped);
	sodium_memzero(&made, sizeof made);
	const struct db_param put[] = {
	    db_i64(bucket), db_i64(customer_id), db_bytes(wrapped.data, wrapped.len)};

	rc = db_query(db, DB_Q_CUSTOMER_KEY_MAKE, put, DB_NPARAMS(put), NULL, err);
	/* Whoever was first: theirs is the key. */
	if (rc == STW_OK)
		rc = db_query_one(db, DB_Q_CUSTOMER_KEY_GET, put, 2, &rows, err);
	if (rc == STW_OK)
		rc = commit_key_open(
		    keys, customer_id, db_get_bytes(rows, 0, 0, arena), out, err);
	db_rows_free(rows);
	buf_fini(&wrapped);
	return rc;
}

static enum stw_code
key_of_row(struct db *db, int64_t bucket, int64_t customer_id,
    const struct db_rows *rows, int r, struct arena *arena, struct commit_key *out,
    struct stw_err *err)
{
	enum stw_code rc;

	if (!db_is_null(rows, r, 0))
		return commit_key_open(db_keys(db), customer_id,
		    db_get_bytes(rows, r, 0, arena), out, err);
	rc = key_make(db, bucket, customer_id, arena, out, err);
	if (rc != STW_NOT_FOUND)
		return rc;
	/* As erased as a commitment made before and erased since. */
	randombytes_buf(out->b, sizeof out->b);
	out->erased = true;
	return STW_OK;
}

enum stw_code
commit_keys_load(struct db *db, const int64_t *buckets, const int64_t *ids,
    size_t count, struct commit_key *out, struct stw_err *err)
{
	const struct db_param params[] = {db_i64s(buckets, count), db_i64s(ids, count)};
	struct db_rows *rows = NULL;
	struct arena arena;
	enum stw_code rc;

	if (db_keys(db) == NULL)
		return stw_fail(err, STW_INVALID,
		    "there is no key file (setting keys): what the ledger says of a "
		    "customer is under the customer's key");
	arena_init(&arena);
	rc = db_query(
	    db, DB_Q_CUSTOMER_KEY_LIST, params, DB_NPARAMS(params), &rows, err);
	STW_ASSERT(rc != STW_OK || (size_t)db_rows_count(rows) == count);
	for (size_t i = 0; rc == STW_OK && i < count; i++)
		rc = key_of_row(
		    db, buckets[i], ids[i], rows, (int)i, &arena, &out[i], err);
	db_rows_free(rows);
	arena_fini(&arena);
	return rc;
}

/* ---- commitments ------------------------------------------------------------------------- */
void
commit_to(const struct commit_key *key, const char *entry_id, const char *field,
    struct str value, unsigned char out[COMMITMENT_BYTES])
{
	unsigned char own[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;

	(void)crypto_auth_hmacsha256(
	    own, (const unsigned char *)entry_id, strlen(entry_id), key->b);
	(void)crypto_auth_hmacsha256_init(&state, own, sizeof own);
	/* With its NUL: "a" + "bc" is not "ab" + "c". */
	(void)crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)field, strlen(field) + 1);
	(void)crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)value.ptr, value.len);
	(void)crypto_auth_hmacsha256_final(&state, out);
	sodium_memzero(own, sizeof own);
	sodium_memzero(&state, sizeof state);
}

enum stw_code
commit_fields(struct db *db, int bucket, int64_t customer_id, const char *entry_id,
    struct commit_field *fields, size_t count, struct stw_err *err)
{
	unsigned char bytes[COMMITMENT_BYTES];
	struct commit_key key;
	int64_t where = bucket;
	enum stw_code rc = commit_keys_load(db, &where, &customer_id, 1, &key, err);

	for (size_t i = 0; i < count; i++) {
		fields[i].hex[0] = '\0';
		if (rc != STW_OK || fields[i].value == NULL)
			continue;
		commit_to(
		    &key, entry_id, fields[i].name, str_of(fields[i].value), bytes);
		(void)sodium_bin2hex(
		    fields[i].hex, sizeof fields[i].hex, bytes, sizeof bytes);
	}
	sodium_memzero(&key, sizeof key);
	return rc;
}

enum stw_code
commit_customer(struct db *db, int bucket, int64_t customer_id, const char *entry_id,
    char hex[COMMITMENT_HEX], struct stw_err *err)
{
	char number[24];
	struct commit_field field = {.name = "customer", .value = number};
	enum stw_code rc;

	(void)snprintf(number, sizeof number, "%" PRId64, customer_id);
	rc = commit_fields(db, bucket, customer_id, entry_id, &field, 1, err);
	memcpy(hex, field.hex, sizeof field.hex);
	return rc;
}
