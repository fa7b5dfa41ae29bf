/*
 * migrate.h - bringing the schema to what this binary needs.
 *
 * Purpose    The files of db/migrations travel inside the binary. Each runs once, in
 *            order, in one transaction with the row that records it (number, name,
 *            SHA-256). An advisory lock keeps two migrators apart.
 * Errors     INVALID: the database is behind, is newer than this binary, or was made by
 *            a file of the same number with another content; the text says what to do.
 *            TEMPFAIL: another migrator holds the lock for more than a minute.
 */
#ifndef STW_DB_MIGRATE_H
#define STW_DB_MIGRATE_H

#include "db/db.h"

/* Applies what is missing; *applied (may be NULL) counts it. On an error the migrations
 * before the failing one stay applied; the failing one leaves nothing. */
enum stw_code db_migrate(struct db *db, int *applied, struct stw_err *err) STW_MUST_USE;

/* Is the schema exactly what this binary needs? Reads only. */
enum stw_code db_migrate_check(struct db *db, struct stw_err *err) STW_MUST_USE;

#endif
