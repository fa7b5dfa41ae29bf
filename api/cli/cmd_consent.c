#include <string.h>

#include "api/cli/cli.h"
#include "campaigns/consent_store.h"
#include "segments/customer_store.h"

enum stw_code
cmd_consent(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"grant", "withdraw"};
	struct consent_event event = {.product_class = "*",
	    .recipient = "bank",
	    .source = "command line",
	    .expires_at = STW_USEC_MAX};
	const struct cli_opt opts[] = {{"purpose", CLI_TEXT, &event.purpose, 0, 0},
	    {"channel", CLI_TEXT, &event.channel, 0, 0},
	    {"form", CLI_TEXT, &event.form, 0, 0},
	    {"evidence", CLI_TEXT, &event.evidence, 0, 0},
	    {"by", CLI_TEXT, &event.actor, 0, 0}};
	int verb = cli_verb(cli, verbs, 2, err);
	struct consent_effect effect;
	struct customer customer;
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, 1, err);
	if (rc == STW_OK && (event.purpose == NULL || event.channel == NULL ||
				event.form == NULL || event.actor == NULL))
		rc = stw_fail(err, STW_INVALID,
		    "--purpose, --channel, --form and --by are needed");
	if (rc == STW_OK && verb == 0 &&
	    (strcmp(event.purpose, "*") == 0 || strcmp(event.channel, "*") == 0))
		rc =
		    stw_fail(err, STW_INVALID, "* stands for all in a withdrawal only");
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = customer_find(db, str_of(cli->argv[0]),
		    app_today(&cli->app, app_now(&cli->app)), &cli->arena, &customer,
		    err);
	if (rc != STW_OK)
		return rc;
	event.action = verbs[verb];
	event.effective_at = event.recorded_at = app_now(&cli->app);
	event.id = uuid_new(event.recorded_at);
	uuid_set_bucket(&event.id, customer.bucket);
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = consent_record(db, customer.bucket, customer.customer_id, &event,
		    event.recorded_at, &effect, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc == STW_OK)
		(void)printf("recorded; %s tasks cancelled, %s recalled\n",
		    cli_count(effect.cancelled), cli_count(effect.recalled));
	else
		db_rollback(db);
	return rc;
}
