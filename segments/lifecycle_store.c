#include "segments/lifecycle_store.h"

#include <stdlib.h>
#include <string.h>

#include "engine/embed.h"
#include "segments/book_store.h"
#include "segments/change_store.h"

/* ---- models --------------------------------------------------------------------- */
enum stw_code
lifecycle_store_active(struct db *db, struct arena *arena, struct lifecycle_model *out,
    struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = (struct lifecycle_model){0};
	rc = db_query(db, DB_Q_LIFECYCLE_ACTIVE, NULL, 0, &rows, err);
	if (rc != STW_OK)
		return rc;
	if (db_rows_count(rows) == 0) {
		rc = stw_fail(err, STW_NOT_FOUND, "no lifecycle model is active");
		goto done;
	}
	rc = lifecycle_parse(db_get_str(rows, 0, 2), arena, out, err);
	if (rc == STW_OK)
		out->version = (int)db_get_i64(rows, 0, 1);
	else
		rc = stw_err_prefix(err, rc, "lifecycle model %s, version %lld",
		    db_get_str(rows, 0, 0).ptr, (long long)db_get_i64(rows, 0, 1));
done:
	db_rows_free(rows);
	return rc;
}

static void
hash_to_hex(struct str hash, char to[65])
{
	struct buf hex;

	buf_init(&hex);
	buf_add_hex(&hex, hash.ptr, hash.len);
	STW_ASSERT(hex.len == 64);
	memcpy(to, hex.data, 65);
	buf_fini(&hex);
}

enum stw_code
lifecycle_store_list(struct db *db, const char *code, struct arena *arena,
    struct lifecycle_version **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*count = 0;
	rc = db_query(db, DB_Q_LIFECYCLE_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct lifecycle_version *v = &(*out)[(*count)++];

		v->code = db_get_text(rows, r, 0, arena);
		v->version = (int)db_get_i64(rows, r, 1);
		v->state = db_get_text(rows, r, 2, arena);
		v->author = db_get_text(rows, r, 3, arena);
		hash_to_hex(db_get_bytes(rows, r, 4, arena), v->hash_hex);
		v->created_at = db_get_usec(rows, r, 5);
		v->document = db_get_text(rows, r, 6, arena);
	}
	db_rows_free(rows);
	return STW_OK;
}

/* The newest version; 0: the code is new. *same: with this content. */
static enum stw_code
newest(struct db *db, const struct lifecycle_model *model, struct arena *arena,
    int *version, bool *same, struct stw_err *err)
{
	const struct db_param params[] = {db_text(model->code)};
	struct db_rows *rows = NULL;
	struct str hash;
	enum stw_code rc =
	    db_query(db, DB_Q_LIFECYCLE_NEWEST, params, DB_NPARAMS(params), &rows, err);

	*version = 0;
	*same = false;
	if (rc != STW_OK)
		return rc;
	if (db_rows_count(rows) == 1) {
		*version = (int)db_get_i64(rows, 0, 0);
		hash = db_get_bytes(rows, 0, 1, arena);
		*same = hash.len == 32 && memcmp(hash.ptr, model->hash, 32) == 0;
	}
	db_rows_free(rows);
	return STW_OK;
}

static enum stw_code
check_model(struct db *db, const struct lifecycle_model *model, stw_usec now,
    struct stw_err *err)
{
	struct book *book = NULL;
	enum stw_code rc = book_load_blank(db, now, &book, err);

	if (rc == STW_OK)
		rc = lifecycle_check(model, book, err);
	book_free(book);
	return rc;
}

static enum stw_code
insert_model(struct db *db, const struct lifecycle_model *model, int version,
    const char *actor, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_text(model->code), db_i64(version),
	    db_str(model->document), db_bytes(model->hash, 32), db_text(actor),
	    db_usec(now)};
	const struct rule_change change = {
	    .subject = "lifecycle_model",
	    .action = "created",
	    .code = model->code,
	    .version = version,
	    .hash = model->hash,
	    .actor = actor,
	    .at = now,
	};
	enum stw_code rc =
	    db_exec(db, DB_Q_LIFECYCLE_INSERT, params, DB_NPARAMS(params), NULL, err);

	return rc == STW_OK ? rule_change_append(db, &change, err) : rc;
}

