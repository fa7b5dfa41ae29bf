/* The keeper at work: load, collect, read again, publish. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/log.h"
#include "segments/book_live_priv.h"
#include "segments/book_store.h"

#define COLLECT_USEC  (40 * STW_USEC_SEC / 1000) /* changes wait so long for others */
#define IDLE_MSEC     200                        /* a stop is seen within it */
#define BATCH_KEYS    ((size_t)8192)             /* enough for one version */
#define BATCH_COMMITS ((size_t)8192)
#define KEYS_MAX      ((size_t)1 << 20) /* kept in memory before a load is cheaper */
#define VISIBLE_MSEC  2
#define VISIBLE_TRIES 2500
#define RETRY_MSEC    200
#define IDLE_LOG      ((stw_lsn)16 << 20) /* bytes of log that others write meanwhile */

/* ---- what came ------------------------------------------------------------------------- */
static void
changes_clear(struct book_changes *c)
{
	c->keys.count = c->touched.count = c->ncommits = 0;
	c->changes = 0;
	c->open = c->other = c->schema = c->reload = c->slot_lost = c->too_many = false;
}

/* Twice the same customer is one. False: there are too many even so. */
static bool
has_room(struct book_keys *keys)
{
	if (keys->count >= KEYS_MAX)
		keys->count = book_keys_sort(keys->items, keys->count);
	return keys->count < KEYS_MAX;
}

static void
changes_add(struct book_changes *c, const struct db_stream_event *event)
{
	c->changes++;
	if (c->too_many)
		return;
	if (!has_room(&c->keys)) {
		c->reload = c->too_many = true;
		c->keys.count = c->touched.count = 0;
		return;
	}
	book_keys_add(&c->keys, event->bucket, event->customer_id);
	if (strcmp(event->table, "customer_stage") != 0)
		book_keys_add(&c->touched, event->bucket, event->customer_id);
}

static void
changes_commit(struct book_changes *c, const struct db_stream_event *event)
{
	if (c->ncommits == c->commits_cap) {
		c->commits_cap = c->commits_cap == 0 ? 256 : c->commits_cap * 2;
		c->xids = stw_xrealloc(c->xids, c->commits_cap * sizeof *c->xids);
		c->ats = stw_xrealloc(c->ats, c->commits_cap * sizeof *c->ats);
	}
	c->xids[c->ncommits] = event->xid;
	c->ats[c->ncommits++] = event->at;
	c->lsn = event->lsn;
	c->open = false;
}

static void
changes_take(struct book_changes *c, const struct db_stream_event *event)
{
	if (event->kind == DB_STREAM_NONE)
		return;
	if (c->ncommits == 0 && !c->open)
		c->first = stw_monotonic();
	switch (event->kind) {
	case DB_STREAM_NONE:
		break;
	case DB_STREAM_CHANGE:
		c->open = true;
		changes_add(c, event);
		break;
	case DB_STREAM_COMMIT:
		changes_commit(c, event);
		break;
	case DB_STREAM_OTHER:
		c->open = c->other = true;
		break;
	case DB_STREAM_TRUNCATE:
		c->open = c->reload = true;
		break;
	case DB_STREAM_SCHEMA:
		c->open = c->schema = true;
		break;
	case DB_STREAM_RELOAD: /* what came before is not whole */
		changes_clear(c);
		c->reload = c->slot_lost = true;
		c->lsn = event->lsn;
		break;
	}
}

/* Enough was collected for a version, or waiting any longer brings nothing. */
static bool
changes_due(const struct book_changes *c, enum db_stream_kind newest)
{
	if (c->open || (c->ncommits == 0 && !c->reload))
		return false;
	return newest == DB_STREAM_NONE || c->reload || c->keys.count >= BATCH_KEYS ||
	       c->ncommits >= BATCH_COMMITS ||
	       stw_monotonic() - c->first >= COLLECT_USEC;
}

/* ---- versions -------------------------------------------------------------------------- */
/* For whoever asks book_live_touched; under the lock. */
static void
add_touched(struct book_live *live, const struct book_keys *touched)
{
	for (size_t i = 0; i < touched->count && has_room(&live->touched); i++)
		book_keys_add(&live->touched, touched->items[i].bucket,
		    touched->items[i].customer_id);
}

