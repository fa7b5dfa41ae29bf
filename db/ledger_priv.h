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

struct ledger_key {
	struct note_signer signer;
};

/* Opens the note with our key and parses what it says; the origin must be ours. */
enum stw_code ledger_checkpoint_open(const struct ledger_key *key, struct str note,
    uint64_t *size, struct merkle_hash *root, struct stw_err *err) STW_MUST_USE;

/* The sequencer's lock, for this session; CONFLICT after a wait of about wait_msec. */
enum stw_code ledger_lock(
    struct db *db, int wait_msec, struct stw_err *err) STW_MUST_USE;
void ledger_unlock(struct db *db);

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
