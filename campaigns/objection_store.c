#include "campaigns/objection_store.h"

#include <string.h>

#include "campaigns/consent_priv.h"
#include "campaigns/withdrawal_store.h"
#include "db/commitment.h"
#include "db/entry_json.h"
#include "db/ledger.h"

/* Whom it binds beside the person. */
struct reach {
	struct str index;      /* of the number; len 0: none */
	const char *household; /* NULL: none */
};

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
household_lock(struct db *db, int bucket, int64_t customer_id, struct arena *arena,
    const char **household, struct stw_err *err)
{
	const struct db_param who[] = {db_i64(bucket), db_i64(customer_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query_one(db, DB_Q_HOUSEHOLD_OWN, who, DB_NPARAMS(who), &rows, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, STW_NOT_FOUND,
		    "the customer belongs to no household that is known");
	if (rc == STW_OK) {
		*household = db_get_text(rows, 0, 0, arena);
		const struct db_param lock[] = {db_text(*household)};

		rc = db_query(
		    db, DB_Q_HOUSEHOLD_MEMBERS_LOCK, lock, DB_NPARAMS(lock), NULL, err);
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
objection_insert(struct db *db, int bucket, int64_t customer_id,
    const struct objection_event *e, const struct reach *reach, stw_usec now,
    bool *added, struct stw_err *err)
{
	char id[UUID_TEXT];
	struct db_rows *rows = NULL;
	enum stw_code rc;
	const struct db_param params[] = {db_i64(bucket),
	    db_text(uuid_format(&e->id, id)), db_i64(customer_id), db_text(e->kind),
	    db_text(e->channel),
	    reach->index.len == 0 ? db_null()
				  : db_bytes(reach->index.ptr, reach->index.len),
	    db_text(e->source), db_text(e->actor), db_usec(e->effective_at),
	    db_usec(now),
	    db_text(reach->household != NULL ? "household"
		    : reach->index.len != 0  ? "number"
					     : "person"),
	    db_text(reach->household), db_text(e->cause)};

	rc =
	    db_query(db, DB_Q_OBJECTION_INSERT, params, DB_NPARAMS(params), &rows, err);
	*added = rc == STW_OK && db_rows_count(rows) == 1;
	db_rows_free(rows);
	return rc;
}

static enum stw_code
end_by(struct db *db, enum db_query_id query, struct db_param whose,
    const struct objection_event *e, const char *why, stw_usec now,
    struct ended_tasks *ended, struct stw_err *err)
{
	const struct db_param params[] = {
	    whose, db_text(e->channel), db_usec(now), db_text(why)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, query, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK)
		rc = tasks_ended(db, rows, why, now, ended, err);
	db_rows_free(rows);
	return rc;
}

/* A carrier's list is about the number: the person may be called on another. */
static enum stw_code
end_all(struct db *db, int bucket, int64_t customer_id, const struct objection_event *e,
    const struct reach *reach, stw_usec now, struct ended_tasks *ended,
    struct stw_err *err)
{
	const struct end_scope own = {.purpose = "MARKETING",
	    .channel = e->channel,
	    .product_class = "*",
	    .point_id = strcmp(e->kind, "carrier_reject") == 0 ? e->point_id : 0};
	enum stw_code rc =
	    tasks_end(db, bucket, customer_id, &own, "objection", now, ended, err);

	if (rc == STW_OK && reach->index.len != 0)
		rc = end_by(db, DB_Q_TASK_WITHDRAW_PHONE,
		    db_bytes(reach->index.ptr, reach->index.len), e,
		    "objection on a shared number", now, ended, err);
	if (rc == STW_OK && reach->household != NULL)
		rc = end_by(db, DB_Q_TASK_WITHDRAW_HOUSEHOLD, db_text(reach->household),
		    e, "objection of the household", now, ended, err);
	return rc;
}

static enum stw_code
objection_log(struct db *db, int bucket, int64_t customer_id,
    const struct objection_event *e, const struct reach *reach, stw_usec now,
    struct stw_err *err)
{
	char id[UUID_TEXT], customer[COMMITMENT_HEX];
	const struct entry_field fields[] = {ENTRY_TEXT("customer_hmac", customer),
	    ENTRY_TEXT("objection", e->kind), ENTRY_TEXT("channel", e->channel),
	    ENTRY_TEXT("actor", e->actor), ENTRY_TEXT("source", e->source),
	    ENTRY_TEXT("cause", e->cause),
	    ENTRY_INT("on_number", reach->index.len == 0 ? 0 : 1),
	    ENTRY_INT("household", reach->household == NULL ? 0 : 1)};
	struct buf entry;
	enum stw_code rc = commit_customer(
	    db, bucket, customer_id, uuid_format(&e->id, id), customer, err);

	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write("objection", id, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, bucket, "objection", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

enum stw_code
objection_record(struct db *db, int bucket, int64_t customer_id,
    const struct objection_event *event, stw_usec now, struct consent_effect *out,
    struct stw_err *err)
{
	struct consent_effect effect = {.committed_at = now, .effective_at = now};
	struct arena arena;
	struct ended_tasks ended = {.arena = &arena};
	struct reach reach = {0};
	enum stw_code rc = STW_OK;

	*out = (struct consent_effect){0};
	arena_init(&arena);
	if (event->household && event->point_id != 0)
		rc = stw_fail(err, STW_INVALID,
		    "an objection is about one number or about a household, not both");
	if (rc == STW_OK && event->point_id != 0)
		rc = phone_guard(db, bucket, customer_id, event->point_id, &arena,
		    &reach.index, err);
	if (rc == STW_OK && event->household)
		rc = household_lock(
		    db, bucket, customer_id, &arena, &reach.household, err);
	if (rc == STW_OK)
		rc = permission_lock(db, bucket, customer_id, &effect.epoch, err);
	if (rc == STW_OK)
		rc = objection_insert(
		    db, bucket, customer_id, event, &reach, now, &effect.added, err);
	if (rc == STW_OK && effect.added && event->effective_at <= now)
		rc = end_all(db, bucket, customer_id, event, &reach, now, &ended, err);
	if (rc == STW_OK && effect.added)
		rc = objection_log(db, bucket, customer_id, event, &reach, now, err);
	if (rc == STW_OK && effect.added)
		rc = withdrawal_write(db, bucket, &event->id, customer_id, "objection",
		    &ended, now, &effect, err);
	if (rc == STW_OK)
		*out = effect;
	arena_fini(&arena);
	return rc;
}

enum stw_code
objection_lift(struct db *db, int bucket, int64_t customer_id, const struct uuid *id,
    const char *evidence, const char *actor, stw_usec now, struct stw_err *err)
{
	char text[UUID_TEXT], customer[COMMITMENT_HEX];
	const struct db_param params[] = {db_i64(bucket),
	    db_text(uuid_format(id, text)), db_i64(customer_id), db_usec(now),
	    db_text(actor), db_text(evidence)};
	const struct entry_field fields[] = {ENTRY_TEXT("customer_hmac", customer),
	    ENTRY_TEXT("actor", actor), ENTRY_TEXT("evidence", evidence)};
	struct db_rows *rows = NULL;
	struct buf entry;
	int64_t epoch;
	enum stw_code rc = permission_lock(db, bucket, customer_id, &epoch, err);

	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_OBJECTION_LIFT, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0) {
		rc = db_query_one(db, DB_Q_OBJECTION_FIND, params, 3, NULL, err);
		if (rc == STW_OK)
			rc = stw_fail(
			    err, STW_CONFLICT, "objection %s was lifted before", text);
		else if (rc == STW_NOT_FOUND)
			(void)stw_fail(err, STW_NOT_FOUND,
			    "the customer has no objection %s", text);
	}
	db_rows_free(rows);
	if (rc == STW_OK)
		rc = commit_customer(db, bucket, customer_id, text, customer, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write(
	    "objection_lifted", text, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, bucket, "objection_lifted", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

enum stw_code
objection_list(struct db *db, int bucket, int64_t customer_id, struct arena *arena,
    struct objection_row **out, int *count, struct stw_err *err)
{
	const struct db_param who[] = {db_i64(bucket), db_i64(customer_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_OBJECTION_LIST, who, DB_NPARAMS(who), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct objection_row *o = &(*out)[r];

		o->id = db_get_text(rows, r, 0, arena);
		o->kind = db_get_text(rows, r, 1, arena);
		o->channel = db_get_text(rows, r, 2, arena);
		o->scope = db_get_text(rows, r, 3, arena);
		o->source = db_get_text(rows, r, 4, arena);
		o->actor = db_get_text(rows, r, 5, arena);
		o->cause = db_get_text(rows, r, 6, arena);
		o->phone_mask = db_get_text(rows, r, 7, arena);
		o->household = db_get_text(rows, r, 8, arena);
		o->lifted_by = db_get_text(rows, r, 9, arena);
		o->lift_evidence = db_get_text(rows, r, 10, arena);
		o->own = db_get_bool(rows, r, 11);
		o->effective_at = db_get_usec(rows, r, 12);
		o->recorded_at = db_get_usec(rows, r, 13);
		o->lifted_at =
		    db_is_null(rows, r, 14) ? STW_USEC_MAX : db_get_usec(rows, r, 14);
	}
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
carrier_cause_find(
    struct db *db, const char *cause, enum carrier_effect *out, struct stw_err *err)
{
	const struct db_param params[] = {db_text(cause)};
	struct db_rows *rows = NULL;
	struct str effect;
	enum stw_code rc;

	*out = CARRIER_NONE;
	rc = db_query_one(
	    db, DB_Q_CARRIER_CAUSE_GET, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_NOT_FOUND)
		rc = stw_fail(err, STW_INVALID,
		    "carrier_cause '%s' is not known; GET /v1/carrier-causes lists those that are",
		    cause);
	if (rc == STW_OK) {
		effect = db_get_str(rows, 0, 0);
		if (str_eq_c(effect, "reject_list"))
			*out = CARRIER_REJECT_LIST;
		else if (str_eq_c(effect, "refusal"))
			*out = CARRIER_REFUSAL;
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
carrier_cause_list(struct db *db, struct arena *arena, struct carrier_cause **out,
    int *count, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_CARRIER_CAUSE_LIST, NULL, 0, &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[r] = (struct carrier_cause){db_get_text(rows, r, 0, arena),
		    db_get_text(rows, r, 1, arena), db_get_text(rows, r, 2, arena),
		    db_get_text(rows, r, 3, arena), db_get_text(rows, r, 4, arena),
		    db_get_text(rows, r, 5, arena)};
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
carrier_cause_put(struct db *db, const struct carrier_cause *c, const char *actor,
    stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_text(c->cause), db_text(c->effect),
	    db_text(c->text_zh), db_text(c->text_en), db_text(c->source),
	    db_text(actor), db_usec(now)};
	const struct entry_field fields[] = {ENTRY_TEXT("effect", c->effect),
	    ENTRY_TEXT("source", c->source), ENTRY_TEXT("actor", actor)};
	struct buf entry;
	enum stw_code rc;

	if (strspn(c->cause, "abcdefghijklmnopqrstuvwxyz0123456789_.-") !=
		strlen(c->cause) ||
	    c->cause[0] == '\0' || strlen(c->cause) > 40)
		return stw_fail(err, STW_INVALID,
		    "a cause is a word of a-z, 0-9, '-', '_' and '.', as sip-608");
	if (strcmp(c->effect, "none") != 0 && strcmp(c->effect, "refusal") != 0 &&
	    strcmp(c->effect, "reject_list") != 0)
		return stw_fail(err, STW_INVALID,
		    "effect '%s': none, refusal or reject_list is wanted", c->effect);
	rc =
	    db_query(db, DB_Q_CARRIER_CAUSE_PUT, params, DB_NPARAMS(params), NULL, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write(
	    "carrier_cause", c->cause, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "carrier_cause", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}
