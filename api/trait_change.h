/*
 * trait_change.h - a change of the trait catalogue that leaves everything standing.
 *
 * Purpose    Saves or retires a trait of the bank, and refuses when an active campaign
 *            would no longer compile (segments, the lifecycle model and other traits are
 *            checked by segments/trait_store.h): one transaction.
 * Errors     As segments/trait_store.h. db must not be in a transaction, unless lent.
 */
#ifndef STW_API_TRAIT_CHANGE_H
#define STW_API_TRAIT_CHANGE_H

#include "segments/trait_store.h"

enum stw_code trait_change_save(struct db *db, const struct trait *trait,
    const char *actor, stw_usec now, int *version, struct stw_err *err) STW_MUST_USE;
enum stw_code trait_change_retire(struct db *db, const char *name, const char *actor,
    stw_usec now, struct stw_err *err) STW_MUST_USE;

#endif
