#include "db/migrate.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "engine/embed.h"
#include "engine/log.h"

#define MIGRATION_DIR       "db/migrations/"
#define MIGRATION_WAIT_MSEC 60000

struct migration {
	int number;
	struct str name; /* "0001_steward" */
	const char *sql;
	unsigned char hash[crypto_hash_sha256_BYTES];
};

/* The next embedded migration; false at the end. */
static bool
migration_next(size_t *at, struct migration *out)
{
	const struct embed_file *file = embed_next(MIGRATION_DIR, at);
	const char *base;

	if (file == NULL)
		return false;
	base = file->name + strlen(MIGRATION_DIR);
	out->number = (int)strtol(base, NULL, 10);
	out->name = (struct str){base, strcspn(base, ".")};
	out->sql = file->data;
	(void)crypto_hash_sha256(
	    out->hash, (const unsigned char *)file->data, (size_t)file->len);
	return true;
}

static int
newest_known(void)
{
	struct migration migration;
	int newest = 0;

	for (size_t at = 0; migration_next(&at, &migration);)
		newest = migration.number;
	return newest;
}

/* Is what was applied under this number the file that we carry? */
static enum stw_code
check_applied(const struct migration *migration, const struct db_rows *rows, int row,
    struct arena *arena, struct stw_err *err)
{
	struct str hash = db_get_bytes(rows, row, 2, arena);
	struct str ours = {(const char *)migration->hash, sizeof migration->hash};
	char was[17], is[17];

	if (str_eq(hash, ours))
		return STW_OK;
	(void)sodium_bin2hex(was, sizeof was, (const unsigned char *)hash.ptr,
	    hash.len < 8 ? hash.len : 8);
	(void)sodium_bin2hex(is, sizeof is, migration->hash, 8);
	return stw_fail(err, STW_INVALID,
	    "migration %.*s was applied with another content (sha256 %s..., this steward "
	    "has %s...): use the steward that made this database, or, if its data may be "
	    "lost, make the database anew",
	    STR_FMT(migration->name), was, is);
}

/* Compares what the database has with what we carry. *applied is the number of our
 * migrations that are in place, which are always the first ones. */
static enum stw_code
compare(struct db *db, int *applied, int *database_at, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	struct migration migration;
	struct arena arena;
	enum stw_code rc;
	size_t at = 0;

	*applied = *database_at = 0;
	arena_init(&arena);
	rc = db_query(db, DB_Q_MIGRATION_LIST, NULL, 0, &rows, err);
	if (rc != STW_OK)
		goto done;
	DB_ROW_FOREACH(rows, r) {
		int number = (int)db_get_i64(rows, r, 0);

		*database_at = number;
		if (!migration_next(&at, &migration) || migration.number != number) {
			rc = stw_fail(err, STW_INVALID,
			    "database is at %04d, this steward knows only up to %04d: install "
			    "the newer steward",
			    (int)db_get_i64(rows, db_rows_count(rows) - 1, 0),
			    newest_known());
			goto done;
		}
		rc = check_applied(&migration, rows, r, &arena, err);
		if (rc != STW_OK)
			goto done;
		++*applied;
	}
done:
	db_rows_free(rows);
	arena_fini(&arena);
	return rc;
}

static enum stw_code
apply(struct db *db, const struct migration *migration, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(migration->number),
	    db_str(migration->name), db_bytes(migration->hash, sizeof migration->hash)};
	enum stw_code rc;

	rc = db_begin(db, err);
	if (rc != STW_OK)
		return rc;
	rc = db_script(db, migration->sql, err);
	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_MIGRATION_RECORD, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc != STW_OK) {
		db_rollback(db);
		return stw_err_prefix(
		    err, rc, "migration %.*s", STR_FMT(migration->name));
	}
	log_event(LOG_INFO, "migrated", "name=%.*s", STR_FMT(migration->name));
	return STW_OK;
}

static enum stw_code
apply_missing(struct db *db, int *applied, struct stw_err *err)
{
	struct migration migration;
	int in_place, database_at;
	enum stw_code rc;
	int n = 0;

	rc = db_query(db, DB_Q_MIGRATION_TABLE, NULL, 0, NULL, err);
	if (rc == STW_OK)
		rc = compare(db, &in_place, &database_at, err);
	if (rc != STW_OK)
		return rc;
	for (size_t at = 0; migration_next(&at, &migration);) {
		if (n++ < in_place)
			continue;
		rc = apply(db, &migration, err);
		if (rc != STW_OK)
			return rc;
		++*applied;
	}
	return STW_OK;
}

enum stw_code
db_migrate(struct db *db, int *applied, struct stw_err *err)
{
	struct stw_err ignored;
	enum stw_code rc;
	int n = 0;

	STW_ASSERT(!db_in_transaction(db));
	/* Building an index may take as long as it takes. */
	rc = db_set_timeouts(db, 0, MIGRATION_WAIT_MSEC, err);
	if (rc == STW_OK)
		rc = db_query(db, DB_Q_MIGRATION_LOCK, NULL, 0, NULL, err);
	if (rc == STW_OK) {
		rc = apply_missing(db, &n, err);
		if (db_query(db, DB_Q_MIGRATION_UNLOCK, NULL, 0, NULL, &ignored) !=
		    STW_OK)
			log_err(LOG_WARN, "migration_unlock", &ignored);
	}
	if (db_set_timeouts(db, DB_STATEMENT_MSEC, DB_LOCK_MSEC, &ignored) != STW_OK)
		log_err(LOG_WARN, "migration_timeouts", &ignored);
	if (applied != NULL)
		*applied = n;
	return rc;
}

enum stw_code
db_migrate_check(struct db *db, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	int in_place, database_at;
	enum stw_code rc;
	bool exists;

	rc = db_query_one(db, DB_Q_MIGRATION_EXISTS, NULL, 0, &rows, err);
	if (rc != STW_OK)
		return rc;
	exists = db_get_bool(rows, 0, 0);
	db_rows_free(rows);
	if (!exists)
		return stw_fail(err, STW_INVALID,
		    "the database is empty, this steward needs %04d: run steward migrate",
		    newest_known());
	rc = compare(db, &in_place, &database_at, err);
	if (rc == STW_OK && database_at != newest_known())
		rc = stw_fail(err, STW_INVALID,
		    "database is at %04d, this steward needs %04d: run steward migrate",
		    database_at, newest_known());
	return rc;
}
