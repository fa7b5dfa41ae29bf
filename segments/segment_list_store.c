#include "segments/segment_list_store.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "segments/change_store.h"
#include "segments/segment_store.h"

#define NAMED_UNKNOWN 5 /* lines that a refusal names */

bool
segment_list_mode_parse(const char *text, enum segment_list_mode *out)
{
	static const char *const names[] = {"replace", "add", "remove"};

	for (size_t i = 0; i < STW_ARRAY_LEN(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (enum segment_list_mode)i;
			return true;
		}
	}
	return false;
}

/* ---- by bucket -------------------------------------------------------------------- */
/* The references by bucket, and the line of each. */
struct sorted {
	struct str *refs;
	size_t *lines;
	size_t first[BOOK_BUCKETS + 1];
};

static void
sort_refs(const struct segment_list *list, struct sorted *out)
{
	unsigned char *buckets = stw_xalloc(list->count + 1);
	size_t at[BOOK_BUCKETS];

	*out = (struct sorted){
	    .refs = stw_xalloc((list->count + 1) * sizeof *out->refs),
	    .lines = stw_xalloc((list->count + 1) * sizeof *out->lines),
	};
	for (size_t i = 0; i < list->count; i++) {
		buckets[i] = (unsigned char)customer_bucket(list->refs[i]);
		out->first[buckets[i] + 1]++;
	}
	for (int b = 0; b < BOOK_BUCKETS; b++) {
		out->first[b + 1] += out->first[b];
		at[b] = out->first[b];
	}
	for (size_t i = 0; i < list->count; i++) {
		size_t to = at[buckets[i]]++;

		out->refs[to] = list->refs[i];
		out->lines[to] = list->lines != NULL ? list->lines[i] : i + 1;
	}
	free(buckets);
}

static void
sorted_free(struct sorted *sorted)
{
	free(sorted->refs);
	free(sorted->lines);
}

struct upload {
	struct db *db;
	const struct segment_list *list;
	struct sorted sorted;
	struct segment_list_result *out;
	int64_t segment_id;
	size_t unknown[NAMED_UNKNOWN]; /* the least lines, ascending */
	int nunknown;
};

static struct db_param
refs_of(const struct upload *u, int bucket)
{
	size_t first = u->sorted.first[bucket];

	return db_texts(u->sorted.refs + first, u->sorted.first[bucket + 1] - first);
}

static void
note_unknown(struct upload *u, size_t line)
{
	int at = u->nunknown;

	u->out->unknown++;
	if (at == NAMED_UNKNOWN && u->unknown[at - 1] <= line)
		return;
	if (at == NAMED_UNKNOWN)
		at--;
	else
		u->nunknown++;
	for (; at > 0 && u->unknown[at - 1] > line; at--)
		u->unknown[at] = u->unknown[at - 1];
	u->unknown[at] = line;
}

static enum stw_code
find_unknown(struct upload *u, int bucket, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), refs_of(u, bucket)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	if (params[1].count == 0)
		return STW_OK;
	rc = db_query(
	    u->db, DB_Q_SEGMENT_LIST_UNKNOWN, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK)
		DB_ROW_FOREACH(rows, r)
			note_unknown(
			    u, u->sorted.lines[u->sorted.first[bucket] +
					       (size_t)db_get_i64(rows, r, 0) - 1]);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
refuse_unknown(const struct upload *u, struct stw_err *err)
{
	enum stw_code rc;
	struct buf lines;

	buf_init(&lines);
	for (int i = 0; i < u->nunknown; i++)
		buf_printf(&lines, "%s%zu", i > 0 ? ", " : "", u->unknown[i]);
	rc = stw_fail_at(err, STW_INVALID, (int)u->unknown[0], 1,
	    "%lld of %zu references are no customer's: line %s%s; nothing was changed "
	    "(--skip-unknown, skip_unknown leave them out)",
	    (long long)u->out->unknown, u->list->count, lines.data,
	    u->out->unknown > u->nunknown ? ", ..." : "");
	buf_fini(&lines);
	return rc;
}

static enum stw_code
change(struct upload *u, enum db_query_id query, int bucket, int64_t *count,
    struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(bucket), db_i64(u->segment_id), refs_of(u, bucket)};
	int64_t n = 0;
	enum stw_code rc = db_exec(u->db, query, params, DB_NPARAMS(params), &n, err);

	*count += n;
	return rc;
}

static enum stw_code
change_bucket(struct upload *u, int bucket, struct stw_err *err)
{
	bool named = u->sorted.first[bucket + 1] > u->sorted.first[bucket];
	enum stw_code rc = STW_OK;

	if (u->list->mode == SEGMENT_LIST_REPLACE)
		rc = change(u, DB_Q_SEGMENT_LIST_KEEP, bucket, &u->out->removed, err);
	if (rc != STW_OK || !named)
		return rc;
	if (u->list->mode == SEGMENT_LIST_REMOVE)
		return change(
		    u, DB_Q_SEGMENT_LIST_REMOVE, bucket, &u->out->removed, err);
	return change(u, DB_Q_SEGMENT_LIST_ADD, bucket, &u->out->added, err);
}

/* ---- the segment ---------------------------------------------------------------------- */
/* What was uploaded, however its lines are ordered. */
static void
hash_upload(const struct upload *u, unsigned char out[32])
{
	crypto_hash_sha256_state state;
	unsigned char mode = (unsigned char)u->list->mode, one[32], sum[32] = {0};

	for (size_t i = 0; i < u->list->count; i++) {
		(void)crypto_hash_sha256(one,
		    (const unsigned char *)u->list->refs[i].ptr, u->list->refs[i].len);
		sodium_add(sum, one, sizeof sum);
	}
	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(&state, &mode, 1);
	(void)crypto_hash_sha256_update(&state, sum, sizeof sum);
	(void)crypto_hash_sha256_final(&state, out);
}

