/*
 * table_file.h - tables in a file, used from where they lie in it.
 *
 * Purpose    A file is a head, sections, and a directory of them. Sections are written one
 *            after another, and taken in the same order from a file that is mapped: packed
 *            columns and dictionaries are then used in place, the rest is copied.
 *            Everything is in this machine's byte order; another one refuses the file.
 * Safety     Written beside its place, synced and renamed: under its name there is a
 *            whole file or the one before. Mode 0600. Each section has a CRC-32C, all of
 *            which are checked by table_file_open; beyond that nothing a file says is
 *            believed: offsets, sizes, types, widths, codes and counts are checked before
 *            they are used, so that a file that somebody has made can be refused or wrong
 *            but not harmful. A file must not be written to in place while it is open:
 *            writers rename.
 * Ownership  table_file_close; tables keep the mapping as long as they need it.
 * Errors     NOT_FOUND: there is no such file. INVALID: cut short, changed, of another
 *            version or machine, readable by others; the text says which and what to do.
 *            TEMPFAIL: the disk.
 * Threads    A file belongs to one thread; the tables are like any others.
 */
#ifndef STW_ENGINE_TABLE_FILE_H
#define STW_ENGINE_TABLE_FILE_H

#include "engine/table.h"
#include "engine/table_map.h"

/* Of the layout of sections, columns, chunks and dictionaries. */
#define TABLE_FILE_VERSION 1

/* What is in the file, so that one kind is not taken for another: four letters. */
#define TABLE_FILE_TAG(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* ---- writing --------------------------------------------------------------------- */
struct table_file_out;
enum stw_code table_file_create(const char *path, uint32_t kind,
    struct table_file_out **out, struct stw_err *err) STW_MUST_USE;
/* What fails is told by the commit. */
void table_file_put(
    struct table_file_out *out, uint32_t tag, const void *data, size_t size);
/* The first ncols columns, packed, and all children with theirs. */
void table_file_put_table(
    struct table_file_out *out, const struct table *table, int ncols);
/* The file is in its place, or it is not and nothing is left of it. Frees out. bytes (may
 * be NULL) gets its size. */
enum stw_code table_file_commit(
    struct table_file_out *out, uint64_t *bytes, struct stw_err *err) STW_MUST_USE;
void table_file_abort(struct table_file_out *out);

/* ---- reading --------------------------------------------------------------------- */
struct table_file;
enum stw_code table_file_open(const char *path, uint32_t kind, struct table_file **out,
    struct stw_err *err) STW_MUST_USE;
/* The same of bytes in memory, which table_file_close leaves alone: they outlive it and
 * the tables. 64-byte aligned. name: for errors. */
enum stw_code table_file_open_memory(const char *name, const void *data, size_t size,
    uint32_t kind, struct table_file **out, struct stw_err *err) STW_MUST_USE;
void table_file_close(struct table_file *file);
uint64_t table_file_bytes(const struct table_file *file);
/* The next section, which must be this one: its bytes, aligned to 64, in the file. */
enum stw_code table_file_take(struct table_file *file, uint32_t tag, const void **data,
    size_t *size, struct stw_err *err) STW_MUST_USE;
/* The same of exactly so many bytes, copied. */
enum stw_code table_file_copy(struct table_file *file, uint32_t tag, void *to,
    size_t size, struct stw_err *err) STW_MUST_USE;
enum stw_code table_file_table(
    struct table_file *file, struct table **out, struct stw_err *err) STW_MUST_USE;

/* For tests and fuzzing: makes the checksums of bytes that look like a file right. */
void table_file_seal(void *data, size_t size);

#endif
