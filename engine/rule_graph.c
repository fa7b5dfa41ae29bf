/* The graph: scopes, packed columns, and nodes of which equal ones are made once. */
#include <stdlib.h>
#include <string.h>

#include "engine/rule_graph_priv.h"

#define BUCKETS    1024
#define RANGES_MAX 8     /* more of them are looked up as bits */
#define BITS_MAX   65536 /* of such a set */

/* ---- graph ----------------------------------------------------------------------- */
void
graph_init(struct graph *g, const struct rule_columns_ctx *ctx,
    const struct rule_set_options *options)
{
	*g = (struct graph){.ctx = ctx, .options = options};
	arena_init(&g->arena);
	g->buckets = arena_array(&g->arena, BUCKETS, sizeof *g->buckets);
	g->written = arena_array(&g->arena, BUCKETS, sizeof *g->written);
	g->vars = arena_array(&g->arena, (size_t)ctx->nbindings, sizeof *g->vars);
	for (int i = 0; i < ctx->nbindings; i++)
		g->vars[ctx->bindings[i].slot] = ctx->bindings[i].constant;
	g->root_scope = arena_alloc(&g->arena, sizeof *g->root_scope);
	g->root_scope->table = ctx->table;
	g->root_scope->max_words = bitmap_words(
	    ctx->table->rows < TABLE_CHUNK ? ctx->table->rows : TABLE_CHUNK);
	g->scopes = g->root_scope;
	g->nscopes = 1;
}

void
graph_fini(struct graph *g)
{
	for (struct gcolumn *c = g->columns; c != NULL; c = c->next)
		col_pack_free(c->own);
	free(g->nodes);
	arena_fini(&g->arena);
}

const struct col_pack *
graph_pack(struct graph *g, const struct table *table, int col)
{
	const struct column *column = &table->cols[col];
	struct gcolumn *c;

	for (c = g->columns; c != NULL; c = c->next) {
		if (c->table == table && c->col == col)
			return c->pack;
	}
	c = arena_alloc(&g->arena, sizeof *c);
	c->table = table;
	c->col = col;
	if (column->pack == NULL)
		c->own = col_pack_new(column, table->rows);
	c->pack = column->pack != NULL ? column->pack : c->own;
	c->next = g->columns;
	g->columns = c;
	return c->pack;
}

/* ---- scopes ---------------------------------------------------------------------- */
/* Rows of the scope's table that belong to a chunk of the root. */
void
gscope_rows(const struct gscope *scope, size_t chunk, size_t *first, size_t *n)
{
	size_t from, count;

	if (scope->parent == NULL) {
		size_t left = scope->table->rows - chunk * TABLE_CHUNK;

		*first = chunk * TABLE_CHUNK;
		*n = left < TABLE_CHUNK ? left : TABLE_CHUNK;
		return;
	}
	gscope_rows(scope->parent, chunk, &from, &count);
	*first = scope->offsets[from];
	*n = scope->offsets[from + count] - scope->offsets[from];
}

static size_t
most_words(const struct gscope *scope, size_t root_rows)
{
	size_t most = 0;

	for (size_t chunk = 0; chunk * TABLE_CHUNK < root_rows; chunk++) {
		size_t first, n, words;

		gscope_rows(scope, chunk, &first, &n);
		words = bitmap_words((first & 63) + n);
		most = words > most ? words : most;
	}
	return most;
}

struct gscope *
gscope_child(struct graph *g, struct gscope *parent, int child)
{
	const struct table_child *of = &parent->table->children[child];
	struct gscope *scope;

	for (scope = g->scopes; scope != NULL; scope = scope->next) {
		if (scope->parent == parent && scope->child == child)
			return scope;
	}
	scope = arena_alloc(&g->arena, sizeof *scope);
	scope->parent = parent;
	scope->child = child;
	scope->table = of->table;
	scope->offsets = of->offsets;
	scope->id = g->nscopes++;
	scope->max_words = most_words(scope, g->ctx->table->rows);
	scope->next = g->scopes;
	g->scopes = scope;
	return scope;
}

/* ---- equal nodes ----------------------------------------------------------------- */
static uint32_t
mix(uint32_t h, uint64_t v)
{
	v = (v ^ h) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(v ^ (v >> 32));
}

static struct str
written(const struct gnode *n)
{
	return n->src == NULL ? STR_LIT("") : node_text(n->rule->text, n->src);
}

