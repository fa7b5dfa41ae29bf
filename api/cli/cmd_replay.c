/* steward ledger replay, whatif: recorded decisions decided again, with the packs of then
 * or with others. */
#include "api/cli/cmd_replay.h"

#include <inttypes.h>
#include <string.h>

#include "api/whatif.h"
#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/pack_files.h"
#include "campaigns/compliance/pack_store.h"
#include "campaigns/compliance/ruleset.h"
#include "campaigns/replay_store.h"

struct report {
	bool ndjson, whatif, failed;
	const struct app *app;
	struct whatif changes;
};

/* ---- rows ------------------------------------------------------------------------------- */
static void
codes_json(const char *const *codes, size_t count, struct buf *to)
{
	buf_add_char(to, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(to, ',');
		json_put_text(codes[i], to);
	}
	buf_add_char(to, ']');
}

static void
row_json(const struct replay_row *row, struct buf *to)
{
	buf_add_c(to, "{\"at\":");
	json_put_instant(row->at, STW_USEC_MAX, to);
	buf_add_c(to, ",\"campaign\":");
	json_put_text(row->campaign[0] != '\0' ? row->campaign : NULL, to);
	buf_add_c(to, ",\"decision_id\":");
	json_put_text(row->decision_id, to);
	buf_printf(to, ",\"gate\":\"%c\",\"verdict\":", row->gate);
	json_put_text(replay_verdict_name(row->verdict), to);
	buf_add_c(to, ",\"was\":{\"codes\":");
	codes_json(row->codes, row->ncodes, to);
	buf_add_c(to, ",\"outcome\":");
	json_put_text(row->outcome, to);
	buf_add_c(to, "},\"why\":");
	json_put_text(row->why[0] != '\0' ? row->why : NULL, to);
	if (row->would[0] != '\0') {
		buf_add_c(to, ",\"would\":{\"codes\":");
		codes_json(row->would_codes, (size_t)row->nwould_codes, to);
		buf_add_c(to, ",\"outcome\":");
		json_put_text(row->would, to);
		buf_add_char(to, '}');
	}
	buf_add_c(to, "}\n");
}

static enum stw_code
on_row(void *arg, const struct replay_row *row, struct stw_err *err)
{
	struct report *report = arg;
	struct buf line;
	bool good = true;

	if (row->verdict == REPLAY_SAME)
		return STW_OK;
	if (report->whatif && row->verdict == REPLAY_DIFFERS)
		whatif_count(&report->changes, row);
	if (report->ndjson) {
		buf_init(&line);
		row_json(row, &line);
		good = fwrite(line.data, 1, line.len, stdout) == line.len;
		buf_fini(&line);
	} else if (!report->whatif || row->verdict != REPLAY_DIFFERS) {
		(void)printf("%s %s %c %-20s %s%s%s\n", row->decision_id,
		    cli_time(report->app, row->at), row->gate, row->campaign,
		    replay_verdict_name(row->verdict), row->why[0] != '\0' ? ": " : "",
		    row->why);
		if (row->verdict == REPLAY_DIFFERS)
			(void)printf("    was %s %s, now %s %s\n", row->outcome,
			    row->primary, row->would, row->would_primary);
	}
	return good ? STW_OK : stw_fail(err, STW_TEMPFAIL, "cannot write the result");
}

/* ---- the packs of what-if ------------------------------------------------------------------- */
static enum stw_code
load_other(struct cli *cli, struct db *db, const char *dir, struct ruleset **out,
    struct stw_err *err)
{
	struct pack_files files;
	enum stw_code rc = pack_files_dir(dir, &cli->arena, &files, err);

	return rc == STW_OK ? whatif_rules(db, &files, &cli->arena, out, err) : rc;
}

/* ---- the ends ----------------------------------------------------------------------------------- */
static void
print_changes(struct report *report, const struct replay_total *total)
{
	int64_t changed = total->of[REPLAY_DIFFERS];

	whatif_sort(&report->changes);
	for (int i = 0; i < report->changes.nchanges; i++) {
		const struct whatif_change *c = &report->changes.changes[i];

		(void)printf("%10s  %-24s %-36s -> %s\n", cli_count(c->count),
		    c->campaign, c->from, c->to);
	}
	if (report->changes.more > 0)
		(void)printf("%10s  of other kinds\n", cli_count(report->changes.more));
	(void)printf("%s of %s decisions would be others\n", cli_count(changed),
	    cli_count(total->all));
}

