#include "segments/lifecycle_model_store.h"

#include <string.h>

#include "engine/embed.h"
#include "segments/book_store.h"
#include "segments/change_store.h"
#include "segments/promise_store.h"

/* ---- reading -------------------------------------------------------------------- */
enum stw_code
lifecycle_store_active(struct db *db, struct arena *arena, struct lifecycle_model *out,
    struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = (struct lifecycle_model){0};
	rc = db_query(db, DB_Q_LIFECYCLE_ACTIVE, NULL, 0, &rows, err);
	if (rc != STW_OK)
		return rc;
	if (db_rows_count(rows) == 0) {
		rc = stw_fail(err, STW_NOT_FOUND, "no lifecycle model is active");
		goto done;
	}
	rc = lifecycle_parse(db_get_str(rows, 0, 2), arena, out, err);
	if (rc == STW_OK)
		out->version = (int)db_get_i64(rows, 0, 1);
	else
		rc = stw_err_prefix(err, rc, "lifecycle model %s, version %lld",
		    db_get_str(rows, 0, 0).ptr, (long long)db_get_i64(rows, 0, 1));
done:
	db_rows_free(rows);
	return rc;
}

static void
hash_to_hex(struct str hash, char to[65])
{
	struct buf hex;

	buf_init(&hex);
	buf_add_hex(&hex, hash.ptr, hash.len);
	STW_ASSERT(hex.len == 64);
	memcpy(to, hex.data, 65);
	buf_fini(&hex);
}

static stw_usec
usec_or_never(const struct db_rows *rows, int row, int col)
{
	return db_is_null(rows, row, col) ? STW_USEC_NEVER
					  : db_get_usec(rows, row, col);
}

static void
version_read(const struct db_rows *rows, int r, struct arena *arena,
    struct lifecycle_version *out)
{
	*out = (struct lifecycle_version){
	    .code = db_get_text(rows, r, 0, arena),
	    .version = (int)db_get_i64(rows, r, 1),
	    .state = lifecycle_state_parse(db_get_str(rows, r, 2)),
	    .author = db_get_text(rows, r, 3, arena),
	    .created_at = db_get_usec(rows, r, 5),
	    .document = db_get_text(rows, r, 6, arena),
	    .submitted_by = db_get_text(rows, r, 7, arena),
	    .submitted_at = usec_or_never(rows, r, 8),
	    .warnings = db_is_null(rows, r, 9) ? -1 : (int)db_get_i64(rows, r, 9),
	    .approved_by = db_get_text(rows, r, 10, arena),
	    .approved_at = usec_or_never(rows, r, 11),
	    .preview = db_get_text(rows, r, 12, arena),
	    .preview_as_of = usec_or_never(rows, r, 13),
	    .activated_by = db_get_text(rows, r, 14, arena),
	    .activated_at = usec_or_never(rows, r, 15),
	    .rejected_why = db_get_text(rows, r, 16, arena),
	    .exempt = db_get_text(rows, r, 17, arena),
	};
	hash_to_hex(db_get_bytes(rows, r, 4, arena), out->hash_hex);
}

static enum stw_code
read_versions(struct db *db, const char *code, int version, struct arena *arena,
    struct lifecycle_version **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(code), version > 0 ? db_i64(version) : db_null()};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*count = 0;
	rc = db_query(db, DB_Q_LIFECYCLE_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		version_read(rows, r, arena, &(*out)[(*count)++]);
	db_rows_free(rows);
	return STW_OK;
}

static enum stw_code
no_version(const char *code, int version, struct stw_err *err)
{
	if (version <= 0)
		return stw_fail(
		    err, STW_NOT_FOUND, "there is no lifecycle model %.80s", code);
	return stw_fail(err, STW_NOT_FOUND, "lifecycle model %.80s has no version %d",
	    code, version);
}

enum stw_code
lifecycle_store_list(struct db *db, const char *code, struct arena *arena,
    struct lifecycle_version **out, int *count, struct stw_err *err)
{
	enum stw_code rc = read_versions(db, code, 0, arena, out, count, err);

	if (rc == STW_OK && code != NULL && *count == 0)
		rc = no_version(code, 0, err);
	return rc;
}