static bool
is_by_text(const struct gnode *n)
{
	return n->op == G_ROWS || n->op == V_ROWS;
}

static uint64_t
double_bits(double d)
{
	uint64_t bits;

	memcpy(&bits, &d, sizeof bits);
	return bits;
}

static uint32_t
node_hash(const struct gnode *n)
{
	uint32_t h = mix((uint32_t)n->op, (uint64_t)n->kind);

	h = mix(h, (uint64_t)n->scope->id);
	h = mix(h, (uint64_t)n->col);
	h = mix(h, (uint64_t)n->truth << 8 | (uint64_t)n->cmp << 4 | (uint64_t)n->left);
	h = mix(h, (uint64_t)n->a);
	h = mix(h, (uint64_t)n->b);
	h = mix(h, double_bits(n->d));
	for (int i = 0; i < n->nin; i++)
		h = mix(h, (uint64_t)n->in[i]->id);
	for (int i = 0; i < n->nranges; i++)
		h = mix(mix(h, (uint64_t)n->ranges[i].lo), (uint64_t)n->ranges[i].hi);
	if (is_by_text(n)) {
		struct str text = written(n);

		for (size_t i = 0; i < text.len; i++)
			h = mix(h, (unsigned char)text.ptr[i]);
	}
	return h;
}

static bool
node_equal(const struct gnode *a, const struct gnode *b)
{
	if (a->op != b->op || a->kind != b->kind || a->scope != b->scope ||
	    a->col != b->col || a->truth != b->truth || a->cmp != b->cmp ||
	    a->left != b->left || a->a != b->a || a->b != b->b ||
	    double_bits(a->d) != double_bits(b->d) || a->nin != b->nin ||
	    a->nranges != b->nranges || memcmp(a->currency, b->currency, 4) != 0 ||
	    a->nslots != b->nslots)
		return false;
	for (int i = 0; i < a->nin; i++) {
		if (a->in[i] != b->in[i])
			return false;
	}
	for (int i = 0; i < a->nranges; i++) {
		if (a->ranges[i].lo != b->ranges[i].lo ||
		    a->ranges[i].hi != b->ranges[i].hi)
			return false;
	}
	for (int i = 0; i < a->nslots; i++) {
		if (a->slots[i] != b->slots[i])
			return false;
	}
	if (is_by_text(a) && !str_eq(written(a), written(b)))
		return false;
	return a->segment == b->segment || (a->segment != NULL && b->segment != NULL &&
					       strcmp(a->segment, b->segment) == 0);
}

static const enum gcost own_cost[GOPS] = {
    [G_CONST] = COST_FREE,
    [G_ANY] = COST_LIST,
    [G_ONE] = COST_LIST,
    [V_COUNT] = COST_LIST,
    [V_SUM] = COST_LIST,
    [V_MIN] = COST_LIST,
    [V_MAX] = COST_LIST,
    [V_MEAN] = COST_LIST,
    [G_ROWS] = COST_ROWS,
    [V_ROWS] = COST_ROWS,
};

static bool
reads_column(enum gop op)
{
	return op == G_SET || op == G_BITS || op == G_REAL || op == G_SEGMENT ||
	       op == V_COLUMN;
}

struct gnode *
gnode_make(struct graph *g, const struct gnode *proto)
{
	uint32_t hash = node_hash(proto);
	struct gnode **bucket = &g->buckets[hash % BUCKETS];
	bool share = g->options == NULL || !g->options->unshared;
	struct gnode *n;

	for (n = share ? *bucket : NULL; n != NULL; n = n->chain) {
		if (n->hash == hash && node_equal(n, proto))
			return n;
	}
	n = arena_alloc(&g->arena, sizeof *n);
	*n = *proto;
	n->hash = hash;
	n->in = arena_array(&g->arena, (size_t)proto->nin, sizeof *n->in);
	n->cost = own_cost[n->op] > COST_LOOP ? own_cost[n->op] : COST_LOOP;
	if (n->op == G_CONST || n->op == V_CONST)
		n->cost = COST_FREE;
	for (int i = 0; i < proto->nin; i++) {
		n->in[i] = proto->in[i];
		n->cost = n->in[i]->cost > n->cost ? n->in[i]->cost : n->cost;
	}
	if (g->nnodes == g->nodes_cap) {
		g->nodes_cap = g->nodes_cap == 0 ? 256 : g->nodes_cap * 2;
		g->nodes =
		    stw_xrealloc(g->nodes, (size_t)g->nodes_cap * sizeof *g->nodes);
	}
	if (reads_column(n->op))
		n->pack = graph_pack(g, n->scope->table, n->col);
	n->id = g->nnodes;
	g->nodes[g->nnodes++] = n;
	n->chain = *bucket;
	*bucket = n;
	return n;
}

