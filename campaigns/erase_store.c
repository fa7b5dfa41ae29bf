#include "campaigns/erase_store.h"

#include <string.h>

#include <sodium.h>

#include "campaigns/retention_store.h"
#include "db/commitment.h"
#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/uuid.h"

const char *const erase_reasons[] = {"subject_request", "consent_withdrawn",
    "retention_over", "unlawful_processing", NULL};

struct erase {
	struct db *db;
	const struct seal_keys *keys;
	const struct erase_request *req;
	struct arena *arena;
	struct seal_customer key;
	struct db_rows *points; /* of erase_points.sql */
	struct erase_result result;
};

/* bucket, customer_id: what most statements here begin with. */
#define WHO(e) db_i64((e)->req->bucket), db_i64((e)->req->customer_id)

static enum stw_code
run(struct erase *e, enum db_query_id query, struct stw_err *err)
{
	const struct db_param who[] = {WHO(e)};

	return db_query(e->db, query, who, DB_NPARAMS(who), NULL, err);
}

/* ---- who asks, who confirms --------------------------------------------------------- */
static enum stw_code
check_reason(const struct erase_request *req, struct stw_err *err)
{
	for (int i = 0; erase_reasons[i] != NULL; i++)
		if (strcmp(erase_reasons[i], req->reason) == 0)
			return STW_OK;
	return stw_fail(err, STW_INVALID,
	    "/reason: it is subject_request, consent_withdrawn, retention_over or "
	    "unlawful_processing");
}

