/* A run: which content, was it here before, then file by file; history. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "engine/log.h"
#include "engine/uuid.h"
#include "segments/csv_source.h"
#include "segments/import_history_store.h"
#include "segments/import_run_priv.h"

#define REJECTS_TOLD  20
#define REJECTS_KEPT  1000000
#define REJECTS_STORE 10000 /* of a file that was not loaded */
#define STORE_AT_ONCE 5000

const char *
import_actor(const struct import_run *run)
{
	return run->opts->actor != NULL ? run->opts->actor : "import";
}

const char *
import_source_dir(const struct import_run *run)
{
	return run->opts->redo != NULL ? run->opts->redo : run->opts->dir;
}

/* ---- what is imported, as a hash ------------------------------------------------- */
/* The name and what is in the file, so that a packed file is the same as a plain one. What
 * cannot be read to its end is part of the hash as far as it goes; loading tells why. */
static enum stw_code
hash_file(crypto_hash_sha256_state *state, const char *dir, const char *name,
    struct stw_err *err)
{
	char path[1024], chunk[64 * 1024];
	unsigned char size[8] = {0};
	struct csv_source *source;
	uint64_t total = 0;
	size_t n = 0;
	enum stw_code rc;

	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		return stw_fail(err, STW_INVALID, "%s: the path is too long", name);
	rc = csv_source_open(path, &source, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "%.100s", dir);
	crypto_hash_sha256_update(state, (const unsigned char *)name, strlen(name) + 1);
	do {
		rc = csv_source_read(source, chunk, sizeof chunk, &n, NULL);
		crypto_hash_sha256_update(state, (const unsigned char *)chunk, n);
		total += n;
	} while (rc == STW_OK && n > 0);
	for (int i = 0; i < 8; i++)
		size[i] = (unsigned char)(total >> (8 * i));
	crypto_hash_sha256_update(state, size, sizeof size);
	csv_source_close(source);
	return STW_OK;
}

static bool
source_seen(const struct import_run *run, int nth, const char *name)
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
source_hash(struct import_run *run, const bool *wanted,
    unsigned char hash[crypto_hash_sha256_BYTES], struct stw_err *err)
{
	static const char version[] = "steward import 2";
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
		bool lookup = i < m->nlookups;

		if (!lookup && !wanted[i - m->nlookups])
			continue;
		const char *name = lookup ? m->lookups[i].source.file
					  : m->files[i - m->nlookups].source.file;

		/* Corrected rows are not what a lookup of the same name reads. */
		if ((run->opts->redo != NULL && !lookup) || !source_seen(run, i, name))
			rc = hash_file(&state,
			    lookup ? run->opts->dir : import_source_dir(run), name,
			    err);
	}
	crypto_hash_sha256_final(&state, hash);
	return rc;
}

/* ---- bad rows ---------------------------------------------------------------------- */
static const char *
word_keep(struct import_run *run, const char *word)
{
	bool added;

	return strmap_add(&run->words, str_of(word), &added)->key.ptr;
}

static void
reject_keep(struct import_run *run, const struct import_reject *reject)
{
	if (run->nrejects == REJECTS_KEPT)
		return;
	if (run->nrejects == run->room) {
		run->room = run->room == 0 ? 64 : run->room * 2;
		run->rejects =
		    stw_xrealloc(run->rejects, run->room * sizeof *run->rejects);
	}
	run->rejects[run->nrejects++] =
	    (struct import_reject){.file_no = reject->file_no,
		.line = reject->line,
		.last = reject->last,
		.column = word_keep(run, reject->column),
		.reason = word_keep(run, reject->reason)};
}

void
import_reject_add(struct import_run *run, int file_no, int64_t line, int64_t last,
    const char *column, const char *reason)
{
	run->rejected++;
	if (run->opts->messages != NULL && run->told++ < REJECTS_TOLD)
		(void)fprintf(run->opts->messages, "%s:%lld: %s%s%s%s\n",
		    run->mapping.files[file_no].source.file, (long long)line,
		    column[0] != '\0' ? "column " : "", column,
		    column[0] != '\0' ? ": " : "", reason);
	reject_keep(
	    run, &(const struct import_reject){file_no, line, last, column, reason});
}

