/* What the change stream needs of the server, asked on an ordinary connection. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/stream_priv.h"
#include "engine/log.h"

/* A slot that is to be complete has to wait for every transaction that was writing. */
#define CREATE_WAIT_MSEC 60000
/* A reader that has just gone may hold its slot for a moment. */
#define RELEASE_WAIT_MSEC 1000
#define RELEASE_STEP_MSEC 20

enum stw_code
stream_name_check(const char *what, const char *name, struct stw_err *err)
{
	size_t len = strlen(name);

	if (len >= 1 && len <= 63 &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len)
		return STW_OK;
	return stw_fail(err, STW_INVALID,
	    "\"%.80s\" is no name for a %s: use a-z, 0-9 and _, up to 63", name, what);
}

/* ---- questions ----------------------------------------------------------------------- */
enum stw_code
db_stream_check(struct db *db, const char *publication, struct stw_err *err)
{
	const struct db_param params[] = {db_text(publication)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc =
	    db_query_one(db, DB_Q_STREAM_CHECK, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	if (!str_eq_c(db_get_str(rows, 0, 0), "logical"))
		rc = stw_fail(err, STW_INVALID,
		    "no change stream: the server's wal_level is %.*s; set it to logical and "
		    "restart PostgreSQL",
		    STR_FMT(db_get_str(rows, 0, 0)));
	else if (!db_get_bool(rows, 0, 1))
		rc = stw_fail(err, STW_DENIED,
		    "no change stream: our database role may not replicate; a superuser "
		    "gives it: ALTER ROLE ... REPLICATION");
	else if (!db_get_bool(rows, 0, 2))
		rc = stw_fail(err, STW_NOT_FOUND,
		    "no change stream: this database has no publication %s; is it migrated? "
		    "steward migrate",
		    publication);
	db_rows_free(rows);
	return rc;
}

enum stw_code
db_stream_visible(struct db *db, const uint32_t *xids, size_t count, bool *visible,
    struct stw_err *err)
{
	int64_t *wide = stw_xalloc((count + 1) * sizeof *wide);
	struct db_param params[1];
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*visible = false;
	STW_ASSERT(db_in_transaction(db));
	for (size_t i = 0; i < count; i++)
		wide[i] = xids[i];
	params[0] = db_i64s(wide, count);
	rc = db_query_one(db, DB_Q_STREAM_VISIBLE, params, 1, &rows, err);
	free(wide);
	if (rc == STW_OK)
		*visible = db_get_bool(rows, 0, 0);
	db_rows_free(rows);
	return rc;
}

enum stw_code
db_stream_shape(
    struct db *db, const char *publication, int64_t *shape, struct stw_err *err)
{
	const struct db_param params[] = {db_text(publication)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*shape = 0;
	rc =
	    db_query_one(db, DB_Q_STREAM_SHAPE, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK)
		*shape = db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	return rc;
}

/* ---- slots ---------------------------------------------------------------------------- */
enum stw_code
db_slot_get(struct db *db, const char *slot, struct db_slot *out, struct stw_err *err)
{
	const struct db_param params[] = {db_text(slot)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	rc = db_query(db, DB_Q_SLOT_GET, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "no replication slot %.63s", slot);
	if (rc != STW_OK)
		goto done;
	(void)snprintf(out->wal_status, sizeof out->wal_status, "%.*s",
	    STR_FMT(db_get_str(rows, 0, 0)));
	out->active = db_get_bool(rows, 0, 1);
	out->pid = (int)db_get_i64(rows, 0, 2);
	out->lost = strcmp(out->wal_status, "lost") == 0;
	out->confirmed = out->lost ? 0 : (stw_lsn)db_get_i64(rows, 0, 3);
	out->retained = db_get_i64(rows, 0, 4);
	(void)snprintf(out->database, sizeof out->database, "%.*s",
	    STR_FMT(db_get_str(rows, 0, 5)));
	out->ours = db_get_bool(rows, 0, 6);
	(void)snprintf(out->keep_size, sizeof out->keep_size, "%.*s",
	    STR_FMT(db_get_str(rows, 0, 7)));
done:
	db_rows_free(rows);
	return rc;
}

enum stw_code
db_slot_names(struct db *db, struct arena *arena, const char ***out, size_t *count,
    struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_SLOT_LIST, NULL, 0, &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[(*count)++] = db_get_text(rows, r, 0, arena);
	db_rows_free(rows);
	return STW_OK;
}

static enum stw_code
fail_in_use(const char *slot, int pid, struct stw_err *err)
{
	return stw_fail(err, STW_CONFLICT,
	    "replication slot %s is read by somebody else (server process %d): one reader "
	    "a slot; give this one another slot, or stop the other",
	    slot, pid);
}

static enum stw_code
slot_create(
    struct db *db, const char *slot, struct db_stream_start *start, struct stw_err *err)
{
	const struct db_param params[] = {db_text(slot)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_set_timeouts(db, CREATE_WAIT_MSEC + 5000, CREATE_WAIT_MSEC, err);
	if (rc == STW_OK)
		rc = db_query_one(
		    db, DB_Q_SLOT_CREATE, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc,
		    "replication slot %s cannot be made (does a transaction run for long, "
		    "are all max_replication_slots taken?)",
		    slot);
	start->fresh = true;
	start->lsn = (stw_lsn)db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	log_event(LOG_INFO, "slot_created", "slot=%s", slot);
	return STW_OK;
}

/* Waits for a reader that is just going; ours of before the line broke is told to. */
static enum stw_code
slot_release(struct db *db, const char *slot, int own_pid, struct db_slot *state,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text(slot), db_i64(own_pid)};
	enum stw_code rc = STW_OK;

	if (state->active && own_pid != 0 && state->pid == own_pid)
		rc = db_query(
		    db, DB_Q_SLOT_RELEASE, params, DB_NPARAMS(params), NULL, err);
	for (int waited = 0;
	     rc == STW_OK && state->active && waited < RELEASE_WAIT_MSEC;
	     waited += RELEASE_STEP_MSEC) {
		(void)poll(NULL, 0, RELEASE_STEP_MSEC);
		rc = db_slot_get(db, slot, state, err);
	}
	if (rc == STW_OK && state->active)
		return fail_in_use(slot, state->pid, err);
	return rc;
}

enum stw_code
db_slot_drop(struct db *db, const char *slot, struct stw_err *err)
{
	const struct db_param params[] = {db_text(slot)};
	struct db_slot state;
	enum stw_code rc;

	rc = db_slot_get(db, slot, &state, err);
	if (rc == STW_OK)
		rc = slot_release(db, slot, 0, &state, err);
	if (rc != STW_OK)
		return rc;
	return db_query(db, DB_Q_SLOT_DROP, params, DB_NPARAMS(params), NULL, err);
}

/* Why the book is about to be loaded again, and how that is had less often. */
static void
tell_lost(const char *slot, const struct db_slot *state)
{
	if (state->lost)
		log_event(LOG_WARN, "slot_lost",
		    "slot=%s max_slot_wal_keep_size=%s text=\"the server has let go of log "
		    "that was not read yet: the slot is made anew and the book loaded; raise "
		    "max_slot_wal_keep_size when this comes with every large import\"",
		    slot, state->keep_size);
	else
		log_event(LOG_WARN, "slot_lost",
		    "slot=%s text=\"its log has changes from a time without the "
		    "publication: the slot is made anew and the book loaded\"",
		    slot);
}

static enum stw_code
prepare(struct db *db, const struct db_stream_options *options,
    const struct stream_before *before, struct db_stream_start *start,
    struct stw_err *err)
{
	struct db_slot state;
	enum stw_code rc;

	rc = db_stream_check(db, options->publication, err);
	if (rc != STW_OK)
		return rc;
	rc = db_slot_get(db, options->slot, &state, err);
	if (rc == STW_NOT_FOUND)
		return slot_create(db, options->slot, start, err);
	if (rc == STW_OK && !state.ours)
		return stw_fail(err, STW_INVALID,
		    "replication slot %s is not one of this database for pgoutput: choose "
		    "another name, a cluster has one slot of a name",
		    options->slot);
	if (rc == STW_OK)
		rc = slot_release(db, options->slot, before->pid, &state, err);
	if (rc != STW_OK)
		return rc;
	if (!state.lost && !before->spoilt) {
		start->lsn = state.confirmed;
		return STW_OK;
	}
	tell_lost(options->slot, &state);
	rc = db_slot_drop(db, options->slot, err);
	return rc != STW_OK ? rc : slot_create(db, options->slot, start, err);
}

enum stw_code
stream_slot_prepare(const struct db_stream_options *options,
    const struct stream_before *before, struct db_stream_start *start,
    struct stw_err *err)
{
	struct db *db = NULL;
	enum stw_code rc;

	memset(start, 0, sizeof *start);
	rc = db_open(options->conninfo, &db, err);
	if (rc == STW_OK)
		rc = prepare(db, options, before, start, err);
	db_close(db);
	return rc;
}
