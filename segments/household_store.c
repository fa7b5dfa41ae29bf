#include "segments/household_store.h"

#include <string.h>

#include "db/commitment.h"
#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/uuid.h"

static const char *const roles[] = {"head", "spouse", "child", "parent", "member"};

enum action { DECLARE = 0, CONFIRM, REJECT, LEAVE, ACTIONS };
static const char *const actions[ACTIONS] = {"declare", "confirm", "reject", "leave"};

static enum stw_code
check_change(
    const struct household_change *change, enum action *action, struct stw_err *err)
{
	size_t len = strlen(change->household);
	bool role = change->role == NULL;

	for (*action = DECLARE; *action < ACTIONS; (*action)++)
		if (strcmp(actions[*action], change->action) == 0)
			break;
	for (size_t i = 0; i < STW_ARRAY_LEN(roles) && !role; i++)
		role = strcmp(roles[i], change->role) == 0;
	if (*action == ACTIONS)
		return stw_fail(err, STW_INVALID,
		    "action: declare, confirm, reject or leave is wanted");
	if (!role)
		return stw_fail(err, STW_INVALID,
		    "role: head, spouse, child, parent or member is wanted");
	if (len < 1 || len > 64)
		return stw_fail(err, STW_INVALID,
		    "household: a reference of 1 to 64 bytes is wanted");
	return STW_OK;
}

/* Which household stays out of the ledger: entries hold no reference of the bank's. */
static enum stw_code
log_change(struct db *db, int bucket, int64_t customer_id,
    const struct household_change *change, stw_usec now, struct stw_err *err)
{
	char id[UUID_TEXT], customer[COMMITMENT_HEX];
	const struct entry_field fields[] = {ENTRY_TEXT("action", change->action),
	    ENTRY_TEXT("actor", change->actor), ENTRY_TEXT("customer_hmac", customer)};
	/* Its own: by the customer's all entries about the customer could be told together. */
	struct uuid own = uuid_new(now);
	struct buf entry;
	enum stw_code rc = commit_customer(
	    db, bucket, customer_id, uuid_format(&own, id), customer, err);

	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write("household", id, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, bucket, "household", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

/* Leaves the household named, or all others but it. */
static enum stw_code
leave(struct db *db, int bucket, int64_t customer_id,
    const struct household_change *change, bool others, stw_usec now, int *left,
    struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id),
	    db_text(change->household), db_bool(others), db_text(change->actor),
	    db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_HOUSEHOLD_LEAVE, params, DB_NPARAMS(params), &rows, err);

	*left = rc == STW_OK ? db_rows_count(rows) : 0;
	db_rows_free(rows);
	return rc;
}

static enum stw_code
settle(struct db *db, int bucket, int64_t customer_id,
    const struct household_change *change, const char *state, stw_usec now,
    struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id),
	    db_text(change->household), db_text(state), db_text(change->actor),
	    db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(
	    db, DB_Q_HOUSEHOLD_SETTLE, params, DB_NPARAMS(params), &rows, err);

	db_rows_free(rows);
	if (rc == STW_NOT_FOUND)
		return stw_fail(
		    err, STW_NOT_FOUND, "no such suggestion is open for this customer");
	return rc;
}

static enum stw_code
declare(struct db *db, int bucket, int64_t customer_id,
    const struct household_change *change, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id),
	    db_text(change->household),
	    db_text(change->role != NULL ? change->role : "member"),
	    db_text(change->actor), db_usec(now)};

	return db_query(
	    db, DB_Q_HOUSEHOLD_DECLARE, params, DB_NPARAMS(params), NULL, err);
}

enum stw_code
household_record(struct db *db, int bucket, int64_t customer_id,
    const struct household_change *change, stw_usec now, struct stw_err *err)
{
	enum action action;
	enum stw_code rc = check_change(change, &action, err);
	int left;

	if (rc == STW_OK && (action == DECLARE || action == CONFIRM))
		rc = leave(db, bucket, customer_id, change, true, now, &left, err);
	if (rc != STW_OK)
		return rc;
	switch (action) {
	case DECLARE:
		rc = declare(db, bucket, customer_id, change, now, err);
		break;
	case CONFIRM:
		rc = settle(db, bucket, customer_id, change, "member", now, err);
		break;
	case REJECT:
		rc = settle(db, bucket, customer_id, change, "rejected", now, err);
		break;
	case LEAVE:
		rc = leave(db, bucket, customer_id, change, false, now, &left, err);
		if (rc == STW_OK && left == 0)
			rc = stw_fail(err, STW_NOT_FOUND,
			    "the customer does not belong to this household");
		break;
	case ACTIONS:
		break;
	}
	if (rc == STW_OK)
		rc = log_change(db, bucket, customer_id, change, now, err);
	return rc;
}

enum stw_code
household_of(struct db *db, int bucket, int64_t customer_id, struct arena *arena,
    struct household_row **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_HOUSEHOLD_OF, params, DB_NPARAMS(params), &rows, err);

	*count = 0;
	*out = NULL;
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[(*count)++] = (struct household_row){
		    .household = db_get_text(rows, r, 0, arena),
		    .own_state = db_get_text(rows, r, 1, arena),
		    .ref = db_get_text(rows, r, 2, arena),
		    .name_mask = db_get_text(rows, r, 3, arena),
		    .role = db_get_text(rows, r, 4, arena),
		    .source = db_get_text(rows, r, 5, arena),
		    .state = db_get_text(rows, r, 6, arena),
		    .reason = db_get_text(rows, r, 7, arena),
		    .actor = db_get_text(rows, r, 8, arena),
		    .updated_at = db_get_usec(rows, r, 9),
		    .own = db_get_bool(rows, r, 10),
		};
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
household_open(struct db *db, const char *after, int limit, struct arena *arena,
    struct household_row **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(after == NULL ? "" : after), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_HOUSEHOLD_OPEN, params, DB_NPARAMS(params), &rows, err);

	*count = 0;
	*out = NULL;
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[(*count)++] = (struct household_row){
		    .household = db_get_text(rows, r, 0, arena),
		    .own_state = "suggested",
		    .ref = db_get_text(rows, r, 1, arena),
		    .name_mask = db_get_text(rows, r, 2, arena),
		    .role = db_get_text(rows, r, 3, arena),
		    .source = db_get_text(rows, r, 4, arena),
		    .state = db_get_text(rows, r, 5, arena),
		    .reason = db_get_text(rows, r, 6, arena),
		    .actor = db_get_text(rows, r, 7, arena),
		    .updated_at = db_get_usec(rows, r, 8),
		};
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
household_suggest(struct db *db, stw_usec now, int64_t *made, struct stw_err *err)
{
	const struct db_param params[] = {db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_HOUSEHOLD_SUGGEST, params, DB_NPARAMS(params), &rows, err);

	*made = rc == STW_OK ? db_rows_count(rows) : 0;
	db_rows_free(rows);
	return rc;
}
