#include "api/push/webhook.h"

#include <string.h>

#include <sodium.h>

#define SECRET_PREFIX   STR_LIT("whsec_")
#define SIGNATURE_B64   44 /* base64 of 32 bytes, without its NUL */
#define SIGNATURES_MAX  16 /* looked at in one header; more is abuse */
#define TIMESTAMP_CHARS 12

enum stw_code
webhook_secret_parse(struct str text, struct webhook_secret *out, struct stw_err *err)
{
	struct str prefix = SECRET_PREFIX;
	size_t len = 0;

	memset(out, 0, sizeof *out);
	if (text.len < prefix.len || memcmp(text.ptr, prefix.ptr, prefix.len) != 0)
		return stw_fail(
		    err, STW_INVALID, "webhook secret: must begin with whsec_");
	if (sodium_base642bin(out->key, sizeof out->key, text.ptr + prefix.len,
		text.len - prefix.len, NULL, &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    len < WEBHOOK_KEY_MIN) {
		webhook_secret_wipe(out);
		return stw_fail(err, STW_INVALID,
		    "webhook secret: must be base64 of %d to %d bytes after whsec_",
		    WEBHOOK_KEY_MIN, WEBHOOK_KEY_MAX);
	}
	out->len = len;
	return STW_OK;
}

void
webhook_secret_make(struct buf *to)
{
	unsigned char key[32];
	char
	    text[sodium_base64_ENCODED_LEN(sizeof key, sodium_base64_VARIANT_ORIGINAL)];

	randombytes_buf(key, sizeof key);
	(void)sodium_bin2base64(
	    text, sizeof text, key, sizeof key, sodium_base64_VARIANT_ORIGINAL);
	buf_add_str(to, SECRET_PREFIX);
	buf_add_c(to, text);
	sodium_memzero(key, sizeof key);
	sodium_memzero(text, sizeof text);
}

void
webhook_secret_wipe(struct webhook_secret *secret)
{
	sodium_memzero(secret, sizeof *secret);
}

static void
signature_make(const struct webhook_secret *secret, struct str id, struct str timestamp,
    struct str body, char to[SIGNATURE_B64 + 1])
{
	crypto_auth_hmacsha256_state state;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_init(&state, secret->key, secret->len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)id.ptr, id.len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)".", 1);
	crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)timestamp.ptr, timestamp.len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)".", 1);
	if (body.len > 0)
		crypto_auth_hmacsha256_update(
		    &state, (const unsigned char *)body.ptr, body.len);
	crypto_auth_hmacsha256_final(&state, mac);
	(void)sodium_bin2base64(
	    to, SIGNATURE_B64 + 1, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(&state, sizeof state);
}

void
webhook_sign(const struct webhook_secret *secrets, size_t nsecrets, struct str id,
    int64_t at_sec, struct str body, struct buf *to)
{
	char text[SIGNATURE_B64 + 1];
	struct buf at;

	STW_ASSERT(nsecrets > 0);
	buf_init(&at);
	buf_printf(&at, "%lld", (long long)at_sec);
	for (size_t i = 0; i < nsecrets; i++) {
		signature_make(
		    &secrets[i], id, (struct str){at.data, at.len}, body, text);
		buf_add_c(to, i == 0 ? "v1," : " v1,");
		buf_add_c(to, text);
	}
	buf_fini(&at);
}

/* Digits only and few of them, so that the sum cannot overflow. */
static bool
timestamp_parse(struct str text, int64_t *out)
{
	int64_t v = 0;

	if (text.len == 0 || text.len > TIMESTAMP_CHARS)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		v = v * 10 + (text.ptr[i] - '0');
	}
	*out = v;
	return true;
}

/* Does one of the space-separated signatures equal want? Those of other versions ("v1a")
 * are passed over, as the standard asks. */
static bool
signature_among(struct str header, const char want[SIGNATURE_B64 + 1])
{
	size_t at = 0;
	bool found = false;

	for (int n = 0; n < SIGNATURES_MAX && at < header.len; n++) {
		const char *from = header.ptr + at;
		const char *space = memchr(from, ' ', header.len - at);
		size_t len = space == NULL ? header.len - at : (size_t)(space - from);

		if (len == 3 + SIGNATURE_B64 && memcmp(from, "v1,", 3) == 0 &&
		    sodium_memcmp(from + 3, want, SIGNATURE_B64) == 0)
			found = true;
		at += len + 1;
	}
	return found;
}

enum webhook_verdict
webhook_verify(const struct webhook_secret *secrets, size_t nsecrets, struct str id,
    struct str timestamp, struct str signature, struct str body, int64_t now_sec)
{
	char want[SIGNATURE_B64 + 1];
	int64_t at;
	bool ok = false;

	if (id.len == 0 || id.len > WEBHOOK_ID_MAX || signature.len == 0 ||
	    !timestamp_parse(timestamp, &at))
		return WEBHOOK_MALFORMED;
	for (size_t i = 0; i < nsecrets; i++) {
		signature_make(&secrets[i], id, timestamp, body, want);
		if (signature_among(signature, want))
			ok = true;
	}
	if (!ok)
		return WEBHOOK_BAD;
	if (at < now_sec - WEBHOOK_TOLERANCE_SEC ||
	    at > now_sec + WEBHOOK_TOLERANCE_SEC)
		return WEBHOOK_STALE;
	return WEBHOOK_OK;
}

const char *
webhook_verdict_name(enum webhook_verdict verdict)
{
	switch (verdict) {
	case WEBHOOK_BAD:
		return "bad_signature";
	case WEBHOOK_OK:
		return "ok";
	case WEBHOOK_MALFORMED:
		return "malformed";
	case WEBHOOK_STALE:
		return "stale";
	}
	return "bad_signature";
}