static enum stw_code
put_segment(struct upload *u, const char *actor, stw_usec now, struct arena *arena,
    struct stw_err *err)
{
	unsigned char hash[32];
	struct segment_info info;
	struct db_rows *rows = NULL;
	enum stw_code rc = segment_store_get(u->db, u->list->code, arena, &info, err);

	if (rc == STW_OK && strcmp(info.state, "active") != 0)
		return stw_fail(err, STW_CONFLICT,
		    "segment %s is retired; a new segment takes a new code",
		    u->list->code);
	if (rc != STW_OK && rc != STW_NOT_FOUND)
		return rc;
	if (rc == STW_NOT_FOUND && u->list->mode != SEGMENT_LIST_REPLACE)
		return stw_err_prefix(err, rc, "a list is first uploaded whole");
	u->out->version = rc == STW_OK ? info.def.version + 1 : 1;
	hash_upload(u, hash);
	{
		const struct db_param params[] = {db_text(u->list->code),
		    db_text(u->list->name_zh), db_text(u->list->name_en),
		    db_bytes(hash, sizeof hash), db_text(actor), db_usec(now),
		    db_i64(u->out->version)};

		rc = db_query(u->db, DB_Q_SEGMENT_PUT_LIST, params, DB_NPARAMS(params),
		    &rows, err);
	}
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "segment %s is of the kind %s: its members are not uploaded",
		    u->list->code, segment_kind_name(info.def.kind));
	if (rc == STW_OK) {
		const struct rule_change change = {
		    .subject = "segment",
		    .action = "uploaded",
		    .code = u->list->code,
		    .version = u->out->version,
		    .hash = hash,
		    .actor = actor,
		    .at = now,
		};

		u->segment_id = db_get_i64(rows, 0, 0);
		rc = rule_change_append(u->db, &change, err);
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
count_entries(struct upload *u, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(u->segment_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(
	    u->db, DB_Q_SEGMENT_LIST_COUNT, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK)
		u->out->entries = db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
put(struct upload *u, const char *actor, stw_usec now, struct arena *arena,
    struct stw_err *err)
{
	enum stw_code rc = db_exec(u->db, DB_Q_SEGMENT_LOCK, NULL, 0, NULL, err);

	for (int b = 0; b < BOOK_BUCKETS && rc == STW_OK; b++)
		rc = find_unknown(u, b, err);
	if (rc == STW_OK && u->out->unknown > 0 && !u->list->skip_unknown)
		rc = refuse_unknown(u, err);
	/* As good as empty: an export of another bank, or of another column. */
	if (rc == STW_OK && !u->list->allow_empty &&
	    u->out->unknown == (int64_t)u->list->count)
		rc = stw_fail(err, STW_INVALID,
		    "none of the %zu references is a customer's; nothing was changed "
		    "(--allow-empty, allow_empty say that it is meant)",
		    u->list->count);
	if (rc == STW_OK)
		rc = put_segment(u, actor, now, arena, err);
	for (int b = 0; b < BOOK_BUCKETS && rc == STW_OK; b++)
		rc = change_bucket(u, b, err);
	if (rc == STW_OK)
		rc = count_entries(u, err);
	return rc;
}

enum stw_code
segment_list_put(struct db *db, const struct segment_list *list, const char *actor,
    stw_usec now, struct segment_list_result *out, struct stw_err *err)
{
	struct upload u = {.db = db, .list = list, .out = out};
	struct arena arena;
	enum stw_code rc;

	*out = (struct segment_list_result){0};
	if (list->count == 0 && !list->allow_empty)
		return stw_fail(err, STW_INVALID,
		    "no reference is in the upload; nothing was changed (--allow-empty, "
		    "allow_empty say that it is meant)");
	if (list->count > SEGMENT_LIST_MAX)
		return stw_fail(err, STW_INVALID,
		    "more than %d references in one upload", SEGMENT_LIST_MAX);
	rc = db_begin(db, err);
	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	sort_refs(list, &u.sorted);
	rc = put(&u, actor, now, &arena, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	sorted_free(&u.sorted);
	arena_fini(&arena);
	return rc;
}

/* ---- members ---------------------------------------------------------------------------- */
static enum stw_code
read_entries(struct segment_lists *lists, int64_t segment_id, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(segment_id)};

	if (lists->rows != NULL && lists->segment_id == segment_id)
		return STW_OK;
	segment_lists_fini(lists);
	lists->segment_id = segment_id;
	return db_query(lists->db, DB_Q_SEGMENT_LIST_ENTRIES, params,
	    DB_NPARAMS(params), &lists->rows, err);
}

/* Who is on the list and not in the book waits until he is. */
static enum stw_code
fill(void *arg, const struct segment_def *def, const struct book *book, stw_usec now,
    struct bitmap *members, struct bitmap *undecided, struct stw_err *err)
{
	struct segment_lists *lists = arg;
	enum stw_code rc = read_entries(lists, def->segment_id, err);

	(void)now, (void)undecided;
	for (int r = 0; rc == STW_OK && r < db_rows_count(lists->rows); r++) {
		size_t row = book_find(book, (int)db_get_i64(lists->rows, r, 0),
		    db_get_i64(lists->rows, r, 1));

		if (row != SIZE_MAX)
			bitmap_set(members, row);
	}
	return rc;
}

struct segment_source
segment_list_source(struct segment_lists *lists)
{
	return (struct segment_source){.fill = fill, .arg = lists};
}

void
segment_lists_fini(struct segment_lists *lists)
{
	db_rows_free(lists->rows);
	lists->rows = NULL;
}
