/* Households: those of a customer, what is suggested, and what somebody says about it. */
#include <string.h>

#include "api/cli/cli.h"
#include "segments/customer_store.h"
#include "segments/household_store.h"

static enum stw_code
suggest(struct cli *cli, struct db *db, struct stw_err *err)
{
	int64_t made;
	enum stw_code rc = household_suggest(db, app_now(&cli->app), &made, err);

	if (rc == STW_OK)
		(void)printf("%s customers have a new suggestion\n", cli_count(made));
	return rc;
}

static void
print(const struct household_row *rows, int count)
{
	for (int i = 0; i < count; i++) {
		const struct household_row *r = &rows[i];

		if (i == 0 || strcmp(r->household, rows[i - 1].household) != 0)
			(void)printf("%s: %s\n", r->household, r->own_state);
		(void)printf("  %-16s %-10s %-8s %-10s %-10s %s\n", r->ref,
		    r->name_mask != NULL ? r->name_mask : "-", r->role, r->source,
		    r->state, r->reason != NULL ? r->reason : "");
	}
}

static enum stw_code
show(struct cli *cli, struct db *db, const struct customer *c, struct stw_err *err)
{
	struct household_row *rows;
	int count;
	enum stw_code rc = household_of(
	    db, c->bucket, c->customer_id, &cli->arena, &rows, &count, err);

	if (rc == STW_OK)
		print(rows, count);
	if (rc == STW_OK && count == 0)
		(void)puts("no household is known");
	return rc;
}

/* What waits for somebody to confirm or reject it. */
static enum stw_code
list_open(struct cli *cli, struct db *db, const char *after, int64_t limit,
    struct stw_err *err)
{
	struct household_row *rows;
	int count;
	enum stw_code rc =
	    household_open(db, after, (int)limit, &cli->arena, &rows, &count, err);

	if (rc == STW_OK)
		print(rows, count);
	if (rc == STW_OK && count == 0)
		(void)puts("no suggestion waits for anybody");
	return rc;
}

static enum stw_code
record(struct cli *cli, struct db *db, const struct customer *c,
    const struct household_change *change, struct stw_err *err)
{
	enum stw_code rc;

	if (change->household == NULL || change->actor == NULL)
		return stw_fail(err, STW_INVALID, "--household and --by are needed");
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = household_record(
		    db, c->bucket, c->customer_id, change, app_now(&cli->app), err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	return rc == STW_OK ? show(cli, db, c, err) : rc;
}

enum stw_code
cmd_household(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {
	    "suggest", "open", "show", "declare", "confirm", "reject", "leave"};
	enum { SUGGEST, OPEN, SHOW };
	struct household_change change = {0};
	const char *after = NULL;
	int64_t limit = 50;
	const struct cli_opt opts[] = {{"household", CLI_TEXT, &change.household, 0, 0},
	    {"role", CLI_TEXT, &change.role, 0, 0},
	    {"by", CLI_TEXT, &change.actor, 0, 0}, {"after", CLI_TEXT, &after, 0, 0},
	    {"limit", CLI_NUMBER, &limit, 1, 500}};
	int verb = cli_verb(cli, verbs, (int)STW_ARRAY_LEN(verbs), err);
	int wanted = verb < SHOW ? 0 : 1;
	struct customer c;
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	change.action = verbs[verb];
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), wanted, wanted, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK && verb == SUGGEST)
		return suggest(cli, db, err);
	if (rc == STW_OK && verb == OPEN)
		return list_open(cli, db, after, limit, err);
	if (rc == STW_OK)
		rc = customer_find(db, str_of(cli->argv[0]),
		    app_today(&cli->app, app_now(&cli->app)), &cli->arena, &c, err);
	if (rc != STW_OK)
		return rc;
	return verb == SHOW ? show(cli, db, &c, err)
			    : record(cli, db, &c, &change, err);
}
