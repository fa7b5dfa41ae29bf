#include "campaigns/plan_priv.h"
#include "campaigns/trigger_store.h"
#include "segments/rule_fault.h"

/* ---- audience -------------------------------------------------------------------------- */
/* Of the rows only those to whom it happened. */
static void
keep_hits(
    const struct trigger_hits *hits, struct bitmap *audience, struct bitmap *undecided)
{
	struct bitmap happened;

	bitmap_init(&happened, audience->bits);
	for (size_t i = 0; i < hits->count; i++)
		bitmap_set(&happened, hits->items[i].row);
	bitmap_and(audience, audience, &happened);
	bitmap_and(undecided, undecided, &happened);
	bitmap_fini(&happened);
}

/* Does the rule fail for everybody of the part, whom nothing has to have happened to? */
static void
note_fault(struct plan_job *job, int part, const struct bitmap *undecided)
{
	const struct segment_host *host = &job->options->segments->items[part];
	const struct rule_eval_ctx like = {.now = job->options->now,
	    .zone = host->book->zone,
	    .host = (void *)(uintptr_t)host, /* the callback only reads it */
	    .in_segment = segment_contains};

	if (rule_fault_find(job->campaign.audience, host->book, &job->audience[part],
		undecided, &like, &job->fault) == RULE_FAULT_NONE)
		job->answered = true;
}

/* Over one part, without the rows that a newer one replaces. */
static enum stw_code
audience_part(struct plan_job *job, int part, struct stw_err *err)
{
	struct rule_columns_ctx ctx = segment_columns_ctx(
	    &job->options->segments->items[part], job->options->now);
	const struct bitmap *dead = job->parts->books[part]->dead;
	struct bitmap *audience = &job->audience[part], undecided;
	enum stw_code rc;

	bitmap_init(&undecided, 0);
	rc = rule_columns_bool(job->campaign.audience, &ctx, audience, &undecided, err);
	if (rc == STW_OK)
		note_fault(job, part, &undecided);
	if (rc == STW_OK && dead != NULL) {
		bitmap_andnot(audience, audience, dead);
		bitmap_andnot(&undecided, &undecided, dead);
	}
	if (rc == STW_OK && job->campaign.trigger.on != TRIGGER_NONE)
		keep_hits(&job->hits[part], audience, &undecided);
	if (rc == STW_OK) {
		job->naudience += (int64_t)bitmap_count(audience);
		job->nundecided += (int64_t)bitmap_count(&undecided);
	}
	bitmap_fini(&undecided);
	return rc;
}

enum stw_code
plan_audience_find(struct plan_job *job, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int p = 0; p < job->parts->count; p++)
		bitmap_init(&job->audience[p], 0);
	if (job->campaign.trigger.on != TRIGGER_NONE) {
		const struct trigger_window window = trigger_window_of(
		    &job->campaign.trigger, job->activated_at, job->options->now);

		rc = trigger_hits_load(job->db, &job->campaign.trigger, job->parts,
		    &window, job->hits, err);
	}
	for (int p = 0; p < job->parts->count && rc == STW_OK; p++)
		rc = audience_part(job, p, err);
	if (job->answered)
		job->fault = (struct stw_err){0};
	return rc;
}

/* ---- one bucket of it ------------------------------------------------------------------ */
static void
eval_texts(const struct plan_job *job, struct plan_candidate *c, struct arena *arena)
{
	struct rule_eval_ctx ctx = segment_eval_ctx(
	    &job->options->segments->items[c->part], c->row, job->options->now, arena);
	const struct trigger *trigger = &job->campaign.trigger;
	struct rule_value v;

	if (trigger->on != TRIGGER_NONE) {
		const struct trigger_hit *hit =
		    trigger_hit_find(&job->hits[c->part], c->row);

		STW_ASSERT(hit != NULL); /* the audience is of hits alone */
		c->occurrence = str_of(trigger_occurrence(trigger, hit, arena));
	} else {
		v = rule_eval(job->campaign.occurrence, &ctx);
		/* Without an answer it is one occurrence: the campaign comes once. */
		c->occurrence = v.kind == RULE_V_STRING ? v.s : (struct str){"", 0};
	}
	if (job->campaign.value != NULL) {
		v = rule_eval(job->campaign.value, &ctx);
		if (v.kind == RULE_V_INT)
			c->value = v.i;
	}
}

/* The next of the bucket in a part's audience, at or after the row; SIZE_MAX: none. */
static size_t
next_row(const struct plan_job *job, int part, int bucket, size_t row)
{
	size_t next = bitmap_next(&job->audience[part], row);

	return next < job->parts->books[part]->first[bucket + 1] ? next : SIZE_MAX;
}

/* Of the parts' next rows the one with the smallest customer_id; -1: none is left. */
static int
next_part(const struct plan_job *job, const size_t rows[BOOK_PARTS_MAX])
{
	int best = -1;
	int64_t id = 0;

	for (int p = 0; p < job->parts->count; p++) {
		int64_t mine;

		if (rows[p] == SIZE_MAX)
			continue;
		mine = job->parts->books[p]->customer_id[rows[p]];
		if (best < 0 || mine < id) {
			best = p;
			id = mine;
		}
	}
	return best;
}

static void
candidate_init(const struct plan_job *job, int bucket, struct plan_candidate *c,
    struct arena *arena)
{
	const struct book *book = job->parts->books[c->part];
	const struct column *refs = &book->customers->cols[book->col_ref];

	c->customer_id = book->customer_id[c->row];
	c->ref = col_dict_get(refs->dict, column_code(refs, c->row));
	eval_texts(job, c, arena);
	c->task_id =
	    plan_task_id(&job->campaign, job->version, bucket, c->ref, c->occurrence);
}

/* In the order of customer_id, whichever part they are in. */
void
plan_collect(const struct plan_job *job, int bucket, struct plan_batch *batch)
{
	size_t rows[BOOK_PARTS_MAX], cap = 0;
	int part;

	for (int p = 0; p < job->parts->count; p++) {
		rows[p] = next_row(job, p, bucket, job->parts->books[p]->first[bucket]);
		for (size_t r = rows[p]; r != SIZE_MAX;
		     r = next_row(job, p, bucket, r + 1))
			cap++;
	}
	batch->items = arena_array(&batch->arena, cap, sizeof *batch->items);
	while ((part = next_part(job, rows)) >= 0) {
		struct plan_candidate *c = &batch->items[batch->count++];

		c->part = part;
		c->row = rows[part];
		candidate_init(job, bucket, c, &batch->arena);
		rows[part] = next_row(job, part, bucket, rows[part] + 1);
	}
}
