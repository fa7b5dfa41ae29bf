#include "api/cli/cli.h"

static void
verify_progress(int64_t done, int64_t total)
{
	static struct progress progress;

	if (progress.tell == NULL)
		progress = cli_progress();
	progress_tell(&progress, "entries checked:", done, total);
}

static enum stw_code
verify(
    struct cli *cli, struct db *db, const struct ledger_key *key, struct stw_err *err)
{
	stw_usec began = stw_monotonic();
	struct ledger_report report;
	enum stw_code rc;

	rc =
	    ledger_verify(db, key, setting_text(cli->app.settings, SET_CHECKPOINT_FILE),
		verify_progress, &report, err);
	cli_progress_end();
	if (rc != STW_OK)
		return rc;
	if (report.finding[0] != '\0')
		return stw_fail(err, STW_CONFLICT, "THE LEDGER IS BAD: %s%s",
		    report.finding, report.first_bad >= 0 ? "" : " (no entry named)");
	(void)printf("the ledger is whole: %s entries, %s checkpoints (%s exported), "
		     "root %s (%s)\n",
	    cli_count(report.size), cli_count(report.checkpoints),
	    cli_count(report.exported), report.root_hex,
	    cli_secs(stw_monotonic() - began));
	if (report.waiting > 0)
		(void)printf(
		    "%s entries wait to be sequenced\n", cli_count(report.waiting));
	return STW_OK;
}

static enum stw_code
seal(struct cli *cli, struct db *db, const struct ledger_key *key, struct stw_err *err)
{
	struct ledger_seal_result sealed;
	enum stw_code rc;

	rc = ledger_seal(db, key, setting_text(cli->app.settings, SET_CHECKPOINT_FILE),
	    app_now(&cli->app), &sealed, err);
	if (rc == STW_OK)
		(void)printf("%s entries added, %s in all\n", cli_count(sealed.added),
		    cli_count(sealed.size));
	return rc;
}

enum stw_code
cmd_ledger(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"seal", "verify", "key"};
	int verb = cli_verb(cli, verbs, 3, err);
	const struct ledger_key *key;
	struct db *db;
	struct buf text;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	rc = cli_parse(cli, NULL, 0, 0, 0, err);
	if (rc == STW_OK)
		rc = app_ledger_key(&cli->app, false, &key, err);
	if (rc == STW_OK && verb == 2) {
		buf_init(&text);
		ledger_key_verifier(key, &text);
		(void)printf("%.*s\n", (int)text.len, text.data);
		buf_fini(&text);
		return STW_OK;
	}
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	return verb == 0 ? seal(cli, db, key, err) : verify(cli, db, key, err);
}
