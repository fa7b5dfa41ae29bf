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
/* Of many customers, in the arrays of a statement. */
struct keys_of {
	const int64_t *buckets, *ids;
	size_t count;
};

/* *rows: one for each, null where there is no key. */
static enum stw_code
keys_list(struct db *db, const struct keys_of *who, struct db_rows **rows,
    struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64s(who->buckets, who->count), db_i64s(who->ids, who->count)};
	enum stw_code rc =
	    db_query(db, DB_Q_CUSTOMER_KEY_LIST, params, DB_NPARAMS(params), rows, err);

	STW_ASSERT(rc != STW_OK || (size_t)db_rows_count(*rows) == who->count);
	return rc;
}

/* Keys for those who have none, as only an import makes them. Of two who make one at the
 * same time the first one's is the key; an erased customer gets none. */
static enum stw_code
keys_make(
    struct db *db, const struct keys_of *who, struct arena *arena, struct stw_err *err)
{
	struct str *hex = arena_array(arena, who->count, sizeof *hex);
	struct seal_customer made;
	struct buf wrapped;
	enum stw_code rc;

	buf_init(&wrapped);
	for (size_t i = 0; i < who->count; i++) {
		size_t size;

		buf_clear(&wrapped);
		seal_customer_new(db_keys(db), who->ids[i], &made, &wrapped);
		size = 2 * wrapped.len + 1;
		hex[i] = str_of(sodium_bin2hex(arena_alloc(arena, size), size,
		    (const unsigned char *)wrapped.data, wrapped.len));
	}
	sodium_memzero(&made, sizeof made);
	buf_fini(&wrapped);
	const struct db_param params[] = {db_i64s(who->buckets, who->count),
	    db_i64s(who->ids, who->count), db_texts(hex, who->count)};

	rc =
	    db_query(db, DB_Q_CUSTOMER_KEY_MAKE, params, DB_NPARAMS(params), NULL, err);
	return rc;
}

/* places[i]: whose key of `out` row i has. */
static enum stw_code
keys_open(struct db *db, const struct keys_of *who, const size_t *places,
    const struct db_rows *rows, struct arena *arena, struct commit_key *out,
    struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (size_t i = 0; rc == STW_OK && i < who->count; i++) {
		struct commit_key *key = &out[places == NULL ? i : places[i]];

		if (!db_is_null(rows, (int)i, 0)) {
			rc = commit_key_open(db_keys(db), who->ids[i],
			    db_get_bytes(rows, (int)i, 0, arena), key, err);
			continue;
		}
		/* As erased as a commitment made before and erased since. */
		randombytes_buf(key->b, sizeof key->b);
		key->erased = true;
	}
	return rc;
}

/* Keys of those for whom `rows` has none. */
static enum stw_code
keys_complete(struct db *db, const struct keys_of *who, const struct db_rows *rows,
    struct arena *arena, struct commit_key *out, struct stw_err *err)
{
	int64_t *buckets = arena_array(arena, who->count, sizeof *buckets);
	int64_t *ids = arena_array(arena, who->count, sizeof *ids);
	size_t *places = arena_array(arena, who->count, sizeof *places);
	struct keys_of lack = {buckets, ids, 0};
	struct db_rows *made = NULL;
	enum stw_code rc;

	for (size_t i = 0; i < who->count; i++)
		if (db_is_null(rows, (int)i, 0)) {
			buckets[lack.count] = who->buckets[i];
			ids[lack.count] = who->ids[i];
			places[lack.count++] = i;
		}
	if (lack.count == 0)
		return STW_OK;
	rc = keys_make(db, &lack, arena, err);
	if (rc == STW_OK)
		rc = keys_list(db, &lack, &made, err);
	if (rc == STW_OK)
		rc = keys_open(db, &lack, places, made, arena, out, err);
	db_rows_free(made);
	return rc;
}

enum stw_code
commit_keys_load(struct db *db, const int64_t *buckets, const int64_t *ids,
    size_t count, struct commit_key *out, struct stw_err *err)
{
	const struct keys_of who = {buckets, ids, count};
	struct db_rows *rows = NULL;
	struct arena arena;
	enum stw_code rc;

	if (db_keys(db) == NULL)
		return stw_fail(err, STW_INVALID,
		    "there is no key file (setting keys): what the ledger says of a "
		    "customer is under the customer's key");
	arena_init(&arena);
	rc = keys_list(db, &who, &rows, err);
	if (rc == STW_OK)
		rc = keys_open(db, &who, NULL, rows, &arena, out, err);
	if (rc == STW_OK)
		rc = keys_complete(db, &who, rows, &arena, out, err);
	db_rows_free(rows);
	arena_fini(&arena);
	return rc;
}

/* ---- commitments ------------------------------------------------------------------------- */
void
commit_entry_key(const struct commit_key *key, const char *entry_id,
    unsigned char out[COMMITMENT_BYTES])
{
	(void)crypto_auth_hmacsha256(
	    out, (const unsigned char *)entry_id, strlen(entry_id), key->b);
}

void
commit_under(const unsigned char entry_key[COMMITMENT_BYTES], const char *field,
    struct str value, unsigned char out[COMMITMENT_BYTES])
{
	crypto_auth_hmacsha256_state state;

	(void)crypto_auth_hmacsha256_init(&state, entry_key, COMMITMENT_BYTES);
	/* With its NUL: "a" + "bc" is not "ab" + "c". */
	(void)crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)field, strlen(field) + 1);
	(void)crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)value.ptr, value.len);
	(void)crypto_auth_hmacsha256_final(&state, out);
	sodium_memzero(&state, sizeof state);
}

void
commit_to(const struct commit_key *key, const char *entry_id, const char *field,
    struct str value, unsigned char out[COMMITMENT_BYTES])
{
	unsigned char own[COMMITMENT_BYTES];

	commit_entry_key(key, entry_id, own);
	commit_under(own, field, value, out);
	sodium_memzero(own, sizeof own);
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
