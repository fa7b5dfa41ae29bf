/*
 * complaint_trace_store.h - from a complaint to the contacts it can be about.
 *
 * Purpose    Opens the number that a complaint names, in memory only, and traces it, or the
 *            customer where no number is known (campaigns/trace_store.h).
 * Errors     As there. CONFLICT: it names neither.
 * Locks      The index key's hold; the caller's transaction, which changes nothing.
 */
#ifndef STW_CAMPAIGNS_COMPLAINT_TRACE_STORE_H
#define STW_CAMPAIGNS_COMPLAINT_TRACE_STORE_H

#include "campaigns/complaint_store.h"
#include "campaigns/trace_store.h"

/* 48 hours either way of the contact as it was said to be; what was not said is looked for
 * 48 hours either way of when it came in. */
void complaint_stretch(
    const struct complaint_row *complaint, stw_usec *from, stw_usec *to);
enum stw_code complaint_trace(struct db *db, const struct seal_keys *keys,
    const struct complaint_row *complaint, stw_usec from, stw_usec to,
    struct arena *arena, struct trace *out, struct stw_err *err) STW_MUST_USE;

#endif
