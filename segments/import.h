/*
 * import.h - the bank's files into the book, by a mapping document.
 *
 * Purpose    A mapping (JSON) says which files there are, what their columns mean and
 *            where each goes, as expressions of the rule language over `row`. docs/import.md
 *            describes the document. import_check reads it without data; import_run
 *            loads the files.
 * Promises   One transaction a file: all of it or none (max_errors lets bad rows fall
 *            out); with commit_every one for so many rows. A run that was ended early goes
 *            on after its last transaction when the same content is imported again, and
 *            no row is loaded twice. The same content after a run that ended well changes
 *            nothing and says so, packed or not. Phone numbers, names and identity numbers
 *            are sealed before they reach the database; a number that cannot be parsed is
 *            never stored. A dry run is the whole run but for the commit.
 * Units      as_of is the business clock: `now` and `today` of expressions, the stated
 *            end of shifted dates, updated_at of the rows.
 * Memory     Bounded by two batches (16,384 rows each at most), except lookups, which are
 *            held whole, and bad rows (about 60 bytes each).
 * Threads    One call at a time a connection; it reads in a thread of its own.
 * Errors     INVALID: the mapping (document path, line and column in the expression) or
 *            the data (file, line, column); the text begins with the place, and the
 *            error has no other. TEMPFAIL: another import is running.
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
	IMPORT_HOUSEHOLD,
	IMPORT_JOINT_HOLDER,
	IMPORT_CONTACT_TIME,
	IMPORT_TRAIT,
	IMPORT_TARGETS, /* how many, plus one */
};
const char *import_target_name(enum import_target target); /* "customer" */

#define IMPORT_MAX_ERRORS 1000000

struct import_progress {
	const char *file;     /* as the mapping names it */
	int step, steps;      /* files of the mapping, from 1 */
	int64_t rows;         /* of this file so far */
	int64_t bytes, total; /* of all files on disk */
	double rows_per_sec;  /* of this file */
	double sec_left;      /* of the run; below zero: not known yet */
	bool done;            /* this file is committed */
};

struct import_opts {
	const char *dir; /* the data */
	const char
	    *mapping; /* a path, or the name of a shipped one; NULL: dir/mapping.json,
	                        else the shipped one whose files are all in dir */
	stw_usec as_of;
	int64_t max_errors;  /* rows that may fall out, over all files */
	const char *actor;   /* who runs it, for ledger and history; NULL: "import" */
	bool dry_run;        /* everything but the commit */
	bool close_all;      /* snapshots may close more than their limit */
	const char *rejects; /* a directory for rows that fell out; NULL: none */
	/* A directory with corrected rejects: only the files there are read. Lookups are
	 * still those of dir, and a snapshot closes nothing. NULL: none. */
	const char *redo;
	/* A few times a second and at the end of each file; NULL: silent. */
	void (*progress)(void *user, const struct import_progress *at);
	void *user;
	FILE *messages; /* the first 20 bad rows, one line each; NULL: nowhere */
};

/* One file of a mapping, as far as it is committed. */
struct import_file_info {
	int file_no; /* in the mapping, from 0 */
	const char *file, *target, *mode;
	bool done;
	int64_t read, line; /* records, and the line where the last ends */
	int64_t loaded; /* what follows but closed adds up to it (closed of a delete) */
	int64_t inserted, updated, closed, unchanged;
	int64_t skipped, rejected, phones_skipped;
	int commits;
};

struct import_result {
	char mapping[64];
	char run_id[37];
	char source_hash[65]; /* SHA-256 over the mapping and its files, hex */
	char currency[4];
	char zone[64];
	bool
	    unchanged; /* the newest import of this mapping was the same: nothing done */
	bool resumed;  /* it went on where an earlier one had ended */
	int64_t
	    rows_before; /* rows that were read and committed before; of rows_read */
	int files;
	int64_t rows_read, rows_skipped, rows_loaded, rows_rejected;
	int64_t inserted, updated, closed, same; /* rows_loaded, and what was closed */
	int64_t phones_skipped;                  /* "on_bad_phone": "skip" */
	int64_t loaded[IMPORT_TARGETS];
	int64_t usec;     /* how long it took */
	int reject_files; /* written to opts->rejects */
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
