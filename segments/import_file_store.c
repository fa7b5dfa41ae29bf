/* One file: read by a thread, written here, committed as a whole or in parts. Its place is
 * written in the transaction that commits the rows before it. */
#include <string.h>

#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/uuid.h"
#include "segments/csv_source.h"
#include "segments/import_run_priv.h"

#define TELL_USEC (STW_USEC_SEC / 5)
/* After a file is past saving it is read on to tell of more bad rows, this far. */
#define ROWS_PAST    200000
#define REJECTS_TOLD 20
#define ROW_BYTES    60 /* of a row of a file, about */

struct work {
	struct import_run *run;
	const struct import_file *file;
	struct import_file_info at; /* with what is not committed yet */
	struct import_write write;
	struct strmap seen;
	int64_t part; /* rows since the last commit */
	bool doomed;  /* more bad rows than may be: read on, load nothing */
	int64_t doomed_at;
	stw_usec begun_at;
};

static bool
too_many(const struct import_run *run)
{
	return run->rejected > run->opts->max_errors;
}

/* ---- progress --------------------------------------------------------------------- */
static void
tell(struct work *w, int64_t bytes, bool done)
{
	struct import_run *run = w->run;
	stw_usec now = stw_monotonic();
	int64_t all = run->bytes_before + bytes, fresh = all - run->bytes_at_start;
	double sec = (double)(now - w->begun_at) / 1e6;
	double run_sec = (double)(now - run->begun_at) / 1e6;
	struct import_progress at;

	if (run->opts->progress == NULL || (!done && now - run->told_at < TELL_USEC))
		return;
	run->told_at = now;
	at = (struct import_progress){.file = w->file->source.file,
	    .step = w->at.file_no + 1,
	    .steps = run->mapping.nfiles,
	    .rows = w->at.read,
	    .bytes = all,
	    .total = run->bytes_total,
	    .rows_per_sec = sec > 0 ? (double)w->at.read / sec : 0,
	    .sec_left = fresh > 0 && run_sec > 1
			    ? (double)(run->bytes_total - all) * run_sec / (double)fresh
			    : -1,
	    .done = done};
	run->opts->progress(run->opts->user, &at);
}

/* ---- commits ------------------------------------------------------------------------ */
static enum stw_code
place_store(struct work *w, struct stw_err *err)
{
	const struct import_file_info *at = &w->at;
	const struct db_param params[] = {db_text(w->run->out->run_id),
	    db_i64(at->file_no), db_text(at->file), db_text(at->target),
	    db_text(at->mode), db_text(at->done ? "done" : "partly"), db_i64(at->read),
	    db_i64(at->line), db_i64(at->loaded), db_i64(at->inserted),
	    db_i64(at->updated), db_i64(at->closed), db_i64(at->unchanged),
	    db_i64(at->skipped), db_i64(at->rejected), db_i64(at->phones_skipped),
	    db_i64(at->commits)};

	return db_query(
	    w->run->db, DB_Q_IMPORT_FILE_PUT, params, DB_NPARAMS(params), NULL, err);
}

