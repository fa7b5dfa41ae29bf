/* steward number: the registry of caller numbers. */
#include "api/cli/cmd_number.h"

#include <string.h>

#include "campaigns/number_change_store.h"
#include "campaigns/number_json.h"

/* ---- list and show --------------------------------------------------------------- */
static enum stw_code
list(
    struct cli *cli, struct db *db, const struct number_options *o, struct stw_err *err)
{
	const struct number_filter filter = {.pool = o->pool, .status = o->state};
	stw_usec now = app_now(&cli->app);
	struct number_row *rows;
	int n;
	enum stw_code rc = number_select(db, &filter, now,
	    app_day_start(&cli->app, now), &cli->arena, &rows, &n, err);

	if (rc != STW_OK)
		return rc;
	(void)printf("%-16s %-12s %-14s %-10s %9s %9s %6s %9s  %s\n", "number", "kind",
	    "pool", "status", "today", "cap", "held", "hour", "reason");
	for (int i = 0; i < n; i++)
		(void)printf("%-16s %-12s %-14s %-10s %9s %9s %6s %9s  %s\n",
		    rows[i].number, rows[i].kind, rows[i].pool, rows[i].status,
		    cli_count(rows[i].used_today),
		    rows[i].daily_cap > 0 ? cli_count(rows[i].daily_cap) : "-",
		    cli_count(rows[i].held), cli_count(rows[i].used_hour),
		    rows[i].status_reason != NULL ? rows[i].status_reason : "");
	return STW_OK;
}

static enum stw_code
find(struct cli *cli, struct db *db, int64_t *id, struct stw_err *err)
{
	enum stw_code rc = number_find(db, cli->argv[0], id, err);

	if (rc == STW_OK && *id == 0)
		rc = stw_fail(err, STW_NOT_FOUND,
		    "caller number %.30s is not registered; steward number list",
		    cli->argv[0]);
	return rc;
}

static const char *
time_or_dash(struct cli *cli, stw_usec at)
{
	return at == STW_USEC_NEVER ? "-" : cli_time(&cli->app, at);
}

static enum stw_code
show(struct cli *cli, struct db *db, struct stw_err *err)
{
	stw_usec now = app_now(&cli->app);
	struct number_history *history;
	struct number_row row;
	struct buf document;
	int64_t id;
	int n;
	enum stw_code rc = find(cli, db, &id, err);

	if (rc == STW_OK)
		rc = number_get(
		    db, id, now, app_day_start(&cli->app, now), &cli->arena, &row, err);
	if (rc == STW_OK)
		rc = number_history(db, id, 50, &cli->arena, &history, &n, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&document);
	number_document_write(&row, &document);
	(void)printf("%s version %d, %s%s%s\n    %s\n", row.number, row.version,
	    row.status, row.status_reason != NULL ? ": " : "",
	    row.status_reason != NULL ? row.status_reason : "", document.data);
	buf_fini(&document);
	(void)printf(
	    "    label %s, attestation %s, call-back ok %s, in the carrier's list "
	    "%s\n",
	    row.label != NULL ? row.label : "-",
	    row.attestation != NULL ? row.attestation : "-",
	    time_or_dash(cli, row.callback_ok_at),
	    time_or_dash(cli, row.ledger_synced_at));
	for (int i = 0; i < n; i++)
		(void)printf("    %3d  %s  %-10s %s%s%s  %s\n", history[i].version,
		    cli_time(&cli->app, history[i].at), history[i].what,
		    history[i].actor, history[i].approver != NULL ? " and " : "",
		    history[i].approver != NULL ? history[i].approver : "",
		    history[i].reason != NULL ? history[i].reason : "");
	return STW_OK;
}

/* ---- proposals ---------------------------------------------------------------------- */
static enum stw_code
propose(struct cli *cli, struct db *db, struct number_proposal_draft *draft,
    const struct number_options *o, struct stw_err *err)
{
	char text[UUID_TEXT];
	struct uuid id;
	enum stw_code rc = STW_OK;

	draft->proposer = o->by;
	draft->reason = o->why;
	draft->effective_at = app_now(&cli->app);
	if (o->from != NULL &&
	    stw_usec_parse(str_of(o->from), &draft->effective_at) != STW_OK)
		rc = stw_fail(err, STW_INVALID,
		    "--from: an instant like 2027-01-01T00:00:00+08:00 is wanted");
	if (rc == STW_OK)
		rc = number_propose(db, draft, app_now(&cli->app), &id, err);
	if (rc == STW_OK)
		(void)printf("proposal %s: somebody else approves it (steward number "
			     "approve)\n",
		    uuid_format(&id, text));
	return rc;
}

