#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/cli/cli.h"
#include "api/cli/funnel.h"
#include "api/push/dispatch.h"
#include "api/simulate.h"
#include "api/tick.h"
#include "campaigns/queue_store.h"
#include "campaigns/reconcile_store.h"
#include "campaigns/revocation_store.h"
#include "segments/import_hold_store.h"

#define QUIET_AFTER      (5 * STW_USEC_SEC)
#define IMPORT_LOOK_USEC 300000

/* ---- what a tick works with ---------------------------------------------------------- */
struct work {
	struct db *db;
	const struct seal_keys *keys;
	const struct ledger_key *ledger_key;
	struct ruleset *rules;
};

static enum stw_code
work_open(struct cli *cli, bool push, struct work *w, struct stw_err *err)
{
	enum stw_code rc;

	memset(w, 0, sizeof *w);
	rc = app_db(&cli->app, &w->db, err);
	if (rc == STW_OK)
		rc = app_clock_check(&cli->app, err);
	if (rc == STW_OK && push)
		rc = app_keys(&cli->app, false, &w->keys, err);
	if (rc == STW_OK && push)
		rc = app_ledger_key(&cli->app, false, &w->ledger_key, err);
	if (rc == STW_OK)
		rc = task_rules_load(w->db, &w->rules, err);
	return rc;
}

static void
work_close(struct work *w)
{
	if (w->rules != NULL)
		ruleset_free(w->rules);
}

/* With --wait an import that is under way is waited for. One that ended early is not: nobody
 * knows whether it goes on. */
static enum stw_code
wait_for_import(struct db *db, bool wait, struct stw_err *err)
{
	int64_t mark;
	bool told = false;
	enum stw_code rc = import_hold_check(db, &mark, err);

	while (rc == STW_TEMPFAIL && wait) {
		struct import_hold hold;

		rc = import_hold_get(db, &hold, err);
		if (rc != STW_OK)
			return rc;
		if (!told && hold.kind == IMPORT_HOLD_RUNNING)
			(void)fprintf(stderr, "waiting for import %s\n", hold.mapping);
		told = true;
		if (hold.kind == IMPORT_HOLD_RUNNING)
			(void)usleep(IMPORT_LOOK_USEC);
		rc = import_hold_check(db, &mark, err);
	}
	return rc;
}

static enum stw_code
tick(struct cli *cli, struct db *db, const struct ruleset *rules, bool plan, bool wait,
    struct tick_result *result, struct stw_err *err)
{
	struct progress progress = cli_progress();
	const struct settings *settings = cli->app.settings;
	const struct tick_options options = {.now = app_now(&cli->app),
	    .plan = plan,
	    .progress = &progress,
	    .book_file = setting_text(settings, SET_BOOK_FILE),
	    .book_max_age = setting_int(settings, SET_BOOK_MAX_AGE) * STW_USEC_SEC};
	struct reconciled found;
	int64_t breached;
	enum stw_code rc;

	rc = wait_for_import(db, wait, err);
	if (rc == STW_OK)
		rc = revocation_sweep(db, options.now, &breached, err);
	if (rc == STW_OK)
		rc = reconcile_sweep(db, options.now, &found, err);
	if (rc == STW_OK)
		rc = tick_run(db, rules, &options, result, err);
	cli_progress_end();
	if (rc == STW_OK && breached > 0)
		(void)fprintf(stderr,
		    "%s requests to revoke were not read in time: incidents are open\n",
		    cli_count(breached));
	if (rc == STW_OK && found.contacts + found.tasks > 0)
		(void)fprintf(stderr,
		    "%s calls without a task, %s tasks without a call: incidents are "
		    "open\n",
		    cli_count(found.contacts), cli_count(found.tasks));
	return rc;
}

/* ---- printing -------------------------------------------------------------------------- */
static void
print_stages(const struct tick_result *r)
{
	const struct segments_tick_result *s = &r->segments;

	(void)printf("stages (model %s v%d): %s changes, %s undecided (%s)\n",
	    s->model.code, s->model.version, cli_count(s->stage_changes),
	    cli_count(s->stage_undecided),
	    cli_secs(s->times.stage_rules + s->times.stage_writes));
	if (s->stage_failure != NULL)
		(void)printf("    failed for every customer: %s\n", s->stage_failure);
	for (int i = 0; i < s->nstages; i++)
		(void)printf("    %-16s %12s\n", s->stages[i].code,
		    cli_count(s->stages[i].customers));
}

