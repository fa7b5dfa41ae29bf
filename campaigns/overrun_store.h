/*
 * overrun_store.h - calls that ran past the hours they were permitted in.
 *
 * Purpose    Hours are tested when a call is started, and it may be talked to its end. That
 *            it went on after the hours had ended is noted: an incident with the code
 *            CALL_RAN_PAST_WINDOW (a warning), so that such calls can be counted and looked
 *            at. The end of the hours is the one that the permit's own decision found: the
 *            first of its windows and days to close.
 * Rules      compliance.md 2, time windows.
 */
#ifndef STW_CAMPAIGNS_OVERRUN_STORE_H
#define STW_CAMPAIGNS_OVERRUN_STORE_H

#include "campaigns/compliance/ruleset.h"
#include "db/db.h"
#include "engine/uuid.h"

/* In the caller's transaction. One incident a permit, whoever tells of the call first and
 * how often; *opened false: it is there, or the call ended in time. */
enum stw_code overrun_note(struct db *db, const struct ruleset *rules, int bucket,
    const char *permit_id, stw_usec ended_at, stw_usec now, struct uuid *id,
    bool *opened, struct stw_err *err) STW_MUST_USE;

#endif
