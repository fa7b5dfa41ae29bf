/* One connection: opening it, and its transactions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "db/db_priv.h"

/* Every session starts the same, whatever the role or database has been set to. Text
 * results are parsed by db/rows.c, which counts on UTC and ISO. */
static const char session_setup[] =
    "SET search_path TO public, pg_temp; SET TimeZone TO 'UTC'; "
    "SET DateStyle TO 'ISO, YMD'; SET IntervalStyle TO 'iso_8601'; "
    "SET bytea_output TO 'hex'; SET extra_float_digits TO 1; "
    "SET steward.first_bucket TO 0; SET steward.last_bucket TO 255; " /* book_range */
    "SET idle_in_transaction_session_timeout TO '120s'";

/* A notice can quote a row, so it does not reach the log. */
static void
drop_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static enum stw_code
session_start(struct db *db, struct stw_err *err)
{
	enum stw_code rc;

	memset(db->prepared, 0, sizeof db->prepared);
	db->copying = false;
	db_forget_queued(db);
	rc = db_script(db, session_setup, err);
	if (rc == STW_OK)
		rc = db_set_timeouts(db, DB_STATEMENT_MSEC, DB_LOCK_MSEC, err);
	return rc;
}

/* A refused connection is temporary (the server may be starting), a wrong database name
 * or role is not; the state is only in the text. */
enum stw_code
db_fail_open(const PGconn *pg, struct stw_err *err)
{
	static const char *const lasting[] = {"does not exist", "authentication failed",
	    "no pg_hba.conf entry", "invalid connection option", "missing \"=\"",
	    "invalid URI", "is not permitted to log in"};
	char text[300];
	enum stw_code code = STW_TEMPFAIL;
	char *cut;

	(void)snprintf(text, sizeof text, "%s", PQerrorMessage(pg));
	for (size_t i = 0; i < STW_ARRAY_LEN(lasting); i++)
		if (strstr(text, lasting[i]) != NULL)
			code = STW_INVALID;
	while ((cut = strchr(text, '\n')) != NULL)
		*cut = cut[1] == '\0' ? '\0' : ' ';
	return stw_fail(err, code, "cannot connect to the database: %s", text);
}

PGconn *
db_connect(const char *conninfo, bool replication)
{
	/* libpq lets later entries win: ours first, the caller's, then what must be.
	 * With the system's defaults a cut line is noticed after half an hour; with
	 * these after about four seconds. An empty entry counts as none. */
	const char *const keys[] = {"connect_timeout", "keepalives_idle",
	    "keepalives_interval", "keepalives_count", "tcp_user_timeout",
	    "target_session_attrs", "application_name", "dbname", "client_encoding",
	    "replication", NULL};
	const char *const values[] = {"5", "2", "1", "3", "4000", "read-write",
	    "steward", conninfo, "UTF8", replication ? "database" : "", NULL};
	PGconn *pg = PQconnectdbParams(keys, values, 1);

	STW_ASSERT(pg != NULL);
	(void)PQsetNoticeProcessor(pg, drop_notice, NULL);
	return pg;
}

enum stw_code
db_open(const char *conninfo, struct db **out, struct stw_err *err)
{
	struct db *db = stw_xalloc(sizeof *db);
	enum stw_code rc;

	*out = NULL;
	arena_init(&db->scratch);
	db->conninfo = stw_xstrdup(conninfo);
	db->pg = db_connect(conninfo, false);
	rc = PQstatus(db->pg) == CONNECTION_OK ? session_start(db, err)
					       : db_fail_open(db->pg, err);
	if (rc != STW_OK) {
		db_close(db);
		return rc;
	}
	*out = db;
	return STW_OK;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	PQfinish(db->pg);
	arena_fini(&db->scratch);
	free(db->conninfo);
	free(db);
}

enum stw_code
db_open_like(const struct db *db, struct db **out, struct stw_err *err)
{
	enum stw_code rc = db_open(db->conninfo, out, err);

	if (rc == STW_OK) {
		(*out)->keys = db->keys;
		(*out)->stop = db->stop;
	}
	return rc;
}

void
db_keys_set(struct db *db, const struct seal_keys *keys)
{
	db->keys = keys;
}

const struct seal_keys *
db_keys(const struct db *db)
{
	return db->keys;
}

enum stw_code
db_reset(struct db *db, struct stw_err *err)
{
	STW_ASSERT(!db_in_transaction(db));
	PQreset(db->pg);
	if (PQstatus(db->pg) != CONNECTION_OK)
		return db_fail_open(db->pg, err);
	return session_start(db, err);
}

void
db_cut(struct db *db)
{
	(void)shutdown(PQsocket(db->pg), SHUT_RDWR);
}

void
db_drain(struct db *db)
{
	PGresult *res;
	char *data;

	while ((res = PQgetResult(db->pg)) != NULL) {
		ExecStatusType status = PQresultStatus(res);

		PQclear(res);
		if (PQstatus(db->pg) != CONNECTION_OK)
			break;
		if (status == PGRES_COPY_IN)
			(void)PQputCopyEnd(db->pg, "given up");
		if (status == PGRES_COPY_OUT)
			while (PQgetCopyData(db->pg, &data, 0) > 0)
				PQfreemem(data);
	}
	db->copying = false;
}

