/* Do-not-call registries and those of reassigned numbers; carriers' causes. */
#include <string.h>

#include "api/cli/cli.h"
#include "campaigns/objection_store.h"
#include "campaigns/registry_query_store.h"
#include "campaigns/registry_store.h"

/* What the verbs take, together. */
struct asked {
	struct registry def;
	struct registry_answer answer;
	const char *channels, *names, *by, *text_zh, *text_en, *source, *effect;
	const char *listed_on, *consent_date;
	const char *url, *form, *secret_file;
	int64_t fresh, grace, max_errors, timeout_ms, per_second;
	stw_usec obtained;
	bool off;
};

/* "a,b" -> its words, in the arena. */
static size_t
words_of(struct cli *cli, const char *text, const char *const **out)
{
	size_t n = 0, room = text == NULL ? 0 : strlen(text) / 2 + 1;
	const char **words = arena_array(&cli->arena, room, sizeof *words);
	char *copy = text == NULL ? NULL : arena_strdup(&cli->arena, text);
	char *rest = NULL;

	for (char *w = copy == NULL ? NULL : strtok_r(copy, ",", &rest);
	     w != NULL && n < room; w = strtok_r(NULL, ",", &rest))
		words[n++] = w;
	*out = words;
	return n;
}

static enum stw_code
list(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct registry *rows;
	int count;
	enum stw_code rc = registry_list(db, &cli->arena, &rows, &count, err);

	for (int i = 0; rc == STW_OK && i < count; i++) {
		const struct registry *r = &rows[i];

		(void)printf("%-12s %-12s %s  %s, fresh %d days", r->code, r->kind,
		    r->country, r->up ? "up" : "DOWN", r->freshness_days);
		if (r->version > 0)
			(void)printf("; version %d of %s, %s numbers%s", r->version,
			    cli_time(&cli->app, r->obtained_at), cli_count(r->listed),
			    r->comparable ? "" : ", OF AN OLD KEY: load it again");
		else if (strcmp(r->kind, "do_not_call") == 0 && r->results == 0)
			(void)printf("; NOTHING LOADED");
		if (r->results > 0)
			(void)printf("; %s answers, newest of %s",
			    cli_count(r->results),
			    cli_time(&cli->app, r->newest_result));
		(void)putchar('\n');
	}
	if (rc == STW_OK && count == 0)
		(void)puts("no registries");
	return rc;
}

static enum stw_code
load(struct cli *cli, struct db *db, const struct asked *a, struct stw_err *err)
{
	struct registry_file file = {.registry = cli->argv[0],
	    .path = cli->argc > 1 ? cli->argv[1] : NULL,
	    .obtained_at = a->obtained,
	    .max_errors = a->max_errors,
	    .actor = a->by};
	struct registry_load done = {0};
	const struct seal_keys *keys;
	enum stw_code rc;

	if (file.path == NULL || a->obtained == STW_USEC_NEVER)
		return stw_fail(err, STW_INVALID,
		    "load needs the file and --obtained, when the registry gave it out");
	if (a->names != NULL)
		file.nnames = (int)words_of(cli, a->names, &file.names);
	rc = app_keys(&cli->app, false, &keys, err);
	if (rc == STW_OK)
		rc = registry_load(
		    db, keys, &file, app_now(&cli->app), &cli->arena, &done, err);
	for (int i = 0; i < done.nproblems; i++)
		(void)fprintf(stderr, "%s\n", done.problems[i]);
	if (rc == STW_OK)
		(void)printf("%s version %d: %s numbers, %s lines rejected%s\n",
		    file.registry, done.version, cli_count(done.listed),
		    cli_count(done.rejected),
		    done.unchanged ? "; it was loaded before" : "");
	return rc;
}

static enum stw_code
day_of(const char *name, const char *text, stw_day *out, struct stw_err *err)
{
	*out = REGISTRY_NO_DAY;
	if (text == NULL || stw_day_parse(str_of(text), out) == STW_OK)
		return STW_OK;
	return stw_fail(err, STW_INVALID, "--%s %s: a day like 2026-11-23", name, text);
}

