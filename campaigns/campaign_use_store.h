/*
 * campaign_use_store.h - which campaigns ask for a segment.
 *
 * Purpose    A segment that goes away leaves no campaign behind that speaks of it: campaigns
 *            that are not ended, in their newest version and in the one in force, by their
 *            rules and by what sets them off.
 * Ownership  *users lives in the arena.
 */
#ifndef STW_CAMPAIGNS_CAMPAIGN_USE_STORE_H
#define STW_CAMPAIGNS_CAMPAIGN_USE_STORE_H

#include "campaigns/campaign_store.h"

/* "a, b"; NULL: none. env: of all active segments, this one too. */
enum stw_code campaign_segment_users(struct db *db, const struct rule_env *env,
    const char *segment, struct arena *arena, const char **users,
    struct stw_err *err) STW_MUST_USE;

#endif
