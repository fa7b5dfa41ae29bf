/*
 * stream.h - the change stream: which customers were changed, by whomever.
 *
 * Purpose    Reads PostgreSQL's logical replication (pgoutput, protocol 1) through libpq.
 *            The stream says only *who* changed: the publication sends keys, no values;
 *            whoever keeps a book reads the rows again, in a snapshot of its own
 *            (decision 0015). A table counts as a customer's when its published columns
 *            include bucket and customer_id; a new one only has to join the publication.
 * Use        open; where start.fresh, load the book. Then: next, collecting customers;
 *            after a COMMIT (or when NONE says that nothing waits) begin a snapshot, ask
 *            db_stream_visible for the commits collected, read the customers again, ack.
 * Delivery   At least once: after a reconnect everything since the last ack comes again,
 *            a transaction that was cut short from its beginning. Transactions come whole,
 *            in the order of their commits; those rolled back never.
 * Memory     Rows are taken from the connection one at a time, only when asked for; the
 *            server waits meanwhile and keeps a large transaction on its own disk.
 * Busy       A keeper that does not call next for longer than the server's
 *            wal_sender_timeout (60 s) is disconnected, and connected again by its next
 *            call, which loses nothing. db_stream_ack, also with an lsn that was given
 *            before, tells the server that we live.
 * Shutdown   A server that shuts down waits until all it sent is acked. The stream leaves it
 *            then (NONE, as for a broken line), whatever is acked, and finds it again later.
 * Units      LSNs are bytes of the write-ahead log; 0 is none. Instants are UTC.
 * Ownership  open/close. Event texts are the stream's, until the next call.
 * Errors     open: CONFLICT somebody else reads this slot; INVALID wal_level, DENIED no
 *            REPLICATION, NOT_FOUND no publication, all as db_stream_check; TEMPFAIL.
 *            next never gives TEMPFAIL: it reconnects with growing, random pauses and
 *            gives NONE meanwhile (db_stream_stat tells). Its other errors are as open's,
 *            and BUG for bytes that are not in the protocol; a later call tries again.
 * Threads    A stream belongs to one thread at a time.
 */
#ifndef STW_DB_STREAM_H
#define STW_DB_STREAM_H

#include "db/db.h"

#define DB_STREAM_PUBLICATION "steward_book"

typedef uint64_t stw_lsn;

struct db_stream;

struct db_stream_options {
	const char *conninfo; /* as db_open */
	/* a-z, 0-9 and _, up to 63; the whole cluster has one slot of a name. */
	const char *slot;
	const char *publication; /* the same letters; NULL: DB_STREAM_PUBLICATION */
	/* Only db_stream_ack moves the confirmed position. Otherwise it also follows the
	 * server while nothing is published, once all that was delivered is acked, so that an
	 * idle book does not keep a busy server's log. Set it to trust a snapshot file after
	 * a kill: the slot is then never ahead of what the file holds. */
	bool only_ack;
};

/* What comes from here is complete from lsn on. */
struct db_stream_start {
	/* The slot is new, or the old one had lost its log: a book that was kept before is
	 * worth nothing. Load it after db_stream_open. */
	bool fresh;
	/* The slot's confirmed position; the stream begins there. A snapshot file that holds
	 * everything up to a position >= lsn can be used. */
	stw_lsn lsn;
};

/* Makes the slot when it is missing; waits for the transactions that write just then, up
 * to a minute (TEMPFAIL after it). */
enum stw_code db_stream_open(const struct db_stream_options *options,
    struct db_stream **out, struct db_stream_start *start,
    struct stw_err *err) STW_MUST_USE;
/* NULL is fine. The slot stays, and keeps the log from the last ack on. */
void db_stream_close(struct db_stream *stream);

enum db_stream_kind {
	/* Nothing within the time, nothing up to a newer `seen`, or the line broke, which
	 * db_stream_stat tells: the next call connects again. */
	DB_STREAM_NONE = 0,
	/* One row of one customer. A row that moves to another customer gives two. */
	DB_STREAM_CHANGE,
	/* The transaction of the changes since the last COMMIT. */
	DB_STREAM_COMMIT,
	/* A row of a published table without customers: product, setting, ... */
	DB_STREAM_OTHER,
	/* The table was emptied; or a row went whose replica identity does not say whose it
	 * was. */
	DB_STREAM_TRUNCATE,
	/* The table's description was sent: at its first change in a connection, and after
	 * anything that may have altered the table. db_stream_shape tells whether it did. */
	DB_STREAM_SCHEMA,
	/* The slot was lost and made anew: changes are missing. Load the book afresh, then
	 * go on with this stream. lsn is where it begins. */
	DB_STREAM_RELOAD,
};

