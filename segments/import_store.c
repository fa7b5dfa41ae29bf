/* A run: which content, was it here before, then file by file, each in its transaction. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/log.h"
#include "engine/uuid.h"
#include "segments/import_write_store.h"

#define TELL_USEC    (STW_USEC_SEC / 2)
#define REJECTS_TOLD 20
#define REJECTS_KEPT 10000
/* After a file is past saving it is read on to tell of more bad rows, this far. */
#define ROWS_PAST 200000

struct reject {
	char *file;
	int64_t line;
	struct import_fault fault;
};

struct run {
	struct db *db;
	const struct seal_keys *keys;
	const struct import_opts *opts;
	struct import_result *out;
	struct arena arena;
	struct import_mapping mapping;
	struct import_ctx ctx;
	struct import_batch batch;
	struct reject *rejects;
	size_t nrejects, told;
	/* the file at hand */
	const struct import_file *file;
	int step;
	struct index_key index; /* as this file's transaction holds it */
	int64_t bytes_total, rejected_before, rows;
	stw_usec begun_at, told_at;
	bool doomed; /* more bad rows than may be: read on, load nothing */
};

/* ---- what is imported, as a hash ------------------------------------------------- */
static enum stw_code
hash_file(crypto_hash_sha256_state *state, const char *dir, const char *name,
    struct stw_err *err)
{
	char path[1024];
	unsigned char chunk[64 * 1024];
	unsigned char size[8] = {0};
	FILE *file;
	size_t n;
	struct stat st;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "re");
	if (file == NULL || fstat(fileno(file), &st) != 0) {
		if (file != NULL)
			(void)fclose(file);
		return stw_fail(err, STW_NOT_FOUND, "%s: cannot be opened", path);
	}
	for (int i = 0; i < 8; i++)
		size[i] = (unsigned char)((uint64_t)st.st_size >> (8 * i));
	crypto_hash_sha256_update(state, (const unsigned char *)name, strlen(name) + 1);
	crypto_hash_sha256_update(state, size, sizeof size);
	while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
		crypto_hash_sha256_update(state, chunk, n);
	n = (size_t)ferror(file);
	(void)fclose(file);
	return n == 0 ? STW_OK
		      : stw_fail(err, STW_TEMPFAIL, "%s: cannot be read", path);
}

static bool
source_seen(const struct run *run, int nth, const char *name)
{
	const struct import_mapping *m = &run->mapping;

	for (int i = 0; i < nth; i++) {
		const char *other = i < m->nlookups
					? m->lookups[i].source.file
					: m->files[i - m->nlookups].source.file;

		if (strcmp(other, name) == 0)
			return true;
	}
	return false;
}

static enum stw_code
source_hash(
    struct run *run, unsigned char hash[crypto_hash_sha256_BYTES], struct stw_err *err)
{
	static const char version[] = "steward import 1";
	const struct import_mapping *m = &run->mapping;
	crypto_hash_sha256_state state;
	stw_day day = zone_local(m->zone, run->opts->as_of).day;
	enum stw_code rc = STW_OK;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(
	    &state, (const unsigned char *)version, sizeof version);
	crypto_hash_sha256_update(
	    &state, (const unsigned char *)m->document.ptr, m->document.len);
	if (m->uses_clock)
		crypto_hash_sha256_update(
		    &state, (const unsigned char *)&day, sizeof day);
	for (int i = 0; i < m->nlookups + m->nfiles && rc == STW_OK; i++) {
		const char *name = i < m->nlookups
				       ? m->lookups[i].source.file
				       : m->files[i - m->nlookups].source.file;

		if (!source_seen(run, i, name))
			rc = hash_file(&state, run->opts->dir, name, err);
	}
	crypto_hash_sha256_final(&state, hash);
	return rc;
}

/* ---- bad rows ---------------------------------------------------------------------- */
static void
reject_add(struct run *run, int64_t line, const char *column, const char *reason)
{
	struct reject *r;

	run->out->rows_rejected++;
	if (run->opts->messages != NULL && run->told++ < REJECTS_TOLD)
		(void)fprintf(run->opts->messages, "%s:%lld: %s%s%s%s\n",
		    run->file->source.file, (long long)line,
		    column[0] != '\0' ? "column " : "", column,
		    column[0] != '\0' ? ": " : "", reason);
	if (run->nrejects == REJECTS_KEPT)
		return;
	run->rejects =
	    stw_xrealloc(run->rejects, (run->nrejects + 1) * sizeof *run->rejects);
	r = &run->rejects[run->nrejects++];
	memset(r, 0, sizeof *r);
	r->file = stw_xstrdup(run->file->source.file);
	r->line = line;
	(void)snprintf(r->fault.column, sizeof r->fault.column, "%s", column);
	(void)snprintf(r->fault.reason, sizeof r->fault.reason, "%s", reason);
}

