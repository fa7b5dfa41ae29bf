/*
 * Conditions on one column. They all become the set of the column's values for which
 * the condition holds, so that one kind of loop answers them: a comparison, `in`, a
 * comparison of something that only grows with the column (days_since, age), any
 * function of a string (asked once for each string of the dictionary) or of a column
 * that has few values.
 */
#include <string.h>

#include "engine/rule_graph_priv.h"

#define DICTIONARY_MIN 1024  /* so many strings are always asked one by one */
#define VALUES_MAX     65536 /* of a column of whole numbers, to ask for each */
#define OFFSET_LOOK    (26 * STW_USEC_HOUR)

/* ---- helpers --------------------------------------------------------------------- */
bool
is_call(const struct node *n, const char *name, const char *sig)
{
	return n->kind == NODE_CALL && n->fn != NULL && n->fn->host == NULL &&
	       strcmp(n->fn->name, name) == 0 && strcmp(n->fn->sig, sig) == 0;
}

/* The value of a column's row that holds the whole number v. */
static struct rule_value
cell_of(const struct column *col, int64_t v)
{
	struct rule_value cell = {0};

	column_cell(col, v, &cell);
	return cell;
}

static enum truth
truth_of(const struct rule_value *v)
{
	return v->kind != RULE_V_BOOL ? UNKNOWN_T : v->b ? TRUE_T : FALSE_T;
}

static const struct column *
leaf_column(const struct leaf *leaf)
{
	return &leaf->scope->table->cols[leaf->col];
}

static struct gnode *
set_of(struct builder *b, const struct leaf *leaf, const struct simd_range *ranges,
    int n, enum truth missing)
{
	return gnode_set(b->g, leaf->scope, leaf->col, ranges, n, missing,
	    leaf_column(leaf)->type == COL_STRING);
}

/* ---- asking for each value -------------------------------------------------------- */
/* Values first..last of the column, one after the other. A value for which the condition
 * fails makes the whole thing undecided there, which a set cannot say: NULL then. */
static struct gnode *
set_by_asking(struct builder *b, const struct node *n, const struct leaf *leaf,
    int64_t first, int64_t last)
{
	const struct column *col = leaf_column(leaf);
	size_t cap = 16;
	struct simd_range *ranges = arena_array(&b->g->arena, cap, sizeof *ranges);
	struct rule_value v = eval_with(b, n, leaf, NULL);
	enum truth missing = truth_of(&v);
	int count = 0;

	/* Wider than the values, because the last may be the last of all. */
	for (stw_wide next = first; next <= last; next++) {
		int64_t at = (int64_t)next;
		struct rule_value cell = cell_of(col, at);
		enum truth t;

		v = eval_with(b, n, leaf, &cell);
		t = truth_of(&v);
		if (t == UNKNOWN_T)
			return NULL;
		if (t == FALSE_T)
			continue;
		if (count > 0 && ranges[count - 1].hi == at - 1) {
			ranges[count - 1].hi = at;
			continue;
		}
		if ((size_t)count == cap) {
			struct simd_range *grown =
			    arena_array(&b->g->arena, cap * 2, sizeof *ranges);

			memcpy(grown, ranges, cap * sizeof *ranges);
			ranges = grown;
			cap *= 2;
		}
		ranges[count++] = (struct simd_range){at, at};
	}
	return set_of(b, leaf, ranges, count, missing);
}

struct gnode *
build_one_column(struct builder *b, const struct node *n)
{
	struct leaves leaves = {0};
	const struct col_pack *pack;
	const struct column *col;
	size_t rows;

	find_leaves(b, n, &leaves);
	if (leaves.count != 1 || leaves.other || leaves.one.scope != b->scope)
		return NULL;
	col = leaf_column(&leaves.one);
	rows = leaves.one.scope->table->rows;
	if (col->type == COL_DOUBLE)
		return NULL;
	if (col->type == COL_STRING) {
		uint32_t count = col_dict_count(col->dict);

		if (count > DICTIONARY_MIN && count > rows / 4)
			return NULL;
		return set_by_asking(b, n, &leaves.one, 0, (int64_t)count - 1);
	}
	if (col->type == COL_BOOL)
		return set_by_asking(b, n, &leaves.one, 0, 1);
	pack = graph_pack(b->g, leaves.one.scope->table, leaves.one.col);
	if (pack->min > pack->max ||
	    (uint64_t)pack->max - (uint64_t)pack->min >= VALUES_MAX ||
	    (uint64_t)pack->max - (uint64_t)pack->min > rows / 8)
		return NULL;
	return set_by_asking(b, n, &leaves.one, pack->min, pack->max);
}

