/*
 * task_store.h - the life of a task in the database.
 *
 * Purpose    claim -> gate (dispatch) -> [ledger sealed] -> push -> finish, and what agents
 *            do: accept, permit (the third gate), outcome, release.
 * Leases     Run on the database's clock and carry an epoch; a finish with an old epoch, or
 *            with another decision than the task left with, changes nothing and says so. A lease that ran out makes the task claimable
 *            again under the same task id, which is the receiver's idempotency key.
 * Locks      contact guard -> customer_permission FOR NO KEY UPDATE -> caller_number -> task ->
 *            outbox, in every function here.
 * Errors     TEMPFAIL: try the whole call again.
 */
#ifndef STW_CAMPAIGNS_TASK_STORE_H
#define STW_CAMPAIGNS_TASK_STORE_H

#include "campaigns/compliance/gate.h"
#include "campaigns/compliance/ruleset.h"
#include "campaigns/task.h"
#include "db/db.h"
#include "db/seal.h"
#include "engine/uuid.h"

/* pack_rules_load: the packs activated in the database, compiled. */
enum stw_code task_rules_load(
    struct db *db, struct ruleset **out, struct stw_err *err) STW_MUST_USE;

struct task_claim {
	int bucket;
	struct uuid task_id;
	int64_t epoch;
	/* An epoch may be counted twice: a claim does not wait for the disk, and a crash of
	 * the database takes it back. These are never the same: that of the call that claimed,
	 * and that of the gate's decision (zero before the gate; task_push has it). */
	struct uuid claim_id, decision_id;
};

/* Leases up to limit due tasks of a queue for lease_sec seconds, the best first. */
enum task_lane {
	TASK_LANE_NEW = 0,
	TASK_LANE_RETRY, /* tried before, and not taken */
};
enum stw_code task_claim(struct db *db, int64_t queue_id, enum task_lane lane,
    const char *worker, int limit, int lease_sec, stw_usec now, struct arena *arena,
    struct task_claim **out, int *count, struct stw_err *err) STW_MUST_USE;
/* Ends tasks of a queue whose window is over. Own transaction. */
enum stw_code task_expire(struct db *db, int64_t queue_id, stw_usec now,
    int64_t *expired, struct stw_err *err) STW_MUST_USE;
/* The heartbeat: lease_sec from now for each that is still held; held[i] false: it was
 * claimed by another, ended or finished. */
enum stw_code task_leases_extend(struct db *db, const struct task_claim *claims,
    int count, int lease_sec, struct arena *arena, bool *held,
    struct stw_err *err) STW_MUST_USE;

/* What is pushed. No personal data but the mask. */
struct task_push {
	struct task_claim claim;
	const char *task_id; /* text */
	int offer;           /* 0; grows when an agent's call-back or a refusal at dial
	                             time brings the task back: part of the push's key */
	const char *campaign;
	int campaign_version;
	const char *step, *occurrence;
	const char *customer_ref, *phone_mask;
	const char *channel, *handler, *purpose, *product;
	const char *script;
	int script_version;
	const char *number; /* caller number to show */
	int64_t number_id;
	int priority;
	int64_t value;
	stw_usec not_before, not_after;
	const char *decision_id, *record_hash_hex;
	stw_usec valid_until;
};

enum task_gate_result {
	TASK_GATE_SEND = 0, /* allowed: *push filled, state sending */
	TASK_GATE_BLOCKED,  /* task ended */
	TASK_GATE_DEFERRED, /* due again at next_allowed_at */
	TASK_GATE_GONE, /* cancelled, recalled or claimed by somebody else meanwhile */
};
/* One transaction: locks, facts, gate D, decision, reservation, attempt, outbox. */
enum stw_code task_gate_dispatch(struct db *db, const struct ruleset *rules,
    const struct task_claim *claim, stw_usec now, struct arena *arena,
    enum task_gate_result *result, struct task_push *push,
    struct stw_err *err) STW_MUST_USE;

/* The same for many tasks of a queue in one transaction, which waits for no person, no number
 * called and no task while it holds others (for caller numbers only): what somebody else
 * holds, and whatever is not plain (a second task of a person or number, a lease that was
 * lost, a push that may be out), is left over, decided false, for task_gate_dispatch. On any
 * error nothing has happened to any of them, and each can be asked about by itself. */
