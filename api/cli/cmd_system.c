#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/auth.h"
#include "api/cli/cli.h"
#include "campaigns/compliance/ruleset.h"
#include "campaigns/task_store.h"
#include "db/migrate.h"

enum stw_code
cmd_version(struct cli *cli, struct stw_err *err)
{
	enum stw_code rc = cli_parse(cli, NULL, 0, 0, 0, err);

	if (rc == STW_OK)
		(void)printf("steward %s, tz database %s\n", STEWARD_VERSION,
		    zone_tzdata_version());
	return rc;
}

enum stw_code
cmd_settings(struct cli *cli, struct stw_err *err)
{
	enum stw_code rc = cli_parse(cli, NULL, 0, 0, 0, err);
	struct buf text;

	if (rc != STW_OK)
		return rc;
	buf_init(&text);
	settings_print(cli->app.settings, &text);
	(void)fwrite(text.data, 1, text.len, stdout);
	buf_fini(&text);
	return STW_OK;
}

enum stw_code
cmd_migrate(struct cli *cli, struct stw_err *err)
{
	enum stw_code rc = cli_parse(cli, NULL, 0, 0, 0, err);
	int applied = 0;
	struct db *db;

	if (rc == STW_OK)
		rc = app_db_raw(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = db_migrate(db, &applied, err);
	if (rc != STW_OK)
		return rc;
	if (applied == 0)
		(void)printf("the schema is up to date\n");
	else
		(void)printf(
		    "%d migration%s applied\n", applied, applied == 1 ? "" : "s");
	return STW_OK;
}

/* ---- clock ------------------------------------------------------------------------- */
/* 10:00 of the latest day, Monday to Friday, on which it has been 10:00 already. */
static stw_usec
latest_workday(const struct zone *zone, stw_usec now)
{
	stw_day day = zone_local(zone, now).day;

	while (
	    stw_weekday(day) >= 5 || zone_instant(zone, day, 10 * STW_USEC_HOUR) > now)
		day--;
	return zone_instant(zone, day, 10 * STW_USEC_HOUR);
}

enum stw_code
cmd_clock(struct cli *cli, struct stw_err *err)
{
	bool workday = false;
	const struct cli_opt opts[] = {{"latest-workday", CLI_SWITCH, &workday, 0, 0}};
	enum stw_code rc = cli_parse(cli, opts, 1, 0, 0, err);
	struct stw_clock real;
	char text[STW_USEC_TEXT];
	struct db *db;

	if (rc != STW_OK)
		return rc;
	if (workday) {
		clock_set_real(&real);
		(void)printf(
		    "%s\n", stw_usec_format(
				latest_workday(cli->app.zone, clock_now(&real)), text));
		return STW_OK;
	}
	if (cli->app.clock.simulated)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		(void)printf("%s  %s %s%s\n", stw_usec_format(app_now(&cli->app), text),
		    cli_time(&cli->app, app_now(&cli->app)), zone_name(cli->app.zone),
		    cli->app.clock.simulated ? ", simulated" : "");
	return rc;
}

/* ---- doctor ------------------------------------------------------------------------- */
struct check {
	struct cli *cli;
	enum stw_code worst;
	int faults;
};

static void
say(struct check *c, const char *what, enum stw_code rc, const char *fault,
    const char *cure)
{
	(void)printf("%-12s %s\n", what, rc == STW_OK ? "good" : fault);
	if (rc == STW_OK)
		return;
	(void)printf("%-12s -> %s\n", "", cure);
	c->faults++;
	if (c->worst == STW_OK)
		c->worst = rc;
}

static void
check_key(struct check *c, const char *name, enum setting_id id)
{
	const char *path = setting_text(c->cli->app.settings, id);
	struct stw_err err;
	struct stat st;

	if (stat(path, &st) != 0) {
		(void)stw_fail(&err, STW_NOT_FOUND, "%.200s does not exist", path);
		say(c, name, STW_NOT_FOUND, err.text, "run: steward setup --demo");
	} else if ((st.st_mode & 077) != 0) {
		(void)stw_fail(&err, STW_INVALID, "%.200s can be read by others", path);
		say(c, name, STW_INVALID, err.text,
		    "chmod 600 it; then change the key");
	} else {
		say(c, name, STW_OK, "", "");
	}
}

static void
check_clock(struct check *c)
{
	struct stw_err err;

	if (c->cli->app.clock.simulated)
		(void)printf("%-12s simulated\n", "clock");
	else
		say(c, "clock", app_clock_check(&c->cli->app, &err), err.text,
		    "set the machine's clock, or --clock for a demonstration");
}

static void
check_database(struct check *c)
{
	struct stw_err err;
	struct ruleset *rules = NULL;
	struct db *db;
	enum stw_code rc;

	rc = app_db_raw(&c->cli->app, &db, &err);
	say(c, "database", rc, err.text, "start PostgreSQL, or set --database");
	if (rc != STW_OK)
		return;
	rc = db_migrate_check(db, &err);
	say(c, "schema", rc, err.text, "run: steward migrate");
	if (rc != STW_OK)
		return;
	check_clock(c);
	rc = task_rules_load(db, &rules, &err);
	say(c, "packs", rc, err.text, "run: steward setup --demo");
	if (rules != NULL)
		ruleset_free(rules);
}

enum stw_code
cmd_doctor(struct cli *cli, struct stw_err *err)
{
	struct check c = {.cli = cli};
	enum stw_code rc = cli_parse(cli, NULL, 0, 0, 0, err);

	if (rc != STW_OK)
		return rc;
	check_database(&c);
	check_key(&c, "keys", SET_KEYS);
	check_key(&c, "token key", SET_TOKEN_KEY);
	check_key(&c, "ledger key", SET_LEDGER_KEY);
	if (c.faults > 0)
		return stw_fail(err, c.worst, "%d thing%s to mend", c.faults,
		    c.faults == 1 ? "" : "s");
	return STW_OK;
}