/* Takes the view. touched: who else than before is new in it; NULL: nobody. */
static void
publish(struct book_live *live, struct book_view *view, const struct book_keys *touched)
{
	struct book_view *old;

	(void)pthread_mutex_lock(&live->lock);
	old = live->view;
	live->view = view;
	live->imports = live->stream == NULL ? view->parts[0]->patch.book->imports : 0;
	if (live->touched_wanted && touched != NULL)
		add_touched(live, touched);
	live->stat.versions++;
	(void)pthread_cond_broadcast(&live->moved);
	(void)pthread_mutex_unlock(&live->lock);
	book_view_unref(old);
}

static void
count_lag(struct book_live_stat *stat, stw_usec lag)
{
	int i = 0;

	while (lag > book_live_lag_bound(i))
		i++;
	stat->lags[i]++;
	stat->lag = lag;
	stat->lag_sum += lag;
}

/* What was collected is in the newest version. */
static void
count_changes(struct book_live *live, int64_t reread)
{
	const struct book_changes *c = &live->changes;
	stw_usec now = clock_now(&live->wall);

	(void)pthread_mutex_lock(&live->lock);
	for (size_t i = 0; i < c->ncommits; i++)
		count_lag(&live->stat, now - c->ats[i]);
	live->stat.commits += (int64_t)c->ncommits;
	live->stat.changes += c->changes;
	live->stat.reread += reread;
	(void)pthread_mutex_unlock(&live->lock);
}

/* Everything that was delivered is in the newest version: whoever waits may see it. */
static void
note_position(struct book_live *live)
{
	struct db_stream_stat stat;

	db_stream_stat(live->stream, &stat);
	(void)pthread_mutex_lock(&live->lock);
	/* A slot may begin before what a file has. */
	if (stat.seen > live->position)
		live->position = live->applied = stat.seen;
	live->stat.reconnects = stat.reconnects;
	(void)pthread_cond_broadcast(&live->moved);
	(void)pthread_mutex_unlock(&live->lock);
}

/* What need not come again: what the file has, or where there is none the newest version. */
static void
ack(struct book_live *live)
{
	db_stream_applied(live->stream, live->applied);
	if (live->file == NULL)
		db_stream_ack(live->stream, live->applied);
	else if (live->filed != 0)
		db_stream_ack(live->stream, live->filed);
}

/* ---- a new base, and the file ------------------------------------------------------------ */
static void *
rebase_main(void *arg)
{
	struct book_rebase *rebase = arg;
	struct book whole;

	if (rebase->then->nparts > 1)
		rebase->base = book_view_merged(rebase->then);
	if (rebase->save) {
		whole = rebase->base != NULL ? *rebase->base
					     : *rebase->then->parts[0]->patch.book;
		whole.position = rebase->position;
		whole.imports = 0; /* of the load, and it has gone on since */
		memcpy(whole.kept_of, rebase->kept_of, sizeof whole.kept_of);
		rebase->rc = book_file_save(&whole, rebase->is.source, rebase->is.model,
		    rebase->path, &rebase->bytes, &rebase->err);
	}
	atomic_store(&rebase->done, true);
	return NULL;
}

/* The file is written, or is not. */
static void
note_saved(struct book_live *live)
{
	const struct book_rebase *rebase = &live->rebase;

	if (!rebase->save)
		return;
	live->filed_at = stw_monotonic();
	if (rebase->rc != STW_OK) {
		log_err(LOG_WARN, "book_save", &rebase->err);
		return;
	}
	live->filed = rebase->position;
	live->filed_version = rebase->version;
	(void)pthread_mutex_lock(&live->lock);
	live->stat.saves++;
	(void)pthread_mutex_unlock(&live->lock);
	log_event(LOG_INFO, "book_saved", "file=%s bytes=%llu", live->file,
	    (unsigned long long)rebase->bytes);
}

/* Waits for it; what it made is the caller's. */
static struct book *
rebase_join(struct book_live *live)
{
	struct book_rebase *rebase = &live->rebase;
	struct book *base;

	(void)pthread_join(rebase->thread, NULL);
	base = rebase->base;
	rebase->running = false;
	rebase->base = NULL;
	note_saved(live);
	return base;
}

