/*
 * bundle_in.h - the files of a bundle that somebody handed over: a directory or an archive.
 *
 * Purpose    Lists what there is, and reads one file at a time.
 * Ownership  bundle_in_open/bundle_in_close; one file open at a time.
 * Errors     INVALID: no archive of ours; what is neither file nor folder of files; a name
 *            that leads elsewhere. NOT_FOUND: no such file in it.
 */
#ifndef STW_API_BUNDLE_IN_H
#define STW_API_BUNDLE_IN_H

#include <stdio.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/tar.h"

struct bundle_in_file {
	char name[TAR_NAME_MAX];
	int64_t size;
	long at; /* in the archive */
};
struct bundle_in {
	const char *path;
	FILE *tar;  /* NULL: a directory */
	FILE *file; /* what is open of a directory */
	int64_t left;
	struct bundle_in_file *files; /* by name */
	size_t count, room;
};

enum stw_code bundle_in_open(
    struct bundle_in *in, const char *path, struct stw_err *err) STW_MUST_USE;
void bundle_in_close(struct bundle_in *in);
/* NULL: there is none. */
const struct bundle_in_file *bundle_in_find(
    const struct bundle_in *in, const char *name);
enum stw_code bundle_in_begin(
    struct bundle_in *in, const char *name, struct stw_err *err) STW_MUST_USE;
/* *n 0 at the end. */
enum stw_code bundle_in_read(struct bundle_in *in, char *to, size_t size, size_t *n,
    struct stw_err *err) STW_MUST_USE;
void bundle_in_end(struct bundle_in *in);

#endif
