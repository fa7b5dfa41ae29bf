#include "segments/import_write_store.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/uuid.h"
#include "segments/book.h"

#define MAX_ZONES 48

void
import_batch_init(struct import_batch *batch)
{
	memset(batch, 0, sizeof *batch);
	arena_init(&batch->arena);
	strmap_init(&batch->refs);
	batch->rows = stw_xalloc(IMPORT_BATCH_ROWS * sizeof *batch->rows);
}

void
import_batch_fini(struct import_batch *batch)
{
	import_batch_clear(batch);
	arena_fini(&batch->arena);
	strmap_fini(&batch->refs);
	free(batch->rows);
	batch->rows = NULL;
}

void
import_batch_clear(struct import_batch *batch)
{
	/* Open keys do not outlive their batch. */
	if (batch->who != NULL)
		sodium_memzero(batch->who, batch->refs.count * sizeof *batch->who);
	batch->who = NULL;
	arena_reset(&batch->arena);
	strmap_clear(&batch->refs);
	batch->count = 0;
}

/* ---- who -------------------------------------------------------------------------- */
static int
ref_column(enum import_target target)
{
	const struct import_target_def *def = import_target_def(target);

	return import_column_find(def, target == IMPORT_CUSTOMER ? "ref" : def->parent);
}

static bool
seals(enum import_target target)
{
	return target == IMPORT_CUSTOMER || target == IMPORT_CONTACT_POINT;
}

static void
refs_collect(struct import_batch *batch, int column)
{
	bool added;

	for (size_t r = 0; r < batch->count; r++) {
		struct strmap_entry *e =
		    strmap_add(&batch->refs, batch->rows[r].cells[column].s, &added);

		batch->rows[r].who = (uint32_t)(e - batch->refs.entries);
	}
	batch->who = arena_array(&batch->arena, batch->refs.count, sizeof *batch->who);
	for (size_t k = 0; k < batch->refs.count; k++)
		batch->who[k].bucket = customer_bucket(batch->refs.entries[k].key);
}

