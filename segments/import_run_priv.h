/*
 * import_run_priv.h - what the files of a run share: import_store.c, import_file_store.c.
 */
#ifndef STW_SEGMENTS_IMPORT_RUN_PRIV_H
#define STW_SEGMENTS_IMPORT_RUN_PRIV_H

#include "segments/import_write_store.h"

struct import_run {
	struct db *db;
	const struct seal_keys *keys;
	const struct import_opts *opts;
	struct import_result *out;
	struct arena arena;
	struct import_mapping mapping;
	struct import_ctx ctx;
	struct import_ids ids;
	struct import_file_info *places; /* by file: what is committed of each */
	/* Rows that fell out; those before `stored` are committed. */
	struct import_reject *rejects;
	size_t nrejects, room, stored, told;
	struct strmap words;             /* their columns and reasons */
	int64_t rejected;                /* over all files, kept or not */
	int64_t changed[IMPORT_TARGETS]; /* rows, once the files are in */
	/* progress */
	int64_t bytes_total, bytes_before, bytes_at_start;
	stw_usec begun_at, told_at;
};

const char *import_actor(const struct import_run *run);
/* Where a file of the mapping lies: among the data, or among corrected rejects. */
const char *import_source_dir(const struct import_run *run);
/* Rows from `from` on into import_reject, in the caller's transaction; at most `most`. */
enum stw_code import_rejects_store(
    struct import_run *run, size_t most, struct stw_err *err) STW_MUST_USE;
void import_reject_add(struct import_run *run, int file_no, int64_t line, int64_t last,
    const char *column, const char *reason);
/* The file, from where places[file_no] says; in one transaction or several. */
enum stw_code import_file_load(
    struct import_run *run, int file_no, struct stw_err *err) STW_MUST_USE;

#endif
