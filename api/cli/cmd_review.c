/* steward review: draws of contacts, verdicts of one or two, and how far they agree. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/cli/look.h"
#include "api/request.h"
#include "api/review_json.h"

#define DOCUMENT_BYTES ((size_t)64 * 1024)
#define TEXT_MAX       1000 /* characters of a note or a reply, as the API takes them */

enum verb {
	LIST = 0,
	DRAW,
	SHOW,
	AGAIN,
	VERDICT,
	FINAL,
	REPLY,
	AGREEMENT,
	RELEASE,
	VERBS
};

struct asked {
	enum verb verb;
	struct look look;
	struct review_filter filter;
	const char *seed, *plan, *answers, *note, *hold, *text;
	bool json;
	int64_t limit, after;
	stw_usec from, to;
	struct uuid draw; /* of all that name one */
	int item;
};

static const char *
or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

/* ---- shown ------------------------------------------------------------------------------- */
static void
draw_text(const struct app *app, const struct review_draw_row *d)
{
	char id[UUID_TEXT];

	(void)printf("%s  drawn %s by %-12s %d items, %d open, %d disputed\n",
	    uuid_format(&d->id, id), cli_time(app, d->drawn_at), d->drawn_by, d->items,
	    d->open, d->disputed);
}

static void
item_text(const struct review_item_row *i)
{
	(void)printf("%5d  %-8s %-8s %s  %-12s twice %s ", i->item_no, i->state,
	    or_dash(i->verdict), i->subject_id, or_dash(i->agent),
	    i->reviews == 2 ? "yes" : "no ");
	for (size_t s = 0; s < i->nstrata; s++)
		(void)printf("%s%s", s > 0 ? "," : " ", i->strata[s]);
	(void)putchar('\n');
}

static enum stw_code
draw_load(struct cli *cli, struct db *db, const struct uuid *id,
    struct review_draw_row *out, struct stw_err *err)
{
	struct review_draw_row *rows;
	char text[UUID_TEXT];
	int count;
	enum stw_code rc = review_draws(db, id, 1, &cli->arena, &rows, &count, err);

	if (rc == STW_OK && count == 0)
		rc = stw_fail(
		    err, STW_NOT_FOUND, "there is no draw %s", uuid_format(id, text));
	if (rc == STW_OK)
		*out = rows[0];
	return rc;
}

static enum stw_code
draw_print(struct cli *cli, struct db *db, const struct uuid *id, const struct asked *a,
    struct stw_err *err)
{
	struct review_draw_row d = {0};
	enum stw_code rc = draw_load(cli, db, id, &d, err);
	json_t *v;

	if (rc != STW_OK)
		return rc;
	if (a->json) {
		v = review_draw_json(&d);
		look_print(v);
		json_decref(v);
		return STW_OK;
	}
	draw_text(&cli->app, &d);
	(void)printf("    of %s up to %s, seed %s, items' SHA-256 %s\n    %s\n",
	    cli_time(&cli->app, d.from), cli_time(&cli->app, d.to), d.seed,
	    d.items_hash, d.population);
	return STW_OK;
}

static enum stw_code
list(struct cli *cli, struct db *db, struct asked *a, struct stw_err *err)
{
	struct review_draw_row *rows;
	json_t *items = json_array();
	int count;
	enum stw_code rc =
	    review_draws(db, NULL, (int)a->limit, &cli->arena, &rows, &count, err);

	for (int i = 0; rc == STW_OK && i < count; i++) {
		if (a->json)
			json_push(items, review_draw_json(&rows[i]));
		else
			draw_text(&cli->app, &rows[i]);
	}
	if (rc == STW_OK && a->json)
		look_print(items);
	else if (rc == STW_OK && count == 0)
		(void)puts("nothing was drawn yet");
	json_decref(items);
	return rc;
}

