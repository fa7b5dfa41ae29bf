/*
 * ledger_priv.h - what appending, sealing and verifying share.
 *
 * The exported file is checkpoints one after another, each followed by an empty line.
 * A crash in the middle of a write leaves a torn end, which was never acknowledged: the
 * next seal cuts it off, and readers end before it.
 */
#ifndef STW_DB_LEDGER_PRIV_H
#define STW_DB_LEDGER_PRIV_H

#include <stdio.h>

#include "db/ledger.h"
#include "engine/merkle.h"
#include "engine/note.h"
#include "engine/tlog_audit.h"

struct ledger_key {
	struct note_signer signers[LEDGER_SIGNERS]; /* the newest first */
	size_t nsigners;
	struct note_verifier known[LEDGER_KEYS]; /* theirs, and those of before */
	size_t nknown;
	struct ledger_witnesses witnesses;
};

/* Opens the note with our key and parses what it says; the origin must be ours. */
enum stw_code ledger_checkpoint_open(const struct ledger_key *key, struct str note,
    uint64_t *size, struct merkle_hash *root, struct stw_err *err) STW_MUST_USE;

/* The sequencer's lock, for this session; CONFLICT after a wait of about wait_msec. */
enum stw_code ledger_lock(
    struct db *db, int wait_msec, struct stw_err *err) STW_MUST_USE;
void ledger_unlock(struct db *db);

/* ---- roots of whole tiles --------------------------------------------------------- */
struct ledger_nodes;
/* Room for those of so many leaves. */
struct ledger_nodes *ledger_nodes_new(size_t leaves);
void ledger_nodes_free(struct ledger_nodes *nodes);
/* merkle_edge_add, keeping the roots of tiles that the leaf completes. */
void ledger_nodes_add(struct ledger_nodes *nodes, struct merkle_edge *edge,
    const struct merkle_hash *leaf);
/* Into the database, in the caller's transaction. */
enum stw_code ledger_nodes_put(
    const struct ledger_nodes *nodes, struct db *db, struct stw_err *err) STW_MUST_USE;
/* Makes those of the first `leaves` leaves that are missing: an upgrade. */
enum stw_code ledger_nodes_fill(
    struct db *db, uint64_t leaves, struct stw_err *err) STW_MUST_USE;

/* ---- the exported file, for appending ------------------------------------------- */
struct ledger_file {
	int fd; /* locked: one sequencer a file, whatever database it works for */
	const char *path;
};

/* Made when it does not exist. */
enum stw_code ledger_file_open(
    struct ledger_file *file, const char *path, struct stw_err *err) STW_MUST_USE;
void ledger_file_close(struct ledger_file *file);
/* The last note into note (empty when there is none), after cutting off a torn end. */
enum stw_code ledger_file_last(
    struct ledger_file *file, struct buf *note, struct stw_err *err) STW_MUST_USE;
/* Appends and fsyncs. */
enum stw_code ledger_file_append(
    struct ledger_file *file, struct str note, struct stw_err *err) STW_MUST_USE;

/* ---- and for reading it from the beginning ----------------------------------------- */
/* The next complete note into note; *more false at the end. */
enum stw_code ledger_file_next(
    FILE *in, struct buf *note, bool *more, struct stw_err *err) STW_MUST_USE;

#endif
