/* The schedule: sweeps, ticks over everybody, ticks over who changes, and planning beside
 * them. */
#include <stdlib.h>
#include <string.h>

#include "api/serve_priv.h"
#include "api/tick.h"
#include "campaigns/number_health_store.h"
#include "campaigns/reconcile_store.h"
#include "campaigns/revocation_store.h"
#include "campaigns/task_next_store.h"
#include "engine/log.h"
#include "segments/import_hold_store.h"

#define TOUCHED_MSEC       200
#define PLAN_LOOK_MSEC     50
#define RECONCILE_EVERY    STW_USEC_HOUR
#define HALF_TOLD_EVERY    (5 * STW_USEC_MIN)
#define FAILURE_TOLD_EVERY (5 * STW_USEC_MIN)

/* What the thread of the ticks keeps. */
struct schedule {
	struct serve *serve;
	struct db *db;
	const struct ruleset *rules;
	struct member_image members;
	stw_usec next_sweep, next_reconcile, next_plan; /* monotonic */
	/* What the log was told of imports, and when. */
	enum import_hold_kind told;
	stw_usec told_at;
	int64_t imports; /* the mark of the last tick over everybody; -1: none yet */
	struct stw_err failure; /* the last tick's, when the log was told of it */
	stw_usec failure_at;
};

/* The connection as it was before. */
static void
start_over(struct db *db, const char *event, const struct stw_err *why)
{
	struct stw_err err;

	log_err(LOG_WARN, event, why);
	db_rollback(db);
	if (db_reset(db, &err) != STW_OK)
		log_err(LOG_WARN, "tick_no_database", &err);
}

/* ---- sweeps: what is due by the clock, whatever becomes of the book -------------------- */
/* Requests to revoke whose deadline has passed while nobody read them. */
static void
tick_revocations(struct serve *serve, struct db *db)
{
	int64_t breached = 0;
	struct stw_err err;

	if (revocation_sweep(db, app_now(serve->app), &breached, &err) != STW_OK) {
		log_err(LOG_WARN, "revocations_failed", &err);
		if (db_reset(db, &err) != STW_OK)
			log_err(LOG_WARN, "tick_no_database", &err);
		return;
	}
	if (breached > 0)
		log_event(LOG_WARN, "revocations_overdue", "requests=%lld",
		    (long long)breached);
}

/* What agents accepted and never dialled. */
static void
tick_no_shows(struct serve *serve, struct db *db)
{
	int64_t returned;
	struct stw_err err;

	if (task_no_shows(db, app_now(serve->app), &returned, &err) != STW_OK) {
		log_err(LOG_WARN, "no_shows_failed", &err);
		if (db_reset(db, &err) != STW_OK)
			log_err(LOG_WARN, "tick_no_database", &err);
		return;
	}
	if (returned > 0)
		log_event(LOG_INFO, "no_shows", "tasks=%lld", (long long)returned);
}

/* Calls without a permit, and permits without a call. It looks at weeks of both, so not at
 * every tick. */
static void
tick_reconcile(struct serve *serve, struct db *db, stw_usec *next)
{
	struct reconciled found;
	struct stw_err err;

	if (stw_monotonic() < *next)
		return;
	*next = stw_monotonic() + RECONCILE_EVERY;
	if (reconcile_sweep(db, app_now(serve->app), &found, &err) != STW_OK) {
		log_err(LOG_WARN, "reconcile_failed", &err);
		if (db_reset(db, &err) != STW_OK)
			log_err(LOG_WARN, "tick_no_database", &err);
		return;
	}
	if (found.contacts + found.tasks > 0)
		log_event(LOG_WARN, "reconcile",
		    "contacts_without_task=%lld "
		    "tasks_without_contact=%lld",
		    (long long)found.contacts, (long long)found.tasks);
}

/* Before planning, so that a plan knows the numbers as they are from now on. */
static void
tick_numbers(struct serve *serve, struct db *db)
{
	struct number_tick numbers;
	struct stw_err err;

	if (number_tick(db, app_now(serve->app), &numbers, &err) != STW_OK) {
		log_err(LOG_WARN, "numbers_failed", &err);
		if (db_reset(db, &err) != STW_OK)
			log_err(LOG_WARN, "tick_no_database", &err);
		return;
	}
	if (numbers.applied + numbers.failed + numbers.suspended + numbers.returned > 0)
		log_event(LOG_INFO, "numbers",
		    "applied=%d failed=%d suspended=%d returned=%d", numbers.applied,
		    numbers.failed, numbers.suspended, numbers.returned);
}

/* Whether there is a book to tick over or not. */
static void
sweep(struct schedule *s, int64_t every)
{
	if (stw_monotonic() < s->next_sweep)
		return;
	s->next_sweep = stw_monotonic() + every * STW_USEC_SEC;
	tick_numbers(s->serve, s->db);
	tick_revocations(s->serve, s->db);
	tick_no_shows(s->serve, s->db);
	tick_reconcile(s->serve, s->db, &s->next_reconcile);
}

