/*
 * rule_text.h - rules and their answers for people: values and explanations as text.
 *
 * Purpose    What a terminal, a log page or a test shows. rule_value_print and
 *            rule_error_print are in rule.h.
 */
#ifndef STW_ENGINE_RULE_TEXT_H
#define STW_ENGINE_RULE_TEXT_H

#include "engine/rule.h"

/* One line a sub-expression, indented by depth, its value behind " = ":
 *
 *   customer.stage == "mature" && customer.vip = false
 *     customer.stage == "mature" = true
 *       customer.stage = "mature"
 *     customer.vip = false
 *
 * Line breaks in the rule become single spaces; texts longer than width are cut. */
void rule_explanation_print(
    const struct rule_explanation *explanation, size_t width, struct buf *to);

/* The value without the language's notation: `2026-11-23`, `1234.56 CNY`, `mature`, "" for
 * a missing value. For columns of a table on a screen. */
void rule_value_text(const struct rule_value *v, struct buf *to);

/* "int", "list", "money"; "error" for what is missing or failed. */
const char *rule_value_type(const struct rule_value *v);

#endif
