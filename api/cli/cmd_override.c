/* steward override: what persons allow, and who waits for it. */
#include <string.h>

#include "api/cli/cli.h"
#include "campaigns/compliance/reason.h"
#include "campaigns/override_store.h"

#define ROWS 200 /* of a list; the API pages */

enum verb { WAITING = 0, LIST, SHOW, REQUEST, APPROVE, REJECT, WITHDRAW, VERBS };

struct asked {
	enum verb verb;
	const char *who, *why, *rule, *state;
	bool any_campaign, any_number;
	stw_usec until;
};

/* ---- read --------------------------------------------------------------------------------- */
static const char *
text_of(const char *code)
{
	const struct reason *reason = reason_find(code);

	if (reason == NULL)
		return "";
	return cli_wants_zh() ? reason->zh : reason->en;
}

static enum stw_code
waiting(struct cli *cli, struct db *db, struct stw_err *err)
{
	const struct override_waiting_filter any = {0};
	struct override_waiting *rows;
	char id[UUID_TEXT];
	int count;
	enum stw_code rc = override_waiting(
	    db, &any, ROWS, app_now(&cli->app), &cli->arena, &rows, &count, err);

	for (int i = 0; rc == STW_OK && i < count; i++) {
		(void)printf("%s  %s  %-16s %-20s since %s\n",
		    uuid_format(&rows[i].decision_id, id), rows[i].outcome,
		    rows[i].customer_ref, rows[i].campaign,
		    cli_time(&cli->app, rows[i].since));
		for (size_t k = 0; k < rows[i].ncodes; k++)
			(void)printf("    %-28s %s\n", rows[i].codes[k],
			    text_of(rows[i].codes[k]));
	}
	if (rc == STW_OK && count == 0)
		(void)printf("nobody waits\n");
	return rc;
}

static void
print_row(struct cli *cli, const struct override_row *o)
{
	char id[UUID_TEXT];

	(void)printf("%s  %-9s %-15s %-16s %-28s to %s  %s%s%s\n",
	    uuid_format(&o->id, id), o->state, o->kind, o->customer_ref, o->code,
	    cli_time(&cli->app, o->expires_at), o->requested_by,
	    o->approved_by != NULL ? ", " : "",
	    o->approved_by != NULL ? o->approved_by : "");
}

static enum stw_code
list(struct cli *cli, struct db *db, const char *state, struct stw_err *err)
{
	const struct override_filter filter = {.state = state};
	struct override_row *rows;
	int count;
	enum stw_code rc = override_list(
	    db, &filter, ROWS, app_now(&cli->app), &cli->arena, &rows, &count, err);

	for (int i = 0; rc == STW_OK && i < count; i++)
		print_row(cli, &rows[i]);
	return rc;
}

static enum stw_code
show(struct cli *cli, struct db *db, const struct uuid *id, struct stw_err *err)
{
	const struct override_filter filter = {.id = id};
	struct override_row *rows;
	struct override_step *steps;
	int count, nsteps;
	enum stw_code rc = override_list(
	    db, &filter, 1, app_now(&cli->app), &cli->arena, &rows, &count, err);

	if (rc == STW_OK && count == 0)
		rc = stw_fail(
		    err, STW_NOT_FOUND, "there is no override %.40s", cli->argv[0]);
	if (rc == STW_OK)
		rc = override_steps(db, id, &cli->arena, &steps, &nsteps, err);
	if (rc != STW_OK)
		return rc;
	print_row(cli, &rows[0]);
	(void)printf(
	    "campaign %s, number %s, rule %s of layer %s, answers decision %s; "
	    "%s decisions rest on it\n",
	    rows[0].campaign != NULL ? rows[0].campaign : "any",
	    rows[0].phone_mask != NULL ? rows[0].phone_mask : "any",
	    rows[0].rule != NULL ? rows[0].rule : "any", rows[0].layer,
	    rows[0].decision_id, cli_count(rows[0].uses));
	for (int i = 0; i < nsteps; i++)
		(void)printf("%s  %-10s %-12s %s\n", cli_time(&cli->app, steps[i].at),
		    steps[i].what, steps[i].actor,
		    steps[i].why != NULL ? steps[i].why : "");
	return STW_OK;
}

