/*
 * suggest.h - "did you mean": the known name that is nearest to a mistyped one.
 */
#ifndef STW_SEGMENTS_SUGGEST_H
#define STW_SEGMENTS_SUGGEST_H

#include <stdbool.h>

#include "engine/buf.h"

/* NULL when nothing is within a third of its length. names: count of them. */
const char *name_suggest(struct str wanted, const char *const *names, int count);
/* [a-z][a-z0-9_]{0,62}: codes of segments, stages and models. */
bool code_valid(struct str code);

#endif
