/*
 * export.h - rows as NDJSON or CSV, with a manifest, on record.
 *
 * Purpose    Turns the rows of campaigns/export_store.h into bytes, a piece at a time, and
 *            keeps who took what: an access event when it begins, another with the manifest
 *            (what, filter, columns, rows, bytes, SHA-256) and an entry of the ledger when
 *            it ends, also when it ends early.
 * CSV        RFC 4180, lines end in CR LF, a first line of names, UTF-8, on request a byte
 *            order mark for spreadsheets. A text that a spreadsheet could take for a
 *            formula (it begins with = + - @, tab or CR) gets an apostrophe before it;
 *            numbers are left alone. NDJSON is exact.
 * Ownership  export_start/export_finish; the job is the caller's and borrows its texts and
 *            the connection.
 * Errors     DENIED when there are more rows than one person may take along, and no second
 *            person agreed; nothing has left then. As export_store.h; TEMPFAIL when it takes longer than half an hour, for it
 *            holds a snapshot.
 * Threads    One at a time.
 */
#ifndef STW_API_EXPORT_H
#define STW_API_EXPORT_H

#include <jansson.h>
#include <sodium.h>

#include "campaigns/export_store.h"
#include "engine/uuid.h"

enum export_format { EXPORT_NDJSON = 0, EXPORT_CSV };

struct export_job {
	/* given */
	const struct export_kind *kind;
	struct export_filter filter;
	enum export_format format;
	bool bom;
	const char *actor, *role;
	stw_usec now;
	/* How many rows one person may take along; with an approver as many as there are. */
	int64_t rows_alone;
	const char *purpose, *approver; /* NULL: none */
	/* its own */
	struct db *db;
	struct uuid id;
	struct export_rows rows;
	struct buf text; /* made and not yet taken */
	size_t taken;
	crypto_hash_sha256_state hash;
	char sha256[crypto_hash_sha256_BYTES * 2 + 1];
	int64_t nrows, nbytes;
	stw_usec began; /* monotonic */
	bool done;
};

/* One cell of CSV; guarded: a text, so that no spreadsheet takes it for a formula. */
void export_csv_cell(struct buf *to, struct str s, bool guarded);

/* "ndjson", "csv" */
bool export_format_parse(const char *text, enum export_format *out);

enum stw_code export_start(
    struct export_job *job, struct db *db, struct stw_err *err) STW_MUST_USE;
/* Up to size bytes; *n 0 at the end. */
enum stw_code export_read(struct export_job *job, char *to, size_t size, size_t *n,
    struct stw_err *err) STW_MUST_USE;
/* Puts it on record and frees what the job holds; after a failed export_start too. */
enum stw_code export_finish(struct export_job *job, struct stw_err *err) STW_MUST_USE;
/* After export_finish. */
json_t *export_manifest(const struct export_job *job);

/* The manifest of an export that ended, as it was written down. NOT_FOUND. */
enum stw_code export_manifest_find(struct db *db, const struct uuid *id,
    struct arena *arena, const char **out, struct stw_err *err) STW_MUST_USE;

#endif