/* ---- imports --------------------------------------------------------------------------- */
static void
tell_hold(struct schedule *s, const struct import_hold *hold)
{
	bool news = s->told != hold->kind;

	if (!news && (hold->kind != IMPORT_HOLD_HALF ||
			 stw_monotonic() - s->told_at < HALF_TOLD_EVERY))
		return;
	s->told = hold->kind;
	s->told_at = stw_monotonic();
	if (hold->kind == IMPORT_HOLD_NONE)
		log_event(LOG_INFO, "ticks_go_on", "import=none");
	else if (hold->kind == IMPORT_HOLD_RUNNING)
		log_event(LOG_INFO, "ticks_wait", "import=%s run=%s", hold->mapping,
		    hold->run_id);
	else
		log_event(LOG_WARN, "book_half_loaded",
		    "import=%s run=%s text=\"it %s, and nobody is moved or planned for: %s, or "
		    "steward imports give-up %s --by WHO\"",
		    hold->mapping, hold->run_id,
		    hold->failed ? "failed with files before in"
				 : "ended before its last file",
		    hold->failed ? "mend its files and import again"
				 : "import the same files again",
		    hold->run_id);
}

/* While files of an import are still to come, customers look as if they had nothing. Whoever
 * cannot find out has to wait, too. */
static bool
import_holds(struct schedule *s)
{
	struct import_hold hold;
	struct stw_err err;

	if (import_hold_get(s->db, &hold, &err) == STW_OK) {
		tell_hold(s, &hold);
		return hold.kind != IMPORT_HOLD_NONE;
	}
	if (s->told != IMPORT_HOLD_UNKNOWN)
		log_err(LOG_WARN, "import_not_known", &err);
	s->told = IMPORT_HOLD_UNKNOWN;
	db_rollback(s->db);
	/* A database that is away is told of by who waits for it. */
	if (db_reset(s->db, &err) != STW_OK)
		log_err(LOG_DEBUG, "tick_no_database", &err);
	return true;
}

/* ---- planning --------------------------------------------------------------------------- */
static stw_usec
plan_after(const struct serve *serve)
{
	return stw_monotonic() +
	       setting_int(serve->app->settings, SET_PLAN_SECONDS) * STW_USEC_SEC;
}

static void
plan_once(struct serve *serve, struct db *db, const struct ruleset *rules,
    struct member_image *members)
{
	const struct tick_options options = {
	    .now = app_now(serve->app), .live = serve->app->live, .members = members};
	struct tick_result result;
	struct stw_err err;

	if (tick_plan(db, rules, &options, &result, &err) != STW_OK) {
		start_over(db, "plan_failed", &err);
		return;
	}
	metrics_part(&serve->server.metrics, METRICS_PLANNING, result.plan_usec);
	log_event(LOG_INFO, "planned", "tasks=%lld msec=%lld",
	    (long long)result.plan.tasks, (long long)(result.plan_usec / 1000));
	tick_fini(&result);
}

/* One turn after the tick that went before it, and not before plan-seconds are over. */
void *
serve_plan_main(void *arg)
{
	struct serve *serve = arg;
	struct db *db = serve_connect(serve, "plan_no_database");
	const struct ruleset *rules = NULL;
	struct member_image members;
	int64_t planned = 0;
	stw_usec next = 0;

	member_image_init(&members);
	if (db != NULL)
		rules = serve_rules(serve, db);
	while (!serve->stop && rules != NULL) {
		int64_t ticks = atomic_load(&serve->ticks);
		const struct ruleset *fresh;

		if (ticks == planned || stw_monotonic() < next) {
			serve_pause(serve, PLAN_LOOK_MSEC);
			continue;
		}
		planned = ticks;
		next = plan_after(serve);
		fresh = serve_rules_now(serve, db);
		rules = fresh != NULL ? fresh : rules;
		plan_once(serve, db, rules, &members);
	}
	member_image_fini(&members);
	if (db != NULL)
		db_close(db);
	return NULL;
}

/* ---- ticks ------------------------------------------------------------------------------ */
static void
note_tick(struct serve *serve, const struct tick_result *r, bool planned)
{
	const struct tick_times *t = &r->segments.times;
	struct metrics *metrics = &serve->server.metrics;

	metrics_part(metrics, METRICS_BOOK, r->load_usec);
	metrics_part(metrics, METRICS_STAGES, t->stage_rules + t->stage_writes);
	metrics_part(metrics, METRICS_SEGMENTS,
	    t->members_read + t->segment_rules + t->member_writes + t->counts);
	if (planned)
		metrics_part(metrics, METRICS_PLANNING, r->plan_usec);
	log_event(LOG_INFO, "tick", "customers=%lld stage_changes=%lld tasks=%lld",
	    (long long)book_parts_customers(&r->parts),
	    (long long)r->segments.stage_changes, (long long)r->plan.tasks);
}

