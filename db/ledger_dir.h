/*
 * ledger_dir.h - the ledger as a directory that anybody can keep and check.
 *
 * Purpose    ledger_export writes the ledger as C2SP tlog-tiles lays a log out
 *            (engine/tlog.h): `checkpoint`, `tile/<level>/<n>`, `tile/entries/<n>`. A later
 *            export adds what is new. Files come into place whole, and the checkpoint
 *            last, after everything it speaks of is on the disk. Reading needs no database.
 * Errors     CONFLICT: another export is at work. INVALID, and nothing is published: the
 *            directory is ahead of the database, is another log's, or does not lead to
 *            what the database has.
 * Ownership  A tlog_source of a directory borrows its path.
 */
#ifndef STW_DB_LEDGER_DIR_H
#define STW_DB_LEDGER_DIR_H

#include "db/ledger.h"
#include "engine/tlog_audit.h"

struct ledger_export_result {
	uint64_t size, added; /* entries in the directory, and those that are new */
	int64_t files;        /* written */
};

enum stw_code ledger_export(struct db *db, const struct ledger_key *key,
    const char *dir, struct ledger_export_result *out,
    struct stw_err *err) STW_MUST_USE;

struct tlog_source ledger_dir_source(const char *dir);

/* The checkpoints of a file that ledger_seal appended to or that somebody kept, each
 * opened with trust->log; in order of size, each size once. CONFLICT: two of one size
 * differ, which is proof against the log. To be freed. */
enum stw_code ledger_dir_known(const char *path, const struct tlog_trust *trust,
    struct tlog_known **out, size_t *count, struct stw_err *err) STW_MUST_USE;

#endif
