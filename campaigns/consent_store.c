#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/consent_priv.h"
#include "campaigns/incident_store.h"
#include "campaigns/withdrawal_store.h"
#include "db/commitment.h"
#include "db/entry_json.h"
#include "db/ledger.h"

static bool
is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

static bool
is_profiling(const struct consent_event *e)
{
	return is(e->subject, "profiling");
}

/* Others than the bank have no tasks here, and what uses a kind of sensitive data is found
 * by the gate. */
static bool
ends_tasks(const struct consent_event *e, stw_usec now)
{
	return is(e->action, "withdraw") && e->effective_at <= now &&
	       (e->separate_kind == NULL) &&
	       (is(e->recipient, "*") || is(e->recipient, "bank"));
}

/* ---- what an event may say -------------------------------------------------------- */
static enum stw_code
check_words(const struct consent_event *e, struct stw_err *err)
{
	static const char *const actions[] = {"grant", "withdraw", "expire", "refuse"};
	bool known = false;

	for (size_t i = 0; i < STW_ARRAY_LEN(actions); i++)
		known = known || is(e->action, actions[i]);
	if (!known)
		return stw_fail(err, STW_INVALID,
		    "consent action '%s': write grant, withdraw, expire or refuse",
		    e->action);
	if (e->subject != NULL && !is(e->subject, "contact") && !is_profiling(e))
		return stw_fail(err, STW_INVALID,
		    "consent subject '%s': write contact or profiling", e->subject);
	if (is_profiling(e) && (is(e->action, "expire") || is(e->action, "refuse")))
		return stw_fail(err, STW_INVALID,
		    "profiling is granted or withdrawn, not %s", e->action);
	return STW_OK;
}

static enum stw_code
check_grant(const struct consent_event *e, stw_usec now, struct stw_err *err)
{
	if (!is_profiling(e) && (is(e->purpose, "*") || is(e->channel, "*")))
		return stw_fail(err, STW_INVALID,
		    "a grant names its purpose and channel; * is for withdrawals");
	if (e->effective_at > now)
		return stw_fail(err, STW_INVALID,
		    "a grant cannot take effect later than it is recorded");
	return STW_OK;
}

static enum stw_code
check_event(const struct consent_event *e, stw_usec now, struct stw_err *err)
{
	bool grant = is(e->action, "grant");
	enum stw_code rc = check_words(e, err);

	if (rc == STW_OK && grant)
		rc = check_grant(e, now, err);
	if (rc != STW_OK)
		return rc;
	if (!grant && e->expires_at != STW_USEC_MAX)
		return stw_fail(err, STW_INVALID, "only a grant has an end of its own");
	if (e->expires_at <= e->effective_at)
		return stw_fail(err, STW_INVALID, "the consent ends before it begins");
	if (e->evidence_sha256 != NULL && e->evidence == NULL)
		return stw_fail(err, STW_INVALID,
		    "a hash of evidence needs the reference of what it is of");
	return STW_OK;
}

/* A notice that is in the register says what it may be used for. */
static enum stw_code
check_notice(struct db *db, const struct consent_event *e, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(e->notice_version), db_text(e->purpose)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	if (e->notice_version == NULL || !is(e->action, "grant") || is_profiling(e))
		return STW_OK;
	rc = db_query(db, DB_Q_NOTICE_SPEAKS, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 1 && !db_get_bool(rows, 0, 0))
		rc = stw_fail(err, STW_INVALID,
		    "notice %s does not speak of %s: nobody consented to that by it",
		    e->notice_version, e->purpose);
	db_rows_free(rows);
	return rc;
}

static struct str
kept(struct arena *arena, struct str text)
{
	return (struct str){arena_strndup(arena, text.ptr, text.len), text.len};
}

