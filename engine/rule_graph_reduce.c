/* From child rows to the rows they belong to, and back. */
#include <string.h>

#include "engine/rule_graph_priv.h"

/* ---- rows of a parent ------------------------------------------------------------- */
/* Walks the parents of a list: bit `at` of the parent scope has the child rows whose
 * bits are from .. past of the child scope. */
struct family {
	const struct lane_scope *parent, *child;
	const uint32_t *offsets; /* of the first parent */
	size_t skew;             /* the first parent's bit */
};

static struct family
family_of(struct lane *x, const struct gscope *child)
{
	struct family f = {
	    .parent = lane_scope(x, child->parent), .child = lane_scope(x, child)};

	f.offsets = child->offsets + f.parent->first;
	f.skew = f.parent->first - f.parent->base;
	return f;
}

static size_t
first_bit(const struct family *f, size_t parent)
{
	return f->offsets[parent] - f->child->base;
}

/* ---- any --------------------------------------------------------------------------- */
/* The first set bit at or after `at`; past when there is none before it. */
static size_t
next_bit(const uint64_t *bits, size_t at, size_t past)
{
	uint64_t word;
	size_t w = at >> 6;

	if (at >= past)
		return past;
	word = bits[w] & (~UINT64_C(0) << (at & 63));
	while (word == 0) {
		if (++w > (past - 1) >> 6)
			return past;
		word = bits[w];
	}
	at = w * 64 + (size_t)__builtin_ctzll(word);
	return at < past ? at : past;
}

/* From the first set bit of one parent to that of the next one that has any. */
static void
any_of(const struct family *f, const uint64_t *bits, uint64_t *out)
{
	size_t end = first_bit(f, f->parent->n), parent = 0;
	size_t at = next_bit(bits, first_bit(f, 0), end);

	memset(out, 0, f->parent->words * sizeof *out);
	while (at < end) {
		while (first_bit(f, parent + 1) <= at)
			parent++;
		bit_set(out, f->skew + parent);
		at = next_bit(bits, first_bit(f, parent + 1), end);
	}
}

/* Parents that have children at all. */
static void
any_child(const struct family *f, uint64_t *out)
{
	memset(out, 0, f->parent->words * sizeof *out);
	for (size_t p = 0; p < f->parent->n; p++) {
		if (f->offsets[p] != f->offsets[p + 1])
			bit_set(out, f->skew + p);
	}
}

void
run_any(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *in = lane_ask(x, n->in[0]);
	struct family f = family_of(x, n->in[0]->scope);
	uint64_t *t, *p;

	if (in->plane == PLANE_FALSE) {
		say_plane(s, PLANE_FALSE);
		return;
	}
	t = p = lane_bits(x, n, &s->buf_t);
	if (in->plane == PLANE_BITS) {
		any_of(&f, in->t, t);
		if (in->p != in->t) {
			p = lane_bits(x, n, &s->buf_p);
			any_of(&f, in->p, p);
		}
	} else {
		any_child(&f, t);
		if (in->plane == PLANE_UNKNOWN) {
			p = lane_bits(x, n, &s->buf_p);
			memcpy(p, t, f.parent->words * sizeof *p);
			memset(t, 0, f.parent->words * sizeof *t);
		}
	}
	say_bits(s, t, p);
}

/* ---- counting ------------------------------------------------------------------------ */
static size_t
count_bits(const uint64_t *bits, size_t from, size_t past)
{
	size_t count = 0;

	for (size_t at = from; at < past;) {
		uint64_t word = bits[at >> 6] >> (at & 63);
		size_t take = 64 - (at & 63);

		if (take > past - at) {
			take = past - at;
			word &= (UINT64_C(1) << take) - 1;
		}
		count += (size_t)__builtin_popcountll(word);
		at += take;
	}
	return count;
}

void
run_one(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *in = lane_ask(x, n->in[0]);
	struct family f = family_of(x, n->in[0]->scope);
	const uint64_t *t, *p;

	if (in->plane == PLANE_FALSE) {
		say_plane(s, PLANE_FALSE);
		return;
	}
	lane_planes(x, n->in[0], in, &t, &p);
	memset(lane_bits(x, n, &s->buf_t), 0, f.parent->words * sizeof *s->buf_t);
	memset(lane_bits(x, n, &s->buf_p), 0, f.parent->words * sizeof *s->buf_p);
	for (size_t row = 0; row < f.parent->n; row++) {
		size_t from = first_bit(&f, row), past = first_bit(&f, row + 1);
		size_t sure = count_bits(t, from, past);

		if (count_bits(p, from, past) != sure) {
			bit_set(s->buf_p, f.skew + row);
		} else if (sure == 1) {
			bit_set(s->buf_t, f.skew + row);
			bit_set(s->buf_p, f.skew + row);
		}
	}
	say_bits(s, s->buf_t, s->buf_p);
}

