/* What of a rule set runs how. */
#include "engine/rule_graph_priv.h"

static const struct {
	const char *name;
	enum rule_plan_how how;
} shown[GOPS] = {
    [G_CONST] = {"constant", RULE_PLAN_CONSTANT},
    [G_SET] = {"range", RULE_PLAN_COLUMN},
    [G_BITS] = {"bits", RULE_PLAN_COLUMN},
    [G_REAL] = {"double", RULE_PLAN_COLUMN},
    [G_INTS] = {"compare", RULE_PLAN_LOOP},
    [G_REALS] = {"compare", RULE_PLAN_LOOP},
    [G_SCALED] = {"ratio", RULE_PLAN_LOOP},
    [G_SEGMENT] = {"segment", RULE_PLAN_LOOP},
    [G_AND] = {"and", RULE_PLAN_LOOP},
    [G_OR] = {"or", RULE_PLAN_LOOP},
    [G_NOT] = {"not", RULE_PLAN_LOOP},
    [G_THEN] = {"chosen", RULE_PLAN_LOOP},
    [G_GUARD] = {"guard", RULE_PLAN_LOOP},
    [G_COND] = {"choice", RULE_PLAN_LOOP},
    [G_SAME] = {"equal", RULE_PLAN_LOOP},
    [G_KNOWN] = {"known", RULE_PLAN_LOOP},
    [G_UNSURE] = {"undecided", RULE_PLAN_LOOP},
    [G_ANY] = {"any", RULE_PLAN_LOOP},
    [G_ONE] = {"exactly one", RULE_PLAN_LOOP},
    [G_SPREAD] = {"repeat", RULE_PLAN_LOOP},
    [G_ROWS] = {"interpreter", RULE_PLAN_ROWS},
    [V_CONST] = {"constant", RULE_PLAN_CONSTANT},
    [V_COLUMN] = {"column", RULE_PLAN_COLUMN},
    [V_ADD] = {"add", RULE_PLAN_LOOP},
    [V_SUBTRACT] = {"subtract", RULE_PLAN_LOOP},
    [V_MULTIPLY] = {"multiply", RULE_PLAN_LOOP},
    [V_DIVIDE] = {"divide", RULE_PLAN_LOOP},
    [V_MODULO] = {"modulo", RULE_PLAN_LOOP},
    [V_ABSOLUTE] = {"absolute", RULE_PLAN_LOOP},
    [V_SCALE] = {"scale money", RULE_PLAN_LOOP},
    [V_SHARE] = {"share money", RULE_PLAN_LOOP},
    [V_RATIO] = {"ratio of money", RULE_PLAN_LOOP},
    [V_REAL] = {"to double", RULE_PLAN_LOOP},
    [V_REAL_ADD] = {"add", RULE_PLAN_LOOP},
    [V_REAL_SUBTRACT] = {"subtract", RULE_PLAN_LOOP},
    [V_REAL_MULTIPLY] = {"multiply", RULE_PLAN_LOOP},
    [V_REAL_DIVIDE] = {"divide", RULE_PLAN_LOOP},
    [V_REAL_NEGATE] = {"negate", RULE_PLAN_LOOP},
    [V_PICK] = {"choice", RULE_PLAN_LOOP},
    [V_DEFAULT] = {"default", RULE_PLAN_LOOP},
    [V_COUNT] = {"count", RULE_PLAN_LOOP},
    [V_SUM] = {"sum", RULE_PLAN_LOOP},
    [V_MIN] = {"minimum", RULE_PLAN_LOOP},
    [V_MAX] = {"maximum", RULE_PLAN_LOOP},
    [V_MEAN] = {"mean", RULE_PLAN_LOOP},
    [V_SPREAD] = {"repeat", RULE_PLAN_LOOP},
    [V_ROWS] = {"interpreter", RULE_PLAN_ROWS},
};

static void
show_node(const struct rule_set *set, const struct gnode *n, struct arena *arena,
    struct rule_plan_node *out)
{
	int *inputs = arena_array(arena, (size_t)n->nin, sizeof *inputs);

	*out = (struct rule_plan_node){.id = n->id,
	    .name = shown[n->op].name,
	    .how = n->text_only ? RULE_PLAN_DICTIONARY : shown[n->op].how,
	    .inputs = inputs,
	    .ninputs = n->nin,
	    .users = n->users};
	if (n->scope->parent != NULL)
		out->list = n->scope->parent->table->children[n->scope->child].name;
	if (n->src != NULL)
		out->text = node_text(n->rule->text, n->src);
	for (int i = 0; i < n->nin; i++)
		inputs[i] = n->in[i]->id;
	for (int i = 0; i < set->nlanes; i++) {
		const struct gstate *s = &set->lanes[i].states[n->id];

		out->rows += s->rows;
		out->skipped += s->skipped;
		out->ns += (double)s->ns;
	}
}

void
rule_set_plan(const struct rule_set *set, struct arena *arena, struct rule_plan *out)
{
	const struct graph *g = &set->graph;
	int *roots = arena_array(arena, (size_t)g->nroots, sizeof *roots);

	*out = (struct rule_plan){.nnodes = g->nnodes,
	    .roots = roots,
	    .simd = simd_ops(set->options.simd)->name,
	    .threads = set->nlanes};
	out->nodes = arena_array(arena, (size_t)g->nnodes, sizeof *out->nodes);
	for (int i = 0; i < g->nnodes; i++)
		show_node(set, g->nodes[i], arena, &out->nodes[i]);
	for (int i = 0; i < g->nroots; i++)
		roots[i] = g->roots[i]->id;
	for (const struct gcolumn *c = g->columns; c != NULL; c = c->next) {
		const struct column *col = &c->table->cols[c->col];

		out->columns_bytes += c->pack->bytes;
		if (c->pack->missing > 0 && col->valid != NULL)
			out->columns_bytes += bitmap_words(c->pack->rows) * 8;
	}
}