/* A tick that waits for the book is tried again and again: the log hears of it once in a
 * while. */
static void
tell_failed(struct schedule *s, const struct stw_err *why)
{
	struct stw_err err;

	if (strcmp(s->failure.text, why->text) != 0 ||
	    stw_monotonic() - s->failure_at >= FAILURE_TOLD_EVERY) {
		s->failure = *why;
		s->failure_at = stw_monotonic();
		start_over(s->db, "tick_failed", why);
		return;
	}
	db_rollback(s->db);
	if (db_reset(s->db, &err) != STW_OK)
		log_err(LOG_DEBUG, "tick_no_database", &err);
}

/* TEMPFAIL: soon again. */
static enum stw_code
tick_once(struct schedule *s)
{
	struct serve *serve = s->serve;
	const struct tick_options options = {.now = app_now(serve->app),
	    .plan = serve->app->live == NULL && stw_monotonic() >= s->next_plan,
	    .live = serve->app->live,
	    .members = &s->members};
	const struct ruleset *fresh = serve_rules_now(serve, s->db);
	struct tick_result result;
	struct stw_err err;
	enum stw_code rc;

	s->rules = fresh != NULL ? fresh : s->rules;
	if (options.plan)
		s->next_plan = plan_after(serve);
	rc = tick_run(s->db, s->rules, &options, &result, &err);
	if (rc != STW_OK) {
		tell_failed(s, &err);
		return rc;
	}
	s->failure = (struct stw_err){0};
	s->imports = result.imports;
	atomic_fetch_add(&serve->ticks, 1);
	note_tick(serve, &result, options.plan);
	tick_fini(&result);
	return STW_OK;
}

/* The end of the log, and with it the stages that a tick has just written: what the next
 * one looks at has to show them. 0: not known. */
static stw_lsn
log_end(struct db *db)
{
	struct stw_err err;
	stw_lsn position = 0;

	if (book_live_position(db, &position, &err) != STW_OK)
		log_err(LOG_WARN, "tick_no_database", &err);
	return position;
}

/* True: an import has begun, and the tick over everybody has to look. */
static bool
tick_changed(struct schedule *s, const struct book_keys *keys, stw_lsn *written)
{
	stw_usec began = stw_monotonic();
	struct tick_touched touched = {0};
	struct stw_err err;

	if (tick_touched_run(s->db, s->serve->app->live, &s->members, keys, s->imports,
		app_now(s->serve->app), written, &touched, &err) != STW_OK) {
		start_over(s->db, "tick_changes_failed", &err);
		return touched.held;
	}
	if (!touched.held)
		metrics_part(&s->serve->server.metrics, METRICS_CHANGES,
		    stw_monotonic() - began);
	return touched.held;
}

/* Customers that change until the next tick is due move, enter and leave at once. After an
 * error they wait for that tick. */
static void
tick_changes(struct schedule *s, stw_usec until)
{
	stw_lsn written = log_end(s->db);
	bool held = false;

	/* What changes during an import is looked at with the tick after it. */
	while (!s->serve->stop && stw_monotonic() < until && !held) {
		struct book_keys keys;
		struct book_view *view =
		    book_live_touched(s->serve->app->live, TOUCHED_MSEC, &keys);

		held = view != NULL && tick_changed(s, &keys, &written);
		book_view_unref(view);
		free(keys.items);
	}
	if (held)
		serve_pause(s->serve, SERVE_RETRY_MSEC);
}

void *
serve_tick_main(void *arg)
{
	struct serve *serve = arg;
	int64_t every = setting_int(serve->app->settings, SET_TICK_SECONDS);
	struct schedule s = {.serve = serve,
	    .db = serve_connect(serve, "tick_no_database"),
	    .told = IMPORT_HOLD_NONE,
	    .imports = -1};

	member_image_init(&s.members);
	if (s.db != NULL)
		s.rules = serve_rules(serve, s.db);
	while (!serve->stop && s.rules != NULL) {
		stw_usec next = stw_monotonic() + every * STW_USEC_SEC;

		sweep(&s, every);
		if (import_holds(&s)) {
			serve_pause(serve, SERVE_RETRY_MSEC);
			continue;
		}
		if (tick_once(&s) == STW_TEMPFAIL)
			serve_pause(serve, SERVE_RETRY_MSEC);
		else if (serve->app->live != NULL)
			tick_changes(&s, next);
		else
			serve_pause(serve, every * 1000);
	}
	member_image_fini(&s.members);
	if (s.db != NULL)
		db_close(s.db);
	return NULL;
}
