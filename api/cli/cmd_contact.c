/* Contact points and what is known about them. Numbers stay masked. */
#include <string.h>

#include "api/cli/cli.h"
#include "segments/contact_store.h"
#include "segments/customer_store.h"

static void
print_points(const struct cli *cli, const struct customer *c)
{
	for (int i = 0; i < c->npoints; i++) {
		const struct customer_point *p = &c->points[i];

		(void)printf("%-8lld %-8s %-16s %-11s others with it: %d%s",
		    (long long)p->point_id, p->kind, p->phone_mask, p->state,
		    p->sharers, p->is_primary ? ", primary" : "");
		if (p->state_at != STW_USEC_NEVER)
			(void)printf("; %s by %s, %s", p->state_how, p->state_by,
			    cli_time(&cli->app, p->state_at));
		(void)putchar('\n');
	}
	if (c->npoints == 0)
		(void)puts("no contact points");
}

static void
print_event(const struct cli *cli, const struct contact_event *e)
{
	(void)printf("%s  ", cli_time(&cli->app, e->at));
	if (e->of_primary)
		(void)printf("%s", e->primary ? "became the primary one"
					      : "is no longer the primary one");
	else
		(void)printf("%s -> %s", e->from, e->to);
	(void)printf(", %s by %s%s%s\n", e->how, e->actor,
	    e->evidence != NULL ? "; " : "", e->evidence != NULL ? e->evidence : "");
}

static enum stw_code
print_history(struct cli *cli, struct db *db, const struct customer *c, int64_t point,
    struct stw_err *err)
{
	struct contact_event *events;
	int count, at = 0;
	enum stw_code rc;

	while (at < c->npoints && c->points[at].point_id != point)
		at++;
	rc = contact_history(
	    db, c->bucket, c->customer_id, point, &cli->arena, &events, &count, err);
	/* One that was erased is not listed, and keeps its history. */
	if (rc == STW_OK && count == 0 && at == c->npoints)
		return stw_fail(err, STW_NOT_FOUND,
		    "the customer has no contact point %lld; `list` shows them",
		    (long long)point);
	for (int i = 0; rc == STW_OK && i < count; i++)
		print_event(cli, &events[i]);
	if (rc == STW_OK && count == 0)
		(void)puts("as first imported");
	return rc;
}

static enum stw_code
record(struct cli *cli, struct db *db, const struct customer *c, int64_t point,
    const struct contact_change *change, struct stw_err *err)
{
	const char *before;
	enum stw_code rc;

	if (change->state == NULL || change->how == NULL || change->actor == NULL)
		return stw_fail(err, STW_INVALID, "--state, --how and --by are needed");
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = contact_record(db, c->bucket, c->customer_id, point, change,
		    app_now(&cli->app), &before, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc == STW_OK)
		(void)printf("%s, was %s\n", change->state, before);
	else
		db_rollback(db);
	return rc;
}

enum stw_code
cmd_contact(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"list", "history", "set"};
	enum { LIST, HISTORY, SET };
	struct contact_change change = {0};
	int64_t point = 0;
	const struct cli_opt opts[] = {{"point", CLI_NUMBER, &point, 1, INT64_MAX},
	    {"state", CLI_TEXT, &change.state, 0, 0},
	    {"how", CLI_TEXT, &change.how, 0, 0}, {"by", CLI_TEXT, &change.actor, 0, 0},
	    {"evidence", CLI_TEXT, &change.evidence, 0, 0}};
	int verb = cli_verb(cli, verbs, (int)STW_ARRAY_LEN(verbs), err);
	struct customer c;
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, 1, err);
	if (rc == STW_OK && verb != LIST && point == 0)
		rc = stw_fail(err, STW_INVALID, "--point is needed; `list` shows them");
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = customer_find(db, str_of(cli->argv[0]),
		    app_today(&cli->app, app_now(&cli->app)), &cli->arena, &c, err);
	if (rc != STW_OK)
		return rc;
	if (verb == HISTORY)
		return print_history(cli, db, &c, point, err);
	if (verb == SET)
		return record(cli, db, &c, point, &change, err);
	print_points(cli, &c);
	return STW_OK;
}
