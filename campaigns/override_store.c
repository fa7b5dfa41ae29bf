#include "campaigns/override_store.h"

#include <string.h>

#include "campaigns/consent_priv.h"
#include "campaigns/override.h"
#include "db/entry_json.h"
#include "db/ledger.h"

/* ---- on record -------------------------------------------------------------------------- */
/* The words stay beside the row; the entry, which stays for ever, has a commitment. */
static enum stw_code
note_step(struct db *db, int bucket, const char *id, const char *what, const char *code,
    const char *why, const char *actor, stw_usec now, struct stw_err *err)
{
	unsigned char salt[ENTRY_SALT_BYTES];
	char commitment[ENTRY_COMMITMENT];
	struct buf entry;
	enum stw_code rc;

	entry_salt(salt);
	if (why != NULL)
		entry_commit(salt, str_of(why), commitment);
	const struct db_param params[] = {db_i64(bucket), db_text(id), db_text(what),
	    db_text(actor), db_usec(now), db_text(why), db_bytes(salt, sizeof salt)};
	const struct entry_field fields[] = {ENTRY_TEXT("what", what),
	    ENTRY_TEXT("actor", actor), ENTRY_TEXT("code", code),
	    ENTRY_TEXT("why_hmac", why == NULL ? NULL : commitment)};

	rc =
	    db_query(db, DB_Q_OVERRIDE_STEP_ADD, params, DB_NPARAMS(params), NULL, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write("override", id, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, bucket, "override", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

/* ---- asked for ---------------------------------------------------------------------------- */
/* What the decision said, and whom it was about. */
struct answered {
	int64_t customer_id, campaign_id, point_id; /* 0: none */
	struct override_answer *answers;
	int count;
};

static enum stw_code
answers_load(struct db *db, const struct uuid *decision, struct arena *arena,
    struct answered *out, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param params[] = {
	    db_i64(uuid_bucket(decision)), db_text(uuid_format(decision, id))};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = (struct answered){0};
	rc =
	    db_query(db, DB_Q_OVERRIDE_ANSWERS, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no decision %s", id);
	if (rc != STW_OK) {
		db_rows_free(rows);
		return rc;
	}
	out->customer_id = db_get_i64(rows, 0, 0);
	out->campaign_id = db_get_i64(rows, 0, 1);
	out->point_id = db_get_i64(rows, 0, 2);
	out->answers =
	    arena_array(arena, (size_t)db_rows_count(rows), sizeof *out->answers);
	DB_ROW_FOREACH(rows, r) {
		if (db_is_null(rows, r, 4))
			continue;
		out->answers[out->count++] =
		    (struct override_answer){.rule = db_get_text(rows, r, 3, arena),
			.code = db_get_text(rows, r, 4, arena),
			.layer = db_get_text(rows, r, 5, arena),
			.outcome = db_get_text(rows, r, 6, arena)};
	}
	db_rows_free(rows);
	return STW_OK;
}

static struct db_param
id_or_null(int64_t id, bool any)
{
	return any || id == 0 ? db_null() : db_i64(id);
}

static enum stw_code
insert(struct db *db, const struct override_new *o, const struct answered *about,
    const struct override_choice *choice, const char *id, stw_usec now,
    struct stw_err *err)
{
	char decision[UUID_TEXT];
	const struct db_param params[] = {db_i64(uuid_bucket(&o->decision_id)),
	    db_text(id), db_i64(about->customer_id),
	    id_or_null(about->campaign_id, o->any_campaign),
	    id_or_null(about->point_id, o->any_point),
	    db_text(uuid_format(&o->decision_id, decision)),
	    db_text(override_kind_name(choice->kind)), db_text(choice->answer->code),
	    db_text(choice->rule), db_text(choice->answer->layer),
	    db_text(choice->answer->outcome), db_text(o->reason), db_text(o->actor),
	    db_usec(now), db_usec(o->expires_at)};

	return db_query(
	    db, DB_Q_OVERRIDE_INSERT, params, DB_NPARAMS(params), NULL, err);
}

/* From now on it holds: whoever waited for it need not wait for the next round. */
static enum stw_code
set_approved(struct db *db, int bucket, const char *id, int64_t customer_id,
    int64_t campaign_id, const char *actor, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(bucket), db_text(id), db_text(actor), db_usec(now)};
	const struct db_param wake[] = {db_i64(bucket), db_i64(customer_id),
	    id_or_null(campaign_id, false), db_usec(now)};
	enum stw_code rc = db_query(
	    db, DB_Q_OVERRIDE_SET_APPROVED, params, DB_NPARAMS(params), NULL, err);

	if (rc == STW_OK)
		rc =
		    db_query(db, DB_Q_OVERRIDE_WAKE, wake, DB_NPARAMS(wake), NULL, err);
	if (rc == STW_OK)
		rc = note_step(db, bucket, id, "approved", NULL, NULL, actor, now, err);
	return rc;
}

static enum stw_code
request(struct db *db, const struct override_new *o, stw_usec now, struct arena *arena,
    struct uuid *id, struct stw_err *err)
{
	int bucket = uuid_bucket(&o->decision_id);
	struct override_choice choice = {0};
	struct answered about;
	char text[UUID_TEXT];
	int64_t epoch;
	enum stw_code rc = answers_load(db, &o->decision_id, arena, &about, err);

	if (rc == STW_OK)
		rc = override_choose(
		    about.answers, about.count, o->code, o->rule, &choice, err);
	if (rc != STW_OK)
		return rc;
	*id = uuid_new(now);
	uuid_set_bucket(id, bucket);
	(void)uuid_format(id, text);
	rc = permission_lock(db, bucket, about.customer_id, &epoch, err);
	if (rc == STW_OK)
		rc = insert(db, o, &about, &choice, text, now, err);
	if (rc == STW_OK)
		rc = note_step(db, bucket, text, "requested", o->code, o->reason,
		    o->actor, now, err);
	if (rc == STW_OK && choice.kind == OVERRIDE_REVIEW)
		rc = set_approved(db, bucket, text, about.customer_id,
		    o->any_campaign ? 0 : about.campaign_id, o->actor, now, err);
	return rc;
}

enum stw_code
override_request(struct db *db, const struct override_new *o, stw_usec now,
    struct uuid *id, struct stw_err *err)
{
	struct arena arena;
	enum stw_code rc = override_reason_check(o->reason, err);

	if (rc == STW_OK)
		rc = override_expiry_check(now, o->expires_at, o->max_days, err);
	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	rc = request(db, o, now, &arena, id, err);
	arena_fini(&arena);
	return rc;
}

/* ---- decided upon -------------------------------------------------------------------------- */
struct held {
	int64_t customer_id, campaign_id;
	int64_t epoch; /* of the customer's permissions, from now on */
	bool requested, approved, review, own, over;
};

/* The customer's permissions first, as everywhere: whoever withdraws waits for a gate that
 * counts on it. */
static enum stw_code
lock(struct db *db, int bucket, const char *id, const char *actor, stw_usec now,
    struct held *out, struct stw_err *err)
{
	const struct db_param key[] = {db_i64(bucket), db_text(id)};
	struct db_rows *rows = NULL;
	int64_t customer_id = 0, epoch = 0;
	enum stw_code rc;

	*out = (struct held){0};
	rc = db_query_one(db, DB_Q_OVERRIDE_CUSTOMER, key, DB_NPARAMS(key), &rows, err);
	if (rc == STW_OK)
		customer_id = db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	rows = NULL;
	if (rc == STW_OK)
		rc = permission_lock(db, bucket, customer_id, &epoch, err);
	if (rc == STW_OK)
		rc = db_query_one(
		    db, DB_Q_OVERRIDE_LOCK, key, DB_NPARAMS(key), &rows, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, STW_NOT_FOUND, "there is no override %s", id);
	if (rc == STW_OK)
		*out = (struct held){.customer_id = db_get_i64(rows, 0, 0),
		    .epoch = epoch,
		    .campaign_id = db_get_i64(rows, 0, 1),
		    .requested = str_eq_c(db_get_str(rows, 0, 2), "requested"),
		    .approved = str_eq_c(db_get_str(rows, 0, 2), "approved"),
		    .review = str_eq_c(db_get_str(rows, 0, 3), "review_approval"),
		    .own = str_eq_c(db_get_str(rows, 0, 4), actor),
		    .over = db_get_usec(rows, 0, 5) <= now};
	db_rows_free(rows);
	return rc;
}

static enum stw_code
waits(const struct held *held, const char *id, struct stw_err *err)
{
	return held->requested ? STW_OK
			       : stw_fail(err, STW_CONFLICT,
				     "override %s was decided upon before", id);
}

enum stw_code
override_approve(struct db *db, const struct uuid *id, const char *actor, stw_usec now,
    struct stw_err *err)
{
	int bucket = uuid_bucket(id);
	char text[UUID_TEXT];
	struct held held;
	enum stw_code rc =
	    lock(db, bucket, uuid_format(id, text), actor, now, &held, err);

	if (rc == STW_OK)
		rc = waits(&held, text, err);
	if (rc == STW_OK && held.own && !held.review)
		rc = stw_fail(err, STW_CONFLICT,
		    "override %s is your own request: a second person approves it",
		    text);
	if (rc == STW_OK && held.over)
		rc = stw_fail(err, STW_CONFLICT,
		    "override %s is over already: ask for another one", text);
	if (rc == STW_OK)
		rc = set_approved(db, bucket, text, held.customer_id, held.campaign_id,
		    actor, now, err);
	return rc;
}

static enum stw_code
set_closed(struct db *db, int bucket, const char *id, const char *state,
    const char *why, const char *actor, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(bucket), db_text(id), db_text(state), db_text(actor), db_usec(now)};
	enum stw_code rc = db_query(
	    db, DB_Q_OVERRIDE_SET_CLOSED, params, DB_NPARAMS(params), NULL, err);

	if (rc == STW_OK)
		rc = note_step(db, bucket, id, state, NULL, why, actor, now, err);
	return rc;
}

enum stw_code
override_reject(struct db *db, const struct uuid *id, const char *why,
    const char *actor, stw_usec now, struct stw_err *err)
{
	int bucket = uuid_bucket(id);
	char text[UUID_TEXT];
	struct held held;
	enum stw_code rc = override_reason_check(why, err);

	if (rc == STW_OK)
		rc = lock(db, bucket, uuid_format(id, text), actor, now, &held, err);
	if (rc == STW_OK)
		rc = waits(&held, text, err);
	if (rc == STW_OK)
		rc = set_closed(db, bucket, text, "rejected", why, actor, now, err);
	return rc;
}

static enum stw_code
tasks_recall(struct db *db, int bucket, int64_t customer_id, const char *id,
    stw_usec now, struct ended_tasks *ended, struct stw_err *err)
{
	static const char why[] = "override withdrawn";
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id),
	    db_text(id), db_usec(now), db_text(why)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_TASK_WITHDRAW_OVERRIDE, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK)
		rc = tasks_ended(db, rows, why, now, ended, err);
	db_rows_free(rows);
	return rc;
}

