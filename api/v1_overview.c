#include <stdio.h>
#include <string.h>

#include "api/app.h"
#include "api/resources.h"
#include "campaigns/campaign_store.h"
#include "campaigns/number_store.h"
#include "campaigns/queue_store.h"
#include "campaigns/run_hold.h"
#include "campaigns/task_store.h"
#include "segments/import_hold_store.h"
#include "segments/lifecycle_store.h"
#include "segments/segment_store.h"

#define RUNS_OF_A_TICK 200
#define STALE_AFTER    STW_USEC_DAY
#define WAITING_MANY   10000

static const char *const fates[] = {"planned", "held_out", "already", "blocked",
    "deferred", "review", "no_contact_point", "no_number"};
static const char *const outcomes[] = {"ALLOW", "BLOCK", "DEFER", "REVIEW"};

/* ---- the funnel ------------------------------------------------------------------------ */
static void
add_to(json_t *object, const char *key, int64_t n)
{
	json_t *v = json_object_get(object, key);

	json_put(
	    object, key, json_integer(n + (v != NULL ? json_integer_value(v) : 0)));
}

/* Reasons of all campaigns of the tick, one row a fate and code. */
static void
add_reason(json_t *reasons, const struct run_reason *r)
{
	json_t *one;
	size_t i;

	json_array_foreach(reasons, i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "fate")), r->fate) ==
			0 &&
		    strcmp(json_string_value(json_object_get(one, "code")), r->code) ==
			0) {
			add_to(one, "count", r->count);
			return;
		}
	}
	one = json_object();
	json_put(one, "fate", json_text(r->fate));
	json_put(one, "code", json_text(r->code));
	json_put(one, "text", v1_reason_text(r->code));
	json_put(one, "count", json_integer(r->count));
	json_push(reasons, one);
}

static enum stw_code
funnel_runs(struct api_request *req, json_t *funnel, struct stw_err *err)
{
	json_t *by_fate = json_object(), *reasons = json_array();
	int64_t scope = 0, audience = 0, undecided = 0, sum = 0;
	struct run_row *runs;
	enum stw_code rc;
	int count;

	for (size_t i = 0; i < STW_ARRAY_LEN(fates); i++)
		json_put(by_fate, fates[i], json_integer(0));
	rc = campaign_runs(
	    req->db, NULL, RUNS_OF_A_TICK, &req->arena, &runs, &count, err);
	if (rc != STW_OK)
		count = 0;
	for (int i = 0; i < count && runs[i].as_of == runs[0].as_of; i++) {
		if (runs[i].scope > scope)
			scope = runs[i].scope;
		audience += runs[i].audience;
		undecided += runs[i].undecided;
		for (int k = 0; k < runs[i].nreasons; k++) {
			add_to(
			    by_fate, runs[i].reasons[k].fate, runs[i].reasons[k].count);
			add_reason(reasons, &runs[i].reasons[k]);
			sum += runs[i].reasons[k].count;
		}
	}
	json_put(
	    funnel, "run_as_of", count > 0 ? json_time(runs[0].as_of) : json_null());
	json_put(funnel, "scope", json_integer(scope));
	json_put(funnel, "audience", json_integer(audience));
	json_put(funnel, "undecided", json_integer(undecided));
	json_put(funnel, "by_fate", by_fate);
	json_put(funnel, "reasons", reasons);
	json_put(funnel, "adds_up", json_boolean(sum == audience));
	return rc;
}

/* name -> count, every name of the list present. */
static enum stw_code
pairs(struct api_request *req, enum db_query_id query, const struct db_param *params,
    size_t nparams, const char *const *names, size_t nnames, json_t **out,
    struct stw_err *err)
{
	struct db_rows *rows = NULL;
	json_t *v = json_object();
	enum stw_code rc;

	for (size_t i = 0; i < nnames; i++)
		json_put(v, names[i], json_integer(0));
	*out = v;
	rc = db_query(req->db, query, params, nparams, &rows, err);
	if (rc != STW_OK)
		return rc;
	DB_ROW_FOREACH(rows, r)
		json_put(v, db_get_text(rows, r, 0, &req->arena),
		    json_integer(db_get_i64(rows, r, 1)));
	db_rows_free(rows);
	return STW_OK;
}

