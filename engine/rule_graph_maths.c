/* Value nodes: columns, arithmetic, choices. Where the bounds of the operands show that
 * nothing can overflow, a plain loop does; otherwise each row is checked. */
#include <math.h>
#include <string.h>

#include "engine/rule_graph_priv.h"

/* ---- helpers --------------------------------------------------------------------- */
static void
say_none(struct gstate *s)
{
	s->none = true;
	s->known = NULL;
	s->lo = s->hi = 0;
}

static size_t
words_of(struct lane *x, const struct gnode *n)
{
	return lane_scope(x, n->scope)->words;
}

/* A copy of what is known, to take rows away from. */
static uint64_t *
known_copy(struct lane *x, const struct gnode *n, struct gstate *s, const uint64_t *a,
    const uint64_t *b)
{
	size_t words = words_of(x, n);
	uint64_t *known = lane_bits(x, n, &s->buf_p);

	for (size_t w = 0; w < words; w++)
		known[w] =
		    (a == NULL ? UINT64_MAX : a[w]) & (b == NULL ? UINT64_MAX : b[w]);
	s->known = known;
	return known;
}

static void
known_of_both(struct lane *x, const struct gnode *n, struct gstate *s,
    const uint64_t *a, const uint64_t *b)
{
	if (a == NULL || b == NULL)
		s->known = a == NULL ? b : a;
	else
		(void)known_copy(x, n, s, a, b);
}

/* The operands, asked; false: one of them is unknown in all rows. */
static bool
ask_both(struct lane *x, const struct gnode *n, struct gstate *s,
    const struct gstate **a, const struct gstate **b)
{
	s->none = false;
	*a = lane_ask(x, n->in[0]);
	*b = lane_ask(x, n->in[n->nin - 1]);
	if (!(*a)->none && !(*b)->none)
		return true;
	say_none(s);
	return false;
}

/* ---- leaves ---------------------------------------------------------------------- */
/* The same value in all rows: written once, as the memory is kept. */
void
run_value_const(struct lane *x, const struct gnode *n, struct gstate *s)
{
	bool filled = s->buf_v != NULL;
	size_t rows = n->scope->max_words * 64;

	s->none = n->truth == UNKNOWN_T;
	s->known = NULL;
	s->lo = s->hi = n->a;
	if (s->none)
		return;
	if (n->kind == RULE_V_DOUBLE) {
		double *d = lane_reals(x, n, s);

		for (size_t i = 0; i < rows && !filled; i++)
			d[i] = n->d;
	} else {
		int64_t *v = lane_ints(x, n, s);

		for (size_t i = 0; i < rows && !filled; i++)
			v[i] = n->a;
	}
}

static void
copy_piece(
    struct lane *x, const struct col_chunk *c, size_t row, size_t words, int64_t *to)
{
	struct simd_codes codes = chunk_codes(c, row);

	if (c->width == 0) {
		for (size_t i = 0; i < words * 64; i++)
			to[i] = c->base;
	} else {
		x->simd->widen[chunk_form(c)](&codes, c->base, c->step, words, to);
	}
}

/* Chunks of eight bytes lie one after the other: they are read where they are. */
static bool
all_wide(const struct col_pack *pack, size_t first, size_t last)
{
	for (size_t k = first; k <= last; k++) {
		if (pack->chunks[k].width != 8)
			return false;
	}
	return true;
}

void
read_column(struct lane *x, const struct gnode *n, int col, struct gstate *to,
    struct gstate *own)
{
	const struct lane_scope *scope = lane_scope(x, n->scope);
	const struct column *column = &n->scope->table->cols[col];
	const struct col_pack *pack = n->pack;
	size_t first = scope->base / TABLE_CHUNK, last, missing = 0, valued = 0;
	int64_t *wide;

