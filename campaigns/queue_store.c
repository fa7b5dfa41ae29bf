#include "campaigns/queue_store.h"

#include <stdio.h>

#include <sodium.h>

#include "campaigns/catalogue_store.h"
#include "campaigns/incident_store.h"
#include "db/secret.h"

/* Queue secrets are sealed with a key of their own: customer id 0 is nobody's. */
#define QUEUE_SECRET_COLUMN "queue.secret"
#define CLIENT_KEY_COLUMN   "queue.client_key"

static enum stw_code
queue_rewrap(struct db *db, const struct seal_keys *keys, int64_t queue_id,
    struct str sealed, int64_t *done, struct stw_err *err)
{
	struct buf whole;
	int64_t changed = 0;
	enum stw_code rc;

	buf_init(&whole);
	rc = secret_rewrap(keys, sealed, &whole, err);
	if (rc != STW_OK)
		rc = stw_err_prefix(err, rc, "queue %lld", (long long)queue_id);
	if (rc == STW_OK && whole.len > 0) {
		const struct db_param params[] = {db_i64(queue_id),
		    db_bytes(sealed.ptr, sealed.len), db_bytes(whole.data, whole.len)};

		rc = db_exec(db, DB_Q_QUEUE_SECRET_PUT, params, DB_NPARAMS(params),
		    &changed, err);
	}
	*done += changed;
	buf_fini(&whole);
	return rc;
}

enum stw_code
queue_secrets_rewrap(
    struct db *db, const struct seal_keys *keys, int64_t *done, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	struct arena arena;
	enum stw_code rc;

	*done = 0;
	arena_init(&arena);
	rc = db_query(db, DB_Q_QUEUE_SECRETS, NULL, 0, &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++)
		rc = queue_rewrap(db, keys, db_get_i64(rows, r, 0),
		    db_get_bytes(rows, r, 1, &arena), done, err);
	db_rows_free(rows);
	arena_fini(&arena);
	return rc;
}

static struct db_param
positive(int v)
{
	return v > 0 ? db_i64(v) : db_null();
}

static enum stw_code
put_in_tx(struct db *db, const struct seal_keys *keys, const struct queue_row *q,
    const char *actor, stw_usec now, struct stw_err *err)
{
	bool always = q->hours_from == q->hours_to;
	struct buf sealed, client_key;
	enum stw_code rc;

	buf_init(&sealed);
	buf_init(&client_key);
	if (q->secret != NULL)
		secret_seal(keys, QUEUE_SECRET_COLUMN, q->secret, &sealed);
	if (q->client_key != NULL)
		secret_seal(keys, CLIENT_KEY_COLUMN, q->client_key, &client_key);
	const struct db_param params[] = {db_text(q->code), db_text(q->kind),
	    db_text(q->url),
	    q->secret == NULL ? db_null() : db_bytes(sealed.data, sealed.len),
	    db_bool(q->dedupes), db_i64(q->concurrency), db_i64(q->timeout_ms),
	    db_usec(now), positive(q->rate), db_i64(q->rate_sec == 0 ? 1 : q->rate_sec),
	    positive(q->batch), db_i64(q->batch_pause_ms),
	    always ? db_null() : db_i64(q->hours_from),
	    always ? db_null() : db_i64(q->hours_to),
	    db_text(q->zone == NULL ? "Asia/Shanghai" : q->zone),
	    db_i64(q->tries_max == 0 ? QUEUE_TRIES_MAX : q->tries_max),
	    db_text(q->connector),
	    db_text(q->connector_settings == NULL ? "{}" : q->connector_settings),
	    db_text(q->ca), db_text(q->client_cert),
	    q->client_key == NULL ? db_null()
				  : db_bytes(client_key.data, client_key.len)};
	rc = db_query(db, DB_Q_QUEUE_PUT, params, DB_NPARAMS(params), NULL, err);
	buf_fini(&sealed);
	buf_fini(&client_key);
	if (rc == STW_OK)
		rc = catalogue_note(
		    db, "queue", q->code, 0, NULL, actor, "put", now, err);
	return rc;
}

