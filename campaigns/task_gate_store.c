#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/compliance/record_json.h"
#include "campaigns/decision_store.h"
#include "campaigns/feed_store.h"
#include "campaigns/number_choice.h"
#include "campaigns/script_text.h"
#include "campaigns/task_gate_priv.h"

/* Columns of task_context.sql. */
enum context_col {
	X_STATE,
	X_CUSTOMER,
	X_POINT,
	X_CHANNEL,
	X_HANDLER,
	X_PURPOSE,
	X_PRODUCT,
	X_SCRIPT,
	X_SCRIPT_VERSION,
	X_STEP,
	X_OCCURRENCE,
	X_PRIORITY,
	X_VALUE,
	X_NOT_BEFORE,
	X_NOT_AFTER,
	X_EPOCH,
	X_OFFER,
	X_AGENT,
	X_VERSION,
	X_CAMPAIGN_ID,
	X_CAMPAIGN,
	X_ACTIVE,
	X_APPROVED,
	X_PROFILE,
	X_DEDUPES,
	X_CLASS,
	X_RISK,
	X_SALE_FROM,
	X_SALE_TO,
	X_SCRIPT_APPROVED,
	X_DISCLOSURE,
	X_PRIOR_UNTIL,
	X_PRIOR_RULES,
	X_NUMBER,
	X_CLAIMED,
	X_SCRIPT_BODY,
	X_PRODUCT_NAME,
	X_REGULATOR,
	X_SENSITIVE,
	X_QUEUE,
	X_TASK,
	X_CLAIM_ID,
};

static void
day_of(const struct db_rows *rows, int r, int col, struct gate_optional_day *out)
{
	out->known = !db_is_null(rows, r, col);
	if (out->known)
		out->day = db_get_day(rows, r, col);
}

static void
context_facts(
    const struct db_rows *rows, int r, struct arena *arena, struct task_context *c)
{
	struct gate_facts *f = &c->facts;
	size_t nsensitive;

	f->channel = c->channel;
	f->purpose = c->purpose;
	f->caller_org = "bank";
	f->institution_country = "CN";
	f->handler =
	    strcmp(c->handler, "robot") == 0 ? GATE_HANDLER_ROBOT : GATE_HANDLER_AGENT;
	f->dial_mode = f->handler == GATE_HANDLER_AGENT ? GATE_DIAL_PREVIEW
							: GATE_DIAL_PROGRESSIVE;
	f->synthetic_voice = f->handler == GATE_HANDLER_ROBOT;
	f->campaign_active = db_get_bool(rows, r, X_ACTIVE);
	f->campaign_approved = db_get_bool(rows, r, X_APPROVED);
	f->uses_profile = db_get_bool(rows, r, X_PROFILE);
	f->sensitive.items = db_get_texts(rows, r, X_SENSITIVE, &nsensitive, arena);
	f->sensitive.count = (int)nsensitive;
	f->product.code = c->product;
	f->product.product_class =
	    c->product == NULL ? "*" : db_get_text(rows, r, X_CLASS, arena);
	f->product.risk.known = !db_is_null(rows, r, X_RISK);
	f->product.risk.value = db_get_i64(rows, r, X_RISK);
	day_of(rows, r, X_SALE_FROM, &f->product.on_sale_from);
	day_of(rows, r, X_SALE_TO, &f->product.on_sale_to);
	f->product.regulator = db_get_text(rows, r, X_REGULATOR, arena);
	const struct script_vars vars = {
	    c->product, db_get_text(rows, r, X_PRODUCT_NAME, arena)};

	f->script = (struct gate_script){.code = c->script,
	    .version = c->script_version,
	    .approved = db_get_bool(rows, r, X_SCRIPT_APPROVED),
	    .ai_disclosure = db_get_bool(rows, r, X_DISCLOSURE),
	    .rendered = script_text_render(
		db_get_text(rows, r, X_SCRIPT_BODY, arena), &vars, arena)};
	f->prior_valid_until = db_is_null(rows, r, X_PRIOR_UNTIL)
				   ? 0
				   : db_get_usec(rows, r, X_PRIOR_UNTIL);
	f->prior_ruleset_hash = db_get_text(rows, r, X_PRIOR_RULES, arena);
}

