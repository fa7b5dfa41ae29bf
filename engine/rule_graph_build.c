/* From a checked tree to nodes: logic, fields, and where everything else goes. */
#include <string.h>

#include "engine/rule_graph_priv.h"

/* ---- what a tree reads ------------------------------------------------------------ */
static const struct rule_binding *
binding_of(const struct graph *g, int slot)
{
	for (int i = 0; i < g->ctx->nbindings; i++) {
		if (g->ctx->bindings[i].slot == slot)
			return &g->ctx->bindings[i];
	}
	return NULL;
}

/* The scope whose row the name stands for; NULL: it stands for something else. */
static struct gscope *
row_scope(const struct builder *b, const struct node *name)
{
	const struct rule_binding *binding;

	if (name->kind == NODE_LOCAL) {
		if (name->slot >= b->nlocals || b->locals[name->slot].value != NULL)
			return NULL;
		return b->locals[name->slot].scope;
	}
	if (name->kind != NODE_VAR)
		return NULL;
	binding = binding_of(b->g, name->slot);
	return binding != NULL && binding->self ? b->g->root_scope : NULL;
}

int
column_of(const struct builder *b, const struct node *n, struct gscope **scope)
{
	if (n->kind != NODE_SELECT || n->field < 0)
		return -1;
	*scope = row_scope(b, n->args[0]);
	return *scope != NULL && n->field < (*scope)->table->ncols ? n->field : -1;
}

int
child_of(const struct builder *b, const struct node *n, struct gscope **scope)
{
	const struct rule_binding *binding;

	if (n->kind == NODE_VAR) {
		binding = binding_of(b->g, n->slot);
		*scope = b->g->root_scope;
		return binding != NULL && !binding->self ? binding->child : -1;
	}
	if (n->kind != NODE_SELECT || n->mode != SELECT_PLAIN || n->field < 0)
		return -1;
	*scope = row_scope(b, n->args[0]);
	if (*scope == NULL || n->field < (*scope)->table->ncols)
		return -1;
	return n->field - (*scope)->table->ncols;
}

static void
add_leaf(struct leaves *to, struct gscope *scope, int col, const struct node *name)
{
	if (to->count > 0 && (to->one.scope != scope || to->one.col != col))
		to->count = 2;
	if (to->count == 0) {
		to->one = (struct leaf){scope, col, name};
		to->count = 1;
	}
}

static bool
is_plain_function(const struct node *n)
{
	if (n->fn != NULL)
		return n->fn->host == NULL && n->fn->fn != rule_fn_in_segment;
	for (int i = 0; i < n->ncands; i++) {
		if (n->cands[i]->host != NULL || n->cands[i]->fn == rule_fn_in_segment)
			return false;
	}
	return true;
}

void
find_leaves(const struct builder *b, const struct node *n, struct leaves *out)
{
	const struct rule_binding *binding;
	struct gscope *scope;
	int col;

	if (n == NULL || n->kind == NODE_CONST)
		return;
	if (n->kind == NODE_LOCAL) {
		out->other |= n->slot < b->nlocals;
		return;
	}
	if (n->kind == NODE_VAR) {
		binding = binding_of(b->g, n->slot);
		out->other |= binding == NULL || binding->self || binding->child >= 0;
		return;
	}
	col = column_of(b, n, &scope);
	if (col >= 0) {
		add_leaf(out, scope, col, n->args[0]);
		return;
	}
	if (n->kind == NODE_CALL)
		out->other |= !is_plain_function(n);
	for (int i = 0; i < n->nargs; i++)
		find_leaves(b, n->args[i], out);
}

bool
is_uniform(const struct builder *b, const struct node *n)
{
	struct leaves leaves = {0};

	if (n->kind == NODE_CONST)
		return true;
	find_leaves(b, n, &leaves);
	return leaves.count == 0 && !leaves.other;
}

