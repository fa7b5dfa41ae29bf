#include "segments/key_store.h"

#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "engine/log.h"
#include "segments/book.h"

#define BATCH      1000
#define HEX        (2 * SEAL_INDEX_BYTES + 1)
#define PAUSE_USEC 100000
/* Below the server's deadlock_timeout: in a tie it is the exchange that steps back. */
#define LOCK_MSEC 200
/* A bucket that is busy is looked at again this often. */
#define ROUNDS 50
/* No cap of any pack looks further back (campaigns/facts_store.c). */
#define COUNTS_KEPT (31 * STW_USEC_DAY)

/* ---- in force ------------------------------------------------------------------------ */
static enum stw_code
index_key_read(struct db *db, struct index_key *out, bool *empty, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(db, DB_Q_INDEX_KEY_GET, NULL, 0, &rows, err);

	*out = (struct index_key){0};
	*empty = false;
	if (rc == STW_OK) {
		out->now = (int)db_get_i64(rows, 0, 0);
		out->before = (int)db_get_i64(rows, 0, 1);
		*empty = db_get_bool(rows, 0, 2);
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
index_key_set(struct db *db, int version, int previous, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(version), previous == 0 ? db_null() : db_i64(previous)};

	return db_query(db, DB_Q_INDEX_KEY_SET, params, DB_NPARAMS(params), NULL, err);
}

static enum stw_code
index_key_there(const struct seal_keys *keys, int version, struct stw_err *err)
{
	if (version == 0 || seal_keys_has(keys, SEAL_INDEX, version))
		return STW_OK;
	return stw_fail(err, STW_INVALID,
	    "the database's numbers are hashed with index key %d, which is not in the key "
	    "file: is it that of this database?",
	    version);
}

enum stw_code
index_key_hold(struct db *db, const struct seal_keys *keys, struct index_key *out,
    struct stw_err *err)
{
	enum stw_code rc = db_query(db, DB_Q_INDEX_HOLD, NULL, 0, NULL, err);
	bool empty = false;

	if (rc == STW_OK)
		rc = index_key_read(db, out, &empty, err);
	if (rc == STW_OK && empty && out->before == 0 &&
	    !seal_keys_has(keys, SEAL_INDEX, out->now)) {
		out->now = seal_keys_newest(keys, SEAL_INDEX);
		rc = index_key_set(db, out->now, 0, err);
	}
	if (rc == STW_OK)
		rc = index_key_there(keys, out->now, err);
	if (rc == STW_OK)
		rc = index_key_there(keys, out->before, err);
	return rc;
}

enum stw_code
key_lock(struct db *db, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(db, DB_Q_KEY_LOCK, NULL, 0, &rows, err);

	if (rc == STW_OK && !db_get_bool(rows, 0, 0))
		rc = stw_fail(err, STW_CONFLICT,
		    "another `steward keys` is at work; try again when it has ended");
	db_rows_free(rows);
	return rc;
}

void
key_unlock(struct db *db)
{
	struct stw_err err;

	/* A broken connection has let go of the lock by itself. */
	if (db_query(db, DB_Q_KEY_UNLOCK, NULL, 0, NULL, &err) != STW_OK)
		log_err(LOG_WARN, "key_unlock_failed", &err);
}

/* ---- the wrapping key ------------------------------------------------------------------ */
enum stw_code
kek_used(struct db *db, struct arena *arena, struct kek_use **out, int *count,
    struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_KEY_KEK_USE, NULL, 0, &rows, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[(*count)++] = (struct kek_use){(int)db_get_i64(rows, r, 0),
		    db_get_i64(rows, r, 1), db_get_i64(rows, r, 2)};
	db_rows_free(rows);
	return STW_OK;
}

static struct str
hex_of(struct arena *arena, struct str bytes)
{
	size_t cap = 2 * bytes.len + 1;
	char *to = arena_alloc(arena, cap);

	(void)sodium_bin2hex(to, cap, (const unsigned char *)bytes.ptr, bytes.len);
	return (struct str){to, cap - 1};
}

/* The next keys of a bucket; *after moves on, and *more is false past the last. */
static enum stw_code
rewrap_batch(struct db *db, const struct seal_keys *keys, int bucket, int64_t *after,
    bool *more, int64_t *done, struct arena *arena, struct stw_err *err)
{
	const struct db_param next[] = {db_i64(bucket),
	    db_i64(seal_keys_newest(keys, SEAL_KEK)), db_i64(*after), db_i64(BATCH)};
	struct db_rows *rows = NULL;
	struct str *old, *new;
	struct buf wrapped;
	int64_t *ids, changed = 0;
	size_t n;
	enum stw_code rc;

	*more = false;
	rc = db_query(db, DB_Q_KEY_REWRAP_NEXT, next, DB_NPARAMS(next), &rows, err);
	if (rc != STW_OK || db_rows_count(rows) == 0) {
		db_rows_free(rows);
		return rc;
	}
	n = (size_t)db_rows_count(rows);
	ids = arena_array(arena, n, sizeof *ids);
	old = arena_array(arena, n, sizeof *old);
	new = arena_array(arena, n, sizeof *new);
	buf_init(&wrapped);
	for (size_t i = 0; i < n && rc == STW_OK; i++) {
		struct str was = db_get_bytes(rows, (int)i, 1, arena);

		ids[i] = db_get_i64(rows, (int)i, 0);
		buf_clear(&wrapped);
		rc = seal_customer_rewrap(keys, ids[i], was, &wrapped, err);
		old[i] = hex_of(arena, was);
		new[i] = hex_of(arena, (struct str){wrapped.data, wrapped.len});
	}
	buf_fini(&wrapped);
	db_rows_free(rows);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "a customer of bucket %d", bucket);
	const struct db_param put[] = {
	    db_i64(bucket), db_i64s(ids, n), db_texts(old, n), db_texts(new, n)};

	rc = db_exec(db, DB_Q_KEY_REWRAP_PUT, put, DB_NPARAMS(put), &changed, err);
	*done += changed;
	*after = ids[n - 1];
	*more = n == BATCH;
	return rc;
}