/* Conditions that became one with others, and what was tried in vain, are needed by
 * nobody. Inputs have smaller numbers than their users, before and after. */
void
graph_sweep(struct graph *g, struct gnode *const *roots, int nroots)
{
	int kept = 0;

	for (int i = 0; i < g->nnodes; i++)
		g->nodes[i]->users = 0;
	for (int i = 0; i < nroots; i++) {
		if (roots[i] != NULL)
			roots[i]->users++;
	}
	for (int i = g->nnodes - 1; i >= 0; i--) {
		const struct gnode *n = g->nodes[i];

		for (int k = 0; k < n->nin && n->users > 0; k++)
			n->in[k]->users++;
	}
	for (int i = 0; i < g->nnodes; i++) {
		if (g->nodes[i]->users == 0)
			continue;
		g->nodes[i]->id = kept;
		g->nodes[kept++] = g->nodes[i];
	}
	g->nnodes = kept;
}

/* ---- what has been built from a text ------------------------------------------------ */
/* Rules made from templates say the same thing again and again; asking by text saves
 * building it anew only to find that it is there. */
struct gwritten {
	struct str text;
	struct gnode *node;
	struct gwritten *next;
};

static uint32_t
text_hash(struct str text)
{
	uint32_t h = UINT32_C(2166136261);

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.ptr[i]) * UINT32_C(16777619);
	return h;
}

struct gnode *
graph_written(struct graph *g, struct str text)
{
	const struct gwritten *w = g->written[text_hash(text) % BUCKETS];

	if (g->options != NULL && g->options->unshared)
		return NULL;
	while (w != NULL && !str_eq(w->text, text))
		w = w->next;
	return w == NULL ? NULL : w->node;
}

void
graph_remember(struct graph *g, struct str text, struct gnode *node)
{
	struct gwritten **bucket = &g->written[text_hash(text) % BUCKETS];
	struct gwritten *w = arena_alloc(&g->arena, sizeof *w);

	*w = (struct gwritten){text, node, *bucket};
	*bucket = w;
}

/* ---- simple nodes ---------------------------------------------------------------- */
struct gnode *
gnode_const(struct graph *g, struct gscope *scope, enum truth truth)
{
	struct gnode n = {
	    .op = G_CONST, .kind = RULE_V_BOOL, .scope = scope, .truth = truth};

	return gnode_make(g, &n);
}

struct gnode *
gnode_of(struct graph *g, enum gop op, struct gscope *scope, struct gnode **in, int nin)
{
	struct gnode n = {
	    .op = op, .kind = RULE_V_BOOL, .scope = scope, .in = in, .nin = nin};

	return gnode_make(g, &n);
}

static bool
is_const(const struct gnode *n, enum truth truth)
{
	return n->op == G_CONST && n->truth == truth;
}

static enum truth
truth_not(enum truth t)
{
	return t == UNKNOWN_T ? t : t == TRUE_T ? FALSE_T : TRUE_T;
}

struct gnode *
gnode_then(struct graph *g, struct gnode *first, struct gnode *then)
{
	struct gnode *in[] = {first, then};

	if (is_const(first, TRUE_T))
		return then;
	return gnode_of(g, G_THEN, then->scope, in, 2);
}

struct gnode *
gnode_unsure(struct graph *g, struct gnode *of)
{
	if (of->op == G_CONST && of->truth != UNKNOWN_T)
		return gnode_const(g, of->scope, FALSE_T);
	return gnode_of(g, G_UNSURE, of->scope, &of, 1);
}

struct gnode *
gnode_guard(struct graph *g, struct gnode *of, struct gnode *failed)
{
	struct gnode *in[] = {of, failed};

	if (is_const(failed, FALSE_T))
		return of;
	return gnode_of(g, G_GUARD, of->scope, in, 2);
}

