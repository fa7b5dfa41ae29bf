/*
 * import_history_store.h - what was imported: runs, their files, the rows that fell out.
 *
 * Ownership  Everything lies in the caller's arena.
 * Errors     NOT_FOUND for a run that is not there.
 */
#ifndef STW_SEGMENTS_IMPORT_HISTORY_STORE_H
#define STW_SEGMENTS_IMPORT_HISTORY_STORE_H

#include "db/db.h"
#include "segments/import.h"
#include "segments/import_priv.h"

struct import_run_info {
	const char *run_id, *mapping, *source_hash;
	/* running, done, failed, interrupted: its session was gone before its end */
	const char *state;
	stw_usec started_at,
	    finished_at; /* the business clock's; STW_USEC_NEVER: not yet */
	stw_usec took;   /* by the wall, over all starts */
	/* while it runs, and when it was interrupted: what is committed */
	int64_t rows_read, rows_loaded, rows_rejected;
	const char *failure; /* NULL: none */
	const char *actor;
	int starts; /* 2 and more: it went on after an end */
	bool redo;  /* corrected rows of an earlier run */
	int64_t seq;
};

/* The newest first, before seq (INT64_MAX: from the newest on). */
enum stw_code import_history_runs(struct db *db, int64_t before, int limit,
    struct arena *arena, struct import_run_info **out, int *count,
    struct stw_err *err) STW_MUST_USE;
enum stw_code import_history_run(struct db *db, const char *run_id, struct arena *arena,
    struct import_run_info *out, struct stw_err *err) STW_MUST_USE;
enum stw_code import_history_files(struct db *db, const char *run_id,
    struct arena *arena, struct import_file_info **out, int *count,
    struct stw_err *err) STW_MUST_USE;

struct import_reject_info {
	const char *file;
	struct import_reject reject;
};
/* By file and line; after NULL: from the first. */
enum stw_code import_history_rejects(struct db *db, const char *run_id,
    const struct import_reject *after, int limit, struct arena *arena,
    struct import_reject_info **out, int *count, struct stw_err *err) STW_MUST_USE;

#endif
