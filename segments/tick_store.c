#include "segments/tick_store.h"

#include <stdlib.h>
#include <string.h>

#include "engine/log.h"
#include "segments/promise_store.h"
#include "segments/segment_list_store.h"

/* ---- stages ---------------------------------------------------------------------- */
static int64_t *
count_codes(const struct book *book, struct arena *arena)
{
	const struct column *col = &book->customers->cols[book->col_stage];
	int64_t *by_code =
	    arena_array(arena, col_dict_count(col->dict), sizeof *by_code);

	for (size_t row = 0; row < book->customers->rows; row++) {
		if (!book_is_dead(book, row) && column_has(col, row))
			by_code[column_code(col, row)]++;
	}
	return by_code;
}

static void
count_stages(const struct book_parts *parts, struct segments_tick_result *r)
{
	r->nstages = r->model.nstages;
	r->stages = arena_array(&r->arena, (size_t)r->nstages, sizeof *r->stages);
	for (int i = 0; i < r->nstages; i++) {
		const struct lifecycle_stage *stage = &r->model.stages[i];

		r->stages[i] = (struct tick_stage){.code = stage->code,
		    .name_zh = stage->name_zh,
		    .name_en = stage->name_en};
	}
	for (int p = 0; p < parts->count; p++) {
		const struct book *book = parts->books[p];
		const struct col_dict *dict =
		    book->customers->cols[book->col_stage].dict;
		const int64_t *by_code = count_codes(book, &r->arena);

		for (int i = 0; i < r->nstages; i++) {
			uint32_t code = col_dict_find(dict, str_of(r->stages[i].code));

			r->stages[i].customers +=
			    code == UINT32_MAX ? 0 : by_code[code];
		}
	}
}

/* changes: one a part. */
static void
count_flows(
    const struct lifecycle_changes *changes, int nparts, struct segments_tick_result *r)
{
	size_t n = (size_t)r->model.nstages;
	int64_t *matrix = arena_array(&r->arena, (n + 1) * n, sizeof *matrix);

	for (int p = 0; p < nparts; p++) {
		for (size_t i = 0; i < changes[p].count; i++)
			matrix[(size_t)(changes[p].items[i].from + 1) * n +
			       (size_t)changes[p].items[i].to]++;
		r->stage_changes += (int64_t)changes[p].count;
		r->stage_undecided += (int64_t)changes[p].undecided;
	}
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
}

/* What a step took is the time since the last call. */
static void
took(stw_usec *since, stw_usec *out)
{
	stw_usec now = stw_monotonic();

	*out = now - *since;
	*since = now;
}

/* Kept with the model, where it is seen until a tick finds nothing to tell. A patch is of a
 * few and tells nothing of everybody. */
static enum stw_code
note_fault(struct db *db, const struct book_parts *parts,
    const struct lifecycle_changes *changes, stw_usec now,
    struct segments_tick_result *r, struct stw_err *err)
{
	struct stw_err fault;

	if (parts->books[0]->patch)
		return STW_OK;
	if (lifecycle_fault(changes, parts->count, &fault)) {
		r->stage_failure = arena_strdup(&r->arena, fault.text);
		log_err(LOG_WARN, "stage_rule_fails", &fault);
	}
	return lifecycle_store_failed(
	    db, r->model.code, r->model.version, now, r->stage_failure, err);
}

static enum stw_code
tick_stages(struct db *db, const struct book_parts *parts, stw_usec now,
    const struct progress *progress, struct segments_tick_result *r,
    struct stw_err *err)
{
	struct lifecycle_changes changes[BOOK_PARTS_MAX] = {0};
	stw_usec since = stw_monotonic();
	enum stw_code rc = lifecycle_store_active(db, &r->arena, &r->model, err);

	if (rc == STW_OK)
		rc = lifecycle_evaluate(parts, &r->model, now, progress, changes, err);
	took(&since, &r->times.stage_rules);
	if (rc == STW_OK)
		rc = lifecycle_store_apply(
		    db, parts, &r->model, changes, now, progress, err);
	if (rc == STW_OK)
		rc = note_fault(db, parts, changes, now, r, err);
	took(&since, &r->times.stage_writes);
	if (rc == STW_OK) {
		count_flows(changes, parts->count, r);
		count_stages(parts, r);
	}
	for (int p = 0; p < parts->count; p++)
		lifecycle_changes_free(&changes[p]);
	took(&since, &r->times.counts);
	return rc;
}

