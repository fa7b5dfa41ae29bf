#include "segments/lifecycle_store.h"

#include <stdlib.h>
#include <string.h>

#include "segments/lifecycle_cause.h"

/* ---- stages ----------------------------------------------------------------------- */
/* What each entry's rule names, found once for all customers it moves. */
struct causes {
	struct arena arena;
	struct lifecycle_cause *initial, *transitions;
};

static void
causes_init(
    struct causes *causes, const struct book *book, const struct lifecycle_model *model)
{
	arena_init(&causes->arena);
	causes->initial = arena_array(
	    &causes->arena, (size_t)model->ninitial, sizeof *causes->initial);
	causes->transitions = arena_array(
	    &causes->arena, (size_t)model->ntransitions, sizeof *causes->transitions);
	for (int i = 0; i < model->ninitial; i++)
		causes->initial[i] = lifecycle_cause_find(book, model->initial[i].when);
	for (int i = 0; i < model->ntransitions; i++)
		causes->transitions[i] =
		    lifecycle_cause_find(book, model->transitions[i].when);
}

static struct str
cause_of(const struct causes *causes, const struct book *book,
    const struct lifecycle_model *model, const struct lifecycle_change *change,
    struct arena *arena)
{
	const struct lifecycle_cause *cause =
	    change->by->from < 0
		? &causes->initial[change->by - model->initial]
		: &causes->transitions[change->by - model->transitions];
	struct str out;
	struct buf text;

	buf_init(&text);
	lifecycle_cause_print(cause, book, change->row, arena, &text);
	out = (struct str){
	    arena_strndup(arena, text.len > 0 ? text.data : "", text.len), text.len};
	buf_fini(&text);
	return out;
}

struct batch {
	int64_t *ids;
	struct str *from, *to, *reason, *transition, *cause;
	size_t count;
};

static void
batch_init(struct batch *batch, size_t n, struct arena *arena)
{
	*batch = (struct batch){
	    .ids = arena_array(arena, n, sizeof *batch->ids),
	    .from = arena_array(arena, n, sizeof *batch->from),
	    .to = arena_array(arena, n, sizeof *batch->to),
	    .reason = arena_array(arena, n, sizeof *batch->reason),
	    .transition = arena_array(arena, n, sizeof *batch->transition),
	    .cause = arena_array(arena, n, sizeof *batch->cause),
	};
}

static void
batch_add(struct batch *batch, const struct causes *causes, const struct book *book,
    const struct lifecycle_model *model, const struct lifecycle_change *change,
    struct arena *arena)
{
	const struct column *col = &book->customers->cols[book->col_stage];
	size_t row = change->row, i = batch->count++;

	batch->ids[i] = book->customer_id[row];
	/* Also a stage of an older model, which counts as none but is there. */
	batch->from[i] = column_has(col, row)
			     ? col_dict_get(col->dict, column_code(col, row))
			     : STR_LIT("");
	batch->to[i] = str_of(model->stages[change->to].code);
	batch->reason[i] = str_of(change->by->reason);
	batch->transition[i] = str_of(change->by->path);
	batch->cause[i] = cause_of(causes, book, model, change, arena);
}