void
task_context_from(
    const struct db_rows *rows, int r, struct arena *arena, struct task_context *c)
{
	c->state = task_state_parse(db_get_str(rows, r, X_STATE));
	c->customer_id = db_get_i64(rows, r, X_CUSTOMER);
	c->point_id = db_get_i64(rows, r, X_POINT);
	c->channel = db_get_text(rows, r, X_CHANNEL, arena);
	c->handler = db_get_text(rows, r, X_HANDLER, arena);
	c->purpose = db_get_text(rows, r, X_PURPOSE, arena);
	c->product = db_get_text(rows, r, X_PRODUCT, arena);
	c->script = db_get_text(rows, r, X_SCRIPT, arena);
	c->script_version = (int)db_get_i64(rows, r, X_SCRIPT_VERSION);
	c->step = db_get_text(rows, r, X_STEP, arena);
	c->occurrence = db_get_text(rows, r, X_OCCURRENCE, arena);
	c->priority = (int)db_get_i64(rows, r, X_PRIORITY);
	c->value = db_get_i64(rows, r, X_VALUE);
	c->not_before = db_get_usec(rows, r, X_NOT_BEFORE);
	c->not_after = db_get_usec(rows, r, X_NOT_AFTER);
	c->epoch = db_get_i64(rows, r, X_EPOCH);
	c->offer = (int)db_get_i64(rows, r, X_OFFER);
	c->agent = db_get_text(rows, r, X_AGENT, arena);
	c->version = (int)db_get_i64(rows, r, X_VERSION);
	c->campaign_id = db_get_i64(rows, r, X_CAMPAIGN_ID);
	c->campaign = db_get_text(rows, r, X_CAMPAIGN, arena);
	c->dedupes = db_get_bool(rows, r, X_DEDUPES);
	c->number_id = db_get_i64(rows, r, X_NUMBER);
	c->claimed_epoch = db_get_i64(rows, r, X_CLAIMED);
	if (!db_is_null(rows, r, X_CLAIM_ID))
		STW_ASSERT(uuid_parse(db_get_str(rows, r, X_CLAIM_ID), &c->claim_id) ==
			   STW_OK);
	c->queue_id = db_get_i64(rows, r, X_QUEUE);
	context_facts(rows, r, arena, c);
}

/* The numbers stay locked until the end: their use is counted under the lock, so that no cap
 * can be passed by two at once. */
struct pool {
	struct number_row *rows;
	struct gate_number *gate;
	int count;
};

static enum stw_code
pool_lock(struct db *db, const char *pool_code, int64_t own, const struct uuid *task_id,
    stw_usec now, stw_usec day_start, struct arena *arena, struct pool *out,
    struct stw_err *err)
{
	/* The task's own place is not in its own way. */
	const struct number_filter filter = {
	    .pool = pool_code, .number_id = own, .except = task_id};
	enum stw_code rc =
	    own != 0 ? number_lock_own(db, own, err) : number_lock(db, pool_code, err);

	if (rc == STW_OK)
		rc = number_select(
		    db, &filter, now, day_start, arena, &out->rows, &out->count, err);
	if (rc != STW_OK)
		return rc;
	out->gate = arena_array(arena, (size_t)out->count, sizeof *out->gate);
	for (int i = 0; i < out->count; i++)
		facts_number(&out->rows[i], arena, &out->gate[i]);
	return STW_OK;
}

