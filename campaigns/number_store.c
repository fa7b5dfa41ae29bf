#include "campaigns/number_store.h"

#include <string.h>

#include <sodium.h>

#include "campaigns/number_json.h"
#include "campaigns/number_priv.h"
#include "db/entry_json.h"
#include "db/ledger.h"

/* Columns of number_list.sql. */
enum number_col {
	N_ID,
	N_NUMBER,
	N_KIND,
	N_PORT,
	N_POOL,
	N_HOLDER,
	N_USER_ORG,
	N_CARRIER,
	N_LINE_TYPE,
	N_REGISTERED_PURPOSE,
	N_REGIONS,
	N_DIRECTION,
	N_CHANNELS,
	N_PURPOSES,
	N_ROBOT,
	N_LICENCE_NO,
	N_LICENCE_FROM,
	N_LICENCE_TO,
	N_APPROVAL,
	N_UNDERTAKING,
	N_LESSOR,
	N_LESSEE,
	N_SUB_LET,
	N_WITHHELD,
	N_STATUS,
	N_STATUS_REASON,
	N_DAILY_CAP,
	N_HOURLY_CAP,
	N_VERSION,
	N_LABEL,
	N_LABEL_VENDOR,
	N_LABEL_SCORE,
	N_LABEL_AT,
	N_ATTESTATION,
	N_CALLBACK_OK,
	N_CALLBACK_FAILED,
	N_LEDGER_SYNCED,
	N_SUSPENDED_BY,
	N_COOLDOWN,
	N_HEALTH_FROM,
	N_USED_TODAY,
	N_USED_HOUR,
	N_HELD,
	N_MISMATCH,
	N_IDENTITY_OK,
	N_IDENTITY_FAILED,
};

/* ---- reading ----------------------------------------------------------------------- */
static stw_usec
instant_or(const struct db_rows *rows, int r, int col, stw_usec open)
{
	return db_is_null(rows, r, col) ? open : db_get_usec(rows, r, col);
}

static void
registered_from(
    const struct db_rows *rows, int r, struct arena *arena, struct number_row *n)
{
	n->number_id = db_get_i64(rows, r, N_ID);
	n->number = db_get_text(rows, r, N_NUMBER, arena);
	n->kind = db_get_text(rows, r, N_KIND, arena);
	n->port = db_get_text(rows, r, N_PORT, arena);
	n->pool = db_get_text(rows, r, N_POOL, arena);
	n->holder = db_get_text(rows, r, N_HOLDER, arena);
	n->user_org = db_get_text(rows, r, N_USER_ORG, arena);
	n->carrier = db_get_text(rows, r, N_CARRIER, arena);
	n->line_type = db_get_text(rows, r, N_LINE_TYPE, arena);
	n->registered_purpose = db_get_text(rows, r, N_REGISTERED_PURPOSE, arena);
	n->regions = db_get_texts(rows, r, N_REGIONS, &n->nregions, arena);
	n->direction = db_get_text(rows, r, N_DIRECTION, arena);
	n->channels = db_get_texts(rows, r, N_CHANNELS, &n->nchannels, arena);
	n->purposes = db_get_texts(rows, r, N_PURPOSES, &n->npurposes, arena);
	n->robot = db_get_bool(rows, r, N_ROBOT);
	n->licence_no = db_get_text(rows, r, N_LICENCE_NO, arena);
	n->licence_from = instant_or(rows, r, N_LICENCE_FROM, STW_USEC_NEVER);
	n->licence_to = instant_or(rows, r, N_LICENCE_TO, STW_USEC_MAX);
	n->approval = db_get_text(rows, r, N_APPROVAL, arena);
	n->undertaking = db_get_text(rows, r, N_UNDERTAKING, arena);
	n->lessor = db_get_text(rows, r, N_LESSOR, arena);
	n->lessee = db_get_text(rows, r, N_LESSEE, arena);
	n->sub_let = db_get_bool(rows, r, N_SUB_LET);
	n->withheld = db_get_bool(rows, r, N_WITHHELD);
	n->status = db_get_text(rows, r, N_STATUS, arena);
	n->status_reason = db_get_text(rows, r, N_STATUS_REASON, arena);
	n->daily_cap = (int)db_get_i64(rows, r, N_DAILY_CAP);
	n->hourly_cap = (int)db_get_i64(rows, r, N_HOURLY_CAP);
	n->version = (int)db_get_i64(rows, r, N_VERSION);
}

