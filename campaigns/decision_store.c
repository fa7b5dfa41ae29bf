#include "campaigns/decision_store.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "db/commitment.h"
#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/merkle.h"

void
decision_hash_record(struct decision_draft *draft)
{
	crypto_hash_sha256(draft->record_hash, (const unsigned char *)draft->record.ptr,
	    draft->record.len);
}

/* What the table says: a contact with obligations is an allowed one. */
static const char *
outcome_text(const struct gate_decision *d)
{
	return d->allowed ? "ALLOW" : gate_outcome_name(d->outcome);
}

/* An allowed contact may carry INFO and WARN codes; they are no reason against it. */
static const char *
primary_text(const struct gate_decision *d)
{
	return d->allowed ? NULL : d->primary;
}

/* Only what is in the row goes in, so that the entry can be made again from the row: the
 * commitment, or the bare hash in those from before. */
static void
entry_from(const struct uuid *id, stw_usec at, char gate, const char *outcome,
    const char *primary, const char *commitment_hex, const char *hash_hex,
    struct buf *entry)
{
	char text[UUID_TEXT];
	char letter[2] = {gate, '\0'};
	const struct entry_field fields[] = {ENTRY_TEXT("gate", letter),
	    ENTRY_TEXT("outcome", outcome), ENTRY_TEXT("primary", primary),
	    ENTRY_TEXT("record_hmac", commitment_hex),
	    ENTRY_TEXT("record_sha256", commitment_hex == NULL ? hash_hex : NULL)};

	entry_write("decision", uuid_format(id, text), at, fields,
	    (int)STW_ARRAY_LEN(fields), entry);
}

void
decision_entry(const struct decision_draft *draft, struct buf *entry)
{
	char hex[COMMITMENT_HEX];

	STW_ASSERT(draft->committed);
	(void)sodium_bin2hex(
	    hex, sizeof hex, draft->commitment, sizeof draft->commitment);
	entry_from(&draft->id, draft->at, gate_checkpoint_letter(draft->gate),
	    outcome_text(draft->decision), primary_text(draft->decision), hex, NULL,
	    entry);
}

enum stw_code
decision_commit(
    struct db *db, struct decision_draft **drafts, size_t count, struct stw_err *err)
{
	int64_t *buckets = stw_xalloc((count + 1) * sizeof *buckets);
	int64_t *ids = stw_xalloc((count + 1) * sizeof *ids);
	struct commit_key *keys = stw_xalloc((count + 1) * sizeof *keys);
	char id[UUID_TEXT], hex[65];
	enum stw_code rc = STW_OK;

	for (size_t i = 0; i < count; i++) {
		buckets[i] = uuid_bucket(&drafts[i]->id);
		ids[i] = drafts[i]->customer_id;
	}
	if (count > 0)
		rc = commit_keys_load(db, buckets, ids, count, keys, err);
	for (size_t i = 0; rc == STW_OK && i < count; i++) {
		struct decision_draft *d = drafts[i];

		(void)sodium_bin2hex(
		    hex, sizeof hex, d->record_hash, sizeof d->record_hash);
		commit_to(&keys[i], uuid_format(&d->id, id), "record", str_of(hex),
		    d->commitment);
		d->erased = keys[i].erased;
		d->committed = true;
	}
	sodium_memzero(keys, (count + 1) * sizeof *keys);
	free(keys);
	free(buckets);
	free(ids);
	return rc;
}

static void
ruleset_bytes(const struct gate_decision *d, unsigned char out[32])
{
	size_t len = 0;

	memset(out, 0, 32);
	STW_ASSERT(sodium_hex2bin(out, 32, d->ruleset_hash, strlen(d->ruleset_hash),
		       NULL, &len, NULL) == 0);
}

static bool
instant_open(stw_usec at)
{
	return at == STW_USEC_MAX || at == STW_USEC_NEVER;
}

enum stw_code
decision_overrides(
    struct db *db, const struct decision_draft *draft, struct stw_err *err)
{
	const struct gate_decision *d = draft->decision;
	struct str *used = stw_xalloc(((size_t)d->nhits + 1) * sizeof *used);
	char id[UUID_TEXT];
	enum stw_code rc = STW_OK;
	size_t n = 0;

	for (int i = 0; i < d->nhits; i++)
		if (d->hits[i].override != NULL && d->hits[i].override->id != NULL)
			used[n++] = str_of(d->hits[i].override->id);
	const struct db_param params[] = {db_i64(uuid_bucket(&draft->id)),
	    db_texts(used, n), db_text(uuid_format(&draft->id, id))};

