#include "campaigns/compliance/pack_store.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/compliance/pack_check.h"
#include "db/entry_json.h"
#include "db/ledger.h"

#define MAX_EMBEDDED 64

/* ---- the ledger ------------------------------------------------------------------------ */
struct change {
	const char *pack, *version, *hex, *actor, *approver, *what, *why;
	stw_usec from; /* STW_USEC_NEVER: nothing to say */
};

static enum stw_code
change_log(
    struct db *db, const struct change *change, stw_usec now, struct stw_err *err)
{
	char from[STW_USEC_TEXT];
	struct entry_field fields[9];
	struct buf entry;
	enum stw_code rc;
	int n = 0;

	fields[n++] = ENTRY_TEXT("what", "pack");
	fields[n++] = ENTRY_TEXT("version", change->version);
	fields[n++] = ENTRY_TEXT("sha256", change->hex);
	fields[n++] = ENTRY_TEXT("actor", change->actor);
	if (change->approver != NULL)
		fields[n++] = ENTRY_TEXT("approved_by", change->approver);
	if (change->from != STW_USEC_NEVER)
		fields[n++] = ENTRY_TEXT("from", stw_usec_format(change->from, from));
	if (change->why != NULL)
		fields[n++] = ENTRY_TEXT("why", change->why);
	fields[n++] = ENTRY_TEXT("change", change->what);
	buf_init(&entry);
	entry_write("rule_change", change->pack, now, fields, n, &entry);
	rc = ledger_append(
	    db, -1, "rule_change", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

/* ---- files -------------------------------------------------------------------------------- */
enum stw_code
pack_store_files(struct db *db, const char *pack, const char *version,
    struct arena *arena, struct pack_files *out, struct stw_err *err)
{
	const struct db_param params[] = {db_text(pack), db_text(version)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(db, DB_Q_PACK_FILE_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0) {
		db_rows_free(rows);
		return pack_files_embedded(arena_strdup(arena, pack),
		    arena_strdup(arena, version), arena, out, err);
	}
	*out = (struct pack_files){
	    .id = arena_strdup(arena, pack), .version = arena_strdup(arena, version)};
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++)
		rc = pack_files_add(out, db_get_text(rows, r, 0, arena),
		    db_get_bytes(rows, r, 1, arena), err);
	db_rows_free(rows);
	return rc == STW_OK ? pack_files_finish(out, err) : rc;
}

static enum stw_code
files_insert(struct db *db, const struct pack_files *files, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int i = 0; rc == STW_OK && i < files->count; i++) {
		const struct pack_file *f = &files->items[i];
		const struct db_param params[] = {db_text(files->id),
		    db_text(files->version), db_text(f->name),
		    db_bytes(f->data.ptr, f->data.len)};

		rc = db_query(
		    db, DB_Q_PACK_FILE_INSERT, params, DB_NPARAMS(params), NULL, err);
	}
	return rc;
}

static void
hash_bytes(const char *hex, unsigned char hash[32])
{
	STW_ASSERT(sodium_hex2bin(hash, 32, hex, 64, NULL, NULL, NULL) == 0);
}

/* ---- what is in force ----------------------------------------------------------------------- */
enum stw_code
pack_store_activations(struct db *db, struct arena *arena,
    struct pack_activation_row **out, int *count, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	struct pack_activation_row *items;
	enum stw_code rc = db_query(db, DB_Q_PACK_ACTIVE, NULL, 0, &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	items = arena_array(arena, (size_t)db_rows_count(rows), sizeof *items);
	DB_ROW_FOREACH(rows, r) {
		items[r] =
		    (struct pack_activation_row){.pack = db_get_text(rows, r, 0, arena),
			.version = db_get_text(rows, r, 1, arena),
			.from = db_get_usec(rows, r, 2),
			.to = db_is_null(rows, r, 3) ? STW_USEC_MAX
						     : db_get_usec(rows, r, 3),
			.hash_hex = db_get_text(rows, r, 4, arena),
			.submitted_by = db_get_text(rows, r, 5, arena),
			.approved_by = db_get_text(rows, r, 6, arena),
			.activated_at = db_get_usec(rows, r, 7)};
	}
	*out = items;
	*count = db_rows_count(rows);
	db_rows_free(rows);
	return STW_OK;
}

/* The rows, with their files; one place more for a candidate. */
static enum stw_code
sources_make(struct db *db, struct arena *arena, struct pack_source **out, int *count,
    struct stw_err *err)
{
	struct pack_activation_row *rows;
	enum stw_code rc = pack_store_activations(db, arena, &rows, count, err);

	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)*count + 1, sizeof **out);
	for (int i = 0; i < *count; i++) {
		struct pack_files *files = arena_alloc(arena, sizeof *files);

		rc = pack_store_files(
		    db, rows[i].pack, rows[i].version, arena, files, err);
		if (rc != STW_OK)
			return rc == STW_NOT_FOUND ? STW_INVALID : rc;
		(*out)[i] = (struct pack_source){
		    .use = {rows[i].pack, rows[i].version, rows[i].from, rows[i].to},
		    .files = files,
		    .hash_hex = rows[i].hash_hex};
	}
	return STW_OK;
}

