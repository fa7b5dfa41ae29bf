/* The tree as the database has it: hashes of leaves, and roots of whole tiles of them, so
 * that no proof reads more than a few hundred rows. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "db/ledger_priv.h"

#define FILL_ROWS 20000
#define HEX       (2 * MERKLE_HASH_BYTES)

struct ledger_nodes {
	size_t count, cap;
	int64_t *levels, *numbers;
	struct str *hashes; /* into hex */
	char *hex;
};

/* ---- making -------------------------------------------------------------------------- */
struct ledger_nodes *
ledger_nodes_new(size_t leaves)
{
	struct ledger_nodes *nodes = stw_xalloc(sizeof *nodes);

	nodes->count = 0;
	nodes->cap = leaves / TLOG_WIDTH * 2 + TLOG_LEVELS + 2;
	nodes->levels = stw_xalloc(nodes->cap * sizeof *nodes->levels);
	nodes->numbers = stw_xalloc(nodes->cap * sizeof *nodes->numbers);
	nodes->hashes = stw_xalloc(nodes->cap * sizeof *nodes->hashes);
	nodes->hex = stw_xalloc(nodes->cap * (HEX + 1));
	return nodes;
}

void
ledger_nodes_free(struct ledger_nodes *nodes)
{
	free(nodes->levels);
	free(nodes->numbers);
	free(nodes->hashes);
	free(nodes->hex);
	free(nodes);
}

void
ledger_nodes_add(struct ledger_nodes *nodes, struct merkle_edge *edge,
    const struct merkle_hash *leaf)
{
	struct merkle_hash roots[MERKLE_TILES];
	int count = merkle_edge_add_tiles(edge, leaf, roots);

	for (int i = 0; i < count; i++) {
		char *hex = nodes->hex + nodes->count * (HEX + 1);

		STW_ASSERT(nodes->count < nodes->cap);
		(void)sodium_bin2hex(hex, HEX + 1, roots[i].b, sizeof roots[i].b);
		nodes->levels[nodes->count] = i + 1;
		nodes->numbers[nodes->count] =
		    (int64_t)tlog_level_size(edge->size, i + 1) - 1;
		nodes->hashes[nodes->count++] = (struct str){hex, HEX};
	}
}

enum stw_code
ledger_nodes_put(const struct ledger_nodes *nodes, struct db *db, struct stw_err *err)
{
	const struct db_param params[] = {db_i64s(nodes->levels, nodes->count),
	    db_i64s(nodes->numbers, nodes->count),
	    db_texts(nodes->hashes, nodes->count)};

	if (nodes->count == 0)
		return STW_OK;
	return db_query(
	    db, DB_Q_LEDGER_NODE_PUT, params, DB_NPARAMS(params), NULL, err);
}