static enum stw_code
funnel_work(
    struct api_request *req, json_t *funnel, int64_t *unknown, struct stw_err *err)
{
	int64_t counts[TASK_STATES] = {0};
	json_t *tasks = json_object(), *made;
	enum stw_code rc;

	rc = task_counts(req->db, counts, err);
	for (int s = TASK_PLANNED; s < TASK_STATES; s++)
		json_put(tasks, task_state_name((enum task_state)s),
		    json_integer(counts[s]));
	json_put(funnel, "tasks", tasks);
	*unknown = counts[TASK_UNKNOWN];
	if (rc != STW_OK)
		return rc;
	rc = pairs(req, DB_Q_OVERVIEW_OUTCOMES, NULL, 0, NULL, 0, &made, err);
	json_put(funnel, "outcomes", made);
	return rc;
}

static enum stw_code
single_counts(struct api_request *req, json_t *v, json_t *funnel, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query_one(req->db, DB_Q_OVERVIEW_COUNTS, NULL, 0, &rows, err);
	if (rc == STW_OK) {
		json_put(v, "customers", json_integer(db_get_i64(rows, 0, 0)));
		json_put(funnel, "pushed", json_integer(db_get_i64(rows, 0, 1)));
		json_put(funnel, "permits", json_integer(db_get_i64(rows, 0, 2)));
		json_put(funnel, "reached", json_integer(db_get_i64(rows, 0, 3)));
	}
	db_rows_free(rows);
	return rc;
}

/* ---- needs you ---------------------------------------------------------------------------- */
static void
need(json_t *list, const char *kind, const char *id, const char *zh, const char *en,
    stw_usec since)
{
	json_t *v = json_object();

	json_put(v, "kind", json_text(kind));
	json_put(v, "id", json_text(id));
	json_put(v, "text", json_names(zh, en));
	json_put(v, "since", json_time(since));
	json_push(list, v);
}

static enum stw_code
need_campaigns(struct api_request *req, json_t *list, struct stw_err *err)
{
	struct campaign_row *rows;
	enum stw_code rc;
	int count;

	rc = campaign_list(req->db, &req->arena, &rows, &count, err);
	for (int i = 0; rc == STW_OK && i < count; i++)
		if (rows[i].approved_by == NULL && strcmp(rows[i].state, "ended") != 0)
			need(list, "campaign_approval", rows[i].code,
			    arena_printf(&req->arena, "活动 %s 的第 %d 版等待审批",
				rows[i].code, rows[i].newest_version),
			    arena_printf(&req->arena,
				"version %d of campaign %s waits for approval",
				rows[i].newest_version, rows[i].code),
			    rows[i].updated_at);
	return rc;
}

static const char *
held_cause(struct api_request *req, const struct run_row *run, bool zh)
{
	const char *trait = run->held_trait, *text;
	struct buf cause;

	buf_init(&cause);
	run_held_print(run, zh, &cause);
	text = arena_printf(&req->arena, "%s%s%s", trait != NULL ? trait : "",
	    trait != NULL ? ": " : "", cause.data);
	buf_fini(&cause);
	return text;
}

static enum stw_code
need_held(struct api_request *req, json_t *list, struct stw_err *err)
{
	struct run_row *runs;
	enum stw_code rc;
	int count;

	rc = campaign_held(req->db, &req->arena, &runs, &count, err);
	for (int i = 0; rc == STW_OK && i < count; i++)
		need(list, "campaign_held", runs[i].campaign,
		    arena_printf(&req->arena, "活动 %s 暂缓执行:%s", runs[i].campaign,
			held_cause(req, &runs[i], true)),
		    arena_printf(&req->arena, "campaign %s is held back: %s",
			runs[i].campaign, held_cause(req, &runs[i], false)),
		    runs[i].as_of);
	return rc;
}