enum stw_code
pack_rules_load(struct db *db, struct ruleset **out, struct stw_err *err)
{
	struct pack_source *sources = NULL;
	struct arena arena;
	enum stw_code rc;
	int count = 0;

	*out = NULL;
	arena_init(&arena);
	rc = sources_make(db, &arena, &sources, &count, err);
	if (rc == STW_OK && count == 0)
		rc = stw_fail(err, STW_INVALID,
		    "no compliance pack is active, so nothing may be planned or dialled: "
		    "run steward setup, or activate one");
	else if (rc == STW_OK)
		rc = ruleset_load_sources(sources, count, out, err);
	arena_fini(&arena);
	return rc;
}

enum stw_code
pack_rules_stamp(struct db *db, int64_t *out, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(db, DB_Q_PACK_STAMP, NULL, 0, &rows, err);

	*out = rc == STW_OK ? db_get_i64(rows, 0, 0) : 0;
	db_rows_free(rows);
	return rc;
}

/* ---- what a version has to be ---------------------------------------------------------------- */
/* Joined to the packs in force from `from` on, in place of its own older version. */
static enum stw_code
joins(struct db *db, const struct pack_files *files, stw_usec from, struct arena *arena,
    struct stw_err *err)
{
	struct pack_source *sources = NULL;
	struct ruleset *rules = NULL;
	stw_usec to = STW_USEC_MAX;
	int count = 0, n = 0;
	enum stw_code rc = sources_make(db, arena, &sources, &count, err);

	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < count; i++) {
		struct pack_use *use = &sources[i].use;

		if (strcmp(use->pack, files->id) == 0 && use->from > from &&
		    use->from < to)
			to = use->from;
		if (strcmp(use->pack, files->id) == 0 && use->from <= from &&
		    use->to > from)
			use->to = from;
		if (use->from < use->to)
			sources[n++] = sources[i];
	}
	sources[n++] =
	    (struct pack_source){{files->id, files->version, from, to}, files, NULL};
	rc = ruleset_load_sources(sources, n, &rules, err);
	ruleset_free(rules);
	return rc;
}

static enum stw_code
version_check(struct db *db, const struct pack_files *files, stw_usec from,
    struct arena *arena, int *passed, struct stw_err *err)
{
	enum stw_code rc = pack_files_test(files, passed, err);

	return rc == STW_OK ? joins(db, files, from, arena, err) : rc;
}

/* ---- versions ------------------------------------------------------------------------------- */
static stw_usec
instant_or_never(const struct db_rows *rows, int row, int col)
{
	return db_is_null(rows, row, col) ? STW_USEC_NEVER
					  : db_get_usec(rows, row, col);
}

static void
version_from_row(const struct db_rows *rows, int r, struct arena *arena,
    struct pack_version_row *out)
{
	*out = (struct pack_version_row){.pack = db_get_text(rows, r, 0, arena),
	    .version = db_get_text(rows, r, 1, arena),
	    .hash_hex = db_get_text(rows, r, 2, arena),
	    .rules = (int)db_get_i64(rows, r, 3),
	    .state = db_get_text(rows, r, 4, arena),
	    .loaded_by = db_get_text(rows, r, 5, arena),
	    .loaded_at = db_get_usec(rows, r, 6),
	    .submitted_by = db_get_text(rows, r, 7, arena),
	    .submitted_at = instant_or_never(rows, r, 8),
	    .wanted_from = instant_or_never(rows, r, 9),
	    .tests_passed = (int)db_get_i64(rows, r, 10),
	    .approved_by = db_get_text(rows, r, 11, arena),
	    .approved_at = instant_or_never(rows, r, 12),
	    .rejected_by = db_get_text(rows, r, 13, arena),
	    .rejected_at = instant_or_never(rows, r, 14),
	    .rejected_why = db_get_text(rows, r, 15, arena)};
}

