/* The loops for AVX-512: 64 bytes at a time, comparisons that give bits at once. */
#include "engine/simd.h"

#ifdef __x86_64__
#	include <immintrin.h>
#	include <string.h>

#	include "engine/simd_target.h"
SIMD_PRAGMA("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,popcnt,bmi,bmi2,lzcnt")

#	define SIMD_LEVEL   SIMD_AVX512
#	define SIMD_NAME    "avx512"
#	define SIMD_TABLE   table
#	define SIMD_STORAGE static

#	define INLINE static inline __attribute__((always_inline))

INLINE __m512i
load(const void *from)
{
	return _mm512_loadu_si512(from);
}

INLINE __m128i
load_half(const void *from)
{
	return _mm_loadu_si128((const __m128i *)from);
}

/* Joins the bits of the vectors that make up 64 rows. */
#	define JOIN(lanes, expr)                          \
		uint64_t bits = 0;                         \
                                                           \
		for (unsigned i = 0; i < 64; i += (lanes)) \
			bits |= (uint64_t)(expr) << i;     \
		return bits

/* The same of eight masks of eight bits each, without leaving the mask registers. */
#	define JOIN8(expr)                                                            \
		__mmask8 part[8];                                                      \
                                                                                       \
		for (unsigned i = 0; i < 64; i += 8)                                   \
			part[i / 8] = (expr);                                          \
		return _cvtmask64_u64(                                                 \
		    _mm512_kunpackd(_mm512_kunpackw(_mm512_kunpackb(part[7], part[6]), \
					_mm512_kunpackb(part[5], part[4])),            \
			_mm512_kunpackw(_mm512_kunpackb(part[3], part[2]),             \
			    _mm512_kunpackb(part[1], part[0]))))

INLINE uint64_t
word_in_u8(const uint8_t *d, uint8_t lo, uint8_t span)
{
	__m512i l = _mm512_set1_epi8((char)lo), s = _mm512_set1_epi8((char)span);

	return _mm512_cmple_epu8_mask(_mm512_sub_epi8(load(d), l), s);
}

INLINE uint64_t
word_in_u16(const uint16_t *d, uint16_t lo, uint16_t span)
{
	__m512i l = _mm512_set1_epi16((short)lo), s = _mm512_set1_epi16((short)span);

	JOIN(32, _mm512_cmple_epu16_mask(_mm512_sub_epi16(load(d + i), l), s));
}

INLINE uint64_t
word_in_u32(const uint32_t *d, uint32_t lo, uint32_t span)
{
	__m512i l = _mm512_set1_epi32((int)lo), s = _mm512_set1_epi32((int)span);

	JOIN(16, _mm512_cmple_epu32_mask(_mm512_sub_epi32(load(d + i), l), s));
}

/* Byte x / 8 of the set by shuffles of its halves, and in it bit x % 8. */
INLINE uint64_t
word_set_u8(const uint8_t *d, const uint64_t set[4])
{
	__m512i low = _mm512_broadcast_i32x4(load_half(set));
	__m512i high = _mm512_broadcast_i32x4(load_half(set + 2));
	__m512i power = _mm512_set1_epi64((int64_t)UINT64_C(0x8040201008040201));
	__m512i x = load(d);
	__m512i at = _mm512_and_si512(_mm512_srli_epi16(x, 3), _mm512_set1_epi8(15));
	__m512i bit =
	    _mm512_shuffle_epi8(power, _mm512_and_si512(x, _mm512_set1_epi8(7)));
	__m512i row = _mm512_mask_shuffle_epi8(
	    _mm512_shuffle_epi8(low, at), _mm512_movepi8_mask(x), high, at);

	return _mm512_test_epi8_mask(row, bit);
}

INLINE uint64_t
word_bits_u8(const uint8_t *d, uint8_t mask)
{
	return _mm512_test_epi8_mask(load(d), _mm512_set1_epi8((char)mask));
}

INLINE uint64_t
word_bits_u16(const uint16_t *d, uint16_t mask)
{
	__m512i m = _mm512_set1_epi16((short)mask);

	JOIN(32, _mm512_test_epi16_mask(load(d + i), m));
}

INLINE uint64_t
word_bits_u32(const uint32_t *d, uint32_t mask)
{
	__m512i m = _mm512_set1_epi32((int)mask);

	JOIN(16, _mm512_test_epi32_mask(load(d + i), m));
}

INLINE uint64_t
word_bits_i64(const int64_t *d, int64_t mask)
{
	__m512i m = _mm512_set1_epi64(mask);

	JOIN8(_mm512_test_epi64_mask(load(d + i), m));
}