/* ---- segments ---------------------------------------------------------------------- */
static void
count_segments(const struct segment_moves *moves, struct segments_tick_result *r)
{
	const struct segment_host *host = &r->hosts.items[0];

	r->nsegments = host->count;
	r->segments = arena_array(&r->arena, (size_t)r->nsegments, sizeof *r->segments);
	for (int i = 0; i < r->nsegments; i++) {
		const struct segment *segment = &host->segments[i];

		r->segments[i] = (struct tick_segment){
		    .code = segment->def.code,
		    .name_zh = segment->def.name_zh,
		    .name_en = segment->def.name_en,
		    .version = segment->def.version,
		    .matched = segment_hosts_members(&r->hosts, i),
		    .undecided = segment_hosts_undecided(&r->hosts, i),
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

/* The rules, and what no rule decides. */
static void
evaluate_segments(struct db *db, const struct promise_parts *promises, stw_usec now,
    const struct progress *progress, struct segments_tick_result *r)
{
	struct segment_lists lists = {.db = db};
	struct segment_source *sources = r->hosts.items[0].sources;

	sources[SEGMENT_COMPUTED] = promise_source(promises);
	sources[SEGMENT_LIST] = segment_list_source(&lists);
	segments_evaluate_parts(&r->hosts, now, progress);
	sources[SEGMENT_COMPUTED] = (struct segment_source){0};
	sources[SEGMENT_LIST] = (struct segment_source){0};
	segment_lists_fini(&lists);
}

static enum stw_code
tick_segments(struct db *db, const struct book_parts *parts, struct member_image *image,
    stw_usec now, const struct progress *progress, struct segments_tick_result *r,
    struct stw_err *err)
{
	struct promise_parts promises = {.count = 0};
	stw_usec since = stw_monotonic();
	struct segment_moves *moves;
	enum stw_code rc =
	    segment_store_hosts(db, parts, image, &r->arena, &r->hosts, err);

	took(&since, &r->times.members_read);
	if (rc == STW_OK)
		rc = promises_evaluate_parts(&r->model, parts, now, &promises, err);
	if (rc != STW_OK)
		return rc;
	for (int p = 0; p < promises.count; p++)
		r->overdue += (int64_t)bitmap_count(&promises.items[p].any);
	evaluate_segments(db, &promises, now, progress, r);
	took(&since, &r->times.segment_rules);
	moves = arena_array(&r->arena, (size_t)r->hosts.items[0].count, sizeof *moves);
	rc = member_store_write(db, image, &r->hosts, now, progress, moves, err);
	took(&since, &r->times.member_writes);
	/* A patch's moves are added to what is counted of everybody. */
	if (rc == STW_OK && !parts->books[0]->patch)
		rc = promise_store_count(db, &promises, now, err);
	promise_parts_fini(&promises);
	if (rc == STW_OK)
		count_segments(moves, r);
	if (rc == STW_OK)
		rc = db_script(db, "RESET synchronous_commit", err);
	if (rc == STW_OK)
		rc = segment_store_count(db, &r->hosts, moves, now, err);
	r->times.counts += stw_monotonic() - since;
	return rc;
}

static enum stw_code
tick(struct db *db, const struct book_parts *parts, struct member_image *image,
    stw_usec now, const struct progress *progress, struct segments_tick_result *result,
    struct stw_err *err)
{
	/* What is written bucket by bucket goes to disk with the counts at the end. */
	enum stw_code rc = db_script(db, "SET synchronous_commit = off", err);

	if (rc != STW_OK)
		return rc;
	rc = tick_stages(db, parts, now, progress, result, err);
	if (rc == STW_OK)
		rc = tick_segments(db, parts, image, now, progress, result, err);
	if (rc != STW_OK) {
		struct stw_err why;

		member_image_forget(image);
		/* A connection that is gone comes back as it was. */
		if (db_script(db, "RESET synchronous_commit", &why) != STW_OK)
			log_err(LOG_DEBUG, "tick_reset", &why);
	}
	return rc;
}

enum stw_code
segments_tick(struct db *db, const struct book_parts *parts, struct member_image *image,
    stw_usec now, const struct progress *progress, struct segments_tick_result *result,
    struct stw_err *err)
{
	struct member_image own;
	enum stw_code rc;

	*result = (struct segments_tick_result){0};
	arena_init(&result->arena);
	member_image_init(&own);
	rc = tick(db, parts, image == NULL ? &own : image, now, progress, result, err);
	member_image_fini(&own);
	if (rc != STW_OK)
		segments_tick_fini(result);
	return rc;
}

void
segments_tick_fini(struct segments_tick_result *result)
{
	segment_hosts_fini(&result->hosts);
	arena_fini(&result->arena);
	*result = (struct segments_tick_result){0};
}
