/* Value nodes: columns, constants, arithmetic. What has no node of its own goes by the
 * interpreter, row by row, where the result is a plain number. */
#include <math.h>
#include <string.h>

#include "engine/rule_graph_priv.h"

/* What a value node can hold. */
static bool
is_held(enum rule_value_kind kind)
{
	return kind_is_whole(kind) || kind == RULE_V_DOUBLE;
}

struct gnode *
build_value_const(struct builder *b, const struct node *n)
{
	struct rule_value v = eval_uniform(b, n);
	struct gnode made = {.op = V_CONST, .kind = v.kind, .scope = b->scope};

	if (v.nsec != 0) /* value nodes have microseconds */
		return NULL;
	if (value_is_error(&v)) {
		made.kind = value_kind_of(n->type->kind);
		made.truth = UNKNOWN_T;
		/* Of which currency nothing is does not matter, but it must be one. */
		memcpy(made.currency, b->rule->currency, 4);
	} else if (v.kind == RULE_V_MONEY) {
		made.a = v.money.minor;
		memcpy(made.currency, v.money.currency, 4);
	} else if (v.kind == RULE_V_DOUBLE) {
		made.d = v.d;
	} else {
		made.a = v.i;
	}
	return is_held(made.kind) ? gnode_make(b->g, &made) : NULL;
}

static struct gnode *
make_column(struct builder *b, struct gscope *scope, int col)
{
	const struct column *c = &scope->table->cols[col];
	struct gnode made = {.op = V_COLUMN, .scope = scope, .col = col};

	made.kind = value_kind_of(column_kind(c->type));
	if (made.kind == RULE_V_MONEY)
		memcpy(made.currency, c->currency, 4);
	return is_held(made.kind) ? gnode_make(b->g, &made) : NULL;
}

/* ---- arithmetic ------------------------------------------------------------------- */
static const struct {
	const char *name, *sig;
	enum gop op;
} operations[] = {
    {"+", "ii:i", V_ADD},
    {"-", "ii:i", V_SUBTRACT},
    {"*", "ii:i", V_MULTIPLY},
    {"/", "ii:i", V_DIVIDE},
    {"%", "ii:i", V_MODULO},
    {"+", "mm:m", V_ADD},
    {"-", "mm:m", V_SUBTRACT},
    {"*", "mi:m", V_MULTIPLY},
    {"*", "im:m", V_MULTIPLY},
    {"*", "md:m", V_SCALE},
    {"*", "dm:m", V_SCALE},
    {"/", "mi:m", V_SHARE},
    {"/", "mm:d", V_RATIO},
    {"+", "tr:t", V_ADD},
    {"+", "rt:t", V_ADD},
    {"-", "tr:t", V_SUBTRACT},
    {"-", "tt:r", V_SUBTRACT},
    {"+", "rr:r", V_ADD},
    {"-", "rr:r", V_SUBTRACT},
    {"*", "ri:r", V_MULTIPLY},
    {"*", "ir:r", V_MULTIPLY},
    {"+", "ai:a", V_ADD},
    {"+", "ia:a", V_ADD},
    {"-", "ai:a", V_SUBTRACT},
    {"-", "aa:i", V_SUBTRACT},
    {"+", "dd:d", V_REAL_ADD},
    {"-", "dd:d", V_REAL_SUBTRACT},
    {"*", "dd:d", V_REAL_MULTIPLY},
    {"/", "dd:d", V_REAL_DIVIDE},
    {"neg", "d:d", V_REAL_NEGATE},
    {"abs", "i:i", V_ABSOLUTE},
    {"abs", "m:m", V_ABSOLUTE},
    {"double", "i:d", V_REAL},
    {"double", "m:d", V_REAL},
};

static enum gop
operation_of(const struct node *n)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(operations); i++) {
		if (is_call(n, operations[i].name, operations[i].sig))
			return operations[i].op;
	}
	return G_CONST;
}

