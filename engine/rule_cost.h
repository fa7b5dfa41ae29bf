/*
 * rule_cost.h - what a rule may cost, before it runs.
 *
 * Purpose    A static estimate over the checked tree: leaves cost a step, functions of
 *            texts by their length, macros and aggregates by the length of their list,
 *            a macro inside another one by the product of both. `steward rule check`
 *            shows it, rule_compile refuses what is above rule_limits.max_cost.
 * Units      Steps a row: one is about what reading a field and comparing it takes.
 *            min: every && and || is decided by its first side and lists are empty; max:
 *            everything is evaluated and lists are as long as declared
 *            (rule_env_length) or RULE_COST_LENGTH. It is an estimate, not a bound: what
 *            holds at run time are the limits of one evaluation (docs/rules.md).
 * Ownership  Parts borrow the rule's text.
 */
#ifndef STW_ENGINE_RULE_COST_H
#define STW_ENGINE_RULE_COST_H

#include "engine/rule.h"

#define RULE_COST_LENGTH 100 /* elements of a list nobody declared */
#define RULE_COST_CHARS  32  /* characters of a text that is not a literal */
#define RULE_COST_PARTS  3

struct rule_cost_part {
	struct str text; /* as written */
	int line, column;
	uint64_t max;
};

struct rule_cost {
	uint64_t min, max;                            /* UINT64_MAX: or more */
	struct rule_cost_part parts[RULE_COST_PARTS]; /* the dearest first */
	int nparts;
};

const struct rule_cost *rule_cost_of(const struct rule *rule);

/* "12 to 340 steps a row", then a line for each of the dearest parts. */
void rule_cost_print(const struct rule_cost *cost, struct buf *to);

#endif
