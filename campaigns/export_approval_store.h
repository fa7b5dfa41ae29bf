/*
 * export_approval_store.h - a second person for who takes many rows along.
 *
 * Purpose    A request names what is wanted, with which filter and for which case; somebody
 *            else approves it; the export that follows uses it up. The request and the
 *            approval are entries of the ledger.
 * Ownership  Everything in the arena.
 * Errors     NOT_FOUND; CONFLICT: one's own, or approved already. DENIED by use: not approved,
 *            used, older than a week, another's, or for other rows.
 * Locks      Outbox; the caller's transaction.
 * Rules      compliance.md 7.4: bulk export needs a second person.
 */
#ifndef STW_CAMPAIGNS_EXPORT_APPROVAL_STORE_H
#define STW_CAMPAIGNS_EXPORT_APPROVAL_STORE_H

#include "campaigns/export_store.h"
#include "engine/uuid.h"

/* "segment=x stage=- from=... to=...": one text for one filter. */
const char *export_filter_text(const struct export_filter *filter, struct arena *arena)
    __attribute__((returns_nonnull));

/* what and filter as they are shown to who approves; the use below names the same. */
enum stw_code export_ask(struct db *db, const char *what, const char *filter,
    const char *purpose, const char *actor, stw_usec now, struct uuid *id,
    struct stw_err *err) STW_MUST_USE;
/* The same for rows of a kind. */
enum stw_code export_request(struct db *db, const struct export_kind *kind,
    const struct export_filter *filter, const char *purpose, const char *actor,
    stw_usec now, struct arena *arena, struct uuid *id,
    struct stw_err *err) STW_MUST_USE;
enum stw_code export_approve(struct db *db, const struct uuid *id, const char *actor,
    stw_usec now, struct stw_err *err) STW_MUST_USE;
enum stw_code export_approval_use(struct db *db, const struct uuid *id,
    const char *what, const char *filter, const char *actor, stw_usec now,
    struct arena *arena, const char **purpose, const char **approver,
    struct stw_err *err) STW_MUST_USE;

struct export_request_row {
	struct uuid id;
	const char *what, *filter, *purpose, *requested_by;
	const char *approved_by;                     /* NULL: not yet */
	stw_usec requested_at, approved_at, used_at; /* STW_USEC_NEVER: not yet */
};
/* Newest first; id NULL: all of them. */
enum stw_code export_requests(struct db *db, const struct uuid *id, int limit,
    struct arena *arena, struct export_request_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
