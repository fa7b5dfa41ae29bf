/*
 * campaign_store.h - campaigns and their versions in the database.
 *
 * Purpose    draft -> approved by somebody else -> active -> paused -> active ... ended.
 *            Every change is a ledger entry ("rule_change") in its own transaction, which
 *            these functions open and commit. Pausing cancels what is planned and recalls
 *            what was pushed.
 * Errors     NOT_FOUND: no such campaign or version. CONFLICT: state does not allow it, or
 *            author and approver are the same person. INVALID: bad document.
 */
#ifndef STW_CAMPAIGNS_CAMPAIGN_STORE_H
#define STW_CAMPAIGNS_CAMPAIGN_STORE_H

#include "campaigns/campaign.h"
#include "db/db.h"
#include "segments/trait_quality.h"

struct campaign_row {
	int64_t campaign_id;
	const char *code, *state;
	int active_version; /* 0: none */
	int newest_version;
	const char *author,
	    *approved_by;     /* of the newest version; NULL: not approved */
	const char *document; /* of the newest version, canonical JSON */
	const char *hash_hex; /* of the newest version; its ETag */
	stw_usec updated_at;
};

/* A new version (and the campaign when it is the first). *version gets its number. The
 * same document as the newest version adds nothing. expect_hash: NULL, or the hash the
 * newest version must have (If-Match), else CONFLICT. */
enum stw_code campaign_create(struct db *db, struct str document,
    const struct rule_env *env, const char *author, const char *expect_hash,
    stw_usec now, struct arena *arena, struct campaign_row *out,
    struct stw_err *err) STW_MUST_USE;
enum stw_code campaign_approve(struct db *db, const char *code, int version,
    const char *approver, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* Activates the newest approved version; checks that script, queue and pool exist. */
enum stw_code campaign_activate(struct db *db, const char *code, const char *actor,
    stw_usec now, struct stw_err *err) STW_MUST_USE;
enum stw_code campaign_pause(struct db *db, const char *code, const char *actor,
    stw_usec now, struct stw_err *err) STW_MUST_USE;
enum stw_code campaign_get(struct db *db, const char *code, struct arena *arena,
    struct campaign_row *out, struct stw_err *err) STW_MUST_USE;
enum stw_code campaign_list(struct db *db, struct arena *arena,
    struct campaign_row **out, int *count, struct stw_err *err) STW_MUST_USE;

/* The funnel of one run. audience = sum of counts, exactly. */
struct run_reason {
	const char *fate, *code;
	int64_t count;
};
struct run_row {
	const char *run_id, *campaign;
	int version;
	stw_usec as_of, started_at,
	    finished_at; /* finished_at STW_USEC_NEVER: still going */
	int64_t scope, audience, undecided;
	/* Held back: nobody was looked at (campaigns/run_hold.h), for the sake of this
	 * trait's data ("customer.aum"), or of the audience's rule, which fails
	 * ("1:4: division by zero"); both NULL: not held. */
	const char *held_trait, *held_rule;
	struct trait_finding held;
	struct run_reason *reasons;
	int nreasons;
};
/* The newest runs first; campaign NULL: of all. */
enum stw_code campaign_runs(struct db *db, const char *campaign, int limit,
    struct arena *arena, struct run_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;
/* Of each active campaign whose newest run was held back: that hold; as_of is since when. */
enum stw_code campaign_held(struct db *db, struct arena *arena, struct run_row **out,
    int *count, struct stw_err *err) STW_MUST_USE;

#endif
