/*
 * table_map.h - the file that packed columns and dictionaries lie in, while any is used.
 *
 * Ownership  Counted: whoever keeps an address inside keeps a reference.
 * Threads    Any.
 */
#ifndef STW_ENGINE_TABLE_MAP_H
#define STW_ENGINE_TABLE_MAP_H

#include <stddef.h>

struct table_map;

/* Takes an mmap of so many bytes; the caller has the one reference. */
struct table_map *table_map_new(void *addr, size_t size);
struct table_map *table_map_ref(struct table_map *map);
void table_map_unref(struct table_map *map); /* NULL is fine; the last one unmaps */

#endif