enum stw_code
lifecycle_store_get(struct db *db, const char *code, int version, struct arena *arena,
    struct lifecycle_version *out, struct lifecycle_model *model, struct stw_err *err)
{
	struct lifecycle_version *versions;
	int n;
	enum stw_code rc = read_versions(db, code, version, arena, &versions, &n, err);

	if (rc != STW_OK)
		return rc;
	if (n == 0)
		return no_version(code, version, err);
	*out = versions[0];
	if (model == NULL)
		return STW_OK;
	rc = lifecycle_parse(str_of(out->document), arena, model, err);
	if (rc != STW_OK)
		return stw_err_prefix(
		    err, rc, "lifecycle model %s, version %d", code, out->version);
	model->version = out->version;
	return STW_OK;
}

/* ---- saving --------------------------------------------------------------------- */
/* The newest version; 0: the code is new. *same: with this content. */
static enum stw_code
newest(struct db *db, const struct lifecycle_model *model, struct arena *arena,
    int *version, bool *same, struct stw_err *err)
{
	const struct db_param params[] = {db_text(model->code)};
	struct db_rows *rows = NULL;
	struct str hash;
	enum stw_code rc =
	    db_query(db, DB_Q_LIFECYCLE_NEWEST, params, DB_NPARAMS(params), &rows, err);

	*version = 0;
	*same = false;
	if (rc != STW_OK)
		return rc;
	if (db_rows_count(rows) == 1) {
		*version = (int)db_get_i64(rows, 0, 0);
		hash = db_get_bytes(rows, 0, 1, arena);
		*same = hash.len == 32 && memcmp(hash.ptr, model->hash, 32) == 0;
	}
	db_rows_free(rows);
	return STW_OK;
}

static enum stw_code
check_model(struct db *db, const struct lifecycle_model *model, stw_usec now,
    struct stw_err *err)
{
	struct book *book = NULL;
	enum stw_code rc = book_load_blank(db, now, &book, err);

	if (rc == STW_OK)
		rc = lifecycle_check(model, book, err);
	book_free(book);
	return rc;
}

static enum stw_code
insert_model(struct db *db, const struct lifecycle_model *model, int version,
    const char *actor, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_text(model->code), db_i64(version),
	    db_str(model->document), db_bytes(model->hash, 32), db_text(actor),
	    db_usec(now)};
	const struct rule_change change = {
	    .subject = "lifecycle_model",
	    .action = "created",
	    .code = model->code,
	    .version = version,
	    .hash = model->hash,
	    .actor = actor,
	    .at = now,
	};
	enum stw_code rc =
	    db_exec(db, DB_Q_LIFECYCLE_INSERT, params, DB_NPARAMS(params), NULL, err);

	return rc == STW_OK ? rule_change_append(db, &change, err) : rc;
}

enum stw_code
lifecycle_store_save(struct db *db, struct str json, const char *actor, stw_usec now,
    int *version, struct stw_err *err)
{
	struct lifecycle_model model;
	struct arena arena;
	bool same = false;
	enum stw_code rc;

	arena_init(&arena);
	rc = lifecycle_parse(json, &arena, &model, err);
	if (rc != STW_OK)
		goto done;
	rc = check_model(db, &model, now, err);
	if (rc != STW_OK)
		goto done;
	rc = db_begin(db, err);
	if (rc != STW_OK)
		goto done;
	rc = newest(db, &model, &arena, version, &same, err);
	if (rc == STW_OK && !same)
		rc = insert_model(db, &model, ++*version, actor, now, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
done:
	arena_fini(&arena);
	return rc;
}

/* ---- moves ---------------------------------------------------------------------- */
/* All versions of one code, locked until the end of the transaction. */
struct locked {
	enum lifecycle_state state;       /* of the version asked for */
	const unsigned char *hash;        /* NULL: there is no such version */
	const char *author, *approved_by; /* approved_by NULL: not approved */
	bool exempt;
	int active; /* the version in force; 0: none */
};

static enum stw_code
lock(struct db *db, const char *code, int version, struct arena *arena,
    struct locked *out, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_LIFECYCLE_LOCK, params, DB_NPARAMS(params), &rows, err);

	*out = (struct locked){0};
	if (rc != STW_OK)
		return rc;
	DB_ROW_FOREACH(rows, r) {
		enum lifecycle_state state =
		    lifecycle_state_parse(db_get_str(rows, r, 1));

		if (state == LIFECYCLE_ACTIVE)
			out->active = (int)db_get_i64(rows, r, 0);
		if (db_get_i64(rows, r, 0) != version)
			continue;
		out->state = state;
		out->hash = (const unsigned char *)db_get_bytes(rows, r, 2, arena).ptr;
		out->author = db_get_text(rows, r, 3, arena);
		out->approved_by = db_get_text(rows, r, 4, arena);
		out->exempt = !db_is_null(rows, r, 5);
	}
	db_rows_free(rows);
	return out->hash == NULL ? no_version(code, version, err) : STW_OK;
}

