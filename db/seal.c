#include "db/seal.h"

#include <ctype.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "db/secret_file.h"

#define ALGORITHM    0x01 /* XChaCha20-Poly1305, 24-byte random nonce */
#define NONCE_BYTES  crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES    crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD_BYTES   (2 + NONCE_BYTES) /* algorithm, key version, nonce */
#define TEXT_VERSION 1                 /* a customer has one key all his life */
#define KEY_COLUMN   "customer_key.wrapped"
#define COLUMN_MAX   100
#define FILE_MAX     8192
#define VERSIONS     256

struct seal_keys {
	unsigned char kek[VERSIONS][SEAL_KEY_BYTES];
	bool has_kek[VERSIONS];
	int newest;
	unsigned char index[SEAL_KEY_BYTES];
	unsigned char suppress[SEAL_KEY_BYTES];
	bool has_index, has_suppress;
};

/* ---- the key file --------------------------------------------------------------------- */
/* "name:version:64 hex digits" */
static bool
key_line(struct str line, struct seal_keys *keys)
{
	unsigned char key[SEAL_KEY_BYTES];
	char name[16];
	size_t n = 0, len;
	int version = 0;

	while (n < line.len && n < sizeof name - 1 && line.ptr[n] != ':') {
		name[n] = line.ptr[n];
		n++;
	}
	name[n] = '\0';
	if (n == line.len || line.ptr[n] != ':')
		return false;
	for (n++; n < line.len && isdigit((unsigned char)line.ptr[n]); n++)
		if ((version = version * 10 + (line.ptr[n] - '0')) >= VERSIONS)
			return false;
	if (version == 0 || n == line.len || line.ptr[n] != ':' ||
	    line.len - n - 1 != 64 ||
	    sodium_hex2bin(key, sizeof key, line.ptr + n + 1, 64, NULL, &len, NULL) !=
		0 ||
	    len != sizeof key)
		return false;
	if (strcmp(name, "kek") == 0 && !keys->has_kek[version]) {
		memcpy(keys->kek[version], key, sizeof key);
		keys->has_kek[version] = true;
		keys->newest = version > keys->newest ? version : keys->newest;
	} else if (strcmp(name, "index") == 0 && !keys->has_index) {
		memcpy(keys->index, key, sizeof key);
		keys->has_index = true;
	} else if (strcmp(name, "suppress") == 0 && !keys->has_suppress) {
		memcpy(keys->suppress, key, sizeof key);
		keys->has_suppress = true;
	} else {
		return false;
	}
	sodium_memzero(key, sizeof key);
	return true;
}

static enum stw_code
keys_parse(
    const char *path, struct str text, struct seal_keys *keys, struct stw_err *err)
{
	int number = 0;

	while (text.len > 0) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.ptr);

		number++;
		if (len > 0 && text.ptr[0] != '#' &&
		    !key_line((struct str){text.ptr, len}, keys))
			return stw_fail_at(err, STW_INVALID, number, 1,
			    "key file %s: line %d is not name:version:64 hex digits",
			    path, number);
		len += end != NULL;
		text.ptr += len;
		text.len -= len;
	}
	if (keys->newest == 0 || !keys->has_index || !keys->has_suppress)
		return stw_fail(err, STW_INVALID,
		    "key file %s: it needs one line each for kek, index and suppress",
		    path);
	return STW_OK;
}

static enum stw_code
keys_read(const char *path, struct seal_keys *keys, struct stw_err *err)
{
	struct buf text;
	enum stw_code rc;

	buf_init(&text);
	rc = secret_file_read(path, FILE_MAX, &text, err);
	if (rc == STW_OK)
		rc = keys_parse(path, (struct str){text.data, text.len}, keys, err);
	if (text.data != NULL)
		sodium_memzero(text.data, text.cap);
	buf_fini(&text);
	return rc;
}

static enum stw_code
keys_make(const char *path, struct stw_err *err)
{
	static const char *const names[] = {"kek", "index", "suppress"};
	unsigned char key[SEAL_KEY_BYTES];
	enum stw_code rc;
	struct buf text;

	buf_init(&text);
	(void)buf_reserve(&text, FILE_MAX);
	for (size_t i = 0; i < STW_ARRAY_LEN(names); i++) {
		randombytes_buf(key, sizeof key);
		buf_printf(&text, "%s:1:", names[i]);
		buf_add_hex(&text, key, sizeof key);
		buf_add_char(&text, '\n');
	}
	sodium_memzero(key, sizeof key);
	rc = secret_file_create(path, (struct str){text.data, text.len}, err);
	sodium_memzero(text.data, text.cap);
	buf_fini(&text);
	return rc;
}

enum stw_code
seal_keys_open(
    const char *path, bool create, struct seal_keys **out, struct stw_err *err)
{
	struct seal_keys *keys;
	enum stw_code rc;

	*out = NULL;
	STW_ASSERT(sodium_init() >= 0);
	keys = sodium_malloc(sizeof *keys); /* locked, and not in core dumps */
	STW_ASSERT(keys != NULL);
	sodium_memzero(keys, sizeof *keys);
	rc = keys_read(path, keys, err);
	if (rc == STW_NOT_FOUND && create) {
		rc = keys_make(path, err);
		if (rc == STW_OK || rc == STW_CONFLICT) /* or another process made it */
			rc = keys_read(path, keys, err);
	}
	if (rc != STW_OK) {
		sodium_free(keys);
		return rc;
	}
	(void)sodium_mprotect_readonly(keys);
	*out = keys;
	return STW_OK;
}

void
seal_keys_close(struct seal_keys *keys)
{
	if (keys != NULL)
		sodium_free(keys);
}

