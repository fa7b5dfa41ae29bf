/* The auditor. Three lists go up side by side in one snapshot: the leaves (streamed),
 * the checkpoint rows (held: 40 bytes each) and the notes of the exported file
 * (streamed). Where the tree has the size of a checkpoint, it must have its root. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "db/commitment.h"
#include "db/ledger_priv.h"

#define LOCK_WAIT_MSEC 60000 /* a long seal has to end first */
#define PAGE_ROWS      5000
#define PROGRESS_ROWS  10000

struct row_checkpoint {
	uint64_t size;
	struct merkle_hash root;
};

struct audit {
	struct db *db;
	const struct ledger_key *key;
	FILE *file;     /* NULL: does not exist */
	off_t file_end; /* what is appended from here on is later than the snapshot */
	struct ledger_report *report;
	struct merkle_edge edge;

	struct row_checkpoint *rows;
	size_t nrows, cap, next_row;

	struct buf note; /* the file's next checkpoint, while has_note */
	bool has_note;
	uint64_t note_size;
	struct merkle_hash note_root;

	uint64_t
	    sure; /* the tree was right up to here: the last checkpoint that held */
	uint64_t leaves;
	uint64_t last_row;             /* size of the newest row */
	struct buf nodes[TLOG_LEVELS]; /* roots of whole tiles, by level */
};

/* The first finding is the one to report; what follows from it says nothing new. */
STW_PRINTF(3, 4)
static void
find(struct audit *audit, uint64_t index, const char *fmt, ...)
{
	va_list ap;

	if (audit->report->finding[0] != '\0')
		return;
	va_start(ap, fmt);
	(void)vsnprintf(audit->report->finding, sizeof audit->report->finding, fmt, ap);
	va_end(ap);
	audit->report->first_bad = index == UINT64_MAX ? -1 : (int64_t)index;
}

static bool
has_finding(const struct audit *audit)
{
	return audit->report->finding[0] != '\0';
}

/* ---- checkpoint rows ------------------------------------------------------------------- */
static void
keep_row(struct audit *audit, const struct db_rows *rows, int r, struct arena *arena)
{
	struct str root = db_get_bytes(rows, r, 1, arena);
	uint64_t size = (uint64_t)db_get_i64(rows, r, 0);
	struct row_checkpoint checkpoint;
	struct stw_err err;

	if (ledger_checkpoint_open(audit->key, db_get_str(rows, r, 2), &checkpoint.size,
		&checkpoint.root, &err) != STW_OK) {
		find(audit, audit->last_row, "checkpoint row of size %" PRIu64 ": %s",
		    size, err.text);
		return;
	}
	if (checkpoint.size != size || root.len != MERKLE_HASH_BYTES ||
	    memcmp(root.ptr, checkpoint.root.b, root.len) != 0) {
		find(audit, audit->last_row,
		    "checkpoint row of size %" PRIu64 " differs from its signed note",
		    size);
		return;
	}
	if (audit->nrows == audit->cap) {
		audit->cap = audit->cap == 0 ? 256 : audit->cap * 2;
		audit->rows =
		    stw_xrealloc(audit->rows, audit->cap * sizeof audit->rows[0]);
	}
	audit->rows[audit->nrows++] = checkpoint;
	audit->last_row = size;
}

static enum stw_code
load_rows(struct audit *audit, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	struct arena arena;
	int64_t above = -1;
	int n = PAGE_ROWS;

	arena_init(&arena);
	while (rc == STW_OK && n == PAGE_ROWS) {
		const struct db_param params[] = {db_i64(above), db_i64(PAGE_ROWS)};
		struct db_rows *rows;

		rc = db_query(audit->db, DB_Q_LEDGER_CHECKPOINT_LIST, params,
		    DB_NPARAMS(params), &rows, err);
		if (rc != STW_OK)
			break;
		arena_reset(&arena);
		n = db_rows_count(rows);
		DB_ROW_FOREACH(rows, r) {
			keep_row(audit, rows, r, &arena);
			above = db_get_i64(rows, r, 0);
			audit->report->checkpoints++;
		}
		db_rows_free(rows);
	}
	arena_fini(&arena);
	return rc;
}

