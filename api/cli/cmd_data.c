#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/cli/cli.h"
#include "engine/uuid.h"
#include "segments/import_history_store.h"
#include "segments/import_hold_store.h"
#include "segments/sample.h"

/* ---- sample --------------------------------------------------------------------------- */
static void
sample_progress(void *user, int64_t customers, int64_t total)
{
	progress_tell(user, "customers written:", customers, total);
}

enum stw_code
cmd_sample(struct cli *cli, struct stw_err *err)
{
	struct progress progress = cli_progress();
	struct sample_opts sample = {.progress = sample_progress, .user = &progress};
	int64_t customers = 20000, seed = 7;
	stw_usec as_of = app_now(&cli->app), began = stw_monotonic();
	const char *out = NULL;
	const struct cli_opt opts[] = {
	    {"customers", CLI_NUMBER, &customers, 1, SAMPLE_MAX_CUSTOMERS},
	    {"seed", CLI_NUMBER, &seed, 0, INT64_MAX},
	    {"as-of", CLI_INSTANT, &as_of, 0, 0}, {"out", CLI_TEXT, &out, 0, 0}};
	struct sample_counts n;
	enum stw_code rc;

	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 0, 0, err);
	if (rc == STW_OK && out == NULL)
		rc = stw_fail(err, STW_INVALID, "--out DIR is needed");
	if (rc != STW_OK)
		return rc;
	sample.customers = customers;
	sample.seed = (uint64_t)seed;
	sample.as_of = as_of;
	sample.dir = out;
	rc = sample_write(&sample, &n, err);
	cli_progress_end();
	if (rc != STW_OK)
		return rc;
	(void)printf("%s customers, %s contact points, %s holdings, %s transactions, "
		     "%s consents in %s (%s)\n",
	    cli_count(n.customers), cli_count(n.contact_points), cli_count(n.holdings),
	    cli_count(n.transactions), cli_count(n.consents), out,
	    cli_secs(stw_monotonic() - began));
	(void)printf(
	    "awkward: %s without phone, %s sharing one, %s without birth date, "
	    "%s minors, %s elderly, %s lapsed ratings, %s withdrawn consents\n",
	    cli_count(n.no_phone), cli_count(n.shared_phone), cli_count(n.no_dob),
	    cli_count(n.minors), cli_count(n.elderly), cli_count(n.lapsed_rating),
	    cli_count(n.withdrawn));
	return STW_OK;
}

/* ---- import ---------------------------------------------------------------------------- */
#define BAR_WIDTH  24
#define PLAIN_TELL (5 * STW_USEC_SEC)

static struct {
	stw_usec told;
	bool line_open;
} import_state;

/* "[######......]  52 %  customers.csv  1,234,567 rows, 98,765/s, 0:41 left" */
static void
import_bar(const struct import_progress *at, bool terminal)
{
	double share = at->total > 0 ? (double)at->bytes / (double)at->total : 0;
	int full = (int)(share * BAR_WIDTH);
	int64_t left = (int64_t)at->sec_left;

	(void)fputs(terminal ? "\r\033[K    [" : "    ", stderr);
	for (int i = 0; terminal && i < BAR_WIDTH; i++)
		(void)fputc(i < full ? '#' : '.', stderr);
	(void)fprintf(stderr, "%s%3d %%  %s  %s rows, %s/s", terminal ? "] " : "",
	    (int)(share * 100), at->file, cli_count(at->rows),
	    cli_count((int64_t)at->rows_per_sec));
	if (at->sec_left >= 0)
		(void)fprintf(stderr, ", %lld:%02lld left", (long long)(left / 60),
		    (long long)(left % 60));
	if (!terminal)
		(void)fputc('\n', stderr);
	(void)fflush(stderr);
	import_state.line_open = terminal;
}

static void
import_bar_end(void)
{
	if (import_state.line_open)
		(void)fputs("\r\033[K", stderr);
	import_state.line_open = false;
}

static void
import_progress(void *user, const struct import_progress *at)
{
	bool terminal = isatty(STDERR_FILENO) != 0;
	stw_usec now = stw_monotonic();

	(void)user;
	if (at->done) {
		import_bar_end();
		(void)fprintf(stderr, "    %d/%d %-24s %s rows\n", at->step, at->steps,
		    at->file, cli_count(at->rows));
	} else if (terminal || now - import_state.told >= PLAIN_TELL) {
		import_state.told = now;
		import_bar(at, terminal);
	}
}

/* "import DIR" or "import MAPPING --data DIR". */
static enum stw_code
import_paths(struct cli *cli, const char *data, const char *redo, const char **dir,
    const char **mapping, struct stw_err *err)
{
	struct stat st;

	*mapping = NULL;
	*dir = cli->argv[0];
	if (data != NULL) {
		*mapping = cli->argv[0];
		*dir = data;
	}
	if (stat(*dir, &st) != 0 || !S_ISDIR(st.st_mode))
		return stw_fail(err, STW_NOT_FOUND, "%.200s is not a directory%s", *dir,
		    data == NULL ? "; a mapping outside its data needs --data DIR"
				 : "");
	if (redo != NULL && (stat(redo, &st) != 0 || !S_ISDIR(st.st_mode)))
		return stw_fail(
		    err, STW_NOT_FOUND, "--redo %.200s is not a directory", redo);
	cli->where = *mapping != NULL
			 ? *mapping
			 : arena_printf(&cli->arena, "%s/mapping.json", *dir);
	return STW_OK;
}

