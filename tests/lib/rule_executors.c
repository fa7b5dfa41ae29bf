#include "tests/lib/rule_executors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/db_priv.h"

/* ---- the interpreter --------------------------------------------------------------- */
static void
interpret(void *host, struct world *w, struct rule *const *rules, int count,
    struct arena *arena, char **answers)
{
	struct arena scratch;

	(void)host;
	arena_init(&scratch);
	for (int i = 0; i < count; i++) {
		answers[i] = arena_alloc(arena, w->table->rows + 1);
		for (size_t row = 0; row < w->table->rows; row++) {
			struct rule_value v = world_eval(w, rules[i], row, &scratch);

			answers[i][row] = v.kind != RULE_V_BOOL ? '?' : v.b ? '1' : '0';
			if (row % 64 == 0)
				arena_reset(&scratch);
		}
	}
	arena_fini(&scratch);
}

const struct executor interpreter = {.name = "interpreter", .run = interpret};

/* ---- columns ------------------------------------------------------------------------ */
/* All rules as one set, so that they share what they have in common. */
static void
by_columns(void *host, struct world *w, struct rule *const *rules, int count,
    struct arena *arena, char **answers)
{
	struct rule_columns_ctx ctx = world_columns(w);
	struct rule_result *results =
	    arena_array(arena, (size_t)count + 1, sizeof *results);
	struct rule_set *set = NULL;
	struct stw_err err;
	bool ok;

	(void)host;
	ok = rule_set_new((const struct rule *const *)rules, count, &ctx, &w->options,
		 &set, &err) == STW_OK &&
	     rule_set_run(set, &ctx, results, &err) == STW_OK;
	for (int i = 0; i < count; i++) {
		answers[i] = arena_alloc(arena, w->table->rows + 1);
		for (size_t row = 0; row < w->table->rows; row++) {
			bool open = ok && bitmap_get(&results[i].undecided, row);
			bool hit = ok && bitmap_get(&results[i].matched, row);

			/* Never both. */
			answers[i][row] = !ok || (open && hit) ? '!'
					  : open               ? '?'
					  : hit                ? '1'
							       : '0';
		}
		rule_result_fini(&results[i]);
	}
	rule_set_free(set);
}

const struct executor columns = {.name = "columns", .run = by_columns};

/* ---- PostgreSQL: the tables ----------------------------------------------------------- */
/* Text has a collation whose order is not that of bytes, so that a clause that forgets to
 * say which it wants is found out. */
static const char schema[] =
    "CREATE DOMAIN words AS text COLLATE \"en-US-x-icu\";"
    "CREATE TABLE rule_row (id bigint PRIMARY KEY, ref words, flag boolean, n bigint, k "
    "bigint, x float8, y float8, stage words, name words, born date, due date, seen "
    "timestamptz, made timestamptz, sum bigint, old bigint, usd bigint);"
    "CREATE TABLE rule_item (id bigint, units bigint, rate float8, kind words, due date, "
    "worth bigint, live boolean);"
    "CREATE TABLE rule_move (id bigint, kind words, worth bigint, at timestamptz, step "
    "bigint);"
    "CREATE TABLE rule_member (code text, ref words);"
    /* Some fields are asked for as values beside the row, as fed traits are. */
    "CREATE VIEW rule_beside AS "
    "SELECT id, 'y' AS field, y AS real, NULL::words AS text, NULL::date AS day, "
    "  NULL::timestamptz AS at, NULL::bigint AS whole FROM rule_row WHERE y IS NOT NULL "
    "UNION ALL SELECT id, 'name', NULL, name, NULL, NULL, NULL FROM rule_row "
    "  WHERE name IS NOT NULL "
    "UNION ALL SELECT id, 'due', NULL, NULL, due, NULL, NULL FROM rule_row "
    "  WHERE due IS NOT NULL "
    "UNION ALL SELECT id, 'made', NULL, NULL, NULL, made, NULL FROM rule_row "
    "  WHERE made IS NOT NULL "
    "UNION ALL SELECT id, 'old', NULL, NULL, NULL, NULL, old FROM rule_row "
    "  WHERE old IS NOT NULL;"
    "CREATE INDEX ON rule_item (id); CREATE INDEX ON rule_move (id);"
    "SET jit = off; SET statement_timeout = 0; SET random_page_cost = 1";

