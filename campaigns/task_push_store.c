/* A task between the gate and its queue's answer: leaves, leases, endings, recalls. */
#include <string.h>

#include "campaigns/task_remote_store.h"
#include "db/entry_json.h"
#include "db/ledger.h"

/* Claims as the arrays of a statement. */
struct claim_arrays {
	int64_t *buckets, *epochs;
	struct str *ids, *claim_ids, *decision_ids;
};

static struct str
id_text(const struct uuid *uuid, struct arena *arena)
{
	char *id = arena_alloc(arena, UUID_TEXT);

	return str_of(uuid_format(uuid, id));
}

static void
arrays_of(const struct task_claim *claims, int count, struct arena *arena,
    struct claim_arrays *out)
{
	size_t n = (size_t)count;

	out->buckets = arena_array(arena, n, sizeof *out->buckets);
	out->epochs = arena_array(arena, n, sizeof *out->epochs);
	out->ids = arena_array(arena, n, sizeof *out->ids);
	out->claim_ids = arena_array(arena, n, sizeof *out->claim_ids);
	out->decision_ids = arena_array(arena, n, sizeof *out->decision_ids);
	for (size_t i = 0; i < n; i++) {
		out->buckets[i] = claims[i].bucket;
		out->epochs[i] = claims[i].epoch;
		out->ids[i] = id_text(&claims[i].task_id, arena);
		out->claim_ids[i] = id_text(&claims[i].claim_id, arena);
		out->decision_ids[i] = id_text(&claims[i].decision_id, arena);
	}
}

/* Sets named[i] where a row names claim i: its task, and which of its claims. */
static void
mark_named(const struct db_rows *rows, const struct str *ids, const struct str *which,
    int count, bool *named)
{
	for (int i = 0; i < count; i++) {
		named[i] = false;
		for (int r = 0; r < db_rows_count(rows) && !named[i]; r++)
			named[i] = str_eq(db_get_str(rows, r, 0), ids[i]) &&
				   str_eq(db_get_str(rows, r, 1), which[i]);
	}
}

enum stw_code
task_push_hold(
    struct db *db, const int64_t *number_ids, size_t count, struct stw_err *err)
{
	const struct db_param params[] = {db_i64s(number_ids, count)};
	enum stw_code rc = db_later(db, DB_Q_COMMIT_UNSYNCED, NULL, 0, err);

	if (rc == STW_OK)
		rc = db_later(db, DB_Q_PLAN_BY_KEY, NULL, 0, err);
	if (rc != STW_OK)
		return rc;
	return db_query(
	    db, DB_Q_PUSH_HOLD_NUMBERS, params, DB_NPARAMS(params), NULL, err);
}

enum stw_code
task_push_begin(struct db *db, const struct task_claim *claims, int count,
    struct arena *arena, bool *may, struct stw_err *err)
{
	struct claim_arrays a;
	struct db_rows *rows = NULL;
	size_t n = (size_t)count;
	enum stw_code rc;

	arrays_of(claims, count, arena, &a);
	const struct db_param params[] = {db_i64s(a.buckets, n), db_texts(a.ids, n),
	    db_i64s(a.epochs, n), db_texts(a.decision_ids, n)};

	rc = db_query(db, DB_Q_PUSH_BEGIN, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK)
		mark_named(rows, a.ids, a.decision_ids, count, may);
	db_rows_free(rows);
	return rc;
}

enum stw_code
task_leases_extend(struct db *db, const struct task_claim *claims, int count,
    int lease_sec, struct arena *arena, bool *held, struct stw_err *err)
{
	struct claim_arrays a;
	struct db_rows *rows = NULL;
	size_t n = (size_t)count;
	enum stw_code rc;

	arrays_of(claims, count, arena, &a);
	const struct db_param params[] = {db_i64s(a.buckets, n), db_texts(a.ids, n),
	    db_i64s(a.epochs, n), db_texts(a.claim_ids, n), db_i64(lease_sec)};

	rc = db_query(
	    db, DB_Q_TASK_LEASE_EXTEND, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK)
		mark_named(rows, a.ids, a.claim_ids, count, held);
	db_rows_free(rows);
	return rc;
}

static const struct {
	const char *result; /* attempt.result */
	const char *state;  /* of the task */
} push_results[] = {
    [TASK_PUSH_ACCEPTED] = {"accepted", "queued"},
    [TASK_PUSH_RETRY] = {"retry", "ready"},
    [TASK_PUSH_REFUSED] = {"refused", "failed"},
    [TASK_PUSH_UNKNOWN] = {"unknown", "unknown"},
};

/* One column of the statement each. */
struct ending_arrays {
	struct claim_arrays claims;
	struct str *states, *results, *details;
	int64_t *due, *http, *counts;
};

static void
ending_arrays_of(const struct task_ending *endings, size_t n, struct arena *arena,
    struct ending_arrays *out)
{
	struct task_claim *claims = arena_array(arena, n, sizeof *claims);

	out->states = arena_array(arena, n, sizeof *out->states);
	out->results = arena_array(arena, n, sizeof *out->results);
	out->details = arena_array(arena, n, sizeof *out->details);
	out->due = arena_array(arena, n, sizeof *out->due);
	out->http = arena_array(arena, n, sizeof *out->http);
	out->counts = arena_array(arena, n, sizeof *out->counts);
	for (size_t i = 0; i < n; i++) {
		const struct task_ending *e = &endings[i];

		claims[i] = e->claim;
		out->states[i] = str_of(push_results[e->result].state);
		out->results[i] = str_of(push_results[e->result].result);
		out->details[i] = str_of(e->detail == NULL ? "" : e->detail);
		out->due[i] = e->result == TASK_PUSH_RETRY ? e->retry_at : -1;
		out->http[i] = e->http_status;
		out->counts[i] = e->left;
	}
	arrays_of(claims, (int)n, arena, &out->claims);
}