/* What results of the kind must lie within. */
static void
set_limits(struct gnode *n)
{
	n->a = INT64_MIN;
	n->b = INT64_MAX;
	if (n->kind == RULE_V_DATE) {
		n->a = TABLE_DAY_MIN;
		n->b = TABLE_DAY_MAX;
	} else if (n->kind == RULE_V_TIMESTAMP) {
		n->a = TIMESTAMP_MIN;
		n->b = TIMESTAMP_MAX;
	} else if (n->kind == RULE_V_DURATION) {
		n->a = -DURATION_MAX;
		n->b = DURATION_MAX;
	}
}

static struct gnode *
make_unknown(struct builder *b, enum rule_value_kind kind, const char *currency)
{
	struct gnode made = {
	    .op = V_CONST, .kind = kind, .scope = b->scope, .truth = UNKNOWN_T};

	memcpy(made.currency, currency, 4);
	return gnode_make(b->g, &made);
}

static struct gnode *
make_scale(struct builder *b, struct gnode *in[2], struct gnode *made)
{
	struct gnode *money = in[in[0]->kind == RULE_V_MONEY ? 0 : 1];
	const struct gnode *by = in[in[0]->kind == RULE_V_MONEY ? 1 : 0];
	struct gnode scale;
	struct decimal factor;

	STW_ASSERT(money != NULL && by != NULL);
	memcpy(made->currency, money->currency, 4);
	if (by->op != V_CONST)
		return NULL;
	if (!decimal_of(by->d, &factor))
		return make_unknown(b, RULE_V_MONEY, money->currency);
	made->a = factor.digits;
	made->b = factor.exp10;
	scale = *made;
	scale.in = &money;
	scale.nin = 1;
	return gnode_make(b->g, &scale);
}

/* double(x): whole units of money. */
static struct gnode *
make_real(struct builder *b, struct gnode *in, struct gnode *made)
{
	made->a = 1;
	if (in->kind == RULE_V_MONEY) {
		for (int i = currency_digits(in->currency); i > 0; i--)
			made->a *= 10;
	}
	return gnode_make(b->g, made);
}

static bool
currencies_differ(struct gnode *const in[2])
{
	return in[0]->kind == RULE_V_MONEY && in[1]->kind == RULE_V_MONEY &&
	       memcmp(in[0]->currency, in[1]->currency, 4) != 0;
}

static struct gnode *
build_operation(struct builder *b, const struct node *n, enum gop op)
{
	struct gnode made = {.op = op,
	    .kind = value_kind_of(n->type->kind),
	    .scope = b->scope,
	    .nin = n->nargs};
	struct gnode *in[2] = {NULL, NULL};
	const struct gnode *money;

	for (int i = 0; i < n->nargs; i++) {
		in[i] = build_value(b, n->args[i]);
		if (in[i] == NULL)
			return NULL;
		if (in[i]->truth == UNKNOWN_T)
			return make_unknown(b, made.kind, in[i]->currency);
	}
	STW_ASSERT(in[0] != NULL && (n->nargs == 1 || in[1] != NULL));
	made.in = in;
	money = in[0]->kind == RULE_V_MONEY ? in[0] : in[1];
	if (made.kind == RULE_V_MONEY && money != NULL)
		memcpy(made.currency, money->currency, 4);
	if (n->nargs == 2 && currencies_differ(in))
		return make_unknown(b, made.kind, in[0]->currency);
	if (op == V_SCALE)
		return make_scale(b, in, &made);
	if (op == V_REAL)
		return make_real(b, in[0], &made);
	/* A constant stands right where the order does not matter. */
	if ((op == V_ADD || op == V_MULTIPLY) && in[0]->op == V_CONST) {
		struct gnode *swap = in[0];

		in[0] = in[1];
		in[1] = swap;
	}
	set_limits(&made);
	return gnode_make(b->g, &made);
}

