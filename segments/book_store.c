/* The buckets are cut into ranges; workers, each with a connection of its own on one shared
 * snapshot, take one after the other: first the customers of all ranges, then a table of
 * child rows at a time, so that what the server reads again for the next range is still in
 * its caches. Then the columns of the ranges are joined, by the same number of threads. The
 * caller's connection and thread are the first worker. */
#include "segments/book_store.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/log.h"
#include "segments/book_range_store.h"
#include "segments/import_hold_store.h"
#include "segments/trait_store.h"

#define WORKERS_MAX 64
#define SMALL_ROWS  100000  /* fewer are not worth another connection */
#define RANGE_ROWS  8000000 /* about, of all kinds: the server sorts a table's share */
#define TELL_MSEC   200

struct load {
	struct db *db;
	const struct progress *progress;
	struct book_fill *fill;
	char snapshot[DB_SNAPSHOT_ID];
	int workers;
	int nranges;
	int64_t estimate; /* of rows */
	struct book_range *ranges[BOOK_BUCKETS];
	_Atomic int next;     /* table of a range that nobody has taken */
	_Atomic int64_t rows; /* read so far */
	_Atomic bool stop;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t moved;
	bool ready[BOOK_BUCKETS]; /* ranges whose customers are there */
	int running;              /* other workers */
	enum stw_code rc;         /* of the first that failed */
	struct stw_err err;
};

static void
tell(const struct load *load)
{
	int64_t rows = atomic_load(&load->rows);

	progress_tell(load->progress, "rows of the book", rows,
	    rows < load->estimate ? load->estimate : rows);
}

static void
give_up(struct load *load, enum stw_code rc, const struct stw_err *err)
{
	(void)pthread_mutex_lock(&load->lock);
	if (load->rc == STW_OK) {
		load->rc = rc;
		load->err = *err;
	}
	atomic_store(&load->stop, true);
	(void)pthread_cond_broadcast(&load->moved);
	(void)pthread_mutex_unlock(&load->lock);
}

/* ---- reading --------------------------------------------------------------------- */
static enum stw_code
load_customers(struct load *load, struct db *db, int r,
    const struct book_range_watch *watch, struct stw_err *err)
{
	enum stw_code rc;

	load->ranges[r] = book_range_new(load->fill, r * BOOK_BUCKETS / load->nranges,
	    (r + 1) * BOOK_BUCKETS / load->nranges - 1);
	rc = book_range_customers(db, load->ranges[r], watch, err);
	if (rc != STW_OK)
		return rc;
	(void)pthread_mutex_lock(&load->lock);
	load->ready[r] = true;
	(void)pthread_cond_broadcast(&load->moved);
	(void)pthread_mutex_unlock(&load->lock);
	return STW_OK;
}

/* False: the load was given up. */
static bool
wait_for_customers(struct load *load, int r)
{
	(void)pthread_mutex_lock(&load->lock);
	while (!load->ready[r] && !atomic_load(&load->stop))
		(void)pthread_cond_wait(&load->moved, &load->lock);
	(void)pthread_mutex_unlock(&load->lock);
	return !atomic_load(&load->stop);
}

/* Tables of ranges until none is left. */
static enum stw_code
load_ranges(struct load *load, struct db *db, bool tells, struct stw_err *err)
{
	const struct book_range_watch watch = {.rows = &load->rows,
	    .stop = &load->stop,
	    .progress = tells ? load->progress : NULL,
	    .total = load->estimate};
	enum stw_code rc = db_script(db, BOOK_LOAD_SESSION, err);

	while (rc == STW_OK && !atomic_load(&load->stop)) {
		int task = atomic_fetch_add(&load->next, 1);
		int table = task / load->nranges, r = task % load->nranges;

		if (table > BOOK_CHILDREN + 1)
			break;
		if (table == 0)
			rc = load_customers(load, db, r, &watch, err);
		else if (!wait_for_customers(load, r))
			continue;
		else if (table > BOOK_CHILDREN)
			rc = book_range_feds(
			    db, load->fill, load->ranges[r], &watch, err);
		else
			rc = book_range_children(db, load->fill, load->ranges[r],
			    (enum book_child)(table - 1), &watch, err);
	}
	return rc;
}

static enum stw_code
work(struct load *load, struct stw_err *err)
{
	struct db *db;
	enum stw_code rc = db_open_like(load->db, &db, err);

	if (rc == STW_TEMPFAIL) {
		/* Connections are short: the others do without this one. */
		log_err(LOG_WARN, "book_worker", err);
		return STW_OK;
	}
	if (rc != STW_OK)
		return rc;
	rc = db_begin_shared(db, load->snapshot, err);
	if (rc == STW_OK)
		rc = load_ranges(load, db, false, err);
	/* Nothing was written: closing ends the transaction, and a COPY that is still
	 * going on. */
	db_close(db);
	return rc;
}

