#include "segments/strmap.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64

void
strmap_init(struct strmap *map)
{
	memset(map, 0, sizeof *map);
	arena_init(&map->arena);
}

void
strmap_fini(struct strmap *map)
{
	arena_fini(&map->arena);
	free(map->entries);
	free(map->slots);
	memset(map, 0, sizeof *map);
}

void
strmap_clear(struct strmap *map)
{
	arena_reset(&map->arena);
	map->count = 0;
	if (map->nslots > 0)
		memset(map->slots, 0, map->nslots * sizeof *map->slots);
}

/* FNV-1a, then mixed so that the low bits are good. */
static uint64_t
hash_of(struct str key)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ (unsigned char)key.ptr[i]) * UINT64_C(1099511628211);
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}

static size_t
slot_find(const struct strmap *map, struct str key, uint64_t hash)
{
	size_t at = hash & (map->nslots - 1);

	while (map->slots[at] != 0) {
		const struct strmap_entry *e = &map->entries[map->slots[at] - 1];

		if (e->hash == hash && str_eq(e->key, key))
			break;
		at = (at + 1) & (map->nslots - 1);
	}
	return at;
}

static void
grow(struct strmap *map)
{
	map->nslots = map->nslots == 0 ? FIRST_SLOTS : map->nslots * 2;
	map->cap = map->nslots / 2;
	map->entries = stw_xrealloc(map->entries, map->cap * sizeof *map->entries);
	free(map->slots);
	map->slots = stw_xalloc(map->nslots * sizeof *map->slots);
	memset(map->slots, 0, map->nslots * sizeof *map->slots);
	for (size_t i = 0; i < map->count; i++)
		map->slots[slot_find(map, map->entries[i].key, map->entries[i].hash)] =
		    (uint32_t)(i + 1);
}

struct strmap_entry *
strmap_find(const struct strmap *map, struct str key)
{
	size_t at;

	if (map->count == 0)
		return NULL;
	at = slot_find(map, key, hash_of(key));
	return map->slots[at] == 0 ? NULL : &map->entries[map->slots[at] - 1];
}

struct strmap_entry *
strmap_add(struct strmap *map, struct str key, bool *added)
{
	uint64_t hash = hash_of(key);
	struct strmap_entry *e;
	size_t at;

	if (map->count == map->cap)
		grow(map);
	at = slot_find(map, key, hash);
	*added = map->slots[at] == 0;
	if (!*added)
		return &map->entries[map->slots[at] - 1];
	e = &map->entries[map->count++];
	map->slots[at] = (uint32_t)map->count;
	*e = (struct strmap_entry){.hash = hash};
	e->key = (struct str){arena_strndup(&map->arena, key.ptr, key.len), key.len};
	e->value = (struct str){"", 0};
	return e;
}

void
strmap_set_value(struct strmap *map, struct strmap_entry *entry, struct str value)
{
	entry->value =
	    (struct str){arena_strndup(&map->arena, value.ptr, value.len), value.len};
}

size_t
strmap_bytes(const struct strmap *map)
{
	return map->arena.total + map->cap * sizeof *map->entries +
	       map->nslots * sizeof *map->slots;
}
