/*
 * bitmap.h - one bit a row.
 *
 * Ownership  bitmap_init/bitmap_fini; words past the last row are zero.
 */
#ifndef STW_ENGINE_BITMAP_H
#define STW_ENGINE_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bitmap {
	uint64_t *words;
	size_t bits;
};

void bitmap_init(struct bitmap *map, size_t bits); /* all clear */
void bitmap_fini(struct bitmap *map);
void bitmap_resize(struct bitmap *map, size_t bits); /* all clear */
size_t bitmap_count(const struct bitmap *map);
/* The first set bit at or after from; SIZE_MAX when there is none. */
size_t bitmap_next(const struct bitmap *map, size_t from);
void bitmap_copy(struct bitmap *to, const struct bitmap *from);
/* to = a op b; sizes must be equal. */
void bitmap_and(struct bitmap *to, const struct bitmap *a, const struct bitmap *b);
void bitmap_or(struct bitmap *to, const struct bitmap *a, const struct bitmap *b);
void bitmap_andnot(struct bitmap *to, const struct bitmap *a, const struct bitmap *b);

static inline size_t
bitmap_words(size_t bits)
{
	return (bits + 63) / 64;
}

static inline bool
bitmap_get(const struct bitmap *map, size_t bit)
{
	return ((map->words[bit >> 6] >> (bit & 63)) & 1) != 0;
}

static inline void
bitmap_set(struct bitmap *map, size_t bit)
{
	map->words[bit >> 6] |= UINT64_C(1) << (bit & 63);
}

static inline void
bitmap_clear_bit(struct bitmap *map, size_t bit)
{
	map->words[bit >> 6] &= ~(UINT64_C(1) << (bit & 63));
}

#endif
