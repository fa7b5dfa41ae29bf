/* The loops for AVX2: 32 bytes at a time. */
#include "engine/simd.h"

#ifdef __x86_64__
#	include <immintrin.h>
#	include <string.h>

#	include "engine/simd_target.h"
SIMD_PRAGMA("avx2,popcnt,bmi,bmi2,lzcnt")

#	define SIMD_LEVEL   SIMD_AVX2
#	define SIMD_NAME    "avx2"
#	define SIMD_TABLE   table
#	define SIMD_STORAGE static

#	define INLINE static inline __attribute__((always_inline))

INLINE __m256i
load(const void *from)
{
	return _mm256_loadu_si256((const __m256i *)from);
}

INLINE __m128i
load_half(const void *from)
{
	return _mm_loadu_si128((const __m128i *)from);
}

/* A bit for each byte, word, ... of vectors whose lanes are all ones or all zeros. */
INLINE uint64_t
bits_of_bytes(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) |
	       (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

INLINE uint64_t
bits_of_shorts(__m256i a, __m256i b, __m256i c, __m256i d)
{
	/* packs works on halves; the permutation puts them in order again. */
	__m256i low = _mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xd8);
	__m256i high = _mm256_permute4x64_epi64(_mm256_packs_epi16(c, d), 0xd8);

	return bits_of_bytes(low, high);
}

INLINE uint64_t
bits_of_int(__m256i v)
{
	return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(v));
}

INLINE uint64_t
bits_of_long(__m256i v)
{
	return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(v));
}

/* x - lo <= span without a sign: the smaller of the two is x - lo. */
INLINE __m256i
in_u8(const uint8_t *d, __m256i lo, __m256i span)
{
	__m256i x = _mm256_sub_epi8(load(d), lo);

	return _mm256_cmpeq_epi8(_mm256_min_epu8(x, span), x);
}

INLINE __m256i
in_u16(const uint16_t *d, __m256i lo, __m256i span)
{
	__m256i x = _mm256_sub_epi16(load(d), lo);

	return _mm256_cmpeq_epi16(_mm256_min_epu16(x, span), x);
}

INLINE __m256i
in_u32(const uint32_t *d, __m256i lo, __m256i span)
{
	__m256i x = _mm256_sub_epi32(load(d), lo);

	return _mm256_cmpeq_epi32(_mm256_min_epu32(x, span), x);
}

INLINE uint64_t
word_in_u8(const uint8_t *d, uint8_t lo, uint8_t span)
{
	__m256i l = _mm256_set1_epi8((char)lo), s = _mm256_set1_epi8((char)span);

	return bits_of_bytes(in_u8(d, l, s), in_u8(d + 32, l, s));
}

INLINE uint64_t
word_in_u16(const uint16_t *d, uint16_t lo, uint16_t span)
{
	__m256i l = _mm256_set1_epi16((short)lo), s = _mm256_set1_epi16((short)span);

	return bits_of_shorts(in_u16(d, l, s), in_u16(d + 16, l, s),
	    in_u16(d + 32, l, s), in_u16(d + 48, l, s));
}

INLINE uint64_t
word_in_u32(const uint32_t *d, uint32_t lo, uint32_t span)
{
	__m256i l = _mm256_set1_epi32((int)lo), s = _mm256_set1_epi32((int)span);
	uint64_t bits = 0;

	for (unsigned i = 0; i < 64; i += 8)
		bits |= bits_of_int(in_u32(d + i, l, s)) << i;
	return bits;
}

/* Byte x / 8 of the set by shuffles of its halves, and in it bit x % 8. */
INLINE __m256i
set_u8(const uint8_t *d, __m256i low, __m256i high)
{
	__m256i power = _mm256_set1_epi64x((int64_t)UINT64_C(0x8040201008040201));
	__m256i x = load(d);
	__m256i at = _mm256_and_si256(_mm256_srli_epi16(x, 3), _mm256_set1_epi8(15));
	__m256i bit =
	    _mm256_shuffle_epi8(power, _mm256_and_si256(x, _mm256_set1_epi8(7)));
	__m256i row = _mm256_blendv_epi8(
	    _mm256_shuffle_epi8(low, at), _mm256_shuffle_epi8(high, at), x);

	return _mm256_cmpeq_epi8(_mm256_and_si256(row, bit), bit);
}

