#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/plan_priv.h"
#include "db/ledger.h"
#include "engine/log.h"

/* What the entries commit to, for all of the bucket at once. */
static enum stw_code
commit_decisions(
    const struct plan_job *job, const struct plan_batch *batch, struct stw_err *err)
{
	struct decision_draft **drafts =
	    stw_xalloc(((size_t)batch->count + 1) * sizeof(struct decision_draft *));
	size_t n = 0;
	enum stw_code rc;

	for (int i = 0; i < batch->count; i++)
		if (plan_has_decision(&batch->items[i]) && !batch->items[i].recorded)
			drafts[n++] = &batch->items[i].draft;
	rc = decision_commit(job->db, drafts, n, err);
	free(drafts);
	return rc;
}

static enum stw_code
write_decisions(const struct plan_job *job, int bucket, const struct plan_batch *batch,
    struct stw_err *err)
{
	struct ledger_entry *entries =
	    stw_xalloc((size_t)batch->count * sizeof *entries);
	struct buf *texts = stw_xalloc((size_t)batch->count * sizeof *texts);
	struct db_copy_in *copy = NULL;
	size_t n = 0;
	enum stw_code rc = commit_decisions(job, batch, err);

	if (rc == STW_OK)
		rc = db_copy_in_begin(job->db, DB_Q_DECISION_COPY, &copy, err);
	if (rc != STW_OK)
		goto done;
	for (int i = 0; i < batch->count; i++) {
		const struct plan_candidate *c = &batch->items[i];

		if (!plan_has_decision(c) || c->recorded)
			continue;
		decision_put(copy, &c->draft);
		buf_init(&texts[n]);
		decision_entry(&c->draft, &texts[n]);
		entries[n].bucket = bucket;
		entries[n].kind = "decision";
		entries[n].entry = (struct str){texts[n].data, texts[n].len};
		n++;
	}
	rc = db_copy_in_end(copy, NULL, err);
	if (rc == STW_OK && n > 0)
		rc = ledger_append_many(job->db, entries, n, err);
	for (int i = 0; rc == STW_OK && i < batch->count; i++)
		if (plan_has_decision(&batch->items[i]) && !batch->items[i].recorded)
			rc = decision_overrides(job->db, &batch->items[i].draft, err);
done:
	for (size_t i = 0; i < n; i++)
		buf_fini(&texts[i]);
	free(texts);
	free(entries);
	return rc;
}

static void
put_text(struct db_copy_in *copy, const char *text)
{
	if (text == NULL)
		db_put_null(copy);
	else
		db_put_text(copy, str_of(text));
}

static enum stw_code
write_enrolments(const struct plan_job *job, int bucket, const struct plan_batch *batch,
    struct stw_err *err)
{
	struct db_copy_in *copy = NULL;
	enum stw_code rc = db_copy_in_begin(job->db, DB_Q_ENROLMENT_COPY, &copy, err);

	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < batch->count; i++) {
		const struct plan_candidate *c = &batch->items[i];

		if (c->fate != FATE_PLANNED && c->fate != FATE_HELD_OUT)
			continue;
		db_put_row(copy, 7);
		db_put_i16(copy, (int16_t)bucket);
		db_put_i64(copy, job->campaign_id);
		db_put_i64(copy, c->customer_id);
		db_put_text(copy, c->occurrence);
		db_put_i32(copy, job->version);
		put_text(copy, c->fate == FATE_PLANNED ? "treated" : "held_out");
		db_put_usec(copy, job->options->now);
	}
	return db_copy_in_end(copy, NULL, err);
}

static void
put_task(struct db_copy_in *copy, const struct plan_job *job, int bucket,
    const struct plan_candidate *c)
{
	const struct campaign_step *step = &job->campaign.step;

	db_put_row(copy, 24);
	db_put_i16(copy, (int16_t)bucket);
	db_put_uuid(copy, c->task_id.b);
	db_put_i64(copy, job->campaign_id);
	db_put_i32(copy, job->version);
	db_put_i64(copy, c->customer_id);
	put_text(copy, step->code);
	db_put_text(copy, c->occurrence);
	db_put_i64(copy, c->point_id);
	db_put_i64(copy, job->queue_id);
	db_put_i64(copy, c->number_id);
	put_text(copy, step->channel);
	put_text(copy, step->handler);
	put_text(copy, job->campaign.purpose);
	put_text(copy, job->campaign.product);
	put_text(copy, step->script);
	db_put_i32(copy, job->scaffold.script.version);
	put_text(copy, "planned");
	db_put_i32(copy, job->campaign.priority);
	db_put_i64(copy, c->value);
	db_put_usec(copy, job->window.not_before);
	db_put_usec(copy, job->window.not_after);
	db_put_uuid(copy, c->decision_id.b);
	db_put_usec(copy, job->options->now);
	db_put_usec(copy, job->options->now);
}

