#include <string.h>
#include <sys/stat.h>

#include "api/cli/cli.h"
#include "segments/import.h"
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
static void
import_progress(void *user, const struct import_progress *at)
{
	(void)user;
	if (at->done)
		(void)fprintf(stderr, "    %d/%d %-24s %s rows\n", at->step, at->steps,
		    at->file, cli_count(at->rows));
}

/* "import DIR" or "import MAPPING --data DIR". */
static enum stw_code
import_paths(struct cli *cli, const char *data, const char **dir, const char **mapping,
    struct stw_err *err)
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
print_import(const struct import_result *r)
{
	if (r->unchanged) {
		(void)printf(
		    "mapping %s: the same content is loaded already\n", r->mapping);
		return;
	}
	(void)printf(
	    "mapping %s: %s rows read, %s loaded, %s skipped, %s rejected (%s)\n",
	    r->mapping, cli_count(r->rows_read), cli_count(r->rows_loaded),
	    cli_count(r->rows_skipped), cli_count(r->rows_rejected), cli_secs(r->usec));
	for (int t = IMPORT_CUSTOMER; t < IMPORT_TARGETS; t++)
		if (r->loaded[t] > 0)
			(void)printf("    %-14s %12s\n",
			    import_target_name((enum import_target)t),
			    cli_count(r->loaded[t]));
	if (r->phones_skipped > 0)
		(void)printf(
		    "    %s telephone numbers could not be read and were left out\n",
		    cli_count(r->phones_skipped));
}

enum stw_code
cmd_import(struct cli *cli, struct stw_err *err)
{
	int64_t max_errors = 0;
	const char *data = NULL;
	const struct cli_opt opts[] = {{"data", CLI_TEXT, &data, 0, 0},
	    {"max-errors", CLI_NUMBER, &max_errors, 0, 1000000000}};
	bool check = cli->argc > 0 && strcmp(cli->argv[0], "check") == 0;
	struct import_opts import = {.progress = import_progress, .messages = stderr};
	struct import_result result;
	const struct seal_keys *keys;
	enum stw_code rc;
	struct db *db;

	if (check) {
		cli->argc--;
		cli->argv++;
	}
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, 1, err);
	if (rc == STW_OK)
		rc = import_paths(cli, data, &import.dir, &import.mapping, err);
	if (rc != STW_OK || check)
		return rc == STW_OK ? check_import(cli, import.dir, err) : rc;
	rc = app_db(&cli->app, &db, err);
	/* A first import is where the keys of a fresh installation come from. */
	if (rc == STW_OK)
		rc = app_keys(&cli->app, true, &keys, err);
	if (rc != STW_OK)
		return rc;
	import.as_of = app_now(&cli->app);
	import.max_errors = max_errors;
	rc = import_run(db, keys, &import, &result, err);
	if (rc == STW_OK)
		print_import(&result);
	return rc;
}
