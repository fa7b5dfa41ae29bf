/* Bool nodes made of other ones: && and ||, choices, and what macros need of them. */
#include <string.h>

#include "engine/rule_graph_priv.h"

/* ---- logic ---------------------------------------------------------------------------- */
struct gathered {
	int n;
	bool unknown; /* an operand that is undecided everywhere */
	bool unsure;  /* an operand with an undecided row */
	const struct gstate *only;
};

/* The planes of the operands asked so far. Those that cannot change anything are left
 * out; false: one of them decides for all rows. */
static bool
gather_planes(struct lane *x, const struct gnode *n, int upto, enum plane stop,
    struct gathered *g)
{
	*g = (struct gathered){0};
	for (int i = 0; i < upto; i++) {
		const struct gstate *in = &x->states[n->in[i]->id];

		if (in->plane == stop)
			return false;
		g->unknown |= in->plane == PLANE_UNKNOWN;
		if (in->plane != PLANE_BITS)
			continue;
		g->unsure |= in->t != in->p;
		g->only = in;
		x->in_t[g->n] = in->t;
		x->in_p[g->n++] = in->p;
	}
	return true;
}

static void
say_gathered(struct lane *x, const struct gnode *n, struct gstate *s,
    const struct gathered *g, enum plane neutral)
{
	size_t words = lane_scope(x, n->scope)->words;
	void (*join)(const uint64_t *const *, int, size_t, uint64_t *) =
	    n->op == G_AND ? x->simd->and_all : x->simd->or_all;
	uint64_t *t, *p;

	if (g->n == 0) {
		say_plane(s, g->unknown ? PLANE_UNKNOWN : neutral);
		return;
	}
	if (g->n == 1 && !g->unknown) {
		say_bits(s, g->only->t, g->only->p);
		return;
	}
	t = p = lane_bits(x, n, &s->buf_t);
	if (g->unsure || g->unknown)
		p = lane_bits(x, n, &s->buf_p);
	join(x->in_p, g->n, words, p);
	if (p != t)
		join(x->in_t, g->n, words, t);
	/* With an undecided operand `and` is never true and `or` never false. */
	if (g->unknown && n->op == G_AND)
		bits_fill(t, PLANE_FALSE, words);
	else if (g->unknown)
		bits_fill(p, PLANE_TRUE, words);
	say_bits(s, t, p);
}

static bool
is_empty(const uint64_t *bits, size_t words)
{
	for (size_t w = 0; w < words; w++) {
		if (bits[w] != 0)
			return false;
	}
	return true;
}

/* Rows for which a further operand still matters, after those gathered. NULL: all. */
static const uint64_t *
open_rows(struct lane *x, const struct gnode *n, struct gstate *s,
    const struct gathered *g, bool *nothing)
{
	size_t words = lane_scope(x, n->scope)->words;
	uint64_t *open;

	*nothing = false;
	if (g->n == 0)
		return NULL;
	open = lane_bits(x, n, &s->buf_done);
	if (n->op == G_AND) {
		x->simd->and_all(x->in_p, g->n, words, open);
	} else {
		x->simd->or_all(x->in_t, g->n, words, open);
		for (size_t w = 0; w < words; w++)
			open[w] = ~open[w];
	}
	*nothing = is_empty(open, words);
	return open;
}

#define WIDE 3 /* bytes a row from which on it pays to know which rows are open */

/* May the operand be asked for open rows only? */
static bool
is_maskable(const struct gnode *n, const struct gnode *operand)
{
	if (operand->cost >= COST_LIST)
		return true;
	return n->op == G_AND && operand->op == G_SET && operand->users == 1 &&
	       gnode_width(operand) >= WIDE;
}

static void
run_logic(struct lane *x, const struct gnode *n, struct gstate *s, enum plane stop,
    enum plane neutral)
{
	const uint64_t *mask;
	struct gathered g;
	bool nothing;

	for (int i = 0; i < n->nin; i++) {
		mask = NULL;
		if (i > 0 && is_maskable(n, n->in[i])) {
			if (!gather_planes(x, n, i, stop, &g)) {
				say_plane(s, stop);
				return;
			}
			mask = open_rows(x, n, s, &g, &nothing);
			if (nothing) {
				say_plane(s, stop);
				return;
			}
		}
		if (lane_ask_rows(x, n->in[i], mask)->plane == stop) {
			say_plane(s, stop);
			return;
		}
	}
	if (!gather_planes(x, n, n->nin, stop, &g))
		say_plane(s, stop);
	else
		say_gathered(x, n, s, &g, neutral);
}

void
run_and(struct lane *x, const struct gnode *n, struct gstate *s)
{
	run_logic(x, n, s, PLANE_FALSE, PLANE_TRUE);
}

void
run_or(struct lane *x, const struct gnode *n, struct gstate *s)
{
	run_logic(x, n, s, PLANE_TRUE, PLANE_FALSE);
}

void
run_not(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *in = lane_ask(x, n->in[0]);
	size_t words = lane_scope(x, n->scope)->words;
	uint64_t *t, *p;

	if (in->plane != PLANE_BITS) {
		say_plane(s, in->plane == PLANE_TRUE    ? PLANE_FALSE
			     : in->plane == PLANE_FALSE ? PLANE_TRUE
							: PLANE_UNKNOWN);
		return;
	}
	t = p = lane_bits(x, n, &s->buf_t);
	if (in->t != in->p)
		p = lane_bits(x, n, &s->buf_p);
	for (size_t w = 0; w < words; w++)
		t[w] = ~in->p[w];
	for (size_t w = 0; w < words && p != t; w++)
		p[w] = ~in->t[w];
	say_bits(s, t, p);
}

