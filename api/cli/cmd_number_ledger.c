/* steward number ledger: the carrier's list; steward number calls: what was really sent. */
#include <stdlib.h>
#include <string.h>

#include "api/cli/cmd_number.h"
#include "campaigns/call_record_store.h"
#include "campaigns/compliance/pack_store.h"
#include "campaigns/number_ledger_store.h"
#include "segments/csv.h"

#define NAMES_MAX 32

/* "示范银行=bank,另一个=bank" */
static enum stw_code
parse_names(struct cli *cli, const char *text, const char *names[NAMES_MAX], int *count,
    struct stw_err *err)
{
	*count = 0;
	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, ",");
		const char *equals = memchr(text, '=', len);

		if (equals == NULL || 2 * *count + 2 > NAMES_MAX)
			return stw_fail(err, STW_INVALID,
			    "--names: NAME=ORG is wanted, up to 16, with commas between");
		names[2 * *count] =
		    arena_strndup(&cli->arena, text, (size_t)(equals - text));
		names[2 * *count + 1] = arena_strndup(
		    &cli->arena, equals + 1, len - (size_t)(equals + 1 - text));
		++*count;
		text += len + (text[len] == ',');
	}
	return STW_OK;
}

static enum stw_code
import_list(
    struct cli *cli, struct db *db, const struct number_options *o, struct stw_err *err)
{
	const char *names[NAMES_MAX];
	struct number_ledger_result r;
	struct number_ledger_file file = {.path = cli->argv[1],
	    .carrier = o->carrier,
	    .as_of = app_today(&cli->app, app_now(&cli->app)),
	    .names = names,
	    .zone = zone_name(cli->app.zone),
	    .all_gone = o->all,
	    .by = o->by};
	enum stw_code rc = parse_names(cli, o->names, names, &file.nnames, err);

	if (rc == STW_OK && (o->carrier == NULL || o->by == NULL))
		rc = stw_fail(err, STW_INVALID,
		    "--carrier NAME and --by WHO are needed: whose list, and who takes it "
		    "in");
	if (rc == STW_OK && o->as_of != NULL &&
	    stw_day_parse(str_of(o->as_of), &file.as_of) != STW_OK)
		rc = stw_fail(
		    err, STW_INVALID, "--as-of: a day like 2026-11-23 is wanted");
	if (rc == STW_OK)
		rc = number_ledger_import(db, &file, app_now(&cli->app), &r, err);
	if (rc == STW_OK)
		(void)printf("%s lines, %s new differences, %s numbers suspended\n",
		    cli_count(r.lines), cli_count(r.differences),
		    cli_count(r.suspended));
	return rc;
}

static const char *
or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

static enum stw_code
show_differences(
    struct cli *cli, struct db *db, const struct number_options *o, struct stw_err *err)
{
	struct number_difference *d;
	struct number_ledger_change *c;
	int n, m = 0;
	enum stw_code rc =
	    number_differences(db, !o->all, NULL, 500, &cli->arena, &d, &n, err);

	if (rc == STW_OK && o->carrier != NULL)
		rc = number_ledger_changes(db, o->carrier, &cli->arena, &c, &m, err);
	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < n; i++)
		(void)printf("%s  %-16s %-8s %-12s registry %s, %s says %s%s%s%s\n",
		    d[i].id, d[i].number, d[i].kind, d[i].field, or_dash(d[i].was),
		    d[i].carrier, or_dash(d[i].is_now),
		    d[i].suspended ? "  SUSPENDED" : "",
		    d[i].settled_by != NULL ? "  settled: " : "",
		    d[i].settled_by != NULL ? d[i].note : "");
	(void)printf("%d differences%s\n", n, o->all ? "" : " to settle");
	for (int i = 0; i < m; i++)
		(void)printf("since the list before: %-16s %-12s %s -> %s\n",
		    c[i].number, c[i].field[0] == '\0' ? "line" : c[i].field,
		    or_dash(c[i].was), or_dash(c[i].is_now));
	return STW_OK;
}

static enum stw_code
settle(
    struct cli *cli, struct db *db, const struct number_options *o, struct stw_err *err)
{
	struct uuid id;
	enum stw_code rc = STW_OK;

	if (o->by == NULL || o->why == NULL)
		rc = stw_fail(err, STW_INVALID,
		    "--by WHO and --why TEXT are needed: who settles it, and how");
	else if (uuid_parse(str_of(cli->argv[1]), &id) != STW_OK)
		rc = stw_fail(
		    err, STW_INVALID, "\"%.40s\" is no difference's id", cli->argv[1]);
	if (rc == STW_OK)
		rc = number_difference_settle(
		    db, &id, o->by, o->why, app_now(&cli->app), err);
	if (rc == STW_OK)
		(void)printf("settled\n");
	return rc;
}

enum stw_code
number_cmd_ledger(
    struct cli *cli, struct db *db, const struct number_options *o, struct stw_err *err)
{
	const char *what = cli->argv[0];

	if (strcmp(what, "import") == 0 && cli->argc == 2)
		return import_list(cli, db, o, err);
	if (strcmp(what, "diff") == 0 && cli->argc == 1)
		return show_differences(cli, db, o, err);
	if (strcmp(what, "settle") == 0 && cli->argc == 2)
		return settle(cli, db, o, err);
	return stw_fail(err, STW_INVALID,
	    "say: number ledger import FILE | diff | settle DIFFERENCE");
}

/* ---- call records -------------------------------------------------------------------- */
static const char *const columns[] = {"reference", "number_sent", "called", "permit_id",
    "task_id", "started_at", "duration_sec"};
