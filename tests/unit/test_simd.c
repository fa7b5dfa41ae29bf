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

static const enum simd_level levels[] = {SIMD_PORTABLE, SIMD_AVX2, SIMD_AVX512};
static const struct simd_ops *ops;
static uint64_t want[WORDS], got[WORDS];
static int64_t whole_want[ROWS], whole_got[ROWS];
static double real_want[ROWS], real_got[ROWS];
static _Alignas(64) uint8_t u8[ROWS];
static _Alignas(64) uint16_t u16[ROWS], low16[ROWS];
static _Alignas(64) uint32_t u32[ROWS];
static _Alignas(64) int64_t i64[2][ROWS];
static _Alignas(64) double f64[2][ROWS];
static unsigned low_bits[SIMD_FORMS];

/* The bits of a whole number of a form; low_bits lie in its low part. */
static unsigned
form_bits(int form)
{
	static const unsigned high[] = {8, 16, 8, 16, 32, 64};

	return high[form] + low_bits[form];
}

static struct simd_codes
codes_of(int form)
{
	static const struct simd_codes codes[] = {{.high = u8}, {.high = u16},
	    {.high = u8, .low = low16}, {.high = u16, .low = low16},
	    {.high = u32, .low = low16}, {.high = i64[0]}};
	struct simd_codes x = codes[form];

	x.low_bits = low_bits[form];
	return x;
}

static int64_t
number_at(int form, size_t i)
{
	struct simd_codes x = codes_of(form);
	uint64_t high = form == SIMD_I64 ? (uint64_t)i64[0][i]
			: x.high == u8   ? u8[i]
			: x.high == u32  ? u32[i]
					 : u16[i];

	if (x.low == NULL)
		return (int64_t)high;
	return (int64_t)(high << x.low_bits | low16[i]);
}

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

/* Low parts have as many bits as their form says; few values, so that borders are met. */
static void
shuffle(void)
{
	low_bits[SIMD_U8_U16] = low_bits[SIMD_U16_U16] = low_bits[SIMD_U32_U16] =
	    1 + (unsigned)(next_random() % 16);
	for (size_t i = 0; i < ROWS; i++) {
		uint64_t low = next_random() >> (next_random() % 3 == 0 ? 0 : 61);

		u8[i] = (uint8_t)(next_random() % (next_random() % 2 == 0 ? 256 : 5));
		u16[i] = (uint16_t)(next_random() % 300);
		low16[i] = (uint16_t)(low & ((1u << low_bits[SIMD_U8_U16]) - 1));
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

/* A number that the form has: any, or next to one that stands there, or with a low part
 * of all zeros or ones. */
static int64_t
random_border(int form)
{
	uint64_t most =
	    form == SIMD_I64 ? UINT64_MAX : (UINT64_C(1) << form_bits(form)) - 1;
	uint64_t mask = (UINT64_C(1) << low_bits[form]) - 1;
	uint64_t near = (uint64_t)number_at(form, next_random() % ROWS);

	switch (next_random() % 5) {
	case 0:
		return (int64_t)((uint64_t)random_number() & most);
	case 1:
		return (int64_t)((near + next_random() % 3 - 1) & most);
	case 2:
		return (int64_t)(near & ~mask);
	case 3:
		return (int64_t)(near | mask);
	default:
		return (int64_t)near;
	}
}

/* Up to three ranges that a number of the form can be in. */
static int
random_ranges(int form, struct simd_range *r)
{
	int n = 1 + (int)(next_random() % 3);

	for (int i = 0; i < n; i++) {
		int64_t a = random_border(form), b = random_border(form);

		r[i] = a < b ? (struct simd_range){a, b} : (struct simd_range){b, a};
	}
	if (form == SIMD_I64 && next_random() % 3 == 0)
		r[0].lo = INT64_MIN;
	else if (form == SIMD_I64 && next_random() % 3 == 0)
		r[0].hi = INT64_MAX;
	return n;
}

/* The form's numbers one by one: what no level may get wrong. */
static void
expect_ranges(int form, const struct simd_range *r, int n)
{
	memset(want, 0, sizeof want);
	for (size_t i = 0; i < ROWS; i++) {
		int64_t v = number_at(form, i);

		for (int k = 0; k < n; k++)
			if (v >= r[k].lo && v <= r[k].hi)
				want[i / 64] |= UINT64_C(1) << (i % 64);
	}
}

static void
compare_ranges(void)
{
	struct simd_range r[3];
	uint64_t set[4], open[WORDS];

	for (int form = 0; form < SIMD_FORMS; form++) {
		struct simd_codes x = codes_of(form);
		int n = random_ranges(form, r);
		uint64_t mask = next_random();

		expect_ranges(form, r, n);
		ops->in_ranges[form](&x, r, n, NULL, WORDS, got);
		same_bits("in_ranges", form);
		for (size_t w = 0; w < WORDS; w++)
			open[w] = next_random() & next_random() & next_random();
		ops->in_ranges[form](&x, r, n, open, WORDS, got);
		for (size_t w = 0; w < WORDS; w++) {
			got[w] &= open[w];
			want[w] &= open[w];
		}
		same_bits("in_ranges of open rows", form);
		memset(want, 0, sizeof want);
		for (size_t i = 0; i < ROWS; i++)
			if (((uint64_t)number_at(form, i) & mask) != 0)
				want[i / 64] |= UINT64_C(1) << (i % 64);
		ops->has_bits[form](&x, mask, WORDS, got);
		same_bits("has_bits", form);
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
	}
	for (int form = 0; form < SIMD_FORMS; form++) {
		struct simd_codes x = codes_of(form);
		uint64_t step = next_random() % 2 == 0 ? 1 : next_random();

		for (size_t i = 0; i < ROWS; i++)
			whole_want[i] = (int64_t)((uint64_t)c +
						  step * (uint64_t)number_at(form, i));
		ops->widen[form](&x, c, step, WORDS, whole_got);
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
