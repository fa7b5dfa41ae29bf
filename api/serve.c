#include "api/serve.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/push/dispatch.h"
#include "api/resources.h"
#include "api/server.h"
#include "api/tick.h"
#include "campaigns/number_health_store.h"
#include "campaigns/reconcile_store.h"
#include "campaigns/retention_store.h"
#include "campaigns/revocation_store.h"
#include "campaigns/task_next_store.h"
#include "db/ledger_dir.h"
#include "engine/log.h"
#include "segments/import.h"

#define RETRY_MSEC      1000
#define KEYS_KEPT       (7 * STW_USEC_DAY)
#define TOUCHED_MSEC    200
#define PRUNE_EVERY     (10 * STW_USEC_MIN)
#define PUBLISH_EVERY   STW_USEC_SEC
#define STARTED_WITHIN  5     /* threads */
#define RETENTION_LOOK  60000 /* ms */
#define RETENTION_ROWS  1000
#define RECONCILE_EVERY STW_USEC_HOUR

struct serve {
	struct app *app;
	struct server server;
	struct egress egress;
	atomic_bool stop;
	pthread_t threads[STARTED_WITHIN];
	int nthreads;
	char worker[64];
};

/* Sleeps in small pieces, so that a stop is seen at once. */
static void
pause_msec(const struct serve *serve, int64_t msec)
{
	while (msec > 0 && !serve->stop) {
		int64_t piece = msec < 50 ? msec : 50;

		(void)usleep((useconds_t)(piece * 1000));
		msec -= piece;
	}
}

/* Until there is a connection or a stop. */
static struct db *
connect_patiently(const struct serve *serve, const char *what)
{
	struct stw_err err;
	struct db *db;

	while (!serve->stop) {
		if (db_open(setting_text(serve->app->settings, SET_DATABASE), &db,
			&err) == STW_OK) {
			db_keys_set(db, serve->app->keys);
			return db;
		}
		log_err(LOG_WARN, what, &err);
		pause_msec(serve, RETRY_MSEC);
	}
	return NULL;
}

/* NULL: not to be had now. */
static const struct ruleset *
rules_now(void *host, struct db *db)
{
	struct serve *serve = host;
	const struct ruleset *rules = NULL;
	struct stw_err err;

	if (server_rules(&serve->server, db, &rules, &err) != STW_OK) {
		log_err(LOG_WARN, "packs_missing", &err);
		return NULL;
	}
	return rules;
}

static const struct ruleset *
rules_patiently(struct serve *serve, struct db *db)
{
	const struct ruleset *rules;
	struct stw_err err;
	bool told = false;

	while (!serve->stop) {
		if (server_rules(&serve->server, db, &rules, &err) == STW_OK)
			return rules;
		if (!told)
			log_err(LOG_WARN, "packs_missing", &err);
		told = true;
		pause_msec(serve, RETRY_MSEC);
		if (db_reset(db, &err) != STW_OK)
			log_err(LOG_WARN, "database_away", &err);
	}
	return NULL;
}

/* ---- ledger ------------------------------------------------------------------------------ */
static enum stw_code
seal_waiting(struct serve *serve, struct db *db, struct stw_err *err)
{
	const struct app *app = serve->app;
	struct ledger_seal_result sealed;
	struct db_rows *rows = NULL;
	enum stw_code rc;
	bool waiting;

	sealed = (struct ledger_seal_result){0};
	rc = db_query_one(db, DB_Q_LEDGER_WAITING, NULL, 0, &rows, err);
	waiting = rc == STW_OK && db_get_bool(rows, 0, 0);
	db_rows_free(rows);
	if (rc == STW_OK && waiting)
		rc = ledger_seal(db, app->ledger_key,
		    setting_text(app->settings, SET_CHECKPOINT_FILE), app_now(app),
		    &sealed, err);
	if (rc == STW_OK && sealed.oldest > 0)
		metrics_covered(&serve->server.metrics, sealed.oldest);
	/* Another process sequences: the work is done all the same. */
	return rc == STW_CONFLICT ? STW_OK : rc;
}

/* The published form follows the ledger. A directory that cannot be written holds nothing
 * up: the checkpoint file is what counts. */
static void
publish_dir(struct serve *serve, struct db *db)
{
	const char *dir = setting_text(serve->app->settings, SET_LEDGER_DIR);
	struct ledger_export_result done;
	struct stw_err err;
	enum stw_code rc;

	if (dir[0] == '\0')
		return;
	rc = ledger_export(db, serve->app->ledger_key, dir, &done, &err);
	if (rc != STW_OK && rc != STW_NOT_FOUND)
		log_err(LOG_WARN, "ledger_dir", &err);
}

