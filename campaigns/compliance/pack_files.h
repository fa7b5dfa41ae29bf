/*
 * pack_files.h - the files of one jurisdiction pack, wherever they come from.
 *
 * Purpose    A pack is a directory: pack.json, tests.jsonl, SOURCES.md, calendars/<x>.csv
 *            and terms/<x>.txt. It may be in the binary, on a disk, in the database or
 *            in a request; from here on it is a list of names and contents.
 * Ownership  Names and contents live in the arena, or in the binary.
 * Errors     INVALID: a file that no pack has, one twice, one missing, one too large or
 *            not UTF-8. NOT_FOUND: no such pack, no such directory.
 * Threads    Any.
 * Rules      The content hash is SHA-256 over all files in the byte order of their names:
 *            for each the length of the name (8 bytes, big-endian), the name, the length
 *            of the content (the same), the content. docs/packs.md says so too.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_PACK_FILES_H
#define STW_CAMPAIGNS_COMPLIANCE_PACK_FILES_H

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"

#define PACK_FILES_MAX 32
#define PACK_FILE_MAX  ((size_t)4 << 20)

struct pack_file {
	const char *name; /* "pack.json", "calendars/fr.csv" */
	struct str data;
};

struct pack_files {
	const char *id, *version;
	struct pack_file items[PACK_FILES_MAX]; /* in the byte order of their names */
	int count;
};

/* "cn-nx" and "1.10.0": small letters, digits and hyphens; three numbers. */
bool pack_id_ok(const char *id);
bool pack_version_ok(const char *version);
/* "1.10.0" is newer than "1.9.2": below, equal to or above zero. */
int pack_version_cmp(const char *a, const char *b);

/* One that the binary carries. */
enum stw_code pack_files_embedded(const char *id, const char *version,
    struct arena *arena, struct pack_files *out, struct stw_err *err) STW_MUST_USE;
/* A directory named .../<id>/<version>. */
enum stw_code pack_files_dir(const char *path, struct arena *arena,
    struct pack_files *out, struct stw_err *err) STW_MUST_USE;
/* From elsewhere: start empty (id and version set), add each, then finish. Nothing is
 * copied. */
enum stw_code pack_files_add(struct pack_files *files, const char *name,
    struct str data, struct stw_err *err) STW_MUST_USE;
/* Sorts, and checks that pack.json, tests.jsonl and SOURCES.md are there. */
enum stw_code pack_files_finish(
    struct pack_files *files, struct stw_err *err) STW_MUST_USE;

/* NULL: the pack has no such file. */
const struct pack_file *pack_files_find(
    const struct pack_files *files, const char *name);
void pack_files_hash(const struct pack_files *files, char hex[65]);

#endif
