#include <string.h>

#include "engine/rule_priv.h"

#define EXPLAIN_MAX 2000 /* nodes; what comes after is evaluated but not noted */

/* Literals and the names of records say nothing that the text does not. */
static bool
is_worth_noting(const struct node *n)
{
	if (n->kind == NODE_CONST)
		return false;
	if (n->kind == NODE_VAR || n->kind == NODE_LOCAL)
		return n->type->kind != RULE_OBJECT && n->type->kind != RULE_LIST &&
		       n->type->kind != RULE_MAP;
	return true;
}

static struct str
strip_brackets(struct str s)
{
	int depth = 0;

	if (s.len < 2 || s.ptr[0] != '(' || s.ptr[s.len - 1] != ')')
		return s;
	for (size_t i = 0; i + 1 < s.len; i++) {
		depth += s.ptr[i] == '(' ? 1 : s.ptr[i] == ')' ? -1 : 0;
		if (depth == 0)
			return s; /* (a) + (b) */
	}
	return (struct str){s.ptr + 1, s.len - 2};
}

static void
place_of(struct str text, size_t at, int *line, int *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < at; i++) {
		if (text.ptr[i] == '\n') {
			(*line)++;
			*column = 1;
		} else if (((unsigned char)text.ptr[i] & 0xc0) != 0x80) {
			(*column)++;
		}
	}
}

void
explain_eval(struct frame *f, const struct node *n, struct rule_value *out)
{
	struct explain *e = f->explain;
	struct rule_explain_node *note;
	int at;

	if (!is_worth_noting(n) || e->count == EXPLAIN_MAX) {
		n->eval(f, n, out);
		return;
	}
	if (e->count == e->cap) {
		int cap = e->cap == 0 ? 32 : e->cap * 2;
		struct rule_explain_node *grown =
		    arena_array(f->arena, (size_t)cap, sizeof *grown);

		if (e->count > 0)
			memcpy(grown, e->nodes, (size_t)e->count * sizeof *grown);
		e->nodes = grown;
		e->cap = cap;
	}
	at = e->count++;
	note = &e->nodes[at];
	note->depth = e->depth++;
	note->text = strip_brackets(node_text(f->rule->text, n));
	place_of(f->rule->text, (size_t)(note->text.ptr - f->rule->text.ptr),
	    &note->line, &note->column);
	n->eval(f, n, out);
	e->depth--;
	e->nodes[at].value = *out; /* nodes may have moved */
}

void
rule_explain(const struct rule *rule, const struct rule_eval_ctx *ctx,
    struct rule_explanation *out)
{
	struct rule_value locals[RULE_MAX_LOCALS];
	struct explain e = {0};
	struct frame f;

	STW_ASSERT(ctx->arena != NULL);
	memset(out, 0, sizeof *out);
	frame_init(&f, rule, ctx, locals);
	f.explain = &e;
	node_eval(&f, rule->root, &out->result);
	out->nodes = e.nodes;
	out->count = e.count;
}