static int
version_row_cmp(const void *a, const void *b)
{
	const struct pack_version_row *x = a, *y = b;
	int cmp = strcmp(x->pack, y->pack);

	return cmp != 0 ? cmp : pack_version_cmp(x->version, y->version);
}

enum stw_code
pack_store_versions(struct db *db, const char *pack, struct arena *arena,
    struct pack_version_row **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(pack), db_null()};
	struct pack_info own[MAX_EMBEDDED];
	int nown = ruleset_embedded(own, MAX_EMBEDDED), n = 0;
	struct pack_version_row *items;
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(
	    db, DB_Q_PACK_VERSION_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	items = arena_array(
	    arena, (size_t)db_rows_count(rows) + (size_t)nown, sizeof *items);
	DB_ROW_FOREACH(rows, r) {
		version_from_row(rows, r, arena, &items[n++]);
	}
	db_rows_free(rows);
	for (int i = 0; i < nown; i++) {
		int k = 0;

		if (pack != NULL && strcmp(pack, own[i].pack) != 0)
			continue;
		while (k < n && (strcmp(items[k].pack, own[i].pack) != 0 ||
				    strcmp(items[k].version, own[i].version) != 0))
			k++;
		if (k == n)
			items[n++] = (struct pack_version_row){.pack = own[i].pack,
			    .version = own[i].version,
			    .hash_hex = own[i].hash_hex,
			    .rules = own[i].nrules,
			    .state = "embedded",
			    .loaded_at = STW_USEC_NEVER,
			    .submitted_at = STW_USEC_NEVER,
			    .approved_at = STW_USEC_NEVER,
			    .rejected_at = STW_USEC_NEVER,
			    .wanted_from = STW_USEC_NEVER};
		items[k].embedded = strcmp(items[k].hash_hex, own[i].hash_hex) == 0;
	}
	qsort(items, (size_t)n, sizeof *items, version_row_cmp);
	*out = items;
	*count = n;
	return STW_OK;
}

/* NOT_FOUND: nobody has loaded it. */
static enum stw_code
version_get(struct db *db, const char *pack, const char *version, struct arena *arena,
    struct pack_version_row *out, struct stw_err *err)
{
	const struct db_param params[] = {db_text(pack), db_text(version)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(
	    db, DB_Q_PACK_VERSION_LIST, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK)
		version_from_row(rows, 0, arena, out);
	db_rows_free(rows);
	return rc;
}

/* ---- load ------------------------------------------------------------------------------------ */
static enum stw_code
load_in_tx(struct db *db, const struct pack_files *files, const char *by, stw_usec now,
    struct arena *arena, bool *added, struct stw_err *err)
{
	unsigned char hash[32];
	char hex[65];
	struct pack_version_row have;
	struct db_rows *rows = NULL;
	enum stw_code rc;
	int nrules;

