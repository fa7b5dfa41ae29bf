#include "api/assets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "engine/arena.h"

static const char root[] = "api/console";

static const struct {
	const char *suffix, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".txt", "text/plain; charset=utf-8"},
    {".md", "text/plain; charset=utf-8"},
};

/* NULL: no file of the console is called like that. */
static const char *
type_of(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < STW_ARRAY_LEN(types); i++) {
		size_t n = strlen(types[i].suffix);

		if (len > n && strcmp(name + len - n, types[i].suffix) == 0)
			return types[i].type;
	}
	return NULL;
}

/* 'sha256-...' of what stands between the tags of the import map; "" without one. */
static void
import_map_hash(const struct embed_file *index, char to[64])
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	const char *open, *end;
	char text[sodium_base64_ENCODED_LEN(
	    crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)];

	to[0] = '\0';
	open = strstr(index->data, "type=\"importmap\"");
	open = open == NULL ? NULL : strchr(open, '>');
	end = open == NULL ? NULL : strstr(open, "</script>");
	if (end == NULL)
		return;
	open++;
	(void)crypto_hash_sha256(
	    hash, (const unsigned char *)open, (unsigned long long)(end - open));
	(void)sodium_bin2base64(
	    text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(to, 64, " 'sha256-%s'", text);
}

void
assets_open(struct assets *assets)
{
	const struct embed_file *file;
	char map[64] = "";
	size_t at = 0;

	memset(assets, 0, sizeof *assets);
	while ((file = embed_next("api/console/", &at)) != NULL) {
		unsigned char hash[crypto_hash_sha256_BYTES];
		struct asset *a;
		char hex[33];

		assets->items = stw_xrealloc(
		    assets->items, (size_t)(assets->count + 1) * sizeof *assets->items);
		a = &assets->items[assets->count++];
		a->file = file;
		a->type = type_of(file->name);
		if (a->type == NULL)
			a->type = "application/octet-stream";
		(void)crypto_hash_sha256(
		    hash, (const unsigned char *)file->data, file->len);
		(void)sodium_bin2hex(hex, sizeof hex, hash, 16);
		(void)snprintf(a->etag, sizeof a->etag, "\"%s\"", hex);
	}
	file = embed_find("api/console/index.html");
	if (file != NULL)
		import_map_hash(file, map);
	(void)snprintf(assets->policy, sizeof assets->policy,
	    "default-src 'none'; script-src 'self'%s; style-src 'self'; img-src 'self' "
	    "data:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
	    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types "
	    "default",
	    map);
}

void
assets_close(struct assets *assets)
{
	free(assets->items);
	memset(assets, 0, sizeof *assets);
}

static const struct asset *
find_name(const struct assets *assets, const char *name)
{
	for (int i = 0; i < assets->count; i++)
		if (strcmp(assets->items[i].file->name, name) == 0)
			return &assets->items[i];
	return NULL;
}

const struct asset *
assets_find(const struct assets *assets, const char *path)
{
	const char *rest = path + strlen("/console");
	char name[300];

	/* A screen's address, which may end in a version "1.0.0" or in the name of a
	 * trait: the page itself, which reads the address. */
	if (type_of(path) == NULL)
		return find_name(assets, "api/console/index.html");
	if (snprintf(name, sizeof name, "%s%s", root, rest) >= (int)sizeof name)
		return NULL;
	return find_name(assets, name);
}
