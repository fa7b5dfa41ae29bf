/* The sequencer. In the order in which a crash may interrupt it:
 *
 *   1. batches move from the outbox to the leaves, each in one transaction, with the
 *      roots of the tiles they fill;
 *   2. the checkpoint is signed, appended to the file and fsynced;
 *   3. witnesses cosign it, where there are any;
 *   4. its row is inserted, which marks the entries as covered.
 *
 * After 1 the leaves wait for the next checkpoint. After 2 the file is ahead of the
 * table, and the next seal asks the witnesses again and puts the row in. Before anything is signed, the tree is shown
 * to continue the last checkpoint of the file, so two checkpoints never contradict. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "db/ledger_priv.h"
#include "engine/log.h"

#define TAKE_ROWS       10000
#define PUBLISH_ROWS    200000 /* a checkpoint at least so often */
#define LOCK_WAIT_MSEC  1000
#define LOCK_PAUSE_MSEC 50

struct sequencer {
	struct db *db;
	const struct ledger_key *key;
	struct ledger_file file;
	stw_usec now;
	struct merkle_edge edge;
	uint64_t covered; /* size of the newest checkpoint row */
	struct buf note;
	stw_usec
	    oldest; /* stw_monotonic of the oldest entry not covered yet; 0: none */
	stw_usec waited; /* the longest of those that were covered */
};

/* ---- the right edge in a checkpoint row: the subtree roots, smallest first ---------- */
static void
edge_format(const struct merkle_edge *edge, struct buf *to)
{
	for (int level = 0; level < MERKLE_LEVELS; level++)
		if ((edge->size >> level & 1) != 0)
			buf_add(to, edge->roots[level].b, MERKLE_HASH_BYTES);
}

static bool
edge_parse(struct str data, uint64_t size, struct merkle_edge *out)
{
	size_t at = 0;

	*out = (struct merkle_edge){.size = size};
	if (data.len != (size_t)__builtin_popcountll(size) * MERKLE_HASH_BYTES)
		return false;
	for (int level = 0; level < MERKLE_LEVELS; level++) {
		if ((size >> level & 1) == 0)
			continue;
		memcpy(out->roots[level].b, data.ptr + at, MERKLE_HASH_BYTES);
		at += MERKLE_HASH_BYTES;
	}
	return true;
}

/* ---- where we are ---------------------------------------------------------------------- */
/* The edge of the newest checkpoint row of at most `size` entries. It is only believed
 * when it gives the root that we signed. */
static enum stw_code
load_edge(struct sequencer *seq, uint64_t size, struct stw_err *err)
{
	const struct db_param params[] = {db_i64((int64_t)size)};
	struct merkle_hash root, signed_root;
	struct db_rows *rows = NULL;
	struct arena arena;
	uint64_t row_size, signed_size;
	enum stw_code rc;

	seq->edge = (struct merkle_edge){0};
	arena_init(&arena);
	rc = db_query(seq->db, DB_Q_LEDGER_CHECKPOINT_LAST, params, DB_NPARAMS(params),
	    &rows, err);
	if (rc != STW_OK || db_rows_count(rows) == 0)
		goto done;
	row_size = (uint64_t)db_get_i64(rows, 0, 0);
	rc = ledger_checkpoint_open(
	    seq->key, db_get_str(rows, 0, 1), &signed_size, &signed_root, err);
	if (rc != STW_OK) {
		(void)stw_err_prefix(
		    err, rc, "ledger: checkpoint row of size %" PRIu64, row_size);
		goto done;
	}
	if (!edge_parse(db_get_bytes(rows, 0, 2, &arena), row_size, &seq->edge)) {
		rc = stw_fail(err, STW_INVALID,
		    "ledger: checkpoint row of size %" PRIu64 " has no right edge",
		    row_size);
		goto done;
	}
	merkle_edge_root(&seq->edge, &root);
	if (signed_size != row_size || !merkle_hash_eq(&root, &signed_root))
		rc = stw_fail(err, STW_INVALID,
		    "ledger: checkpoint row of size %" PRIu64 " is not what was signed",
		    row_size);
done:
	db_rows_free(rows);
	arena_fini(&arena);
	return rc;
}

