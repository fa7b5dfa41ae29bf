#include <string.h>

#include "api/cli/cli.h"
#include "campaigns/compliance/pack_check.h"
#include "campaigns/compliance/pack_store.h"

#define PACKS_MAX 64

enum verb { LIST = 0, SHOW, CHECK, TEST, DIFF, LOAD, SUBMIT, APPROVE, REJECT, VERBS };

struct asked {
	enum verb verb;
	const char *who, *why;
	stw_usec from;
};

/* ---- without a database ---------------------------------------------------------------- */
static enum stw_code
test_files(const struct pack_files *files, struct stw_err *err)
{
	int passed = 0;
	enum stw_code rc = pack_files_test(files, &passed, err);

	if (rc == STW_OK)
		(void)printf(
		    "%s %s: %d tests passed\n", files->id, files->version, passed);
	return rc;
}

/* DIR, or PACK VERSION of the binary. */
static enum stw_code
open_files(struct cli *cli, struct pack_files *out, struct stw_err *err)
{
	enum stw_code rc;

	if (cli->argc == 2)
		return pack_files_embedded(
		    cli->argv[0], cli->argv[1], &cli->arena, out, err);
	rc = pack_files_dir(cli->argv[0], &cli->arena, out, err);
	cli->where = cli->argv[0];
	return rc;
}

static enum stw_code
test(struct cli *cli, struct stw_err *err)
{
	struct pack_info packs[PACKS_MAX];
	struct pack_files files;
	enum stw_code rc = STW_OK;
	int n;

	if (cli->argc > 0) {
		rc = open_files(cli, &files, err);
		return rc == STW_OK ? test_files(&files, err) : rc;
	}
	n = ruleset_embedded(packs, PACKS_MAX);
	for (int i = 0; i < n && rc == STW_OK; i++) {
		rc = pack_files_embedded(
		    packs[i].pack, packs[i].version, &cli->arena, &files, err);
		if (rc == STW_OK)
			rc = test_files(&files, err);
	}
	return rc;
}

static void
list(void)
{
	struct pack_info packs[PACKS_MAX];
	int n = ruleset_embedded(packs, PACKS_MAX);

	for (int i = 0; i < n; i++)
		(void)printf("%-14s %-10s %3d rules  %.16s...%s\n", packs[i].pack,
		    packs[i].version, packs[i].nrules, packs[i].hash_hex,
		    packs[i].off ? "  template" : "");
}

static enum stw_code
check(struct cli *cli, struct stw_err *err)
{
	struct pack_files files;
	struct pack_cover *covers;
	char hash[65], to[STW_DAY_TEXT];
	int nrules, ncovers;
	enum stw_code rc = open_files(cli, &files, err);

	if (rc == STW_OK)
		rc = pack_files_check(&files, &nrules, err);
	if (rc == STW_OK)
		rc = pack_files_covers(&files,
		    (stw_day)(app_now(&cli->app) / STW_USEC_DAY), &cli->arena, &covers,
		    &ncovers, err);
	if (rc != STW_OK)
		return rc;
	pack_files_hash(&files, hash);
	(void)printf("%s %s: %d files, %d rules, SHA-256 %s\n", files.id, files.version,
	    files.count, nrules, hash);
	for (int i = 0; i < ncovers; i++)
		(void)printf(
		    "warning: calendar %s ends %s: it has to reach %d months ahead\n",
		    covers[i].calendar, stw_day_format(covers[i].to, to),
		    PACK_COVER_MONTHS);
	return test_files(&files, err);
}

/* ---- with one ---------------------------------------------------------------------------- */
static const char *
by_or_dash(const char *who)
{
	return who != NULL ? who : "-";
}

static enum stw_code
show(struct cli *cli, struct db *db, struct stw_err *err)
{
	const char *pack = cli->argc > 0 ? cli->argv[0] : NULL;
	struct pack_version_row *v;
	struct pack_activation_row *a;
	enum stw_code rc;
	int nv, na;

	rc = pack_store_versions(db, pack, &cli->arena, &v, &nv, err);
	if (rc == STW_OK)
		rc = pack_store_activations(db, &cli->arena, &a, &na, err);
	if (rc != STW_OK)
		return rc;
	if (nv == 0)
		return stw_fail(err, STW_NOT_FOUND, "there is no pack %.60s", pack);
	(void)printf("%-14s %-10s %-10s %6s %-12s %-12s %s\n", "pack", "version",
	    "state", "rules", "submitted", "approved", "sha-256");
	for (int i = 0; i < nv; i++)
		(void)printf("%-14s %-10s %-10s %6d %-12s %-12s %.16s...\n", v[i].pack,
		    v[i].version, v[i].state, v[i].rules, by_or_dash(v[i].submitted_by),
		    by_or_dash(v[i].approved_by), v[i].hash_hex);
	for (int i = 0; i < na; i++) {
		if (pack != NULL && strcmp(a[i].pack, pack) != 0)
			continue;
		(void)printf("%s %s in force from %s", a[i].pack, a[i].version,
		    cli_time(&cli->app, a[i].from));
		if (a[i].to != STW_USEC_MAX)
			(void)printf(" to %s", cli_time(&cli->app, a[i].to));
		(void)printf("\n");
	}
	return STW_OK;
}

