#include "api/connect/sigv4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "engine/err.h"
#include "engine/time.h"

#define MAC crypto_auth_hmacsha256_BYTES

static void
hmac(const void *key, size_t key_len, struct str text, unsigned char to[MAC])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key, key_len);
	crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)text.ptr, text.len);
	crypto_auth_hmacsha256_final(&state, to);
	sodium_memzero(&state, sizeof state);
}

static void
sha256_hex(struct str text, struct buf *to)
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(
	    hash, (const unsigned char *)(text.len > 0 ? text.ptr : ""), text.len);
	buf_add_hex(to, hash, sizeof hash);
}

void
sigv4_time(int64_t at_sec, char to[SIGV4_TIME])
{
	char text[STW_USEC_TEXT];
	size_t n = 0;

	(void)stw_usec_format((stw_usec)at_sec * STW_USEC_SEC, text);
	for (const char *c = text; *c != '\0' && n < SIGV4_TIME - 1; c++)
		if (*c != '-' && *c != ':')
			to[n++] = *c;
	to[n] = '\0';
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct sigv4_header *)a)->name,
	    ((const struct sigv4_header *)b)->name);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const struct sigv4_header *
headers_sorted(const struct sigv4_request *request, struct arena *arena)
{
	struct sigv4_header *out =
	    arena_array(arena, (size_t)request->nheaders, sizeof *out);

	memcpy(out, request->headers, (size_t)request->nheaders * sizeof *out);
	qsort(out, (size_t)request->nheaders, sizeof *out, by_name);
	return out;
}

/* The path as sent is percent-encoded once; here its "%" is encoded as well. */
static void
add_path(const char *path, struct buf *to)
{
	if (path[0] == '\0')
		buf_add_char(to, '/');
	for (; *path != '\0'; path++) {
		if (*path == '%')
			buf_add_c(to, "%25");
		else
			buf_add_char(to, *path);
	}
}

static void
add_query(const char *query, struct arena *arena, struct buf *to)
{
	char *text = arena_strdup(arena, query), *save = NULL;
	const char **pairs = arena_array(arena, strlen(query) + 1, sizeof *pairs);
	size_t count = 0;

	for (char *at = strtok_r(text, "&", &save); at != NULL;
	     at = strtok_r(NULL, "&", &save))
		pairs[count++] = at;
	qsort(pairs, count, sizeof *pairs, by_text);
	for (size_t i = 0; i < count; i++)
		buf_printf(to, "%s%s%s", i > 0 ? "&" : "", pairs[i],
		    strchr(pairs[i], '=') == NULL ? "=" : "");
}

/* Blanks at both ends go, several in a row become one. */
static void
add_trimmed(const char *value, struct buf *to)
{
	bool gap = false;

	while (*value == ' ')
		value++;
	for (; *value != '\0'; value++) {
		if (*value == ' ') {
			gap = true;
			continue;
		}
		if (gap)
			buf_add_char(to, ' ');
		gap = false;
		buf_add_char(to, *value);
	}
}

static void
add_names(const struct sigv4_header *headers, int count, struct buf *to)
{
	for (int i = 0; i < count; i++)
		buf_printf(to, "%s%s", i > 0 ? ";" : "", headers[i].name);
}

const char *
sigv4_authorization(const struct sigv4_request *request, const char *key_id,
    const char *secret, const char *region, const char *service, int64_t at_sec,
    struct arena *arena)
{
	const struct sigv4_header *headers = headers_sorted(request, arena);
	unsigned char key[MAC];
	char at[SIGV4_TIME];
	struct buf canonical, names, text;
	const char *scope, *first, *out;

	sigv4_time(at_sec, at);
	buf_init(&canonical);
	buf_init(&names);
	buf_init(&text);
	buf_printf(&canonical, "%s\n", request->method);
	add_path(request->path, &canonical);
	buf_add_char(&canonical, '\n');
	add_query(request->query, arena, &canonical);
	buf_add_char(&canonical, '\n');
	for (int i = 0; i < request->nheaders; i++) {
		buf_printf(&canonical, "%s:", headers[i].name);
		add_trimmed(headers[i].value, &canonical);
		buf_add_char(&canonical, '\n');
	}
	add_names(headers, request->nheaders, &names);
	buf_printf(&canonical, "\n%s\n", names.data);
	sha256_hex(request->body, &canonical);

	scope = arena_printf(arena, "%.8s/%s/%s/aws4_request", at, region, service);
	buf_printf(&text, "AWS4-HMAC-SHA256\n%s\n%s\n", at, scope);
	sha256_hex((struct str){canonical.data, canonical.len}, &text);

	first = arena_printf(arena, "AWS4%s", secret);
	hmac(first, strlen(first), (struct str){at, 8}, key);
	hmac(key, sizeof key, str_of(region), key);
	hmac(key, sizeof key, str_of(service), key);
	hmac(key, sizeof key, STR_LIT("aws4_request"), key);
	hmac(key, sizeof key, (struct str){text.data, text.len}, key);
	buf_clear(&text);
	buf_add_hex(&text, key, sizeof key);
	out = arena_printf(arena,
	    "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s", key_id,
	    scope, names.data, text.data);
	sodium_memzero(key, sizeof key);
	buf_fini(&canonical);
	buf_fini(&names);
	buf_fini(&text);
	return out;
}

/* ---- Huawei ---------------------------------------------------------------------------- */
const char *
huawei_authorization(const struct sigv4_request *request, const char *key_id,
    const char *secret, int64_t at_sec, struct arena *arena)
{
	const struct sigv4_header *headers = headers_sorted(request, arena);
	unsigned char mac[MAC];
	char at[STW_USEC_TEXT];
	struct buf text, key, names;
	const char *prefix, *out;

	(void)stw_usec_format((stw_usec)at_sec * STW_USEC_SEC, at);
	/* Milliseconds are part of the form. */
	prefix = arena_printf(
	    arena, "auth-v2/%s/%.*s.000Z", key_id, (int)(strlen(at) - 1), at);
	buf_init(&text);
	buf_init(&key);
	buf_init(&names);
	hmac(secret, strlen(secret), str_of(prefix), mac);
	buf_add_hex(&key, mac, sizeof mac);
	buf_printf(&text, "%s\n%s\n", request->method, request->path);
	add_query(request->query, arena, &text);
	for (int i = 0; i < request->nheaders; i++)
		buf_printf(&text, "\n%s:%s", headers[i].name, headers[i].value);
	add_names(headers, request->nheaders, &names);
	hmac(key.data, key.len, (struct str){text.data, text.len}, mac);
	buf_clear(&text);
	buf_add_hex(&text, mac, sizeof mac);
	out = arena_printf(arena, "%s/%s/%s", prefix, names.data, text.data);
	buf_fini(&text);
	sodium_memzero(key.data, key.len);
	buf_fini(&key);
	buf_fini(&names);
	return out;
}
