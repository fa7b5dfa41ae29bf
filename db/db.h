/*
 * db.h - PostgreSQL: connections, named queries, transactions, binary COPY.
 *
 * Purpose    The only way to the database. Statements are files in db/queries, known as
 *            DB_Q_NAME; values travel as parameters, never as text in a statement.
 * Units      Instants are stw_usec UTC; days are stw_day; both map to timestamptz and
 *            date exactly.
 * Ownership  db_open/db_close; rows are freed with db_rows_free and borrow nothing.
 * Errors     TEMPFAIL: connection lost, deadlock, serialization, lock or statement
 *            timeout, disk full, shutdown: retry the whole transaction. CONFLICT: unique,
 *            exclusion. INVALID: any other constraint or bad data (text names the
 *            constraint). BUG: a statement that does not fit the schema.
 * Threads    A connection belongs to one thread at a time; the pool to all.
 * Locks      Order everywhere: contact count -> consent -> caller number -> task -> outbox.
 */
#ifndef STW_DB_DB_H
#define STW_DB_DB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db_queries.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/rule_sql.h"
#include "engine/time.h"

struct db;
struct db_rows;

/* ---- connections ------------------------------------------------------------ */
/* conninfo as libpq takes it ("host=/run/x dbname=steward"); keep-alives, connect and
 * user time-outs, search_path, UTC and client_encoding are added. */
enum stw_code db_open(
    const char *conninfo, struct db **out, struct stw_err *err) STW_MUST_USE;
void db_close(struct db *db);
/* Another connection to the same place. */
enum stw_code db_open_like(
    const struct db *db, struct db **out, struct stw_err *err) STW_MUST_USE;
/* What the connection's ledger entries commit to customers' data with (db/commitment.h);
 * borrowed, and handed on by db_open_like. NULL, as after db_open: none. */
struct seal_keys;
void db_keys_set(struct db *db, const struct seal_keys *keys);
const struct seal_keys *db_keys(const struct db *db);
/* Once *stop is set the connection's statements, COMMIT too, are TEMPFAIL without being sent,
 * and rows that are being copied out end; ROLLBACK still goes out. Handed on by
 * db_open_like; NULL, as after db_open: never. */
void db_stop_on(struct db *db, const atomic_bool *stop);
/* A way to interrupt from another thread the statement that runs now; db is in use by the
 * caller. NULL: there is none. */
struct db_interrupt;
struct db_interrupt *db_interrupt_open(struct db *db);
void db_interrupt_send(struct db_interrupt *interrupt);
void db_interrupt_close(struct db_interrupt *interrupt);
/* Reconnects a broken connection; outside a transaction only. */
enum stw_code db_reset(struct db *db, struct stw_err *err) STW_MUST_USE;
/* From another thread: whoever waits for the connection's answer hears that it is lost. For
 * a server that does not answer any more, whatever its own time-outs say. */
void db_cut(struct db *db);
/* For this session; 0 is none. A connection starts with the two below. */
#define DB_STATEMENT_MSEC 300000
#define DB_LOCK_MSEC      5000
enum stw_code db_set_timeouts(
    struct db *db, int statement_msec, int lock_msec, struct stw_err *err) STW_MUST_USE;

/* By how much the database's clock is ahead of this machine's real one, at least: what the
 * asking took is given way to. Asked anew at most every DB_CLOCK_SEC seconds a connection. */
#define DB_CLOCK_SEC 5
enum stw_code db_clock_ahead(
    struct db *db, stw_usec *ahead, struct stw_err *err) STW_MUST_USE;
/* Clocks that differ by more decide nothing: neither says what time it is. */
#define DB_CLOCK_TRUST (2 * STW_USEC_SEC)

struct db_pool;
enum stw_code db_pool_open(const char *conninfo, int size, struct db_pool **out,
    struct stw_err *err) STW_MUST_USE;
void db_pool_close(struct db_pool *pool);
/* For all its connections; before any is acquired. */
void db_pool_keys(struct db_pool *pool, const struct seal_keys *keys);
/* Waits up to wait_msec for a free connection (reconnecting it when broken), else
 * TEMPFAIL. A connection released inside a transaction is rolled back first. */
enum stw_code db_pool_acquire(struct db_pool *pool, int wait_msec, struct db **out,
    struct stw_err *err) STW_MUST_USE;
void db_pool_release(struct db_pool *pool, struct db *db);

/* ---- transactions ------------------------------------------------------------ */
/* BEGIN travels with the first statement: there is no snapshot, lock or now() before it. */
enum stw_code db_begin(struct db *db, struct stw_err *err) STW_MUST_USE;
/* REPEATABLE READ, READ ONLY: one snapshot for many reads. */
enum stw_code db_begin_snapshot(struct db *db, struct stw_err *err) STW_MUST_USE;
/* The name of the open transaction's snapshot, which other connections may share while it
 * stays open. */
