#include "segments/segment_store.h"

#include <stdlib.h>
#include <string.h>

#include "engine/embed.h"
#include "segments/book_patch_store.h"
#include "segments/book_store.h"
#include "segments/change_store.h"

/* ---- reading --------------------------------------------------------------------- */
static stw_usec
usec_or_never(const struct db_rows *rows, int row, int col)
{
	return db_is_null(rows, row, col) ? STW_USEC_NEVER
					  : db_get_usec(rows, row, col);
}

static void
info_read(
    const struct db_rows *rows, int r, struct arena *arena, struct segment_info *out)
{
	struct str hash = db_get_bytes(rows, r, 8, arena);
	struct buf hex;

	buf_init(&hex);
	buf_add_hex(&hex, hash.ptr, hash.len);
	STW_ASSERT(hex.len == 64);
	*out = (struct segment_info){
	    .def = {.segment_id = db_get_i64(rows, r, 0),
		.code = db_get_text(rows, r, 1, arena),
		.name_zh = db_get_text(rows, r, 2, arena),
		.name_en = db_get_text(rows, r, 3, arena),
		.rule = db_get_text(rows, r, 4, arena),
		.version = (int)db_get_i64(rows, r, 5),
		.kind = segment_kind_parse(db_get_str(rows, r, 17))},
	    .state = db_get_text(rows, r, 6, arena),
	    .author = db_get_text(rows, r, 7, arena),
	    .updated_at = db_get_usec(rows, r, 9),
	    .as_of = usec_or_never(rows, r, 10),
	    .matched = db_get_i64(rows, r, 11),
	    .undecided = db_get_i64(rows, r, 12),
	    .entered = db_get_i64(rows, r, 13),
	    .left = db_get_i64(rows, r, 14),
	    .failed_at = usec_or_never(rows, r, 15),
	    .failure = db_get_text(rows, r, 16, arena),
	};
	STW_ASSERT(out->def.kind != SEGMENT_KINDS);
	memcpy(out->hash_hex, hex.data, sizeof out->hash_hex);
	buf_fini(&hex);
}

