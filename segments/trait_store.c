#include "segments/trait_store.h"

#include <string.h>

#include <sodium.h>

#include "segments/book_fill_store.h"
#include "segments/book_store.h"
#include "segments/change_store.h"
#include "segments/lifecycle_store.h"
#include "segments/segment_store.h"

/* ---- reading ---------------------------------------------------------------------- */
static enum stw_code
info_read(const struct db_rows *rows, int r, struct arena *arena,
    struct trait_info *out, struct stw_err *err)
{
	struct str hash = db_get_bytes(rows, r, 9, arena);

	*out = (struct trait_info){
	    .trait = {.of = "customer",
		.name = db_get_text(rows, r, 1, arena),
		.unit = db_get_text(rows, r, 4, arena),
		.source = db_get_text(rows, r, 13, arena),
		.zh = db_get_text(rows, r, 6, arena),
		.en = db_get_text(rows, r, 7, arena),
		.rule = db_get_text(rows, r, 8, arena),
		.own = true,
		.fed_at = db_is_null(rows, r, 14) ? STW_USEC_NEVER
						  : db_get_usec(rows, r, 14)},
	    .trait_id = db_get_i64(rows, r, 0),
	    .version = (int)db_get_i64(rows, r, 2),
	    .state = db_get_text(rows, r, 10, arena),
	    .author = db_get_text(rows, r, 11, arena),
	    .updated_at = db_get_usec(rows, r, 12),
	    .fed_by = db_get_text(rows, r, 15, arena),
	    .currency = db_get_text(rows, r, 16, arena),
	};
	STW_ASSERT(sodium_bin2hex(out->hash_hex, sizeof out->hash_hex,
		       (const unsigned char *)hash.ptr, hash.len) != NULL);
	return trait_words_parse(
	    &out->trait, db_get_str(rows, r, 3).ptr, db_get_str(rows, r, 5).ptr, err);
}

static enum stw_code
read_infos(struct db *db, const char *name, bool retired, struct arena *arena,
    struct trait_info **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(name), db_bool(retired)};
	struct db_rows *rows = NULL;
	enum stw_code rc;
	int n;

	*count = 0;
	rc = db_query(db, DB_Q_TRAIT_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	n = db_rows_count(rows);
	*out = arena_array(arena, (size_t)n + 1, sizeof **out);
	for (int r = 0; r < n && rc == STW_OK; r++)
		rc = info_read(rows, r, arena, &(*out)[r], err);
	if (rc == STW_OK)
		*count = n;
	db_rows_free(rows);
	return rc;
}

enum stw_code
trait_store_list(struct db *db, bool retired, struct arena *arena,
    struct trait_info **out, int *count, struct stw_err *err)
{
	return read_infos(db, NULL, retired, arena, out, count, err);
}

enum stw_code
trait_store_get(struct db *db, const char *name, struct arena *arena,
    struct trait_info *out, struct stw_err *err)
{
	struct trait_info *infos;
	enum stw_code rc;
	int n;

	rc = read_infos(db, name, true, arena, &infos, &n, err);
	if (rc == STW_OK && n == 0)
		rc = stw_fail(err, STW_NOT_FOUND,
		    "the bank has no trait \"%.80s\" of its own; built-in ones stay",
		    name);
	if (rc == STW_OK)
		*out = infos[0];
	return rc;
}

enum stw_code
trait_store_catalogue(struct db *db, struct arena *arena, struct trait_catalogue *out,
    struct stw_err *err)
{
	struct trait_catalogue builtin;
	struct trait_info *infos;
	struct trait *traits;
	enum stw_code rc;
	int n;

	rc = trait_catalogue_builtin(arena, &builtin, err);
	if (rc == STW_OK)
		rc = read_infos(db, NULL, false, arena, &infos, &n, err);
	if (rc != STW_OK)
		return rc;
	traits = arena_array(arena, (size_t)builtin.count + (size_t)n, sizeof *traits);
	memcpy(traits, builtin.traits, (size_t)builtin.count * sizeof *traits);
	for (int i = 0; i < n; i++)
		traits[builtin.count + i] = infos[i].trait;
	*out = (struct trait_catalogue){traits, builtin.count + n};
	return STW_OK;
}

