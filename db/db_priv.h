/*
 * db_priv.h - what the files of the connection share and no other room sees.
 */
#ifndef STW_DB_DB_PRIV_H
#define STW_DB_DB_PRIV_H

#include <libpq-fe.h>

#include "db/db.h"

/* Microseconds and days from 1970-01-01 to PostgreSQL's 2000-01-01. */
#define PG_EPOCH_USEC INT64_C(946684800000000)
#define PG_EPOCH_DAY  10957

/* The three parallel arrays that libpq wants; they live in the scratch arena. */
struct db_wire {
	const char **values;
	int *lengths;
	int *formats;
};

/* A statement that was not sent yet. */
struct db_queued {
	enum db_query_id id;
	int nparams;
	bool prepares; /* its preparation goes before it */
	struct db_wire wire;
	PGresult **res; /* where its answer belongs; NULL: to nobody */
};
/* Most statements of a round trip. */
#define DB_QUEUE_MAX 48

struct db {
	PGconn *pg;
	char *conninfo; /* as given to db_open */
	const struct seal_keys *keys;
	struct arena scratch; /* parameters of the statements not sent yet */
	struct db_queued queue[DB_QUEUE_MAX];
	int nqueued;
	bool begin_due; /* BEGIN goes before them */
	/* A statement whose plan went stale is prepared again under a new name. */
	unsigned generation[DB_Q_COUNT];
	bool prepared[DB_Q_COUNT];
	bool copying;
	bool lent;               /* the transaction is the caller's caller's */
	const atomic_bool *stop; /* NULL: nobody stops it */
	stw_usec clock_ahead, clock_asked_at; /* monotonic; 0: not yet */
};

struct db_rows {
	PGresult *res;
};

/* INVALID for a text with a NUL inside. what names the statement. */
enum stw_code db_params_encode(struct arena *scratch, const char *what,
    const struct db_param *params, size_t nparams, struct db_wire *out,
    struct stw_err *err) STW_MUST_USE;

/* A connection with our time-outs, for SQL or for the replication of its database. Not
 * NULL; PQstatus says whether it stands, db_fail_open why not. */
PGconn *db_connect(const char *conninfo, bool replication);
enum stw_code db_fail_open(const PGconn *pg, struct stw_err *err);

/* Fills err from a failed result (res may be NULL: then from the connection). The text
 * never quotes a value. */
enum stw_code db_fail_result(
    struct db *db, const PGresult *res, const char *what, struct stw_err *err);

/* What db_copy_in_begin and db_copy_out_begin do, for a statement given as text; the tests
 * copy tables of their own. */
enum stw_code db_copy_in_start(struct db *db, const char *what, const char *sql,
    struct db_copy_in **out, struct stw_err *err) STW_MUST_USE;
enum stw_code db_copy_out_start(struct db *db, const char *what, const char *sql,
    struct db_copy_out **out, struct stw_err *err) STW_MUST_USE;

/* What db_query_rule does, for a whole statement given as text; tests ask tables of their
 * own. */
enum stw_code db_query_text(struct db *db, const char *what, const char *text,
    const struct rule_sql_param *params, size_t nparams, struct db_rows **rows,
    struct stw_err *err) STW_MUST_USE;

/* Sends BEGIN when it is due and what is queued, and waits; nothing of it is queued afterwards.
 * The second lets COMMIT follow in the same round trip. */
enum stw_code db_flush(struct db *db, struct stw_err *err) STW_MUST_USE;
enum stw_code db_flush_commit(struct db *db, struct stw_err *err) STW_MUST_USE;
void db_forget_queued(struct db *db);

/* TEMPFAIL once the connection is to do nothing more. */
enum stw_code db_stop_check(const struct db *db, struct stw_err *err) STW_MUST_USE;

/* Reads and drops results until the connection is idle again. */
void db_drain(struct db *db);

#endif