static void
prune(struct serve *serve, struct db *db)
{
	const struct db_param params[] = {db_usec(app_now(serve->app) - KEYS_KEPT)};
	struct stw_err err;

	if (db_exec(db, DB_Q_IDEMPOTENCY_PRUNE, params, 1, NULL, &err) != STW_OK)
		log_err(LOG_WARN, "prune_failed", &err);
}

static void *
ledger_main(void *arg)
{
	struct serve *serve = arg;
	struct db *db = connect_patiently(serve, "ledger_no_database");
	stw_usec pruned = 0, published = 0;
	struct stw_err err;

	while (!serve->stop) {
		if (seal_waiting(serve, db, &err) == STW_OK) {
			atomic_store(&serve->server.sealed_at, stw_monotonic());
			if (stw_monotonic() - published > PUBLISH_EVERY) {
				publish_dir(serve, db);
				published = stw_monotonic();
			}
			pause_msec(
			    serve, setting_int(serve->app->settings, SET_SEAL_MSEC));
		} else {
			log_err(LOG_WARN, "ledger_seal_failed", &err);
			pause_msec(serve, RETRY_MSEC);
			db_rollback(db);
			if (db_reset(db, &err) != STW_OK)
				log_err(LOG_WARN, "ledger_no_database", &err);
		}
		if (stw_monotonic() - pruned > PRUNE_EVERY) {
			prune(serve, db);
			pruned = stw_monotonic();
		}
	}
	/* What the last requests wrote is covered before the process ends. */
	if (db != NULL && seal_waiting(serve, db, &err) != STW_OK)
		log_err(LOG_WARN, "ledger_seal_failed", &err);
	if (db != NULL)
		publish_dir(serve, db);
	if (db != NULL)
		db_close(db);
	return NULL;
}

/* ---- dispatch ------------------------------------------------------------------------------ */
static void *
dispatch_main(void *arg)
{
	struct serve *serve = arg;
	struct db *db = connect_patiently(serve, "dispatch_no_database");
	struct dispatch_options options = {.db = db,
	    .keys = serve->app->keys,
	    .ledger_key = serve->app->ledger_key,
	    .checkpoint_path = setting_text(serve->app->settings, SET_CHECKPOINT_FILE),
	    .egress = &serve->egress,
	    .clock = &serve->app->clock,
	    .worker = serve->worker,
	    .clock_skew = &serve->server.metrics.clock_skew,
	    .rules_now = rules_now,
	    .rules_host = serve};
	struct dispatch *dispatch;
	struct stw_err err;

	if (db != NULL)
		options.gate_db = connect_patiently(serve, "dispatch_no_database");
	if (options.gate_db != NULL)
		options.rules = rules_patiently(serve, db);
	if (options.rules != NULL) {
		if (dispatch_open(&options, &dispatch, &err) == STW_OK) {
			dispatch_loop(dispatch, &serve->stop);
			dispatch_close(dispatch);
		} else {
			log_err(LOG_ERROR, "dispatch_not_started", &err);
		}
	}
	if (options.gate_db != NULL)
		db_close(options.gate_db);
	if (db != NULL)
		db_close(db);
	return NULL;
}

/* ---- schedule --------------------------------------------------------------------------------- */
static void
tick_once(struct serve *serve, struct db *db, const struct ruleset *rules,
    struct member_image *members)
{
	const struct tick_options options = {.now = app_now(serve->app),
	    .plan = true,
	    .live = serve->app->live,
	    .members = members};
	struct tick_result result;
	struct stw_err err;

	if (tick_run(db, rules, &options, &result, &err) != STW_OK) {
		log_err(LOG_WARN, "tick_failed", &err);
		db_rollback(db);
		if (db_reset(db, &err) != STW_OK)
			log_err(LOG_WARN, "tick_no_database", &err);
		return;
	}
	log_event(LOG_INFO, "tick", "customers=%lld stage_changes=%lld tasks=%lld",
	    (long long)book_parts_customers(&result.parts),
	    (long long)result.segments.stage_changes, (long long)result.plan.tasks);
	tick_fini(&result);
}

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

/* While files of an import are still to come, customers look as if they had nothing. */
static bool
import_comes(const struct serve *serve, struct db *db)
{
	struct stw_err err;
	bool busy = false;

	if (import_busy(db, &busy, &err) != STW_OK)
		log_err(LOG_WARN, "tick_no_database", &err);
	if (busy)
		pause_msec(serve, RETRY_MSEC);
	return busy;
}

