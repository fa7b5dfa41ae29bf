#include "campaigns/compliance/record_json.h"
#include "campaigns/facts_store.h"
#include "campaigns/number_choice.h"
#include "campaigns/number_use_store.h"
#include "campaigns/plan_priv.h"

const char *
plan_primary(const struct plan_candidate *c)
{
	return c->fate == FATE_BLOCKED || c->fate == FATE_DEFERRED ||
		       c->fate == FATE_REVIEW
		   ? c->decision.primary
		   : "";
}

/* Candidates come in the order of customer_id, and so do the rows. */
static enum stw_code
mark_enrolled(const struct plan_job *job, int bucket, struct plan_batch *batch,
    struct stw_err *err)
{
	int64_t *ids = arena_array(&batch->arena, (size_t)batch->count, sizeof *ids);
	struct db_rows *rows = NULL;
	int r = 0;
	enum stw_code rc;

	for (int i = 0; i < batch->count; i++)
		ids[i] = batch->items[i].customer_id;
	const struct db_param params[] = {db_i64(bucket), db_i64(job->campaign_id),
	    db_i64s(ids, (size_t)batch->count)};
	rc = db_query(
	    job->db, DB_Q_PLAN_ENROLLED, params, DB_NPARAMS(params), &rows, err);
	for (int i = 0; rc == STW_OK && i < batch->count; i++) {
		struct plan_candidate *c = &batch->items[i];

		while (
		    r < db_rows_count(rows) && db_get_i64(rows, r, 0) < c->customer_id)
			r++;
		for (int k = r; k < db_rows_count(rows) &&
				db_get_i64(rows, k, 0) == c->customer_id;
		     k++)
			if (str_eq(db_get_str(rows, k, 1), c->occurrence))
				c->fate = FATE_ALREADY;
	}
	db_rows_free(rows);
	return rc;
}

static int
severity(const struct gate_decision *d)
{
	return d->allowed ? 0 : (int)d->outcome;
}

/* Each contact point gets its own answer; the first that may be used is used, otherwise
 * the one nearest to it speaks for the customer. */
static void
decide(const struct plan_job *job, const struct facts_customer *who,
    struct plan_candidate *c, struct arena *arena)
{
	stw_usec now = job->options->now;
	bool first = true;

	for (int i = 0; i < who->npoints; i++) {
		struct gate_facts facts = job->scaffold;
		struct gate_many_answer answer;
		struct gate_decision d;
		struct number_need need;
		int at;

		facts_fill(who, &who->points[i], job->campaign_id, arena, &facts);
		need = (struct number_need){c->customer_id, facts.channel,
		    facts.purpose, facts.party.province,
		    facts.handler == GATE_HANDLER_ROBOT, now, c->seen_id};
		at = number_choose(job->numbers, job->nnumbers, &need);
		if (at >= 0)
			facts.number = job->numbers[at];
		gate_many_decide(job->gate, &facts, &answer);
		gate_many_decision(job->gate, &answer, arena, &d);
		if (!first && severity(&d) >= severity(&c->decision))
			continue;
		first = false;
		c->decision = d;
		c->facts = facts;
		c->point_id = who->points[i].point.point_id;
		c->mask = who->points[i].mask;
		c->number_id = at >= 0 ? facts.number.number_id : 0;
		if (d.allowed)
			break;
	}
	c->fate = plan_fate_of(&c->decision);
	c->decision_id = plan_decision_id(
	    &c->task_id, zone_local(job->book->zone, now).day, &c->decision);
}

static enum stw_code
decide_all(const struct plan_job *job, int bucket, struct plan_batch *batch,
    struct stw_err *err)
{
	int64_t *ids = arena_array(&batch->arena, (size_t)batch->count, sizeof *ids);
	int64_t *seen = arena_array(&batch->arena, (size_t)batch->count, sizeof *seen);
	size_t n = 0, next = 0;
	struct facts_set set;
	enum stw_code rc;

	for (int i = 0; i < batch->count; i++) {
		struct plan_candidate *c = &batch->items[i];

		if (c->fate == FATE_ALREADY)
			continue;
		if (campaign_holds_out(&job->campaign, c->ref))
			c->fate = FATE_HELD_OUT;
		else
			ids[n++] = c->customer_id;
	}
	rc = facts_load(
	    job->db, bucket, ids, n, job->options->now, NULL, &batch->arena, &set, err);
	if (rc == STW_OK)
		rc = number_seen(
		    job->db, bucket, job->campaign.step.pool, ids, n, seen, err);
	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < batch->count; i++) {
		struct plan_candidate *c = &batch->items[i];
		const struct facts_customer *who = facts_find(&set, c->customer_id);

		if (c->fate == FATE_ALREADY || c->fate == FATE_HELD_OUT)
			continue;
		c->seen_id = seen[next++];
		if (who == NULL || who->npoints == 0) {
			c->fate = FATE_NO_CONTACT_POINT;
			continue;
		}
		decide(job, who, c, &batch->arena);
	}
	return STW_OK;
}

