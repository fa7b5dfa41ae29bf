/* A batch that was resolved goes into the tables: straight, or by a stage table and one
 * statement of its target. */
#include <string.h>

#include "db/entry_json.h"
#include "db/ledger.h"
#include "segments/import_write_store.h"

/* ---- what a target's statements are ------------------------------------------------ */
enum {
	TAKES_GIVEN = 1, /* columns that the mapping gives */
	TAKES_NOW = 2,
	TAKES_ACTOR = 4,
	TAKES_CURRENCY = 8,
	TAKES_DAY = 16,
	TAKES_SCOPE = 32,
};

/* A statement and its parameters, which come in the order of the bits above, scope first. */
struct statement {
	enum db_query_id id;
	unsigned takes;
	bool there;
};

struct merge {
	enum db_query_id stage; /* COPY */
	struct statement put, close, seen, missing;
	enum db_query_id straight; /* COPY */
	bool may_straight;
};

#define DO(id, takes)           \
	{                       \
		id, takes, true \
	}

static const struct merge merges[IMPORT_TARGETS] = {
    [IMPORT_CUSTOMER] = {.stage = DB_Q_IMPORT_COPY_CUSTOMER,
	.put = DO(DB_Q_IMPORT_PUT_CUSTOMER, TAKES_GIVEN | TAKES_NOW),
	.close = DO(DB_Q_IMPORT_CLOSE_CUSTOMER, TAKES_NOW | TAKES_DAY),
	.seen = DO(DB_Q_IMPORT_SEEN_CUSTOMER, 0),
	.missing =
	    DO(DB_Q_IMPORT_MISSING_CUSTOMER, TAKES_SCOPE | TAKES_NOW | TAKES_DAY),
	.straight = DB_Q_IMPORT_NEW_CUSTOMER,
	.may_straight = true},
    [IMPORT_CONTACT_POINT] = {.stage = DB_Q_IMPORT_COPY_CONTACT_POINT,
	.put = DO(DB_Q_IMPORT_PUT_CONTACT_POINT, TAKES_GIVEN | TAKES_NOW),
	.close = DO(DB_Q_IMPORT_CLOSE_CONTACT_POINT, TAKES_NOW),
	.seen = DO(DB_Q_IMPORT_SEEN_CONTACT_POINT, 0),
	.missing = DO(DB_Q_IMPORT_MISSING_CONTACT_POINT, TAKES_NOW),
	.straight = DB_Q_IMPORT_NEW_CONTACT_POINT,
	.may_straight = true},
    [IMPORT_PRODUCT] = {.stage = DB_Q_IMPORT_COPY_PRODUCT,
	.put = DO(DB_Q_IMPORT_PUT_PRODUCT, TAKES_GIVEN | TAKES_NOW),
	.close = DO(DB_Q_IMPORT_CLOSE_PRODUCT, TAKES_NOW | TAKES_DAY),
	.seen = DO(DB_Q_IMPORT_SEEN_PRODUCT, 0),
	.missing =
	    DO(DB_Q_IMPORT_MISSING_PRODUCT, TAKES_SCOPE | TAKES_NOW | TAKES_DAY)},
    [IMPORT_HOLDING] = {.stage = DB_Q_IMPORT_COPY_HOLDING,
	.put = DO(DB_Q_IMPORT_PUT_HOLDING, TAKES_GIVEN | TAKES_NOW | TAKES_CURRENCY),
	.close = DO(DB_Q_IMPORT_CLOSE_HOLDING, TAKES_NOW),
	.seen = DO(DB_Q_IMPORT_SEEN_HOLDING, 0),
	.missing = DO(DB_Q_IMPORT_MISSING_HOLDING, TAKES_SCOPE | TAKES_NOW),
	.straight = DB_Q_IMPORT_NEW_HOLDING,
	.may_straight = true},
    [IMPORT_TXN] = {.stage = DB_Q_IMPORT_COPY_TXN,
	.put = DO(DB_Q_IMPORT_PUT_TXN, TAKES_GIVEN | TAKES_CURRENCY),
	.close = DO(DB_Q_IMPORT_CLOSE_TXN, 0),
	.straight = DB_Q_IMPORT_NEW_TXN,
	.may_straight = true},
    [IMPORT_INTERACTION] = {.stage = DB_Q_IMPORT_COPY_INTERACTION,
	.put = DO(DB_Q_IMPORT_PUT_INTERACTION, TAKES_GIVEN),
	.close = DO(DB_Q_IMPORT_CLOSE_INTERACTION, 0),
	.straight = DB_Q_IMPORT_NEW_INTERACTION,
	.may_straight = true},
    [IMPORT_CONSENT] = {.stage = DB_Q_IMPORT_COPY_CONSENT,
	.put = DO(DB_Q_IMPORT_PUT_CONSENT, TAKES_NOW | TAKES_ACTOR)},
    [IMPORT_OBJECTION] = {.stage = DB_Q_IMPORT_COPY_OBJECTION,
	.put = DO(DB_Q_IMPORT_PUT_OBJECTION, TAKES_NOW | TAKES_ACTOR)},
    [IMPORT_ATTEMPT] = {.stage = DB_Q_IMPORT_COPY_ATTEMPT,
	.put = DO(DB_Q_IMPORT_PUT_ATTEMPT, 0)},
    [IMPORT_HOUSEHOLD] = {.stage = DB_Q_IMPORT_COPY_HOUSEHOLD,
	.put = DO(DB_Q_IMPORT_PUT_HOUSEHOLD, TAKES_GIVEN | TAKES_NOW | TAKES_ACTOR),
	.close = DO(DB_Q_IMPORT_CLOSE_HOUSEHOLD, TAKES_NOW | TAKES_ACTOR)},
    [IMPORT_JOINT_HOLDER] = {.stage = DB_Q_IMPORT_COPY_JOINT_HOLDER,
	.put = DO(DB_Q_IMPORT_PUT_JOINT_HOLDER, TAKES_GIVEN | TAKES_NOW),
	.close = DO(DB_Q_IMPORT_CLOSE_JOINT_HOLDER, 0),
	.seen = DO(DB_Q_IMPORT_SEEN_JOINT_HOLDER, 0),
	.missing = DO(DB_Q_IMPORT_MISSING_JOINT_HOLDER, 0),
	.straight = DB_Q_IMPORT_NEW_JOINT_HOLDER,
	.may_straight = true},
    [IMPORT_CONTACT_TIME] = {.stage = DB_Q_IMPORT_COPY_CONTACT_TIME,
	.put = DO(DB_Q_IMPORT_PUT_CONTACT_TIME, TAKES_NOW),
	.close = DO(DB_Q_IMPORT_CLOSE_CONTACT_TIME, 0),
	.seen = DO(DB_Q_IMPORT_SEEN_CONTACT_TIME, 0),
	.missing = DO(DB_Q_IMPORT_MISSING_CONTACT_TIME, 0),
	.straight = DB_Q_IMPORT_NEW_CONTACT_TIME,
	.may_straight = true},
    [IMPORT_TRAIT] = {.stage = DB_Q_IMPORT_COPY_TRAIT,
	.put = DO(DB_Q_IMPORT_PUT_TRAIT, 0),
	.seen = DO(DB_Q_IMPORT_SEEN_TRAIT, 0),
	.missing = DO(DB_Q_IMPORT_MISSING_TRAIT, TAKES_GIVEN),
	.straight = DB_Q_IMPORT_NEW_TRAIT,
	.may_straight = true},
};

