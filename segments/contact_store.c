#include "segments/contact_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/commitment.h"
#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/uuid.h"

static const char *const states[] = {"unverified", "verified", "failed", "reassigned"};
/* "feed" is what the database says when nobody said how. */
static const char *const hows[] = {
    "call", "sms_code", "branch", "document", "carrier", "letter", "other"};

/* The word of the list, NULL when it is none. */
static const char *
word_of(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return words[i];
	return NULL;
}

static enum stw_code
check_change(const struct contact_change *change, struct stw_err *err)
{
	if (word_of(states, STW_ARRAY_LEN(states), change->state) == NULL)
		return stw_fail(err, STW_INVALID,
		    "state: unverified, verified, failed or reassigned is wanted");
	if (word_of(hows, STW_ARRAY_LEN(hows), change->how) == NULL)
		return stw_fail(err, STW_INVALID,
		    "how: call, sms_code, branch, document, carrier, letter or other is "
		    "wanted");
	if (change->evidence != NULL && strlen(change->evidence) > 200)
		return stw_fail(err, STW_INVALID,
		    "evidence: a reference of at most 200 bytes is wanted");
	return STW_OK;
}

static enum stw_code
log_change(struct db *db, int bucket, int64_t customer_id, int64_t point_id,
    const struct contact_change *change, const char *before, stw_usec now,
    struct stw_err *err)
{
	char id[UUID_TEXT], customer[24], point[24];
	struct commit_field commit[] = {
	    {.name = "customer", .value = customer}, {.name = "point", .value = point}};
	const struct entry_field fields[] = {ENTRY_TEXT("actor", change->actor),
	    ENTRY_TEXT("customer_hmac", commit[0].hex), ENTRY_TEXT("from", before),
	    ENTRY_TEXT("how", change->how), ENTRY_TEXT("point_hmac", commit[1].hex),
	    ENTRY_TEXT("to", change->state)};
	/* Its own: by the point's all entries about the point could be told together. */
	struct uuid own = uuid_new(now);
	struct buf entry;
	enum stw_code rc;

	(void)snprintf(customer, sizeof customer, "%" PRId64, customer_id);
	(void)snprintf(point, sizeof point, "%" PRId64, point_id);
	rc = commit_fields(db, bucket, customer_id, uuid_format(&own, id), commit,
	    STW_ARRAY_LEN(commit), err);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write(
	    "contact_point", id, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, bucket, "contact_point", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

enum stw_code
contact_record(struct db *db, int bucket, int64_t customer_id, int64_t point_id,
    const struct contact_change *change, stw_usec now, const char **before,
    struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id),
	    db_i64(point_id), db_text(change->state), db_text(change->how),
	    db_text(change->actor), db_text(change->evidence), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc = check_change(change, err);

	*before = NULL;
	if (rc != STW_OK)
		return rc;
	rc = db_query_one(
	    db, DB_Q_POINT_STATE_SET, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_NOT_FOUND)
		return stw_fail(err, STW_NOT_FOUND,
		    "contact point %" PRId64 " is not the customer's", point_id);
	if (rc == STW_OK) {
		*before =
		    word_of(states, STW_ARRAY_LEN(states), db_get_str(rows, 0, 0).ptr);
		STW_ASSERT(*before != NULL);
		rc = log_change(
		    db, bucket, customer_id, point_id, change, *before, now, err);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
contact_history(struct db *db, int bucket, int64_t customer_id, int64_t point_id,
    struct arena *arena, struct contact_event **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(bucket), db_i64(customer_id), db_i64(point_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*count = 0;
	*out = NULL;
	rc = db_query(db, DB_Q_POINT_EVENTS, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[(*count)++] = (struct contact_event){
		    .from = db_get_text(rows, r, 0, arena),
		    .to = db_get_text(rows, r, 1, arena),
		    .how = db_get_text(rows, r, 2, arena),
		    .actor = db_get_text(rows, r, 3, arena),
		    .evidence = db_get_text(rows, r, 4, arena),
		    .at = db_get_usec(rows, r, 5),
		    .of_primary = !db_is_null(rows, r, 6),
		    .primary = !db_is_null(rows, r, 6) && db_get_bool(rows, r, 6),
		};
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
contact_sharers(struct db *db, int bucket, int64_t customer_id, int64_t point_id,
    int limit, struct arena *arena, struct contact_sharer **out, int *count, int *total,
    struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(bucket), db_i64(customer_id), db_i64(point_id), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*count = *total = 0;
	*out = NULL;
	rc = db_query(db, DB_Q_POINT_SHARERS, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		(*out)[(*count)++] = (struct contact_sharer){
		    .ref = db_get_text(rows, r, 0, arena),
		    .name_mask = db_get_text(rows, r, 1, arena),
		    .state = db_get_text(rows, r, 2, arena),
		    .same_household = db_get_bool(rows, r, 3),
		};
		*total = (int)db_get_i64(rows, r, 4);
	}
	db_rows_free(rows);
	return STW_OK;
}
