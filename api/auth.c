#include "api/auth.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <sodium.h>

#include "db/entry_json.h"
#include "db/ledger.h"
#include "db/secret_file.h"
#include "engine/uuid.h"

#define KEY_FILE_MAX 4096
#define KEY_ID_HEX   12
#define SECRET_BYTES 32
#define SECRET_TEXT  44 /* 43 characters and a NUL */

_Static_assert(
    AUTH_KEY_BYTES == crypto_auth_hmacsha256_KEYBYTES, "the key of HMAC-SHA256");

/* ---- the key file ----------------------------------------------------------------- */
static enum stw_code
file_make(const char *path, struct stw_err *err)
{
	unsigned char key[AUTH_KEY_BYTES];
	char hex[2 * AUTH_KEY_BYTES + 2];
	enum stw_code rc;

	randombytes_buf(key, sizeof key);
	(void)sodium_bin2hex(hex, sizeof hex, key, sizeof key);
	hex[2 * AUTH_KEY_BYTES] = '\n';
	rc = secret_file_create(path, (struct str){hex, sizeof hex - 1}, err);
	sodium_memzero(key, sizeof key);
	sodium_memzero(hex, sizeof hex);
	return rc == STW_CONFLICT ? STW_OK : rc; /* somebody else has just made it */
}

static enum stw_code
file_read(const char *path, unsigned char key[AUTH_KEY_BYTES], struct stw_err *err)
{
	enum stw_code rc;
	struct buf text;
	size_t len = 0;

	buf_init(&text);
	rc = secret_file_read(path, KEY_FILE_MAX, &text, err);
	if (rc == STW_NOT_FOUND)
		rc = stw_fail(err, rc,
		    "there is no token key %.200s; `steward setup` makes one", path);
	else if (rc == STW_OK &&
		 (text.len < 2 * (size_t)AUTH_KEY_BYTES ||
		     sodium_hex2bin(key, AUTH_KEY_BYTES, text.data,
			 2 * (size_t)AUTH_KEY_BYTES, NULL, &len, NULL) != 0 ||
		     len != AUTH_KEY_BYTES))
		rc = stw_fail(err, STW_INVALID,
		    "the token key %.200s is not 64 hexadecimal digits", path);
	if (text.data != NULL)
		sodium_memzero(text.data, text.len);
	buf_fini(&text);
	return rc;
}

enum stw_code
auth_keys_open(
    const char *path, bool create, struct auth_keys *out, struct stw_err *err)
{
	static const unsigned char token_use[] = "steward token v1";
	static const unsigned char cursor_use[] = "steward cursor v1";
	unsigned char key[AUTH_KEY_BYTES];
	enum stw_code rc = STW_OK;

	if (sodium_init() < 0)
		return stw_fail(err, STW_BUG, "libsodium does not start");
	if (create && access(path, F_OK) != 0)
		rc = file_make(path, err);
	if (rc == STW_OK)
		rc = file_read(path, key, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "setting token-key");
	(void)crypto_auth_hmacsha256(out->token, token_use, sizeof token_use - 1, key);
	(void)crypto_auth_hmacsha256(
	    out->cursor, cursor_use, sizeof cursor_use - 1, key);
	sodium_memzero(key, sizeof key);
	return STW_OK;
}

void
auth_keys_close(struct auth_keys *keys)
{
	sodium_memzero(keys, sizeof *keys);
}

/* ---- checking ------------------------------------------------------------------------ */
static void
token_hash(const struct auth_keys *keys, const char *token, size_t len,
    unsigned char out[crypto_auth_hmacsha256_BYTES])
{
	(void)crypto_auth_hmacsha256(
	    out, (const unsigned char *)token, len, keys->token);
}

static enum stw_code
refuse(struct stw_err *err)
{
	return stw_fail(err, STW_DENIED, "the token is unknown, expired or revoked");
}

enum stw_code
auth_check(struct db *db, const struct auth_keys *keys, const char *header,
    struct arena *arena, struct actor *out, struct stw_err *err)
{
	unsigned char hash[crypto_auth_hmacsha256_BYTES] = {0};
	struct db_rows *rows = NULL;
	struct db_param params[1];
	enum stw_code rc;
	struct str stored;
	size_t len;
	bool good;

	memset(out, 0, sizeof *out);
	if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0)
		return stw_fail(err, STW_DENIED, "a bearer token is needed");
	header += 7;
	while (*header == ' ')
		header++;
	len = strlen(header);
	if (len != KEY_ID_HEX + 1 + SECRET_TEXT - 1 || header[KEY_ID_HEX] != '.')
		return refuse(err);
	out->key_id = arena_strndup(arena, header, KEY_ID_HEX);
	if (!utf8_valid(str_of(out->key_id)))
		return refuse(err);
	params[0] = db_text(out->key_id);
	rc = db_query(db, DB_Q_API_KEY_GET, params, 1, &rows, err);
	if (rc != STW_OK)
		return rc;
	/* The same work for a key that does not exist. */
	token_hash(keys, header, len, hash);
	good = db_rows_count(rows) == 1;
	stored = good ? db_get_bytes(rows, 0, 0, arena) : (struct str){(char *)hash, 0};
	if (stored.len != sizeof hash)
		good = sodium_memcmp(hash, hash, sizeof hash) != 0;
	else
		good = sodium_memcmp(stored.ptr, hash, sizeof hash) == 0;
	if (good && db_get_bool(rows, 0, 4)) {
		out->subject = db_get_text(rows, 0, 1, arena);
		out->role = role_parse(db_get_str(rows, 0, 2));
		out->queue = db_get_text(rows, 0, 3, arena);
		out->expires_at =
		    db_is_null(rows, 0, 5) ? STW_USEC_MAX : db_get_usec(rows, 0, 5);
	}
	db_rows_free(rows);
	return out->role == ROLE_NONE ? refuse(err) : STW_OK;
}

