/* What came of a contact: recorded once, with everything that follows from it. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/complaint_store.h"
#include "campaigns/consent_store.h"
#include "campaigns/disposition_store.h"
#include "campaigns/incident_store.h"
#include "campaigns/objection_store.h"
#include "campaigns/overrun_store.h"
#include "campaigns/task_agent_priv.h"
#include "db/entry_json.h"
#include "segments/contact_store.h"

/* A call-back that was promised is tried for this long after the time asked for. */
#define CALLBACK_KEPT (2 * STW_USEC_HOUR)

static enum stw_code
check_recording(const struct task_outcome *o, struct stw_err *err)
{
	if (o->recording_ref != NULL && strlen(o->recording_ref) > 200)
		return stw_fail(
		    err, STW_INVALID, "a recording's reference has at most 200 bytes");
	if (o->recording_sha256 == NULL)
		return STW_OK;
	if (o->recording_ref == NULL)
		return stw_fail(err, STW_INVALID,
		    "recording_sha256 needs recording_ref: the recording it is of");
	if (strlen(o->recording_sha256) != 64 ||
	    strspn(o->recording_sha256, "0123456789abcdef") != 64)
		return stw_fail(err, STW_INVALID,
		    "recording_sha256: 64 lower-case hexadecimal digits are wanted");
	return STW_OK;
}

static enum stw_code
check_outcome(const struct task_outcome *o, const struct disposition *d, stw_usec now,
    struct stw_err *err)
{
	bool callback = (d->flags & DISPOSITION_CALLBACK) != 0;

	if (callback && o->callback_at <= now)
		return stw_fail(err, STW_INVALID,
		    "a call-back needs callback_at, a time that is still to come");
	if (callback && o->callback_at > now + 60 * STW_USEC_DAY)
		return stw_fail(err, STW_INVALID,
		    "callback_at is more than 60 days ahead: plan a new contact instead");
	if (o->started_at != STW_USEC_NEVER && o->ended_at != STW_USEC_NEVER &&
	    o->ended_at < o->started_at)
		return stw_fail(err, STW_INVALID, "the call ended before it started");
	if (o->note != NULL && strlen(o->note) > 4000)
		return stw_fail(err, STW_INVALID, "a note has at most 4000 bytes");
	return check_recording(o, err);
}

struct outcome_ctx {
	struct db *db;
	const struct seal_keys *keys;
	const struct ruleset *rules;
	int bucket;
	char task[UUID_TEXT];
	const char *agent;
	const struct task_outcome *outcome;
	struct disposition disposition;
	enum task_state end; /* PLANNED: it comes back */
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
	return disposition_objects(x->disposition.flags) ||
	       x->carrier == CARRIER_REJECT_LIST;
}

static bool
outcome_has(const struct outcome_ctx *x, enum disposition_flag flag)
{
	return (x->disposition.flags & flag) != 0;
}

/* Contacts that begin later must see what changes here. */
static bool
outcome_forbids(const struct outcome_ctx *x)
{
	return outcome_objects(x) || outcome_has(x, DISPOSITION_SUSPECTED_FRAUD) ||
	       x->outcome->nconsents > 0;
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
	if (rc == STW_OK && outcome_forbids(x))
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
	if (x->outcome->fence != 0 && x->outcome->fence != db_get_i64(x->row, 0, 8))
		return stw_fail(err, STW_CONFLICT,
		    "task %s: fence %lld is not its present one; it was given to somebody "
		    "since",
		    x->task, (long long)x->outcome->fence);
	if (state == TASK_ACCEPTED && outcome_has(x, DISPOSITION_HUMAN_ANSWERED))
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
		    db_text(x->disposition.code),
		    db_bool(outcome_has(x, DISPOSITION_HUMAN_ANSWERED)),
		    db_text(x->agent),
		    sealed.len == 0 ? db_null() : db_bytes(sealed.data, sealed.len),
		    instant_param(o->started_at), instant_param(o->ended_at),
		    x->end == TASK_PLANNED ? db_usec(o->callback_at) : db_null(),
		    db_usec(x->now), db_text(o->recording_ref),
		    db_text(o->recording_sha256),
		    db_texts(o->disclosures, o->ndisclosures), db_text(o->product),
		    db_text(o->carrier_cause), db_bool(x->carrier == CARRIER_REFUSAL)};

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
	    db_text(task_state_name(x->end)), db_usec(x->now)};
	const struct db_param back[] = {db_i64(x->bucket), db_text(x->task),
	    db_usec(at), db_usec(at + CALLBACK_KEPT), db_usec(x->now),
	    db_text(x->outcome->callback_same ? x->agent : NULL)};

	if (x->end == TASK_PLANNED)
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

