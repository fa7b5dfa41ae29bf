#include "engine/simd.h"

static bool
processor_has(enum simd_level level)
{
#ifdef __x86_64__
	__builtin_cpu_init();
	if (level == SIMD_AVX512)
		return __builtin_cpu_supports("avx512f") &&
		       __builtin_cpu_supports("avx512bw") &&
		       __builtin_cpu_supports("avx512dq") &&
		       __builtin_cpu_supports("avx512vl") &&
		       __builtin_cpu_supports("avx512vpopcntdq") &&
		       __builtin_cpu_supports("bmi2");
	if (level == SIMD_AVX2)
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
#endif
	return level == SIMD_PORTABLE;
}

const struct simd_ops *
simd_ops(enum simd_level level)
{
	if ((level == SIMD_AUTO || level == SIMD_AVX512) && simd_avx512 != NULL &&
	    processor_has(SIMD_AVX512))
		return simd_avx512;
	if (level != SIMD_PORTABLE && simd_avx2 != NULL && processor_has(SIMD_AVX2))
		return simd_avx2;
	return &simd_portable;
}
