#include "campaigns/number_use_store.h"

#include <stdlib.h>

enum stw_code
number_lock(struct db *db, const char *pool, struct stw_err *err)
{
	const struct str one = str_of(pool);

	return number_lock_pools(db, &one, 1, err);
}

enum stw_code
number_lock_pools(
    struct db *db, const struct str *pools, size_t count, struct stw_err *err)
{
	const struct db_param params[] = {db_texts(pools, count)};

	return db_later(db, DB_Q_NUMBER_LOCK, params, DB_NPARAMS(params), err);
}

enum stw_code
number_lock_own(struct db *db, int64_t number_id, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(number_id)};

	return db_later(db, DB_Q_NUMBER_LOCK_ONE, params, DB_NPARAMS(params), err);
}

enum stw_code
number_reserve(struct db *db, const struct number_contact *c, stw_usec now,
    stw_usec expires, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param params[] = {db_text(uuid_format(&c->task_id, id)),
	    db_i64(c->number_id), db_text(c->purpose), db_usec(now), db_usec(expires)};

	return db_later(db, DB_Q_NUMBER_HOLD_PUT, params, DB_NPARAMS(params), err);
}

enum stw_code
number_release(struct db *db, const struct uuid *task_id, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param params[] = {db_text(uuid_format(task_id, id))};

	return db_later(db, DB_Q_NUMBER_HOLD_RELEASE, params, DB_NPARAMS(params), err);
}

enum stw_code
number_commit(
    struct db *db, const struct number_contact *c, stw_usec now, struct stw_err *err)
{
	const struct db_param use[] = {db_i64(c->number_id),
	    db_usec(now - now % STW_USEC_HOUR), db_text(c->purpose),
	    db_i64(c->campaign_id)};
	const struct db_param seen[] = {db_i64(c->bucket), db_i64(c->customer_id),
	    db_text(c->pool), db_i64(c->number_id), db_usec(now)};
	enum stw_code rc = number_release(db, &c->task_id, err);

	if (rc == STW_OK)
		rc = db_later(db, DB_Q_NUMBER_USE_ADD, use, DB_NPARAMS(use), err);
	if (rc == STW_OK)
		rc = db_later(db, DB_Q_NUMBER_SEEN_PUT, seen, DB_NPARAMS(seen), err);
	return rc;
}

enum stw_code
number_sweep(struct db *db, stw_usec now, int64_t *gone, struct stw_err *err)
{
	const struct db_param params[] = {db_usec(now)};

	return db_exec(
	    db, DB_Q_NUMBER_HOLD_SWEEP, params, DB_NPARAMS(params), gone, err);
}

enum stw_code
number_seen(struct db *db, int bucket, const char *pool, const int64_t *ids,
    size_t count, int64_t *out, struct stw_err *err)
{
	int64_t *buckets = stw_xalloc((count + 1) * sizeof *buckets);
	enum stw_code rc;

	for (size_t i = 0; i < count; i++)
		buckets[i] = bucket;
	rc = number_seen_many(db, pool, buckets, ids, count, out, err);
	free(buckets);
	return rc;
}

enum stw_code
number_seen_many(struct db *db, const char *pool, const int64_t *buckets,
    const int64_t *ids, size_t count, int64_t *out, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64s(buckets, count), db_i64s(ids, count), db_text(pool)};
	struct db_rows *rows = NULL;
	int r = 0;
	enum stw_code rc =
	    db_query(db, DB_Q_NUMBER_SEEN_LIST, params, DB_NPARAMS(params), &rows, err);

	for (size_t i = 0; rc == STW_OK && i < count; i++) {
		while (r < db_rows_count(rows) && db_get_i64(rows, r, 0) < ids[i])
			r++;
		out[i] = r < db_rows_count(rows) && db_get_i64(rows, r, 0) == ids[i]
			     ? db_get_i64(rows, r, 1)
			     : 0;
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
number_tally(struct db *db, int bucket, const char *permit, bool answered,
    bool complaint, stw_usec now, struct stw_err *err)
{
	const struct db_param key[] = {db_i64(bucket), db_text(permit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_PERMIT_NUMBER, key, DB_NPARAMS(key), &rows, err);

	if (rc == STW_OK && db_rows_count(rows) == 1) {
		const struct db_param params[] = {db_i64(db_get_i64(rows, 0, 0)),
		    db_usec(now - now % STW_USEC_HOUR), db_i64(1), db_i64(answered),
		    db_i64(complaint)};

		rc = db_query(
		    db, DB_Q_NUMBER_TALLY_ADD, params, DB_NPARAMS(params), NULL, err);
	}
	db_rows_free(rows);
	return rc;
}
