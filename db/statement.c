/* Statements: queued, sent together and answered together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "db/db_priv.h"

void
db_forget_queued(struct db *db)
{
	db->nqueued = 0;
	db->begin_due = false;
}

static void
statement_name(const struct db *db, enum db_query_id id, char to[96])
{
	(void)snprintf(to, 96, "%.60s_%u", db_query_names[id], db->generation[id]);
}

/* "cached plan must not change result type" after a migration, or a pooler that forgot
 * it: the next use prepares it under a fresh name. */
static void
forget_stale(struct db *db, enum db_query_id id, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	if (state == NULL ||
	    (strcmp(state, "0A000") != 0 && strcmp(state, "26000") != 0))
		return;
	db->prepared[id] = false;
	db->generation[id]++;
}

static bool
is_good(const PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);

	return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

/* ---- one alone ------------------------------------------------------------------------ */
static enum stw_code
prepare(struct db *db, enum db_query_id id, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	char name[96];
	PGresult *res;

	if (db->prepared[id])
		return STW_OK;
	statement_name(db, id, name);
	res = PQprepare(db->pg, name, db_query_texts[id], 0, NULL);
	if (PQresultStatus(res) == PGRES_COMMAND_OK)
		db->prepared[id] = true;
	else
		rc = db_fail_result(db, res, db_query_names[id], err);
	PQclear(res);
	return rc;
}

static enum stw_code
run_alone(struct db *db, const struct db_queued *q, struct stw_err *err)
{
	enum stw_code rc = prepare(db, q->id, err);
	char name[96];
	PGresult *res;

	if (rc != STW_OK)
		return rc;
	statement_name(db, q->id, name);
	res = PQexecPrepared(db->pg, name, q->nparams, q->wire.values, q->wire.lengths,
	    q->wire.formats, 0);
	if (!is_good(res)) {
		forget_stale(db, q->id, res);
		rc = db_fail_result(db, res, db_query_names[q->id], err);
	} else if (q->res != NULL) {
		*q->res = res;
		return STW_OK;
	}
	PQclear(res);
	return rc;
}