static enum stw_code
need_stages(struct api_request *req, json_t *list, struct stw_err *err)
{
	struct lifecycle_model model;
	struct lifecycle_failure failure;
	enum stw_code rc = lifecycle_store_active(req->db, &req->arena, &model, err);

	if (rc == STW_OK)
		rc = lifecycle_store_failure(
		    req->db, model.code, model.version, &req->arena, &failure, err);
	if (rc == STW_OK && failure.text != NULL)
		need(list, "stages_failed", model.code,
		    arena_printf(&req->arena, "生命周期模型 %s 有规则对所有客户都出错",
			model.code),
		    arena_printf(&req->arena,
			"a rule of lifecycle model %s fails for every customer",
			model.code),
		    failure.at);
	return rc == STW_NOT_FOUND ? STW_OK : rc;
}

static enum stw_code
need_import(struct api_request *req, json_t *list, struct stw_err *err)
{
	struct import_hold hold;
	enum stw_code rc = import_hold_get(req->db, &hold, err);

	if (rc == STW_OK && hold.kind == IMPORT_HOLD_HALF)
		need(list, "import_interrupted", hold.run_id,
		    arena_printf(&req->arena,
			"导入 %s %s：客户簿只载入了一部分，在重新导入或放弃之前不刷新阶段和客群，也不做计划",
			hold.mapping, hold.failed ? "中途失败" : "未完成就中断"),
		    arena_printf(&req->arena,
			"import %s %s: the book is half loaded, "
			"and ticks wait until it is imported again or given up",
			hold.mapping,
			hold.failed ? "failed with some of its files in"
				    : "ended before its last file"),
		    hold.started_at);
	return rc;
}

static enum stw_code
need_segments(struct api_request *req, json_t *list, struct stw_err *err)
{
	struct segment_info *s;
	enum stw_code rc;
	int count;

	rc = segment_store_list(req->db, false, &req->arena, &s, &count, err);
	for (int i = 0; rc == STW_OK && i < count; i++) {
		if (s[i].failed_at != STW_USEC_NEVER)
			need(list, "segment_failed", s[i].def.code,
			    arena_printf(
				&req->arena, "客群 %s 评估失败", s[i].def.code),
			    arena_printf(&req->arena,
				"segment %s could not be evaluated", s[i].def.code),
			    s[i].failed_at);
		else if (s[i].as_of != STW_USEC_NEVER &&
			 req->now - s[i].as_of > STALE_AFTER)
			need(list, "segment_stale", s[i].def.code,
			    arena_printf(
				&req->arena, "客群 %s 已超过一天未更新", s[i].def.code),
			    arena_printf(&req->arena,
				"segment %s has not been evaluated for a day",
				s[i].def.code),
			    s[i].as_of);
	}
	return rc;
}

static enum stw_code
need_numbers(struct api_request *req, json_t *list, struct stw_err *err)
{
	struct number_row *n;
	enum stw_code rc;
	int count;

	rc = number_list(req->db, NULL, req->now, app_day_start(req->app, req->now),
	    &req->arena, &n, &count, err);
	for (int i = 0; rc == STW_OK && i < count; i++)
		if (strcmp(n[i].status, "suspended") == 0)
			need(list, "number_suspended",
			    arena_printf(
				&req->arena, "%lld", (long long)n[i].number_id),
			    arena_printf(&req->arena, "码号 %s 已停用", n[i].number),
			    arena_printf(&req->arena, "caller number %s is suspended",
				n[i].number),
			    STW_USEC_NEVER);
	return rc;
}

static enum stw_code
need_queues(struct api_request *req, json_t *list, struct stw_err *err)
{
	struct queue_row *q;
	enum stw_code rc;
	int count;

	rc = queue_list(req->db, NULL, &req->arena, &q, &count, err);
	for (int i = 0; rc == STW_OK && i < count; i++)
		if (strcmp(q[i].state, "paused") == 0)
			need(list, "queue_paused", q[i].code,
			    arena_printf(&req->arena, "队列 %s 已暂停", q[i].code),
			    arena_printf(&req->arena, "queue %s is paused", q[i].code),
			    STW_USEC_NEVER);
	return rc;
}

