#include "campaigns/complaint_store.h"

#include <string.h>

#include <sodium.h>

#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/phone.h"
#include "segments/customer_key_store.h"

static const char *const sources[] = {
    "call", "outcome", "letter", "branch", "app", "regulator", "other"};
static const char *const findings[] = {
    "upheld", "partly_upheld", "rejected", "withdrawn"};

static bool
word_in(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* ---- on record ------------------------------------------------------------------------- */
static enum stw_code
note_step(struct db *db, int bucket, const char *id, const char *what,
    const char *detail, const char *actor, stw_usec now, struct stw_err *err)
{
	unsigned char salt[ENTRY_SALT_BYTES];
	char commitment[ENTRY_COMMITMENT];
	struct buf entry;
	enum stw_code rc;

	/* People write there what they like, and an entry stays for ever. */
	entry_salt(salt);
	entry_commit(salt, str_of(detail), commitment);
	const struct db_param params[] = {db_text(id), db_usec(now), db_text(actor),
	    db_text(what), db_text(detail), db_bytes(salt, sizeof salt)};
	const struct entry_field fields[] = {ENTRY_TEXT("what", what),
	    ENTRY_TEXT("actor", actor),
	    ENTRY_TEXT("detail_hmac", detail == NULL ? NULL : commitment)};

	rc = db_query(
	    db, DB_Q_COMPLAINT_STEP_ADD, params, DB_NPARAMS(params), NULL, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write("complaint", id, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, bucket, "complaint", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

/* ---- sealing ----------------------------------------------------------------------------- */
/* A value opens in the complaint it was sealed for only. */
static const char *
column_of(struct arena *arena, const char *column, const char *id)
{
	return arena_printf(arena, "complaint.%s:%s", column, id);
}

struct sealed {
	struct buf phone, mask, words;
};

static enum stw_code
phone_seal(const struct complaint_new *c, const struct seal_customer *key,
    const char *column, struct sealed *to, struct stw_err *err)
{
	struct phone phone;
	enum stw_code rc;

	if (c->phone == NULL)
		return STW_OK;
	rc = phone_parse(str_of(c->phone), c->region, &phone, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "phone");
	seal_text(key, c->customer_id, column, str_of(phone.e164), &to->phone);
	seal_mask_phone(str_of(phone.national), &to->mask);
	return STW_OK;
}

static enum stw_code
new_check(const struct complaint_new *c, stw_usec now, struct stw_err *err)
{
	if (!word_in(c->source, sources, STW_ARRAY_LEN(sources)))
		return stw_fail(err, STW_INVALID,
		    "source: call, outcome, letter, branch, app, regulator or other is wanted");
	if (c->words != NULL && strlen(c->words) > COMPLAINT_WORDS_MAX)
		return stw_fail(
		    err, STW_INVALID, "words: at most %d bytes", COMPLAINT_WORDS_MAX);
	if (c->received_at > now ||
	    (c->about_at != STW_USEC_NEVER && c->about_at > now))
		return stw_fail(
		    err, STW_INVALID, "received_at, about_at: not in the future");
	if (c->phone == NULL && c->customer_id == 0 && c->words == NULL)
		return stw_fail(err, STW_INVALID,
		    "a complaint is about a number, a customer, or says something: give phone, "
		    "customer or words");
	return STW_OK;
}

static enum stw_code
hold_open(
    struct db *db, const struct complaint_new *c, stw_usec now, struct stw_err *err)
{
	const struct db_param who[] = {
	    db_i64(c->bucket), db_i64(c->customer_id), db_usec(now)};

	return c->customer_id == 0
		   ? STW_OK
		   : db_query(db, DB_Q_COMPLAINT_OPEN, who, DB_NPARAMS(who), NULL, err);
}

static struct db_param
bytes_or_null(const struct buf *buf)
{
	return buf->len == 0 ? db_null() : db_bytes(buf->data, buf->len);
}

static enum stw_code
insert(struct db *db, const struct complaint_new *c, const char *id,
    const struct sealed *sealed, stw_usec now, struct stw_err *err)
{
	bool known = c->customer_id != 0;
	char task[UUID_TEXT];
	const struct db_param params[] = {db_text(id), db_text(c->source),
	    db_text(c->case_ref), db_usec(c->received_at),
	    c->about_at == STW_USEC_NEVER ? db_null() : db_usec(c->about_at),
	    known ? db_i64(c->bucket) : db_null(),
	    known ? db_i64(c->customer_id) : db_null(),
	    c->task != NULL ? db_text(uuid_format(c->task, task)) : db_null(),
	    bytes_or_null(&sealed->phone),
	    sealed->mask.len == 0
		? db_null()
		: db_str((struct str){sealed->mask.data, sealed->mask.len}),
	    bytes_or_null(&sealed->words),
	    db_usec(c->received_at + c->days * STW_USEC_DAY), db_usec(now),
	    db_text(c->actor)};

	return db_query(
	    db, DB_Q_COMPLAINT_INSERT, params, DB_NPARAMS(params), NULL, err);
}

enum stw_code
complaint_record(struct db *db, const struct seal_keys *keys,
    const struct complaint_new *c, stw_usec now, struct uuid *id, struct stw_err *err)
{
	struct seal_customer key = {0};
	struct sealed sealed;
	struct arena arena;
	char text[UUID_TEXT];
	enum stw_code rc = new_check(c, now, err);

	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	buf_init(&sealed.phone);
	buf_init(&sealed.mask);
	buf_init(&sealed.words);
	*id = uuid_new(now);
	(void)uuid_format(id, text);
	rc = hold_open(db, c, now, err);
	if (rc == STW_OK && (c->phone != NULL || c->words != NULL))
		rc = customer_key_load(db, keys, c->bucket, c->customer_id, &key, err);
	if (rc == STW_OK)
		rc =
		    phone_seal(c, &key, column_of(&arena, "phone", text), &sealed, err);
	if (rc == STW_OK && c->words != NULL)
		seal_text(&key, c->customer_id, column_of(&arena, "words", text),
		    str_of(c->words), &sealed.words);
	sodium_memzero(&key, sizeof key);
	if (rc == STW_OK)
		rc = insert(db, c, text, &sealed, now, err);
	if (rc == STW_OK)
		rc = note_step(db, c->customer_id != 0 ? c->bucket : -1, text,
		    "received", c->source, c->actor, now, err);
	buf_fini(&sealed.phone);
	buf_fini(&sealed.mask);
	buf_fini(&sealed.words);
	arena_fini(&arena);
	return rc;
}

/* ---- reading ----------------------------------------------------------------------------- */
static stw_usec
instant_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

static enum stw_code
row_from(const struct db_rows *rows, int r, struct arena *arena,
    struct complaint_row *to, struct stw_err *err)
{
	if (uuid_parse(db_get_str(rows, r, 0), &to->id) != STW_OK)
		return stw_fail(err, STW_BUG, "complaint: an id that is none");
	to->source = db_get_text(rows, r, 1, arena);
	to->case_ref = db_get_text(rows, r, 2, arena);
	to->received_at = db_get_usec(rows, r, 3);
	to->about_at = instant_or_never(rows, r, 4);
	to->customer_ref = db_get_text(rows, r, 5, arena);
	to->task_id = db_get_text(rows, r, 6, arena);
	to->phone_mask = db_get_text(rows, r, 7, arena);
	to->state = db_get_text(rows, r, 8, arena);
	to->handler = db_get_text(rows, r, 9, arena);
	to->due_at = db_get_usec(rows, r, 10);
	to->finding = db_get_text(rows, r, 11, arena);
	to->settled_at = instant_or_never(rows, r, 12);
	to->settled_by = db_get_text(rows, r, 13, arena);
	to->recorded_at = db_get_usec(rows, r, 14);
	to->recorded_by = db_get_text(rows, r, 15, arena);
	to->version = (int)db_get_i64(rows, r, 16);
	to->bucket = db_is_null(rows, r, 17) ? -1 : (int)db_get_i64(rows, r, 17);
	to->customer_id = db_get_i64(rows, r, 18);
	to->phone_sealed = db_get_bytes(rows, r, 19, arena);
	to->words_sealed = db_get_bytes(rows, r, 20, arena);
	return STW_OK;
}

static enum stw_code
select_rows(struct db *db, const char *id, const struct complaint_filter *f, int limit,
    struct arena *arena, struct complaint_row **out, int *count, struct stw_err *err)
{
	char after[UUID_TEXT];
	bool from_start = f->after_received == STW_USEC_MAX;
	const struct db_param params[] = {db_text(id), db_text(f->state),
	    f->due_before == STW_USEC_MAX ? db_null() : db_usec(f->due_before),
	    db_text(f->customer_ref), db_text(f->handler),
	    from_start ? db_null() : db_usec(f->after_received),
	    from_start ? db_null() : db_text(uuid_format(&f->after_id, after)),
	    db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*count = 0;
	rc = db_query(db, DB_Q_COMPLAINT_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	for (; rc == STW_OK && *count < db_rows_count(rows); (*count)++)
		rc = row_from(rows, *count, arena, &(*out)[*count], err);
	db_rows_free(rows);
	return rc;
}

enum stw_code
complaint_list(struct db *db, const struct complaint_filter *filter, int limit,
    struct arena *arena, struct complaint_row **out, int *count, struct stw_err *err)
{
	return select_rows(db, NULL, filter, limit, arena, out, count, err);
}

static const struct complaint_filter any = {
    .due_before = STW_USEC_MAX, .after_received = STW_USEC_MAX};

enum stw_code
complaint_get(struct db *db, const struct uuid *id, struct arena *arena,
    struct complaint_row *out, struct stw_err *err)
{
	char text[UUID_TEXT];
	struct complaint_row *rows;
	int count;
	enum stw_code rc =
	    select_rows(db, uuid_format(id, text), &any, 1, arena, &rows, &count, err);

	if (rc == STW_OK && count == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no complaint %s", text);
	if (rc == STW_OK)
		*out = rows[0];
	return rc;
}

static enum stw_code
value_open(const struct seal_customer *key, const struct complaint_row *row,
    const char *column, struct str sealed, struct arena *arena, const char **out,
    struct stw_err *err)
{
	char id[UUID_TEXT];
	struct buf plain;
	enum stw_code rc;

	if (sealed.len == 0)
		return STW_OK;
	buf_init(&plain);
	rc = seal_open(key, row->customer_id,
	    column_of(arena, column, uuid_format(&row->id, id)), sealed, &plain, err);
	if (rc == STW_OK)
		*out = arena_strndup(arena, plain.data, plain.len);
	if (plain.data != NULL)
		sodium_memzero(plain.data, plain.cap);
	buf_fini(&plain);
	return rc;
}

enum stw_code
complaint_open(struct db *db, const struct seal_keys *keys,
    const struct complaint_row *row, struct arena *arena, const char **phone,
    const char **words, struct stw_err *err)
{
	struct seal_customer key;
	enum stw_code rc;

	*phone = *words = NULL;
	if (row->phone_sealed.len == 0 && row->words_sealed.len == 0)
		return STW_OK;
	rc = customer_key_load(db, keys, row->customer_id == 0 ? 0 : row->bucket,
	    row->customer_id, &key, err);
	if (rc == STW_NOT_FOUND)
		return STW_OK;
	if (rc == STW_OK)
		rc = value_open(
		    &key, row, "phone", row->phone_sealed, arena, phone, err);
	if (rc == STW_OK)
		rc = value_open(
		    &key, row, "words", row->words_sealed, arena, words, err);
	sodium_memzero(&key, sizeof key);
	return rc;
}

enum stw_code
complaint_steps(struct db *db, const struct uuid *id, struct arena *arena,
    struct complaint_step **out, int *count, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {db_text(uuid_format(id, text))};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_COMPLAINT_STEPS, params, 1, &rows, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[r] = (struct complaint_step){.at = db_get_usec(rows, r, 0),
		    .actor = db_get_text(rows, r, 1, arena),
		    .what = db_get_text(rows, r, 2, arena),
		    .detail = db_get_text(rows, r, 3, arena)};
	db_rows_free(rows);
	return STW_OK;
}

/* ---- handling ------------------------------------------------------------------------------ */
struct held { /* of complaint_lock.sql */
	bool settled, has_handler, customer_known;
	int bucket;
	int64_t customer_id;
	stw_usec received_at;
};

static enum stw_code
lock(struct db *db, const char *id, struct held *out, struct stw_err *err)
{
	const struct db_param params[] = {db_text(id)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = (struct held){.bucket = -1};
	rc = db_query_one(db, DB_Q_COMPLAINT_LOCK, params, 1, &rows, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, rc, "there is no complaint %s", id);
	if (rc == STW_OK) {
		out->settled = str_eq_c(db_get_str(rows, 0, 0), "settled");
		out->has_handler = !db_is_null(rows, 0, 1);
		out->customer_known = !db_is_null(rows, 0, 4);
		if (out->customer_known)
			out->bucket = (int)db_get_i64(rows, 0, 3);
		out->customer_id = db_get_i64(rows, 0, 4);
		out->received_at = db_get_usec(rows, 0, 6);
	}
	db_rows_free(rows);
	return rc;
}

/* CN-31: whoever had the customer on the line does not judge it. */
static enum stw_code
independent(
    struct db *db, const struct held *held, const char *who, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(held->bucket), db_i64(held->customer_id), db_text(who)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	if (!held->customer_known)
		return STW_OK;
	rc = db_query_one(
	    db, DB_Q_COMPLAINT_INVOLVED, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_get_bool(rows, 0, 0))
		rc = stw_fail(err, STW_CONFLICT,
		    "%s has called this customer and cannot judge the complaint", who);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
act_check(struct db *db, const struct held *held, const struct complaint_act *act,
    stw_usec now, struct stw_err *err)
{
	if (held->settled)
		return stw_fail(
		    err, STW_CONFLICT, "the complaint is settled: record a new one");
	if (act->assign != NULL)
		return independent(db, held, act->assign, err);
	if (act->extend_days > 0 &&
	    held->received_at + act->extend_days * STW_USEC_DAY <= now)
		return stw_fail(err, STW_INVALID,
		    "days: %d days from its receipt are over already",
		    act->extend_days);
	if (act->finding == NULL)
		return STW_OK;
	if (!word_in(act->finding, findings, STW_ARRAY_LEN(findings)))
		return stw_fail(err, STW_INVALID,
		    "finding: upheld, partly_upheld, rejected or withdrawn is wanted");
	if (!held->has_handler)
		return stw_fail(
		    err, STW_CONFLICT, "nobody handles it yet: assign it first");
	return independent(db, held, act->actor, err);
}

/* The row is locked in a statement of its own, so that the next one sees a complaint that
 * somebody has just recorded. */
static enum stw_code
hold_close(struct db *db, const struct held *held, stw_usec now, struct stw_err *err)
{
	const struct db_param who[] = {
	    db_i64(held->bucket), db_i64(held->customer_id), db_usec(now)};
	enum stw_code rc = db_query(db, DB_Q_CUSTOMER_LOCK, who, 2, NULL, err);

	if (rc != STW_OK)
		return rc;
	return db_query(db, DB_Q_COMPLAINT_CLOSE, who, DB_NPARAMS(who), NULL, err);
}

enum stw_code
complaint_act(struct db *db, const struct uuid *id, const struct complaint_act *act,
    stw_usec now, struct stw_err *err)
{
	char text[UUID_TEXT], days[24];
	const char *what, *detail = act->detail;
	struct held held;
	enum stw_code rc = lock(db, uuid_format(id, text), &held, err);

	if (rc == STW_OK)
		rc = act_check(db, &held, act, now, err);
	if (rc != STW_OK)
		return rc;
	what = act->assign != NULL    ? "assigned"
	       : act->extend_days > 0 ? "extended"
	       : act->finding != NULL ? "settled"
				      : "noted";
	(void)snprintf(days, sizeof days, "%d days", act->extend_days);
	if (detail == NULL)
		detail = act->assign != NULL    ? act->assign
			 : act->extend_days > 0 ? days
						: act->finding;
	const struct db_param params[] = {db_text(text), db_text(act->assign),
	    act->extend_days > 0
		? db_usec(held.received_at + act->extend_days * STW_USEC_DAY)
		: db_null(),
	    db_text(act->finding), db_text(act->actor), db_usec(now)};

	rc = db_query(db, DB_Q_COMPLAINT_CHANGE, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK && act->finding != NULL && held.customer_known)
		rc = hold_close(db, &held, now, err);
	if (rc == STW_OK)
		rc = note_step(
		    db, held.bucket, text, what, detail, act->actor, now, err);
	return rc;
}

enum stw_code
complaint_nothing_found(struct db *db, const struct uuid *id, stw_usec from,
    stw_usec to, const char *actor, stw_usec now, struct uuid *entry_id,
    struct stw_err *err)
{
	char text[UUID_TEXT], complaint[UUID_TEXT], first[STW_USEC_TEXT],
	    last[STW_USEC_TEXT];
	const struct entry_field fields[] = {ENTRY_TEXT("actor", actor),
	    ENTRY_TEXT("complaint", uuid_format(id, complaint)),
	    ENTRY_TEXT("from", stw_usec_format(from, first)),
	    ENTRY_TEXT("to", stw_usec_format(to, last)),
	    ENTRY_TEXT("what", "no contact found")};
	struct buf entry;
	enum stw_code rc;

	*entry_id = uuid_new(now);
	buf_init(&entry);
	entry_write("statement", uuid_format(entry_id, text), now, fields,
	    (int)STW_ARRAY_LEN(fields), &entry);
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = ledger_append(
		    db, -1, "statement", (struct str){entry.data, entry.len}, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc != STW_OK)
		db_rollback(db);
	buf_fini(&entry);
	return rc;
}