static void
rebase_drop(struct book_live *live)
{
	struct book_rebase *rebase = &live->rebase;

	if (!rebase->running)
		return;
	book_free(rebase_join(live));
	book_view_unref(rebase->then);
	rebase->then = NULL;
}

static void
rebase_finish(struct book_live *live)
{
	struct book_rebase *rebase = &live->rebase;
	struct book *base = rebase_join(live);

	if (base != NULL) {
		publish(live, book_view_rebase(live->view, rebase->then, base), NULL);
		(void)pthread_mutex_lock(&live->lock);
		live->stat.merges++;
		(void)pthread_mutex_unlock(&live->lock);
	}
	book_view_unref(rebase->then);
	rebase->then = NULL;
}

/* A file is worth writing: the first at once, then at intervals when something changed, or
 * when the server keeps much log for the old one. */
static bool
save_due(const struct book_live *live)
{
	if (live->file == NULL || live->applied == 0 ||
	    (live->filed_at != 0 &&
		stw_monotonic() - live->filed_at < live->save_sec * STW_USEC_SEC))
		return false;
	return live->filed == 0 || live->filed_version != live->stat.commits ||
	       live->applied - live->filed > IDLE_LOG;
}

static bool
rebase_prepare(struct book_live *live, bool save)
{
	struct book_rebase *rebase = &live->rebase;

	rebase->save = save;
	rebase->rc = STW_OK;
	rebase->path = live->file;
	rebase->position = live->applied;
	rebase->version = live->stat.commits;
	(void)snprintf(rebase->kept_of, sizeof rebase->kept_of, "%s:%lld",
	    live->fingerprint, (long long)live->shape);
	if (save && book_file_of(live->db, &rebase->is, &rebase->err) != STW_OK) {
		log_err(LOG_WARN, "book_save", &rebase->err);
		live->filed_at = stw_monotonic();
		rebase->save = false;
	}
	return rebase->save || book_view_heavy(live->view);
}

static void
rebase_step(struct book_live *live)
{
	struct book_rebase *rebase = &live->rebase;

	if (rebase->running && atomic_load(&rebase->done)) {
		rebase_finish(live);
		ack(live);
	}
	if (rebase->running || live->view == NULL ||
	    !rebase_prepare(live, save_due(live)))
		return;
	atomic_store(&rebase->done, false);
	rebase->then = book_view_ref(live->view);
	rebase->running =
	    pthread_create(&rebase->thread, NULL, rebase_main, rebase) == 0;
	if (!rebase->running) { /* tried again after the next version */
		book_view_unref(rebase->then);
		rebase->then = NULL;
	}
}

void
book_follow_save(struct book_live *live)
{
	rebase_drop(live);
	if (live->file == NULL || live->view == NULL || live->db == NULL ||
	    live->applied == 0 ||
	    (live->filed != 0 && live->filed_version == live->stat.commits))
		return;
	if (!rebase_prepare(live, true) || !live->rebase.save)
		return;
	live->rebase.then = book_view_ref(live->view);
	(void)rebase_main(&live->rebase);
	note_saved(live);
	book_free(live->rebase.base);
	book_view_unref(live->rebase.then);
	live->rebase.base = NULL;
	live->rebase.then = NULL;
}

/* ---- a snapshot that has it all -------------------------------------------------------- */
/* Begins one. A commit is in the log a moment before snapshots show it. */
static enum stw_code
begin_visible(struct book_live *live, struct stw_err *err)
{
	const struct book_changes *c = &live->changes;

	for (int i = 0; i < VISIBLE_TRIES && !live->stop; i++) {
		bool visible = false;
		enum stw_code rc = db_begin_snapshot(live->db, err);

		if (rc == STW_OK)
			rc = db_stream_visible(
			    live->db, c->xids, c->ncommits, &visible, err);
		if (rc == STW_OK && visible)
			return STW_OK;
		db_rollback(live->db);
		if (rc != STW_OK)
			return rc;
		book_live_pause(live, VISIBLE_MSEC);
	}
	return stw_fail(err, STW_TEMPFAIL,
	    "commits of the change stream are not visible to a new snapshot");
}