/* Somebody may be defrauding the customer: no offers until that is looked into. */
static enum stw_code
outcome_fraud(struct outcome_ctx *x, const char *id, struct stw_err *err)
{
	char evidence[64 + UUID_TEXT];
	const struct db_param who[] = {
	    db_i64(x->bucket), db_i64(outcome_customer(x)), db_usec(x->now)};
	const struct incident incident = {.code = "FRAUD_VICTIM_HOLD",
	    .bucket = x->bucket,
	    .customer_id = outcome_customer(x),
	    .task_id = x->task,
	    .subject = id,
	    .evidence = evidence,
	    .detected_at = x->now};
	struct uuid incident_id;
	bool opened;
	enum stw_code rc;

	(void)snprintf(evidence, sizeof evidence, "{\"outcome\":\"%s\"}", id);
	rc = db_query(x->db, DB_Q_FRAUD_HOLD, who, DB_NPARAMS(who), NULL, err);
	if (rc == STW_OK)
		rc = incident_open(x->db, &incident, &incident_id, &opened, err);
	return rc;
}

/* What the customer said about consent in the call. The recording is its evidence. */
static enum stw_code
outcome_consents(
    struct outcome_ctx *x, struct task_outcome_effect *effect, struct stw_err *err)
{
	const struct task_outcome *o = x->outcome;
	enum stw_code rc = STW_OK;

	for (size_t i = 0; rc == STW_OK && i < o->nconsents; i++) {
		struct consent_effect ended;
		struct consent_event event = {.id = uuid_new(x->now),
		    .action = o->consents[i].action,
		    .subject = "contact",
		    .purpose = o->consents[i].purpose,
		    .channel = o->consents[i].channel,
		    .product_class = "*",
		    .recipient = "bank",
		    .form = "recorded_call",
		    .source = "call",
		    .actor = x->agent,
		    .evidence = o->recording_ref,
		    .evidence_sha256 = o->recording_sha256,
		    .effective_at = x->now,
		    .recorded_at = x->now,
		    .expires_at = STW_USEC_MAX};

		uuid_set_bucket(&event.id, x->bucket);
		rc = consent_record(
		    x->db, x->bucket, outcome_customer(x), &event, x->now, &ended, err);
		if (rc == STW_OK) {
			effect->cancelled += ended.cancelled;
			effect->recalled += ended.recalled;
		}
	}
	return rc;
}

static enum stw_code
outcome_objection(struct outcome_ctx *x, const struct uuid *outcome_id,
    struct task_outcome_effect *effect, struct stw_err *err)
{
	bool said = disposition_objects(x->disposition.flags);
	const struct objection_event event = {.id = *outcome_id,
	    .kind = said ? "do_not_call" : "carrier_reject",
	    .channel = "*",
	    .point_id = db_get_i64(x->row, 0, 2),
	    .cause = said ? NULL : x->outcome->carrier_cause,
	    .source = outcome_has(x, DISPOSITION_COMPLAINT) ? "complaint"
		      : said                                ? "call"
							    : "carrier",
	    .actor = x->agent,
	    .effective_at = x->now};
	struct consent_effect ended;
	enum stw_code rc = objection_record(
	    x->db, x->bucket, outcome_customer(x), &event, x->now, &ended, err);

	if (rc == STW_OK) {
		effect->objection_recorded = true;
		effect->cancelled += ended.cancelled;
		effect->recalled += ended.recalled;
	}
	return rc;
}

/* The agent is free again once wrapped up; the customer is asked for this agent again. */
static enum stw_code
outcome_agent(struct outcome_ctx *x, struct stw_err *err)
{
	const struct db_param done[] = {
	    db_text(x->agent), db_usec(x->now), db_i64(x->bucket), db_text(x->task)};
	const struct db_param spoke[] = {db_i64(x->bucket), db_i64(outcome_customer(x)),
	    db_text(x->agent), db_usec(x->now)};
	enum stw_code rc =
	    db_query(x->db, DB_Q_AGENT_ENDED, done, DB_NPARAMS(done), NULL, err);

	if (rc == STW_OK && outcome_has(x, DISPOSITION_RIGHT_PARTY))
		rc = db_query(x->db, DB_Q_CUSTOMER_AGENT_PUT, spoke, DB_NPARAMS(spoke),
		    NULL, err);
	return rc;
}

/* Conversations count; a wrong number is in doubt from now on; a complaint holds contacts;
 * suspected fraud holds offers; an objection bites the person and the number at once. */
