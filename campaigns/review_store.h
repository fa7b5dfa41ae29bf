/*
 * review_store.h - draws, what reviewers find, and what follows.
 *
 * Purpose    A draw takes the calls and refusals of a time from the database, draws
 *            (campaigns/review_draw.h), keeps the items and puts seed and result into the
 *            ledger, so that anybody can make it again. A reviewer says pass, minor, major
 *            or critical; two of them judge some items without seeing each other's answer,
 *            and where they differ a third decides. Critical holds the agent, the script or
 *            the number at once.
 * Ownership  Everything in the arena.
 * Errors     NOT_FOUND; INVALID for words that are none of the list; CONFLICT: the item is
 *            judged, by this reviewer or enough of them, or it is the reviewer's own call.
 * Locks      item -> agent or caller number -> outbox; the caller's transaction.
 * Rules      compliance.md 7.5.
 */
#ifndef STW_CAMPAIGNS_REVIEW_STORE_H
#define STW_CAMPAIGNS_REVIEW_STORE_H

#include "campaigns/review_draw.h"
#include "db/db.h"

struct review_ask {
	stw_usec from, to;
	unsigned char seed[REVIEW_SEED];
	struct review_plan plan;
	const char *plan_json; /* the plan as it is kept */
	const char *actor;
};
enum stw_code review_draw_record(struct db *db, const struct review_ask *ask,
    stw_usec now, struct arena *arena, struct uuid *id,
    struct stw_err *err) STW_MUST_USE;
/* Draws again from what the database holds now: does it give the same items? */
enum stw_code review_draw_again(struct db *db, const struct review_ask *ask,
    const char *items_hash, struct arena *arena, bool *same,
    struct stw_err *err) STW_MUST_USE;

struct review_draw_row {
	struct uuid id;
	stw_usec from, to, drawn_at;
	const char *seed, *plan, *population, *items_hash, *drawn_by;
	int items, open, disputed;
};
/* Newest first; id NULL: all of them. */
enum stw_code review_draws(struct db *db, const struct uuid *id, int limit,
    struct arena *arena, struct review_draw_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;

struct review_item_row {
	int item_no;
	const char *subject, *subject_id, *task_id, *agent, *state, *verdict, *final_by,
	    *reply;
	const char **strata;
	size_t nstrata;
	int reviews;
	stw_usec final_at, replied_at;
};
struct review_filter {
	int item_no;               /* 0: any */
	const char *state, *agent; /* NULL: any */
	int after;
};
enum stw_code review_items(struct db *db, const struct uuid *draw,
    const struct review_filter *filter, int limit, struct arena *arena,
    struct review_item_row **out, int *count, struct stw_err *err) STW_MUST_USE;

struct review_verdict {
	const char *reviewer, *verdict;
	const char *answers; /* JSON */
	const char *note, *hold;
	stw_usec at;
};
enum stw_code review_verdicts(struct db *db, const struct uuid *draw, int item_no,
    struct arena *arena, struct review_verdict **out, int *count,
    struct stw_err *err) STW_MUST_USE;
/* state: of the item now. */
enum stw_code review_judge(struct db *db, const struct uuid *draw, int item_no,
    const struct review_verdict *verdict, stw_usec now,
    struct stw_err *err) STW_MUST_USE;
/* The last word: by somebody other than the two where they differed. */
enum stw_code review_settle(struct db *db, const struct uuid *draw, int item_no,
    const char *verdict, const char *actor, stw_usec now,
    struct stw_err *err) STW_MUST_USE;
enum stw_code review_reply(struct db *db, const struct uuid *draw, int item_no,
    const char *agent, const char *reply, stw_usec now,
    struct stw_err *err) STW_MUST_USE;
/* NOT_FOUND: no agent of this code is held. */
enum stw_code review_agent_release(struct db *db, const char *agent, const char *why,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;

#define REVIEW_VERDICTS 4
const char *review_verdict_name(int i); /* pass, minor, major, critical */
struct review_agreement {
	int64_t table[REVIEW_VERDICTS * REVIEW_VERDICTS]; /* first, second */
	int64_t judged, agreed;
};
enum stw_code review_agreement(struct db *db, stw_usec from, stw_usec to,
    struct review_agreement *out, struct stw_err *err) STW_MUST_USE;

#endif