static enum stw_code
rejects_put(struct import_run *run, size_t from, size_t count, struct stw_err *err)
{
	struct arena arena;
	struct str *files, *columns, *reasons;
	int64_t *numbers, *lines, *lasts;
	enum stw_code rc;

	arena_init(&arena);
	files = arena_array(&arena, count, sizeof *files);
	columns = arena_array(&arena, count, sizeof *columns);
	reasons = arena_array(&arena, count, sizeof *reasons);
	numbers = arena_array(&arena, count, sizeof *numbers);
	lines = arena_array(&arena, count, sizeof *lines);
	lasts = arena_array(&arena, count, sizeof *lasts);
	for (size_t i = 0; i < count; i++) {
		const struct import_reject *r = &run->rejects[from + i];

		files[i] = str_of(run->mapping.files[r->file_no].source.file);
		columns[i] = str_of(r->column);
		reasons[i] = str_of(r->reason);
		numbers[i] = r->file_no;
		lines[i] = r->line;
		lasts[i] = r->last;
	}
	const struct db_param params[] = {db_text(run->out->run_id),
	    db_texts(files, count), db_i64s(numbers, count), db_i64s(lines, count),
	    db_i64s(lasts, count), db_texts(columns, count), db_texts(reasons, count)};

	rc = db_query(
	    run->db, DB_Q_IMPORT_REJECT_ADD, params, DB_NPARAMS(params), NULL, err);
	arena_fini(&arena);
	return rc;
}

enum stw_code
import_rejects_store(struct import_run *run, size_t most, struct stw_err *err)
{
	size_t end =
	    run->nrejects - run->stored > most ? run->stored + most : run->nrejects;
	enum stw_code rc = STW_OK;

	for (size_t at = run->stored; at < end && rc == STW_OK; at += STORE_AT_ONCE)
		rc = rejects_put(
		    run, at, end - at < STORE_AT_ONCE ? end - at : STORE_AT_ONCE, err);
	return rc;
}

/* Does a file of the mapping before this one read the same source? */
static bool
file_before(const struct import_mapping *m, int file_no)
{
	for (int i = 0; i < file_no; i++)
		if (strcmp(m->files[i].source.file, m->files[file_no].source.file) == 0)
			return true;
	return false;
}

static int
by_line(const void *a, const void *b)
{
	const struct import_reject *x = a, *y = b;

	return x->line < y->line ? -1 : x->line > y->line;
}

/* For each file that has bad rows, one of the same name beside the others. */
static enum stw_code
rejects_write(struct import_run *run, struct stw_err *err)
{
	const struct import_mapping *m = &run->mapping;
	struct import_reject *rows;
	enum stw_code rc = STW_OK;

	if (run->opts->rejects == NULL || run->nrejects == 0)
		return STW_OK;
	if (mkdir(run->opts->rejects, 0700) != 0 && errno != EEXIST)
		return stw_fail(
		    err, STW_INVALID, "%s: %s", run->opts->rejects, strerror(errno));
	rows = stw_xalloc(run->nrejects * sizeof *rows);
	for (int i = 0; i < m->nfiles && rc == STW_OK; i++) {
		const struct import_source *source = &m->files[i].source;
		size_t n = 0;

		if (file_before(m, i))
			continue;
		for (size_t k = 0; k < run->nrejects; k++)
			if (strcmp(m->files[run->rejects[k].file_no].source.file,
				source->file) == 0)
				rows[n++] = run->rejects[k];
		if (n == 0)
			continue;
		qsort(rows, n, sizeof *rows, by_line);
		rc = import_rejects_write(
		    source, import_source_dir(run), run->opts->rejects, rows, n, err);
		run->out->reject_files += rc == STW_OK;
	}
	free(rows);
	return rc;
}

