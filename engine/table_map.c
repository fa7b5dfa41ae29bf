#include "engine/table_map.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "engine/arena.h"

struct table_map {
	_Atomic int refs;
	void *addr;
	size_t size;
};

struct table_map *
table_map_new(void *addr, size_t size)
{
	struct table_map *map = stw_xalloc(sizeof *map);

	map->refs = 1;
	map->addr = addr;
	map->size = size;
	return map;
}

struct table_map *
table_map_ref(struct table_map *map)
{
	(void)atomic_fetch_add(&map->refs, 1);
	return map;
}

void
table_map_unref(struct table_map *map)
{
	if (map == NULL || atomic_fetch_sub(&map->refs, 1) > 1)
		return;
	(void)munmap(map->addr, map->size);
	free(map);
}