static enum stw_code
check_import(struct cli *cli, const char *dir, struct stw_err *err)
{
	struct buf report;
	enum stw_code rc;

	buf_init(&report);
	rc = import_check(cli->where, dir, app_now(&cli->app), &report, err);
	if (rc == STW_OK)
		(void)fwrite(report.data, 1, report.len, stdout);
	buf_fini(&report);
	return rc;
}

static void
print_import(const struct import_result *r, const struct import_opts *opts)
{
	if (r->unchanged) {
		(void)printf(
		    "mapping %s: the same content is loaded already\n", r->mapping);
		return;
	}
	(void)printf(
	    "mapping %s%s: %s rows read, %s %sloaded, %s skipped, %s rejected (%s)\n",
	    r->mapping, opts->dry_run ? " (dry run, nothing is changed)" : "",
	    cli_count(r->rows_read), cli_count(r->rows_loaded),
	    opts->dry_run ? "would be " : "", cli_count(r->rows_skipped),
	    cli_count(r->rows_rejected), cli_secs(r->usec));
	for (int t = IMPORT_CUSTOMER; t < IMPORT_TARGETS; t++)
		if (r->loaded[t] > 0)
			(void)printf("    %-14s %12s\n",
			    import_target_name((enum import_target)t),
			    cli_count(r->loaded[t]));
	(void)printf("    %s new, %s changed, %s closed or removed, %s as they were\n",
	    cli_count(r->inserted), cli_count(r->updated), cli_count(r->closed),
	    cli_count(r->same));
	if (r->rows_before > 0)
		(void)printf(
		    "    it went on after %s rows of an earlier start, which had "
		    "ended; the counts are of both\n",
		    cli_count(r->rows_before));
	if (r->phones_skipped > 0)
		(void)printf(
		    "    %s telephone numbers could not be read and were left out\n",
		    cli_count(r->phones_skipped));
}

/* Also after a failure: that is when they are wanted. */
static void
print_rejects(const struct import_result *r, const struct import_opts *opts)
{
	if (r->reject_files > 0)
		(void)printf(
		    "    rejected rows of %d file%s are in %s; corrected, they come in "
		    "with --redo %s\n",
		    r->reject_files, r->reject_files == 1 ? "" : "s", opts->rejects,
		    opts->rejects);
}

static enum stw_code
import_now(struct cli *cli, struct import_opts *import, struct stw_err *err)
{
	struct import_result result;
	const struct seal_keys *keys;
	struct db *db;
	enum stw_code rc = app_db(&cli->app, &db, err);

	/* A first import is where the keys of a fresh installation come from. */
	if (rc == STW_OK)
		rc = app_keys(&cli->app, true, &keys, err);
	if (rc != STW_OK)
		return rc;
	import->as_of = app_now(&cli->app);
	import->progress = import_progress;
	import_state.told = stw_monotonic(); /* a short job has no line on its way */
	import->messages = stderr;
	rc = import_run(db, keys, import, &result, err);
	import_bar_end();
	if (rc == STW_OK)
		print_import(&result, import);
	print_rejects(&result, import);
	return rc;
}

enum stw_code
cmd_import(struct cli *cli, struct stw_err *err)
{
	struct import_opts import = {0};
	const char *data = NULL;
	const struct cli_opt opts[] = {{"data", CLI_TEXT, &data, 0, 0},
	    {"max-errors", CLI_NUMBER, &import.max_errors, 0, IMPORT_MAX_ERRORS},
	    {"dry-run", CLI_SWITCH, &import.dry_run, 0, 0},
	    {"rejects", CLI_TEXT, &import.rejects, 0, 0},
	    {"redo", CLI_TEXT, &import.redo, 0, 0},
	    {"close-all", CLI_SWITCH, &import.close_all, 0, 0},
	    {"by", CLI_TEXT, &import.actor, 0, 0}};
	bool check = cli->argc > 0 && strcmp(cli->argv[0], "check") == 0;
	enum stw_code rc;

	if (check) {
		cli->argc--;
		cli->argv++;
	}
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, 1, err);
	if (rc == STW_OK)
		rc = import_paths(
		    cli, data, import.redo, &import.dir, &import.mapping, err);
	if (rc != STW_OK)
		return rc;
	return check ? check_import(cli, import.dir, err)
		     : import_now(cli, &import, err);
}

/* ---- imports ------------------------------------------------------------------------------ */
/* Which import has left the book half loaded, and the way out; run: only if it is that one. */
static enum stw_code
print_hold(struct db *db, const char *run, struct stw_err *err)
{
	struct import_hold hold;
	struct stw_err why;
	int64_t mark;
	enum stw_code rc = import_hold_get(db, &hold, err);

	if (rc == STW_OK && hold.kind == IMPORT_HOLD_HALF &&
	    (run == NULL || strcmp(run, hold.run_id) == 0) &&
	    import_hold_check(db, &mark, &why) == STW_CONFLICT)
		(void)printf("%s\n", why.text);
	return rc;
}