/* ---- tasks ----------------------------------------------------------------------------- */
static void
ended_add(struct ended_tasks *to, int64_t bucket, struct str id, struct str state)
{
	if (to->count == to->room) {
		size_t room = to->room == 0 ? 16 : 2 * to->room;
		int64_t *buckets = arena_array(to->arena, room, sizeof *buckets);
		struct str *ids = arena_array(to->arena, room, sizeof *ids);
		struct str *states = arena_array(to->arena, room, sizeof *states);

		for (size_t i = 0; i < to->count; i++) {
			buckets[i] = to->buckets[i];
			ids[i] = to->ids[i];
			states[i] = to->states[i];
		}
		to->buckets = buckets;
		to->ids = ids;
		to->states = states;
		to->room = room;
	}
	to->buckets[to->count] = bucket;
	to->ids[to->count] = kept(to->arena, id);
	to->states[to->count++] = kept(to->arena, state);
}

/* Each task that ended is an entry of its own: the log shows why it never happened. */
enum stw_code
tasks_ended(struct db *db, const struct db_rows *rows, const char *why, stw_usec now,
    struct ended_tasks *ended, struct stw_err *err)
{
	struct buf entry;
	enum stw_code rc = STW_OK;

	buf_init(&entry);
	DB_ROW_FOREACH(rows, r) {
		struct str id = db_get_str(rows, r, 0);
		struct str state = db_get_str(rows, r, 2);
		struct uuid task;
		const struct entry_field fields[] = {
		    ENTRY_TEXT("state", state.ptr), ENTRY_TEXT("why", why)};

		STW_ASSERT(uuid_parse(id, &task) == STW_OK);
		ended_add(ended, uuid_bucket(&task), id, state);
		buf_clear(&entry);
		entry_write("task_ended", id.ptr, now, fields,
		    (int)STW_ARRAY_LEN(fields), &entry);
		rc = ledger_append(db, uuid_bucket(&task), "task_ended",
		    (struct str){entry.data, entry.len}, err);
		if (rc != STW_OK)
			break;
	}
	buf_fini(&entry);
	return rc;
}

enum stw_code
permission_lock(
    struct db *db, int bucket, int64_t customer_id, int64_t *epoch, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc =
	    db_query_one(db, DB_Q_CONSENT_LOCK, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK)
		*epoch = db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	return rc;
}

enum stw_code
tasks_end(struct db *db, int bucket, int64_t customer_id, const struct end_scope *scope,
    const char *why, stw_usec now, struct ended_tasks *ended, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id),
	    db_text(scope->purpose), db_text(scope->channel),
	    scope->point_id == 0 ? db_null() : db_i64(scope->point_id), db_usec(now),
	    db_text(why), db_text(scope->product_class), db_bool(scope->robots_only),
	    db_bool(scope->profiled_only)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(db, DB_Q_TASK_WITHDRAW, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK)
		rc = tasks_ended(db, rows, why, now, ended, err);
	db_rows_free(rows);
	return rc;
}

/* ---- recording ------------------------------------------------------------------------- */
struct uuid
consent_id(const char *customer_ref, const char *ref, int bucket)
{
	const struct str parts[] = {
	    STR_LIT("consent"), str_of(customer_ref), str_of(ref)};
	struct uuid id = uuid_derive(parts, (int)STW_ARRAY_LEN(parts));

	uuid_set_bucket(&id, bucket);
	return id;
}

static enum stw_code
hash_of_blob(const char *hex, unsigned char to[crypto_hash_sha256_BYTES],
    struct db_param *out, struct stw_err *err)
{
	size_t len = 0;

	*out = db_null();
	if (hex == NULL)
		return STW_OK;
	if (strlen(hex) != 64 ||
	    sodium_hex2bin(to, crypto_hash_sha256_BYTES, hex, 64, NULL, &len, NULL) !=
		0 ||
	    len != crypto_hash_sha256_BYTES)
		return stw_fail(err, STW_INVALID,
		    "evidence_sha256: 64 hexadecimal digits are wanted");
	*out = db_bytes(to, len);
	return STW_OK;
}

