#include "campaigns/agent_store.h"

#include <string.h>

#include "db/entry_json.h"
#include "db/ledger.h"

static enum stw_code
no_agent(struct stw_err *err, const char *code)
{
	return stw_fail(err, STW_NOT_FOUND, "there is no agent %s", code);
}

/* ---- reading ---------------------------------------------------------------------------- */
static stw_usec
instant(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

static void
agent_from(const struct db_rows *rows, int r, struct arena *arena, struct agent *a)
{
	*a = (struct agent){.code = db_get_text(rows, r, 1, arena),
	    .kind = agent_kind_parse(db_get_str(rows, r, 2)),
	    .queue = db_get_text(rows, r, 3, arena),
	    .zone = db_get_text(rows, r, 4, arena),
	    .capacity = (int)db_get_i64(rows, r, 5),
	    .hourly_limit = (int)db_get_i64(rows, r, 6),
	    .left = db_get_bool(rows, r, 7),
	    .held = db_get_bool(rows, r, 8),
	    .presence = db_is_null(rows, r, 9)
			    ? PRESENCE_UNKNOWN
			    : agent_presence_parse(db_get_str(rows, r, 9)),
	    .presence_at = instant(rows, r, 10),
	    .idle_since = instant(rows, r, 11),
	    .wrap_until = instant(rows, r, 12),
	    .busy = (int)db_get_i64(rows, r, 13),
	    .permits = (int)db_get_i64(rows, r, 14)};
}

/* Columns of agent_parts.sql. */
enum part_col {
	PART_AGENT,
	PART_WHAT,
	PART_A,
	PART_B,
	PART_N,
	PART_M,
	PART_K,
	PART_S,
	PART_E,
	PART_D
};

/* The rows from..to of one agent and one list. */
static void
part_from(
    const struct db_rows *rows, int from, int to, struct arena *arena, struct agent *a)
{
	struct str what = db_get_str(rows, from, PART_WHAT);
	size_t n = (size_t)(to - from);
	const char **texts = arena_array(arena, n, sizeof *texts);
	struct agent_skill *skills = arena_array(arena, n, sizeof *skills);
	struct agent_licence *licences = arena_array(arena, n, sizeof *licences);
	struct agent_shift *shifts = arena_array(arena, n, sizeof *shifts);
	struct agent_exception *others = arena_array(arena, n, sizeof *others);

	for (size_t i = 0; i < n; i++) {
		int r = from + (int)i;
		int m = (int)db_get_i64(rows, r, PART_M);
		int k = (int)db_get_i64(rows, r, PART_K);

		texts[i] = db_get_text(rows, r, PART_A, arena);
		skills[i] =
		    (struct agent_skill){texts[i], (int)db_get_i64(rows, r, PART_N)};
		licences[i] = (struct agent_licence){texts[i],
		    db_get_text(rows, r, PART_B, arena), instant(rows, r, PART_S),
		    instant(rows, r, PART_E)};
		shifts[i] =
		    (struct agent_shift){(int)db_get_i64(rows, r, PART_N), m, k};
		others[i] = (struct agent_exception){
		    db_is_null(rows, r, PART_D) ? 0 : db_get_day(rows, r, PART_D), m,
		    k};
	}
	if (str_eq_c(what, "queue")) {
		a->queues = texts;
		a->nqueues = (int)n;
	} else if (str_eq_c(what, "skill")) {
		a->skills = skills;
		a->nskills = (int)n;
	} else if (str_eq_c(what, "language")) {
		a->languages = texts;
		a->nlanguages = (int)n;
	} else if (str_eq_c(what, "licence")) {
		a->licences = licences;
		a->nlicences = (int)n;
	} else if (str_eq_c(what, "shift")) {
		a->shifts = shifts;
		a->nshifts = (int)n;
	} else {
		a->exceptions = others;
		a->nexceptions = (int)n;
	}
}

static enum stw_code
parts_load(struct db *db, const int64_t *ids, struct agent *agents, int count,
    struct arena *arena, struct stw_err *err)
{
	const struct db_param params[] = {db_i64s(ids, (size_t)count)};
	struct db_rows *rows = NULL;
	enum stw_code rc;
	int from = 0, n;

	rc = db_query(db, DB_Q_AGENT_PARTS, params, DB_NPARAMS(params), &rows, err);
	n = rc == STW_OK ? db_rows_count(rows) : 0;
	while (from < n) {
		int64_t id = db_get_i64(rows, from, PART_AGENT);
		int to = from + 1, at = 0;

		while (to < n && db_get_i64(rows, to, PART_AGENT) == id &&
		       str_eq(db_get_str(rows, to, PART_WHAT),
			   db_get_str(rows, from, PART_WHAT)))
			to++;
		while (ids[at] != id)
			at++;
		part_from(rows, from, to, arena, &agents[at]);
		from = to;
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
agents_read(struct db *db, const char *code, const char *queue, const char *after,
    int limit, stw_usec now, struct arena *arena, struct agent **out, int *count,
    struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(code), db_text(queue), db_text(after), db_usec(now), db_i64(limit)};
	struct db_rows *rows = NULL;
	int64_t *ids;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(db, DB_Q_AGENT_READ, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) > 0) {
		*count = db_rows_count(rows);
		*out = arena_array(arena, (size_t)*count, sizeof **out);
		ids = arena_array(arena, (size_t)*count, sizeof *ids);
		DB_ROW_FOREACH(rows, r) {
			ids[r] = db_get_i64(rows, r, 0);
			agent_from(rows, r, arena, &(*out)[r]);
		}
		rc = parts_load(db, ids, *out, *count, arena, err);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
agent_list(struct db *db, const char *queue, const char *after, int limit, stw_usec now,
    struct arena *arena, struct agent **out, int *count, struct stw_err *err)
{
	return agents_read(db, NULL, queue, after, limit, now, arena, out, count, err);
}

enum stw_code
agent_load(struct db *db, const char *code, stw_usec now, struct arena *arena,
    struct agent *out, struct stw_err *err)
{
	struct agent *one;
	int count;
	enum stw_code rc =
	    agents_read(db, code, NULL, NULL, 1, now, arena, &one, &count, err);

	if (rc == STW_OK && count == 0)
		rc = no_agent(err, code);
	if (rc == STW_OK)
		*out = *one;
	return rc;
}

enum stw_code
agent_lock(struct db *db, const char *code, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code)};
	enum stw_code rc =
	    db_query_one(db, DB_Q_AGENT_LOCK, params, DB_NPARAMS(params), NULL, err);

	return rc == STW_NOT_FOUND ? no_agent(err, code) : rc;
}

bool
agent_works_queue(struct db *db, const char *code, const char *queue)
{
	const struct db_param params[] = {db_text(code), db_text(queue)};
	struct stw_err ignored;

	return db_query_one(db, DB_Q_AGENT_WORKS, params, DB_NPARAMS(params), NULL,
		   &ignored) == STW_OK;
}

/* ---- writing ------------------------------------------------------------------------------ */
static enum stw_code
log_rule(struct db *db, const char *what, const char *id, const char *actor,
    stw_usec now, struct stw_err *err)
{
	const struct entry_field fields[] = {
	    ENTRY_TEXT("what", what), ENTRY_TEXT("actor", actor)};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write("rule_change", id, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "rule_change", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static enum stw_code
put_queues(struct db *db, int64_t id, const struct agent *a, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int i = 0; rc == STW_OK && i < a->nqueues; i++) {
		const struct db_param params[] = {db_i64(id), db_text(a->queues[i])};

		rc = db_query_one(
		    db, DB_Q_AGENT_QUEUE_ADD, params, DB_NPARAMS(params), NULL, err);
		if (rc == STW_NOT_FOUND)
			rc = stw_fail(err, STW_INVALID,
			    "queues: '%s' is no queue, or stands there twice",
			    a->queues[i]);
	}
	return rc;
}

static enum stw_code
put_can(struct db *db, int64_t id, const struct agent *a, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int i = 0; rc == STW_OK && i < a->nskills; i++) {
		const struct db_param skill[] = {
		    db_i64(id), db_text(a->skills[i].code), db_i64(a->skills[i].level)};

		rc = db_query(
		    db, DB_Q_AGENT_SKILL_ADD, skill, DB_NPARAMS(skill), NULL, err);
	}
	if (rc == STW_OK && a->nlanguages > 0) {
		struct str tags[64];

		STW_ASSERT(a->nlanguages <= (int)STW_ARRAY_LEN(tags));
		for (int i = 0; i < a->nlanguages; i++)
			tags[i] = str_of(a->languages[i]);
		const struct db_param params[] = {
		    db_i64(id), db_texts(tags, (size_t)a->nlanguages)};

		rc = db_query(
		    db, DB_Q_AGENT_LANGUAGE_ADD, params, DB_NPARAMS(params), NULL, err);
	}
	for (int i = 0; rc == STW_OK && i < a->nlicences; i++) {
		const struct agent_licence *l = &a->licences[i];
		const struct db_param params[] = {db_i64(id), db_text(l->kind),
		    db_text(l->number), db_usec(l->from), db_usec(l->to)};

		rc = db_query(
		    db, DB_Q_AGENT_LICENCE_ADD, params, DB_NPARAMS(params), NULL, err);
	}
	return rc;
}

static enum stw_code
put_hours(struct db *db, int64_t id, const struct agent *a, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int i = 0; rc == STW_OK && i < a->nshifts; i++) {
		const struct agent_shift *s = &a->shifts[i];
		const struct db_param params[] = {
		    db_i64(id), db_i64(s->weekday), db_i64(s->from), db_i64(s->to)};

		rc = db_query(
		    db, DB_Q_AGENT_SHIFT_ADD, params, DB_NPARAMS(params), NULL, err);
	}
	for (int i = 0; rc == STW_OK && i < a->nexceptions; i++) {
		const struct agent_exception *e = &a->exceptions[i];
		const struct db_param params[] = {
		    db_i64(id), db_day(e->day), db_i64(e->from), db_i64(e->to)};

		rc = db_query(db, DB_Q_AGENT_EXCEPTION_ADD, params, DB_NPARAMS(params),
		    NULL, err);
	}
	return rc;
}

