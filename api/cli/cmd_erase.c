#include <string.h>

#include "api/cli/cli.h"
#include "campaigns/erase_store.h"
#include "campaigns/task_store.h"
#include "segments/customer_store.h"

/* Both people at once: the one at the keyboard and the one who looks on. */
static enum stw_code
erase_both(struct cli *cli, struct db *db, const struct seal_keys *keys,
    struct erase_request *e, const char *confirmed_by, struct erase_result *result,
    struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = erase_customer(db, keys, e, &cli->arena, result, err);
	e->actor = confirmed_by;
	if (rc == STW_OK && !result->erased)
		rc = erase_customer(db, keys, e, &cli->arena, result, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc != STW_OK)
		db_rollback(db);
	return rc;
}

enum stw_code
cmd_erase(struct cli *cli, struct stw_err *err)
{
	struct erase_request e = {.now = app_now(&cli->app)};
	const char *confirmed_by = NULL;
	const struct cli_opt opts[] = {{"reason", CLI_TEXT, &e.reason, 0, 0},
	    {"case", CLI_TEXT, &e.case_ref, 0, 0}, {"by", CLI_TEXT, &e.actor, 0, 0},
	    {"confirmed-by", CLI_TEXT, &confirmed_by, 0, 0}};
	enum stw_code rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, 1, err);
	const struct seal_keys *keys;
	struct ruleset *rules = NULL;
	struct erase_result result;
	struct customer customer;
	struct db *db;

	if (rc == STW_OK && (e.reason == NULL || e.case_ref == NULL ||
				e.actor == NULL || confirmed_by == NULL))
		rc = stw_fail(err, STW_INVALID,
		    "--reason, --case, --by and --confirmed-by are needed: an erasure "
		    "cannot be undone, so two people stand for it");
	if (rc == STW_OK && strcmp(e.actor, confirmed_by) == 0)
		rc = stw_fail(err, STW_INVALID,
		    "--by and --confirmed-by are two different people");
	e.today = app_today(&cli->app, e.now);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = app_keys(&cli->app, false, &keys, err);
	if (rc == STW_OK)
		rc = customer_find(
		    db, str_of(cli->argv[0]), e.today, &cli->arena, &customer, err);
	if (rc != STW_OK)
		return rc;
	e.bucket = customer.bucket;
	e.customer_id = customer.customer_id;
	rc = task_rules_load(db, &rules, err);
	e.rules = rules;
	if (rc == STW_OK)
		rc = erase_both(cli, db, keys, &e, confirmed_by, &result, err);
	ruleset_free(rules);
	if (rc == STW_OK)
		(void)printf(
		    "erased; %s tasks cancelled, %s recalled, %s entries on the list "
		    "of numbers not to be called; %s records of decisions taken, %s blocked "
		    "until their time is over\n",
		    cli_count(result.cancelled), cli_count(result.recalled),
		    cli_count(result.suppressed), cli_count(result.records),
		    cli_count(result.blocked));
	return rc;
}