/* ---- the exported file --------------------------------------------------------------- */
static enum stw_code
next_note(struct audit *audit, struct stw_err *err)
{
	uint64_t before = audit->note_size;
	struct stw_err why;
	enum stw_code rc;

	audit->has_note = false;
	if (audit->file == NULL || ftello(audit->file) >= audit->file_end)
		return STW_OK;
	rc = ledger_file_next(audit->file, &audit->note, &audit->has_note, err);
	if (rc == STW_INVALID) {
		find(audit, audit->sure, "%s",
		    "the exported file is not one of checkpoints");
		return STW_OK;
	}
	if (rc != STW_OK || !audit->has_note)
		return rc;
	audit->report->exported++;
	rc = ledger_checkpoint_open(audit->key,
	    (struct str){audit->note.data, audit->note.len}, &audit->note_size,
	    &audit->note_root, &why);
	if (rc == STW_OK && audit->note_size >= before)
		return STW_OK;
	if (rc == STW_OK)
		find(audit, audit->note_size,
		    "exported checkpoint %" PRId64 " of size %" PRIu64
		    " comes after one of size %" PRIu64,
		    audit->report->exported, audit->note_size, before);
	else
		find(audit, audit->sure, "exported checkpoint %" PRId64 ": %s",
		    audit->report->exported, why.text);
	audit->has_note = false;
	return STW_OK;
}

/* ---- the tree meets its checkpoints ------------------------------------------------------ */
/* Only the newest may lack its row: a crash came between export and marking. */
static void
check_row(
    struct audit *audit, uint64_t from, bool exported, const struct merkle_hash *root)
{
	uint64_t size = audit->edge.size;

	if (audit->next_row == audit->nrows ||
	    audit->rows[audit->next_row].size != size) {
		if (size < audit->last_row)
			find(audit, from,
			    "checkpoint of size %" PRIu64
			    " was exported, but its row is not in the database",
			    size);
		return;
	}
	if (!merkle_hash_eq(root, &audit->rows[audit->next_row].root))
		find(audit, from,
		    "an entry from %" PRIu64 " to %" PRIu64
		    " does not fit the checkpoint of size %" PRIu64,
		    from, size - 1, size);
	if (!exported)
		find(audit, from,
		    "checkpoint of size %" PRIu64
		    " is in the database but not in the exported file",
		    size);
	audit->next_row++;
}

/* What is due when the tree has grown to edge.size. */
static enum stw_code
meet_checkpoints(struct audit *audit, struct stw_err *err)
{
	uint64_t size = audit->edge.size;
	uint64_t from = audit->sure;
	bool exported = audit->has_note && audit->note_size == size;
	enum stw_code rc = STW_OK;
	struct merkle_hash root;

	if (!exported && (audit->next_row == audit->nrows ||
			     audit->rows[audit->next_row].size != size))
		return STW_OK;
	merkle_edge_root(&audit->edge, &root);
	/* A crash lets one checkpoint be exported twice, but not two of one size. */
	while (rc == STW_OK && audit->has_note && audit->note_size == size) {
		if (!merkle_hash_eq(&root, &audit->note_root))
			find(audit, from,
			    "an entry from %" PRIu64 " to %" PRIu64
			    " is not what it was when the checkpoint of size %" PRIu64
			    " was exported",
			    from, size - 1, size);
		audit->sure = size;
		rc = next_note(audit, err);
	}
	if (rc == STW_OK)
		check_row(audit, from, exported, &root);
	audit->sure = size;
	return rc;
}