/* What has to happen first, in words. */
static const char *
missing_step(enum lifecycle_state state)
{
	switch (state) {
	case LIFECYCLE_DRAFT:
		return "a draft: it has to be submitted, and approved by a second person";
	case LIFECYCLE_SUBMITTED:
		return "submitted: a second person has to approve it";
	case LIFECYCLE_APPROVED:
		return "approved already";
	case LIFECYCLE_ACTIVE:
		return "in force already";
	case LIFECYCLE_RETIRED:
		return "retired: it can only come into force again";
	case LIFECYCLE_NONE:
	case LIFECYCLE_STATES:
		break;
	}
	return "in no state";
}

static enum stw_code
may_move(const char *code, int version, const struct locked *at,
    enum lifecycle_state to, struct stw_err *err)
{
	if (lifecycle_state_may_move(at->state, to))
		return STW_OK;
	return stw_fail(err, STW_CONFLICT, "version %d of lifecycle model %s is %s",
	    version, code, missing_step(at->state));
}

static enum stw_code
log_move(struct db *db, const char *code, int version, const struct locked *at,
    const char *action, const char *actor, stw_usec now, struct stw_err *err)
{
	const struct rule_change change = {
	    .subject = "lifecycle_model",
	    .action = action,
	    .code = code,
	    .version = version,
	    .hash = at->hash,
	    .actor = actor,
	    .at = now,
	};

	return rule_change_append(db, &change, err);
}