static int64_t
kek_old(const struct kek_use *uses, int count, int newest)
{
	int64_t old = 0;

	for (int i = 0; i < count; i++)
		if (uses[i].version != newest)
			old += uses[i].customers;
	return old;
}

enum stw_code
kek_rewrap(struct db *db, const struct seal_keys *keys, const struct progress *progress,
    int64_t *done, struct stw_err *err)
{
	struct kek_use *uses = NULL;
	struct arena arena;
	int64_t total;
	int count = 0;
	enum stw_code rc;

	*done = 0;
	arena_init(&arena);
	rc = kek_used(db, &arena, &uses, &count, err);
	total = kek_old(uses, count, seal_keys_newest(keys, SEAL_KEK));
	for (int bucket = 0; bucket < BOOK_BUCKETS && rc == STW_OK; bucket++) {
		bool more = true;

		for (int64_t after = -1; more && rc == STW_OK;) {
			arena_reset(&arena);
			rc = rewrap_batch(
			    db, keys, bucket, &after, &more, done, &arena, err);
			progress_tell(progress, "customer keys", *done, total);
		}
	}
	arena_fini(&arena);
	return rc;
}

/* ---- the index key --------------------------------------------------------------------- */
/* Waits for those that hold, in short bites: whoever comes meanwhile waits at most as
 * long as one of them. Inside a transaction of its own each. */
static enum stw_code
barrier(struct db *db, stw_usec wait_usec, struct stw_err *err)
{
	stw_usec until = stw_monotonic() + wait_usec;
	enum stw_code rc;

	for (;;) {
		rc = db_begin(db, err);
		if (rc == STW_OK)
			rc = db_query(db, DB_Q_INDEX_BARRIER, NULL, 0, NULL, err);
		if (rc == STW_OK)
			return STW_OK;
		db_rollback(db);
		if (rc != STW_TEMPFAIL || stw_monotonic() > until)
			return rc == STW_TEMPFAIL
				   ? stw_fail(err, rc,
					 "an import or another long piece of work is "
					 "writing numbers: go on with --resume when it "
					 "has ended")
				   : rc;
		(void)usleep(PAUSE_USEC);
	}
}

