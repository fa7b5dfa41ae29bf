/*
 * number_health_store.h - suspends numbers that are unfit, and lets them return.
 *
 * Purpose    Judges every number in use from its tallies and labels (number_health.h) and
 *            acts on it: suspension at once, return by rule where the policy of the metric
 *            that suspended it says so, else by two persons. Each with its evidence in the
 *            ledger.
 * Locks      The number's row, one number a transaction.
 */
#ifndef STW_CAMPAIGNS_NUMBER_HEALTH_STORE_H
#define STW_CAMPAIGNS_NUMBER_HEALTH_STORE_H

#include "campaigns/number_health.h"
#include "db/db.h"

struct number_policies {
	struct health_policy health[HEALTH_METRICS];
	bool on_new, on_gone, on_changed, on_holder, on_licence,
	    on_status; /* a difference of the carrier's ledger suspends */
};
enum stw_code number_policies_load(
    struct db *db, struct number_policies *out, struct stw_err *err) STW_MUST_USE;

/* Every threshold as it stands, by name ("answer.min"). */
enum stw_code number_policy_each(struct db *db,
    void (*each)(void *arg, const char *name, int64_t value), void *arg,
    struct stw_err *err) STW_MUST_USE;

struct number_health {
	int64_t number_id;
	const char *number, *pool, *status, *suspended_by, *reason; /* or NULL */
	stw_usec cooldown_until;                                    /* or NEVER */
	struct health_rate rates[HEALTH_METRICS];
	struct health_finding finding;
	const char *done; /* "suspended", "returned"; NULL: nothing */
};
/* number_id 0: of all. Changes nothing. */
enum stw_code number_health_look(struct db *db, const struct number_policies *policies,
    int64_t number_id, stw_usec now, struct arena *arena, struct number_health **out,
    int *count, struct stw_err *err) STW_MUST_USE;
/* Looks and acts; what was done stands in each. */
enum stw_code number_health_act(struct db *db, const struct number_policies *policies,
    stw_usec now, struct arena *arena, struct number_health **out, int *count,
    struct stw_err *err) STW_MUST_USE;

/* All that happens to numbers as time goes by: approved changes take effect, unfit numbers
 * are suspended or return, places that ran out are taken away. Part of each tick. */
struct number_tick {
	int applied, failed, suspended, returned;
	int64_t swept;
};
enum stw_code number_tick(struct db *db, stw_usec now, struct number_tick *out,
    struct stw_err *err) STW_MUST_USE;

#endif