static enum stw_code
customers_find(
    const struct import_write *write, struct import_batch *batch, struct stw_err *err)
{
	size_t n = batch->refs.count;
	int64_t *buckets = arena_array(&batch->arena, n, sizeof *buckets);
	struct str *texts = arena_array(&batch->arena, n, sizeof *texts);
	bool want = seals(write->file->target);
	struct db_rows *rows = NULL;
	enum stw_code rc;

	for (size_t k = 0; k < n; k++) {
		buckets[k] = batch->who[k].bucket;
		texts[k] = batch->refs.entries[k].key;
	}
	const struct db_param params[] = {
	    db_i64s(buckets, n), db_texts(texts, n), db_bool(want)};

	rc = db_query(write->db, DB_Q_IMPORT_CUSTOMER_FIND, params, DB_NPARAMS(params),
	    &rows, err);
	for (int i = 0; rc == STW_OK && i < db_rows_count(rows); i++) {
		struct import_who *who = &batch->who[db_get_i64(rows, i, 0) - 1];

		who->id = db_get_i64(rows, i, 1);
		who->erased = db_get_bool(rows, i, 3);
		if (want && !who->erased)
			rc = seal_customer_open(write->keys, who->id,
			    db_get_bytes(rows, i, 2, &batch->arena), &who->key, err);
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
customers_make(
    const struct import_write *write, struct import_batch *batch, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	struct buf wrapped;
	int64_t wanted = 0;
	int next = 0;
	enum stw_code rc;

	for (size_t k = 0; k < batch->refs.count; k++)
		wanted += batch->who[k].id == 0;
	if (wanted == 0)
		return STW_OK;
	const struct db_param params[] = {db_i64(wanted)};

	rc = db_query(write->db, DB_Q_IMPORT_CUSTOMER_IDS, params, DB_NPARAMS(params),
	    &rows, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&wrapped);
	for (size_t k = 0; k < batch->refs.count; k++) {
		struct import_who *who = &batch->who[k];

		if (who->id != 0)
			continue;
		who->id = db_get_i64(rows, next++, 0);
		who->fresh = true;
		buf_clear(&wrapped);
		seal_customer_new(write->keys, who->id, &who->key, &wrapped);
		who->wrapped = (struct str){
		    arena_strndup(&batch->arena, wrapped.data, wrapped.len),
		    wrapped.len};
	}
	buf_fini(&wrapped);
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
import_batch_resolve(const struct import_write *write, struct import_batch *batch,
    void (*drop)(void *user, int64_t line, const char *column, const char *reason),
    void *user, struct stw_err *err)
{
	enum import_target target = write->file->target;
	const struct import_target_def *def = import_target_def(target);
	int column;
	enum stw_code rc;

	if (target == IMPORT_PRODUCT || batch->count == 0)
		return STW_OK;
	column = ref_column(target);
	refs_collect(batch, column);
	rc = customers_find(write, batch, err);
	if (rc == STW_OK && target == IMPORT_CUSTOMER)
		rc = customers_make(write, batch, err);
	for (size_t r = 0; r < batch->count && rc == STW_OK; r++) {
		const struct import_who *who = &batch->who[batch->rows[r].who];

		if (who->id != 0 && !who->erased)
			continue;
		batch->rows[r].dropped = true;
		drop(user, batch->rows[r].line, def->columns[column].name,
		    who->erased ? "this customer was erased"
				: "no customer has this reference");
	}
	return rc;
}

/* ---- cells into COPY --------------------------------------------------------------- */
struct out {
	const struct import_write *write;
	struct db_copy_in *copy;
	const struct import_who *who;
	struct buf sealed, mask;
};

static void
put_str(struct db_copy_in *copy, const struct buf *b)
{
	db_put_text(copy, (struct str){b->data, b->len});
}

static void
put_sealed(struct out *out, const char *column, struct str plain)
{
	buf_clear(&out->sealed);
	seal_text(&out->who->key, out->who->id, column, plain, &out->sealed);
	db_put_bytes(out->copy, out->sealed.data, out->sealed.len);
}

static void
put_index(struct out *out, const struct phone *phone)
{
	unsigned char index[SEAL_INDEX_BYTES];

	seal_index(out->write->keys, out->write->index.now, str_of(phone->e164), index);
	db_put_bytes(out->copy, index, sizeof index);
}

/* phone_sealed, phone_index, phone_mask, kind, region, zones */
static void
put_point(struct out *out, const struct phone *phone)
{
	const char *zones[MAX_ZONES];
	int n = phone_zones(phone, zones, MAX_ZONES);

	put_sealed(out, "contact_point.phone", str_of(phone->e164));
	put_index(out, phone);
	buf_clear(&out->mask);
	seal_mask_phone(str_of(phone->national), &out->mask);
	put_str(out->copy, &out->mask);
	db_put_text(out->copy, str_of(phone_kind(phone)));
	if (phone->region[0] != '\0')
		db_put_text(out->copy, str_of(phone->region));
	else
		db_put_null(out->copy);
	db_put_texts(out->copy, zones, (size_t)(n < MAX_ZONES ? n : MAX_ZONES));
}

static int
put_width(enum import_put put)
{
	switch (put) {
	case IMPORT_PUT_NONE:
		return 0;
	case IMPORT_PUT_NAME:
		return 2;
	case IMPORT_PUT_POINT:
		return 6;
	case IMPORT_PUT_PLAIN:
	case IMPORT_PUT_ID:
	case IMPORT_PUT_INDEX:
	case IMPORT_PUT_I16:
		break;
	}
	return 1;
}

static void
put_plain(struct db_copy_in *copy, const struct import_column *column,
    const struct import_cell *cell)
{
	switch (column->type) {
	case IMPORT_TEXT:
		db_put_text(copy, cell->s);
		break;
	case IMPORT_INT:
	case IMPORT_MONEY:
		db_put_i64(copy, cell->i);
		break;
	case IMPORT_BOOL:
		db_put_bool(copy, cell->i != 0);
		break;
	case IMPORT_DATE:
		db_put_day(copy, (stw_day)cell->i);
		break;
	case IMPORT_INSTANT:
		db_put_usec(copy, cell->i);
		break;
	case IMPORT_PHONE:
		db_put_null(copy);
		break;
	}
}

static void
put_cell(
    struct out *out, const struct import_column *column, const struct import_cell *cell)
{
	if (!cell->has) {
		for (int i = 0; i < put_width(column->put); i++)
			db_put_null(out->copy);
		return;
	}
	switch (column->put) {
	case IMPORT_PUT_NONE:
		break;
	case IMPORT_PUT_NAME:
		put_sealed(out, "customer.name", cell->s);
		buf_clear(&out->mask);
		seal_mask_name(cell->s, &out->mask);
		put_str(out->copy, &out->mask);
		break;
	case IMPORT_PUT_ID:
		put_sealed(out, "customer.id", cell->s);
		break;
	case IMPORT_PUT_POINT:
		put_point(out, cell->phone);
		break;
	case IMPORT_PUT_INDEX:
		put_index(out, cell->phone);
		break;
	case IMPORT_PUT_I16:
		db_put_i16(out->copy, (int16_t)cell->i);
		break;
	case IMPORT_PUT_PLAIN:
		put_plain(out->copy, column, cell);
		break;
	}
}

/* The id of an event is made of what it says, so that the same row gives the same event:
 * of the customer and ref where there is one, else of everything. */
static void
put_event_id(struct out *out, const struct import_batch *batch,
    const struct import_batch_row *row)
{
	enum import_target target = out->write->file->target;
	const struct import_target_def *def = import_target_def(target);
	const struct import_cell *ref = &row->cells[import_column_find(def, "ref")];
	unsigned char hashes[IMPORT_MAX_COLUMNS][SEAL_INDEX_BYTES];
	struct str parts[IMPORT_MAX_COLUMNS + 2];
	int64_t numbers[IMPORT_MAX_COLUMNS];
	struct uuid id;
	int n = 0;

	parts[n++] = str_of(def->name);
	parts[n++] = batch->refs.entries[row->who].key;
	for (int i = 0; def->columns[i].name != NULL; i++) {
		const struct import_cell *cell = &row->cells[i];

		numbers[i] = cell->i;
		if (ref->has && cell != ref)
			continue;
		if (cell->phone != NULL) {
			seal_event_hash(
			    out->write->keys, str_of(cell->phone->e164), hashes[i]);
			parts[n++] =
			    (struct str){(const char *)hashes[i], sizeof hashes[i]};
		} else if (def->columns[i].type == IMPORT_TEXT)
			parts[n++] = cell->s;
		else
			parts[n++] = (struct str){(const char *)&numbers[i],
			    cell->has ? sizeof numbers[i] : 0};
	}
	id = uuid_derive(parts, n);
	uuid_set_bucket(&id, out->who->bucket);
	db_put_uuid(out->copy, id.b);
}

static void
put_evidence_hash(struct out *out, const struct import_batch_row *row)
{
	const struct import_target_def *def = import_target_def(IMPORT_CONSENT);
	const struct import_cell *evidence =
	    &row->cells[import_column_find(def, "evidence")];
	unsigned char hash[crypto_hash_sha256_BYTES];

	if (!evidence->has) {
		db_put_null(out->copy);
		return;
	}
	crypto_hash_sha256(
	    hash, (const unsigned char *)evidence->s.ptr, evidence->s.len);
	db_put_bytes(out->copy, hash, sizeof hash);
}

/* What comes before the target's columns. */
static int
prefix_width(enum import_target target)
{
	if (target == IMPORT_PRODUCT)
		return 1;
	if (target == IMPORT_CONSENT)
		return 5;
	return target == IMPORT_CUSTOMER || target == IMPORT_OBJECTION ||
		       target == IMPORT_ATTEMPT
		   ? 4
		   : 3;
}

static void
put_prefix(struct out *out, const struct import_batch *batch,
    const struct import_batch_row *row)
{
	enum import_target target = out->write->file->target;

	db_put_i64(out->copy, row->line);
	if (target == IMPORT_PRODUCT)
		return;
	STW_ASSERT(out->who != NULL); /* every target but products has a customer */
	db_put_i16(out->copy, (int16_t)out->who->bucket);
	db_put_i64(out->copy, out->who->id);
	if (target == IMPORT_CUSTOMER) {
		if (out->who->fresh)
			db_put_bytes(
			    out->copy, out->who->wrapped.ptr, out->who->wrapped.len);
		else
			db_put_null(out->copy);
	} else if (target == IMPORT_CONSENT) {
		put_event_id(out, batch, row);
		put_evidence_hash(out, row);
	} else if (target == IMPORT_OBJECTION || target == IMPORT_ATTEMPT) {
		put_event_id(out, batch, row);
	}
}

static void
copy_rows(struct out *out, const struct import_batch *batch)
{
	enum import_target target = out->write->file->target;
	const struct import_target_def *def = import_target_def(target);
	int width = prefix_width(target);

	for (int i = 0; def->columns[i].name != NULL; i++)
		width += put_width(def->columns[i].put);
	for (size_t r = 0; r < batch->count; r++) {
		const struct import_batch_row *row = &batch->rows[r];

		if (row->dropped)
			continue;
		out->who = batch->who != NULL ? &batch->who[row->who] : NULL;
		db_put_row(out->copy, width);
		put_prefix(out, batch, row);
		for (int i = 0; def->columns[i].name != NULL; i++)
			put_cell(out, &def->columns[i], &row->cells[i]);
	}
}

/* The phones of customers, as contact points. */
static void
copy_phones(struct out *out, const struct import_batch *batch)
{
	const struct import_target_def *def = import_target_def(IMPORT_CUSTOMER);
	const int phone[2] = {
	    import_column_find(def, "phone"), import_column_find(def, "phone2")};
	const int verified[2] = {import_column_find(def, "phone_verified"),
	    import_column_find(def, "phone2_verified")};

	for (size_t r = 0; r < batch->count; r++) {
		const struct import_batch_row *row = &batch->rows[r];

		for (int k = 0; k < 2; k++) {
			const struct import_cell *cell = &row->cells[phone[k]];

			if (row->dropped || cell->phone == NULL)
				continue;
			out->who = &batch->who[row->who];
			db_put_row(out->copy, 11);
			db_put_i64(out->copy, row->line);
			db_put_i16(out->copy, (int16_t)out->who->bucket);
			db_put_i64(out->copy, out->who->id);
			put_point(out, cell->phone);
			db_put_bool(out->copy, row->cells[verified[k]].i != 0);
			db_put_bool(out->copy, k == 0);
		}
	}
}

static enum stw_code
copy_batch(const struct import_write *write, const struct import_batch *batch,
    enum db_query_id id, void (*rows)(struct out *, const struct import_batch *),
    struct stw_err *err)
{
	struct out out = {.write = write};
	enum stw_code rc = db_copy_in_begin(write->db, id, &out.copy, err);

	if (rc != STW_OK)
		return rc;
	buf_init(&out.sealed);
	buf_init(&out.mask);
	rows(&out, batch);
	buf_fini(&out.sealed);
	buf_fini(&out.mask);
	return db_copy_in_end(out.copy, NULL, err);
}

/* ---- merging --------------------------------------------------------------------- */
static size_t
columns_given(const struct import_file *file, struct str given[IMPORT_MAX_COLUMNS])
{
	const struct import_target_def *def = import_target_def(file->target);
	size_t n = 0;

	for (int i = 0; def->columns[i].name != NULL; i++)
		if (file->columns[i].text.ptr != NULL)
			given[n++] = str_of(def->columns[i].name);
	return n;
}

static enum stw_code
put_phones(const struct import_write *write, const struct import_batch *batch,
    struct stw_err *err)
{
	const struct import_target_def *def = import_target_def(IMPORT_CUSTOMER);
	const struct str given[] = {STR_LIT("is_primary"), STR_LIT("verified")};
	bool verified =
	    write->file->columns[import_column_find(def, "phone_verified")].text.ptr !=
	    NULL;
	const struct db_param params[] = {
	    db_texts(given, verified ? 2 : 1), db_usec(write->as_of)};
	enum stw_code rc =
	    copy_batch(write, batch, DB_Q_IMPORT_COPY_CONTACT_POINT, copy_phones, err);

	if (rc == STW_OK)
		rc = db_query(write->db, DB_Q_IMPORT_PUT_CONTACT_POINT, params,
		    DB_NPARAMS(params), NULL, err);
	return rc;
}

static enum stw_code
log_ended(const struct import_write *write, int bucket, const struct db_rows *rows,
    struct stw_err *err)
{
	struct buf entry;
	enum stw_code rc = STW_OK;

	buf_init(&entry);
	for (int r = 0; r < db_rows_count(rows) && rc == STW_OK; r++) {
		const struct entry_field fields[] = {
		    ENTRY_TEXT("state", db_get_str(rows, r, 2).ptr),
		    ENTRY_TEXT("why", "withdrawal or objection imported")};

		buf_clear(&entry);
		entry_write("task_ended", db_get_str(rows, r, 0).ptr, write->as_of,
		    fields, (int)STW_ARRAY_LEN(fields), &entry);
		rc = ledger_append(write->db, bucket, "task_ended",
		    (struct str){entry.data, entry.len}, err);
	}
	buf_fini(&entry);
	return rc;
}

/* A withdrawal or objection takes effect in the transaction that records it: the gate
 * waits for the commit, and open tasks it meets end here. */
static enum stw_code
end_tasks(const struct import_write *write, struct arena *arena, struct stw_err *err)
{
	const struct db_param now[] = {db_usec(write->as_of)};
	struct db_rows *rows = NULL, *ended = NULL;
	enum stw_code rc;

	rc = db_query(write->db, DB_Q_IMPORT_PERMISSION_BUMP, NULL, 0, NULL, err);
	if (rc == STW_OK)
		rc = db_query(
		    write->db, DB_Q_IMPORT_WITHDRAWALS_OPEN, now, 1, &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		int bucket = (int)db_get_i64(rows, r, 0);
		struct str index = db_get_bytes(rows, r, 5, arena);
		const struct db_param own[] = {db_i64(bucket),
		    db_i64(db_get_i64(rows, r, 1)), db_str(db_get_str(rows, r, 2)),
		    db_str(db_get_str(rows, r, 3)),
		    db_is_null(rows, r, 4) ? db_null() : db_i64(db_get_i64(rows, r, 4)),
		    db_usec(write->as_of), db_text("withdrawal imported")};
		const struct db_param shared[] = {db_bytes(index.ptr, index.len),
		    db_str(db_get_str(rows, r, 3)), db_usec(write->as_of),
		    db_text("objection imported")};

		rc = db_query(
		    write->db, DB_Q_TASK_WITHDRAW, own, DB_NPARAMS(own), &ended, err);
		if (rc == STW_OK)
			rc = log_ended(write, bucket, ended, err);
		db_rows_free(ended);
		ended = NULL;
		if (rc != STW_OK || index.len == 0)
			continue;
		rc = db_query(write->db, DB_Q_TASK_WITHDRAW_PHONE, shared,
		    DB_NPARAMS(shared), &ended, err);
		if (rc == STW_OK)
			rc = log_ended(write, bucket, ended, err);
		db_rows_free(ended);
		ended = NULL;
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
consent_points_there(const struct import_write *write, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(write->db, DB_Q_IMPORT_CONSENT_MISSING_POINT, NULL, 0, &rows, err);

	if (rc == STW_OK && db_rows_count(rows) > 0)
		rc = stw_fail_at(err, STW_INVALID, (int)db_get_i64(rows, 0, 0), 0,
		    "%s:%lld: column phone: the customer has no such contact point (%d "
		    "consents)",
		    write->file->source.file, (long long)db_get_i64(rows, 0, 0),
		    db_rows_count(rows));
	db_rows_free(rows);
	return rc;
}

struct merge {
	enum db_query_id copy, put;
	/* the statement's parameters, in this order */
	bool given, now, actor, currency;
};

static const struct merge merges[IMPORT_TARGETS] = {
    [IMPORT_CUSTOMER] = {DB_Q_IMPORT_COPY_CUSTOMER, DB_Q_IMPORT_PUT_CUSTOMER, true,
	true, false, false},
    [IMPORT_CONTACT_POINT] = {DB_Q_IMPORT_COPY_CONTACT_POINT,
	DB_Q_IMPORT_PUT_CONTACT_POINT, true, true, false, false},
    [IMPORT_PRODUCT] = {DB_Q_IMPORT_COPY_PRODUCT, DB_Q_IMPORT_PUT_PRODUCT, true, true,
	false, false},
    [IMPORT_HOLDING] = {DB_Q_IMPORT_COPY_HOLDING, DB_Q_IMPORT_PUT_HOLDING, true, true,
	false, true},
    [IMPORT_TXN] = {DB_Q_IMPORT_COPY_TXN, DB_Q_IMPORT_PUT_TXN, true, false, false,
	true},
    [IMPORT_INTERACTION] = {DB_Q_IMPORT_COPY_INTERACTION, DB_Q_IMPORT_PUT_INTERACTION,
	true, false, false, false},
    [IMPORT_CONSENT] = {DB_Q_IMPORT_COPY_CONSENT, DB_Q_IMPORT_PUT_CONSENT, false, true,
	true, false},
    [IMPORT_OBJECTION] = {DB_Q_IMPORT_COPY_OBJECTION, DB_Q_IMPORT_PUT_OBJECTION, false,
	true, true, false},
    [IMPORT_ATTEMPT] = {DB_Q_IMPORT_COPY_ATTEMPT, DB_Q_IMPORT_PUT_ATTEMPT, false, false,
	false, false},
};

enum stw_code
import_batch_write(
    const struct import_write *write, struct import_batch *batch, struct stw_err *err)
{
	enum import_target target = write->file->target;
	const struct merge *merge = &merges[target];
	struct str given[IMPORT_MAX_COLUMNS];
	struct db_param params[4];
	size_t n = 0;
	enum stw_code rc;

	if (merge->given)
		params[n++] = db_texts(given, columns_given(write->file, given));
	if (merge->now)
		params[n++] = db_usec(write->as_of);
	if (merge->actor)
		params[n++] = db_text(write->actor);
	if (merge->currency)
		params[n++] = db_text(write->mapping->currency);
	rc = db_script(write->db, db_query_texts[DB_Q_IMPORT_STAGE_CLEAR], err);
	if (rc == STW_OK)
		rc = import_batch_numbers(write, batch, err);
	if (rc == STW_OK)
		rc = copy_batch(write, batch, merge->copy, copy_rows, err);
	if (rc == STW_OK && target == IMPORT_CONSENT)
		rc = consent_points_there(write, err);
	if (rc == STW_OK)
		rc = db_query(write->db, merge->put, params, n, NULL, err);
	if (rc == STW_OK && target == IMPORT_CUSTOMER)
		rc = put_phones(write, batch, err);
	if (rc == STW_OK && (target == IMPORT_CONSENT || target == IMPORT_OBJECTION))
		rc = end_tasks(write, &batch->arena, err);
	return rc;
}
