/*
 * rule_world.h - one small, fixed book for tests of the rule language.
 *
 * Purpose    Three customers with holdings and transactions, an env that declares them,
 *            a clock (Monday 2026-11-23 10:00 in Shanghai), one host function
 *            (lookup) and two segments (vip, unknown_yet).
 * Ownership  rule_world_init/rule_world_fini.
 */
#ifndef STW_TESTS_LIB_RULE_WORLD_H
#define STW_TESTS_LIB_RULE_WORLD_H

#include "engine/rule.h"

struct rule_world {
	struct arena arena;
	struct table *customers;
	struct rule_env *env;
	struct rule_value vars[3]; /* customer, limit, tags */
	stw_usec now;
	const struct zone *zone;
};

enum { WORLD_CUSTOMER, WORLD_LIMIT, WORLD_TAGS };

void rule_world_init(struct rule_world *world);
void rule_world_fini(struct rule_world *world);
/* The context for one customer; lists and strings are made in arena. */
struct rule_eval_ctx rule_world_ctx(
    struct rule_world *world, size_t row, struct arena *arena);
bool rule_world_in_segment(
    void *host, const char *code, const struct rule_value *member, bool *known);

#endif