INLINE uint64_t
word_set_u8(const uint8_t *d, const uint64_t set[4])
{
	__m256i low = _mm256_broadcastsi128_si256(load_half(set));
	__m256i high = _mm256_broadcastsi128_si256(load_half(set + 2));

	return bits_of_bytes(set_u8(d, low, high), set_u8(d + 32, low, high));
}

INLINE uint64_t
word_bits_u8(const uint8_t *d, uint8_t mask)
{
	__m256i m = _mm256_set1_epi8((char)mask), zero = _mm256_setzero_si256();

	return ~bits_of_bytes(_mm256_cmpeq_epi8(_mm256_and_si256(load(d), m), zero),
	    _mm256_cmpeq_epi8(_mm256_and_si256(load(d + 32), m), zero));
}

INLINE uint64_t
word_bits_u16(const uint16_t *d, uint16_t mask)
{
	__m256i m = _mm256_set1_epi16((short)mask), v[4];

	for (unsigned i = 0; i < 4; i++)
		v[i] = _mm256_cmpeq_epi16(
		    _mm256_and_si256(load(d + i * 16), m), _mm256_setzero_si256());
	return ~bits_of_shorts(v[0], v[1], v[2], v[3]);
}

INLINE uint64_t
word_bits_u32(const uint32_t *d, uint32_t mask)
{
	__m256i m = _mm256_set1_epi32((int)mask), zero = _mm256_setzero_si256();
	uint64_t bits = 0;

	for (unsigned i = 0; i < 64; i += 8)
		bits |= bits_of_int(
			    _mm256_cmpeq_epi32(_mm256_and_si256(load(d + i), m), zero))
			<< i;
	return ~bits;
}

INLINE uint64_t
word_bits_i64(const int64_t *d, int64_t mask)
{
	__m256i m = _mm256_set1_epi64x(mask), zero = _mm256_setzero_si256();
	uint64_t bits = 0;

	for (unsigned i = 0; i < 64; i += 4)
		bits |= bits_of_long(
			    _mm256_cmpeq_epi64(_mm256_and_si256(load(d + i), m), zero))
			<< i;
	return ~bits;
}

/* There is only "greater" for whole numbers; the others are its complements. */
#	define WORD_I64(signature, vectors, expr, flip)         \
		INLINE uint64_t signature                        \
		{                                                \
			uint64_t bits = 0;                       \
			vectors;                                 \
                                                                 \
			for (unsigned i = 0; i < 64; i += 4)     \
				bits |= bits_of_long(expr) << i; \
			return flip bits;                        \
		}
WORD_I64(word_most_i64(const int64_t *d, int64_t hi),
    __m256i h = _mm256_set1_epi64x(hi), _mm256_cmpgt_epi64(load(d + i), h), ~)
WORD_I64(word_least_i64(const int64_t *d, int64_t lo),
    __m256i l = _mm256_set1_epi64x(lo), _mm256_cmpgt_epi64(l, load(d + i)), ~)
WORD_I64(word_in_i64(const int64_t *d, int64_t lo, int64_t hi),
	 __m256i l = _mm256_set1_epi64x(lo);
	 __m256i h = _mm256_set1_epi64x(hi),
	 _mm256_or_si256(
	     _mm256_cmpgt_epi64(l, load(d + i)), _mm256_cmpgt_epi64(load(d + i), h)),
	 ~)
WORD_I64(word_lt_i64(const int64_t *a, const int64_t *b), (void)0,
    _mm256_cmpgt_epi64(load(b + i), load(a + i)), )
WORD_I64(word_le_i64(const int64_t *a, const int64_t *b), (void)0,
    _mm256_cmpgt_epi64(load(a + i), load(b + i)), ~)
WORD_I64(word_eq_i64(const int64_t *a, const int64_t *b), (void)0,
    _mm256_cmpeq_epi64(load(a + i), load(b + i)), )

/* The low half of a product, which AVX2 does not have for 64 bits. */
INLINE __m256i
times(__m256i a, __m256i b)
{
	__m256i cross = _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(a, 32), b),
	    _mm256_mul_epu32(a, _mm256_srli_epi64(b, 32)));

	return _mm256_add_epi64(_mm256_mul_epu32(a, b), _mm256_slli_epi64(cross, 32));
}

