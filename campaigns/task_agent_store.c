/* What agents do with tasks: list, accept, release, permit, outcome. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/complaint_store.h"
#include "campaigns/objection_store.h"
#include "campaigns/task_gate_priv.h"
#include "db/entry_json.h"
#include "db/ledger.h"
#include "segments/contact_store.h"

/* A dial permit is for this call, now. */
#define PERMIT_TTL (120 * STW_USEC_SEC)
/* A call-back that was promised is tried for this long after the time asked for. */
#define CALLBACK_KEPT (2 * STW_USEC_HOUR)
#define ELDERLY_AGE   65

static void
view_from(const struct db_rows *rows, int r, stw_day elderly_born, struct arena *arena,
    struct task_view *v)
{
	v->bucket = (int)db_get_i64(rows, r, 0);
	STW_ASSERT(uuid_parse(db_get_str(rows, r, 1), &v->task_id) == STW_OK);
	v->state = task_state_parse(db_get_str(rows, r, 2));
	v->customer_id = db_get_i64(rows, r, 3);
	v->customer_ref = db_get_text(rows, r, 4, arena);
	v->name_mask = db_get_text(rows, r, 5, arena);
	v->phone_mask = db_get_text(rows, r, 6, arena);
	v->campaign = db_get_text(rows, r, 7, arena);
	v->campaign_name_zh = db_get_text(rows, r, 8, arena);
	v->campaign_name_en = db_get_text(rows, r, 9, arena);
	v->campaign_version = (int)db_get_i64(rows, r, 10);
	v->queue = db_get_text(rows, r, 11, arena);
	v->agent = db_get_text(rows, r, 12, arena);
	v->channel = db_get_text(rows, r, 13, arena);
	v->handler = db_get_text(rows, r, 14, arena);
	v->purpose = db_get_text(rows, r, 15, arena);
	v->product = db_get_text(rows, r, 16, arena);
	v->stage = db_get_text(rows, r, 17, arena);
	v->script = db_get_text(rows, r, 18, arena);
	v->script_version = (int)db_get_i64(rows, r, 19);
	v->priority = (int)db_get_i64(rows, r, 20);
	v->number = db_get_text(rows, r, 21, arena);
	v->risk_rating = (int)db_get_i64(rows, r, 22);
	v->elderly =
	    !db_is_null(rows, r, 23) && db_get_day(rows, r, 23) <= elderly_born;
	v->not_before = db_get_usec(rows, r, 24);
	v->not_after = db_get_usec(rows, r, 25);
	v->updated_at = db_get_usec(rows, r, 26);
	v->callback_at =
	    db_is_null(rows, r, 27) ? STW_USEC_MAX : db_get_usec(rows, r, 27);
	v->decision_id = db_get_text(rows, r, 28, arena);
}

static stw_day
elderly_born_by(stw_usec now)
{
	return stw_day_add_months((stw_day)(now / STW_USEC_DAY), -12 * ELDERLY_AGE);
}