/* ---- aggregates ------------------------------------------------------------------------ */
/* The rows whose list is known; NULL: all. */
static uint64_t *
known_lists(struct lane *x, const struct gnode *n, struct gstate *s, bool *none)
{
	const struct gstate *failed = lane_ask(x, n->in[n->nin - 1]);
	size_t words = lane_scope(x, n->scope)->words;

	*none = failed->plane == PLANE_TRUE || failed->plane == PLANE_UNKNOWN;
	if (failed->plane != PLANE_BITS)
		return NULL;
	(void)lane_bits(x, n, &s->buf_p);
	for (size_t w = 0; w < words; w++)
		s->buf_p[w] = ~failed->t[w];
	return s->buf_p;
}

void
run_count(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *in = lane_ask(x, n->in[0]);
	struct family f = family_of(x, n->in[0]->scope);
	int64_t *to;

	s->known = known_lists(x, n, s, &s->none);
	s->lo = 0;
	s->hi = (int64_t)f.child->n;
	if (s->none)
		return;
	to = lane_ints(x, n, s);
	memset(to, 0, f.parent->words * 64 * sizeof *to);
	for (size_t p = 0; p < f.parent->n; p++) {
		size_t from = first_bit(&f, p), past = first_bit(&f, p + 1);

		if (in->plane == PLANE_TRUE)
			to[f.skew + p] = (int64_t)(past - from);
		else if (in->plane == PLANE_BITS)
			to[f.skew + p] = (int64_t)count_bits(in->t, from, past);
	}
}

#define AHEAD 24 /* words */

struct aggregate {
	struct family f;
	const uint64_t *chosen;     /* NULL: none */
	const struct gnode *of;     /* what is added up */
	const struct gstate *value; /* NULL: read from the column's codes */
	bool real;
	uint64_t *known; /* of the parents */
	uint64_t *lists; /* parents whose list is known; NULL: all */
	void *room;      /* int64_t or double, one a parent */
};

/* Asks everything and makes room; false: unknown in all rows. Parents start as 0 and
 * known, or not known where nothing has no such value. */
static bool
aggregate_begin(
    struct lane *x, const struct gnode *n, struct gstate *s, struct aggregate *a)
{
	const struct gstate *in = lane_ask(x, n->in[0]);
	const uint64_t *p;

	*a = (struct aggregate){.f = family_of(x, n->in[0]->scope), .of = n->in[1]};
	a->lists = known_lists(x, n, s, &s->none);
	a->real = a->of->kind == RULE_V_DOUBLE;
	s->lo = INT64_MIN;
	s->hi = INT64_MAX;
	s->known = NULL;
	if (s->none)
		return false;
	/* Few rows may be chosen: the column is not widened for them. */
	if (a->of->op != V_COLUMN)
		a->value = lane_ask(x, a->of);
	if (in->plane != PLANE_FALSE && in->plane != PLANE_UNKNOWN &&
	    (a->value == NULL || !a->value->none))
		lane_planes(x, n->in[0], in, &a->chosen, &p);
	if (n->kind == RULE_V_DOUBLE)
		(void)lane_reals(x, n, s);
	else
		(void)lane_ints(x, n, s);
	a->room = s->buf_v;
	memset(a->room, 0, a->f.parent->words * 64 * 8);
	a->known = lane_bits(x, n, &s->buf_t);
	for (size_t w = 0; w < a->f.parent->words; w++)
		a->known[w] = n->op != V_SUM     ? 0
			      : a->lists == NULL ? ~UINT64_C(0)
						 : a->lists[w];
	s->known = a->known;
	return true;
}

static const struct col_chunk *
chunk_of(const struct aggregate *a, size_t bit, size_t *row)
{
	*row = (a->f.child->base + bit) % TABLE_CHUNK;
	return &a->of->pack->chunks[(a->f.child->base + bit) / TABLE_CHUNK];
}

