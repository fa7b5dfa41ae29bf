/*
 * csv.h - reads delimited text or lines of JSON, one record at a time.
 *
 * Purpose    RFC 4180 (quoted fields with delimiters, line breaks and doubled quotes in
 *            them), any one-byte delimiter, LF, CRLF or CR line ends. Or one JSON object a
 *            line (csv_json.h): its columns are the paths of its values. Bytes come from
 *            csv_source.h (gzip), characters from csv_text.h (encodings, byte order marks).
 *            A file of rejected rows reads as the file it was taken from: the columns
 *            CSV_NOTES in front of it are passed over.
 * Units      Lines count from 1 in the decoded text; a record's line is the one it
 *            begins on, however many it covers.
 * Ownership  csv_open/csv_close. Fields are borrowed until the next csv_next.
 * Errors     INVALID with the line: bad quoting, wrong number of fields, bad JSON, bytes
 *            that are not of the encoding (with column and byte), damaged gzip, a limit
 *            passed. NOT_FOUND or TEMPFAIL for the file. After an error of one record
 *            csv_next goes on with the next line when csv_can_continue says so (wrong
 *            number of fields, bad JSON); else the file is lost.
 *            The text names the line and column, never the value.
 * Threads    A reader belongs to one thread.
 */
#ifndef STW_SEGMENTS_CSV_H
#define STW_SEGMENTS_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/buf.h"
#include "engine/err.h"

struct csv;

/* What a file of rejected rows has in front of each. */
#define CSV_NOTES "reject_line", "reject_column", "reject_reason"

struct csv_format {
	bool json;      /* one JSON object a line; what follows is then for text only,
	                         but encoding, names and the limits */
	char delimiter; /* 0: ',' */
	char quote;     /* 0: '"'; '\n': no quoting at all */
	bool no_header; /* the first record is data; names must be given */
	bool trim;      /* blanks around unquoted fields are no part of them */
	const char *encoding; /* iconv name; NULL: UTF-8 (checked) */
	/* Column names instead of the header's; NULL: as the header says. Of JSON: the
	 * paths that are columns; NULL: all in the first 1,000 lines. */
	const char *const *names;
	int nnames;
	size_t max_record; /* bytes; 0: 1 MiB */
	int max_columns;   /* 0: 512 */
	int64_t max_rows;  /* 0: no limit; past it INVALID */
};

enum stw_code csv_open(const char *path, const struct csv_format *format,
    struct csv **out, struct stw_err *err) STW_MUST_USE;
/* Reads from memory, borrowed; name is for messages. For tests and fuzzing. */
enum stw_code csv_open_memory(const char *name, const void *data, size_t len,
    const struct csv_format *format, struct csv **out,
    struct stw_err *err) STW_MUST_USE;
void csv_close(struct csv *csv); /* NULL is fine */

int csv_columns(const struct csv *csv);
/* Names are unique within a file. */
const char *csv_column_name(const struct csv *csv, int column);
int csv_find_column(const struct csv *csv, const char *name); /* -1: none */

/* Columns in front that the reader passes over: 0, or as many as CSV_NOTES are. */
int csv_notes(const struct csv *csv);
/* The header is one column: the delimiter it seems to have; else 0. */
char csv_delimiter_guess(const struct csv *csv);

/* *more false at the end. Blank lines are passed over. */
enum stw_code csv_next(struct csv *csv, bool *more, struct stw_err *err) STW_MUST_USE;
bool csv_can_continue(const struct csv *csv);
struct str csv_field(const struct csv *csv, int column);
/* Of the record read last. */
int64_t csv_line(const struct csv *csv);       /* where it begins */
int64_t csv_last_line(const struct csv *csv);  /* where it ends */
int64_t csv_rows(const struct csv *csv);       /* data records so far, bad ones too */
int64_t csv_bytes_all(const struct csv *csv);  /* how long it is there; 0: unknown */
int64_t csv_bytes_read(const struct csv *csv); /* of the file as it lies on disk */

#endif
