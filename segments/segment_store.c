#include "segments/segment_store.h"

#include <stdlib.h>
#include <string.h>

#include "engine/embed.h"
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
		rc = db_exec(db, DB_Q_SEGMENT_BUCKET_LOCK, NULL, 0, NULL, err);
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

/* ---- hosts ----------------------------------------------------------------------------- */
enum stw_code
segment_store_hosts(struct db *db, const struct book_parts *parts,
    struct member_image *image, struct arena *arena, struct segment_hosts *out,
    struct stw_err *err)
{
	struct segment_info *infos;
	struct segment_def *defs;
	enum stw_code rc;
	int n;

	out->count = 0;
	rc = read_infos(db, NULL, false, arena, &infos, &n, err);
	if (rc != STW_OK)
		return rc;
	defs = arena_array(arena, (size_t)n + 1, sizeof *defs);
	for (int i = 0; i < n; i++)
		defs[i] = infos[i].def;
	segment_hosts_init(out, parts, defs, n);
	for (int p = 0; p < out->count; p++)
		for (int i = 0; i < n; i++) {
			out->items[p].segments[i].known =
			    infos[i].as_of != STW_USEC_NEVER;
			out->items[p].segments[i].failing =
			    infos[i].failed_at != STW_USEC_NEVER;
		}
	if (image != NULL)
		rc = member_store_read(db, image, out, err);
	if (rc != STW_OK)
		segment_hosts_fini(out);
	return rc;
}

enum stw_code
segment_store_host(struct db *db, const struct book *book, struct arena *arena,
    struct segment_host *out, struct stw_err *err)
{
	/* Its rows are only looked at. */
	const struct book_parts parts = book_parts_of((struct book *)(uintptr_t)book);
	struct segment_hosts hosts;
	struct member_image image;
	enum stw_code rc;

	member_image_init(&image);
	rc = segment_store_hosts(
	    db, &parts, book->customers->rows == 0 ? NULL : &image, arena, &hosts, err);
	member_image_fini(&image);
	*out = rc == STW_OK ? hosts.items[0] : (struct segment_host){0};
	out->all = NULL;
	return rc;
}

enum stw_code
segment_store_use(struct db *db, struct segment_hosts *hosts, const struct rule *rule,
    struct stw_err *err)
{
	const char *const *codes;
	int n = rule_segments(rule, &codes);
	enum stw_code rc = STW_OK;

	for (int i = 0; i < n && rc == STW_OK; i++) {
		const struct segment *segment =
		    segment_host_find(&hosts->items[0], str_of(codes[i]));

		if (segment != NULL)
			rc = member_store_read_one(
			    db, hosts, (int)(segment - hosts->items[0].segments), err);
	}
	return rc;
}

/* ---- counts ----------------------------------------------------------------------------- */
/* Of the segments that were evaluated; parallel. */
struct counts {
	int64_t *ids, *versions, *matched, *undecided, *entered, *left;
	size_t n;
};

static void
counts_take(struct counts *c, const struct segment_hosts *hosts,
    const struct segment_moves *moves, struct arena *arena)
{
	const struct segment_host *host = &hosts->items[0];
	size_t n = (size_t)host->count;

	*c = (struct counts){.ids = arena_array(arena, n, sizeof *c->ids),
	    .versions = arena_array(arena, n, sizeof *c->versions),
	    .matched = arena_array(arena, n, sizeof *c->matched),
	    .undecided = arena_array(arena, n, sizeof *c->undecided),
	    .entered = arena_array(arena, n, sizeof *c->entered),
	    .left = arena_array(arena, n, sizeof *c->left)};
	for (int i = 0; i < host->count; i++) {
		if (!host->segments[i].evaluated)
			continue;
		c->ids[c->n] = host->segments[i].def.segment_id;
		c->versions[c->n] = host->segments[i].def.version;
		c->matched[c->n] = segment_hosts_members(hosts, i);
		c->undecided[c->n] = segment_hosts_undecided(hosts, i);
		c->entered[c->n] = moves[i].entered;
		c->left[c->n++] = moves[i].left;
	}
}

static enum stw_code
write_counts(struct db *db, const struct segment_hosts *hosts,
    const struct segment_moves *moves, stw_usec now, struct stw_err *err)
{
	struct arena arena;
	struct counts c;
	enum stw_code rc;

	arena_init(&arena);
	counts_take(&c, hosts, moves, &arena);
	{
		const struct db_param all[] = {db_usec(now), db_i64s(c.ids, c.n),
		    db_i64s(c.versions, c.n), db_i64s(c.matched, c.n),
		    db_i64s(c.undecided, c.n), db_i64s(c.entered, c.n),
		    db_i64s(c.left, c.n)};
		const struct db_param day[] = {
		    db_day(zone_local(hosts->items[0].book->zone, now).day), all[0],
		    all[1], all[2], all[3], all[4], all[5], all[6]};

		rc = db_exec(
		    db, DB_Q_SEGMENT_EVALUATED, all, DB_NPARAMS(all), NULL, err);
		if (rc == STW_OK)
			rc = db_exec(
			    db, DB_Q_SEGMENT_DAY_PUT, day, DB_NPARAMS(day), NULL, err);
	}
	arena_fini(&arena);
	return rc;
}

static enum stw_code
write_failure(
    struct db *db, const struct segment *segment, stw_usec now, struct stw_err *err)
{
	struct buf failure;
	enum stw_code rc;

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
write_touched(struct db *db, const struct segment_host *host, int i,
    const struct segment_moves *moves, stw_usec now, struct stw_err *err)
{
	const struct segment *segment = &host->segments[i];
	const struct db_param params[] = {db_i64(segment->def.segment_id),
	    db_i64(segment->def.version), db_i64(moves->entered), db_i64(moves->left),
	    db_day(zone_local(host->book->zone, now).day), db_usec(now)};

	if (moves->entered == 0 && moves->left == 0)
		return STW_OK;
	return db_exec(db, DB_Q_SEGMENT_TOUCHED, params, DB_NPARAMS(params), NULL, err);
}

enum stw_code
segment_store_count(struct db *db, const struct segment_hosts *hosts,
    const struct segment_moves *moves, stw_usec now, struct stw_err *err)
{
	const struct segment_host *host = &hosts->items[0];
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	if (!host->book->patch)
		rc = write_counts(db, hosts, moves, now, err);
	for (int i = 0; i < host->count && rc == STW_OK; i++) {
		if (host->book->patch)
			rc = write_touched(db, host, i, &moves[i], now, err);
		else if (!host->segments[i].evaluated)
			rc = write_failure(db, &host->segments[i], now, err);
	}
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}
