#include "campaigns/call_record_store.h"

#include <string.h>

#include "campaigns/campaign_store.h"
#include "campaigns/incident_store.h"
#include "campaigns/overrun_store.h"
#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/phone.h"
#include "segments/key_store.h"

/* ---- one number, however it is written ------------------------------------------------ */
/* E.164 where it is a subscriber's; else its digits: short codes. */
static void
canonical(const char *text, const char *region, char out[24])
{
	struct phone phone;
	size_t n = 0;

	if (phone_parse(str_of(text), region, &phone, NULL) == STW_OK && phone.valid) {
		memcpy(out, phone.e164, sizeof phone.e164);
		return;
	}
	for (; *text != '\0' && n < 23; text++)
		if (*text >= '0' && *text <= '9')
			out[n++] = *text;
	out[n] = '\0';
}

bool
caller_number_same(const char *a, const char *b, const char *region)
{
	char x[24], y[24];

	canonical(a, region, x);
	canonical(b, region, y);
	return x[0] != '\0' && strcmp(x, y) == 0;
}

/* ---- finding the permit ---------------------------------------------------------------- */
struct match {
	bool found;
	int bucket;
	const char *permit, *task, *decision, *number;
	int64_t customer_id, campaign_id, number_id;
};

struct put {
	struct db *db;
	const struct seal_keys *keys;
	const struct ruleset *rules;
	const struct call_record *record;
	stw_usec now;
	struct arena *arena;
	struct call_fate *out;
	struct match match;
	char id[UUID_TEXT];
};

static enum stw_code
index_of(struct put *p, unsigned char index[SEAL_INDEX_BYTES], bool *has,
    struct stw_err *err)
{
	const struct call_record *r = p->record;
	struct index_key key;
	struct phone phone;
	enum stw_code rc;

	*has = false;
	if (r->has_permit || r->has_task || r->called == NULL)
		return STW_OK;
	if (phone_parse(str_of(r->called), r->region, &phone, NULL) != STW_OK ||
	    !phone.possible)
		return stw_fail(err, STW_INVALID,
		    "called: no telephone number (record %s)", r->reference);
	rc = index_key_hold(p->db, p->keys, &key, err);
	if (rc == STW_OK) {
		seal_index(p->keys, key.now, str_of(phone.e164), index);
		*has = true;
	}
	return rc;
}

static enum stw_code
find_permit(struct put *p, struct stw_err *err)
{
	const struct call_record *r = p->record;
	unsigned char index[SEAL_INDEX_BYTES];
	char permit[UUID_TEXT], task[UUID_TEXT];
	struct db_rows *rows = NULL;
	bool has_index;
	enum stw_code rc = index_of(p, index, &has_index, err);

	if (rc != STW_OK || (!r->has_permit && !r->has_task && !has_index))
		return rc;
	const struct db_param params[] = {
	    r->has_permit ? db_i64(uuid_bucket(&r->permit_id))
	    : r->has_task ? db_i64(uuid_bucket(&r->task_id))
			  : db_null(),
	    r->has_permit ? db_text(uuid_format(&r->permit_id, permit)) : db_null(),
	    r->has_task ? db_text(uuid_format(&r->task_id, task)) : db_null(),
	    has_index ? db_bytes(index, sizeof index) : db_null(),
	    db_usec(r->started_at)};
	rc = db_query(p->db, DB_Q_CALL_MATCH, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 1)
		p->match = (struct match){true, (int)db_get_i64(rows, 0, 0),
		    db_get_text(rows, 0, 1, p->arena),
		    db_get_text(rows, 0, 2, p->arena),
		    db_get_text(rows, 0, 3, p->arena),
		    db_get_text(rows, 0, 7, p->arena), db_get_i64(rows, 0, 4),
		    db_get_i64(rows, 0, 5), db_get_i64(rows, 0, 6)};
	db_rows_free(rows);
	return rc;
}

/* ---- what follows ------------------------------------------------------------------------ */
static enum stw_code
raise(struct put *p, struct stw_err *err)
{
	const struct call_record *r = p->record;
	const struct match *m = &p->match;
	struct uuid id;
	bool opened;
	/* The numbers are ours or the dialler's, never the customer's. */
	const struct incident incident = {.code = r->number_sent[0] == '\0'
						      ? "CLI_WITHHELD"
						      : "NUMBER_NOT_REGISTERED",
	    .bucket = m->bucket,
	    .customer_id = m->customer_id,
	    .campaign_id = m->campaign_id,
	    .number_id = m->number_id,
	    .task_id = m->task,
	    .decision_id = m->decision,
	    .subject = p->id,
	    .evidence = arena_printf(p->arena,
		"{\"approved\":\"%s\",\"record\":\"%s\",\"sent\":\"%s\"}", m->number,
		p->id, r->number_sent),
	    .detected_at = p->now};
	char text[UUID_TEXT];
	enum stw_code rc = incident_open(p->db, &incident, &id, &opened, err);

	if (rc == STW_OK && opened)
		p->out->incident_id = arena_strdup(p->arena, uuid_format(&id, text));
	return rc;
}