/* ---- leaves ------------------------------------------------------------------------------- */
enum leaf_column {
	LEAF_IDX,
	LEAF_ENTRY,
	LEAF_HASH,
	LEAF_DECISION,
	LEAF_RECORD,
	LEAF_RHASH,
	LEAF_COMMITMENT,
	LEAF_ID,
	LEAF_CUSTOMER,
	LEAF_WRAPPED,
	LEAF_MAY_LACK,
	LEAF_ENTRY_KEY
};

/* Does the entry say "field":"<these bytes>"? */
static bool
entry_says(const struct db_copy_out *copy, const char *field, struct str bytes)
{
	struct str entry = db_field_bytes(copy, LEAF_ENTRY);
	char want[120], hex[COMMITMENT_HEX];
	int len;

	if (bytes.len != COMMITMENT_BYTES)
		return false;
	(void)sodium_bin2hex(
	    hex, sizeof hex, (const unsigned char *)bytes.ptr, bytes.len);
	len = snprintf(want, sizeof want, "\"%s\":\"%s\"", field, hex);
	return memmem(entry.ptr, entry.len, want, (size_t)len) != NULL;
}

/* The customer's key makes it, or it was left when that one was destroyed. */
static enum stw_code
entry_key(struct audit *audit, const struct db_copy_out *copy, const char *id,
    unsigned char out[COMMITMENT_BYTES], struct stw_err *err)
{
	struct str left = db_field_bytes(copy, LEAF_ENTRY_KEY);
	struct commit_key key;
	enum stw_code rc;

	memset(out, 0, COMMITMENT_BYTES);
	if (db_field_null(copy, LEAF_WRAPPED)) {
		if (left.len == COMMITMENT_BYTES)
			memcpy(out, left.ptr, COMMITMENT_BYTES);
		return STW_OK;
	}
	rc = commit_key_open(db_keys(audit->db), db_field_i64(copy, LEAF_CUSTOMER),
	    db_field_bytes(copy, LEAF_WRAPPED), &key, err);
	if (rc == STW_OK)
		commit_entry_key(&key, id, out);
	sodium_memzero(&key, sizeof key);
	return rc;
}

/* Does the commitment open, under the entry's key, to the hash of the record? */
static enum stw_code
check_commitment(struct audit *audit, const struct db_copy_out *copy, uint64_t index,
    struct stw_err *err)
{
	struct str hash = db_field_bytes(copy, LEAF_RHASH);
	struct str want = db_field_bytes(copy, LEAF_COMMITMENT);
	unsigned char bytes[COMMITMENT_BYTES];
	char id[64], hex[65];
	unsigned char own[COMMITMENT_BYTES];
	enum stw_code rc;

	if (db_field_null(copy, LEAF_WRAPPED) && db_field_null(copy, LEAF_ENTRY_KEY)) {
		find(audit, index,
		    "the key of the customer of the decision of entry %" PRIu64
		    " is not there, but the record is",
		    index);
		return STW_OK;
	}
	(void)sodium_bin2hex(
	    hex, sizeof hex, (const unsigned char *)hash.ptr, hash.len);
	(void)snprintf(id, sizeof id, "%.*s", (int)db_field_bytes(copy, LEAF_ID).len,
	    db_field_bytes(copy, LEAF_ID).ptr);
	rc = entry_key(audit, copy, id, own, err);
	if (rc != STW_OK)
		return rc;
	commit_under(own, "record", str_of(hex), bytes);
	sodium_memzero(own, sizeof own);
	if (memcmp(want.ptr, bytes, sizeof bytes) != 0)
		find(audit, index,
		    "the record of the decision of entry %" PRIu64 " was altered",
		    index);
	return STW_OK;
}

/* Is the record of the row the one that its entry commits to? Of one whose time was over
 * hash and commitment are left, of one whose customer was erased what the entry says. */