enum db_stream_op {
	DB_STREAM_INSERT = 1,
	DB_STREAM_UPDATE,
	DB_STREAM_DELETE,
};

struct db_stream_event {
	enum db_stream_kind kind;
	enum db_stream_op op; /* CHANGE, OTHER */
	const char *table;    /* CHANGE, OTHER, TRUNCATE, SCHEMA: without its schema */
	int bucket;           /* CHANGE: 0-255 */
	int64_t customer_id;  /* CHANGE */
	stw_lsn lsn;  /* COMMIT, RELOAD: to be acked once all before it is applied */
	stw_usec at;  /* COMMIT: the server's clock */
	uint32_t xid; /* COMMIT: for db_stream_visible */
};

/* The next event, waiting up to wait_msec for one. A reconnect may add five seconds, and a
 * minute where the slot is made anew beside transactions that run for long. */
enum stw_code db_stream_next(struct db_stream *stream, int wait_msec,
    struct db_stream_event *event, struct stw_err *err) STW_MUST_USE;

/* Everything before lsn is applied (or saved, see only_ack) and need not come again. Never
 * blocks, never fails: an ack that is lost costs duplicates. */
void db_stream_ack(struct db_stream *stream, stw_lsn lsn);

/* Everything before lsn need not come again to this process, though it is not acked yet: a
 * reconnect begins there. */
void db_stream_applied(struct db_stream *stream, stw_lsn lsn);

struct db_stream_stat {
	bool connected;
	stw_lsn server; /* end of the server's log, when it last said so */
	stw_lsn seen;   /* everything that committed before it was delivered */
	stw_lsn acked;
	int64_t behind;   /* bytes from acked to server */
	stw_usec last_at; /* commit time of the last COMMIT; STW_USEC_NEVER: none yet */
	int64_t commits, changes, reconnects, reloads;
	char trouble[200]; /* why it is not connected; empty when it is */
};

void db_stream_stat(const struct db_stream *stream, struct db_stream_stat *out);

/* ---- beside the stream, on an ordinary connection ----------------------------------- */
/* Can this database be streamed? INVALID: wal_level is not logical; DENIED: our role lacks
 * REPLICATION; NOT_FOUND: no such publication. The text says what to do; a keeper falls
 * back to loading at intervals and shows it. */
enum stw_code db_stream_check(
    struct db *db, const char *publication, struct stw_err *err) STW_MUST_USE;

/* Does the snapshot of db's open transaction show all these commits? The stream can be
 * ahead of what a new snapshot sees: a commit is in the log a moment before it is visible,
 * and with synchronous standbys until they have answered. When not: roll back, wait a
 * little, begin again. */
enum stw_code db_stream_visible(struct db *db, const uint32_t *xids, size_t count,
    bool *visible, struct stw_err *err) STW_MUST_USE;

/* A number that changes when columns of published tables come, go or change their type. A
 * keeper takes it when it loads, and again after DB_STREAM_SCHEMA: another number, load
 * afresh. */
enum stw_code db_stream_shape(struct db *db, const char *publication, int64_t *shape,
    struct stw_err *err) STW_MUST_USE;

struct db_slot {
	char wal_status[16]; /* reserved, extended, unreserved, lost */
	bool active;         /* somebody reads it */
	int pid;             /* who, as the server's process; 0: nobody */
	bool lost;           /* its log is gone: the next open makes it anew, fresh */
	stw_lsn confirmed;   /* 0 when lost */
	int64_t retained;    /* bytes of log that it keeps on the server's disk */
	char database[64];   /* a slot belongs to one */
	bool ours;           /* to this one, and for pgoutput */
	char keep_size[16];  /* the server's max_slot_wal_keep_size: "2GB", "-1" */
};

/* NOT_FOUND: no slot of this name. */
enum stw_code db_slot_get(struct db *db, const char *slot, struct db_slot *out,
    struct stw_err *err) STW_MUST_USE;
/* Names of the slots of db's database, in the arena. */
enum stw_code db_slot_names(struct db *db, struct arena *arena, const char ***out,
    size_t *count, struct stw_err *err) STW_MUST_USE;
/* NOT_FOUND; CONFLICT: somebody reads it. */
enum stw_code db_slot_drop(
    struct db *db, const char *slot, struct stw_err *err) STW_MUST_USE;

#endif