/* Adds the leaves up to `size` to the edge. */
static enum stw_code
advance_edge(struct sequencer *seq, uint64_t size, struct stw_err *err)
{
	struct merkle_hash hash;
	enum stw_code rc = STW_OK;
	struct arena arena;

	arena_init(&arena);
	while (rc == STW_OK && seq->edge.size < size) {
		const struct db_param params[] = {db_i64((int64_t)seq->edge.size),
		    db_i64((int64_t)size), db_i64(TAKE_ROWS)};
		struct db_rows *rows;

		rc = db_query(seq->db, DB_Q_LEDGER_HASHES, params, DB_NPARAMS(params),
		    &rows, err);
		if (rc != STW_OK)
			break;
		arena_reset(&arena);
		DB_ROW_FOREACH(rows, r) {
			struct str bytes = db_get_bytes(rows, r, 1, &arena);

			if ((uint64_t)db_get_i64(rows, r, 0) != seq->edge.size ||
			    bytes.len != MERKLE_HASH_BYTES)
				break; /* then the next page is empty, too */
			memcpy(hash.b, bytes.ptr, MERKLE_HASH_BYTES);
			merkle_edge_add(&seq->edge, &hash);
		}
		if (seq->edge.size < size &&
		    (db_rows_count(rows) == 0 ||
			(uint64_t)db_get_i64(rows, db_rows_count(rows) - 1, 0) + 1 !=
			    seq->edge.size))
			rc = stw_fail(err, STW_INVALID,
			    "ledger: entry %" PRIu64 " is missing; nothing was signed",
			    seq->edge.size);
		db_rows_free(rows);
	}
	arena_fini(&arena);
	return rc;
}

