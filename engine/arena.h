/*
 * arena.h - memory that lives exactly as long as one unit of work.
 *
 * Purpose    Bump allocation for a request, a batch, a checked rule.
 * Ownership  Whoever inits an arena finis it; what is allocated from it is never
 *            freed alone and never outlives it.
 * Errors     None: an allocation that fails ends the process. Inputs from outside
 *            get their size limit before they get here.
 * Threads    One arena belongs to one thread at a time.
 */
#ifndef STW_ENGINE_ARENA_H
#define STW_ENGINE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t used, cap; /* of the head block */
	size_t total;     /* bytes held, all blocks */
};

void arena_init(struct arena *arena);
void arena_fini(struct arena *arena);

/* Forgets all allocations but keeps the newest block for reuse. */
void arena_reset(struct arena *arena);

/* Zeroed, aligned for any type; size 0 gives a unique pointer. */
void *arena_alloc(struct arena *arena, size_t size)
    __attribute__((malloc, returns_nonnull));

/* count * size with an overflow check. */
void *arena_array(struct arena *arena, size_t count, size_t size)
    __attribute__((malloc, returns_nonnull));

char *arena_strdup(struct arena *arena, const char *s) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *arena, const char *s, size_t len)
    __attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));

/* malloc and friends that end the process on failure; freed with free(). */
void *stw_xalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *stw_xrealloc(void *old, size_t size) __attribute__((returns_nonnull));
char *stw_xstrdup(const char *s) __attribute__((returns_nonnull));

#endif