static enum import_copy
rows_of(const struct import_file *file)
{
	return file->target == IMPORT_TRAIT ? IMPORT_COPY_VALUES : IMPORT_COPY_ROWS;
}

/* The columns that a row says something about. Being in a snapshot also says that it is
 * open. */
static size_t
columns_given(const struct import_file *file, struct str given[IMPORT_MAX_COLUMNS])
{
	const struct import_target_def *def = file->def;
	size_t n = 0;

	for (int i = 0; def->columns[i].name != NULL; i++)
		if (file->columns[i].text.ptr != NULL ||
		    (file->mode == IMPORT_SNAPSHOT && def->closes != NULL &&
			strcmp(def->columns[i].name, def->closes) == 0))
			given[n++] = str_of(def->columns[i].name);
	return n;
}

/* first and second are the numbers of its one row; second may be NULL. */
static enum stw_code
statement_run(const struct import_write *write, const struct statement *statement,
    int64_t *first, int64_t *second, struct stw_err *err)
{
	const struct import_file *file = write->file;
	struct str given[IMPORT_MAX_COLUMNS];
	struct db_rows *rows = NULL;
	struct db_param params[6];
	size_t n = 0;
	enum stw_code rc;

	STW_ASSERT(statement->there);
	if ((statement->takes & TAKES_SCOPE) != 0)
		params[n++] = db_texts(file->scope, file->nscope);
	if ((statement->takes & TAKES_GIVEN) != 0)
		params[n++] = db_texts(given, columns_given(file, given));
	if ((statement->takes & TAKES_NOW) != 0)
		params[n++] = db_usec(write->as_of);
	if ((statement->takes & TAKES_ACTOR) != 0)
		params[n++] = db_text(write->actor);
	if ((statement->takes & TAKES_CURRENCY) != 0)
		params[n++] = db_text(write->mapping->currency);
	if ((statement->takes & TAKES_DAY) != 0)
		params[n++] =
		    db_day(zone_local(write->mapping->zone, write->as_of).day);
	if (first == NULL)
		return db_query(write->db, statement->id, params, n, NULL, err);
	rc = db_query_one(write->db, statement->id, params, n, &rows, err);
	if (rc == STW_OK) {
		*first = db_get_i64(rows, 0, 0);
		if (second != NULL)
			*second = db_get_i64(rows, 0, 1);
	}
	db_rows_free(rows);
	return rc;
}