/* One page of leaves from edge.size on; fewer than asked for when one is missing. */
static enum stw_code
add_page(struct db *db, struct merkle_edge *edge, uint64_t leaves,
    struct ledger_nodes *nodes, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64((int64_t)edge->size), db_i64((int64_t)leaves), db_i64(FILL_ROWS)};
	struct db_rows *rows = NULL;
	struct merkle_hash hash;
	struct arena arena;
	enum stw_code rc;

	rc = db_query(db, DB_Q_LEDGER_HASHES, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	DB_ROW_FOREACH(rows, r) {
		struct str bytes = db_get_bytes(rows, r, 1, &arena);

		if ((uint64_t)db_get_i64(rows, r, 0) != edge->size ||
		    bytes.len != sizeof hash.b)
			break;
		memcpy(hash.b, bytes.ptr, sizeof hash.b);
		ledger_nodes_add(nodes, edge, &hash);
	}
	arena_fini(&arena);
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
ledger_nodes_fill(struct db *db, uint64_t leaves, struct stw_err *err)
{
	struct merkle_edge edge = {0};
	struct db_rows *rows = NULL;
	enum stw_code rc;
	uint64_t have;

	rc = db_query_one(db, DB_Q_LEDGER_NODE_COUNT, NULL, 0, &rows, err);
	if (rc != STW_OK)
		return rc;
	have = (uint64_t)db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	while (have < leaves / TLOG_WIDTH && edge.size < leaves) {
		struct ledger_nodes *nodes = ledger_nodes_new(FILL_ROWS);
		uint64_t before = edge.size;

		rc = add_page(db, &edge, leaves, nodes, err);
		if (rc == STW_OK)
			rc = ledger_nodes_put(nodes, db, err);
		ledger_nodes_free(nodes);
		if (rc != STW_OK)
			return rc;
		if (edge.size == before)
			return STW_OK; /* a leaf is missing: who signs says so */
	}
	return STW_OK;
}

/* ---- reading --------------------------------------------------------------------------- */
static enum stw_code
missing(int level, uint64_t index, struct stw_err *err)
{
	return stw_fail(err, STW_INVALID,
	    "ledger: hash %" PRIu64
	    " of level %d is missing: run steward ledger verify",
	    index, level);
}

/* Appends hashes [first, first + count) of a tile level (0: leaves). */
static enum stw_code
read_hashes(struct db *db, int level, uint64_t first, uint64_t count, struct buf *to,
    struct stw_err *err)
{
	const struct db_param leaves[] = {db_i64((int64_t)first),
	    db_i64((int64_t)(first + count)), db_i64((int64_t)count)};
	const struct db_param nodes[] = {
	    db_i64(level), db_i64((int64_t)first), db_i64((int64_t)(first + count))};
	struct db_rows *rows = NULL;
	struct arena arena;
	enum stw_code rc;
	uint64_t got = 0;

	if (level == 0)
		rc = db_query(db, DB_Q_LEDGER_HASHES, leaves, 3, &rows, err);
	else
		rc = db_query(db, DB_Q_LEDGER_NODE_LIST, nodes, 3, &rows, err);
	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	DB_ROW_FOREACH(rows, r) {
		struct str bytes = db_get_bytes(rows, r, 1, &arena);

		if ((uint64_t)db_get_i64(rows, r, 0) != first + got ||
		    bytes.len != MERKLE_HASH_BYTES)
			break;
		buf_add_str(to, bytes);
		got++;
	}
	arena_fini(&arena);
	db_rows_free(rows);
	return got == count ? STW_OK : missing(level, first + got, err);
}

enum stw_code
ledger_tree_read(
    void *arg, int level, uint64_t index, struct merkle_hash *out, struct stw_err *err)
{
	uint64_t count = UINT64_C(1) << (level % 8);
	struct merkle_edge edge = {0};
	struct merkle_hash hash;
	struct buf hashes;
	enum stw_code rc;

	buf_init(&hashes);
	rc = read_hashes(arg, level / 8, index * count, count, &hashes, err);
	for (uint64_t i = 0; rc == STW_OK && i < count; i++) {
		memcpy(hash.b, hashes.data + i * sizeof hash.b, sizeof hash.b);
		merkle_edge_add(&edge, &hash);
	}
	if (rc == STW_OK)
		merkle_edge_root(&edge, out);
	buf_fini(&hashes);
	return rc;
}

/* ---- checkpoints, proofs ------------------------------------------------------------------ */
static enum stw_code
add_cosignatures(struct db *db, uint64_t size, struct buf *note, struct stw_err *err)
{
	const struct db_param params[] = {db_i64((int64_t)size)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(
	    db, DB_Q_LEDGER_COSIGNATURE_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	DB_ROW_FOREACH(rows, r)
		buf_add_str(note, db_get_str(rows, r, 1));
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
ledger_newest(struct db *db, struct buf *note, uint64_t *size, struct merkle_hash *root,
    struct stw_err *err)
{
	const struct db_param params[] = {db_i64(INT64_MAX)};
	struct checkpoint checkpoint;
	struct db_rows *rows = NULL;
	struct str text;
	enum stw_code rc;

	rc = db_query(
	    db, DB_Q_LEDGER_CHECKPOINT_LAST, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_NOT_FOUND,
		    "the ledger has no checkpoint yet: steward ledger seal");
	if (rc == STW_OK && (!note_text(db_get_str(rows, 0, 1), &text) ||
				checkpoint_parse(text, &checkpoint, err) != STW_OK))
		rc = stw_fail(err, STW_INVALID, "the newest checkpoint is no note");
	if (rc == STW_OK) {
		*size = checkpoint.size;
		*root = checkpoint.root;
		buf_add_str(note, db_get_str(rows, 0, 1));
		rc = add_cosignatures(db, checkpoint.size, note, err);
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
read_entry(struct db *db, uint64_t index, struct buf *to, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64((int64_t)index), db_i64((int64_t)index + 1), db_i64(1)};
	struct db_rows *rows = NULL;
	struct arena arena;
	enum stw_code rc;

	rc = db_query(db, DB_Q_LEDGER_ENTRIES, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(
		    err, STW_NOT_FOUND, "the ledger has no entry %" PRIu64, index);
	arena_init(&arena);
	if (rc == STW_OK)
		buf_add_str(to, db_get_bytes(rows, 0, 1, &arena));
	arena_fini(&arena);
	db_rows_free(rows);
	return rc;
}

enum stw_code
ledger_prove(struct db *db, uint64_t index, struct buf *to, struct stw_err *err)
{
	const struct merkle_reader tree = {ledger_tree_read, db};
	struct merkle_hash root, leaf;
	struct merkle_proof path;
	struct buf note, entry;
	enum stw_code rc;
	uint64_t size;

	buf_init(&note);
	buf_init(&entry);
	rc = ledger_newest(db, &note, &size, &root, err);
	if (rc == STW_OK && index > INT64_MAX - 1)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no such entry");
	if (rc == STW_OK)
		rc = read_entry(db, index, &entry, err);
	if (rc == STW_OK && index >= size)
		rc = stw_fail(err, STW_NOT_FOUND,
		    "entry %" PRIu64 " is not covered by a checkpoint yet", index);
	if (rc == STW_OK)
		rc = merkle_prove_inclusion(&tree, index, size, &path, err);
	if (rc != STW_OK)
		goto done;
	merkle_leaf((struct str){entry.data, entry.len}, &leaf);
	if (!merkle_check_inclusion(&leaf, index, size, &path, &root)) {
		rc = stw_fail(err, STW_CONFLICT,
		    "entry %" PRIu64 " is not what the newest checkpoint covers: run "
		    "steward ledger verify",
		    index);
		goto done;
	}
	tlog_proof_format((struct str){entry.data, entry.len}, index, &path,
	    (struct str){note.data, note.len}, to);
done:
	buf_fini(&note);
	buf_fini(&entry);
	return rc;
}

enum stw_code
ledger_find_id(struct db *db, const char *id, uint64_t *index, struct stw_err *err)
{
	const struct db_param params[] = {db_text(id)};
	struct db_rows *rows = NULL;
	enum stw_code rc;
	struct buf list;

	rc = db_query(db, DB_Q_LEDGER_BY_ID, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_NOT_FOUND,
		    "no entry of the ledger names %.80s; it may wait to be sequenced",
		    id);
	if (rc == STW_OK && db_rows_count(rows) > 1) {
		buf_init(&list);
		DB_ROW_FOREACH(rows, r)
			buf_printf(&list, "%s%lld (%s)", r > 0 ? ", " : "",
			    (long long)db_get_i64(rows, r, 0),
			    db_get_str(rows, r, 1).ptr);
		rc = stw_fail(err, STW_CONFLICT,
		    "several entries name it; say which by its index: %.300s",
		    list.data);
		buf_fini(&list);
	}
	if (rc == STW_OK)
		*index = (uint64_t)db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	return rc;
}

/* ---- files of the published form -------------------------------------------------------------- */
static enum stw_code
read_bundle(
    struct db *db, const struct tlog_tile *tile, struct buf *to, struct stw_err *err)
{
	uint64_t first = tile->n * TLOG_WIDTH;
	const struct db_param params[] = {db_i64((int64_t)first),
	    db_i64((int64_t)first + tile->width), db_i64(tile->width)};
	struct db_rows *rows = NULL;
	struct arena arena;
	enum stw_code rc;

	rc = db_query(db, DB_Q_LEDGER_ENTRIES, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) != tile->width)
		rc = missing(0, first, err);
	arena_init(&arena);
	for (int r = 0; rc == STW_OK && r < tile->width; r++) {
		struct str entry = db_get_bytes(rows, r, 1, &arena);

		if (entry.len > LEDGER_ENTRY_MAX)
			rc = stw_fail(err, STW_INVALID,
			    "entry %" PRIu64 " is longer than a bundle takes",
			    first + (uint64_t)r);
		else
			tlog_bundle_add(to, entry);
	}
	arena_fini(&arena);
	db_rows_free(rows);
	return rc;
}

enum stw_code
ledger_file_get(struct db *db, struct str path, struct buf *to, struct stw_err *err)
{
	struct tlog_tile tile, whole;
	struct merkle_hash root;
	enum stw_code rc;
	struct buf note;
	uint64_t size;

	buf_init(&note);
	rc = ledger_newest(db, &note, &size, &root, err);
	if (rc == STW_OK && str_eq_c(path, "checkpoint")) {
		buf_add(to, note.data, note.len);
		buf_fini(&note);
		return STW_OK;
	}
	buf_fini(&note);
	if (rc != STW_OK)
		return rc;
	if (!tlog_tile_parse(path, &tile))
		return stw_fail(err, STW_NOT_FOUND, "no file of a log has this name");
	whole = tlog_tile_at(size, tile.level, tile.n);
	if (tile.width > whole.width)
		return stw_fail(err, STW_NOT_FOUND,
		    "the log of %" PRIu64 " entries has no such tile", size);
	if (tile.level == TLOG_ENTRIES)
		return read_bundle(db, &tile, to, err);
	return read_hashes(
	    db, tile.level, tile.n * TLOG_WIDTH, (uint64_t)tile.width, to, err);
}
