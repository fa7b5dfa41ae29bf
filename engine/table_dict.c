/* Dictionaries of distinct strings: open addressing over the codes. */
#include <stdlib.h>
#include <string.h>

#include "engine/table_priv.h"

/* A file holds the slots as they are: another hash is another TABLE_FILE_VERSION. */
static uint32_t
str_hash(struct str s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)(h ^ (h >> 32));
}

struct col_dict *
col_dict_new(void)
{
	struct col_dict *dict = stw_xalloc(sizeof *dict);

	dict->nslots = 64;
	dict->slots = stw_xalloc(dict->nslots * sizeof *dict->slots);
	return dict;
}

struct col_dict *
col_dict_fixed(struct table_map *map, const uint64_t *starts, const char *bytes,
    uint32_t count, const uint32_t *slots, uint32_t nslots)
{
	struct col_dict *dict = stw_xalloc(sizeof *dict);

	*dict = (struct col_dict){.count = count,
	    .slots =
		(uint32_t *)(uintptr_t)slots, /* replaced before it is written to */
	    .nslots = nslots,
	    .nfixed = count,
	    .starts = starts,
	    .bytes = bytes,
	    .fixed_slots = slots,
	    .map = map == NULL ? NULL : table_map_ref(map)};
	return dict;
}

static void
free_slots(struct col_dict *dict)
{
	if (dict->slots != dict->fixed_slots)
		free(dict->slots);
}

void
col_dict_free(struct col_dict *dict)
{
	if (dict == NULL)
		return;
	arena_fini(&dict->arena);
	free(dict->items);
	free_slots(dict);
	table_map_unref(dict->map);
	free(dict);
}

static struct str
dict_get(const struct col_dict *dict, uint32_t code)
{
	if (code >= dict->nfixed)
		return dict->items[code - dict->nfixed];
	return (struct str){dict->bytes + dict->starts[code],
	    (size_t)(dict->starts[code + 1] - dict->starts[code]) - 1};
}

/* The slot that holds s, or the free one where it belongs. */
static uint32_t
dict_slot(const struct col_dict *dict, struct str s)
{
	uint32_t at = str_hash(s) & (dict->nslots - 1);

	while (dict->slots[at] != 0 && !str_eq(dict_get(dict, dict->slots[at] - 1), s))
		at = (at + 1) & (dict->nslots - 1);
	return at;
}

static void
dict_grow(struct col_dict *dict)
{
	STW_ASSERT(dict->nslots < UINT32_C(0x80000000));
	free_slots(dict);
	dict->nslots *= 2;
	dict->slots = stw_xalloc(dict->nslots * sizeof *dict->slots);
	for (uint32_t code = 0; code < dict->count; code++)
		dict->slots[dict_slot(dict, dict_get(dict, code))] = code + 1;
}

uint32_t
col_dict_add(struct col_dict *dict, struct str s)
{
	uint32_t at = dict_slot(dict, s), own = dict->count - dict->nfixed;

	if (dict->slots[at] != 0)
		return dict->slots[at] - 1;
	if (dict->slots == dict->fixed_slots) {
		dict_grow(dict);
		at = dict_slot(dict, s);
	}
	if (own == dict->cap) {
		dict->cap = dict->cap == 0 ? 32 : dict->cap * 2;
		dict->items =
		    stw_xrealloc(dict->items, dict->cap * sizeof *dict->items);
	}
	dict->items[own] =
	    (struct str){arena_strndup(&dict->arena, s.ptr, s.len), s.len};
	dict->slots[at] = ++dict->count;
	if (dict->count * 2 > dict->nslots)
		dict_grow(dict);
	return dict->count - 1;
}

uint32_t
col_dict_find(const struct col_dict *dict, struct str s)
{
	return dict->slots[dict_slot(dict, s)] - 1; /* free slot: 0 - 1 = UINT32_MAX */
}

struct str
col_dict_get(const struct col_dict *dict, uint32_t code)
{
	STW_ASSERT(code < dict->count);
	return dict_get(dict, code);
}

uint32_t
col_dict_count(const struct col_dict *dict)
{
	return dict->count;
}

size_t
col_dict_bytes(const struct col_dict *dict)
{
	size_t bytes = sizeof *dict + dict->arena.total +
		       dict->cap * sizeof *dict->items +
		       dict->nslots * sizeof *dict->slots;

	if (dict->nfixed > 0)
		bytes += dict->starts[dict->nfixed] +
			 ((size_t)dict->nfixed + 1) * sizeof *dict->starts;
	return bytes;
}
