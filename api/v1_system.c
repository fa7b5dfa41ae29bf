#include <string.h>

#include "api/resources.h"
#include "api/server.h"
#include "campaigns/queue_store.h"
#include "campaigns/task_store.h"
#include "campaigns/withdrawal_store.h"
#include "db/migrate.h"
#include "engine/embed.h"
#include "segments/book_live_store.h"
#include "segments/segment_store.h"

#define READY_WAIT_MSEC 1000
#define SEAL_STALE      (60 * STW_USEC_SEC)

void
v1_health(struct api_request *req)
{
	json_t *v = json_object();

	json_put(v, "status", json_string("ok"));
	api_reply(req, 200, v);
}

void
v1_ready(struct api_request *req)
{
	struct server *server = req->server;
	bool database, schema = false, packs = false, ledger;
	const struct ruleset *rules;
	struct stw_err err;
	struct db *db = NULL;
	json_t *v = json_object();
	struct book_live_stat book;

	database = db_pool_acquire(server->pool, READY_WAIT_MSEC, &db, &err) == STW_OK;
	if (database) {
		schema = db_migrate_check(db, &err) == STW_OK;
		packs = schema && server_rules(server, db, &rules, &err) == STW_OK;
		db_pool_release(server->pool, db);
	}
	ledger = stw_monotonic() - atomic_load(&server->sealed_at) < SEAL_STALE;
	json_put(v, "status",
	    json_string(database && schema && packs && ledger ? "ready" : "not_ready"));
	json_put(v, "database", json_boolean(database));
	json_put(v, "schema", json_boolean(schema));
	json_put(v, "packs", json_boolean(packs));
	json_put(v, "ledger", json_boolean(ledger));
	if (req->app->live != NULL)
		book_live_stat(req->app->live, &book);
	/* Who needs the book while it is loading loads one: that is slow, and works. */
	json_put(v, "book",
	    json_string(
		req->app->live == NULL ? "none" : book_live_state_name(book.state)));
	api_reply(req, database && schema && packs && ledger ? 200 : 503, v);
}

/* ---- metrics ------------------------------------------------------------------------- */
static enum stw_code
metrics_tasks(struct api_request *req, struct stw_err *err)
{
	int64_t counts[TASK_STATES];
	enum stw_code rc;

	rc = task_counts(req->db, counts, err);
	if (rc != STW_OK)
		return rc;
	buf_add_c(&req->answer, "# TYPE steward_tasks gauge\n");
	for (int s = TASK_PLANNED; s < TASK_STATES; s++)
		buf_printf(&req->answer, "steward_tasks{state=\"%s\"} %lld\n",
		    task_state_name((enum task_state)s), (long long)counts[s]);
	return STW_OK;
}

static enum stw_code
metrics_pairs(struct api_request *req, enum db_query_id query,
    const struct db_param *params, size_t nparams, const char *name, const char *label,
    struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(req->db, query, params, nparams, &rows, err);
	if (rc != STW_OK)
		return rc;
	buf_printf(&req->answer, "# TYPE %s gauge\n", name);
	DB_ROW_FOREACH(rows, r)
		buf_printf(&req->answer, "%s{%s=\"%.*s\"} %lld\n", name, label,
		    STR_FMT(db_get_str(rows, r, 0)), (long long)db_get_i64(rows, r, 1));
	db_rows_free(rows);
	return STW_OK;
}

/* From the commit of a withdrawal to the end of the last push that was on the wire. */
static enum stw_code
metrics_withdrawals(struct api_request *req, struct stw_err *err)
{
	struct withdrawal_lags lags;
	enum stw_code rc = withdrawal_lags(req->db, &lags, err);
	const struct {
		const char *quantile;
		stw_usec lag;
	} quantiles[] = {{"0.5", lags.median}, {"0.99", lags.p99}, {"1", lags.most}};

	if (rc != STW_OK)
		return rc;
	buf_printf(&req->answer,
	    "# HELP steward_withdrawals_hour Withdrawals and objections of the last hour.\n"
	    "# TYPE steward_withdrawals_hour gauge\nsteward_withdrawals_hour %lld\n"
	    "# TYPE steward_withdrawals_pending gauge\nsteward_withdrawals_pending %lld\n"
	    "# TYPE steward_recalls_open gauge\nsteward_recalls_open %lld\n"
	    "# TYPE steward_recall_oldest_seconds gauge\n"
	    "steward_recall_oldest_seconds %lld\n"
	    "# HELP steward_withdrawal_effective_seconds From the commit until nothing was on "
	    "the wire any more, last hour.\n"
	    "# TYPE steward_withdrawal_effective_seconds gauge\n",
	    (long long)lags.withdrawals, (long long)lags.pending,
	    (long long)lags.recalls_open, (long long)lags.oldest_recall_sec);
	for (size_t i = 0; i < STW_ARRAY_LEN(quantiles); i++)
		buf_printf(&req->answer,
		    "steward_withdrawal_effective_seconds{quantile=\"%s\"} %lld.%06lld\n",
		    quantiles[i].quantile, (long long)(quantiles[i].lag / STW_USEC_SEC),
		    (long long)(quantiles[i].lag % STW_USEC_SEC));
	return STW_OK;
}

