/*
 * registry_ask.h - asks registries about the numbers of tasks, before their contact.
 *
 * Purpose    A registry that answers about single numbers is asked when its newest word on a
 *            number is older than it allows (registry.freshness_days). The answer is stored,
 *            and the gate reads it in its own transaction, afterwards. A registry that does
 *            not answer, or not in the agreed form, is down until it does: past their
 *            freshness the rules say REGISTRY_UNAVAILABLE, before it nothing changes.
 * The wire   POST {"registry","number","number_form"[,"consent_date"]}, the number as the
 *            registry wants it (E.164, its SHA-256, or an HMAC-SHA256 of it under the
 *            secret) and never in the address; "Authorization: Bearer" with the secret,
 *            unless that is the HMAC's key. 200 with {"answer"[,"listed_on","version"]}.
 *            No redirects; the egress list holds.
 * Bounds     At most 64 questions a call, each within the registry's timeout, and no more a
 *            second than it allows, over all processes. What is not asked now is asked when
 *            the gate has put the task off.
 * Errors     None: what went wrong is logged, and stays unanswered.
 * Locks      Must be called outside of a transaction, and holds none while it waits.
 */
#ifndef STW_API_PUSH_REGISTRY_ASK_H
#define STW_API_PUSH_REGISTRY_ASK_H

#include "api/push/egress.h"
#include "db/db.h"
#include "db/seal.h"
#include "engine/uuid.h"

/* agent: only about tasks which that agent has; NULL: any. */
void registry_ask(struct db *db, const struct seal_keys *keys,
    const struct egress *egress, const struct uuid *tasks, size_t ntasks,
    const char *agent, stw_usec now);

#endif
