/*
 * witness.h - somebody who remembers how far a log had grown, and what it was then.
 *
 * Purpose    Cosigns a checkpoint of a log it knows when it is shown that the log only
 *            grew since the last one it cosigned (C2SP tlog-witness, add-checkpoint). It
 *            needs no database and belongs on another machine, run by others than the
 *            log's operators: then not even those can show two histories.
 * State      For each log one file, <sha256 of the origin>.checkpoint: the last checkpoint
 *            with our cosignature. It is on the disk before an answer leaves. One that
 *            cannot be read, or that we have not signed, is an error and nothing is
 *            cosigned. A file that is gone lets another history in: keep the directory.
 * Ownership  witness_open/witness_close. The reply's texts belong to the caller's bufs.
 * Errors     What a client did wrong is a status, not an error.
 * Threads    One at a time; the directory is locked against a second process.
 */
#ifndef STW_DB_WITNESS_H
#define STW_DB_WITNESS_H

#include "engine/note.h"
#include "engine/tlog_audit.h"

#define WITNESS_LOGS      64
#define WITNESS_BODY_MAX  ((size_t)64 * 1024)
#define WITNESS_PROOF_MAX 63

struct witness;

/* The key file is made (mode 0600) with this name when it does not exist and name is not
 * NULL; a name that differs from the file's is INVALID. logs: their verifier keys; several
 * of one name are one log whose key is being exchanged. */
enum stw_code witness_open(const char *key_path, const char *name,
    const char *state_dir, const struct note_verifier *logs, size_t count,
    struct witness **out, struct stw_err *err) STW_MUST_USE;
void witness_close(struct witness *witness);
const struct note_verifier *witness_verifier(const struct witness *witness);

/* add-checkpoint: 200 and signature lines, 409 and the size we have (text/x.tlog.size),
 * or 400, 403, 404, 422 with a sentence. 500: the state could not be read or kept, and
 * nothing was cosigned. now is the witness's own clock. */
int witness_add(
    struct witness *witness, struct str body, int64_t now_sec, struct buf *reply);
/* The last checkpoint of a log, by the hash of its origin in hexadecimal: 200 or 404. */
int witness_get(struct witness *witness, struct str origin_hash, struct buf *reply);

/* ---- for those who ask ------------------------------------------------------------- */
/* Appends a request: from the size the witness is known to have. */
enum stw_code witness_request(const struct merkle_reader *tree, uint64_t from,
    uint64_t to, struct str note, struct buf *out, struct stw_err *err) STW_MUST_USE;

#endif