#	define WORD_SCALED(name, expr, flip)                                   \
		INLINE uint64_t word_##name##_scaled(                           \
		    const int64_t *a, int64_t fa, const int64_t *b, int64_t fb) \
		{                                                               \
			__m256i ca = _mm256_set1_epi64x(fa);                    \
			__m256i cb = _mm256_set1_epi64x(fb);                    \
			uint64_t bits = 0;                                      \
                                                                                \
			for (unsigned i = 0; i < 64; i += 4) {                  \
				__m256i l = times(load(a + i), ca);             \
				__m256i r = times(load(b + i), cb);             \
                                                                                \
				bits |= bits_of_long(expr) << i;                \
			}                                                       \
			return flip bits;                                       \
		}
WORD_SCALED(lt, _mm256_cmpgt_epi64(r, l), )
WORD_SCALED(le, _mm256_cmpgt_epi64(l, r), ~)
WORD_SCALED(eq, _mm256_cmpeq_epi64(l, r), )

#	define WORD_F64(name, predicate)                                              \
		INLINE uint64_t word_##name##_f64(const double *a, const double *b)    \
		{                                                                      \
			uint64_t bits = 0;                                             \
                                                                                       \
			for (unsigned i = 0; i < 64; i += 4)                           \
				bits |= (uint64_t)(unsigned)_mm256_movemask_pd(        \
					    _mm256_cmp_pd(_mm256_loadu_pd(a + i),      \
						_mm256_loadu_pd(b + i), predicate))    \
					<< i;                                          \
			return bits;                                                   \
		}                                                                      \
		INLINE uint64_t word_##name##_f64c(const double *a, double c)          \
		{                                                                      \
			__m256d v = _mm256_set1_pd(c);                                 \
			uint64_t bits = 0;                                             \
                                                                                       \
			for (unsigned i = 0; i < 64; i += 4)                           \
				bits |= (uint64_t)(unsigned)_mm256_movemask_pd(        \
					    _mm256_cmp_pd(                             \
						_mm256_loadu_pd(a + i), v, predicate)) \
					<< i;                                          \
			return bits;                                                   \
		}                                                                      \
		INLINE uint64_t word_##name##_cf64(double c, const double *a)          \
		{                                                                      \
			__m256d v = _mm256_set1_pd(c);                                 \
			uint64_t bits = 0;                                             \
                                                                                       \
			for (unsigned i = 0; i < 64; i += 4)                           \
				bits |= (uint64_t)(unsigned)_mm256_movemask_pd(        \
					    _mm256_cmp_pd(                             \
						v, _mm256_loadu_pd(a + i), predicate)) \
					<< i;                                          \
			return bits;                                                   \
		}
WORD_F64(lt, _CMP_LT_OQ)
WORD_F64(le, _CMP_LE_OQ)
WORD_F64(eq, _CMP_EQ_OQ)

static size_t
store(const uint64_t *a, size_t words, uint64_t *to)
{
	size_t count = 0, w = 0;

	for (; w + 4 <= words; w += 4)
		_mm256_stream_si256((__m256i *)(void *)(to + w), load(a + w));
	for (; w < words; w++)
		to[w] = a[w];
	for (w = 0; w < words; w++)
		count += (size_t)_mm_popcnt_u64(a[w]);
	return count;
}

static size_t
store_and_not(const uint64_t *a, const uint64_t *b, size_t words, uint64_t *to)
{
	size_t count = 0, w = 0;

	for (; w + 4 <= words; w += 4)
		_mm256_stream_si256((__m256i *)(void *)(to + w),
		    _mm256_andnot_si256(load(b + w), load(a + w)));
	for (; w < words; w++)
		to[w] = a[w] & ~b[w];
	for (w = 0; w < words; w++)
		count += (size_t)_mm_popcnt_u64(a[w] & ~b[w]);
	return count;
}

#	include "engine/simd_body.h"

const struct simd_ops *const simd_avx2 = &table;
#	ifdef __clang__
#		pragma clang attribute pop
#	endif
#else
const struct simd_ops *const simd_avx2 = NULL;
#endif
