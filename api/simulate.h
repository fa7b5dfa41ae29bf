/*
 * simulate.h - a dry run of planning over the book that is there.
 *
 * Purpose    What planning would do now, with stages and memberships as the last tick left
 *            them: one call for the command and the API. Writes nothing.
 * Errors     Those of campaigns/plan_store.h and of loading a book.
 */
#ifndef STW_API_SIMULATE_H
#define STW_API_SIMULATE_H

#include "campaigns/plan_store.h"
#include "segments/book_live_store.h"

/* live: whose newest version is looked at; NULL: a book is loaded. code NULL: all active
 * campaigns. out lives in the arena. db must not be in a transaction. */
enum stw_code simulate_plan(struct db *db, struct book_live *live, const char *code,
    int version, stw_usec now, const struct progress *progress, struct arena *arena,
    struct plan_result *out, struct stw_err *err) STW_MUST_USE;

#endif
