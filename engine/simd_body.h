/*
 * simd_body.h - the loops of simd.h, written once over a level's word_* functions.
 *
 * Purpose    A file of one level defines, for 64 rows each, word_in_{u8,u16,u32,i64},
 *            word_{most,least}_i64 (x <= hi, x >= lo), word_bits_{u8,u16,u32,i64},
 *            word_set_u8, word_{lt,le,eq}_{i64,f64} of two columns, _f64c and _cf64 with a constant
 *            on the right or left, _scaled; store and store_and_not; SIMD_LEVEL, SIMD_NAME,
 *            SIMD_TABLE and SIMD_STORAGE of the table. Then it includes this file.
 */
#include <string.h>

/* ---- ranges ----------------------------------------------------------------------- */
#define IN_RANGES(suffix, type)                                                    \
	static void in_ranges_##suffix(const struct simd_codes *x,                 \
	    const struct simd_range *r, int n, const uint64_t *open, size_t words, \
	    uint64_t *out)                                                         \
	{                                                                          \
		const type *d = x->high;                                           \
                                                                                   \
		(void)open;                                                        \
		for (size_t w = 0; w < words; w++)                                 \
			out[w] = word_in_##suffix(                                 \
			    d + w * 64, (type)r[0].lo, (type)(r[0].hi - r[0].lo)); \
		for (int k = 1; k < n; k++) {                                      \
			const type lo = (type)r[k].lo,                             \
				   span = (type)(r[k].hi - r[k].lo);               \
                                                                                   \
			for (size_t w = 0; w < words; w++)                         \
				out[w] |= word_in_##suffix(d + w * 64, lo, span);  \
		}                                                                  \
	}
IN_RANGES(u8, uint8_t)
IN_RANGES(u16, uint16_t)

/* A range over numbers in two parts. What lies between the high parts of its borders is
 * inside; only where a row's high part is that of a border does the low part decide. */
struct split {
	uint64_t lo, hi;     /* high parts of the borders */
	uint64_t in, past;   /* of those all inside: in .. past - 1 */
	uint64_t from, upto; /* low parts of the borders */
};

static inline struct split
split_range(struct simd_range r, unsigned low_bits)
{
	uint64_t mask = (UINT64_C(1) << low_bits) - 1;
	struct split s = {.lo = (uint64_t)r.lo >> low_bits,
	    .hi = (uint64_t)r.hi >> low_bits,
	    .from = (uint64_t)r.lo & mask,
	    .upto = (uint64_t)r.hi & mask};

	s.in = s.lo + (s.from != 0);
	s.past = s.hi + (s.upto == mask);
	return s;
}

/* Few words have a row at a border: the low parts of most are not read. A level may have
 * another way. */
#ifndef IN_SPLIT
#	define IN_SPLIT(suffix, high_suffix, high_type, low_suffix, low_type)         \
		static inline uint64_t border_##suffix(                                \
		    const high_type *h, const low_type *l, const struct split *s)      \
		{                                                                      \
			uint64_t lo = word_in_##high_suffix(h, (high_type)s->lo, 0);   \
			uint64_t hi = word_in_##high_suffix(h, (high_type)s->hi, 0);   \
                                                                                       \
			return (~lo | word_in_##low_suffix(                            \
					  l, (low_type)s->from, (low_type)~s->from)) & \
			       (~hi | word_in_##low_suffix(l, 0, (low_type)s->upto));  \
		}                                                                      \
		static inline void in_split_##suffix(const struct simd_codes *x,       \
		    struct simd_range r, const uint64_t *open, bool more,              \
		    size_t words, uint64_t *out)                                       \
		{                                                                      \
			const struct split s = split_range(r, x->low_bits);            \
			const high_type *h = x->high;                                  \
			const low_type *l = x->low;                                    \
			const high_type span = (high_type)(s.hi - s.lo);               \
			const high_type inner = (high_type)(s.past - s.in - 1);        \
			const uint64_t any = s.past > s.in ? ~UINT64_C(0) : 0;         \
                                                                                       \
			for (size_t w = 0; w < words; w++, h += 64, l += 64) {         \
				uint64_t in =                                          \
				    word_in_##high_suffix(h, (high_type)s.in, inner) & \
				    any;                                               \
				uint64_t border =                                      \
				    word_in_##high_suffix(h, (high_type)s.lo, span) &  \
				    ~in;                                               \
                                                                                       \
				border &= open == NULL ? ~UINT64_C(0) : open[w];       \
				if (border != 0)                                       \
					in |= border & border_##suffix(h, l, &s);      \
				out[w] = more ? out[w] | in : in;                      \
			}                                                              \
		}