static void
print_total(const struct replay_total *total, stw_usec took)
{
	(void)printf("%s decisions replayed, %s the same byte for byte (%s)\n",
	    cli_count(total->all), cli_count(total->of[REPLAY_SAME]), cli_secs(took));
	for (int v = 0; v < REPLAY_VERDICTS; v++)
		if (v != REPLAY_SAME && total->of[v] > 0)
			(void)printf("    %-12s %s\n",
			    replay_verdict_name((enum replay_verdict)v),
			    cli_count(total->of[v]));
}

static enum stw_code
run(struct cli *cli, struct replay_request *req, const char *pack_dir, bool ndjson,
    struct stw_err *err)
{
	stw_usec began = stw_monotonic();
	struct report *report = arena_alloc(&cli->arena, sizeof *report);
	struct ruleset *rules = NULL;
	struct replay_total total;
	int64_t other;
	struct db *db;
	enum stw_code rc;

	report->ndjson = ndjson;
	report->whatif = req->whatif;
	report->app = &cli->app;
	rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = pack_dir != NULL ? load_other(cli, db, pack_dir, &rules, err)
				      : pack_rules_load(db, &rules, err);
	req->rules = rules;
	req->row = on_row;
	req->arg = report;
	if (rc == STW_OK)
		rc = replay_run(db, req, &total, err);
	ruleset_free(rules);
	if (rc != STW_OK)
		return rc;
	if (!ndjson && req->whatif)
		print_changes(report, &total);
	else if (!ndjson)
		print_total(&total, stw_monotonic() - began);
	/* What was erased was to be erased. */
	other = total.all - total.of[REPLAY_SAME] - total.of[REPLAY_ERASED];
	if (!req->whatif && other > 0)
		return stw_fail(err, STW_CONFLICT,
		    "%" PRId64 " of %" PRId64 " decisions do not come out the same",
		    other, total.all);
	return STW_OK;
}

static enum stw_code
parse(struct cli *cli, struct replay_request *req, const char **pack, bool *ndjson,
    struct uuid *id, struct stw_err *err)
{
	const struct cli_opt opts[] = {{"since", CLI_INSTANT, &req->since, 0, 0},
	    {"until", CLI_INSTANT, &req->until, 0, 0},
	    {"campaign", CLI_TEXT, &req->campaign, 0, 0},
	    {"ndjson", CLI_SWITCH, ndjson, 0, 0}, {"pack", CLI_TEXT, pack, 0, 0}};
	int nopts = (int)STW_ARRAY_LEN(opts) - (req->whatif ? 0 : 1);
	enum stw_code rc;

	*req = (struct replay_request){
	    .since = STW_USEC_NEVER, .until = STW_USEC_MAX, .whatif = req->whatif};
	rc = cli_parse(cli, opts, nopts, 0, 1, err);
	if (rc == STW_OK && cli->argc == 1) {
		if (uuid_parse(str_of(cli->argv[0]), id) != STW_OK)
			return stw_fail(err, STW_INVALID, "%.60s is no decision's id",
			    cli->argv[0]);
		req->id = id;
	}
	if (rc == STW_OK && req->id == NULL && req->since == STW_USEC_NEVER)
		rc = stw_fail(err, STW_INVALID,
		    "which decisions: an id, or --since T [--until T]");
	if (rc == STW_OK && req->whatif && *pack == NULL)
		rc = stw_fail(err, STW_INVALID,
		    "--pack DIR, the directory <pack>/<version> to try");
	return rc;
}

enum stw_code
cmd_replay(struct cli *cli, struct stw_err *err)
{
	struct replay_request req = {.whatif = false};
	const char *pack = NULL;
	bool ndjson = false;
	struct uuid id;
	enum stw_code rc = parse(cli, &req, &pack, &ndjson, &id, err);

	return rc == STW_OK ? run(cli, &req, NULL, ndjson, err) : rc;
}

enum stw_code
cmd_whatif(struct cli *cli, struct stw_err *err)
{
	struct replay_request req = {.whatif = true};
	const char *pack = NULL;
	bool ndjson = false;
	struct uuid id;
	enum stw_code rc = parse(cli, &req, &pack, &ndjson, &id, err);

	return rc == STW_OK ? run(cli, &req, pack, ndjson, err) : rc;
}
