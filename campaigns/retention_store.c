#include "campaigns/retention_store.h"

#include <string.h>

#include <sodium.h>

#include "db/entry_json.h"
#include "db/ledger.h"

/* A contact's record is kept with the reference to its recording. */
const char *const retention_decision_records[] = {"decision", NULL};
static const char *const attempt[] = {"attempt", "call_record", "sms_log", NULL};
static const char *const recording[] = {
    "call_recording", "attempt", "call_record", NULL};
static const char *const dual[] = {
    "dual_recording", "call_recording", "attempt", "call_record", NULL};
static const char *const consent[] = {"consent", "consent_proof", NULL};
static const char *const complaint[] = {"complaint", NULL};

static const struct class_of {
	struct retention_class public;
	enum db_query_id due, take;
	bool leaves_hash; /* take wants the batch's id */
} classes[RETENTION_CLASSES] = {
    {{"call_recordings", recording, "the call"}, DB_Q_RETENTION_DUE_CALL_RECORDINGS,
	DB_Q_RETENTION_TAKE_CALL_RECORDINGS, false},
    {{"dual_recordings", dual, "the call"}, DB_Q_RETENTION_DUE_DUAL_RECORDINGS,
	DB_Q_RETENTION_TAKE_DUAL_RECORDINGS, false},
    {{"attempts", attempt, "the end of the task"}, DB_Q_RETENTION_DUE_ATTEMPTS,
	DB_Q_RETENTION_TAKE_ATTEMPTS, false},
    {{"calls", attempt, "the call"}, DB_Q_RETENTION_DUE_CALLS,
	DB_Q_RETENTION_TAKE_CALLS, false},
    {{"consents", consent, "the last use after the customer left"},
	DB_Q_RETENTION_DUE_CONSENTS, DB_Q_RETENTION_TAKE_CONSENTS, false},
    {{"complaints", complaint, "the settlement"}, DB_Q_RETENTION_DUE_COMPLAINTS,
	DB_Q_RETENTION_TAKE_COMPLAINTS, false},
    {{"decisions", retention_decision_records, "the decision"},
	DB_Q_RETENTION_DUE_DECISIONS, DB_Q_RETENTION_TAKE_DECISIONS, true},
};

const struct retention_class *
retention_class_at(int i)
{
	return &classes[i].public;
}

static stw_usec
instant_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

