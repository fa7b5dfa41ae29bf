/*
 * plan_store.h - from active campaigns to tasks, bucket by bucket.
 *
 * Purpose    For each active campaign: audience over the book (each part of it), hold-out, facts, gate P,
 *            then decision + enrolment + task + ledger entries in one transaction a bucket.
 *            Running it again after a crash adds nothing: ids are derived from what they
 *            stand for.
 * Sums       audience = held_out + already + no_contact_point + blocked + deferred +
 *            review + planned, checked before a run is closed.
 */
#ifndef STW_CAMPAIGNS_PLAN_STORE_H
#define STW_CAMPAIGNS_PLAN_STORE_H

#include "campaigns/campaign_store.h"
#include "campaigns/compliance/ruleset.h"
#include "db/db.h"
#include "segments/book.h"

struct plan_options {
	stw_usec now;
	struct segment_hosts *segments; /* of the same parts; to plan: evaluated */
	void (*progress)(void *host, const char *campaign, int bucket, int64_t done);
	void *progress_host;
};

struct plan_result {
	struct run_row *runs; /* one a campaign, in the arena */
	int nruns;
	int64_t tasks; /* new ones */
};

enum stw_code plan_run(struct db *db, const struct book_parts *parts,
    const struct ruleset *rules, const struct plan_options *options,
    struct arena *arena, struct plan_result *out, struct stw_err *err) STW_MUST_USE;

/* What planning would do now with the stages and memberships as they are stored, and nothing
 * written: of one campaign, in a version that need not be approved or active and is looked at
 * as if it were, or (code NULL) of all that are active. Fates and sums are those of a run;
 * run_id is NULL. The memberships that rules ask for are read into the hosts. NOT_FOUND: no
 * such campaign or version. */
enum stw_code plan_simulate(struct db *db, const struct book_parts *parts,
    const struct ruleset *rules, const struct plan_options *options, const char *code,
    int version, struct arena *arena, struct plan_result *out,
    struct stw_err *err) STW_MUST_USE;

#endif