static void
row_from(const struct db_rows *rows, int r, struct arena *arena, struct number_row *n)
{
	registered_from(rows, r, arena, n);
	n->label = db_get_text(rows, r, N_LABEL, arena);
	n->label_vendor = db_get_text(rows, r, N_LABEL_VENDOR, arena);
	n->label_score = db_is_null(rows, r, N_LABEL_SCORE)
			     ? -1
			     : (int)db_get_i64(rows, r, N_LABEL_SCORE);
	n->label_at = instant_or(rows, r, N_LABEL_AT, STW_USEC_NEVER);
	n->attestation = db_get_text(rows, r, N_ATTESTATION, arena);
	n->callback_ok_at = instant_or(rows, r, N_CALLBACK_OK, STW_USEC_NEVER);
	n->callback_failed_at = instant_or(rows, r, N_CALLBACK_FAILED, STW_USEC_NEVER);
	n->ledger_synced_at = instant_or(rows, r, N_LEDGER_SYNCED, STW_USEC_NEVER);
	n->suspended_by = db_get_text(rows, r, N_SUSPENDED_BY, arena);
	n->cooldown_until = instant_or(rows, r, N_COOLDOWN, STW_USEC_NEVER);
	n->health_from = instant_or(rows, r, N_HEALTH_FROM, STW_USEC_NEVER);
	n->used_today = db_get_i64(rows, r, N_USED_TODAY);
	n->used_hour = db_get_i64(rows, r, N_USED_HOUR);
	n->held = db_get_i64(rows, r, N_HELD);
	n->mismatch = db_get_bool(rows, r, N_MISMATCH);
	n->identity_ok_at = instant_or(rows, r, N_IDENTITY_OK, STW_USEC_NEVER);
	n->identity_failed_at = instant_or(rows, r, N_IDENTITY_FAILED, STW_USEC_NEVER);
}