static void
stop(const char *what, const struct stw_err *err)
{
	(void)fprintf(stderr, "%s: %s\n", what, err->text);
	exit(1);
}

void
postgres_init(struct postgres *pg, struct db *db)
{
	struct stw_err err;

	pg->db = db;
	if (db_script(db, schema, &err) != STW_OK)
		stop("schema", &err);
}

static void
put_cell(struct db_copy_in *copy, const struct table *t, size_t row, int col)
{
	struct rule_value rec = rule_row(t, row), v = {0};

	if (!column_has(&t->cols[col], row)) {
		db_put_null(copy);
		return;
	}
	rec.object.ops->get(rec.object.obj, row, col, NULL, &v);
	switch (t->cols[col].type) {
	case COL_BOOL:
		db_put_bool(copy, v.b);
		break;
	case COL_INT:
		db_put_i64(copy, v.i);
		break;
	case COL_MONEY:
		db_put_i64(copy, v.money.minor);
		break;
	case COL_DOUBLE:
		db_put_f64(copy, v.d);
		break;
	case COL_STRING:
		db_put_text(copy, v.s);
		break;
	case COL_DATE:
		db_put_day(copy, (stw_day)v.i);
		break;
	case COL_TIMESTAMP:
		db_put_usec(copy, v.i);
		break;
	case COL_NONE:
		break;
	}
}

static void
copy_rows(struct postgres *pg, const struct table *t, const char *into,
    const uint32_t *offsets, size_t parents)
{
	struct db_copy_in *copy;
	struct stw_err err;
	char sql[100];

	(void)snprintf(sql, sizeof sql, "COPY %s FROM STDIN (FORMAT binary)", into);
	if (db_copy_in_start(pg->db, into, sql, &copy, &err) != STW_OK)
		stop(into, &err);
	for (size_t parent = 0; parent < parents; parent++) {
		size_t from = offsets == NULL ? parent : offsets[parent];
		size_t to = offsets == NULL ? parent + 1 : offsets[parent + 1];

		for (size_t row = from; row < to; row++) {
			db_put_row(copy, t->ncols + 1);
			db_put_i64(copy, (int64_t)parent);
			for (int col = 0; col < t->ncols; col++)
				put_cell(copy, t, row, col);
		}
	}
	if (db_copy_in_end(copy, NULL, &err) != STW_OK)
		stop(into, &err);
}

static void
copy_members(struct postgres *pg, const struct world *w)
{
	struct db_copy_in *copy;
	struct stw_err err;
	char ref[24];

	if (db_copy_in_start(pg->db, "members",
		"COPY rule_member FROM STDIN (FORMAT binary)", &copy, &err) != STW_OK)
		stop("members", &err);
	for (size_t row = 0; row < w->table->rows; row++) {
		if (!bitmap_get(&w->segment, row))
			continue;
		(void)snprintf(ref, sizeof ref, "r%zu", row);
		db_put_row(copy, 2);
		db_put_text(copy, STR_LIT("even"));
		db_put_text(copy, str_of(ref));
	}
	if (db_copy_in_end(copy, NULL, &err) != STW_OK)
		stop("members", &err);
}

static void
load(void *host, struct world *w)
{
	struct postgres *pg = host;
	const struct table *t = w->table;
	struct stw_err err;

	if (db_script(pg->db, "TRUNCATE rule_row, rule_item, rule_move, rule_member",
		&err) != STW_OK)
		stop("truncate", &err);
	copy_rows(pg, t, "rule_row", NULL, t->rows);
	copy_rows(
	    pg, t->children[0].table, "rule_item", t->children[0].offsets, t->rows);
	copy_rows(
	    pg, t->children[1].table, "rule_move", t->children[1].offsets, t->rows);
	copy_members(pg, w);
	if (db_script(pg->db, "ANALYZE rule_row, rule_item, rule_move", &err) != STW_OK)
		stop("analyze", &err);
}

