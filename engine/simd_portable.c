/* The loops in plain C, for any processor; what the other levels must agree with. */
#include "engine/simd.h"

#define SIMD_LEVEL SIMD_PORTABLE
#define SIMD_NAME  "portable"
#define SIMD_TABLE simd_portable
#define SIMD_STORAGE

/* A bit for each of 64 rows. */
#define WORD(expr)                             \
	uint64_t bits = 0;                     \
                                               \
	for (unsigned i = 0; i < 64; i++)      \
		bits |= (uint64_t)(expr) << i; \
	return bits

#define WORD_IN(suffix, type)                                                      \
	static inline uint64_t word_in_##suffix(const type *d, type lo, type span) \
	{                                                                          \
		WORD((type)(d[i] - lo) <= span);                                   \
	}
WORD_IN(u8, uint8_t)
WORD_IN(u16, uint16_t)

#define WORD_BITS(suffix, type)                                             \
	static inline uint64_t word_bits_##suffix(const type *d, type mask) \
	{                                                                   \
		WORD((d[i] & mask) != 0);                                   \
	}
WORD_BITS(u8, uint8_t)
WORD_BITS(u16, uint16_t)
WORD_BITS(u32, uint32_t)

static inline uint64_t
word_set_u8(const uint8_t *d, const uint64_t set[4])
{
	WORD((set[d[i] >> 6] >> (d[i] & 63)) & 1);
}

static inline uint64_t
word_bits_i64(const int64_t *d, int64_t mask)
{
	WORD((d[i] & mask) != 0);
}

static inline uint64_t
word_most_i64(const int64_t *d, int64_t hi)
{
	WORD(d[i] <= hi);
}

static inline uint64_t
word_least_i64(const int64_t *d, int64_t lo)
{
	WORD(d[i] >= lo);
}

static inline uint64_t
word_in_i64(const int64_t *d, int64_t lo, int64_t hi)
{
	WORD((d[i] >= lo) & (d[i] <= hi));
}

#define WORD_COMPARE(name, op)                                                       \
	static inline uint64_t word_##name##_i64(const int64_t *a, const int64_t *b) \
	{                                                                            \
		WORD(a[i] op b[i]);                                                  \
	}                                                                            \
	static inline uint64_t word_##name##_f64(const double *a, const double *b)   \
	{                                                                            \
		WORD(a[i] op b[i]);                                                  \
	}                                                                            \
	static inline uint64_t word_##name##_f64c(const double *a, double c)         \
	{                                                                            \
		WORD(a[i] op c);                                                     \
	}                                                                            \
	static inline uint64_t word_##name##_cf64(double c, const double *a)         \
	{                                                                            \
		WORD(c op a[i]);                                                     \
	}                                                                            \
	static inline uint64_t word_##name##_scaled(                                 \
	    const int64_t *a, int64_t fa, const int64_t *b, int64_t fb)              \
	{                                                                            \
		WORD((int64_t)((uint64_t)a[i] * (uint64_t)fa)                        \
			op(int64_t)((uint64_t)b[i] * (uint64_t)fb));                 \
	}
WORD_COMPARE(lt, <)
WORD_COMPARE(le, <=)
WORD_COMPARE(eq, ==)

/* Without vectors a second comparison costs more than reading the low parts. */
#define IN_SPLIT(suffix, high_suffix, high_type, low_suffix, low_type)                 \
	static inline uint64_t word_in_##suffix(const high_type *h, const low_type *l, \
	    unsigned up, uint64_t lo, uint64_t span)                                   \
	{                                                                              \
		WORD(((uint64_t)h[i] << up | l[i]) - lo <= span);                      \
	}                                                                              \
	static inline void in_split_##suffix(const struct simd_codes *x,               \
	    struct simd_range r, const uint64_t *open, bool more, size_t words,        \
	    uint64_t *out)                                                             \
	{                                                                              \
		const uint64_t lo = (uint64_t)r.lo, span = (uint64_t)r.hi - lo;        \
		const high_type *h = x->high;                                          \
		const low_type *l = x->low;                                            \
                                                                                       \
		for (size_t w = 0; w < words; w++, h += 64, l += 64) {                 \
			uint64_t in = 0;                                               \
                                                                                       \
			if (open == NULL || open[w] != 0)                              \
				in = word_in_##suffix(h, l, x->low_bits, lo, span);    \
			out[w] = more ? out[w] | in : in;                              \
		}                                                                      \
	}

static size_t
store(const uint64_t *a, size_t words, uint64_t *to)
{
	size_t count = 0;

	for (size_t w = 0; w < words; w++) {
		to[w] = a[w];
		count += (size_t)__builtin_popcountll(a[w]);
	}
	return count;
}

static size_t
store_and_not(const uint64_t *a, const uint64_t *b, size_t words, uint64_t *to)
{
	size_t count = 0;

	for (size_t w = 0; w < words; w++) {
		to[w] = a[w] & ~b[w];
		count += (size_t)__builtin_popcountll(to[w]);
	}
	return count;
}

#include "engine/simd_body.h"