static enum stw_code
metrics_ledger(struct api_request *req, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query_one(req->db, DB_Q_LEDGER_STATUS, NULL, 0, &rows, err);
	if (rc == STW_OK)
		buf_printf(&req->answer,
		    "# TYPE steward_ledger_size gauge\nsteward_ledger_size %lld\n"
		    "# TYPE steward_ledger_waiting gauge\nsteward_ledger_waiting %lld\n",
		    (long long)db_get_i64(rows, 0, 0),
		    (long long)db_get_i64(rows, 0, 1));
	db_rows_free(rows);
	return rc;
}

/* How old the segments' counts are: what the book looked like then. */
static enum stw_code
metrics_book(struct api_request *req, struct stw_err *err)
{
	struct segment_info *segments;
	stw_usec newest = STW_USEC_NEVER;
	enum stw_code rc;
	int count;

	rc = segment_store_list(req->db, false, &req->arena, &segments, &count, err);
	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < count; i++)
		if (segments[i].as_of > newest)
			newest = segments[i].as_of;
	if (newest != STW_USEC_NEVER)
		buf_printf(&req->answer,
		    "# TYPE steward_book_as_of_seconds gauge\n"
		    "steward_book_as_of_seconds %lld\n"
		    "# TYPE steward_clock_seconds gauge\nsteward_clock_seconds %lld\n",
		    (long long)(newest / STW_USEC_SEC),
		    (long long)(req->now / STW_USEC_SEC));
	return STW_OK;
}

static void
metrics_live_lags(const struct book_live_stat *s, struct buf *to)
{
	int64_t total = 0;

	buf_add_c(to,
	    "# HELP steward_book_lag_seconds From a commit to the version of the "
	    "book that has it.\n"
	    "# TYPE steward_book_lag_seconds histogram\n");
	for (int i = 0; i < BOOK_LIVE_LAGS - 1; i++) {
		stw_usec bound = book_live_lag_bound(i);

		total += s->lags[i];
		buf_printf(to,
		    "steward_book_lag_seconds_bucket{le=\"%lld.%03lld\"} %lld\n",
		    (long long)(bound / STW_USEC_SEC),
		    (long long)(bound % STW_USEC_SEC / 1000), (long long)total);
	}
	total += s->lags[BOOK_LIVE_LAGS - 1];
	buf_printf(to,
	    "steward_book_lag_seconds_bucket{le=\"+Inf\"} %lld\n"
	    "steward_book_lag_seconds_sum %lld.%06lld\n"
	    "steward_book_lag_seconds_count %lld\n",
	    (long long)total, (long long)(s->lag_sum / STW_USEC_SEC),
	    (long long)(s->lag_sum % STW_USEC_SEC), (long long)total);
}

/* A summary without quantiles, and the newest beside it. */
static void
metrics_summary(const char *name, const char *help, int64_t count, stw_usec last,
    stw_usec sum, struct buf *to)
{
	buf_printf(to,
	    "# HELP %s %s\n# TYPE %s summary\n%s_sum %lld.%06lld\n%s_count %lld\n"
	    "# TYPE %s_last gauge\n%s_last %lld.%06lld\n",
	    name, help, name, name, (long long)(sum / STW_USEC_SEC),
	    (long long)(sum % STW_USEC_SEC), name, (long long)count, name, name,
	    (long long)(last / STW_USEC_SEC), (long long)(last % STW_USEC_SEC));
}

