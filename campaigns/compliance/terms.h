/*
 * terms.h - which words a text to customers must not contain, and which it has to.
 *
 * Purpose    Reads a list of terms (terms/<name>.txt of a pack) and looks for them in a
 *            script. Pure: no clock, no database.
 *            One entry a line; # begins a comment line:
 *                banned WORDS      must not occur
 *                allowed WORDS     an occurrence of a banned term inside it is none:
 *                                  "allowed 不保本" beside "banned 保本"
 *                required A|B      one of these has to occur
 *                gap CHARACTERS    do not count when they stand between two characters of
 *                                  Chinese, Japanese or Korean
 * Units      Spans are byte offsets into the text as given, [from, to).
 * Ownership  A list and all results live in the arena they were made in.
 * Errors     INVALID with the line: an unknown word, an entry without a letter, a term
 *            named twice, more than TERMS_MAX entries.
 * Threads    A list is immutable after reading: any.
 * Rules      Text and terms are compared in one form: compatibility forms (NFKC), full and
 *            half width, letter case, traditional and simplified characters count as the
 *            same; default-ignorable, control, format and combining characters do not
 *            count; white space next to a Chinese, Japanese or Korean character does not
 *            count, elsewhere a run of it counts as one. A term of letters matches whole
 *            words. What is allowed has to stand without white space or gaps inside, so
 *            that a line break does not make two sentences a negation. Placeholders are
 *            filled in before (script_text.h): a term made of two parts is found then.
 *            The terms themselves: see the pack's SOURCES.md.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_TERMS_H
#define STW_CAMPAIGNS_COMPLIANCE_TERMS_H

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"

#define TERMS_MAX 4096

struct terms;

struct terms_hit {
	const char *term; /* as the list writes it */
	size_t from, to;  /* bytes of the text */
};

enum stw_code terms_read(struct str list, struct arena *arena, struct terms **out,
    struct stw_err *err) STW_MUST_USE;
/* How many entries ban or require something. */
int terms_banned_count(const struct terms *terms);
int terms_required_count(const struct terms *terms);

/* The entries themselves, as the list writes them. */
int terms_banned(
    const struct terms *terms, struct arena *arena, const char *const **out);
int terms_required(const struct terms *terms, const char *const **out);

/* Every occurrence of a banned term, in the order of the text; at most TERMS_HITS. */
#define TERMS_HITS 100
int terms_find_banned(const struct terms *terms, struct str text, struct arena *arena,
    const struct terms_hit **out);
/* The required entries of which nothing occurs, as the list writes them. */
int terms_find_missing(const struct terms *terms, struct str text, struct arena *arena,
    const char *const **out);

#endif