/* ---- decided ------------------------------------------------------------------------------- */
static enum stw_code
request(struct cli *cli, struct db *db, const struct asked *asked,
    const struct uuid *decision, struct uuid *id, struct stw_err *err)
{
	const struct override_new o = {.decision_id = *decision,
	    .code = cli->argv[1],
	    .rule = asked->rule,
	    .any_campaign = asked->any_campaign,
	    .any_point = asked->any_number,
	    .reason = asked->why,
	    .expires_at = asked->until,
	    .max_days = (int)setting_int(cli->app.settings, SET_OVERRIDE_DAYS),
	    .actor = asked->who};

	return override_request(db, &o, app_now(&cli->app), id, err);
}

static enum stw_code
decide(struct cli *cli, struct db *db, const struct asked *asked,
    const struct uuid *named, struct stw_err *err)
{
	struct consent_effect effect = {0};
	stw_usec now = app_now(&cli->app);
	struct uuid id = *named;
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	if (asked->verb == REQUEST)
		rc = request(cli, db, asked, named, &id, err);
	else if (asked->verb == APPROVE)
		rc = override_approve(db, named, asked->who, now, err);
	else if (asked->verb == REJECT)
		rc = override_reject(db, named, asked->why, asked->who, now, err);
	else
		rc = override_withdraw(
		    db, named, asked->why, asked->who, now, &effect, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc != STW_OK) {
		db_rollback(db);
		return rc;
	}
	if (asked->verb == WITHDRAW)
		(void)printf("%s tasks recalled\n", cli_count(effect.recalled));
	return show(cli, db, &id, err);
}

static enum stw_code
act(struct cli *cli, const struct asked *asked, struct stw_err *err)
{
	struct uuid named;
	struct db *db;
	enum stw_code rc;

	if (asked->verb >= SHOW && uuid_parse(str_of(cli->argv[0]), &named) != STW_OK)
		return stw_fail(err, STW_INVALID, "%.40s is no id", cli->argv[0]);
	rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	if (asked->verb == WAITING)
		return waiting(cli, db, err);
	if (asked->verb == LIST)
		return list(cli, db, asked->state, err);
	if (asked->verb == SHOW)
		return show(cli, db, &named, err);
	return decide(cli, db, asked, &named, err);
}

enum stw_code
cmd_override(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[VERBS] = {
	    "waiting", "list", "show", "request", "approve", "reject", "withdraw"};
	static const int args[VERBS] = {0, 0, 1, 2, 1, 1, 1};
	struct asked asked = {.until = STW_USEC_NEVER};
	const struct cli_opt opts[] = {{"by", CLI_TEXT, &asked.who, 0, 0},
	    {"why", CLI_TEXT, &asked.why, 0, 0}, {"rule", CLI_TEXT, &asked.rule, 0, 0},
	    {"state", CLI_TEXT, &asked.state, 0, 0},
	    {"until", CLI_INSTANT, &asked.until, 0, 0},
	    {"any-campaign", CLI_SWITCH, &asked.any_campaign, 0, 0},
	    {"any-number", CLI_SWITCH, &asked.any_number, 0, 0}};
	int verb = cli_verb(cli, verbs, VERBS, err);
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	asked.verb = (enum verb)verb;
	rc =
	    cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), args[verb], args[verb], err);
	if (rc == STW_OK && verb >= REQUEST && asked.who == NULL)
		rc = stw_fail(err, STW_INVALID, "--by WHO is needed");
	if (rc == STW_OK && verb >= REQUEST && verb != APPROVE && asked.why == NULL)
		rc = stw_fail(err, STW_INVALID, "--why TEXT is needed");
	if (rc == STW_OK && verb == REQUEST && asked.until == STW_USEC_NEVER)
		rc = stw_fail(err, STW_INVALID,
		    "--until INSTANT is needed: nothing is allowed for ever");
	return rc == STW_OK ? act(cli, &asked, err) : rc;
}