/* -x, days_since(date) and days_until(date) are differences. */
static struct gnode *
build_difference(struct builder *b, const struct node *n)
{
	bool negate = is_call(n, "neg", "i:i") || is_call(n, "neg", "m:m") ||
		      is_call(n, "neg", "r:r");
	bool since = is_call(n, "days_since", "a:i");
	struct gnode constant = {.op = V_CONST, .scope = b->scope};
	struct gnode made = {.op = V_SUBTRACT,
	    .kind = value_kind_of(n->type->kind),
	    .scope = b->scope,
	    .nin = 2};
	struct gnode *in[2], *of;

	if (!negate && !since && !is_call(n, "days_until", "a:i"))
		return NULL;
	of = build_value(b, n->args[0]);
	if (of == NULL || of->truth == UNKNOWN_T)
		return of;
	constant.kind = of->kind;
	memcpy(constant.currency, of->currency, 4);
	memcpy(made.currency, of->currency, 4);
	frame_init(&b->frame, b->rule, &b->eval, b->frame_locals);
	constant.a = negate ? 0 : frame_today(&b->frame);
	in[0] = gnode_make(b->g, &constant);
	in[1] = of;
	if (!negate && !since) {
		in[1] = in[0];
		in[0] = of;
	}
	made.in = in;
	set_limits(&made);
	return gnode_make(b->g, &made);
}

/* ---- choices ---------------------------------------------------------------------- */
static struct gnode *
make_choice(struct builder *b, enum gop op, struct gnode **in, int nin)
{
	const struct gnode *x = in[nin - 2], *y = in[nin - 1];
	struct gnode made = {
	    .op = op, .kind = x->kind, .scope = b->scope, .in = in, .nin = nin};

	if (x->kind != y->kind || memcmp(x->currency, y->currency, 4) != 0)
		return NULL;
	memcpy(made.currency, x->currency, 4);
	return gnode_make(b->g, &made);
}

static struct gnode *
build_pick(struct builder *b, const struct node *n)
{
	struct gnode *in[3];

	in[0] = build_bool(b, n->args[0]);
	if (in[0] == NULL)
		return NULL;
	for (int i = 1; i < 3; i++) {
		in[i] = build_value(b, n->args[i]);
		if (in[i] == NULL)
			return NULL;
	}
	return make_choice(b, V_PICK, in, 3);
}

/* row.?field.orValue(x) */
static struct gnode *
build_default(struct builder *b, const struct node *n)
{
	struct gscope *scope;
	struct gnode *in[2];
	int col;

	if (n->fn == NULL || n->fn->fn != rule_fn_or_value || n->nargs != 2 ||
	    n->args[0]->kind != NODE_SELECT || n->args[0]->mode != SELECT_OPTIONAL)
		return NULL;
	col = column_of(b, n->args[0], &scope);
	if (col < 0 || scope != b->scope)
		return NULL;
	in[0] = make_column(b, scope, col);
	in[1] = in[0] == NULL ? NULL : build_value(b, n->args[1]);
	return in[1] == NULL ? NULL : make_choice(b, V_DEFAULT, in, 2);
}

/* ---- all -------------------------------------------------------------------------- */
static struct gnode *
build_value_call(struct builder *b, const struct node *n)
{
	enum gop op = operation_of(n);
	struct gnode *made;

	if (op != G_CONST)
		return build_operation(b, n, op);
	made = build_difference(b, n);
	if (made == NULL)
		made = build_default(b, n);
	return made != NULL ? made : build_aggregate(b, n);
}

struct gnode *
build_value_kind(struct builder *b, const struct node *n)
{
	enum rule_value_kind kind = value_kind_of(n->type->kind);
	struct gnode *made = NULL;
	struct gscope *scope;
	int col;

	if (n->kind == NODE_LOCAL && n->slot < b->nlocals)
		made = b->locals[n->slot].value;
	if (made != NULL)
		return made->kind == RULE_V_BOOL ? NULL : made;
	if (!is_held(kind))
		return NULL;
	col = column_of(b, n, &scope);
	if (col >= 0 && n->mode == SELECT_PLAIN)
		return make_column(b, scope, col);
	if (n->kind == NODE_CALL)
		made = build_value_call(b, n);
	else if (n->kind == NODE_COND)
		made = build_pick(b, n);
	/* Amounts may be of a currency that differs from row to row, instants and spans
	 * have nanoseconds. */
	if (made == NULL && kind != RULE_V_MONEY && kind != RULE_V_TIMESTAMP &&
	    kind != RULE_V_DURATION)
		made = build_rows(b, n, V_ROWS);
	return made;
}
