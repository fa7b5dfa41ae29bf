/*
 * terms_norm.h - a text in the form in which terms are compared (terms.h, Rules).
 *
 * Ownership  The arrays live in the arena.
 * Threads    Any; a table of simplified characters is made at the first use.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_TERMS_NORM_H
#define STW_CAMPAIGNS_COMPLIANCE_TERMS_NORM_H

#include <stdint.h>

#include "engine/arena.h"
#include "engine/buf.h"

struct norm_char {
	int32_t cp;
	size_t from, to; /* the bytes of the text that it comes from */
	bool after_gap;  /* white space or a gap was left out before it */
};

struct norm_text {
	const struct norm_char *items;
	int count;
};

/* gaps: code points that do not count between two CJK characters. */
void norm_make(struct str text, const int32_t *gaps, int ngaps, struct arena *arena,
    struct norm_text *out);
/* A letter or digit of a script that separates words. */
bool norm_is_word(int32_t cp);
/* The code point at *at, which moves past it; U+FFFD for a byte that is not UTF-8. */
int32_t norm_next(struct str text, size_t *at);

#endif
