#include "segments/member_store.h"

#include <stdlib.h>
#include <string.h>

#include "segments/book_patch_store.h"
#include "segments/member_priv.h"

#define FEW_BUCKETS 32 /* more are read in one go */

/* ---- reading ------------------------------------------------------------------------- */
static void
add_member(
    struct member_image *image, int bucket, int64_t customer_id, int64_t segment_id)
{
	int at = member_image_find_segment(image, segment_id);

	if (at >= 0) {
		size_t row = member_image_row(image, bucket, customer_id);

		bitmap_set(&image->segments[at].members, row);
	}
}

/* What a query for COPY gives, of the buckets that are wanted. */
static enum stw_code
copy_members(struct db *db, enum db_query_id query, const bool wanted[BOOK_BUCKETS],
    struct member_image *image, struct stw_err *err)
{
	struct db_copy_out *copy = NULL;
	bool more;
	enum stw_code rc = db_copy_out_begin(db, query, &copy, err);

	if (rc != STW_OK)
		return rc;
	while ((rc = db_copy_out_row(copy, &more, err)) == STW_OK && more) {
		int bucket = db_field_i16(copy, 0);

		if (wanted[bucket & (BOOK_BUCKETS - 1)])
			add_member(image, bucket, db_field_i64(copy, 1),
			    db_field_i64(copy, 2));
	}
	db_copy_out_close(copy);
	return rc;
}

static enum stw_code
read_bucket(struct db *db, int bucket, struct member_image *image, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(
	    db, DB_Q_SEGMENT_BUCKET_MEMBERS, params, DB_NPARAMS(params), &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++)
		add_member(
		    image, bucket, db_get_i64(rows, r, 0), db_get_i64(rows, r, 1));
	db_rows_free(rows);
	return rc;
}

/* In the open snapshot: what is not as the database has it, of the buckets wanted. */
static enum stw_code
read_stale(struct db *db, const bool wanted[BOOK_BUCKETS], struct member_image *image,
    struct stw_err *err)
{
	bool stale[BOOK_BUCKETS] = {false};
	struct db_rows *rows = NULL;
	int n = 0;
	enum stw_code rc =
	    db_query(db, DB_Q_SEGMENT_BUCKET_VERSIONS, NULL, 0, &rows, err);

	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		int bucket = (int)db_get_i64(rows, r, 0);
		int64_t version = db_get_i64(rows, r, 1);

		if (!wanted[bucket] || image->version[bucket] == version)
			continue;
		stale[bucket] = true;
		member_image_clear(image, bucket);
		image->version[bucket] = version;
		n++;
	}
	db_rows_free(rows);
	if (rc == STW_OK && n > FEW_BUCKETS)
		return copy_members(db, DB_Q_SEGMENT_MEMBERS, stale, image, err);
	for (int b = 0; b < BOOK_BUCKETS && rc == STW_OK; b++)
		if (stale[b])
			rc = read_bucket(db, b, image, err);
	return rc;
}

enum stw_code
member_refresh(struct db *db, const bool wanted[BOOK_BUCKETS],
    struct member_image *image, struct stw_err *err)
{
	enum stw_code rc = db_begin_snapshot(db, err);