static void
tick_changed(struct serve *serve, struct db *db, struct member_image *members,
    const struct book_keys *keys, stw_lsn *written)
{
	struct tick_touched touched;
	struct stw_err err;

	if (tick_touched_run(db, serve->app->live, members, keys, app_now(serve->app),
		written, &touched, &err) == STW_OK)
		return;
	log_err(LOG_WARN, "tick_changes_failed", &err);
	db_rollback(db);
	if (db_reset(db, &err) != STW_OK)
		log_err(LOG_WARN, "tick_no_database", &err);
}

/* Customers that change until the next tick is due move, enter and leave at once. After an
 * error they wait for that tick. */
static void
tick_changes(
    struct serve *serve, struct db *db, struct member_image *members, stw_usec until)
{
	stw_lsn written = log_end(db);
	bool import = false;

	/* What changes during an import is looked at with the tick after it. Asked when the
	 * view is there: an import that it shows a part of has not ended yet. */
	while (!serve->stop && stw_monotonic() < until && !import) {
		struct book_keys keys;
		struct book_view *view =
		    book_live_touched(serve->app->live, TOUCHED_MSEC, &keys);

		import = view != NULL && import_comes(serve, db);
		if (view != NULL && !import)
			tick_changed(serve, db, members, &keys, &written);
		book_view_unref(view);
		free(keys.items);
	}
}

static void *
tick_main(void *arg)
{
	struct serve *serve = arg;
	int64_t every = setting_int(serve->app->settings, SET_TICK_SECONDS);
	struct db *db = connect_patiently(serve, "tick_no_database");
	const struct ruleset *rules = NULL;
	struct member_image members;
	stw_usec next_reconcile = 0;

	member_image_init(&members);
	if (db != NULL)
		rules = rules_patiently(serve, db);
	while (!serve->stop && rules != NULL) {
		if (import_comes(serve, db))
			continue;

		stw_usec next = stw_monotonic() + every * STW_USEC_SEC;
		const struct ruleset *fresh = rules_now(serve, db);

		rules = fresh != NULL ? fresh : rules;
		tick_numbers(serve, db);
		tick_revocations(serve, db);
		tick_no_shows(serve, db);
		tick_reconcile(serve, db, &next_reconcile);
		tick_once(serve, db, rules, &members);
		if (serve->app->live != NULL)
			tick_changes(serve, db, &members, next);
		else
			pause_msec(serve, every * 1000);
	}
	member_image_fini(&members);
	if (db != NULL)
		db_close(db);
	return NULL;
}

/* ---- retention ------------------------------------------------------------------------------- */
/* Once a day of the institution, from the hour on that the setting names. */
static enum stw_code
retention_is_due(struct serve *serve, struct db *db, bool *due, struct stw_err *err)
{
	stw_usec now = app_now(serve->app), newest;
	stw_usec today = app_day_start(serve->app, now);
	int64_t hour = setting_int(serve->app->settings, SET_RETENTION_HOUR);
	enum stw_code rc = retention_newest(db, &newest, err);

	*due = rc == STW_OK && newest < today && now >= today + hour * STW_USEC_HOUR;
	return rc;
}

static void
retention_once(struct serve *serve, struct db *db)
{
	const struct ruleset *rules = rules_now(serve, db);
	struct retention_done done = {0};
	int64_t rows = 0;
	struct stw_err err;
	bool due = false;
	enum stw_code rc = retention_is_due(serve, db, &due, &err);

	if (rc == STW_OK && due && rules != NULL) {
		rc = retention_run(db, rules, "steward", RETENTION_ROWS, &serve->stop,
		    app_now(serve->app), &done, &err);
		for (int i = 0; i < RETENTION_CLASSES; i++)
			rows += done.rows[i];
		log_event(LOG_INFO, "retention", "rows=%lld batches=%lld",
		    (long long)rows, (long long)done.batches);
	}
	if (rc == STW_OK)
		return;
	log_err(LOG_WARN, "retention_failed", &err);
	db_rollback(db);
	if (db_reset(db, &err) != STW_OK)
		log_err(LOG_WARN, "retention_no_database", &err);
}

static void *
retention_main(void *arg)
{
	struct serve *serve = arg;
	struct db *db = connect_patiently(serve, "retention_no_database");

	while (!serve->stop && db != NULL) {
		retention_once(serve, db);
		pause_msec(serve, RETENTION_LOOK);
	}
	if (db != NULL)
		db_close(db);
	return NULL;
}

