/*
 * trait_use.h - which traits a rule rests on.
 *
 * Purpose    A rule reads fields; a derived trait reads others, a segment has a rule of
 *            its own. The set holds all that an answer depends on, through any number of
 *            steps. Pure.
 * Ownership  trait_use_free frees the set; it borrows the catalogue and the host.
 * Threads    One set belongs to one thread.
 */
#ifndef STW_SEGMENTS_TRAIT_USE_H
#define STW_SEGMENTS_TRAIT_USE_H

#include "segments/segment.h"
#include "segments/trait.h"

struct trait_use;

/* host: whose segments a rule may ask for, and whose book has the columns. */
struct trait_use *trait_use_new(
    const struct trait_catalogue *catalogue, const struct segment_host *host);
void trait_use_free(struct trait_use *use); /* NULL is fine */
/* Adds what the rule rests on. A segment or trait whose own rule does not compile adds
 * itself and nothing more. */
void trait_use_add(struct trait_use *use, const struct rule *rule);
/* Is the i-th trait of the catalogue in the set? */
bool trait_use_has(const struct trait_use *use, int i);

#endif
