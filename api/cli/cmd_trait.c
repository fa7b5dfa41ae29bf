/* steward trait: what is known of a customer, a bank's own traits, and limits of the data. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "api/cli/cli.h"
#include "api/trait_change.h"
#include "segments/trait_quality_store.h"

struct lists {
	struct trait_catalogue catalogue;
	struct trait_quality *quality;
	int nquality;
};

static enum stw_code
lists_read(struct cli *cli, struct db *db, struct lists *out, struct stw_err *err)
{
	enum stw_code rc = trait_store_catalogue(db, &cli->arena, &out->catalogue, err);

	if (rc == STW_OK)
		rc = trait_quality_list(
		    db, &cli->arena, &out->quality, &out->nquality, err);
	return rc;
}

static const struct trait_quality *
quality_of(const struct lists *lists, const struct trait *trait)
{
	for (int i = 0; i < lists->nquality; i++) {
		const struct trait_quality *q = &lists->quality[i];

		if (strcmp(q->of, trait->of) == 0 && strcmp(q->name, trait->name) == 0)
			return q;
	}
	return NULL;
}

/* "customer.aum" in two; "aum" is customer.aum. */
static void
split_name(struct cli *cli, const char *text, const char **of, const char **name)
{
	const char *dot = strchr(text, '.');

	*of = dot == NULL ? "customer"
			  : arena_strndup(&cli->arena, text, (size_t)(dot - text));
	*name = dot == NULL ? text : dot + 1;
}

/* ---- list and show ---------------------------------------------------------------------- */
static void
print_state(const struct trait_quality *q)
{
	struct buf text;

	if (q == NULL || q->checked_at == STW_USEC_NEVER) {
		(void)printf("%s\n", q == NULL ? "" : "not looked at yet");
		return;
	}
	buf_init(&text);
	trait_finding_print(&q->finding, false, &text);
	(void)printf("%s%s\n", q->finding.breach == TRAIT_GOOD ? "" : "BREACH: ",
	    q->finding.breach == TRAIT_GOOD ? "good" : text.data);
	buf_fini(&text);
}

static enum stw_code
trait_list(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct lists lists;
	enum stw_code rc = lists_read(cli, db, &lists, err);

	if (rc != STW_OK)
		return rc;
	(void)printf(
	    "%-34s %-10s %-10s %-12s %s\n", "trait", "type", "", "sensitivity", "data");
	for (int i = 0; i < lists.catalogue.count; i++) {
		const struct trait *t = &lists.catalogue.traits[i];
		char name[100];

		(void)snprintf(name, sizeof name, "%s.%s", t->of, t->name);
		(void)printf("%-34s %-10s %-10s %-12s ", name, trait_type_name(t->type),
		    trait_is_fed(t)   ? "fed"
		    : t->own          ? "own"
		    : t->rule != NULL ? "derived"
				      : "",
		    trait_sensitivity_name(t->sensitivity));
		print_state(quality_of(&lists, t));
	}
	return STW_OK;
}

static void
print_limit(const char *what, int limit, int per, const char *unit)
{
	if (limit == TRAIT_NO_LIMIT)
		return;
	if (per == 1)
		(void)printf("    %-28s %d%s\n", what, limit, unit);
	else
		(void)printf("    %-28s %d.%0*d%s\n", what, limit / per,
		    per == 100 ? 2 : 3, limit % per, unit);
}

static void
print_quality(const struct cli *cli, const struct trait_quality *q)
{
	print_limit("at most missing", q->limits.max_missing_bp, 100, " %");
	print_limit("at most more missing", q->limits.max_rise_bp, 100, " %");
	print_limit("at most drift", q->limits.max_drift, 1000, "");
	print_limit("at most old", q->limits.max_age_hours, 1, " h");
	if (q->checked_at == STW_USEC_NEVER)
		return;
	(void)printf("    %-28s %s of %s\n", "missing", cli_count(q->look.missing),
	    cli_count(q->look.total));
	if (q->look.newest != STW_USEC_NEVER)
		(void)printf(
		    "    %-28s %s\n", "newest", cli_time(&cli->app, q->look.newest));
	(void)printf("    %-28s %s\n", "looked at", cli_time(&cli->app, q->checked_at));
	if (q->base_at != STW_USEC_NEVER)
		(void)printf(
		    "    %-28s %s\n", "baseline of", cli_time(&cli->app, q->base_at));
	(void)printf("    %-28s ", "data");
	print_state(q);
	if (q->finding.breach != TRAIT_GOOD)
		(void)printf("    %-28s %s\n", "since", cli_time(&cli->app, q->since));
}

