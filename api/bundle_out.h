/*
 * bundle_out.h - the files of a bundle, into a directory or one plain tar archive.
 *
 * Purpose    One file after another, hashed as it is written. A path that ends in ".tar" is
 *            an archive, any other a directory. Under its name only when it is whole; until
 *            then PATH.part. Readable by its owner only. Without a path an archive in a file
 *            that never has a name.
 * Ownership  bundle_out_open/bundle_out_close.
 * Errors     CONFLICT: it is there already. TEMPFAIL: it cannot be written.
 */
#ifndef STW_API_BUNDLE_OUT_H
#define STW_API_BUNDLE_OUT_H

#include <stdio.h>

#include <sodium.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/tar.h"

#define BUNDLE_SHA_TEXT (crypto_hash_sha256_BYTES * 2 + 1)

struct bundle_out {
	char path[400], part[408];
	bool tar, unnamed;
	FILE *file;          /* the archive, or the open file of the directory */
	long header_at;      /* of the open member */
	struct tar_member m; /* what is open */
	crypto_hash_sha256_state hash;
};

/* path NULL: without a name. */
enum stw_code bundle_out_open(
    struct bundle_out *out, const char *path, struct stw_err *err) STW_MUST_USE;
/* name: at most one folder, "proofs/x". */
enum stw_code bundle_out_begin(
    struct bundle_out *out, const char *name, struct stw_err *err) STW_MUST_USE;
enum stw_code bundle_out_write(
    struct bundle_out *out, struct str data, struct stw_err *err) STW_MUST_USE;
enum stw_code bundle_out_end(struct bundle_out *out, int64_t *bytes,
    char sha256[BUNDLE_SHA_TEXT], struct stw_err *err) STW_MUST_USE;
/* keep: it gets its name, synced to the disk; else nothing of it stays. *file: the whole
 * archive that has no name, at its beginning, to be closed by the caller; otherwise NULL. */
enum stw_code bundle_out_close(
    struct bundle_out *out, bool keep, FILE **file, struct stw_err *err) STW_MUST_USE;

#endif