static enum stw_code
endings_log(struct db *db, const struct task_ending *endings, size_t n,
    const struct ending_arrays *a, stw_usec now, struct arena *arena,
    struct stw_err *err)
{
	struct ledger_entry *entries = arena_array(arena, n, sizeof *entries);
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; i < n; i++) {
		const struct task_ending *e = &endings[i];
		const struct entry_field fields[] = {ENTRY_INT("epoch", e->claim.epoch),
		    ENTRY_TEXT("result", a->results[i].ptr),
		    ENTRY_INT("http", e->http_status),
		    ENTRY_INT("stale", e->stale ? 1 : 0),
		    ENTRY_TEXT("dead", e->dead ? "tries" : NULL)};

		buf_clear(&text);
		entry_write("dispatch", a->claims.ids[i].ptr, now, fields,
		    (int)STW_ARRAY_LEN(fields), &text);
		entries[i] = (struct ledger_entry){e->claim.bucket, "dispatch",
		    {arena_strndup(arena, text.data, text.len), text.len}};
	}
	buf_fini(&text);
	return ledger_append_many(db, entries, n, err);
}

static enum stw_code
finish_in_tx(struct db *db, struct task_ending *endings, size_t n, stw_usec now,
    struct arena *arena, struct stw_err *err)
{
	struct ending_arrays a;
	struct db_rows *rows = NULL;
	enum stw_code rc;

	ending_arrays_of(endings, n, arena, &a);
	const struct db_param params[] = {db_i64s(a.claims.buckets, n),
	    db_texts(a.claims.ids, n), db_i64s(a.claims.epochs, n),
	    db_texts(a.states, n), db_i64s(a.due, n), db_texts(a.results, n),
	    db_i64s(a.http, n), db_texts(a.details, n), db_i64s(a.counts, n),
	    db_usec(now), db_texts(a.claims.decision_ids, n)};
	bool dead = false;

	rc = db_query(db, DB_Q_TASK_FINISH, params, DB_NPARAMS(params), &rows, err);
	for (size_t i = 0; rc == STW_OK && i < n; i++) {
		endings[i].stale = true;
		endings[i].dead = false;
		DB_ROW_FOREACH(rows, r)
			if (str_eq(db_get_str(rows, r, 0), a.claims.ids[i]) &&
			    str_eq(db_get_str(rows, r, 3), a.claims.decision_ids[i])) {
				endings[i].stale = false;
				endings[i].dead =
				    str_eq_c(db_get_str(rows, r, 1), "failed") &&
				    endings[i].result == TASK_PUSH_RETRY;
			}
		dead = dead || endings[i].dead;
	}
	db_rows_free(rows);
	/* Lost in a crash, it is as if the answer had not come: the lease brings the task
	 * back. A recall that it asks for is sent at once, and nothing takes that back. */
	if (rc == STW_OK && !dead)
		rc = db_later(db, DB_Q_COMMIT_UNSYNCED, NULL, 0, err);
	/* Of one that is another's by now too: its recall needs it. */
	if (rc == STW_OK)
		rc = task_remotes_put(db, endings, n, now, arena, err);
	if (rc == STW_OK)
		rc = endings_log(db, endings, n, &a, now, arena, err);
	return rc;
}

enum stw_code
task_finish_pushes(struct db *db, struct task_ending *endings, int count, stw_usec now,
    struct arena *arena, struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = db_later(db, DB_Q_PLAN_BY_KEY, NULL, 0, err);
	if (rc == STW_OK)
		rc = finish_in_tx(db, endings, (size_t)count, now, arena, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

enum stw_code
task_recalls(struct db *db, const int64_t *queues, size_t nqueues, int limit,
    struct arena *arena, struct task_recall **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(limit), queues == NULL ? db_null() : db_i64s(queues, nqueues)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_RECALL_OPEN, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct task_recall *x = &(*out)[r];

		x->bucket = (int)db_get_i64(rows, r, 0);
		STW_ASSERT(uuid_parse(db_get_str(rows, r, 1), &x->task_id) == STW_OK);
		x->queue_id = db_get_i64(rows, r, 2);
		x->reason = db_get_text(rows, r, 3, arena);
		x->tries = (int)db_get_i64(rows, r, 4);
		x->offer = (int)db_get_i64(rows, r, 5);
		x->remote_id = db_get_text(rows, r, 6, arena);
	}
	db_rows_free(rows);
	return STW_OK;
}

static enum stw_code
recall_in_tx(struct db *db, const struct task_recall *recall, bool acknowledged,
    int http_status, stw_usec now, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param params[] = {db_i64(recall->bucket),
	    db_text(uuid_format(&recall->task_id, id)), db_bool(acknowledged),
	    db_usec(now), db_i64(recall->offer)};
	const struct entry_field fields[] = {ENTRY_TEXT("why", recall->reason),
	    ENTRY_INT("http", http_status),
	    ENTRY_INT("acknowledged", acknowledged ? 1 : 0)};
	struct buf entry;
	int64_t changed = 0;
	enum stw_code rc;

	rc = db_exec(db, DB_Q_RECALL_FINISH, params, DB_NPARAMS(params), &changed, err);
	if (rc != STW_OK || !acknowledged || changed == 0)
		return rc;
	buf_init(&entry);
	entry_write("recall", id, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, recall->bucket, "recall", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

enum stw_code
task_recall_finish(struct db *db, const struct task_recall *recall, bool acknowledged,
    int http_status, stw_usec now, struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = recall_in_tx(db, recall, acknowledged, http_status, now, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}
