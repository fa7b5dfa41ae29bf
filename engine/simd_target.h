/*
 * simd_target.h - begins the part of a file that is compiled for SIMD_TARGET.
 *
 * Purpose    gcc and clang each have their own pragma for it. Include after all other
 *            headers; the file's end ends it.
 */
#ifdef __clang__
#	define SIMD_PRAGMA_(text) _Pragma(#        text)
#	define SIMD_PRAGMA(target_)               \
		SIMD_PRAGMA_(clang attribute push( \
		    __attribute__((target(target_))), apply_to = function))
#else
#	define SIMD_PRAGMA_(text)   _Pragma(#        text)
#	define SIMD_PRAGMA(target_) SIMD_PRAGMA_(GCC target(target_))
#endif