/* The kept book: what it holds, and how it follows the database. */
static void
metrics_live(struct api_request *req)
{
	struct buf *to = &req->answer;
	struct book_live_stat s;

	if (req->app->live == NULL)
		return;
	book_live_stat(req->app->live, &s);
	buf_add_c(to, "# TYPE steward_book_state gauge\n");
	for (int i = 0; i <= BOOK_LIVE_TROUBLE; i++)
		buf_printf(to, "steward_book_state{state=\"%s\"} %d\n",
		    book_live_state_name((enum book_live_state)i), (int)s.state == i);
	buf_printf(to,
	    "# TYPE steward_book_customers gauge\nsteward_book_customers %lld\n"
	    "# TYPE steward_book_parts gauge\nsteward_book_parts %d\n"
	    "# TYPE steward_book_patch_rows gauge\nsteward_book_patch_rows %lld\n"
	    "# TYPE steward_book_bytes gauge\nsteward_book_bytes %zu\n",
	    (long long)s.view.customers, s.view.parts, (long long)s.view.patch_rows,
	    s.view.bytes);
	buf_printf(to,
	    "# TYPE steward_book_versions_total counter\n"
	    "steward_book_versions_total %lld\n"
	    "# TYPE steward_book_loads_total counter\nsteward_book_loads_total %lld\n"
	    "# HELP steward_book_slots_lost_total Loads because the database had let go of "
	    "log that was not read yet.\n"
	    "# TYPE steward_book_slots_lost_total counter\n"
	    "steward_book_slots_lost_total %lld\n"
	    "# TYPE steward_book_reread_total counter\nsteward_book_reread_total %lld\n"
	    "# HELP steward_book_opened The server began with its file and not a load.\n"
	    "# TYPE steward_book_opened gauge\nsteward_book_opened %d\n"
	    "# TYPE steward_book_saves_total counter\nsteward_book_saves_total %lld\n",
	    (long long)s.versions, (long long)s.reloads, (long long)s.slots_lost,
	    (long long)s.reread, s.opened, (long long)s.saves);
	metrics_summary("steward_book_load_seconds", "Loads of the kept book.",
	    s.reloads, s.loaded_usec, s.load_sum, to);
	metrics_summary("steward_book_apply_seconds",
	    "Reading changed customers again and making a version of it.", s.applies,
	    s.applied_usec, s.apply_sum, to);
	metrics_live_lags(&s, to);
}

void
v1_metrics(struct api_request *req)
{
	const struct db_param day[] = {db_usec(app_day_start(req->app, req->now))};
	struct stw_err err = {0};
	enum stw_code rc;

	metrics_write(&req->server->metrics, req->server->routes, req->server->nroutes,
	    &req->answer);
	rc = metrics_tasks(req, &err);
	if (rc == STW_OK)
		rc = metrics_pairs(req, DB_Q_OVERVIEW_DECISIONS, day, 1,
		    "steward_decisions_today", "outcome", &err);
	if (rc == STW_OK)
		rc = metrics_pairs(req, DB_Q_OVERVIEW_OUTCOMES, NULL, 0,
		    "steward_outcomes", "disposition", &err);
	if (rc == STW_OK)
		rc = metrics_ledger(req, &err);
	if (rc == STW_OK)
		rc = metrics_withdrawals(req, &err);
	if (rc == STW_OK)
		rc = v1_metrics_dispatch(req, &err);
	if (rc == STW_OK)
		rc = metrics_book(req, &err);
	if (rc == STW_OK)
		metrics_live(req);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	req->status = 200;
	req->content_type = "text/plain; version=0.0.4; charset=utf-8";
}

void
v1_openapi(struct api_request *req)
{
	const struct embed_file *file = embed_find("api/openapi.json");

	if (file == NULL) {
		api_problem(req, 404, "NOT_FOUND", NULL, "this binary has no document");
		return;
	}
	buf_add(&req->answer, file->data, file->len);
	req->status = 200;
	req->content_type = "application/json";
}

/* ---- who and when ------------------------------------------------------------------- */
void
v1_me(struct api_request *req)
{
	json_t *v = json_object();

	json_put(v, "subject", json_text(req->actor.subject));
	json_put(v, "role", json_text(role_name(req->actor.role)));
	json_put(v, "queue", json_text(req->actor.queue));
	json_put(v, "now", json_time(req->now));
	json_put(v, "simulated_clock", json_boolean(req->app->clock.simulated));
	json_put(v, "zone", json_text(zone_name(req->app->zone)));
	json_put(v, "version", json_text(STEWARD_VERSION));
	json_put(v, "environment",
	    json_text(
		setting_bool(req->app->settings, SET_DEMO) ? "demo" : "production"));
	json_put(v, "expires_at", json_time(req->actor.expires_at));
	api_reply(req, 200, v);
}