/* ---- all together -------------------------------------------------------------------------------- */
static enum stw_code
start(struct serve *serve, void *(*run)(void *), struct stw_err *err)
{
	STW_ASSERT(serve->nthreads < STARTED_WITHIN);
	if (pthread_create(&serve->threads[serve->nthreads], NULL, run, serve) != 0)
		return stw_fail(err, STW_TEMPFAIL, "a thread does not start");
	serve->nthreads++;
	return STW_OK;
}

/* The book is kept where a slot was given for it. */
static enum stw_code
start_book(struct serve *serve, struct stw_err *err)
{
	const struct settings *s = serve->app->settings;
	const char *file = setting_text(s, SET_BOOK_FILE);
	struct book_live_options options = {.conninfo = setting_text(s, SET_DATABASE),
	    .slot = setting_text(s, SET_BOOK_SLOT),
	    .clock = &serve->app->clock,
	    .periodic_sec = (int)setting_int(s, SET_BOOK_RELOAD),
	    .save_sec = (int)setting_int(s, SET_BOOK_SAVE),
	    .touched = setting_int(s, SET_TICK_SECONDS) > 0};
	char live[4096];

	if (options.slot[0] == '\0')
		return STW_OK;
	/* Beside the file of the commands, which is of a load and has no position. */
	if (file[0] != '\0') {
		int len = snprintf(live, sizeof live, "%s.live", file);

		if (len < 0 || (size_t)len >= sizeof live)
			return stw_fail(
			    err, STW_INVALID, "setting book-file is too long a path");
		options.file = live;
	}
	return book_live_start(&options, &serve->app->live, err);
}

static enum stw_code
start_threads(struct serve *serve, struct stw_err *err)
{
	const struct settings *s = serve->app->settings;
	enum stw_code rc;

	rc = start(serve, ledger_main, err);
	if (rc == STW_OK && setting_bool(s, SET_DISPATCH))
		rc = start(serve, dispatch_main, err);
	if (rc == STW_OK && setting_int(s, SET_TICK_SECONDS) > 0)
		rc = start(serve, tick_main, err);
	if (rc == STW_OK && setting_int(s, SET_RETENTION_HOUR) < 24)
		rc = start(serve, retention_main, err);
	return rc;
}

static enum stw_code
prepare(struct serve *serve, struct stw_err *err)
{
	struct app *app = serve->app;
	const struct seal_keys *keys;
	const struct ledger_key *ledger_key;
	struct db *db;
	enum stw_code rc;

	(void)snprintf(serve->worker, sizeof serve->worker, "serve-%d", (int)getpid());
	rc = egress_parse(
	    str_of(setting_text(app->settings, SET_EGRESS)), &serve->egress, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "setting egress");
	rc = app_db(app, &db, err);
	if (rc == STW_OK)
		rc = app_clock_check(app, err);
	if (rc == STW_OK)
		rc = app_keys(app, false, &keys, err);
	if (rc == STW_OK)
		rc = app_ledger_key(app, false, &ledger_key, err);
	/* The threads have connections of their own. */
	if (app->db != NULL)
		db_close(app->db);
	app->db = NULL;
	return rc;
}

enum stw_code
serve_run(struct app *app, struct stw_err *err)
{
	static struct serve serve; /* the server holds pointers into it */
	enum stw_code rc;
	sigset_t signals;
	int got = 0;

	memset(&serve, 0, sizeof serve);
	serve.app = app;
	/* Blocked before any thread starts, so that only sigwait sees them. */
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	rc = prepare(&serve, err);
	if (rc == STW_OK)
		rc = start_book(&serve, err);
	if (rc == STW_OK)
		rc = server_open(&serve.server, app, api_routes, api_route_count, err);
	if (rc != STW_OK) {
		book_live_stop(app->live);
		app->live = NULL;
		return rc;
	}
	atomic_store(&serve.server.sealed_at, stw_monotonic());
	rc = operations_start(&serve.server.operations,
	    (int)setting_int(app->settings, SET_OPERATION_WORKERS), err);
	if (rc == STW_OK)
		rc = start_threads(&serve, err);
	if (rc == STW_OK) {
		log_event(LOG_INFO, "serving", "listen=%s port=%d clock=%s",
		    setting_text(app->settings, SET_LISTEN), serve.server.port,
		    app->clock.simulated ? "simulated" : "real");
		(void)sigwait(&signals, &got);
		log_event(LOG_INFO, "stopping", "signal=%d", got);
	}
	serve.stop = true;
	operations_stop(&serve.server.operations);
	server_stop(&serve.server);
	for (int i = 0; i < serve.nthreads; i++)
		(void)pthread_join(serve.threads[i], NULL);
	server_close(&serve.server);
	book_live_stop(app->live);
	app->live = NULL;
	return rc;
}
