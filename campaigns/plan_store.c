#include "campaigns/plan_store.h"

#include "campaigns/plan_priv.h"

static enum stw_code
plan_bucket_tx(const struct plan_job *job, int bucket, struct plan_batch *batch,
    struct stw_err *err)
{
	const struct db_param lock[] = {db_i64(job->campaign_id), db_i64(bucket)};
	enum stw_code rc;

	rc = db_query(job->db, DB_Q_PLAN_LOCK, lock, DB_NPARAMS(lock), NULL, err);
	if (rc == STW_OK)
		rc = db_query(job->db, DB_Q_ERASE_HOLD, &lock[1], 1, NULL, err);
	if (rc == STW_OK)
		rc = plan_decide(job, bucket, batch, err);
	if (rc == STW_OK)
		rc = plan_draft(job, bucket, batch, err);
	if (rc == STW_OK)
		rc = plan_write(job, bucket, batch, err);
	return rc;
}

static void
tally(struct plan_job *job, const struct plan_batch *batch)
{
	for (int i = 0; i < batch->count; i++) {
		const struct plan_candidate *c = &batch->items[i];

		plan_tally_add(&job->tally, c->fate, plan_primary(c));
		if (c->fate == FATE_PLANNED)
			job->tasks++;
	}
}

static enum stw_code
plan_bucket(struct plan_job *job, int bucket, struct stw_err *err)
{
	struct plan_batch batch = {0};
	enum stw_code rc = STW_OK;

	arena_init(&batch.arena);
	plan_collect(job, bucket, &batch);
	if (batch.count == 0)
		goto done;
	rc = db_begin(job->db, err);
	if (rc == STW_OK)
		rc = plan_bucket_tx(job, bucket, &batch, err);
	if (rc == STW_OK)
		rc = db_commit(job->db, err);
	if (rc != STW_OK) {
		db_rollback(job->db);
		goto done;
	}
	tally(job, &batch);
done:
	arena_fini(&batch.arena);
	return rc;
}

/* ---- the run ----------------------------------------------------------------------------- */
static void
job_fini(struct plan_job *job)
{
	for (int p = 0; p < job->parts->count; p++) {
		bitmap_fini(&job->audience[p]);
		trigger_hits_fini(&job->hits[p]);
	}
	gate_many_free(job->gate);
	arena_fini(job->arena);
}

static void
tell(const struct plan_job *job, int bucket)
{
	if (job->options->progress != NULL)
		job->options->progress(job->options->progress_host, job->campaign.code,
		    bucket, plan_tally_sum(&job->tally));
}

static enum stw_code
plan_campaign(struct plan_job *job, struct stw_err *err)
{
	const struct trait_quality *held = plan_held_by(job);
	struct uuid run_id = uuid_new(job->options->now);
	char run[UUID_TEXT];
	enum stw_code rc;

	(void)uuid_format(&run_id, run);
	if (held != NULL) {
		rc = plan_run_open(job, run, err);
		return rc == STW_OK ? plan_run_hold(job, run, held, err) : rc;
	}
	rc = plan_audience_find(job, err);
	if (rc == STW_OK)
		rc = plan_run_open(job, run, err);
	if (rc == STW_OK && job->fault.code != STW_OK)
		return plan_run_hold_rule(job, run, err);
	for (int bucket = 0; rc == STW_OK && bucket < BOOK_BUCKETS; bucket++) {
		rc = plan_bucket(job, bucket, err);
		if (rc == STW_OK)
			tell(job, bucket);
	}
	return rc == STW_OK ? plan_run_close(job, run, err) : rc;
}

/* ---- the same, and nothing written -------------------------------------------------------- */
/* In the open snapshot. */
static enum stw_code
look_at_bucket(struct plan_job *job, int bucket, struct stw_err *err)
{
	struct plan_batch batch = {0};
	enum stw_code rc = STW_OK;

	arena_init(&batch.arena);
	plan_collect(job, bucket, &batch);
	if (batch.count > 0)
		rc = plan_decide(job, bucket, &batch, err);
	if (rc == STW_OK)
		tally(job, &batch);
	arena_fini(&batch.arena);
	return rc;
}

static enum stw_code
look_at_all(struct plan_job *job, struct stw_err *err)
{
	enum stw_code rc = plan_audience_find(job, err);

	if (rc == STW_OK && job->fault.code != STW_OK)
		return STW_OK; /* as held: there is nobody */
	for (int bucket = 0; rc == STW_OK && bucket < BOOK_BUCKETS; bucket++) {
		rc = look_at_bucket(job, bucket, err);
		if (rc == STW_OK)
			tell(job, bucket);
	}
	return rc == STW_OK ? plan_check_sum(job, err) : rc;
}

/* The run that would be on record; texts in the arena. */
static void
run_of(const struct plan_job *job, const struct trait_quality *held,
    struct arena *arena, struct run_row *out)
{
	const struct plan_tally *tally = &job->tally;