	to->none = scope->n == 0;
	to->known = NULL;
	to->lo = INT64_MAX;
	to->hi = INT64_MIN;
	if (to->none)
		return;
	last = (scope->first + scope->n - 1) / TABLE_CHUNK;
	for (size_t k = first; k <= last; k++) {
		const struct col_chunk *c = &pack->chunks[k];

		missing += c->missing;
		valued += c->min <= c->max;
		to->lo = c->min < to->lo ? c->min : to->lo;
		to->hi = c->max > to->hi ? c->max : to->hi;
	}
	to->none = valued == 0;
	if (missing > 0)
		to->known = column->valid + scope->base / 64;
	if (to->none)
		return;
	if (all_wide(pack, first, last)) {
		const void *data = (const char *)pack->chunks[first].data +
				   scope->base % TABLE_CHUNK * 8;

		to->d = data;
		to->i = data;
		return;
	}
	wide = lane_ints(x, n, own);
	for (size_t k = first; k <= last; k++) {
		size_t from = k == first ? scope->base : k * TABLE_CHUNK;
		size_t end = (k + 1) * TABLE_CHUNK;
		size_t stop = scope->base + scope->words * 64;

		copy_piece(x, &pack->chunks[k], from % TABLE_CHUNK,
		    ((end < stop ? end : stop) - from) / 64,
		    wide + (from - scope->base));
	}
	to->i = wide;
}

void
run_column(struct lane *x, const struct gnode *n, struct gstate *s)
{
	read_column(x, n, n->col, s, s);
}

/* ---- whole numbers --------------------------------------------------------------- */
struct bounds {
	stw_wide lo, hi;
};

static struct bounds
bounds_of(enum gop op, const struct gstate *a, const struct gstate *b)
{
	stw_wide corners[4] = {(stw_wide)a->lo * b->lo, (stw_wide)a->lo * b->hi,
	    (stw_wide)a->hi * b->lo, (stw_wide)a->hi * b->hi};
	struct bounds r = {corners[0], corners[0]};

	if (op == V_ADD)
		return (struct bounds){
		    (stw_wide)a->lo + b->lo, (stw_wide)a->hi + b->hi};
	if (op == V_SUBTRACT)
		return (struct bounds){
		    (stw_wide)a->lo - b->hi, (stw_wide)a->hi - b->lo};
	if (op == V_ABSOLUTE) {
		stw_wide lo = a->lo < 0 ? -(stw_wide)a->lo : a->lo;
		stw_wide hi = a->hi < 0 ? -(stw_wide)a->hi : a->hi;

		return (struct bounds){0, lo > hi ? lo : hi};
	}
	for (int i = 1; i < 4; i++) {
		r.lo = corners[i] < r.lo ? corners[i] : r.lo;
		r.hi = corners[i] > r.hi ? corners[i] : r.hi;
	}
	return r;
}

static void
plain_loop(struct lane *x, const struct gnode *n, const struct gstate *a,
    const struct gstate *b, int64_t *to)
{
	size_t words = words_of(x, n);
	const struct simd_ops *simd = x->simd;
	bool constant = n->in[n->nin - 1]->op == V_CONST;

	if (n->op == V_ADD && constant)
		simd->add_constant(a->i, n->in[1]->a, words, to);
	else if (n->op == V_ADD)
		simd->add(a->i, b->i, words, to);
	else if (n->op == V_SUBTRACT && n->in[0]->op == V_CONST)
		simd->subtract_from(b->i, n->in[0]->a, words, to);
	else if (n->op == V_SUBTRACT)
		simd->subtract(a->i, b->i, words, to);
	else if (n->op == V_MULTIPLY && constant)
		simd->multiply_constant(a->i, n->in[1]->a, words, to);
	else if (n->op == V_MULTIPLY)
		simd->multiply(a->i, b->i, words, to);
	else /* V_ABSOLUTE */
		for (size_t i = 0; i < words * 64; i++)
			to[i] =
			    a->i[i] < 0 ? (int64_t)(0 - (uint64_t)a->i[i]) : a->i[i];
}

static bool
checked(enum gop op, int64_t a, int64_t b, int64_t *to)
{
	if (op == V_ADD)
		return __builtin_add_overflow(a, b, to);
	if (op == V_SUBTRACT)
		return __builtin_sub_overflow(a, b, to);
	if (op == V_MULTIPLY)
		return __builtin_mul_overflow(a, b, to);
	return a < 0 ? __builtin_sub_overflow(0, a, to)
		     : __builtin_add_overflow(0, a, to);
}

