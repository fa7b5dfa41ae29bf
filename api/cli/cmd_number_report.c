/* steward number health, usage, forecast, outside. */
#include <inttypes.h>
#include <string.h>

#include "api/cli/cmd_number.h"
#include "campaigns/number_health_store.h"
#include "campaigns/number_report_store.h"
#include "campaigns/number_store.h"

static void
print_rate(const struct health_rate *rate, int64_t min)
{
	int64_t bp = health_rate_bp(rate, min);

	if (bp < 0)
		(void)printf("  %14s of %-6s", "-", cli_count(rate->of));
	else
		(void)printf("  %6" PRId64 ".%02" PRId64 " %%    of %-6s", bp / 100,
		    bp % 100, cli_count(rate->of));
}

enum stw_code
number_cmd_health(
    struct cli *cli, struct db *db, const struct number_options *o, struct stw_err *err)
{
	stw_usec now = app_now(&cli->app);
	struct number_policies policies;
	struct number_health *rows;
	int n = 0;
	enum stw_code rc = number_policies_load(db, &policies, err);

	if (rc == STW_OK && o->apply)
		rc = number_health_act(db, &policies, now, &cli->arena, &rows, &n, err);
	else if (rc == STW_OK)
		rc = number_health_look(
		    db, &policies, 0, now, &cli->arena, &rows, &n, err);
	if (rc != STW_OK)
		return rc;
	(void)printf("%-16s %-10s  %-22s  %-22s  %-22s\n", "number", "status",
	    "answered", "complaints", "vendors: spam");
	for (int i = 0; i < n; i++) {
		(void)printf("%-16s %-10s", rows[i].number, rows[i].status);
		for (int m = 0; m < HEALTH_METRICS; m++)
			print_rate(&rows[i].rates[m], policies.health[m].min);
		(void)printf("  %s\n", rows[i].done != NULL      ? rows[i].done
				       : rows[i].finding.suspend ? "would be suspended"
								 : "");
	}
	return STW_OK;
}

enum stw_code
number_cmd_usage(
    struct cli *cli, struct db *db, const struct number_options *o, struct stw_err *err)
{
	stw_day today = app_today(&cli->app, app_now(&cli->app));
	struct number_usage *rows;
	char day[STW_DAY_TEXT];
	int64_t id = 0, sum = 0;
	int n;
	enum stw_code rc = STW_OK;

	if (cli->argc == 1) {
		rc = number_find(db, cli->argv[0], &id, err);
		if (rc == STW_OK && id == 0)
			rc = stw_fail(err, STW_NOT_FOUND,
			    "caller number %.30s is not registered", cli->argv[0]);
	}
	if (rc == STW_OK)
		rc = number_usage(db, id,
		    today + 1 - (stw_day)(o->days > 0 ? o->days : 7), today + 1,
		    zone_name(cli->app.zone), &cli->arena, &rows, &n, err);
	if (rc != STW_OK)
		return rc;
	(void)printf("%-11s %-16s %-12s %-16s %-24s %9s\n", "day", "number", "kind",
	    "purpose", "campaign", "used");
	for (int i = 0; i < n; i++) {
		(void)printf("%-11s %-16s %-12s %-16s %-24s %9s\n",
		    stw_day_format(rows[i].day, day), rows[i].number, rows[i].kind,
		    rows[i].purpose, rows[i].campaign != NULL ? rows[i].campaign : "-",
		    cli_count(rows[i].used));
		sum += rows[i].used;
	}
	(void)printf("%s uses\n", cli_count(sum));
	return STW_OK;
}

enum stw_code
number_cmd_forecast(
    struct cli *cli, struct db *db, const struct number_options *o, struct stw_err *err)
{
	struct number_forecast *rows;
	char day[STW_DAY_TEXT];
	int n, bad = 0;
	enum stw_code rc = number_forecast(db, o->days > 0 ? (int)o->days : 14,
	    zone_name(cli->app.zone), app_now(&cli->app), &cli->arena, &rows, &n, err);

	if (rc != STW_OK)
		return rc;
	(void)printf("%-11s %-16s %-16s %9s %9s %9s %8s\n", "day", "pool", "purpose",
	    "planned", "expected", "budget", "numbers");
	for (int i = 0; i < n; i++) {
		(void)printf("%-11s %-16s %-16s %9s %9s %9s %8d%s\n",
		    stw_day_format(rows[i].day, day), rows[i].pool, rows[i].purpose,
		    cli_count(rows[i].planned), cli_count(rows[i].expected),
		    rows[i].budget < 0 ? "-" : cli_count(rows[i].budget),
		    rows[i].numbers, rows[i].is_short ? "  SHORT" : "");
		bad += rows[i].is_short;
	}
	(void)printf("%d days short\n", bad);
	return STW_OK;
}

/* A use outside its purpose is a finding: the exit status says so too. */
enum stw_code
number_cmd_outside(
    struct cli *cli, struct db *db, const struct number_options *o, struct stw_err *err)
{
	stw_usec now = app_now(&cli->app);
	struct number_outside *rows;
	int64_t checked, found;
	int n;
	enum stw_code rc =
	    number_outside(db, now - (o->days > 0 ? o->days : 31) * STW_USEC_DAY,
		STW_USEC_MAX, 100, &cli->arena, &rows, &n, &checked, &found, err);

	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < n; i++)
		(void)printf("%s  %s  %-16s %-16s registered %s\n",
		    cli_time(&cli->app, rows[i].decided_at), rows[i].decision_id,
		    rows[i].number != NULL ? rows[i].number : "-", rows[i].purpose,
		    rows[i].registered != NULL ? rows[i].registered : "?");
	(void)printf("%s permits looked at, %s outside the purpose of their number\n",
	    cli_count(checked), cli_count(found));
	return found == 0 ? STW_OK
			  : stw_fail(err, STW_CONFLICT,
				"numbers were used outside their registered purposes");
}
