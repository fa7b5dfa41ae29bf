#include "api/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/request.h"
#include "db/entry_json.h"
#include "db/ledger.h"

#define PIECE    ((size_t)64 * 1024)
#define MAX_TIME (30 * 60 * STW_USEC_SEC)

static const char *const formats[] = {"ndjson", "csv"};

bool
export_format_parse(const char *text, enum export_format *out)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(formats); i++)
		if (strcmp(text, formats[i]) == 0) {
			*out = (enum export_format)i;
			return true;
		}
	return false;
}

/* ---- on record --------------------------------------------------------------------- */
static enum stw_code
note_access(struct export_job *job, const struct uuid *id, const char *detail,
    struct stw_err *err)
{
	char text[UUID_TEXT], what[60];

	(void)snprintf(what, sizeof what, "export %s", job->kind->name);
	const struct db_param params[] = {db_text(uuid_format(id, text)),
	    db_usec(job->now), db_text(job->actor), db_text(job->role), db_text(what),
	    db_text("allowed"), db_text(detail)};

	return db_exec(
	    job->db, DB_Q_ACCESS_INSERT, params, DB_NPARAMS(params), NULL, err);
}

static enum stw_code
note_begun(struct export_job *job, struct stw_err *err)
{
	struct uuid event = uuid_new(job->now);
	char id[UUID_TEXT], detail[80];
	enum stw_code rc = db_begin(job->db, err);

	(void)snprintf(
	    detail, sizeof detail, "{\"begun\":\"%s\"}", uuid_format(&job->id, id));
	if (rc == STW_OK)
		rc = note_access(job, &event, detail, err);
	if (rc == STW_OK)
		rc = db_commit(job->db, err);
	if (rc != STW_OK)
		db_rollback(job->db);
	return rc;
}

static enum stw_code
note_ended(struct export_job *job, struct stw_err *err)
{
	json_t *manifest = export_manifest(job);
	char *detail = json_dumps(manifest, JSON_COMPACT), id[UUID_TEXT];
	const struct entry_field fields[] = {ENTRY_TEXT("actor", job->actor),
	    ENTRY_TEXT("approver", job->approver), ENTRY_TEXT("purpose", job->purpose),
	    ENTRY_TEXT("role", job->role), ENTRY_TEXT("what", job->kind->name),
	    ENTRY_TEXT("format", formats[job->format]), ENTRY_INT("rows", job->nrows),
	    ENTRY_INT("complete", job->done ? 1 : 0),
	    ENTRY_TEXT("sha256", job->sha256)};
	struct buf entry;
	enum stw_code rc = db_begin(job->db, err);

	STW_ASSERT(detail != NULL);
	buf_init(&entry);
	entry_write("export", uuid_format(&job->id, id), job->now, fields,
	    (int)STW_ARRAY_LEN(fields), &entry);
	if (rc == STW_OK)
		rc = note_access(job, &job->id, detail, err);
	if (rc == STW_OK)
		rc = ledger_append(
		    job->db, -1, "export", (struct str){entry.data, entry.len}, err);
	if (rc == STW_OK)
		rc = db_commit(job->db, err);
	if (rc != STW_OK)
		db_rollback(job->db);
	buf_fini(&entry);
	json_decref(manifest);
	free(detail);
	return rc;
}

json_t *
export_manifest(const struct export_job *job)
{
	json_t *v = json_object(), *filter = json_object(), *columns = json_array();
	const struct export_filter *f = &job->filter;

	for (int i = 0; i < job->kind->ncolumns; i++)
		json_push(columns, json_string(job->kind->columns[i].name));
	json_put(filter, "segment", json_text(f->segment));
	json_put(filter, "stage", json_text(f->stage));
	json_put(filter, "from", json_time(f->from));
	json_put(filter, "to", json_time(f->to));
	json_put(v, "export_id", json_uuid(&job->id));
	json_put(v, "what", json_text(job->kind->name));
	json_put(v, "filter", filter);
	json_put(v, "format", json_text(formats[job->format]));
	json_put(v, "columns", columns);
	json_put(v, "as_of", json_time(job->now));
	json_put(v, "actor", json_text(job->actor));
	json_put(v, "role", json_text(job->role));
	json_put(v, "purpose", json_text(job->purpose));
	json_put(v, "approver", json_text(job->approver));
	json_put(v, "complete", json_boolean(job->done));
	json_put(v, "rows", json_integer(job->nrows));
	json_put(v, "bytes", json_integer(job->nbytes));
	json_put(v, "sha256", json_text(job->sha256));
	return v;
}