#endif

#define IN_SPLIT_RANGES(suffix, high_suffix, high_type, low_suffix, low_type)      \
	IN_SPLIT(suffix, high_suffix, high_type, low_suffix, low_type)             \
	static void in_ranges_##suffix(const struct simd_codes *x,                 \
	    const struct simd_range *r, int n, const uint64_t *open, size_t words, \
	    uint64_t *out)                                                         \
	{                                                                          \
		in_split_##suffix(x, r[0], open, false, words, out);               \
		for (int k = 1; k < n; k++)                                        \
			in_split_##suffix(x, r[k], open, true, words, out);        \
	}
IN_SPLIT_RANGES(u8_u16, u8, uint8_t, u16, uint16_t)
IN_SPLIT_RANGES(u16_u16, u16, uint16_t, u16, uint16_t)
IN_SPLIT_RANGES(u32_u16, u32, uint32_t, u16, uint16_t)

/* The open sides save a comparison; most ranges have one. */
static void
in_range_i64(const int64_t *d, struct simd_range r, size_t words, uint64_t *out)
{
	if (r.lo == INT64_MIN)
		for (size_t w = 0; w < words; w++)
			out[w] = word_most_i64(d + w * 64, r.hi);
	else if (r.hi == INT64_MAX)
		for (size_t w = 0; w < words; w++)
			out[w] = word_least_i64(d + w * 64, r.lo);
	else
		for (size_t w = 0; w < words; w++)
			out[w] = word_in_i64(d + w * 64, r.lo, r.hi);
}

static void
in_ranges_i64(const struct simd_codes *x, const struct simd_range *r, int n,
    const uint64_t *open, size_t words, uint64_t *out)
{
	const int64_t *d = x->high;

	(void)open;
	in_range_i64(d, r[0], words, out);
	for (int k = 1; k < n; k++)
		for (size_t w = 0; w < words; w++)
			out[w] |= word_in_i64(d + w * 64, r[k].lo, r[k].hi);
}

/* ---- bits ------------------------------------------------------------------------- */
#define HAS_BITS(suffix, type)                                                      \
	static void has_bits_##suffix(                                              \
	    const struct simd_codes *x, uint64_t mask, size_t words, uint64_t *out) \
	{                                                                           \
		const type *d = x->high;                                            \
                                                                                    \
		for (size_t w = 0; w < words; w++)                                  \
			out[w] = word_bits_##suffix(d + w * 64, (type)mask);        \
	}
HAS_BITS(u8, uint8_t)
HAS_BITS(u16, uint16_t)
HAS_BITS(i64, int64_t)

#define HAS_SPLIT_BITS(suffix, high_suffix, high_type, low_suffix, low_type)        \
	static void has_bits_##suffix(                                              \
	    const struct simd_codes *x, uint64_t mask, size_t words, uint64_t *out) \
	{                                                                           \
		const high_type *h = x->high,                                       \
				above = (high_type)(mask >> x->low_bits);           \
		const low_type *l = x->low;                                         \
		const low_type below =                                              \
		    (low_type)(mask & ((UINT64_C(1) << x->low_bits) - 1));          \
                                                                                    \
		for (size_t w = 0; w < words; w++)                                  \
			out[w] = word_bits_##high_suffix(h + w * 64, above) |       \
				 word_bits_##low_suffix(l + w * 64, below);         \
	}
HAS_SPLIT_BITS(u8_u16, u8, uint8_t, u16, uint16_t)
HAS_SPLIT_BITS(u16_u16, u16, uint16_t, u16, uint16_t)
HAS_SPLIT_BITS(u32_u16, u32, uint32_t, u16, uint16_t)

static void
in_set_u8(const uint8_t *x, const uint64_t set[4], size_t words, uint64_t *out)
{
	for (size_t w = 0; w < words; w++)
		out[w] = word_set_u8(x + w * 64, set);
}