	if (rc != STW_OK)
		return rc;
	rc = read_stale(db, wanted, image, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

/* Of a patch whose image has nothing yet: its customers alone, at the versions of now. */
static enum stw_code
read_keys(struct db *db, const struct book *book, struct member_image *image,
    struct stw_err *err)
{
	bool wanted[BOOK_BUCKETS];
	size_t rows = book->customers->rows, n = rows + book->ngone;
	struct book_key *keys = stw_xalloc((n + 1) * sizeof *keys);
	struct db_rows *versions = NULL;
	enum stw_code rc;

	memset(wanted, true, sizeof wanted);
	for (size_t row = 0; row < rows; row++)
		keys[row] = (struct book_key){
		    book_bucket_of(book, row), book->customer_id[row]};
	for (size_t i = 0; i < book->ngone; i++)
		keys[rows + i] = book->gone[i];
	rc = db_begin_snapshot(db, err);
	if (rc == STW_OK)
		rc = book_keys_set(db, keys, n, err);
	free(keys);
	if (rc == STW_OK)
		rc = copy_members(db, DB_Q_SEGMENT_KEY_MEMBERS, wanted, image, err);
	if (rc == STW_OK)
		rc =
		    db_query(db, DB_Q_SEGMENT_BUCKET_VERSIONS, NULL, 0, &versions, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(versions); r++)
		image->version[db_get_i64(versions, r, 0)] = db_get_i64(versions, r, 1);
	db_rows_free(versions);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

/* ---- whose row is which --------------------------------------------------------------- */
void
member_maps_init(struct member_maps *maps, struct member_image *image,
    const struct segment_hosts *hosts)
{
	maps->count = hosts->count;
	for (int p = 0; p < hosts->count; p++) {
		const struct book *book = hosts->items[p].book;

		maps->rows[p] = NULL;
		if (p == 0 && member_image_is_base(image, book))
			continue;
		maps->rows[p] =
		    stw_xalloc((book->customers->rows + 1) * sizeof *maps->rows[p]);
		for (int b = 0; b < BOOK_BUCKETS; b++)
			for (size_t r = book->first[b]; r < book->first[b + 1]; r++)
				maps->rows[p][r] = (uint32_t)member_image_row(
				    image, b, book->customer_id[r]);
	}
}

void
member_maps_fini(struct member_maps *maps)
{
	for (int p = 0; p < maps->count; p++)
		free(maps->rows[p]);
}

/* ---- members of the hosts ------------------------------------------------------------- */
static void
give_members(const struct member_segment *stored, const uint32_t *map,
    const struct book *book, struct bitmap *to)
{
	size_t rows = book->customers->rows;

	if (map == NULL && rows > 0) {
		memcpy(to->words, stored->members.words,
		    bitmap_words(rows) * sizeof *to->words);
		if (rows % 64 != 0)
			to->words[rows / 64] &= (UINT64_C(1) << (rows % 64)) - 1;
	}
	for (size_t row = 0; map != NULL && row < rows; row++)
		if (bitmap_get(&stored->members, map[row]))
			bitmap_set(to, row);
	if (book->dead != NULL)
		bitmap_andnot(to, to, book->dead);
}

static void
want_segments(struct member_image *image, const struct segment_host *host)
{
	int64_t *ids = stw_xalloc(((size_t)host->count + 1) * sizeof *ids);

	for (int i = 0; i < host->count; i++)
		ids[i] = host->segments[i].def.segment_id;
	(void)member_image_segments(image, ids, host->count);
	free(ids);
}

/* Whose customers are asked for. */
static void
want_buckets(const struct segment_hosts *hosts, bool wanted[BOOK_BUCKETS])
{
	const struct book *book = hosts->items[0].book;

	for (int b = 0; b < BOOK_BUCKETS; b++)
		wanted[b] = !book->patch || book->first[b + 1] > book->first[b];
	for (size_t i = 0; i < book->ngone; i++)
		wanted[book->gone[i].bucket] = true;
}

enum stw_code
member_store_read(struct db *db, struct member_image *image,
    struct segment_hosts *hosts, struct stw_err *err)
{
	const struct segment_host *first = &hosts->items[0];
	bool wanted[BOOK_BUCKETS];
	struct member_maps maps;
	enum stw_code rc;

	want_segments(image, first);
	want_buckets(hosts, wanted);
	if (!member_is_patch(hosts))
		member_image_base(image, first->book);
	rc = member_is_patch(hosts) && member_image_rows(image) == 0
		 ? read_keys(db, first->book, image, err)
		 : member_refresh(db, wanted, image, err);
	if (rc != STW_OK)
		return rc;
	member_maps_init(&maps, image, hosts);
	for (int p = 0; p < hosts->count; p++) {
		const struct segment_host *host = &hosts->items[p];

		for (int i = 0; i < host->count; i++) {
			int at = member_image_find_segment(
			    image, host->segments[i].def.segment_id);

			give_members(&image->segments[at], maps.rows[p], host->book,
			    &host->segments[i].members);
		}
	}
	member_maps_fini(&maps);
	return STW_OK;
}

/* ---- one segment ---------------------------------------------------------------------- */
static void
set_member(struct segment_hosts *hosts, int segment, int bucket, int64_t customer_id)
{
	for (int p = 0; p < hosts->count; p++) {
		const struct segment_host *host = &hosts->items[p];
		size_t row = book_find(host->book, bucket, customer_id);

		if (row != SIZE_MAX) {
			bitmap_set(&host->segments[segment].members, row);
			return;
		}
	}
}

static enum stw_code
copy_one(struct db *db, struct segment_hosts *hosts, int segment, struct stw_err *err)
{
	struct db_copy_out *copy = NULL;
	bool more;
	enum stw_code rc = db_copy_out_begin(db, DB_Q_SEGMENT_ONE_MEMBERS, &copy, err);

	if (rc != STW_OK)
		return rc;
	while ((rc = db_copy_out_row(copy, &more, err)) == STW_OK && more)
		set_member(
		    hosts, segment, db_field_i16(copy, 0), db_field_i64(copy, 1));
	db_copy_out_close(copy);
	return rc;
}

enum stw_code
member_store_read_one(
    struct db *db, struct segment_hosts *hosts, int segment, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(hosts->items[0].segments[segment].def.segment_id)};
	enum stw_code rc = db_begin_snapshot(db, err);

	if (rc != STW_OK)
		return rc;
	rc = db_query(db, DB_Q_SEGMENT_ONE_SET, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = copy_one(db, hosts, segment, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}