#define TASK_BATCH_MAX 128
struct task_gated {
	bool decided;
	enum task_gate_result result;
	struct task_push push; /* TASK_GATE_SEND */
};
enum stw_code task_gate_batch(struct db *db, const struct ruleset *rules,
    const struct task_claim *claims, int count, stw_usec now, struct arena *arena,
    struct task_gated *out, struct stw_err *err) STW_MUST_USE;

/* First of a transaction in which pushes begin: none of these numbers is suspended before
 * its end. */
enum stw_code task_push_hold(struct db *db, const int64_t *number_ids, size_t count,
    struct stw_err *err) STW_MUST_USE;
/* In that transaction, which stays open until the requests have been handed over: whoever
 * ends a task or suspends its number commits before this, and may[i] is false, or after
 * the push is on its way, and knows of it. Never waits for somebody who is ending a task:
 * that is a false too. */
enum stw_code task_push_begin(struct db *db, const struct task_claim *claims, int count,
    struct arena *arena, bool *may, struct stw_err *err) STW_MUST_USE;

enum task_push_result {
	TASK_PUSH_ACCEPTED = 0, /* 2xx */
	TASK_PUSH_RETRY, /* not taken, or dedupe makes a repeat harmless: again later */
	TASK_PUSH_REFUSED, /* never: 4xx that will not change */
	TASK_PUSH_UNKNOWN, /* ambiguous, and the queue cannot deduplicate */
};
struct task_ending {
	struct task_claim claim;
	enum task_push_result result;
	int http_status;       /* 0: none */
	const char *detail;    /* NULL: nothing to say */
	stw_usec retry_at;     /* RETRY only */
	const char *remote_id; /* what the target calls it; NULL: it did not say */
	bool left;             /* false: given back unsent, which is no try */
	/* answers */
	bool stale; /* the lease was lost or the task recalled; the attempt is noted */
	bool dead;  /* RETRY, but its tries are used up: a dead letter */
};
/* Fenced by the claims' epochs and decisions. One transaction for all, with their ledger entries
 * ("dispatch"). */
enum stw_code task_finish_pushes(struct db *db, struct task_ending *endings, int count,
    stw_usec now, struct arena *arena, struct stw_err *err) STW_MUST_USE;

/* Tasks that have to be recalled from a queue (a withdrawal reached them), oldest first;
 * those whose push is still on the wire wait. */
struct task_recall {
	int bucket;
	struct uuid task_id;
	int64_t queue_id;
	const char *reason;
	int offer; /* the one that is taken back */
	int tries;
	const char *remote_id; /* what the target calls it; NULL: not known */
};
/* Of these queues (NULL: of all), the oldest first. */
enum stw_code task_recalls(struct db *db, const int64_t *queues, size_t nqueues,
    int limit, struct arena *arena, struct task_recall **out, int *count,
    struct stw_err *err) STW_MUST_USE;
/* Nothing happens to a recall of another offer than this one's. */
enum stw_code task_recall_finish(struct db *db, const struct task_recall *recall,
    bool acknowledged, int http_status, stw_usec now, struct stw_err *err) STW_MUST_USE;

/* ---- what agents do: inside the caller's transaction (db_begin) ------------------ */
struct task_view {
	int bucket;
	struct uuid task_id;
	enum task_state state;
	int64_t customer_id;
	const char *customer_ref, *name_mask, *phone_mask;
	const char *campaign, *campaign_name_zh, *campaign_name_en;
	int campaign_version;
	const char *queue, *agent; /* agent NULL: nobody yet */
	const char *channel, *handler, *purpose, *product, *stage, *script;
	const char *number; /* caller number; NULL: none yet */
	int64_t fence;      /* grows whenever it is pushed or planned again */
	int script_version, priority;
	int risk_rating; /* 0: none */
	bool elderly;    /* 65 or older at `now` */
	stw_usec not_before, not_after, updated_at,
	    callback_at; /* callback MAX: none */
	const char *decision_id;
};
/* Tasks of one queue that an agent may take (queued) or has (accepted, in_progress), best
 * first: own call-backs, elderly, priority. state NULL: all of these. */