/* ---- what only grows, or only shrinks ---------------------------------------------- */
struct slope {
	int direction; /* 1, -1; 0: not monotone */
	bool zoned;    /* goes by the local day of an instant, which clocks put back may
			* bring again */
};

static const struct {
	const char *name, *sig;
	int direction;
	bool zoned;
} slopes[] = {
    {"+", "ii:i", 1, false},
    {"+", "ai:a", 1, false},
    {"+", "ia:a", 1, false},
    {"+", "ar:a", 1, false},
    {"+", "ra:a", 1, false},
    {"+", "tr:t", 1, false},
    {"+", "rt:t", 1, false},
    {"+", "mm:m", 1, false},
    {"-", "ii:i", 1, false},
    {"-", "ai:a", 1, false},
    {"-", "aa:i", 1, false},
    {"-", "ar:a", 1, false},
    {"-", "tr:t", 1, false},
    {"-", "tt:r", 1, false},
    {"-", "mm:m", 1, false},
    {"neg", "i:i", -1, false},
    {"neg", "m:m", -1, false},
    {"days_since", "a:i", -1, false},
    {"days_since", "t:i", -1, true},
    {"days_until", "a:i", 1, false},
    {"days_until", "t:i", 1, true},
    {"age", "a:i", -1, false},
    {"age", "aa:i", -1, false},
    {"date", "t:a", 1, true},
    {"timestamp", "a:t", 1, false},
    {"double", "i:d", 1, false},
    {"double", "m:d", 1, false},
};

/* How the value of n moves with the column's. */
static struct slope
slope_of(const struct builder *b, const struct node *n)
{
	struct slope of = {0};
	struct gscope *scope;
	int varying = 0;

	if (column_of(b, n, &scope) >= 0)
		return (struct slope){.direction = n->mode == SELECT_PLAIN ? 1 : 0};
	if (n->kind != NODE_CALL || n->nargs > 2)
		return of;
	if (n->nargs == 2 && !is_uniform(b, n->args[0]) && !is_uniform(b, n->args[1]))
		return of;
	if (n->nargs == 2 && is_uniform(b, n->args[0]))
		varying = 1;
	for (size_t i = 0; i < STW_ARRAY_LEN(slopes); i++) {
		if (!is_call(n, slopes[i].name, slopes[i].sig))
			continue;
		of = slope_of(b, n->args[varying]);
		of.direction *= slopes[i].direction;
		if (varying == 1 && slopes[i].name[0] != '+')
			of.direction *= -1;
		of.zoned |= slopes[i].zoned;
		return of;
	}
	return of;
}

/* The value of `side` at v, against the constant: -1, 0, 1; false: no order. */
static bool
order_at(struct builder *b, const struct node *side, const struct leaf *leaf,
    const struct rule_value *constant, int64_t v, int *order)
{
	struct rule_value cell = cell_of(leaf_column(leaf), v);
	struct rule_value value = eval_with(b, side, leaf, &cell);

	return !value_is_error(&value) && value_order(&value, constant, order) &&
	       *order != -2;
}

struct search {
	struct builder *b;
	const struct node *side;
	const struct leaf *leaf;
	const struct rule_value *constant;
	struct slope slope;
	int64_t min, max; /* of the column */
};

/* The smallest value of the column from which on order * direction >= least holds, on
 * to max + 1. It must not hold and then fail again. */
static bool
find_first(const struct search *s, int least, stw_wide *first)
{
	stw_wide lo = s->min, hi = (stw_wide)s->max + 1;
	int order;

	while (lo < hi) {
		stw_wide mid = lo + (hi - lo) / 2;

		if (!order_at(
			s->b, s->side, s->leaf, s->constant, (int64_t)mid, &order))
			return false;
		if (order * s->slope.direction >= least)
			hi = mid;
		else
			lo = mid + 1;
	}
	*first = lo;
	return true;
}

