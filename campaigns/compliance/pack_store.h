/*
 * pack_store.h - which packs are in force, and since when.
 *
 * Purpose    A pack comes into force when its own tests pass and a second person approves;
 *            a ledger entry ("rule_change") in the same transaction says so.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_PACK_STORE_H
#define STW_CAMPAIGNS_COMPLIANCE_PACK_STORE_H

#include "db/db.h"

/* from: when it takes effect; may lie ahead. *added false: it was in force already.
 * CONFLICT: activated_by and approved_by are the same. Own transaction. */
enum stw_code pack_activate(struct db *db, const char *pack, const char *version,
    stw_usec from, const char *activated_by, const char *approved_by, stw_usec now,
    bool *added, struct stw_err *err) STW_MUST_USE;

#endif
