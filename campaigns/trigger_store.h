/*
 * trigger_store.h - what the database knows of triggers.
 *
 * Purpose    Who entered or left a segment lately; and whether a stage that a trigger names
 *            is one of the lifecycle model in force. Segments are checked where the document
 *            is read: its rules know them.
 * Errors     INVALID: "/trigger/stage: ..."; and as db/db.h.
 */
#ifndef STW_CAMPAIGNS_TRIGGER_STORE_H
#define STW_CAMPAIGNS_TRIGGER_STORE_H

#include "campaigns/trigger.h"
#include "db/db.h"

/* Of a campaign that is validated or created. */
enum stw_code trigger_check(
    struct db *db, const struct trigger *trigger, struct stw_err *err) STW_MUST_USE;

/* All hits, of each part its own (out: as many as there are parts, empty): what the parts
 * tell, or by what ticks have stored of memberships. */
enum stw_code trigger_hits_load(struct db *db, const struct trigger *trigger,
    const struct book_parts *parts, const struct trigger_window *window,
    struct trigger_hits *out, struct stw_err *err) STW_MUST_USE;

#endif