enum stw_code
lifecycle_store_save(struct db *db, struct str json, const char *actor, stw_usec now,
    int *version, struct stw_err *err)
{
	struct lifecycle_model model;
	struct arena arena;
	bool same = false;
	enum stw_code rc;

	arena_init(&arena);
	rc = lifecycle_parse(json, &arena, &model, err);
	if (rc != STW_OK)
		goto done;
	rc = check_model(db, &model, now, err);
	if (rc != STW_OK)
		goto done;
	rc = db_begin(db, err);
	if (rc != STW_OK)
		goto done;
	rc = newest(db, &model, &arena, version, &same, err);
	if (rc == STW_OK && !same)
		rc = insert_model(db, &model, ++*version, actor, now, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
done:
	arena_fini(&arena);
	return rc;
}

static enum stw_code
set_state(struct db *db, const char *code, int64_t version, const char *state,
    struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(code), db_i64(version), db_text(state)};

	return db_exec(
	    db, DB_Q_LIFECYCLE_SET_STATE, params, DB_NPARAMS(params), NULL, err);
}

static enum stw_code
activate(struct db *db, const char *code, int version, const char *actor, stw_usec now,
    struct arena *arena, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code)};
	struct rule_change change = {
	    .subject = "lifecycle_model",
	    .action = "activated",
	    .code = code,
	    .version = version,
	    .actor = actor,
	    .at = now,
	};
	struct db_rows *rows = NULL;
	bool active = false;
	int64_t before = 0;
	enum stw_code rc =
	    db_query(db, DB_Q_LIFECYCLE_LOCK, params, DB_NPARAMS(params), &rows, err);

	if (rc != STW_OK)
		return rc;
	DB_ROW_FOREACH(rows, r) {
		bool in_force = str_eq_c(db_get_str(rows, r, 1), "active");

		if (in_force)
			before = db_get_i64(rows, r, 0);
		if (db_get_i64(rows, r, 0) == version) {
			active = in_force;
			change.hash =
			    (const unsigned char *)db_get_bytes(rows, r, 2, arena).ptr;
		}
	}
	db_rows_free(rows);
	if (change.hash == NULL)
		return stw_fail(err, STW_NOT_FOUND,
		    "lifecycle model %s has no version %d", code, version);
	if (active)
		return STW_OK;
	if (before != 0)
		rc = set_state(db, code, before, "retired", err);
	if (rc == STW_OK)
		rc = set_state(db, code, version, "active", err);
	return rc == STW_OK ? rule_change_append(db, &change, err) : rc;
}