enum stw_code
trait_store_derive(struct db *db, struct book *book, stw_usec now,
    const struct progress *progress, struct stw_err *err)
{
	struct trait_catalogue catalogue;
	struct arena arena;
	enum stw_code rc;

	arena_init(&arena);
	rc = trait_store_catalogue(db, &arena, &catalogue, err);
	if (rc == STW_OK)
		rc = traits_derive(book, &catalogue, now, progress, err);
	arena_fini(&arena);
	return rc;
}

/* ---- what uses traits --------------------------------------------------------------- */
static enum stw_code
check_model(
    struct db *db, const struct book *blank, struct arena *arena, struct stw_err *err)
{
	struct lifecycle_model model;
	enum stw_code rc = lifecycle_store_active(db, arena, &model, err);

	if (rc == STW_NOT_FOUND)
		return STW_OK;
	if (rc == STW_OK)
		rc = lifecycle_check(&model, blank, err);
	if (rc == STW_INVALID)
		rc = stw_err_prefix(err, STW_CONFLICT,
		    "the lifecycle model %s would no longer compile", model.code);
	return rc;
}

static enum stw_code
check_traits(struct db *db, stw_usec now, struct arena *arena, struct stw_err *err)
{
	struct trait_catalogue catalogue;
	struct book_fill *fill;
	struct book *blank;
	enum stw_code rc = trait_store_catalogue(db, arena, &catalogue, err);

	if (rc == STW_OK)
		rc = book_fill_open(db, &fill, err);
	if (rc != STW_OK)
		return rc;
	blank = book_new(0, book_fill_currency(fill), book_fill_zone(fill), now);
	book_fill_close(fill);
	rc = traits_check(&catalogue, blank, err);
	book_free(blank);
	return rc;
}

/* After a change, inside its transaction: does all that stands on the catalogue still
 * stand? */
static enum stw_code
check_users(struct db *db, stw_usec now, struct arena *arena, struct stw_err *err)
{
	struct book *blank = NULL;
	enum stw_code rc;

	rc = check_traits(db, now, arena, err);
	if (rc == STW_OK)
		rc = book_load_blank(db, now, &blank, err);
	if (rc == STW_OK)
		rc = segment_store_check(db, blank, arena, err);
	if (rc == STW_OK)
		rc = check_model(db, blank, arena, err);
	book_free(blank);
	return rc;
}

/* ---- changing ------------------------------------------------------------------------ */
static void
hash_of(const struct trait *t, unsigned char out[32])
{
	struct buf text;

	buf_init(&text);
	buf_printf(&text, "%s\n%s\n%s\n%s\n%s\n%s", trait_type_name(t->type),
	    t->unit == NULL ? "" : t->unit, trait_sensitivity_name(t->sensitivity),
	    t->zh, t->en, trait_is_fed(t) ? "\nfeed" : t->rule);
	(void)crypto_hash_sha256(out, (const unsigned char *)text.data, text.len);
	buf_fini(&text);
}

static enum stw_code
append_change(struct db *db, const char *action, const char *name, int version,
    const unsigned char hash[32], const char *actor, stw_usec now, struct stw_err *err)
{
	const struct rule_change change = {
	    .subject = "trait",
	    .action = action,
	    .code = name,
	    .version = version,
	    .hash = hash,
	    .actor = actor,
	    .at = now,
	};

	return rule_change_append(db, &change, err);
}

static enum stw_code
check_name(const struct trait *trait, struct arena *arena, struct stw_err *err)
{
	struct trait_catalogue builtin;
	enum stw_code rc = trait_catalogue_builtin(arena, &builtin, err);

	if (rc == STW_OK && trait_find(&builtin, "customer", trait->name) != NULL)
		rc = stw_fail(err, STW_INVALID,
		    "customer.%s is a built-in trait; choose another name",
		    trait->name);
	return rc;
}

/* What a new version may not be: values that were fed have a type, and rules know it. */
static enum stw_code
check_version(const struct trait *was, const struct trait *is, struct stw_err *err)
{
	if (trait_is_fed(was) != trait_is_fed(is))
		return stw_fail(err, STW_CONFLICT,
		    "trait %s is %s and stays so; a new trait takes a new name",
		    is->name, trait_is_fed(was) ? "fed" : "derived by a rule");
	if (trait_is_fed(is) && was->type != is->type)
		return stw_fail(err, STW_CONFLICT,
		    "trait %s is fed with values of type %s; another type takes a new name",
		    is->name, trait_type_name(was->type));
	return STW_OK;
}