static int64_t
whole_at(const struct aggregate *a, size_t bit)
{
	const struct col_chunk *c;
	size_t row;

	if (a->value != NULL)
		return a->value->i[bit];
	c = chunk_of(a, bit, &row);
	return chunk_value(c, row);
}

static double
real_at(const struct aggregate *a, size_t bit)
{
	const struct col_chunk *c;
	size_t row;

	if (a->value != NULL)
		return a->value->d[bit];
	c = chunk_of(a, bit, &row);
	return ((const double *)c->data)[row];
}

/* What a parent's children have come to so far. */
struct total {
	size_t count;
	stw_wide whole;
	double real;
	int64_t best;
	double best_real;
};

/* The functions below are told what to do by constants, so that no row asks for it. */
#define FOR_EACH_ROW static inline __attribute__((always_inline))

FOR_EACH_ROW void
take_extreme(
    const struct aggregate *a, enum gop op, bool real, size_t bit, struct total *t)
{
	if (real) {
		double v = real_at(a, bit);

		if (t->count == 0 || (op == V_MIN && v < t->best_real) ||
		    (op == V_MAX && v > t->best_real))
			t->best_real = v;
	} else {
		int64_t v = whole_at(a, bit);

		if (t->count == 0 || (op == V_MIN && v < t->best) ||
		    (op == V_MAX && v > t->best))
			t->best = v;
	}
}

FOR_EACH_ROW void
take(const struct aggregate *a, enum gop op, bool real, size_t bit, struct total *t)
{
	if (op == V_MIN || op == V_MAX)
		take_extreme(a, op, real, bit, t);
	else if (real)
		t->real += real_at(a, bit);
	else
		t->whole += whole_at(a, bit);
	t->count++;
}

/* The parent's result; false: it has none. */
static bool
conclude(
    const struct gnode *n, const struct aggregate *a, const struct total *t, size_t at)
{
	int64_t *whole = a->room;
	double *real = a->room;

	if (n->op == V_MIN || n->op == V_MAX) {
		if (a->real)
			real[at] = t->best_real;
		else
			whole[at] = t->best;
	} else if (n->kind == RULE_V_DOUBLE) {
		real[at] = a->real ? t->real : (double)t->whole;
		if (n->op == V_MEAN)
			real[at] /= (double)t->count;
	} else if (n->op == V_MEAN) {
		return wide_fits(
		    divide_half_even(t->whole, (stw_wide)t->count), &whole[at]);
	} else {
		return wide_fits(t->whole, &whole[at]);
	}
	return true;
}

static void
close_parent(const struct gnode *n, const struct aggregate *a, const struct total *t,
    size_t parent)
{
	size_t at = a->f.skew + parent;
	uint64_t bit = UINT64_C(1) << (at & 63);

	if (t->count == 0)
		return;
	if (conclude(n, a, t, at) && (a->lists == NULL || bit_get(a->lists, at)))
		a->known[at >> 6] |= bit;
	else
		a->known[at >> 6] &= ~bit;
}

/* The chosen bits of word w that belong to a parent: from .. past are those of all. */
static uint64_t
chosen_word(const struct aggregate *a, size_t w, size_t from, size_t past)
{
	uint64_t bits = a->chosen[w];

	if (w == from >> 6)
		bits &= ~UINT64_C(0) << (from & 63);
	if (w == (past - 1) >> 6)
		bits &= ~UINT64_C(0) >> (63 - ((past - 1) & 63));
	return bits;
}

/* Few rows are chosen, far from each other: they are asked for some words before. */
static inline __attribute__((always_inline)) void
look_ahead(const struct aggregate *a, size_t w)
{
	size_t row = a->f.child->base + (w + AHEAD) * 64;

	if (a->value == NULL && w + AHEAD < a->f.child->words)
		chunk_prefetch(&a->of->pack->chunks[row / TABLE_CHUNK],
		    row % TABLE_CHUNK, a->chosen[w + AHEAD]);
}

/* Over the chosen children in their order, as the interpreter goes; the sum of doubles
 * depends on it. */