static enum stw_code
pairs_clear(struct db *db, struct stw_err *err)
{
	return db_query(db, DB_Q_INDEX_MOVE_CLEAR, NULL, 0, NULL, err);
}

static enum stw_code
begin_in_tx(struct db *db, const struct seal_keys *keys, struct stw_err *err)
{
	int newest = seal_keys_newest(keys, SEAL_INDEX);
	struct index_key key;
	bool empty;
	enum stw_code rc = index_key_read(db, &key, &empty, err);

	if (rc == STW_OK && key.before != 0)
		return stw_fail(err, STW_CONFLICT,
		    "the exchange of index key %d for %d is not over: run `steward keys "
		    "rotate index --resume`",
		    key.before, key.now);
	if (rc == STW_OK && key.now == newest)
		return STW_OK;
	if (rc == STW_OK)
		rc = index_key_there(keys, key.now, err);
	if (rc == STW_OK)
		rc = pairs_clear(db, err);
	if (rc == STW_OK)
		rc = index_key_set(db, newest, empty ? 0 : key.now, err);
	return rc;
}

enum stw_code
index_move_begin(struct db *db, const struct seal_keys *keys, stw_usec wait_usec,
    struct stw_err *err)
{
	enum stw_code rc = db_set_timeouts(db, DB_STATEMENT_MSEC, LOCK_MSEC, err);

	if (rc == STW_OK)
		rc = barrier(db, wait_usec, err);
	if (rc == STW_OK)
		rc = begin_in_tx(db, keys, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc != STW_OK)
		db_rollback(db);
	return rc;
}

struct move {
	struct db *db;
	const struct seal_keys *keys;
	struct index_key key;
	struct arena arena;
	struct buf plain;
	const struct progress *progress;
	stw_usec now;
	int64_t moved, total;
	bool busy; /* a bucket was left for the next round */
};

/* Both hashes of the number in row r, as hexadecimal; INVALID when the stored hash is that
 * of neither version. */
static enum stw_code
pair_make(struct move *m, const struct db_rows *rows, int r, int64_t customer_id,
    int col, struct str *old, struct str *new, struct stw_err *err)
{
	unsigned char was[SEAL_INDEX_BYTES], is[SEAL_INDEX_BYTES];
	struct str stored = db_get_bytes(rows, r, col, &m->arena), number;
	struct seal_customer customer;
	enum stw_code rc;

	buf_clear(&m->plain);
	rc = seal_customer_open(m->keys, customer_id,
	    db_get_bytes(rows, r, col + 2, &m->arena), &customer, err);
	if (rc == STW_OK)
		rc = seal_open(&customer, customer_id, "contact_point.phone",
		    db_get_bytes(rows, r, col + 1, &m->arena), &m->plain, err);
	sodium_memzero(&customer, sizeof customer);
	if (rc != STW_OK)
		return rc;
	number = (struct str){m->plain.data, m->plain.len};
	seal_index(m->keys, m->key.before, number, was);
	seal_index(m->keys, m->key.now, number, is);
	sodium_memzero(m->plain.data, m->plain.cap);
	if (stored.len != sizeof was || (memcmp(stored.ptr, was, sizeof was) != 0 &&
					    memcmp(stored.ptr, is, sizeof is) != 0))
		return stw_fail(err, STW_INVALID,
		    "customer %lld: a number's hash is that of neither index key %d nor %d",
		    (long long)customer_id, m->key.before, m->key.now);
	*old = hex_of(&m->arena, (struct str){(const char *)was, sizeof was});
	*new = hex_of(&m->arena, (struct str){(const char *)is, sizeof is});
	return STW_OK;
}

static enum stw_code
pairs_add(struct move *m, const struct db_rows *rows, int customer_col, int col,
    struct stw_err *err)
{
	size_t n = (size_t)db_rows_count(rows);
	struct str *old = arena_array(&m->arena, n, sizeof *old);
	struct str *new = arena_array(&m->arena, n, sizeof *new);
	enum stw_code rc = STW_OK;