/* The line of a script at which the server stopped; it counts characters, not bytes. */
static int
script_line(const char *sql, const PGresult *res)
{
	const char *field = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
	long left = field == NULL ? 0 : strtol(field, NULL, 10);
	int line = 1;

	if (left == 0)
		return 0;
	for (; *sql != '\0' && left > 1; sql++) {
		line += *sql == '\n';
		left -= ((unsigned char)sql[1] & 0xc0) != 0x80;
	}
	return line;
}

enum stw_code
db_script(struct db *db, const char *sql, struct stw_err *err)
{
	enum stw_code rc = db_flush(db, err);
	ExecStatusType status;
	PGresult *res;

	if (rc != STW_OK)
		return rc;
	res = PQexec(db->pg, sql);
	status = PQresultStatus(res);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
	    status != PGRES_EMPTY_QUERY)
		rc = db_fail_result(db, res, "script", err);
	if (rc != STW_OK && err != NULL)
		err->line = script_line(sql, res);
	PQclear(res);
	return rc;
}

enum stw_code
db_set_timeouts(struct db *db, int statement_msec, int lock_msec, struct stw_err *err)
{
	char sql[120];

	(void)snprintf(sql, sizeof sql,
	    "SET statement_timeout TO %d; SET lock_timeout TO %d", statement_msec,
	    lock_msec);
	return db_script(db, sql, err);
}

/* ---- transactions -------------------------------------------------------------- */
static enum stw_code
command(struct db *db, const char *sql, struct stw_err *err)
{
	enum stw_code rc = db_flush(db, err);
	PGresult *res;

	if (rc != STW_OK)
		return rc;
	res = PQexec(db->pg, sql);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		rc = db_fail_result(db, res, sql, err);
	PQclear(res);
	return rc;
}

bool
db_in_transaction(const struct db *db)
{
	PGTransactionStatusType status = PQtransactionStatus(db->pg);

	return db->begin_due || status == PQTRANS_INTRANS ||
	       status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

enum stw_code
db_begin(struct db *db, struct stw_err *err)
{
	if (db->lent)
		return db_in_transaction(db)
			   ? STW_OK
			   : stw_fail(err, STW_TEMPFAIL,
				 "the transaction around this one was rolled back");
	STW_ASSERT(!db_in_transaction(db));
	if (PQstatus(db->pg) != CONNECTION_OK)
		return db_fail_result(db, NULL, "BEGIN", err);
	db->begin_due = true;
	return STW_OK;
}

enum stw_code
db_begin_snapshot(struct db *db, struct stw_err *err)
{
	STW_ASSERT(!db_in_transaction(db));
	return command(db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
}

enum stw_code
db_snapshot_export(struct db *db, char id[DB_SNAPSHOT_ID], struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(db, DB_Q_SNAPSHOT_EXPORT, NULL, 0, &rows, err);

	if (rc != STW_OK)
		return rc;
	(void)snprintf(id, DB_SNAPSHOT_ID, "%.*s", STR_FMT(db_get_str(rows, 0, 0)));
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
db_begin_shared(struct db *db, const char *snapshot, struct stw_err *err)
{
	char sql[DB_SNAPSHOT_ID + 40];
	enum stw_code rc;

	/* SET takes no parameter, and a name has only these. */
	if (strlen(snapshot) >= DB_SNAPSHOT_ID ||
	    snapshot[strspn(snapshot, "0123456789ABCDEF-")] != '\0')
		return stw_fail(
		    err, STW_INVALID, "\"%.40s\" is no name of a snapshot", snapshot);
	rc = db_begin_snapshot(db, err);
	if (rc != STW_OK)
		return rc;
	(void)snprintf(sql, sizeof sql, "SET TRANSACTION SNAPSHOT '%s'", snapshot);
	rc = command(db, sql, err);
	if (rc != STW_OK)
		db_rollback(db);
	return rc;
}

enum stw_code
db_commit(struct db *db, struct stw_err *err)
{
	enum stw_code rc;

	if (db->lent)
		return STW_OK;
	/* What was queued may fail here for the first time; then there was no COMMIT, and
	 * callers take a commit that failed for the end of the transaction. */
	rc = db_flush_commit(db, err);
	if (rc != STW_OK)
		db_rollback(db);
	return rc;
}

void
db_lend(struct db *db, bool lent)
{
	db->lent = lent;
}

void
db_rollback(struct db *db)
{
	struct stw_err ignored;

	db_forget_queued(db); /* the server has not heard of it */
	if (PQtransactionStatus(db->pg) == PQTRANS_ACTIVE)
		db_drain(db);
	if (db_in_transaction(db) && command(db, "ROLLBACK", &ignored) != STW_OK)
		return; /* the connection is gone, and the transaction with it */
}

enum stw_code
db_savepoint(struct db *db, struct stw_err *err)
{
	return command(db, "SAVEPOINT place", err);
}

enum stw_code
db_savepoint_release(struct db *db, struct stw_err *err)
{
	return command(db, "RELEASE SAVEPOINT place", err);
}

enum stw_code
db_savepoint_rollback(struct db *db, struct stw_err *err)
{
	enum stw_code rc;

	/* The savepoint was not set before all that was older had gone out. */
	db->nqueued = 0;
	rc = command(db, "ROLLBACK TO SAVEPOINT place", err);

	return rc == STW_OK ? db_savepoint_release(db, err) : rc;
}
