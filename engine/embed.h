/*
 * embed.h - files that travel inside the binary: migrations, packs, models, console.
 *
 * Purpose    A file is known by its path in the source tree ("db/migrations/0001_x.sql").
 *            The table is generated (engine/embed.sh) in the byte order of the names.
 * Ownership  Static. The byte after the last one is a NUL.
 */
#ifndef STW_ENGINE_EMBED_H
#define STW_ENGINE_EMBED_H

#include <stddef.h>
#include <stdint.h>

struct embed_file {
	const char *name;
	const char *data;
	uint64_t len;
};

extern const struct embed_file embed_files[];
extern const uint64_t embed_count;

/* NULL when there is no such file. */
const struct embed_file *embed_find(const char *name);
/* The next file at or after *at whose name starts with prefix; advances *at past it;
 * NULL at the end. Start with *at = 0. */
const struct embed_file *embed_next(const char *prefix, size_t *at);

#endif