/* ---- many at once ----------------------------------------------------------------------- */
static bool
send_command(struct db *db, const char *sql)
{
	return PQsendQueryParams(db->pg, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

static bool
send_queued(struct db *db, struct db_queued *q)
{
	char name[96];

	statement_name(db, q->id, name);
	q->prepares = !db->prepared[q->id];
	if (q->prepares &&
	    PQsendPrepare(db->pg, name, db_query_texts[q->id], 0, NULL) != 1)
		return false;
	/* One further down the queue relies on it; an answer may take it back. */
	db->prepared[q->id] = true;
	return PQsendQueryPrepared(db->pg, name, q->nparams, q->wire.values,
		   q->wire.lengths, q->wire.formats, 0) == 1;
}

static bool
send_all(struct db *db, bool commit)
{
	if (PQenterPipelineMode(db->pg) != 1 ||
	    (db->begin_due && !send_command(db, "BEGIN")))
		return false;
	for (int i = 0; i < db->nqueued; i++)
		if (!send_queued(db, &db->queue[i]))
			return false;
	return (!commit || send_command(db, "COMMIT")) && PQpipelineSync(db->pg) == 1;
}

/* The next answer, without the NULL that ends it. */
static PGresult *
next_answer(struct db *db)
{
	PGresult *res = PQgetResult(db->pg);
	PGresult *end = res == NULL ? NULL : PQgetResult(db->pg);

	PQclear(end); /* a prepared statement has one answer */
	return res;
}

/* Takes an answer, or the reason why there is none: once one statement has failed the
 * server skips those behind it. */
static enum stw_code
take(struct db *db, const char *what, PGresult **out, struct stw_err *err)
{
	PGresult *res = next_answer(db);
	enum stw_code rc = STW_OK;

	*out = res;
	if (!is_good(res))
		rc = db_fail_result(db, res, what, err);
	return rc;
}

static enum stw_code
take_queued(struct db *db, struct db_queued *q, struct stw_err *err)
{
	PGresult *res = NULL;
	enum stw_code rc = STW_OK;

	if (q->prepares) {
		rc = take(db, db_query_names[q->id], &res, err);
		db->prepared[q->id] = rc == STW_OK;
		PQclear(res);
		res = NULL;
	}
	if (rc == STW_OK)
		rc = take(db, db_query_names[q->id], &res, err);
	if (rc != STW_OK)
		forget_stale(db, q->id, res);
	else if (q->res != NULL) {
		*q->res = res;
		return STW_OK;
	}
	PQclear(res);
	return rc;
}

/* COMMIT of a transaction in which a statement failed answers "ROLLBACK" and calls that
 * success. */
static enum stw_code
take_command(struct db *db, const char *sql, struct stw_err *err)
{
	PGresult *res;
	enum stw_code rc = take(db, sql, &res, err);

	if (rc == STW_OK && strcmp(PQcmdStatus(res), sql) != 0)
		rc = stw_fail(err, STW_BUG, "%s of a transaction that had failed", sql);
	PQclear(res);
	return rc;
}

/* What the server skipped, up to the end of the round trip. A connection that does not get
 * there is of no more use: it is cut, and whoever takes it next makes it anew. */
static bool
skip_rest(struct db *db, bool sent)
{
	bool ended = false;
	int nulls = sent ? 0 : 2; /* without its end the server answers nothing */

	while (!ended && nulls < 2 && PQstatus(db->pg) == CONNECTION_OK) {
		PGresult *res = PQgetResult(db->pg);

		nulls = res == NULL ? nulls + 1 : 0;
		ended = PQresultStatus(res) == PGRES_PIPELINE_SYNC;
		PQclear(res);
	}
	if (ended && PQexitPipelineMode(db->pg) == 1)
		return true;
	(void)shutdown(PQsocket(db->pg), SHUT_RDWR);
	return false;
}

static enum stw_code
run_all(struct db *db, bool commit, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	bool sent = send_all(db, commit);
	int taken = 0;

	if (!sent)
		rc = db_fail_result(db, NULL, "statements", err);
	if (rc == STW_OK && db->begin_due)
		rc = take_command(db, "BEGIN", err);
	while (rc == STW_OK && taken < db->nqueued) {
		rc = take_queued(db, &db->queue[taken], err);
		taken++;
	}
	if (rc == STW_OK && commit)
		rc = take_command(db, "COMMIT", err);
	if (!skip_rest(db, sent) && rc == STW_OK)
		rc = db_fail_result(db, NULL, "statements", err);
	for (int i = taken; i < db->nqueued; i++)
		if (db->queue[i].prepares)
			db->prepared[db->queue[i].id] = false;
	return rc;
}

/* The answers that came before the failure are of no use to anybody. */
static void
clear_answers(struct db *db)
{
	for (int i = 0; i < db->nqueued; i++)
		if (db->queue[i].res != NULL) {
			PQclear(*db->queue[i].res);
			*db->queue[i].res = NULL;
		}
}

enum stw_code
db_flush(struct db *db, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	STW_ASSERT(!db->copying);
	if (db->nqueued > 0 || db->begin_due)
		rc = db_stop_check(db, err);
	if (rc == STW_OK && db->nqueued == 1 && !db->begin_due)
		rc = run_alone(db, &db->queue[0], err);
	else if (rc == STW_OK && (db->nqueued > 0 || db->begin_due))
		rc = run_all(db, false, err);
	if (rc != STW_OK)
		clear_answers(db);
	db_forget_queued(db);
	return rc;
}

enum stw_code
db_flush_commit(struct db *db, struct stw_err *err)
{
	enum stw_code rc = db_stop_check(db, err);

	STW_ASSERT(!db->copying);
	if (rc == STW_OK && (!db->begin_due || db->nqueued > 0))
		rc = run_all(db, true, err);
	/* else nothing happened in it, and the server does not know of it */
	db_forget_queued(db);
	return rc;
}

/* ---- queueing --------------------------------------------------------------------------- */
static enum stw_code
enqueue(struct db *db, enum db_query_id id, const struct db_param *params,
    size_t nparams, PGresult **res, struct stw_err *err)
{
	struct db_queued *q = &db->queue[db->nqueued];
	enum stw_code rc;

	STW_ASSERT(db->nqueued < DB_QUEUE_MAX);
	if (db->nqueued == 0)
		arena_reset(&db->scratch);
	*q = (struct db_queued){.id = id, .nparams = (int)nparams, .res = res};
	rc = db_params_encode(
	    &db->scratch, db_query_names[id], params, nparams, &q->wire, err);
	if (rc == STW_OK)
		db->nqueued++;
	return rc;
}

enum stw_code
db_later(struct db *db, enum db_query_id id, const struct db_param *params,
    size_t nparams, struct stw_err *err)
{
	struct db_queued *q;
	enum stw_code rc = STW_OK;

	STW_ASSERT(db_in_transaction(db));
	if (db->nqueued == DB_QUEUE_MAX)
		rc = db_flush(db, err);
	if (rc == STW_OK)
		rc = enqueue(db, id, params, nparams, NULL, err);
	if (rc != STW_OK)
		return rc;
	q = &db->queue[db->nqueued - 1];
	for (size_t i = 0; i < nparams; i++)
		if (params[i].kind == DB_P_BYTES)
			q->wire.values[i] = arena_strndup(
			    &db->scratch, q->wire.values[i], params[i].s.len);
	return STW_OK;
}

static enum stw_code
run(struct db *db, enum db_query_id id, const struct db_param *params, size_t nparams,
    PGresult **out, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	*out = NULL;
	STW_ASSERT(!db->copying);
	if (db->nqueued == DB_QUEUE_MAX)
		rc = db_flush(db, err);
	if (rc == STW_OK)
		rc = enqueue(db, id, params, nparams, out, err);
	return rc == STW_OK ? db_flush(db, err) : rc;
}

static struct db_rows *
rows_new(PGresult *res)
{
	struct db_rows *rows = stw_xalloc(sizeof *rows);

	rows->res = res;
	return rows;
}

void
db_asks_init(struct db_asks *asks, struct arena *arena)
{
	asks->arena = arena;
	asks->count = 0;
}

void
db_asks_add(struct db_asks *asks, enum db_query_id id, const struct db_param *params,
    size_t nparams, struct db_rows **rows)
{
	struct db_param *kept = arena_array(asks->arena, nparams, sizeof *kept);

	STW_ASSERT(asks->count < DB_ASKS_MAX);
	if (nparams > 0)
		memcpy(kept, params, nparams * sizeof *kept);
	if (rows != NULL)
		*rows = NULL;
	asks->list[asks->count++] = (struct db_ask){id, kept, nparams, rows};
}

enum stw_code
db_ask_all(struct db *db, struct db_asks *asks, struct stw_err *err)
{
	PGresult *res[DB_ASKS_MAX] = {NULL};
	enum stw_code rc = STW_OK;
	size_t n = asks->count;
	int before;

	STW_ASSERT(!db->copying);
	asks->count = 0;
	if (db->nqueued + (int)n > DB_QUEUE_MAX)
		rc = db_flush(db, err);
	before = db->nqueued;
	for (size_t i = 0; i < n && rc == STW_OK; i++)
		rc = enqueue(db, asks->list[i].id, asks->list[i].params,
		    asks->list[i].nparams, asks->list[i].rows == NULL ? NULL : &res[i],
		    err);
	if (rc != STW_OK) {
		db->nqueued = before;
		return rc;
	}
	rc = db_flush(db, err);
	for (size_t i = 0; i < n && rc == STW_OK; i++)
		if (asks->list[i].rows != NULL)
			*asks->list[i].rows = rows_new(res[i]);
	return rc;
}

/* ---- queries ------------------------------------------------------------------------------ */
enum stw_code
db_query(struct db *db, enum db_query_id id, const struct db_param *params,
    size_t nparams, struct db_rows **rows, struct stw_err *err)
{
	enum stw_code rc;
	PGresult *res;

	if (rows != NULL)
		*rows = NULL;
	rc = run(db, id, params, nparams, &res, err);
	if (rc != STW_OK)
		return rc;
	if (rows == NULL) {
		PQclear(res);
		return STW_OK;
	}
	*rows = rows_new(res);
	return STW_OK;
}

enum stw_code
db_exec(struct db *db, enum db_query_id id, const struct db_param *params,
    size_t nparams, int64_t *affected, struct stw_err *err)
{
	enum stw_code rc;
	PGresult *res;

	if (affected != NULL)
		*affected = 0;
	rc = run(db, id, params, nparams, &res, err);
	if (rc != STW_OK)
		return rc;
	if (affected != NULL)
		*affected = strtoll(PQcmdTuples(res), NULL, 10);
	PQclear(res);
	return STW_OK;
}

enum stw_code
db_query_one(struct db *db, enum db_query_id id, const struct db_param *params,
    size_t nparams, struct db_rows **rows, struct stw_err *err)
{
	struct db_rows *got = NULL;
	enum stw_code rc = db_query(db, id, params, nparams, &got, err);
	int n;

	if (rows != NULL)
		*rows = NULL;
	if (rc != STW_OK)
		return rc;
	n = db_rows_count(got);
	if (n == 1 && rows != NULL) {
		*rows = got;
		return STW_OK;
	}
	db_rows_free(got);
	if (n == 1)
		return STW_OK;
	if (n == 0)
		return stw_fail(
		    err, STW_NOT_FOUND, "%s: no such row", db_query_names[id]);
	return stw_fail(
	    err, STW_BUG, "%s: %d rows where one was wanted", db_query_names[id], n);
}
