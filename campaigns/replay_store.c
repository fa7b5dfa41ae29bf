#include "campaigns/replay_store.h"

#include <string.h>

#include <sodium.h>

#include "campaigns/compliance/record_json.h"
#include "campaigns/compliance/ruleset.h"
#include "db/commitment.h"

#define PAGE_ROWS 500

enum replay_column {
	COL_ID,
	COL_AT,
	COL_GATE,
	COL_CAMPAIGN,
	COL_OUTCOME,
	COL_PRIMARY,
	COL_CODES,
	COL_RECORD,
	COL_HASH,
	COL_COMMITMENT,
	COL_CUSTOMER,
	COL_WRAPPED
};

const char *
replay_verdict_name(enum replay_verdict verdict)
{
	static const char *const names[REPLAY_VERDICTS] = {
	    "differs", "same", "other_rules", "altered", "unreadable", "erased"};

	return names[verdict];
}

/* ---- one decision -------------------------------------------------------------------- */
static bool
hash_holds(struct str record, struct str want)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof hash + 1];

	(void)crypto_hash_sha256(hash, (const unsigned char *)record.ptr, record.len);
	(void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	return str_eq_c(want, hex);
}

static bool
same_reasons(const struct replay_row *row)
{
	if (strcmp(row->outcome, row->would) != 0 ||
	    row->ncodes != (size_t)row->nwould_codes)
		return false;
	for (size_t i = 0; i < row->ncodes; i++)
		if (strcmp(row->codes[i], row->would_codes[i]) != 0)
			return false;
	return true;
}

/* Decides again; the decision lives in the arena. */
static enum stw_code
decide(const struct ruleset *rules, struct str record, struct replay_row *row,
    stw_usec *now, struct arena *arena, struct stw_err *err)
{
	enum gate_checkpoint checkpoint;
	struct gate_decision *decision = arena_alloc(arena, sizeof *decision);
	struct gate_facts *facts = arena_alloc(arena, sizeof *facts);
	enum stw_code rc;
	stw_usec ttl;

	rc = record_read(record, arena, facts, &checkpoint, now, &ttl, err);
	if (rc != STW_OK)
		return rc;
	gate_decide(rules, facts, checkpoint, *now, ttl, arena, decision);
	row->would = decision->allowed ? "ALLOW" : gate_outcome_name(decision->outcome);
	row->would_primary =
	    decision->allowed || decision->primary == NULL ? "" : decision->primary;
	row->would_codes = decision->codes;
	row->nwould_codes = decision->ncodes;
	return STW_OK;
}

/* Were the rules of then other ones than those we would use for its instant? */
static bool
other_rules(const struct ruleset *rules, struct str record, stw_usec now)
{
	static const char key[] = "\"ruleset_hash\":\"";
	const char *hash = ruleset_hash(rules, now);
	const char *at = memmem(record.ptr, record.len, key, sizeof key - 1);

	return at == NULL || strncmp(at + sizeof key - 1, hash, strlen(hash)) != 0;
}

static void
judge(const struct replay_request *req, struct str record, struct replay_row *row,
    struct arena *arena)
{
	struct stw_err err = {0};
	struct buf again;
	stw_usec now = 0;
	bool same = false;

	if (decide(req->rules, record, row, &now, arena, &err) != STW_OK) {
		row->verdict = REPLAY_UNREADABLE;
		row->why = arena_strdup(arena, err.text);
		return;
	}
	if (req->whatif) {
		row->verdict = same_reasons(row) ? REPLAY_SAME : REPLAY_DIFFERS;
		return;
	}
	buf_init(&again);
	if (record_replay(req->rules, record, &same, &again, &err) != STW_OK) {
		row->verdict = REPLAY_UNREADABLE;
		row->why = arena_strdup(arena, err.text);
	} else if (same) {
		row->verdict = REPLAY_SAME;
	} else if (other_rules(req->rules, record, now)) {
		row->verdict = REPLAY_OTHER_RULES;
		row->why = "the packs or the time zones in force then are not those "
			   "that are here now";
	}
	buf_fini(&again);
}

/* Is the record the one that its entry commits to, under the customer's key? */
static enum stw_code
commitment_holds(const struct seal_keys *keys, const struct db_rows *rows, int r,
    struct arena *arena, bool *holds, struct stw_err *err)
{
	unsigned char bytes[COMMITMENT_BYTES];
	char hex[COMMITMENT_HEX];
	struct commit_key key;
	enum stw_code rc;

	*holds = false;
	if (db_is_null(rows, r, COL_WRAPPED))
		return STW_OK;
	rc = commit_key_open(keys, db_get_i64(rows, r, COL_CUSTOMER),
	    db_get_bytes(rows, r, COL_WRAPPED, arena), &key, err);
	if (rc != STW_OK)
		return rc;
	commit_to(&key, db_get_str(rows, r, COL_ID).ptr, "record",
	    db_get_str(rows, r, COL_HASH), bytes);
	sodium_memzero(&key, sizeof key);
	(void)sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
	*holds = str_eq_c(db_get_str(rows, r, COL_COMMITMENT), hex);
	return STW_OK;
}