static enum stw_code
trait_show(struct cli *cli, struct db *db, struct stw_err *err)
{
	const struct trait_quality *q;
	const struct trait *t;
	const char *of, *name;
	struct lists lists;
	enum stw_code rc = lists_read(cli, db, &lists, err);

	if (rc != STW_OK)
		return rc;
	split_name(cli, cli->argv[0], &of, &name);
	t = trait_find(&lists.catalogue, of, name);
	if (t == NULL)
		return stw_fail(err, STW_NOT_FOUND,
		    "there is no trait %.60s.%.80s; steward trait list", of, name);
	(void)printf(
	    "%s.%s\n    %s\n    %s\n    %-28s %s%s%s\n    %-28s %s\n    %-28s %s\n",
	    t->of, t->name, t->zh, t->en, "type", trait_type_name(t->type),
	    t->unit == NULL ? "" : ", ", t->unit == NULL ? "" : t->unit, "source",
	    t->source, "sensitivity", trait_sensitivity_name(t->sensitivity));
	if (t->rule != NULL)
		(void)printf("    %-28s %s\n", "rule", t->rule);
	if (trait_is_fed(t))
		(void)printf("    %-28s %s\n", "newest feed",
		    t->fed_at == STW_USEC_NEVER ? "none yet"
						: cli_time(&cli->app, t->fed_at));
	q = quality_of(&lists, t);
	if (q != NULL)
		print_quality(cli, q);
	return STW_OK;
}

/* ---- changes ------------------------------------------------------------------------------ */
static enum stw_code
trait_save(struct cli *cli, struct db *db, const char *by, struct stw_err *err)
{
	struct trait trait;
	struct str text;
	int version = 0;
	enum stw_code rc;

	rc = cli_read_file(cli, cli->argv[1], TRAIT_MAX_DOCUMENT, &text, err);
	if (rc == STW_OK)
		rc = trait_document_parse(text, cli->argv[0], &cli->arena, &trait, err);
	if (rc == STW_OK)
		rc = trait_change_save(
		    db, &trait, by, app_now(&cli->app), &version, err);
	if (rc == STW_OK)
		(void)printf("customer.%s version %d\n", cli->argv[0], version);
	return rc;
}

struct add_texts {
	const char *type, *unit, *sensitivity, *zh, *en, *rule;
};

/* Without a rule it is fed. */
static enum stw_code
trait_add(struct cli *cli, struct db *db, const struct add_texts *texts, const char *by,
    struct stw_err *err)
{
	json_t *doc;
	char *text;
	struct trait trait;
	int version = 0;
	enum stw_code rc;

	if (texts->type == NULL || texts->sensitivity == NULL || texts->zh == NULL ||
	    texts->en == NULL)
		return stw_fail(err, STW_INVALID,
		    "--type, --sensitivity, --zh and --en are needed: what it is, for "
		    "whoever uses it");
	doc = json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s*, s:s}", "type", texts->type,
	    "sensitivity", texts->sensitivity, "zh", texts->zh, "en", texts->en, "unit",
	    texts->unit, "rule", texts->rule, "source",
	    texts->rule == NULL ? "feed" : "derived");
	if (doc == NULL)
		return stw_fail(err, STW_INVALID, "a text is not UTF-8");
	text = json_dumps(doc, 0);
	json_decref(doc);
	STW_ASSERT(text != NULL);
	rc = trait_document_parse(str_of(text), cli->argv[0], &cli->arena, &trait, err);
	free(text);
	if (rc == STW_OK)
		rc = trait_change_save(
		    db, &trait, by, app_now(&cli->app), &version, err);
	if (rc == STW_OK)
		(void)printf("customer.%s version %d%s\n", cli->argv[0], version,
		    trait_is_fed(&trait) ? ", to be fed" : "");
	return rc;
}

static enum stw_code
trait_retire(struct cli *cli, struct db *db, const char *by, struct stw_err *err)
{
	enum stw_code rc =
	    trait_change_retire(db, cli->argv[0], by, app_now(&cli->app), err);

	if (rc == STW_OK)
		(void)printf("customer.%s is retired\n", cli->argv[0]);
	return rc;
}

/* "5", "5.25": percent to basis points; "0.25": to thousandths. */
static enum stw_code
parse_share(
    const char *option, const char *text, int per, int *out, struct stw_err *err)
{
	int digits = 0, seen = 0;
	int64_t v = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && v < 100000; p++, seen++)
		v = v * 10 + (*p - '0');
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9' && digits < 3; p++, seen++, digits++)
			v = v * 10 + (*p - '0');
	for (int scale = per; scale > 1; scale /= 10, digits--)
		if (digits <= 0)
			v *= 10;
	if (*p == '%' && per == 100)
		p++;
	if (*p != '\0' || seen == 0 || digits > 0 || v > 1000000)
		return stw_fail(err, STW_INVALID,
		    "--%s is a number like %s, not \"%.40s\"", option,
		    per == 100 ? "5 or 2.5 (percent)" : "0.25", text);
	*out = (int)v;
	return STW_OK;
}

