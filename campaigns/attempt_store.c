#include "campaigns/attempt_store.h"

#include <string.h>

/* Of a disposition or a refusal alone every attempt of the time has to be looked at. */
#define DISPOSITION_DAYS 31

static stw_usec
instant_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

static int
number_or_none(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? -1 : (int)db_get_i64(rows, r, col);
}

/* Columns as attempt_list.sql names them. */
static void
attempt_from(
    const struct db_rows *rows, int r, struct arena *arena, struct attempt *out)
{
	STW_ASSERT(uuid_parse(db_get_str(rows, r, 0), &out->id) == STW_OK);
	out->asked_at = db_get_usec(rows, r, 1);
	out->customer_ref = db_get_text(rows, r, 2, arena);
	out->phone_mask = db_get_text(rows, r, 3, arena);
	out->campaign = db_get_text(rows, r, 4, arena);
	out->campaign_version = (int)db_get_i64(rows, r, 5);
	out->task_id = db_get_text(rows, r, 6, arena);
	out->handler = db_get_text(rows, r, 7, arena);
	out->channel = db_get_text(rows, r, 8, arena);
	out->purpose = db_get_text(rows, r, 9, arena);
	out->agent = db_get_text(rows, r, 10, arena);
	out->number = db_get_text(rows, r, 11, arena);
	out->outcome = db_get_text(rows, r, 12, arena);
	out->primary_code = db_get_text(rows, r, 13, arena);
	out->codes = db_get_texts(rows, r, 14, &out->ncodes, arena);
	out->permit_id = db_get_text(rows, r, 15, arena);
	out->disposition = db_get_text(rows, r, 16, arena);
	out->reached = db_get_bool(rows, r, 17);
	out->reported_at = instant_or_never(rows, r, 18);
	out->dialled_at = instant_or_never(rows, r, 19);
	out->ended_at = instant_or_never(rows, r, 20);
	out->ring_sec = number_or_none(rows, r, 21);
	out->answered_by = db_get_text(rows, r, 22, arena);
	out->talk_sec = number_or_none(rows, r, 23);
	out->number_sent = db_get_text(rows, r, 24, arena);
	out->fate = db_get_text(rows, r, 25, arena);
	out->abandoned = db_is_null(rows, r, 26) ? -1 : db_get_bool(rows, r, 26);
	out->disclosures = db_get_texts(rows, r, 27, &out->ndisclosures, arena);
	out->opt_out = db_get_bool(rows, r, 28);
	out->product = db_get_text(rows, r, 29, arena);
	out->recording = db_get_text(rows, r, 30, arena);
	out->recording_sha256 = db_get_text(rows, r, 31, arena);
	out->retention_class = db_get_text(rows, r, 32, arena);
	out->wrapped_up = db_get_bool(rows, r, 33);
}

static enum stw_code
check(const struct attempt_filter *f, struct stw_err *err)
{
	bool narrow = f->index != NULL || f->customer_id != 0 || f->agent != NULL ||
		      f->campaign != NULL || f->number != NULL || f->code != NULL;

	bool refused = f->outcome != NULL && strcmp(f->outcome, "ALLOW") != 0;

	if ((f->disposition == NULL && !refused) || narrow ||
	    (f->from > STW_USEC_NEVER && f->to < STW_USEC_MAX &&
		f->to - f->from <= DISPOSITION_DAYS * STW_USEC_DAY))
		return STW_OK;
	return stw_fail(err, STW_INVALID,
	    "disposition, outcome: with from and to at most %d days apart, or with a customer, "
	    "number, agent, campaign or reason",
	    DISPOSITION_DAYS);
}

static enum stw_code
select_rows(struct db *db, const struct attempt_filter *f, int limit,
    struct db_rows **rows, struct stw_err *err)
{
	char after[UUID_TEXT];
	bool paged = f->after_at != STW_USEC_MAX, phone = f->index != NULL;
	const struct db_param params[] = {db_usec(f->from), db_usec(f->to),
	    phone                 ? db_bytes(f->index, SEAL_INDEX_BYTES)
	    : f->customer_id != 0 ? db_i64(f->bucket)
				  : db_null(),
	    phone                 ? f->index_before != NULL
					? db_bytes(f->index_before, SEAL_INDEX_BYTES)
					: db_null()
			    : f->customer_id != 0 ? db_i64(f->customer_id)
				  : db_null(),
	    db_text(f->agent), db_text(f->campaign), db_text(f->number),
	    db_text(f->code), db_text(f->outcome), db_text(f->disposition),
	    paged ? db_usec(f->after_at) : db_null(),
	    paged ? db_text(uuid_format(&f->after_id, after)) : db_null(),
	    db_i64(limit)};
	enum stw_code rc = db_script(db,
	    "SET LOCAL plan_cache_mode = force_custom_plan; "
	    "SET LOCAL join_collapse_limit = 16; SET LOCAL from_collapse_limit = 16",
	    err);

	if (rc != STW_OK)
		return rc;
	return db_query(db, phone ? DB_Q_ATTEMPT_LIST_PHONE : DB_Q_ATTEMPT_LIST, params,
	    DB_NPARAMS(params), rows, err);
}

enum stw_code
attempt_list(struct db *db, const struct attempt_filter *filter, int limit,
    struct arena *arena, struct attempt **out, int *count, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = check(filter, err);

	*count = 0;
	if (rc == STW_OK)
		rc = db_begin_snapshot(db, err);
	if (rc != STW_OK)
		return rc;
	rc = select_rows(db, filter, limit, &rows, err);
	if (rc == STW_OK) {
		*count = db_rows_count(rows);
		*out = arena_array(arena, (size_t)*count, sizeof **out);
		DB_ROW_FOREACH(rows, r)
			attempt_from(rows, r, arena, &(*out)[r]);
	}
	db_rows_free(rows);
	db_rollback(db);
	return rc;
}

enum stw_code
attempt_get(struct db *db, const struct uuid *id, struct arena *arena,
    struct attempt *out, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {
	    db_i64(uuid_bucket(id)), db_text(uuid_format(id, text))};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query_one(db, DB_Q_ATTEMPT_GET, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, rc, "there is no dial attempt %s", text);
	if (rc == STW_OK)
		attempt_from(rows, 0, arena, out);
	db_rows_free(rows);
	return rc;
}
