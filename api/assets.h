/*
 * assets.h - the console's files, out of the binary.
 *
 * Purpose    GET /console/... answers the file api/console/...; a path that does not
 *            end like a file of the console is a screen and gets index.html. Strong ETags, and the
 *            headers that keep a page from doing what it should not.
 * Threads    Read-only after assets_open: any.
 */
#ifndef STW_API_ASSETS_H
#define STW_API_ASSETS_H

#include "engine/embed.h"
#include "engine/err.h"

struct asset {
	const struct embed_file *file;
	const char *type;
	char etag[35]; /* with its quotes */
};

struct assets {
	struct asset *items;
	int count;
	char policy[640]; /* Content-Security-Policy */
};

/* Hashes every file and the import map in index.html, if there is one. */
void assets_open(struct assets *assets);
void assets_close(struct assets *assets);
/* path begins with "/console"; NULL: there is no such file. */
const struct asset *assets_find(const struct assets *assets, const char *path);

#endif