struct limit_texts {
	const char *missing, *rise, *drift;
	int64_t hours;
};

static enum stw_code
trait_limit(struct cli *cli, struct db *db, const struct limit_texts *texts,
    const char *by, struct stw_err *err)
{
	struct trait_limits limits = {
	    TRAIT_NO_LIMIT, TRAIT_NO_LIMIT, TRAIT_NO_LIMIT, TRAIT_NO_LIMIT};
	const char *of, *name;
	enum stw_code rc = STW_OK;

	if (texts->hours > 0)
		limits.max_age_hours = (int)texts->hours;
	if (texts->missing != NULL)
		rc = parse_share(
		    "max-missing", texts->missing, 100, &limits.max_missing_bp, err);
	if (rc == STW_OK && texts->rise != NULL)
		rc =
		    parse_share("max-rise", texts->rise, 100, &limits.max_rise_bp, err);
	if (rc == STW_OK && texts->drift != NULL)
		rc = parse_share(
		    "max-drift", texts->drift, 1000, &limits.max_drift, err);
	if (rc != STW_OK)
		return rc;
	split_name(cli, cli->argv[0], &of, &name);
	rc = trait_limits_set(db, of, name, &limits, by, app_now(&cli->app), err);
	if (rc == STW_OK)
		(void)printf(
		    "limits of %s.%s are set; the next plan looks at it\n", of, name);
	return rc;
}

static enum stw_code
trait_accept(struct cli *cli, struct db *db, const char *by, struct stw_err *err)
{
	const char *of, *name;
	enum stw_code rc;

	split_name(cli, cli->argv[0], &of, &name);
	rc = trait_quality_accept(db, of, name, by, app_now(&cli->app), err);
	if (rc == STW_OK)
		(void)printf("the next look at %s.%s is its baseline\n", of, name);
	return rc;
}

enum verb { LIST = 0, SHOW, ADD, SAVE, RETIRE, LIMIT, ACCEPT, VERBS };

enum stw_code
cmd_trait(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[VERBS] = {
	    "list", "show", "add", "save", "retire", "limit", "accept"};
	static const int words[VERBS] = {0, 1, 1, 2, 1, 1, 1};
	struct limit_texts limits = {0};
	struct add_texts add = {0};
	const char *by = NULL;
	const struct cli_opt adds[] = {{"by", CLI_TEXT, &by, 0, 0},
	    {"type", CLI_TEXT, &add.type, 0, 0}, {"unit", CLI_TEXT, &add.unit, 0, 0},
	    {"sensitivity", CLI_TEXT, &add.sensitivity, 0, 0},
	    {"zh", CLI_TEXT, &add.zh, 0, 0}, {"en", CLI_TEXT, &add.en, 0, 0},
	    {"rule", CLI_TEXT, &add.rule, 0, 0}};
	const struct cli_opt opts[] = {{"by", CLI_TEXT, &by, 0, 0},
	    {"max-missing", CLI_TEXT, &limits.missing, 0, 0},
	    {"max-rise", CLI_TEXT, &limits.rise, 0, 0},
	    {"max-drift", CLI_TEXT, &limits.drift, 0, 0},
	    {"max-age-hours", CLI_NUMBER, &limits.hours, 1, 100000}};
	int verb = cli_verb(cli, verbs, VERBS, err), nopts;
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	nopts = verb == LIMIT ? (int)STW_ARRAY_LEN(opts) : verb > SHOW ? 1 : 0;
	if (verb == ADD)
		nopts = (int)STW_ARRAY_LEN(adds);
	rc = cli_parse(
	    cli, verb == ADD ? adds : opts, nopts, words[verb], words[verb], err);
	if (rc == STW_OK && verb > SHOW && by == NULL)
		rc = stw_fail(
		    err, STW_INVALID, "--by WHO is needed: changes keep who made them");
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	switch ((enum verb)verb) {
	case LIST:
		return trait_list(cli, db, err);
	case SHOW:
		return trait_show(cli, db, err);
	case ADD:
		return trait_add(cli, db, &add, by, err);
	case SAVE:
		return trait_save(cli, db, by, err);
	case RETIRE:
		return trait_retire(cli, db, by, err);
	case LIMIT:
		return trait_limit(cli, db, &limits, by, err);
	case ACCEPT:
		return trait_accept(cli, db, by, err);
	case VERBS:
		break;
	}
	return STW_BUG;
}
