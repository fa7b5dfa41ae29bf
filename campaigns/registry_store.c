#include "campaigns/registry_store.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/phone.h"
#include "segments/csv.h"
#include "segments/csv_source.h"
#include "segments/key_store.h"

#define PROBLEMS_MAX 20
#define NUMBER_MAX   64

static enum stw_code
registry_log(struct db *db, const char *code, const char *what,
    const struct entry_field *more, int nmore, stw_usec now, struct stw_err *err)
{
	struct entry_field fields[8] = {ENTRY_TEXT("what", what)};
	struct buf entry;
	enum stw_code rc;

	STW_ASSERT(nmore < (int)STW_ARRAY_LEN(fields));
	for (int i = 0; i < nmore; i++)
		fields[i + 1] = more[i];
	buf_init(&entry);
	entry_write("registry", code, now, fields, nmore + 1, &entry);
	rc =
	    ledger_append(db, -1, "registry", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static enum stw_code
no_registry(struct stw_err *err, const char *code)
{
	return stw_fail(
	    err, STW_NOT_FOUND, "there is no registry %s; define it first", code);
}

/* ---- what is said of it ------------------------------------------------------------- */
static bool
is_code(const char *code)
{
	return code[0] >= 'A' && code[0] <= 'Z' && strlen(code) >= 2 &&
	       strlen(code) <= 40 &&
	       strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == strlen(code);
}

static enum stw_code
check_registry(const struct registry *r, struct stw_err *err)
{
	if (!is_code(r->code))
		return stw_fail(err, STW_INVALID,
		    "a registry's code is capitals, digits and dashes, as US-DNC");
	if (strcmp(r->kind, "do_not_call") != 0 && strcmp(r->kind, "reassigned") != 0)
		return stw_fail(err, STW_INVALID,
		    "registry kind '%s': do_not_call or reassigned is wanted", r->kind);
	if (strlen(r->country) != 2 ||
	    strspn(r->country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)
		return stw_fail(err, STW_INVALID,
		    "registry country '%s': two capitals are wanted", r->country);
	if (r->freshness_days < 1 || r->freshness_days > 3660)
		return stw_fail(
		    err, STW_INVALID, "freshness_days: 1 to 3660 is wanted");
	if (r->grace_days < 0 || r->grace_days > 365)
		return stw_fail(err, STW_INVALID, "grace_days: 0 to 365 is wanted");
	return STW_OK;
}

enum stw_code
registry_put(struct db *db, const struct registry *r, const char *actor, stw_usec now,
    struct stw_err *err)
{
	struct str channels[16];
	const struct entry_field fields[] = {ENTRY_TEXT("kind", r->kind),
	    ENTRY_TEXT("country", r->country),
	    ENTRY_INT("freshness_days", r->freshness_days),
	    ENTRY_INT("grace_days", r->grace_days), ENTRY_TEXT("actor", actor)};
	struct db_rows *rows = NULL;
	enum stw_code rc = check_registry(r, err);

	if (rc == STW_OK && r->nchannels > STW_ARRAY_LEN(channels))
		rc = stw_fail(
		    err, STW_INVALID, "at most %zu channels", STW_ARRAY_LEN(channels));
	if (rc != STW_OK)
		return rc;
	for (size_t i = 0; i < r->nchannels; i++)
		channels[i] = str_of(r->channels[i]);
	const struct db_param params[] = {db_text(r->code), db_text(r->kind),
	    db_text(r->country), db_text(r->name_zh), db_text(r->name_en),
	    db_texts(channels, r->nchannels), db_i64(r->freshness_days),
	    db_i64(r->grace_days), db_text(actor), db_usec(now)};

	rc = db_query(db, DB_Q_REGISTRY_PUT, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "registry %s exists and is of another kind", r->code);
	db_rows_free(rows);
	if (rc == STW_OK)
		rc = registry_log(db, r->code, "defined", fields,
		    (int)STW_ARRAY_LEN(fields), now, err);
	return rc;
}

static stw_usec
instant_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

enum stw_code
registry_list(struct db *db, struct arena *arena, struct registry **out, int *count,
    struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_REGISTRY_LIST, NULL, 0, &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct registry *g = &(*out)[r];

		g->code = db_get_text(rows, r, 0, arena);
		g->kind = db_get_text(rows, r, 1, arena);
		g->country = db_get_text(rows, r, 2, arena);
		g->name_zh = db_get_text(rows, r, 3, arena);
		g->name_en = db_get_text(rows, r, 4, arena);
		g->channels = db_get_texts(rows, r, 5, &g->nchannels, arena);
		g->freshness_days = (int)db_get_i64(rows, r, 6);
		g->grace_days = (int)db_get_i64(rows, r, 7);
		g->up = db_get_bool(rows, r, 8);
		g->up_since = db_get_usec(rows, r, 9);
		g->version = (int)db_get_i64(rows, r, 10);
		g->obtained_at = instant_or_never(rows, r, 11);
		g->listed = db_get_i64(rows, r, 12);
		g->rejected = db_get_i64(rows, r, 13);
		g->comparable = db_get_bool(rows, r, 14);
		g->results = db_get_i64(rows, r, 15);
		g->newest_result = instant_or_never(rows, r, 16);
		g->updated_by = db_get_text(rows, r, 17, arena);
	}
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
registry_set_up(struct db *db, const char *code, bool up, const char *actor,
    stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(code), db_bool(up), db_usec(now), db_text(actor)};
	const struct entry_field fields[] = {ENTRY_TEXT("actor", actor)};
	enum stw_code rc;

	rc = db_query_one(db, DB_Q_REGISTRY_UP, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_NOT_FOUND)
		rc = no_registry(err, code);
	if (rc == STW_OK)
		rc = registry_log(db, code, up ? "up" : "down", fields,
		    (int)STW_ARRAY_LEN(fields), now, err);
	return rc;
}

/* ---- numbers ---------------------------------------------------------------------------- */
struct hasher {
	const struct seal_keys *keys;
	int version; /* of the index key: while it is exchanged, the one that every number
	              * of the book is still found by */
	const char *country;
};

static enum stw_code
hasher_init(struct db *db, const struct seal_keys *keys, const char *country,
    struct hasher *out, struct stw_err *err)
{
	struct index_key key;
	enum stw_code rc = index_key_hold(db, keys, &key, err);

	*out = (struct hasher){keys, key.before != 0 ? key.before : key.now, country};
	return rc;
}

static enum stw_code
hasher_number(const struct hasher *h, struct str text,
    unsigned char out[SEAL_INDEX_BYTES], struct stw_err *err)
{
	struct phone phone;
	enum stw_code rc = phone_parse(text, h->country, &phone, err);

	if (rc == STW_OK && !phone.possible)
		rc = stw_fail(err, STW_INVALID, "a number of impossible length");
	if (rc == STW_OK)
		seal_index(h->keys, h->version, str_of(phone.e164), out);
	return rc;
}

static enum stw_code
registry_hold(struct db *db, const char *code, struct arena *arena, const char **kind,
    const char **country, int *newest, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(
	    db, DB_Q_REGISTRY_LOCK, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_NOT_FOUND)
		rc = no_registry(err, code);
	if (rc == STW_OK) {
		*kind = db_get_text(rows, 0, 0, arena);
		*country = db_get_text(rows, 0, 1, arena);
		*newest = (int)db_get_i64(rows, 0, 2);
	}
	db_rows_free(rows);
	return rc;
}

/* ---- one answer ---------------------------------------------------------------------------- */
static enum stw_code
check_answer(const struct registry_answer *a, const char *kind, stw_usec now,
    struct stw_err *err)
{
	static const char *const listings[] = {"listed", "not_listed", NULL};
	static const char *const hands[] = {
	    "reassigned", "not_reassigned", "no_data", NULL};
	bool dnc = strcmp(kind, "do_not_call") == 0;
	const char *const *words = dnc ? listings : hands;

	while (*words != NULL && strcmp(*words, a->answer) != 0)
		words++;
	if (*words == NULL)
		return stw_fail(err, STW_INVALID, "answer '%s': %s is wanted",
		    a->answer,
		    dnc ? "listed or not_listed"
			: "reassigned, not_reassigned or no_data");
	if (!dnc && a->consent_date == REGISTRY_NO_DAY)
		return stw_fail(err, STW_INVALID,
		    "consent_date: the day that the registry was asked about is wanted");
	if (a->obtained_at > now)
		return stw_fail(err, STW_INVALID, "obtained_at: lies in the future");
	return STW_OK;
}

enum stw_code
registry_record(struct db *db, const struct seal_keys *keys,
    const struct registry_answer *a, const char *actor, stw_usec now,
    struct stw_err *err)
{
	unsigned char index[SEAL_INDEX_BYTES];
	const char *kind = NULL, *country = NULL;
	const struct entry_field fields[] = {ENTRY_TEXT("answer", a->answer),
	    ENTRY_TEXT("reference", a->reference), ENTRY_TEXT("actor", actor)};
	struct hasher hasher = {0};
	struct arena arena;
	int newest;
	enum stw_code rc;

	arena_init(&arena);
	rc = hasher_init(db, keys, NULL, &hasher, err);
	if (rc == STW_OK)
		rc = registry_hold(
		    db, a->registry, &arena, &kind, &country, &newest, err);
	if (rc == STW_OK)
		rc = check_answer(a, kind, now, err);
	hasher.country = country;
	if (rc == STW_OK)
		rc = hasher_number(&hasher, a->number, index, err);
	if (rc == STW_OK) {
		const struct db_param params[] = {db_text(a->registry),
		    db_bytes(index, sizeof index), db_text(a->answer),
		    db_i64(hasher.version),
		    a->listed_on == REGISTRY_NO_DAY ? db_null() : db_day(a->listed_on),
		    a->consent_date == REGISTRY_NO_DAY ? db_null()
						       : db_day(a->consent_date),
		    db_text(a->reference), db_usec(a->obtained_at), db_usec(now),
		    db_text(actor)};

		rc = db_query(db, DB_Q_REGISTRY_RESULT_INSERT, params,
		    DB_NPARAMS(params), NULL, err);
	}
	if (rc == STW_OK)
		rc = registry_log(db, a->registry, "asked", fields,
		    (int)STW_ARRAY_LEN(fields), now, err);
	arena_fini(&arena);
	return rc;
}

/* ---- a file ------------------------------------------------------------------------------------ */
/* Over the bytes as they are read, unpacked: the same list packed anew is the same. */
static enum stw_code
file_hash(
    const char *path, unsigned char out[crypto_hash_sha256_BYTES], struct stw_err *err)
{
	crypto_hash_sha256_state state;
	struct csv_source *source;
	char block[16384];
	size_t got = 1;
	enum stw_code rc = csv_source_open(path, &source, err);

	if (rc != STW_OK)
		return rc;
	crypto_hash_sha256_init(&state);
	while (rc == STW_OK && got > 0) {
		rc = csv_source_read(source, block, sizeof block, &got, err);
		if (rc == STW_OK)
			crypto_hash_sha256_update(
			    &state, (const unsigned char *)block, got);
	}
	crypto_hash_sha256_final(&state, out);
	csv_source_close(source);
	return rc;
}

struct loading {
	const struct registry_file *file;
	const char *name; /* of the file, for messages */
	struct csv *csv;
	int area, number, listed_on; /* columns; -1: none */
	struct hasher hasher;
	struct db_copy_in *copy;
	struct registry_load *out;
	struct arena *arena;
};

static enum stw_code
find_columns(struct loading *l, struct stw_err *err)
{
	l->number = csv_find_column(l->csv, "number");
	l->area = csv_find_column(l->csv, "area");
	l->listed_on = csv_find_column(l->csv, "listed_on");
	if (l->number < 0)
		return stw_fail(err, STW_INVALID,
		    "%s:1: there is no column number; name the columns of a file without a "
		    "header",
		    l->name);
	return STW_OK;
}

/* Kept for the report; too many of them are the end. */
static enum stw_code
bad_line(struct loading *l, const char *column, const char *why, struct stw_err *err)
{
	struct registry_load *out = l->out;

	if (out->nproblems < PROBLEMS_MAX)
		out->problems[out->nproblems++] =
		    arena_printf(l->arena, "%s:%lld: column %s: %s", l->name,
			(long long)csv_line(l->csv), column, why);
	out->rejected++;
	if (out->rejected <= l->file->max_errors)
		return STW_OK;
	return stw_fail_at(err, STW_INVALID, (int)csv_line(l->csv), 0,
	    "%s:%lld: column %s: %s", l->name, (long long)csv_line(l->csv), column,
	    why);
}

static enum stw_code
take_row(struct loading *l, struct stw_err *err)
{
	unsigned char index[SEAL_INDEX_BYTES];
	struct str number = csv_field(l->csv, l->number);
	struct str day =
	    l->listed_on < 0 ? (struct str){0} : csv_field(l->csv, l->listed_on);
	struct stw_err why = {0};
	stw_day listed_on = 0;
	char joined[NUMBER_MAX];

	if (l->area >= 0) {
		struct str area = csv_field(l->csv, l->area);

		if (area.len + number.len >= sizeof joined)
			return bad_line(l, "number", "too long", err);
		(void)snprintf(
		    joined, sizeof joined, "%.*s%.*s", STR_FMT(area), STR_FMT(number));
		number = str_of(joined);
	}
	if (day.len > 0 && stw_day_parse(day, &listed_on) != STW_OK)
		return bad_line(l, "listed_on", "not a day like 2026-11-23", err);
	if (hasher_number(&l->hasher, number, index, &why) != STW_OK)
		return bad_line(l, "number", why.text, err);
	db_put_row(l->copy, 2);
	db_put_bytes(l->copy, index, sizeof index);
	if (day.len > 0)
		db_put_day(l->copy, listed_on);
	else
		db_put_null(l->copy);
	return STW_OK;
}

static enum stw_code
take_rows(struct loading *l, struct db *db, struct stw_err *err)
{
	bool more = true;
	enum stw_code rc = db_script(db, db_query_texts[DB_Q_REGISTRY_STAGE], err);

	if (rc == STW_OK)
		rc = db_copy_in_begin(db, DB_Q_REGISTRY_STAGE_COPY, &l->copy, err);
	if (rc != STW_OK)
		return rc;
	while (rc == STW_OK) {
		struct stw_err why = {0};

		rc = csv_next(l->csv, &more, &why);
		if (rc == STW_INVALID && csv_can_continue(l->csv))
			rc = bad_line(l, "-", why.text, err);
		else if (rc != STW_OK)
			*err = why;
		else if (!more)
			break;
		else
			rc = take_row(l, err);
	}
	if (rc != STW_OK) {
		db_copy_in_abort(l->copy);
		return rc;
	}
	return db_copy_in_end(l->copy, NULL, err);
}

static enum stw_code
put_version(struct db *db, const struct loading *l,
    const unsigned char hash[crypto_hash_sha256_BYTES], stw_usec now,
    struct stw_err *err)
{
	const struct registry_file *f = l->file;
	struct registry_load *out = l->out;
	const struct db_param take[] = {db_text(f->registry), db_i64(out->version)};
	enum stw_code rc =
	    db_exec(db, DB_Q_REGISTRY_TAKE, take, DB_NPARAMS(take), &out->listed, err);
	const struct db_param params[] = {take[0], take[1],
	    db_bytes(hash, crypto_hash_sha256_BYTES), db_i64(l->hasher.version),
	    db_usec(f->obtained_at), db_usec(now), db_text(f->actor),
	    db_i64(out->listed), db_i64(out->rejected)};
	char hex[2 * crypto_hash_sha256_BYTES + 1];
	const struct entry_field fields[] = {ENTRY_INT("version", out->version),
	    ENTRY_TEXT("file_sha256",
		sodium_bin2hex(hex, sizeof hex, hash, crypto_hash_sha256_BYTES)),
	    ENTRY_INT("listed", out->listed), ENTRY_INT("rejected", out->rejected),
	    ENTRY_TEXT("actor", f->actor)};

	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_REGISTRY_ACTIVATE, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = registry_log(db, f->registry, "loaded", fields,
		    (int)STW_ARRAY_LEN(fields), now, err);
	return rc;
}

static enum stw_code
seen_before(struct db *db, const struct loading *l,
    const unsigned char hash[crypto_hash_sha256_BYTES], bool *seen, struct stw_err *err)
{
	const struct db_param params[] = {db_text(l->file->registry),
	    db_bytes(hash, crypto_hash_sha256_BYTES), db_usec(l->file->obtained_at),
	    db_i64(l->hasher.version)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_REGISTRY_SEEN, params, DB_NPARAMS(params), &rows, err);

	*seen = rc == STW_OK && db_rows_count(rows) > 0;
	if (*seen) {
		l->out->unchanged = true;
		l->out->version = (int)db_get_i64(rows, 0, 0);
		l->out->listed = db_get_i64(rows, 0, 1);
		l->out->rejected = db_get_i64(rows, 0, 2);
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
load_in_tx(struct loading *l, struct db *db, const struct seal_keys *keys,
    const unsigned char hash[crypto_hash_sha256_BYTES], stw_usec now,
    struct stw_err *err)
{
	const char *kind, *country = NULL;
	int newest = 0;
	bool seen = false;
	enum stw_code rc = hasher_init(db, keys, NULL, &l->hasher, err);

	if (rc == STW_OK)
		rc = registry_hold(
		    db, l->file->registry, l->arena, &kind, &country, &newest, err);
	if (rc == STW_OK && strcmp(kind, "do_not_call") != 0)
		rc = stw_fail(err, STW_INVALID,
		    "registry %s answers about single numbers: it has no files",
		    l->file->registry);
	l->hasher.country = country;
	if (rc == STW_OK)
		rc = seen_before(db, l, hash, &seen, err);
	if (rc != STW_OK || seen)
		return rc;
	l->out->version = newest + 1;
	rc = take_rows(l, db, err);
	return rc == STW_OK ? put_version(db, l, hash, now, err) : rc;
}

enum stw_code
registry_load(struct db *db, const struct seal_keys *keys,
    const struct registry_file *file, stw_usec now, struct arena *arena,
    struct registry_load *out, struct stw_err *err)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	const char *slash = strrchr(file->path, '/');
	const struct csv_format format = {.names = file->names,
	    .nnames = file->nnames,
	    .no_header = file->names != NULL,
	    .trim = true};
	struct loading l = {.file = file,
	    .name = slash == NULL ? file->path : slash + 1,
	    .out = out,
	    .arena = arena};
	enum stw_code rc;

	*out = (struct registry_load){
	    .problems = arena_array(arena, PROBLEMS_MAX, sizeof *out->problems)};
	if (file->obtained_at > now)
		return stw_fail(err, STW_INVALID,
		    "the day that the file was obtained lies in the future");
	rc = file_hash(file->path, hash, err);
	if (rc == STW_OK)
		rc = csv_open(file->path, &format, &l.csv, err);
	if (rc == STW_OK)
		rc = find_columns(&l, err);
	if (rc == STW_OK)
		rc = db_begin(db, err);
	if (rc == STW_OK) {
		rc = load_in_tx(&l, db, keys, hash, now, err);
		if (rc == STW_OK)
			rc = db_commit(db, err);
		else
			db_rollback(db);
	}
	csv_close(l.csv);
	return rc;
}
