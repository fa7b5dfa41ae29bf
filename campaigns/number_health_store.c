#include "campaigns/number_health_store.h"

#include <stdio.h>
#include <string.h>

#include "campaigns/number_change_store.h"
#include "campaigns/number_use_store.h"

/* ---- thresholds ------------------------------------------------------------------- */
static void
put_health(struct health_policy *p, const char *name, int64_t value)
{
	const struct {
		const char *name;
		int64_t *to;
	} fields[] = {{"window_hours", &p->window_hours}, {"min", &p->min},
	    {"suspend_bp", &p->suspend_bp}, {"return_bp", &p->return_bp},
	    {"cooldown_hours", &p->cooldown_hours}};

	for (size_t i = 0; i < STW_ARRAY_LEN(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			*fields[i].to = value;
	if (strcmp(name, "auto_return") == 0)
		p->auto_return = value != 0;
}

static void
put_policy(void *arg, const char *name, int64_t value)
{
	struct number_policies *p = arg;
	const struct {
		const char *name;
		bool *to;
	} ledger[] = {{"ledger.new", &p->on_new}, {"ledger.gone", &p->on_gone},
	    {"ledger.changed", &p->on_changed}, {"ledger.holder", &p->on_holder},
	    {"ledger.licence", &p->on_licence}, {"ledger.status", &p->on_status}};
	const char *dot = strchr(name, '.');

	STW_ASSERT(dot != NULL);
	for (size_t i = 0; i < STW_ARRAY_LEN(ledger); i++)
		if (strcmp(ledger[i].name, name) == 0)
			*ledger[i].to = value != 0;
	for (int m = 0; m < HEALTH_METRICS; m++) {
		const char *metric = health_metric_name((enum health_metric)m);

		if (strlen(metric) == (size_t)(dot - name) &&
		    strncmp(metric, name, (size_t)(dot - name)) == 0)
			put_health(&p->health[m], dot + 1, value);
	}
}

enum stw_code
number_policy_each(struct db *db,
    void (*each)(void *arg, const char *name, int64_t value), void *arg,
    struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_NUMBER_POLICY_LIST, NULL, 0, &rows, err);

	if (rc == STW_OK)
		DB_ROW_FOREACH(rows, r)
			each(arg, db_get_str(rows, r, 0).ptr, db_get_i64(rows, r, 1));
	db_rows_free(rows);
	return rc;
}

enum stw_code
number_policies_load(struct db *db, struct number_policies *out, struct stw_err *err)
{
	*out = (struct number_policies){0};
	return number_policy_each(db, put_policy, out, err);
}

/* ---- looking ---------------------------------------------------------------------------- */
static void
health_from(const struct db_rows *rows, int r, const struct number_policies *policies,
    struct arena *arena, struct number_health *h)
{
	*h = (struct number_health){.number_id = db_get_i64(rows, r, 0),
	    .number = db_get_text(rows, r, 1, arena),
	    .pool = db_get_text(rows, r, 2, arena),
	    .status = db_get_text(rows, r, 3, arena),
	    .suspended_by = db_get_text(rows, r, 4, arena),
	    .cooldown_until =
		db_is_null(rows, r, 5) ? STW_USEC_NEVER : db_get_usec(rows, r, 5),
	    .reason = db_get_text(rows, r, 6, arena)};
	for (int m = 0; m < HEALTH_METRICS; m++)
		h->rates[m] = (struct health_rate){
		    db_get_i64(rows, r, 7 + 2 * m), db_get_i64(rows, r, 8 + 2 * m)};
	health_judge(policies->health, h->rates, &h->finding);
}

static stw_usec
window_start(const struct number_policies *p, enum health_metric m, stw_usec now)
{
	return now - p->health[m].window_hours * STW_USEC_HOUR;
}

enum stw_code
number_health_look(struct db *db, const struct number_policies *policies,
    int64_t number_id, stw_usec now, struct arena *arena, struct number_health **out,
    int *count, struct stw_err *err)
{
	const struct db_param params[] = {
	    number_id == 0 ? db_null() : db_i64(number_id),
	    db_usec(window_start(policies, HEALTH_ANSWER, now)),
	    db_usec(window_start(policies, HEALTH_COMPLAINT, now)),
	    db_usec(window_start(policies, HEALTH_LABEL, now))};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_NUMBER_HEALTH, params, DB_NPARAMS(params), &rows, err);

	*count = rc == STW_OK ? db_rows_count(rows) : 0;
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	for (int r = 0; r < *count; r++)
		health_from(rows, r, policies, arena, &(*out)[r]);
	db_rows_free(rows);
	return rc;
}

