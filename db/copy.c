/* COPY in PostgreSQL's binary format: big-endian, a length before each field, time from
 * 2000-01-01. Rows go out in pieces of 64 KiB and come in one message each. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "db/db_priv.h"

#define COPY_PIECE   ((size_t)64 * 1024)
#define COPY_COLUMNS 256

static const char signature[] = "PGCOPY\n\377\r\n"; /* and its NUL: 11 bytes */

/* ---- in --------------------------------------------------------------------------- */
struct db_copy_in {
	struct db *db;
	const char *what;
	struct buf out;
	int cols_left; /* of the row being put */
	bool failed;   /* the connection broke; the end reports it */
};

static void
put_i16(struct db_copy_in *copy, int16_t v)
{
	uint16_t wire = htobe16((uint16_t)v);

	buf_add(&copy->out, &wire, sizeof wire);
}

static void
put_i32(struct db_copy_in *copy, int32_t v)
{
	uint32_t wire = htobe32((uint32_t)v);

	buf_add(&copy->out, &wire, sizeof wire);
}

static void
put_i64(struct db_copy_in *copy, int64_t v)
{
	uint64_t wire = htobe64((uint64_t)v);

	buf_add(&copy->out, &wire, sizeof wire);
}

static void
put_piece(struct db_copy_in *copy)
{
	if (!copy->failed && copy->out.len > 0 &&
	    PQputCopyData(copy->db->pg, copy->out.data, (int)copy->out.len) != 1)
		copy->failed = true;
	buf_clear(&copy->out);
}

/* One field begins: its length; -1 is null. */
static void
put_length(struct db_copy_in *copy, size_t len)
{
	STW_ASSERT(copy->cols_left > 0);
	STW_ASSERT(len <= INT32_MAX);
	copy->cols_left--;
	put_i32(copy, (int32_t)len);
}

enum stw_code
db_copy_in_begin(
    struct db *db, enum db_query_id id, struct db_copy_in **out, struct stw_err *err)
{
	return db_copy_in_start(db, db_query_names[id], db_query_texts[id], out, err);
}

enum stw_code
db_copy_in_start(struct db *db, const char *what, const char *sql,
    struct db_copy_in **out, struct stw_err *err)
{
	struct db_copy_in *copy;
	PGresult *res;
	enum stw_code rc;

	*out = NULL;
	rc = db_flush(db, err);
	if (rc != STW_OK)
		return rc;
	res = PQexec(db->pg, sql);
	if (PQresultStatus(res) != PGRES_COPY_IN || PQbinaryTuples(res) != 1) {
		rc = db_fail_result(db, res, what, err);
		PQclear(res);
		db_drain(db);
		return rc;
	}
	PQclear(res);
	db->copying = true;
	copy = stw_xalloc(sizeof *copy);
	copy->db = db;
	copy->what = what;
	buf_init(&copy->out);
	buf_add(&copy->out, signature, sizeof signature);
	put_i32(copy, 0);
	put_i32(copy, 0);
	*out = copy;
	return STW_OK;
}

void
db_put_row(struct db_copy_in *copy, int ncols)
{
	STW_ASSERT(copy->cols_left == 0);
	STW_ASSERT(ncols > 0 && ncols <= INT16_MAX);
	if (copy->out.len >= COPY_PIECE)
		put_piece(copy);
	put_i16(copy, (int16_t)ncols);
	copy->cols_left = ncols;
}

void
db_put_null(struct db_copy_in *copy)
{
	STW_ASSERT(copy->cols_left > 0);
	copy->cols_left--;
	put_i32(copy, -1);
}

void
db_put_bool(struct db_copy_in *copy, bool v)
{
	put_length(copy, 1);
	buf_add_char(&copy->out, v ? 1 : 0);
}

void
db_put_i16(struct db_copy_in *copy, int16_t v)
{
	put_length(copy, 2);
	put_i16(copy, v);
}

void
db_put_i32(struct db_copy_in *copy, int32_t v)
{
	put_length(copy, 4);
	put_i32(copy, v);
}

void
db_put_i64(struct db_copy_in *copy, int64_t v)
{
	put_length(copy, 8);
	put_i64(copy, v);
}