enum stw_code task_list(struct db *db, const char *queue, const char *agent,
    const char *state, int limit, stw_usec now, struct arena *arena,
    struct task_view **out, int *count, struct stw_err *err) STW_MUST_USE;
enum stw_code task_get(struct db *db, const struct uuid *task_id, stw_usec now,
    struct arena *arena, struct task_view *out, struct stw_err *err) STW_MUST_USE;

/* CONFLICT: somebody else has it, or it is in no state to be taken. */
enum stw_code task_accept(struct db *db, const struct uuid *task_id, const char *agent,
    stw_usec now, struct stw_err *err) STW_MUST_USE;
/* reason: NULL when none was said. */
enum stw_code task_release(struct db *db, const struct uuid *task_id, const char *agent,
    const char *reason, stw_usec now, struct stw_err *err) STW_MUST_USE;

struct task_permit {
	bool granted;
	struct uuid permit_id; /* when granted */
	const char *number, *phone_mask;
	stw_usec valid_until;
	struct uuid decision_id;
	struct gate_decision decision; /* in the arena: reasons when refused */
	enum task_state state;         /* of the task now */
};
/* Who asks, and what their desk says. What it does not say is unknown. */
struct task_desk {
	const char *agent;
	int script_version;           /* on the agent's screen; 0: not said */
	const char *number;           /* that the dialler will show; NULL: not said */
	const char *const *disclosed; /* what was said so far */
	size_t ndisclosed;
};
/* The third gate. Granted or refused, the decision is recorded; a refusal by BLOCK ends
 * the task, by DEFER puts it back to its next time. Not an error either way: commit. */
enum stw_code task_permit_desk(struct db *db, const struct ruleset *rules,
    const struct uuid *task_id, const struct task_desk *desk, stw_usec now,
    struct arena *arena, struct task_permit *out, struct stw_err *err) STW_MUST_USE;
/* Of a desk that says nothing. */
enum stw_code task_permit(struct db *db, const struct ruleset *rules,
    const struct uuid *task_id, const char *agent, stw_usec now, struct arena *arena,
    struct task_permit *out, struct stw_err *err) STW_MUST_USE;

struct task_consent {
	const char *action; /* withdraw, refuse */
	const char *purpose, *channel;
};
struct task_outcome {
	const char *disposition;       /* a code of disposition_store.h */
	const char *note;              /* may be NULL; sealed at rest */
	stw_usec started_at, ended_at; /* NEVER: not said */
	stw_usec callback_at;          /* disposition call_back */
	bool callback_same;            /* promised with this agent, not with anybody */
	int complaint_days;            /* disposition complaint: until it is settled */
	const char *carrier_cause; /* what the carrier answered, "sip-608"; or NULL */
	const char *recording_ref; /* where the recording lies; or NULL */
	const char *recording_sha256; /* of it, 64 hexadecimal digits; or NULL */
	int64_t fence; /* the task's when the agent got it; 0: not said */
	const struct task_consent *consents; /* what the customer said of consent */
	size_t nconsents;
	const struct str *disclosures; /* what was said: "identity", "recording", ... */
	size_t ndisclosures;
	const char *product; /* spoken of; or NULL */
};
struct task_outcome_effect {
	struct uuid outcome_id;
	enum task_state state;   /* of the task now */
	bool objection_recorded; /* do_not_call, complaint, a carrier's reject list */
	int64_t cancelled, recalled; /* other tasks of the customer */
	bool ran_past;               /* the hours it was permitted in: noted by this */
};
/* rules: which of the permit's are about hours (overrun_store.h). */
enum stw_code task_outcome(struct db *db, const struct seal_keys *keys,
    const struct ruleset *rules, const struct uuid *task_id, const char *agent,
    const struct task_outcome *outcome, stw_usec now, struct task_outcome_effect *out,
    struct stw_err *err) STW_MUST_USE;

/* Counts by state, for /metrics and reports: out[TASK_STATES]. */
enum stw_code task_counts(
    struct db *db, int64_t out[TASK_STATES], struct stw_err *err) STW_MUST_USE;

#endif
