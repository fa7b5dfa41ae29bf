/*
 * segment_change.h - a segment goes out of use and leaves everything standing.
 *
 * Purpose    Retires a segment, and refuses while a campaign that is not ended, another
 *            segment or a promise of the lifecycle model uses it: one transaction.
 * Errors     NOT_FOUND; CONFLICT names the users. db must not be in a transaction, unless
 *            lent.
 */
#ifndef STW_API_SEGMENT_CHANGE_H
#define STW_API_SEGMENT_CHANGE_H

#include "segments/segment_store.h"

enum stw_code segment_change_retire(struct db *db, const char *code, const char *actor,
    stw_usec now, struct stw_err *err) STW_MUST_USE;

#endif