static enum stw_code
put_whole(struct db *db, const struct agent *a, const char *actor, stw_usec now,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text(a->code), db_text(a->queue),
	    db_text(agent_kind_name(a->kind)), db_text(a->zone), db_i64(a->capacity),
	    db_i64(a->hourly_limit), db_bool(a->left)};
	struct db_rows *rows = NULL;
	int64_t id;
	enum stw_code rc =
	    db_query_one(db, DB_Q_AGENT_PUT, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_NOT_FOUND)
		rc = stw_fail(
		    err, STW_INVALID, "queue: there is no queue '%s'", a->queue);
	if (rc != STW_OK)
		return rc;
	id = db_get_i64(rows, 0, 0);
	db_rows_free(rows);
	const struct db_param who[] = {db_i64(id)};

	rc = db_query(db, DB_Q_AGENT_PARTS_CLEAR, who, DB_NPARAMS(who), NULL, err);
	if (rc == STW_OK)
		rc = put_queues(db, id, a, err);
	if (rc == STW_OK)
		rc = put_can(db, id, a, err);
	if (rc == STW_OK)
		rc = put_hours(db, id, a, err);
	if (rc == STW_OK)
		rc = log_rule(db, "agent", a->code, actor, now, err);
	return rc == STW_CONFLICT
		   ? stw_fail(err, STW_INVALID,
			 "agent %s: a licence or a shift stands twice", a->code)
		   : rc;
}