static void
checked_loop(struct lane *x, const struct gnode *n, struct gstate *s,
    const struct gstate *a, const struct gstate *b, int64_t *to)
{
	size_t words = words_of(x, n);
	uint64_t *known = known_copy(x, n, s, a->known, b->known);

	for (size_t w = 0; w < words; w++) {
		uint64_t bad = 0;

		for (unsigned i = 0; i < 64; i++) {
			size_t at = w * 64 + i;
			bool over = checked(n->op, a->i[at], b->i[at], &to[at]);

			over |= to[at] < n->a || to[at] > n->b;
			bad |= (uint64_t)over << i;
		}
		known[w] &= ~bad;
	}
}

/* Rows without a value hold code 0, which need not lie within the bounds: what comes
 * out of them is not looked at, and wraps around. */
void
run_whole(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *a, *b;
	struct bounds r;
	int64_t *to;

	if (!ask_both(x, n, s, &a, &b))
		return;
	to = lane_ints(x, n, s);
	r = bounds_of(n->op, a, b);
	if (r.lo >= n->a && r.hi <= n->b) {
		known_of_both(x, n, s, a->known, b->known);
		plain_loop(x, n, a, b, to);
	} else {
		checked_loop(x, n, s, a, b, to);
	}
	s->lo = r.lo < n->a ? n->a : r.lo > n->b ? n->b : (int64_t)r.lo;
	s->hi = r.hi > n->b ? n->b : r.hi < n->a ? n->a : (int64_t)r.hi;
}

/* a op b for one row, a double of a RATIO; false: there is no such value. */
static bool
divide_one(enum gop op, int64_t a, int64_t b, void *to_row)
{
	int64_t *to = to_row;

	if (b == 0)
		return false;
	if (op == V_RATIO) {
		*(double *)to_row = (double)a / (double)b;
		return true;
	}
	if (op == V_SHARE)
		return money_divide(a, b, to);
	if (a == INT64_MIN && b == -1)
		return false;
	*to = op == V_DIVIDE ? a / b : a % b;
	return true;
}

void
run_divide(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *a, *b;
	uint64_t *known;
	size_t words;
	char *to;

	if (!ask_both(x, n, s, &a, &b))
		return;
	words = words_of(x, n);
	known = known_copy(x, n, s, a->known, b->known);
	if (n->op == V_RATIO)
		(void)lane_reals(x, n, s);
	else
		(void)lane_ints(x, n, s);
	to = s->buf_v;
	for (size_t w = 0; w < words; w++) {
		for (uint64_t bits = known[w]; bits != 0; bits &= bits - 1) {
			unsigned i = (unsigned)__builtin_ctzll(bits);
			size_t at = w * 64 + i;

			if (!divide_one(n->op, a->i[at], b->i[at], to + at * 8))
				known[w] &= ~(UINT64_C(1) << i);
		}
	}
	s->lo = INT64_MIN;
	s->hi = INT64_MAX;
}

/* ---- money ----------------------------------------------------------------------- */
#define EXACT (INT64_C(1) << 52)

/* Digits and power of ten small enough for the loop in doubles. */
static bool
scale_fits(const struct gnode *n, const struct gstate *a, int64_t *unit)
{
	stw_wide most = (stw_wide)a->hi > -(stw_wide)a->lo ? a->hi : -(stw_wide)a->lo;
	stw_wide digits = n->a < 0 ? -(stw_wide)n->a : n->a;

	*unit = 1;
	if (n->b >= 0 || n->b < -15)
		return false;
	for (int64_t e = n->b; e < 0; e++)
		*unit *= 10;
	return digits < EXACT && most < EXACT && most * digits < EXACT;
}

void
run_scale(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *a = lane_ask(x, n->in[0]);
	struct decimal by = {n->a, (int)n->b};
	size_t words = words_of(x, n);
	uint64_t *known;
	int64_t *to, unit;

	s->none = a->none;
	if (a->none) {
		say_none(s);
		return;
	}
	to = lane_ints(x, n, s);
	s->lo = INT64_MIN;
	s->hi = INT64_MAX;
	if (scale_fits(n, a, &unit)) {
		s->known = a->known;
		x->simd->scale(a->i, n->a, unit, words, to);
		return;
	}
	known = known_copy(x, n, s, a->known, NULL);
	for (size_t w = 0; w < words; w++) {
		for (uint64_t bits = known[w]; bits != 0; bits &= bits - 1) {
			unsigned i = (unsigned)__builtin_ctzll(bits);
			size_t at = w * 64 + i;

			if (!money_scale(a->i[at], by, &to[at]))
				known[w] &= ~(UINT64_C(1) << i);
		}
	}
}

