#include "campaigns/task_next_store.h"

#include <stdlib.h>
#include <string.h>

#include "campaigns/task_agent_priv.h"
#include "db/entry_json.h"
#include "db/ledger.h"

/* As many agents of a queue as are looked at. */
#define CANDIDATES_MAX 1000
/* Tasks that go back in one transaction. */
#define NO_SHOWS_AT_ONCE 20

/* ---- reading ------------------------------------------------------------------------------ */
static int
level_of(const char *text)
{
	long level = text == NULL ? 1 : strtol(text, NULL, 10);

	return level < 1 ? 1 : level > AGENT_LEVELS ? AGENT_LEVELS : (int)level;
}

static void
task_from(const struct db_rows *rows, int r, struct arena *arena, struct match_task *t)
{
	size_t nskills, nlevels, nlanguages, nlicences;
	const char **codes = db_get_texts(rows, r, 4, &nskills, arena);
	const char **levels = db_get_texts(rows, r, 5, &nlevels, arena);
	struct agent_skill *skills = arena_array(arena, nskills, sizeof *skills);

	for (size_t i = 0; i < nskills; i++)
		skills[i] = (struct agent_skill){
		    codes[i], level_of(i < nlevels ? levels[i] : NULL)};
	*t = (struct match_task){.id = db_get_text(rows, r, 0, arena),
	    .queue = db_get_text(rows, r, 1, arena),
	    .robot = db_get_bool(rows, r, 2),
	    .elderly = db_get_bool(rows, r, 3),
	    .priority = (int)db_get_i64(rows, r, 8),
	    .waiting_since = db_get_usec(rows, r, 9),
	    .callback_at =
		db_is_null(rows, r, 10) ? STW_USEC_MAX : db_get_usec(rows, r, 10),
	    .callback_agent = db_get_text(rows, r, 11, arena),
	    .manager = db_get_text(rows, r, 12, arena),
	    .sticky = db_get_text(rows, r, 13, arena),
	    .manager_first = db_get_i64(rows, r, 14) * STW_USEC_SEC};
	t->need.languages = db_get_texts(rows, r, 6, &nlanguages, arena);
	t->need.licences = db_get_texts(rows, r, 7, &nlicences, arena);
	t->need.skills = skills;
	t->need.nskills = (int)nskills;
	t->need.nlanguages = (int)nlanguages;
	t->need.nlicences = (int)nlicences;
}

/* task NULL: what the agent could be given; else that one. */
static enum stw_code
tasks_load(struct db *db, const char *agent, const struct uuid *task, stw_usec now,
    struct arena *arena, struct match_task **out, int *count, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param params[] = {db_text(agent), db_usec(now),
	    db_usec(now - MATCH_PRESENCE_FRESH),
	    task == NULL ? db_null() : db_text(uuid_format(task, id)),
	    task == NULL ? db_null() : db_i64(uuid_bucket(task))};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_MATCH_TASKS, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK) {
		*count = db_rows_count(rows);
		*out = arena_array(arena, (size_t)*count, sizeof **out);
		DB_ROW_FOREACH(rows, r)
			task_from(rows, r, arena, &(*out)[r]);
	}
	db_rows_free(rows);
	return rc;
}

/* ---- what happened -------------------------------------------------------------------------- */
enum stw_code
task_handled(struct db *db, const struct uuid *task, const char *what,
    const char *agent, const struct task_transfer *to, stw_usec now,
    struct stw_err *err)
{
	char id[UUID_TEXT];
	const char *reason = to == NULL ? NULL : to->reason;
	const struct db_param params[] = {db_i64(uuid_bucket(task)),
	    db_text(uuid_format(task, id)), db_usec(now), db_text(what), db_text(agent),
	    db_text(to == NULL ? NULL : to->agent),
	    db_text(to == NULL ? NULL : to->queue), db_text(reason)};
	const struct entry_field fields[] = {ENTRY_TEXT("agent", agent),
	    ENTRY_TEXT("what", what),
	    ENTRY_TEXT("to_agent", to == NULL ? NULL : to->agent),
	    ENTRY_TEXT("to_queue", to == NULL ? NULL : to->queue)};
	enum stw_code rc =
	    db_query(db, DB_Q_HANDLING_INSERT, params, DB_NPARAMS(params), NULL, err);

	return rc != STW_OK ? rc
			    : task_log(db, uuid_bucket(task), "task_handed", id, now,
				  fields, (int)STW_ARRAY_LEN(fields), err);
}