static enum stw_code
diff(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct pack_files before, after;
	struct buf text;
	enum stw_code rc;

	buf_init(&text);
	rc =
	    pack_store_files(db, cli->argv[0], cli->argv[1], &cli->arena, &before, err);
	if (rc == STW_OK)
		rc = pack_store_files(
		    db, cli->argv[0], cli->argv[2], &cli->arena, &after, err);
	if (rc == STW_OK)
		rc = pack_diff(&before, &after, &text, err);
	if (rc == STW_OK)
		(void)printf("%s\n", text.data);
	buf_fini(&text);
	return rc;
}

static enum stw_code
load(struct cli *cli, struct db *db, const char *who, struct stw_err *err)
{
	struct pack_files files;
	bool added;
	enum stw_code rc = open_files(cli, &files, err);

	if (rc == STW_OK)
		rc = pack_store_load(db, &files, who, app_now(&cli->app), &added, err);
	if (rc == STW_OK)
		(void)printf("%s %s: %s; submit it next\n", files.id, files.version,
		    added ? "loaded" : "was loaded before");
	return rc;
}

static enum stw_code
move(struct cli *cli, struct db *db, const struct asked *asked, struct stw_err *err)
{
	const char *pack = cli->argv[0], *version = cli->argv[1];
	stw_usec now = app_now(&cli->app), from;
	enum stw_code rc;
	int passed;

	if (asked->verb == SUBMIT) {
		rc = pack_store_submit(
		    db, pack, version, asked->from, asked->who, now, &passed, err);
		if (rc == STW_OK)
			(void)printf("%s %s: %d tests passed; somebody other than %s "
				     "has to approve it\n",
			    pack, version, passed, asked->who);
	} else if (asked->verb == APPROVE) {
		rc = pack_store_approve(db, pack, version, asked->who, now, &from, err);
		if (rc == STW_OK)
			(void)printf("%s %s: in force from %s\n", pack, version,
			    cli_time(&cli->app, from));
	} else {
		rc = pack_store_reject(
		    db, pack, version, asked->who, asked->why, now, err);
		if (rc == STW_OK)
			(void)printf("%s %s: rejected\n", pack, version);
	}
	return rc;
}

static enum stw_code
act(struct cli *cli, const struct asked *asked, struct stw_err *err)
{
	struct db *db;
	enum stw_code rc = app_db(&cli->app, &db, err);

	if (rc != STW_OK)
		return rc;
	switch (asked->verb) {
	case SHOW:
		return show(cli, db, err);
	case DIFF:
		return diff(cli, db, err);
	case LOAD:
		return load(cli, db, asked->who, err);
	case SUBMIT:
	case APPROVE:
	case REJECT:
		return move(cli, db, asked, err);
	case LIST:
	case CHECK:
	case TEST:
	case VERBS:
		break;
	}
	return STW_BUG;
}

enum stw_code
cmd_pack(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[VERBS] = {"list", "show", "check", "test",
	    "diff", "load", "submit", "approve", "reject"};
	static const struct {
		int min, max;
	} args[VERBS] = {
	    {0, 0}, {0, 1}, {1, 2}, {0, 2}, {3, 3}, {1, 2}, {2, 2}, {2, 2}, {2, 2}};
	struct asked asked = {.from = STW_USEC_NEVER};
	const struct cli_opt opts[] = {{"by", CLI_TEXT, &asked.who, 0, 0},
	    {"why", CLI_TEXT, &asked.why, 0, 0},
	    {"from", CLI_INSTANT, &asked.from, 0, 0}};
	int verb = cli_verb(cli, verbs, VERBS, err);
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	asked.verb = (enum verb)verb;
	rc = cli_parse(
	    cli, opts, (int)STW_ARRAY_LEN(opts), args[verb].min, args[verb].max, err);
	if (rc == STW_OK && verb >= LOAD && asked.who == NULL)
		rc = stw_fail(err, STW_INVALID, "--by WHO is needed");
	if (rc == STW_OK && verb == REJECT && asked.why == NULL)
		rc = stw_fail(err, STW_INVALID, "--why TEXT is needed");
	if (rc != STW_OK)
		return rc;
	if (verb == TEST)
		return test(cli, err);
	if (verb == CHECK)
		return check(cli, err);
	if (verb != LIST)
		return act(cli, &asked, err);
	list();
	return STW_OK;
}