static void
drop(void *user, int64_t line, const char *column, const char *reason)
{
	reject_add(user, line, column, reason);
}

static bool
too_many(const struct run *run)
{
	return run->out->rows_rejected > run->opts->max_errors;
}

static enum stw_code
rejects_store(struct run *run, struct stw_err *err)
{
	enum stw_code rc = db_begin(run->db, err);

	for (size_t i = 0; i < run->nrejects && rc == STW_OK; i++) {
		const struct reject *r = &run->rejects[i];
		const struct db_param params[] = {db_text(run->out->run_id),
		    db_text(r->file), db_i64(r->line), db_text(r->fault.column),
		    db_text(r->fault.reason)};

		rc = db_query(run->db, DB_Q_IMPORT_REJECT_ADD, params,
		    DB_NPARAMS(params), NULL, err);
	}
	if (rc == STW_OK)
		rc = db_commit(run->db, err);
	else
		db_rollback(run->db);
	return rc;
}

/* ---- one file ------------------------------------------------------------------------ */
static void
tell(struct run *run, const struct csv *csv, bool done)
{
	stw_usec now = stw_monotonic();
	double sec = (double)(now - run->begun_at) / 1e6;
	struct import_progress at;

	if (run->opts->progress == NULL || (!done && now - run->told_at < TELL_USEC))
		return;
	run->told_at = now;
	at = (struct import_progress){.file = run->file->source.file,
	    .step = run->step,
	    .steps = run->mapping.nfiles,
	    .rows = csv_rows(csv),
	    .bytes = done ? run->bytes_total : csv_bytes_read(csv),
	    .total = run->bytes_total,
	    .rows_per_sec = sec > 0 ? (double)csv_rows(csv) / sec : 0,
	    .done = done};
	run->opts->progress(run->opts->user, &at);
}

static enum stw_code
batch_flush(struct run *run, struct stw_err *err)
{
	const struct import_write write = {.db = run->db,
	    .keys = run->keys,
	    .mapping = &run->mapping,
	    .file = run->file,
	    .index = run->index,
	    .as_of = run->opts->as_of,
	    .actor = run->opts->actor != NULL ? run->opts->actor : "import"};
	struct import_batch *batch = &run->batch;
	int64_t dropped = run->out->rows_rejected;
	struct stw_err why = {0};
	enum stw_code rc = STW_OK;

	if (batch->count > 0 && !run->doomed) {
		int64_t first = batch->rows[0].line;
		int64_t last = batch->rows[batch->count - 1].line;

		rc = import_batch_resolve(&write, batch, drop, run, &why);
		run->doomed = too_many(run);
		if (rc == STW_OK && !run->doomed)
			rc = import_batch_write(&write, batch, &why);
		if (rc == STW_OK)
			run->rows +=
			    (int64_t)batch->count - (run->out->rows_rejected - dropped);
		else if (why.line > 0)
			rc = stw_fail_at(err, rc, why.line, 0, "%s", why.text);
		else
			rc = stw_fail(err, rc, "%s: lines %lld to %lld: %s",
			    run->file->source.file, (long long)first, (long long)last,
			    why.text);
	}
	import_batch_clear(batch);
	return rc;
}