/* Around an instant the local clock is not put forward or back. */
static bool
clock_is_even(const struct builder *b, stw_wide at)
{
	const struct zone *zone = b->g->ctx->zone;
	int offset = 0;

	if (zone == NULL)
		return true;
	for (stw_wide t = at - OFFSET_LOOK; t <= at + OFFSET_LOOK; t += STW_USEC_HOUR) {
		int is;

		if (t < TIMESTAMP_MIN || t > TIMESTAMP_MAX)
			return false;
		is = zone_local(zone, (stw_usec)t).offset_sec;
		if (t > at - OFFSET_LOOK && is != offset)
			return false;
		offset = is;
	}
	return true;
}

/* Where the order becomes 0, and where it becomes 1 (or -1, going down). */
static bool
find_bounds(const struct search *s, stw_wide *from, stw_wide *past)
{
	int order;

	/* No order at either end: the function fails somewhere. */
	if (!order_at(s->b, s->side, s->leaf, s->constant, s->min, &order) ||
	    !order_at(s->b, s->side, s->leaf, s->constant, s->max, &order) ||
	    !find_first(s, 0, from) || !find_first(s, 1, past))
		return false;
	if (!s->slope.zoned)
		return true;
	return (*from <= s->min || *from > s->max || clock_is_even(s->b, *from)) &&
	       (*past <= s->min || *past > s->max || clock_is_even(s->b, *past));
}

/* ---- comparisons ------------------------------------------------------------------ */
enum relation { REL_LT, REL_LE, REL_EQ, REL_GE, REL_GT, REL_NE, REL_NONE };

static enum relation
relation_of(const struct node *n)
{
	static const char names[][3] = {"<", "<=", "==", ">=", ">", "!="};

	if (n->kind != NODE_CALL || n->fn == NULL || n->nargs != 2)
		return REL_NONE;
	for (int i = 0; i < REL_NONE; i++) {
		if (strcmp(n->fn->name, names[i]) == 0)
			return (enum relation)i;
	}
	return REL_NONE;
}

static enum relation
relation_swapped(enum relation r)
{
	static const enum relation swapped[] = {
	    REL_GT, REL_GE, REL_EQ, REL_LE, REL_LT, REL_NE, REL_NONE};

	return swapped[r];
}

/* Column values before `from` are below, those from `past` on are above (the other way
 * round when the function shrinks); what lies between is equal. */
static struct gnode *
set_by_bounds(struct builder *b, const struct leaf *leaf, enum relation r,
    int direction, stw_wide from, stw_wide past)
{
	struct simd_range ranges[2];
	int n = 0;
	bool below = r == REL_LT || r == REL_LE || r == REL_NE;
	bool equal = r == REL_LE || r == REL_EQ || r == REL_GE;
	bool above = r == REL_GT || r == REL_GE || r == REL_NE;
	stw_wide lo = INT64_MIN, hi = INT64_MAX;

	if (direction < 0) {
		bool swap = below;

		below = above;
		above = swap;
	}
	if (below && equal && above)
		ranges[n++] = (struct simd_range){INT64_MIN, INT64_MAX};
	else if (below && equal && past > lo)
		ranges[n++] = (struct simd_range){INT64_MIN, (int64_t)(past - 1)};
	else if (above && equal && from <= hi)
		ranges[n++] = (struct simd_range){(int64_t)from, INT64_MAX};
	else if (equal && !below && !above && from < past)
		ranges[n++] = (struct simd_range){(int64_t)from, (int64_t)(past - 1)};
	if (below && !equal && from > lo)
		ranges[n++] = (struct simd_range){INT64_MIN, (int64_t)(from - 1)};
	if (above && !equal && past <= hi) {
		if (n > 0 && ranges[0].hi == past - 1)
			ranges[0].hi = INT64_MAX;
		else
			ranges[n++] = (struct simd_range){(int64_t)past, INT64_MAX};
	}
	return set_of(b, leaf, ranges, n, UNKNOWN_T);
}