static enum stw_code
consent_insert(struct db *db, int bucket, int64_t customer_id,
    const struct consent_event *e, stw_usec now, bool *added, struct stw_err *err)
{
	char id[UUID_TEXT];
	unsigned char hash[crypto_hash_sha256_BYTES], blob[crypto_hash_sha256_BYTES];
	struct str evidence = str_of(e->evidence);
	struct db_param blob_param;
	struct db_rows *rows = NULL;
	enum stw_code rc = hash_of_blob(e->evidence_sha256, blob, &blob_param, err);

	if (rc != STW_OK)
		return rc;
	crypto_hash_sha256(hash, (const unsigned char *)evidence.ptr, evidence.len);
	const struct db_param params[] = {db_i64(bucket),
	    db_text(uuid_format(&e->id, id)), db_i64(customer_id), db_text(e->action),
	    db_text(e->purpose), db_text(e->channel), db_text(e->product_class),
	    db_text(e->recipient), e->point_id == 0 ? db_null() : db_i64(e->point_id),
	    db_text(e->form), db_text(e->notice_version), db_text(e->evidence),
	    db_text(e->source), db_text(e->actor), db_usec(e->effective_at),
	    e->expires_at == STW_USEC_MAX ? db_null() : db_usec(e->expires_at),
	    db_usec(now), evidence.len == 0 ? db_null() : db_bytes(hash, sizeof hash),
	    db_text(e->subject == NULL ? "contact" : e->subject),
	    db_text(e->separate_kind), db_bool(e->written), db_text(e->guardian),
	    db_text(e->controller == NULL ? "bank" : e->controller), blob_param};

	rc = db_query(db, DB_Q_CONSENT_INSERT, params, DB_NPARAMS(params), &rows, err);
	*added = rc == STW_OK && db_rows_count(rows) == 1;
	db_rows_free(rows);
	if (rc != STW_OK || *added)
		return rc;
	const struct db_param same[] = {params[0], params[1], params[2], params[3],
	    params[4], params[5], params[6], params[7], params[8], params[14],
	    params[18]};

	rc = db_query(db, DB_Q_CONSENT_SAME, same, DB_NPARAMS(same), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "another consent event has the id %s already; events are never changed",
		    id);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
consent_log(struct db *db, int bucket, int64_t customer_id,
    const struct consent_event *e, stw_usec now, struct stw_err *err)
{
	char id[UUID_TEXT], number[24];
	char effective[STW_USEC_TEXT];
	struct commit_field commit[] = {{.name = "customer", .value = number},
	    {.name = "evidence", .value = e->evidence_sha256}};
	const struct entry_field fields[] = {ENTRY_TEXT("action", e->action),
	    ENTRY_TEXT("customer_hmac", commit[0].hex),
	    ENTRY_TEXT("subject", e->subject == NULL ? "contact" : e->subject),
	    ENTRY_TEXT("purpose", e->purpose), ENTRY_TEXT("channel", e->channel),
	    ENTRY_TEXT("class", e->product_class),
	    ENTRY_TEXT("recipient", e->recipient),
	    ENTRY_TEXT("notice", e->notice_version), ENTRY_TEXT("form", e->form),
	    ENTRY_TEXT("separate", e->separate_kind),
	    ENTRY_TEXT(
		"evidence_hmac", e->evidence_sha256 == NULL ? NULL : commit[1].hex),
	    ENTRY_TEXT("actor", e->actor), ENTRY_TEXT("source", e->source),
	    ENTRY_TEXT("effective_at", stw_usec_format(e->effective_at, effective))};
	struct buf entry;
	enum stw_code rc;

	/* A form filled in is as easily tried out as what stands on it. */
	(void)snprintf(number, sizeof number, "%" PRId64, customer_id);
	rc = commit_fields(db, bucket, customer_id, uuid_format(&e->id, id), commit,
	    STW_ARRAY_LEN(commit), err);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write("consent", id, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, bucket, "consent", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static enum stw_code
profiling_set(struct db *db, int bucket, int64_t customer_id, bool opt_out,
    stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(bucket), db_i64(customer_id), db_bool(opt_out), db_usec(now)};

	return db_query(db, DB_Q_PROFILING_SET, params, DB_NPARAMS(params), NULL, err);
}

static enum stw_code
take_effect(struct db *db, int bucket, int64_t customer_id,
    const struct consent_event *e, stw_usec now, struct ended_tasks *ended,
    struct stw_err *err)
{
	bool profiling = is_profiling(e);
	const struct end_scope scope = {.purpose = e->purpose,
	    .channel = e->channel,
	    .product_class = e->product_class,
	    .point_id = e->point_id,
	    .robots_only = e->written,
	    .profiled_only = profiling};
	enum stw_code rc = STW_OK;

	if (profiling && e->effective_at <= now)
		rc = profiling_set(
		    db, bucket, customer_id, is(e->action, "withdraw"), now, err);
	if (rc == STW_OK && ends_tasks(e, now))
		rc = tasks_end(db, bucket, customer_id, &scope,
		    profiling ? "profiling refused" : "consent withdrawn", now, ended,
		    err);
	return rc;
}

/* ---- withdrawals that arrive late ------------------------------------------------------ */
static void
contacts_write(const struct db_rows *rows, stw_usec effective_at, struct buf *to)
{
	char at[STW_USEC_TEXT];

	buf_add_c(to, "{\"contacts\":[");
	DB_ROW_FOREACH(rows, r)
		buf_printf(to,
		    "%s{\"at\":\"%s\",\"decision\":\"%s\",\"kind\":\"%s\",\"task\":\"%s\"}",
		    r == 0 ? "" : ",", stw_usec_format(db_get_usec(rows, r, 3), at),
		    db_get_str(rows, r, 1).ptr, db_get_str(rows, r, 0).ptr,
		    db_get_str(rows, r, 2).ptr);
	buf_printf(to, "],\"effective_at\":\"%s\"}", stw_usec_format(effective_at, at));
}

/* What was allowed since stays as it was decided; that it should not have been is an
 * incident. */
static enum stw_code
late_report(struct db *db, int bucket, int64_t customer_id,
    const struct consent_event *e, stw_usec now, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id),
	    db_usec(e->effective_at), db_usec(now), db_text(e->purpose),
	    db_text(e->channel), e->point_id == 0 ? db_null() : db_i64(e->point_id)};
	struct db_rows *rows = NULL;
	struct uuid incident_id;
	struct buf evidence;
	bool opened;
	enum stw_code rc;

	if (!ends_tasks(e, now) || is_profiling(e) || e->effective_at >= now)
		return STW_OK;
	rc = db_query(db, DB_Q_LATE_CONTACTS, params, DB_NPARAMS(params), &rows, err);
	buf_init(&evidence);
	if (rc == STW_OK && db_rows_count(rows) > 0) {
		contacts_write(rows, e->effective_at, &evidence);
		const struct incident incident = {.code = "LATE_WITHDRAWAL_CONTACT",
		    .bucket = bucket,
		    .customer_id = customer_id,
		    .subject = uuid_format(&e->id, id),
		    .task_id = db_get_str(rows, 0, 2).ptr,
		    .decision_id = db_get_str(rows, 0, 1).ptr,
		    .evidence = evidence.data,
		    .detected_at = now};

		rc = incident_open(db, &incident, &incident_id, &opened, err);
	}
	buf_fini(&evidence);
	db_rows_free(rows);
	return rc;
}

