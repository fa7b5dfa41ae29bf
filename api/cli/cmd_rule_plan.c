/* steward rule plan: what of a rule runs how, and what each part costs. */
#include <ctype.h>
#include <stdio.h>

#include "api/cli/cmd_rule.h"
#include "api/rule_scope.h"
#include "engine/rule_columns.h"

#define RULES_MAX 64
#define RUNS      5  /* the first one makes room; costs are of all of them */
#define TEXT_MAX  72 /* of an expression, in bytes */

static const char *
how_name(const struct rule_plan_node *n)
{
	switch (n->how) {
	case RULE_PLAN_CONSTANT:
		return "once";
	case RULE_PLAN_COLUMN:
		return "column";
	case RULE_PLAN_LOOP:
		return "loop";
	case RULE_PLAN_DICTIONARY:
		return "each string once";
	case RULE_PLAN_ROWS:
		break;
	}
	return "row by row";
}

/* The expression on one line, blanks drawn together, cut where a character ends. */
static void
show_text(struct str text)
{
	size_t len = text.len;

	if (len > TEXT_MAX) {
		len = TEXT_MAX;
		while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
			len--;
	}
	for (size_t i = 0; i < len; i++) {
		bool blank = isspace((unsigned char)text.ptr[i]) != 0;

		if (!blank)
			(void)putchar(text.ptr[i]);
		else if (i > 0 && isspace((unsigned char)text.ptr[i - 1]) == 0)
			(void)putchar(' ');
	}
	(void)printf("%s\n", len < text.len ? "..." : "");
}

/* A node and what it needs, each once. */
static void
show_node(const struct rule_plan *plan, int id, int depth, bool *shown)
{
	const struct rule_plan_node *n = &plan->nodes[id];
	double rows = n->rows == 0 ? 1 : (double)n->rows;

	(void)printf("%9.3f %6.0f%%  %-16s  %*s%s", n->ns / rows,
	    100.0 * (double)n->skipped / rows, how_name(n), 2 * depth, "", n->name);
	if (n->list != NULL)
		(void)printf(" over %s", n->list);
	if (n->users > 1)
		(void)printf(" (#%d, for %d)", n->id, n->users);
	(void)printf(n->text.len > 0 ? ": " : "\n");
	if (n->text.len > 0)
		show_text(n->text);
	if (shown[id])
		return;
	shown[id] = true;
	for (int i = 0; i < n->ninputs; i++)
		show_node(plan, n->inputs[i], depth + 1, shown);
}

static void
show_plan(struct cli *cli, const struct rule_plan *plan,
    const struct rule_result *results, int count, size_t rows, stw_usec took)
{
	bool *shown = arena_array(&cli->arena, (size_t)plan->nnodes, sizeof(bool));

	(void)printf("%d nodes over %s customers, %.1f MB of columns; %s, %d threads: "
		     "%.2f ms\n",
	    plan->nnodes, cli_count((int64_t)rows), (double)plan->columns_bytes / 1e6,
	    plan->simd, plan->threads, (double)took / 1e3);
	(void)printf("   ns/row skipped  how               what\n");
	for (int i = 0; i < count; i++) {
		show_node(plan, plan->roots[i], 0, shown);
		(void)printf("%30s= %s match, %s undecided\n", "",
		    cli_count((int64_t)results[i].nmatched),
		    cli_count((int64_t)results[i].nundecided));
	}
}

static enum stw_code
run_plan(struct cli *cli, const struct rule_scope *scope,
    const struct rule *const *rules, int count, struct stw_err *err)
{
	struct rule_columns_ctx ctx =
	    segment_columns_ctx(scope->host, app_now(&cli->app));
	const struct rule_set_options measured = {.profile = true};
	struct rule_result results[RULES_MAX] = {0};
	stw_usec best = 0;
	struct rule_plan plan;
	struct rule_set *set;
	enum stw_code rc;

	rc = rule_set_new(rules, count, &ctx, &measured, &set, err);
	for (int i = 0; i < RUNS && rc == STW_OK; i++) {
		stw_usec began = stw_monotonic();

		rc = rule_set_run(set, &ctx, results, err);
		if (i == 0 || stw_monotonic() - began < best)
			best = stw_monotonic() - began;
	}
	if (rc == STW_OK) {
		rule_set_plan(set, &cli->arena, &plan);
		show_plan(cli, &plan, results, count, ctx.table->rows, best);
	}
	for (int i = 0; i < count; i++)
		rule_result_fini(&results[i]);
	rule_set_free(set);
	return rc;
}

static enum stw_code
compile_all(struct cli *cli, const struct rule_scope *scope, const struct str *texts,
    const struct rule **rules, int count, struct stw_err *err)
{
	for (int i = 0; i < count; i++) {
		struct rule *rule;
		enum stw_code rc;

		rc = rule_compile(scope->env, texts[i], rule_type_basic(RULE_BOOL),
		    NULL, &cli->arena, &rule, err);
		if (rc == STW_INVALID && err->line > 0)
			cmd_rule_show_fault(texts[i], err);
		if (rc != STW_OK)
			return rc;
		rules[i] = rule;
	}
	return STW_OK;
}

enum stw_code
cmd_rule_plan(struct cli *cli, struct stw_err *err)
{
	const struct rule *rules[RULES_MAX];
	struct str texts[RULES_MAX];
	struct rule_scope scope = {0};
	struct db *db;
	enum stw_code rc;
	int count;

	rc = cli_parse(cli, NULL, 0, 1, RULES_MAX, err);
	count = cli->argc;
	/* A file that is not there is told before a database is asked. */
	for (int i = 0; i < count && rc == STW_OK; i++)
		rc = cmd_rule_text(cli, cli->argv[i], &texts[i], err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = rule_scope_open(
		    db, false, app_now(&cli->app), &cli->arena, &scope, err);
	if (rc != STW_OK)
		return rc;
	rc = compile_all(cli, &scope, texts, rules, count, err);
	if (rc == STW_OK)
		rc = run_plan(cli, &scope, rules, count, err);
	rule_scope_fini(&scope);
	return rc;
}
