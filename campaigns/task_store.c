#include "campaigns/task_store.h"

#include <string.h>

#include "campaigns/compliance/pack_store.h"
#include "campaigns/task_gate_priv.h"
#include "db/entry_json.h"
#include "db/ledger.h"

/* How long a dispatch decision may be acted on before the dial gate is asked: an agent
 * works off a queue for hours, but not into the next day. */
#define DISPATCH_TTL (8 * STW_USEC_HOUR)

enum stw_code
task_rules_load(struct db *db, struct ruleset **out, struct stw_err *err)
{
	return pack_rules_load(db, out, err);
}

static enum stw_code
expire_in_tx(struct db *db, int64_t queue_id, stw_usec now, int64_t *expired,
    struct stw_err *err)
{
	const struct db_param params[] = {db_i64(queue_id), db_usec(now)};
	struct db_rows *rows = NULL;
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	rc = db_query(db, DB_Q_TASK_EXPIRE, params, DB_NPARAMS(params), &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		const struct entry_field fields[] = {
		    ENTRY_TEXT("state", "expired"), ENTRY_TEXT("why", "window over")};

		buf_clear(&entry);
		entry_write("task_ended", db_get_str(rows, r, 1).ptr, now, fields,
		    (int)STW_ARRAY_LEN(fields), &entry);
		rc = ledger_append(db, (int)db_get_i64(rows, r, 0), "task_ended",
		    (struct str){entry.data, entry.len}, err);
	}
	*expired = rc == STW_OK ? db_rows_count(rows) : 0;
	db_rows_free(rows);
	buf_fini(&entry);
	return rc;
}

enum stw_code
task_expire(struct db *db, int64_t queue_id, stw_usec now, int64_t *expired,
    struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	*expired = 0;
	if (rc == STW_OK)
		rc = expire_in_tx(db, queue_id, now, expired, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

enum stw_code
task_claim(struct db *db, int64_t queue_id, enum task_lane lane, const char *worker,
    int limit, int lease_sec, stw_usec now, struct arena *arena,
    struct task_claim **out, int *count, struct stw_err *err)
{
	const struct uuid claim_id = uuid_new(now);
	char id[UUID_TEXT];
	const struct db_param params[] = {db_i64(queue_id), db_text(worker),
	    db_i64(limit), db_i64(lease_sec), db_usec(now), db_i64(lane),
	    db_text(uuid_format(&claim_id, id))};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = db_later(db, DB_Q_COMMIT_UNSYNCED, NULL, 0, err);
	if (rc == STW_OK)
		rc = db_later(db, DB_Q_PLAN_BY_KEY, NULL, 0, err);
	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_TASK_CLAIM, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	if (rc != STW_OK) {
		db_rows_free(rows);
		return rc;
	}
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		(*out)[r] = (struct task_claim){.bucket = (int)db_get_i64(rows, r, 0),
		    .epoch = db_get_i64(rows, r, 2),
		    .claim_id = claim_id};
		STW_ASSERT(
		    uuid_parse(db_get_str(rows, r, 1), &(*out)[r].task_id) == STW_OK);
	}
	db_rows_free(rows);
	return STW_OK;
}

stw_usec
task_dispatch_ttl(const struct task_context *c, stw_usec now)
{
	return c->not_after - now < DISPATCH_TTL ? c->not_after - now : DISPATCH_TTL;
}

void
task_push_from(const struct task_context *c, const struct task_claim *claim,
    const struct task_verdict *v, struct arena *arena, struct task_push *push)
{
	*push = (struct task_push){.claim = *claim,
	    .task_id = arena_strdup(arena, c->task_text),
	    .offer = c->offer,
	    .campaign = c->campaign,
	    .campaign_version = c->version,
	    .step = c->step,
	    .occurrence = c->occurrence,
	    .customer_ref = c->customer_ref,
	    .phone_mask = c->phone_mask,
	    .channel = c->channel,
	    .handler = c->handler,
	    .purpose = c->purpose,
	    .product = c->product,
	    .script = c->script,
	    .script_version = c->script_version,
	    .number = c->number,
	    .number_id = c->number_id,
	    .priority = c->priority,
	    .value = c->value,
	    .not_before = c->not_before,
	    .not_after = c->not_after,
	    .decision_id = arena_strdup(arena, v->decision_text),
	    .record_hash_hex = v->record_hash_hex,
	    .valid_until = v->decision.valid_until};
	push->claim.decision_id = v->decision_id;
}

static enum stw_code
send(struct db *db, const struct task_context *c, const struct task_claim *claim,
    const struct task_verdict *v, stw_usec now, struct stw_err *err)
{
	const struct db_param reserve[] = {db_i64(c->bucket), db_text(c->task_text),
	    db_i64(c->customer_id), db_bytes(c->phone_index, sizeof c->phone_index),
	    db_text(c->channel), db_usec(now), db_usec(now + TASK_RESERVE_FOR)};
	const struct db_param sending[] = {db_i64(c->bucket), db_text(c->task_text),
	    db_i64(claim->epoch), db_text(v->decision_text), db_i64(c->number_id),
	    db_usec(now)};
	const struct number_contact contact = task_context_contact(c);
	int64_t changed = 0;
	enum stw_code rc;

	rc = db_query(db, DB_Q_COUNT_RESERVE, reserve, DB_NPARAMS(reserve), NULL, err);
	if (rc == STW_OK)
		rc = number_reserve(db, &contact, now, now + TASK_RESERVE_FOR, err);
	if (rc == STW_OK)
		rc = db_exec(db, DB_Q_TASK_SET_SENDING, sending, DB_NPARAMS(sending),
		    &changed, err);
	if (rc == STW_OK && changed != 1)
		rc = stw_fail(err, STW_BUG, "task %s: not ready under its own lock",
		    c->task_text);
	return rc;
}

/* The task is no longer what was claimed: nothing to do but to forget the claim. */
static enum stw_code
drop_claim(struct db *db, const struct task_context *c, const struct task_claim *claim,
    struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(c->bucket), db_text(c->task_text), db_i64(claim->epoch)};

	if (c->state == TASK_PLANNED || c->state == TASK_READY ||
	    c->state == TASK_SENDING)
		return STW_OK;
	return db_query(db, DB_Q_READY_DROP, params, DB_NPARAMS(params), NULL, err);
}

