#include "segments/book_live_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/log.h"
#include "segments/book_live_priv.h"
#include "segments/trait_store.h"

#define RETRY_MSEC    1000
#define PERIODIC_LOOK 200

const char *
book_live_state_name(enum book_live_state state)
{
	static const char *const names[] = {
	    [BOOK_LIVE_LOADING] = "loading",
	    [BOOK_LIVE_STREAMING] = "streaming",
	    [BOOK_LIVE_RELOADING] = "reloading",
	    [BOOK_LIVE_PERIODIC] = "periodic",
	    [BOOK_LIVE_TROUBLE] = "trouble",
	};

	return names[state];
}

/* ---- the keeper's thread --------------------------------------------------------------- */
void
book_live_set_state(
    struct book_live *live, enum book_live_state state, const struct stw_err *why)
{
	struct book_live_stat *stat = &live->stat;
	const char *text = why == NULL ? "" : why->text;
	bool news;

	(void)pthread_mutex_lock(&live->lock);
	news = stat->state != state || strcmp(stat->trouble, text) != 0;
	stat->state = state;
	(void)snprintf(stat->trouble, sizeof stat->trouble, "%.199s", text);
	(void)pthread_cond_broadcast(&live->moved);
	(void)pthread_mutex_unlock(&live->lock);
	if (!news)
		return;
	if (why != NULL)
		log_err(LOG_WARN, "book_state", why);
	log_event(LOG_INFO, "book_state", "state=%s", book_live_state_name(state));
}

void
book_live_restart(struct book_live *live)
{
	live->applied = live->filed = 0;
	(void)pthread_mutex_lock(&live->lock);
	live->position = 0;
	(void)pthread_mutex_unlock(&live->lock);
}

void
book_live_pause(struct book_live *live, int msec)
{
	while (msec > 0 && !live->stop) {
		int piece = msec < 50 ? msec : 50;

		(void)usleep((useconds_t)piece * 1000);
		msec -= piece;
	}
}

static void
pause_or_due(struct book_live *live, int msec)
{
	for (; msec > 0 && !live->stop && !atomic_load(&live->load_due);
	     msec -= PERIODIC_LOOK)
		book_live_pause(live, PERIODIC_LOOK);
}

/* The database cannot be streamed: loads, and says why, until it is worth another look. */
static enum stw_code
keep_by_loading(struct book_live *live, const struct stw_err *why, struct stw_err *err)
{
	enum stw_code rc;

	/* Whatever the slot holds later does not join on to it. */
	book_live_restart(live);
	atomic_store(&live->load_due, false);
	rc = book_follow_load(live, err);
	if (rc == STW_OK) {
		book_live_set_state(live, BOOK_LIVE_PERIODIC, why);
		pause_or_due(live, live->periodic_sec * 1000);
	}
	return rc;
}

/* Until a stop or an error. */
static enum stw_code
keep(struct book_live *live, struct stw_err *err)
{
	const struct db_stream_options options = {.conninfo = live->conninfo,
	    .slot = live->slot,
	    .only_ack = live->file != NULL};
	struct db_stream_start start;
	struct stw_err why = {0};
	enum stw_code rc;

	rc = db_open(live->conninfo, &live->db, err);
	if (rc != STW_OK)
		return rc;
	rc = db_stream_check(live->db, DB_STREAM_PUBLICATION, &why);
	if (rc == STW_OK)
		rc = db_stream_open(&options, &live->stream, &start, &why);
	if (rc == STW_TEMPFAIL || rc == STW_BUG) {
		*err = why;
		return rc;
	}
	if (rc != STW_OK)
		return keep_by_loading(live, &why, err);
	if (live->view == NULL && live->file != NULL) {
		rc = book_follow_open(live, &start, err);
		if (rc != STW_OK)
			return rc;
	}
	if (start.fresh)
		book_live_restart(live);
	/* Otherwise the newest version and what comes are whole. */
	if (start.fresh || start.lsn > live->position)
		live->load_wanted = true;
	return book_follow(live, err);
}

static void
close_all(struct book_live *live)
{
	book_follow_forget(live);
	db_stream_close(live->stream);
	live->stream = NULL;
	db_close(live->db);
	live->db = NULL;
}

static void *
keeper_main(void *arg)
{
	struct book_live *live = arg;
	struct stw_err err;

	while (!live->stop) {
		if (keep(live, &err) != STW_OK && !live->stop) {
			book_live_set_state(live, BOOK_LIVE_TROUBLE, &err);
			book_live_pause(live, RETRY_MSEC);
		}
		if (live->stop)
			book_follow_save(live);
		close_all(live);
	}
	book_follow_end(live);
	return NULL;
}

/* ---- start and stop ----------------------------------------------------------------------- */
static void
moved_init(pthread_cond_t *moved)
{
	pthread_condattr_t attr;

	STW_ASSERT(pthread_condattr_init(&attr) == 0);
	STW_ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	STW_ASSERT(pthread_cond_init(moved, &attr) == 0);
	(void)pthread_condattr_destroy(&attr);
}

static void
live_free(struct book_live *live)
{
	book_view_unref(live->view);
	(void)pthread_mutex_destroy(&live->lock);
	(void)pthread_cond_destroy(&live->moved);
	free(live->touched.items);
	free(live->conninfo);
	free(live->slot);
	free(live->file);
	free(live);
}

enum stw_code
book_live_start(const struct book_live_options *options, struct book_live **out,
    struct stw_err *err)
{
	struct book_live *live = stw_xalloc(sizeof *live);

