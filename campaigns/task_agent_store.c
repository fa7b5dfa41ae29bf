/* What agents do with tasks: list, accept, release, permit. */
#include <string.h>

#include "campaigns/task_agent_priv.h"
#include "campaigns/task_next_store.h"
#include "db/entry_json.h"
#include "db/ledger.h"

/* A dial permit is for this call, now. */
#define PERMIT_TTL  (120 * STW_USEC_SEC)
#define ELDERLY_AGE 65

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
	v->fence = db_get_i64(rows, r, 29);
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
	enum stw_code rc = STW_OK;

	memset(out, 0, sizeof *out);
	if (db_in_transaction(db)) /* what is done with the task is found by key too */
		rc = db_later(db, DB_Q_PLAN_BY_KEY, NULL, 0, err);
	if (rc == STW_OK)
		rc = db_query_one(
		    db, DB_Q_TASK_GET, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, STW_NOT_FOUND, "there is no task %s", id);
	if (rc == STW_OK)
		view_from(rows, 0, elderly_born_by(now), arena, out);
	db_rows_free(rows);
	return rc;
}

enum stw_code
task_log(struct db *db, int bucket, const char *kind, const char *task_id, stw_usec now,
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
    const struct uuid *task_id, const char *agent, const struct task_transfer *why,
    stw_usec now, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param params[] = {db_i64(uuid_bucket(task_id)),
	    db_text(uuid_format(task_id, id)), db_text(agent), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(db, query, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "task %s cannot be %s by %s: it is in another state, with or reserved "
		    "for somebody else, or of another queue",
		    id, what, agent);
	db_rows_free(rows);
	return rc != STW_OK ? rc
			    : task_handled(db, task_id, what, agent, why, now, err);
}

enum stw_code
task_accept(struct db *db, const struct uuid *task_id, const char *agent, stw_usec now,
    struct stw_err *err)
{
	return hand_over(
	    db, DB_Q_TASK_ACCEPT, "accepted", task_id, agent, NULL, now, err);
}

enum stw_code
task_release(struct db *db, const struct uuid *task_id, const char *agent,
    const char *reason, stw_usec now, struct stw_err *err)
{
	const struct task_transfer why = {.reason = reason};

	return hand_over(
	    db, DB_Q_TASK_RELEASE, "released", task_id, agent, &why, now, err);
}

static stw_usec
instant_or_never(const struct db_rows *rows, int col)
{
	return db_is_null(rows, 0, col) ? STW_USEC_NEVER : db_get_usec(rows, 0, col);
}

/* May this agent make this call, and whose staff is it? */
static enum stw_code
read_agent(struct db *db, const char *agent, struct task_context *c, stw_usec now,
    struct arena *arena, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(agent), db_i64(c->bucket), db_text(c->task_text), db_usec(now)};
	struct db_rows *rows = NULL;
	int64_t limit;
	enum stw_code rc;

	rc = db_query_one(db, DB_Q_AGENT_GET, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_NOT_FOUND)
		return stw_fail(err, STW_DENIED, "there is no agent %s", agent);
	if (rc != STW_OK)
		return rc;
	c->facts.agent = (struct gate_agent){.present = true,
	    .code = agent,
	    .qualified_until = instant_or_never(rows, 0)};
	if (!db_is_null(rows, 0, 3)) {
		c->facts.agent.outsourcer = db_get_text(rows, 0, 3, arena);
		c->facts.agent.mandate_from = instant_or_never(rows, 4);
		c->facts.agent.mandate_until = instant_or_never(rows, 5);
	}
	limit = db_get_i64(rows, 0, 1);
	if (limit > 0 && db_get_i64(rows, 0, 2) >= limit)
		rc = stw_fail(err, STW_CONFLICT,
		    "agent %s has had the %lld permits of this hour", agent,
		    (long long)limit);
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
	out->state = TASK_IN_PROGRESS;
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

	rc = db_later(db, DB_Q_PERMIT_INSERT, permit, DB_NPARAMS(permit), err);
	if (rc == STW_OK)
		rc =
		    db_later(db, DB_Q_COUNT_RELEASE, release, DB_NPARAMS(release), err);
	if (rc == STW_OK)
		rc = db_later(db, DB_Q_COUNT_INSERT, count, DB_NPARAMS(count), err);
	if (rc == STW_OK)
		rc = number_commit(db, &contact, now, err);
	if (rc == STW_OK)
		rc = task_log(db, c->bucket, "permit", c->task_text, now, fields,
		    (int)STW_ARRAY_LEN(fields), err);
	return rc;
}

/* Nothing but this agent's own standing speaks against the contact: others may have it. */
static bool
agent_is_the_reason(const struct gate_decision *d)
{
	for (int i = 0; i < d->nhits; i++)
		if (!d->hits[i].ok && d->hits[i].outcome >= GATE_REVIEW &&
		    strcmp(d->hits[i].code, "AGENT_NOT_QUALIFIED") != 0 &&
		    strcmp(d->hits[i].code, "OUTSOURCER_NOT_AUTHORISED") != 0)
			return false;
	return true;
}

static void
desk_facts(const struct task_desk *desk, struct task_context *c)
{
	struct gate_facts *f = &c->facts;

	c->presented = desk->number;
	f->script.shown_version =
	    (struct gate_optional_int){desk->script_version > 0, desk->script_version};
	f->disclosed = (struct gate_texts){desk->disclosed, (int)desk->ndisclosed};
}

enum stw_code
task_permit_desk(struct db *db, const struct ruleset *rules, const struct uuid *task_id,
    const struct task_desk *desk, stw_usec now, struct arena *arena,
    struct task_permit *out, struct stw_err *err)
{
	struct task_context c;
	struct task_verdict v = {0};
	const char *agent = desk->agent;
	bool deferred;
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	rc = task_context_lock(
	    db, uuid_bucket(task_id), task_id, GATE_DIAL, now, arena, &c, err);
	if (rc != STW_OK)
		return rc;
	if (c.state != TASK_ACCEPTED && c.state != TASK_IN_PROGRESS)
		return stw_fail(err, STW_CONFLICT,
		    "task %s is %s: a permit is for a task that was accepted",
		    c.task_text, task_state_name(c.state));
	if (c.agent == NULL || strcmp(c.agent, agent) != 0)
		return stw_fail(
		    err, STW_CONFLICT, "task %s is with another agent", c.task_text);
	desk_facts(desk, &c);
	rc = read_agent(db, agent, &c, now, arena, err);
	if (rc == STW_OK)
		rc = task_context_decide(
		    db, rules, &c, GATE_DIAL, now, PERMIT_TTL, arena, &v, err);
	if (rc != STW_OK)
		return rc;
	out->decision = v.decision;
	out->decision_id = v.decision_id;
	if (v.decision.allowed)
		return grant(db, &c, &v, agent, v.at, out, err);
	if (agent_is_the_reason(&v.decision)) {
		out->state = TASK_QUEUED;
		return task_release(
		    db, task_id, agent, "AGENT_NOT_QUALIFIED", now, err);
	}
	rc = task_context_refuse(db, &c, &v, v.at, &deferred, err);
	out->state = deferred ? TASK_PLANNED : TASK_BLOCKED;
	return rc;
}

enum stw_code
task_permit(struct db *db, const struct ruleset *rules, const struct uuid *task_id,
    const char *agent, stw_usec now, struct arena *arena, struct task_permit *out,
    struct stw_err *err)
{
	const struct task_desk silent = {.agent = agent};

	return task_permit_desk(db, rules, task_id, &silent, now, arena, out, err);
}
