/*
 * progress.h - how a long step says how far it is.
 *
 * Threads    Called by the thread that does the work, a few times a second at most.
 */
#ifndef STW_SEGMENTS_PROGRESS_H
#define STW_SEGMENTS_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

/* what: "customers", "transactions", "stages", ...; total 0: not known. */
struct progress {
	void (*tell)(void *arg, const char *what, int64_t done, int64_t total);
	void *arg;
};

/* progress may be NULL, and so may its tell. */
static inline void
progress_tell(
    const struct progress *progress, const char *what, int64_t done, int64_t total)
{
	if (progress != NULL && progress->tell != NULL)
		progress->tell(progress->arg, what, done, total);
}

#endif