/* ---- two columns ------------------------------------------------------------------ */
#define COMPARE(op)                                                                  \
	static void int_##op(                                                        \
	    const int64_t *a, const int64_t *b, size_t words, uint64_t *out)         \
	{                                                                            \
		for (size_t w = 0; w < words; w++)                                   \
			out[w] = word_##op##_i64(a + w * 64, b + w * 64);            \
	}                                                                            \
	static void double_##op(                                                     \
	    const double *a, const double *b, size_t words, uint64_t *out)           \
	{                                                                            \
		for (size_t w = 0; w < words; w++)                                   \
			out[w] = word_##op##_f64(a + w * 64, b + w * 64);            \
	}                                                                            \
	static void double_##op##_constant(                                          \
	    const double *a, double c, size_t words, uint64_t *out)                  \
	{                                                                            \
		for (size_t w = 0; w < words; w++)                                   \
			out[w] = word_##op##_f64c(a + w * 64, c);                    \
	}                                                                            \
	static void double_constant_##op(                                            \
	    const double *a, double c, size_t words, uint64_t *out)                  \
	{                                                                            \
		for (size_t w = 0; w < words; w++)                                   \
			out[w] = word_##op##_cf64(c, a + w * 64);                    \
	}                                                                            \
	static void scaled_##op(const int64_t *a, int64_t fa, const int64_t *b,      \
	    int64_t fb, size_t words, uint64_t *out)                                 \
	{                                                                            \
		for (size_t w = 0; w < words; w++)                                   \
			out[w] = word_##op##_scaled(a + w * 64, fa, b + w * 64, fb); \
	}
COMPARE(lt)
COMPARE(le)
COMPARE(eq)

/* ---- arithmetic: plain loops, which the compiler turns into vectors ----------------- */
#define EACH(n, to, expr)                   \
	for (size_t i = 0; i < (n)*64; i++) \
	(to)[i] = (expr)

#define WIDEN_LOOPS(code)                                            \
	if (step == 1)                                               \
		EACH(words, to, (int64_t)((uint64_t)base + (code))); \
	else                                                         \
		EACH(words, to, (int64_t)((uint64_t)base + step * (code)))

#define WIDEN(suffix, type)                                                  \
	static void widen_##suffix(const struct simd_codes *x, int64_t base, \
	    uint64_t step, size_t words, int64_t *restrict to)               \
	{                                                                    \
		const type *restrict d = x->high;                            \
                                                                             \
		WIDEN_LOOPS((uint64_t)d[i]);                                 \
	}
WIDEN(u8, uint8_t)
WIDEN(u16, uint16_t)
WIDEN(i64, uint64_t)

#define WIDEN_SPLIT(suffix, high_type, low_type)                             \
	static void widen_##suffix(const struct simd_codes *x, int64_t base, \
	    uint64_t step, size_t words, int64_t *restrict to)               \
	{                                                                    \
		const high_type *restrict h = x->high;                       \
		const low_type *restrict l = x->low;                         \
		const unsigned up = x->low_bits;                             \
                                                                             \
		WIDEN_LOOPS(((uint64_t)h[i] << up) | l[i]);                  \
	}
WIDEN_SPLIT(u8_u16, uint8_t, uint16_t)
WIDEN_SPLIT(u16_u16, uint16_t, uint16_t)
WIDEN_SPLIT(u32_u16, uint32_t, uint16_t)

#define ARITHMETIC(name, op)                                                  \
	static void int_##name(                                               \
	    const int64_t *a, const int64_t *b, size_t words, int64_t *to)    \
	{                                                                     \
		EACH(words, to, (int64_t)((uint64_t)a[i] op(uint64_t) b[i])); \
	}
ARITHMETIC(add, +)
ARITHMETIC(subtract, -)
ARITHMETIC(multiply, *)

static void
add_constant(const int64_t *a, int64_t b, size_t words, int64_t *to)
{
	EACH(words, to, (int64_t)((uint64_t)a[i] + (uint64_t)b));
}

static void
subtract_from(const int64_t *a, int64_t b, size_t words, int64_t *to)
{
	EACH(words, to, (int64_t)((uint64_t)b - (uint64_t)a[i]));
}

static void
multiply_constant(const int64_t *a, int64_t b, size_t words, int64_t *to)
{
	EACH(words, to, (int64_t)((uint64_t)a[i] * (uint64_t)b));
}

/* Both sides of the division are exact in a double, so its floor is off by one at
 * most; the remainder tells, and then decides the rounding. */
static void
scale(const int64_t *a, int64_t digits, int64_t unit, size_t words, int64_t *to)
{
	const double by = 1.0 / (double)unit;

	for (size_t i = 0; i < words * 64; i++) {
		int64_t n = (int64_t)((uint64_t)a[i] * (uint64_t)digits);
		int64_t q = (int64_t)((double)n * by);
		int64_t r = n - q * unit;
		int64_t twice;

		q -= r < 0;
		r += r < 0 ? unit : 0;
		q += r >= unit;
		r -= r >= unit ? unit : 0;
		twice = 2 * r - unit; /* of the rest against a half */
		q += (twice > 0) | ((twice == 0) & (q & 1));
		to[i] = q;
	}
}

