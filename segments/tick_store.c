#include "segments/tick_store.h"

#include <stdlib.h>
#include <string.h>

#include "segments/promise_store.h"
#include "segments/segment_list_store.h"
#include "segments/segment_report_store.h"

/* ---- stages ---------------------------------------------------------------------- */
static void
count_stages(const struct book *book, struct segments_tick_result *r)
{
	const struct column *col = &book->customers->cols[book->col_stage];
	uint32_t n = col_dict_count(col->dict);
	int64_t *by_code = arena_array(&r->arena, n, sizeof *by_code);

	for (size_t row = 0; row < book->customers->rows; row++) {
		if (column_has(col, row))
			by_code[column_code(col, row)]++;
	}
	r->nstages = r->model.nstages;
	r->stages = arena_array(&r->arena, (size_t)r->nstages, sizeof *r->stages);
	for (int i = 0; i < r->nstages; i++) {
		const struct lifecycle_stage *stage = &r->model.stages[i];
		uint32_t code = col_dict_find(col->dict, str_of(stage->code));

		r->stages[i] = (struct tick_stage){
		    .code = stage->code,
		    .name_zh = stage->name_zh,
		    .name_en = stage->name_en,
		    .customers = code == UINT32_MAX ? 0 : by_code[code],
		};
	}
}

static void
count_flows(const struct lifecycle_changes *changes, struct segments_tick_result *r)
{
	size_t n = (size_t)r->model.nstages;
	int64_t *matrix = arena_array(&r->arena, (n + 1) * n, sizeof *matrix);

	for (size_t i = 0; i < changes->count; i++)
		matrix[(size_t)(changes->items[i].from + 1) * n +
		       (size_t)changes->items[i].to]++;
	r->flows = arena_array(&r->arena, (n + 1) * n, sizeof *r->flows);
	for (size_t from = 0; from <= n; from++) {
		for (size_t to = 0; to < n; to++) {
			if (matrix[from * n + to] == 0)
				continue;
			r->flows[r->nflows++] = (struct tick_flow){
			    .from = from == 0 ? NULL : r->model.stages[from - 1].code,
			    .to = r->model.stages[to].code,
			    .customers = matrix[from * n + to],
			};
		}
	}
	r->stage_changes = (int64_t)changes->count;
	r->stage_undecided = (int64_t)changes->undecided;
}

static enum stw_code
tick_stages(struct db *db, struct book *book, stw_usec now,
    const struct progress *progress, struct segments_tick_result *r,
    struct stw_err *err)
{
	struct lifecycle_changes changes = {0};
	enum stw_code rc = lifecycle_store_active(db, &r->arena, &r->model, err);

	if (rc == STW_OK)
		rc = lifecycle_evaluate(book, &r->model, now, progress, &changes, err);
	if (rc == STW_OK)
		rc = lifecycle_store_apply(
		    db, book, &r->model, &changes, now, progress, err);
	if (rc == STW_OK) {
		count_flows(&changes, r);
		count_stages(book, r);
	}
	lifecycle_changes_free(&changes);
	return rc;
}

/* ---- segments ---------------------------------------------------------------------- */
static void
count_segments(const struct segment_moves *moves, struct segments_tick_result *r)
{
	r->nsegments = r->host.count;
	r->segments = arena_array(&r->arena, (size_t)r->nsegments, sizeof *r->segments);
	for (int i = 0; i < r->nsegments; i++) {
		const struct segment *segment = &r->host.segments[i];

		r->segments[i] = (struct tick_segment){
		    .code = segment->def.code,
		    .name_zh = segment->def.name_zh,
		    .name_en = segment->def.name_en,
		    .version = segment->def.version,
		    .matched = (int64_t)bitmap_count(&segment->members),
		    .undecided = (int64_t)bitmap_count(&segment->undecided),
		    .entered = moves[i].entered,
		    .left = moves[i].left,
		};
		if (!segment->evaluated) {
			struct buf failure;

			buf_init(&failure);
			segment_failure_print(segment, &failure);
			r->segments[i].failure = arena_strdup(&r->arena, failure.data);
			buf_fini(&failure);
		}
	}
}

static enum stw_code
tick_segments(struct db *db, const struct book *book, stw_usec now,
    const struct progress *progress, struct segments_tick_result *r,
    struct stw_err *err)
{
	struct promise_results promises = {0};
	struct segment_moves *moves;
	enum stw_code rc = segment_store_host(db, book, &r->arena, &r->host, err);

	if (rc == STW_OK)
		rc = promises_evaluate(&r->model, book, now, &promises, err);
	if (rc != STW_OK)
		return rc;
	moves = arena_array(&r->arena, (size_t)r->host.count, sizeof *moves);
	r->host.sources[SEGMENT_COMPUTED] = promise_source(&promises);
	r->host.sources[SEGMENT_LIST] = segment_list_source(db);
	rc = segments_evaluate(&r->host, now, progress, err);
	r->host.sources[SEGMENT_COMPUTED] = (struct segment_source){0};
	r->host.sources[SEGMENT_LIST] = (struct segment_source){0};
	if (rc == STW_OK)
		rc = segment_store_apply(db, &r->host, now, progress, moves, err);
	/* What is counted of everybody; a patch's moves have been added to it. */
	if (rc == STW_OK && !book->patch)
		rc = segment_days_put(db, &r->host, moves, now, err);
	if (rc == STW_OK && !book->patch)
		rc = promise_store_count(db, &promises, now, err);
	if (rc == STW_OK)
		count_segments(moves, r);
	r->overdue = (int64_t)bitmap_count(&promises.any);
	promise_results_fini(&promises);
	return rc;
}

enum stw_code
segments_tick(struct db *db, struct book *book, stw_usec now,
    const struct progress *progress, struct segments_tick_result *result,
    struct stw_err *err)
{
	stw_usec start = stw_monotonic(), middle;
	enum stw_code rc;

	*result = (struct segments_tick_result){0};
	arena_init(&result->arena);
	rc = tick_stages(db, book, now, progress, result, err);
	middle = stw_monotonic();
	if (rc == STW_OK)
		rc = tick_segments(db, book, now, progress, result, err);
	result->stage_usec = middle - start;
	result->segment_usec = stw_monotonic() - middle;
	if (rc != STW_OK)
		segments_tick_fini(result);
	return rc;
}

void
segments_tick_fini(struct segments_tick_result *result)
{
	segment_host_fini(&result->host);
	arena_fini(&result->arena);
	*result = (struct segments_tick_result){0};
}
