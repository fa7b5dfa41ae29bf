/*
 * rule_gen.h - rules drawn from a typed grammar, as trees that can be made smaller.
 *
 * Purpose    A node is a piece of text with holes ("(%b && %b)") and a node for each
 *            hole, so that a rule can be printed, and a part of it replaced by another
 *            of its type.
 * Ownership  Trees live in the arena.
 */
#ifndef STW_TESTS_LIB_RULE_GEN_H
#define STW_TESTS_LIB_RULE_GEN_H

#include "tests/lib/rule_book.h"

enum want { BOOL, INT, DOUBLE, STRING, DATE, TIME, MONEY, SPAN, WANTS };

#define GEN_KIDS 4

struct gen {
	enum want want;
	const char *format; /* "%b" a bool, "%i" an int ... "%%" a percent sign */
	struct gen *kids[GEN_KIDS];
	int nkids;
};

/* A rule of that type, at most depth levels deep. */
struct gen *gen_rule(struct chance *c, enum want want, int depth, struct arena *arena);
void gen_print(const struct gen *g, struct buf *to);
int gen_size(const struct gen *g); /* nodes */
/* The shortest things of a type, for shrinking; NULL past the end. */
struct gen *gen_least(enum want want, int i, struct arena *arena);
bool gen_is_least(const struct gen *g);

#endif