static enum stw_code
save(struct db *db, const struct trait *t, const char *actor, stw_usec now,
    struct arena *arena, int *version, struct stw_err *err)
{
	unsigned char hash[32];
	struct db_param params[] = {db_text(t->name), db_text(trait_type_name(t->type)),
	    db_text(t->unit), db_text(trait_sensitivity_name(t->sensitivity)),
	    db_text(t->zh), db_text(t->en), db_text(t->rule),
	    db_bytes(hash, sizeof hash), db_text(actor), db_usec(now),
	    db_text(trait_is_fed(t) ? "feed" : "derived"), db_null()};
	struct trait_info *there;
	char hex[65];
	enum stw_code rc;
	int n;

	hash_of(t, hash);
	(void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	rc = check_name(t, arena, err);
	if (rc == STW_OK)
		rc = db_exec(db, DB_Q_TRAIT_LOCK, NULL, 0, NULL, err);
	if (rc == STW_OK)
		rc = read_infos(db, t->name, true, arena, &there, &n, err);
	if (rc == STW_OK && n == 1 && strcmp(there[0].state, "active") != 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "trait %s is retired; a new trait takes a new name", t->name);
	if (rc == STW_OK && n == 1)
		rc = check_version(&there[0].trait, t, err);
	if (rc != STW_OK)
		return rc;
	*version = n == 0 ? 1 : there[0].version;
	if (n == 1 && strcmp(there[0].hash_hex, hex) == 0)
		return STW_OK;
	if (n == 0) {
		rc = db_exec(
		    db, DB_Q_TRAIT_INSERT, params, DB_NPARAMS(params) - 1, NULL, err);
	} else {
		params[11] = db_i64(++*version);
		rc = db_exec(
		    db, DB_Q_TRAIT_UPDATE, params, DB_NPARAMS(params), NULL, err);
	}
	if (rc == STW_OK)
		rc = check_users(db, now, arena, err);
	if (rc == STW_OK)
		rc = append_change(
		    db, "created", t->name, *version, hash, actor, now, err);
	return rc;
}

enum stw_code
trait_store_save(struct db *db, const struct trait *trait, const char *actor,
    stw_usec now, int *version, struct stw_err *err)
{
	struct arena arena;
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	rc = save(db, trait, actor, now, &arena, version, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	arena_fini(&arena);
	return rc;
}

/* What nothing reads any more is not kept about people. */
static enum stw_code
forget_values(struct db *db, int64_t trait_id, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int bucket = 0; bucket < BOOK_BUCKETS && rc == STW_OK; bucket++) {
		const struct db_param params[] = {db_i64(bucket), db_i64(trait_id)};

		rc = db_exec(
		    db, DB_Q_TRAIT_VALUE_FORGET, params, DB_NPARAMS(params), NULL, err);
	}
	return rc;
}

static enum stw_code
retire(struct db *db, const char *name, const char *actor, stw_usec now,
    struct arena *arena, struct stw_err *err)
{
	const struct db_param params[] = {db_text(name), db_usec(now)};
	struct trait_info info;
	unsigned char hash[32];
	enum stw_code rc;

	rc = db_exec(db, DB_Q_TRAIT_LOCK, NULL, 0, NULL, err);
	if (rc == STW_OK)
		rc = trait_store_get(db, name, arena, &info, err);
	if (rc != STW_OK || strcmp(info.state, "retired") == 0)
		return rc;
	rc = db_exec(db, DB_Q_TRAIT_RETIRE, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = check_users(db, now, arena, err);
	if (rc == STW_INVALID)
		rc = stw_err_prefix(err, STW_CONFLICT, "trait %s is in use", name);
	if (rc == STW_OK && trait_is_fed(&info.trait))
		rc = forget_values(db, info.trait_id, err);
	hash_of(&info.trait, hash);
	if (rc == STW_OK)
		rc = append_change(
		    db, "retired", name, info.version, hash, actor, now, err);
	return rc;
}

enum stw_code
trait_store_retire(struct db *db, const char *name, const char *actor, stw_usec now,
    struct stw_err *err)
{
	struct arena arena;
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	rc = retire(db, name, actor, now, &arena, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	arena_fini(&arena);
	return rc;
}
