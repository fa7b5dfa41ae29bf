/*
 * progress.h - how a long step says how far it is.
 *
 * Threads    Called by the thread that does the work, a few times a second at most.
 */
#ifndef STW_SEGMENTS_PROGRESS_H
#define STW_SEGMENTS_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/err.h"

/* what: "customers", "transactions", "stages", ...; total 0: not known. */
struct progress {
	void (*tell)(void *arg, const char *what, int64_t done, int64_t total);
	void *arg;
	const atomic_bool *stop; /* set: the step is not wanted any more; NULL: never */
};

/* progress may be NULL, and so may its tell. */
static inline void
progress_tell(
    const struct progress *progress, const char *what, int64_t done, int64_t total)
{
	if (progress != NULL && progress->tell != NULL)
		progress->tell(progress->arg, what, done, total);
}

/* TEMPFAIL once the step is not wanted any more; for loops that ask no database. */
static inline enum stw_code
progress_check(const struct progress *progress, struct stw_err *err)
{
	if (progress == NULL || progress->stop == NULL || !atomic_load(progress->stop))
		return STW_OK;
	return stw_fail(err, STW_TEMPFAIL, "the work was told to stop");
}

#endif