enum stw_code
override_withdraw(struct db *db, const struct uuid *id, const char *why,
    const char *actor, stw_usec now, struct consent_effect *effect, struct stw_err *err)
{
	struct consent_effect made = {
	    .added = true, .committed_at = now, .effective_at = now};
	int bucket = uuid_bucket(id);
	struct arena arena;
	struct ended_tasks ended = {.arena = &arena};
	char text[UUID_TEXT];
	struct held held = {0};
	enum stw_code rc = override_reason_check(why, err);

	*effect = (struct consent_effect){0};
	arena_init(&arena);
	if (rc == STW_OK)
		rc = lock(db, bucket, uuid_format(id, text), actor, now, &held, err);
	if (rc == STW_OK && !held.requested && !held.approved)
		rc = stw_fail(err, STW_CONFLICT,
		    "override %s was rejected or withdrawn before", text);
	if (rc == STW_OK)
		rc = set_closed(db, bucket, text, "withdrawn", why, actor, now, err);
	if (rc == STW_OK)
		rc = tasks_recall(db, bucket, held.customer_id, text, now, &ended, err);
	if (rc == STW_OK)
		rc = withdrawal_write(db, bucket, id, held.customer_id, "override",
		    &ended, now, &made, err);
	made.epoch = held.epoch;
	if (rc == STW_OK)
		*effect = made;
	arena_fini(&arena);
	return rc;
}

