#include "campaigns/task_remote_store.h"

#include <sodium.h>

#include "engine/log.h"

static struct str
id_text(const struct uuid *id, struct arena *arena)
{
	char *text = arena_alloc(arena, UUID_TEXT);

	return str_of(uuid_format(id, text));
}

enum stw_code
task_remotes_put(struct db *db, const struct task_ending *endings, size_t n,
    stw_usec now, struct arena *arena, struct stw_err *err)
{
	int64_t *buckets = arena_array(arena, n, sizeof *buckets);
	struct str *ids = arena_array(arena, n, sizeof *ids);
	struct str *remotes = arena_array(arena, n, sizeof *remotes);
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (endings[i].remote_id == NULL)
			continue;
		buckets[count] = endings[i].claim.bucket;
		ids[count] = id_text(&endings[i].claim.task_id, arena);
		remotes[count++] = str_of(endings[i].remote_id);
	}
	if (count == 0)
		return STW_OK;
	const struct db_param params[] = {db_i64s(buckets, count), db_texts(ids, count),
	    db_texts(remotes, count), db_usec(now)};

	return db_query(
	    db, DB_Q_TASK_REMOTE_PUT, params, DB_NPARAMS(params), NULL, err);
}

static enum stw_code
number_open(const struct seal_keys *keys, const struct db_rows *rows, int r,
    struct arena *arena, char **out, struct stw_err *err)
{
	int64_t customer_id = db_get_i64(rows, r, 1);
	struct seal_customer key;
	struct buf plain;
	enum stw_code rc = seal_customer_open(
	    keys, customer_id, db_get_bytes(rows, r, 3, arena), &key, err);

	if (rc != STW_OK)
		return rc;
	buf_init(&plain);
	rc = seal_open(&key, customer_id, "contact_point.phone",
	    db_get_bytes(rows, r, 2, arena), &plain, err);
	if (rc == STW_OK)
		*out = arena_strndup(arena, plain.data, plain.len);
	if (plain.len > 0)
		sodium_memzero(plain.data, plain.len);
	sodium_memzero(&key, sizeof key);
	buf_fini(&plain);
	return rc;
}

enum stw_code
task_phones(struct db *db, const struct seal_keys *keys,
    const struct task_claim *claims, size_t n, struct arena *arena, char **out,
    struct stw_err *err)
{
	int64_t *buckets = arena_array(arena, n, sizeof *buckets);
	struct str *ids = arena_array(arena, n, sizeof *ids);
	struct db_rows *rows = NULL;
	enum stw_code rc;

	for (size_t i = 0; i < n; i++) {
		buckets[i] = claims[i].bucket;
		ids[i] = id_text(&claims[i].task_id, arena);
		out[i] = NULL;
	}
	const struct db_param params[] = {db_i64s(buckets, n), db_texts(ids, n)};

	rc = db_query(db, DB_Q_TASK_PHONES, params, DB_NPARAMS(params), &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++)
		for (size_t i = 0; i < n; i++)
			if (str_eq(db_get_str(rows, r, 0), ids[i]) &&
			    number_open(keys, rows, r, arena, &out[i], err) != STW_OK) {
				log_err(LOG_ERROR, "number_open", err);
				out[i] = NULL;
			}
	db_rows_free(rows);
	return rc;
}
