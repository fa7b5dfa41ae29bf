#include "api/bundle_verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "api/bundle.h"
#include "api/bundle_in.h"
#include "api/bundle_manifest.h"
#include "engine/time.h"

#define LINE_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define PROOFS         "proofs/"
#define PROOF_END      ".tlog-proof"

struct verifying {
	struct bundle_in in;
	const struct tlog_trust *trust;
	struct bundle_manifest manifest;
	struct arena arena;
	struct buf checkpoint; /* the note */
	json_t *entries;       /* by the id of the row they prove */
	struct bundle_report *report;
};

/* ---- files ------------------------------------------------------------------------------- */
static enum stw_code
whole_file(struct bundle_in *in, const char *name, size_t max, struct buf *to,
    struct stw_err *err)
{
	char piece[16384];
	size_t n = 1;
	enum stw_code rc = bundle_in_begin(in, name, err);

	buf_clear(to);
	while (rc == STW_OK && n > 0) {
		rc = bundle_in_read(in, piece, sizeof piece, &n, err);
		if (rc == STW_OK && to->len + n > max)
			rc = stw_fail(err, STW_CONFLICT,
			    "%s is larger than any of its kind", name);
		if (rc == STW_OK)
			buf_add(to, piece, n);
	}
	bundle_in_end(in);
	return rc;
}

static enum stw_code
check_file(struct verifying *v, const struct bundle_file *f, struct stw_err *err)
{
	const struct bundle_in_file *there = bundle_in_find(&v->in, f->name);
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	const char *dot = strrchr(f->name, '.');
	char piece[65536];
	int64_t lines = 0;
	size_t n = 1;
	enum stw_code rc;

	if (there == NULL)
		return stw_fail(err, STW_CONFLICT, "%s is missing", f->name);
	if (there->size != f->bytes)
		return stw_fail(err, STW_CONFLICT,
		    "%s has %" PRId64 " bytes, and the manifest says %" PRId64, f->name,
		    there->size, f->bytes);
	(void)crypto_hash_sha256_init(&state);
	rc = bundle_in_begin(&v->in, f->name, err);
	while (rc == STW_OK && n > 0) {
		rc = bundle_in_read(&v->in, piece, sizeof piece, &n, err);
		(void)crypto_hash_sha256_update(
		    &state, (const unsigned char *)piece, n);
		for (size_t i = 0; i < n; i++)
			lines += piece[i] == '\n';
	}
	bundle_in_end(&v->in);
	if (rc != STW_OK)
		return rc;
	(void)crypto_hash_sha256_final(&state, hash);
	if (memcmp(hash, f->sha256, sizeof hash) != 0)
		return stw_fail(err, STW_CONFLICT,
		    "%s is not what the manifest says: its SHA-256 differs", f->name);
	if (f->rows >= 0 && dot != NULL && strcmp(dot, ".ndjson") == 0 &&
	    f->rows != lines)
		return stw_fail(err, STW_CONFLICT,
		    "%s has %" PRId64 " rows, and the manifest says %" PRId64, f->name,
		    lines, f->rows);
	return STW_OK;
}

static enum stw_code
check_files(struct verifying *v, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (size_t i = 0; rc == STW_OK && i < v->manifest.nfiles; i++)
		rc = check_file(v, &v->manifest.files[i], err);
	for (size_t i = 0; rc == STW_OK && i < v->in.count; i++)
		if (strcmp(v->in.files[i].name, "manifest.json") != 0 &&
		    bundle_manifest_find(&v->manifest, v->in.files[i].name) == NULL)
			rc = stw_fail(err, STW_CONFLICT, "%s is not in the manifest",
			    v->in.files[i].name);
	v->report->files = v->manifest.nfiles + 1;
	return rc;
}

/* ---- proofs ------------------------------------------------------------------------------ */
static enum stw_code
check_checkpoint(struct verifying *v, struct stw_err *err)
{
	struct checkpoint c;
	size_t cosigned;
	enum stw_code rc =
	    whole_file(&v->in, "checkpoint", NOTE_BYTES_MAX, &v->checkpoint, err);

	if (rc == STW_OK &&
	    tlog_checkpoint_open((struct str){v->checkpoint.data, v->checkpoint.len},
		v->trust, &c, &cosigned, err) != STW_OK)
		return stw_err_prefix(err, STW_CONFLICT, "checkpoint");
	if (rc == STW_OK && c.size != v->manifest.checkpoint_size)
		rc = stw_fail(err, STW_CONFLICT,
		    "checkpoint is of %" PRIu64
		    " entries, and the manifest says %" PRIu64,
		    c.size, v->manifest.checkpoint_size);
	v->report->checkpoint_size = v->manifest.checkpoint_size;
	return rc;
}