/* The column itself against a constant of its own type. */
static bool
direct_bounds(const struct column *col, const struct rule_value *c, stw_wide *from)
{
	struct rule_value like = cell_of(col, 0);

	if (like.kind != c->kind || c->kind == RULE_V_BOOL || c->nsec != 0)
		return false;
	if (c->kind == RULE_V_MONEY && memcmp(c->money.currency, col->currency, 4) != 0)
		return false;
	*from = c->kind == RULE_V_MONEY ? c->money.minor : c->i;
	return true;
}

static struct gnode *
compare_text(struct builder *b, const struct leaf *leaf, enum relation r,
    const struct rule_value *c)
{
	const struct column *col = leaf_column(leaf);
	uint32_t code;
	struct gnode *is;

	if (c->kind != RULE_V_STRING || (r != REL_EQ && r != REL_NE))
		return NULL;
	code = col_dict_find(col->dict, c->s);
	is = code == UINT32_MAX
		 ? set_of(b, leaf, NULL, 0, UNKNOWN_T)
		 : set_of(b, leaf, &(struct simd_range){code, code}, 1, UNKNOWN_T);
	return r == REL_EQ ? is : gnode_not(b->g, is);
}

static struct gnode *
compare_real(struct builder *b, const struct leaf *leaf, enum relation r,
    const struct rule_value *c)
{
	struct gnode real = {.op = G_REAL,
	    .kind = RULE_V_BOOL,
	    .scope = leaf->scope,
	    .col = leaf->col,
	    .d = c->d};
	struct gnode *made;

	if (c->kind != RULE_V_DOUBLE)
		return NULL;
	real.cmp = r == REL_EQ || r == REL_NE   ? SIMD_EQ
		   : r == REL_LT || r == REL_GT ? SIMD_LT
						: SIMD_LE;
	real.left = r == REL_GT || r == REL_GE; /* c < x */
	made = gnode_make(b->g, &real);
	return r == REL_NE ? gnode_not(b->g, made) : made;
}

/* `side`, which reads one column, against a constant. NULL: no set says it. */
static struct gnode *
compare_column(struct builder *b, const struct node *side, const struct leaf *leaf,
    enum relation r, const struct rule_value *c)
{
	const struct column *col = leaf_column(leaf);
	struct search s = {.b = b, .side = side, .leaf = leaf, .constant = c};
	const struct col_pack *pack;
	struct gscope *scope;
	stw_wide from, past;
	bool direct = column_of(b, side, &scope) >= 0 && side->mode == SELECT_PLAIN;

	if (direct && col->type == COL_STRING)
		return compare_text(b, leaf, r, c);
	if (col->type == COL_DOUBLE)
		return direct ? compare_real(b, leaf, r, c) : NULL;
	if (col->type == COL_STRING || col->type == COL_BOOL)
		return NULL;
	if (direct && direct_bounds(col, c, &from))
		return set_by_bounds(b, leaf, r, 1, from, from + 1);
	s.slope = slope_of(b, side);
	pack = graph_pack(b->g, leaf->scope->table, leaf->col);
	s.min = pack->min;
	s.max = pack->max;
	if (s.slope.direction == 0 || s.min > s.max || !find_bounds(&s, &from, &past))
		return NULL;
	/* Nothing lies outside min..max: the open side saves a comparison. */
	from = from <= s.min ? INT64_MIN : from;
	past = past <= s.min ? INT64_MIN : past;
	from = from > s.max ? (stw_wide)INT64_MAX + 1 : from;
	past = past > s.max ? (stw_wide)INT64_MAX + 1 : past;
	return set_by_bounds(b, leaf, r, s.slope.direction, from, past);
}