/* ---- sealing -------------------------------------------------------------------------- */
/* Algorithm, version, column, NUL, customer: what a sealed value cannot be moved from. */
struct place {
	unsigned char data[2 + COLUMN_MAX + 1 + 8];
	size_t len;
};

static struct place
place_of(unsigned char version, const char *column, int64_t customer_id)
{
	uint64_t id = htobe64((uint64_t)customer_id);
	size_t len = strlen(column);
	struct place place = {{ALGORITHM, version}, 2 + len + 1 + sizeof id};

	STW_ASSERT(len <= COLUMN_MAX);
	memcpy(place.data + 2, column, len);
	memcpy(place.data + 2 + len + 1, &id, sizeof id);
	return place;
}

static void
seal_with(const unsigned char key[SEAL_KEY_BYTES], int version, const char *column,
    int64_t customer_id, struct str plain, struct buf *sealed)
{
	struct place place = place_of((unsigned char)version, column, customer_id);
	size_t need = HEAD_BYTES + plain.len + TAG_BYTES;
	unsigned char *at = (unsigned char *)buf_reserve(sealed, need);
	unsigned long long len;

	at[0] = ALGORITHM;
	at[1] = (unsigned char)version;
	randombytes_buf(at + 2, NONCE_BYTES);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(at + HEAD_BYTES, &len,
	    (const unsigned char *)plain.ptr, plain.len, place.data, place.len, NULL,
	    at + 2, key);
	sealed->len += need;
	sealed->data[sealed->len] = '\0';
}

/* Appends what was sealed; false when it does not open. */
static bool
open_with(const unsigned char key[SEAL_KEY_BYTES], const char *column,
    int64_t customer_id, struct str sealed, struct buf *plain)
{
	const unsigned char *from = (const unsigned char *)sealed.ptr;
	unsigned long long len;
	struct place place;
	unsigned char *to;

	if (sealed.len < HEAD_BYTES + TAG_BYTES || from[0] != ALGORITHM)
		return false;
	place = place_of(from[1], column, customer_id);
	to = (unsigned char *)buf_reserve(plain, sealed.len);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(to, &len, NULL,
		from + HEAD_BYTES, sealed.len - HEAD_BYTES, place.data, place.len,
		from + 2, key) != 0) {
		plain->data[plain->len] = '\0';
		return false;
	}
	plain->len += (size_t)len;
	plain->data[plain->len] = '\0';
	return true;
}

void
seal_customer_new(const struct seal_keys *keys, int64_t customer_id,
    struct seal_customer *out, struct buf *wrapped)
{
	randombytes_buf(out->key, sizeof out->key);
	seal_with(keys->kek[keys->newest], keys->newest, KEY_COLUMN, customer_id,
	    (struct str){(const char *)out->key, sizeof out->key}, wrapped);
}

enum stw_code
seal_customer_open(const struct seal_keys *keys, int64_t customer_id,
    struct str wrapped, struct seal_customer *out, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	struct buf key;
	int version;

	memset(out, 0, sizeof *out);
	version = wrapped.len < 2 ? 0 : (unsigned char)wrapped.ptr[1];
	if (version > 0 && !keys->has_kek[version])
		return stw_fail(err, STW_INVALID,
		    "customer key: version %d of the wrapping key is not in the key file",
		    version);
	buf_init(&key);
	if (version > 0 &&
	    open_with(keys->kek[version], KEY_COLUMN, customer_id, wrapped, &key) &&
	    key.len == sizeof out->key)
		memcpy(out->key, key.data, sizeof out->key);
	else
		rc = stw_fail(err, STW_INVALID,
		    "customer key: does not open; is the key file that of this database?");
	if (key.data != NULL)
		sodium_memzero(key.data, key.cap);
	buf_fini(&key);
	return rc;
}

void
seal_text(const struct seal_customer *customer, int64_t customer_id, const char *column,
    struct str plain, struct buf *sealed)
{
	seal_with(customer->key, TEXT_VERSION, column, customer_id, plain, sealed);
}

enum stw_code
seal_open(const struct seal_customer *customer, int64_t customer_id, const char *column,
    struct str sealed, struct buf *plain, struct stw_err *err)
{
	if (open_with(customer->key, column, customer_id, sealed, plain))
		return STW_OK;
	return stw_fail(err, STW_INVALID, "%s: the sealed value does not open", column);
}

/* ---- blind indexes and masks ------------------------------------------------------------ */
void
seal_index(
    const struct seal_keys *keys, struct str e164, unsigned char out[SEAL_INDEX_BYTES])
{
	(void)crypto_auth_hmacsha256(
	    out, (const unsigned char *)e164.ptr, e164.len, keys->index);
}

void
seal_suppression(
    const struct seal_keys *keys, struct str e164, unsigned char out[SEAL_INDEX_BYTES])
{
	(void)crypto_auth_hmacsha256(
	    out, (const unsigned char *)e164.ptr, e164.len, keys->suppress);
}

void
seal_mask_phone(struct str national, struct buf *to)
{
	size_t stars = national.len < 7    ? national.len
		       : national.len < 11 ? 4
					   : national.len - 7;
	size_t shown = national.len - stars;
	size_t head = (shown + 1) / 2 > 3 ? 3 : (shown + 1) / 2;

	buf_add(to, national.ptr, head);
	for (size_t i = 0; i < stars; i++)
		buf_add_char(to, '*');
	buf_add(to, national.ptr + head + stars, shown - head);
}

void
seal_mask_name(struct str name, struct buf *to)
{
	size_t n = name.len > 0 ? 1 : 0;

	while (n > 0 && n < name.len && ((unsigned char)name.ptr[n] & 0xc0) == 0x80)
		n++;
	buf_add(to, name.ptr, n);
	buf_add_c(to, "**");
}
