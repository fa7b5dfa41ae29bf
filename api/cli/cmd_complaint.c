/* steward complaint: the list, one of them, and the trace to the contacts it can be about. */
#include <stdlib.h>
#include <string.h>

#include "api/cli/look.h"
#include "api/complaint_json.h"
#include "api/trace_json.h"
#include "campaigns/complaint_trace_store.h"
#include "campaigns/task_store.h"
#include "engine/uuid.h"

struct asked {
	struct look look;
	const char *state;
	bool overdue, json;
	int64_t limit;
	stw_usec from, to;
};

static const char *
or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

static enum stw_code
list(struct cli *cli, struct db *db, struct asked *a, struct stw_err *err)
{
	stw_usec now = app_now(&cli->app);
	const struct complaint_filter filter = {.state = a->state,
	    .due_before = a->overdue ? now : STW_USEC_MAX,
	    .after_received = STW_USEC_MAX};
	struct complaint_row *rows;
	json_t *items = json_array();
	char id[UUID_TEXT];
	int count;
	enum stw_code rc =
	    complaint_list(db, &filter, (int)a->limit, &cli->arena, &rows, &count, err);

	for (int i = 0; rc == STW_OK && i < count; i++) {
		json_t *v = json_object();

		complaint_put(v, &rows[i], now);
		(void)json_array_append_new(items, v);
	}
	if (rc == STW_OK)
		rc = look_note(cli, db, &a->look, "complaint list",
		    a->overdue ? "overdue" : a->state, count, items, err);
	if (rc == STW_OK && a->json)
		look_print(items);
	for (int i = 0; rc == STW_OK && !a->json && i < count; i++)
		(void)printf("%s  %-19s  due %-19s  %-7s %-12s %-10s %s\n",
		    uuid_format(&rows[i].id, id),
		    cli_time(&cli->app, rows[i].received_at),
		    cli_time(&cli->app, rows[i].due_at), rows[i].state,
		    or_dash(rows[i].finding), rows[i].source,
		    or_dash(rows[i].customer_ref));
	if (rc == STW_OK && !a->json && count == 0)
		(void)puts("no complaints");
	json_decref(items);
	return rc;
}

static enum stw_code
load(struct cli *cli, struct db *db, struct complaint_row *out, struct stw_err *err)
{
	struct uuid id;

	if (uuid_parse(str_of(cli->argv[0]), &id) != STW_OK)
		return stw_fail(err, STW_INVALID, "\"%.40s\" is no id of a complaint",
		    cli->argv[0]);
	return complaint_get(db, &id, &cli->arena, out, err);
}

static void
show_text(const struct cli *cli, const struct complaint_row *c,
    const struct complaint_step *steps, int count)
{
	const struct app *app = &cli->app;

	(void)printf("%s, %s, case %s, customer %s, number %s\n", c->state, c->source,
	    or_dash(c->case_ref), or_dash(c->customer_ref), or_dash(c->phone_mask));
	(void)printf("received %s, due %s, handled by %s\n",
	    cli_time(app, c->received_at), cli_time(app, c->due_at),
	    or_dash(c->handler));
	if (c->finding != NULL)
		(void)printf("%s by %s at %s\n", c->finding, c->settled_by,
		    cli_time(app, c->settled_at));
	for (int i = 0; i < count; i++)
		(void)printf("    %s %-10s %-12s %s\n", cli_time(app, steps[i].at),
		    steps[i].what, steps[i].actor, or_dash(steps[i].detail));
}

/* What was said stays sealed here: the API shows it. */
static enum stw_code
show(struct cli *cli, struct db *db, struct asked *a, struct stw_err *err)
{
	struct complaint_row c;
	struct complaint_step *steps;
	json_t *v = json_object();
	int count;
	enum stw_code rc = load(cli, db, &c, err);

	if (rc == STW_OK)
		rc = complaint_steps(db, &c.id, &cli->arena, &steps, &count, err);
	if (rc == STW_OK) {
		complaint_put(v, &c, app_now(&cli->app));
		(void)json_object_set_new(
		    v, "steps", complaint_steps_json(steps, count));
		rc = look_note(
		    cli, db, &a->look, "complaint show", cli->argv[0], -1, v, err);
	}
	if (rc == STW_OK && a->json)
		look_print(v);
	else if (rc == STW_OK)
		show_text(cli, &c, steps, count);
	json_decref(v);
	return rc;
}

