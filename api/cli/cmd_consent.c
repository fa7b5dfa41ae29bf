/* Consent of one customer, and what its evidence hashes to. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "api/cli/cli.h"
#include "campaigns/consent_store.h"
#include "campaigns/notice_store.h"
#include "segments/customer_store.h"

static enum stw_code
hash_file(const char *path, char hex[65], int64_t *bytes, struct stw_err *err)
{
	unsigned char hash[crypto_hash_sha256_BYTES], block[16384];
	crypto_hash_sha256_state state;
	FILE *file = fopen(path, "re");
	size_t n;
	bool bad;

	if (file == NULL)
		return stw_fail(err, STW_NOT_FOUND, "%s: %s", path, strerror(errno));
	crypto_hash_sha256_init(&state);
	*bytes = 0;
	while ((n = fread(block, 1, sizeof block, file)) > 0) {
		crypto_hash_sha256_update(&state, block, n);
		*bytes += (int64_t)n;
	}
	bad = ferror(file) != 0;
	(void)fclose(file);
	if (bad)
		return stw_fail(err, STW_TEMPFAIL, "%s: %s", path, strerror(errno));
	crypto_hash_sha256_final(&state, hash);
	(void)sodium_bin2hex(hex, 65, hash, sizeof hash);
	return STW_OK;
}

static enum stw_code
in_transaction(struct db *db, enum stw_code rc, struct stw_err *err)
{
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

/* Looks at a file and notes what it hashes to; one that is not there is noted as well. */
static enum stw_code
evidence(struct cli *cli, struct db *db, const char *by, struct stw_err *err)
{
	struct evidence_look look = {.evidence = cli->argv[0], .bytes = -1};
	struct evidence_meaning meaning;
	char hex[65];
	enum stw_code rc = STW_OK;

	if (cli->argc > 1) {
		rc = hash_file(cli->argv[1], hex, &look.bytes, err);
		look.sha256 = hex;
	}
	if (rc == STW_OK)
		rc = db_begin(db, err);
	if (rc != STW_OK)
		return rc;
	rc = in_transaction(
	    db, evidence_record(db, &look, by, app_now(&cli->app), &meaning, err), err);
	if (rc == STW_OK)
		(void)printf("%s %s: %s consents rest on it, %s are broken\n",
		    look.evidence, look.sha256 == NULL ? "is not there" : hex,
		    cli_count(meaning.consents), cli_count(meaning.broken));
	return rc;
}

static enum stw_code
record(struct cli *cli, struct db *db, struct consent_event *event, const char *ref,
    struct stw_err *err)
{
	struct consent_effect effect;
	struct customer customer;
	enum stw_code rc;

	rc = customer_find(db, str_of(cli->argv[0]),
	    app_today(&cli->app, app_now(&cli->app)), &cli->arena, &customer, err);
	if (rc != STW_OK)
		return rc;
	event->recorded_at = app_now(&cli->app);
	if (event->effective_at == STW_USEC_NEVER)
		event->effective_at = event->recorded_at;
	event->id = ref != NULL ? consent_id(customer.ref, ref, customer.bucket)
				: uuid_new(event->recorded_at);
	uuid_set_bucket(&event->id, customer.bucket);
	rc = db_begin(db, err);
	if (rc != STW_OK)
		return rc;
	rc = in_transaction(db,
	    consent_record(db, customer.bucket, customer.customer_id, event,
		event->recorded_at, &effect, err),
	    err);
	if (rc == STW_OK)
		(void)printf("%s; %s tasks cancelled, %s recalled%s\n",
		    effect.added ? "recorded" : "it was recorded before",
		    cli_count(effect.cancelled), cli_count(effect.recalled),
		    effect.effective_at == STW_USEC_MAX ? "; a push is on the wire"
							: "");
	return rc;
}

enum stw_code
cmd_consent(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {
	    "grant", "withdraw", "expire", "refuse", "evidence"};
	struct consent_event event = {.product_class = "*",
	    .recipient = "bank",
	    .source = "command line",
	    .effective_at = STW_USEC_NEVER,
	    .expires_at = STW_USEC_MAX};
	const char *ref = NULL;
	const struct cli_opt opts[] = {{"purpose", CLI_TEXT, &event.purpose, 0, 0},
	    {"channel", CLI_TEXT, &event.channel, 0, 0},
	    {"class", CLI_TEXT, &event.product_class, 0, 0},
	    {"subject", CLI_TEXT, &event.subject, 0, 0},
	    {"form", CLI_TEXT, &event.form, 0, 0},
	    {"notice", CLI_TEXT, &event.notice_version, 0, 0},
	    {"evidence", CLI_TEXT, &event.evidence, 0, 0},
	    {"evidence-sha256", CLI_TEXT, &event.evidence_sha256, 0, 0},
	    {"separate", CLI_TEXT, &event.separate_kind, 0, 0},
	    {"guardian", CLI_TEXT, &event.guardian, 0, 0},
	    {"written", CLI_SWITCH, &event.written, 0, 0},
	    {"effective", CLI_INSTANT, &event.effective_at, 0, 0},
	    {"expires", CLI_INSTANT, &event.expires_at, 0, 0},
	    {"ref", CLI_TEXT, &ref, 0, 0}, {"by", CLI_TEXT, &event.actor, 0, 0}};
	int verb = cli_verb(cli, verbs, (int)STW_ARRAY_LEN(verbs), err);
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, verb == 4 ? 2 : 1, err);
	if (rc == STW_OK && event.actor == NULL)
		rc = stw_fail(err, STW_INVALID, "--by is needed");
	if (rc == STW_OK && verb != 4 &&
	    (event.purpose == NULL || event.channel == NULL || event.form == NULL))
		rc = stw_fail(err, STW_INVALID,
		    "--purpose, --channel, --form and --by are needed");
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	if (verb == 4)
		return evidence(cli, db, event.actor, err);
	event.action = verbs[verb];
	return record(cli, db, &event, ref, err);
}
