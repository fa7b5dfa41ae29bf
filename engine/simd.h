/*
 * simd.h - the loops over columns, once for each level of vector instructions.
 *
 * Purpose    What the columnar executor does to many rows at once: comparisons that
 *            give a bit a row, logic on such bits, arithmetic. One table of functions a
 *            level; the highest level that the processor has is chosen at run time.
 *            All levels give the same bits (tests/unit/test_simd.c).
 * Units      Rows come in words of 64: `words` of them are read and written whole, so
 *            arrays have room for them. Bit r of word w is row 64 w + r.
 * Ownership  Nothing is allocated.
 * Threads    Any.
 */
#ifndef STW_ENGINE_SIMD_H
#define STW_ENGINE_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum simd_level { SIMD_AUTO = 0, SIMD_PORTABLE, SIMD_AVX2, SIMD_AVX512 };

enum simd_compare { SIMD_LT = 0, SIMD_LE, SIMD_EQ, SIMD_COMPARES };

/* How whole numbers lie in memory: an array of them; or the high parts of all rows and
 * the low ones, each an array of its own: number = high << low_bits | low. */
enum simd_form {
	SIMD_U8 = 0,
	SIMD_U16,
	SIMD_U8_U16, /* high and low */
	SIMD_U16_U16,
	SIMD_U32_U16,
	SIMD_I64,
	SIMD_FORMS
};

struct simd_codes {
	const void *high; /* the only array where there is one */
	const void *low;
	unsigned low_bits;
};

/* Rows lo..hi, both included; lo <= hi. */
struct simd_range {
	int64_t lo, hi;
};

struct simd_ops {
	enum simd_level level;
	const char *name;

	/* By the form of x, and of numbers of that form.
	 * out: lo <= x <= hi for one of n ranges. Only rows of `open` matter (NULL: all);
	 * what comes out for others is anything. */
	void (*in_ranges[SIMD_FORMS])(const struct simd_codes *x,
	    const struct simd_range *ranges, int n, const uint64_t *open, size_t words,
	    uint64_t *out);
	/* out: x has a bit of the mask. */
	void (*has_bits[SIMD_FORMS])(
	    const struct simd_codes *x, uint64_t mask, size_t words, uint64_t *out);
	/* out: bit x of the set of 256 is set. */
	void (*in_set)(
	    const uint8_t *x, const uint64_t set[4], size_t words, uint64_t *out);

	/* out: a op b. Doubles as IEEE 754 has it: nothing is true of NaN. */
	void (*int_compare[SIMD_COMPARES])(
	    const int64_t *a, const int64_t *b, size_t words, uint64_t *out);
	void (*double_compare[SIMD_COMPARES])(
	    const double *a, const double *b, size_t words, uint64_t *out);
	/* a op c; double_compare_left is c op a. */
	void (*double_constant[SIMD_COMPARES])(
	    const double *a, double c, size_t words, uint64_t *out);
	void (*double_constant_left[SIMD_COMPARES])(
	    const double *a, double c, size_t words, uint64_t *out);
	/* out: a * fa op b * fb. The caller knows that the products fit. */
	void (*scaled_compare[SIMD_COMPARES])(const int64_t *a, int64_t fa,
	    const int64_t *b, int64_t fb, size_t words, uint64_t *out);

	/* to = base + step * code; by form. */
	void (*widen[SIMD_FORMS])(const struct simd_codes *x, int64_t base,
	    uint64_t step, size_t words, int64_t *to);
	/* These wrap around; *_constant takes one b for all rows. */
	void (*add)(const int64_t *a, const int64_t *b, size_t words, int64_t *to);
	void (*subtract)(const int64_t *a, const int64_t *b, size_t words, int64_t *to);
	void (*multiply)(const int64_t *a, const int64_t *b, size_t words, int64_t *to);
	void (*add_constant)(const int64_t *a, int64_t b, size_t words, int64_t *to);
	void (*subtract_from)(const int64_t *a, int64_t b, size_t words, int64_t *to);
	void (*multiply_constant)(
	    const int64_t *a, int64_t b, size_t words, int64_t *to);
	/* to = a * digits / unit, halves to even; |a * digits| < 2^52, 1 < unit < 2^52. */
	void (*scale)(
	    const int64_t *a, int64_t digits, int64_t unit, size_t words, int64_t *to);
	void (*double_add)(const double *a, const double *b, size_t words, double *to);
	void (*double_subtract)(
	    const double *a, const double *b, size_t words, double *to);
	void (*double_multiply)(
	    const double *a, const double *b, size_t words, double *to);
	void (*double_divide)(
	    const double *a, const double *b, size_t words, double *to);

	/* to[i]: how many bits are set below bit at[i] - base. before[w]: below word w. */
	void (*ranks)(const uint64_t *bits, const uint32_t *before, const uint32_t *at,
	    size_t base, size_t n, uint32_t *to);

	/* out = in[0] op in[1] op ...; n >= 1. out may be one of them. */
	void (*and_all)(const uint64_t *const *in, int n, size_t words, uint64_t *out);
	void (*or_all)(const uint64_t *const *in, int n, size_t words, uint64_t *out);
	void (*and_not)(
	    const uint64_t *a, const uint64_t *b, size_t words, uint64_t *out);
	void (*or_not)(
	    const uint64_t *a, const uint64_t *b, size_t words, uint64_t *out);
	/* to = a, to = a & ~b; how many bits are set. `to` is aligned to 64 bytes and not
	 * read soon: it may go past the caches. */
	size_t (*store)(const uint64_t *a, size_t words, uint64_t *to);
	size_t (*store_and_not)(
	    const uint64_t *a, const uint64_t *b, size_t words, uint64_t *to);
};

/* The table of a level, or of the highest one below it that the processor has. AUTO:
 * the highest there is. */
const struct simd_ops *simd_ops(enum simd_level level);

/* What the build has; NULL where the processor family lacks it. */
extern const struct simd_ops simd_portable;
extern const struct simd_ops *const simd_avx2, *const simd_avx512;

#endif
