#include "segments/import_write_store.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "engine/uuid.h"
#include "segments/book.h"

#define MAX_ZONES 48
#define IDS_KEPT  1000000 /* customers known by reference: about 100 MB at most */

void
import_batch_clear(struct import_batch *batch)
{
	/* Open keys do not outlive their batch. */
	if (batch->who != NULL)
		sodium_memzero(batch->who, batch->refs.count * sizeof *batch->who);
	batch->who = NULL;
	strmap_clear(&batch->refs);
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

/* The ids that are known from batches before. How many are not. */
static size_t
customers_recall(const struct import_write *write, struct import_batch *batch)
{
	size_t unknown = 0;

	for (size_t k = 0; k < batch->refs.count; k++) {
		const struct strmap_entry *e =
		    strmap_find(&write->ids->map, batch->refs.entries[k].key);

		batch->who[k].id = e != NULL ? e->number : 0;
		unknown += e == NULL;
	}
	return unknown;
}

static void
customer_keep(const struct import_write *write, struct str ref, int64_t id)
{
	bool added;

	if (write->ids->map.count >= IDS_KEPT)
		strmap_clear(&write->ids->map);
	strmap_add(&write->ids->map, ref, &added)->number = id;
}

/* A file that is about most customers does not ask for them batch by batch. */
enum stw_code
import_customers_know(
    const struct import_write *write, int64_t rows, struct stw_err *err)
{
	const struct db_param params[] = {db_text("customer")};
	enum import_target target = write->file->target;
	struct db_copy_out *copy = NULL;
	struct db_rows *found = NULL;
	bool more = true;
	int64_t there;
	enum stw_code rc;

	if (seals(target) || target == IMPORT_PRODUCT || write->ids->map.count > 0)
		return STW_OK;
	rc = db_query_one(
	    write->db, DB_Q_IMPORT_TABLE_ROWS, params, DB_NPARAMS(params), &found, err);
	there = rc == STW_OK ? db_get_i64(found, 0, 0) : 0;
	db_rows_free(found);
	if (rc != STW_OK || there <= 0 || there > IDS_KEPT || rows < there / 2)
		return rc;
	rc = db_copy_out_begin(write->db, DB_Q_IMPORT_CUSTOMER_REFS, &copy, err);
	if (rc != STW_OK)
		return rc;
	while ((rc = db_copy_out_row(copy, &more, err)) == STW_OK && more)
		customer_keep(write, db_field_bytes(copy, 0), db_field_i64(copy, 1));
	db_copy_out_close(copy);
	return rc;
}

void
import_customers_keep(
    const struct import_write *write, const struct import_batch *batch)
{
	if (write->file->target != IMPORT_CUSTOMER)
		return;
	for (size_t k = 0; k < batch->refs.count; k++)
		if (batch->who[k].id != 0 && !batch->who[k].erased)
			customer_keep(
			    write, batch->refs.entries[k].key, batch->who[k].id);
}

static enum stw_code
customer_found(const struct import_write *write, struct import_batch *batch, size_t k,
    const struct db_rows *rows, int row, struct stw_err *err)
{
	struct import_who *who = &batch->who[k];

	who->id = db_get_i64(rows, row, 1);
	who->erased = db_get_bool(rows, row, 3);
	if (who->erased)
		return STW_OK;
	if (!seals(write->file->target)) {
		customer_keep(write, batch->refs.entries[k].key, who->id);
		return STW_OK;
	}
	return seal_customer_open(write->keys, who->id,
	    db_get_bytes(rows, row, 2, &batch->arena), &who->key, err);
}

/* Who was erased since is not found any more. */
static enum stw_code
ids_check(const struct import_write *write, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query_one(write->db, DB_Q_IMPORT_ERASURES, NULL, 0, &rows, err);

	if (rc == STW_OK && db_get_i64(rows, 0, 0) != write->ids->erasures) {
		strmap_clear(&write->ids->map);
		write->ids->erasures = db_get_i64(rows, 0, 0);
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
customers_find(
    const struct import_write *write, struct import_batch *batch, struct stw_err *err)
{
	bool want = seals(write->file->target);
	size_t n = want ? batch->refs.count : customers_recall(write, batch);
	int64_t *buckets = arena_array(&batch->arena, n, sizeof *buckets);
	struct str *texts = arena_array(&batch->arena, n, sizeof *texts);
	size_t *at = arena_array(&batch->arena, n, sizeof *at);
	struct db_rows *rows = NULL;
	enum stw_code rc;

	if (n == 0)
		return STW_OK;
	n = 0;
	for (size_t k = 0; k < batch->refs.count; k++) {
		if (batch->who[k].id != 0)
			continue;
		at[n] = k;
		buckets[n] = batch->who[k].bucket;
		texts[n++] = batch->refs.entries[k].key;
	}
	const struct db_param params[] = {
	    db_i64s(buckets, n), db_texts(texts, n), db_bool(want)};

	rc = db_query(write->db, DB_Q_IMPORT_CUSTOMER_FIND, params, DB_NPARAMS(params),
	    &rows, err);
	for (int i = 0; rc == STW_OK && i < db_rows_count(rows); i++)
		rc = customer_found(
		    write, batch, at[db_get_i64(rows, i, 0) - 1], rows, i, err);
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

/* Rows about nobody fall out. What is to go and is not there is no fault. */
static void
customers_missing(const struct import_write *write, struct import_batch *batch,
    const char *column, import_drop_fn drop, void *user)
{
	for (size_t r = 0; r < batch->count; r++) {
		struct import_batch_row *row = &batch->rows[r];
		const struct import_who *who = &batch->who[row->who];

		if (who->id != 0 && !who->erased)
			continue;
		row->dropped = true;
		if (write->file->mode != IMPORT_DELETE)
			drop(user, row, column,
			    who->erased ? "this customer was erased"
					: "no customer has this reference");
	}
}

/* A file that may not have a key twice: which line had it first? */
static void
keys_once(const struct import_write *write, struct import_batch *batch,
    import_drop_fn drop, void *user)
{
	const struct import_target_def *def = write->file->def;
	struct buf key;
	char why[80];

	buf_init(&key);
	for (size_t r = 0; r < batch->count; r++) {
		struct import_batch_row *row = &batch->rows[r];
		struct strmap_entry *e;
		const char *last = "";
		bool added;

		buf_clear(&key);
		for (int i = 0; def->columns[i].name != NULL; i++) {
			const struct import_cell *cell = &row->cells[i];

			if (!def->columns[i].key)
				continue;
			last = def->columns[i].name;
			buf_add_str(&key,
			    cell->phone != NULL ? str_of(cell->phone->e164) : cell->s);
			buf_add_char(&key, '\0');
		}
		e = strmap_add(write->seen, (struct str){key.data, key.len}, &added);
		if (added) {
			e->number = row->line;
			continue;
		}
		(void)snprintf(why, sizeof why, "line %lld has this key already",
		    (long long)e->number);
		row->dropped = true;
		drop(user, row, last, why);
	}
	buf_fini(&key);
}

enum stw_code
import_batch_resolve(const struct import_write *write, struct import_batch *batch,
    import_drop_fn drop, void *user, struct stw_err *err)
{
	enum import_target target = write->file->target;
	const struct import_target_def *def = import_target_def(target);
	int column;
	enum stw_code rc;

	if (batch->count == 0)
		return STW_OK;
	if (write->file->unique) {
		if (write->seen->count > IMPORT_MAX_LOOKUP)
			return stw_fail(err, STW_INVALID,
			    "%s: more than %d keys to hold apart; leave duplicates at "
			    "\"last\"",
			    write->file->path, IMPORT_MAX_LOOKUP);
		keys_once(write, batch, drop, user);
	}
	if (target == IMPORT_PRODUCT)
		return STW_OK;
	column = ref_column(target);
	refs_collect(batch, column);
	rc = ids_check(write, err);
	if (rc == STW_OK)
		rc = customers_find(write, batch, err);
	if (rc == STW_OK && target == IMPORT_CUSTOMER &&
	    write->file->mode != IMPORT_DELETE)
		rc = customers_make(write, batch, err);
	if (rc == STW_OK)
		customers_missing(write, batch, def->columns[column].name, drop, user);
	return rc;
}

/* ---- cells into COPY --------------------------------------------------------------- */
struct out {
	const struct import_write *write;
	bool
	    straight; /* into the table itself: no line, and what the merge would add */
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
	seal_text_steady(&out->who->key, out->who->id, column, plain, &out->sealed);
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
	case IMPORT_PUT_HASH:
	case IMPORT_PUT_COUNTRY:
	case IMPORT_PUT_STATE:
	case IMPORT_PUT_WEEKDAYS:
	case IMPORT_PUT_MINUTE:
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
	case IMPORT_DOUBLE:
		db_put_f64(copy, cell->d);
		break;
	case IMPORT_PHONE:
	case IMPORT_VALUE:
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
	case IMPORT_PUT_WEEKDAYS:
	case IMPORT_PUT_MINUTE:
		db_put_i16(out->copy, (int16_t)cell->i);
		break;
	case IMPORT_PUT_HASH:
	case IMPORT_PUT_COUNTRY:
	case IMPORT_PUT_STATE:
	case IMPORT_PUT_PLAIN:
		put_plain(out->copy, column, cell);
		break;
	}
}

/* Columns that consents got later: at their defaults they do not make another event of what
 * was imported before. */
static bool
is_late_default(enum import_target target, const struct import_column *column,
    const struct import_cell *cell)
{
	static const char *const late[] = {"subject", "separate_kind", "written",
	    "guardian", "controller", "evidence_sha256"};
	bool is_late = false;

	for (size_t i = 0; i < STW_ARRAY_LEN(late); i++)
		is_late = is_late || strcmp(column->name, late[i]) == 0;
	if (target != IMPORT_CONSENT || !is_late)
		return false;
	return !cell->has || (column->type == IMPORT_BOOL && cell->i == 0) ||
	       (column->type == IMPORT_TEXT && column->fallback != NULL &&
		   str_eq_c(cell->s, column->fallback));
}

/* The id of an event is made of what it says, so that the same row gives the same event:
 * of the customer and ref where there is one, else of everything. */
static void
put_event_id(struct out *out, const struct import_batch *batch,
    const struct import_batch_row *row)
{
	const struct import_target_def *def = out->write->file->def;
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
		if ((ref->has && cell != ref) ||
		    is_late_default(out->write->file->target, &def->columns[i], cell))
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
prefix_width(const struct out *out)
{
	enum import_target target = out->write->file->target;

	if (out->straight)
		return 2;
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

	if (!out->straight)
		db_put_i64(out->copy, row->line);
	if (target == IMPORT_PRODUCT)
		return;
	STW_ASSERT(out->who != NULL); /* every target but products has a customer */
	db_put_i16(out->copy, (int16_t)out->who->bucket);
	db_put_i64(out->copy, out->who->id);
	if (out->straight)
		return;
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

/* What the table has behind the target's columns. */
static bool
has_currency(enum import_target target)
{
	return target == IMPORT_HOLDING || target == IMPORT_TXN;
}

static bool
has_updated_at(enum import_target target)
{
	return target != IMPORT_TXN && target != IMPORT_INTERACTION;
}

static void
put_suffix(struct out *out)
{
	const struct import_write *write = out->write;

	if (has_currency(write->file->target))
		db_put_text(out->copy, str_of(write->mapping->currency));
	if (has_updated_at(write->file->target))
		db_put_usec(out->copy, write->as_of);
}

static void
copy_rows(struct out *out, const struct import_batch *batch)
{
	enum import_target target = out->write->file->target;
	const struct import_target_def *def = out->write->file->def;
	int width = prefix_width(out);

	for (int i = 0; def->columns[i].name != NULL; i++)
		width += put_width(def->columns[i].put);
	if (out->straight)
		width += has_currency(target) + has_updated_at(target);
	for (size_t r = 0; r < batch->count; r++) {
		const struct import_batch_row *row = &batch->rows[r];

		if (row->dropped)
			continue;
		out->who = batch->who != NULL ? &batch->who[row->who] : NULL;
		db_put_row(out->copy, width);
		put_prefix(out, batch, row);
		for (int i = 0; def->columns[i].name != NULL; i++)
			put_cell(out, &def->columns[i], &row->cells[i]);
		if (out->straight)
			put_suffix(out);
	}
}

/* Of new customers. */
static void
copy_keys(struct out *out, const struct import_batch *batch)
{
	for (size_t k = 0; k < batch->refs.count; k++) {
		const struct import_who *who = &batch->who[k];

		db_put_row(out->copy, 3);
		db_put_i16(out->copy, (int16_t)who->bucket);
		db_put_i64(out->copy, who->id);
		db_put_bytes(out->copy, who->wrapped.ptr, who->wrapped.len);
	}
}

static void
copy_permissions(struct out *out, const struct import_batch *batch)
{
	for (size_t k = 0; k < batch->refs.count; k++) {
		db_put_row(out->copy, 2);
		db_put_i16(out->copy, (int16_t)batch->who[k].bucket);
		db_put_i64(out->copy, batch->who[k].id);
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
			if (!out->straight)
				db_put_i64(out->copy, row->line);
			db_put_i16(out->copy, (int16_t)out->who->bucket);
			db_put_i64(out->copy, out->who->id);
			put_point(out, cell->phone);
			db_put_bool(out->copy, row->cells[verified[k]].i != 0);
			db_put_bool(out->copy, k == 0);
			if (out->straight)
				db_put_usec(out->copy, out->write->as_of);
		}
	}
}

/* whole, real, text, day, at: one of them, or none for a cell without a value. */
static void
put_value(struct db_copy_in *copy, const struct import_column *column,
    const struct import_cell *cell)
{
	static const int places[] = {
	    [IMPORT_INT] = 0,
	    [IMPORT_BOOL] = 0,
	    [IMPORT_MONEY] = 0,
	    [IMPORT_DOUBLE] = 1,
	    [IMPORT_TEXT] = 2,
	    [IMPORT_DATE] = 3,
	    [IMPORT_INSTANT] = 4,
	    [IMPORT_PHONE] = -1, /* no trait is one */
	    [IMPORT_VALUE] = -1, /* it was given a type */
	};

	for (int place = 0; place < 5; place++) {
		if (!cell->has || places[column->type] != place)
			db_put_null(copy);
		else if (column->type == IMPORT_BOOL)
			db_put_i64(copy, cell->i != 0);
		else
			put_plain(copy, column, cell);
	}
}

/* Straight there is nothing to remove, so cells without a value are left out. */
static void
copy_values(struct out *out, const struct import_batch *batch)
{
	const struct import_file *file = out->write->file;

	for (size_t r = 0; r < batch->count; r++) {
		const struct import_batch_row *row = &batch->rows[r];

		for (int i = 0; file->def->columns[i].name != NULL && !row->dropped;
		     i++) {
			if (file->trait_ids[i] == 0 ||
			    (out->straight && !row->cells[i].has))
				continue;
			out->who = &batch->who[row->who];
			db_put_row(out->copy, out->straight ? 8 : 9);
			if (!out->straight)
				db_put_i64(out->copy, row->line);
			db_put_i16(out->copy, (int16_t)out->who->bucket);
			db_put_i64(out->copy, out->who->id);
			db_put_i32(out->copy, (int32_t)file->trait_ids[i]);
			put_value(out->copy, &file->def->columns[i], &row->cells[i]);
		}
	}
}

enum stw_code
import_batch_copy(const struct import_write *write, const struct import_batch *batch,
    enum db_query_id id, enum import_copy what, bool straight, struct stw_err *err)
{
	static void (*const copies[])(struct out *, const struct import_batch *) = {
	    [IMPORT_COPY_ROWS] = copy_rows,
	    [IMPORT_COPY_PHONES] = copy_phones,
	    [IMPORT_COPY_KEYS] = copy_keys,
	    [IMPORT_COPY_PERMISSIONS] = copy_permissions,
	    [IMPORT_COPY_VALUES] = copy_values,
	};
	struct out out = {.write = write, .straight = straight};
	enum stw_code rc = db_copy_in_begin(write->db, id, &out.copy, err);

	if (rc != STW_OK)
		return rc;
	buf_init(&out.sealed);
	buf_init(&out.mask);
	copies[what](&out, batch);
	buf_fini(&out.sealed);
	buf_fini(&out.mask);
	return db_copy_in_end(out.copy, NULL, err);
}
