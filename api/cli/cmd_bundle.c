/* steward bundle: what an auditor or regulator is handed about one scope; and, without a
 * database, whether it is what was handed over. */
#include <string.h>

#include "api/bundle.h"
#include "api/bundle_verify.h"
#include "api/cli/look.h"
#include "api/cli/trust.h"
#include "campaigns/task_store.h"

/* ---- made -------------------------------------------------------------------------------- */
struct asked {
	struct look look;
	struct bundle_ask ask;
	const char *approver;
	bool phone;
};

static enum stw_code
check(const struct asked *a, struct stw_err *err)
{
	enum stw_code rc = look_check(&a->look, err);

	if (rc == STW_OK && a->look.case_ref == NULL)
		rc = stw_fail(
		    err, STW_INVALID, "--case REF is needed: what the bundle is for");
	if (rc == STW_OK && a->approver != NULL &&
	    strcmp(a->approver, a->look.who) == 0)
		rc = stw_fail(
		    err, STW_INVALID, "--approved-by is somebody else than --by");
	return rc;
}

/* From standard input, so that it stands in no list of processes and no history. */
static enum stw_code
read_phone(struct cli *cli, struct asked *a, struct stw_err *err)
{
	struct str text;
	enum stw_code rc = cli_read_file(cli, "-", 100, &text, err);

	if (rc != STW_OK)
		return rc;
	while (text.len > 0 && strchr("\r\n ", text.ptr[text.len - 1]) != NULL)
		text.len--;
	a->ask.phone = arena_printf(&cli->arena, "%.*s", (int)text.len, text.ptr);
	return STW_OK;
}

static enum stw_code
scope_and_make(struct cli *cli, struct db *db, const struct asked *a, const char *path,
    struct bundle_result *result, struct stw_err *err)
{
	stw_usec now = app_now(&cli->app);
	struct bundle_scope scope;
	struct bundle_job job = {.scope = &scope,
	    .actor = a->look.who,
	    .role = "admin",
	    .purpose = a->look.case_ref,
	    .approver = a->approver,
	    .rows_alone = setting_int(cli->app.settings, SET_EXPORT_ROWS_ALONE),
	    .max_time = BUNDLE_MAX_TIME,
	    .now = now};
	const struct seal_keys *keys;
	struct ruleset *rules = NULL;
	enum stw_code rc = app_keys(&cli->app, false, &keys, err);

	if (rc == STW_OK)
		rc = app_ledger_key(&cli->app, false, &job.key, err);
	if (rc == STW_OK)
		rc = task_rules_load(db, &rules, err);
	if (rc == STW_OK)
		rc = bundle_scope_find(db, keys, &a->ask, app_today(&cli->app, now),
		    &cli->arena, &scope, err);
	job.rules = rules;
	if (rc == STW_OK)
		rc = bundle_make(db, &job, path, result, err);
	ruleset_free(rules);
	return rc;
}

static enum stw_code
make(struct cli *cli, struct stw_err *err)
{
	struct asked a = {.ask = {.from = STW_USEC_NEVER, .to = STW_USEC_MAX}};
	const struct cli_opt opts[] = {{"by", CLI_TEXT, &a.look.who, 0, 0},
	    {"case", CLI_TEXT, &a.look.case_ref, 0, 0},
	    {"approved-by", CLI_TEXT, &a.approver, 0, 0},
	    {"complaint", CLI_TEXT, &a.ask.complaint, 0, 0},
	    {"customer", CLI_TEXT, &a.ask.customer, 0, 0},
	    {"phone-stdin", CLI_SWITCH, &a.phone, 0, 0},
	    {"campaign", CLI_TEXT, &a.ask.campaign, 0, 0},
	    {"from", CLI_INSTANT, &a.ask.from, 0, 0},
	    {"to", CLI_INSTANT, &a.ask.to, 0, 0}};
	struct bundle_result done;
	char id[UUID_TEXT];
	struct db *db;
	enum stw_code rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, 1, err);

	if (rc == STW_OK)
		rc = check(&a, err);
	if (rc == STW_OK && a.phone)
		rc = read_phone(cli, &a, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = scope_and_make(cli, db, &a, cli->argv[0], &done, err);
	if (rc == STW_OK)
		(void)printf(
		    "%s: bundle %s, %s rows, %s proofs, %d files, %d kinds of gaps\n"
		    "manifest sha256 %s\n",
		    cli->argv[0], uuid_format(&done.id, id), cli_count(done.rows),
		    cli_count(done.proofs), done.files, done.gaps,
		    done.manifest_sha256);
	return rc;
}

/* ---- verified ---------------------------------------------------------------------------- */
static void
say_unproven(const struct bundle_report *r)
{
	int64_t named =
	    r->unproven < BUNDLE_UNPROVEN_NAMED ? r->unproven : BUNDLE_UNPROVEN_NAMED;

	for (int64_t i = 0; i < named; i++)
		(void)printf("without proof: %s line %s, %s\n", r->without[i].file,
		    cli_count(r->without[i].line), r->without[i].id);
	if (r->unproven > named)
		(void)printf("and %s more\n", cli_count(r->unproven - named));
}

static enum stw_code
verify(struct cli *cli, struct stw_err *err)
{
	const char *key = NULL, *witness = NULL, *receipt_path = NULL;
	int64_t quorum = -1, unproven_most = 0;
	const struct cli_opt opts[] = {{"key", CLI_TEXT, &key, 0, 0},
	    {"witness", CLI_TEXT, &witness, 0, 0},
	    {"quorum", CLI_NUMBER, &quorum, 0, TRUST_KEYS},
	    {"receipt", CLI_TEXT, &receipt_path, 0, 0},
	    {"allow-unproven", CLI_NUMBER, &unproven_most, 0, INT64_MAX}};
	struct bundle_report report = {0};
	struct str receipt = {"", 0};
	struct trust trust;
	enum stw_code rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, 1, err);

	if (rc == STW_OK)
		rc = trust_load(&trust, key, witness, quorum, err);
	if (rc == STW_OK && receipt_path != NULL)
		rc = cli_read_file(cli, receipt_path, TLOG_PROOF_BYTES, &receipt, err);
	if (rc == STW_OK && receipt_path != NULL && receipt.len == 0)
		rc = stw_fail(
		    err, STW_INVALID, "%s: the receipt is empty", receipt_path);
	if (rc == STW_OK)
		rc = bundle_verify(
		    cli->argv[0], &trust.tlog, receipt, unproven_most, &report, err);
	say_unproven(&report);
	if (rc != STW_OK)
		return rc;
	(void)printf(
	    "%s is whole: bundle %s, %zu files, checkpoint of %s entries, %zu "
	    "proofs; %s decisions and outcomes proved, %s named as without proof; "
	    "%zu kinds of gaps\n",
	    cli->argv[0], report.bundle_id, report.files,
	    cli_count((int64_t)report.checkpoint_size), report.proofs,
	    cli_count(report.proven), cli_count(report.unproven), report.gaps);
	(void)puts(
	    report.receipt
		? "the manifest is the one that the ledger has on record"
		: "that the manifest is the one on record: --receipt FILE shows it "
		  "(steward ledger prove BUNDLE_ID)");
	return STW_OK;
}

enum stw_code
cmd_bundle(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"make", "verify"};
	int verb = cli_verb(cli, verbs, (int)STW_ARRAY_LEN(verbs), err);

	if (verb < 0)
		return STW_INVALID;
	return verb == 0 ? make(cli, err) : verify(cli, err);
}