/* ---- read --------------------------------------------------------------------------------- */
static stw_usec
instant_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

static void
row_from(const struct db_rows *rows, int r, struct arena *arena, struct override_row *o)
{
	STW_ASSERT(uuid_parse(db_get_str(rows, r, 0), &o->id) == STW_OK);
	o->bucket = (int)db_get_i64(rows, r, 1);
	o->customer_id = db_get_i64(rows, r, 2);
	o->customer_ref = db_get_text(rows, r, 3, arena);
	o->campaign = db_get_text(rows, r, 4, arena);
	o->phone_mask = db_get_text(rows, r, 5, arena);
	o->point_id = db_get_i64(rows, r, 6);
	o->decision_id = db_get_text(rows, r, 7, arena);
	o->kind = db_get_text(rows, r, 8, arena);
	o->code = db_get_text(rows, r, 9, arena);
	o->rule = db_get_text(rows, r, 10, arena);
	o->layer = db_get_text(rows, r, 11, arena);
	o->outcome = db_get_text(rows, r, 12, arena);
	o->reason = db_get_text(rows, r, 13, arena);
	o->requested_by = db_get_text(rows, r, 14, arena);
	o->requested_at = db_get_usec(rows, r, 15);
	o->approved_by = db_get_text(rows, r, 16, arena);
	o->approved_at = instant_or_never(rows, r, 17);
	o->closed_by = db_get_text(rows, r, 18, arena);
	o->closed_at = instant_or_never(rows, r, 19);
	o->expires_at = db_get_usec(rows, r, 20);
	o->state = db_get_text(rows, r, 21, arena);
	o->uses = db_get_i64(rows, r, 22);
}