static enum stw_code
check_decision(struct audit *audit, const struct db_copy_out *copy, uint64_t index,
    struct stw_err *err)
{
	struct str record = db_field_bytes(copy, LEAF_RECORD);
	struct str stored = db_field_bytes(copy, LEAF_RHASH);
	bool keyed = !db_field_null(copy, LEAF_COMMITMENT);
	bool has = !db_field_null(copy, LEAF_RECORD);
	unsigned char hash[crypto_hash_sha256_BYTES];
	bool holds;

	if (db_field_null(copy, LEAF_ID)) {
		find(audit, index,
		    "entry %" PRIu64 " is about a decision that is not there any more",
		    index);
		return STW_OK;
	}
	holds = keyed ? entry_says(
			    copy, "record_hmac", db_field_bytes(copy, LEAF_COMMITMENT))
		      : entry_says(copy, "record_sha256", stored);
	if (holds && has) {
		(void)crypto_hash_sha256(
		    hash, (const unsigned char *)record.ptr, record.len);
		holds = stored.len == sizeof hash &&
			memcmp(stored.ptr, hash, sizeof hash) == 0;
	} else if (holds) {
		holds = db_field_bool(copy, LEAF_MAY_LACK);
		audit->report->erased += keyed && db_field_null(copy, LEAF_RHASH);
	}
	if (!holds)
		find(audit, index,
		    "the record of the decision of entry %" PRIu64 " was altered",
		    index);
	return holds && has && keyed ? check_commitment(audit, copy, index, err)
				     : STW_OK;
}

static void
add_leaf(struct audit *audit, const struct merkle_hash *leaf)
{
	struct merkle_hash nodes[MERKLE_TILES];
	int count = merkle_edge_add_tiles(&audit->edge, leaf, nodes);

	for (int i = 0; i < count; i++)
		buf_add(&audit->nodes[i + 1], nodes[i].b, sizeof nodes[i].b);
}

static enum stw_code
check_leaf(struct audit *audit, const struct db_copy_out *copy, struct stw_err *err)
{
	uint64_t index = (uint64_t)db_field_i64(copy, LEAF_IDX);
	struct str stored = db_field_bytes(copy, LEAF_HASH);
	struct merkle_hash hash;
	enum stw_code rc = STW_OK;

	if (index != audit->edge.size) {
		find(audit, audit->edge.size, "entry %" PRIu64 " is missing",
		    audit->edge.size);
		return STW_OK;
	}
	merkle_leaf(db_field_bytes(copy, LEAF_ENTRY), &hash);
	if (stored.len != sizeof hash.b ||
	    memcmp(stored.ptr, hash.b, sizeof hash.b) != 0) {
		find(audit, index, "entry %" PRIu64 " was altered", index);
		return STW_OK;
	}
	if (db_field_bool(copy, LEAF_DECISION))
		rc = check_decision(audit, copy, index, err);
	add_leaf(audit, &hash);
	return rc;
}

static enum stw_code
scan_leaves(
    struct audit *audit, void (*progress)(int64_t, int64_t), struct stw_err *err)
{
	struct db_copy_out *copy;
	enum stw_code rc;
	bool more;

	rc = meet_checkpoints(audit, err); /* one of size 0 is possible */
	if (rc != STW_OK)
		return rc;
	rc = db_copy_out_begin(audit->db, DB_Q_LEDGER_VERIFY_COPY, &copy, err);
	if (rc != STW_OK)
		return rc;
	for (;;) {
		rc = db_copy_out_row(copy, &more, err);
		if (rc != STW_OK || !more)
			break;
		rc = check_leaf(audit, copy, err);
		if (rc != STW_OK || has_finding(audit))
			break;
		rc = meet_checkpoints(audit, err);
		if (rc != STW_OK || has_finding(audit))
			break;
		if (progress != NULL && audit->edge.size % PROGRESS_ROWS == 0)
			progress((int64_t)audit->edge.size, (int64_t)audit->leaves);
	}
	db_copy_out_close(copy);
	return rc;
}

