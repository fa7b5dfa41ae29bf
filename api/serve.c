#include "api/serve.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/push/dispatch.h"
#include "api/resources.h"
#include "api/serve_priv.h"
#include "campaigns/retention_store.h"
#include "db/ledger_dir.h"
#include "engine/log.h"
#include "segments/book_live_store.h"

#define KEYS_KEPT      (7 * STW_USEC_DAY)
#define PRUNE_EVERY    (10 * STW_USEC_MIN)
#define PUBLISH_EVERY  STW_USEC_SEC
#define RETENTION_LOOK 60000 /* ms */
#define RETENTION_ROWS 1000

void
serve_pause(const struct serve *serve, int64_t msec)
{
	while (msec > 0 && !serve->stop) {
		int64_t piece = msec < 50 ? msec : 50;

		(void)usleep((useconds_t)(piece * 1000));
		msec -= piece;
	}
}

struct db *
serve_connect(const struct serve *serve, const char *what)
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
		serve_pause(serve, SERVE_RETRY_MSEC);
	}
	return NULL;
}

const struct ruleset *
serve_rules_now(void *host, struct db *db)
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

const struct ruleset *
serve_rules(struct serve *serve, struct db *db)
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
		serve_pause(serve, SERVE_RETRY_MSEC);
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
	struct db *db = serve_connect(serve, "ledger_no_database");
	stw_usec pruned = 0, published = 0;
	struct stw_err err;

	while (!serve->stop) {
		if (seal_waiting(serve, db, &err) == STW_OK) {
			atomic_store(&serve->server.sealed_at, stw_monotonic());
			if (stw_monotonic() - published > PUBLISH_EVERY) {
				publish_dir(serve, db);
				published = stw_monotonic();
			}
			serve_pause(
			    serve, setting_int(serve->app->settings, SET_SEAL_MSEC));
		} else {
			log_err(LOG_WARN, "ledger_seal_failed", &err);
			serve_pause(serve, SERVE_RETRY_MSEC);
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
	struct db *db = serve_connect(serve, "dispatch_no_database");
	struct dispatch_options options = {.db = db,
	    .keys = serve->app->keys,
	    .ledger_key = serve->app->ledger_key,
	    .checkpoint_path = setting_text(serve->app->settings, SET_CHECKPOINT_FILE),
	    .egress = &serve->egress,
	    .clock = &serve->app->clock,
	    .worker = serve->worker,
	    .clock_skew = &serve->server.metrics.clock_skew,
	    .rules_now = serve_rules_now,
	    .rules_host = serve};
	struct dispatch *dispatch;
	struct stw_err err;

	if (db != NULL)
		options.gate_db = serve_connect(serve, "dispatch_no_database");
	if (options.gate_db != NULL)
		options.rules = serve_rules(serve, db);
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
	const struct ruleset *rules = serve_rules_now(serve, db);
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
	struct db *db = serve_connect(serve, "retention_no_database");

	while (!serve->stop && db != NULL) {
		retention_once(serve, db);
		serve_pause(serve, RETENTION_LOOK);
	}
	if (db != NULL)
		db_close(db);
	return NULL;
}

/* ---- all together -------------------------------------------------------------------------------- */
static enum stw_code
start(struct serve *serve, void *(*run)(void *), struct stw_err *err)
{
	STW_ASSERT(serve->nthreads < SERVE_THREADS);
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
		rc = start(serve, serve_tick_main, err);
	if (rc == STW_OK && setting_int(s, SET_TICK_SECONDS) > 0 &&
	    serve->app->live != NULL)
		rc = start(serve, serve_plan_main, err);
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