#define DOUBLE_ARITHMETIC(name, op)                                     \
	static void double_##name(                                      \
	    const double *a, const double *b, size_t words, double *to) \
	{                                                               \
		EACH(words, to, a[i] op b[i]);                          \
	}
DOUBLE_ARITHMETIC(add, +)
DOUBLE_ARITHMETIC(subtract, -)
DOUBLE_ARITHMETIC(multiply, *)
DOUBLE_ARITHMETIC(divide, /)

/* ---- logic ------------------------------------------------------------------------ */
/* Eight words at a time stay in registers while all inputs go by. */
#define LOGIC(name, op)                                                    \
	static void name(                                                  \
	    const uint64_t *const *in, int n, size_t words, uint64_t *out) \
	{                                                                  \
		size_t w = 0;                                              \
                                                                           \
		for (; w + 8 <= words; w += 8) {                           \
			block acc, next;                                   \
                                                                           \
			memcpy(&acc, in[0] + w, sizeof acc);               \
                                                                           \
			for (int k = 1; k < n; k++) {                      \
				memcpy(&next, in[k] + w, sizeof next);     \
				acc = acc op next;                         \
			}                                                  \
			memcpy(out + w, &acc, sizeof acc);                 \
		}                                                          \
		for (; w < words; w++) {                                   \
			uint64_t acc = in[0][w];                           \
                                                                           \
			for (int k = 1; k < n; k++)                        \
				acc = acc op in[k][w];                     \
			out[w] = acc;                                      \
		}                                                          \
	}
typedef uint64_t block __attribute__((vector_size(64)));
LOGIC(and_all, &)
LOGIC(or_all, |)

static void
and_not(const uint64_t *a, const uint64_t *b, size_t words, uint64_t *out)
{
	for (size_t w = 0; w < words; w++)
		out[w] = a[w] & ~b[w];
}

static void
or_not(const uint64_t *a, const uint64_t *b, size_t words, uint64_t *out)
{
	for (size_t w = 0; w < words; w++)
		out[w] = a[w] | ~b[w];
}

static void
ranks(const uint64_t *bits, const uint32_t *before, const uint32_t *at, size_t base,
    size_t n, uint32_t *to)
{
	for (size_t i = 0; i < n; i++) {
		size_t bit = at[i] - base;
		uint64_t below = (UINT64_C(1) << (bit & 63)) - 1;

		to[i] = before[bit >> 6] +
			(uint32_t)__builtin_popcountll(bits[bit >> 6] & below);
	}
}

SIMD_STORAGE const struct simd_ops SIMD_TABLE = {
    .level = SIMD_LEVEL,
    .name = SIMD_NAME,
    .in_ranges = {in_ranges_u8, in_ranges_u16, in_ranges_u8_u16, in_ranges_u16_u16,
	in_ranges_u32_u16, in_ranges_i64},
    .has_bits = {has_bits_u8, has_bits_u16, has_bits_u8_u16, has_bits_u16_u16,
	has_bits_u32_u16, has_bits_i64},
    .in_set = in_set_u8,
    .int_compare = {int_lt, int_le, int_eq},
    .double_compare = {double_lt, double_le, double_eq},
    .double_constant = {double_lt_constant, double_le_constant, double_eq_constant},
    .double_constant_left = {double_constant_lt, double_constant_le,
	double_constant_eq},
    .scaled_compare = {scaled_lt, scaled_le, scaled_eq},
    .widen = {widen_u8, widen_u16, widen_u8_u16, widen_u16_u16, widen_u32_u16,
	widen_i64},
    .add = int_add,
    .subtract = int_subtract,
    .multiply = int_multiply,
    .add_constant = add_constant,
    .subtract_from = subtract_from,
    .multiply_constant = multiply_constant,
    .scale = scale,
    .double_add = double_add,
    .double_subtract = double_subtract,
    .double_multiply = double_multiply,
    .double_divide = double_divide,
    .and_all = and_all,
    .or_all = or_all,
    .and_not = and_not,
    .or_not = or_not,
    .ranks = ranks,
    .store = store,
    .store_and_not = store_and_not,
};