/* ---- loading --------------------------------------------------------------------------- */
/* What the book depends on besides customers, before the load: what changes after it comes
 * through the stream. */
static enum stw_code
look_around(struct book_live *live, struct stw_err *err)
{
	enum stw_code rc;

	book_fill_close(live->fill);
	live->fill = NULL;
	rc = book_fingerprint(live->db, live->fingerprint, err);
	if (rc == STW_OK && live->stream != NULL)
		rc =
		    db_stream_shape(live->db, DB_STREAM_PUBLICATION, &live->shape, err);
	if (rc == STW_OK)
		rc = book_fill_open(live->db, &live->fill, err);
	return rc;
}

enum stw_code
book_follow_load(struct book_live *live, struct stw_err *err)
{
	const struct book_options options = {.no_traits = true};
	stw_usec began = stw_monotonic();
	struct book *book = NULL;
	enum stw_code rc;

	book_live_set_state(
	    live, live->view == NULL ? BOOK_LIVE_LOADING : BOOK_LIVE_RELOADING, NULL);
	rebase_drop(live);
	rc = begin_visible(live, err);
	if (rc == STW_OK)
		rc = look_around(live, err);
	if (rc == STW_OK)
		rc = db_commit(live->db, err);
	else
		db_rollback(live->db);
	if (rc == STW_OK)
		rc = book_load(live->db, clock_now(live->clock), &options, &book, err);
	/* The load has a snapshot of its own, a moment later; what is read again has the
	 * columns of the first. */
	if (rc == STW_OK && !book_has_feds(book, book_fill_feds(live->fill)))
		rc = stw_fail(err, STW_TEMPFAIL,
		    "the bank's fed traits changed while the book was loaded");
	if (rc != STW_OK) {
		book_free(book);
		return rc;
	}
	log_event(LOG_INFO, "book_loaded", "customers=%zu msec=%lld",
	    book->customers->rows, (long long)((stw_monotonic() - began) / 1000));
	publish(live, book_view_new(book), &live->changes.touched);
	count_changes(live, 0);
	(void)pthread_mutex_lock(&live->lock);
	live->stat.reloads++;
	live->stat.slots_lost += live->changes.slot_lost;
	live->stat.loaded_usec = stw_monotonic() - began;
	live->stat.load_sum += live->stat.loaded_usec;
	(void)pthread_mutex_unlock(&live->lock);
	return STW_OK;
}

/* ---- the file ------------------------------------------------------------------------ */
/* The slot has what was committed since, and all else is as it was. */
static enum stw_code
check_file(struct book_live *live, const struct book *book,
    const struct db_stream_start *start, struct stw_err *err)
{
	char now[BOOK_KEPT_OF];

	if (book->kept_of[0] == '\0' || book->position == 0)
		return stw_fail(err, STW_INVALID,
		    "%.120s was not saved by a process that follows the change stream",
		    live->file);
	if (start->fresh)
		return stw_fail(err, STW_INVALID,
		    "%.120s is not usable: slot %.63s is new, or has lost its log",
		    live->file, live->slot);
	if (start->lsn > book->position)
		return stw_fail(err, STW_INVALID,
		    "%.120s is too old: slot %.63s is further by %llu bytes of log",
		    live->file, live->slot,
		    (unsigned long long)(start->lsn - book->position));
	(void)snprintf(
	    now, sizeof now, "%s:%lld", live->fingerprint, (long long)live->shape);
	if (strcmp(now, book->kept_of) != 0)
		return stw_fail(err, STW_INVALID,
		    "%.120s is not usable: products, settings or columns have changed "
		    "since it was saved",
		    live->file);
	return STW_OK;
}

/* What the file is compared with, as it is now. */
static enum stw_code
look_now(struct book_live *live, struct stw_err *err)
{
	enum stw_code rc = begin_visible(live, err);

	if (rc != STW_OK)
		return rc;
	rc = look_around(live, err);
	if (rc == STW_OK)
		return db_commit(live->db, err);
	db_rollback(live->db);
	return rc;
}