/* ---- asking the interpreter while building ------------------------------------------ */
struct rule_value
eval_uniform(struct builder *b, const struct node *n)
{
	struct rule_value v = {0};

	if (n->kind == NODE_CONST)
		return n->value;
	frame_init(&b->frame, b->rule, &b->eval, b->frame_locals);
	n->eval(&b->frame, n, &v);
	return v;
}

/* A row of which one cell is known. */
struct cell_row {
	const struct leaf *leaf;
	const struct rule_value *cell;
};

static void
cell_get(
    const void *obj, size_t row, int field, struct arena *arena, struct rule_value *out)
{
	const struct cell_row *r = obj;

	(void)row, (void)arena;
	*out = field == r->leaf->col && r->cell != NULL ? *r->cell : rule_missing();
}

static const struct rule_object_ops cell_ops = {.get = cell_get};

struct rule_value
eval_with(struct builder *b, const struct node *n, const struct leaf *leaf,
    const struct rule_value *cell)
{
	struct cell_row row = {leaf, cell};
	struct rule_value v = {0};
	struct rule_value object = {
	    .kind = RULE_V_OBJECT, .object = {.ops = &cell_ops, .obj = &row}};

	frame_init(&b->frame, b->rule, &b->eval, b->frame_locals);
	if (leaf->name->kind == NODE_VAR)
		b->g->vars[leaf->name->slot] = object;
	else
		b->frame_locals[leaf->name->slot] = object;
	n->eval(&b->frame, n, &v);
	return v;
}

/* ---- where a tree belongs ----------------------------------------------------------- */
/* The innermost scope whose variable the tree reads; the root when it reads none. */
static struct gscope *
home_of(const struct builder *b, const struct node *n)
{
	struct gscope *home = b->g->root_scope;

	for (int slot = 0; slot < b->nlocals; slot++) {
		if (((n->free_locals >> slot) & 1) != 0)
			home = b->locals[slot].scope; /* slots go inwards */
	}
	return home;
}

/* From the scope it was worked out in to the one it is wanted in. */
static struct gnode *
spread(struct builder *b, struct gnode *n, struct gscope *to, bool value)
{
	struct gnode made = {.scope = to, .nin = 1};
	struct gnode *in;

	if (n == NULL || n->scope == to)
		return n;
	in = spread(b, n, to->parent, value);
	if (n->op == G_CONST)
		return gnode_const(b->g, to, n->truth);
	made.op = value ? V_SPREAD : G_SPREAD;
	made.kind = n->kind;
	memcpy(made.currency, n->currency, 4);
	made.in = &in;
	return gnode_make(b->g, &made);
}

/* ---- by the interpreter --------------------------------------------------------------- */
/* Does the tree read a macro's variable that is not a row? */
static bool
reads_mapped(const struct builder *b, const struct node *n)
{
	for (int slot = 0; slot < b->nlocals; slot++) {
		if (((n->free_locals >> slot) & 1) != 0 &&
		    b->locals[slot].value != NULL)
			return true;
	}
	return false;
}

/* For each scope from the outside to this one, the slot of its variable. */
static int
scope_slots(const struct builder *b, int slots[RULE_MAX_LOCALS])
{
	const struct gscope *chain[RULE_MAX_LOCALS];
	int depth = 0;

	for (const struct gscope *s = b->scope; s->parent != NULL; s = s->parent)
		chain[depth++] = s;
	for (int i = 0; i < depth; i++) {
		slots[i] = -1;
		for (int slot = 0; slot < b->nlocals; slot++) {
			if (b->locals[slot].scope == chain[depth - 1 - i] &&
			    b->locals[slot].value == NULL)
				slots[i] = slot;
		}
	}
	return depth;
}