static enum stw_code
propose_file(struct cli *cli, struct db *db, const char *action, int at,
    const struct number_options *o, struct stw_err *err)
{
	struct number_proposal_draft draft = {.action = action};
	enum stw_code rc = STW_OK;

	if (strcmp(action, "change") == 0)
		rc = find(cli, db, &draft.number_id, err);
	if (rc == STW_OK)
		rc = cli_read_file(
		    cli, cli->argv[at], NUMBER_MAX_DOCUMENT, &draft.document, err);
	if (rc == STW_OK) {
		cli->where = cli->argv[at];
		rc = propose(cli, db, &draft, o, err);
	}
	return rc;
}

static enum stw_code
propose_status(struct cli *cli, struct db *db, const char *document,
    const struct number_options *o, struct stw_err *err)
{
	struct number_proposal_draft draft = {
	    .action = "status", .document = str_of(document)};
	enum stw_code rc = find(cli, db, &draft.number_id, err);

	return rc == STW_OK ? propose(cli, db, &draft, o, err) : rc;
}

static enum stw_code
suspend(
    struct cli *cli, struct db *db, const struct number_options *o, struct stw_err *err)
{
	struct number_suspension what = {.by = "person",
	    .reason = o->why,
	    .actor = o->by,
	    .cooldown_until = STW_USEC_NEVER};
	enum stw_code rc = find(cli, db, &what.number_id, err);

	if (rc == STW_OK)
		rc = number_suspend(db, &what, app_now(&cli->app), err);
	if (rc == STW_OK)
		(void)printf(
		    "%s is suspended; two persons let it back\n", cli->argv[0]);
	return rc;
}

static enum stw_code
proposals(
    struct cli *cli, struct db *db, const struct number_options *o, struct stw_err *err)
{
	struct number_proposal *rows;
	int n;
	enum stw_code rc =
	    number_proposals(db, 0, o->state, NULL, 100, &cli->arena, &rows, &n, err);

	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < n; i++)
		(void)printf("%s  %-9s %-9s %-14s by %s, from %s\n    %s\n    %s%s%s\n",
		    rows[i].id, rows[i].state, rows[i].action,
		    rows[i].number != NULL ? rows[i].number : "-", rows[i].proposer,
		    cli_time(&cli->app, rows[i].effective_at), rows[i].document,
		    rows[i].reason, rows[i].failure != NULL ? "\n    FAILED: " : "",
		    rows[i].failure != NULL ? rows[i].failure : "");
	if (n == 0)
		(void)printf("no proposals\n");
	return STW_OK;
}

static enum stw_code
decide(struct cli *cli, struct db *db, const char *verdict,
    const struct number_options *o, struct stw_err *err)
{
	struct uuid id;
	bool in_force;
	enum stw_code rc = STW_OK;

	if (uuid_parse(str_of(cli->argv[0]), &id) != STW_OK)
		rc = stw_fail(err, STW_INVALID,
		    "\"%.40s\" is no proposal's id; steward number proposals",
		    cli->argv[0]);
	if (rc == STW_OK)
		rc = number_decide(db, &id, verdict, o->by, o->why, app_now(&cli->app),
		    &in_force, err);
	if (rc == STW_OK)
		(void)printf("%s%s\n", verdict,
		    strcmp(verdict, "approved") != 0 ? ""
		    : in_force                       ? " and in force"
						     : "; in force on its day");
	return rc;
}

/* ---- which ------------------------------------------------------------------------------ */
enum verb {
	LIST = 0,
	SHOW,
	REGISTER,
	CHANGE,
	MATRIX,
	POLICY,
	ACTIVATE,
	RESUME,
	RECALL,
	SUSPEND,
	PROPOSALS,
	APPROVE,
	REJECT,
	WITHDRAW,
	LEDGER,
	CALLS,
	HEALTH,
	USAGE,
	FORECAST,
	OUTSIDE,
	VERBS
};

