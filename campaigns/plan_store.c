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
		rc = plan_decide(job, bucket, batch, err);
	if (rc == STW_OK)
		rc = plan_draft(job, bucket, batch, err);
	if (rc == STW_OK)
		rc = plan_write(job, bucket, batch, err);
	return rc;
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
	for (int i = 0; i < batch.count; i++) {
		plan_tally_add(
		    &job->tally, batch.items[i].fate, plan_primary(&batch.items[i]));
		if (batch.items[i].fate == FATE_PLANNED)
			job->tasks++;
	}
done:
	arena_fini(&batch.arena);
	return rc;
}

/* ---- the run ----------------------------------------------------------------------------- */
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
	for (int bucket = 0; rc == STW_OK && bucket < BOOK_BUCKETS; bucket++) {
		rc = plan_bucket(job, bucket, err);
		if (rc == STW_OK && job->options->progress != NULL)
			job->options->progress(job->options->progress_host,
			    job->campaign.code, bucket, plan_tally_sum(&job->tally));
	}
	if (rc == STW_OK)
		rc = plan_run_close(job, run, err);
	for (int p = 0; p < job->parts->count; p++) {
		bitmap_fini(&job->audience[p]);
		trigger_hits_fini(&job->hits[p]);
	}
	return rc;
}

enum stw_code
plan_run(struct db *db, const struct book_parts *parts, const struct ruleset *rules,
    const struct plan_options *options, struct arena *arena, struct plan_result *out,
    struct stw_err *err)
{
	struct db_rows *rows = NULL;
	struct plan_guard guard;
	enum stw_code rc;
	int planned = 0;

	*out = (struct plan_result){0};
	rc = plan_guard_open(db, parts, options->now, arena, &guard, err);
	if (rc == STW_OK)
		rc = db_query(db, DB_Q_PLAN_CAMPAIGNS, NULL, 0, &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		struct arena own;
		struct plan_job job = {.db = db,
		    .parts = parts,
		    .book = parts->books[0],
		    .rules = rules,
		    .options = options,
		    .guard = &guard,
		    .arena = &own};

		arena_init(&own);
		rc = plan_job_open(&job, rows, r, err);
		if (rc == STW_OK)
			rc = plan_campaign(&job, err);
		if (rc == STW_OK) {
			out->tasks += job.tasks;
			planned++;
		}
		gate_many_free(job.gate);
		arena_fini(&own);
	}
	db_rows_free(rows);
	if (rc == STW_OK && planned > 0)
		rc = campaign_runs(
		    db, NULL, planned, arena, &out->runs, &out->nruns, err);
	return rc;
}
