/*
 * re.h - regular expressions (RE2 syntax: linear time, no back references).
 *
 * Purpose    One C++ file behind this header. re_shared keeps patterns that rules hold
 *            for as long as the process lives; re_match_once is for patterns that are
 *            only known at run time.
 * Ownership  A struct re is shared and never freed; at most RE_SHARED_MAX are kept.
 * Threads    Any.
 */
#ifndef STW_ENGINE_RE_H
#define STW_ENGINE_RE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RE_SHARED_MAX 4096

struct re;

/* NULL for a bad pattern (why says what is wrong with it) or when the store is full
 * (why is then empty: use re_match_once). */
const struct re *re_shared(const char *pattern, size_t len, char *why, size_t why_cap);
/* Does the pattern match somewhere in the text? */
bool re_match(const struct re *re, const char *text, size_t len);
/* 1 yes, 0 no, -1 bad pattern. */
int re_match_once(
    const char *pattern, size_t pattern_len, const char *text, size_t len);

#ifdef __cplusplus
}
#endif

#endif