enum stw_code
export_manifest_find(struct db *db, const struct uuid *id, struct arena *arena,
    const char **out, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {db_text(uuid_format(id, text))};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query_one(db, DB_Q_ACCESS_GET, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	if (rc == STW_OK && strncmp(db_get_str(rows, 0, 3).ptr, "export ", 7) == 0)
		*out = db_get_text(rows, 0, 4, arena);
	db_rows_free(rows);
	if (rc == STW_NOT_FOUND || (rc == STW_OK && *out == NULL))
		return stw_fail(err, STW_NOT_FOUND, "no export %s has ended", text);
	return rc;
}

/* ---- rows into text ------------------------------------------------------------------- */
static bool
is_formula(struct str s)
{
	return s.len > 0 && strchr("=+-@\t\r", s.ptr[0]) != NULL;
}

void
export_csv_cell(struct buf *to, struct str s, bool guarded)
{
	bool quoted = guarded && is_formula(s);

	for (size_t i = 0; i < s.len && !quoted; i++)
		quoted = s.ptr[i] == ',' || s.ptr[i] == '"' || s.ptr[i] == '\r' ||
			 s.ptr[i] == '\n';
	if (!quoted) {
		buf_add_str(to, s);
		return;
	}
	buf_add_char(to, '"');
	if (guarded && is_formula(s))
		buf_add_char(to, '\'');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"')
			buf_add_char(to, '"');
		buf_add_char(to, s.ptr[i]);
	}
	buf_add_char(to, '"');
}

static void
put_json(struct buf *to, struct str s)
{
	buf_add_char(to, '"');
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c == '"' || c == '\\')
			buf_add_char(to, '\\');
		if (c < 0x20)
			buf_printf(to, "\\u%04x", c);
		else
			buf_add_char(to, (char)c);
	}
	buf_add_char(to, '"');
}

/* The cell as text that needs no care, or *s for one that does. */
static bool
plain_cell(const struct export_job *job, int i, char to[STW_USEC_TEXT], struct str *s)
{
	switch (job->kind->columns[i].type) {
	case EXPORT_TEXT:
		*s = export_cell(&job->rows, i);
		return false;
	case EXPORT_INT:
		*s = export_cell(&job->rows, i);
		return true;
	case EXPORT_BOOL:
		*s =
		    str_of(export_cell(&job->rows, i).ptr[0] == 't' ? "true" : "false");
		return true;
	case EXPORT_INSTANT:
		*s = str_of(stw_usec_format(export_cell_instant(&job->rows, i), to));
		return false;
	}
	return false;
}

static void
put_row(struct export_job *job)
{
	bool csv = job->format == EXPORT_CSV;
	struct buf *to = &job->text;
	char instant[STW_USEC_TEXT];

	if (!csv)
		buf_add_char(to, '{');
	for (int i = 0; i < job->kind->ncolumns; i++) {
		const struct export_column *column = &job->kind->columns[i];
		struct str s = {"", 0};
		bool null = export_cell_null(&job->rows, i);
		bool plain = null || plain_cell(job, i, instant, &s);

		if (i > 0)
			buf_add_char(to, ',');
		if (csv) {
			export_csv_cell(to, s, !plain);
			continue;
		}
		buf_printf(to, "\"%s\":", column->name);
		if (null)
			buf_add_c(to, "null");
		else if (plain)
			buf_add_str(to, s);
		else
			put_json(to, s);
	}
	buf_add_c(to, csv ? "\r\n" : "}\n");
}