/* One bucket, one transaction. */
static enum stw_code
write_batch(struct db *db, int bucket, const struct lifecycle_model *model,
    const struct batch *batch, stw_usec now, struct stw_err *err)
{
	size_t n = batch->count;
	const struct db_param params[] = {db_i64(bucket), db_text(model->code),
	    db_i64(model->version), db_usec(now), db_i64s(batch->ids, n),
	    db_texts(batch->from, n), db_texts(batch->to, n),
	    db_texts(batch->reason, n), db_texts(batch->transition, n),
	    db_texts(batch->cause, n)};
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

/* What is to be written, and how far each part has got. */
struct apply {
	const struct book_parts *parts;
	const struct lifecycle_model *model;
	const struct lifecycle_changes *changes; /* one a part */
	struct causes causes[BOOK_PARTS_MAX];
	size_t at[BOOK_PARTS_MAX];
	stw_usec now;
};

/* Of one part, in the bucket. */
static size_t
changes_in(const struct apply *a, int part, int bucket)
{
	const struct lifecycle_changes *changes = &a->changes[part];
	uint32_t end = a->parts->books[part]->first[bucket + 1];
	size_t n = 0;

	while (a->at[part] + n < changes->count &&
	       changes->items[a->at[part] + n].row < end)
		n++;
	return n;
}

/* *done counts who moved. */
static enum stw_code
apply_bucket(
    struct apply *a, struct db *db, int bucket, int64_t *done, struct stw_err *err)
{
	size_t n[BOOK_PARTS_MAX], all = 0;
	enum stw_code rc = STW_OK;
	struct arena arena;
	struct batch batch;

	for (int p = 0; p < a->parts->count; p++)
		all += n[p] = changes_in(a, p, bucket);
	if (all == 0)
		return STW_OK;
	arena_init(&arena);
	batch_init(&batch, all, &arena);
	for (int p = 0; p < a->parts->count; p++)
		for (size_t i = 0; i < n[p]; i++)
			batch_add(&batch, &a->causes[p], a->parts->books[p], a->model,
			    &a->changes[p].items[a->at[p] + i], &arena);
	rc = write_batch(db, bucket, a->model, &batch, a->now, err);
	for (int p = 0, k = 0; p < a->parts->count; p++) {
		for (size_t i = 0; i < n[p]; i++, k++) {
			const struct lifecycle_change *c =
			    &a->changes[p].items[a->at[p] + i];

			if (rc == STW_OK)
				book_set_stage(
				    a->parts->books[p], c->row, batch.to[k], a->now);
		}
		a->at[p] += n[p];
	}
	*done += (int64_t)all;
	arena_fini(&arena);
	return rc;
}

enum stw_code
lifecycle_store_apply(struct db *db, const struct book_parts *parts,
    const struct lifecycle_model *model, const struct lifecycle_changes *changes,
    stw_usec now, const struct progress *progress, struct stw_err *err)
{
	struct apply a = {
	    .parts = parts, .model = model, .changes = changes, .now = now};
	int64_t all = 0, done = 0;
	enum stw_code rc = STW_OK;

	for (int p = 0; p < parts->count; p++) {
		causes_init(&a.causes[p], parts->books[p], model);
		all += (int64_t)changes[p].count;
	}
	for (int bucket = 0; bucket < BOOK_BUCKETS && rc == STW_OK && done < all;
	     bucket++) {
		rc = apply_bucket(&a, db, bucket, &done, err);
		progress_tell(progress, "stages", done, all);
	}
	for (int p = 0; p < parts->count; p++) {
		arena_fini(&a.causes[p].arena);
		/* The stages were written to: flat until now. */
		table_pack(parts->books[p]->customers);
	}
	return rc;
}

enum stw_code
lifecycle_store_failed(struct db *db, const char *model, int version, stw_usec now,
    const char *failure, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(model), db_i64(version), db_usec(now), db_text(failure)};

	return db_exec(
	    db, DB_Q_LIFECYCLE_FAILED, params, DB_NPARAMS(params), NULL, err);
}

enum stw_code
lifecycle_store_failure(struct db *db, const char *model, int version,
    struct arena *arena, struct lifecycle_failure *out, struct stw_err *err)
{
	const struct db_param params[] = {db_text(model), db_i64(version)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_LIFECYCLE_FAILURE, params, DB_NPARAMS(params), &rows, err);

	*out = (struct lifecycle_failure){.at = STW_USEC_NEVER};
	if (rc == STW_OK && db_rows_count(rows) == 1) {
		out->at = db_get_usec(rows, 0, 0);
		out->text = db_get_text(rows, 0, 1, arena);
	}
	db_rows_free(rows);
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
		    .transition = db_get_text(rows, r, 6, arena),
		    .cause = db_get_text(rows, r, 7, arena),
		};
	db_rows_free(rows);
	return STW_OK;
}