/* Commits what went well, rolls the rest back. */
static enum stw_code
end(struct db *db, enum stw_code rc, struct stw_err *err)
{
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

static enum stw_code
submit(struct db *db, const char *code, int version, const char *actor, stw_usec now,
    int warnings, struct arena *arena, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_i64(version),
	    db_text(actor), db_usec(now), db_i64(warnings)};
	struct locked at;
	enum stw_code rc = lock(db, code, version, arena, &at, err);

	if (rc != STW_OK || at.state == LIFECYCLE_SUBMITTED)
		return rc;
	rc = may_move(code, version, &at, LIFECYCLE_SUBMITTED, err);
	if (rc == STW_OK)
		rc = db_exec(
		    db, DB_Q_LIFECYCLE_SUBMIT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = log_move(db, code, version, &at, "submitted", actor, now, err);
	return rc;
}

enum stw_code
lifecycle_store_submit(struct db *db, const char *code, int version,
    const struct book_parts *parts, const char *actor, stw_usec now,
    struct arena *arena, struct lifecycle_validation *out, struct stw_err *err)
{
	struct lifecycle_version v;
	struct lifecycle_model model;
	enum stw_code rc =
	    lifecycle_store_get(db, code, version, arena, &v, &model, err);

	*out = (struct lifecycle_validation){0};
	if (rc == STW_OK)
		rc = lifecycle_validate(&model, parts, now, NULL, arena, out, err);
	if (rc != STW_OK)
		return rc;
	if (out->errors > 0)
		return stw_fail(err, STW_CONFLICT,
		    "validation found %d errors, the first: %s: %s", out->errors,
		    out->findings[0].path, out->findings[0].en);
	rc = db_begin(db, err);
	if (rc != STW_OK)
		return rc;
	rc = submit(db, code, v.version, actor, now, out->warnings, arena, err);
	return end(db, rc, err);
}

/* In force once, and nobody but its author has said yes to it yet. */
static bool
waits_for_approval(const struct locked *at)
{
	return at->exempt && at->approved_by == NULL &&
	       (at->state == LIFECYCLE_ACTIVE || at->state == LIFECYCLE_RETIRED);
}

static enum stw_code
approve(struct db *db, const char *code, int version, const char *actor, stw_usec now,
    struct str preview, stw_usec as_of, struct arena *arena, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_i64(version),
	    db_text(actor), db_usec(now), db_str(preview), db_usec(as_of)};
	struct locked at;
	enum stw_code rc = lock(db, code, version, arena, &at, err);

	if (rc != STW_OK ||
	    (at.approved_by != NULL && (at.exempt || at.state == LIFECYCLE_APPROVED) &&
		strcmp(at.approved_by, actor) == 0))
		return rc;
	if (!waits_for_approval(&at))
		rc = may_move(code, version, &at, LIFECYCLE_APPROVED, err);
	if (rc == STW_OK && strcmp(at.author, actor) == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "%s wrote version %d of lifecycle model %s: somebody else has to "
		    "approve it",
		    actor, version, code);
	if (rc == STW_OK)
		rc = db_exec(
		    db, DB_Q_LIFECYCLE_APPROVE, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = log_move(db, code, version, &at, "approved", actor, now, err);
	return rc;
}

/* Over the model in force, when there is one. */
static enum stw_code
preview_of(struct db *db, const char *code, int *version,
    const struct book_parts *parts, stw_usec now, struct arena *arena,
    struct buf *summary, struct lifecycle_preview *out, struct stw_err *err)
{
	struct lifecycle_model in_force, model;
	struct lifecycle_version v;
	bool any;
	enum stw_code rc =
	    lifecycle_store_get(db, code, *version, arena, &v, &model, err);

	if (rc != STW_OK)
		return rc;
	*version = v.version;
	rc = lifecycle_store_active(db, arena, &in_force, err);
	any = rc == STW_OK;
	if (rc == STW_OK || rc == STW_NOT_FOUND)
		rc = lifecycle_preview(
		    any ? &in_force : NULL, &model, parts, now, NULL, arena, out, err);
	if (rc == STW_OK)
		lifecycle_preview_json(
		    any ? &in_force : NULL, &model, out, false, summary);
	return rc;
}

enum stw_code
lifecycle_store_approve(struct db *db, const char *code, int version,
    const struct book_parts *parts, const char *actor, stw_usec now,
    struct arena *arena, struct lifecycle_preview *out, struct stw_err *err)
{
	struct buf summary;
	enum stw_code rc;

	*out = (struct lifecycle_preview){0};
	buf_init(&summary);
	rc = preview_of(db, code, &version, parts, now, arena, &summary, out, err);
	if (rc == STW_OK)
		rc = db_begin(db, err);
	if (rc == STW_OK) {
		rc = approve(db, code, version, actor, now,
		    (struct str){summary.data, summary.len}, out->as_of, arena, err);
		rc = end(db, rc, err);
	}
	buf_fini(&summary);
	return rc;
}

static enum stw_code
reject(struct db *db, const char *code, int version, const char *actor, const char *why,
    stw_usec now, struct arena *arena, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_i64(version), db_text(why)};
	struct locked at;
	enum stw_code rc = lock(db, code, version, arena, &at, err);

	if (rc == STW_OK)
		rc = may_move(code, version, &at, LIFECYCLE_DRAFT, err);
	if (rc == STW_OK)
		rc = db_exec(
		    db, DB_Q_LIFECYCLE_REJECT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = log_move(db, code, version, &at, "rejected", actor, now, err);
	return rc;
}

enum stw_code
lifecycle_store_reject(struct db *db, const char *code, int version, const char *actor,
    const char *why, stw_usec now, struct stw_err *err)
{
	struct arena arena;
	enum stw_code rc;

	if (why[0] == '\0' || strlen(why) > 500)
		return stw_fail(err, STW_INVALID, "why: 1 to 500 bytes are wanted");
	rc = db_begin(db, err);
	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	rc = reject(db, code, version, actor, why, now, &arena, err);
	arena_fini(&arena);
	return end(db, rc, err);
}

/* ---- into force ------------------------------------------------------------------ */
/* The promises of the model whose stages the book shows are those that count. */
static enum stw_code
put_promises(struct db *db, const char *code, const char *actor, stw_usec now,
    struct arena *arena, struct stw_err *err)
{
	struct lifecycle_model model;
	enum stw_code rc = lifecycle_store_active(db, arena, &model, err);

	if (rc == STW_NOT_FOUND)
		return STW_OK;
	if (rc != STW_OK || strcmp(model.code, code) != 0)
		return rc;
	return promise_store_put(db, &model, actor, now, arena, err);
}

static enum stw_code
activate(struct db *db, const char *code, int version, const char *actor, stw_usec now,
    struct arena *arena, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(code), db_i64(version), db_text(actor), db_usec(now)};
	struct locked at;
	enum stw_code rc = lock(db, code, version, arena, &at, err);

	if (rc != STW_OK || at.state == LIFECYCLE_ACTIVE)
		return rc;
	if (!at.exempt || at.state != LIFECYCLE_DRAFT)
		rc = may_move(code, version, &at, LIFECYCLE_ACTIVE, err);
	/* The exemption was for a time without a second person; that time is over. */
	if (rc == STW_OK && waits_for_approval(&at))
		rc = stw_fail(err, STW_CONFLICT,
		    "version %d of lifecycle model %s was in force without an approval: "
		    "somebody else than %s has to approve it before it comes back",
		    version, code, at.author);
	if (rc == STW_OK && at.active != 0) {
		const struct db_param old[] = {db_text(code), db_i64(at.active)};

		rc =
		    db_exec(db, DB_Q_LIFECYCLE_RETIRE, old, DB_NPARAMS(old), NULL, err);
	}
	if (rc == STW_OK)
		rc = db_exec(
		    db, DB_Q_LIFECYCLE_ACTIVATE, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = put_promises(db, code, actor, now, arena, err);
	if (rc == STW_OK)
		rc = log_move(db, code, version, &at, "activated", actor, now, err);
	return rc;
}

enum stw_code
lifecycle_store_activate(struct db *db, const char *code, int version,
    const char *actor, stw_usec now, struct stw_err *err)
{
	struct arena arena;
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	rc = activate(db, code, version, actor, now, &arena, err);
	arena_fini(&arena);
	return end(db, rc, err);
}

/* ---- what is shipped ---------------------------------------------------------------- */
struct str
lifecycle_store_shipped(void)
{
	const struct embed_file *file = embed_find("segments/models/wealth.json");

	STW_ASSERT(file != NULL);
	return (struct str){file->data, file->len};
}

/* Nobody is there yet who could approve it; that it was so is on record. */
static enum stw_code
exempt(struct db *db, const char *code, int version, const char *actor, stw_usec now,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_i64(version)};
	struct locked at;
	struct arena arena;
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	rc = lock(db, code, version, &arena, &at, err);
	if (rc == STW_OK)
		rc = db_exec(
		    db, DB_Q_LIFECYCLE_EXEMPT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = log_move(
		    db, code, version, &at, "exempt_as_shipped", actor, now, err);
	arena_fini(&arena);
	return end(db, rc, err);
}

enum stw_code
lifecycle_store_install(struct db *db, const char *actor, stw_usec now, bool *installed,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text("wealth")};
	struct db_rows *rows = NULL;
	enum stw_code rc;
	int version = 0;

	*installed = false;
	rc =
	    db_query(db, DB_Q_LIFECYCLE_NEWEST, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*installed = db_rows_count(rows) == 0;
	db_rows_free(rows);
	if (!*installed)
		return STW_OK;
	rc = lifecycle_store_save(
	    db, lifecycle_store_shipped(), actor, now, &version, err);
	if (rc == STW_OK)
		rc = exempt(db, "wealth", version, actor, now, err);
	if (rc == STW_OK)
		rc = lifecycle_store_activate(db, "wealth", version, actor, now, err);
	return rc;
}