static enum stw_code
note(struct erase *e, const char *what, struct stw_err *err)
{
	const struct erase_request *req = e->req;
	bool gone = e->result.erased; /* and with it the key to say whom with */
	char customer[COMMITMENT_HEX];
	struct uuid id = uuid_new(req->now);
	char text[UUID_TEXT];
	const struct entry_field fields[] = {ENTRY_TEXT("actor", req->actor),
	    ENTRY_INT("blocked", e->result.blocked),
	    ENTRY_INT("cancelled", e->result.cancelled),
	    ENTRY_TEXT("case", req->case_ref),
	    ENTRY_TEXT("customer_hmac", gone ? NULL : customer),
	    ENTRY_TEXT("reason", req->reason),
	    ENTRY_INT("recalled", e->result.recalled),
	    ENTRY_INT("records", e->result.records),
	    ENTRY_TEXT("requested_by", e->result.requested_by),
	    ENTRY_INT("suppressed", e->result.suppressed), ENTRY_TEXT("what", what)};
	struct buf entry;
	enum stw_code rc = STW_OK;

	(void)uuid_format(&id, text);
	if (!gone)
		rc = commit_customer(
		    e->db, req->bucket, req->customer_id, text, customer, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write(
	    "erasure", text, req->now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    e->db, req->bucket, "erasure", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

/* *second: another person has asked for it before. */
static enum stw_code
ask(struct erase *e, bool *second, struct stw_err *err)
{
	const struct erase_request *req = e->req;
	const struct db_param ask[] = {WHO(e), db_text(req->reason),
	    db_text(req->case_ref), db_text(req->actor), db_usec(req->now)};
	const struct db_param who[] = {WHO(e)};
	struct db_rows *rows = NULL;
	int64_t added = 0;
	enum stw_code rc;

	rc = db_exec(e->db, DB_Q_ERASURE_ASK, ask, DB_NPARAMS(ask), &added, err);
	if (rc == STW_OK)
		rc = db_query_one(
		    e->db, DB_Q_ERASURE_GET, who, DB_NPARAMS(who), &rows, err);
	if (rc == STW_OK) {
		e->result.requested_by = db_get_text(rows, 0, 0, e->arena);
		e->result.requested_at = db_get_usec(rows, 0, 1);
	}
	db_rows_free(rows);
	*second = rc == STW_OK && added == 0;
	if (*second && strcmp(e->result.requested_by, req->actor) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "you have asked for this erasure yourself: another person has to "
		    "confirm it");
	return rc;
}

/* An import that has looked the customer up already would bring rows after the erasure. */
static enum stw_code
imports_keep_out(struct erase *e, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query_one(e->db, DB_Q_ERASE_IMPORT_FREE, NULL, 0, &rows, err);

	if (rc == STW_OK && !db_get_bool(rows, 0, 0))
		rc = stw_fail(err, STW_CONFLICT,
		    "an import is running and could bring this customer's rows again: try "
		    "when it has ended");
	db_rows_free(rows);
	return rc;
}

/* ---- locks ---------------------------------------------------------------------------- */
/* Planners keep out first, then guards in the order of the numbers' hashes, then the permission, then the customer. */
static enum stw_code
lock(struct erase *e, struct stw_err *err)
{
	const struct db_param who[] = {WHO(e)};
	enum stw_code rc = db_query(e->db, DB_Q_ERASE_BARRIER, who, 1, NULL, err);

	if (rc == STW_OK)
		rc = db_query(e->db, DB_Q_INDEX_HOLD, NULL, 0, NULL, err);

	if (rc == STW_OK)
		rc = db_query(
		    e->db, DB_Q_ERASE_POINTS, who, DB_NPARAMS(who), &e->points, err);
	for (int i = 0; rc == STW_OK && i < db_rows_count(e->points); i++) {
		struct str index = db_get_bytes(e->points, i, 0, e->arena);
		const struct db_param guard[] = {db_bytes(index.ptr, index.len)};

		rc = db_query(
		    e->db, DB_Q_GUARD_LOCK, guard, DB_NPARAMS(guard), NULL, err);
	}
	if (rc == STW_OK)
		rc = run(e, DB_Q_CONSENT_LOCK, err);
	return rc;
}

static enum stw_code
lock_customer(struct erase *e, struct stw_err *err)
{
	const struct db_param who[] = {WHO(e)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query_one(e->db, DB_Q_ERASE_LOCK, who, DB_NPARAMS(who), &rows, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, rc, "there is no such customer");
	else if (rc == STW_OK && db_get_bool(rows, 0, 0))
		rc = stw_fail(
		    err, STW_CONFLICT, "this customer's data was erased already");
	else if (rc == STW_OK && db_get_bool(rows, 0, 1))
		rc = stw_fail(err, STW_CONFLICT,
		    "this customer is under a legal hold: nothing may be erased");
	else if (rc == STW_OK && db_is_null(rows, 0, 2))
		rc = stw_fail(err, STW_CONFLICT,
		    "this customer has no key: nothing sealed can be opened already");
	if (rc == STW_OK)
		rc = seal_customer_open(e->keys, e->req->customer_id,
		    db_get_bytes(rows, 0, 2, e->arena), &e->key, err);
	db_rows_free(rows);
	return rc;
}

/* ---- objections outlive the customer ---------------------------------------------------- */
static enum stw_code
suppress(struct erase *e, const struct db_rows *objections, int r, struct str sealed,
    struct stw_err *err)
{
	int version = seal_keys_newest(e->keys, SEAL_SUPPRESS);
	unsigned char hash[SEAL_INDEX_BYTES];
	struct buf number;
	int64_t added = 0;
	enum stw_code rc;

	buf_init(&number);
	rc = seal_open(
	    &e->key, e->req->customer_id, "contact_point.phone", sealed, &number, err);
	if (rc == STW_OK)
		seal_suppression(
		    e->keys, version, (struct str){number.data, number.len}, hash);
	if (number.data != NULL)
		sodium_memzero(number.data, number.cap);
	buf_fini(&number);
	if (rc != STW_OK)
		return rc;
	const struct db_param params[] = {db_bytes(hash, sizeof hash), db_i64(version),
	    db_str(db_get_str(objections, r, 0)), db_str(db_get_str(objections, r, 1)),
	    db_day(db_get_day(objections, r, 2))};

	rc = db_exec(
	    e->db, DB_Q_SUPPRESSION_ADD, params, DB_NPARAMS(params), &added, err);
	e->result.suppressed += added;
	return rc;
}

/* One about a number puts that number on the list; one of the person all of the person's. */
static enum stw_code
suppress_all(struct erase *e, struct stw_err *err)
{
	const struct db_param params[] = {WHO(e), db_usec(e->req->now)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(
	    e->db, DB_Q_ERASE_OBJECTIONS, params, DB_NPARAMS(params), &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		bool on_number = db_get_bool(rows, r, 3);

		if (on_number && db_is_null(rows, r, 4))
			continue; /* the number is not on record anywhere */
		if (on_number)
			rc = suppress(
			    e, rows, r, db_get_bytes(rows, r, 4, e->arena), err);
		for (int i = 0;
		     !on_number && rc == STW_OK && i < db_rows_count(e->points); i++)
			rc = suppress(
			    e, rows, r, db_get_bytes(e->points, i, 1, e->arena), err);
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
objections_go_on(struct erase *e, struct stw_err *err)
{
	const struct db_param pass[] = {
	    WHO(e), db_usec(e->req->now), db_text(e->req->actor)};
	enum stw_code rc = suppress_all(e, err);

	if (rc == STW_OK)
		rc = db_query(e->db, DB_Q_ERASE_PASS_OBJECTIONS, pass, DB_NPARAMS(pass),
		    NULL, err);
	if (rc == STW_OK)
		rc = run(e, DB_Q_ERASE_OWN_OBJECTIONS, err);
	return rc;
}

/* ---- the rest --------------------------------------------------------------------------- */
static enum stw_code
end_tasks(struct erase *e, struct stw_err *err)
{
	const struct db_param params[] = {WHO(e), db_usec(e->req->now)};
	const struct entry_field why = ENTRY_TEXT("why", "customer erased");
	struct db_rows *rows = NULL;
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	rc = db_query(e->db, DB_Q_ERASE_TASKS, params, DB_NPARAMS(params), &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		struct str state = db_get_str(rows, r, 2);
		const struct entry_field fields[] = {
		    ENTRY_TEXT("state", state.ptr), why};

		if (str_eq_c(state, "cancelled"))
			e->result.cancelled++;
		else
			e->result.recalled++;
		buf_clear(&entry);
		entry_write("task_ended", db_get_str(rows, r, 0).ptr, e->req->now,
		    fields, (int)STW_ARRAY_LEN(fields), &entry);
		rc = ledger_append(e->db, e->req->bucket, "task_ended",
		    (struct str){entry.data, entry.len}, err);
	}
	db_rows_free(rows);
	buf_fini(&entry);
	return rc;
}

static enum stw_code
count_sharers(struct erase *e, struct stw_err *err)
{
	int n = db_rows_count(e->points);
	struct str *hex = arena_array(e->arena, (size_t)n, sizeof *hex);

	for (int i = 0; i < n; i++) {
		struct str index = db_get_bytes(e->points, i, 0, e->arena);
		char *to = arena_alloc(e->arena, 2 * index.len + 1);

		(void)sodium_bin2hex(
		    to, 2 * index.len + 1, (const unsigned char *)index.ptr, index.len);
		hex[i] = (struct str){to, 2 * index.len};
	}
	const struct db_param params[] = {db_texts(hex, (size_t)n)};

	return db_query(e->db, DB_Q_ERASE_SHARED, params, 1, NULL, err);
}

/* Those made before it need not be kept; NEVER: all are; MAX: no rule keeps any. */
static stw_usec
records_cutoff(const struct erase *e)
{
	const struct rule_info *by = NULL;
	stw_usec cutoff = ruleset_keep_cutoff(
	    e->req->rules, retention_decision_records, e->req->now, &by);

	return by != NULL ? cutoff : STW_USEC_MAX;
}

/* The customer's key is gone: what each entry commits to opens with the entry's from now on. */
static enum stw_code
block(struct erase *e, const struct db_rows *held, struct stw_err *err)
{
	size_t n = (size_t)db_rows_count(held);
	struct str *ids = arena_array(e->arena, n + 1, sizeof *ids);
	struct str *keys = arena_array(e->arena, n + 1, sizeof *keys);
	unsigned char own[COMMITMENT_BYTES];
	struct commit_key key = {0};

	seal_commit_key(&e->key, key.b);
	DB_ROW_FOREACH(held, r) {
		char *hex = arena_alloc(e->arena, COMMITMENT_HEX);

		ids[r] = db_get_str(held, r, 0);
		if (!db_get_bool(held, r, 1))
			continue;
		commit_entry_key(&key, ids[r].ptr, own);
		(void)sodium_bin2hex(hex, COMMITMENT_HEX, own, sizeof own);
		keys[r] = str_of(hex);
	}
	sodium_memzero(&key, sizeof key);
	sodium_memzero(own, sizeof own);
	const struct db_param params[] = {WHO(e), db_texts(ids, n), db_texts(keys, n)};

	return db_exec(e->db, DB_Q_ERASE_BLOCK, params, DB_NPARAMS(params),
	    &e->result.blocked, err);
}

/* What the gate knew, after the key: the entries say as before that it decided, but nobody
 * can show any more from what; but for what a rule of retention keeps longer, and then for
 * as long as that. */
static enum stw_code
forget_records(struct erase *e, struct stw_err *err)
{
	const struct db_param over[] = {WHO(e), db_usec(records_cutoff(e))};
	struct db_rows *held = NULL;
	enum stw_code rc = run(e, DB_Q_ERASE_USE, err);

	if (rc == STW_OK)
		rc = db_exec(e->db, DB_Q_ERASE_RECORDS, over, DB_NPARAMS(over),
		    &e->result.records, err);
	if (rc == STW_OK)
		rc = db_query(
		    e->db, DB_Q_ERASE_HELD, over, DB_NPARAMS(over), &held, err);
	if (rc == STW_OK && db_rows_count(held) > 0)
		rc = block(e, held, err);
	db_rows_free(held);
	return rc;
}

static enum stw_code
destroy(struct erase *e, struct stw_err *err)
{
	const struct erase_request *req = e->req;
	const struct db_param points[] = {WHO(e), db_usec(req->now)};
	const struct db_param customer[] = {
	    WHO(e), db_usec(req->now), db_day(req->today)};
	enum stw_code rc;

	rc = db_query(
	    e->db, DB_Q_ERASE_CONTACT_POINTS, points, DB_NPARAMS(points), NULL, err);
	if (rc == STW_OK)
		rc = count_sharers(e, err);
	if (rc == STW_OK)
		rc = run(e, DB_Q_ERASE_COUNTS, err);
	if (rc == STW_OK)
		rc = run(e, DB_Q_ERASE_ROWS, err);
	if (rc == STW_OK)
		rc = forget_records(e, err);
	if (rc == STW_OK)
		rc = db_query(e->db, DB_Q_ERASE_CUSTOMER, customer,
		    DB_NPARAMS(customer), NULL, err);
	return rc;
}

static enum stw_code
confirm(struct erase *e, struct stw_err *err)
{
	const struct db_param done[] = {
	    WHO(e), db_text(e->req->actor), db_usec(e->req->now)};
	enum stw_code rc = imports_keep_out(e, err);

	if (rc == STW_OK)
		rc = end_tasks(e, err);
	if (rc == STW_OK)
		rc = objections_go_on(e, err);
	if (rc == STW_OK)
		rc = destroy(e, err);
	if (rc == STW_OK)
		rc = db_query(
		    e->db, DB_Q_ERASURE_DONE, done, DB_NPARAMS(done), NULL, err);
	e->result.erased = rc == STW_OK;
	return rc == STW_OK ? note(e, "erased", err) : rc;
}

enum stw_code
erase_customer(struct db *db, const struct seal_keys *keys,
    const struct erase_request *req, struct arena *arena, struct erase_result *out,
    struct stw_err *err)
{
	struct erase e = {.db = db, .keys = keys, .req = req, .arena = arena};
	bool second = false;
	enum stw_code rc = check_reason(req, err);

	*out = (struct erase_result){0};
	if (rc == STW_OK)
		rc = lock(&e, err);
	/* Whether it may be at all is said to the first already. */
	if (rc == STW_OK)
		rc = lock_customer(&e, err);
	if (rc == STW_OK)
		rc = ask(&e, &second, err);
	if (rc == STW_OK)
		rc = second ? confirm(&e, err) : note(&e, "requested", err);
	if (rc == STW_OK)
		*out = e.result;
	db_rows_free(e.points);
	sodium_memzero(&e.key, sizeof e.key);
	return rc;
}
