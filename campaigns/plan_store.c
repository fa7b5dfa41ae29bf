#include "campaigns/plan_store.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/compliance/gate_many.h"
#include "campaigns/compliance/record_json.h"
#include "campaigns/decision_store.h"
#include "campaigns/facts_store.h"
#include "campaigns/number_choice.h"
#include "campaigns/number_use_store.h"
#include "campaigns/plan.h"
#include "campaigns/script_text.h"
#include "campaigns/trigger_store.h"
#include "db/ledger.h"
#include "engine/log.h"
#include "segments/segment.h"
#include "segments/trait_quality_store.h"
#include "segments/trait_store.h"
#include "segments/trait_use.h"

/* What is known of the data that rules rest on. */
struct guard {
	struct trait_catalogue catalogue;
	struct trait_quality *looks;
	int nlooks;
};

/* One campaign being planned. */
struct job {
	struct db *db;
	const struct book_parts *parts;
	const struct book
	    *book; /* the first part: for the zone, and as all have its columns */
	const struct ruleset *rules;
	const struct plan_options *options;
	const struct guard *guard;
	struct arena *arena; /* lives as long as the campaign's planning */
	struct campaign campaign;
	int64_t campaign_id, queue_id;
	int version;
	struct gate_facts scaffold; /* what is the same for everybody */
	struct gate_many *gate;
	struct gate_number *numbers;
	int nnumbers;
	struct plan_window window;
	stw_usec activated_at;
	struct trigger_hits hits[BOOK_PARTS_MAX]; /* of a campaign with a trigger */
	struct bitmap audience[BOOK_PARTS_MAX];
	int64_t naudience, nundecided;
	struct plan_tally tally;
	int64_t tasks;
};

/* What one bucket's transaction writes. */
struct candidate {
	int part;
	size_t row; /* of the part */
	int64_t customer_id;
	struct str ref, occurrence;
	int64_t value;
	struct uuid task_id;
	enum plan_fate fate;
	bool recorded; /* the decision stands already */
	int64_t point_id, number_id;
	int64_t seen_id; /* the number of the pool this customer saw last; 0: none */
	const char *mask;
	struct gate_facts facts;
	struct gate_decision decision;
	struct uuid decision_id;
	struct decision_draft draft;
};

struct batch {
	struct candidate *items;
	int count;
	struct arena arena;
};

static const char *
primary_of(const struct candidate *c)
{
	return c->fate == FATE_BLOCKED || c->fate == FATE_DEFERRED ||
		       c->fate == FATE_REVIEW
		   ? c->decision.primary
		   : "";
}

static void
eval_texts(const struct job *job, struct candidate *c, struct arena *arena)
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
next_row(const struct job *job, int part, int bucket, size_t row)
{
	size_t next = bitmap_next(&job->audience[part], row);

	return next < job->parts->books[part]->first[bucket + 1] ? next : SIZE_MAX;
}

/* Of the parts' next rows the one with the smallest customer_id; -1: none is left. */
static int
next_part(const struct job *job, const size_t rows[BOOK_PARTS_MAX])
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
candidate_init(
    const struct job *job, int bucket, struct candidate *c, struct arena *arena)
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
static void
collect(const struct job *job, int bucket, struct batch *batch)
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
		struct candidate *c = &batch->items[batch->count++];

		c->part = part;
		c->row = rows[part];
		candidate_init(job, bucket, c, &batch->arena);
		rows[part] = next_row(job, part, bucket, rows[part] + 1);
	}
}

/* Candidates come in the order of customer_id, and so do the rows. */
static enum stw_code
mark_enrolled(
    const struct job *job, int bucket, struct batch *batch, struct stw_err *err)
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
		struct candidate *c = &batch->items[i];

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
decide(const struct job *job, const struct facts_customer *who, struct candidate *c,
    struct arena *arena)
{
	stw_usec now = job->options->now;
	bool first = true;

