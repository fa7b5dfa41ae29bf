#include <stdlib.h>
#include <string.h>

#include "api/cli/cli.h"
#include "campaigns/compliance/decide_json.h"
#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/pack_files.h"
#include "campaigns/compliance/ruleset.h"

#define FACTS_MAX ((size_t)1 << 20)
#define PACKS_MAX 64

/* ---- gate ------------------------------------------------------------------------------ */
static void
print_decision(const struct app *app, const struct gate_decision *d)
{
	(void)printf("%s\n", gate_decision_name(d));
	for (int i = 0; i < d->ncodes; i++)
		(void)printf(
		    "    %-28s %s\n", d->codes[i], reason_text(d->codes[i], "en"));
	if (!d->allowed && d->next_allowed_at != STW_USEC_MAX)
		(void)printf("allowed again %s\n", cli_time(app, d->next_allowed_at));
	if (d->allowed)
		(void)printf("valid until %s\n", cli_time(app, d->valid_until));
	(void)printf("rules:\n");
	for (int i = 0; i < d->nhits; i++)
		(void)printf("    %-8s %-10s %-26s %s\n", d->hits[i].rule_id,
		    d->hits[i].layer, d->hits[i].ok ? "ok" : d->hits[i].code,
		    d->hits[i].evidence != NULL ? d->hits[i].evidence : "");
}

/* With the texts and sources of all rules, for another program to read. */
static enum stw_code
print_json(const struct ruleset *rules, struct str facts,
    const struct decide_options *options, struct stw_err *err)
{
	struct buf out;
	enum stw_code rc;

	buf_init(&out);
	rc = decide_json(rules, facts, options, &out, NULL, err);
	if (rc == STW_OK)
		(void)fwrite(out.data, 1, out.len, stdout);
	buf_fini(&out);
	return rc;
}

static enum stw_code
print_text(struct cli *cli, const struct ruleset *rules, struct str text,
    const struct decide_options *options, struct stw_err *err)
{
	struct gate_decision decision;
	struct gate_facts facts;
	enum stw_code rc =
	    decide_document(rules, text, options, &cli->arena, &facts, &decision, err);

	if (rc == STW_OK)
		print_decision(&cli->app, &decision);
	return rc;
}

/* A facts document a line on standard input, its decision a line; what cannot be read is
 * answered with {"error": ...} and the rest goes on. */
static enum stw_code
print_lines(const struct ruleset *rules, const struct decide_options *options,
    struct stw_err *err)
{
	struct stw_err bad = {0};
	struct buf answer;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	buf_init(&answer);
	while ((len = getline(&line, &cap, stdin)) >= 0) {
		buf_clear(&answer);
		if (decide_line(rules, (struct str){line, (size_t)len}, options,
			&answer, &bad) != STW_OK) {
			buf_clear(&answer);
			buf_add_c(&answer, "{\"error\":");
			json_put_text(bad.text, &answer);
			buf_printf(&answer, ",\"line\":%d,\"column\":%d}", bad.line,
			    bad.column);
		}
		buf_add_char(&answer, '\n');
		if (fwrite(answer.data, 1, answer.len, stdout) != answer.len)
			break;
	}
	free(line);
	buf_fini(&answer);
	if (ferror(stdin) != 0 || fflush(stdout) != 0 || ferror(stdout) != 0)
		return stw_fail(err, STW_TEMPFAIL, "standard input or output failed");
	return STW_OK;
}

/* One of a list: a pack of the binary in its newest version, or a directory .../ID/VERSION. */
static enum stw_code
source_named(struct cli *cli, const char *name, const struct pack_info *packs,
    int npacks, struct pack_source *out, struct stw_err *err)
{
	struct pack_files *files;
	enum stw_code rc;

	out->use.from = STW_USEC_NEVER;
	out->use.to = STW_USEC_MAX;
	if (strchr(name, '/') != NULL) {
		files = arena_alloc(&cli->arena, sizeof *files);
		rc = pack_files_dir(name, &cli->arena, files, err);
		if (rc != STW_OK)
			return rc;
		out->use.pack = files->id;
		out->use.version = files->version;
		out->files = files;
		return STW_OK;
	}
	for (int i = 0; i < npacks; i++) {
		if (strcmp(packs[i].pack, name) == 0) {
			out->use.pack = packs[i].pack;
			out->use.version = packs[i].version;
			return STW_OK;
		}
	}
	return stw_fail(
	    err, STW_INVALID, "--packs: no pack '%.40s' in this binary", name);
}

/* The packs named, "cn,house,./own/house/1.1.0"; NULL: all of the binary. */
static enum stw_code
load_packs(
    struct cli *cli, const char *names, struct ruleset **out, struct stw_err *err)
{
	struct pack_source sources[PACKS_MAX] = {0};
	struct pack_info packs[PACKS_MAX];
	int n = ruleset_embedded(packs, PACKS_MAX), nsources = 0;
	char *rest = names != NULL ? arena_strdup(&cli->arena, names) : NULL, *name;
	enum stw_code rc = STW_OK;

	if (names == NULL)
		return ruleset_load_embedded(out, err);
	while (rc == STW_OK && (name = strsep(&rest, ",")) != NULL) {
		if (nsources == PACKS_MAX)
			return stw_fail(
			    err, STW_INVALID, "--packs: more than %d packs", PACKS_MAX);
		rc = source_named(cli, name, packs, n, &sources[nsources++], err);
	}
	return rc == STW_OK ? ruleset_load_sources(sources, nsources, out, err) : rc;
}

enum stw_code
cmd_gate(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"decide"};
	const char *path = NULL, *packs = NULL, *letter = NULL;
	struct decide_options options = {STW_USEC_NEVER, 0};
	bool json = false, lines = false;
	const struct cli_opt opts[] = {{"facts", CLI_TEXT, &path, 0, 0},
	    {"packs", CLI_TEXT, &packs, 0, 0}, {"json", CLI_SWITCH, &json, 0, 0},
	    {"ndjson", CLI_SWITCH, &lines, 0, 0},
	    {"at", CLI_INSTANT, &options.at, 0, 0},
	    {"checkpoint", CLI_TEXT, &letter, 0, 0}};
	struct ruleset *rules = NULL;
	struct str text = {0};
	enum stw_code rc;

	if (cli_verb(cli, verbs, 1, err) < 0)
		return STW_INVALID;
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 0, 0, err);
	if (rc == STW_OK && letter != NULL &&
	    (strlen(letter) != 1 || strchr("PDC", letter[0]) == NULL))
		rc = stw_fail(err, STW_INVALID, "--checkpoint is P, D or C");
	options.checkpoint = rc == STW_OK && letter != NULL ? letter[0] : 0;
	if (rc == STW_OK && (path == NULL) != lines)
		rc = stw_fail(err, STW_INVALID, "either --facts FILE or --ndjson");
	if (rc == STW_OK && path != NULL)
		rc = cli_read_file(cli, path, FACTS_MAX, &text, err);
	if (rc == STW_OK)
		rc = load_packs(cli, packs, &rules, err);
	if (rc == STW_OK)
		cli->where = path;
	if (rc == STW_OK)
		rc = lines  ? print_lines(rules, &options, err)
		     : json ? print_json(rules, text, &options, err)
			    : print_text(cli, rules, text, &options, err);
	ruleset_free(rules);
	return rc;
}