enum stw_code
queue_put(struct db *db, const struct seal_keys *keys, const struct queue_row *q,
    const char *actor, stw_usec now, struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = put_in_tx(db, keys, q, actor, now, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

static void
row_from(const struct db_rows *rows, int r, struct arena *arena, struct queue_row *q)
{
	*q = (struct queue_row){.queue_id = db_get_i64(rows, r, 0),
	    .code = db_get_text(rows, r, 1, arena),
	    .kind = db_get_text(rows, r, 2, arena),
	    .url = db_get_text(rows, r, 3, arena),
	    .state = db_get_text(rows, r, 4, arena),
	    .dedupes = db_get_bool(rows, r, 5),
	    .concurrency = (int)db_get_i64(rows, r, 6),
	    .timeout_ms = (int)db_get_i64(rows, r, 7),
	    .rate = (int)db_get_i64(rows, r, 9),
	    .rate_sec = (int)db_get_i64(rows, r, 10),
	    .batch = (int)db_get_i64(rows, r, 11),
	    .batch_pause_ms = (int)db_get_i64(rows, r, 12),
	    .hours_from = (int)db_get_i64(rows, r, 13),
	    .hours_to = (int)db_get_i64(rows, r, 14),
	    .zone = db_get_text(rows, r, 15, arena),
	    .tries_max = (int)db_get_i64(rows, r, 16),
	    .state_by = db_get_text(rows, r, 17, arena),
	    .state_why = db_get_text(rows, r, 18, arena),
	    .updated_at = db_get_usec(rows, r, 19),
	    .connector = db_get_text(rows, r, 20, arena),
	    .connector_settings = db_get_text(rows, r, 21, arena),
	    .ca = db_get_text(rows, r, 22, arena),
	    .client_cert = db_get_text(rows, r, 23, arena),
	    .has_client_key = !db_is_null(rows, r, 24),
	    .document = db_get_text(rows, r, 25, arena)};
}

enum stw_code
queue_targets(struct db *db, const struct seal_keys *keys, const char *code,
    struct arena *arena, struct queue_row **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code)};
	struct db_rows *rows = NULL;
	struct queue_row *queues;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_QUEUE_TARGETS, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		goto done;
	queues = arena_array(arena, (size_t)db_rows_count(rows), sizeof *queues);
	DB_ROW_FOREACH(rows, r) {
		row_from(rows, r, arena, &queues[r]);
		if (keys != NULL)
			rc = secret_open(keys, QUEUE_SECRET_COLUMN,
			    db_get_bytes(rows, r, 8, arena), arena, &queues[r].secret,
			    err);
		if (rc == STW_OK && keys != NULL && queues[r].has_client_key)
			rc = secret_open(keys, CLIENT_KEY_COLUMN,
			    db_get_bytes(rows, r, 24, arena), arena,
			    &queues[r].client_key, err);
		if (rc != STW_OK)
			goto done;
	}
	*out = queues;
	*count = db_rows_count(rows);
done:
	db_rows_free(rows);
	return rc;
}

enum stw_code
queue_list(struct db *db, const char *code, struct arena *arena, struct queue_row **out,
    int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code)};
	struct db_rows *rows = NULL;
	enum stw_code rc = queue_targets(db, NULL, code, arena, out, count, err);

	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_QUEUE_LOADS, params, DB_NPARAMS(params), &rows, err);
	/* One that came between the two has no counts yet. */
	for (int i = 0, r = 0; rc == STW_OK && i < *count && r < db_rows_count(rows);
	     i++) {
		struct queue_row *q = &(*out)[i];

		if (db_get_i64(rows, r, 0) != q->queue_id)
			continue;
		q->waiting = db_get_i64(rows, r, 1);
		q->pushed = db_get_i64(rows, r, 2);
		q->unknown = db_get_i64(rows, r, 3);
		q->dead = db_get_i64(rows, r, 4);
		r++;
	}
	db_rows_free(rows);
	return rc;
}

/* ---- open and closed --------------------------------------------------------------- */
static enum stw_code
state_in_tx(struct db *db, int64_t queue_id, const char *state, const char *actor,
    const char *why, stw_usec now, bool *changed, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(queue_id), db_text(state),
	    db_text(actor), db_text(why), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_QUEUE_SET_STATE, params, DB_NPARAMS(params), &rows, err);

	*changed = rc == STW_OK && db_rows_count(rows) == 1;
	if (*changed)
		rc = catalogue_note(db, "queue", db_get_str(rows, 0, 0).ptr, 0, NULL,
		    actor, state, now, err);
	db_rows_free(rows);
	return rc;
}