static void
print_segments(const struct tick_result *r)
{
	const struct segments_tick_result *s = &r->segments;

	(void)printf("segments (%s)\n    %-30s %10s %10s %10s %10s\n",
	    cli_secs(s->times.members_read + s->times.segment_rules +
		     s->times.member_writes + s->times.counts),
	    "", "members", "undecided", "entered", "left");
	for (int i = 0; i < s->nsegments; i++) {
		const struct tick_segment *g = &s->segments[i];

		if (g->failure != NULL)
			(void)printf("    %-30s failed: %s\n", g->code, g->failure);
		else
			(void)printf("    %-30s %10s %10s %10s %10s\n", g->code,
			    cli_count(g->matched), cli_count(g->undecided),
			    cli_count(g->entered), cli_count(g->left));
	}
}

static void
print_book(const struct tick_result *r)
{
	(void)printf("book: %s customers (%s)\n",
	    cli_count(book_parts_customers(&r->parts)), cli_secs(r->load_usec));
}

static void
print_dispatch(const struct dispatch_result *d, stw_usec took)
{
	(void)printf(
	    "dispatch: %s claimed, %s blocked, %s deferred, %s sent, %s accepted, "
	    "%s refused, %s unknown, %s recalled (%s)\n",
	    cli_count(d->claimed), cli_count(d->blocked), cli_count(d->deferred),
	    cli_count(d->sent), cli_count(d->accepted), cli_count(d->refused),
	    cli_count(d->unknown), cli_count(d->recalls_done), cli_secs(took));
}