/* What the first recording answered, as it is now. */
static enum stw_code
effect_again(struct db *db, const struct consent_event *e, struct arena *arena,
    struct consent_effect *effect, struct stw_err *err)
{
	struct withdrawal w;
	enum stw_code rc;

	if (!is(e->action, "withdraw"))
		return STW_OK;
	rc = withdrawal_find(db, &e->id, arena, &w, err);
	if (rc == STW_NOT_FOUND) /* imported: it has no record of its own */
		return STW_OK;
	if (rc != STW_OK)
		return rc;
	effect->cancelled = w.cancelled;
	effect->recalled = w.recalled;
	effect->committed_at = w.committed_at;
	effect->effective_at = w.effective_at;
	return STW_OK;
}

enum stw_code
consent_record(struct db *db, int bucket, int64_t customer_id,
    const struct consent_event *event, stw_usec now, struct consent_effect *out,
    struct stw_err *err)
{
	struct consent_effect effect = {.committed_at = now, .effective_at = now};
	struct arena arena;
	struct ended_tasks ended = {.arena = &arena};
	enum stw_code rc;

	*out = (struct consent_effect){0};
	arena_init(&arena);
	rc = check_event(event, now, err);
	if (rc == STW_OK)
		rc = check_notice(db, event, err);
	if (rc == STW_OK)
		rc = permission_lock(db, bucket, customer_id, &effect.epoch, err);
	if (rc == STW_OK)
		rc = consent_insert(
		    db, bucket, customer_id, event, now, &effect.added, err);
	if (rc == STW_OK && !effect.added)
		rc = effect_again(db, event, &arena, &effect, err);
	if (rc == STW_OK && effect.added)
		rc = take_effect(db, bucket, customer_id, event, now, &ended, err);
	if (rc == STW_OK && effect.added)
		rc = consent_log(db, bucket, customer_id, event, now, err);
	if (rc == STW_OK && effect.added)
		rc = late_report(db, bucket, customer_id, event, now, err);
	if (rc == STW_OK && effect.added && is(event->action, "withdraw"))
		rc = withdrawal_write(db, bucket, &event->id, customer_id, "consent",
		    &ended, now, &effect, err);
	if (rc == STW_OK)
		*out = effect;
	arena_fini(&arena);
	return rc;
}