/* Takes the book. */
static void
use_file(struct book_live *live, struct book *book, uint64_t bytes, stw_usec began)
{
	log_event(LOG_INFO, "book_opened", "file=%s bytes=%llu customers=%zu msec=%lld",
	    live->file, (unsigned long long)bytes, book->customers->rows,
	    (long long)((stw_monotonic() - began) / 1000));
	live->applied = live->filed = book->position;
	live->filed_at = stw_monotonic();
	live->filed_version = live->stat.commits;
	publish(live, book_view_new(book), NULL);
	(void)pthread_mutex_lock(&live->lock);
	live->position = live->applied;
	live->stat.opened = true;
	(void)pthread_mutex_unlock(&live->lock);
}

enum stw_code
book_follow_open(
    struct book_live *live, const struct db_stream_start *start, struct stw_err *err)
{
	stw_usec began = stw_monotonic();
	struct book_file_info info;
	struct stw_err why = {0};
	struct book *book = NULL;
	enum stw_code rc = look_now(live, err);

	if (rc != STW_OK)
		return rc;
	rc = book_open(
	    live->db, live->file, clock_now(live->clock), -1, &book, &info, &why);
	if (rc == STW_OK)
		rc = check_file(live, book, start, &why);
	if (rc == STW_OK) {
		use_file(live, book, info.bytes, began);
		return STW_OK;
	}
	book_free(book);
	if (rc != STW_INVALID && rc != STW_NOT_FOUND) {
		*err = why;
		return rc;
	}
	log_err(rc == STW_INVALID ? LOG_WARN : LOG_INFO, "book_file", &why);
	(void)pthread_mutex_lock(&live->lock);
	(void)snprintf(
	    live->stat.refused, sizeof live->stat.refused, "%.199s", why.text);
	(void)pthread_mutex_unlock(&live->lock);
	live->load_wanted = true;
	return STW_OK;
}

/* ---- reading again --------------------------------------------------------------------- */
/* In the open snapshot: is a patch not enough? */
static enum stw_code
check_around(struct book_live *live, struct stw_err *err)
{
	struct book_changes *c = &live->changes;
	char fingerprint[BOOK_FINGERPRINT];
	enum stw_code rc = STW_OK;
	int64_t shape;

	if (c->other) {
		rc = book_fingerprint(live->db, fingerprint, err);
		if (rc == STW_OK && strcmp(fingerprint, live->fingerprint) != 0)
			c->reload = true;
	}
	if (rc == STW_OK && c->schema) {
		rc = db_stream_shape(live->db, DB_STREAM_PUBLICATION, &shape, err);
		if (rc == STW_OK && shape != live->shape)
			c->reload = true;
	}
	return rc;
}

/* *patch stays empty when a load is what is wanted, or nobody changed. */
static enum stw_code
read_again(struct book_live *live, struct book_patch *patch, struct stw_err *err)
{
	struct book_changes *c = &live->changes;
	enum stw_code rc;

	*patch = (struct book_patch){0};
	c->keys.count = book_keys_sort(c->keys.items, c->keys.count);
	rc = begin_visible(live, err);
	if (rc != STW_OK)
		return rc;
	rc = check_around(live, err);
	if (rc == STW_OK && !c->reload && c->keys.count > 0)
		rc = book_patch_read(live->db, live->fill, c->keys.items, c->keys.count,
		    clock_now(live->clock), patch, err);
	if (rc == STW_OK)
		rc = db_commit(live->db, err);
	else
		db_rollback(live->db);
	if (rc != STW_OK)
		book_patch_fini(patch);
	return rc;
}

static void
count_apply(struct book_live *live, stw_usec took)
{
	(void)pthread_mutex_lock(&live->lock);
	live->stat.applies++;
	live->stat.applied_usec = took;
	live->stat.apply_sum += took;
	(void)pthread_mutex_unlock(&live->lock);
}

