#include <string.h>

#include "api/cli/cli.h"
#include "api/cli/lifecycle_print.h"
#include "segments/book_one_store.h"
#include "segments/book_store.h"
#include "segments/customer_store.h"

enum verb {
	LIST = 0,
	SHOW,
	VALIDATE,
	PREVIEW,
	CREATE,
	SUBMIT,
	APPROVE,
	REJECT,
	ACTIVATE,
	PROMISES,
	VERBS
};

struct asked {
	enum verb verb;
	const char *who, *why;
	int64_t version; /* 0: none named */
	bool json, shipped;
};

/* ---- looking ---------------------------------------------------------------------------- */
static enum stw_code
list(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct lifecycle_version *versions;
	enum stw_code rc;
	int count;

	rc = lifecycle_store_list(db, cli->argc > 0 ? cli->argv[0] : NULL, &cli->arena,
	    &versions, &count, err);
	if (rc == STW_OK)
		lifecycle_print_versions(&cli->app, versions, count);
	return rc;
}

/* The document, as it was given. */
static enum stw_code
show(struct cli *cli, struct db *db, const struct asked *asked, struct stw_err *err)
{
	struct lifecycle_version v;
	enum stw_code rc;

	if (cli->argc == 0)
		return stw_fail(err, STW_INVALID, "show needs a CODE, or --shipped");
	rc = lifecycle_store_get(
	    db, cli->argv[0], (int)asked->version, &cli->arena, &v, NULL, err);
	if (rc == STW_OK)
		(void)printf("%s\n", v.document);
	return rc;
}

/* FILE, or CODE with --version. */
static enum stw_code
read_model(struct cli *cli, struct db *db, const struct asked *asked,
    struct lifecycle_model *model, struct stw_err *err)
{
	struct lifecycle_version v;
	struct str text;
	enum stw_code rc;

	if (asked->version > 0)
		return lifecycle_store_get(
		    db, cli->argv[0], (int)asked->version, &cli->arena, &v, model, err);
	rc = cli_read_file(cli, cli->argv[0], LIFECYCLE_MAX_DOCUMENT, &text, err);
	return rc == STW_OK ? lifecycle_parse(text, &cli->arena, model, err) : rc;
}

static enum stw_code
load(struct cli *cli, struct db *db, struct book **book, struct stw_err *err)
{
	struct progress progress = cli_progress();
	const struct book_options options = {.progress = &progress};
	enum stw_code rc = book_load(db, app_now(&cli->app), &options, book, err);

	cli_progress_end();
	return rc;
}

static void
print_json(struct buf *text)
{
	(void)printf("%s\n", text->data);
	buf_fini(text);
}

static enum stw_code
validate(struct cli *cli, const struct lifecycle_model *model,
    const struct book_parts *parts, bool json, struct stw_err *err)
{
	struct lifecycle_validation v;
	enum stw_code rc = lifecycle_validate(
	    model, parts, app_now(&cli->app), NULL, &cli->arena, &v, err);
	struct buf text;

	if (rc != STW_OK)
		return rc;
	if (json) {
		buf_init(&text);
		lifecycle_validation_json(model, &v, &text);
		print_json(&text);
	} else {
		lifecycle_print_validation(&cli->app, model, &v);
	}
	cli->where = NULL;
	return v.errors == 0 ? STW_OK
			     : stw_fail(err, STW_INVALID,
				   "the model has %d error%s: it cannot be submitted",
				   v.errors, v.errors == 1 ? "" : "s");
}

static enum stw_code
preview(struct cli *cli, struct db *db, const struct lifecycle_model *model,
    const struct book_parts *parts, bool json, struct stw_err *err)
{
	struct lifecycle_model in_force;
	struct lifecycle_preview p;
	struct buf text;
	bool any;
	enum stw_code rc = lifecycle_store_active(db, &cli->arena, &in_force, err);

	any = rc == STW_OK;
	if (rc != STW_OK && rc != STW_NOT_FOUND)
		return rc;
	rc = lifecycle_preview(any ? &in_force : NULL, model, parts, app_now(&cli->app),
	    NULL, &cli->arena, &p, err);
	if (rc != STW_OK)
		return rc;
	if (json) {
		buf_init(&text);
		lifecycle_preview_json(any ? &in_force : NULL, model, &p, true, &text);
		print_json(&text);
	} else {
		lifecycle_print_preview(&cli->app, any ? &in_force : NULL, model, &p);
	}
	return STW_OK;
}