enum stw_code
consent_history(struct db *db, int bucket, int64_t customer_id, struct arena *arena,
    struct consent_event **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id)};
	struct db_rows *rows = NULL;
	struct consent_event *events;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_CONSENT_HISTORY, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		goto done;
	events = arena_array(arena, (size_t)db_rows_count(rows), sizeof *events);
	DB_ROW_FOREACH(rows, r) {
		struct consent_event *e = &events[r];

		rc = uuid_parse(db_get_str(rows, r, 0), &e->id);
		STW_ASSERT(rc == STW_OK);
		e->action = db_get_text(rows, r, 1, arena);
		e->purpose = db_get_text(rows, r, 2, arena);
		e->channel = db_get_text(rows, r, 3, arena);
		e->product_class = db_get_text(rows, r, 4, arena);
		e->recipient = db_get_text(rows, r, 5, arena);
		e->point_id = db_get_i64(rows, r, 6);
		e->form = db_get_text(rows, r, 7, arena);
		e->notice_version = db_get_text(rows, r, 8, arena);
		e->evidence = db_get_text(rows, r, 9, arena);
		e->source = db_get_text(rows, r, 10, arena);
		e->actor = db_get_text(rows, r, 11, arena);
		e->effective_at = db_get_usec(rows, r, 12);
		e->expires_at =
		    db_is_null(rows, r, 13) ? STW_USEC_MAX : db_get_usec(rows, r, 13);
		e->recorded_at = db_get_usec(rows, r, 14);
		e->subject = db_get_text(rows, r, 15, arena);
		e->separate_kind = db_get_text(rows, r, 16, arena);
		e->written = db_get_bool(rows, r, 17);
		e->guardian = db_get_text(rows, r, 18, arena);
		e->controller = db_get_text(rows, r, 19, arena);
		e->evidence_sha256 = db_get_text(rows, r, 20, arena);
	}
	*out = events;
	*count = db_rows_count(rows);
done:
	db_rows_free(rows);
	return rc;
}