/* ---- the run ---------------------------------------------------------------------------- */
/* The book has one currency and one zone; the first import states them. */
static enum stw_code
setting_agree(struct import_run *run, const char *name, const char *value, bool must,
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

/* The newest import of this mapping: the same content, done or ended early? */
static enum stw_code
run_before(struct import_run *run, const unsigned char *hash, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(run->mapping.name), db_bool(run->opts->redo != NULL)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    run->db, DB_Q_IMPORT_RUN_LAST, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK && db_rows_count(rows) == 1) {
		struct str last = db_get_bytes(rows, 0, 0, &run->arena);
		bool same = last.len == crypto_hash_sha256_BYTES &&
			    memcmp(last.ptr, hash, last.len) == 0;

		run->out->unchanged = same && str_eq_c(db_get_str(rows, 0, 2), "done");
		run->out->resumed = same && !run->out->unchanged;
		if (same)
			(void)snprintf(run->out->run_id, sizeof run->out->run_id, "%s",
			    db_get_str(rows, 0, 1).ptr);
	}
	db_rows_free(rows);
	return rc;
}

/* What an earlier start of this run has committed, and which rows fell out of it. What is
 * read again may tell of its bad rows again. */
static enum stw_code
places_load(struct import_run *run, struct stw_err *err)
{
	struct import_file_info *files;
	struct import_reject_info *rejects;
	int64_t at_line = 0;
	int nfiles, nrejects, at_file = 0;
	enum stw_code rc;

	rc = import_history_files(
	    run->db, run->out->run_id, &run->arena, &files, &nfiles, err);
	for (int i = 0; rc == STW_OK && i < nfiles; i++) {
		if (files[i].file_no >= run->mapping.nfiles)
			return stw_fail(err, STW_BUG, "run %s has more files than %s",
			    run->out->run_id, run->mapping.name);
		run->places[files[i].file_no] = files[i];
		run->rejected += files[i].rejected;
		run->out->rows_before += files[i].read;
		at_file = files[i].file_no + files[i].done;
		at_line = files[i].done ? 0 : files[i].line;
	}
	if (rc != STW_OK)
		return rc;
	const struct db_param params[] = {
	    db_text(run->out->run_id), db_i64(at_file), db_i64(at_line)};

	rc = db_query(
	    run->db, DB_Q_IMPORT_REJECT_FORGET, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = import_history_rejects(run->db, run->out->run_id, NULL,
		    REJECTS_KEPT, &run->arena, &rejects, &nrejects, err);
	for (int i = 0; rc == STW_OK && i < nrejects; i++)
		reject_keep(run, &rejects[i].reject);
	run->stored = run->nrejects;
	return rc;
}

static enum stw_code
run_start(struct import_run *run, const unsigned char *hash, struct stw_err *err)
{
	struct uuid id = uuid_new(run->opts->as_of);
	char fresh[UUID_TEXT];
	const struct db_param gone[] = {
	    db_usec(run->opts->as_of), db_text(IMPORT_INTERRUPTED)};
	const struct db_param params[] = {db_text(uuid_format(&id, fresh)),
	    db_text(run->mapping.name), db_bytes(hash, crypto_hash_sha256_BYTES),
	    db_usec(run->opts->as_of), db_text(import_actor(run)),
	    db_bool(run->opts->redo != NULL)};
	const struct db_param old[] = {db_text(run->out->run_id)};
	enum stw_code rc = db_query(
	    run->db, DB_Q_IMPORT_RUN_ABANDON, gone, DB_NPARAMS(gone), NULL, err);

	if (rc == STW_OK && run->out->resumed)
		rc = db_query(run->db, DB_Q_IMPORT_RUN_RESUME, old, 1, NULL, err);
	else if (rc == STW_OK)
		rc = db_query(run->db, DB_Q_IMPORT_RUN_START, params,
		    DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK && !run->out->resumed)
		memcpy(run->out->run_id, fresh, sizeof run->out->run_id);
	if (rc == STW_OK && run->out->resumed)
		rc = places_load(run, err);
	if (rc == STW_OK)
		rc = db_script(run->db, db_query_texts[DB_Q_IMPORT_STAGE], err);
	return rc;
}

/* A file of customers that makes contact points as well. */
static bool
gives_phones(const struct import_file *file)
{
	const struct import_target_def *def = file->def;

	for (int i = 0; def->columns[i].name != NULL; i++)
		if (file->target == IMPORT_CUSTOMER &&
		    def->columns[i].type == IMPORT_PHONE &&
		    file->columns[i].text.ptr != NULL)
			return true;
	return false;
}

static void
totals(struct import_run *run)
{
	struct import_result *out = run->out;

	for (int i = 0; i < run->mapping.nfiles; i++) {
		const struct import_file_info *at = &run->places[i];

		out->files += at->done;
		out->rows_loaded += at->loaded;
		out->rows_skipped += at->skipped;
		out->loaded[run->mapping.files[i].target] += at->loaded;
		out->inserted += at->inserted;
		out->updated += at->updated;
		out->closed += at->closed;
		out->same += at->unchanged;
		out->phones_skipped += at->phones_skipped;
		run->changed[run->mapping.files[i].target] +=
		    at->inserted + at->updated + at->closed;
		if (gives_phones(&run->mapping.files[i]))
			run->changed[IMPORT_CONTACT_POINT] +=
			    at->inserted + at->updated;
	}
	out->rows_rejected = run->rejected;
}

/* The planner is told about tables that have grown or changed by a tenth; of less it hears
 * from the server's own round. */
static enum stw_code
tables_analyze(struct import_run *run, struct stw_err *err)
{
	static const struct {
		enum import_target target;
		const char *table;
		enum db_query_id analyze;
	} tables[] = {
	    {IMPORT_CUSTOMER, "customer", DB_Q_IMPORT_ANALYZE_CUSTOMER},
	    {IMPORT_CONTACT_POINT, "contact_point", DB_Q_IMPORT_ANALYZE_CONTACT_POINT},
	    {IMPORT_PRODUCT, "product", DB_Q_IMPORT_ANALYZE_PRODUCT},
	    {IMPORT_HOLDING, "holding", DB_Q_IMPORT_ANALYZE_HOLDING},
	    {IMPORT_TXN, "txn", DB_Q_IMPORT_ANALYZE_TXN},
	    {IMPORT_INTERACTION, "interaction", DB_Q_IMPORT_ANALYZE_INTERACTION},
	    {IMPORT_CONSENT, "consent_event", DB_Q_IMPORT_ANALYZE_CONSENT_EVENT},
	    {IMPORT_OBJECTION, "objection", DB_Q_IMPORT_ANALYZE_OBJECTION},
	    {IMPORT_ATTEMPT, "contact_count", DB_Q_IMPORT_ANALYZE_CONTACT_COUNT},
	    {IMPORT_TRAIT, "trait_value", DB_Q_IMPORT_ANALYZE_TRAIT_VALUE},
	};
	enum stw_code rc = STW_OK;

	for (size_t i = 0; i < STW_ARRAY_LEN(tables) && rc == STW_OK; i++) {
		const struct db_param params[] = {db_text(tables[i].table)};
		int64_t changed = run->changed[tables[i].target];
		struct db_rows *rows = NULL;

		if (changed == 0)
			continue;
		rc = db_query_one(
		    run->db, DB_Q_IMPORT_TABLE_ROWS, params, 1, &rows, err);
		if (rc == STW_OK && changed >= db_get_i64(rows, 0, 0) / 10)
			rc = db_query(run->db, tables[i].analyze, NULL, 0, NULL, err);
		db_rows_free(rows);
	}
	return rc;
}

static enum stw_code
run_finish(struct import_run *run, enum stw_code how, const struct stw_err *why,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text(run->out->run_id),
	    db_text(how == STW_OK ? "done" : "failed"), db_usec(run->opts->as_of),
	    db_i64(run->out->rows_read), db_i64(run->out->rows_loaded),
	    db_i64(run->out->rows_rejected),
	    how == STW_OK ? db_null() : db_text(why->text),
	    db_i64(stw_monotonic() - run->begun_at)};
	enum stw_code rc = import_rejects_store(run, REJECTS_STORE, err);

	if (rc == STW_OK)
		rc = db_query(run->db, DB_Q_IMPORT_RUN_FINISH, params,
		    DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK && how == STW_OK)
		rc = tables_analyze(run, err);
	return rc;
}

