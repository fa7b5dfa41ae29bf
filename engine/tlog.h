/*
 * tlog.h - the files of a published log, as C2SP tlog-tiles and tlog-proof specify them.
 *
 * Purpose    A log is published as `checkpoint`, tiles of hashes `tile/<level>/<n>` and
 *            bundles of entries `tile/entries/<n>`; the last of each may be partial,
 *            `<n>.p/<width>`. <n> goes in groups of three digits, all but the last with
 *            an x before them: 1234067 is x001/x234/067. A bundle is entries, each after
 *            its length as two bytes, most significant first. One entry's proof is a text
 *            file (.tlog-proof), which holds the entry itself as its extra data.
 *            tlog_writer makes the files of a growing log; where they go to is the
 *            caller's business (db/ledger_dir.h writes a directory). Pure: no I/O.
 * Units      A hash of tile level l stands for 256^l entries.
 * Ownership  Parsers borrow from the text they were given.
 * Errors     INVALID: not in the format. A sink's error is given on.
 */
#ifndef STW_ENGINE_TLOG_H
#define STW_ENGINE_TLOG_H

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/merkle.h"

#define TLOG_WIDTH       256 /* hashes of a full tile, entries of a full bundle */
#define TLOG_LEVELS      8   /* 256^8 is past every size */
#define TLOG_ENTRY_MAX   65535
#define TLOG_PATH_MAX    64
#define TLOG_PROOF_BYTES ((size_t)256 * 1024)
#define TLOG_ENTRIES     (-1) /* the "level" of a bundle */

/* ---- paths -------------------------------------------------------------------- */
struct tlog_tile {
	int level; /* 0 .. TLOG_LEVELS - 1, or TLOG_ENTRIES */
	uint64_t n;
	int width; /* 1 .. TLOG_WIDTH; less than that: partial */
};

void tlog_tile_path(const struct tlog_tile *tile, char out[TLOG_PATH_MAX]);
/* Exactly the paths that tlog_tile_path makes. */
bool tlog_tile_parse(struct str path, struct tlog_tile *out);
/* How many hashes of a level a log of so many entries has. */
uint64_t tlog_level_size(uint64_t size, int level);
/* The widest tile `n` of the level in a log of `size` entries; width 0: none. */
struct tlog_tile tlog_tile_at(uint64_t size, int level, uint64_t n);

/* ---- bundles ------------------------------------------------------------------- */
/* entry.len is at most TLOG_ENTRY_MAX. */
void tlog_bundle_add(struct buf *to, struct str entry);
/* Moves *rest past the entry. False when *rest is no bundle (any more). */
bool tlog_bundle_next(struct str *rest, struct str *entry);

/* ---- one entry's proof ----------------------------------------------------------- */
struct tlog_proof {
	struct str extra; /* base64, "" when there is none */
	uint64_t index;
	struct merkle_proof path;
	struct str checkpoint; /* the signed note */
};

/* extra is put in as base64; empty: none. */
void tlog_proof_format(struct str extra, uint64_t index,
    const struct merkle_proof *path, struct str checkpoint, struct buf *to);
enum stw_code tlog_proof_parse(
    struct str text, struct tlog_proof *out, struct stw_err *err) STW_MUST_USE;
/* Appends what the extra line holds. */
void tlog_proof_extra(const struct tlog_proof *proof, struct buf *to);

/* Standard base64 with padding, and nothing else. */
void tlog_base64_add(struct buf *to, const void *data, size_t len);
bool tlog_hash_parse(struct str text, struct merkle_hash *out);

/* ---- writing --------------------------------------------------------------------- */
/* Where files go to. */
struct tlog_sink {
	enum stw_code (*put)(
	    void *arg, const char *path, struct str data, struct stw_err *err);
	void *arg;
};

struct tlog_writer {
	struct tlog_sink sink;
	struct merkle_edge edge; /* of what was added */
	struct buf bundle;
	struct buf tiles[TLOG_LEVELS]; /* the open tile of each level */
};

void tlog_writer_init(struct tlog_writer *writer, struct tlog_sink sink);
void tlog_writer_fini(struct tlog_writer *writer);
/* A full bundle or tile goes to the sink when it is full. INVALID for an entry that is
 * too long. */
enum stw_code tlog_writer_add(
    struct tlog_writer *writer, struct str entry, struct stw_err *err) STW_MUST_USE;
/* The partial ones. More may be added afterwards. */
enum stw_code tlog_writer_flush(
    struct tlog_writer *writer, struct stw_err *err) STW_MUST_USE;
/* Goes on behind a log of `size` entries (a multiple of TLOG_WIDTH) whose open tiles the
 * caller has put into writer->tiles: the edge comes from them. False when their sizes are
 * not those of such a log. */
bool tlog_writer_resume(struct tlog_writer *writer, uint64_t size);

#endif
