/* A lane: the state of one thread that runs the graph over chunks. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/rule_graph_priv.h"

#define ALIGN ((size_t)64)

static const gop_fn run[GOPS] = {
    [G_CONST] = run_const,
    [G_SET] = run_set,
    [G_BITS] = run_bits,
    [G_REAL] = run_real,
    [G_INTS] = run_ints,
    [G_REALS] = run_reals,
    [G_SCALED] = run_scaled,
    [G_SEGMENT] = run_segment,
    [G_AND] = run_and,
    [G_OR] = run_or,
    [G_NOT] = run_not,
    [G_THEN] = run_then,
    [G_GUARD] = run_guard,
    [G_COND] = run_cond,
    [G_SAME] = run_same,
    [G_KNOWN] = run_known,
    [G_UNSURE] = run_unsure,
    [G_ANY] = run_any,
    [G_ONE] = run_one,
    [G_SPREAD] = run_spread,
    [G_ROWS] = run_rows,
    [V_CONST] = run_value_const,
    [V_COLUMN] = run_column,
    [V_ADD] = run_whole,
    [V_SUBTRACT] = run_whole,
    [V_MULTIPLY] = run_whole,
    [V_ABSOLUTE] = run_whole,
    [V_DIVIDE] = run_divide,
    [V_MODULO] = run_divide,
    [V_SHARE] = run_divide,
    [V_RATIO] = run_divide,
    [V_SCALE] = run_scale,
    [V_REAL] = run_to_real,
    [V_REAL_ADD] = run_real_arithmetic,
    [V_REAL_SUBTRACT] = run_real_arithmetic,
    [V_REAL_MULTIPLY] = run_real_arithmetic,
    [V_REAL_DIVIDE] = run_real_arithmetic,
    [V_REAL_NEGATE] = run_real_arithmetic,
    [V_PICK] = run_pick,
    [V_DEFAULT] = run_default,
    [V_COUNT] = run_count,
    [V_SUM] = run_aggregate,
    [V_MEAN] = run_aggregate,
    [V_MIN] = run_aggregate,
    [V_MAX] = run_aggregate,
    [V_SPREAD] = run_value_spread,
    [V_ROWS] = run_value_rows,
};

/* ---- life -------------------------------------------------------------------------- */
static int
widest(const struct graph *g)
{
	int most = 1;

	for (int i = 0; i < g->nnodes; i++)
		most = g->nodes[i]->nin > most ? g->nodes[i]->nin : most;
	return most;
}

void
lane_init(struct lane *x, struct graph *g)
{
	size_t fan = (size_t)widest(g);

	*x = (struct lane){.g = g};
	arena_init(&x->arena);
	arena_init(&x->row_arena);
	x->simd = simd_ops(g->options == NULL ? SIMD_AUTO : g->options->simd);
	x->states = arena_array(&x->arena, (size_t)g->nnodes, sizeof *x->states);
	x->scopes = arena_array(&x->arena, (size_t)g->nscopes, sizeof *x->scopes);
	x->in_t = arena_array(&x->arena, fan + 1, sizeof(const uint64_t *));
	x->in_p = arena_array(&x->arena, fan + 1, sizeof(const uint64_t *));
	x->vars = arena_array(&x->arena, (size_t)g->ctx->nbindings, sizeof *x->vars);
	for (int i = 0; i < g->ctx->nbindings; i++)
		x->vars[i] = g->vars[i];
	x->eval = (struct rule_eval_ctx){.vars = x->vars,
	    .now = g->ctx->now,
	    .zone = g->ctx->zone,
	    .arena = &x->row_arena,
	    .host = g->ctx->host,
	    .in_segment = g->ctx->in_segment};
}

void
lane_fini(struct lane *x)
{
	arena_fini(&x->row_arena);
	arena_fini(&x->arena);
}

void
lane_begin(struct lane *x, size_t chunk)
{
	x->epoch++;
	x->chunk = chunk;
}

const struct lane_scope *
lane_scope(struct lane *x, const struct gscope *scope)
{
	struct lane_scope *s = &x->scopes[scope->id];

	if (s->epoch == x->epoch)
		return s;
	s->epoch = x->epoch;
	gscope_rows(scope, x->chunk, &s->first, &s->n);
	s->base = s->first & ~(size_t)63;
	s->words = bitmap_words(s->first - s->base + s->n);
	return s;
}

