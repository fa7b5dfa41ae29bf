/* All levels of vector instructions give the same bits as plain C does. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/simd.h"

#define WORDS ((size_t)11) /* more than a block of eight, and a rest */
#define ROWS  (WORDS * 64)
#define TURNS 60

static uint64_t state = 20261125;

static uint64_t
next_random(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static const enum simd_level levels[] = {SIMD_AVX2, SIMD_AVX512, SIMD_AUTO};
static const struct simd_ops *ops;
static uint64_t want[WORDS], got[WORDS];
static int64_t whole_want[ROWS], whole_got[ROWS];
static double real_want[ROWS], real_got[ROWS];
static _Alignas(64) uint8_t u8[ROWS];
static _Alignas(64) uint16_t u16[ROWS];
static _Alignas(64) uint32_t u32[ROWS];
static _Alignas(64) int64_t i64[2][ROWS];
static _Alignas(64) double f64[2][ROWS];
static const void *const columns[] = {u8, u16, u32, i64[0]};

/* Small numbers meet; extreme ones overflow what is not careful. */
static int64_t
random_number(void)
{
	static const int64_t odd[] = {
	    INT64_MIN, INT64_MAX, INT64_MIN + 1, 0, -1, 1, INT64_C(1) << 32};

	switch (next_random() % 4) {
	case 0:
		return odd[next_random() % 7];
	case 1:
		return (int64_t)next_random();
	default:
		return (int64_t)(next_random() % 40) - 20;
	}
}

static double
random_real(void)
{
	static const double odd[] = {0.0, -0.0, 1e308, -1e308, 5e-324};

	switch (next_random() % 8) {
	case 0:
		return NAN;
	case 1:
		return next_random() % 2 == 0 ? INFINITY : -INFINITY;
	case 2:
		return odd[next_random() % 5];
	default:
		return (double)(next_random() % 16) / 4 - 2;
	}
}

static void
shuffle(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		u8[i] = (uint8_t)next_random();
		u16[i] = (uint16_t)(next_random() % 300);
		u32[i] = (uint32_t)next_random() >> (next_random() % 32);
		for (int k = 0; k < 2; k++) {
			i64[k][i] = random_number();
			f64[k][i] = random_real();
		}
	}
}

static void
same_bits(const char *what, int which)
{
	for (size_t w = 0; w < WORDS; w++)
		ck_assert_msg(want[w] == got[w],
		    "%s %d by %s: word %zu is %llx, not %llx", what, which, ops->name,
		    w, (unsigned long long)got[w], (unsigned long long)want[w]);
	memset(got, 0x5a, sizeof got);
}

static void
same_whole(const char *what)
{
	for (size_t i = 0; i < ROWS; i++)
		ck_assert_msg(whole_want[i] == whole_got[i],
		    "%s by %s: row %zu is %lld, not %lld", what, ops->name, i,
		    (long long)whole_got[i], (long long)whole_want[i]);
}

static void
same_real(const char *what)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (isnan(real_want[i]) && isnan(real_got[i]))
			continue;
		ck_assert_msg(
		    memcmp(&real_want[i], &real_got[i], sizeof real_got[i]) == 0,
		    "%s by %s: row %zu is %g, not %g", what, ops->name, i, real_got[i],
		    real_want[i]);
	}
}

/* Up to three ranges that a code of the width can be in. */
static int
random_ranges(int width, struct simd_range *r)
{
	static const int64_t most[] = {UINT8_MAX, UINT16_MAX, UINT32_MAX};
	int n = 1 + (int)(next_random() % 3);

	for (int i = 0; i < n; i++) {
		int64_t a = random_number(), b = random_number();

		if (width < 3) {
			a = (int64_t)((uint64_t)a % (uint64_t)(most[width] + 1));
			b = (int64_t)((uint64_t)b % (uint64_t)(most[width] + 1));
		}
		r[i] = a < b ? (struct simd_range){a, b} : (struct simd_range){b, a};
	}
	if (width == 3 && next_random() % 3 == 0)
		r[0].lo = INT64_MIN;
	else if (width == 3 && next_random() % 3 == 0)
		r[0].hi = INT64_MAX;
	return n;
}