/* ---- doubles --------------------------------------------------------------------- */
void
run_to_real(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *a = lane_ask(x, n->in[0]);
	size_t rows = words_of(x, n) * 64;
	double unit = (double)n->a;
	double *to;

	if (a->none) {
		say_none(s);
		return;
	}
	s->none = false;
	s->known = a->known;
	to = lane_reals(x, n, s);
	for (size_t i = 0; i < rows; i++)
		to[i] = (double)a->i[i] / unit;
}

void
run_real_arithmetic(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *a, *b;
	size_t words;
	double *to;

	if (!ask_both(x, n, s, &a, &b))
		return;
	words = words_of(x, n);
	known_of_both(x, n, s, a->known, b->known);
	to = lane_reals(x, n, s);
	if (n->op == V_REAL_ADD)
		x->simd->double_add(a->d, b->d, words, to);
	else if (n->op == V_REAL_SUBTRACT)
		x->simd->double_subtract(a->d, b->d, words, to);
	else if (n->op == V_REAL_MULTIPLY)
		x->simd->double_multiply(a->d, b->d, words, to);
	else if (n->op == V_REAL_DIVIDE)
		x->simd->double_divide(a->d, b->d, words, to);
	else
		for (size_t i = 0; i < words * 64; i++)
			to[i] = -a->d[i];
}

/* ---- choices --------------------------------------------------------------------- */
static void
choose(const struct gnode *n, const struct gstate *yes, const struct gstate *no,
    const uint64_t *which, size_t words, struct gstate *s)
{
	for (size_t i = 0; i < words * 64; i++) {
		const struct gstate *from = bit_get(which, i) ? yes : no;

		if (from->none)
			continue;
		if (n->kind == RULE_V_DOUBLE)
			((double *)s->buf_v)[i] = from->d[i];
		else
			((int64_t *)s->buf_v)[i] = from->i[i];
	}
}

/* Bounds of both sides, as far as they have values. */
static void
join_bounds(const struct gstate *a, const struct gstate *b, struct gstate *s)
{
	s->lo = a->none || (!b->none && b->lo < a->lo) ? b->lo : a->lo;
	s->hi = a->none || (!b->none && b->hi > a->hi) ? b->hi : a->hi;
}

static uint64_t
known_word(const struct gstate *s, size_t w)
{
	return s->none ? 0 : s->known == NULL ? UINT64_MAX : s->known[w];
}

static void
value_room(struct lane *x, const struct gnode *n, struct gstate *s)
{
	if (n->kind == RULE_V_DOUBLE)
		(void)lane_reals(x, n, s);
	else
		(void)lane_ints(x, n, s);
}

void
run_pick(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *c = lane_ask(x, n->in[0]);
	const struct gstate *a = lane_ask(x, n->in[1]), *b = lane_ask(x, n->in[2]);
	size_t words = words_of(x, n);
	const uint64_t *t, *p;
	uint64_t *known;

	s->none = c->plane == PLANE_UNKNOWN || (a->none && b->none);
	if (s->none) {
		say_none(s);
		return;
	}
	lane_planes(x, n->in[0], c, &t, &p);
	value_room(x, n, s);
	known = lane_bits(x, n, &s->buf_p);
	for (size_t w = 0; w < words; w++)
		known[w] = (t[w] & known_word(a, w)) | (~p[w] & known_word(b, w));
	s->known = known;
	choose(n, a, b, t, words, s);
	join_bounds(a, b, s);
}

void
run_default(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *a, *b;
	size_t words = words_of(x, n);
	uint64_t *known, *has;

	a = lane_ask(x, n->in[0]);
	b = lane_ask(x, n->in[1]);
	if (a->none && b->none) {
		say_none(s);
		return;
	}
	s->none = false;
	value_room(x, n, s);
	has = lane_bits(x, n, &s->buf_t);
	known = lane_bits(x, n, &s->buf_p);
	for (size_t w = 0; w < words; w++) {
		has[w] = known_word(a, w);
		known[w] = has[w] | known_word(b, w);
	}
	s->known = known;
	choose(n, a, b, has, words, s);
	join_bounds(a, b, s);
}
