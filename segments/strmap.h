/*
 * strmap.h - strings by strings, in memory: lookups of an import, references of a batch.
 *
 * Ownership  strmap_init/fini; keys and values are copied and stay where they are until
 *            strmap_fini or strmap_clear.
 * Memory     About 40 bytes an entry, and the texts.
 */
#ifndef STW_SEGMENTS_STRMAP_H
#define STW_SEGMENTS_STRMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/arena.h"
#include "engine/buf.h"

struct strmap_entry {
	struct str key, value;
	uint64_t hash;
	int64_t number; /* the caller's */
};

struct strmap {
	struct arena arena;           /* the texts */
	struct strmap_entry *entries; /* in the order they came */
	uint32_t *slots;              /* entry + 1; 0: free */
	size_t count, cap, nslots;
};

void strmap_init(struct strmap *map);
void strmap_fini(struct strmap *map);
void strmap_clear(struct strmap *map);
/* NULL: not there. Borrowed until the next strmap_add. */
struct strmap_entry *strmap_find(const struct strmap *map, struct str key);
/* The entry of key, new (*added, with an empty value) or old. */
struct strmap_entry *strmap_add(struct strmap *map, struct str key, bool *added);
void strmap_set_value(struct strmap *map, struct strmap_entry *entry, struct str value);
size_t strmap_bytes(const struct strmap *map);

#endif