#define DB_SNAPSHOT_ID 64
enum stw_code db_snapshot_export(
    struct db *db, char id[DB_SNAPSHOT_ID], struct stw_err *err) STW_MUST_USE;
/* db_begin_snapshot on that snapshot: sees exactly what the exporting transaction sees. */
enum stw_code db_begin_shared(
    struct db *db, const char *snapshot, struct stw_err *err) STW_MUST_USE;
/* A lost answer to COMMIT gives TEMPFAIL: it may have happened; idempotency keys tell. */
enum stw_code db_commit(struct db *db, struct stw_err *err) STW_MUST_USE;
/* Never fails from the caller's view: a broken connection is as good as rolled back. */
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);
/* A place in the open transaction to come back to; one at a time. What fails after it is
 * undone by db_savepoint_rollback, and the transaction goes on. */
enum stw_code db_savepoint(struct db *db, struct stw_err *err) STW_MUST_USE;
enum stw_code db_savepoint_release(struct db *db, struct stw_err *err) STW_MUST_USE;
enum stw_code db_savepoint_rollback(struct db *db, struct stw_err *err) STW_MUST_USE;
/* While the caller's open transaction is lent, db_begin and db_commit of the functions it
 * calls take part in it instead of opening and ending one of their own; their
 * db_rollback rolls it all back, after which db_begin is TEMPFAIL. Ends with
 * db_lend(db, false), after which the caller commits or rolls back as ever. */
void db_lend(struct db *db, bool lent);

/* ---- queries ------------------------------------------------------------------ */
enum db_param_kind {
	DB_P_NULL = 0,
	DB_P_BOOL,
	DB_P_I64,
	DB_P_F64,
	DB_P_TEXT,
	DB_P_BYTES,
	DB_P_USEC,
	DB_P_DAY,
	DB_P_I64_ARRAY,
	DB_P_TEXT_ARRAY,
};

struct db_param {
	enum db_param_kind kind;
	int64_t i;
	double f;
	struct str s;        /* TEXT, BYTES: borrowed */
	const int64_t *i64s; /* arrays: borrowed */
	const struct str *texts;
	size_t count;
};

struct db_param db_null(void);
struct db_param db_bool(bool v);
struct db_param db_i64(int64_t v);
struct db_param db_f64(double v);
struct db_param db_text(const char *v); /* NULL becomes null */
struct db_param db_str(struct str v);
struct db_param db_bytes(const void *data, size_t len);
/* STW_USEC_MAX becomes 'infinity', STW_USEC_NEVER '-infinity'. */
struct db_param db_usec(stw_usec v);
struct db_param db_day(stw_day v);
struct db_param db_i64s(const int64_t *v, size_t count);
struct db_param db_texts(const struct str *v, size_t count);

#define DB_NPARAMS(array) (sizeof(array) / sizeof((array)[0]))

/* Prepared on first use in each connection. rows may be NULL when none are wanted. */
enum stw_code db_query(struct db *db, enum db_query_id id,
    const struct db_param *params, size_t nparams, struct db_rows **rows,
    struct stw_err *err) STW_MUST_USE;
/* As db_query, and gives the number of rows changed or returned. */
enum stw_code db_exec(struct db *db, enum db_query_id id, const struct db_param *params,
    size_t nparams, int64_t *affected, struct stw_err *err) STW_MUST_USE;
/* Exactly one row is wanted: NOT_FOUND for none. rows may be NULL as well. */
enum stw_code db_query_one(struct db *db, enum db_query_id id,
    const struct db_param *params, size_t nparams, struct db_rows **rows,
    struct stw_err *err) STW_MUST_USE;
/* A statement that keeps a place for a rule's clause (db/rule_query.c says how); the
 * clause comes from rule_sql, its values travel as parameters. *rows is never NULL. */
enum stw_code db_query_rule(struct db *db, enum db_query_id id,
    const struct rule_sql *clause, struct db_rows **rows,
    struct stw_err *err) STW_MUST_USE;
/* Only for scripts that are files of the project (migrations) and session commands. */
enum stw_code db_script(
    struct db *db, const char *sql, struct stw_err *err) STW_MUST_USE;

/* ---- fewer round trips ------------------------------------------------------------
 * What the server is told at once it does in order, each statement with its own snapshot and
 * seeing what those before it did, as if it had been waited for. */
/* A statement whose answer nobody reads, inside a transaction: it goes out before the next
 * one that is waited for, or with COMMIT, and what it fails with is said by that one. Its
 * values are copied. Not for what the caller has to know, such as a conflict. */
enum stw_code db_later(struct db *db, enum db_query_id id,
    const struct db_param *params, size_t nparams, struct stw_err *err) STW_MUST_USE;

/* Statements collected for one round trip. The parameters are copied to the arena, what they
 * point to is borrowed until db_ask_all. */
