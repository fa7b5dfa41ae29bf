#include "segments/trait_value_store.h"

#include <stdlib.h>

#include "segments/book.h"

/* The values of one bucket as the arrays that the statement takes. */
struct batch {
	size_t count;
	size_t *from; /* their places in the list */
	struct str *refs, *texts;
	int64_t *ids;
};

static void
batch_init(struct batch *batch, struct arena *arena, size_t max)
{
	batch->count = 0;
	batch->from = arena_array(arena, max + 1, sizeof *batch->from);
	batch->refs = arena_array(arena, max + 1, sizeof *batch->refs);
	batch->texts = arena_array(arena, max + 1, sizeof *batch->texts);
	batch->ids = arena_array(arena, max + 1, sizeof *batch->ids);
}

static enum stw_code
batch_put(struct db *db, int bucket, const struct batch *batch,
    enum trait_value_fate *fates, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket),
	    db_texts(batch->refs, batch->count), db_i64s(batch->ids, batch->count),
	    db_texts(batch->texts, batch->count)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(db, DB_Q_TRAIT_VALUE_PUT, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	STW_ASSERT((size_t)db_rows_count(rows) == batch->count);
	DB_ROW_FOREACH(rows, r) {
		size_t n = (size_t)db_get_i64(rows, r, 0) - 1;

		STW_ASSERT(n < batch->count);
		fates[batch->from[n]] = (enum trait_value_fate)db_get_i64(rows, r, 1);
	}
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
trait_fed_note(struct db *db, const int64_t *trait_ids, size_t count, const char *by,
    stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64s(trait_ids, count), db_usec(now), db_text(by)};

	STW_ASSERT(db_in_transaction(db));
	return db_exec(db, DB_Q_TRAIT_FEED_NOTE, params, DB_NPARAMS(params), NULL, err);
}

enum stw_code
trait_values_put(struct db *db, const struct trait_value *values, size_t count,
    const char *by, stw_usec now, enum trait_value_fate *fates, struct stw_err *err)
{
	int *buckets = stw_xalloc((count + 1) * sizeof *buckets);
	enum stw_code rc = STW_OK;
	struct arena arena;
	struct batch batch;

	STW_ASSERT(db_in_transaction(db));
	arena_init(&arena);
	batch_init(&batch, &arena, count);
	for (size_t i = 0; i < count; i++) {
		buckets[i] = customer_bucket(values[i].ref);
		batch.ids[i] = values[i].trait_id;
	}
	if (count > 0)
		rc = trait_fed_note(db, batch.ids, count, by, now, err);
	for (int bucket = 0; bucket < BOOK_BUCKETS && rc == STW_OK; bucket++) {
		batch.count = 0;
		for (size_t i = 0; i < count; i++) {
			if (buckets[i] != bucket)
				continue;
			batch.from[batch.count] = i;
			batch.refs[batch.count] = values[i].ref;
			batch.texts[batch.count] = values[i].text;
			batch.ids[batch.count++] = values[i].trait_id;
		}
		if (batch.count > 0)
			rc = batch_put(db, bucket, &batch, fates, err);
	}
	arena_fini(&arena);
	free(buckets);
	return rc;
}

/* ---- reading ---------------------------------------------------------------------- */
static const char *
text_of(const struct db_rows *rows, int r, struct arena *arena)
{
	enum col_type type = trait_type_find(db_get_str(rows, r, 1).ptr);
	char day[STW_DAY_TEXT], at[STW_USEC_TEXT];

	switch (type) {
	case COL_BOOL:
		return db_get_i64(rows, r, 2) != 0 ? "true" : "false";
	case COL_INT:
	case COL_MONEY:
		return arena_printf(arena, "%lld", (long long)db_get_i64(rows, r, 2));
	case COL_DOUBLE:
		return arena_printf(arena, "%.17g", db_get_f64(rows, r, 3));
	case COL_STRING:
		return db_get_text(rows, r, 4, arena);
	case COL_DATE:
		return arena_strdup(arena, stw_day_format(db_get_day(rows, r, 5), day));
	case COL_TIMESTAMP:
		return arena_strdup(
		    arena, stw_usec_format(db_get_usec(rows, r, 6), at));
	case COL_NONE:
		break;
	}
	STW_ASSERT(!"a trait has a type");
	return "";
}

enum stw_code
trait_values_get(struct db *db, int bucket, int64_t customer_id, struct arena *arena,
    struct trait_held **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*count = 0;
	rc = db_query(db, DB_Q_TRAIT_VALUE_GET, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows) + 1, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[(*count)++] =
		    (struct trait_held){.name = db_get_text(rows, r, 0, arena),
			.text = text_of(rows, r, arena)};
	db_rows_free(rows);
	return STW_OK;
}