static enum stw_code
answer(struct cli *cli, struct db *db, struct asked *a, struct stw_err *err)
{
	const struct seal_keys *keys;
	enum stw_code rc;

	if (cli->argc < 2 || a->answer.answer == NULL)
		return stw_fail(
		    err, STW_INVALID, "answer needs the number and --answer");
	a->answer.registry = cli->argv[0];
	a->answer.number = str_of(cli->argv[1]);
	a->answer.obtained_at =
	    a->obtained == STW_USEC_NEVER ? app_now(&cli->app) : a->obtained;
	rc = day_of("listed-on", a->listed_on, &a->answer.listed_on, err);
	if (rc == STW_OK)
		rc = day_of(
		    "consent-date", a->consent_date, &a->answer.consent_date, err);
	if (rc == STW_OK)
		rc = app_keys(&cli->app, false, &keys, err);
	if (rc == STW_OK)
		rc = registry_record(
		    db, keys, &a->answer, a->by, app_now(&cli->app), err);
	return rc;
}

static enum stw_code
define(struct cli *cli, struct db *db, struct asked *a, struct stw_err *err)
{
	if (a->def.kind == NULL || a->def.country == NULL || a->def.name_zh == NULL ||
	    a->def.name_en == NULL || a->fresh == 0)
		return stw_fail(err, STW_INVALID,
		    "define needs --kind, --country, --name-zh, --name-en and --fresh-days");
	a->def.code = cli->argv[0];
	a->def.freshness_days = (int)a->fresh;
	a->def.grace_days = (int)a->grace;
	a->def.nchannels = words_of(cli, a->channels, &a->def.channels);
	return registry_put(db, &a->def, a->by, app_now(&cli->app), err);
}

static enum stw_code
causes(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct carrier_cause *rows;
	int count;
	enum stw_code rc = carrier_cause_list(db, &cli->arena, &rows, &count, err);

	for (int i = 0; rc == STW_OK && i < count; i++)
		(void)printf("%-16s %-12s %s  %s (%s)\n", rows[i].cause, rows[i].effect,
		    rows[i].text_zh, rows[i].text_en, rows[i].source);
	return rc;
}

/* ---- how a registry is asked -------------------------------------------------------------- */
static enum stw_code
print_query(struct cli *cli, struct db *db, const char *code, struct stw_err *err)
{
	struct registry_query *rows;
	int count;
	enum stw_code rc = registry_query_list(db, &cli->arena, &rows, &count, err);

	for (int i = 0; rc == STW_OK && i < count; i++) {
		const struct registry_query *q = &rows[i];

		if (strcmp(q->registry, code) != 0)
			continue;
		(void)printf("%s  %s, numbers as %s, within %d ms, %d a second, %s, %s "
			     "(%s)\n",
		    q->registry, q->url, q->number_form, q->timeout_ms, q->per_second,
		    q->has_secret ? "with a secret" : "no secret",
		    q->enabled ? "asked" : "NOT ASKED", q->updated_by);
		return STW_OK;
	}
	return rc != STW_OK
		   ? rc
		   : stw_fail(err, STW_NOT_FOUND,
			 "%s is not asked: say how with --url and --form (e164, "
			 "sha256 or hmac_sha256)",
			 code);
}

/* A secret comes from a file: what stands on the command line, others read. */
static enum stw_code
secret_of(struct cli *cli, const char *path, const char **out, struct stw_err *err)
{
	struct str text;
	enum stw_code rc = cli_read_file(cli, path, 400, &text, err);

	if (rc != STW_OK)
		return rc;
	while (text.len > 0 && strchr("\r\n", text.ptr[text.len - 1]) != NULL)
		text.len--;
	if (text.len == 0 || memchr(text.ptr, '\0', text.len) != NULL)
		return stw_fail(
		    err, STW_INVALID, "%s: one line of text is wanted", path);
	*out = arena_printf(&cli->arena, "%.*s", (int)text.len, text.ptr);
	return STW_OK;
}

static enum stw_code
query(struct cli *cli, struct db *db, const struct asked *a, struct stw_err *err)
{
	struct registry_query q = {.registry = cli->argv[0],
	    .url = a->url,
	    .number_form = a->form,
	    .timeout_ms = (int)a->timeout_ms,
	    .per_second = (int)a->per_second,
	    .enabled = !a->off};
	const struct seal_keys *keys;
	enum stw_code rc;

	if (a->url == NULL || a->form == NULL)
		return stw_fail(err, STW_INVALID, "query needs --url and --form");
	rc = app_keys(&cli->app, false, &keys, err);
	if (rc == STW_OK && a->secret_file != NULL)
		rc = secret_of(cli, a->secret_file, &q.secret, err);
	if (rc == STW_OK)
		rc = registry_query_put(db, keys, &q, a->by, app_now(&cli->app), err);
	return rc;
}

