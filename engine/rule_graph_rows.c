/* What has no loop: the interpreter, row by row, for the rows that matter. */
#include <string.h>

#include "engine/rule_graph_priv.h"

#define ROW_ARENA_MAX ((size_t)256 * 1024)

/* ---- rows into variables ------------------------------------------------------------ */
void
lane_set_row(struct lane *x, const struct gscope *scope, const int *slots, int nslots,
    size_t row)
{
	const struct rule_columns_ctx *ctx = x->g->ctx;

	if (scope->parent != NULL) {
		if (slots[nslots - 1] >= 0)
			x->locals[slots[nslots - 1]] = rule_row(scope->table, row);
		return;
	}
	for (int i = 0; i < ctx->nbindings; i++) {
		const struct rule_binding *b = &ctx->bindings[i];

		if (b->self)
			x->vars[b->slot] = rule_row(scope->table, row);
		else if (b->child >= 0)
			x->vars[b->slot] = rule_children(scope->table, b->child, row);
	}
}

/* ---- walking ---------------------------------------------------------------------------- */
struct walk {
	struct lane *x;
	const struct gnode *n;
	struct gstate *s;
	struct frame frame;
	const uint64_t *mask; /* rows asked for, by bit; NULL: all */
	uint64_t *done;       /* rows worked out before; NULL: none */
};

typedef void (*row_fn)(struct walk *w, size_t bit, const struct rule_value *v);

static void
walk_row(struct walk *w, row_fn put, size_t row, size_t bit)
{
	struct rule_value v = {0};

	if (w->mask != NULL && !bit_get(w->mask, bit))
		return;
	if (w->done != NULL) {
		if (bit_get(w->done, bit))
			return;
		bit_set(w->done, bit);
	}
	if (w->x->row_arena.total > ROW_ARENA_MAX)
		arena_reset(&w->x->row_arena);
	lane_set_row(w->x, w->n->scope, w->n->slots, w->n->nslots, row);
	frame_init(&w->frame, w->n->rule, &w->x->eval, w->x->locals);
	w->n->src->eval(&w->frame, w->n->src, &v);
	put(w, bit, &v);
}

/* All rows of a scope, each after the row it belongs to has been set. */
static void
walk_scope(struct walk *w, const struct gscope *scope, int depth, size_t first,
    size_t past, row_fn put)
{
	const struct gscope *inner = w->n->scope;

	if (scope == inner) {
		size_t base = lane_scope(w->x, inner)->base;

		for (size_t row = first; row < past; row++)
			walk_row(w, put, row, row - base);
		return;
	}
	while (inner->parent != scope)
		inner = inner->parent;
	for (size_t row = first; row < past; row++) {
		if (inner->offsets[row] == inner->offsets[row + 1])
			continue;
		lane_set_row(w->x, scope, w->n->slots, depth, row);
		walk_scope(w, inner, depth + 1, inner->offsets[row],
		    inner->offsets[row + 1], put);
	}
}

static void
walk_all(struct walk *w, row_fn put)
{
	const struct gscope *root = w->x->g->root_scope;
	const struct lane_scope *s = lane_scope(w->x, root);

	walk_scope(w, root, 0, s->first, s->first + s->n, put);
}

/* ---- bool --------------------------------------------------------------------------------- */
static void
put_truth(struct walk *w, size_t bit, const struct rule_value *v)
{
	if (v->kind == RULE_V_BOOL && v->b) {
		bit_set(w->s->buf_t, bit);
		bit_set(w->s->buf_p, bit);
	} else if (v->kind != RULE_V_BOOL) {
		bit_set(w->s->buf_p, bit);
	}
}

void
run_rows(struct lane *x, const struct gnode *n, struct gstate *s)
{
	size_t words = lane_scope(x, n->scope)->words;
	struct walk w = {.x = x, .n = n, .s = s, .mask = s->mask};

	if (s->epoch != x->epoch) {
		memset(lane_bits(x, n, &s->buf_t), 0, words * sizeof *s->buf_t);
		memset(lane_bits(x, n, &s->buf_p), 0, words * sizeof *s->buf_p);
		memset(lane_bits(x, n, &s->buf_done), 0, words * sizeof *s->buf_done);
	}
	w.done = s->buf_done;
	s->complete = s->mask == NULL;
	walk_all(&w, put_truth);
	say_bits(s, s->buf_t, s->buf_p);
}

/* ---- values ------------------------------------------------------------------------------- */
static void
put_value(struct walk *w, size_t bit, const struct rule_value *v)
{
	if (v->kind != w->n->kind)
		return;
	if (v->kind == RULE_V_DOUBLE)
		((double *)w->s->buf_v)[bit] = v->d;
	else
		((int64_t *)w->s->buf_v)[bit] = v->i;
	bit_set(w->s->buf_p, bit);
}

void
run_value_rows(struct lane *x, const struct gnode *n, struct gstate *s)
{
	size_t words = lane_scope(x, n->scope)->words;
	struct walk w = {.x = x, .n = n, .s = s};

	memset(lane_bits(x, n, &s->buf_p), 0, words * sizeof *s->buf_p);
	if (n->kind == RULE_V_DOUBLE)
		(void)lane_reals(x, n, s);
	else
		(void)lane_ints(x, n, s);
	s->none = false;
	s->known = s->buf_p;
	s->lo = INT64_MIN;
	s->hi = INT64_MAX;
	walk_all(&w, put_value);
}