enum {
	K_REFERENCE,
	K_SENT,
	K_CALLED,
	K_PERMIT,
	K_TASK,
	K_STARTED,
	K_SECONDS,
	K_COLUMNS
};

struct calls {
	struct csv *csv;
	const char *path, *source;
	int at[K_COLUMNS];
	struct ruleset *rules;
	int64_t fates[3], known, incidents, ran_past;
};

static enum stw_code
bad_cell(const struct calls *c, int column, const char *wanted, struct stw_err *err)
{
	return stw_fail(err, STW_INVALID, "%s:%lld: column %s: %s", c->path,
	    (long long)csv_line(c->csv), columns[column], wanted);
}

static const char *
cell(const struct calls *c, int column, struct arena *arena)
{
	struct str text =
	    c->at[column] < 0 ? (struct str){"", 0} : csv_field(c->csv, c->at[column]);

	return arena_strndup(arena, text.ptr, text.len);
}

static enum stw_code
read_call(const struct calls *c, struct arena *arena, struct call_record *r,
    struct stw_err *err)
{
	const char *permit = cell(c, K_PERMIT, arena), *task = cell(c, K_TASK, arena);
	const char *seconds = cell(c, K_SECONDS, arena);
	char *end;
	long duration = strtol(seconds, &end, 10);

	*r = (struct call_record){CALL_RECORD_NOTHING, .source = c->source,
	    .reference = cell(c, K_REFERENCE, arena),
	    .number_sent = cell(c, K_SENT, arena), .called = cell(c, K_CALLED, arena),
	    .region = "CN", .has_permit = permit[0] != '\0',
	    .has_task = task[0] != '\0'};
	if (r->called[0] == '\0')
		r->called = NULL;
	if (r->reference[0] == '\0')
		return bad_cell(c, K_REFERENCE, "is empty", err);
	if (r->has_permit && uuid_parse(str_of(permit), &r->permit_id) != STW_OK)
		return bad_cell(c, K_PERMIT, "a uuid is wanted", err);
	if (r->has_task && uuid_parse(str_of(task), &r->task_id) != STW_OK)
		return bad_cell(c, K_TASK, "a uuid is wanted", err);
	if (stw_usec_parse(str_of(cell(c, K_STARTED, arena)), &r->started_at) != STW_OK)
		return bad_cell(
		    c, K_STARTED, "an instant like 2026-11-23T02:00:00Z", err);
	if (*end != '\0' || end == seconds || duration < 0 || duration > 86400)
		return bad_cell(c, K_SECONDS, "seconds from 0 to 86400", err);
	r->duration_sec = (int)duration;
	return STW_OK;
}

static enum stw_code
take_call(struct cli *cli, struct db *db, struct calls *c, struct stw_err *err)
{
	static const char *const fates[] = {"matched", "mismatch", "unmatched"};
	const struct seal_keys *keys;
	struct call_record record;
	struct call_fate fate;
	struct arena arena;
	enum stw_code rc = app_keys(&cli->app, false, &keys, err);

	arena_init(&arena);
	if (rc == STW_OK)
		rc = read_call(c, &arena, &record, err);
	if (rc == STW_OK) {
		rc = call_record_put(db, keys, c->rules, &record, app_now(&cli->app),
		    &arena, &fate, err);
		if (rc == STW_INVALID)
			rc = stw_err_prefix(
			    err, rc, "%s:%lld", c->path, (long long)csv_line(c->csv));
	}
	if (rc == STW_OK) {
		for (size_t i = 0; i < STW_ARRAY_LEN(fates); i++)
			c->fates[i] += strcmp(fates[i], fate.fate) == 0;
		c->known += fate.known;
		c->incidents += fate.incident_id != NULL;
		c->ran_past += fate.ran_past;
		if (fate.paused != NULL)
			(void)printf("campaign %s is paused: record %s shows another "
				     "number\n",
			    fate.paused, record.reference);
	}
	arena_fini(&arena);
	return rc;
}

/* Line by line, each for good: a file that is bad in the middle is corrected and given
 * again, and what is there already changes nothing. */
enum stw_code
number_cmd_calls(
    struct cli *cli, struct db *db, const struct number_options *o, struct stw_err *err)
{
	const struct csv_format format = {.trim = true};
	struct calls c = {.path = cli->argv[0], .source = o->source};
	bool more = true;
	enum stw_code rc = STW_OK;

	if (o->source == NULL)
		return stw_fail(err, STW_INVALID,
		    "--source NAME is needed: whose records these are");
	rc = pack_rules_load(db, &c.rules, err);
	if (rc == STW_INVALID)
		rc = ruleset_load(NULL, 0, &c.rules, err);
	if (rc == STW_OK)
		rc = csv_open(c.path, &format, &c.csv, err);
	for (int i = 0; rc == STW_OK && i < K_COLUMNS; i++) {
		c.at[i] = csv_find_column(c.csv, columns[i]);
		if (c.at[i] < 0 && (i < K_CALLED || i >= K_STARTED))
			rc = stw_fail(
			    err, STW_INVALID, "%s:1: no column %s", c.path, columns[i]);
	}
	while (rc == STW_OK && more) {
		rc = csv_next(c.csv, &more, err);
		if (rc == STW_OK && more)
			rc = take_call(cli, db, &c, err);
	}
	csv_close(c.csv);
	ruleset_free(c.rules);
	(void)printf(
	    "%s matched, %s with another number, %s without a permit; %s known "
	    "before, %s incidents, %s ran past their hours\n",
	    cli_count(c.fates[0]), cli_count(c.fates[1]), cli_count(c.fates[2]),
	    cli_count(c.known), cli_count(c.incidents), cli_count(c.ran_past));
	return rc;
}
