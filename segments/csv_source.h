/*
 * csv_source.h - the bytes of a file, unpacked where the file is gzip.
 *
 * Purpose    Gzip is recognised by its first two bytes, never by the name; a file of
 *            several gzip members is one text. "x.csv" that is not there is looked for as
 *            "x.csv.gz", and the other way round.
 * Errors     NOT_FOUND: no such file. TEMPFAIL: it cannot be read. INVALID: a gzip stream
 *            that is damaged, cut, or followed by something else; the text says where, and
 *            what was good before it has been given out. Names are without directories.
 * Memory     64 KiB, and what zlib takes.
 * Threads    A source belongs to one thread.
 */
#ifndef STW_SEGMENTS_CSV_SOURCE_H
#define STW_SEGMENTS_CSV_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/err.h"

struct csv_source;

/* Its size on disk; -1: there is no such file. */
int64_t csv_source_there(const char *path);
/* Is it there under its name and under the other, packed and not? */
bool csv_source_twice(const char *path);
enum stw_code csv_source_open(
    const char *path, struct csv_source **out, struct stw_err *err) STW_MUST_USE;
/* Borrowed until csv_source_close; name is for messages. */
void csv_source_memory(
    const char *name, const void *data, size_t len, struct csv_source **out);
void csv_source_close(struct csv_source *source); /* NULL is fine */
/* Back to the first byte. */
enum stw_code csv_source_rewind(
    struct csv_source *source, struct stw_err *err) STW_MUST_USE;

/* Up to room bytes; *got is 0 at the end only. */
enum stw_code csv_source_read(struct csv_source *source, char *to, size_t room,
    size_t *got, struct stw_err *err) STW_MUST_USE;

/* "customers.csv": as it was asked for, without directories. */
const char *csv_source_name(const struct csv_source *source);
int64_t csv_source_offset(const struct csv_source *source); /* on disk, so far */
int64_t csv_source_size(const struct csv_source *source);   /* on disk; 0: unknown */

#endif
