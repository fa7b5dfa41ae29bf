/*
 * book_live_store.h - the book kept current by the change stream.
 *
 * Purpose    A keeper loads the book once and then follows db/stream.h: who changed is
 *            collected for a moment, read again in one snapshot that shows these commits,
 *            and published as the next version (segments/book_view.h). Whoever needs the
 *            book takes the newest version and is not disturbed by later ones.
 * States     LOADING: there is no version yet. STREAMING: changes are seen as they come.
 *            RELOADING: a truncate, a change of products, settings or columns, or a lost
 *            slot asked for a fresh load; the old version serves meanwhile. PERIODIC: the
 *            database cannot be streamed (why is told): the book is loaded at intervals.
 *            TROUBLE: the database is away or refuses; the old version serves and is
 *            getting old. Each is left by itself when its cause is gone.
 * Units      Lags are from a commit, by the server's clock, to the version that has it, by
 *            ours.
 * File       With one, the newest version is saved at intervals and at the stop, and the
 *            server's log is kept from there on. A start opens it and reads again who
 *            changed since, unless the slot does not reach back that far, or products,
 *            settings or columns have changed: then, and when the file is refused, it loads.
 *            Which, and why, is logged and in the stat.
 * Ownership  book_live_start, book_live_stop; versions by book_view_unref.
 * Errors     None after the start: troubles are in the state, and logged when they change.
 * Threads    Any number may ask. The keeper has a thread, and another while a new base is
 *            made. Neither ever waits for readers.
 */
#ifndef STW_SEGMENTS_BOOK_LIVE_STORE_H
#define STW_SEGMENTS_BOOK_LIVE_STORE_H

#include "db/stream.h"
#include "segments/book_view.h"

enum book_live_state {
	BOOK_LIVE_LOADING = 0,
	BOOK_LIVE_STREAMING,
	BOOK_LIVE_RELOADING,
	BOOK_LIVE_PERIODIC,
	BOOK_LIVE_TROUBLE,
};
const char *book_live_state_name(enum book_live_state state);

struct book_live_options {
	const char *conninfo;
	const char *slot; /* of this process alone: two keepers do not share one */
	const struct stw_clock *clock;
	int periodic_sec; /* between loads where nothing can be streamed */
	bool touched;     /* somebody will ask book_live_touched */
	const char *file; /* NULL or empty: none */
	int save_sec;     /* between savings */
};

struct book_live;

/* Copies the options but for the clock. Does not wait for the first version. */
enum stw_code book_live_start(const struct book_live_options *options,
    struct book_live **out, struct stw_err *err) STW_MUST_USE;
/* Waits for the keeper, which ends within a second unless it is loading or saving. Its slot
 * goes, as a server that does not come back is to keep no log on the database's disk; but
 * with a file it stays, for the next start. NULL is fine. */
void book_live_stop(struct book_live *live);

/* The newest version, for book_view_unref; NULL while there is none. */
struct book_view *book_live_view(struct book_live *live);
/* A position that is behind all that has committed by now. Own transaction. */
enum stw_code book_live_position(
    struct db *db, stw_lsn *out, struct stw_err *err) STW_MUST_USE;
/* The newest version once it has all that was committed before the position; after
 * wait_msec, or where no stream is followed, the newest there is: *seen, which may be NULL,
 * tells. NULL: none. */
struct book_live_seen {
	stw_lsn position; /* all that was committed before it is in; 0: not known */
	uint64_t
	    imports; /* of a load that the stream has not touched (book.h); 0: no */
	enum book_live_state state;
};
struct book_view *book_live_view_after(struct book_live *live, stw_lsn position,
    int wait_msec, struct book_live_seen *seen);
/* Where the book is loaded at intervals: the next load is not waited for. */
void book_live_load_again(struct book_live *live);

/* Who was changed since the last call, other than by moving to another stage; waits up to
 * wait_msec for somebody. A version that has these changes, for book_view_unref; NULL:
 * nobody was. A load counts nobody, and of a million only some are kept: a tick over all
 * has to come now and then. For one caller. */
struct book_view *book_live_touched(
    struct book_live *live, int wait_msec, struct book_keys *out);
/* A version at an instant, with the traits of db's catalogue, in its parts
 * (book_view_parts), which borrow its rows: free them before the reference goes. */
enum stw_code book_live_parts(struct db *db, const struct book_view *view, stw_usec now,
    struct book_parts *out, struct stw_err *err) STW_MUST_USE;

#define BOOK_LIVE_LAGS 16
struct book_live_stat {
	enum book_live_state state;
	char trouble[200]; /* why PERIODIC or TROUBLE; empty otherwise */
	struct book_view_stat view;
	int64_t versions, reloads, merges, reconnects;
	int64_t slots_lost; /* of the reloads: because the server kept no log for us */
	bool opened;        /* it began with the file */
	char refused
	    [200]; /* why it did not, though there is to be one; empty otherwise */
	int64_t saves;
	int64_t changes, commits; /* published */
	int64_t reread;           /* customers read again */
	stw_usec lag, lag_sum;    /* of the newest commit that was published; of all */
	stw_usec loaded_usec;     /* how long the newest load took */
	stw_usec load_sum;        /* all of them */
	/* Versions made out of changes: reading them again and publishing. */
	int64_t applies;
	stw_usec applied_usec, apply_sum; /* the newest; all of them */
	/* Commits by lag: lags[i] were at most book_live_lag_bound(i); the last has the
	 * rest. */
	int64_t lags[BOOK_LIVE_LAGS];
};
void book_live_stat(struct book_live *live, struct book_live_stat *out);
stw_usec book_live_lag_bound(int i);

#endif
