#include <string.h>

#include "api/cli/cli.h"
#include "api/cli/funnel.h"
#include "campaigns/task_store.h"

#define RUNS_SHOWN 200

static enum stw_code
report_runs(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct run_row *runs;
	enum stw_code rc;
	int count;

	rc = campaign_runs(db, NULL, RUNS_SHOWN, &cli->arena, &runs, &count, err);
	if (rc != STW_OK)
		return rc;
	if (count == 0) {
		(void)printf("no run yet: steward run\n");
		return STW_OK;
	}
	(void)printf("newest run: %s %s\n", cli_time(&cli->app, runs[0].as_of),
	    zone_name(cli->app.zone));
	for (int i = 0; i < count && runs[i].as_of == runs[0].as_of; i++)
		funnel_print(&runs[i]);
	return STW_OK;
}

static enum stw_code
report_tasks(struct db *db, struct stw_err *err)
{
	int64_t n[TASK_STATES];
	enum stw_code rc;

	rc = task_counts(db, n, err);
	if (rc != STW_OK)
		return rc;
	(void)printf("tasks\n");
	for (int s = TASK_PLANNED; s < TASK_STATES; s++)
		if (n[s] > 0)
			(void)printf("    %-52s %10s\n",
			    task_state_name((enum task_state)s), cli_count(n[s]));
	return STW_OK;
}

static enum stw_code
report_pairs(
    struct db *db, const char *title, enum db_query_id query, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(db, query, NULL, 0, &rows, err);
	if (rc != STW_OK)
		return rc;
	if (db_rows_count(rows) > 0)
		(void)printf("%s\n", title);
	DB_ROW_FOREACH(rows, r)
		(void)printf("    %-52.*s %10s\n", STR_FMT(db_get_str(rows, r, 0)),
		    cli_count(db_get_i64(rows, r, 1)));
	db_rows_free(rows);
	return STW_OK;
}

static enum stw_code
report_ledger(struct db *db, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query_one(db, DB_Q_LEDGER_STATUS, NULL, 0, &rows, err);
	if (rc == STW_OK)
		(void)printf("ledger\n    %-52s %10s\n    %-52s %10s\n", "entries",
		    cli_count(db_get_i64(rows, 0, 0)), "waiting",
		    cli_count(db_get_i64(rows, 0, 1)));
	db_rows_free(rows);
	return rc;
}

enum stw_code
cmd_report(struct cli *cli, struct stw_err *err)
{
	struct db *db;
	enum stw_code rc;

	rc = cli_parse(cli, NULL, 0, 0, 0, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = report_runs(cli, db, err);
	if (rc == STW_OK)
		rc = report_pairs(
		    db, "decisions by gate and verdict", DB_Q_REPORT_DECISIONS, err);
	if (rc == STW_OK)
		rc = report_pairs(
		    db, "reasons against, all gates", DB_Q_REPORT_CODES, err);
	if (rc == STW_OK)
		rc = report_tasks(db, err);
	if (rc == STW_OK)
		rc = report_pairs(db, "outcomes", DB_Q_OVERVIEW_OUTCOMES, err);
	if (rc == STW_OK)
		rc = report_ledger(db, err);
	return rc;
}
