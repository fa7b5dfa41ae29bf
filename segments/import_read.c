/* A thread reads a file and evaluates its rows into batches; the caller writes one to the
 * database while the next is being made. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "segments/import_priv.h"

#define BATCHES    2
#define CELLS_MOST 262144 /* of a batch: wide rows make fewer rows */

struct import_reader {
	/* the thread's */
	struct import_ctx *ctx;
	const struct import_file *file;
	struct csv *csv;
	int64_t skip;
	int columns;
	size_t most;
	struct import_cell *spare; /* of a row that did not go into the batch */
	/* between the two */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct import_batch batches[BATCHES];
	bool full[BATCHES];
	bool stop;
	/* the caller's */
	int taken; /* the batch it has; -1: none yet */
};

/* ---- a batch ------------------------------------------------------------------------ */
static void
batch_init(struct import_batch *batch, size_t most)
{
	arena_init(&batch->arena);
	strmap_init(&batch->refs);
	batch->rows = stw_xalloc(most * sizeof *batch->rows);
	batch->bad = stw_xalloc(most * sizeof *batch->bad);
}

static void
batch_fini(struct import_batch *batch)
{
	arena_fini(&batch->arena);
	strmap_fini(&batch->refs);
	free(batch->rows);
	free(batch->bad);
}

static void
batch_begin(struct import_batch *batch)
{
	arena_reset(&batch->arena);
	batch->count = 0;
	batch->nbad = 0;
	batch->skipped = 0;
	batch->phones_skipped = 0;
	batch->ended = false;
	batch->rc = STW_OK;
}

static void
bad_add(const struct import_reader *r, struct import_batch *batch, const char *column,
    const char *reason)
{
	struct import_bad *bad = &batch->bad[batch->nbad++];

	bad->line = csv_line(r->csv);
	bad->last = csv_last_line(r->csv);
	bad->column = arena_strdup(&batch->arena, column);
	bad->reason = arena_strdup(&batch->arena, reason);
}

/* A record that cannot be read; false when none can after it. */
static bool
bad_record(const struct import_reader *r, struct import_batch *batch,
    const struct stw_err *why)
{
	/* The text begins with file and line, which reports add themselves. */
	const char *text = strstr(why->text, ": ");

	if (!csv_can_continue(r->csv)) {
		batch->err = *why;
		batch->rc = why->code;
		return false;
	}
	bad_add(r, batch, "", text != NULL ? text + 2 : why->text);
	return true;
}

static void
row_add(struct import_reader *r, struct import_batch *batch)
{
	struct import_batch_row *row = &batch->rows[batch->count];
	struct import_fault fault;

	if (r->spare == NULL)
		r->spare =
		    arena_array(&batch->arena, (size_t)r->columns, sizeof *r->spare);
	row->cells = r->spare;
	row->line = csv_line(r->csv);
	row->last = csv_last_line(r->csv);
	row->dropped = false;
	switch (import_row_read(r->ctx, r->file, r->csv, &batch->arena, row->cells,
	    &batch->phones_skipped, &fault)) {
	case IMPORT_ROW_OK:
		batch->count++;
		r->spare = NULL;
		break;
	case IMPORT_ROW_SKIPPED:
		batch->skipped++;
		break;
	case IMPORT_ROW_BAD:
		bad_add(r, batch, fault.column, fault.reason);
		break;
	}
}

static void
batch_fill(struct import_reader *r, struct import_batch *batch)
{
	batch_begin(batch);
	r->spare = NULL;
	while (batch->count < r->most && batch->nbad < r->most && batch->rc == STW_OK) {
		struct stw_err why = {0};
		bool more = true;
		enum stw_code rc = csv_next(r->csv, &more, &why);

		if (rc == STW_OK && !more) {
			batch->ended = true;
			break;
		}
		if (csv_rows(r->csv) <= r->skip && csv_can_continue(r->csv))
			continue;
		if (rc != STW_OK && !bad_record(r, batch, &why))
			break;
		if (rc == STW_OK)
			row_add(r, batch);
		/* Rows that where leaves out may be very many. */
		if (batch->skipped >= (int64_t)r->most * 16)
			break;
	}
	batch->read = csv_rows(r->csv);
	batch->line = csv_last_line(r->csv);
	batch->bytes = csv_bytes_read(r->csv);
}

/* ---- the thread ----------------------------------------------------------------------- */
static void *
read_all(void *arg)
{
	struct import_reader *r = arg;
	bool more = true;

	for (int at = 0; more; at = (at + 1) % BATCHES) {
		bool stop;

		(void)pthread_mutex_lock(&r->lock);
		while (r->full[at] && !r->stop)
			(void)pthread_cond_wait(&r->changed, &r->lock);
		stop = r->stop;
		(void)pthread_mutex_unlock(&r->lock);
		if (stop)
			break;
		batch_fill(r, &r->batches[at]);
		more = !r->batches[at].ended && r->batches[at].rc == STW_OK;
		(void)pthread_mutex_lock(&r->lock);
		r->full[at] = true;
		(void)pthread_cond_signal(&r->changed);
		(void)pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

static size_t
rows_most(int columns, int64_t most)
{
	size_t rows = CELLS_MOST / (size_t)columns;

	if (rows > IMPORT_BATCH_ROWS)
		rows = IMPORT_BATCH_ROWS;
	return most > 0 && (uint64_t)most < rows ? (size_t)most : rows;
}

static void
reader_free(struct import_reader *r)
{
	for (int i = 0; i < BATCHES; i++)
		batch_fini(&r->batches[i]);
	(void)pthread_cond_destroy(&r->changed);
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
}

enum stw_code
import_reader_open(struct import_ctx *ctx, const struct import_file *file,
    struct csv *csv, int64_t skip, int64_t most, struct import_reader **out,
    struct stw_err *err)
{
	const struct import_target_def *def = file->def;
	struct import_reader *r = stw_xalloc(sizeof *r);
	int why;

	*out = NULL;
	memset(r, 0, sizeof *r);
	r->ctx = ctx;
	r->file = file;
	r->csv = csv;
	r->skip = skip;
	r->taken = -1;
	while (def->columns[r->columns].name != NULL)
		r->columns++;
	r->most = rows_most(r->columns, most);
	for (int i = 0; i < BATCHES; i++)
		batch_init(&r->batches[i], r->most);
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->changed, NULL);
	why = pthread_create(&r->thread, NULL, read_all, r);
	if (why != 0) {
		reader_free(r);
		return stw_fail(
		    err, STW_TEMPFAIL, "no thread to read with: %s", strerror(why));
	}
	*out = r;
	return STW_OK;
}

struct import_batch *
import_reader_next(struct import_reader *r)
{
	int at = (r->taken + 1) % BATCHES;

	(void)pthread_mutex_lock(&r->lock);
	if (r->taken >= 0) {
		r->full[r->taken] = false;
		(void)pthread_cond_signal(&r->changed);
	}
	while (!r->full[at])
		(void)pthread_cond_wait(&r->changed, &r->lock);
	(void)pthread_mutex_unlock(&r->lock);
	r->taken = at;
	return &r->batches[at];
}

void
import_reader_close(struct import_reader *r)
{
	if (r == NULL)
		return;
	(void)pthread_mutex_lock(&r->lock);
	r->stop = true;
	(void)pthread_cond_signal(&r->changed);
	(void)pthread_mutex_unlock(&r->lock);
	(void)pthread_join(r->thread, NULL);
	reader_free(r);
}