static enum stw_code
stop_campaign(struct put *p, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(p->match.campaign_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    p->db, DB_Q_CAMPAIGN_RUNNING, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK && db_rows_count(rows) == 1) {
		p->out->paused = db_get_text(rows, 0, 0, p->arena);
		rc = campaign_pause(p->db, p->out->paused, "steward", p->now, err);
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
note_overrun(struct put *p, struct stw_err *err)
{
	const struct call_record *r = p->record;
	struct uuid id;

	return overrun_note(p->db, p->rules, p->match.bucket, p->match.permit,
	    r->started_at + r->duration_sec * STW_USEC_SEC, p->now, &id,
	    &p->out->ran_past, err);
}

/* What of the campaign's calls somebody answered, and what of that was abandoned. */
static enum stw_code
count_answered(struct put *p, struct stw_err *err)
{
	const struct call_record *r = p->record;
	bool human = r->answered_by != NULL && strcmp(r->answered_by, "human") == 0;
	const struct db_param params[] = {db_i64(p->match.campaign_id),
	    db_usec(r->started_at), db_text(r->source), db_bool(r->abandoned == 1)};

	if (!human && r->abandoned != 1)
		return STW_OK;
	return db_query(
	    p->db, DB_Q_CAMPAIGN_CALL_COUNT, params, DB_NPARAMS(params), NULL, err);
}

static enum stw_code
already_there(struct put *p, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(p->record->source), db_text(p->record->reference)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(
	    p->db, DB_Q_CALL_RECORD_FIND, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK)
		*p->out = (struct call_fate){db_get_text(rows, 0, 0, p->arena), true,
		    db_get_text(rows, 0, 1, p->arena),
		    db_get_text(rows, 0, 2, p->arena), NULL, false, NULL};
	db_rows_free(rows);
	return rc;
}

static struct db_param
seconds_or_null(int seconds)
{
	return seconds < 0 ? db_null() : db_i64(seconds);
}

static enum stw_code
put_in_tx(struct put *p, struct stw_err *err)
{
	const struct call_record *r = p->record;
	const struct match *m = &p->match;
	struct uuid id = uuid_new(p->now);
	int64_t added = 0;
	enum stw_code rc = find_permit(p, err);

	if (rc != STW_OK)
		return rc;
	p->out->fate = !m->found ? "unmatched"
		       : caller_number_same(r->number_sent, m->number, r->region)
			   ? "matched"
			   : "mismatch";
	p->out->task_id = m->task;
	p->out->approved = m->number;
	const struct db_param params[] = {db_text(uuid_format(&id, p->id)),
	    db_text(r->source), db_text(r->reference), db_text(r->number_sent),
	    db_usec(r->started_at), db_i64(r->duration_sec),
	    m->found ? db_i64(m->bucket) : db_null(), db_text(m->task),
	    db_text(m->permit), m->found ? db_i64(m->number_id) : db_null(),
	    db_text(p->out->fate), db_usec(p->now), seconds_or_null(r->ring_sec),
	    seconds_or_null(r->talk_sec), db_text(r->answered_by),
	    r->abandoned < 0 ? db_null() : db_bool(r->abandoned == 1),
	    db_text(r->recording),
	    r->recording_sha256 != NULL ? db_bytes(r->recording_sha256, 32) : db_null(),
	    db_text(r->retention_class)};
	rc = db_exec(
	    p->db, DB_Q_CALL_RECORD_INSERT, params, DB_NPARAMS(params), &added, err);
	if (rc == STW_OK && added == 0)
		return already_there(p, err);
	if (rc == STW_OK && strcmp(p->out->fate, "mismatch") == 0) {
		rc = raise(p, err);
		if (rc == STW_OK)
			rc = stop_campaign(p, err);
	}
	if (rc == STW_OK && m->found)
		rc = count_answered(p, err);
	if (rc == STW_OK && m->found)
		rc = note_overrun(p, err);
	return rc;
}

static enum stw_code
check(const struct call_record *r, stw_usec now, struct stw_err *err)
{
	if (r->number_sent[strspn(r->number_sent, "+0123456789 -()")] != '\0' ||
	    strlen(r->number_sent) > 32)
		return stw_fail(err, STW_INVALID,
		    "number_sent: digits are wanted, or nothing when it was withheld "
		    "(record %s)",
		    r->reference);
	if (r->started_at > now + 5 * STW_USEC_MIN)
		return stw_fail(err, STW_INVALID,
		    "started_at: lies in the future (record %s)", r->reference);
	return STW_OK;
}

enum stw_code
call_record_put(struct db *db, const struct seal_keys *keys,
    const struct ruleset *rules, const struct call_record *record, stw_usec now,
    struct arena *arena, struct call_fate *out, struct stw_err *err)
{
	struct put put = {.db = db,
	    .keys = keys,
	    .rules = rules,
	    .record = record,
	    .now = now,
	    .arena = arena,
	    .out = out};
	enum stw_code rc = check(record, now, err);

	*out = (struct call_fate){0};
	if (rc != STW_OK || db_in_transaction(db))
		return rc == STW_OK ? put_in_tx(&put, err) : rc;
	rc = db_begin(db, err);
	if (rc != STW_OK)
		return rc;
	/* Pausing the campaign takes part in this transaction. */
	db_lend(db, true);
	rc = put_in_tx(&put, err);
	db_lend(db, false);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

enum stw_code
call_records(struct db *db, const char *fate, const struct call_row *before, int limit,
    struct arena *arena, struct call_row **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(fate),
	    db_usec(before == NULL ? STW_USEC_MAX : before->started_at),
	    db_text(
		before == NULL ? "ffffffff-ffff-ffff-ffff-ffffffffffff" : before->id),
	    db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_CALL_RECORD_LIST, params, DB_NPARAMS(params), &rows, err);

	*count = rc == STW_OK ? db_rows_count(rows) : 0;
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	for (int r = 0; r < *count; r++)
		(*out)[r] = (struct call_row){db_get_text(rows, r, 0, arena),
		    db_get_text(rows, r, 1, arena), db_get_text(rows, r, 2, arena),
		    db_get_text(rows, r, 3, arena), db_get_text(rows, r, 4, arena),
		    db_get_text(rows, r, 5, arena), db_get_text(rows, r, 6, arena),
		    db_get_usec(rows, r, 7), (int)db_get_i64(rows, r, 8)};
	db_rows_free(rows);
	return rc;
}
