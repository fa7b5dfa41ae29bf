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
 * Waiting    registry_ask waits for the answers. Who has other work begins, polls the client
 *            that the asker was given, and ends when it is over: within eight seconds and one
 *            timeout, whatever the registry does.
 * Ownership  registry_asker_new/free, after the client was closed; an ask is freed by its end
 *            or with its asker.
 * Errors     None: what went wrong is logged, and stays unanswered.
 * Locks      Must be called outside of a transaction, and holds none while it waits.
 * Threads    An asker belongs to the thread of its client.
 */
#ifndef STW_API_PUSH_REGISTRY_ASK_H
#define STW_API_PUSH_REGISTRY_ASK_H

#include "api/push/http.h"
#include "db/db.h"
#include "db/seal.h"
#include "engine/uuid.h"

/* agent: only about tasks which that agent has; NULL: any. */
void registry_ask(struct db *db, const struct seal_keys *keys,
    const struct egress *egress, const struct uuid *tasks, size_t ntasks,
    const char *agent, stw_usec now);

struct registry_asker;
struct registry_ask;

/* slots: how many of the client's it may take. */
struct registry_asker *registry_asker_new(
    struct db *db, const struct seal_keys *keys, struct http_client *client, int slots);
void registry_asker_free(struct registry_asker *asker);
/* NULL: there is nothing to ask. */
struct registry_ask *registry_ask_begin(struct registry_asker *asker,
    const struct uuid *tasks, size_t ntasks, const char *agent, stw_usec now);
/* Sends what waited for a slot; between two polls of the client. */
void registry_asker_work(struct registry_asker *asker);
bool registry_ask_is_over(const struct registry_ask *ask);
/* Writes down what came. */
void registry_ask_end(
    struct registry_asker *asker, struct registry_ask *ask, stw_usec now);

#endif