	for (int i = 0; i < who->npoints; i++) {
		struct gate_facts facts = job->scaffold;
		struct gate_many_answer answer;
		struct gate_decision d;
		struct number_need need;
		int at;

		facts_fill(who, &who->points[i], arena, &facts);
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

/* What is written down is the decision of the one gate, with its evidence. */
static enum stw_code
draft_decision(const struct job *job, int bucket, struct candidate *c,
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
decide_all(const struct job *job, int bucket, struct batch *batch, struct stw_err *err)
{
	int64_t *ids = arena_array(&batch->arena, (size_t)batch->count, sizeof *ids);
	int64_t *seen = arena_array(&batch->arena, (size_t)batch->count, sizeof *seen);
	size_t n = 0, next = 0;
	struct facts_set set;
	enum stw_code rc;

	for (int i = 0; i < batch->count; i++) {
		struct candidate *c = &batch->items[i];

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
		struct candidate *c = &batch->items[i];
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

static bool
has_decision(const struct candidate *c)
{
	return c->fate == FATE_PLANNED || c->fate == FATE_BLOCKED ||
	       c->fate == FATE_DEFERRED || c->fate == FATE_REVIEW;
}

static enum stw_code
mark_recorded(
    const struct job *job, int bucket, struct batch *batch, struct stw_err *err)
{
	struct str *ids = arena_array(&batch->arena, (size_t)batch->count, sizeof *ids);
	int *places = arena_array(&batch->arena, (size_t)batch->count, sizeof *places);
	struct db_rows *rows = NULL;
	size_t n = 0;
	enum stw_code rc;

	for (int i = 0; i < batch->count; i++)
		if (has_decision(&batch->items[i])) {
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

static enum stw_code
draft_all(const struct job *job, int bucket, struct batch *batch, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int i = 0; rc == STW_OK && i < batch->count; i++)
		if (has_decision(&batch->items[i]) && !batch->items[i].recorded)
			rc = draft_decision(
			    job, bucket, &batch->items[i], &batch->arena, err);
	return rc;
}

static enum stw_code
write_decisions(
    const struct job *job, int bucket, const struct batch *batch, struct stw_err *err)
{
	struct ledger_entry *entries =
	    stw_xalloc((size_t)batch->count * sizeof *entries);
	struct buf *texts = stw_xalloc((size_t)batch->count * sizeof *texts);
	struct db_copy_in *copy = NULL;
	size_t n = 0;
	enum stw_code rc;

	rc = db_copy_in_begin(job->db, DB_Q_DECISION_COPY, &copy, err);
	if (rc != STW_OK)
		goto done;
	for (int i = 0; i < batch->count; i++) {
		const struct candidate *c = &batch->items[i];

		if (!has_decision(c) || c->recorded)
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
write_enrolments(
    const struct job *job, int bucket, const struct batch *batch, struct stw_err *err)
{
	struct db_copy_in *copy = NULL;
	enum stw_code rc = db_copy_in_begin(job->db, DB_Q_ENROLMENT_COPY, &copy, err);

	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < batch->count; i++) {
		const struct candidate *c = &batch->items[i];

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
put_task(struct db_copy_in *copy, const struct job *job, int bucket,
    const struct candidate *c)
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
write_tasks(
    const struct job *job, int bucket, const struct batch *batch, struct stw_err *err)
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
		const struct candidate *c = &batch->items[i];

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

static enum stw_code
plan_bucket_tx(
    const struct job *job, int bucket, struct batch *batch, struct stw_err *err)
{
	const struct db_param lock[] = {db_i64(job->campaign_id), db_i64(bucket)};
	enum stw_code rc;

	rc = db_query(job->db, DB_Q_PLAN_LOCK, lock, DB_NPARAMS(lock), NULL, err);
	if (rc == STW_OK)
		rc = mark_enrolled(job, bucket, batch, err);
	if (rc == STW_OK)
		rc = decide_all(job, bucket, batch, err);
	if (rc == STW_OK)
		rc = mark_recorded(job, bucket, batch, err);
	if (rc == STW_OK)
		rc = draft_all(job, bucket, batch, err);
	if (rc == STW_OK)
		rc = write_enrolments(job, bucket, batch, err);
	if (rc == STW_OK)
		rc = write_tasks(job, bucket, batch, err);
	if (rc == STW_OK)
		rc = write_decisions(job, bucket, batch, err);
	return rc;
}

static enum stw_code
plan_bucket(struct job *job, int bucket, struct stw_err *err)
{
	struct batch batch = {0};
	enum stw_code rc = STW_OK;

	arena_init(&batch.arena);
	collect(job, bucket, &batch);
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
		    &job->tally, batch.items[i].fate, primary_of(&batch.items[i]));
		if (batch.items[i].fate == FATE_PLANNED)
			job->tasks++;
	}
done:
	arena_fini(&batch.arena);
	return rc;
}

static void
day_of(const struct db_rows *rows, int r, int col, struct gate_optional_day *out)
{
	out->known = !db_is_null(rows, r, col);
	if (out->known)
		out->day = db_get_day(rows, r, col);
}

static void
scaffold_from(const struct db_rows *rows, int r, struct job *job)
{
	struct gate_facts *f = &job->scaffold;
	const struct campaign *c = &job->campaign;

	f->channel = c->step.channel;
	f->purpose = c->purpose;
	f->caller_org = "bank";
	f->institution_country = "CN";
	f->clock_trusted = true;
	f->handler = strcmp(c->step.handler, "robot") == 0 ? GATE_HANDLER_ROBOT
							   : GATE_HANDLER_AGENT;
	/* A person looks at the task and dials; a robot takes one task a line. */
	f->dial_mode = f->handler == GATE_HANDLER_AGENT ? GATE_DIAL_PREVIEW
							: GATE_DIAL_PROGRESSIVE;
	/* plan_campaigns.sql gives active campaigns in their approved version only. */
	f->campaign_active = true;
	f->campaign_approved = true;
	f->uses_profile = c->uses_profile;
	f->product.code = c->product;
	f->product.product_class =
	    c->product == NULL ? "*" : db_get_text(rows, r, 5, job->arena);
	f->product.risk.known = !db_is_null(rows, r, 6);
	f->product.risk.value = db_get_i64(rows, r, 6);
	day_of(rows, r, 7, &f->product.on_sale_from);
	day_of(rows, r, 8, &f->product.on_sale_to);
	const struct script_vars vars = {
	    c->product, db_get_text(rows, r, 13, job->arena)};

	f->script = (struct gate_script){.code = c->step.script,
	    .version = (int)db_get_i64(rows, r, 9),
	    .approved = !db_is_null(rows, r, 9),
	    .ai_disclosure = db_get_bool(rows, r, 10),
	    .rendered = script_text_render(
		db_get_text(rows, r, 12, job->arena), &vars, job->arena)};
}

static enum stw_code
job_numbers(struct job *job, struct stw_err *err)
{
	stw_usec now = job->options->now;
	const struct zone *zone = job->book->zone;
	stw_usec day_start = zone_instant(zone, zone_local(zone, now).day, 0);
	struct number_row *rows;
	enum stw_code rc;

	rc = number_list(job->db, job->campaign.step.pool, now, day_start, job->arena,
	    &rows, &job->nnumbers, err);
	if (rc != STW_OK)
		return rc;
	job->numbers =
	    arena_array(job->arena, (size_t)job->nnumbers, sizeof *job->numbers);
	for (int i = 0; i < job->nnumbers; i++)
		facts_number(&rows[i], job->arena, &job->numbers[i]);
	return STW_OK;
}

static enum stw_code
job_open(struct job *job, const struct db_rows *rows, int r, struct stw_err *err)
{
	const struct segment_host *host = &job->options->segments->items[0];
	struct rule_env *env;
	enum stw_code rc;

	job->campaign_id = db_get_i64(rows, r, 0);
	job->version = (int)db_get_i64(rows, r, 2);
	job->queue_id = db_get_i64(rows, r, 4);
	job->activated_at = db_get_usec(rows, r, 11);
	/* The env takes the host back as it was given: the callbacks only read it. */
	env = book_env(job->book, job->arena, segment_known, (void *)(uintptr_t)host);
	rc = campaign_parse(
	    db_get_str(rows, r, 3), env, job->arena, &job->campaign, NULL, err);
	if (rc != STW_OK)
		return stw_err_prefix(
		    err, rc, "campaign %s", db_get_str(rows, r, 1).ptr);
	if (db_is_null(rows, r, 4))
		return stw_fail(err, STW_CONFLICT,
		    "campaign %s: there is no queue '%s'", job->campaign.code,
		    job->campaign.step.queue);
	if (job->campaign.product != NULL && db_is_null(rows, r, 5))
		return stw_fail(err, STW_CONFLICT,
		    "campaign %s: there is no product '%s'", job->campaign.code,
		    job->campaign.product);
	scaffold_from(rows, r, job);
	job->window =
	    plan_window_of(&job->campaign.step, job->book->zone, job->options->now);
	job->gate = gate_many_new(
	    job->rules, job->options->now, job->window.not_after - job->options->now);
	return job_numbers(job, err);
}

static enum stw_code
run_open(const struct job *job, const char *run_id, struct stw_err *err)
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

static enum stw_code
run_close(const struct job *job, const char *run_id, struct stw_err *err)
{
	int64_t audience = job->naudience;
	const struct db_param params[] = {db_text(run_id), db_usec(job->options->now),
	    db_i64(book_parts_customers(job->parts)), db_i64(audience),
	    db_i64(job->nundecided)};
	enum stw_code rc;

	if (plan_tally_sum(&job->tally) != audience)
		return stw_fail(err, STW_BUG,
		    "campaign %s: the fates of its audience add up to %lld, not to %lld",
		    job->campaign.code, (long long)plan_tally_sum(&job->tally),
		    (long long)audience);
	rc = db_begin(job->db, err);
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

/* ---- held back ------------------------------------------------------------------------- */
static const struct trait_quality *
breach_of(const struct guard *guard, const struct trait *trait)
{
	for (int i = 0; i < guard->nlooks; i++) {
		const struct trait_quality *q = &guard->looks[i];

		if (q->finding.breach != TRAIT_GOOD && strcmp(q->of, trait->of) == 0 &&
		    strcmp(q->name, trait->name) == 0)
			return q;
	}
	return NULL;
}

/* The first trait in breach that one of the campaign's rules rests on; NULL: none. */
static const struct trait_quality *
held_by(const struct job *job)
{
	const struct guard *guard = job->guard;
	struct trait_use *use =
	    trait_use_new(&guard->catalogue, &job->options->segments->items[0]);
	const struct trait_quality *held = NULL;

	trait_use_add(use, job->campaign.audience);
	if (job->campaign.occurrence != NULL)
		trait_use_add(use, job->campaign.occurrence);
	if (job->campaign.trigger.rule != NULL)
		trait_use_add(use, job->campaign.trigger.rule);
	if (job->campaign.value != NULL)
		trait_use_add(use, job->campaign.value);
	for (int i = 0; i < guard->catalogue.count && held == NULL; i++) {
		if (trait_use_has(use, i))
			held = breach_of(guard, &guard->catalogue.traits[i]);
	}
	trait_use_free(use);
	return held;
}

static enum stw_code
run_hold(const struct job *job, const char *run_id, const struct trait_quality *by,
    struct stw_err *err)
{
	const char *trait = arena_printf(job->arena, "%s.%s", by->of, by->name);
	const struct db_param params[] = {db_text(run_id), db_usec(job->options->now),
	    db_text(trait), db_text(trait_breach_name(by->finding.breach)),
	    db_i64(by->finding.measured), db_i64(by->finding.allowed)};

	log_event(LOG_WARN, "campaign_held", "campaign=%s trait=%s code=%s",
	    job->campaign.code, trait, trait_breach_name(by->finding.breach));
	return db_query(job->db, DB_Q_RUN_HOLD, params, DB_NPARAMS(params), NULL, err);
}

static enum stw_code
guard_open(struct db *db, const struct book_parts *parts, stw_usec now,
    struct arena *arena, struct guard *out, struct stw_err *err)
{
	enum stw_code rc = trait_store_catalogue(db, arena, &out->catalogue, err);

	if (rc == STW_OK)
		rc = trait_quality_refresh(db, parts, &out->catalogue, now, arena,
		    &out->looks, &out->nlooks, err);
	return rc;
}

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

/* Over one part, without the rows that a newer one replaces. */
static enum stw_code
audience_part(struct job *job, int part, struct stw_err *err)
{
	struct rule_columns_ctx ctx = segment_columns_ctx(
	    &job->options->segments->items[part], job->options->now);
	const struct bitmap *dead = job->parts->books[part]->dead;
	struct bitmap *audience = &job->audience[part], undecided;
	enum stw_code rc;

	bitmap_init(&undecided, 0);
	rc = rule_columns_bool(job->campaign.audience, &ctx, audience, &undecided, err);
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

static enum stw_code
audience_find(struct job *job, struct stw_err *err)
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
	return rc;
}

/* ---- the run ----------------------------------------------------------------------------- */
static enum stw_code
plan_campaign(struct job *job, struct stw_err *err)
{
	const struct trait_quality *held = held_by(job);
	struct uuid run_id = uuid_new(job->options->now);
	char run[UUID_TEXT];
	enum stw_code rc;

	(void)uuid_format(&run_id, run);
	if (held != NULL) {
		rc = run_open(job, run, err);
		return rc == STW_OK ? run_hold(job, run, held, err) : rc;
	}
	rc = audience_find(job, err);
	if (rc == STW_OK)
		rc = run_open(job, run, err);
	for (int bucket = 0; rc == STW_OK && bucket < BOOK_BUCKETS; bucket++) {
		rc = plan_bucket(job, bucket, err);
		if (rc == STW_OK && job->options->progress != NULL)
			job->options->progress(job->options->progress_host,
			    job->campaign.code, bucket, plan_tally_sum(&job->tally));
	}
	if (rc == STW_OK)
		rc = run_close(job, run, err);
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
	struct guard guard;
	enum stw_code rc;
	int planned = 0;

	*out = (struct plan_result){0};
	rc = guard_open(db, parts, options->now, arena, &guard, err);
	if (rc == STW_OK)
		rc = db_query(db, DB_Q_PLAN_CAMPAIGNS, NULL, 0, &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		struct arena own;
		struct job job = {.db = db,
		    .parts = parts,
		    .book = parts->books[0],
		    .rules = rules,
		    .options = options,
		    .guard = &guard,
		    .arena = &own};

		arena_init(&own);
		rc = job_open(&job, rows, r, err);
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
