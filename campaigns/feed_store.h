/*
 * feed_store.h - what the bank's other systems report, as the gate asks about it.
 *
 * Purpose    Recorders, impact assessments and the clips of labels are about a campaign, its
 *            queue and its script, not about a person: one look for a whole plan, one for a
 *            task. What nobody reported, or not lately, stays unknown, and the rules that
 *            ask deny.
 * Ownership  The clip's text lives in the arena.
 * Rules      CN-09 (impact assessment), CN-27, EU-03 (recording), CN-32 (label).
 */
#ifndef STW_CAMPAIGNS_FEED_STORE_H
#define STW_CAMPAIGNS_FEED_STORE_H

#include "campaigns/compliance/gate.h"
#include "db/db.h"

/* Fills impact_assessed, recorder and script.clip; the script must be filled before. */
enum stw_code feeds_load(struct db *db, const char *campaign, int64_t queue_id,
    stw_usec now, struct arena *arena, struct gate_facts *facts,
    struct stw_err *err) STW_MUST_USE;

/* The clip that says that a voice is synthetic, of an approved or other version of a script;
 * NULL: there is none any more. In the caller's transaction. NOT_FOUND: no such version. */
enum stw_code script_clip_put(struct db *db, const char *script, int version,
    const char *clip, const char *sha256, const char *actor, stw_usec now,
    struct stw_err *err) STW_MUST_USE;

#endif