/* ---- acting ------------------------------------------------------------------------------- */
/* Canonical JSON: what was counted, over which window, against which limit. */
static const char *
evidence(const struct number_policies *policies, const struct number_health *h,
    struct arena *arena)
{
	const struct health_policy *p = &policies->health[h->finding.metric];
	const struct health_rate *rate = &h->rates[h->finding.metric];

	return arena_printf(arena,
	    "{\"limit_bp\":%lld,\"metric\":\"%s\",\"min\":%lld,\"of\":%lld,\"part\":%lld,"
	    "\"rate_bp\":%lld,\"window_hours\":%lld}",
	    (long long)h->finding.limit_bp, health_metric_name(h->finding.metric),
	    (long long)p->min, (long long)rate->of, (long long)rate->part,
	    (long long)h->finding.rate_bp, (long long)p->window_hours);
}

static enum stw_code
suspend(struct db *db, const struct number_policies *policies, struct number_health *h,
    stw_usec now, struct arena *arena, struct stw_err *err)
{
	const struct health_policy *p = &policies->health[h->finding.metric];
	const struct number_suspension what = {.number_id = h->number_id,
	    .by = "health",
	    .actor = "steward",
	    .reason =
		arena_printf(arena, "%s rate %lld.%02lld %%, limit %lld.%02lld %%",
		    health_metric_name(h->finding.metric),
		    (long long)(h->finding.rate_bp / 100),
		    (long long)(h->finding.rate_bp % 100),
		    (long long)(h->finding.limit_bp / 100),
		    (long long)(h->finding.limit_bp % 100)),
	    .cooldown_until = now + p->cooldown_hours * STW_USEC_HOUR,
	    .evidence = evidence(policies, h, arena)};
	enum stw_code rc = number_suspend(db, &what, now, err);

	if (rc == STW_OK)
		h->done = "suspended";
	/* Somebody was first: it is out of use, which is what was wanted. */
	return rc == STW_CONFLICT ? STW_OK : rc;
}

/* The policy of the metric that suspended it says whether it comes back by itself. */
static bool
returns_by_rule(const struct number_policies *policies, const struct number_health *h)
{
	if (h->suspended_by == NULL || strcmp(h->suspended_by, "health") != 0 ||
	    h->reason == NULL)
		return false;
	for (int m = 0; m < HEALTH_METRICS; m++) {
		const char *name = health_metric_name((enum health_metric)m);

		if (strncmp(h->reason, name, strlen(name)) == 0)
			return policies->health[m].auto_return;
	}
	return false;
}

static enum stw_code
act(struct db *db, const struct number_policies *policies, struct number_health *h,
    stw_usec now, struct arena *arena, struct stw_err *err)
{
	enum stw_code rc;

	if (strcmp(h->status, "active") == 0)
		return h->finding.suspend ? suspend(db, policies, h, now, arena, err)
					  : STW_OK;
	if (!h->finding.may_return || now < h->cooldown_until ||
	    h->cooldown_until == STW_USEC_NEVER || !returns_by_rule(policies, h))
		return STW_OK;
	rc = number_return(db, h->number_id, "cooled down, rates within limits",
	    "{\"rule\":\"auto_return\"}", now, err);
	if (rc == STW_OK)
		h->done = "returned";
	return rc == STW_CONFLICT ? STW_OK : rc;
}

enum stw_code
number_health_act(struct db *db, const struct number_policies *policies, stw_usec now,
    struct arena *arena, struct number_health **out, int *count, struct stw_err *err)
{
	enum stw_code rc =
	    number_health_look(db, policies, 0, now, arena, out, count, err);

	for (int i = 0; rc == STW_OK && i < *count; i++)
		rc = act(db, policies, &(*out)[i], now, arena, err);
	return rc;
}

enum stw_code
number_tick(struct db *db, stw_usec now, struct number_tick *out, struct stw_err *err)
{
	struct number_policies policies;
	struct number_health *health;
	struct arena arena;
	int count = 0;
	enum stw_code rc;

	*out = (struct number_tick){0};
	arena_init(&arena);
	rc = number_apply_due(db, now, &out->applied, &out->failed, err);
	if (rc == STW_OK)
		rc = number_policies_load(db, &policies, err);
	if (rc == STW_OK)
		rc =
		    number_health_act(db, &policies, now, &arena, &health, &count, err);
	for (int i = 0; rc == STW_OK && i < count; i++)
		if (health[i].done != NULL)
			++*(strcmp(health[i].done, "returned") == 0 ? &out->returned
								    : &out->suspended);
	if (rc == STW_OK)
		rc = number_sweep(db, now, &out->swept, err);
	arena_fini(&arena);
	return rc;
}