/* One record: into the batch, or out with a reason. */
static enum stw_code
row_take(struct run *run, struct csv *csv, enum stw_code read,
    const struct stw_err *why, struct stw_err *err)
{
	const struct import_target_def *def = import_target_def(run->file->target);
	struct import_batch *batch = &run->batch;
	struct import_batch_row *row = &batch->rows[batch->count];
	struct import_fault fault;
	int columns = 0;

	if (read != STW_OK) {
		/* The text begins with file and line, which the report adds itself. */
		const char *text = strstr(why->text, ": ");

		if (!csv_can_continue(csv))
			return stw_fail_at(err, read, why->line, 0, "%s", why->text);
		reject_add(run, why->line, "", text != NULL ? text + 2 : why->text);
		run->doomed = too_many(run);
		return STW_OK;
	}
	while (def->columns[columns].name != NULL)
		columns++;
	row->cells = arena_array(&batch->arena, (size_t)columns, sizeof *row->cells);
	row->line = csv_line(csv);
	row->dropped = false;
	switch (import_row_read(&run->ctx, run->file, csv, &batch->arena, row->cells,
	    &run->out->phones_skipped, &fault)) {
	case IMPORT_ROW_OK:
		batch->count++;
		break;
	case IMPORT_ROW_SKIPPED:
		run->out->rows_skipped++;
		break;
	case IMPORT_ROW_BAD:
		reject_add(run, row->line, fault.column, fault.reason);
		run->doomed = too_many(run);
		break;
	}
	return batch->count == IMPORT_BATCH_ROWS ? batch_flush(run, err) : STW_OK;
}

static enum stw_code
file_rows(struct run *run, struct csv *csv, struct stw_err *err)
{
	struct stw_err why = {0};
	int64_t doomed_at = 0;
	bool more = true;
	enum stw_code rc = STW_OK;

	while (rc == STW_OK) {
		enum stw_code read = csv_next(csv, &more, &why);

		if (read == STW_OK && !more)
			break;
		rc = row_take(run, csv, read, &why, err);
		if ((csv_rows(csv) & 255) == 0)
			tell(run, csv, false);
		if (run->doomed) {
			doomed_at = doomed_at == 0 ? csv_rows(csv) : doomed_at;
			if (csv_rows(csv) - doomed_at > ROWS_PAST ||
			    run->nrejects >=
				(size_t)run->opts->max_errors + REJECTS_TOLD)
				break;
		}
	}
	run->out->rows_read += csv_rows(csv);
	return rc == STW_OK ? batch_flush(run, err) : rc;
}