static void
compare_ranges(void)
{
	struct simd_range r[3];
	uint64_t set[4];

	for (int width = 0; width < 4; width++) {
		int n = random_ranges(width, r);
		uint64_t mask = next_random();

		simd_portable.in_ranges[width](columns[width], r, n, WORDS, want);
		ops->in_ranges[width](columns[width], r, n, WORDS, got);
		same_bits("in_ranges", width);
		simd_portable.has_bits[width](columns[width], mask, WORDS, want);
		ops->has_bits[width](columns[width], mask, WORDS, got);
		same_bits("has_bits", width);
	}
	for (int i = 0; i < 4; i++)
		set[i] = next_random() & next_random();
	simd_portable.in_set(u8, set, WORDS, want);
	ops->in_set(u8, set, WORDS, got);
	same_bits("in_set", 0);
}

static void
compare_pairs(void)
{
	double c = random_real();
	int64_t fa = random_number(), fb = random_number();

	for (int op = 0; op < SIMD_COMPARES; op++) {
		simd_portable.int_compare[op](i64[0], i64[1], WORDS, want);
		ops->int_compare[op](i64[0], i64[1], WORDS, got);
		same_bits("int_compare", op);
		simd_portable.double_compare[op](f64[0], f64[1], WORDS, want);
		ops->double_compare[op](f64[0], f64[1], WORDS, got);
		same_bits("double_compare", op);
		simd_portable.double_constant[op](f64[0], c, WORDS, want);
		ops->double_constant[op](f64[0], c, WORDS, got);
		same_bits("double_constant", op);
		simd_portable.double_constant_left[op](f64[0], c, WORDS, want);
		ops->double_constant_left[op](f64[0], c, WORDS, got);
		same_bits("double_constant_left", op);
		simd_portable.scaled_compare[op](i64[0], fa, i64[1], fb, WORDS, want);
		ops->scaled_compare[op](i64[0], fa, i64[1], fb, WORDS, got);
		same_bits("scaled_compare", op);
	}
}

typedef void (*whole_fn)(const int64_t *, const int64_t *, size_t, int64_t *);
typedef void (*constant_fn)(const int64_t *, int64_t, size_t, int64_t *);
typedef void (*real_fn)(const double *, const double *, size_t, double *);

static void
compare_arithmetic(void)
{
	const whole_fn whole[][2] = {{simd_portable.add, ops->add},
	    {simd_portable.subtract, ops->subtract},
	    {simd_portable.multiply, ops->multiply}};
	const constant_fn constant[][2] = {
	    {simd_portable.add_constant, ops->add_constant},
	    {simd_portable.subtract_from, ops->subtract_from},
	    {simd_portable.multiply_constant, ops->multiply_constant}};
	const real_fn real[][2] = {{simd_portable.double_add, ops->double_add},
	    {simd_portable.double_subtract, ops->double_subtract},
	    {simd_portable.double_multiply, ops->double_multiply},
	    {simd_portable.double_divide, ops->double_divide}};
	int64_t c = random_number();

	for (int i = 0; i < 3; i++) {
		whole[i][0](i64[0], i64[1], WORDS, whole_want);
		whole[i][1](i64[0], i64[1], WORDS, whole_got);
		same_whole("arithmetic");
		constant[i][0](i64[0], c, WORDS, whole_want);
		constant[i][1](i64[0], c, WORDS, whole_got);
		same_whole("arithmetic with a constant");
		simd_portable.widen[i](columns[i], c, WORDS, whole_want);
		ops->widen[i](columns[i], c, WORDS, whole_got);
		same_whole("widen");
	}
	for (int i = 0; i < 4; i++) {
		real[i][0](f64[0], f64[1], WORDS, real_want);
		real[i][1](f64[0], f64[1], WORDS, real_got);
		same_real("double arithmetic");
	}
}