	rc = pack_files_check(files, &nrules, err);
	if (rc != STW_OK)
		return rc;
	pack_files_hash(files, hex);
	hash_bytes(hex, hash);
	const struct db_param params[] = {db_text(files->id), db_text(files->version),
	    db_bytes(hash, sizeof hash), db_i64(nrules), db_text(by), db_usec(now)};
	rc = db_query(
	    db, DB_Q_PACK_VERSION_INSERT, params, DB_NPARAMS(params), &rows, err);
	*added = rc == STW_OK && db_rows_count(rows) == 1;
	db_rows_free(rows);
	if (rc == STW_OK && !*added) {
		rc = version_get(db, files->id, files->version, arena, &have, err);
		if (rc == STW_OK && strcmp(have.hash_hex, hex) != 0)
			rc = stw_fail(err, STW_CONFLICT,
			    "pack %s %s: other files were loaded under this number; "
			    "give these a new one",
			    files->id, files->version);
		return rc;
	}
	if (rc == STW_OK)
		rc = files_insert(db, files, err);
	const struct change change = {.pack = files->id,
	    .version = files->version,
	    .hex = hex,
	    .actor = by,
	    .what = "loaded",
	    .from = STW_USEC_NEVER};
	return rc == STW_OK ? change_log(db, &change, now, err) : rc;
}

static enum stw_code
tx_end(struct db *db, enum stw_code rc, struct stw_err *err)
{
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

enum stw_code
pack_store_load(struct db *db, const struct pack_files *files, const char *by,
    stw_usec now, bool *added, struct stw_err *err)
{
	struct arena arena;
	enum stw_code rc;

	*added = false;
	if (!pack_id_ok(files->id) || !pack_version_ok(files->version))
		return stw_fail(err, STW_INVALID,
		    "a pack is named like house, its version like 1.2.0");
	arena_init(&arena);
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc =
		    tx_end(db, load_in_tx(db, files, by, now, &arena, added, err), err);
	if (rc != STW_OK)
		*added = false;
	arena_fini(&arena);
	return rc;
}

/* ---- submit ---------------------------------------------------------------------------------- */
/* A version of the binary that nobody loaded is loaded on the way. */
static enum stw_code
submit_in_tx(struct db *db, const struct pack_files *files, stw_usec from,
    const char *by, stw_usec now, int passed, struct arena *arena, struct stw_err *err)
{
	const struct db_param params[] = {db_text(files->id), db_text(files->version),
	    db_text(by), db_usec(now),
	    from == STW_USEC_NEVER ? db_null() : db_usec(from), db_i64(passed)};
	struct db_rows *rows = NULL;
	bool added;
	enum stw_code rc = load_in_tx(db, files, by, now, arena, &added, err);

	if (rc == STW_OK)
		rc = db_query(db, DB_Q_PACK_VERSION_SUBMIT, params, DB_NPARAMS(params),
		    &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "pack %s %s: it was approved or rejected before; another try has a "
		    "number of its own",
		    files->id, files->version);
	if (rc == STW_OK) {
		const struct change change = {.pack = files->id,
		    .version = files->version,
		    .hex = db_get_str(rows, 0, 0).ptr,
		    .actor = by,
		    .what = "submitted",
		    .from = from};

		rc = change_log(db, &change, now, err);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
pack_store_submit(struct db *db, const char *pack, const char *version, stw_usec from,
    const char *by, stw_usec now, int *tests_passed, struct stw_err *err)
{
	struct pack_files files;
	struct arena arena;
	enum stw_code rc;

	*tests_passed = 0;
	arena_init(&arena);
	rc = pack_store_files(db, pack, version, &arena, &files, err);
	if (rc == STW_OK)
		rc = version_check(
		    db, &files, from > now ? from : now, &arena, tests_passed, err);
	if (rc == STW_OK)
		rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = tx_end(db,
		    submit_in_tx(db, &files, from, by, now, *tests_passed, &arena, err),
		    err);
	arena_fini(&arena);
	return rc;
}

/* ---- approve, reject --------------------------------------------------------------------------- */
static enum stw_code
put_in_force(struct db *db, const char *pack, const char *version, const char *hex,
    stw_usec from, const char *submitter, const char *approver, stw_usec now,
    bool *added, struct stw_err *err)
{
	unsigned char hash[32];
	struct db_rows *rows = NULL;
	enum stw_code rc;

	hash_bytes(hex, hash);
	const struct db_param params[] = {db_text(pack), db_text(version),
	    db_bytes(hash, sizeof hash), db_usec(from), db_text(submitter),
	    db_text(approver), db_usec(now)};
	const struct change change = {.pack = pack,
	    .version = version,
	    .hex = hex,
	    .actor = submitter,
	    .approver = approver,
	    .what = "activated",
	    .from = from};

	rc = db_query(db, DB_Q_PACK_ACTIVATE, params, DB_NPARAMS(params), &rows, err);
	*added = rc == STW_OK && db_rows_count(rows) == 1;
	db_rows_free(rows);
	return *added ? change_log(db, &change, now, err) : rc;
}

/* Why the guarded update found nothing to change. */
static enum stw_code
not_approved(const struct pack_version_row *v, const char *by, struct stw_err *err)
{
	if (strcmp(v->state, "submitted") == 0)
		return stw_fail(err, STW_CONFLICT,
		    "pack %s %s: somebody other than %s has to approve it", v->pack,
		    v->version, by);
	return stw_fail(err, STW_CONFLICT, "pack %s %s: it is %s, not submitted",
	    v->pack, v->version, v->state);
}

static enum stw_code
approve_in_tx(struct db *db, const char *pack, const char *version, const char *by,
    stw_usec now, struct arena *arena, stw_usec *from, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(pack), db_text(version), db_text(by), db_usec(now)};
	struct pack_version_row v;
	struct pack_files files;
	struct db_rows *rows = NULL;
	char hex[65];
	bool added, done;
	int passed;
	enum stw_code rc = db_query(db, DB_Q_PACK_LOCK, NULL, 0, NULL, err);

	if (rc == STW_OK)
		rc = version_get(db, pack, version, arena, &v, err);
	if (rc == STW_OK)
		rc = pack_store_files(db, pack, version, arena, &files, err);
	if (rc != STW_OK)
		return rc;
	pack_files_hash(&files, hex);
	if (strcmp(hex, v.hash_hex) != 0)
		return stw_fail(err, STW_INVALID,
		    "pack %s %s: its files are not those that were loaded", pack,
		    version);
	*from = v.wanted_from > now ? v.wanted_from : now;
	rc = db_query(
	    db, DB_Q_PACK_VERSION_APPROVE, params, DB_NPARAMS(params), &rows, err);
	done = rc == STW_OK && db_rows_count(rows) == 1;
	db_rows_free(rows);
	if (rc != STW_OK || !done)
		return rc != STW_OK ? rc : not_approved(&v, by, err);
	rc = version_check(db, &files, *from, arena, &passed, err);
	if (rc == STW_OK)
		rc = put_in_force(db, pack, version, v.hash_hex, *from, v.submitted_by,
		    by, now, &added, err);
	return rc;
}

enum stw_code
pack_store_approve(struct db *db, const char *pack, const char *version, const char *by,
    stw_usec now, stw_usec *from, struct stw_err *err)
{
	struct arena arena;
	enum stw_code rc;

	*from = STW_USEC_NEVER;
	arena_init(&arena);
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = tx_end(db,
		    approve_in_tx(db, pack, version, by, now, &arena, from, err), err);
	arena_fini(&arena);
	return rc;
}

static enum stw_code
reject_in_tx(struct db *db, const char *pack, const char *version, const char *by,
    const char *why, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(pack), db_text(version), db_text(by), db_usec(now), db_text(why)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_PACK_VERSION_REJECT, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "pack %s %s: it does not wait for an approval", pack, version);
	if (rc == STW_OK) {
		const struct change change = {.pack = pack,
		    .version = version,
		    .hex = db_get_str(rows, 0, 0).ptr,
		    .actor = by,
		    .what = "rejected",
		    .why = why,
		    .from = STW_USEC_NEVER};

		rc = change_log(db, &change, now, err);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
pack_store_reject(struct db *db, const char *pack, const char *version, const char *by,
    const char *why, stw_usec now, struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	return rc == STW_OK
		   ? tx_end(db, reject_in_tx(db, pack, version, by, why, now, err), err)
		   : rc;
}

/* ---- setup ------------------------------------------------------------------------------------- */
static enum stw_code
activate_in_tx(struct db *db, const struct pack_files *files, stw_usec from,
    const char *by, const char *approver, int passed, stw_usec now, struct arena *arena,
    bool *added, struct stw_err *err)
{
	const struct db_param params[] = {db_text(files->id), db_text(files->version),
	    db_text(approver), db_usec(now)};
	struct pack_version_row v;
	char hex[65];
	enum stw_code rc = db_query(db, DB_Q_PACK_LOCK, NULL, 0, NULL, err);
	bool loaded;

	if (rc == STW_OK)
		rc = load_in_tx(db, files, by, now, arena, &loaded, err);
	if (rc == STW_OK)
		rc = version_get(db, files->id, files->version, arena, &v, err);
	if (rc == STW_OK && strcmp(v.state, "approved") != 0) {
		rc = submit_in_tx(db, files, from, by, now, passed, arena, err);
		if (rc == STW_OK)
			rc = db_query_one(db, DB_Q_PACK_VERSION_APPROVE, params,
			    DB_NPARAMS(params), NULL, err);
	}
	pack_files_hash(files, hex);
	return rc == STW_OK ? put_in_force(db, files->id, files->version, hex, from, by,
				  approver, now, added, err)
			    : rc;
}

enum stw_code
pack_activate(struct db *db, const char *pack, const char *version, stw_usec from,
    const char *activated_by, const char *approved_by, stw_usec now, bool *added,
    struct stw_err *err)
{
	struct pack_files files;
	struct arena arena;
	int passed;
	enum stw_code rc;

	*added = false;
	if (strcmp(activated_by, approved_by) == 0)
		return stw_fail(err, STW_CONFLICT,
		    "pack %s %s: somebody other than %s has to approve it", pack,
		    version, activated_by);
	arena_init(&arena);
	rc = pack_files_embedded(pack, version, &arena, &files, err);
	if (rc == STW_OK)
		rc = pack_files_test(&files, &passed, err);
	if (rc == STW_OK)
		rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = tx_end(db,
		    activate_in_tx(db, &files, from, activated_by, approved_by, passed,
			now, &arena, added, err),
		    err);
	if (rc != STW_OK)
		*added = false;
	arena_fini(&arena);
	return rc;
}