#define DB_ASKS_MAX 32
struct db_asks {
	struct arena *arena;
	size_t count;
	struct db_ask {
		enum db_query_id id;
		const struct db_param *params;
		size_t nparams;
		struct db_rows **rows;
	} list[DB_ASKS_MAX];
};
void db_asks_init(struct db_asks *asks, struct arena *arena);
/* *rows (may be NULL) becomes NULL now and the rows in db_ask_all. */
void db_asks_add(struct db_asks *asks, enum db_query_id id,
    const struct db_param *params, size_t nparams, struct db_rows **rows);
/* All or, on any failure, no rows. Empties *asks. */
enum stw_code db_ask_all(
    struct db *db, struct db_asks *asks, struct stw_err *err) STW_MUST_USE;

int db_rows_count(const struct db_rows *rows);
int db_rows_columns(const struct db_rows *rows);
void db_rows_free(struct db_rows *rows); /* NULL is fine */
bool db_is_null(const struct db_rows *rows, int row, int col);
/* A NULL gives 0, false, the empty string; bad type in the column is a bug. */
int64_t db_get_i64(const struct db_rows *rows, int row, int col);
double db_get_f64(const struct db_rows *rows, int row, int col);
bool db_get_bool(const struct db_rows *rows, int row, int col);
stw_usec db_get_usec(const struct db_rows *rows, int row, int col);
stw_day db_get_day(const struct db_rows *rows, int row, int col);
/* Borrowed from rows; NUL-terminated. */
struct str db_get_str(const struct db_rows *rows, int row, int col);
/* A copy in the arena; NULL for null. */
const char *db_get_text(
    const struct db_rows *rows, int row, int col, struct arena *arena);
/* bytea, decoded into the arena (text results arrive escaped). */
struct str db_get_bytes(
    const struct db_rows *rows, int row, int col, struct arena *arena);
/* text[]: count elements in the arena. */
const char **db_get_texts(
    const struct db_rows *rows, int row, int col, size_t *count, struct arena *arena);

#define DB_ROW_FOREACH(rows, r) \
	for (int r = 0, r##_n = db_rows_count(rows); r < r##_n; r++)

/* ---- COPY, binary ---------------------------------------------------------------
 * The statement is a query file "COPY ... FROM STDIN (FORMAT binary)" or "COPY (SELECT
 * ...) TO STDOUT (FORMAT binary)". COPY takes no parameters. */
struct db_copy_in;
enum stw_code db_copy_in_begin(struct db *db, enum db_query_id id,
    struct db_copy_in **out, struct stw_err *err) STW_MUST_USE;
/* One row: columns in order, each with one call. */
void db_put_row(struct db_copy_in *copy, int ncols);
void db_put_null(struct db_copy_in *copy);
void db_put_bool(struct db_copy_in *copy, bool v);
void db_put_i16(struct db_copy_in *copy, int16_t v);
void db_put_i32(struct db_copy_in *copy, int32_t v);
void db_put_i64(struct db_copy_in *copy, int64_t v);
void db_put_f64(struct db_copy_in *copy, double v);
void db_put_text(struct db_copy_in *copy, struct str v);
void db_put_bytes(struct db_copy_in *copy, const void *data, size_t len);
void db_put_usec(struct db_copy_in *copy, stw_usec v);
void db_put_day(struct db_copy_in *copy, stw_day v);
void db_put_texts(struct db_copy_in *copy, const char *const *v, size_t count);
void db_put_uuid(struct db_copy_in *copy, const unsigned char uuid[16]);
/* Sends what is left; *rows (may be NULL) gets the count. Frees copy in any case. */
enum stw_code db_copy_in_end(
    struct db_copy_in *copy, int64_t *rows, struct stw_err *err) STW_MUST_USE;
/* Gives up: the server forgets the rows. */
void db_copy_in_abort(struct db_copy_in *copy);

struct db_copy_out;
enum stw_code db_copy_out_begin(struct db *db, enum db_query_id id,
    struct db_copy_out **out, struct stw_err *err) STW_MUST_USE;
/* *more false at the end. Fields are then read with db_field_*, borrowed until the next
 * call. */
enum stw_code db_copy_out_row(
    struct db_copy_out *copy, bool *more, struct stw_err *err) STW_MUST_USE;
bool db_field_null(const struct db_copy_out *copy, int col);
bool db_field_bool(const struct db_copy_out *copy, int col);
int16_t db_field_i16(const struct db_copy_out *copy, int col);
int32_t db_field_i32(const struct db_copy_out *copy, int col);
int64_t db_field_i64(const struct db_copy_out *copy, int col);
double db_field_f64(const struct db_copy_out *copy, int col);
struct str db_field_bytes(const struct db_copy_out *copy, int col); /* text, bytea */
stw_usec db_field_usec(const struct db_copy_out *copy, int col);
stw_day db_field_day(const struct db_copy_out *copy, int col);
/* Ends it, early or at the end. */
void db_copy_out_close(struct db_copy_out *copy);

#endif