/* ---- parts ------------------------------------------------------------------------------ */
static enum stw_code
refresh_and_print(struct cli *cli, bool segments, struct stw_err *err)
{
	bool wait = false;
	const struct cli_opt opts[] = {{"wait", CLI_SWITCH, &wait, 0, 0}};
	struct tick_result result;
	struct db *db;
	enum stw_code rc;

	rc = cli_parse(cli, opts, 1, 0, 0, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = tick(cli, db, NULL, false, wait, &result, err);
	if (rc != STW_OK)
		return rc;
	print_book(&result);
	print_stages(&result);
	if (segments)
		print_segments(&result);
	tick_fini(&result);
	return STW_OK;
}

enum stw_code
cmd_stages(struct cli *cli, struct stw_err *err)
{
	return refresh_and_print(cli, false, err);
}

enum stw_code
cmd_segments(struct cli *cli, struct stw_err *err)
{
	return refresh_and_print(cli, true, err);
}

static enum stw_code
plan_and_print(struct cli *cli, const struct work *w, bool wait, struct stw_err *err)
{
	struct tick_result result;
	enum stw_code rc;

	rc = tick(cli, w->db, w->rules, true, wait, &result, err);
	if (rc != STW_OK)
		return rc;
	print_book(&result);
	print_stages(&result);
	print_segments(&result);
	(void)printf("plan: %s new tasks (%s)\n", cli_count(result.plan.tasks),
	    cli_secs(result.plan_usec));
	for (int i = 0; i < result.plan.nruns; i++)
		funnel_print(&result.plan.runs[i]);
	tick_fini(&result);
	return STW_OK;
}

static enum stw_code
dry_run(struct cli *cli, struct stw_err *err)
{
	struct progress progress = cli_progress();
	struct plan_result result;
	struct db *db;
	enum stw_code rc = app_db(&cli->app, &db, err);

	if (rc == STW_OK)
		rc = app_clock_check(&cli->app, err);
	if (rc == STW_OK)
		rc = simulate_plan(db, NULL, NULL, 0, app_now(&cli->app), &progress,
		    &cli->arena, &result, err);
	cli_progress_end();
	if (rc != STW_OK)
		return rc;
	(void)printf("dry run: %s new tasks would be planned; nothing was written\n",
	    cli_count(result.tasks));
	for (int i = 0; i < result.nruns; i++)
		funnel_print(&result.runs[i]);
	return STW_OK;
}

enum stw_code
cmd_plan(struct cli *cli, struct stw_err *err)
{
	bool dry = false, wait = false;
	const struct cli_opt opts[] = {
	    {"dry-run", CLI_SWITCH, &dry, 0, 0}, {"wait", CLI_SWITCH, &wait, 0, 0}};
	struct work w = {0};
	enum stw_code rc;

	rc = cli_parse(cli, opts, 2, 0, 0, err);
	if (rc == STW_OK && dry)
		return dry_run(cli, err);
	if (rc == STW_OK)
		rc = work_open(cli, false, &w, err);
	if (rc == STW_OK)
		rc = plan_and_print(cli, &w, wait, err);
	work_close(&w);
	return rc;
}

static enum stw_code
dispatch_and_print(
    struct cli *cli, const struct work *w, int limit_ms, struct stw_err *err)
{
	const struct settings *s = cli->app.settings;
	stw_usec began = stw_monotonic();
	struct dispatch *dispatch = NULL;
	struct dispatch_result result;
	struct db *gate_db = NULL;
	struct egress egress;
	char worker[40];
	enum stw_code rc;

	(void)snprintf(worker, sizeof worker, "command-%d", (int)getpid());
	rc = egress_parse(str_of(setting_text(s, SET_EGRESS)), &egress, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "setting egress");
	rc = db_open_like(w->db, &gate_db, err);
	if (rc != STW_OK)
		return rc;
	const struct dispatch_options options = {.db = w->db,
	    .gate_db = gate_db,
	    .rules = w->rules,
	    .keys = w->keys,
	    .ledger_key = w->ledger_key,
	    .checkpoint_path = setting_text(s, SET_CHECKPOINT_FILE),
	    .egress = &egress,
	    .clock = &cli->app.clock,
	    .worker = worker};
	rc = dispatch_open(&options, &dispatch, err);
	if (rc == STW_OK)
		rc = dispatch_pass(
		    dispatch, app_now(&cli->app), limit_ms, NULL, &result, err);
	if (rc == STW_OK)
		print_dispatch(&result, stw_monotonic() - began);
	if (dispatch != NULL)
		dispatch_close(dispatch);
	db_close(gate_db);
	return rc;
}

enum stw_code
cmd_dispatch(struct cli *cli, struct stw_err *err)
{
	int64_t limit = 300;
	const struct cli_opt opts[] = {{"limit-sec", CLI_NUMBER, &limit, 1, 86400}};
	struct work w = {0};
	enum stw_code rc;

	rc = cli_parse(cli, opts, 1, 0, 0, err);
	if (rc == STW_OK)
		rc = work_open(cli, true, &w, err);
	if (rc == STW_OK)
		rc = dispatch_and_print(cli, &w, (int)(limit * 1000), err);
	work_close(&w);
	return rc;
}

/* ---- all of it ------------------------------------------------------------------------------- */
/* Tasks that are on their way to an agent or with one. */
static int64_t
tasks_open(const int64_t n[TASK_STATES])
{
	return n[TASK_READY] + n[TASK_SENDING] + n[TASK_QUEUED] + n[TASK_ACCEPTED] +
	       n[TASK_IN_PROGRESS];
}

/* Until no agent has anything to do, nothing has moved for a while, or time is up. */
static enum stw_code
wait_for_agents(struct db *db, int64_t seconds, struct stw_err *err)
{
	stw_usec until = stw_monotonic() + seconds * STW_USEC_SEC,
		 moved = stw_monotonic();
	struct progress progress = cli_progress();
	int64_t n[TASK_STATES] = {0}, last[TASK_STATES] = {0};
	enum stw_code rc;

	for (;;) {
		rc = task_counts(db, n, err);
		if (rc != STW_OK)
			break;
		if (memcmp(n, last, sizeof n) != 0) {
			memcpy(last, n, sizeof n);
			moved = stw_monotonic();
		}
		if (tasks_open(n) == 0 || stw_monotonic() > until ||
		    stw_monotonic() - moved > QUIET_AFTER)
			break;
		progress_tell(&progress, "tasks with agents:", tasks_open(n), 0);
		(void)usleep(200000);
	}
	cli_progress_end();
	return rc;
}

static enum stw_code
seal_rest(struct cli *cli, const struct work *w, struct stw_err *err)
{
	struct ledger_seal_result sealed;
	enum stw_code rc;

	rc = ledger_seal(w->db, w->ledger_key,
	    setting_text(cli->app.settings, SET_CHECKPOINT_FILE), app_now(&cli->app),
	    &sealed, err);
	if (rc == STW_CONFLICT) /* a server does it */
		return STW_OK;
	if (rc == STW_OK)
		(void)printf("ledger: %s entries\n", cli_count(sealed.size));
	return rc;
}

enum stw_code
cmd_run(struct cli *cli, struct stw_err *err)
{
	int64_t wait = 0, limit = 3600;
	bool wait_import = false;
	const char *queue = NULL;
	int moved = 0;
	const struct cli_opt opts[] = {{"queue", CLI_TEXT, &queue, 0, 0},
	    {"wait", CLI_SWITCH, &wait_import, 0, 0},
	    {"wait-sec", CLI_NUMBER, &wait, 0, 86400},
	    {"limit-sec", CLI_NUMBER, &limit, 1, 86400}};
	struct work w = {0};
	enum stw_code rc;

	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 0, 0, err);
	if (rc == STW_OK)
		rc = work_open(cli, true, &w, err);
	if (rc == STW_OK && queue != NULL)
		rc = queue_set_url(w.db, NULL,
		    arena_printf(&cli->arena, "%s/tasks", queue), app_now(&cli->app),
		    &moved, err);
	if (rc == STW_OK)
		rc = plan_and_print(cli, &w, wait_import, err);
	if (rc == STW_OK)
		rc = dispatch_and_print(cli, &w, (int)(limit * 1000), err);
	if (rc == STW_OK && wait > 0)
		rc = wait_for_agents(w.db, wait, err);
	if (rc == STW_OK)
		rc = seal_rest(cli, &w, err);
	work_close(&w);
	return rc;
}