static enum stw_code
items(struct cli *cli, struct db *db, struct asked *a, struct stw_err *err)
{
	struct review_item_row *rows;
	json_t *list_json = json_array();
	int count;
	enum stw_code rc = review_items(
	    db, &a->draw, &a->filter, (int)a->limit, &cli->arena, &rows, &count, err);

	for (int i = 0; rc == STW_OK && i < count; i++)
		json_push(list_json, review_item_json(&rows[i]));
	if (rc == STW_OK)
		rc = look_note(cli, db, &a->look, "review show", cli->argv[0], count,
		    list_json, err);
	if (rc == STW_OK && a->json)
		look_print(list_json);
	else if (rc == STW_OK)
		rc = draw_print(cli, db, &a->draw, a, err);
	for (int i = 0; rc == STW_OK && !a->json && i < count; i++)
		item_text(&rows[i]);
	if (rc == STW_OK && !a->json && count == a->limit)
		(void)printf("perhaps more: --after %d\n", rows[count - 1].item_no);
	json_decref(list_json);
	return rc;
}

/* One item; what others said of it is shown when all are in. */
static enum stw_code
item(struct cli *cli, struct db *db, struct asked *a, struct stw_err *err)
{
	const struct review_filter one = {.item_no = a->item};
	struct review_verdict *given = NULL;
	struct review_item_row *rows;
	json_t *v = NULL, *verdicts, *said;
	int count, ngiven;
	size_t i;
	enum stw_code rc =
	    review_items(db, &a->draw, &one, 1, &cli->arena, &rows, &count, err);

	if (rc == STW_OK && count == 0)
		rc = stw_fail(
		    err, STW_NOT_FOUND, "there is no item %d in this draw", a->item);
	if (rc == STW_OK)
		rc = review_verdicts(
		    db, &a->draw, a->item, &cli->arena, &given, &ngiven, err);
	if (rc != STW_OK)
		return rc;
	v = review_item_json(&rows[0]);
	verdicts = review_verdicts_json(&rows[0], given, ngiven, a->look.who);
	json_put(v, "given", json_integer(ngiven));
	json_put(v, "verdicts", verdicts);
	rc = look_note(cli, db, &a->look, "review item", cli->argv[0], -1, v, err);
	if (rc == STW_OK && a->json)
		look_print(v);
	else if (rc == STW_OK) {
		item_text(&rows[0]);
		(void)printf("    %d of %d verdicts given; final by %s\n", ngiven,
		    rows[0].reviews, or_dash(rows[0].final_by));
		json_array_foreach(verdicts, i, said)(void) printf("    %-12s %s\n",
		    json_string_value(json_object_get(said, "reviewer")),
		    json_string_value(json_object_get(said, "verdict")));
	}
	json_decref(v);
	return rc;
}

static enum stw_code
agreement(struct db *db, const struct asked *a, struct stw_err *err)
{
	struct review_agreement found;
	enum stw_code rc = review_agreement(db, a->from, a->to, &found, err);
	int64_t kappa;
	json_t *v;

	if (rc != STW_OK)
		return rc;
	if (a->json) {
		v = review_agreement_json(&found);
		look_print(v);
		json_decref(v);
		return STW_OK;
	}
	(void)printf("%s items judged twice, %s alike", cli_count(found.judged),
	    cli_count(found.agreed));
	if (review_kappa(found.table, REVIEW_VERDICTS, &kappa))
		(void)printf(", kappa %s thousandths", cli_count(kappa));
	(void)printf("\nfirst\\second");
	for (int k = 0; k < REVIEW_VERDICTS; k++)
		(void)printf(" %8s", review_verdict_name(k));
	for (int i = 0; i < REVIEW_VERDICTS; i++) {
		(void)printf("\n%-12s", review_verdict_name(i));
		for (int k = 0; k < REVIEW_VERDICTS; k++)
			(void)printf(
			    " %8s", cli_count(found.table[i * REVIEW_VERDICTS + k]));
	}
	(void)putchar('\n');
	return STW_OK;
}

/* ---- done -------------------------------------------------------------------------------- */
static enum stw_code
document(struct cli *cli, const char *path, json_t **out, struct stw_err *err)
{
	json_error_t error;
	struct str text;
	enum stw_code rc = cli_read_file(cli, path, DOCUMENT_BYTES, &text, err);

	if (rc != STW_OK)
		return rc;
	*out = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
	cli->where = path;
	if (*out == NULL)
		return stw_fail_at(err, STW_INVALID, error.line, error.column,
		    "no JSON: %.150s", error.text);
	if (!json_is_object(*out))
		return stw_fail_at(err, STW_INVALID, 1, 1, "an object is wanted");
	return STW_OK;
}