static enum stw_code
outcome_effects(struct outcome_ctx *x, const struct uuid *outcome_id, const char *id,
    struct task_outcome_effect *effect, struct stw_err *err)
{
	bool reached = outcome_has(x, DISPOSITION_HUMAN_ANSWERED);
	bool complains = outcome_has(x, DISPOSITION_COMPLAINT);
	struct str index = db_get_bytes(x->row, 0, 7, &x->arena);
	const struct db_param count[] = {db_i64(x->bucket), db_text(id),
	    db_i64(outcome_customer(x)), db_bytes(index.ptr, index.len),
	    db_str(db_get_str(x->row, 0, 4)), db_text("conversation"), db_usec(x->now)};
	enum stw_code rc = STW_OK;

	if (!db_is_null(x->row, 0, 5))
		rc = number_tally(x->db, x->bucket, db_get_str(x->row, 0, 5).ptr,
		    reached, complains, x->now, err);
	if (rc == STW_OK && reached)
		rc = db_query(
		    x->db, DB_Q_COUNT_INSERT, count, DB_NPARAMS(count), NULL, err);
	if (rc == STW_OK && outcome_has(x, DISPOSITION_WRONG_NUMBER))
		rc = outcome_wrong_number(x, id, err);
	if (rc == STW_OK && complains)
		rc = outcome_complaint(x, err);
	if (rc == STW_OK && outcome_has(x, DISPOSITION_SUSPECTED_FRAUD))
		rc = outcome_fraud(x, id, err);
	if (rc == STW_OK)
		rc = outcome_consents(x, effect, err);
	if (rc == STW_OK && outcome_objects(x))
		rc = outcome_objection(x, outcome_id, effect, err);
	return rc;
}

static enum stw_code
outcome_hours(
    struct outcome_ctx *x, struct task_outcome_effect *effect, struct stw_err *err)
{
	stw_usec ended = x->outcome->ended_at;
	struct uuid id;

	if (ended == STW_USEC_NEVER || db_is_null(x->row, 0, 5))
		return STW_OK;
	return overrun_note(x->db, x->rules, x->bucket,
	    db_get_text(x->row, 0, 5, &x->arena), ended, x->now, &id, &effect->ran_past,
	    err);
}

static enum stw_code
outcome_log(const struct outcome_ctx *x, const char *id, struct stw_err *err)
{
	const struct task_outcome *o = x->outcome;
	const struct entry_field fields[] = {ENTRY_TEXT("outcome", id),
	    ENTRY_TEXT("disposition", x->disposition.code),
	    ENTRY_TEXT("carrier_cause", o->carrier_cause),
	    ENTRY_TEXT("recording_sha256", o->recording_sha256),
	    ENTRY_TEXT("agent", x->agent)};

	return task_log(x->db, x->bucket, "outcome", x->task, x->now, fields,
	    (int)STW_ARRAY_LEN(fields), err);
}

enum stw_code
task_outcome(struct db *db, const struct seal_keys *keys, const struct ruleset *rules,
    const struct uuid *task_id, const char *agent, const struct task_outcome *outcome,
    stw_usec now, struct task_outcome_effect *out, struct stw_err *err)
{
	struct outcome_ctx x = {.db = db,
	    .keys = keys,
	    .rules = rules,
	    .bucket = uuid_bucket(task_id),
	    .agent = agent,
	    .outcome = outcome,
	    .now = now};
	struct task_outcome_effect effect = {0};
	char id[UUID_TEXT];
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	arena_init(&x.arena);
	(void)uuid_format(task_id, x.task);
	effect.outcome_id = uuid_new(now);
	uuid_set_bucket(&effect.outcome_id, x.bucket);
	(void)uuid_format(&effect.outcome_id, id);
	rc = disposition_find(db, outcome->disposition, &x.arena, &x.disposition, err);
	if (rc == STW_OK)
		rc = check_outcome(outcome, &x.disposition, now, err);
	if (rc == STW_OK && outcome->carrier_cause != NULL)
		rc = carrier_cause_find(db, outcome->carrier_cause, &x.carrier, err);
	effect.state = x.end = disposition_end(x.disposition.flags);
	if (rc == STW_OK)
		rc = outcome_lock(&x, err);
	if (rc == STW_OK)
		rc = outcome_state(&x, err);
	if (rc == STW_OK)
		rc = outcome_store(&x, id, err);
	if (rc == STW_OK)
		rc = outcome_move(&x, err);
	if (rc == STW_OK)
		rc = outcome_effects(&x, &effect.outcome_id, id, &effect, err);
	if (rc == STW_OK)
		rc = outcome_hours(&x, &effect, err);
	if (rc == STW_OK)
		rc = outcome_agent(&x, err);
	if (rc == STW_OK)
		rc = outcome_log(&x, id, err);
	if (rc == STW_OK)
		*out = effect;
	db_rows_free(x.row);
	arena_fini(&x.arena);
	return rc;
}
