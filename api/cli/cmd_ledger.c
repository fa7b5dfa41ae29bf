/* steward ledger: sequence, publish, prove; and check what was published, for which no
 * database and no setting is needed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/cli/cmd_replay.h"
#include "api/cli/trust.h"
#include "db/entry_json.h"
#include "db/ledger_dir.h"
#include "engine/uuid.h"

/* ---- the database against its own checkpoints -------------------------------------------- */
static void
verify_progress(int64_t done, int64_t total)
{
	static struct progress progress;

	if (progress.tell == NULL)
		progress = cli_progress();
	progress_tell(&progress, "entries checked:", done, total);
}

static enum stw_code
verify_database(struct cli *cli, struct stw_err *err)
{
	stw_usec began = stw_monotonic();
	const struct ledger_key *key;
	struct ledger_report report;
	enum stw_code rc;
	struct db *db;

	rc = app_ledger_key(&cli->app, false, &key, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = ledger_verify(db, key,
		    setting_text(cli->app.settings, SET_CHECKPOINT_FILE),
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
	if (report.erased > 0)
		(void)printf(
		    "%s decisions are about erased customers: their entries are "
		    "whole, what they commit to opens no more\n",
		    cli_count(report.erased));
	if (report.waiting > 0)
		(void)printf(
		    "%s entries wait to be sequenced\n", cli_count(report.waiting));
	return STW_OK;
}

/* ---- a directory ----------------------------------------------------------------------------- */
static enum stw_code
verify_dir(const char *dir, const char *kept, struct trust *trust, struct stw_err *err)
{
	const struct tlog_source source = ledger_dir_source(dir);
	stw_usec began = stw_monotonic();
	struct tlog_known *known = NULL;
	struct tlog_report report;
	enum stw_code rc = STW_OK;
	struct buf root;

	if (kept != NULL)
		rc = ledger_dir_known(
		    kept, &trust->tlog, &known, &trust->tlog.nknown, err);
	trust->tlog.known = known;
	if (rc == STW_OK)
		rc = tlog_audit(&source, &trust->tlog, verify_progress, &report, err);
	cli_progress_end();
	free(known);
	if (rc != STW_OK)
		return rc;
	if (report.finding[0] != '\0' && report.first_bad >= 0)
		return stw_fail(err, STW_CONFLICT,
		    "THE LEDGER IS BAD: %s (first bad entry: %" PRId64 ")",
		    report.finding, report.first_bad);
	if (report.finding[0] != '\0')
		return stw_fail(err, STW_CONFLICT,
		    "THE LEDGER IS BAD: %s (no entry named)", report.finding);
	buf_init(&root);
	buf_add_hex(&root, report.root.b, sizeof report.root.b);
	(void)printf("%s is whole: %s entries, root %s, %zu of %zu witnesses, %zu kept "
		     "checkpoints (%s)\n",
	    dir, cli_count((int64_t)report.size), root.data, report.cosigned,
	    trust->tlog.nwitnesses, report.known, cli_secs(stw_monotonic() - began));
	buf_fini(&root);
	return STW_OK;
}

/* ---- one entry ---------------------------------------------------------------------------------- */
static enum stw_code
verify_proof(struct cli *cli, const char *path, const char *entry_path,
    const struct trust *trust, struct stw_err *err)
{
	struct tlog_proof proof;
	struct checkpoint checkpoint;
	struct str text, entry;
	size_t cosigned;
	enum stw_code rc;
	struct buf extra;

	buf_init(&extra);
	cli->where = path;
	rc = cli_read_file(cli, path, TLOG_PROOF_BYTES, &text, err);
	if (rc == STW_OK)
		rc = tlog_proof_parse(text, &proof, err);
	if (rc == STW_OK && entry_path != NULL) {
		rc = cli_read_file(cli, entry_path, LEDGER_ENTRY_MAX, &entry, err);
	} else if (rc == STW_OK) {
		if (proof.extra.len == 0)
			rc = stw_fail(err, STW_INVALID,
			    "%s does not hold the entry: give it with --entry FILE",
			    path);
		else
			tlog_proof_extra(&proof, &extra);
		entry = (struct str){extra.data, extra.len};
	}
	if (rc == STW_OK && tlog_proof_check(&proof, entry, &trust->tlog, &checkpoint,
				&cosigned, err) != STW_OK)
		rc = stw_err_prefix(err, STW_CONFLICT, "THE PROOF DOES NOT HOLD");
	if (rc == STW_OK) {
		(void)printf("entry %" PRIu64 " of %.*s, whose checkpoint of %" PRIu64
			     " entries covers it (%zu of %zu witnesses):\n",
		    proof.index, STR_FMT(checkpoint.origin), checkpoint.size, cosigned,
		    trust->tlog.nwitnesses);
		(void)fwrite(entry.ptr, 1, entry.len, stdout);
		(void)printf("\n");
	}
	buf_fini(&extra);
	return rc;
}

static enum stw_code
verify(struct cli *cli, struct stw_err *err)
{
	const char *dir = NULL, *proof = NULL, *key = NULL, *witness = NULL;
	const char *kept = NULL, *entry = NULL;
	int64_t quorum = -1;
	const struct cli_opt opts[] = {{"dir", CLI_TEXT, &dir, 0, 0},
	    {"proof", CLI_TEXT, &proof, 0, 0}, {"key", CLI_TEXT, &key, 0, 0},
	    {"witness", CLI_TEXT, &witness, 0, 0},
	    {"quorum", CLI_NUMBER, &quorum, 0, TRUST_KEYS},
	    {"checkpoints", CLI_TEXT, &kept, 0, 0}, {"entry", CLI_TEXT, &entry, 0, 0}};
	struct trust trust;
	enum stw_code rc;

	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 0, 0, err);
	if (rc != STW_OK)
		return rc;
	if (dir == NULL && proof == NULL) {
		if (key != NULL || witness != NULL || kept != NULL || entry != NULL)
			return stw_fail(err, STW_INVALID,
			    "what is to be verified: --dir DIR or --proof FILE?");
		return verify_database(cli, err);
	}
	if (dir != NULL && proof != NULL)
		return stw_fail(err, STW_INVALID, "--dir or --proof, not both");
	rc = trust_load(&trust, key, witness, quorum, err);
	if (rc == STW_OK && dir != NULL)
		rc = verify_dir(dir, kept, &trust, err);
	else if (rc == STW_OK)
		rc = verify_proof(cli, proof, entry, &trust, err);
	return rc;
}

/* ---- sequencing, publishing --------------------------------------------------------------------- */
static enum stw_code
seal(struct cli *cli, struct stw_err *err)
{
	struct ledger_seal_result sealed;
	const struct ledger_key *key;
	struct db *db;
	enum stw_code rc;

	rc = cli_parse(cli, NULL, 0, 0, 0, err);
	if (rc == STW_OK)
		rc = app_ledger_key(&cli->app, false, &key, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = ledger_seal(db, key,
		    setting_text(cli->app.settings, SET_CHECKPOINT_FILE),
		    app_now(&cli->app), &sealed, err);
	if (rc == STW_OK)
		(void)printf("%s entries added, %s in all\n", cli_count(sealed.added),
		    cli_count(sealed.size));
	return rc;
}

static enum stw_code export(struct cli *cli, struct stw_err *err) {
	stw_usec began = stw_monotonic(); struct ledger_export_result done;
	const struct ledger_key * key;
	struct db * db;
	enum stw_code rc;

	rc = cli_parse(cli, NULL, 0, 1, 1, err);
	if (rc == STW_OK) rc = app_ledger_key(&cli->app, false, &key, err);
	if (rc == STW_OK) rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK) rc = ledger_export(db, key, cli->argv[0], &done, err);
	if (rc == STW_OK)(void)
	    printf("%s: %s entries, %s of them new, %s files (%s)\n", cli->argv[0],
		cli_count((int64_t)done.size), cli_count((int64_t)done.added),
		cli_count(done.files), cli_secs(stw_monotonic() - began));
	return rc;
}

static enum stw_code
prove(struct cli *cli, struct stw_err *err)
{
	const char *out = NULL;
	const struct cli_opt opts[] = {{"out", CLI_TEXT, &out, 0, 0}};
	uint64_t index = 0;
	struct buf text;
	enum stw_code rc;
	struct db *db;
	FILE *to = stdout;
	char *end;

	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, 1, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	errno = 0;
	index = strtoull(cli->argv[0], &end, 10);
	if (*end != '\0' || errno != 0 || cli->argv[0][0] == '-')
		rc = ledger_find_id(db, cli->argv[0], &index, err);
	buf_init(&text);
	if (rc == STW_OK)
		rc = ledger_prove(db, index, &text, err);
	if (rc == STW_OK && out != NULL)
		to = fopen(out, "wxe");
	if (rc == STW_OK && to == NULL)
		rc = stw_fail(err, errno == EEXIST ? STW_CONFLICT : STW_INVALID,
		    "cannot make %s: %s", out, strerror(errno));
	if (rc == STW_OK && fwrite(text.data, 1, text.len, to) != text.len)
		rc = stw_fail(err, STW_TEMPFAIL, "cannot write the proof");
	if (to != NULL && to != stdout && fclose(to) != 0 && rc == STW_OK)
		rc = stw_fail(
		    err, STW_TEMPFAIL, "cannot write %s: %s", out, strerror(errno));
	buf_fini(&text);
	return rc;
}

/* ---- keys ---------------------------------------------------------------------------------------- */
/* An exchange of the log's key is an entry of the log. */
static enum stw_code
note_change(struct cli *cli, struct db *db, const char *what, struct stw_err *err)
{
	stw_usec now = app_now(&cli->app);
	struct uuid id = uuid_new(now);
	const struct ledger_key *key;
	struct buf verifier, entry;
	char text[UUID_TEXT];
	enum stw_code rc;

	rc = app_ledger_key(&cli->app, false, &key, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&verifier);
	buf_init(&entry);
	ledger_key_verifier(key, &verifier);
	const struct entry_field fields[] = {ENTRY_TEXT("key", "ledger"),
	    ENTRY_TEXT("what", what), ENTRY_TEXT("verifier", verifier.data)};

	entry_write("key_change", uuid_format(&id, text), now, fields,
	    (int)STW_ARRAY_LEN(fields), &entry);
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = ledger_append(
		    db, -1, "key_change", (struct str){entry.data, entry.len}, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	buf_fini(&verifier);
	buf_fini(&entry);
	return rc;
}

static enum stw_code
change_key(struct cli *cli, bool rotate, struct stw_err *err)
{
	const char *path = setting_text(cli->app.settings, SET_LEDGER_KEY);
	const char *origin = setting_text(cli->app.settings, SET_LEDGER_ORIGIN);
	enum stw_code rc;
	struct db *db;

	/* The database first: without it the change could not be put on record. */
	rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = rotate ? ledger_key_rotate(path, origin, err)
			    : ledger_key_retire(path, origin, err);
	if (rc == STW_OK)
		rc = note_change(cli, db, rotate ? "rotated" : "retired", err);
	return rc;
}

static enum stw_code
key(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"rotate", "retire"};
	const struct ledger_key *known;
	enum stw_code rc = STW_OK;
	struct buf text;
	int verb = -1;

	if (cli->argc > 0) {
		verb = cli_verb(cli, verbs, 2, err);
		if (verb < 0)
			return STW_INVALID;
	}
	rc = cli_parse(cli, NULL, 0, 0, 0, err);
	if (rc == STW_OK && verb >= 0)
		rc = change_key(cli, verb == 0, err);
	if (rc == STW_OK)
		rc = app_ledger_key(&cli->app, false, &known, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&text);
	ledger_key_verifiers(known, &text);
	(void)fwrite(text.data, 1, text.len, stdout);
	buf_fini(&text);
	if (verb >= 0)
		(void)fprintf(stderr, "restart every process that sequences; give the "
				      "first line to those who check\n");
	return STW_OK;
}

enum stw_code
cmd_ledger(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {
	    "seal", "verify", "key", "export", "prove", "replay", "whatif"};
	enum stw_code (*const run[])(struct cli *, struct stw_err *) = {
	    seal, verify, key, export, prove, cmd_replay, cmd_whatif};
	int verb = cli_verb(cli, verbs, (int)STW_ARRAY_LEN(verbs), err);

	return verb < 0 ? STW_INVALID : run[verb](cli, err);
}