enum stw_code
lifecycle_store_activate(struct db *db, const char *code, int version,
    const char *actor, stw_usec now, struct stw_err *err)
{
	struct arena arena;
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	rc = activate(db, code, version, actor, now, &arena, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	arena_fini(&arena);
	return rc;
}

enum stw_code
lifecycle_store_install(struct db *db, const char *actor, stw_usec now, bool *installed,
    struct stw_err *err)
{
	const struct embed_file *file = embed_find("segments/models/wealth.json");
	const struct db_param params[] = {db_text("wealth")};
	struct db_rows *rows = NULL;
	enum stw_code rc;
	int version = 0;

	STW_ASSERT(file != NULL);
	*installed = false;
	rc =
	    db_query(db, DB_Q_LIFECYCLE_NEWEST, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*installed = db_rows_count(rows) == 0;
	db_rows_free(rows);
	if (!*installed)
		return STW_OK;
	rc = lifecycle_store_save(
	    db, (struct str){file->data, file->len}, actor, now, &version, err);
	if (rc == STW_OK)
		rc = lifecycle_store_activate(db, "wealth", version, actor, now, err);
	return rc;
}

/* ---- stages ----------------------------------------------------------------------- */
struct batch {
	int64_t *ids;
	struct str *from, *to, *reason;
};

static void
batch_fill(struct batch *batch, const struct book *book,
    const struct lifecycle_model *model, const struct lifecycle_change *items, size_t n)
{
	const struct column *col = &book->customers->cols[book->col_stage];

	for (size_t i = 0; i < n; i++) {
		size_t row = items[i].row;

		batch->ids[i] = book->customer_id[row];
		/* Also a stage of an older model, which counts as none but is there. */
		batch->from[i] = column_has(col, row)
				     ? col_dict_get(col->dict, column_code(col, row))
				     : STR_LIT("");
		batch->to[i] = str_of(model->stages[items[i].to].code);
		batch->reason[i] = str_of(items[i].by->reason);
	}
}

/* One bucket, one transaction. */
static enum stw_code
apply_bucket(struct db *db, int bucket, const struct lifecycle_model *model,
    const struct batch *batch, size_t n, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_text(model->code),
	    db_i64(model->version), db_usec(now), db_i64s(batch->ids, n),
	    db_texts(batch->from, n), db_texts(batch->to, n),
	    db_texts(batch->reason, n)};
	int64_t moved = 0;
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	rc = db_exec(db, DB_Q_STAGE_APPLY, params, DB_NPARAMS(params), &moved, err);
	if (rc == STW_OK && moved != (int64_t)n)
		rc = stw_fail(err, STW_CONFLICT,
		    "stages of bucket %d changed since the book was loaded; load it again",
		    bucket);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

enum stw_code
lifecycle_store_apply(struct db *db, struct book *book,
    const struct lifecycle_model *model, const struct lifecycle_changes *changes,
    stw_usec now, const struct progress *progress, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	size_t at = 0;

	while (at < changes->count && rc == STW_OK) {
		const struct lifecycle_change *items = &changes->items[at];
		int bucket = book_bucket_of(book, items[0].row);
		struct arena arena;
		struct batch batch;
		size_t n = 0;

		while (
		    at + n < changes->count && items[n].row < book->first[bucket + 1])
			n++;
		arena_init(&arena);
		batch = (struct batch){
		    .ids = arena_array(&arena, n, sizeof *batch.ids),
		    .from = arena_array(&arena, n, sizeof *batch.from),
		    .to = arena_array(&arena, n, sizeof *batch.to),
		    .reason = arena_array(&arena, n, sizeof *batch.reason),
		};
		batch_fill(&batch, book, model, items, n);
		rc = apply_bucket(db, bucket, model, &batch, n, now, err);
		for (size_t i = 0; i < n && rc == STW_OK; i++)
			book_set_stage(book, items[i].row, batch.to[i], now);
		arena_fini(&arena);
		at += n;
		progress_tell(progress, "stages", (int64_t)at, (int64_t)changes->count);
	}
	table_pack(book->customers); /* the stages were written to: flat until now */
	return rc;
}

enum stw_code
lifecycle_store_counts(struct db *db, const char *model, struct arena *arena,
    struct lifecycle_count **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(model)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*count = 0;
	rc = db_query(db, DB_Q_STAGE_COUNTS, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[(*count)++] = (struct lifecycle_count){
		    .stage = db_get_text(rows, r, 0, arena),
		    .customers = db_get_i64(rows, r, 1),
		};
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
lifecycle_store_history(struct db *db, int bucket, int64_t customer_id,
    struct arena *arena, struct lifecycle_event **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*count = 0;
	rc = db_query(db, DB_Q_STAGE_HISTORY, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[(*count)++] = (struct lifecycle_event){
		    .model = db_get_text(rows, r, 0, arena),
		    .version = (int)db_get_i64(rows, r, 1),
		    .from = db_get_text(rows, r, 2, arena),
		    .to = db_get_text(rows, r, 3, arena),
		    .reason = db_get_text(rows, r, 4, arena),
		    .at = db_get_usec(rows, r, 5),
		};
	db_rows_free(rows);
	return STW_OK;
}
