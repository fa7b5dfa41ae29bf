/* Bool nodes: conditions on columns and comparisons of values. */
#include <string.h>

#include "engine/rule_graph_priv.h"

/* ---- pieces ------------------------------------------------------------------------ */
/* Rows of a scope that lie in one packed chunk of their table: all of them for the
 * table itself, several pieces for a child list. */
struct piece {
	size_t word; /* of the scope where it begins */
	size_t words;
	size_t rows; /* of the chunk before it, a multiple of 64 */
	const struct col_chunk *chunk;
	const uint64_t *valid; /* NULL: all rows have a value */
};

static size_t
piece_count(const struct lane_scope *s)
{
	if (s->n == 0)
		return 0;
	return (s->first + s->n - 1) / TABLE_CHUNK - s->base / TABLE_CHUNK + 1;
}

static struct piece
piece_at(const struct gnode *n, const struct lane_scope *s, size_t i)
{
	const struct column *column = &n->scope->table->cols[n->col];
	size_t k = s->base / TABLE_CHUNK + i;
	size_t from = i == 0 ? s->base : k * TABLE_CHUNK;
	size_t end = (k + 1) * TABLE_CHUNK, last = s->base + s->words * 64;
	struct piece p = {.word = (from - s->base) / 64,
	    .rows = from % TABLE_CHUNK,
	    .chunk = &n->pack->chunks[k]};

	p.words = ((end < last ? end : last) - from) / 64;
	if (p.chunk->missing > 0)
		p.valid = column->valid + from / 64;
	return p;
}

/* ---- planes from known bits and validity --------------------------------------------- */
/* What a comparison says of the rows with a value, turned into planes of all rows. */
static void
say_valued(struct lane *x, const struct gnode *n, struct gstate *s, enum plane said,
    uint64_t *bits, const uint64_t *valid, enum truth missing, size_t words)
{
	uint64_t *other;

	if (valid == NULL) {
		if (said == PLANE_BITS)
			say_bits(s, bits, bits);
		else
			say_plane(s, said);
		return;
	}
	if (said != PLANE_BITS) {
		bits = lane_bits(x, n, &s->buf_t);
		memset(bits, said == PLANE_TRUE ? 0xff : 0, words * sizeof *bits);
	}
	if (missing == TRUE_T) {
		x->simd->or_not(bits, valid, words, bits);
		say_bits(s, bits, bits);
		return;
	}
	if (missing == UNKNOWN_T) {
		other = lane_bits(x, n, &s->buf_p);
		x->simd->or_not(bits, valid, words, other);
	} else {
		other = bits;
	}
	x->simd->and_all((const uint64_t *const[]){bits, valid}, 2, words, bits);
	say_bits(s, bits, other);
}

/* ---- sets -------------------------------------------------------------------------- */
#define CLIPPED 9 /* ranges that can be compared one by one */
#define FEW     3 /* so many are faster than a look-up of bytes */

/* The largest code that the chunk's form holds. */
static uint64_t
most_code(const struct col_chunk *c)
{
	return (UINT64_C(1) << (chunk_high_size(c->width) * 8 + c->low_bits)) - 1;
}

/* The part of a range that a chunk's values can be in, as codes; false: none. Where the
 * range goes on past the values the codes do too, which is cheaper to compare. */
static bool
clip_range(
    const struct simd_range *r, const struct col_chunk *c, struct simd_range *out)
{
	bool from_first = r->lo <= c->min, to_last = r->hi >= c->max;
	uint64_t lo = (uint64_t)r->lo - (uint64_t)c->base;
	uint64_t hi = (uint64_t)r->hi - (uint64_t)c->base;

	if (r->hi < c->min || r->lo > c->max)
		return false;
	if (c->width == 8) {
		out->lo = from_first ? INT64_MIN : r->lo;
		out->hi = to_last ? INT64_MAX : r->hi;
		return true;
	}
	if (c->step != 1) {
		lo = lo / c->step + (lo % c->step != 0);
		hi /= c->step;
	}
	out->lo = from_first ? 0 : (int64_t)lo;
	out->hi = to_last ? (int64_t)most_code(c) : (int64_t)hi;
	return out->lo <= out->hi; /* not: it lies between two steps */
}

/* The set's ranges within a chunk's values, as codes; *count is how many there are, of
 * which the first CLIPPED are given. BITS: look further. */