/* ---- ranges ---------------------------------------------------------------------- */
/* Lists of ranges are sorted; no two touch. */
struct ranges {
	struct simd_range *items;
	int count;
};

/* Adds a range that does not lie before the last one. */
static void
ranges_push(struct ranges *to, int64_t lo, int64_t hi)
{
	struct simd_range *last = to->count > 0 ? &to->items[to->count - 1] : NULL;

	if (last != NULL && (last->hi == INT64_MAX || lo <= last->hi + 1))
		last->hi = hi > last->hi ? hi : last->hi;
	else
		to->items[to->count++] = (struct simd_range){lo, hi};
}

static struct ranges
ranges_new(struct graph *g, int cap)
{
	return (struct ranges){
	    arena_array(&g->arena, (size_t)cap, sizeof(struct simd_range)), 0};
}

static struct ranges
ranges_not(struct graph *g, const struct gnode *of)
{
	struct ranges to = ranges_new(g, of->nranges + 1);
	int64_t from = INT64_MIN;

	for (int i = 0; i < of->nranges; i++) {
		if (of->ranges[i].lo > from)
			ranges_push(&to, from, of->ranges[i].lo - 1);
		if (of->ranges[i].hi == INT64_MAX)
			return to;
		from = of->ranges[i].hi + 1;
	}
	ranges_push(&to, from, INT64_MAX);
	return to;
}

static struct ranges
ranges_and(struct graph *g, const struct gnode *a, const struct gnode *b)
{
	struct ranges to = ranges_new(g, a->nranges + b->nranges);

	for (int i = 0, k = 0; i < a->nranges && k < b->nranges;) {
		struct simd_range x = a->ranges[i], y = b->ranges[k];
		int64_t lo = x.lo > y.lo ? x.lo : y.lo, hi = x.hi < y.hi ? x.hi : y.hi;

		if (lo <= hi)
			ranges_push(&to, lo, hi);
		if (x.hi < y.hi)
			i++;
		else
			k++;
	}
	return to;
}

static struct ranges
ranges_or(struct graph *g, const struct gnode *a, const struct gnode *b)
{
	struct ranges to = ranges_new(g, a->nranges + b->nranges);
	int i = 0, k = 0;

	while (i < a->nranges || k < b->nranges) {
		bool first = k == b->nranges ||
			     (i < a->nranges && a->ranges[i].lo <= b->ranges[k].lo);
		struct simd_range r = first ? a->ranges[i++] : b->ranges[k++];

		ranges_push(&to, r.lo, r.hi);
	}
	return to;
}

/* ---- sets ------------------------------------------------------------------------ */
/* Many ranges that lie close together are looked up as bits. */
static void
set_bits(struct graph *g, struct gnode *n)
{
	int64_t lo, hi;
	uint64_t *bits;

	if (n->nranges <= RANGES_MAX)
		return;
	lo = n->ranges[0].lo == INT64_MIN ? n->ranges[0].hi : n->ranges[0].lo;
	hi = n->ranges[n->nranges - 1].hi == INT64_MAX ? n->ranges[n->nranges - 1].lo
						       : n->ranges[n->nranges - 1].hi;
	if ((uint64_t)hi - (uint64_t)lo >= BITS_MAX)
		return;
	/* One bit more at either end says what holds beyond. */
	n->bits_first = lo;
	n->bits_last = hi;
	bits =
	    arena_array(&g->arena, bitmap_words((size_t)(hi - lo) + 1), sizeof *bits);
	for (int i = 0; i < n->nranges; i++) {
		int64_t from = n->ranges[i].lo < lo ? lo : n->ranges[i].lo;
		int64_t to = n->ranges[i].hi > hi ? hi : n->ranges[i].hi;

		for (int64_t v = from; v <= to; v++)
			bit_set(bits, (size_t)(v - lo));
	}
	n->bits = bits;
}

struct gnode *
gnode_set(struct graph *g, struct gscope *scope, int col,
    const struct simd_range *ranges, int n, enum truth missing, bool text_only)
{
	struct gnode set = {.op = G_SET,
	    .kind = RULE_V_BOOL,
	    .scope = scope,
	    .col = col,
	    .truth = missing,
	    .text_only = text_only,
	    .nranges = n};
	struct gnode *made;

	if (n == 0 && missing == FALSE_T)
		return gnode_const(g, scope, FALSE_T);
	if (n == 1 && missing == TRUE_T && ranges[0].lo == INT64_MIN &&
	    ranges[0].hi == INT64_MAX)
		return gnode_const(g, scope, TRUE_T);
	set.ranges = arena_array(&g->arena, (size_t)n, sizeof *set.ranges);
	if (n > 0)
		memcpy(set.ranges, ranges, (size_t)n * sizeof *ranges);
	made = gnode_make(g, &set);
	if (made->bits == NULL)
		set_bits(g, made);
	return made;
}