static enum stw_code
leaf_count(struct sequencer *seq, uint64_t *out, struct stw_err *err)
{
	struct db_rows *rows;
	enum stw_code rc;

	rc = db_query_one(seq->db, DB_Q_LEDGER_NEXT_INDEX, NULL, 0, &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = (uint64_t)db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	return STW_OK;
}

/* Compares the file's last checkpoint with the tree, whose edge ends up at its size. */
static enum stw_code
check_published(struct sequencer *seq, uint64_t leaves, struct stw_err *err)
{
	struct merkle_hash root, published;
	enum stw_code rc;
	uint64_t size;

	rc = ledger_file_last(&seq->file, &seq->note, err);
	if (rc != STW_OK)
		return rc;
	if (seq->note.len == 0) {
		if (seq->covered > 0)
			return stw_fail(err, STW_INVALID,
			    "ledger: %s has no checkpoint, but %" PRIu64
			    " entries were covered: bring the file back",
			    seq->file.path, seq->covered);
		return STW_OK;
	}
	rc = ledger_checkpoint_open(seq->key,
	    (struct str){seq->note.data, seq->note.len}, &size, &published, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "ledger: %s", seq->file.path);
	if (size < seq->covered)
		return stw_fail(err, STW_INVALID,
		    "ledger: %s ends at %" PRIu64 " entries, but %" PRIu64
		    " were covered: bring the whole file back",
		    seq->file.path, size, seq->covered);
	if (size > leaves)
		return stw_fail(err, STW_INVALID,
		    "ledger: the database has %" PRIu64 " entries, but %" PRIu64
		    " were published: it is an older copy",
		    leaves, size);
	rc = advance_edge(seq, size, err);
	if (rc != STW_OK)
		return rc;
	merkle_edge_root(&seq->edge, &root);
	if (!merkle_hash_eq(&root, &published))
		return stw_fail(err, STW_INVALID,
		    "ledger: the first %" PRIu64 " entries are not those that were "
		    "published: run steward ledger verify",
		    size);
	return STW_OK;
}

/* ---- 3. witnesses ---------------------------------------------------------------------- */
/* Keeps the lines; which witness each is by was checked by who asked. */
static enum stw_code
keep_cosignatures(struct sequencer *seq, struct str lines, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	while (rc == STW_OK && lines.len > 0) {
		const char *end = memchr(lines.ptr, '\n', lines.len);
		struct str line, name;

		STW_ASSERT(end != NULL);
		line = (struct str){lines.ptr, (size_t)(end - lines.ptr) + 1};
		name = note_line_name(line);
		const struct db_param params[] = {db_i64((int64_t)seq->edge.size),
		    db_str(name), db_str(line), db_usec(seq->now)};

		rc = db_query(seq->db, DB_Q_LEDGER_COSIGNATURE_PUT, params,
		    DB_NPARAMS(params), NULL, err);
		lines.ptr += line.len;
		lines.len -= line.len;
	}
	return rc;
}

/* How many of the witnesses' signatures hold under this checkpoint with these lines. */
static size_t
count_cosigned(const struct sequencer *seq, const struct buf *lines)
{
	const struct ledger_witnesses *w = &seq->key->witnesses;
	const struct tlog_trust trust = {.log = seq->key->known,
	    .nlog = seq->key->nknown,
	    .witnesses = w->verifiers,
	    .nwitnesses = w->count};
	struct checkpoint checkpoint;
	struct stw_err err;
	size_t count = 0;
	struct buf both;

	buf_init(&both);
	buf_add(&both, seq->note.data, seq->note.len);
	buf_add(&both, lines->data, lines->len);
	if (tlog_checkpoint_open((struct str){both.data, both.len}, &trust, &checkpoint,
		&count, &err) != STW_OK)
		log_err(LOG_WARN, "ledger_cosignatures", &err);
	buf_fini(&both);
	return count;
}

static enum stw_code
ask_witnesses(struct sequencer *seq, struct stw_err *err)
{
	const struct ledger_witnesses *w = &seq->key->witnesses;
	const struct merkle_reader tree = {ledger_tree_read, seq->db};
	enum stw_code rc;
	struct buf lines;
	size_t got;

	if (w->ask == NULL)
		return STW_OK;
	buf_init(&lines);
	rc = w->ask(w->arg, &tree, seq->edge.size,
	    (struct str){seq->note.data, seq->note.len}, &lines, err);
	if (rc == STW_OK) {
		got = count_cosigned(seq, &lines);
		if (got < w->quorum)
			rc = stw_fail(err, STW_TEMPFAIL,
			    "ledger: %zu of the witnesses cosigned the checkpoint of "
			    "size %" PRIu64 ", want %zu",
			    got, seq->edge.size, w->quorum);
	}
	if (rc == STW_OK)
		rc = keep_cosignatures(seq, (struct str){lines.data, lines.len}, err);
	buf_fini(&lines);
	return rc;
}

/* ---- 4. the row ------------------------------------------------------------------------ */
static enum stw_code
mark_covered(struct sequencer *seq, struct stw_err *err)
{
	struct merkle_hash root;
	struct buf edge;
	enum stw_code rc;

	rc = ask_witnesses(seq, err);
	if (rc != STW_OK)
		return rc;
	merkle_edge_root(&seq->edge, &root);
	buf_init(&edge);
	edge_format(&seq->edge, &edge);
	const struct db_param params[] = {db_i64((int64_t)seq->edge.size),
	    db_bytes(root.b, sizeof root.b),
	    db_str((struct str){seq->note.data, seq->note.len}),
	    db_bytes(edge.data, edge.len), db_usec(seq->now)};

	rc = db_query(
	    seq->db, DB_Q_LEDGER_CHECKPOINT_PUT, params, DB_NPARAMS(params), NULL, err);
	buf_fini(&edge);
	if (rc != STW_OK)
		return rc;
	seq->covered = seq->edge.size;
	if (seq->oldest != 0 && stw_monotonic() - seq->oldest > seq->waited)
		seq->waited = stw_monotonic() - seq->oldest;
	seq->oldest = 0;
	return STW_OK;
}

static enum stw_code
catch_up(struct sequencer *seq, struct stw_err *err)
{
	uint64_t leaves;
	enum stw_code rc;

	rc = load_edge(seq, INT64_MAX, err);
	if (rc != STW_OK)
		return rc;
	seq->covered = seq->edge.size;
	rc = leaf_count(seq, &leaves, err);
	if (rc == STW_OK)
		rc = ledger_nodes_fill(seq->db, leaves, err);
	if (rc == STW_OK)
		rc = check_published(seq, leaves, err);
	/* A crash came between 2 and 4. */
	if (rc == STW_OK && seq->edge.size > seq->covered)
		rc = mark_covered(seq, err);
	if (rc == STW_OK)
		rc = advance_edge(seq, leaves, err);
	return rc;
}

/* ---- 1. leaves ------------------------------------------------------------------------- */
/* *taken rows of the outbox with an id above *after, which moves on. */
static enum stw_code
take_batch(struct sequencer *seq, int64_t *after, int *taken, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(*after), db_i64(TAKE_ROWS), db_i64((int64_t)seq->edge.size)};
	struct merkle_edge edge = seq->edge;
	struct ledger_nodes *nodes = ledger_nodes_new(TAKE_ROWS);
	struct db_rows *rows = NULL;
	struct merkle_hash hash;
	struct arena arena;
	enum stw_code rc;

	*taken = 0;
	arena_init(&arena);
	rc = db_begin(seq->db, err);
	/* What this commit covers may leave, so that waits for it. */
	if (rc == STW_OK)
		rc = db_later(seq->db, DB_Q_COMMIT_SYNCED, NULL, 0, err);
	if (rc == STW_OK)
		rc = db_query(
		    seq->db, DB_Q_LEDGER_TAKE, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		goto done;
	DB_ROW_FOREACH(rows, r) {
		struct str bytes = db_get_bytes(rows, r, 0, &arena);

		STW_ASSERT(bytes.len == MERKLE_HASH_BYTES);
		memcpy(hash.b, bytes.ptr, MERKLE_HASH_BYTES);
		ledger_nodes_add(nodes, &edge, &hash);
	}
	rc = ledger_nodes_put(nodes, seq->db, err);
	if (rc == STW_OK)
		rc = db_commit(seq->db, err);
	if (rc != STW_OK)
		goto done;
	seq->edge = edge;
	*taken = db_rows_count(rows);
	if (*taken > 0) {
		stw_usec since = stw_monotonic() - db_get_i64(rows, 0, 2);

		*after = db_get_i64(rows, 0, 1);
		if (seq->oldest == 0 || since < seq->oldest)
			seq->oldest = since;
	}
done:
	if (rc != STW_OK)
		db_rollback(seq->db);
	ledger_nodes_free(nodes);
	db_rows_free(rows);
	arena_fini(&arena);
	return rc;
}

/* Takes until nothing is left or it is time for a checkpoint. The walk goes up through
 * the ids, which keeps it off the rows just deleted, and ends with a look from the
 * beginning, for those that committed late. */
static enum stw_code
take_all(struct sequencer *seq, int64_t *added, bool *empty, struct stw_err *err)
{
	int64_t after = 0;
	enum stw_code rc;
	int taken;

	*added = 0;
	*empty = false;
	while (*added < PUBLISH_ROWS) {
		bool from_start = after == 0;

		rc = take_batch(seq, &after, &taken, err);
		if (rc != STW_OK)
			return rc;
		*added += taken;
		if (taken == TAKE_ROWS)
			continue;
		if (from_start) {
			*empty = true;
			return STW_OK;
		}
		after = 0;
	}
	return STW_OK;
}

/* ---- 2. the checkpoint ----------------------------------------------------------------- */
static enum stw_code
publish(struct sequencer *seq, struct stw_err *err)
{
	struct merkle_hash root;
	enum stw_code rc;
	struct buf text;

	if (seq->edge.size == seq->covered)
		return STW_OK;
	buf_init(&text);
	merkle_edge_root(&seq->edge, &root);
	checkpoint_format(
	    str_of(seq->key->known[0].name), seq->edge.size, &root, &text);
	buf_clear(&seq->note);
	note_sign(&seq->key->signers[0], (struct str){text.data, text.len}, &seq->note);
	/* While keys are exchanged both sign: whoever knows one of them can check. */
	for (size_t i = 1; i < seq->key->nsigners; i++)
		note_sign_line(&seq->key->signers[i], (struct str){text.data, text.len},
		    1, &seq->note);
	buf_fini(&text);
	rc = ledger_file_append(
	    &seq->file, (struct str){seq->note.data, seq->note.len}, err);
	if (rc == STW_OK)
		rc = mark_covered(seq, err);
	return rc;
}

/* ---- the lock -------------------------------------------------------------------------- */
enum stw_code
ledger_lock(struct db *db, int wait_msec, struct stw_err *err)
{
	const struct timespec pause = {0, LOCK_PAUSE_MSEC * 1000000L};
	struct db_rows *rows;
	enum stw_code rc;
	bool got;

	for (int waited = 0;; waited += LOCK_PAUSE_MSEC) {
		rc = db_query_one(db, DB_Q_LEDGER_LOCK, NULL, 0, &rows, err);
		if (rc != STW_OK)
			return rc;
		got = db_get_bool(rows, 0, 0);
		db_rows_free(rows);
		if (got)
			return STW_OK;
		if (waited >= wait_msec)
			return stw_fail(
			    err, STW_CONFLICT, "ledger: another sequencer is at work");
		(void)nanosleep(&pause, NULL);
	}
}

void
ledger_unlock(struct db *db)
{
	struct stw_err ignored;

	/* Of a lost connection the server has dropped the lock already. */
	if (db_query(db, DB_Q_LEDGER_UNLOCK, NULL, 0, NULL, &ignored) != STW_OK)
		log_err(LOG_DEBUG, "ledger_unlock", &ignored);
}

/* From here on the database refuses whoever sequenced before. */
static enum stw_code
take_over(struct db *db, struct stw_err *err)
{
	char who[80] = "";
	char host[40] = "";

	if (gethostname(host, sizeof host - 1) != 0)
		(void)snprintf(host, sizeof host, "?");
	(void)snprintf(who, sizeof who, "%s:%d", host, (int)getpid());
	const struct db_param params[] = {db_text(who)};

	return db_query_one(
	    db, DB_Q_LEDGER_FENCE_TAKE, params, DB_NPARAMS(params), NULL, err);
}

enum stw_code
ledger_seal(struct db *db, const struct ledger_key *key, const char *checkpoint_path,
    stw_usec now, struct ledger_seal_result *out, struct stw_err *err)
{
	struct sequencer seq = {.db = db, .key = key, .now = now, .file.fd = -1};
	int64_t total = 0;
	bool empty = false;
	enum stw_code rc;
	int64_t added;

	*out = (struct ledger_seal_result){0};
	STW_ASSERT(!db_in_transaction(db));
	rc = ledger_lock(db, LOCK_WAIT_MSEC, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&seq.note);
	rc = ledger_file_open(&seq.file, checkpoint_path, err);
	if (rc == STW_OK)
		rc = take_over(db, err);
	if (rc == STW_OK)
		rc = catch_up(&seq, err);
	while (rc == STW_OK && !empty) {
		rc = take_all(&seq, &added, &empty, err);
		if (rc == STW_OK)
			rc = publish(&seq, err);
		total += added;
	}
	ledger_file_close(&seq.file);
	ledger_unlock(db);
	buf_fini(&seq.note);
	if (rc == STW_OK)
		*out = (struct ledger_seal_result){
		    total, (int64_t)seq.edge.size, seq.waited};
	return rc;
}