static enum stw_code
print_runs(struct cli *cli, struct db *db, int limit, struct stw_err *err)
{
	struct import_run_info *runs;
	int count;
	enum stw_code rc =
	    import_history_runs(db, INT64_MAX, limit, &cli->arena, &runs, &count, err);

	if (rc != STW_OK)
		return rc;
	(void)printf("%-36s  %-19s  %-11s %12s %10s %9s  %s\n", "run", "started",
	    "state", "loaded", "rejected", "took", "mapping");
	for (int i = 0; i < count; i++)
		(void)printf("%-36s  %-19s  %-11s %12s %10s %9s  %s%s\n",
		    runs[i].run_id, cli_time(&cli->app, runs[i].started_at),
		    runs[i].state, cli_count(runs[i].rows_loaded),
		    cli_count(runs[i].rows_rejected), cli_secs(runs[i].took),
		    runs[i].mapping, runs[i].redo ? " (corrected rows)" : "");
	return print_hold(db, NULL, err);
}

static void
print_file(const struct import_file_info *f)
{
	(void)printf("    %-24s %-13s %-8s %s", f->file, f->target, f->mode,
	    f->done ? "" : "not to its end; ");
	(void)printf(
	    "%s read, %s new, %s changed, %s closed, %s as they were, %s skipped, "
	    "%s rejected\n",
	    cli_count(f->read), cli_count(f->inserted), cli_count(f->updated),
	    cli_count(f->closed), cli_count(f->unchanged), cli_count(f->skipped),
	    cli_count(f->rejected));
}

static enum stw_code
print_run(
    struct cli *cli, struct db *db, const char *id, int limit, struct stw_err *err)
{
	struct import_reject_info *rejects;
	struct import_file_info *files;
	struct import_run_info run;
	struct uuid parsed;
	int nfiles, nrejects;
	enum stw_code rc;

	if (uuid_parse(str_of(id), &parsed) != STW_OK)
		return stw_fail(
		    err, STW_INVALID, "\"%.40s\" is no run of an import", id);
	rc = import_history_run(db, id, &cli->arena, &run, err);
	if (rc == STW_OK)
		rc = import_history_files(db, id, &cli->arena, &files, &nfiles, err);
	if (rc == STW_OK)
		rc = import_history_rejects(
		    db, id, NULL, limit, &cli->arena, &rejects, &nrejects, err);
	if (rc != STW_OK)
		return rc;
	(void)printf("%s: mapping %s by %s, %s, started %s%s\n", run.run_id,
	    run.mapping, run.actor, run.state, cli_time(&cli->app, run.started_at),
	    run.starts > 1 ? ", more than once" : "");
	if (run.failure != NULL)
		(void)printf("    %s\n", run.failure);
	for (int i = 0; i < nfiles; i++)
		print_file(&files[i]);
	for (int i = 0; i < nrejects; i++) {
		const struct import_reject *r = &rejects[i].reject;

		(void)printf("    %s:%lld: %s%s%s%s\n", rejects[i].file,
		    (long long)r->line, r->column[0] != '\0' ? "column " : "",
		    r->column, r->column[0] != '\0' ? ": " : "", r->reason);
	}
	return print_hold(db, run.run_id, err);
}

static enum stw_code
give_up(struct cli *cli, const char *by, struct stw_err *err)
{
	const char *id;
	struct uuid parsed;
	struct db *db;
	enum stw_code rc;

	if (cli->argc != 2 || by == NULL)
		return stw_fail(
		    err, STW_INVALID, "usage: steward imports give-up RUN --by WHO");
	id = cli->argv[1];
	if (uuid_parse(str_of(id), &parsed) != STW_OK)
		return stw_fail(
		    err, STW_INVALID, "\"%.40s\" is no run of an import", id);
	rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = import_give_up(db, id, by, app_now(&cli->app), err);
	if (rc == STW_OK)
		(void)printf(
		    "import %s is given up: what it has loaded stays, and ticks "
		    "go on\n",
		    id);
	return rc;
}

enum stw_code
cmd_imports(struct cli *cli, struct stw_err *err)
{
	int64_t limit = 20;
	const char *by = NULL;
	const struct cli_opt opts[] = {
	    {"limit", CLI_NUMBER, &limit, 1, 10000}, {"by", CLI_TEXT, &by, 0, 0}};
	struct db *db;
	enum stw_code rc;

	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 0, 2, err);
	if (rc == STW_OK && cli->argc > 0 && strcmp(cli->argv[0], "give-up") == 0)
		return give_up(cli, by, err);
	if (rc == STW_OK && (cli->argc > 1 || by != NULL))
		return stw_fail(err, STW_INVALID,
		    "usage: steward imports [RUN] | imports give-up RUN --by WHO");
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	return cli->argc == 0 ? print_runs(cli, db, (int)limit, err)
			      : print_run(cli, db, cli->argv[0], (int)limit, err);
}