enum stw_code
plan_decide(const struct plan_job *job, int bucket, struct plan_batch *batch,
    struct stw_err *err)
{
	enum stw_code rc = mark_enrolled(job, bucket, batch, err);

	return rc == STW_OK ? decide_all(job, bucket, batch, err) : rc;
}

/* ---- evidence -------------------------------------------------------------------------- */
bool
plan_has_decision(const struct plan_candidate *c)
{
	return c->fate == FATE_PLANNED || c->fate == FATE_BLOCKED ||
	       c->fate == FATE_DEFERRED || c->fate == FATE_REVIEW;
}

static enum stw_code
mark_recorded(const struct plan_job *job, int bucket, struct plan_batch *batch,
    struct stw_err *err)
{
	struct str *ids = arena_array(&batch->arena, (size_t)batch->count, sizeof *ids);
	int *places = arena_array(&batch->arena, (size_t)batch->count, sizeof *places);
	struct db_rows *rows = NULL;
	size_t n = 0;
	enum stw_code rc;

	for (int i = 0; i < batch->count; i++)
		if (plan_has_decision(&batch->items[i])) {
			char *text = arena_alloc(&batch->arena, UUID_TEXT);

			places[n] = i;
			ids[n++] =
			    str_of(uuid_format(&batch->items[i].decision_id, text));
		}
	const struct db_param params[] = {db_i64(bucket), db_texts(ids, n)};
	rc = db_query(
	    job->db, DB_Q_PLAN_DECIDED, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK)
		DB_ROW_FOREACH(rows, r)
			batch->items[places[db_get_i64(rows, r, 0) - 1]].recorded =
			    true;
	db_rows_free(rows);
	return rc;
}

/* What is written down is the decision of the one gate, with its evidence. */
static enum stw_code
draft_decision(const struct plan_job *job, int bucket, struct plan_candidate *c,
    struct arena *arena, struct stw_err *err)
{
	stw_usec now = job->options->now;
	char id[UUID_TEXT], task[UUID_TEXT];
	struct gate_decision whole;
	struct buf record;

	gate_decide(job->rules, &c->facts, GATE_PLAN, now, job->window.not_after - now,
	    arena, &whole);
	if (!gate_many_agrees(&c->decision, &whole))
		return stw_fail(err, STW_BUG,
		    "bucket %d: the gate of many and the gate of one differ", bucket);
	c->decision = whole;
	const struct record_context rec = {
	    .decision_id = uuid_format(&c->decision_id, id),
	    .checkpoint = GATE_PLAN,
	    .now = now,
	    .ttl = job->window.not_after - now,
	    .campaign = job->campaign.code,
	    .campaign_version = job->version,
	    .task_id = uuid_format(&c->task_id, task),
	    .customer_ref = arena_strndup(arena, c->ref.ptr, c->ref.len),
	    .phone_mask = c->mask};
	buf_init(&record);
	record_write(&rec, &c->facts, &c->decision, &record);
	c->draft = (struct decision_draft){.id = c->decision_id,
	    .gate = GATE_PLAN,
	    .at = now,
	    .customer_id = c->customer_id,
	    .point_id = c->point_id,
	    .campaign_id = job->campaign_id,
	    .version = job->version,
	    .task_id = c->fate == FATE_PLANNED ? &c->task_id : NULL,
	    .number_id = c->number_id,
	    .channel = c->facts.channel,
	    .purpose = c->facts.purpose,
	    .decision = &c->decision,
	    .record = {arena_strndup(arena, record.data, record.len), record.len}};
	decision_hash_record(&c->draft);
	buf_fini(&record);
	STW_ASSERT(uuid_bucket(&c->decision_id) == bucket);
	return STW_OK;
}

static enum stw_code
draft_all(const struct plan_job *job, int bucket, struct plan_batch *batch,
    struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int i = 0; rc == STW_OK && i < batch->count; i++)
		if (plan_has_decision(&batch->items[i]) && !batch->items[i].recorded)
			rc = draft_decision(
			    job, bucket, &batch->items[i], &batch->arena, err);
	return rc;
}

enum stw_code
plan_draft(const struct plan_job *job, int bucket, struct plan_batch *batch,
    struct stw_err *err)
{
	enum stw_code rc = mark_recorded(job, bucket, batch, err);

	return rc == STW_OK ? draft_all(job, bucket, batch, err) : rc;
}