enum verb { LIST, DEFINE, LOAD, ANSWER, QUERY, UP, DOWN, CAUSES, CAUSE };

/* The verbs that write, in one transaction. */
static enum stw_code
change(struct cli *cli, struct db *db, enum verb verb, struct asked *a,
    struct stw_err *err)
{
	const struct carrier_cause cause = {.cause = cli->argv[0],
	    .effect = a->effect,
	    .text_zh = a->text_zh,
	    .text_en = a->text_en,
	    .source = a->source};
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	if (verb == DEFINE)
		rc = define(cli, db, a, err);
	else if (verb == ANSWER)
		rc = answer(cli, db, a, err);
	else if (verb == QUERY)
		rc = query(cli, db, a, err);
	else if (verb == CAUSE && (a->effect == NULL || a->text_zh == NULL ||
				      a->text_en == NULL || a->source == NULL))
		rc = stw_fail(err, STW_INVALID,
		    "cause needs --effect, --text-zh, --text-en and --source");
	else if (verb == CAUSE)
		rc = carrier_cause_put(db, &cause, a->by, app_now(&cli->app), err);
	else
		rc = registry_set_up(
		    db, cli->argv[0], verb == UP, a->by, app_now(&cli->app), err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc == STW_OK)
		(void)puts("recorded");
	else
		db_rollback(db);
	return rc;
}

enum stw_code
cmd_registry(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"list", "define", "load", "answer", "query",
	    "up", "down", "causes", "cause"};
	struct asked a = {
	    .obtained = STW_USEC_NEVER, .timeout_ms = 1000, .per_second = 10};
	const struct cli_opt opts[] = {{"kind", CLI_TEXT, &a.def.kind, 0, 0},
	    {"country", CLI_TEXT, &a.def.country, 0, 0},
	    {"name-zh", CLI_TEXT, &a.def.name_zh, 0, 0},
	    {"name-en", CLI_TEXT, &a.def.name_en, 0, 0},
	    {"channels", CLI_TEXT, &a.channels, 0, 0},
	    {"fresh-days", CLI_NUMBER, &a.fresh, 1, 3660},
	    {"grace-days", CLI_NUMBER, &a.grace, 0, 365},
	    {"names", CLI_TEXT, &a.names, 0, 0},
	    {"max-errors", CLI_NUMBER, &a.max_errors, 0, 1000000000},
	    {"obtained", CLI_INSTANT, &a.obtained, 0, 0},
	    {"answer", CLI_TEXT, &a.answer.answer, 0, 0},
	    {"listed-on", CLI_TEXT, &a.listed_on, 0, 0},
	    {"consent-date", CLI_TEXT, &a.consent_date, 0, 0},
	    {"reference", CLI_TEXT, &a.answer.reference, 0, 0},
	    {"url", CLI_TEXT, &a.url, 0, 0}, {"form", CLI_TEXT, &a.form, 0, 0},
	    {"secret-file", CLI_TEXT, &a.secret_file, 0, 0},
	    {"timeout-ms", CLI_NUMBER, &a.timeout_ms, 50, 5000},
	    {"per-second", CLI_NUMBER, &a.per_second, 1, 1000},
	    {"off", CLI_SWITCH, &a.off, 0, 0}, {"effect", CLI_TEXT, &a.effect, 0, 0},
	    {"text-zh", CLI_TEXT, &a.text_zh, 0, 0},
	    {"text-en", CLI_TEXT, &a.text_en, 0, 0},
	    {"source", CLI_TEXT, &a.source, 0, 0}, {"by", CLI_TEXT, &a.by, 0, 0}};
	int verb = cli_verb(cli, verbs, (int)STW_ARRAY_LEN(verbs), err);
	bool reads = verb == LIST || verb == CAUSES, shows;
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), reads ? 0 : 1,
	    verb == LOAD || verb == ANSWER ? 2 : 1, err);
	/* Nothing said of how to ask: it is shown. */
	shows = verb == QUERY && a.url == NULL && a.form == NULL &&
		a.secret_file == NULL && !a.off && a.by == NULL;
	if (rc == STW_OK && !reads && !shows && a.by == NULL)
		rc = stw_fail(err, STW_INVALID, "--by is needed");
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	if (verb == LIST)
		return list(cli, db, err);
	if (verb == CAUSES)
		return causes(cli, db, err);
	if (shows)
		return print_query(cli, db, cli->argv[0], err);
	if (verb == LOAD)
		return load(cli, db, &a, err);
	return change(cli, db, (enum verb)verb, &a, err);
}