/* ---- the files, one after the other ------------------------------------------------------ */
/* What there is to read, and which files are not there because only some are redone. */
static enum stw_code
files_look(struct import_run *run, bool *wanted, struct stw_err *err)
{
	const char *dir = import_source_dir(run);
	int n = 0;

	for (int i = 0; i < run->mapping.nfiles; i++) {
		struct import_file *file = &run->mapping.files[i];
		const char *path =
		    arena_printf(&run->arena, "%s/%s", dir, file->source.file);
		int64_t bytes = csv_source_there(path);

		if (csv_source_twice(path))
			return stw_fail(err, STW_INVALID,
			    "%s: there is a packed one and one that is not; take away the "
			    "older",
			    path);
		if (bytes >= 0)
			run->bytes_total += bytes;
		else if (run->opts->redo != NULL)
			continue;
		wanted[i] = true;
		n++;
		/* Some corrected rows are not the whole. */
		if (run->opts->redo != NULL && file->mode == IMPORT_SNAPSHOT)
			file->mode = IMPORT_UPSERT;
	}
	return n > 0 ? STW_OK
		     : stw_fail(err, STW_NOT_FOUND,
			   "%s: none of the files of mapping %s is there", dir,
			   run->mapping.name);
}

/* A file that an earlier start has loaded: it counts, and takes no time. */
static void
file_passed(struct import_run *run, int file_no)
{
	const char *path = arena_printf(&run->arena, "%s/%s", import_source_dir(run),
	    run->mapping.files[file_no].source.file);
	int64_t bytes = csv_source_there(path);

	run->out->rows_read += run->places[file_no].read;
	run->bytes_before += bytes > 0 ? bytes : 0;
	run->bytes_at_start = run->bytes_before;
}