/* column in [constants] */
static struct gnode *
build_in_list(struct builder *b, const struct node *n)
{
	struct leaf leaf = {.name = NULL};
	const struct rule_value *list = &n->args[1]->value;
	const struct column *col;
	struct gnode **in;

	leaf.col = column_of(b, n->args[0], &leaf.scope);
	if (leaf.col < 0 || n->args[0]->mode != SELECT_PLAIN ||
	    n->args[1]->kind != NODE_CONST || list->kind != RULE_V_LIST ||
	    list->list.ops != NULL)
		return NULL;
	col = leaf_column(&leaf);
	if (col->type == COL_DOUBLE || col->type == COL_BOOL)
		return NULL;
	in = arena_array(&b->g->arena, list->list.count + 1, sizeof *in);
	for (size_t i = 0; i < list->list.count; i++) {
		const struct rule_value *item = &list->list.items[i];
		stw_wide at;

		if (col->type == COL_STRING)
			in[i] = compare_text(b, &leaf, REL_EQ, item);
		else if (direct_bounds(col, item, &at))
			in[i] = set_by_bounds(b, &leaf, REL_EQ, 1, at, at + 1);
		else
			in[i] = NULL;
		if (in[i] == NULL)
			return NULL;
	}
	in[list->list.count] = set_of(b, &leaf, NULL, 0, UNKNOWN_T);
	return gnode_logic(b->g, G_OR, b->scope, in, (int)list->list.count + 1);
}

/* math.bitAnd(column, mask) != 0 */
static struct gnode *
build_bits(struct builder *b, const struct node *call, const struct rule_value *c)
{
	struct gnode bits = {.op = G_BITS, .kind = RULE_V_BOOL};
	const struct node *of, *mask;

	if (!is_call(call, "math.bitAnd", "ii:i") || c->kind != RULE_V_INT || c->i != 0)
		return NULL;
	of = call->args[call->args[0]->kind == NODE_CONST ? 1 : 0];
	mask = call->args[call->args[0]->kind == NODE_CONST ? 0 : 1];
	bits.col = column_of(b, of, &bits.scope);
	if (bits.col < 0 || of->mode != SELECT_PLAIN || mask->kind != NODE_CONST ||
	    bits.scope->table->cols[bits.col].type != COL_INT)
		return NULL;
	bits.a = mask->value.i;
	return gnode_make(b->g, &bits);
}

/* One side is the same for all rows. */
static struct gnode *
compare_constant(struct builder *b, const struct node *side, enum relation r,
    const struct rule_value *c)
{
	struct leaves leaves = {0};
	struct gnode *bits;

	if (value_is_error(c))
		return gnode_const(b->g, b->scope, UNKNOWN_T);
	bits = r == REL_NE || r == REL_EQ ? build_bits(b, side, c) : NULL;
	if (bits != NULL)
		return r == REL_NE ? bits : gnode_not(b->g, bits);
	find_leaves(b, side, &leaves);
	if (leaves.count != 1 || leaves.other || leaves.one.scope != b->scope)
		return NULL;
	return compare_column(b, side, &leaves.one, r, c);
}

/* ---- two values -------------------------------------------------------------------- */
/* The column that the value is `by` times; NULL: it is something else. */
static struct gnode *
scaled_column(struct gnode *n, int64_t *by)
{
	*by = 1;
	if (n->op == V_MULTIPLY && n->in[1]->op == V_CONST) {
		*by = n->in[1]->a;
		n = n->in[0];
	}
	return n->op == V_COLUMN && kind_is_whole(n->kind) ? n : NULL;
}

/* x * a < y * b over two columns in one loop; what it cannot do stands behind it. */
static struct gnode *
make_scaled(struct builder *b, struct gnode *steps)
{
	struct gnode scaled = {.op = G_SCALED,
	    .kind = RULE_V_BOOL,
	    .scope = b->scope,
	    .cmp = steps->cmp,
	    .nin = 3};
	struct gnode *in[3] = {NULL, NULL, steps};

	if (steps->nin != 2)
		return steps;
	in[0] = scaled_column(steps->in[0], &scaled.a);
	in[1] = scaled_column(steps->in[1], &scaled.b);
	if (in[0] == NULL || in[1] == NULL || in[0]->scope != b->scope ||
	    in[1]->scope != b->scope)
		return steps;
	scaled.in = in;
	return gnode_make(b->g, &scaled);
}

static struct gnode *
compare_whole_constant(
    struct builder *b, struct gnode *value, enum relation r, int64_t c)
{
	struct gnode ints = {.op = G_INTS,
	    .kind = RULE_V_BOOL,
	    .scope = b->scope,
	    .in = &value,
	    .nin = 1};
	struct simd_range range = {INT64_MIN, INT64_MAX};
	struct gnode *made;
	bool none = false;