static enum stw_code
gate_in_tx(struct db *db, const struct ruleset *rules, const struct task_claim *claim,
    stw_usec now, struct arena *arena, enum task_gate_result *result,
    struct task_push *push, struct stw_err *err)
{
	struct task_context c;
	struct task_verdict v = {0};
	bool deferred = false;
	enum stw_code rc;

	*result = TASK_GATE_GONE;
	rc = task_context_lock(
	    db, claim->bucket, &claim->task_id, GATE_DISPATCH, now, arena, &c, err);
	if (rc != STW_OK)
		return rc == STW_NOT_FOUND ? STW_OK : rc;
	const struct db_param ready[] = {
	    db_i64(c.bucket), db_text(c.task_text), db_i64(claim->epoch), db_usec(now)};
	const struct db_param lost[] = {
	    db_i64(c.bucket), db_text(c.task_text), db_usec(now)};

	if (c.claimed_epoch != claim->epoch ||
	    memcmp(&c.claim_id, &claim->claim_id, sizeof c.claim_id) != 0)
		return STW_OK;
	if (c.state == TASK_SENDING && !c.dedupes)
		return db_query(
		    db, DB_Q_TASK_SET_UNKNOWN, lost, DB_NPARAMS(lost), NULL, err);
	if (c.state != TASK_PLANNED && c.state != TASK_READY && c.state != TASK_SENDING)
		return drop_claim(db, &c, claim, err);
	rc = db_query(db, DB_Q_TASK_SET_READY, ready, DB_NPARAMS(ready), NULL, err);
	if (rc == STW_OK)
		rc = task_context_decide(db, rules, &c, GATE_DISPATCH, now,
		    task_dispatch_ttl(&c, now), arena, &v, err);
	if (rc != STW_OK)
		return rc;
	if (v.decision.allowed) {
		rc = send(db, &c, claim, &v, v.at, err);
		task_push_from(&c, claim, &v, arena, push);
		*result = TASK_GATE_SEND;
		return rc;
	}
	rc = task_context_refuse(db, &c, &v, v.at, &deferred, err);
	*result = deferred ? TASK_GATE_DEFERRED : TASK_GATE_BLOCKED;
	return rc;
}

enum stw_code
task_gate_dispatch(struct db *db, const struct ruleset *rules,
    const struct task_claim *claim, stw_usec now, struct arena *arena,
    enum task_gate_result *result, struct task_push *push, struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = gate_in_tx(db, rules, claim, now, arena, result, push, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

enum stw_code
task_counts(struct db *db, int64_t out[TASK_STATES], struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	memset(out, 0, TASK_STATES * sizeof out[0]);
	rc = db_query(db, DB_Q_TASK_COUNTS, NULL, 0, &rows, err);
	if (rc == STW_OK)
		DB_ROW_FOREACH(rows, r)
			out[task_state_parse(db_get_str(rows, r, 0))] =
			    db_get_i64(rows, r, 1);
	db_rows_free(rows);
	return rc;
}