/* A proof that holds; *entry is what it proves. same: its checkpoint is the bundle's. */
static enum stw_code
open_proof(struct verifying *v, struct str text, bool same, json_t **entry,
    struct stw_err *err)
{
	struct checkpoint checkpoint;
	struct tlog_proof proof;
	size_t cosigned;
	struct buf extra;
	enum stw_code rc = tlog_proof_parse(text, &proof, err);

	*entry = NULL;
	if (rc != STW_OK)
		return rc;
	if (same && !str_eq(proof.checkpoint,
			(struct str){v->checkpoint.data, v->checkpoint.len}))
		return stw_fail(
		    err, STW_INVALID, "its checkpoint is another than the bundle's");
	buf_init(&extra);
	tlog_proof_extra(&proof, &extra);
	rc = tlog_proof_check(&proof, (struct str){extra.data, extra.len}, v->trust,
	    &checkpoint, &cosigned, err);
	if (rc == STW_OK) {
		*entry =
		    json_loadb(extra.data, extra.len, JSON_REJECT_DUPLICATES, NULL);
		if (*entry == NULL)
			rc = stw_fail(
			    err, STW_INVALID, "what it proves is no entry of ours");
	}
	buf_fini(&extra);
	return rc;
}

static const char *
member(const json_t *v, const char *name)
{
	const char *text = json_string_value(json_object_get(v, name));

	return text != NULL ? text : "";
}

/* Which row an entry is about: a decision by its id, an outcome by its own. */
static const char *
entry_row(const json_t *entry)
{
	return member(
	    entry, strcmp(member(entry, "kind"), "outcome") == 0 ? "outcome" : "id");
}

static enum stw_code
check_proof(
    struct verifying *v, const char *name, struct buf *text, struct stw_err *err)
{
	size_t id_len = strlen(name) - strlen(PROOFS) - strlen(PROOF_END);
	json_t *entry = NULL;
	const char *id;
	enum stw_code rc = whole_file(&v->in, name, TLOG_PROOF_BYTES, text, err);

	if (rc == STW_OK && open_proof(v, (struct str){text->data, text->len}, true,
				&entry, err) != STW_OK)
		return stw_err_prefix(err, STW_CONFLICT, "%s does not hold", name);
	if (rc != STW_OK)
		return rc;
	id = entry_row(entry);
	if (strlen(id) != id_len || strncmp(id, name + strlen(PROOFS), id_len) != 0)
		rc = stw_fail(
		    err, STW_CONFLICT, "%s proves an entry about something else", name);
	else
		(void)json_object_set(v->entries, id, entry);
	json_decref(entry);
	v->report->proofs++;
	return rc;
}

static enum stw_code
check_proofs(struct verifying *v, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; rc == STW_OK && i < v->manifest.nfiles; i++) {
		const char *name = v->manifest.files[i].name;
		size_t len = strlen(name);

		if (strncmp(name, PROOFS, strlen(PROOFS)) != 0)
			continue;
		if (len <= strlen(PROOFS) + strlen(PROOF_END) ||
		    strcmp(name + len - strlen(PROOF_END), PROOF_END) != 0)
			rc = stw_fail(err, STW_CONFLICT, "%s is no proof", name);
		else
			rc = check_proof(v, name, &text, err);
	}
	buf_fini(&text);
	return rc;
}

/* ---- rows against what is proved ---------------------------------------------------------- */
struct proved_part {
	const char *name, *file, *kind, *id;
	const char *pairs[6][2]; /* member of the row, member of the entry */
	const char *at;          /* instant of the row that is the entry's */
};
static const struct proved_part proved[] = {
    {"decisions", "decisions.ndjson", "decision", "decision_id",
	{{"record_hmac", "record_hmac"}, {"record_sha256", "record_sha256"},
	    {"gate", "gate"}, {"outcome", "outcome"}, {"primary_code", "primary"}},
	"decided_at"},
    {"outcomes", "outcomes.ndjson", "outcome", "outcome_id",
	{{"task_id", "id"}, {"disposition", "disposition"}, {"agent", "agent"},
	    {"recording_sha256", "recording_sha256"}},
	"recorded_at"},
};