static enum plane
clip_ranges(const struct gnode *n, const struct col_chunk *c, struct simd_range *out,
    int *count)
{
	struct simd_range r;

	*count = 0;
	for (int i = 0; i < n->nranges; i++) {
		if (!clip_range(&n->ranges[i], c, &r))
			continue;
		if (n->ranges[i].lo <= c->min && n->ranges[i].hi >= c->max)
			return PLANE_TRUE;
		if (*count < CLIPPED)
			out[*count] = r;
		(*count)++;
	}
	return *count == 0 ? PLANE_FALSE : PLANE_BITS;
}

/* Codes of one byte: a bit for each of the 256. */
static void
set_of_codes(const struct gnode *n, const struct col_chunk *c, uint64_t set[4])
{
	struct simd_range r;

	memset(set, 0, 4 * sizeof *set);
	for (int i = 0; i < n->nranges; i++) {
		if (!clip_range(&n->ranges[i], c, &r))
			continue;
		for (int64_t code = r.lo; code <= r.hi; code++)
			bit_set(set, (size_t)code);
	}
}

static bool
in_set(const struct gnode *n, int64_t v)
{
	int lo = 0, hi = n->nranges;

	if (n->bits != NULL && v >= n->bits_first && v <= n->bits_last)
		return bit_get(n->bits, (size_t)(v - n->bits_first));
	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (n->ranges[mid].hi < v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n->nranges && n->ranges[lo].lo <= v;
}

/* Of many ranges, row by row. */
static void
look_up(const struct gnode *n, const struct piece *p, uint64_t *out)
{
	const struct col_chunk *c = p->chunk;

	for (size_t w = 0; w < p->words; w++) {
		uint64_t bits = 0;

		for (unsigned i = 0; i < 64; i++) {
			int64_t v = chunk_value(c, p->rows + w * 64 + i);

			bits |= (uint64_t)in_set(n, v) << i;
		}
		out[w] = bits;
	}
}

static enum plane
bool_piece(const struct gnode *n, const struct piece *p, uint64_t *out)
{
	const uint64_t *data = (const uint64_t *)p->chunk->data + p->rows / 64;
	bool yes = in_set(n, 1), no = in_set(n, 0);

	if (yes == no)
		return yes ? PLANE_TRUE : PLANE_FALSE;
	for (size_t w = 0; w < p->words; w++)
		out[w] = yes ? data[w] : ~data[w];
	return PLANE_BITS;
}

/* Which rows with a value are in the set; only those of `open` matter (NULL: all). */
static enum plane
set_piece(struct lane *x, const struct gnode *n, const struct piece *p,
    const uint64_t *open, uint64_t *out)
{
	const struct col_chunk *c = p->chunk;
	struct simd_range ranges[CLIPPED];
	struct simd_codes codes;
	uint64_t set[4];
	enum plane said;
	int count = 0;

	if (n->scope->table->cols[n->col].type == COL_BOOL)
		return bool_piece(n, p, out);
	if (n->nranges == 1 && n->ranges[0].lo == INT64_MIN &&
	    n->ranges[0].hi == INT64_MAX)
		return PLANE_TRUE;
	said = c->min > c->max ? PLANE_FALSE : clip_ranges(n, c, ranges, &count);
	if (said != PLANE_BITS)
		return said;
	codes = chunk_codes(c, p->rows);
	if (c->width == 1 && count > FEW) {
		set_of_codes(n, c, set);
		x->simd->in_set(codes.high, set, p->words, out);
	} else if (count <= CLIPPED) {
		x->simd->in_ranges[chunk_form(c)](
		    &codes, ranges, count, open, p->words, out);
	} else {
		look_up(n, p, out);
	}
	return PLANE_BITS;
}

/* From the bits of rows with a value, in t, to planes of all rows; p may be t. */
static void
with_missing(const struct gnode *n, const struct piece *piece, uint64_t *t, uint64_t *p)
{
	if (piece->valid == NULL) {
		if (p != t)
			memcpy(p, t, piece->words * sizeof *p);
		return;
	}
	for (size_t w = 0; w < piece->words; w++) {
		uint64_t bits = t[w], valid = piece->valid[w];

		p[w] = n->truth == FALSE_T ? bits & valid : bits | ~valid;
		t[w] = n->truth == TRUE_T ? bits | ~valid : bits & valid;
	}
}

/* Pieces of a list, each in its place. */
static void
set_pieces(struct lane *x, const struct gnode *n, const struct lane_scope *scope,
    struct gstate *s)
{
	uint64_t *t = lane_bits(x, n, &s->buf_t), *p = t;
	size_t count = piece_count(scope);

	if (n->truth == UNKNOWN_T && n->pack->missing > 0)
		p = lane_bits(x, n, &s->buf_p);
	for (size_t i = 0; i < count; i++) {
		struct piece piece = piece_at(n, scope, i);
		uint64_t *pt = t + piece.word, *pp = p + piece.word;
		enum plane said = set_piece(x, n, &piece, NULL, pt);

		if (said != PLANE_BITS)
			bits_fill(pt, said, piece.words);
		with_missing(n, &piece, pt, pp);
	}
	say_bits(s, t, p);
}

void
run_set(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct lane_scope *scope = lane_scope(x, n->scope);
	struct piece piece;
	enum plane said;
	uint64_t *bits;

	if (piece_count(scope) != 1) {
		set_pieces(x, n, scope, s);
		return;
	}
	piece = piece_at(n, scope, 0);
	bits = lane_bits(x, n, &s->buf_t);
	said = set_piece(x, n, &piece, NULL, bits);
	say_valued(x, n, s, said, bits, piece.valid, n->truth, piece.words);
}

/* ---- open rows ------------------------------------------------------------------------ */
#define SPARSE 6  /* so many rows of a word are looked at one by one */
#define AHEAD  24 /* words */

/* At most SPARSE bits; counting them costs a call on the least of processors. */
static bool
is_sparse_word(uint64_t mask)
{
	for (int i = 0; i < SPARSE; i++)
		mask &= mask - 1;
	return mask == 0;
}

static uint64_t
look_at(const struct gnode *n, const struct piece *p, size_t word, uint64_t mask)
{
	uint64_t bits = 0;

	if (n->nranges == 1) {
		const struct simd_range r = n->ranges[0];

		for (; mask != 0; mask &= mask - 1) {
			unsigned i = (unsigned)__builtin_ctzll(mask);
			int64_t v = chunk_value(p->chunk, p->rows + word * 64 + i);

			bits |= (uint64_t)((v >= r.lo) & (v <= r.hi)) << i;
		}
		return bits;
	}
	for (; mask != 0; mask &= mask - 1) {
		unsigned i = (unsigned)__builtin_ctzll(mask);
		int64_t v = chunk_value(p->chunk, p->rows + word * 64 + i);

		bits |= (uint64_t)in_set(n, v) << i;
	}
	return bits;
}

/* The open rows of a word that comes soon: they lie too far apart for the processor to
 * guess them. */
static inline __attribute__((always_inline)) void
look_ahead(const struct piece *p, const uint64_t *mask, size_t word)
{
	if (word < p->words)
		chunk_prefetch(p->chunk, p->rows + word * 64, mask[word]);
}

#define FEW_WORDS 2 /* it pays to go by row when at most one word in so many has one */

static bool
is_sparse(const uint64_t *bits, size_t words)
{
	size_t used = 0;

	for (size_t w = 0; w < words; w++)
		used += bits[w] != 0;
	return used * FEW_WORDS <= words;
}

/* Wide values: only the words that the mask leaves open; where few rows of one are, only
 * those. */
static void
set_open_words(struct lane *x, const struct gnode *n, const struct piece *p,
    const uint64_t *mask, uint64_t *out)
{
	for (size_t w = 0; w < p->words; w++) {
		struct piece one = *p;
		enum plane said;

		look_ahead(p, mask, w + AHEAD);
		out[w] = 0;
		if (mask[w] == 0)
			continue;
		if (is_sparse_word(mask[w])) {
			out[w] = look_at(n, p, w, mask[w]);
			continue;
		}
		one.rows += w * 64;
		one.words = 1;
		said = set_piece(x, n, &one, NULL, out + w);
		if (said != PLANE_BITS)
			bits_fill(out + w, said, 1);
	}
}

static void
set_open_piece(struct lane *x, const struct gnode *n, const struct piece *p,
    const uint64_t *mask, uint64_t *out)
{
	enum plane said;

	if (p->chunk->width == 8 && is_sparse(mask, p->words)) {
		set_open_words(x, n, p, mask, out);
		return;
	}
	said = set_piece(x, n, p, mask, out);
	if (said != PLANE_BITS)
		bits_fill(out, said, p->words);
}

void
run_set_open(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct lane_scope *scope = lane_scope(x, n->scope);
	uint64_t *t = lane_bits(x, n, &s->buf_t), *p = t;
	size_t count = piece_count(scope);

	if (n->truth == UNKNOWN_T && n->pack->missing > 0)
		p = lane_bits(x, n, &s->buf_p);
	for (size_t i = 0; i < count; i++) {
		struct piece piece = piece_at(n, scope, i);

		set_open_piece(x, n, &piece, s->mask + piece.word, t + piece.word);
		with_missing(n, &piece, t + piece.word, p + piece.word);
	}
	say_bits(s, t, p);
}

/* ---- bits of a number ---------------------------------------------------------------- */
static void
bits_piece(struct lane *x, const struct gnode *n, const struct piece *p, uint64_t *out)
{
	const struct col_chunk *c = p->chunk;
	struct simd_codes codes = chunk_codes(c, p->rows);

	if (c->width == 0) {
		bits_fill(
		    out, (c->base & n->a) != 0 ? PLANE_TRUE : PLANE_FALSE, p->words);
	} else if (c->width == 8 || (c->base == 0 && c->step == 1)) {
		x->simd->has_bits[chunk_form(c)](&codes, (uint64_t)n->a, p->words, out);
	} else {
		for (size_t w = 0; w < p->words; w++) {
			out[w] = 0;
			for (unsigned i = 0; i < 64; i++) {
				int64_t v = chunk_value(c, p->rows + w * 64 + i);

				out[w] |= (uint64_t)((v & n->a) != 0) << i;
			}
		}
	}
}

void
run_bits(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct lane_scope *scope = lane_scope(x, n->scope);
	uint64_t *t = lane_bits(x, n, &s->buf_t), *p = t;
	size_t count = piece_count(scope);

	if (n->pack->missing > 0)
		p = lane_bits(x, n, &s->buf_p);
	for (size_t i = 0; i < count; i++) {
		struct piece piece = piece_at(n, scope, i);
		uint64_t *pt = t + piece.word, *pp = p + piece.word;

		bits_piece(x, n, &piece, pt);
		if (piece.valid == NULL) {
			if (p != t)
				memcpy(pp, pt, piece.words * sizeof *pp);
			continue;
		}
		for (size_t w = 0; w < piece.words; w++) {
			pp[w] = pt[w] | ~piece.valid[w];
			pt[w] &= piece.valid[w];
		}
	}
	say_bits(s, t, p);
}

/* ---- comparisons of values ------------------------------------------------------------ */
/* known = both known; NULL when all are. */
static const uint64_t *
both_known(struct lane *x, const struct gnode *n, struct gstate *s, const uint64_t *a,
    const uint64_t *b, size_t words)
{
	uint64_t *both;

	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	both = lane_bits(x, n, &s->buf_done);
	x->simd->and_all((const uint64_t *const[]){a, b}, 2, words, both);
	return both;
}

static void
say_compared(struct lane *x, const struct gnode *n, struct gstate *s, enum plane said,
    uint64_t *bits, const uint64_t *known, size_t words)
{
	say_valued(x, n, s, said, bits, known, UNKNOWN_T, words);
}

/* A double column or value against a constant. */
void
run_real(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct lane_scope *scope = lane_scope(x, n->scope);
	uint64_t *bits = lane_bits(x, n, &s->buf_t);
	struct gstate column = {0};

	read_column(x, n, n->col, &column, s);
	if (column.none) {
		say_plane(s, PLANE_UNKNOWN);
		return;
	}
	if (n->left)
		x->simd->double_constant_left[n->cmp](
		    column.d, n->d, scope->words, bits);
	else
		x->simd->double_constant[n->cmp](column.d, n->d, scope->words, bits);
	say_compared(x, n, s, PLANE_BITS, bits, column.known, scope->words);
}

void
run_reals(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *a = lane_ask(x, n->in[0]), *b = lane_ask(x, n->in[1]);
	size_t words = lane_scope(x, n->scope)->words;
	uint64_t *bits;

	if (a->none || b->none) {
		say_plane(s, PLANE_UNKNOWN);
		return;
	}
	bits = lane_bits(x, n, &s->buf_t);
	x->simd->double_compare[n->cmp](a->d, b->d, words, bits);
	say_compared(x, n, s, PLANE_BITS, bits,
	    both_known(x, n, s, a->known, b->known, words), words);
}

/* One value against a range. */
static void
run_ints_constant(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *a = lane_ask(x, n->in[0]);
	size_t words = lane_scope(x, n->scope)->words;
	const struct simd_range *r = n->ranges;
	enum plane said = PLANE_BITS;
	uint64_t *bits;

	if (a->none) {
		say_plane(s, PLANE_UNKNOWN);
		return;
	}
	bits = lane_bits(x, n, &s->buf_t);
	if (n->nranges == 0 || r->hi < a->lo || r->lo > a->hi)
		said = PLANE_FALSE;
	else if (r->lo <= a->lo && r->hi >= a->hi)
		said = PLANE_TRUE;
	else
		x->simd->in_ranges[SIMD_I64](
		    &(struct simd_codes){.high = a->i}, r, 1, NULL, words, bits);
	say_compared(x, n, s, said, bits, a->known, words);
}

/* What the bounds of both sides say already. */
static enum plane
bounds_decide(enum simd_compare cmp, const struct gstate *a, const struct gstate *b)
{
	if (cmp == SIMD_EQ)
		return a->hi < b->lo || a->lo > b->hi ? PLANE_FALSE : PLANE_BITS;
	if (cmp == SIMD_LT)
		return a->hi < b->lo    ? PLANE_TRUE
		       : a->lo >= b->hi ? PLANE_FALSE
					: PLANE_BITS;
	return a->hi <= b->lo ? PLANE_TRUE : a->lo > b->hi ? PLANE_FALSE : PLANE_BITS;
}

void
run_ints(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *a, *b;
	size_t words = lane_scope(x, n->scope)->words;
	enum plane said;
	uint64_t *bits;

	if (n->nin == 1) {
		run_ints_constant(x, n, s);
		return;
	}
	a = lane_ask(x, n->in[0]);
	b = lane_ask(x, n->in[1]);
	if (a->none || b->none) {
		say_plane(s, PLANE_UNKNOWN);
		return;
	}
	bits = lane_bits(x, n, &s->buf_t);
	said = bounds_decide(n->cmp, a, b);
	if (said == PLANE_BITS)
		x->simd->int_compare[n->cmp](a->i, b->i, words, bits);
	say_compared(
	    x, n, s, said, bits, both_known(x, n, s, a->known, b->known, words), words);
}

static bool
product_fits(int64_t lo, int64_t hi, int64_t by)
{
	int64_t r;

	return !__builtin_mul_overflow(lo, by, &r) &&
	       !__builtin_mul_overflow(hi, by, &r);
}

/* Two columns in one loop, where no product overflows. */
void
run_scaled(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct gstate *a = lane_ask(x, n->in[0]);
	const struct gstate *b = lane_ask(x, n->in[1]), *steps;
	size_t words = lane_scope(x, n->scope)->words;
	uint64_t *bits;

	if (!a->none && !b->none && product_fits(a->lo, a->hi, n->a) &&
	    product_fits(b->lo, b->hi, n->b)) {
		bits = lane_bits(x, n, &s->buf_t);
		x->simd->scaled_compare[n->cmp](a->i, n->a, b->i, n->b, words, bits);
		say_compared(x, n, s, PLANE_BITS, bits,
		    both_known(x, n, s, a->known, b->known, words), words);
		return;
	}
	steps = lane_ask(x, n->in[2]);
	s->plane = steps->plane;
	s->t = steps->t;
	s->p = steps->p;
}

/* ---- whole rows ----------------------------------------------------------------------- */
void
run_const(struct lane *x, const struct gnode *n, struct gstate *s)
{
	(void)x;
	say_plane(s, n->truth == TRUE_T    ? PLANE_TRUE
		     : n->truth == FALSE_T ? PLANE_FALSE
					   : PLANE_UNKNOWN);
}

void
run_segment(struct lane *x, const struct gnode *n, struct gstate *s)
{
	const struct lane_scope *scope = lane_scope(x, n->scope);
	const struct rule_columns_ctx *ctx = x->g->ctx;
	const struct bitmap *rows = ctx->segment_rows(ctx->host, n->segment);
	uint64_t *bits = lane_bits(x, n, &s->buf_t);
	struct piece piece;

	if (piece_count(scope) == 0) {
		say_plane(s, PLANE_FALSE);
		return;
	}
	piece = piece_at(n, scope, 0);
	if (rows == NULL || rows->bits < scope->first + scope->n) {
		say_plane(s, PLANE_UNKNOWN);
		return;
	}
	memcpy(bits, rows->words + scope->base / 64, scope->words * sizeof *bits);
	say_compared(x, n, s, PLANE_BITS, bits, piece.valid, scope->words);
}
