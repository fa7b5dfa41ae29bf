#include "campaigns/campaign_store.h"

#include <string.h>

#include <sodium.h>

#include "campaigns/trigger_store.h"
#include "db/entry_json.h"
#include "db/ledger.h"

static enum stw_code
log_change(struct db *db, const char *code, int version, const char *hash,
    const char *actor, const char *change, stw_usec now, struct stw_err *err)
{
	const struct entry_field fields[] = {ENTRY_TEXT("what", "campaign"),
	    ENTRY_INT("version", version), ENTRY_TEXT("sha256", hash),
	    ENTRY_TEXT("actor", actor), ENTRY_TEXT("change", change)};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write(
	    "rule_change", code, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "rule_change", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static void
row_from(
    const struct db_rows *rows, int r, struct arena *arena, struct campaign_row *out)
{
	out->campaign_id = db_get_i64(rows, r, 0);
	out->code = db_get_text(rows, r, 1, arena);
	out->state = db_get_text(rows, r, 2, arena);
	out->active_version = (int)db_get_i64(rows, r, 3);
	out->newest_version = (int)db_get_i64(rows, r, 4);
	out->author = db_get_text(rows, r, 5, arena);
	out->approved_by = db_get_text(rows, r, 6, arena);
	out->document = db_get_text(rows, r, 7, arena);
	out->hash_hex = db_get_text(rows, r, 8, arena);
	out->updated_at = db_get_usec(rows, r, 9);
}

enum stw_code
campaign_list(struct db *db, struct arena *arena, struct campaign_row **out, int *count,
    struct stw_err *err)
{
	const struct db_param params[] = {db_null()};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_CAMPAIGN_NEWEST, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK) {
		*count = db_rows_count(rows);
		*out = arena_array(arena, (size_t)*count, sizeof **out);
		DB_ROW_FOREACH(rows, r)
			row_from(rows, r, arena, &(*out)[r]);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
campaign_get(struct db *db, const char *code, struct arena *arena,
    struct campaign_row *out, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = (struct campaign_row){0};
	rc = db_query(db, DB_Q_CAMPAIGN_NEWEST, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no campaign '%s'", code);
	if (rc == STW_OK)
		row_from(rows, 0, arena, out);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
add_version(struct db *db, const struct campaign *campaign, struct str canonical,
    const char *author, const char *expect_hash, stw_usec now, struct arena *arena,
    struct stw_err *err)
{
	const struct db_param make[] = {db_text(campaign->code), db_usec(now)};
	const struct db_param find[] = {db_text(campaign->code)};
	struct campaign_row newest = {0};
	unsigned char hash[32];
	struct db_rows *rows = NULL;
	int64_t id;
	enum stw_code rc;

	rc = db_query(db, DB_Q_CAMPAIGN_INSERT, make, DB_NPARAMS(make), NULL, err);
	if (rc == STW_OK)
		rc = db_query_one(
		    db, DB_Q_CAMPAIGN_LOCK, find, DB_NPARAMS(find), &rows, err);
	if (rc != STW_OK)
		return rc;
	id = db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	rc = campaign_get(db, campaign->code, arena, &newest, NULL);
	if (rc != STW_OK && rc != STW_NOT_FOUND)
		return stw_fail(
		    err, rc, "campaign '%s' cannot be read", campaign->code);
	if (expect_hash != NULL &&
	    (newest.hash_hex == NULL || strcmp(newest.hash_hex, expect_hash) != 0))
		return stw_fail(err, STW_CONFLICT,
		    "campaign '%s' was changed meanwhile: its newest version is %d",
		    campaign->code, newest.newest_version);
	if (newest.hash_hex != NULL && strcmp(newest.hash_hex, campaign->hash_hex) == 0)
		return STW_OK;
	STW_ASSERT(sodium_hex2bin(hash, sizeof hash, campaign->hash_hex, 64, NULL, NULL,
		       NULL) == 0);
	const struct db_param params[] = {db_i64(id), db_i64(newest.newest_version + 1),
	    db_str(canonical), db_bytes(hash, sizeof hash), db_text(author),
	    db_usec(now)};
	rc = db_query(
	    db, DB_Q_CAMPAIGN_VERSION_INSERT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = log_change(db, campaign->code, newest.newest_version + 1,
		    campaign->hash_hex, author, "draft", now, err);
	return rc;
}

enum stw_code
campaign_create(struct db *db, struct str document, const struct rule_env *env,
    const char *author, const char *expect_hash, stw_usec now, struct arena *arena,
    struct campaign_row *out, struct stw_err *err)
{
	struct campaign campaign;
	struct buf canonical;
	enum stw_code rc;

	*out = (struct campaign_row){0};
	buf_init(&canonical);
	rc = campaign_parse(document, env, arena, &campaign, &canonical, err);
	if (rc == STW_OK)
		rc = trigger_check(db, &campaign.trigger, err);
	if (rc != STW_OK)
		goto done;
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = add_version(db, &campaign,
		    (struct str){canonical.data, canonical.len}, author, expect_hash,
		    now, arena, err);
	if (rc == STW_OK)
		rc = campaign_get(db, campaign.code, arena, out, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc != STW_OK)
		db_rollback(db);
done:
	buf_fini(&canonical);
	return rc;
}

static enum stw_code
approve_tx(struct db *db, const char *code, int version, const char *approver,
    stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(code), db_i64(version), db_text(approver), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(
	    db, DB_Q_CAMPAIGN_VERSION_APPROVE, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	if (db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "campaign '%s' has no version %d",
		    code, version);
	else if (db_get_bool(rows, 0, 2))
		rc = stw_fail(err, STW_CONFLICT,
		    "campaign '%s' version %d is approved already", code, version);
	else if (str_eq_c(db_get_str(rows, 0, 0), approver))
		rc = stw_fail(err, STW_CONFLICT,
		    "%s wrote version %d of '%s': somebody else has to approve it",
		    approver, version, code);
	else
		rc = log_change(db, code, version, db_get_str(rows, 0, 1).ptr, approver,
		    "approved", now, err);
	db_rows_free(rows);
	return rc;
}

enum stw_code
campaign_approve(struct db *db, const char *code, int version, const char *approver,
    stw_usec now, struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = approve_tx(db, code, version, approver, now, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

/* What the step names must exist before a campaign may run. */
static enum stw_code
check_refs(struct db *db, const struct campaign_row *row, struct stw_err *err)
{
	struct campaign_refs refs;
	struct db_rows *rows = NULL;
	enum stw_code rc = campaign_refs_read(str_of(row->document), &refs, err);

	if (rc != STW_OK)
		return rc;
	const struct db_param params[] = {db_text(refs.queue), db_text(refs.pool),
	    db_text(refs.script),
	    refs.product[0] == '\0' ? db_null() : db_text(refs.product)};
	rc = db_query_one(
	    db, DB_Q_CAMPAIGN_REFS, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	if (!db_get_bool(rows, 0, 0))
		rc = stw_fail(err, STW_CONFLICT, "/step/queue: there is no queue '%s'",
		    refs.queue);
	else if (!db_get_bool(rows, 0, 1))
		rc = stw_fail(err, STW_CONFLICT,
		    "/step/number_pool: no caller number is in pool '%s'", refs.pool);
	else if (!db_get_bool(rows, 0, 2))
		rc = stw_fail(err, STW_CONFLICT,
		    "/step/script: no version of script '%s' is approved", refs.script);
	else if (!db_get_bool(rows, 0, 3))
		rc = stw_fail(err, STW_CONFLICT, "/product: there is no product '%s'",
		    refs.product);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
activate_tx(struct db *db, const char *code, const char *actor, stw_usec now,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_usec(now)};
	const struct db_param find[] = {db_text(code)};
	struct campaign_row row;
	struct arena arena;
	struct db_rows *rows = NULL;
	enum stw_code rc;

	arena_init(&arena);
	rc = db_query_one(db, DB_Q_CAMPAIGN_LOCK, find, DB_NPARAMS(find), NULL, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, STW_NOT_FOUND, "there is no campaign '%s'", code);
	if (rc == STW_OK)
		rc = campaign_get(db, code, &arena, &row, err);
	if (rc == STW_OK)
		rc = check_refs(db, &row, err);
	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_CAMPAIGN_ACTIVATE, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "no version of campaign '%s' is approved; a second person has to approve it",
		    code);
	if (rc == STW_OK)
		rc = log_change(db, code, (int)db_get_i64(rows, 0, 0),
		    db_get_str(rows, 0, 1).ptr, actor, "activated", now, err);
	db_rows_free(rows);
	arena_fini(&arena);
	return rc;
}

enum stw_code
campaign_activate(struct db *db, const char *code, const char *actor, stw_usec now,
    struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = activate_tx(db, code, actor, now, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

static enum stw_code
end_tasks(struct db *db, int64_t campaign_id, const char *why, stw_usec now,
    struct stw_err *err)
{
	const struct db_param which[] = {db_i64(campaign_id)};
	struct db_rows *buckets = NULL;
	enum stw_code rc;

	rc = db_query(
	    db, DB_Q_CAMPAIGN_OPEN_BUCKETS, which, DB_NPARAMS(which), &buckets, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(buckets); r++) {
		const struct db_param params[] = {db_i64(db_get_i64(buckets, r, 0)),
		    db_i64(campaign_id), db_usec(now), db_text(why)};

		rc = db_query(
		    db, DB_Q_CAMPAIGN_END_TASKS, params, DB_NPARAMS(params), NULL, err);
	}
	db_rows_free(buckets);
	return rc;
}

enum stw_code
campaign_pause(struct db *db, const char *code, const char *actor, stw_usec now,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_CAMPAIGN_PAUSE, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT, "campaign '%s' is not active", code);
	if (rc == STW_OK)
		rc = end_tasks(db, db_get_i64(rows, 0, 0), "campaign paused", now, err);
	if (rc == STW_OK)
		rc = log_change(db, code, (int)db_get_i64(rows, 0, 1), NULL, actor,
		    "paused", now, err);
	db_rows_free(rows);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

/* The columns from c on: trait, code, measured, allowed, rule. */
static void
hold_from(
    const struct db_rows *rows, int r, int c, struct arena *arena, struct run_row *run)
{
	run->held_rule = db_get_text(rows, r, c + 4, arena);
	run->held_trait = db_get_text(rows, r, c, arena);
	if (run->held_trait == NULL)
		return;
	STW_ASSERT(trait_breach_parse(db_get_str(rows, r, c + 1), &run->held.breach));
	run->held.measured = db_get_i64(rows, r, c + 2);
	run->held.allowed = db_get_i64(rows, r, c + 3);
}

static void
run_from(const struct db_rows *rows, int r, struct arena *arena, struct run_row *run)
{
	run->run_id = db_get_text(rows, r, 0, arena);
	run->campaign = db_get_text(rows, r, 1, arena);
	run->version = (int)db_get_i64(rows, r, 2);
	run->as_of = db_get_usec(rows, r, 3);
	run->started_at = db_get_usec(rows, r, 4);
	run->finished_at =
	    db_is_null(rows, r, 5) ? STW_USEC_NEVER : db_get_usec(rows, r, 5);
	run->scope = db_get_i64(rows, r, 6);
	run->audience = db_get_i64(rows, r, 7);
	run->undecided = db_get_i64(rows, r, 8);
	hold_from(rows, r, 12, arena, run);
}

enum stw_code
campaign_runs(struct db *db, const char *campaign, int limit, struct arena *arena,
    struct run_row **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(campaign), db_i64(limit)};
	struct db_rows *rows = NULL;
	struct run_row *runs;
	struct run_reason *reasons;
	int n = 0;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_CAMPAIGN_RUNS, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	runs = arena_array(arena, (size_t)db_rows_count(rows), sizeof *runs);
	reasons = arena_array(arena, (size_t)db_rows_count(rows), sizeof *reasons);
	DB_ROW_FOREACH(rows, r) {
		if (n == 0 || !str_eq_c(db_get_str(rows, r, 0), runs[n - 1].run_id)) {
			run_from(rows, r, arena, &runs[n]);
			runs[n++].reasons = &reasons[r];
		}
		if (db_is_null(rows, r, 9))
			continue;
		reasons[r].fate = db_get_text(rows, r, 9, arena);
		reasons[r].code = db_get_text(rows, r, 10, arena);
		reasons[r].count = db_get_i64(rows, r, 11);
		runs[n - 1].nreasons++;
	}
	*out = runs;
	*count = n;
	db_rows_free(rows);
	return rc;
}

enum stw_code
campaign_held(struct db *db, struct arena *arena, struct run_row **out, int *count,
    struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_CAMPAIGN_HELD, NULL, 0, &rows, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct run_row *run = &(*out)[(*count)++];

		*run = (struct run_row){.campaign = db_get_text(rows, r, 0, arena),
		    .version = (int)db_get_i64(rows, r, 1),
		    .as_of = db_get_usec(rows, r, 2)};
		hold_from(rows, r, 3, arena, run);
	}
	db_rows_free(rows);
	return rc;
}