static enum stw_code
read_infos(struct db *db, const char *code, bool retired, struct arena *arena,
    struct segment_info **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_bool(retired)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*count = 0;
	rc = db_query(db, DB_Q_SEGMENT_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		info_read(rows, r, arena, &(*out)[(*count)++]);
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
segment_store_list(struct db *db, bool retired, struct arena *arena,
    struct segment_info **out, int *count, struct stw_err *err)
{
	return read_infos(db, NULL, retired, arena, out, count, err);
}

enum stw_code
segment_store_get(struct db *db, const char *code, struct arena *arena,
    struct segment_info *out, struct stw_err *err)
{
	struct segment_info *infos;
	int n;
	enum stw_code rc = read_infos(db, code, true, arena, &infos, &n, err);

	if (rc != STW_OK)
		return rc;
	if (n == 0)
		return stw_fail(err, STW_NOT_FOUND, "no segment \"%.80s\"", code);
	*out = infos[0];
	return STW_OK;
}

enum stw_code
segment_store_memberships(struct db *db, int bucket, int64_t customer_id,
    struct arena *arena, struct segment_membership **out, int *count,
    struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_i64(customer_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*count = 0;
	rc = db_query(
	    db, DB_Q_SEGMENT_MEMBERSHIPS, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[(*count)++] = (struct segment_membership){
		    .code = db_get_text(rows, r, 0, arena),
		    .entered_at = db_get_usec(rows, r, 1),
		    .left_at =
			db_is_null(rows, r, 2) ? STW_USEC_MAX : db_get_usec(rows, r, 2),
		};
	db_rows_free(rows);
	return STW_OK;
}

/* ---- changing ---------------------------------------------------------------------- */
static void
host_of_infos(struct segment_host *host, const struct book *book,
    const struct segment_info *infos, int n)
{
	struct segment_def *defs = stw_xalloc(((size_t)n + 1) * sizeof *defs);

	for (int i = 0; i < n; i++)
		defs[i] = infos[i].def;
	segment_host_init(host, book, defs, n);
	for (int i = 0; i < n; i++)
		host->segments[i].known = infos[i].as_of != STW_USEC_NEVER;
	free(defs);
}

static enum stw_code
check_rule(struct db *db, const struct segment_def *def, stw_usec now,
    struct arena *arena, struct stw_err *err)
{
	struct segment_info *infos;
	struct segment_host host;
	struct book *book = NULL;
	enum stw_code rc;
	int n;

	rc = read_infos(db, NULL, false, arena, &infos, &n, err);
	if (rc == STW_OK)
		rc = book_load_blank(db, now, &book, err);
	if (rc == STW_OK) {
		host_of_infos(&host, book, infos, n);
		rc = segment_check(&host, def, err);
		segment_host_fini(&host);
	}
	book_free(book);
	return rc;
}

enum stw_code
segment_store_check(
    struct db *db, const struct book *book, struct arena *arena, struct stw_err *err)
{
	struct segment_info *infos;
	struct segment_host host;
	enum stw_code rc;
	int n;

	rc = read_infos(db, NULL, false, arena, &infos, &n, err);
	if (rc != STW_OK)
		return rc;
	host_of_infos(&host, book, infos, n);
	for (int i = 0; i < n && rc == STW_OK; i++) {
		rc = segment_check(&host, &infos[i].def, err);
		if (rc == STW_INVALID)
			rc = stw_err_prefix(err, STW_CONFLICT,
			    "segment %s would no longer compile", infos[i].def.code);
	}
	segment_host_fini(&host);
	return rc;
}

static enum stw_code
append_change(struct db *db, const char *action, const char *code, int version,
    const unsigned char hash[32], const char *actor, stw_usec now, struct stw_err *err)
{
	const struct rule_change change = {
	    .subject = "segment",
	    .action = action,
	    .code = code,
	    .version = version,
	    .hash = hash,
	    .actor = actor,
	    .at = now,
	};

	return rule_change_append(db, &change, err);
}

/* Inside the transaction. */
static enum stw_code
save(struct db *db, const struct segment_def *def, const char *actor, stw_usec now,
    struct arena *arena, int *version, struct stw_err *err)
{
	unsigned char hash[32];
	struct db_param params[] = {db_text(def->code), db_text(def->name_zh),
	    db_text(def->name_en), db_text(def->rule), db_bytes(hash, 32),
	    db_text(actor), db_usec(now), db_null()};
	struct segment_info *there;
	bool same = false;
	enum stw_code rc;
	int n;

	segment_hash(def, hash);
	rc = db_exec(db, DB_Q_SEGMENT_LOCK, NULL, 0, NULL, err);
	if (rc == STW_OK)
		rc = read_infos(db, def->code, true, arena, &there, &n, err);
	if (rc != STW_OK)
		return rc;
	if (n == 1 && strcmp(there->state, "active") != 0)
		return stw_fail(err, STW_CONFLICT,
		    "segment %s is retired; a new segment takes a new code", def->code);
	if (n == 1 && there->def.kind != SEGMENT_RULE)
		return stw_fail(err, STW_CONFLICT,
		    "segment %s is of the kind %s: no rule decides who is in it",
		    def->code, segment_kind_name(there->def.kind));
	rc = check_rule(db, def, now, arena, err);
	if (rc != STW_OK)
		return rc;
	if (n == 0) {
		*version = 1;
		rc = db_exec(
		    db, DB_Q_SEGMENT_INSERT, params, DB_NPARAMS(params) - 1, NULL, err);
	} else {
		same = strcmp(there->def.rule, def->rule) == 0;
		if (same && strcmp(there->def.name_zh, def->name_zh) == 0 &&
		    strcmp(there->def.name_en, def->name_en) == 0) {
			*version = there->def.version;
			return STW_OK;
		}
		*version = there->def.version + !same;
		params[7] = db_i64(*version);
		rc = db_exec(
		    db, DB_Q_SEGMENT_UPDATE, params, DB_NPARAMS(params), NULL, err);
	}
	if (rc == STW_OK && !same)
		rc = append_change(
		    db, "created", def->code, *version, hash, actor, now, err);
	return rc;
}

enum stw_code
segment_store_save(struct db *db, const struct segment_def *def, const char *actor,
    stw_usec now, int *version, struct stw_err *err)
{
	struct arena arena;
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	rc = save(db, def, actor, now, &arena, version, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	arena_fini(&arena);
	return rc;
}

/* CONFLICT when the rule of another active segment asks for this one. */
static enum stw_code
check_unused(struct db *db, const char *code, stw_usec now, struct arena *arena,
    struct stw_err *err)
{
	struct segment_info *infos;
	struct segment_host host;
	struct book *book = NULL;
	const char *user;
	enum stw_code rc;
	int n;

	rc = read_infos(db, NULL, false, arena, &infos, &n, err);
	if (rc == STW_OK)
		rc = book_load_blank(db, now, &book, err);
	if (rc != STW_OK)
		return rc;
	host_of_infos(&host, book, infos, n);
	user = segment_user(&host, code);
	if (user != NULL)
		rc = stw_fail(err, STW_CONFLICT,
		    "segment %s is used by segment %s; change that one first", code,
		    user);
	segment_host_fini(&host);
	book_free(book);
	return rc;
}

static enum stw_code
retire(struct db *db, const char *code, const char *actor, stw_usec now,
    struct arena *arena, struct stw_err *err)
{
	struct db_param params[] = {db_null(), db_usec(now)};
	struct segment_info info;
	unsigned char hash[32];
	enum stw_code rc;

	rc = db_exec(db, DB_Q_SEGMENT_LOCK, NULL, 0, NULL, err);
	if (rc == STW_OK)
		rc = segment_store_get(db, code, arena, &info, err);
	if (rc != STW_OK || strcmp(info.state, "retired") == 0)
		return rc;
	rc = check_unused(db, code, now, arena, err);
	if (rc != STW_OK)
		return rc;
	params[0] = db_i64(info.def.segment_id);
	rc = db_exec(db, DB_Q_SEGMENT_RETIRE, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = db_exec(
		    db, DB_Q_SEGMENT_LEAVE_ALL, params, DB_NPARAMS(params), NULL, err);
	segment_hash(&info.def, hash);
	if (rc == STW_OK)
		rc = append_change(
		    db, "retired", code, info.def.version, hash, actor, now, err);
	return rc;
}

enum stw_code
segment_store_retire(struct db *db, const char *code, const char *actor, stw_usec now,
    struct stw_err *err)
{
	struct arena arena;
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	rc = retire(db, code, actor, now, &arena, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	arena_fini(&arena);
	return rc;
}

/* ---- computed ----------------------------------------------------------------------- */
enum stw_code
segment_store_put_computed(struct db *db, const struct segment_def *def,
    const char *actor, stw_usec now, struct stw_err *err)
{
	unsigned char hash[32];
	const struct db_param params[] = {db_text(def->code), db_text(def->name_zh),
	    db_text(def->name_en), db_bytes(hash, 32), db_text(actor), db_usec(now)};
	int64_t put = 0;
	enum stw_code rc;

	segment_hash(def, hash);
	rc = db_exec(
	    db, DB_Q_SEGMENT_PUT_COMPUTED, params, DB_NPARAMS(params), &put, err);
	if (rc == STW_OK && put == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "there is a segment %s already, and it is not a computed one: call the "
		    "promise something else",
		    def->code);
	return rc;
}

enum stw_code
segment_store_drop_computed(struct db *db, const char *code, const char *actor,
    stw_usec now, struct arena *arena, struct stw_err *err)
{
	struct stw_err ignored;
	enum stw_code rc = retire(db, code, actor, now, arena, &ignored);

	if (rc != STW_OK && rc != STW_NOT_FOUND && err != NULL)
		*err = ignored;
	return rc == STW_NOT_FOUND ? STW_OK : rc;
}

/* ---- what is shipped ----------------------------------------------------------------- */
/* Saves those whose segments are all there; *left counts the rest. */
static enum stw_code
install_round(struct db *db, const struct segment_def *defs, bool *done, int n,
    const char *actor, stw_usec now, int *installed, int *left, struct stw_err *err)
{
	struct arena arena;
	struct segment_info info;
	enum stw_code rc = STW_OK;
	int version;

	*left = 0;
	arena_init(&arena);
	for (int i = 0; i < n && rc == STW_OK; i++) {
		if (done[i])
			continue;
		rc = segment_store_get(db, defs[i].code, &arena, &info, err);
		if (rc == STW_OK) {
			done[i] = true;
			continue;
		}
		if (rc == STW_NOT_FOUND)
			rc =
			    segment_store_save(db, &defs[i], actor, now, &version, err);
		if (rc == STW_OK) {
			done[i] = true;
			++*installed;
		} else if (rc == STW_INVALID) {
			++*left;
			/* Perhaps the segments it asks for come later in this round. */
			(void)stw_err_prefix(
			    err, rc, "segments/documents/%s.json", defs[i].code);
			rc = STW_OK;
		}
	}
	arena_fini(&arena);
	return rc;
}

enum stw_code
segment_store_install(
    struct db *db, const char *actor, stw_usec now, int *installed, struct stw_err *err)
{
	struct segment_def defs[64];
	bool done[STW_ARRAY_LEN(defs)] = {false};
	const struct embed_file *file;
	struct stw_err last = {0};
	struct arena arena;
	enum stw_code rc = STW_OK;
	int n = 0, left = 0, before;
	size_t at = 0;

	*installed = 0;
	arena_init(&arena);
	while (
	    rc == STW_OK && (file = embed_next("segments/documents/", &at)) != NULL) {
		STW_ASSERT((size_t)n < STW_ARRAY_LEN(defs));
		rc = segment_parse(
		    (struct str){file->data, file->len}, &arena, &defs[n++], err);
		if (rc != STW_OK)
			rc = stw_err_prefix(err, rc, "%s", file->name);
	}
	before = n + 1;
	left = n;
	while (rc == STW_OK && left > 0 && left < before) {
		before = left;
		rc = install_round(
		    db, defs, done, n, actor, now, installed, &left, &last);
		if (rc != STW_OK && err != NULL)
			*err = last;
	}
	if (rc == STW_OK && left > 0) {
		rc = last.code;
		if (err != NULL)
			*err = last;
	}
	arena_fini(&arena);
	return rc;
}

/* ---- members --------------------------------------------------------------------------- */
/* A stored member whom the book does not have. */
struct orphan {
	int bucket;
	int64_t customer_id;
	int segment; /* of the host */
};

struct stored {
	struct bitmap *members; /* one a segment of the host */
	struct orphan *orphans;
	size_t norphans, cap;
};

static void
stored_fini(struct stored *stored, int count)
{
	for (int i = 0; i < count; i++)
		bitmap_fini(&stored->members[i]);
	free(stored->members);
	free(stored->orphans);
}

static int
host_index(const struct segment_host *host, int64_t segment_id)
{
	for (int i = 0; i < host->count; i++) {
		if (host->segments[i].def.segment_id == segment_id)
			return i;
	}
	return -1;
}

static void
stored_add(struct stored *stored, const struct segment_host *host, int bucket,
    int64_t customer_id, int segment)
{
	size_t row = book_find(host->book, bucket, customer_id);

	if (row != SIZE_MAX) {
		bitmap_set(&stored->members[segment], row);
		return;
	}
	if (stored->norphans == stored->cap) {
		stored->cap = stored->cap == 0 ? 64 : stored->cap * 2;
		stored->orphans = stw_xrealloc(
		    stored->orphans, stored->cap * sizeof *stored->orphans);
	}
	stored->orphans[stored->norphans++] =
	    (struct orphan){bucket, customer_id, segment};
}

static enum stw_code
stored_read(struct db *db, enum db_query_id query, const struct segment_host *host,
    struct stored *out, struct stw_err *err)
{
	struct db_copy_out *copy = NULL;
	bool more;
	enum stw_code rc = db_copy_out_begin(db, query, &copy, err);

	if (rc != STW_OK)
		return rc;
	while ((rc = db_copy_out_row(copy, &more, err)) == STW_OK && more) {
		int segment = host_index(host, db_field_i64(copy, 2));

		if (segment >= 0)
			stored_add(out, host, db_field_i16(copy, 0),
			    db_field_i64(copy, 1), segment);
	}
	db_copy_out_close(copy);
	return rc;
}

/* Of the customers of a patch, those who are gone included. */
static enum stw_code
stored_read_patch(struct db *db, const struct segment_host *host, struct stored *out,
    struct stw_err *err)
{
	const struct book *book = host->book;
	size_t rows = book->customers->rows, n = rows + book->ngone;
	struct book_key *keys = stw_xalloc((n + 1) * sizeof *keys);
	enum stw_code rc = db_begin_snapshot(db, err);

	for (size_t row = 0; row < rows; row++)
		keys[row] = (struct book_key){
		    book_bucket_of(book, row), book->customer_id[row]};
	for (size_t i = 0; i < book->ngone; i++)
		keys[rows + i] = book->gone[i];
	if (rc == STW_OK)
		rc = book_keys_set(db, keys, n, err);
	free(keys);
	if (rc == STW_OK)
		rc = stored_read(db, DB_Q_SEGMENT_KEY_MEMBERS, host, out, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

static enum stw_code
stored_load(struct db *db, const struct segment_host *host, struct stored *out,
    struct stw_err *err)
{
	*out = (struct stored){0};
	out->members = stw_xalloc(((size_t)host->count + 1) * sizeof *out->members);
	for (int i = 0; i < host->count; i++)
		bitmap_init(&out->members[i], host->book->customers->rows);
	return host->book->patch
		   ? stored_read_patch(db, host, out, err)
		   : stored_read(db, DB_Q_SEGMENT_MEMBERS, host, out, err);
}

enum stw_code
segment_store_host(struct db *db, const struct book *book, struct arena *arena,
    struct segment_host *out, struct stw_err *err)
{
	struct segment_info *infos;
	struct stored stored;
	enum stw_code rc;
	int n;

	*out = (struct segment_host){0};
	rc = read_infos(db, NULL, false, arena, &infos, &n, err);
	if (rc != STW_OK)
		return rc;
	host_of_infos(out, book, infos, n);
	rc = stored_load(db, out, &stored, err);
	for (int i = 0; i < n && rc == STW_OK; i++)
		bitmap_copy(&out->segments[i].members, &stored.members[i]);
	stored_fini(&stored, n);
	if (rc != STW_OK)
		segment_host_fini(out);
	return rc;
}

/* ---- differences ------------------------------------------------------------------------ */
struct diff {
	int64_t *segment_ids, *customer_ids;
	size_t count, cap;
};

static void
diff_add(struct diff *diff, int64_t segment_id, int64_t customer_id)
{
	if (diff->count == diff->cap) {
		diff->cap = diff->cap == 0 ? 1024 : diff->cap * 2;
		diff->segment_ids =
		    stw_xrealloc(diff->segment_ids, diff->cap * sizeof(int64_t));
		diff->customer_ids =
		    stw_xrealloc(diff->customer_ids, diff->cap * sizeof(int64_t));
	}
	diff->segment_ids[diff->count] = segment_id;
	diff->customer_ids[diff->count++] = customer_id;
}

static void
diff_fini(struct diff *diff)
{
	free(diff->segment_ids);
	free(diff->customer_ids);
}

/* Rows of one bucket that are in a and not in b. */
static int64_t
diff_rows(struct diff *diff, const struct book *book, int bucket,
    const struct segment *segment, const struct bitmap *a, const struct bitmap *b)
{
	size_t end = book->first[bucket + 1];
	int64_t n = 0;

	for (size_t row = bitmap_next(a, book->first[bucket]); row < end;
	     row = bitmap_next(a, row + 1)) {
		if (bitmap_get(b, row))
			continue;
		diff_add(diff, segment->def.segment_id, book->customer_id[row]);
		n++;
	}
	return n;
}

static enum stw_code
write_diff(struct db *db, enum db_query_id query, int bucket, stw_usec now,
    const struct diff *diff, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_usec(now),
	    db_i64s(diff->segment_ids, diff->count),
	    db_i64s(diff->customer_ids, diff->count)};

	if (diff->count == 0)
		return STW_OK;
	return db_exec(db, query, params, DB_NPARAMS(params), NULL, err);
}

struct apply {
	struct db *db;
	const struct segment_host *host;
	struct stored stored;
	struct diff enter, leave;
	struct segment_moves *moves;
	stw_usec now;
};

static enum stw_code
apply_bucket(struct apply *a, int bucket, struct stw_err *err)
{
	enum stw_code rc;

	a->enter.count = a->leave.count = 0;
	for (int i = 0; i < a->host->count; i++) {
		const struct segment *segment = &a->host->segments[i];
		const struct bitmap *before = &a->stored.members[i];

		if (!segment->evaluated)
			continue;
		a->moves[i].entered += diff_rows(&a->enter, a->host->book, bucket,
		    segment, &segment->members, before);
		a->moves[i].left += diff_rows(&a->leave, a->host->book, bucket, segment,
		    before, &segment->members);
	}
	for (size_t i = 0; i < a->stored.norphans; i++) {
		const struct orphan *orphan = &a->stored.orphans[i];
		const struct segment *segment = &a->host->segments[orphan->segment];

		if (orphan->bucket != bucket || !segment->evaluated)
			continue;
		diff_add(&a->leave, segment->def.segment_id, orphan->customer_id);
		a->moves[orphan->segment].left++;
	}
	if (a->enter.count == 0 && a->leave.count == 0)
		return STW_OK;
	rc = db_begin(a->db, err);
	if (rc != STW_OK)
		return rc;
	rc = write_diff(a->db, DB_Q_SEGMENT_LEAVE, bucket, a->now, &a->leave, err);
	if (rc == STW_OK)
		rc = write_diff(
		    a->db, DB_Q_SEGMENT_ENTER, bucket, a->now, &a->enter, err);
	if (rc == STW_OK)
		return db_commit(a->db, err);
	db_rollback(a->db);
	return rc;
}

static enum stw_code
write_result(struct db *db, const struct segment *segment,
    const struct segment_moves *moves, stw_usec now, struct stw_err *err)
{
	struct buf failure;
	enum stw_code rc;

	if (segment->evaluated) {
		const struct db_param params[] = {db_i64(segment->def.segment_id),
		    db_i64(segment->def.version), db_usec(now),
		    db_i64((int64_t)bitmap_count(&segment->members)),
		    db_i64((int64_t)bitmap_count(&segment->undecided)),
		    db_i64(moves->entered), db_i64(moves->left)};

		return db_exec(
		    db, DB_Q_SEGMENT_EVALUATED, params, DB_NPARAMS(params), NULL, err);
	}
	buf_init(&failure);
	segment_failure_print(segment, &failure);
	{
		const struct db_param params[] = {db_i64(segment->def.segment_id),
		    db_i64(segment->def.version), db_usec(now), db_text(failure.data)};

		rc = db_exec(
		    db, DB_Q_SEGMENT_FAILED, params, DB_NPARAMS(params), NULL, err);
	}
	buf_fini(&failure);
	return rc;
}

/* A patch tells how many came and went; the rest is for an evaluation of everybody. */
static enum stw_code
write_touched(const struct apply *a, int i, struct stw_err *err)
{
	const struct segment *segment = &a->host->segments[i];
	const struct segment_moves *moves = &a->moves[i];
	const struct db_param params[] = {db_i64(segment->def.segment_id),
	    db_i64(segment->def.version), db_i64(moves->entered), db_i64(moves->left),
	    db_day(zone_local(a->host->book->zone, a->now).day), db_usec(a->now)};

	if (moves->entered == 0 && moves->left == 0)
		return STW_OK;
	return db_exec(
	    a->db, DB_Q_SEGMENT_TOUCHED, params, DB_NPARAMS(params), NULL, err);
}

static enum stw_code
write_results(struct apply *a, struct stw_err *err)
{
	enum stw_code rc = db_begin(a->db, err);

	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < a->host->count && rc == STW_OK; i++) {
		rc = a->host->book->patch ? write_touched(a, i, err)
					  : write_result(a->db, &a->host->segments[i],
						&a->moves[i], a->now, err);
	}
	if (rc == STW_OK)
		return db_commit(a->db, err);
	db_rollback(a->db);
	return rc;
}

enum stw_code
segment_store_apply(struct db *db, const struct segment_host *host, stw_usec now,
    const struct progress *progress, struct segment_moves *moves, struct stw_err *err)
{
	struct apply a = {.db = db, .host = host, .moves = moves, .now = now};
	enum stw_code rc;

	for (int i = 0; i < host->count; i++)
		moves[i] = (struct segment_moves){0};
	rc = stored_load(db, host, &a.stored, err);
	for (int bucket = 0; bucket < BOOK_BUCKETS && rc == STW_OK; bucket++) {
		rc = apply_bucket(&a, bucket, err);
		progress_tell(progress, "members", bucket + 1, BOOK_BUCKETS);
	}
	if (rc == STW_OK)
		rc = write_results(&a, err);
	stored_fini(&a.stored, host->count);
	diff_fini(&a.enter);
	diff_fini(&a.leave);
	return rc;
}