/* ---- making and taking away ------------------------------------------------------- */
static enum stw_code
note(struct db *db, const char *what, const char *key_id, const char *subject,
    const char *role, stw_usec now, struct stw_err *err)
{
	const struct entry_field fields[] = {ENTRY_TEXT("key_id", key_id),
	    ENTRY_TEXT("role", role), ENTRY_TEXT("subject", subject),
	    ENTRY_TEXT("what", what)};
	struct uuid id = uuid_new(now);
	char text[UUID_TEXT];
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write("access", uuid_format(&id, text), now, fields,
	    (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(db, -1, "access", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

enum stw_code
auth_token_create(struct db *db, const struct auth_keys *keys, const char *subject,
    enum api_role role, const char *queue, stw_usec expires_at, stw_usec now,
    struct buf *token, struct stw_err *err)
{
	unsigned char id[KEY_ID_HEX / 2], secret[SECRET_BYTES];
	unsigned char hash[crypto_auth_hmacsha256_BYTES];
	char text[KEY_ID_HEX + 1 + SECRET_TEXT], key_id[KEY_ID_HEX + 1];
	enum stw_code rc;

	randombytes_buf(id, sizeof id);
	randombytes_buf(secret, sizeof secret);
	(void)sodium_bin2hex(text, sizeof text, id, sizeof id);
	memcpy(key_id, text, sizeof key_id);
	text[KEY_ID_HEX] = '.';
	(void)sodium_bin2base64(text + KEY_ID_HEX + 1, SECRET_TEXT, secret,
	    sizeof secret, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	token_hash(keys, text, strlen(text), hash);
	rc = db_begin(db, err);
	if (rc == STW_OK) {
		const struct db_param params[] = {db_text(key_id),
		    db_bytes(hash, sizeof hash), db_text(subject),
		    db_text(role_name(role)), db_text(queue),
		    expires_at == STW_USEC_MAX ? db_null() : db_usec(expires_at),
		    db_usec(now)};

		rc = db_exec(
		    db, DB_Q_API_KEY_INSERT, params, DB_NPARAMS(params), NULL, err);
	}
	if (rc == STW_OK)
		rc = note(
		    db, "token created", key_id, subject, role_name(role), now, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc == STW_OK)
		buf_add_c(token, text);
	else
		db_rollback(db);
	sodium_memzero(secret, sizeof secret);
	sodium_memzero(text, sizeof text);
	return rc;
}

enum stw_code
auth_token_revoke(struct db *db, const char *key_id, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_text(key_id)};
	int64_t changed = 0;
	enum stw_code rc;

	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = db_exec(
		    db, DB_Q_API_KEY_REVOKE, params, DB_NPARAMS(params), &changed, err);
	if (rc == STW_OK && changed == 0)
		rc = stw_fail(
		    err, STW_NOT_FOUND, "there is no token %.20s in force", key_id);
	if (rc == STW_OK)
		rc = note(db, "token revoked", key_id, NULL, NULL, now, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc != STW_OK)
		db_rollback(db);
	return rc;
}

enum stw_code
auth_subject_revoke(struct db *db, const char *subject, stw_usec now, int64_t *revoked,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text(subject)};
	enum stw_code rc;

	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = db_exec(db, DB_Q_API_KEY_REVOKE_SUBJECT, params,
		    DB_NPARAMS(params), revoked, err);
	if (rc == STW_OK)
		rc = db_exec(
		    db, DB_Q_TOKEN_BLOCK_PUT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = note(db, "tokens revoked", NULL, subject, NULL, now, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc != STW_OK)
		db_rollback(db);
	return rc;
}

enum stw_code
auth_note_denied(struct db *db, const struct actor *actor, const char *method,
    const char *pattern, stw_usec now, struct stw_err *err)
{
	struct uuid id = uuid_new(now);
	char what[160], text[UUID_TEXT];
	enum stw_code rc;

	(void)snprintf(what, sizeof what, "%s %s", method, pattern);
	(void)uuid_format(&id, text);
	rc = db_begin(db, err);
	if (rc == STW_OK) {
		const struct db_param params[] = {db_text(text), db_usec(now),
		    db_text(actor->subject), db_text(role_name(actor->role)),
		    db_text(what), db_text("denied"), db_null()};

		rc = db_exec(
		    db, DB_Q_ACCESS_INSERT, params, DB_NPARAMS(params), NULL, err);
	}
	if (rc == STW_OK)
		rc = note(db, what, actor->key_id, actor->subject,
		    role_name(actor->role), now, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc != STW_OK)
		db_rollback(db);
	return rc;
}