	for (size_t i = 0; i < n && rc == STW_OK; i++)
		rc = pair_make(m, rows, (int)i, db_get_i64(rows, (int)i, customer_col),
		    col, &old[i], &new[i], err);
	if (rc != STW_OK)
		return rc;
	const struct db_param params[] = {db_texts(old, n), db_texts(new, n)};

	return db_query(
	    m->db, DB_Q_INDEX_MOVE_ADD, params, DB_NPARAMS(params), NULL, err);
}

/* A batch of contact points, in one transaction: first the pairs, then the points. */
static enum stw_code
points_batch(
    struct move *m, int bucket, int64_t *after, bool *more, struct stw_err *err)
{
	const struct db_param next[] = {db_i64(bucket), db_i64(*after), db_i64(BATCH)};
	struct db_rows *rows = NULL;
	int64_t *ids, changed = 0;
	size_t n = 0;
	enum stw_code rc;

	*more = false;
	rc = db_query(
	    m->db, DB_Q_INDEX_MOVE_POINTS_NEXT, next, DB_NPARAMS(next), &rows, err);
	if (rc == STW_OK)
		n = (size_t)db_rows_count(rows);
	if (n == 0)
		goto done;
	ids = arena_array(&m->arena, n, sizeof *ids);
	for (size_t i = 0; i < n; i++)
		ids[i] = db_get_i64(rows, (int)i, 0);
	rc = pairs_add(m, rows, 1, 2, err);
	if (rc != STW_OK)
		goto done;
	const struct db_param put[] = {db_i64(bucket), db_i64s(ids, n)};

	rc =
	    db_exec(m->db, DB_Q_INDEX_MOVE_POINTS, put, DB_NPARAMS(put), &changed, err);
	m->moved += changed;
	*after = ids[n - 1];
	*more = n == BATCH;
done:
	db_rows_free(rows);
	return rc;
}

static enum stw_code
rest_batch(struct move *m, int bucket, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(bucket), db_usec(m->now - COUNTS_KEPT)};
	struct db_rows *rows = NULL;
	int64_t objections = 0, counts = 0;
	enum stw_code rc;

	rc = db_query(m->db, DB_Q_INDEX_MOVE_OBJECTIONS_NEXT, params, 1, &rows, err);
	if (rc == STW_OK && db_rows_count(rows) > 0)
		rc = pairs_add(m, rows, 0, 1, err);
	db_rows_free(rows);
	if (rc == STW_OK)
		rc = db_exec(
		    m->db, DB_Q_INDEX_MOVE_OBJECTIONS, params, 1, &objections, err);
	if (rc == STW_OK)
		rc = db_exec(m->db, DB_Q_INDEX_MOVE_COUNTS, params, DB_NPARAMS(params),
		    &counts, err);
	m->moved += objections + counts;
	return rc;
}

/* Runs work on a bucket in its own transaction. When somebody else has what it needs, the
 * bucket is left for the next round. */
static enum stw_code
in_tx(struct move *m, enum stw_code rc, bool *more, struct stw_err *err)
{
	if (rc == STW_OK)
		rc = db_commit(m->db, err);
	if (rc == STW_OK)
		return STW_OK;
	db_rollback(m->db);
	if (rc != STW_TEMPFAIL)
		return rc;
	m->busy = true;
	*more = false;
	return STW_OK;
}

static enum stw_code
bucket_move(struct move *m, int bucket, struct stw_err *err)
{
	bool more = true;
	enum stw_code rc = STW_OK;

	for (int64_t after = 0; more && rc == STW_OK;) {
		arena_reset(&m->arena);
		rc = db_begin(m->db, err);
		if (rc == STW_OK)
			rc = points_batch(m, bucket, &after, &more, err);
		rc = in_tx(m, rc, &more, err);
		progress_tell(m->progress, "numbers", m->moved, m->total);
	}
	if (rc == STW_OK)
		rc = db_begin(m->db, err);
	if (rc == STW_OK)
		rc = in_tx(m, rest_batch(m, bucket, err), &more, err);
	return rc;
}

