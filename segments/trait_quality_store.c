#include "segments/trait_quality_store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "segments/change_store.h"
#include "segments/trait_store.h"

#define BASELINE_AGE (7 * STW_USEC_DAY)

/* ---- reading --------------------------------------------------------------------- */
static int
limit_at(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? TRAIT_NO_LIMIT
					: (int)db_get_i64(rows, r, col);
}

static stw_usec
usec_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

static int
numbers_at(const struct db_rows *rows, int r, int col, struct arena *arena,
    int64_t *out, int max)
{
	const char **texts;
	size_t n;

	if (db_is_null(rows, r, col))
		return 0;
	texts = db_get_texts(rows, r, col, &n, arena);
	STW_ASSERT(n <= (size_t)max);
	for (size_t i = 0; i < n; i++)
		out[i] = strtoll(texts[i], NULL, 10);
	return (int)n;
}

static void
quality_read(
    const struct db_rows *rows, int r, struct arena *arena, struct trait_quality *out)
{
	struct trait_spread *spread = &out->base.spread;

	*out = (struct trait_quality){
	    .of = db_get_text(rows, r, 0, arena),
	    .name = db_get_text(rows, r, 1, arena),
	    .limits = {limit_at(rows, r, 2), limit_at(rows, r, 3), limit_at(rows, r, 4),
		limit_at(rows, r, 5)},
	    .limits_by = db_get_text(rows, r, 6, arena),
	    .limits_at = usec_or_never(rows, r, 7),
	    .checked_at = usec_or_never(rows, r, 8),
	    .look = {.total = db_get_i64(rows, r, 9),
		.missing = db_get_i64(rows, r, 10),
		.newest = usec_or_never(rows, r, 11)},
	    .finding = {.measured = db_get_i64(rows, r, 13),
		.allowed = db_get_i64(rows, r, 14)},
	    .since = usec_or_never(rows, r, 15),
	    .base_at = usec_or_never(rows, r, 16),
	    .base = {.total = db_get_i64(rows, r, 17),
		.missing = db_get_i64(rows, r, 18),
		.newest = STW_USEC_NEVER},
	};
	if (!db_is_null(rows, r, 12))
		STW_ASSERT(
		    trait_breach_parse(db_get_str(rows, r, 12), &out->finding.breach));
	spread->ncuts = numbers_at(rows, r, 19, arena, spread->cuts, TRAIT_BINS - 1);
	spread->nbins = numbers_at(rows, r, 20, arena, spread->bins, TRAIT_BINS);
}

