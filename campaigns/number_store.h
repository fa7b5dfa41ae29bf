/*
 * number_store.h - the registry of caller numbers and their use.
 *
 * Purpose    Register, suspend, resume and list caller numbers; each change keeps a row of
 *            history and a ledger entry ("number_change"), in its own transaction.
 *            Suspending takes the row's lock, so that no dispatch or permit that begins
 *            later uses the number.
 */
#ifndef STW_CAMPAIGNS_NUMBER_STORE_H
#define STW_CAMPAIGNS_NUMBER_STORE_H

#include "db/db.h"

struct number_row {
	int64_t number_id;
	const char *number, *kind, *pool, *holder, *user_org, *carrier;
	const char **regions, **channels, **purposes;
	size_t nregions, nchannels, npurposes;
	const char *direction;
	bool robot, has_approval;
	const char *licence_no;            /* NULL: none */
	stw_usec licence_from, licence_to; /* STW_USEC_NEVER / MAX: open */
	const char *status, *status_reason;
	int daily_cap, hourly_cap; /* 0: none */
	int version;
	int64_t used_today,
	    used_hour; /* in the institution's day and the running hour */
};

enum stw_code number_put(struct db *db, const struct number_row *number,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* status: "active" or "suspended"; reason is required. */
enum stw_code number_set_status(struct db *db, int64_t number_id, const char *status,
    const char *reason, const char *actor, stw_usec now,
    struct stw_err *err) STW_MUST_USE;
/* pool NULL: all. day_start: the instant the institution's day began. */
enum stw_code number_list(struct db *db, const char *pool, stw_usec now,
    stw_usec day_start, struct arena *arena, struct number_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;
enum stw_code number_get(struct db *db, int64_t number_id, stw_usec now,
    stw_usec day_start, struct arena *arena, struct number_row *out,
    struct stw_err *err) STW_MUST_USE;

#endif
