/*
 * import.h - the bank's files into the book, by a mapping document.
 *
 * Purpose    A mapping (JSON) says which files there are, what their columns mean and
 *            where each goes, as expressions of the rule language over `row`. docs/import.md
 *            describes the document. import_check reads it without data; import_run
 *            loads the files.
 * Promises   One transaction a file: all of it or none (max_errors lets bad rows fall
 *            out). The same content imported again changes nothing and says so. Phone
 *            numbers, names and identity numbers are sealed before they reach the
 *            database; a number that cannot be parsed is never stored.
 * Units      as_of is the business clock: `now` and `today` of expressions, the stated
 *            end of shifted dates, updated_at of the rows.
 * Memory     Bounded by the batch (16,384 rows), except lookups, which are held whole.
 * Errors     INVALID: the mapping (document path, line and column in the expression) or
 *            the data (file, line, column). CONFLICT: another import is running.
 */
#ifndef STW_SEGMENTS_IMPORT_H
#define STW_SEGMENTS_IMPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/time.h"

struct db;
struct seal_keys;

enum import_target {
	IMPORT_NONE = 0,
	IMPORT_CUSTOMER,
	IMPORT_CONTACT_POINT,
	IMPORT_PRODUCT,
	IMPORT_HOLDING,
	IMPORT_TXN,
	IMPORT_INTERACTION,
	IMPORT_CONSENT,
	IMPORT_OBJECTION,
	IMPORT_ATTEMPT,
	IMPORT_TARGETS, /* how many, plus one */
};
const char *import_target_name(enum import_target target); /* "customer" */

struct import_progress {
	const char *file;     /* as the mapping names it */
	int step, steps;      /* files of the mapping, from 1 */
	int64_t rows;         /* of this file so far */
	int64_t bytes, total; /* of this file on disk */
	double rows_per_sec;
	bool done; /* this file is committed */
};

struct import_opts {
	const char *dir; /* the data */
	const char
	    *mapping; /* a path, or the name of a shipped one; NULL: dir/mapping.json,
	                        else the shipped one whose files are all in dir */
	stw_usec as_of;
	int64_t max_errors; /* rows that may fall out, over all files */
	const char *actor;  /* who runs it, for ledger and history; NULL: "import" */
	/* About twice a second and at the end of each file; NULL: silent. */
	void (*progress)(void *user, const struct import_progress *at);
	void *user;
	FILE *messages; /* the first 20 bad rows, one line each; NULL: nowhere */
};

struct import_result {
	char mapping[64];
	char run_id[37];
	char source_hash[65]; /* SHA-256 over the mapping and its files, hex */
	char currency[4];
	char zone[64];
	bool
	    unchanged; /* the newest import of this mapping was the same: nothing done */
	int files;
	int64_t rows_read, rows_skipped, rows_loaded, rows_rejected;
	int64_t phones_skipped; /* "on_bad_phone": "skip" */
	int64_t loaded[IMPORT_TARGETS];
	int64_t usec; /* how long it took */
};

/* The run is recorded in import_run and import_reject, also when it fails. */
enum stw_code import_run(struct db *db, const struct seal_keys *keys,
    const struct import_opts *opts, struct import_result *out,
    struct stw_err *err) STW_MUST_USE;

/* Reads and checks a mapping. dir NULL: without data, so that names of columns are
 * believed; else the files' headers are read and every name is checked. Appends to
 * report (may be NULL) what would be done, one line a file. */
enum stw_code import_check(const char *mapping, const char *dir, stw_usec as_of,
    struct buf *report, struct stw_err *err) STW_MUST_USE;

#endif
