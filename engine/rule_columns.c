#include "engine/rule_columns.h"

#include <stdlib.h>
#include <string.h>

#include "engine/rule_priv.h"

/* ---- row by row ------------------------------------------------------------------ */
struct rows {
	const struct rule *rule;
	const struct rule_columns_ctx *ctx;
	struct arena arena; /* of the rows since the last reset */
	struct rule_value *vars;
	struct rule_eval_ctx eval;
};

#define ROWS_ARENA_MAX ((size_t)256 * 1024)

static void
rows_init(struct rows *r, const struct rule *rule, const struct rule_columns_ctx *ctx)
{
	r->rule = rule;
	r->ctx = ctx;
	arena_init(&r->arena);
	r->vars = stw_xalloc((size_t)ctx->nbindings * sizeof *r->vars);
	for (int i = 0; i < ctx->nbindings; i++)
		r->vars[ctx->bindings[i].slot] = ctx->bindings[i].constant;
	r->eval = (struct rule_eval_ctx){.vars = r->vars,
	    .now = ctx->now,
	    .zone = ctx->zone,
	    .arena = &r->arena,
	    .host = ctx->host,
	    .in_segment = ctx->in_segment};
}

static void
rows_fini(struct rows *r)
{
	free(r->vars);
	arena_fini(&r->arena);
}

static struct rule_value
rows_eval(struct rows *r, size_t row)
{
	if (r->arena.total > ROWS_ARENA_MAX || row % 256 == 0)
		arena_reset(&r->arena);
	for (int i = 0; i < r->ctx->nbindings; i++) {
		const struct rule_binding *b = &r->ctx->bindings[i];

		if (b->self)
			r->vars[b->slot] = rule_row(r->ctx->table, row);
		else if (b->child >= 0)
			r->vars[b->slot] = rule_children(r->ctx->table, b->child, row);
	}
	return rule_eval(r->rule, &r->eval);
}

static enum stw_code
check_bindings(const struct rule_columns_ctx *ctx, struct stw_err *err)
{
	for (int i = 0; i < ctx->nbindings; i++) {
		const struct rule_binding *b = &ctx->bindings[i];

		if (b->slot < 0 || b->slot >= ctx->nbindings)
			return stw_fail(err, STW_BUG, "binding %d: slot %d of %d", i,
			    b->slot, ctx->nbindings);
		if (!b->self && b->child >= ctx->table->nchildren)
			return stw_fail(
			    err, STW_BUG, "binding %d: no child list %d", i, b->child);
	}
	return STW_OK;
}

/* ---- results --------------------------------------------------------------------- */
enum stw_code
rule_columns_bool(const struct rule *rule, const struct rule_columns_ctx *ctx,
    struct bitmap *matched, struct bitmap *undecided, struct stw_err *err)
{
	enum stw_code rc = check_bindings(ctx, err);
	enum rule_kind kind = rule_result_type(rule)->kind;
	struct rows r;

	if (rc != STW_OK)
		return rc;
	if (kind != RULE_BOOL && kind != RULE_DYN)
		return stw_fail(err, STW_INVALID, "the rule gives %s, not bool",
		    rule_kind_name(kind));
	bitmap_resize(matched, ctx->table->rows);
	if (undecided != NULL)
		bitmap_resize(undecided, ctx->table->rows);
	rows_init(&r, rule, ctx);
	for (size_t row = 0; row < ctx->table->rows; row++) {
		struct rule_value v = rows_eval(&r, row);

		if (v.kind == RULE_V_BOOL && v.b)
			bitmap_set(matched, row);
		else if (v.kind != RULE_V_BOOL && undecided != NULL)
			bitmap_set(undecided, row);
	}
	rows_fini(&r);
	return STW_OK;
}

/* May values of the kind go into such a column? */
static bool
column_takes(enum col_type type, enum rule_kind kind)
{
	switch (kind) {
	case RULE_DYN:
		return true;
	case RULE_BOOL:
		return type == COL_BOOL;
	case RULE_INT:
	case RULE_UINT:
	case RULE_DURATION:
		return type == COL_INT;
	case RULE_DOUBLE:
		return type == COL_DOUBLE;
	case RULE_STRING:
		return type == COL_STRING;
	case RULE_DATE:
		return type == COL_DATE;
	case RULE_TIMESTAMP:
		return type == COL_TIMESTAMP;
	case RULE_MONEY:
		return type == COL_MONEY;
	case RULE_ERROR_T:
	case RULE_BYTES:
	case RULE_NULL:
	case RULE_TYPE:
	case RULE_LIST:
	case RULE_MAP:
	case RULE_OBJECT:
	case RULE_SET:
	case RULE_OPTIONAL:
		break;
	}
	return false;
}

/* False: a value that this column cannot hold. */
static bool
store(struct table *out, int col, size_t row, const struct rule_value *v)
{
	const struct column *c = &out->cols[col];
	int64_t i = v->i;

	if (v->kind == RULE_V_STRING && c->type == COL_STRING) {
		table_set_string(out, col, row, v->s);
		return true;
	}
	if (v->kind == RULE_V_DOUBLE && c->type == COL_DOUBLE) {
		table_set_double(out, col, row, v->d);
		return true;
	}
	if (v->kind == RULE_V_MONEY) {
		if (memcmp(v->money.currency, c->currency, 4) != 0)
			return false;
		i = v->money.minor;
	} else if (v->kind == RULE_V_BOOL) {
		i = v->b;
	} else if (v->kind == RULE_V_UINT && v->u > INT64_MAX) {
		return false;
	}
	for (int kind = RULE_BOOL; kind <= RULE_MONEY; kind++) {
		if (value_kind_of((enum rule_kind)kind) == v->kind &&
		    kind != RULE_STRING && kind != RULE_DOUBLE &&
		    column_takes(c->type, (enum rule_kind)kind)) {
			table_set_int(out, col, row, i);
			return true;
		}
	}
	return false;
}

enum stw_code
rule_columns_value(const struct rule *rule, const struct rule_columns_ctx *ctx,
    struct table *out, int col, size_t *failed, struct stw_err *err)
{
	enum stw_code rc = check_bindings(ctx, err);
	enum rule_kind kind = rule_result_type(rule)->kind;
	size_t errors = 0;
	struct rows r;

	if (rc != STW_OK)
		return rc;
	if (out->rows != ctx->table->rows)
		return stw_fail(err, STW_BUG, "the result table has %zu rows, not %zu",
		    out->rows, ctx->table->rows);
	if (!column_takes(out->cols[col].type, kind))
		return stw_fail(err, STW_INVALID,
		    "the rule gives %s; column %s cannot hold it", rule_kind_name(kind),
		    out->cols[col].name);
	rows_init(&r, rule, ctx);
	for (size_t row = 0; row < ctx->table->rows; row++) {
		struct rule_value v = rows_eval(&r, row);
		bool stored = v.kind != RULE_V_ERROR && store(out, col, row, &v);

		if (stored)
			continue;
		table_set_missing(out, col, row);
		errors += v.kind != RULE_V_ERROR || !v.error.missing ? 1 : 0;
	}
	rows_fini(&r);
	if (failed != NULL)
		*failed = errors;
	return STW_OK;
}

bool
rule_columns_vectorised(const struct rule *rule, const struct rule_columns_ctx *ctx)
{
	(void)rule, (void)ctx;
	return false;
}