static const struct {
	const char *name;
	int min, max; /* words after it */
	bool by, why;
} verbs[VERBS] = {
    [LIST] = {"list", 0, 0, false, false},
    [SHOW] = {"show", 1, 1, false, false},
    [REGISTER] = {"register", 1, 1, true, true},
    [CHANGE] = {"change", 2, 2, true, true},
    [MATRIX] = {"matrix", 1, 1, true, true},
    [POLICY] = {"policy", 1, 1, true, true},
    [ACTIVATE] = {"activate", 1, 1, true, true},
    [RESUME] = {"resume", 1, 1, true, true},
    [RECALL] = {"recall", 1, 1, true, true},
    [SUSPEND] = {"suspend", 1, 1, true, true},
    [PROPOSALS] = {"proposals", 0, 0, false, false},
    [APPROVE] = {"approve", 1, 1, true, false},
    [REJECT] = {"reject", 1, 1, true, true},
    [WITHDRAW] = {"withdraw", 1, 1, true, false},
    [LEDGER] = {"ledger", 1, 2, false, false},
    [CALLS] = {"calls", 1, 1, false, false},
    [HEALTH] = {"health", 0, 0, false, false},
    [USAGE] = {"usage", 0, 1, false, false},
    [FORECAST] = {"forecast", 0, 0, false, false},
    [OUTSIDE] = {"outside", 0, 0, false, false},
};

static enum stw_code
run(struct cli *cli, struct db *db, enum verb verb, const struct number_options *o,
    struct stw_err *err)
{
	switch (verb) {
	case LIST:
		return list(cli, db, o, err);
	case SHOW:
		return show(cli, db, err);
	case REGISTER:
	case MATRIX:
	case POLICY:
		return propose_file(cli, db, verbs[verb].name, 0, o, err);
	case CHANGE:
		return propose_file(cli, db, "change", 1, o, err);
	case ACTIVATE:
	case RESUME:
		return propose_status(cli, db, "{\"status\":\"active\"}", o, err);
	case RECALL:
		return propose_status(cli, db, "{\"status\":\"recalled\"}", o, err);
	case SUSPEND:
		return suspend(cli, db, o, err);
	case PROPOSALS:
		return proposals(cli, db, o, err);
	case APPROVE:
		return decide(cli, db, "approved", o, err);
	case REJECT:
		return decide(cli, db, "rejected", o, err);
	case WITHDRAW:
		return decide(cli, db, "withdrawn", o, err);
	case LEDGER:
		return number_cmd_ledger(cli, db, o, err);
	case CALLS:
		return number_cmd_calls(cli, db, o, err);
	case HEALTH:
		return number_cmd_health(cli, db, o, err);
	case USAGE:
		return number_cmd_usage(cli, db, o, err);
	case FORECAST:
		return number_cmd_forecast(cli, db, o, err);
	case OUTSIDE:
		return number_cmd_outside(cli, db, o, err);
	case VERBS:
		break;
	}
	return STW_BUG;
}

enum stw_code
cmd_number(struct cli *cli, struct stw_err *err)
{
	struct number_options o = {0};
	const struct cli_opt opts[] = {{"by", CLI_TEXT, &o.by, 0, 0},
	    {"why", CLI_TEXT, &o.why, 0, 0}, {"from", CLI_TEXT, &o.from, 0, 0},
	    {"pool", CLI_TEXT, &o.pool, 0, 0}, {"state", CLI_TEXT, &o.state, 0, 0},
	    {"carrier", CLI_TEXT, &o.carrier, 0, 0},
	    {"as-of", CLI_TEXT, &o.as_of, 0, 0}, {"names", CLI_TEXT, &o.names, 0, 0},
	    {"source", CLI_TEXT, &o.source, 0, 0},
	    {"days", CLI_NUMBER, &o.days, 1, 366}, {"all", CLI_SWITCH, &o.all, 0, 0},
	    {"apply", CLI_SWITCH, &o.apply, 0, 0}};
	const char *names[VERBS];
	struct db *db;
	enum stw_code rc;
	int verb;

	for (int i = 0; i < VERBS; i++)
		names[i] = verbs[i].name;
	verb = cli_verb(cli, names, VERBS, err);
	if (verb < 0)
		return STW_INVALID;
	rc = cli_parse(
	    cli, opts, (int)STW_ARRAY_LEN(opts), verbs[verb].min, verbs[verb].max, err);
	if (rc == STW_OK && verbs[verb].by && o.by == NULL)
		rc = stw_fail(
		    err, STW_INVALID, "--by WHO is needed: changes keep who made them");
	if (rc == STW_OK && verbs[verb].why && o.why == NULL)
		rc = stw_fail(
		    err, STW_INVALID, "--why TEXT is needed: changes keep the reason");
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	return rc == STW_OK ? run(cli, db, (enum verb)verb, &o, err) : rc;
}