void
run_then(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *first = lane_ask(x, n->in[0]), *then;
	size_t words = lane_scope(x, n->scope)->words;
	const uint64_t *ft, *fp, *tt, *tp;
	uint64_t *t, *p;

	if (first->plane == PLANE_FALSE || first->plane == PLANE_UNKNOWN) {
		say_plane(s, first->plane);
		return;
	}
	lane_planes(x, n->in[0], first, &ft, &fp);
	then = lane_ask(x, n->in[1]);
	lane_planes(x, n->in[1], then, &tt, &tp);
	t = p = lane_bits(x, n, &s->buf_t);
	if (ft != fp || tt != tp)
		p = lane_bits(x, n, &s->buf_p);
	for (size_t w = 0; w < words; w++) {
		uint64_t sure = ft[w] & tt[w];

		if (p != t)
			p[w] = (fp[w] & ~ft[w]) | (ft[w] & tp[w]);
		t[w] = sure;
	}
	say_bits(s, t, p);
}

void
run_guard(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *of = lane_ask(x, n->in[0]);
	const struct gstate *failed = lane_ask(x, n->in[1]);
	size_t words = lane_scope(x, n->scope)->words;
	const uint64_t *t, *p;

	if (failed->plane != PLANE_BITS) {
		s->plane = failed->plane == PLANE_FALSE ? of->plane : PLANE_UNKNOWN;
		s->t = of->t;
		s->p = of->p;
		return;
	}
	lane_planes(x, n->in[0], of, &t, &p);
	(void)lane_bits(x, n, &s->buf_t);
	(void)lane_bits(x, n, &s->buf_p);
	for (size_t w = 0; w < words; w++) {
		s->buf_t[w] = t[w] & ~failed->t[w];
		s->buf_p[w] = p[w] | failed->t[w];
	}
	say_bits(s, s->buf_t, s->buf_p);
}

void
run_cond(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *c = lane_ask(x, n->in[0]), *side;
	size_t words = lane_scope(x, n->scope)->words;
	const uint64_t *ct, *cp, *at, *ap, *bt, *bp;

	if (c->plane == PLANE_UNKNOWN) {
		say_plane(s, PLANE_UNKNOWN);
		return;
	}
	if (c->plane != PLANE_BITS) {
		side = lane_ask(x, n->in[c->plane == PLANE_TRUE ? 1 : 2]);
		s->plane = side->plane;
		s->t = side->t;
		s->p = side->p;
		return;
	}
	ct = c->t;
	cp = c->p;
	lane_planes(x, n->in[1], lane_ask(x, n->in[1]), &at, &ap);
	lane_planes(x, n->in[2], lane_ask(x, n->in[2]), &bt, &bp);
	(void)lane_bits(x, n, &s->buf_t);
	(void)lane_bits(x, n, &s->buf_p);
	for (size_t w = 0; w < words; w++) {
		s->buf_t[w] = (ct[w] & at[w]) | (~cp[w] & bt[w]);
		s->buf_p[w] = (ct[w] & ap[w]) | (~cp[w] & bp[w]) | (cp[w] & ~ct[w]);
	}
	say_bits(s, s->buf_t, s->buf_p);
}

void
run_same(struct lane *x, const struct gnode *n, struct gstate *s)
{
	size_t words = lane_scope(x, n->scope)->words;
	const uint64_t *at, *ap, *bt, *bp;

	lane_planes(x, n->in[0], lane_ask(x, n->in[0]), &at, &ap);
	lane_planes(x, n->in[1], lane_ask(x, n->in[1]), &bt, &bp);
	(void)lane_bits(x, n, &s->buf_t);
	(void)lane_bits(x, n, &s->buf_p);
	for (size_t w = 0; w < words; w++) {
		s->buf_t[w] = (at[w] & bt[w]) | ~(ap[w] | bp[w]);
		s->buf_p[w] = ~((at[w] & ~bp[w]) | (~ap[w] & bt[w]));
	}
	say_bits(s, s->buf_t, s->buf_p);
}

void
run_known(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *v = lane_ask(x, n->in[0]);
	size_t words = lane_scope(x, n->scope)->words;

	if (v->none || v->known == NULL) {
		say_plane(s, v->none ? PLANE_UNKNOWN : PLANE_TRUE);
		return;
	}
	bits_fill(lane_bits(x, n, &s->buf_p), PLANE_TRUE, words);
	say_bits(s, v->known, s->buf_p);
}

void
run_unsure(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *in = lane_ask(x, n->in[0]);
	size_t words = lane_scope(x, n->scope)->words;
	uint64_t *bits;

	if (in->plane != PLANE_BITS || in->t == in->p) {
		say_plane(s, in->plane == PLANE_UNKNOWN ? PLANE_TRUE : PLANE_FALSE);
		return;
	}
	bits = lane_bits(x, n, &s->buf_t);
	x->simd->and_not(in->p, in->t, words, bits);
	say_bits(s, bits, bits);
}
