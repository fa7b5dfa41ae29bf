#include "campaigns/revocation_store.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/incident_store.h"
#include "db/entry_json.h"
#include "db/ledger.h"
#include "segments/customer_key_store.h"

#define COLUMN "revocation_request.words"

/* ---- deadlines ---------------------------------------------------------------------- */
enum stw_code
revocation_holidays(const char *text, struct arena *arena, const stw_day **out,
    size_t *count, struct stw_err *err)
{
	size_t room = strlen(text) / 10 + 1;
	stw_day *days = arena_array(arena, room, sizeof *days);
	const char *p = text;

	*count = 0;
	*out = days;
	for (;;) {
		size_t len;

		p += strspn(p, " ,");
		if (*p == '\0')
			return STW_OK;
		len = strcspn(p, " ,");
		if (*count == room ||
		    stw_day_parse((struct str){p, len}, &days[*count]) != STW_OK)
			return stw_fail(err, STW_INVALID,
			    "revocation-holidays: '%.*s' is no day like 2026-11-26",
			    (int)(len < 20 ? len : 20), p);
		(*count)++;
		p += len;
	}
}

/* 1970-01-01 was a Thursday. */
static bool
is_working(const struct revocation_new *q, stw_day day)
{
	int weekday = (int)(((day % 7) + 7 + 3) % 7); /* Monday is 0 */

	if (weekday >= 5)
		return false;
	for (size_t i = 0; i < q->nholidays; i++)
		if (q->holidays[i] == day)
			return false;
	return true;
}

stw_usec
revocation_deadline(const struct revocation_new *q)
{
	stw_day day = zone_local(q->zone, q->received_at).day;

	for (int left = q->working_days; left > 0;)
		if (is_working(q, ++day))
			left--;
	return zone_instant(q->zone, day + 1, 0);
}

/* ---- taking one down --------------------------------------------------------------------- */
static enum stw_code
check_new(const struct revocation_new *q, stw_usec now, struct stw_err *err)
{
	static const char *const ways[] = {
	    "sms", "email", "call", "letter", "branch", "app", "other", NULL};
	const char *const *way = ways;

	while (*way != NULL && strcmp(*way, q->received_by) != 0)
		way++;
	if (*way == NULL)
		return stw_fail(err, STW_INVALID,
		    "received_by '%s': sms, email, call, letter, branch, app or other is wanted",
		    q->received_by);
	if (q->received_at > now)
		return stw_fail(err, STW_INVALID, "received_at: lies in the future");
	if (q->words != NULL && strlen(q->words) > REVOCATION_WORDS_MAX)
		return stw_fail(
		    err, STW_INVALID, "words: at most %d bytes", REVOCATION_WORDS_MAX);
	return STW_OK;
}

static enum stw_code
words_seal(struct db *db, const struct seal_keys *keys, int bucket, int64_t customer_id,
    const char *words, struct buf *sealed, struct stw_err *err)
{
	struct seal_customer key;
	enum stw_code rc;

	if (words == NULL)
		return STW_OK;
	rc = customer_key_load(db, keys, bucket, customer_id, &key, err);
	if (rc == STW_NOT_FOUND)
		rc = stw_fail(err, STW_CONFLICT,
		    "the customer has no key: what was said cannot be sealed");
	if (rc == STW_OK)
		seal_text(&key, customer_id, COLUMN, str_of(words), sealed);
	sodium_memzero(&key, sizeof key);
	return rc;
}

