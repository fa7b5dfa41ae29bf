/*
 * plan_priv.h - what the files of planning share.
 *
 *   plan_store.c           campaigns one after the other, bucket by bucket
 *   plan_job_store.c       one campaign made ready: document, script, numbers, is its data good
 *   plan_audience_store.c  who is meant, and when it happened to them
 *   plan_fate_store.c      facts, the gate, one fate for each
 *   plan_write_store.c     decisions, enrolments, tasks, the run
 */
#ifndef STW_CAMPAIGNS_PLAN_PRIV_H
#define STW_CAMPAIGNS_PLAN_PRIV_H

#include "campaigns/compliance/gate_many.h"
#include "campaigns/decision_store.h"
#include "campaigns/plan.h"
#include "campaigns/plan_store.h"
#include "campaigns/trigger.h"
#include "segments/segment_store.h"
#include "segments/trait_quality_store.h"

/* What is known of the data that rules rest on. */
struct plan_guard {
	struct trait_catalogue catalogue;
	struct trait_quality *looks;
	int nlooks;
};

/* One campaign being planned. */
struct plan_job {
	struct db *db;
	const struct book_parts *parts;
	const struct book
	    *book; /* the first part: for the zone, and as all have its columns */
	const struct ruleset *rules;
	const struct plan_options *options;
	const struct plan_guard *guard;
	struct arena *arena; /* lives as long as the campaign's planning */
	struct campaign campaign;
	int64_t campaign_id, queue_id;
	int version;
	struct gate_facts scaffold; /* what is the same for everybody */
	struct gate_many *gate;
	struct gate_number *numbers;
	int nnumbers;
	struct plan_window window;
	stw_usec activated_at;
	struct trigger_hits hits[BOOK_PARTS_MAX]; /* of a campaign with a trigger */
	struct bitmap audience[BOOK_PARTS_MAX];
	int64_t naudience, nundecided;
	bool answered;        /* the audience's rule, of somebody */
	struct stw_err fault; /* of it, when it fails for everybody; else code STW_OK */
	struct plan_tally tally;
	int64_t tasks;
};

/* What one bucket's transaction writes. */
struct plan_candidate {
	int part;
	size_t row; /* of the part */
	int64_t customer_id;
	struct str ref, occurrence;
	int64_t value;
	struct uuid task_id;
	enum plan_fate fate;
	bool recorded; /* the decision stands already */
	int64_t point_id, number_id;
	int64_t seen_id; /* the number of the pool this customer saw last; 0: none */
	const char *mask;
	struct gate_facts facts;
	struct gate_decision decision;
	struct uuid decision_id;
	struct decision_draft draft;
};

struct plan_batch {
	struct plan_candidate *items;
	int count;
	struct arena arena;
};

/* ---- plan_job_store.c ------------------------------------------------------------------ */
/* keep: what the looks found is written down. */
enum stw_code plan_guard_open(struct db *db, const struct book_parts *parts,
    stw_usec now, bool keep, struct arena *arena, struct plan_guard *out,
    struct stw_err *err) STW_MUST_USE;
/* Row r of plan_campaigns. */
enum stw_code plan_job_open(struct plan_job *job, const struct db_rows *rows, int r,
    struct stw_err *err) STW_MUST_USE;
/* The first trait in breach that one of the campaign's rules rests on; NULL: none. */
const struct trait_quality *plan_held_by(const struct plan_job *job);
/* The stored members of the segments that its rules ask for, into the hosts. */
enum stw_code plan_members_read(
    const struct plan_job *job, struct stw_err *err) STW_MUST_USE;

/* ---- plan_audience_store.c ------------------------------------------------------------- */
/* Sets fault where the rule fails for everybody: then there is nobody to plan for. */
enum stw_code plan_audience_find(
    struct plan_job *job, struct stw_err *err) STW_MUST_USE;
/* A bucket's, in the order of customer_id, whichever part they are in. */
void plan_collect(const struct plan_job *job, int bucket, struct plan_batch *batch);

/* ---- plan_fate_store.c ----------------------------------------------------------------- */
/* Each candidate's fate; who has a decision has it, without its evidence. */
enum stw_code plan_decide(const struct plan_job *job, int bucket,
    struct plan_batch *batch, struct stw_err *err) STW_MUST_USE;
/* The evidence of the decisions that are not recorded yet. */
enum stw_code plan_draft(const struct plan_job *job, int bucket,
    struct plan_batch *batch, struct stw_err *err) STW_MUST_USE;
bool plan_has_decision(const struct plan_candidate *c);
/* The reason code a fate is counted under; "": the fate says it all. */
const char *plan_primary(const struct plan_candidate *c);

/* ---- plan_write_store.c ---------------------------------------------------------------- */
/* In the bucket's transaction. */
enum stw_code plan_write(const struct plan_job *job, int bucket,
    const struct plan_batch *batch, struct stw_err *err) STW_MUST_USE;
enum stw_code plan_run_open(
    const struct plan_job *job, const char *run_id, struct stw_err *err) STW_MUST_USE;
/* Of a run in which nobody was looked at. */
enum stw_code plan_run_hold(const struct plan_job *job, const char *run_id,
    const struct trait_quality *by, struct stw_err *err) STW_MUST_USE;
/* "1:4: division by zero" */
const char *plan_fault_text(const struct plan_job *job, struct arena *arena);
/* The same, as the audience's rule fails for everybody. */
enum stw_code plan_run_hold_rule(
    const struct plan_job *job, const char *run_id, struct stw_err *err) STW_MUST_USE;
/* Do the fates add up to the audience? */
enum stw_code plan_check_sum(
    const struct plan_job *job, struct stw_err *err) STW_MUST_USE;
enum stw_code plan_run_close(
    const struct plan_job *job, const char *run_id, struct stw_err *err) STW_MUST_USE;

#endif