/* ---- the rest --------------------------------------------------------------------------------- */
static enum stw_code
ledger_json(struct api_request *req, json_t *v, json_t *needs, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	json_t *ledger = json_object();
	enum stw_code rc;

	rc = db_query_one(req->db, DB_Q_LEDGER_STATUS, NULL, 0, &rows, err);
	if (rc == STW_OK) {
		json_put(ledger, "size", json_integer(db_get_i64(rows, 0, 0)));
		json_put(ledger, "waiting", json_integer(db_get_i64(rows, 0, 1)));
		json_put(ledger, "checkpoint_at",
		    db_is_null(rows, 0, 5) ? json_null()
					   : json_time(db_get_usec(rows, 0, 5)));
		if (db_get_i64(rows, 0, 1) > WAITING_MANY)
			need(needs, "ledger_waiting", "ledger",
			    "账本有大量记录等待入账",
			    "many ledger entries wait to be sequenced", STW_USEC_NEVER);
	}
	json_put(v, "ledger", ledger);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
fill(struct api_request *req, json_t *v, json_t *needs, json_t *funnel,
    struct stw_err *err)
{
	const struct db_param day[] = {db_usec(app_day_start(req->app, req->now))};
	int64_t unknown = 0;
	json_t *made = NULL;
	enum stw_code rc;

	rc = funnel_runs(req, funnel, err);
	if (rc == STW_OK)
		rc = funnel_work(req, funnel, &unknown, err);
	if (rc == STW_OK)
		rc = single_counts(req, v, funnel, err);
	if (rc == STW_OK) {
		rc = pairs(req, DB_Q_OVERVIEW_DECISIONS, day, 1, outcomes,
		    STW_ARRAY_LEN(outcomes), &made, err);
		json_put(v, "decisions", made);
	}
	if (rc == STW_OK)
		rc = need_campaigns(req, needs, err);
	if (rc == STW_OK)
		rc = need_held(req, needs, err);
	if (rc == STW_OK)
		rc = need_import(req, needs, err);
	if (rc == STW_OK)
		rc = need_stages(req, needs, err);
	if (rc == STW_OK)
		rc = need_segments(req, needs, err);
	if (rc == STW_OK)
		rc = need_numbers(req, needs, err);
	if (rc == STW_OK)
		rc = need_queues(req, needs, err);
	if (rc == STW_OK)
		rc = ledger_json(req, v, needs, err);
	if (rc == STW_OK && unknown > 0)
		need(needs, "tasks_unknown", "tasks",
		    arena_printf(
			&req->arena, "%lld 个任务推送结果未知", (long long)unknown),
		    arena_printf(&req->arena,
			"the fate of %lld pushed tasks is not known",
			(long long)unknown),
		    STW_USEC_NEVER);
	if (rc == STW_OK && json_is_null(json_object_get(funnel, "run_as_of")))
		need(needs, "no_run", "run", "尚未运行过主任务：steward run",
		    "the main job has not run yet: steward run", STW_USEC_NEVER);
	return rc;
}

void
v1_overview(struct api_request *req)
{
	json_t *v = json_object(), *needs = json_array(), *funnel = json_object();
	json_t *stages, *segments = NULL, *campaigns = NULL;
	struct stw_err err = {0};
	enum stw_code rc;

	json_put(v, "as_of", json_time(req->now));
	json_put(v, "zone", json_text(zone_name(req->app->zone)));
	json_put(v, "needs_you", needs);
	json_put(v, "funnel", funnel);
	rc = fill(req, v, needs, funnel, &err);
	if (rc != STW_OK) {
		json_decref(v);
		api_fail(req, rc, &err);
		return;
	}
	/* These answer by themselves when they fail. */
	stages = v1_stages_json(req);
	if (stages != NULL)
		segments = v1_segments_json(req);
	if (segments != NULL)
		campaigns = v1_campaigns_json(req);
	if (campaigns == NULL) {
		json_decref(stages);
		json_decref(segments);
		json_decref(v);
		return;
	}
	json_put(v, "stages", stages);
	json_put(v, "segments", segments);
	json_put(v, "campaigns", campaigns);
	api_reply(req, 200, v);
}
