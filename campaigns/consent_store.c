#include "campaigns/consent_store.h"

#include <string.h>

#include <sodium.h>

#include "db/entry_json.h"
#include "db/ledger.h"

static enum stw_code
check_event(const struct consent_event *e, stw_usec now, struct stw_err *err)
{
	bool grant = strcmp(e->action, "grant") == 0;

	if (!grant && strcmp(e->action, "withdraw") != 0)
		return stw_fail(err, STW_INVALID,
		    "consent action '%s': write grant or withdraw", e->action);
	if (grant && (strcmp(e->purpose, "*") == 0 || strcmp(e->channel, "*") == 0))
		return stw_fail(err, STW_INVALID,
		    "a grant names its purpose and channel; * is for withdrawals");
	if (grant && e->effective_at > now)
		return stw_fail(err, STW_INVALID,
		    "a grant cannot take effect later than it is recorded");
	if (e->expires_at <= e->effective_at)
		return stw_fail(err, STW_INVALID, "the consent ends before it begins");
	return STW_OK;
}

/* Each task that ended is an entry of its own: the log shows why it never happened. */
static enum stw_code
log_ended(struct db *db, int bucket, const struct db_rows *rows, const char *why,
    stw_usec now, struct consent_effect *out, struct stw_err *err)
{
	struct buf entry;
	enum stw_code rc = STW_OK;

	buf_init(&entry);
	DB_ROW_FOREACH(rows, r) {
		struct str id = db_get_str(rows, r, 0);
		struct str state = db_get_str(rows, r, 2);
		const struct entry_field fields[] = {
		    ENTRY_TEXT("state", state.ptr), ENTRY_TEXT("why", why)};

		if (str_eq_c(state, "cancelled"))
			out->cancelled++;
		else
			out->recalled++;
		buf_clear(&entry);
		entry_write("task_ended", id.ptr, now, fields,
		    (int)STW_ARRAY_LEN(fields), &entry);
		rc = ledger_append(
		    db, bucket, "task_ended", (struct str){entry.data, entry.len}, err);
		if (rc != STW_OK)
			break;
	}
	buf_fini(&entry);
	return rc;
}

