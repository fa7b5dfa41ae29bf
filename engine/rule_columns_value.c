/* A rule's value for each row, into a column. */
#include <string.h>

#include "engine/rule_graph_priv.h"

#define ROW_ARENA_MAX ((size_t)256 * 1024)

/* ---- what fits ------------------------------------------------------------------- */
/* May values of the kind go into such a column? */
static bool
column_takes(enum col_type type, enum rule_kind kind)
{
	if (type == COL_INT && (kind == RULE_UINT || kind == RULE_DURATION))
		return true;
	return kind == RULE_DYN || kind == column_kind(type);
}

static bool
column_takes_value(enum col_type type, enum rule_value_kind kind)
{
	if (type == COL_INT && (kind == RULE_V_UINT || kind == RULE_V_DURATION))
		return true;
	return kind == value_kind_of(column_kind(type));
}

/* False: a value that this column cannot hold. */
static bool
store(struct table *out, int col, size_t row, const struct rule_value *v)
{
	const struct column *c = &out->cols[col];
	int64_t i = v->i;

	if (!column_takes_value(c->type, v->kind))
		return false;
	if (c->type == COL_STRING) {
		table_set_string(out, col, row, v->s);
		return true;
	}
	if (c->type == COL_DOUBLE) {
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
	table_set_int(out, col, row, i);
	return true;
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

/* ---- rows ------------------------------------------------------------------------ */
struct job {
	struct lane lane;
	const struct rule *rule;
	struct gnode *root; /* NULL: all by the interpreter */
	struct table *out;
	int col;
	bool count; /* which rows failed, and not only lacked something */
	size_t failed;
};

static struct rule_value
row_eval(struct job *j, size_t row)
{
	struct lane *x = &j->lane;

	if (x->row_arena.total > ROW_ARENA_MAX)
		arena_reset(&x->row_arena);
	lane_set_row(x, x->g->root_scope, NULL, 0, row);
	return rule_eval(j->rule, &x->eval);
}

static struct rule_value
state_value(const struct gnode *n, const struct gstate *s, const uint64_t *t,
    const uint64_t *p, size_t bit)
{
	struct rule_value v = {.kind = n->kind};

	if (n->op < V_CONST) {
		STW_ASSERT(t != NULL && p != NULL);
		return bit_get(t, bit) != bit_get(p, bit) ? rule_missing()
							  : rule_bool(bit_get(t, bit));
	}
	STW_ASSERT(s != NULL);
	if (s->none || (s->known != NULL && !bit_get(s->known, bit)))
		return rule_missing();
	if (n->kind == RULE_V_DOUBLE)
		v.d = s->d[bit];
	else if (n->kind == RULE_V_MONEY)
		v = rule_money(s->i[bit], n->currency);
	else
		v.i = s->i[bit];
	return v;
}

/* ---- whole chunks ---------------------------------------------------------------- */
/* Numbers and instants of the graph that go into the column as they are. */
static bool
goes_as_it_is(const struct column *col, const struct gnode *root)
{
	if (root->op < V_CONST || col->pack != NULL || col->valid == NULL)
		return false;
	switch (col->type) {
	case COL_MONEY:
		return root->kind == RULE_V_MONEY &&
		       memcmp(root->currency, col->currency, 4) == 0;
	case COL_DOUBLE:
		return root->kind == RULE_V_DOUBLE;
	case COL_INT:
		return root->kind == RULE_V_INT || root->kind == RULE_V_DURATION;
	case COL_TIMESTAMP:
		return root->kind == RULE_V_TIMESTAMP;
	case COL_DATE:
		return root->kind == RULE_V_DATE;
	case COL_NONE:
	case COL_BOOL:
	case COL_STRING:
		break;
	}
	return false;
}

/* The bits of a word of rows that have a value; days that the column cannot hold have
 * none. */
static uint64_t
known_word(const struct column *col, const struct gstate *s, size_t word, size_t n)
{
	uint64_t bits = s->known == NULL ? UINT64_MAX : s->known[word];
	size_t left = n - word * 64;

	if (left < 64)
		bits &= (UINT64_C(1) << left) - 1;
	for (uint64_t rest = col->type == COL_DATE ? bits : 0; rest != 0;
	     rest &= rest - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(rest);
		int64_t day = s->i[word * 64 + bit];

		if (day < TABLE_DAY_MIN || day > TABLE_DAY_MAX)
			bits &= ~(UINT64_C(1) << bit);
	}
	return bits;
}

/* A chunk begins at a whole word of the column's bits. */
static void
put_whole(struct column *col, const struct gstate *s, size_t first, size_t n)
{
	for (size_t w = 0; w * 64 < n; w++) {
		uint64_t bits = s->none ? 0 : known_word(col, s, w, n);
		uint64_t *valid = &col->valid[(first >> 6) + w];

		*valid = n - w * 64 < 64
			     ? (*valid & ~((UINT64_C(1) << (n % 64)) - 1)) | bits
			     : bits;
	}
	if (s->none)
		return;
	if (col->type == COL_DATE)
		for (size_t i = 0; i < n; i++)
			((stw_day *)col->flat)[first + i] = (stw_day)s->i[i];
	else if (col->type == COL_DOUBLE)
		memcpy((double *)col->flat + first, s->d, n * sizeof *s->d);
	else
		memcpy((int64_t *)col->flat + first, s->i, n * sizeof *s->i);
}

/* Whether an unknown is missing or an error only the interpreter can tell: it is asked
 * when somebody wants to know. */
static void
put_chunk(struct job *j, size_t chunk)
{
	const struct lane_scope *scope;
	const struct gstate *s = NULL;
	const uint64_t *t = NULL, *p = NULL;

	lane_begin(&j->lane, chunk);
	scope = lane_scope(&j->lane, j->lane.g->root_scope);
	if (j->root != NULL)
		s = lane_ask(&j->lane, j->root);
	if (!j->count && j->root != NULL &&
	    goes_as_it_is(&j->out->cols[j->col], j->root)) {
		put_whole(&j->out->cols[j->col], s, scope->first, scope->n);
		return;
	}
	if (j->root != NULL && j->root->op < V_CONST)
		lane_planes(&j->lane, j->root, s, &t, &p);
	for (size_t i = 0; i < scope->n; i++) {
		size_t row = scope->first + i;
		struct rule_value v = rule_missing();

		if (j->root != NULL)
			v = state_value(j->root, s, t, p, i);
		if (j->root == NULL || (j->count && value_is_error(&v)))
			v = row_eval(j, row);
		j->failed += put_value(j->out, j->col, row, &v) ? 0 : 1;
	}
}

enum stw_code
rule_columns_value(const struct rule *rule, const struct rule_columns_ctx *ctx,
    struct table *out, int col, size_t *failed, struct stw_err *err)
{
	enum stw_code rc = rule_columns_check(ctx, err);
	enum rule_kind kind = rule_result_type(rule)->kind;
	struct job j = {.rule = rule, .out = out, .col = col, .count = failed != NULL};
	struct graph g;

	if (rc != STW_OK)
		return rc;
	if (out->rows != ctx->table->rows)
		return stw_fail(err, STW_BUG, "the result table has %zu rows, not %zu",
		    out->rows, ctx->table->rows);
	if (!column_takes(out->cols[col].type, kind))
		return stw_fail(err, STW_INVALID,
		    "the rule gives %s; column %s cannot hold it", rule_kind_name(kind),
		    out->cols[col].name);
	graph_init(&g, ctx, NULL);
	j.root = kind == RULE_BOOL ? graph_build_rule(&g, rule)
				   : graph_build_value(&g, rule);
	graph_sweep(&g, &j.root, 1);
	lane_init(&j.lane, &g);
	for (size_t k = 0; k * TABLE_CHUNK < ctx->table->rows; k++)
		put_chunk(&j, k);
	lane_fini(&j.lane);
	graph_fini(&g);
	if (failed != NULL)
		*failed = j.failed;
	return STW_OK;
}