/* One version out of what was collected; or the wish for a load. */
static enum stw_code
make_version(struct book_live *live, struct stw_err *err)
{
	struct book_changes *c = &live->changes;
	int fixed = live->rebase.running ? live->rebase.then->nparts : 1;
	stw_usec began = stw_monotonic();
	struct book_patch patch;
	enum stw_code rc;

	if (!c->reload) {
		rc = read_again(live, &patch, err);
		if (rc != STW_OK)
			return rc;
		if (patch.book != NULL)
			publish(live, book_view_add(live->view, &patch, fixed),
			    &c->touched);
	}
	if (c->reload) {
		rc = book_follow_load(live, err);
		if (rc != STW_OK)
			return rc;
	} else {
		count_changes(live, (int64_t)c->keys.count);
		count_apply(live, stw_monotonic() - began);
	}
	/* Of a slot that was lost and made anew the old file knows nothing. */
	if (c->reload && c->ncommits == 0)
		book_live_restart(live);
	live->applied = c->lsn;
	ack(live);
	changes_clear(c);
	book_live_set_state(live, BOOK_LIVE_STREAMING, NULL);
	rebase_step(live);
	return STW_OK;
}

/* Does it until it is done: what was collected is kept. While there is no database at all
 * it is an error, so that the stream is let go: a server that stops in order waits for those
 * who read its log. */
static enum stw_code
make_version_patiently(struct book_live *live, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	while (!live->stop && (rc = make_version(live, err)) != STW_OK) {
		struct stw_err away;

		book_live_set_state(live, BOOK_LIVE_TROUBLE, err);
		book_live_pause(live, RETRY_MSEC);
		if (db_reset(live->db, &away) != STW_OK)
			break;
	}
	return live->stop ? STW_OK : rc;
}

/* ---- following ------------------------------------------------------------------------- */
static int
wait_msec(const struct book_changes *c)
{
	stw_usec left;

	if (c->ncommits == 0 || c->open)
		return IDLE_MSEC;
	left = COLLECT_USEC - (stw_monotonic() - c->first);
	return left <= 0 ? 0 : (int)(left / 1000);
}

/* Nothing comes: because nothing happens, or because the line is broken? */
static void
note_line(struct book_live *live)
{
	struct db_stream_stat stat;
	struct stw_err why = {0};

	db_stream_stat(live->stream, &stat);
	if (stat.connected) {
		book_live_set_state(live, BOOK_LIVE_STREAMING, NULL);
		return;
	}
	(void)stw_fail(
	    &why, STW_TEMPFAIL, "the change stream is broken: %s", stat.trouble);
	book_live_set_state(live, BOOK_LIVE_TROUBLE, &why);
}

enum stw_code
book_follow(struct book_live *live, struct stw_err *err)
{
	struct book_changes *c = &live->changes;
	struct db_stream_event event = {0};
	enum stw_code rc = STW_OK;

	/* After a pause of the keeper products may have changed unseen. */
	c->other = c->schema = true;
	if (live->view == NULL || live->load_wanted) {
		rc = book_follow_load(live, err);
		if (rc != STW_OK)
			return rc;
		live->load_wanted = false;
		c->other = c->schema = false;
	}
	book_live_set_state(live, BOOK_LIVE_STREAMING, NULL);
	while (!live->stop && rc == STW_OK) {
		rc = db_stream_next(live->stream, wait_msec(c), &event, err);
		if (rc != STW_OK)
			break;
		changes_take(c, &event);
		if (changes_due(c, event.kind))
			rc = make_version_patiently(live, err);
		if (event.kind == DB_STREAM_NONE) {
			note_line(live);
			rebase_step(live);
		}
		if (!c->open && c->ncommits == 0 && !c->reload)
			note_position(live);
	}
	return rc;
}

void
book_follow_forget(struct book_live *live)
{
	struct db_stream_stat stat = {0};

	changes_clear(&live->changes);
	if (live->stream != NULL)
		db_stream_stat(live->stream, &stat);
	/* What was acked is in a version, and the slot begins there when it is read again. */
	(void)pthread_mutex_lock(&live->lock);
	if (stat.acked > live->position)
		live->position = stat.acked;
	(void)pthread_mutex_unlock(&live->lock);
}

void
book_follow_end(struct book_live *live)
{
	rebase_drop(live);
	book_fill_close(live->fill);
	live->fill = NULL;
	free(live->changes.keys.items);
	free(live->changes.touched.items);
	free(live->changes.xids);
	free(live->changes.ats);
	live->changes = (struct book_changes){0};
}