static enum stw_code
draw(struct cli *cli, struct db *db, const struct asked *a, struct uuid *id,
    struct stw_err *err)
{
	stw_usec now = app_now(&cli->app);
	struct review_ask ask = {.actor = a->look.who,
	    .from = a->from != STW_USEC_NEVER ? a->from : now - 7 * STW_USEC_DAY,
	    .to = a->to != STW_USEC_MAX ? a->to : now};
	json_t *plan = NULL;
	enum stw_code rc = review_seed_read(a->seed, ask.seed, err);

	if (rc == STW_OK && a->plan != NULL)
		rc = document(cli, a->plan, &plan, err);
	if (rc == STW_OK)
		rc = review_plan_read(plan, &ask.plan, err);
	json_decref(plan);
	if (rc != STW_OK)
		return rc;
	ask.plan_json = review_plan_text(&ask.plan, &cli->arena);
	return review_draw_record(db, &ask, now, &cli->arena, id, err);
}

static enum stw_code
again(struct cli *cli, struct db *db, const struct asked *a, bool *same,
    struct stw_err *err)
{
	struct review_ask ask = {.actor = a->look.who};
	struct review_draw_row d = {0};
	enum stw_code rc = draw_load(cli, db, &a->draw, &d, err);

	if (rc != STW_OK)
		return rc;
	ask.from = d.from;
	ask.to = d.to;
	review_plan_kept(d.plan, &ask.plan);
	STW_ASSERT(review_seed_parse(d.seed, ask.seed));
	return review_draw_again(db, &ask, d.items_hash, &cli->arena, same, err);
}

static enum stw_code
judge(struct cli *cli, struct db *db, const struct asked *a, struct stw_err *err)
{
	struct review_verdict v = {.reviewer = a->look.who,
	    .verdict = cli->argv[2],
	    .note = a->note,
	    .hold = a->hold};
	json_t *form = NULL;
	enum stw_code rc = STW_OK;

	if (a->answers == NULL)
		rc = stw_fail(err, STW_INVALID,
		    "--answers FILE is needed: the form, each question yes, no or "
		    "not_applicable (docs/review.md)");
	if (rc == STW_OK)
		rc = document(cli, a->answers, &form, err);
	if (rc == STW_OK)
		rc = review_answers_read(form, &cli->arena, &v.answers, err);
	json_decref(form);
	if (rc == STW_OK)
		rc = review_judge(db, &a->draw, a->item, &v, app_now(&cli->app), err);
	return rc;
}

/* What changes something, in one transaction. */
static enum stw_code
change(struct cli *cli, struct db *db, struct asked *a, struct stw_err *err)
{
	stw_usec now = app_now(&cli->app);
	struct uuid id = a->draw;
	bool same = true;
	enum stw_code rc = db_begin(db, err);

	if (rc != STW_OK)
		return rc;
	if (a->verb == DRAW)
		rc = draw(cli, db, a, &id, err);
	else if (a->verb == AGAIN)
		rc = again(cli, db, a, &same, err);
	else if (a->verb == VERDICT)
		rc = judge(cli, db, a, err);
	else if (a->verb == FINAL)
		rc = review_settle(
		    db, &a->draw, a->item, cli->argv[2], a->look.who, now, err);
	else if (a->verb == REPLY)
		rc =
		    review_reply(db, &a->draw, a->item, a->look.who, a->text, now, err);
	else
		rc = review_agent_release(
		    db, cli->argv[0], a->look.case_ref, a->look.who, now, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc != STW_OK) {
		db_rollback(db);
		return rc;
	}
	if (a->verb == DRAW)
		return draw_print(cli, db, &id, a, err);
	if (a->verb == VERDICT || a->verb == FINAL)
		return item(cli, db, a, err);
	if (!same)
		return stw_fail(err, STW_CONFLICT,
		    "the same seed and plan draw other items now: records of that time "
		    "have changed or gone");
	(void)puts(a->verb == AGAIN   ? "the same items are drawn"
		   : a->verb == REPLY ? "the reply is on record"
				      : "the agent may dial again");
	return STW_OK;
}

