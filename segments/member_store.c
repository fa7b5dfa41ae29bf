#include "segments/member_store.h"

#include <stdlib.h>
#include <string.h>

#include "segments/book_patch_store.h"

#define READ_TRIES  4
#define FEW_BUCKETS 32 /* more are read in one go */

static bool
is_patch(const struct segment_hosts *hosts)
{
	return hosts->items[0].book->patch;
}

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

static enum stw_code
refresh(struct db *db, const bool wanted[BOOK_BUCKETS], struct member_image *image,
    struct stw_err *err)
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
struct maps {
	uint32_t
	    *rows[BOOK_PARTS_MAX]; /* row of a part: of the image; NULL: the same */
	int count;
};

static void
maps_init(
    struct maps *maps, struct member_image *image, const struct segment_hosts *hosts)
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

static void
maps_fini(struct maps *maps)
{
	for (int p = 0; p < maps->count; p++)
		free(maps->rows[p]);
}

static size_t
mapped(const struct maps *maps, int part, size_t row)
{
	return maps->rows[part] == NULL ? row : maps->rows[part][row];
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
	struct maps maps;
	enum stw_code rc;

	want_segments(image, first);
	want_buckets(hosts, wanted);
	if (!is_patch(hosts))
		member_image_base(image, first->book);
	rc = is_patch(hosts) && member_image_rows(image) == 0
		 ? read_keys(db, first->book, image, err)
		 : refresh(db, wanted, image, err);
	if (rc != STW_OK)
		return rc;
	maps_init(&maps, image, hosts);
	for (int p = 0; p < hosts->count; p++) {
		const struct segment_host *host = &hosts->items[p];

		for (int i = 0; i < host->count; i++) {
			int at = member_image_find_segment(
			    image, host->segments[i].def.segment_id);

			give_members(&image->segments[at], maps.rows[p], host->book,
			    &host->segments[i].members);
		}
	}
	maps_fini(&maps);
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

/* ---- differences ---------------------------------------------------------------------- */
/* Who leaves or enters what, in one bucket. */
struct diff {
	int64_t *segment_ids, *customer_ids;
	int *segments;  /* of the host */
	uint32_t *rows; /* of the image */
	size_t count, cap;
};

static void
diff_add(struct diff *diff, const struct segment_host *host, int segment,
    int64_t customer_id, size_t row)
{
	if (diff->count == diff->cap) {
		diff->cap = diff->cap == 0 ? 1024 : diff->cap * 2;
		diff->segment_ids = stw_xrealloc(
		    diff->segment_ids, diff->cap * sizeof *diff->segment_ids);
		diff->customer_ids = stw_xrealloc(
		    diff->customer_ids, diff->cap * sizeof *diff->customer_ids);
		diff->segments =
		    stw_xrealloc(diff->segments, diff->cap * sizeof *diff->segments);
		diff->rows = stw_xrealloc(diff->rows, diff->cap * sizeof *diff->rows);
	}
	diff->segment_ids[diff->count] = host->segments[segment].def.segment_id;
	diff->customer_ids[diff->count] = customer_id;
	diff->segments[diff->count] = segment;
	diff->rows[diff->count++] = (uint32_t)row;
}

static void
diff_fini(struct diff *diff)
{
	free(diff->segment_ids);
	free(diff->customer_ids);
	free(diff->segments);
	free(diff->rows);
}

struct write {
	struct member_image *image;
	const struct segment_hosts *hosts;
	struct maps maps;
	struct bitmap live; /* rows of the image whose customers the book has */
	int *places;        /* segment of the host: of the image */
	struct diff enter, leave;
	struct segment_moves *moves;
	stw_usec now;
};

static struct bitmap *
stored_of(const struct write *w, int segment)
{
	return &w->image->segments[w->places[segment]].members;
}

/* Rows of a part that are those of the image: 64 at a time. */
static void
compare_words(struct write *w, const struct segment_host *host, int i, int bucket)
{
	const struct book *book = host->book;
	const struct bitmap *stored = stored_of(w, i), *dead = book->dead;
	const struct bitmap *members = &host->segments[i].members;
	size_t first = book->first[bucket], end = book->first[bucket + 1];

	for (size_t at = first / 64; at * 64 < end; at++) {
		uint64_t bits = members->words[at] ^ stored->words[at];

		if (dead != NULL)
			bits &= ~dead->words[at];
		if (at * 64 < first)
			bits &= UINT64_MAX << (first % 64);
		if (end - at * 64 < 64)
			bits &= (UINT64_C(1) << (end % 64)) - 1;
		for (; bits != 0; bits &= bits - 1) {
			size_t row = at * 64 + (size_t)__builtin_ctzll(bits);

			diff_add(bitmap_get(members, row) ? &w->enter : &w->leave, host,
			    i, book->customer_id[row], row);
		}
	}
}

static void
compare_rows(
    struct write *w, const struct segment_host *host, int part, int i, int bucket)
{
	const struct book *book = host->book;
	const struct bitmap *stored = stored_of(w, i);
	const struct bitmap *members = &host->segments[i].members;

	for (size_t r = book->first[bucket]; r < book->first[bucket + 1]; r++) {
		size_t row = mapped(&w->maps, part, r);
		bool is = bitmap_get(members, r), was = bitmap_get(stored, row);

		if (is != was && !book_is_dead(book, r))
			diff_add(is ? &w->enter : &w->leave, host, i,
			    book->customer_id[r], row);
	}
}

/* A stored member whom the book does not have. */
static void
leave_all(struct write *w, size_t row)
{
	const struct segment_host *host = &w->hosts->items[0];
	struct book_key key = member_image_key(w->image, row);

	for (int i = 0; i < host->count; i++)
		if (host->segments[i].evaluated && bitmap_get(stored_of(w, i), row))
			diff_add(&w->leave, host, i, key.customer_id, row);
}

/* Rows that a reading again brought are nobody's: all that the book has had theirs. */
static bool
is_live(const struct write *w, size_t row)
{
	return row < w->live.bits && bitmap_get(&w->live, row);
}

static void
compare_gone(struct write *w, int bucket)
{
	const struct member_image *image = w->image;
	const struct book *book = w->hosts->items[0].book;

	if (book->patch) {
		for (size_t i = 0; i < book->ngone; i++) {
			size_t row = SIZE_MAX;

			if (book->gone[i].bucket == bucket)
				row = member_image_find(
				    image, bucket, book->gone[i].customer_id);
			if (row != SIZE_MAX)
				leave_all(w, row);
		}
		return;
	}
	for (size_t row = image->first[bucket]; row < image->first[bucket + 1]; row++)
		if (!is_live(w, row))
			leave_all(w, row);
	for (size_t k = 0; k < image->nlater; k++)
		if (image->later[k].bucket == bucket && !is_live(w, image->rows + k))
			leave_all(w, image->rows + k);
}

static void
compare_bucket(struct write *w, int bucket)
{
	w->enter.count = w->leave.count = 0;
	for (int p = 0; p < w->hosts->count; p++) {
		const struct segment_host *host = &w->hosts->items[p];

		for (int i = 0; i < host->count; i++) {
			if (!host->segments[i].evaluated)
				continue;
			if (w->maps.rows[p] == NULL)
				compare_words(w, host, i, bucket);
			else
				compare_rows(w, host, p, i, bucket);
		}
	}
	compare_gone(w, bucket);
}

/* ---- writing -------------------------------------------------------------------------- */
/* *version: afterwards; 0: somebody else was there, nothing is changed. */
static enum stw_code
send_bucket(struct db *db, const struct write *w, int bucket, int64_t *version,
    struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_usec(w->now),
	    db_i64s(w->leave.segment_ids, w->leave.count),
	    db_i64s(w->leave.customer_ids, w->leave.count),
	    db_i64s(w->enter.segment_ids, w->enter.count),
	    db_i64s(w->enter.customer_ids, w->enter.count),
	    db_i64(w->image->version[bucket])};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(db, DB_Q_SEGMENT_MOVE, params, DB_NPARAMS(params), &rows, err);
	*version =
	    rc == STW_OK && db_rows_count(rows) == 1 ? db_get_i64(rows, 0, 0) : 0;
	db_rows_free(rows);
	return rc;
}