enum stw_code
task_handling_list(struct db *db, const struct uuid *task_id, struct arena *arena,
    struct task_handling **out, int *count, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param params[] = {
	    db_i64(uuid_bucket(task_id)), db_text(uuid_format(task_id, id))};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_HANDLING_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK) {
		*count = db_rows_count(rows);
		*out = arena_array(arena, (size_t)*count, sizeof **out);
		DB_ROW_FOREACH(rows, r)
			(*out)[r] = (struct task_handling){db_get_usec(rows, r, 0),
			    db_get_text(rows, r, 1, arena),
			    db_get_text(rows, r, 2, arena),
			    db_get_text(rows, r, 3, arena),
			    db_get_text(rows, r, 4, arena),
			    db_get_text(rows, r, 5, arena)};
	}
	db_rows_free(rows);
	return rc;
}

/* ---- next --------------------------------------------------------------------------------------- */
/* agent NULL: in all queues. */
static enum stw_code
sweep_no_shows(
    struct db *db, const char *agent, stw_usec now, int *returned, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(agent), db_usec(now), db_i64(NO_SHOWS_AT_ONCE)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(db, DB_Q_TASK_NO_SHOW, params, DB_NPARAMS(params), &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		struct uuid task;

		STW_ASSERT(uuid_parse(db_get_str(rows, r, 1), &task) == STW_OK);
		rc = task_handled(
		    db, &task, "no_show", db_get_str(rows, r, 2).ptr, NULL, now, err);
	}
	*returned = rc == STW_OK ? db_rows_count(rows) : 0;
	db_rows_free(rows);
	return rc;
}

enum stw_code
task_no_shows(struct db *db, stw_usec now, int64_t *returned, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	int n = NO_SHOWS_AT_ONCE;

	*returned = 0;
	while (rc == STW_OK && n == NO_SHOWS_AT_ONCE) {
		rc = db_begin(db, err);
		if (rc == STW_OK)
			rc = sweep_no_shows(db, NULL, now, &n, err);
		if (rc == STW_OK)
			rc = db_commit(db, err);
		if (rc != STW_OK)
			db_rollback(db);
		else
			*returned += n;
	}
	return rc;
}

/* Asked twice, as after an answer that got lost. */
static enum stw_code
reserved_already(struct db *db, const char *agent, stw_usec now, struct task_next *out,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text(agent), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_TASK_RESERVED_FOR, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK && db_rows_count(rows) > 0) {
		STW_ASSERT(uuid_parse(db_get_str(rows, 0, 0), &out->task_id) == STW_OK);
		out->found = true;
		out->fence = db_get_i64(rows, 0, 1);
		out->reserved_until = db_get_usec(rows, 0, 2);
	}
	db_rows_free(rows);
	return rc;
}

/* *taken false: somebody else was quicker. */
static enum stw_code
reserve(struct db *db, const char *agent, const struct match_task *t, stw_usec now,
    struct task_next *out, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	STW_ASSERT(uuid_parse(str_of(t->id), &out->task_id) == STW_OK);
	const struct db_param params[] = {db_i64(uuid_bucket(&out->task_id)),
	    db_text(t->id), db_text(agent), db_usec(now)};

	rc = db_query(db, DB_Q_TASK_RESERVE, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK || db_rows_count(rows) == 0)
		goto done;
	out->found = true;
	out->fence = db_get_i64(rows, 0, 0);
	out->reserved_until = db_get_usec(rows, 0, 1);
	if (!db_is_null(rows, 0, 2))
		rc = task_handled(db, &out->task_id, "lapsed",
		    db_get_str(rows, 0, 2).ptr, NULL, now, err);
	if (rc == STW_OK)
		rc = task_handled(db, &out->task_id, "reserved", agent, NULL, now, err);
done:
	db_rows_free(rows);
	return rc;
}

/* Takes the best of those left over, until one is still free. */
static enum stw_code
reserve_best(struct db *db, const struct agent *a, struct match_task *tasks, int count,
    stw_usec now, struct task_next *out, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	while (rc == STW_OK && !out->found && count > 0) {
		int best = 0;

		for (int i = 1; i < count; i++)
			if (match_tasks_order(&tasks[i], &tasks[best], a->code, now) <
			    0)
				best = i;
		rc = reserve(db, a->code, &tasks[best], now, out, err);
		tasks[best] = tasks[--count];
	}
	return rc;
}

/* Keeps those that the agent may have; out->why: the commonest reason against the rest. */
static int
keep_allowed(const struct agent *a, struct match_task *tasks, int count, stw_usec now,
    struct task_next *out)
{
	int against[MATCH_ANSWERS] = {0}, kept = 0;