static enum stw_code
part_log(struct work *w, struct stw_err *err)
{
	struct import_run *run = w->run;
	const struct import_file_info *kept = &run->places[w->at.file_no];
	char number[24], id_text[UUID_TEXT];
	struct str parts[] = {
	    str_of(run->out->run_id), str_of(w->file->path), {number, 0}};
	const struct entry_field fields[] = {ENTRY_TEXT("run", run->out->run_id),
	    ENTRY_TEXT("mapping", run->mapping.name),
	    ENTRY_TEXT("file", w->file->source.file),
	    ENTRY_TEXT("target", w->at.target), ENTRY_TEXT("mode", w->at.mode),
	    ENTRY_INT("part", w->at.commits),
	    ENTRY_INT("rows", w->at.loaded - kept->loaded),
	    ENTRY_INT("closed", w->at.closed - kept->closed),
	    ENTRY_INT("rejected", w->at.rejected - kept->rejected),
	    ENTRY_TEXT("source", run->out->source_hash),
	    ENTRY_TEXT("synthetic", w->file->synthetic ? "yes" : NULL),
	    ENTRY_TEXT("actor", import_actor(run))};
	struct uuid id;
	struct buf entry;
	enum stw_code rc;

	parts[2].len = (size_t)snprintf(number, sizeof number, "%d", w->at.commits);
	id = uuid_derive(parts, (int)STW_ARRAY_LEN(parts));
	buf_init(&entry);
	entry_write("import", uuid_format(&id, id_text), run->opts->as_of, fields,
	    (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    run->db, -1, "import", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

/* What was loaded since the last commit stays, and with it the place to go on from. */
static enum stw_code
part_commit(struct work *w, bool done, struct stw_err *err)
{
	struct import_run *run = w->run;
	enum stw_code rc;

	w->at.done = done;
	w->at.commits++;
	rc = place_store(w, err);
	if (rc == STW_OK && done)
		rc = import_traits_note(
		    run->db, &run->mapping, w->file, run->opts->as_of, err);
	if (rc == STW_OK)
		rc = import_rejects_store(run, SIZE_MAX, err);
	if (rc == STW_OK)
		rc = part_log(w, err);
	if (rc == STW_OK)
		rc = db_commit(run->db, err);
	if (rc == STW_OK) {
		run->stored = run->nrejects;
		run->places[w->at.file_no] = w->at;
		w->part = 0;
	}
	return rc;
}

/* The next transaction; the index key is held first of all in it. */
static enum stw_code
part_begin(struct work *w, struct stw_err *err)
{
	enum stw_code rc = db_begin(w->run->db, err);

	if (rc == STW_OK)
		rc = index_key_hold(w->run->db, w->run->keys, &w->write.index, err);
	return rc;
}

/* ---- batches -------------------------------------------------------------------------- */
static void
drop(void *user, const struct import_batch_row *row, const char *column,
    const char *reason)
{
	struct work *w = user;

	import_reject_add(w->run, w->at.file_no, row->line, row->last, column, reason);
	w->at.rejected++;
}

static enum stw_code
batch_load(struct work *w, struct import_batch *batch, struct stw_err *err)
{
	int64_t rejected = w->at.rejected, rows;
	struct import_counts counts = {0};
	struct stw_err why = {0};
	enum stw_code rc = import_batch_resolve(&w->write, batch, drop, w, &why);

	w->doomed = too_many(w->run);
	if (rc == STW_OK && !w->doomed)
		rc = import_batch_write(&w->write, batch, &counts, &why);
	if (rc != STW_OK && why.line > 0)
		return stw_fail_at(err, rc, why.line, 0, "%s", why.text);
	if (rc != STW_OK)
		return stw_fail(err, rc, "%s: lines %lld to %lld: %s",
		    w->file->source.file, (long long)batch->rows[0].line,
		    (long long)batch->rows[batch->count - 1].last, why.text);
	if (!w->doomed)
		import_customers_keep(&w->write, batch);
	rows = (int64_t)batch->count - (w->at.rejected - rejected);
	w->at.loaded += rows;
	w->at.inserted += counts.inserted;
	w->at.updated += counts.updated;
	w->at.closed += counts.closed;
	w->at.unchanged += rows - counts.inserted - counts.updated - counts.closed;
	w->part += rows;
	return STW_OK;
}

static enum stw_code
batch_take(struct work *w, struct import_batch *batch, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (size_t i = 0; i < batch->nbad; i++) {
		const struct import_bad *bad = &batch->bad[i];

		import_reject_add(w->run, w->at.file_no, bad->line, bad->last,
		    bad->column, bad->reason);
	}
	w->at.rejected += (int64_t)batch->nbad;
	w->at.skipped += batch->skipped;
	w->at.phones_skipped += batch->phones_skipped;
	w->at.read = batch->read;
	w->at.line = batch->line;
	w->doomed = too_many(w->run);
	if (!w->doomed && batch->count > 0)
		rc = batch_load(w, batch, err);
	import_batch_clear(batch);
	if (rc == STW_OK && batch->rc != STW_OK)
		rc = stw_fail_at(err, batch->rc, batch->err.line, batch->err.column,
		    "%s", batch->err.text);
	return rc;
}

/* Is a file that cannot be loaded read on? */
static bool
worth_reading(const struct work *w)
{
	const struct import_opts *opts = w->run->opts;

	if (!w->doomed || opts->rejects != NULL)
		return true;
	return w->at.read - w->doomed_at <= ROWS_PAST &&
	       w->run->rejected < opts->max_errors + REJECTS_TOLD;
}

static enum stw_code
file_rows(struct work *w, struct import_reader *reader, struct stw_err *err)
{
	struct import_batch *batch;
	enum stw_code rc = STW_OK;

	do {
		bool was_doomed = w->doomed;

		batch = import_reader_next(reader);
		rc = batch_take(w, batch, err);
		w->doomed = w->doomed || was_doomed;
		if (w->doomed && !was_doomed)
			w->doomed_at = w->at.read;
		tell(w, batch->bytes, false);
		if (rc != STW_OK || batch->ended || w->doomed ||
		    w->file->commit_every == 0 || w->part < w->file->commit_every)
			continue;
		rc = part_commit(w, false, err);
		if (rc == STW_OK)
			rc = part_begin(w, err);
	} while (rc == STW_OK && !batch->ended && worth_reading(w));
	return rc;
}

/* ---- ends ------------------------------------------------------------------------------- */
static enum stw_code
fail_doomed(struct work *w, struct stw_err *err)
{
	const struct import_run *run = w->run;
	const struct import_reject *first = NULL;
	const char *stays = "nothing of this file was loaded";
	long long bad =
	    (long long)(w->at.rejected - run->places[w->at.file_no].rejected);

	for (size_t i = run->stored; i < run->nrejects && first == NULL; i++)
		if (run->rejects[i].file_no == w->at.file_no)
			first = &run->rejects[i];
	if (w->at.commits > 0)
		stays = "the parts before stay, and a next import goes on after them";
	if (first == NULL)
		return stw_fail(err, STW_INVALID, "%s: more than %lld bad rows; %s",
		    w->file->source.file, (long long)run->opts->max_errors, stays);
	return stw_fail_at(err, STW_INVALID, (int)first->line, 0,
	    "%s:%lld: %s%s%s%s; %s (%lld bad row%s, %lld allowed)",
	    w->file->source.file, (long long)first->line,
	    first->column[0] != '\0' ? "column " : "", first->column,
	    first->column[0] != '\0' ? ": " : "", first->reason, stays, bad,
	    bad == 1 ? "" : "s", (long long)run->opts->max_errors);
}

static enum stw_code
snapshot_end(struct work *w, struct stw_err *err)
{
	struct import_counts counts = {0};
	enum stw_code rc;

	if (w->at.rejected > 0)
		return stw_fail(err, STW_INVALID,
		    "%s: a snapshot with bad rows (%lld) cannot say what is missing; nothing "
		    "of this file was loaded",
		    w->file->source.file, (long long)w->at.rejected);
	rc = import_missing_close(
	    &w->write, w->at.loaded, w->run->opts->close_all, &counts, err);
	w->at.closed += counts.closed;
	return rc;
}

static enum stw_code
file_transactions(struct work *w, struct csv *csv, struct stw_err *err)
{
	struct import_run *run = w->run;
	bool snapshot = w->file->mode == IMPORT_SNAPSHOT;
	struct import_reader *reader = NULL;
	enum stw_code rc = import_reader_open(
	    &run->ctx, w->file, csv, w->at.read, w->file->commit_every, &reader, err);

	if (rc == STW_OK)
		rc = part_begin(w, err);
	if (rc == STW_OK)
		rc = import_customers_know(
		    &w->write, csv_bytes_all(csv) / ROW_BYTES, err);
	if (rc == STW_OK && snapshot)
		rc = import_missing_begin(&w->write, err);
	if (rc == STW_OK)
		rc = file_rows(w, reader, err);
	if (rc == STW_OK && w->doomed)
		rc = fail_doomed(w, err);
	if (rc == STW_OK && snapshot)
		rc = snapshot_end(w, err);
	if (rc == STW_OK)
		rc = part_commit(w, true, err);
	if (rc != STW_OK)
		db_rollback(run->db);
	import_reader_close(reader);
	return rc;
}

static struct work
work_of(struct import_run *run, int file_no)
{
	static const char *const modes[] = {"upsert", "delete", "snapshot"};
	const struct import_file *file = &run->mapping.files[file_no];
	struct work w = {.run = run,
	    .file = file,
	    .at = run->places[file_no],
	    .begun_at = stw_monotonic(),
	    .write = {.db = run->db,
		.keys = run->keys,
		.mapping = &run->mapping,
		.file = file,
		.as_of = run->opts->as_of,
		.actor = import_actor(run),
		.ids = &run->ids,
		.straight = true}};

	w.at.file_no = file_no;
	w.at.file = file->source.file;
	w.at.target = import_target_name(file->target);
	w.at.mode = modes[file->mode];
	run->places[file_no] = w.at;
	return w;
}

/* Some corrected lines of JSON do not have all the members that their file has: its columns
 * are those of both. Without the file they are what the lines have. */
static enum stw_code
redo_columns(struct import_run *run, struct import_file *file, struct stw_err *err)
{
	const char *const dirs[] = {run->opts->dir, run->opts->redo};
	struct csv_format *format = &file->source.format;
	struct strmap names;
	const char **list;
	enum stw_code rc = STW_OK;

	strmap_init(&names);
	for (size_t d = 0; d < STW_ARRAY_LEN(dirs) && rc == STW_OK; d++) {
		const char *path =
		    arena_printf(&run->arena, "%s/%s", dirs[d], file->source.file);
		struct csv *csv = NULL;
		bool added;

		if (csv_source_there(path) < 0)
			continue;
		rc = csv_open(path, format, &csv, err);
		for (int i = 0; rc == STW_OK && i < csv_columns(csv); i++)
			(void)strmap_add(
			    &names, str_of(csv_column_name(csv, i)), &added);
		csv_close(csv);
	}
	list = arena_array(&run->arena, names.count + 1, sizeof *list);
	for (size_t i = 0; i < names.count; i++)
		list[i] = arena_strdup(&run->arena, names.entries[i].key.ptr);
	if (rc == STW_OK) {
		format->names = list;
		format->nnames = (int)names.count;
		file->source.learned = true;
	}
	strmap_fini(&names);
	return rc;
}

enum stw_code
import_file_load(struct import_run *run, int file_no, struct stw_err *err)
{
	struct import_file *file = &run->mapping.files[file_no];
	const char *path = arena_printf(
	    &run->arena, "%s/%s", import_source_dir(run), file->source.file);
	struct work w = work_of(run, file_no);
	struct csv *csv = NULL;
	int64_t bytes = 0, before = w.at.read;
	enum stw_code rc = STW_OK;

	if (run->opts->redo != NULL && file->source.format.json &&
	    file->source.format.names == NULL)
		rc = redo_columns(run, file, err);
	if (rc == STW_OK)
		rc = csv_open(path, &file->source.format, &csv, err);
	if (rc == STW_OK)
		rc = import_compile_file(&run->mapping, file, csv, &run->arena, err);
	if (rc == STW_OK) {
		bytes = csv_bytes_all(csv);
		strmap_init(&w.seen);
		w.write.seen = &w.seen;
		rc = file_transactions(&w, csv, err);
		strmap_fini(&w.seen);
	}
	/* What was read before counts, also when it was not reached again. */
	run->out->rows_read +=
	    csv != NULL && csv_rows(csv) > before ? csv_rows(csv) : before;
	csv_close(csv);
	if (rc == STW_OK)
		tell(&w, bytes, true);
	run->bytes_before += bytes;
	return rc;
}
