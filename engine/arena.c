#include "engine/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"

#define ARENA_BLOCK_MIN ((size_t)16 * 1024)
#define ARENA_BLOCK_MAX ((size_t)1024 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t cap;
	alignas(max_align_t) unsigned char data[];
};

static void
out_of_memory(size_t size)
{
	(void)fprintf(stderr, "steward: out of memory (asked for %zu bytes)\n", size);
	abort();
}

void *
stw_xalloc(size_t size)
{
	void *p = calloc(1, size == 0 ? 1 : size);

	if (p == NULL)
		out_of_memory(size);
	return p;
}

void *
stw_xrealloc(void *old, size_t size)
{
	void *p = realloc(old, size == 0 ? 1 : size);

	if (p == NULL)
		out_of_memory(size);
	return p;
}

char *
stw_xstrdup(const char *s)
{
	size_t len = strlen(s) + 1;

	return memcpy(stw_xalloc(len), s, len);
}

void
arena_init(struct arena *arena)
{
	memset(arena, 0, sizeof *arena);
}

void
arena_fini(struct arena *arena)
{
	struct arena_block *next;

	for (struct arena_block *b = arena->head; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	memset(arena, 0, sizeof *arena);
}

void
arena_reset(struct arena *arena)
{
	struct arena_block *keep = arena->head;
	struct arena_block *next;

	if (keep == NULL)
		return;
	for (struct arena_block *b = keep->next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	keep->next = NULL;
	arena->used = 0;
	arena->cap = keep->cap;
	arena->total = keep->cap;
}

static void
arena_grow(struct arena *arena, size_t need)
{
	size_t cap = arena->cap == 0 ? ARENA_BLOCK_MIN : arena->cap * 2;
	struct arena_block *b;

	if (cap > ARENA_BLOCK_MAX)
		cap = ARENA_BLOCK_MAX;
	if (cap < need)
		cap = need;
	STW_ASSERT(cap < SIZE_MAX - sizeof *b);
	b = malloc(sizeof *b + cap);
	if (b == NULL)
		out_of_memory(cap);
	b->cap = cap;
	b->next = arena->head;
	arena->head = b;
	arena->used = 0;
	arena->cap = cap;
	arena->total += cap;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t align = alignof(max_align_t);
	size_t need;
	void *p;

	STW_ASSERT(size < SIZE_MAX - align);
	need = (size == 0 ? 1 : size) + align - 1;
	need -= need % align;
	if (arena->head == NULL || arena->cap - arena->used < need)
		arena_grow(arena, need);
	p = arena->head->data + arena->used;
	arena->used += need;
	return memset(p, 0, need);
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	STW_ASSERT(!__builtin_mul_overflow(count, size, &bytes));
	return arena_alloc(arena, bytes);
}

char *
arena_strndup(struct arena *arena, const char *s, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (len > 0)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *s)
{
	return arena_strndup(arena, s, strlen(s));
}

char *
arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	STW_ASSERT(len >= 0);
	text = arena_alloc(arena, (size_t)len + 1);
	va_start(ap, fmt);
	(void)vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return text;
}