	if (n > 0)
		rc = db_later(
		    db, DB_Q_OVERRIDE_USE_INSERT, params, DB_NPARAMS(params), err);
	free(used);
	return rc;
}

enum stw_code
decision_insert(struct db *db, const struct decision_draft *given, struct stw_err *err)
{
	struct decision_draft own = *given, *draft = &own;
	const struct gate_decision *d = draft->decision;
	char id[UUID_TEXT], task[UUID_TEXT];
	char letter[2] = {gate_checkpoint_letter(draft->gate), '\0'};
	unsigned char ruleset[32];
	struct str codes[64];
	struct buf entry;
	int n = d->ncodes > 64 ? 64 : d->ncodes;
	enum stw_code rc;

	for (int i = 0; i < n; i++)
		codes[i] = str_of(d->codes[i]);
	ruleset_bytes(d, ruleset);
	rc = decision_commit(db, &draft, 1, err);
	if (rc != STW_OK)
		return rc;
	const struct db_param params[] = {db_i64(uuid_bucket(&draft->id)),
	    db_text(uuid_format(&draft->id, id)), db_text(letter), db_usec(draft->at),
	    db_i64(draft->customer_id), db_i64(draft->point_id),
	    db_i64(draft->campaign_id), db_i64(draft->version),
	    draft->task_id == NULL ? db_null()
				   : db_text(uuid_format(draft->task_id, task)),
	    draft->number_id == 0 ? db_null() : db_i64(draft->number_id),
	    db_text(draft->channel), db_text(draft->purpose), db_text(outcome_text(d)),
	    db_text(primary_text(d)), db_texts(codes, (size_t)n),
	    instant_open(d->next_allowed_at) ? db_null() : db_usec(d->next_allowed_at),
	    instant_open(d->valid_until) ? db_null() : db_usec(d->valid_until),
	    db_bytes(ruleset, sizeof ruleset),
	    draft->erased ? db_null() : db_bytes(draft->record.ptr, draft->record.len),
	    draft->erased ? db_null()
			  : db_bytes(draft->record_hash, sizeof draft->record_hash),
	    db_text(draft->agent),
	    db_bytes(draft->commitment, sizeof draft->commitment)};

	rc = db_later(db, DB_Q_DECISION_INSERT, params, DB_NPARAMS(params), err);
	if (rc == STW_OK)
		rc = decision_overrides(db, draft, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	decision_entry(draft, &entry);
	rc = ledger_append(db, uuid_bucket(&draft->id), "decision",
	    (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static void
put_id(struct db_copy_in *copy, int64_t id)
{
	if (id == 0)
		db_put_null(copy);
	else
		db_put_i64(copy, id);
}

static void
put_instant(struct db_copy_in *copy, stw_usec at)
{
	if (instant_open(at))
		db_put_null(copy);
	else
		db_put_usec(copy, at);
}

static void
put_text(struct db_copy_in *copy, const char *text)
{
	if (text == NULL)
		db_put_null(copy);
	else
		db_put_text(copy, str_of(text));
}

void
decision_put(struct db_copy_in *copy, const struct decision_draft *draft)
{
	const struct gate_decision *d = draft->decision;
	char letter[2] = {gate_checkpoint_letter(draft->gate), '\0'};
	unsigned char ruleset[32];

	STW_ASSERT(draft->committed);
	ruleset_bytes(d, ruleset);
	db_put_row(copy, 21);
	db_put_i16(copy, (int16_t)uuid_bucket(&draft->id));
	db_put_uuid(copy, draft->id.b);
	put_text(copy, letter);
	db_put_usec(copy, draft->at);
	db_put_i64(copy, draft->customer_id);
	put_id(copy, draft->point_id);
	put_id(copy, draft->campaign_id);
	db_put_i32(copy, draft->version);
	if (draft->task_id == NULL)
		db_put_null(copy);
	else
		db_put_uuid(copy, draft->task_id->b);
	put_id(copy, draft->number_id);
	put_text(copy, draft->channel);
	put_text(copy, draft->purpose);
	put_text(copy, outcome_text(d));
	put_text(copy, primary_text(d));
	db_put_texts(copy, d->codes, (size_t)d->ncodes);
	put_instant(copy, d->next_allowed_at);
	put_instant(copy, d->valid_until);
	db_put_bytes(copy, ruleset, sizeof ruleset);
	if (draft->erased) {
		db_put_null(copy);
		db_put_null(copy);
	} else {
		db_put_bytes(copy, draft->record.ptr, draft->record.len);
		db_put_bytes(copy, draft->record_hash, sizeof draft->record_hash);
	}
	db_put_bytes(copy, draft->commitment, sizeof draft->commitment);
}

/* Columns as decision_list.sql and decision_get.sql name them. */
static void
row_from(
    const struct db_rows *rows, int r, struct arena *arena, struct decision_row *out)
{
	enum stw_code rc = uuid_parse(db_get_str(rows, r, 0), &out->id);

	STW_ASSERT(rc == STW_OK);
	out->bucket = (int)db_get_i64(rows, r, 1);
	out->gate = db_get_str(rows, r, 2).ptr[0];
	out->decided_at = db_get_usec(rows, r, 3);
	out->customer_id = db_get_i64(rows, r, 4);
	out->customer_ref = db_get_text(rows, r, 5, arena);
	out->phone_mask = db_get_text(rows, r, 6, arena);
	out->campaign = db_get_text(rows, r, 7, arena);
	out->campaign_version = (int)db_get_i64(rows, r, 8);
	out->task_id = db_get_text(rows, r, 9, arena);
	out->number = db_get_text(rows, r, 10, arena);
	out->channel = db_get_text(rows, r, 11, arena);
	out->purpose = db_get_text(rows, r, 12, arena);
	out->outcome = db_get_text(rows, r, 13, arena);
	out->primary_code = db_get_text(rows, r, 14, arena);
	out->codes = db_get_texts(rows, r, 15, &out->ncodes, arena);
	out->next_allowed_at =
	    db_is_null(rows, r, 16) ? STW_USEC_MAX : db_get_usec(rows, r, 16);
	out->valid_until =
	    db_is_null(rows, r, 17) ? STW_USEC_MAX : db_get_usec(rows, r, 17);
	out->agent = db_get_text(rows, r, 18, arena);
	out->record_hash_hex = db_get_text(rows, r, 19, arena);
	out->ledger_index = -1;
}

enum stw_code
decision_list(struct db *db, const struct decision_filter *f, int limit,
    struct arena *arena, struct decision_row **out, int *count, struct stw_err *err)
{
	char after[UUID_TEXT];
	bool paged = f->after_at != STW_USEC_MAX;
	const struct db_param params[] = {db_usec(f->from), db_usec(f->to),
	    db_text(f->outcome), db_text(f->code), db_text(f->campaign),
	    db_text(f->customer_ref), db_text(f->gate), db_text(f->agent),
	    f->number_id == 0 ? db_null() : db_i64(f->number_id),
	    paged ? db_usec(f->after_at) : db_null(),
	    paged ? db_text(uuid_format(&f->after_id, after)) : db_null(),
	    db_i64(limit), db_text(f->primary)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_DECISION_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK) {
		*count = db_rows_count(rows);
		*out = arena_array(arena, (size_t)*count, sizeof **out);
		DB_ROW_FOREACH(rows, r)
			row_from(rows, r, arena, &(*out)[r]);
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
find_leaf(struct db *db, struct decision_row *row, struct stw_err *err)
{
	char id[UUID_TEXT];
	struct merkle_hash hash;
	struct buf entry;
	struct db_rows *rows = NULL;
	enum stw_code rc;

	buf_init(&entry);
	entry_from(&row->id, row->decided_at, row->gate, row->outcome,
	    row->primary_code, row->commitment_hex, row->record_hash_hex, &entry);
	merkle_leaf((struct str){entry.data, entry.len}, &hash);
	buf_fini(&entry);
	const struct db_param params[] = {
	    db_bytes(hash.b, sizeof hash.b), db_text(uuid_format(&row->id, id))};
	rc = db_query(db, DB_Q_LEDGER_FIND, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) > 0)
		row->ledger_index = db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	return rc;
}

enum stw_code
decision_get(struct db *db, const struct uuid *id, struct arena *arena,
    struct decision_row *out, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {
	    db_i64(uuid_bucket(id)), db_text(uuid_format(id, text))};
	struct db_rows *rows = NULL;
	struct decision_row row = {0};
	enum stw_code rc;

	*out = row;
	rc =
	    db_query_one(db, DB_Q_DECISION_GET, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, STW_NOT_FOUND, "there is no decision %s", text);
	if (rc == STW_OK) {
		row_from(rows, 0, arena, &row);
		row.record = db_get_text(rows, 0, 20, arena);
		row.commitment_hex = db_get_text(rows, 0, 21, arena);
		rc = find_leaf(db, &row, err);
	}
	if (rc == STW_OK)
		*out = row;
	db_rows_free(rows);
	return rc;
}