	for (int i = 0; i < count; i++) {
		enum match_answer answer = match_task(&tasks[i], a, now);

		if (answer == MATCH_YES)
			tasks[kept++] = tasks[i];
		else
			against[answer]++;
	}
	out->why = MATCH_YES;
	for (int i = 1; i < MATCH_ANSWERS; i++)
		if (against[i] > against[out->why])
			out->why = (enum match_answer)i;
	return kept;
}

enum stw_code
task_next(struct db *db, const char *agent, stw_usec now, struct arena *arena,
    struct task_next *out, struct stw_err *err)
{
	const struct zone *zone;
	struct match_task *tasks;
	struct agent a;
	int count, returned;
	enum stw_code rc = agent_lock(db, agent, err);

	memset(out, 0, sizeof *out);
	if (rc == STW_OK)
		rc = sweep_no_shows(db, agent, now, &returned, err);
	if (rc == STW_OK)
		rc = reserved_already(db, agent, now, out, err);
	if (rc != STW_OK || out->found)
		return rc;
	rc = agent_load(db, agent, now, arena, &a, err);
	if (rc == STW_OK)
		rc = zone_find(a.zone, &zone, err);
	if (rc != STW_OK)
		return rc;
	out->why = match_agent(&a, zone, now);
	if (out->why != MATCH_YES)
		return STW_OK;
	rc = tasks_load(db, agent, NULL, now, arena, &tasks, &count, err);
	if (rc != STW_OK)
		return rc;
	count = keep_allowed(&a, tasks, count, now, out);
	return reserve_best(db, &a, tasks, count, now, out, err);
}

/* ---- transfer ---------------------------------------------------------------------------------- */
enum stw_code
task_transfer(struct db *db, const struct uuid *task_id, const char *agent,
    const struct task_transfer *to, stw_usec now, struct stw_err *err)
{
	char id[UUID_TEXT];
	bool to_agent = to->agent != NULL;
	const struct db_param params[] = {db_i64(uuid_bucket(task_id)),
	    db_text(uuid_format(task_id, id)), db_text(agent),
	    db_text(to_agent ? to->agent : to->queue), db_usec(now)};
	const struct db_param hold[] = {db_i64(uuid_bucket(task_id)), db_text(id),
	    db_text(to->agent), db_usec(now)};
	enum stw_code rc = db_query_one(db,
	    to_agent ? DB_Q_TASK_TRANSFER_AGENT : DB_Q_TASK_TRANSFER_QUEUE, params,
	    DB_NPARAMS(params), NULL, err);

	if (rc == STW_NOT_FOUND)
		rc = stw_fail(err, STW_CONFLICT,
		    "task_id %s cannot go from %s to %s %s: it is in another state, with "
		    "somebody else, or not for them",
		    id, agent, to_agent ? "agent" : "queue",
		    to_agent ? to->agent : to->queue);
	if (rc == STW_OK && to_agent)
		rc = db_query(
		    db, DB_Q_TASK_RESERVE_FOR, hold, DB_NPARAMS(hold), NULL, err);
	if (rc == STW_OK)
		rc = task_handled(db, task_id, "transferred", agent, to, now, err);
	return rc;
}

/* ---- candidates -------------------------------------------------------------------------------- */
static bool
before(const struct task_candidate *a, const struct task_candidate *b,
    const struct match_task *t)
{
	if ((a->answer == MATCH_YES) != (b->answer == MATCH_YES))
		return a->answer == MATCH_YES;
	return match_agents_order(a->agent, b->agent, t) < 0;
}

enum stw_code
task_candidates(struct db *db, const struct uuid *task_id, const char *queue,
    stw_usec now, struct arena *arena, struct task_candidate **out, int *count,
    struct stw_err *err)
{
	struct match_task *t;
	struct agent *agents;
	int ntasks;
	enum stw_code rc = agent_list(
	    db, queue, NULL, CANDIDATES_MAX, now, arena, &agents, count, err);

	*out = NULL;
	if (rc == STW_OK)
		rc = tasks_load(db, NULL, task_id, now, arena, &t, &ntasks, err);
	if (rc == STW_OK && ntasks == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no such task_id");
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	for (int i = 0; rc == STW_OK && i < *count; i++) {
		struct task_candidate one = {&agents[i], MATCH_YES};
		const struct zone *zone;
		int at = i;

		rc = zone_find(agents[i].zone, &zone, err);
		if (rc != STW_OK)
			break;
		one.answer = match_agent(one.agent, zone, now);
		if (one.answer == MATCH_YES)
			one.answer = match_task(t, one.agent, now);
		for (; at > 0 && before(&one, &(*out)[at - 1], t); at--)
			(*out)[at] = (*out)[at - 1];
		(*out)[at] = one;
	}
	return rc;
}