static enum stw_code
files_load(struct import_run *run, const bool *wanted, struct stw_err *err)
{
	enum stw_code rc = import_lookups_load(
	    &run->ctx, &run->mapping, run->opts->dir, &run->arena, err);

	run->begun_at = stw_monotonic();
	for (int i = 0; i < run->mapping.nfiles && rc == STW_OK; i++)
		if (run->places[i].done)
			file_passed(run, i);
		else if (wanted[i])
			rc = import_file_load(run, i, err);
	return rc;
}

static enum stw_code
run_files(struct import_run *run, const bool *wanted, const unsigned char *hash,
    struct stw_err *err)
{
	enum stw_code rc, rc_finish = STW_OK;
	struct stw_err why = {0};

	rc = setting_agree(run, "currency", run->mapping.currency, true, err);
	if (rc == STW_OK)
		rc = setting_agree(
		    run, "zone", zone_name(run->mapping.zone), false, err);
	if (rc == STW_OK)
		rc = run_start(run, hash, err);
	if (rc != STW_OK)
		return rc;
	rc = files_load(run, wanted, &why);
	totals(run);
	if (!run->opts->dry_run)
		rc_finish = run_finish(run, rc, &why, err);
	if (rc_finish == STW_OK)
		rc_finish = rejects_write(run, err);
	/* The first trouble is the one to tell. */
	if (rc != STW_OK && err != NULL)
		*err = why;
	return rc != STW_OK ? rc : rc_finish;
}

/* The same as the newest import: its feeds came all the same. */
static enum stw_code
note_feeds(struct import_run *run, struct stw_err *err)
{
	const struct import_mapping *m = &run->mapping;
	enum stw_code rc = STW_OK;

	if (!run->out->unchanged || run->opts->dry_run)
		return STW_OK;
	rc = db_begin(run->db, err);
	for (int i = 0; i < m->nfiles && rc == STW_OK; i++)
		rc =
		    import_traits_note(run->db, m, &m->files[i], run->opts->as_of, err);
	if (rc == STW_OK)
		return db_commit(run->db, err);
	db_rollback(run->db);
	return rc;
}