static void
note_bucket(struct write *w, int bucket, int64_t version)
{
	for (size_t i = 0; i < w->leave.count; i++) {
		bitmap_clear_bit(stored_of(w, w->leave.segments[i]), w->leave.rows[i]);
		w->moves[w->leave.segments[i]].left++;
	}
	for (size_t i = 0; i < w->enter.count; i++) {
		bitmap_set(stored_of(w, w->enter.segments[i]), w->enter.rows[i]);
		w->moves[w->enter.segments[i]].entered++;
	}
	w->image->version[bucket] = version;
}

static enum stw_code
write_bucket(struct db *db, struct write *w, int bucket, struct stw_err *err)
{
	bool wanted[BOOK_BUCKETS] = {false};

	wanted[bucket] = true;
	for (int i = 0; i < READ_TRIES; i++) {
		int64_t version;
		enum stw_code rc;

		compare_bucket(w, bucket);
		if (w->enter.count == 0 && w->leave.count == 0)
			return STW_OK;
		rc = send_bucket(db, w, bucket, &version, err);
		if (rc != STW_OK)
			return rc;
		if (version != 0) {
			note_bucket(w, bucket, version);
			return STW_OK;
		}
		rc = refresh(db, wanted, w->image, err);
		if (rc != STW_OK)
			return rc;
	}
	return stw_fail(err, STW_CONFLICT,
	    "somebody else keeps changing the memberships of bucket %d", bucket);
}

static void
find_live(struct write *w)
{
	bitmap_init(&w->live, member_image_rows(w->image));
	for (int p = 0; p < w->hosts->count; p++) {
		const struct book *book = w->hosts->items[p].book;

		for (size_t r = 0; r < book->customers->rows; r++)
			if (!book_is_dead(book, r))
				bitmap_set(&w->live, mapped(&w->maps, p, r));
	}
}

enum stw_code
member_store_write(struct db *db, struct member_image *image,
    const struct segment_hosts *hosts, stw_usec now, const struct progress *progress,
    struct segment_moves *moves, struct stw_err *err)
{
	const struct segment_host *host = &hosts->items[0];
	struct write w = {.image = image, .hosts = hosts, .moves = moves, .now = now};
	enum stw_code rc = STW_OK;

	w.places = stw_xalloc(((size_t)host->count + 1) * sizeof *w.places);
	for (int i = 0; i < host->count; i++) {
		moves[i] = (struct segment_moves){0};
		w.places[i] =
		    member_image_find_segment(image, host->segments[i].def.segment_id);
		STW_ASSERT(w.places[i] >= 0);
	}
	maps_init(&w.maps, image, hosts);
	find_live(&w);
	for (int bucket = 0; bucket < BOOK_BUCKETS && rc == STW_OK; bucket++) {
		rc = write_bucket(db, &w, bucket, err);
		progress_tell(progress, "members", bucket + 1, BOOK_BUCKETS);
	}
	maps_fini(&w.maps);
	bitmap_fini(&w.live);
	diff_fini(&w.enter);
	diff_fini(&w.leave);
	free(w.places);
	return rc;
}
