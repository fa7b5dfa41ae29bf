/* steward rule sql: a rule as a clause for PostgreSQL, and, with --count, both answers. */
#include "api/cli/cmd_rule.h"
#include "api/rule_scope.h"
#include "segments/book_sql.h"
#include "segments/trait_store.h"

static void
print_params(const struct rule_sql *sql)
{
	struct buf to;

	buf_init(&to);
	for (int i = 0; i < sql->nparams; i++) {
		buf_printf(&to, "$%d %s = ", i + 1, sql->params[i].type);
		rule_value_print(&sql->params[i].value, &to);
		buf_add_char(&to, '\n');
	}
	(void)fwrite(to.data, 1, to.len, stdout);
	buf_fini(&to);
}

static void
print_count(const char *who, const struct rule_count *n, stw_usec began)
{
	(void)printf("%s: %s of %s customers match, %s undecided (%s)\n", who,
	    cli_count(n->matched), cli_count(n->customers), cli_count(n->undecided),
	    cli_secs(stw_monotonic() - began));
}

static enum stw_code
count_both(struct cli *cli, struct db *db, struct rule_scope *scope,
    const struct rule *rule, const struct rule_sql *sql, struct stw_err *err)
{
	struct rule_count columns, tables;
	stw_usec began = stw_monotonic();
	struct db_rows *rows;
	enum stw_code rc;

	rc = db_query_rule(db, DB_Q_RULE_COUNT, sql, &rows, err);
	if (rc != STW_OK)
		return rc;
	tables = (struct rule_count){.customers = db_get_i64(rows, 0, 0),
	    .matched = db_get_i64(rows, 0, 1),
	    .undecided = db_get_i64(rows, 0, 2)};
	db_rows_free(rows);
	print_count("PostgreSQL", &tables, began);
	began = stw_monotonic();
	rc = rule_scope_count(scope, rule, app_now(&cli->app), &columns, err);
	if (rc != STW_OK)
		return rc;
	print_count("columns", &columns, began);
	if (columns.matched != tables.matched || columns.undecided != tables.undecided)
		return stw_fail(err, STW_CONFLICT,
		    "the two differ; unless the data changed in between, this is a fault "
		    "of Steward");
	return STW_OK;
}

static enum stw_code
show(struct cli *cli, struct db *db, struct rule_scope *scope, struct str text,
    bool count, struct stw_err *err)
{
	struct trait_catalogue catalogue;
	struct rule_sql_binding binding;
	struct rule_sql sql;
	struct rule *rule;
	enum stw_code rc;

	rc = trait_store_catalogue(db, &cli->arena, &catalogue, err);
	if (rc == STW_OK)
		rc = book_sql_binding(scope->host, scope->env, &catalogue,
		    app_now(&cli->app), &cli->arena, &binding, err);
	if (rc != STW_OK)
		return rc;
	rc = rule_compile(scope->env, text, rule_type_basic(RULE_BOOL), NULL,
	    &cli->arena, &rule, err);
	if (rc == STW_OK)
		rc = rule_sql(rule, &binding, 1, &cli->arena, &sql, err);
	if (rc == STW_INVALID && err->line > 0)
		cmd_rule_show_fault(text, err);
	if (rc != STW_OK)
		return rc;
	(void)printf("%s\n", sql.text);
	print_params(&sql);
	return count ? count_both(cli, db, scope, rule, &sql, err) : STW_OK;
}

enum stw_code
cmd_rule_sql(struct cli *cli, struct stw_err *err)
{
	bool count = false;
	const struct cli_opt opts[] = {{"count", CLI_SWITCH, &count, 0, 0}};
	struct rule_scope scope = {0};
	struct str text;
	struct db *db;
	enum stw_code rc = cli_parse(cli, opts, 1, 1, 1, err);

	if (rc == STW_OK)
		rc = cmd_rule_argument(cli, &text, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = rule_scope_open(
		    db, !count, app_now(&cli->app), &cli->arena, &scope, err);
	if (rc != STW_OK)
		return rc;
	rc = show(cli, db, &scope, text, count, err);
	rule_scope_fini(&scope);
	return rc;
}
