#include "engine/uuid.h"

#include <string.h>

#include <sodium.h>

struct uuid
uuid_new(stw_usec at)
{
	struct uuid id;
	uint64_t ms = (uint64_t)(at / 1000);

	randombytes_buf(id.b, sizeof id.b);
	for (int i = 0; i < 6; i++)
		id.b[i] = (unsigned char)(ms >> (40 - 8 * i));
	id.b[6] = (unsigned char)((id.b[6] & 0x0f) | 0x70);
	id.b[8] = (unsigned char)((id.b[8] & 0x3f) | 0x80);
	return id;
}

struct uuid
uuid_derive(const struct str *parts, int nparts)
{
	crypto_hash_sha256_state state;
	unsigned char hash[crypto_hash_sha256_BYTES];
	struct uuid id;

	crypto_hash_sha256_init(&state);
	for (int i = 0; i < nparts; i++) {
		unsigned char len[8];

		/* Lengths keep ("ab", "c") and ("a", "bc") apart. */
		for (int j = 0; j < 8; j++)
			len[j] =
			    (unsigned char)((uint64_t)parts[i].len >> (56 - 8 * j));
		crypto_hash_sha256_update(&state, len, sizeof len);
		crypto_hash_sha256_update(
		    &state, (const unsigned char *)parts[i].ptr, parts[i].len);
	}
	crypto_hash_sha256_final(&state, hash);
	memcpy(id.b, hash, sizeof id.b);
	id.b[6] = (unsigned char)((id.b[6] & 0x0f) | 0x80);
	id.b[8] = (unsigned char)((id.b[8] & 0x3f) | 0x80);
	return id;
}

void
uuid_set_bucket(struct uuid *id, int bucket)
{
	id->b[15] = (unsigned char)bucket;
}

int
uuid_bucket(const struct uuid *id)
{
	return id->b[15];
}

char *
uuid_format(const struct uuid *id, char to[UUID_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	char *p = to;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = digits[id->b[i] >> 4];
		*p++ = digits[id->b[i] & 15];
	}
	*p = '\0';
	return to;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum stw_code
uuid_parse(struct str text, struct uuid *out)
{
	size_t at = 0;

	if (text.len != 36)
		return STW_INVALID;
	for (int i = 0; i < 16; i++) {
		int hi, lo;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && text.ptr[at++] != '-')
			return STW_INVALID;
		hi = hex_value(text.ptr[at]);
		lo = hex_value(text.ptr[at + 1]);
		if (hi < 0 || lo < 0)
			return STW_INVALID;
		out->b[i] = (unsigned char)(hi * 16 + lo);
		at += 2;
	}
	return STW_OK;
}