/* What speaks against deciding again; *verdict is SAME when nothing does. */
static enum stw_code
row_check(const struct seal_keys *keys, const struct db_rows *rows, int r,
    struct arena *arena, struct replay_row *row, struct stw_err *err)
{
	bool holds = true;
	enum stw_code rc = STW_OK;

	if (db_is_null(rows, r, COL_RECORD)) {
		row->verdict = REPLAY_ERASED;
		row->why =
		    "the customer was erased, and with the customer what the gate "
		    "knew and the key of the entry's commitment: that it decided, "
		    "when and why is left, and the entry's proof";
		return STW_OK;
	}
	if (!db_is_null(rows, r, COL_COMMITMENT))
		rc = commitment_holds(keys, rows, r, arena, &holds, err);
	holds = holds && hash_holds(db_get_str(rows, r, COL_RECORD),
			     db_get_str(rows, r, COL_HASH));
	row->verdict = holds ? REPLAY_SAME : REPLAY_ALTERED;
	if (!holds)
		row->why = "the record was changed after it was written";
	return rc;
}

static enum stw_code
replay_row(const struct replay_request *req, const struct seal_keys *keys,
    const struct db_rows *rows, int r, struct replay_total *total, struct arena *arena,
    struct stw_err *err)
{
	enum stw_code rc;

	struct str record = db_get_str(rows, r, COL_RECORD);
	struct replay_row row = {.decision_id = db_get_str(rows, r, COL_ID).ptr,
	    .at = db_get_usec(rows, r, COL_AT),
	    .gate = db_get_str(rows, r, COL_GATE).ptr[0],
	    .campaign = db_get_str(rows, r, COL_CAMPAIGN).ptr,
	    .outcome = db_get_str(rows, r, COL_OUTCOME).ptr,
	    .primary = db_get_str(rows, r, COL_PRIMARY).ptr,
	    .would = "",
	    .would_primary = "",
	    .why = ""};

	row.codes = db_get_texts(rows, r, COL_CODES, &row.ncodes, arena);
	rc = row_check(keys, rows, r, arena, &row, err);
	if (rc != STW_OK)
		return rc;
	if (row.verdict == REPLAY_SAME) {
		row.verdict = REPLAY_DIFFERS;
		judge(req, record, &row, arena);
	}
	total->of[row.verdict]++;
	total->all++;
	return req->row == NULL ? STW_OK : req->row(req->arg, &row, err);
}

/* ---- many ------------------------------------------------------------------------------- */
static enum stw_code
replay_rows(const struct replay_request *req, const struct seal_keys *keys,
    const struct db_rows *rows, struct replay_total *total, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	struct arena arena;

	arena_init(&arena);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		arena_reset(&arena);
		rc = replay_row(req, keys, rows, r, total, &arena, err);
	}
	arena_fini(&arena);
	return rc;
}

static enum stw_code
replay_one(struct db *db, const struct replay_request *req, struct replay_total *total,
    struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {
	    db_i64(uuid_bucket(req->id)), db_text(uuid_format(req->id, text))};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query_one(db, DB_Q_REPLAY_ONE, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_NOT_FOUND)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no decision %s", text);
	if (rc == STW_OK)
		rc = replay_rows(req, db_keys(db), rows, total, err);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
replay_all(struct db *db, const struct replay_request *req, struct replay_total *total,
    struct stw_err *err)
{
	char after[UUID_TEXT] = "00000000-0000-0000-0000-000000000000";
	stw_usec after_at = STW_USEC_NEVER;
	enum stw_code rc = STW_OK;
	int n = PAGE_ROWS;

	while (rc == STW_OK && n == PAGE_ROWS) {
		const struct db_param params[] = {db_usec(req->since),
		    db_usec(req->until), db_text(req->campaign), db_usec(after_at),
		    db_text(after), db_i64(PAGE_ROWS)};
		struct db_rows *rows = NULL;

		rc = db_query(
		    db, DB_Q_REPLAY_PAGE, params, DB_NPARAMS(params), &rows, err);
		if (rc != STW_OK)
			break;
		n = db_rows_count(rows);
		if (n > 0) {
			after_at = db_get_usec(rows, n - 1, COL_AT);
			(void)snprintf(after, sizeof after, "%s",
			    db_get_str(rows, n - 1, COL_ID).ptr);
		}
		rc = replay_rows(req, db_keys(db), rows, total, err);
		db_rows_free(rows);
	}
	return rc;
}

enum stw_code
replay_run(struct db *db, const struct replay_request *req, struct replay_total *out,
    struct stw_err *err)
{
	enum stw_code rc;

	*out = (struct replay_total){0};
	rc = db_begin_snapshot(db, err);
	if (rc != STW_OK)
		return rc;
	rc = req->id != NULL ? replay_one(db, req, out, err)
			     : replay_all(db, req, out, err);
	db_rollback(db);
	return rc;
}
