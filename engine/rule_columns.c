#include "engine/rule_columns.h"

#include <stdlib.h>
#include <string.h>

#include "engine/rule_columns_priv.h"

/* ---- chunks ---------------------------------------------------------------------- */
static void
vexec_init(struct vexec *x, const struct rule *rule, const struct rule_columns_ctx *ctx)
{
	*x = (struct vexec){.rule = rule, .ctx = ctx};
	arena_init(&x->arena);
	arena_init(&x->row_arena);
	x->vars = stw_xalloc((size_t)ctx->nbindings * sizeof *x->vars);
	for (int i = 0; i < ctx->nbindings; i++)
		x->vars[ctx->bindings[i].slot] = ctx->bindings[i].constant;
	x->eval = (struct rule_eval_ctx){.vars = x->vars,
	    .now = ctx->now,
	    .zone = ctx->zone,
	    .arena = &x->arena,
	    .host = ctx->host,
	    .in_segment = ctx->in_segment};
	frame_init(&x->frame, rule, &x->eval, x->locals);
}

static void
vexec_fini(struct vexec *x)
{
	free(x->vars);
	arena_fini(&x->row_arena);
	arena_fini(&x->arena);
}

/* The rule over n rows of the table from `first` on. The vec lives until the next chunk.
 * False: no vec can hold its values. */
static bool
chunk_eval(struct vexec *x, size_t first, size_t n, struct vec *out)
{
	struct vchild *children = NULL;
	struct scope s = {.table = x->ctx->table,
	    .first = first,
	    .n = n,
	    .slot = -1,
	    .children = &children};

	arena_reset(&x->arena);
	return vec_eval(x, x->rule->root, &s, out) &&
	       (vec_is_scalar(out->kind) || out->kind == RULE_V_ERROR);
}

/* One row by the interpreter. */
static struct rule_value
row_eval(struct vexec *x, size_t row)
{
	struct scope s = {
	    .table = x->ctx->table, .first = row, .n = 1, .slot = -1, .children = NULL};

	if (x->row_arena.total > ROW_ARENA_MAX)
		arena_reset(&x->row_arena);
	scope_set_row(x, &s, 0);
	x->eval.arena = &x->row_arena;
	return rule_eval(x->rule, &x->eval);
}

static size_t
chunk_size(const struct vexec *x, size_t first)
{
	size_t left = x->ctx->table->rows - first;

	return left < CHUNK_ROWS ? left : CHUNK_ROWS;
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

/* ---- truth ----------------------------------------------------------------------- */
static void
put_truth(const struct rule_value *v, size_t row, struct bitmap *matched,
    struct bitmap *undecided)
{
	if (v->kind == RULE_V_BOOL && v->b)
		bitmap_set(matched, row);
	else if (v->kind != RULE_V_BOOL && undecided != NULL)
		bitmap_set(undecided, row);
}

enum stw_code
rule_columns_bool(const struct rule *rule, const struct rule_columns_ctx *ctx,
    struct bitmap *matched, struct bitmap *undecided, struct stw_err *err)
{
	enum stw_code rc = check_bindings(ctx, err);
	enum rule_kind kind = rule_result_type(rule)->kind;
	struct vexec x;
	struct vec v;

	if (rc != STW_OK)
		return rc;
	if (kind != RULE_BOOL && kind != RULE_DYN)
		return stw_fail(err, STW_INVALID, "the rule gives %s, not bool",
		    rule_kind_name(kind));
	bitmap_resize(matched, ctx->table->rows);
	if (undecided != NULL)
		bitmap_resize(undecided, ctx->table->rows);
	vexec_init(&x, rule, ctx);
	for (size_t first = 0; first < ctx->table->rows; first += CHUNK_ROWS) {
		size_t n = chunk_size(&x, first);

		if (chunk_eval(&x, first, n, &v) && v.kind == RULE_V_BOOL) {
			const uint64_t *known = vec_known(&x, &v),
				       *truth = vec_truth(&x, &v);
			const uint64_t *all = bits_full(&x, n);

			for (size_t w = 0; w < bitmap_words(n); w++) {
				matched->words[(first >> 6) + w] = truth[w];
				if (undecided != NULL)
					undecided->words[(first >> 6) + w] =
					    all[w] & ~known[w];
			}
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			struct rule_value one = row_eval(&x, first + i);

			put_truth(&one, first + i, matched, undecided);
		}
	}
	vexec_fini(&x);
	return STW_OK;
}

/* ---- values ---------------------------------------------------------------------- */
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

/* False: the row has no answer although nothing was missing. */
static bool
put_value(struct table *out, int col, size_t row, const struct rule_value *v)
{
	if (v->kind != RULE_V_ERROR && store(out, col, row, v))
		return true;
	table_set_missing(out, col, row);
	return v->kind == RULE_V_ERROR && v->error.missing;
}

/* One chunk into the column; how many rows failed. Whether an unknown is missing or an
 * error only the interpreter can tell: it is asked when somebody wants to know. */
static size_t
put_chunk(
    struct vexec *x, size_t first, size_t n, struct table *out, int col, bool count)
{
	size_t errors = 0;
	struct vec v;
	bool vector = chunk_eval(x, first, n, &v);

	for (size_t i = 0; i < n; i++) {
		struct rule_value one;

		if (vector)
			vec_get(&v, i, &one);
		if (!vector || (count && one.kind == RULE_V_ERROR))
			one = row_eval(x, first + i);
		errors += put_value(out, col, first + i, &one) ? 0 : 1;
	}
	return errors;
}

enum stw_code
rule_columns_value(const struct rule *rule, const struct rule_columns_ctx *ctx,
    struct table *out, int col, size_t *failed, struct stw_err *err)
{
	enum stw_code rc = check_bindings(ctx, err);
	enum rule_kind kind = rule_result_type(rule)->kind;
	size_t errors = 0;
	struct vexec x;

	if (rc != STW_OK)
		return rc;
	if (out->rows != ctx->table->rows)
		return stw_fail(err, STW_BUG, "the result table has %zu rows, not %zu",
		    out->rows, ctx->table->rows);
	if (!column_takes(out->cols[col].type, kind))
		return stw_fail(err, STW_INVALID,
		    "the rule gives %s; column %s cannot hold it", rule_kind_name(kind),
		    out->cols[col].name);
	vexec_init(&x, rule, ctx);
	for (size_t first = 0; first < ctx->table->rows; first += CHUNK_ROWS)
		errors += put_chunk(
		    &x, first, chunk_size(&x, first), out, col, failed != NULL);
	vexec_fini(&x);
	if (failed != NULL)
		*failed = errors;
	return STW_OK;
}

bool
rule_columns_vectorised(const struct rule *rule, const struct rule_columns_ctx *ctx)
{
	struct vexec x;
	struct vec v;
	bool vector;

	if (check_bindings(ctx, NULL) != STW_OK)
		return false;
	vexec_init(&x, rule, ctx);
	vector =
	    chunk_eval(&x, 0, 0, &v) && x.by_row == 0; /* kernels ask types, not rows */
	vexec_fini(&x);
	return vector;
}