enum stw_code
task_list(struct db *db, const char *queue, const char *agent, const char *state,
    int limit, stw_usec now, struct arena *arena, struct task_view **out, int *count,
    struct stw_err *err)
{
	stw_day born = elderly_born_by(now);
	const struct db_param params[] = {db_text(queue), db_text(agent),
	    db_text(state), db_usec(now), db_day(born), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	if (state != NULL && task_state_parse(str_of(state)) == TASK_NONE)
		return stw_fail(err, STW_INVALID, "'%s' is no task state", state);
	rc = db_query(db, DB_Q_TASK_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK) {
		*count = db_rows_count(rows);
		*out = arena_array(arena, (size_t)*count, sizeof **out);
		DB_ROW_FOREACH(rows, r)
			view_from(rows, r, born, arena, &(*out)[r]);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
task_get(struct db *db, const struct uuid *task_id, stw_usec now, struct arena *arena,
    struct task_view *out, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param params[] = {
	    db_i64(uuid_bucket(task_id)), db_text(uuid_format(task_id, id))};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	rc = db_query_one(db, DB_Q_TASK_GET, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, STW_NOT_FOUND, "there is no task %s", id);
	if (rc == STW_OK)
		view_from(rows, 0, elderly_born_by(now), arena, out);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
log_task(struct db *db, int bucket, const char *kind, const char *task_id, stw_usec now,
    const struct entry_field *fields, int nfields, struct stw_err *err)
{
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write(kind, task_id, now, fields, nfields, &entry);
	rc = ledger_append(db, bucket, kind, (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

/* accept and release: one guarded update, and an entry that says who. */
static enum stw_code
hand_over(struct db *db, enum db_query_id query, const char *what,
    const struct uuid *task_id, const char *agent, stw_usec now, struct stw_err *err)
{
	char id[UUID_TEXT];
	int bucket = uuid_bucket(task_id);
	const struct db_param params[] = {db_i64(bucket),
	    db_text(uuid_format(task_id, id)), db_text(agent), db_usec(now)};
	const struct entry_field fields[] = {
	    ENTRY_TEXT("agent", agent), ENTRY_TEXT("what", what)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(db, query, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "task %s cannot be %s by %s: it is in another state, with somebody else, "
		    "or of another queue",
		    id, what, agent);
	db_rows_free(rows);
	if (rc == STW_OK)
		rc = log_task(db, bucket, "task_handed", id, now, fields,
		    (int)STW_ARRAY_LEN(fields), err);
	return rc;
}

enum stw_code
task_accept(struct db *db, const struct uuid *task_id, const char *agent, stw_usec now,
    struct stw_err *err)
{
	return hand_over(db, DB_Q_TASK_ACCEPT, "accepted", task_id, agent, now, err);
}

enum stw_code
task_release(struct db *db, const struct uuid *task_id, const char *agent, stw_usec now,
    struct stw_err *err)
{
	return hand_over(db, DB_Q_TASK_RELEASE, "released", task_id, agent, now, err);
}

static enum stw_code
read_agent(
    struct db *db, const char *agent, struct gate_facts *facts, struct stw_err *err)
{
	const struct db_param params[] = {db_text(agent)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query_one(db, DB_Q_AGENT_GET, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, STW_DENIED, "there is no agent %s", agent);
	if (rc == STW_NOT_FOUND)
		rc = STW_DENIED;
	if (rc == STW_OK)
		facts->agent = (struct gate_agent){.present = true,
		    .code = agent,
		    .qualified_until = db_is_null(rows, 0, 0)
					   ? STW_USEC_NEVER
					   : db_get_usec(rows, 0, 0)};
	db_rows_free(rows);
	return rc;
}

/* Granted: the attempt counts from now on, on the person, the number called and the number
 * shown, whether or not anybody answers. */
static enum stw_code
grant(struct db *db, const struct task_context *c, const struct task_verdict *v,
    const char *agent, stw_usec now, struct task_permit *out, struct stw_err *err)
{
	char id[UUID_TEXT];
	enum stw_code rc;

	out->granted = true;
	out->permit_id = uuid_new(now);
	uuid_set_bucket(&out->permit_id, c->bucket);
	out->number = c->number;
	out->phone_mask = c->phone_mask;
	out->valid_until = v->decision.valid_until;
	(void)uuid_format(&out->permit_id, id);

	const struct db_param permit[] = {db_i64(c->bucket), db_text(id),
	    db_text(c->task_text), db_text(v->decision_text), db_text(agent),
	    db_usec(now), db_usec(out->valid_until)};
	const struct db_param release[] = {db_i64(c->bucket), db_text(c->task_text)};
	const struct db_param count[] = {db_i64(c->bucket), db_text(id),
	    db_i64(c->customer_id), db_bytes(c->phone_index, sizeof c->phone_index),
	    db_text(c->channel), db_text("attempt"), db_usec(now)};
	const struct number_contact contact = task_context_contact(c);
	const struct entry_field fields[] = {ENTRY_TEXT("permit", id),
	    ENTRY_TEXT("agent", agent), ENTRY_TEXT("decision", v->decision_text),
	    ENTRY_TEXT("caller_number", c->number)};

	rc = db_query(db, DB_Q_PERMIT_INSERT, permit, DB_NPARAMS(permit), NULL, err);
	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_COUNT_RELEASE, release, DB_NPARAMS(release), NULL, err);
	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_COUNT_INSERT, count, DB_NPARAMS(count), NULL, err);
	if (rc == STW_OK)
		rc = number_commit(db, &contact, now, err);
	if (rc == STW_OK)
		rc = log_task(db, c->bucket, "permit", c->task_text, now, fields,
		    (int)STW_ARRAY_LEN(fields), err);
	return rc;
}

/* Nothing but this agent's own standing speaks against the contact: others may have it. */
static bool
agent_is_the_reason(const struct gate_decision *d)
{
	for (int i = 0; i < d->nhits; i++)
		if (!d->hits[i].ok && d->hits[i].outcome >= GATE_REVIEW &&
		    strcmp(d->hits[i].code, "AGENT_NOT_QUALIFIED") != 0)
			return false;
	return true;
}

enum stw_code
task_permit(struct db *db, const struct ruleset *rules, const struct uuid *task_id,
    const char *agent, stw_usec now, struct arena *arena, struct task_permit *out,
    struct stw_err *err)
{
	struct task_context c;
	struct task_verdict v = {0};
	bool deferred;
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	rc = task_context_lock(db, uuid_bucket(task_id), task_id, now, arena, &c, err);
	if (rc != STW_OK)
		return rc;
	if (c.state != TASK_ACCEPTED && c.state != TASK_IN_PROGRESS)
		return stw_fail(err, STW_CONFLICT,
		    "task %s is %s: a permit is for a task that was accepted",
		    c.task_text, task_state_name(c.state));
	if (c.agent == NULL || strcmp(c.agent, agent) != 0)
		return stw_fail(
		    err, STW_CONFLICT, "task %s is with another agent", c.task_text);
	rc = read_agent(db, agent, &c.facts, err);
	if (rc == STW_OK)
		rc = task_context_decide(
		    db, rules, &c, GATE_DIAL, now, PERMIT_TTL, arena, &v, err);
	if (rc != STW_OK)
		return rc;
	out->decision = v.decision;
	out->decision_id = v.decision_id;
	if (v.decision.allowed)
		return grant(db, &c, &v, agent, v.at, out, err);
	if (agent_is_the_reason(&v.decision))
		return hand_over(
		    db, DB_Q_TASK_RELEASE, "released", task_id, agent, now, err);
	return task_context_refuse(db, &c, &v, v.at, &deferred, err);
}

/* What each disposition means to the engine. */
static const struct disposition {
	const char *name;
	bool reached;          /* somebody answered: a conversation for the caps */
	enum task_state state; /* PLANNED: comes back */
	bool objects, complains, wrong_number;
} dispositions[] = {
    {"interested", true, TASK_DONE, false, false, false},
    {"declined", true, TASK_DONE, false, false, false},
    {"call_back", true, TASK_PLANNED, false, false, false},
    {"no_answer", false, TASK_NO_CONTACT, false, false, false},
    {"wrong_number", true, TASK_NO_CONTACT, false, false, true},
    {"do_not_call", true, TASK_DONE, true, false, false},
    {"complaint", true, TASK_DONE, true, true, false},
    {"other", true, TASK_DONE, false, false, false},
};

static const struct disposition *
disposition_find(const char *name)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(dispositions); i++)
		if (strcmp(dispositions[i].name, name) == 0)
			return &dispositions[i];
	return NULL;
}

static enum stw_code
check_outcome(const struct task_outcome *o, const struct disposition *d, stw_usec now,
    struct stw_err *err)
{
	if (d == NULL)
		return stw_fail(err, STW_INVALID,
		    "disposition '%s' is none of interested, declined, call_back, no_answer, "
		    "wrong_number, do_not_call, complaint, other",
		    o->disposition);
	if (d->state == TASK_PLANNED && o->callback_at <= now)
		return stw_fail(err, STW_INVALID,
		    "a call-back needs callback_at, a time that is still to come");
	if (d->state == TASK_PLANNED && o->callback_at > now + 60 * STW_USEC_DAY)
		return stw_fail(err, STW_INVALID,
		    "callback_at is more than 60 days ahead: plan a new contact instead");
	if (o->started_at != STW_USEC_NEVER && o->ended_at != STW_USEC_NEVER &&
	    o->ended_at < o->started_at)
		return stw_fail(err, STW_INVALID, "the call ended before it started");
	if (o->note != NULL && strlen(o->note) > 4000)
		return stw_fail(err, STW_INVALID, "a note has at most 4000 bytes");
	return STW_OK;
}

struct outcome_ctx {
	struct db *db;
	const struct seal_keys *keys;
	int bucket;
	char task[UUID_TEXT];
	const char *agent;
	const struct task_outcome *outcome;
	const struct disposition *disposition;
	enum carrier_effect carrier;
	stw_usec now;
	struct db_rows *row; /* of task_lock.sql */
	struct arena arena;
};

static int64_t
outcome_customer(const struct outcome_ctx *x)
{
	return db_get_i64(x->row, 0, 1);
}

/* The customer objects, or the carrier says that the number is on its list. */
static bool
outcome_objects(const struct outcome_ctx *x)
{
	return x->disposition->objects || x->carrier == CARRIER_REJECT_LIST;
}

/* Guard and permission before the task, as everywhere. */
static enum stw_code
outcome_lock(struct outcome_ctx *x, struct stw_err *err)
{
	const struct db_param key[] = {db_i64(x->bucket), db_text(x->task)};
	struct db_rows *peek = NULL;
	struct str index;
	enum stw_code rc;

	rc = db_query(x->db, DB_Q_INDEX_HOLD, NULL, 0, NULL, err);
	if (rc == STW_OK)
		rc = db_query_one(
		    x->db, DB_Q_TASK_PEEK, key, DB_NPARAMS(key), &peek, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, STW_NOT_FOUND, "there is no task %s", x->task);
	if (rc != STW_OK)
		return rc;
	index = db_get_bytes(peek, 0, 1, &x->arena);
	const struct db_param guard[] = {db_bytes(index.ptr, index.len)};
	const struct db_param who[] = {
	    db_i64(x->bucket), db_i64(db_get_i64(peek, 0, 0))};
	db_rows_free(peek);
	rc = db_query(x->db, DB_Q_GUARD_LOCK, guard, DB_NPARAMS(guard), NULL, err);
	if (rc == STW_OK && outcome_objects(x))
		rc =
		    db_query(x->db, DB_Q_CONSENT_LOCK, who, DB_NPARAMS(who), NULL, err);
	if (rc == STW_OK)
		rc = db_query_one(
		    x->db, DB_Q_TASK_LOCK, key, DB_NPARAMS(key), &x->row, err);
	return rc;
}

static enum stw_code
outcome_state(const struct outcome_ctx *x, struct stw_err *err)
{
	enum task_state state = task_state_parse(db_get_str(x->row, 0, 0));

	if (state != TASK_ACCEPTED && state != TASK_IN_PROGRESS)
		return stw_fail(err, STW_CONFLICT,
		    "task %s is %s: it takes no outcome now", x->task,
		    task_state_name(state));
	if (!str_eq_c(db_get_str(x->row, 0, 3), x->agent))
		return stw_fail(
		    err, STW_CONFLICT, "task %s is with another agent", x->task);
	if (state == TASK_ACCEPTED && x->disposition->reached)
		return stw_fail(err, STW_CONFLICT,
		    "task %s: nobody can be reached without a dial permit; ask for one first",
		    x->task);
	return STW_OK;
}

static enum stw_code
outcome_note(struct outcome_ctx *x, struct buf *sealed, struct stw_err *err)
{
	struct seal_customer key;
	enum stw_code rc;

	if (x->outcome->note == NULL || x->outcome->note[0] == '\0')
		return STW_OK;
	rc = seal_customer_open(x->keys, outcome_customer(x),
	    db_get_bytes(x->row, 0, 6, &x->arena), &key, err);
	if (rc != STW_OK)
		return rc;
	seal_text(&key, outcome_customer(x), "outcome.note", str_of(x->outcome->note),
	    sealed);
	sodium_memzero(&key, sizeof key);
	return STW_OK;
}

static struct db_param
instant_param(stw_usec at)
{
	return at == STW_USEC_NEVER ? db_null() : db_usec(at);
}

static enum stw_code
outcome_store(struct outcome_ctx *x, const char *id, struct stw_err *err)
{
	const struct task_outcome *o = x->outcome;
	struct buf sealed;
	enum stw_code rc;

	buf_init(&sealed);
	rc = outcome_note(x, &sealed, err);
	if (rc == STW_OK) {
		const struct db_param params[] = {db_i64(x->bucket), db_text(id),
		    db_text(x->task),
		    db_is_null(x->row, 0, 5) ? db_null()
					     : db_str(db_get_str(x->row, 0, 5)),
		    db_text(x->disposition->name), db_bool(x->disposition->reached),
		    db_text(x->agent),
		    sealed.len == 0 ? db_null() : db_bytes(sealed.data, sealed.len),
		    instant_param(o->started_at), instant_param(o->ended_at),
		    x->disposition->state == TASK_PLANNED ? db_usec(o->callback_at)
							  : db_null(),
		    db_usec(x->now)};

		rc = db_query(
		    x->db, DB_Q_OUTCOME_INSERT, params, DB_NPARAMS(params), NULL, err);
	}
	buf_fini(&sealed);
	return rc;
}

static enum stw_code
outcome_move(struct outcome_ctx *x, struct stw_err *err)
{
	stw_usec at = x->outcome->callback_at;
	const struct db_param end[] = {db_i64(x->bucket), db_text(x->task),
	    db_text(task_state_name(x->disposition->state)), db_usec(x->now)};
	const struct db_param back[] = {db_i64(x->bucket), db_text(x->task),
	    db_usec(at), db_usec(at + CALLBACK_KEPT), db_usec(x->now)};

	if (x->disposition->state == TASK_PLANNED)
		return db_query(
		    x->db, DB_Q_TASK_CALLBACK, back, DB_NPARAMS(back), NULL, err);
	return db_query(x->db, DB_Q_TASK_END, end, DB_NPARAMS(end), NULL, err);
}

/* Somebody else answered: the number is not the customer's. */
static enum stw_code
outcome_wrong_number(struct outcome_ctx *x, const char *id, struct stw_err *err)
{
	char evidence[16 + UUID_TEXT];
	const struct contact_change change = {
	    .state = "failed", .how = "call", .actor = x->agent, .evidence = evidence};
	const char *before;

	(void)snprintf(evidence, sizeof evidence, "outcome %s", id);
	return contact_record(x->db, x->bucket, outcome_customer(x),
	    db_get_i64(x->row, 0, 2), &change, x->now, &before, err);
}

/* With what the agent wrote down; it is handled by somebody else. */
static enum stw_code
outcome_complaint(struct outcome_ctx *x, struct stw_err *err)
{
	const struct task_outcome *o = x->outcome;
	struct uuid task, id;
	const struct complaint_new c = {.source = "outcome",
	    .received_at = x->now,
	    .about_at = o->started_at < x->now ? o->started_at : x->now,
	    .bucket = x->bucket,
	    .customer_id = outcome_customer(x),
	    .task = &task,
	    .words = o->note != NULL && o->note[0] != '\0' ? o->note : NULL,
	    .actor = x->agent,
	    .days = o->complaint_days};

	STW_ASSERT(uuid_parse(str_of(x->task), &task) == STW_OK);
	return complaint_record(x->db, x->keys, &c, x->now, &id, err);
}

/* Conversations count; a wrong number is in doubt from now on; a complaint holds contacts; an
 * objection bites the person and the number at once. */
static enum stw_code
outcome_effects(struct outcome_ctx *x, const struct uuid *outcome_id, const char *id,
    struct task_outcome_effect *effect, struct stw_err *err)
{
	const struct disposition *d = x->disposition;
	struct str index = db_get_bytes(x->row, 0, 7, &x->arena);
	const struct db_param count[] = {db_i64(x->bucket), db_text(id),
	    db_i64(outcome_customer(x)), db_bytes(index.ptr, index.len),
	    db_str(db_get_str(x->row, 0, 4)), db_text("conversation"), db_usec(x->now)};
	struct consent_effect ended;
	enum stw_code rc = STW_OK;

	if (!db_is_null(x->row, 0, 5))
		rc = number_tally(x->db, x->bucket, db_get_str(x->row, 0, 5).ptr,
		    d->reached, d->complains, x->now, err);
	if (rc == STW_OK && d->reached)
		rc = db_query(
		    x->db, DB_Q_COUNT_INSERT, count, DB_NPARAMS(count), NULL, err);
	if (rc == STW_OK && d->wrong_number)
		rc = outcome_wrong_number(x, id, err);
	if (rc == STW_OK && d->complains)
		rc = outcome_complaint(x, err);
	if (rc != STW_OK || !outcome_objects(x))
		return rc;
	const struct objection_event event = {.id = *outcome_id,
	    .kind = d->objects ? "do_not_call" : "carrier_reject",
	    .channel = "*",
	    .point_id = db_get_i64(x->row, 0, 2),
	    .cause = d->objects ? NULL : x->outcome->carrier_cause,
	    .source = d->complains ? "complaint"
		      : d->objects ? "call"
				   : "carrier",
	    .actor = x->agent,
	    .effective_at = x->now};
	rc = objection_record(
	    x->db, x->bucket, outcome_customer(x), &event, x->now, &ended, err);
	if (rc == STW_OK) {
		effect->objection_recorded = true;
		effect->cancelled = ended.cancelled;
		effect->recalled = ended.recalled;
	}
	return rc;
}

enum stw_code
task_outcome(struct db *db, const struct seal_keys *keys, const struct uuid *task_id,
    const char *agent, const struct task_outcome *outcome, stw_usec now,
    struct task_outcome_effect *out, struct stw_err *err)
{
	struct outcome_ctx x = {.db = db,
	    .keys = keys,
	    .bucket = uuid_bucket(task_id),
	    .agent = agent,
	    .outcome = outcome,
	    .disposition = disposition_find(outcome->disposition),
	    .now = now};
	struct task_outcome_effect effect = {0};
	char id[UUID_TEXT];
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	rc = check_outcome(outcome, x.disposition, now, err);
	if (rc == STW_OK && outcome->carrier_cause != NULL)
		rc = carrier_cause_find(db, outcome->carrier_cause, &x.carrier, err);
	if (rc != STW_OK)
		return rc;
	arena_init(&x.arena);
	(void)uuid_format(task_id, x.task);
	effect.outcome_id = uuid_new(now);
	uuid_set_bucket(&effect.outcome_id, x.bucket);
	effect.state = x.disposition->state;
	(void)uuid_format(&effect.outcome_id, id);
	rc = outcome_lock(&x, err);
	if (rc == STW_OK)
		rc = outcome_state(&x, err);
	if (rc == STW_OK)
		rc = outcome_store(&x, id, err);
	if (rc == STW_OK)
		rc = outcome_move(&x, err);
	if (rc == STW_OK)
		rc = outcome_effects(&x, &effect.outcome_id, id, &effect, err);
	if (rc == STW_OK) {
		const struct entry_field fields[] = {ENTRY_TEXT("outcome", id),
		    ENTRY_TEXT("disposition", x.disposition->name),
		    ENTRY_TEXT("carrier_cause", outcome->carrier_cause),
		    ENTRY_TEXT("agent", agent)};

		rc = log_task(db, x.bucket, "outcome", x.task, now, fields,
		    (int)STW_ARRAY_LEN(fields), err);
	}
	if (rc == STW_OK)
		*out = effect;
	db_rows_free(x.row);
	arena_fini(&x.arena);
	return rc;
}