static struct gnode *
set_with(struct graph *g, const struct gnode *like, struct ranges r, enum truth missing,
    bool text_only)
{
	return gnode_set(
	    g, like->scope, like->col, r.items, r.count, missing, text_only);
}

struct gnode *
gnode_not(struct graph *g, struct gnode *of)
{
	if (of->op == G_CONST)
		return gnode_const(g, of->scope, truth_not(of->truth));
	if (of->op == G_NOT)
		return of->in[0];
	if (of->op == G_SET)
		return set_with(
		    g, of, ranges_not(g, of), truth_not(of->truth), of->text_only);
	return gnode_of(g, G_NOT, of->scope, &of, 1);
}

/* ---- and, or ---------------------------------------------------------------------- */
static enum truth
truth_logic(enum gop op, enum truth a, enum truth b)
{
	enum truth stop = op == G_AND ? FALSE_T : TRUE_T;

	if (a == stop || b == stop)
		return stop;
	return a == UNKNOWN_T || b == UNKNOWN_T ? UNKNOWN_T : a;
}

struct operands {
	struct gnode **items;
	int count;
};

/* Conditions on one column become one condition; equal ones stand once. */
static void
operands_add(struct graph *g, enum gop op, struct operands *to, struct gnode *n)
{
	for (int i = 0; i < to->count; i++) {
		struct gnode *other = to->items[i];
		struct ranges r;

		if (other == n)
			return;
		if (n->op != G_SET || other->op != G_SET || n->col != other->col)
			continue;
		r = op == G_AND ? ranges_and(g, other, n) : ranges_or(g, other, n);
		to->items[i] =
		    set_with(g, n, r, truth_logic(op, other->truth, n->truth),
			other->text_only || n->text_only);
		return;
	}
	to->items[to->count++] = n;
}

/* Bytes a row that a condition on a column reads. */
size_t
gnode_width(const struct gnode *n)
{
	if (n->op != G_SET || n->pack->rows == 0)
		return 0;
	return n->pack->bytes / n->pack->rows;
}

/* The cheap ones first, and of those that read columns the narrow ones. */
static int
by_cost(const void *a, const void *b)
{
	const struct gnode *x = *(struct gnode *const *)a;
	const struct gnode *y = *(struct gnode *const *)b;

	if (x->cost != y->cost)
		return x->cost < y->cost ? -1 : 1;
	if (gnode_width(x) != gnode_width(y))
		return gnode_width(x) < gnode_width(y) ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int
operand_room(enum gop op, struct gnode **in, int n)
{
	int room = 0;

	for (int i = 0; i < n; i++)
		room += in[i]->op == op ? in[i]->nin : 1;
	return room;
}

struct gnode *
gnode_logic(
    struct graph *g, enum gop op, struct gscope *scope, struct gnode **in, int n)
{
	enum truth stop = op == G_AND ? FALSE_T : TRUE_T;
	struct operands all = {0};
	int kept = 0;

	all.items =
	    arena_array(&g->arena, (size_t)operand_room(op, in, n), sizeof *all.items);
	for (int i = 0; i < n; i++) {
		if (in[i]->op != op)
			operands_add(g, op, &all, in[i]);
		for (int k = 0; in[i]->op == op && k < in[i]->nin; k++)
			operands_add(g, op, &all, in[i]->in[k]);
	}
	for (int i = 0; i < all.count; i++) {
		if (is_const(all.items[i], stop))
			return all.items[i];
		if (all.items[i]->op != G_CONST || all.items[i]->truth == UNKNOWN_T)
			all.items[kept++] = all.items[i];
	}
	if (kept == 0)
		return gnode_const(g, scope, truth_not(stop));
	if (kept == 1)
		return all.items[0];
	qsort(all.items, (size_t)kept, sizeof *all.items, by_cost);
	return gnode_of(g, op, scope, all.items, kept);
}
