/*
 * secret_file.h - keys on disk: mode 0600, made once, never half.
 *
 * Errors     NOT_FOUND: no such file. CONFLICT: it exists already. INVALID: others may
 *            read it, or it is too large. TEMPFAIL: the disk.
 */
#ifndef STW_DB_SECRET_FILE_H
#define STW_DB_SECRET_FILE_H

#include "engine/buf.h"
#include "engine/err.h"

/* Appends the whole file to `to`, which the caller wipes. */
enum stw_code secret_file_read(
    const char *path, size_t max, struct buf *to, struct stw_err *err) STW_MUST_USE;
/* Makes it with this content, synced; an existing file is left as it is. */
enum stw_code secret_file_create(
    const char *path, struct str content, struct stw_err *err) STW_MUST_USE;
/* Puts this content in the place of an existing file at once: a reader sees the old or
 * the new one, and so does whoever looks after a crash. */
enum stw_code secret_file_replace(
    const char *path, struct str content, struct stw_err *err) STW_MUST_USE;

#endif