	*out = NULL;
	live->conninfo = stw_xstrdup(options->conninfo);
	live->slot = stw_xstrdup(options->slot);
	if (options->file != NULL && options->file[0] != '\0')
		live->file = stw_xstrdup(options->file);
	live->save_sec = options->save_sec;
	live->clock = options->clock;
	live->periodic_sec = options->periodic_sec;
	live->touched_wanted = options->touched;
	clock_set_real(&live->wall);
	STW_ASSERT(pthread_mutex_init(&live->lock, NULL) == 0);
	moved_init(&live->moved);
	if (pthread_create(&live->thread, NULL, keeper_main, live) != 0) {
		live_free(live);
		return stw_fail(err, STW_TEMPFAIL, "a thread does not start");
	}
	*out = live;
	return STW_OK;
}

/* What another process reads by now is not ours to drop: that is not an error. */
static void
drop_slot(const struct book_live *live)
{
	struct stw_err err;
	struct db *db;
	enum stw_code rc = db_open(live->conninfo, &db, &err);

	if (rc == STW_OK) {
		rc = db_slot_drop(db, live->slot, &err);
		db_close(db);
	}
	if (rc != STW_OK && rc != STW_NOT_FOUND)
		log_err(LOG_WARN, "book_slot_stays", &err);
}

void
book_live_stop(struct book_live *live)
{
	if (live == NULL)
		return;
	live->stop = true;
	(void)pthread_join(live->thread, NULL);
	if (live->filed == 0) /* otherwise the next start goes on with it */
		drop_slot(live);
	live_free(live);
}

/* ---- asking ---------------------------------------------------------------------------------- */
struct book_view *
book_live_view(struct book_live *live)
{
	struct book_view *view;

	(void)pthread_mutex_lock(&live->lock);
	view = live->view == NULL ? NULL : book_view_ref(live->view);
	(void)pthread_mutex_unlock(&live->lock);
	return view;
}

/* Its own commit takes to disk what clients with synchronous_commit off left behind. */
enum stw_code
book_live_position(struct db *db, stw_lsn *out, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	rc = db_script(db, "SET LOCAL synchronous_commit = local", err);
	if (rc == STW_OK)
		rc = db_query_one(db, DB_Q_BOOK_POSITION, NULL, 0, &rows, err);
	if (rc == STW_OK)
		*out = (stw_lsn)db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

/* A book that is loaded at intervals has no position. */
static bool
worth_waiting(const struct book_live *live, stw_lsn position)
{
	if (live->view == NULL)
		return true;
	return live->stat.state != BOOK_LIVE_PERIODIC && live->position < position;
}

static struct timespec
in_msec(int msec)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += msec / 1000;
	at.tv_nsec += (long)(msec % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

struct book_view *
book_live_touched(struct book_live *live, int wait_msec, struct book_keys *out)
{
	const struct timespec until = in_msec(wait_msec);
	struct book_view *view = NULL;

	*out = (struct book_keys){0};
	(void)pthread_mutex_lock(&live->lock);
	while (live->touched.count == 0) {
		if (pthread_cond_timedwait(&live->moved, &live->lock, &until) != 0)
			break;
	}
	if (live->touched.count > 0) {
		*out = live->touched;
		live->touched = (struct book_keys){0};
		view = book_view_ref(live->view);
	}
	(void)pthread_mutex_unlock(&live->lock);
	out->count = book_keys_sort(out->items, out->count);
	return view;
}

struct book_view *
book_live_view_after(struct book_live *live, stw_lsn position, int wait_msec,
    struct book_live_seen *seen)
{
	const struct timespec until = in_msec(wait_msec);
	struct book_view *view;

	(void)pthread_mutex_lock(&live->lock);
	while (worth_waiting(live, position)) {
		if (pthread_cond_timedwait(&live->moved, &live->lock, &until) != 0)
			break;
	}
	view = live->view == NULL ? NULL : book_view_ref(live->view);
	if (seen != NULL)
		*seen = (struct book_live_seen){.position = live->position,
		    .imports = live->imports,
		    .state = live->stat.state};
	(void)pthread_mutex_unlock(&live->lock);
	return view;
}

void
book_live_load_again(struct book_live *live)
{
	atomic_store(&live->load_due, true);
}

enum stw_code
book_live_parts(struct db *db, const struct book_view *view, stw_usec now,
    struct book_parts *out, struct stw_err *err)
{
	struct trait_catalogue catalogue;
	struct arena arena;
	enum stw_code rc;

	*out = (struct book_parts){0};
	arena_init(&arena);
	rc = trait_store_catalogue(db, &arena, &catalogue, err);
	if (rc == STW_OK)
		rc = book_view_parts(view, &catalogue, now, out, err);
	arena_fini(&arena);
	return rc;
}

stw_usec
book_live_lag_bound(int i)
{
	static const stw_usec bounds[BOOK_LIVE_LAGS - 1] = {5000, 10000, 20000, 30000,
	    50000, 75000, 100000, 150000, 200000, 300000, 500000, 750000, 1000000,
	    2000000, 5000000};

	return i < BOOK_LIVE_LAGS - 1 ? bounds[i] : STW_USEC_MAX;
}

void
book_live_stat(struct book_live *live, struct book_live_stat *out)
{
	struct book_view *view;

	(void)pthread_mutex_lock(&live->lock);
	*out = live->stat;
	view = live->view == NULL ? NULL : book_view_ref(live->view);
	(void)pthread_mutex_unlock(&live->lock);
	if (view != NULL)
		book_view_stat(view, &out->view);
	book_view_unref(view);
}