void
db_put_f64(struct db_copy_in *copy, double v)
{
	int64_t bits;

	memcpy(&bits, &v, sizeof bits);
	db_put_i64(copy, bits);
}

void
db_put_bytes(struct db_copy_in *copy, const void *data, size_t len)
{
	put_length(copy, len);
	buf_add(&copy->out, data, len);
}

void
db_put_text(struct db_copy_in *copy, struct str v)
{
	db_put_bytes(copy, v.ptr, v.len);
}

void
db_put_usec(struct db_copy_in *copy, stw_usec v)
{
	if (v == STW_USEC_MAX)
		db_put_i64(copy, INT64_MAX); /* infinity */
	else if (v <= STW_USEC_NEVER)
		db_put_i64(copy, INT64_MIN); /* -infinity */
	else
		db_put_i64(copy, v - PG_EPOCH_USEC);
}

void
db_put_day(struct db_copy_in *copy, stw_day v)
{
	if (v == INT32_MAX || v == INT32_MIN)
		db_put_i32(copy, v); /* infinity, -infinity */
	else
		db_put_i32(copy, v - PG_EPOCH_DAY);
}

void
db_put_texts(struct db_copy_in *copy, const char *const *v, size_t count)
{
	const int32_t text_oid = 25;
	size_t len = count == 0 ? 12 : 20;

	for (size_t i = 0; i < count; i++)
		len += 4 + (v[i] == NULL ? 0 : strlen(v[i]));
	put_length(copy, len);
	put_i32(copy, count == 0 ? 0 : 1); /* dimensions */
	put_i32(copy, 1);                  /* may hold nulls */
	put_i32(copy, text_oid);
	if (count == 0)
		return;
	STW_ASSERT(count <= INT32_MAX);
	put_i32(copy, (int32_t)count);
	put_i32(copy, 1); /* lower bound */
	for (size_t i = 0; i < count; i++) {
		size_t n = v[i] == NULL ? 0 : strlen(v[i]);

		put_i32(copy, v[i] == NULL ? -1 : (int32_t)n);
		buf_add(&copy->out, v[i], n);
	}
}

void
db_put_uuid(struct db_copy_in *copy, const unsigned char uuid[16])
{
	db_put_bytes(copy, uuid, 16);
}

static void
copy_in_free(struct db_copy_in *copy)
{
	copy->db->copying = false;
	buf_fini(&copy->out);
	free(copy);
}

enum stw_code
db_copy_in_end(struct db_copy_in *copy, int64_t *rows, struct stw_err *err)
{
	struct db *db = copy->db;
	enum stw_code rc = STW_OK;
	PGresult *res;

	STW_ASSERT(copy->cols_left == 0);
	if (rows != NULL)
		*rows = 0;
	put_i16(copy, -1);
	put_piece(copy);
	if (!copy->failed && PQputCopyEnd(db->pg, NULL) != 1)
		copy->failed = true;
	/* When the server has refused a row it said so, and that is the better reason. */
	res = PQgetResult(db->pg);
	if (PQresultStatus(res) == PGRES_COMMAND_OK && !copy->failed) {
		if (rows != NULL)
			*rows = strtoll(PQcmdTuples(res), NULL, 10);
	} else {
		rc = db_fail_result(db, res, copy->what, err);
	}
	PQclear(res);
	db_drain(db);
	copy_in_free(copy);
	return rc;
}

void
db_copy_in_abort(struct db_copy_in *copy)
{
	if (copy == NULL)
		return;
	(void)PQputCopyEnd(copy->db->pg, "given up");
	db_drain(copy->db);
	copy_in_free(copy);
}

/* ---- out -------------------------------------------------------------------------- */
struct copy_field {
	const char *data;
	int32_t len; /* -1: null */
};

struct db_copy_out {
	struct db *db;
	const char *what;
	char *message; /* libpq's; the fields point into it */
	const char *at, *end;
	struct copy_field fields[COPY_COLUMNS];
	int ncols;
	bool started; /* the header has been read */
	bool ended;
};