INLINE uint64_t
word_most_i64(const int64_t *d, int64_t hi)
{
	__m512i h = _mm512_set1_epi64(hi);

	JOIN8(_mm512_cmple_epi64_mask(load(d + i), h));
}

INLINE uint64_t
word_least_i64(const int64_t *d, int64_t lo)
{
	__m512i l = _mm512_set1_epi64(lo);

	JOIN8(_mm512_cmpge_epi64_mask(load(d + i), l));
}

INLINE uint64_t
word_in_i64(const int64_t *d, int64_t lo, int64_t hi)
{
	__m512i l = _mm512_set1_epi64(lo);
	__m512i s = _mm512_set1_epi64((int64_t)((uint64_t)hi - (uint64_t)lo));

	JOIN8(_mm512_cmple_epu64_mask(_mm512_sub_epi64(load(d + i), l), s));
}

#	define WORD_COMPARE(name, ints, predicate)                                    \
		INLINE uint64_t word_##name##_i64(const int64_t *a, const int64_t *b)  \
		{                                                                      \
			JOIN8(ints(load(a + i), load(b + i)));                         \
		}                                                                      \
		INLINE uint64_t word_##name##_scaled(                                  \
		    const int64_t *a, int64_t fa, const int64_t *b, int64_t fb)        \
		{                                                                      \
			__m512i x = _mm512_set1_epi64(fa), y = _mm512_set1_epi64(fb);  \
                                                                                       \
			JOIN8(ints(_mm512_mullo_epi64(load(a + i), x),                 \
			    _mm512_mullo_epi64(load(b + i), y)));                      \
		}                                                                      \
		INLINE uint64_t word_##name##_f64(const double *a, const double *b)    \
		{                                                                      \
			JOIN8(_mm512_cmp_pd_mask(_mm512_loadu_pd(a + i),               \
			    _mm512_loadu_pd(b + i), predicate));                       \
		}                                                                      \
		INLINE uint64_t word_##name##_f64c(const double *a, double c)          \
		{                                                                      \
			__m512d v = _mm512_set1_pd(c);                                 \
                                                                                       \
			JOIN8(                                                         \
			    _mm512_cmp_pd_mask(_mm512_loadu_pd(a + i), v, predicate)); \
		}                                                                      \
		INLINE uint64_t word_##name##_cf64(double c, const double *a)          \
		{                                                                      \
			__m512d v = _mm512_set1_pd(c);                                 \
                                                                                       \
			JOIN8(                                                         \
			    _mm512_cmp_pd_mask(v, _mm512_loadu_pd(a + i), predicate)); \
		}
WORD_COMPARE(lt, _mm512_cmplt_epi64_mask, _CMP_LT_OQ)
WORD_COMPARE(le, _mm512_cmple_epi64_mask, _CMP_LE_OQ)
WORD_COMPARE(eq, _mm512_cmpeq_epi64_mask, _CMP_EQ_OQ)

static size_t
store(const uint64_t *a, size_t words, uint64_t *to)
{
	__m512i sum = _mm512_setzero_si512();
	size_t w = 0, count;

	for (; w + 8 <= words; w += 8) {
		__m512i v = load(a + w);

		_mm512_stream_si512((__m512i *)(void *)(to + w), v);
		sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(v));
	}
	count = (size_t)_mm512_reduce_add_epi64(sum);
	for (; w < words; w++) {
		to[w] = a[w];
		count += (size_t)_mm_popcnt_u64(a[w]);
	}
	return count;
}

static size_t
store_and_not(const uint64_t *a, const uint64_t *b, size_t words, uint64_t *to)
{
	__m512i sum = _mm512_setzero_si512();
	size_t w = 0, count;

	for (; w + 8 <= words; w += 8) {
		__m512i v = _mm512_andnot_si512(load(b + w), load(a + w));

		_mm512_stream_si512((__m512i *)(void *)(to + w), v);
		sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(v));
	}
	count = (size_t)_mm512_reduce_add_epi64(sum);
	for (; w < words; w++) {
		to[w] = a[w] & ~b[w];
		count += (size_t)_mm_popcnt_u64(to[w]);
	}
	return count;
}

#	include "engine/simd_body.h"

const struct simd_ops *const simd_avx512 = &table;
#	ifdef __clang__
#		pragma clang attribute pop
#	endif
#else
const struct simd_ops *const simd_avx512 = NULL;
#endif
