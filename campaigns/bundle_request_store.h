/*
 * bundle_request_store.h - a bundle that one person asks for and another approves.
 *
 * Purpose    What it is about waits with the request (campaigns/export_approval_store.h, `what`
 *            "bundle") until somebody else has approved it; taking it uses the approval up
 *            and forgets what it was about. A number is sealed, and shown to who approves as
 *            its mask.
 * Ownership  Everything in the arena.
 * Errors     As bundle_ask_check. DENIED by take: not approved, taken, older than a week (asked
 *            for: two weeks), another's, or no bundle's.
 * Locks      The row of the request, outbox; the caller's transaction.
 * Rules      compliance.md 7.4: bulk export needs a second person.
 */
#ifndef STW_CAMPAIGNS_BUNDLE_REQUEST_STORE_H
#define STW_CAMPAIGNS_BUNDLE_REQUEST_STORE_H

#include "campaigns/bundle_store.h"

enum stw_code bundle_request(struct db *db, const struct seal_keys *keys,
    const struct bundle_ask *ask, const char *purpose, const char *actor, stw_day today,
    stw_usec now, struct arena *arena, struct uuid *id,
    struct stw_err *err) STW_MUST_USE;
enum stw_code bundle_request_take(struct db *db, const struct seal_keys *keys,
    const struct uuid *id, const char *actor, stw_usec now, struct arena *arena,
    struct bundle_ask *ask, const char **purpose, const char **approver,
    struct stw_err *err) STW_MUST_USE;

#endif