FOR_EACH_ROW void
walk(const struct gnode *n, const struct aggregate *a, enum gop op, bool real)
{
	struct total t = {0};
	size_t parent = 0, past, from, end;

	from = past = first_bit(&a->f, 0);
	end = first_bit(&a->f, a->f.parent->n);
	for (size_t w = from >> 6; w <= (end - 1) >> 6; w++) {
		uint64_t bits = chosen_word(a, w, from, end);

		look_ahead(a, w);
		for (; bits != 0; bits &= bits - 1) {
			size_t bit = w * 64 + (size_t)__builtin_ctzll(bits);

			if (bit >= past) {
				close_parent(n, a, &t, parent);
				while (first_bit(&a->f, parent + 1) <= bit)
					parent++;
				past = first_bit(&a->f, parent + 1);
				t.count = 0;
				t.whole = 0;
				t.real = 0;
			}
			take(a, op, real, bit, &t);
		}
	}
	close_parent(n, a, &t, parent);
}

static void
walk_extremes(const struct gnode *n, const struct aggregate *a)
{
	if (n->op == V_MIN && a->real)
		walk(n, a, V_MIN, true);
	else if (n->op == V_MIN)
		walk(n, a, V_MIN, false);
	else if (a->real)
		walk(n, a, V_MAX, true);
	else
		walk(n, a, V_MAX, false);
}

/* ---- sums of whole numbers ---------------------------------------------------------------- */
/* A parent's sum is the difference of two running sums, that over the chosen rows up to
 * its last and that up to its first: no row is asked whose it is, which no processor could
 * guess. Running sums may wrap around, their differences do not. */
struct running {
	int64_t *sums;    /* sums[k]: of the first k chosen rows */
	uint32_t *before; /* before[w]: how many are chosen below word w */
	uint32_t *ranks;  /* ranks[p]: how many before the children of parent p */
	uint32_t count;
};

/* The chosen rows of some words, which lie in one chunk. */
FOR_EACH_ROW void
run_words(const struct aggregate *a, struct col_chunk c, uint8_t width, size_t word,
    size_t words, size_t row, struct running *to)
{
	uint64_t sum = (uint64_t)to->sums[to->count];

	c.width = width;
	for (size_t w = 0; w < words; w++) {
		uint64_t bits = a->chosen[word + w];

		if (w + AHEAD < words && a->value == NULL)
			chunk_prefetch(
			    &c, row + (w + AHEAD) * 64, a->chosen[word + w + AHEAD]);
		to->before[word + w] = to->count;
		for (; bits != 0; bits &= bits - 1) {
			size_t i = w * 64 + (size_t)__builtin_ctzll(bits);

			sum += (uint64_t)chunk_value(&c, row + i);
			to->sums[++to->count] = (int64_t)sum;
		}
	}
}

static void
run_chunk(const struct aggregate *a, const struct col_chunk *c, size_t word,
    size_t words, size_t row, struct running *to)
{
	switch (c->width) {
	case 1:
		run_words(a, *c, 1, word, words, row, to);
		break;
	case 2:
		run_words(a, *c, 2, word, words, row, to);
		break;
	case 3:
		run_words(a, *c, 3, word, words, row, to);
		break;
	case 4:
		run_words(a, *c, 4, word, words, row, to);
		break;
	case 6:
		run_words(a, *c, 6, word, words, row, to);
		break;
	default: /* 0, 8 */
		run_words(a, *c, c->width, word, words, row, to);
		break;
	}
}

static void
run_over(const struct aggregate *a, struct running *to)
{
	size_t word = 0, words = a->f.child->words, row, some;

	to->sums[0] = 0;
	if (a->value != NULL) {
		struct col_chunk wide = {.data = a->value->i, .step = 1};

		run_words(a, wide, 8, 0, words, 0, to);
		word = words;
	}
	for (; word < words; word += some) {
		const struct col_chunk *c = chunk_of(a, word * 64, &row);

		some = (TABLE_CHUNK - row) / 64;
		some = some < words - word ? some : words - word;
		run_chunk(a, c, word, some, row, to);
	}
	to->before[words] = to->count;
}

/* No sum of a parent can overflow. */
static bool
sums_fit(const struct aggregate *a)
{
	int64_t lo = a->value != NULL ? a->value->lo : a->of->pack->min;
	int64_t hi = a->value != NULL ? a->value->hi : a->of->pack->max;
	int64_t n = (int64_t)a->f.child->n, r;

	return !__builtin_mul_overflow(lo, n, &r) && !__builtin_mul_overflow(hi, n, &r);
}