static enum stw_code
write_tasks(const struct plan_job *job, int bucket, const struct plan_batch *batch,
    struct stw_err *err)
{
	struct db_copy_in *copy = NULL;
	enum stw_code rc = db_copy_in_begin(job->db, DB_Q_TASK_COPY, &copy, err);

	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < batch->count; i++)
		if (batch->items[i].fate == FATE_PLANNED)
			put_task(copy, job, bucket, &batch->items[i]);
	rc = db_copy_in_end(copy, NULL, err);
	if (rc == STW_OK)
		rc = db_copy_in_begin(job->db, DB_Q_TASK_READY_COPY, &copy, err);
	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < batch->count; i++) {
		const struct plan_candidate *c = &batch->items[i];

		if (c->fate != FATE_PLANNED)
			continue;
		db_put_row(copy, 5);
		db_put_i16(copy, (int16_t)bucket);
		db_put_uuid(copy, c->task_id.b);
		db_put_i64(copy, job->queue_id);
		db_put_usec(copy, job->window.not_before);
		db_put_i32(copy, job->campaign.priority);
	}
	return db_copy_in_end(copy, NULL, err);
}

enum stw_code
plan_write(const struct plan_job *job, int bucket, const struct plan_batch *batch,
    struct stw_err *err)
{
	enum stw_code rc = write_enrolments(job, bucket, batch, err);

	if (rc == STW_OK)
		rc = write_tasks(job, bucket, batch, err);
	if (rc == STW_OK)
		rc = write_decisions(job, bucket, batch, err);
	return rc;
}

/* ---- the run --------------------------------------------------------------------------- */
enum stw_code
plan_run_open(const struct plan_job *job, const char *run_id, struct stw_err *err)
{
	unsigned char hash[32] = {0};
	const char *hex = ruleset_hash(job->rules, job->options->now);
	const struct db_param params[] = {db_text(run_id), db_i64(job->campaign_id),
	    db_i64(job->version), db_usec(job->options->now),
	    db_bytes(hash, sizeof hash)};

	STW_ASSERT(
	    sodium_hex2bin(hash, sizeof hash, hex, strlen(hex), NULL, NULL, NULL) == 0);
	return db_query(
	    job->db, DB_Q_RUN_INSERT, params, DB_NPARAMS(params), NULL, err);
}

enum stw_code
plan_check_sum(const struct plan_job *job, struct stw_err *err)
{
	int64_t sum = plan_tally_sum(&job->tally);

	if (sum == job->naudience)
		return STW_OK;
	return stw_fail(err, STW_BUG,
	    "campaign %s: the fates of its audience add up to %lld, not to %lld",
	    job->campaign.code, (long long)sum, (long long)job->naudience);
}

enum stw_code
plan_run_close(const struct plan_job *job, const char *run_id, struct stw_err *err)
{
	const struct db_param params[] = {db_text(run_id), db_usec(job->options->now),
	    db_i64(book_parts_customers(job->parts)), db_i64(job->naudience),
	    db_i64(job->nundecided)};
	enum stw_code rc;

	rc = plan_check_sum(job, err);
	if (rc == STW_OK)
		rc = db_begin(job->db, err);
	if (rc != STW_OK)
		return rc;
	for (int i = 0; rc == STW_OK && i < job->tally.nlines; i++) {
		const struct db_param reason[] = {db_text(run_id),
		    db_text(plan_fate_name(job->tally.lines[i].fate)),
		    db_text(job->tally.lines[i].code),
		    db_i64(job->tally.lines[i].count)};

		rc = db_query(job->db, DB_Q_RUN_REASON_INSERT, reason,
		    DB_NPARAMS(reason), NULL, err);
	}
	if (rc == STW_OK)
		rc = db_query(
		    job->db, DB_Q_RUN_FINISH, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		return db_commit(job->db, err);
	db_rollback(job->db);
	return rc;
}

enum stw_code
plan_run_hold(const struct plan_job *job, const char *run_id,
    const struct trait_quality *by, struct stw_err *err)
{
	const char *trait = arena_printf(job->arena, "%s.%s", by->of, by->name);
	const struct db_param params[] = {db_text(run_id), db_usec(job->options->now),
	    db_text(trait), db_text(trait_breach_name(by->finding.breach)),
	    db_i64(by->finding.measured), db_i64(by->finding.allowed)};

	log_event(LOG_WARN, "campaign_held", "campaign=%s trait=%s code=%s",
	    job->campaign.code, trait, trait_breach_name(by->finding.breach));
	return db_query(job->db, DB_Q_RUN_HOLD, params, DB_NPARAMS(params), NULL, err);
}

const char *
plan_fault_text(const struct plan_job *job, struct arena *arena)
{
	return arena_printf(
	    arena, "%d:%d: %s", job->fault.line, job->fault.column, job->fault.text);
}

enum stw_code
plan_run_hold_rule(const struct plan_job *job, const char *run_id, struct stw_err *err)
{
	const char *text = plan_fault_text(job, job->arena);
	const struct db_param params[] = {
	    db_text(run_id), db_usec(job->options->now), db_text(text)};

	log_event(LOG_WARN, "campaign_held", "campaign=%s rule=audience at=%d:%d",
	    job->campaign.code, job->fault.line, job->fault.column);
	return db_query(
	    job->db, DB_Q_RUN_HOLD_RULE, params, DB_NPARAMS(params), NULL, err);
}
