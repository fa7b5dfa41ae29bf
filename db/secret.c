#include "db/secret.h"

#include <sodium.h>

void
secret_seal(const struct seal_keys *keys, const char *column, const char *secret,
    struct buf *to)
{
	struct seal_customer key;
	struct buf wrapped;

	buf_init(&wrapped);
	seal_customer_new(keys, 0, &key, &wrapped);
	STW_ASSERT(wrapped.len <= 255);
	buf_add_char(to, (char)(unsigned char)wrapped.len);
	buf_add(to, wrapped.data, wrapped.len);
	seal_text(&key, 0, column, str_of(secret), to);
	sodium_memzero(&key, sizeof key);
	buf_fini(&wrapped);
}

enum stw_code
secret_open(const struct seal_keys *keys, const char *column, struct str sealed,
    struct arena *arena, const char **secret, struct stw_err *err)
{
	struct seal_customer key;
	struct buf plain;
	size_t head = sealed.len == 0 ? 0 : (unsigned char)sealed.ptr[0];
	enum stw_code rc;

	if (sealed.len < head + 1)
		return stw_fail(err, STW_INVALID, "%s: a secret is cut short", column);
	rc = seal_customer_open(keys, 0, (struct str){sealed.ptr + 1, head}, &key, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&plain);
	rc = seal_open(&key, 0, column,
	    (struct str){sealed.ptr + 1 + head, sealed.len - 1 - head}, &plain, err);
	if (rc == STW_OK)
		*secret = arena_strndup(arena, plain.data, plain.len);
	if (plain.len > 0)
		sodium_memzero(plain.data, plain.len);
	buf_fini(&plain);
	sodium_memzero(&key, sizeof key);
	return rc;
}

enum stw_code
secret_rewrap(const struct seal_keys *keys, struct str sealed, struct buf *to,
    struct stw_err *err)
{
	size_t head = sealed.len == 0 ? 0 : (unsigned char)sealed.ptr[0];
	struct buf wrapped;
	enum stw_code rc;

	if (sealed.len < head + 1 || head < 2)
		return stw_fail(err, STW_INVALID, "a secret is cut short");
	if ((unsigned char)sealed.ptr[2] == seal_keys_newest(keys, SEAL_KEK))
		return STW_OK;
	buf_init(&wrapped);
	rc = seal_customer_rewrap(
	    keys, 0, (struct str){sealed.ptr + 1, head}, &wrapped, err);
	if (rc == STW_OK) {
		STW_ASSERT(wrapped.len <= 255);
		buf_add_char(to, (char)(unsigned char)wrapped.len);
		buf_add(to, wrapped.data, wrapped.len);
		buf_add(to, sealed.ptr + 1 + head, sealed.len - 1 - head);
	}
	buf_fini(&wrapped);
	return rc;
}