static void
compare_logic(void)
{
	uint64_t in[3][WORDS];
	const uint64_t *const all[] = {in[0], in[1], in[2]};
	_Alignas(64) uint64_t stored[WORDS];
	size_t counted;

	for (int k = 0; k < 3; k++) {
		for (size_t w = 0; w < WORDS; w++)
			in[k][w] = next_random() | next_random();
	}
	for (int n = 1; n <= 3; n++) {
		simd_portable.and_all(all, n, WORDS, want);
		ops->and_all(all, n, WORDS, got);
		same_bits("and_all", n);
		simd_portable.or_all(all, n, WORDS, want);
		ops->or_all(all, n, WORDS, got);
		same_bits("or_all", n);
	}
	simd_portable.and_not(in[0], in[1], WORDS, want);
	ops->and_not(in[0], in[1], WORDS, got);
	same_bits("and_not", 0);
	counted = ops->store_and_not(in[0], in[1], WORDS, stored);
	ck_assert_int_eq(memcmp(stored, want, sizeof want), 0);
	ck_assert_uint_eq(
	    simd_portable.store_and_not(in[0], in[1], WORDS, got), counted);
	simd_portable.or_not(in[0], in[1], WORDS, want);
	ops->or_not(in[0], in[1], WORDS, got);
	same_bits("or_not", 0);
	counted = ops->store(in[2], WORDS, stored);
	ck_assert_int_eq(memcmp(stored, in[2], sizeof in[2]), 0);
	ck_assert_uint_eq(simd_portable.store(in[2], WORDS, got), counted);
}

START_TEST(levels_agree)
{
	ops = simd_ops(levels[_i]);
	for (int turn = 0; turn < TURNS; turn++) {
		shuffle();
		compare_ranges();
		compare_pairs();
		compare_arithmetic();
		compare_logic();
	}
}
END_TEST

/* n / unit, halves to even, by the schoolbook. */
static int64_t
scaled(int64_t n, int64_t unit)
{
	int64_t q = n / unit, r = n % unit;

	if (r < 0) {
		q--;
		r += unit;
	}
	if (2 * r > unit || (2 * r == unit && (q & 1) != 0))
		q++;
	return q;
}

START_TEST(scaling_rounds_halves_to_even)
{
	static const int64_t units[] = {2, 10, 100, 1000, 1000000, INT64_C(1) << 40};
	static const enum simd_level all[] = {SIMD_PORTABLE, SIMD_AVX2, SIMD_AVX512};

	ops = simd_ops(all[_i]);
	for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
		for (int64_t digits = -7; digits <= 7; digits++) {
			for (size_t i = 0; i < ROWS; i++) {
				/* Around multiples and halves of the unit, and far off. */
				int64_t n = (int64_t)(next_random() % 2001) - 1000;

				i64[0][i] = i % 3 == 0 ? n
						       : n * (units[u] / 2) +
							     (int64_t)(i % 3) - 1;
				if (i % 16 == 0)
					i64[0][i] = (INT64_C(1) << 49) - n;
				whole_want[i] = scaled(i64[0][i] * digits, units[u]);
			}
			ops->scale(i64[0], digits, units[u], WORDS, whole_got);
			same_whole("scale");
		}
	}
}
END_TEST

START_TEST(a_level_is_never_higher_than_asked)
{
	ck_assert_int_eq(simd_ops(SIMD_PORTABLE)->level, SIMD_PORTABLE);
	ck_assert_int_le(simd_ops(SIMD_AVX2)->level, SIMD_AVX2);
	ck_assert_ptr_eq(simd_ops(SIMD_AUTO), simd_ops(SIMD_AVX512));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("simd");
	TCase *tc = tcase_create("levels");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, levels_agree, 0, 3);
	tcase_add_loop_test(tc, scaling_rounds_halves_to_even, 0, 3);
	tcase_add_test(tc, a_level_is_never_higher_than_asked);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
