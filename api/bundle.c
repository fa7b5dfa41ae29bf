#include "api/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "api/bundle_out.h"
#include "api/export.h"
#include "api/request.h"
#include "api/trace_json.h"
#include "db/entry_json.h"

#define GAP_IDS  20   /* of each gap, named in the manifest */
#define RULESETS 1000 /* hashes of rulesets, named in the manifest */

struct making {
	struct db *db;
	const struct bundle_job *job;
	struct bundle_result *result;
	struct bundle_out out;
	json_t *files, *parts, *gaps, *rulesets, *rules;
	uint64_t size; /* of the checkpoint */
	stw_usec began;
};

static struct str
str_buf(const struct buf *buf)
{
	return (struct str){buf->data, buf->len};
}

/* ---- files ------------------------------------------------------------------------------- */
static enum stw_code
file_end(struct making *m, int64_t rows, struct stw_err *err)
{
	char sha256[BUNDLE_SHA_TEXT], name[TAR_NAME_MAX];
	int64_t bytes = 0;
	enum stw_code rc;
	json_t *v;

	memcpy(name, m->out.m.name, sizeof name);
	rc = bundle_out_end(&m->out, &bytes, sha256, err);
	if (rc != STW_OK)
		return rc;
	v = json_object();
	json_put(v, "name", json_text(name));
	json_put(v, "bytes", json_integer(bytes));
	json_put(v, "rows", rows >= 0 ? json_integer(rows) : json_null());
	json_put(v, "sha256", json_text(sha256));
	json_push(m->files, v);
	return STW_OK;
}

static enum stw_code
file_put(struct making *m, const char *name, struct str text, int64_t rows,
    struct stw_err *err)
{
	enum stw_code rc = bundle_out_begin(&m->out, name, err);

	if (rc == STW_OK)
		rc = bundle_out_write(&m->out, text, err);
	return rc == STW_OK ? file_end(m, rows, err) : rc;
}

/* ---- what is missing --------------------------------------------------------------------- */
static void
gap_add(struct making *m, const char *part, const char *code, const char *id)
{
	json_t *gap = NULL, *one;
	size_t i;

	json_array_foreach(m->gaps, i,
	    one) if (strcmp(json_string_value(json_object_get(one, "code")), code) ==
			 0 &&
		     strcmp(json_string_value(json_object_get(one, "part")), part) == 0)
	    gap = one;
	if (gap == NULL) {
		gap = json_object();
		json_put(gap, "code", json_text(code));
		json_put(gap, "part", json_text(part));
		json_put(gap, "rows", json_integer(0));
		json_put(gap, "ids", json_array());
		json_push(m->gaps, gap);
	}
	json_put(gap, "rows",
	    json_integer(json_integer_value(json_object_get(gap, "rows")) + 1));
	one = json_object_get(gap, "ids");
	if (id != NULL && json_array_size(one) < GAP_IDS)
		json_push(one, json_text(id));
}

static void
gaps_of_trace(struct making *m, const struct trace *t)
{
	if (t->ncontacts == 0)
		gap_add(m, "trace", "GAP_NO_CONTACT", NULL);
	for (int p = 0; p < t->nparties; p++)
		for (int c = 0; c < t->parties[p].ncontacts; c++)
			for (int bit = 0; bit < TRACE_GAPS; bit++)
				if ((t->parties[p].contacts[c].gaps & 1U << bit) != 0)
					gap_add(m, "trace", trace_gap_name(bit),
					    t->parties[p].contacts[c].task_id);
}

/* ---- one entry's proof ------------------------------------------------------------------- */
static enum stw_code
prove(struct making *m, const char *part, const struct bundle_row *row,
    struct stw_err *err)
{
	char name[TAR_NAME_MAX];
	struct buf proof;
	enum stw_code rc;

	if (row->entry < 0 || (uint64_t)row->entry >= m->size) {
		gap_add(m, part, "GAP_LEDGER", row->id);
		return STW_OK;
	}
	if (m->result->proofs >= BUNDLE_PROOFS_MAX) {
		gap_add(m, part, "GAP_PROOF", row->id);
		return STW_OK;
	}
	(void)snprintf(name, sizeof name, "proofs/%.40s.tlog-proof", row->id);
	buf_init(&proof);
	rc = ledger_prove(m->db, (uint64_t)row->entry, &proof, err);
	if (rc == STW_OK)
		rc = file_put(m, name, str_buf(&proof), -1, err);
	m->result->proofs += rc == STW_OK;
	buf_fini(&proof);
	return rc;
}

