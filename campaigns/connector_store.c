#include "campaigns/connector_store.h"

#include <string.h>

#include "campaigns/catalogue_store.h"

enum stw_code
connector_rows(struct db *db, const char *name, int version, struct arena *arena,
    struct connector_row **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(name), version == 0 ? db_null() : db_i64(version)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_CONNECTOR_LIST, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[r] = (struct connector_row){
		    .name = db_get_text(rows, r, 0, arena),
		    .version = (int)db_get_i64(rows, r, 1),
		    .state = db_get_text(rows, r, 2, arena),
		    .document = db_get_text(rows, r, 3, arena),
		    .written_by = db_get_text(rows, r, 4, arena),
		    .written_at = db_get_usec(rows, r, 5),
		    .activated_by = db_get_text(rows, r, 6, arena),
		    .activated_at = db_is_null(rows, r, 7) ? STW_USEC_NEVER
							   : db_get_usec(rows, r, 7),
		    .queues = (int)db_get_i64(rows, r, 8)};
	db_rows_free(rows);
	return STW_OK;
}

static enum stw_code
put_in_tx(struct db *db, const char *name, int version, const char *document,
    const char *actor, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_text(name), db_i64(version),
	    db_text(document), db_text(actor), db_usec(now)};
	enum stw_code rc =
	    db_query_one(db, DB_Q_CONNECTOR_PUT, params, DB_NPARAMS(params), NULL, err);

	if (rc == STW_NOT_FOUND)
		return stw_fail(err, STW_CONFLICT,
		    "version %d of connector %.60s is there already, with another text or in force; write a higher one",
		    version, name);
	if (rc == STW_OK)
		rc = catalogue_note(
		    db, "connector", name, version, NULL, actor, "put", now, err);
	return rc;
}

enum stw_code
connector_put(struct db *db, const char *name, int version, const char *document,
    const char *actor, stw_usec now, struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = put_in_tx(db, name, version, document, actor, now, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

/* Who may, said before the table's constraint would. */
static enum stw_code
activate_check(struct db *db, const char *name, int version, const char *actor,
    struct arena *arena, struct stw_err *err)
{
	struct connector_row *rows;
	int count;
	enum stw_code rc = connector_rows(db, name, version, arena, &rows, &count, err);

	if (rc != STW_OK)
		return rc;
	if (count == 0)
		return stw_fail(err, STW_NOT_FOUND,
		    "there is no version %d of connector %.60s", version, name);
	if (strcmp(rows[0].state, "draft") != 0)
		return stw_fail(err, STW_CONFLICT,
		    "version %d of connector %.60s is no draft", version, name);
	if (strcmp(rows[0].written_by, actor) == 0)
		return stw_fail(err, STW_CONFLICT,
		    "whoever wrote a connector cannot put it in force: another person has to");
	return STW_OK;
}

static enum stw_code
activate_in_tx(struct db *db, const char *name, int version, const char *actor,
    stw_usec now, struct stw_err *err)
{
	const struct db_param key[] = {db_text(name)};
	const struct db_param params[] = {
	    db_text(name), db_i64(version), db_text(actor), db_usec(now)};
	struct arena arena;
	enum stw_code rc;

	arena_init(&arena);
	rc = activate_check(db, name, version, actor, &arena, err);
	arena_fini(&arena);
	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_CONNECTOR_RETIRE, key, DB_NPARAMS(key), NULL, err);
	if (rc == STW_OK)
		rc = db_query_one(
		    db, DB_Q_CONNECTOR_ACTIVATE, params, DB_NPARAMS(params), NULL, err);
	/* Somebody else was faster. */
	if (rc == STW_NOT_FOUND)
		rc = stw_fail(err, STW_CONFLICT,
		    "version %d of connector %.60s is no draft", version, name);
	if (rc == STW_OK)
		rc = catalogue_note(
		    db, "connector", name, version, NULL, actor, "activate", now, err);
	return rc;
}

enum stw_code
connector_activate(struct db *db, const char *name, int version, const char *actor,
    stw_usec now, struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = activate_in_tx(db, name, version, actor, now, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}