static struct db_param
uuid_or_null(const struct uuid *id, char text[UUID_TEXT])
{
	return id == NULL ? db_null() : db_text(uuid_format(id, text));
}

enum stw_code
override_list(struct db *db, const struct override_filter *f, int limit, stw_usec now,
    struct arena *arena, struct override_row **out, int *count, struct stw_err *err)
{
	char id[UUID_TEXT], before[UUID_TEXT];
	const struct db_param params[] = {uuid_or_null(f->id, id), db_text(f->state),
	    db_text(f->customer_ref), db_text(f->code),
	    f->before_id == NULL ? db_null() : db_usec(f->before_at),
	    uuid_or_null(f->before_id, before), db_usec(now), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_OVERRIDE_LIST, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		row_from(rows, r, arena, &(*out)[r]);
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
override_steps(struct db *db, const struct uuid *id, struct arena *arena,
    struct override_step **out, int *count, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param key[] = {
	    db_i64(uuid_bucket(id)), db_text(uuid_format(id, text))};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_OVERRIDE_STEPS, key, DB_NPARAMS(key), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[r] =
		    (struct override_step){.what = db_get_text(rows, r, 0, arena),
			.actor = db_get_text(rows, r, 1, arena),
			.at = db_get_usec(rows, r, 2),
			.why = db_get_text(rows, r, 3, arena)};
	db_rows_free(rows);
	return STW_OK;
}

static void
waiting_from(
    const struct db_rows *rows, int r, struct arena *arena, struct override_waiting *w)
{
	STW_ASSERT(uuid_parse(db_get_str(rows, r, 0), &w->decision_id) == STW_OK);
	w->gate = db_get_str(rows, r, 1).ptr[0];
	w->decided_at = db_get_usec(rows, r, 2);
	w->since = db_get_usec(rows, r, 3);
	w->customer_id = db_get_i64(rows, r, 4);
	w->customer_ref = db_get_text(rows, r, 5, arena);
	w->phone_mask = db_get_text(rows, r, 6, arena);
	w->campaign = db_get_text(rows, r, 7, arena);
	w->task_id = db_get_text(rows, r, 8, arena);
	w->channel = db_get_text(rows, r, 9, arena);
	w->purpose = db_get_text(rows, r, 10, arena);
	w->outcome = db_get_text(rows, r, 11, arena);
	w->codes = db_get_texts(rows, r, 12, &w->ncodes, arena);
	w->answered = db_get_texts(rows, r, 13, &w->nanswered, arena);
}

enum stw_code
override_waiting(struct db *db, const struct override_waiting_filter *f, int limit,
    stw_usec now, struct arena *arena, struct override_waiting **out, int *count,
    struct stw_err *err)
{
	char before[UUID_TEXT];
	const struct db_param params[] = {db_text(f->campaign), db_text(f->code),
	    f->before_id == NULL ? db_null() : db_usec(f->before_at),
	    uuid_or_null(f->before_id, before), db_usec(now), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_OVERRIDE_WAITING, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		waiting_from(rows, r, arena, &(*out)[r]);
	db_rows_free(rows);
	return STW_OK;
}