/* Which rules were in force, and which of them spoke. */
static void
note_rules(struct making *m, const json_t *row)
{
	const char *hash = json_string_value(json_object_get(row, "ruleset_hash"));
	json_t *hit;
	size_t i;

	if (hash != NULL && json_object_size(m->rulesets) < RULESETS)
		json_put(m->rulesets, hash, json_true());
	json_array_foreach(json_object_get(row, "rules"), i, hit)
	{
		const char *id = json_string_value(json_object_get(hit, "rule"));

		if (id != NULL)
			json_put(m->rules, id, json_true());
	}
}

/* ---- CSV --------------------------------------------------------------------------------- */
static void
csv_cell(const json_t *v, struct buf *to)
{
	const json_t *one;
	struct buf list;
	size_t i;

	if (json_is_string(v))
		export_csv_cell(to, str_of(json_string_value(v)), true);
	else if (json_is_integer(v))
		buf_printf(to, "%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		buf_add_c(to, json_is_true(v) ? "true" : "false");
	if (!json_is_array(v))
		return;
	buf_init(&list);
	json_array_foreach(v, i, one)
	{
		buf_add_c(&list, i > 0 ? " " : "");
		buf_add_c(&list, json_is_string(one) ? json_string_value(one) : "");
	}
	export_csv_cell(to, str_buf(&list), true);
	buf_fini(&list);
}

static void
csv_row(json_t *row, bool head, struct buf *to)
{
	const char *key;
	json_t *v;
	int n = 0;

	json_object_foreach(row, key, v)
	{
		buf_add_c(to, n++ > 0 ? "," : "");
		if (head)
			buf_add_c(to, key);
		else
			csv_cell(v, to);
	}
	buf_add_c(to, "\r\n");
}

/* ---- a part ------------------------------------------------------------------------------ */
struct proof_wanted {
	char id[40];
	int64_t entry;
};

struct part_files {
	struct bundle_rows rows;
	FILE *csv; /* NULL: not flat; waits for its turn in a file without a name */
	FILE *ids; /* of rows with an entry to prove, likewise */
	int64_t count;
};

static enum stw_code
spool_failed(struct stw_err *err)
{
	return stw_fail(err, STW_TEMPFAIL, "cannot write a temporary file");
}

static enum stw_code
check_row(struct making *m, const struct bundle_part *part, struct stw_err *err)
{
	const struct bundle_job *job = m->job;

	m->result->rows += part->nparams > 4;
	if (job->approver == NULL && m->result->rows > job->rows_alone)
		return stw_fail(err, STW_DENIED,
		    "there are more than %lld rows, which is what one person may take along: "
		    "have somebody else approve it",
		    (long long)job->rows_alone);
	if (stw_monotonic() - m->began > job->max_time)
		return stw_fail(err, STW_TEMPFAIL,
		    "the bundle takes longer than %lld minutes: narrow it",
		    (long long)(job->max_time / (60 * STW_USEC_SEC)));
	return STW_OK;
}

static enum stw_code
put_row(struct making *m, struct part_files *f, const struct bundle_part *part,
    const struct bundle_row *row, struct stw_err *err)
{
	json_t *v = json_loadb(row->json.ptr, row->json.len, 0, NULL);
	char *text;
	struct buf csv;
	enum stw_code rc = check_row(m, part, err);

	STW_ASSERT(v != NULL); /* the database wrote it */
	if (row->gap != NULL)
		gap_add(m, part->name, row->gap, row->id);
	json_put(v, "gap", json_text(row->gap));
	note_rules(m, v);
	text = json_dumps(v, JSON_COMPACT);
	STW_ASSERT(text != NULL);
	if (rc == STW_OK)
		rc = bundle_out_write(&m->out, str_of(text), err);
	if (rc == STW_OK)
		rc = bundle_out_write(&m->out, str_of("\n"), err);
	free(text);
	buf_init(&csv);
	if (f->csv != NULL && f->count == 0)
		csv_row(v, true, &csv);
	if (f->csv != NULL)
		csv_row(v, false, &csv);
	if (rc == STW_OK && csv.len > 0 &&
	    fwrite(csv.data, 1, csv.len, f->csv) != csv.len)
		rc = spool_failed(err);
	buf_fini(&csv);
	if (rc == STW_OK && f->ids != NULL) {
		struct proof_wanted want = {.entry = row->entry};

		(void)snprintf(want.id, sizeof want.id, "%s", row->id);
		if (fwrite(&want, sizeof want, 1, f->ids) != 1)
			rc = spool_failed(err);
	}
	f->count++;
	json_decref(v);
	return rc;
}

static enum stw_code
put_csv(struct making *m, struct part_files *f, const char *name, struct stw_err *err)
{
	char piece[16384];
	size_t n;
	enum stw_code rc = bundle_out_begin(&m->out, name, err);

	if (rc == STW_OK && fseek(f->csv, 0, SEEK_SET) != 0)
		rc = spool_failed(err);
	while (rc == STW_OK && (n = fread(piece, 1, sizeof piece, f->csv)) > 0)
		rc = bundle_out_write(&m->out, (struct str){piece, n}, err);
	if (rc == STW_OK && ferror(f->csv) != 0)
		rc = spool_failed(err);
	return rc == STW_OK ? file_end(m, f->count, err) : rc;
}

static enum stw_code
put_proofs(struct making *m, const struct part_files *f, const struct bundle_part *part,
    struct stw_err *err)
{
	struct bundle_row row = {0};
	struct proof_wanted want;
	enum stw_code rc = STW_OK;

	if (fseek(f->ids, 0, SEEK_SET) != 0)
		rc = spool_failed(err);
	while (rc == STW_OK && fread(&want, sizeof want, 1, f->ids) == 1) {
		row.id = want.id;
		row.entry = want.entry;
		rc = prove(m, part->name, &row, err);
	}
	if (rc == STW_OK && ferror(f->ids) != 0)
		rc = spool_failed(err);
	return rc;
}

static enum stw_code
part_rows(struct making *m, struct part_files *f, const struct bundle_part *part,
    struct stw_err *err)
{
	struct bundle_row row;
	bool more = true;
	char name[80];
	enum stw_code rc;

	(void)snprintf(name, sizeof name, "%s.ndjson", part->name);
	rc = bundle_out_begin(&m->out, name, err);
	if (rc == STW_OK)
		rc = bundle_rows_begin(m->db, part, m->job->scope, &f->rows, err);
	while (rc == STW_OK && more) {
		rc = bundle_rows_next(&f->rows, &row, &more, err);
		if (rc == STW_OK && more)
			rc = put_row(m, f, part, &row, err);
	}
	bundle_rows_end(&f->rows);
	return rc == STW_OK ? file_end(m, f->count, err) : rc;
}

static enum stw_code
put_part(struct making *m, const struct bundle_part *part, struct stw_err *err)
{
	bool proved =
	    strcmp(part->name, "decisions") == 0 || strcmp(part->name, "outcomes") == 0;
	struct part_files f = {0};
	char name[80];
	enum stw_code rc = STW_OK;
	json_t *v;

	f.csv = part->flat ? tmpfile() : NULL;
	f.ids = proved ? tmpfile() : NULL;
	if ((part->flat && f.csv == NULL) || (proved && f.ids == NULL))
		rc = spool_failed(err);
	if (rc == STW_OK)
		rc = part_rows(m, &f, part, err);
	(void)snprintf(name, sizeof name, "%s.csv", part->name);
	if (rc == STW_OK && f.csv != NULL && f.count > 0)
		rc = put_csv(m, &f, name, err);
	if (rc == STW_OK && f.ids != NULL)
		rc = put_proofs(m, &f, part, err);
	if (f.csv != NULL)
		(void)fclose(f.csv);
	if (f.ids != NULL)
		(void)fclose(f.ids);
	if (f.count == 0 && part->empty != NULL)
		gap_add(m, part->name, part->empty, NULL);
	v = json_object();
	json_put(v, "part", json_text(part->name));
	json_put(v, "rows", json_integer(f.count));
	json_push(m->parts, v);
	return rc;
}

/* ---- what is no rows of the database ------------------------------------------------------ */
static enum stw_code
put_trace(struct making *m, struct stw_err *err)
{
	json_t *v = trace_json(&m->job->scope->trace, m->job->rules);
	char *text = json_dumps(v, JSON_INDENT(1));
	enum stw_code rc;

	STW_ASSERT(text != NULL);
	gaps_of_trace(m, &m->job->scope->trace);
	rc = file_put(m, "trace.json", str_of(text), -1, err);
	free(text);
	json_decref(v);
	return rc;
}

/* Text and source of each rule that was looked at. */
static enum stw_code
put_rules(struct making *m, struct stw_err *err)
{
	const char *id;
	json_t *unused;
	struct buf text;
	int64_t rows = 0;
	enum stw_code rc;

	buf_init(&text);
	json_object_foreach(m->rules, id, unused)
	{
		const struct rule_info *info = ruleset_find(m->job->rules, id);
		json_t *v = json_object();
		char *line;

		if (info == NULL)
			gap_add(m, "rules", "GAP_RULE_TEXT", id);
		json_put(v, "rule", json_text(id));
		json_put(v, "pack", json_text(info != NULL ? info->pack : NULL));
		json_put(v, "pack_version",
		    json_text(info != NULL ? info->pack_version : NULL));
		json_put(v, "layer", json_text(info != NULL ? info->layer : NULL));
		json_put(v, "text",
		    info != NULL ? json_names(info->text_zh, info->text_en)
				 : json_null());
		json_put(v, "source", json_text(info != NULL ? info->source : NULL));
		json_put(
		    v, "evidence_grade", json_text(info != NULL ? info->grade : NULL));
		line = json_dumps(v, JSON_COMPACT);
		STW_ASSERT(line != NULL);
		buf_add_c(&text, line);
		buf_add_char(&text, '\n');
		free(line);
		json_decref(v);
		rows++;
	}
	rc = file_put(m, "rules.ndjson", str_buf(&text), rows, err);
	buf_fini(&text);
	return rc;
}

static enum stw_code
put_checkpoint(struct making *m, struct stw_err *err)
{
	struct merkle_hash root;
	struct buf note, keys;
	enum stw_code rc;

	buf_init(&note);
	buf_init(&keys);
	ledger_key_verifiers(m->job->key, &keys);
	rc = ledger_newest(m->db, &note, &m->size, &root, err);
	if (rc == STW_NOT_FOUND)
		rc = stw_fail(err, STW_CONFLICT,
		    "the ledger has no checkpoint yet: run steward ledger seal");
	if (rc == STW_OK)
		rc = file_put(m, "checkpoint", str_buf(&note), -1, err);
	if (rc == STW_OK)
		rc = file_put(m, "verifier-keys", str_buf(&keys), -1, err);
	buf_fini(&note);
	buf_fini(&keys);
	return rc;
}

/* ---- the manifest ------------------------------------------------------------------------- */
static json_t *
scope_json(const struct bundle_scope *s)
{
	const struct bundle_ask *ask = &s->ask;
	json_t *v = json_object();

	json_put(v, "kind",
	    json_text(ask->complaint != NULL  ? "complaint"
		      : ask->customer != NULL ? "customer"
		      : ask->phone != NULL    ? "number"
		      : ask->campaign != NULL ? "campaign"
					      : "period"));
	json_put(v, "complaint", json_text(ask->complaint));
	json_put(v, "customer", json_text(ask->customer));
	json_put(v, "number_mask",
	    json_text(ask->phone != NULL && s->trace.nparties > 0
			  ? s->trace.parties[0].phone_mask
			  : NULL));
	json_put(v, "campaign", json_text(ask->campaign));
	json_put(v, "from", json_time(ask->from));
	json_put(v, "to", json_time(ask->to));
	return v;
}

static json_t *
manifest_json(const struct making *m)
{
	const struct bundle_job *job = m->job;
	json_t *v = json_object(), *hashes = json_array(), *unused;
	const char *hash;

	json_object_foreach(m->rulesets, hash, unused)
	    json_push(hashes, json_text(hash));
	json_put(v, "format", json_text("steward-bundle/1"));
	json_put(v, "bundle_id", json_uuid(&m->result->id));
	json_put(v, "made_at", json_time(job->now));
	json_put(v, "scope", scope_json(job->scope));
	json_put(v, "masked", json_true());
	json_put(v, "actor", json_text(job->actor));
	json_put(v, "role", json_text(job->role));
	json_put(v, "approver", json_text(job->approver));
	json_put(v, "purpose", json_text(job->purpose));
	json_put(v, "ruleset_sha256", hashes);
	json_put(v, "checkpoint_size", json_integer((json_int_t)m->size));
	json_put(v, "proofs", json_integer(m->result->proofs));
	json_put(v, "parts", json_incref(m->parts));
	json_put(v, "gaps", json_incref(m->gaps));
	json_put(v, "files", json_incref(m->files));
	return v;
}

/* The last file; its own hash is what goes on record. */
static enum stw_code
put_manifest(struct making *m, struct stw_err *err)
{
	json_t *v = manifest_json(m);
	char *text = json_dumps(v, JSON_INDENT(1));
	int64_t bytes;
	enum stw_code rc = bundle_out_begin(&m->out, "manifest.json", err);

	STW_ASSERT(text != NULL);
	if (rc == STW_OK)
		rc = bundle_out_write(&m->out, str_of(text), err);
	if (rc == STW_OK)
		rc = bundle_out_write(&m->out, str_of("\n"), err);
	if (rc == STW_OK)
		rc = bundle_out_end(&m->out, &bytes, m->result->manifest_sha256, err);
	m->result->files = (int)json_array_size(m->files) + 1;
	m->result->gaps = (int)json_array_size(m->gaps);
	free(text);
	json_decref(v);
	return rc;
}

/* ---- on record ---------------------------------------------------------------------------- */
/* One access event; with an entry of the ledger when it is over. */
static enum stw_code
note(struct making *m, bool begun, struct stw_err *err)
{
	const struct bundle_job *job = m->job;
	struct uuid event = begun ? uuid_new(job->now) : m->result->id;
	char bundle[UUID_TEXT], id[UUID_TEXT], detail[300];
	const struct entry_field fields[] = {ENTRY_TEXT("actor", job->actor),
	    ENTRY_TEXT("approver", job->approver), ENTRY_TEXT("purpose", job->purpose),
	    ENTRY_TEXT("role", job->role), ENTRY_TEXT("what", "bundle"),
	    ENTRY_INT("rows", m->result->rows),
	    ENTRY_TEXT("sha256", m->result->manifest_sha256)};
	struct buf entry;
	enum stw_code rc;

	(void)snprintf(detail, sizeof detail,
	    "bundle=%s case=%.60s rows=%lld approver=%.60s manifest=%s",
	    uuid_format(&m->result->id, bundle), job->purpose,
	    (long long)m->result->rows, job->approver != NULL ? job->approver : "-",
	    begun ? "-" : m->result->manifest_sha256);
	const struct db_param params[] = {db_text(uuid_format(&event, id)),
	    db_usec(job->now), db_text(job->actor), db_text(job->role),
	    db_text("bundle"), db_text("allowed"), db_text(detail)};

	rc = db_begin(m->db, err);
	if (rc == STW_OK)
		rc = db_exec(
		    m->db, DB_Q_ACCESS_INSERT, params, DB_NPARAMS(params), NULL, err);
	buf_init(&entry);
	entry_write(
	    "export", bundle, job->now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	if (rc == STW_OK && !begun)
		rc = ledger_append(m->db, -1, "export", str_buf(&entry), err);
	buf_fini(&entry);
	if (rc == STW_OK)
		rc = db_commit(m->db, err);
	if (rc != STW_OK)
		db_rollback(m->db);
	return rc;
}

static enum stw_code
write_all(struct making *m, struct stw_err *err)
{
	const struct bundle_part *part;
	enum stw_code rc = db_begin_snapshot(m->db, err);

	if (rc == STW_OK)
		rc = put_checkpoint(m, err);
	for (int i = 0; rc == STW_OK && (part = bundle_part_at(i)) != NULL; i++)
		rc = put_part(m, part, err);
	db_rollback(m->db);
	if (rc == STW_OK)
		rc = put_rules(m, err);
	if (rc == STW_OK && m->job->scope->has_trace)
		rc = put_trace(m, err);
	return rc == STW_OK ? put_manifest(m, err) : rc;
}

enum stw_code
bundle_make(struct db *db, const struct bundle_job *job, const char *path,
    struct bundle_result *out, struct stw_err *err)
{
	struct making m = {.db = db,
	    .job = job,
	    .result = out,
	    .files = json_array(),
	    .parts = json_array(),
	    .gaps = json_array(),
	    .rulesets = json_object(),
	    .rules = json_object(),
	    .began = stw_monotonic()};
	struct stw_err second = {0};
	enum stw_code rc, closed;

	*out = (struct bundle_result){.id = uuid_new(job->now)};
	rc = bundle_out_open(&m.out, path, err);
	if (rc == STW_OK)
		rc = note(&m, true, err);
	if (rc == STW_OK)
		rc = write_all(&m, err);
	if (rc == STW_OK)
		rc = note(&m, false, err);
	closed = bundle_out_close(
	    &m.out, rc == STW_OK, &out->file, rc == STW_OK ? err : &second);
	json_decref(m.files);
	json_decref(m.parts);
	json_decref(m.gaps);
	json_decref(m.rulesets);
	json_decref(m.rules);
	return rc == STW_OK ? closed : rc;
}