enum stw_code
number_select(struct db *db, const struct number_filter *f, stw_usec now,
    stw_usec day_start, struct arena *arena, struct number_row **out, int *count,
    struct stw_err *err)
{
	char except[UUID_TEXT];
	const struct db_param params[] = {db_text(f->pool),
	    f->number_id == 0 ? db_null() : db_i64(f->number_id), db_usec(day_start),
	    db_usec(now - now % STW_USEC_HOUR), db_usec(now),
	    f->except == NULL ? db_null() : db_text(uuid_format(f->except, except)),
	    db_text(f->kind), db_text(f->status), db_text(f->purpose),
	    db_text(f->after_pool), db_i64(f->after_id),
	    f->limit == 0 ? db_null() : db_i64(f->limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_NUMBER_LIST, params, DB_NPARAMS(params), &rows, err);
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
number_list(struct db *db, const char *pool, stw_usec now, stw_usec day_start,
    struct arena *arena, struct number_row **out, int *count, struct stw_err *err)
{
	const struct number_filter filter = {.pool = pool};

	return number_select(db, &filter, now, day_start, arena, out, count, err);
}

enum stw_code
number_get(struct db *db, int64_t number_id, stw_usec now, stw_usec day_start,
    struct arena *arena, struct number_row *out, struct stw_err *err)
{
	const struct number_filter filter = {.number_id = number_id};
	struct number_row *rows;
	int count = 0;
	enum stw_code rc = STW_OK;

	if (number_id > 0)
		rc = number_select(
		    db, &filter, now, day_start, arena, &rows, &count, err);
	if (rc == STW_OK && count == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no caller number %lld",
		    (long long)number_id);
	if (rc == STW_OK)
		*out = rows[0];
	return rc;
}

enum stw_code
number_find(struct db *db, const char *number, int64_t *id, struct stw_err *err)
{
	const struct db_param params[] = {db_text(number)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*id = 0;
	rc = db_query(db, DB_Q_NUMBER_FIND, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 1)
		*id = db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	return rc;
}

/* ---- shared ------------------------------------------------------------------------- */
const char *
number_sha256(struct str text, struct arena *arena)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char *hex = arena_alloc(arena, sizeof hash * 2 + 1);

	(void)crypto_hash_sha256(hash, (const unsigned char *)text.ptr, text.len);
	return sodium_bin2hex(hex, sizeof hash * 2 + 1, hash, sizeof hash);
}

enum stw_code
number_in_tx(struct db *db, number_work work, void *arg, struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = work(db, arg, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

static enum stw_code
note_entry(struct db *db, const struct number_change *c, const char *id,
    const char *number, const char *hash, stw_usec now, struct stw_err *err)
{
	const struct entry_field fields[] = {ENTRY_TEXT("number", number),
	    ENTRY_INT("version", c->version), ENTRY_TEXT("what", c->what),
	    ENTRY_TEXT("actor", c->actor), ENTRY_TEXT("approver", c->approver),
	    ENTRY_TEXT("proposal", c->proposal), ENTRY_TEXT("reason", c->reason),
	    ENTRY_TEXT("evidence", c->evidence), ENTRY_TEXT("document_sha256", hash)};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write(
	    "number_change", id, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "number_change", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

enum stw_code
number_note_change(
    struct db *db, const struct number_change *c, stw_usec now, struct stw_err *err)
{
	struct uuid id = uuid_new(now);
	char text[UUID_TEXT];
	struct number_row row;
	struct arena arena;
	struct buf document;
	enum stw_code rc;

	arena_init(&arena);
	buf_init(&document);
	rc = number_get(db, c->number_id, now, now, &arena, &row, err);
	if (rc != STW_OK)
		goto done;
	number_document_write(&row, &document);
	const struct db_param params[] = {db_text(uuid_format(&id, text)),
	    db_i64(c->number_id), db_i64(c->version), db_usec(now), db_text(c->actor),
	    db_text(c->what), db_text(c->approver), db_text(c->proposal),
	    db_text(c->reason), db_text(document.data)};

	rc = db_query(
	    db, DB_Q_NUMBER_CHANGE_INSERT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = note_entry(db, c, text, row.number,
		    number_sha256((struct str){document.data, document.len}, &arena),
		    now, err);
done:
	buf_fini(&document);
	arena_fini(&arena);
	return rc;
}

enum stw_code
number_hold_row(struct db *db, int64_t number_id, struct arena *arena,
    struct number_held *out, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(number_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(
	    db, DB_Q_NUMBER_LOCK_ONE, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, STW_NOT_FOUND, "there is no caller number %lld",
		    (long long)number_id);
	if (rc == STW_OK) {
		out->number = db_get_text(rows, 0, 0, arena);
		STW_ASSERT(
		    number_status_parse(db_get_str(rows, 0, 1).ptr, &out->status));
		out->version = (int)db_get_i64(rows, 0, 2);
		out->suspended_by = db_get_text(rows, 0, 3, arena);
	}
	db_rows_free(rows);
	return rc;
}

/* ---- out of use at once ---------------------------------------------------------------- */
struct suspend_arg {
	const struct number_suspension *what;
	stw_usec now;
	struct arena arena;
};

static enum stw_code
suspend_work(struct db *db, void *arg, struct stw_err *err)
{
	struct suspend_arg *a = arg;
	const struct number_suspension *w = a->what;
	struct number_held held;
	enum stw_code rc = number_hold_row(db, w->number_id, &a->arena, &held, err);

	if (rc != STW_OK)
		return rc;
	if (number_move_persons(held.status, NUMBER_STOPPED) == 0)
		return stw_fail(err, STW_CONFLICT,
		    "caller number %s is %s: only an active one is suspended",
		    held.number, number_status_name(held.status));
	const struct db_param params[] = {db_i64(w->number_id), db_text("suspended"),
	    db_text(w->reason), db_usec(a->now), db_text(w->by),
	    w->cooldown_until == STW_USEC_NEVER ? db_null()
						: db_usec(w->cooldown_until)};
	const struct number_change change = {.number_id = w->number_id,
	    .version = held.version + 1,
	    .what = "suspended",
	    .actor = w->actor,
	    .reason = w->reason,
	    .evidence = w->evidence};
	rc =
	    db_query(db, DB_Q_NUMBER_SET_STATUS, params, DB_NPARAMS(params), NULL, err);
	return rc == STW_OK ? number_note_change(db, &change, a->now, err) : rc;
}

enum stw_code
number_suspend(struct db *db, const struct number_suspension *what, stw_usec now,
    struct stw_err *err)
{
	struct suspend_arg arg = {.what = what, .now = now};
	enum stw_code rc;

	if (what->reason == NULL || what->reason[0] == '\0')
		return stw_fail(err, STW_INVALID, "say why: a reason is required");
	arena_init(&arg.arena);
	rc = number_in_tx(db, suspend_work, &arg, err);
	arena_fini(&arg.arena);
	return rc;
}

/* ---- what is seen of a number ------------------------------------------------------------- */
struct observe_arg {
	const struct number_observation *seen;
	stw_usec now;
};

static enum stw_code
observe_work(struct db *db, void *arg, struct stw_err *err)
{
	const struct observe_arg *a = arg;
	const struct number_observation *o = a->seen;
	struct uuid id = uuid_new(a->now);
	char text[UUID_TEXT];
	const struct db_param params[] = {db_text(uuid_format(&id, text)),
	    db_i64(o->number_id), db_text(o->kind), db_text(o->value),
	    db_text(o->vendor), o->score < 0 ? db_null() : db_i64(o->score),
	    db_text(o->reference), db_usec(o->at), db_text(o->actor), db_usec(a->now)};
	const struct db_param complaint[] = {db_i64(o->number_id),
	    db_usec(o->at - o->at % STW_USEC_HOUR), db_i64(0), db_i64(0), db_i64(1)};
	const struct entry_field fields[] = {ENTRY_INT("number_id", o->number_id),
	    ENTRY_TEXT("what", o->kind), ENTRY_TEXT("value", o->value),
	    ENTRY_TEXT("vendor", o->vendor), ENTRY_TEXT("reference", o->reference),
	    ENTRY_TEXT("actor", o->actor)};
	struct buf entry;
	enum stw_code rc = db_query_one(
	    db, DB_Q_NUMBER_OBSERVATION_INSERT, params, DB_NPARAMS(params), NULL, err);

	if (rc == STW_NOT_FOUND)
		return stw_fail(err, STW_NOT_FOUND, "there is no caller number %lld",
		    (long long)o->number_id);
	if (rc == STW_OK && strcmp(o->kind, "complaint") == 0)
		rc = db_query(db, DB_Q_NUMBER_TALLY_ADD, complaint,
		    DB_NPARAMS(complaint), NULL, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write("number_observation", text, a->now, fields,
	    (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "number_observation", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static bool
observation_fits(const struct number_observation *o)
{
	static const char *const known[][5] = {
	    {"label", "none", "suspected", "spam", "scam"},
	    {"attestation", "A", "B", "C", "C"},
	    {"callback", "ok", "failed", "ok", "ok"},
	    {"identity", "ok", "failed", "ok", "ok"},
	    {"complaint", "complaint", "complaint", "complaint", "complaint"}};

	for (size_t i = 0; i < STW_ARRAY_LEN(known); i++)
		for (size_t v = 1; v < 5 && strcmp(known[i][0], o->kind) == 0; v++)
			if (strcmp(known[i][v], o->value) == 0)
				return true;
	return false;
}

enum stw_code
number_observe(struct db *db, const struct number_observation *seen, stw_usec now,
    struct stw_err *err)
{
	struct observe_arg arg = {seen, now};

	if (!observation_fits(seen))
		return stw_fail(err, STW_INVALID,
		    "'%.20s' '%.20s': wanted are label none, suspected, spam or scam; "
		    "attestation A, B or C; callback or identity ok or failed; complaint "
		    "complaint",
		    seen->kind, seen->value);
	if (strcmp(seen->kind, "label") == 0 && seen->vendor == NULL)
		return stw_fail(
		    err, STW_INVALID, "a label needs the vendor that gives it");
	if (seen->score > 100)
		return stw_fail(err, STW_INVALID, "a score goes from 0 to 100");
	if (seen->at > now)
		return stw_fail(err, STW_INVALID, "at: lies in the future");
	return number_in_tx(db, observe_work, &arg, err);
}