/* ---- consents and objections end tasks --------------------------------------------- */
static enum stw_code
log_ended(const struct import_write *write, int bucket, const struct db_rows *rows,
    struct stw_err *err)
{
	struct buf entry;
	enum stw_code rc = STW_OK;

	buf_init(&entry);
	for (int r = 0; r < db_rows_count(rows) && rc == STW_OK; r++) {
		const struct entry_field fields[] = {
		    ENTRY_TEXT("state", db_get_str(rows, r, 2).ptr),
		    ENTRY_TEXT("why", "withdrawal or objection imported")};

		buf_clear(&entry);
		entry_write("task_ended", db_get_str(rows, r, 0).ptr, write->as_of,
		    fields, (int)STW_ARRAY_LEN(fields), &entry);
		rc = ledger_append(write->db, bucket, "task_ended",
		    (struct str){entry.data, entry.len}, err);
	}
	buf_fini(&entry);
	return rc;
}

/* What the event ended, for the record of when it took effect. */
static enum stw_code
note_ended(const struct import_write *write, int bucket, struct str event,
    const struct db_rows *ended, struct arena *arena, struct stw_err *err)
{
	size_t n = (size_t)db_rows_count(ended);
	struct str *ids = arena_array(arena, n, sizeof *ids);
	struct str *states = arena_array(arena, n, sizeof *states);

	if (n == 0)
		return STW_OK;
	DB_ROW_FOREACH(ended, r) {
		ids[r] = db_get_str(ended, r, 0);
		states[r] = db_get_str(ended, r, 2);
	}
	const struct db_param params[] = {
	    db_i64(bucket), db_str(event), db_texts(ids, n), db_texts(states, n)};

	return db_query(write->db, DB_Q_IMPORT_WITHDRAWAL_TASKS, params,
	    DB_NPARAMS(params), NULL, err);
}

