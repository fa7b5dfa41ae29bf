/*
 * retention_store.h - records go when their time is over, and what is left proves them.
 *
 * Purpose    A class of records is kept as long as the longest rule that names it
 *            (ruleset_keep_cutoff); after that it is due. A run takes what is due, oldest
 *            first, a batch a transaction: rows go or lose what is personal, hashes stay
 *            (decision_gone, a recording's SHA-256), and each batch is a row and an entry
 *            of the ledger that says class, count, rule, cutoff and the hash of the ids.
 * Held       A customer on legal hold, with an open complaint or of an open incident keeps
 *            everything. A contact waits for its recording. Suppressed numbers (hashes) and
 *            objections are of no class: they stay.
 * Units      A record made at an instant is kept for [that instant, until): it is due at
 *            until, not before.
 * Ownership  Everything in the arena.
 * Errors     As db.h. A run that breaks off has done its whole batches; another goes on.
 * Locks      The rows of a batch, skipping what others hold, then the outbox.
 * Rules      compliance.md 7.8; rules of kind retention in the packs; decision 0035.
 */
#ifndef STW_CAMPAIGNS_RETENTION_STORE_H
#define STW_CAMPAIGNS_RETENTION_STORE_H

#include <stdatomic.h>

#include "campaigns/compliance/ruleset.h"
#include "db/db.h"
#include "engine/uuid.h"

#define RETENTION_CLASSES   7
#define RETENTION_COUNT_MAX 1000000 /* counted no further */

struct retention_class {
	const char *name;           /* "decisions" */
	const char *const *records; /* its names in the packs; NULL at the end */
	const char *from;           /* from when its time runs, in words */
};
/* In the order in which they are taken. */
const struct retention_class *retention_class_at(int i);

/* The names that decisions have in the packs; NULL at the end. */
extern const char *const retention_decision_records[];

struct retention_due {
	const struct retention_class *kind;
	const struct rule_info *rule; /* the longest; NULL: none, so kept for ever */
	stw_usec cutoff;              /* made before it: over. STW_USEC_NEVER: none */
	int64_t due;                  /* to be taken, up to RETENTION_COUNT_MAX */
	int64_t held;                 /* over, and held */
	stw_usec oldest;              /* STW_USEC_NEVER: there is none */
	stw_usec next;                /* when the oldest is over; NEVER: never */
};
/* All classes, as they are at `now`. */
enum stw_code retention_report(struct db *db, const struct ruleset *rules, stw_usec now,
    struct retention_due out[RETENTION_CLASSES], struct stw_err *err) STW_MUST_USE;

struct retention_done {
	struct uuid run;
	int64_t rows[RETENTION_CLASSES];
	int64_t batches;
};
/* Takes all that is due at `now`, `batch` records at a time, until *stop (NULL: never)
 * becomes true between two batches. In transactions of its own. */
enum stw_code retention_run(struct db *db, const struct ruleset *rules,
    const char *actor, int batch, const atomic_bool *stop, stw_usec now,
    struct retention_done *out, struct stw_err *err) STW_MUST_USE;

/* When the newest run began; STW_USEC_NEVER: there was none. */
enum stw_code retention_newest(
    struct db *db, stw_usec *out, struct stw_err *err) STW_MUST_USE;

struct retention_run_row {
	const char *run_id, *actor;
	stw_usec started_at, finished_at; /* NEVER: broken off, or under way */
	const char *kind;                 /* class; NULL: nothing was due */
	int64_t rows;
};
/* The newest runs, a row a class each. */
enum stw_code retention_runs(struct db *db, int runs, struct arena *arena,
    struct retention_run_row **out, int *count, struct stw_err *err) STW_MUST_USE;

#endif