struct gnode *
build_rows(struct builder *b, const struct node *n, enum gop op)
{
	int slots[RULE_MAX_LOCALS], *copy;
	int nslots = scope_slots(b, slots);
	struct gnode rows = {.op = op,
	    .kind = op == G_ROWS ? RULE_V_BOOL : value_kind_of(n->type->kind),
	    .scope = b->scope,
	    .src = n,
	    .rule = b->rule,
	    .nslots = nslots};

	if (reads_mapped(b, n))
		return NULL;
	copy = arena_array(&b->g->arena, (size_t)nslots, sizeof *copy);
	if (nslots > 0)
		memcpy(copy, slots, (size_t)nslots * sizeof *copy);
	rows.slots = copy;
	return gnode_make(b->g, &rows);
}

/* ---- bool ----------------------------------------------------------------------------- */
static struct gnode *
build_truth(struct builder *b, const struct rule_value *v)
{
	return gnode_const(b->g, b->scope,
	    v->kind != RULE_V_BOOL ? UNKNOWN_T
	    : v->b                 ? TRUE_T
				   : FALSE_T);
}

static struct gnode *
build_field(struct builder *b, const struct node *n)
{
	static const struct simd_range one = {1, 1}, all = {INT64_MIN, INT64_MAX};
	struct gscope *scope;
	int col = column_of(b, n, &scope);

	if (col < 0)
		return NULL;
	if (n->mode == SELECT_HAS)
		return gnode_set(b->g, scope, col, &all, 1, FALSE_T, false);
	if (n->mode != SELECT_PLAIN || scope->table->cols[col].type != COL_BOOL)
		return NULL;
	return gnode_set(b->g, scope, col, &one, 1, UNKNOWN_T, false);
}

static struct gnode *
build_logic(struct builder *b, const struct node *n)
{
	struct gnode **in = arena_array(&b->g->arena, (size_t)n->nargs, sizeof *in);

	for (int i = 0; i < n->nargs; i++) {
		in[i] = build_bool(b, n->args[i]);
		if (in[i] == NULL)
			return NULL;
	}
	return gnode_logic(
	    b->g, n->kind == NODE_AND ? G_AND : G_OR, b->scope, in, n->nargs);
}

static struct gnode *
build_cond(struct builder *b, const struct node *n)
{
	struct gnode *in[3];

	for (int i = 0; i < 3; i++) {
		if (n->args[i]->type->kind != RULE_BOOL)
			return NULL;
		in[i] = build_bool(b, n->args[i]);
		if (in[i] == NULL)
			return NULL;
	}
	return gnode_of(b->g, G_COND, b->scope, in, 3);
}

/* row.ref in segment("x") where the host knows the segment as rows. */
static struct gnode *
build_segment(struct builder *b, const struct node *n)
{
	const struct rule_columns_ctx *ctx = b->g->ctx;
	struct gnode segment = {.op = G_SEGMENT, .kind = RULE_V_BOOL};
	int col = column_of(b, n->args[0], &segment.scope);

	if (ctx->segment_rows == NULL || col < 0 || segment.scope->parent != NULL ||
	    n->args[0]->mode != SELECT_PLAIN || n->args[1]->kind != NODE_CONST ||
	    strcmp(segment.scope->table->cols[col].name, "ref") != 0)
		return NULL;
	segment.segment = n->args[1]->value.set.name;
	segment.col = col;
	if (ctx->segment_rows(ctx->host, segment.segment) == NULL)
		return NULL;
	return gnode_make(b->g, &segment);
}

/* row.?flag.hasValue() and the like. */
static struct gnode *
build_has_value(struct builder *b, const struct node *n)
{
	static const struct simd_range all = {INT64_MIN, INT64_MAX};
	struct gscope *scope;
	int col = column_of(b, n->args[0], &scope);

	if (col < 0 || n->args[0]->mode != SELECT_OPTIONAL)
		return NULL;
	return gnode_set(b->g, scope, col, &all, 1, FALSE_T, false);
}