enum stw_code
db_copy_out_begin(
    struct db *db, enum db_query_id id, struct db_copy_out **out, struct stw_err *err)
{
	return db_copy_out_start(db, db_query_names[id], db_query_texts[id], out, err);
}

enum stw_code
db_copy_out_start(struct db *db, const char *what, const char *sql,
    struct db_copy_out **out, struct stw_err *err)
{
	struct db_copy_out *copy;
	enum stw_code rc;
	PGresult *res;

	*out = NULL;
	rc = db_flush(db, err);
	if (rc != STW_OK)
		return rc;
	res = PQexec(db->pg, sql);
	if (PQresultStatus(res) != PGRES_COPY_OUT || PQbinaryTuples(res) != 1) {
		rc = db_fail_result(db, res, what, err);
		PQclear(res);
		db_drain(db);
		return rc;
	}
	PQclear(res);
	db->copying = true;
	copy = stw_xalloc(sizeof *copy);
	copy->db = db;
	copy->what = what;
	*out = copy;
	return STW_OK;
}

static enum stw_code
fail_format(const struct db_copy_out *copy, struct stw_err *err)
{
	return stw_fail(
	    err, STW_BUG, "%s: the COPY stream is not in its format", copy->what);
}

static bool
read_i16(struct db_copy_out *copy, int16_t *v)
{
	uint16_t wire;

	if (copy->end - copy->at < (ptrdiff_t)sizeof wire)
		return false;
	memcpy(&wire, copy->at, sizeof wire);
	copy->at += sizeof wire;
	*v = (int16_t)be16toh(wire);
	return true;
}

static bool
read_i32(struct db_copy_out *copy, int32_t *v)
{
	uint32_t wire;

	if (copy->end - copy->at < (ptrdiff_t)sizeof wire)
		return false;
	memcpy(&wire, copy->at, sizeof wire);
	copy->at += sizeof wire;
	*v = (int32_t)be32toh(wire);
	return true;
}

/* Signature, flags, and an extension that is skipped. */
static bool
read_header(struct db_copy_out *copy)
{
	int32_t flags, extension;

	if (copy->end - copy->at < (ptrdiff_t)sizeof signature ||
	    memcmp(copy->at, signature, sizeof signature) != 0)
		return false;
	copy->at += sizeof signature;
	if (!read_i32(copy, &flags) || !read_i32(copy, &extension))
		return false;
	if (extension < 0 || extension > copy->end - copy->at)
		return false;
	copy->at += extension;
	copy->started = true;
	return true;
}

static bool
read_fields(struct db_copy_out *copy)
{
	for (int i = 0; i < copy->ncols; i++) {
		struct copy_field *field = &copy->fields[i];

		if (!read_i32(copy, &field->len) || field->len > copy->end - copy->at)
			return false;
		field->data = copy->at;
		if (field->len > 0)
			copy->at += field->len;
	}
	return true;
}

/* The next message; at the end, the verdict on the whole. */
static enum stw_code
next_message(struct db_copy_out *copy, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	PGresult *res;
	int len;

	PQfreemem(copy->message);
	copy->message = NULL;
	rc = db_stop_check(copy->db, err);
	if (rc != STW_OK)
		return rc;
	len = PQgetCopyData(copy->db->pg, &copy->message, 0);
	if (len >= 0) {
		copy->at = copy->message;
		copy->end = copy->message + len;
		return STW_OK;
	}
	copy->at = copy->end = NULL;
	copy->ended = true;
	res = PQgetResult(copy->db->pg);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		rc = db_fail_result(copy->db, res, copy->what, err);
	PQclear(res);
	db_drain(copy->db);
	return rc;
}

enum stw_code
db_copy_out_row(struct db_copy_out *copy, bool *more, struct stw_err *err)
{
	enum stw_code rc;
	int16_t ncols;

	*more = false;
	for (;;) {
		if (copy->ended)
			return STW_OK;
		while (copy->at == copy->end && !copy->ended) {
			rc = next_message(copy, err);
			if (rc != STW_OK)
				return rc;
		}
		if (copy->ended)
			return STW_OK;
		if (!copy->started) {
			if (!read_header(copy))
				return fail_format(copy, err);
			continue;
		}
		if (!read_i16(copy, &ncols))
			return fail_format(copy, err);
		if (ncols == -1) /* the trailer; the result follows */
			continue;
		if (ncols < 0 || ncols > COPY_COLUMNS)
			return fail_format(copy, err);
		copy->ncols = ncols;
		if (!read_fields(copy))
			return fail_format(copy, err);
		*more = true;
		return STW_OK;
	}
}

