/* The numbers of a batch before it is put: their pairs of hashes while the index key is
 * exchanged, and the list of those who must not be called. */
#include <string.h>

#include <sodium.h>

#include "segments/import_write_store.h"

#define HASH_HEX (2 * SEAL_INDEX_BYTES)

/* One number of one row. */
struct number {
	const struct import_who *who;
	const struct phone *phone;
};

struct numbers {
	struct number *items;
	size_t count;
};

static bool
makes_points(enum import_target target)
{
	return target == IMPORT_CUSTOMER || target == IMPORT_CONTACT_POINT;
}

static void
numbers_collect(
    const struct import_write *write, struct import_batch *batch, struct numbers *out)
{
	const struct import_target_def *def = write->file->def;
	int columns[IMPORT_MAX_COLUMNS], ncolumns = 0;

	for (int i = 0; def->columns[i].name != NULL; i++)
		if (def->columns[i].type == IMPORT_PHONE)
			columns[ncolumns++] = i;
	out->count = 0;
	out->items = arena_array(
	    &batch->arena, batch->count * (size_t)ncolumns, sizeof *out->items);
	for (size_t r = 0; r < batch->count; r++) {
		const struct import_batch_row *row = &batch->rows[r];

		for (int k = 0; k < ncolumns && !row->dropped; k++) {
			const struct phone *phone = row->cells[columns[k]].phone;

			if (phone != NULL)
				out->items[out->count++] =
				    (struct number){&batch->who[row->who], phone};
		}
	}
}

static struct str
hash_hex(struct arena *arena, const unsigned char hash[SEAL_INDEX_BYTES])
{
	char *to = arena_alloc(arena, HASH_HEX + 1);

	(void)sodium_bin2hex(to, HASH_HEX + 1, hash, SEAL_INDEX_BYTES);
	return (struct str){to, HASH_HEX};
}

static struct str
index_hex(const struct import_write *write, int version, const struct number *n,
    struct arena *arena)
{
	unsigned char hash[SEAL_INDEX_BYTES];

	seal_index(write->keys, version, str_of(n->phone->e164), hash);
	return hash_hex(arena, hash);
}

/* While the index key is exchanged, a number's two hashes are on record before anything
 * is stored under the new one; and a number that the customer has already is known by the
 * new one, so that it is not stored twice. */
static enum stw_code
pairs_put(const struct import_write *write, const struct numbers *numbers,
    struct arena *arena, struct stw_err *err)
{
	size_t n = numbers->count;
	struct str *old = arena_array(arena, n, sizeof *old);
	struct str *new = arena_array(arena, n, sizeof *new);
	int64_t *buckets = arena_array(arena, n, sizeof *buckets);
	int64_t *ids = arena_array(arena, n, sizeof *ids);
	enum stw_code rc;

	for (size_t i = 0; i < n; i++) {
		const struct number *it = &numbers->items[i];

		old[i] = index_hex(write, write->index.before, it, arena);
		new[i] = index_hex(write, write->index.now, it, arena);
		buckets[i] = it->who->bucket;
		ids[i] = it->who->id;
	}
	const struct db_param pairs[] = {db_texts(old, n), db_texts(new, n)};
	const struct db_param points[] = {db_i64s(buckets, n), db_i64s(ids, n)};

	rc = db_query(
	    write->db, DB_Q_INDEX_MOVE_ADD, pairs, DB_NPARAMS(pairs), NULL, err);
	if (rc == STW_OK)
		rc = db_query(write->db, DB_Q_IMPORT_INDEX_POINTS, points,
		    DB_NPARAMS(points), NULL, err);
	return rc;
}

static enum stw_code
suppression_any(struct db *db, bool *any, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query_one(db, DB_Q_IMPORT_SUPPRESSION_ANY, NULL, 0, &rows, err);

	*any = rc == STW_OK && db_get_bool(rows, 0, 0);
	db_rows_free(rows);
	return rc;
}

/* The list's entries may be of any version that the file has: the numbers behind them are
 * not known any more, so they cannot be hashed anew. */
static enum stw_code
suppress(const struct import_write *write, const struct numbers *numbers, int version,
    struct arena *arena, struct stw_err *err)
{
	size_t n = numbers->count;
	struct str *hashes = arena_array(arena, n, sizeof *hashes);
	struct str *indexes = arena_array(arena, n, sizeof *indexes);
	int64_t *buckets = arena_array(arena, n, sizeof *buckets);
	int64_t *ids = arena_array(arena, n, sizeof *ids);
	unsigned char hash[SEAL_INDEX_BYTES];

	for (size_t i = 0; i < n; i++) {
		const struct number *it = &numbers->items[i];

		seal_suppression(write->keys, version, str_of(it->phone->e164), hash);
		hashes[i] = hash_hex(arena, hash);
		indexes[i] = index_hex(write, write->index.now, it, arena);
		buckets[i] = it->who->bucket;
		ids[i] = it->who->id;
	}
	const struct db_param params[] = {db_i64s(buckets, n), db_i64s(ids, n),
	    db_texts(hashes, n), db_texts(indexes, n), db_usec(write->as_of)};

	return db_query(
	    write->db, DB_Q_IMPORT_SUPPRESS, params, DB_NPARAMS(params), NULL, err);
}

enum stw_code
import_batch_numbers(
    const struct import_write *write, struct import_batch *batch, struct stw_err *err)
{
	struct numbers numbers;
	bool any = false;
	enum stw_code rc = STW_OK;

	numbers_collect(write, batch, &numbers);
	if (numbers.count == 0)
		return STW_OK;
	if (write->index.before != 0)
		rc = pairs_put(write, &numbers, &batch->arena, err);
	if (rc == STW_OK && makes_points(write->file->target))
		rc = suppression_any(write->db, &any, err);
	for (int v = 1;
	     any && rc == STW_OK && v <= seal_keys_newest(write->keys, SEAL_SUPPRESS);
	     v++)
		if (seal_keys_has(write->keys, SEAL_SUPPRESS, v))
			rc = suppress(write, &numbers, v, &batch->arena, err);
	return rc;
}
