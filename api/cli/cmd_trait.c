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
print_limits(const struct trait_limits *l)
{
	print_limit("at most missing", l->max_missing_bp, 100, " %");
	print_limit("at most more missing", l->max_rise_bp, 100, " %");
	print_limit("at most drift", l->max_drift, 1000, "");
	print_limit("at most old", l->max_age_hours, 1, " h");
}

static void
print_quality(const struct cli *cli, const struct trait_quality *q)
{
	print_limits(&q->limits);
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
		    "there is no trait %.60s.%.80s (`steward trait list` has them)", of,
		    name);
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

/* ---- limits -------------------------------------------------------------------------------- */
/* A limit as a command names it, and as it is stored. */
struct limit_option {
	const char *name, *like;
	int per, least, most; /* stored: so many to one; from and to */
};
static const struct limit_option limit_options[] = {
    {"max-missing", "a percentage from 0 to 100 like 5, 2.5 or \"2.5 %\"", 100, 0,
	10000},
    {"max-rise", "a percentage from 0 to 100 like 5, 2.5 or \"2.5 %\"", 100, 0, 10000},
    {"max-drift", "a number from 0.001 to 10 like 0.25", 1000, 1, 10000},
    {"max-age-hours", "a number of hours from 1 to 100000", 1, 1, 100000},
};
#define LIMITS ((int)STW_ARRAY_LEN(limit_options))

/* "5", "5.25" times per; with less than a unit of it: -1, as for what is no number. */
static int64_t
parse_scaled(const char *text, int per)
{
	int digits = 0, seen = 0;
	int64_t v = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && v < 1000000; p++, seen++)
		v = v * 10 + (*p - '0');
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9' && digits < 3; p++, seen++, digits++)
			v = v * 10 + (*p - '0');
	for (int scale = per; scale > 1; scale /= 10, digits--)
		if (digits <= 0)
			v *= 10;
	p += per == 100 ? strspn(p, " ") : 0;
	p += per == 100 && *p == '%';
	return *p != '\0' || seen == 0 || digits > 0 ? -1 : v;
}

/* text NULL: not named. */
static enum stw_code
parse_limit(
    const struct limit_option *o, const char *text, int *out, struct stw_err *err)
{
	int64_t v;

	*out = text == NULL ? TRAIT_KEEP_LIMIT : TRAIT_NO_LIMIT;
	if (text == NULL || strcmp(text, "none") == 0)
		return STW_OK;
	v = parse_scaled(text, o->per);
	if (v < o->least || v > o->most)
		return stw_fail(err, STW_INVALID,
		    "--%s is %s, or none for no limit; not \"%.40s\"", o->name, o->like,
		    text);
	*out = (int)v;
	return STW_OK;
}

static enum stw_code
show_limits(struct cli *cli, struct db *db, const char *of, const char *name,
    struct stw_err *err)
{
	struct trait_quality q;
	enum stw_code rc = trait_quality_get(db, of, name, &cli->arena, &q, err);
	const struct trait_limits *l = &q.limits;

	if (rc != STW_OK)
		return rc;
	(void)printf("%s.%s\n", of, name);
	print_limits(l);
	if (l->max_missing_bp < 0 && l->max_rise_bp < 0 && l->max_drift < 0 &&
	    l->max_age_hours < 0)
		(void)printf("    no limits\n");
	return STW_OK;
}

/* What is not named stays; with nothing named the limits are only shown. */
static enum stw_code
trait_limit(struct cli *cli, struct db *db, const char *const texts[LIMITS],
    const char *by, struct stw_err *err)
{
	struct trait_limits change;
	int *const to[] = {&change.max_missing_bp, &change.max_rise_bp,
	    &change.max_drift, &change.max_age_hours};
	const char *of, *name;
	enum stw_code rc = STW_OK;
	bool named = false;

	for (int i = 0; i < LIMITS && rc == STW_OK; i++) {
		rc = parse_limit(&limit_options[i], texts[i], to[i], err);
		named = named || texts[i] != NULL;
	}
	if (rc == STW_OK && named && by == NULL)
		rc = stw_fail(
		    err, STW_INVALID, "--by WHO is needed: changes keep who made them");
	if (rc != STW_OK)
		return rc;
	split_name(cli, cli->argv[0], &of, &name);
	if (named)
		rc = trait_limits_change(
		    db, of, name, &change, by, app_now(&cli->app), err);
	if (rc == STW_OK)
		rc = show_limits(cli, db, of, name, err);
	if (rc == STW_OK && named)
		(void)printf("the next plan goes by them\n");
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
	const char *limits[STW_ARRAY_LEN(limit_options)] = {0};
	struct add_texts add = {0};
	const char *by = NULL;
	const struct cli_opt adds[] = {{"by", CLI_TEXT, &by, 0, 0},
	    {"type", CLI_TEXT, &add.type, 0, 0}, {"unit", CLI_TEXT, &add.unit, 0, 0},
	    {"sensitivity", CLI_TEXT, &add.sensitivity, 0, 0},
	    {"zh", CLI_TEXT, &add.zh, 0, 0}, {"en", CLI_TEXT, &add.en, 0, 0},
	    {"rule", CLI_TEXT, &add.rule, 0, 0}};
	const struct cli_opt opts[] = {{"by", CLI_TEXT, &by, 0, 0},
	    {limit_options[0].name, CLI_TEXT, &limits[0], 0, 0},
	    {limit_options[1].name, CLI_TEXT, &limits[1], 0, 0},
	    {limit_options[2].name, CLI_TEXT, &limits[2], 0, 0},
	    {limit_options[3].name, CLI_TEXT, &limits[3], 0, 0}};
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
	if (rc == STW_OK && verb > SHOW && verb != LIMIT && by == NULL)
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
		return trait_limit(cli, db, limits, by, err);
	case ACCEPT:
		return trait_accept(cli, db, by, err);
	case VERBS:
		break;
	}
	return STW_BUG;
}