static enum stw_code
look(struct cli *cli, struct db *db, const struct asked *asked, struct stw_err *err)
{
	struct lifecycle_model model;
	struct book_parts parts;
	struct book *book = NULL;
	enum stw_code rc = read_model(cli, db, asked, &model, err);

	if (rc == STW_OK)
		rc = load(cli, db, &book, err);
	parts = book_parts_of(book);
	if (rc == STW_OK && asked->verb == VALIDATE)
		rc = validate(cli, &model, &parts, asked->json, err);
	else if (rc == STW_OK)
		rc = preview(cli, db, &model, &parts, asked->json, err);
	book_free(book);
	return rc;
}

static enum stw_code
promises(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct lifecycle_model model;
	struct promise_row *rows;
	enum stw_code rc;
	int count;

	rc = lifecycle_store_active(db, &cli->arena, &model, err);
	if (rc == STW_OK)
		rc =
		    promise_store_list(db, model.code, &cli->arena, &rows, &count, err);
	if (rc == STW_OK)
		lifecycle_print_promises(&cli->app, rows, count);
	return rc;
}

/* ---- changing --------------------------------------------------------------------------- */
static enum stw_code
create(struct cli *cli, struct db *db, const struct asked *asked, struct stw_err *err)
{
	struct lifecycle_model model;
	struct str text;
	enum stw_code rc;
	int version;

	rc = cli_read_file(cli, cli->argv[0], LIFECYCLE_MAX_DOCUMENT, &text, err);
	if (rc == STW_OK)
		rc = lifecycle_store_save(
		    db, text, asked->who, app_now(&cli->app), &version, err);
	if (rc == STW_OK)
		rc = lifecycle_parse(text, &cli->arena, &model, err);
	if (rc == STW_OK)
		(void)printf("lifecycle model %s version %d\n", model.code, version);
	return rc;
}

/* Submitting and approving look at the whole book first. */
static enum stw_code
move_over_book(struct cli *cli, struct db *db, const struct asked *asked,
    struct book *book, struct stw_err *err)
{
	const struct book_parts parts = book_parts_of(book);
	const char *code = cli->argv[0];
	stw_usec now = app_now(&cli->app);
	struct lifecycle_validation v;
	struct lifecycle_preview p;
	enum stw_code rc;

	if (asked->verb == SUBMIT) {
		rc = lifecycle_store_submit(db, code, (int)asked->version, &parts,
		    asked->who, now, &cli->arena, &v, err);
		if (rc == STW_OK)
			(void)printf(
			    "%d warning%s\n", v.warnings, v.warnings == 1 ? "" : "s");
		return rc;
	}
	rc = lifecycle_store_approve(db, code, (int)asked->version, &parts, asked->who,
	    now, &cli->arena, &p, err);
	if (rc == STW_OK)
		(void)printf("%s of %s customers would be in another stage after the "
			     "next tick, %s once every minimum stay is over\n",
		    cli_count(p.differ), cli_count(p.customers),
		    cli_count(p.differ_later));
	return rc;
}

static enum stw_code
activate(struct cli *cli, struct db *db, const struct asked *asked, struct stw_err *err)
{
	const char *code = cli->argv[0];
	struct lifecycle_version v;
	enum stw_code rc = lifecycle_store_get(
	    db, code, (int)asked->version, &cli->arena, &v, NULL, err);

	if (rc == STW_OK && v.state == LIFECYCLE_ACTIVE) {
		(void)printf("version %lld was in force already: nothing was changed\n",
		    (long long)asked->version);
		return rc;
	}
	return rc != STW_OK ? rc
			    : lifecycle_store_activate(db, code, (int)asked->version,
				  asked->who, app_now(&cli->app), err);
}

