#include "api/cli/cmd_rule.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/rule_scope.h"
#include "engine/rule_cost.h"
#include "engine/rule_messages.h"
#include "engine/rule_value_json.h"

#define RULE_MAX       ((size_t)16 * 1024)
#define LINE_MAX_BYTES ((size_t)4 << 20)

enum stw_code
cmd_rule_text(struct cli *cli, const char *arg, struct str *out, struct stw_err *err)
{
	if (arg[0] == '@')
		return cli_read_file(cli, arg + 1, RULE_MAX, out, err);
	*out = str_of(arg);
	cli->where = "rule";
	return STW_OK;
}

enum stw_code
cmd_rule_argument(struct cli *cli, struct str *out, struct stw_err *err)
{
	return cmd_rule_text(cli, cli->argv[0], out, err);
}

void
cmd_rule_show_fault(struct str text, struct stw_err *err)
{
	struct buf to;

	buf_init(&to);
	if (cli_wants_zh() && rule_message_zh(str_of(err->text), &to))
		(void)stw_fail_at(
		    err, err->code, err->line, err->column, "%s", to.data);
	buf_clear(&to);
	rule_error_print(text, err, &to);
	(void)fwrite(to.data, 1, to.len, stderr);
	buf_fini(&to);
}

static void
show_value(const char *what, const struct rule_value *value)
{
	struct rule_value shown = *value;
	struct buf to, zh;

	buf_init(&to);
	buf_init(&zh);
	if (value->kind == RULE_V_ERROR && value->error.text != NULL &&
	    cli_wants_zh() && rule_message_zh(str_of(value->error.text), &zh))
		shown.error.text = zh.data;
	rule_value_print(&shown, &to);
	(void)printf("%s%.*s\n", what, (int)to.len, to.data);
	buf_fini(&to);
	buf_fini(&zh);
}

static void
show_good(struct cli *cli, const struct rule *rule)
{
	struct buf to;

	buf_init(&to);
	rule_cost_print(rule_cost_of(rule), &to);
	(void)printf("good: it gives %s\ncost: %.*s",
	    rule_type_text(rule_result_type(rule), &cli->arena), (int)to.len, to.data);
	buf_fini(&to);
}

static enum stw_code
find_row(
    const struct rule_scope *scope, const char *ref, size_t *row, struct stw_err *err)
{
	*row = book_find_ref(scope->book, str_of(ref));
	if (*row == SIZE_MAX)
		return stw_fail(err, STW_NOT_FOUND, "no customer has that reference");
	return STW_OK;
}

static enum stw_code
eval_one(struct cli *cli, const struct rule_scope *scope, const struct rule *rule,
    const char *ref, bool explain, struct stw_err *err)
{
	struct rule_explanation why;
	struct rule_eval_ctx ctx;
	struct rule_value value;
	enum stw_code rc;
	size_t row;

	rc = find_row(scope, ref, &row, err);
	if (rc != STW_OK)
		return rc;
	ctx = segment_eval_ctx(scope->host, row, app_now(&cli->app), &cli->arena);
	if (!explain) {
		value = rule_eval(rule, &ctx);
		show_value("", &value);
		return STW_OK;
	}
	rule_explain(rule, &ctx, &why);
	for (int i = 0; i < why.count; i++) {
		const struct rule_explain_node *n = &why.nodes[i];
		char head[200];

		(void)snprintf(head, sizeof head, "%*s%.*s = ", 2 * n->depth, "",
		    (int)(n->text.len > 120 ? 120 : n->text.len), n->text.ptr);
		show_value(head, &n->value);
	}
	show_value("result: ", &why.result);
	return STW_OK;
}

static enum stw_code
eval_all(struct cli *cli, struct rule_scope *scope, const struct rule *rule,
    struct stw_err *err)
{
	struct rule_count n;
	stw_usec began = stw_monotonic();
	enum stw_code rc;

	if (rule_type_kind(rule_result_type(rule)) != RULE_BOOL)
		return stw_fail(err, STW_INVALID,
		    "the rule gives %s: only a bool can be counted; name a --customer",
		    rule_type_text(rule_result_type(rule), &cli->arena));
	rc = rule_scope_count(scope, rule, app_now(&cli->app), &n, err);
	if (rc == STW_OK)
		(void)printf("%s of %s customers match, %s undecided (%s)\n",
		    cli_count(n.matched), cli_count(n.customers),
		    cli_count(n.undecided), cli_secs(stw_monotonic() - began));
	return rc;
}

/* A request a line on standard input, an answer a line; no database is asked. */
static enum stw_code
eval_lines(struct cli *cli, struct stw_err *err)
{
	const bool zh = cli_wants_zh();
	struct buf answer;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	buf_init(&answer);
	while ((len = getline(&line, &cap, stdin)) >= 0) {
		buf_clear(&answer);
		if ((size_t)len > LINE_MAX_BYTES)
			rule_answer_fault("the line is too long", zh, &answer);
		else
			rule_answer_json((struct str){line, (size_t)len},
			    app_now(&cli->app), zh, &answer);
		buf_add_char(&answer, '\n');
		/* At once: whoever asks may wait for the answer before asking again. */
		if (fwrite(answer.data, 1, answer.len, stdout) != answer.len ||
		    fflush(stdout) != 0)
			break;
	}
	free(line);
	buf_fini(&answer);
	if (ferror(stdin) != 0 || ferror(stdout) != 0)
		return stw_fail(err, STW_TEMPFAIL, "standard input or output failed");
	return STW_OK;
}

enum stw_code
cmd_rule(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {
	    "check", "eval", "explain", "format", "sql", "plan"};
	const char *customer = NULL;
	bool ndjson = false;
	const struct cli_opt opts[] = {{"customer", CLI_TEXT, &customer, 0, 0},
	    {"ndjson", CLI_SWITCH, &ndjson, 0, 0}};
	struct rule_scope scope = {0};
	struct rule *rule;
	struct str text;
	struct db *db;
	enum stw_code rc;
	int verb = cli_verb(cli, verbs, 6, err);

	if (verb < 0)
		return STW_INVALID;
	if (verb == 3)
		return cmd_rule_format(cli, err);
	if (verb == 4)
		return cmd_rule_sql(cli, err);
	if (verb == 5)
		return cmd_rule_plan(cli, err);
	rc = cli_parse(cli, opts, 2, 0, 1, err);
	if (rc == STW_OK && ndjson && verb == 1 && cli->argc == 0)
		return eval_lines(cli, err);
	if (rc == STW_OK && (ndjson || cli->argc == 0))
		rc = stw_fail(err, STW_INVALID, "usage: steward %s", cli->usage);
	if (rc == STW_OK && verb == 2 && customer == NULL)
		rc = stw_fail(err, STW_INVALID, "explain needs a --customer REF");
	if (rc == STW_OK)
		rc = cmd_rule_argument(cli, &text, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = rule_scope_open(
		    db, verb == 0, app_now(&cli->app), &cli->arena, &scope, err);
	if (rc != STW_OK)
		return rc;
	rc = rule_compile(scope.env, text, NULL, NULL, &cli->arena, &rule, err);
	if (rc == STW_INVALID && err->line > 0)
		cmd_rule_show_fault(text, err);
	if (rc == STW_OK && verb == 0)
		show_good(cli, rule);
	else if (rc == STW_OK && customer != NULL)
		rc = eval_one(cli, &scope, rule, customer, verb == 2, err);
	else if (rc == STW_OK)
		rc = eval_all(cli, &scope, rule, err);
	rule_scope_fini(&scope);
	return rc;
}
