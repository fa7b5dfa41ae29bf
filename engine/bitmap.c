#include "engine/bitmap.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"

#define ALIGN ((size_t)64) /* a cache line, which vectors are stored to */

void
bitmap_init(struct bitmap *map, size_t bits)
{
	size_t bytes =
	    (bitmap_words(bits) * sizeof *map->words + ALIGN) / ALIGN * ALIGN;

	map->words = aligned_alloc(ALIGN, bytes);
	STW_ASSERT(map->words != NULL);
	memset(map->words, 0, bytes);
	map->bits = bits;
}

void
bitmap_fini(struct bitmap *map)
{
	free(map->words);
	*map = (struct bitmap){0};
}

void
bitmap_resize(struct bitmap *map, size_t bits)
{
	if (map->words == NULL || bitmap_words(bits) != bitmap_words(map->bits)) {
		free(map->words);
		bitmap_init(map, bits);
		return;
	}
	memset(map->words, 0, bitmap_words(bits) * sizeof *map->words);
	map->bits = bits;
}

size_t
bitmap_count(const struct bitmap *map)
{
	size_t count = 0;

	for (size_t w = 0; w < bitmap_words(map->bits); w++)
		count += (size_t)__builtin_popcountll(map->words[w]);
	return count;
}

size_t
bitmap_next(const struct bitmap *map, size_t from)
{
	size_t words = bitmap_words(map->bits);
	size_t w = from >> 6;
	uint64_t word;

	if (from >= map->bits)
		return SIZE_MAX;
	word = map->words[w] & (UINT64_MAX << (from & 63));
	while (word == 0) {
		if (++w == words)
			return SIZE_MAX;
		word = map->words[w];
	}
	return (w << 6) + (size_t)__builtin_ctzll(word);
}

void
bitmap_copy(struct bitmap *to, const struct bitmap *from)
{
	if (to == from)
		return;
	bitmap_resize(to, from->bits);
	if (from->bits > 0)
		memcpy(to->words, from->words,
		    bitmap_words(from->bits) * sizeof *to->words);
}

void
bitmap_and(struct bitmap *to, const struct bitmap *a, const struct bitmap *b)
{
	STW_ASSERT(to->bits == a->bits && a->bits == b->bits);
	for (size_t w = 0; w < bitmap_words(to->bits); w++)
		to->words[w] = a->words[w] & b->words[w];
}

void
bitmap_or(struct bitmap *to, const struct bitmap *a, const struct bitmap *b)
{
	STW_ASSERT(to->bits == a->bits && a->bits == b->bits);
	for (size_t w = 0; w < bitmap_words(to->bits); w++)
		to->words[w] = a->words[w] | b->words[w];
}

void
bitmap_andnot(struct bitmap *to, const struct bitmap *a, const struct bitmap *b)
{
	STW_ASSERT(to->bits == a->bits && a->bits == b->bits);
	for (size_t w = 0; w < bitmap_words(to->bits); w++)
		to->words[w] = a->words[w] & ~b->words[w];
}