static enum stw_code
revocation_log(struct db *db, int bucket, const char *id, const char *what,
    const char *actor, stw_usec now, struct stw_err *err)
{
	const struct entry_field fields[] = {
	    ENTRY_TEXT("what", what), ENTRY_TEXT("actor", actor)};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write("revocation", id, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, bucket, "revocation", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static enum stw_code
request_insert(struct db *db, int bucket, int64_t customer_id,
    const struct revocation_new *q, const char *id, const struct buf *sealed,
    struct stw_err *err)
{
	char rule[80];
	const struct db_param params[] = {db_i64(bucket), db_text(id),
	    db_i64(customer_id), db_usec(q->received_at), db_text(q->received_by),
	    sealed->len == 0 ? db_null() : db_bytes(sealed->data, sealed->len),
	    db_usec(revocation_deadline(q)), db_text(rule)};

	(void)snprintf(rule, sizeof rule, "%d working days, %zu holidays known",
	    q->working_days, q->nholidays);
	return db_query(
	    db, DB_Q_REVOCATION_INSERT, params, DB_NPARAMS(params), NULL, err);
}

enum stw_code
revocation_open(struct db *db, const struct seal_keys *keys, int bucket,
    int64_t customer_id, const struct revocation_new *q, stw_usec now, struct uuid *id,
    struct consent_effect *effect, struct stw_err *err)
{
	char text[UUID_TEXT];
	struct buf sealed;
	struct consent_event event = {.action = "withdraw",
	    .purpose = "MARKETING",
	    .channel = "*",
	    .product_class = "*",
	    .recipient = "*",
	    .form = "free_text",
	    .source = q->received_by,
	    .actor = q->actor,
	    .effective_at = q->received_at,
	    .expires_at = STW_USEC_MAX};
	enum stw_code rc = check_new(q, now, err);

	*effect = (struct consent_effect){0};
	if (rc != STW_OK)
		return rc;
	*id = uuid_new(now);
	uuid_set_bucket(id, bucket);
	event.id = *id;
	(void)uuid_format(id, text);
	buf_init(&sealed);
	rc = words_seal(db, keys, bucket, customer_id, q->words, &sealed, err);
	if (rc == STW_OK)
		rc = consent_record(db, bucket, customer_id, &event, now, effect, err);
	if (rc == STW_OK)
		rc = request_insert(db, bucket, customer_id, q, text, &sealed, err);
	if (rc == STW_OK)
		rc = revocation_log(db, bucket, text, "received", q->actor, now, err);
	buf_fini(&sealed);
	return rc;
}

/* ---- reading -------------------------------------------------------------------------------- */
static stw_usec
instant_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

/* The columns that both statements have, from `col` on: the customer's reference first. */
static void
revocation_from(const struct db_rows *rows, int r, int col, struct arena *arena,
    struct revocation *out)
{
	out->customer_ref = db_get_text(rows, r, col, arena);
	out->received_at = db_get_usec(rows, r, col + 1);
	out->received_by = db_get_text(rows, r, col + 2, arena);
	out->deadline = db_get_usec(rows, r, col + 3);
	out->rule = db_get_text(rows, r, col + 4, arena);
	out->state = db_get_text(rows, r, col + 5, arena);
	out->settled_at = instant_or_never(rows, r, col + 6);
	out->settled_by = db_get_text(rows, r, col + 7, arena);
	out->note = db_get_text(rows, r, col + 8, arena);
	out->breached_at = instant_or_never(rows, r, col + 9);
}

enum stw_code
revocation_list(struct db *db, const char *state, int limit, struct arena *arena,
    struct revocation **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(state), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_REVOCATION_LIST, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		(*out)[r].id = db_get_text(rows, r, 0, arena);
		revocation_from(rows, r, 1, arena, &(*out)[r]);
	}
	db_rows_free(rows);
	return STW_OK;
}

static enum stw_code
words_open(const struct seal_keys *keys, const struct db_rows *rows,
    struct arena *arena, struct revocation *out, struct stw_err *err)
{
	struct seal_customer key;
	struct buf plain;
	enum stw_code rc;

	if (db_is_null(rows, 0, 11) || db_is_null(rows, 0, 12))
		return STW_OK;
	buf_init(&plain);
	rc = seal_customer_open(
	    keys, out->customer_id, db_get_bytes(rows, 0, 12, arena), &key, err);
	if (rc == STW_OK)
		rc = seal_open(&key, out->customer_id, COLUMN,
		    db_get_bytes(rows, 0, 11, arena), &plain, err);
	if (rc == STW_OK)
		out->words = arena_strndup(arena, plain.data, plain.len);
	sodium_memzero(&key, sizeof key);
	buf_fini(&plain);
	return rc;
}

enum stw_code
revocation_get(struct db *db, const struct seal_keys *keys, const struct uuid *id,
    struct arena *arena, struct revocation *out, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {
	    db_i64(uuid_bucket(id)), db_text(uuid_format(id, text))};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(
	    db, DB_Q_REVOCATION_GET, params, DB_NPARAMS(params), &rows, err);

	*out = (struct revocation){0};
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(
		    err, STW_NOT_FOUND, "there is no request to revoke %s", text);
	if (rc == STW_OK) {
		out->id = arena_strdup(arena, text);
		out->customer_id = db_get_i64(rows, 0, 0);
		revocation_from(rows, 0, 1, arena, out);
		rc = words_open(keys, rows, arena, out, err);
	}
	db_rows_free(rows);
	return rc;
}

/* ---- settling ---------------------------------------------------------------------------------- */
enum stw_code
revocation_settle(struct db *db, const struct uuid *id, const char *state,
    const char *note, const char *actor, stw_usec now, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {db_i64(uuid_bucket(id)),
	    db_text(uuid_format(id, text)), db_text(state), db_text(actor),
	    db_usec(now), db_text(note)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	if (strcmp(state, "confirmed") != 0 && strcmp(state, "not_meant") != 0)
		return stw_fail(err, STW_INVALID,
		    "state '%s': confirmed or not_meant is wanted", state);
	rc = db_query(
	    db, DB_Q_REVOCATION_SETTLE, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0) {
		rc = db_query_one(db, DB_Q_REVOCATION_GET, params, 2, NULL, err);
		if (rc == STW_OK)
			rc = stw_fail(
			    err, STW_CONFLICT, "request %s was settled before", text);
		else if (rc == STW_NOT_FOUND)
			(void)stw_fail(err, STW_NOT_FOUND,
			    "there is no request to revoke %s", text);
	}
	db_rows_free(rows);
	if (rc == STW_OK)
		rc = revocation_log(db, uuid_bucket(id), text, state, actor, now, err);
	return rc;
}

static enum stw_code
breach_open(
    struct db *db, const struct db_rows *rows, int r, stw_usec now, struct stw_err *err)
{
	char received[STW_USEC_TEXT], deadline[STW_USEC_TEXT], evidence[200];
	struct incident incident = {.code = "REVOCATION_SLA_BREACH",
	    .bucket = (int)db_get_i64(rows, r, 0),
	    .customer_id = db_get_i64(rows, r, 2),
	    .subject = db_get_str(rows, r, 1).ptr,
	    .evidence = evidence,
	    .detected_at = now};
	struct uuid id;
	bool opened;

	(void)snprintf(evidence, sizeof evidence,
	    "{\"deadline\":\"%s\",\"received_at\":\"%s\"}",
	    stw_usec_format(db_get_usec(rows, r, 4), deadline),
	    stw_usec_format(db_get_usec(rows, r, 3), received));
	return incident_open(db, &incident, &id, &opened, err);
}

enum stw_code
revocation_sweep(struct db *db, stw_usec now, int64_t *breached, struct stw_err *err)
{
	const struct db_param params[] = {db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_begin(db, err);

	*breached = 0;
	if (rc != STW_OK)
		return rc;
	rc = db_query(db, DB_Q_REVOCATION_BREACH, params, 1, &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++)
		rc = breach_open(db, rows, r, now, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	if (rc == STW_OK)
		*breached = db_rows_count(rows);
	db_rows_free(rows);
	return rc;
}
