#include "api/cursor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define MAC_BYTES 16
#define VARIANT   sodium_base64_VARIANT_URLSAFE_NO_PADDING

static void
sign(const struct auth_keys *keys, const char *filter, const char *place, size_t len,
    unsigned char mac[crypto_auth_hmacsha256_BYTES])
{
	crypto_auth_hmacsha256_state state;

	(void)crypto_auth_hmacsha256_init(&state, keys->cursor, AUTH_KEY_BYTES);
	(void)crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)filter, strlen(filter) + 1);
	(void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)place, len);
	(void)crypto_auth_hmacsha256_final(&state, mac);
}

const char *
cursor_write(const struct auth_keys *keys, const char *filter, const char *place,
    struct arena *arena)
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	unsigned char raw[MAC_BYTES + CURSOR_PLACE_MAX];
	struct str at = str_of(place);
	size_t size;
	char *text;

	STW_ASSERT(at.len <= CURSOR_PLACE_MAX);
	sign(keys, filter, place, at.len, mac);
	memcpy(raw, mac, MAC_BYTES);
	memcpy(raw + MAC_BYTES, at.ptr, at.len);
	size = sodium_base64_encoded_len(MAC_BYTES + at.len, VARIANT);
	text = arena_alloc(arena, size);
	(void)sodium_bin2base64(text, size, raw, MAC_BYTES + at.len, VARIANT);
	return text;
}

enum stw_code
cursor_read(const struct auth_keys *keys, const char *filter, const char *cursor,
    struct arena *arena, const char **place, struct stw_err *err)
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	unsigned char raw[MAC_BYTES + CURSOR_PLACE_MAX];
	size_t len = 0;

	if (sodium_base642bin(raw, sizeof raw, cursor, strlen(cursor), NULL, &len, NULL,
		VARIANT) != 0 ||
	    len < MAC_BYTES)
		return stw_fail(err, STW_INVALID, "cursor: not one of ours");
	sign(keys, filter, (const char *)raw + MAC_BYTES, len - MAC_BYTES, mac);
	if (sodium_memcmp(mac, raw, MAC_BYTES) != 0)
		return stw_fail(err, STW_INVALID,
		    "cursor: not one of ours, or made with other filters");
	*place = arena_strndup(arena, (const char *)raw + MAC_BYTES, len - MAC_BYTES);
	return STW_OK;
}

bool
cursor_number(const char **place, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(*place, &end, 10);
	if (end == *place || errno != 0 || (*end != ' ' && *end != '\0'))
		return false;
	*place = *end == ' ' ? end + 1 : end;
	return true;
}
