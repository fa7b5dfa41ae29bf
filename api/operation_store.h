/*
 * operation_store.h - requests that are carried out later, as the database keeps them.
 *
 * Purpose    A row an operation: who asked for what, how far it is, what came of it.
 *            Everybody who changes its state says so here, in one statement each, so that it
 *            ends once: by its worker, by somebody who cancels it, or given up because its
 *            worker is gone.
 * Units      Instants of people are of the business clock, a worker's beat of the database's.
 * Ownership  What is read lives in the arena.
 * Errors     Those of the database; "it is not yours any more" is a bool.
 */
#ifndef STW_API_OPERATION_STORE_H
#define STW_API_OPERATION_STORE_H

#include "api/route.h"
#include "db/db.h"
#include "engine/uuid.h"

/* Operations of one person that have not ended. */
#define OPERATIONS_OPEN 10
/* Without a beat for this long its worker is gone. */
#define OPERATION_LEASE_SEC 8

struct operation {
	const char *id, *kind, *path, *subject, *role;
	const char
	    *state; /* queued, running, succeeded, failed, cancelled, interrupted */
	const char *step;                          /* NULL: nothing was said yet */
	int64_t done, total;                       /* total 0: not known */
	stw_usec created_at, started_at, ended_at; /* not yet: STW_USEC_NEVER */
	const char *cancelled_by;
	int status;
	const char *answer; /* JSON; NULL: none, or not read */
};

/* To be carried out; texts are borrowed, of a claimed one they live in the arena. */
struct operation_request {
	const char *id, *kind, *path;
	const char *params[ROUTE_PARAMS];
	size_t nparams;
	struct str body;
	const char *key_id, *subject, *role;
	bool zh;
};

/* *added false: the subject has OPERATIONS_OPEN already. */
enum stw_code operation_add(struct db *db, const struct operation_request *request,
    stw_usec now, bool *added, struct stw_err *err) STW_MUST_USE;

/* subject NULL: anybody's. NOT_FOUND for one of somebody else, too. */
enum stw_code operation_get(struct db *db, const struct uuid *id, const char *subject,
    struct arena *arena, struct operation *out, struct stw_err *err) STW_MUST_USE;
/* Newest first, without answers; state NULL: any. Before the row of this instant and id. */
enum stw_code operation_list(struct db *db, const char *subject, const char *state,
    stw_usec before, const struct uuid *before_id, int limit, struct arena *arena,
    struct operation **out, int *count, struct stw_err *err) STW_MUST_USE;
/* *done false: it has ended. Nothing of an operation that was cancelled happens. */
enum stw_code operation_cancel(struct db *db, const char *id, const char *by,
    stw_usec now, bool *done, struct stw_err *err) STW_MUST_USE;

/* ---- for workers ------------------------------------------------------------------ */
/* The oldest that waits becomes the worker's; out->id NULL: none waits. */
enum stw_code operation_claim(struct db *db, const char *worker, stw_usec now,
    struct arena *arena, struct operation_request *out,
    struct stw_err *err) STW_MUST_USE;
struct operation_progress {
	char step[64]; /* "": nothing was said yet */
	int64_t done, total;
};
enum stw_code operation_beat(struct db *db, const char *id, const char *worker,
    const struct operation_progress *at, bool *mine, struct stw_err *err) STW_MUST_USE;
/* Part of the caller's transaction, where there is one: what the operation did and that it
 * did it are one. *mine false: roll it back. */
enum stw_code operation_end(struct db *db, const char *id, const char *worker,
    const struct operation_progress *at, int status, struct str answer, stw_usec now,
    bool *mine, struct stw_err *err) STW_MUST_USE;
/* Those of this worker (NULL: of none), and of all that have no beat any more. */
enum stw_code operation_give_up(struct db *db, const char *worker, stw_usec now,
    int64_t *count, struct stw_err *err) STW_MUST_USE;
/* ended[i]: has ids[i] ended? */
enum stw_code operation_ended(struct db *db, const struct str *ids, size_t count,
    bool *ended, struct stw_err *err) STW_MUST_USE;
enum stw_code operation_prune(
    struct db *db, stw_usec before, struct stw_err *err) STW_MUST_USE;

#endif