	*out = (struct run_row){.campaign = arena_strdup(arena, job->campaign.code),
	    .version = job->version,
	    .as_of = job->options->now,
	    .started_at = job->options->now,
	    .finished_at = job->options->now};
	if (held != NULL) {
		out->held_trait = arena_printf(arena, "%s.%s", held->of, held->name);
		out->held = held->finding;
		return;
	}
	if (job->fault.code != STW_OK) {
		out->held_rule = plan_fault_text(job, arena);
		return;
	}
	out->scope = book_parts_customers(job->parts);
	out->audience = job->naudience;
	out->undecided = job->nundecided;
	out->reasons = arena_array(arena, (size_t)tally->nlines, sizeof *out->reasons);
	for (int i = 0; i < tally->nlines; i++)
		out->reasons[out->nreasons++] =
		    (struct run_reason){.fate = plan_fate_name(tally->lines[i].fate),
			.code = arena_strdup(arena, tally->lines[i].code),
			.count = tally->lines[i].count};
}

/* Everything is read in one snapshot that cannot write. */
static enum stw_code
simulate_campaign(
    struct plan_job *job, struct arena *arena, struct run_row *out, struct stw_err *err)
{
	const struct trait_quality *held = plan_held_by(job);
	enum stw_code rc = STW_OK;

	if (held == NULL)
		rc = plan_members_read(job, err);
	if (held == NULL && rc == STW_OK) {
		rc = db_begin_snapshot(job->db, err);
		if (rc == STW_OK)
			rc = look_at_all(job, err);
		db_rollback(job->db);
	}
	if (rc == STW_OK)
		run_of(job, held, arena, out);
	return rc;
}

/* ---- which campaigns ---------------------------------------------------------------------- */
/* simulated: one a campaign, or NULL to plan. */
static enum stw_code
each_campaign(const struct plan_job *like, const struct db_rows *rows,
    struct arena *arena, struct run_row *simulated, int64_t *tasks, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		struct plan_job job = *like;
		struct arena own;

		arena_init(&own);
		job.arena = &own;
		rc = plan_job_open(&job, rows, r, err);
		if (rc == STW_OK)
			rc = simulated == NULL
				 ? plan_campaign(&job, err)
				 : simulate_campaign(&job, arena, &simulated[r], err);
		*tasks += job.tasks;
		job_fini(&job);
	}
	return rc;
}

enum stw_code
plan_run(struct db *db, const struct book_parts *parts, const struct ruleset *rules,
    const struct plan_options *options, struct arena *arena, struct plan_result *out,
    struct stw_err *err)
{
	const struct db_param active[] = {db_null(), db_null()};
	struct db_rows *rows = NULL;
	struct plan_guard guard;
	const struct plan_job like = {.db = db,
	    .parts = parts,
	    .book = parts->books[0],
	    .rules = rules,
	    .options = options,
	    .guard = &guard};
	enum stw_code rc;

	*out = (struct plan_result){0};
	rc = plan_guard_open(db, parts, options->now, true, arena, &guard, err);
	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_PLAN_CAMPAIGNS, active, DB_NPARAMS(active), &rows, err);
	if (rc == STW_OK)
		rc = each_campaign(&like, rows, arena, NULL, &out->tasks, err);
	if (rc == STW_OK && db_rows_count(rows) > 0)
		rc = campaign_runs(
		    db, NULL, db_rows_count(rows), arena, &out->runs, &out->nruns, err);
	db_rows_free(rows);
	return rc;
}

enum stw_code
plan_simulate(struct db *db, const struct book_parts *parts,
    const struct ruleset *rules, const struct plan_options *options, const char *code,
    int version, struct arena *arena, struct plan_result *out, struct stw_err *err)
{
	const struct db_param which[] = {
	    db_text(code), code == NULL ? db_null() : db_i64(version)};
	struct db_rows *rows = NULL;
	struct plan_guard guard;
	const struct plan_job like = {.db = db,
	    .parts = parts,
	    .book = parts->books[0],
	    .rules = rules,
	    .options = options,
	    .guard = &guard};
	enum stw_code rc;

	*out = (struct plan_result){0};
	rc = plan_guard_open(db, parts, options->now, false, arena, &guard, err);
	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_PLAN_CAMPAIGNS, which, DB_NPARAMS(which), &rows, err);
	if (rc == STW_OK && code != NULL && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_NOT_FOUND,
		    "there is no campaign '%s', or it has no version %d", code,
		    version);
	if (rc == STW_OK) {
		out->nruns = db_rows_count(rows);
		out->runs = arena_array(arena, (size_t)out->nruns, sizeof *out->runs);
		rc = each_campaign(&like, rows, arena, out->runs, &out->tasks, err);
	}
	db_rows_free(rows);
	return rc;
}
