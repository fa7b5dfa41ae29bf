/*
 * table_priv.h - what the files of the table share: the inside of a dictionary.
 */
#ifndef STW_ENGINE_TABLE_PRIV_H
#define STW_ENGINE_TABLE_PRIV_H

#include "engine/arena.h"
#include "engine/table.h"
#include "engine/table_map.h"

/* Codes below nfixed lie in a file: string c is bytes[starts[c], starts[c + 1] - 1) and a
 * NUL; those from there on are the dictionary's own. */
struct col_dict {
	struct arena arena;  /* the bytes, which therefore never move */
	struct str *items;   /* from nfixed on */
	uint32_t count, cap; /* count: all; cap: of items */
	uint32_t *slots;     /* code + 1, 0: free; a power of two of them, half empty */
	uint32_t nslots;
	uint32_t nfixed;
	const uint64_t *starts;
	const char *bytes;
	const uint32_t *fixed_slots; /* slots is this: not ours to free */
	struct table_map *map;
};

/* A dictionary of what lies in the map: count strings and their slots, checked by the
 * caller. Keeps a reference; NULL: the memory outlives it. */
struct col_dict *col_dict_fixed(struct table_map *map, const uint64_t *starts,
    const char *bytes, uint32_t count, const uint32_t *slots, uint32_t nslots);
/* Bytes held, in memory or in the map. */
size_t col_dict_bytes(const struct col_dict *dict);

#endif
