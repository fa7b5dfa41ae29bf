/*
 * script_check.h - banned words in a script, before anybody approves it.
 *
 * Purpose    Asks all content_terms rules in force at an instant, of whatever pack: a
 *            script is approved for customers anywhere. Pure.
 * Units      from, to: bytes of the text; line, column, length: characters.
 * Ownership  Results live in the arena, rule ids and terms in the ruleset.
 * Rules      CN-28 and what other packs add.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_SCRIPT_CHECK_H
#define STW_CAMPAIGNS_COMPLIANCE_SCRIPT_CHECK_H

#include "campaigns/compliance/ruleset.h"
#include "engine/arena.h"

struct script_hit {
	const char *rule, *term;
	size_t from, to;
	int line, column, length;
};

/* At most TERMS_HITS of them. */
int script_check_banned(const struct ruleset *rules, struct str text, stw_usec at,
    struct arena *arena, const struct script_hit **out);

#endif