static enum stw_code
sweep(struct move *m, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	m->busy = false;
	for (int bucket = 0; bucket < BOOK_BUCKETS && rc == STW_OK; bucket++)
		rc = bucket_move(m, bucket, err);
	return rc;
}

enum stw_code
index_left_count(struct db *db, struct index_left *out, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(db, DB_Q_INDEX_OLD_ROWS, NULL, 0, &rows, err);

	*out = (struct index_left){0};
	if (rc == STW_OK)
		*out = (struct index_left){db_get_i64(rows, 0, 0),
		    db_get_i64(rows, 0, 1), db_get_i64(rows, 0, 2)};
	db_rows_free(rows);
	return rc;
}

static bool
none_left(const struct index_left *left)
{
	return left->points + left->objections + left->counts == 0;
}

/* Until no bucket is busy and every point has its new hash. */
static enum stw_code
sweep_all(struct move *m, struct index_left *left, struct stw_err *err)
{
	enum stw_code rc;

	for (int round = 0;; round++) {
		rc = sweep(m, err);
		if (rc == STW_OK)
			rc = index_left_count(m->db, left, err);
		if (rc != STW_OK || (!m->busy && left->points == 0))
			return rc;
		if (round == ROUNDS)
			return stw_fail(err, STW_TEMPFAIL,
			    "%lld contact points are held by others: go on with --resume "
			    "later",
			    (long long)left->points);
		(void)usleep(PAUSE_USEC);
	}
}

/* Whoever read an old hash before the last point had its new one is waited for; after
 * that nobody can write one. The pairs go last, when no import makes any more of them. */
static enum stw_code
move_finish(
    struct move *m, stw_usec wait_usec, struct index_left *left, struct stw_err *err)
{
	enum stw_code rc = barrier(m->db, wait_usec, err);

	if (rc == STW_OK)
		rc = db_commit(m->db, err);
	if (rc == STW_OK)
		rc = sweep_all(m, left, err);
	if (rc != STW_OK || !none_left(left))
		return rc;
	rc = barrier(m->db, wait_usec, err);
	if (rc == STW_OK)
		rc = index_key_set(m->db, m->key.now, 0, err);
	if (rc == STW_OK)
		rc = db_commit(m->db, err);
	if (rc == STW_OK)
		return pairs_clear(m->db, err);
	db_rollback(m->db);
	return rc;
}

enum stw_code
index_move_run(struct db *db, const struct seal_keys *keys, stw_usec now,
    stw_usec wait_usec, const struct progress *progress, int64_t *moved,
    struct index_left *left, struct stw_err *err)
{
	struct move m = {.db = db, .keys = keys, .progress = progress, .now = now};
	bool empty;
	enum stw_code rc;

	*moved = 0;
	*left = (struct index_left){0};
	arena_init(&m.arena);
	buf_init(&m.plain);
	rc = index_key_read(db, &m.key, &empty, err);
	if (rc == STW_OK && m.key.before == 0)
		rc = pairs_clear(db, err);
	if (rc != STW_OK || m.key.before == 0)
		goto done;
	rc = index_key_there(keys, m.key.now, err);
	if (rc == STW_OK)
		rc = index_key_there(keys, m.key.before, err);
	if (rc == STW_OK)
		rc = db_set_timeouts(db, DB_STATEMENT_MSEC, LOCK_MSEC, err);
	if (rc == STW_OK)
		rc = index_left_count(db, left, err);
	m.total = left->points + left->objections + left->counts;
	if (rc == STW_OK)
		rc = sweep_all(&m, left, err);
	if (rc == STW_OK)
		rc = move_finish(&m, wait_usec, left, err);
	*moved = m.moved;
done:
	if (m.plain.data != NULL)
		sodium_memzero(m.plain.data, m.plain.cap);
	buf_fini(&m.plain);
	arena_fini(&m.arena);
	return rc;
}