static enum stw_code
end(struct db *db, enum stw_code rc, struct stw_err *err)
{
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

enum stw_code
agent_save(struct db *db, const struct agent *a, const char *actor, stw_usec now,
    struct stw_err *err)
{
	enum stw_code rc = agent_check(a, err);

	if (rc == STW_OK)
		rc = db_begin(db, err);
	return rc != STW_OK ? rc : end(db, put_whole(db, a, actor, now, err), err);
}

enum stw_code
agent_presence_put(struct db *db, const char *code, enum agent_presence presence,
    stw_usec at, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(code), db_text(agent_presence_name(presence)), db_usec(at)};
	enum stw_code rc = db_query_one(
	    db, DB_Q_AGENT_PRESENCE_PUT, params, DB_NPARAMS(params), NULL, err);

	return rc == STW_NOT_FOUND ? no_agent(err, code) : rc;
}

enum stw_code
queue_handling_put(struct db *db, const char *queue,
    const struct queue_handling *handling, const char *actor, stw_usec now,
    struct stw_err *err)
{
	const struct db_param params[] = {db_text(queue), db_i64(handling->reserve),
	    db_i64(handling->no_show), db_i64(handling->wrap),
	    db_i64(handling->manager_first), db_usec(now)};
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	rc = db_query_one(
	    db, DB_Q_QUEUE_HANDLING_PUT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_NOT_FOUND)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no queue %s", queue);
	if (rc == STW_OK)
		rc = log_rule(db, "queue_handling", queue, actor, now, err);
	return end(db, rc, err);
}
