/*
 * bundle_manifest.h - the manifest of a bundle, read: somebody else's text.
 *
 * Purpose    The files that a bundle has to hold, and what it says is missing
 *            (docs/bundle-manifest.schema.json). Pure: no I/O.
 * Ownership  Everything in the arena.
 * Errors     INVALID names the member: no JSON, another format, a name that leads out of the
 *            bundle, a file named twice, a hash that is none.
 */
#ifndef STW_API_BUNDLE_MANIFEST_H
#define STW_API_BUNDLE_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/tar.h"

#define BUNDLE_FORMAT         "steward-bundle/1"
#define BUNDLE_MANIFEST_BYTES ((size_t)16 * 1024 * 1024)
#define BUNDLE_FILES_MAX      20000

struct bundle_file {
	char name[TAR_NAME_MAX];
	int64_t bytes;
	int64_t rows; /* lines of an NDJSON; -1: not counted */
	unsigned char sha256[32];
};
struct bundle_gap {
	const char *code, *part;
	int64_t rows;
};
struct bundle_manifest {
	const char *bundle_id;
	uint64_t checkpoint_size;
	const struct bundle_file *files; /* by name */
	size_t nfiles;
	const struct bundle_gap *gaps;
	size_t ngaps;
};

enum stw_code bundle_manifest_read(struct str text, struct arena *arena,
    struct bundle_manifest *out, struct stw_err *err) STW_MUST_USE;
/* NULL: the manifest has no such file. */
const struct bundle_file *bundle_manifest_find(
    const struct bundle_manifest *manifest, const char *name);
/* "decisions.ndjson", "proofs/x": lower case, digits, . _ -; one folder at most. */
bool bundle_name_ok(const char *name);

#endif
