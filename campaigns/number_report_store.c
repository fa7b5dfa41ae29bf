#include "campaigns/number_report_store.h"

#include <string.h>

#include "campaigns/number_store.h"
#include "engine/zone.h"

#define PAIRS_MAX 256 /* pools times purposes */

enum stw_code
number_usage(struct db *db, int64_t number_id, stw_day from, stw_day to,
    const char *zone, struct arena *arena, struct number_usage **out, int *count,
    struct stw_err *err)
{
	const struct db_param params[] = {
	    number_id == 0 ? db_null() : db_i64(number_id), db_day(from), db_day(to),
	    db_text(zone)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_NUMBER_USAGE, params, DB_NPARAMS(params), &rows, err);

	*count = rc == STW_OK ? db_rows_count(rows) : 0;
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	for (int r = 0; r < *count; r++)
		(*out)[r] = (struct number_usage){db_get_day(rows, r, 0),
		    db_get_i64(rows, r, 1), db_get_text(rows, r, 2, arena),
		    db_get_text(rows, r, 3, arena), db_get_text(rows, r, 4, arena),
		    db_get_text(rows, r, 5, arena), db_get_text(rows, r, 6, arena),
		    db_get_i64(rows, r, 7)};
	db_rows_free(rows);
	return rc;
}

enum stw_code
number_outside(struct db *db, stw_usec from, stw_usec to, int limit,
    struct arena *arena, struct number_outside **out, int *count, int64_t *checked,
    int64_t *found, struct stw_err *err)
{
	const struct db_param params[] = {db_usec(from), db_usec(to), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_NUMBER_OUTSIDE, params, DB_NPARAMS(params), &rows, err);
	int n = rc == STW_OK ? db_rows_count(rows) : 0;

	*count = 0;
	*checked = *found = 0;
	*out = arena_array(arena, (size_t)n, sizeof **out);
	for (int r = 0; r < n; r++) {
		*checked = db_get_i64(rows, r, 6);
		*found = db_get_i64(rows, r, 7);
		if (!db_is_null(rows, r, 0))
			(*out)[(*count)++] = (struct number_outside){
			    db_get_text(rows, r, 0, arena),
			    db_get_text(rows, r, 1, arena),
			    db_get_text(rows, r, 2, arena),
			    db_get_text(rows, r, 3, arena),
			    db_get_text(rows, r, 4, arena), db_get_usec(rows, r, 5)};
	}
	db_rows_free(rows);
	return rc;
}

/* ---- forecast ----------------------------------------------------------------------- */
struct pair {
	const char *pool, *purpose;
	int64_t expected;
	int64_t *planned; /* a day each */
};

struct demand {
	struct pair pairs[PAIRS_MAX];
	int npairs, days;
	stw_day today;
	struct arena *arena;
};

/* NULL when there are more than any bank has. */
static struct pair *
pair_of(struct demand *d, const char *pool, const char *purpose)
{
	struct pair *p;

	for (int i = 0; i < d->npairs; i++)
		if (strcmp(d->pairs[i].pool, pool) == 0 &&
		    strcmp(d->pairs[i].purpose, purpose) == 0)
			return &d->pairs[i];
	if (d->npairs == PAIRS_MAX)
		return NULL;
	p = &d->pairs[d->npairs++];
	*p = (struct pair){pool, purpose, 0,
	    arena_array(d->arena, (size_t)d->days, sizeof *p->planned)};
	return p;
}

static enum stw_code
read_demand(struct db *db, struct demand *d, const char *zone, stw_usec now,
    struct stw_err *err)
{
	const struct db_param params[] = {db_usec(now), db_i64(d->days), db_text(zone)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_NUMBER_DEMAND, params, DB_NPARAMS(params), &rows, err);

	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		struct pair *p = pair_of(d, db_get_text(rows, r, 0, d->arena),
		    db_get_text(rows, r, 1, d->arena));

		if (p == NULL)
			rc = stw_fail(err, STW_INVALID,
			    "more than %d pools and purposes", PAIRS_MAX);
		else if (db_is_null(rows, r, 2))
			p->expected = db_get_i64(rows, r, 3);
		else
			p->planned[db_get_day(rows, r, 2) - d->today] =
			    db_get_i64(rows, r, 3);
	}
	db_rows_free(rows);
	return rc;
}

static bool
serves(const struct number_row *n, const struct pair *p, stw_usec from, stw_usec to)
{
	if (strcmp(n->pool, p->pool) != 0 || strcmp(n->status, "active") != 0 ||
	    strcmp(n->direction, "in") == 0 || n->licence_no == NULL ||
	    n->licence_from > from || n->licence_to < to)
		return false;
	for (size_t i = 0; i < n->npurposes; i++)
		if (strcmp(n->purposes[i], p->purpose) == 0)
			return true;
	return false;
}

/* A number that serves several purposes has its cap once; each purpose is shown the whole
 * of it, so a pool that is short for one is short. */
static void
fill_day(const struct number_row *numbers, int count, const struct pair *p, int at,
    const struct zone *zone, stw_day today, struct number_forecast *f)
{
	stw_day day = today + at;
	stw_usec from = zone_instant(zone, day, 0), to = zone_instant(zone, day + 1, 0);
	int64_t need;

	*f = (struct number_forecast){.pool = p->pool,
	    .purpose = p->purpose,
	    .day = day,
	    .planned = p->planned[at],
	    .expected = p->expected};
	for (int i = 0; i < count; i++) {
		if (!serves(&numbers[i], p, from, to))
			continue;
		f->numbers++;
		if (numbers[i].daily_cap == 0)
			f->budget = -1;
		else if (f->budget >= 0)
			f->budget += numbers[i].daily_cap -
				     (at == 0 ? numbers[i].used_today : 0);
	}
	need = f->planned > f->expected ? f->planned : f->expected;
	f->is_short = f->budget >= 0 && need > f->budget;
}

enum stw_code
number_forecast(struct db *db, int days, const char *zone_text, stw_usec now,
    struct arena *arena, struct number_forecast **out, int *count, struct stw_err *err)
{
	struct demand demand = {.days = days, .arena = arena};
	const struct zone *zone;
	struct number_row *numbers;
	int n;
	enum stw_code rc = zone_find(zone_text, &zone, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	demand.today = zone_local(zone, now).day;
	rc = read_demand(db, &demand, zone_text, now, err);
	if (rc == STW_OK)
		rc = number_list(db, NULL, now, zone_instant(zone, demand.today, 0),
		    arena, &numbers, &n, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)demand.npairs * (size_t)days, sizeof **out);
	for (int p = 0; p < demand.npairs; p++)
		for (int at = 0; at < days; at++)
			fill_day(numbers, n, &demand.pairs[p], at, zone, demand.today,
			    &(*out)[(*count)++]);
	return STW_OK;
}