/* ---- PostgreSQL: the questions --------------------------------------------------------------- */
/* Many rules in one statement; each column holds the answers of all rows in order. */
#define BATCH 24

struct batch {
	struct rule_sql_param params[20000];
	size_t nparams;
	struct buf text;
	int which[BATCH];
	int count;
};

static bool
ask(struct postgres *pg, struct batch *b, struct arena *arena, char **answers,
    struct stw_err *err)
{
	struct db_rows *rows;

	buf_add_c(&b->text, " FROM rule_row AS r");
	if (db_query_text(pg->db, "rules", b->text.data, b->params, b->nparams, &rows,
		err) != STW_OK)
		return false;
	for (int i = 0; i < b->count; i++)
		answers[b->which[i]] = arena_strdup(arena, db_get_str(rows, 0, i).ptr);
	db_rows_free(rows);
	return true;
}

static void
add_rule(struct batch *b, const struct rule_sql *sql, int which)
{
	buf_printf(&b->text,
	    "%s string_agg(CASE %s WHEN TRUE THEN '1' WHEN FALSE THEN '0' ELSE '?' END, "
	    "'' ORDER BY r.id)",
	    b->count == 0 ? "SELECT" : ",", sql->text);
	for (int i = 0; i < sql->nparams; i++)
		b->params[b->nparams++] = sql->params[i];
	b->which[b->count++] = which;
}

static void
batch_start(struct batch *b)
{
	b->nparams = 0;
	b->count = 0;
	buf_clear(&b->text);
}

static bool
write_rule(struct world *w, struct batch *b, const struct rule *rule,
    struct arena *arena, struct rule_sql *out)
{
	struct stw_err err;

	return rule_sql(rule, &w->sql, (int)b->nparams + 1, arena, out, &err) == STW_OK;
}

/* One of the batch raised an error: each is asked alone. */
static void
ask_each(struct postgres *pg, struct world *w, struct batch *b,
    struct rule *const *rules, struct arena *arena, char **answers)
{
	int which[BATCH], count = b->count;
	struct rule_sql sql;
	struct stw_err err;

	memcpy(which, b->which, sizeof which);
	for (int i = 0; i < count; i++) {
		batch_start(b);
		if (!write_rule(w, b, rules[which[i]], arena, &sql))
			continue;
		add_rule(b, &sql, which[i]);
		if (ask(pg, b, arena, answers, &err))
			continue;
		if (getenv("VERBOSE") != NULL)
			(void)fprintf(
			    stderr, "%s%s\n", PQerrorMessage(pg->db->pg), sql.text);
		answers[which[i]] = arena_alloc(arena, w->table->rows + 1);
		memset(answers[which[i]], '!', w->table->rows);
	}
}

static void
flush(struct postgres *pg, struct world *w, struct batch *b, struct rule *const *rules,
    struct arena *arena, char **answers)
{
	struct stw_err err;

	if (b->count > 0 && !ask(pg, b, arena, answers, &err))
		ask_each(pg, w, b, rules, arena, answers);
	batch_start(b);
}

static void
by_postgres(void *host, struct world *w, struct rule *const *rules, int count,
    struct arena *arena, char **answers)
{
	struct batch *b = stw_xalloc(sizeof *b);
	struct rule_sql sql;

	buf_init(&b->text);
	batch_start(b);
	for (int i = 0; i < count; i++) {
		answers[i] = NULL;
		if (w->table->rows == 0 || !write_rule(w, b, rules[i], arena, &sql))
			continue;
		add_rule(b, &sql, i);
		if (b->count == BATCH || b->text.len > 200000 || b->nparams > 2000)
			flush(host, w, b, rules, arena, answers);
	}
	flush(host, w, b, rules, arena, answers);
	buf_fini(&b->text);
	free(b);
}

struct executor
postgres_executor(struct postgres *pg)
{
	return (struct executor){
	    .name = "PostgreSQL", .host = pg, .load = load, .run = by_postgres};
}