static enum stw_code
move(struct cli *cli, struct db *db, const struct asked *asked, struct stw_err *err)
{
	const char *code = cli->argv[0];
	stw_usec now = app_now(&cli->app);
	struct lifecycle_version v;
	struct book *book = NULL;
	enum stw_code rc = STW_OK;

	if (asked->version == 0)
		return stw_fail(
		    err, STW_INVALID, "--version N is needed: the one you looked at");
	if (asked->verb == REJECT && asked->why == NULL)
		return stw_fail(err, STW_INVALID, "--why TEXT is needed");
	if (asked->verb == ACTIVATE)
		rc = activate(cli, db, asked, err);
	else if (asked->verb == REJECT)
		rc = lifecycle_store_reject(
		    db, code, (int)asked->version, asked->who, asked->why, now, err);
	else
		rc = load(cli, db, &book, err);
	if (rc == STW_OK && book != NULL)
		rc = move_over_book(cli, db, asked, book, err);
	book_free(book);
	if (rc == STW_OK)
		rc = lifecycle_store_get(
		    db, code, (int)asked->version, &cli->arena, &v, NULL, err);
	if (rc == STW_OK)
		lifecycle_print_versions(&cli->app, &v, 1);
	return rc;
}

static enum stw_code
act(struct cli *cli, struct db *db, const struct asked *asked, struct stw_err *err)
{
	switch (asked->verb) {
	case LIST:
		return list(cli, db, err);
	case SHOW:
		return show(cli, db, asked, err);
	case VALIDATE:
	case PREVIEW:
		return look(cli, db, asked, err);
	case CREATE:
		return create(cli, db, asked, err);
	case PROMISES:
		return promises(cli, db, err);
	case SUBMIT:
	case APPROVE:
	case REJECT:
	case ACTIVATE:
	case VERBS:
		break;
	}
	return move(cli, db, asked, err);
}

enum stw_code
cmd_lifecycle(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[VERBS] = {"list", "show", "validate", "preview",
	    "create", "submit", "approve", "reject", "activate", "promises"};
	struct asked asked = {0};
	const struct cli_opt opts[] = {{"by", CLI_TEXT, &asked.who, 0, 0},
	    {"why", CLI_TEXT, &asked.why, 0, 0},
	    {"version", CLI_NUMBER, &asked.version, 1, 1000000},
	    {"json", CLI_SWITCH, &asked.json, 0, 0},
	    {"shipped", CLI_SWITCH, &asked.shipped, 0, 0}};
	int verb = cli_verb(cli, verbs, VERBS, err);
	bool may_be_bare = verb == LIST || verb == SHOW || verb == PROMISES;
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	asked.verb = (enum verb)verb;
	rc =
	    cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), may_be_bare ? 0 : 1, 1, err);
	if (rc == STW_OK && verb >= CREATE && verb <= ACTIVATE && asked.who == NULL)
		rc = stw_fail(err, STW_INVALID, "--by WHO is needed");
	if (rc == STW_OK && verb == SHOW && asked.shipped) {
		(void)printf("%.*s", STR_FMT(lifecycle_store_shipped()));
		return STW_OK;
	}
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	return rc == STW_OK ? act(cli, db, &asked, err) : rc;
}

/* ---- one customer ------------------------------------------------------------------------ */
static enum stw_code
explain(struct cli *cli, struct db *db, bool json, struct stw_err *err)
{
	stw_usec now = app_now(&cli->app);
	struct lifecycle_model model;
	struct lifecycle_event *events;
	struct lifecycle_why why;
	struct customer c;
	struct book *book = NULL;
	struct buf text;
	enum stw_code rc;
	int count;

	rc = customer_find(
	    db, str_of(cli->argv[0]), app_today(&cli->app, now), &cli->arena, &c, err);
	if (rc == STW_OK)
		rc = lifecycle_store_active(db, &cli->arena, &model, err);
	if (rc == STW_OK)
		rc = lifecycle_store_history(
		    db, c.bucket, c.customer_id, &cli->arena, &events, &count, err);
	if (rc == STW_OK)
		rc = book_load_one(db, c.bucket, c.customer_id, now, &book, err);
	if (rc == STW_OK)
		rc = lifecycle_why(&model, book, 0, now, &cli->arena, &why, err);
	if (rc == STW_OK && json) {
		buf_init(&text);
		lifecycle_why_json(&model, &why, &text);
		print_json(&text);
	} else if (rc == STW_OK) {
		lifecycle_print_why(&cli->app, &model, &why, events, count);
	}
	book_free(book);
	return rc;
}

enum stw_code
cmd_stage(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"why"};
	bool json = false;
	const struct cli_opt opts[] = {{"json", CLI_SWITCH, &json, 0, 0}};
	struct db *db;
	enum stw_code rc;

	if (cli_verb(cli, verbs, (int)STW_ARRAY_LEN(verbs), err) < 0)
		return STW_INVALID;
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, 1, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	return rc == STW_OK ? explain(cli, db, json, err) : rc;
}