/* ---- the report ------------------------------------------------------------------------ */
static enum stw_code
report_one(struct db *db, const struct ruleset *rules, const struct class_of *c,
    stw_usec now, struct retention_due *out, struct stw_err *err)
{
	const struct rule_info *by;
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = (struct retention_due){
	    .kind = &c->public, .oldest = STW_USEC_NEVER, .next = STW_USEC_NEVER};
	out->cutoff = ruleset_keep_cutoff(rules, c->public.records, now, &out->rule);
	const struct db_param params[] = {
	    db_usec(out->cutoff), db_i64(RETENTION_COUNT_MAX)};
	rc = db_query_one(db, c->due, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK) {
		out->held = db_get_i64(rows, 0, 1);
		out->due = db_get_i64(rows, 0, 0) - out->held;
		out->oldest = instant_or_never(rows, 0, 2);
		if (out->rule != NULL && out->oldest != STW_USEC_NEVER)
			out->next = ruleset_keep_longest(
			    rules, c->public.records, out->oldest, now, &by);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
retention_report(struct db *db, const struct ruleset *rules, stw_usec now,
    struct retention_due out[RETENTION_CLASSES], struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int i = 0; i < RETENTION_CLASSES && rc == STW_OK; i++)
		rc = report_one(db, rules, &classes[i], now, &out[i], err);
	return rc;
}

/* ---- a run ------------------------------------------------------------------------------- */
struct run {
	struct db *db;
	const char *actor;
	char id[UUID_TEXT];
	stw_usec now;
	int batch;
};

static enum stw_code
note_batch(const struct run *run, const char *batch, const char *class,
    const char *rule, stw_usec cutoff, const struct db_rows *gone, struct stw_err *err)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof hash + 1], before[STW_USEC_TEXT];
	crypto_hash_sha256_state state;
	struct buf entry;
	enum stw_code rc;

	(void)crypto_hash_sha256_init(&state);
	DB_ROW_FOREACH(gone, r) {
		struct str id = db_get_str(gone, r, 0);

		(void)crypto_hash_sha256_update(
		    &state, (const unsigned char *)id.ptr, id.len);
		(void)crypto_hash_sha256_update(&state, (const unsigned char *)"\n", 1);
	}
	(void)crypto_hash_sha256_final(&state, hash);
	(void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	const struct db_param params[] = {db_text(batch), db_text(run->id),
	    db_text(class), db_text(rule), db_usec(cutoff), db_i64(db_rows_count(gone)),
	    db_bytes(hash, sizeof hash), db_usec(run->now)};
	const struct entry_field fields[] = {ENTRY_TEXT("actor", run->actor),
	    ENTRY_TEXT("class", class),
	    ENTRY_TEXT("cutoff", stw_usec_format(cutoff, before)),
	    ENTRY_TEXT("ids_sha256", hex), ENTRY_INT("rows", db_rows_count(gone)),
	    ENTRY_TEXT("rule", rule), ENTRY_TEXT("run", run->id)};

	rc = db_query(run->db, DB_Q_RETENTION_BATCH_INSERT, params, DB_NPARAMS(params),
	    NULL, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write(
	    "retention", batch, run->now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    run->db, -1, "retention", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

/* *taken 0: nothing is left of this class. */
static enum stw_code
take_batch(const struct run *run, const struct class_of *c, const char *rule,
    stw_usec cutoff, int64_t *taken, struct stw_err *err)
{
	struct uuid batch = uuid_new(run->now);
	char id[UUID_TEXT];
	const struct db_param name[] = {db_text(run->id)};
	const struct db_param params[] = {
	    db_usec(cutoff), db_i64(run->batch), db_text(uuid_format(&batch, id))};
	struct db_rows *gone = NULL;
	enum stw_code rc = db_begin(run->db, err);

	*taken = 0;
	if (rc == STW_OK)
		rc = db_query(run->db, DB_Q_RETENTION_RUN_USE, name, 1, NULL, err);
	if (rc == STW_OK)
		rc = db_query(
		    run->db, c->take, params, c->leaves_hash ? 3 : 2, &gone, err);
	if (rc == STW_OK && db_rows_count(gone) > 0)
		rc = note_batch(run, id, c->public.name, rule, cutoff, gone, err);
	if (rc == STW_OK)
		*taken = db_rows_count(gone);
	db_rows_free(gone);
	if (rc == STW_OK)
		return db_commit(run->db, err);
	db_rollback(run->db);
	return rc;
}

static enum stw_code
take_class(const struct run *run, const struct ruleset *rules, int i,
    const atomic_bool *stop, struct retention_done *out, struct stw_err *err)
{
	const struct rule_info *rule;
	stw_usec cutoff =
	    ruleset_keep_cutoff(rules, classes[i].public.records, run->now, &rule);
	int64_t taken = 1;
	enum stw_code rc = STW_OK;

	if (rule == NULL)
		return STW_OK;
	while (rc == STW_OK && taken > 0 && (stop == NULL || !*stop)) {
		rc = take_batch(run, &classes[i], rule->id, cutoff, &taken, err);
		if (rc == STW_OK && taken > 0) {
			out->rows[i] += taken;
			out->batches++;
		}
	}
	return rc;
}

enum stw_code
retention_run(struct db *db, const struct ruleset *rules, const char *actor, int batch,
    const atomic_bool *stop, stw_usec now, struct retention_done *out,
    struct stw_err *err)
{
	struct run run = {.db = db, .actor = actor, .now = now, .batch = batch};
	enum stw_code rc;

	*out = (struct retention_done){.run = uuid_new(now)};
	const struct db_param start[] = {
	    db_text(uuid_format(&out->run, run.id)), db_usec(now), db_text(actor)};
	const struct db_param finish[] = {db_text(run.id), db_usec(now)};

	rc =
	    db_query(db, DB_Q_RETENTION_RUN_START, start, DB_NPARAMS(start), NULL, err);
	for (int i = 0; i < RETENTION_CLASSES && rc == STW_OK; i++)
		rc = take_class(&run, rules, i, stop, out, err);
	if (rc == STW_OK)
		rc = db_query(db, DB_Q_RETENTION_RUN_FINISH, finish, DB_NPARAMS(finish),
		    NULL, err);
	return rc;
}

/* ---- what was done -------------------------------------------------------------------------- */
enum stw_code
retention_newest(struct db *db, stw_usec *out, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query_one(db, DB_Q_RETENTION_RUN_NEWEST, NULL, 0, &rows, err);

	*out = rc == STW_OK ? instant_or_never(rows, 0, 0) : STW_USEC_NEVER;
	db_rows_free(rows);
	return rc;
}

enum stw_code
retention_runs(struct db *db, int runs, struct arena *arena,
    struct retention_run_row **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(runs)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_RETENTION_RUN_LIST, params, 1, &rows, err);

	*count = rc == STW_OK ? db_rows_count(rows) : 0;
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	for (int r = 0; r < *count; r++)
		(*out)[r] =
		    (struct retention_run_row){.run_id = db_get_text(rows, r, 0, arena),
			.started_at = db_get_usec(rows, r, 1),
			.actor = db_get_text(rows, r, 2, arena),
			.finished_at = instant_or_never(rows, r, 3),
			.kind = db_get_text(rows, r, 4, arena),
			.rows = db_get_i64(rows, r, 5)};
	db_rows_free(rows);
	return rc;
}