static void
note_unproven(struct bundle_report *to, const char *file, int64_t line, const char *id)
{
	struct bundle_unproven *one;

	if (to->unproven++ >= BUNDLE_UNPROVEN_NAMED)
		return;
	one = &to->without[to->unproven - 1];
	one->file = file;
	one->line = line;
	(void)snprintf(one->id, sizeof one->id, "%s", bundle_name_ok(id) ? id : "?");
}

static enum stw_code
check_row(struct verifying *v, const struct proved_part *part, const json_t *row,
    int64_t line, struct stw_err *err)
{
	const char *id = member(row, part->id);
	const json_t *entry = json_object_get(v->entries, id);
	stw_usec said, logged;

	if (entry == NULL) {
		note_unproven(v->report, part->file, line, id);
		return STW_OK;
	}
	if (strcmp(member(entry, "kind"), part->kind) != 0)
		return stw_fail(err, STW_CONFLICT,
		    "%s line %" PRId64 ": its proof is of another kind of entry",
		    part->file, line);
	for (size_t i = 0; part->pairs[i][0] != NULL; i++)
		if (strcmp(member(row, part->pairs[i][0]),
			member(entry, part->pairs[i][1])) != 0)
			return stw_fail(err, STW_CONFLICT,
			    "%s line %" PRId64 ": %s is not what the ledger proves",
			    part->file, line, part->pairs[i][0]);
	if (stw_usec_parse(str_of(member(row, part->at)), &said) != STW_OK ||
	    stw_usec_parse(str_of(member(entry, "at")), &logged) != STW_OK ||
	    said != logged)
		return stw_fail(err, STW_CONFLICT,
		    "%s line %" PRId64 ": %s is not what the ledger proves", part->file,
		    line, part->at);
	(void)json_object_del(v->entries, id);
	v->report->proven++;
	return STW_OK;
}

static enum stw_code
check_line(struct verifying *v, const struct proved_part *part, const struct buf *line,
    int64_t number, struct stw_err *err)
{
	json_t *row = json_loadb(line->data, line->len, JSON_REJECT_DUPLICATES, NULL);
	enum stw_code rc;

	if (!json_is_object(row))
		rc = stw_fail(err, STW_CONFLICT,
		    "%s line %" PRId64 " is no JSON object", part->file, number);
	else
		rc = check_row(v, part, row, number, err);
	json_decref(row);
	return rc;
}

/* What has no proof has to be named as such. */
static enum stw_code
check_unproven(struct verifying *v, const struct proved_part *part, int64_t unproven,
    struct stw_err *err)
{
	int64_t named = 0;

	for (size_t i = 0; i < v->manifest.ngaps; i++) {
		const struct bundle_gap *g = &v->manifest.gaps[i];

		if (strcmp(g->part, part->name) != 0)
			continue;
		/* Only a bundle that is full of proofs leaves one out. */
		if (strcmp(g->code, "GAP_PROOF") == 0 &&
		    v->report->proofs < BUNDLE_PROOFS_MAX)
			return stw_fail(err, STW_CONFLICT,
			    "%s: the manifest names rows without a proof, and the bundle "
			    "has room for more proofs",
			    part->file);
		if (strcmp(g->code, "GAP_LEDGER") == 0 ||
		    strcmp(g->code, "GAP_PROOF") == 0)
			named += g->rows;
	}
	if (named == unproven)
		return STW_OK;
	return stw_fail(err, STW_CONFLICT,
	    "%s: %" PRId64 " rows have no proof, and the manifest names %" PRId64,
	    part->file, unproven, named);
}

static enum stw_code
check_rows(struct verifying *v, const struct proved_part *part, struct stw_err *err)
{
	int64_t before = v->report->unproven, number = 0;
	char piece[16384];
	struct buf line;
	size_t n = 1;
	enum stw_code rc = bundle_in_begin(&v->in, part->file, err);

	if (rc == STW_NOT_FOUND)
		return stw_fail(err, STW_CONFLICT, "%s is missing", part->file);
	buf_init(&line);
	while (rc == STW_OK && n > 0) {
		rc = bundle_in_read(&v->in, piece, sizeof piece, &n, err);
		for (size_t i = 0; rc == STW_OK && i < n; i++) {
			if (piece[i] != '\n' && line.len < LINE_MAX_BYTES) {
				buf_add_char(&line, piece[i]);
				continue;
			}
			rc = check_line(v, part, &line, ++number, err);
			buf_clear(&line);
		}
	}
	if (rc == STW_OK && line.len > 0)
		rc = stw_fail(err, STW_CONFLICT, "%s ends within a line", part->file);
	buf_fini(&line);
	bundle_in_end(&v->in);
	return rc == STW_OK ? check_unproven(v, part, v->report->unproven - before, err)
			    : rc;
}