/* ---- memory ------------------------------------------------------------------------ */
void *
lane_room(struct lane *x, size_t bytes)
{
	char *p = arena_alloc(&x->arena, bytes + ALIGN);

	return p + (ALIGN - (uintptr_t)p % ALIGN) % ALIGN;
}

uint64_t *
lane_bits(struct lane *x, const struct gnode *n, uint64_t **buf)
{
	if (*buf == NULL)
		*buf = lane_room(x, n->scope->max_words * sizeof **buf);
	return *buf;
}

int64_t *
lane_ints(struct lane *x, const struct gnode *n, struct gstate *s)
{
	if (s->buf_v == NULL)
		s->buf_v = lane_room(x, n->scope->max_words * 64 * sizeof(int64_t));
	s->i = s->buf_v;
	return s->buf_v;
}

double *
lane_reals(struct lane *x, const struct gnode *n, struct gstate *s)
{
	if (s->buf_v == NULL)
		s->buf_v = lane_room(x, n->scope->max_words * 64 * sizeof(double));
	s->d = s->buf_v;
	return s->buf_v;
}

/* ---- asking ------------------------------------------------------------------------ */
static uint64_t
clock_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A column's condition has a mask only when it is asked for open rows. */
static void
run_now(struct lane *x, const struct gnode *n, struct gstate *s)
{
	if (n->op == G_SET && s->mask != NULL)
		run_set_open(x, n, s);
	else
		run[n->op](x, n, s);
}

/* The time of the inputs that the node asks for is theirs. */
static void
run_measured(struct lane *x, const struct gnode *n, struct gstate *s)
{
	uint64_t outer = x->inner_ns, began = clock_ns(), took;

	x->inner_ns = 0;
	run_now(x, n, s);
	took = clock_ns() - began;
	s->ns += took > x->inner_ns ? took - x->inner_ns : 0;
	s->rows += lane_scope(x, n->scope)->n;
	if (s->plane != PLANE_BITS && n->op < V_CONST)
		s->skipped += lane_scope(x, n->scope)->n;
	x->inner_ns = outer + took;
}

const struct gstate *
lane_ask(struct lane *x, const struct gnode *n)
{
	struct gstate *s = &x->states[n->id];

	if (s->epoch == x->epoch && n->op != G_ROWS)
		return s;
	if (n->op == G_ROWS)
		return lane_ask_rows(x, n, NULL);
	s->epoch = x->epoch;
	s->mask = NULL;
	if (__builtin_expect(x->g->options != NULL && x->g->options->profile, 0))
		run_measured(x, n, s);
	else
		run[n->op](x, n, s);
	return s;
}

const struct gstate *
lane_ask_rows(struct lane *x, const struct gnode *n, const uint64_t *mask)
{
	struct gstate *s = &x->states[n->id];

	if (n->op != G_ROWS && (n->op != G_SET || mask == NULL || n->users > 1))
		return lane_ask(x, n);
	if (n->op == G_ROWS && s->epoch == x->epoch && s->complete)
		return s;
	s->mask = mask;
	if (__builtin_expect(x->g->options != NULL && x->g->options->profile, 0))
		run_measured(x, n, s);
	else
		run_now(x, n, s);
	s->epoch = x->epoch;
	return s;
}

/* Planes in memory, also of an answer that is the same for all rows. */
void
lane_planes(struct lane *x, const struct gnode *n, const struct gstate *s,
    const uint64_t **t, const uint64_t **p)
{
	size_t words = lane_scope(x, n->scope)->words;
	struct gstate *own = &x->states[n->id];
	uint64_t *bits;

	if (s->plane == PLANE_BITS) {
		*t = s->t;
		*p = s->p;
		return;
	}
	bits = lane_bits(x, n, &own->buf_t);
	memset(bits, s->plane == PLANE_TRUE ? 0xff : 0, words * sizeof *bits);
	*t = *p = bits;
	if (s->plane != PLANE_UNKNOWN)
		return;
	bits = lane_bits(x, n, &own->buf_p);
	memset(bits, 0xff, words * sizeof *bits);
	*p = bits;
}