static enum stw_code
end_query(const struct import_write *write, enum db_query_id query,
    const struct db_param *params, size_t nparams, int bucket, struct str event,
    struct arena *arena, struct stw_err *err)
{
	struct db_rows *ended = NULL;
	enum stw_code rc = db_query(write->db, query, params, nparams, &ended, err);

	if (rc == STW_OK)
		rc = log_ended(write, bucket, ended, err);
	if (rc == STW_OK)
		rc = note_ended(write, bucket, event, ended, arena, err);
	db_rows_free(ended);
	return rc;
}

/* One row of import_withdrawals_open.sql: the person's tasks, and on a number everybody's. */
static enum stw_code
end_by(const struct import_write *write, const struct db_rows *rows, int r,
    struct arena *arena, struct stw_err *err)
{
	int bucket = (int)db_get_i64(rows, r, 0);
	struct str index = db_get_bytes(rows, r, 5, arena);
	struct str event = db_get_str(rows, r, 9);
	const struct db_param own[] = {db_i64(bucket), db_i64(db_get_i64(rows, r, 1)),
	    db_str(db_get_str(rows, r, 2)), db_str(db_get_str(rows, r, 3)),
	    db_is_null(rows, r, 4) ? db_null() : db_i64(db_get_i64(rows, r, 4)),
	    db_usec(write->as_of), db_text("withdrawal imported"),
	    db_str(db_get_str(rows, r, 6)), db_bool(db_get_bool(rows, r, 7)),
	    db_bool(db_get_bool(rows, r, 8))};
	const struct db_param shared[] = {db_bytes(index.ptr, index.len),
	    db_str(db_get_str(rows, r, 3)), db_usec(write->as_of),
	    db_text("objection imported")};
	enum stw_code rc = end_query(
	    write, DB_Q_TASK_WITHDRAW, own, DB_NPARAMS(own), bucket, event, arena, err);

	if (rc == STW_OK && index.len > 0)
		rc = end_query(write, DB_Q_TASK_WITHDRAW_PHONE, shared,
		    DB_NPARAMS(shared), bucket, event, arena, err);
	return rc;
}

/* A withdrawal or objection takes effect in the transaction that records it: the gate
 * waits for the commit, and open tasks it meets end here. */