static enum stw_code
run_locked(struct import_run *run, struct stw_err *err)
{
	struct index_key index_key; /* held first in the transaction, as its files do */
	bool *wanted =
	    arena_array(&run->arena, (size_t)run->mapping.nfiles, sizeof *wanted);
	unsigned char hash[crypto_hash_sha256_BYTES];
	enum stw_code rc = files_look(run, wanted, err);

	if (rc == STW_OK)
		rc = source_hash(run, wanted, hash, err);
	if (rc != STW_OK)
		return rc;
	(void)sodium_bin2hex(
	    run->out->source_hash, sizeof run->out->source_hash, hash, sizeof hash);
	rc = run_before(run, hash, err);
	if (rc == STW_OK)
		rc = note_feeds(run, err);
	if (rc != STW_OK || run->out->unchanged)
		return rc;
	if (!run->opts->dry_run)
		return run_files(run, wanted, hash, err);
	/* All files in one transaction, which is thrown away. */
	rc = db_begin(run->db, err);
	if (rc != STW_OK)
		return rc;
	db_lend(run->db, true);
	rc = index_key_hold(run->db, run->keys, &index_key, err);
	if (rc == STW_OK)
		rc = run_files(run, wanted, hash, err);
	db_lend(run->db, false);
	db_rollback(run->db);
	return rc;
}

static enum stw_code
run_unlocked(struct import_run *run, struct stw_err *err)
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
		return stw_fail(err, STW_TEMPFAIL,
		    "another import is running; try again when it has ended");
	rc = run_locked(run, err);
	/* A broken connection has let go of the lock by itself. */
	if (db_query(run->db, DB_Q_IMPORT_UNLOCK, NULL, 0, NULL, &unlock) != STW_OK)
		log_err(LOG_WARN, "import_unlock_failed", &unlock);
	return rc;
}

/* ---- the interface -------------------------------------------------------------------- */
/* Rejects written over what they are read from would be lost. */
static enum stw_code
dirs_apart(const struct import_opts *opts, struct stw_err *err)
{
	const char *const read[] = {opts->dir, opts->redo};
	struct stat to, from;

	if (opts->rejects == NULL || stat(opts->rejects, &to) != 0)
		return STW_OK;
	for (size_t i = 0; i < STW_ARRAY_LEN(read); i++)
		if (read[i] != NULL && stat(read[i], &from) == 0 &&
		    from.st_dev == to.st_dev && from.st_ino == to.st_ino)
			return stw_fail(err, STW_INVALID,
			    "%s: rejected rows cannot be written over the files that are read",
			    opts->rejects);
	return STW_OK;
}

static enum stw_code
run_mapping(struct import_run *run, struct stw_err *err)
{
	const struct import_opts *opts = run->opts;
	struct import_result *out = run->out;
	struct str document;
	enum stw_code rc = dirs_apart(opts, err);

	if (rc == STW_OK)
		rc = import_document_find(
		    opts->mapping, opts->dir, &run->arena, &document, err);
	if (rc == STW_OK)
		rc = import_mapping_parse(
		    document, opts->as_of, &run->arena, &run->mapping, err);
	if (rc == STW_OK)
		rc = import_traits_bind(run->db, &run->mapping, &run->arena, err);
	if (rc != STW_OK)
		return rc;
	run->mapping.document = document;
	run->ctx.mapping = &run->mapping;
	run->ctx.as_of = opts->as_of;
	run->places =
	    arena_array(&run->arena, (size_t)run->mapping.nfiles, sizeof *run->places);
	memcpy(out->mapping, run->mapping.name, sizeof out->mapping);
	memcpy(out->currency, run->mapping.currency, sizeof out->currency);
	(void)snprintf(out->zone, sizeof out->zone, "%s", zone_name(run->mapping.zone));
	return run_unlocked(run, err);
}

enum stw_code
import_run(struct db *db, const struct seal_keys *keys, const struct import_opts *opts,
    struct import_result *out, struct stw_err *err)
{
	struct import_run run = {.db = db, .keys = keys, .opts = opts, .out = out};
	stw_usec begun_at = stw_monotonic();
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	arena_init(&run.arena);
	arena_init(&run.ctx.row);
	strmap_init(&run.ids.map);
	strmap_init(&run.words);
	rc = run_mapping(&run, err);
	import_err_place(rc, err);
	out->usec = stw_monotonic() - begun_at;
	free(run.rejects);
	strmap_fini(&run.words);
	strmap_fini(&run.ids.map);
	import_mapping_fini(&run.mapping);
	arena_fini(&run.ctx.row);
	arena_fini(&run.arena);
	return rc;
}
