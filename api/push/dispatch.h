/*
 * dispatch.h - gets due tasks to their queues, and recalls back from them.
 *
 * Purpose    Round by round: claim what is due (as much as each queue has room for), ask
 *            the gate about many at once (what it leaves over: one by one), seal the
 *            ledger so that an exported checkpoint covers those decisions, and only then
 *            send: under a lock on each task that a withdrawal waits for (task_push_begin). Answers are
 *            settled as they come, fenced by the lease.
 * Rules      Nothing is sent whose decision is not covered, or whose lease has run out; a
 *            heartbeat keeps leases while pushes are in flight. How much a queue gets says
 *            schedule.h. While the clocks of this machine and the database differ by more
 *            than two seconds nothing is claimed. What a crash leaves behind returns by
 *            itself when its lease runs out.
 * Units      now is business time; it goes on from there with the monotonic clock.
 * Ownership  dispatch_open/dispatch_close; the options' pointers are borrowed until then.
 * Errors     A database that is away is waited for by dispatch_loop; dispatch_pass gives
 *            TEMPFAIL. Trouble with queues is counted, logged and no error.
 * Threads    One thread at a time (it has one of its own for the gate, see gate_db);
 *            dispatch_totals from any. *stop may be set by any thread
 *            and by a signal handler.
 */
#ifndef STW_API_PUSH_DISPATCH_H
#define STW_API_PUSH_DISPATCH_H

#include <stdatomic.h>

#include "api/push/egress.h"
#include "campaigns/task_store.h"
#include "db/ledger.h"
#include "db/seal.h"

struct dispatch_options {
	struct db *db; /* for this dispatcher alone */
	/* For its gate alone, which then works beside everything else, in a thread; NULL: on
	 * db, in turn with it. */
	struct db *gate_db;
	const struct ruleset *rules;
	/* Asked before tasks are gated, so that a change of packs needs no restart; NULL:
	 * rules stay. NULL is an answer too: those of before. What it gave stays good until
	 * dispatch_close: tasks may still be at the gate with it. */
	const struct ruleset *(*rules_now)(void *host, struct db *db);
	void *rules_host;
	const struct seal_keys *keys; /* opens the queues' signing secrets */
	const struct ledger_key *ledger_key;
	const char *checkpoint_path;
	const struct egress *egress;
	const struct stw_clock *clock; /* dispatch_loop only */
	const char *worker;            /* name of the lease holder, for operators */
	int max_in_flight;             /* over all queues; 0: 256 */
	_Atomic int64_t
	    *clock_skew; /* gets by how much the database's clock is ahead, in
	                                * microseconds; may be NULL */
};

/* Counts since dispatch_open, or of one pass. */
struct dispatch_result {
	int64_t claimed;
	int64_t blocked, deferred, gone; /* by the gate; gone: cancelled meanwhile */
	int64_t sent;                    /* requests, repeats too */
	int64_t accepted, retried, refused, unknown;
	int64_t stale;     /* answers that came after the lease was lost */
	int64_t dead;      /* of the retried: tries used up */
	int64_t unsealed;  /* given back because the ledger could not be sealed */
	int64_t held_back; /* allowed, and then ended before they could leave */
	int64_t expired;   /* window over before they could be sent */
	int64_t recalls_sent, recalls_done;
	int64_t in_flight;           /* now */
	int64_t queues, queues_held; /* now; held: dead, and left alone */
	bool skewed; /* now: the clocks differ too much to dispatch by */
};

struct dispatch;
enum stw_code dispatch_open(const struct dispatch_options *options,
    struct dispatch **out, struct stw_err *err) STW_MUST_USE;
void dispatch_close(struct dispatch *dispatch);

/* Works until nothing is due, nothing is in flight and nothing of this pass waits for
 * another try at a queue that answers, or until limit_ms have passed (then it starts
 * nothing more, and what is in flight is waited for). *stop (may be NULL) ends it the same
 * way. out may be NULL. */
enum stw_code dispatch_pass(struct dispatch *dispatch, stw_usec now, int limit_ms,
    const atomic_bool *stop, struct dispatch_result *out,
    struct stw_err *err) STW_MUST_USE;

/* Until *stop; returns when nothing is in flight any more. Waits for a database that is
 * away. */
void dispatch_loop(struct dispatch *dispatch, const atomic_bool *stop);

void dispatch_totals(struct dispatch *dispatch, struct dispatch_result *out);

#endif
