#include "campaigns/reveal_store.h"

#include <string.h>

#include <sodium.h>

#include "db/commitment.h"
#include "db/entry_json.h"
#include "db/ledger.h"

struct reveal {
	struct db *db;
	const struct seal_keys *keys;
	const struct reveal_request *req;
	struct arena *arena;
	int64_t point_id; /* the only one to show; 0: all */
	struct seal_customer key;
	struct reveal_result result;
};

static enum stw_code
quota_take(struct reveal *r, struct stw_err *err)
{
	const struct db_param who[] = {
	    db_text(r->req->actor), db_usec(r->req->day_start)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(r->db, DB_Q_REVEAL_LOCK, who, 1, NULL, err);
	if (rc == STW_OK)
		rc = db_query_one(
		    r->db, DB_Q_REVEAL_COUNT, who, DB_NPARAMS(who), &rows, err);
	if (rc == STW_OK) {
		r->result.used = db_get_i64(rows, 0, 0) + 1;
		r->result.over_quota = r->result.used > r->req->quota;
	}
	db_rows_free(rows);
	return rc;
}

/* An agent: the task is held, and for the number the gate has said yes to a call now. */
static enum stw_code
task_check(struct reveal *r, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct reveal_request *req = r->req;
	struct db_rows *rows = NULL;
	enum stw_code rc;

	if (req->task == NULL)
		return STW_OK;
	const struct db_param params[] = {db_i64(req->bucket),
	    db_text(uuid_format(req->task, id)), db_i64(req->customer_id),
	    db_text(req->actor), db_usec(req->now)};

	rc = db_query(r->db, DB_Q_REVEAL_TASK, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_DENIED,
		    "you hold no task about this customer with this id");
	if (rc == STW_OK && (req->fields & REVEAL_PHONE) != 0 &&
	    !db_get_bool(rows, 0, 1))
		rc = stw_fail(err, STW_DENIED,
		    "a number is shown while a dial permit is in force: ask for one first");
	if (rc == STW_OK)
		r->point_id = db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
open_value(struct reveal *r, const char *column, struct str sealed, const char **out,
    struct stw_err *err)
{
	struct buf plain;
	enum stw_code rc;

	*out = NULL;
	if (sealed.len == 0)
		return STW_OK;
	buf_init(&plain);
	rc = seal_open(&r->key, r->req->customer_id, column, sealed, &plain, err);
	if (rc == STW_OK)
		*out = arena_strndup(r->arena, plain.data, plain.len);
	if (plain.data != NULL)
		sodium_memzero(plain.data, plain.cap);
	buf_fini(&plain);
	return rc;
}

static enum stw_code
open_person(struct reveal *r, struct stw_err *err)
{
	const struct reveal_request *req = r->req;
	const struct db_param params[] = {
	    db_i64(req->bucket), db_i64(req->customer_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query_one(
	    r->db, DB_Q_REVEAL_CUSTOMER, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, rc, "this customer's data was erased");
	if (rc == STW_OK)
		rc = seal_customer_open(r->keys, req->customer_id,
		    db_get_bytes(rows, 0, 2, r->arena), &r->key, err);
	if (rc == STW_OK && (req->fields & REVEAL_NAME) != 0)
		rc = open_value(r, "customer.name", db_get_bytes(rows, 0, 0, r->arena),
		    &r->result.name, err);
	if (rc == STW_OK && (req->fields & REVEAL_ID_NUMBER) != 0)
		rc = open_value(r, "customer.id", db_get_bytes(rows, 0, 1, r->arena),
		    &r->result.id_number, err);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
open_phones(struct reveal *r, struct stw_err *err)
{
	const struct reveal_request *req = r->req;
	const struct db_param params[] = {db_i64(req->bucket), db_i64(req->customer_id),
	    r->point_id == 0 ? db_null() : db_i64(r->point_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	if ((req->fields & REVEAL_PHONE) == 0)
		return STW_OK;
	rc =
	    db_query(r->db, DB_Q_REVEAL_POINTS, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	r->result.phones = arena_array(
	    r->arena, (size_t)db_rows_count(rows), sizeof *r->result.phones);
	for (int i = 0; i < db_rows_count(rows) && rc == STW_OK; i++) {
		struct reveal_phone *p = &r->result.phones[r->result.nphones++];

		p->point_id = db_get_i64(rows, i, 0);
		p->kind = db_get_text(rows, i, 1, r->arena);
		rc = open_value(r, "contact_point.phone",
		    db_get_bytes(rows, i, 2, r->arena), &p->number, err);
	}
	db_rows_free(rows);
	return rc;
}

static const char *
field_words(const struct reveal *r)
{
	unsigned f = r->req->fields;

	return arena_printf(r->arena, "%s%s%s", (f & REVEAL_NAME) != 0 ? "name " : "",
	    (f & REVEAL_PHONE) != 0 ? "phone " : "",
	    (f & REVEAL_ID_NUMBER) != 0 ? "id_number " : "");
}

/* Who, whom, what and why; no value of it. */
static enum stw_code
record(struct reveal *r, struct stw_err *err)
{
	const struct reveal_request *req = r->req;
	struct uuid id = uuid_new(req->now);
	char task[UUID_TEXT] = "", customer[COMMITMENT_HEX];
	const char *fields = field_words(r);
	struct buf entry;
	enum stw_code rc;

	(void)uuid_format(&id, r->result.access_id);
	if (req->task != NULL)
		(void)uuid_format(req->task, task);
	const char *detail = arena_printf(r->arena,
	    "customer=%lld fields=%spurpose=%s reason=%s task=%s",
	    (long long)req->customer_id, fields, req->purpose,
	    req->reason != NULL ? req->reason : "-", task[0] != '\0' ? task : "-");
	const struct db_param access[] = {db_text(r->result.access_id),
	    db_usec(req->now), db_text(req->actor), db_text(req->role),
	    db_text("reveal"), db_text("allowed"), db_text(detail)};
	const struct entry_field entries[] = {ENTRY_TEXT("actor", req->actor),
	    ENTRY_TEXT("customer_hmac", customer), ENTRY_TEXT("fields", fields),
	    ENTRY_TEXT("purpose", req->purpose), ENTRY_TEXT("reason", req->reason),
	    ENTRY_TEXT("role", req->role),
	    ENTRY_TEXT("task", task[0] != '\0' ? task : NULL)};

	rc = db_query(r->db, DB_Q_ACCESS_INSERT, access, DB_NPARAMS(access), NULL, err);
	if (rc == STW_OK)
		rc = commit_customer(r->db, req->bucket, req->customer_id,
		    r->result.access_id, customer, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write("reveal", r->result.access_id, req->now, entries,
	    (int)STW_ARRAY_LEN(entries), &entry);
	rc = ledger_append(
	    r->db, req->bucket, "reveal", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static enum stw_code
reveal_in_tx(struct reveal *r, struct stw_err *err)
{
	enum stw_code rc = task_check(r, err);

	if (rc == STW_OK)
		rc = quota_take(r, err);
	if (rc != STW_OK || r->result.over_quota)
		return rc;
	rc = open_person(r, err);
	if (rc == STW_OK)
		rc = open_phones(r, err);
	if (rc == STW_OK)
		rc = record(r, err);
	return rc;
}

enum stw_code
reveal_run(struct db *db, const struct seal_keys *keys,
    const struct reveal_request *req, struct arena *arena, struct reveal_result *out,
    struct stw_err *err)
{
	struct reveal r = {.db = db, .keys = keys, .req = req, .arena = arena};
	enum stw_code rc;

	*out = (struct reveal_result){0};
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = reveal_in_tx(&r, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc == STW_OK)
		*out = r.result;
	else
		db_rollback(db);
	sodium_memzero(&r.key, sizeof r.key);
	return rc;
}