static void *
worker(void *arg)
{
	struct load *load = arg;
	struct stw_err err = {0};
	enum stw_code rc = work(load, &err);

	if (rc != STW_OK)
		give_up(load, rc, &err);
	(void)pthread_mutex_lock(&load->lock);
	load->running--;
	(void)pthread_cond_broadcast(&load->moved);
	(void)pthread_mutex_unlock(&load->lock);
	return NULL;
}

/* Until the other workers have ended; tells meanwhile. */
static void
wait_for_workers(struct load *load)
{
	(void)pthread_mutex_lock(&load->lock);
	while (load->running > 0) {
		struct timespec until;

		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TELL_MSEC * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		(void)pthread_cond_timedwait(&load->moved, &load->lock, &until);
		tell(load);
	}
	(void)pthread_mutex_unlock(&load->lock);
}

static enum stw_code
load_with_workers(struct load *load, struct stw_err *err)
{
	pthread_t threads[WORKERS_MAX];
	struct stw_err mine = {0};
	enum stw_code rc;
	int started = 0;

	(void)pthread_mutex_init(&load->lock, NULL);
	(void)pthread_cond_init(&load->moved, NULL);
	load->running = load->workers - 1;
	while (started < load->workers - 1 &&
	       pthread_create(&threads[started], NULL, worker, load) == 0)
		started++;
	(void)pthread_mutex_lock(&load->lock);
	load->running -= load->workers - 1 - started; /* as many as the system gives */
	(void)pthread_mutex_unlock(&load->lock);
	rc = load_ranges(load, load->db, true, &mine);
	if (rc != STW_OK)
		give_up(load, rc, &mine);
	wait_for_workers(load);
	for (int i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	(void)pthread_mutex_destroy(&load->lock);
	(void)pthread_cond_destroy(&load->moved);
	tell(load);
	if (load->rc != STW_OK && err != NULL)
		*err = load->err;
	return load->rc;
}

/* How many ranges, and how many workers for them. */
static enum stw_code
plan_load(struct load *load, int workers, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t ranges;
	enum stw_code rc = db_query_one(load->db, DB_Q_BOOK_SIZE, NULL, 0, &rows, err);

	if (rc != STW_OK)
		return rc;
	load->estimate = db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	if (workers <= 0)
		workers = load->estimate < SMALL_ROWS || cores < 1 ? 1 : (int)cores;
	load->workers = workers < WORKERS_MAX ? workers : WORKERS_MAX;
	ranges = load->estimate / RANGE_ROWS;
	if (load->workers > 1 && ranges < load->workers * 2)
		ranges = load->workers * 2; /* so that none waits long for the last */
	load->nranges = ranges < 1              ? 1
			: ranges > BOOK_BUCKETS ? BOOK_BUCKETS
						: (int)ranges;
	return STW_OK;
}

/* ---- putting together ---------------------------------------------------------------- */
struct join {
	struct table *to[1 + BOOK_CHILDREN];
	struct table_part *parts[1 + BOOK_CHILDREN][BOOK_BUCKETS];
	struct table_part *fed[BOOK_BUCKETS]; /* of customers: their last columns */
	int nparts;
	_Atomic int next; /* column that nobody has taken, of all tables together */
};

static void *
join_columns(void *arg)
{
	struct join *join = arg;

	for (;;) {
		int col = atomic_fetch_add(&join->next, 1), t = 0;

		while (t <= BOOK_CHILDREN && col >= join->to[t]->ncols)
			col -= join->to[t++]->ncols;
		if (t > BOOK_CHILDREN)
			return NULL;
		if (t == 0 && col >= BOOK_CUSTOMER_COLS)
			table_join_column(join->to[t], col, join->fed, join->nparts,
			    col - BOOK_CUSTOMER_COLS);
		else
			table_join_column(
			    join->to[t], col, join->parts[t], join->nparts, col);
	}
}

static void
join_rows(struct load *load, struct book *book)
{
	struct join join = {.nparts = load->nranges};
	pthread_t threads[WORKERS_MAX];
	int started = 0;

	for (int t = 0; t <= BOOK_CHILDREN; t++) {
		join.to[t] =
		    t == 0 ? book->customers : book->customers->children[t - 1].table;
		for (int r = 0; r < load->nranges; r++)
			join.parts[t][r] = t == 0
					       ? load->ranges[r]->customers
					       : load->ranges[r]->children[t - 1].rows;
		table_join_begin(join.to[t], join.parts[t], join.nparts);
	}
	for (int r = 0; r < load->nranges; r++)
		join.fed[r] = load->ranges[r]->fed;
	while (started < load->workers - 1 &&
	       pthread_create(&threads[started], NULL, join_columns, &join) == 0)
		started++;
	(void)join_columns(&join);
	for (int i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
}

static void
join_customers(const struct load *load, struct book *book)
{
	size_t at = 0;

	free(book->customer_id);
	book->id_cap = book->customers->rows < 16 ? 16 : book->customers->rows;
	book->customer_id = stw_xalloc(book->id_cap * sizeof *book->customer_id);
	for (int r = 0; r < load->nranges; r++) {
		const struct book_range *range = load->ranges[r];
		size_t n = table_part_rows(range->customers);

		if (n > 0)
			memcpy(book->customer_id + at, range->customer_id,
			    n * sizeof *range->customer_id);
		for (int b = range->first; b <= range->last; b++) {
			book->first[b + 1] = (uint32_t)at + range->ends[b];
			if (book->first[b + 1] > book->first[b])
				book->last_bucket = b;
		}
		at += n;
	}
}

static enum stw_code
join_offsets(const struct load *load, struct book *book, struct stw_err *err)
{
	for (int c = 0; c < BOOK_CHILDREN; c++) {
		struct table_child *child = &book->customers->children[c];
		uint32_t *to = child->offsets + 1;
		size_t at = 0;

		if (child->table->rows > UINT32_MAX)
			return stw_fail(err, STW_INVALID,
			    "%zu %s: a book holds no more than %u of one kind",
			    child->table->rows, child->name, UINT32_MAX);
		for (int r = 0; r < load->nranges; r++) {
			const struct book_range *range = load->ranges[r];
			size_t n = table_part_rows(range->customers);

			for (size_t i = 0; i < n; i++)
				*to++ = (uint32_t)at + range->children[c].ends[i];
			at += table_part_rows(range->children[c].rows);
		}
	}
	return STW_OK;
}

static void
tell_orphans(const struct load *load)
{
	for (int c = 0; c < BOOK_CHILDREN; c++) {
		int64_t orphans = 0;

		for (int r = 0; r < load->nranges; r++)
			orphans += load->ranges[r]->children[c].orphans;
		if (orphans > 0)
			log_event(LOG_WARN, "book_orphans", "table=%s rows=%lld",
			    table_part_table(load->ranges[0]->children[c].rows)->name,
			    (long long)orphans);
	}
}

static enum stw_code
join_ranges(struct load *load, stw_usec now, struct book **out, struct stw_err *err)
{
	struct book *book = book_new(
	    0, book_fill_currency(load->fill), book_fill_zone(load->fill), now);
	enum stw_code rc;

	book_add_feds(book, book_fill_feds(load->fill));
	tell_orphans(load);
	join_rows(load, book);
	join_customers(load, book);
	rc = join_offsets(load, book, err);
	if (rc == STW_OK)
		*out = book;
	else
		book_free(book);
	return rc;
}

/* ---- the whole ----------------------------------------------------------------------- */
/* In a transaction that sees the snapshot; the ranges are then complete. */
static enum stw_code
load_all(struct load *load, const struct book_options *options, struct stw_err *err)
{
	enum stw_code rc = plan_load(load, options->workers, err);

	if (rc == STW_OK)
		rc = db_snapshot_export(load->db, load->snapshot, err);
	if (rc == STW_OK)
		rc = book_fill_open(load->db, &load->fill, err);
	return rc == STW_OK ? load_with_workers(load, err) : rc;
}

static void
load_free(struct load *load)
{
	for (int r = 0; r < load->nranges; r++)
		book_range_free(load->ranges[r]);
	book_fill_close(load->fill);
	free(load);
}

enum stw_code
book_load(struct db *db, stw_usec now, const struct book_options *options,
    struct book **out, struct stw_err *err)
{
	static const struct book_options none;
	struct book *book = NULL;
	struct load *load;
	uint64_t imports = 0;
	enum stw_code rc = STW_OK;

	*out = NULL;
	if (options == NULL)
		options = &none;
	if (options->snapshot == NULL) /* of another's snapshot it is too late to ask */
		rc = import_hold_stamp(db, &imports, err);
	if (rc == STW_OK)
		rc = options->snapshot == NULL
			 ? db_begin_snapshot(db, err)
			 : db_begin_shared(db, options->snapshot, err);
	if (rc != STW_OK)
		return rc;
	load = stw_xalloc(sizeof *load);
	load->db = db;
	load->progress = options->progress;
	rc = load_all(load, options, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	if (rc == STW_OK)
		rc = join_ranges(load, now, &book, err);
	load_free(load);
	if (rc == STW_OK && !options->no_traits)
		rc = trait_store_derive(db, book, now, options->progress, err);
	if (rc == STW_OK) {
		book->imports = imports;
		*out = book;
	} else {
		book_free(book);
	}
	return rc;
}

enum stw_code
book_load_blank(struct db *db, stw_usec now, struct book **out, struct stw_err *err)
{
	struct book_fill *fill;
	struct book *book = NULL;
	enum stw_code rc;

	*out = NULL;
	rc = book_fill_open(db, &fill, err);
	if (rc != STW_OK)
		return rc;
	book = book_new(0, book_fill_currency(fill), book_fill_zone(fill), now);
	book_add_feds(book, book_fill_feds(fill));
	book_fill_close(fill);
	if (rc == STW_OK)
		rc = trait_store_derive(db, book, now, NULL, err);
	if (rc == STW_OK) {
		*out = book;
		book = NULL;
	}
	book_free(book);
	return rc;
}