static enum stw_code
permission_lock(struct db *db, int bucket, int64_t customer_id,
    struct consent_effect *out, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc =
	    db_query_one(db, DB_Q_CONSENT_LOCK, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK)
		out->epoch = db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
withdraw_tasks(struct db *db, int bucket, int64_t customer_id, const char *purpose,
    const char *channel, int64_t point_id, const char *why, stw_usec now,
    struct consent_effect *out, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id),
	    db_text(purpose), db_text(channel),
	    point_id == 0 ? db_null() : db_i64(point_id), db_usec(now), db_text(why)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(db, DB_Q_TASK_WITHDRAW, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK)
		rc = log_ended(db, bucket, rows, why, now, out, err);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
consent_insert(struct db *db, int bucket, int64_t customer_id,
    const struct consent_event *e, stw_usec now, bool *added, struct stw_err *err)
{
	char id[UUID_TEXT];
	unsigned char hash[crypto_hash_sha256_BYTES];
	struct str evidence = str_of(e->evidence);
	struct db_rows *rows = NULL;
	enum stw_code rc;

	crypto_hash_sha256(hash, (const unsigned char *)evidence.ptr, evidence.len);
	const struct db_param params[] = {db_i64(bucket),
	    db_text(uuid_format(&e->id, id)), db_i64(customer_id), db_text(e->action),
	    db_text(e->purpose), db_text(e->channel), db_text(e->product_class),
	    db_text(e->recipient), e->point_id == 0 ? db_null() : db_i64(e->point_id),
	    db_text(e->form), db_text(e->notice_version), db_text(e->evidence),
	    db_text(e->source), db_text(e->actor), db_usec(e->effective_at),
	    e->expires_at == STW_USEC_MAX ? db_null() : db_usec(e->expires_at),
	    db_usec(now), evidence.len == 0 ? db_null() : db_bytes(hash, sizeof hash)};

	rc = db_query(db, DB_Q_CONSENT_INSERT, params, DB_NPARAMS(params), &rows, err);
	*added = rc == STW_OK && db_rows_count(rows) == 1;
	db_rows_free(rows);
	return rc;
}

static enum stw_code
consent_log(struct db *db, int bucket, int64_t customer_id,
    const struct consent_event *e, stw_usec now, struct stw_err *err)
{
	char id[UUID_TEXT];
	char effective[STW_USEC_TEXT];
	const struct entry_field fields[] = {ENTRY_TEXT("action", e->action),
	    ENTRY_INT("customer", customer_id), ENTRY_TEXT("purpose", e->purpose),
	    ENTRY_TEXT("channel", e->channel), ENTRY_TEXT("class", e->product_class),
	    ENTRY_TEXT("recipient", e->recipient),
	    ENTRY_TEXT("notice", e->notice_version), ENTRY_TEXT("form", e->form),
	    ENTRY_TEXT("actor", e->actor), ENTRY_TEXT("source", e->source),
	    ENTRY_TEXT("effective_at", stw_usec_format(e->effective_at, effective))};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write("consent", uuid_format(&e->id, id), now, fields,
	    (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, bucket, "consent", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

enum stw_code
consent_record(struct db *db, int bucket, int64_t customer_id,
    const struct consent_event *event, stw_usec now, struct consent_effect *out,
    struct stw_err *err)
{
	struct consent_effect effect = {.committed_at = now};
	bool added = false;
	enum stw_code rc;

	*out = (struct consent_effect){0};
	rc = check_event(event, now, err);
	if (rc == STW_OK)
		rc = permission_lock(db, bucket, customer_id, &effect, err);
	if (rc == STW_OK)
		rc = consent_insert(db, bucket, customer_id, event, now, &added, err);
	if (rc == STW_OK && added && strcmp(event->action, "withdraw") == 0 &&
	    event->effective_at <= now)
		rc = withdraw_tasks(db, bucket, customer_id, event->purpose,
		    event->channel, event->point_id, "consent withdrawn", now, &effect,
		    err);
	if (rc == STW_OK && added)
		rc = consent_log(db, bucket, customer_id, event, now, err);
	if (rc == STW_OK)
		*out = effect;
	return rc;
}

static enum stw_code
phone_guard(struct db *db, int bucket, int64_t customer_id, int64_t point_id,
    struct arena *arena, struct str *index, struct stw_err *err)
{
	const struct db_param find[] = {
	    db_i64(bucket), db_i64(customer_id), db_i64(point_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(db, DB_Q_INDEX_HOLD, NULL, 0, NULL, err);
	if (rc == STW_OK)
		rc = db_query_one(
		    db, DB_Q_POINT_PHONE_INDEX, find, DB_NPARAMS(find), &rows, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, STW_NOT_FOUND,
		    "contact point %lld is not the customer's", (long long)point_id);
	if (rc == STW_OK) {
		*index = db_get_bytes(rows, 0, 0, arena);
		const struct db_param lock[] = {db_bytes(index->ptr, index->len)};

		rc = db_query(db, DB_Q_GUARD_LOCK, lock, DB_NPARAMS(lock), NULL, err);
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
objection_insert(struct db *db, int bucket, int64_t customer_id,
    const struct objection_event *e, struct str index, stw_usec now, bool *added,
    struct stw_err *err)
{
	char id[UUID_TEXT];
	struct db_rows *rows = NULL;
	enum stw_code rc;
	const struct db_param params[] = {db_i64(bucket),
	    db_text(uuid_format(&e->id, id)), db_i64(customer_id), db_text(e->kind),
	    db_text(e->channel),
	    index.len == 0 ? db_null() : db_bytes(index.ptr, index.len),
	    db_text(e->source), db_text(e->actor), db_usec(e->effective_at),
	    db_usec(now)};

	rc =
	    db_query(db, DB_Q_OBJECTION_INSERT, params, DB_NPARAMS(params), &rows, err);
	*added = rc == STW_OK && db_rows_count(rows) == 1;
	db_rows_free(rows);
	return rc;
}

static enum stw_code
objection_end_tasks(struct db *db, int bucket, int64_t customer_id,
    const struct objection_event *e, struct str index, stw_usec now,
    struct consent_effect *effect, struct stw_err *err)
{
	const struct db_param shared[] = {db_bytes(index.ptr, index.len),
	    db_text(e->channel), db_usec(now), db_text("objection on the number")};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = withdraw_tasks(db, bucket, customer_id, "MARKETING", e->channel, 0,
	    "objection", now, effect, err);
	if (rc != STW_OK || index.len == 0)
		return rc;
	rc = db_query(
	    db, DB_Q_TASK_WITHDRAW_PHONE, shared, DB_NPARAMS(shared), &rows, err);
	if (rc == STW_OK)
		rc = log_ended(
		    db, bucket, rows, "objection on a shared number", now, effect, err);
	db_rows_free(rows);
	return rc;
}

enum stw_code
objection_record(struct db *db, int bucket, int64_t customer_id,
    const struct objection_event *event, stw_usec now, struct consent_effect *out,
    struct stw_err *err)
{
	struct consent_effect effect = {.committed_at = now};
	struct arena arena;
	struct buf entry;
	struct str index = {0};
	char id[UUID_TEXT];
	bool added = false;
	enum stw_code rc = STW_OK;

	*out = (struct consent_effect){0};
	arena_init(&arena);
	buf_init(&entry);
	if (event->point_id != 0)
		rc = phone_guard(
		    db, bucket, customer_id, event->point_id, &arena, &index, err);
	if (rc == STW_OK)
		rc = permission_lock(db, bucket, customer_id, &effect, err);
	if (rc == STW_OK)
		rc = objection_insert(
		    db, bucket, customer_id, event, index, now, &added, err);
	if (rc == STW_OK && added)
		rc = objection_end_tasks(
		    db, bucket, customer_id, event, index, now, &effect, err);
	if (rc == STW_OK && added) {
		const struct entry_field fields[] = {ENTRY_INT("customer", customer_id),
		    ENTRY_TEXT("objection", event->kind),
		    ENTRY_TEXT("channel", event->channel),
		    ENTRY_TEXT("actor", event->actor),
		    ENTRY_TEXT("source", event->source),
		    ENTRY_INT("on_number", index.len == 0 ? 0 : 1)};

		entry_write("objection", uuid_format(&event->id, id), now, fields,
		    (int)STW_ARRAY_LEN(fields), &entry);
		rc = ledger_append(
		    db, bucket, "objection", (struct str){entry.data, entry.len}, err);
	}
	if (rc == STW_OK)
		*out = effect;
	buf_fini(&entry);
	arena_fini(&arena);
	return rc;
}

enum stw_code
consent_history(struct db *db, int bucket, int64_t customer_id, struct arena *arena,
    struct consent_event **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id)};
	struct db_rows *rows = NULL;
	struct consent_event *events;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_CONSENT_HISTORY, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		goto done;
	events = arena_array(arena, (size_t)db_rows_count(rows), sizeof *events);
	DB_ROW_FOREACH(rows, r) {
		struct consent_event *e = &events[r];

		rc = uuid_parse(db_get_str(rows, r, 0), &e->id);
		STW_ASSERT(rc == STW_OK);
		e->action = db_get_text(rows, r, 1, arena);
		e->purpose = db_get_text(rows, r, 2, arena);
		e->channel = db_get_text(rows, r, 3, arena);
		e->product_class = db_get_text(rows, r, 4, arena);
		e->recipient = db_get_text(rows, r, 5, arena);
		e->point_id = db_get_i64(rows, r, 6);
		e->form = db_get_text(rows, r, 7, arena);
		e->notice_version = db_get_text(rows, r, 8, arena);
		e->evidence = db_get_text(rows, r, 9, arena);
		e->source = db_get_text(rows, r, 10, arena);
		e->actor = db_get_text(rows, r, 11, arena);
		e->effective_at = db_get_usec(rows, r, 12);
		e->expires_at =
		    db_is_null(rows, r, 13) ? STW_USEC_MAX : db_get_usec(rows, r, 13);
		e->recorded_at = db_get_usec(rows, r, 14);
	}
	*out = events;
	*count = db_rows_count(rows);
done:
	db_rows_free(rows);
	return rc;
}
