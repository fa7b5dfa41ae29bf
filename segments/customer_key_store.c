#include "segments/customer_key_store.h"

#include <sodium.h>

enum stw_code
customer_key_load(struct db *db, const struct seal_keys *keys, int bucket,
    int64_t customer_id, struct seal_customer *out, struct stw_err *err)
{
	const struct db_param who[] = {db_i64(bucket), db_i64(customer_id)};
	struct db_rows *rows = NULL;
	struct arena arena;
	struct buf wrapped;
	enum stw_code rc;

	arena_init(&arena);
	buf_init(&wrapped);
	rc = db_query_one(db, DB_Q_CUSTOMER_KEY_GET, who, DB_NPARAMS(who), &rows, err);
	if (rc == STW_NOT_FOUND && customer_id == 0) {
		struct seal_customer made;

		seal_customer_new(keys, 0, &made, &wrapped);
		sodium_memzero(&made, sizeof made);
		const struct db_param put[] = {db_bytes(wrapped.data, wrapped.len)};

		rc = db_query(db, DB_Q_INSTALLATION_KEY_PUT, put, 1, NULL, err);
		/* Whoever was first: theirs is the key. */
		if (rc == STW_OK)
			rc = db_query_one(db, DB_Q_CUSTOMER_KEY_GET, who,
			    DB_NPARAMS(who), &rows, err);
	}
	if (rc == STW_OK)
		rc = seal_customer_open(
		    keys, customer_id, db_get_bytes(rows, 0, 0, &arena), out, err);
	db_rows_free(rows);
	buf_fini(&wrapped);
	arena_fini(&arena);
	return rc;
}