/* room: more items at the end, for the caller to fill. */
static enum stw_code
read_all(struct db *db, const char *of, const char *name, size_t room,
    struct arena *arena, struct trait_quality **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(of), db_text(name)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*count = 0;
	rc = db_query(
	    db, DB_Q_TRAIT_QUALITY_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows) + room, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		quality_read(rows, r, arena, &(*out)[(*count)++]);
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
trait_quality_list(struct db *db, struct arena *arena, struct trait_quality **out,
    int *count, struct stw_err *err)
{
	return read_all(db, NULL, NULL, 1, arena, out, count, err);
}

static struct trait_quality
unknown_quality(const char *of, const char *name)
{
	return (struct trait_quality){
	    .of = of,
	    .name = name,
	    .limits = {TRAIT_NO_LIMIT, TRAIT_NO_LIMIT, TRAIT_NO_LIMIT, TRAIT_NO_LIMIT},
	    .limits_at = STW_USEC_NEVER,
	    .checked_at = STW_USEC_NEVER,
	    .look = {.newest = STW_USEC_NEVER},
	    .since = STW_USEC_NEVER,
	    .base_at = STW_USEC_NEVER,
	    .base = {.newest = STW_USEC_NEVER},
	};
}

static enum stw_code
find_trait(struct db *db, const char *of, const char *name, struct arena *arena,
    const struct trait **out, struct stw_err *err)
{
	struct trait_catalogue catalogue;
	enum stw_code rc = trait_store_catalogue(db, arena, &catalogue, err);

	*out = NULL;
	if (rc != STW_OK)
		return rc;
	*out = trait_find(&catalogue, of, name);
	return *out != NULL
		   ? STW_OK
		   : stw_fail(err, STW_NOT_FOUND,
			 "there is no trait %.60s.%.80s (`steward trait list` and GET "
			 "/v1/traits have them)",
			 of, name);
}

enum stw_code
trait_quality_get(struct db *db, const char *of, const char *name, struct arena *arena,
    struct trait_quality *out, struct stw_err *err)
{
	struct trait_quality *items;
	const struct trait *trait;
	enum stw_code rc = find_trait(db, of, name, arena, &trait, err);
	int n;

	if (rc == STW_OK)
		rc = read_all(db, of, name, 1, arena, &items, &n, err);
	if (rc == STW_OK)
		*out = n == 1 ? items[0] : unknown_quality(of, name);
	return rc;
}

/* ---- changing ---------------------------------------------------------------------- */
static struct db_param
limit_param(int limit)
{
	return limit < 0 ? db_null() : db_i64(limit);
}

static struct db_param
named_param(int limit)
{
	return db_bool(limit != TRAIT_KEEP_LIMIT);
}

static enum stw_code
check_limit(const char *name, int limit, int min, int max, const char *unit,
    struct stw_err *err)
{
	if (limit < 0 || (limit >= min && limit <= max))
		return STW_OK;
	return stw_fail(
	    err, STW_INVALID, "%s: %d to %d %s is wanted", name, min, max, unit);
}

static enum stw_code
check_limits(
    const struct trait *trait, const struct trait_limits *limits, struct stw_err *err)
{
	enum stw_code rc = check_limit("max_missing_bp", limits->max_missing_bp, 0,
	    10000, "basis points (100 are 1 %)", err);

	if (rc == STW_OK)
		rc = check_limit("max_rise_bp", limits->max_rise_bp, 0, 10000,
		    "basis points (100 are 1 %)", err);
	if (rc == STW_OK)
		rc = check_limit(
		    "max_drift", limits->max_drift, 1, 10000, "thousandths", err);
	if (rc == STW_OK)
		rc = check_limit(
		    "max_age_hours", limits->max_age_hours, 1, 100000, "hours", err);
	/* Nothing would ever be too old, and whoever set it would think it watched. */
	if (rc == STW_OK && limits->max_age_hours >= 0 && !trait_has_age(trait))
		rc = stw_fail(err, STW_INVALID,
		    "max_age_hours: %s.%s has no age; dates, timestamps and fed traits "
		    "have one",
		    trait->of, trait->name);
	return rc;
}

/* The ledger's word about a change: what it hashes says what the limits are. */
static enum stw_code
append_change(struct db *db, const char *action, const char *of, const char *name,
    const struct trait_limits *limits, const char *actor, stw_usec now,
    struct stw_err *err)
{
	unsigned char hash[32];
	struct buf code, text;
	enum stw_code rc;

	buf_init(&code);
	buf_init(&text);
	buf_printf(&code, "%s.%s", of, name);
	if (limits != NULL)
		buf_printf(&text, "%d %d %d %d", limits->max_missing_bp,
		    limits->max_rise_bp, limits->max_drift, limits->max_age_hours);
	(void)crypto_hash_sha256(
	    hash, (const unsigned char *)(text.len > 0 ? text.data : ""), text.len);
	{
		const struct rule_change change = {
		    .subject = "trait_limit",
		    .action = action,
		    .code = code.data,
		    .version = 0,
		    .hash = hash,
		    .actor = actor,
		    .at = now,
		};

		rc = rule_change_append(db, &change, err);
	}
	buf_fini(&code);
	buf_fini(&text);
	return rc;
}

static bool
keeps_all(const struct trait_limits *change)
{
	return change->max_missing_bp == TRAIT_KEEP_LIMIT &&
	       change->max_rise_bp == TRAIT_KEEP_LIMIT &&
	       change->max_drift == TRAIT_KEEP_LIMIT &&
	       change->max_age_hours == TRAIT_KEEP_LIMIT;
}

static enum stw_code
put_limits(struct db *db, const struct trait *trait, const struct trait_limits *change,
    const char *actor, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_text(trait->of), db_text(trait->name),
	    limit_param(change->max_missing_bp), limit_param(change->max_rise_bp),
	    limit_param(change->max_drift), limit_param(change->max_age_hours),
	    db_text(actor), db_usec(now), named_param(change->max_missing_bp),
	    named_param(change->max_rise_bp), named_param(change->max_drift),
	    named_param(change->max_age_hours)};
	struct trait_limits limits;
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(
	    db, DB_Q_TRAIT_LIMIT_PUT, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK) {
		limits = (struct trait_limits){limit_at(rows, 0, 0),
		    limit_at(rows, 0, 1), limit_at(rows, 0, 2), limit_at(rows, 0, 3)};
		rc = append_change(
		    db, "created", trait->of, trait->name, &limits, actor, now, err);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
trait_limits_change(struct db *db, const char *of, const char *name,
    const struct trait_limits *change, const char *actor, stw_usec now,
    struct stw_err *err)
{
	const struct trait *trait;
	struct arena arena;
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	rc = find_trait(db, of, name, &arena, &trait, err);
	if (rc == STW_OK)
		rc = check_limits(trait, change, err);
	if (rc == STW_OK && !keeps_all(change))
		rc = put_limits(db, trait, change, actor, now, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	arena_fini(&arena);
	return rc;
}

enum stw_code
trait_quality_accept(struct db *db, const char *of, const char *name, const char *actor,
    stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_text(of), db_text(name)};
	const struct trait *trait;
	struct arena arena;
	enum stw_code rc = db_begin(db, err);
	int64_t n = 0;

	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	rc = find_trait(db, of, name, &arena, &trait, err);
	arena_fini(&arena);
	if (rc == STW_OK)
		rc = db_exec(
		    db, DB_Q_TRAIT_CHECK_FORGET, params, DB_NPARAMS(params), &n, err);
	if (rc == STW_OK && n == 0)
		rc = stw_fail(err, STW_NOT_FOUND,
		    "%.60s.%.80s was not looked at yet: the next tick does (`steward "
		    "segments` runs one); then accept what it found",
		    of, name);
	if (rc == STW_OK)
		rc = append_change(db, "accepted", of, name, NULL, actor, now, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

/* ---- looking ------------------------------------------------------------------------ */
static void
look_at(const struct book_parts *parts, int col, const struct trait *trait,
    stw_usec now, struct trait_quality *q)
{
	bool based = q->base_at != STW_USEC_NEVER;
	bool aged = based && now - q->base_at > BASELINE_AGE;
	const struct zone *zone = parts->books[0]->zone;
	bool spread = q->limits.max_drift != TRAIT_NO_LIMIT;
	struct trait_look next;
	struct trait_rows rows;

	trait_rows_init(&rows, parts, trait->of);
	trait_look_at(
	    &rows, col, zone, spread, based ? &q->base.spread : NULL, &q->look);
	/* A new baseline is cut where the values are by now. */
	if (aged)
		trait_look_at(&rows, col, zone, spread, NULL, &next);
	else
		next = q->look;
	trait_rows_fini(&rows);
	/* A value that is as it was is not written again: what is old is the feed. */
	if (trait_is_fed(trait))
		q->look.newest = next.newest = trait->fed_at;
	q->finding =
	    trait_judge(trait, &q->limits, &q->look, based ? &q->base : NULL, now);
	q->checked_at = now;
	if (q->finding.breach == TRAIT_GOOD)
		q->since = STW_USEC_NEVER;
	else if (q->since == STW_USEC_NEVER)
		q->since = now;
	/* A baseline without a spread serves until a limit asks for one. */
	if (q->finding.breach == TRAIT_GOOD &&
	    (!based || aged ||
		(q->look.spread.nbins > 0 && q->base.spread.nbins == 0))) {
		q->base_at = now;
		q->base = next;
	}
}

static enum stw_code
write_look(struct db *db, const struct trait_quality *q, struct stw_err *err)
{
	bool good = q->finding.breach == TRAIT_GOOD;
	bool based = q->base_at != STW_USEC_NEVER;
	const struct trait_spread *spread = &q->base.spread;
	const struct db_param params[] = {db_text(q->of), db_text(q->name),
	    db_usec(q->checked_at), db_i64(q->look.total), db_i64(q->look.missing),
	    q->look.newest == STW_USEC_NEVER ? db_null() : db_usec(q->look.newest),
	    good ? db_null() : db_text(trait_breach_name(q->finding.breach)),
	    good ? db_null() : db_i64(q->finding.measured),
	    good ? db_null() : db_i64(q->finding.allowed),
	    based ? db_usec(q->base_at) : db_null(),
	    based ? db_i64(q->base.total) : db_null(),
	    based ? db_i64(q->base.missing) : db_null(),
	    db_i64s(spread->cuts, (size_t)spread->ncuts),
	    db_i64s(spread->bins, (size_t)spread->nbins)};

	return db_exec(db, DB_Q_TRAIT_CHECK_PUT, params, DB_NPARAMS(params), NULL, err);
}

static struct trait_quality *
find(struct trait_quality *items, int count, const struct trait *trait)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(items[i].of, trait->of) == 0 &&
		    strcmp(items[i].name, trait->name) == 0)
			return &items[i];
	}
	return NULL;
}

static int
find_column(const struct book *book, const struct trait *trait)
{
	int child = table_find_child(book->customers, trait->of);

	return table_find_column(
	    child < 0 ? book->customers : book->customers->children[child].table,
	    trait->name);
}

/* The newest lists of limits may speak of a trait that is retired by now: it stays as it
 * was. */
static enum stw_code
refresh(struct db *db, const struct book_parts *parts,
    const struct trait_catalogue *catalogue, stw_usec now, bool keep,
    struct trait_quality *items, int *count, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int i = 0; i < catalogue->count && rc == STW_OK; i++) {
		const struct trait *trait = &catalogue->traits[i];
		struct trait_quality *q = find(items, *count, trait);
		int col = find_column(parts->books[0], trait);

		/* What was added after the book was loaded waits for the next one. */
		if ((q == NULL && !trait->own) || col < 0)
			continue;
		if (q == NULL) {
			q = &items[(*count)++];
			*q = unknown_quality(trait->of, trait->name);
		}
		look_at(parts, col, trait, now, q);
		if (keep)
			rc = write_look(db, q, err);
	}
	return rc;
}

enum stw_code
trait_quality_refresh(struct db *db, const struct book_parts *parts,
    const struct trait_catalogue *catalogue, stw_usec now, bool keep,
    struct arena *arena, struct trait_quality **out, int *count, struct stw_err *err)
{
	enum stw_code rc = keep ? db_begin(db, err) : db_begin_snapshot(db, err);

	if (rc != STW_OK)
		return rc;
	rc = read_all(db, NULL, NULL, (size_t)catalogue->count, arena, out, count, err);
	if (rc == STW_OK)
		rc = refresh(db, parts, catalogue, now, keep, *out, count, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}
