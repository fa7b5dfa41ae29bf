/* steward retention: what is kept until when, and what is over goes. */
#include <stdlib.h>

#include "api/cli/cli.h"
#include "api/retention_json.h"
#include "campaigns/retention_store.h"
#include "campaigns/task_store.h"

static const char *
when(const struct app *app, stw_usec at)
{
	return at == STW_USEC_NEVER ? "-" : cli_time(app, at);
}

static void
print(const struct app *app, const struct retention_due *due)
{
	(void)printf("%-16s %-8s %-19s %9s %9s %-19s %-19s\n", "class", "rule",
	    "over: made before", "due", "held", "oldest", "its time is over");
	for (int i = 0; i < RETENTION_CLASSES; i++) {
		(void)printf("%-16s %-8s %-19s %9s ", due[i].kind->name,
		    due[i].rule != NULL ? due[i].rule->id : "(none)",
		    when(app, due[i].cutoff), cli_count(due[i].due));
		(void)printf(
		    "%9s %-19s ", cli_count(due[i].held), when(app, due[i].oldest));
		(void)printf("%s\n", when(app, due[i].next));
	}
}

static enum stw_code
report(struct cli *cli, struct db *db, const struct ruleset *rules, bool json,
    struct stw_err *err)
{
	struct retention_due due[RETENTION_CLASSES];
	enum stw_code rc = retention_report(db, rules, app_now(&cli->app), due, err);
	json_t *v;

	if (rc != STW_OK)
		return rc;
	if (!json) {
		print(&cli->app, due);
		return STW_OK;
	}
	v = retention_due_json(due);
	(void)json_dumpf(v, stdout, JSON_INDENT(1));
	(void)putchar('\n');
	json_decref(v);
	return STW_OK;
}

static enum stw_code
run(struct cli *cli, struct db *db, const struct ruleset *rules, const char *who,
    int batch, struct stw_err *err)
{
	struct retention_done done;
	enum stw_code rc =
	    retention_run(db, rules, who, batch, NULL, app_now(&cli->app), &done, err);

	for (int i = 0; i < RETENTION_CLASSES; i++)
		if (done.rows[i] > 0)
			(void)printf("%-16s %9s gone\n", retention_class_at(i)->name,
			    cli_count(done.rows[i]));
	if (rc == STW_OK)
		(void)printf("%s batches, each an entry of the ledger\n",
		    cli_count(done.batches));
	return rc;
}

enum stw_code
cmd_retention(struct cli *cli, struct stw_err *err)
{
	enum { SHOW, RUN, VERBS };
	static const char *const verbs[VERBS] = {"show", "run"};
	const char *who = NULL;
	int64_t batch = 1000;
	bool dry = false, json = false;
	const struct cli_opt opts[] = {{"by", CLI_TEXT, &who, 0, 0},
	    {"batch", CLI_NUMBER, &batch, 1, 100000},
	    {"dry-run", CLI_SWITCH, &dry, 0, 0}, {"json", CLI_SWITCH, &json, 0, 0}};
	int verb = cli_verb(cli, verbs, VERBS, err);
	struct ruleset *rules = NULL;
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 0, 0, err);
	if (rc == STW_OK && verb == RUN && !dry && who == NULL)
		rc = stw_fail(err, STW_INVALID, "--by WHO is needed");
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = app_clock_check(&cli->app, err);
	if (rc == STW_OK)
		rc = task_rules_load(db, &rules, err);
	if (rc == STW_OK)
		rc = verb == SHOW || dry ? report(cli, db, rules, json, err)
					 : run(cli, db, rules, who, (int)batch, err);
	if (rules != NULL)
		ruleset_free(rules);
	return rc;
}
