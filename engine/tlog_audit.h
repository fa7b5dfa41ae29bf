/*
 * tlog_audit.h - is a published log whole? Its files and some keys suffice.
 *
 * Purpose    Reads every entry and every tile of a log in the form of tlog.h, hashes it
 *            all anew and holds it against the signed checkpoint and against checkpoints
 *            that somebody has kept. Names the first bad entry. Tiles that the checkpoint
 *            proves tell a bad entry from good ones beside it; where entry and tiles were
 *            changed together, the first entry that nothing proves is named.
 * Ownership  Everything is borrowed for the call.
 * Errors     A bad log is a finding, not an error; an error means that it could not be
 *            read.
 */
#ifndef STW_ENGINE_TLOG_AUDIT_H
#define STW_ENGINE_TLOG_AUDIT_H

#include "engine/note.h"
#include "engine/tlog.h"

/* Where files come from: the whole file into `to` (cleared first). */
struct tlog_source {
	enum stw_code (*get)(void *arg, const char *path, struct buf *to, bool *found,
	    struct stw_err *err);
	void *arg;
};

/* A checkpoint that somebody kept, its signature checked. */
struct tlog_known {
	uint64_t size;
	struct merkle_hash root;
};

struct tlog_trust {
	const struct note_verifier
	    *log; /* any of these signs; their name is the origin */
	size_t nlog;
	const struct note_verifier *witnesses;
	size_t nwitnesses;
	size_t quorum;                  /* of witnesses that have to have cosigned */
	const struct tlog_known *known; /* in order of size */
	size_t nknown;
};

struct tlog_report {
	uint64_t size;     /* of the checkpoint */
	size_t cosigned;   /* by known witnesses */
	size_t known;      /* kept checkpoints that it was held against */
	int64_t first_bad; /* -1: no entry */
	char finding[240]; /* empty: the log is whole */
	struct merkle_hash root;
};

enum stw_code tlog_audit(const struct tlog_source *source,
    const struct tlog_trust *trust, void (*progress)(int64_t done, int64_t total),
    struct tlog_report *out, struct stw_err *err) STW_MUST_USE;

/* Opens a checkpoint with the keys of the log; *cosigned counts the witnesses whose
 * cosignature holds. */
enum stw_code tlog_checkpoint_open(struct str note, const struct tlog_trust *trust,
    struct checkpoint *out, size_t *cosigned, struct stw_err *err) STW_MUST_USE;

/* Does the proof show that the entry is in the log? INVALID says why not. */
enum stw_code tlog_proof_check(const struct tlog_proof *proof, struct str entry,
    const struct tlog_trust *trust, struct checkpoint *out, size_t *cosigned,
    struct stw_err *err) STW_MUST_USE;

/* A merkle_reader over the tiles of a log of `size` entries; arg is a struct tlog_tiles. */
struct tlog_tiles {
	const struct tlog_source *source;
	uint64_t size;
};
enum stw_code tlog_tiles_read(void *arg, int level, uint64_t index,
    struct merkle_hash *out, struct stw_err *err) STW_MUST_USE;
/* The hashes of one tile, from the partial file or from the full one. */
enum stw_code tlog_tile_get(const struct tlog_source *source, uint64_t log_size,
    const struct tlog_tile *tile, struct buf *to, bool *found,
    struct stw_err *err) STW_MUST_USE;

#endif