/* ---- the trace --------------------------------------------------------------------------- */
static void
contact_text(const struct app *app, const struct trace_contact *c)
{
	(void)printf("    %s %-4s %s v%d, agent %s, from %s, script %s v%d: %s\n",
	    cli_time(app, c->at), c->kind, or_dash(c->campaign), c->version,
	    or_dash(c->agent), or_dash(c->number), or_dash(c->script),
	    c->script_version, c->disposition != NULL ? c->disposition : "no outcome");
	for (int i = 0; i < c->ndecisions; i++) {
		const struct trace_decision *d = &c->decisions[i];

		(void)printf("        %s %s %s", d->gate, cli_time(app, d->decided_at),
		    d->outcome);
		for (size_t k = 0; k < d->ncodes; k++)
			(void)printf(" %s", d->codes[k]);
		(void)printf("  %s\n", d->id);
	}
	for (int i = 0; i < TRACE_GAPS; i++)
		if ((c->gaps & 1U << i) != 0)
			(void)printf("        %s\n", trace_gap_name(i));
}

static void
trace_text(const struct app *app, const struct trace *t)
{
	for (int i = 0; i < t->nparties; i++) {
		const struct trace_party *p = &t->parties[i];

		(void)printf("%s, %s, %s: %d consents, %d objections, %d contacts\n",
		    p->ref, p->phone_mask, p->state, p->nconsents, p->nobjections,
		    p->ncontacts);
		for (int k = 0; k < p->ncontacts; k++)
			contact_text(app, &p->contacts[k]);
	}
}

static enum stw_code
find(struct cli *cli, struct db *db, const struct asked *a, struct complaint_row *c,
    struct trace *out, struct stw_err *err)
{
	const struct seal_keys *keys;
	stw_usec from, to;
	enum stw_code rc = load(cli, db, c, err);

	if (rc == STW_OK)
		rc = app_keys(&cli->app, false, &keys, err);
	if (rc != STW_OK)
		return rc;
	complaint_stretch(c, &from, &to);
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = complaint_trace(db, keys, c,
		    a->from != STW_USEC_NEVER ? a->from : from,
		    a->to != STW_USEC_MAX ? a->to : to, &cli->arena, out, err);
	db_rollback(db);
	return rc;
}

static enum stw_code
trace(struct cli *cli, struct db *db, struct asked *a, struct stw_err *err)
{
	struct complaint_row c;
	struct trace found;
	struct uuid entry;
	char id[UUID_TEXT];
	json_t *v = NULL;
	enum stw_code rc = find(cli, db, a, &c, &found, err);

	if (rc == STW_OK) {
		v = trace_json(&found, NULL);
		rc = look_note(cli, db, &a->look, "complaint trace", cli->argv[0],
		    found.ncontacts, v, err);
	}
	if (rc == STW_OK && a->json)
		look_print(v);
	else if (rc == STW_OK)
		trace_text(&cli->app, &found);
	/* That nothing was found is said once and for all. */
	if (rc == STW_OK && found.ncontacts == 0)
		rc = complaint_nothing_found(db, &c.id, found.from, found.to,
		    a->look.who, app_now(&cli->app), &entry, err);
	if (rc == STW_OK && found.ncontacts == 0)
		(void)fprintf(stderr, "no contact on record; entry of the ledger: %s\n",
		    uuid_format(&entry, id));
	json_decref(v);
	return rc;
}

enum stw_code
cmd_complaint(struct cli *cli, struct stw_err *err)
{
	enum { LIST, SHOW, TRACE, VERBS };
	static const char *const verbs[VERBS] = {"list", "show", "trace"};
	struct asked a = {.limit = 50, .from = STW_USEC_NEVER, .to = STW_USEC_MAX};
	const struct cli_opt opts[] = {{"by", CLI_TEXT, &a.look.who, 0, 0},
	    {"case", CLI_TEXT, &a.look.case_ref, 0, 0},
	    {"state", CLI_TEXT, &a.state, 0, 0},
	    {"overdue", CLI_SWITCH, &a.overdue, 0, 0},
	    {"limit", CLI_NUMBER, &a.limit, 1, 500},
	    {"from", CLI_INSTANT, &a.from, 0, 0}, {"to", CLI_INSTANT, &a.to, 0, 0},
	    {"json", CLI_SWITCH, &a.json, 0, 0}};
	int verb = cli_verb(cli, verbs, VERBS, err);
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	rc = cli_parse(
	    cli, opts, (int)STW_ARRAY_LEN(opts), verb != LIST, verb != LIST, err);
	if (rc == STW_OK)
		rc = look_check(&a.look, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	return verb == LIST   ? list(cli, db, &a, err)
	       : verb == SHOW ? show(cli, db, &a, err)
			      : trace(cli, db, &a, err);
}