/* ---- roots of whole tiles ------------------------------------------------------------------ */
/* A wrong one, or one missing before others, would make proofs fail. Those missing at the
 * end are made by the next seal. */
static void
check_node(struct audit *audit, int level, uint64_t want, uint64_t n, struct str stored)
{
	const struct buf *nodes = &audit->nodes[level];
	size_t at = (size_t)n * MERKLE_HASH_BYTES;

	if (n != want)
		find(audit, want << (8 * level),
		    "the stored hash %" PRIu64 " of tile level %d is missing", want,
		    level);
	else if (at + MERKLE_HASH_BYTES > nodes->len ||
		 stored.len != MERKLE_HASH_BYTES ||
		 memcmp(nodes->data + at, stored.ptr, stored.len) != 0)
		find(audit, n << (8 * level),
		    "the stored hash %" PRIu64
		    " of tile level %d is not what its entries give",
		    n, level);
}

static enum stw_code
check_nodes(struct audit *audit, int level, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	struct arena arena;
	uint64_t from = 0, want = 0;
	bool more = true;

	arena_init(&arena);
	while (rc == STW_OK && more) {
		const struct db_param params[] = {db_i64(level), db_i64((int64_t)from),
		    db_i64((int64_t)from + PAGE_ROWS)};
		struct db_rows *rows;

		rc = db_query(audit->db, DB_Q_LEDGER_NODE_LIST, params,
		    DB_NPARAMS(params), &rows, err);
		if (rc != STW_OK)
			break;
		arena_reset(&arena);
		DB_ROW_FOREACH(rows, r)
			check_node(audit, level, want++,
			    (uint64_t)db_get_i64(rows, r, 0),
			    db_get_bytes(rows, r, 1, &arena));
		from += PAGE_ROWS;
		more = db_rows_count(rows) > 0 ||
		       from * MERKLE_HASH_BYTES <= audit->nodes[level].len;
		db_rows_free(rows);
	}
	arena_fini(&arena);
	return rc;
}

/* Checkpoints that speak of more than there is: the tail was cut. */
static void
check_ends(struct audit *audit)
{
	uint64_t size = audit->edge.size;

	if (audit->has_note)
		find(audit, size,
		    "the log ends at %" PRIu64
		    " entries, but a checkpoint of size %" PRIu64 " was exported",
		    size, audit->note_size);
	if (audit->next_row < audit->nrows)
		find(audit, size,
		    "the log ends at %" PRIu64
		    " entries, but has a checkpoint of size %" PRIu64,
		    size, audit->rows[audit->next_row].size);
}

/* ---- all of it ------------------------------------------------------------------------------ */
static enum stw_code
count_up(struct audit *audit, struct stw_err *err)
{
	struct db_rows *rows;
	int64_t unlogged, taken, erased, away;
	enum stw_code rc;

	rc = db_query_one(audit->db, DB_Q_LEDGER_SIZE, NULL, 0, &rows, err);
	if (rc != STW_OK)
		return rc;
	audit->leaves = (uint64_t)db_get_i64(rows, 0, 0);
	audit->report->waiting = db_get_i64(rows, 0, 1);
	db_rows_free(rows);
	rc = db_query_one(
	    audit->db, DB_Q_LEDGER_UNLOGGED_DECISIONS, NULL, 0, &rows, err);
	if (rc != STW_OK)
		return rc;
	unlogged = db_get_i64(rows, 0, 0);
	taken = db_get_i64(rows, 0, 1);
	erased = db_get_i64(rows, 0, 2);
	away = db_get_i64(rows, 0, 3);
	db_rows_free(rows);
	audit->report->size = (int64_t)audit->leaves;
	/* Fewer decisions than entries is found where the entry is. */
	if (unlogged > 0)
		find(audit, UINT64_MAX,
		    "%" PRId64
		    " decisions have no entry in the log: they were added beside it",
		    unlogged);
	if (taken != 0)
		find(audit, UINT64_MAX,
		    "%" PRId64
		    " decisions are gone that no entry of retention accounts for",
		    taken);
	if (erased > 0)
		find(audit, UINT64_MAX,
		    "%" PRId64
		    " customers are erased that no entry of an erasure accounts for",
		    erased);
	/* Fewer: what an erasure left without its record has gone since. */
	if (away > 0)
		find(audit, UINT64_MAX,
		    "%" PRId64
		    " records are away that no entry of an erasure accounts for",
		    away);
	return STW_OK;
}