static struct gnode *
build_call(struct builder *b, const struct node *n)
{
	struct gnode *of;

	if (n->fn == NULL)
		return NULL;
	if (is_call(n, "!", "b:b")) {
		of = build_bool(b, n->args[0]);
		return of == NULL ? NULL : gnode_not(b->g, of);
	}
	if (n->fn->fn == rule_fn_in_segment)
		return build_segment(b, n);
	if (n->fn->fn == rule_fn_has_value)
		return build_has_value(b, n);
	return build_compare(b, n);
}

static struct gnode *
build_bool_kind(struct builder *b, const struct node *n)
{
	struct gnode *made = NULL;

	switch (n->kind) {
	case NODE_SELECT:
		made = build_field(b, n);
		break;
	case NODE_LOCAL:
		if (n->slot < b->nlocals && b->locals[n->slot].value != NULL &&
		    b->locals[n->slot].value->kind == RULE_V_BOOL)
			return b->locals[n->slot].value;
		break;
	case NODE_AND:
	case NODE_OR:
		return build_logic(b, n);
	case NODE_COND:
		made = build_cond(b, n);
		break;
	case NODE_CALL:
		made = build_call(b, n);
		break;
	case NODE_FOLD:
		made = build_fold(b, n);
		break;
	case NODE_CONST:
	case NODE_IDENT:
	case NODE_VAR:
	case NODE_LIST:
	case NODE_MAP:
	default:
		break;
	}
	if (made == NULL)
		made = build_one_column(b, n);
	return made != NULL ? made : build_rows(b, n, G_ROWS);
}

struct gnode *
build_bool(struct builder *b, const struct node *n)
{
	struct gscope *wanted = b->scope, *home = home_of(b, n);
	struct str text = node_text(b->rule->text, n);
	struct rule_value v;
	struct gnode *made;

	if (is_uniform(b, n)) {
		v = eval_uniform(b, n);
		return build_truth(b, &v);
	}
	b->scope = home;
	made = n->free_locals == 0 ? graph_written(b->g, text) : NULL;
	if (made == NULL) {
		made = build_bool_kind(b, n);
		if (made != NULL && n->free_locals == 0)
			graph_remember(b->g, text, made);
	}
	b->scope = wanted;
	if (made != NULL && made->src == NULL) {
		made->src = n;
		made->rule = b->rule;
	}
	return spread(b, made, wanted, false);
}

/* ---- values --------------------------------------------------------------------------- */
struct gnode *
build_value(struct builder *b, const struct node *n)
{
	struct gscope *wanted = b->scope, *home = home_of(b, n);
	struct gnode *made;

	if (is_uniform(b, n))
		return build_value_const(b, n);
	b->scope = home;
	made = build_value_kind(b, n);
	b->scope = wanted;
	if (made != NULL && made->src == NULL) {
		made->src = n;
		made->rule = b->rule;
	}
	return spread(b, made, wanted, true);
}

/* ---- entry ---------------------------------------------------------------------------- */
static void
builder_init(struct builder *b, struct graph *g, const struct rule *rule)
{
	memset(b, 0, sizeof *b);
	b->g = g;
	b->rule = rule;
	b->scope = g->root_scope;
	b->eval = (struct rule_eval_ctx){.vars = g->vars,
	    .now = g->ctx->now,
	    .zone = g->ctx->zone,
	    .arena = &g->arena,
	    .host = g->ctx->host,
	    .in_segment = g->ctx->in_segment};
}

struct gnode *
graph_build_rule(struct graph *g, const struct rule *rule)
{
	struct builder b;

	builder_init(&b, g, rule);
	return rule->root->type->kind == RULE_BOOL ? build_bool(&b, rule->root)
						   : build_rows(&b, rule->root, G_ROWS);
}

struct gnode *
graph_build_value(struct graph *g, const struct rule *rule)
{
	struct builder b;

	builder_init(&b, g, rule);
	return build_value(&b, rule->root);
}
