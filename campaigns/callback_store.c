#include "campaigns/callback_store.h"

enum stw_code
callback_list(struct db *db, const struct callback_filter *f, int limit, stw_usec now,
    struct arena *arena, struct callback **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(f->queue), db_text(f->agent),
	    db_text(f->state), db_usec(now),
	    f->after_id == NULL ? db_null() : db_usec(f->after), db_text(f->after_id),
	    db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_CALLBACK_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK) {
		*count = db_rows_count(rows);
		*out = arena_array(arena, (size_t)*count, sizeof **out);
		DB_ROW_FOREACH(rows, r)
			(*out)[r] =
			    (struct callback){.task_id = db_get_text(rows, r, 0, arena),
				.customer_ref = db_get_text(rows, r, 1, arena),
				.queue = db_get_text(rows, r, 2, arena),
				.agent = db_get_text(rows, r, 3, arena),
				.at = db_get_usec(rows, r, 4),
				.until = db_get_usec(rows, r, 5),
				.task_state = db_get_text(rows, r, 6, arena),
				.state = db_get_text(rows, r, 7, arena)};
	}
	db_rows_free(rows);
	return rc;
}