static enum stw_code
run_audit(struct audit *audit, void (*progress)(int64_t, int64_t), struct stw_err *err)
{
	char counted[sizeof audit->report->finding];
	enum stw_code rc;

	/* A bad entry says more than a bad count, so that one waits. */
	memcpy(counted, audit->report->finding, sizeof counted);
	audit->report->finding[0] = '\0';
	rc = load_rows(audit, err);
	if (rc == STW_OK && !has_finding(audit))
		rc = next_note(audit, err);
	if (rc == STW_OK && !has_finding(audit))
		rc = scan_leaves(audit, progress, err);
	if (rc != STW_OK)
		return rc;
	if (!has_finding(audit))
		check_ends(audit);
	for (int level = 1; rc == STW_OK && level < TLOG_LEVELS && !has_finding(audit);
	     level++)
		rc = check_nodes(audit, level, err);
	if (!has_finding(audit))
		memcpy(audit->report->finding, counted, sizeof counted);
	return rc;
}

/* One moment for the database and the file: under the sequencer's lock no checkpoint is
 * on its way from one to the other. The first query takes the snapshot. */
static enum stw_code
take_snapshot(struct audit *audit, const char *path, struct stw_err *err)
{
	enum stw_code rc;
	struct stat st;

	rc = ledger_lock(audit->db, LOCK_WAIT_MSEC, err);
	if (rc != STW_OK)
		return rc;
	rc = db_begin_snapshot(audit->db, err);
	if (rc == STW_OK)
		rc = count_up(audit, err);
	audit->file = fopen(path, "re");
	if (rc == STW_OK && audit->file == NULL && errno != ENOENT)
		rc = stw_fail(
		    err, STW_TEMPFAIL, "cannot read %s: %s", path, strerror(errno));
	if (audit->file != NULL && fstat(fileno(audit->file), &st) == 0)
		audit->file_end = st.st_size;
	if (db_in_transaction(audit->db) && rc != STW_OK)
		db_rollback(audit->db);
	ledger_unlock(audit->db);
	return rc;
}

enum stw_code
ledger_verify(struct db *db, const struct ledger_key *key, const char *checkpoint_path,
    void (*progress)(int64_t done, int64_t total), struct ledger_report *out,
    struct stw_err *err)
{
	struct audit audit = {.db = db, .key = key, .report = out};
	struct merkle_hash root;
	enum stw_code rc;

	*out = (struct ledger_report){.first_bad = -1};
	STW_ASSERT(!db_in_transaction(db));
	buf_init(&audit.note);
	for (int i = 0; i < TLOG_LEVELS; i++)
		buf_init(&audit.nodes[i]);
	rc = take_snapshot(&audit, checkpoint_path, err);
	if (rc == STW_OK)
		rc = run_audit(&audit, progress, err);
	db_rollback(db);
	merkle_edge_root(&audit.edge, &root);
	(void)sodium_bin2hex(
	    out->root_hex, sizeof out->root_hex, root.b, sizeof root.b);
	if (audit.file != NULL)
		(void)fclose(audit.file);
	buf_fini(&audit.note);
	for (int i = 0; i < TLOG_LEVELS; i++)
		buf_fini(&audit.nodes[i]);
	free(audit.rows);
	return rc;
}