static struct running
running_room(struct lane *x, const struct gnode *n, struct gstate *s)
{
	size_t words = n->in[0]->scope->max_words, parents = n->scope->max_words * 64;

	if (s->buf_sums == NULL) {
		s->buf_sums = lane_room(x, (words * 64 + 1) * sizeof *s->buf_sums);
		s->buf_before = lane_room(x, (words + 1) * sizeof *s->buf_before);
		s->buf_ranks = lane_room(x, (parents + 1) * sizeof *s->buf_ranks);
	}
	return (struct running){
	    .sums = s->buf_sums, .before = s->buf_before, .ranks = s->buf_ranks};
}

static int64_t
running_sum(const struct running *r, size_t parent)
{
	return (int64_t)((uint64_t)r->sums[r->ranks[parent + 1]] -
			 (uint64_t)r->sums[r->ranks[parent]]);
}

static void
run_whole_sums(
    struct lane *x, const struct gnode *n, struct gstate *s, const struct aggregate *a)
{
	struct running r = running_room(x, n, s);
	int64_t *to = (int64_t *)a->room + a->f.skew;

	run_over(a, &r);
	x->simd->ranks(a->chosen, r.before, a->f.offsets, a->f.child->base,
	    a->f.parent->n + 1, r.ranks);
	/* A sum is known from the start, also that of nothing. */
	for (size_t p = 0; p < a->f.parent->n && n->op == V_SUM; p++)
		to[p] = running_sum(&r, p);
	for (size_t p = 0; p < a->f.parent->n && n->op != V_SUM; p++) {
		struct total t = {
		    .count = r.ranks[p + 1] - r.ranks[p], .whole = running_sum(&r, p)};

		close_parent(n, a, &t, p);
	}
}

/* sum, min, max, avg. */
void
run_aggregate(struct lane *x, const struct gnode *n, struct gstate *s)
{
	struct aggregate a;

	if (!aggregate_begin(x, n, s, &a) || a.chosen == NULL || a.f.child->n == 0)
		return;
	if (n->op == V_MIN || n->op == V_MAX)
		walk_extremes(n, &a);
	else if (a.real)
		walk(n, &a, V_SUM, true);
	else if (sums_fit(&a))
		run_whole_sums(x, n, s, &a);
	else
		walk(n, &a, V_SUM, false);
}

/* ---- inwards --------------------------------------------------------------------------- */
static void
set_run(uint64_t *bits, size_t from, size_t past)
{
	for (size_t at = from; at < past; at++)
		bit_set(bits, at);
}

static void
spread_bits(const struct family *f, const uint64_t *from, uint64_t *to)
{
	memset(to, 0, f->child->words * sizeof *to);
	for (size_t p = 0; p < f->parent->n; p++) {
		if (bit_get(from, f->skew + p))
			set_run(to, first_bit(f, p), first_bit(f, p + 1));
	}
}

void
run_spread(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *in = lane_ask(x, n->in[0]);
	struct family f = family_of(x, n->scope);
	uint64_t *t, *p;

	if (in->plane != PLANE_BITS) {
		say_plane(s, in->plane);
		return;
	}
	t = p = lane_bits(x, n, &s->buf_t);
	spread_bits(&f, in->t, t);
	if (in->p != in->t) {
		p = lane_bits(x, n, &s->buf_p);
		spread_bits(&f, in->p, p);
	}
	say_bits(s, t, p);
}

void
run_value_spread(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *in = lane_ask(x, n->in[0]);
	struct family f = family_of(x, n->scope);
	const char *from_row;
	char *to;

	s->none = in->none;
	s->known = NULL;
	s->lo = in->lo;
	s->hi = in->hi;
	if (in->none)
		return;
	if (n->kind == RULE_V_DOUBLE)
		(void)lane_reals(x, n, s);
	else
		(void)lane_ints(x, n, s);
	to = s->buf_v; /* of eight bytes each, either way */
	from_row = n->kind == RULE_V_DOUBLE ? (const char *)in->d : (const char *)in->i;
	for (size_t p = 0; p < f.parent->n; p++) {
		size_t past = first_bit(&f, p + 1);

		for (size_t c = first_bit(&f, p); c < past; c++)
			memcpy(to + c * 8, from_row + (f.skew + p) * 8, 8);
	}
	if (in->known == NULL)
		return;
	spread_bits(&f, in->known, lane_bits(x, n, &s->buf_p));
	s->known = s->buf_p;
}