static enum stw_code
end_tasks(const struct import_write *write, struct arena *arena, struct stw_err *err)
{
	const struct db_param now[] = {db_usec(write->as_of)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(write->db, DB_Q_IMPORT_PERMISSION_BUMP, NULL, 0, NULL, err);
	if (rc == STW_OK)
		rc = db_query(
		    write->db, DB_Q_IMPORT_WITHDRAWALS_RECORD, now, 1, NULL, err);
	if (rc == STW_OK)
		rc = db_query(
		    write->db, DB_Q_IMPORT_WITHDRAWALS_OPEN, now, 1, &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++)
		rc = end_by(write, rows, r, arena, err);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
consent_points_there(const struct import_write *write, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(write->db, DB_Q_IMPORT_CONSENT_MISSING_POINT, NULL, 0, &rows, err);

	if (rc == STW_OK && db_rows_count(rows) > 0)
		rc = stw_fail_at(err, STW_INVALID, (int)db_get_i64(rows, 0, 0), 0,
		    "%s:%lld: column phone: the customer has no such contact point (%d "
		    "consents)",
		    write->file->source.file, (long long)db_get_i64(rows, 0, 0),
		    db_rows_count(rows));
	db_rows_free(rows);
	return rc;
}

/* ---- by the stage -------------------------------------------------------------------- */
/* A customer has one primary contact point: the one that was named last. */
static enum stw_code
primaries_give_way(const struct import_write *write, struct stw_err *err)
{
	const struct db_param params[] = {db_usec(write->as_of)};

	return db_query(write->db, DB_Q_IMPORT_PRIMARY_CONTACT_POINT, params,
	    DB_NPARAMS(params), NULL, err);
}

static enum stw_code
put_phones(const struct import_write *write, const struct import_batch *batch,
    struct stw_err *err)
{
	const struct import_target_def *def = import_target_def(IMPORT_CUSTOMER);
	const struct str given[] = {STR_LIT("is_primary"), STR_LIT("verified")};
	bool verified =
	    write->file->columns[import_column_find(def, "phone_verified")].text.ptr !=
	    NULL;
	const struct db_param params[] = {
	    db_texts(given, verified ? 2 : 1), db_usec(write->as_of)};
	enum stw_code rc = import_batch_copy(write, batch,
	    DB_Q_IMPORT_COPY_CONTACT_POINT, IMPORT_COPY_PHONES, false, err);

	if (rc == STW_OK)
		rc = primaries_give_way(write, err);
	if (rc == STW_OK)
		rc = db_query(write->db, DB_Q_IMPORT_PUT_CONTACT_POINT, params,
		    DB_NPARAMS(params), NULL, err);
	return rc;
}

static enum stw_code
by_stage(const struct import_write *write, struct import_batch *batch,
    struct import_counts *counts, struct stw_err *err)
{
	const struct import_file *file = write->file;
	const struct merge *merge = &merges[file->target];
	int64_t inserted = 0, updated = 0, closed = 0;
	enum stw_code rc =
	    db_script(write->db, db_query_texts[DB_Q_IMPORT_STAGE_CLEAR], err);

	if (rc == STW_OK)
		rc = import_batch_copy(
		    write, batch, merge->stage, rows_of(file), false, err);
	if (rc == STW_OK && file->mode == IMPORT_DELETE)
		rc = statement_run(write, &merge->close, &closed, NULL, err);
	if (rc == STW_OK && file->target == IMPORT_CONSENT)
		rc = consent_points_there(write, err);
	if (rc == STW_OK && file->mode == IMPORT_SNAPSHOT)
		rc = statement_run(write, &merge->seen, NULL, NULL, err);
	if (rc == STW_OK && file->target == IMPORT_CONTACT_POINT &&
	    file->mode != IMPORT_DELETE)
		rc = primaries_give_way(write, err);
	if (rc == STW_OK && file->mode != IMPORT_DELETE)
		rc = statement_run(write, &merge->put, &inserted, &updated, err);
	if (rc == STW_OK && file->target == IMPORT_CUSTOMER &&
	    file->mode != IMPORT_DELETE)
		rc = put_phones(write, batch, err);
	if (rc == STW_OK &&
	    (file->target == IMPORT_CONSENT || file->target == IMPORT_OBJECTION))
		rc = end_tasks(write, &batch->arena, err);
	counts->inserted += inserted;
	counts->updated += updated;
	counts->closed += closed;
	return rc;
}

/* ---- straight ---------------------------------------------------------------------------- */
/* A row of traits may have no value at all: nothing of it is new. */
static bool
says_something(const struct import_file *file, const struct import_batch_row *row)
{
	bool has = file->target != IMPORT_TRAIT;

	for (int i = 0; file->def->columns[i].name != NULL && !has; i++)
		has = file->trait_ids[i] != 0 && row->cells[i].has;
	return has;
}

static int64_t
rows_new(const struct import_file *file, const struct import_batch *batch)
{
	int64_t n = 0;

	for (size_t r = 0; r < batch->count; r++)
		n += !batch->rows[r].dropped && says_something(file, &batch->rows[r]);
	return n;
}

static int64_t
rows_left(const struct import_batch *batch)
{
	int64_t n = 0;

	for (size_t r = 0; r < batch->count; r++)
		n += !batch->rows[r].dropped;
	return n;
}

/* Customers are known to be new; but of two rows about one the merge knows better. */
static bool
all_fresh(const struct import_batch *batch, int64_t rows)
{
	for (size_t k = 0; k < batch->refs.count; k++)
		if (!batch->who[k].fresh)
			return false;
	return rows == (int64_t)batch->refs.count;
}

static enum stw_code
straight_copies(const struct import_write *write, const struct import_batch *batch,
    struct stw_err *err)
{
	enum stw_code rc = import_batch_copy(write, batch,
	    merges[write->file->target].straight, rows_of(write->file), true, err);

	if (write->file->target != IMPORT_CUSTOMER)
		return rc;
	if (rc == STW_OK)
		rc = import_batch_copy(write, batch, DB_Q_IMPORT_NEW_CUSTOMER_KEY,
		    IMPORT_COPY_KEYS, true, err);
	if (rc == STW_OK)
		rc =
		    import_batch_copy(write, batch, DB_Q_IMPORT_NEW_CUSTOMER_PERMISSION,
			IMPORT_COPY_PERMISSIONS, true, err);
	if (rc == STW_OK)
		rc = import_batch_copy(write, batch, DB_Q_IMPORT_NEW_CONTACT_POINT,
		    IMPORT_COPY_PHONES, true, err);
	return rc;
}

/* *done false: a key is there already; nothing of the batch is. */
static enum stw_code
straight(struct import_write *write, const struct import_batch *batch, bool *done,
    struct stw_err *err)
{
	struct stw_err why = {0};
	enum stw_code rc = db_savepoint(write->db, err);

	*done = false;
	if (rc != STW_OK)
		return rc;
	rc = straight_copies(write, batch, &why);
	*done = rc == STW_OK;
	if (rc == STW_OK)
		return db_savepoint_release(write->db, err);
	if (rc == STW_CONFLICT)
		return db_savepoint_rollback(write->db, err);
	return stw_fail_at(err, rc, why.line, why.column, "%s", why.text);
}

enum stw_code
import_batch_write(struct import_write *write, struct import_batch *batch,
    struct import_counts *counts, struct stw_err *err)
{
	const struct import_file *file = write->file;
	int64_t rows = rows_left(batch);
	bool done = false, customers = file->target == IMPORT_CUSTOMER;
	enum stw_code rc = STW_OK;

	if (rows == 0)
		return STW_OK;
	rc = import_batch_numbers(write, batch, err);
	if (rc != STW_OK)
		return rc;
	if (write->straight && file->mode == IMPORT_UPSERT &&
	    merges[file->target].may_straight &&
	    (!customers || all_fresh(batch, rows))) {
		rc = straight(write, batch, &done, err);
		/* New customers among known ones are a batch's own affair. */
		write->straight = done || customers;
	}
	if (rc == STW_OK && !done)
		return by_stage(write, batch, counts, err);
	counts->inserted += rows_new(file, batch);
	return rc;
}

/* ---- snapshots ------------------------------------------------------------------------------ */
enum stw_code
import_missing_begin(const struct import_write *write, struct stw_err *err)
{
	return db_query(write->db, DB_Q_IMPORT_SEEN_CLEAR, NULL, 0, NULL, err);
}

enum stw_code
import_missing_close(const struct import_write *write, int64_t rows, bool confirmed,
    struct import_counts *counts, struct stw_err *err)
{
	const struct import_file *file = write->file;
	int64_t closed = 0, open = 0;
	enum stw_code rc =
	    db_query(write->db, DB_Q_IMPORT_SEEN_ANALYZE, NULL, 0, NULL, err);

	if (rc == STW_OK)
		rc = statement_run(
		    write, &merges[file->target].missing, &closed, &open, err);
	if (rc != STW_OK)
		return rc;
	if (!confirmed && rows == 0 && closed > 0)
		return stw_fail(err, STW_INVALID,
		    "%s: there is no row in this snapshot, and all %lld open rows would close; "
		    "nothing of this file was loaded (--close-all confirms that they shall)",
		    file->source.file, (long long)closed);
	if (!confirmed && (double)closed * 100 > (double)open * file->close_limit)
		return stw_fail(err, STW_INVALID,
		    "%s: %lld of %lld open rows are not in this snapshot and would close; the "
		    "limit is %d %%; nothing of this file was loaded (--close-all confirms "
		    "that they shall)",
		    file->source.file, (long long)closed, (long long)open,
		    file->close_limit);
	counts->closed += closed;
	return STW_OK;
}