enum stw_code
queue_set_state(struct db *db, int64_t queue_id, const char *state, const char *actor,
    const char *why, stw_usec now, struct stw_err *err)
{
	bool changed = false;
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = state_in_tx(db, queue_id, state, actor, why, now, &changed, err);
	if (rc == STW_OK && !changed)
		rc = stw_fail(err, STW_CONFLICT, "the queue is %s already", state);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

static enum stw_code
gone_in_tx(struct db *db, int64_t queue_id, const char *code, stw_usec now,
    struct stw_err *err)
{
	char subject[120], at[STW_USEC_TEXT];
	struct incident incident = {.code = "QUEUE_GONE",
	    .bucket = -1,
	    .subject = subject,
	    .evidence = "{\"status\":410}",
	    .detected_at = now};
	struct uuid id;
	bool changed, opened;
	enum stw_code rc = state_in_tx(
	    db, queue_id, "disabled", "dispatch", "HTTP 410", now, &changed, err);

	if (rc != STW_OK || !changed)
		return rc;
	/* Each time is an incident of its own. */
	(void)snprintf(
	    subject, sizeof subject, "queue %.60s %s", code, stw_usec_format(now, at));
	return incident_open(db, &incident, &id, &opened, err);
}

enum stw_code
queue_gone(struct db *db, int64_t queue_id, const char *code, stw_usec now,
    struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = gone_in_tx(db, queue_id, code, now, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

enum stw_code
queue_set_url(struct db *db, const char *code, const char *url, stw_usec now,
    int *changed, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_text(url), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_begin(db, err);

	*changed = 0;
	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_QUEUE_URL_SET, params, DB_NPARAMS(params), &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++, (*changed)++)
		rc = catalogue_note(db, "queue", db_get_str(rows, r, 0).ptr, 0, NULL,
		    "operator", "url", now, err);
	db_rows_free(rows);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

/* ---- how they fare ------------------------------------------------------------------ */
static struct db_param
at_or_null(stw_usec at)
{
	return at == STW_USEC_NEVER ? db_null() : db_usec(at);
}

enum stw_code
queue_health_put(struct db *db, const struct queue_health *h, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(h->queue_id), db_text(h->worker),
	    db_i64(h->concurrency), db_i64(h->in_flight), db_i64(h->deaths),
	    h->dead_for > 0 ? db_i64(h->dead_for) : db_null(), db_i64(h->sent),
	    db_i64(h->accepted), db_i64(h->retried), db_i64(h->refused),
	    db_i64(h->unknown), db_i64(h->stale), db_i64(h->dead),
	    at_or_null(h->last_ok_at), at_or_null(h->last_failed_at),
	    positive(h->last_status), db_text(h->last_error)};

	return db_query(
	    db, DB_Q_QUEUE_HEALTH_PUT, params, DB_NPARAMS(params), NULL, err);
}

static stw_usec
at_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

enum stw_code
queue_health_list(struct db *db, const char *code, struct arena *arena,
    struct queue_health **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_QUEUE_HEALTH_LIST, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[r] =
		    (struct queue_health){.queue = db_get_text(rows, r, 0, arena),
			.worker = db_get_text(rows, r, 1, arena),
			.concurrency = (int)db_get_i64(rows, r, 2),
			.in_flight = (int)db_get_i64(rows, r, 3),
			.deaths = (int)db_get_i64(rows, r, 4),
			.dead_until = at_or_never(rows, r, 5),
			.sent = db_get_i64(rows, r, 6),
			.accepted = db_get_i64(rows, r, 7),
			.retried = db_get_i64(rows, r, 8),
			.refused = db_get_i64(rows, r, 9),
			.unknown = db_get_i64(rows, r, 10),
			.stale = db_get_i64(rows, r, 11),
			.dead = db_get_i64(rows, r, 12),
			.last_ok_at = at_or_never(rows, r, 13),
			.last_failed_at = at_or_never(rows, r, 14),
			.last_status = (int)db_get_i64(rows, r, 15),
			.last_error = db_get_text(rows, r, 16, arena),
			.seen_at = db_get_usec(rows, r, 17)};
	db_rows_free(rows);
	return STW_OK;
}
