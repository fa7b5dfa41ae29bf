/*
 * run_hold.h - why a run looked at nobody.
 *
 * Purpose    A campaign is held back where the data its rules rest on is not what was asked
 *            of it, or where the rule of its audience fails for everybody
 *            (segments/rule_fault.h). One text for commands and the API, in two languages.
 */
#ifndef STW_CAMPAIGNS_RUN_HOLD_H
#define STW_CAMPAIGNS_RUN_HOLD_H

#include "campaigns/campaign_store.h"

bool run_held(const struct run_row *run);
/* Of one that is held; without the trait's name, which stands beside it. */
void run_held_print(const struct run_row *run, bool zh, struct buf *to);

#endif