	if (r == REL_EQ || r == REL_NE)
		range = (struct simd_range){c, c};
	else if (r == REL_LE)
		range.hi = c;
	else if (r == REL_GE)
		range.lo = c;
	else if (r == REL_LT && c > INT64_MIN)
		range.hi = c - 1;
	else if (r == REL_GT && c < INT64_MAX)
		range.lo = c + 1;
	else
		none = true;
	ints.ranges = arena_alloc(&b->g->arena, sizeof range);
	*ints.ranges = range;
	ints.nranges = none ? 0 : 1;
	made = gnode_make(b->g, &ints);
	return r == REL_NE ? gnode_not(b->g, made) : made;
}

static struct gnode *
compare_values(
    struct builder *b, struct gnode *left, struct gnode *right, enum relation r)
{
	struct gnode two = {.kind = RULE_V_BOOL, .scope = b->scope, .nin = 2};
	struct gnode *in[2] = {left, right}, *made;

	if (left->truth == UNKNOWN_T || right->truth == UNKNOWN_T)
		return gnode_const(b->g, b->scope, UNKNOWN_T);
	if (left->kind != right->kind)
		return NULL;
	if (left->kind == RULE_V_MONEY &&
	    memcmp(left->currency, right->currency, 4) != 0)
		return gnode_const(b->g, b->scope, UNKNOWN_T);
	if (left->op == V_CONST && kind_is_whole(left->kind))
		return compare_whole_constant(b, right, relation_swapped(r), left->a);
	if (right->op == V_CONST && kind_is_whole(left->kind))
		return compare_whole_constant(b, left, r, right->a);
	two.op = left->kind == RULE_V_DOUBLE ? G_REALS : G_INTS;
	two.cmp = r == REL_EQ || r == REL_NE   ? SIMD_EQ
		  : r == REL_LT || r == REL_GT ? SIMD_LT
					       : SIMD_LE;
	if (r == REL_GT || r == REL_GE) {
		in[0] = right;
		in[1] = left;
	}
	two.in = in;
	made = gnode_make(b->g, &two);
	if (two.op == G_INTS)
		made = make_scaled(b, made);
	return r == REL_NE ? gnode_not(b->g, made) : made;
}

static struct gnode *
compare_bools(struct builder *b, const struct node *n, enum relation r)
{
	struct gnode *in[2], *made;

	if (r != REL_EQ && r != REL_NE)
		return NULL;
	for (int i = 0; i < 2; i++) {
		in[i] = build_bool(b, n->args[i]);
		if (in[i] == NULL)
			return NULL;
	}
	made = gnode_of(b->g, G_SAME, b->scope, in, 2);
	return r == REL_EQ ? made : gnode_not(b->g, made);
}

/* Nothing but one column of strings: asking for each is better than value by value. */
static bool
reads_text(const struct builder *b, const struct node *n)
{
	struct leaves leaves = {0};

	find_leaves(b, n, &leaves);
	return leaves.count == 1 && !leaves.other &&
	       leaf_column(&leaves.one)->type == COL_STRING;
}

struct gnode *
build_compare(struct builder *b, const struct node *n)
{
	enum relation r = relation_of(n);
	struct gnode *left, *right, *made = NULL;
	struct rule_value c;

	if (strcmp(n->fn->name, "in") == 0)
		return n->nargs == 2 ? build_in_list(b, n) : NULL;
	if (r == REL_NONE || n->args[0]->type->kind == RULE_DYN ||
	    n->args[1]->type->kind == RULE_DYN)
		return NULL;
	if (n->args[0]->type->kind == RULE_BOOL && n->args[1]->type->kind == RULE_BOOL)
		return compare_bools(b, n, r);
	if (is_uniform(b, n->args[1])) {
		c = eval_uniform(b, n->args[1]);
		made = compare_constant(b, n->args[0], r, &c);
	} else if (is_uniform(b, n->args[0])) {
		c = eval_uniform(b, n->args[0]);
		made = compare_constant(b, n->args[1], relation_swapped(r), &c);
	}
	if (made == NULL && reads_text(b, n))
		made = build_one_column(b, n);
	if (made != NULL)
		return made;
	left = build_value(b, n->args[0]);
	right = left == NULL ? NULL : build_value(b, n->args[1]);
	return right == NULL ? NULL : compare_values(b, left, right, r);
}
