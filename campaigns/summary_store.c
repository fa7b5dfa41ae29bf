#include "campaigns/summary_store.h"

enum stw_code
compliance_summary(struct db *db, stw_usec from, stw_usec to, stw_usec now,
    struct arena *arena, struct summary_row **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_usec(from), db_usec(to), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_COMPLIANCE_SUMMARY, params, DB_NPARAMS(params), &rows, err);

	*count = rc == STW_OK ? db_rows_count(rows) : 0;
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	for (int r = 0; r < *count; r++)
		(*out)[r] =
		    (struct summary_row){.section = db_get_text(rows, r, 0, arena),
			.key = db_get_text(rows, r, 1, arena),
			.count = db_get_i64(rows, r, 2),
			.of = db_is_null(rows, r, 3) ? -1 : db_get_i64(rows, r, 3)};
	db_rows_free(rows);
	return rc;
}
