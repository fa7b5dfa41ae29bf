/*
 * book_live_priv.h - what the files of the keeper share and no other room sees.
 *
 * Purpose    book_live_store.c talks to those who ask and runs the keeper's thread;
 *            book_follow_store.c loads, collects changes and makes versions.
 * Threads    Below `lock` is under it; what is above it is set once or the keeper's.
 */
#ifndef STW_SEGMENTS_BOOK_LIVE_PRIV_H
#define STW_SEGMENTS_BOOK_LIVE_PRIV_H

#include <pthread.h>

#include "segments/book_file_store.h"
#include "segments/book_live_store.h"
#include "segments/book_patch_store.h"

/* What came out of the stream since the newest version. */
struct book_changes {
	struct book_keys keys;
	/* Those of whom more than the stage changed: what a tick writes is no reason to look
	 * at a customer again. */
	struct book_keys touched;
	uint32_t *xids; /* one a commit */
	stw_usec *ats;  /* when it was */
	size_t ncommits, commits_cap;
	int64_t changes;
	stw_lsn lsn;    /* of the newest commit */
	stw_usec first; /* monotonic: when the oldest came */
	bool open;      /* rows came whose commit has not come yet */
	bool other;     /* products or settings may have changed */
	bool schema;    /* columns may have changed */
	bool reload;    /* no patch mends it */
	bool slot_lost; /* because of that: changes are missing */
	bool too_many;  /* more customers than a patch is worth */
};

/* A new base in the making, a file, or both. */
struct book_rebase {
	pthread_t thread;
	bool running;
	atomic_bool done;
	struct book_view *then;
	struct book *base; /* NULL: that of the view is the whole */
	/* The file. */
	bool save;
	const char *path;
	struct book_file_is is;
	char kept_of[BOOK_KEPT_OF];
	stw_lsn position; /* all that was committed before it is in the view */
	int64_t version;  /* its number */
	uint64_t bytes;
	enum stw_code rc;
	struct stw_err err;
};

struct book_live {
	char *conninfo, *slot;
	char *file; /* NULL: none */
	int save_sec;
	const struct stw_clock *clock;
	struct stw_clock wall;
	int periodic_sec;
	pthread_t thread;
	atomic_bool stop;
	atomic_bool load_due; /* PERIODIC: somebody has no use for this load */
	/* The keeper's. */
	struct db *db;
	struct db_stream *stream;
	struct book_fill *fill;
	char fingerprint[BOOK_FINGERPRINT];
	int64_t shape;
	bool load_wanted;
	struct book_changes changes;
	struct book_rebase rebase;
	/* All that was committed before it is in the newest version; 0: not known. */
	stw_lsn applied;
	stw_lsn filed;         /* the same of the file; 0: there is none that is good */
	int64_t filed_version; /* which it shows */
	stw_usec filed_at;     /* monotonic: the newest try; 0: none */
	/* Everybody's. */
	pthread_mutex_t lock;
	pthread_cond_t moved; /* a version, a position or a state */
	struct book_view
	    *view;        /* written by the keeper, who reads it without the lock */
	stw_lsn position; /* all that was committed before it is in view */
	/* Of the load that view is (book.h); 0: it is kept by the stream. */
	uint64_t imports;
	struct book_live_stat stat; /* but for what is counted when asked */
	bool touched_wanted;
	struct book_keys touched; /* since somebody took them */
};

/* ---- book_live_store.c, for the keeper ---- */
void book_live_set_state(
    struct book_live *live, enum book_live_state state, const struct stw_err *why);
/* Another log, or another place in it: what was known of positions is worth nothing. */
void book_live_restart(struct book_live *live);
/* Sleeps, but for a stop. */
void book_live_pause(struct book_live *live, int msec);

/* ---- book_follow_store.c ---- */
/* Loads when there is no version or a load is wanted, then follows the stream until a
 * stop (OK) or an error. */
enum stw_code book_follow(struct book_live *live, struct stw_err *err) STW_MUST_USE;
/* One load, to be the newest version. */
enum stw_code book_follow_load(
    struct book_live *live, struct stw_err *err) STW_MUST_USE;
/* Begins with the file where that is good; otherwise a load is wanted. */
enum stw_code book_follow_open(struct book_live *live,
    const struct db_stream_start *start, struct stw_err *err) STW_MUST_USE;
/* Saves what there is, before the end. */
void book_follow_save(struct book_live *live);
/* What was collected and is in no version comes again from the slot. */
void book_follow_forget(struct book_live *live);
/* Ends what is under way and frees the keeper's own. */
void book_follow_end(struct book_live *live);

#endif