static void
put_header(struct export_job *job)
{
	if (job->format != EXPORT_CSV)
		return;
	if (job->bom)
		buf_add_c(&job->text, "\xef\xbb\xbf");
	for (int i = 0; i < job->kind->ncolumns; i++)
		buf_printf(
		    &job->text, "%s%s", i > 0 ? "," : "", job->kind->columns[i].name);
	buf_add_c(&job->text, "\r\n");
}

/* ---- the job ----------------------------------------------------------------------------- */
/* Looks how many rows there are, as far as it matters, before the first one leaves. */
static enum stw_code
check_alone(struct export_job *job, struct db *db, struct stw_err *err)
{
	bool more = true;
	int64_t n = -1;
	enum stw_code rc;

	if (job->approver != NULL)
		return STW_OK;
	rc = export_rows_begin(db, job->kind, &job->filter, &job->rows, err);
	while (rc == STW_OK && more && n < job->rows_alone) {
		rc = export_rows_next(&job->rows, &more, err);
		n++;
	}
	export_rows_end(&job->rows);
	if (rc == STW_OK && more)
		rc = stw_fail(err, STW_DENIED,
		    "there are more than %lld rows, which is what one person may take along: "
		    "ask for it, and have somebody else approve it",
		    (long long)job->rows_alone);
	return rc;
}

enum stw_code
export_start(struct export_job *job, struct db *db, struct stw_err *err)
{
	enum stw_code rc;

	job->db = NULL;
	job->id = uuid_new(job->now);
	job->began = stw_monotonic();
	job->nrows = job->nbytes = 0;
	job->taken = 0;
	job->done = false;
	job->sha256[0] = '\0';
	job->rows = (struct export_rows){0};
	buf_init(&job->text);
	(void)crypto_hash_sha256_init(&job->hash);
	/* What the kind cannot do is refused before anything is on record. */
	rc = export_rows_check(db, job->kind, &job->filter, err);
	if (rc != STW_OK)
		return rc;
	rc = check_alone(job, db, err);
	if (rc != STW_OK)
		return rc;
	job->db = db;
	rc = note_begun(job, err);
	if (rc == STW_OK)
		rc = export_rows_begin(db, job->kind, &job->filter, &job->rows, err);
	if (rc == STW_OK)
		put_header(job);
	return rc;
}

static enum stw_code
make_piece(struct export_job *job, struct stw_err *err)
{
	bool more = true;

	if (stw_monotonic() - job->began > MAX_TIME)
		return stw_fail(err, STW_TEMPFAIL,
		    "the export takes longer than half an hour: narrow it");
	buf_clear(&job->text);
	job->taken = 0;
	while (job->text.len < PIECE) {
		enum stw_code rc = export_rows_next(&job->rows, &more, err);

		if (rc != STW_OK)
			return rc;
		if (!more) {
			job->done = true;
			return STW_OK;
		}
		put_row(job);
		job->nrows++;
	}
	return STW_OK;
}

enum stw_code
export_read(
    struct export_job *job, char *to, size_t size, size_t *n, struct stw_err *err)
{
	size_t left = job->text.len - job->taken;
	enum stw_code rc;

	*n = 0;
	if (left == 0 && !job->done) {
		rc = make_piece(job, err);
		if (rc != STW_OK)
			return rc;
		left = job->text.len;
	}
	if (left == 0)
		return STW_OK;
	*n = left < size ? left : size;
	memcpy(to, job->text.data + job->taken, *n);
	(void)crypto_hash_sha256_update(&job->hash, (const unsigned char *)to, *n);
	job->taken += *n;
	job->nbytes += (int64_t)*n;
	return STW_OK;
}

enum stw_code
export_finish(struct export_job *job, struct stw_err *err)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	enum stw_code rc = STW_OK;

	/* What was made and not taken did not leave. */
	if (job->taken < job->text.len)
		job->done = false;
	export_rows_end(&job->rows);
	buf_fini(&job->text);
	if (job->db == NULL)
		return rc;
	(void)crypto_hash_sha256_final(&job->hash, hash);
	(void)sodium_bin2hex(job->sha256, sizeof job->sha256, hash, sizeof hash);
	rc = note_ended(job, err);
	job->db = NULL;
	return rc;
}