/* ---- what is asked ------------------------------------------------------------------------ */
static enum stw_code
read_names(struct cli *cli, struct asked *a, struct stw_err *err)
{
	char *end;
	long n;

	if (a->verb == LIST || a->verb == DRAW || a->verb == AGREEMENT ||
	    a->verb == RELEASE)
		return STW_OK;
	if (uuid_parse(str_of(cli->argv[0]), &a->draw) != STW_OK)
		return stw_fail(
		    err, STW_INVALID, "\"%.40s\" is no id of a draw", cli->argv[0]);
	if (cli->argc < 2)
		return STW_OK;
	errno = 0;
	n = strtol(cli->argv[1], &end, 10);
	if (errno != 0 || *end != '\0' || n < 1 || n > INT32_MAX)
		return stw_fail(err, STW_INVALID,
		    "\"%.40s\" is no item: a number from 1 on is wanted", cli->argv[1]);
	a->item = (int)n;
	return STW_OK;
}

static enum stw_code
check(const struct asked *a, struct stw_err *err)
{
	enum stw_code rc = look_check(&a->look, err);

	if (rc == STW_OK && a->verb == REPLY && a->text == NULL)
		rc = stw_fail(err, STW_INVALID, "--text TEXT is needed");
	if (rc == STW_OK && a->verb == RELEASE && a->look.case_ref == NULL)
		rc = stw_fail(err, STW_INVALID,
		    "--case REF is needed: what the agent is released for");
	if (rc == STW_OK && ((a->text != NULL && strlen(a->text) > TEXT_MAX) ||
				(a->note != NULL && strlen(a->note) > TEXT_MAX)))
		rc = stw_fail(
		    err, STW_INVALID, "--text, --note: at most %d bytes", TEXT_MAX);
	return rc;
}

static enum stw_code
act(struct cli *cli, struct db *db, struct asked *a, struct stw_err *err)
{
	if (a->verb == LIST)
		return list(cli, db, a, err);
	if (a->verb == SHOW)
		return a->item > 0 ? item(cli, db, a, err) : items(cli, db, a, err);
	if (a->verb == AGREEMENT)
		return agreement(db, a, err);
	return change(cli, db, a, err);
}

enum stw_code
cmd_review(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[VERBS] = {"list", "draw", "show", "again",
	    "verdict", "final", "reply", "agreement", "release"};
	static const int least[VERBS] = {0, 0, 1, 1, 3, 3, 2, 0, 1};
	static const int most[VERBS] = {0, 0, 2, 1, 3, 3, 2, 0, 1};
	struct asked a = {.limit = 50, .from = STW_USEC_NEVER, .to = STW_USEC_MAX};
	const struct cli_opt opts[] = {{"by", CLI_TEXT, &a.look.who, 0, 0},
	    {"case", CLI_TEXT, &a.look.case_ref, 0, 0},
	    {"from", CLI_INSTANT, &a.from, 0, 0}, {"to", CLI_INSTANT, &a.to, 0, 0},
	    {"seed", CLI_TEXT, &a.seed, 0, 0}, {"plan", CLI_TEXT, &a.plan, 0, 0},
	    {"answers", CLI_TEXT, &a.answers, 0, 0}, {"note", CLI_TEXT, &a.note, 0, 0},
	    {"hold", CLI_TEXT, &a.hold, 0, 0}, {"text", CLI_TEXT, &a.text, 0, 0},
	    {"state", CLI_TEXT, &a.filter.state, 0, 0},
	    {"agent", CLI_TEXT, &a.filter.agent, 0, 0},
	    {"after", CLI_NUMBER, &a.after, 0, INT32_MAX},
	    {"limit", CLI_NUMBER, &a.limit, 1, 500},
	    {"json", CLI_SWITCH, &a.json, 0, 0}};
	int verb = cli_verb(cli, verbs, VERBS, err);
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	a.verb = (enum verb)verb;
	rc = cli_parse(
	    cli, opts, (int)STW_ARRAY_LEN(opts), least[verb], most[verb], err);
	if (rc == STW_OK)
		rc = check(&a, err);
	if (rc == STW_OK)
		rc = read_names(cli, &a, err);
	a.filter.after = (int)a.after;
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	return rc == STW_OK ? act(cli, db, &a, err) : rc;
}
