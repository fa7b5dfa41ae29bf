/*
 * csv.h - reads delimited text, one record at a time.
 *
 * Purpose    RFC 4180 (quoted fields with delimiters, line breaks and doubled quotes in
 *            them), any one-byte delimiter, LF, CRLF or CR line ends, a byte order mark,
 *            any encoding iconv knows, gzip recognised by its first bytes.
 * Units      Lines count from 1 in the decoded text; a record's line is the one it
 *            begins on, however many it covers.
 * Ownership  csv_open/csv_close. Fields are borrowed until the next csv_next.
 * Errors     INVALID with the line: bad quoting, wrong number of fields, bytes that are
 *            not of the encoding, a limit passed. NOT_FOUND or TEMPFAIL for the file.
 *            After an error of one record csv_next goes on with the next line when
 *            csv_can_continue says so (wrong number of fields); else the file is lost.
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

struct csv_format {
	char delimiter;       /* 0: ',' */
	char quote;           /* 0: '"'; '\n': no quoting at all */
	bool no_header;       /* the first record is data; names must be given */
	bool trim;            /* blanks around unquoted fields are no part of them */
	const char *encoding; /* iconv name; NULL: UTF-8 (checked) */
	/* Column names instead of the header's; NULL: as the header says. */
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

/* *more false at the end. Blank lines are passed over. */
enum stw_code csv_next(struct csv *csv, bool *more, struct stw_err *err) STW_MUST_USE;
bool csv_can_continue(const struct csv *csv);
struct str csv_field(const struct csv *csv, int column);
/* Of the record read last. */
int64_t csv_line(const struct csv *csv);
int64_t csv_rows(const struct csv *csv);       /* data records so far */
int64_t csv_bytes_read(const struct csv *csv); /* of the file as it lies on disk */

#endif