static const struct copy_field *
field_of(const struct db_copy_out *copy, int col)
{
	STW_ASSERT(col >= 0 && col < copy->ncols);
	return &copy->fields[col];
}

bool
db_field_null(const struct db_copy_out *copy, int col)
{
	return field_of(copy, col)->len < 0;
}

bool
db_field_bool(const struct db_copy_out *copy, int col)
{
	const struct copy_field *field = field_of(copy, col);

	STW_ASSERT(field->len == 1 || field->len < 0);
	return field->len == 1 && field->data[0] != 0;
}

/* Any of PostgreSQL's integers: smallint, integer, bigint. */
int64_t
db_field_i64(const struct db_copy_out *copy, int col)
{
	const struct copy_field *field = field_of(copy, col);
	uint64_t w8;
	uint32_t w4;
	uint16_t w2;

	switch (field->len) {
	case 8:
		memcpy(&w8, field->data, sizeof w8);
		return (int64_t)be64toh(w8);
	case 4:
		memcpy(&w4, field->data, sizeof w4);
		return (int32_t)be32toh(w4);
	case 2:
		memcpy(&w2, field->data, sizeof w2);
		return (int16_t)be16toh(w2);
	default:
		STW_ASSERT(field->len < 0);
		return 0;
	}
}

int16_t
db_field_i16(const struct db_copy_out *copy, int col)
{
	int64_t v = db_field_i64(copy, col);

	STW_ASSERT(v >= INT16_MIN && v <= INT16_MAX);
	return (int16_t)v;
}

int32_t
db_field_i32(const struct db_copy_out *copy, int col)
{
	int64_t v = db_field_i64(copy, col);

	STW_ASSERT(v >= INT32_MIN && v <= INT32_MAX);
	return (int32_t)v;
}

double
db_field_f64(const struct db_copy_out *copy, int col)
{
	const struct copy_field *field = field_of(copy, col);
	uint64_t wire;
	double v;

	if (field->len < 0)
		return 0;
	STW_ASSERT(field->len == 8);
	memcpy(&wire, field->data, sizeof wire);
	wire = be64toh(wire);
	memcpy(&v, &wire, sizeof v);
	return v;
}

struct str
db_field_bytes(const struct db_copy_out *copy, int col)
{
	const struct copy_field *field = field_of(copy, col);

	if (field->len < 0)
		return (struct str){"", 0};
	return (struct str){field->data, (size_t)field->len};
}

stw_usec
db_field_usec(const struct db_copy_out *copy, int col)
{
	int64_t v = db_field_i64(copy, col);

	if (db_field_null(copy, col))
		return 0;
	if (v == INT64_MAX)
		return STW_USEC_MAX;
	if (v == INT64_MIN)
		return STW_USEC_NEVER;
	return v + PG_EPOCH_USEC;
}

stw_day
db_field_day(const struct db_copy_out *copy, int col)
{
	int32_t v = db_field_i32(copy, col);

	if (db_field_null(copy, col))
		return 0;
	if (v == INT32_MAX || v == INT32_MIN)
		return v;
	return v + PG_EPOCH_DAY;
}

void
db_copy_out_close(struct db_copy_out *copy)
{
	PGcancel *cancel;
	char text[256];

	if (copy == NULL)
		return;
	PQfreemem(copy->message);
	if (!copy->ended && PQstatus(copy->db->pg) == CONNECTION_OK) {
		cancel = PQgetCancel(copy->db->pg);
		if (cancel != NULL)
			(void)PQcancel(cancel, text, sizeof text);
		PQfreeCancel(cancel);
		db_drain(copy->db);
	}
	copy->db->copying = false;
	free(copy);
}