static enum stw_code
file_log(struct run *run, struct stw_err *err)
{
	const struct str parts[] = {str_of(run->out->run_id), str_of(run->file->path)};
	struct uuid id = uuid_derive(parts, 2);
	char id_text[UUID_TEXT];
	const struct entry_field fields[] = {ENTRY_TEXT("run", run->out->run_id),
	    ENTRY_TEXT("mapping", run->mapping.name),
	    ENTRY_TEXT("file", run->file->source.file),
	    ENTRY_TEXT("target", import_target_name(run->file->target)),
	    ENTRY_INT("rows", run->rows),
	    ENTRY_INT("rejected", run->out->rows_rejected - run->rejected_before),
	    ENTRY_TEXT("source", run->out->source_hash),
	    ENTRY_TEXT("synthetic", run->file->synthetic ? "yes" : NULL),
	    ENTRY_TEXT(
		"actor", run->opts->actor != NULL ? run->opts->actor : "import")};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write("import", uuid_format(&id, id_text), run->opts->as_of, fields,
	    (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    run->db, -1, "import", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static enum stw_code
file_fail(struct run *run, struct stw_err *err)
{
	const struct reject *first = NULL;

	for (size_t i = 0; i < run->nrejects && first == NULL; i++)
		if (strcmp(run->rejects[i].file, run->file->source.file) == 0)
			first = &run->rejects[i];
	if (first == NULL)
		return stw_fail(err, STW_INVALID, "%s: more than %lld bad rows",
		    run->file->source.file, (long long)run->opts->max_errors);
	return stw_fail_at(err, STW_INVALID, (int)first->line, 0,
	    "%s:%lld: %s%s%s%s; nothing of this file was loaded (%lld bad row%s, %lld "
	    "allowed)",
	    first->file, (long long)first->line,
	    first->fault.column[0] != '\0' ? "column " : "", first->fault.column,
	    first->fault.column[0] != '\0' ? ": " : "", first->fault.reason,
	    (long long)(run->out->rows_rejected - run->rejected_before),
	    run->out->rows_rejected - run->rejected_before == 1 ? "" : "s",
	    (long long)run->opts->max_errors);
}

static enum stw_code
file_import(struct run *run, struct import_file *file, struct stw_err *err)
{
	const char *path =
	    arena_printf(&run->arena, "%s/%s", run->opts->dir, file->source.file);
	struct csv *csv = NULL;
	struct stat st;
	enum stw_code rc;

	run->file = file;
	run->step++;
	run->rows = 0;
	run->doomed = false;
	run->rejected_before = run->out->rows_rejected;
	run->begun_at = stw_monotonic();
	run->told_at = run->begun_at;
	run->bytes_total = stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
	rc = csv_open(path, &file->source.format, &csv, err);
	if (rc == STW_OK)
		rc = import_compile_file(&run->mapping, file, csv, &run->arena, err);
	if (rc == STW_OK)
		rc = db_begin(run->db, err);
	if (rc != STW_OK)
		goto done;
	rc = index_key_hold(run->db, run->keys, &run->index, err);
	if (rc == STW_OK)
		rc = file_rows(run, csv, err);
	if (rc == STW_OK && run->doomed)
		rc = file_fail(run, err);
	if (rc == STW_OK)
		rc = file_log(run, err);
	if (rc == STW_OK)
		rc = db_commit(run->db, err);
	else
		db_rollback(run->db);
	if (rc == STW_OK) {
		run->out->files++;
		run->out->rows_loaded += run->rows;
		run->out->loaded[file->target] += run->rows;
		tell(run, csv, true);
	}
done:
	csv_close(csv);
	return rc;
}

/* ---- the run ---------------------------------------------------------------------------- */
/* The book has one currency and one zone; the first import states them. */
static enum stw_code
setting_agree(struct run *run, const char *name, const char *value, bool must,
    struct stw_err *err)
{
	const struct db_param get[] = {db_text(name)};
	const struct db_param put[] = {db_text(name), db_text(value)};
	struct db_rows *rows = NULL, *empty = NULL;
	bool same, there, none = false;
	enum stw_code rc;

	rc = db_query(run->db, DB_Q_SETTING_GET, get, DB_NPARAMS(get), &rows, err);
	if (rc == STW_OK)
		rc =
		    db_query_one(run->db, DB_Q_IMPORT_BOOK_EMPTY, NULL, 0, &empty, err);
	if (rc != STW_OK)
		goto done;
	there = db_rows_count(rows) > 0;
	same = there && str_eq_c(db_get_str(rows, 0, 0), value);
	none = db_get_bool(empty, 0, 0);
	if (there && !same && must && !none)
		rc = stw_fail(err, STW_INVALID,
		    "the book's %s is %s, this mapping's is %s: one book has one", name,
		    db_get_str(rows, 0, 0).ptr, value);
	else if (!same && (!there || none))
		rc = db_query(
		    run->db, DB_Q_SETTING_PUT, put, DB_NPARAMS(put), NULL, err);
done:
	db_rows_free(rows);
	db_rows_free(empty);
	return rc;
}

static enum stw_code
was_last(
    struct run *run, const unsigned char *hash, bool *unchanged, struct stw_err *err)
{
	const struct db_param params[] = {db_text(run->mapping.name)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    run->db, DB_Q_IMPORT_RUN_LAST, params, DB_NPARAMS(params), &rows, err);

	*unchanged = false;
	if (rc == STW_OK && db_rows_count(rows) == 1) {
		struct str last = db_get_bytes(rows, 0, 0, &run->arena);

		*unchanged = last.len == crypto_hash_sha256_BYTES &&
			     memcmp(last.ptr, hash, last.len) == 0;
		if (*unchanged)
			(void)snprintf(run->out->run_id, sizeof run->out->run_id, "%s",
			    db_get_str(rows, 0, 1).ptr);
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
run_start(struct run *run, const unsigned char *hash, struct stw_err *err)
{
	struct uuid id = uuid_new(run->opts->as_of);
	const struct db_param params[] = {db_text(uuid_format(&id, run->out->run_id)),
	    db_text(run->mapping.name), db_bytes(hash, crypto_hash_sha256_BYTES),
	    db_usec(run->opts->as_of)};
	const struct db_param now[] = {db_usec(run->opts->as_of)};
	enum stw_code rc =
	    db_query(run->db, DB_Q_IMPORT_RUN_ABANDON, now, 1, NULL, err);

	if (rc == STW_OK)
		rc = db_query(run->db, DB_Q_IMPORT_RUN_START, params,
		    DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = db_script(run->db, db_query_texts[DB_Q_IMPORT_STAGE], err);
	return rc;
}

static enum stw_code
run_finish(
    struct run *run, enum stw_code how, const struct stw_err *why, struct stw_err *err)
{
	const struct db_param params[] = {db_text(run->out->run_id),
	    db_text(how == STW_OK ? "done" : "failed"), db_usec(run->opts->as_of),
	    db_i64(run->out->rows_read), db_i64(run->out->rows_loaded),
	    db_i64(run->out->rows_rejected),
	    how == STW_OK ? db_null() : db_text(why->text)};
	enum stw_code rc = STW_OK;

	if (run->nrejects > 0)
		rc = rejects_store(run, err);
	if (rc == STW_OK)
		rc = db_query(run->db, DB_Q_IMPORT_RUN_FINISH, params,
		    DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK && how == STW_OK)
		rc = db_query(run->db, DB_Q_IMPORT_ANALYZE, NULL, 0, NULL, err);
	return rc;
}

static enum stw_code
run_locked(struct run *run, struct stw_err *err)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	struct stw_err why = {0};
	enum stw_code rc = source_hash(run, hash, err), rc_finish;

	if (rc != STW_OK)
		return rc;
	(void)sodium_bin2hex(
	    run->out->source_hash, sizeof run->out->source_hash, hash, sizeof hash);
	rc = was_last(run, hash, &run->out->unchanged, err);
	if (rc != STW_OK || run->out->unchanged)
		return rc;
	rc = setting_agree(run, "currency", run->mapping.currency, true, err);
	if (rc == STW_OK)
		rc = setting_agree(
		    run, "zone", zone_name(run->mapping.zone), false, err);
	if (rc == STW_OK)
		rc = run_start(run, hash, err);
	if (rc != STW_OK)
		return rc;
	rc = import_lookups_load(
	    &run->ctx, &run->mapping, run->opts->dir, &run->arena, &why);
	for (int i = 0; i < run->mapping.nfiles && rc == STW_OK; i++)
		rc = file_import(run, &run->mapping.files[i], &why);
	rc_finish = run_finish(run, rc, &why, err);
	/* The first trouble is the one to tell. */
	if (rc != STW_OK && err != NULL)
		*err = why;
	return rc != STW_OK ? rc : rc_finish;
}

static enum stw_code
run_unlocked(struct run *run, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	struct stw_err unlock;
	bool held;
	enum stw_code rc = db_query_one(run->db, DB_Q_IMPORT_LOCK, NULL, 0, &rows, err);

	if (rc != STW_OK)
		return rc;
	held = db_get_bool(rows, 0, 0);
	db_rows_free(rows);
	if (!held)
		return stw_fail(err, STW_CONFLICT,
		    "another import is running; try again when it has ended");
	rc = run_locked(run, err);
	/* A broken connection has let go of the lock by itself. */
	if (db_query(run->db, DB_Q_IMPORT_UNLOCK, NULL, 0, NULL, &unlock) != STW_OK)
		log_err(LOG_WARN, "import_unlock_failed", &unlock);
	return rc;
}

enum stw_code
import_run(struct db *db, const struct seal_keys *keys, const struct import_opts *opts,
    struct import_result *out, struct stw_err *err)
{
	struct run run = {.db = db, .keys = keys, .opts = opts, .out = out};
	stw_usec begun_at = stw_monotonic();
	struct str document;
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	arena_init(&run.arena);
	arena_init(&run.ctx.row);
	import_batch_init(&run.batch);
	rc = import_document_find(opts->mapping, opts->dir, &run.arena, &document, err);
	if (rc == STW_OK)
		rc = import_mapping_parse(
		    document, opts->as_of, &run.arena, &run.mapping, err);
	if (rc == STW_OK) {
		run.mapping.document = document;
		run.ctx.mapping = &run.mapping;
		run.ctx.as_of = opts->as_of;
		memcpy(out->mapping, run.mapping.name, sizeof out->mapping);
		memcpy(out->currency, run.mapping.currency, sizeof out->currency);
		(void)snprintf(
		    out->zone, sizeof out->zone, "%s", zone_name(run.mapping.zone));
		rc = run_unlocked(&run, err);
	}
	out->usec = stw_monotonic() - begun_at;
	for (size_t i = 0; i < run.nrejects; i++)
		free(run.rejects[i].file);
	free(run.rejects);
	import_mapping_fini(&run.mapping);
	import_batch_fini(&run.batch);
	arena_fini(&run.ctx.row);
	arena_fini(&run.arena);
	return rc;
}
