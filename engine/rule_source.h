/*
 * rule_source.h - the canonical layout of a rule's text.
 *
 * Purpose    One way to write a rule: `steward rule format`, and the console's editor.
 *            A rule that fits one line of RULE_SOURCE_WIDTH columns is one line.
 *            Otherwise it is broken before && and ||, after the commas of calls, lists
 *            and maps, before the calls of a chain, and at ? and :.
 * Rules      Comments stay, each before or behind what it stood at. Brackets that change
 *            nothing go, except around a comparison inside another one. Strings get
 *            double quotes where that needs no other change of a raw or long string.
 *            Numbers, escapes and macros stay as written. Formatting twice changes
 *            nothing more.
 * Units      A column is what a terminal gives a character: two for East Asian ones.
 * Errors     What rule_parse says about the text. Before it answers, the layout is
 *            parsed again and compared: a rule never changes its meaning here.
 */
#ifndef STW_ENGINE_RULE_SOURCE_H
#define STW_ENGINE_RULE_SOURCE_H

#include "engine/rule.h"

#define RULE_SOURCE_WIDTH 88

/* Appends the layout of text, without a newline at its end. limits may be NULL. */
enum stw_code rule_source_format(struct str text, const struct rule_limits *limits,
    struct buf *to, struct stw_err *err) STW_MUST_USE;

/* Do both parse, and to the same tree? Places in the text do not count. */
bool rule_source_same(struct str a, struct str b);

#endif
