#include "campaigns/queue_turn_store.h"

enum stw_code
queue_turn_take(struct db *db, int64_t queue_id, const char *holder, stw_usec hold,
    stw_usec pace, struct queue_turn *out, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(queue_id), db_text(holder), db_i64(hold + pace)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(
	    db, DB_Q_QUEUE_TURN_TAKE, params, DB_NPARAMS(params), &rows, err);

	*out = (struct queue_turn){.taken = false};
	if (rc == STW_OK)
		*out = (struct queue_turn){.taken = db_get_bool(rows, 0, 0),
		    .wait = db_get_i64(rows, 0, 1),
		    .held = db_get_bool(rows, 0, 2)};
	db_rows_free(rows);
	return rc;
}

enum stw_code
queue_turn_give(struct db *db, int64_t queue_id, const char *holder, stw_usec pace,
    struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(queue_id), db_text(holder), db_i64(pace)};

	return db_query(
	    db, DB_Q_QUEUE_TURN_GIVE, params, DB_NPARAMS(params), NULL, err);
}
