/*
 * task_gate_priv.h - the gate over one task in the database, for dispatch and dial.
 *
 * Purpose    Takes the locks in the documented order, reads the facts, asks the gate and
 *            records the decision, inside the caller's transaction.
 */
#ifndef STW_CAMPAIGNS_TASK_GATE_PRIV_H
#define STW_CAMPAIGNS_TASK_GATE_PRIV_H

#include "campaigns/decision_store.h"
#include "campaigns/facts_store.h"
#include "campaigns/number_use_store.h"
#include "campaigns/task_store.h"

/* Everything about the task, as read under its lock. */
struct task_context {
	int bucket;
	struct uuid task_id;
	char task_text[UUID_TEXT];
	enum task_state state;
	int64_t customer_id, point_id, campaign_id, number_id, queue_id;
	const char *channel, *handler, *purpose, *product, *script, *step, *occurrence;
	const char *agent, *campaign;
	int script_version, priority, offer, version;
	int64_t value, epoch;
	int64_t claimed_epoch; /* of the hot row; 0: there is none */
	struct uuid claim_id;  /* of it; zero: none */
	bool dedupes;
	stw_usec not_before, not_after;
	const char *customer_ref, *phone_mask, *number;
	const char *presented; /* the number the dialler will show; NULL: not said */
	unsigned char phone_index[32];
	struct gate_facts facts;
	stw_usec day_start;
	const char *pool_code;
	const struct number_row *pool; /* the locked numbers of the campaign's pool */
	int64_t seen_id; /* the number of the pool the customer saw last; 0: none */
	const struct gate_number *pool_gate;
	int npool;
};

/* The rows of task_context.sql, locked; ids as text. */
enum stw_code task_context_query(struct db *db, const int64_t *buckets,
    const struct str *ids, size_t count, struct db_rows **rows,
    struct stw_err *err) STW_MUST_USE;
/* Which of its columns has the task's id. */
int task_context_id_column(void);
/* Row r of it. */
void task_context_from(
    const struct db_rows *rows, int r, struct arena *arena, struct task_context *ctx);
/* Customer and contact point out of what was read of them. BUG: they are gone. */
enum stw_code task_context_party(struct task_context *ctx, const struct facts_set *set,
    struct arena *arena, struct stw_err *err) STW_MUST_USE;

/* Locks guard, permission, numbers and task, and fills *out with everything but the
 * party. At GATE_DISPATCH all numbers of the pool are held, for one is chosen; at GATE_DIAL
 * the task's own, so that calls from other numbers of the pool do not wait. NOT_FOUND: no
 * such task; TEMPFAIL: it got another number while we waited. */
enum stw_code task_context_lock(struct db *db, int bucket, const struct uuid *task_id,
    enum gate_checkpoint checkpoint, stw_usec now, struct arena *arena,
    struct task_context *out, struct stw_err *err) STW_MUST_USE;

struct task_verdict {
	stw_usec at; /* when it was decided: not before anything that was known */
	struct gate_decision decision;
	struct uuid decision_id;
	char decision_text[UUID_TEXT];
	const char *record_hash_hex;
};
/* A place under the caps is kept for a dispatched task this long; the dial gate counts
 * again without it. */
#define TASK_RESERVE_FOR (2 * STW_USEC_HOUR)
/* How long a decision of the dispatch gate made now may be acted on. */
stw_usec task_dispatch_ttl(const struct task_context *ctx, stw_usec now);
/* What is pushed; texts are the context's, or in the arena. */
void task_push_from(const struct task_context *ctx, const struct task_claim *claim,
    const struct task_verdict *verdict, struct arena *arena, struct task_push *push);
/* The contact as its number's use counts it. */
struct number_contact task_context_contact(const struct task_context *ctx);

/* All facts are there: chooses the number (GATE_DISPATCH) or keeps it (GATE_DIAL), decides,
 * and drafts what is recorded (in the arena, for as long as *ctx and *out live). */
void task_context_judge(const struct ruleset *rules, struct task_context *ctx,
    enum gate_checkpoint checkpoint, stw_usec now, stw_usec ttl, struct arena *arena,
    struct task_verdict *out, struct decision_draft *draft);
/* Reads the party, chooses the number (GATE_DISPATCH) or keeps it (GATE_DIAL), decides and
 * records. */
enum stw_code task_context_decide(struct db *db, const struct ruleset *rules,
    struct task_context *ctx, enum gate_checkpoint checkpoint, stw_usec now,
    stw_usec ttl, struct arena *arena, struct task_verdict *out,
    struct stw_err *err) STW_MUST_USE;

/* Refused or put off: moves the task accordingly. One that a person has to look at waits, as
 * long as its window. */
enum stw_code task_context_refuse(struct db *db, const struct task_context *ctx,
    const struct task_verdict *verdict, stw_usec now, bool *deferred,
    struct stw_err *err) STW_MUST_USE;

#endif