/* ---- the whole ---------------------------------------------------------------------------- */
static enum stw_code
check_receipt(struct verifying *v, struct str receipt, const struct buf *manifest,
    struct stw_err *err)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[sizeof hash * 2 + 1];
	json_t *entry = NULL;
	enum stw_code rc = STW_OK;

	if (receipt.len == 0)
		return STW_OK;
	(void)crypto_hash_sha256(
	    hash, (const unsigned char *)manifest->data, manifest->len);
	(void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	if (open_proof(v, receipt, false, &entry, err) != STW_OK)
		return stw_err_prefix(err, STW_CONFLICT, "the receipt does not hold");
	if (strcmp(member(entry, "kind"), "export") != 0 ||
	    strcmp(member(entry, "id"), v->manifest.bundle_id) != 0)
		rc = stw_fail(err, STW_CONFLICT, "the receipt is about another bundle");
	else if (strcmp(member(entry, "sha256"), hex) != 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "manifest.json is not the one that the ledger has on record");
	json_decref(entry);
	v->report->receipt = rc == STW_OK;
	return rc;
}

/* What nothing proves may be anything: whoever checks says how much of it may pass. */
static enum stw_code
check_most(const struct bundle_report *r, int64_t most, struct stw_err *err)
{
	if (r->unproven <= most)
		return STW_OK;
	return stw_fail(err, STW_CONFLICT,
	    "%" PRId64 " rows have no proof, the first is %s line %" PRId64
	    ": --allow-unproven %" PRId64 " lets them pass",
	    r->unproven, r->without[0].file, r->without[0].line, r->unproven);
}

static enum stw_code
verify(
    struct verifying *v, struct str receipt, int64_t unproven_most, struct stw_err *err)
{
	struct buf text;
	const char *id;
	json_t *unused;
	enum stw_code rc;

	buf_init(&text);
	rc = whole_file(&v->in, "manifest.json", BUNDLE_MANIFEST_BYTES, &text, err);
	if (rc == STW_OK)
		rc = bundle_manifest_read(
		    (struct str){text.data, text.len}, &v->arena, &v->manifest, err);
	if (rc == STW_OK)
		rc = check_files(v, err);
	if (rc == STW_OK)
		rc = check_checkpoint(v, err);
	if (rc == STW_OK)
		rc = check_receipt(v, receipt, &text, err);
	if (rc == STW_OK)
		rc = check_proofs(v, err);
	for (size_t i = 0; rc == STW_OK && i < STW_ARRAY_LEN(proved); i++)
		rc = check_rows(v, &proved[i], err);
	json_object_foreach(v->entries, id, unused)
	{
		if (rc == STW_OK)
			rc = stw_fail(err, STW_CONFLICT,
			    PROOFS "%s" PROOF_END " proves a row that is missing", id);
	}
	v->report->gaps = v->manifest.ngaps;
	if (rc == STW_OK)
		rc = check_most(v->report, unproven_most, err);
	if (rc == STW_OK)
		(void)snprintf(v->report->bundle_id, sizeof v->report->bundle_id, "%s",
		    v->manifest.bundle_id);
	buf_fini(&text);
	return rc;
}

enum stw_code
bundle_verify(const char *path, const struct tlog_trust *trust, struct str receipt,
    int64_t unproven_most, struct bundle_report *out, struct stw_err *err)
{
	struct verifying v = {.trust = trust, .entries = json_object(), .report = out};
	enum stw_code rc;

	*out = (struct bundle_report){0};
	arena_init(&v.arena);
	buf_init(&v.checkpoint);
	rc = bundle_in_open(&v.in, path, err);
	if (rc == STW_OK)
		rc = verify(&v, receipt, unproven_most, err);
	/* What is no bundle at all, or not whole, is bad as well. */
	if (rc == STW_INVALID || rc == STW_CONFLICT ||
	    (rc == STW_NOT_FOUND && v.in.count > 0))
		rc = stw_err_prefix(err, STW_CONFLICT, "THE BUNDLE IS BAD");
	bundle_in_close(&v.in);
	buf_fini(&v.checkpoint);
	arena_fini(&v.arena);
	json_decref(v.entries);
	return rc;
}