/* Without a row there would be nothing to hold, and a withdrawal could slip past. */
static enum stw_code
permission_share(struct db *db, int bucket, int64_t customer_id, struct stw_err *err)
{
	const struct db_param who[] = {db_i64(bucket), db_i64(customer_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(db, DB_Q_CONSENT_SHARE, who, DB_NPARAMS(who), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0) {
		rc =
		    db_query(db, DB_Q_PERMISSION_MAKE, who, DB_NPARAMS(who), NULL, err);
		if (rc == STW_OK)
			rc = db_query_one(
			    db, DB_Q_CONSENT_SHARE, who, DB_NPARAMS(who), NULL, err);
	}
	db_rows_free(rows);
	return rc;
}

int
task_context_id_column(void)
{
	return X_TASK;
}

enum stw_code
task_context_query(struct db *db, const int64_t *buckets, const struct str *ids,
    size_t count, struct db_rows **rows, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64s(buckets, count), db_texts(ids, count)};

	return db_query(db, DB_Q_TASK_CONTEXT, params, DB_NPARAMS(params), rows, err);
}

enum stw_code
task_context_lock(struct db *db, int bucket, const struct uuid *task_id,
    enum gate_checkpoint checkpoint, stw_usec now, struct arena *arena,
    struct task_context *out, struct stw_err *err)
{
	struct task_context *c = out;
	int64_t own = 0; /* the one number that is held; 0: all of the pool */
	struct db_rows *peek = NULL, *rows = NULL;
	const struct zone *zone;
	struct str index;
	struct pool pool = {0};
	enum stw_code rc;

	memset(c, 0, sizeof *c);
	c->bucket = bucket;
	c->task_id = *task_id;
	const struct str text = str_of(uuid_format(task_id, c->task_text));
	const struct db_param key[] = {db_i64(bucket), db_str(text)};
	rc = db_later(db, DB_Q_PLAN_BY_KEY, NULL, 0, err);
	if (rc == STW_OK)
		rc = db_later(db, DB_Q_INDEX_HOLD, NULL, 0, err);
	if (rc == STW_OK)
		rc = db_query_one(db, DB_Q_TASK_PEEK, key, DB_NPARAMS(key), &peek, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, STW_NOT_FOUND, "there is no task %s", c->task_text);
	if (rc != STW_OK)
		goto done;
	index = db_get_bytes(peek, 0, 1, arena);
	STW_ASSERT(index.len == sizeof c->phone_index);
	memcpy(c->phone_index, index.ptr, index.len);
	rc = zone_find(db_get_str(peek, 0, 3).ptr, &zone, err);
	if (rc != STW_OK)
		goto done;
	c->day_start = zone_instant(zone, zone_local(zone, now).day, 0);

	const struct db_param guard[] = {
	    db_bytes(c->phone_index, sizeof c->phone_index)};
	rc = db_later(db, DB_Q_GUARD_LOCK, guard, DB_NPARAMS(guard), err);
	if (rc != STW_OK)
		goto done;
	rc = permission_share(db, bucket, db_get_i64(peek, 0, 0), err);
	if (checkpoint == GATE_DIAL)
		own = db_get_i64(peek, 0, 4);
	if (rc == STW_OK)
		rc = pool_lock(db, db_get_str(peek, 0, 2).ptr, own, task_id, now,
		    c->day_start, arena, &pool, err);
	if (rc == STW_OK)
		rc = task_context_query(
		    db, (const int64_t[]){bucket}, &text, 1, &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no task %s", c->task_text);
	if (rc == STW_OK)
		task_context_from(rows, 0, arena, c);
	if (rc == STW_OK && own != 0 && c->number_id != own)
		rc = stw_fail(err, STW_TEMPFAIL,
		    "task %s got another caller number meanwhile", c->task_text);
	if (rc == STW_OK)
		rc = number_seen(db, bucket, db_get_str(peek, 0, 2).ptr,
		    &c->customer_id, 1, &c->seen_id, err);
	c->pool_code = db_get_text(peek, 0, 2, arena);
	c->pool = pool.rows;
	c->pool_gate = pool.gate;
	c->npool = pool.count;
done:
	db_rows_free(peek);
	db_rows_free(rows);
	return rc;
}

static void
choose_number(struct task_context *c, enum gate_checkpoint checkpoint, stw_usec now)
{
	const struct number_need need = {c->customer_id, c->channel, c->purpose,
	    c->facts.party.province, c->facts.handler == GATE_HANDLER_ROBOT, now,
	    c->seen_id};
	int at = -1;

	if (checkpoint == GATE_DISPATCH)
		at = number_choose(c->pool_gate, c->npool, &need);
	else
		for (int i = 0; i < c->npool; i++)
			if (c->pool[i].number_id == c->number_id)
				at = i;
	c->facts.number = (struct gate_number){0};
	c->number_id = 0;
	if (at < 0)
		return;
	c->facts.number = c->pool_gate[at];
	c->number_id = c->pool[at].number_id;
	c->number = c->pool[at].number;
}

/* The dialler says what it will show: that is what is dialled with. */
static void
presented_number(struct task_context *c)
{
	if (c->presented != NULL && c->facts.number.present &&
	    strcmp(c->presented, c->number) != 0)
		c->facts.number.identity = GATE_STATE_FAILED;
}

enum stw_code
task_context_party(struct task_context *c, const struct facts_set *set,
    struct arena *arena, struct stw_err *err)
{
	const struct facts_customer *who = facts_find(set, c->customer_id);

	if (who == NULL)
		return stw_fail(
		    err, STW_BUG, "task %s: its customer is gone", c->task_text);
	c->customer_ref = who->ref;
	for (int i = 0; i < who->npoints; i++)
		if (who->points[i].point.point_id == c->point_id) {
			c->phone_mask = who->points[i].mask;
			facts_fill(
			    who, &who->points[i], c->campaign_id, arena, &c->facts);
			return STW_OK;
		}
	return stw_fail(
	    err, STW_BUG, "task %s: its contact point is gone", c->task_text);
}

static enum stw_code
read_party(struct db *db, struct task_context *c, stw_usec now, struct arena *arena,
    struct stw_err *err)
{
	struct facts_set set;
	enum stw_code rc = facts_load(
	    db, c->bucket, &c->customer_id, 1, now, &c->task_id, arena, &set, err);

	return rc == STW_OK ? task_context_party(c, &set, arena, err) : rc;
}

/* `now` was read before the locks were waited for. Whatever was recorded until we got them is
 * known, so the decision is not made at an instant before that. Clocks of several machines
 * may differ a little; one that is further off is not to be decided by. */
#define CLOCKS_DIFFER STW_USEC_MIN

static stw_usec
instant_under_lock(struct gate_facts *f, stw_usec now)
{
	stw_usec newest = now;

	for (int i = 0; i < f->nconsents; i++)
		if (f->consents[i].recorded_at > newest)
			newest = f->consents[i].recorded_at;
	for (int i = 0; i < f->nobjections; i++)
		if (f->objections[i].recorded_at > newest)
			newest = f->objections[i].recorded_at;
	for (int i = 0; i < f->noverrides; i++)
		if (f->overrides[i].at > newest)
			newest = f->overrides[i].at;
	if (newest - now <= CLOCKS_DIFFER)
		return newest;
	f->clock_trusted = false;
	return now;
}

/* Two clocks that differ: nobody knows what time it is, and hours are not to be kept. */
static enum stw_code
clocks_compare(struct db *db, struct gate_facts *f, struct stw_err *err)
{
	stw_usec ahead = 0;
	enum stw_code rc = db_clock_ahead(db, &ahead, err);

	f->clock_trusted = llabs(ahead) <= DB_CLOCK_TRUST;
	return rc;
}

void
task_context_judge(const struct ruleset *rules, struct task_context *c,
    enum gate_checkpoint checkpoint, stw_usec now, stw_usec ttl, struct arena *arena,
    struct task_verdict *out, struct decision_draft *draft)
{
	struct buf record;
	char *hex = arena_alloc(arena, 65);

	now = out->at = instant_under_lock(&c->facts, now);
	choose_number(c, checkpoint, now);
	presented_number(c);
	/* What planning or an earlier refusal said is not what dialling waits for. */
	if (checkpoint == GATE_DISPATCH)
		c->facts.prior_valid_until = 0;
	gate_decide(rules, &c->facts, checkpoint, now, ttl, arena, &out->decision);

	out->decision_id = uuid_new(now);
	uuid_set_bucket(&out->decision_id, c->bucket);
	(void)uuid_format(&out->decision_id, out->decision_text);
	const struct record_context rec = {.decision_id = out->decision_text,
	    .checkpoint = checkpoint,
	    .now = now,
	    .ttl = ttl,
	    .campaign = c->campaign,
	    .campaign_version = c->version,
	    .task_id = c->task_text,
	    .customer_ref = c->customer_ref,
	    .phone_mask = c->phone_mask};
	buf_init(&record);
	record_write(&rec, &c->facts, &out->decision, &record);
	*draft = (struct decision_draft){.id = out->decision_id,
	    .gate = checkpoint,
	    .at = now,
	    .customer_id = c->customer_id,
	    .point_id = c->point_id,
	    .campaign_id = c->campaign_id,
	    .version = c->version,
	    .task_id = &c->task_id,
	    .number_id = c->number_id,
	    .agent = checkpoint == GATE_DIAL && c->facts.agent.present
			 ? c->facts.agent.code
			 : NULL,
	    .channel = c->channel,
	    .purpose = c->purpose,
	    .decision = &out->decision,
	    .record = {arena_strndup(arena, record.data, record.len), record.len}};
	buf_fini(&record);
	decision_hash_record(draft);
	out->record_hash_hex =
	    sodium_bin2hex(hex, 65, draft->record_hash, sizeof draft->record_hash);
}

enum stw_code
task_context_decide(struct db *db, const struct ruleset *rules, struct task_context *c,
    enum gate_checkpoint checkpoint, stw_usec now, stw_usec ttl, struct arena *arena,
    struct task_verdict *out, struct stw_err *err)
{
	const struct feed_about about = {c->campaign, c->version, c->queue_id};
	struct decision_draft draft;
	enum stw_code rc = read_party(db, c, now, arena, err);

	if (rc == STW_OK)
		rc = clocks_compare(db, &c->facts, err);
	if (rc == STW_OK)
		rc = feeds_load(db, rules, &about, now, arena, &c->facts, err);
	if (rc != STW_OK)
		return rc;
	task_context_judge(rules, c, checkpoint, now, ttl, arena, out, &draft);
	return decision_insert(db, &draft, err);
}

struct number_contact
task_context_contact(const struct task_context *c)
{
	return (struct number_contact){.number_id = c->number_id,
	    .task_id = c->task_id,
	    .purpose = c->purpose,
	    .pool = c->pool_code,
	    .campaign_id = c->campaign_id,
	    .bucket = c->bucket,
	    .customer_id = c->customer_id};
}

/* A person may come any time, and wakes the task (override_wake.sql); what was in doubt may
 * become known as well. */
#define REVIEW_AGAIN STW_USEC_HOUR

/* Nothing but our own clock speaks against the contact: that is mended, and no fault of
 * the customer's. */
static bool
clock_is_the_reason(const struct gate_decision *d)
{
	for (int i = 0; i < d->nhits; i++)
		if (!d->hits[i].ok && d->hits[i].outcome == GATE_BLOCK &&
		    strcmp(d->hits[i].code, "CLOCK_UNTRUSTED") != 0)
			return false;
	return true;
}

enum stw_code
task_context_refuse(struct db *db, const struct task_context *c,
    const struct task_verdict *verdict, stw_usec now, bool *deferred,
    struct stw_err *err)
{
	const struct gate_decision *d = &verdict->decision;
	stw_usec due =
	    d->outcome == GATE_REVIEW ? now + REVIEW_AGAIN : d->next_allowed_at;

	*deferred = d->outcome == GATE_DEFER || d->outcome == GATE_REVIEW ||
		    (d->outcome == GATE_BLOCK && clock_is_the_reason(d));
	if (!*deferred) {
		const struct db_param params[] = {db_i64(c->bucket),
		    db_text(c->task_text), db_text(verdict->decision_text),
		    db_usec(now)};

		return db_query(
		    db, DB_Q_TASK_SET_BLOCKED, params, DB_NPARAMS(params), NULL, err);
	}
	/* No waiting helps by itself (a suspended feed, a stale answer): look again soon,
	 * within the task's window. */
	if (due == STW_USEC_MAX || due <= now)
		due = now + STW_USEC_MIN;
	const struct db_param params[] = {db_i64(c->bucket), db_text(c->task_text),
	    db_text(verdict->decision_text), db_usec(due), db_usec(now)};
	return db_query(
	    db, DB_Q_TASK_SET_DEFERRED, params, DB_NPARAMS(params), NULL, err);
}
