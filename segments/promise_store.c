#include "segments/promise_store.h"

#include <string.h>

#include "segments/segment_store.h"

enum stw_code
promise_store_list(struct db *db, const char *model, struct arena *arena,
    struct promise_row **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(model)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_PROMISE_LIST, params, DB_NPARAMS(params), &rows, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[(*count)++] = (struct promise_row){
		    .version = (int)db_get_i64(rows, r, 0),
		    .code = db_get_text(rows, r, 1, arena),
		    .stage = db_get_text(rows, r, 2, arena),
		    .tier = db_get_text(rows, r, 3, arena),
		    .kind = db_get_text(rows, r, 4, arena),
		    .days = (int)db_get_i64(rows, r, 5),
		    .name_zh = db_get_text(rows, r, 6, arena),
		    .name_en = db_get_text(rows, r, 7, arena),
		    .segment = db_get_text(rows, r, 8, arena),
		    .as_of = db_is_null(rows, r, 9) ? STW_USEC_NEVER
						    : db_get_usec(rows, r, 9),
		    .covered = db_get_i64(rows, r, 10),
		    .overdue = db_get_i64(rows, r, 11),
		    .undecided = db_get_i64(rows, r, 12),
		};
	db_rows_free(rows);
	return STW_OK;
}

static const char *
segment_of(const char *promise, struct arena *arena)
{
	return arena_printf(arena, PROMISE_SEGMENT "%s", promise);
}

static enum stw_code
put_segment(struct db *db, const char *code, const char *zh, const char *en,
    const char *actor, stw_usec now, struct stw_err *err)
{
	const struct segment_def def = {.code = code,
	    .name_zh = zh,
	    .name_en = en,
	    .rule = "",
	    .kind = SEGMENT_COMPUTED};

	return segment_store_put_computed(db, &def, actor, now, err);
}

static enum stw_code
put_one(struct db *db, const struct lifecycle_model *model, const struct promise *p,
    const char *actor, stw_usec now, struct arena *arena, struct stw_err *err)
{
	const char *segment = segment_of(p->code, arena);
	const struct db_param params[] = {db_text(model->code), db_i64(model->version),
	    db_text(p->code), db_text(model->stages[p->stage].code), db_text(p->tier),
	    db_text(promise_kind_name(p->kind)), db_i64(p->days), db_text(p->name_zh),
	    db_text(p->name_en), db_text(segment)};
	enum stw_code rc =
	    db_exec(db, DB_Q_PROMISE_INSERT, params, DB_NPARAMS(params), NULL, err);

	if (rc == STW_OK)
		rc = put_segment(db, segment,
		    arena_printf(arena, "逾期承诺：%s", p->name_zh),
		    arena_printf(arena, "Overdue: %s", p->name_en), actor, now, err);
	return rc;
}

static bool
still_made(const struct lifecycle_model *model, const char *code)
{
	for (int i = 0; i < model->npromises; i++)
		if (strcmp(model->promises[i].code, code) == 0)
			return true;
	return false;
}

/* The overdue lists of promises that are made no more. */
static enum stw_code
drop_old(struct db *db, const struct lifecycle_model *model, const char *actor,
    stw_usec now, struct arena *arena, struct stw_err *err)
{
	const struct db_param params[] = {db_text(model->code)};
	struct promise_row *old;
	int n;
	enum stw_code rc = promise_store_list(db, model->code, arena, &old, &n, err);

	for (int i = 0; i < n && rc == STW_OK; i++)
		if (!still_made(model, old[i].code))
			rc = segment_store_drop_computed(
			    db, old[i].segment, actor, now, arena, err);
	if (rc == STW_OK && n > 0 && model->npromises == 0)
		rc = segment_store_drop_computed(
		    db, PROMISE_SEGMENT_ALL, actor, now, arena, err);
	if (rc == STW_OK)
		rc = db_exec(
		    db, DB_Q_PROMISE_CLEAR, params, DB_NPARAMS(params), NULL, err);
	return rc;
}

enum stw_code
promise_store_put(struct db *db, const struct lifecycle_model *model, const char *actor,
    stw_usec now, struct arena *arena, struct stw_err *err)
{
	enum stw_code rc = drop_old(db, model, actor, now, arena, err);

	for (int i = 0; i < model->npromises && rc == STW_OK; i++)
		rc = put_one(db, model, &model->promises[i], actor, now, arena, err);
	if (rc == STW_OK && model->npromises > 0)
		rc = put_segment(db, PROMISE_SEGMENT_ALL, "逾期承诺",
		    "Overdue promises", actor, now, err);
	return rc;
}

enum stw_code
promise_store_count(
    struct db *db, const struct promise_parts *parts, stw_usec now, struct stw_err *err)
{
	const struct lifecycle_model *model = parts->items[0].model;
	size_t n = (size_t)model->npromises;
	int64_t *covered, *overdue, *undecided;
	struct arena arena;
	struct str *codes;
	enum stw_code rc;

	if (n == 0)
		return STW_OK;
	arena_init(&arena);
	codes = arena_array(&arena, n, sizeof *codes);
	covered = arena_array(&arena, n, sizeof *covered);
	overdue = arena_array(&arena, n, sizeof *overdue);
	undecided = arena_array(&arena, n, sizeof *undecided);
	for (size_t i = 0; i < n; i++) {
		codes[i] = str_of(model->promises[i].code);
		for (int k = 0; k < parts->count; k++) {
			const struct promise_result *p = &parts->items[k].items[i];

			covered[i] += p->covered;
			overdue[i] += (int64_t)bitmap_count(&p->overdue);
			undecided[i] += (int64_t)bitmap_count(&p->undecided);
		}
	}
	{
		const struct db_param params[] = {db_text(model->code),
		    db_i64(model->version), db_usec(now), db_texts(codes, n),
		    db_i64s(covered, n), db_i64s(overdue, n), db_i64s(undecided, n)};

		rc = db_exec(
		    db, DB_Q_PROMISE_COUNT, params, DB_NPARAMS(params), NULL, err);
	}
	arena_fini(&arena);
	return rc;
}
