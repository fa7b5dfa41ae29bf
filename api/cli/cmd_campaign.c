#include <string.h>

#include "api/cli/cli.h"
#include "api/cli/funnel.h"
#include "api/rule_scope.h"
#include "api/simulate.h"
#include "campaigns/campaign_store.h"
#include "campaigns/trigger_store.h"

#define DOCUMENT_MAX ((size_t)256 * 1024)

enum verb { LIST = 0, VALIDATE, SIMULATE, CREATE, APPROVE, ACTIVATE, PAUSE, VERBS };

static enum stw_code
list(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct campaign_row *rows;
	enum stw_code rc;
	int count;

	rc = campaign_list(db, &cli->arena, &rows, &count, err);
	for (int i = 0; rc == STW_OK && i < count; i++)
		(void)printf("%-24s %-8s version %d (active %d), by %s, %s%s\n",
		    rows[i].code, rows[i].state, rows[i].newest_version,
		    rows[i].active_version, rows[i].author,
		    rows[i].approved_by != NULL ? "approved by " : "not approved",
		    rows[i].approved_by != NULL ? rows[i].approved_by : "");
	return rc;
}

static void
print_good(const struct campaign *campaign)
{
	const struct trigger *trigger = &campaign->trigger;

	(void)printf("good: campaign %s\n", campaign->code);
	if (trigger->on == TRIGGER_NONE)
		(void)printf("    looks at its whole audience at each plan\n");
	else if (trigger->on == TRIGGER_DATE)
		(void)printf(
		    "    starts on customer.%s %+d days, and up to %d days later\n",
		    trigger->what, trigger->offset_days, trigger->within_days - 1);
	else
		(void)printf("    starts on %s %s, and up to %d days after it\n",
		    trigger_name(trigger->on), trigger->what, trigger->within_days);
}

static enum stw_code
document(struct cli *cli, struct db *db, enum verb verb, const char *who,
    struct stw_err *err)
{
	struct rule_scope scope;
	struct campaign campaign;
	struct campaign_row row;
	struct str text;
	enum stw_code rc;

	rc = cli_read_file(cli, cli->argv[0], DOCUMENT_MAX, &text, err);
	if (rc == STW_OK)
		rc = rule_scope_open(
		    db, true, app_now(&cli->app), &cli->arena, &scope, err);
	if (rc != STW_OK)
		return rc;
	if (verb == VALIDATE) {
		rc = campaign_parse(text, scope.env, &cli->arena, &campaign, NULL, err);
		if (rc == STW_OK)
			rc = trigger_check(db, &campaign.trigger, err);
		if (rc == STW_OK)
			print_good(&campaign);
	} else {
		rc = campaign_create(db, text, scope.env, who, NULL, app_now(&cli->app),
		    &cli->arena, &row, err);
		if (rc == STW_OK)
			(void)printf(
			    "campaign %s version %d\n", row.code, row.newest_version);
	}
	/* The place is one inside a rule of the document, which the text names. */
	if (rc == STW_INVALID && err->line > 0)
		cli->where = arena_printf(&cli->arena, "%s: rule", cli->argv[0]);
	rule_scope_fini(&scope);
	return rc;
}

static enum stw_code
simulate(struct cli *cli, struct db *db, int version, struct stw_err *err)
{
	struct progress progress = cli_progress();
	const char *code = cli->argv[0];
	struct campaign_row row;
	struct plan_result result;
	enum stw_code rc = campaign_get(db, code, &cli->arena, &row, err);

	if (rc == STW_OK)
		rc = simulate_plan(db, NULL, code,
		    version > 0 ? version : row.newest_version, app_now(&cli->app),
		    &progress, &cli->arena, &result, err);
	cli_progress_end();
	if (rc == STW_OK) {
		(void)printf("dry run: nothing was written\n");
		funnel_print(&result.runs[0]);
	}
	return rc;
}

static enum stw_code
change(struct cli *cli, struct db *db, enum verb verb, const char *who, int version,
    struct stw_err *err)
{
	const char *code = cli->argv[0];
	stw_usec now = app_now(&cli->app);
	struct campaign_row row;
	enum stw_code rc;

	rc = campaign_get(db, code, &cli->arena, &row, err);
	if (rc != STW_OK)
		return rc;
	if (verb == APPROVE)
		rc = campaign_approve(db, code,
		    version > 0 ? version : row.newest_version, who, now, err);
	else if (verb == ACTIVATE)
		rc = campaign_activate(db, code, who, now, err);
	else
		rc = campaign_pause(db, code, who, now, err);
	if (rc == STW_OK)
		rc = campaign_get(db, code, &cli->arena, &row, err);
	if (rc == STW_OK)
		(void)printf("campaign %s: %s, version %d\n", code, row.state,
		    row.newest_version);
	return rc;
}

enum stw_code
cmd_campaign(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[VERBS] = {
	    "list", "validate", "simulate", "create", "approve", "activate", "pause"};
	int64_t version = 0;
	const char *who = NULL;
	const struct cli_opt opts[] = {{"by", CLI_TEXT, &who, 0, 0},
	    {"version", CLI_NUMBER, &version, 1, 1000000}};
	int verb = cli_verb(cli, verbs, VERBS, err);
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), verb == LIST ? 0 : 1,
	    verb == LIST ? 0 : 1, err);
	if (rc == STW_OK && verb > SIMULATE && who == NULL)
		rc = stw_fail(err, STW_INVALID, "--by WHO is needed");
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	if (verb == LIST)
		return list(cli, db, err);
	if (verb == SIMULATE)
		return simulate(cli, db, (int)version, err);
	if (verb == VALIDATE || verb == CREATE)
		return document(cli, db, (enum verb)verb, who, err);
	return change(cli, db, (enum verb)verb, who, (int)version, err);
}
