#include "campaigns/risk_assessment_store.h"

enum stw_code
risk_assessment_add(struct db *db, int bucket, int64_t customer_id,
    const struct risk_assessment *a, const char *actor, stw_usec now, bool *known,
    struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id),
	    db_text(a->reference), db_usec(a->assessed_at), db_i64(a->rating),
	    db_text(a->questionnaire), db_bool(a->staff_device),
	    db_bool(a->self_completed), db_usec(now), db_text(actor)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*known = false;
	if (a->rating < 1 || a->rating > 5)
		return stw_fail(err, STW_INVALID, "rating: 1 to 5 is wanted");
	if (a->assessed_at > now)
		return stw_fail(err, STW_INVALID, "assessed_at: lies in the future");
	rc = db_query(
	    db, DB_Q_RISK_ASSESSMENT_INSERT, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "another assessment of that reference is on file");
	if (rc == STW_OK)
		*known = db_get_bool(rows, 0, 0);
	db_rows_free(rows);
	return rc;
}

enum stw_code
risk_assessment_list(struct db *db, int bucket, int64_t customer_id,
    struct arena *arena, struct risk_assessment **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_RISK_ASSESSMENT_LIST, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct risk_assessment *a = &(*out)[r];

		a->reference = db_get_text(rows, r, 0, arena);
		a->assessed_at = db_get_usec(rows, r, 1);
		a->rating = (int)db_get_i64(rows, r, 2);
		a->questionnaire = db_get_text(rows, r, 3, arena);
		a->staff_device = db_get_bool(rows, r, 4);
		a->self_completed = db_get_bool(rows, r, 5);
		a->recorded_at = db_get_usec(rows, r, 6);
		a->recorded_by = db_get_text(rows, r, 7, arena);
	}
	db_rows_free(rows);
	return STW_OK;
}
